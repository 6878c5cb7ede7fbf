//! WAV files, read without another program.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;

use hound::SampleFormat;
use hound::WavReader;

use super::AudioInfo;
use super::MediaError;

const BLOCK: usize = 4096;
/// Writers that can't go back leave the length open.
const OPEN_LENGTH_BYTES: u64 = 0xffff_0000;
const HEADER_BYTES: u64 = 44;

/// An open WAV file.
pub(super) struct Wav {
    path: PathBuf,
    reader: WavReader<BufReader<File>>,
    channels: usize,
    rate_hz: u32,
    scale: Option<f32>,
    length: Option<u64>,
    position: u64,
    is_ended: bool,
}

impl std::fmt::Debug for Wav {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wav").field("path", &self.path).field("position", &self.position).finish_non_exhaustive()
    }
}

/// What is in the file, if it is a WAV that can be read here.
pub(super) fn probe(path: &Path) -> Option<AudioInfo> {
    let bytes = std::fs::metadata(path).ok()?.len();
    let reader = WavReader::open(path).ok()?;
    let spec = reader.spec();
    let is_known = match spec.sample_format {
        SampleFormat::Float => spec.bits_per_sample == 32,
        SampleFormat::Int => matches!(spec.bits_per_sample, 8 | 16 | 24 | 32),
    };
    if spec.channels == 0 || spec.sample_rate == 0 || !is_known {
        return None;
    }
    let frame_bytes = u64::from(spec.channels) * u64::from(spec.bits_per_sample.div_ceil(8));
    let there = bytes.saturating_sub(HEADER_BYTES) / frame_bytes.max(1);
    let samples = length_of(&reader).unwrap_or(there);
    Some(AudioInfo {
        rate_hz: spec.sample_rate,
        channels: usize::from(spec.channels),
        stream: 0,
        duration_s: Some(secs(samples, spec.sample_rate)),
    })
}

/// Samples per channel that the header tells of, if it does.
fn length_of(reader: &WavReader<BufReader<File>>) -> Option<u64> {
    let spec = reader.spec();
    let bytes = u64::from(reader.len()) * u64::from(spec.bits_per_sample.div_ceil(8));
    (bytes < OPEN_LENGTH_BYTES).then(|| u64::from(reader.duration()))
}

#[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
fn secs(samples: u64, rate_hz: u32) -> f64 {
    samples as f64 / f64::from(rate_hz)
}

impl Wav {
    pub(super) fn open(path: &Path) -> Result<Self, MediaError> {
        let reader = WavReader::open(path).map_err(|error| match error {
            hound::Error::IoError(error) => MediaError::from_opening(path, &error),
            error => MediaError::decoding(path, &error),
        })?;
        let spec = reader.spec();
        let scale = match spec.sample_format {
            SampleFormat::Float => None,
            SampleFormat::Int => Some(0.5_f32.powi(i32::from(spec.bits_per_sample) - 1)),
        };
        Ok(Self {
            path: path.to_owned(),
            channels: usize::from(spec.channels).max(1),
            rate_hz: spec.sample_rate,
            scale,
            length: length_of(&reader),
            reader,
            position: 0,
            is_ended: false,
        })
    }

    pub(super) fn read(&mut self, block: &mut Vec<f32>) -> Result<Option<u64>, MediaError> {
        block.clear();
        if self.is_ended {
            return Ok(None);
        }
        let failure = match self.scale {
            #[expect(clippy::cast_precision_loss, reason = "24 bits are enough to hear with")]
            Some(scale) => average(self.reader.samples::<i32>(), self.channels, |sample| sample as f32 * scale, block),
            None => average(self.reader.samples::<f32>(), self.channels, |sample| sample, block),
        };
        let first = self.position;
        self.position += block.len() as u64;
        match failure {
            _ if !block.is_empty() => Ok(Some(first)),
            None => {
                self.is_ended = true;
                Ok(None)
            }
            Some(_) => self.end(),
        }
    }

    fn end(&mut self) -> Result<Option<u64>, MediaError> {
        self.is_ended = true;
        match self.length {
            Some(length) if self.position < length => Err(MediaError::Truncated {
                path: self.path.clone(),
                read_s: secs(self.position, self.rate_hz),
                of_s: secs(length, self.rate_hz),
            }),
            _ => Ok(None),
        }
    }
}

/// Reads until `block` is full, the end or damage, which it gives.
#[expect(clippy::cast_precision_loss, reason = "a recording has few channels")]
fn average<T>(
    mut samples: impl Iterator<Item = hound::Result<T>>,
    channels: usize,
    as_float: impl Fn(T) -> f32,
    block: &mut Vec<f32>,
) -> Option<hound::Error> {
    while block.len() < BLOCK {
        let mut sum = 0.0;
        for _ in 0..channels {
            match samples.next() {
                Some(Ok(sample)) => sum += as_float(sample),
                Some(Err(error)) => return Some(error),
                None => return None,
            }
        }
        block.push(sum / channels as f32);
    }
    None
}
