//! Sound on its way to a reading: windows, utterances, and what was made of them.

use crate::signal::LabelsAtOnce;
use crate::time::Span;

/// Functionals of a window of talk; a voice's embedding ends with them.
pub const VOICE_FUNCTIONALS: usize = 88;

/// A stretch of talk that the voice network gets: 16 kHz mono, −1..=1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VoiceWindow {
    /// The samples.
    pub samples: Vec<f32>,
    /// The 88 functionals of eGeMAPS over it, in the order of
    /// [`FUNCTIONAL_NAMES`](crate::condition::descriptors::FUNCTIONAL_NAMES).
    pub functionals: Box<[f32]>,
    /// Seconds of speech in it.
    pub speech_secs: f32,
    /// How well the voice can be heard.
    pub quality: VoiceQuality,
    /// What its newest sound is like.
    pub newest: NewestSound,
}

/// What the newest sound of a window is like, whatever was before it: what noise, other voices or silence change at once.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NewestSound {
    /// Share of the last third of a second that is speech, 0..=1.
    pub activity: f32,
    /// Over the last second, the level of loud hops over that of quiet ones, dB.
    pub range_db: f32,
    /// Harmonics over noise where there is a pitch, dB.
    pub hnr_db: f32,
    /// Share of the hops that have a pitch, 0..=1.
    pub voiced: f32,
    /// Change of the spectrum from hop to hop over the loudness.
    pub flux: f32,
    /// 1–5 kHz over 0–1 kHz, dB.
    pub tilt_db: f32,
    /// The same of the quietest fifth: of what is behind the voice.
    pub quiet_tilt_db: f32,
}

/// Speech between two silences: 16 kHz mono, −1..=1, with the pre-roll before its onset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Utterance {
    /// The samples.
    pub samples: Vec<f32>,
    /// Seconds of speech in it, as voice activity detection has it.
    pub speech_secs: f32,
}

/// How well a voice can be heard.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct VoiceQuality {
    /// Level of the speech over the level of the pauses, in dB.
    pub snr_db: f32,
    /// Share of the samples at full scale, 0..=1.
    pub clipped: f32,
    /// Share of the window that is speech, 0..=1.
    pub activity: f32,
}

/// What is heard within one hop of voice activity detection.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Level {
    /// How likely it is speech, 0..=1.
    pub speech_probability: f32,
    /// Whether the detector holds it for speech (onset and hangover applied).
    pub is_speech: bool,
    /// Root mean square in dB of full scale, −120..=0.
    pub level_db: f32,
    /// How well the voice can be heard.
    pub quality: VoiceQuality,
}

/// What was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// The words.
    pub text: String,
    /// Geometric mean of the tokens' probabilities, 0..=1.
    pub confidence: f32,
    /// From the first speech to the last.
    pub spoken: Span,
    /// What the words say of each label by itself, once they are read.
    pub labels: Option<LabelsAtOnce>,
}
