//! Where pictures and sound come from: devices, recordings, the synthetic participant.
//!
//! | source                    | picture                | sound                 |
//! |---------------------------|------------------------|-----------------------|
//! | devices                   | [`camera::run`]        | [`microphone::run`]   |
//! | a recording, at its speed | [`play::picture`]      | [`play::sound`]       |
//! | the synthetic participant | [`play::demo_picture`] | [`play::demo_sound`]  |
//! | a recording, all at once  | [`media::VideoReader`] | [`media::AudioReader`] |
//!
//! The first three are loops for a thread of their own: each blocks until its control link closes, and tells how it is
//! doing as [`SourceState`]s. The last are plain readers.
//!
//! The one thing that goes out again is sound, through the [`speaker`], when a session is looked at.
//!
//! [`sabotage`] spoils either on purpose, before anything reads it.
//!
//! Whatever enters gets its span of session time here, and keeps it.

#[cfg_attr(not(feature = "desktop"), expect(dead_code, reason = "without devices nothing is ever taken"))]
pub mod camera;
mod devices;
pub mod media;
#[cfg_attr(not(feature = "desktop"), expect(dead_code, reason = "without devices nothing is ever heard"))]
pub mod microphone;
pub mod play;
pub mod sabotage;
mod source;
#[cfg(feature = "desktop")]
pub mod speaker;
pub mod synthetic;

pub use devices::Devices;
pub use devices::devices;
pub use microphone::AudioStream;
pub use source::Pick;
pub(crate) use source::RETRY;
pub(crate) use source::Reporter;
pub use source::SourceState;
pub use source::Start;
