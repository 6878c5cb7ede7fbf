//! The shape of a curve over time: percentiles, rises, falls, peaks, runs.

/// Mean and standard deviation; zeros for no values.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moments {
    pub mean: f32,
    pub deviation: f32,
}

impl Moments {
    pub fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        let (sum, count) = values.clone().fold((0.0_f64, 0.0_f64), |(s, n), v| (s + f64::from(v), n + 1.0));
        if count == 0.0 {
            return Self::default();
        }
        let mean = sum / count;
        let squares: f64 = values.map(|v| (f64::from(v) - mean).powi(2)).sum();
        Self { mean: mean as f32, deviation: (squares / count).sqrt() as f32 }
    }

    /// The deviation over the mean; 0 where the mean is 0.
    pub fn relative_deviation(self) -> f32 {
        if self.mean.abs() < 1e-9 { 0.0 } else { self.deviation / self.mean }
    }
}

/// The value that `share` (0–1) of the sorted values lie under, between neighbours on a line.
pub fn percentile(sorted: &[f32], share: f32) -> f32 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f32;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f32) * (sorted[above] - sorted[below])
}

/// Slopes in units per second, ≥ 0 both ways, and how many peaks there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slopes {
    pub rising: Moments,
    pub falling: Moments,
    pub peaks: usize,
}

/// Swings smaller than this share of the whole range aren't peaks.
const SWING: f32 = 0.1;

/// Follows the curve from peak to valley; its ends count as either.
pub fn slopes(curve: &[f32], hop_secs: f32) -> Slopes {
    let (low, high) = curve.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    if curve.len() < 2 || high <= low {
        return Slopes::default();
    }
    let turns = turns(curve, SWING * (high - low));
    let peaks = turns.iter().filter(|turn| turn.is_peak).count();
    let places: Vec<usize> =
        std::iter::once(0).chain(turns.iter().map(|turn| turn.at)).chain(std::iter::once(curve.len() - 1)).collect();
    let steepness = places
        .windows(2)
        .filter(|p| p[1] > p[0])
        .map(|p| (curve[p[1]] - curve[p[0]]) / ((p[1] - p[0]) as f32 * hop_secs));
    Slopes {
        rising: Moments::of(steepness.clone().filter(|s| *s > 0.0)),
        falling: Moments::of(steepness.map(|s| -s).filter(|s| *s > 0.0)),
        peaks,
    }
}

struct Turn {
    at: usize,
    is_peak: bool,
}

/// Peaks and valleys in turn, each more than `swing` away from the one before.
fn turns(curve: &[f32], swing: f32) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let (mut highest, mut lowest) = (0, 0);
    for (i, &value) in curve.iter().enumerate().skip(1) {
        if value > curve[highest] {
            highest = i;
        }
        if value < curve[lowest] {
            lowest = i;
        }
        let seeks = turns.last().map(|turn| !turn.is_peak);
        if seeks != Some(false) && curve[highest] - value > swing {
            turns.push(Turn { at: highest, is_peak: true });
            (highest, lowest) = (i, i);
        } else if seeks != Some(true) && value - curve[lowest] > swing {
            turns.push(Turn { at: lowest, is_peak: false });
            (highest, lowest) = (i, i);
        }
    }
    turns
}

/// Lengths of the runs of `wanted` that are at least `shortest` long.
pub fn runs(flags: impl Iterator<Item = bool>, wanted: bool, shortest: usize) -> impl Iterator<Item = usize> {
    let mut flags = flags.fuse();
    let mut is_over = false;
    std::iter::from_fn(move || {
        let mut len = 0;
        while !is_over {
            let flag = flags.next();
            is_over = flag.is_none();
            if flag == Some(wanted) {
                len += 1;
            } else if len >= shortest {
                return Some(len);
            } else {
                len = 0;
            }
        }
        None
    })
}
