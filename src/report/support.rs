//! Sessions for tests: as good as one can be, or with what is planted in them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::record::Keep;
use crate::record::Kept;
use crate::record::Recorder;
use crate::record::of_transcript;
use crate::record::streams;
use crate::record::values;
use crate::report::export;
use crate::report::export::ExportError;
use crate::report::export::Form;
use crate::report::export::Recorded;
use crate::report::export::Target;
use crate::session::Consent;
use crate::session::Correction;
use crate::session::Header;
use crate::session::Item;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::SessionWriter;
use crate::session::Subject;
use crate::signal::Absence;
use crate::signal::Affect;
use crate::signal::Bipolar;
use crate::signal::Evidence;
use crate::signal::Frame;
use crate::signal::Fused;
use crate::signal::Gates;
use crate::signal::Label;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Reading;
use crate::signal::Transcript;
use crate::signal::VoiceQuality;
use crate::time::ManualClock;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// A picture of the usual plan in which no face was found.
pub(super) const LOST_FRAME: u64 = 31;
/// A picture of the usual plan at a time when nothing was read.
pub(super) const UNREAD_FRAME: u64 = 135;
/// What the session's clock said when it began.
pub(super) const BEGAN: Timestamp = Timestamp::from_nanos(5_000_000_000);
/// The wall clock then: 2026-11-28T15:00:00Z.
pub(super) const BEGAN_UNIX_NANOS: i64 = 1_795_878_000_000_000_000;

/// What is in a session; times are seconds since it began.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) secs: f64,
    pub(super) camera_fps: f64,
    pub(super) brightness: f32,
    pub(super) level_db: f32,
    pub(super) snr_db: f32,
    pub(super) clipped: f32,
    /// How much faster the sound card is than it says.
    pub(super) drift_ppm: f64,
    /// Blocks of the sound card that are missing.
    pub(super) dropped_blocks: Range<u64>,
    pub(super) lost_frames: Vec<u64>,
    /// Where nothing was read.
    pub(super) unread: Range<f64>,
    pub(super) forgotten: Range<f64>,
    /// When there were pictures and sound.
    pub(super) sources: Range<f64>,
    /// What else happened, and when.
    pub(super) events: Vec<(f64, serde_json::Value)>,
    pub(super) is_ended: bool,
    /// Whether both clocks were kept.
    pub(super) has_clocks: bool,
    /// Whether the sound card's stamps were.
    pub(super) has_stamps: bool,
    /// Where the microphone was muted, the picture stood still, and the face was dark.
    pub(super) muted: Range<f64>,
    pub(super) frozen: Range<f64>,
    pub(super) dark: Range<f64>,
}

impl Plan {
    /// Nothing is wrong with it.
    pub(super) fn good(secs: f64) -> Self {
        Self {
            secs,
            camera_fps: 30.0,
            brightness: 0.5,
            level_db: -30.0,
            snr_db: 20.0,
            clipped: 0.0,
            drift_ppm: 20.0,
            dropped_blocks: 0..0,
            lost_frames: Vec::new(),
            unread: 0.0..0.0,
            forgotten: 0.0..0.0,
            sources: 0.0..f64::INFINITY,
            events: Vec::new(),
            is_ended: true,
            has_clocks: true,
            has_stamps: true,
            muted: 0.0..0.0,
            frozen: 0.0..0.0,
            dark: 0.0..0.0,
        }
    }

    fn is_forgotten(&self, secs: f64) -> bool {
        self.forgotten.contains(&secs)
    }

