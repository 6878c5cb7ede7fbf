//! What changes from one period of the voice to the next.

/// Share of the expected period that the next one may be shorter or longer.
const REACH: f32 = 0.2;
/// Likeness of neighbouring periods under which they aren't taken for periods.
const LIKENESS: f32 = 0.5;
/// 60 ms at 1000 Hz hold this many.
const MOST: usize = 64;

#[derive(Debug, Clone, Copy, Default)]
pub struct Periods {
    /// Mean change of the period over the mean period; 0 with fewer than two.
    pub jitter: f32,
    /// Mean change of the amplitude in dB; 0 with fewer than two.
    pub shimmer_db: f32,
}

/// Cuts `samples` into periods near `period` samples, and compares neighbours.
pub fn measure(samples: &[f32], period: f32) -> Periods {
    let mut lengths = [0.0_f32; MOST];
    let mut swings = [0.0_f32; MOST];
    let mut len = 0;
    let template = period.round() as usize;
    let mut place = start(samples, template) as f32;

    while len < MOST {
        let at = place.round() as usize;
        let Some((length, likeness)) = next_period(samples, at, template) else { break };
        if likeness >= LIKENESS {
            lengths[len] = length;
            swings[len] = swing(&samples[at..at + template]);
            len += 1;
        } else {
            break;
        }
        place += length;
    }
    compare(&lengths[..len], &swings[..len])
}

/// Where the first period begins: half a period before its strongest sample, so that the
/// strongest part lies in the middle of what is compared.
fn start(samples: &[f32], template: usize) -> usize {
    let head = &samples[..(template + template / 2).min(samples.len())];
    let skipped = template / 2;
    head.iter()
        .enumerate()
        .skip(skipped)
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .map_or(0, |(i, _)| i - skipped)
}

/// Length of the period at `at`, to a fraction of a sample, and how like the next one is.
fn next_period(samples: &[f32], at: usize, template: usize) -> Option<(f32, f32)> {
    let shortest = ((1.0 - REACH) * template as f32).floor().max(2.0) as usize;
    let longest = ((1.0 + REACH) * template as f32).ceil() as usize + 1;
    if at + longest + 1 + template > samples.len() {
        return None;
    }
    let here = &samples[at..at + template];
    let own: f32 = here.iter().map(|s| s * s).sum();
    let likeness = |lag: usize| {
        let there = &samples[at + lag..at + lag + template];
        let (mut cross, mut other) = (0.0, 0.0);
        for (a, b) in here.iter().zip(there) {
            cross += a * b;
            other += b * b;
        }
        cross / (own * other).sqrt().max(f32::MIN_POSITIVE)
    };
    let mut best = (shortest, f32::MIN);
    for lag in shortest..=longest {
        let value = likeness(lag);
        if value > best.1 {
            best = (lag, value);
        }
    }
    let (before, after) = (likeness(best.0 - 1), likeness(best.0 + 1));
    let bend = before - 2.0 * best.1 + after;
    let shift = if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
    Some((best.0 as f32 + shift, best.1))
}

fn swing(samples: &[f32]) -> f32 {
    let (low, high) =
        samples.iter().fold((f32::MAX, f32::MIN), |(low, high), &s| (low.min(s), high.max(s)));
    high - low
}

fn compare(lengths: &[f32], swings: &[f32]) -> Periods {
    if lengths.len() < 2 {
        return Periods::default();
    }
    let pairs = (lengths.len() - 1) as f32;
    let mean = lengths.iter().sum::<f32>() / lengths.len() as f32;
    let change = lengths.windows(2).map(|p| (p[1] - p[0]).abs()).sum::<f32>() / pairs;
    let shimmer_db = swings
        .windows(2)
        .filter(|p| p[0] > 0.0 && p[1] > 0.0)
        .map(|p| (20.0 * (p[1] / p[0]).log10()).abs())
        .sum::<f32>()
        / pairs;
    Periods { jitter: change / mean, shimmer_db }
}

/// Harmonics over noise in dB, −30 to 50, from the autocorrelation at the period.
pub fn harmonics_to_noise_db(lags: &[f32], period: f32) -> f32 {
    let first = ((0.9 * period) as usize).max(2);
    let last = ((1.1 * period) as usize + 1).min(lags.len() / 2);
    let (Some(whole), Some(near)) = (lags.first(), lags.get(first..=last)) else { return 0.0 };
    if *whole <= 0.0 {
        return 0.0;
    }
    let share = (near.iter().copied().fold(0.0, f32::max) / whole).clamp(1e-3, 1.0 - 1e-5);
    10.0 * (share / (1.0 - share)).log10()
}
