//! Settings, which act at once.

use egui::Grid;
use egui::Slider;
use egui::Ui;

use crate::ui::Options;
use crate::ui::Panel;
use crate::ui::Theme;
use crate::ui::WindowCommand;
use crate::ui::view::View;

/// All settings of the window; gives them anew when one was changed.
pub fn settings_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let options = view.options;
    let mut set = options.clone();
    let own = view.tick.and_then(|tick| tick.fused?.clarity);
    Grid::new("settings").num_columns(2).spacing([16.0, 7.0]).show(ui, |ui| {
        ui.label("theme");
        ui.horizontal(|ui| {
            ui.selectable_value(&mut set.theme, Theme::Dark, "dark").on_hover_text("light on dark");
            ui.selectable_value(&mut set.theme, Theme::Light, "light").on_hover_text("dark on light");
        });
        ui.end_row();

        ui.label("size");
        let size = Slider::new(&mut set.scale, 0.75..=2.0).step_by(0.05).custom_formatter(as_percent);
        // Not while it is dragged: the slider would run away from under the pointer.
        let size =
            ui.add(size.update_while_editing(false)).on_hover_text("of everything, as far as the window has room");
        if size.dragged() {
            set.scale = options.scale;
        }
        ui.end_row();

        ui.label("picture");
        ui.vertical(|ui| {
            ui.checkbox(&mut set.mirrored, "as a mirror").on_hover_text("as people expect to see themselves");
            ui.checkbox(&mut set.landmarks, "points of the face")
                .on_hover_text("drawn on the frame they were found in");
            ui.checkbox(&mut set.crop, "what the network sees").on_hover_text("the crop of the face");
        });
        ui.end_row();

        ui.label("timeline");
        ui.horizontal(|ui| {
            for (secs, text) in [(10.0, "10 s"), (60.0, "60 s"), (300.0, "5 min"), (0.0, "all")] {
                ui.selectable_value(&mut set.timeline_secs, secs, text).on_hover_text("or turn the wheel over it");
            }
        });
        ui.end_row();

        ui.label("trail");
        ui.add(Slider::new(&mut set.trail_secs, 0.0..=60.0).step_by(5.0).suffix(" s"))
            .on_hover_text("how much of the past the line in the plane shows");
        ui.end_row();

        ui.label("clear from");
        let slider = Slider::new(&mut set.clear_from, 0.2..=0.9).step_by(0.05).custom_formatter(as_percent);
        ui.add_enabled(own.is_none(), slider)
            .on_hover_text("when the likeliest label is less likely than this, it says “no clear reading”")
            .on_disabled_hover_text(
                "this fusion has a threshold of its own, whose risk was measured: it is said beside the label;\n\
                 this one counts with the late fusion",
            );
        ui.end_row();

        ui.label("panels");
        ui.vertical(|ui| {
            for panel in Panel::ALL {
                let mut is_shown = set.shows(panel);
                if ui.checkbox(&mut is_shown, panel.name()).on_hover_text("show it or hide it").changed() {
                    set.toggle(panel);
                }
            }
        });
        ui.end_row();
    });
    ui.separator();
    if ui
        .button("as they were at first")
        .on_hover_text("set everything back, but not the devices and the fusion")
        .clicked()
    {
        set = Options {
            welcomed: options.welcomed,
            camera: options.camera.clone(),
            microphone: options.microphone.clone(),
            fusion: options.fusion,
            ..Options::default()
        };
    }
    (set != *options).then(|| WindowCommand::Set(Box::new(set)))
}

fn as_percent(value: f64, _: std::ops::RangeInclusive<usize>) -> String {
    format!("{:.0} %", value * 100.0)
}
