//! The last step of a modality: features to a reading, by a small network of ours.

use crate::encode::Person;
use crate::model::Input;
use crate::model::Length;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::signal::Affect;
use crate::signal::Bipolar;
use crate::signal::Label;
use crate::signal::Reading;

/// Features `[1,N]`, the person's sums `[1,N]` and seconds `[1,1]` to calibrated label logits `[1,7]`, valence and arousal
/// `[1,2]`, and their standard deviations `[1,2]`.
pub struct Head {
    network: Network,
    outputs: Vec<Vec<f32>>,
    /// Sums of nobody.
    nobody: Vec<f32>,
}

impl Head {
    /// Loads a head for so many features.
    ///
    /// # Errors
    ///
    /// As [`Network::load`], and if it was made for another number of features.
    pub fn load(manifest: &Manifest, runtime: &Runtime, model: &str, features: usize) -> Result<Self, ModelError> {
        let contract = manifest.contract(model)?;
        let width = contract.inputs.first().and_then(|port| port.shape.last());
        if width != Some(&Length::Fixed(features as i64)) {
            return Err(ModelError::Contract {
                model: model.to_owned(),
                port: "input features".to_owned(),
                expected: format!("features f32[1,{features}]"),
                found: contract.inputs.first().map_or_else(|| "not there".to_owned(), ToString::to_string),
                path: manifest.path(model)?,
            });
        }
        Ok(Self { network: Network::load(manifest, runtime, model)?, outputs: Vec::new(), nobody: vec![0.0; features] })
    }

    /// Reads features against what is known of the person.
    ///
    /// # Errors
    ///
    /// If the network fails, or gives what isn't a number.
    pub fn read(&mut self, features: &[f32], person: &Person) -> Result<Reading, ModelError> {
        self.run(features, person.sums(), person.secs())
    }

    /// Reads features as if nothing were known of the person.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_raw(&mut self, features: &[f32]) -> Result<Reading, ModelError> {
        let nobody = std::mem::take(&mut self.nobody);
        let reading = self.run(features, &nobody, 0.0);
        self.nobody = nobody;
        reading
    }

    fn run(&mut self, features: &[f32], sums: &[f32], secs: f32) -> Result<Reading, ModelError> {
        let shape = [1, features.len()];
        let secs = [secs];
        let inputs = [Input::F32(&shape, features), Input::F32(&shape, sums), Input::F32(&[1, 1], &secs)];
        self.network.run(&inputs, &mut self.outputs)?;
        let [logits, affect, sd] = self.outputs.as_slice() else { return Err(no_numbers(self.network.model())) };
        reading(logits, affect, sd).ok_or_else(|| no_numbers(self.network.model()))
    }
}

/// A reading from what a network gives, if it is one.
pub(super) fn reading(logits: &[f32], affect: &[f32], sd: &[f32]) -> Option<Reading> {
    let (&[valence, arousal], &[valence_sd, arousal_sd]) = (affect, sd) else { return None };
    let affect = Affect { valence: Bipolar::new(valence)?, arousal: Bipolar::new(arousal)?, valence_sd, arousal_sd };
    let is_sound = valence_sd > 0.0 && arousal_sd > 0.0;
    Some(Reading { affect, probabilities: softmax(logits)? }).filter(|_| is_sound)
}

pub(super) fn no_numbers(model: &str) -> ModelError {
    ModelError::Run { model: model.to_owned(), detail: "it gave no numbers".to_owned() }
}

fn softmax(logits: &[f32]) -> Option<[f32; Label::COUNT]> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut probabilities = [0.0; Label::COUNT];
    if logits.len() != probabilities.len() || !highest.is_finite() {
        return None;
    }
    for (probability, logit) in probabilities.iter_mut().zip(logits) {
        *probability = (logit - highest).exp();
    }
    let total: f32 = probabilities.iter().sum();
    for probability in &mut probabilities {
        *probability /= total;
    }
    total.is_finite().then_some(probabilities)
}
