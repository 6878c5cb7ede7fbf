//! A turned square cut out of a picture.

use std::ops::Range;

use crate::signal::FaceBox;
use crate::signal::Frame;
use crate::signal::Landmark;

/// A square in a picture: its middle, its side (px) and how far it is turned clockwise (radians).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Crop {
    /// Middle, px from the left.
    pub x: f32,
    /// Middle, px from the top.
    pub y: f32,
    /// Side, px.
    pub side: f32,
    /// Clockwise turn, radians.
    pub turn: f32,
}

impl Crop {
    /// Around a box, `scale` times its longer side, turned so that the line from `left_in_picture` to
    /// `right_in_picture` (the eyes) is level.
    #[must_use]
    pub fn around(face: &FaceBox, scale: f32, left_in_picture: (f32, f32), right_in_picture: (f32, f32)) -> Self {
        let (x, y) = face.centre();
        let turn = (right_in_picture.1 - left_in_picture.1).atan2(right_in_picture.0 - left_in_picture.0);
        Self { x, y, side: face.width.max(face.height) * scale, turn }
    }

    /// From a point of the crop, 0..=1 each way, to the picture.
    #[must_use]
    pub fn picture_from_crop(&self, u: f32, v: f32) -> (f32, f32) {
        let (sin, cos) = self.turn.sin_cos();
        let (dx, dy) = ((u - 0.5) * self.side, (v - 0.5) * self.side);
        (self.x + cos * dx - sin * dy, self.y + sin * dx + cos * dy)
    }

    /// Cuts the square out of `frame` at `size`×`size` pixels, bilinear, what lies outside repeated from the edge;
    /// hands each pixel's RGB (0..=255) to `write`, rows from the top.
    ///
    /// Where the crop has more than two picture pixels to its own, it averages four points of each.
    pub fn sample(&self, frame: &Frame, size: usize, mut write: impl FnMut(usize, [f32; 3])) {
        if !frame.is_whole() || size == 0 {
            return;
        }
        let (sin, cos) = self.turn.sin_cos();
        let step = self.side / size as f32;
        let (right, down) = ((cos * step, sin * step), (-sin * step, cos * step));
        let half = size as f32 / 2.0 - 0.5;
        let origin = (self.x - half * (right.0 + down.0), self.y - half * (right.1 + down.1));
        if step > 2.0 && frame.width.max(frame.height) < WIDEST {
            return sample_averages(frame, size, &Walk::new(origin, right, down), write);
        }
        let sampler = Sampler::new(frame);
        for row in 0..size {
            let mut x = origin.0 + row as f32 * down.0;
            let mut y = origin.1 + row as f32 * down.1;
            for column in 0..size {
                write(row * size + column, sampler.at(x, y));
                x += right.0;
                y += right.1;
            }
        }
    }
}

/// Places in pictures as whole numbers of 1/65536 px.
const ONE: f32 = 65_536.0;
/// What such places reach to.
const WIDEST: usize = 1 << 15;

/// From pixel to pixel of a crop, in 1/65536 px of the picture: along a row, from row to row.
struct Walk {
    origin: (i32, i32),
    right: (i32, i32),
    down: (i32, i32),
    /// From the middle of a pixel to four points around it, half a pixel added for rounding.
    taps: [(i32, i32); 4],
}

impl Walk {
    fn new(origin: (f32, f32), right: (f32, f32), down: (f32, f32)) -> Self {
        let fixed = |(x, y): (f32, f32)| ((x * ONE) as i32, (y * ONE) as i32);
        let tap = |(i, j): (f32, f32)| fixed((0.5 + i * right.0 + j * down.0, 0.5 + i * right.1 + j * down.1));
        let taps = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)].map(tap);
        Self { origin: fixed(origin), right: fixed(right), down: fixed(down), taps }
    }

    /// Which columns of the row of `size` that begins at `from` have all their points in the picture, but in its last row.
    fn inside(&self, from: (i32, i32), size: usize, last: (i32, i32)) -> Range<usize> {
        let (mut start, mut end) = (0, size as i64);
        let axes = [
            (from.0, self.right.0, self.taps.map(|tap| tap.0), last.0),
            (from.1, self.right.1, self.taps.map(|tap| tap.1), last.1 - 1),
        ];
        for (from, step, taps, last) in axes {
            let [least, most] = [taps.iter().min(), taps.iter().max()].map(|tap| tap.map_or(0, |tap| i64::from(*tap)));
            let (from, step) = (i64::from(from), i64::from(step));
            // `low <= from + column * step <= high`
            let (low, high) = (-least, (i64::from(last) + 1) * ONE as i64 - 1 - most);
            match step {
                0 if (low..=high).contains(&from) => {}
                0 => end = start,
                1.. => {
                    start = start.max((low - from + step - 1).div_euclid(step));
                    end = end.min((high - from).div_euclid(step) + 1);
                }
                _ => {
                    start = start.max((from - high - step - 1).div_euclid(-step));
                    end = end.min((from - low).div_euclid(-step) + 1);
                }
            }
        }
        let start = start.clamp(0, size as i64);
        start as usize..end.clamp(start, size as i64) as usize
    }
}

