//! How one moves through a recorded session: play, speed, the whole of it in one line.

use egui::Align;
use egui::Align2;
use egui::Button;
use egui::FontId;
use egui::Layout;
use egui::Rect;
use egui::RichText;
use egui::Role;
use egui::Sense;
use egui::Stroke;
use egui::Ui;
use egui::WidgetInfo;

use crate::time::Span;
use crate::time::Timestamp;
use crate::ui::ReplayCommand;
use crate::ui::Sheet;
use crate::ui::WindowCommand;
use crate::ui::panels::fitted;
use crate::ui::phrases;
use crate::ui::playback::Playback;
use crate::ui::playback::markers::EXCLUDE;
use crate::ui::playback::transport::SPEEDS;
use crate::ui::view::View;

const CLOCK_WIDTH: f32 = 112.0;

/// Play and speed, where one is, and all of the session: a click or a drag in it goes there.
pub fn transport_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback) -> Option<WindowCommand> {
    let mut asked = None;
    let is_wide = ui.available_width() > 760.0;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.spacing_mut().button_padding.x = 6.0;
        asked = play_ui(ui, replay).or(speeds_ui(ui, replay.transport().speed(), is_wide));
        clock_ui(ui, view, replay);
        sound_ui(ui, view, replay);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            asked = asked.take().or(sheets_ui(ui)).or(whole_ui(ui, view, replay));
        });
    });
    asked
}

fn play_ui(ui: &mut Ui, replay: &Playback) -> Option<WindowCommand> {
    let word = if replay.transport().is_playing() { "pause  Space" } else { "play  Space" };
    let hover = "arrows: 1 s back or on, with Shift 10 s; Home and End: to the beginning and to the end";
    let button = ui.add(Button::new(word).min_size(egui::vec2(92.0, 0.0))).on_hover_text(hover);
    button.clicked().then_some(WindowCommand::Replay(ReplayCommand::Play))
}

/// From the right.
fn sheets_ui(ui: &mut Ui) -> Option<WindowCommand> {
    let sheets = [
        ("compare  C", "have another fusion answer, and see where it says something else", Sheet::Compare),
        ("markers  M", "see, correct and add markers; exclude what doesn't count", Sheet::Markers),
    ];
    let mut asked = None;
    for (text, hover, sheet) in sheets {
        if ui.add(Button::new(RichText::new(text).small())).on_hover_text(hover).clicked() {
            asked = Some(WindowCommand::Sheet(sheet));
        }
    }
    asked
}

fn speeds_ui(ui: &mut Ui, speed: f32, is_wide: bool) -> Option<WindowCommand> {
    let mut asked = None;
    let hover = "how many times as fast as it was; [ slower, ] faster; sound is heard at 1× alone";
    let is_it = |one: f32| (one - speed).abs() < 1e-3;
    if is_wide {
        ui.spacing_mut().item_spacing.x = 2.0;
        for one in SPEEDS {
            let button = Button::new(RichText::new(times(one)).small()).selected(is_it(one));
            if ui.add(button).on_hover_text(hover).clicked() {
                asked = Some(WindowCommand::Replay(ReplayCommand::Speed(one)));
            }
        }
        ui.spacing_mut().item_spacing.x = 5.0;
        return asked;
    }
    let menu = ui.menu_button(RichText::new(times(speed)).small(), |ui| {
        for one in SPEEDS {
            if ui.selectable_label(is_it(one), times(one)).on_hover_text(hover).clicked() {
                asked = Some(WindowCommand::Replay(ReplayCommand::Speed(one)));
            }
        }
    });
    menu.response.on_hover_text(hover);
    asked
}

/// "0.25×", "2×".
fn times(speed: f32) -> String {
    format!("{speed}×")
}

fn clock_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback) {
    let (rect, response) =
        ui.allocate_exact_size(egui::vec2(CLOCK_WIDTH, ui.spacing().interact_size.y), Sense::hover());
    let span = replay.transport().span();
    let text = format!("{} / {}", phrases::clock(view, view.now), phrases::clock(view, span.end));
    fitted(ui.painter(), rect.center(), Align2::CENTER_CENTER, &text, 14.0, view.palette.text, rect.width());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    response.on_hover_text(format!("where one is, and how long it is\nit was {}", replay.utc(view.now)));
}

