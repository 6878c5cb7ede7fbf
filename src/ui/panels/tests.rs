//! Each panel's buttons ask for their command.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::pipeline::Command;
use crate::pipeline::Event;
use crate::pipeline::FusionKind;
use crate::pipeline::FusionState;
use crate::pipeline::Pick;
use crate::pipeline::SourceChoice;
use crate::pipeline::SourceState;
use crate::pipeline::Tick;
use crate::signal::Absence;
use crate::signal::Affect;
use crate::signal::Bipolar;
use crate::signal::Evidence;
use crate::signal::FaceBox;
use crate::signal::FaceView;
use crate::signal::Fused;
use crate::signal::Gates;
use crate::signal::Label;
use crate::signal::LabelsAtOnce;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::signal::Reading;
use crate::time::Span;
use crate::time::Timestamp;
use crate::ui::Options;
use crate::ui::Sheet;
use crate::ui::Theme;
use crate::ui::WindowCommand;
use crate::ui::keys::Keys;
use crate::ui::motion::Motion;
use crate::ui::panels;
use crate::ui::panels::StartForm;
use crate::ui::state::State;
use crate::ui::theme::Palette;
use crate::ui::view::Picture;
use crate::ui::view::View;

const LIVE: SourceChoice = SourceChoice::Live { camera: Pick::Default, microphone: Pick::Default };

/// What a panel needs to be drawn.
struct Scene {
    state: State,
    options: Options,
    source: SourceChoice,
    picture: Option<Picture>,
    devices: (Vec<String>, Vec<String>),
}

impl Default for Scene {
    fn default() -> Self {
        let devices = (vec!["Webcam".to_owned()], vec!["Headset".to_owned()]);
        Self { state: State::default(), options: Options::default(), source: LIVE, picture: None, devices }
    }
}

impl Scene {
    fn view(&self) -> View<'_> {
        View {
            state: &self.state,
            options: &self.options,
            palette: Palette::of(Theme::Dark),
            source: &self.source,
            now: Timestamp::from_secs(10.0),
            shown: Span::new(Timestamp::from_secs(-50.0), Timestamp::from_secs(10.0)),
            tick: self.state.fresh_tick(Timestamp::from_secs(10.0)),
            picture: self.picture.as_ref(),
            devices: Some(&self.devices),
            without: None,
            pointed_at: None,
            certificate: None,
            pending: crate::ui::view::Pending::default(),
            baseline: None,
            is_held: false,
            is_started: true,
            replay: None,
        }
    }
}

type Draw = fn(&mut egui::Ui, &View<'_>) -> Option<WindowCommand>;

/// A panel on a screen of its own, and everything that it asked for.
fn draw(scene: Scene, size: (f32, f32), panel: Draw) -> Harness<'static, Vec<WindowCommand>> {
    let mut harness = Harness::builder()
        .with_size(egui::vec2(size.0, size.1))
        .build_ui_state(move |ui, asked: &mut Vec<WindowCommand>| asked.extend(panel(ui, &scene.view())), Vec::new());
    harness.run_steps(2);
    harness
}

