//! Why a modality has no reading, in words.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// Why there is nothing to read. Written with the modality before it: "face: no face found".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// No camera or no microphone, or none in the recording.
    NoSource,
    /// A device that was there is lost.
    SourceLost,
    /// No face in the picture.
    NoFace,
    /// The face has too few pixels: its width.
    FaceTooSmall(u32),
    /// Too dark.
    TooDark,
    /// The face is turned too far away.
    TurnedAway,
    /// Nobody speaks.
    NoSpeech,
    /// Digital silence: not even the noise of a room.
    Muted,
    /// Somebody speaks, but not yet for long enough.
    TooShort,
    /// What is heard is noise rather than voice.
    TooNoisy,
    /// Nothing has been understood yet.
    NoWords,
    /// What was said is too long ago.
    TooOld,
    /// Speech in a language (its name) that the words model doesn't know.
    OtherLanguage(String),
    /// A model is missing or wrong.
    NoModel,
    /// The stage has stopped.
    StageFailed,
    /// Switched off by the person at the window.
    SwitchedOff,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSource => f.write_str("no source"),
            Self::SourceLost => f.write_str("source lost"),
            Self::NoFace => f.write_str("no face found"),
            Self::FaceTooSmall(width) => write!(f, "{width} px is too small"),
            Self::TooDark => f.write_str("too dark"),
            Self::TurnedAway => f.write_str("turned away"),
            Self::NoSpeech => f.write_str("no speech"),
            Self::Muted => f.write_str("digital silence, muted perhaps"),
            Self::TooShort => f.write_str("too little speech yet"),
            Self::TooNoisy => f.write_str("too noisy"),
            Self::NoWords => f.write_str("none yet"),
            Self::TooOld => f.write_str("too long ago"),
            Self::OtherLanguage(language) => write!(f, "spoken in {language} which the model doesn't know"),
            Self::NoModel => f.write_str("model missing"),
            Self::StageFailed => f.write_str("stage stopped"),
            Self::SwitchedOff => f.write_str("switched off"),
        }
    }
}
