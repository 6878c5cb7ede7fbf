//! The loops of voice and words.

use std::sync::Arc;
use std::time::Duration;

use crate::capture::sabotage::WordsSabotage;
use crate::encode::Outcome;
use crate::encode::VoiceEncoder;
use crate::encode::WordsEncoder;
use crate::link::event::EventInlet;
use crate::link::event::Next;
use crate::link::latest::LatestInlet;
use crate::pipeline::event::Freeze;
use crate::pipeline::live::log::Log;
use crate::pipeline::live::log::StageNote;
use crate::pipeline::live::stage::DRAIN;
use crate::pipeline::live::stage::Knows;
use crate::pipeline::live::stage::LOOK;
use crate::pipeline::live::stage::Note;
use crate::pipeline::live::stage::Notes;
use crate::pipeline::live::stage::Order;
use crate::pipeline::live::stage::Patience;
use crate::pipeline::live::stage::SEED;
use crate::pipeline::live::stage::Told;
use crate::pipeline::live::stage::pause;
use crate::pipeline::understand::Understanding;
use crate::record::streams::VOICE_LOG;
use crate::record::streams::VOICE_PERSON;
use crate::record::streams::WORDS_LOG;
use crate::signal::Absence;
use crate::signal::Evidence;
use crate::signal::Modality;
use crate::signal::Transcript;
use crate::signal::Utterance;
use crate::signal::VoiceWindow;
use crate::time::Clock;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// What a draft must bring beyond the last utterance.
const LEAST_NEWS: Duration = Duration::from_millis(50);

pub(super) struct VoiceStage {
    pub(super) encoder: VoiceEncoder,
    pub(super) windows: LatestInlet<VoiceWindow>,
    pub(super) orders: EventInlet<Order>,
    pub(super) notes: Notes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) log: Log,
}

impl VoiceStage {
    /// Newest window of talk → evidence, until the windows end.
    pub(super) fn run(mut self) -> Result<(), String> {
        let mut patience = Patience::default();
        let mut read_until = Timestamp::ZERO;
        while !self.windows.is_closed() {
            for order in self.orders.drain() {
                let (now, person) = (self.clock.now(), self.encoder.person_mut());
                match order {
                    Order::Afresh => {
                        person.forget();
                        self.log.note(VOICE_LOG, now, StageNote::Afresh);
                    }
                    Order::Freeze(freeze) => {
                        person.freeze(freeze == Freeze::Frozen);
                        self.log.note(VOICE_LOG, now, StageNote::Freeze(freeze == Freeze::Frozen));
                    }
                    Order::Begin(begin) => {
                        if begin.knows == Knows::Nothing {
                            person.forget();
                        }
                        read_until = Timestamp::ZERO;
                        self.log.begin(&begin);
                        self.log.person((VOICE_LOG, VOICE_PERSON), now, person);
                    }
                    Order::KeepNothing => self.log.close(),
                    Order::TellKnown => {
                        self.notes.offer(Note::Known(Modality::Voice, person.known()));
                    }
                    Order::TakeOver(known) => {
                        person.take_over_known(&known.voice);
                        self.log.took_over((VOICE_LOG, VOICE_PERSON), now, person);
                    }
                    Order::Point(..) | Order::Spoil(_) | Order::OtherPictures => {}
                }
            }
            let Some(window) = self.windows.take_new() else {
                pause(LOOK);
                continue;
            };
            let (span, seq) = (window.span, window.seq);
            if !self.log.is_due(span) {
                continue;
            }
            let began = self.clock.now();
            self.log.took(VOICE_LOG, (span, seq), began, StageNote::Read(None));
            // Seconds that were in no window read before: windows may have been skipped.
            let fresh = span.end.since(read_until.max(span.start));
            read_until = read_until.max(span.end);
            let done = self.encoder.encode(&window.value, fresh.as_secs_f32());
            let took = self.clock.now().since(began);
            let Some(outcome) = patience.take("voice", done)? else { continue };
            let presence = outcome.map(|evidence| Timestamped::new(span, seq, evidence));
            let known_secs = self.encoder.person().secs();
            let (modality, place, features) = (Modality::Voice, (span, seq), window.value.functionals.to_vec());
            let told = Told { modality, presence, place, features, known_secs, took };
            self.notes.offer(Note::Evidence(Box::new(told)));
        }
        Ok(())
    }
}

pub(super) struct WordsStage {
    pub(super) speech: Understanding,
    pub(super) words: WordsEncoder,
    pub(super) drafts: LatestInlet<Utterance>,
    pub(super) utterances: EventInlet<(Span, Box<Utterance>)>,
    pub(super) orders: EventInlet<Order>,
    pub(super) notes: Notes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) trouble: Vec<WordsSabotage>,
    pub(super) log: Log,
}

