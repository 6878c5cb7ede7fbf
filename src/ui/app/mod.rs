//! Drains links, carries out commands, and lays out the panels.

mod act;
mod checking;
mod draw;
mod recording;
mod replay;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::Color32;
use egui::Context;
use egui::Ui;

use crate::link::event::Next;
use crate::pipeline::Consent;
use crate::pipeline::Event;
use crate::pipeline::SourceChoice;
use crate::pipeline::Subject;
use crate::pipeline::Tick;
use crate::signal::Modality;
use crate::time::Timestamp;
use crate::ui::Baseline;
use crate::ui::Certified;
use crate::ui::First;
use crate::ui::Host;
use crate::ui::Options;
use crate::ui::Sheet;
use crate::ui::Waker;
use crate::ui::WindowCommand;
use crate::ui::Wiring;
use crate::ui::app::replay::Replay;
use crate::ui::baseline::Check;
use crate::ui::baseline::Drift;
use crate::ui::job::Job;
use crate::ui::keys;
use crate::ui::keys::Keys;
use crate::ui::library::Library;
use crate::ui::library::LibraryForm;
use crate::ui::motion::Motion;
use crate::ui::panels;
use crate::ui::panels::MarkerForm;
use crate::ui::panels::RecordForm;
use crate::ui::panels::StartForm;
use crate::ui::playback::Playback;
use crate::ui::state::State;
use crate::ui::theme::Palette;
use crate::ui::upload;
use crate::ui::view::Pending;
use crate::ui::view::Picture;
use crate::ui::view::View;

/// Events taken in before one picture at most, so that a flood can't stop the window.
const EVENTS_AT_ONCE: usize = 4096;
/// From count to count of the pictures drawn, seconds.
const COUNT_SECS: f64 = 10.0;
/// How long settings must rest before they are kept.
const SAVE_AFTER_SECS: f64 = 0.7;
/// A step after which everything that moves has arrived, seconds.
const AT_ONCE_SECS: f32 = 60.0;
/// The least room that the panels need, in points.
const LEAST_ROOM: egui::Vec2 = egui::vec2(956.0, 596.0);

/// The window. [`run`](crate::ui::run) puts it on the screen; a test or a picture-taker can drive it by itself.
pub struct App {
    host: Host,
    waker: Waker,
    options: Options,
    wiring: Option<Wiring>,
    source: SourceChoice,
    opening: Opening,
    failure: Option<String>,
    state: State,
    picture: Option<Picture>,
    devices: Option<(Vec<String>, Vec<String>)>,
    form: StartForm,
    record: RecordForm,
    /// The check that goes on, and what was found once it has ended.
    check: Option<Check>,
    baseline: Option<Baseline>,
    /// Whether what is known of the person is from it.
    has_baseline: bool,
    baseline_at: Timestamp,
    drift: Drift,
    /// When M was pressed.
    mark_at: Option<Timestamp>,
    /// The certificate that is being made, and the last that was.
    certifying: Option<(PathBuf, Job<Certified>)>,
    certificate: Option<(PathBuf, Certified)>,
    pending: Pending,
    sheet: Option<Sheet>,
    /// How loud noise and babble made on purpose are, dB below the speech.
    snr_db: f32,
    held: Option<Held>,
    without: Option<Modality>,
    pointed_at: Option<Timestamp>,
    replay: Replay,
    library: Library,
    library_form: LibraryForm,
    marker_form: MarkerForm,
    motion: Motion,
    unsaved_since: Option<f64>,
    drawn: Option<(f64, u32)>,
}

/// What is shown while the view stands still.
struct Held {
    at: Timestamp,
    tick: Option<Tick>,
}

/// How far a source is on its way. Starting may take a while, so a picture that says so comes first.
enum Opening {
    No,
    Asked(SourceChoice),
    Announced(SourceChoice),
}

