//! Sessions: what is written is read, whatever happens to the file; nobody's face, voice or words without consent.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use circumplex::record::streams;
use circumplex::session::Chunk;
use circumplex::session::Consent;
use circumplex::session::Header;
use circumplex::session::Item;
use circumplex::session::Session;
use circumplex::session::SessionError;
use circumplex::session::SessionWriter;
use circumplex::session::Subject;
use circumplex::time::Span;
use circumplex::time::Timestamp;
use proptest::prelude::*;

fn subject(consent: Consent) -> Subject {
    Subject { participant: "P07".into(), task: "reading".into(), note: String::new(), consent }
}

fn writer(root: &Path, consent: Consent) -> SessionWriter {
    let header = Header { began_utc: "2026-11-27T15:12:18.000Z".into(), ..Header::new(subject(consent)) };
    SessionWriter::create(root, header, streams::headers(&streams::Origins::default())).unwrap()
}

fn item(stream: u8, millis: i64, values: Vec<f32>, bytes: Vec<u8>) -> Item {
    let at = Timestamp::from_nanos(millis * 1_000_000);
    Item { stream, arrived: at, span: Span::at(at), seq: millis as u64, values, bytes }
}

/// All items of a session, each as it is in a file, and what can't be read.
fn items(session: &Session) -> (Vec<Item>, usize) {
    let (mut all, mut damage) = (Vec::new(), 0);
    for level in Consent::ALL.into_iter().filter(|level| session.has(*level)) {
        for chunk in session.file(level).unwrap() {
            match chunk {
                Ok(Chunk::Item(item)) => all.push(item),
                Ok(_) => {}
                Err(_) => damage += 1,
            }
        }
    }
    (all, damage)
}

fn any_items() -> impl Strategy<Value = Vec<Item>> {
    let streams = [streams::AFFECT, streams::EVENTS, streams::LEVEL, streams::FACE];
    let one = (
        prop::sample::select(streams.to_vec()),
        prop::collection::vec(any::<f32>().prop_filter("NaN isn't itself", |value| !value.is_nan()), 0..40),
        prop::collection::vec(any::<u8>(), 0..60),
    );
    prop::collection::vec(one, 1..60).prop_map(|all| {
        let one =
            |(at, (stream, values, bytes)): (usize, (u8, Vec<f32>, Vec<u8>))| item(stream, at as i64, values, bytes);
        all.into_iter().enumerate().map(one).collect()
    })
}

/// A session with these items in its numbers.
fn written(root: &Path, all: &[Item]) -> PathBuf {
    let mut writer = writer(root, Consent::Numbers);
    for item in all {
        assert!(writer.put(item.clone()).unwrap());
    }
    writer.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(all in any_items()) {
        let root = tempfile::tempdir().unwrap();
        let session = Session::open(&written(root.path(), &all)).unwrap();

        prop_assert_eq!(items(&session), (all, 0));
        prop_assert!(session.verify(|_| ()).unwrap().is_whole());
    }

    #[test]
    fn a_file_cut_anywhere_gives_all_before_the_cut(all in any_items(), share in 0.0f64..1.0) {
        let root = tempfile::tempdir().unwrap();
        let folder = written(root.path(), &all);
        let path = folder.join("numbers.cpx");
        let bytes = fs::read(&path).unwrap();
        let cut = (bytes.len() as f64 * share) as usize;
        fs::write(&path, &bytes[..cut]).unwrap();

        let session = Session::open(&folder).unwrap();
        match session.file(Consent::Numbers) {
            Ok(_) => {
                let (read, _) = items(&session);
                prop_assert_eq!(&all[..read.len()], &read[..]);
                // Nothing whole is left out.
                if let Some(next) = all.get(read.len()) {
                    let mut chunk = Vec::new();
                    circumplex::session::format::write(&Chunk::Item(next.clone()), &mut chunk).unwrap();
                    let at = bytes.windows(chunk.len()).position(|window| window == chunk).unwrap();
                    prop_assert!(at + chunk.len() > cut);
                }
                prop_assert!(!session.verify(|_| ()).unwrap().is_whole());
            }
            Err(error) => prop_assert!(cut < 8, "{}", error),
        }
    }

    #[test]
    fn flipped_bytes_take_nothing_but_what_they_are_in(all in any_items(), at in any::<prop::sample::Index>(), mask in 1u8..) {
        let root = tempfile::tempdir().unwrap();
        let folder = written(root.path(), &all);
        let path = folder.join("numbers.cpx");
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        fs::write(&path, &bytes).unwrap();

        let session = Session::open(&folder).unwrap();
        match session.verify(|_| ()) {
            Ok(verified) => {
                prop_assert!(!verified.is_whole());
                let (read, damage) = items(&session);
                prop_assert!(damage == 1 && read.len() + 1 >= all.len(), "{} of {}", read.len(), all.len());
                prop_assert!(read.iter().all(|item| all.contains(item)));
                prop_assert!(verified.damage[0].at <= at as u64 && (at as u64) < verified.damage[0].to.max(at as u64 + 1));
            }
            Err(error) => prop_assert!(at < 8, "{}", error),
        }
    }
}

