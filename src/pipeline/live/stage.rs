//! The loops of the stages' threads, and the notes that they send to `fuse`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::capture::AudioStream;
use crate::capture::SourceState;
use crate::capture::sabotage::Loudness;
use crate::capture::sabotage::PictureSabotage;
use crate::capture::sabotage::SoundSabotage;
use crate::capture::sabotage::Spoil;
use crate::capture::synthetic::SAMPLE_RATE_HZ;
use crate::capture::synthetic::SyntheticVoice;
use crate::condition::hear::Ear;
use crate::condition::hear::HOP;
use crate::condition::hear::Heard;
use crate::condition::hear::Hearing;
use crate::condition::hear::Resampler;
use crate::encode::FaceEncoder;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::link::latest::LatestInlet;
use crate::link::latest::LatestOutlet;
use crate::pipeline::event::Freeze;
use crate::pipeline::event::KnownPerson;
use crate::pipeline::live::log::Log;
use crate::pipeline::live::log::StageNote;
use crate::record::RecordOutlet;
use crate::record::streams::FACE_LOG;
use crate::record::streams::FACE_PERSON;
use crate::record::values;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Presence;
use crate::signal::Transcript;
use crate::signal::Utterance;
use crate::signal::VoiceWindow;
use crate::time::Clock;
use crate::time::SampleClock;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// What a modality says of an input, or why it doesn't.
pub(super) struct Told {
    pub(super) modality: Modality,
    pub(super) presence: Presence,
    /// The input's time and place in its stream.
    pub(super) place: (Span, u64),
    /// What a person can read of it.
    pub(super) features: Vec<f32>,
    pub(super) known_secs: f32,
    /// How long it took.
    pub(super) took: Duration,
}

/// What a stage tells `fuse`.
pub(super) enum Note {
    /// A modality's reading or its absence; how long it took.
    Evidence(Box<Told>),
    /// What the microphone hears; how long it took.
    Level(Timestamped<Level>, Duration),
    /// Something was said.
    Transcript(Timestamped<Transcript>),
    /// Something was said and isn't shown.
    NotTranscribed(Timestamped<String>),
    /// Something was said that the words had no room for.
    Refused(Timestamped<()>),
    /// What was known of the person was let go of.
    Afresh(&'static str),
    /// A source's state.
    Camera(SourceState),
    /// A source's state.
    Microphone(SourceState),
    /// Counts of the sound's way in.
    Audio { passed: u64, dropped: u64, xruns: u64 },
    /// A stage ended before its time.
    Failed { stage: &'static str, message: String },
    /// An utterance has been dealt with.
    UtteranceDone,
    /// What is known of the person.
    Known(Modality, Vec<f32>),
}

/// What `fuse` tells the stages.
#[derive(Debug, Clone)]
pub(super) enum Order {
    Afresh,
    /// Begin with nothing in view.
    Begin(Begin),
    /// What comes isn't kept any more.
    KeepNothing,
    /// Tell what is known of the person.
    TellKnown,
    /// Know this of the person: of the face, of the voice.
    TakeOver(Arc<KnownPerson>),
    Freeze(Freeze),
    /// Another camera's pictures follow.
    OtherPictures,
    Point(f32, f32),
    Spoil(Arc<[Spoil]>),
}

/// A beginning: of a recording, or after a gap in one.
#[derive(Debug, Clone)]
pub(super) struct Begin {
    /// Inputs that begin before it aren't read any more.
    pub(super) at: Timestamp,
    pub(super) knows: Knows,
    /// The way to the disk, if it is kept.
    pub(super) kept: Option<RecordOutlet>,
}

/// What is known of the person after a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knows {
    AsBefore,
    Nothing,
}

pub(super) type Notes = EventOutlet<Note>;

pub(super) const LOOK: Duration = Duration::from_millis(2);
const VOICES_SECS: usize = 60;
/// Chance in trouble made on purpose begins here: a demo goes the same way twice.
pub(super) const SEED: u64 = 1;
/// How long an order may wait while there is no sound.
const LONGEST_WAIT: Duration = Duration::from_millis(50);
pub(super) const DRAIN: Duration = Duration::from_millis(5);
const FAILURES: u32 = 5;

/// Counts failures in a row; the fifth ends the stage.
#[derive(Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    pub(super) fn take<T>(
        &mut self,
        stage: &'static str,
        result: Result<T, crate::model::ModelError>,
    ) -> Result<Option<T>, String> {
        match result {
            Ok(value) => {
                self.failures = 0;
                Ok(Some(value))
            }
            Err(error) => {
                tracing::warn!(stage, %error, "an item failed");
                self.failures += 1;
                if self.failures >= FAILURES { Err(error.to_string()) } else { Ok(None) }
            }
        }
    }
}

