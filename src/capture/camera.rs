//! The camera: one loop that follows it, and opens it again when it was lost.
//!
//! # Why
//!
//! A camera's driver may never return from waiting for a picture, and nothing but its return frees that thread. So
//! pictures are taken by a thread of their own, which [`run`] asks its caller to start, and which `run` can leave
//! behind: it ends as soon as the driver lets it go.

mod choice;
mod decode;
#[cfg(feature = "desktop")]
mod grab;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::capture::Pick;
use crate::capture::RETRY;
use crate::capture::Reporter;
use crate::capture::SourceState;
use crate::capture::Start;
use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::link::latest::LatestOutlet;
use crate::signal::Frame;
use crate::time::Clock;
use crate::time::Span;
use crate::time::Timestamp;

const LOOK_EVERY: Duration = Duration::from_millis(20);
const OPEN_WITHIN: Duration = Duration::from_secs(8);
const FRAME_WITHIN: Duration = Duration::from_secs(2);
const CLOSE_WITHIN: Duration = Duration::from_millis(150);
const FRAMES_ON_THE_WAY: usize = 2;

/// What to ask of a camera.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Width, px; the nearest that it has is taken.
    pub width_px: u32,
    /// Height, px; the nearest that it has is taken.
    pub height_px: u32,
    /// Pictures per second; the nearest that it has is taken.
    pub fps: u32,
    /// From the end of a picture's exposure to its arrival, ms.
    pub latency_millis: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { width_px: 1280, height_px: 720, fps: 30, latency_millis: 40 }
    }
}

/// Why a camera can't be opened or has stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CameraError {
    /// The program was built without devices.
    #[error("this build has no devices; use a recording or the demo, or build with the feature desktop")]
    NoDevices,
    /// There is no camera at all.
    #[error("no camera is there; plug one in, or use a recording")]
    NoDefault,
    /// The one that was asked for isn't there.
    #[error("the camera isn't there; plug it in or choose another one\ncamera: {name}")]
    Absent {
        /// Its name.
        name: String,
    },
    /// Somebody else has it.
    #[error("the camera is in use; close the program that uses it\ncamera: {name}")]
    Busy {
        /// Its name.
        name: String,
    },
    /// The system refuses.
    #[error(
        "the system refuses the camera; add yourself to the group video and log in again, or allow it in the privacy \
         settings\ncamera: {name}"
    )]
    Refused {
        /// Its name.
        name: String,
    },
    /// It went away.
    #[error("the camera has gone; plug it in again or choose another one\ncamera: {name}")]
    Gone {
        /// Its name.
        name: String,
    },
    /// It is open and gives nothing that can be read.
    #[error("the camera gives no pictures any more; plug it out and in again\ncamera: {name}")]
    Stuck {
        /// Its name.
        name: String,
    },
    /// It offers no form that can be read.
    #[error("the camera offers no pictures that can be read; choose another one\ncamera: {name}, {detail}")]
    Form {
        /// Its name.
        name: String,
        /// What was found.
        detail: String,
    },
    /// Anything else.
    #[error("the camera can't be used; plug it out and in again or choose another one\ncamera: {name}, {detail}")]
    Other {
        /// Its name.
        name: String,
        /// What the system said.
        detail: String,
    },
    /// The machine gives no thread for it.
    #[error("the machine has no room for another thread; close other programs\n{detail}")]
    NoThread {
        /// What the system said.
        detail: String,
    },
}

impl CameraError {
    const fn is_absence(&self) -> bool {
        matches!(self, Self::NoDefault | Self::Absent { .. })
    }
}

/// How the bytes of a camera's picture are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PixelForm {
    Yuyv,
    Nv12,
    Rgb,
    Bgr,
    Grey,
    Jpeg,
}

/// A picture as the camera gives it.
#[derive(Debug)]
struct Raw {
    width: usize,
    height: usize,
    form: PixelForm,
    bytes: Vec<u8>,
}

