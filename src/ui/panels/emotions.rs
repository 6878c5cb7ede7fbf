//! Seven bars in a fixed order, with their doubt.

use egui::Align2;
use egui::FontId;
use egui::Rect;
use egui::Role;
use egui::Sense;
use egui::Stroke;
use egui::Ui;
use egui::WidgetInfo;

use crate::signal::Label;
use crate::ui::WindowCommand;
use crate::ui::motion::Motion;
use crate::ui::panels::title_ui;
use crate::ui::phrases;
use crate::ui::view::View;

const NAME_WIDTH: f32 = 72.0;
const VALUE_WIDTH: f32 = 42.0;

/// How likely each label is. The order is fixed: people learn places, not ranks.
pub fn emotions_ui(ui: &mut Ui, view: &View<'_>, motion: &Motion) -> Option<WindowCommand> {
    let palette = view.palette;
    title_ui(ui, palette, "as others would call it");
    let fused = view.tick.and_then(|tick| tick.fused.as_ref());
    let doubt = view.tick.and_then(|tick| view.state.label_doubt(tick));
    let likeliest = fused
        .map(|fused| fused.reading.label())
        .filter(|label| fused.is_some_and(|fused| fused.reading.probability(*label) >= view.options.clear_from));
    let row_height = ((ui.available_height() + 2.0) / 7.0 - 2.0).clamp(14.0, 36.0);
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
    None
}
