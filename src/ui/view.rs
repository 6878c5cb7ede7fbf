//! What the panels draw from: one picture's worth of everything, held still or live.

use crate::pipeline::SourceChoice;
use crate::pipeline::Tick;
use crate::signal::Absence;
use crate::signal::FaceView;
use crate::signal::Fused;
use crate::signal::Modality;
use crate::time::Span;
use crate::time::Timestamp;
use crate::ui::Baseline;
use crate::ui::Certified;
use crate::ui::Options;
use crate::ui::playback::Playback;
use crate::ui::state::State;
use crate::ui::theme::Palette;

/// All that a panel may look at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What the pipeline told.
    pub state: &'a State,
    /// What the person set.
    pub options: &'a Options,
    /// The colours.
    pub palette: &'a Palette,
    /// Where the input comes from.
    pub source: &'a SourceChoice,
    /// The time that is shown: now, or when the view was held.
    pub now: Timestamp,
    /// The stretch of time that the timeline shows.
    pub shown: Span,
    /// The answer that is shown; `None` if there is no recent one.
    pub tick: Option<&'a Tick>,
    /// The picture that is shown.
    pub picture: Option<&'a Picture>,
    /// Cameras and microphones by name, once somebody asked.
    pub devices: Option<&'a (Vec<String>, Vec<String>)>,
    /// Show what it would be without this one.
    pub without: Option<Modality>,
    /// The certificate of the session that was saved last, once it is made.
    pub certificate: Option<&'a Certified>,
    /// What the operator has begun in the recording and not ended.
    pub pending: Pending,
    /// The participant's baseline, and how far the face is from it lately.
    pub baseline: Option<(&'a Baseline, Option<f32>)>,
    /// Where the pointer is in the timeline.
    pub pointed_at: Option<Timestamp>,
    /// Whether the view is held still.
    pub is_held: bool,
    /// Whether a pipeline has been started.
    pub is_started: bool,
    /// The recorded session that is looked at, instead of what is live.
    pub replay: Option<&'a Playback>,
}

/// What an operator of a recording has begun and not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pending {
    /// When a stretch that doesn't count began.
    pub excluded_from: Option<Timestamp>,
    /// When it was asked to forget the last minute: asked again, it is done.
    pub forget_asked: Option<Timestamp>,
}

/// The newest picture, on the graphics card, and what was found in it.
pub struct Picture {
    /// The frame; `None` if it has no pixels.
    pub texture: Option<egui::TextureHandle>,
    /// The crop that the network sees.
    pub crop: Option<egui::TextureHandle>,
    /// Width and height of the frame, px.
    pub size: (f32, f32),
    /// What was found, without the pixels.
    pub found: FaceView,
    /// Whether it is the crop, because nothing more was kept: where a face is in the frame says nothing of it.
    pub is_crop: bool,
}

impl Picture {
    /// Nothing to see.
    #[must_use]
    pub fn none() -> Self {
        Self { texture: None, crop: None, size: (16.0, 9.0), found: FaceView::default(), is_crop: false }
    }
}

impl View<'_> {
    /// Where the clock begins: with the recording or the script, or with the session.
    #[must_use]
    pub fn zero(&self) -> Timestamp {
        self.state.begun.unwrap_or(Timestamp::ZERO)
    }

    /// Whether a modality's evidence is there, or why not; `None` if there is no recent answer at all.
    #[must_use]
    pub fn absence(&self, modality: Modality) -> Option<&Absence> {
        self.tick?.moment.of(modality).as_ref().err()
    }

    /// From which probability on the likeliest label is said aloud: what was measured of the fusion, or what is set here.
    #[must_use]
    pub fn clear_from(&self, fused: &Fused) -> f32 {
        fused.clear_from(self.options.clear_from)
    }

    /// Whether the likeliest label is said aloud.
    #[must_use]
    pub fn is_clear(&self, fused: &Fused) -> bool {
        fused.reading.probability(fused.reading.label()) >= self.clear_from(fused)
    }

    /// What it would be without the modality that was chosen.
    #[must_use]
    pub fn without_fused(&self) -> Option<&Fused> {
        self.tick?.without.as_ref()?.get(self.without?.index())?.as_ref()
    }
}
