//! A recording: whom it is of and what is kept, before it begins; how it is doing, while it runs.

use std::path::Path;
use std::time::Duration;

use egui::Button;
use egui::Color32;
use egui::Key;
use egui::Response;
use egui::RichText;
use egui::TextEdit;
use egui::Ui;
use egui::text::CCursor;
use egui::text::CCursorRange;
use egui::text_edit::TextEditState;

use crate::pipeline::Consent;
use crate::pipeline::Progress;
use crate::pipeline::RecordState;
use crate::pipeline::Subject;
use crate::time::Timestamp;
use crate::ui::WindowCommand;
use crate::ui::panels::notices::Notice;
use crate::ui::panels::notices::NoticeKind;
use crate::ui::phrases;
use crate::ui::theme::Palette;
use crate::ui::view::View;

/// How long it is said that something was forgotten.
const SAID: Duration = Duration::from_secs(8);

/// What was typed and chosen so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordForm {
    /// Whom the recording is of.
    pub subject: Subject,
    /// The words of the next marker.
    pub mark: String,
    /// Whether it has just been opened.
    pub is_opened: bool,
}

/// Why a session can't be begun with what was typed.
#[must_use]
pub fn missing(subject: &Subject) -> Option<&'static str> {
    subject.participant.trim().is_empty().then_some("a participant needs a code, such as P07; never a name")
}

/// The form before a recording, or how the one that runs is doing.
pub fn record_ui(ui: &mut Ui, view: &View<'_>, form: &mut RecordForm, root: &str) -> Option<WindowCommand> {
    match view.state.recording.as_ref().filter(|state| state.is_running()) {
        Some(state) => running_ui(ui, view, state),
        None => form_ui(ui, view, form, root),
    }
}

fn form_ui(ui: &mut Ui, view: &View<'_>, form: &mut RecordForm, root: &str) -> Option<WindowCommand> {
    let palette = view.palette;
    if let Some(state) = &view.state.recording {
        let ink = if matches!(state.progress, Some(Progress::Failed { .. })) { palette.alert } else { palette.text };
        ui.label(RichText::new(ended(state)).color(ink));
        ui.separator();
    }
    let subject = &mut form.subject;
    let (mut is_entered, before) = (false, subject.participant.clone());
    for (name, hint, text) in [
        ("participant", "a code, never a name: P07", &mut subject.participant),
        ("task", "what they do", &mut subject.task),
        ("note", "whatever else is good to know", &mut subject.note),
    ] {
        ui.horizontal(|ui| {
            let label = ui.add_sized([80.0, 20.0], egui::Label::new(RichText::new(name).color(palette.muted)));
            let field = ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(f32::INFINITY));
            is_entered |= field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            // Whoever types at once types whom it is of.
            if name == "participant" && std::mem::take(&mut form.is_opened) {
                field.request_focus();
                choose_all(ui, &field, text);
            }
            field.labelled_by(label.id).on_hover_text(hint);
        });
    }
    if subject.participant != before {
        // Another participant has consented to nothing yet.
        subject.consent = Consent::Numbers;
    }
    ui.add_space(6.0);
    ui.label(RichText::new("What the participant has consented to being kept:").color(palette.muted));
    for consent in Consent::ALL {
        let name = match consent {
            Consent::Numbers => "numbers",
            Consent::Words => "+ words",
            Consent::Inputs => "+ inputs: face and voice",
            Consent::Video => "+ video",
        };
        ui.radio_value(&mut subject.consent, consent, name).on_hover_text(consent.keeps());
    }
    let size = per_hour(subject.consent);
    ui.label(RichText::new(format!("Keeps {}; {size} an hour.", subject.consent.keeps())).color(palette.text));
    if let Some((baseline, _)) = view.baseline.filter(|(one, _)| one.participant != subject.participant.trim()) {
        let text = format!("The baseline is of {}: it isn't used for anybody else.", baseline.participant);
        ui.label(RichText::new(text).small().color(palette.alert));
    }
    ui.label(RichText::new(format!("The session gets a folder of its own in {root}")).small().color(palette.muted));
    let is_saving = view.state.recording.as_ref().is_some_and(|state| !state.has_ended());
    let why_not = if is_saving {
        Some("the last one is still being looked through")
    } else if view.is_started {
        missing(subject)
    } else {
        Some("nothing is read yet: choose a source first")
    };
    let record = Button::new(RichText::new("Record   Enter").color(palette.on_record)).fill(palette.record);
    let hover = why_not.unwrap_or("begin; reading starts with nothing in view");
    let is_clicked = ui.add_enabled(why_not.is_none(), record).on_hover_text(hover).on_disabled_hover_text(hover);
    if let Some(why_not) = why_not {
        ui.label(RichText::new(why_not).small().color(palette.alert));
    }
    let types = ui.ctx().egui_wants_keyboard_input();
    let is_pressed = !types && ui.input(|input| input.key_pressed(Key::Enter));
    let is_asked = is_clicked.clicked() || is_entered || is_pressed;
    (is_asked && why_not.is_none()).then_some(WindowCommand::Record)
}

