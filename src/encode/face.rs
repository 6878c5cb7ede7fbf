//! The face: followed, measured, its expression read.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::condition::face::Crop;
use crate::condition::face::Geometry;
use crate::condition::face::QualitySettings;
use crate::condition::face::Steadiness;
use crate::condition::face::Tracker;
use crate::condition::face::gaze;
use crate::condition::face::measure;
use crate::encode::Head;
use crate::encode::Person;
use crate::encode::pooling::moments;
use crate::encode::pooling::pool;
use crate::model::Input;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::signal::Absence;
use crate::signal::BLENDSHAPE_NAMES;
use crate::signal::Evidence;
use crate::signal::Expression;
use crate::signal::FACE_MOVING;
use crate::signal::FaceBox;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::signal::Landmark;
use crate::time::Span;
use crate::time::Timestamp;

/// How faces are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaceSettings {
    /// What a face must be like to be trusted.
    pub quality: QualitySettings,
    /// Seconds of expression that a reading rests on.
    pub window_secs: f32,
    /// Seconds without a face after which another person may have come.
    pub lost_secs: f32,
}

impl Default for FaceSettings {
    fn default() -> Self {
        Self { quality: QualitySettings::default(), window_secs: 2.0, lost_secs: 5.0 }
    }
}

/// What the face in one frame says, or why it says nothing; and whether the person was begun afresh with it, and why.
#[derive(Debug, Clone)]
pub struct FaceOutcome {
    /// The reading, or its absence.
    pub presence: Result<Evidence, Absence>,
    /// Why what was known of the person was let go of, if it was.
    pub afresh: Option<&'static str>,
}

/// Follows a face and reads its expression against the person's mean.
///
/// # Takes
///
/// Frames with their spans, in order.
///
/// # Gives
///
/// For each, a filled-in [`FaceView`] and a [`FaceOutcome`]. The features of a reading are, over the last
/// [`window_secs`](FaceSettings::window_secs): mean, standard deviation and 90th percentile of 52 blendshapes,
/// 3 angles of the head (in radians) and the expression network's 7 logits, then the mean of its 128 features. The open
/// variant has no such network: its numbers are 0 there, and its head doesn't look at them.
pub struct FaceEncoder {
    tracker: Tracker,
    reader: FaceReader,
}

/// The second half of a [`FaceEncoder`]: reads the face that was found in a frame.
pub struct FaceReader {
    geometry: Geometry,
    blendshapes: Network,
    /// Not in the open variant.
    expression: Option<Network>,
    head: Option<Head>,
    person: Person,
    settings: FaceSettings,
    window: VecDeque<(Timestamp, Box<[f32]>)>,
    last_seen: Option<Timestamp>,
    looks: Option<FaceLook>,
    steadiness: Steadiness,
    points: Vec<f32>,
    pixels: Vec<f32>,
    outputs: Vec<Vec<f32>>,
    features: Vec<f32>,
}

/// How somebody looks in their box, roughly: ratios of the face that an expression hardly moves.
type FaceLook = [f32; 4];

/// Side of the expression network's crop, px.
pub const CROP: usize = 112;
/// Side of that crop over the face's longer one.
pub const CROP_SCALE: f32 = 1.1;
const MOVING: usize = FACE_MOVING;
const EXPRESSION: usize = 128;
/// Numbers in one frame's features.
pub const ROW: usize = MOVING + EXPRESSION;
/// What the trust in a face rests on: presence (0..=1), doublings of its width over 100 px, sharpness, brightness, contrast,
/// decimal logarithm of the change from frame to frame, strangeness, turns to the side and up or down (right angles), how far
/// the mouth is open (0..=1) and how much that varied in the last second.
pub(super) const RELIABILITY: [&str; 11] = [
    "presence",
    "log_width",
    "sharpness",
    "brightness",
    "contrast",
    "log_change",
    "strangeness",
    "yaw",
    "pitch",
    "mouth_open",
    "mouth_motion",
];
const FULL_WIDTH: f32 = 100.0;
const LEAST_CHANGE: f32 = 1e-5;
const RIGHT_ANGLE: f32 = 90.0;
/// How far back the mouth's motion looks.
const LIPS: Duration = Duration::from_secs(1);
/// Numbers in a reading's features.
pub const FACE_FEATURES: usize = 3 * MOVING + EXPRESSION;
const LONGEST_FRAME: Duration = Duration::from_millis(200);
const OTHER_PERSON: f32 = 0.12;

