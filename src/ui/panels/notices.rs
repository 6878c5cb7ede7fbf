//! What a person must know before they believe the rest: one line each, across the window.

use egui::Align;
use egui::Button;
use egui::Color32;
use egui::Layout;
use egui::Rect;
use egui::RichText;
use egui::Shape;
use egui::Stroke;
use egui::Ui;

use crate::pipeline::Command;
use crate::pipeline::SourceChoice;
use crate::signal::Modality;
use crate::ui::ReplayCommand;
use crate::ui::Sheet;
use crate::ui::WindowCommand;
use crate::ui::panels::record;
use crate::ui::phrases;
use crate::ui::phrases::SourceKind;
use crate::ui::playback::Playback;
use crate::ui::theme::Palette;
use crate::ui::view::View;

/// What gets missing models.
const SETUP: &str = "bash models/setup";

/// Heights of one line.
const HEIGHT: f32 = 28.0;

/// One line across the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// How it looks.
    pub kind: NoticeKind,
    /// What it says.
    pub text: String,
    /// What can be done about it: a button's words, its hover text, and what it asks for.
    pub ways: Vec<(String, &'static str, WindowCommand)>,
}

/// How a notice looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Can't be missed: nobody real is read, or not as they are.
    Synthetic,
    /// Can't be missed: somebody is recorded.
    Recording,
    /// Something has failed.
    Failure,
    /// Good to know.
    Note,
}

/// All that there is to say, the most important first.
#[must_use]
pub fn notices(view: &View<'_>) -> Vec<Notice> {
    if let Some(replay) = view.replay {
        return notices_then(view, replay);
    }
    let mut all: Vec<Notice> = record::notice(view).into_iter().collect();
    let sources = || ("choose a source".to_owned(), "devices, a recording, …", WindowCommand::Sheet(Sheet::Sources));
    if matches!(view.source, SourceChoice::Demo { .. }) {
        all.push(Notice {
            kind: NoticeKind::Synthetic,
            text: "SYNTHETIC PARTICIPANT · drawn and spoken by the program, nobody real is read".to_owned(),
            ways: vec![sources()],
        });
    }
    let spoils = view.state.sensitivity.spoils();
    if !spoils.is_empty() {
        let names: Vec<_> = spoils.iter().copied().map(phrases::spoil).collect();
        all.push(Notice {
            kind: NoticeKind::Synthetic,
            text: format!("SPOILT ON PURPOSE · {}", names.join(", ")),
            ways: vec![
                ("stop".to_owned(), "the input as it is", WindowCommand::Spoil(Vec::new())),
                ("what it does".to_owned(), "the table; X does the same", WindowCommand::Sheet(Sheet::Sabotage)),
            ],
        });
    }
    if view.state.is_closed && view.state.ended_at.is_none() {
        let again = ("start again".to_owned(), "with the same source", WindowCommand::Open(view.source.clone()));
        let text = "The reading has stopped: nothing comes any more.".to_owned();
        all.push(Notice { kind: NoticeKind::Failure, text, ways: vec![again, sources()] });
    }
    for (stage, message) in &view.state.failed {
        let text = format!("The stage “{stage}” has stopped, the rest goes on: {message}");
        let again = ("start again".to_owned(), "with the same source", WindowCommand::Open(view.source.clone()));
        all.push(Notice { kind: NoticeKind::Failure, text, ways: vec![again] });
    }
    all.extend(stages_off(view));
    all.extend(other_fusion(view));
    let microphone = view.state.microphone.as_ref();
    let why = microphone.and_then(|state| phrases::source_failure(SourceKind::Sound, state, view.source.is_live()));
    all.extend(why.map(|text| {
        let way = ("choose a source".to_owned(), "devices, a recording, …", WindowCommand::Sheet(Sheet::Sources));
        Notice { kind: NoticeKind::Failure, text, ways: vec![way] }
    }));
    if let Some(ended) = view.state.ended_at {
        let again = ("play it again".to_owned(), "from the beginning", WindowCommand::Open(view.source.clone()));
        let text = format!("The recording has come to its end at {}.", phrases::clock(view, ended));
        all.push(Notice { kind: NoticeKind::Note, text, ways: vec![again, sources()] });
    } else if view.is_held {
        let on = ("go on".to_owned(), "Space does the same", WindowCommand::Hold);
        let text = format!("The view is held at {}; reading goes on behind it.", phrases::clock(view, view.now));
        all.push(Notice { kind: NoticeKind::Note, text, ways: vec![on] });
    }
    all
}

/// What there is to say of a recorded session.
fn notices_then(view: &View<'_>, replay: &Playback) -> Vec<Notice> {
    let header = &replay.past().kept.header;
    let date: String = header.began_utc.chars().take(10).collect();
    let close = WindowCommand::Replay(ReplayCommand::Close);
    let text = format!("REPLAY · {} · {date}", phrases::session(header));
    let text = if header.source == "synthetic" { format!("{text} · synthetic participant") } else { text };
    let certificate = replay.past().certificate.as_ref();
    let said = certificate.map_or_else(|| "none yet".to_owned(), ToString::to_string);
    let text = format!("{text} · certificate: {said}");
    let ways = vec![
        ("close".to_owned(), "leave this session", close),
        ("sessions  O".to_owned(), "the recorded sessions", WindowCommand::Sheet(Sheet::Library)),
    ];
    let mut all = vec![Notice { kind: NoticeKind::Synthetic, text, ways }];
    let spoils = replay.past().course.spoils(view.now);
    if !spoils.is_empty() {
        let text = format!("SPOILT ON PURPOSE at this time · {}", spoils.join(", "));
        all.push(Notice { kind: NoticeKind::Synthetic, text, ways: Vec::new() });
    }
    if let Some(trouble) = replay.trouble() {
        all.push(Notice { kind: NoticeKind::Failure, text: trouble.to_owned(), ways: Vec::new() });
    }
    let damage = replay.past().kept.damage.len();
    if damage > 0 {
        let places = if damage == 1 { "one place".to_owned() } else { format!("{damage} places") };
        let text = format!("The files are damaged at {places}; what is before and after was read.");
        all.push(Notice { kind: NoticeKind::Failure, text, ways: Vec::new() });
    }
    all
}

