//! What of a run is kept, in which streams, and the thread that keeps it.
//!
//! | part        | is                                                                        |
//! |-------------|---------------------------------------------------------------------------|
//! | [`streams`] | the streams of a session: their numbers, names and units                  |
//! | [`values`]  | answers, evidence, faces and levels as numbers of a stream, and back      |
//! | [`Recorder`] | writes what stages hand it, syncs, forgets, and says how it is doing     |
//! | [`Kept`]    | what was kept, loaded again                                               |
//!
//! Stages hand items over through bounded links that refuse when they are full: a disk that stands still stops nobody.
//! What was refused is counted, and told.

mod kept;
mod recorder;
pub mod streams;
pub mod values;

pub use kept::Happening;
pub use kept::Kept;
pub use kept::of_transcript;
pub use recorder::Keep;
pub use recorder::Progress;
pub use recorder::RecordLinks;
pub use recorder::RecordOutlet;
pub use recorder::Recorder;
pub use recorder::pack;
pub use recorder::unpack;
