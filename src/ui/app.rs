//! Drains links, carries out commands, and lays out the panels.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::Context;
use egui::Rect;
use egui::RichText;
use egui::TextureOptions;
use egui::Ui;
use egui::ViewportCommand;

use crate::capture::Pick;
use crate::capture::SourceState;
use crate::link::event::Next;
use crate::pipeline::Command;
use crate::pipeline::Freeze;
use crate::pipeline::SourceChoice;
use crate::pipeline::Tick;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::signal::Modality;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::ui::Host;
use crate::ui::Options;
use crate::ui::Sheet;
use crate::ui::Waker;
use crate::ui::WindowCommand;
use crate::ui::Wiring;
use crate::ui::keys;
use crate::ui::layout;
use crate::ui::layout::Places;
use crate::ui::motion::Motion;
use crate::ui::panels;
use crate::ui::panels::StartForm;
use crate::ui::state::State;
use crate::ui::theme::Palette;
use crate::ui::view::Picture;
use crate::ui::view::View;

/// Events taken in before one picture at most, so that a flood can't stop the window.
const EVENTS_AT_ONCE: usize = 4096;
/// How long settings must rest before they are kept.
const SAVE_AFTER_SECS: f64 = 0.7;
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
    trouble: Option<String>,
    state: State,
    picture: Option<Picture>,
    devices: Option<(Vec<String>, Vec<String>)>,
    form: StartForm,
    sheet: Option<Sheet>,
    held: Option<Held>,
    without: Option<Modality>,
    pointed_at: Option<Timestamp>,
    motion: Motion,
    unsaved_since: Option<f64>,
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
    pub fn new(ctx: &Context, host: Host, first: SourceChoice, options: Options) -> Self {
        let options = options.checked();
        let repaint = ctx.clone();
        let waits = matches!(first, SourceChoice::Live { .. }) && !options.welcomed;
        let form = StartForm {
            camera: options.camera.clone(),
            microphone: options.microphone.clone(),
            ..StartForm::default()
        };
        Palette::of(options.theme).apply(ctx);
        Self {
            host,
            waker: Arc::new(move || repaint.request_repaint()),
            options,
            wiring: None,
            source: first.clone(),
            opening: if waits { Opening::No } else { Opening::Asked(first) },
            trouble: None,
            state: State::default(),
            picture: None,
            devices: None,
            form,
            sheet: None,
            held: None,
            without: None,
            pointed_at: None,
            motion: Motion::default(),
            unsaved_since: None,
        }
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
        for command in keys::pressed(ctx) {
            self.carry_out(ctx, command);
        }
        if let Some(path) = dropped_file(ctx) {
            self.carry_out(ctx, WindowCommand::Open(SourceChoice::Recording(path)));
        }
        self.fit_scale(ctx);
        let secs = ctx.input(|input| input.stable_dt).min(0.1);
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

    /// Draws everything.
    pub fn ui(&mut self, ui: &mut Ui) {
        let palette = Palette::of(self.options.theme);
        let window = ui.ctx().content_rect();
        ui.set_clip_rect(window);
        ui.painter().rect_filled(window, 0.0, palette.background);
        let notices = if self.is_reading() { panels::notices(&self.view()) } else { Vec::new() };
        let places = layout::places(window, &self.options, panels::notices_height(notices.len()), self.aspect());

        let mut asked = Vec::new();
        asked.extend(at(ui, places.top, |ui| panels::top_ui(ui, &self.view())));
        asked.extend(at(ui, places.notices, |ui| panels::notices_ui(ui, palette, &notices)));
        asked.extend(at(ui, places.status, |ui| panels::status_ui(ui, &self.view())));
        if self.is_reading() {
            asked.extend(self.panels_ui(ui, &places));
        } else {
            asked.extend(self.middle_ui(ui, &places));
        }
        asked.extend(self.sheet_ui(ui.ctx(), places.middle));
        drop_ui(ui, palette, window);
        let ctx = ui.ctx().clone();
        for command in asked {
            self.carry_out(&ctx, command);
        }
    }

    /// The picture's height over its width.
    fn aspect(&self) -> f32 {
        let size = self.picture.as_ref().map_or((16.0, 9.0), |picture| picture.size);
        if size.0 > 0.0 && size.1 > 0.0 { (size.1 / size.0).clamp(0.4, 1.4) } else { 9.0 / 16.0 }
    }

    /// Whether there is something that the panels can show.
    fn is_reading(&self) -> bool {
        let is_settled = matches!(self.opening, Opening::No);
        self.wiring.is_some() && is_settled && (self.state.has_source() || self.state.history.has_readings())
    }

    fn panels_ui(&mut self, ui: &mut Ui, places: &Places) -> Vec<WindowCommand> {
        let view = self.view();
        let palette = view.palette;
        let motion = &self.motion;
        let mut asked = Vec::new();
        let mut pointed_at = None;
        let mut card = |rect: Option<Rect>, contents: &mut dyn FnMut(&mut Ui) -> Option<WindowCommand>| {
            if let Some(rect) = rect {
                asked.extend(panels::card_ui(ui, palette, rect, contents));
            }
        };
        card(places.picture, &mut |ui| panels::picture_ui(ui, &view));
        card(places.transcript, &mut |ui| panels::transcript_ui(ui, &view));
        card(Some(places.plane), &mut |ui| panels::plane_ui(ui, &view, motion));
        card(places.emotions, &mut |ui| panels::emotions_ui(ui, &view, motion));
        card(places.rests_on, &mut |ui| panels::rests_on_ui(ui, &view, motion));
        card(places.timeline, &mut |ui| {
            let (command, pointed) = panels::timeline_ui(ui, &view);
            pointed_at = pointed;
            command
        });
        self.pointed_at = pointed_at;
        asked
    }

    /// In the middle, while there are no panels: what is being started, or three ways to begin.
    fn middle_ui(&mut self, ui: &mut Ui, places: &Places) -> Option<WindowCommand> {
        let palette = Palette::of(self.options.theme);
        let middle = places.middle;
        let mut form = std::mem::take(&mut self.form);
        let command = panels::card_ui(ui, palette, middle, |ui| {
            if !matches!(self.opening, Opening::No) {
                ui.centered_and_justified(|ui| ui.label(RichText::new("Starting …").heading().color(palette.muted)));
                return None;
            }
            ui.add_space((middle.height() * 0.18 - 20.0).clamp(10.0, 130.0));
            ui.vertical_centered(|ui| {
                ui.label(RichText::new("Circumplex").size(30.0).color(palette.text));
                let claim = "reads how an expression comes across: pleasant or unpleasant, calm or excited.\n\
                    It reads expressions, not feelings, and says what each reading rests on.";
                ui.label(RichText::new(claim).size(14.5).color(palette.muted));
                for trouble in self.troubles() {
                    ui.add_space(6.0);
                    ui.label(RichText::new(trouble).color(palette.alert));
                }
            });
            ui.add_space(24.0);
            let width = ui.available_width().min(1040.0);
            let left = ui.max_rect().center().x - width / 2.0;
            let rest = ui.available_rect_before_wrap();
            let ways = Rect::from_min_max(egui::pos2(left, rest.top()), egui::pos2(left + width, rest.bottom()));
            at(ui, ways, |ui| panels::start_ui(ui, palette, &mut form, self.devices.as_ref()))
        });
        self.form = form;
        command
    }

    /// What keeps it from reading, in words.
    fn troubles(&self) -> Vec<String> {
        let mut troubles: Vec<_> = self.trouble.iter().cloned().collect();
        if self.wiring.is_some() {
            for (name, state) in [("camera", &self.state.camera), ("microphone", &self.state.microphone)] {
                match state {
                    Some(SourceState::Failed { message } | SourceState::Lost { message }) => {
                        troubles.push(format!("The {name}: {message} (tried again every second)"));
                    }
                    Some(SourceState::Off) => troubles.push(format!("No {name} was chosen.")),
                    _ => {}
                }
            }
        }
        troubles
    }

    /// What lies over the panels; the panels go on under it and can be used.
    fn sheet_ui(&mut self, ctx: &Context, middle: Rect) -> Option<WindowCommand> {
        let sheet = self.sheet?;
        let (title, width) = match sheet {
            Sheet::Sources => ("Where the input comes from", 760.0),
            Sheet::Settings => ("Settings", 340.0),
            Sheet::Help => ("Keys", 400.0),
        };
        let palette = Palette::of(self.options.theme);
        let mut is_open = true;
        let mut form = std::mem::take(&mut self.form);
        let shown = egui::Window::new(title)
            .id(egui::Id::unique(title))
            .open(&mut is_open)
            .collapsible(false)
            .resizable(false)
            .default_width(width)
            .max_height(middle.height() - 20.0)
            .default_height(middle.height() - 20.0)
            .constrain_to(middle)
            .vscroll(true)
            .pivot(egui::Align2::RIGHT_TOP)
            .default_pos(middle.right_top() + egui::vec2(-10.0, 6.0))
            .show(ctx, |ui| {
                ui.set_width(width);
                match sheet {
                    Sheet::Sources => {
                        if let Some(trouble) = &self.trouble {
                            ui.label(RichText::new(trouble).color(palette.alert));
                        }
                        panels::start_ui(ui, palette, &mut form, self.devices.as_ref())
                    }
                    Sheet::Settings => panels::settings_ui(ui, &self.options),
                    Sheet::Help => panels::help_ui(ui, palette),
                }
            });
        self.form = form;
        if !is_open {
            self.sheet = None;
        }
        shown?.inner?
    }

    fn view(&self) -> View<'_> {
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
            tick,
            picture: self.picture.as_ref(),
            devices: self.devices.as_ref(),
            without: self.without,
            pointed_at: self.pointed_at,
            is_held: self.held.is_some() && self.state.ended_at.is_none(),
            is_started: self.wiring.is_some(),
        }
    }

    fn drain(&mut self, ctx: &Context) {
        let Some(wiring) = &mut self.wiring else { return };
        let now = wiring.clock.now();
        for _ in 0..EVENTS_AT_ONCE {
            match wiring.events.poll() {
                Next::Item(event) => self.state.take(event, now),
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
            show(&mut self.picture, ctx, view);
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
                self.state = State::default();
                self.picture = None;
                self.held = None;
                self.motion = Motion::default();
                self.source = source.clone();
                match (self.host.launch)(source, self.waker.clone()) {
                    Ok(wiring) => {
                        self.source = wiring.source.clone();
                        self.wiring = Some(wiring);
                        self.trouble = None;
                        self.sheet = self.sheet.filter(|sheet| *sheet != Sheet::Sources);
                    }
                    Err(message) => self.trouble = Some(message),
                }
                ctx.request_repaint();
            }
        }
    }

    fn carry_out(&mut self, ctx: &Context, command: WindowCommand) {
        match command {
            WindowCommand::Tell(command) => self.tell(ctx, command),
            WindowCommand::Open(source) => self.open(ctx, source),
            WindowCommand::ListDevices => self.devices = Some((self.host.list_devices)()),
            WindowCommand::Hold => self.hold(),
            WindowCommand::Afresh => self.tell(ctx, Command::Afresh),
            WindowCommand::Freeze => {
                let next = if self.state.person.is_frozen { Freeze::Learning } else { Freeze::Frozen };
                self.tell(ctx, Command::Freeze(next));
            }
            WindowCommand::Toggle(panel) => self.change(ctx, |options| options.toggle(panel)),
            WindowCommand::Landmarks => self.change(ctx, |options| options.landmarks = !options.landmarks),
            WindowCommand::Crop => self.change(ctx, |options| options.crop = !options.crop),
            WindowCommand::Without(modality) => {
                self.without = if self.without == Some(modality) { None } else { Some(modality) };
            }
            WindowCommand::FullScreen => {
                let is_full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!is_full));
            }
            WindowCommand::Theme => self.change(ctx, |options| options.theme = options.theme.other()),
            WindowCommand::Sheet(sheet) => {
                self.sheet = if self.sheet == Some(sheet) { None } else { Some(sheet) };
                if self.sheet == Some(Sheet::Sources) {
                    self.devices = None;
                }
            }
            WindowCommand::Close => self.sheet = None,
            WindowCommand::Timeline(secs) => self.change(ctx, |options| options.timeline_secs = secs),
            WindowCommand::Set(set) => self.change(ctx, |options| *options = *set),
            WindowCommand::Copy(text) => ctx.copy_text(text),
        }
        ctx.request_repaint();
    }

    fn open(&mut self, ctx: &Context, source: SourceChoice) {
        let picks = match &source {
            SourceChoice::Live { camera, microphone } => Some((camera.clone(), microphone.clone())),
            _ => None,
        };
        self.change(ctx, |options| {
            options.welcomed = true;
            if let Some((camera, microphone)) = picks {
                (options.camera, options.microphone) = (camera, microphone);
            }
        });
        self.trouble = None;
        self.opening = Opening::Asked(source);
    }

    /// Tells the pipeline. A device that is picked while something else is read is opened instead of it.
    fn tell(&mut self, ctx: &Context, command: Command) {
        match &command {
            Command::Camera(pick) => self.change(ctx, |options| options.camera = pick.clone()),
            Command::Microphone(pick) => self.change(ctx, |options| options.microphone = pick.clone()),
            _ => {}
        }
        let is_device = matches!(command, Command::Camera(_) | Command::Microphone(_));
        let is_live = matches!(self.source, SourceChoice::Live { .. });
        match &self.wiring {
            Some(wiring) if is_live || !is_device => {
                wiring.commands.offer(command);
            }
            _ if is_device => {
                let (camera, microphone): (Pick, Pick) = (self.options.camera.clone(), self.options.microphone.clone());
                self.open(ctx, SourceChoice::Live { camera, microphone });
            }
            _ => {}
        }
    }

    fn hold(&mut self) {
        if self.state.ended_at.is_some() {
            return;
        }
        self.held = match (self.held.take(), &self.wiring) {
            (None, Some(wiring)) => {
                let at = wiring.clock.now();
                Some(Held { at, tick: self.state.fresh_tick(at).cloned() })
            }
            _ => None,
        };
    }

    fn change(&mut self, ctx: &Context, change: impl FnOnce(&mut Options)) {
        let mut changed = self.options.clone();
        change(&mut changed);
        let changed = changed.checked();
        if changed == self.options {
            return;
        }
        if changed.theme != self.options.theme {
            Palette::of(changed.theme).apply(ctx);
        }
        self.options = changed;
        self.unsaved_since = Some(ctx.input(|input| input.time));
    }

    /// Keeps settings once they have rested: a turning wheel changes them with every picture.
    fn save_rested(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        if self.unsaved_since.is_some_and(|since| now - since >= SAVE_AFTER_SECS) {
            self.save_now();
        }
    }

    fn save_now(&mut self) {
        if self.unsaved_since.take().is_some() {
            (self.host.save)(&self.options);
        }
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
        Self::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        Self::ui(self, ui);
    }

    fn on_exit(&mut self) {
        self.save_now();
    }

    fn clear_color(&self, _: &egui::Visuals) -> [f32; 4] {
        Palette::of(self.options.theme).background.to_normalized_gamma_f32()
    }
}

