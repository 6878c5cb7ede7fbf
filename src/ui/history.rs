//! The past of the readings and of speech, in bounded memory, thinned to the screen's columns.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use crate::signal::Fused;
use crate::signal::Level;
use crate::time::Span;
use crate::time::Timestamp;

/// A silence of readings this long breaks the line.
const GAP: Duration = Duration::from_secs(1);

/// What was known at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// −1 unpleasant … +1 pleasant.
    pub valence: f32,
    /// −1 calm … +1 excited.
    pub arousal: f32,
    /// One standard deviation of the valence.
    pub valence_sd: f32,
    /// One standard deviation of the arousal.
    pub arousal_sd: f32,
    /// What it rested on: face, voice, words.
    pub gates: [f32; 3],
}

impl From<&Fused> for Known {
    fn from(fused: &Fused) -> Self {
        let affect = fused.reading.affect;
        Self {
            valence: affect.valence.get(),
            arousal: affect.arousal.get(),
            valence_sd: affect.valence_sd,
            arousal_sd: affect.arousal_sd,
            gates: [fused.gates.face, fused.gates.voice, fused.gates.words],
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Point {
    at: Timestamp,
    known: Option<Known>,
}

/// All readings of the session. When full, the older half is thinned, so that its memory stays bounded and the
/// whole session stays in view.
#[derive(Debug, Clone)]
pub struct History {
    points: VecDeque<Point>,
    limit: usize,
    has_known: bool,
}

impl Default for History {
    fn default() -> Self {
        Self::with_limit(1 << 17)
    }
}

/// One column of the screen within one unbroken stretch: means, and how far they went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// The mean time of what is in it.
    pub at_secs: f64,
    /// Means.
    pub mean: Known,
    /// Lowest and highest valence.
    pub valence: (f32, f32),
    /// Lowest and highest arousal.
    pub arousal: (f32, f32),
    /// Readings in it.
    pub count: u32,
}

impl History {
    /// Remembers about `limit` readings at most.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { points: VecDeque::new(), limit: limit.max(8), has_known: false }
    }

    /// Takes in what was known at `at`, which isn't before what came earlier.
    pub fn push(&mut self, at: Timestamp, known: Option<Known>) {
        if let Some(last) = self.points.back().copied() {
            if at < last.at {
                return;
            }
            if at.since(last.at) > GAP && last.known.is_some() {
                self.points.push_back(Point { at: last.at, known: None });
            }
        }
        self.has_known |= known.is_some();
        self.points.push_back(Point { at, known });
        if self.points.len() > self.limit {
            self.thin();
        }
    }

    /// Lets go of what was known within `span`.
    pub fn forget(&mut self, span: Span) {
        for point in self.points.iter_mut().filter(|point| point.at >= span.start && point.at < span.end) {
            point.known = None;
        }
    }

    /// How many readings are remembered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether anything has ever been known.
    #[must_use]
    pub const fn has_readings(&self) -> bool {
        self.has_known
    }

    /// The first instant that is remembered.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.points.front().map(|point| point.at)
    }

