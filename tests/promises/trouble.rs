//! Input that is spoilt on purpose is found out by the qualities that the stages measure themselves.

use std::fs::File;
use std::path::Path;
use std::process::Output;

use ndarray::Array1;
use ndarray::Array2;
use ndarray_npy::NpzReader;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::program;
use crate::support::said;
use crate::support::spoken;

/// What `features` wrote of one recording.
struct Ticks {
    file: NpzReader<File>,
    names: Value,
}

impl Ticks {
    fn open(folder: &Path, name: &str) -> Self {
        let names = std::fs::read_to_string(folder.join("features.json")).unwrap();
        let file = NpzReader::new(File::open(folder.join(name)).unwrap()).unwrap();
        Self { file, names: serde_json::from_str(&names).unwrap() }
    }

    fn index(&mut self, modality: &str) -> Array1<i64> {
        self.file.by_name(&format!("{modality}_index")).unwrap()
    }

    fn embedding(&mut self, modality: &str) -> Array2<f32> {
        self.file.by_name(&format!("{modality}_embedding")).unwrap()
    }

    /// The mean of a reliability over the readings; `None` if there are none.
    fn mean(&mut self, modality: &str, name: &str) -> Option<f32> {
        let names = self.names["reliability"][modality].as_array().unwrap();
        let column = names.iter().position(|one| one == name).unwrap();
        let table: Array2<f32> = self.file.by_name(&format!("{modality}_reliability")).unwrap();
        if table.nrows() == 0 { None } else { table.column(column).mean() }
    }
}

fn features(file: &Path, out: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["features", file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    arguments.extend(more);
    let done = program(&arguments);
    assert!(done.status.success(), "{}", said(&done));
    done
}

#[test]
fn each_trouble_of_the_picture_shows_in_what_is_measured() {
    let folder = TempDir::new().unwrap();
    let film = Path::new("models/fetched/fixtures/single_face.mp4");

    features(film, folder.path(), &["--corrupt", "blur,dark,freeze,cover", "--throughout"]);

    let mut clean = Ticks::open(folder.path(), "single_face.npz");
    let spoilt = |trouble: &str| Ticks::open(folder.path(), &format!("single_face.{trouble}.npz"));
    let sharp = clean.mean("face", "sharpness").unwrap();
    let blurred = spoilt("blur").mean("face", "sharpness").unwrap();
    assert!(blurred < 0.7 * sharp, "{blurred} after {sharp}");
    let moving = clean.mean("face", "log_change").unwrap();
    assert!(spoilt("freeze").mean("face", "log_change").unwrap() < moving - 0.5);
    // In the dark no face is trusted.
    assert!(clean.index("face").iter().any(|index| *index >= 0));
    assert!(spoilt("dark").index("face").iter().all(|index| *index < 0));
    // Under a cover one may still be found, but it changes in a way that faces don't.
    let (usual, covered) = (clean.mean("face", "strangeness").unwrap(), spoilt("cover").mean("face", "strangeness"));
    assert!(covered.unwrap() > 2.0 * usual, "{covered:?} after {usual}");
}

#[test]
fn noise_is_measured_and_mute_says_nothing() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 8);

    features(&voice, folder.path(), &["--corrupt", "noise,mute", "--snr", "5", "--throughout"]);

    let clean = Ticks::open(folder.path(), "voice.npz").mean("voice", "snr").unwrap();
    let noisy = Ticks::open(folder.path(), "voice.noise.npz").mean("voice", "snr").unwrap();
    assert!(noisy < clean - 0.5, "{noisy} after {clean}");
    let mut mute = Ticks::open(folder.path(), "voice.mute.npz");
    assert!(mute.index("voice").iter().chain(&mute.index("words")).all(|index| *index < 0));
}

#[test]
fn other_voices_are_those_of_other_recordings() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 8);
    let other = spoken(folder.path(), "other.wav", 12);
    let out = folder.path().join("out");
    let alone = program(&["features", voice.to_str().unwrap(), "--out", out.to_str().unwrap(), "--corrupt", "babble"]);
    assert!(!alone.status.success() && said(&alone).contains("--voices"), "{}", said(&alone));
    assert!(!out.join("features.json").exists());

    let troubles = "babble,other-voice";
    features(&voice, &out, &["--corrupt", troubles, "--throughout", "--voices", other.to_str().unwrap()]);

    let mut clean = Ticks::open(&out, "voice.npz");
    let mut babble = Ticks::open(&out, "voice.babble.npz");
    assert!(babble.mean("voice", "snr").unwrap() < clean.mean("voice", "snr").unwrap() - 0.3);
    let mut instead = Ticks::open(&out, "voice.other-voice.npz");
    assert!(instead.embedding("voice").nrows() > 0);
    assert_ne!(instead.embedding("voice"), clean.embedding("voice"));
}

#[test]
fn words_that_are_lost_or_misheard_are_read_otherwise() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 12);

    let troubles = "stale-words,dropped-words,misheard-words";
    features(&voice, folder.path(), &["--corrupt", troubles, "--throughout"]);

    let mut clean = Ticks::open(folder.path(), "voice.npz");
    let spoilt = |trouble: &str| Ticks::open(folder.path(), &format!("voice.{trouble}-words.npz"));
    assert!(clean.embedding("words").nrows() > 0);
    assert!(spoilt("stale").index("words").iter().all(|index| *index < 0));
    assert!(spoilt("dropped").mean("words", "log_pieces").unwrap() < clean.mean("words", "log_pieces").unwrap());
    assert_ne!(spoilt("misheard").embedding("words"), clean.embedding("words"));
}

#[test]
fn what_was_spoilt_in_another_way_is_not_gone_on_with() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 4);
    let again = |more: &[&str]| {
        let out = folder.path().join("out");
        let mut arguments =
            vec!["features", voice.to_str().unwrap(), "--out", out.to_str().unwrap(), "--corrupt", "noise"];
        arguments.extend(more);
        program(&arguments)
    };
    assert!(again(&["--snr", "5"]).status.success());

    assert!(again(&["--snr", "5", "--resume"]).status.success());
    let other = again(&["--snr", "10", "--resume"]);
    assert!(!other.status.success() && said(&other).contains("another way"), "{}", said(&other));
}

#[test]
fn the_same_seed_spoils_alike_and_what_was_done_is_not_done_again() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 6);
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    for out in [&first, &second] {
        features(&voice, out, &["--corrupt", "noise", "--no-clean", "--seed", "7"]);
    }

    let bytes = |folder: &Path| std::fs::read(folder.join("voice.noise.npz")).unwrap();
    assert_eq!(bytes(&first), bytes(&second));
    assert!(!first.join("voice.npz").exists());
    let again = program(&["features", voice.to_str().unwrap(), "--out", first.to_str().unwrap(), "--corrupt", "noise"]);
    assert!(!again.status.success() && said(&again).contains("arrays already"), "{}", said(&again));
}

#[test]
fn a_trouble_that_is_not_known_is_said_with_those_that_are() {
    let done = program(&["features", "a.wav", "--out", "b", "--corrupt", "earthquake"]);

    assert!(!done.status.success());
    assert!(said(&done).contains("earthquake") && said(&done).contains("babble"), "{}", said(&done));
}
