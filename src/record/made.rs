//! A session made up for tests and for looking at: nobody's face, nobody's voice.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use image::ExtendedColorType;
use image::ImageEncoder as _;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::CompressionType;
use image::codecs::png::FilterType;
use image::codecs::png::PngEncoder;

use crate::encode::reliability_names;
use crate::record::of_transcript;
use crate::record::streams;
use crate::record::values;
use crate::session::Consent;
use crate::session::Header;
use crate::session::Item;
use crate::session::SessionError;
use crate::session::SessionWriter;
use crate::session::Subject;
use crate::signal::Absence;
use crate::signal::Affect;
use crate::signal::BLENDSHAPE_NAMES;
use crate::signal::Bipolar;
use crate::signal::Clarity;
use crate::signal::Evidence;
use crate::signal::Expression;
use crate::signal::FaceBox;
use crate::signal::FaceQuality;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::signal::Fused;
use crate::signal::Gates;
use crate::signal::HeadPose;
use crate::signal::Label;
use crate::signal::LabelsAtOnce;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Presence;
use crate::signal::Reading;
use crate::signal::Transcript;
use crate::signal::VOICE_FUNCTIONALS;
use crate::signal::VoiceQuality;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::time::Utc;

/// What is to be made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The participant's code.
    pub participant: String,
    /// The task.
    pub task: String,
    /// What is kept.
    pub consent: Consent,
    /// How long it is, seconds.
    pub secs: f64,
    /// When it began.
    pub began: Utc,
    /// Width and height of the pictures.
    pub size: (usize, usize),
    /// The first so many of its clock's seconds are of before it.
    pub clock_secs: f64,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            participant: "P07".to_owned(),
            task: "reading".to_owned(),
            consent: Consent::Numbers,
            secs: 20.0,
            began: Utc::from_nanos(1_795_792_338_000_000_000),
            size: (320, 180),
            clock_secs: 12.5,
        }
    }
}

/// Of every 20 s, what is said: from, to, words.
pub const SENTENCES: [(f64, f64, &str); 3] = [
    (1.0, 4.2, "Good afternoon. I am going to tell you about my day."),
    (7.0, 10.5, "Then my sister called, and I am so happy!"),
    (14.0, 18.0, "And then somebody broke my bicycle."),
];
const EVERY: f64 = 20.0;
/// Every step gives a block of sound, and whatever else is due.
const STEP: f64 = 0.01;
const FACE_HZ: f64 = 30.0;
/// The face sways in so many steps; it smiles in so many. Pictures that are the same are packed once.
const SWAYS: i32 = 12;
/// See above.
const SMILES: f64 = 4.0;

/// Shares of the session: what was forgotten, what is marked as not to count.
pub const FORGOTTEN: (f64, f64) = (0.60, 0.70);
/// See above.
pub const EXCLUDED: (f64, f64) = (0.30, 0.34);

/// Writes the session under `root`; where it is.
///
/// # Errors
///
/// If the system refuses.
pub fn write(root: &Path, made: &Made) -> Result<PathBuf, SessionError> {
    let subject = Subject {
        participant: made.participant.clone(),
        task: made.task.clone(),
        note: "made up".to_owned(),
        consent: made.consent,
    };
    let header = Header {
        began_utc: made.began.to_string(),
        began_unix_nanos: made.began.nanos(),
        began_nanos: Timestamp::from_secs(made.clock_secs).nanos(),
        program: "circumplex 0.1.0".to_owned(),
        machine: "none".to_owned(),
        source: "synthetic".to_owned(),
        source_names: vec!["made up".to_owned()],
        variant: "research".to_owned(),
        fusion: "gated".to_owned(),
        ..Header::new(subject)
    };
    let writer = SessionWriter::create(root, header, streams::headers(&streams::Origins::default()))?;
    Maker { made, writer, counts: BTreeMap::new(), packed: BTreeMap::new(), heard: 0, events: 0 }.run()
}

struct Maker<'a> {
    made: &'a Made,
    writer: SessionWriter,
    counts: BTreeMap<u8, u64>,
    packed: BTreeMap<(u8, i32), Vec<u8>>,
    heard: u64,
    events: u64,
}

