//! When the next picture is due.

use std::time::Duration;

use crate::time::Timestamp;

/// From picture to picture at least: more would not be seen, and the processor has other work.
const LEAST: Duration = Duration::from_millis(25);
/// Which part of a picture's time is left free after it at least.
const REST: u32 = 4;
/// How long the system may leave a picture that it was told of undrawn, before what has arrived is taken in without it.
const PATIENCE: Duration = Duration::from_millis(250);

/// What is to be done, as far as pictures go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Tell the system that there is a picture to draw.
    Announce,
    /// The window isn't seen: take in what has arrived, and draw nothing.
    TakeIn,
    /// Wait so long.
    Wait(Duration),
    /// Wait for something to happen.
    Rest,
}

/// Draws no sooner than asked, no more often than needs be, and never without a rest: somebody has to read the person.
#[derive(Debug, Default)]
pub struct Pace {
    due: Option<Timestamp>,
    announced: Option<Timestamp>,
    earliest: Timestamp,
}

impl Pace {
    /// Asks for a picture at `at`, if none was asked for sooner.
    pub fn ask(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// What is to be done at `now`.
    pub fn step(&mut self, now: Timestamp) -> Step {
        if let Some(announced) = self.announced {
            let waited = now.since(announced);
            if waited < PATIENCE {
                return Step::Wait(PATIENCE.saturating_sub(waited));
            }
            self.announced = Some(now);
            return Step::TakeIn;
        }
        let Some(due) = self.due.map(|due| due.max(self.earliest)) else { return Step::Rest };
        if now < due {
            return Step::Wait(due.since(now));
        }
        self.announced = Some(now);
        Step::Announce
    }

    /// Begins a picture, and says whether it had been announced.
    pub fn begin(&mut self) -> bool {
        self.due = None;
        self.announced.take().is_some()
    }

    /// Ends a picture.
    pub fn end(&mut self, began: Timestamp, now: Timestamp) {
        self.earliest = (began + LEAST).max(now + now.since(began) / REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: f64) -> Timestamp {
        Timestamp::from_secs(millis / 1000.0)
    }

    fn drawn(began: f64, ended: f64) -> Pace {
        let mut pace = Pace::default();
        pace.ask(at(began));
        assert_eq!(pace.step(at(began)), Step::Announce);
        assert!(pace.begin());
        pace.end(at(began), at(ended));
        pace
    }

    #[test]
    fn who_asks_at_once_gets_no_more_pictures_than_needed() {
        let mut pace = drawn(100.0, 102.0);
        assert_eq!(pace.step(at(102.0)), Step::Rest);

        pace.ask(at(102.0));

        assert_eq!(pace.step(at(102.0)), Step::Wait(Duration::from_millis(23)));
        assert_eq!(pace.step(at(125.0)), Step::Announce);
    }

    #[test]
    fn slow_pictures_are_followed_by_a_rest() {
        let mut pace = drawn(100.0, 140.0);

        pace.ask(at(140.0));

        assert_eq!(pace.step(at(140.0)), Step::Wait(Duration::from_millis(10)));
    }

    #[test]
    fn the_sooner_of_two_wishes_counts() {
        let mut pace = drawn(0.0, 1.0);

        pace.ask(at(300.0));
        pace.ask(at(200.0));
        pace.ask(at(250.0));

        assert_eq!(pace.step(at(100.0)), Step::Wait(Duration::from_millis(100)));
    }

    #[test]
    fn a_window_that_nobody_sees_goes_on_taking_in() {
        let mut pace = Pace::default();
        pace.ask(at(0.0));
        assert_eq!(pace.step(at(0.0)), Step::Announce);

        assert_eq!(pace.step(at(100.0)), Step::Wait(Duration::from_millis(150)));
        assert_eq!(pace.step(at(250.0)), Step::TakeIn);
        assert_eq!(pace.step(at(400.0)), Step::Wait(Duration::from_millis(100)));
        assert_eq!(pace.step(at(500.0)), Step::TakeIn);
    }

    #[test]
    fn a_picture_that_the_system_wants_was_not_announced() {
        assert!(!Pace::default().begin());
    }
}
