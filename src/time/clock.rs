//! Where "now" comes from.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::time::Timestamp;

/// Tells the time of one session.
pub trait Clock: Send + Sync {
    /// The instant that it is.
    fn now(&self) -> Timestamp;
}

/// The machine's monotonic clock, from zero at its making.
#[derive(Debug, Clone)]
pub struct MonotonicClock {
    start: Instant,
}

impl MonotonicClock {
    /// A session that begins here.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        Timestamp::ZERO + self.start.elapsed()
    }
}

/// A clock that goes only when told to: for tests, and where time comes in with the data.
#[derive(Debug, Default)]
pub struct ManualClock {
    nanos: AtomicI64,
}

impl ManualClock {
    /// Moves on by `step`.
    pub fn advance(&self, step: Duration) {
        let step = i64::try_from(step.as_nanos()).unwrap_or(i64::MAX);
        self.nanos.fetch_add(step, Ordering::Relaxed);
    }

    /// Moves to `now`.
    pub fn set(&self, now: Timestamp) {
        self.nanos.store(now.nanos(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}
