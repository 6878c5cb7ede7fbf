//! A face, as found in one frame.

use crate::signal::Frame;

/// Points of the face mesh, the last ten of which are the irises.
pub const LANDMARKS: usize = 478;

/// The names of the 52 blendshapes, in the order of the network's output (`ARKit`'s names).
pub const BLENDSHAPE_NAMES: [&str; 52] = [
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
];

/// Numbers of a face in one frame that move with it: the blendshapes, the head's pitch, yaw and roll (radians), the
/// expression network's seven logits. A face's embedding holds their means, standard deviations and 90th percentiles first.
pub const FACE_MOVING: usize = BLENDSHAPE_NAMES.len() + 3 + 7;

/// What moves without being an expression: the head's angles, which follow the blendshapes; blinks and directions of gaze,
/// which are some of them.
const ANGLES: usize = BLENDSHAPE_NAMES.len();
const EYES: usize = 9;
const MOVEMENTS: usize = 3 + 10;

/// How many numbers say how head, eyes and lids move: a mean and a standard deviation each.
pub const FACE_MOVEMENTS: usize = 2 * MOVEMENTS;

/// Where a face's embedding says how head, eyes and lids move: means, then standard deviations, over its window, of the head's
/// pitch, yaw and roll (radians), blinks and directions of gaze (blendshapes). By name: [`face_movement_names`].
#[must_use]
pub fn face_movement() -> [usize; FACE_MOVEMENTS] {
    std::array::from_fn(|index| {
        let at = index % MOVEMENTS;
        let place = if at < 3 { ANGLES + at } else { EYES + at - 3 };
        place + index / MOVEMENTS * FACE_MOVING
    })
}

/// The names of [`face_movement`] and their units: `mean_pitch` (rad), …, `sd_eyeLookUpRight` (1).
pub fn face_movement_names() -> impl Iterator<Item = (String, &'static str)> {
    face_movement().into_iter().map(|place| {
        let statistic = if place < FACE_MOVING { "mean" } else { "sd" };
        let place = place % FACE_MOVING;
        match place.checked_sub(ANGLES) {
            Some(angle) => (format!("{statistic}_{}", ["pitch", "yaw", "roll"].get(angle).unwrap_or(&"")), "rad"),
            None => (format!("{statistic}_{}", BLENDSHAPE_NAMES.get(place).unwrap_or(&"")), "1"),
        }
    })
}

/// A point in the picture: pixels from the left and from the top, and depth in the same unit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Landmark {
    /// From the left, px.
    pub x: f32,
    /// From the top, px.
    pub y: f32,
    /// Away from the camera, px, from the middle of the head.
    pub z: f32,
}

/// An upright box in the picture, px.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl FaceBox {
    /// Its area, px².
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width * self.height
    }

    /// Its middle.
    #[must_use]
    pub fn centre(&self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Whether the point is in it.
    #[must_use]
    pub fn contains(&self, x: f32, y: f32) -> bool {
        x >= self.x && y >= self.y && x < self.x + self.width && y < self.y + self.height
    }

    /// Intersection over union, 0..=1.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f32 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        let shared = width.max(0.0) * height.max(0.0);
        let all = self.area() + other.area() - shared;
        if all > 0.0 { shared / all } else { 0.0 }
    }
}

/// How the head is turned, in degrees, as the participant would say: left is their left.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HeadPose {
    /// + up.
    pub pitch_deg: f32,
    /// + to their left.
    pub yaw_deg: f32,
    /// + tilted to their left shoulder.
    pub roll_deg: f32,
}

/// How well a face can be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FaceQuality {
    /// Width of the face, px.
    pub width_px: f32,
    /// Presence, as the landmark network has it, 0..=1.
    pub presence: f32,
    /// Sharpness: standard deviation of the crop's Laplacian over its standard deviation; about 0.1 blurred, above 0.3
    /// sharp.
    pub sharpness: f32,
    /// Mean brightness of the face, 0..=1.
    pub brightness: f32,
    /// Standard deviation of the face's brightness, 0..=0.5.
    pub contrast: f32,
    /// How much a pixel of the face changes from frame to frame, 0..=1: nothing in a frozen picture.
    pub change: f32,
    /// How far the face looks from the mean of its own pictures, in standard deviations of brightness: high where something
    /// covers it.
    pub strangeness: f32,
    /// Size, presence, sharpness, light and pose in one number, 0..=1.
    pub overall: f32,
}

/// What the expression networks say of one face in one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// 52 values in 0..=1, in the order of [`BLENDSHAPE_NAMES`].
    pub blendshapes: Box<[f32]>,
    /// The expression network's own opinion, in the order of [`Label`](crate::signal::Label); 0 in the open variant, which
    /// has no such network.
    pub logits: [f32; 7],
    /// Its 128 numbers before that; 0 likewise.
    pub features: Box<[f32]>,
}

/// The frame, and the chosen face in it if there is one.
#[derive(Debug, Clone, Default)]
pub struct FaceView {
    /// The picture that the face was found in.
    pub frame: Frame,
    /// The chosen face's box.
    pub face: Option<FaceBox>,
    /// All faces' boxes at the last detection, the chosen one among them.
    pub others: Vec<FaceBox>,
    /// 478 points, or none without a face.
    pub landmarks: Vec<Landmark>,
    /// How the head is turned.
    pub pose: HeadPose,
    /// Where the eyes look relative to the head, degrees: (+ to their left, + up).
    pub gaze_deg: (f32, f32),
    /// How far the eyes are shut, 0..=1.
    pub blink: f32,
    /// How well it can be seen.
    pub quality: FaceQuality,
    /// Expression in this frame.
    pub expression: Option<Expression>,
    /// The 112×112 crop that the expression network sees, RGB8.
    pub crop: Frame,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movement_is_of_the_head_of_blinks_and_of_directions_of_gaze() {
        let names: Vec<String> = face_movement_names().map(|(name, _)| name).collect();

        assert_eq!((names[0].as_str(), names[13].as_str()), ("mean_pitch", "sd_pitch"));
        let is_of_eyes = |name: &String| name.contains("_eyeBlink") || name.contains("_eyeLook");
        assert_eq!(names.iter().filter(|name| is_of_eyes(name)).count(), 2 * (2 + 8));
    }
}