fn at<R>(ui: &mut Ui, rect: Rect, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect), contents).inner
}

/// Takes a new picture over onto the graphics card.
fn show(shown: &mut Option<Picture>, ctx: &Context, view: &Timestamped<FaceView>) {
    let (texture, crop) = shown.take().map_or((None, None), |picture| (picture.texture, picture.crop));
    let value = &view.value;
    let found = FaceView {
        frame: Frame::default(),
        face: value.face,
        others: value.others.clone(),
        landmarks: value.landmarks.clone(),
        pose: value.pose,
        gaze_deg: value.gaze_deg,
        blink: value.blink,
        quality: value.quality,
        expression: value.expression.clone(),
        crop: Frame::default(),
    };
    #[expect(clippy::cast_precision_loss, reason = "a picture has some thousand pixels in a row")]
    let size = (value.frame.width as f32, value.frame.height as f32);
    *shown = Some(Picture {
        texture: upload(ctx, "picture", texture, &value.frame),
        crop: upload(ctx, "crop", crop, &value.crop),
        size,
        found,
    });
}

fn upload(
    ctx: &Context,
    name: &str,
    texture: Option<egui::TextureHandle>,
    frame: &Frame,
) -> Option<egui::TextureHandle> {
    if !frame.is_whole() {
        return None;
    }
    let image = egui::ColorImage::from_rgb([frame.width, frame.height], &frame.rgb);
    match texture {
        Some(mut texture) => {
            texture.set(image, TextureOptions::LINEAR);
            Some(texture)
        }
        None => Some(ctx.load_texture(name, image, TextureOptions::LINEAR)),
    }
}

fn dropped_file(ctx: &Context) -> Option<PathBuf> {
    ctx.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_path_buf()))
}

/// Says what a file that hovers over the window would do.
fn drop_ui(ui: &Ui, palette: &Palette, window: Rect) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
    painter.rect_filled(window, 0.0, palette.background.gamma_multiply(0.85));
    let font = egui::FontId::proportional(24.0);
    painter.text(window.center(), egui::Align2::CENTER_CENTER, "drop it to read this recording", font, palette.text);
}
