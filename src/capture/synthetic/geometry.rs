//! The canonical face: its points, its triangles, and which points make the eyes, lips and brows.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::SyntheticError;
use super::linear::{Vec3, vec3};

pub(super) const VERTICES: usize = 468;
const TRIANGLES: usize = 898;

/// Around the eye on the picture's left, from its outer corner over the lower lid and back over the upper one.
pub(super) const LEFT_EYE: [usize; 16] = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246];
/// The same for the eye on the picture's right.
pub(super) const RIGHT_EYE: [usize; 16] =
    [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466];
/// Where the lips meet, around the opening.
pub(super) const INNER_LIPS: [usize; 20] =
    [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191];
/// The edge of the lips' red.
pub(super) const OUTER_LIPS: [usize; 20] =
    [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185];
/// Every point of the lower lip but the corners, from the edge of its red to the opening.
pub(super) const LOWER_LIP: [usize; 36] = [
    146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15, 316, 403,
    319, 325, 95, 88, 178, 87, 14, 317, 402, 318, 324,
];
/// Every point of the upper lip but the corners.
pub(super) const UPPER_LIP: [usize; 36] = [
    185, 40, 39, 37, 0, 267, 269, 270, 409, 184, 74, 73, 72, 11, 302, 303, 304, 408, 183, 42, 41, 38, 12, 268, 271,
    272, 407, 191, 80, 81, 82, 13, 312, 311, 310, 415,
];
pub(super) const LIP_CORNERS: [usize; 8] = [61, 76, 62, 78, 291, 306, 292, 308];
/// The brow on the picture's left: along its upper edge from the temple, and back along the lower.
pub(super) const LEFT_BROW: [usize; 10] = [70, 63, 105, 66, 107, 55, 65, 52, 53, 46];
/// The same for the brow on the picture's right.
pub(super) const RIGHT_BROW: [usize; 10] = [300, 293, 334, 296, 336, 285, 295, 282, 283, 276];
/// The rim of the face, from the temple at the picture's right over the forehead and around.
pub(super) const RIM: [usize; 36] = [
    356, 389, 251, 284, 332, 297, 338, 10, 109, 67, 103, 54, 21, 162, 127, 234, 93, 132, 58, 172, 136, 150, 149, 176,
    148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454,
];

#[derive(Deserialize)]
struct GeometryFile {
    vertices: Vec<[f32; 5]>,
    triangles: Vec<[u16; 3]>,
}

/// The canonical face geometry, in centimetres, which set-up takes out of the face landmarker's file.
#[derive(Debug, Clone)]
pub struct FaceGeometry {
    pub(super) points: Vec<Vec3>,
    pub(super) uv: Vec<[f32; 2]>,
    pub(super) triangles: Vec<[u16; 3]>,
}

impl FaceGeometry {
    /// Reads `face_geometry.json`.
    ///
    /// # Errors
    ///
    /// When the file isn't there, can't be read, or isn't the face that the drawing was made for.
    pub fn read(path: &Path) -> Result<Self, SyntheticError> {
        let text = std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => SyntheticError::MissingGeometry { path: path.to_owned() },
            _ => SyntheticError::UnreadableGeometry { path: path.to_owned(), cause },
        })?;
        Self::from_json(&text).ok_or_else(|| SyntheticError::ForeignGeometry { path: PathBuf::from(path) })
    }

    /// From the text of `face_geometry.json`; `None` when it is some other mesh.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        let file: GeometryFile = serde_json::from_str(text).ok()?;
        let fits = file.vertices.len() == VERTICES
            && file.triangles.len() == TRIANGLES
            && file.vertices.iter().flatten().all(|v| v.is_finite())
            && file.triangles.iter().flatten().all(|&i| usize::from(i) < VERTICES);
        fits.then(|| Self {
            points: file.vertices.iter().map(|v| vec3(v[0], v[1], v[2])).collect(),
            uv: file.vertices.iter().map(|v| [v[3], v[4]]).collect(),
            triangles: file.triangles,
        })
    }

    /// The triangles of the skin: all but those that close the eyes and the mouth.
    pub(super) fn skin_triangles(&self) -> Vec<[u16; 3]> {
        let inside = |ring: &[usize], triangle: &[u16; 3]| triangle.iter().all(|&i| ring.contains(&usize::from(i)));
        self.triangles
            .iter()
            .filter(|t| !inside(&LEFT_EYE, t) && !inside(&RIGHT_EYE, t) && !inside(&INNER_LIPS, t))
            .copied()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_geometry_says_what_to_run() {
        let error = FaceGeometry::read(Path::new("nowhere/face_geometry.json")).unwrap_err();

        assert!(matches!(error, SyntheticError::MissingGeometry { .. }));
        assert!(error.to_string().contains("bash models/setup"));
    }

    #[test]
    fn another_mesh_is_refused() {
        assert!(FaceGeometry::from_json(r#"{"vertices": [[0, 0, 0, 0, 0]], "triangles": [[0, 0, 0]]}"#).is_none());
        assert!(FaceGeometry::from_json("[]").is_none());
    }
}
