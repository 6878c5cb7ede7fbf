//! Circumplex reads how one person comes across.
pub mod capture;
pub mod command;
pub mod condition;
pub mod encode;
pub mod fuse;
pub mod link;
pub mod model;
pub mod pipeline;
pub mod report;
pub mod settings;
pub mod signal;
pub mod time;
#[cfg(feature = "desktop")]
pub mod ui;
