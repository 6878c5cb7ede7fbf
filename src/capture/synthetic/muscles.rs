//! How each action moves the points of the face.

use super::geometry::{FaceGeometry, INNER_LIPS, LEFT_BROW, LIP_CORNERS, LOWER_LIP, RIGHT_BROW, UPPER_LIP, VERTICES};
use super::linear::{Vec3, bell, smoothstep, vec3};
use super::pose::FacePose;

/// Upper lid, the lower lid's point that it meets, and the points of the fold above it; the picture's left eye.
const LEFT_LIDS: [(usize, usize); 7] =
    [(246, 7), (161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155)];
const RIGHT_LIDS: [(usize, usize); 7] =
    [(466, 249), (388, 390), (387, 373), (386, 374), (385, 380), (384, 381), (398, 382)];
/// Points of the fold, and the lid points that pull them.
const LEFT_FOLDS: [(usize, usize); 7] = [(247, 246), (30, 161), (29, 160), (27, 159), (28, 158), (56, 157), (190, 173)];
const RIGHT_FOLDS: [(usize, usize); 7] =
    [(467, 466), (260, 388), (259, 387), (257, 386), (258, 385), (286, 384), (414, 398)];

/// How far the jaw turns when it is wide open, in radians.
const JAW_TURN: f32 = 0.40;
/// The axis that the jaw turns about lies across the face, through this height and depth.
const JAW_HINGE: Vec3 = vec3(0.0, -0.5, -2.0);

/// The height at which the closed lips meet.
const SEAM: f32 = -4.27;

const ACTIONS: usize = 14;
type Field = Vec<Vec3>;

/// For each action, how far it takes each point.
#[derive(Debug, Clone)]
pub(super) struct Muscles {
    rest: Field,
    fields: [Field; ACTIONS],
    jaw: Vec<f32>,
    lids: Vec<Lid>,
}

/// A point of the upper lid or its fold, and how a blink moves it.
#[derive(Debug, Clone, Copy)]
struct Lid {
    point: usize,
    upper: usize,
    lower: usize,
    share: f32,
}

impl Muscles {
    pub fn new(geometry: &FaceGeometry) -> Self {
        let rest = rest(&geometry.points);
        let fields = [
            smile(&rest),
            frown(&rest),
            stretch(&rest),
            press(&rest),
            upper_lip(&rest),
            lower_lip(&rest),
            nose_wrinkle(&rest),
            brow_inner(&rest),
            brow_outer(&rest),
            brow_lower(&rest),
            eye_widen(&rest),
            eye_squint(&rest),
            cheek(&rest),
            funnel(&rest),
        ];
        let jaw = (0..VERTICES).map(|i| jaw_share(i, rest[i])).collect();
        Self { rest, fields, jaw, lids: lids() }
    }

    /// Where the points lie when the face does what `pose` says, before it is turned.
    pub fn apply(&self, pose: &FacePose, out: &mut Vec<Vec3>) {
        out.clear();
        out.extend_from_slice(&self.rest);
        let weights: [f32; ACTIONS] = [
            pose.smile,
            pose.frown,
            pose.stretch,
            pose.press,
            pose.upper_lip_raise,
            pose.lower_lip_push,
            pose.nose_wrinkle,
            pose.brow_inner_raise,
            pose.brow_outer_raise,
            pose.brow_lower,
            pose.eye_widen,
            pose.eye_squint,
            pose.cheek_raise,
            pose.jaw_open * (1.0 - pose.smile) * (1.0 - pose.stretch),
        ];
        for (field, weight) in self.fields.iter().zip(weights) {
            if weight.abs() > 1e-4 {
                for (point, moved) in out.iter_mut().zip(field) {
                    *point += *moved * weight;
                }
            }
        }
        self.open_jaw(pose.jaw_open, out);
        self.close_lids(pose.blink, out);
    }

