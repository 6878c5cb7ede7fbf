//! Another fusion's answers to a recorded session, and the moments at which it says something else.

use egui::Align;
use egui::Button;
use egui::Layout;
use egui::ProgressBar;
use egui::RichText;
use egui::ScrollArea;
use egui::Ui;

use crate::pipeline::FusionKind;
use crate::pipeline::Personal;
use crate::pipeline::replay::Change;
use crate::pipeline::replay::LEAST;
use crate::signal::Label;
use crate::time::Timestamp;
use crate::ui::ReplayCommand;
use crate::ui::WindowCommand;
use crate::ui::phrases;
use crate::ui::playback::Playback;
use crate::ui::playback::rescored::Another;
use crate::ui::playback::rescored::Rescored;
use crate::ui::view::View;

const ROW_HEIGHT: f32 = 22.0;

/// Which fusion is to answer again; what came of it.
pub fn compare_ui(ui: &mut Ui, view: &View<'_>, replay: &Playback, can_rescore: CanRescore) -> Option<WindowCommand> {
    let palette = view.palette;
    let about = "Another fusion answers to what was known then. Nothing of the session changes.";
    ui.label(RichText::new(about).small().color(palette.muted));
    let mut asked = kinds_ui(ui, replay, Personal::Corrected, can_rescore);
    let raw = "As if nothing had been known of the person, without their baseline:";
    ui.label(RichText::new(raw).small().color(palette.muted));
    asked = asked.or(kinds_ui(ui, replay, Personal::Raw, can_rescore));
    if let Some((another, share)) = replay.rescoring() {
        let text = format!("the {} answers: {}", another.name(), phrases::percent(share));
        ui.add(ProgressBar::new(share).text(text));
    }
    if let Some(trouble) = replay.trouble() {
        ui.label(RichText::new(trouble).color(palette.alert));
    }
    if let Some(rescored) = replay.rescored() {
        asked = asked.or(changes_ui(ui, view, rescored));
    }
    asked
}

/// Whether the program can have another fusion answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanRescore {
    /// It can.
    Yes,
    /// It can't.
    No,
}

fn kinds_ui(ui: &mut Ui, replay: &Playback, personal: Personal, can_rescore: CanRescore) -> Option<WindowCommand> {
    let mut asked = None;
    let shown = replay.rescored().map(|rescored| rescored.another);
    ui.horizontal(|ui| {
        for kind in FusionKind::CHOICE {
            let why_not = if can_rescore == CanRescore::No {
                Some("this program has no way to it")
            } else if replay.rescoring().is_some() {
                Some("one answers already")
            } else {
                None
            };
            let another = Another { kind, personal };
            let word = if personal == Personal::Raw { "raw" } else { "fusion" };
            let button = Button::new(format!("{} {word}", kind.name())).selected(shown == Some(another));
            let does = phrases::fusion_does(kind);
            let response = ui.add_enabled(why_not.is_none(), button).on_hover_text(does);
            if response.on_disabled_hover_text(why_not.unwrap_or(does)).clicked() {
                asked = Some(WindowCommand::Replay(ReplayCommand::Rescore(another)));
            }
        }
        if personal == Personal::Raw {
            return;
        }
        let alone = ui.add_enabled(shown.is_some(), Button::new("recorded alone"));
        let alone = alone.on_hover_text("show what was recorded, and nothing else");
        if alone.on_disabled_hover_text("nothing else is shown").clicked() {
            asked = Some(WindowCommand::Replay(ReplayCommand::RecordedAlone));
        }
    });
    asked
}

fn changes_ui(ui: &mut Ui, view: &View<'_>, rescored: &Rescored) -> Option<WindowCommand> {
    let changes = &rescored.changes;
    let count = match changes.as_slice() {
        [] => "It says the same throughout.".to_owned(),
        all => format!(
            "{} moments at which it says something else, {} of all; of {} answers",
            all.len(),
            phrases::since_beginning(rescored.changed),
            rescored.compared
        ),
    };
    ui.label(RichText::new(count).color(view.palette.text));
    let here = rescored.at(view.now);
    let mut asked = None;
    ScrollArea::vertical().auto_shrink([false, true]).show_rows(ui, ROW_HEIGHT, changes.len(), |ui, rows| {
        let first = rows.start;
        ui.with_layout(Layout::top_down_justified(Align::LEFT), |ui| {
            for (index, change) in changes.get(rows).unwrap_or_default().iter().enumerate() {
                let is_here = here == Some(first + index) && change.span.end >= view.now;
                let row = Button::new(RichText::new(sentence(view, change)).small()).selected(is_here).truncate();
                let row = ui.add(row.min_size(egui::vec2(0.0, ROW_HEIGHT - 3.0)));
                if row.on_hover_text("go there").clicked() {
                    asked = Some(WindowCommand::Replay(ReplayCommand::Seek(change.span.start)));
                }
            }
        });
    });
    asked
}

/// "0:12.3–0:15.0 · not Happiness but Neutral · valence by −0.36".
fn sentence(view: &View<'_>, change: &Change) -> String {
    let time = |at: Timestamp| {
        let tenths = at.since(view.zero()).as_millis() / 100;
        format!("{}.{}", phrases::clock(view, at), tenths % 10)
    };
    let label = |label: Option<Label>| label.map_or("no reading", phrases::label_name);
    let mut parts = vec![format!("{}–{}", time(change.span.start), time(change.span.end))];
    if change.before != change.after {
        parts.push(format!("not {} but {}", label(change.before), label(change.after)));
    }
    for (name, moved) in [("valence", change.valence), ("arousal", change.arousal)] {
        if moved.abs() >= LEAST {
            parts.push(format!("{name} by {}", phrases::signed(moved)));
        }
    }
    parts.join(" · ")
}
