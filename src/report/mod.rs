//! What is written of a recording: rows, summary, features, ticks; how much of it was understood. Of many with labels: how
//! right it is. Of a recorded session: what others read it in, and how good it is.

pub mod certificate;
pub mod evaluation;
pub mod export;
mod features;
mod pauses;
mod private;
mod rows;
mod summary;
#[cfg(test)]
mod support;
mod ticks;
mod understood;
mod whole;

pub use features::FeatureFiles;
pub use rows::HEADER;
pub use rows::Rows;
pub use summary::Summary;
pub use summary::Totals;
pub use ticks::TickFile;
pub use understood::understood;
pub use understood::words;

/// Why a report can't be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The disk refuses.
    #[error("the results can't be written ({0}); check the folder and the free space")]
    Disk(#[from] std::io::Error),
    /// The table refuses.
    #[error("the results can't be written ({0}); check the folder and the free space")]
    Table(#[from] csv::Error),
    /// The arrays refuse.
    #[error("the arrays can't be written ({0}); check the folder and the free space")]
    Arrays(#[from] ndarray_npy::WriteNpzError),
    /// The summary refuses.
    #[error("the summary can't be written ({0})")]
    Json(#[from] serde_json::Error),
}
