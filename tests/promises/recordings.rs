//! `analyze` and `run`, as a person calls them.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use circumplex::report::HEADER;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::program;
use crate::support::program_set;
use crate::support::said;
use crate::support::spoken;

fn face_film() -> PathBuf {
    Path::new("models/fetched/fixtures/single_face.mp4").to_path_buf()
}

fn analyze(files: &[&Path], out: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["analyze"];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments.extend(more);
    program(&arguments)
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), HEADER);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn summary(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_recording_gives_the_same_bytes_twice() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 12);
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));

    for out in [&first, &second] {
        let done = analyze(&[&face_film(), &voice], out, &["--features"]);
        assert!(done.status.success(), "{}", said(&done));
    }

    for name in ["voice.csv", "single_face.csv", "single_face.face.csv", "voice.voice.csv"] {
        assert_eq!(fs::read(first.join(name)).unwrap(), fs::read(second.join(name)).unwrap(), "{name}");
    }
    let [mut one, mut other] = [&first, &second].map(|out| summary(&out.join("voice.summary.json")));
    // Equal because there is something, not because there is nothing.
    let read = |name: &str| rows(&first.join(name)).iter().filter(|row| !row[1].is_empty()).count();
    assert!(read("voice.csv") > 60 && read("single_face.csv") > 10);
    assert!(!one["transcript"].as_array().unwrap().is_empty());
    one["realtime_factor"] = Value::Null;
    other["realtime_factor"] = Value::Null;
    assert_eq!(one, other);
}

#[test]
fn rows_say_what_is_there_and_why_the_rest_is_not() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 12);

    let done = analyze(&[&voice], folder.path(), &[]);

    assert!(done.status.success(), "{}", said(&done));
    let column = |name: &str| HEADER.iter().position(|one| *one == name).unwrap();
    let rows = rows(&folder.path().join("voice.csv"));
    assert_eq!(rows.len(), 121);
    let mut with_reading = 0;
    for row in &rows {
        let cells = &row[column("neutral")..=column("surprise")];
        let gates = &row[column("gate_face")..=column("gate_words")];
        assert!(row[column("face_valence")].is_empty() && row[column("reason")].contains("face: no source"));
        if row[column("valence")].is_empty() {
            assert!(cells.iter().chain(gates).all(String::is_empty), "{row:?}");
            continue;
        }
        with_reading += 1;
        for part in [cells, gates] {
            let sum: f64 = part.iter().map(|cell| cell.parse::<f64>().unwrap()).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{row:?}");
        }
    }
    assert!(with_reading > 20, "{with_reading} rows have a reading");
    assert!(rows[..5].iter().all(|row| row[column("valence")].is_empty()), "silence gives no reading");
    let summary = summary(&folder.path().join("voice.summary.json"));
    let text = summary["transcript"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap());
    assert!(text.collect::<Vec<_>>().join(" ").contains("about my day"), "{summary:#}");
    assert!(summary["face"].is_null() && summary["voice"].is_object() && summary["fused"]["label"].is_string());
}

#[test]
fn nothing_is_overwritten_and_two_of_one_name_stay_apart() {
    let folder = TempDir::new().unwrap();
    let deeper = folder.path().join("deeper");
    fs::create_dir(&deeper).unwrap();
    let (one, two) = (spoken(folder.path(), "voice.wav", 1), spoken(&deeper, "voice.wav", 2));
    let out = folder.path().join("out");

    assert!(analyze(&[&one, &two], &out, &[]).status.success());
    let before = fs::read(out.join("voice.csv")).unwrap();
    let again = analyze(&[&one, &two], &out, &[]);

    assert!(!again.status.success() && said(&again).contains("--force"), "{}", said(&again));
    assert_eq!(fs::read(out.join("voice.csv")).unwrap(), before);
    assert_eq!(rows(&out.join("voice.csv")).len(), 11);
    assert_eq!(rows(&out.join("voice-2.csv")).len(), 21);
    assert!(analyze(&[&one], &out, &["--force"]).status.success());
}

