//! Valence, arousal, what they rested on and what was said, over time.

mod past;

use egui::Align2;
use egui::Color32;
use egui::FontId;
use egui::Mesh;
use egui::Painter;
use egui::Rangef;
use egui::Rect;
use egui::Role;
use egui::Sense;
use egui::Shape;
use egui::Stroke;
use egui::Ui;
use egui::WidgetInfo;

use crate::signal::Modality;
use crate::time::Span;
use crate::time::Timestamp;
use crate::ui::Options;
use crate::ui::WindowCommand;
use crate::ui::history::Column;
use crate::ui::history::History;
use crate::ui::history::Known;
use crate::ui::panels::cut;
use crate::ui::phrases;
use crate::ui::state::Saying;
use crate::ui::theme::Palette;
use crate::ui::view::View;

const GUTTER: f32 = 62.0;
const AXIS_HEIGHT: f32 = 15.0;
/// What lies so close to the pointer is what it points at.
const NEAR: f32 = 4.0;

/// From session time to the screen.
#[derive(Clone, Copy)]
struct Scale {
    left: f32,
    right: f32,
    start_secs: f64,
    end_secs: f64,
}

impl Scale {
    fn x(self, at_secs: f64) -> f32 {
        let share = (at_secs - self.start_secs) / (self.end_secs - self.start_secs).max(1e-6);
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let share = share as f32;
        self.left + share * (self.right - self.left)
    }

    fn at(self, x: f32) -> Timestamp {
        let share = f64::from((x - self.left) / (self.right - self.left).max(1.0));
        Timestamp::from_secs(self.start_secs + share * (self.end_secs - self.start_secs))
    }
}

/// Where the tracks lie.
struct Tracks {
    valence: Rect,
    arousal: Rect,
    gates: Rect,
    speech: Rect,
    axis: Rect,
}

/// The timeline; where the pointer is comes back for the crosshair of other panels.
pub fn timeline_ui(ui: &mut Ui, view: &View<'_>) -> (Option<WindowCommand>, Option<Timestamp>) {
    let sense = if view.replay.is_some() { Sense::click_and_drag() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), sense);
    let painter = ui.painter_at(rect);
    let (left, right) = (rect.left() + GUTTER, rect.right());
    let scale = Scale { left, right, start_secs: view.shown.start.secs(), end_secs: view.shown.end.secs() };
    let tracks = lay_out(rect);
    draw(&painter, view, scale, &tracks);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "timeline"));

    let goes = view.replay.and_then(|_| past::go_there(&response, scale));
    let Some(pointed) = response.hover_pos() else { return (goes, None) };
    let command = goes.or(zoom(ui, view));
    if pointed.x < scale.left {
        response.on_hover_text("turn the wheel for more of the past or less: from 10 s to the whole session");
        return (command, None);
    }
    let at = scale.at(pointed.x);
    let near = Span::new(scale.at(pointed.x - NEAR), scale.at(pointed.x + NEAR));
    draw_crosshair(&painter, view, rect, pointed.x, (at, near));
    (command, Some(at))
}

/// What of the past is shown while it goes on: up to now, as much as was asked for.
#[must_use]
pub fn shown_live(history: &History, options: &Options, now: Timestamp) -> Span {
    let whole = history.start().map_or(0.0, |start| now.since(start).as_secs_f64());
    let wanted = f64::from(options.timeline_secs);
    let secs = if wanted > 0.0 { wanted } else { whole.max(f64::from(Options::TIMELINE_MIN_SECS)) };
    Span::new(Timestamp::from_secs(now.secs() - secs), now)
}

fn zoom(ui: &Ui, view: &View<'_>) -> Option<WindowCommand> {
    let turned = ui.input(|input| input.smooth_scroll_delta().y);
    if turned == 0.0 {
        return None;
    }
    let whole = match view.replay {
        Some(replay) => replay.transport().span().len().as_secs_f64(),
        None => view.state.history.start().map_or(0.0, |start| view.now.since(start).as_secs_f64()).max(60.0),
    };
    let wanted = view.shown.len().as_secs_f64() * f64::from(-turned / 240.0).exp();
    if wanted >= whole && turned < 0.0 {
        return (view.options.timeline_secs != 0.0).then_some(WindowCommand::Timeline(0.0));
    }
    #[expect(clippy::cast_possible_truncation, reason = "a few hours")]
    let wanted = wanted as f32;
    Some(WindowCommand::Timeline(wanted.max(Options::TIMELINE_MIN_SECS)))
}

