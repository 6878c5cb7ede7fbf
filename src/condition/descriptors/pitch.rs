//! The fundamental, by summing harmonics on a logarithmic frequency scale and following the
//! likeliest path through the candidates.
//!
//! A bare tone under 100 Hz reads high, by 13 % at 70 Hz: little is heard of it, and it has no
//! harmonics to tell. A voice has.
//!
//! After Hermes, J. Acoust. Soc. Am. 83 (1988), "Measurement of pitch by subharmonic summation".

/// Magnitudes of a 1024-point transform at 16 kHz: 15.625 Hz each.
pub const BINS: usize = 513;
pub const BIN_HZ: f32 = 15.625;

const POINTS: usize = 513;
const LOWEST_HZ: f32 = 25.0;
const HIGHEST_HZ: f32 = 8000.0;
const PITCH_HZ: (f32, f32) = (55.0, 1000.0);
const HARMONICS: usize = 15;
const COMPRESSION: f32 = 0.85;
/// How far the best sum must stand over the mean one for a voice: 0 = not at all, 1 = infinitely.
const VOICED_CLARITY: f32 = 0.7;
/// Mean square under which nothing is a voice.
const VOICED_ENERGY: f32 = 3e-6;

const CANDIDATES: usize = 5;
/// Frames that a decision waits for.
pub const LOOKAHEAD: usize = 2;
/// Frames that are remembered: as many before the one decided as after.
const STEPS: usize = 2 * LOOKAHEAD + 1;
const NEWEST: usize = STEPS - 1;
/// Price of an octave's jump, where 1 is the price of a candidate without any sum.
const JUMP_PRICE: f32 = 0.35;
/// The same from or to a frame that isn't clear.
const UNCLEAR_JUMP_PRICE: f32 = 0.05;

/// Semitones over 27.5 Hz.
pub fn semitones_from_hz(hz: f32) -> f32 {
    12.0 * (hz / 27.5).log2()
}

pub fn hz_from_semitones(semitones: f32) -> f32 {
    27.5 * (semitones / 12.0).exp2()
}

#[derive(Debug, Clone, Copy, Default)]
struct Candidate {
    octaves: f32,
    price: f32,
    came_from: usize,
}

/// One frame's candidates; silence has none.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    is_clear: bool,
    candidates: [Candidate; CANDIDATES],
    len: usize,
}

pub struct PitchTracker {
    taps: Vec<(usize, [f32; 4])>,
    audibility: Vec<f32>,
    shifts: [usize; HARMONICS],
    weights: [f32; HARMONICS],
    octaves_per_point: f32,
    range: (usize, usize),
    peaks: [f32; BINS],
    smooth: [f32; BINS],
    scale: [f32; POINTS],
    sums: [f32; POINTS],
    steps: [Step; STEPS],
    len: usize,
}

impl PitchTracker {
    pub fn new() -> Self {
        let octaves_per_point = (HIGHEST_HZ / LOWEST_HZ).log2() / (POINTS - 1) as f32;
        let hz = |point: usize| LOWEST_HZ * (point as f32 * octaves_per_point).exp2();
        let point_above = |hz: f32| ((hz / LOWEST_HZ).log2() / octaves_per_point).ceil() as usize;
        Self {
            taps: (0..POINTS).map(|point| cubic_taps(hz(point) / BIN_HZ)).collect(),
            audibility: (0..POINTS).map(|point| audibility(hz(point))).collect(),
            shifts: std::array::from_fn(|n| (((n + 1) as f32).log2() / octaves_per_point).round() as usize),
            weights: std::array::from_fn(|n| COMPRESSION.powi(n as i32)),
            octaves_per_point,
            range: (point_above(PITCH_HZ.0), point_above(PITCH_HZ.1)),
            peaks: [0.0; BINS],
            smooth: [0.0; BINS],
            scale: [0.0; POINTS],
            sums: [0.0; POINTS],
            steps: [Step::default(); STEPS],
            len: 0,
        }
    }

    pub fn reset(&mut self) {
        self.steps = [Step::default(); STEPS];
        self.len = 0;
    }

    /// Takes in one frame, and gives the pitch in Hz of the one [`LOOKAHEAD`] before it, once
    /// there is one; `Some(0.0)` is unvoiced.
    pub fn push(&mut self, magnitudes: &[f32; BINS], energy: f32) -> Option<f32> {
        let newest = self.candidates(magnitudes, energy);
        self.follow(newest);
        (self.len > LOOKAHEAD).then(|| self.trace(LOOKAHEAD))
    }

    /// The pitch of the frames that still wait, oldest first.
    pub fn finish(&mut self) -> impl Iterator<Item = f32> {
        let waiting = self.len.min(LOOKAHEAD);
        (0..waiting).rev().map(|back| self.trace(back))
    }

