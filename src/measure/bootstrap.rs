//! What would be found with other people of the same kind: people drawn again from those there are.

use fastrand::Rng;

/// Draws, with replacement, of groups (people, or recordings): of each draw, how often each group is in it.
///
/// What is computed of the same draws can be compared draw by draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Resamples {
    draws: Vec<Vec<f64>>,
}

/// What lies inside of an interval.
const INSIDE: f64 = 0.95;

impl Resamples {
    /// `count` draws of `groups` groups; the same seed gives the same. Of fewer than two groups nothing is drawn.
    #[must_use]
    pub fn new(groups: usize, count: usize, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut draw = || {
            let mut weights = vec![0.0; groups];
            for _ in 0..groups {
                if let Some(weight) = weights.get_mut(rng.usize(..groups)) {
                    *weight += 1.0;
                }
            }
            weights
        };
        let count = if groups < 2 { 0 } else { count };
        Self { draws: (0..count).map(|_| draw()).collect() }
    }

    /// What `statistic` is of each draw, given how often each group is in it.
    pub fn of<T>(&self, mut statistic: impl FnMut(&[f64]) -> T) -> Vec<T> {
        self.draws.iter().map(|weights| statistic(weights)).collect()
    }
}

/// Between which two values 95 % of them lie; none if there are none.
#[must_use]
pub fn interval(values: &[Option<f64>]) -> Option<[f64; 2]> {
    let mut values: Vec<f64> = values.iter().copied().flatten().collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * values.len().checked_sub(1)? as f64;
        let (low, high) = (values.get(place.floor() as usize)?, values.get(place.ceil() as usize)?);
        Some(low + (high - low) * place.fract())
    };
    Some([at((1.0 - INSIDE) / 2.0)?, at(f64::midpoint(1.0, INSIDE))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let one = Resamples::new(8, 50, 3);

        assert_eq!(one, Resamples::new(8, 50, 3));
        assert_ne!(one, Resamples::new(8, 50, 4));
        assert_eq!(one.draws.len(), 50);
        for draw in &one.draws {
            assert!((draw.iter().sum::<f64>() - 8.0).abs() < 1e-12);
        }
    }

    #[test]
    fn of_one_person_nothing_can_be_said_of_others() {
        assert!(Resamples::new(1, 50, 3).of(<[f64]>::len).is_empty());
        assert!(Resamples::new(0, 50, 3).of(<[f64]>::len).is_empty());
        assert_eq!(interval(&[]), None);
    }

    #[test]
    fn an_interval_leaves_out_a_fortieth_at_each_end() {
        let values: Vec<_> = (0..=40).rev().map(|at| Some(f64::from(at))).chain([None]).collect();

        let [low, high] = interval(&values).unwrap();
        assert!((low - 1.0).abs() < 1e-9 && (high - 39.0).abs() < 1e-9, "{low} {high}");
    }

    #[test]
    fn the_interval_of_a_mean_is_about_that_of_the_formula() {
        let values: Vec<f64> = (0..100).map(|at| f64::from(at % 10)).collect();
        let mean = |weights: &[f64]| {
            Some(values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>() / 100.0)
        };

        let [low, high] = interval(&Resamples::new(100, 1000, 1).of(mean)).unwrap();

        // Mean 4.5, standard deviation 2.872: ± 1.96 · .2872.
        assert!((low - 3.937).abs() < 0.1 && (high - 5.063).abs() < 0.1, "{low} {high}");
    }
}
