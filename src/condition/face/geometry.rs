//! The head's turn from its landmarks, by the canonical face.

use std::fs;

use nalgebra::Matrix3;
use nalgebra::Vector3;
use serde::Deserialize;

use crate::model::Manifest;
use crate::model::ModelError;
use crate::signal::HeadPose;
use crate::signal::Landmark;

/// Points that an expression hardly moves: the outline of the skull, the bridge of the nose, corners of the eyes.
const RIGID: [usize; 24] =
    [10, 151, 9, 8, 168, 6, 197, 195, 33, 133, 362, 263, 127, 356, 234, 454, 54, 284, 103, 332, 67, 297, 109, 338];

/// The canonical face's rigid points, centred.
pub struct Geometry {
    points: Vec<Vector3<f32>>,
}

#[derive(Deserialize)]
struct File {
    vertices: Vec<[f32; 5]>,
}

impl Geometry {
    /// Reads `face_geometry`.
    ///
    /// # Errors
    ///
    /// If the file is missing, another one, or has too few vertices.
    pub fn load(manifest: &Manifest) -> Result<Self, ModelError> {
        let path = manifest.verified("face_geometry")?;
        let bad =
            |detail: String| ModelError::Unreadable { model: "face_geometry".to_owned(), detail, path: path.clone() };
        let text = fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
        let file: File = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        let points = RIGID.iter().filter_map(|&at| file.vertices.get(at));
        let points: Vec<_> = points.map(|[x, y, z, ..]| Vector3::new(*x, *y, *z)).collect();
        if points.len() != RIGID.len() {
            return Err(bad("it has too few vertices".to_owned()));
        }
        Ok(Self { points: centred(points) })
    }

    /// How the head is turned: the rotation that brings the canonical face nearest to the landmarks (Kabsch 1976).
    /// `None` for too few landmarks.
    #[must_use]
    pub fn pose(&self, landmarks: &[Landmark]) -> Option<HeadPose> {
        let seen: Vec<_> = RIGID.iter().filter_map(|&at| landmarks.get(at)).collect();
        if seen.len() != RIGID.len() {
            return None;
        }
        // The picture's y goes down and its z away; the canonical face's y goes up and its z towards the camera.
        let seen = centred(seen.iter().map(|point| Vector3::new(point.x, -point.y, -point.z)).collect());
        let covariance: Matrix3<f32> = self.points.iter().zip(&seen).map(|(from, to)| to * from.transpose()).sum();
        let svd = covariance.svd(true, true);
        let (u, v_t) = (svd.u?, svd.v_t?);
        let mirror = if (u * v_t).determinant() < 0.0 { -1.0 } else { 1.0 };
        let rotation = u * Matrix3::from_diagonal(&Vector3::new(1.0, 1.0, mirror)) * v_t;
        let (ahead, up) = (rotation * Vector3::z(), rotation * Vector3::y());
        let pose = HeadPose {
            pitch_deg: ahead.y.clamp(-1.0, 1.0).asin().to_degrees(),
            yaw_deg: ahead.x.atan2(ahead.z).to_degrees(),
            roll_deg: up.x.atan2(up.y).to_degrees(),
        };
        (pose.pitch_deg + pose.yaw_deg + pose.roll_deg).is_finite().then_some(pose)
    }
}

fn centred(mut points: Vec<Vector3<f32>>) -> Vec<Vector3<f32>> {
    let middle = points.iter().sum::<Vector3<f32>>() / points.len().max(1) as f32;
    for point in &mut points {
        *point -= middle;
    }
    points
}

/// Where the eyes look relative to the head, in degrees: (+ to the person's left, + up); the mean of both eyes.
///
/// From the irises' place between the corners of the eyes, with an eyeball of 12 mm radius behind a lid opening of
/// 30 mm: good to some 10°, for "looked away", not for reading a line.
#[must_use]
pub fn gaze(landmarks: &[Landmark]) -> Option<(f32, f32)> {
    const RADIUS_OVER_OPENING: f32 = 12.0 / 30.0;
    let mut sum = (0.0, 0.0);
    for (left, right, iris) in [(33, 133, 468), (362, 263, 473)] {
        let (left, right, iris) = (landmarks.get(left)?, landmarks.get(right)?, landmarks.get(iris)?);
        let (dx, dy) = (right.x - left.x, right.y - left.y);
        let opening = dx.hypot(dy);
        if opening <= 0.0 {
            return None;
        }
        let (ix, iy) = (iris.x - left.x.midpoint(right.x), iris.y - left.y.midpoint(right.y));
        let along = (ix * dx + iy * dy) / (opening * opening);
        let across = (ix * dy - iy * dx) / (opening * opening);
        sum.0 += (along / RADIUS_OVER_OPENING).clamp(-1.0, 1.0).asin().to_degrees() / 2.0;
        sum.1 += (across / RADIUS_OVER_OPENING).clamp(-1.0, 1.0).asin().to_degrees() / 2.0;
    }
    Some(sum)
}
