//! Trouble with pictures.

use fastrand::Rng;

use crate::capture::sabotage::Trouble;
use crate::signal::Frame;

/// Spoils pictures, in place.
///
/// # Takes
///
/// Pictures while the trouble is on, in order; [`release`](Self::release) when it goes off.
///
/// # Gives
///
/// The same picture, spoilt. Trouble that isn't the picture's changes nothing. The same seed gives the same bytes.
#[derive(Debug, Clone)]
pub struct PictureSabotage {
    trouble: Trouble,
    rng: Rng,
    /// Where the patch lies, shares of width and height: left, top.
    patch: (f32, f32),
    stopped: Option<Frame>,
    sums: Vec<u32>,
}

const DARK_SHARE: f32 = 0.04;
/// Noise in the dark, steps of 255.
const DARK_NOISE: f32 = 3.0;
const BLUR_SHARE: usize = 30;
/// Sides of the patch, shares of width and height.
const PATCH: (f32, f32) = (0.3, 0.42);
const PATCH_RGB: [u8; 3] = [92, 74, 66];

impl PictureSabotage {
    /// Trouble of this kind; where a patch lies and what noise there is comes from the seed.
    #[must_use]
    pub fn new(trouble: Trouble, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let patch = (0.2 + 0.3 * rng.f32(), 0.25 + 0.3 * rng.f32());
        Self { trouble, rng, patch, stopped: None, sums: Vec::new() }
    }

    /// What it does.
    #[must_use]
    pub const fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// Spoils a picture. What isn't whole stays as it is.
    pub fn spoil(&mut self, frame: &mut Frame) {
        if !frame.is_whole() {
            return;
        }
        match self.trouble {
            Trouble::Dark => self.darken(frame),
            Trouble::Blur => self.blur(frame),
            Trouble::Cover => self.cover(frame),
            Trouble::Freeze => match &self.stopped {
                Some(stopped) => frame.copy_from(stopped),
                None => self.stopped = Some(frame.clone()),
            },
            _ => {}
        }
    }

    /// The trouble is over: the next picture that is frozen is another one.
    pub fn release(&mut self) {
        self.stopped = None;
    }

    fn darken(&mut self, frame: &mut Frame) {
        for value in &mut frame.rgb {
            let noise = (self.rng.f32() - 0.5) * 2.0 * DARK_NOISE;
            *value = (f32::from(*value) * DARK_SHARE + noise).clamp(0.0, 255.0) as u8;
        }
    }

    /// A box as wide as a thirtieth of the picture, twice: along rows, then along columns.
    fn blur(&mut self, frame: &mut Frame) {
        let radius = (frame.width / BLUR_SHARE / 2).max(1);
        let (width, height) = (frame.width, frame.height);
        for row in 0..height {
            self.average(&mut frame.rgb, row * width * 3, 3, width, radius);
        }
        for column in 0..width {
            self.average(&mut frame.rgb, column * 3, width * 3, height, radius);
        }
    }

    /// Averages `count` pixels, `step` bytes apart from `first` on, each with `radius` neighbours on both sides.
    fn average(&mut self, rgb: &mut [u8], first: usize, step: usize, count: usize, radius: usize) {
        for colour in 0..3 {
            self.sums.clear();
            self.sums.push(0);
            let mut sum = 0u32;
            for at in 0..count {
                sum += rgb.get(first + at * step + colour).copied().map_or(0, u32::from);
                self.sums.push(sum);
            }
            for at in 0..count {
                let (from, to) = (at.saturating_sub(radius), (at + radius + 1).min(count));
                let ends = self.sums.get(from).zip(self.sums.get(to));
                if let (Some((low, high)), Some(value)) = (ends, rgb.get_mut(first + at * step + colour)) {
                    *value = ((high - low) / (to - from).max(1) as u32) as u8;
                }
            }
        }
    }

    fn cover(&mut self, frame: &mut Frame) {
        let (width, height) = (frame.width as f32, frame.height as f32);
        let (left, top) = ((self.patch.0 * width) as usize, (self.patch.1 * height) as usize);
        let (right, bottom) = (left + (PATCH.0 * width) as usize, top + (PATCH.1 * height) as usize);
        for row in top..bottom.min(frame.height) {
            let first = row * frame.width;
            let pixels = frame.rgb.get_mut((first + left) * 3..(first + right.min(frame.width)) * 3);
            for pixel in pixels.unwrap_or_default().chunks_exact_mut(3) {
                pixel.copy_from_slice(&PATCH_RGB);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkered() -> Frame {
        let mut frame = Frame::black(60, 40);
        for (at, pixel) in frame.rgb.chunks_exact_mut(3).enumerate() {
            pixel.fill(if (at / 60 + at % 60) % 2 == 0 { 220 } else { 20 });
        }
        frame
    }

    fn spoilt(trouble: Trouble) -> Frame {
        let mut frame = checkered();
        PictureSabotage::new(trouble, 7).spoil(&mut frame);
        frame
    }

    fn spread(frame: &Frame) -> f32 {
        let mean = frame.rgb.iter().map(|value| f32::from(*value)).sum::<f32>() / frame.rgb.len() as f32;
        let squares = frame.rgb.iter().map(|value| (f32::from(*value) - mean).powi(2)).sum::<f32>();
        (squares / frame.rgb.len() as f32).sqrt()
    }

    #[test]
    fn the_same_seed_spoils_alike_and_sound_trouble_spoils_no_picture() {
        for trouble in Trouble::ALL {
            assert_eq!(spoilt(trouble), spoilt(trouble));
            let strikes = trouble.modality() == crate::signal::Modality::Face && trouble != Trouble::Freeze;
            assert_eq!(spoilt(trouble) != checkered(), strikes, "{trouble:?}");
        }
    }

    #[test]
    fn dark_is_dark_and_blurred_is_smooth() {
        let brightest = spoilt(Trouble::Dark).rgb.into_iter().max().unwrap();

        assert!(brightest < 16, "{brightest}");
        assert!(spread(&spoilt(Trouble::Blur)) < 0.5 * spread(&checkered()));
    }

    #[test]
    fn a_frozen_picture_stands_until_it_is_let_go() {
        let mut freeze = PictureSabotage::new(Trouble::Freeze, 1);
        let (first, mut second) = (checkered(), Frame::black(60, 40));
        freeze.spoil(&mut first.clone());
        freeze.spoil(&mut second);
        assert_eq!(second, first);

        freeze.release();
        let mut third = Frame::black(60, 40);
        freeze.spoil(&mut third);
        assert_eq!(third, Frame::black(60, 40));
    }
}
