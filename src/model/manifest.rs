//! `models/manifest.toml`: which files there are, their hashes, licences and contracts.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

use crate::model::ModelError;

/// One input or output of a network: its name, element type and shape.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Port {
    /// As the network calls it.
    pub name: String,
    /// `f32`, `i64`, …
    #[serde(rename = "type")]
    pub element: String,
    /// Lengths; a name stands for any length.
    pub shape: Vec<Length>,
}

/// The length of one axis.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Length {
    /// Just this.
    Fixed(i64),
    /// Any.
    Any(String),
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}[", self.name, self.element)?;
        for (axis, length) in self.shape.iter().enumerate() {
            let comma = if axis == 0 { "" } else { "," };
            match length {
                Length::Fixed(length) => write!(f, "{comma}{length}")?,
                Length::Any(name) => write!(f, "{comma}{name}")?,
            }
        }
        f.write_str("]")
    }
}

/// All inputs and outputs of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    /// In order.
    pub inputs: Vec<Port>,
    /// In order.
    pub outputs: Vec<Port>,
}

/// Which networks are loaded, by what the terms of their training sets allow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Those trained on all sets, of which some allow research only.
    #[default]
    Research,
    /// Those whose training sets allow commercial use, and stated formulas where there are no such sets.
    Open,
}

impl Variant {
    /// The name in files: lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Research => "research",
            Self::Open => "open",
        }
    }
}

/// One table of the manifest: keys that the program doesn't need are for set-up and for people.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// Its file's name.
    pub file: String,
    /// Of the file's contents, hexadecimal.
    pub sha256: String,
    /// The file's length.
    pub bytes: u64,
    /// Under which terms.
    pub licence: String,
    /// Ours, and in the repository; else fetched by set-up.
    #[serde(default)]
    pub committed: bool,
    /// The only variant that it is a part of; `None`: of both.
    #[serde(default)]
    pub variant: Option<Variant>,
    /// What it stands in for in the open variant.
    #[serde(default)]
    pub instead_of: Option<String>,
    /// What it takes.
    #[serde(default)]
    input: Vec<Port>,
    /// What it gives.
    #[serde(default)]
    output: Vec<Port>,
}

/// The list of models in a folder.
#[derive(Debug, Clone)]
pub struct Manifest {
    folder: PathBuf,
    variant: Variant,
    entries: BTreeMap<String, Entry>,
    /// Name → licence of what the variant doesn't have.
    withheld: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads the list in `folder`: all of it, whatever the variant.
    ///
    /// # Errors
    ///
    /// If it isn't there or can't be read.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join("manifest.toml");
        let Ok(text) = fs::read_to_string(&path) else {
            return Err(ModelError::NoManifest { path: folder.to_path_buf() });
        };
        let bad = |detail: String| ModelError::BadManifest { detail, path: path.clone() };
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| bad(error.message().to_owned()))?;
        table.retain(|_, value| value.get("file").is_some());
        let mut entries = BTreeMap::new();
        for (name, value) in table {
            let entry =
                value.try_into().map_err(|error: toml::de::Error| bad(format!("{name}: {}", error.message())))?;
            entries.insert(name, entry);
        }
        Ok(Self { folder: folder.to_path_buf(), variant: Variant::Research, entries, withheld: BTreeMap::new() })
    }

    /// The same with the networks of one variant only. In the open one, what stands in for another network has its name.
    #[must_use]
    pub fn of_variant(mut self, variant: Variant) -> Self {
        self.variant = variant;
        let (kept, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.entries.into_iter().partition(|(_, entry)| entry.variant.is_none_or(|only| only == variant));
        self.withheld = others.into_iter().map(|(name, entry)| (name, entry.licence)).collect();
        self.entries =
            kept.into_iter().map(|(name, entry)| (entry.instead_of.clone().unwrap_or(name), entry)).collect();
        self
    }

    /// Which networks it lists.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// Whether the variant goes without this model, because of its terms.
    #[must_use]
    pub fn withholds(&self, model: &str) -> bool {
        !self.entries.contains_key(model) && self.withheld.contains_key(model)
    }

    /// The folder it lists.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All tables by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// One table.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or the variant goes without it.
    pub fn entry(&self, model: &str) -> Result<&Entry, ModelError> {
        self.entries.get(model).ok_or_else(|| match self.withheld.get(model) {
            Some(licence) => {
                ModelError::Withheld { model: model.to_owned(), variant: self.variant.name(), licence: licence.clone() }
            }
            None => ModelError::Unlisted { model: model.to_owned(), path: self.folder.join("manifest.toml") },
        })
    }

    /// Where a model's file should be.
    ///
    /// # Errors
    ///
    /// If the list has no such model.
    pub fn path(&self, model: &str) -> Result<PathBuf, ModelError> {
        let entry = self.entry(model)?;
        let folder = if entry.committed { self.folder.clone() } else { self.folder.join("fetched") };
        Ok(folder.join(&entry.file))
    }

    /// The contract of a network.
    ///
    /// # Errors
    ///
    /// If the list has no such model.
    pub fn contract(&self, model: &str) -> Result<Contract, ModelError> {
        let entry = self.entry(model)?;
        Ok(Contract { inputs: entry.input.clone(), outputs: entry.output.clone() })
    }

    /// Checks that a model's file is there and is the one listed, and returns its path.
    ///
    /// # Errors
    ///
    /// [`Missing`](ModelError::Missing), [`Size`](ModelError::Size), [`Hash`](ModelError::Hash) or
    /// [`Unreadable`](ModelError::Unreadable).
    pub fn verified(&self, model: &str) -> Result<PathBuf, ModelError> {
        let path = self.path(model)?;
        let entry = self.entry(model)?;
        let Ok(metadata) = fs::metadata(&path) else {
            return Err(ModelError::Missing { model: model.to_owned(), path });
        };
        if metadata.len() != entry.bytes {
            let (expected, found) = (entry.bytes, metadata.len());
            return Err(ModelError::Size { model: model.to_owned(), expected, found, path });
        }
        match sha256_of(&path) {
            Ok(sha256) if sha256 == entry.sha256 => Ok(path),
            Ok(_) => Err(ModelError::Hash { model: model.to_owned(), path }),
            Err(error) => Err(ModelError::Unreadable { model: model.to_owned(), detail: error.to_string(), path }),
        }
    }
}

fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").map_err(std::io::Error::other)?;
    }
    Ok(text)
}
