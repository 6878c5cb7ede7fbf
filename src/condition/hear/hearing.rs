//! One stream of sound, from a device's samples to what is heard.

use crate::condition::hear::Ear;
use crate::condition::hear::Heard;
use crate::condition::hear::RATE_HZ;
use crate::condition::hear::Resampler;
use crate::model::ModelError;

/// Resampler and ear over one device stream, gaps kept.
///
/// # Takes
///
/// Mono blocks at the device's rate, each with the index of its first sample.
///
/// # Gives
///
/// [`Heard`], whose places count 16 kHz samples; [`device_sample`](Self::device_sample) tells which of the device's
/// a place is.
pub struct Hearing {
    resampler: Resampler,
    ear: Ear,
    next: Option<u64>,
}

impl Hearing {
    /// For a stream at the resampler's rate.
    #[must_use]
    pub const fn new(ear: Ear, resampler: Resampler) -> Self {
        Self { resampler, ear, next: None }
    }

    /// Takes in a block. After a gap everything begins afresh: nothing spans it.
    ///
    /// # Errors
    ///
    /// If the voice activity network fails.
    pub fn push(&mut self, first: u64, block: &[f32], mut emit: impl FnMut(Heard)) -> Result<(), ModelError> {
        if self.next != Some(first) {
            self.finish(&mut emit)?;
            let place = first * u64::from(RATE_HZ) / u64::from(self.resampler.rate_hz());
            self.ear.restart(place);
        }
        self.next = Some(first + block.len() as u64);
        let (ear, mut result) = (&mut self.ear, Ok(()));
        self.resampler.push(block, |ready| {
            if let Err(error) = ear.push(ready, &mut emit) {
                result = Err(error);
            }
        });
        result
    }

    /// Hands out what is under way: at the end of a stream.
    ///
    /// # Errors
    ///
    /// If the voice activity network fails.
    pub fn finish(&mut self, mut emit: impl FnMut(Heard)) -> Result<(), ModelError> {
        let (ear, mut result) = (&mut self.ear, Ok(()));
        self.resampler.finish(|ready| {
            if let Err(error) = ear.push(ready, &mut emit) {
                result = Err(error);
            }
        });
        self.ear.finish(&mut emit);
        self.next = None;
        result
    }

    /// Gives the ear back, to hear another stream with.
    #[must_use]
    pub fn into_ear(self) -> Ear {
        self.ear
    }

    /// The device's sample at a place of 16 kHz samples.
    #[must_use]
    pub fn device_sample(&self, place: u64) -> u64 {
        place * u64::from(self.resampler.rate_hz()) / u64::from(RATE_HZ)
    }
}
