//! Voice activity detection: how likely each 32 ms are speech (Silero VAD v6).

use crate::condition::hear::RATE_HZ;
use crate::model::Input;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;

/// Samples in a hop: 32 ms.
pub const HOP: usize = 512;

const CONTEXT: usize = 64;
const STATE: usize = 2 * 128;

/// The detector with its memory.
pub struct Vad {
    network: Network,
    input: Vec<f32>,
    state: Vec<f32>,
    outputs: Vec<Vec<f32>>,
}

impl Vad {
    /// Loads `silero_vad`.
    ///
    /// # Errors
    ///
    /// As [`Network::load`].
    pub fn load(manifest: &Manifest, runtime: &Runtime) -> Result<Self, ModelError> {
        let network = Network::load(manifest, runtime, "silero_vad")?;
        Ok(Self { network, input: vec![0.0; CONTEXT + HOP], state: vec![0.0; STATE], outputs: Vec::new() })
    }

    /// How likely the next [`HOP`] samples (16 kHz, −1..=1) are speech, 0..=1.
    ///
    /// # Errors
    ///
    /// If the network fails.
    pub fn probability(&mut self, hop: &[f32]) -> Result<f32, ModelError> {
        self.input.copy_within(HOP.., 0);
        for (place, sample) in self.input.iter_mut().skip(CONTEXT).zip(hop) {
            *place = *sample;
        }
        let rate = [i64::from(RATE_HZ)];
        let inputs = [
            Input::F32(&[1, CONTEXT + HOP], &self.input),
            Input::F32(&[2, 1, 128], &self.state),
            Input::I64(&[], &rate),
        ];
        self.network.run(&inputs, &mut self.outputs)?;
        let [output, state] = self.outputs.as_slice() else { return Err(odd()) };
        let (Some(&probability), STATE) = (output.first(), state.len()) else { return Err(odd()) };
        self.state.clone_from(state);
        Ok(probability)
    }

    /// As new: the next hop follows on nothing.
    pub fn reset(&mut self) {
        self.input.fill(0.0);
        self.state.fill(0.0);
    }
}

fn odd() -> ModelError {
    ModelError::Run { model: "silero_vad".to_owned(), detail: "it gave something else than was agreed".to_owned() }
}