#[test]
fn a_bad_file_is_named_and_the_rest_goes_on() {
    let folder = TempDir::new().unwrap();
    let good = spoken(folder.path(), "good.wav", 1);
    let (empty, text, cut) =
        (folder.path().join("empty.mp4"), folder.path().join("text.mp4"), folder.path().join("cut.mp4"));
    fs::write(&empty, b"").unwrap();
    fs::write(&text, b"this is not a film").unwrap();
    fs::write(&cut, &fs::read(face_film()).unwrap()[..2_000]).unwrap();
    let out = folder.path().join("out");

    let done = analyze(&[&empty, &text, &cut, &folder.path().join("gone.mkv"), &good], &out, &[]);

    assert_eq!(done.status.code(), Some(1), "{}", said(&done));
    for name in ["empty.mp4", "text.mp4", "cut.mp4", "gone.mkv"] {
        assert!(said(&done).contains(name), "{}", said(&done));
    }
    assert!(!said(&done).contains("panicked"), "{}", said(&done));
    assert_eq!(rows(&out.join("good.csv")).len(), 11);
    let left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn a_film_without_sound_costs_the_next_file_nothing() {
    let folder = TempDir::new().unwrap();
    let (silent, voice) = (folder.path().join("silent.mp4"), spoken(folder.path(), "voice.wav", 12));
    let arguments = ["-v", "error", "-i", "models/fetched/fixtures/single_face.mp4", "-an", "-c", "copy"];
    assert!(Command::new("ffmpeg").args(arguments).arg(&silent).status().unwrap().success());
    let out = folder.path().join("out");

    let done = analyze(&[&silent, &voice], &out, &[]);

    assert!(done.status.success(), "{}", said(&done));
    let [silent, voice] = ["silent", "voice"].map(|stem| summary(&out.join(format!("{stem}.summary.json"))));
    assert!(silent["face"].is_object() && silent["voice"].is_null(), "{silent:#}");
    assert!(voice["voice"].is_object() && voice["words"].is_object(), "{voice:#}");
}

#[test]
fn what_is_said_up_to_the_very_end_is_read_whatever_the_length() {
    let folder = TempDir::new().unwrap();
    let files = [3.01, 3.03, 3.06, 3.09].map(|secs| spoken(folder.path(), &format!("{secs}.wav"), secs));
    let out = folder.path().join("out");

    let done = analyze(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>(), &out, &[]);

    assert!(done.status.success(), "{}", said(&done));
    for file in &files {
        let stem = file.file_stem().unwrap().to_string_lossy();
        let summary = summary(&out.join(format!("{stem}.summary.json")));
        let said = summary["transcript"].as_array().unwrap().len();
        assert!(said > 0 && summary["words"].is_object(), "{stem}: {summary:#}");
    }
}

#[test]
fn without_models_it_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 1);
    let none = folder.path().join("none");

    let done = analyze(&[&voice], &folder.path().join("out"), &["--models", none.to_str().unwrap()]);

    assert!(!done.status.success());
    assert!(said(&done).contains("bash models/setup"), "{}", said(&done));
}

#[test]
fn nonsense_in_the_settings_is_refused_with_the_nearest_key() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("settings.toml");
    fs::write(&path, "[stages.gather]\nface_sec = 1\n").unwrap();

    let done = program_set(&path, &["check"]);

    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("did you mean \"face_secs\""), "{}", said(&done));
}

#[test]
fn a_recording_that_cannot_be_played_fails_and_a_report_that_cannot_be_written_starts_nothing() {
    let folder = TempDir::new().unwrap();
    let text = folder.path().join("text.mp4");
    fs::write(&text, "this is no film").unwrap();
    let report = folder.path().join("report.json");

    let run = |source: &Path, report: &Path| {
        program(&[
            "run",
            "--headless",
            "--source",
            source.to_str().unwrap(),
            "--seconds",
            "30",
            "--report",
            report.to_str().unwrap(),
        ])
    };
    let unreadable = run(&text, &report);
    assert!(!unreadable.status.success());
    assert!(!summary(&report)["failed"].as_array().unwrap().is_empty());

    let nowhere = run(&face_film(), &folder.path().join("no/such/folder/report.json"));
    assert!(!nowhere.status.success());
    assert!(nowhere.stdout.is_empty() && said(&nowhere).contains("report"), "{}", said(&nowhere));
}