/// What the thread that takes pictures tells.
enum Grabbed {
    Opened { name: String, width: u32, height: u32, fps: u32 },
    Picture { raw: Raw, arrived_at: Timestamp },
    Failed(CameraError),
    Lost(CameraError),
}

/// What the thread that takes pictures has at hand.
struct Grabber {
    pick: Pick,
    settings: Settings,
    clock: Arc<dyn Clock>,
    tell: EventOutlet<Grabbed>,
    spare: EventInlet<Vec<u8>>,
    abandoned: Arc<AtomicBool>,
}

/// Follows a camera until `control` closes; each value on `control` picks another one.
///
/// Pictures go into `frames`, each with the span of its exposure: it ends the camera's latency before the arrival, and
/// is one frame long. One that can't be opened, goes away or hangs is tried again every second. `start` gives the
/// thread that waits for the driver.
pub fn run(
    pick: Pick,
    frames: &mut LatestOutlet<Frame>,
    control: &EventInlet<Pick>,
    clock: &Arc<dyn Clock>,
    settings: &Settings,
    start: Start<'_>,
    report: &mut dyn FnMut(SourceState),
) {
    #[cfg(feature = "desktop")]
    let job = grab::grab;
    #[cfg(not(feature = "desktop"))]
    let job = |grabber: Grabber| {
        grabber.tell.offer(Grabbed::Failed(CameraError::NoDevices));
    };
    run_with(job, pick, frames, control, clock, settings, start, report);
}

/// The names of the cameras that can be picked.
#[must_use]
pub fn names() -> Vec<String> {
    #[cfg(feature = "desktop")]
    return grab::names();
    #[cfg(not(feature = "desktop"))]
    Vec::new()
}

enum After {
    Repick(Pick),
    Retry,
    Close,
}

#[expect(clippy::too_many_arguments, reason = "the arguments of `run`, and its job")]
fn run_with(
    job: fn(Grabber),
    mut pick: Pick,
    frames: &mut LatestOutlet<Frame>,
    control: &EventInlet<Pick>,
    clock: &Arc<dyn Clock>,
    settings: &Settings,
    start: Start<'_>,
    report: &mut dyn FnMut(SourceState),
) {
    let mut reporter = Reporter::new(report);
    let mut scratch = Frame::default();
    let mut left_behind: Option<(Pick, EventInlet<Grabbed>)> = None;
    loop {
        if pick == Pick::Off {
            reporter.say(SourceState::Off);
            let Some(other) = control.next() else { return };
            pick = other;
            continue;
        }
        // Two threads on one device would only find it in use.
        let is_held = left_behind.as_ref().is_some_and(|(held, told)| *held == pick && !has_ended(told));
        let after = if is_held {
            After::Retry
        } else {
            reporter.opening();
            let (tell, told) = event::link(FRAMES_ON_THE_WAY);
            let (give_back, spare) = event::link(FRAMES_ON_THE_WAY + 1);
            let abandoned = Arc::new(AtomicBool::new(false));
            let grabber = Grabber {
                pick: pick.clone(),
                settings: settings.clone(),
                clock: clock.clone(),
                tell,
                spare,
                abandoned: abandoned.clone(),
            };
            let after = match start(Box::new(move || job(grabber))) {
                Ok(()) => {
                    let mut following = Following {
                        told: &told,
                        give_back: &give_back,
                        clock: &**clock,
                        settings,
                        scratch: &mut scratch,
                        after_picture: None,
                    };
                    following.follow(frames, control, &mut reporter)
                }
                Err(error) => {
                    reporter.failed(CameraError::NoThread { detail: error.to_string() }.to_string());
                    After::Retry
                }
            };
            abandoned.store(true, Ordering::Release);
            left_behind = (!ends_soon(&told, &**clock)).then(|| (pick.clone(), told));
            after
        };
        match after {
            After::Repick(other) => {
                pick = other;
                reporter.repicked();
            }
            After::Close => return,
            After::Retry => match control.wait(RETRY) {
                Next::Item(other) => {
                    pick = other;
                    reporter.repicked();
                }
                Next::Nothing => {}
                Next::Closed => return,
            },
        }
    }
}

