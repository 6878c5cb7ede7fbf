//! Numbers given against numbers read.

use crate::measure::Pair;

/// Concordance correlation coefficient (Lin 1989): 1 for the same numbers; less for what doesn't follow, and for what
/// follows at another place or scale. None where neither varies and there is nothing to follow.
#[must_use]
pub fn concordance(pairs: &[Pair]) -> Option<f64> {
    let weight: f64 = pairs.iter().map(|pair| pair.weight).sum();
    if weight <= 0.0 {
        return None;
    }
    let mean = |of: &dyn Fn(&Pair) -> f64| pairs.iter().map(|pair| pair.weight * of(pair)).sum::<f64>() / weight;
    let (given, read) = (mean(&|pair| pair.given), mean(&|pair| pair.read));
    let both = mean(&|pair| (pair.given - given) * (pair.read - read));
    let of_given = mean(&|pair| (pair.given - given).powi(2));
    let of_read = mean(&|pair| (pair.read - read).powi(2));
    let apart = of_given + of_read + (given - read).powi(2);
    (apart > 1e-12).then(|| 2.0 * both / apart)
}

/// The mean distance.
#[must_use]
pub fn mean_absolute_error(pairs: &[Pair]) -> Option<f64> {
    let weight: f64 = pairs.iter().map(|pair| pair.weight).sum();
    let apart: f64 = pairs.iter().map(|pair| pair.weight * (pair.given - pair.read).abs()).sum();
    (weight > 0.0).then(|| apart / weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(all: [(f64, f64); 3]) -> [Pair; 3] {
        all.map(|(given, read)| Pair { given, read, weight: 1.0 })
    }

    #[test]
    fn concordance_is_the_one_computed_by_hand() {
        let same = pairs([(-0.5, -0.5), (0.0, 0.0), (0.5, 0.5)]);
        // Means 0 and 0.3; covariance and both variances 1/6: (2/6) / (1/6 + 1/6 + 0.09).
        let shifted = pairs([(-0.5, -0.2), (0.0, 0.3), (0.5, 0.8)]);
        let flat = pairs([(0.2, 0.2), (0.2, 0.2), (0.2, 0.2)]);

        assert!((concordance(&same).unwrap() - 1.0).abs() < 1e-12);
        assert!((concordance(&shifted).unwrap() - (1.0 / 3.0) / (1.0 / 3.0 + 0.09)).abs() < 1e-12);
        assert_eq!((concordance(&flat), concordance(&[])), (None, None));
    }

    #[test]
    fn errors_are_averaged() {
        let found = mean_absolute_error(&pairs([(0.0, 0.3), (0.5, 0.4), (-1.0, -1.0)])).unwrap();

        assert!((found - 0.4 / 3.0).abs() < 1e-12);
        assert_eq!(mean_absolute_error(&[]), None);
    }
}
