//! The synthetic participant in front of a camera and a microphone that don't exist.

use std::path::Path;
use std::time::Duration;

use super::Paced;
use super::Wait;
use super::form_of;
use super::open_stream;
use super::wait_until;
use crate::capture::AudioStream;
use crate::capture::Pick;
use crate::capture::SourceState;
use crate::capture::synthetic::FaceGeometry;
use crate::capture::synthetic::SAMPLE_RATE_HZ;
use crate::capture::synthetic::Script;
use crate::capture::synthetic::SyntheticError;
use crate::capture::synthetic::SyntheticFace;
use crate::capture::synthetic::SyntheticVoice;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::latest::LatestOutlet;
use crate::signal::Frame;
use crate::time::Clock;
use crate::time::Span;
use crate::time::Timestamp;

const NAME: &str = "synthetic participant";
const WIDTH: usize = 640;
const HEIGHT: usize = 480;
const FPS: u32 = 30;
const BLOCK: usize = SAMPLE_RATE_HZ as usize / 100;

/// Draws the synthetic participant into `frames`, 640×480 at 30 fps: the script begins at `start`.
///
/// A picture that can't be drawn in time is left out, and the next one drawn that can. Blocks until `control` closes.
pub fn demo_picture(
    geometry: &Path,
    seed: u64,
    start: Timestamp,
    frames: &mut LatestOutlet<Frame>,
    control: &EventInlet<Pick>,
    clock: &dyn Clock,
    report: &mut dyn FnMut(SourceState),
) {
    report(SourceState::Opening);
    let (script, mut face) = match face(geometry, seed) {
        Ok(opened) => opened,
        Err(error) => {
            report(SourceState::Failed { message: error.to_string() });
            return;
        }
    };
    report(SourceState::Running { name: NAME.to_owned(), form: format!("{WIDTH}×{HEIGHT}, {FPS} fps") });
    let mut frame = Frame::black(WIDTH, HEIGHT);
    let mut index = 0_u32;
    loop {
        let length = Duration::from_secs(1) / FPS;
        let late = clock.now().since(start + length * index);
        if late > length * 2 {
            index = index.saturating_add(u32::try_from(late.as_nanos() / length.as_nanos()).unwrap_or(1));
        }
        let from = length * index;
        face.draw(from.as_secs_f64(), &script, &mut frame.rgb, WIDTH, HEIGHT);
        let span = Span::new(start + from, start + from + length);
        if let Wait::Closed = wait_until(span.end, control, clock) {
            report(SourceState::Ended);
            return;
        }
        frames.write(span, |slot| std::mem::swap(slot, &mut frame));
        // What comes back from the link is an earlier picture, or an empty one.
        if (frame.width, frame.height) != (WIDTH, HEIGHT) || !frame.is_whole() {
            frame = Frame::black(WIDTH, HEIGHT);
        }
        index = index.saturating_add(1);
    }
}

/// Speaks as the synthetic participant, 48 kHz in blocks of 10 ms: the script begins at `start`.
///
/// Blocks until `control` closes.
pub fn demo_sound(
    start: Timestamp,
    streams: &EventOutlet<AudioStream>,
    control: &EventInlet<Pick>,
    clock: &dyn Clock,
    report: &mut dyn FnMut(SourceState),
) {
    report(SourceState::Opening);
    let mut voice = match SyntheticVoice::new() {
        Ok(voice) => voice,
        Err(error) => {
            report(SourceState::Failed { message: error.to_string() });
            return;
        }
    };
    let Some(outlet) = open_stream(SAMPLE_RATE_HZ, streams) else { return };
    let mut paced = Paced { outlet, zero: start, rate_hz: SAMPLE_RATE_HZ, control, clock };
    report(SourceState::Running { name: NAME.to_owned(), form: form_of(SAMPLE_RATE_HZ, 1) });
    let mut block = [0.0; BLOCK];
    let mut first = 0;
    loop {
        voice.read(first, &mut block);
        if let Wait::Closed = paced.push(first, &block) {
            report(SourceState::Ended);
            return;
        }
        first += BLOCK as u64;
    }
}

fn face(geometry: &Path, seed: u64) -> Result<(Script, SyntheticFace), SyntheticError> {
    let geometry = FaceGeometry::read(geometry)?;
    Ok((Script::new()?, SyntheticFace::new(&geometry, seed)))
}
