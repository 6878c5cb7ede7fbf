//! The ways between threads. Each is bounded, has one writer and one reader, and says what it does when its reader is late.
//!
//! | link       | late reader               | carries                           |
//! |------------|---------------------------|-----------------------------------|
//! | [`audio`]  | newest block is dropped   | samples, from the callback        |
//! | [`latest`] | older values are replaced | frames, views                     |
//! | [`event`]  | sender is refused         | evidence, utterances, commands    |
//!
//! Every link counts what it passed and dropped in a [`Meter`], and tells either end that the other has gone.

pub mod audio;
pub mod event;
pub mod latest;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Counts of one link, shared with whoever watches it.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    passed: AtomicU64,
    dropped: AtomicU64,
}

impl Meter {
    /// Counts what went through.
    pub fn pass(&self, count: u64) {
        self.counts.passed.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts what was lost.
    pub fn drop(&self, count: u64) {
        self.counts.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// How much went through so far.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.counts.passed.load(Ordering::Relaxed)
    }

    /// How much was lost so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }
}
