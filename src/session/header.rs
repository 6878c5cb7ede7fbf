//! Who, what, when, with which consent: `session.json`.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::session::VERSION;

/// What may be kept of a participant. Each includes the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Readings and readable features: no words, no sound, no picture.
    #[default]
    Numbers,
    /// What was said, too.
    Words,
    /// Aligned crops of the face and 16 kHz sound, too: this is face and voice.
    Inputs,
    /// Pictures as the camera gave them, too.
    Video,
}

impl Consent {
    /// All, the narrowest first.
    pub const ALL: [Self; 4] = [Self::Numbers, Self::Words, Self::Inputs, Self::Video];

    /// The name in files and arguments; each level but the last has a file of this name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Words => "words",
            Self::Inputs => "inputs",
            Self::Video => "video",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// What is kept with it, for whoever decides.
    #[must_use]
    pub const fn keeps(self) -> &'static str {
        match self {
            Self::Numbers => "readings and readable features; no words, no sound, no picture",
            Self::Words => "numbers and the transcript; no sound, no picture",
            Self::Inputs => "numbers, words, aligned crops of the face and 16 kHz sound: this is face and voice",
            Self::Video => "numbers, words, face and voice, and the pictures as the camera gave them",
        }
    }

    /// The name of the file with what this level adds.
    #[must_use]
    pub fn file(self) -> String {
        format!("{}.cpx", self.name())
    }

    /// The levels that it includes, itself last.
    pub fn levels(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |level| *level <= self)
    }
}

impl fmt::Display for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whom a session is of, and what it is for, as the operator said before it began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// The participant's code: never a name.
    pub participant: String,
    /// What they do.
    pub task: String,
    /// Whatever else is good to know.
    pub note: String,
    /// What may be kept.
    pub consent: Consent,
}

/// The beginning of a session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// `circumplex session`.
    pub format: String,
    /// The version of the format.
    pub version: u64,
    /// The session's name, which its folder had when it was made.
    pub name: String,
    /// Whom it is of.
    #[serde(flatten)]
    pub subject: Subject,
    /// When it began: wall-clock time, UTC, RFC 3339.
    pub began_utc: String,
    /// The same in nanoseconds since 1970.
    pub began_unix_nanos: i64,
    /// The same on the session's clock, nanoseconds.
    pub began_nanos: i64,
    /// The program: name and version.
    pub program: String,
    /// Operating system and processor.
    pub machine: String,
    /// Where the input came from: `live`, `recording`, `synthetic`.
    pub source: String,
    /// Which: devices or a file, in words.
    pub source_names: Vec<String>,
    /// Which networks: `research` or `open`.
    pub variant: String,
    /// The fusion that answered at the start.
    pub fusion: String,
    /// The networks in use: name in the manifest and sha256.
    pub models: Vec<(String, String)>,
    /// The settings of all stages, as TOML.
    pub settings: String,
    /// What the camera's stamps were corrected by, nanoseconds: spans of pictures end so long before they arrived.
    pub camera_latency_nanos: i64,
}

impl Header {
    /// What `format` says.
    pub const FORMAT: &'static str = "circumplex session";

    /// Of this version.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self { format: Self::FORMAT.to_owned(), version: u64::from(VERSION), subject, ..Self::default() }
    }
}