    /// Everything, in the order in which it arrived.
    fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        self.pictures(&mut items);
        self.talk(&mut items);
        self.sound(&mut items);
        items.retain(|item| self.has_stamps || item.stream != streams::SOUND_STAMPS);
        items.retain(|item| self.sources.contains(&since(item.span.start)));
        for (seq, secs) in steps(0.0, self.secs, 0.04) {
            let fused = (!self.unread.contains(&secs)).then(fused);
            items.push(item(streams::AFFECT, secs, 0.0, 0.0, seq, values::of_answer(fused.as_ref()), Vec::new()));
        }
        items.retain(|item| !self.is_forgotten(since(item.arrived)));
        self.happenings(&mut items);
        items.sort_by_key(|item| item.arrived);
        items
    }

    fn pictures(&self, items: &mut Vec<Item>) {
        let step = 1.0 / self.camera_fps;
        for (seq, secs) in steps(0.0, self.secs, step) {
            let mut face = vec![f32::NAN; streams::FACE_COLUMNS.len()];
            face[0] = 0.0;
            let is_lost = self.lost_frames.contains(&seq);
            if !is_lost {
                let (width, look) = (160.0, (0.0, 0.0));
                face = vec![1.0, 0.99, 100.0, 80.0, width, 200.0, 10.0, 0.0, 0.0, look.0, look.1, 0.1];
                let light = if self.dark.contains(&secs) { 0.05 } else { self.brightness };
                let change = if self.frozen.contains(&secs) { 0.0 } else { 0.02 };
                face.extend([width, 0.4, light, 0.2, change, 1.0, 0.9]);
                face.extend([0.25; 52]);
            }
            let span = span(secs, step);
            let presence = if is_lost { Err(Absence::NoFace) } else { Ok(evidence(Modality::Face, span, seq)) };
            let arrived = span.end + std::time::Duration::from_millis(60);
            items.push(values::of_presence(Modality::Face, &presence, (span, seq), &face, arrived));
        }
    }

    fn talk(&self, items: &mut Vec<Item>) {
        for (seq, secs) in steps(1.0, self.secs - 1.3, 0.256) {
            let span = span(secs, 1.0);
            let presence = Ok(evidence(Modality::Voice, span, seq));
            let arrived = span.end + std::time::Duration::from_millis(120);
            items.push(values::of_presence(Modality::Voice, &presence, (span, seq), &[0.5; 88], arrived));
        }
        for (seq, secs) in steps(2.0, self.secs - 2.0, 4.0) {
            let span = span(secs, 1.5);
            let arrived = span.end + std::time::Duration::from_millis(300);
            let presence = Ok(evidence(Modality::Words, span, seq));
            items.push(values::of_presence(Modality::Words, &presence, (span, seq), &[], arrived));
            let text = "good, \"very\" good <&>".to_owned();
            let said = Transcript { text, confidence: 0.75, spoken: span, labels: None };
            let bytes = serde_json::to_vec(&of_transcript(&said)).unwrap();
            items.push(Item { stream: streams::TRANSCRIPT, arrived, span, seq, values: Vec::new(), bytes });
        }
    }

    fn sound(&self, items: &mut Vec<Item>) {
        for (seq, secs) in steps(0.0, self.secs, 0.032) {
            let quality = VoiceQuality { snr_db: self.snr_db, clipped: self.clipped, activity: 0.5 };
            let level_db = if self.muted.contains(&secs) { -120.0 } else { self.level_db };
            let is_speech = level_db > -100.0;
            let speech_probability = if is_speech { 0.9 } else { 0.0 };
            let level = Level { speech_probability, is_speech, level_db, quality };
            items.push(item(streams::LEVEL, secs, 0.032, 0.01, seq, values::of_level(&level), Vec::new()));
        }
        let rate = 48_000.0 * (1.0 + self.drift_ppm * 1e-6);
        for block in (0..).take_while(|block| *block as f64 * 480.0 / rate < self.secs) {
            if self.dropped_blocks.contains(&block) {
                continue;
            }
            let secs = block as f64 * 480.0 / rate;
            items.push(item(streams::SOUND_STAMPS, secs, 0.0, 0.012, block * 480, vec![480.0, 0.0], Vec::new()));
        }
    }

    fn happenings(&self, items: &mut Vec<Item>) {
        let mut happen = |stream, secs: f64, length: f64, what: serde_json::Value| {
            let bytes = serde_json::to_vec(&what).unwrap();
            // What was forgotten is known when it ends, all else when it begins.
            let late = if what["type"] == "forgotten" { 0.0 } else { -length };
            items.push(item(stream, secs, length, late, 0, Vec::new(), bytes));
        };
        for (_, secs) in steps(0.0, self.secs, 1.0) {
            let utc = BEGAN_UNIX_NANOS + (secs * 1e9) as i64;
            let link = json!({ "link": "hear → words", "passed": 1, "dropped": 0, "newest_only": false });
            let clock = json!({ "utc_unix_nanos": utc, "xruns": 0, "links": [link] });
            if self.has_clocks {
                happen(streams::CLOCK, secs, 0.0, clock);
            }
        }
        happen(streams::EVENTS, 0.0, 0.0, json!({ "type": "begin" }));
        let marker = |id: u64, kind: &str, name: &str, text: &str| json!({ "type": "marker", "id": id, "kind": kind, "name": name, "text": text });
        if self.secs > 4.0 {
            happen(streams::EVENTS, 1.5, 0.0, marker(1, "marker", "tone", "loud"));
            happen(streams::EVENTS, 2.0, 1.0, marker(2, "exclude", "talk with the operator", ""));
            happen(streams::EVENTS, 3.5, 0.0, marker(3, "marker", "mistake", ""));
        }
        if !self.forgotten.is_empty() {
            let length = self.forgotten.end - self.forgotten.start;
            happen(streams::EVENTS, self.forgotten.start, length, json!({ "type": "forgotten", "items": 5 }));
        }
        for (secs, what) in &self.events {
            happen(streams::EVENTS, *secs, 0.0, what.clone());
        }
        if self.is_ended {
            happen(streams::EVENTS, self.secs, 0.0, json!({ "type": "end" }));
        }
    }

    /// Writes it.
    pub(super) fn make(&self) -> Made {
        let root = tempfile::tempdir().unwrap();
        let header = header(Consent::Words);
        let mut writer =
            SessionWriter::create(root.path(), header, streams::headers(&streams::Origins::default())).unwrap();
        for item in self.items() {
            assert!(writer.put(item).unwrap());
            writer.flush().unwrap();
        }
        let folder = writer.folder().to_path_buf();
        if self.is_ended {
            writer.finish().unwrap();
        } else {
            drop(writer);
        }
        Made::load(root, &folder)
    }
}

