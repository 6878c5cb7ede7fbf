//! The painted face: skin, lips, brows, lashes, and the creases that actions draw.

use super::geometry::{FaceGeometry, INNER_LIPS, LEFT_BROW, LEFT_EYE, OUTER_LIPS, RIGHT_BROW, RIGHT_EYE};
use super::linear::{bell, hash, noise, noise_2d, smoothstep};
use super::raster::{Texel, Texture};

const SIZE: usize = 512;

/// Whose face it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub skin: [f32; 3],
    pub lips: [f32; 3],
    pub hair: [f32; 3],
    pub iris: [f32; 3],
    pub cloth: [f32; 3],
}

impl Look {
    /// A look for every seed.
    pub fn from_seed(seed: u64) -> Self {
        const SKINS: [[f32; 3]; 4] =
            [[236.0, 190.0, 162.0], [224.0, 172.0, 140.0], [198.0, 145.0, 112.0], [240.0, 200.0, 176.0]];
        const HAIRS: [[f32; 3]; 4] = [[74.0, 48.0, 34.0], [44.0, 34.0, 30.0], [104.0, 66.0, 38.0], [60.0, 40.0, 34.0]];
        const IRISES: [[f32; 3]; 4] =
            [[86.0, 110.0, 92.0], [92.0, 62.0, 40.0], [84.0, 112.0, 140.0], [76.0, 56.0, 40.0]];
        const CLOTHS: [[f32; 3]; 4] =
            [[46.0, 92.0, 104.0], [122.0, 58.0, 66.0], [66.0, 76.0, 118.0], [92.0, 98.0, 70.0]];
        let pick = |index: u64, len: usize| ((hash(seed, 900 + index) * len as f32) as usize).min(len - 1);
        let skin = SKINS[pick(0, 4)];
        Self {
            skin,
            lips: [skin[0] * 0.84, skin[1] * 0.54, skin[2] * 0.56],
            hair: HAIRS[pick(1, 4)],
            iris: IRISES[pick(2, 4)],
            cloth: CLOTHS[pick(3, 4)],
        }
    }
}

/// A point of the texture, in texels.
type Point = [f32; 2];

/// A closed outline in the texture, with what's needed to measure how far a texel is from it.
struct Outline {
    points: Vec<Point>,
    low: Point,
    high: Point,
}

impl Outline {
    fn new(geometry: &FaceGeometry, ring: &[usize], smooth: usize) -> Self {
        let mut points: Vec<Point> = ring.iter().map(|&i| texel_of(geometry, i)).collect();
        for _ in 0..smooth {
            points = rounded(&points);
        }
        let (low, high) = extent(&points);
        Self { points, low, high }
    }

    /// How far the texel is from the outline: negative within.
    fn distance(&self, p: Point) -> f32 {
        let mut nearest = f32::MAX;
        let mut inside = false;
        for (i, &a) in self.points.iter().enumerate() {
            let b = self.points[(i + 1) % self.points.len()];
            nearest = nearest.min(to_segment(p, a, b));
            if (a[1] <= p[1]) != (b[1] <= p[1]) && p[0] < a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
                inside = !inside;
            }
        }
        if inside { -nearest } else { nearest }
    }

    fn is_near(&self, p: Point, margin: f32) -> bool {
        p[0] > self.low[0] - margin
            && p[0] < self.high[0] + margin
            && p[1] > self.low[1] - margin
            && p[1] < self.high[1] + margin
    }
}

fn texel_of(geometry: &FaceGeometry, i: usize) -> Point {
    [geometry.uv[i][0] * SIZE as f32, geometry.uv[i][1] * SIZE as f32]
}

/// With its corners cut.
fn rounded(points: &[Point]) -> Vec<Point> {
    let mix = |a: Point, b: Point, k: f32| [a[0] + (b[0] - a[0]) * k, a[1] + (b[1] - a[1]) * k];
    let next = |i: usize| points[(i + 1) % points.len()];
    points.iter().enumerate().flat_map(|(i, &p)| [mix(p, next(i), 0.25), mix(p, next(i), 0.75)]).collect()
}

fn to_segment(p: Point, a: Point, b: Point) -> f32 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let t = (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
    (p[0] - a[0] - dx * t).hypot(p[1] - a[1] - dy * t)
}

