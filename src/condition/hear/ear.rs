//! Cuts sound into hops, talk windows and utterances.

use std::collections::VecDeque;

use serde::Deserialize;
use serde::Serialize;

use crate::condition::descriptors::DescriptorFrame;
use crate::condition::descriptors::Descriptors;
use crate::condition::descriptors::functionals;
use crate::condition::hear::RATE_HZ;
use crate::condition::hear::floor::Floor;
use crate::condition::hear::floor::level_db;
use crate::condition::hear::lately::lately;
use crate::condition::hear::vad::HOP;
use crate::condition::hear::vad::Vad;
use crate::model::ModelError;
use crate::signal::Level;
use crate::signal::NewestSound;
use crate::signal::Utterance;
use crate::signal::VoiceQuality;
use crate::signal::VoiceWindow;

/// When sound counts as speech, and how it is cut. Times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarSettings {
    /// From this probability on a hop counts towards an onset, 0..=1.
    pub speech_from: f32,
    /// Below this probability a hop counts towards the end, 0..=1.
    pub silence_below: f32,
    /// Speech before it is believed.
    pub onset_secs: f32,
    /// Silence before it is believed.
    pub hangover_secs: f32,
    /// Silence from which what was said is handed on as a draft: should nothing follow, work on it has begun already.
    pub draft_secs: f32,
    /// Sound kept from before the onset.
    pub pre_roll_secs: f32,
    /// An utterance is cut at this length.
    pub max_utterance_secs: f32,
    /// The longest window of talk that the voice network gets.
    pub window_secs: f32,
    /// From window to window.
    pub window_hop_secs: f32,
    /// Speech that a window must have.
    pub min_speech_secs: f32,
    /// A longer pause begins a new stretch of talk: windows don't reach back over it.
    pub pause_secs: f32,
}

impl Default for EarSettings {
    fn default() -> Self {
        Self {
            speech_from: 0.5,
            silence_below: 0.35,
            onset_secs: 0.064,
            hangover_secs: 0.32,
            draft_secs: 0.096,
            pre_roll_secs: 0.3,
            max_utterance_secs: 12.0,
            window_secs: 4.0,
            window_hop_secs: 0.256,
            min_speech_secs: 0.4,
            pause_secs: 0.8,
        }
    }
}

/// What the ear makes of sound. Places are sample indices at 16 kHz.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// One hop, from `first` on.
    Level {
        /// Its first sample.
        first: u64,
        /// What was heard in it.
        level: Level,
    },
    /// The descriptors of one 10 ms hop whose middle is at `at`.
    Descriptors {
        /// The middle sample.
        at: u64,
        /// The 25 low-level descriptors.
        frame: Box<DescriptorFrame>,
    },
    /// Talk, up to the sample before `end`.
    Window {
        /// Its first sample.
        first: u64,
        /// The sample after its last.
        end: u64,
        /// The talk.
        window: Box<VoiceWindow>,
    },
    /// An utterance that ends here unless speech goes on within the hangover.
    Draft {
        /// First sample of its speech.
        speech_first: u64,
        /// The sample after its last speech.
        speech_end: u64,
        /// The speech so far: what [`Utterance`](Self::Utterance) begins with, if it ends here.
        utterance: Box<Utterance>,
    },
    /// An utterance has ended.
    Utterance {
        /// Its first sample, pre-roll included.
        first: u64,
        /// First sample of its speech.
        speech_first: u64,
        /// The sample after its last speech.
        speech_end: u64,
        /// The sample after its last, hangover included.
        end: u64,
        /// The speech.
        utterance: Box<Utterance>,
    },
}

/// Hears: hops, their level and speech probability; windows of talk; utterances.
///
/// # Takes
///
/// 16 kHz mono sound in blocks of any size.
///
/// # Gives
///
/// [`Heard`], in the order of time. How the samples are split into blocks makes no difference.
pub struct Ear {
    vad: Vad,
    settings: EarSettings,
    descriptors: Descriptors,
    frames: VecDeque<(u64, DescriptorFrame)>,
    buffer: VecDeque<f32>,
    buffer_first: u64,
    waiting: Vec<f32>,
    position: u64,
    origin: u64,
    hops: VecDeque<Hop>,
    floor: Floor,
    is_speech: bool,
    run: u32,
    speech_first: u64,
    speech_end: u64,
    talk_first: Option<u64>,
    next_window: u64,
}

#[derive(Debug, Clone, Copy)]
struct Hop {
    first: u64,
    is_voiced: bool,
    clipped: u32,
}

const CLIP: f32 = 0.985;
/// What counts as the newest sound, and as now, seconds.
const NEWEST_SECS: f32 = 1.0;
const NOW_SECS: f32 = 0.32;
const DESCRIPTOR_HOP: u64 = 160;
const DESCRIPTOR_HALF: u64 = 480;