impl App {
    /// A window that starts with `first`; devices only once the first words have been shown.
    #[must_use]
    pub fn new(ctx: &Context, host: Host, first: impl Into<First>, options: Options) -> Self {
        let options = options.checked();
        let repaint = ctx.clone();
        let (first, session) = match first.into() {
            First::Source(source) => (source, None),
            First::Session(folder) => {
                let (camera, microphone) = (options.camera.clone(), options.microphone.clone());
                (SourceChoice::Live { camera, microphone }, Some(folder))
            }
        };
        let waits = session.is_some() || (matches!(first, SourceChoice::Live { .. }) && !options.welcomed);
        let form = StartForm {
            camera: options.camera.clone(),
            microphone: options.microphone.clone(),
            ..StartForm::default()
        };
        let subject = Subject {
            participant: options.participant.clone(),
            task: options.task.clone(),
            note: String::new(),
            // Never what another participant has consented to.
            consent: Consent::Numbers,
        };
        let baseline = (host.kept_baseline)(&options.participant);
        let record = RecordForm { subject, mark: String::new(), is_opened: false };
        Palette::of(options.theme).apply(ctx);
        let mut app = Self {
            host,
            waker: Arc::new(move || repaint.request_repaint()),
            options,
            wiring: None,
            source: first.clone(),
            opening: if waits { Opening::No } else { Opening::Asked(first) },
            failure: None,
            state: State::default(),
            picture: None,
            devices: None,
            form,
            record,
            check: None,
            baseline,
            has_baseline: false,
            baseline_at: Timestamp::ZERO,
            drift: Drift::default(),
            mark_at: None,
            certifying: None,
            certificate: None,
            pending: Pending::default(),
            sheet: None,
            snr_db: 0.0,
            held: None,
            without: None,
            pointed_at: None,
            replay: Replay::No,
            library: Library::default(),
            library_form: LibraryForm::default(),
            marker_form: MarkerForm::default(),
            motion: Motion::default(),
            unsaved_since: None,
            drawn: None,
        };
        if let Some(folder) = session {
            app.open_session(folder);
        }
        app
    }

    /// The settings as they are.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Takes in what has arrived, carries out what was asked for by keys and by files, and moves on what moves.
    pub fn logic(&mut self, ctx: &Context) {
        self.open_asked(ctx);
        self.drain(ctx);
        self.go_on_checking();
        self.go_on_certifying();
        self.let_go_of_pending();
        let own = if self.replay.is_open() { Keys::Replay } else { Keys::Live };
        for command in keys::pressed(ctx, own) {
            self.carry_out(ctx, command);
        }
        if let Some(path) = dropped_file(ctx) {
            let is_session = path.is_dir();
            let source = || WindowCommand::Open(SourceChoice::Recording(path.clone()));
            let open = if is_session { WindowCommand::OpenSession(path.clone()) } else { source() };
            self.carry_out(ctx, open);
        }
        self.fit_scale(ctx);
        let secs = ctx.input(|input| input.unstable_dt).min(0.5);
        let secs = if self.step_replay(ctx) { AT_ONCE_SECS } else { secs };
        self.library.step(&self.waker);
        self.look_again(ctx);
        let mut motion = std::mem::take(&mut self.motion);
        motion.step(&self.view(), secs);
        self.motion = motion;
        self.save_rested(ctx);

        if self.motion.is_moving() {
            ctx.request_repaint();
        } else {
            // Ages in words go on when nothing arrives.
            ctx.request_repaint_after(Duration::from_millis(250));
        }
    }

    /// The picture's height over its width.
    fn aspect(&self) -> f32 {
        let picture = self.replay.open().map(Playback::picture).or(self.picture.as_ref());
        let size = picture.map_or((16.0, 9.0), |picture| picture.size);
        if size.0 > 0.0 && size.1 > 0.0 { (size.1 / size.0).clamp(0.4, 1.4) } else { 9.0 / 16.0 }
    }

    /// Whether there is something that the panels can show.
    fn is_reading(&self) -> bool {
        if !matches!(self.replay, Replay::No) {
            return self.replay.is_open();
        }
        let is_settled = matches!(self.opening, Opening::No);
        self.wiring.is_some() && is_settled && (self.state.has_source() || self.state.history.has_readings())
    }