    fn open_jaw(&self, open: f32, out: &mut [Vec3]) {
        if open <= 0.0 {
            return;
        }
        for (point, &share) in out.iter_mut().zip(&self.jaw) {
            *point = jaw_point(*point, open * share);
        }
    }

    fn close_lids(&self, closed: f32, out: &mut [Vec3]) {
        if closed <= 0.0 {
            return;
        }
        for lid in &self.lids {
            let way = out[lid.lower] - out[lid.upper];
            let bulge = 4.0 * closed * (1.0 - closed) * 0.12;
            out[lid.point] += way * (closed * lid.share) + vec3(0.0, 0.0, bulge * lid.share);
        }
    }
}

/// Where the open jaw takes a point that's fixed to it.
pub(super) fn jaw_point(point: Vec3, open: f32) -> Vec3 {
    let (sin, cos) = (JAW_TURN * open).sin_cos();
    let arm = point - JAW_HINGE;
    JAW_HINGE + vec3(arm.x, arm.y * cos - arm.z * sin, arm.y * sin + arm.z * cos)
}

/// Folds move before the lids that they're measured by.
fn lids() -> Vec<Lid> {
    let pairs = || LEFT_LIDS.into_iter().chain(RIGHT_LIDS);
    let folds = LEFT_FOLDS.into_iter().chain(RIGHT_FOLDS).filter_map(|(fold, upper)| {
        let lower = pairs().find(|&(u, _)| u == upper)?.1;
        Some(Lid { point: fold, upper, lower, share: 0.35 })
    });
    folds.chain(pairs().map(|(upper, lower)| Lid { point: upper, upper, lower, share: 1.0 })).collect()
}

/// The canonical face has its lips apart and its eyes narrow: lips closed, eyes a little rounder.
fn rest(points: &[Vec3]) -> Field {
    let mut rest = points.to_vec();
    let (upper, lower) = INNER_LIPS.split_at(10);
    for &i in upper.iter().chain(lower) {
        rest[i].y += (SEAM - points[i].y) * 0.92;
    }
    for (upper, lower) in LEFT_LIDS.into_iter().chain(RIGHT_LIDS) {
        let open = points[upper].y - points[lower].y;
        rest[upper].y += open * 0.27;
        rest[lower].y -= open * 0.17;
    }
    rest
}

fn field(rest: &[Vec3], at: impl Fn(usize, Vec3) -> Vec3) -> Field {
    rest.iter().enumerate().map(|(i, &p)| at(i, p)).collect()
}

/// A push around a point of the picture's left half, mirrored on the other.
fn push(p: Vec3, centre: Vec3, sigma: [f32; 2], by: Vec3) -> Vec3 {
    let side = if p.x > 0.0 { p.mirrored() } else { p };
    let weight = bell(side.x - centre.x, sigma[0]) * bell(side.y - centre.y, sigma[1]);
    let moved = by * weight;
    let middle = smoothstep(0.0, 0.5, p.x.abs());
    if p.x > 0.0 { vec3(-moved.x * middle, moved.y, moved.z) } else { vec3(moved.x * middle, moved.y, moved.z) }
}

fn is_lower_lip(i: usize) -> bool {
    LOWER_LIP.contains(&i)
}

fn is_upper_lip(i: usize) -> bool {
    UPPER_LIP.contains(&i)
}

fn is_lip(i: usize) -> bool {
    is_upper_lip(i) || is_lower_lip(i) || LIP_CORNERS.contains(&i)
}

/// How the corner's way is shared by the lips: the nearer to the corner the more.
fn along_lips(p: Vec3) -> f32 {
    smoothstep(0.0, 2.45, p.x.abs()).powf(1.3)
}

