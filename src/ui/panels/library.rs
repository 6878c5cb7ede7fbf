//! The recorded sessions: searched, opened, exported, withdrawn.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use egui::Align;
use egui::Button;
use egui::Color32;
use egui::Key;
use egui::Label;
use egui::Layout;
use egui::ProgressBar;
use egui::RichText;
use egui::ScrollArea;
use egui::Sense;
use egui::TextEdit;
use egui::Ui;

use crate::session::Entry;
use crate::ui::LibraryCommand;
use crate::ui::WindowCommand;
use crate::ui::library::Library;
use crate::ui::library::LibraryForm;
use crate::ui::library::Listed;
use crate::ui::library::Withdrawal;
use crate::ui::panels::cut;
use crate::ui::phrases;
use crate::ui::theme::Palette;

const ROW_HEIGHT: f32 = 25.0;
/// Room for what is done with the sessions, under the list.
const BELOW: f32 = 74.0;

/// Whether the program can export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanExport {
    /// It can.
    Yes,
    /// It can't.
    No,
}

/// All sessions that are what is searched for, and what can be done with those that are chosen.
pub fn library_ui(
    ui: &mut Ui,
    palette: &Palette,
    library: &Library,
    form: &mut LibraryForm,
    can_export: CanExport,
) -> Option<WindowCommand> {
    let (mut asked, pressed) = search_ui(ui, palette, library, form);
    let listed = match library.listed() {
        None => {
            ui.label(RichText::new("Looking …").color(palette.muted));
            return asked;
        }
        Some(Err(message)) => {
            ui.label(RichText::new(message).color(palette.alert));
            return asked;
        }
        Some(Ok(listed)) => listed,
    };
    let found: Vec<&Entry> = listed.entries.iter().filter(|entry| entry.matches(&form.search)).collect();
    form.row = form.row.min(found.len().saturating_sub(1));
    asked = asked.or(follow(pressed, &found, form));
    let below = BELOW + done_height(library);
    let height = (ui.available_height() - below).max(ROW_HEIGHT * 3.0);
    ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
        ui.set_min_height(height);
        asked = asked.take().or(list_ui(ui, palette, library, listed, &found, form));
    });
    asked = asked.or(below_ui(ui, palette, library, &found, form, can_export));
    asked
}

/// What was pressed while the field had the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pressed {
    Nothing,
    Up,
    Down,
    Enter,
}

fn search_ui(
    ui: &mut Ui,
    palette: &Palette,
    library: &Library,
    form: &mut LibraryForm,
) -> (Option<WindowCommand>, Pressed) {
    let (mut asked, mut pressed) = (None, Pressed::Nothing);
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut form.search).hint_text("participant, task or date").desired_width(220.0);
        let field = ui.add(field).on_hover_text("search; arrows choose a session, Enter opens it");
        if !std::mem::replace(&mut form.is_focused, true) {
            field.request_focus();
        }
        if field.changed() {
            form.row = 0;
        }
        let is_pressed = |key| ui.input(|input| input.key_pressed(key));
        if field.has_focus() && is_pressed(Key::ArrowDown) {
            pressed = Pressed::Down;
        } else if field.has_focus() && is_pressed(Key::ArrowUp) {
            pressed = Pressed::Up;
        } else if field.lost_focus() && is_pressed(Key::Enter) {
            pressed = Pressed::Enter;
        }
        if ui.button("look again").on_hover_text("look again which sessions there are").clicked() {
            asked = Some(WindowCommand::Library(LibraryCommand::List));
        }
        let root = library.root().display().to_string();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("copy").on_hover_text("copy the path of the folder").clicked() {
                asked = Some(WindowCommand::Copy(root.clone()));
            }
            let hover = format!("the folder of sessions: {root}\n`sessions` in the settings names another one");
            ui.add(Label::new(RichText::new(&root).small().color(palette.muted)).truncate()).on_hover_text(hover);
        });
    });
    (asked, pressed)
}

fn follow(pressed: Pressed, found: &[&Entry], form: &mut LibraryForm) -> Option<WindowCommand> {
    match pressed {
        Pressed::Nothing => {}
        Pressed::Down => form.row = (form.row + 1).min(found.len().saturating_sub(1)),
        Pressed::Up => form.row = form.row.saturating_sub(1),
        Pressed::Enter => return found.get(form.row).map(|entry| WindowCommand::OpenSession(entry.folder.clone())),
    }
    None
}