fn sound_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback) {
    let note = replay.sound();
    let colour = if note.is_trouble { view.palette.alert } else { view.palette.muted };
    ui.label(RichText::new(&note.short).small().color(colour)).on_hover_text(&note.long);
}

/// Parts of a line, those that touch as one: in an hour there are more stretches of speech than there are pixels.
fn joined(parts: impl Iterator<Item = Rect>) -> Vec<Rect> {
    let mut all: Vec<Rect> = Vec::new();
    for part in parts {
        match all.last_mut().filter(|last| part.left() - last.right() < 0.5) {
            Some(last) => *last = last.union(part),
            None => all.push(part),
        }
    }
    all
}

/// All of the session in one line.
fn whole_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback) -> Option<WindowCommand> {
    let palette = view.palette;
    let size = egui::vec2(ui.available_width().max(40.0), 20.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let painter = ui.painter_at(rect);
    let line = rect.shrink2(egui::vec2(4.0, 4.0));
    let span = replay.transport().span();
    let length = span.len().as_secs_f64().max(1e-6);
    let x = |at: Timestamp| {
        let share = ((at.secs() - span.start.secs()) / length).clamp(0.0, 1.0) as f32;
        line.left() + share * line.width()
    };
    let part = |part: Span| Rect::from_x_y_ranges(x(part.start)..=x(part.end).max(x(part.start) + 1.0), line.y_range());
    painter.rect_filled(line, 3.0, palette.disc);
    for spoken in joined(view.state.speech.within(span).map(part)) {
        painter.rect_filled(spoken.shrink2(egui::vec2(0.0, 3.0)), 0.0, palette.voice.gamma_multiply(0.45));
    }
    for stretch in &replay.past().course.stretches {
        painter.rect_filled(part(stretch.span), 0.0, palette.axis);
    }
    for marker in replay.markers().counting() {
        if marker.kind == EXCLUDE {
            let rect = part(marker.span);
            painter.rect_stroke(rect, 0.0, Stroke::new(1.0, palette.muted), egui::StrokeKind::Inside);
        } else {
            painter.vline(x(marker.span.start), line.y_range(), Stroke::new(1.5, palette.text));
        }
    }
    let shown = part(view.shown).expand2(egui::vec2(0.0, 2.0));
    painter.rect_stroke(shown, 2.0, Stroke::new(1.0, palette.muted), egui::StrokeKind::Inside);
    painter.vline(x(view.now), rect.y_range(), Stroke::new(2.0, palette.now));

    let at = |pointer: egui::Pos2| {
        let share = f64::from(((pointer.x - line.left()) / line.width().max(1.0)).clamp(0.0, 1.0));
        Timestamp::from_secs(span.start.secs() + share * length)
    };
    if let Some(pointer) = response.hover_pos() {
        let text = phrases::clock(view, at(pointer));
        painter.vline(pointer.x, line.y_range(), Stroke::new(1.0, palette.text));
        let align = if pointer.x < rect.center().x { Align2::LEFT_CENTER } else { Align2::RIGHT_CENTER };
        let side = egui::pos2(pointer.x + if pointer.x < rect.center().x { 5.0 } else { -5.0 }, line.center().y);
        painter.text(side, align, text, FontId::proportional(11.0), palette.text);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "all of the session"));
    let is_down = response.is_pointer_button_down_on() || response.clicked();
    let pointer = response.interact_pointer_pos().filter(|_| is_down);
    if !is_down {
        response.on_hover_text(
            "all of the session: speech, markers, what is excluded (outlined) and of what there is nothing (grey)\n\
             click or drag to go there; the frame is what the timeline shows",
        );
    }
    pointer.map(|pointer| WindowCommand::Replay(ReplayCommand::Seek(at(pointer))))
}
