//! A recording as fast as the machine allows, and the same every time.
//!
//! Face (two), sound and words are worked on by threads of their own, each in the recording's order; fusion takes what is
//! known by span, never by arrival, so how the threads are scheduled makes no difference.

mod watch;

use std::path::Path;
use std::thread;
use std::time::Duration;

use crossbeam_channel::Receiver;
use crossbeam_channel::Sender;
use crossbeam_channel::bounded;

use crate::capture::media;
use crate::capture::media::MediaError;
use crate::capture::play::LONGEST_EXPOSURE;
use crate::capture::sabotage::Sabotage;
use crate::condition::descriptors::DescriptorFrame;
use crate::condition::hear::Heard;
use crate::condition::hear::Hearing;
use crate::condition::hear::RATE_HZ;
use crate::condition::hear::Resampler;
use crate::encode::Outcome;
use crate::encode::SpeechReader;
use crate::encode::VoiceEncoder;
use crate::encode::WordsEncoder;
use crate::model::ModelError;
use crate::pipeline::event::Tick;
use crate::pipeline::gather::Gatherer;
use crate::pipeline::offline::watch::FaceNote;
use crate::pipeline::offline::watch::watch;
use crate::pipeline::stages::Stages;
use crate::signal::Absence;
use crate::signal::Evidence;
use crate::signal::FaceView;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Transcript;
use crate::signal::Utterance;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// From answer to answer.
pub const TICK: Duration = Duration::from_millis(50);

/// Answers to a row of a report: one each 100 ms.
pub const TICKS_PER_ROW: u32 = 2;

