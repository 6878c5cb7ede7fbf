//! Circumplex reads how one person comes across.
pub mod link;
pub mod model;
pub mod signal;
pub mod time;
pub mod encode { pub mod descriptors { #[doc(hidden)] pub const FUNCTIONAL_NAMES: [&str; 0] = []; } }
