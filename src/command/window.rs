//! The window, and what it asks of the program.

use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::thread::JoinHandle;

use crate::capture::devices;
use crate::command::Place;
use crate::pipeline::SourceChoice;
use crate::pipeline::live;
use crate::pipeline::live::LiveSettings;
use crate::settings;
use crate::settings::Settings;
use crate::ui;
use crate::ui::Host;
use crate::ui::Options;
use crate::ui::Wiring;

pub(super) fn run(place: &Place, source: SourceChoice) -> anyhow::Result<ExitCode> {
    let options: Options = place.settings.window(&place.settings_file())?;
    let source = match source {
        SourceChoice::Live { .. } => {
            SourceChoice::Live { camera: options.camera.clone(), microphone: options.microphone.clone() }
        }
        other => other,
    };
    let live_settings = LiveSettings { compares: true, ..place.live() };
    let fusion = live_settings.stages.fusion.kind;
    let running = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let last = running.clone();
    let launch = move |source: SourceChoice, options: &Options, waker: ui::Waker| {
        wait_for(&running);
        let mut live_settings = live_settings.clone();
        live_settings.stages.fusion.kind = options.fusion.or(fusion);
        let live = live::start(source.clone(), live_settings, waker).map_err(|error| error.to_string())?;
        running.replace(Some(live.thread));
        Ok(Wiring { events: live.events, picture: live.picture, commands: live.commands, clock: live.clock, source })
    };
    let kept = place.kept.clone().or_else(settings::kept_at);
    let host = Host {
        launch: Box::new(launch),
        list_devices: Box::new(|| {
            let found = devices();
            (found.cameras, found.microphones)
        }),
        save: Box::new(move |options| keep(kept.as_deref(), options)),
        sessions: place.settings.sessions_folder(),
    };
    let done = ui::run(host, source, options);
    wait_for(&last);
    done?;
    Ok(ExitCode::SUCCESS)
}

/// Waits until a pipeline whose commands were dropped has ended: its camera is free then, and no network runs.
fn wait_for(running: &RefCell<Option<JoinHandle<()>>>) {
    if let Some(thread) = running.take() {
        thread.join().ok();
    }
}

/// Keeps the window's settings beside the others.
fn keep(path: Option<&Path>, options: &Options) {
    let (Some(path), Ok(window)) = (path, toml::Table::try_from(options)) else { return };
    if let Err(error) = Settings::keep_window(path, &window) {
        tracing::error!(%error, "settings not kept");
    }
}
