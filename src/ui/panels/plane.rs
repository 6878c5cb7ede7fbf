//! The affect plane: pleasant to the right, excited upwards.

use egui::Align2;
use egui::FontId;
use egui::Painter;
use egui::Pos2;
use egui::Rect;
use egui::Role;
use egui::Sense;
use egui::Shape;
use egui::Stroke;
use egui::Ui;
use egui::WidgetInfo;
use egui::epaint::EllipseShape;

use crate::signal::Label;
use crate::signal::Modality;
use crate::time::Span;
use crate::ui::WindowCommand;
use crate::ui::motion::Motion;
use crate::ui::panels::fitted;
use crate::ui::phrases;
use crate::ui::theme::Palette;
use crate::ui::view::View;

const HEADLINE_HEIGHT: f32 = 66.0;
const SIDE_WORDS: f32 = 82.0;

/// From valence and arousal to the screen.
#[derive(Clone, Copy)]
struct Disc {
    centre: Pos2,
    radius: f32,
}

impl Disc {
    fn at(self, valence: f32, arousal: f32) -> Pos2 {
        self.centre + egui::vec2(valence, -arousal) * self.radius
    }
}

/// The affect plane: pleasant to the right, excited upwards. The point goes out when nothing is known.
pub fn plane_ui(ui: &mut Ui, view: &View<'_>, motion: &Motion) -> Option<WindowCommand> {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let painter = ui.painter_at(rect);
    let palette = view.palette;
    let (field, below) = rect.split_top_bottom_at_y(rect.bottom() - HEADLINE_HEIGHT);
    let radius = (field.width() / 2.0 - SIDE_WORDS).min(field.height() / 2.0 - 19.0).max(20.0);
    let disc = Disc { centre: field.center(), radius };

    draw_disc(&painter, palette, disc);
    draw_trail(&painter, view, disc, motion);
    draw_pulls(&painter, view, disc, motion);
    draw_without(&painter, view, disc, motion);
    draw_point(&painter, palette, disc, motion);
    draw_pointed_at(&painter, view, disc);
    draw_legend(&painter, palette, field);
    let summary = draw_headline(&painter, view, disc, below);

    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &summary));
    let hover = response.hover_pos().and_then(|pointer| hover_text(view, disc, motion, field, pointer));
    if let Some(hover) = hover {
        response.on_hover_text(hover);
    }
    None
}

fn draw_disc(painter: &Painter, palette: &Palette, disc: Disc) {
    let Disc { centre, radius } = disc;
    let thin = Stroke::new(1.0, palette.axis);
    painter.circle(centre, radius, palette.disc, Stroke::new(1.5, palette.axis));
    painter.circle_stroke(centre, radius / 2.0, Stroke::new(1.0, palette.edge));
    painter.hline(centre.x - radius..=centre.x + radius, centre.y, thin);
    painter.vline(centre.x, centre.y - radius..=centre.y + radius, thin);

    let ends = [
        (disc.at(1.0, 0.0) + egui::vec2(8.0, 0.0), Align2::LEFT_CENTER, "pleasant"),
        (disc.at(-1.0, 0.0) - egui::vec2(8.0, 0.0), Align2::RIGHT_CENTER, "unpleasant"),
        (disc.at(0.0, 1.0) - egui::vec2(0.0, 3.0), Align2::CENTER_BOTTOM, "excited"),
        (disc.at(0.0, -1.0) + egui::vec2(0.0, 3.0), Align2::CENTER_TOP, "calm"),
    ];
    for (at, align, word) in ends {
        painter.text(at, align, word, FontId::proportional(13.5), palette.text);
    }
    let size = if radius < 110.0 { 10.5 } else { 12.0 };
    for label in Label::ALL {
        let (valence, arousal) = label.centroid();
        let at = disc.at(valence, arousal);
        // Beside the place, on the side where no neighbour's word is.
        let (align, away) = match label {
            Label::Fear | Label::Happiness => (Align2::RIGHT_CENTER, egui::vec2(-5.0, 0.0)),
            Label::Anger | Label::Surprise => (Align2::LEFT_CENTER, egui::vec2(5.0, 0.0)),
            Label::Sadness | Label::Disgust => (Align2::CENTER_TOP, egui::vec2(0.0, 3.0)),
            Label::Neutral => (Align2::LEFT_TOP, egui::vec2(4.0, 2.0)),
        };
        painter.circle_filled(at, 2.0, palette.muted);
        painter.text(at + away, align, label.name(), FontId::proportional(size), palette.muted);
    }
}

