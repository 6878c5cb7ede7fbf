//! The window, and what it asks of the program.

use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::capture::devices;
use crate::command::Place;
use crate::fuse::FusionKind;
use crate::pipeline;
use crate::pipeline::SourceChoice;
use crate::pipeline::StageSettings;
use crate::pipeline::Stages;
use crate::pipeline::live;
use crate::pipeline::live::LiveSettings;
use crate::pipeline::replay::late;
use crate::pipeline::replay::replay;
use crate::session::Consent;
use crate::session::Session;
use crate::settings;
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::ui;
use crate::ui::First;
use crate::ui::Host;
use crate::ui::Options;
use crate::ui::Wiring;

pub(super) fn run(place: &Place, first: First) -> anyhow::Result<ExitCode> {
    let options: Options = place.settings.window(&place.settings_file())?;
    let first = match first {
        First::Source(SourceChoice::Live { .. }) => {
            SourceChoice::Live { camera: options.camera.clone(), microphone: options.microphone.clone() }.into()
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
        export: None,
        rescore: Some(rescore(place)),
        speaker: Some(Arc::new(pipeline::speaker)),
    };
    let done = ui::run(host, first, options);
    wait_for(&last);
    done?;
    Ok(ExitCode::SUCCESS)
}

/// How another fusion answers to a session, with the networks that are here.
fn rescore(place: &Place) -> ui::Rescore {
    let (models, here) = (place.models.clone(), place.settings.stages.clone());
    Arc::new(move |folder, kind, tell| {
        let session = Session::open(folder).map_err(|error| error.to_string())?;
        let settings = toml::from_str::<StageSettings>(&session.header().settings).unwrap_or_else(|_| here.clone());
        let begins = Timestamp::from_nanos(session.header().began_nanos);
        let last = session.file(Consent::Numbers).and_then(|mut numbers| numbers.last_arrived());
        let length = last.ok().flatten().map_or(0.0, |last| last.since(begins).as_secs_f64()).max(1.0);
        let tell = |at: Timestamp| tell((at.since(begins).as_secs_f64() / length) as f32);
        let replayed = if kind == FusionKind::Late {
            late(&session, &settings, tell)
        } else {
            let stages = Stages::with_fusions(&models, &settings, &FusionKind::CHOICE);
            replay(&session, &mut stages.map_err(|error| error.to_string())?, Some(kind), tell)
        };
        replayed.map(|replayed| replayed.again).map_err(|error| error.to_string())
    })
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
