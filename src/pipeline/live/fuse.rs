//! The thread that loads and starts the rest, gathers what is known, answers, and tells.

use std::sync::Arc;
use std::time::Duration;

use crate::capture::SourceState;
use crate::fuse::Fuser as _;
use crate::fuse::FusionKind;
use crate::fuse::Fusions;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::link::latest::LatestOutlet;
use crate::pipeline::event::Command;
use crate::pipeline::event::Event;
use crate::pipeline::event::Freeze;
use crate::pipeline::event::FusionState;
use crate::pipeline::event::KnownPerson;
use crate::pipeline::event::PersonState;
use crate::pipeline::event::Personal;
use crate::pipeline::event::SourceChoice;
use crate::pipeline::event::Tick;
use crate::pipeline::gather::GatherChange;
use crate::pipeline::gather::Gatherer;
use crate::pipeline::gather::raw;
use crate::pipeline::live::LiveSettings;
use crate::pipeline::live::TICK;
use crate::pipeline::live::Waker;
use crate::pipeline::live::health::Gauge;
use crate::pipeline::live::recording::Origin;
use crate::pipeline::live::recording::Recording;
use crate::pipeline::live::recording::Starting;
use crate::pipeline::live::spawn::guarded;
use crate::pipeline::live::stage::Note;
use crate::pipeline::live::stage::Order;
use crate::pipeline::live::stage::Told;
use crate::pipeline::live::stage::pause;
use crate::pipeline::live::wiring::Ends;
use crate::pipeline::live::wiring::modalities_of;
use crate::pipeline::stages::Stages;
use crate::signal::Absence;
use crate::signal::FaceView;
use crate::signal::Modality;
use crate::time::Clock;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// Of the events' places, those that levels and answers leave free: what changes must be told to whoever comes back.
const LEFT_FOR_CHANGES: usize = super::EVENTS / 4;
const AFTER_END: Duration = Duration::from_secs(3);

pub(super) struct Run {
    pub(super) source: SourceChoice,
    pub(super) settings: LiveSettings,
    pub(super) waker: Waker,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: EventOutlet<Event>,
    pub(super) commands: EventInlet<Command>,
}

