//! Trouble with sound.

use std::sync::Arc;

use fastrand::Rng;

use crate::capture::sabotage::Trouble;

/// Spoils sound, in place.
///
/// # Takes
///
/// Mono samples (−1..=1) at the rate it was made for, in order, and whether the trouble is on.
///
/// # Gives
///
/// The same samples, spoilt while it is on. Trouble that isn't the sound's changes nothing. How the samples are split into
/// blocks makes no difference.
///
/// The ratio of signal to noise is held against the level of what was loud in the last seconds: a pause isn't spared.
#[derive(Debug, Clone)]
pub struct SoundSabotage {
    trouble: Trouble,
    snr_db: f32,
    rng: Rng,
    voices: Arc<[f32]>,
    /// Level of the other voices: root mean square over what isn't silence.
    voices_level: f32,
    /// Samples of the other voices to one of these.
    step: f64,
    /// Where in the other voices each speaker is.
    places: Vec<f64>,
    loudness: Loudness,
    brown: f32,
}

/// How loud sound was in the last seconds: the level of speech, as long as pauses are short.
#[derive(Debug, Clone)]
pub struct Loudness {
    /// A sample's share in the running mean square.
    rise: f32,
    /// What is left of the level after a sample.
    decay: f32,
    mean_square: f32,
    loudest: f32,
}

/// The rate of other voices, Hz.
pub const VOICES_RATE_HZ: u32 = 16_000;

const BABBLERS: usize = 6;
const RISE_SECS: f32 = 0.05;
const DECAY_SECS: f32 = 3.0;
/// So loud at least is the signal taken to be.
const LEAST_LEVEL: f32 = 0.003;
/// How much of the last noise the next one keeps: falls from about 400 Hz on, as the noise of rooms and fans does.
const NOISE_MEMORY: f32 = 0.86;

impl SoundSabotage {
    /// Trouble of this kind for sound at `rate_hz`. `snr_db` counts for noise and babble; `voices` (16 kHz mono) for babble
    /// and another voice, which are silent without any.
    #[must_use]
    pub fn new(trouble: Trouble, snr_db: f32, voices: Arc<[f32]>, rate_hz: u32, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let speakers = if trouble == Trouble::Babble { BABBLERS } else { 1 };
        let places = (0..speakers).map(|_| rng.f64() * voices.len() as f64).collect();
        Self {
            trouble,
            snr_db,
            rng,
            voices_level: level_of(&voices),
            voices,
            step: f64::from(VOICES_RATE_HZ) / f64::from(rate_hz.max(1)),
            places,
            loudness: Loudness::new(rate_hz),
            brown: 0.0,
        }
    }

    /// The same, beginning after sound that was so loud.
    #[must_use]
    pub fn after(self, loudness: &Loudness) -> Self {
        Self { loudness: loudness.clone(), ..self }
    }

    /// Takes in the next samples, and spoils those for which `is_on`, by their place in the block.
    pub fn spoil(&mut self, samples: &mut [f32], is_on: impl Fn(usize) -> bool) {
        for (at, sample) in samples.iter_mut().enumerate() {
            self.loudness.take(*sample);
            if is_on(at) {
                *sample = self.spoilt(*sample);
            }
        }
    }

    fn spoilt(&mut self, sample: f32) -> f32 {
        let level = self.loudness.level();
        let noise_level = level * 10f32.powf(-self.snr_db / 20.0);
        let spoilt = match self.trouble {
            Trouble::Mute => 0.0,
            Trouble::Noise => sample + self.noise() * noise_level,
            Trouble::Babble => {
                let many = self.others() / (self.places.len() as f32).sqrt();
                sample + many / self.voices_level * noise_level
            }
            Trouble::OtherVoice => self.others() / self.voices_level * level,
            _ => sample,
        };
        spoilt.clamp(-1.0, 1.0)
    }

    /// Noise of a root mean square of 1.
    fn noise(&mut self) -> f32 {
        // The sum of four even ones is near enough to a bell; its variance is 1/3.
        let white = (0..4).map(|_| self.rng.f32() - 0.5).sum::<f32>() * 3f32.sqrt();
        self.brown = NOISE_MEMORY * self.brown + (1.0 - NOISE_MEMORY * NOISE_MEMORY).sqrt() * white;
        self.brown
    }

    /// The next sample of all other speakers together.
    fn others(&mut self) -> f32 {
        let len = self.voices.len() as f64;
        if len < 2.0 {
            return 0.0;
        }
        let mut sum = 0.0;
        for place in &mut self.places {
            let (left, part) = (*place as usize, place.fract() as f32);
            let one = self.voices.get(left).copied().unwrap_or(0.0);
            let next = self.voices.get(left + 1).or_else(|| self.voices.first()).copied().unwrap_or(0.0);
            sum += one + (next - one) * part;
            *place = (*place + self.step) % len;
        }
        sum
    }
}

