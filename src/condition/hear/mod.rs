//! From samples at a device's rate to speech, voice windows and utterances at 16 kHz.
//!
//! [`Resampler`] → [`Vad`] → [`Ear`], which cuts. All by sample index: whoever drives them knows the time of a sample.

mod ear;
mod floor;
mod hearing;
mod lately;
mod resample;
mod vad;

pub use ear::Ear;
pub use ear::EarSettings;
pub use ear::Heard;
pub use hearing::Given;
pub use hearing::Hearing;
pub use resample::RateError;
pub use resample::Resampler;
pub use vad::HOP;
pub use vad::Vad;

/// The rate of everything after the resampler, Hz.
pub const RATE_HZ: u32 = 16_000;
