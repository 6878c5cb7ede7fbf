//! Valence, arousal and labels, each with its doubt.

use crate::signal::Label;

/// A number from −1 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Bipolar(f32);

impl Bipolar {
    /// The value, drawn into −1..=1; `None` for what isn't a number.
    #[must_use]
    pub fn new(value: f32) -> Option<Self> {
        (!value.is_nan()).then(|| Self(value.clamp(-1.0, 1.0)))
    }

    /// The value, −1..=1.
    #[must_use]
    pub const fn get(self) -> f32 {
        self.0
    }
}

/// A place on the circumplex with its doubt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affect {
    /// −1 unpleasant … +1 pleasant.
    pub valence: Bipolar,
    /// −1 calm … +1 excited.
    pub arousal: Bipolar,
    /// One standard deviation of the valence, above 0.
    pub valence_sd: f32,
    /// One standard deviation of the arousal, above 0.
    pub arousal_sd: f32,
}

/// Labels that may hold together, each read by itself, in the order of [`Label::ALL`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelsAtOnce {
    /// Calibrated probability that it is there, 0..=1. They don't sum to 1.
    pub probabilities: [f32; Label::COUNT],
    /// How likely it is that what [`has`](Self::has) says of it is wrong, 0..=1.
    pub doubts: [f32; Label::COUNT],
    /// The probability from which it is said to be there.
    pub thresholds: [f32; Label::COUNT],
}

impl LabelsAtOnce {
    /// Whether `label` is there.
    #[must_use]
    pub fn has(&self, label: Label) -> bool {
        let at = |values: &[f32; Label::COUNT]| values.get(label.index()).copied().unwrap_or(0.0);
        at(&self.probabilities) > at(&self.thresholds)
    }

    /// The labels that are there.
    pub fn found(&self) -> impl Iterator<Item = Label> + '_ {
        Label::ALL.into_iter().filter(|label| self.has(*label))
    }
}

/// What one modality, or all of them together, say at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Where on the circumplex.
    pub affect: Affect,
    /// Calibrated probabilities in the order of [`Label::ALL`]; they sum to 1.
    pub probabilities: [f32; Label::COUNT],
}

impl Reading {
    /// The likeliest label.
    #[must_use]
    pub fn label(&self) -> Label {
        let mut best = Label::Neutral;
        for label in Label::ALL {
            if self.probability(label) > self.probability(best) {
                best = label;
            }
        }
        best
    }

    /// How likely `label` is, 0..=1.
    #[must_use]
    pub fn probability(&self, label: Label) -> f32 {
        self.probabilities.get(label.index()).copied().unwrap_or(0.0)
    }
}