fn lay_out(rect: Rect) -> Tracks {
    let (plots, axis) = rect.split_top_bottom_at_y(rect.bottom() - AXIS_HEIGHT);
    let gap = 5.0;
    let speech_height = 20.0;
    let gates_height = (plots.height() * 0.16).clamp(14.0, 30.0);
    let line_height = (plots.height() - speech_height - gates_height - 3.0 * gap) / 2.0;
    let mut top = plots.top();
    let mut next = |height: f32| {
        let track = Rect::from_x_y_ranges(plots.x_range(), Rangef::new(top, top + height));
        top += height + gap;
        track
    };
    Tracks {
        valence: next(line_height),
        arousal: next(line_height),
        gates: next(gates_height),
        speech: next(speech_height),
        axis,
    }
}

fn draw(painter: &Painter, view: &View<'_>, scale: Scale, tracks: &Tracks) {
    let palette = view.palette;
    let span = view.shown;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a screen is some thousands wide")]
    let columns = (scale.right - scale.left).max(1.0) as usize;
    let runs = view.state.history.runs(span, columns);
    let field = |track: Rect| Rect::from_min_max(egui::pos2(scale.left, track.top()), track.right_bottom());

    for track in [tracks.valence, tracks.arousal] {
        painter.rect_filled(field(track), 4.0, palette.disc);
        painter.hline(field(track).x_range(), track.center().y, Stroke::new(1.0, palette.edge));
    }
    draw_axis(painter, view, scale, tracks);
    if let Some(replay) = view.replay {
        past::draw_under(painter, view, replay, scale, tracks);
    }

    let clipped = painter.with_clip_rect(field(tracks.valence.union(tracks.axis)));
    let valence = Line {
        track: tracks.valence,
        colour: palette.valence,
        dash: None,
        width: 1.8,
        has_band: true,
        of: |column| Course {
            mean: column.mean.valence,
            doubt: column.mean.valence_sd,
            lowest: column.valence.0,
            highest: column.valence.1,
        },
    };
    let arousal = Line {
        track: tracks.arousal,
        colour: palette.arousal,
        dash: Some((7.0, 3.0)),
        width: 1.8,
        has_band: true,
        of: |column| Course {
            mean: column.mean.arousal,
            doubt: column.mean.arousal_sd,
            lowest: column.arousal.0,
            highest: column.arousal.1,
        },
    };
    for run in &runs {
        draw_line(&clipped, scale, &valence, run);
        draw_line(&clipped, scale, &arousal, run);
        draw_ribbon(&clipped, palette, scale, tracks.gates, run);
    }
    draw_speech(&clipped, view, scale, tracks.speech, span);
    if let Some(replay) = view.replay {
        past::draw_over(&clipped, view, replay, (scale, span, columns), tracks, [&valence, &arousal]);
    }
    draw_marks(&clipped, view, scale, tracks);

    let name = |track: Rect, text: &str, colour: Color32| {
        painter.text(track.left_center(), Align2::LEFT_CENTER, text, FontId::proportional(12.5), colour);
    };
    name(tracks.valence, "valence", palette.text);
    name(tracks.arousal, "arousal", palette.text);
    name(tracks.gates, "rests on", palette.muted);
    name(tracks.speech, "speech", palette.muted);
    for (track, line) in [(tracks.valence, &valence), (tracks.arousal, &arousal)] {
        let y = track.center().y + 12.0;
        let ends = [egui::pos2(track.left(), y), egui::pos2(track.left() + 38.0, y)];
        let stroke = Stroke::new(2.0, line.colour);
        match line.dash {
            Some((dash, gap)) => painter.extend(Shape::dashed_line(&ends, stroke, dash, gap)),
            None => {
                painter.line_segment(ends, stroke);
            }
        }
        for (y, text) in [(track.top() + 5.0, "+1"), (track.bottom() - 5.0, "−1")] {
            let at = egui::pos2(scale.left - 4.0, y);
            painter.text(at, Align2::RIGHT_CENTER, text, FontId::proportional(9.5), palette.muted);
        }
    }
}

