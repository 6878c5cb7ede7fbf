//! A session that was recorded, looked at again: everything of it at any of its times.
//!
//! | file        | is                                                               |
//! |-------------|------------------------------------------------------------------|
//! | `past`      | the session in memory: what was known at any time                |
//! | `course`    | what happened in it                                              |
//! | `transport` | where in it one is, how fast one goes, what the timeline shows   |
//! | `projector` | fetches pictures and sound, beside the window                    |
//! | `sound`     | the loudspeaker, and what is said of it                          |
//! | `markers`   | its markers, and what is corrected of them                       |
//! | `rescored`  | another fusion's answers to it                                   |
//!
//! The panels that draw what is live draw this: it gives them a state that stands at one time of the past.

pub mod course;
pub mod markers;
pub mod past;
mod projector;
pub mod rescored;
mod sound;
#[cfg(test)]
mod tests;
pub mod transport;

use std::path::Path;
use std::sync::Arc;

use egui::Context;
use egui::TextureHandle;

use crate::pipeline::Tick;
use crate::session::Consent;
use crate::session::Correction;
use crate::signal::FaceView;
use crate::signal::Fused;
use crate::time::Clock;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::time::Utc;
use crate::ui::Options;
use crate::ui::Waker;
use crate::ui::job::Job;
use crate::ui::playback::markers::MarkerCommand;
use crate::ui::playback::markers::Markers;
use crate::ui::playback::past::Past;
use crate::ui::playback::projector::Ask;
use crate::ui::playback::projector::Projector;
use crate::ui::playback::projector::Sight;
use crate::ui::playback::rescored::Another;
use crate::ui::playback::rescored::Rescored;
use crate::ui::playback::sound::Sound;
use crate::ui::playback::transport::Transport;
use crate::ui::state::State;
use crate::ui::upload;
use crate::ui::view::Picture;

pub use sound::OpenSpeaker;
pub use sound::SoundNote;

/// Answers a session's moments with another fusion: its folder, which fusion, and a way to say which share is done.
pub type Rescore =
    Arc<dyn Fn(&Path, Another, &mut dyn FnMut(f32)) -> Result<Vec<Timestamped<Option<Fused>>>, String> + Send + Sync>;

/// The longest step that is made up for when pictures stand still, seconds.
const LONGEST_STEP: f64 = 0.5;

/// What is asked of a replay.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplayCommand {
    /// Play, or stand still.
    Play,
    /// Go to this time.
    Seek(Timestamp),
    /// Go on by so many seconds.
    By(f64),
    /// Go to the beginning.
    Begin,
    /// Go to the end.
    End,
    /// Play so many places faster, or slower.
    Shift(isize),
    /// Play so many times as fast as it was.
    Speed(f32),
    /// Correct a marker.
    Marker(MarkerCommand),
    /// Have another fusion answer.
    Rescore(Another),
    /// Show what was recorded alone.
    RecordedAlone,
    /// Leave the session.
    Close,
}

/// What there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is being fetched.
    Waiting,
    /// The picture.
    Picture,
    /// The crop.
    Crop,
    /// Nothing was seen at this time.
    Nothing,
    /// Pictures of it can't be fetched.
    Broken,
    /// Neither pictures nor crops were kept.
    NotKept,
}

/// A fusion that is answering anew.
struct Rescoring {
    another: Another,
    job: Job<Result<Vec<Timestamped<Option<Fused>>>, String>>,
}

/// A session that is looked at.
pub struct Playback {
    past: Past,
    markers: Markers,
    transport: Transport,
    projector: Option<Projector>,
    sound: Sound,
    picture: Picture,
    crop: Option<TextureHandle>,
    seen: Seen,
    /// Of which time everything is.
    stands_at: Option<Timestamp>,
    /// The time whose picture must still be asked for.
    unasked: Option<Timestamp>,
    stepped_at: Option<f64>,
    /// Whether markers were corrected while it was looked at.
    is_corrected: bool,
    rescored: Option<Rescored>,
    rescoring: Option<Rescoring>,
    trouble: Option<String>,
}

