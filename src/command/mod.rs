//! What the program can be asked to do.

mod analyze;
mod batch;
mod certify;
mod check;
mod evaluate;
mod export;
mod features;
mod followed;
mod headless;
mod replay;
mod session;
mod spoil;
#[cfg(feature = "desktop")]
mod window;

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

use crate::capture::devices;
use crate::pipeline::Pick;
use crate::pipeline::SourceChoice;
use crate::pipeline::live::LiveSettings;
use crate::session::Session;
use crate::settings;
use crate::settings::Settings;

/// Reads how one person comes across: valence, arousal and emotion labels from face, voice and words, live.
///
/// It reads expressions, not feelings. Without a command it opens the window on the default camera and microphone.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder of models.
    #[arg(long, global = true, value_name = "DIR")]
    models: Option<PathBuf>,
    /// The settings file; `circumplex settings` shows its form.
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a recording (mp4, mov, mkv, webm, wav, flac, …) in the window, at its own speed; or looks at a recorded session
    /// again: picture, sound, readings and markers at any of its times.
    Open {
        /// The recording, or the folder of the session.
        file: PathBuf,
    },
    /// Watches the synthetic participant: a drawn face and a synthetic voice.
    Demo {
        /// The same seed gives the same pictures and the same sound.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Analyses recordings as fast as the machine allows: a table and a summary for each.
    Analyze(analyze::Request),
    /// Measures how right the readings are of recordings whose labels others gave: a report of figures, and a page to read.
    Evaluate(evaluate::Request),
    /// Writes what fusion is given, tick by tick, as numpy arrays; clean, or spoilt on purpose.
    Features(features::Request),
    /// Judges recorded sessions: a certificate in each one's folder, with a colour, reasons and figures.
    Certify(certify::Request),
    /// Hands recorded sessions over in forms that others read: tables, XDF, BIDS, `EmotionML`.
    Export(export::Request),
    /// Runs the live pipeline without a window: readings as JSON lines, and a report at the end.
    Run(headless::Request),
    /// Lists the sessions that were recorded.
    Sessions(session::List),
    /// Deletes a session for good: a receipt stays.
    Withdraw(session::Withdraw),
    /// Replays sessions: whether they come out the same, or what changes with other networks.
    Replay(replay::Request),
    /// Lists the cameras and the microphones.
    Devices,
    /// Checks models and runtime, measures each network here, and says what will be on or off.
    Check,
    /// Prints all settings with their defaults and what they mean.
    Settings,
}

/// Does what was asked.
///
/// # Errors
///
/// With a sentence that says what failed and what to do.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let settings = match &arguments.settings {
        Some(path) => Settings::read(path)?,
        None => Settings::read_kept()?,
    };
    let place =
        Place { models: settings.models_folder(arguments.models.as_deref()), kept: arguments.settings, settings };
    // What is wrong with them is said whatever they are needed for.
    #[cfg(feature = "desktop")]
    place.settings.window::<crate::ui::Options>(&place.settings_file())?;
    let live = SourceChoice::Live { camera: Pick::Default, microphone: Pick::Default };
    match arguments.command {
        None => watch(&place, live),
        Some(Command::Open { file }) => {
            anyhow::ensure!(file.exists(), "there is no file {}", file.display());
            if file.is_dir() {
                return look_at(&place, &file);
            }
            watch(&place, SourceChoice::Recording(file))
        }
        Some(Command::Demo { seed }) => watch(&place, SourceChoice::Demo { seed }),
        Some(Command::Analyze(request)) => analyze::run(&request, &place),
        Some(Command::Evaluate(request)) => evaluate::run(&request, &place),
        Some(Command::Features(request)) => features::run(&request, &place),
        Some(Command::Certify(request)) => Ok(certify::run(&request)),
        Some(Command::Export(request)) => export::run(&request),
        Some(Command::Run(request)) => headless::run(&request, &place),
        Some(Command::Sessions(request)) => session::list(&request, &place),
        Some(Command::Withdraw(request)) => session::withdraw(&request),
        Some(Command::Replay(request)) => Ok(replay::run(&request, &place)),
        Some(Command::Devices) => {
            list_devices();
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Check) => check::run(&place),
        Some(Command::Settings) => {
            print!("{}", settings::DOCUMENTED);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The settings in force and where they came from.
struct Place {
    models: PathBuf,
    settings: Settings,
    #[cfg_attr(not(feature = "desktop"), expect(dead_code, reason = "only the window keeps settings"))]
    kept: Option<PathBuf>,
}

impl Place {
    /// Where the settings are from.
    #[cfg(feature = "desktop")]
    fn settings_file(&self) -> PathBuf {
        self.kept.clone().or_else(settings::kept_at).unwrap_or_default()
    }

    /// For a run that nobody watches.
    fn live(&self) -> LiveSettings {
        LiveSettings {
            models: self.models.clone(),
            stages: self.settings.stages.clone(),
            camera: self.settings.camera.clone(),
            compares: false,
        }
    }
}

/// In the window where there is a screen, else as a line in the terminal.
fn watch(place: &Place, source: SourceChoice) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "desktop")]
    if has_screen() {
        return window::run(place, source.into());
    }
    let why = no_window();
    eprintln!("circumplex: {why}, so it runs in the terminal; Ctrl-C ends it.");
    headless::run_line(place, source)
}

/// Shows a recorded session, which needs a screen.
fn look_at(place: &Place, folder: &Path) -> anyhow::Result<ExitCode> {
    Session::header_of(folder)?;
    #[cfg(feature = "desktop")]
    if has_screen() {
        return window::run(place, crate::ui::First::Session(folder.to_path_buf()));
    }
    let _ = place;
    anyhow::bail!(
        "{}; a session is looked at in the window, or read by other means: see `circumplex sessions`",
        no_window()
    )
}

const fn no_window() -> &'static str {
    if cfg!(feature = "desktop") {
        "there is no screen here (neither X11 nor Wayland)"
    } else {
        "this program was built without its window"
    }
}

#[cfg(feature = "desktop")]
fn has_screen() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn list_devices() {
    let found = devices();
    for (kind, names) in [("cameras", &found.cameras), ("microphones", &found.microphones)] {
        if names.is_empty() {
            println!("{kind}: none found");
            continue;
        }
        println!("{kind}:");
        for name in names {
            println!("  {name}");
        }
    }
}
