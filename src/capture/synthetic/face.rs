//! The drawn face.

use super::geometry::{FaceGeometry, INNER_LIPS, LEFT_EYE, RIGHT_EYE};
use super::head::{Head, LAMP, lit, normals_into};
use super::linear::{Lens, Placement, Vec3, hash, noise, smoothstep, vec3};
use super::muscles::{Muscles, jaw_point};
use super::pose::FacePose;
use super::raster::{Bounds, Canvas, Corner, Sides, Texture};
use super::script::Script;
use super::skin::{self, Look};
use super::stage;

/// The head turns about this point, at the top of the neck.
const PIVOT: Vec3 = vec3(0.0, -5.0, -3.5);

/// A face drawn in front of a curtain, which follows a [`Script`].
///
/// The same geometry, seed, script, time and size give the same picture, whatever was drawn before.
#[derive(Debug, Clone)]
pub struct SyntheticFace {
    seed: u64,
    look: Look,
    muscles: Muscles,
    skin: Texture,
    uv: Vec<[f32; 2]>,
    triangles: Vec<[u16; 3]>,
    head: Head,
    points: Vec<Vec3>,
    placed: Vec<Vec3>,
    normals: Vec<Vec3>,
    corners: Vec<Corner>,
    rows: Vec<u8>,
    set: Option<Set>,
}

/// What depends on the picture's size alone.
#[derive(Debug, Clone)]
struct Set {
    width: usize,
    height: usize,
    lens: Lens,
    backdrop: Vec<u8>,
    depth: Vec<f32>,
}

impl SyntheticFace {
    /// The face that belongs to `seed`: its skin, hair, eyes and clothes, and how it sways and blinks.
    #[must_use]
    pub fn new(geometry: &FaceGeometry, seed: u64) -> Self {
        let look = Look::from_seed(seed);
        let len = geometry.points.len();
        Self {
            seed,
            look,
            muscles: Muscles::new(geometry),
            skin: skin::paint(geometry, &look, seed),
            uv: geometry.uv.clone(),
            triangles: geometry.skin_triangles(),
            head: Head::new(&look, seed),
            points: Vec::with_capacity(len),
            placed: Vec::with_capacity(len),
            normals: vec![Vec3::default(); len],
            corners: Vec::with_capacity(len),
            rows: Vec::new(),
            set: None,
        }
    }

    /// Draws the face as the script has it at `at_secs`, with this face's own blinks and sway, over the whole of `rgb`.
    ///
    /// # Panics
    ///
    /// When `rgb` isn't `3 * width * height` bytes long.
    pub fn draw(&mut self, at_secs: f64, script: &Script, rgb: &mut [u8], width: usize, height: usize) {
        let pose = self.alive(&script.face_pose_at(at_secs), at_secs);
        self.draw_pose(&pose, rgb, width, height);
    }

    /// Draws the face in one pose, as it is.
    ///
    /// # Panics
    ///
    /// When `rgb` isn't `3 * width * height` bytes long.
    pub fn draw_pose(&mut self, pose: &FacePose, rgb: &mut [u8], width: usize, height: usize) {
        assert_eq!(rgb.len(), 3 * width * height, "the buffer isn't the picture's size");
        let mut set = match self.set.take() {
            Some(set) if (set.width, set.height) == (width, height) => set,
            _ => self.new_set(width, height),
        };
        rgb.copy_from_slice(&set.backdrop);

        let placement = Placement::new(pose.yaw, pose.pitch, pose.roll, PIVOT, Vec3::from(pose.step));
        self.muscles.apply(pose, &mut self.points);
        self.placed.clear();
        self.placed.extend(self.points.iter().map(|&p| placement.apply(p)));
        normals_into(&self.placed, &self.triangles, &mut self.normals);
        self.light(&set.lens);

        let lens = set.lens;
        let hair = self.head.hair_points().iter().map(|&p| lens.project(placement.apply(p)));
        let neck = [-7.0, 7.0].map(|x| lens.project(vec3(x, -17.0, 0.0)));
        let bounds = Bounds::around(hair.chain(neck).chain(self.corners.iter().map(|c| c.at)), 3.0, width, height);
        let mut canvas = Canvas { rgb, depth: &mut set.depth, width, height };
        canvas.clear_depth(bounds);
        self.head.draw(&mut canvas, &lens, &placement, &self.points);
        self.draw_mouth(&mut canvas, &lens, &placement, pose);
        for ring in [&LEFT_EYE, &RIGHT_EYE] {
            self.draw_eye(&mut canvas, &lens, &placement, pose, ring);
        }
        self.draw_skin(&mut canvas, pose);
        canvas.soften(bounds, &mut self.rows);
        self.set = Some(set);
    }

