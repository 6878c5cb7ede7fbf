//! Recording, from where answers are made: what is kept, pauses, forgetting, markers.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::capture::SourceState;
use crate::fuse::Fuser as _;
use crate::fuse::FusionKind;
use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::Next;
use crate::pipeline::event::Event;
use crate::pipeline::event::Health;
use crate::pipeline::event::MarkRequest;
use crate::pipeline::event::RecordRequest;
use crate::pipeline::event::RecordState;
use crate::pipeline::event::SourceChoice;
use crate::pipeline::event::Tick;
use crate::pipeline::live::LiveSettings;
use crate::pipeline::live::fuse::Fusing;
use crate::pipeline::live::fuse::Run;
use crate::pipeline::live::spawn::thread;
use crate::pipeline::live::stage::Begin;
use crate::pipeline::live::stage::Knows;
use crate::pipeline::live::stage::Order;
use crate::pipeline::live::stage::Told;
use crate::pipeline::live::stage::pause;
use crate::pipeline::live::wiring::Ends;
use crate::pipeline::stages::Stages;
use crate::record::Keep;
use crate::record::Progress;
use crate::record::RecordLinks;
use crate::record::Recorder;
use crate::record::of_transcript;
use crate::record::streams;
use crate::record::values;
use crate::session::Consent;
use crate::session::Header;
use crate::session::Item;
use crate::session::Subject;
use crate::session::free_bytes;
use crate::signal::Level;
use crate::signal::Transcript;
use crate::time::Clock;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::time::Utc;

/// After so long without a word from the recorder, or without anything new on the disk, the disk is stuck.
const STUCK: Duration = Duration::from_millis(1500);
/// A recording doesn't begin with less room on the disk than this, and says so while there is less than twice of it.
const LEAST_FREE: u64 = 100 << 20;
/// For so long a recorder that was told to end may say nothing.
const PATIENCE: Duration = Duration::from_secs(15);
/// Sound that is taken note of so late is said to be.
const BEHIND: Duration = Duration::from_secs(2);
/// How long it is said that something was lost.
const LOST_LATELY: Duration = Duration::from_secs(10);
const PROGRESS: usize = 64;

/// Where a run's input comes from, for the header of a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    header: Header,
    streams: streams::Origins,
    names: [Option<String>; 2],
    /// Whether somebody takes in the sound.
    has_ear: bool,
    /// The network of each fusion, as the list has it.
    fusions: Vec<(FusionKind, (String, String))>,
}

impl Origin {
    pub(super) fn of(stages: &Stages, source: &SourceChoice, settings: &LiveSettings) -> Self {
        let (kind, file) = match source {
            SourceChoice::Live { .. } => ("live", None),
            SourceChoice::Recording(path) => ("recording", Some(path.display().to_string())),
            SourceChoice::Demo { seed } => ("synthetic", Some(format!("seed {seed}"))),
        };
        let header = Header {
            program: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            source: kind.to_owned(),
            source_names: file.into_iter().collect(),
            variant: stages.variant().name().to_owned(),
            fusion: stages.fusions.chosen().name().to_owned(),
            models: stages.models.clone(),
            settings: toml::to_string(&settings.stages).unwrap_or_default(),
            camera_latency_nanos: i64::from(settings.camera.latency_millis) * 1_000_000,
            ..Header::new(Subject::default())
        };
        let models = stages.models_by_modality();
        let listed = |kind: FusionKind| Some((kind, stages.listed(kind.model()?)?));
        let fusions = FusionKind::ALL.into_iter().filter_map(listed).collect();
        Self {
            header,
            streams: streams::Origins { models, ..streams::Origins::default() },
            names: [None, None],
            has_ear: stages.ear.is_some(),
            fusions,
        }
    }

    /// A source says what it is: the camera (0) or the microphone (1).
    pub(super) fn named(&mut self, which: usize, state: &SourceState) {
        if let (SourceState::Running { name, form }, Some(place)) = (state, self.names.get_mut(which)) {
            *place = Some(format!("{name}, {form}"));
        }
    }

