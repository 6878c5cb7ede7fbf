//! Loudness, balance, slopes, flux and cepstrum of one 20 ms spectrum.

use std::f32::consts::PI;

/// Magnitudes of a 512-point transform at 16 kHz: 31.25 Hz each.
pub const BINS: usize = 257;
const BIN_HZ: f32 = 31.25;
const BANDS: usize = 26;
const COEFFICIENTS: usize = 4;
const LIFTER: f32 = 22.0;

/// Power below which a bin counts as this, on the scale of full scale = 1.
const BIN_FLOOR: f32 = 1e-14;
/// The same for a Mel band: one squared step of 16 bits.
const BAND_FLOOR: f32 = 1.0 / (32767.0 * 32767.0);
/// Fitted once to openSMILE's loudness, which is on a scale of its own.
const LOUDNESS_SCALE: f32 = 0.069;

/// What is read off one spectrum. Units are those of the descriptors.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spectral {
    pub loudness: f32,
    pub alpha_ratio: f32,
    pub hammarberg_index: f32,
    pub slope_0_500: f32,
    pub slope_500_1500: f32,
    pub flux: f32,
    pub mfcc: [f32; COEFFICIENTS],
}

pub struct SpectralReader {
    bands: [Vec<(usize, f32)>; BANDS],
    loudness_weights: [f32; BANDS],
    cosines: [[f32; BANDS]; COEFFICIENTS],
    before: [f32; BINS],
    has_before: bool,
}

impl SpectralReader {
    pub fn new() -> Self {
        let (low, high) = (mel_from_hz(20.0), mel_from_hz(8000.0));
        let step = (high - low) / (BANDS + 1) as f32;
        let bands = std::array::from_fn(|band| triangle(low + (band + 1) as f32 * step, step));
        let loudness_weights = std::array::from_fn(|band| {
            LOUDNESS_SCALE * equal_loudness(hz_from_mel(low + (band + 1) as f32 * step)).powf(0.33)
        });
        let cosines = std::array::from_fn(|k| {
            let k = (k + 1) as f32;
            let lift = 1.0 + LIFTER / 2.0 * (PI * k / LIFTER).sin();
            let scale = (2.0 / BANDS as f32).sqrt() * lift;
            std::array::from_fn(|b| scale * (PI * k / BANDS as f32 * (b as f32 + 0.5)).cos())
        });
        Self { bands, loudness_weights, cosines, before: [0.0; BINS], has_before: false }
    }

    pub fn reset(&mut self) {
        self.has_before = false;
    }

    pub fn read(&mut self, magnitudes: &[f32; BINS]) -> Spectral {
        let power = magnitudes.map(|m| m * m);
        let level = power.map(|p| 10.0 * p.max(BIN_FLOOR).log10());

        let band_power: [f32; BANDS] = std::array::from_fn(|band| {
            let sum: f32 = self.bands[band].iter().map(|&(bin, weight)| power[bin] * weight).sum();
            sum.max(BAND_FLOOR)
        });
        let loudness = band_power.iter().zip(&self.loudness_weights).map(|(p, w)| w * p.powf(0.33)).sum();
        let logs = band_power.map(f32::ln);
        let mfcc = std::array::from_fn(|k| dot(&self.cosines[k], &logs));

        // Bin 32 is 1 kHz, bin 64 is 2 kHz, bin 160 is 5 kHz.
        let below: f32 = power[..32].iter().sum();
        let above: f32 = power[32..=160].iter().sum();
        let spectral = Spectral {
            loudness,
            alpha_ratio: ratio_db(above, below),
            hammarberg_index: peak(&level[..=64]) - peak(&level[64..=160]),
            slope_0_500: slope(&level, 0, 16),
            slope_500_1500: slope(&level, 16, 48),
            flux: self.flux(magnitudes),
            mfcc,
        };
        self.before = *magnitudes;
        self.has_before = true;
        spectral
    }

    fn flux(&self, magnitudes: &[f32; BINS]) -> f32 {
        if !self.has_before {
            return 0.0;
        }
        let squares: f32 = magnitudes[..=160].iter().zip(&self.before).map(|(a, b)| (a - b).powi(2)).sum();
        (squares / 160.0).sqrt()
    }
}

/// Bins and weights of the triangle around `centre` that reaches `half` to each side, in Mel.
fn triangle(centre: f32, half: f32) -> Vec<(usize, f32)> {
    (0..BINS)
        .filter_map(|bin| {
            let away = (mel_from_hz(bin as f32 * BIN_HZ) - centre).abs() / half;
            (away < 1.0).then_some((bin, 1.0 - away))
        })
        .collect()
}

fn mel_from_hz(hz: f32) -> f32 {
    1127.0 * (hz / 700.0).ln_1p()
}

fn hz_from_mel(mel: f32) -> f32 {
    700.0 * (mel / 1127.0).exp_m1()
}

/// Hermansky's curve (J. Acoust. Soc. Am. 87, 1990), with a fall at the top that was fitted to
/// openSMILE's output: it's steeper than the published one.
fn equal_loudness(hz: f32) -> f32 {
    let square = hz * hz;
    let curve = (square / (square + 1.6e5)).powi(2) * (square + 1.44e6) / (square + 9.61e6);
    curve / (1.0 + (hz / 4606.0).powi(7))
}

/// Line through the levels of bins `first..=last`, in dB/Hz.
///
/// The sums are over all bins, and the count is that of the steps between them. openSMILE's
/// output shows the same, which makes its slopes move a little with the level.
fn slope(level: &[f32; BINS], first: usize, last: usize) -> f32 {
    let count = (last - first) as f32;
    let mut sums = [0.0_f32; 4];
    for (bin, level) in level.iter().enumerate().take(last + 1).skip(first) {
        let x = bin as f32;
        sums[0] += x;
        sums[1] += x * x;
        sums[2] += level;
        sums[3] += x * level;
    }
    let [x, xx, y, xy] = sums;
    (xy - x * y / count) / (xx - x * x / count) / BIN_HZ
}

fn ratio_db(above: f32, below: f32) -> f32 {
    if above <= BIN_FLOOR && below <= BIN_FLOOR {
        return 0.0;
    }
    10.0 * (above.max(BIN_FLOOR) / below.max(BIN_FLOOR)).log10()
}

fn peak(level: &[f32]) -> f32 {
    level.iter().copied().fold(f32::MIN, f32::max)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
