//! The voice: how it sounds, whatever it says.

use serde::Deserialize;
use serde::Serialize;

use crate::encode::Head;
use crate::encode::Person;
use crate::encode::pooling::pool_moments;
use crate::model::Input;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::signal::Absence;
use crate::signal::Evidence;
use crate::signal::VOICE_FUNCTIONALS;
use crate::signal::VoiceQuality;
use crate::signal::VoiceWindow;

/// How voices are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoiceSettings {
    /// Below the first signal-to-noise ratio (dB) a voice isn't trusted at all, from the second on wholly.
    pub snr_db: (f32, f32),
    /// From this share of clipped samples on a voice isn't trusted at all, 0..=1.
    pub clipped: f32,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self { snr_db: (0.0, 12.0), clipped: 0.2 }
    }
}

/// Reads windows of talk against the person's mean.
///
/// # Takes
///
/// [`VoiceWindow`]s.
///
/// # Gives
///
/// Evidence, or its absence. The features of a reading are, for each layer of Moonshine that is listened to, mean and
/// standard deviation of the window's frames (288 numbers each 24 ms), then its 88 eGeMAPS functionals.
pub struct VoiceEncoder {
    encoder: Network,
    head: Option<Head>,
    person: Person,
    settings: VoiceSettings,
    mask: Vec<i64>,
    outputs: Vec<Vec<f32>>,
    features: Vec<f32>,
}

const WIDTH: usize = 288;
/// What the encoder gives: its last layer, and inner ones, which hear more of the voice and less of the words.
const LAYERS: usize = 3;
const FUNCTIONALS: usize = VOICE_FUNCTIONALS;
/// What the trust in a voice rests on: signal to noise (tens of dB), share of clipped samples, share of speech, speech in the
/// window (4 s are 1); then of its newest sound: share of speech, range of levels (tens of dB), harmonics over noise (tens of
/// dB), share with a pitch, flux, tilt of all and of the quietest (tens of dB).
pub(super) const RELIABILITY: [&str; 11] = [
    "snr",
    "clipped",
    "activity",
    "speech",
    "newest_activity",
    "newest_range",
    "newest_hnr",
    "newest_voiced",
    "newest_flux",
    "newest_tilt",
    "newest_quiet_tilt",
];
const DB: f32 = 10.0;
const FULL_SECS: f32 = 4.0;
/// Numbers in a reading's features.
pub const VOICE_FEATURES: usize = 2 * LAYERS * WIDTH + FUNCTIONALS;

impl VoiceEncoder {
    /// Loads the voice's networks. Without its head it gives features and no readings.
    ///
    /// # Errors
    ///
    /// As [`Network::load`].
    pub fn load(manifest: &Manifest, runtime: &Runtime, settings: VoiceSettings) -> Result<Self, ModelError> {
        let head = match Head::load(manifest, runtime, "voice_head", VOICE_FEATURES) {
            Ok(head) => Some(head),
            Err(ModelError::Unlisted { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            encoder: Network::load(manifest, runtime, "moonshine_encoder")?,
            head,
            person: Person::unknown(VOICE_FEATURES),
            settings,
            mask: Vec::new(),
            outputs: Vec::new(),
            features: Vec::new(),
        })
    }

    /// Reads a window that brings `fresh_secs` seconds of talk not read before.
    ///
    /// # Errors
    ///
    /// If a network fails.
    pub fn encode(&mut self, window: &VoiceWindow, fresh_secs: f32) -> Result<Result<Evidence, Absence>, ModelError> {
        let quality = self.quality(&window.quality);
        if quality <= 0.0 {
            return Ok(Err(Absence::TooNoisy));
        }
        let len = window.samples.len();
        self.mask.resize(len, 1);
        let inputs = [Input::F32(&[1, len], &window.samples), Input::I64(&[1, len], &self.mask)];
        self.encoder.run(&inputs, &mut self.outputs)?;
        self.features.clear();
        for frames in &self.outputs {
            pool_moments(frames, WIDTH, &mut self.features);
        }
        self.features.extend(window.functionals.iter());
        let Some(head) = self.head.as_mut() else { return Ok(Err(Absence::NoModel)) };
        let reading = head.read(&self.features, &self.person)?;
        let raw = head.read_raw(&self.features)?;
        let heard = &window.quality;
        let newest = &window.newest;
        let reliability = [
            heard.snr_db / DB,
            heard.clipped,
            heard.activity,
            window.speech_secs / FULL_SECS,
            newest.activity,
            newest.range_db / DB,
            newest.hnr_db / DB,
            newest.voiced,
            newest.flux,
            newest.tilt_db / DB,
            newest.quiet_tilt_db / DB,
        ];
        let evidence = Evidence {
            reading,
            raw,
            quality,
            reliability: reliability.into(),
            embedding: self.features.as_slice().into(),
            known_secs: self.person.secs(),
        };
        self.person.observe(&self.features, fresh_secs);
        Ok(Ok(evidence))
    }

    /// What is known of the person.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }

    /// The same, to freeze or to forget.
    pub const fn person_mut(&mut self) -> &mut Person {
        &mut self.person
    }

    /// The features of the last reading, or none before the first.
    #[must_use]
    pub fn features(&self) -> &[f32] {
        &self.features
    }

    fn quality(&self, heard: &VoiceQuality) -> f32 {
        let (from, to) = self.settings.snr_db;
        let clear = ((heard.snr_db - from) / (to - from)).clamp(0.0, 1.0);
        let whole = (1.0 - heard.clipped / self.settings.clipped.max(1e-6)).clamp(0.0, 1.0);
        clear * whole
    }
}
