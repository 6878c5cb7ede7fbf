//! The markers of a recorded session: seen, corrected, added.

use egui::Align;
use egui::Button;
use egui::Grid;
use egui::Key;
use egui::Label;
use egui::Layout;
use egui::RichText;
use egui::ScrollArea;
use egui::TextEdit;
use egui::Ui;

use crate::session::Marker;
use crate::ui::MarkerCommand;
use crate::ui::ReplayCommand;
use crate::ui::WindowCommand;
use crate::ui::phrases;
use crate::ui::playback::Playback;
use crate::ui::playback::markers::EXCLUDE;
use crate::ui::playback::markers::Entry;
use crate::ui::view::View;

/// Room for a marker's words.
const WORDS_WIDTH: f32 = 215.0;

/// What was typed so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarkerForm {
    /// The name of the next one.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The one whose name and text are being changed.
    pub renamed: Option<(u64, String, String)>,
}

/// All markers, with what can be done to each; and what can be added at the place where one is.
pub fn markers_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback, form: &mut MarkerForm) -> Option<WindowCommand> {
    let palette = view.palette;
    let about = "Each correction is added to a log beside the session; what was recorded stays as it was.";
    ui.label(RichText::new(about).small().color(palette.muted));
    let mut asked = add_ui(ui, view, form);
    asked = asked.or(exclude_ui(ui, view, replay));
    if let Some(trouble) = replay.trouble() {
        ui.label(RichText::new(trouble).color(palette.alert));
    }
    ui.separator();
    if replay.markers().entries().is_empty() {
        ui.label(RichText::new("Nothing is marked.").color(palette.muted));
    }
    let height = (ui.available_height() - 4.0).max(90.0);
    ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        Grid::new("markers").num_columns(3).spacing([10.0, 4.0]).striped(true).show(ui, |ui| {
            for entry in replay.markers().entries() {
                asked = asked.take().or(entry_ui(ui, view, entry, form));
                ui.end_row();
            }
        });
    });
    asked
}

fn tell(command: MarkerCommand) -> WindowCommand {
    WindowCommand::Replay(ReplayCommand::Marker(command))
}

fn add_ui(ui: &mut Ui, view: &View<'_>, form: &mut MarkerForm) -> Option<WindowCommand> {
    let mut asked = None;
    ui.horizontal(|ui| {
        let at = phrases::clock(view, view.now);
        let name = TextEdit::singleline(&mut form.name).hint_text("name").desired_width(110.0);
        let name = ui.add(name).on_hover_text("the name of a marker that is added");
        let text = TextEdit::singleline(&mut form.text).hint_text("text, if any").desired_width(150.0);
        let text = ui.add(text).on_hover_text("whatever else is to be said of it");
        let is_entered = (name.lost_focus() || text.lost_focus()) && ui.input(|input| input.key_pressed(Key::Enter));
        let can_add = !form.name.trim().is_empty();
        let button = ui.add_enabled(can_add, Button::new(format!("mark {at}")));
        let button =
            button.on_hover_text("add a marker at the place where one is").on_disabled_hover_text("it needs a name");
        if can_add && (is_entered || button.clicked()) {
            let (name, text) = (form.name.trim().to_owned(), form.text.trim().to_owned());
            (form.name, form.text) = (String::new(), String::new());
            asked = Some(tell(MarkerCommand::Add { name, text }));
        }
    });
    asked
}

fn exclude_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback) -> Option<WindowCommand> {
    let mut asked = None;
    ui.horizontal(|ui| {
        let at = phrases::clock(view, view.now);
        match replay.markers().exclude_from {
            None => {
                let hover = "a stretch that doesn't count begins at the place where one is; E does the same";
                if ui.button(format!("exclude from {at}")).on_hover_text(hover).clicked() {
                    asked = Some(tell(MarkerCommand::ExcludeFrom));
                }
            }
            Some(from) => {
                let from = phrases::clock(view, from);
                let hover = "the stretch that doesn't count ends at the place where one is; E does the same";
                if ui.button(format!("exclude {from} to {at}")).on_hover_text(hover).clicked() {
                    asked = Some(tell(MarkerCommand::ExcludeTo));
                }
                if ui.button("never mind").on_hover_text("exclude nothing").clicked() {
                    asked = Some(tell(MarkerCommand::ExcludeNothing));
                }
            }
        }
        let undo = ui.add_enabled(replay.markers().can_undo(), Button::new("take the last correction back"));
        let hover = "by another correction: both stay in the log";
        if undo.on_hover_text(hover).on_disabled_hover_text("there is none").clicked() {
            asked = Some(tell(MarkerCommand::Undo));
        }
    });
    asked
}

