//! The panels in their places.

use egui::Context;
use egui::Rect;
use egui::RichText;
use egui::Ui;

use crate::pipeline::SourceState;
use crate::ui::Sheet;
use crate::ui::WindowCommand;
use crate::ui::app::App;
use crate::ui::app::Opening;
use crate::ui::keys::Keys;
use crate::ui::layout;
use crate::ui::layout::Places;
use crate::ui::layout::Shows;
use crate::ui::panels;
use crate::ui::panels::CanExport;
use crate::ui::panels::CanRescore;
use crate::ui::phrases;
use crate::ui::phrases::SourceKind;
use crate::ui::theme::Palette;

impl App {
    /// Draws everything.
    pub fn ui(&mut self, ui: &mut Ui) {
        let palette = Palette::of(self.options.theme);
        let window = ui.ctx().content_rect();
        ui.set_clip_rect(window);
        ui.painter().rect_filled(window, 0.0, palette.background);
        let notices = if self.is_reading() { panels::notices(&self.view()) } else { Vec::new() };
        let shows = if self.replay.is_open() { Shows::Replay } else { Shows::Live };
        let height = panels::notices_height(notices.len());
        let places = layout::places(window, &self.options, shows, height, self.aspect());

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
        if let Some(colour) = panels::record_frame(&self.view()) {
            ui.painter().rect_stroke(window, 0.0, egui::Stroke::new(3.0, colour), egui::StrokeKind::Inside);
        }
        drop_ui(ui, palette, window);
        let ctx = ui.ctx().clone();
        for command in asked {
            self.carry_out(&ctx, command);
        }
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
        if let Some(replay) = view.replay {
            card(places.transport, &mut |ui| panels::transport_ui(ui, &view, replay));
        }
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
            if let Some(folder) = self.replay.opening() {
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                let text = RichText::new(format!("Opening {name} …")).heading().color(palette.muted);
                ui.centered_and_justified(|ui| ui.label(text));
                return None;
            }
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
                for failure in self.failures() {
                    ui.add_space(6.0);
                    ui.label(RichText::new(failure).color(palette.alert));
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
    fn failures(&self) -> Vec<String> {
        let mut failures: Vec<_> = self.failure.iter().cloned().collect();
        if self.wiring.is_some() {
            let is_live = self.source.is_live();
            for (kind, state) in
                [(SourceKind::Picture, &self.state.camera), (SourceKind::Sound, &self.state.microphone)]
            {
                let why = state.as_ref().and_then(|state| phrases::source_failure(kind, state, is_live));
                failures.extend(why.map(|why| if is_live { format!("{why} ({})", phrases::RETRIED) } else { why }));
                if matches!(state, Some(SourceState::Off)) {
                    failures.push(phrases::source_off(kind, is_live).to_owned());
                }
            }
        }
        failures
    }

    /// What lies over the panels; the panels go on under it and can be used.
    fn sheet_ui(&mut self, ctx: &Context, middle: Rect) -> Option<WindowCommand> {
        let sheet = self.sheet?;
        let (title, width, height) = match sheet {
            Sheet::Sources => ("Where the input comes from", 760.0, 200.0),
            Sheet::Sabotage => ("Trouble on purpose", 620.0, 330.0),
            Sheet::Settings => ("Settings", 340.0, 440.0),
            Sheet::Help => ("Keys", 400.0, 580.0),
            Sheet::Library => ("Recorded sessions", (middle.width() - 60.0).min(860.0), 460.0),
            // The timeline stays in view.
            Sheet::Markers => ("Markers", 470.0, (middle.height() * 0.5).min(330.0)),
            Sheet::Compare => ("Another fusion", 470.0, (middle.height() * 0.5).min(330.0)),
            Sheet::Record => ("Recording", 430.0, 470.0),
            Sheet::Mark => ("Mark this moment", 360.0, 90.0),
            Sheet::Baseline => ("Baseline", 460.0, 330.0),
        };
        let most = middle.height() - 120.0;
        let palette = Palette::of(self.options.theme);
        let mut is_open = true;
        let mut snr_db = self.snr_db;
        let mut form = std::mem::take(&mut self.form);
        let mut library_form = std::mem::take(&mut self.library_form);
        let mut marker_form = std::mem::take(&mut self.marker_form);
        let keys = if self.replay.is_open() { Keys::Replay } else { Keys::Live };
        let mut record = std::mem::take(&mut self.record);
        let root = self.host.sessions.display().to_string();
        let shown = egui::Window::new(title)
            .id(egui::Id::unique(title))
            .open(&mut is_open)
            .collapsible(false)
            .resizable(false)
            .default_width(width)
            .max_height(most)
            .default_height(most.min(height))
            .constrain_to(middle)
            .vscroll(true)
            .pivot(egui::Align2::RIGHT_TOP)
            // So far down that a banner and a notice above the panels don't push it away from under the pointer.
            .default_pos(middle.right_top() + egui::vec2(-10.0, 66.0))
            .show(ctx, |ui| {
                ui.set_width(width);
                match sheet {
                    Sheet::Sources => {
                        if let Some(failure) = &self.failure {
                            ui.label(RichText::new(failure).color(palette.alert));
                        }
                        panels::start_ui(ui, palette, &mut form, self.devices.as_ref())
                    }
                    Sheet::Sabotage => panels::sabotage_ui(ui, &self.view(), &mut snr_db),
                    Sheet::Settings => panels::settings_ui(ui, &self.view()),
                    Sheet::Help => panels::help_ui(ui, palette, keys),
                    Sheet::Library => {
                        let can = if self.host.export.is_some() { CanExport::Yes } else { CanExport::No };
                        panels::library_ui(ui, palette, &self.library, &mut library_form, can)
                    }
                    Sheet::Markers => {
                        self.replay.open().and_then(|one| panels::markers_ui(ui, &self.view(), one, &mut marker_form))
                    }
                    Sheet::Compare => {
                        let can = if self.host.rescore.is_some() { CanRescore::Yes } else { CanRescore::No };
                        self.replay.open().and_then(|one| panels::compare_ui(ui, &self.view(), one, can))
                    }
                    Sheet::Record => panels::record_ui(ui, &self.view(), &mut record, &root),
                    Sheet::Baseline => {
                        let who = (&mut record.subject.participant, self.check.as_ref());
                        panels::baseline_ui(ui, &self.view(), who, self.baseline.as_ref(), &self.drift)
                    }
                    Sheet::Mark => panels::mark_ui(ui, palette, &mut record),
                }
            });
        self.form = form;
        self.library_form = library_form;
        self.marker_form = marker_form;
        self.record = record;
        self.snr_db = snr_db;
        if !is_open {
            self.sheet = None;
        }
        shown?.inner?
    }
}

fn at<R>(ui: &mut Ui, rect: Rect, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect), contents).inner
}

/// Says what a file that hovers over the window would do.
fn drop_ui(ui: &Ui, palette: &Palette, window: Rect) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
    painter.rect_filled(window, 0.0, palette.background.gamma_multiply(0.85));
    let font = egui::FontId::proportional(24.0);
    painter.text(
        window.center(),
        egui::Align2::CENTER_CENTER,
        "drop it to read this recording, or to open this session",
        font,
        palette.text,
    );
}