fn draw_trail(painter: &Painter, view: &View<'_>, disc: Disc, motion: &Motion) {
    let length = f64::from(view.options.trail_secs);
    if length <= 0.0 {
        return;
    }
    let now = view.now.secs();
    let span = Span::new(crate::time::Timestamp::from_secs(now - length), view.now);
    let runs = view.state.history.runs(span, 240);
    let last_run = runs.len().saturating_sub(1);
    for (index, run) in runs.iter().enumerate() {
        let mut points: Vec<_> =
            run.iter().map(|column| (column.at_secs, disc.at(column.mean.valence, column.mean.arousal))).collect();
        let reaches_now = index == last_run && points.last().is_some_and(|(at, _)| now - at < 0.5);
        if let (true, Some(([valence, arousal, ..], _))) = (reaches_now, motion.point.shown()) {
            points.pop();
            points.push((now, disc.at(valence, arousal)));
        }
        for pair in points.windows(2) {
            let [(_, from), (at, to)] = pair else { continue };
            #[expect(clippy::cast_possible_truncation, reason = "a share")]
            let share = (1.0 - (now - at) / length).clamp(0.0, 1.0) as f32;
            let colour = view.palette.now.gamma_multiply(0.75 * share.powf(1.6));
            painter.line_segment([*from, *to], Stroke::new(1.0 + 1.4 * share, colour));
        }
    }
}

fn draw_pulls(painter: &Painter, view: &View<'_>, disc: Disc, motion: &Motion) {
    let gates = motion.gates.shown().map_or([0.0; 3], |(gates, _)| gates);
    for ((dot, modality), gate) in motion.dots.iter().zip(Modality::ALL).zip(gates) {
        let Some(([valence, arousal], strength)) = dot.shown() else { continue };
        let colour = view.palette.modality(modality);
        let at = disc.at(valence, arousal);
        if let Some(([valence, arousal, ..], shown)) = motion.point.shown() {
            let faint = colour.gamma_multiply((0.2 + 0.6 * gate) * strength * shown);
            painter.line_segment([at, disc.at(valence, arousal)], Stroke::new(1.0, faint));
        }
        painter.circle(
            at,
            5.0,
            view.palette.disc.gamma_multiply(strength),
            Stroke::new(2.0, colour.gamma_multiply(strength)),
        );
    }
}

fn draw_without(painter: &Painter, view: &View<'_>, disc: Disc, motion: &Motion) {
    let Some(([valence, arousal], strength)) = motion.without.shown() else { return };
    let colour = view.palette.without.gamma_multiply(strength);
    let at = disc.at(valence, arousal);
    if let Some(([valence, arousal, ..], _)) = motion.point.shown() {
        painter.extend(Shape::dashed_line(&[disc.at(valence, arousal), at], Stroke::new(1.0, colour), 3.0, 3.0));
    }
    let corners = [(0.0, -8.0), (8.0, 0.0), (0.0, 8.0), (-8.0, 0.0)];
    let corners = corners.map(|(x, y)| at + egui::vec2(x, y)).to_vec();
    painter.add(Shape::closed_line(corners, Stroke::new(2.0, colour)));
}

fn draw_point(painter: &Painter, palette: &Palette, disc: Disc, motion: &Motion) {
    let Some(([valence, arousal, valence_sd, arousal_sd], strength)) = motion.point.shown() else { return };
    let at = disc.at(valence, arousal);
    let now = palette.now.gamma_multiply(strength);
    painter.add(EllipseShape {
        center: at,
        radius: egui::vec2(valence_sd.clamp(0.0, 2.0), arousal_sd.clamp(0.0, 2.0)) * disc.radius,
        fill: now.gamma_multiply(0.10),
        stroke: Stroke::new(1.2, now.gamma_multiply(0.55)),
        angle: 0.0,
    });
    painter.circle(at, 7.5, now, Stroke::new(2.5, palette.disc.gamma_multiply(strength)));
}

