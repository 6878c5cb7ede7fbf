//! What happens in each scene.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a script with small numbers"
)]

use std::path::PathBuf;
use std::time::Duration;

use circumplex::capture::Pick;
use circumplex::capture::SourceState;
use circumplex::link::event::EventOutlet;
use circumplex::link::latest::LatestOutlet;
use circumplex::pipeline::Event;
use circumplex::pipeline::FusionKind;
use circumplex::pipeline::FusionState;
use circumplex::pipeline::Health;
use circumplex::pipeline::LinkHealth;
use circumplex::pipeline::PersonState;
use circumplex::pipeline::SourceChoice;
use circumplex::pipeline::StageHealth;
use circumplex::pipeline::Tick;
use circumplex::signal::Absence;
use circumplex::signal::Affect;
use circumplex::signal::BLENDSHAPE_NAMES;
use circumplex::signal::Bipolar;
use circumplex::signal::Clarity;
use circumplex::signal::Evidence;
use circumplex::signal::Expression;
use circumplex::signal::FaceBox;
use circumplex::signal::FaceQuality;
use circumplex::signal::FaceView;
use circumplex::signal::Frame;
use circumplex::signal::Fused;
use circumplex::signal::Gates;
use circumplex::signal::HeadPose;
use circumplex::signal::Label;
use circumplex::signal::LabelsAtOnce;
use circumplex::signal::Landmark;
use circumplex::signal::Level;
use circumplex::signal::Modality;
use circumplex::signal::Moment;
use circumplex::signal::Presence;
use circumplex::signal::Reading;
use circumplex::signal::Transcript;
use circumplex::signal::VoiceQuality;
use circumplex::time::Span;
use circumplex::time::Timestamp;
use circumplex::time::Timestamped;

const SENTENCES: [(f64, f64, &str); 6] = [
    (4.0, 8.2, "Good afternoon. I am going to tell you about my day."),
    (13.0, 17.5, "Then my sister called, and I am so happy!"),
    (24.0, 28.0, "But my grandmother cannot come. She is very ill."),
    (35.0, 40.0, "And then somebody broke my bicycle. That makes me so angry!"),
    (52.0, 57.5, "It was only the cat. I laughed, and I felt much better."),
    (69.0, 80.0, "I can't believe it works."),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    Talk,
    Synthetic,
    Two,
    Nobody,
    Unclear,
    Late,
    First,
    NoDevice,
    Refused,
    Lost,
    Models,
    Died,
    Ended,
    Failed,
}

impl Scene {
    pub const ALL: [(&'static str, Self); 14] = [
        ("talk", Self::Talk),
        ("synthetic", Self::Synthetic),
        ("two", Self::Two),
        ("nobody", Self::Nobody),
        ("unclear", Self::Unclear),
        ("late", Self::Late),
        ("first", Self::First),
        ("nodevice", Self::NoDevice),
        ("refused", Self::Refused),
        ("lost", Self::Lost),
        ("models", Self::Models),
        ("died", Self::Died),
        ("ended", Self::Ended),
        ("failed", Self::Failed),
    ];

    pub fn source(self) -> SourceChoice {
        match self {
            Self::Synthetic => SourceChoice::Demo { seed: 1 },
            Self::Ended => SourceChoice::Recording(PathBuf::from("interview.mp4")),
            _ => SourceChoice::Live { camera: Pick::Default, microphone: Pick::Default },
        }
    }

    /// Which fusions there are, and which answers: the late one where the networks are missing.
    pub fn fusion(self, asked: FusionKind) -> FusionState {
        if !matches!(self, Self::Late | Self::Models) {
            return FusionState { answers: asked, asked, there: FusionKind::CHOICE.to_vec(), missing: Vec::new() };
        }
        let why = |model| format!("the {model} model isn't there; run `bash models/setup`\nfile: \"models/fetched/x\"");
        let missing = [FusionKind::Gated, FusionKind::Concatenation];
        let missing = missing.into_iter().filter_map(|kind| Some((kind, why(kind.model()?)))).collect();
        FusionState { answers: FusionKind::Late, asked, there: vec![FusionKind::Late], missing }
    }

    /// Whether the face is seen at `secs`.
    fn has_face(self, secs: f64) -> bool {
        match self {
            Self::NoDevice | Self::Refused => false,
            Self::Nobody => secs < 58.0,
            Self::Lost => secs < 66.0,
            _ => !(44.0..48.0).contains(&secs),
        }
    }

    fn hears(self, secs: f64) -> bool {
        match self {
            Self::NoDevice => false,
            Self::Nobody => secs < 60.0,
            Self::Died => secs < 50.0,
            _ => true,
        }
    }
}

pub struct Script {
    pub scene: Scene,
    pub events: EventOutlet<Event>,
    pub picture: LatestOutlet<FaceView>,
    pub at_secs: f64,
    pub said: usize,
    pub count: u64,
}

impl Script {
    const STEP: f64 = 0.05;