fn has_ended(told: &EventInlet<Grabbed>) -> bool {
    loop {
        match told.poll() {
            Next::Item(_) => {}
            Next::Nothing => return false,
            Next::Closed => return true,
        }
    }
}

fn ends_soon(told: &EventInlet<Grabbed>, clock: &dyn Clock) -> bool {
    let from = clock.now();
    loop {
        if let Next::Closed = told.wait(LOOK_EVERY) {
            return true;
        }
        if clock.now().since(from) > CLOSE_WITHIN {
            return false;
        }
    }
}

/// The watch over one opened camera.
struct Following<'a> {
    told: &'a EventInlet<Grabbed>,
    give_back: &'a EventOutlet<Vec<u8>>,
    clock: &'a dyn Clock,
    settings: &'a Settings,
    scratch: &'a mut Frame,
    /// What was told after the picture that is being read.
    after_picture: Option<Grabbed>,
}

impl Following<'_> {
    /// What comes next; of several pictures in a row the last.
    fn newest(&mut self) -> Next<Grabbed> {
        let mut next = match self.after_picture.take() {
            Some(told) => Next::Item(told),
            None => self.told.wait(LOOK_EVERY),
        };
        while let Next::Item(Grabbed::Picture { raw, .. }) = &mut next {
            match self.told.poll() {
                Next::Item(newer @ Grabbed::Picture { .. }) => {
                    self.give_back.offer(std::mem::take(&mut raw.bytes));
                    next = Next::Item(newer);
                }
                Next::Item(other) => {
                    self.after_picture = Some(other);
                    break;
                }
                Next::Nothing | Next::Closed => break,
            }
        }
        next
    }

    fn follow(
        &mut self,
        frames: &mut LatestOutlet<Frame>,
        control: &EventInlet<Pick>,
        reporter: &mut Reporter<'_>,
    ) -> After {
        let mut name = String::new();
        let mut frame_length = Duration::from_millis(33);
        let mut running = None;
        let mut alive_at = self.clock.now();
        let mut allowed = OPEN_WITHIN;
        loop {
            match control.poll() {
                Next::Item(pick) => return After::Repick(pick),
                Next::Closed => return After::Close,
                Next::Nothing => {}
            }
            match self.newest() {
                Next::Item(Grabbed::Opened { name: opened, width, height, fps }) => {
                    alive_at = self.clock.now();
                    frame_length = Duration::from_secs(1) / fps.max(1);
                    let form = format!("{width}×{height}, {fps} fps");
                    running = Some(SourceState::Running { name: opened.clone(), form });
                    name = opened;
                }
                Next::Item(Grabbed::Picture { raw, arrived_at }) => {
                    let is_whole = decode::decode(&raw, self.scratch);
                    self.give_back.offer(raw.bytes);
                    if is_whole {
                        alive_at = self.clock.now();
                        allowed = FRAME_WITHIN;
                        let end = arrived_at - Duration::from_millis(u64::from(self.settings.latency_millis));
                        frames.write(Span::new(end - frame_length, end), |slot| std::mem::swap(slot, self.scratch));
                        if let Some(state) = running.take() {
                            reporter.say(state);
                        }
                    }
                }
                Next::Item(Grabbed::Failed(error)) => {
                    if error.is_absence() {
                        reporter.absent(error.to_string());
                    } else {
                        reporter.failed(error.to_string());
                    }
                    return After::Retry;
                }
                Next::Item(Grabbed::Lost(error)) => {
                    reporter.lost(error.to_string());
                    return After::Retry;
                }
                Next::Closed => {
                    reporter.lost(CameraError::Gone { name }.to_string());
                    return After::Retry;
                }
                Next::Nothing => {}
            }
            if self.clock.now().since(alive_at) > allowed {
                reporter.lost(CameraError::Stuck { name }.to_string());
                return After::Retry;
            }
        }
    }
}

#[cfg(test)]
mod tests;
