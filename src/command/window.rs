//! The window, and what it asks of the program.

use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::capture::devices;
use crate::command::Place;
use crate::command::certify;
use crate::command::export;
use crate::fuse::FusionSettings;
use crate::pipeline;
use crate::pipeline::Personal;
use crate::pipeline::SourceChoice;
use crate::pipeline::StageSettings;
use crate::pipeline::Stages;
use crate::pipeline::live;
use crate::pipeline::live::LiveSettings;
use crate::pipeline::replay::Otherwise;
use crate::pipeline::replay::fuse_again;
use crate::report::certificate::Reason;
use crate::session::Consent;
use crate::session::Session;
use crate::settings;
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::ui;
use crate::ui::Baseline;
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
    let baselines = place.settings.sessions_folder().join("baselines");
    let kept_baselines = baselines.clone();
    let left = Rc::new(RefCell::new(Vec::new()));
    let told_left = left.clone();
    let host = Host {
        launch: Box::new(launch),
        list_devices: Box::new(|| {
            let found = devices();
            (found.cameras, found.microphones)
        }),
        save: Box::new(move |options| keep(kept.as_deref(), options)),
        sessions: place.settings.sessions_folder(),
        export: Some(Arc::new(export::beside)),
        certify: Some(Arc::new(|folder, verified| {
            let made = match verified {
                Some(verified) => certify::of_verified(folder, verified),
                None => certify::of(folder),
            };
            let made = made.map_err(|error| format!("{error:#}"))?;
            let reasons = made.0.reasons.iter().map(Reason::sentence).collect();
            Ok((made.0.colour.to_string(), reasons))
        })),
        left: Box::new(move |folder| told_left.borrow_mut().push(folder.to_path_buf())),
        rescore: Some(rescore(place)),
        speaker: Some(Arc::new(pipeline::speaker)),
        keep_baseline: Box::new(move |baseline| keep_baseline(&kept_baselines, baseline)),
        kept_baseline: Box::new(move |participant| kept_baseline(&baselines, participant)),
    };
    let done = ui::run(host, first, options);
    wait_for(&last);
    for folder in left.take() {
        if let Err(error) = certify::of(&folder) {
            tracing::error!("{} has no certificate: {error:#}", folder.display());
        }
    }
    done?;
    Ok(ExitCode::SUCCESS)
}

/// How another fusion answers to a session, with the networks that are here.
fn rescore(place: &Place) -> ui::Rescore {
    let (models, here) = (place.models.clone(), place.settings.stages.clone());
    Arc::new(move |folder, another, tell| {
        let kind = another.kind;
        let session = Session::open(folder).map_err(|error| error.to_string())?;
        let settings = toml::from_str::<StageSettings>(&session.header().settings).unwrap_or_else(|_| here.clone());
        let begins = Timestamp::from_nanos(session.header().began_nanos);
        let last = session.file(Consent::Numbers).and_then(|mut numbers| numbers.last_arrived());
        let length = last.ok().flatten().map_or(0.0, |last| last.since(begins).as_secs_f64()).max(1.0);
        let tell = |at: Timestamp| tell((at.since(begins).as_secs_f64() / length) as f32);
        let asked = FusionSettings { kind, ..settings.fusion.clone() };
        let asked = StageSettings { fusion: asked, ..settings };
        let fusions = Stages::fusions_alone(&models, &asked, &[kind]);
        let mut fusions = fusions.map_err(|error| error.to_string())?;
        let otherwise = Otherwise { fusion: Some(kind), is_raw: another.personal == Personal::Raw };
        let replayed = fuse_again(&session, (&mut fusions, &asked.gather), otherwise, tell);
        replayed.map(|replayed| replayed.again).map_err(|error| error.to_string())
    })
}

/// A participant's baseline, as a file.
fn keep_baseline(folder: &Path, baseline: &Baseline) -> Result<(), String> {
    let path = folder.join(file_of(&baseline.participant));
    let theirs = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Baseline>(&text).ok());
    if theirs.is_some_and(|theirs| theirs.participant != baseline.participant) {
        return Err(format!("another participant's code gives the same file; choose another code\nfile: {path:?}"));
    }
    let text = serde_json::to_string(baseline).map_err(|error| error.to_string())?;
    crate::session::keep(&path, text.as_bytes()).map_err(|error| error.to_string())
}

fn kept_baseline(folder: &Path, participant: &str) -> Option<Baseline> {
    let text = std::fs::read(folder.join(file_of(participant))).ok()?;
    let baseline = serde_json::from_slice::<Baseline>(&text).ok()?;
    // One that was forgotten has nothing in it.
    (baseline.participant == participant && !baseline.means.is_empty()).then_some(baseline)
}

fn file_of(participant: &str) -> String {
    format!("{}.json", crate::session::plain(participant))
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