    fn view(&self) -> View<'_> {
        if let Some(replay) = self.replay.open() {
            return self.view_of(replay);
        }
        let now = self.wiring.as_ref().map_or(Timestamp::ZERO, |wiring| wiring.clock.now());
        let (now, tick) = match &self.held {
            Some(held) => (held.at, held.tick.as_ref()),
            None => (now, self.state.fresh_tick(now)),
        };
        View {
            state: &self.state,
            options: &self.options,
            palette: Palette::of(self.options.theme),
            source: &self.source,
            now,
            shown: panels::shown_live(&self.state.history, &self.options, now),
            tick,
            picture: self.picture.as_ref(),
            devices: self.devices.as_ref(),
            without: self.without,
            pointed_at: self.pointed_at,
            certificate: self.certificate_of_last(),
            pending: self.pending,
            baseline: self.baseline.as_ref().map(|baseline| (baseline, self.drift.from(baseline))),
            is_held: self.held.is_some() && self.state.ended_at.is_none(),
            is_started: self.wiring.is_some(),
            replay: None,
        }
    }

    fn drain(&mut self, ctx: &Context) {
        let Some(wiring) = &mut self.wiring else { return };
        let now = wiring.clock.now();
        for _ in 0..EVENTS_AT_ONCE {
            match wiring.events.poll() {
                Next::Item(event) => {
                    if let (Some(check), Event::Level(level)) = (&mut self.check, &event) {
                        check.hear(level);
                    }
                    if let Event::Person(person) = &event
                        && person.afresh.as_ref().is_some_and(|(at, _)| *at > self.baseline_at)
                    {
                        self.has_baseline = false;
                    }
                    self.state.take(event, now);
                }
                Next::Nothing => break,
                Next::Closed => {
                    self.state.is_closed = true;
                    break;
                }
            }
        }
        if self.state.ended_at.is_some() && self.held.is_none() {
            // A recording's last reading stays on the screen: nothing comes after it that could replace it.
            self.held = Some(Held { at: now, tick: self.state.fresh_tick(now).cloned() });
        }
        if self.held.is_some() && self.picture.is_some() {
            return;
        }
        if let Some(view) = wiring.picture.take_new() {
            upload::show(&mut self.picture, ctx, view);
            if let Some(picture) = &self.picture {
                self.drift.see(&picture.found);
                if let Some(check) = &mut self.check {
                    check.see(&picture.found, now);
                }
            }
        }
    }

    /// Starts what was asked for, once a picture has said so.
    fn open_asked(&mut self, ctx: &Context) {
        match std::mem::replace(&mut self.opening, Opening::No) {
            Opening::No => {}
            Opening::Asked(source) => {
                self.opening = Opening::Announced(source);
                ctx.request_repaint();
            }
            Opening::Announced(source) => {
                // The one before goes first: two can't have the same camera.
                self.wiring = None;
                self.replay = Replay::No;
                self.state = State::default();
                self.picture = None;
                self.held = None;
                self.motion = Motion::default();
                self.source = source.clone();
                match (self.host.launch)(source, &self.options, self.waker.clone()) {
                    Ok(wiring) => {
                        self.source = wiring.source.clone();
                        self.wiring = Some(wiring);
                        self.failure = None;
                        self.sheet = self.sheet.filter(|sheet| *sheet != Sheet::Sources);
                    }
                    Err(message) => self.failure = Some(message),
                }
                ctx.request_repaint();
            }
        }
    }

    /// Tells the log how many pictures are drawn in a second, every ten seconds: `RUST_LOG=circumplex=debug`.
    pub(in crate::ui) fn count_picture(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        let (since, pictures) = self.drawn.get_or_insert((now, 0));
        *pictures += 1;
        if now - *since >= COUNT_SECS {
            tracing::debug!(per_second = f64::from(*pictures) / (now - *since), "pictures drawn");
            self.drawn = Some((now, 0));
        }
    }

    /// What is behind everything.
    pub(in crate::ui) fn background(&self) -> Color32 {
        Palette::of(self.options.theme).background
    }

    /// Draws as large as was asked for, as far as the panels still have room.
    fn fit_scale(&self, ctx: &Context) {
        let room = ctx.content_rect().size() * ctx.zoom_factor();
        let most = (room.x / LEAST_ROOM.x).min(room.y / LEAST_ROOM.y).max(0.5);
        let zoom = self.options.scale.min(most);
        if (zoom - ctx.zoom_factor()).abs() > 1e-3 {
            ctx.set_zoom_factor(zoom);
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _: &mut eframe::Frame) {
        self.count_picture(ctx);
        Self::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        Self::ui(self, ui);
    }

    fn on_exit(&mut self) {
        self.leave();
    }

    fn clear_color(&self, _: &egui::Visuals) -> [f32; 4] {
        self.background().to_normalized_gamma_f32()
    }
}

fn dropped_file(ctx: &Context) -> Option<PathBuf> {
    ctx.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_path_buf()))
}
