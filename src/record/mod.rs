//! What of a run is kept, in which streams, and the thread that keeps it.
//!
//! | part        | is                                                                        |
//! |-------------|---------------------------------------------------------------------------|
//! | [`streams`] | the streams of a session: their numbers, names and units                  |
//! | [`values`]  | answers, evidence, faces and levels as numbers of a stream, and back      |
//! | [`Recorder`] | writes what stages hand it, syncs, forgets, and says how it is doing     |
//! | [`Kept`]    | what was kept, loaded again                                               |
//! | [`Pictures`] | the pictures and crops that were kept, by their time                     |
//! | [`Sounds`]  | the sound that was kept, by its time                                      |
//!
//! Stages hand items over through bounded links that refuse when they are full: a disk that stands still stops nobody.
//! What was refused is counted, and told.

mod kept;
#[cfg(test)]
pub mod made;
mod pictures;
mod recorder;
mod sounds;
pub mod streams;
mod track;
pub mod values;

pub use kept::Happening;
pub use kept::Kept;
pub use kept::of_transcript;
pub use pictures::Pictures;
pub use pictures::Seen;
pub use recorder::Keep;
pub use recorder::Progress;
pub use recorder::RecordLinks;
pub use recorder::RecordOutlet;
pub use recorder::Recorder;
pub use recorder::pack;
pub use recorder::unpack;
pub use sounds::SOUND_RATE_HZ;
pub use sounds::Sounds;
