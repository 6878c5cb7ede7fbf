//! What was said, newest first.

use egui::RichText;
use egui::ScrollArea;
use egui::Ui;

use crate::signal::Modality;
use crate::ui::WindowCommand;
use crate::ui::panels::title_ui;
use crate::ui::phrases;
use crate::ui::state::Saying;
use crate::ui::view::View;

/// What was said and when; what wasn't understood says why.
pub fn transcript_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let palette = view.palette;
    title_ui(ui, palette, "what was said");
    let shown = || view.state.sayings.iter().rev().filter(|said| said.span.start <= view.now);
    if shown().next().is_none() {
        let off = view.state.off.iter().find(|(modality, _)| *modality == Modality::Words);
        let text = off.map_or_else(|| "Nothing yet.".to_owned(), |(_, message)| format!("Words are off: {message}"));
        ui.label(RichText::new(text).color(palette.muted));
        return None;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for said in shown() {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                let (at, text, hover) = match &said.value {
                    Saying::Understood(words) => {
                        let sure = words.confidence >= 0.5;
                        let colour = if sure { palette.text } else { palette.muted };
                        let hover = format!(
                            "heard with a confidence of {}{}",
                            phrases::percent(words.confidence),
                            if sure { "" } else { ": may be wrong" }
                        );
                        (words.spoken.start, RichText::new(format!("“{}”", words.text.trim())).color(colour), hover)
                    }
                    Saying::Unclear(why) => {
                        let text = RichText::new(format!("({why})")).color(palette.muted).italics();
                        (said.span.start, text, "something was said that isn't shown".to_owned())
                    }
                };
                ui.label(RichText::new(phrases::clock(view, at)).small().color(palette.muted));
                ui.add(egui::Label::new(text).wrap()).on_hover_text(hover);
            });
        }
    });
    None
}