#[test]
fn a_newer_version_is_refused_with_a_sentence() {
    let root = tempfile::tempdir().unwrap();
    let folder = written(root.path(), &[item(streams::AFFECT, 1, vec![0.5], Vec::new())]);
    let path = folder.join("numbers.cpx");
    let mut bytes = fs::read(&path).unwrap();
    bytes[7] = 9;
    fs::write(&path, bytes).unwrap();
    let error = Session::open(&folder).unwrap().file(Consent::Numbers).unwrap_err();
    assert!(error.to_string().contains("version 9") && error.to_string().contains("newer program"), "{error}");

    let path = folder.join("session.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"version\": 1", "\"version\": 2");
    fs::write(&path, text).unwrap();
    assert!(matches!(Session::open(&folder), Err(SessionError::Newer { found: 2, .. })));
}

#[test]
fn names_never_collide_and_nothing_is_overwritten() {
    let root = tempfile::tempdir().unwrap();

    let folders: Vec<_> = (0..4).map(|_| writer(root.path(), Consent::Numbers).finish().unwrap()).collect();

    let names: std::collections::BTreeSet<_> = folders.iter().map(|folder| folder.file_name().unwrap()).collect();
    assert_eq!(names.len(), 4);
    assert_eq!(folders[0].file_name().unwrap(), "P07_reading_20261127T151218Z");
}

#[test]
fn what_nobody_consented_to_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (consent, refused) in [
        (Consent::Numbers, vec![streams::TRANSCRIPT, streams::CROP, streams::SOUND, streams::PICTURE]),
        (Consent::Words, vec![streams::CROP, streams::SOUND, streams::PICTURE]),
        (Consent::Inputs, vec![streams::PICTURE]),
    ] {
        let mut writer = writer(root.path(), consent);
        for stream in refused {
            let error = writer.put(item(stream, 1, vec![1.0], b"secret".to_vec())).unwrap_err();
            assert!(matches!(error, SessionError::NoConsent { .. }), "{error}");
        }
        let folder = writer.finish().unwrap();
        for level in Consent::ALL {
            assert_eq!(folder.join(level.file()).exists(), level <= consent, "{consent}: {level}");
        }
    }
}

/// Whether the bytes are anywhere in the folder.
fn has(folder: &Path, wanted: &[u8]) -> bool {
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
}

