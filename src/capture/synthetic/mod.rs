//! A participant without a person: a drawn face that talks, and a voice that says known words with known affect.
//!
//! Every network runs on it as it would on anybody, so that the whole pipeline can be tried, shown and measured
//! where there's no camera, no microphone, or nobody.
//!
//! | part               | gives                                               | from                                  |
//! |--------------------|-----------------------------------------------------|---------------------------------------|
//! | [`Script`]         | sentences, affect and the face's pose at every time | `assets/synthetic/script.json`        |
//! | [`SyntheticFace`]  | pictures                                            | the canonical face geometry, and a seed |
//! | [`SyntheticVoice`] | sound                                               | `assets/synthetic/voice.wav`          |
//!
//! Nothing here knows a clock or a thread: the time comes in as an argument, and the same seed and time give the same
//! bytes.

mod face;
mod geometry;
mod head;
mod linear;
mod muscles;
mod pose;
mod raster;
mod script;
mod skin;
mod stage;
mod voice;

use std::path::PathBuf;

pub use face::SyntheticFace;
pub use geometry::FaceGeometry;
pub use pose::{FacePose, ScriptLabel};
pub use script::{Script, Sentence};
pub use voice::{SAMPLE_RATE_HZ, SyntheticVoice};

/// Why there's no synthetic participant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyntheticError {
    #[error("the face geometry isn't there; run `bash models/setup`, which takes it out of the face landmarker\nfile: {path:?}")]
    MissingGeometry { path: PathBuf },
    #[error("the face geometry can't be read; see to its permissions, or run `bash models/setup` again: {cause}\nfile: {path:?}")]
    UnreadableGeometry { path: PathBuf, cause: std::io::Error },
    #[error("the face geometry isn't the canonical face of 468 points; run `bash models/setup` again\nfile: {path:?}")]
    ForeignGeometry { path: PathBuf },
    #[error("the synthetic script is damaged; run `assets/synthetic/make_voice` and build again: {cause}")]
    Script { cause: serde_json::Error },
    #[error("the synthetic script has no sentences, or its times don't follow each other; run `assets/synthetic/make_voice` and build again")]
    ScriptTimes,
    #[error("the synthetic voice is damaged; run `assets/synthetic/make_voice` and build again: {cause}")]
    Voice { cause: hound::Error },
    #[error("the synthetic voice is {found_hz} Hz with {channels} channels instead of 16000 Hz with one; run `assets/synthetic/make_voice` and build again")]
    VoiceFormat { found_hz: u32, channels: u16 },
}