/// An open line in the texture.
struct Line {
    points: Vec<Point>,
    low: Point,
    high: Point,
}

impl Line {
    fn new(points: Vec<Point>) -> Self {
        let (low, high) = extent(&points);
        Self { points, low, high }
    }

    fn distance(&self, p: Point) -> f32 {
        self.points.windows(2).map(|s| to_segment(p, s[0], s[1])).fold(f32::MAX, f32::min)
    }

    /// A ridge of height one along the line.
    fn ridge(&self, p: Point, sigma: f32) -> f32 {
        let reach = 5.0 * sigma;
        let outside = |axis: usize| p[axis] < self.low[axis] - reach || p[axis] > self.high[axis] + reach;
        if outside(0) || outside(1) { 0.0 } else { bell(self.distance(p), sigma) }
    }
}

/// The least and the greatest coordinates.
fn extent(points: &[Point]) -> (Point, Point) {
    points.iter().fold(([f32::MAX; 2], [f32::MIN; 2]), |(low, high), p| {
        ([low[0].min(p[0]), low[1].min(p[1])], [high[0].max(p[0]), high[1].max(p[1])])
    })
}

/// The kinds of crease, in the texture's order.
pub(super) const CREASE_CHEEK: usize = 0;
pub(super) const CREASE_FROWN: usize = 1;
pub(super) const CREASE_FOREHEAD: usize = 2;
pub(super) const CREASE_NOSE: usize = 3;

/// Paints the texture of a face.
pub(super) fn paint(geometry: &FaceGeometry, look: &Look, seed: u64) -> Texture {
    let painter = Painter::new(geometry, look, seed);
    let mut texels = Vec::with_capacity(SIZE * SIZE);
    for y in 0..SIZE {
        for x in 0..SIZE {
            texels.push(painter.texel([x as f32 + 0.5, y as f32 + 0.5]));
        }
    }
    Texture { texels, width: SIZE, height: SIZE }
}

struct Eye {
    rim: Outline,
    upper: Line,
    lower: Line,
    fold: Line,
    centre: Point,
}

struct Painter<'a> {
    look: &'a Look,
    seed: u64,
    lips: Outline,
    seam: Outline,
    brows: [Outline; 2],
    eyes: [Eye; 2],
    nostrils: [Point; 2],
    wings: [Line; 2],
    nose_folds: [Line; 2],
    crows_feet: [Point; 2],
    cheeks: [Point; 2],
    frown_lines: Vec<Line>,
    forehead_lines: Vec<Line>,
    nose_lines: Vec<Line>,
    philtrum: Point,
    chin: Point,
}

/// Across the forehead.
const FOREHEAD: [usize; 7] = [104, 69, 108, 151, 337, 299, 333];

impl<'a> Painter<'a> {
    fn new(geometry: &FaceGeometry, look: &'a Look, seed: u64) -> Self {
        let at = |i: usize| texel_of(geometry, i);
        let line = |indices: &[usize]| Line::new(indices.iter().map(|&i| at(i)).collect());
        let middle = |indices: &[usize]| {
            let n = indices.len() as f32;
            indices.iter().map(|&i| at(i)).fold([0.0, 0.0], |m, p| [m[0] + p[0] / n, m[1] + p[1] / n])
        };
        let eye = |ring: &[usize; 16], fold: &[usize]| Eye {
            rim: Outline::new(geometry, ring, 0),
            upper: Line::new(ring[8..].iter().chain(&ring[..1]).map(|&i| at(i)).collect()),
            lower: line(&ring[..9]),
            fold: line(fold),
            centre: middle(ring),
        };
        let shifted =
            |line: Line, dx: f32, dy: f32| Line::new(line.points.iter().map(|p| [p[0] + dx, p[1] + dy]).collect());
        Self {
            look,
            seed,
            lips: Outline::new(geometry, &OUTER_LIPS, 1),
            seam: Outline::new(geometry, &INNER_LIPS, 0),
            brows: [Outline::new(geometry, &LEFT_BROW, 1), Outline::new(geometry, &RIGHT_BROW, 1)],
            eyes: [
                eye(&LEFT_EYE, &[130, 247, 30, 29, 27, 28, 56, 190, 243]),
                eye(&RIGHT_EYE, &[359, 467, 260, 259, 257, 258, 286, 414, 463]),
            ],
            nostrils: [middle(&[79, 239, 238, 20, 242]), middle(&[309, 459, 458, 250, 462])],
            wings: [line(&[198, 129, 64, 98]), line(&[420, 358, 294, 327])],
            nose_folds: [line(&[203, 206, 216]), line(&[423, 426, 436])],
            crows_feet: [at(33), at(263)],
            cheeks: [middle(&[50, 205, 187]), middle(&[280, 425, 411])],
            frown_lines: vec![
                shifted(line(&[55, 107]), 6.0, 0.0),
                shifted(line(&[285, 336]), -6.0, 0.0),
                line(&[55, 193, 122]),
                line(&[285, 417, 351]),
            ],
            forehead_lines: vec![line(&FOREHEAD), shifted(line(&FOREHEAD), 0.0, 18.0)],
            nose_lines: vec![
                line(&[188, 196, 197, 419, 412]),
                line(&[193, 168, 417]),
                line(&[203, 129, 209, 198]),
                line(&[423, 358, 429, 420]),
            ],
            philtrum: middle(&[164, 0]),
            chin: middle(&[18, 200]),
        }
    }

