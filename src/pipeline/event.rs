//! What a running pipeline tells and what it can be told.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::capture::Pick;
use crate::capture::SourceState;
use crate::capture::sabotage::Spoil;
use crate::fuse::Fuser;
use crate::fuse::FusionKind;
use crate::fuse::Fusions;
use crate::model::ModelError;
use crate::pipeline::Subset;
use crate::record::Progress;
use crate::session::Subject;
use crate::signal::Fused;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::signal::Transcript;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// One answer, and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// What was known. Its `at` is the reading's own time.
    pub moment: Moment,
    /// What it comes to; `None` if no modality has anything to say.
    pub fused: Option<Fused>,
    /// What it would be without the face, without the voice, without the words (in the order of
    /// [`Modality::ALL`]); an inner `None` where nothing would be left. Asked for the window only: nobody looks at it elsewhere.
    pub without: Option<[Option<Fused>; 3]>,
}

impl Tick {
    /// The answer to a moment, and, if it is compared, what it would be without each modality.
    pub(super) fn of(fuser: &mut dyn Fuser, moment: Moment, compares: bool) -> Result<Self, ModelError> {
        let mut without = [None; 3];
        if compares {
            for (place, modality) in without.iter_mut().zip(Modality::ALL) {
                if moment.of(modality).is_ok() {
                    *place = fuser.compare(&Subset::without(modality).of(&moment))?;
                }
            }
        }
        let fused = fuser.fuse(&moment)?;
        for (place, modality) in without.iter_mut().zip(Modality::ALL) {
            if moment.of(modality).is_err() {
                *place = fused;
            }
        }
        Ok(Self { moment, fused, without: compares.then_some(without) })
    }
}

/// What a running pipeline tells.
#[derive(Debug, Clone)]
pub enum Event {
    /// An answer: at least 20 a second.
    Tick(Box<Tick>),
    /// What the microphone hears: about 31 a second.
    Level(Timestamped<Level>),
    /// Something was said and understood.
    Transcript(Timestamped<Transcript>),
    /// Something was said that isn't shown: why, in words.
    NotTranscribed(Timestamped<String>),
    /// The camera's state has changed.
    Camera(SourceState),
    /// The microphone's state has changed.
    Microphone(SourceState),
    /// A modality is off from the start, and why (a model is missing, say): what to do is in the words.
    StageOff {
        /// Which.
        modality: Modality,
        /// Why, and what to do.
        message: String,
    },
    /// A stage has died; the rest goes on.
    StageFailed {
        /// The stage's name.
        stage: &'static str,
        /// What it said.
        message: String,
    },
    /// Which fusion answers: at the start, and whenever another was asked for.
    Fusion(FusionState),
    /// What is known of the person has changed.
    Person(PersonState),
    /// How the machine is doing: once a second.
    Health(Box<Health>),
    /// How the recording is doing: at its beginning, whenever something changes, and four times a second.
    Recording(Box<RecordState>),
    /// What lies between was forgotten: from the disk, and here as well.
    Forgotten(Span),
    /// Something was marked.
    Marked(MarkRequest),
    /// What is known of the person, as it was asked for.
    Known(Box<KnownPerson>),
    /// When, in the session's time, a recording or the synthetic participant's script begins.
    Begun(Timestamp),
    /// The recording has come to its end.
    Ended,
}

/// Which fusions there are, and which of them answers.
#[derive(Debug, Clone, PartialEq)]
pub struct FusionState {
    /// The one that answers.
    pub answers: FusionKind,
    /// The one that was asked for; if it isn't there, another answers.
    pub asked: FusionKind,
    /// Those that are there.
    pub there: Vec<FusionKind>,
    /// Those that couldn't be loaded, and why: what to do is in the words.
    pub missing: Vec<(FusionKind, String)>,
}

impl FusionState {
    /// Of these, when `asked` was asked for.
    #[must_use]
    pub fn of(fusions: &Fusions, asked: FusionKind) -> Self {
        let there = fusions.kinds().collect();
        Self { answers: fusions.chosen(), asked, there, missing: fusions.missing().to_vec() }
    }

    /// Whether `kind` can answer.
    #[must_use]
    pub fn has(&self, kind: FusionKind) -> bool {
        self.there.contains(&kind)
    }

    /// Why `kind` couldn't be loaded, if that was tried.
    #[must_use]
    pub fn why_not(&self, kind: FusionKind) -> Option<&str> {
        self.missing.iter().find(|(other, _)| *other == kind).map(|(_, why)| why.as_str())
    }

    /// The next that can answer, in the order in which a person chooses; `None` if there is no other.
    #[must_use]
    pub fn next(&self) -> Option<FusionKind> {
        let choice = FusionKind::CHOICE;
        let first = choice.iter().position(|kind| *kind == self.answers).map_or(0, |at| at + 1);
        let others = choice.into_iter().cycle().skip(first).take(choice.len());
        others.into_iter().find(|kind| *kind != self.answers && self.has(*kind))
    }
}

/// What is known of the person: running means of features, without any label.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonState {
    /// For how long the face, the voice and the words of this person have been known, in seconds, in the order of
    /// [`Modality::ALL`].
    pub known_secs: [f32; 3],
    /// Whether it is frozen.
    pub is_frozen: bool,
    /// Whether readings are made as if nothing were known.
    pub is_raw: bool,
    /// When and why it last began afresh.
    pub afresh: Option<(Timestamp, String)>,
}

