//! Levels of the harmonics, and of those near the formants.

use super::pitch::{BIN_HZ, BINS};

/// Level that stands for "no voice".
pub const NO_LEVEL_DB: f32 = -201.0;
const FLOOR: f32 = 1e-9;
const HIGHEST_HZ: f32 = 7900.0;
/// A harmonic belongs to a formant if it lies within this share of its frequency.
const FORMANT_REACH: f32 = 0.2;

/// Levels in dB.
#[derive(Debug, Clone, Copy)]
pub struct Harmonics {
    pub h1_h2: f32,
    pub h1_a3: f32,
    pub formants: [f32; 3],
}

/// `formants_hz` may hold zeros where there is none.
///
/// H1 and H2 count from the harmonic above the fundamental, so they are partials two and three.
/// openSMILE's output shows the same.
pub fn measure(magnitudes: &[f32; BINS], f0_hz: f32, formants_hz: [f32; 3]) -> Harmonics {
    let level = |partial: usize| level_db(magnitudes, f0_hz, partial);
    let fundamental = level(1);
    let h1 = level(2);
    let near = formants_hz.map(|hz| (hz > 0.0).then(|| strongest_near(magnitudes, f0_hz, hz)));
    Harmonics {
        h1_h2: h1 - level(3),
        h1_a3: near[2].map_or(0.0, |a3| h1 - a3),
        formants: near.map(|near| near.map_or(NO_LEVEL_DB, |near| near - fundamental)),
    }
}

fn strongest_near(magnitudes: &[f32; BINS], f0_hz: f32, formant_hz: f32) -> f32 {
    let reach = FORMANT_REACH * formant_hz;
    let most = (HIGHEST_HZ / f0_hz) as usize;
    let first = (((formant_hz - reach) / f0_hz).ceil() as usize).max(1);
    let last = (((formant_hz + reach) / f0_hz) as usize).min(most);
    let nearest = ((formant_hz / f0_hz).round() as usize).clamp(1, most.max(1));
    (first..=last)
        .map(|partial| level_db(magnitudes, f0_hz, partial))
        .fold(level_db(magnitudes, f0_hz, nearest), f32::max)
}

/// The peak within a quarter of the fundamental around a partial.
fn level_db(magnitudes: &[f32; BINS], f0_hz: f32, partial: usize) -> f32 {
    let centre = f0_hz * partial as f32 / BIN_HZ;
    let reach = 0.25 * f0_hz / BIN_HZ;
    let first = ((centre - reach).round() as usize).clamp(1, BINS - 1);
    let last = ((centre + reach).round() as usize).clamp(first, BINS - 1);
    20.0 * magnitudes[first..=last].iter().copied().fold(FLOOR, f32::max).log10()
}