/// How much is kept in an hour, as measured at 640x480.
const fn per_hour(consent: Consent) -> &'static str {
    match consent {
        Consent::Numbers | Consent::Words => "0.1 GB",
        Consent::Inputs => "2.8 GB",
        Consent::Video => "5.8 GB",
    }
}

/// What stands there is replaced by what is typed.
fn choose_all(ui: &Ui, field: &Response, text: &str) {
    let mut state = TextEditState::load(ui.ctx(), field.id).unwrap_or_default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field.id);
}

fn name(folder: &Path) -> std::borrow::Cow<'_, str> {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy()
}

/// What became of the recording that was ended.
fn ended(state: &RecordState) -> String {
    match &state.progress {
        Some(Progress::Saved { folder, verified }) if verified.is_whole() && verified.lost == 0 => {
            format!("Saved and looked through: {}", name(folder))
        }
        Some(Progress::Saved { folder, verified }) => {
            let mut what = Vec::new();
            if verified.lost > 0 {
                what.push(format!("{} items could not be written", verified.lost));
            }
            if !verified.damage.is_empty() {
                what.push(format!("{} stretches are damaged", verified.damage.len()));
            }
            if !verified.has_ended || !verified.miscounted.is_empty() {
                what.push("not all of it is there".to_owned());
            }
            format!("Saved with losses: {}: {}", what.join(", "), name(folder))
        }
        Some(Progress::Failed { message, .. }) => format!("The recording has failed: {message}"),
        _ => String::new(),
    }
}

fn running_ui(ui: &mut Ui, view: &View<'_>, state: &RecordState) -> Option<WindowCommand> {
    let palette = view.palette;
    let mut command = None;
    ui.label(RichText::new(line(view, state)).color(palette.text));
    ui.label(RichText::new(format!("Keeps {}.", state.subject.consent.keeps())).color(palette.muted));
    if let Some(trouble) = &state.trouble {
        ui.label(RichText::new(trouble).color(palette.alert));
    }
    // As it began: R, Enter.
    if !ui.ctx().egui_wants_keyboard_input() && ui.input(|input| input.key_pressed(Key::Enter)) {
        command = Some(WindowCommand::StopRecording);
    }
    ui.horizontal(|ui| {
        for (text, hover, way) in ways(view, state) {
            if ui.button(text).on_hover_text(hover).clicked() {
                command = Some(way);
            }
        }
    });
    ui.separator();
    ui.label(RichText::new("Keys that mark this moment:").color(palette.muted));
    for (number, name) in (1u8..).zip(&view.options.markers) {
        if ui.button(format!("{number}  {name}")).on_hover_text("mark this moment").clicked() {
            command = Some(WindowCommand::MarkKey(number));
        }
    }
    let marks = view.state.marks.len();
    if let Some(last) = view.state.marks.last() {
        let at = since(state, last.span.start);
        let words = if last.text.is_empty() { &last.name } else { &last.text };
        ui.label(RichText::new(format!("{marks} marked, the last at {at}: {words}")).color(palette.muted));
    }
    if let Some(last) = view.state.forgotten.last() {
        let (from, to) = (since(state, last.start), since(state, last.end));
        let count = view.state.forgotten.len();
        ui.label(RichText::new(format!("{count} forgotten, the last from {from} to {to}")).color(palette.muted));
    }
    command
}

fn ways(view: &View<'_>, state: &RecordState) -> Vec<(String, &'static str, WindowCommand)> {
    if view.pending.forget_asked.is_some() {
        return vec![
            ("forget it  Bksp".to_owned(), "it can't be taken back", WindowCommand::ForgetLast),
            ("keep it  Esc".to_owned(), "nothing is forgotten", WindowCommand::Close),
        ];
    }
    let pause = if state.is_paused {
        ("go on  P".to_owned(), "record again; the gap stays", WindowCommand::PauseRecording)
    } else {
        ("pause  P".to_owned(), "keep nothing for a while; the gap stays", WindowCommand::PauseRecording)
    };
    vec![
        (
            "stop  R Enter".to_owned(),
            "end the recording; it is looked through before it is called saved",
            WindowCommand::StopRecording,
        ),
        pause,
        (
            "forget 60 s  Bksp".to_owned(),
            "the last minute will be gone from the disk; the gap stays; it asks once more",
            WindowCommand::ForgetLast,
        ),
        ("mark  M".to_owned(), "mark this moment with words", WindowCommand::Sheet(crate::ui::Sheet::Mark)),
    ]
}

