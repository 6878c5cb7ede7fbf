//! The microphone: one loop that opens it, watches it, and opens it again when it was lost.
//!
//! The sound system calls back on a thread of its own; what happens there is in `microphone/input.rs` and is no more
//! than a reading of the clock and a push into a ring.
//!
//! # Why
//!
//! When a sound server dies, the libraries that talk to it have been seen to wait for themselves for ever, in the
//! closing of the stream. So a stream is opened, held and closed by a thread that [`run`] can leave behind.

#[cfg(feature = "desktop")]
mod input;
#[cfg(feature = "desktop")]
mod list;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[cfg(feature = "desktop")]
pub(in crate::capture) use list::hosts;

use crate::capture::Pick;
use crate::capture::RETRY;
use crate::capture::Reporter;
use crate::capture::SourceState;
use crate::capture::Start;
use crate::link::audio::AudioInlet;
use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::time::Clock;
use crate::time::Timestamp;

/// One uninterrupted stretch of sound. After a loss, or another pick, comes another one.
pub struct AudioStream {
    /// Samples per second.
    pub rate_hz: u32,
    /// Where the samples are read: mono, −1..=1.
    pub inlet: AudioInlet,
    /// How often the sound system itself lost samples.
    pub xruns: Arc<AtomicU64>,
}

/// Seconds of sound that a stream's ring holds.
pub(crate) const RING_SECS: u32 = 10;
/// Blocks that a stream's ring holds: of two milliseconds at the least.
pub(crate) const RING_BLOCKS: usize = 8192;

const OPEN_WITHIN: Duration = Duration::from_secs(8);
const CLOSE_WITHIN: Duration = Duration::from_millis(150);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const FIRST_CALLBACK_WITHIN: Duration = Duration::from_secs(3);
const CALLBACK_WITHIN: Duration = Duration::from_millis(1500);
const SOUND_WITHIN: Duration = Duration::from_secs(5);

/// Why a microphone can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MicrophoneError {
    /// The program was built without devices.
    #[error("this build has no devices; use a recording or the demo, or build with the feature desktop")]
    NoDevices,
    /// There is no microphone at all.
    #[error("no microphone is there; plug one in, or check the system's sound settings\n{detail}")]
    NoDefault {
        /// What the sound system said.
        detail: String,
    },
    /// The one that was asked for isn't there.
    #[error("the microphone isn't there; plug it in or choose another one\nmicrophone: {name}")]
    Absent {
        /// Its name.
        name: String,
    },
    /// Somebody else has it.
    #[error(
        "the microphone is in use; close the program that uses it, or choose the system's default\nmicrophone: {name}"
    )]
    Busy {
        /// Its name.
        name: String,
    },
    /// The system refuses.
    #[error(
        "the system refuses the microphone; allow it in the privacy settings, or add yourself to the group audio\n\
         microphone: {name}"
    )]
    Refused {
        /// Its name.
        name: String,
    },
    /// It offers no form of sound that can be read.
    #[error("the microphone offers no sound that can be read; choose another one\nmicrophone: {name}, {detail}")]
    Form {
        /// Its name.
        name: String,
        /// What it offers.
        detail: String,
    },
    /// The sound system doesn't answer.
    #[error("the sound system doesn't answer; restart it, or log out and in again")]
    NoAnswer,
    /// The machine gives no thread for it.
    #[error("the machine has no room for another thread; close other programs\n{detail}")]
    NoThread {
        /// What the system said.
        detail: String,
    },
    /// Anything else.
    #[error("the microphone can't be opened; plug it in again or choose another one\nmicrophone: {name}, {detail}")]
    Other {
        /// Its name.
        name: String,
        /// What the sound system said.
        detail: String,
    },
}

impl MicrophoneError {
    const fn is_absence(&self) -> bool {
        matches!(self, Self::NoDefault { .. } | Self::Absent { .. })
    }
}

/// An open microphone.
struct Opened {
    name: String,
    form: String,
    rate_hz: u32,
    inlet: AudioInlet,
}

/// What the thread that holds a stream has at hand. It closes the stream once `until` closes.
struct Holder {
    pick: Pick,
    clock: Arc<dyn Clock>,
    vitals: Arc<Vitals>,
    tell: EventOutlet<Result<Opened, MicrophoneError>>,
    until: EventInlet<()>,
}

/// What a callback leaves behind for those who watch it.
struct Vitals {
    called_at: AtomicI64,
    heard_at: AtomicI64,
    trouble: AtomicU8,
    xruns: Arc<AtomicU64>,
}

const NEVER: i64 = i64::MIN;
const WELL: u8 = 0;
const GONE: u8 = 1;
const INVALID: u8 = 2;

impl Vitals {
    fn new() -> Self {
        Self {
            called_at: AtomicI64::new(NEVER),
            heard_at: AtomicI64::new(NEVER),
            trouble: AtomicU8::new(WELL),
            xruns: Arc::new(AtomicU64::new(0)),
        }
    }

    fn at(place: &AtomicI64) -> Option<Timestamp> {
        match place.load(Ordering::Acquire) {
            NEVER => None,
            nanos => Some(Timestamp::from_nanos(nanos)),
        }
    }

    #[cfg(any(feature = "desktop", test))]
    fn called(&self, now: Timestamp) {
        self.called_at.store(now.nanos(), Ordering::Release);
    }

    #[cfg(any(feature = "desktop", test))]
    fn heard(&self, now: Timestamp) {
        self.heard_at.store(now.nanos(), Ordering::Release);
    }
}

