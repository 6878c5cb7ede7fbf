//! Named threads whose panics become notes.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::thread::JoinHandle;

/// Starts a thread named as its stage. The one place that does.
#[expect(clippy::disallowed_methods, reason = "the one place that starts threads")]
pub(in crate::pipeline) fn thread(
    name: &'static str,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// Does a stage's work; hands what it said to `failed` if it panics or gives up.
pub(in crate::pipeline) fn guarded(work: impl FnOnce() -> Result<(), String>, failed: impl FnOnce(String)) {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => {}
        Ok(Err(message)) => failed(message),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            failed(said.unwrap_or_else(|| "it gave no reason".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_message() {
        let mut said = String::new();

        guarded(|| panic!("the network is on fire"), |message| said = message);

        assert_eq!(said, "the network is on fire");
    }
}
