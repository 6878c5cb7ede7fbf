//! The window as a whole, driven without a screen.

mod replay;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::link;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::pipeline::Command;
use crate::pipeline::Event;
use crate::pipeline::Freeze;
use crate::pipeline::FusionKind;
use crate::pipeline::FusionState;
use crate::pipeline::Pick;
use crate::pipeline::SourceChoice;
use crate::pipeline::Spoil;
use crate::pipeline::Tick;
use crate::pipeline::Trouble;
use crate::signal::Absence;
use crate::signal::Affect;
use crate::signal::Bipolar;
use crate::signal::FaceView;
use crate::signal::Fused;
use crate::signal::Gates;
use crate::signal::Label;
use crate::signal::Moment;
use crate::signal::Reading;
use crate::time::ManualClock;
use crate::time::Timestamp;
use crate::ui::App;
use crate::ui::FusionPick;
use crate::ui::Host;
use crate::ui::Launch;
use crate::ui::Options;
use crate::ui::Theme;
use crate::ui::Wiring;

const LIVE: SourceChoice = SourceChoice::Live { camera: Pick::Default, microphone: Pick::Default };

/// The other ends of what the window holds, and what it did.
struct Outside {
    clock: Arc<ManualClock>,
    events: Rc<RefCell<Option<EventOutlet<Event>>>>,
    commands: Rc<RefCell<Option<EventInlet<Command>>>>,
    launched: Rc<RefCell<Vec<SourceChoice>>>,
    saved: Rc<RefCell<Vec<Options>>>,
}

impl Outside {
    fn tell(&self, event: Event) {
        assert!(self.events.borrow().as_ref().is_some_and(|events| events.offer(event)));
    }

    fn tick(&self, secs: f64, likely: Label) {
        let at = Timestamp::from_secs(secs);
        self.clock.set(at);
        let mut probabilities = [0.0; Label::COUNT];
        probabilities[likely.index()] = 1.0;
        let zero = Bipolar::default();
        let affect = Affect { valence: zero, arousal: zero, valence_sd: 0.1, arousal_sd: 0.1 };
        let fused = Fused::new(Reading { affect, probabilities }, Gates { face: 1.0, ..Gates::default() });
        let moment =
            Moment { at, face: Err(Absence::NoFace), voice: Err(Absence::NoSpeech), words: Err(Absence::NoWords) };
        self.tell(Event::Tick(Box::new(Tick { moment, fused: Some(fused), without: None })));
    }
}

fn open(first: SourceChoice, options: Options, fails: Option<&'static str>) -> (Harness<'static>, Outside) {
    let outside = Outside {
        clock: Arc::default(),
        events: Rc::default(),
        commands: Rc::default(),
        launched: Rc::default(),
        saved: Rc::default(),
    };
    let (events, commands, launched, saved, clock) = (
        outside.events.clone(),
        outside.commands.clone(),
        outside.launched.clone(),
        outside.saved.clone(),
        outside.clock.clone(),
    );
    let launch: Launch = Box::new(move |source, _, _| {
        launched.borrow_mut().push(source.clone());
        if let Some(message) = fails {
            return Err(message.to_owned());
        }
        let (told, events_in) = link::event::link(64);
        let (_, picture) = link::latest::link(&FaceView::default());
        let (commands_out, asked) = link::event::link(8);
        *events.borrow_mut() = Some(told);
        *commands.borrow_mut() = Some(asked);
        Ok(Wiring { events: events_in, picture, commands: commands_out, clock: clock.clone(), source })
    });
    let host = Host { save: Box::new(move |options| saved.borrow_mut().push(options.clone())), ..host(Some(launch)) };
    let mut ready = Some((host, first, options));
    let mut app = None;
    let mut harness = Harness::builder().with_size(egui::vec2(1280.0, 800.0)).with_step_dt(0.1).build_ui(move |ui| {
        if let Some((host, first, options)) = ready.take() {
            app = Some(App::new(ui.ctx(), host, first, options));
        }
        let app: &mut App = app.as_mut().unwrap();
        app.logic(ui.ctx());
        app.ui(ui);
    });
    harness.run_steps(4);
    (harness, outside)
}

/// A host that does nothing but start what it is given to start with.
fn host(launch: Option<Launch>) -> Host {
    Host {
        launch: launch.unwrap_or_else(|| Box::new(|_, _, _| Err("nothing is started here".to_owned()))),
        list_devices: Box::new(|| (Vec::new(), Vec::new())),
        save: Box::new(|_| ()),
        sessions: "sessions".into(),
        keep_baseline: Box::new(|_| Ok(())),
        kept_baseline: Box::new(|_| None),
        export: None,
        certify: None,
        left: Box::new(|_| ()),
        rescore: None,
        speaker: None,
    }
}

fn welcomed() -> Options {
    Options { welcomed: true, ..Options::default() }
}

#[test]
fn at_the_first_start_no_device_is_opened_before_somebody_says_so() {
    let (mut harness, outside) = open(LIVE, Options::default(), None);
    assert!(outside.launched.borrow().is_empty());

    harness.get_by_label("Start with these").click();
    harness.run_steps(12);

    assert_eq!(outside.launched.borrow().as_slice(), [LIVE]);
    assert!(outside.saved.borrow().last().is_some_and(|options| options.welcomed));
}

#[test]
fn what_cannot_be_started_says_why_and_leaves_the_other_ways_open() {
    let (mut harness, outside) = open(LIVE, welcomed(), Some("the face model is missing"));

    assert!(harness.query_by_label("the face model is missing").is_some());
    harness.get_by_label("Watch the synthetic participant").click();
    harness.run_steps(4);

    assert_eq!(outside.launched.borrow().last(), Some(&SourceChoice::Demo { seed: 1 }));
}

