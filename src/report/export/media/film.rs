//! `video.mkv`, or the pictures one by one.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use crate::record::streams;
use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::report::export::part;
use crate::session::Chunk;
use crate::session::Consent;

/// How long the last picture stands at least, milliseconds.
const LAST_MILLIS: i64 = 40;

/// One picture: its file, the camera's count, when it was.
struct Picture {
    file: String,
    frame: u64,
    from: f64,
    to: f64,
}

impl Picture {
    /// When it was, as the film can have it.
    fn millis(&self) -> i64 {
        millis(self.from)
    }
}

/// Times in the film are to the millisecond.
fn millis(secs: f64) -> i64 {
    (secs * 1000.0).round() as i64
}

pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    let pictures = folder.join("pictures");
    fs::create_dir_all(&pictures).map_err(ExportError::disk(&pictures))?;
    let all = unpack(recorded, &pictures)?;
    if all.is_empty() {
        fs::remove_dir(&pictures).ok();
        exported.notes.push("no video: there was no picture".to_owned());
        return Ok(());
    }
    let film = film(folder, &pictures, &all);
    let is_film = film.is_ok();
    match film {
        Ok(film) => {
            exported.files.push(film);
            fs::remove_dir_all(&pictures).map_err(ExportError::disk(&pictures))?;
        }
        Err(why) => {
            exported.files.extend(all.iter().map(|picture| pictures.join(&picture.file)));
            exported.notes.push(format!("no video.mkv, but its pictures one by one: {why}"));
        }
    }
    let mut table = "picture,frame,timestamp,end,file\n".to_owned();
    for (at, Picture { file, frame, from, to }) in all.iter().enumerate() {
        let file = if is_film { "video.mkv".to_owned() } else { format!("pictures/{file}") };
        writeln!(table, "{at},{frame},{from:.6},{to:.6},{file}").ok();
    }
    part::write(folder, "video.csv", table.as_bytes(), exported)
}

/// Puts every picture into a file of its own.
fn unpack(recorded: &Recorded<'_>, pictures: &Path) -> Result<Vec<Picture>, ExportError> {
    let mut all: Vec<Picture> = Vec::new();
    for chunk in recorded.session.file(Consent::Video)?.flatten() {
        let Chunk::Item(item) = chunk else { continue };
        let (from, to) = (recorded.secs(item.span.start), recorded.secs(item.span.end));
        let is_later = all.last().is_none_or(|last| millis(from) > last.millis());
        if item.stream != streams::PICTURE || item.bytes.is_empty() || from < 0.0 || !is_later {
            continue;
        }
        let file = format!("{:06}.jpg", all.len());
        let path = pictures.join(&file);
        fs::write(&path, &item.bytes).map_err(ExportError::disk(&path))?;
        all.push(Picture { file, frame: item.seq, from, to });
    }
    Ok(all)
}

/// Has `ffmpeg` put them into one file, each at its time; why it couldn't, if not.
fn film(folder: &Path, pictures: &Path, all: &[Picture]) -> Result<PathBuf, String> {
    let begins = all.first().map_or(0, Picture::millis);
    let list = pictures.join("list.ffconcat");
    fs::write(&list, listed(all)).map_err(|error| error.to_string())?;
    let (part, film) = (folder.join("video.part.mkv"), folder.join("video.mkv"));
    let sound = folder.join("sound.wav");
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y"]);
    // The first picture was so long after the session began.
    command.args(["-itsoffset", &format!("{begins}ms"), "-f", "concat", "-safe", "0", "-i"]).arg(&list);
    if sound.exists() {
        command.arg("-i").arg(&sound).args(["-map", "0:v", "-map", "1:a"]);
    }
    command.args(["-c", "copy", "-avoid_negative_ts", "disabled"]).arg(&part);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let done = command.output();
    fs::remove_file(&list).ok();
    let why = match done {
        Ok(done) if done.status.success() => {
            return fs::rename(&part, &film).map(|()| film).map_err(|error| error.to_string());
        }
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr);
            format!("ffmpeg failed ({})", said.lines().last().unwrap_or("it didn't say why"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "there is no ffmpeg; install it and export again with --force".to_owned()
        }
        Err(error) => format!("ffmpeg can't be started ({error})"),
    };
    fs::remove_file(&part).ok();
    Err(why)
}

/// The list that `ffmpeg` reads: each picture stands until the next one begins.
fn listed(all: &[Picture]) -> String {
    let mut list = "ffconcat version 1.0\n".to_owned();
    let next = all.iter().skip(1).map(Picture::millis);
    let last = all.last().map(|picture| millis(picture.to).max(picture.millis() + LAST_MILLIS));
    for (picture, until) in all.iter().zip(next.chain(last)) {
        // Without the option times would be rounded to those of 25 pictures a second.
        let length = until - picture.millis();
        writeln!(list, "file {}\noption framerate 1000\nduration {length}ms", picture.file).ok();
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_stands_until_the_next() {
        let picture = |file: &str, from| Picture { file: file.to_owned(), frame: 0, from, to: from + 0.03 };

        let list = listed(&[picture("a.jpg", 1.0), picture("b.jpg", 1.5), picture("c.jpg", 3.5)]);

        let lengths: Vec<_> = list.lines().filter_map(|line| line.strip_prefix("duration ")).collect();
        assert_eq!(lengths, ["500ms", "2000ms", "40ms"]);
    }
}
