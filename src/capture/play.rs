//! Recordings and the synthetic participant, at their own speed, as if they were devices.
//!
//! Picture and sound are two loops for two threads. Both are given the same instant of the session to begin at, and
//! wait for what is due by that clock alone: neither waits for the other, and neither drifts. What is played comes
//! when a device would give it, at the end of its span.

mod demo;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

pub use demo::demo_picture;
pub use demo::demo_sound;

use crate::capture::AudioStream;
use crate::capture::Pick;
use crate::capture::SourceState;
use crate::capture::media::AudioReader;
use crate::capture::media::MediaError;
use crate::capture::media::MediaInfo;
use crate::capture::media::VideoReader;
use crate::capture::microphone::RING_BLOCKS;
use crate::capture::microphone::RING_SECS;
use crate::link::audio;
use crate::link::audio::AudioOutlet;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::link::latest::LatestOutlet;
use crate::signal::Frame;
use crate::time::Clock;
use crate::time::Span;
use crate::time::Timestamp;

/// How long after its making a start should lie, so that both loops are ready by then.
pub const HEAD_START: Duration = Duration::from_millis(400);

/// A picture that is shown for long comes no later than so long after its beginning.
pub const LONGEST_EXPOSURE: Duration = Duration::from_millis(100);
const BLOCKS_PER_SECOND: u32 = 100;

/// Plays a recording's picture into `frames`: the file's zero is at `start`.
///
/// Blocks until the recording ends (and says so) or `control` closes.
#[expect(clippy::too_many_arguments, reason = "a recording, a place in time, and what every source takes")]
pub fn picture(
    path: &Path,
    info: &MediaInfo,
    max_width: Option<usize>,
    start: Timestamp,
    frames: &mut LatestOutlet<Frame>,
    control: &EventInlet<Pick>,
    clock: &dyn Clock,
    report: &mut dyn FnMut(SourceState),
) {
    let Some(video) = &info.video else {
        report(SourceState::Off);
        return;
    };
    report(SourceState::Opening);
    let told = VideoReader::open(path, info, max_width).and_then(|mut reader| {
        let (width, height) = reader.size();
        let form = format!("{width}×{height}, {} fps", (video.fps_estimate * 100.0).round() / 100.0);
        report(SourceState::Running { name: name_of(path), form });
        let mut frame = Frame::default();
        while let Some(span) = reader.next(&mut frame)? {
            let span = Span::new(shifted(start, span.start), shifted(start, span.end));
            let due = span.end.min(span.start + LONGEST_EXPOSURE);
            if let Wait::Closed = wait_until(due, control, clock) {
                return Ok(());
            }
            frames.write(span, |slot| std::mem::swap(slot, &mut frame));
        }
        Ok(())
    });
    report(ending(told));
}

/// Plays a recording's sound down a link of its own, which is sent down `streams`: the file's zero is at `start`.
///
/// Blocks until the recording ends (and says so) or `control` closes.
pub fn sound(
    path: &Path,
    info: &MediaInfo,
    start: Timestamp,
    streams: &EventOutlet<AudioStream>,
    control: &EventInlet<Pick>,
    clock: &dyn Clock,
    report: &mut dyn FnMut(SourceState),
) {
    let Some(found) = &info.audio else {
        report(SourceState::Off);
        return;
    };
    report(SourceState::Opening);
    let told = AudioReader::open(path, info).and_then(|mut reader| {
        let rate_hz = reader.rate_hz();
        let zero = shifted(start, reader.start());
        let Some(outlet) = open_stream(rate_hz, streams) else { return Ok(()) };
        let mut paced = Paced { outlet, zero, rate_hz, control, clock };
        report(SourceState::Running { name: name_of(path), form: form_of(rate_hz, found.channels) });
        let mut block = Vec::new();
        while let Some(first) = reader.read(&mut block)? {
            if let Wait::Closed = paced.push(first, &block) {
                return Ok(());
            }
        }
        Ok(())
    });
    report(ending(told));
}

fn ending(told: Result<(), MediaError>) -> SourceState {
    match told {
        Ok(()) => SourceState::Ended,
        Err(error @ MediaError::Truncated { .. }) => SourceState::Lost { message: error.to_string() },
        Err(error) => SourceState::Failed { message: error.to_string() },
    }
}

fn open_stream(rate_hz: u32, streams: &EventOutlet<AudioStream>) -> Option<AudioOutlet> {
    let (outlet, inlet) = audio::link((rate_hz * RING_SECS) as usize, RING_BLOCKS);
    streams.send(AudioStream { rate_hz, inlet, xruns: Arc::new(AtomicU64::new(0)) }).then_some(outlet)
}

/// Sound that goes out as a sound card would give it: in short blocks, each when its last sample is due.
struct Paced<'a> {
    outlet: AudioOutlet,
    zero: Timestamp,
    rate_hz: u32,
    control: &'a EventInlet<Pick>,
    clock: &'a dyn Clock,
}

impl Paced<'_> {
    fn push(&mut self, first: u64, samples: &[f32]) -> Wait {
        self.outlet.skip_to(first);
        let len = (self.rate_hz / BLOCKS_PER_SECOND).max(1) as usize;
        let mut first = first;
        for block in samples.chunks(len) {
            let end = first + block.len() as u64;
            if let Wait::Closed = wait_until(self.at(end), self.control, self.clock) {
                return Wait::Closed;
            }
            self.outlet.push(block, self.at(first));
            first = end;
        }
        Wait::Due
    }

    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    fn at(&self, sample: u64) -> Timestamp {
        shifted(self.zero, Timestamp::from_secs(sample as f64 / f64::from(self.rate_hz)))
    }
}

enum Wait {
    Due,
    Closed,
}

/// Sleeps until `due`; not at all if it has passed.
fn wait_until(due: Timestamp, control: &EventInlet<Pick>, clock: &dyn Clock) -> Wait {
    loop {
        match control.wait(due.since(clock.now())) {
            Next::Closed => return Wait::Closed,
            // A recording has no other device to pick.
            Next::Item(_) => {}
            Next::Nothing => {
                if clock.now() >= due {
                    return Wait::Due;
                }
            }
        }
    }
}

/// `offset` after `start`, either of which may be negative.
const fn shifted(start: Timestamp, offset: Timestamp) -> Timestamp {
    Timestamp::from_nanos(start.nanos().saturating_add(offset.nanos()))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn form_of(rate_hz: u32, channels: usize) -> String {
    let channels = if channels == 1 { "1 channel".to_owned() } else { format!("{channels} channels") };
    format!("{} kHz, {channels}", f64::from(rate_hz) / 1000.0)
}

#[cfg(test)]
mod tests;