/// A marker's words.
pub fn mark_ui(ui: &mut Ui, palette: &Palette, form: &mut RecordForm) -> Option<WindowCommand> {
    ui.label(RichText::new("It is marked at the moment when M was pressed.").color(palette.muted));
    let field = TextEdit::singleline(&mut form.mark).hint_text("what happened").desired_width(f32::INFINITY);
    let field = ui.add(field).on_hover_text("Enter marks it, Esc doesn't");
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if !is_entered {
        field.request_focus();
    }
    (is_entered && !form.mark.trim().is_empty()).then_some(WindowCommand::MarkText)
}

/// The light that can't be missed: what is recorded of whom, or what became of it.
#[must_use]
pub fn notice(view: &View<'_>) -> Option<Notice> {
    let state = view.state.recording.as_ref()?;
    if view.pending.forget_asked.is_some() && state.is_running() {
        let so_far = phrases::length(view.now.since(state.since));
        let minute = Duration::from_mins(1);
        let which =
            if view.now.since(state.since) < minute { format!("all {so_far}") } else { "the last minute".into() };
        let text = format!("FORGET {which}? It will be gone from the disk.");
        return Some(Notice { kind: NoticeKind::Recording, text, ways: ways(view, state) });
    }
    if let Some(trouble) = state.trouble.as_ref().filter(|_| state.is_running()) {
        let Subject { participant, consent, .. } = &state.subject;
        let text = format!("RECORDING {participant}, WITH TROUBLE · {trouble} · keeps {consent}");
        return Some(Notice { kind: NoticeKind::Recording, text, ways: ways(view, state) });
    }
    match &state.progress {
        Some(Progress::Saved { verified, folder }) => {
            let kind = if verified.is_whole() && verified.lost == 0 { NoticeKind::Note } else { NoticeKind::Failure };
            let (kind, certificate) = match view.certificate {
                None => (kind, " · being certified …".to_owned()),
                Some(Ok((colour, reasons))) => {
                    let why = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(" · ")) };
                    (
                        if colour == "green" { kind } else { NoticeKind::Failure },
                        format!(" · certificate {colour}{why}"),
                    )
                }
                Some(Err(error)) => (NoticeKind::Failure, format!(" · no certificate: {error}")),
            };
            let copy = WindowCommand::Copy(folder.display().to_string());
            let ways = vec![
                ("×".to_owned(), "it has been read", WindowCommand::ReadSaved),
                ("open it".to_owned(), "look at the session", WindowCommand::OpenSession(folder.clone())),
                ("copy its folder".to_owned(), "to the clipboard; certificate.html lies in it", copy),
            ];
            Some(Notice { kind, text: format!("{}{certificate}", ended(state)), ways })
        }
        Some(Progress::Failed { .. }) => {
            let way = ("record".to_owned(), "try again", WindowCommand::Sheet(crate::ui::Sheet::Record));
            Some(Notice { kind: NoticeKind::Failure, text: ended(state), ways: vec![way] })
        }
        Some(Progress::Checking { bytes, of, .. }) => {
            let share = *bytes as f64 / (*of).max(1) as f64 * 100.0;
            let text = format!("The recording has ended and is looked through: {share:.0} %");
            Some(Notice { kind: NoticeKind::Note, text, ways: Vec::new() })
        }
        _ => Some(Notice { kind: NoticeKind::Recording, text: line(view, state), ways: ways(view, state) }),
    }
}

/// A time on the session's own clock.
fn since(state: &RecordState, at: Timestamp) -> String {
    phrases::since_beginning(at.since(state.since))
}

fn line(view: &View<'_>, state: &RecordState) -> String {
    let Subject { participant, task, consent, .. } = &state.subject;
    let length = phrases::length(view.now.since(state.since));
    let size = match &state.progress {
        Some(Progress::Running { bytes, .. }) => format!(" · {:.1} MB", *bytes as f64 / 1e6),
        _ => String::new(),
    };
    let word = if state.is_paused { "PAUSED, nothing is kept" } else { "RECORDING" };
    let task = if task.is_empty() { String::new() } else { format!(" · {task}") };
    let lately = view.state.forgotten.last().filter(|last| view.now.since(last.end) < SAID);
    let forgot = lately.map_or_else(String::new, |last| {
        format!("Forgotten: {} to {} · ", since(state, last.start), since(state, last.end))
    });
    let excluded = view
        .pending
        .excluded_from
        .map_or_else(String::new, |from| format!(" · doesn't count since {}, E ends that", since(state, from)));
    format!("{forgot}{word} · {participant}{task} · {length}{size} · keeps {consent}{excluded}")
}

/// The frame around the window while a session is recorded.
pub fn frame(view: &View<'_>) -> Option<Color32> {
    let state = view.state.recording.as_ref().filter(|state| state.is_running())?;
    Some(if state.is_paused { view.palette.muted } else { view.palette.record })
}
