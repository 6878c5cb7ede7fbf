//! The readable measures of a voice: the 25 low-level descriptors and 88 functionals of eGeMAPS.
//!
//! Defined in Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set for Voice Research
//! and Affective Computing", IEEE Transactions on Affective Computing 7(2), 2016, sections 3.1
//! and 3.2.
//!
//! # Agreement with openSMILE
//!
//! Beside openSMILE 2.5.1, eGeMAPSv02, on 60 recordings (20 085 frames), half RAVDESS, half
//! Java-SED. Pearson's *r*; for the whole recording, that of its mean.
//!
//! | descriptor                          | r of frames | off by, median | r of recordings |
//! |-------------------------------------|-------------|----------------|-----------------|
//! | voicing                             | 98.3 % same |                |                 |
//! | F0                                  | .997        | 0.51 %         | .999            |
//! | loudness, ratios, slopes, flux      | 1.000       | 0.0 %          | .986–1.000      |
//! | MFCC 1–4                            | 1.000       | 0.2–0.6 %      | .997–1.000      |
//! | jitter                              | .48         | 30 %           | .81             |
//! | shimmer                             | .78         | 20 %           | .79             |
//! | HNR                                 | .996        | 0.0 dB         | .99             |
//! | H1–H2                               | .980        | 0.14 dB        | .99             |
//! | H1–A3                               | .911        | 1.6 dB         | .98             |
//! | formants' levels, 1–3               | .79–.84     | 1.5–5.0 dB     | .95–1.00        |
//! | F1, F2, F3                          | .27 .05 .08 | 32 17 9 %      | .74 .27 .2      |
//! | their bandwidths                    | −.15–.15    | 62–89 %        | −.2–.4          |
//! | voiced segments per second          |             | 11 %           | .89             |
//! | slopes of F0, rising, falling       |             | 26–38 %        | .67 .30         |
//!
//! Of the F0 0.7 % are off by over 20 %. Formants are not made to agree: on synthetic sounds
//! openSMILE's hardly follow the resonance (moved from 500 to 3000 Hz, its F1 goes from 394 to
//! 489 Hz). Beside Praat's Burg method these lie 3 % off for each of F1–F3 (r .81 .78 .59), and
//! openSMILE's 35, 16 and 8 % (r .26 .12 .16). The table is printed by
//!
//! ```text
//! cargo build --release --example descriptors
//! python models/training/compare_opensmile.py --data DIR
//! ```
//!
//! but for Praat's line. `stddevNorm` of what has a mean near 0, such as MFCC 2 and 4, is large
//! and changes sign by chance, here as there.
//!
//! Where the measured output departs from the paper, it is the output that is followed: H1 and
//! H2 are the second and third partial, the slopes' regression counts one bin too few, and the
//! formants' levels are averaged with −201 dB for each unvoiced frame.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "bins, lags and lengths are small, and are turned to and from frequencies throughout"
)]
#![allow(clippy::indexing_slicing, reason = "lengths are constants of the transforms, and ranges are clamped to them")]

mod contour;
mod formants;
mod frame;
mod functionals;
mod harmonics;
mod periods;
mod pitch;
mod smooth;
mod spectral;
mod spectrum;
#[cfg(test)]
mod tests;

pub use frame::{Descriptor, DescriptorFrame};
pub use functionals::{FUNCTIONAL_NAMES, functionals, voiced_share};

use formants::{Formant, FormantReader};
use periods::PeriodTracker;
use pitch::PitchTracker;
use smooth::Smoother;
use spectral::{Spectral, SpectralReader};
use spectrum::{Autocorrelation, Spectrum};

/// Sample rate that everything here is made for.
pub const RATE_HZ: u32 = 16_000;
/// Samples from one frame to the next: 10 ms.
pub const HOP: usize = 160;
/// Samples that a frame is read from: 60 ms for pitch and harmonics, the first 20 ms of them for
/// the rest.
pub const WINDOW: usize = 960;
/// Samples that must follow the middle of a frame's window until the frame is given: 60 ms.
pub const LOOKAHEAD: usize = WINDOW / 2 + HOP * (pitch::LOOKAHEAD + 1);

const SHORT_WINDOW: usize = 320;
const SHORT_TRANSFORM: usize = 512;
const LONG_TRANSFORM: usize = 1024;
const KEPT: usize = pitch::LOOKAHEAD + 1;

