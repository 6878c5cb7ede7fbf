//! One stream of sound, from a device's samples to what is heard.

use crate::condition::hear::Ear;
use crate::condition::hear::Heard;
use crate::condition::hear::RATE_HZ;
use crate::condition::hear::Resampler;
use crate::model::ModelError;

/// What an ear was given at once: enough to give it the same again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// 16 kHz samples.
    pub samples: Vec<f32>,
    /// So many of them belong to what was before a break.
    pub before: usize,
    /// Whether what was before has ended: at a gap, or with the stream.
    pub is_end: bool,
    /// At which place it went on after that.
    pub restart: Option<u64>,
}

impl Given {
    /// Gives it to an ear.
    ///
    /// # Errors
    ///
    /// If the voice activity network fails.
    pub fn to(&self, ear: &mut Ear, mut emit: impl FnMut(Heard)) -> Result<(), ModelError> {
        let (before, rest) = self.samples.split_at(self.before.min(self.samples.len()));
        let mut result = Ok(());
        if self.is_end {
            result = if before.is_empty() { Ok(()) } else { ear.push(before, &mut emit) };
            ear.finish(&mut emit);
        }
        if let Some(place) = self.restart {
            ear.restart(place);
        }
        if rest.is_empty() { result } else { result.and(ear.push(rest, emit)) }
    }
}

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
    pub fn push(&mut self, first: u64, block: &[f32], emit: impl FnMut(Heard)) -> Result<(), ModelError> {
        self.resample(first, block).to(&mut self.ear, emit)
    }

    /// The first half of [`push`](Self::push): what the ear is to be given.
    pub fn resample(&mut self, first: u64, block: &[f32]) -> Given {
        let mut given = Given::default();
        if self.next != Some(first) {
            given = self.end();
            given.restart = Some(first * u64::from(RATE_HZ) / u64::from(self.resampler.rate_hz()));
        }
        self.next = Some(first + block.len() as u64);
        self.resampler.push(block, |ready| given.samples.extend_from_slice(ready));
        given
    }

    /// Hands out what is under way: at the end of a stream.
    ///
    /// # Errors
    ///
    /// If the voice activity network fails.
    pub fn finish(&mut self, emit: impl FnMut(Heard)) -> Result<(), ModelError> {
        self.end().to(&mut self.ear, emit)
    }

    /// The first half of [`finish`](Self::finish).
    pub fn end(&mut self) -> Given {
        let mut samples = Vec::new();
        self.resampler.finish(|ready| samples.extend_from_slice(ready));
        self.next = None;
        Given { before: samples.len(), samples, is_end: true, restart: None }
    }

    /// Goes on with nothing of what was before: what is under way is handed out, and nothing of it is left.
    pub fn restart(&mut self, emit: impl FnMut(Heard)) {
        self.ear.finish(emit);
        self.ear.restart(self.ear.place());
        self.resampler.reset();
        self.next = None;
    }

    /// The ear.
    pub const fn ear_mut(&mut self) -> &mut Ear {
        &mut self.ear
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