#[test]
fn a_held_view_stands_still_while_reading_goes_on() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    outside.tick(1.0, Label::Happiness);
    harness.run_steps(2);

    harness.key_press(egui::Key::Space);
    harness.run_steps(2);
    outside.tick(5.0, Label::Anger);
    harness.run_steps(2);
    assert!(harness.query_by_label("Happiness 100 %").is_some());

    harness.key_press(egui::Key::Space);
    harness.run_steps(2);
    assert!(harness.query_by_label("Anger 100 %").is_some());
}

#[test]
fn an_answer_that_stops_coming_goes_out() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    outside.tick(1.0, Label::Happiness);
    harness.run_steps(2);
    assert!(harness.query_by_label("Happiness 100 %").is_some());

    outside.clock.set(Timestamp::from_secs(4.0));
    harness.run_steps(2);

    assert!(harness.query_by_label("Happiness –").is_some());
    assert!(harness.query_by_label("No reading for 3 s.").is_some());
}

#[test]
fn keys_tell_the_pipeline_and_settings_are_kept_once_they_rest() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);

    harness.key_press(egui::Key::A);
    harness.run_steps(2);
    harness.key_press(egui::Key::Z);
    harness.key_press(egui::Key::T);
    harness.run_steps(12);

    let asked: Vec<_> = outside.commands.borrow().as_ref().unwrap().drain().collect();
    assert_eq!(asked, [Command::Afresh, Command::Freeze(Freeze::Frozen)]);
    let saved: Vec<_> = outside.saved.borrow().iter().map(|options| options.theme).collect();
    assert_eq!(saved, [Theme::Light], "once, not with every picture");
}

#[test]
fn a_key_lets_the_next_fusion_answer_which_is_kept() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    let (late, gated) = (FusionKind::Late, FusionKind::Gated);
    let state = |there| FusionState { answers: late, asked: gated, there, missing: Vec::new() };
    outside.tell(Event::Fusion(state(vec![late])));
    harness.run_steps(2);
    harness.key_press(egui::Key::G);
    harness.run_steps(2);
    assert!(outside.commands.borrow().as_ref().unwrap().drain().next().is_none(), "there is no other");

    outside.tell(Event::Fusion(state(vec![late, gated])));
    harness.run_steps(2);
    harness.key_press(egui::Key::G);
    harness.run_steps(12);

    let asked: Vec<_> = outside.commands.borrow().as_ref().unwrap().drain().collect();
    assert_eq!(asked, [Command::Fusion(gated)]);
    assert_eq!(outside.saved.borrow().last().map(|options| options.fusion), Some(FusionPick::Of(gated)));
}

#[test]
fn a_key_shows_what_it_would_be_without_one_modality() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    outside.tick(1.0, Label::Happiness);
    harness.run_steps(2);

    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    assert!(harness.query_by_label("without the voice: nothing would be left").is_some());

    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    assert!(harness.query_by_label("compare with what it would be without one").is_some());
}

#[test]
fn a_pipeline_that_has_gone_is_said_and_can_be_started_again() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    *outside.events.borrow_mut() = None;
    harness.run_steps(2);

    harness.get_by_label("start again").click();
    harness.run_steps(4);

    assert_eq!(outside.launched.borrow().len(), 2);
}

#[test]
fn the_last_reading_of_a_recording_stays_when_it_has_ended() {
    let (mut harness, outside) = open(SourceChoice::Recording("talk.mp4".into()), welcomed(), None);
    outside.tick(1.0, Label::Surprise);
    outside.tell(Event::Ended);
    harness.run_steps(2);

    outside.clock.set(Timestamp::from_secs(60.0));
    harness.run_steps(2);

    assert!(harness.query_by_label("Surprise 100 %").is_some());
    assert!(harness.query_by_label("play it again").is_some());
}

#[test]
fn it_can_be_drawn_at_every_size_and_scale() {
    for (size, pixels) in [((960.0, 600.0), 1.0), ((960.0, 600.0), 2.0), ((1920.0, 1200.0), 2.0)] {
        let (mut harness, outside) = open(LIVE, Options { scale: 2.0, ..welcomed() }, None);
        harness.set_size(egui::vec2(size.0, size.1)).set_pixels_per_point(pixels);
        outside.tick(1.0, Label::Sadness);
        harness.run_steps(4);

        assert!(harness.query_by_label("Sadness 100 %").is_some());
    }
}

#[test]
fn trouble_on_purpose_is_told_to_the_pipeline_and_said_on_screen() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    outside.tick(1.0, Label::Happiness);
    harness.run_steps(2);

    harness.key_press(egui::Key::X);
    harness.run_steps(3);
    harness.get_by_label("mute").click();
    harness.run_steps(3);

    let asked: Vec<_> = outside.commands.borrow().as_ref().unwrap().drain().collect();
    assert_eq!(asked, [Command::Spoil(vec![Spoil { trouble: Trouble::Mute, snr_db: 0.0 }])]);
    assert!(harness.query_by_label("SPOILT ON PURPOSE · mute").is_some());

    harness.get_by_label("stop all trouble").click();
    harness.run_steps(3);
    let asked: Vec<_> = outside.commands.borrow().as_ref().unwrap().drain().collect();
    assert_eq!(asked, [Command::Spoil(Vec::new())]);
    assert!(harness.query_by_label("SPOILT ON PURPOSE · mute").is_none());
}

mod recording;
