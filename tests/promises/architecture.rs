//! Arrows between modules go one way, foreign crates have one home, and files stay short.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Each module, and what it may use besides itself.
const ARROWS: [(&str, &[&str]); 16] = [
    ("time", &[]),
    ("signal", &["time"]),
    ("link", &["time"]),
    ("model", &[]),
    ("measure", &[]),
    ("session", &["time"]),
    ("capture", &["time", "signal", "link"]),
    ("condition", &["time", "signal", "model"]),
    ("encode", &["time", "signal", "model", "condition"]),
    ("fuse", &["time", "signal", "model"]),
    ("record", &["time", "signal", "link", "session", "condition", "encode"]),
    ("pipeline", &["time", "signal", "link", "model", "session", "capture", "condition", "encode", "fuse", "record"]),
    ("settings", &["capture", "pipeline"]),
    ("report", &["time", "signal", "session", "condition", "measure", "record", "pipeline"]),
    ("ui", &["time", "signal", "link", "session", "record", "pipeline"]),
    (
        "command",
        &[
            "time",
            "signal",
            "link",
            "model",
            "session",
            "capture",
            "condition",
            "encode",
            "fuse",
            "record",
            "pipeline",
            "settings",
            "report",
            "ui",
        ],
    ),
];

/// Where a foreign crate lives, so that it can be exchanged in one folder. `main` is the program itself.
const HOMES: [(&str, &[&str]); 43] = [
    ("alsa", &["capture"]),
    ("anyhow", &["main", "command"]),
    ("audioadapter_buffers", &["condition"]),
    ("clap", &["main", "command"]),
    ("cpal", &["capture"]),
    ("crc32fast", &["session"]),
    ("crossbeam_channel", &["link", "pipeline"]),
    ("csv", &["report"]),
    ("ctrlc", &["command"]),
    ("directories", &["settings"]),
    ("eframe", &["ui"]),
    ("egui", &["ui"]),
    ("fastrand", &["capture", "command", "measure"]),
    ("egui_winit", &["ui"]),
    ("flate2", &["report"]),
    ("fs4", &["session"]),
    ("hound", &["capture", "report"]),
    ("image", &["capture", "record"]),
    ("jpeg_encoder", &["record"]),
    ("indicatif", &["command"]),
    ("jiff", &["time"]),
    ("nalgebra", &["condition"]),
    ("ndarray", &["report"]),
    ("ndarray_npy", &["report"]),
    ("nokhwa", &["capture"]),
    ("ort", &["model"]),
    ("pollster", &["ui"]),
    ("quick_xml", &["report"]),
    ("realfft", &["condition"]),
    ("ringbuf", &["link"]),
    ("rubato", &["condition"]),
    ("rustix", &["capture"]),
    ("serde_json", &["capture", "command", "condition", "pipeline", "record", "report", "session", "ui"]),
    ("sha2", &["model"]),
    ("softbuffer", &["ui"]),
    ("strsim", &["settings"]),
    ("sysinfo", &["pipeline"]),
    ("tokenizers", &["encode"]),
    ("toml", &["command", "model", "pipeline", "settings", "signal", "ui"]),
    ("toml_edit", &["settings"]),
    ("tracing_subscriber", &["main"]),
    ("triple_buffer", &["link"]),
    ("whisper_rs", &["encode"]),
];

/// At home everywhere: how values are written down, what errors say, what is logged.
const EVERYWHERE: [&str; 3] = ["serde", "thiserror", "tracing"];

const MOST_LINES: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every file of `src` with the module at the top that it belongs to, and its code without comments.
fn code() -> Vec<(PathBuf, String, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let belongs = |path: &PathBuf| {
        let first = path.strip_prefix(&src).unwrap().components().next().unwrap();
        first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
    };
    files
        .into_iter()
        .map(|path| (path.clone(), belongs(&path), without_comments(&fs::read_to_string(path).unwrap())))
        .collect()
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// The names that follow `prefix` where it isn't the end of a longer word.
fn names_after<'a>(code: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let starts = code.match_indices(prefix).filter(|(at, _)| !ends_in_a_word(&code[..*at]));
    starts.map(|(at, _)| name_at(&code[at + prefix.len()..])).collect()
}

