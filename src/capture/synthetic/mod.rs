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

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::many_single_char_names,
    clippy::similar_names,
    reason = "a rasteriser: pixels, texels and mesh indices, all within bounds that are set up beside them"
)]

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
    /// Set-up hasn't put the geometry there.
    #[error(
        "the face geometry isn't there; run `bash models/setup`, which takes it out of the face landmarker\nfile: {path:?}"
    )]
    MissingGeometry {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The geometry's file is there and can't be read.
    #[error(
        "the face geometry can't be read; see to its permissions, or run `bash models/setup` again: {cause}\nfile: {path:?}"
    )]
    UnreadableGeometry {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is some other mesh, or none.
    #[error("the face geometry isn't the canonical face of 468 points; run `bash models/setup` again\nfile: {path:?}")]
    ForeignGeometry {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The built-in script isn't what it should be.
    #[error("the synthetic script is damaged; run `assets/synthetic/make_voice` and build again: {cause}")]
    Script {
        /// What's wrong with it.
        cause: serde_json::Error,
    },
    /// The built-in script's times don't follow each other.
    #[error(
        "the synthetic script has no sentences, or its times don't follow each other; run `assets/synthetic/make_voice` and build again"
    )]
    ScriptTimes,
    /// The built-in sound can't be decoded.
    #[error("the synthetic voice is damaged; run `assets/synthetic/make_voice` and build again: {cause}")]
    Voice {
        /// What's wrong with it.
        cause: hound::Error,
    },
    /// The built-in sound has another rate or more channels.
    #[error(
        "the synthetic voice is {found_hz} Hz with {channels} channels instead of 16000 Hz with one; run `assets/synthetic/make_voice` and build again"
    )]
    VoiceFormat {
        /// Its rate.
        found_hz: u32,
        /// Its channels.
        channels: u16,
    },
}
