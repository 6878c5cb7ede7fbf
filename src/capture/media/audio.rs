//! A recording's sound: mono, at its own rate.

use std::ops::RangeInclusive;
use std::path::Path;

use super::AudioInfo;
use super::Kind;
use super::MediaError;
use super::MediaInfo;
use super::child::Ffmpeg;
use super::child::Stamp;
use super::child::TICKS_PER_SECOND;
use super::wav::Wav;
use crate::time::Timestamp;

/// Times in files are rounded; only a hole longer than this is one.
const HOLE_SECS: f64 = 0.05;
/// What sound may be recorded at, samples per second.
const RATES_HZ: RangeInclusive<u32> = 4_000..=384_000;

/// Reads a recording's sound with its channels averaged.
#[derive(Debug)]
pub struct AudioReader {
    rate_hz: u32,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Wav(Box<Wav>),
    Ffmpeg(Box<Tape>),
}

#[derive(Debug)]
struct Tape {
    child: Ffmpeg,
    next: Option<Stamp>,
    start: Timestamp,
    position: u64,
    bytes: Vec<u8>,
    rate_hz: f64,
    ends_s: f64,
    is_ended: bool,
}

impl AudioReader {
    /// Opens a file's sound.
    ///
    /// # Errors
    ///
    /// If the file has no sound, can't be decoded, or `ffmpeg` is needed and isn't there.
    pub fn open(path: &Path, info: &MediaInfo) -> Result<Self, MediaError> {
        let Some(audio) = &info.audio else { return Err(MediaError::NoAudio { path: path.to_owned() }) };
        if !RATES_HZ.contains(&audio.rate_hz) {
            let reason = format!("{} samples a second are no sound", audio.rate_hz);
            return Err(MediaError::decoding(path, &reason));
        }
        let form = if info.kind == Kind::Wav {
            Form::Wav(Box::new(Wav::open(path)?))
        } else {
            Form::Ffmpeg(Box::new(Tape::open(path, info, audio)?))
        };
        Ok(Self { rate_hz: audio.rate_hz, form })
    }

    /// Samples per second.
    #[must_use]
    pub const fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// When the sound's sample 0 belongs, after the file's zero. May be before it.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        match &self.form {
            Form::Wav(_) => Timestamp::ZERO,
            Form::Ffmpeg(tape) => tape.start,
        }
    }

    /// Reads the next samples into `block`, replacing what is there, and gives the index of the first; `None` at the
    /// end. A hole in the recording is one in the indices.
    ///
    /// # Errors
    ///
    /// If the file can't be decoded. One that is cut short gives all that is there, then the error once, then `None`.
    pub fn read(&mut self, block: &mut Vec<f32>) -> Result<Option<u64>, MediaError> {
        let first = match &mut self.form {
            Form::Wav(wav) => wav.read(block),
            Form::Ffmpeg(tape) => tape.read(block),
        }?;
        // Floating point can hold what is no sound; one such sample would stay in every filter and network behind it.
        for sample in block.iter_mut().filter(|sample| !sample.is_finite()) {
            *sample = 0.0;
        }
        Ok(first)
    }
}

impl Tape {
    fn open(path: &Path, info: &MediaInfo, audio: &AudioInfo) -> Result<Self, MediaError> {
        let filter =
            format!("aformat=sample_fmts=flt:sample_rates={},asettb=1/{TICKS_PER_SECOND},ashowinfo", audio.rate_hz);
        let mut child = Ffmpeg::start(path, audio.stream, &filter, &["-c:a", "pcm_f32le", "-f", "f32le"])?;
        let next = child.next_stamp()?;
        let start = next.as_ref().and_then(|stamp| stamp.ticks).unwrap_or(0);
        Ok(Self {
            child,
            next,
            start: Timestamp::from_nanos(start.saturating_mul(1_000_000_000 / TICKS_PER_SECOND)),
            position: 0,
            bytes: Vec::new(),
            rate_hz: f64::from(audio.rate_hz),
            ends_s: audio.duration_s.unwrap_or(info.duration_s),
            is_ended: false,
        })
    }

    fn read(&mut self, block: &mut Vec<f32>) -> Result<Option<u64>, MediaError> {
        block.clear();
        if self.is_ended {
            return Ok(None);
        }
        let Some(stamp) = self.next.take() else { return self.end() };
        let channels = stamp.channels.max(1);
        self.bytes.resize(stamp.samples * channels * 4, 0);
        if !self.child.read(&mut self.bytes)? {
            return self.end();
        }
        average(&self.bytes, channels, block);
        let first = self.place(&stamp);
        self.position = first + block.len() as u64;
        self.next = self.child.next_stamp()?;
        Ok(Some(first))
    }

    /// Where a frame's first sample belongs: after the one before, unless its time leaves a hole.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sample counts stay far below 2^52, and the hole is positive"
    )]
    fn place(&self, stamp: &Stamp) -> u64 {
        let Some(ticks) = stamp.ticks else { return self.position };
        let secs = ticks as f64 / TICKS_PER_SECOND as f64 - self.start.secs();
        let hole = secs - self.position as f64 / self.rate_hz;
        if hole > HOLE_SECS { (secs * self.rate_hz).round() as u64 } else { self.position }
    }

    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    fn end(&mut self) -> Result<Option<u64>, MediaError> {
        self.is_ended = true;
        let read_s = (self.position > 0).then(|| self.position as f64 / self.rate_hz);
        self.child.ended(read_s, self.ends_s).map(|()| None)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a recording has few channels")]
fn average(bytes: &[u8], channels: usize, block: &mut Vec<f32>) {
    let scale = 1.0 / channels as f32;
    block.extend(bytes.chunks_exact(channels * 4).map(|frame| {
        let sum: f32 = frame.as_chunks::<4>().0.iter().map(|sample| f32::from_le_bytes(*sample)).sum();
        sum * scale
    }));
}
