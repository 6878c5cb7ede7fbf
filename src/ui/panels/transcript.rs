//! What was said: newest first while it goes on; in order, to go to, in a recorded session.

use egui::Label;
use egui::RichText;
use egui::Role;
use egui::ScrollArea;
use egui::Sense;
use egui::Ui;
use egui::WidgetInfo;

use crate::signal::Modality;
use crate::signal::Transcript;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::ui::ReplayCommand;
use crate::ui::WindowCommand;
use crate::ui::panels::title_ui;
use crate::ui::phrases;
use crate::ui::playback::Playback;
use crate::ui::playback::past::begins;
use crate::ui::state::Saying;
use crate::ui::view::View;

/// So many sayings before and after the place are laid out: who wants more goes there.
const AROUND: usize = 60;

/// What was said and when; what wasn't understood says why.
pub fn transcript_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let palette = view.palette;
    title_ui(ui, palette, "what was said");
    if let Some(replay) = view.replay {
        return said_then_ui(ui, view, replay);
    }
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
                ui.label(RichText::new(phrases::clock(view, begins(said))).small().color(palette.muted));
                let (text, hover) = words(view, said);
                ui.add(Label::new(text).wrap()).on_hover_text(hover);
            });
        }
    });
    None
}

/// All that was said in a session around the place where one is; a click on a word goes there.
fn said_then_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback) -> Option<WindowCommand> {
    let palette = view.palette;
    let sayings = &view.state.sayings;
    if sayings.is_empty() {
        let consent = replay.past().kept.header.subject.consent;
        let text = if replay.past().session.has(crate::session::Consent::Words) {
            "Nothing was said that was understood.".to_owned()
        } else {
            format!("No words were kept: the consent was for {consent}.")
        };
        ui.add(Label::new(RichText::new(text).color(palette.muted)).wrap());
        return None;
    }
    let here = replay.past().saying(view.now);
    let is_news = ui.data_mut(|data| {
        let before = data.get_temp_mut_or_default::<Option<usize>>(egui::Id::unique("the saying that was shown"));
        std::mem::replace(before, here) != here
    });
    let first = here.unwrap_or(0).saturating_sub(AROUND);
    let mut asked = None;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if first > 0 {
            ui.label(RichText::new(format!("{first} more before")).small().color(palette.muted));
        }
        for (index, said) in sayings.iter().enumerate().skip(first).take(2 * AROUND) {
            let is_here = here == Some(index);
            let row = ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                let at = begins(said);
                let time = RichText::new(phrases::clock(view, at)).small().color(palette.muted);
                if ui.add(Label::new(time).sense(Sense::click())).on_hover_text("go there").clicked() {
                    asked = Some(at);
                }
                let (text, hover) = words(view, said);
                let is_said = is_here && is_being_said(said, view.now);
                let text = if is_said { text.background_color(palette.chosen) } else { text };
                let (pos, galley, response) = Label::new(text).wrap().sense(Sense::click()).layout_in_ui(ui);
                ui.painter().galley(pos, galley.clone(), palette.text);
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, galley.text()));
                let response = response.on_hover_text(format!("{hover}\nclick to go to where this was said"));
                if response.clicked() {
                    let pointer = response.interact_pointer_pos();
                    let letter = pointer.map_or(0, |pointer| galley.cursor_from_pos(pointer - pos).index.0);
                    asked = Some(word_at(said, letter));
                }
            });
            if is_here && is_news {
                row.response.scroll_to_me(None);
            }
        }
        let after = sayings.len().saturating_sub(first + 2 * AROUND);
        if after > 0 {
            ui.label(RichText::new(format!("{after} more after")).small().color(palette.muted));
        }
    });
    asked.map(|at| WindowCommand::Replay(ReplayCommand::Seek(at)))
}

fn is_being_said(said: &Timestamped<Saying>, at: Timestamp) -> bool {
    matches!(&said.value, Saying::Understood(words) if words.spoken.start <= at && at < words.spoken.end)
}

/// About when the word with this letter was said: words of one utterance are said at one speed.
fn word_at(said: &Timestamped<Saying>, letter: usize) -> Timestamp {
    let Saying::Understood(Transcript { text, spoken, .. }) = &said.value else { return said.span.start };
    // The quotation mark is no letter of it.
    let letter = letter.saturating_sub(1);
    let letters: Vec<char> = text.trim().chars().collect();
    let before = letters.get(..letter.min(letters.len())).unwrap_or_default();
    let begins = before.iter().rposition(|letter| letter.is_whitespace()).map_or(0, |blank| blank + 1);
    let share = begins as f64 / letters.len().max(1) as f64;
    Timestamp::from_secs(spoken.start.secs() + share * spoken.len().as_secs_f64())
}

/// What was said, and how sure that is; or why it isn't shown.
fn words(view: &View<'_>, said: &Timestamped<Saying>) -> (RichText, String) {
    let palette = view.palette;
    match &said.value {
        Saying::Understood(words) => {
            let is_sure = words.confidence >= 0.5;
            let colour = if is_sure { palette.text } else { palette.muted };
            let doubt = if is_sure { "" } else { ": may be wrong" };
            let hover = format!("heard with a confidence of {}{doubt}", phrases::percent(words.confidence));
            (RichText::new(format!("“{}”", words.text.trim())).color(colour), hover)
        }
        Saying::Unclear(why) => {
            let text = RichText::new(format!("({why})")).color(palette.muted).italics();
            (text, "something was said that isn't shown".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn a_word_was_said_when_its_place_in_the_sentence_was() {
        let span = Span::new(Timestamp::from_secs(10.0), Timestamp::from_secs(14.0));
        let words = Transcript { text: "So very happy!".into(), confidence: 0.9, spoken: span, labels: None };
        let said = Timestamped::new(span, 0, Saying::Understood(words));

        assert_eq!(word_at(&said, 0), span.start);
        assert_eq!(word_at(&said, 2), span.start);
        assert!((word_at(&said, 6).secs() - (10.0 + 4.0 * 3.0 / 14.0)).abs() < 1e-6);
        assert!((word_at(&said, 99).secs() - (10.0 + 4.0 * 8.0 / 14.0)).abs() < 1e-6);
    }
}
