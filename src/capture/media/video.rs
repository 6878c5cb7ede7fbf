//! A recording's pictures, in the order in which they are shown.

use std::path::Path;
use std::path::PathBuf;

use super::Kind;
use super::MediaError;
use super::MediaInfo;
use super::child::Ffmpeg;
use super::child::Stamp;
use super::child::TICKS_PER_SECOND;
use super::picture;
use crate::signal::Frame;
use crate::time::Span;
use crate::time::Timestamp;

/// Reads a recording's pictures with their own times, however these vary.
#[derive(Debug)]
pub struct VideoReader {
    width: usize,
    height: usize,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Picture(Option<PathBuf>),
    Ffmpeg(Box<Film>),
}

#[derive(Debug)]
struct Film {
    child: Ffmpeg,
    next: Option<Stamp>,
    is_begun: bool,
    is_ended: bool,
    last_ticks: i64,
    length_ticks: i64,
    ends_s: f64,
}

impl VideoReader {
    /// Opens a file's picture. What is wider than `max_width` px is made smaller.
    ///
    /// # Errors
    ///
    /// If the file has no picture, or `ffmpeg` is needed and isn't there.
    pub fn open(path: &Path, info: &MediaInfo, max_width: Option<usize>) -> Result<Self, MediaError> {
        let Some(video) = &info.video else { return Err(MediaError::NoVideo { path: path.to_owned() }) };
        let (width, height) = fit(video.width, video.height, max_width);
        if info.kind == Kind::Picture {
            return Ok(Self { width, height, form: Form::Picture(Some(path.to_owned())) });
        }
        let filter =
            format!("scale={width}:{height},setsar=1,format=rgb24,settb=1/{TICKS_PER_SECOND},showinfo=checksum=0");
        let child =
            Ffmpeg::start(path, video.stream, &filter, &["-c:v", "rawvideo", "-pix_fmt", "rgb24", "-f", "rawvideo"])?;
        let film = Film {
            child,
            next: None,
            is_begun: false,
            is_ended: false,
            last_ticks: 0,
            length_ticks: ticks(1.0 / video.fps_estimate.max(0.01)),
            ends_s: video.duration_s.unwrap_or(info.duration_s),
        };
        Ok(Self { width, height, form: Form::Ffmpeg(Box::new(film)) })
    }

    /// Size of the pictures that come, px: width and height.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Reads the next picture into `frame`, and says from when to when it is shown; `None` at the end.
    ///
    /// # Errors
    ///
    /// If the file can't be decoded. One that is cut short gives all that is there, then the error once, then `None`.
    pub fn next(&mut self, frame: &mut Frame) -> Result<Option<Span>, MediaError> {
        match &mut self.form {
            Form::Picture(path) => {
                let Some(path) = path.take() else { return Ok(None) };
                picture::read(&path, self.width, self.height, frame)?;
                Ok(Some(Span::new(Timestamp::ZERO, Timestamp::from_secs(picture::LASTS_SECS))))
            }
            Form::Ffmpeg(film) => film.next(self.width, self.height, frame),
        }
    }
}

impl Film {
    fn next(&mut self, width: usize, height: usize, frame: &mut Frame) -> Result<Option<Span>, MediaError> {
        if self.is_ended {
            return Ok(None);
        }
        if !self.is_begun {
            self.next = self.child.next_stamp()?;
        }
        let Some(stamp) = self.next.take() else { return self.end() };
        frame.width = width;
        frame.height = height;
        frame.rgb.resize(width * height * 3, 0);
        if !self.child.read(&mut frame.rgb)? {
            return self.end();
        }
        // A frame without a time follows the one before.
        let due = if self.is_begun { self.last_ticks + self.length_ticks } else { 0 };
        let start = stamp.ticks.unwrap_or(due);
        self.is_begun = true;
        self.last_ticks = start;
        self.next = self.child.next_stamp()?;
        if let Some(next) = self.next.as_ref().and_then(|next| next.ticks)
            && next > start
        {
            self.length_ticks = next - start;
        }
        Ok(Some(Span::new(at(start), at(start + self.length_ticks))))
    }

    fn end(&mut self) -> Result<Option<Span>, MediaError> {
        self.is_ended = true;
        let read_s = self.is_begun.then(|| at(self.last_ticks + self.length_ticks).secs());
        self.child.ended(read_s, self.ends_s).map(|()| None)
    }
}

/// The size within `max_width`, of the same form.
fn fit(width: usize, height: usize, max_width: Option<usize>) -> (usize, usize) {
    match max_width {
        Some(most) if most > 0 && width > most => (most, ((height * most + width / 2) / width).max(1)),
        _ => (width, height),
    }
}

fn at(ticks: i64) -> Timestamp {
    Timestamp::from_nanos(ticks.saturating_mul(1_000_000_000 / TICKS_PER_SECOND))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a frame's length")]
fn ticks(secs: f64) -> i64 {
    (secs * TICKS_PER_SECOND as f64).round() as i64
}