impl Maker<'_> {
    fn run(mut self) -> Result<PathBuf, SessionError> {
        let secs = self.made.secs;
        self.event(0.0, (0.0, 0.0), &begin())?;
        let (mut answered, mut seen, mut heard, mut told) = (0, 0, 0, 0);
        let (mut is_forgotten, mut is_marked, mut is_excluded) = (false, false, false);
        for step in 0..(secs / STEP) as u64 {
            let at = step as f64 * STEP;
            let share = at / secs;
            if (FORGOTTEN.0..FORGOTTEN.1).contains(&share) {
                is_forgotten = true;
                continue;
            }
            if std::mem::take(&mut is_forgotten) {
                let what = serde_json::json!({ "type": "forgotten", "items": 4321 });
                self.event(at, (FORGOTTEN.0 * secs, FORGOTTEN.1 * secs), &what)?;
                self.event(at, (at, at), &begin())?;
            }
            if share >= 0.1 && !std::mem::replace(&mut is_marked, true) {
                self.marker(at, (at, at), "marker", "task starts", "")?;
            }
            if share >= EXCLUDED.1 && !std::mem::replace(&mut is_excluded, true) {
                let stretch = (EXCLUDED.0 * secs, EXCLUDED.1 * secs);
                self.marker(at, stretch, "exclude", "knock at the door", "")?;
                self.marker(at, (at, at), "marker", "note", "went on by themselves")?;
            }
            self.sound(at)?;
            for _ in due(&mut heard, at, 31.25) {
                self.level(at)?;
            }
            for _ in due(&mut seen, at, FACE_HZ) {
                self.face(at)?;
            }
            self.talk(at)?;
            for _ in due(&mut answered, at, 25.0) {
                self.answer(at)?;
            }
            for _ in due(&mut told, at, 1.0) {
                let utc = self.made.began.nanos() + (at * 1e9) as i64;
                let what = serde_json::json!({ "type": "clock", "utc_unix_nanos": utc });
                self.json(streams::CLOCK, at, (at, at), &what)?;
            }
            if step.is_multiple_of(200) {
                self.writer.flush()?;
            }
        }
        self.writer.finish()
    }

    fn time(&self, at: f64) -> Timestamp {
        Timestamp::from_secs(self.made.clock_secs + at)
    }

    fn put(
        &mut self,
        stream: u8,
        at: f64,
        span: (f64, f64),
        values: Vec<f32>,
        bytes: Vec<u8>,
    ) -> Result<(), SessionError> {
        let span = Span::new(self.time(span.0), self.time(span.1));
        let seq = self.next(stream);
        self.keep(Item { stream, arrived: self.time(at), span, seq, values, bytes })
    }

    fn keep(&mut self, item: Item) -> Result<(), SessionError> {
        if self.writer.keeps(item.stream) && !self.writer.put(item.clone())? {
            self.writer.flush()?;
            self.writer.put(item)?;
        }
        Ok(())
    }

    fn next(&mut self, stream: u8) -> u64 {
        let count = self.counts.entry(stream).or_insert(0);
        *count += 1;
        *count - 1
    }

    fn json(&mut self, stream: u8, at: f64, span: (f64, f64), what: &serde_json::Value) -> Result<(), SessionError> {
        self.put(stream, at, span, Vec::new(), serde_json::to_vec(what).unwrap_or_default())
    }

    fn event(&mut self, at: f64, span: (f64, f64), what: &serde_json::Value) -> Result<(), SessionError> {
        self.json(streams::EVENTS, at, span, what)
    }

    fn marker(&mut self, at: f64, span: (f64, f64), kind: &str, name: &str, text: &str) -> Result<(), SessionError> {
        self.events += 1;
        let what = serde_json::json!({ "type": "marker", "id": self.events, "kind": kind, "name": name, "text": text });
        self.event(at, span, &what)
    }

    fn sound(&mut self, at: f64) -> Result<(), SessionError> {
        let rate = 16_000.0;
        let samples: Vec<f32> = (0..160)
            .map(|index| {
                let secs = at + f64::from(index) / rate;
                let loud = if said(secs).is_some() { 0.2 } else { 0.0005 };
                let pitch = std::f64::consts::TAU * 140.0 * secs;
                (loud * ((pitch).sin() + 0.5 * (2.0 * pitch).sin() + 0.3 * (5.0 * pitch).sin())) as f32
            })
            .collect();
        let (stream, arrived) = (streams::SOUND, self.time(at + 0.02));
        let first = self.heard;
        self.heard += 480;
        let span = Span::at(self.time(at));
        self.keep(Item { stream, arrived, span, seq: first, values: samples, bytes: Vec::new() })?;
        let (stream, values) = (streams::SOUND_STAMPS, vec![480.0, 0.0]);
        self.keep(Item { stream, arrived, span, seq: first, values, bytes: Vec::new() })
    }

    fn level(&mut self, at: f64) -> Result<(), SessionError> {
        let is_speech = said(at).is_some();
        let level = Level {
            speech_probability: if is_speech { 0.96 } else { 0.02 },
            is_speech,
            level_db: if is_speech { -20.0 } else { -62.0 },
            quality: VoiceQuality { snr_db: 25.0, clipped: 0.0, activity: 0.6 },
        };
        self.put(streams::LEVEL, at, (at - 0.032, at), values::of_level(&level), Vec::new())
    }

    fn face(&mut self, at: f64) -> Result<(), SessionError> {
        let taken = (at - 0.04, at - 0.04);
        let view = face_view(at, self.made.size);
        let seq = self.counts.get(&streams::FACE).copied().unwrap_or(0);
        let presence = if has_face(at) { evidence(at, 0.1, Modality::Face, taken.1) } else { Err(Absence::NoFace) };
        let (arrived, span) = (self.time(at), Span::at(self.time(taken.1)));
        let presence = presence.map(|found| Timestamped { span, seq, ..found });
        let features = values::of_face(&view);
        let item = values::of_presence(Modality::Face, &presence, (span, seq), &features, arrived);
        self.next(streams::FACE);
        self.keep(item)?;
        let kind = swayed(at) + SWAYS * (smile(at) * SMILES).round() as i32;
        let mut numbers = Vec::new();
        if let Some(face) = view.face {
            numbers.extend([view.quality.presence, face.x, face.y, face.width, face.height]);
            numbers.extend((0..478).flat_map(|index| {
                let (turn, reach) = (index as f32 * 2.4, (index as f32 / 478.0).sqrt());
                let (x, y) = face.centre();
                [x + turn.cos() * reach * face.width * 0.45, y + turn.sin() * reach * face.height * 0.45, 0.0]
            }));
        }
        if self.made.consent >= Consent::Inputs {
            let bytes = if view.face.is_some() { self.crop(kind, at) } else { Vec::new() };
            self.put(streams::CROP, at, taken, numbers, bytes)?;
        }
        if self.made.consent >= Consent::Video {
            let bytes = self.picture(kind, at);
            self.put(streams::PICTURE, at, taken, Vec::new(), bytes)?;
        }
        Ok(())
    }

    fn crop(&mut self, kind: i32, at: f64) -> Vec<u8> {
        self.packed
            .entry((streams::CROP, kind))
            .or_insert_with(|| {
                let face = FaceBox { x: 12.0, y: 4.0, width: 88.0, height: 104.0 };
                packed(&drawn(112, 112, Some(&face), smile(at)), streams::CROP)
            })
            .clone()
    }

    fn picture(&mut self, kind: i32, at: f64) -> Vec<u8> {
        let (width, height) = self.made.size;
        let key = if has_face(at) { kind } else { i32::MIN };
        let face = face_view(at, self.made.size).face;
        self.packed
            .entry((streams::PICTURE, key))
            .or_insert_with(|| packed(&drawn(width, height, face.as_ref(), smile(at)), streams::PICTURE))
            .clone()
    }

    fn talk(&mut self, at: f64) -> Result<(), SessionError> {
        let step = (at / STEP).round() as u64;
        if step.is_multiple_of(25) && said(at - 0.8).is_some() {
            let span = (at - 2.0, at - 0.05);
            self.evidence(Modality::Voice, at, -0.2, span)?;
        }
        for (from, to, text) in SENTENCES {
            let since = step as i64 - ((to + 1.2) / STEP).round() as i64;
            if since >= 0 && since % (EVERY / STEP) as i64 == 0 {
                let span = (at - 1.2 - (to - from), at - 1.2);
                self.evidence(Modality::Words, at, 0.05, span)?;
                let spoken = Span::new(self.time(span.0), self.time(span.1));
                let said = Transcript { text: text.to_owned(), confidence: 0.92, spoken, labels: None };
                self.json(streams::TRANSCRIPT, at, span, &of_transcript(&said))?;
            }
        }
        Ok(())
    }

    fn evidence(&mut self, modality: Modality, at: f64, off: f64, span: (f64, f64)) -> Result<(), SessionError> {
        let seq = self.next(streams::of(modality));
        let found = evidence(at, off, modality, span.1);
        let span = Span::new(self.time(span.0), self.time(span.1));
        let found = found.map(|found| Timestamped { span, seq, ..found });
        let measured = if modality == Modality::Voice { vec![0.25; VOICE_FUNCTIONALS] } else { Vec::new() };
        let item = values::of_presence(modality, &found, (span, seq), &measured, self.time(at));
        self.keep(item)
    }

    fn answer(&mut self, at: f64) -> Result<(), SessionError> {
        let weights = [f64::from(u8::from(has_face(at))) * 0.6, if said(at - 1.0).is_some() { 0.3 } else { 0.0 }, 0.1];
        let sum: f64 = weights.iter().sum();
        let [face, voice, words] = weights.map(|weight| (weight / sum) as f32);
        let (valence, arousal) = course(at);
        let reading = reading(valence, arousal, 0.16);
        let mut labels = LabelsAtOnce { probabilities: [0.1; 7], doubts: [0.05; 7], thresholds: [0.5; 7] };
        if let Some(place) = labels.probabilities.get_mut(reading.label().index()) {
            *place = 0.7;
        }
        let fused = Fused {
            labels: Some(labels),
            clarity: Some(Clarity { from: 0.48, right: 0.8, shown: 0.55 }),
            ..Fused::new(reading, Gates { face, voice, words })
        };
        self.put(streams::AFFECT, at, (at, at), values::of_answer(Some(&fused)), Vec::new())
    }
}