    fn new_set(&self, width: usize, height: usize) -> Set {
        let lens = Lens::new(width, height);
        let backdrop = stage::paint(&self.look, self.seed, &lens, width, height);
        Set { width, height, lens, backdrop, depth: vec![f32::MIN; width * height] }
    }

    /// With what every face does of itself: it blinks, sways and looks about a little.
    fn alive(&self, pose: &FacePose, at_secs: f64) -> FacePose {
        let sway = |index: u64, per_sec: f64| noise(self.seed ^ (0x64 + index), at_secs * per_sec);
        let mut pose = pose.blinking(self.blink_at(at_secs));
        pose.yaw += 0.09 * sway(0, 0.31) + 0.025 * sway(1, 0.9);
        pose.pitch += 0.035 * sway(2, 0.37) + 0.02 * sway(3, 1.3) + 0.03 * pose.jaw_open;
        pose.roll += 0.035 * sway(4, 0.29);
        pose.step[0] += 0.55 * sway(5, 0.23);
        pose.step[1] += 0.30 * sway(6, 0.27);
        pose.step[2] += 0.9 * sway(7, 0.19);
        let look = (at_secs / 1.7).floor() as i64 as u64;
        pose.gaze[0] += 0.24 * (hash(self.seed ^ 0x6f, look) - 0.5);
        pose.gaze[1] += 0.16 * (hash(self.seed ^ 0x70, look) - 0.5);
        pose
    }

    fn blink_at(&self, at_secs: f64) -> f32 {
        const EVERY_SECS: f64 = 3.4;
        let cell = (at_secs / EVERY_SECS).floor();
        let begins = (cell + 0.1 + 0.7 * f64::from(hash(self.seed ^ 0x79, cell as i64 as u64))) * EVERY_SECS;
        let since = (at_secs - begins) as f32;
        smoothstep(0.0, 0.09, since) * smoothstep(0.30, 0.12, since)
    }

    fn light(&mut self, lens: &Lens) {
        let between = (LAMP.unit() + vec3(0.0, 0.0, 1.0)).unit();
        self.corners.clear();
        for ((&point, &normal), &uv) in self.placed.iter().zip(&self.normals).zip(&self.uv) {
            let gloss = 0.42 * normal.dot(between).max(0.0).powi(22);
            self.corners.push(Corner { at: lens.project(point), uv, light: lit(normal), gloss });
        }
    }

    fn draw_skin(&self, canvas: &mut Canvas<'_>, pose: &FacePose) {
        let depth = |k: f32| (256.0 * k.clamp(0.0, 1.0)) as u32;
        let mut creases = [0; 4];
        creases[skin::CREASE_CHEEK] =
            depth(0.16 + 0.6 * pose.smile.max(pose.upper_lip_raise * 0.9).max(0.5 * pose.frown));
        creases[skin::CREASE_FROWN] = depth(pose.brow_lower);
        creases[skin::CREASE_FOREHEAD] = depth(pose.brow_inner_raise.max(pose.brow_outer_raise));
        creases[skin::CREASE_NOSE] = depth(pose.nose_wrinkle);
        for t in &self.triangles {
            let [a, b, c] = t.map(|i| &self.corners[usize::from(i)]);
            canvas.triangle([a, b, c], &self.skin, creases, Sides::Front);
        }
    }

