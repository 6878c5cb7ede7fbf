//! Work that nobody waits for, beside whatever runs: opening a session, exporting it, playing its sound.

#[cfg(feature = "desktop")]
use std::sync::Arc;

#[cfg(feature = "desktop")]
use crate::capture::speaker;
use crate::pipeline::live::spawn::guarded;
use crate::pipeline::live::spawn::thread;
#[cfg(feature = "desktop")]
use crate::time::Clock;

/// Does `work` on a thread of this name, and leaves it to itself. A panic in it is logged, and ends the work alone.
///
/// # Errors
///
/// If the system gives no thread.
pub fn beside(name: &'static str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let guarded_work = move || {
        let done = || {
            work();
            Ok(())
        };
        guarded(done, |message| tracing::error!(name, message, "work beside has failed"));
    };
    thread(name, guarded_work).map(|_| ())
}

/// Opens the system's default loudspeaker.
#[cfg(feature = "desktop")]
#[must_use]
pub fn speaker(clock: Arc<dyn Clock>) -> (speaker::SpeakerOutlet, speaker::Speaker) {
    speaker::open(clock, &|work| beside("speaker", work))
}
