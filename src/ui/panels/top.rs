//! Camera, microphone and person, and the way to everything else.

use egui::Align;
use egui::Button;
use egui::Layout;
use egui::Popup;
use egui::Rect;
use egui::Response;
use egui::RichText;
use egui::Sense;
use egui::Stroke;
use egui::Ui;

use crate::pipeline::Command;
use crate::pipeline::Pick;
use crate::pipeline::SourceChoice;
use crate::pipeline::SourceState;
use crate::signal::Modality;
use crate::time::Utc;
use crate::ui::Sheet;
use crate::ui::Theme;
use crate::ui::WindowCommand;
use crate::ui::baseline::Drift;
use crate::ui::phrases;
use crate::ui::playback::Playback;
use crate::ui::view::View;

/// How the sources are doing, what is known of the person, and buttons for what lies over the panels.
pub fn top_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let is_wide = ui.available_width() > 1150.0;
    let mut command = None;
    if let Some(replay) = view.replay {
        ui.horizontal_centered(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                command = buttons_ui(ui, view);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| session_ui(ui, view, replay));
            });
        });
        return command;
    }
    ui.horizontal_centered(|ui| {
        let camera = device_text("Camera", view.state.camera.as_ref(), view, is_wide);
        let response = device_ui(ui, view, &camera, view.state.camera.as_ref());
        let cameras = view.devices.map(|(cameras, _)| cameras.as_slice());
        let pick = picker_ui(&response, cameras, &view.options.camera, view.source.is_live());
        command = command.take().or(pick.map(|pick| pick.command(Command::Camera)));

        let microphone = device_text("Microphone", view.state.microphone.as_ref(), view, is_wide);
        let response = device_ui(ui, view, &microphone, view.state.microphone.as_ref());
        let microphones = view.devices.map(|(_, microphones)| microphones.as_slice());
        let pick = picker_ui(&response, microphones, &view.options.microphone, view.source.is_live());
        command = command.take().or(pick.map(|pick| pick.command(Command::Microphone)));
        meter_ui(ui, view);

        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command = command.take().or(buttons_ui(ui, view));
            if view.is_started {
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.separator();
                    command = command.take().or(person_ui(ui, view, is_wide));
                });
            }
        });
    });
    command
}

/// Which session is looked at.
fn session_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback) {
    let header = &replay.past().kept.header;
    let kept = format!("kept: {}", header.subject.consent);
    let facts = [phrases::date(&header.began_utc) + " UTC", kept, format!("{} fusion", header.fusion)];
    let title = RichText::new(phrases::session(header)).size(15.0).color(view.palette.text);
    let hover = format!(
        "{}\nkept: {}\n{} · {}\nsource: {} {}\n{} networks\n{}",
        header.name,
        header.subject.consent.keeps(),
        header.program,
        header.machine,
        header.source,
        header.source_names.join(", "),
        header.variant,
        replay.past().session.folder().display()
    );
    ui.label(title).on_hover_text(&hover);
    let facts = RichText::new(facts.join(" · ")).color(view.palette.muted);
    ui.add(egui::Label::new(facts).truncate()).on_hover_text(hover);
}

struct DeviceText {
    short: String,
    long: String,
}

fn device_text(kind: &str, state: Option<&SourceState>, view: &View<'_>, is_wide: bool) -> DeviceText {
    let (source, is_started) = (view.source, view.is_started);
    let most = if is_wide { 30 } else { 14 };
    let kind = match source {
        SourceChoice::Live { .. } => kind,
        _ if kind == "Camera" => "Picture",
        _ => "Sound",
    };
    let (short, long) = match state {
        None if !is_started => ("not opened".to_owned(), "nothing has been opened yet".to_owned()),
        None => ("starting".to_owned(), "has not said anything yet".to_owned()),
        Some(SourceState::Off) => ("none".to_owned(), "none was chosen".to_owned()),
        Some(SourceState::Opening) => ("opening".to_owned(), "being opened".to_owned()),
        Some(SourceState::Running { name, form }) => (elided(name, most), format!("{name}\n{form}")),
        Some(SourceState::Silent { message }) => ("silent".to_owned(), message.clone()),
        Some(SourceState::Failed { message }) if source.is_live() => {
            ("can't be opened".to_owned(), format!("{message}\n{}", phrases::RETRIED))
        }
        Some(SourceState::Failed { message }) => ("can't be read".to_owned(), message.clone()),
        Some(SourceState::Lost { message }) if source.is_live() => {
            ("lost".to_owned(), format!("{message}\n{}", phrases::RETRIED))
        }
        Some(SourceState::Lost { message }) => ("breaks off".to_owned(), message.clone()),
        Some(SourceState::Ended) => ("ended".to_owned(), "the recording has come to its end".to_owned()),
    };
    DeviceText { short: format!("{kind}: {short}"), long: format!("{kind}: {long}\nclick to choose another") }
}

