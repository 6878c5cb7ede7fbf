//! A good recording is green, and each fault that is planted is told, with its colour and its reason.

use super::*;
use crate::report::support::Made;
use crate::report::support::Plan;
use crate::report::support::patiently;

const SECS: f64 = 40.0;

fn good() -> Plan {
    Plan::good(SECS)
}

fn certificate(made: &Made) -> Certificate {
    patiently(|| Certificate::of(&made.session, &made.kept, &made.session.verify(|_| ())?))
}

/// The colour, and the reasons' words with their colours.
fn told(plan: &Plan) -> (Colour, Vec<(&'static str, Colour)>) {
    let certificate = certificate(&plan.make());
    (certificate.colour, certificate.reasons.iter().map(|reason| (reason.id, reason.colour)).collect())
}

#[test]
fn a_good_recording_is_green() {
    assert_eq!(told(&good()), (Colour::Green, Vec::new()));
}

#[test]
fn a_dark_picture_is_told() {
    assert_eq!(told(&Plan { brightness: 0.15, ..good() }), (Colour::Amber, vec![("brightness", Colour::Amber)]));
    assert_eq!(told(&Plan { brightness: 0.08, ..good() }), (Colour::Red, vec![("brightness", Colour::Red)]));
}

#[test]
fn a_slow_camera_is_told() {
    assert_eq!(told(&Plan { camera_fps: 12.0, ..good() }), (Colour::Red, vec![("camera_rate", Colour::Red)]));
    assert_eq!(told(&Plan { camera_fps: 20.0, ..good() }), (Colour::Amber, vec![("camera_rate", Colour::Amber)]));
}

#[test]
fn a_muted_microphone_is_told() {
    assert_eq!(told(&Plan { level_db: -120.0, ..good() }), (Colour::Red, vec![("muted", Colour::Red)]));
}

#[test]
fn clipped_sound_is_told() {
    assert_eq!(told(&Plan { clipped: 0.03, ..good() }), (Colour::Red, vec![("clipped", Colour::Red)]));
    assert_eq!(told(&Plan { clipped: 0.004, ..good() }), (Colour::Amber, vec![("clipped", Colour::Amber)]));
}

#[test]
fn a_clock_that_drifts_is_told() {
    assert_eq!(told(&Plan { drift_ppm: 300.0, ..good() }), (Colour::Red, vec![("drift", Colour::Red)]));
    assert_eq!(told(&Plan { drift_ppm: -150.0, ..good() }), (Colour::Amber, vec![("drift", Colour::Amber)]));
}

#[test]
fn dropped_blocks_are_told() {
    assert_eq!(
        told(&Plan { dropped_blocks: 500..505, ..good() }),
        (Colour::Amber, vec![("sound_lost", Colour::Amber)])
    );
    assert_eq!(told(&Plan { dropped_blocks: 500..600, ..good() }), (Colour::Red, vec![("sound_lost", Colour::Red)]));
}

#[test]
fn what_happened_to_devices_and_what_was_found_at_the_beginning_is_told() {
    let mut plan = good();
    plan.events = vec![
        (3.0, serde_json::json!({ "type": "camera", "state": "lost: it was unplugged" })),
        (5.0, serde_json::json!({ "type": "baseline", "baseline": { "step": "rest" } })),
        (9.0, serde_json::json!({ "type": "baseline", "baseline": { "found": { "reasons": ["no speech"] } } })),
        (20.0, serde_json::json!({ "type": "spoil", "troubles": ["dark"] })),
        (25.0, serde_json::json!({ "type": "spoil", "troubles": [] })),
    ];

    let certificate = certificate(&plan.make());

    let reasons: Vec<_> = certificate.reasons.iter().map(|reason| (reason.id, reason.value.as_str())).collect();
    let wanted = [("spoilt", "[\"dark\"]"), ("device", "camera: lost: it was unplugged"), ("baseline", "no speech")];
    assert_eq!((certificate.colour, reasons.as_slice()), (Colour::Red, &wanted[..]));
}

#[test]
fn what_comes_before_and_after_a_source_is_not_missing() {
    let mut plan = good();
    plan.sources = 4.0..33.0;
    let event = |secs, kind: &str, state: &str| (secs, serde_json::json!({ "type": kind, "state": state }));
    plan.events = vec![
        event(4.0, "camera", "running: a film, 30 fps"),
        event(4.0, "microphone", "running: a film, 48 kHz"),
        event(33.0, "camera", "ended"),
        event(33.0, "microphone", "ended"),
    ];

    let (colour, reasons) = told(&plan);

    assert_eq!((colour, reasons), (Colour::Green, Vec::new()));
    // The same without a word of why: that is missing.
    plan.events.clear();
    assert!(told(&plan).1.contains(&("without_pictures", Colour::Amber)));
}

#[test]
fn a_recording_that_broke_off_is_told() {
    assert_eq!(told(&Plan { is_ended: false, ..good() }), (Colour::Amber, vec![("broke_off", Colour::Amber)]));
}

#[test]
fn what_was_forgotten_is_no_fault_and_is_no_time_that_is_missing() {
    let made = Plan { forgotten: 10.0..13.0, ..good() }.make();

    let certificate = certificate(&made);

    assert_eq!((certificate.colour, certificate.reasons), (Colour::Green, Vec::new()));
    let figures = certificate.figures;
    assert_eq!(figures.whole.forgotten_s, [[10.0, 13.0]]);
    let kept = figures.whole.duration_s - 3.0;
    assert!((figures.whole.kept_s - kept).abs() < 1e-6, "{}", figures.whole.kept_s);
    assert!((figures.pictures.camera_hz.unwrap() - 30.0).abs() < 0.1 && figures.pictures.skipped < Some(0.01));
    assert_eq!(figures.sound.card.losses, []);
}

#[test]
fn pictures_without_a_face_and_without_a_reading_are_told() {
    let (colour, reasons) = told(&Plan { lost_frames: (0..700).collect(), unread: 0.0..23.0, ..good() });

    assert_eq!(colour, Colour::Red);
    assert_eq!(reasons, [("no_face", Colour::Red), ("unread", Colour::Red)]);
}

#[test]
fn figures_are_those_of_the_plan() {
    let Figures { pictures, sound, answers, latency_s, .. } = certificate(&good().make()).figures;

    let near =
        |found: f64, wanted: f64, within: f64| assert!((found - wanted).abs() <= within, "{found}, not {wanted}");
    near(pictures.camera_hz.unwrap(), 30.0, 0.01);
    near(pictures.rate_hz, 30.0, 0.1);
    near(answers.rate_hz, 25.0, 0.1);
    near(sound.rate_hz, 31.25, 0.1);
    near(sound.card.drift_ppm.unwrap(), 20.0, 1.0);
    near(latency_s.face.unwrap().p50, 0.06, 1e-3);
    near(latency_s.voice.unwrap().p95, 0.12, 1e-3);
    near(latency_s.words.unwrap().p50, 0.3, 1e-3);
    assert_eq!(answers.rest_on.map(|share| share > 0.999), [true, true, false]);
}

#[test]
fn it_is_written_beside_the_session_and_the_list_of_sessions_knows_it() {
    let made = Plan { brightness: 0.08, ..good() }.make();
    let certificate = certificate(&made);

    let [json, html] = certificate.write(made.session.folder()).unwrap();

    let value: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!((value["colour"].as_str(), value["reasons"][0]["id"].as_str()), (Some("red"), Some("brightness")));
    assert!((value["duration_s"].as_f64().unwrap() - SECS).abs() < 0.1);
    assert_eq!(value["session"]["participant"], "P-07");
    let (listed, _) = crate::session::list(made.root.path()).unwrap();
    let colour = |entry: &crate::session::Entry| entry.certificate.as_ref().map(|one| one.colour.clone());
    assert_eq!((colour(&listed[0]), listed[0].secs), (Some("red".to_owned()), value["duration_s"].as_f64()));
    // Without the certificate it is as long.
    fs::remove_file(&json).unwrap();
    let (listed, _) = crate::session::list(made.root.path()).unwrap();
    assert_eq!((colour(&listed[0]), listed[0].secs), (None, value["duration_s"].as_f64()));
    let page = fs::read_to_string(html).unwrap();
    for part in ["the face is dark", "0.08", "Put a lamp", "@software{circumplex", "<svg", "fusion_gated"] {
        assert!(page.contains(part), "{part}");
    }
    for outside in ["http://", "https://", "<script", "<link", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_while_without_is_told_though_its_share_is_small() {
    let plan = |plan: Plan| told(&Plan { secs: 200.0, ..plan });
    let amber = |id| (Colour::Amber, vec![(id, Colour::Amber)]);

    assert_eq!(plan(Plan { muted: 20.0..24.0, ..good() }), amber("muted_stretch"));
    assert_eq!(plan(Plan { frozen: 20.0..24.0, ..good() }), amber("frozen_stretch"));
    assert_eq!(plan(Plan { dark: 20.0..24.0, ..good() }), amber("dark_stretch"));
    assert_eq!(plan(Plan { lost_frames: (600..960).collect(), ..good() }), amber("face_gone"));
    let figures = certificate(&Plan { muted: 20.0..24.0, dark: 30.0..31.0, ..good() }.make()).figures;
    assert!((figures.sound.longest_silent_s - 4.0).abs() < 0.1, "{}", figures.sound.longest_silent_s);
    assert!((figures.pictures.longest_dark_s - 1.0).abs() < 0.1, "{}", figures.pictures.longest_dark_s);
}

#[test]
fn clocks_that_were_not_kept_are_told() {
    let without_clocks = told(&Plan { has_clocks: false, ..good() });
    let without_stamps = told(&Plan { has_stamps: false, ..good() });

    assert_eq!(without_clocks, (Colour::Amber, vec![("wall_clock", Colour::Amber), ("machine", Colour::Amber)]));
    assert_eq!(without_stamps, (Colour::Amber, vec![("no_stamps", Colour::Amber)]));
}

#[test]
fn neither_the_note_nor_a_folder_of_the_operator_is_handed_over() {
    let mut plan = good();
    let message = r#"the network can't run
file: "/home/anna/models/face.onnx""#;
    plan.events = vec![
        (3.0, serde_json::json!({ "type": "camera", "state": "lost: /home/anna/dev/video0 went" })),
        (4.0, serde_json::json!({ "type": "stage_failed", "stage": "face", "message": message })),
    ];
    let mut made = plan.make();
    made.kept.header.subject.note = "looks tired, ask her sister".to_owned();
    made.kept.header.source_names = vec!["/home/anna/Secret Study/film.mp4".to_owned()];
    made.kept.header.settings = "[speech]\nfolder = \"/home/anna/models\"\n".to_owned();

    let files = certificate(&made).write(made.session.folder()).unwrap();

    let texts = files.map(|file| fs::read_to_string(file).unwrap());
    for text in &texts {
        for private in ["anna", "Secret Study", "tired", "/home", &*made.root.path().to_string_lossy()] {
            assert!(!text.contains(private), "{private}");
        }
        assert!(text.contains("film.mp4") && text.contains("face.onnx"));
    }
    assert!(!texts[0].contains("\"note\"") && texts[0].contains("\"participant\""));
}

#[test]
fn the_methods_have_the_numbers_in_them() {
    let methods = certificate(&good().make()).methods;

    for part in [
        "Circumplex 0.1.0",
        "read from a synthetic stand-in for a participant (not a person) by Circumplex 0.1.0 (research networks, gated fusion)",
        "The camera gave 30.0 pictures per second",
        "(median brightness 0.50 on a scale of 0 to 1, median width 160 px)",
        "sampled at 48.0 kHz",
        "The drift of the sound card's clock was 20 ppm",
        "(median level −30.0 dBFS, median signal-to-noise ratio 20.0 dB)",
        "face 60 ms (60 ms)",
    ] {
        assert!(methods.contains(part), "{part}: {methods}");
    }
}
