//! `ffmpeg` as a child: its stamps from one pipe, its data from the other.
//!
//! # Why
//!
//! A filter in the child says of every frame when it belongs, just before the frame itself goes out. Reading the
//! saying first and then the frame needs one thread, keeps the two in agreement by construction, and can't lock up: by
//! the time a frame is waited for, the child has nothing left to say about it.

use std::ffi::OsString;
use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStderr;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;

use super::MediaError;

/// Ticks per second of the stamps that the child is told to write.
pub(super) const TICKS_PER_SECOND: i64 = 1_000_000;
const LONGEST_LINE: u64 = 64 * 1024;
/// A recording that ends so much before its length says, and complained, was cut short.
const MISSING_SECS: f64 = 0.5;
/// What Linux gives to everyone who asks.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

/// What the child says of one frame of pictures or sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    /// When it begins, in ticks after the file's zero; `None` if the file doesn't say.
    pub(super) ticks: Option<i64>,
    /// Samples per channel, of sound.
    pub(super) samples: usize,
    /// Channels, of sound.
    pub(super) channels: usize,
}

/// A running `ffmpeg`, ended when dropped.
#[derive(Debug)]
pub(super) struct Ffmpeg {
    path: PathBuf,
    child: Child,
    sayings: BufReader<ChildStderr>,
    data: ChildStdout,
    complaint: Option<String>,
}

impl Ffmpeg {
    /// Starts reading the stream number `stream` of a file through `filter`, into what `form` says.
    pub(super) fn start(path: &Path, stream: usize, filter: &str, form: &[&str]) -> Result<Self, MediaError> {
        let passthrough = if knows_fps_mode() { "-fps_mode" } else { "-vsync" };
        let mut child = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info", "-threads", "1"])
            .args(["-protocol_whitelist", "file", "-i"])
            .arg(address(path))
            .args(["-map", &format!("0:{stream}"), "-filter_threads", "1"])
            .args([if form.contains(&"rgb24") { "-vf" } else { "-af" }, filter])
            .args([passthrough, "passthrough", "-flush_packets", "1"])
            .args(form)
            .arg("pipe:1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| starting(path, &error))?;
        let (Some(data), Some(sayings)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(MediaError::decoding(path, "no pipes"));
        };
        widen(&data);
        Ok(Self { path: path.to_owned(), child, sayings: BufReader::new(sayings), data, complaint: None })
    }

    /// The next frame's stamp; `None` at the end.
    pub(super) fn next_stamp(&mut self) -> Result<Option<Stamp>, MediaError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut self.sayings)
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .map_err(|error| MediaError::decoding(&self.path, &error))?;
            if read == 0 {
                return Ok(None);
            }
            let text = String::from_utf8_lossy(&line);
            if let Some(stamp) = stamp_of(&text) {
                return Ok(Some(stamp));
            }
            if ["[error]", "[fatal]", "[panic]"].iter().any(|level| text.contains(level)) {
                self.complaint = Some(without_path(&text, &self.path));
            }
        }
    }

    /// Fills `bytes` with the frame that belongs to the last stamp; false if the child stopped before its end.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> Result<bool, MediaError> {
        match self.data.read_exact(bytes) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(MediaError::decoding(&self.path, &error)),
        }
    }

    /// What the end of the stream means, of which `read_s` seconds were read, if any, and `ends_s` should be.
    ///
    /// # Errors
    ///
    /// If the child complained and nothing came, or much less than there should be.
    pub(super) fn ended(&self, read_s: Option<f64>, ends_s: f64) -> Result<(), MediaError> {
        let Some(complaint) = self.complaint.as_deref() else { return Ok(()) };
        match read_s {
            None => Err(MediaError::decoding(&self.path, complaint)),
            Some(read_s) if read_s + MISSING_SECS < ends_s => {
                Err(MediaError::Truncated { path: self.path.clone(), read_s, of_s: ends_s })
            }
            Some(_) => Ok(()),
        }
    }
}

/// A picture of 720p goes through a pipe of the usual 64 KiB in forty pieces, for each of which one side wakes the other.
/// Where the pipe can't be made wider it works as well, only slower.
fn widen(pipe: &ChildStdout) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES) {
        tracing::debug!(%error, "the pipe from ffmpeg stays as it is");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A line of the filters `showinfo` or `ashowinfo`: `[… @ …] [info] n:   0 pts:  512 pts_time:0.01 …`.
fn stamp_of(line: &str) -> Option<Stamp> {
    if !line.contains("showinfo") {
        return None;
    }
    let (_, line) = line.split_once(" n:")?;
    let (_, after) = line.split_once(" pts:")?;
    let ticks = after.split_whitespace().next()?.parse().ok();
    let number = |key: &str| {
        let (_, after) = line.split_once(key)?;
        after.split_whitespace().next()?.parse().ok()
    };
    Some(Stamp { ticks, samples: number(" nb_samples:").unwrap_or(0), channels: number(" channels:").unwrap_or(1) })
}

/// A file's name as `ffmpeg` takes it: never an option, never a protocol.
pub(super) fn address(path: &Path) -> OsString {
    let mut address = OsString::from("file:");
    address.push(path);
    address
}

/// Why the child couldn't be started.
pub(super) fn starting(path: &Path, error: &io::Error) -> MediaError {
    match error.kind() {
        io::ErrorKind::NotFound => MediaError::NoFfmpeg { path: path.to_owned() },
        _ => MediaError::decoding(path, error),
    }
}

/// A line of the child's without what our message says anyway.
pub(super) fn without_path(line: &str, path: &Path) -> String {
    let line = line.trim();
    let line = line.rsplit_once("] ").map_or(line, |(_, rest)| rest);
    let name = address(path);
    line.replace(&format!("{}: ", name.to_string_lossy()), "").replace(&*name.to_string_lossy(), "the file")
}

/// `ffmpeg` renamed an option in its version 5.1.
fn knows_fps_mode() -> bool {
    static KNOWS: OnceLock<bool> = OnceLock::new();
    *KNOWS.get_or_init(|| {
        let Ok(output) = Command::new("ffmpeg").arg("-version").stdin(Stdio::null()).output() else { return true };
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.strip_prefix("ffmpeg version ").unwrap_or_default().trim_start_matches('n');
        let mut numbers =
            version.split(|letter: char| !letter.is_ascii_digit()).map_while(|number| number.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), minor) => (major, minor.unwrap_or(0)) >= (5_u32, 1_u32),
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_from_the_child_s_lines() {
        let picture = "[Parsed_showinfo_1 @ 0x55f] [info] n:  12 pts: 400000 pts_time:0.4     pos:  123 fmt:rgb24";
        let sound = "[Parsed_ashowinfo_2 @ 0x55] [info] n:0 pts:-512 pts_time:-0.0106 pos:0 fmt:flt channels:2 chlayout:stereo rate:48000 nb_samples:1024 checksum:0";
        let untimed = "[Parsed_showinfo_1 @ 0x55f] [info] n:   0 pts:   NOPTS pts_time:NOPTS  pos: 1";

        assert_eq!(stamp_of(picture), Some(Stamp { ticks: Some(400_000), samples: 0, channels: 1 }));
        assert_eq!(stamp_of(sound), Some(Stamp { ticks: Some(-512), samples: 1024, channels: 2 }));
        assert_eq!(stamp_of(untimed), Some(Stamp { ticks: None, samples: 0, channels: 1 }));
        assert_eq!(stamp_of("[Parsed_showinfo_1 @ 0x5] [info] config in time_base: 1/15360, frame_rate: 30/1"), None);
    }
}
