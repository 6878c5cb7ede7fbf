//! Work beside the window: it says how far it is, and gives what it came to.

use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::Next;
use crate::pipeline::beside;
use crate::ui::Waker;

/// How far work is told at most, before somebody looks.
const TOLD: usize = 64;

enum Told<T> {
    Share(f32),
    Done(T),
}

/// Work that goes on beside the window.
pub struct Job<T> {
    told: EventInlet<Told<T>>,
    share: f32,
}

impl<T: Send + 'static> Job<T> {
    /// Starts `work` on a thread of this name. It is given a way to say which share of it is done, 0..=1.
    pub fn start(
        name: &'static str,
        waker: &Waker,
        work: impl FnOnce(&mut dyn FnMut(f32)) -> T + Send + 'static,
    ) -> Self {
        let (tell, told) = event::link(TOLD);
        let waker = waker.clone();
        let job = move || {
            let done = work(&mut |share| {
                // What nobody looks at in time is said by the next.
                if tell.offer_leaving(Told::Share(share), 1) {
                    waker();
                }
            });
            tell.offer(Told::Done(done));
            waker();
        };
        if let Err(error) = beside(name, job) {
            tracing::error!(%error, name, "no thread");
        }
        Self { told, share: 0.0 }
    }

    /// What it came to, once; `Err` if it ended without that.
    pub fn poll(&mut self) -> Option<Result<T, Broken>> {
        loop {
            match self.told.poll() {
                Next::Item(Told::Share(share)) => self.share = share,
                Next::Item(Told::Done(done)) => return Some(Ok(done)),
                Next::Nothing => return None,
                Next::Closed => return Some(Err(Broken)),
            }
        }
    }

    /// Which share of it is done, 0..=1.
    #[must_use]
    pub const fn share(&self) -> f32 {
        self.share
    }
}

/// Work that ended without a result: it panicked, or the system gave no thread for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it broke off; close other programs and try again")]
pub struct Broken;