fn click(harness: &mut Harness<'_, Vec<WindowCommand>>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

#[test]
fn the_top_bar_asks_for_what_its_buttons_say() {
    let mut harness = draw(Scene::default(), (1280.0, 300.0), panels::top_ui);

    for label in ["afresh  A", "freeze  Z", "source", "light", "settings", "keys"] {
        click(&mut harness, label);
    }

    let asked = [
        WindowCommand::Afresh,
        WindowCommand::Freeze,
        WindowCommand::Sheet(Sheet::Sources),
        WindowCommand::Theme,
        WindowCommand::Sheet(Sheet::Settings),
        WindowCommand::Sheet(Sheet::Help),
    ];
    assert_eq!(harness.state().as_slice(), asked);
}

#[test]
fn a_device_is_picked_by_its_name() {
    let mut scene = Scene::default();
    let running = SourceState::Running { name: "Old".into(), form: "1280×720, 30 fps".into() };
    scene.state.take(Event::Camera(running), Timestamp::ZERO);
    let mut harness = draw(scene, (1280.0, 300.0), panels::top_ui);

    click(&mut harness, "Camera: Old");
    click(&mut harness, "Webcam");

    let pick = crate::pipeline::Command::Camera(Pick::Named("Webcam".into()));
    assert_eq!(harness.state().as_slice(), [WindowCommand::ListDevices, WindowCommand::Tell(pick)]);
}

fn reading(valence: f32, likely: Label) -> Reading {
    let mut probabilities = [0.05; Label::COUNT];
    probabilities[likely.index()] = 0.7;
    let (valence, arousal) = (Bipolar::new(valence).unwrap(), Bipolar::new(-0.1).unwrap());
    Reading { affect: Affect { valence, arousal, valence_sd: 0.2, arousal_sd: 0.25 }, probabilities }
}

/// A face that says sadness, and all together that says happiness; nothing of the voice and the words.
fn face_alone(labels: Option<LabelsAtOnce>) -> Scene {
    let mut scene = Scene::default();
    let at = Timestamp::from_secs(9.9);
    let evidence = Evidence {
        reading: reading(-0.3, Label::Sadness),
        raw: reading(-0.3, Label::Sadness),
        quality: 1.0,
        reliability: std::sync::Arc::default(),
        embedding: std::sync::Arc::default(),
        known_secs: 0.0,
    };
    let face = Ok(crate::time::Timestamped::new(Span::at(at), 0, evidence));
    let moment = Moment { at, face, voice: Err(Absence::NoSpeech), words: Err(Absence::NoWords) };
    let gates = Gates { face: 1.0, ..Gates::default() };
    let fused = Fused { labels, ..Fused::new(reading(0.4, Label::Happiness), gates) };
    scene.state.take(Event::Tick(Box::new(Tick { moment, fused: Some(fused), without: None })), at);
    scene
}

#[test]
fn each_modality_says_its_own_beside_the_fused_reading() {
    let scene = face_alone(None);
    let harness = draw(scene, (320.0, 320.0), |ui, view| panels::rests_on_ui(ui, view, &Motion::default()));

    let fused = "fused: valence +0.40 ± 0.20   arousal −0.10 ± 0.25   Happiness 70 %";
    assert!(harness.query_by_label(fused).is_some());
    let face = "face 100 %: seen; valence −0.30 ± 0.20   arousal −0.10 ± 0.25   Sadness 70 %";
    assert!(harness.query_by_label(face).is_some());
    assert!(harness.query_by_label("voice –: no speech yet").is_some(), "no number where there is nothing");
}

#[test]
fn labels_that_hold_at_once_are_shown_where_the_fusion_reads_them() {
    let mut labels = LabelsAtOnce { probabilities: [0.1; 7], doubts: [0.05; 7], thresholds: [0.5; 7] };
    for (label, likely) in [(Label::Happiness, 0.81), (Label::Surprise, 0.6)] {
        labels.probabilities[label.index()] = likely;
    }
    let emotions: Draw = |ui, view| panels::emotions_ui(ui, view, &Motion::default());

    let harness = draw(face_alone(Some(labels)), (320.0, 260.0), emotions);
    let said = "at once: Happiness 81 %, doubt 5 %; Surprise 60 %, doubt 5 %";
    assert!(harness.query_by_label(said).is_some());

    let harness = draw(face_alone(None), (320.0, 260.0), emotions);
    assert!(harness.query_by_label_contains("at once").is_none());
}

fn two_fusions() -> FusionState {
    FusionState {
        answers: FusionKind::Late,
        asked: FusionKind::Gated,
        there: vec![FusionKind::Late, FusionKind::Concatenation],
        missing: vec![(FusionKind::Gated, "the model isn't there; run `bash models/setup`".to_owned())],
    }
}

#[test]
fn a_fusion_is_chosen_and_one_that_is_not_there_cannot_be() {
    let mut scene = Scene::default();
    scene.state.take(Event::Fusion(two_fusions()), Timestamp::ZERO);
    let mut harness = draw(scene, (320.0, 320.0), |ui, view| panels::rests_on_ui(ui, view, &Motion::default()));

    for kind in ["gated", "concatenation"] {
        click(&mut harness, kind);
    }

    let asked = WindowCommand::Tell(Command::Fusion(FusionKind::Concatenation));
    assert_eq!(harness.state().as_slice(), [asked]);
}

#[test]
fn that_another_fusion_answers_is_said_until_it_is_kept() {
    let mut scene = Scene::default();
    scene.state.take(Event::Fusion(two_fusions()), Timestamp::ZERO);
    let notices = panels::notices(&scene.view());
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(notice.text.starts_with("The gated fusion isn't there, so the late one answers: "), "{notice:?}");
    let asked: Vec<_> = notice.ways.iter().map(|(_, _, way)| way).collect();
    assert!(asked.contains(&&WindowCommand::Tell(Command::Fusion(FusionKind::Late))), "{asked:?}");

    let kept = FusionState { asked: FusionKind::Late, ..two_fusions() };
    scene.state.take(Event::Fusion(kept), Timestamp::ZERO);

    assert!(panels::notices(&scene.view()).is_empty());
}

#[test]
fn what_is_too_old_is_said_of_its_own_modality() {
    let mut scene = face_alone(None);
    let at = Timestamp::from_secs(10.0);
    let old = || Err(Absence::TooOld);
    let moment = Moment { at, face: old(), voice: old(), words: old() };
    scene.state.last_face = Some(Timestamp::from_secs(8.0));
    scene.state.last_words = Some(Timestamp::from_secs(1.0));
    scene.state.take(Event::Tick(Box::new(Tick { moment, fused: None, without: None })), at);

    let harness = draw(scene, (320.0, 320.0), |ui, view| panels::rests_on_ui(ui, view, &Motion::default()));

    for said in ["face –: last seen 2 s ago", "voice –: too long ago", "words –: last words 9 s ago"] {
        assert!(harness.query_by_label(said).is_some(), "{said}");
    }
}

#[test]
fn what_it_rests_on_offers_a_comparison_and_says_why_something_is_absent() {
    let mut scene = Scene::default();
    let at = Timestamp::from_secs(9.9);
    let moment =
        Moment { at, face: Err(Absence::TooDark), voice: Err(Absence::NoSpeech), words: Err(Absence::NoWords) };
    let tick = Tick { moment, fused: None, without: None };
    scene.state.take(Event::Tick(Box::new(tick)), at);
    let mut harness = draw(scene, (320.0, 320.0), |ui, view| panels::rests_on_ui(ui, view, &Motion::default()));

    assert!(harness.query_by_label("face –: too dark").is_some());
    assert!(harness.query_by_label("voice –: no speech yet").is_some());
    click(&mut harness, "voice  V");
    click(&mut harness, "face  B");
    click(&mut harness, "words  N");

    let asked = [Modality::Voice, Modality::Face, Modality::Words].map(WindowCommand::Without);
    assert_eq!(harness.state().as_slice(), asked);
}

#[test]
fn without_a_reading_no_label_has_a_number() {
    let harness = draw(Scene::default(), (320.0, 260.0), |ui, view| panels::emotions_ui(ui, view, &Motion::default()));

    assert!(harness.query_by_label("Happiness –").is_some());
    assert!(harness.query_by_label("Neutral –").is_some());
}

#[test]
fn the_plane_says_why_nothing_is_known() {
    let harness = draw(Scene::default(), (500.0, 400.0), |ui, view| panels::plane_ui(ui, view, &Motion::default()));

    assert!(harness.query_by_label("No reading yet.").is_some());
}

#[test]
fn a_click_on_another_face_chooses_it() {
    let face = |x: f32| FaceBox { x, y: 100.0, width: 200.0, height: 200.0 };
    let found = FaceView { face: Some(face(100.0)), others: vec![face(100.0), face(900.0)], ..FaceView::default() };
    let size = (1280.0, 720.0);
    let picture = Picture { texture: None, crop: None, size, found, is_crop: false };
    let options = Options { mirrored: true, ..Options::default() };
    let scene = Scene { picture: Some(picture), options, ..Scene::default() };
    let mut harness = draw(scene, (656.0, 500.0), panels::picture_ui);

    // Mirrored: the face on the right of the frame is on the left of the screen.
    let rect = harness.get_by_label("picture").rect();
    let at = rect.min + egui::vec2(rect.width() * (1.0 - 1000.0 / 1280.0), rect.height() * 200.0 / 720.0);
    harness.hover_at(at);
    harness.step();
    harness.drag_at(at);
    harness.step();
    harness.drop_at(at);
    harness.run_steps(3);

    let [WindowCommand::Tell(crate::pipeline::Command::ChooseFace { x, y })] = harness.state().as_slice() else {
        panic!("{:?}", harness.state());
    };
    assert!((x - 1000.0).abs() < 5.0 && (y - 200.0).abs() < 5.0, "{x} {y}");
    click(&mut harness, "points  L");
    click(&mut harness, "crop");
    assert_eq!(harness.state()[1..], [WindowCommand::Landmarks, WindowCommand::Crop]);
}

#[test]
fn a_wheel_over_the_timeline_asks_for_less_of_the_past() {
    let mut harness = draw(Scene::default(), (600.0, 200.0), |ui, view| panels::timeline_ui(ui, view).0);

    let at = harness.get_by_label("timeline").rect().center();
    harness.hover_at(at);
    harness.step();
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 60.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: egui::Modifiers::NONE,
    });
    harness.run_steps(4);

    let first = harness.state().first();
    assert!(matches!(first, Some(WindowCommand::Timeline(secs)) if *secs < 60.0 && *secs >= 10.0), "{first:?}");
}