    /// Tells everything up to `to_secs`.
    pub fn play(&mut self, to_secs: f64) {
        if self.at_secs == 0.0 {
            self.begin();
        }
        while self.at_secs < to_secs {
            self.at_secs += Self::STEP;
            self.count += 1;
            self.step();
        }
        self.show();
    }

    pub fn tell(&self, event: Event) {
        self.events.offer(event);
    }

    fn begin(&self) {
        self.tell(Event::Fusion(self.scene.fusion(FusionKind::Gated)));
        let running = |name: &str, form: &str| SourceState::Running { name: name.into(), form: form.into() };
        let message = "this program isn't allowed to use it; allow it in the system's settings".to_owned();
        let camera = match self.scene {
            Scene::NoDevice => SourceState::Failed { message: "no camera is connected".into() },
            Scene::Refused => SourceState::Failed { message },
            Scene::Ended => running("interview.mp4", "1280×720, 25 fps"),
            Scene::Synthetic => running("synthetic participant", "640×480, 30 fps"),
            _ => running("HD Webcam C920", "1280×720, 30 fps"),
        };
        self.tell(Event::Camera(camera));
        self.tell(Event::Microphone(match self.scene {
            Scene::NoDevice => SourceState::Failed { message: "no microphone is connected".into() },
            _ => running("Built-in Audio Analog Stereo", "48 kHz, 2 channels"),
        }));
        if self.scene == Scene::Models {
            for modality in [Modality::Voice, Modality::Words] {
                let message = "its models are missing; run “bash models/setup” and start again".into();
                self.tell(Event::StageOff { modality, message });
            }
        }
    }

    fn step(&mut self) {
        let secs = self.at_secs;
        let at = Timestamp::from_secs(secs);
        let is_speech = self.scene.hears(secs) && SENTENCES.iter().any(|(from, to, _)| (*from..*to).contains(&secs));
        if self.scene.hears(secs) {
            let loud = -22.0 + 8.0 * (secs * 9.0).sin() as f32;
            let level = Level {
                speech_probability: if is_speech { 0.95 } else { 0.03 },
                is_speech,
                level_db: if is_speech { loud } else { -54.0 },
                quality: VoiceQuality { snr_db: 24.0, clipped: 0.0, activity: 0.5 },
            };
            let span = Span::new(Timestamp::from_secs(secs - Self::STEP), at);
            self.tell(Event::Level(Timestamped::new(span, self.count, level)));
        }
        if self.scene != Scene::NoDevice {
            self.tell(Event::Tick(Box::new(self.tick(secs))));
        }
        while let Some((from, to, text)) = SENTENCES.get(self.said).filter(|(_, to, _)| to + 1.3 <= secs) {
            let span = Span::new(Timestamp::from_secs(*from), Timestamp::from_secs(*to));
            let confidence = if self.said == 2 { 0.41 } else { 0.86 };
            let said = Transcript { text: (*text).into(), confidence, spoken: span, labels: None };
            if self.scene.hears(*to) && self.scene != Scene::Models {
                self.tell(Event::Transcript(Timestamped::new(span, self.said as u64, said)));
            }
            self.said += 1;
        }
        if self.count.is_multiple_of(20) {
            self.tell(Event::Health(Box::new(health(self.count))));
            let known = (secs - 33.0).max(0.0) as f32;
            self.tell(Event::Person(PersonState {
                is_raw: false,
                known_secs: [known, known * 0.6, known * 0.2],
                is_frozen: false,
                afresh: Some((Timestamp::from_secs(33.0), "another face in the picture".into())),
            }));
        }
        let is_now = |when: f64| secs - Self::STEP < when && when <= secs;
        if self.scene == Scene::Lost && is_now(66.0) {
            self.tell(Event::Camera(SourceState::Lost { message: "HD Webcam C920 was unplugged".into() }));
        }
        if self.scene == Scene::Died && is_now(50.0) {
            self.tell(Event::StageFailed { stage: "voice", message: "the network gave no numbers".into() });
        }
        if self.scene == Scene::Ended && is_now(75.0) {
            self.tell(Event::Ended);
        }
    }

