//! `video.mkv`, or the pictures one by one. Where there was no picture, the film is black.

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
use crate::report::export::media::remove_pictures;
use crate::report::export::part;
use crate::report::export::told;
use crate::report::pauses;
use crate::session::Chunk;
use crate::session::Consent;

/// What `ffmpeg` is told to put together, in the folder of pictures, and the picture of nothing.
pub(super) const LIST: &str = "list.ffconcat";
pub(super) const BLACK: &str = "black.jpg";
/// Without a picture for longer than this the film is black, milliseconds: no camera that is there is so slow.
const GAP_MILLIS: i64 = 1000;
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

    /// When it ends by itself.
    fn ends(&self) -> i64 {
        millis(self.to).max(self.millis() + LAST_MILLIS)
    }
}

/// A folder of pictures on its way: it is gone with this, unless it is kept.
struct Folder(Option<PathBuf>);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(folder) = self.0.take() {
            remove_pictures(&folder).ok();
        }
    }
}

/// Times in the film are to the millisecond.
fn millis(secs: f64) -> i64 {
    (secs * 1000.0).round() as i64
}

pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    let pictures = folder.join("pictures");
    fs::create_dir_all(&pictures).map_err(ExportError::disk(&pictures))?;
    let mut on_its_way = Folder(Some(pictures.clone()));
    let all = unpack(recorded, &pictures, exported)?;
    if all.is_empty() {
        exported.notes.push("no video: there was no picture".to_owned());
        return Ok(());
    }
    let shown = shown(&all, &gone(recorded));
    let film = film(folder, &pictures, &shown);
    let is_film = film.is_ok();
    match film {
        Ok(film) => {
            exported.files.push(film);
            remove_pictures(&pictures).map_err(ExportError::disk(&pictures))?;
            let black = shown.iter().filter(|one| one.picture.is_none()).count();
            if black > 0 {
                exported.notes.push(format!("video.mkv: it is black where there was no picture, {black} times"));
            }
        }
        Err(why) => {
            on_its_way.0 = None;
            fs::remove_file(pictures.join(BLACK)).ok();
            exported.files.extend(all.iter().map(|picture| pictures.join(&picture.file)));
            exported.notes.push(format!("no video.mkv, but its pictures one by one: {why}"));
        }
    }
    let mut table = "picture,frame,timestamp,end,file\n".to_owned();
    let places = shown.iter().enumerate().filter_map(|(place, one)| Some((place, one.picture?)));
    for (at, (place, Picture { file, frame, from, to })) in places.enumerate() {
        let (at, file) = if is_film { (place, "video.mkv".to_owned()) } else { (at, format!("pictures/{file}")) };
        writeln!(table, "{at},{frame},{from:.6},{to:.6},{file}").ok();
    }
    part::write(folder, "video.csv", table.as_bytes(), exported)
}

/// Puts every picture into a file of its own.
fn unpack(recorded: &Recorded<'_>, pictures: &Path, exported: &mut Exported) -> Result<Vec<Picture>, ExportError> {
    let mut all: Vec<Picture> = Vec::new();
    for chunk in recorded.session.file(Consent::Video)? {
        let item = match chunk {
            Ok(Chunk::Item(item)) => item,
            Ok(_) => continue,
            Err(damage) => {
                exported.notes.push(told(&damage, "pictures that were there are missing from the video"));
                continue;
            }
        };
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

/// When nothing was kept, milliseconds since the session began: from, to.
fn gone(recorded: &Recorded<'_>) -> Vec<[i64; 2]> {
    let pauses = pauses::pauses(recorded.kept, recorded.span().end);
    let all = pauses.into_iter().chain(recorded.kept.forgotten());
    all.map(|span| [span.start, span.end].map(|at| millis(recorded.secs(at)))).collect()
}

/// What the film shows from a time on, milliseconds: a picture, or black.
struct Shown<'a> {
    from: i64,
    until: i64,
    picture: Option<&'a Picture>,
}

/// Each picture until the next one begins, and black where there is none for long, or where nothing was kept.
fn shown<'a>(all: &'a [Picture], gone: &[[i64; 2]]) -> Vec<Shown<'a>> {
    let mut shown = Vec::new();
    for (place, picture) in all.iter().enumerate() {
        let (from, ends) = (picture.millis(), picture.ends());
        let Some(next) = all.get(place + 1).map(Picture::millis) else {
            shown.push(Shown { from, until: ends, picture: Some(picture) });
            continue;
        };
        // What was kept last may have ended a little after the pause began.
        let is_gone = gone.iter().any(|[start, end]| *start < next && *end > from);
        let is_gap = ends < next && (is_gone || next - ends > GAP_MILLIS);
        let until = if is_gap { ends } else { next };
        shown.push(Shown { from, until, picture: Some(picture) });
        if is_gap {
            shown.push(Shown { from: until, until: next, picture: None });
        }
    }
    shown
}