/// Hears a microphone until `control` closes; each value on `control` picks another one.
///
/// Every time that one is opened its samples go down a link of their own, which is sent down `streams`. One that can't
/// be opened, goes away or stops without an error is tried again every second. `start` gives the thread that holds
/// the stream.
pub fn run(
    pick: Pick,
    streams: &EventOutlet<AudioStream>,
    control: &EventInlet<Pick>,
    clock: &Arc<dyn Clock>,
    start: Start<'_>,
    report: &mut dyn FnMut(SourceState),
) {
    #[cfg(feature = "desktop")]
    let job: Job = Arc::new(input::hold);
    #[cfg(not(feature = "desktop"))]
    let job: Job = Arc::new(|holder: Holder| {
        holder.tell.offer(Err(MicrophoneError::NoDevices));
    });
    run_with(&job, pick, streams, control, clock, start, report);
}

/// The names of the microphones that can be picked, the default left out.
#[must_use]
pub fn names() -> Vec<String> {
    #[cfg(feature = "desktop")]
    return list::names();
    #[cfg(not(feature = "desktop"))]
    Vec::new()
}

type Job = Arc<dyn Fn(Holder) + Send + Sync>;

/// What ended the watch over a microphone.
enum After {
    Repick(Pick),
    Retry,
    Close,
}

fn run_with(
    job: &Job,
    mut pick: Pick,
    streams: &EventOutlet<AudioStream>,
    control: &EventInlet<Pick>,
    clock: &Arc<dyn Clock>,
    start: Start<'_>,
    report: &mut dyn FnMut(SourceState),
) {
    let mut reporter = Reporter::new(report);
    loop {
        if pick == Pick::Off {
            reporter.say(SourceState::Off);
            let Some(other) = control.next() else { return };
            pick = other;
            continue;
        }
        reporter.opening();
        let vitals = Arc::new(Vitals::new());
        let (tell, told) = event::link(1);
        let (hold, until) = event::link(1);
        let holder = Holder { pick: pick.clone(), clock: clock.clone(), vitals: vitals.clone(), tell, until };
        let job = job.clone();
        let after = match start(Box::new(move || job(holder))) {
            Ok(()) => match wait_for(&told, control, &**clock) {
                Ok(Ok(opened)) => {
                    let Opened { name, form, rate_hz, inlet } = opened;
                    if !streams.send(AudioStream { rate_hz, inlet, xruns: vitals.xruns.clone() }) {
                        return;
                    }
                    watch(&vitals, &name, &form, control, &**clock, &mut reporter)
                }
                Ok(Err(error)) => fail(&error, &mut reporter),
                Err(after) => after,
            },
            Err(error) => fail(&MicrophoneError::NoThread { detail: error.to_string() }, &mut reporter),
        };
        drop(hold);
        let from = clock.now();
        while !matches!(told.wait(LOOK_EVERY), Next::Closed) && clock.now().since(from) < CLOSE_WITHIN {}
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

fn fail(error: &MicrophoneError, reporter: &mut Reporter<'_>) -> After {
    if error.is_absence() {
        reporter.absent(error.to_string());
    } else {
        reporter.failed(error.to_string());
    }
    After::Retry
}

/// Waits for the stream to be open, or to have failed; `Err` if the wait was ended.
fn wait_for(
    told: &EventInlet<Result<Opened, MicrophoneError>>,
    control: &EventInlet<Pick>,
    clock: &dyn Clock,
) -> Result<Result<Opened, MicrophoneError>, After> {
    let from = clock.now();
    loop {
        match control.poll() {
            Next::Item(pick) => return Err(After::Repick(pick)),
            Next::Closed => return Err(After::Close),
            Next::Nothing => {}
        }
        match told.wait(LOOK_EVERY) {
            Next::Item(result) => return Ok(result),
            Next::Closed => return Ok(Err(MicrophoneError::NoAnswer)),
            Next::Nothing if clock.now().since(from) > OPEN_WITHIN => return Ok(Err(MicrophoneError::NoAnswer)),
            Next::Nothing => {}
        }
    }
}

fn watch(
    vitals: &Vitals,
    name: &str,
    form: &str,
    control: &EventInlet<Pick>,
    clock: &dyn Clock,
    reporter: &mut Reporter<'_>,
) -> After {
    let opened_at = clock.now();
    loop {
        match control.wait(LOOK_EVERY) {
            Next::Item(pick) => return After::Repick(pick),
            Next::Closed => return After::Close,
            Next::Nothing => {}
        }
        let now = clock.now();
        let called_at = Vitals::at(&vitals.called_at);
        let quiet = now.since(called_at.unwrap_or(opened_at));
        let message = match vitals.trouble.load(Ordering::Acquire) {
            WELL if called_at.is_some() && quiet > CALLBACK_WITHIN => {
                "the microphone stopped without an error; plug it in again if it doesn't come back"
            }
            WELL if called_at.is_none() && quiet > FIRST_CALLBACK_WITHIN => {
                "the microphone is open and gives nothing; plug it in again or choose another one"
            }
            WELL => {
                if called_at.is_some() {
                    reporter.say(heard_state(vitals, opened_at, now, name, form));
                }
                continue;
            }
            INVALID => "the microphone has changed its form; it is opened again",
            _ => "the microphone has gone; plug it in again or choose another one",
        };
        reporter.lost(format!("{message}\nmicrophone: {name}"));
        return After::Retry;
    }
}

fn heard_state(vitals: &Vitals, opened_at: Timestamp, now: Timestamp, name: &str, form: &str) -> SourceState {
    let heard_at = Vitals::at(&vitals.heard_at);
    if now.since(heard_at.unwrap_or(opened_at)) < SOUND_WITHIN {
        return SourceState::Running { name: name.to_owned(), form: form.to_owned() };
    }
    SourceState::Silent {
        message: format!(
            "the microphone gives nothing but digital silence; check its mute switch, the system's input level and \
             the permission to hear\nmicrophone: {name}"
        ),
    }
}

#[cfg(test)]
mod tests;