/// The landmarks that the blendshape network takes, in its order (as in the model's own description).
const BLENDSHAPE_POINTS: [usize; 146] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
];

impl FaceEncoder {
    /// Loads the face's networks. Without its head it finds and measures faces and gives no readings.
    ///
    /// # Errors
    ///
    /// As [`Network::load`].
    pub fn load(manifest: &Manifest, runtime: &Runtime, settings: FaceSettings) -> Result<Self, ModelError> {
        let head = match Head::load(manifest, runtime, "face_head", FACE_FEATURES) {
            Ok(head) => Some(head),
            Err(ModelError::Unlisted { .. }) => None,
            Err(error) => return Err(error),
        };
        let reader = FaceReader {
            geometry: Geometry::load(manifest)?,
            blendshapes: Network::load(manifest, runtime, "face_blendshapes")?,
            expression: (!manifest.withholds("expression"))
                .then(|| Network::load(manifest, runtime, "expression"))
                .transpose()?,
            head,
            person: Person::unknown(FACE_FEATURES),
            settings,
            window: VecDeque::new(),
            last_seen: None,
            looks: None,
            steadiness: Steadiness::default(),
            points: Vec::new(),
            pixels: vec![0.0; CROP * CROP * 3],
            outputs: Vec::new(),
            features: Vec::new(),
        };
        Ok(Self { tracker: Tracker::load(manifest, runtime)?, reader })
    }

    /// Reads the face in `view.frame`, and fills in the rest of the view.
    ///
    /// # Errors
    ///
    /// If a network fails.
    pub fn encode(&mut self, view: &mut FaceView, span: Span) -> Result<FaceOutcome, ModelError> {
        self.tracker.look(view, span.end)?;
        self.reader.read(view, span)
    }

    /// What finds the face and what reads it, for two threads: each takes every frame, in order, and the second after the
    /// first.
    pub const fn halves(&mut self) -> (&mut Tracker, &mut FaceReader) {
        (&mut self.tracker, &mut self.reader)
    }

    /// What reads the face, without what finds it.
    pub const fn reader_mut(&mut self) -> &mut FaceReader {
        &mut self.reader
    }

    /// What is known of the person.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.reader.person
    }

    /// The same, to freeze or to forget.
    pub const fn person_mut(&mut self) -> &mut Person {
        &mut self.reader.person
    }

    /// The features of the last reading, or none before the first.
    #[must_use]
    pub fn features(&self) -> &[f32] {
        &self.reader.features
    }

    /// Reads the face at this point of the next frame (px), if there is one.
    pub fn point_at(&mut self, x: f32, y: f32) {
        self.tracker.point_at(x, y);
        self.reader.begin_afresh();
    }

    /// Forgets the person, and what was just seen of them.
    pub fn begin_afresh(&mut self) {
        self.reader.begin_afresh();
    }

    /// Forgets the stream (for another recording or camera), not the person.
    pub fn restart(&mut self) {
        self.tracker.reset();
        self.reader.restart();
    }
}

impl FaceReader {
    /// What is known of the person.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }

    /// The same, to freeze, to forget or to take over.
    pub const fn person_mut(&mut self) -> &mut Person {
        &mut self.person
    }

    /// Reads the face that the [`Tracker`] found in the view, and fills in the rest of it.
    ///
    /// # Errors
    ///
    /// If a network fails.
    pub fn read(&mut self, view: &mut FaceView, span: Span) -> Result<FaceOutcome, ModelError> {
        if let Some(face) = view.face {
            cut(&face, view);
        }
        self.read_cut(view, span)
    }

