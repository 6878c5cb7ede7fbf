//! Pixels, and one colour laid over another.
//!
//! A pixel is red, green, blue and alpha, a byte each from the lowest up; colours are multiplied by their alpha
//! already, as everything of egui's is. Two bytes are reckoned at once in each half of a word, rounded as a division
//! by 255 is.

/// Where pixels are: `left..right` and `top..bottom`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Bounds {
    pub fn common(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    pub const fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }
}

/// A picture in memory.
#[derive(Default)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

impl Canvas {
    pub const fn size(&self) -> [usize; 2] {
        [self.width, self.height]
    }

    pub const fn bounds(&self) -> Bounds {
        Bounds { left: 0, top: 0, right: self.width as i32, bottom: self.height as i32 }
    }

    pub fn resize(&mut self, [width, height]: [usize; 2]) {
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        self.pixels.resize(width * height, 0);
    }

    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// The pixels `left..right` of row `y`; none where there are none.
    pub fn span(&mut self, y: i32, left: i32, right: i32) -> &mut [u32] {
        let Ok(y) = usize::try_from(y) else { return &mut [] };
        let left = left.max(0) as usize;
        let right = (right.max(0) as usize).min(self.width);
        let start = y * self.width;
        if left >= right { &mut [] } else { self.pixels.get_mut(start + left..start + right).unwrap_or_default() }
    }
}

const EVEN: u32 = 0x00ff_00ff;
const HALF: u32 = 0x0080_0080;

pub const fn alpha(colour: u32) -> u32 {
    colour >> 24
}

/// Every byte times `by` / 255.
#[inline]
pub const fn scaled(colour: u32, by: u32) -> u32 {
    let even = (colour & EVEN) * by + HALF;
    let odd = ((colour >> 8) & EVEN) * by + HALF;
    let even = ((even + ((even >> 8) & EVEN)) >> 8) & EVEN;
    let odd = (odd + ((odd >> 8) & EVEN)) & !EVEN;
    even | odd
}

/// Byte by byte `one` times `other` / 255.
#[inline]
pub fn multiplied(one: u32, other: u32) -> u32 {
    let other = other.to_le_bytes();
    let mut bytes = one.to_le_bytes();
    for (byte, by) in bytes.iter_mut().zip(other) {
        let product = u32::from(*byte) * u32::from(by) + 128;
        *byte = ((product + (product >> 8)) >> 8) as u8;
    }
    u32::from_le_bytes(bytes)
}

/// From `from` to `to` by `share` / 256.
#[inline]
pub const fn mixed(from: u32, to: u32, share: u32) -> u32 {
    let rest = 256 - share;
    let even = (((from & EVEN) * rest + (to & EVEN) * share + HALF) >> 8) & EVEN;
    let odd = (((from >> 8) & EVEN) * rest + ((to >> 8) & EVEN) * share + HALF) & !EVEN;
    even | odd
}

/// What is seen where `above` lies on `below`. Light that adds up to more than white is white.
#[inline]
pub const fn over(below: u32, above: u32) -> u32 {
    let below = scaled(below, 255 - alpha(above));
    let even = (below & EVEN) + (above & EVEN);
    let odd = ((below >> 8) & EVEN) + ((above >> 8) & EVEN);
    at_most_full(even) | (at_most_full(odd) << 8)
}

const fn at_most_full(sums: u32) -> u32 {
    (sums | (((sums >> 8) & 0x0001_0001) * 255)) & EVEN
}

/// Lays one colour on a span.
#[inline]
pub fn lay(span: &mut [u32], colour: u32) {
    if alpha(colour) == 255 {
        span.fill(colour);
    } else if colour != 0 {
        for pixel in span {
            *pixel = over(*pixel, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_fractions(below: u8, above: u8, alpha: u8) -> u8 {
        let seen = f64::from(above) + f64::from(below) * (255.0 - f64::from(alpha)) / 255.0;
        seen.round().min(255.0) as u8
    }

    #[test]
    fn one_colour_over_another_is_rounded_to_the_nearest() {
        for below in (0..=255).step_by(5) {
            for alpha in (0..=255).step_by(3) {
                let above = alpha / 2;
                let seen = over(u32::from_le_bytes([below; 4]), u32::from_le_bytes([above, 0, alpha, alpha]));

                let expected = [above, 0, alpha, alpha].map(|byte| by_fractions(below, byte, alpha));
                assert_eq!(seen.to_le_bytes(), expected, "{above} of {alpha} on {below}");
            }
        }
    }

    #[test]
    fn light_that_is_added_stops_at_white() {
        let seen = over(u32::from_le_bytes([200, 10, 0, 255]), u32::from_le_bytes([100, 20, 0, 0]));

        assert_eq!(seen.to_le_bytes(), [255, 30, 0, 255]);
    }

    #[test]
    fn a_mixture_goes_from_one_to_the_other() {
        let (from, to) = (u32::from_le_bytes([0, 100, 255, 255]), u32::from_le_bytes([255, 50, 0, 255]));

        assert_eq!(mixed(from, to, 0), from);
        assert_eq!(mixed(from, to, 256), to);
        assert_eq!(mixed(from, to, 128).to_le_bytes(), [128, 75, 128, 255]);
        assert_eq!(multiplied(from, to).to_le_bytes(), [0, 20, 0, 255]);
    }
}
