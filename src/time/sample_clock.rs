//! From a sample's index to session time, through a sound card that drifts and callbacks that jitter.

use serde::Deserialize;
use serde::Serialize;

use crate::time::Span;
use crate::time::Timestamp;

/// Follows a sound card's clock by a second-order delay-locked loop.
///
/// Source: F. Adriaensen, "Using a DLL to filter time" (Linux Audio Conference 2005): the loop's bandwidth sets how
/// fast it follows; its gains are `√2·ω` and `ω²`, with `ω = 2π · bandwidth · period`.
///
/// # Takes
///
/// The raw stamp of each block: the index of its first sample and when that sample was captured.
///
/// # Gives
///
/// A smooth map from sample index to [`Timestamp`]: at any one time it grows with the index; what it said of an index may
/// change by a part of a millisecond as the loop follows the card.
#[derive(Debug, Clone)]
pub struct SampleClock {
    nominal_rate_hz: f64,
    state: Option<Loop>,
}

/// Where a [`SampleClock`] is: enough to go on from there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// The first sample of the last block.
    pub sample: u64,
    /// When it was captured, as the loop has it, seconds.
    pub at_secs: f64,
    /// From sample to sample, seconds.
    pub secs_per_sample: f64,
    /// Blocks since it began.
    pub blocks: u32,
}

const BANDWIDTH_HZ: f64 = 0.02;
const SETTLING_BANDWIDTH_HZ: f64 = 0.5;
const SETTLING_BLOCKS: u32 = 200;
const LOST_SECS: f64 = 0.25;

impl SampleClock {
    /// A clock for a device which says that it gives `rate_hz` samples a second.
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        Self { nominal_rate_hz: f64::from(rate_hz.max(1)), state: None }
    }

    /// Where it is; `None` before the first block.
    #[must_use]
    pub const fn state(&self) -> Option<Loop> {
        self.state
    }

    /// Goes on from where another was.
    #[must_use]
    pub fn from_state(rate_hz: u32, state: Option<Loop>) -> Self {
        Self { state, ..Self::new(rate_hz) }
    }

    /// Takes in the raw stamp of the block that starts at `first_sample`.
    ///
    /// A stamp more than a quarter of a second off its prediction (the device slept, or was replaced) starts the
    /// loop afresh.
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    pub fn observe(&mut self, first_sample: u64, captured_at: Timestamp) {
        let nominal = 1.0 / self.nominal_rate_hz;
        let observed = captured_at.secs();
        let fresh = Loop { sample: first_sample, at_secs: observed, secs_per_sample: nominal, blocks: 0 };
        let Some(last) = self.state else {
            self.state = Some(fresh);
            return;
        };
        if first_sample <= last.sample {
            return;
        }
        let samples = (first_sample - last.sample) as f64;
        let predicted = last.at_secs + samples * last.secs_per_sample;
        let error = observed - predicted;
        if error.abs() > LOST_SECS {
            self.state = Some(fresh);
            return;
        }
        let bandwidth = if last.blocks < SETTLING_BLOCKS { SETTLING_BANDWIDTH_HZ } else { BANDWIDTH_HZ };
        let omega = (std::f64::consts::TAU * bandwidth * samples * nominal).min(0.5);
        let secs_per_sample =
            (last.secs_per_sample + omega * omega * error / samples).clamp(nominal * 0.99, nominal * 1.01);
        self.state = Some(Loop {
            sample: first_sample,
            at_secs: predicted + std::f64::consts::SQRT_2 * omega * error,
            secs_per_sample,
            blocks: last.blocks.saturating_add(1),
        });
    }

    /// When sample `index` was captured; `None` before the first block.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    pub fn at(&self, index: u64) -> Option<Timestamp> {
        let state = self.state?;
        let samples = index as f64 - state.sample as f64;
        Some(Timestamp::from_secs(state.at_secs + samples * state.secs_per_sample))
    }

    /// The span of the samples `first..first + len`; `None` before the first block.
    #[must_use]
    pub fn span(&self, first: u64, len: u64) -> Option<Span> {
        Some(Span::new(self.at(first)?, self.at(first + len)?))
    }

    /// How much faster the device runs than it says, in parts per million.
    #[must_use]
    pub fn drift_ppm(&self) -> f64 {
        self.state.map_or(0.0, |state| (1.0 / (state.secs_per_sample * self.nominal_rate_hz) - 1.0) * 1e6)
    }
}
