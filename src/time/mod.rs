//! When things are true: instants, stretches and clocks of one session.
//!
//! | type            | is                                                     |
//! |-----------------|--------------------------------------------------------|
//! | [`Timestamp`]   | nanoseconds since the session began                    |
//! | [`Span`]        | a half-open stretch of session time                    |
//! | [`Timestamped`] | a value with the span of world time that it is true for |
//! | [`Clock`]       | where "now" comes from                                 |
//! | [`SampleClock`] | from a sample's index to session time                  |
//! | [`Utc`]         | wall-clock time, for headers and logs only             |
//!
//! # Why
//!
//! A point in time can't say which end of a sound it means, so payloads carry spans; and the clocks of two
//! devices can't be compared, so all stamps are of one session clock, made when the payload enters.

mod clock;
mod sample_clock;
mod utc;

use std::ops::Add;
use std::ops::Sub;
use std::time::Duration;

pub use clock::Clock;
pub use clock::ManualClock;
pub use clock::MonotonicClock;
pub use sample_clock::Loop;
pub use sample_clock::SampleClock;
pub use utc::Utc;

/// An instant: nanoseconds since the session began. May be negative for what began before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The beginning of the session.
    pub const ZERO: Self = Self(0);

    /// The instant `nanos` nanoseconds after the session began.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The instant `secs` seconds after the session began, to the nearest nanosecond.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "300 years fit")]
    pub fn from_secs(secs: f64) -> Self {
        Self((secs * 1e9).round() as i64)
    }

    /// Nanoseconds since the session began.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the session began.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a microsecond in a century is enough")]
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// How long after `earlier` this is; nothing if it isn't after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)))
    }
}

/// A half-open stretch of session time: `start` belongs to it, `end` doesn't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first instant.
    pub start: Timestamp,
    /// The instant just after.
    pub end: Timestamp,
}

impl Span {
    /// From `start` to `end`; an `end` before `start` gives an empty span at `start`.
    #[must_use]
    pub fn new(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end: end.max(start) }
    }

    /// One instant, as a span without length.
    #[must_use]
    pub fn at(instant: Timestamp) -> Self {
        Self { start: instant, end: instant }
    }

    /// Its length.
    #[must_use]
    pub fn len(self) -> Duration {
        self.end.since(self.start)
    }

    /// Whether it has no length.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A value, the stretch of world time that it is true for, and its place in its stream.
///
/// A gap in `seq` is a loss. Latency, anywhere, is `clock.now()` since `span.end`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timestamped<T> {
    /// The world time that the value is about.
    pub span: Span,
    /// Counts up by one within a stream.
    pub seq: u64,
    /// What was true then.
    pub value: T,
}

impl<T> Timestamped<T> {
    /// Puts a value in its place.
    #[must_use]
    pub const fn new(span: Span, seq: u64, value: T) -> Self {
        Self { span, seq, value }
    }

    /// The same time and place with a value made of this one.
    #[must_use]
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Timestamped<U> {
        Timestamped { span: self.span, seq: self.seq, value: make(self.value) }
    }

    /// How old the value is at `now`.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        now.since(self.span.end)
    }
}
