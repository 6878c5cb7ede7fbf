//! What is known of all modalities at one time, and the answer.

use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::signal::Absence;
use crate::signal::LabelsAtOnce;
use crate::signal::Reading;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// One of the three things that a reading can rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// How the face looks.
    Face,
    /// How the voice sounds.
    Voice,
    /// What is said.
    Words,
}

impl Modality {
    /// All, in the order of columns and of the window.
    pub const ALL: [Self; 3] = [Self::Face, Self::Voice, Self::Words];

    /// Its place in the order.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in files: lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Voice => "voice",
            Self::Words => "words",
        }
    }
}

/// One modality's own reading, and what fusion needs to weigh it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// What this modality alone says.
    pub reading: Reading,
    /// The same as if nothing were known of the person.
    pub raw: Reading,
    /// How far the input can be trusted, 0..=1: pixels, light, sharpness and pose; signal-to-noise ratio and
    /// clipping; confidence of the transcript.
    pub quality: f32,
    /// What that rests on, in numbers with names: [`reliability_names`](crate::encode::reliability_names).
    pub reliability: Arc<[f32]>,
    /// Numbers that only a network can read, for a learned fusion.
    pub embedding: Arc<[f32]>,
    /// For how many seconds the person was known when this was read.
    pub known_secs: f32,
}

/// A modality's newest evidence, or why there is none.
pub type Presence = Result<Timestamped<Evidence>, Absence>;

/// What is known at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// How the face looks.
    pub face: Presence,
    /// How the voice sounds.
    pub voice: Presence,
    /// What is said.
    pub words: Presence,
}

impl Moment {
    /// The presence of one modality.
    pub const fn of(&self, modality: Modality) -> &Presence {
        match modality {
            Modality::Face => &self.face,
            Modality::Voice => &self.voice,
            Modality::Words => &self.words,
        }
    }

    /// The same, to change.
    pub const fn of_mut(&mut self, modality: Modality) -> &mut Presence {
        match modality {
            Modality::Face => &mut self.face,
            Modality::Voice => &mut self.voice,
            Modality::Words => &mut self.words,
        }
    }
}

/// The weights of the modalities in an answer: each 0..=1, together 1. The absent weigh 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gates {
    /// Weight of the face.
    pub face: f32,
    /// Weight of the voice.
    pub voice: f32,
    /// Weight of the words.
    pub words: f32,
}

impl Gates {
    /// The weight of one modality.
    #[must_use]
    pub const fn of(&self, modality: Modality) -> f32 {
        match modality {
            Modality::Face => self.face,
            Modality::Voice => self.voice,
            Modality::Words => self.words,
        }
    }
}

/// The answer at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    /// What all present modalities say together.
    pub reading: Reading,
    /// What it rests on.
    pub gates: Gates,
    /// Labels that may hold together, if this fusion reads them.
    pub labels: Option<LabelsAtOnce>,
    /// From where on its label is said aloud, if that was measured of this fusion.
    pub clarity: Option<Clarity>,
}

/// From which probability on a label is shown, and what is promised then: measured on people who were neither trained nor
/// calibrated on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clarity {
    /// The least probability of a label that is shown, 0..=1.
    pub from: f32,
    /// So many of the labels shown were right, 0..=1.
    pub right: f32,
    /// So many of all readings had one that could be shown, 0..=1.
    pub shown: f32,
}

impl Fused {
    /// An answer with nothing more to it.
    #[must_use]
    pub const fn new(reading: Reading, gates: Gates) -> Self {
        Self { reading, gates, labels: None, clarity: None }
    }

    /// From which probability on the likeliest label is shown: what was measured of the fusion, else `least`.
    #[must_use]
    pub fn clear_from(&self, least: f32) -> f32 {
        self.clarity.map_or(least, |clarity| clarity.from)
    }

    /// Whether the likeliest label is sure enough to be shown; `None` where that was never measured of the fusion.
    #[must_use]
    pub fn is_clear(&self) -> Option<bool> {
        let clarity = self.clarity?;
        Some(self.reading.probability(self.reading.label()) >= clarity.from)
    }
}