/// Where one line goes in one column.
struct Course {
    mean: f32,
    doubt: f32,
    lowest: f32,
    highest: f32,
}

/// One of the two lines.
#[derive(Clone, Copy)]
struct Line {
    track: Rect,
    colour: Color32,
    dash: Option<(f32, f32)>,
    width: f32,
    has_band: bool,
    of: fn(&Column) -> Course,
}

impl Line {
    fn y(&self, value: f32) -> f32 {
        let inside = self.track.shrink2(egui::vec2(0.0, 3.0));
        inside.center().y - value.clamp(-1.0, 1.0) * inside.height() / 2.0
    }
}

fn draw_line(painter: &Painter, scale: Scale, line: &Line, run: &[Column]) {
    let mut band = Mesh::default();
    let mut points = Vec::with_capacity(run.len());
    let fill = Palette::band(line.colour);
    let stroke = Stroke::new(line.width, line.colour);
    for column in run {
        let x = scale.x(column.at_secs);
        let Course { mean, doubt, lowest, highest } = (line.of)(column);
        push_pair(&mut band, x, line.y(mean + doubt), line.y(mean - doubt), fill);
        if line.y(lowest) - line.y(highest) > 2.0 {
            painter.vline(x, line.y(highest)..=line.y(lowest), Stroke::new(1.0, line.colour));
        }
        points.push(egui::pos2(x, line.y(mean)));
    }
    if line.has_band {
        painter.add(Shape::mesh(band));
    }
    match (points.as_slice(), line.dash) {
        ([only], _) => {
            painter.circle_filled(*only, 1.5, line.colour);
        }
        (_, Some((dash, gap))) => {
            // By session time, so that the dashes move with the line.
            let first = run.first().map_or(0.0, |column| column.at_secs);
            let pixels = f64::from(scale.right - scale.left) / (scale.end_secs - scale.start_secs).max(1e-6);
            #[expect(clippy::cast_possible_truncation, reason = "less than a dash")]
            let offset = (first * pixels).rem_euclid(f64::from(dash + gap)) as f32;
            painter.extend(Shape::dashed_line_with_offset(&points, stroke, &[dash], &[gap], -offset));
        }
        (_, None) => {
            painter.add(Shape::line(points, stroke));
        }
    }
}

/// Goes on with a strip: two points at `x`, joined to the two before.
fn push_pair(mesh: &mut Mesh, x: f32, top: f32, bottom: f32, colour: Color32) {
    let Ok(first) = u32::try_from(mesh.vertices.len()) else { return };
    mesh.colored_vertex(egui::pos2(x, top), colour);
    mesh.colored_vertex(egui::pos2(x, bottom), colour);
    if first >= 2 {
        mesh.add_triangle(first - 2, first - 1, first);
        mesh.add_triangle(first - 1, first, first + 1);
    }
}

/// The gates, stacked: what the answer rested on.
fn draw_ribbon(painter: &Painter, palette: &Palette, scale: Scale, track: Rect, run: &[Column]) {
    let mut strips: [Mesh; 3] = Default::default();
    // One reading alone is as wide as a point of the line.
    let last = if let [only] = run { Some((scale.x(only.at_secs) + 2.0, only)) } else { None };
    for (x, column) in run.iter().map(|column| (scale.x(column.at_secs), column)).chain(last) {
        let sum = column.mean.gates.iter().sum::<f32>().max(1e-6);
        let mut top = track.top();
        for ((strip, gate), modality) in strips.iter_mut().zip(column.mean.gates).zip(Modality::ALL) {
            let bottom = top + track.height() * gate / sum;
            push_pair(strip, x, top, bottom, palette.modality(modality).gamma_multiply(0.85));
            top = bottom;
        }
    }
    for strip in strips {
        painter.add(Shape::mesh(strip));
    }
}