/// Reads descriptors from a stream of 16 kHz mono samples in −1..1.
///
/// Frame `n` is read from samples `160 n .. 160 n + 960`. How the samples are split into blocks
/// makes no difference. Memory is taken on creation only.
pub struct Descriptors {
    window: Box<[f32; WINDOW]>,
    filled: usize,
    short: Spectrum,
    long: Spectrum,
    autocorrelation: Autocorrelation,
    spectral: SpectralReader,
    formants: FormantReader,
    pitch: PitchTracker,
    periods: PeriodTracker,
    waiting: Box<[Waiting; KEPT]>,
    smoother: Smoother,
    given: u64,
}

/// A window whose pitch isn't decided.
#[derive(Clone)]
struct Waiting {
    samples: [f32; WINDOW],
    magnitudes: [f32; pitch::BINS],
    spectral: Spectral,
    formants: [Formant; 3],
    energy: f32,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            samples: [0.0; WINDOW],
            magnitudes: [0.0; pitch::BINS],
            spectral: Spectral::default(),
            formants: [Formant::default(); 3],
            energy: 0.0,
        }
    }
}

impl Default for Descriptors {
    fn default() -> Self {
        Self::new()
    }
}

impl Descriptors {
    /// Nothing heard yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            window: Box::new([0.0; WINDOW]),
            filled: 0,
            short: Spectrum::new(spectrum::hamming(SHORT_WINDOW), SHORT_TRANSFORM),
            long: Spectrum::new(spectrum::gauss(WINDOW, 0.4), LONG_TRANSFORM),
            autocorrelation: Autocorrelation::new(LONG_TRANSFORM),
            spectral: SpectralReader::new(),
            formants: FormantReader::new(),
            pitch: PitchTracker::new(),
            periods: PeriodTracker::default(),
            waiting: Box::new(std::array::from_fn(|_| Waiting::default())),
            smoother: Smoother::default(),
            given: 0,
        }
    }

    /// Takes in a block, and hands each frame that it completes to `emit`, with its index.
    ///
    /// A sample that isn't a number counts as 0; others are clamped to −1..1.
    pub fn push(&mut self, mut samples: &[f32], mut emit: impl FnMut(u64, &DescriptorFrame)) {
        while !samples.is_empty() {
            let (taken, rest) = samples.split_at(samples.len().min(WINDOW - self.filled));
            let room = &mut self.window[self.filled..self.filled + taken.len()];
            for (to, from) in room.iter_mut().zip(taken) {
                *to = if from.is_nan() { 0.0 } else { from.clamp(-1.0, 1.0) };
            }
            self.filled += taken.len();
            samples = rest;
            if self.filled == WINDOW {
                self.read_window(&mut emit);
                self.window.copy_within(HOP.., 0);
                self.filled = WINDOW - HOP;
            }
        }
    }

    /// Gives the frames that still wait for later ones, and starts afresh.
    ///
    /// What is left of the sound is shorter than a hop's step, or than one window, and is dropped.
    pub fn finish(&mut self, mut emit: impl FnMut(u64, &DescriptorFrame)) {
        let mut pitches = [0.0; pitch::LOOKAHEAD];
        let mut len = 0;
        for (slot, hz) in pitches.iter_mut().zip(self.pitch.finish()) {
            *slot = hz;
            len += 1;
        }
        for (i, hz) in pitches[..len].iter().enumerate() {
            let frame = self.read_voice(KEPT - len + i, *hz);
            self.give(frame, &mut emit);
        }
        if let Some(frame) = self.smoother.finish() {
            emit(self.given, &frame);
        }
        self.reset();
    }

    /// Forgets what was heard. The next sample is the first, and the next frame is number 0.
    pub fn reset(&mut self) {
        self.filled = 0;
        self.spectral.reset();
        self.pitch.reset();
        self.periods.reset();
        self.smoother = Smoother::default();
        self.given = 0;
    }

    fn read_window(&mut self, emit: &mut impl FnMut(u64, &DescriptorFrame)) {
        self.waiting.rotate_left(1);
        let waiting = &mut self.waiting[KEPT - 1];
        waiting.samples = *self.window;
        self.long.magnitudes(&*self.window, &mut waiting.magnitudes);

        let mut magnitudes = [0.0; spectral::BINS];
        self.short.magnitudes(&self.window[..SHORT_WINDOW], &mut magnitudes);
        waiting.spectral = self.spectral.read(&magnitudes);
        waiting.formants = self.formants.read(&magnitudes);
        waiting.energy = mean_square(&self.window[..SHORT_WINDOW]);

        let energy = mean_square(&*self.window);
        if let Some(hz) = self.pitch.push(&waiting.magnitudes, energy) {
            let frame = self.read_voice(0, hz);
            self.give(frame, emit);
        }
    }

    fn give(&mut self, frame: DescriptorFrame, emit: &mut impl FnMut(u64, &DescriptorFrame)) {
        if let Some(frame) = self.smoother.push(frame) {
            emit(self.given, &frame);
            self.given += 1;
        }
    }

    /// All descriptors of the window kept at `index`, whose pitch is `hz`, or 0 if unvoiced.
    fn read_voice(&mut self, index: usize, hz: f32) -> DescriptorFrame {
        let waiting = &self.waiting[index];
        let mut frame = DescriptorFrame { energy: waiting.energy, ..DescriptorFrame::default() };
        frame.set_spectral(&waiting.spectral);
        frame.set_formants(&waiting.formants);
        if hz <= 0.0 {
            self.periods.reset();
            frame.set_formant_levels([harmonics::NO_LEVEL_DB; 3]);
            return frame;
        }
        let period = RATE_HZ as f32 / hz;
        let periods = self.periods.push(&waiting.samples, HOP, period);
        let lags = self.autocorrelation.lags(&waiting.magnitudes);
        let harmonics = harmonics::measure(&waiting.magnitudes, hz, waiting.formants.map(|f| f.hz));
        frame.set(Descriptor::F0, pitch::semitones_from_hz(hz));
        frame.set(Descriptor::Jitter, periods.jitter);
        frame.set(Descriptor::Shimmer, periods.shimmer_db);
        frame.set(Descriptor::Hnr, periods::harmonics_to_noise_db(lags, period));
        frame.set(Descriptor::H1H2, harmonics.h1_h2);
        frame.set(Descriptor::H1A3, harmonics.h1_a3);
        frame.set_formant_levels(harmonics.formants);
        frame
    }
}

