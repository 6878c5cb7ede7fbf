//! Which time was kept, and which wasn't, and why.

use crate::record::Happening;
use crate::record::Kept;
use crate::report::pauses;
use crate::time::Span;
use crate::time::Timestamp;

/// Of items further apart than this it isn't known what was between, s.
const APART_SECS: f64 = 2.0;

/// The time of a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Stretches {
    /// When something was kept, in order.
    pub(super) kept: Vec<Span>,
    /// When it was paused.
    pub(super) paused: Vec<Span>,
    /// What was forgotten.
    pub(super) forgotten: Vec<Span>,
}

impl Stretches {
    /// Of a session that is so long.
    pub(super) fn of(kept: &Kept, whole: Span) -> Self {
        let whole = played(kept, whole).unwrap_or(whole);
        let forgotten: Vec<Span> = kept.forgotten().collect();
        let paused = pauses::pauses(kept, whole.end);
        let mut gone: Vec<Span> = paused.iter().chain(&forgotten).copied().collect();
        gone.sort_by_key(|span| span.start);
        let (mut from, mut all) = (whole.start, Vec::new());
        for span in gone {
            if span.start > from {
                all.push(Span::new(from, span.start));
            }
            from = from.max(span.end);
        }
        if whole.end > from {
            all.push(Span::new(from, whole.end));
        }
        Self { kept: all, paused, forgotten }
    }

    /// Seconds that were kept.
    pub(super) fn kept_secs(&self) -> f64 {
        secs(&self.kept)
    }

    /// Whether two times are of one stretch, with nothing paused or forgotten between.
    pub(super) fn are_one(&self, a: Timestamp, b: Timestamp) -> bool {
        let between = |span: &Span| span.start < b && span.end > a;
        !self.paused.iter().chain(&self.forgotten).any(between)
    }

    /// What was kept within a stretch.
    fn within(&self, whole: Span) -> impl Iterator<Item = Span> + '_ {
        let shared = move |span: &Span| Span::new(span.start.max(whole.start), span.end.min(whole.end));
        self.kept.iter().map(shared).filter(|span| !span.is_empty())
    }

    /// Seconds that were kept within a stretch.
    pub(super) fn kept_secs_within(&self, whole: Span) -> f64 {
        secs(&self.within(whole).collect::<Vec<_>>())
    }

    /// The longest time within a stretch, but for what was paused or forgotten, without any of these times, s: from its
    /// beginning, and to its end, as well.
    pub(super) fn longest_without(&self, times: &[Timestamp], whole: Span) -> f64 {
        let mut longest = 0.0f64;
        for span in self.within(whole) {
            let from = times.partition_point(|at| *at < span.start);
            let to = times.partition_point(|at| *at < span.end);
            let inside = times.get(from..to).unwrap_or_default().iter().copied();
            let mut last = span.start;
            for at in inside.chain([span.end]) {
                longest = longest.max(at.since(last).as_secs_f64());
                last = at;
            }
        }
        longest
    }

    /// The longest run of items, in order, that are so, s: from the beginning of its first to the end of its last. A run ends with
    /// one that isn't so, with a pause or what was forgotten, and where for [`APART_SECS`] nothing is known.
    pub(super) fn longest_run(&self, items: impl IntoIterator<Item = (Span, Option<bool>)>) -> f64 {
        let (mut longest, mut run) = (0.0f64, None::<Span>);
        for (span, is_so) in items {
            run = match is_so {
                Some(false) => None,
                None => run,
                Some(true) => {
                    let goes_on = |run: &Span| {
                        span.start.secs() - run.end.secs() < APART_SECS && self.are_one(run.end, span.start)
                    };
                    let start = run.filter(goes_on).map_or(span.start, |run| run.start);
                    Some(Span::new(start, span.end.max(start)))
                }
            };
            longest = longest.max(run.map_or(0.0, |run| run.len().as_secs_f64()));
        }
        longest
    }
}

/// When there was something to record, where a recording was played: before it began and after its end nothing is missing.
fn played(kept: &Kept, whole: Span) -> Option<Span> {
    if kept.header.source != "recording" {
        return None;
    }
    let first = [kept.stamps.first(), kept.evidence.first().and_then(|faces| faces.first())];
    let begins = first.into_iter().flatten().map(|item| item.span.start).min()?;
    let is_end = |event: &&Happening| {
        matches!(event.kind.as_str(), "camera" | "microphone")
            && event.what.get("state").and_then(serde_json::Value::as_str) == Some("ended")
    };
    let ends = kept.events.iter().filter(is_end).map(|event| event.arrived).max()?;
    Some(Span::new(begins.max(whole.start), ends))
}

pub(super) fn secs(spans: &[Span]) -> f64 {
    // Nothing is 0, and not the -0 that an empty sum is.
    spans.iter().map(|span| span.len().as_secs_f64()).sum::<f64>() + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_with_what_is_not_so_and_with_what_is_not_there() {
        let at = |secs: f64| Timestamp::from_secs(secs);
        let item = |secs: f64, is_so| (Span::new(at(secs), at(secs + 0.5)), is_so);
        let run = |items: &[(Span, Option<bool>)], stretches: &Stretches| stretches.longest_run(items.iter().copied());
        let (yes, no, all) = (Some(true), Some(false), Stretches::default());

        assert!((run(&[item(0.0, yes), item(0.5, yes), item(1.0, no), item(1.5, yes)], &all) - 1.0).abs() < 1e-9);
        assert!((run(&[item(0.0, yes), item(0.5, None), item(1.0, yes)], &all) - 1.5).abs() < 1e-9);
        assert!((run(&[item(0.0, yes), item(9.0, yes)], &all) - 0.5).abs() < 1e-9);
        let paused = Stretches { paused: vec![Span::new(at(0.6), at(0.9))], ..Stretches::default() };
        assert!((run(&[item(0.0, yes), item(1.0, yes)], &paused) - 0.5).abs() < 1e-9);
        assert!(run(&[], &all).abs() < 1e-9);
    }
}