fn entry_ui(ui: &mut Ui, view: &View<'_>, entry: &Entry, form: &mut MarkerForm) -> Option<WindowCommand> {
    let (marker, id) = (&entry.marker, entry.marker.id);
    let mut asked = None;
    let time = Button::new(RichText::new(times(view, marker)).monospace().small());
    if ui.add(time).on_hover_text("go there").clicked() {
        asked = Some(WindowCommand::Replay(ReplayCommand::Seek(marker.span.start)));
    }
    if let Some((renamed, name, text)) = form.renamed.as_mut().filter(|(renamed, ..)| *renamed == id) {
        let mut is_entered = false;
        ui.horizontal(|ui| {
            for (field, hint, width) in [(&mut *name, "name", 100.0), (&mut *text, "text", 120.0)] {
                let field = ui.add(TextEdit::singleline(field).hint_text(hint).desired_width(width));
                is_entered |= field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            }
        });
        let can = !name.trim().is_empty();
        let keep = ui
            .add_enabled(can, Button::new(RichText::new("keep").small()))
            .on_hover_text("keep it so; Enter does the same");
        if can && (keep.clicked() || is_entered) {
            let (name, text) = (name.trim().to_owned(), text.trim().to_owned());
            asked = Some(tell(MarkerCommand::Rename { id: *renamed, name, text }));
            form.renamed = None;
        }
        return asked;
    }
    let text = RichText::new(phrases::marker(marker)).color(view.palette.text);
    let text = if entry.is_removed { text.strikethrough().color(view.palette.muted) } else { text };
    ui.horizontal(|ui| {
        ui.set_width(WORDS_WIDTH);
        let note = match (entry.is_removed, &entry.recorded, marker.is_corrected) {
            (true, ..) => "deleted",
            (_, None, _) => "added",
            (_, Some(_), true) => "corrected",
            _ => "",
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(note).small().color(view.palette.muted)).on_hover_text(history(view, entry));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(text).truncate()).on_hover_text(history(view, entry));
            });
        });
    });
    asked.or(buttons_ui(ui, entry, form))
}

fn buttons_ui(ui: &mut Ui, entry: &Entry, form: &mut MarkerForm) -> Option<WindowCommand> {
    let (marker, id) = (&entry.marker, entry.marker.id);
    let mut asked = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        let button = |ui: &mut Ui, word: &str, hover: &str| {
            ui.add(Button::new(RichText::new(word).small())).on_hover_text(hover).clicked()
        };
        if entry.is_removed {
            if button(ui, "bring back", "let it count again") {
                asked = Some(tell(MarkerCommand::Restore(id)));
            }
            return;
        }
        if button(ui, "rename", "another name, another text") {
            form.renamed = Some((id, marker.name.clone(), marker.text.clone()));
        }
        if button(ui, "move here", "move it to the place where one is") {
            asked = Some(tell(MarkerCommand::Move(id)));
        }
        if button(ui, "delete", "it doesn't count any more; what was recorded stays in the log") {
            asked = Some(tell(MarkerCommand::Remove(id)));
        }
    });
    asked
}

/// "3:12", "3:12–3:40".
fn times(view: &View<'_>, marker: &Marker) -> String {
    let start = phrases::clock(view, marker.span.start);
    if marker.span.is_empty() { start } else { format!("{start}–{}", phrases::clock(view, marker.span.end)) }
}

/// What was recorded, and that it stays.
fn history(view: &View<'_>, entry: &Entry) -> String {
    let kind = if entry.marker.kind == EXCLUDE { "a stretch that doesn't count" } else { "a marker" };
    match &entry.recorded {
        None => format!("{kind}, added after the recording"),
        Some(recorded) if *recorded == entry.marker && !entry.is_removed => format!("{kind}, as it was recorded"),
        Some(recorded) => {
            let (at, what) = (times(view, recorded), phrases::marker(recorded));
            let gone = if entry.is_removed { "deleted afterwards" } else { "corrected afterwards" };
            format!("{kind}, {gone}\nrecorded as: {at} “{what}”; that stays in the log")
        }
    }
}
