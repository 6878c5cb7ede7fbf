//! The sound and the pictures, where they were kept: as files that play.
//!
//! | file                     | is                                                                                |
//! |--------------------------|-----------------------------------------------------------------------------------|
//! | `sound.wav`              | 16 kHz, mono, float: second 0 is when the session began, gaps are silence         |
//! | `sound.csv`              | its unbroken stretches: where they are in the file, and when they were            |
//! | `video.mkv`              | the pictures as they were kept, each at its time, with the sound: by `ffmpeg`     |
//! | `pictures/`              | the pictures one by one, where there is no `ffmpeg`                               |
//! | `video.csv`              | when each picture was                                                             |
//!
//! Nothing is packed again: the pictures in the film are the JPEGs of the session. Where there was none for longer than a second,
//! and where the recording was paused or something was forgotten, the film is black. What is damaged is a gap, and is noted.

mod breaks;
mod film;
mod sound;

use std::fs;
use std::path::Path;

use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::session::Consent;

/// Every file or folder that this may write.
pub(super) const FILES: [&str; 5] = ["sound.wav", "sound.csv", "video.mkv", "pictures", "video.csv"];

/// Writes what was kept of sound and pictures; nothing where only numbers and words were.
pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    // What was there is of another time: it was allowed to be replaced.
    for name in FILES {
        let path = folder.join(name);
        let removed = if path.is_dir() { remove_pictures(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(ExportError::disk(&path)(error)),
            _ => {}
        }
    }
    if recorded.session.has(Consent::Inputs) {
        sound::write(recorded, folder, exported)?;
    }
    if recorded.session.has(Consent::Video) {
        film::write(recorded, folder, exported)?;
    }
    Ok(())
}

/// Removes a folder of pictures that this wrote: nothing else that may be in it, so a folder with anything else stays, and is an
/// error.
fn remove_pictures(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_number = |stem: &str| !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit());
        if [film::LIST, film::BLACK].contains(&name.as_str()) || name.strip_suffix(".jpg").is_some_and(is_number) {
            fs::remove_file(&path)?;
        }
    }
    fs::remove_dir(folder)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::report::export::Form;
    use crate::report::support;

    #[test]
    fn a_folder_with_somebody_elses_files_stays() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = folder.path().join("pictures");
        fs::create_dir(&pictures).unwrap();
        for name in ["000001.jpg", "list.ffconcat", "black.jpg", "holiday.jpg"] {
            fs::write(pictures.join(name), "x").unwrap();
        }

        assert!(remove_pictures(&pictures).is_err());
        assert!(pictures.join("holiday.jpg").exists() && !pictures.join("000001.jpg").exists());

        fs::remove_file(pictures.join("holiday.jpg")).unwrap();
        remove_pictures(&pictures).unwrap();
        assert!(!pictures.exists());
    }

    fn probed(path: &Path, of: &[&str]) -> String {
        let done = Command::new("ffprobe").args(["-v", "error", "-of", "csv=p=0"]).args(of).arg(path).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    #[test]
    fn sound_lies_where_it_was_and_what_is_missing_is_silence() {
        let made = support::with_media();
        let folder = made.export(Form::Csv);

        let mut wav = hound::WavReader::open(folder.join("sound.wav")).unwrap();
        let samples: Vec<f32> = wav.samples::<f32>().map(Result::unwrap).collect();
        assert_eq!((wav.spec().sample_rate, samples.len()), (16_000, 36_000));
        let is_sound = |secs: f64| samples[(secs * 16_000.0) as usize] > 0.0;
        let found = [0.0, 0.24, 0.26, 1.24, 1.26, 1.74, 1.76, 2.24].map(is_sound);
        assert_eq!(found, [false, false, true, true, false, false, true, true]);
        let table = fs::read_to_string(folder.join("sound.csv")).unwrap();
        assert_eq!(table.lines().nth(2), Some("1.750000,2.250000,1.750000,2.250000"));
    }

    #[test]
    fn pictures_keep_their_times_and_the_film_plays_with_its_sound() {
        let made = support::with_media();
        let folder = made.export(Form::Csv);

        let film = folder.join("video.mkv");
        let times = probed(&film, &["-select_streams", "v", "-show_entries", "packet=pts_time"]);
        let times: Vec<f64> = times.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect();
        assert_eq!(times.len(), 5);
        for (found, wanted) in times.iter().zip([0.5, 0.54, 0.7, 1.2, 1.25]) {
            assert!((found - wanted).abs() < 0.0011, "{times:?}");
        }
        assert_eq!(probed(&film, &["-show_entries", "stream=codec_name"]), "mjpeg\npcm_f32le\n");
        assert!(!folder.join("pictures").exists());
        let table = fs::read_to_string(folder.join("video.csv")).unwrap();
        assert_eq!(table.lines().nth(4), Some("3,3,1.200000,1.230000,video.mkv"));
    }

    #[test]
    fn what_is_damaged_is_a_gap_and_is_noted() {
        let made = support::with_media();
        for file in ["inputs.cpx", "video.cpx"] {
            let path = made.session.folder().join(file);
            let mut bytes = fs::read(&path).unwrap();
            // Of what was kept, and not of the headers before it.
            let place = bytes.len() * 3 / 4;
            bytes[place] ^= 0xff;
            fs::write(&path, bytes).unwrap();
        }

        let folder = made.export(Form::Csv);

        let notes = fs::read_to_string(folder.join("export_notes.txt")).unwrap();
        for part in ["of inputs.cpx can't be read", "of video.cpx can't be read"] {
            assert!(notes.contains(part), "{part}: {notes}");
        }
        let samples = hound::WavReader::open(folder.join("sound.wav")).unwrap().len();
        assert_eq!(samples, 36_000, "{notes}");
        let root = made.root.path().to_string_lossy().into_owned();
        assert!(!notes.contains(&root), "{notes}");
    }
}
