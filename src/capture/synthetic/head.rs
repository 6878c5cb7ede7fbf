//! What the face is set in: hair, the sides of the head, and the neck.

use super::geometry::RIM;
use super::linear::{Lens, Placement, Vec3, hash, noise, noise_2d, smoothstep, vec3};
use super::raster::{Canvas, Corner, Sides, Texel, Texture};
use super::skin::Look;

const AROUND: usize = 40;
const DOWN: usize = 14;
const NECK_AROUND: usize = 18;
const NECK_DOWN: usize = 3;

/// Where the light comes from.
pub(super) const LAMP: Vec3 = vec3(-0.42, 0.52, 0.74);

/// How bright skin is that faces this way.
pub(super) fn lit(normal: Vec3) -> f32 {
    let facing = normal.dot(LAMP);
    let rim = 0.10 * (1.0 - normal.z.max(0.0)).powi(2) * smoothstep(0.1, 0.9, normal.x);
    0.44 + 0.60 * ((facing + 0.30) / 1.30).max(0.0) + rim
}

/// The parts of the head that no expression moves.
#[derive(Debug, Clone)]
pub(super) struct Head {
    hair: Vec<Vec3>,
    hair_normals: Vec<Vec3>,
    hair_triangles: Vec<[u16; 3]>,
    hair_texture: Texture,
    skin: Texture,
    corners: Vec<Corner>,
}

impl Head {
    pub fn new(look: &Look, seed: u64) -> Self {
        let hair: Vec<Vec3> = grid(AROUND, DOWN).map(|(a, d)| hair_point(a, d, seed)).collect();
        let hair_triangles = grid_triangles(AROUND, DOWN);
        let hair_normals = normals(&hair, &hair_triangles);
        let skin = Texel { rgb: look.skin.map(|c| (c * 0.97) as u8), shine: 0, creases: [0; 4] };
        Self {
            hair,
            hair_normals,
            hair_triangles,
            hair_texture: hair_texture(look, seed),
            skin: Texture { texels: vec![skin], width: 1, height: 1 },
            corners: Vec::new(),
        }
    }

    /// All points of the hair in space, to know where it'll be drawn.
    pub fn hair_points(&self) -> &[Vec3] {
        &self.hair
    }

    /// Draws hair, neck and the sides of the head. `face` holds the points of the face as they are set, before turning.
    pub fn draw(&mut self, canvas: &mut Canvas<'_>, lens: &Lens, placement: &Placement, face: &[Vec3]) {
        self.draw_neck(canvas, lens, placement);
        self.draw_sides(canvas, lens, placement, face);
        self.draw_hair(canvas, lens, placement);
    }

    fn draw_hair(&mut self, canvas: &mut Canvas<'_>, lens: &Lens, placement: &Placement) {
        self.corners.clear();
        for (i, (&point, &normal)) in self.hair.iter().zip(&self.hair_normals).enumerate() {
            let (around, down) = (i % (AROUND + 1), i / (AROUND + 1));
            let turned = placement.turn(normal);
            let inside = turned.z < -0.05;
            let sheen = turned.dot(vec3(-0.25, 0.62, 0.74)).max(0.0).powi(14);
            self.corners.push(Corner {
                at: lens.project(placement.apply(point)),
                uv: [around as f32 / AROUND as f32, down as f32 / DOWN as f32],
                light: if inside { 0.30 } else { 0.42 + 0.72 * ((turned.dot(LAMP) + 0.2) / 1.2).max(0.0) },
                gloss: if inside { 0.0 } else { 0.55 * sheen },
            });
        }
        for t in &self.hair_triangles {
            let [a, b, c] = t.map(|i| &self.corners[usize::from(i)]);
            canvas.triangle([a, b, c], &self.hair_texture, [0; 4], Sides::Both);
        }
    }

    /// From the rim of the face backwards: jaw, temples and the underside of the chin.
    fn draw_sides(&mut self, canvas: &mut Canvas<'_>, lens: &Lens, placement: &Placement, face: &[Vec3]) {
        let corner = |point: Vec3, normal: Vec3, dim: f32| Corner {
            at: lens.project(placement.apply(point)),
            uv: [0.5, 0.5],
            light: lit(placement.turn(normal.unit())) * dim,
            gloss: 0.0,
        };
        self.corners.clear();
        for &i in &RIM {
            let p = face[i];
            let outwards = vec3(p.x, p.y + 0.5, -1.0);
            let back = vec3(p.x * 0.86, p.y * 0.86 + 0.4, p.z - 5.0);
            self.corners.push(corner(p, outwards + vec3(0.0, 0.0, 4.0), 0.96));
            self.corners.push(corner(back, outwards, 0.72));
        }
        let count = self.corners.len();
        for i in (0..count).step_by(2) {
            let [a, b, c, d] = [i, i + 1, (i + 2) % count, (i + 3) % count].map(|k| &self.corners[k]);
            canvas.triangle([a, b, c], &self.skin, [0; 4], Sides::Both);
            canvas.triangle([b, d, c], &self.skin, [0; 4], Sides::Both);
        }
    }