fn smile(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        let cheeks = push(p, vec3(-4.1, -2.2, 0.0), [1.5, 1.3], vec3(-0.25, 0.55, 0.35));
        if is_lip(i) {
            let k = along_lips(p);
            let outwards = vec3(p.x * 0.36, 1.08 * k - 0.06, -0.60 * k - 0.15);
            let thin =
                if is_lower_lip(i) { vec3(0.0, 0.10 * (1.0 - k), 0.0) } else { vec3(0.0, 0.22 * (1.0 - k), 0.0) };
            return outwards + thin;
        }
        let corner = push(p, vec3(-2.5, -4.3, 0.0), [1.15, 1.25], vec3(-0.75, 1.10, -0.45));
        let chin = push(p, vec3(0.0, -6.6, 0.0), [2.0, 1.0], vec3(0.0, 0.10, -0.10));
        corner + cheeks + chin
    })
}

fn frown(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        if is_lip(i) {
            let k = along_lips(p);
            let middle = if is_lower_lip(i) { 0.20 } else { 0.10 };
            return vec3(p.x * 0.21, -1.20 * k + middle * (1.0 - k), -0.35 * k);
        }
        let corner = push(p, vec3(-2.6, -4.6, 0.0), [1.0, 1.1], vec3(-0.40, -1.05, -0.25));
        let chin = push(p, vec3(0.0, -6.8, 0.0), [1.4, 0.9], vec3(0.0, 0.35, 0.30));
        corner + chin
    })
}

fn stretch(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        if is_lip(i) {
            let k = along_lips(p);
            return vec3(p.x * 0.34, -0.30 * k, -0.75 * k - 0.1);
        }
        push(p, vec3(-2.7, -4.5, 0.0), [1.2, 1.2], vec3(-0.80, -0.25, -0.50))
    })
}

fn press(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        let inwards = 1.0 - 0.6 * along_lips(p);
        if is_upper_lip(i) || is_lower_lip(i) {
            vec3(0.0, (SEAM - p.y) * 0.45 * inwards, -0.35 * inwards)
        } else {
            push(p, vec3(0.0, -6.4, 0.0), [1.4, 0.7], vec3(0.0, 0.2, 0.2))
        }
    })
}

fn upper_lip(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        if is_upper_lip(i) || LIP_CORNERS.contains(&i) {
            let k = bell(p.x.abs() - 1.0, 0.9);
            return vec3(0.0, 0.75 * k, 0.10 * k);
        }
        if is_lower_lip(i) {
            return Vec3::default();
        }
        push(p, vec3(-1.7, -2.4, 0.0), [1.1, 0.9], vec3(-0.10, 0.55, 0.15))
    })
}

fn lower_lip(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        let k = bell(p.x, 1.4);
        if is_lower_lip(i) {
            return vec3(0.0, 0.28 * k, 0.35 * k);
        }
        if is_upper_lip(i) {
            return vec3(0.0, 0.16 * k, 0.05 * k);
        }
        push(p, vec3(0.0, -6.8, 0.0), [1.3, 0.9], vec3(0.0, 0.45, 0.35))
    })
}

fn nose_wrinkle(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        let wings = push(p, vec3(-1.5, -1.1, 0.0), [0.8, 0.9], vec3(-0.28, 0.55, 0.0));
        let bridge = push(p, vec3(-0.8, 2.6, 0.0), [0.8, 1.2], vec3(0.10, -0.25, 0.18));
        let fold = push(p, vec3(-2.4, -2.3, 0.0), [0.9, 0.9], vec3(-0.10, 0.45, 0.15));
        let lip = if is_upper_lip(i) { vec3(0.0, 0.22 * bell(p.x.abs() - 0.9, 0.8), 0.0) } else { Vec3::default() };
        wings + bridge + lip + if is_lip(i) { Vec3::default() } else { fold }
    })
}

fn brow_inner(rest: &[Vec3]) -> Field {
    field(rest, |_, p| {
        let fade = smoothstep(3.0, 4.2, p.y) * (1.0 - 0.65 * smoothstep(5.2, 8.2, p.y));
        push(p, vec3(-1.3, 4.8, 0.0), [1.5, 2.2], vec3(0.10, 1.15, 0.05)) * fade
    })
}

