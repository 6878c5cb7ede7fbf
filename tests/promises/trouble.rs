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
    assert!(spoilt("blur").mean("face", "sharpness").is_none_or(|blurred| blurred < 0.7 * sharp));
    let moving = clean.mean("face", "log_change").unwrap();
    assert!(spoilt("freeze").mean("face", "log_change").unwrap() < moving - 0.5);
    // In the dark no face is trusted; under a cover it is lost, or what covers it is strange to it.
    assert!(spoilt("dark").index("face").iter().all(|index| *index < 0));
    let usual = clean.mean("face", "presence").unwrap();
    assert!(spoilt("cover").mean("face", "presence").is_none_or(|covered| covered < usual));
}

#[test]
fn noise_is_measured_and_mute_says_nothing() {
    let folder = TempDir::new().unwrap();
    let voice = spoken(folder.path(), "voice.wav", 8);

    features(&voice, folder.path(), &["--corrupt", "noise,mute", "--snr", "5", "--throughout"]);

    let clean = Ticks::open(folder.path(), "voice.npz").mean("voice", "snr").unwrap();
    let noisy = Ticks::open(folder.path(), "voice.noise.npz").mean("voice", "snr");
    assert!(noisy.is_none_or(|noisy| noisy < clean - 0.5), "{noisy:?} after {clean}");
    let mut mute = Ticks::open(folder.path(), "voice.mute.npz");
    assert!(mute.index("voice").iter().chain(&mute.index("words")).all(|index| *index < 0));
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
