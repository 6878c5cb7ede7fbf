//! The window: what a person sees, and what they can ask for.
//!
//! [`run`] opens it. It draws what a running pipeline tells and never waits for it: links are drained before each
//! picture, and a [`Waker`] asks for the next one. Panels are functions of a view of the data that give back what
//! was asked for.
//!
//! | file         | is                                                       |
//! |--------------|----------------------------------------------------------|
//! | `app`        | drains links, carries out commands, draws the panels     |
//! | `baseline`   | a participant's check, and what is usual for them         |
//! | `layout`     | where the panels lie                                     |
//! | `state`      | what the pipeline told                                   |
//! | `history`    | the past, bounded and thinned to the screen              |
//! | `playback`   | a recorded session, looked at again                      |
//! | `library`    | the recorded sessions                                    |
//! | `job`        | work beside the window                                   |
//! | `sensitivity` | what trouble made on purpose did                        |
//! | `motion`     | eases between readings at the screen's rate              |
//! | `phrases`    | readings and reasons in plain words                      |
//! | `theme`      | every colour                                             |
//! | `keys`       | every key                                                |
//! | `software`   | the window where there is no graphics chip               |
//! | `panels`     | the panels                                               |

mod app;
mod baseline;
mod command;
mod history;
mod job;
mod keys;
mod layout;
mod library;
mod motion;
mod options;
mod panels;
mod phrases;
mod playback;
mod sensitivity;
mod software;
mod state;
mod theme;
mod upload;
mod view;

use std::path::PathBuf;
use std::sync::Arc;

pub use app::App;
pub use baseline::Baseline;
pub use command::Sheet;
pub use command::WindowCommand;
pub use library::Export;
pub use library::Exported;
pub use library::LibraryCommand;
pub use options::FusionPick;
pub use options::Options;
pub use options::Panel;
pub use options::Renderer;
pub use options::Theme;
pub use playback::OpenSpeaker;
pub use playback::ReplayCommand;
pub use playback::Rescore;
pub use playback::markers::MarkerCommand;
pub use software::SoftwareError;

use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::latest::LatestInlet;
use crate::pipeline::Command;
use crate::pipeline::Event;
use crate::pipeline::SourceChoice;
use crate::signal::FaceView;
use crate::time::Clock;

/// Asks the window for a new picture; may be called from any thread, as often as wanted.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The window's ends of a running pipeline. Dropping them ends it.
pub struct Wiring {
    /// What it tells.
    pub events: EventInlet<Event>,
    /// The newest picture and the face in it.
    pub picture: LatestInlet<FaceView>,
    /// What it is told.
    pub commands: EventOutlet<Command>,
    /// Its session's clock.
    pub clock: Arc<dyn Clock>,
    /// Where its input comes from.
    pub source: SourceChoice,
}

/// Starts a pipeline for a source with what is set in the window, or says in words why it can't.
pub type Launch = Box<dyn FnMut(SourceChoice, &Options, Waker) -> Result<Wiring, String>>;

/// Keeps a participant's baseline, or says in words why it can't.
pub type KeepBaseline = Box<dyn Fn(&Baseline) -> Result<(), String>>;

/// The baseline that was kept of a participant, by their code.
pub type KeptBaseline = Box<dyn Fn(&str) -> Option<Baseline>>;

/// A certificate's colour, and why it isn't green; or why there is none.
pub type Certified = Result<(String, Vec<String>), String>;

/// Makes the certificate of a session; what looking through it found, if that was done, isn't looked for again.
pub type Certify = Arc<dyn Fn(&std::path::Path, Option<&crate::pipeline::Verified>) -> Certified + Send + Sync>;

/// What the program does for the window.
pub struct Host {
    /// Starts a pipeline; the one before has been dropped by then.
    pub launch: Launch,
    /// Names the cameras and the microphones.
    pub list_devices: Box<dyn Fn() -> (Vec<String>, Vec<String>) + Send>,
    /// Keeps the settings.
    pub save: Box<dyn Fn(&Options)>,
    /// The folder of recorded sessions.
    pub sessions: PathBuf,
    /// Keeps a participant's baseline; says why it can't.
    pub keep_baseline: KeepBaseline,
    /// The baseline that was kept of a participant.
    pub kept_baseline: KeptBaseline,
    /// Exports a session; `None` where that can't be done.
    pub export: Option<Export>,
    /// Makes a session's certificate; `None` where that can't be done.
    pub certify: Option<Certify>,
    /// Is told of a session that was still being saved or certified as the window closed.
    pub left: Box<dyn Fn(&std::path::Path)>,
    /// Has another fusion answer to a session; `None` where that can't be done.
    pub rescore: Option<Rescore>,
    /// Opens the loudspeaker; `None` where nothing is to be heard.
    pub speaker: Option<OpenSpeaker>,
}

/// What the window begins with.
#[derive(Debug, Clone, PartialEq)]
pub enum First {
    /// A source that is read.
    Source(SourceChoice),
    /// A recorded session that is looked at.
    Session(PathBuf),
}

impl From<SourceChoice> for First {
    fn from(source: SourceChoice) -> Self {
        Self::Source(source)
    }
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// The system gives none.
    #[error("the window can't be opened ({0}); run it where there is a screen")]
    Unavailable(#[from] eframe::Error),
    /// The system gives none, or takes no pictures from the processor.
    #[error("the window can't be opened; run it where there is a screen")]
    Software(#[from] SoftwareError),
}

/// Opens the window, and stays until it is closed.
///
/// A person who sees it for the first time is asked before any device is opened; any other `first` source starts at
/// once, and a session is looked at, which opens no device.
///
/// # Errors
///
/// When the system gives no window.
pub fn run(host: Host, first: impl Into<First>, options: Options) -> Result<(), WindowError> {
    let form = egui::ViewportBuilder::default()
        .with_title("Circumplex")
        .with_app_id("circumplex")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([960.0, 600.0]);
    let first = first.into();
    let is_software = software::is_software(options.renderer, software::found);
    let create = move |ctx: &egui::Context| {
        // Words and names may be in any script: what the fonts lack is a box, not an end.
        ctx.set_missing_glyph_policy(egui::epaint::text::MissingGlyphPolicy::Tofu);
        App::new(ctx, host, first, options)
    };
    tracing::debug!(is_software, "the window is drawn");
    if is_software {
        software::run(form, create)?;
        return Ok(());
    }
    let native = eframe::NativeOptions { viewport: form, ..eframe::NativeOptions::default() };
    let create: eframe::AppCreator<'_> = Box::new(|creation| {
        let app: Box<dyn eframe::App> = Box::new(create(&creation.egui_ctx));
        Ok(app)
    });
    eframe::run_native("Circumplex", native, create)?;
    Ok(())
}
