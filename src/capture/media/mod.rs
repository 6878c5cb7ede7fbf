//! Recordings: what is in a file, its pictures and its sound.
//!
//! | file           | read by                         |
//! |----------------|---------------------------------|
//! | WAV            | this program                    |
//! | PNG, JPEG      | this program                    |
//! | anything else  | `ffmpeg`, as a child process    |
//!
//! All times are relative to the file's own zero, which its picture and its sound share.

mod audio;
mod child;
mod picture;
mod probe;
mod video;
mod wav;

use std::io;
use std::path::Path;
use std::path::PathBuf;

pub use audio::AudioReader;
pub use video::VideoReader;

/// What is in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaInfo {
    /// Length, s; 0 if the file doesn't say. A picture lasts a second.
    pub duration_s: f64,
    /// The picture.
    pub video: Option<VideoInfo>,
    /// The sound.
    pub audio: Option<AudioInfo>,
    kind: Kind,
}

/// A file's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoInfo {
    /// Width as shown (turned, with square pixels), px.
    pub width: usize,
    /// Height as shown, px.
    pub height: usize,
    /// Frames per second on average; the rate may vary.
    pub fps_estimate: f64,
    /// About how many frames there are.
    pub frames_estimate: u64,
    stream: usize,
    duration_s: Option<f64>,
}

/// A file's sound.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioInfo {
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels; they are averaged when read.
    pub channels: usize,
    stream: usize,
    duration_s: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wav,
    Picture,
    Ffmpeg,
}

/// Why a recording can't be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// There is no such file.
    #[error("the file isn't there; check its name\nfile: {path:?}")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system doesn't let it be read.
    #[error("the file can't be opened: {reason}; check that you may read it\nfile: {path:?}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// There is nothing in it.
    #[error("the file is empty; copy or record it again\nfile: {path:?}")]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// It is something else.
    #[error(
        "the file is no video, sound or picture that can be read; convert it to MP4, WAV or PNG\nfile: {path:?}, {reason}"
    )]
    NotMedia {
        /// Which.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It has neither sound nor picture.
    #[error("the file has neither sound nor picture; choose another one\nfile: {path:?}")]
    Nothing {
        /// Which.
        path: PathBuf,
    },
    /// It was asked for pictures that it doesn't have.
    #[error("the file has no picture\nfile: {path:?}")]
    NoVideo {
        /// Which.
        path: PathBuf,
    },
    /// It was asked for sound that it doesn't have.
    #[error("the file has no sound\nfile: {path:?}")]
    NoAudio {
        /// Which.
        path: PathBuf,
    },
    /// It ends before its end. All before the damage was read.
    #[error(
        "the file is cut short or damaged: {read_s:.1} s of {of_s:.1} s could be read; copy it again for the rest\nfile: {path:?}"
    )]
    Truncated {
        /// Which.
        path: PathBuf,
        /// How far it could be read, s.
        read_s: f64,
        /// How far it should go, s.
        of_s: f64,
    },
    /// It is cut off before its index, without which nothing in it can be found.
    #[error("the file was cut off, or its recording never finished; copy or record it again\nfile: {path:?}")]
    Unfinished {
        /// Which.
        path: PathBuf,
    },
    /// `ffmpeg` isn't installed.
    #[error("this kind of file needs the program ffmpeg; install it, or use WAV, PNG or JPEG\nfile: {path:?}")]
    NoFfmpeg {
        /// Which.
        path: PathBuf,
    },
    /// It can't be decoded.
    #[error("the file can't be decoded; convert it to MP4 or WAV\nfile: {path:?}, {reason}")]
    Decoding {
        /// Which.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
}

impl MediaError {
    fn from_opening(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Unreadable { path, reason: error.to_string() },
        }
    }

    fn decoding(path: &Path, reason: &(impl ToString + ?Sized)) -> Self {
        Self::Decoding { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// Looks what is in a file.
///
/// # Errors
///
/// If the file isn't there, is empty, is cut short before anything can be read, is no medium, has neither sound nor
/// picture, or needs a program that isn't installed.
pub fn probe(path: &Path) -> Result<MediaInfo, MediaError> {
    probe::probe(path)
}

#[cfg(test)]
mod tests;
