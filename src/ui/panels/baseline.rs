//! The check of a participant's baseline, and what it found.

use egui::Grid;
use egui::ProgressBar;
use egui::RichText;
use egui::Ui;

use crate::ui::WindowCommand;
use crate::ui::baseline::Baseline;
use crate::ui::baseline::Check;
use crate::ui::baseline::Drift;
use crate::ui::baseline::Found;
use crate::ui::baseline::STEPS;
use crate::ui::view::View;

/// The step that the check is at, or what it found, or what it is for.
pub fn baseline_ui(
    ui: &mut Ui,
    view: &View<'_>,
    (participant, check): (&mut String, Option<&Check>),
    baseline: Option<&Baseline>,
    drift: &Drift,
) -> Option<WindowCommand> {
    let palette = view.palette;
    if let Some((number, step, left)) = check.and_then(|check| check.step(view.now)) {
        let done: f32 = STEPS.iter().take(number).map(|step| step.secs).sum::<f32>() + step.secs - left;
        let all: f32 = STEPS.iter().map(|step| step.secs).sum();
        ui.label(RichText::new(step.ask).size(20.0).color(palette.text));
        ui.add_space(8.0);
        ui.label(RichText::new(format!("{:.0} s", left.ceil())).size(28.0).color(palette.now));
        ui.add(ProgressBar::new(done / all).text(format!("{} of {}", number + 1, STEPS.len())));
        let stop = ui.button("stop the check").on_hover_text("nothing of it is kept");
        return stop.clicked().then_some(WindowCommand::StopCheck);
    }
    let mut command = None;
    match baseline {
        None => {
            let what = "A guided minute: rest, read aloud, smile, frown, blink, talk about something pleasant and \
                something annoying. It shows which measures move for this person, whether light and sound are good, and \
                what is usual for them: readings are made against that.";
            ui.label(RichText::new(what).color(palette.text));
        }
        Some(baseline) => {
            ui.label(RichText::new(format!("Baseline of {} from {}", baseline.participant, baseline.utc)).size(15.0));
            found_ui(ui, view, &baseline.found);
            let said = match drift.from(baseline) {
                None => "Drift: told once half a minute of the face was seen.".to_owned(),
                Some(drift) if drift > Drift::MUCH => {
                    format!(
                        "Drift {drift:.1}: the face isn't as it was (light, glasses, posture, tiredness). Check again?"
                    )
                }
                Some(drift) => format!("Drift {drift:.1}: the face is about as it was."),
            };
            ui.label(RichText::new(said).color(palette.muted));
        }
    }
    ui.separator();
    ui.horizontal(|ui| {
        ui.label(RichText::new("participant").color(palette.muted));
        ui.add(egui::TextEdit::singleline(participant).hint_text("a code: P07")).on_hover_text("whom the check is of");
    });
    ui.horizontal(|ui| {
        let begin = if baseline.is_some() { "check again" } else { "begin the check" };
        let hover = format!("a minute with {participant}; what was known of the person before is forgotten");
        let can = !participant.trim().is_empty();
        if ui.add_enabled(can, egui::Button::new(begin)).on_hover_text(hover).clicked() {
            command = Some(WindowCommand::BeginCheck);
        }
        let is_raw = view.state.person.is_raw;
        let text = if is_raw { "read against what is usual  W" } else { "read as if nothing were known  W" };
        let hover = "raw and corrected readings are both kept, so this can be chosen afterwards as well";
        if ui.button(text).on_hover_text(hover).clicked() {
            command = Some(WindowCommand::Raw);
        }
    });
    command
}

fn found_ui(ui: &mut Ui, view: &View<'_>, found: &Found) {
    let palette = view.palette;
    let number = |value: Option<f32>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    Grid::new("baseline").num_columns(4).spacing([18.0, 3.0]).show(ui, |ui| {
        for title in ["measure", "at rest", "when asked", "moves"] {
            ui.label(RichText::new(title).small().color(palette.muted));
        }
        ui.end_row();
        for moved in &found.measures {
            ui.label(&moved.name);
            ui.label(number(moved.rest));
            ui.label(number(moved.most));
            let (word, ink) = if moved.moves { ("yes", palette.text) } else { ("no", palette.alert) };
            ui.label(RichText::new(word).color(ink));
            ui.end_row();
        }
    });
    let decibels = |value: Option<f32>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0} dB"));
    let line = format!(
        "face in {:.0} % of the pictures, light {}, {:.0} s of speech at {}, {} above the room",
        found.face_share * 100.0,
        number(found.brightness),
        found.speech_secs,
        decibels(found.speech_db),
        decibels(found.snr_db)
    );
    ui.label(RichText::new(line).color(palette.muted));
    for reason in &found.reasons {
        ui.label(RichText::new(format!("· {reason}")).color(palette.alert));
    }
    if found.is_good() {
        ui.label(RichText::new("A good baseline.").color(palette.text));
    }
}
