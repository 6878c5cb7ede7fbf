//! Seven bars in a fixed order, with their doubt; and which labels hold at once.

use egui::Align2;
use egui::FontId;
use egui::Painter;
use egui::Rect;
use egui::Role;
use egui::Sense;
use egui::Stroke;
use egui::Ui;
use egui::WidgetInfo;

use crate::signal::Fused;
use crate::signal::Label;
use crate::ui::WindowCommand;
use crate::ui::motion::Motion;
use crate::ui::panels::title_ui;
use crate::ui::phrases;
use crate::ui::theme::Palette;
use crate::ui::view::View;

const NAME_WIDTH: f32 = 72.0;
const VALUE_WIDTH: f32 = 42.0;
const CHIP_HEIGHT: f32 = 18.0;
const AT_ONCE_HEIGHT: f32 = 20.0 + 2.0 * (CHIP_HEIGHT + 3.0);

/// How likely each label is, and which hold at once if the fusion reads that. The order is fixed: people learn places, not ranks.
pub fn emotions_ui(ui: &mut Ui, view: &View<'_>, motion: &Motion) -> Option<WindowCommand> {
    let palette = view.palette;
    title_ui(ui, palette, "as others would call it");
    let fused = view.tick.and_then(|tick| tick.fused.as_ref());
    let doubt = view.tick.and_then(|tick| view.state.label_doubt(tick));
    let likeliest = fused.filter(|fused| view.is_clear(fused)).map(|fused| fused.reading.label());
    let below = if view.state.reads_at_once { AT_ONCE_HEIGHT + 2.0 } else { 0.0 };
    let row_height = ((ui.available_height() - below + 2.0) / 7.0 - 2.0).clamp(14.0, 42.0);
    ui.spacing_mut().item_spacing.y = 2.0;

    for label in Label::ALL {
        let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), row_height), Sense::hover());
        let painter = ui.painter_at(rect.expand2(egui::vec2(2.0, 1.0)));
        let name = phrases::label_name(label);
        let ink = if likeliest == Some(label) { palette.text } else { palette.muted };
        painter.text(rect.left_center(), Align2::LEFT_CENTER, name, FontId::proportional(13.0), ink);

        let track = Rect::from_min_max(
            egui::pos2(rect.left() + NAME_WIDTH, rect.center().y - (row_height * 0.3).min(9.0)),
            egui::pos2(rect.right() - VALUE_WIDTH, rect.center().y + (row_height * 0.3).min(9.0)),
        );
        painter.rect_filled(track, 3.0, palette.disc);
        let shown = motion.labels.shown();
        let value = shown.and_then(|(values, strength)| Some((*values.get(label.index())?, strength)));
        if let Some((value, strength)) = value {
            let x = |share: f32| track.left() + track.width() * share.clamp(0.0, 1.0);
            let fill = if likeliest == Some(label) { palette.now } else { palette.muted };
            let bar = Rect::from_min_max(track.min, egui::pos2(x(value), track.bottom()));
            painter.rect_filled(bar, 3.0, fill.gamma_multiply(strength * 0.85));
            let doubt = doubt.and_then(|doubt| doubt.get(label.index()).copied());
            if let Some(doubt) = doubt.filter(|doubt| *doubt >= 0.005) {
                let ends = (x(value - doubt), x(value + doubt));
                // On its own ground, so that it can be seen within the bar and beyond it.
                let under = Stroke::new(3.5, palette.card);
                let over = Stroke::new(1.5, palette.text);
                for stroke in [under, over] {
                    painter.hline(ends.0..=ends.1, track.center().y, stroke);
                    for end in [ends.0, ends.1] {
                        painter.vline(end, track.center().y - 3.5..=track.center().y + 3.5, stroke);
                    }
                }
            }
        }
        let known = fused.map(|fused| fused.reading.probability(label));
        let text = known.map_or_else(|| "–".to_owned(), phrases::percent);
        painter.text(rect.right_center(), Align2::RIGHT_CENTER, &text, FontId::proportional(13.0), ink);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {text}")));
        response.on_hover_text(format!(
            "{name}: how likely people would call the expression so, not what is felt\n\
             whisker: one standard deviation, from how far face, voice and words disagree and how much it wavered in 2 s"
        ));
    }
    if view.state.reads_at_once {
        at_once_ui(ui, palette, fused);
    }
    None
}

