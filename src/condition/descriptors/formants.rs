//! Resonances of the vocal tract: roots of a linear predictor.
//!
//! The predictor is that of the sound at 11 kHz. Its autocorrelation is taken straight from the
//! part of the power spectrum that such a sound would have, so nothing is resampled.

use realfft::num_complex::Complex64;

use super::spectral::BINS;

const RATE_HZ: f64 = 11_000.0;
const SOURCE_RATE_HZ: f64 = 16_000.0;
const TRANSFORM: f64 = 512.0;
const ORDER: usize = 11;
/// The last bin at or under half of the rate.
const LAST_BIN: usize = 176;
const EDGE_HZ: f64 = 50.0;
const EMPHASIS: f64 = 0.97;
const ROUNDS: usize = 60;

/// Frequency and bandwidth in Hz; zeros where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Formant {
    pub hz: f32,
    pub bandwidth_hz: f32,
}

pub struct FormantReader {
    /// Per lag: each bin's weight.
    cosines: Vec<[f32; LAST_BIN + 1]>,
}

impl FormantReader {
    pub fn new() -> Self {
        let weight = |bin: usize, lag: usize| {
            let hz = bin as f64 * SOURCE_RATE_HZ / TRANSFORM;
            let turn = std::f64::consts::TAU * hz;
            let emphasis = 1.0 + EMPHASIS * EMPHASIS - 2.0 * EMPHASIS * (turn / SOURCE_RATE_HZ).cos();
            (emphasis * (turn * lag as f64 / RATE_HZ).cos()) as f32
        };
        let cosines = (0..=ORDER).map(|lag| std::array::from_fn(|bin| weight(bin, lag))).collect();
        Self { cosines }
    }

    /// The first three formants of a 20 ms spectrum.
    pub fn read(&self, magnitudes: &[f32; BINS]) -> [Formant; 3] {
        let power: [f32; LAST_BIN + 1] = std::array::from_fn(|bin| magnitudes[bin].powi(2));
        let mut lags = [0.0_f64; ORDER + 1];
        for (lag, cosines) in lags.iter_mut().zip(&self.cosines) {
            *lag = power.iter().zip(cosines).map(|(p, c)| f64::from(p * c)).sum();
        }
        predictor(&lags).map_or_else(Default::default, |polynomial| resonances(&polynomial))
    }
}

/// Levinson's recursion: 1, a₁ … aₙ. None for silence.
fn predictor(lags: &[f64; ORDER + 1]) -> Option<[f64; ORDER + 1]> {
    let mut a = [0.0; ORDER + 1];
    a[0] = 1.0;
    let mut error = lags[0];
    if error <= 1e-12 {
        return None;
    }
    error *= 1.0 + 1e-9;
    for order in 1..=ORDER {
        let sum: f64 = (0..order).map(|j| a[j] * lags[order - j]).sum();
        let reflection = -sum / error;
        let before = a;
        for j in 1..=order {
            a[j] = before[j] + reflection * before[order - j];
        }
        error *= 1.0 - reflection * reflection;
        if error <= 0.0 {
            return None;
        }
    }
    Some(a)
}

/// The three lowest resonances among the roots.
fn resonances(polynomial: &[f64; ORDER + 1]) -> [Formant; 3] {
    let mut found = [Formant::default(); ORDER];
    let mut len = 0;
    for root in roots(polynomial) {
        let hz = root.arg() * RATE_HZ / std::f64::consts::TAU;
        let size = root.norm();
        if !(EDGE_HZ..=RATE_HZ / 2.0 - EDGE_HZ).contains(&hz) || size <= 1e-6 {
            continue;
        }
        let bandwidth_hz = (-size.ln() * RATE_HZ / std::f64::consts::PI).max(0.0);
        found[len] = Formant { hz: hz as f32, bandwidth_hz: bandwidth_hz as f32 };
        len += 1;
    }
    found[..len].sort_by(|a, b| a.hz.total_cmp(&b.hz));
    [found[0], found[1], found[2]]
}

/// All roots at once, after Aberth (Math. Comp. 27, 1973).
fn roots(polynomial: &[f64; ORDER + 1]) -> [Complex64; ORDER] {
    let mut roots: [Complex64; ORDER] =
        std::array::from_fn(|k| Complex64::from_polar(0.9, std::f64::consts::TAU * k as f64 / ORDER as f64 + 0.4));
    for _ in 0..ROUNDS {
        let mut furthest = 0.0_f64;
        for k in 0..ORDER {
            let here = roots[k];
            let (mut value, mut rate) = (Complex64::ZERO, Complex64::ZERO);
            for &coefficient in polynomial {
                rate = rate * here + value;
                value = value * here + coefficient;
            }
            let push: Complex64 = (0..ORDER).filter(|&j| j != k).map(|j| (here - roots[j]).finv()).sum();
            let step = value / (rate - value * push);
            if step.is_finite() {
                roots[k] -= step;
                furthest = furthest.max(step.norm_sqr());
            }
        }
        if furthest < 1e-16 {
            break;
        }
    }
    roots
}