    /// The same where the crop has been cut out already: reads nothing of the view but its box, landmarks, presence and crop.
    ///
    /// # Errors
    ///
    /// If a network fails.
    pub fn read_cut(&mut self, view: &mut FaceView, span: Span) -> Result<FaceOutcome, ModelError> {
        let at = span.end;
        let Some(face) = view.face else {
            self.window.clear();
            return Ok(FaceOutcome { presence: Err(Absence::NoFace), afresh: None });
        };
        view.pose = self.geometry.pose(&view.landmarks).unwrap_or_default();
        view.gaze_deg = gaze(&view.landmarks).unwrap_or_default();
        self.look_at(&view.crop);
        view.quality = measure(&view.crop, face.width, view.quality.presence, &view.pose, &self.settings.quality);
        (view.quality.change, view.quality.strangeness) = self.steadiness.observe(&view.crop);
        let expression = self.express(&view.landmarks)?;
        view.blink = mean_of(&expression.blendshapes, &["eyeBlinkLeft", "eyeBlinkRight"]);

        let afresh = self.recognise(&view.landmarks, at);
        let presence = match self.settings.quality.refusal(&view.quality, &view.pose) {
            Some(absence) => {
                self.window.clear();
                Err(absence)
            }
            None => self.reading(&expression, view, span)?,
        };
        view.expression = Some(expression);
        Ok(FaceOutcome { presence, afresh })
    }

    /// Forgets the person, and what was just seen of them.
    pub fn begin_afresh(&mut self) {
        self.person.forget();
        self.window.clear();
        self.looks = None;
        self.steadiness.reset();
    }

    /// Forgets the stream, not the person.
    pub fn restart(&mut self) {
        self.window.clear();
        self.features.clear();
        self.last_seen = None;
        self.looks = None;
        self.steadiness.reset();
    }

    /// Gives the crop to the expression network: what it sees is what is shown and kept.
    fn look_at(&mut self, crop: &Frame) {
        for (at, pixel) in crop.rgb.as_chunks::<3>().0.iter().enumerate() {
            for (plane, value) in self.pixels.chunks_exact_mut(CROP * CROP).zip(pixel) {
                if let Some(place) = plane.get_mut(at) {
                    *place = f32::from(*value);
                }
            }
        }
    }

    fn express(&mut self, landmarks: &[Landmark]) -> Result<Expression, ModelError> {
        self.points.clear();
        for point in BLENDSHAPE_POINTS.iter().filter_map(|&at| landmarks.get(at)) {
            self.points.extend([point.x, point.y]);
        }
        self.blendshapes.run(&[Input::F32(&[1, BLENDSHAPE_POINTS.len(), 2], &self.points)], &mut self.outputs)?;
        let blendshapes: Box<[f32]> = self.outputs.first().map(|values| values.as_slice().into()).unwrap_or_default();
        match self.expression.as_mut() {
            Some(network) => network.run(&[Input::F32(&[1, 3, CROP, CROP], &self.pixels)], &mut self.outputs)?,
            None => self.outputs.clear(),
        }
        let mut outputs = self.outputs.iter();
        let (theirs, features) = (outputs.next().map_or(&[][..], Vec::as_slice), outputs.next());
        let logits = std::array::from_fn(|at| theirs.get(at).copied().unwrap_or(0.0));
        Ok(Expression {
            blendshapes,
            logits,
            features: features.map_or_else(|| vec![0.0; EXPRESSION].into(), |values| values.as_slice().into()),
        })
    }

    fn reading(
        &mut self,
        now: &Expression,
        view: &FaceView,
        span: Span,
    ) -> Result<Result<Evidence, Absence>, ModelError> {
        let pose = [view.pose.pitch_deg, view.pose.yaw_deg, view.pose.roll_deg].map(f32::to_radians);
        let row = now.blendshapes.iter().chain(&pose).chain(&now.logits).chain(&now.features).copied().collect();
        self.window.push_back((span.end, row));
        let oldest = span.end - Duration::from_secs_f32(self.settings.window_secs.max(0.0));
        while self.window.front().is_some_and(|(at, _)| *at < oldest) {
            self.window.pop_front();
        }
        self.gather();
        let Some(head) = self.head.as_mut() else { return Ok(Err(Absence::NoModel)) };
        let reading = head.read(&self.features, &self.person)?;
        let raw = head.read_raw(&self.features)?;
        let evidence = Evidence {
            reading,
            raw,
            quality: view.quality.overall,
            reliability: self.reliability(view, now, span.end).into(),
            embedding: self.features.as_slice().into(),
            known_secs: self.person.secs(),
        };
        self.person.observe(&self.features, span.len().min(LONGEST_FRAME).as_secs_f32());
        Ok(Ok(evidence))
    }

