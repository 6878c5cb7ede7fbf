//! What each modality says and how much the reading rests on it, which fusion answers, and what it would be without one.

use egui::Align2;
use egui::Button;
use egui::FontId;
use egui::Painter;
use egui::Rect;
use egui::RichText;
use egui::Role;
use egui::Sense;
use egui::Ui;
use egui::WidgetInfo;

use crate::pipeline::Command;
use crate::pipeline::FusionKind;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Reading;
use crate::ui::Sheet;
use crate::ui::WindowCommand;
use crate::ui::motion::Motion;
use crate::ui::panels::cut;
use crate::ui::panels::fitted;
use crate::ui::panels::title_ui;
use crate::ui::phrases;
use crate::ui::theme::Palette;
use crate::ui::view::View;

const NAME_WIDTH: f32 = 46.0;
const HEADS_HEIGHT: f32 = 29.0;
/// What lies under the rows.
const CONTROLS_HEIGHT: f32 = 70.0;

/// The fused reading and each modality's own under each other, each modality with its bar and the reason in words; then
/// the choice of the fusion, and what it would be without one.
pub fn rests_on_ui(ui: &mut Ui, view: &View<'_>, motion: &Motion) -> Option<WindowCommand> {
    title_ui(ui, view.palette, "what each says · how much it weighs");
    ui.spacing_mut().item_spacing.y = 3.0;
    fused_ui(ui, view);
    let row_height = ((ui.available_height() - CONTROLS_HEIGHT) / 3.0 - 3.0).clamp(36.0, 58.0);
    for modality in Modality::ALL {
        row_ui(ui, view, motion, modality, row_height);
    }
    let command = fusions_ui(ui, view);
    command.or(without_ui(ui, view))
}

/// Where the numbers stand under each other.
#[derive(Clone, Copy)]
struct Columns {
    valence: f32,
    arousal: f32,
    label: f32,
    right: f32,
}

impl Columns {
    fn of(rect: Rect) -> Self {
        let left = rect.left() + NAME_WIDTH;
        let width = rect.right() - left;
        Self { valence: left, arousal: left + width * 0.3, label: left + width * 0.61, right: rect.right() }
    }

    fn draw(self, painter: &Painter, palette: &Palette, y: f32, reading: Option<&Reading>, shows_label: bool) {
        let Some(reading) = reading else {
            let at = egui::pos2(self.valence, y);
            painter.text(at, Align2::LEFT_CENTER, "–", FontId::proportional(11.5), palette.muted);
            return;
        };
        let affect = &reading.affect;
        for (left, right, value, doubt) in [
            (self.valence, self.arousal, affect.valence.get(), affect.valence_sd),
            (self.arousal, self.label, affect.arousal.get(), affect.arousal_sd),
        ] {
            let value = phrases::signed(value);
            let at = egui::pos2(left, y);
            let drawn = painter.text(at, Align2::LEFT_CENTER, value, FontId::proportional(11.5), palette.text);
            let at = egui::pos2(drawn.right() + 3.0, y);
            let doubt = format!("±{doubt:.2}");
            fitted(painter, at, Align2::LEFT_CENTER, &doubt, 11.0, palette.muted, right - at.x - 6.0);
        }
        let ink = if shows_label { palette.text } else { palette.muted };
        let at = egui::pos2(self.label, y);
        fitted(painter, at, Align2::LEFT_CENTER, &likeliest(reading), 11.5, ink, self.right - at.x);
    }
}

/// "Happiness 62 %".
fn likeliest(reading: &Reading) -> String {
    let label: Label = reading.label();
    format!("{} {}", phrases::label_name(label), phrases::percent(reading.probability(label)))
}

fn fused_ui(ui: &mut Ui, view: &View<'_>) {
    let palette = view.palette;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), HEADS_HEIGHT), Sense::hover());
    let painter = ui.painter_at(rect.expand(1.0));
    let columns = Columns::of(rect);
    for (x, head) in [(columns.valence, "valence"), (columns.arousal, "arousal"), (columns.label, "likeliest")] {
        let at = egui::pos2(x, rect.top() + 5.0);
        painter.text(at, Align2::LEFT_CENTER, head, FontId::proportional(10.5), palette.muted);
    }
    let fused = view.tick.and_then(|tick| tick.fused.as_ref());
    let y = rect.bottom() - 8.0;
    let ink = if fused.is_some() { palette.text } else { palette.muted };
    painter.text(egui::pos2(rect.left(), y), Align2::LEFT_CENTER, "fused", FontId::proportional(13.0), ink);
    let is_clear = fused.is_some_and(|fused| view.is_clear(fused));
    columns.draw(&painter, palette, y, fused.map(|fused| &fused.reading), is_clear);

    let said = fused.map_or_else(|| "fused –".to_owned(), |fused| format!("fused: {}", in_words(&fused.reading)));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
    response.on_hover_text(format!("all together, weighed as below; {}", phrases::band(None)));
}

/// "valence +0.31 ± 0.22   arousal −0.10 ± 0.20   happiness 62 %".
fn in_words(reading: &Reading) -> String {
    format!("{}   {}", phrases::numbers(&reading.affect), likeliest(reading))
}

