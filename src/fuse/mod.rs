//! One answer from what is known of all modalities.

mod late;

use crate::model::ModelError;
use crate::signal::Fused;
use crate::signal::Moment;

pub use late::LateFusion;
pub use late::LateSettings;

/// Makes one answer of a moment. Defined for all eight combinations of present modalities; none gives `None`.
pub trait Fuser: Send {
    /// The answer to what is known now. Called at a steady rate, in the order of time.
    ///
    /// # Errors
    ///
    /// If a network fails.
    fn fuse(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError>;

    /// What the answer would be to another moment at the same time: remembers nothing.
    ///
    /// # Errors
    ///
    /// As [`fuse`](Self::fuse).
    fn compare(&self, moment: &Moment) -> Result<Option<Fused>, ModelError>;

    /// Begins afresh: another person, another recording.
    fn reset(&mut self);
}