#[test]
fn what_is_forgotten_is_not_in_the_folder_any_more_and_the_gap_is() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = writer(root.path(), Consent::Words);
    for second in 0..100 {
        let said = format!("{{\"text\":\"word number {second:03}\"}}");
        writer.put(item(streams::TRANSCRIPT, second * 1000, Vec::new(), said.into_bytes())).unwrap();
        if second % 7 == 0 {
            writer.sync().unwrap();
        }
    }
    let from = Timestamp::from_secs(39.5);
    let note = item(streams::EVENTS, 100_000, Vec::new(), br#"{"type":"forgotten"}"#.to_vec());

    let span = Span::new(from, Timestamp::from_secs(100.0));
    let forgotten = writer.forget(span, &[note], |_| true).unwrap();

    // While it goes on, too, and not only in what a reader shows.
    let folder = writer.folder().to_path_buf();
    assert_eq!(forgotten, 60);
    assert!(has(&folder, b"word number 039") && !has(&folder, b"word number 040") && !has(&folder, b"word number 099"));
    let session = Session::open(&writer.finish().unwrap()).unwrap();
    assert!(session.verify(|_| ()).unwrap().is_whole());
    let (all, damage) = items(&session);
    assert_eq!((all.len(), damage), (41, 0));
}

#[test]
fn forgetting_that_was_cut_short_is_ended_at_the_next_opening() {
    let root = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..20).map(|at| item(streams::AFFECT, at * 1000, vec![at as f32], Vec::new())).collect();
    let folder = written(root.path(), &all);
    let note = r#"{"from_nanos":9500000000,"until_nanos":15500000000,"again":{}}"#;
    fs::write(folder.join("forgetting.json"), note).unwrap();

    let session = Session::open(&folder).unwrap();

    // What came later isn't of it.
    assert_eq!(items(&session).0, [&all[..10], &all[16..]].concat());
    assert!(!folder.join("forgetting.json").exists());
}

#[test]
fn a_withdrawn_session_leaves_a_receipt_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let folder = written(root.path(), &[item(streams::AFFECT, 1, vec![0.5], b"felt".to_vec())]);

    let receipt = circumplex::session::withdraw(&folder).unwrap();

    assert!(!folder.exists());
    let said = Session::open(&folder).unwrap_err().to_string();
    assert!(said.starts_with("the session was withdrawn"), "{said}");
    let text = fs::read_to_string(receipt).unwrap();
    assert!(text.contains("P07") && text.contains("withdrawn_utc"), "{text}");
    assert!(circumplex::session::list(root.path()).unwrap().0.is_empty());
}

#[test]
fn a_session_that_is_being_recorded_is_neither_read_nor_withdrawn() {
    let root = tempfile::tempdir().unwrap();
    let writer = writer(root.path(), Consent::Numbers);
    let folder = writer.folder().to_path_buf();

    let session = Session::open(&folder).unwrap();
    assert!(matches!(session.file(Consent::Numbers), Err(SessionError::Busy { .. })));
    assert!(matches!(circumplex::session::withdraw(&folder), Err(SessionError::Busy { .. })));

    writer.finish().unwrap();
    assert!(session.file(Consent::Numbers).is_ok());
}

#[test]
fn a_corrected_marker_counts_and_the_original_stays() {
    use circumplex::session::Correction;
    use circumplex::session::markers;

    let root = tempfile::tempdir().unwrap();
    let event = |id: u64, name: &str| {
        format!(r#"{{"type":"marker","id":{id},"kind":"marker","name":"{name}","text":""}}"#).into_bytes()
    };
    let marks = [
        item(streams::EVENTS, 1000, Vec::new(), event(1, "alarm")),
        item(streams::EVENTS, 2000, Vec::new(), event(2, "end")),
    ];
    let session = Session::open(&written(root.path(), &marks)).unwrap();

    session.correct(&Correction { marker: 1, name: Some("false alarm".into()), ..Correction::default() }).unwrap();
    session.correct(&Correction { marker: 2, is_removed: true, ..Correction::default() }).unwrap();
    session
        .correct(&Correction { marker: 3, name: Some("added".into()), start_nanos: Some(5), ..Correction::default() })
        .unwrap();

    let names: Vec<_> = markers(&session).unwrap().into_iter().map(|marker| marker.name).collect();
    assert_eq!(names, ["added", "false alarm"]);
    assert_eq!(items(&session).0, marks, "the log is as it was");
}
