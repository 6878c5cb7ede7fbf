//! What was asked for, carried out.

use egui::Context;
use egui::ViewportCommand;

use crate::pipeline::Command;
use crate::pipeline::Freeze;
use crate::pipeline::FusionState;
use crate::pipeline::Personal;
use crate::pipeline::Pick;
use crate::pipeline::SourceChoice;
use crate::ui::FusionPick;
use crate::ui::Options;
use crate::ui::Sheet;
use crate::ui::WindowCommand;
use crate::ui::app::App;
use crate::ui::app::Held;
use crate::ui::app::Opening;
use crate::ui::app::SAVE_AFTER_SECS;
use crate::ui::keys;
use crate::ui::theme::Palette;

impl App {
    pub(super) fn carry_out(&mut self, ctx: &Context, command: WindowCommand) {
        if self.replay.is_open() && !keys::is_of_replay(&command) {
            return;
        }
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
            WindowCommand::NextFusion => {
                if let Some(kind) = self.state.fusion.as_ref().and_then(FusionState::next) {
                    self.tell(ctx, Command::Fusion(kind));
                }
            }
            WindowCommand::Without(modality) => {
                self.without = if self.without == Some(modality) { None } else { Some(modality) };
            }
            WindowCommand::FullScreen => {
                let is_full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!is_full));
            }
            WindowCommand::Theme => self.change(ctx, |options| options.theme = options.theme.other()),
            WindowCommand::Sheet(sheet) => {
                if sheet == Sheet::Mark {
                    if !self.is_recording() {
                        return;
                    }
                    self.mark_at = self.wiring.as_ref().map(|wiring| wiring.clock.now());
                }
                self.sheet = if self.sheet == Some(sheet) { None } else { Some(sheet) };
                match self.sheet {
                    Some(Sheet::Sources) => self.devices = None,
                    Some(Sheet::Library) => self.open_library(),
                    Some(Sheet::Record) => self.record.is_opened = true,
                    _ => {}
                }
            }
            WindowCommand::Close if self.pending.forget_asked.take().is_some() => {}
            WindowCommand::Close => self.sheet = None,
            WindowCommand::ReadSaved => self.state.recording = self.state.recording.take().filter(|_| self.is_saving()),
            WindowCommand::BeginCheck => self.begin_check(),
            WindowCommand::StopCheck => self.check = None,
            WindowCommand::Raw => {
                let next = if self.state.person.is_raw { Personal::Corrected } else { Personal::Raw };
                self.tell(ctx, Command::Personal(next));
            }
            WindowCommand::Record
            | WindowCommand::PauseRecording
            | WindowCommand::ForgetLast
            | WindowCommand::StopRecording
            | WindowCommand::MarkKey(_)
            | WindowCommand::MarkText
            | WindowCommand::MarkLately
            | WindowCommand::Exclude => self.recording(ctx, &command),
            WindowCommand::Timeline(secs) => self.change(ctx, |options| options.timeline_secs = secs),
            WindowCommand::Spoil(spoils) => {
                if let Some(wiring) = &self.wiring
                    && wiring.commands.offer(Command::Spoil(spoils.clone()))
                {
                    self.state.sensitivity.change(spoils, wiring.clock.now());
                }
            }
            WindowCommand::Set(set) => self.change(ctx, |options| *options = *set),
            WindowCommand::Copy(text) => ctx.copy_text(text),
            WindowCommand::OpenSession(folder) => self.open_session(folder),
            WindowCommand::Replay(command) => self.obey_replay(command),
            WindowCommand::Library(command) => self.obey_library(command),
        }
        ctx.request_repaint();
    }

    fn open(&mut self, ctx: &Context, source: SourceChoice) {
        if self.is_saving() {
            // A recording ends when somebody says so, not because a file was dropped.
            self.sheet = Some(Sheet::Record);
            return;
        }
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
        self.failure = None;
        self.opening = Opening::Asked(source);
    }

    /// Tells the pipeline. A device that is picked while something else is read is opened instead of it.
    fn tell(&mut self, ctx: &Context, command: Command) {
        match &command {
            Command::Camera(pick) => self.change(ctx, |options| options.camera = pick.clone()),
            Command::Microphone(pick) => self.change(ctx, |options| options.microphone = pick.clone()),
            Command::Fusion(kind) => self.change(ctx, |options| options.fusion = FusionPick::Of(*kind)),
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

    pub(super) fn change(&mut self, ctx: &Context, change: impl FnOnce(&mut Options)) {
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
    pub(super) fn save_rested(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        if self.unsaved_since.is_some_and(|since| now - since >= SAVE_AFTER_SECS) {
            self.save_now();
        }
    }

    pub(super) fn save_now(&mut self) {
        if self.unsaved_since.take().is_some() {
            (self.host.save)(&self.options);
        }
    }
}
