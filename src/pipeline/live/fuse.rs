//! The thread that loads and starts the rest, gathers what is known, answers, and tells.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::capture::Pick;
use crate::capture::SourceState;
use crate::capture::camera;
use crate::capture::media;
use crate::capture::microphone;
use crate::capture::play;
use crate::fuse::Fuser as _;
use crate::fuse::FusionKind;
use crate::fuse::Fusions;
use crate::link::Meter;
use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::link::latest;
use crate::link::latest::LatestOutlet;
use crate::pipeline::event::Command;
use crate::pipeline::event::Event;
use crate::pipeline::event::Freeze;
use crate::pipeline::event::FusionState;
use crate::pipeline::event::PersonState;
use crate::pipeline::event::SourceChoice;
use crate::pipeline::event::Tick;
use crate::pipeline::gather::Gatherer;
use crate::pipeline::live::LiveSettings;
use crate::pipeline::live::TICK;
use crate::pipeline::live::Waker;
use crate::pipeline::live::health::Gauge;
use crate::pipeline::live::spawn::guarded;
use crate::pipeline::live::spawn::thread;
use crate::pipeline::live::stage::FaceStage;
use crate::pipeline::live::stage::HearStage;
use crate::pipeline::live::stage::Note;
use crate::pipeline::live::stage::Notes;
use crate::pipeline::live::stage::Order;
use crate::pipeline::live::stage::VoiceStage;
use crate::pipeline::live::stage::WordsStage;
use crate::pipeline::live::stage::pause;
use crate::pipeline::stages::Stages;
use crate::pipeline::understand::Understanding;
use crate::signal::Absence;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::signal::Modality;
use crate::signal::Utterance;
use crate::signal::VoiceWindow;
use crate::time::Clock;
use crate::time::Timestamp;
use crate::time::Timestamped;

const NOTES: usize = 512;
const UTTERANCES: usize = 4;
/// Of the events' places, those that levels and answers leave free: what changes must be told to whoever comes back.
const LEFT_FOR_CHANGES: usize = super::EVENTS / 4;
const STREAMS: usize = 4;
const ORDERS: usize = 16;
/// A recording is played once its stages are ready, and not before the window shows it.
const HEAD_START: Duration = play::HEAD_START;
const MAX_WIDTH: usize = 1280;
const AFTER_END: Duration = Duration::from_secs(3);

pub(super) struct Run {
    pub(super) source: SourceChoice,
    pub(super) settings: LiveSettings,
    pub(super) waker: Waker,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: EventOutlet<Event>,
    pub(super) commands: EventInlet<Command>,
}

/// The ends of links that `fuse` holds.
struct Ends {
    threads: Vec<JoinHandle<()>>,
    utterances: Meter,
    has_words: bool,
    notes: Vec<EventInlet<Note>>,
    face_orders: EventOutlet<Order>,
    voice_orders: EventOutlet<Order>,
    words_orders: EventOutlet<Order>,
    hear_orders: EventOutlet<Order>,
    camera: EventOutlet<Pick>,
    microphone: EventOutlet<Pick>,
}

struct Fusing {
    gatherer: Gatherer,
    gauge: Gauge,
    fusions: Fusions,
    /// The fusion that was asked for, there or not.
    asked: FusionKind,
    person: PersonState,
    seen: [u64; 3],
    ended: [bool; 2],
    last_note: Timestamp,
    utterances_done: u64,
    failed: Vec<&'static str>,
    is_over: bool,
}

impl Run {
    pub(super) fn run(self, picture: LatestOutlet<FaceView>) {
        let events = self.events.clone();
        guarded(
            || self.work(picture),
            |message| {
                events.offer(Event::StageFailed { stage: "fuse", message });
            },
        );
    }

    fn work(self, picture: LatestOutlet<FaceView>) -> Result<(), String> {
        let mut stages =
            Stages::load(&self.settings.models, &self.settings.stages).map_err(|error| error.to_string())?;
        let mut gatherer = Gatherer::new(stages.gather.clone());
        for (modality, message) in &stages.off {
            gatherer.switch(*modality, Some(Absence::NoModel));
            self.events.offer(Event::StageOff { modality: *modality, message: message.clone() });
        }
        let mut gauge = Gauge::new();
        let ends = self.build(&mut stages, picture, &mut gauge).map_err(|error| error.to_string())?;
        let asked = self.settings.stages.fusion.kind;
        let mut fusing = Fusing::begin(gatherer, gauge, stages.fusions, asked, self.clock.now());
        self.events.offer(Event::Fusion(FusionState::of(&fusing.fusions, fusing.asked)));
        let result = self.answer(&ends, &mut fusing);
        ends.close();
        result
    }