    /// What was known at `at`: the newest reading not after it, if it isn't older than a second.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<Known> {
        let after = self.points.partition_point(|point| point.at <= at);
        let point = self.points.get(after.checked_sub(1)?)?;
        // With a reading after it there was no silence, or a point would say so: thinned readings lie far apart.
        point.known.filter(|_| after < self.points.len() || at.since(point.at) <= GAP)
    }

    /// The stretches of `span` in which something was known, each thinned to at most `columns` columns for all of
    /// `span`. Nothing is merged across a time when nothing was known.
    #[must_use]
    pub fn runs(&self, span: Span, columns: usize) -> Vec<Vec<Column>> {
        #[expect(clippy::cast_precision_loss, reason = "a screen is some thousands wide")]
        let width = (span.len().as_secs_f64() / columns.max(1) as f64).max(1e-3);
        let mut runs = Vec::new();
        let mut run = Vec::new();
        let mut open: Option<(i64, Column)> = None;
        for point in self.points.range(self.range(span)) {
            let Some(known) = point.known else {
                run.extend(open.take().map(|(_, column)| column));
                if !run.is_empty() {
                    runs.push(std::mem::take(&mut run));
                }
                continue;
            };
            // By session time and not by the screen's edge, so that columns don't flicker as the view moves on.
            #[expect(clippy::cast_possible_truncation, reason = "columns of a session fit")]
            let place = (point.at.secs() / width).floor() as i64;
            match &mut open {
                Some((at, column)) if *at == place => column.take(point.at, &known),
                _ => run.extend(open.replace((place, Column::new(point.at, known))).map(|(_, column)| column)),
            }
        }
        run.extend(open.map(|(_, column)| column));
        if !run.is_empty() {
            runs.push(run);
        }
        runs
    }

    /// The points of `span` with one more on either side, so that lines reach the edges.
    fn range(&self, span: Span) -> Range<usize> {
        let first = self.points.partition_point(|point| point.at < span.start).saturating_sub(1);
        let after = self.points.partition_point(|point| point.at < span.end);
        first..(after + 1).min(self.points.len()).max(first)
    }

    /// Drops every second reading of the older half, but none where knowing begins or ends.
    fn thin(&mut self) {
        let half = self.points.len() / 2;
        let newer = self.points.split_off(half);
        let older = std::mem::replace(&mut self.points, VecDeque::with_capacity(self.limit + 2));
        let mut keep = false;
        for (index, point) in older.iter().enumerate() {
            let is_known = point.known.is_some();
            let differs = |other: Option<&Point>| other.is_none_or(|other| other.known.is_some() != is_known);
            let is_edge = differs(index.checked_sub(1).and_then(|index| older.get(index)))
                || differs(older.get(index + 1).or_else(|| newer.front()));
            keep = !keep;
            if is_edge || keep {
                self.points.push_back(*point);
            }
        }
        self.points.extend(newer);
        while self.points.len() > self.limit {
            self.points.pop_front();
        }
    }
}