fn begin() -> serde_json::Value {
    let sources = serde_json::json!({ "off": [null, null, null], "has_come": [true, true, true] });
    serde_json::json!({ "type": "begin", "sources": sources, "fusion": "gated" })
}

/// Of what comes `hz` times a second, what is due at `at` and wasn't given yet.
fn due(given: &mut u64, at: f64, hz: f64) -> std::ops::Range<u64> {
    let from = *given;
    *given = (at * hz) as u64 + 1;
    // After a gap what was missed isn't made up for.
    from.max(given.saturating_sub(1))..*given
}

/// The sentence that is being said.
fn said(at: f64) -> Option<&'static str> {
    let within = at.rem_euclid(EVERY);
    SENTENCES.iter().find(|(from, to, _)| at >= 0.0 && (*from..*to).contains(&within)).map(|(_, _, text)| *text)
}

fn has_face(at: f64) -> bool {
    !(11.5..13.0).contains(&at.rem_euclid(EVERY))
}

/// Where the reading is at a time.
#[must_use]
pub fn course(at: f64) -> (f64, f64) {
    let valence = 0.5 * (at * 0.21).sin() + 0.2 * (at * 0.67).sin();
    let arousal = 0.35 * (at * 0.16 + 1.0).cos() + 0.12 * (at * 0.9).sin() + 0.1;
    (valence, arousal)
}

