//! What the newest sound of a window is like, whatever was before it.

use crate::condition::descriptors::Descriptor;
use crate::condition::descriptors::DescriptorFrame;
use crate::signal::NewestSound;

/// The quietest share of the frames, which what is behind a voice fills, and the loudest.
const QUIET: f32 = 0.2;
const LOUD: f32 = 0.9;
const LEAST_ENERGY: f32 = 1e-12;
const LEAST_LOUDNESS: f32 = 1e-4;

/// Sums up the descriptors of the newest second or less, and the share of it that is speech (0..=1). Nothing without frames.
pub(super) fn lately(frames: &[DescriptorFrame], activity: f32) -> NewestSound {
    let mean = |of: &mut dyn Iterator<Item = f32>| {
        let (sum, count) = of.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        sum / f32::max(count, 1.0)
    };
    let mut by_level: Vec<&DescriptorFrame> = frames.iter().collect();
    by_level.sort_by(|a, b| a.energy().total_cmp(&b.energy()));
    let quiet = ((frames.len() as f32 * QUIET) as usize).max(1).min(frames.len());
    let level = |share: f32| {
        let at = (frames.len().saturating_sub(1) as f32 * share) as usize;
        by_level.get(at).map_or(0.0, |frame| 10.0 * frame.energy().max(LEAST_ENERGY).log10())
    };
    let voiced = || frames.iter().filter(|frame| frame.is_voiced());
    let loudness = mean(&mut frames.iter().map(|frame| frame[Descriptor::Loudness]));
    NewestSound {
        activity,
        range_db: level(LOUD) - level(QUIET / 2.0),
        hnr_db: mean(&mut voiced().map(|frame| frame[Descriptor::Hnr])),
        voiced: voiced().count() as f32 / frames.len().max(1) as f32,
        flux: mean(&mut frames.iter().map(|frame| frame[Descriptor::SpectralFlux])) / loudness.max(LEAST_LOUDNESS),
        tilt_db: mean(&mut frames.iter().map(|frame| frame[Descriptor::AlphaRatio])),
        quiet_tilt_db: mean(&mut by_level.iter().take(quiet).map(|frame| frame[Descriptor::AlphaRatio])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::descriptors::Descriptors;
    use crate::condition::hear::RATE_HZ;

    fn frames(sample: impl FnMut(usize) -> f32) -> Vec<DescriptorFrame> {
        let samples: Vec<f32> = (0..RATE_HZ as usize).map(sample).collect();
        let mut frames = Vec::new();
        Descriptors::new().push(&samples, |_, frame| frames.push(*frame));
        frames
    }

    /// Pulses of a voice, a quarter of a second each, with silence between.
    fn talk(at: usize) -> f32 {
        let is_on = (at / 4000).is_multiple_of(2);
        if is_on && at % 100 < 20 { 0.4 } else { 0.0 }
    }

    #[test]
    fn noise_fills_the_pauses_and_hides_the_harmonics() {
        let mut chance = 1u32;
        let mut noise = || {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let clear = lately(&frames(talk), 0.5);
        let noisy = lately(&frames(|at| talk(at) + 0.2 * noise()), 0.5);

        assert!(clear.range_db > noisy.range_db + 10.0, "{clear:?} {noisy:?}");
        assert!(clear.hnr_db > noisy.hnr_db, "{clear:?} {noisy:?}");
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(lately(&[], 0.0), NewestSound::default());
    }
}