impl Playback {
    /// Looks at a session from its beginning.
    #[must_use]
    pub fn new(past: Past, open_speaker: Option<OpenSpeaker>, clock: Arc<dyn Clock>, waker: &Waker) -> Self {
        let has = |level| past.session.has(level);
        let (sees, hears) = (has(Consent::Inputs) || has(Consent::Video), has(Consent::Inputs));
        let mut trouble = None;
        let projector = (sees || hears).then(|| Projector::start(past.session.folder(), waker)).and_then(|started| {
            started.map_err(|error| trouble = Some(format!("The pictures can't be fetched: {error}"))).ok()
        });
        let markers = Markers::of(past.kept.markers(), past.session.corrections());
        let mut playback = Self {
            markers,
            transport: Transport::new(past.span),
            sound: Sound::new(hears, open_speaker, clock),
            seen: if projector.is_some() { Seen::Waiting } else { Seen::NotKept },
            projector,
            picture: Picture::none(),
            crop: None,
            stands_at: None,
            unasked: None,
            stepped_at: None,
            is_corrected: false,
            rescored: None,
            rescoring: None,
            trouble,
            past,
        };
        playback.look();
        playback
    }

    /// The session.
    #[must_use]
    pub const fn past(&self) -> &Past {
        &self.past
    }

