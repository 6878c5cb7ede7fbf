//! The loudspeaker: what was recorded, heard again.
//!
//! The sound system calls back on a thread of its own; what happens there is in `speaker/feed.rs`: it takes samples out of a
//! ring and says which of them is heard. The stream itself is opened, held and closed by a thread that can be left behind,
//! as with the [microphone](crate::capture::microphone).

mod feed;
mod output;

use std::sync::Arc;
use std::time::Duration;

pub use feed::RATE_HZ;
pub use feed::SpeakerOutlet;
pub use feed::Speaking;
pub use feed::link;

use crate::capture::Start;
use crate::capture::speaker::feed::Shared;
use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::time::Clock;
use crate::time::Timestamp;

const OPEN_WITHIN: Duration = Duration::from_secs(8);

/// Why nothing can be heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpeakerError {
    /// There is no loudspeaker at all.
    #[error("there is no loudspeaker; plug one in, or check the system's sound settings ({detail})")]
    NoDefault {
        /// What the sound system said.
        detail: String,
    },
    /// Somebody else has it.
    #[error("the loudspeaker is in use; close the program that uses it ({name})")]
    Busy {
        /// Its name.
        name: String,
    },
    /// The system refuses.
    #[error("the system refuses the loudspeaker; add yourself to the group audio ({name})")]
    Refused {
        /// Its name.
        name: String,
    },
    /// It takes no form of sound that is known here.
    #[error("the loudspeaker takes no sound of a form that is known here; choose another one ({name}, {detail})")]
    Form {
        /// Its name.
        name: String,
        /// What it takes.
        detail: String,
    },
    /// It has gone.
    #[error("the loudspeaker has gone; plug it in again, then play again ({detail})")]
    Gone {
        /// What the sound system said.
        detail: String,
    },
    /// The sound system doesn't answer.
    #[error("the sound system doesn't answer; restart it, or log out and in again")]
    NoAnswer,
    /// The machine gives no thread for it.
    #[error("the machine has no room for another thread; close other programs ({detail})")]
    NoThread {
        /// What the system said.
        detail: String,
    },
    /// Anything else.
    #[error("the loudspeaker can't be opened; choose another one ({name}, {detail})")]
    Other {
        /// Its name.
        name: String,
        /// What the sound system said.
        detail: String,
    },
}

/// How a loudspeaker is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeakerState {
    /// Being opened.
    Opening,
    /// Open.
    Running {
        /// Its name.
        name: String,
    },
    /// It can't be heard, and why.
    Failed(SpeakerError),
}

/// A loudspeaker that is open, or being opened, until this is dropped.
pub struct Speaker {
    told: EventInlet<Result<String, SpeakerError>>,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    asked_at: Timestamp,
    state: SpeakerState,
    _hold: EventOutlet<()>,
}

/// What the thread that holds a stream has at hand. It closes the stream once `until` closes.
struct Holder {
    speaking: Speaking,
    tell: EventOutlet<Result<String, SpeakerError>>,
    until: EventInlet<()>,
}

/// Opens the system's default loudspeaker on a thread that `start` gives; the other half takes what is to be heard.
#[must_use]
pub fn open(clock: Arc<dyn Clock>, start: Start<'_>) -> (SpeakerOutlet, Speaker) {
    open_with(clock, start, output::hold)
}

fn open_with(
    clock: Arc<dyn Clock>,
    start: Start<'_>,
    job: impl FnOnce(Holder) + Send + 'static,
) -> (SpeakerOutlet, Speaker) {
    let (outlet, speaking) = link(clock.clone());
    let shared = speaking.shared();
    let (tell, told) = event::link(1);
    let (hold, until) = event::link(1);
    let holder = Holder { speaking, tell: tell.clone(), until };
    if let Err(error) = start(Box::new(move || job(holder))) {
        tell.offer(Err(SpeakerError::NoThread { detail: error.to_string() }));
    }
    let asked_at = clock.now();
    (outlet, Speaker { told, shared, clock, asked_at, state: SpeakerState::Opening, _hold: hold })
}

impl Speaker {
    /// How it is doing.
    pub fn state(&mut self) -> &SpeakerState {
        if self.state == SpeakerState::Opening {
            match self.told.poll() {
                Next::Item(Ok(name)) => self.state = SpeakerState::Running { name },
                Next::Item(Err(error)) => self.state = SpeakerState::Failed(error),
                Next::Closed => self.state = SpeakerState::Failed(SpeakerError::NoAnswer),
                Next::Nothing if self.clock.now().since(self.asked_at) > OPEN_WITHIN => {
                    self.state = SpeakerState::Failed(SpeakerError::NoAnswer);
                }
                Next::Nothing => {}
            }
        }
        if let (SpeakerState::Running { .. }, Some(detail)) = (&self.state, self.shared.gone()) {
            self.state = SpeakerState::Failed(SpeakerError::Gone { detail: detail.to_owned() });
        }
        &self.state
    }

    /// Which time of the session is heard at this moment; `None` while nothing is.
    #[must_use]
    pub fn heard(&self) -> Option<Timestamp> {
        self.shared.heard(self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ManualClock;

    #[expect(clippy::unnecessary_wraps, reason = "it stands for a start that may fail")]
    fn inline(work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        work();
        Ok(())
    }

    #[test]
    fn without_a_loudspeaker_it_says_so_in_a_sentence() {
        let none = |holder: Holder| {
            holder.tell.offer(Err(SpeakerError::NoDefault { detail: "no card".into() }));
        };
        let (_, mut speaker) = open_with(Arc::new(ManualClock::default()), &inline, none);

        let SpeakerState::Failed(error) = speaker.state() else { panic!("{:?}", speaker.state()) };
        let said = "there is no loudspeaker; plug one in, or check the system's sound settings (no card)";
        assert_eq!(error.to_string(), said);
        assert_eq!(speaker.heard(), None);
    }

    #[test]
    fn a_sound_system_that_says_nothing_is_given_up() {
        let clock = Arc::new(ManualClock::default());
        let kept = std::sync::Mutex::new(Vec::new());
        let leave = |work: Box<dyn FnOnce() + Send>| {
            kept.lock().unwrap().push(work);
            Ok(())
        };
        let (_, mut speaker) = open_with(clock.clone(), &leave, |_| {});
        assert_eq!(*speaker.state(), SpeakerState::Opening);

        clock.advance(Duration::from_secs(9));

        assert_eq!(*speaker.state(), SpeakerState::Failed(SpeakerError::NoAnswer));
    }
}
