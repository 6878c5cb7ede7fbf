//! A second set of answers to what was known in a session, and where it says something else.

use std::time::Duration;

use crate::pipeline::FusionKind;
use crate::signal::Fused;
use crate::signal::Label;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::ui::history::History;
use crate::ui::history::Known;

/// Answers to the same moment are stamped within so much of each other.
const SAME: Duration = Duration::from_millis(25);
/// Answers that change within so much of each other are one moment.
const JOINED: Duration = Duration::from_millis(600);
/// So far valence or arousal must move to count.
const MOVED: f32 = 0.25;

/// What an answer says aloud: its label if it is clear, that there is none, or that nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// A label.
    Label(Label),
    /// No clear reading.
    Unclear,
    /// No reading.
    Nothing,
}

/// A moment at which the two say something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// From when to when.
    pub span: Span,
    /// What was recorded, where they are farthest apart.
    pub recorded: Option<Fused>,
    /// What is said instead.
    pub again: Option<Fused>,
    /// Both, aloud.
    pub said: (Said, Said),
    /// How far apart: of valence and arousal the farther one.
    pub moved: f32,
}

/// Answers of another fusion beside those that were recorded.
pub struct Rescored {
    /// Which.
    pub kind: FusionKind,
    /// What it says.
    pub history: History,
    /// Where it says something else, in order.
    pub changes: Vec<Change>,
    /// Of how many answers it says the same aloud, 0..=1.
    pub same: f32,
}

impl Rescored {
    /// Compares answers of `kind` with those that were recorded. A label is clear from `least` on where nothing was measured.
    #[must_use]
    pub fn of(
        kind: FusionKind,
        recorded: &[Timestamped<Option<Fused>>],
        again: &[Timestamped<Option<Fused>>],
        least: f32,
    ) -> Self {
        let mut history = History::with_limit(2 * again.len() + 2);
        for answer in again {
            history.push(answer.span.start, answer.value.as_ref().map(Known::from));
        }
        let mut changes: Vec<Change> = Vec::new();
        let (mut compared, mut same) = (0_u32, 0_u32);
        let mut others = again.iter().peekable();
        for answer in recorded {
            let at = answer.span.start;
            while others.next_if(|other| other.span.start + SAME < at).is_some() {}
            let Some(other) = others.peek().filter(|other| other.span.start <= at + SAME) else { continue };
            compared += 1;
            let said = (said(answer.value.as_ref(), least), said(other.value.as_ref(), least));
            same += u32::from(said.0 == said.1);
            let moved = moved(answer.value.as_ref(), other.value.as_ref());
            if said.0 != said.1 || moved > MOVED {
                let change =
                    Change { span: Span::at(at), recorded: answer.value, again: other.value, said, moved };
                add(&mut changes, change);
            }
        }
        Self { kind, history, changes, same: same as f32 / compared.max(1) as f32 }
    }
}

fn add(changes: &mut Vec<Change>, change: Change) {
    let at = change.span.start;
    match changes.last_mut().filter(|last| at.since(last.span.end) <= JOINED && last.said == change.said) {
        Some(last) => {
            let span = last.span.join(Span::at(at));
            if change.moved > last.moved {
                *last = change;
            }
            last.span = span;
        }
        None => changes.push(change),
    }
}

fn said(fused: Option<&Fused>, least: f32) -> Said {
    let Some(fused) = fused else { return Said::Nothing };
    let label = fused.reading.label();
    if fused.reading.probability(label) >= fused.clear_from(least) { Said::Label(label) } else { Said::Unclear }
}

fn moved(one: Option<&Fused>, other: Option<&Fused>) -> f32 {
    let (Some(one), Some(other)) = (one, other) else { return 0.0 };
    let (one, other) = (&one.reading.affect, &other.reading.affect);
    let valence = (one.valence.get() - other.valence.get()).abs();
    valence.max((one.arousal.get() - other.arousal.get()).abs())
}

/// The change that is at `at`, or the last before it: its place.
#[must_use]
pub fn at(changes: &[Change], at: Timestamp) -> Option<usize> {
    changes.partition_point(|change| change.span.start <= at).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Affect;
    use crate::signal::Bipolar;
    use crate::signal::Gates;
    use crate::signal::Reading;

    fn answer(tick: u32, label: Label, likely: f32, valence: f32) -> Timestamped<Option<Fused>> {
        let mut probabilities = [(1.0 - likely) / 6.0; Label::COUNT];
        probabilities[label.index()] = likely;
        let affect = Affect {
            valence: Bipolar::new(valence).unwrap(),
            arousal: Bipolar::default(),
            valence_sd: 0.1,
            arousal_sd: 0.1,
        };
        let fused = Fused::new(Reading { affect, probabilities }, Gates::default());
        let at = Timestamp::from_secs(f64::from(tick) * 0.04);
        Timestamped::new(Span::at(at), u64::from(tick), Some(fused))
    }

    #[test]
    fn moments_that_changed_are_told_once_each_with_where_they_are_farthest_apart() {
        let recorded: Vec<_> = (0..200).map(|tick| answer(tick, Label::Happiness, 0.7, 0.5)).collect();
        let again: Vec<_> = (0..200)
            .map(|tick| match tick {
                50..70 => answer(tick, Label::Happiness, 0.3, 0.5 - 0.01 * (tick as f32 - 50.0)),
                100..110 => answer(tick, Label::Happiness, 0.7, 0.0),
                _ => answer(tick, Label::Happiness, 0.7, 0.5),
            })
            .collect();

        let rescored = Rescored::of(FusionKind::Late, &recorded, &again, 0.45);

        let spans: Vec<_> =
            rescored.changes.iter().map(|change| (change.span.start.secs(), change.span.end.secs())).collect();
        assert_eq!(spans, [(2.0, 2.76), (4.0, 4.36)]);
        assert_eq!(rescored.changes[0].said, (Said::Label(Label::Happiness), Said::Unclear));
        assert!((rescored.changes[0].moved - 0.19).abs() < 1e-3 && (rescored.changes[1].moved - 0.5).abs() < 1e-3);
        assert!((rescored.same - 0.9).abs() < 1e-6);
        assert_eq!(at(&rescored.changes, Timestamp::from_secs(3.0)), Some(0));
    }

    #[test]
    fn answers_without_their_like_are_not_compared() {
        let recorded = [answer(0, Label::Anger, 0.7, 0.0), answer(50, Label::Anger, 0.7, 0.0)];
        let mut again = vec![answer(50, Label::Anger, 0.7, 0.0), answer(51, Label::Fear, 0.7, 0.0)];
        again[0].value = None;

        let rescored = Rescored::of(FusionKind::Late, &recorded, &again, 0.45);

        assert_eq!(rescored.changes.len(), 1);
        assert_eq!(rescored.changes[0].said, (Said::Label(Label::Anger), Said::Nothing));
        assert!(rescored.same < 1e-6);
    }
}