    fn draw_eye(
        &self,
        canvas: &mut Canvas<'_>,
        lens: &Lens,
        placement: &Placement,
        pose: &FacePose,
        ring: &[usize; 16],
    ) {
        const BALL: f32 = 1.30;
        const IRIS: f32 = 0.64;
        let middle = (self.points[ring[0]] + self.points[ring[8]]) * 0.5;
        let ball = placement.apply(middle + vec3(0.0, 0.08, -0.85));
        let way = vec3(0.42 * pose.gaze[0] - ball.x / 62.0, 0.30 * pose.gaze[1] - ball.y / 62.0, 1.0).unit();
        let scale = lens.scale_at(ball);
        let centre = lens.project(ball + way * BALL);
        let white = lens.project(ball + vec3(0.0, 0.0, BALL));
        let (top, left) = (lens.project(self.placed[ring[12]]).y, lens.project(self.placed[ring[0]]).x);
        let right = lens.project(self.placed[ring[8]]).x;
        let rim: [Vec3; 16] = ring.map(|i| lens.project(self.placed[i]));
        let spark = (centre.x - 0.24 * scale, centre.y - 0.27 * scale);
        let iris = self.look.iris;
        canvas.polygon(&rim, |x, y| {
            let aside = (x - white.x) / (1.45 * scale);
            let corner = smoothstep(0.0, 0.16, ((x - left) / (right - left)).min((x - right) / (left - right)));
            let shadow = (1.0 - 0.42 * smoothstep(0.42 * scale, -0.05 * scale, y - top)) * (0.62 + 0.38 * corner);
            let round = 1.0 - 0.30 * aside * aside;
            let mut colour = [226.0, 220.0, 214.0].map(|c: f32| c * round * shadow);
            let from_centre = (x - centre.x).hypot(y - centre.y) / scale;
            let blend = |colour: &mut [f32; 3], with: [f32; 3], cover: f32| {
                for (c, w) in colour.iter_mut().zip(with) {
                    *c += (w - *c) * cover;
                }
            };
            let soft = 0.7 / scale;
            let inner = 0.75 + 0.5 * smoothstep(-0.2, 0.6, (y - centre.y) / scale);
            blend(&mut colour, iris.map(|c| c * 0.45 * shadow), smoothstep(IRIS + soft, IRIS - soft, from_centre));
            blend(&mut colour, iris.map(|c| c * inner * shadow), smoothstep(IRIS - 0.04, IRIS - 0.16, from_centre));
            blend(&mut colour, [16.0, 13.0, 14.0], smoothstep(0.28 + soft, 0.28 - soft, from_centre));
            let glint = (x - spark.0).hypot(y - spark.1) / scale;
            blend(&mut colour, [250.0, 250.0, 250.0], 0.9 * smoothstep(0.13 + soft, 0.13 - soft, glint));
            colour.map(|c| c as u8)
        });
    }

    fn draw_mouth(&self, canvas: &mut Canvas<'_>, lens: &Lens, placement: &Placement, pose: &FacePose) {
        let rim: [Vec3; 20] = INNER_LIPS.map(|i| lens.project(self.placed[i]));
        let (high, low) = (rim[15].y, rim[5].y.max(rim[15].y + 1.0));
        canvas.polygon(&rim, |_, y| {
            let k = ((y - high) / (low - high)).clamp(0.0, 1.0);
            [52.0 + 46.0 * k, 20.0 + 16.0 * k, 22.0 + 18.0 * k].map(|c| c as u8)
        });
        if low - high < 1.5 {
            return;
        }
        let place = |p: Vec3| lens.project(placement.apply(p));
        let jaw = |x: f32, y: f32, z: f32| place(jaw_point(vec3(x, y, z), pose.jaw_open));
        let tongue: [Vec3; 12] = std::array::from_fn(|i| {
            let (sin, cos) = (std::f32::consts::TAU * i as f32 / 12.0).sin_cos();
            jaw(1.35 * cos, -5.25 + 0.62 * sin, 3.6)
        });
        let scale = lens.scale_at(self.placed[13]);
        canvas.polygon(&clipped(&tongue, &rim), |_, y| {
            let k = ((y - tongue[3].y) / scale).clamp(0.0, 1.4) / 1.4;
            [150.0 + 34.0 * k, 66.0 + 22.0 * k, 68.0 + 22.0 * k].map(|c| c as u8)
        });
        let arch = |x: f32| 4.4 - 0.22 * x * x;
        let lower = strip(|x, k| jaw(x * 1.4, -4.72 - 0.9 * k, arch(x * 1.4) - 0.2));
        canvas.polygon(&clipped(&lower, &rim), teeth(&lower, scale, 0.66));
        let lift = 0.10 * pose.smile;
        let upper = strip(|x, k| place(vec3(x * 1.8, -3.3 - (1.02 - lift) * k, arch(x * 1.8))));
        canvas.polygon(&clipped(&upper, &rim), teeth(&upper, scale, 0.90));
    }
}

/// A band of nine points there and nine points back; `at` takes −1..1 along it, and 0 or 1 across.
fn strip(at: impl Fn(f32, f32) -> Vec3) -> [Vec3; 18] {
    std::array::from_fn(|i| if i < 9 { at(i as f32 / 4.0 - 1.0, 0.0) } else { at((17 - i) as f32 / 4.0 - 1.0, 1.0) })
}