fn header(consent: Consent) -> Header {
    let (participant, task) = ("P-07".to_owned(), "reading aloud".to_owned());
    Header {
        began_utc: "2026-11-28T15:00:00.000Z".into(),
        began_unix_nanos: BEGAN_UNIX_NANOS,
        began_nanos: BEGAN.nanos(),
        program: "circumplex 0.1.0".into(),
        machine: "linux x86_64".into(),
        source: "synthetic".into(),
        source_names: vec!["drawn face".into(), "synthetic voice".into()],
        variant: "research".into(),
        fusion: "gated".into(),
        models: vec![("fusion_gated".into(), "ab".repeat(32))],
        settings: "[camera]\nfps = 30\n".into(),
        ..Header::new(Subject { participant, task, consent, ..Subject::default() })
    }
}

/// A session on disk, gone with this.
pub(super) struct Made {
    pub(super) session: Session,
    pub(super) kept: Kept,
    pub(super) root: TempDir,
}

impl Made {
    fn load(root: TempDir, folder: &Path) -> Self {
        let session = Session::open(folder).unwrap();
        let kept = patiently(|| Kept::load(&session));
        Self { session, kept, root }
    }

    pub(super) fn recorded(&self) -> Recorded<'_> {
        patiently(|| Recorded::new(&self.session, &self.kept))
    }

    /// Exports it; gives the folder.
    pub(super) fn export(&self, form: Form) -> PathBuf {
        let folder = self.root.path().join("out");
        let (recorded, target) = (self.recorded(), Target::new(&folder, true));
        patiently(|| match export::write(&recorded, &[form], &target, |_| ()) {
            Err(ExportError::Session(error)) => Err(error),
            other => Ok(other.unwrap()),
        });
        folder
    }

    /// A table's rows, by their first cell.
    pub(super) fn table(&self, file: &str) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut table = csv::Reader::from_path(self.export(Form::Csv).join(file)).unwrap();
        let names: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
        let row = |row: csv::StringRecord| {
            let cells: BTreeMap<_, _> = names.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
            (row[0].to_owned(), cells)
        };
        table.records().map(|record| row(record.unwrap())).collect()
    }
}

