//! Recording, as a person has it from the window.

use std::time::Duration;

use super::*;
use crate::pipeline::Consent;
use crate::pipeline::MarkRequest;
use crate::pipeline::Progress;
use crate::pipeline::RecordState;
use crate::pipeline::Subject;
use crate::time::Span;

fn asked(outside: &Outside) -> Vec<Command> {
    outside.commands.borrow().as_ref().unwrap().drain().collect()
}

fn running(secs: f64) -> RecordState {
    let subject = Subject { participant: "P07".into(), ..Subject::default() };
    let progress = Progress::Running {
        folder: "sessions/P07".into(),
        bytes: 2_500_000,
        synced_until: Timestamp::from_secs(secs),
        lost: 0,
        trouble: None,
        free_bytes: None,
    };
    let since = Timestamp::from_secs(1.0);
    RecordState { subject, since, is_paused: false, progress: Some(progress), trouble: None }
}

/// A window that reads and records.
fn recording() -> (Harness<'static>, Outside) {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    outside.tick(1.0, Label::Happiness);
    outside.tell(Event::Recording(Box::new(running(1.0))));
    outside.tick(61.0, Label::Happiness);
    harness.run_steps(3);
    (harness, outside)
}

#[test]
fn two_keys_record_whom_the_form_says() {
    let options = Options { participant: "P07".into(), ..welcomed() };
    let (mut harness, outside) = open(LIVE, options, None);
    outside.tick(1.0, Label::Happiness);
    harness.run_steps(2);

    harness.key_press(egui::Key::R);
    harness.run_steps(3);
    let keeps = "Keeps readings and readable features; no words, no sound, no picture; 0.1 GB an hour.";
    assert!(harness.query_by_label(keeps).is_some(), "numbers, unless somebody says more");
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);

    let requests: Vec<_> = asked(&outside)
        .into_iter()
        .filter_map(|command| if let Command::Record(request) = command { Some(*request) } else { None })
        .collect();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].subject.participant.as_str(), requests[0].subject.consent), ("P07", Consent::Numbers));
}

#[test]
fn without_a_code_nothing_is_recorded_and_the_reason_is_there() {
    let (mut harness, outside) = open(LIVE, Options { participant: " ".into(), ..welcomed() }, None);
    outside.tick(1.0, Label::Happiness);
    harness.run_steps(2);

    harness.key_press(egui::Key::R);
    harness.run_steps(3);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);

    assert_eq!(asked(&outside), []);
}

#[test]
fn whom_is_recorded_and_what_is_kept_is_always_on_screen() {
    let (harness, _) = recording();

    assert!(harness.query_by_label("RECORDING · P07 · 1 min · 2.5 MB · keeps numbers").is_some());
}

#[test]
fn keys_mark_pause_and_forget() {
    let (mut harness, outside) = recording();

    for key in [egui::Key::Num1, egui::Key::K, egui::Key::P, egui::Key::Backspace, egui::Key::Backspace] {
        harness.key_press(key);
        harness.run_steps(2);
    }

    let now = Timestamp::from_secs(61.0);
    let lately = MarkRequest::stretch("marker", Span::new(Timestamp::from_secs(31.0), now), "lately");
    let expected = [
        Command::Mark(MarkRequest::point(now, "task starts", "")),
        Command::Mark(lately),
        Command::Pause,
        Command::Forget(Duration::from_mins(1)),
    ];
    assert_eq!(asked(&outside), expected);
}

#[test]
fn what_cannot_be_taken_back_asks_once_more_and_reaches_back_from_when_it_was_first_asked() {
    let (mut harness, outside) = recording();
    let question = "FORGET the last minute? It will be gone from the disk.";

    harness.key_press(egui::Key::Backspace);
    harness.run_steps(2);
    assert!(harness.query_by_label(question).is_some());
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(harness.query_by_label(question).is_none());
    harness.key_press(egui::Key::Backspace);
    harness.run_steps(2);
    outside.tick(70.0, Label::Happiness);
    harness.run_steps(2);
    assert!(harness.query_by_label(question).is_none(), "nobody waits for an answer for ever");
    assert_eq!(asked(&outside), []);

    harness.key_press(egui::Key::Backspace);
    harness.run_steps(2);
    outside.tick(74.0, Label::Happiness);
    harness.run_steps(1);
    harness.key_press(egui::Key::Backspace);
    harness.run_steps(2);
    assert_eq!(asked(&outside), [Command::Forget(Duration::from_secs(64))]);
}

#[test]
fn it_is_stopped_by_the_keys_that_began_it() {
    let (mut harness, outside) = recording();

    harness.key_press(egui::Key::R);
    harness.run_steps(3);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);

    assert_eq!(asked(&outside), [Command::StopRecording]);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);
    assert_eq!(asked(&outside), [], "nothing is begun by the way");
}

#[test]
fn a_stretch_that_does_not_count_is_said_while_it_goes_on() {
    let (mut harness, outside) = recording();
    harness.key_press(egui::Key::E);
    harness.run_steps(2);
    let said = "RECORDING · P07 · 1 min · 2.5 MB · keeps numbers · doesn't count since 1:00, E ends that";
    assert!(harness.query_by_label(said).is_some());

    outside.tick(66.0, Label::Happiness);
    harness.run_steps(1);
    harness.key_press(egui::Key::E);
    harness.run_steps(2);

    let span = Span::new(Timestamp::from_secs(61.0), Timestamp::from_secs(66.0));
    assert_eq!(asked(&outside), [Command::Mark(MarkRequest::stretch("exclude", span, "excluded"))]);
}

#[test]
fn without_a_recording_its_keys_do_nothing() {
    let (mut harness, outside) = open(LIVE, welcomed(), None);
    outside.tick(1.0, Label::Happiness);
    harness.run_steps(2);

    for key in [egui::Key::Num1, egui::Key::K, egui::Key::P, egui::Key::Backspace, egui::Key::E] {
        harness.key_press(key);
        harness.run_steps(2);
    }

    assert_eq!(asked(&outside), []);
}

#[test]
fn a_disk_in_trouble_is_said_at_once() {
    let (mut harness, outside) = recording();
    let trouble = Some("nothing has reached the disk for 2 s".to_owned());
    outside.tell(Event::Recording(Box::new(RecordState { trouble, ..running(59.0) })));
    harness.run_steps(2);

    let said = "RECORDING P07, WITH TROUBLE · nothing has reached the disk for 2 s · keeps numbers";
    assert!(harness.query_by_label(said).is_some());
}

#[test]
fn what_was_forgotten_is_not_shown_any_more() {
    let (mut harness, outside) = recording();
    outside.tell(Event::Forgotten(Span::new(Timestamp::from_secs(1.0), Timestamp::from_secs(61.0))));
    harness.run_steps(3);

    assert!(harness.query_by_label("Happiness 100 %").is_none());
    let said = "Forgotten: 0:00 to 1:00 · RECORDING · P07 · 1 min · 2.5 MB · keeps numbers";
    assert!(harness.query_by_label(said).is_some());
}