    fn answer(&self, ends: &Ends, fusing: &mut Fusing) -> Result<(), String> {
        let mut next_tick = self.clock.now();
        let mut next_health = next_tick;
        loop {
            let busy = self.take_notes(ends, fusing);
            if !self.obey(ends, fusing) {
                return Ok(());
            }
            let now = self.clock.now();
            if now >= next_tick {
                // A tick that was missed is skipped, not made up for.
                next_tick = if next_tick + TICK <= now { now + TICK } else { next_tick + TICK };
                let moment = fusing.gatherer.moment(now);
                match Tick::of(&mut fusing.fusions, moment, self.settings.compares) {
                    Ok(tick) => {
                        fusing.time_readings(&tick, self.clock.now());
                        self.events.offer_leaving(Event::Tick(Box::new(tick)), LEFT_FOR_CHANGES);
                    }
                    // Readings go on: the next tick is the late fusion's.
                    Err(error) if fusing.fusions.give_up(&error) => {
                        self.events.offer(Event::Fusion(FusionState::of(&fusing.fusions, fusing.asked)));
                    }
                    Err(error) => return Err(error.to_string()),
                }
                fusing.gauge.fuse.add(self.clock.now().since(now), now);
                (self.waker)();
            }
            if now >= next_health {
                next_health = now + Duration::from_secs(1);
                let health = Event::Health(Box::new(fusing.gauge.health(now)));
                self.events.offer_leaving(health, LEFT_FOR_CHANGES);
                self.events.offer_leaving(Event::Person(fusing.person.clone()), LEFT_FOR_CHANGES);
            }
            if !busy {
                pause(Duration::from_millis(2));
            }
        }
    }

    /// Links, then threads, the sources last.
    fn build(&self, stages: &mut Stages, picture: LatestOutlet<FaceView>, gauge: &mut Gauge) -> std::io::Result<Ends> {
        let (frames, frame_in) = latest::link(&Frame::default());
        let (streams, stream_in) = event::link(STREAMS);
        let (windows, window_in) = latest::link(&VoiceWindow::default());
        let (drafts, draft_in) = latest::link(&Utterance::default());
        let (utterances, utterance_in) = event::link(UTTERANCES);
        let (face_orders, face_order_in) = event::link(ORDERS);
        let (voice_orders, voice_order_in) = event::link(ORDERS);
        let (words_orders, words_order_in) = event::link(ORDERS);
        let (hear_orders, hear_order_in) = event::link(ORDERS);
        let (camera, camera_in) = event::link(ORDERS);
        let (microphone, microphone_in) = event::link(ORDERS);
        let mut threads = Vec::new();
        let mut notes = Vec::new();
        let mut note_link = || {
            let (outlet, inlet) = event::link(NOTES);
            notes.push(inlet);
            outlet
        };
        gauge.meters = vec![
            ("camera → face", frames.meter().clone(), true),
            ("face → window", picture.meter().clone(), true),
            ("hear → voice", windows.meter().clone(), true),
            ("hear → words (drafts)", drafts.meter().clone(), true),
            ("hear → words", utterances.meter().clone(), false),
            ("fuse → window", self.events.meter().clone(), true),
        ];

        let (utterances_meter, has_words) = (utterances.meter().clone(), stages.words.is_some());
        let face = FaceStage {
            encoder: stages.face.take(),
            frames: frame_in,
            views: picture,
            orders: face_order_in,
            notes: note_link(),
            clock: self.clock.clone(),
            wake: self.waker.clone(),
            trouble: Vec::new(),
        };
        threads.push(stage("face", face.notes.clone(), move || face.run())?);
        if let Some(encoder) = stages.voice.take() {
            let (windows, orders, notes) = (window_in, voice_order_in, note_link());
            let voice = VoiceStage { encoder, windows, orders, notes, clock: self.clock.clone() };
            threads.push(stage("voice", voice.notes.clone(), move || voice.run())?);
        }
        if let Some((speech, words)) = stages.words.take() {
            let (utterances, notes, clock) = (utterance_in, note_link(), self.clock.clone());
            let (speech, orders) = (Understanding::of(speech), words_order_in);
            let words =
                WordsStage { speech, words, drafts: draft_in, utterances, orders, notes, clock, trouble: Vec::new() };
            threads.push(stage("words", words.notes.clone(), move || words.run())?);
        }
        let (ear, clock) = (stages.ear.take(), self.clock.clone());
        let (streams_in, told) = (stream_in, note_link());
        let hear = HearStage {
            ear,
            streams: streams_in,
            waiting: None,
            windows,
            drafts,
            utterances,
            orders: hear_order_in,
            notes: told,
            clock,
            spoils: Arc::default(),
            voices: None,
        };
        threads.push(stage("hear", hear.notes.clone(), move || hear.run())?);
        let sources = Sources { frames, streams, camera: camera_in, microphone: microphone_in };
        threads.extend(self.start_sources(sources, note_link(), note_link())?);
        Ok(Ends {
            threads,
            utterances: utterances_meter,
            has_words,
            notes,
            face_orders,
            voice_orders,
            words_orders,
            hear_orders,
            camera,
            microphone,
        })
    }