pub(super) struct FaceStage {
    pub(super) encoder: Option<FaceEncoder>,
    pub(super) frames: LatestInlet<Frame>,
    pub(super) views: LatestOutlet<FaceView>,
    pub(super) orders: EventInlet<Order>,
    pub(super) notes: Notes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
    pub(super) trouble: Vec<PictureSabotage>,
    pub(super) log: Log,
}

impl FaceStage {
    /// Newest picture → view and evidence, until the pictures end.
    pub(super) fn run(mut self) -> Result<(), String> {
        let mut patience = Patience::default();
        let mut view = FaceView::default();
        while !self.frames.is_closed() {
            self.obey();
            let Some(frame) = self.frames.take_new() else {
                pause(LOOK);
                continue;
            };
            let (span, seq) = (frame.span, frame.seq);
            std::mem::swap(&mut view.frame, &mut frame.value);
            if !view.frame.is_whole() || !self.log.is_due(span) {
                continue;
            }
            for trouble in &mut self.trouble {
                trouble.spoil(&mut view.frame);
                view.frame.jpeg.clear();
            }
            let began = self.clock.now();
            let outcome = match self.encoder.as_mut() {
                Some(encoder) => patience.take("face", encoder.encode(&mut view, span))?,
                None => None,
            };
            let took = self.clock.now().since(began);
            self.log.face(&view, (span, seq), self.clock.now());
            if let Some(outcome) = outcome {
                if let Some(why) = outcome.afresh {
                    self.notes.offer(Note::Afresh(why));
                }
                let known_secs = self.encoder.as_ref().map_or(0.0, |encoder| encoder.person().secs());
                let presence = outcome.presence.map(|evidence| Timestamped::new(span, seq, evidence));
                let (modality, place, features) = (Modality::Face, (span, seq), values::of_face(&view));
                let told = Told { modality, presence, place, features, known_secs, took };
                self.notes.offer(Note::Evidence(Box::new(told)));
            }
            self.views.write(span, |slot| std::mem::swap(slot, &mut view));
            (self.wake)();
        }
        Ok(())
    }

    fn obey(&mut self) {
        for order in self.orders.drain() {
            let now = self.clock.now();
            match (order, self.encoder.as_mut()) {
                (Order::Spoil(spoils), _) => {
                    // What goes on, goes on as it was: a picture that stands still stays the same one.
                    let before = std::mem::take(&mut self.trouble);
                    let same = |spoil: &Spoil| before.iter().find(|one| one.trouble() == spoil.trouble).cloned();
                    let afresh = |spoil: &Spoil| PictureSabotage::new(spoil.trouble, SEED);
                    self.trouble = spoils.iter().map(|one| same(one).unwrap_or_else(|| afresh(one))).collect();
                }
                (Order::KeepNothing, _) => self.log.close(),
                (Order::TellKnown, Some(encoder)) => {
                    self.notes.offer(Note::Known(Modality::Face, encoder.person().known()));
                }
                (Order::TakeOver(known), Some(encoder)) => {
                    encoder.person_mut().take_over_known(&known.face);
                    self.log.took_over((FACE_LOG, FACE_PERSON), now, encoder.person());
                }
                (Order::Afresh, Some(encoder)) => {
                    encoder.begin_afresh();
                    self.log.note(FACE_LOG, now, StageNote::Afresh);
                }
                (Order::Freeze(freeze), Some(encoder)) => {
                    encoder.person_mut().freeze(freeze == Freeze::Frozen);
                    self.log.note(FACE_LOG, now, StageNote::Freeze(freeze == Freeze::Frozen));
                }
                (Order::Point(x, y), Some(encoder)) => {
                    encoder.point_at(x, y);
                    self.log.note(FACE_LOG, now, StageNote::Afresh);
                }
                (Order::OtherPictures, Some(encoder)) => {
                    encoder.restart();
                    self.log.note(FACE_LOG, now, StageNote::Restart);
                }
                (Order::Begin(begin), Some(encoder)) => {
                    let reader = encoder.reader_mut();
                    reader.restart();
                    if begin.knows == Knows::Nothing {
                        reader.person_mut().forget();
                    }
                    self.log.begin(&begin);
                    self.log.person((FACE_LOG, FACE_PERSON), now, reader.person());
                }
                (Order::Begin(begin), None) => self.log.begin(&begin),
                (Order::TellKnown, None) => {
                    self.notes.offer(Note::Known(Modality::Face, Vec::new()));
                }
                (_, None) => {}
            }
        }
    }
}

