//! Valence and arousal against those given.

use serde::Serialize;

use crate::measure::Pair;
use crate::measure::concordance;
use crate::measure::mean_absolute_error;
use crate::report::evaluation::Measured;
use crate::report::evaluation::estimate::Draws;
use crate::report::evaluation::estimate::Estimate;
use crate::report::evaluation::estimate::Of;
use crate::report::evaluation::estimate::weighed;
use crate::signal::Affect;

/// So many standard deviations to both sides hold 90 % of a normal distribution.
const BAND_SDS: f64 = 1.645;

/// Valence, or arousal, of whole recordings: the mean over the rows of the shipped fusion on clean input.
#[derive(Debug, Clone, Serialize)]
pub struct AffectScore {
    /// `valence` or `arousal`.
    pub what: &'static str,
    /// Recordings for which it was given and read.
    pub recordings: usize,
    /// Concordance correlation coefficient.
    pub ccc: Estimate,
    /// Mean absolute error.
    pub mean_absolute_error: Estimate,
    /// Given, read: each recording.
    pub pairs: Vec<[f64; 2]>,
}

/// How often what was given lies inside the 90 % band of what was read.
#[derive(Debug, Clone, Serialize)]
pub struct BandScore {
    /// Whose band: of `fused`, or of one modality by itself.
    pub of: &'static str,
    /// `valence` or `arousal`.
    pub what: &'static str,
    /// Share of the rows whose band holds it.
    pub inside: Estimate,
    /// Rows for which it was given.
    pub rows: usize,
    /// How wide the band is to one side, on average.
    pub half_width: Option<f64>,
}

/// What is given, and read with what doubt.
type ReadAt = fn(&Affect) -> (f64, f64);

const SIDES: [(&str, ReadAt); 2] = [
    ("valence", |affect| (f64::from(affect.valence.get()), f64::from(affect.valence_sd))),
    ("arousal", |affect| (f64::from(affect.arousal.get()), f64::from(affect.arousal_sd))),
];

pub(super) fn scores(measured: &Measured, draws: &Draws) -> Vec<AffectScore> {
    let score = |what: &'static str| {
        let pairs: Vec<Of<[f64; 2]>> = measured
            .recordings(0)
            .enumerate()
            .filter_map(|(recording, (item, take))| {
                let (given, mean) = (item.given(what)?, measured.shipped_mean(take)?);
                let read = if what == "valence" { mean.valence } else { mean.arousal };
                Some(Of { recording, value: [given, read] })
            })
            .collect();
        let drawn = |weights: &[f64]| weighed(&pairs, weights, |[given, read], weight| Pair { given, read, weight });
        (!pairs.is_empty()).then(|| AffectScore {
            what,
            recordings: pairs.len(),
            ccc: draws.estimate(|weights| concordance(&drawn(weights))),
            mean_absolute_error: draws.estimate(|weights| mean_absolute_error(&drawn(weights))),
            pairs: pairs.iter().map(|pair| pair.value).collect(),
        })
    };
    SIDES.into_iter().filter_map(|(what, _)| score(what)).collect()
}

pub(super) fn bands(measured: &Measured, draws: &Draws) -> Vec<BandScore> {
    let mut scores = Vec::new();
    for (at, of) in ["fused", "face", "voice", "words"].into_iter().enumerate() {
        for (what, read) in SIDES {
            let mut rows: Vec<Of<(bool, f64)>> = Vec::new();
            for (recording, (item, take)) in measured.recordings(0).enumerate() {
                let Some(given) = item.given(what) else { continue };
                let fused: Vec<Affect> = take.rows.iter().map(|row| row.affect).collect();
                let own = at.checked_sub(1).and_then(|modality| take.own.get(modality));
                for affect in own.unwrap_or(&fused) {
                    let (value, sd) = read(affect);
                    rows.push(Of { recording, value: ((given - value).abs() <= BAND_SDS * sd, BAND_SDS * sd) });
                }
            }
            if rows.is_empty() {
                continue;
            }
            let inside = draws.estimate(|weights| {
                let drawn = weighed(&rows, weights, |(is_inside, _), weight| (is_inside, weight));
                let all: f64 = drawn.iter().map(|(_, weight)| weight).sum();
                let inside: f64 = drawn.iter().filter(|(is_inside, _)| *is_inside).map(|(_, weight)| weight).sum();
                (all > 0.0).then(|| inside / all)
            });
            let half_width = rows.iter().map(|row| row.value.1).sum::<f64>() / rows.len() as f64;
            scores.push(BandScore { of, what, inside, rows: rows.len(), half_width: Some(half_width) });
        }
    }
    scores
}
