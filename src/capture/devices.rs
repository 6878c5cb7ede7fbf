//! Which devices there are.

use crate::capture::camera;
use crate::capture::microphone;

/// The devices that can be picked by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Devices {
    /// Cameras.
    pub cameras: Vec<String>,
    /// Microphones, besides the system's default.
    pub microphones: Vec<String>,
}

/// Looks which cameras and microphones are there. Takes some milliseconds, on a machine with much sound hardware up to
/// a second.
#[must_use]
pub fn devices() -> Devices {
    Devices { cameras: camera::names(), microphones: microphone::names() }
}