    fn tick(&self, secs: f64) -> Tick {
        let at = Timestamp::from_secs(secs);
        let evidence = |valence: f64, arousal: f64, age: f64| {
            let reading = reading(valence as f32, arousal as f32, 0.22, self.scene);
            let span = Span::at(Timestamp::from_secs(secs - age));
            let value = Evidence {
                reading,
                raw: reading,
                quality: 0.8,
                reliability: std::sync::Arc::default(),
                embedding: std::sync::Arc::default(),
                known_secs: 20.0,
            };
            Timestamped::new(span, self.count, value)
        };
        let (valence, arousal) = course(secs);
        let face = if self.scene.has_face(secs) {
            Ok(evidence(valence + 0.1, arousal + 0.05, 0.04))
        } else {
            Err(match self.scene {
                Scene::Refused => Absence::NoSource,
                Scene::Lost => Absence::SourceLost,
                _ => Absence::NoFace,
            })
        };
        let spoken = SENTENCES.iter().rev().find(|(from, _, _)| from + 0.8 < secs);
        let voice = match spoken {
            _ if self.scene == Scene::Models => Err(Absence::NoModel),
            _ if self.scene == Scene::Died && secs >= 50.0 => Err(Absence::StageFailed),
            Some((_, to, _)) if secs - to < 3.0 && self.scene.hears(secs) => {
                Ok(evidence(valence - 0.25, arousal + 0.2, (secs - to).max(0.1)))
            }
            _ => Err(Absence::NoSpeech),
        };
        let understood = SENTENCES.iter().rev().find(|(_, to, _)| to + 1.3 < secs);
        let words = match understood {
            _ if self.scene == Scene::Models => Err(Absence::NoModel),
            Some((_, to, _)) if secs - to < 12.0 && self.scene.hears(secs) => {
                Ok(evidence(valence - 0.05, arousal - 0.3, secs - to))
            }
            Some(_) => Err(Absence::TooOld),
            None => Err(Absence::NoWords),
        };
        let moment = Moment { at, face, voice, words };
        let fused = fuse(&moment, None, self.scene);
        let without = Modality::ALL.map(|modality| fuse(&moment, Some(modality), self.scene));
        Tick { moment, fused, without: Some(without) }
    }