/// Where columns begin, as shares of the width: participant, task, date, length, consent, size, certificate.
const COLUMNS: [(&str, f32); 7] = [
    ("participant", 0.05),
    ("task", 0.18),
    ("date (UTC)", 0.37),
    ("length", 0.55),
    ("consent", 0.645),
    ("size", 0.745),
    ("certificate", 0.835),
];
const OPEN_WIDTH: f32 = 50.0;

fn list_ui(
    ui: &mut Ui,
    palette: &Palette,
    library: &Library,
    listed: &Listed,
    found: &[&Entry],
    form: &mut LibraryForm,
) -> Option<WindowCommand> {
    heads_ui(ui, palette);
    if listed.entries.is_empty() && listed.odd.is_empty() {
        ui.label(RichText::new("There are no sessions here yet.").color(palette.muted));
        return None;
    }
    if found.is_empty() && !listed.entries.is_empty() {
        ui.label(RichText::new("No session is like that.").color(palette.muted));
    }
    let mut asked = None;
    let rows = found.len() + listed.odd.len();
    ScrollArea::vertical().auto_shrink([false, true]).show_rows(ui, ROW_HEIGHT, rows, |ui, shown| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for row in shown {
            match found.get(row) {
                Some(entry) => asked = asked.take().or(row_ui(ui, palette, library, entry, row, form)),
                None => odd_ui(ui, palette, listed.odd.get(row - found.len())),
            }
        }
    });
    asked
}

fn heads_ui(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 16.0), Sense::hover());
    for (index, (name, share)) in COLUMNS.into_iter().enumerate() {
        let at = egui::pos2(rect.left() + share * rect.width(), rect.center().y);
        let width = column_width(index, rect.width());
        cut(ui.painter(), at, egui::Align2::LEFT_CENTER, name, 11.0, palette.muted, width);
    }
}

fn column_width(index: usize, width: f32) -> f32 {
    let start = COLUMNS.get(index).map_or(0.0, |(_, share)| share * width);
    let end = COLUMNS.get(index + 1).map_or(width - OPEN_WIDTH, |(_, share)| share * width);
    end - start - 6.0
}

fn row_ui(
    ui: &mut Ui,
    palette: &Palette,
    library: &Library,
    entry: &Entry,
    row: usize,
    form: &mut LibraryForm,
) -> Option<WindowCommand> {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    if form.row == row {
        ui.painter().rect_filled(rect, 4.0, palette.chosen);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, palette.control);
    }
    let header = &entry.header;
    let length = entry.secs.map_or_else(
        || "–".to_owned(),
        |secs| phrases::since_beginning(std::time::Duration::from_secs_f64(secs.clamp(0.0, 1e7))),
    );
    let (colour, word) =
        certificate(palette, entry.certificate.as_ref().map(|certificate| certificate.colour.as_str()));
    let cells = [
        (header.subject.participant.as_str(), palette.text),
        (header.subject.task.as_str(), palette.text),
        (&phrases::date(&header.began_utc), palette.text),
        (&length, palette.text),
        (header.subject.consent.name(), palette.text),
        (&phrases::bytes(entry.bytes), palette.text),
        (word, palette.text),
    ];
    for (index, ((text, ink), (_, share))) in cells.into_iter().zip(COLUMNS).enumerate() {
        let mut at = egui::pos2(rect.left() + share * rect.width(), rect.center().y);
        if index == COLUMNS.len() - 1 {
            ui.painter().circle_filled(at + egui::vec2(4.0, 0.0), 4.0, colour);
            at.x += 13.0;
        }
        cut(ui.painter(), at, egui::Align2::LEFT_CENTER, text, 13.0, ink, column_width(index, rect.width()) - 8.0);
    }
    let mut asked = None;
    let inside = egui::UiBuilder::new().max_rect(rect.shrink2(egui::vec2(4.0, 0.0)));
    ui.scope_builder(inside, |ui| {
        ui.horizontal_centered(|ui| {
            let mut is_chosen = library.chosen().contains(&entry.folder);
            if ui.checkbox(&mut is_chosen, "").on_hover_text("choose it, to export it with others").changed() {
                asked = Some(choose(library.chosen(), &entry.folder));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let open = ui.add(Button::new(RichText::new("open").small()));
                if open.on_hover_text("look at it: picture, sound, readings; Enter does the same").clicked() {
                    asked = Some(WindowCommand::OpenSession(entry.folder.clone()));
                }
            });
        });
    });
    if response.clicked() {
        form.row = row;
    }
    if response.double_clicked() {
        asked = Some(WindowCommand::OpenSession(entry.folder.clone()));
    }
    let said = format!(
        "{} {} {} {length} {} {word}",
        header.subject.participant,
        header.subject.task,
        phrases::date(&header.began_utc),
        header.subject.consent
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &said));
    response.on_hover_text(about(entry));
    asked
}

