//! What the readings of a recording come to.

use crate::signal::Label;
use crate::signal::Reading;
use crate::time::Timestamp;

/// Rows before this time have hardly seen anything and don't count for coverage, seconds.
const COUNTED_FROM_SECS: f64 = 0.3;
const LEAST_PROBABILITY: f64 = 1e-6;

/// Whether a row at this time counts for coverage.
#[must_use]
pub fn counts(at: Timestamp) -> bool {
    at.secs() >= COUNTED_FROM_SECS - 1e-6
}

/// Adds up readings of one recording.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    readings: u64,
    valence: f64,
    arousal: f64,
    logs: [f64; Label::COUNT],
}

/// Mean of valence and arousal; mean of the log-probabilities, renormalised, and the label that is largest in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// −1..=1.
    pub valence: f64,
    /// −1..=1.
    pub arousal: f64,
    /// The likeliest.
    pub label: Label,
    /// In the order of [`Label::ALL`]; they sum to 1.
    pub probabilities: [f64; Label::COUNT],
}

impl Whole {
    /// Takes in one reading.
    pub fn add(&mut self, reading: &Reading) {
        self.readings += 1;
        self.valence += f64::from(reading.affect.valence.get());
        self.arousal += f64::from(reading.affect.arousal.get());
        for (log, probability) in self.logs.iter_mut().zip(reading.probabilities) {
            *log += f64::from(probability).max(LEAST_PROBABILITY).ln();
        }
    }

    /// What they come to; none of none.
    #[must_use]
    pub fn mean(&self) -> Option<Mean> {
        if self.readings == 0 {
            return None;
        }
        let count = self.readings as f64;
        let highest = self.logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers = self.logs.map(|log| ((log - highest) / count).exp());
        let total: f64 = powers.iter().sum();
        let mut best = (Label::Neutral, 0.0);
        for (label, power) in Label::ALL.into_iter().zip(powers) {
            if power > best.1 {
                best = (label, power);
            }
        }
        Some(Mean {
            valence: self.valence / count,
            arousal: self.arousal / count,
            label: best.0,
            probabilities: powers.map(|power| power / total),
        })
    }
}

impl Mean {
    /// How likely the likeliest label is, 0..=1.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.probabilities.get(self.label.index()).copied().unwrap_or(0.0)
    }
}