/// The labels that hold at once, each with its doubt.
fn at_once_ui(ui: &mut Ui, palette: &Palette, fused: Option<&Fused>) {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), AT_ONCE_HEIGHT), Sense::hover());
    let painter = ui.painter_at(rect);
    painter.hline(rect.x_range(), rect.top() + 2.0, Stroke::new(1.0, palette.edge));
    let head = "several at once (each with its doubt)";
    let at = rect.left_top() + egui::vec2(0.0, 12.0);
    painter.text(at, Align2::LEFT_CENTER, head, FontId::proportional(11.5), palette.muted);
    let labels = fused.and_then(|fused| fused.labels);
    let found = labels.as_ref().map(phrases::at_once);
    let field = rect.with_min_y(rect.top() + 20.0);
    match &found {
        None => plain(&painter, palette, field, "–"),
        Some(found) if found.is_empty() => plain(&painter, palette, field, "none"),
        Some(found) => draw_chips(&painter, palette, field, found),
    }
    let said = found.map_or_else(
        || "–".to_owned(),
        |found| {
            let each: Vec<_> = found.iter().map(|(likely, doubt)| format!("{likely}, doubt {doubt}")).collect();
            if each.is_empty() { "none".to_owned() } else { each.join("; ") }
        },
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("at once: {said}")));
    let full = labels.as_ref().map(phrases::at_once_in_full);
    response.on_hover_text(full.unwrap_or_else(|| "there is no reading".to_owned()));
}

fn plain(painter: &Painter, palette: &Palette, field: Rect, text: &str) {
    let at = field.left_top() + egui::vec2(0.0, CHIP_HEIGHT / 2.0);
    painter.text(at, Align2::LEFT_CENTER, text, FontId::proportional(12.5), palette.muted);
}

/// Line by line; what has no room is counted.
fn draw_chips(painter: &Painter, palette: &Palette, field: Rect, found: &[(String, String)]) {
    let mut at = field.left_top();
    for (index, (likely, doubt)) in found.iter().enumerate() {
        let likely = painter.layout_no_wrap(likely.clone(), FontId::proportional(11.5), palette.text);
        let doubt = painter.layout_no_wrap(format!("({doubt})"), FontId::proportional(11.5), palette.muted);
        let width = likely.size().x + doubt.size().x + 17.0;
        if at.x > field.left() && at.x + width > field.right() {
            at = egui::pos2(field.left(), at.y + CHIP_HEIGHT + 3.0);
        }
        let chip = Rect::from_min_size(at, egui::vec2(width, CHIP_HEIGHT));
        let left = found.len() - index;
        let is_last_place = chip.bottom() + CHIP_HEIGHT + 3.0 > field.bottom() && chip.right() + width > field.right();
        if left > 1 && is_last_place {
            let more = format!("and {left} more");
            let at = chip.left_center();
            painter.text(at, Align2::LEFT_CENTER, more, FontId::proportional(11.5), palette.muted);
            return;
        }
        painter.rect_filled(chip, 5.0, palette.control);
        let middle = |size: egui::Vec2| chip.center().y - size.y / 2.0;
        let right = chip.left() + 6.0 + likely.size().x + 5.0;
        painter.galley(egui::pos2(chip.left() + 6.0, middle(likely.size())), likely, palette.text);
        painter.galley(egui::pos2(right, middle(doubt.size())), doubt, palette.muted);
        at.x = chip.right() + 4.0;
    }
}
