//! What the reading rests on, and what it would be without one modality.

use egui::Align2;
use egui::Button;
use egui::FontId;
use egui::Rect;
use egui::RichText;
use egui::Role;
use egui::Sense;
use egui::Ui;
use egui::WidgetInfo;

use crate::signal::Modality;
use crate::ui::WindowCommand;
use crate::ui::motion::Motion;
use crate::ui::panels::cut;
use crate::ui::panels::title_ui;
use crate::ui::phrases;
use crate::ui::view::View;

/// Three bars in the modalities' hues, each with the reason in words; and what it would be without one.
pub fn rests_on_ui(ui: &mut Ui, view: &View<'_>, motion: &Motion) -> Option<WindowCommand> {
    title_ui(ui, view.palette, "what this rests on");
    ui.spacing_mut().item_spacing.y = 3.0;
    for modality in Modality::ALL {
        row_ui(ui, view, motion, modality);
    }
    ui.add_space(1.0);
    without_ui(ui, view)
}

fn row_ui(ui: &mut Ui, view: &View<'_>, motion: &Motion, modality: Modality) {
    let palette = view.palette;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 32.0), Sense::hover());
    let painter = ui.painter_at(rect.expand(1.0));
    let (upper, lower) = rect.split_top_bottom_at_fraction(0.52);
    let gate = view
        .tick
        .and_then(|tick| tick.fused.as_ref())
        .map(|fused| fused.gates.of(modality))
        .filter(|_| view.absence(modality).is_none());
    let ink = if gate.is_some() { palette.text } else { palette.muted };
    painter.text(upper.left_center(), Align2::LEFT_CENTER, modality.name(), FontId::proportional(13.0), ink);

    let track = Rect::from_min_max(
        egui::pos2(upper.left() + 46.0, upper.center().y - 5.0),
        egui::pos2(upper.right() - 42.0, upper.center().y + 5.0),
    );
    painter.rect_filled(track, 3.0, palette.disc);
    let eased = motion.gates.shown().and_then(|(gates, strength)| Some((*gates.get(modality.index())?, strength)));
    if let Some((value, strength)) = eased {
        let end = track.left() + track.width() * value.clamp(0.0, 1.0);
        let bar = Rect::from_min_max(track.min, egui::pos2(end, track.bottom()));
        painter.rect_filled(bar, 3.0, palette.modality(modality).gamma_multiply(strength));
    }
    let text = gate.map_or_else(|| "–".to_owned(), phrases::percent);
    painter.text(upper.right_center(), Align2::RIGHT_CENTER, &text, FontId::proportional(13.0), ink);

    let basis = phrases::basis(view, modality);
    let under = egui::pos2(lower.left() + 46.0, lower.center().y);
    cut(&painter, under, Align2::LEFT_CENTER, &basis, 11.5, palette.muted, lower.right() - under.x);

    let name = modality.name();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {text}: {basis}")));
    let off = view.state.off.iter().find(|(off, _)| *off == modality).map(|(_, message)| message.as_str());
    response.on_hover_text(format!(
        "how much the reading rests on the {name}: {text}\n{basis}{}",
        off.map_or_else(String::new, |message| format!("\n{message}"))
    ));
}

fn without_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let mut command = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.label(RichText::new("without").small().color(view.palette.muted));
        let choices = [(Modality::Voice, "voice  V"), (Modality::Face, "face  B"), (Modality::Words, "words  N")];
        for (modality, text) in choices {
            let name = modality.name();
            let button = Button::new(RichText::new(text).small()).selected(view.without == Some(modality));
            let hover = format!("show what the reading would be without the {name}; nothing is switched off");
            if ui.add(button).on_hover_text(hover).clicked() {
                command = Some(WindowCommand::Without(modality));
            }
        }
    });
    let is_known = view.tick.is_some_and(|tick| tick.fused.is_some());
    let text = match view.without {
        Some(_) if !is_known => "nothing is known that could be compared".to_owned(),
        Some(modality) => phrases::without(modality, view.without_fused()),
        None => "compare with what it would be without one".to_owned(),
    };
    let colour = if view.without.is_some() { view.palette.text } else { view.palette.muted };
    ui.add(egui::Label::new(RichText::new(text).size(12.0).color(colour)).truncate());
    command
}