    fn begin(&self, subject: Subject, fusion: FusionKind, began: Timestamp) -> (Header, streams::Origins) {
        let utc = Utc::now();
        let mut header = Header { subject, fusion: fusion.name().to_owned(), ..self.header.clone() };
        // Of the fusions only the one that answers is in use.
        header.models.retain(|(name, _)| !self.fusions.iter().any(|(_, (fusion, _))| fusion == name));
        let own = self.fusions.iter().find(|(kind, _)| *kind == fusion).map(|(_, listed)| listed.clone());
        header.models.extend(own.clone());
        header.source_names.extend(self.names.iter().flatten().cloned());
        (header.began_utc, header.began_unix_nanos, header.began_nanos) = (utc.to_string(), utc.nanos(), began.nanos());
        let [camera, microphone] = self.names.clone().map(Option::unwrap_or_default);
        let fusion = own.into_iter().map(|(name, _)| name).collect();
        (header, streams::Origins { camera, microphone, fusion, ..self.streams.clone() })
    }
}

/// A recording whose folder is being made.
pub(super) struct Starting {
    request: RecordRequest,
    since: Timestamp,
    made: EventInlet<Result<RecordLinks, String>>,
    progress: EventInlet<Progress>,
    thread: JoinHandle<()>,
}

/// A recording that goes on.
pub(super) struct Recording {
    links: RecordLinks,
    thread: JoinHandle<()>,
    progress: EventInlet<Progress>,
    state: RecordState,
    /// Since when it pauses, if it does.
    paused_at: Option<Timestamp>,
    /// When the recorder was last heard of.
    heard_at: Timestamp,
    /// How long ago the sound was that was taken note of last.
    sound_behind: Duration,
    /// Whether no sound is kept, though it was consented to.
    is_without_sound: bool,
    /// Items lost, and when their number last rose.
    lost: (u64, Timestamp),
    answers: u64,
    events: u64,
    clocks: u64,
    markers: u64,
}

