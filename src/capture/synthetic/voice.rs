//! The script, spoken: a synthesised voice as a sound card would give it.

use std::io::Cursor;

use super::SyntheticError;

/// Samples per second of what [`SyntheticVoice`] gives.
pub const SAMPLE_RATE_HZ: u32 = 48_000;

const KEPT_HZ: u32 = 16_000;
const PHASES: usize = (SAMPLE_RATE_HZ / KEPT_HZ) as usize;
const TAPS: usize = 32;
/// The quiet room that it speaks in, −85 dB of full scale: no microphone gives digital silence while it is on.
const ROOM: f32 = 1e-4;

/// The voice. It begins with the script and loops with it.
#[derive(Debug, Clone)]
pub struct SyntheticVoice {
    kept: Vec<f32>,
    filters: [[f32; TAPS]; PHASES],
}

impl SyntheticVoice {
    /// The voice that's built in.
    ///
    /// # Errors
    ///
    /// When the built-in sound can't be read.
    pub fn new() -> Result<Self, SyntheticError> {
        Self::from_wav(include_bytes!("../../../assets/synthetic/voice.wav"))
    }

    fn from_wav(bytes: &[u8]) -> Result<Self, SyntheticError> {
        let mut sound = hound::WavReader::new(Cursor::new(bytes)).map_err(|cause| SyntheticError::Voice { cause })?;
        let format = sound.spec();
        if format.sample_rate != KEPT_HZ || format.channels != 1 {
            return Err(SyntheticError::VoiceFormat { found_hz: format.sample_rate, channels: format.channels });
        }
        let samples: Result<Vec<i16>, _> = sound.samples().collect();
        let mut noise = fastrand::Rng::with_seed(1);
        let kept: Vec<f32> = samples
            .map_err(|cause| SyntheticError::Voice { cause })?
            .iter()
            .map(|&s| f32::from(s) / 32_768.0 + ROOM * (2.0 * noise.f32() - 1.0))
            .collect();
        if kept.is_empty() {
            return Err(SyntheticError::Voice { cause: hound::Error::FormatError("it holds no samples") });
        }
        Ok(Self { kept, filters: filters() })
    }

    /// After how many samples it begins again.
    #[must_use]
    pub fn loop_len(&self) -> u64 {
        (self.kept.len() * PHASES) as u64
    }

    /// Fills `out` with the samples from number `first_sample` on, at [`SAMPLE_RATE_HZ`].
    ///
    /// Sample 0 belongs to the script's beginning. How the samples are split into reads makes no difference to them.
    pub fn read(&mut self, first_sample: u64, out: &mut [f32]) {
        let mut index = (first_sample % self.loop_len()) as usize;
        for sample in out {
            *sample = self.sample(index);
            index += 1;
            if index == self.kept.len() * PHASES {
                index = 0;
            }
        }
    }

    fn sample(&self, index: usize) -> f32 {
        let (newest, filter) = (index / PHASES + TAPS / 2, &self.filters[index % PHASES]);
        let Some(oldest) = (newest + 1).checked_sub(TAPS).filter(|_| newest < self.kept.len()) else {
            let len = self.kept.len();
            let around = |k: usize| self.kept[(newest + 1 + k + len * TAPS - TAPS) % len];
            return filter.iter().enumerate().map(|(k, tap)| tap * around(k)).sum();
        };
        filter.iter().zip(&self.kept[oldest..=newest]).map(|(tap, kept)| tap * kept).sum()
    }
}

/// One windowed sinc for each place between two kept samples.
fn filters() -> [[f32; TAPS]; PHASES] {
    const CUTOFF: f64 = 0.95;
    let half = TAPS as f64 / 2.0;
    std::array::from_fn(|phase| {
        let taps: [f64; TAPS] = std::array::from_fn(|k| {
            let x = k as f64 - (half - 1.0) - phase as f64 / PHASES as f64;
            let angle = std::f64::consts::PI * x;
            let sinc = if x.abs() < 1e-12 { 1.0 } else { (angle * CUTOFF).sin() / (angle * CUTOFF) };
            let window = if x.abs() < half { 0.5 + 0.5 * (angle / half).cos() } else { 0.0 };
            sinc * window
        });
        let total: f64 = taps.iter().sum();
        taps.map(|tap| (tap / total) as f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::synthetic::Script;

    #[test]
    fn the_size_of_reads_makes_no_difference() {
        let mut voice = SyntheticVoice::new().unwrap();
        let first = voice.loop_len() - 5_000;
        let mut whole = vec![0.0; 70_000];
        voice.read(first, &mut whole);

        for len in [1, 7, 480, 1_023, 9_999] {
            let mut parts = vec![0.0; whole.len()];
            let mut at = first;
            for block in parts.chunks_mut(len) {
                voice.read(at, block);
                at += block.len() as u64;
            }

            assert_eq!(whole, parts, "blocks of {len}");
        }
    }

    #[test]
    fn the_voice_is_as_long_as_the_script_and_a_quiet_room_is_heard_in_its_pauses() {
        let script = Script::new().unwrap();
        let mut voice = SyntheticVoice::new().unwrap();
        let loudness = |voice: &mut SyntheticVoice, from: f64, to: f64| {
            let mut block = vec![0.0; ((to - from) * f64::from(SAMPLE_RATE_HZ)) as usize];
            voice.read((from * f64::from(SAMPLE_RATE_HZ)) as u64, &mut block);
            block.iter().map(|s| s * s).sum::<f32>() / block.len() as f32
        };

        assert_eq!(voice.loop_len(), (script.duration_secs() * f64::from(SAMPLE_RATE_HZ)).round() as u64);
        for sentence in script.sentences() {
            assert!(loudness(&mut voice, sentence.start_secs, sentence.end_secs) > 1e-4);
            let pause = loudness(&mut voice, sentence.end_secs + 0.05, sentence.end_secs + 1.0);
            assert!((1e-10..1e-8).contains(&pause), "{pause}");
        }
    }

    #[test]
    fn a_sound_of_another_rate_is_refused() {
        let format = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        hound::WavWriter::new(&mut bytes, format).unwrap().finalize().unwrap();

        assert!(matches!(
            SyntheticVoice::from_wav(bytes.get_ref()),
            Err(SyntheticError::VoiceFormat { found_hz: 44_100, .. })
        ));
    }
}
