//! A session, recorded from the synthetic participant, replayed: the same bits; and what its consent says isn't there.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;
use std::sync::OnceLock;

use circumplex::record::Kept;
use circumplex::record::streams;
use circumplex::session::Chunk;
use circumplex::session::Consent;
use circumplex::session::Session;

use crate::support::program;
use crate::support::said;

/// Sessions that all tests here read.
struct Recorded {
    root: tempfile::TempDir,
}

fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let root = tempfile::tempdir().unwrap();
        record(&root.path().join("inputs"), "inputs", &["6 mark a stimulus", "7 forget 2", "9 pause", "10 resume"]);
        record(&root.path().join("numbers"), "numbers", &["3 exclude 1"]);
        Recorded { root }
    })
}

fn record(root: &Path, consent: &str, script: &[&str]) -> Output {
    let mut arguments = vec!["run", "--headless", "--source", "demo", "--seconds", "13", "--consent", consent];
    let root = root.to_str().unwrap();
    arguments.extend(["--record", root, "--participant", "P07", "--task", "reading"]);
    for step in script {
        arguments.extend(["--do", step]);
    }
    let output = program(&arguments);
    assert!(output.status.success(), "{}", said(&output));
    output
}

impl Recorded {
    fn folder(&self, consent: &str) -> PathBuf {
        let mut all = fs::read_dir(self.root.path().join(consent)).unwrap().map(|entry| entry.unwrap().path());
        all.find(|path| path.join("session.json").exists()).unwrap()
    }

    fn session(&self, consent: &str) -> Session {
        Session::open(&self.folder(consent)).unwrap()
    }
}

#[test]
fn a_replay_gives_the_same_bits_through_pauses_and_what_was_forgotten() {
    let folder = recorded().folder("inputs");

    let output = program(&["replay", folder.to_str().unwrap(), "--verify", "--json"]);

    assert!(output.status.success(), "{}", said(&output));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["is_identical"], true, "{line}");
    assert_eq!((&line["beginnings"], &line["forgotten"]), (&3.into(), &1.into()), "{line}");
    for part in ["answers", "face", "levels"] {
        assert!(line[part]["compared"].as_u64().unwrap() > 100, "{part}: {line}");
    }
}

#[test]
fn another_fusion_lists_what_changed() {
    let recorded = recorded();
    for consent in ["inputs", "numbers"] {
        let output = program(&["replay", recorded.folder(consent).to_str().unwrap(), "--fusion", "late", "--json"]);

        assert!(output.status.success(), "{}", said(&output));
        let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let has_changed = !line["changed"].as_array().unwrap().is_empty();
        // Where the machine was so busy that only the face was read, both fusions say the same.
        let talk = Kept::load(&recorded.session(consent)).unwrap().evidence[1..].iter().flatten().count();
        assert!(has_changed || talk == 0, "{consent}: {line}");
    }
}

#[test]
fn numbers_alone_are_enough_for_the_fusion_to_give_the_same_bits() {
    let folder = recorded().folder("numbers");
    let replay = |more: &str| {
        let output = program(&["replay", folder.to_str().unwrap(), "--json", more]);
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };

    let line = replay("--verify");
    assert_eq!((&line["is_identical"], &line["face"]["compared"]), (&true.into(), &0.into()), "{line}");
    assert!(line["answers"]["compared"].as_u64().unwrap() > 200, "{line}");

    let raw = replay("--raw");
    assert!(raw["answers"]["compared"].as_u64().unwrap() > 200, "{raw}");
}

/// What the synthetic participant says at the beginning.
const SAID: [&str; 4] = ["good afternoon", "early this morning", "made some coffee", "my sister called"];

#[test]
fn a_session_of_numbers_has_no_face_no_voice_and_no_words() {
    let session = recorded().session("numbers");

    for level in [Consent::Words, Consent::Inputs, Consent::Video] {
        assert!(!session.has(level), "{level}");
    }
    let mut files: Vec<_> = fs::read_dir(session.folder()).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["certificate.html", "certificate.json", "numbers.cpx", "session.json"]);
    // The participant says this, over and over; nothing of it may be there, nor any picture.
    let bytes = fs::read(session.folder().join("numbers.cpx")).unwrap();
    let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted));
    for word in SAID.iter().flat_map(|said| said.split(' ')).filter(|word| word.len() > 4) {
        assert!(!has(word.as_bytes()), "{word}");
    }
    assert!(!has(b"\x89PNG") && !has(b"\xff\xd8\xff"));
    for file in files {
        let text = fs::read(session.folder().join(file)).unwrap();
        for said in SAID.map(str::as_bytes) {
            assert!(!text.windows(said.len()).any(|window| window.eq_ignore_ascii_case(said)), "{said:?}");
        }
    }
    // No item is long enough for sound, landmarks or an embedding, and each of its numbers has a name.
    let kept = [streams::AFFECT, streams::FACE, streams::VOICE, streams::WORDS, streams::LEVEL, streams::SOUND_STAMPS];
    let file = session.file(Consent::Numbers).unwrap();
    let headers = file.streams().to_vec();
    for chunk in file.flatten() {
        let Chunk::Item(item) = chunk else { continue };
        let columns = headers.iter().find(|header| header.id == item.stream).map(|header| header.columns.len());
        assert!(columns == Some(item.values.len()) && item.values.len() <= 140, "{}", item.stream);
        assert!(kept.contains(&item.stream) || item.values.is_empty());
    }
}

#[test]
fn marks_and_gaps_are_where_they_were_made() {
    let kept = Kept::load(&recorded().session("inputs")).unwrap();

    let marker = kept.events.iter().find(|event| event.kind == "marker").unwrap();
    assert_eq!(marker.what["name"], "a stimulus");
    let gap = kept.forgotten().next().unwrap();
    assert!((gap.len().as_secs_f64() - 2.0).abs() < 0.01, "{gap:?}");
    let inside = kept.answers.iter().filter(|answer| answer.span.start > gap.start && answer.span.start < gap.end);
    assert_eq!(inside.count(), 0, "nothing of it is there");
    assert!(marker.span.start > gap.start && marker.span.start < gap.end, "the operator's own mark stays");
    assert_eq!(marker.what["text"], "");
}