fn choose(chosen: &BTreeSet<PathBuf>, folder: &Path) -> WindowCommand {
    let mut next = chosen.clone();
    if !next.remove(folder) {
        next.insert(folder.to_path_buf());
    }
    WindowCommand::Library(LibraryCommand::Choose(next))
}

/// A certificate's colour, and its word.
fn certificate<'a>(palette: &Palette, colour: Option<&'a str>) -> (Color32, &'a str) {
    match colour {
        Some(word @ "green") => (palette.good, word),
        Some(word @ "amber") => (palette.doubtful, word),
        Some(word @ "red") => (palette.alert, word),
        Some(word) => (palette.axis, word),
        None => (palette.edge, "none yet"),
    }
}

fn about(entry: &Entry) -> String {
    let header = &entry.header;
    let certificate = match &entry.certificate {
        Some(certified) => format!("its certificate is {certified}"),
        None => "it has no certificate yet".to_owned(),
    };
    let note = if header.subject.note.is_empty() { String::new() } else { format!("note: {}\n", header.subject.note) };
    format!(
        "{}\n{note}kept: {}\nread by {}, {} fusion, {} networks\n{certificate}\n{}",
        header.name,
        header.subject.consent.keeps(),
        header.program,
        header.fusion,
        header.variant,
        entry.folder.display()
    )
}

fn odd_ui(ui: &mut Ui, palette: &Palette, message: Option<&String>) {
    let message = message.map_or("", String::as_str);
    let line = message.lines().collect::<Vec<_>>().join(" · ");
    let size = egui::vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.add_space(6.0);
        let text = RichText::new(format!("can't be read: {line}")).small().color(palette.alert);
        ui.add(Label::new(text).truncate()).on_hover_text(message);
    });
}

fn done_height(library: &Library) -> f32 {
    if library.done().is_empty() { 0.0 } else { 20.0 * library.done().len().min(3) as f32 + 8.0 }
}

/// What can be done, and what was done.
fn below_ui(
    ui: &mut Ui,
    palette: &Palette,
    library: &Library,
    found: &[&Entry],
    form: &LibraryForm,
    can_export: CanExport,
) -> Option<WindowCommand> {
    ui.separator();
    let mut asked = done_ui(ui, palette, library);
    if let Some(withdrawal) = library.withdrawal() {
        return asked.or(withdrawal_ui(ui, palette, withdrawal));
    }
    if library.is_withdrawing() {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label("Being overwritten and deleted …");
        });
        return asked;
    }
    let here = found.get(form.row);
    ui.horizontal(|ui| {
        asked = asked.take().or(export_ui(ui, library, (found, here.copied()), can_export));
        ui.separator();
        let path = here.map(|entry| entry.folder.display().to_string());
        if ui
            .add_enabled(here.is_some(), Button::new("copy path"))
            .on_hover_text("of the session where the keys are")
            .clicked()
        {
            asked = path.clone().map(WindowCommand::Copy);
        }
        let hover = "at the participant's wish: overwritten, deleted, and a receipt kept that it was; it asks twice";
        if ui.add_enabled(here.is_some(), Button::new("withdraw …")).on_hover_text(hover).clicked() {
            asked = here.map(|entry| WindowCommand::Library(LibraryCommand::Withdraw(entry.folder.clone())));
        }
    });
    let path = here.map(|entry| entry.folder.display().to_string()).unwrap_or_default();
    ui.add(Label::new(RichText::new(&path).small().color(palette.muted)).truncate()).on_hover_text("where it is");
    asked
}