/// How far the head is on its way from side to side and back.
fn swayed(at: f64) -> i32 {
    (at * 4.0) as i32 % SWAYS
}

/// A smile for what is pleasant, in steps.
fn smile(at: f64) -> f64 {
    (course(at).0 * SMILES).round() / SMILES
}

fn reading(valence: f64, arousal: f64, sd: f32) -> Reading {
    let (valence, arousal) = (valence as f32, arousal as f32);
    let mut probabilities = Label::ALL.map(|label| {
        let (v, a) = label.centroid();
        (-((valence - v).powi(2) + (arousal - a).powi(2)) / 0.16).exp()
    });
    let sum: f32 = probabilities.iter().sum();
    for value in &mut probabilities {
        *value /= sum;
    }
    let [valence, arousal] = [valence, arousal].map(|value| Bipolar::new(value).unwrap_or_default());
    Reading { affect: Affect { valence, arousal, valence_sd: sd, arousal_sd: sd * 0.8 }, probabilities }
}

#[expect(clippy::unnecessary_wraps, reason = "it is a presence")]
fn evidence(at: f64, off: f64, modality: Modality, end: f64) -> Presence {
    let (valence, arousal) = course(at);
    let reading = reading((valence + off).clamp(-1.0, 1.0), arousal, 0.22);
    let value = Evidence {
        reading,
        raw: reading,
        quality: 0.8,
        known_secs: at as f32,
        reliability: reliability_names(modality).iter().map(|_| 0.5).collect(),
        embedding: Arc::default(),
    };
    Ok(Timestamped::new(Span::at(Timestamp::from_secs(end)), 0, value))
}

