//! The words: what is said, whatever it sounds like.

use tokenizers::Tokenizer;
use tokenizers::TruncationParams;

use crate::encode::head;
use crate::model::Input;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::signal::Evidence;
use crate::signal::Label;
use crate::signal::LabelsAtOnce;
use crate::signal::Transcript;

/// Reads a transcript.
///
/// # Gives
///
/// Evidence whose embedding is the mean over the tokens of the network's last layer, and whose quality is the
/// transcript's confidence; and each label by itself.
pub struct WordsEncoder {
    tokenizer: Tokenizer,
    network: Network,
    outputs: Vec<Vec<f32>>,
}

const LONGEST_TOKENS: usize = 128;
/// Numbers in an embedding: the width of the network.
pub(super) const WORDS_EMBEDDING: usize = 384;
/// What the trust in words rests on: the transcript's confidence (0..=1), the logarithm of the count of its pieces.
pub(super) const RELIABILITY: [&str; 2] = ["confidence", "log_pieces"];

impl WordsEncoder {
    /// Loads the words' networks.
    ///
    /// # Errors
    ///
    /// As [`Network::load`], and if the tokenizer can't be read.
    pub fn load(manifest: &Manifest, runtime: &Runtime) -> Result<Self, ModelError> {
        let path = manifest.verified("sentence_tokenizer")?;
        let bad = |error: tokenizers::Error| ModelError::Unreadable {
            model: "sentence_tokenizer".to_owned(),
            detail: error.to_string(),
            path: path.clone(),
        };
        let mut tokenizer = Tokenizer::from_file(&path).map_err(bad)?;
        tokenizer.with_padding(None);
        let truncation = TruncationParams { max_length: LONGEST_TOKENS, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(bad)?;
        Ok(Self { tokenizer, network: Network::load(manifest, runtime, "words")?, outputs: Vec::new() })
    }

    /// Reads a transcript.
    ///
    /// # Errors
    ///
    /// If the text can't be cut into tokens, or the network fails or gives what isn't a number.
    pub fn encode(&mut self, transcript: &Transcript) -> Result<(Evidence, LabelsAtOnce), ModelError> {
        let failed = |error: tokenizers::Error| ModelError::Run {
            model: "sentence_tokenizer".to_owned(),
            detail: error.to_string(),
        };
        let tokens = self.tokenizer.encode(transcript.text.as_str(), true).map_err(failed)?;
        let ids: Vec<i64> = tokens.get_ids().iter().map(|&id| i64::from(id)).collect();
        self.network.run(&[Input::I64(&[1, ids.len()], &ids)], &mut self.outputs)?;
        let reliability = [transcript.confidence, (ids.len() as f32).ln_1p()];
        read(&self.outputs, transcript.confidence, &reliability).ok_or_else(|| head::no_numbers(self.network.model()))
    }
}

/// What the network's outputs say, in the contract's order.
fn read(outputs: &[Vec<f32>], quality: f32, reliability: &[f32]) -> Option<(Evidence, LabelsAtOnce)> {
    let [logits, affect, sd, _band, embedding, probabilities, doubts, thresholds] = outputs else { return None };
    let reading = head::reading(logits, affect, sd)?;
    let each = |values: &[f32]| -> Option<[f32; Label::COUNT]> {
        values.try_into().ok().filter(|values: &[f32; Label::COUNT]| values.iter().all(|value| value.is_finite()))
    };
    let labels =
        LabelsAtOnce { probabilities: each(probabilities)?, doubts: each(doubts)?, thresholds: each(thresholds)? };
    let (reliability, embedding) = (reliability.into(), embedding.as_slice().into());
    Some((Evidence { reading, raw: reading, quality, reliability, embedding, known_secs: 0.0 }, labels))
}
