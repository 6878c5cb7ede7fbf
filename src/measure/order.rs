//! Whether the sure ones are the right ones, and whether one kind lies above another.

use serde::Serialize;

use crate::measure::Said;

/// What is left wrong if only the surest are kept.
///
/// Source: R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification", J. Machine Learning Research
/// 11 (2010): the risk–coverage curve; `area` is the mean risk under it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RiskCoverage {
    /// Coverage (share kept) and risk (share wrong among them), from the surest to all.
    pub points: Vec<[f64; 2]>,
    /// The mean risk over coverage.
    pub area: f64,
}

impl RiskCoverage {
    /// Those of equal confidence are kept or left together; none if nothing was said.
    #[must_use]
    pub fn of(said: &[Said]) -> Option<Self> {
        let mut said: Vec<_> = said.iter().copied().filter(|one| one.weight > 0.0).collect();
        said.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        let total: f64 = said.iter().map(|one| one.weight).sum();
        if said.is_empty() {
            return None;
        }
        let (mut kept, mut wrong, mut area) = (0.0, 0.0, 0.0);
        let mut points = Vec::new();
        for tied in said.chunk_by(|one, other| one.confidence.total_cmp(&other.confidence).is_eq()) {
            let weight: f64 = tied.iter().map(|one| one.weight).sum();
            kept += weight;
            wrong += tied.iter().filter(|one| !one.is_right).map(|one| one.weight).sum::<f64>();
            area += weight / total * wrong / kept;
            points.push([kept / total, wrong / kept]);
        }
        Some(Self { points, area })
    }

    /// The risk if this share is kept: of those that are equally sure, a share is kept that is as wrong as all of them.
    #[must_use]
    pub fn risk_at(&self, coverage: f64) -> f64 {
        let (mut kept, mut wrong) = (0.0, 0.0);
        for [until, risk] in &self.points {
            if *until >= coverage {
                let share = (coverage - kept) / (until - kept);
                return (wrong + share * (until * risk - wrong)) / coverage;
            }
            (kept, wrong) = (*until, until * risk);
        }
        self.points.last().map_or(0.0, |[_, risk]| *risk)
    }
}

/// A value, of something of the kind that should lie above or of the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// The value.
    pub value: f64,
    /// Whether it should lie above.
    pub is_sought: bool,
    /// How often it counts.
    pub weight: f64,
}

/// How likely one that is sought lies above one that isn't (Mann and Whitney's U over all pairs); ties count half. None if
/// there are only those of one kind.
#[must_use]
pub fn auc(ranked: &[Ranked]) -> Option<f64> {
    let mut ranked: Vec<_> = ranked.iter().copied().filter(|one| one.weight > 0.0).collect();
    ranked.sort_by(|one, other| one.value.total_cmp(&other.value));
    let (mut below, mut sought, mut above) = (0.0, 0.0, 0.0);
    for tied in ranked.chunk_by(|one, other| one.value.total_cmp(&other.value).is_eq()) {
        let weight =
            |is_sought| tied.iter().filter(|one| one.is_sought == is_sought).map(|one| one.weight).sum::<f64>();
        let (up, down) = (weight(true), weight(false));
        above += up * (below + down / 2.0);
        below += down;
        sought += up;
    }
    (sought > 0.0 && below > 0.0).then(|| above / (sought * below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(all: &[(f64, bool)]) -> Vec<Said> {
        all.iter().map(|&(confidence, is_right)| Said { confidence, is_right, weight: 1.0 }).collect()
    }

    #[test]
    fn risk_falls_with_what_is_left_out() {
        let found = RiskCoverage::of(&said(&[(0.3, false), (0.9, true), (0.5, true), (0.7, false)])).unwrap();

        let expected = [[0.25, 0.0], [0.5, 0.5], [0.75, 1.0 / 3.0], [1.0, 0.5]];
        assert_eq!(found.points, expected);
        assert!((found.area - (0.0 + 0.5 + 1.0 / 3.0 + 0.5) / 4.0).abs() < 1e-12);
        assert!((found.risk_at(1.0) - 0.5).abs() < 1e-12 && (found.risk_at(0.5) - 0.5).abs() < 1e-12);
        // Of the four 3.2 are kept: one wrong, and a fifth of another.
        assert!((found.risk_at(0.8) - 1.2 / 3.2).abs() < 1e-12, "{}", found.risk_at(0.8));
    }

    #[test]
    fn the_equally_sure_are_kept_together_in_any_order() {
        let one = RiskCoverage::of(&said(&[(0.5, true), (0.5, false), (0.5, true), (0.5, false)])).unwrap();
        let other = RiskCoverage::of(&said(&[(0.5, false), (0.5, false), (0.5, true), (0.5, true)])).unwrap();

        assert_eq!(one, other);
        assert_eq!(one.points, [[1.0, 0.5]]);
        assert!((one.risk_at(0.8) - 0.5).abs() < 1e-12);
        assert_eq!(RiskCoverage::of(&[]), None);
    }

    #[test]
    fn auc_is_the_one_computed_by_hand() {
        let ranked = |all: &[(f64, bool)]| -> Vec<Ranked> {
            all.iter().map(|&(value, is_sought)| Ranked { value, is_sought, weight: 1.0 }).collect()
        };

        // Of 2 × 2 pairs .8 lies above both, .4 above one and level with the other.
        let found = auc(&ranked(&[(0.8, true), (0.4, true), (0.4, false), (0.1, false)]));

        assert_eq!(found, Some(3.5 / 4.0));
        assert_eq!(auc(&ranked(&[(0.2, true), (0.9, false)])), Some(0.0));
        assert_eq!(auc(&ranked(&[(0.2, true)])), None);
        let mut twice = ranked(&[(0.8, true), (0.4, true), (0.5, false)]);
        twice[0].weight = 2.0;
        assert_eq!(auc(&twice), Some(2.0 / 3.0));
    }
}