impl WordsStage {
    /// Utterance → words → evidence, until the utterances end. While none waits, the newest draft is worked on.
    pub(super) fn run(mut self) -> Result<(), String> {
        let (mut hearing, mut reading) = (Patience::default(), Patience::default());
        let mut seq = 0;
        let mut done_until = Timestamp::ZERO;
        loop {
            for order in self.orders.drain() {
                match order {
                    Order::Afresh => {
                        self.speech.restart();
                        self.log.note(WORDS_LOG, self.clock.now(), StageNote::Afresh);
                    }
                    Order::Begin(begin) => {
                        self.speech.restart();
                        done_until = Timestamp::ZERO;
                        self.log.begin(&begin);
                        self.log.note(
                            WORDS_LOG,
                            self.clock.now(),
                            StageNote::Begin { at_nanos: begin.at.nanos(), is_frozen: false },
                        );
                    }
                    Order::KeepNothing => self.log.close(),
                    Order::Spoil(spoils) => {
                        self.trouble = spoils.iter().map(|spoil| WordsSabotage::new(spoil.trouble, SEED)).collect();
                    }
                    Order::Freeze(_)
                    | Order::Point(..)
                    | Order::OtherPictures
                    | Order::TellKnown
                    | Order::TakeOver(_) => {}
                }
            }
            let (spoken, utterance) = match self.utterances.wait(DRAIN) {
                Next::Item(said) => said,
                Next::Closed => return Ok(()),
                Next::Nothing => {
                    // One that came while its utterance was read is of no use any more.
                    if let Some(draft) = self.drafts.take_new()
                        && draft.span.end.since(done_until) > LEAST_NEWS
                        && self.log.is_due(draft.span)
                    {
                        let place = (draft.span, draft.seq);
                        self.log.took(WORDS_LOG, place, self.clock.now(), StageNote::Draft);
                        let draft = std::mem::take(&mut draft.value);
                        hearing.take("words", self.speech.draft(draft))?;
                    }
                    continue;
                }
            };
            seq += 1;
            done_until = spoken.end;
            if !self.log.is_due(spoken) {
                self.notes.offer(Note::UtteranceDone);
                continue;
            }
            let began = self.clock.now();
            let outcome = hearing.take("words", self.speech.read(&utterance))?;
            self.notes.offer(Note::UtteranceDone);
            // Orders came while it was listened to: they count from here on, as a replay will have it.
            let Some(outcome) = outcome else {
                self.log.took(WORDS_LOG, (spoken, seq), self.clock.now(), StageNote::Read(None));
                continue;
            };
            match outcome {
                Outcome::Words { text, confidence } => {
                    let left = self.trouble.iter_mut().try_fold(text, |text, trouble| trouble.spoil(&text));
                    let spoilt = (!self.trouble.is_empty()).then(|| left.clone().unwrap_or_default());
                    self.log.took(WORDS_LOG, (spoken, seq), self.clock.now(), StageNote::Read(spoilt));
                    let Some(text) = left else {
                        let why = "its words were lost on purpose".to_owned();
                        self.notes.offer(Note::NotTranscribed(Timestamped::new(spoken, seq, why)));
                        continue;
                    };
                    let mut transcript = Transcript { text, confidence, spoken, labels: None };
                    let done = self.words.encode(&transcript);
                    transcript.labels = done.as_ref().ok().map(|(_, labels)| *labels);
                    self.notes.offer(Note::Transcript(Timestamped::new(spoken, seq, transcript)));
                    let Some((evidence, _)) = reading.take("words", done)? else { continue };
                    self.tell(Ok(Timestamped::new(spoken, seq, evidence)), (spoken, seq), began);
                }
                Outcome::OtherLanguage(language) => {
                    self.log.took(WORDS_LOG, (spoken, seq), self.clock.now(), StageNote::Read(None));
                    let why = format!("spoken in {language}, which the words model doesn't know");
                    self.notes.offer(Note::NotTranscribed(Timestamped::new(spoken, seq, why)));
                    self.tell(Err(Absence::OtherLanguage(language)), (spoken, seq), began);
                }
                Outcome::Dropped(why) => {
                    self.log.took(WORDS_LOG, (spoken, seq), self.clock.now(), StageNote::Read(None));
                    self.notes.offer(Note::NotTranscribed(Timestamped::new(spoken, seq, why.to_owned())));
                }
            }
        }
    }

    fn tell(&self, presence: Result<Timestamped<Evidence>, Absence>, place: (Span, u64), began: Timestamp) {
        let took = self.clock.now().since(began);
        let (modality, features) = (Modality::Words, Vec::new());
        let told = Told { modality, presence, place, features, known_secs: 0.0, took };
        self.notes.offer(Note::Evidence(Box::new(told)));
    }
}