    /// What stands at the place where one is.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.past.state
    }

    /// The answer of the place; `None` if there is no recent one.
    #[must_use]
    pub fn tick(&self) -> Option<&Tick> {
        self.past.state.tick.as_ref().filter(|tick| Past::is_fresh(tick, self.cursor()))
    }

    /// The place where one is.
    #[must_use]
    pub const fn cursor(&self) -> Timestamp {
        self.transport.cursor()
    }

    /// The stretch that the timeline shows.
    #[must_use]
    pub const fn shown(&self) -> Span {
        self.transport.shown()
    }

    /// Speed, and whether it plays.
    #[must_use]
    pub const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// What was seen and found.
    #[must_use]
    pub const fn picture(&self) -> &Picture {
        &self.picture
    }

    /// What there is to see.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        self.seen
    }

    /// The markers.
    #[must_use]
    pub const fn markers(&self) -> &Markers {
        &self.markers
    }

    /// Another fusion's answers.
    #[must_use]
    pub const fn rescored(&self) -> Option<&Rescored> {
        self.rescored.as_ref()
    }

    /// Which fusion is answering anew, and which share of it is done.
    #[must_use]
    pub fn rescoring(&self) -> Option<(Another, f32)> {
        self.rescoring.as_ref().map(|again| (again.another, again.job.share()))
    }

    /// What couldn't be done, in words.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What there is to say of the sound: short, and in full.
    #[must_use]
    pub const fn sound(&self) -> &SoundNote {
        self.sound.note()
    }

    /// Wall-clock time at `at`.
    #[must_use]
    pub const fn utc(&self, at: Timestamp) -> Utc {
        let header = &self.past.kept.header;
        Utc::from_nanos(header.began_unix_nanos + (at.nanos() - header.began_nanos))
    }

    /// Of which time everything stands; `None` before anything does.
    #[must_use]
    pub const fn shown_at(&self) -> Option<Timestamp> {
        self.stands_at
    }

    /// Goes on with the window's own time.
    pub fn step(&mut self, ctx: &Context, options: &Options) {
        let (now, is_held) = ctx.input(|input| (input.time, input.pointer.primary_down()));
        let secs = self.stepped_at.replace(now).map_or(0.0, |before| (now - before).clamp(0.0, LONGEST_STEP));
        self.sound.step(&self.transport, self.projector.as_ref(), secs);
        self.transport.step(secs, self.sound.heard(&self.transport));
        // Whoever holds on to a place in the timeline finds it where it was.
        if !is_held {
            self.transport.show(f64::from(options.timeline_secs));
        }
        if self.stands_at != Some(self.cursor()) {
            self.look();
        }
        self.ask();
        self.take_sight(ctx);
        self.take_answers();
        if self.transport.is_playing() || self.unasked.is_some() {
            ctx.request_repaint();
        }
    }

    /// Does what was asked for, as far as that needs nothing else.
    pub fn obey(&mut self, command: ReplayCommand) {
        match command {
            ReplayCommand::Play => self.transport.toggle(),
            ReplayCommand::Seek(at) => self.seek(at),
            ReplayCommand::By(secs) => self.seek(Timestamp::from_secs(self.cursor().secs() + secs)),
            ReplayCommand::Begin => self.seek(self.past.span.start),
            ReplayCommand::End => self.seek(self.past.span.end),
            ReplayCommand::Shift(places) => self.transport.shift_speed(places),
            ReplayCommand::Speed(speed) => self.transport.set_speed(speed),
            ReplayCommand::Marker(command) => self.correct(command),
            ReplayCommand::RecordedAlone => (self.rescored, self.rescoring) = (None, None),
            ReplayCommand::Rescore(_) | ReplayCommand::Close => {}
        }
    }

    /// Whether markers were corrected while it was looked at: what was made of them before is old.
    #[must_use]
    pub const fn is_corrected(&self) -> bool {
        self.is_corrected
    }

    /// Has another fusion answer, beside the window.
    pub fn rescore(&mut self, another: Another, rescore: &Rescore, waker: &Waker) {
        let (rescore, folder) = (rescore.clone(), self.past.session.folder().to_path_buf());
        let job = Job::start("rescore", waker, move |tell| rescore(&folder, another, tell));
        (self.rescored, self.trouble) = (None, None);
        self.rescoring = Some(Rescoring { another, job });
    }

    fn seek(&mut self, at: Timestamp) {
        self.transport.seek(at);
        self.sound.cue();
    }

    fn look(&mut self) {
        let at = self.cursor();
        self.stands_at = Some(at);
        let standing = self.past.standing(at);
        self.past.state.stand(standing);
        self.unasked = self.projector.is_some().then_some(at);
        if self.projector.is_none() || self.seen == Seen::Nothing {
            self.find(at);
        }
    }

    fn ask(&mut self) {
        if let (Some(projector), Some(at)) = (&self.projector, self.unasked)
            && projector.ask(Ask::Look(at))
        {
            self.unasked = None;
        }
    }

    fn take_sight(&mut self, ctx: &Context) {
        let Some(projector) = &mut self.projector else { return };
        if let Some(message) = projector.trouble() {
            self.trouble = Some(format!("The pictures can't be fetched: {message}"));
            self.seen = Seen::Broken;
            // It has gone, and nothing more comes of it.
            (self.projector, self.unasked) = (None, None);
            return;
        }
        let Some(Sight { span, view, .. }) = projector.take_new() else { return };
        let at = span.map(|span| span.end);
        let frame = self.picture.texture.take().filter(|_| !self.picture.is_crop);
        self.crop = upload::upload(ctx, "crop", self.crop.take(), &view.crop);
        let (seen, texture, size) = if view.frame.is_whole() {
            (Seen::Picture, upload::upload(ctx, "picture", frame, &view.frame), upload::size(&view.frame))
        } else if self.crop.is_some() {
            (Seen::Crop, self.crop.clone(), upload::size(&view.crop))
        } else {
            (Seen::Nothing, None, self.picture.size)
        };
        let (crop, is_crop) = (self.crop.clone(), seen == Seen::Crop);
        let found = FaceView { landmarks: std::mem::take(&mut view.landmarks), ..FaceView::default() };
        self.seen = seen;
        self.picture = Picture { texture, crop, size, found, is_crop };
        self.find(at.unwrap_or_else(|| self.cursor()));
    }

    /// Puts what was measured of the face in the picture of `at` beside it.
    fn find(&mut self, at: Timestamp) {
        let landmarks = std::mem::take(&mut self.picture.found.landmarks);
        self.picture.found = FaceView { landmarks, ..self.past.face(at).unwrap_or_default() };
    }

    fn correct(&mut self, command: MarkerCommand) {
        let Some(correction) = self.markers.correction(command, self.transport.cursor()) else { return };
        let correction = Correction { utc: Utc::now().to_string(), ..correction };
        match self.past.session.correct(&correction) {
            Ok(()) => {
                self.markers.take(correction);
                self.is_corrected = true;
                self.trouble = None;
            }
            Err(error) => self.trouble = Some(error.to_string()),
        }
    }

    fn take_answers(&mut self) {
        let Some(Rescoring { another, job }) = &mut self.rescoring else { return };
        let Some(done) = job.poll() else { return };
        match done.map_err(|broken| broken.to_string()).and_then(|answers| answers) {
            Ok(answers) => {
                self.rescored = Some(Rescored::of(*another, &self.past.kept.answers, &answers));
            }
            Err(message) => self.trouble = Some(format!("The {} can't answer it: {message}", another.name())),
        }
        self.rescoring = None;
    }
}
