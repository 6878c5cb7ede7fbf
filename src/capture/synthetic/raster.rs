//! Triangles, polygons and a softening blur, on RGB pictures in plain memory.

use super::linear::Vec3;

/// A picture that's drawn into, with a depth for every pixel.
pub(super) struct Canvas<'a> {
    pub rgb: &'a mut [u8],
    pub depth: &'a mut [f32],
    pub width: usize,
    pub height: usize,
}

/// A corner of a triangle: where it lies, what part of the texture lies there, and how bright it's lit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Corner {
    /// Pixels to the right and down, and nearness.
    pub at: Vec3,
    pub uv: [f32; 2],
    pub light: f32,
    pub gloss: f32,
}

/// One texel: colour, and how dark each kind of crease makes it when it's fully drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Texel {
    pub rgb: [u8; 3],
    pub shine: u8,
    pub creases: [u8; 4],
}

/// A texture, whose coordinates run from 0 to 1 rightwards and downwards.
#[derive(Debug, Clone)]
pub(super) struct Texture {
    pub texels: Vec<Texel>,
    pub width: usize,
    pub height: usize,
}

/// The pixels that were touched: left and top are in, right and bottom out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Bounds {
    /// Around the points, `margin` pixels wider, and inside the picture.
    pub fn around(points: impl Iterator<Item = Vec3>, margin: f32, width: usize, height: usize) -> Self {
        let (mut low_x, mut low_y, mut high_x, mut high_y) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        for p in points {
            low_x = low_x.min(p.x);
            low_y = low_y.min(p.y);
            high_x = high_x.max(p.x);
            high_y = high_y.max(p.y);
        }
        // A cast of a float below zero gives zero.
        let left = ((low_x - margin).floor() as usize).min(width);
        let top = ((low_y - margin).floor() as usize).min(height);
        let right = ((high_x + margin).ceil() as usize).clamp(left, width.max(left));
        let bottom = ((high_y + margin).ceil() as usize).clamp(top, height.max(top));
        Self { left, top, right, bottom }
    }
}

/// Which faces of triangles are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sides {
    Front,
    Both,
}

