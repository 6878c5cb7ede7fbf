//! Recorded sessions in the window, driven without a screen.

use std::path::Path;
use std::path::PathBuf;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::host;
use super::welcomed;
use crate::record::made;
use crate::record::made::Made;
use crate::session::Consent;
use crate::session::Session;
use crate::session::markers;
use crate::ui::App;
use crate::ui::Export;
use crate::ui::Exported;
use crate::ui::First;
use crate::ui::Host;
use crate::ui::Options;

/// Two sessions, and something that looks like one and isn't.
fn sessions() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let made = Made { consent: Consent::Video, ..Made::default() };
    let folder = made::write(root.path(), &made).unwrap();
    let other = Made {
        participant: "P08".into(),
        task: "memory".into(),
        consent: Consent::Numbers,
        secs: 3.0,
        began: crate::time::Utc::from_nanos(made.began.nanos() + 86_400_000_000_000),
        ..Made::default()
    };
    made::write(root.path(), &other).unwrap();
    std::fs::create_dir(root.path().join("odd")).unwrap();
    std::fs::write(root.path().join("odd/session.json"), "{}").unwrap();
    (root, folder)
}

fn open(first: First, host: Host, size: egui::Vec2) -> Harness<'static> {
    let mut ready = Some((host, first, Options { timeline_secs: 0.0, ..welcomed() }));
    let mut app = None;
    let mut harness = Harness::builder().with_size(size).with_step_dt(0.05).build_ui(move |ui| {
        if let Some((host, first, options)) = ready.take() {
            app = Some(App::new(ui.ctx(), host, first, options));
        }
        let app: &mut App = app.as_mut().unwrap();
        app.logic(ui.ctx());
        app.ui(ui);
    });
    harness.run_steps(2);
    harness
}

fn looking_at(folder: &Path) -> Harness<'static> {
    let mut harness = open(First::Session(folder.to_path_buf()), host(None), egui::vec2(1280.0, 800.0));
    wait_for(&mut harness, "REPLAY · P07 · reading · 2026-11-27");
    harness
}

/// Waits for what is done beside the window: until something is labelled with these words.
fn wait_for(harness: &mut Harness<'_>, words: &str) {
    for _ in 0..4_000 {
        if harness.query_all_by_label_contains(words).next().is_some() {
            return;
        }
        harness.run_steps(1);
        std::thread::yield_now();
    }
    panic!("{words} doesn't come");
}

fn click(harness: &mut Harness<'_>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

fn key(harness: &mut Harness<'_>, key: egui::Key) {
    harness.key_press(key);
    harness.run_steps(2);
}

#[test]
fn a_session_says_that_it_is_one_and_keys_go_through_it() {
    let (_root, folder) = sessions();
    let mut harness = looking_at(&folder);
    assert!(harness.query_by_label("0:00 / 0:20").is_some());

    for _ in 0..4 {
        key(&mut harness, egui::Key::ArrowRight);
    }
    assert!(harness.query_by_label("0:04 / 0:20").is_some());
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowRight);
    harness.run_steps(2);
    assert!(harness.query_by_label("0:14 / 0:20").is_some());
    key(&mut harness, egui::Key::End);
    assert!(harness.query_by_label("0:20 / 0:20").is_some());
    key(&mut harness, egui::Key::Home);
    assert!(harness.query_by_label("0:00 / 0:20").is_some());

    key(&mut harness, egui::Key::Space);
    harness.run_steps(40);
    assert!(harness.query_by_label("pause  Space").is_some());
    assert!(harness.query_by_label("0:02 / 0:20").is_some());

    click(&mut harness, "close");
    assert!(harness.query_by_label("Start with these").is_some(), "no device is opened by the way");
}

#[test]
fn what_was_said_is_gone_to_by_a_click_on_it() {
    let (_root, folder) = sessions();
    let mut harness = looking_at(&folder);

    click(&mut harness, "“Then my sister called, and I am so happy!”");

    let at = ["0:07 / 0:20", "0:08 / 0:20", "0:09 / 0:20", "0:10 / 0:20"];
    assert!(at.iter().any(|at| harness.query_by_label(at).is_some()));
}

#[test]
fn a_place_in_the_timeline_is_gone_to_by_a_click_and_by_a_drag() {
    let (_root, folder) = sessions();
    let mut harness = looking_at(&folder);
    let rect = harness.get_by_label("timeline").rect();
    // The names of the tracks are left of the time.
    let place = |share: f32| egui::pos2(rect.left() + 62.0 + (rect.width() - 62.0) * share, rect.center().y);

    harness.hover_at(place(0.505));
    harness.step();
    harness.drag_at(place(0.505));
    harness.run_steps(2);
    assert!(harness.query_by_label("0:10 / 0:20").is_some());
    harness.hover_at(place(0.255));
    harness.run_steps(2);
    assert!(harness.query_by_label("0:05 / 0:20").is_some());
    harness.drop_at(place(0.255));
    harness.run_steps(2);
    assert!(harness.query_by_label("0:05 / 0:20").is_some());
}

#[test]
fn keys_of_what_is_live_do_nothing_and_the_help_says_which_there_are() {
    let (_root, folder) = sessions();
    let mut harness = looking_at(&folder);

    for one in [egui::Key::A, egui::Key::X, egui::Key::R, egui::Key::Num1, egui::Key::Backspace] {
        key(&mut harness, one);
    }
    assert!(harness.query_by_label("Trouble on purpose").is_none());
    assert!(harness.query_by_label("Recording").is_none());

    key(&mut harness, egui::Key::Questionmark);
    assert!(harness.query_by_label("Shift →").is_some());
    assert!(harness.query_by_label("start afresh with this person").is_none());
}

