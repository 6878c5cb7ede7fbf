//! The words: what is said, whatever it sounds like.

use tokenizers::Tokenizer;
use tokenizers::TruncationParams;

use crate::encode::Head;
use crate::model::Input;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::signal::Evidence;
use crate::signal::Transcript;

/// Reads a transcript.
///
/// # Gives
///
/// Evidence whose features are the means over the tokens of the sentence encoder's embedding and six layers: 7 · 384
/// numbers. Its quality is the transcript's confidence.
pub struct WordsEncoder {
    tokenizer: Tokenizer,
    encoder: Network,
    head: Head,
    outputs: Vec<Vec<f32>>,
}

const LONGEST_TOKENS: usize = 128;
/// What the trust in words rests on: the transcript's confidence (0..=1), the logarithm of the count of its pieces.
pub(super) const RELIABILITY: [&str; 2] = ["confidence", "log_pieces"];
/// Numbers in a reading's features.
pub const WORDS_FEATURES: usize = 7 * 384;

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
        Ok(Self {
            tokenizer,
            encoder: Network::load(manifest, runtime, "sentence_encoder")?,
            head: Head::load(manifest, runtime, "words_head", WORDS_FEATURES)?,
            outputs: Vec::new(),
        })
    }

    /// Reads a transcript.
    ///
    /// # Errors
    ///
    /// If the text can't be cut into tokens or a network fails.
    pub fn encode(&mut self, transcript: &Transcript) -> Result<Evidence, ModelError> {
        let failed = |error: tokenizers::Error| ModelError::Run {
            model: "sentence_tokenizer".to_owned(),
            detail: error.to_string(),
        };
        let tokens = self.tokenizer.encode(transcript.text.as_str(), true).map_err(failed)?;
        let ids: Vec<i64> = tokens.get_ids().iter().map(|&id| i64::from(id)).collect();
        let mask = vec![1i64; ids.len()];
        let shape = [1, ids.len()];
        self.encoder.run(&[Input::I64(&shape, &ids), Input::I64(&shape, &mask)], &mut self.outputs)?;
        let layers = self.outputs.first().map(Vec::as_slice).unwrap_or_default();
        let reading = self.head.read_alone(layers)?;
        let reliability = [transcript.confidence, (tokens.len() as f32).ln_1p()];
        Ok(Evidence {
            reading,
            quality: transcript.confidence,
            reliability: reliability.into(),
            embedding: layers.into(),
            known_secs: 0.0,
        })
    }
}