impl DescriptorFrame {
    fn set(&mut self, descriptor: Descriptor, value: f32) {
        self.values[descriptor as usize] = if value.is_finite() { value } else { 0.0 };
    }

    fn set_spectral(&mut self, spectral: &Spectral) {
        self.set(Descriptor::Loudness, spectral.loudness);
        self.set(Descriptor::AlphaRatio, spectral.alpha_ratio);
        self.set(Descriptor::HammarbergIndex, spectral.hammarberg_index);
        self.set(Descriptor::Slope0To500, spectral.slope_0_500);
        self.set(Descriptor::Slope500To1500, spectral.slope_500_1500);
        self.set(Descriptor::SpectralFlux, spectral.flux);
        let [mfcc1, mfcc2, mfcc3, mfcc4] = spectral.mfcc;
        self.set(Descriptor::Mfcc1, mfcc1);
        self.set(Descriptor::Mfcc2, mfcc2);
        self.set(Descriptor::Mfcc3, mfcc3);
        self.set(Descriptor::Mfcc4, mfcc4);
    }

    fn set_formants(&mut self, [first, second, third]: &[Formant; 3]) {
        self.set(Descriptor::F1Frequency, first.hz);
        self.set(Descriptor::F1Bandwidth, first.bandwidth_hz);
        self.set(Descriptor::F2Frequency, second.hz);
        self.set(Descriptor::F2Bandwidth, second.bandwidth_hz);
        self.set(Descriptor::F3Frequency, third.hz);
        self.set(Descriptor::F3Bandwidth, third.bandwidth_hz);
    }

    fn set_formant_levels(&mut self, [first, second, third]: [f32; 3]) {
        self.set(Descriptor::F1Amplitude, first);
        self.set(Descriptor::F2Amplitude, second);
        self.set(Descriptor::F3Amplitude, third);
    }
}

fn mean_square(samples: &[f32]) -> f32 {
    samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32
}