impl Ear {
    /// An ear at sample 0.
    #[must_use]
    pub fn new(vad: Vad, settings: EarSettings) -> Self {
        Self {
            vad,
            settings,
            descriptors: Descriptors::new(),
            frames: VecDeque::new(),
            buffer: VecDeque::new(),
            buffer_first: 0,
            waiting: Vec::new(),
            position: 0,
            origin: 0,
            hops: VecDeque::new(),
            floor: Floor::new(),
            is_speech: false,
            run: 0,
            speech_first: 0,
            speech_end: 0,
            talk_first: None,
            next_window: 0,
        }
    }

    /// Takes in the next samples.
    ///
    /// # Errors
    ///
    /// If the voice activity network fails; the samples are taken in nevertheless.
    pub fn push(&mut self, block: &[f32], mut emit: impl FnMut(Heard)) -> Result<(), ModelError> {
        self.waiting.extend_from_slice(block);
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut result = Ok(());
        for hop in waiting.chunks_exact(HOP) {
            if let Err(error) = self.hop(hop, &mut emit) {
                result = Err(error);
            }
        }
        let done = waiting.len() / HOP * HOP;
        waiting.drain(..done);
        self.waiting = waiting;
        result
    }

    /// Ends an utterance that is under way, at the end of a stream or before a gap.
    pub fn finish(&mut self, mut emit: impl FnMut(Heard)) {
        if self.is_speech {
            self.window(&mut emit);
            self.utterance(&mut emit);
            self.is_speech = false;
        }
    }

    /// Goes on at sample `first` as if nothing had been before: for a gap, a new device, a new file.
    ///
    /// Call [`finish`](Self::finish) before it to keep what is under way.
    pub fn restart(&mut self, first: u64) {
        self.vad.reset();
        self.descriptors.reset();
        self.frames.clear();
        self.buffer.clear();
        self.waiting.clear();
        self.hops.clear();
        self.floor = Floor::new();
        self.buffer_first = first;
        self.position = first;
        self.origin = first;
        self.is_speech = false;
        self.run = 0;
        self.talk_first = None;
        self.next_window = first;
    }

