//! From faces, talk and utterances to what each modality says by itself.
//!
//! | stage          | takes                | gives                                            |
//! |----------------|----------------------|--------------------------------------------------|
//! | [`FaceEncoder`]  | a frame            | the face's expression, and its reading           |
//! | [`VoiceEncoder`] | a window of talk   | its reading                                      |
//! | [`SpeechReader`] | an utterance       | words with confidence, or why there are none     |
//! | [`WordsEncoder`] | words              | their reading                                    |
//!
//! Between encoder and head stand personal statistics ([`Person`]): heads read a face and a voice against the running
//! mean of the same person's.
//!
//! # Why
//!
//! [`FaceEncoder`] drives the tracker of [`condition`](crate::condition) itself: the crop that the expression is read from
//! follows the landmarks of the very frame, so finding a face and reading it is one walk over one picture, on one thread.

mod face;
mod head;
mod language;
mod person;
mod pooling;
mod speech;
mod voice;
mod words;

pub use face::CROP as FACE_CROP;
pub use face::CROP_SCALE as FACE_CROP_SCALE;
pub use face::FACE_FEATURES;
pub use face::FaceEncoder;
pub use face::FaceOutcome;
pub use face::FaceReader;
pub use face::FaceSettings;
pub use face::ROW as FACE_ROW;
pub use head::Head;
pub use language::Language;
pub use language::LanguageTeller;
pub use person::Person;
pub use speech::Hypothesis;
pub use speech::Outcome;
pub use speech::SpeechReader;
pub use speech::SpeechSettings;
pub use speech::Transcriber;
pub use speech::WhisperModel;
pub use voice::VOICE_FEATURES;
pub use voice::VoiceEncoder;
pub use voice::VoiceSettings;
pub use words::WordsEncoder;

use crate::signal::Modality;

/// The names of [`Evidence::reliability`](crate::signal::Evidence::reliability)'s numbers.
#[must_use]
pub const fn reliability_names(modality: Modality) -> &'static [&'static str] {
    match modality {
        Modality::Face => &face::RELIABILITY,
        Modality::Voice => &voice::RELIABILITY,
        Modality::Words => &words::RELIABILITY,
    }
}

/// How long the embeddings of a modality's evidence are.
#[must_use]
pub const fn embedding_len(modality: Modality) -> usize {
    match modality {
        Modality::Face => FACE_FEATURES,
        Modality::Voice => VOICE_FEATURES,
        Modality::Words => words::WORDS_EMBEDDING,
    }
}
