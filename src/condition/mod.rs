//! From what devices give to what networks take: faces found and aligned, sound resampled and cut.

pub mod descriptors;
pub mod face;
pub mod hear;