impl Recording {
    /// Has a session's folder made by the thread that will record: the disk may be slow, or stuck.
    fn start(
        request: &RecordRequest,
        begun: (Header, streams::Origins),
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Starting> {
        let (told, made) = event::link(1);
        let (outlet, progress) = event::link(PROGRESS);
        let root = request.root.clone();
        let since = Timestamp::from_nanos(begun.0.began_nanos);
        let thread = thread("record", move || {
            if let Some(free) = free_bytes(&root).filter(|free| *free < LEAST_FREE) {
                told.offer(Err(format!(
                    "there are {} MB left on the disk, and a recording needs {} to begin; make room, or choose another folder",
                    free >> 20,
                    LEAST_FREE >> 20
                )));
                return;
            }
            match Recorder::create(&root, begun.0, &begun.1) {
                Ok((recorder, links)) => {
                    told.offer(Ok(links));
                    recorder.run(clock.as_ref(), pause, |progress| {
                        outlet.offer(progress);
                    });
                }
                Err(error) => {
                    told.offer(Err(error.to_string()));
                }
            }
        })?;
        Ok(Starting { request: request.clone(), since, made, progress, thread })
    }

    fn item(&self, item: Item) {
        if !self.state.is_paused || item.stream == streams::EVENTS {
            self.links.numbers.keep(Keep::Item(item));
        }
    }

    pub(super) fn answer(&mut self, tick: &Tick) {
        self.answers += 1;
        let at = tick.moment.at;
        let values = values::of_answer(tick.fused.as_ref());
        let (stream, seq, bytes) = (streams::AFFECT, self.answers, Vec::new());
        self.item(Item { stream, arrived: at, span: Span::at(at), seq, values, bytes });
    }

    pub(super) fn told(&self, told: &Told, now: Timestamp) {
        self.item(values::of_presence(told.modality, &told.presence, told.place, &told.features, now));
    }

    pub(super) fn level(&mut self, level: &Timestamped<Level>, now: Timestamp) {
        self.sound_behind = level.age(now);
        let (stream, values, bytes) = (streams::LEVEL, values::of_level(&level.value), Vec::new());
        self.item(Item { stream, arrived: now, span: level.span, seq: level.seq, values, bytes });
    }

    pub(super) fn transcript(&self, said: &Timestamped<Transcript>, now: Timestamp) {
        if self.links.numbers.keeps(Consent::Words) {
            let bytes = serde_json::to_vec(&of_transcript(&said.value)).unwrap_or_default();
            let (stream, values) = (streams::TRANSCRIPT, Vec::new());
            self.item(Item { stream, arrived: now, span: said.span, seq: said.seq, values, bytes });
        }
    }

    pub(super) fn event(&mut self, span: Span, now: Timestamp, what: &Value) {
        self.events += 1;
        let bytes = serde_json::to_vec(what).unwrap_or_default();
        let (stream, seq, values) = (streams::EVENTS, self.events, Vec::new());
        self.item(Item { stream, arrived: now, span, seq, values, bytes });
    }

    /// Both clocks, and how the machine is doing.
    pub(super) fn health(&mut self, health: &Health, now: Timestamp) {
        self.clocks += 1;
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let stages: Vec<_> = health
            .stages
            .iter()
            .map(|one| {
                json!({
                    "stage": one.stage, "rate_hz": one.rate_hz, "count": one.count,
                    "p50_ms": millis(one.p50), "p95_ms": millis(one.p95),
                })
            })
            .collect();
        let links: Vec<_> = health
            .links
            .iter()
            .map(|one| {
                json!({
                    "link": one.link, "passed": one.passed, "dropped": one.dropped, "newest_only": one.is_newest_only,
                })
            })
            .collect();
        let what = json!({
            "utc_unix_nanos": Utc::now().nanos(), "xruns": health.xruns, "cpu_percent": health.cpu_percent,
            "memory_bytes": health.memory_bytes, "stages": stages, "links": links,
        });
        let bytes = serde_json::to_vec(&what).unwrap_or_default();
        let (stream, seq, values) = (streams::CLOCK, self.clocks, Vec::new());
        self.item(Item { stream, arrived: now, span: Span::at(now), seq, values, bytes });
    }

    /// What has changed since it was last asked.
    fn news(&mut self, now: Timestamp) -> Option<RecordState> {
        let mut is_news = false;
        loop {
            match self.progress.poll() {
                Next::Item(progress) => {
                    self.heard_at = now;
                    self.state.progress = Some(progress);
                    is_news = true;
                }
                Next::Closed if !self.state.has_ended() => {
                    self.stopped();
                    is_news = true;
                }
                Next::Nothing | Next::Closed => break,
            }
        }
        let trouble = self.trouble(now);
        if trouble != self.state.trouble {
            self.state.trouble = trouble;
            is_news = true;
        }
        is_news.then(|| self.state.clone())
    }

    fn trouble(&mut self, now: Timestamp) -> Option<String> {
        let silent = now.since(self.heard_at);
        let (mut said, mut behind) = (None, Duration::ZERO);
        if let Some(Progress::Running { synced_until, trouble, free_bytes, lost, .. }) = &self.state.progress {
            behind = now.since(*synced_until);
            if *lost > self.lost.0 {
                self.lost = (*lost, now);
            }
            said = trouble.as_ref().map(|trouble| format!("{trouble}; {lost} items lost so far"));
            if said.is_none() && *lost > 0 && now.since(self.lost.1) < LOST_LATELY {
                said = Some(format!("{lost} items could not be kept so far: the disk or the processor is too slow"));
            }
            if said.is_none() && self.sound_behind >= BEHIND {
                let secs = self.sound_behind.as_secs();
                said = Some(format!("the sound is {secs} s behind: the machine is too slow; end other programs"));
            }
            if said.is_none() && free_bytes.is_some_and(|free| free < 2 * LEAST_FREE) {
                said = Some("the disk is almost full; make room, or end the recording".to_owned());
            }
        }
        if said.is_some() {
            return said;
        }
        let waited = silent.max(if self.state.is_paused { Duration::ZERO } else { behind });
        let secs = waited.as_secs();
        if waited >= STUCK {
            return Some(format!(
                "nothing has reached the disk for {secs} s; readings go on, what can't be kept is counted"
            ));
        }
        let without = "no sound is kept: the network that finds speech isn't there; run `models/setup`";
        self.is_without_sound.then(|| without.to_owned())
    }

    /// Ends the session and waits until it is on the disk and was looked through. Nobody waits for a disk that is stuck: it
    /// is said, and the session stays as it is on the disk.
    pub(super) fn end(mut self, mut tell: impl FnMut(RecordState)) {
        self.links.finish();
        loop {
            match self.progress.wait(PATIENCE) {
                Next::Item(progress) => self.state.progress = Some(progress),
                Next::Closed if !self.state.has_ended() => self.stopped(),
                Next::Closed => break,
                Next::Nothing => {
                    let message =
                        "the disk takes nothing any more; what had reached it is a session that can be opened";
                    let folder = self.folder();
                    self.state.progress = Some(Progress::Failed { folder, message: message.to_owned() });
                    return tell(self.state);
                }
            }
            tell(self.state.clone());
        }
        self.thread.join().ok();
    }

    /// The recorder is gone without a word: a fault of the program.
    fn stopped(&mut self) {
        let message =
            "the recorder has stopped unexpectedly; what had reached the disk is a session that can be opened";
        self.state.progress = Some(Progress::Failed { folder: self.folder(), message: message.to_owned() });
    }

    /// The session's folder, as far as the recorder has said.
    fn folder(&self) -> PathBuf {
        self.state.folder().map(Path::to_path_buf).unwrap_or_default()
    }
}

impl Fusing {
    /// Something happened now: it is kept, if anything is.
    pub(super) fn keep_event(&mut self, now: Timestamp, what: &Value) {
        if let Some(recording) = self.recording.as_mut() {
            recording.event(Span::at(now), now, what);
        }
    }