fn row_ui(ui: &mut Ui, view: &View<'_>, motion: &Motion, modality: Modality, height: f32) {
    let palette = view.palette;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), height), Sense::hover());
    let painter = ui.painter_at(rect.expand(1.0));
    let columns = Columns::of(rect);
    let top = rect.top() + height * 0.24;
    let evidence = view.tick.and_then(|tick| tick.moment.of(modality).as_ref().ok());
    let gate = evidence.and(view.tick).and_then(|tick| tick.fused.as_ref()).map(|fused| fused.gates.of(modality));
    let ink = if evidence.is_some() { palette.text } else { palette.muted };
    let name = modality.name();
    painter.text(egui::pos2(rect.left(), top), Align2::LEFT_CENTER, name, FontId::proportional(13.0), ink);
    let text = gate.map_or_else(|| "–".to_owned(), phrases::percent);
    painter.text(egui::pos2(rect.right(), top), Align2::RIGHT_CENTER, &text, FontId::proportional(13.0), ink);
    let basis = phrases::basis(view, modality);
    let at = egui::pos2(columns.valence, top);
    cut(&painter, at, Align2::LEFT_CENTER, &basis, 11.5, palette.muted, rect.right() - at.x - 40.0);

    let middle = rect.top() + height * 0.53;
    let track = Rect::from_min_max(egui::pos2(columns.valence, middle - 2.5), egui::pos2(rect.right(), middle + 2.5));
    painter.rect_filled(track, 2.0, palette.edge);
    let eased = motion.gates.shown().and_then(|(gates, strength)| Some((*gates.get(modality.index())?, strength)));
    if let Some((value, strength)) = eased.filter(|(value, _)| *value > 0.0) {
        let end = track.left() + track.width() * value.clamp(0.0, 1.0);
        let bar = Rect::from_min_max(track.min, egui::pos2(end, track.bottom()));
        painter.rect_filled(bar, 2.0, palette.modality(modality).gamma_multiply(strength));
    }
    let own = evidence.map(|evidence| &evidence.value.reading);
    columns.draw(&painter, palette, rect.top() + height * 0.81, own, own.is_some());

    let own = own.map_or_else(String::new, |own| format!("; {}", in_words(own)));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {text}: {basis}{own}")));
    let off = view.state.off.iter().find(|(off, _)| *off == modality).map(|(_, message)| message.as_str());
    response.on_hover_text(format!(
        "bar: how much the reading rests on the {name}: {text}\n\
         below it: what is read from the {name} alone; {}\n{basis}{}",
        phrases::band(Some(modality)),
        off.map_or_else(String::new, |message| format!("\n{message}"))
    ));
}

fn fusions_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let state = view.state.fusion.as_ref();
    let answers = state.map(|state| state.answers);
    let mut command = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = 6.0;
        let small = |text: &str| RichText::new(text).small();
        side_word_ui(ui, view.palette, "fused by");
        for kind in FusionKind::CHOICE {
            let why_not = phrases::fusion_absence(state, kind);
            let button = Button::new(small(kind.name())).selected(answers == Some(kind));
            let does = phrases::fusion_does(kind);
            let more = if view.replay.is_some() { "have it answer to this session" } else { "G: the next one" };
            let response = ui.add_enabled(why_not.is_none(), button).on_hover_text(format!("{does}\n{more}"));
            let why_not = why_not.map_or_else(String::new, |why| format!("\n{why}"));
            if response.on_disabled_hover_text(format!("{does}{why_not}")).clicked() {
                command = Some(match view.replay {
                    Some(_) => WindowCommand::Sheet(Sheet::Compare),
                    None => WindowCommand::Tell(Command::Fusion(kind)),
                });
            }
        }
        if let Some(other) = answers.filter(|kind| !FusionKind::CHOICE.contains(kind)) {
            ui.label(small(other.name())).on_hover_text(phrases::fusion_does(other));
        }
        if view.replay.is_none() {
            ui.label(small("G").color(view.palette.muted)).on_hover_text("the key for the next one");
        }
    });
    command
}

/// A word before buttons, which begin where the numbers do.
fn side_word_ui(ui: &mut Ui, palette: &Palette, word: &str) {
    let size = egui::vec2(NAME_WIDTH - ui.spacing().item_spacing.x, ui.spacing().interact_size.y);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    fitted(ui.painter(), rect.left_center(), Align2::LEFT_CENTER, word, 11.5, palette.muted, rect.width());
}

fn without_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let mut command = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = 6.0;
        side_word_ui(ui, view.palette, "without");
        let choices = [(Modality::Voice, "voice  V"), (Modality::Face, "face  B"), (Modality::Words, "words  N")];
        for (modality, text) in choices {
            let name = modality.name();
            let button = Button::new(RichText::new(text).small()).selected(view.without == Some(modality));
            let hover = format!("show what the reading would be without the {name}; nothing is switched off");
            let button = ui.add_enabled(view.replay.is_none(), button).on_hover_text(hover);
            if button.on_disabled_hover_text("this isn't kept in a session").clicked() {
                command = Some(WindowCommand::Without(modality));
            }
        }
    });
    let is_known = view.tick.is_some_and(|tick| tick.fused.is_some());
    let text = match view.without {
        _ if view.replay.is_some() => "what it would be without one isn't kept in a session".to_owned(),
        Some(_) if !is_known => "nothing is known that could be compared".to_owned(),
        Some(modality) => phrases::without(modality, view.without_fused()),
        None => "compare with what it would be without one".to_owned(),
    };
    let colour = if view.without.is_some() { view.palette.text } else { view.palette.muted };
    ui.add(egui::Label::new(RichText::new(text).size(12.0).color(colour)).truncate());
    command
}