    fn start_sources(&self, sources: Sources, seen: Notes, heard: Notes) -> std::io::Result<Vec<JoinHandle<()>>> {
        let Sources { mut frames, streams, camera: camera_picks, microphone: microphone_picks } = sources;
        let (clock, sound_clock) = (self.clock.clone(), self.clock.clone());
        let (seen_failed, heard_failed) = (seen.clone(), heard.clone());
        let mut see = move |state| {
            seen.offer(Note::Camera(state));
        };
        let mut hear = move |state| {
            heard.offer(Note::Microphone(state));
        };
        // How a recording begins is looked up before its clock does.
        let probed = match &self.source {
            SourceChoice::Recording(path) => Some(media::probe(path)),
            _ => None,
        };
        let start = self.clock.now() + HEAD_START;
        if !matches!(self.source, SourceChoice::Live { .. }) {
            self.events.offer(Event::Begun(start));
        }
        match self.source.clone() {
            SourceChoice::Live { camera: pick, microphone: heard_pick } => {
                let settings = self.settings.camera.clone();
                let camera = stage("camera", seen_failed, move || {
                    camera::run(pick, &mut frames, &camera_picks, &clock, &settings, &start_thread, &mut see);
                    Ok(())
                })?;
                let microphone = stage("microphone", heard_failed, move || {
                    microphone::run(heard_pick, &streams, &microphone_picks, &sound_clock, &start_thread, &mut hear);
                    Ok(())
                })?;
                Ok(vec![camera, microphone])
            }
            SourceChoice::Recording(path) => {
                let info = match probed {
                    Some(Ok(info)) => info,
                    Some(Err(error)) => {
                        see(SourceState::Failed { message: error.to_string() });
                        hear(SourceState::Failed { message: error.to_string() });
                        return Ok(Vec::new());
                    }
                    None => return Ok(Vec::new()),
                };
                let (sound_path, sound_info) = (path.clone(), info.clone());
                let camera = stage("camera", seen_failed, move || {
                    play::picture(
                        &path,
                        &info,
                        Some(MAX_WIDTH),
                        start,
                        &mut frames,
                        &camera_picks,
                        clock.as_ref(),
                        &mut see,
                    );
                    Ok(())
                })?;
                let microphone = stage("microphone", heard_failed, move || {
                    play::sound(
                        &sound_path,
                        &sound_info,
                        start,
                        &streams,
                        &microphone_picks,
                        sound_clock.as_ref(),
                        &mut hear,
                    );
                    Ok(())
                })?;
                Ok(vec![camera, microphone])
            }
            SourceChoice::Demo { seed } => {
                let geometry = self.settings.models.join("fetched").join("face_geometry.json");
                let camera = stage("camera", seen_failed, move || {
                    play::demo_picture(&geometry, seed, start, &mut frames, &camera_picks, clock.as_ref(), &mut see);
                    Ok(())
                })?;
                let microphone = stage("microphone", heard_failed, move || {
                    play::demo_sound(start, &streams, &microphone_picks, sound_clock.as_ref(), &mut hear);
                    Ok(())
                })?;
                Ok(vec![camera, microphone])
            }
        }
    }

