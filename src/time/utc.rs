//! Wall-clock time. It jumps, so nothing is measured by it: it stands in headers and logs.

use std::fmt;
use std::time::SystemTime;

/// A wall-clock time: nanoseconds since 1970, UTC. Written as RFC 3339 with milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Utc(i64);

impl Utc {
    /// What the machine says that it is.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads wall-clock time")]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// So many nanoseconds after 1970.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_with_milliseconds() {
        assert_eq!(Utc::from_nanos(1_795_878_000_123_456_789).to_string(), "2026-11-28T15:00:00.123Z");
    }
}
