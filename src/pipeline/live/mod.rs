//! The stages on threads, fed by devices, by a recording at its own speed, or by the synthetic participant.
//!
//! | thread       | does                                                | late →                              |
//! |--------------|-----------------------------------------------------|-------------------------------------|
//! | `camera`     | pictures into a slot                                | older ones are replaced             |
//! | `microphone` | opens streams; samples come from the device's own callback | whole blocks are dropped, counted |
//! | `hear`       | drains the ring, cuts talk                          | the ring (10 s) absorbs              |
//! | `face`       | newest picture → expression, reading                | pictures are skipped                |
//! | `voice`      | newest window of talk → reading                     | windows are skipped                 |
//! | `words`      | utterance → words → reading                         | a fifth waiting utterance is refused |
//! | `fuse`       | loads and starts the rest, gathers, answers, tells  | answers are skipped                 |
//! | `record`     | writes a session, while one is recorded             | what it is handed is refused, counted |
//!
//! Nothing waits for whoever reads the events: a full link refuses, and counts.

mod fuse;
mod health;
pub(super) mod log;
mod recording;
pub(super) mod spawn;
mod stage;
mod talk;
mod wiring;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::capture::camera;
use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::latest;
use crate::link::latest::LatestInlet;
use crate::pipeline::event::Command;
use crate::pipeline::event::Event;
use crate::pipeline::event::SourceChoice;
use crate::pipeline::stages::StageSettings;
use crate::signal::FaceView;
use crate::time::Clock;
use crate::time::MonotonicClock;

/// From answer to answer: 25 a second.
pub const TICK: Duration = Duration::from_millis(40);

const EVENTS: usize = 4096;
const COMMANDS: usize = 64;

/// Called when there is something new to show. Must not block.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// What a live run needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSettings {
    /// The folder of models.
    pub models: PathBuf,
    /// The settings of every stage.
    pub stages: StageSettings,
    /// What is asked of the camera.
    pub camera: camera::Settings,
    /// Whether each tick says what it would be [without](crate::pipeline::Tick::without) each modality.
    pub compares: bool,
}

/// A running pipeline. It stops when its commands are dropped.
pub struct Live {
    /// What it tells.
    pub events: EventInlet<Event>,
    /// The newest picture and the face in it.
    pub picture: LatestInlet<FaceView>,
    /// What it is told.
    pub commands: EventOutlet<Command>,
    /// Its session's clock.
    pub clock: Arc<dyn Clock>,
    /// Its first and last thread, to wait for.
    pub thread: JoinHandle<()>,
}

/// Starts a pipeline. It is there at once; its networks are loaded by its own threads.
///
/// # Errors
///
/// If the system gives no thread.
pub fn start(source: SourceChoice, settings: LiveSettings, waker: Waker) -> std::io::Result<Live> {
    let clock: Arc<dyn Clock> = Arc::new(MonotonicClock::start());
    let (event_out, events) = event::link(EVENTS);
    let (picture_out, picture) = latest::link(&FaceView::default());
    let (commands, command_in) = event::link(COMMANDS);
    let run = fuse::Run { source, settings, waker, clock: clock.clone(), events: event_out, commands: command_in };
    let thread = spawn::thread("fuse", move || run.run(picture_out))?;
    Ok(Live { events, picture, commands, clock, thread })
}