    fn take_notes(&self, ends: &Ends, fusing: &mut Fusing) -> bool {
        let mut busy = false;
        for inlet in &ends.notes {
            while let Next::Item(note) = inlet.poll() {
                busy = true;
                fusing.last_note = self.clock.now();
                self.take(note, ends, fusing);
            }
        }
        let all_ended = matches!(self.source, SourceChoice::Recording(_)) && fusing.ended == [true, true];
        let all_read =
            ends.utterances.passed() <= fusing.utterances_done || !ends.has_words || fusing.has_failed("words");
        let quiet = self.clock.now().since(fusing.last_note) > AFTER_END;
        if all_ended && all_read && quiet && !fusing.is_over {
            fusing.is_over = self.events.offer(Event::Ended);
        }
        busy
    }

    fn take(&self, note: Note, ends: &Ends, fusing: &mut Fusing) {
        let now = self.clock.now();
        match note {
            Note::Evidence { modality, presence, known_secs, took } => {
                let times = match modality {
                    Modality::Face => &mut fusing.gauge.face,
                    Modality::Voice => &mut fusing.gauge.voice,
                    Modality::Words => &mut fusing.gauge.words,
                };
                times.add(took, now);
                if let Some(known) = fusing.person.known_secs.get_mut(modality.index()) {
                    *known = known_secs;
                }
                fusing.gatherer.observe(modality, presence, now);
            }
            Note::Level(level, took) => {
                fusing.gauge.hear.add(took, now);
                fusing.gatherer.hear(level.clone());
                self.events.offer_leaving(Event::Level(level), LEFT_FOR_CHANGES);
            }
            Note::Transcript(transcript) => {
                self.events.offer(Event::Transcript(transcript));
            }
            Note::NotTranscribed(why) => {
                self.events.offer(Event::NotTranscribed(why));
            }
            Note::Refused(Timestamped { span, seq, .. }) => {
                if ends.has_words && !fusing.has_failed("words") {
                    let why = "the machine is too slow to keep up with the words".to_owned();
                    self.events.offer(Event::NotTranscribed(Timestamped::new(span, seq, why)));
                }
            }
            Note::Afresh(why) => {
                fusing.afresh(why, now, ends);
                self.events.offer(Event::Person(fusing.person.clone()));
            }
            Note::Camera(state) => {
                fusing.source(&[Modality::Face], &state, 0);
                self.events.offer(Event::Camera(state));
            }
            Note::Microphone(state) => {
                fusing.source(&[Modality::Voice, Modality::Words], &state, 1);
                self.events.offer(Event::Microphone(state));
            }
            Note::Audio { passed, dropped, xruns } => fusing.gauge.audio = (passed, dropped, xruns),
            Note::Failed { stage, message } => {
                for modality in modalities_of(stage) {
                    fusing.gatherer.switch(*modality, Some(Absence::StageFailed));
                }
                // A source that is no more has come to its end.
                if let Some(ended) = ["camera", "microphone"].iter().position(|source| *source == stage) {
                    fusing.end(ended);
                }
                fusing.failed.push(stage);
                self.events.offer(Event::StageFailed { stage, message });
            }
            Note::UtteranceDone => fusing.utterances_done += 1,
        }
        (self.waker)();
    }

    /// Carries out what was asked; false once nobody can ask any more.
    fn obey(&self, ends: &Ends, fusing: &mut Fusing) -> bool {
        loop {
            let command = match self.commands.poll() {
                Next::Item(command) => command,
                Next::Nothing => return true,
                Next::Closed => return false,
            };
            match command {
                Command::Camera(pick) => {
                    ends.face_orders.offer(Order::OtherPictures);
                    ends.camera.offer(pick);
                }
                Command::Microphone(pick) => {
                    ends.microphone.offer(pick);
                }
                Command::ChooseFace { x, y } => {
                    ends.face_orders.offer(Order::Point(x, y));
                    fusing.afresh("another face was chosen", self.clock.now(), ends);
                }
                Command::Afresh => {
                    ends.face_orders.offer(Order::Afresh);
                    fusing.afresh("begun afresh by hand", self.clock.now(), ends);
                }
                Command::Freeze(freeze) => {
                    ends.face_orders.offer(Order::Freeze(freeze));
                    ends.voice_orders.offer(Order::Freeze(freeze));
                    fusing.person.is_frozen = freeze == Freeze::Frozen;
                }
                Command::Fusion(kind) => {
                    fusing.asked = kind;
                    fusing.fusions.choose(kind);
                    self.events.offer(Event::Fusion(FusionState::of(&fusing.fusions, fusing.asked)));
                }
                Command::Spoil(spoils) => {
                    let spoils: Arc<[_]> = spoils.into();
                    for orders in [&ends.face_orders, &ends.hear_orders, &ends.words_orders] {
                        orders.offer(Order::Spoil(spoils.clone()));
                    }
                }
            }
            self.events.offer(Event::Person(fusing.person.clone()));
        }
    }
}