#[test]
fn markers_are_added_and_taken_back() {
    let (_root, folder) = sessions();
    let mut harness = looking_at(&folder);
    let names =
        || markers(&Session::open(&folder).unwrap()).unwrap().into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names(), ["task starts", "knock at the door", "note"]);

    key(&mut harness, egui::Key::M);
    harness.get_all_by_role(egui::Role::TextInput).next().unwrap().focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("question".into()));
    harness.run_steps(2);
    click(&mut harness, "mark 0:00");
    assert_eq!(names(), ["question", "task starts", "knock at the door", "note"]);
    assert!(harness.query_by_label("added").is_some());

    click(&mut harness, "take the last correction back");
    assert_eq!(names(), ["task starts", "knock at the door", "note"]);
    assert!(harness.query_by_label("deleted").is_some(), "it is still told that it was there");
}

/// What the system says of a folder that was dropped onto the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("it is a folder".to_owned())
    }
}

#[test]
fn a_folder_that_is_dropped_onto_the_window_is_looked_at() {
    let (_root, folder) = sessions();
    let mut harness = open(First::Session(PathBuf::from("nowhere")), host(None), egui::vec2(1280.0, 800.0));
    wait_for(&mut harness, "there is no session here");

    harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(folder)));
    harness.run_steps(1);

    wait_for(&mut harness, "REPLAY · P07 · reading · 2026-11-27");
}

#[test]
fn what_cannot_be_opened_says_why() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("nothing");
    let mut harness = open(First::Session(folder), host(None), egui::vec2(1280.0, 800.0));

    wait_for(&mut harness, "there is no session here");
}

/// The list of sessions, once it is there.
fn library(host: Host) -> Harness<'static> {
    let first = First::Session(PathBuf::from("nowhere"));
    let mut harness = open(first, host, egui::vec2(960.0, 600.0));
    harness.run_steps(20);
    key(&mut harness, egui::Key::O);
    wait_for(&mut harness, "P08 memory 2026-11-28 15:12 0:03 numbers none yet");
    harness
}

#[test]
fn sessions_are_listed_the_newest_first_searched_and_opened_by_keys() {
    let (root, _) = sessions();
    let host = Host { sessions: root.path().to_path_buf(), ..host(None) };
    let mut harness = library(host);
    let newest = harness.get_by_label("P08 memory 2026-11-28 15:12 0:03 numbers none yet").rect();
    let older = harness.get_by_label("P07 reading 2026-11-27 15:12 0:20 video none yet").rect();
    assert!(newest.top() < older.top());
    assert!(harness.query_by_label_contains("can't be read: the file is no part of a session").is_some());

    harness.event(egui::Event::Text("p07".into()));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("P08 memory").is_none());
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);

    wait_for(&mut harness, "REPLAY · P07 · reading · 2026-11-27");
}

#[test]
fn withdrawing_asks_twice_and_leaves_a_receipt() {
    let (root, folder) = sessions();
    let host = Host { sessions: root.path().to_path_buf(), ..host(None) };
    let mut harness = library(host);
    key(&mut harness, egui::Key::ArrowDown);

    click(&mut harness, "withdraw …");
    click(&mut harness, "no, it stays");
    click(&mut harness, "withdraw …");
    click(&mut harness, "withdraw it");
    assert!(folder.exists());
    click(&mut harness, "yes, delete it now");

    wait_for(&mut harness, "It is withdrawn. What stays is the receipt");
    assert!(!folder.exists());
    let receipts = std::fs::read_dir(root.path().join("withdrawn")).unwrap().count();
    assert_eq!(receipts, 1);
}

#[test]
fn those_that_are_chosen_are_exported_and_what_went_wrong_is_said() {
    let (root, _) = sessions();
    let export: Export = std::sync::Arc::new(|folder: &Path, tell: &mut dyn FnMut(f32)| {
        tell(0.5);
        if folder.to_string_lossy().contains("P08") {
            Err("there is no room".into())
        } else {
            Ok(Exported { folder: folder.join("export"), notes: vec!["it has no sound".to_owned()] })
        }
    });
    let host = Host { sessions: root.path().to_path_buf(), export: Some(export), ..host(None) };
    let mut harness = library(host);
    click(&mut harness, "export this one");
    wait_for(&mut harness, "isn't exported: there is no room");
    click(&mut harness, "×");

    click(&mut harness, "choose all");
    click(&mut harness, "export 2");

    wait_for(&mut harness, "isn't exported: there is no room");
    assert!(harness.query_by_label_contains("1 are exported: ").is_some());
    assert!(harness.query_by_label_contains(", to know: it has no sound").is_some());
}

#[test]
fn a_session_can_be_drawn_at_every_size() {
    let (_root, folder) = sessions();
    for (size, pixels) in [((960.0, 600.0), 1.0), ((960.0, 600.0), 2.0), ((1920.0, 1200.0), 2.0)] {
        let mut harness = looking_at(&folder);
        harness.set_size(egui::vec2(size.0, size.1)).set_pixels_per_point(pixels);
        for one in [egui::Key::ArrowRight, egui::Key::M, egui::Key::C, egui::Key::O] {
            key(&mut harness, one);
        }
        assert!(harness.query_by_label("0:01 / 0:20").is_some());
    }
}