pub(super) struct HearStage {
    pub(super) ear: Option<Ear>,
    pub(super) streams: EventInlet<AudioStream>,
    pub(super) waiting: Option<AudioStream>,
    pub(super) windows: LatestOutlet<VoiceWindow>,
    pub(super) drafts: LatestOutlet<Utterance>,
    pub(super) utterances: EventOutlet<(Span, Box<Utterance>)>,
    pub(super) orders: EventInlet<Order>,
    pub(super) notes: Notes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) spoils: Arc<[Spoil]>,
    /// What others say in babble; made when it is first asked for.
    pub(super) voices: Option<Arc<[f32]>>,
    pub(super) log: Log,
    pub(super) seq: u64,
}

impl HearStage {
    /// Samples → levels, windows of talk, utterances, stream after stream, until the streams end.
    pub(super) fn run(mut self) -> Result<(), String> {
        let mut counts = (0, 0, 0);
        while let Some(mut stream) = self.next_stream() {
            let Some(ear) = self.ear.take() else { return Ok(()) };
            let resampler = Resampler::new(stream.rate_hz).map_err(|error| error.to_string())?;
            let mut hearing = Hearing::new(ear, resampler);
            let told = self.hear(&mut hearing, &mut stream, &mut counts);
            self.ear = Some(hearing.into_ear());
            told?;
        }
        Ok(())
    }

    /// The next stream of sound; orders are taken while there is none.
    fn next_stream(&mut self) -> Option<AudioStream> {
        loop {
            if let Some(stream) = self.waiting.take() {
                return Some(stream);
            }
            for order in self.orders.drain().collect::<Vec<_>>() {
                match order {
                    Order::Spoil(spoils) => self.spoils = spoils,
                    Order::Begin(begin) => self.log.begin(&begin),
                    Order::KeepNothing => self.log.close(),
                    _ => {}
                }
            }
            match self.streams.wait(LONGEST_WAIT) {
                Next::Item(stream) => return Some(stream),
                Next::Nothing => {}
                Next::Closed => return None,
            }
        }
    }

    fn hear(
        &mut self,
        hearing: &mut Hearing,
        stream: &mut AudioStream,
        counts: &mut (u64, u64, u64),
    ) -> Result<(), String> {
        let mut patience = Patience::default();
        let mut clock = SampleClock::new(stream.rate_hz);
        let (mut block, mut heard) = (Vec::new(), Vec::new());
        let mut is_opened = false;
        let mut loudness = Loudness::new(stream.rate_hz);
        let mut trouble = self.trouble_for(&[], stream.rate_hz, &loudness);
        let mut told_at = self.clock.now();
        // A device that hangs never ends its stream; another stream, or the end of all, ends it too.
        let mut is_closing = false;
        loop {
            for order in self.orders.drain().collect::<Vec<_>>() {
                match order {
                    Order::Spoil(spoils) => {
                        self.spoils = spoils;
                        trouble = self.trouble_for(&trouble, stream.rate_hz, &loudness);
                    }
                    Order::Begin(begin) => {
                        hearing.restart(|one| heard.push(one));
                        self.log.begin(&begin);
                        is_opened = false;
                    }
                    Order::KeepNothing => self.log.close(),
                    Order::Afresh
                    | Order::Freeze(_)
                    | Order::OtherPictures
                    | Order::Point(..)
                    | Order::TellKnown
                    | Order::TakeOver(_) => {}
                }
            }
            let began = self.clock.now();
            let mark = stream.inlet.read(&mut block);
            let is_over = mark.is_none() && (is_closing || stream.inlet.is_closed());
            let done = match mark {
                Some(mark) if !self.log.is_due(Span::at(mark.captured_at)) => Ok(()),
                Some(mark) => {
                    if !std::mem::replace(&mut is_opened, true) {
                        self.log.opened(&clock, stream.rate_hz, hearing.ear_mut(), self.clock.now());
                    }
                    clock.observe(mark.first_sample, mark.captured_at);
                    // Followed while all is well, too: noise that begins in a pause is as loud as speech was.
                    for sample in &block {
                        loudness.take(*sample);
                    }
                    for one in &mut trouble {
                        one.sabotage.spoil(&mut block, |_| true);
                    }
                    let given = hearing.resample(mark.first_sample, &block);
                    self.log.sound(Some((&mark, clock.at(mark.first_sample))), &given, self.clock.now());
                    given.to(hearing.ear_mut(), |one| heard.push(one))
                }
                None if is_over => {
                    let given = hearing.end();
                    self.log.sound(None, &given, self.clock.now());
                    given.to(hearing.ear_mut(), |one| heard.push(one))
                }
                None => Ok(()),
            };
            patience.take("hear", done)?;
            let took = self.clock.now().since(began);
            let at = |place: u64| clock.at(hearing.device_sample(place)).unwrap_or_default();
            for one in heard.drain(..) {
                self.place(one, &at, took);
            }
            if is_over || self.clock.now().since(told_at) >= Duration::from_secs(1) {
                told_at = self.clock.now();
                let meter = stream.inlet.meter();
                let xruns = stream.xruns.load(Ordering::Relaxed);
                let (passed, dropped) = (counts.0 + meter.passed(), counts.1 + meter.dropped());
                self.notes.offer(Note::Audio { passed, dropped, xruns: counts.2 + xruns });
                if is_over {
                    *counts = (passed, dropped, counts.2 + xruns);
                    return Ok(());
                }
            }
            if mark.is_none() {
                match self.streams.poll() {
                    Next::Item(next) => {
                        self.waiting = Some(next);
                        is_closing = true;
                    }
                    Next::Closed => is_closing = true,
                    Next::Nothing => pause(DRAIN),
                }
            }
        }
    }

