//! One answer from what is known of all modalities.
//!
//! | fusion          | is                                                                                            |
//! |-----------------|-----------------------------------------------------------------------------------------------|
//! | [`LateFusion`]    | a stated formula: modalities read for themselves, weighed by quality, age and trust             |
//! | [`NetworkFusion`] | learned: gated recursive cross-attention on top of a late fusion, or all side by side in a network |
//!
//! [`Fusions`] has all that could be loaded, one of which answers.

mod choice;
mod late;
mod network;
mod row;

use crate::model::ModelError;
use crate::signal::Fused;
use crate::signal::Moment;

pub use choice::FusionKind;
pub use choice::Fusions;
pub use late::FusionSettings;
pub use late::LateFusion;
pub use network::NetworkFusion;
pub use row::READABLE;
pub use row::ROW;
pub use row::readable;
pub use row::rows;

/// Makes one answer of a moment. Defined for all eight combinations of present modalities; none gives `None`.
pub trait Fuser: Send {
    /// The answer to what is known now. Called at a steady rate, in the order of time.
    ///
    /// # Errors
    ///
    /// If a network fails.
    fn fuse(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError>;

    /// What the answer would be to another moment at the same time as the next one to be fused: remembers nothing.
    ///
    /// # Errors
    ///
    /// As [`fuse`](Self::fuse).
    fn compare(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError>;

    /// Begins afresh: another person, another recording.
    fn reset(&mut self);
}
