//! When trouble is on.

use fastrand::Rng;

use crate::time::Span;
use crate::time::Timestamp;

/// Stretches of time in which trouble is on, in order, apart from each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bursts {
    spans: Vec<Span>,
}

/// Shortest and longest burst, seconds.
const LENGTH_SECS: (f64, f64) = (1.0, 5.0);
/// Shortest and longest peace between two, seconds.
const PEACE_SECS: (f64, f64) = (1.0, 4.0);
/// Latest first burst, seconds.
const FIRST_SECS: f64 = 1.5;

impl Bursts {
    /// On all the time.
    #[must_use]
    pub fn always() -> Self {
        let ever = Span::new(Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        Self { spans: vec![ever] }
    }

    /// Bursts of 1 to 5 s with 1 to 4 s of peace between, over `secs` seconds; the same seed gives the same.
    #[must_use]
    pub fn seeded(seed: u64, secs: f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut between = |(least, most): (f64, f64)| least + rng.f64() * (most - least);
        let mut spans = Vec::new();
        let mut start = between((0.0, FIRST_SECS));
        while start < secs {
            let end = start + between(LENGTH_SECS);
            spans.push(Span::new(Timestamp::from_secs(start), Timestamp::from_secs(end)));
            start = end + between(PEACE_SECS);
        }
        Self { spans }
    }

    /// Whether trouble is on at `at`.
    #[must_use]
    pub fn is_on(&self, at: Timestamp) -> bool {
        let after = self.spans.partition_point(|span| span.start <= at);
        after.checked_sub(1).and_then(|last| self.spans.get(last)).is_some_and(|span| at < span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_as_long_and_as_far_apart_as_promised() {
        for seed in 0..50 {
            let bursts = Bursts::seeded(seed, 60.0);

            assert_eq!(bursts, Bursts::seeded(seed, 60.0));
            assert!(bursts.spans.len() > 5);
            for span in &bursts.spans {
                assert!((1.0..=5.0).contains(&span.len().as_secs_f64()), "{span:?}");
                assert!(bursts.is_on(span.start) && !bursts.is_on(span.end));
            }
            for pair in bursts.spans.windows(2) {
                let peace = pair[1].start.since(pair[0].end).as_secs_f64();
                assert!((0.99..=4.01).contains(&peace), "{peace}");
            }
        }
    }

    #[test]
    fn a_short_recording_gets_its_burst() {
        assert!((0..50).all(|seed| !Bursts::seeded(seed, 1.6).spans.is_empty()));
    }
}