/// The colour of a row of teeth.
fn teeth(band: &[Vec3; 18], scale: f32, brightness: f32) -> impl FnMut(f32, f32) -> [u8; 3] {
    let (left, right) = (band[0].x, band[8].x);
    move |x, _| {
        let along = 2.0 * (x - left) / (right - left).max(1.0) - 1.0;
        let tooth = (x - 0.5 * (left + right)) / (0.46 * scale);
        let gap =
            1.0 - 0.16 * smoothstep(0.38, 0.5, (tooth - tooth.round() + 0.5).rem_euclid(1.0).max(0.0) - 0.5).abs();
        let light = brightness * gap * (1.0 - 0.42 * along * along);
        [240.0 * light, 234.0 * light, 222.0 * light].map(|c| c as u8)
    }
}

/// The part of a polygon that lies between the leftmost and rightmost of the rim; the skin covers the rest.
fn clipped(points: &[Vec3], rim: &[Vec3]) -> Vec<Vec3> {
    let left = rim.iter().map(|p| p.x).fold(f32::MAX, f32::min);
    let right = rim.iter().map(|p| p.x).fold(f32::MIN, f32::max);
    points.iter().map(|p| vec3(p.x.clamp(left, right.max(left)), p.y, p.z)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::geometry::VERTICES;
    use super::*;

    const SIZE: (usize, usize) = (160, 120);

    /// A face-shaped dome with the canonical mesh's counts, for machines on which set-up hasn't run.
    fn dome() -> FaceGeometry {
        let points: Vec<Vec3> = (0..VERTICES)
            .map(|i| {
                let out = ((i as f32 + 0.5) / VERTICES as f32).sqrt();
                let (sin, cos) = (i as f32 * 2.399_963).sin_cos();
                vec3(7.5 * out * cos, 8.8 * out * sin - 0.6, 6.0 - 8.0 * out * out)
            })
            .collect();
        let uv = points.iter().map(|p| [0.5 + p.x / 15.5, 0.5 - (p.y + 0.6) / 18.0]).collect();
        let triangles = (0..898).map(|i| [i % 455, i % 455 + 5, i % 455 + 13].map(|k| k as u16)).collect();
        FaceGeometry { points, uv, triangles }
    }

    fn drawn(face: &mut SyntheticFace, at_secs: f64) -> Vec<u8> {
        let mut rgb = vec![0; 3 * SIZE.0 * SIZE.1];
        face.draw(at_secs, &Script::new().unwrap(), &mut rgb, SIZE.0, SIZE.1);
        rgb
    }

    #[test]
    fn the_same_seed_gives_the_same_pictures() {
        let mut one = SyntheticFace::new(&dome(), 5);
        let mut other = SyntheticFace::new(&dome(), 5);
        drawn(&mut other, 47.3);

        assert_eq!(drawn(&mut one, 12.4), drawn(&mut other, 12.4));
        assert_ne!(drawn(&mut one, 12.4), drawn(&mut SyntheticFace::new(&dome(), 6), 12.4));
    }

    #[test]
    fn the_face_stays_inside_the_picture() {
        let script = Script::new().unwrap();
        let mut face = SyntheticFace::new(&dome(), 5);
        let mut rgb = vec![0; 3 * SIZE.0 * SIZE.1];

        for second in 0..script.duration_secs() as usize {
            face.draw(second as f64, &script, &mut rgb, SIZE.0, SIZE.1);

            let inside = |c: &Corner| (0.0..SIZE.0 as f32).contains(&c.at.x) && (0.0..SIZE.1 as f32).contains(&c.at.y);
            assert!(face.corners.iter().all(inside), "at {second} s");
        }
    }

    #[test]
    fn any_size_of_picture_can_be_drawn() {
        let mut face = SyntheticFace::new(&dome(), 5);

        for (width, height) in [(640, 480), (1, 1), (48, 200), (200, 48), (640, 480)] {
            let mut rgb = vec![0; 3 * width * height];
            face.draw_pose(&FacePose::of(super::super::ScriptLabel::Surprise, 1.0), &mut rgb, width, height);
            assert!(rgb.iter().any(|&b| b > 0));
        }
    }

    #[test]
    fn the_mouth_moves_with_the_voice() {
        let script = Script::new().unwrap();
        let mut face = SyntheticFace::new(&dome(), 5);
        let lips_apart = |face: &mut SyntheticFace, open: f32| {
            let mut rgb = vec![0; 3 * SIZE.0 * SIZE.1];
            face.draw_pose(&FacePose::default().speaking(open), &mut rgb, SIZE.0, SIZE.1);
            face.points[13].y - face.points[14].y
        };

        assert!(lips_apart(&mut face, 0.9) > lips_apart(&mut face, 0.0) + 0.3);
        assert!((0..500).any(|i| script.mouth_at(f64::from(i) * 0.01) > 0.8));
    }
}
