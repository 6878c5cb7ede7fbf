//! Whether what is said with 80 % is right 8 times in 10.

use serde::Serialize;

use crate::measure::Said;
use crate::measure::all;
use crate::measure::right;

/// Confidence against being right, in bins of equally many from the least sure to the surest.
///
/// Source: K. Nguyen and B. O'Connor, "Posterior calibration and exploratory analysis for natural language processing models"
/// (EMNLP 2015), section 3: adaptive binning, with the mean distance in place of its square's root.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error: the mean distance, over all that was said, of confidence and share of right ones.
    pub ece: f64,
    /// The bins that aren't empty.
    pub bins: Vec<Bin>,
}

/// Some that were said about equally surely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of right ones.
    pub right: f64,
    /// How many.
    pub count: f64,
}

impl Calibration {
    /// In so many bins; none if nothing was said.
    #[must_use]
    pub fn of(said: &[Said], bins: usize) -> Option<Self> {
        let mut said: Vec<_> = said.iter().copied().filter(|one| one.weight > 0.0).collect();
        said.sort_by(|one, other| one.confidence.total_cmp(&other.confidence));
        let total = all(&said);
        if said.is_empty() || bins == 0 {
            return None;
        }
        let mut parts: Vec<Vec<Said>> = vec![Vec::new(); bins];
        let mut before = 0.0;
        for one in said {
            let middle = (before + one.weight / 2.0) / total;
            before += one.weight;
            if let Some(part) = parts.get_mut(((middle * bins as f64) as usize).min(bins - 1)) {
                part.push(one);
            }
        }
        let bins: Vec<_> = parts.iter().filter(|part| !part.is_empty()).map(|part| Bin::of(part)).collect();
        let ece = bins.iter().map(|bin| bin.count / total * (bin.confidence - bin.right).abs()).sum();
        Some(Self { ece, bins })
    }
}

impl Bin {
    fn of(part: &[Said]) -> Self {
        let count = all(part);
        let confidence = part.iter().map(|one| one.weight * one.confidence).sum::<f64>() / count;
        Self { confidence, right: right(part) / count, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(confidence: f64, is_right: bool) -> Said {
        Said { confidence, is_right, weight: 1.0 }
    }

    #[test]
    fn the_error_is_the_one_computed_by_hand() {
        // Bins of two: (.2, .4) none right, |.3 − 0|; (.6, .8) one right, |.7 − .5|.
        let all = [said(0.8, true), said(0.2, false), said(0.6, false), said(0.4, false)];

        let found = Calibration::of(&all, 2).unwrap();

        assert!((found.ece - f64::midpoint(0.3, 0.2)).abs() < 1e-12, "{found:?}");
        assert_eq!(found.bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [2.0, 2.0]);
        assert!((found.bins[1].right - 0.5).abs() < 1e-12);
    }

    #[test]
    fn bins_hold_equally_many_whatever_their_confidence() {
        let all: Vec<_> = (0..100).map(|at| said(0.9 + f64::from(at) * 1e-3, at % 2 == 0)).collect();

        let found = Calibration::of(&all, 10).unwrap();

        assert!(found.bins.len() == 10 && found.bins.iter().all(|bin| (bin.count - 10.0).abs() < 1e-12), "{found:?}");
    }

    #[test]
    fn what_counts_twice_is_as_two_of_it() {
        let twice = [said(0.3, true), Said { weight: 2.0, ..said(0.5, false) }, said(0.9, true)];
        let one_by_one = [said(0.3, true), said(0.5, false), said(0.5, false), said(0.9, true)];

        assert_eq!(Calibration::of(&twice, 1), Calibration::of(&one_by_one, 1));
        assert_eq!(Calibration::of(&[], 10), None);
    }
}