pub(super) struct Fusing {
    pub(super) gatherer: Gatherer,
    pub(super) gauge: Gauge,
    pub(super) fusions: Fusions,
    /// The fusion that was asked for, there or not.
    pub(super) asked: FusionKind,
    pub(super) person: PersonState,
    seen: [u64; 3],
    ended: [bool; 2],
    last_note: Timestamp,
    utterances_done: u64,
    failed: Vec<&'static str>,
    is_over: bool,
    /// Inputs that begin before it count no more: they are of before a beginning.
    pub(super) not_before: Timestamp,
    pub(super) recording: Option<Recording>,
    pub(super) starting: Option<Starting>,
    /// What is done to the input on purpose.
    pub(super) troubles: Vec<&'static str>,
    /// Recordings that were ended and are still on their way to the disk.
    pub(super) ending: Vec<Recording>,
    pub(super) origin: Origin,
    /// What the stages told of what is known of the person, and how many still owe it.
    known: KnownPerson,
    owed: usize,
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
        let origin = Origin::of(&stages, &self.source, &self.settings);
        let ends = self.build(&mut stages, picture, &mut gauge).map_err(|error| error.to_string())?;
        let asked = self.settings.stages.fusion.kind;
        let mut fusing = Fusing::begin(gatherer, gauge, stages.fusions, asked, origin, self.clock.now());
        self.events.offer(Event::Fusion(FusionState::of(&fusing.fusions, fusing.asked)));
        let result = self.answer(&ends, &mut fusing);
        // The way to the disk closes last, so that what the stages still say is kept.
        let recording = fusing.recording.take().into_iter().chain(std::mem::take(&mut fusing.ending));
        ends.close();
        for recording in recording {
            recording.end(|state| {
                self.events.offer(Event::Recording(Box::new(state)));
            });
        }
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
                        if let Some(recording) = fusing.recording.as_mut() {
                            recording.answer(&tick);
                        }
                        fusing.time_readings(&tick, self.clock.now());
                        self.events.offer_leaving(Event::Tick(Box::new(tick)), LEFT_FOR_CHANGES);
                    }
                    // Readings go on: the next tick is the late fusion's.
                    Err(error) if fusing.fusions.give_up(&error) => {
                        fusing.keep_fusion(now);
                        self.events.offer(Event::Fusion(FusionState::of(&fusing.fusions, fusing.asked)));
                    }
                    Err(error) => return Err(error.to_string()),
                }
                fusing.gauge.fuse.add(self.clock.now().since(now), now);
                (self.waker)();
            }
            if now >= next_health {
                next_health = now + Duration::from_secs(1);
                let health = Box::new(fusing.gauge.health(now));
                if let Some(recording) = fusing.recording.as_mut() {
                    recording.health(&health, now);
                }
                self.events.offer_leaving(Event::Health(health), LEFT_FOR_CHANGES);
                self.events.offer_leaving(Event::Person(fusing.person.clone()), LEFT_FOR_CHANGES);
            }
            self.watch_recording(ends, fusing, now);
            if !busy {
                pause(Duration::from_millis(2));
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
            Note::Evidence(told) => fusing.hear_of(*told, now),
            Note::Level(level, took) => {
                fusing.gauge.hear.add(took, now);
                if level.span.start < fusing.not_before {
                    return;
                }
                if let Some(recording) = fusing.recording.as_mut() {
                    recording.level(&level, now);
                }
                fusing.gatherer.hear(level.clone());
                self.events.offer_leaving(Event::Level(level), LEFT_FOR_CHANGES);
            }
            Note::Transcript(Timestamped { span, .. }) | Note::NotTranscribed(Timestamped { span, .. })
                if span.start < fusing.not_before => {}
            Note::Transcript(transcript) => {
                if let Some(recording) = fusing.recording.as_mut() {
                    recording.transcript(&transcript, now);
                }
                self.events.offer(Event::Transcript(transcript));
            }
            Note::NotTranscribed(why) => {
                if let Some(recording) = fusing.recording.as_mut() {
                    let what = serde_json::json!({ "type": "not_transcribed", "why": why.value });
                    recording.event(why.span, now, &what);
                }
                self.events.offer(Event::NotTranscribed(why));
            }
            Note::Refused(Timestamped { span, seq, .. }) => {
                if ends.has_words && !fusing.has_failed("words") {
                    let why = "the machine is too slow to keep up with the words".to_owned();
                    if let Some(recording) = fusing.recording.as_mut() {
                        recording.event(span, now, &serde_json::json!({ "type": "not_transcribed", "why": why }));
                    }
                    self.events.offer(Event::NotTranscribed(Timestamped::new(span, seq, why)));
                }
            }
            Note::Afresh(why) => {
                fusing.afresh(why, now, ends);
                self.events.offer(Event::Person(fusing.person.clone()));
            }
            Note::Camera(state) => {
                fusing.source("camera", &state, now);
                self.events.offer(Event::Camera(state));
            }
            Note::Microphone(state) => {
                fusing.source("microphone", &state, now);
                self.events.offer(Event::Microphone(state));
            }
            Note::Audio { passed, dropped, xruns } => fusing.gauge.audio = (passed, dropped, xruns),
            Note::Failed { stage, message } => {
                for modality in modalities_of(stage) {
                    fusing.change(&GatherChange::Switch(*modality, Some(Absence::StageFailed)), now);
                }
                // A source that is no more has come to its end.
                if let Some(ended) = ["camera", "microphone"].iter().position(|source| *source == stage) {
                    fusing.end(ended);
                }
                fusing.failed.push(stage);
                let what = serde_json::json!({ "type": "stage_failed", "stage": stage, "message": message });
                fusing.keep_event(now, &what);
                self.events.offer(Event::StageFailed { stage, message });
            }
            Note::UtteranceDone => fusing.utterances_done += 1,
            Note::Known(modality, known) => {
                match modality {
                    Modality::Face => fusing.known.face = known,
                    _ => fusing.known.voice = known,
                }
                fusing.owed = fusing.owed.saturating_sub(1);
                if fusing.owed == 0 {
                    self.events.offer(Event::Known(Box::new(std::mem::take(&mut fusing.known))));
                }
            }
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
                    let what = serde_json::json!({ "type": "freeze", "is_frozen": fusing.person.is_frozen });
                    fusing.keep_event(self.clock.now(), &what);
                }
                Command::Fusion(kind) => {
                    fusing.asked = kind;
                    fusing.fusions.choose(kind);
                    fusing.keep_fusion(self.clock.now());
                    self.events.offer(Event::Fusion(FusionState::of(&fusing.fusions, fusing.asked)));
                }
                Command::Personal(personal) => {
                    fusing.person.is_raw = personal == Personal::Raw;
                    let what = serde_json::json!({ "type": "personal", "is_raw": fusing.person.is_raw });
                    fusing.keep_event(self.clock.now(), &what);
                }
                Command::TellKnown => {
                    // A stage that isn't there owes nothing.
                    let asked = [&ends.face_orders, &ends.voice_orders].map(|orders| orders.offer(Order::TellKnown));
                    fusing.owed = asked.into_iter().filter(|was_asked| *was_asked).count();
                }
                Command::TakeOver(known) => {
                    let known: Arc<KnownPerson> = Arc::from(known);
                    for orders in [&ends.face_orders, &ends.voice_orders] {
                        orders.offer(Order::TakeOver(known.clone()));
                    }
                }
                Command::Baseline(what) => {
                    let what = serde_json::json!({ "type": "baseline", "baseline": what });
                    fusing.keep_event(self.clock.now(), &what);
                }
                Command::Record(request) => self.record(&request, fusing),
                Command::Pause => self.pause(ends, fusing),
                Command::Resume => self.resume(ends, fusing),
                Command::Forget(length) => self.forget(length, ends, fusing),
                Command::Mark(mark) => self.mark(mark, fusing),
                Command::StopRecording => Self::stop_recording(ends, fusing),
                Command::Spoil(spoils) => {
                    fusing.troubles = spoils.iter().map(|spoil| spoil.trouble.name()).collect();
                    let what = serde_json::json!({ "type": "spoil", "troubles": fusing.troubles });
                    fusing.keep_event(self.clock.now(), &what);
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
    fn begin(
        gatherer: Gatherer,
        gauge: Gauge,
        fusions: Fusions,
        asked: FusionKind,
        origin: Origin,
        now: Timestamp,
    ) -> Self {
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
            not_before: Timestamp::ZERO,
            recording: None,
            starting: None,
            troubles: Vec::new(),
            known: KnownPerson::default(),
            owed: 0,
            ending: Vec::new(),
            origin,
        }
    }

    /// Somebody else: nothing of the one before is theirs. The face has forgotten by itself.
    fn afresh(&mut self, why: &str, now: Timestamp, ends: &Ends) {
        ends.voice_orders.offer(Order::Afresh);
        ends.words_orders.offer(Order::Afresh);
        self.gatherer.afresh();
        self.fusions.reset();
        self.keep_event(now, &serde_json::json!({ "type": "afresh", "why": why }));
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
    fn source(&mut self, source: &'static str, state: &SourceState, now: Timestamp) {
        let which = usize::from(source == "microphone");
        let what = serde_json::json!({ "type": source, "state": state.to_string() });
        self.keep_event(now, &what);
        self.origin.named(which, state);
        let absence = match state {
            SourceState::Running { .. } | SourceState::Silent { .. } => None,
            SourceState::Lost { .. } => Some(Absence::SourceLost),
            SourceState::Off | SourceState::Opening | SourceState::Failed { .. } => Some(Absence::NoSource),
            SourceState::Ended => return self.end(which),
        };
        if matches!(state, SourceState::Off | SourceState::Failed { .. } | SourceState::Lost { .. }) {
            self.end(which);
        }
        for modality in modalities_of(source) {
            if absence.is_none() {
                self.change(&GatherChange::Came(*modality), now);
            }
            self.change(&GatherChange::Lost(*modality, absence.clone()), now);
        }
    }

    /// Which modalities there are has changed: here, and in what is kept.
    fn change(&mut self, change: &GatherChange, now: Timestamp) {
        self.gatherer.change(change);
        self.keep_event(now, &serde_json::json!({ "type": "gather", "change": change }));
    }

    /// A modality has said something, or that it has nothing to say.
    fn hear_of(&mut self, told: Told, now: Timestamp) {
        let times = match told.modality {
            Modality::Face => &mut self.gauge.face,
            Modality::Voice => &mut self.gauge.voice,
            Modality::Words => &mut self.gauge.words,
        };
        times.add(told.took, now);
        if told.place.0.start < self.not_before {
            return;
        }
        if let Some(known) = self.person.known_secs.get_mut(told.modality.index()) {
            *known = told.known_secs;
        }
        if let Some(recording) = self.recording.as_mut() {
            recording.told(&told, now);
        }
        let presence = if self.person.is_raw { raw(told.presence) } else { told.presence };
        self.gatherer.observe(told.modality, presence, now);
    }

    fn end(&mut self, which: usize) {
        if let Some(ended) = self.ended.get_mut(which) {
            *ended = true;
        }
    }
}

#[cfg(test)]
mod tests;