/// [`Crop::sample`] where four points are averaged, each by its nearest pixel: as they lie more than a pixel apart, what is
/// between the pixels makes no difference that can be seen. Most of the time that a face takes beside its networks goes here,
/// so red and blue are added in one number, and where all points lie in the picture nothing asks whether they do.
fn sample_averages(frame: &Frame, size: usize, walk: &Walk, mut write: impl FnMut(usize, [f32; 3])) {
    let pixels = Pixels::of(frame);
    let mut from = walk.origin;
    for row in 0..size {
        let inside = walk.inside(from, size, pixels.last);
        let mut write = |column, rgb| write(row * size + column, rgb);
        let mut row = |columns: Range<usize>, is_inside: bool| {
            if is_inside {
                sample_row(columns, from, walk, |left, top| pixels.inside(left, top), &mut write);
            } else {
                sample_row(columns, from, walk, |left, top| pixels.nearest(left, top), &mut write);
            }
        };
        row(0..inside.start, false);
        row(inside.clone(), true);
        row(inside.end..size, false);
        from = (from.0.saturating_add(walk.down.0), from.1.saturating_add(walk.down.1));
    }
}

/// Columns of the row that begins at `from`; `pixel` gives red, green and blue in the lowest bytes.
#[inline]
fn sample_row(
    columns: Range<usize>,
    from: (i32, i32),
    walk: &Walk,
    pixel: impl Fn(i32, i32) -> u32,
    write: &mut impl FnMut(usize, [f32; 3]),
) {
    const RED_AND_BLUE: u32 = 0x00ff_00ff;
    let along = |start: i32, step: i32| start.wrapping_add(step.wrapping_mul(columns.start as i32));
    let (mut x, mut y) = (along(from.0, walk.right.0), along(from.1, walk.right.1));
    for column in columns {
        let (mut red_and_blue, mut green) = (0u32, 0u32);
        for (dx, dy) in walk.taps {
            let pixel = pixel(x.wrapping_add(dx) >> 16, y.wrapping_add(dy) >> 16);
            red_and_blue += pixel & RED_AND_BLUE;
            green += pixel >> 8 & 0xff;
        }
        let mean = |sum: u32| sum as f32 * 0.25;
        write(column, [mean(red_and_blue & 0xffff), mean(green), mean(red_and_blue >> 16)]);
        x = x.wrapping_add(walk.right.0);
        y = y.wrapping_add(walk.right.1);
    }
}

/// A picture whose pixels are read as whole numbers.
struct Pixels<'a> {
    rgb: &'a [u8],
    stride: usize,
    /// The last column and row.
    last: (i32, i32),
}

impl<'a> Pixels<'a> {
    fn of(frame: &'a Frame) -> Self {
        Self { rgb: &frame.rgb, stride: frame.width * 3, last: (frame.width as i32 - 1, frame.height as i32 - 1) }
    }

    /// A pixel that is known to be there, and not in the last row: four bytes are read.
    #[inline]
    fn inside(&self, left: i32, top: i32) -> u32 {
        let at = top as usize * self.stride + left as usize * 3;
        self.rgb.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// The pixel nearest to a place.
    #[inline]
    fn nearest(&self, left: i32, top: i32) -> u32 {
        let (left, top) = (left.clamp(0, self.last.0), top.clamp(0, self.last.1));
        let at = top as usize * self.stride + left as usize * 3;
        let Some([red, green, blue]) = self.rgb.get(at..).and_then(<[u8]>::first_chunk) else { return 0 };
        u32::from_le_bytes([*red, *green, *blue, 0])
    }
}

/// Reads a picture between its pixels.
struct Sampler<'a> {
    rgb: &'a [u8],
    stride: usize,
    max_x: f32,
    max_y: f32,
    last_x: usize,
    last_y: usize,
}

impl<'a> Sampler<'a> {
    fn new(frame: &'a Frame) -> Self {
        let (last_x, last_y) = (frame.width - 1, frame.height - 1);
        Self { rgb: &frame.rgb, stride: frame.width * 3, max_x: last_x as f32, max_y: last_y as f32, last_x, last_y }
    }

    #[expect(clippy::indexing_slicing, reason = "three colours each")]
    fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let (x, y) = (x.clamp(0.0, self.max_x), y.clamp(0.0, self.max_y));
        let (left, top) = (x as usize, y as usize);
        let (fx, fy) = (x - left as f32, y - top as f32);
        let right = (left + 1).min(self.last_x);
        let bottom = (top + 1).min(self.last_y);
        let (a, b) = (self.pixel(left, top), self.pixel(right, top));
        let (c, d) = (self.pixel(left, bottom), self.pixel(right, bottom));
        std::array::from_fn(|i| {
            let upper = a[i] + (b[i] - a[i]) * fx;
            let lower = c[i] + (d[i] - c[i]) * fx;
            upper + (lower - upper) * fy
        })
    }

    #[inline]
    fn pixel(&self, x: usize, y: usize) -> [f32; 3] {
        let at = y * self.stride + x * 3;
        match self.rgb.get(at..at + 3) {
            Some([r, g, b]) => [f32::from(*r), f32::from(*g), f32::from(*b)],
            _ => [0.0; 3],
        }
    }
}

