//! What changes from one period of the voice to the next.

/// Share of the expected period that the next one may be shorter or longer.
const REACH: f32 = 0.1;
/// Likeness of neighbouring stretches under which they aren't periods.
const LIKENESS: f32 = 0.5;

/// Share of a period that the next one may differ by and still be compared.
const LARGEST_CHANGE: f32 = 0.2;

/// Means over the pairs of periods of which the second begins in the hop; 0 where there's none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Periods {
    /// Change of the length over the mean of the two.
    pub jitter: f32,
    /// Change of the amplitude in dB.
    pub shimmer_db: f32,
}

/// Follows a voice from period to period, across hops.
#[derive(Debug, Clone, Copy, Default)]
pub struct PeriodTracker {
    /// Where the next period begins, in samples after the start of the next window.
    place: Option<f32>,
    before: Option<Period>,
}

#[derive(Debug, Clone, Copy)]
struct Period {
    samples: f32,
    swing: f32,
}

impl Period {
    /// Whether the pitch stays, and doesn't jump to another octave.
    fn is_comparable(self, next: Self) -> bool {
        let change = (next.samples - self.samples).abs();
        change < LARGEST_CHANGE * self.samples && self.swing > 0.0 && next.swing > 0.0
    }
}

impl PeriodTracker {
    /// To be called for a window without a voice.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Reads the periods that begin in the first `hop` samples of a window; `expected` is their
    /// length in samples.
    pub fn push(&mut self, window: &[f32], hop: usize, expected: f32) -> Periods {
        let len = expected.round().max(2.0) as usize;
        let mut place = self.place.filter(|place| *place >= 0.0).unwrap_or_default();
        let (mut jitter, mut shimmer_db, mut pairs) = (0.0, 0.0, 0.0_f32);

        while place < hop as f32 {
            let Some((period, likeness)) = read_period(window, place.round() as usize, len) else {
                break;
            };
            if likeness < LIKENESS {
                self.before = None;
                place += expected;
                continue;
            }
            if let Some(before) = self.before.filter(|before| before.is_comparable(period)) {
                let both = before.samples + period.samples;
                jitter += 2.0 * (period.samples - before.samples).abs() / both;
                shimmer_db += (20.0 * (period.swing / before.swing).log10()).abs();
                pairs += 1.0;
            }
            self.before = Some(period);
            place += period.samples;
        }
        self.place = Some(place - hop as f32);
        let pairs = pairs.max(1.0);
        Periods { jitter: jitter / pairs, shimmer_db: shimmer_db / pairs }
    }
}

/// The period at `at`, its length to a fraction of a sample, and how like the next one is.
fn read_period(window: &[f32], at: usize, len: usize) -> Option<(Period, f32)> {
    let shortest = (((1.0 - REACH) * len as f32) as usize).max(2);
    let longest = ((1.0 + REACH) * len as f32) as usize + 1;
    if at + longest + 1 + len > window.len() {
        return None;
    }
    let here = &window[at..at + len];
    let own: f32 = here.iter().map(|s| s * s).sum();
    let likeness = |lag: usize| {
        let there = &window[at + lag..at + lag + len];
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
    let (lag, likeness_there) = best;
    let (before, after) = (likeness(lag - 1), likeness(lag + 1));
    let bend = before - 2.0 * likeness_there + after;
    let shift = if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
    Some((Period { samples: lag as f32 + shift, swing: swing(here) }, likeness_there))
}

fn swing(samples: &[f32]) -> f32 {
    let (low, high) = samples.iter().fold((f32::MAX, f32::MIN), |(low, high), &s| (low.min(s), high.max(s)));
    high - low
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
