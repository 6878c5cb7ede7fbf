//! Networks and their weights: the manifest beside them, the runtime, and one checked session per network.
//!
//! What a network expects is written in `models/manifest.toml` and checked when it is loaded.

mod manifest;
mod network;
mod runtime;

use std::path::PathBuf;

pub use manifest::Contract;
pub use manifest::Entry;
pub use manifest::Length;
pub use manifest::Manifest;
pub use manifest::Port;
pub use manifest::Variant;
pub use network::Input;
pub use network::Network;
pub use runtime::Runtime;

/// Why a model can't be used. Each says what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No manifest in the folder.
    #[error("no list of models there; run `bash models/setup`, or name the folder with --models DIR\nfolder: {path:?}")]
    NoManifest {
        /// The folder looked at.
        path: PathBuf,
    },
    /// The manifest can't be read.
    #[error("the list of models can't be read: {detail}; restore it from the repository\nfile: {path:?}")]
    BadManifest {
        /// What is wrong.
        detail: String,
        /// The manifest.
        path: PathBuf,
    },
    /// No such table in the manifest.
    #[error("the list of models has no {model}; restore it from the repository\nfile: {path:?}")]
    Unlisted {
        /// The table's name.
        model: String,
        /// The manifest.
        path: PathBuf,
    },
    /// The variant goes without it.
    #[error(
        "the {variant} variant has no {model} model, because of its terms ({licence}); `variant = \"research\"` in the settings loads it"
    )]
    Withheld {
        /// The table's name.
        model: String,
        /// The variant's name.
        variant: &'static str,
        /// The model's terms.
        licence: String,
    },
    /// The file isn't there.
    #[error("the {model} model isn't there; run `bash models/setup`\nfile: {path:?}")]
    Missing {
        /// The table's name.
        model: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// The file has another length.
    #[error(
        "the {model} model has {found} bytes and should have {expected}; run `bash models/setup --verify`\nfile: {path:?}"
    )]
    Size {
        /// The table's name.
        model: String,
        /// Bytes by the manifest.
        expected: u64,
        /// Bytes on disk.
        found: u64,
        /// The file.
        path: PathBuf,
    },
    /// The file has other contents.
    #[error(
        "the {model} model isn't the one that was tested (its sha256 differs); run `bash models/setup --verify`\nfile: {path:?}"
    )]
    Hash {
        /// The table's name.
        model: String,
        /// The file.
        path: PathBuf,
    },
    /// The file can't be read.
    #[error("the {model} model can't be read: {detail}; run `bash models/setup --verify`\nfile: {path:?}")]
    Unreadable {
        /// The table's name.
        model: String,
        /// What the system says.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// The network has other inputs or outputs than the manifest says.
    #[error(
        "the {model} model's {port} is {found}, and the program was written for {expected}; run `bash models/setup`\nfile: {path:?}"
    )]
    Contract {
        /// The table's name.
        model: String,
        /// The input or output.
        port: String,
        /// By the manifest.
        expected: String,
        /// By the file.
        found: String,
        /// The file.
        path: PathBuf,
    },
    /// ONNX Runtime isn't there or doesn't start.
    #[error("ONNX Runtime can't be used: {detail}; run `bash models/setup`\nfile: {path:?}")]
    Runtime {
        /// What it says.
        detail: String,
        /// The library.
        path: PathBuf,
    },
    /// A network refused its input or failed.
    #[error("the {model} network failed: {detail}")]
    Run {
        /// The table's name.
        model: String,
        /// What the runtime says.
        detail: String,
    },
}