    fn texel(&self, p: Point) -> Texel {
        let mut rgb = self.look.skin;
        let mut shine = 70.0;
        self.skin_tone(p, &mut rgb);
        self.eye_sockets(p, &mut rgb);
        self.nose(p, &mut rgb);
        self.mouth(p, &mut rgb, &mut shine);
        self.brow_hairs(p, &mut rgb, &mut shine);
        Texel { rgb: rgb.map(|c| c.clamp(0.0, 255.0) as u8), shine: shine as u8, creases: self.creases(p) }
    }

    fn skin_tone(&self, p: Point, rgb: &mut [f32; 3]) {
        let mottle = 1.0
            + 0.018 * noise_2d(self.seed ^ 0x0b, p[0] / 9.0, p[1] / 9.0)
            + 0.02 * noise_2d(self.seed ^ 0x0c, p[0] / 40.0, p[1] / 40.0);
        for channel in rgb.iter_mut() {
            *channel *= mottle;
        }
        let blush: f32 = self.cheeks.iter().map(|c| bell((p[0] - c[0]).hypot(p[1] - c[1]), 34.0)).sum();
        tint(rgb, [1.02, 0.90, 0.90], 0.9 * blush);
        let under_hair = smoothstep(128.0, 84.0, p[1]) + smoothstep(64.0, 14.0, (p[0]).min(SIZE as f32 - p[0]));
        tint(rgb, [0.70, 0.61, 0.58], under_hair);
        tint(
            rgb,
            [0.90, 0.86, 0.85],
            0.8 * bell((p[0] - self.philtrum[0]).abs(), 5.0) * bell(p[1] - self.philtrum[1], 10.0),
        );
        tint(rgb, [0.84, 0.80, 0.79], bell((p[0] - self.chin[0]) / 1.9, 15.0) * bell(p[1] - self.chin[1] + 9.0, 6.0));
    }

    fn eye_sockets(&self, p: Point, rgb: &mut [f32; 3]) {
        for eye in &self.eyes {
            let (dx, dy) = (p[0] - eye.centre[0], p[1] - eye.centre[1]);
            if dx.abs() > 90.0 || dy.abs() > 60.0 {
                continue;
            }
            tint(rgb, [0.86, 0.80, 0.79], 0.75 * bell(dx, 34.0) * bell(dy + 10.0, 12.0));
            tint(rgb, [0.91, 0.85, 0.86], 0.55 * bell(dx, 26.0) * bell(dy - 17.0, 7.0));
            tint(rgb, [0.62, 0.52, 0.50], 0.85 * eye.fold.ridge(p, 1.7));
            if eye.rim.is_near(p, 9.0) && eye.rim.distance(p) < 9.0 {
                let (upper, lower) = (eye.upper.distance(p), eye.lower.distance(p));
                tint(rgb, [0.20, 0.15, 0.14], 1.0 - smoothstep(2.2, 4.6, upper));
                tint(rgb, [0.55, 0.42, 0.40], 0.8 * (1.0 - smoothstep(0.8, 3.2, lower)));
            }
        }
    }