fn draw_speech(painter: &Painter, view: &View<'_>, scale: Scale, track: Rect, span: Span) {
    let palette = view.palette;
    for speech in view.state.speech.within(span) {
        let block = block(scale, track, speech);
        painter.rect_filled(block, 3.0, palette.voice.gamma_multiply(0.3));
        painter.hline(block.x_range(), block.bottom() - 1.0, Stroke::new(2.0, palette.voice));
    }
    for said in view.state.sayings.iter().rev() {
        let Saying::Understood(transcript) = &said.value else { continue };
        if transcript.spoken.end < span.start || said.span.start > span.end {
            continue;
        }
        let block = block(scale, track, transcript.spoken);
        // The words may run on into the silence after them.
        let at = egui::pos2(block.left().max(scale.left) + 4.0, block.center().y);
        let after = transcript.spoken.end + std::time::Duration::from_millis(200);
        let next = view.state.speech.within(Span::new(after, span.end)).find(|speech| speech.start >= after);
        let width = next.map_or(scale.right, |next| scale.x(next.start.secs())) - at.x - 6.0;
        if width > 26.0 {
            cut(painter, at, Align2::LEFT_CENTER, &transcript.text, 11.5, palette.text, width);
        }
    }
}

/// Markers as flags; a stretch is shaded, and one that doesn't count is shaded darker.
fn draw_marks(painter: &Painter, view: &View<'_>, scale: Scale, tracks: &Tracks) {
    let palette = view.palette;
    let (top, bottom) = (tracks.valence.top(), tracks.speech.bottom());
    let mut lefts: Vec<f32> = view.state.marks.iter().map(|mark| scale.x(mark.span.start.secs())).collect();
    lefts.sort_by(f32::total_cmp);
    for mark in &view.state.marks {
        let (left, right) = (scale.x(mark.span.start.secs()), scale.x(mark.span.end.secs()));
        if right < scale.left || left > scale.right {
            continue;
        }
        if right - left > 1.0 {
            let shade = if mark.kind == "exclude" {
                palette.background.gamma_multiply(0.7)
            } else {
                palette.axis.gamma_multiply(0.25)
            };
            painter.rect_filled(Rect::from_min_max(egui::pos2(left, top), egui::pos2(right, bottom)), 0.0, shade);
        }
        painter.vline(left, top..=bottom, Stroke::new(1.0, palette.now));
        let flag = [egui::pos2(left, top), egui::pos2(left + 7.0, top + 3.5), egui::pos2(left, top + 7.0)];
        painter.add(Shape::convex_polygon(flag.to_vec(), palette.now, Stroke::NONE));
        let words = if mark.text.is_empty() { &mark.name } else { &mark.text };
        // A name has the room up to the next flag.
        let next = lefts.iter().copied().find(|other| *other > left).unwrap_or(f32::INFINITY);
        let room = (next - left - 14.0).min(110.0);
        if room > 24.0 {
            cut(painter, egui::pos2(left + 10.0, top + 5.0), Align2::LEFT_CENTER, words, 11.0, palette.text, room);
        }
    }
}

fn block(scale: Scale, track: Rect, span: Span) -> Rect {
    let (left, right) = (scale.x(span.start.secs()), scale.x(span.end.secs()));
    Rect::from_min_max(egui::pos2(left, track.top()), egui::pos2(right.max(left + 1.5), track.bottom()))
}