fn draw_pointed_at(painter: &Painter, view: &View<'_>, disc: Disc) {
    let Some(known) = view.pointed_at.and_then(|at| view.state.history.at(at)) else { return };
    painter.circle_stroke(disc.at(known.valence, known.arousal), 9.0, Stroke::new(1.5, view.palette.text));
}

fn draw_legend(painter: &Painter, palette: &Palette, field: Rect) {
    let mut at = field.left_top() + egui::vec2(5.0, 7.0);
    for modality in Modality::ALL {
        painter.circle_stroke(at, 4.0, Stroke::new(2.0, palette.modality(modality)));
        painter.text(
            at + egui::vec2(9.0, 0.0),
            Align2::LEFT_CENTER,
            modality.name(),
            FontId::proportional(11.5),
            palette.muted,
        );
        at.y += 16.0;
    }
}

/// Draws what it comes to in words under the disc, and why nothing is known onto it; gives it in words.
fn draw_headline(painter: &Painter, view: &View<'_>, disc: Disc, below: Rect) -> String {
    let palette = view.palette;
    let top = below.center_top() + egui::vec2(0.0, 6.0);
    let width = below.width() - 8.0;
    if let Some(fused) = view.tick.and_then(|tick| tick.fused.as_ref()) {
        let clear_from = view.clear_from(fused);
        let headline = phrases::headline(&fused.reading, clear_from);
        let numbers = phrases::numbers(&fused.reading.affect);
        let risk = phrases::risk(fused, clear_from).unwrap_or_default();
        fitted(painter, top, Align2::CENTER_TOP, &headline, 19.0, palette.text, width);
        fitted(painter, top + egui::vec2(0.0, 26.0), Align2::CENTER_TOP, &numbers, 12.0, palette.muted, width);
        fitted(painter, top + egui::vec2(0.0, 42.0), Align2::CENTER_TOP, &risk, 12.0, palette.muted, width);
        return [headline, numbers, risk].join("; ");
    }
    let why = phrases::nothing_known(view);
    fitted(painter, top, Align2::CENTER_TOP, "No reading", 19.0, palette.muted, width);
    let galley = painter.layout(why.clone(), FontId::proportional(12.5), palette.text, disc.radius * 1.9);
    let plate = Rect::from_center_size(disc.centre + egui::vec2(0.0, disc.radius * 0.4), galley.size());
    painter.rect_filled(plate.expand2(egui::vec2(10.0, 6.0)), 6.0, palette.card);
    painter.galley(plate.min, galley, palette.text);
    why
}

/// What lies under the pointer, in words; the legend explains the rest.
fn hover_text(view: &View<'_>, disc: Disc, motion: &Motion, field: Rect, pointer: Pos2) -> Option<String> {
    let place = |valence: f32, arousal: f32| {
        format!("valence {}, arousal {}", phrases::signed(valence), phrases::signed(arousal))
    };
    for (dot, modality) in motion.dots.iter().zip(Modality::ALL) {
        if let Some(([valence, arousal], _)) = dot.shown()
            && disc.at(valence, arousal).distance(pointer) < 9.0
        {
            return Some(format!("the {} alone: {}", modality.name(), place(valence, arousal)));
        }
    }
    if let Some(([valence, arousal, ..], _)) = motion.point.shown()
        && disc.at(valence, arousal).distance(pointer) < 12.0
    {
        return Some(format!("all together: {}\nthe ellipse is one standard deviation", place(valence, arousal)));
    }
    if pointer.y > field.bottom() {
        let fused = view.tick.and_then(|tick| tick.fused.as_ref())?;
        return Some(phrases::risk_in_full(fused.clarity, view.clear_from(fused)));
    }
    let length = view.options.trail_secs;
    let legend = Rect::from_min_size(field.left_top(), egui::vec2(70.0, 52.0));
    legend.contains(pointer).then(|| {
        format!(
            "how the expression would be read: pleasant to the right, excited upwards\n\
         point: now, with an ellipse of doubt; line: the last {length:.0} s; small rings: each modality alone"
        )
    })
}
