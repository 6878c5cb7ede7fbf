//! The whole: stages put together, live on threads or offline in order.
//!
//! What comes out of a running pipeline are [`Event`]s and the newest [`FaceView`](crate::signal::FaceView); what
//! goes in are [`Command`]s.

mod beside;
mod event;
mod gather;
pub mod live;
mod masked;
pub mod offline;
pub mod replay;
mod stages;
mod understand;

pub use crate::capture::Pick;
pub use crate::capture::SourceState;
pub use crate::capture::sabotage::Spoil;
pub use crate::capture::sabotage::Trouble;
#[cfg(feature = "desktop")]
pub use crate::capture::speaker::Speaker;
#[cfg(feature = "desktop")]
pub use crate::capture::speaker::SpeakerOutlet;
#[cfg(feature = "desktop")]
pub use crate::capture::speaker::SpeakerState;
pub use crate::fuse::FusionKind;
pub use crate::record::Progress;
pub use crate::session::Consent;
pub use crate::session::Subject;
pub use crate::session::Verified;
pub use beside::beside;
#[cfg(feature = "desktop")]
pub use beside::speaker;
pub use event::Command;
pub use event::Event;
pub use event::Freeze;
pub use event::FusionState;
pub use event::Health;
pub use event::KnownPerson;
pub use event::LinkHealth;
pub use event::MarkRequest;
pub use event::PersonState;
pub use event::Personal;
pub use event::RecordRequest;
pub use event::RecordState;
pub use event::SourceChoice;
pub use event::StageHealth;
pub use event::Tick;
pub use gather::GatherChange;
pub use gather::GatherSettings;
pub use gather::Gatherer;
pub use gather::Sources;
pub use gather::raw;
pub use masked::Subset;
pub use masked::answers;
pub use stages::StageSettings;
pub use stages::Stages;
