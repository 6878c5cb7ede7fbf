//! `evaluate` measures what it says, about the recordings that it is given.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::fixture;
use crate::support::program;
use crate::support::said;
use crate::support::spoken;

/// A list in `folder`: what is spoken, a film, and whatever lines are added.
fn list(folder: &Path, more: &str) -> PathBuf {
    spoken(folder, "voice.wav", 6);
    let film = fixture("single_face.mp4");
    let path = folder.join("list.csv");
    let text =
        format!("label,file,speaker,valence\nneutral,voice.wav,one,0.1\nhappiness,{},two,\n{more}", film.display());
    fs::write(&path, text).unwrap();
    path
}

fn evaluate(list: &Path, out: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["evaluate", list.to_str().unwrap(), "--out", out.to_str().unwrap()];
    arguments.extend(more);
    program(&arguments)
}

fn report(out: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(out.join("report.json")).unwrap()).unwrap()
}

#[test]
fn a_report_has_every_figure_and_its_page_needs_nothing_else() {
    let folder = TempDir::new().unwrap();
    let (list, out) = (list(folder.path(), ""), folder.path().join("out"));

    let done = evaluate(&list, &out, &["--corrupt", "cover,noise", "--seed", "3"]);

    assert!(done.status.success(), "{}", said(&done));
    let report = report(&out);
    let protocol = &report["protocol"];
    assert_eq!(
        (&protocol["recordings"], &protocol["measured"], &protocol["speakers"]),
        (&2.into(), &2.into(), &2.into())
    );
    assert_eq!((protocol["adapt"].as_str(), protocol["seed"].as_u64()), (Some("file"), Some(3)));
    assert!(!protocol["models"].as_object().unwrap().is_empty());
    let (fusions, left_out) = (protocol["fusions"].as_array().unwrap(), protocol["left_out"].as_array().unwrap());
    assert_eq!(fusions.len() + left_out.len(), 4, "each fusion is measured, or it is said why not: {protocol:#}");
    // Seven subsets; clean, two troubles and their mean.
    let scores = report["scores"].as_array().unwrap();
    assert_eq!(scores.len(), fusions.len() * 7 * 4);
    let find = |modalities: &str, input: &str| {
        let is_it =
            |score: &&Value| score["fusion"] == "late" && score["modalities"] == modalities && score["input"] == input;
        scores.iter().find(is_it).unwrap()
    };
    // The film has nobody's voice in it, the sound no face.
    assert_eq!(find("face", "clean")["coverage"], 0.5);
    assert!(find("all", "clean")["uar"]["value"].is_f64() && find("all", "mean of troubles")["uar"]["low"].is_f64());
    let given: f64 = report["confusion"]["counts"].as_array().unwrap().iter().map(sum).sum();
    assert!((given - 2.0).abs() < 1e-9);
    assert_eq!(report["speakers"].as_array().unwrap().len(), 2);
    assert_eq!((&report["affect"][0]["what"], &report["affect"][0]["recordings"]), (&"valence".into(), &1.into()));
    assert!(report["rows"]["readings"].as_u64() > Some(10) && report["rows"]["ece"]["value"].is_f64());
    assert_eq!(report["gates"].as_array().unwrap().len(), fusions.len() * 2);

    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("prefers-color-scheme: dark"));
    for outside in ["http:", "https:", "src=", "href", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(outside), "the page names something outside itself: {outside}");
    }
}

fn sum(row: &Value) -> f64 {
    row.as_array().unwrap().iter().filter_map(Value::as_f64).sum()
}

#[test]
fn the_same_seed_gives_the_same_report_and_one_that_is_there_is_kept() {
    let folder = TempDir::new().unwrap();
    let list = list(folder.path(), "");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    for out in [&one, &other] {
        assert!(evaluate(&list, out, &["--adapt", "speaker"]).status.success());
    }

    for name in ["report.json", "report.html"] {
        assert_eq!(fs::read(one.join(name)).unwrap(), fs::read(other.join(name)).unwrap(), "{name}");
    }
    let again = evaluate(&list, &one, &["--adapt", "off"]);
    assert!(again.status.code() == Some(2) && said(&again).contains("--force"), "{}", said(&again));
    assert_eq!(report(&one)["protocol"]["adapt"], "speaker");
    assert!(evaluate(&list, &one, &["--adapt", "off", "--force"]).status.success());
    assert_eq!(report(&one)["protocol"]["adapt"], "off");
}

#[test]
fn a_bad_recording_is_named_and_counted_and_the_rest_is_measured() {
    let folder = TempDir::new().unwrap();
    let list = list(folder.path(), "fear,text.mp4,one,\nfear,gone.mkv,two,\n");
    fs::write(folder.path().join("text.mp4"), "this is no film").unwrap();
    let out = folder.path().join("out");

    let done = evaluate(&list, &out, &[]);

    assert_eq!(done.status.code(), Some(1), "{}", said(&done));
    let failed: Vec<_> = report(&out)["protocol"]["failed"].as_array().unwrap().clone();
    assert_eq!(failed.iter().map(|one| one["file"].as_str().unwrap()).collect::<Vec<_>>(), ["text.mp4", "gone.mkv"]);
    for name in ["text.mp4", "gone.mkv", "2 of 4"] {
        assert!(said(&done).contains(name), "{}", said(&done));
    }
    assert_eq!(report(&out)["outcomes"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_wrong_with_the_list_is_said_before_anything_is_begun() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let unknown = list(folder.path(), "joy,voice2.wav,one,\n");

    let done = evaluate(&unknown, &out, &[]);

    assert_eq!(done.status.code(), Some(2));
    for part in ["line 4", "joy", "happiness", "surprise"] {
        assert!(said(&done).contains(part), "{}", said(&done));
    }
    fs::write(&unknown, "file,label\nvoice.wav,fear\n").unwrap();
    for (more, part) in [(["--adapt", "speaker"], "column speaker"), (["--corrupt", "babble"], "--voices")] {
        let done = evaluate(&unknown, &out, &more);
        assert!(done.status.code() == Some(2) && said(&done).contains(part), "{}", said(&done));
    }
    assert!(!out.exists());
}
