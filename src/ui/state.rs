//! What the window knows, from what the pipeline told.

use std::collections::VecDeque;
use std::time::Duration;

use crate::pipeline::Event;
use crate::pipeline::FusionState;
use crate::pipeline::Health;
use crate::pipeline::KnownPerson;
use crate::pipeline::MarkRequest;
use crate::pipeline::PersonState;
use crate::pipeline::RecordState;
use crate::pipeline::SourceState;
use crate::pipeline::Tick;
use crate::signal::Label;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Transcript;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::ui::history::History;
use crate::ui::history::Known;
use crate::ui::history::Speech;
use crate::ui::sensitivity::Sensitivity;

/// A reading older than this is no reading.
pub const STALE: Duration = Duration::from_secs(1);
/// Over how long the wavering of the labels is taken.
pub const WAVER: Duration = Duration::from_secs(2);
const SAYINGS: usize = 500;

/// Something that was said, understood or not.
#[derive(Debug, Clone, PartialEq)]
pub enum Saying {
    /// The words.
    Understood(Transcript),
    /// Why they aren't shown.
    Unclear(String),
}

/// What the window knows of one run of the pipeline.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The newest answer.
    pub tick: Option<Tick>,
    /// All answers.
    pub history: History,
    /// When somebody spoke.
    pub speech: Speech,
    /// What was said, oldest first.
    pub sayings: VecDeque<Timestamped<Saying>>,
    /// What the microphone heard last.
    pub level: Option<Timestamped<Level>>,
    /// When a face was last read.
    pub last_face: Option<Timestamp>,
    /// When words were last read.
    pub last_words: Option<Timestamp>,
    /// How the camera is doing; `None` until it says so.
    pub camera: Option<SourceState>,
    /// How the microphone is doing; `None` until it says so.
    pub microphone: Option<SourceState>,
    /// Modalities that are off from the start, and why.
    pub off: Vec<(Modality, String)>,
    /// Stages that have died, and what they said.
    pub failed: Vec<(&'static str, String)>,
    /// What is known of the person.
    pub person: PersonState,
    /// Which fusions there are, and which answers; `None` until it says so.
    pub fusion: Option<FusionState>,
    /// How the machine is doing.
    pub health: Option<Health>,
    /// When the recording, or the script, began; `None` for devices.
    pub begun: Option<Timestamp>,
    /// When the recording came to its end.
    pub ended_at: Option<Timestamp>,
    /// What is done to the input on purpose, and what that did.
    pub sensitivity: Sensitivity,
    /// Whether the fusion reads labels that may hold at once: as its newest reading has it.
    pub reads_at_once: bool,
    /// Whether the pipeline has gone.
    pub is_closed: bool,
    /// How the recording is doing, once there was one.
    pub recording: Option<RecordState>,
    /// The recording that ended last, until somebody has taken it.
    pub saved: Option<RecordState>,
    /// What is known of the person, when it was asked for.
    pub known: Option<KnownPerson>,
    /// How long ago the sound was that was taken in last.
    pub sound_behind: Duration,
    /// What was marked.
    pub marks: Vec<MarkRequest>,
    /// What was forgotten of the recording.
    pub forgotten: Vec<Span>,
    recent: VecDeque<(Timestamp, [f32; Label::COUNT])>,
}

/// What stands at one time of a past that is known as a whole.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The newest answer.
    pub tick: Option<Tick>,
    /// What was heard last.
    pub level: Option<Timestamped<Level>>,
    /// When a face was last read.
    pub last_face: Option<Timestamp>,
    /// When words were last read.
    pub last_words: Option<Timestamp>,
    /// What was known of the person.
    pub person: PersonState,
    /// Which fusion answered.
    pub fusion: Option<FusionState>,
    /// The labels' probabilities over the last two seconds.
    pub recent: VecDeque<(Timestamp, [f32; Label::COUNT])>,
}

impl State {
    /// Goes to another time of a past that is known as a whole.
    pub fn stand(&mut self, standing: Standing) {
        let Standing { tick, level, last_face, last_words, person, fusion, recent } = standing;
        (self.tick, self.level, self.last_face, self.last_words) = (tick, level, last_face, last_words);
        (self.person, self.fusion, self.recent) = (person, fusion, recent);
    }