#[test]
fn the_transcript_shows_what_was_said_and_why_something_is_not_shown() {
    let mut scene = Scene::default();
    let span = Span::new(Timestamp::from_secs(1.0), Timestamp::from_secs(2.0));
    let words = crate::signal::Transcript { text: "So happy!".into(), confidence: 0.9, spoken: span, labels: None };
    let at = Timestamp::from_secs(3.0);
    scene.state.take(Event::Transcript(crate::time::Timestamped::new(span, 0, words)), at);
    let unclear = crate::time::Timestamped::new(Span::at(at), 1, "too noisy to be sure".to_owned());
    scene.state.take(Event::NotTranscribed(unclear), at);

    let harness = draw(scene, (320.0, 260.0), panels::transcript_ui);

    assert!(harness.query_by_label("“So happy!”").is_some());
    assert!(harness.query_by_label("(too noisy to be sure)").is_some());
}

#[test]
fn the_status_line_never_claims_feelings() {
    let harness = draw(Scene::default(), (900.0, 40.0), panels::status_ui);

    assert!(harness.query_by_label("reads expressions, not feelings").is_some());
}

#[test]
fn notices_name_the_synthetic_participant_and_the_way_to_missing_models() {
    let mut scene = Scene { source: SourceChoice::Demo { seed: 1 }, ..Scene::default() };
    for modality in [Modality::Voice, Modality::Words] {
        let message = "models are missing; run bash models/setup".to_owned();
        scene.state.take(Event::StageOff { modality, message }, Timestamp::ZERO);
    }
    let notices = panels::notices(&scene.view());
    assert_eq!(notices.len(), 2, "the same reason is said once: {notices:?}");
    assert!(notices[0].text.starts_with("SYNTHETIC PARTICIPANT"));

    let mut harness =
        draw(scene, (1000.0, 120.0), |ui, view| panels::notices_ui(ui, view.palette, &panels::notices(view)));
    click(&mut harness, "copy “bash models/setup”");

    assert_eq!(harness.state().as_slice(), [WindowCommand::Copy("bash models/setup".into())]);
}