/// That another fusion answers than was asked for.
fn other_fusion(view: &View<'_>) -> Option<Notice> {
    let state = view.state.fusion.as_ref().filter(|state| state.asked != state.answers)?;
    // Where nothing can be read it makes no difference.
    if view.state.off.len() == Modality::ALL.len() {
        return None;
    }
    let (asked, answers) = (state.asked.name(), state.answers);
    let why = state.why_not(state.asked).map(|why| format!(": {why}")).unwrap_or_default();
    let text = format!("The {asked} fusion isn't there, so the {} one answers{why}", answers.name());
    let mut ways = vec![(
        format!("keep {}", answers.name()),
        "this one from now on; nothing more is said of it",
        WindowCommand::Tell(Command::Fusion(answers)),
    )];
    ways.extend(text.contains("models/setup").then(copy_setup));
    Some(Notice { kind: NoticeKind::Note, text, ways })
}

fn copy_setup() -> (String, &'static str, WindowCommand) {
    (format!("copy “{SETUP}”"), "to run it in a terminal", WindowCommand::Copy(SETUP.to_owned()))
}

/// One line for all modalities that are off for the same reason.
fn stages_off(view: &View<'_>) -> Vec<Notice> {
    let mut by_reason: Vec<(&str, Vec<Modality>)> = Vec::new();
    for (modality, message) in &view.state.off {
        match by_reason.iter_mut().find(|(other, _)| other == message) {
            Some((_, modalities)) => modalities.push(*modality),
            None => by_reason.push((message, vec![*modality])),
        }
    }
    let line = |(message, modalities): (&str, Vec<Modality>)| {
        let names: Vec<_> = modalities.iter().map(|modality| modality.name()).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        let setup = message.contains("models/setup");
        Notice {
            kind: NoticeKind::Failure,
            text: format!("{} {verb} off: {message}", names.join(", ")),
            ways: setup.then(copy_setup).into_iter().collect(),
        }
    };
    by_reason.into_iter().map(line).collect()
}

/// How much height `count` notices take.
#[must_use]
pub fn height(count: usize) -> f32 {
    (0..count).map(|_| HEIGHT + 4.0).sum()
}

/// Draws the notices, one under the other.
pub fn notices_ui(ui: &mut Ui, palette: &Palette, notices: &[Notice]) -> Option<WindowCommand> {
    let mut command = None;
    let mut top = ui.max_rect().top();
    for notice in notices {
        let line =
            Rect::from_min_size(egui::pos2(ui.max_rect().left(), top), egui::vec2(ui.max_rect().width(), HEIGHT));
        command = command.or(notice_ui(ui, palette, notice, line));
        top += HEIGHT + 4.0;
    }
    command
}

fn notice_ui(ui: &mut Ui, palette: &Palette, notice: &Notice, line: Rect) -> Option<WindowCommand> {
    let (ground, ink, edge) = match notice.kind {
        NoticeKind::Synthetic => (palette.banner, palette.banner_text, palette.banner),
        NoticeKind::Recording => (palette.record, palette.on_record, palette.record),
        NoticeKind::Failure => (palette.card, palette.text, palette.alert),
        NoticeKind::Note => (palette.card, palette.text, palette.axis),
    };
    ui.painter().rect(line, 6.0, ground, Stroke::new(1.5, edge), egui::StrokeKind::Inside);
    let mut inside = line.shrink2(egui::vec2(12.0, 0.0));
    if notice.kind == NoticeKind::Synthetic {
        hazard(ui, line, ink);
        inside = inside.shrink2(egui::vec2(34.0, 0.0));
    }
    if notice.kind == NoticeKind::Recording {
        ui.painter().circle_filled(egui::pos2(inside.left() + 6.0, line.center().y), 6.0, ink);
        inside.min.x += 20.0;
    }
    let mut command = None;
    ui.scope_builder(egui::UiBuilder::new().max_rect(inside), |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            for (text, hover, way) in &notice.ways {
                if ui.add(Button::new(RichText::new(text).small())).on_hover_text(*hover).clicked() {
                    command = Some(way.clone());
                }
            }
            let text = RichText::new(one_line(&notice.text)).color(ink);
            let text = if matches!(notice.kind, NoticeKind::Synthetic | NoticeKind::Recording) {
                text.size(14.5)
            } else {
                text
            };
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(text).truncate()).on_hover_text(&notice.text);
            });
        });
    });
    command
}

fn one_line(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Stripes at both ends.
fn hazard(ui: &Ui, line: Rect, ink: Color32) {
    let ends = [line.left()..=line.left() + 36.0, line.right() - 36.0..=line.right()];
    for end in ends {
        let part = Rect::from_x_y_ranges(end, line.y_range()).shrink(1.5);
        let painter = ui.painter_at(part);
        let mut x = part.left() - part.height();
        while x < part.right() + part.height() {
            let (bottom, top) = (part.bottom(), part.top());
            let slant = part.height();
            let corners = [(x, bottom), (x + slant, top), (x + slant + 6.0, top), (x + 6.0, bottom)];
            let corners = corners.map(|(x, y)| egui::pos2(x, y)).to_vec();
            painter.add(Shape::convex_polygon(corners, ink, Stroke::NONE));
            x += 13.0;
        }
    }
}
