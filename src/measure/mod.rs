//! How right readings are: the statistics of an evaluation.
//!
//! | file          | has                                                                       |
//! |---------------|---------------------------------------------------------------------------|
//! | `confusion`   | labels given against labels read: recalls, accuracy, F1                   |
//! | `calibration` | whether what is said with 80 % is right 8 times in 10                     |
//! | `order`       | whether the sure ones are the right ones; whether one kind lies above     |
//! | `continuous`  | numbers given against numbers read                                        |
//! | `bootstrap`   | intervals: what would be found with other people of the same kind         |
//!
//! Whatever is counted has a weight: how often it was drawn, 1 for all that is there. What can't be said of what is given
//! is `None`, never 0.

mod bootstrap;
mod calibration;
mod confusion;
mod continuous;
mod order;

pub use bootstrap::Resamples;
pub use bootstrap::interval;
pub use calibration::Bin;
pub use calibration::Calibration;
pub use confusion::Confusion;
pub use continuous::concordance;
pub use continuous::mean_absolute_error;
pub use order::Ranked;
pub use order::RiskCoverage;
pub use order::auc;

/// Something that was said, how sure it was, and whether it was right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// 0..=1.
    pub confidence: f64,
    /// Whether it was right.
    pub is_right: bool,
    /// How often it counts.
    pub weight: f64,
}

/// A number that was given, and the one that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// By whoever made the list.
    pub given: f64,
    /// By the program.
    pub read: f64,
    /// How often it counts.
    pub weight: f64,
}

fn right(said: &[Said]) -> f64 {
    said.iter().filter(|one| one.is_right).map(|one| one.weight).sum()
}

fn all(said: &[Said]) -> f64 {
    said.iter().map(|one| one.weight).sum()
}
