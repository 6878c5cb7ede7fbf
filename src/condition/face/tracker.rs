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
use crate::signal::FaceView;
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
    /// When it looked closely for the last time and nobody was there.
    looked_close_at: Option<Timestamp>,
    pointed_at: Option<(f32, f32)>,
    input: Vec<f32>,
    outputs: Vec<Vec<f32>>,
    found: Found,
}

const SIDE: usize = 256;
const SCALE: f32 = 1.5;
const MIN_PRESENCE: f32 = 0.5;
const LOOK_ROUND: Duration = Duration::from_secs(1);
const LOOK_CLOSE: Duration = Duration::from_millis(200);
/// Passes over the first frame after a detection: the crop settles on the landmarks.
const SETTLING: usize = 3;
/// Where nobody is found: borders around the picture to look with, and how much wider than the face to cut.
const CLOSE: [(f32, f32); 6] = [(0.25, SCALE), (0.25, 1.25), (0.25, 1.0), (0.5, SCALE), (0.1, 1.25), (0.1, 1.0)];
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
            looked_close_at: None,
            pointed_at: None,
            input: vec![0.0; SIDE * SIDE * 3],
            outputs: Vec::new(),
            found: Found::default(),
        })
    }

    /// Looks for the face in `view.frame`, which was taken at `at`; fills in where it is, its landmarks, the others and its
    /// presence, and empties the rest.
    ///
    /// # Errors
    ///
    /// If a network fails.
    pub fn look(&mut self, view: &mut FaceView, at: Timestamp) -> Result<(), ModelError> {
        view.face = None;
        view.expression = None;
        view.landmarks.clear();
        view.crop.rgb.clear();
        view.quality.presence = 0.0;
        if let Some(found) = self.follow(&view.frame, at)? {
            view.face = Some(found.face);
            view.landmarks.extend_from_slice(&found.landmarks);
            view.quality.presence = found.presence;
        }
        view.others.clear();
        view.others.extend_from_slice(&self.others);
        Ok(())
    }

    /// The followed face in `frame`, which was taken at `at`.
    ///
    /// # Errors
    ///
    /// If a network fails.
    pub fn follow(&mut self, frame: &Frame, at: Timestamp) -> Result<Option<&Found>, ModelError> {
        let due = self.detected_at.is_none_or(|last| at < last || at.since(last) >= LOOK_ROUND);
        if self.crop.is_none() || self.pointed_at.is_some() || due {
            self.look_round(frame, at)?;
        }
        if !self.found.landmarks.is_empty() {
            if let Some(crop) = self.crop
                && self.place(frame, &crop)?
            {
                return Ok(Some(&self.found));
            }
            self.lose();
            self.look_round(frame, at)?;
        }
        if self.settle(frame)? {
            return Ok(Some(&self.found));
        }
        // An empty chair is looked at closely now and then only: it takes three times as long.
        let is_due = self.looked_close_at.is_none_or(|last| at < last || at.since(last) >= LOOK_CLOSE);
        if is_due {
            self.looked_close_at = Some(at);
            if self.look_close(frame)? {
                self.looked_close_at = None;
                return Ok(Some(&self.found));
            }
        }
        Ok(None)
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
        self.looked_close_at = None;
        self.pointed_at = None;
    }

    fn lose(&mut self) {
        self.crop = None;
        self.found.landmarks.clear();
    }

    fn look_round(&mut self, frame: &Frame, at: Timestamp) -> Result<(), ModelError> {
        let detections = self.detector.detect(frame)?;
        self.detected_at = Some(at);
        self.others = detections.iter().map(|one| one.face).collect();
        self.choose(&detections);
        Ok(())
    }

    /// Somebody so near that they fill the picture.
    fn look_close(&mut self, frame: &Frame) -> Result<bool, ModelError> {
        let (mut detections, mut last) = (Vec::new(), None);
        for (border, scale) in CLOSE {
            if last.replace(border) != Some(border) {
                detections = self.detector.detect_close(frame, border)?;
            }
            let Some(largest) = largest(&detections) else { continue };
            self.crop = Some(Crop::around(&largest.face, scale, largest.left_eye, largest.right_eye));
            if self.settle(frame)? {
                self.others = detections.iter().map(|one| one.face).collect();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets the crop of a detection settle on the landmarks. Whether there is a face; if a pass no longer finds it, what
    /// the one before found stands.
    fn settle(&mut self, frame: &Frame) -> Result<bool, ModelError> {
        for _ in 0..SETTLING {
            let Some(crop) = self.crop else { break };
            if !self.place(frame, &crop)? {
                break;
            }
        }
        let is_found = !self.found.landmarks.is_empty();
        if !is_found {
            self.lose();
        }
        Ok(is_found)
    }

    fn choose(&mut self, detections: &[Detection]) {
        let pointed = self.pointed_at.take();
        let chosen = match pointed {
            Some((x, y)) => detections.iter().find(|one| one.face.contains(x, y)),
            None if self.crop.is_some() => None,
            None => largest(detections),
        };
        if let Some(chosen) = chosen {
            self.crop = Some(Crop::around(&chosen.face, SCALE, chosen.left_eye, chosen.right_eye));
            self.found.landmarks.clear();
        }
    }

    /// Places the landmarks, and the next crop by them; leaves both as they are and says `false` where there is no face.
    fn place(&mut self, frame: &Frame, crop: &Crop) -> Result<bool, ModelError> {
        let mut pixels = self.input.chunks_exact_mut(3);
        crop.sample(frame, SIDE, |_, rgb| {
            if let Some(pixel) = pixels.next() {
                pixel.copy_from_slice(&rgb.map(|value| value / 255.0));
            }
        });
        self.landmarks.run(&[Input::F32(&[1, SIDE, SIDE, 3], &self.input)], &mut self.outputs)?;
        let [points, presence] = self.outputs.as_slice() else { return Ok(false) };
        let presence = presence.first().map_or(0.0, |logit| 1.0 / (1.0 + (-logit).exp()));
        if presence < MIN_PRESENCE {
            return Ok(false);
        }
        self.found.presence = presence;
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
        Ok(true)
    }
}

fn largest(detections: &[Detection]) -> Option<&Detection> {
    detections.iter().max_by(|a, b| a.face.area().total_cmp(&b.face.area()))
}