impl Canvas<'_> {
    pub fn clear_depth(&mut self, bounds: Bounds) {
        for y in bounds.top..bounds.bottom {
            self.depth[y * self.width + bounds.left..y * self.width + bounds.right].fill(f32::MIN);
        }
    }

    /// Draws one textured triangle where nothing nearer lies. `creases` says how deep each kind of crease is (0..=256).
    pub fn triangle(&mut self, corners: [&Corner; 3], texture: &Texture, creases: [u32; 4], sides: Sides) {
        let [a, b, c] = corners;
        let area = (b.at.x - a.at.x) * (c.at.y - a.at.y) - (c.at.x - a.at.x) * (b.at.y - a.at.y);
        // Counter-clockwise in space is clockwise in a picture whose rows run down.
        if area.abs() < 1e-6 || (area > 0.0 && sides == Sides::Front) {
            return;
        }
        let top = first_past(a.at.y.min(b.at.y).min(c.at.y));
        let bottom = first_past(a.at.y.max(b.at.y).max(c.at.y)).min(self.height);
        let inverse = 1.0 / area;
        let (tw, th) = (texture.width as f32, texture.height as f32);
        let values = |k: &Corner| [k.at.z, k.uv[0] * tw, k.uv[1] * th, k.light * 256.0, k.gloss * 256.0];
        let (va, vb, vc) = (values(a), values(b), values(c));
        let mut slope_x = [0.0f32; 5];
        let mut slope_y = [0.0f32; 5];
        for i in 0..5 {
            let (db, dc) = (vb[i] - va[i], vc[i] - va[i]);
            slope_x[i] = (db * (c.at.y - a.at.y) - dc * (b.at.y - a.at.y)) * inverse;
            slope_y[i] = (dc * (b.at.x - a.at.x) - db * (c.at.x - a.at.x)) * inverse;
        }
        let (last_u, last_v) = (texture.width as i32 - 1, texture.height as i32 - 1);
        let creased = creases.iter().any(|&k| k > 0);

        for y in top..bottom {
            let centre_y = y as f32 + 0.5;
            let Some((from, to)) = row_of(a.at, b.at, c.at, centre_y) else { continue };
            let (first, end) = (first_past(from), first_past(to).min(self.width));
            if first >= end {
                continue;
            }
            let (dx, dy) = (first as f32 + 0.5 - a.at.x, centre_y - a.at.y);
            let mut v = [0.0f32; 5];
            for i in 0..5 {
                v[i] = va[i] + slope_x[i] * dx + slope_y[i] * dy;
            }
            let row = y * self.width;
            let depths = &mut self.depth[row + first..row + end];
            let pixels = &mut self.rgb[3 * (row + first)..3 * (row + end)];
            for (depth, pixel) in depths.iter_mut().zip(pixels.chunks_exact_mut(3)) {
                if v[0] >= *depth {
                    *depth = v[0];
                    let u = (v[1] as i32).clamp(0, last_u) as usize;
                    let t = (v[2] as i32).clamp(0, last_v) as usize;
                    let texel = &texture.texels[t * texture.width + u];
                    let mut light = v[3].max(0.0) as u32;
                    if creased && texel.creases != [0; 4] {
                        light = light * shade(texel.creases, creases) / 256;
                    }
                    let gloss = (v[4].max(0.0) as u32 * u32::from(texel.shine)) >> 8;
                    for (out, &channel) in pixel.iter_mut().zip(&texel.rgb) {
                        *out = (((u32::from(channel) * light) >> 8) + gloss).min(255) as u8;
                    }
                }
                for (value, slope) in v.iter_mut().zip(slope_x) {
                    *value += slope;
                }
            }
        }
    }

    /// Fills a polygon, row by row, with what `paint` gives for the pixel at (x, y). The even-odd rule holds.
    pub fn polygon(&mut self, points: &[Vec3], mut paint: impl FnMut(f32, f32) -> [u8; 3]) {
        let bounds = Bounds::around(points.iter().copied(), 1.0, self.width, self.height);
        let mut crossings = Vec::with_capacity(8);
        for y in bounds.top..bounds.bottom {
            let centre_y = y as f32 + 0.5;
            crossings.clear();
            for (i, p) in points.iter().enumerate() {
                let q = points[(i + 1) % points.len()];
                if (p.y <= centre_y) != (q.y <= centre_y) {
                    crossings.push(p.x + (centre_y - p.y) / (q.y - p.y) * (q.x - p.x));
                }
            }
            crossings.sort_by(f32::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let first = (pair[0] - 0.5).floor().max(0.0) as usize;
                let end = ((pair[1] + 0.5).ceil().max(0.0) as usize).min(self.width);
                for x in first..end.max(first) {
                    let at = 3 * (y * self.width + x);
                    self.rgb[at..at + 3].copy_from_slice(&paint(x as f32 + 0.5, centre_y));
                }
            }
        }
    }

    /// Softens what lies within `bounds`, as a lens would.
    pub fn soften(&mut self, bounds: Bounds, rows: &mut Vec<u8>) {
        if bounds.right < bounds.left + 3 || bounds.bottom < bounds.top + 3 {
            return;
        }
        let bytes = 3 * (bounds.right - bounds.left);
        rows.resize(3 * bytes, 0);
        for y in bounds.top..bounds.bottom {
            let at = 3 * (y * self.width + bounds.left);
            let (source, kept) = (&self.rgb[at..at + bytes], &mut rows[(y % 3) * bytes..(y % 3 + 1) * bytes]);
            kept[..3].copy_from_slice(&source[..3]);
            kept[bytes - 3..].copy_from_slice(&source[bytes - 3..]);
            let sums = source.iter().zip(&source[3..]).zip(&source[6..]);
            for (out, ((&l, &m), &r)) in kept[3..bytes - 3].iter_mut().zip(sums) {
                *out = ((u16::from(l) + 2 * u16::from(m) + u16::from(r) + 2) >> 2) as u8;
            }
            if y < bounds.top + 2 {
                continue;
            }
            let (above, middle, below) = (((y - 2) % 3) * bytes, ((y - 1) % 3) * bytes, (y % 3) * bytes);
            let at = 3 * ((y - 1) * self.width + bounds.left);
            let (above, middle, below) =
                (&rows[above..above + bytes], &rows[middle..middle + bytes], &rows[below..below + bytes]);
            let sums = above.iter().zip(middle).zip(below);
            for (out, ((&l, &m), &r)) in self.rgb[at..at + bytes].iter_mut().zip(sums) {
                *out = ((u16::from(l) + 2 * u16::from(m) + u16::from(r) + 2) >> 2) as u8;
            }
        }
    }
}

/// The first pixel whose centre lies past the edge at `place`.
fn first_past(place: f32) -> usize {
    // A cast of a float below zero gives zero.
    (place + 0.5) as usize
}

/// What the creases leave of the light, of 256.
fn shade(depths: [u8; 4], weights: [u32; 4]) -> u32 {
    let dark: u32 = depths.iter().zip(weights).map(|(&d, w)| u32::from(d) * w).sum();
    256 - (dark >> 8).min(200)
}

/// From where to where the triangle covers the row at `y`.
fn row_of(a: Vec3, b: Vec3, c: Vec3, y: f32) -> Option<(f32, f32)> {
    let mut from = f32::MAX;
    let mut to = f32::MIN;
    for (p, q) in [(a, b), (b, c), (c, a)] {
        if (p.y <= y) != (q.y <= y) {
            let x = p.x + (y - p.y) / (q.y - p.y) * (q.x - p.x);
            from = from.min(x);
            to = to.max(x);
        }
    }
    (from < to).then_some((from, to))
}