    /// Takes in what the pipeline told at `now`.
    pub fn take(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Tick(tick) => self.take_tick(*tick),
            Event::Level(level) => {
                self.speech.push(level.span, &level.value);
                self.sound_behind = level.age(now);
                self.level = Some(level);
            }
            Event::Transcript(said) => self.say(said.map(Saying::Understood)),
            Event::NotTranscribed(said) => self.say(said.map(Saying::Unclear)),
            Event::Camera(state) => self.camera = Some(state),
            Event::Microphone(state) => self.microphone = Some(state),
            Event::StageOff { modality, message } => {
                self.off.retain(|(other, _)| *other != modality);
                self.off.push((modality, message));
            }
            Event::StageFailed { stage, message } => {
                self.failed.retain(|(other, _)| *other != stage);
                self.failed.push((stage, message));
            }
            Event::Fusion(fusion) => self.fusion = Some(fusion),
            Event::Person(person) => self.person = person,
            Event::Health(health) => self.health = Some(*health),
            Event::Recording(state) => self.take_recording(*state),
            Event::Forgotten(span) => self.forget(span),
            Event::Marked(mark) => self.marks.push(mark),
            Event::Known(known) => self.known = Some(*known),
            Event::Begun(at) => self.begun = Some(at),
            Event::Ended => self.ended_at = Some(now),
        }
    }

    /// How a recording is doing; one that has ended says so beside one that has begun since.
    fn take_recording(&mut self, state: RecordState) {
        if state.has_ended() {
            self.saved = Some(state.clone());
        }
        if self.recording.as_ref().is_none_or(|current| current.since <= state.since || !current.is_running()) {
            self.recording = Some(state);
        }
    }

    /// What lies in `span`, and what was said in it, is shown no more.
    fn forget(&mut self, span: Span) {
        self.forgotten.push(span);
        self.history.forget(span);
        self.speech.forget(span);
        self.sayings.retain(|saying| saying.span.end <= span.start || saying.span.start >= span.end);
        for mark in self.marks.iter_mut().filter(|mark| mark.span.start >= span.start) {
            mark.text.clear();
        }
        self.tick = None;
        self.recent.clear();
        (self.last_face, self.last_words) = (None, None);
    }

    fn take_tick(&mut self, tick: Tick) {
        let at = tick.moment.at;
        self.sensitivity.take(&tick);
        self.history.push(at, tick.fused.as_ref().map(Known::from));
        if let Some(fused) = &tick.fused {
            self.reads_at_once = fused.labels.is_some();
            self.recent.push_back((at, fused.reading.probabilities));
        }
        while self.recent.front().is_some_and(|(old, _)| at.since(*old) > WAVER) {
            self.recent.pop_front();
        }
        if let Ok(face) = &tick.moment.face {
            self.last_face = Some(face.span.end);
        }
        if let Ok(words) = &tick.moment.words {
            self.last_words = Some(words.span.end);
        }
        self.tick = Some(tick);
    }

    fn say(&mut self, saying: Timestamped<Saying>) {
        self.sayings.push_back(saying);
        if self.sayings.len() > SAYINGS {
            self.sayings.pop_front();
        }
    }

    /// The newest answer, unless it is too old to be one.
    #[must_use]
    pub fn fresh_tick(&self, now: Timestamp) -> Option<&Tick> {
        self.tick.as_ref().filter(|tick| now.since(tick.moment.at) <= STALE)
    }

    /// How far each label's probability is in doubt: one standard deviation, of how far the modalities disagree and
    /// how much the answer wavered over the last two seconds.
    #[must_use]
    pub fn label_doubt(&self, tick: &Tick) -> Option<[f32; Label::COUNT]> {
        let fused = tick.fused.as_ref()?;
        let mut doubt = [0.0; Label::COUNT];
        for (label, doubt) in Label::ALL.into_iter().zip(&mut doubt) {
            let here = fused.reading.probability(label);
            let mut variance = self.wavering(label);
            for modality in Modality::ALL {
                if let Ok(evidence) = tick.moment.of(modality) {
                    let apart = evidence.value.reading.probability(label) - here;
                    variance += fused.gates.of(modality) * apart * apart;
                }
            }
            *doubt = variance.max(0.0).sqrt();
        }
        Some(doubt)
    }

    #[expect(clippy::cast_precision_loss, reason = "two seconds of answers")]
    fn wavering(&self, label: Label) -> f32 {
        let values = || self.recent.iter().filter_map(|(_, all)| all.get(label.index()));
        let count = self.recent.len().max(1) as f32;
        let mean = values().sum::<f32>() / count;
        values().map(|value| (value - mean).powi(2)).sum::<f32>() / count
    }

    /// Whether a source gives data, or ended after it did.
    #[must_use]
    pub fn has_source(&self) -> bool {
        let is_there = |state: &Option<SourceState>| {
            !matches!(state, Some(SourceState::Off | SourceState::Failed { .. } | SourceState::Lost { .. }))
        };
        is_there(&self.camera) || is_there(&self.microphone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Absence;
    use crate::signal::Moment;

    fn empty_tick(at: Timestamp) -> Tick {
        let moment =
            Moment { at, face: Err(Absence::NoFace), voice: Err(Absence::NoSpeech), words: Err(Absence::NoWords) };
        Tick { moment, fused: None, without: None }
    }

    #[test]
    fn an_old_answer_is_no_answer() {
        let mut state = State::default();
        let at = Timestamp::from_secs;
        state.take(Event::Tick(Box::new(empty_tick(at(1.0)))), at(1.0));

        assert!(state.fresh_tick(at(1.5)).is_some());
        assert!(state.fresh_tick(at(2.5)).is_none());
    }

    #[test]
    fn without_any_source_there_is_none() {
        let mut state = State::default();
        assert!(state.has_source(), "nothing has been said yet");

        state.take(Event::Camera(SourceState::Failed { message: "no camera".into() }), Timestamp::ZERO);
        assert!(state.has_source(), "the microphone may still come");

        state.take(Event::Microphone(SourceState::Off), Timestamp::ZERO);
        assert!(!state.has_source());
    }

    #[test]
    fn a_stage_is_named_once_however_often_it_fails() {
        let mut state = State::default();
        for message in ["one", "two"] {
            state.take(Event::StageFailed { stage: "voice", message: message.into() }, Timestamp::ZERO);
        }

        assert_eq!(state.failed, [("voice", "two".to_owned())]);
    }
}