fn face_view(at: f64, (width, height): (usize, usize)) -> FaceView {
    if !has_face(at) {
        return FaceView::default();
    }
    let (width, height) = (width as f32, height as f32);
    let sway = (f64::from(swayed(at)) / f64::from(SWAYS) * std::f64::consts::TAU).sin() as f32;
    let face = FaceBox { x: width * (0.36 + 0.06 * sway), y: height * 0.2, width: width * 0.27, height: height * 0.58 };
    let smile = smile(at).max(0.02) as f32;
    let shape = |name: &&str| if name.starts_with("mouthSmile") { smile } else { 0.05 };
    FaceView {
        face: Some(face),
        pose: HeadPose { pitch_deg: 2.0, yaw_deg: 8.0 * sway, roll_deg: 0.0 },
        gaze_deg: (1.0, -2.0),
        blink: 0.1,
        quality: FaceQuality {
            width_px: face.width,
            presence: 0.99,
            sharpness: 0.31,
            brightness: 0.5,
            contrast: 0.2,
            change: 0.01,
            strangeness: 0.1,
            overall: 0.8,
        },
        expression: Some(Expression {
            blendshapes: BLENDSHAPE_NAMES.iter().map(shape).collect(),
            logits: [0.0; 7],
            features: Box::default(),
        }),
        ..FaceView::default()
    }
}

/// A plain drawn face, with the grain of a camera, so that it packs as a real one does.
fn drawn(width: usize, height: usize, face: Option<&FaceBox>, smile: f64) -> Frame {
    let mut frame = Frame::black(width, height);
    let mut grain = 0x2545_F491_u32;
    for (index, pixel) in frame.rgb.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (x, y) = ((index % width) as f32, (index / width) as f32);
        let shade = 60.0 + 50.0 * (x / width as f32) + 20.0 * (y / height as f32);
        let mut ink = [shade, shade * 1.04, shade * 1.12];
        if let Some(face) = face {
            paint(&mut ink, x, y, face, smile as f32);
        }
        for (byte, ink) in pixel.iter_mut().zip(ink) {
            grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (ink + (grain >> 29) as f32 - 3.5).clamp(0.0, 255.0) as u8;
        }
    }
    frame
}

fn paint(ink: &mut [f32; 3], x: f32, y: f32, face: &FaceBox, smile: f32) {
    let (middle_x, middle_y) = face.centre();
    let (u, v) = ((x - middle_x) / (face.width / 2.0), (y - middle_y) / (face.height / 2.0));
    if u * u + v * v > 1.0 {
        return;
    }
    let light = 1.0 - 0.25 * (u * u + v * v);
    *ink = [214.0 * light, 172.0 * light, 146.0 * light];
    let is_eye = ((u.abs() - 0.38) / 0.13).powi(2) + ((v + 0.18) / 0.07).powi(2) < 1.0;
    let lip = 0.45 - smile * 0.5 * (u * u - 0.1);
    if is_eye {
        *ink = [40.0, 36.0, 40.0];
    } else if u.abs() < 0.42 && (v - lip).abs() < 0.05 {
        *ink = [150.0, 60.0, 64.0];
    }
}

fn packed(frame: &Frame, stream: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height, form) = (frame.width as u32, frame.height as u32, ExtendedColorType::Rgb8);
    let cursor = Cursor::new(&mut bytes);
    let done = if stream == streams::CROP {
        PngEncoder::new_with_quality(cursor, CompressionType::Fast, FilterType::Adaptive)
            .write_image(&frame.rgb, width, height, form)
    } else {
        JpegEncoder::new_with_quality(cursor, 92).write_image(&frame.rgb, width, height, form)
    };
    if done.is_ok() { bytes } else { Vec::new() }
}