    fn nose(&self, p: Point, rgb: &mut [f32; 3]) {
        for nostril in &self.nostrils {
            let (dx, dy) = ((p[0] - nostril[0]) / 9.0, (p[1] - nostril[1] - 1.0) / 4.6);
            tint(rgb, [0.26, 0.17, 0.16], 0.95 * (1.0 - smoothstep(0.55, 1.15, dx.hypot(dy))));
        }
        for wing in &self.wings {
            tint(rgb, [0.76, 0.68, 0.66], 0.8 * wing.ridge(p, 3.0));
        }
    }

    fn mouth(&self, p: Point, rgb: &mut [f32; 3], shine: &mut f32) {
        if !self.lips.is_near(p, 16.0) {
            return;
        }
        let edge = self.lips.distance(p);
        let red = 1.0 - smoothstep(-3.0, 1.6, edge);
        let grain = 1.0 + 0.05 * noise(self.seed ^ 0x15, f64::from(p[0]) / 2.2);
        for (channel, lip) in rgb.iter_mut().zip(self.look.lips) {
            *channel += (lip * grain - *channel) * red;
        }
        *shine += 80.0 * red;
        let seam = self.seam.distance(p);
        tint(rgb, [0.52, 0.40, 0.42], 0.85 * (1.0 - smoothstep(-0.5, 4.5, seam)));
        let corner = self.corner_distance(p);
        tint(rgb, [0.55, 0.42, 0.42], 0.8 * bell(corner, 4.0));
        tint(
            rgb,
            [0.85, 0.80, 0.79],
            0.6 * smoothstep(0.0, 3.0, edge)
                * (1.0 - smoothstep(4.0, 13.0, edge))
                * smoothstep(self.seam.high[1], self.lips.high[1], p[1]),
        );
    }

    fn corner_distance(&self, p: Point) -> f32 {
        let y = 0.5 * (self.seam.low[1] + self.seam.high[1]);
        let left = (p[0] - self.lips.low[0] - 3.0).hypot(p[1] - y);
        left.min((p[0] - self.lips.high[0] + 3.0).hypot(p[1] - y))
    }

    fn brow_hairs(&self, p: Point, rgb: &mut [f32; 3], shine: &mut f32) {
        for brow in &self.brows {
            if !brow.is_near(p, 6.0) {
                continue;
            }
            let strands = 0.86 + 0.26 * noise_2d(self.seed ^ 0x1f, p[0] / 5.0 + p[1] / 7.0, p[1] / 2.6 - p[0] / 16.0);
            let cover = (1.0 - smoothstep(-5.0, 2.0, brow.distance(p))) * strands.clamp(0.0, 1.0);
            for (channel, hair) in rgb.iter_mut().zip(self.look.hair) {
                *channel += (hair * 0.72 - *channel) * cover;
            }
            *shine *= 1.0 - cover;
        }
    }

    fn creases(&self, p: Point) -> [u8; 4] {
        let mut depth = [0.0f32; 4];
        for fold in &self.nose_folds {
            depth[CREASE_CHEEK] += 0.34 * fold.ridge(p, 5.5);
        }
        for foot in &self.crows_feet {
            let out = if foot[0] < 256.0 { foot[0] - p[0] } else { p[0] - foot[0] };
            if out > 2.0 && out < 24.0 {
                for slope in [-0.5, -0.05, 0.4] {
                    let off = (p[1] - foot[1] - slope * out).abs();
                    depth[CREASE_CHEEK] +=
                        0.28 * bell(off, 1.4) * smoothstep(2.0, 8.0, out) * (1.0 - smoothstep(14.0, 24.0, out));
                }
            }
        }
        for line in &self.frown_lines {
            depth[CREASE_FROWN] += 0.36 * line.ridge(p, 4.2);
        }
        for line in &self.forehead_lines {
            depth[CREASE_FOREHEAD] += 0.20 * line.ridge(p, 4.0);
        }
        for line in &self.nose_lines {
            depth[CREASE_NOSE] += 0.20 * line.ridge(p, 4.2);
        }
        depth.map(|d| (d.min(0.8) * 255.0) as u8)
    }
}

/// Multiplies the colour by `by`, as far as `share` says.
fn tint(rgb: &mut [f32; 3], by: [f32; 3], share: f32) {
    let share = share.clamp(0.0, 1.0);
    for (channel, factor) in rgb.iter_mut().zip(by) {
        *channel *= 1.0 + (factor - 1.0) * share;
    }
}