    /// Which fusion answers.
    pub(super) fn keep_fusion(&mut self, now: Timestamp) {
        let fusion = self.fusions.chosen().name();
        self.keep_event(now, &json!({ "type": "fusion", "fusion": fusion }));
    }

    /// Begins with nothing in view: here, and in every stage.
    fn begin_anew(&mut self, knows: Knows, ends: &Ends, now: Timestamp) {
        let sources = self.gatherer.sources();
        let (fusion, is_raw) = (self.fusions.chosen().name(), self.person.is_raw);
        let (is_frozen, troubles) = (self.person.is_frozen, &self.troubles);
        let event = json!({
            "type": "begin", "sources": sources, "fusion": fusion, "is_raw": is_raw, "is_frozen": is_frozen,
            "troubles": troubles,
        });
        self.gatherer.begin(sources);
        self.fusions.reset();
        self.not_before = now;
        if knows == Knows::Nothing {
            self.person.known_secs = [0.0; 3];
            self.person.afresh = Some((now, "what was forgotten is forgotten here as well".to_owned()));
        }
        let links =
            self.recording.as_ref().filter(|recording| !recording.state.is_paused).map(|recording| &recording.links);
        let order = |kept| Order::Begin(Begin { at: now, knows, kept });
        ends.face_orders.offer(order(links.map(|links| links.face.clone())));
        ends.hear_orders.offer(order(links.map(|links| links.sound.clone())));
        ends.voice_orders.offer(order(links.map(|links| links.talk.clone())));
        ends.words_orders.offer(order(links.map(|links| links.talk.clone())));
        self.keep_event(now, &event);
    }
}

impl Run {
    pub(super) fn record(&self, request: &RecordRequest, fusing: &mut Fusing) {
        let now = self.clock.now();
        if fusing.recording.is_some() || fusing.starting.is_some() {
            return;
        }
        let begun = fusing.origin.begin(request.subject.clone(), fusing.fusions.chosen(), now);
        match Recording::start(request, begun, self.clock.clone()) {
            Ok(starting) => fusing.starting = Some(starting),
            Err(error) => {
                self.not_recorded(request, format!("the system gives no thread to record with ({error})"), now);
            }
        }
    }

    fn not_recorded(&self, request: &RecordRequest, message: String, now: Timestamp) {
        let progress = Some(Progress::Failed { folder: request.root.clone(), message });
        let state =
            RecordState { subject: request.subject.clone(), since: now, is_paused: false, progress, trouble: None };
        self.events.offer(Event::Recording(Box::new(state)));
    }