impl Loudness {
    /// Of sound at `rate_hz`, of which nothing was heard yet.
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        let rate = rate_hz.max(1) as f32;
        Self {
            rise: 1.0 - (-1.0 / (RISE_SECS * rate)).exp(),
            decay: (-1.0 / (DECAY_SECS * rate)).exp(),
            mean_square: 0.0,
            loudest: 0.0,
        }
    }

    /// Takes in the next sample.
    pub fn take(&mut self, sample: f32) {
        self.mean_square += (sample * sample - self.mean_square) * self.rise;
        self.loudest = (self.loudest * self.decay).max(self.mean_square.max(0.0).sqrt());
    }

    /// Root mean square, full scale being 1; never nothing.
    #[must_use]
    pub const fn level(&self) -> f32 {
        self.loudest.max(LEAST_LEVEL)
    }
}

/// Root mean square of the blocks that are not much quieter than the loudest.
fn level_of(samples: &[f32]) -> f32 {
    const BLOCK: usize = 800;
    const QUIET: f32 = 0.01;
    let powers: Vec<f32> =
        samples.chunks(BLOCK).map(|block| block.iter().map(|v| v * v).sum::<f32>() / block.len() as f32).collect();
    let most = powers.iter().copied().fold(0.0, f32::max);
    let loud: Vec<f32> = powers.into_iter().filter(|power| *power > most * QUIET).collect();
    (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt().max(1e-4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, secs: f32, level: f32) -> Vec<f32> {
        (0..(secs * 16_000.0) as usize)
            .map(|at| level * 2f32.sqrt() * (at as f32 * hz * std::f32::consts::TAU / 16_000.0).sin())
            .collect()
    }

    fn level(samples: &[f32]) -> f32 {
        (samples.iter().map(|value| value * value).sum::<f32>() / samples.len() as f32).sqrt()
    }

    fn spoil(trouble: Trouble, snr_db: f32, blocks: usize) -> (Vec<f32>, Vec<f32>) {
        let clean = tone(220.0, 2.0, 0.1);
        // Noise: of a tone the speakers of a babble might cancel each other.
        let mut rng = Rng::with_seed(9);
        let voices: Arc<[f32]> = (0..16_000).map(|_| (rng.f32() - 0.5) * 0.4).collect();
        let mut sabotage = SoundSabotage::new(trouble, snr_db, voices, 16_000, 3);
        let mut spoilt = clean.clone();
        for block in spoilt.chunks_mut(blocks) {
            sabotage.spoil(block, |_| true);
        }
        (clean, spoilt)
    }

    #[test]
    fn how_samples_are_split_makes_no_difference() {
        for trouble in Trouble::ALL {
            assert_eq!(spoil(trouble, 5.0, 160).1, spoil(trouble, 5.0, 777).1);
        }
    }

    #[test]
    fn the_ratio_is_the_one_asked_for() {
        for trouble in [Trouble::Noise, Trouble::Babble] {
            for snr_db in [0.0, 10.0] {
                let (clean, spoilt) = spoil(trouble, snr_db, 160);
                let added: Vec<f32> = spoilt.iter().zip(&clean).map(|(a, b)| a - b).skip(16_000).collect();

                let found = 20.0 * (level(&clean) / level(&added)).log10();
                assert!((found - snr_db).abs() < 3.0, "{trouble:?}: {found} instead of {snr_db}");
            }
        }
    }

    #[test]
    fn noise_that_begins_in_a_pause_is_as_loud_as_speech_was() {
        let mut loudness = Loudness::new(16_000);
        for sample in tone(220.0, 1.0, 0.1) {
            loudness.take(sample);
        }
        let noise = |sabotage: SoundSabotage| {
            let (mut sabotage, mut pause) = (sabotage, vec![0.0; 1600]);
            sabotage.spoil(&mut pause, |_| true);
            level(&pause)
        };
        let afresh = || SoundSabotage::new(Trouble::Noise, 0.0, Arc::default(), 16_000, 1);

        assert!(noise(afresh().after(&loudness)) > 0.05);
        assert!(noise(afresh()) < 0.01);
    }

    #[test]
    fn another_voice_is_as_loud_and_nothing_is_left_of_the_first() {
        let (clean, spoilt) = spoil(Trouble::OtherVoice, 0.0, 160);
        let own: f32 = clean.iter().zip(&spoilt).skip(16_000).map(|(a, b)| a * b).sum::<f32>() / 16_000.0;

        assert!((level(&spoilt[16_000..]) / 0.1 - 1.0).abs() < 0.3);
        assert!(own.abs() < 1e-3, "{own}");
        assert!(spoil(Trouble::Mute, 0.0, 160).1.iter().all(|sample| *sample == 0.0));
    }

    #[test]
    fn only_what_is_on_is_spoilt() {
        let clean = tone(220.0, 0.5, 0.1);
        let mut spoilt = clean.clone();

        SoundSabotage::new(Trouble::Mute, 0.0, Arc::default(), 16_000, 1).spoil(&mut spoilt, |at| at >= 4000);

        assert_eq!(spoilt[..4000], clean[..4000]);
        assert!(spoilt[4000..].iter().all(|sample| *sample == 0.0));
    }
}