/// What a pipeline can be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Take this camera.
    Camera(Pick),
    /// Take this microphone.
    Microphone(Pick),
    /// Read the face at this point of the picture (px).
    ChooseFace {
        /// From the left.
        x: f32,
        /// From the top.
        y: f32,
    },
    /// Forget the person and begin afresh.
    Afresh,
    /// Freeze what is known of the person, or go on learning.
    Freeze(Freeze),
    /// Let this fusion answer, if it is there.
    Fusion(FusionKind),
    /// Spoil the input on purpose in these ways, and in no others.
    Spoil(Vec<Spoil>),
    /// Read against what is usual for this person, or as if nothing were known of them.
    Personal(Personal),
    /// Tell what is known of the person: [`Event::Known`].
    TellKnown,
    /// Know this of the person from here on.
    TakeOver(Box<KnownPerson>),
    /// A step of the check of a participant's baseline begins (its name), or the check has ended (what it found).
    Baseline(serde_json::Value),
    /// Record a session.
    Record(Box<RecordRequest>),
    /// Keep nothing for a while; the gap stays.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Take the last so many seconds off the disk, and begin afresh.
    Forget(Duration),
    /// Mark something in the recording.
    Mark(MarkRequest),
    /// End the recording.
    StopRecording,
}

/// Whether readings are made against what is usual for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// Against their own mean.
    Corrected,
    /// As if nothing were known of them.
    Raw,
}

/// What is known of a person: of the face and of the voice, sums of features over seconds, then the seconds. No label, no
/// picture, no sound.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownPerson {
    /// Of the face.
    pub face: Vec<f32>,
    /// Of the voice.
    pub voice: Vec<f32>,
}

/// What is asked of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRequest {
    /// Whom it is of, and what may be kept.
    pub subject: Subject,
    /// The folder that gets the session's folder.
    pub root: PathBuf,
    /// What the check of their baseline found, if there was one: kept as the recording begins.
    pub baseline: Option<serde_json::Value>,
}

/// Something that an operator marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarkRequest {
    /// What it is: `marker`, or `exclude`: a stretch that doesn't count.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What was typed.
    pub text: String,
    /// What it marks.
    pub span: Span,
}

impl MarkRequest {
    /// A point that has a name.
    #[must_use]
    pub fn point(at: Timestamp, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind: "marker".to_owned(), name: name.into(), text: text.into(), span: Span::at(at) }
    }

    /// A stretch that has a name.
    #[must_use]
    pub fn stretch(kind: &str, span: Span, name: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), name: name.into(), text: String::new(), span }
    }
}

/// How a recording is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordState {
    /// Whom it is of, and what is kept.
    pub subject: Subject,
    /// When it began.
    pub since: Timestamp,
    /// Whether it pauses.
    pub is_paused: bool,
    /// What the disk has taken; `None` before anything was said of it.
    pub progress: Option<Progress>,
    /// What is wrong at the moment, and what to do.
    pub trouble: Option<String>,
}

impl RecordState {
    /// Whether anything is still recorded.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        !matches!(self.progress, Some(Progress::Checking { .. } | Progress::Saved { .. } | Progress::Failed { .. }))
    }

    /// The session's folder, once it was said.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self.progress.as_ref()? {
            Progress::Running { folder, .. }
            | Progress::Checking { folder, .. }
            | Progress::Saved { folder, .. }
            | Progress::Failed { folder, .. } => Some(folder),
        }
    }

    /// Whether nothing more will be told of it.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.progress, Some(Progress::Saved { .. } | Progress::Failed { .. }))
    }
}

/// Whether running means go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freeze {
    /// Stay as they are.
    Frozen,
    /// Go on with what comes.
    Learning,
}

/// Where the input comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceChoice {
    /// A camera and a microphone.
    Live {
        /// Which camera.
        camera: Pick,
        /// Which microphone.
        microphone: Pick,
    },
    /// A recording, at its own speed.
    Recording(PathBuf),
    /// The synthetic participant.
    Demo {
        /// The same seed gives the same pictures and the same sound.
        seed: u64,
    },
}

impl SourceChoice {
    /// Whether it is devices, which may come back when they are lost.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

/// How the machine is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    /// Each stage, in the order of the flow.
    pub stages: Vec<StageHealth>,
    /// Each link.
    pub links: Vec<LinkHealth>,
    /// From the end of an input's span to the first reading that uses it: median and 95th percentile, per modality
    /// in the order of [`Modality::ALL`].
    pub reading_latency: [Option<(Duration, Duration)>; 3],
    /// Samples that the sound system itself lost.
    pub xruns: u64,
    /// The program's use of processors, in percent of one.
    pub cpu_percent: f32,
    /// The program's resident memory, bytes.
    pub memory_bytes: u64,
    /// Its largest so far, bytes.
    pub peak_memory_bytes: u64,
}

/// How one stage is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct StageHealth {
    /// Its name, which is its thread's.
    pub stage: &'static str,
    /// Results per second over the last seconds.
    pub rate_hz: f32,
    /// Time taken per result: median.
    pub p50: Duration,
    /// Time taken per result: 95th percentile.
    pub p95: Duration,
    /// Results so far.
    pub count: u64,
}

/// How one link is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkHealth {
    /// From where to where.
    pub link: &'static str,
    /// Items passed.
    pub passed: u64,
    /// Items dropped.
    pub dropped: u64,
    /// Whether older items give way to newer ones by design: then what is dropped isn't lost.
    pub is_newest_only: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_fusion_is_one_that_is_there() {
        let (gated, late) = (FusionKind::Gated, FusionKind::Late);
        let state = |answers, there| FusionState { answers, asked: gated, there, missing: Vec::new() };

        assert_eq!(state(gated, vec![late, gated]).next(), Some(late));
        assert_eq!(state(late, vec![late, gated]).next(), Some(gated));
        assert_eq!(state(late, vec![late]).next(), None);
        assert_eq!(state(FusionKind::Ungated, vec![late]).next(), Some(late));
    }
}