/// The upright box around points.
pub(super) fn bounds(points: &[Landmark]) -> FaceBox {
    let mut low = (f32::MAX, f32::MAX);
    let mut high = (f32::MIN, f32::MIN);
    for point in points {
        low = (low.0.min(point.x), low.1.min(point.y));
        high = (high.0.max(point.x), high.1.max(point.y));
    }
    FaceBox { x: low.0, y: low.1, width: high.0 - low.0, height: high.1 - low.1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upright_crop_is_the_picture() {
        let rgb = (0..4 * 4 * 3).map(|i| i as u8).collect();
        let frame = Frame { width: 4, height: 4, rgb, ..Frame::default() };
        let crop = Crop { x: 1.5, y: 1.5, side: 4.0, turn: 0.0 };

        let mut seen = vec![0u8; 48];
        crop.sample(&frame, 4, |at, pixel| {
            for (i, value) in pixel.into_iter().enumerate() {
                seen[at * 3 + i] = value.round() as u8;
            }
        });

        assert_eq!(seen, frame.rgb);
    }

    #[test]
    fn a_large_crop_averages_four_points_of_each_pixel() {
        let mut frame = Frame::black(400, 400);
        for (at, pixel) in frame.rgb.chunks_exact_mut(3).enumerate() {
            let (x, y) = ((at % 400) as f32, (at / 400) as f32);
            let wave = |phase: f32| ((x * 0.05 + phase).sin() * (y * 0.04).cos() * 100.0 + 128.0) as u8;
            pixel.copy_from_slice(&[wave(0.0), wave(1.0), wave(2.0)]);
        }
        // Its corner lies outside: there the edge is repeated.
        let crop = Crop { x: 100.3, y: 190.8, side: 250.0, turn: 0.3 };
        let step = crop.side / 64.0;

        let mut seen = vec![[0.0; 3]; 64 * 64];
        crop.sample(&frame, 64, |at, pixel| seen[at] = pixel);

        let sampler = Sampler::new(&frame);
        let (sin, cos) = crop.turn.sin_cos();
        let (right, down) = ((cos * step, sin * step), (-sin * step, cos * step));
        let mut worst = 0.0f32;
        for (at, pixel) in seen.iter().enumerate() {
            let (i, j) = ((at % 64) as f32 - 31.5, (at / 64) as f32 - 31.5);
            let (x, y) = (crop.x + i * right.0 + j * down.0, crop.y + i * right.1 + j * down.1);
            let mut expected = [0.0; 3];
            for (i, j) in [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)] {
                let (x, y) = (x + i * right.0 + j * down.0, y + i * right.1 + j * down.1);
                for (sum, value) in expected.iter_mut().zip(sampler.at(x.round(), y.round())) {
                    *sum += value / 4.0;
                }
            }
            worst = pixel.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
        }
        // A point that falls between two pixels may be taken for either: one of four, where neighbours are alike.
        assert!(worst < 4.0, "{worst}");
    }

    #[test]
    fn what_is_inside_is_all_that_lies_in_the_picture() {
        let last = (199, 99);
        let places = [(20.0, 30.0), (-60.0, 40.0), (150.0, -20.0), (90.0, 95.0), (-500.0, -500.0), (100.0, 50.0)];
        for (origin, turn) in places.into_iter().flat_map(|place| [0.0, 0.4, -1.2, 1.6, 3.1].map(|turn| (place, turn)))
        {
            let (sin, cos) = f32::sin_cos(turn);
            let walk = Walk::new(origin, (cos * 2.5, sin * 2.5), (-sin * 2.5, cos * 2.5));

            let found = walk.inside(walk.origin, 64, last);

            let is_inside = |column: i32| {
                walk.taps.iter().all(|(dx, dy)| {
                    let (x, y) =
                        (walk.origin.0 + column * walk.right.0 + dx, walk.origin.1 + column * walk.right.1 + dy);
                    (0..=last.0).contains(&(x >> 16)) && (0..last.1).contains(&(y >> 16))
                })
            };
            let expected: Vec<usize> =
                (0..64).filter(|column| is_inside(*column)).map(|column| column as usize).collect();
            assert_eq!(found.collect::<Vec<_>>(), expected, "{origin:?} {turn}");
        }
    }

    #[test]
    fn corners_map_back_where_they_were_cut() {
        let crop = Crop { x: 10.0, y: 20.0, side: 8.0, turn: std::f32::consts::FRAC_PI_2 };

        let (x, y) = crop.picture_from_crop(1.0, 0.5);

        assert!((x - 10.0).abs() < 1e-4 && (y - 24.0).abs() < 1e-4, "{x} {y}");
    }
}