    fn show(&mut self) {
        let (scene, secs) = (self.scene, self.at_secs);
        if matches!(scene, Scene::NoDevice | Scene::Refused) {
            return;
        }
        let span = Span::at(Timestamp::from_secs(secs));
        self.picture.write(span, |view| *view = face_view(scene, secs));
    }
}

/// Where the reading is at a time.
fn course(secs: f64) -> (f64, f64) {
    let valence = 0.55 * (secs * 0.11).sin() + 0.2 * (secs * 0.37).sin();
    let arousal = 0.35 * (secs * 0.16 + 1.0).cos() + 0.12 * (secs * 0.9).sin() + 0.1;
    (valence, arousal)
}

fn reading(valence: f32, arousal: f32, sd: f32, scene: Scene) -> Reading {
    let mut probabilities = [0.0; Label::COUNT];
    let width = if matches!(scene, Scene::Unclear | Scene::Late) { 1.2 } else { 0.16 };
    for (label, place) in Label::ALL.into_iter().zip(&mut probabilities) {
        let (v, a) = label.centroid();
        *place = (-((valence - v).powi(2) + (arousal - a).powi(2)) / width).exp();
    }
    let sum: f32 = probabilities.iter().sum();
    for value in &mut probabilities {
        *value /= sum;
    }
    let affect = Affect {
        valence: Bipolar::new(valence).unwrap_or_default(),
        arousal: Bipolar::new(arousal).unwrap_or_default(),
        valence_sd: sd,
        arousal_sd: sd * 0.8,
    };
    Reading { affect, probabilities }
}

fn fuse(moment: &Moment, without: Option<Modality>, scene: Scene) -> Option<Fused> {
    let weights = [0.58, 0.33, 0.15];
    let mut gates = [0.0; 3];
    let (mut valence, mut arousal, mut sum) = (0.0, 0.0, 0.0);
    for ((modality, weight), gate) in Modality::ALL.into_iter().zip(weights).zip(&mut gates) {
        let presence: &Presence = moment.of(modality);
        if let (Ok(evidence), true) = (presence, without != Some(modality)) {
            *gate = weight;
            sum += weight;
            valence += weight * evidence.value.reading.affect.valence.get();
            arousal += weight * evidence.value.reading.affect.arousal.get();
        }
    }
    let [face, voice, words] = gates.map(|gate| gate / sum);
    (sum > 0.0).then(|| {
        let (valence, arousal) = (valence / sum, arousal / sum);
        let reading = reading(valence, arousal, 0.1 + 0.07 / sum, scene);
        let fused = Fused::new(reading, Gates { face, voice, words });
        if matches!(scene, Scene::Late | Scene::Models) {
            return fused;
        }
        let clarity = Clarity { from: 0.48, right: 0.8, shown: 0.55 };
        Fused { labels: Some(at_once(valence, arousal, scene)), clarity: Some(clarity), ..fused }
    })
}

fn at_once(valence: f32, arousal: f32, scene: Scene) -> LabelsAtOnce {
    let (threshold, width) = if scene == Scene::Unclear { (0.2, 3.0) } else { (0.4, 0.5) };
    let mut labels =
        LabelsAtOnce { probabilities: [0.0; Label::COUNT], doubts: [0.0; Label::COUNT], thresholds: [threshold; 7] };
    for ((label, likely), doubt) in Label::ALL.into_iter().zip(&mut labels.probabilities).zip(&mut labels.doubts) {
        let (v, a) = label.centroid();
        *likely = 0.95 * (-((valence - v).powi(2) + (arousal - a).powi(2)) / width).exp();
        *doubt = 0.45 * (-(*likely - threshold).abs() * 3.0).exp();
    }
    labels
}

fn health(count: u64) -> Health {
    let millis = Duration::from_millis;
    let stage = |stage, rate_hz, p50, p95| StageHealth { stage, rate_hz, p50: millis(p50), p95: millis(p95), count };
    Health {
        stages: vec![
            stage("camera", 30.0, 2, 4),
            stage("hear", 31.2, 1, 2),
            stage("face", 29.7, 21, 33),
            stage("voice", 4.0, 88, 120),
            stage("words", 0.1, 900, 1400),
            stage("fuse", 20.0, 1, 1),
        ],
        links: vec![
            LinkHealth { link: "camera to face", passed: count, dropped: 3, is_newest_only: true },
            LinkHealth { link: "microphone to hear", passed: count * 2400, dropped: 0, is_newest_only: false },
        ],
        reading_latency: [
            Some((millis(41), millis(63))),
            Some((millis(120), millis(180))),
            Some((millis(1300), millis(2100))),
        ],
        xruns: 0,
        cpu_percent: 61.0,
        memory_bytes: 410_000_000,
        peak_memory_bytes: 433_000_000,
    }
}

/// A plain drawn face, so that there is something under the marks.
fn face_view(scene: Scene, secs: f64) -> FaceView {
    let (width, height) = (640, 360);
    let sway = (secs * 0.6).sin() as f32;
    let face = FaceBox { x: 230.0 + 40.0 * sway, y: 70.0, width: 170.0, height: 210.0 };
    let other = FaceBox { x: 500.0, y: 120.0, width: 90.0, height: 110.0 };
    let is_seen = scene.has_face(secs);
    let mut frame = Frame::black(width, height);
    for (index, pixel) in frame.rgb.chunks_exact_mut(3).enumerate() {
        let (x, y) = ((index % width) as f32, (index / width) as f32);
        let shade = 60.0 + 50.0 * (x / 640.0) + 20.0 * (y / 360.0);
        pixel.copy_from_slice(&[shade as u8, (shade * 1.04) as u8, (shade * 1.12) as u8]);
        if is_seen {
            paint(pixel, x, y, &face, course(secs).0 as f32);
        }
        if scene == Scene::Two {
            paint(pixel, x, y, &other, 0.0);
        }
    }
    let landmarks = (0..478).map(|index| {
        let turn = index as f32 * 2.399_963;
        let reach = (index as f32 / 478.0).sqrt();
        let (x, y) = face.centre();
        Landmark {
            x: x + turn.cos() * reach * face.width * 0.46,
            y: y + turn.sin() * reach * face.height * 0.46,
            z: 0.0,
        }
    });
    let mut blendshapes = vec![0.05_f32; BLENDSHAPE_NAMES.len()];
    for (name, value) in BLENDSHAPE_NAMES.iter().zip(&mut blendshapes) {
        if name.starts_with("mouthSmile") {
            *value = course(secs).0.max(0.02) as f32;
        }
    }
    let quality = FaceQuality {
        width_px: 212.0,
        presence: 0.99,
        sharpness: 0.31,
        brightness: 0.5,
        contrast: 0.2,
        change: 0.01,
        strangeness: 0.1,
        overall: 0.8,
    };
    let mut crop = Frame::black(112, 112);
    for y in 0..112 {
        for x in 0..112 {
            let from = ((face.y as usize + y * 2).min(height - 1) * width + (face.x as usize + x * 170 / 112)) * 3;
            let to = (y * 112 + x) * 3;
            if let (Some(from), Some(to)) = (frame.rgb.get(from..from + 3), crop.rgb.get_mut(to..to + 3)) {
                to.copy_from_slice(from);
            }
        }
    }
    FaceView {
        face: is_seen.then_some(face),
        others: [is_seen.then_some(face), (scene == Scene::Two).then_some(other)].into_iter().flatten().collect(),
        landmarks: if is_seen { landmarks.collect() } else { Vec::new() },
        pose: HeadPose { pitch_deg: 2.0, yaw_deg: 8.0 * sway, roll_deg: 0.0 },
        gaze_deg: (0.0, 0.0),
        blink: 0.1,
        quality,
        expression: is_seen.then(|| Expression {
            blendshapes: blendshapes.into_boxed_slice(),
            features: Box::default(),
            logits: [0.1; 7],
        }),
        crop,
        frame,
    }
}

fn paint(pixel: &mut [u8], x: f32, y: f32, face: &FaceBox, smile: f32) {
    let (middle_x, middle_y) = face.centre();
    let (u, v) = ((x - middle_x) / (face.width / 2.0), (y - middle_y) / (face.height / 2.0));
    if u * u + v * v > 1.0 {
        return;
    }
    let light = 1.0 - 0.25 * (u * u + v * v);
    let mut ink = [214.0 * light, 172.0 * light, 146.0 * light];
    let is_eye = ((u.abs() - 0.38) / 0.13).powi(2) + ((v + 0.18) / 0.07).powi(2) < 1.0;
    let lip = 0.45 - smile * 0.5 * (u * u - 0.1);
    if is_eye {
        ink = [40.0, 36.0, 40.0];
    } else if u.abs() < 0.42 && (v - lip).abs() < 0.05 {
        ink = [150.0, 60.0, 64.0];
    }
    for (byte, ink) in pixel.iter_mut().zip(ink) {
        *byte = ink as u8;
    }
}