impl Fusing {
    fn begin(gatherer: Gatherer, gauge: Gauge, fusions: Fusions, asked: FusionKind, now: Timestamp) -> Self {
        Self {
            gatherer,
            gauge,
            fusions,
            asked,
            person: PersonState::default(),
            seen: [0; 3],
            ended: [false; 2],
            last_note: now,
            utterances_done: 0,
            failed: Vec::new(),
            is_over: false,
        }
    }

    /// Somebody else: nothing of the one before is theirs. The face has forgotten by itself.
    fn afresh(&mut self, why: &str, now: Timestamp, ends: &Ends) {
        ends.voice_orders.offer(Order::Afresh);
        ends.words_orders.offer(Order::Afresh);
        self.gatherer.afresh();
        self.fusions.reset();
        self.person.afresh = Some((now, why.to_owned()));
        self.person.known_secs = [0.0; 3];
    }

    fn has_failed(&self, stage: &str) -> bool {
        self.failed.contains(&stage)
    }

    /// From the end of an input's span to the first reading that uses it.
    fn time_readings(&mut self, tick: &Tick, now: Timestamp) {
        if tick.fused.is_none() {
            return;
        }
        for modality in Modality::ALL {
            let Ok(evidence) = tick.moment.of(modality) else { continue };
            let (Some(seen), Some(times)) =
                (self.seen.get_mut(modality.index()), self.gauge.reading.get_mut(modality.index()))
            else {
                continue;
            };
            if evidence.seq > *seen {
                *seen = evidence.seq;
                times.add(evidence.age(now));
            }
        }
    }

    /// What a source's state means for the modalities that live on it.
    fn source(&mut self, modalities: &[Modality], state: &SourceState, which: usize) {
        let absence = match state {
            SourceState::Running { .. } | SourceState::Silent { .. } => None,
            SourceState::Lost { .. } => Some(Absence::SourceLost),
            SourceState::Off | SourceState::Opening | SourceState::Failed { .. } => Some(Absence::NoSource),
            SourceState::Ended => return self.end(which),
        };
        if matches!(state, SourceState::Off | SourceState::Failed { .. } | SourceState::Lost { .. }) {
            self.end(which);
        }
        for modality in modalities {
            if absence.is_none() {
                self.gatherer.source_came(*modality);
            }
            self.gatherer.source_lost(*modality, absence.clone());
        }
    }

    fn end(&mut self, which: usize) {
        if let Some(ended) = self.ended.get_mut(which) {
            *ended = true;
        }
    }
}

struct Sources {
    frames: LatestOutlet<Frame>,
    streams: EventOutlet<crate::capture::AudioStream>,
    camera: EventInlet<Pick>,
    microphone: EventInlet<Pick>,
}

impl Ends {
    /// Lets go of the sources, whose end ends the stages one after the other, and waits for all: a network must not be
    /// running when the program ends.
    fn close(self) {
        let Self { threads, notes, face_orders, voice_orders, words_orders, hear_orders, camera, microphone, .. } =
            self;
        drop((notes, face_orders, voice_orders, words_orders, hear_orders, camera, microphone));
        for thread in threads {
            thread.join().ok();
        }
    }
}

fn stage(
    name: &'static str,
    notes: Notes,
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    thread(name, move || {
        guarded(work, |message| {
            notes.offer(Note::Failed { stage: name, message });
        });
    })
}

/// A thread that a source may leave behind with its driver.
fn start_thread(work: Box<dyn FnOnce() + Send + 'static>) -> std::io::Result<()> {
    thread("driver", work).map(|_| ())
}

fn modalities_of(stage: &str) -> &'static [Modality] {
    match stage {
        "camera" | "face" => &[Modality::Face],
        "microphone" | "hear" => &[Modality::Voice, Modality::Words],
        "voice" => &[Modality::Voice],
        "words" => &[Modality::Words],
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