fn ends_in_a_word(before: &str) -> bool {
    before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

fn name_at(rest: &str) -> &str {
    rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or_default()
}

#[test]
fn every_module_is_in_the_table() {
    let modules: BTreeSet<String> = code().into_iter().map(|(_, module, _)| module).collect();
    let table: BTreeSet<&str> = ARROWS.iter().map(|(module, _)| *module).chain(["lib", "main"]).collect();

    for module in &modules {
        assert!(table.contains(module.as_str()), "{module} has no row in ARROWS");
    }
    for module in table {
        assert!(modules.contains(module), "{module} has a row in ARROWS and no folder");
    }
}

#[test]
fn arrows_go_one_way() {
    for (path, module, code) in code() {
        let Some((_, granted)) = ARROWS.iter().find(|(name, _)| *name == module) else { continue };
        for used in names_after(&code, "crate::") {
            assert!(!used.is_empty(), "{path:?} uses several modules in one line: one a line");
            let is_granted = used == module || granted.contains(&used);
            assert!(is_granted, "{path:?}: {module} may not use {used}");
        }
    }
}

#[test]
fn the_table_has_no_arrow_that_nobody_uses() {
    let all = code();
    for (module, granted) in ARROWS {
        if module == "command" {
            continue;
        }
        for used in granted {
            let mut own = all.iter().filter(|(_, belongs, _)| belongs == module);
            assert!(own.any(|(_, _, code)| names_after(code, "crate::").contains(used)), "{module} doesn't use {used}");
        }
    }
}

#[test]
fn a_foreign_crate_has_one_home() {
    for (path, module, code) in code() {
        for (foreign, homes) in HOMES {
            let path_used = !names_after(&code, &format!("{foreign}::")).is_empty();
            let is_used = path_used || code.contains(&format!("use {foreign};"));
            assert!(!is_used || homes.contains(&module.as_str()), "{path:?}: {foreign} lives in {homes:?}");
        }
    }
}

#[test]
fn every_foreign_crate_has_a_row() {
    let cargo: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let linux = &cargo["target"]["cfg(target_os = \"linux\")"]["dependencies"];
    let tables = [&cargo["dependencies"], linux].map(|table| table.as_table().unwrap());
    let listed: BTreeSet<String> =
        tables.into_iter().flat_map(|table| table.keys().map(|name| name.replace('-', "_"))).collect();
    let rows: BTreeSet<String> = HOMES.iter().map(|(name, _)| *name).chain(EVERYWHERE).map(str::to_owned).collect();

    assert_eq!(listed, rows);
}

#[test]
fn stages_know_no_threads_and_no_wall_clock() {
    for (path, module, code) in code() {
        if !["signal", "condition", "encode", "fuse"].contains(&module.as_str()) {
            continue;
        }
        for foreign in ["std::thread", "std::sync::mpsc", "Instant::now", "SystemTime", "dyn Clock"] {
            assert!(!code.contains(foreign), "{path:?} knows {foreign}");
        }
    }
}

#[test]
fn no_file_is_long() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "examples", "benches"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 100, "{} files", files.len());
    for path in files {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= MOST_LINES, "{path:?} has {lines} lines: part it");
    }
}

#[test]
fn the_reader_of_code_reads_it() {
    let code =
        without_comments("// crate::comment\nuse crate::one::Two;\nlet x = xcrate::three; let y = crate::four();");

    assert_eq!(names_after(&code, "crate::"), BTreeSet::from(["four", "one"]));
    assert!(names_after("report::all()", "ort::").is_empty());
}