    /// Where it would go on: the place after the last sample that it was given.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.position + self.waiting.len() as u64
    }

    fn hop(&mut self, hop: &[f32], emit: &mut impl FnMut(Heard)) -> Result<(), ModelError> {
        let first = self.position;
        self.position += HOP as u64;
        self.buffer.extend(hop);
        self.describe(hop, emit);
        let probability = self.vad.probability(hop);
        let speech_probability = *probability.as_ref().unwrap_or(&0.0);

        let level_db = level_db(hop);
        let was_speech = self.is_speech;
        self.decide(first, speech_probability);
        self.floor.observe(level_db, self.is_speech);
        let clipped = hop.iter().filter(|sample| sample.abs() >= CLIP).count() as u32;
        let is_voiced = self.is_speech && speech_probability >= self.settings.silence_below;
        self.hops.push_back(Hop { first, is_voiced, clipped });
        let quality = self.quality(first);
        emit(Heard::Level { first, level: Level { speech_probability, is_speech: self.is_speech, level_db, quality } });

        if was_speech && !self.is_speech {
            self.window(emit);
            self.utterance(emit);
        } else if self.is_speech {
            if self.position >= self.next_window {
                self.window(emit);
                self.next_window = self.position + samples(self.settings.window_hop_secs);
            }
            let silent = u64::from(self.run) * HOP as u64;
            let draft = samples(self.settings.draft_secs).max(1);
            if silent >= draft && silent - (HOP as u64) < draft {
                let (_, utterance) = self.spoken();
                let (speech_first, speech_end) = (self.speech_first, self.speech_end);
                emit(Heard::Draft { speech_first, speech_end, utterance });
            }
            if self.position - self.speech_first >= samples(self.settings.max_utterance_secs) {
                self.speech_end = self.position;
                self.utterance(emit);
                self.speech_first = self.position;
            }
        }
        self.forget();
        probability.map(|_| ())
    }

    /// Onset and hangover: turns probabilities into speech and silence.
    fn decide(&mut self, first: u64, probability: f32) {
        let (for_it, needed) = if self.is_speech {
            (probability < self.settings.silence_below, self.settings.hangover_secs)
        } else {
            (probability >= self.settings.speech_from, self.settings.onset_secs)
        };
        self.run = if for_it { self.run + 1 } else { 0 };
        if self.is_speech && !for_it {
            self.speech_end = first + HOP as u64;
        }
        if u64::from(self.run) * (HOP as u64) < samples(needed).max(1) {
            return;
        }
        self.is_speech = !self.is_speech;
        if self.is_speech {
            let onset = (first + HOP as u64).saturating_sub(u64::from(self.run) * HOP as u64);
            let paused = onset.saturating_sub(self.speech_end) > samples(self.settings.pause_secs);
            if self.talk_first.is_none() || paused {
                self.talk_first = Some(onset);
            }
            self.speech_first = onset;
            self.speech_end = first + HOP as u64;
            self.next_window = first + HOP as u64;
        }
        self.run = 0;
    }

    fn describe(&mut self, hop: &[f32], emit: &mut impl FnMut(Heard)) {
        let (frames, origin) = (&mut self.frames, self.origin);
        self.descriptors.push(hop, |index, frame| {
            let at = origin + index * DESCRIPTOR_HOP + DESCRIPTOR_HALF;
            frames.push_back((at, *frame));
            emit(Heard::Descriptors { at, frame: Box::new(*frame) });
        });
    }

    fn window(&mut self, emit: &mut impl FnMut(Heard)) {
        let Some(talk_first) = self.talk_first else { return };
        let earliest = self.position.saturating_sub(samples(self.settings.window_secs));
        let first =
            talk_first.saturating_sub(samples(self.settings.pre_roll_secs)).max(earliest).max(self.buffer_first);
        let speech_secs = self.speech_secs(first);
        if speech_secs < self.settings.min_speech_secs {
            return;
        }
        let frames: Vec<_> = self.frames.iter().filter(|(at, _)| *at >= first).map(|(_, frame)| *frame).collect();
        let mut values = [0.0; 88];
        functionals(&frames, &mut values);
        let window = VoiceWindow {
            samples: self.cut(first, self.position),
            functionals: values.into(),
            speech_secs,
            quality: self.quality(first),
            newest: self.newest(),
        };
        emit(Heard::Window { first, end: self.position, window: Box::new(window) });
    }

    fn newest(&self) -> NewestSound {
        let since = |secs| self.position.saturating_sub(samples(secs));
        let frames: Vec<_> =
            self.frames.iter().filter(|(at, _)| *at >= since(NEWEST_SECS)).map(|(_, frame)| *frame).collect();
        lately(&frames, self.quality(since(NOW_SECS)).activity)
    }

    fn utterance(&self, emit: &mut impl FnMut(Heard)) {
        let (first, utterance) = self.spoken();
        emit(Heard::Utterance {
            first,
            speech_first: self.speech_first,
            speech_end: self.speech_end,
            end: self.position,
            utterance,
        });
    }

    /// What has been said since the onset, and where it begins.
    fn spoken(&self) -> (u64, Box<Utterance>) {
        let first = self.speech_first.saturating_sub(samples(self.settings.pre_roll_secs)).max(self.buffer_first);
        let samples = self.cut(first, self.position);
        (first, Box::new(Utterance { samples, speech_secs: self.speech_secs(self.speech_first) }))
    }

    fn cut(&self, first: u64, end: u64) -> Vec<f32> {
        let skip = usize::try_from(first - self.buffer_first).unwrap_or(usize::MAX);
        let len = usize::try_from(end - first).unwrap_or(0);
        self.buffer.iter().skip(skip).take(len).copied().collect()
    }

    fn speech_secs(&self, first: u64) -> f32 {
        let hops = self.hops.iter().filter(|hop| hop.first + HOP as u64 > first && hop.is_voiced).count();
        hops as f32 * HOP as f32 / RATE_HZ as f32
    }

    fn quality(&self, first: u64) -> VoiceQuality {
        let (mut hops, mut voiced, mut clipped) = (0.0f32, 0.0f32, 0.0f32);
        for hop in self.hops.iter().filter(|hop| hop.first + HOP as u64 > first) {
            hops += 1.0;
            voiced += f32::from(u8::from(hop.is_voiced));
            clipped += hop.clipped as f32;
        }
        let hops = hops.max(1.0);
        VoiceQuality { snr_db: self.floor.snr_db(), clipped: clipped / (hops * HOP as f32), activity: voiced / hops }
    }

    /// Lets go of what no window or utterance can ask for any more.
    fn forget(&mut self) {
        let settings = &self.settings;
        let back =
            samples(settings.pre_roll_secs.max(settings.window_secs) + settings.hangover_secs + settings.onset_secs);
        let mut keep = self.position.saturating_sub(back);
        if self.is_speech {
            keep = keep.min(self.speech_first.saturating_sub(samples(settings.pre_roll_secs)));
        }
        let excess = usize::try_from(keep.saturating_sub(self.buffer_first)).unwrap_or(0).min(self.buffer.len());
        self.buffer.drain(..excess);
        self.buffer_first += excess as u64;
        while self.hops.front().is_some_and(|hop| hop.first + (HOP as u64) < keep) {
            self.hops.pop_front();
        }
        while self.frames.front().is_some_and(|(at, _)| *at < keep) {
            self.frames.pop_front();
        }
    }
}

fn samples(secs: f32) -> u64 {
    (f64::from(secs.max(0.0)) * f64::from(RATE_HZ)).round() as u64
}