/// Has `ffmpeg` put them into one file, each at its time; why it couldn't, if not.
fn film(folder: &Path, pictures: &Path, shown: &[Shown<'_>]) -> Result<PathBuf, String> {
    let begins = shown.first().map_or(0, |first| first.from);
    if let Some(like) =
        shown.iter().find_map(|one| one.picture).filter(|_| shown.iter().any(|one| one.picture.is_none()))
    {
        black(&pictures.join(&like.file), &pictures.join(BLACK))?;
    }
    let list = pictures.join(LIST);
    fs::write(&list, listed(shown)).map_err(|error| error.to_string())?;
    let (part, film) = (folder.join("video.part.mkv"), folder.join("video.mkv"));
    let sound = folder.join("sound.wav");
    let mut command = ffmpeg();
    // The first picture was so long after the session began.
    command.args(["-itsoffset", &format!("{begins}ms"), "-f", "concat", "-safe", "0", "-i"]).arg(&list);
    if sound.exists() {
        command.arg("-i").arg(&sound).args(["-map", "0:v", "-map", "1:a"]);
    }
    command.args(["-c", "copy", "-avoid_negative_ts", "disabled"]).arg(&part);
    let done = run(command).and_then(|()| fs::rename(&part, &film).map_err(|error| error.to_string()));
    fs::remove_file(&list).ok();
    if done.is_err() {
        fs::remove_file(&part).ok();
    }
    done.map(|()| film)
}

/// Has `ffmpeg` make a black picture like another: of its size and form, so that both go into one film.
fn black(like: &Path, black: &Path) -> Result<(), String> {
    let mut command = ffmpeg();
    command.arg("-i").arg(like).args(["-vf", "lutyuv=y=0:u=128:v=128", "-frames:v", "1", "-update", "1"]).arg(black);
    run(command)
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Waits for `ffmpeg`; why it didn't do it, if not.
fn run(mut command: Command) -> Result<(), String> {
    match command.output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr);
            Err(format!("ffmpeg failed ({})", said.lines().last().unwrap_or("it didn't say why")))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err("there is no ffmpeg; install it and export again with --force".to_owned())
        }
        Err(error) => Err(format!("ffmpeg can't be started ({error})")),
    }
}

/// The list that `ffmpeg` reads.
fn listed(shown: &[Shown<'_>]) -> String {
    let mut list = "ffconcat version 1.0\n".to_owned();
    for Shown { from, until, picture } in shown {
        // Without the option times would be rounded to those of 25 pictures a second.
        let (file, length) = (picture.map_or(BLACK, |picture| picture.file.as_str()), until - from);
        writeln!(list, "file {file}\noption framerate 1000\nduration {length}ms").ok();
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown, and for how long.
    fn shown_of(pictures: &[Picture], gone: &[[i64; 2]]) -> Vec<(String, String)> {
        let list = listed(&shown(pictures, gone));
        let of =
            |what: &str| list.lines().filter_map(|line| line.strip_prefix(what).map(str::to_owned)).collect::<Vec<_>>();
        of("file ").into_iter().zip(of("duration ")).collect()
    }

    fn picture(file: &str, from: f64) -> Picture {
        Picture { file: file.to_owned(), frame: 0, from, to: from + 0.03 }
    }

    fn pairs(shown: &[(String, String)]) -> Vec<(&str, &str)> {
        shown.iter().map(|(file, length)| (file.as_str(), length.as_str())).collect()
    }

    #[test]
    fn each_picture_stands_until_the_next() {
        let shown = shown_of(&[picture("a.jpg", 1.0), picture("b.jpg", 1.5), picture("c.jpg", 2.5)], &[]);

        assert_eq!(pairs(&shown), [("a.jpg", "500ms"), ("b.jpg", "1000ms"), ("c.jpg", "40ms")]);
    }

    #[test]
    fn where_there_was_none_it_is_black() {
        let pictures = [picture("a.jpg", 1.0), picture("b.jpg", 1.5), picture("c.jpg", 4.5), picture("d.jpg", 4.6)];

        // For three seconds there was no camera, and a moment was forgotten.
        let shown = shown_of(&pictures, &[[1_100, 1_400]]);

        let black = BLACK;
        let wanted = [
            ("a.jpg", "40ms"),
            (black, "460ms"),
            ("b.jpg", "40ms"),
            (black, "2960ms"),
            ("c.jpg", "100ms"),
            ("d.jpg", "40ms"),
        ];
        assert_eq!(pairs(&shown), wanted);
    }

    #[test]
    fn pictures_on_their_way_are_gone_where_it_fails() {
        let root = tempfile::tempdir().unwrap();
        let pictures = root.path().join("pictures");
        fs::create_dir(&pictures).unwrap();
        fs::write(pictures.join("000000.jpg"), "x").unwrap();

        drop(Folder(Some(pictures.clone())));

        assert!(!pictures.exists());
    }
}
