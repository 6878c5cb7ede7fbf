//! Trouble made on purpose, and what it did.

use egui::Button;
use egui::Grid;
use egui::RichText;
use egui::Slider;
use egui::Ui;

use crate::pipeline::Spoil;
use crate::pipeline::Trouble;
use crate::signal::Modality;
use crate::ui::WindowCommand;
use crate::ui::phrases;
use crate::ui::sensitivity::Effect;
use crate::ui::view::View;

const LEAST_DB: f32 = -10.0;
const MOST_DB: f32 = 20.0;
const COLUMNS: [(&str, &str); 7] = [
    ("trouble", "what was done to the input, by itself"),
    ("for", "how long it has been on"),
    ("gate", "how much the reading rested on what it strikes: in the 5 s before, and from a second after it began"),
    ("left after", "until the reading rested on it by less than half of what it did"),
    ("valence", "by how much the valence moved"),
    ("arousal", "by how much the arousal moved"),
    ("doubt", "how many times as wide the band of doubt is; and the share of answers that had a reading"),
];

/// One button for each trouble, the noise's level, and the table of what each did.
pub fn sabotage_ui(ui: &mut Ui, view: &View<'_>, snr_db: &mut f32) -> Option<WindowCommand> {
    let on = view.state.sensitivity.spoils();
    let mut command = None;
    let about =
        "Spoils the live input before anything reads it, to see what the reading does then. Nothing else changes.";
    ui.label(RichText::new(about).color(view.palette.muted));
    for modality in Modality::ALL {
        ui.horizontal(|ui| {
            let (place, _) =
                ui.allocate_exact_size(egui::vec2(48.0, ui.spacing().interact_size.y), egui::Sense::hover());
            let font = egui::TextStyle::Body.resolve(ui.style());
            ui.painter().text(place.left_center(), egui::Align2::LEFT_CENTER, modality.name(), font, view.palette.text);
            for trouble in Trouble::ALL.into_iter().filter(|one| one.modality() == modality) {
                let is_on = on.iter().any(|spoil| spoil.trouble == trouble);
                let button = Button::new(phrases::trouble(trouble)).selected(is_on);
                if ui.add(button).on_hover_text(phrases::trouble_does(trouble)).clicked() {
                    command = Some(WindowCommand::Spoil(toggled(on, trouble, *snr_db)));
                }
            }
        });
    }
    ui.horizontal(|ui| {
        let slider =
            Slider::new(snr_db, LEAST_DB..=MOST_DB).step_by(1.0).suffix(" dB").text("speech over noise or babble");
        let hover = "how much louder the speech is than the noise or the babble";
        let is_noisy = on.iter().any(|spoil| matches!(spoil.trouble, Trouble::Noise | Trouble::Babble));
        if ui.add(slider).on_hover_text(hover).drag_stopped() && is_noisy {
            let again = on.iter().map(|spoil| Spoil { snr_db: *snr_db, ..*spoil }).collect();
            command = Some(WindowCommand::Spoil(again));
        }
        let stop = ui.add_enabled(!on.is_empty(), Button::new("stop all trouble"));
        if stop.on_hover_text("the input as it is").clicked() {
            command = Some(WindowCommand::Spoil(Vec::new()));
        }
    });
    ui.separator();
    table_ui(ui, view, &view.state.sensitivity.effects(view.now));
    command
}

fn toggled(on: &[Spoil], trouble: Trouble, snr_db: f32) -> Vec<Spoil> {
    let mut next: Vec<Spoil> = on.iter().copied().filter(|spoil| spoil.trouble != trouble).collect();
    if next.len() == on.len() {
        next.push(Spoil { trouble, snr_db });
    }
    next
}

fn table_ui(ui: &mut Ui, view: &View<'_>, effects: &[Effect]) {
    if effects.is_empty() {
        let empty = "How sensitive this set-up is: let it read for some seconds, then try one trouble at a time.";
        ui.label(RichText::new(empty).color(view.palette.muted));
        return;
    }
    Grid::new("sensitivity").num_columns(COLUMNS.len()).spacing([14.0, 3.0]).striped(true).show(ui, |ui| {
        for (name, hover) in COLUMNS {
            ui.label(RichText::new(name).small().color(view.palette.muted)).on_hover_text(hover);
        }
        ui.end_row();
        for effect in effects {
            for cell in cells(effect) {
                ui.label(RichText::new(cell).color(view.palette.text));
            }
            ui.end_row();
        }
    });
}

/// A row in words; what isn't known is a dash.
fn cells(effect: &Effect) -> [String; COLUMNS.len()] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let gate = |gate: Option<f32>| or_dash(gate.map(phrases::percent));
    [
        phrases::spoil(effect.spoil),
        format!("{:.0} s", effect.secs),
        format!("{} to {}", gate(effect.gate_before), gate(effect.gate_during)),
        or_dash(effect.left_after.map(|after| format!("{:.1} s", after.as_secs_f32()))),
        or_dash(effect.valence_moved.map(phrases::signed)),
        or_dash(effect.arousal_moved.map(phrases::signed)),
        or_dash(effect.band_factor.map(|factor| format!("{factor:.1} times ({} read)", phrases::percent(effect.read)))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_click_ends_it_and_leaves_the_others() {
        let mute = toggled(&[], Trouble::Mute, 0.0);
        let both = toggled(&mute, Trouble::Dark, 0.0);

        assert_eq!(both.len(), 2);
        assert_eq!(toggled(&both, Trouble::Mute, 0.0), toggled(&[], Trouble::Dark, 0.0));
    }
}