/// Does what another test may be in the way of: a program that it starts has all open files, and their locks, for a moment.
pub(super) fn patiently<T>(what: impl Fn() -> Result<T, SessionError>) -> T {
    loop {
        match what() {
            Err(SessionError::Busy { .. }) => std::thread::yield_now(),
            other => return other.unwrap(),
        }
    }
}

/// Ten seconds in which a picture has no face, a second isn't read, a second is forgotten and markers are corrected.
pub(super) fn session() -> Made {
    let plan = Plan { lost_frames: vec![LOST_FRAME], unread: 4.0..5.0, forgotten: 6.0..7.0, ..Plan::good(10.0) };
    let made = plan.make();
    made.session.correct(&Correction { marker: 1, text: Some("soft".into()), ..Correction::default() }).unwrap();
    made.session.correct(&Correction { marker: 3, is_removed: true, ..Correction::default() }).unwrap();
    made
}

fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = (u64, f64)> {
    (0..).map(move |at| (at, from + at as f64 * step)).take_while(move |(_, secs)| *secs < to - 1e-9)
}

/// So long, from `secs` after it began.
pub(super) fn span(secs: f64, length: f64) -> Span {
    let at = |secs: f64| Timestamp::from_nanos(BEGAN.nanos() + (secs * 1e9).round() as i64);
    Span::new(at(secs), at(secs + length))
}

fn since(at: Timestamp) -> f64 {
    (at.nanos() - BEGAN.nanos()) as f64 / 1e9
}

fn item(stream: u8, secs: f64, length: f64, late: f64, seq: u64, values: Vec<f32>, bytes: Vec<u8>) -> Item {
    let arrived = span(secs + length + late, 0.0).start;
    Item { stream, arrived, span: span(secs, length), seq, values, bytes }
}

fn reading() -> Reading {
    let bipolar = |value| Bipolar::new(value).unwrap();
    let affect = Affect { valence: bipolar(0.5), arousal: bipolar(-0.25), valence_sd: 0.125, arousal_sd: 0.25 };
    let mut probabilities = [0.0625; Label::COUNT];
    probabilities[Label::Happiness.index()] = 0.625;
    Reading { affect, probabilities }
}

fn fused() -> Fused {
    Fused::new(reading(), Gates { face: 0.75, voice: 0.25, words: 0.0 })
}

fn evidence(modality: Modality, span: Span, seq: u64) -> Timestamped<Evidence> {
    let columns = streams::evidence_columns(modality);
    let reliability = columns.iter().filter(|column| column.name.starts_with("reliability_")).map(|_| 0.5);
    let reliability: Vec<f32> = reliability.collect();
    let value = Evidence {
        reading: reading(),
        raw: reading(),
        quality: 0.8,
        reliability: reliability.into(),
        embedding: std::sync::Arc::default(),
        known_secs: 12.0,
    };
    Timestamped::new(span, seq, value)
}

/// A session whose face, voice and pictures were kept: five pictures, at uneven times, and two seconds of sound in which half a
/// second is missing. It is kept as recordings are.
pub(super) fn with_media() -> Made {
    let root = tempfile::tempdir().unwrap();
    let (recorder, links) =
        Recorder::create(root.path(), header(Consent::Video), &streams::Origins::default()).unwrap();
    let folder = recorder.folder().to_path_buf();
    for (seq, secs) in (0..).zip([0.5, 0.54, 0.7, 1.2, 1.25]) {
        let frame = Frame { width: 32, height: 24, rgb: vec![40 * seq as u8; 32 * 24 * 3], ..Frame::default() };
        let item = item(streams::PICTURE, secs, 0.03, 0.04, seq, Vec::new(), Vec::new());
        links.video.keep(Keep::Jpeg(item, frame));
    }
    for block in (0..100u64).chain(150..200) {
        let (secs, late) = (0.25 + block as f64 * 0.01, 0.02);
        let sound = item(streams::SOUND, secs, 0.0, late, block * 480, vec![0.25; 160], Vec::new());
        let stamp = item(streams::SOUND_STAMPS, secs, 0.0, late, block * 480, vec![480.0, 0.0], Vec::new());
        links.sound.keep(Keep::Item(sound));
        links.numbers.keep(Keep::Item(stamp));
    }
    links.finish();
    recorder.run(&ManualClock::default(), |_| (), |_| ());
    Made::load(root, &folder)
}
