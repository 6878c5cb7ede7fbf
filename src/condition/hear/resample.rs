//! Any device rate to 16 kHz.

use audioadapter_buffers::direct::SequentialSlice;
use rubato::Fft;
use rubato::FixedSync;
use rubato::Resampler as _;

use crate::condition::hear::RATE_HZ;

/// Resamples mono sound to 16 kHz without shifting it in time.
///
/// How the samples are split into blocks makes no difference to the result.
pub struct Resampler {
    rate_hz: u32,
    fft: Option<Fft<f32>>,
    waiting: Vec<f32>,
    output: Vec<f32>,
    skip: usize,
    taken: u64,
    given: u64,
}

/// Why a rate can't be taken.
#[derive(Debug, thiserror::Error)]
#[error("sound at {rate_hz} Hz can't be read ({detail}); choose 8 to 192 kHz")]
pub struct RateError {
    rate_hz: u32,
    detail: String,
}

impl Resampler {
    /// For sound at `rate_hz`.
    ///
    /// # Errors
    ///
    /// If the rate is out of range.
    pub fn new(rate_hz: u32) -> Result<Self, RateError> {
        let refused = |detail: &str| RateError { rate_hz, detail: detail.to_owned() };
        if !(4_000..=384_000).contains(&rate_hz) {
            return Err(refused("out of range"));
        }
        let mut fft = None;
        if rate_hz != RATE_HZ {
            let chunk = chunk(rate_hz);
            let (from, to, window) = (rate_hz as usize, RATE_HZ as usize, rubato::WindowFunction::BlackmanHarris2);
            let built = Fft::new_custom(from, to, chunk, 1, 1, window, FixedSync::Input);
            fft = Some(built.map_err(|error| refused(&error.to_string()))?);
        }
        let skip = fft.as_ref().map_or(0, rubato::Resampler::output_delay);
        let room = fft.as_ref().map_or(0, rubato::Resampler::output_frames_max);
        Ok(Self { rate_hz, fft, waiting: Vec::new(), output: vec![0.0; room], skip, taken: 0, given: 0 })
    }

    /// Takes in `block` and hands what is ready at 16 kHz to `emit`.
    pub fn push(&mut self, block: &[f32], mut emit: impl FnMut(&[f32])) {
        self.taken += block.len() as u64;
        self.advance(block, &mut emit);
    }

    fn advance(&mut self, block: &[f32], emit: &mut impl FnMut(&[f32])) {
        let Some(fft) = self.fft.as_mut() else {
            self.given += block.len() as u64;
            emit(block);
            return;
        };
        self.waiting.extend_from_slice(block);
        let mut start = 0;
        loop {
            let needed = fft.input_frames_next();
            let Some(chunk) = self.waiting.get(start..start + needed) else { break };
            let room = self.output.len();
            let Ok(input) = SequentialSlice::new(chunk, 1, needed) else { break };
            let Ok(mut output) = SequentialSlice::new_mut(&mut self.output, 1, room) else { break };
            let Ok((_, written)) = fft.process_into_buffer(&input, &mut output, None) else { break };
            start += needed;
            let first = self.skip.min(written);
            self.skip -= first;
            if let Some(ready) = self.output.get(first..written).filter(|ready| !ready.is_empty()) {
                self.given += ready.len() as u64;
                emit(ready);
            }
        }
        self.waiting.drain(..start);
    }

    /// Hands out what is still on its way at the end of a stream, so that as much comes out as went in, and is then as
    /// new.
    pub fn finish(&mut self, mut emit: impl FnMut(&[f32])) {
        let owed = self.taken * u64::from(RATE_HZ) / u64::from(self.rate_hz);
        let silence = vec![0.0; (self.rate_hz / 100) as usize];
        let mut rounds = 0;
        while self.fft.is_some() && self.given < owed && rounds < 100 {
            let left = owed - self.given;
            let mut tail = Vec::new();
            self.advance(&silence, &mut |ready: &[f32]| tail.extend_from_slice(ready));
            tail.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            if !tail.is_empty() {
                emit(&tail);
            }
            rounds += 1;
        }
        self.reset();
    }

    /// As new.
    pub fn reset(&mut self) {
        if let Some(fft) = self.fft.as_mut() {
            fft.reset();
            self.skip = fft.output_delay();
        }
        self.waiting.clear();
        self.taken = 0;
        self.given = 0;
    }

    /// The rate of what goes in, Hz.
    #[must_use]
    pub const fn rate_hz(&self) -> u32 {
        self.rate_hz
    }
}

/// About 10 ms of samples, or what the ratio of the rates asks for; an even number if that isn't long, because the
/// transform of an odd one shifts the sound by half a sample.
fn chunk(rate_hz: u32) -> usize {
    const LONGEST_UNIT: u32 = 1_000;
    let unit = rate_hz / greatest_common_divisor(rate_hz, RATE_HZ);
    let unit = if unit % 2 == 1 && unit <= LONGEST_UNIT { 2 * unit } else { unit };
    ((rate_hz / 100).div_ceil(unit) * unit) as usize
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate_hz: u32, secs: f32) -> Vec<f32> {
        let step = std::f32::consts::TAU * 440.0 / rate_hz as f32;
        (0..(rate_hz as f32 * secs) as usize).map(|i| (i as f32 * step).sin()).collect()
    }

    fn resampled(rate_hz: u32, input: &[f32], block: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate_hz).unwrap();
        let mut output = Vec::new();
        for block in input.chunks(block) {
            resampler.push(block, |ready| output.extend_from_slice(ready));
        }
        resampler.finish(|ready| output.extend_from_slice(ready));
        output
    }

    #[test]
    fn a_tone_stays_where_it_was_in_time() {
        let expected = tone(RATE_HZ, 1.0);
        for rate_hz in [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            let output = resampled(rate_hz, &tone(rate_hz, 1.0), 480);

            assert_eq!(output.len(), expected.len(), "{rate_hz}");
            let inner = 2_000..14_000;
            let worst =
                output[inner.clone()].iter().zip(&expected[inner]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 0.01, "{rate_hz}: {worst}");
        }
    }

    #[test]
    fn block_sizes_make_no_difference() {
        let input = tone(44_100, 0.5);

        let whole = resampled(44_100, &input, input.len());

        for block in [1, 37, 441, 1000] {
            assert_eq!(resampled(44_100, &input, block), whole);
        }
    }
}
