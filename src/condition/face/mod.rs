//! Finds the faces in a picture and follows one of them.
//!
//! Detect (BlazeFace) → align → 478 landmarks; the next frame's crop comes from the last landmarks, and the detector
//! runs again when the face is lost, and once a second to see who else is there.

mod crop;
mod detector;
mod geometry;
mod quality;
mod steady;
mod tracker;

pub use crop::Crop;
pub use detector::Detection;
pub use detector::Detector;
pub use geometry::Geometry;
pub use geometry::gaze;
pub use quality::QualitySettings;
pub use quality::measure;
pub use steady::Steadiness;
pub use tracker::Found;
pub use tracker::Tracker;
