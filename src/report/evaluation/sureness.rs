//! Whether the shipped fusion knows when it is right.

use serde::Serialize;

use crate::measure::Bin;
use crate::measure::Calibration;
use crate::measure::RiskCoverage;
use crate::measure::Said;
use crate::report::evaluation::Measured;
use crate::report::evaluation::estimate::Draws;
use crate::report::evaluation::estimate::Estimate;
use crate::report::evaluation::estimate::Of;
use crate::report::evaluation::estimate::weighed;

const BINS: usize = 10;
/// The share of the surest that are looked at by themselves.
const KEPT: f64 = 0.8;
/// Points of a curve are at least so far apart.
const STEP: f64 = 1.0 / 400.0;

/// Of recordings, or of rows.
#[derive(Debug, Clone, Serialize)]
pub struct Sureness {
    /// How many readings there are.
    pub readings: usize,
    /// Expected calibration error.
    pub ece: Estimate,
    /// The reliability diagram: ten bins of equally many.
    pub bins: Vec<Bin>,
    /// Share of wrong ones among all readings.
    pub error: Estimate,
    /// Share of wrong ones among the surest 80 %.
    pub error_at_80: Estimate,
    /// Coverage and risk, from the surest reading to all.
    pub risk_coverage: Vec<[f64; 2]>,
    /// The mean risk over coverage.
    pub area: Option<f64>,
}

/// How often it keeps its label to itself.
#[derive(Debug, Clone, Serialize)]
pub struct Abstention {
    /// Whether it was measured of this fusion when it should; else it always says its label.
    pub is_measured: bool,
    /// Share of the readings whose label is shown.
    pub shown: Estimate,
    /// Share of right ones among those.
    pub right: Estimate,
    /// Share of right ones among the others.
    pub right_of_others: Estimate,
}

/// The calibration errors of one input.
#[derive(Debug, Clone, Serialize)]
pub struct CalibrationOf {
    /// `clean`, or the trouble.
    pub input: String,
    /// Expected calibration error of recordings.
    pub recordings: Option<f64>,
    /// Expected calibration error of rows.
    pub rows: Option<f64>,
}

type Sure = Of<(f64, bool)>;

fn said((confidence, is_right): (f64, bool), weight: f64) -> Said {
    Said { confidence, is_right, weight }
}

/// Recordings without a reading say nothing, surely or not.
fn recordings(measured: &Measured, input: usize) -> Vec<Sure> {
    let whole = measured.recordings(input).enumerate().filter_map(|(recording, (item, take))| {
        let mean = measured.shipped_mean(take)?;
        Some(Of { recording, value: (mean.confidence(), mean.label == item.label) })
    });
    sorted(whole.collect())
}

fn rows(measured: &Measured, input: usize) -> Vec<Sure> {
    let of_one = measured.recordings(input).enumerate().flat_map(|(recording, (item, take))| {
        take.rows.iter().map(move |row| Of { recording, value: (row.confidence, row.label == item.label) })
    });
    sorted(of_one.collect())
}

/// What is in order is soon put in order again, draw by draw.
fn sorted(mut all: Vec<Sure>) -> Vec<Sure> {
    all.sort_by(|one, other| other.value.0.total_cmp(&one.value.0));
    all
}

impl Sureness {
    pub(super) fn of_recordings(measured: &Measured, draws: &Draws) -> Self {
        Self::of(&recordings(measured, 0), draws)
    }

    pub(super) fn of_rows(measured: &Measured, draws: &Draws) -> Self {
        Self::of(&rows(measured, 0), draws)
    }

    fn of(all: &[Sure], draws: &Draws) -> Self {
        let every: Vec<Said> = all.iter().map(|one| said(one.value, 1.0)).collect();
        let risk = |weights: &[f64]| RiskCoverage::of(&weighed(all, weights, said));
        let curve = RiskCoverage::of(&every);
        Self {
            readings: all.len(),
            ece: draws.estimate(|weights| Calibration::of(&weighed(all, weights, said), BINS).map(|found| found.ece)),
            bins: Calibration::of(&every, BINS).map(|found| found.bins).unwrap_or_default(),
            error: draws.estimate(|weights| risk(weights).map(|found| found.risk_at(1.0))),
            error_at_80: draws.estimate(|weights| risk(weights).map(|found| found.risk_at(KEPT))),
            area: curve.as_ref().map(|curve| curve.area),
            risk_coverage: curve.map(|curve| thinned(&curve.points)).unwrap_or_default(),
        }
    }
}

/// As many points as can be told apart; the first and the last are among them.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut kept: Vec<[f64; 2]> = Vec::new();
    for (at, point) in points.iter().enumerate() {
        let is_far = kept.last().is_none_or(|last| point[0] - last[0] >= STEP);
        if is_far || at + 1 == points.len() {
            kept.push(*point);
        }
    }
    kept
}

pub(super) fn calibrations(measured: &Measured) -> Vec<CalibrationOf> {
    let ece = |all: &[Sure]| {
        let every: Vec<Said> = all.iter().map(|one| said(one.value, 1.0)).collect();
        Calibration::of(&every, BINS).map(|found| found.ece)
    };
    let of = |(input, kind): (usize, &super::Kind)| CalibrationOf {
        input: kind.name.clone(),
        recordings: ece(&recordings(measured, input)),
        rows: ece(&rows(measured, input)),
    };
    measured.inputs.iter().enumerate().map(of).collect()
}

impl Abstention {
    pub(super) fn of(measured: &Measured, draws: &Draws) -> Self {
        let mut all: Vec<Of<(bool, bool)>> = Vec::new();
        let mut is_measured = false;
        for (recording, (item, take)) in measured.recordings(0).enumerate() {
            for row in &take.rows {
                is_measured |= row.is_clear.is_some();
                all.push(Of { recording, value: (row.is_clear.unwrap_or(true), row.label == item.label) });
            }
        }
        // Among those that `is_in`, the share that `counts`.
        let share = |is_in: fn(bool) -> bool, counts: fn((bool, bool)) -> bool| {
            draws.estimate(|weights| {
                let some = weighed(&all, weights, |one, weight| (one, weight));
                let some: Vec<_> = some.into_iter().filter(|((is_clear, _), _)| is_in(*is_clear)).collect();
                let sum: f64 = some.iter().map(|(_, weight)| weight).sum();
                let counted: f64 = some.iter().filter(|(one, _)| counts(*one)).map(|(_, weight)| weight).sum();
                (sum > 0.0).then(|| counted / sum)
            })
        };
        Self {
            is_measured,
            shown: share(|_| true, |(is_clear, _)| is_clear),
            right: share(|is_clear| is_clear, |(_, is_right)| is_right),
            right_of_others: share(|is_clear| !is_clear, |(_, is_right)| is_right),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_shape_and_its_ends() {
        let points: Vec<_> = (1..=10_000).map(|at| [f64::from(at) / 10_000.0, 0.5]).collect();

        let kept = thinned(&points);

        assert!((390..=402).contains(&kept.len()), "{}", kept.len());
        assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
        assert_eq!(thinned(&points[..1]), points[..1]);
    }
}