    /// The neck's upper end goes with the head, its lower end stays.
    fn draw_neck(&mut self, canvas: &mut Canvas<'_>, lens: &Lens, placement: &Placement) {
        self.corners.clear();
        for (around, down) in grid(NECK_AROUND, NECK_DOWN) {
            let (sin, cos) = (std::f32::consts::TAU * around).sin_cos();
            let upper = placement.apply(vec3(4.5 * sin, -5.5, -2.6 + 3.8 * cos));
            let flare = down * down;
            let lower = vec3((4.7 + 1.5 * flare) * sin, -15.4, -3.4 + (3.9 + 0.6 * flare) * cos);
            let shadow = 0.50 + 0.44 * smoothstep(0.32, 1.0, down);
            self.corners.push(Corner {
                at: lens.project(upper + (lower - upper) * down),
                uv: [0.5, 0.5],
                light: lit(vec3(sin, 0.0, cos)) * shadow,
                gloss: 0.0,
            });
        }
        for t in grid_triangles(NECK_AROUND, NECK_DOWN) {
            let [a, b, c] = t.map(|i| &self.corners[usize::from(i)]);
            canvas.triangle([a, b, c], &self.skin, [0; 4], Sides::Both);
        }
    }
}

/// Shares of the way around and down, row by row.
fn grid(around: usize, down: usize) -> impl Iterator<Item = (f32, f32)> {
    (0..=down).flat_map(move |d| (0..=around).map(move |a| (a as f32 / around as f32, d as f32 / down as f32)))
}

fn grid_triangles(around: usize, down: usize) -> Vec<[u16; 3]> {
    let at = |a: usize, d: usize| (d * (around + 1) + a) as u16;
    (0..down)
        .flat_map(|d| (0..around).map(move |a| (a, d)))
        .flat_map(|(a, d)| [[at(a, d), at(a, d + 1), at(a + 1, d)], [at(a + 1, d), at(a, d + 1), at(a + 1, d + 1)]])
        .collect()
}

/// A point of the hair: `around` from the back over the picture's left, `down` from the crown to the ends.
fn hair_point(around: f32, down: f32, seed: u64) -> Vec3 {
    const CENTRE: Vec3 = vec3(0.0, 2.6, -3.0);
    let turn = std::f32::consts::TAU * (around - 0.5);
    // 0 in front, ±π behind.
    let aside = turn.abs();
    let parting = 0.65 * smoothstep(-0.15, 0.22, turn) * smoothstep(0.75, 0.3, turn);
    let forehead = 6.75 + parting - 1.0 * smoothstep(0.15, 0.85, aside);
    let ends = -6.4 - 0.35 * hash(seed, (around * AROUND as f32) as u64 % AROUND as u64);
    let edge = forehead + (ends - forehead) * smoothstep(0.86, 1.38, aside);

    // Down along the ellipsoid's meridian to its equator, then along a cylinder that narrows.
    let (rx, ry, rz) = (8.95, 9.7, 9.75);
    let top = CENTRE.y + ry;
    let y = top + (edge - top) * down.powf(1.55);
    let lock = 1.0 + 0.026 * noise(seed ^ 0x3d, f64::from(around) * 26.0);
    let wide = if y > CENTRE.y {
        (1.0 - ((y - CENTRE.y) / ry).powi(2)).max(0.0).sqrt()
    } else {
        1.0 + 0.05 * smoothstep(CENTRE.y, -2.0, y) - 0.16 * smoothstep(-2.5, -7.5, y)
    } * lock;
    vec3(rx * wide * turn.sin(), y, CENTRE.z + rz * wide * turn.cos())
}

fn hair_texture(look: &Look, seed: u64) -> Texture {
    const WIDTH: usize = 512;
    const HEIGHT: usize = 64;
    let mut texels = Vec::with_capacity(WIDTH * HEIGHT);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (u, v) = (x as f32, y as f32);
            let wave = 5.0 * noise(seed ^ 0x47, f64::from(v) / 22.0);
            let strand = 0.17 * noise_2d(seed ^ 0x48, (u + wave) / 2.6, v / 40.0)
                + 0.16 * noise_2d(seed ^ 0x49, (u + wave) / 9.0, v / 50.0);
            let tip = 1.0 - 0.18 * smoothstep(48.0, 64.0, v);
            let rgb = look.hair.map(|c| (c * (1.0 + strand) * tip).clamp(0.0, 255.0) as u8);
            texels.push(Texel { rgb, shine: (70.0 * (1.0 + 2.5 * strand)).clamp(0.0, 255.0) as u8, creases: [0; 4] });
        }
    }
    Texture { texels, width: WIDTH, height: HEIGHT }
}

/// The surface's direction at each point, as the mean of the triangles around it.
pub(super) fn normals(points: &[Vec3], triangles: &[[u16; 3]]) -> Vec<Vec3> {
    let mut out = vec![Vec3::default(); points.len()];
    normals_into(points, triangles, &mut out);
    out
}

/// The same, into memory that's there.
pub(super) fn normals_into(points: &[Vec3], triangles: &[[u16; 3]], out: &mut [Vec3]) {
    out.fill(Vec3::default());
    for t in triangles {
        let [a, b, c] = t.map(usize::from);
        let normal = (points[b] - points[a]).cross(points[c] - points[a]);
        for i in [a, b, c] {
            out[i] += normal;
        }
    }
    for normal in out {
        *normal = normal.unit();
    }
}
