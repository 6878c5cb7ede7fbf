//! Whether a face's crop moves as a living picture does, and looks as it did before.

use crate::signal::Frame;

/// Compares crops of one face with those before.
///
/// # Takes
///
/// Aligned crops of one size, in order; [`reset`](Self::reset) when another stream or another face begins.
///
/// # Gives
///
/// * `change`: how much a pixel changes from crop to crop, mean over the last third of a second, 0..=1 of the scale. A frozen
///   picture has none.
/// * `strangeness`: how far the crop, in 14×14 cells, is from the mean of those before, in standard deviations of its own
///   brightness: a hand or a mask over part of it, or another face, raise it; light that changes evenly doesn't.
#[derive(Debug, Clone, Default)]
pub struct Steadiness {
    last: Vec<u8>,
    change: Option<f32>,
    mean: Vec<f32>,
    seen: u32,
}

const CELLS: usize = 14;
/// A crop's share in the running change: a third of a second at 30 frames a second.
const CHANGE_SHARE: f32 = 0.1;
/// So many crops make the mean at most: what came before counts less and less.
const MOST_SEEN: u32 = 150;
/// What a crop has changed by, before it can be told.
const USUAL_CHANGE: f32 = 0.02;

impl Steadiness {
    /// Takes in a crop; gives change and strangeness.
    pub fn observe(&mut self, crop: &Frame) -> (f32, f32) {
        let change = self.change_to(crop);
        let cells = cells(crop);
        if self.mean.len() != cells.len() {
            self.mean.clone_from(&cells);
            self.seen = 0;
        }
        let apart: f32 = cells.iter().zip(&self.mean).map(|(cell, mean)| (cell - mean).abs()).sum();
        let strangeness = apart / cells.len().max(1) as f32;
        self.seen = (self.seen + 1).min(MOST_SEEN);
        let share = 1.0 / self.seen as f32;
        for (mean, cell) in self.mean.iter_mut().zip(&cells) {
            *mean += (cell - *mean) * share;
        }
        (change, strangeness)
    }

    /// Begins afresh.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn change_to(&mut self, crop: &Frame) -> f32 {
        if self.last.len() == crop.rgb.len() && !crop.rgb.is_empty() {
            let sum: u32 = crop.rgb.iter().zip(&self.last).map(|(new, old)| u32::from(new.abs_diff(*old))).sum();
            let now = sum as f32 / crop.rgb.len() as f32 / 255.0;
            let before = self.change.unwrap_or(now);
            self.change = Some(before + (now - before) * CHANGE_SHARE);
        }
        self.last.clone_from(&crop.rgb);
        self.change.unwrap_or(USUAL_CHANGE)
    }
}

/// The mean brightness of each cell, against that of all, in standard deviations of the cells.
fn cells(crop: &Frame) -> Vec<f32> {
    let (cell_width, cell_height) = (crop.width / CELLS, crop.height / CELLS);
    if cell_width == 0 || cell_height == 0 || !crop.is_whole() {
        return Vec::new();
    }
    let mut sums = vec![0u32; CELLS * CELLS];
    for (row, line) in crop.rgb.chunks_exact(crop.width * 3).take(cell_height * CELLS).enumerate() {
        let cells = sums.chunks_exact_mut(CELLS).nth(row / cell_height).unwrap_or_default();
        for (sum, pixels) in cells.iter_mut().zip(line.chunks_exact(cell_width * 3)) {
            *sum += pixels.iter().map(|value| u32::from(*value)).sum::<u32>();
        }
    }
    let mean = sums.iter().sum::<u32>() as f32 / sums.len() as f32;
    let variance = sums.iter().map(|sum| (*sum as f32 - mean).powi(2)).sum::<f32>() / sums.len() as f32;
    // A crop without any contrast is as strange as can be told: flat.
    let sd = variance.sqrt().max(1.0);
    sums.into_iter().map(|sum| (sum as f32 - mean) / sd).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop(phase: usize, covered: bool) -> Frame {
        let mut frame = Frame::black(112, 112);
        for (at, pixel) in frame.rgb.chunks_exact_mut(3).enumerate() {
            let (x, y) = (at % 112, at / 112);
            let noise = (at * 2_654_435_761 + phase * 97) / 64 % 5;
            let own = x + y / 2 + if (30..50).contains(&y) { 60 } else { 0 } + noise;
            pixel.fill(if covered && y > 56 { 90 } else { own as u8 });
        }
        frame
    }

    #[test]
    fn a_frozen_picture_has_no_change_and_noise_has() {
        let (mut frozen, mut living) = (Steadiness::default(), Steadiness::default());
        let (mut still, mut moved) = (1.0, 0.0);
        for phase in 0..40 {
            still = frozen.observe(&crop(0, false)).0;
            moved = living.observe(&crop(phase, false)).0;
        }

        assert!(still < 1e-6, "{still}");
        assert!(moved > 2e-3, "{moved}");
    }

    #[test]
    fn a_cover_is_strange_and_less_light_is_not() {
        let mut steadiness = Steadiness::default();
        for phase in 0..30 {
            steadiness.observe(&crop(phase, false));
        }
        let mut dimmed = crop(31, false);
        for value in &mut dimmed.rgb {
            *value /= 2;
        }

        let usual = steadiness.clone().observe(&crop(31, false)).1;
        let dim = steadiness.clone().observe(&dimmed).1;
        let covered = steadiness.observe(&crop(31, true)).1;

        assert!(dim < usual + 0.05, "{dim} after {usual}");
        assert!(covered > 10.0 * dim.max(0.01), "{covered} after {usual}");
    }
}