    /// Begins to keep, once there is a folder.
    fn go_on_starting(&self, ends: &Ends, fusing: &mut Fusing) {
        let Some(starting) = fusing.starting.take() else { return };
        let made = match starting.made.poll() {
            Next::Nothing => {
                fusing.starting = Some(starting);
                return;
            }
            Next::Item(made) => made,
            Next::Closed => Err("the recorder has stopped unexpectedly".to_owned()),
        };
        let now = self.clock.now();
        let Starting { mut request, since, progress, thread, .. } = starting;
        let baseline = request.baseline.take();
        let links = match made {
            Ok(links) => links,
            Err(message) => return self.not_recorded(&request, message, now),
        };
        let state = RecordState { subject: request.subject, since, is_paused: false, progress: None, trouble: None };
        self.events.offer(Event::Recording(Box::new(state.clone())));
        let (answers, events, clocks, markers) = (0, 0, 0, 0);
        let (heard_at, lost) = (now, (0, now));
        let is_without_sound = links.numbers.keeps(Consent::Inputs) && !fusing.origin.has_ear;
        let recording = Recording {
            links,
            thread,
            progress,
            state,
            paused_at: None,
            heard_at,
            sound_behind: Duration::ZERO,
            is_without_sound,
            lost,
            answers,
            events,
            clocks,
            markers,
        };
        fusing.recording = Some(recording);
        // What was looked at while the folder was made isn't of the recording.
        fusing.begin_anew(Knows::AsBefore, ends, now);
        if let Some(baseline) = baseline {
            fusing.keep_event(now, &json!({ "type": "baseline", "baseline": baseline }));
        }
    }

    pub(super) fn pause(&self, ends: &Ends, fusing: &mut Fusing) {
        let now = self.clock.now();
        fusing.keep_event(now, &json!({ "type": "pause" }));
        let Some(recording) = fusing.recording.as_mut() else { return };
        recording.state.is_paused = true;
        recording.paused_at.get_or_insert(now);
        self.events.offer(Event::Recording(Box::new(recording.state.clone())));
        keep_nothing(ends);
    }

    pub(super) fn resume(&self, ends: &Ends, fusing: &mut Fusing) {
        let now = self.clock.now();
        let Some(recording) = fusing.recording.as_mut().filter(|recording| recording.state.is_paused) else { return };
        recording.state.is_paused = false;
        recording.paused_at = None;
        self.events.offer(Event::Recording(Box::new(recording.state.clone())));
        fusing.begin_anew(Knows::AsBefore, ends, now);
    }

    pub(super) fn forget(&self, length: Duration, ends: &Ends, fusing: &mut Fusing) {
        let now = self.clock.now();
        let Some(recording) = fusing.recording.as_ref() else { return };
        // A pause has nothing that could be forgotten.
        let (paused_at, since) = (recording.paused_at, recording.state.since);
        let from = (paused_at.unwrap_or(now) - length).max(since);
        let span = Span::new(from, now);
        recording.links.forget(span);
        self.events.offer(Event::Forgotten(span));
        fusing.begin_anew(Knows::Nothing, ends, now);
        if paused_at.is_some() {
            fusing.keep_event(now, &json!({ "type": "pause" }));
        }
    }

    pub(super) fn mark(&self, mark: MarkRequest, fusing: &mut Fusing) {
        let now = self.clock.now();
        let Some(recording) = fusing.recording.as_mut() else { return };
        recording.markers += 1;
        let what = json!({
            "type": "marker", "id": recording.markers, "kind": mark.kind, "name": mark.name, "text": mark.text,
        });
        recording.event(mark.span, now, &what);
        self.events.offer(Event::Marked(mark));
    }

    pub(super) fn stop_recording(ends: &Ends, fusing: &mut Fusing) {
        let Some(recording) = fusing.recording.take() else { return };
        keep_nothing(ends);
        recording.links.finish();
        fusing.ending.push(recording);
    }

    /// Tells how the recording is doing.
    pub(super) fn watch_recording(&self, ends: &Ends, fusing: &mut Fusing, now: Timestamp) {
        self.go_on_starting(ends, fusing);
        for recording in fusing.recording.iter_mut().chain(&mut fusing.ending) {
            if let Some(state) = recording.news(now) {
                self.events.offer(Event::Recording(Box::new(state)));
            }
        }
        fusing.ending.retain(|recording| !recording.state.has_ended());
        // A recorder that is gone leaves room for another one.
        if fusing.recording.take_if(|recording| recording.state.has_ended()).is_some() {
            keep_nothing(ends);
        }
    }
}

fn keep_nothing(ends: &Ends) {
    for orders in [&ends.face_orders, &ends.hear_orders, &ends.voice_orders, &ends.words_orders] {
        orders.offer(Order::KeepNothing);
    }
}
