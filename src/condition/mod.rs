//! From what devices give to what networks take: faces found and aligned, sound resampled and cut.

pub mod face;
pub mod hear;
#[path = "../encode/descriptors/mod.rs"]
pub mod descriptors;