    /// What spoils sound at this rate. What goes on, goes on as it was.
    fn trouble_for(&mut self, before: &[Spoiling], rate_hz: u32, loudness: &Loudness) -> Vec<Spoiling> {
        let needs_voices = self.spoils.iter().any(|spoil| spoil.trouble.needs_voices());
        let voices =
            if needs_voices { self.voices.get_or_insert_with(synthetic_voices).clone() } else { Arc::default() };
        let strikes = self.spoils.iter().filter(|spoil| spoil.trouble.modality() == Modality::Voice);
        let spoiling = |spoil: &Spoil| {
            let same = before.iter().find(|one| one.spoil == *spoil).cloned();
            same.unwrap_or_else(|| {
                let sabotage = SoundSabotage::new(spoil.trouble, spoil.snr_db, voices.clone(), rate_hz, SEED);
                Spoiling { spoil: *spoil, sabotage: sabotage.after(loudness) }
            })
        };
        strikes.map(spoiling).collect()
    }

    fn place(&mut self, one: Heard, at: &impl Fn(u64) -> Timestamp, took: Duration) {
        self.seq += 1;
        let seq = self.seq;
        match one {
            Heard::Level { first, level } => {
                let span = Span::new(at(first), at(first + HOP as u64));
                self.notes.offer(Note::Level(Timestamped::new(span, seq, level), took));
            }
            Heard::Descriptors { .. } => {}
            Heard::Window { first, end, window } => {
                self.windows.write(Span::new(at(first), at(end)), |slot| *slot = *window);
            }
            Heard::Draft { speech_first, speech_end, utterance } => {
                self.drafts.write(Span::new(at(speech_first), at(speech_end)), |slot| *slot = *utterance);
            }
            Heard::Utterance { speech_first, speech_end, utterance, .. } => {
                let spoken = Span::new(at(speech_first), at(speech_end));
                if !self.utterances.offer((spoken, utterance)) {
                    self.notes.offer(Note::Refused(Timestamped::new(spoken, seq, ())));
                }
            }
        }
    }
}

/// Trouble of the sound that was asked for, and what makes it.
#[derive(Clone)]
struct Spoiling {
    spoil: Spoil,
    sabotage: SoundSabotage,
}

/// Other voices, which are the synthetic participant's: nobody's. They are part of the program, so they are there.
fn synthetic_voices() -> Arc<[f32]> {
    let made = SyntheticVoice::new().map_err(|error| error.to_string()).and_then(|mut voice| {
        let mut samples = vec![0.0; VOICES_SECS * SAMPLE_RATE_HZ as usize];
        voice.read(0, &mut samples);
        let mut resampler = Resampler::new(SAMPLE_RATE_HZ).map_err(|error| error.to_string())?;
        let mut at_rate = Vec::new();
        resampler.push(&samples, |block| at_rate.extend_from_slice(block));
        Ok(at_rate.into())
    });
    made.unwrap_or_else(|error| {
        tracing::error!(error, "there are no other voices: babble is silent");
        Arc::default()
    })
}

#[expect(clippy::disallowed_methods, reason = "rings and slots can't wake their reader, so it looks again")]
pub(super) fn pause(length: Duration) {
    std::thread::sleep(length);
}