/// What comes out of a recording, in the order of time.
#[derive(Debug)]
pub enum Output<'a> {
    /// An answer, every [`TICK`].
    Tick {
        /// What was known and what it comes to.
        tick: &'a Tick,
        /// What was heard last.
        level: Option<&'a Timestamped<Level>>,
        /// How sure it is that the face is one, 0..=1, if there is one.
        face_presence: Option<f32>,
    },
    /// A frame's face. Its own frame and crop are left out.
    Face(&'a Timestamped<FaceView>),
    /// Descriptors of the sound whose middle is at the time.
    Descriptors(Timestamp, &'a DescriptorFrame),
    /// Something was said.
    Transcript(&'a Timestamped<Transcript>),
    /// Something was said and isn't given: why.
    NotTranscribed(Span, String),
}

/// What a recording was like as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Its length, seconds.
    pub duration_secs: f64,
    /// What was wrong with it, if it could be read in part only.
    pub damage: Option<String>,
}

/// Why a recording can't be analysed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineError {
    /// The file can't be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The sound is at a rate that can't be taken.
    #[error(transparent)]
    Rate(#[from] crate::condition::hear::RateError),
    /// A stage panicked: a fault of the program.
    #[error("the {0} stage stopped unexpectedly; please report this with the recording's kind and length")]
    Stopped(&'static str),
}

enum SoundNote {
    Level(Timestamped<Level>),
    Descriptors(Timestamp, Box<DescriptorFrame>),
    Voice(Timestamped<Result<Evidence, Absence>>),
    /// An utterance ended at this time; what it says comes from the words thread, in order.
    Utterance(Timestamp),
    Damage(String),
}

struct WordsNote {
    spoken: Span,
    outcome: Result<(Transcript, Evidence), Refusal>,
}

enum Refusal {
    OtherLanguage(String),
    Dropped(&'static str),
}

/// Notes that wait for fusion; a stage that is ahead waits.
const NOTES: usize = 256;
/// Notes of sound, a minute of them: pictures take longest, and while they are read the words of what comes later are found.
const SOUND_NOTES: usize = 8192;
const UTTERANCES: usize = 16;
/// Wide pictures are read at this width: faces don't get better beyond it.
const MAX_WIDTH: usize = 1280;

/// Analyses the recording at `path` and hands what comes out to `emit`.
///
/// The stages keep what they know of the person from before; call [`Stages::forget_person`] for somebody else. When
/// another face comes, the face begins afresh and nothing said before counts any more; the voice, which is read by a
/// thread of its own, keeps its mean within the recording.
///
/// # Errors
///
/// If the file can't be read at all, or a network fails. A file that breaks off is analysed up to there
/// ([`Analysis::damage`]).
pub fn analyze(path: &Path, stages: &mut Stages, emit: impl FnMut(Output<'_>)) -> Result<Analysis, OfflineError> {
    analyze_spoilt(path, stages, None, emit)
}

/// As [`analyze`], with trouble made on purpose before any network sees the input.
///
/// # Errors
///
/// As [`analyze`].
pub fn analyze_spoilt(
    path: &Path,
    stages: &mut Stages,
    sabotage: Option<&Sabotage>,
    mut emit: impl FnMut(Output<'_>),
) -> Result<Analysis, OfflineError> {
    let info = media::probe(path)?;
    let mut gatherer = Gatherer::new(stages.gather.clone());
    for (modality, _) in &stages.off {
        gatherer.switch(*modality, Some(Absence::NoModel));
    }
    let video = match (&info.video, stages.face.as_mut()) {
        (Some(_), Some(face)) => Some((media::VideoReader::open(path, &info, Some(MAX_WIDTH))?, face)),
        _ => None,
    };
    let mut sound = None;
    if let Some(audio) = &info.audio {
        // An ear that was lost in a recording before must not look like silence in this one.
        if stages.ear.is_none() && !stages.off.iter().any(|(off, _)| *off == Modality::Voice) {
            return Err(OfflineError::Stopped("sound"));
        }
        let reader = media::AudioReader::open(path, &info)?;
        let resampler = Resampler::new(audio.rate_hz)?;
        // The ear is taken only once nothing can fail before it is given back.
        sound = stages.ear.take().map(|ear| (reader, Hearing::new(ear, resampler)));
    }
    if video.is_some() {
        gatherer.source_came(Modality::Face);
    }
    if sound.is_some() {
        gatherer.source_came(Modality::Voice);
        gatherer.source_came(Modality::Words);
    }
    let end = Timestamp::from_secs(info.duration_s);

    let (voice, words, fuser) = (stages.voice.as_mut(), stages.words.as_mut(), &mut stages.fusions);
    let (face_out, face_in) = bounded(NOTES);
    let (sound_out, sound_in) = bounded(SOUND_NOTES);
    let (utterance_out, utterance_in) = bounded::<(Span, Box<Utterance>)>(UTTERANCES);
    let (words_out, words_in) = bounded(NOTES);
    let (result, ear) = thread::scope(|scope| {
        let face = video.map(|(reader, face)| scope.spawn(move || watch(reader, face, sabotage, &face_out)));
        let sound = sound.map(|(reader, hearing)| {
            let spoil = sabotage.zip(info.audio.as_ref()).map(|(sabotage, audio)| (sabotage, audio.rate_hz));
            scope.spawn(move || listen(reader, hearing, voice, spoil, &sound_out, &utterance_out))
        });
        let words = words
            .map(|(speech, words)| scope.spawn(move || understand(speech, words, sabotage, &utterance_in, &words_out)));

        let mut fusion = Fusion {
            gatherer,
            fuser,
            face: face_in.into(),
            sound: sound_in.into(),
            words: words_in,
            damage: None,
            face_presence: None,
            seq: 0,
        };
        let ran = fusion.run(end, &mut emit);
        let last = ran.as_ref().map_or(end, |last| *last);
        let mut result = ran.map(|_| ());
        let damage = fusion.damage.take();
        drop(fusion);
        let mut ear = None;
        if let Some(handle) = face {
            result = result.and(
                handle.join().map_err(|_| OfflineError::Stopped("face")).and_then(|done| done.map_err(Into::into)),
            );
        }
        if let Some(handle) = sound {
            match handle.join() {
                Ok((done, hearing)) => {
                    ear = Some(hearing.into_ear());
                    result = result.and(done.map_err(Into::into));
                }
                Err(_) => result = Err(OfflineError::Stopped("sound")),
            }
        }
        if let Some(handle) = words {
            result = result.and(
                handle.join().map_err(|_| OfflineError::Stopped("words")).and_then(|done| done.map_err(Into::into)),
            );
        }
        (result.map(|()| (damage, last)), ear)
    });
    if ear.is_some() {
        stages.ear = ear;
    }
    let (damage, last) = result?;
    // A file that doesn't say how long it is is as long as what was in it.
    let duration_secs = if info.duration_s > 0.0 { info.duration_s } else { last.secs() };
    Ok(Analysis { duration_secs, damage })
}

fn listen(
    mut reader: media::AudioReader,
    mut hearing: Hearing,
    mut voice: Option<&mut VoiceEncoder>,
    spoil: Option<(&Sabotage, u32)>,
    out: &Sender<SoundNote>,
    utterances: &Sender<(Span, Box<Utterance>)>,
) -> (Result<(), ModelError>, Hearing) {
    let start = reader.start();
    let mut talk = Talk { start, read_until: 0, seq: 0 };
    let mut trouble = spoil.map(|(sabotage, rate_hz)| (sabotage, rate_hz, sabotage.sound(rate_hz)));
    let (mut block, mut heard, mut result) = (Vec::new(), Vec::new(), Ok(()));
    loop {
        let first = match reader.read(&mut block) {
            Ok(Some(first)) => Some(first),
            Ok(None) => None,
            Err(error) => {
                out.send(SoundNote::Damage(error.to_string())).ok();
                None
            }
        };
        if let (Some(first), Some((sabotage, rate_hz, sound))) = (first, trouble.as_mut()) {
            let place = |at: usize| (first + at as u64) * 1_000_000_000 / u64::from(*rate_hz);
            sound.spoil(&mut block, |at| sabotage.bursts.is_on(start + Duration::from_nanos(place(at))));
        }
        let done = match first {
            Some(first) => hearing.push(first, &block, |one| heard.push(one)),
            None => hearing.finish(|one| heard.push(one)),
        };
        result = result.and(done);
        for one in heard.drain(..) {
            match talk.note(one, voice.as_deref_mut(), utterances) {
                Ok(Some(note)) => {
                    if out.send(note).is_err() {
                        return (result, hearing);
                    }
                }
                Ok(None) => {}
                Err(error) => result = Err(error),
            }
        }
        if first.is_none() || result.is_err() {
            return (result, hearing);
        }
    }
}

/// Places what is heard in time, and has windows of talk read.
struct Talk {
    start: Timestamp,
    read_until: u64,
    seq: u64,
}

impl Talk {
    fn at(&self, place: u64) -> Timestamp {
        self.start + Duration::from_nanos(place * 1_000_000_000 / u64::from(RATE_HZ))
    }

    fn span(&self, first: u64, end: u64) -> Span {
        Span::new(self.at(first), self.at(end))
    }

    fn note(
        &mut self,
        heard: Heard,
        voice: Option<&mut VoiceEncoder>,
        utterances: &Sender<(Span, Box<Utterance>)>,
    ) -> Result<Option<SoundNote>, ModelError> {
        self.seq += 1;
        Ok(match heard {
            Heard::Level { first, level } => {
                let span = self.span(first, first + crate::condition::hear::HOP as u64);
                Some(SoundNote::Level(Timestamped::new(span, self.seq, level)))
            }
            Heard::Descriptors { at, frame } => Some(SoundNote::Descriptors(self.at(at), frame)),
            Heard::Window { first, end, window } => {
                let Some(voice) = voice else { return Ok(None) };
                let fresh = end.saturating_sub(self.read_until.max(first)) as f32 / RATE_HZ as f32;
                self.read_until = end;
                let evidence = voice.encode(&window, fresh)?;
                Some(SoundNote::Voice(Timestamped::new(self.span(first, end), self.seq, evidence)))
            }
            Heard::Utterance { speech_first, speech_end, end, utterance, .. } => {
                let spoken = self.span(speech_first, speech_end);
                utterances.send((spoken, utterance)).ok().map(|()| SoundNote::Utterance(self.at(end)))
            }
            // What follows is known here.
            Heard::Draft { .. } => None,
        })
    }
}

fn understand(
    speech: &mut SpeechReader,
    words: &mut WordsEncoder,
    sabotage: Option<&Sabotage>,
    utterances: &Receiver<(Span, Box<Utterance>)>,
    out: &Sender<WordsNote>,
) -> Result<(), ModelError> {
    speech.restart();
    let mut trouble = sabotage.map(|sabotage| (sabotage, sabotage.words()));
    for (spoken, utterance) in utterances {
        let outcome = match speech.read(&utterance)? {
            Outcome::Words { text, confidence } => {
                let left = match trouble.as_mut() {
                    Some((sabotage, spoil)) if sabotage.bursts.is_on(spoken.end) => spoil.spoil(&text),
                    _ => Some(text),
                };
                match left {
                    Some(text) => {
                        let mut transcript = Transcript { text, confidence, spoken, labels: None };
                        let (evidence, labels) = words.encode(&transcript)?;
                        transcript.labels = Some(labels);
                        Ok((transcript, evidence))
                    }
                    None => Err(Refusal::Dropped("lost on purpose")),
                }
            }
            Outcome::OtherLanguage(language) => Err(Refusal::OtherLanguage(language)),
            Outcome::Dropped(why) => Err(Refusal::Dropped(why)),
        };
        if out.send(WordsNote { spoken, outcome }).is_err() {
            break;
        }
    }
    Ok(())
}

/// A queue whose next note can be looked at.
struct Ahead<T> {
    queue: Receiver<T>,
    next: Option<T>,
    is_closed: bool,
}

impl<T> From<Receiver<T>> for Ahead<T> {
    fn from(queue: Receiver<T>) -> Self {
        Self { queue, next: None, is_closed: false }
    }
}

impl<T> Ahead<T> {
    /// The next note, if there is one and it is due; waits until that is known.
    fn next_if(&mut self, is_due: impl FnOnce(&T) -> bool) -> Option<T> {
        if self.next.is_none() {
            self.next = self.queue.recv().ok();
            self.is_closed = self.next.is_none();
        }
        self.next.take_if(|note| is_due(note))
    }

    /// Whether all notes were taken and none can come.
    const fn is_over(&self) -> bool {
        self.is_closed && self.next.is_none()
    }
}

struct Fusion<'a> {
    gatherer: Gatherer,
    fuser: &'a mut dyn crate::fuse::Fuser,
    face: Ahead<FaceNote>,
    sound: Ahead<SoundNote>,
    words: Receiver<WordsNote>,
    damage: Option<String>,
    face_presence: Option<f32>,
    seq: u64,
}

impl Fusion<'_> {
    /// Ticks from 0 until all there is has been taken in, at or after `end` and on a whole row. Returns the last tick.
    fn run(&mut self, end: Timestamp, emit: &mut impl FnMut(Output<'_>)) -> Result<Timestamp, OfflineError> {
        let mut at = Timestamp::ZERO;
        let mut ticks = 0u32;
        loop {
            self.take_faces(at, emit);
            self.take_sound(at, emit);
            let moment = self.gatherer.moment(at);
            let fused = self.fuser.fuse(&moment)?;
            let tick = Tick { moment, fused, without: None };
            let level = self.gatherer.level();
            emit(Output::Tick { tick: &tick, level, face_presence: self.face_presence });
            // Of a file that breaks off nothing is known beyond what was read.
            let is_through = at >= end || self.damage.is_some();
            if is_through && ticks.is_multiple_of(TICKS_PER_ROW) && self.face.is_over() && self.sound.is_over() {
                return Ok(at);
            }
            at = at + TICK;
            ticks += 1;
        }
    }

    fn take_faces(&mut self, until: Timestamp, emit: &mut impl FnMut(Output<'_>)) {
        let is_due = |note: &FaceNote| match note {
            FaceNote::Seen { view, .. } => view.span.end.min(view.span.start + LONGEST_EXPOSURE) <= until,
            FaceNote::Damage(_) => true,
        };
        while let Some(note) = self.face.next_if(is_due) {
            match note {
                FaceNote::Seen { view, presence, is_other } => {
                    if is_other {
                        self.gatherer.afresh();
                    }
                    self.face_presence = view.value.face.map(|_| view.value.quality.presence);
                    let presence = presence.map(|evidence| Timestamped::new(view.span, view.seq, evidence));
                    self.gatherer.observe(Modality::Face, presence, until);
                    emit(Output::Face(&view));
                }
                FaceNote::Damage(message) => self.damage = Some(message),
            }
        }
    }

    fn take_sound(&mut self, until: Timestamp, emit: &mut impl FnMut(Output<'_>)) {
        let is_due = |note: &SoundNote| match note {
            SoundNote::Level(level) => level.span.end <= until,
            SoundNote::Descriptors(middle, _) => *middle <= until,
            SoundNote::Voice(voice) => voice.span.end <= until,
            SoundNote::Utterance(end) => *end <= until,
            SoundNote::Damage(_) => true,
        };
        while let Some(note) = self.sound.next_if(is_due) {
            match note {
                SoundNote::Level(level) => self.gatherer.hear(level),
                SoundNote::Descriptors(middle, frame) => emit(Output::Descriptors(middle, &frame)),
                SoundNote::Voice(Timestamped { span, seq, value }) => {
                    let presence = value.map(|evidence| Timestamped::new(span, seq, evidence));
                    self.gatherer.observe(Modality::Voice, presence, until);
                }
                SoundNote::Utterance(end) => self.take_words(end, emit),
                SoundNote::Damage(message) => self.damage = Some(message),
            }
        }
    }

    /// Waits for what the utterance says: that it was said is known.
    fn take_words(&mut self, at: Timestamp, emit: &mut impl FnMut(Output<'_>)) {
        let Ok(WordsNote { spoken, outcome }) = self.words.recv() else { return };
        self.seq += 1;
        match outcome {
            Ok((transcript, evidence)) => {
                self.gatherer.observe(Modality::Words, Ok(Timestamped::new(spoken, self.seq, evidence)), at);
                emit(Output::Transcript(&Timestamped::new(spoken, self.seq, transcript)));
            }
            Err(Refusal::OtherLanguage(language)) => {
                self.gatherer.observe(Modality::Words, Err(Absence::OtherLanguage(language.clone())), at);
                emit(Output::NotTranscribed(spoken, format!("spoken in {language}")));
            }
            Err(Refusal::Dropped(why)) => emit(Output::NotTranscribed(spoken, why.to_owned())),
        }
    }
}
