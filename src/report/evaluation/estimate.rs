//! A figure with its interval.

use serde::Serialize;

use crate::measure::Resamples;
use crate::measure::interval;

/// A figure, and between what it would lie for 95 of 100 sets of people like these. Nothing where nothing can be said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Of all that is there.
    pub value: Option<f64>,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Estimate {
    pub(super) fn new(value: Option<f64>, drawn: &[Option<f64>]) -> Self {
        let [low, high] = interval(drawn).filter(|_| value.is_some()).map_or([None; 2], |ends| ends.map(Some));
        Self { value, low, high }
    }
}

/// Which recordings belong together, and how they are drawn.
#[derive(Debug, Clone)]
pub(super) struct Draws {
    group: Vec<usize>,
    resamples: Resamples,
}

impl Draws {
    /// `group` is that of each recording, numbered from 0.
    pub(super) fn new(group: Vec<usize>, count: usize, seed: u64) -> Self {
        let groups = group.iter().max().map_or(0, |most| most + 1);
        Self { group, resamples: Resamples::new(groups, count, seed) }
    }

    /// `statistic` of all, and of each draw. It is given the weight of each recording.
    pub(super) fn each<T>(&self, statistic: impl Fn(&[f64]) -> T) -> (T, Vec<T>) {
        let mut weights = vec![1.0; self.group.len()];
        let all = statistic(&weights);
        let drawn = self.resamples.of(|drawn| {
            for (weight, group) in weights.iter_mut().zip(&self.group) {
                *weight = drawn.get(*group).copied().unwrap_or(0.0);
            }
            statistic(&weights)
        });
        (all, drawn)
    }

    /// One figure.
    pub(super) fn estimate(&self, statistic: impl Fn(&[f64]) -> Option<f64>) -> Estimate {
        let (value, drawn) = self.each(statistic);
        Estimate::new(value, &drawn)
    }
}

/// Something of a recording, by its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<T> {
    pub(super) recording: usize,
    pub(super) value: T,
}

/// Each with the weight of its recording; what weighs nothing is left out.
pub(super) fn weighed<T: Copy, W>(all: &[Of<T>], weights: &[f64], with: impl Fn(T, f64) -> W) -> Vec<W> {
    let weight = |one: &Of<T>| weights.get(one.recording).copied().unwrap_or(0.0);
    all.iter()
        .map(|one| (one.value, weight(one)))
        .filter(|(_, weight)| *weight > 0.0)
        .map(|(one, w)| with(one, w))
        .collect()
}
