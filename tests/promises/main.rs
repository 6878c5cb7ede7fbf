//! What the program promises, one file per promise.
//!
//! | file           | promise                                                                  |
//! |----------------|--------------------------------------------------------------------------|
//! | `absence`      | every combination of present modalities gives an answer in range         |
//! | `architecture` | arrows between modules go one way, and foreign crates have one home      |
//! | `clocks`       | a sound card's drift and jitter are followed                             |
//! | `evaluation`   | `evaluate` measures what it says                                         |
//! | `faces`        | faces are found where there are faces, and nowhere else                  |
//! | `fusion`       | fusion networks answer as where they were trained                        |
//! | `models`       | each model loads; what is wrong with one is said                         |
//! | `recordings`   | `analyze` and `run` keep their word about files                          |
//! | `replay`       | a session replayed gives the same bits, and holds only what was consented to |
//! | `sessions`     | what is written is read, whatever happens to the file                    |
//! | `streaming`    | how sound is split into blocks makes no difference                       |
//! | `trouble`      | input that is spoilt on purpose is found out by what is measured         |
//! | `variants`     | the open variant reads without what forbids commercial use               |
//! | `words`        | what is said is understood; what isn't speech says nothing               |
//!
//! Networks and recordings come from `bash models/setup`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails may do so loudly, also in what tests share"
)]

mod absence;
mod architecture;
mod clocks;
mod evaluation;
mod faces;
mod fusion;
mod models;
mod recordings;
mod replay;
mod sessions;
mod streaming;
mod support;
mod trouble;
mod variants;
mod words;
