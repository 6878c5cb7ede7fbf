//! Points and directions in space: right, up, towards the camera.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// A point or a direction.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Vec3 {
    pub x: f32,
    pub y: f32,
    pub z: f32,
}

/// Short for a [`Vec3`].
pub(super) const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

impl Vec3 {
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub fn cross(self, other: Self) -> Self {
        vec3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    pub fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// At length one; the zero vector stays what it is.
    pub fn unit(self) -> Self {
        let length = self.length();
        if length > 0.0 { self * (1.0 / length) } else { self }
    }

    /// Mirrored to the other half of the face.
    pub fn mirrored(self) -> Self {
        vec3(-self.x, self.y, self.z)
    }
}

impl From<[f32; 3]> for Vec3 {
    fn from([x, y, z]: [f32; 3]) -> Self {
        vec3(x, y, z)
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        vec3(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}

impl AddAssign for Vec3 {
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        vec3(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, k: f32) -> Self {
        vec3(self.x * k, self.y * k, self.z * k)
    }
}

impl Neg for Vec3 {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

/// A turn, and then a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placement {
    rows: [Vec3; 3],
    pub step: Vec3,
}

impl Placement {
    /// Turns about `pivot`: first roll (in the picture's plane), then pitch (nod), then yaw (shake), in radians.
    pub fn new(yaw: f32, pitch: f32, roll: f32, pivot: Vec3, step: Vec3) -> Self {
        let (sy, cy) = yaw.sin_cos();
        let (sp, cp) = pitch.sin_cos();
        let (sr, cr) = roll.sin_cos();
        let rows = [
            vec3(cy * cr + sy * sp * sr, -cy * sr + sy * sp * cr, sy * cp),
            vec3(cp * sr, cp * cr, -sp),
            vec3(-sy * cr + cy * sp * sr, sy * sr + cy * sp * cr, cy * cp),
        ];
        let turned_pivot = vec3(rows[0].dot(pivot), rows[1].dot(pivot), rows[2].dot(pivot));
        Self { rows, step: step + pivot - turned_pivot }
    }

    /// A direction, turned.
    pub fn turn(&self, way: Vec3) -> Vec3 {
        vec3(self.rows[0].dot(way), self.rows[1].dot(way), self.rows[2].dot(way))
    }

    pub fn apply(&self, point: Vec3) -> Vec3 {
        vec3(self.rows[0].dot(point), self.rows[1].dot(point), self.rows[2].dot(point)) + self.step
    }
}

/// The lens: where a point in space lies in the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lens {
    centre_x: f32,
    centre_y: f32,
    focal_px: f32,
}

/// How far the camera stands from the face, in the geometry's centimetres.
const DISTANCE: f32 = 62.0;

impl Lens {
    /// For a picture of this size; the face takes up a little less than half its height.
    pub fn new(width: usize, height: usize) -> Self {
        let height_px = (height as f32).min(width as f32 * 0.9);
        Self { centre_x: width as f32 * 0.5, centre_y: height as f32 * 0.455, focal_px: height_px * 1.56 }
    }

    /// The point in the picture, in pixels, and its nearness: greater is nearer.
    pub fn project(&self, point: Vec3) -> Vec3 {
        let scale = self.focal_px / (DISTANCE - point.z);
        vec3(self.centre_x + point.x * scale, self.centre_y - point.y * scale, point.z)
    }

    /// The point at this depth which is seen at a pixel.
    pub fn unproject(&self, x_px: f32, y_px: f32, z: f32) -> Vec3 {
        let scale = self.scale_at(vec3(0.0, 0.0, z));
        vec3((x_px - self.centre_x) / scale, (self.centre_y - y_px) / scale, z)
    }

    /// Pixels per centimetre at the depth of `point`.
    pub fn scale_at(&self, point: Vec3) -> f32 {
        self.focal_px / (DISTANCE - point.z)
    }
}

/// 0 before `low`, 1 after `high`, smooth between; runs the other way when `high` is less than `low`.
pub(super) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A bell of height one and width `sigma`.
pub(super) fn bell(distance: f32, sigma: f32) -> f32 {
    let far = distance / sigma;
    if far.abs() > 5.0 { 0.0 } else { (-0.5 * far * far).exp() }
}

/// A number in 0..1 that the same `seed` and `index` always give.
pub(super) fn hash(seed: u64, index: u64) -> f32 {
    let mut z = seed.wrapping_mul(0xD6E8_FEB8_6659_FD93).wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}

/// Smooth noise in −1..1 along a line, one bend per unit.
pub(super) fn noise(seed: u64, at: f64) -> f32 {
    let cell = at.floor();
    let t = (at - cell) as f32;
    let index = cell as i64 as u64;
    let (a, b) = (hash(seed, index), hash(seed, index.wrapping_add(1)));
    let k = t * t * (3.0 - 2.0 * t);
    (a + (b - a) * k) * 2.0 - 1.0
}

/// Smooth noise in −1..1 over a plane, one bend per unit.
pub(super) fn noise_2d(seed: u64, x: f32, y: f32) -> f32 {
    let (cx, cy) = (x.floor(), y.floor());
    let (tx, ty) = (x - cx, y - cy);
    let corner = |dx: i64, dy: i64| {
        hash(seed, ((cx as i64 + dx) as u64).wrapping_mul(7919).wrapping_add((cy as i64 + dy) as u64))
    };
    let (kx, ky) = (tx * tx * (3.0 - 2.0 * tx), ty * ty * (3.0 - 2.0 * ty));
    let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * kx;
    let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * kx;
    (top + (bottom - top) * ky) * 2.0 - 1.0
}