impl Column {
    fn new(at: Timestamp, known: Known) -> Self {
        Self {
            at_secs: at.secs(),
            mean: known,
            valence: (known.valence, known.valence),
            arousal: (known.arousal, known.arousal),
            count: 1,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a column has few readings")]
    fn take(&mut self, at: Timestamp, known: &Known) {
        self.count += 1;
        let share = 1.0 / self.count as f32;
        let step = |mean: &mut f32, value: f32| *mean += (value - *mean) * share;
        self.at_secs += (at.secs() - self.at_secs) * f64::from(share);
        step(&mut self.mean.valence, known.valence);
        step(&mut self.mean.arousal, known.arousal);
        step(&mut self.mean.valence_sd, known.valence_sd);
        step(&mut self.mean.arousal_sd, known.arousal_sd);
        for (mean, value) in self.mean.gates.iter_mut().zip(known.gates) {
            step(mean, value);
        }
        self.valence = (self.valence.0.min(known.valence), self.valence.1.max(known.valence));
        self.arousal = (self.arousal.0.min(known.arousal), self.arousal.1.max(known.arousal));
    }
}

/// When somebody spoke, as voice activity detection has it.
#[derive(Debug, Clone, Default)]
pub struct Speech {
    spans: VecDeque<Span>,
    is_open: bool,
}

impl Speech {
    const LIMIT: usize = 8192;

    /// Takes in one hop's level.
    pub fn push(&mut self, span: Span, level: &Level) {
        if !level.is_speech {
            self.is_open = false;
            return;
        }
        match self.spans.back_mut() {
            Some(last) if self.is_open && span.start.since(last.end) < GAP => last.end = last.end.max(span.end),
            _ => self.spans.push_back(span),
        }
        self.is_open = true;
        if self.spans.len() > Self::LIMIT {
            self.spans.pop_front();
        }
    }

    /// Lets go of what was heard within `span`.
    pub fn forget(&mut self, span: Span) {
        self.spans.retain(|speech| speech.end <= span.start || speech.start >= span.end);
        self.is_open = false;
    }

    /// The stretches of speech that touch `span`.
    pub fn within(&self, span: Span) -> impl Iterator<Item = Span> + '_ {
        let first = self.spans.partition_point(|speech| speech.end < span.start);
        self.spans.range(first..).copied().take_while(move |speech| speech.start < span.end)
    }

    /// When speech was last heard up to `now`.
    #[must_use]
    pub fn last_end(&self, now: Timestamp) -> Option<Timestamp> {
        let before = self.spans.partition_point(|speech| speech.start <= now);
        self.spans.get(before.checked_sub(1)?).map(|speech| speech.end.min(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: f64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn known(valence: f32) -> Known {
        Known { valence, arousal: 0.0, valence_sd: 0.1, arousal_sd: 0.1, gates: [1.0, 0.0, 0.0] }
    }

    #[test]
    fn nothing_is_merged_across_a_time_when_nothing_was_known() {
        let mut history = History::default();
        history.push(at(0.0), Some(known(-1.0)));
        history.push(at(0.01), None);
        history.push(at(0.02), Some(known(1.0)));

        // One column for all of it.
        let runs = history.runs(Span::new(at(0.0), at(10.0)), 1);

        let means: Vec<_> =
            runs.iter().map(|run| run.iter().map(|column| column.mean.valence).collect::<Vec<_>>()).collect();
        assert_eq!(means, [vec![-1.0], vec![1.0]]);
    }

    #[test]
    fn a_column_keeps_how_far_the_readings_in_it_went() {
        let mut history = History::default();
        for (secs, valence) in [(0.0, 0.0), (0.01, 0.8), (0.02, -0.4), (0.03, 0.0)] {
            history.push(at(secs), Some(known(valence)));
        }

        let runs = history.runs(Span::new(at(0.0), at(10.0)), 10);

        assert_eq!(runs.len(), 1);
        assert_eq!((runs[0].len(), runs[0][0].valence, runs[0][0].count), (1, (-0.4, 0.8), 4));
        assert!((runs[0][0].mean.valence - 0.1).abs() < 1e-6);
    }

    #[test]
    fn columns_are_few_however_many_readings_there_are() {
        let mut history = History::default();
        for index in 0..20_000_u16 {
            history.push(at(f64::from(index) * 0.05), Some(known((f32::from(index) * 0.01).sin())));
        }

        let columns: usize = history.runs(Span::new(at(0.0), at(1000.0)), 300).iter().map(Vec::len).sum();

        assert!((290..=302).contains(&columns), "{columns}");
    }

    #[test]
    fn memory_is_bounded_and_the_beginning_stays_in_view() {
        let mut history = History::with_limit(1000);
        for index in 0..100_000 {
            let is_known = index % 1000 >= 100;
            history.push(at(f64::from(index) * 0.05), is_known.then(|| known(0.5)));
        }

        assert!(history.len() <= 1000);
        assert!(history.start().is_some_and(|start| start < at(1000.0)), "{:?}", history.start());
        let breaks = history.runs(Span::new(at(4900.0), at(5000.0)), 500).len();
        assert!(breaks >= 2, "{breaks}");
    }

    #[test]
    fn a_silence_of_readings_breaks_the_line() {
        let mut history = History::default();
        history.push(at(0.0), Some(known(0.1)));
        history.push(at(0.05), Some(known(0.1)));
        history.push(at(5.0), Some(known(0.2)));

        assert_eq!(history.runs(Span::new(at(0.0), at(10.0)), 100).len(), 2);
        assert!(history.at(at(0.5)).is_none());
        assert_eq!(history.at(at(5.2)).map(|known| known.valence), Some(0.2));
        assert!(history.at(at(9.0)).is_none());
    }

    #[test]
    fn speech_is_joined_while_it_lasts() {
        let mut speech = Speech::default();
        let hop = |index: u32| Span::new(at(f64::from(index) * 0.032), at(f64::from(index + 1) * 0.032));
        for index in 0..10 {
            let is_speech = (2..5).contains(&index) || index >= 8;
            speech.push(hop(index), &Level { is_speech, ..Level::default() });
        }

        let heard: Vec<_> = speech.within(Span::new(at(0.0), at(1.0))).collect();

        assert_eq!(heard, [Span::new(hop(2).start, hop(4).end), Span::new(hop(8).start, hop(9).end)]);
        assert_eq!(speech.last_end(hop(6).end), Some(hop(4).end));
    }
}