fn brow_outer(rest: &[Vec3]) -> Field {
    field(rest, |_, p| {
        let fade = smoothstep(3.0, 4.2, p.y) * (1.0 - 0.65 * smoothstep(5.2, 8.2, p.y));
        push(p, vec3(-4.2, 4.8, 0.0), [1.6, 2.2], vec3(0.0, 1.05, 0.0)) * fade
    })
}

fn brow_lower(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        let strength = if LEFT_BROW.contains(&i) || RIGHT_BROW.contains(&i) { 1.0 } else { 0.92 };
        let inner = push(p, vec3(-1.5, 4.7, 0.0), [1.3, 1.0], vec3(0.46, -1.65, 0.30));
        let outer = push(p, vec3(-3.9, 4.8, 0.0), [1.4, 0.9], vec3(0.16, -1.22, 0.05));
        (inner + outer) * strength
    })
}

fn eye_widen(rest: &[Vec3]) -> Field {
    lids_by(rest, 0.50, 0.16, -0.20)
}

fn eye_squint(rest: &[Vec3]) -> Field {
    let mut squint = lids_by(rest, -0.10, 0.0, 0.24);
    for (moved, &p) in squint.iter_mut().zip(rest) {
        *moved += push(p, vec3(-3.1, 1.4, 0.0), [1.3, 0.6], vec3(0.0, 0.25, 0.12));
    }
    squint
}

/// Moves the upper lids, the folds above them, and the lower lids upwards by these.
fn lids_by(rest: &[Vec3], upper_by: f32, fold_by: f32, lower_by: f32) -> Field {
    let mut moved = vec![Vec3::default(); rest.len()];
    let ends = |p: Vec3| 0.35 + 0.65 * bell(p.x.abs() - 3.15, 0.75);
    for (upper, lower) in LEFT_LIDS.into_iter().chain(RIGHT_LIDS) {
        moved[upper].y = upper_by * ends(rest[upper]);
        moved[lower].y = lower_by * ends(rest[lower]);
    }
    for (fold, _) in LEFT_FOLDS.into_iter().chain(RIGHT_FOLDS) {
        moved[fold].y = fold_by * ends(rest[fold]);
    }
    moved
}

fn cheek(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        let lower_lid = LEFT_LIDS.iter().chain(&RIGHT_LIDS).any(|&(_, lower)| lower == i);
        let lid = if lower_lid { vec3(0.0, 0.12, 0.0) } else { Vec3::default() };
        let clear = 1.0 - smoothstep(1.6, 2.4, p.y);
        push(p, vec3(-4.3, -0.2, 0.0), [1.5, 1.2], vec3(0.0, 0.45, 0.30)) * clear + lid
    })
}

/// An open, unsmiling mouth draws its corners in.
fn funnel(rest: &[Vec3]) -> Field {
    field(rest, |i, p| {
        if is_lip(i) {
            return vec3(-p.x * 0.16, 0.0, 0.25 * along_lips(p));
        }
        push(p, vec3(-2.7, -4.3, 0.0), [0.9, 1.2], vec3(0.30, 0.0, 0.10))
    })
}

/// How far a point goes along with the jaw.
fn jaw_share(i: usize, p: Vec3) -> f32 {
    let towards_corner = smoothstep(0.8, 2.5, p.x.abs());
    if is_lower_lip(i) {
        return 1.0 - 0.5 * towards_corner;
    }
    if is_upper_lip(i) {
        return 0.28 * towards_corner.powi(2);
    }
    if LIP_CORNERS.contains(&i) {
        return 0.42;
    }
    let spread = 0.25 + 1.1 * (p.x.abs() - 2.0).max(0.0);
    let below = smoothstep(-4.3 + spread, -4.9 - 0.6 * spread, p.y);
    let aside = 1.0 - 0.35 * smoothstep(4.0, 7.5, p.x.abs());
    below * aside
}
