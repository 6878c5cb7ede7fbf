//! A second set of answers to what was known in a session, and where it says something else.

use std::time::Duration;

use crate::pipeline::FusionKind;
use crate::pipeline::Personal;
use crate::pipeline::replay::Change;
use crate::pipeline::replay::changes;
use crate::signal::Fused;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::ui::history::History;
use crate::ui::history::Known;

/// Answers to the same moment are stamped within so much of each other.
const SAME: Duration = Duration::from_millis(20);

/// What is to answer another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Another {
    /// Which fusion.
    pub kind: FusionKind,
    /// Whether against what is usual for the person.
    pub personal: Personal,
}

impl Another {
    /// In words: "late fusion", "gated fusion without a baseline".
    #[must_use]
    pub fn name(self) -> String {
        let without = if self.personal == Personal::Raw { " without a baseline" } else { "" };
        format!("{} fusion{without}", self.kind.name())
    }
}

/// Answers of another fusion beside those that were recorded.
pub struct Rescored {
    /// Which.
    pub another: Another,
    /// What it says.
    pub history: History,
    /// Where it says something else, in order.
    pub changes: Vec<Change>,
    /// How many answers were compared.
    pub compared: usize,
    /// How long it says something else, of all that was compared.
    pub changed: Duration,
}

impl Rescored {
    /// Compares answers of `another` with those that were recorded.
    #[must_use]
    pub fn of(another: Another, recorded: &[Timestamped<Option<Fused>>], again: &[Timestamped<Option<Fused>>]) -> Self {
        let mut history = History::with_limit(2 * again.len() + 2);
        for answer in again {
            history.push(answer.span.start, answer.value.as_ref().map(Known::from));
        }
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut others = again.iter().peekable();
        for answer in recorded {
            let at = answer.span.start;
            while others.next_if(|other| other.span.start + SAME < at).is_some() {}
            if let Some(other) = others.next_if(|other| other.span.start <= at + SAME) {
                before.push(answer.clone());
                after.push(other.clone());
            }
        }
        let changes = changes(&before, &after);
        let changed = changes.iter().map(|change| change.span.len()).sum();
        Self { another, history, changes, compared: before.len(), changed }
    }

    /// The change that is at `at`, or the last before it: its place.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<usize> {
        self.changes.partition_point(|change| change.span.start <= at).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Affect;
    use crate::signal::Bipolar;
    use crate::signal::Gates;
    use crate::signal::Label;
    use crate::signal::Reading;
    use crate::time::Span;

    fn answer(tick: u32, label: Label, valence: f32) -> Timestamped<Option<Fused>> {
        let mut probabilities = [0.05; Label::COUNT];
        probabilities[label.index()] = 0.7;
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
    fn only_answers_to_the_same_moment_are_compared() {
        let recorded: Vec<_> = (0..200).map(|tick| answer(tick, Label::Anger, 0.0)).collect();
        // One is missing, and some say something else.
        let again: Vec<_> = (0..200)
            .filter(|tick| *tick != 20)
            .map(|tick| answer(tick, if (50..70).contains(&tick) { Label::Fear } else { Label::Anger }, 0.0))
            .collect();

        let rescored =
            Rescored::of(Another { kind: FusionKind::Late, personal: Personal::Corrected }, &recorded, &again);

        assert_eq!((rescored.compared, rescored.changes.len()), (199, 1));
        let change = &rescored.changes[0];
        assert_eq!((change.before, change.after), (Some(Label::Anger), Some(Label::Fear)));
        assert_eq!((change.span.start.secs(), rescored.changed.as_secs_f64()), (2.0, 0.8));
        assert_eq!(rescored.at(Timestamp::from_secs(1.9)), None);
        assert_eq!(rescored.at(Timestamp::from_secs(7.0)), Some(0));
    }
}
