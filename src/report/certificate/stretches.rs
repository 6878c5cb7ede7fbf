//! Which time was kept, and which wasn't, and why.

use crate::record::Happening;
use crate::record::Kept;
use crate::time::Span;
use crate::time::Timestamp;

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
    pub(super) fn of(kept: &Kept) -> Self {
        let whole = played(kept).unwrap_or_else(|| kept.span());
        let forgotten: Vec<Span> = kept.forgotten().collect();
        let mut paused = Vec::new();
        let mut since = None;
        for event in &kept.events {
            match event.kind.as_str() {
                "pause" => since = since.or(Some(event.arrived)),
                "begin" => paused.extend(since.take().map(|since| Span::new(since, event.arrived))),
                _ => {}
            }
        }
        paused.extend(since.map(|since| Span::new(since, whole.end)));
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

    /// Seconds that were kept from a time on.
    pub(super) fn kept_secs_from(&self, from: Timestamp) -> f64 {
        secs(&self.kept.iter().map(|span| Span::new(span.start.max(from), span.end)).collect::<Vec<_>>())
    }

    /// Seconds of each stretch from `from` on without any of these times, the longest, its beginning and end counted too.
    pub(super) fn longest_without(&self, times: &[Timestamp], from: Timestamp) -> f64 {
        let mut longest = 0.0f64;
        for span in self.kept.iter().filter(|span| span.end > from) {
            let span = Span::new(span.start.max(from), span.end);
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
}

/// When there was something to record, where a recording was played: before it began and after its end nothing is missing.
fn played(kept: &Kept) -> Option<Span> {
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
    Some(Span::new(begins.max(kept.span().start), ends))
}

pub(super) fn secs(spans: &[Span]) -> f64 {
    // Nothing is 0, and not the -0 that an empty sum is.
    spans.iter().map(|span| span.len().as_secs_f64()).sum::<f64>() + 0.0
}
