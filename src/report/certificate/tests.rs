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
    assert!((figures.whole.kept_s - (SECS - 3.0)).abs() < 1e-6, "{}", figures.whole.kept_s);
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

    let value: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!((value["colour"].as_str(), value["reasons"][0]["id"].as_str()), (Some("red"), Some("brightness")));
    assert!((value["duration_s"].as_f64().unwrap() - SECS).abs() < 0.1);
    assert_eq!(value["session"]["participant"], "P-07");
    let (listed, _) = crate::session::list(made.root.path()).unwrap();
    assert_eq!((listed[0].colour.as_deref(), listed[0].secs), (Some("red"), value["duration_s"].as_f64()));
    let page = fs::read_to_string(html).unwrap();
    for part in ["the face is dark", "0.08", "Put a lamp", "@software{circumplex", "<svg", "fusion_gated"] {
        assert!(page.contains(part), "{part}");
    }
    for outside in ["http://", "https://", "<script", "<link", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_methods_have_the_numbers_in_them() {
    let methods = certificate(&good().make()).methods;

    for part in [
        "Circumplex 0.1.0",
        "30.0 pictures a second",
        "sampled at 48.0 kHz",
        "clock drift 20 ppm",
        "face 60 ms (60 ms)",
    ] {
        assert!(methods.contains(part), "{part}: {methods}");
    }
}
