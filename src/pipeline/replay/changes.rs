//! Where two series of answers to the same moments differ so much that a person would say so.

use std::time::Duration;

use crate::signal::Fused;
use crate::signal::Label;
use crate::time::Span;
use crate::time::Timestamped;

/// A stretch in which they differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When.
    pub span: Span,
    /// The likeliest label before, where it differs most; `None` for no reading.
    pub before: Option<Label>,
    /// The likeliest label after.
    pub after: Option<Label>,
    /// The largest change of valence, −2..=2.
    pub valence: f32,
    /// The largest change of arousal, −2..=2.
    pub arousal: f32,
}

/// From this on a change of valence or arousal counts.
pub const LEAST: f32 = 0.1;
/// Changes this close to each other are one, seconds.
const TOGETHER_SECS: f32 = 0.5;
/// For so long an answer stands at most until the next one comes.
const STANDS: Duration = Duration::from_millis(200);

/// The stretches in which `after` differs from `before`: another likeliest label, a reading that is there in one only, or
/// valence or arousal off by 0.1. Both are answers to the same moments, in order.
#[must_use]
pub fn changes(before: &[Timestamped<Option<Fused>>], after: &[Timestamped<Option<Fused>>]) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    let begins = |index: usize| before.get(index).map(|answer| answer.span.start);
    for (index, (old, new)) in before.iter().zip(after).enumerate() {
        let label = |fused: &Option<Fused>| fused.as_ref().map(|fused| fused.reading.label());
        let (before, after) = (label(&old.value), label(&new.value));
        let (valence, arousal) = match (&old.value, &new.value) {
            (Some(old), Some(new)) => {
                let (old, new) = (old.reading.affect, new.reading.affect);
                (new.valence.get() - old.valence.get(), new.arousal.get() - old.arousal.get())
            }
            _ => (0.0, 0.0),
        };
        if before == after && valence.abs() < LEAST && arousal.abs() < LEAST {
            continue;
        }
        // An answer stands until the next one, but not over a gap.
        let next = begins(index + 1);
        let until = next.filter(|next| next.since(old.span.start) <= STANDS).unwrap_or(old.span.end);
        let here = Change { span: Span::new(old.span.start, until), before, after, valence, arousal };
        match all.last_mut().filter(|last| old.span.start.since(last.span.end).as_secs_f32() <= TOGETHER_SECS) {
            Some(last) => last.join(&here),
            None => all.push(here),
        }
    }
    all
}

impl Change {
    fn join(&mut self, next: &Self) {
        self.span = self.span.join(next.span);
        // Another label says more than other numbers.
        if self.before == self.after && next.before != next.after {
            (self.before, self.after) = (next.before, next.after);
        }
        for (largest, change) in [(&mut self.valence, next.valence), (&mut self.arousal, next.arousal)] {
            if change.abs() > largest.abs() {
                *largest = change;
            }
        }
    }
}