fn draw_axis(painter: &Painter, view: &View<'_>, scale: Scale, tracks: &Tracks) {
    let palette = view.palette;
    let steps = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
    let most = f64::from((scale.right - scale.left) / 70.0).max(2.0);
    let shown = scale.end_secs - scale.start_secs;
    let step = steps.into_iter().find(|step| shown / step <= most).unwrap_or(7200.0);
    let zero = view.zero().secs();
    let mut at = zero + ((scale.start_secs - zero) / step).ceil().max(0.0) * step;
    while at < scale.end_secs {
        let x = scale.x(at);
        painter.vline(x, tracks.valence.top()..=tracks.axis.top(), Stroke::new(1.0, palette.edge.gamma_multiply(0.7)));
        let is_room = x > scale.left + 14.0 && x < scale.right - 34.0;
        if is_room {
            let text = phrases::clock(view, Timestamp::from_secs(at));
            let below = egui::pos2(x, tracks.axis.bottom());
            painter.text(below, Align2::CENTER_BOTTOM, text, FontId::proportional(10.5), palette.muted);
        }
        at += step;
    }
    if view.replay.is_none() {
        let at = tracks.axis.right_bottom();
        painter.text(at, Align2::RIGHT_BOTTOM, "now", FontId::proportional(10.5), palette.muted);
    }
}

fn draw_crosshair(painter: &Painter, view: &View<'_>, rect: Rect, x: f32, (at, near): (Timestamp, Span)) {
    let palette = view.palette;
    painter.vline(x, rect.y_range(), Stroke::new(1.0, palette.text));
    let mut lines = vec![phrases::clock(view, at)];
    match view.state.history.at(at) {
        None => lines.push("nothing known".to_owned()),
        Some(known) => lines.extend(values(&known)),
    }
    let said = view.state.sayings.iter().find_map(|said| match &said.value {
        Saying::Understood(words) if words.spoken.start <= at && at <= words.spoken.end => Some(words.text.as_str()),
        _ => None,
    });
    lines.extend(said.map(|text| format!("“{text}”")));
    lines.extend(view.replay.into_iter().flat_map(|replay| past::said_at(replay, at, near)));
    let galley = painter.layout(lines.join("\n"), FontId::proportional(11.5), palette.text, 210.0);
    let size = galley.size() + egui::vec2(14.0, 8.0);
    let left = if x + 10.0 + size.x < rect.right() { x + 10.0 } else { x - 10.0 - size.x };
    let plate = Rect::from_min_size(egui::pos2(left, rect.top() + 2.0), size);
    painter.rect(plate, 5.0, palette.card, Stroke::new(1.0, palette.axis), egui::StrokeKind::Inside);
    painter.galley(plate.min + egui::vec2(7.0, 4.0), galley, palette.text);
}

fn values(known: &Known) -> Vec<String> {
    // What is absent has no share, which is another thing than a share of nothing.
    let share = |gate: f32| if gate > 0.0 { phrases::percent(gate) } else { "–".to_owned() };
    let [face, voice, words] = known.gates.map(share);
    vec![
        format!("valence {} ± {:.2}", phrases::signed(known.valence), known.valence_sd),
        format!("arousal {} ± {:.2}", phrases::signed(known.arousal), known.arousal_sd),
        format!("face {face}, voice {voice}, words {words}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_absent_then_has_no_share() {
        let known = Known { valence: 0.3, arousal: 0.0, valence_sd: 0.1, arousal_sd: 0.1, gates: [0.6, 0.0, 0.4] };

        assert_eq!(values(&known).last().map(String::as_str), Some("face 60 %, voice –, words 40 %"));
    }

    #[test]
    fn a_place_on_the_screen_and_its_time_belong_together() {
        let scale = Scale { left: 62.0, right: 662.0, start_secs: 40.0, end_secs: 100.0 };

        assert!((scale.x(100.0) - 662.0).abs() < 1e-3);
        assert!((scale.at(scale.x(70.0)).secs() - 70.0).abs() < 1e-3);
    }

    #[test]
    fn tracks_do_not_overlap_even_in_the_smallest_window() {
        let tracks = lay_out(Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(400.0, 110.0)));

        let order = [tracks.valence, tracks.arousal, tracks.gates, tracks.speech, tracks.axis];
        for pair in order.windows(2) {
            assert!(pair[0].bottom() <= pair[1].top() + 0.01, "{pair:?}");
            assert!(pair[0].height() >= 12.0);
        }
    }
}