    fn reliability(&self, view: &FaceView, now: &Expression, at: Timestamp) -> [f32; RELIABILITY.len()] {
        let opens = |blendshapes: &[f32]| mean_of(blendshapes, &["jawOpen"]);
        // A row of the window begins with its blendshapes.
        let lately = self.window.iter().filter(|(then, _)| at.since(*then) <= LIPS);
        let (_, motion) = moments(&lately.map(|(_, row)| opens(row)).collect::<Vec<_>>());
        let quality = &view.quality;
        [
            quality.presence,
            (quality.width_px.max(1.0) / FULL_WIDTH).log2(),
            quality.sharpness,
            quality.brightness,
            quality.contrast,
            quality.change.max(LEAST_CHANGE).log10(),
            quality.strangeness,
            (view.pose.yaw_deg / RIGHT_ANGLE).abs(),
            (view.pose.pitch_deg / RIGHT_ANGLE).abs(),
            opens(&now.blendshapes),
            motion,
        ]
    }

    fn gather(&mut self) {
        let mut moving = Vec::with_capacity(self.window.len() * MOVING);
        let mut mean = [0.0f32; EXPRESSION];
        let share = 1.0 / self.window.len().max(1) as f32;
        for (_, row) in &self.window {
            moving.extend(row.iter().take(MOVING));
            for (sum, value) in mean.iter_mut().zip(row.iter().skip(MOVING)) {
                *sum += value * share;
            }
        }
        self.features.clear();
        pool(&moving, MOVING, &mut self.features);
        self.features.extend(mean);
    }

    /// Lets go of the person when the face was away for long and is somebody else's.
    fn recognise(&mut self, landmarks: &[Landmark], at: Timestamp) -> Option<&'static str> {
        let away = self.last_seen.map(|last| at.since(last).as_secs_f32());
        self.last_seen = Some(at);
        let looks = look(landmarks)?;
        let before = *self.looks.get_or_insert(looks);
        let apart = looks.iter().zip(before).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        if away.is_some_and(|secs| secs > self.settings.lost_secs) && apart > OTHER_PERSON {
            self.begin_afresh();
            self.looks = Some(looks);
            return Some("another face came");
        }
        for (known, seen) in self.looks.iter_mut().flatten().zip(looks) {
            *known += (seen - *known) * 0.01;
        }
        None
    }
}

/// The 112×112 crop of the face, level, around its landmarks.
fn cut(face: &FaceBox, view: &mut FaceView) {
    let eye = |at: usize| view.landmarks.get(at).map_or((0.0, 0.0), |point| (point.x, point.y));
    let crop = Crop::around(face, CROP_SCALE, eye(33), eye(263));
    view.crop.width = CROP;
    view.crop.height = CROP;
    let rgb = &mut view.crop.rgb;
    rgb.clear();
    crop.sample(&view.frame, CROP, |_, pixel| rgb.extend(pixel.map(|value| value.round() as u8)));
}

/// Widths and heights of a face over the distance of its eyes: they hardly move with an expression.
fn look(landmarks: &[Landmark]) -> Option<FaceLook> {
    let distance = |a: usize, b: usize| {
        let (a, b) = (landmarks.get(a)?, landmarks.get(b)?);
        Some(((a.x - b.x).powi(2) + (a.y - b.y).powi(2) + (a.z - b.z).powi(2)).sqrt())
    };
    let eyes = distance(33, 263)?;
    if eyes <= 0.0 {
        return None;
    }
    Some([distance(234, 454)? / eyes, distance(168, 2)? / eyes, distance(133, 362)? / eyes, distance(129, 358)? / eyes])
}

fn mean_of(blendshapes: &[f32], names: &[&str]) -> f32 {
    let values = BLENDSHAPE_NAMES.iter().zip(blendshapes).filter(|(name, _)| names.contains(name));
    values.map(|(_, value)| value).sum::<f32>() / names.len().max(1) as f32
}
