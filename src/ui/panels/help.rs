//! All keys, and what the window claims.

use egui::Grid;
use egui::RichText;
use egui::Ui;

use crate::ui::WindowCommand;
use crate::ui::keys::BINDINGS;
use crate::ui::keys::Keys;
use crate::ui::keys::REPLAY;
use crate::ui::keys::is_of_replay;
use crate::ui::theme::Palette;

/// All keys; each line can be clicked for the same.
pub fn help_ui(ui: &mut Ui, palette: &Palette, keys: Keys) -> Option<WindowCommand> {
    let mut command = None;
    let own = if keys == Keys::Replay { REPLAY.as_slice() } else { &[] };
    let others = BINDINGS.iter().filter(|one| {
        let is_taken = own.iter().any(|other| other.key == one.key);
        keys == Keys::Live || (is_of_replay(&one.command) && !is_taken)
    });
    Grid::new("keys").num_columns(2).spacing([14.0, 3.0]).show(ui, |ui| {
        for binding in own.iter().chain(others) {
            let key = egui::Button::new(RichText::new(binding.name).monospace()).min_size(egui::vec2(56.0, 0.0));
            if ui.add(key).on_hover_text(binding.does).clicked() {
                command = Some(binding.command.clone());
            }
            ui.label(binding.does);
            ui.end_row();
        }
    });
    ui.label(
        RichText::new("1 to 9 mark this moment by the names in the settings, while a session is recorded.").small(),
    );
    ui.separator();
    let claims = "It reads how an expression would be called by people who see and hear it. \
        It doesn't know what anybody feels. Where it can't read, it says why and shows nothing.\n\
        Turn the wheel over the timeline for more of the past or less.";
    ui.label(RichText::new(claims).small().color(palette.muted));
    command
}
