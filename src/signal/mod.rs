//! What is said between stages: pictures, sounds, what each modality gives, and the reading of them all.
//!
//! | from      | type                                             |
//! |-----------|--------------------------------------------------|
//! | capture   | [`Frame`]                                        |
//! | condition | [`Utterance`], [`VoiceWindow`], [`Level`]        |
//! | encode    | [`FaceView`], [`Transcript`], [`Evidence`] |
//! | fuse      | [`Moment`], [`Fused`]                            |
//!
//! A missing value is `None` or an [`Absence`] that says why: never a zero, never a neutral.

mod absence;
mod affect;
mod face;
mod frame;
mod label;
mod moment;
mod speech;

pub use absence::Absence;
pub use affect::Affect;
pub use affect::Bipolar;
pub use affect::LabelsAtOnce;
pub use affect::Reading;
pub use face::BLENDSHAPE_NAMES;
pub use face::Expression;
pub use face::FACE_MOVEMENTS;
pub use face::FACE_MOVING;
pub use face::FaceBox;
pub use face::FaceQuality;
pub use face::FaceView;
pub use face::HeadPose;
pub use face::LANDMARKS;
pub use face::Landmark;
pub use face::face_movement;
pub use face::face_movement_names;
pub use frame::Frame;
pub use label::Label;
pub use moment::Clarity;
pub use moment::Evidence;
pub use moment::Fused;
pub use moment::Gates;
pub use moment::Modality;
pub use moment::Moment;
pub use moment::Presence;
pub use speech::Level;
pub use speech::NewestSound;
pub use speech::Transcript;
pub use speech::Utterance;
pub use speech::VOICE_FUNCTIONALS;
pub use speech::VoiceQuality;
pub use speech::VoiceWindow;