fn export_ui(
    ui: &mut Ui,
    library: &Library,
    (found, here): (&[&Entry], Option<&Entry>),
    can_export: CanExport,
) -> Option<WindowCommand> {
    let count = library.chosen().len();
    if let Some((of, share)) = library.exporting() {
        let text = if of == 1 { "exporting".to_owned() } else { format!("exporting {of} sessions") };
        ui.add(ProgressBar::new(share).desired_width(220.0).text(format!("{text}: {}", phrases::percent(share))));
        let stop = ui.button("stop").on_hover_text("after the one that is being exported");
        return stop.clicked().then_some(WindowCommand::Library(LibraryCommand::StopExport));
    }
    let mut asked = None;
    let is_all = count > 0 && found.iter().all(|entry| library.chosen().contains(&entry.folder));
    let (word, hover) =
        if is_all { ("choose none", "let go of all") } else { ("choose all", "all that are what is searched for") };
    if ui.add_enabled(!found.is_empty(), Button::new(word)).on_hover_text(hover).clicked() {
        let all = found.iter().map(|entry| entry.folder.clone());
        let chosen = if is_all { BTreeSet::new() } else { all.collect() };
        asked = Some(WindowCommand::Library(LibraryCommand::Choose(chosen)));
    }
    let why_not = match (can_export, count) {
        (CanExport::No, _) => Some("this program has no way to it"),
        (_, 0) if here.is_none() => Some("there is none"),
        _ => None,
    };
    // Without any that are chosen it is the one where the keys are.
    let text = if count == 0 { "export this one".to_owned() } else { format!("export {count}") };
    let button = ui.add_enabled(why_not.is_none(), Button::new(text));
    let button = button.on_hover_text("tables and streams for other programs, each beside its session");
    if button.on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
        let one = || here.iter().map(|entry| entry.folder.clone()).collect();
        let folders = if count == 0 { one() } else { library.chosen().clone() };
        asked = Some(WindowCommand::Library(LibraryCommand::Export(folders)));
    }
    asked
}

fn done_ui(ui: &mut Ui, palette: &Palette, library: &Library) -> Option<WindowCommand> {
    let mut asked = None;
    for (index, done) in library.done().iter().rev().take(3).enumerate() {
        ui.horizontal(|ui| {
            if index == 0 && ui.small_button("×").on_hover_text("I have read it").clicked() {
                asked = Some(WindowCommand::Library(LibraryCommand::Read));
            }
            let colour = if done.is_trouble { palette.alert } else { palette.text };
            ui.add(Label::new(RichText::new(&done.text).small().color(colour)).truncate()).on_hover_text(&done.text);
        });
    }
    asked
}

fn withdrawal_ui(ui: &mut Ui, palette: &Palette, withdrawal: &Withdrawal) -> Option<WindowCommand> {
    let (folder, question, yes) = match withdrawal {
        Withdrawal::Asked(folder) => (
            folder,
            "All files of it are overwritten and deleted. What stays is a receipt, in the folder “withdrawn”: that it was \
             withdrawn, when, and of whom. Exports of it elsewhere stay.",
            "withdraw it",
        ),
        Withdrawal::Confirmed(folder) => (folder, "This can't be undone. Is it this one?", "yes, delete it now"),
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    ui.label(RichText::new(format!("Withdraw {name}?  {question}")).color(palette.alert));
    let mut asked = None;
    ui.horizontal(|ui| {
        if ui.button("no, it stays").on_hover_text("nothing happens").clicked() {
            asked = Some(LibraryCommand::WithdrawNo);
        }
        // Not where the one before was: nobody deletes by a double click.
        if matches!(withdrawal, Withdrawal::Confirmed(_)) {
            ui.add_space(140.0);
        }
        if ui.button(yes).on_hover_text("delete it").clicked() {
            asked = Some(LibraryCommand::WithdrawYes);
        }
    });
    asked.map(WindowCommand::Library)
}
