//! What could be heard, as far as it was kept: 16 kHz sound.

use std::collections::VecDeque;
use std::time::Duration;

use crate::record::streams;
use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::SessionFile;
use crate::time::Timestamp;

/// Samples a second.
pub const SOUND_RATE_HZ: u32 = 16_000;

/// A block may have arrived so long before its time, and lie so far out of order.
const BEFORE: Duration = Duration::from_millis(1500);
/// A block arrives at most so long after its time.
const LATE: Duration = Duration::from_millis(1500);
/// So far ahead it is read on; what is farther is looked for.
const AHEAD: Duration = Duration::from_secs(2);
/// A stamp that is so far from where the block before ended is a gap, samples.
const GAP: i64 = 2400;
/// Stamps jitter, and a card's clock drifts: so far their mean may be from the count of samples, samples.
const DRIFT: f32 = 640.0;
/// How much of that mean a block gives.
const SHARE: f32 = 0.05;

/// The sound of a session, found by its time.
#[derive(Debug)]
pub struct Sounds {
    file: SessionFile,
    /// What was read: the place of its first sample on the session's clock, in samples.
    blocks: VecDeque<(i64, Vec<f32>)>,
    /// Everything that arrived from here …
    from: Timestamp,
    /// … to here was read.
    until: Timestamp,
    off: f32,
}

impl Sounds {
    /// The sound of a session; `None` where it wasn't kept.
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    pub fn open(session: &Session) -> Result<Option<Self>, SessionError> {
        if !session.has(Consent::Inputs) {
            return Ok(None);
        }
        let file = session.file(Consent::Inputs)?;
        let at = Timestamp::from_nanos(i64::MIN);
        Ok(Some(Self { file, blocks: VecDeque::new(), from: at, until: at, off: 0.0 }))
    }

    /// Reads samples from `at` on: silence where nothing was kept.
    ///
    /// # Errors
    ///
    /// If the system refuses. What is damaged is silence.
    pub fn read(&mut self, at: Timestamp, samples: &mut [f32]) -> Result<(), SessionError> {
        samples.fill(0.0);
        let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(SOUND_RATE_HZ));
        if at < self.from + BEFORE || at > self.until + AHEAD {
            self.file.go_to_time(at - BEFORE)?;
            self.blocks.clear();
            (self.from, self.until, self.off) = (at - BEFORE, at - BEFORE, 0.0);
        }
        self.read_until(at + length + LATE);
        let first = place(at);
        // What was is kept for a moment: whoever holds still and goes on again asks for it once more.
        let old = first - i64::from(SOUND_RATE_HZ);
        while self.blocks.front().is_some_and(|(begins, block)| begins + (block.len() as i64) < old) {
            self.blocks.pop_front();
            self.from = self.from.max(at - BEFORE);
        }
        for (begins, block) in &self.blocks {
            let (skipped, ahead) = ((first - begins).max(0) as usize, (begins - first).max(0) as usize);
            let heard = block.get(skipped..).unwrap_or_default();
            for (place, sample) in samples.iter_mut().skip(ahead).zip(heard) {
                *place = *sample;
            }
        }
        Ok(())
    }

    fn read_until(&mut self, until: Timestamp) {
        while self.until < until {
            match self.file.next() {
                Some(Ok(Chunk::Item(item))) => {
                    self.until = self.until.max(item.arrived);
                    if item.stream == streams::SOUND && !item.values.is_empty() {
                        self.add(place(item.span.start), item.values);
                    }
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// A block whose stamp says that it begins at `stamped`: where the one before ended, unless that can't be.
    fn add(&mut self, stamped: i64, block: Vec<f32>) {
        let expected = self.blocks.back().map(|(begins, block)| begins + block.len() as i64);
        let begins = match expected.map(|expected| (expected, stamped - expected)) {
            Some((expected, off)) if off.abs() <= GAP => {
                self.off += (off as f32 - self.off) * SHARE;
                if self.off.abs() > DRIFT {
                    self.off = 0.0;
                    stamped
                } else {
                    expected
                }
            }
            _ => {
                self.off = 0.0;
                stamped
            }
        };
        self.blocks.push_back((begins, block));
    }
}

fn place(at: Timestamp) -> i64 {
    (at.secs() * f64::from(SOUND_RATE_HZ)).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made;
    use crate::record::made::Made;

    fn sounds() -> Sounds {
        let folder = tempfile::tempdir().unwrap();
        let made = Made { consent: Consent::Inputs, ..Made::default() };
        let session = Session::open(&made::write(folder.path(), &made).unwrap()).unwrap();
        Sounds::open(&session).unwrap().unwrap()
    }

    fn heard(sounds: &mut Sounds, secs: f64, len: usize) -> Vec<f32> {
        let mut samples = vec![9.0; len];
        sounds.read(Timestamp::from_secs(12.5 + secs), &mut samples).unwrap();
        samples
    }

    fn loudness(samples: &[f32]) -> f32 {
        (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn what_is_read_in_parts_is_what_is_read_at_once() {
        let mut sounds = sounds();
        let whole = heard(&mut sounds, 0.9, 16_000);

        let parts: Vec<f32> = (0..50).flat_map(|part| heard(&mut sounds, 0.9 + f64::from(part) * 0.02, 320)).collect();

        assert_eq!(whole, parts);
        assert!(loudness(&whole[..1500]) < 0.01 && loudness(&whole[2000..]) > 0.1, "speech begins at 1 s");
        assert!(whole.iter().all(|sample| sample.abs() <= 1.0));
    }

    #[test]
    fn what_was_forgotten_and_what_is_outside_is_silence() {
        let mut sounds = sounds();

        assert!(loudness(&heard(&mut sounds, 12.2, 8000)).abs() < 1e-9, "forgotten: 12 to 13 s");
        assert!(loudness(&heard(&mut sounds, -9.0, 8000)).abs() < 1e-9);
        assert!(loudness(&heard(&mut sounds, 90.0, 8000)).abs() < 1e-9);
        assert!(loudness(&heard(&mut sounds, 15.0, 8000)) > 0.1);
    }

    #[test]
    fn stamps_that_jitter_leave_no_gap_and_a_real_gap_stays() {
        let mut sounds = sounds();
        sounds.blocks.clear();
        for (stamped, at) in [(0, 0), (190, 160), (290, 320), (480, 480), (9000, 9000)] {
            sounds.add(stamped, vec![1.0; 160]);
            assert_eq!(sounds.blocks.back().map(|(begins, _)| *begins), Some(at));
        }
    }

    #[test]
    fn a_clock_that_drifts_is_followed_in_steps() {
        let mut sounds = sounds();
        sounds.blocks.clear();
        let mut worst = 0;
        for block in 0..100_000_i64 {
            // 100 ppm.
            let stamped = block * 160 + block * 160 / 10_000;
            sounds.add(stamped, vec![0.0; 160]);
            let (begins, block) = sounds.blocks.pop_back().unwrap();
            sounds.blocks = VecDeque::from([(begins, block)]);
            worst = worst.max((begins - stamped).abs());
        }

        assert!(worst < 800, "{worst} samples");
    }
}