#[test]
fn a_recording_that_has_ended_can_be_played_again() {
    let source = SourceChoice::Recording("interview.mp4".into());
    let mut scene = Scene { source: source.clone(), ..Scene::default() };
    scene.state.take(Event::Ended, Timestamp::from_secs(9.0));
    let mut harness =
        draw(scene, (1000.0, 120.0), |ui, view| panels::notices_ui(ui, view.palette, &panels::notices(view)));

    click(&mut harness, "play it again");

    assert_eq!(harness.state().as_slice(), [WindowCommand::Open(source)]);
}

#[test]
fn three_ways_to_begin() {
    let mut harness = draw(Scene::default(), (1000.0, 300.0), |ui, view| {
        let mut form = StartForm { path: "talk.wav".into(), ..StartForm::default() };
        panels::start_ui(ui, view.palette, &mut form, view.devices)
    });

    for label in ["Start with these", "Open the recording", "Watch the synthetic participant"] {
        click(&mut harness, label);
    }

    let sources = [LIVE, SourceChoice::Recording("talk.wav".into()), SourceChoice::Demo { seed: 1 }];
    assert_eq!(harness.state().as_slice(), sources.map(WindowCommand::Open));
}

#[test]
fn settings_give_the_settings_with_what_was_changed() {
    let mut harness = draw(Scene::default(), (420.0, 500.0), panels::settings_ui);

    click(&mut harness, "as a mirror");

    let changed = Options { mirrored: false, ..Options::default() };
    assert_eq!(harness.state().first(), Some(&WindowCommand::Set(Box::new(changed))));
}

#[test]
fn the_help_does_what_its_keys_do() {
    let mut harness = draw(Scene::default(), (500.0, 600.0), |ui, view| panels::help_ui(ui, view.palette, Keys::Live));

    click(&mut harness, "Space");

    assert_eq!(harness.state().as_slice(), [WindowCommand::Hold]);
}