#[test]
fn a_report_that_is_there_is_not_replaced_unasked() {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report.json");
    fs::write(&report, "mine").unwrap();

    let done =
        program(&["run", "--headless", "--source", "demo", "--seconds", "1", "--report", report.to_str().unwrap()]);

    assert!(!done.status.success() && said(&done).contains("--force"), "{}", said(&done));
    assert_eq!(fs::read_to_string(&report).unwrap(), "mine");
}

#[test]
fn a_sound_that_breaks_off_has_rows_as_far_as_it_goes() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 6);
    let bytes = fs::read(&voice).unwrap();
    let cut = folder.path().join("cut.wav");
    fs::write(&cut, &bytes[..bytes.len() / 3]).unwrap();
    let out = folder.path().join("out");

    let done = program(&["analyze", cut.to_str().unwrap(), "--out", out.to_str().unwrap()]);

    assert!(!done.status.success() && said(&done).contains("1 of 1 recordings"), "{}", said(&done));
    let last = fs::read_to_string(out.join("cut.csv")).unwrap().lines().last().unwrap().to_owned();
    let secs: f64 = last.split(',').next().unwrap().parse().unwrap();
    assert!((1.5..=2.2).contains(&secs), "{last}");
    assert!(summary(&out.join("cut.summary.json"))["file"].as_str().unwrap().ends_with("cut.wav"));
}

#[test]
fn what_is_replaced_leaves_nothing_of_its_own() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 2);
    let analyze = |more: &[&str]| {
        let mut arguments = vec!["analyze", voice.to_str().unwrap(), "--out", folder.path().to_str().unwrap()];
        arguments.extend(more);
        assert!(program(&arguments).status.success());
    };

    analyze(&["--features"]);
    assert!(folder.path().join("voice.voice.csv").exists());
    analyze(&["--force"]);

    assert!(!folder.path().join("voice.voice.csv").exists());
}

#[test]
fn nothing_is_kept_in_the_home_folder_that_was_not_asked_for() {
    let (home, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let voice = spoken(folder.path(), "voice.wav", 2);

    let done = Command::new(env!("CARGO_BIN_EXE_circumplex"))
        .args(["analyze", voice.to_str().unwrap(), "--out", folder.path().to_str().unwrap()])
        .env("HOME", home.path())
        .env_remove("XDG_CACHE_HOME")
        .env_remove("ORT_DISABLE_TELEMETRY")
        .output()
        .unwrap();

    assert!(done.status.success(), "{}", said(&done));
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_wrong_setting_of_the_window_is_named_before_there_is_one() {
    let folder = TempDir::new().unwrap();
    let settings = folder.path().join("settings.toml");
    fs::write(&settings, "[window]\nmirored = true\n").unwrap();

    let done = program_set(&settings, &["devices"]);

    assert!(!done.status.success());
    assert!(said(&done).contains("did you mean \"mirrored\""), "{}", said(&done));
}

#[test]
fn the_synthetic_participant_is_read_live_by_all_stages() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.json");

    let done =
        program(&["run", "--headless", "--source", "demo", "--seconds", "20", "--report", path.to_str().unwrap()]);

    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let report = summary(&path);
    assert!(report["failed"].as_array().unwrap().is_empty(), "{report:#}");
    for modality in ["face", "voice", "words", "fused"] {
        assert!(report["coverage"][modality].as_f64().unwrap() > 0.0, "{modality}: {report:#}");
    }
    let participant = &report["synthetic_participant"];
    assert!(participant["face_share"].as_f64().unwrap() > 0.9, "{report:#}");
    assert!(participant["words_understood"].as_u64().unwrap() > 5, "{report:#}");
    let lines = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}