fn elided(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn device_ui(ui: &mut Ui, view: &View<'_>, text: &DeviceText, state: Option<&SourceState>) -> Response {
    let palette = view.palette;
    let (dot, _) = ui.allocate_exact_size(egui::vec2(9.0, 9.0), Sense::hover());
    let is_trouble =
        matches!(state, Some(SourceState::Failed { .. } | SourceState::Lost { .. } | SourceState::Silent { .. }));
    let ink = if is_trouble { palette.alert } else { palette.text };
    if matches!(state, Some(SourceState::Running { .. } | SourceState::Silent { .. } | SourceState::Lost { .. })) {
        ui.painter().circle_filled(dot.center(), 4.5, ink);
    } else {
        ui.painter().circle_stroke(dot.center(), 4.0, Stroke::new(1.5, if is_trouble { ink } else { palette.muted }));
    }
    ui.add(Button::new(RichText::new(&text.short).color(ink))).on_hover_text(&text.long)
}

/// What was done with a list of devices.
enum Picked {
    Opened,
    Chosen(Pick),
}

impl Picked {
    fn command(self, choose: fn(Pick) -> Command) -> WindowCommand {
        match self {
            Self::Opened => WindowCommand::ListDevices,
            Self::Chosen(pick) => WindowCommand::Tell(choose(pick)),
        }
    }
}

/// The list of devices under its button.
fn picker_ui(button: &Response, names: Option<&[String]>, chosen: &Pick, is_live: bool) -> Option<Picked> {
    let mut asked = button.clicked().then_some(Picked::Opened);
    Popup::menu(button).show(|ui| {
        ui.set_min_width(180.0);
        let mut item = |ui: &mut Ui, pick: Pick, text: &str| {
            let is_chosen = is_live && *chosen == pick;
            if ui.selectable_label(is_chosen, text).on_hover_text("take this one").clicked() {
                asked = Some(Picked::Chosen(pick));
            }
        };
        item(ui, Pick::Default, "the system's default");
        match names {
            None => {
                ui.weak("looking …");
            }
            Some([]) => {
                ui.weak("none found");
            }
            Some(names) => names.iter().for_each(|name| item(ui, Pick::Named(name.clone()), name)),
        }
        item(ui, Pick::Off, "none");
    });
    asked
}

fn meter_ui(ui: &mut Ui, view: &View<'_>) {
    const BARS: u8 = 10;
    let palette = view.palette;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(52.0, 14.0), Sense::hover());
    let fresh = view.state.level.as_ref().filter(|level| level.age(view.now).as_secs_f32() < 1.0);
    let share = fresh.map_or(0.0, |level| ((level.value.level_db + 60.0) / 60.0).clamp(0.0, 1.0));
    let is_speech = fresh.is_some_and(|level| level.value.is_speech);
    let width = rect.width() / f32::from(BARS);
    for index in 0..BARS {
        let left = rect.left() + f32::from(index) * width;
        let bar = Rect::from_min_max(egui::pos2(left, rect.top()), egui::pos2(left + width - 2.0, rect.bottom()));
        let is_lit = share * f32::from(BARS) > f32::from(index) + 0.5;
        let colour = match (is_lit, is_speech) {
            (true, true) => palette.voice,
            (true, false) => palette.muted,
            (false, _) => palette.edge,
        };
        ui.painter().rect_filled(bar, 1.0, colour);
    }
    let text = match fresh {
        Some(level) if level.value.is_speech => format!("speech, {:.0} dB of full scale", level.value.level_db),
        Some(level) => format!("no speech, {:.0} dB of full scale", level.value.level_db),
        None => "nothing is heard".to_owned(),
    };
    response.on_hover_text(text);
}

