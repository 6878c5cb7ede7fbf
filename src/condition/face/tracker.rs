//! Follows one face from frame to frame.

use std::time::Duration;

use crate::condition::face::crop::Crop;
use crate::condition::face::crop::bounds;
use crate::condition::face::detector::Detection;
use crate::condition::face::detector::Detector;
use crate::model::Input;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::signal::FaceBox;
use crate::signal::Frame;
use crate::signal::LANDMARKS;
use crate::signal::Landmark;
use crate::time::Timestamp;

/// The followed face in one frame.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Around the landmarks.
    pub face: FaceBox,
    /// 478 points in px of the picture.
    pub landmarks: Vec<Landmark>,
    /// How sure the network is that this is a face, 0..=1.
    pub presence: f32,
}

/// Finds a face (the largest first, then the one it had, or the one pointed at) and follows it.
///
/// # Takes
///
/// Frames with their time, in order.
///
/// # Gives
///
/// The followed face in each, or none; and the boxes of all faces at the last detection.
pub struct Tracker {
    detector: Detector,
    landmarks: Network,
    crop: Option<Crop>,
    others: Vec<FaceBox>,
    detected_at: Option<Timestamp>,
    pointed_at: Option<(f32, f32)>,
    input: Vec<f32>,
    outputs: Vec<Vec<f32>>,
    found: Found,
}

const SIDE: usize = 256;
const SCALE: f32 = 1.5;
const MIN_PRESENCE: f32 = 0.5;
const LOOK_ROUND: Duration = Duration::from_secs(1);
/// Passes over the first frame after a detection: the crop settles on the landmarks.
const SETTLING: usize = 3;
const LEFT_EYE: usize = 33;
const RIGHT_EYE: usize = 263;

impl Tracker {
    /// Loads `face_detector` and `face_landmarks`.
    ///
    /// # Errors
    ///
    /// As [`Network::load`].
    pub fn load(manifest: &Manifest, runtime: &Runtime) -> Result<Self, ModelError> {
        Ok(Self {
            detector: Detector::load(manifest, runtime)?,
            landmarks: Network::load(manifest, runtime, "face_landmarks")?,
            crop: None,
            others: Vec::new(),
            detected_at: None,
            pointed_at: None,
            input: vec![0.0; SIDE * SIDE * 3],
            outputs: Vec::new(),
            found: Found::default(),
        })
    }

    /// The followed face in `frame`, which was taken at `at`.
    ///
    /// # Errors
    ///
    /// If a network fails.
    pub fn follow(&mut self, frame: &Frame, at: Timestamp) -> Result<Option<&Found>, ModelError> {
        let due = self.detected_at.is_none_or(|last| at < last || at.since(last) >= LOOK_ROUND);
        if self.crop.is_none() || self.pointed_at.is_some() || due {
            let detections = self.detector.detect(frame)?;
            self.detected_at = Some(at);
            self.others = detections.iter().map(|one| one.face).collect();
            self.choose(&detections);
        }
        let fresh = self.found.landmarks.is_empty();
        for _ in 0..if fresh { SETTLING } else { 1 } {
            let Some(crop) = self.crop else { return Ok(None) };
            self.place(frame, &crop)?;
            if self.found.presence < MIN_PRESENCE {
                self.lose();
                return Ok(None);
            }
        }
        Ok(Some(&self.found))
    }

    /// Follows the face at this point (px), if one is there in the next frame.
    pub const fn point_at(&mut self, x: f32, y: f32) {
        self.pointed_at = Some((x, y));
    }

    /// All faces at the last detection.
    #[must_use]
    pub fn others(&self) -> &[FaceBox] {
        &self.others
    }

    /// Forgets whom it followed.
    pub fn reset(&mut self) {
        self.lose();
        self.others.clear();
        self.detected_at = None;
        self.pointed_at = None;
    }

    fn lose(&mut self) {
        self.crop = None;
        self.found.landmarks.clear();
    }

    fn choose(&mut self, detections: &[Detection]) {
        let pointed = self.pointed_at.take();
        let chosen = match pointed {
            Some((x, y)) => detections.iter().find(|one| one.face.contains(x, y)),
            None if self.crop.is_some() => None,
            None => detections.iter().max_by(|a, b| a.face.area().total_cmp(&b.face.area())),
        };
        if let Some(chosen) = chosen {
            self.crop = Some(Crop::around(&chosen.face, SCALE, chosen.left_eye, chosen.right_eye));
            self.found.landmarks.clear();
        }
    }

    fn place(&mut self, frame: &Frame, crop: &Crop) -> Result<(), ModelError> {
        let mut pixels = self.input.chunks_exact_mut(3);
        crop.sample(frame, SIDE, |_, rgb| {
            if let Some(pixel) = pixels.next() {
                pixel.copy_from_slice(&rgb.map(|value| value / 255.0));
            }
        });
        self.landmarks.run(&[Input::F32(&[1, SIDE, SIDE, 3], &self.input)], &mut self.outputs)?;
        let [points, presence] = self.outputs.as_slice() else { return Ok(()) };
        self.found.presence = presence.first().map_or(0.0, |logit| 1.0 / (1.0 + (-logit).exp()));
        if self.found.presence < MIN_PRESENCE {
            return Ok(());
        }
        let scale = crop.side / SIDE as f32;
        self.found.landmarks.clear();
        self.found.landmarks.extend(points.chunks_exact(3).take(LANDMARKS).filter_map(|point| {
            let &[u, v, z] = point else { return None };
            let (x, y) = crop.picture_from_crop(u / SIDE as f32, v / SIDE as f32);
            Some(Landmark { x, y, z: z * scale })
        }));
        self.found.face = bounds(&self.found.landmarks);
        if let (Some(left), Some(right)) = (self.found.landmarks.get(LEFT_EYE), self.found.landmarks.get(RIGHT_EYE)) {
            self.crop = Some(Crop::around(&self.found.face, SCALE, (left.x, left.y), (right.x, right.y)));
        }
        Ok(())
    }
}
