//! Circumplex reads how one person comes across: valence and arousal on the circumplex plane, seven labels with honest
//! doubt, and what each reading rests on (face, voice, words); live, on an ordinary laptop, offline.
//!
//! It reads expressions, not feelings.
//!
//! ```text
//!   capture          condition + encode                        fuse          show, keep
//!
//!   camera ─[latest]─► face ────────────────────────[event]──┐
//!                       └─[latest]─► ui (the picture)        │
//!                                                            ├─► fuse ─┬─[event]─► ui, command
//!   mic ───[ring]────► hear ──[latest]─► voice ─────[event]──┤         │
//!                       └────[event]──► words ──────[event]──┘         └─[event]─► record ─► a session on disk
//!
//!   folders: capture │ condition, encode │ fuse │ ui, command, record      boxes: one thread each
//! ```
//!
//! While a session is recorded, `face`, `hear`, `voice` and `words` hand `record` what they were given, each by a link of its
//! own, as far as there is consent. A session goes the same way again: `replay` gives the stages what was kept.
//!
//! | module        | is                                                                              |
//! |---------------|---------------------------------------------------------------------------------|
//! | [`time`]      | instants, spans and clocks of one session                                       |
//! | [`signal`]    | what is said between stages                                                     |
//! | [`link`]      | how it travels between threads                                                  |
//! | [`model`]     | networks, their manifest, their contracts                                       |
//! | [`session`]   | a recorded session on disk: its format, its writer, its reader                  |
//! | [`capture`]   | cameras, microphones, recordings, the synthetic participant                     |
//! | [`condition`] | faces found and aligned; sound resampled, described and cut                     |
//! | [`encode`]    | what each modality says by itself, read against what is known of the person     |
//! | [`fuse`]      | one answer of them all                                                          |
//! | [`record`]    | what of a run is kept, in which streams, and the thread that keeps it           |
//! | [`pipeline`]  | the stages on threads (live), in order (offline), or on what was kept (replay)  |
//! | [`settings`]  | one documented TOML file                                                        |
//! | [`measure`]   | how right readings are                                                          |
//! | [`report`]    | tables and summaries of recordings; an evaluation's figures and page            |
//! | [`command`]   | what the program can be asked to do                                             |
//! | `ui`          | the window (feature `desktop`)                                                  |
//!
//! # Invariants
//!
//! 1. Stages know no threads, no channels and no wall clock: they are structs that take and give. Time comes with the
//!    data.
//! 2. Only [`pipeline`] starts threads (sources may leave one behind with a hung driver, and ask it for that); only
//!    [`time`] reads the clock.
//! 3. A span is never restamped.
//! 4. The audio callback reads the clock and calls one function: no allocation, lock, log or panic.
//! 5. Every link is bounded, states its policy, and counts.
//! 6. A missing modality is a value with a reason. Fusion is defined for all eight combinations; none gives none.
//! 7. Nothing waits for the window. The window waits where it has said so: when devices are listed, and until one source
//!    has ended before another is opened.
//! 8. Live, offline and replay run the same stages. A recording begins, and goes on after each gap, with nothing in view, and
//!    what fusion took note of lies in its order: so a replay knows all that the run knew.
//! 9. What a network expects is written in `models/manifest.toml` and checked when it is loaded.
//! 10. Nobody's face, voice or words leave memory, but for what [`command`] is asked to write of a recording, and what
//!     [`session`] writes with the consent that its header says.
//! 11. A recording slows nothing: stages hand over through links that refuse, and what is refused is counted and said.

pub mod capture;
pub mod command;
pub mod condition;
pub mod encode;
pub mod fuse;
pub mod link;
pub mod measure;
pub mod model;
pub mod pipeline;
pub mod record;
pub mod report;
pub mod session;
pub mod settings;
pub mod signal;
pub mod time;
#[cfg(feature = "desktop")]
pub mod ui;
