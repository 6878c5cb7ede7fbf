//! Where in a session one is, and how fast one goes.

use std::time::Duration;

use crate::time::Span;
use crate::time::Timestamp;

/// How many times as fast as it was it can be played.
pub const SPEEDS: [f32; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// How much of what is shown lies before the place when it has run out of it.
const PAGE: f64 = 0.1;

/// A place in a session, and how it moves on.
#[derive(Debug, Clone, PartialEq)]
pub struct Transport {
    span: Span,
    cursor: Timestamp,
    speed: usize,
    is_playing: bool,
    shown: Span,
}

impl Transport {
    /// At the beginning of `span`, standing still.
    #[must_use]
    pub fn new(span: Span) -> Self {
        Self { span, cursor: span.start, speed: 2, is_playing: false, shown: span }
    }

    /// All of the session.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// The place.
    #[must_use]
    pub const fn cursor(&self) -> Timestamp {
        self.cursor
    }

    /// The stretch that the timeline shows.
    #[must_use]
    pub const fn shown(&self) -> Span {
        self.shown
    }

    /// How many times as fast as it was.
    #[must_use]
    pub fn speed(&self) -> f32 {
        SPEEDS.get(self.speed).copied().unwrap_or(1.0)
    }

    /// Whether it moves on by itself.
    #[must_use]
    pub const fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// Plays, from the beginning if it is at the end; or stands still.
    pub fn toggle(&mut self) {
        self.is_playing = !self.is_playing;
        if self.is_playing && self.cursor >= self.span.end {
            self.cursor = self.span.start;
        }
    }

    /// Goes to `at`, as far as the session has it.
    pub fn seek(&mut self, at: Timestamp) {
        self.cursor = at.clamp(self.span.start, self.span.end);
    }

    /// The next of the [`SPEEDS`] by so many places.
    pub fn shift_speed(&mut self, places: isize) {
        self.speed = self.speed.saturating_add_signed(places).min(SPEEDS.len() - 1);
    }

    /// The one of the [`SPEEDS`] that is next to `speed`.
    pub fn set_speed(&mut self, speed: f32) {
        let off = |place: &usize| SPEEDS.get(*place).map_or(f32::INFINITY, |one| (one - speed).abs());
        let nearest = (0..SPEEDS.len()).min_by(|a, b| off(a).total_cmp(&off(b)));
        self.speed = nearest.unwrap_or(self.speed);
    }

    /// Moves on by so much of the person's time. `heard` is the time of the session that is heard: the place is drawn to it.
    pub fn step(&mut self, secs: f64, heard: Option<Timestamp>) {
        if !self.is_playing {
            return;
        }
        let mut at = self.cursor.secs() + secs * f64::from(self.speed());
        if let Some(heard) = heard {
            at += (heard.secs() - at) * (secs * 2.0).min(1.0);
        }
        self.cursor = Timestamp::from_secs(at).clamp(self.span.start, self.span.end);
        if self.cursor >= self.span.end {
            self.is_playing = false;
        }
    }

    /// Has so many seconds shown (0: all), with the place among them.
    ///
    /// What is shown stands still while the place is in it, so that it can be pointed at; it turns the page when the place
    /// runs out of it, and goes to wherever the place was put.
    pub fn show(&mut self, secs: f64) {
        let whole = self.span.len().as_secs_f64();
        let secs = if secs <= 0.0 { whole } else { secs.min(whole) };
        let (from, until, at) = (self.shown.start.secs(), self.shown.end.secs(), self.cursor.secs());
        let before = until - from;
        let mut start = from;
        if (before - secs).abs() > 1e-3 {
            // The place stays where it is on the screen.
            start = at - (at - from) / before.max(1e-3) * secs;
        }
        if at > start + secs && at < start + secs * 1.5 && self.is_playing {
            start = at - secs * PAGE;
        } else if at < start || at > start + secs {
            start = at - secs / 2.0;
        }
        let first = self.span.start.secs();
        let start = start.clamp(first, first + (whole - secs).max(0.0));
        let start = Timestamp::from_secs(start);
        self.shown = Span::new(start, start + Duration::from_secs_f64(secs.max(0.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: f64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn hour() -> Transport {
        Transport::new(Span::new(at(10.0), at(3610.0)))
    }

    #[test]
    fn it_goes_as_fast_as_it_is_told_and_stops_at_the_end() {
        let mut transport = hour();
        transport.step(1.0, None);
        assert_eq!(transport.cursor(), at(10.0), "it stands still at first");

        transport.toggle();
        transport.step(1.0, None);
        transport.shift_speed(2);
        transport.step(1.0, None);
        assert_eq!((transport.cursor(), transport.speed()), (at(15.0), 4.0));
        transport.shift_speed(-9);
        transport.step(1.0, None);
        assert_eq!((transport.cursor(), transport.speed()), (at(15.25), 0.25));

        transport.seek(at(3609.9));
        transport.step(1.0, None);
        assert_eq!((transport.cursor(), transport.is_playing()), (at(3610.0), false));
        transport.toggle();
        assert_eq!(transport.cursor(), at(10.0), "from the beginning again");
    }

    #[test]
    fn the_place_is_drawn_to_what_is_heard() {
        let mut transport = hour();
        transport.toggle();

        for picture in 1..=300 {
            let secs = f64::from(picture) / 60.0;
            transport.step(1.0 / 60.0, Some(at(10.0 + secs - 0.15)));
        }

        assert!((transport.cursor().secs() - 14.85).abs() < 0.01, "{:?}", transport.cursor());
    }

    #[test]
    fn what_is_shown_stands_still_while_the_place_is_in_it_and_turns_the_page_then() {
        let mut transport = hour();
        transport.show(60.0);
        assert_eq!(transport.shown(), Span::new(at(10.0), at(70.0)));

        transport.seek(at(65.0));
        transport.show(60.0);
        assert_eq!(transport.shown(), Span::new(at(10.0), at(70.0)));

        transport.toggle();
        transport.step(6.0, None);
        transport.show(60.0);
        assert_eq!(transport.shown(), Span::new(at(65.0), at(125.0)));

        transport.seek(at(1000.0));
        transport.show(60.0);
        assert_eq!(transport.shown(), Span::new(at(970.0), at(1030.0)));
        transport.seek(at(3610.0));
        transport.show(60.0);
        assert_eq!(transport.shown(), Span::new(at(3550.0), at(3610.0)));
    }

    #[test]
    fn a_place_stays_where_it_is_on_the_screen_when_more_is_shown_or_less() {
        let mut transport = hour();
        transport.show(60.0);
        transport.seek(at(1000.0));
        transport.show(60.0);
        // A quarter of what is shown lies before it.
        transport.seek(at(985.0));

        transport.show(20.0);
        assert_eq!(transport.shown(), Span::new(at(980.0), at(1000.0)));
        transport.show(0.0);
        assert_eq!(transport.shown(), transport.span());
    }
}