    fn candidates(&mut self, magnitudes: &[f32; BINS], energy: f32) -> Step {
        let mut step = Step::default();
        if energy < VOICED_ENERGY {
            return step;
        }
        self.sum_harmonics(magnitudes);
        let (first, last) = self.range;
        let best = self.sums[first..=last].iter().copied().fold(0.0, f32::max);
        let mean = self.sums.iter().sum::<f32>() / POINTS as f32;
        if best <= 0.0 {
            return step;
        }
        step.is_clear = 1.0 - mean / best >= VOICED_CLARITY;
        for point in first.max(1)..=last.min(POINTS - 2) {
            let [before, here, after] = [self.sums[point - 1], self.sums[point], self.sums[point + 1]];
            if here < before || here <= after {
                continue;
            }
            let bend = before - 2.0 * here + after;
            let shift = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
            step.offer(Candidate {
                octaves: (point as f32 + shift) * self.octaves_per_point,
                price: 1.0 - here / best,
                came_from: 0,
            });
        }
        step
    }

    /// Leaves in `sums` how much each pitch explains of the spectrum.
    fn sum_harmonics(&mut self, magnitudes: &[f32; BINS]) {
        self.peaks.fill(0.0);
        for bin in 1..BINS - 1 {
            if magnitudes[bin] > magnitudes[bin - 1] && magnitudes[bin] >= magnitudes[bin + 1] {
                let around = bin.saturating_sub(2)..(bin + 3).min(BINS);
                self.peaks[around.clone()].copy_from_slice(&magnitudes[around]);
            }
        }
        for bin in 1..BINS - 1 {
            self.smooth[bin] = 0.25 * (self.peaks[bin - 1] + self.peaks[bin + 1]) + 0.5 * self.peaks[bin];
        }
        for ((out, (bin, taps)), audibility) in self.scale.iter_mut().zip(&self.taps).zip(&self.audibility) {
            let near = &self.smooth[*bin..*bin + 4];
            let value: f32 = near.iter().zip(taps).map(|(a, b)| a * b).sum();
            *out = value.max(0.0) * audibility;
        }
        self.sums.fill(0.0);
        for (shift, weight) in self.shifts.iter().zip(self.weights) {
            for (sum, value) in self.sums.iter_mut().zip(&self.scale[*shift..]) {
                *sum += weight * value;
            }
        }
    }

    /// Joins `step` to the cheapest path that leads to each of its candidates.
    fn follow(&mut self, mut step: Step) {
        let last = self.steps[NEWEST];
        let before = &last.candidates[..last.len];
        let jump_price = if last.is_clear && step.is_clear { JUMP_PRICE } else { UNCLEAR_JUMP_PRICE };
        for candidate in &mut step.candidates[..step.len] {
            let cheapest = before
                .iter()
                .enumerate()
                .map(|(i, b)| (i, b.price + jump_price * (b.octaves - candidate.octaves).abs()))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((came_from, price)) = cheapest {
                candidate.came_from = came_from;
                candidate.price += price;
            }
        }
        // Only differences count, and sums must not grow with the stream.
        let lowest_price = step.cheapest().map_or(0.0, |i| step.candidates[i].price);
        for candidate in &mut step.candidates[..step.len] {
            candidate.price -= lowest_price;
        }
        self.steps.rotate_left(1);
        self.steps[NEWEST] = step;
        self.len = (self.len + 1).min(LOOKAHEAD + 1);
    }

    /// The pitch `back` frames ago on the best path that can be told by then.
    ///
    /// A frame is voiced if most of those around it are clear: one or two stray frames neither
    /// make a voice nor break one.
    fn trace(&self, back: usize) -> f32 {
        let target = NEWEST - back;
        let around = &self.steps[target - LOOKAHEAD..(target + LOOKAHEAD + 1).min(STEPS)];
        if around.iter().filter(|step| step.is_clear).count() <= LOOKAHEAD {
            return 0.0;
        }
        let mut next: Option<Candidate> = None;
        for step in self.steps[target..].iter().rev() {
            let at = next.filter(|_| step.len > 0).map(|next| next.came_from);
            next = at.or_else(|| step.cheapest()).map(|at| step.candidates[at]);
        }
        next.map_or(0.0, |candidate| (LOWEST_HZ * candidate.octaves.exp2()).clamp(PITCH_HZ.0, PITCH_HZ.1))
    }
}

impl Step {
    /// Keeps the candidate if it's among the best.
    fn offer(&mut self, candidate: Candidate) {
        if self.len < CANDIDATES {
            self.candidates[self.len] = candidate;
            self.len += 1;
            return;
        }
        let worst = self.candidates.iter_mut().max_by(|a, b| a.price.total_cmp(&b.price));
        if let Some(worst) = worst.filter(|worst| worst.price > candidate.price) {
            *worst = candidate;
        }
    }

    fn cheapest(&self) -> Option<usize> {
        (0..self.len).min_by(|&a, &b| self.candidates[a].price.total_cmp(&self.candidates[b].price))
    }
}

/// Bins and weights of Catmull and Rom's cubic at a place between bins.
fn cubic_taps(place: f32) -> (usize, [f32; 4]) {
    let bin = (place.floor() as usize).clamp(1, BINS - 3);
    let t = place - bin as f32;
    let (t2, t3) = (t * t, t * t * t);
    let taps = [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ];
    (bin - 1, taps)
}

/// How much a frequency adds to what is heard as pitch, 0–1: little under 70 Hz.
fn audibility(hz: f32) -> f32 {
    0.5 + (3.0 * (hz / 70.0).log2()).atan() / std::f32::consts::PI
}
