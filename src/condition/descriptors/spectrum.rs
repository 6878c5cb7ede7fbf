//! Magnitudes of a windowed stretch of sound.

use std::f32::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Weighs a stretch, pads it with zeros to the size of the transform, and takes the magnitudes.
pub struct Spectrum {
    forward: Arc<dyn RealToComplex<f32>>,
    weights: Vec<f32>,
    padded: Vec<f32>,
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Spectrum {
    /// `weights` are as many as the samples of a stretch, at most `size`.
    pub fn new(weights: Vec<f32>, size: usize) -> Self {
        let forward = RealFftPlanner::new().plan_fft_forward(size);
        Self {
            weights,
            padded: forward.make_input_vec(),
            bins: forward.make_output_vec(),
            scratch: forward.make_scratch_vec(),
            forward,
        }
    }

    /// Writes `size / 2 + 1` magnitudes.
    pub fn magnitudes(&mut self, samples: &[f32], out: &mut [f32]) {
        self.padded.fill(0.0);
        for ((padded, sample), weight) in self.padded.iter_mut().zip(samples).zip(&self.weights) {
            *padded = sample * weight;
        }
        // Fails only for buffers of another size than those it made itself.
        self.forward.process_with_scratch(&mut self.padded, &mut self.bins, &mut self.scratch).ok();
        for (out, bin) in out.iter_mut().zip(&self.bins) {
            *out = bin.norm_sqr().sqrt();
        }
    }
}

/// Turns magnitudes into the autocorrelation of the sound they came from.
pub struct Autocorrelation {
    inverse: Arc<dyn ComplexToReal<f32>>,
    bins: Vec<Complex32>,
    lags: Vec<f32>,
    scratch: Vec<Complex32>,
}

impl Autocorrelation {
    pub fn new(size: usize) -> Self {
        let inverse = RealFftPlanner::new().plan_fft_inverse(size);
        Self {
            bins: inverse.make_input_vec(),
            lags: inverse.make_output_vec(),
            scratch: inverse.make_scratch_vec(),
            inverse,
        }
    }

    /// The value at each lag, in samples, not normalised.
    pub fn lags(&mut self, magnitudes: &[f32]) -> &[f32] {
        for (bin, magnitude) in self.bins.iter_mut().zip(magnitudes) {
            *bin = Complex32::new(magnitude * magnitude, 0.0);
        }
        self.inverse.process_with_scratch(&mut self.bins, &mut self.lags, &mut self.scratch).ok();
        &self.lags
    }
}

/// Hamming's window, symmetric.
pub fn hamming(len: usize) -> Vec<f32> {
    let last = (len - 1) as f32;
    (0..len).map(|n| 0.54 - 0.46 * (2.0 * PI * n as f32 / last).cos()).collect()
}

/// Gauss's window, symmetric, with σ as a share of half its length.
pub fn gauss(len: usize, sigma: f32) -> Vec<f32> {
    let half = (len - 1) as f32 / 2.0;
    (0..len).map(|n| (-0.5 * ((n as f32 - half) / (sigma * half)).powi(2)).exp()).collect()
}