/// What the buttons about the person take, in points.
const AFRESH_WIDTH: f32 = 152.0;

fn person_ui(ui: &mut Ui, view: &View<'_>, is_wide: bool) -> Option<WindowCommand> {
    let person = &view.state.person;
    let known = person.known_secs.iter().copied().fold(0.0, f32::max);
    let length = |secs: f32| phrases::length(std::time::Duration::from_secs_f32(secs.clamp(0.0, 1e6)));
    let mut text = match (known < 1.0, is_wide) {
        (true, _) => "person: new".to_owned(),
        (false, true) => format!("person known {}", length(known)),
        (false, false) => format!("known {}", length(known)),
    };
    if person.is_frozen {
        text += ", frozen";
    }
    if person.is_raw {
        text += ", not used";
    }
    if let Some((baseline, drift)) = view.baseline {
        let secs = Utc::now().nanos().saturating_sub(baseline.unix_nanos).max(0) / 1_000_000_000;
        let age = length(secs as f32);
        text =
            format!("{} · baseline {age} old{}", baseline.participant, if person.is_raw { ", not used" } else { "" });
        if drift.is_some_and(|drift| drift > Drift::MUCH) {
            text += ", drifted";
        }
    }
    let afresh = person.afresh.as_ref().map(|(at, why)| {
        let ago = phrases::length(view.now.since(*at));
        format!("afresh {ago} ago: {why}")
    });
    let mut hover = vec!["what is usual for this person: running means of features, without any label".to_owned()];
    for (modality, secs) in Modality::ALL.into_iter().zip(person.known_secs) {
        hover.push(format!("{} known {}", modality.name(), length(secs)));
    }
    if let (Some(afresh), true) = (&afresh, is_wide) {
        text = format!("{text} · {}", elided(afresh, 30));
    }
    hover.extend(afresh);
    // What is said has the room that the buttons leave.
    let room = (ui.available_width() - AFRESH_WIDTH).max(20.0);
    let label = egui::Label::new(RichText::new(text).color(view.palette.muted)).truncate();
    ui.allocate_ui_with_layout(egui::vec2(room, ui.available_height()), Layout::left_to_right(Align::Center), |ui| {
        ui.add(label).on_hover_text(hover.join("\n"));
    });

    let afresh = Button::new(RichText::new("afresh  A").small());
    let mut command = None;
    if ui.add(afresh).on_hover_text("forget what is usual for this person, and begin afresh").clicked() {
        command = Some(WindowCommand::Afresh);
    }
    let freeze = Button::new(RichText::new("freeze  Z").small()).selected(person.is_frozen);
    if ui.add(freeze).on_hover_text("keep what is known of this person as it is, or learn on").clicked() {
        command = Some(WindowCommand::Freeze);
    }
    command
}

fn buttons_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let theme = match view.options.theme {
        Theme::Dark => "light",
        Theme::Light => "dark",
    };
    let buttons = [
        ("keys", "all keys (?)", WindowCommand::Sheet(Sheet::Help)),
        ("settings", "settings (,)", WindowCommand::Sheet(Sheet::Settings)),
        (theme, "dark or light (T)", WindowCommand::Theme),
        ("sessions", "the recorded sessions (O)", WindowCommand::Sheet(Sheet::Library)),
        (
            "source",
            "camera and microphone, a recording, or the synthetic participant",
            WindowCommand::Sheet(Sheet::Sources),
        ),
        ("record", "record a session, or how the one that runs is doing (R)", WindowCommand::Sheet(Sheet::Record)),
    ];
    let mut asked = None;
    let has_record = view.replay.is_none() && view.is_started;
    for (text, hover, command) in buttons {
        if text == "record" && !has_record {
            continue;
        }
        if ui.button(text).on_hover_text(hover).clicked() {
            asked = Some(command);
        }
    }
    asked
}
