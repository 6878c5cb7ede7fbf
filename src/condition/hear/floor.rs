//! The levels of speech and of what is behind it.

/// Follows the noise floor and the level of speech over hops, for a signal-to-noise ratio.
#[derive(Debug, Clone)]
pub(super) struct Floor {
    noise_db: f32,
    speech_db: Option<f32>,
}

/// The quietest level told apart from silence, dB of full scale.
pub(super) const SILENCE_DB: f32 = -120.0;

const RISE_DB: f32 = 0.1;
const FALL: f32 = 0.3;
const SPEECH: f32 = 0.1;

impl Floor {
    pub(super) const fn new() -> Self {
        Self { noise_db: -60.0, speech_db: None }
    }

    /// Takes in one hop's level: the floor falls quickly and rises slowly, and more slowly during speech.
    pub(super) fn observe(&mut self, level_db: f32, is_speech: bool) {
        if level_db < self.noise_db {
            self.noise_db += (level_db - self.noise_db) * FALL;
        } else if !is_speech {
            self.noise_db += (level_db - self.noise_db).min(10.0 * RISE_DB);
        } else {
            self.noise_db += (level_db - self.noise_db).min(RISE_DB);
        }
        if is_speech {
            let last = self.speech_db.unwrap_or(level_db);
            self.speech_db = Some(last + (level_db - last) * SPEECH);
        }
    }

    /// Speech over floor, dB; 0 before any speech.
    pub(super) fn snr_db(&self) -> f32 {
        self.speech_db.map_or(0.0, |speech| (speech - self.noise_db).clamp(-20.0, 80.0))
    }
}

/// Root mean square in dB of full scale, −120..=0.
pub(super) fn level_db(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return SILENCE_DB;
    }
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
    (10.0 * power.max(1e-12).log10()).clamp(SILENCE_DB, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_twenty_db_over_noise_reads_about_that() {
        let mut floor = Floor::new();
        for second in 0..20 {
            for _ in 0..30 {
                let is_speech = second % 2 == 1;
                floor.observe(if is_speech { -25.0 } else { -45.0 }, is_speech);
            }
        }

        assert!((floor.snr_db() - 20.0).abs() < 4.0, "{}", floor.snr_db());
    }

    #[test]
    fn full_scale_is_nought_db() {
        assert!(level_db(&[1.0; 100]).abs() < 1e-4);
        assert!(level_db(&[0.0; 100]) <= SILENCE_DB);
    }
}
