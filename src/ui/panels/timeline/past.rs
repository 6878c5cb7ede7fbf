//! What a timeline of a recorded session has besides: the place, gaps, markers, another fusion's answers.

use egui::Align2;
use egui::Color32;
use egui::FontId;
use egui::Painter;
use egui::Rect;
use egui::Response;
use egui::Shape;
use egui::Stroke;

use super::Line;
use super::Scale;
use super::Tracks;
use super::draw_line;
use crate::time::Span;
use crate::time::Timestamp;
use crate::ui::ReplayCommand;
use crate::ui::WindowCommand;
use crate::ui::panels::cut;
use crate::ui::phrases;
use crate::ui::playback::Playback;
use crate::ui::playback::course::StretchKind;
use crate::ui::playback::markers::EXCLUDE;
use crate::ui::view::View;

/// How steep the lines are that cross a stretch out.
const SLANT: f32 = 9.0;

/// Where somebody points to go there, by a click or while they drag.
pub fn go_there(response: &Response, scale: Scale) -> Option<WindowCommand> {
    let pointer =
        response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on() || response.clicked())?;
    let at = scale.at(pointer.x.clamp(scale.left, scale.right));
    Some(WindowCommand::Replay(ReplayCommand::Seek(at)))
}

/// Crosses out what was forgotten, what wasn't recorded and what doesn't count.
pub fn draw_under(painter: &Painter, view: &View<'_>, replay: &Playback, scale: Scale, tracks: &Tracks) {
    let palette = view.palette;
    for stretch in &replay.past().course.stretches {
        cross_out(painter, place(scale, tracks, stretch.span), SLANT, palette.axis);
    }
    for marker in replay.markers().counting().filter(|marker| marker.kind == EXCLUDE) {
        cross_out(painter, place(scale, tracks, marker.span), -SLANT, palette.axis);
    }
}

/// Says of each stretch that is crossed out why.
fn draw_words(painter: &Painter, view: &View<'_>, replay: &Playback, scale: Scale, tracks: &Tracks) {
    let gaps = replay.past().course.stretches.iter().map(|stretch| {
        let word = match stretch.kind {
            StretchKind::Forgotten => "forgotten",
            StretchKind::Paused => "not recorded",
        };
        (stretch.span, word.to_owned())
    });
    let excluded = replay.markers().counting().filter(|marker| marker.kind == EXCLUDE);
    let mut said: Vec<Rect> = Vec::new();
    for (span, word) in gaps.chain(excluded.map(|marker| (marker.span, phrases::marker(marker)))) {
        let rect = place(scale, tracks, span);
        if rect.width() > 46.0 {
            // What lies over each other says so in lines over each other.
            let above = said.iter().filter(|other| other.intersects(rect)).count();
            let at = egui::pos2(rect.center().x, tracks.arousal.bottom() - 7.0 - 14.0 * above as f32);
            let (align, ink, width) = (Align2::CENTER_CENTER, view.palette.text, rect.width() - 6.0);
            cut(painter, at, align, &word, 11.0, ink, width);
            said.push(rect);
        }
    }
}

/// Draws another fusion's answers, the markers and the place where one is.
pub fn draw_over(
    painter: &Painter,
    view: &View<'_>,
    replay: &Playback,
    (scale, span, columns): (Scale, Span, usize),
    tracks: &Tracks,
    lines: [&Line; 2],
) {
    let palette = view.palette;
    if let Some(rescored) = replay.rescored() {
        for run in rescored.history.runs(span, columns) {
            for line in lines {
                let thin = Line { colour: palette.without, dash: None, width: 1.0, has_band: false, ..*line };
                draw_line(painter, scale, &thin, &run);
            }
        }
        legend(painter, view, scale, tracks, &rescored.another.name(), lines[0].colour);
    }
    draw_words(painter, view, replay, scale, tracks);
    draw_flags(painter, view, replay, scale, tracks);
    let x = scale.x(view.now.secs());
    painter.vline(x, tracks.valence.top()..=tracks.axis.top(), Stroke::new(1.5, palette.now));
    let top = tracks.valence.top();
    let corners = [(x - 5.0, top), (x + 5.0, top), (x, top + 7.0)].map(|(x, y)| egui::pos2(x, y)).to_vec();
    painter.add(Shape::convex_polygon(corners, palette.now, Stroke::NONE));
}

/// What is marked, and what another fusion says, at `at`: for the crosshair.
pub fn said_at(replay: &Playback, at: Timestamp, near: Span) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(rescored) = replay.rescored() {
        let known = rescored.history.at(at);
        let words = known.map_or_else(
            || "nothing known".to_owned(),
            |known| format!("valence {}, arousal {}", phrases::signed(known.valence), phrases::signed(known.arousal)),
        );
        said.push(format!("with the {}: {words}", rescored.another.name()));
    }
    if let Some(stretch) = replay.past().stretch(at) {
        said.push(match stretch.kind {
            StretchKind::Forgotten => "this was forgotten".to_owned(),
            StretchKind::Paused => "the recording paused".to_owned(),
        });
    }
    let touches = |span: Span| span.start <= near.end && span.end >= near.start;
    said.extend(replay.markers().counting().filter(|marker| touches(marker.span)).map(phrases::marker));
    said
}

fn place(scale: Scale, tracks: &Tracks, span: Span) -> Rect {
    let (left, right) = (scale.x(span.start.secs()), scale.x(span.end.secs()));
    let [left, right] = [left, right.max(left + 2.0)].map(|x| x.clamp(scale.left, scale.right));
    Rect::from_min_max(egui::pos2(left, tracks.valence.top()), egui::pos2(right, tracks.speech.bottom()))
}

fn cross_out(painter: &Painter, rect: Rect, slant: f32, stroke: Color32) {
    if rect.width() < 0.5 {
        return;
    }
    let within = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let lean = slant * rect.height() / 24.0;
    let mut x = rect.left() - lean.abs();
    while x < rect.right() + lean.abs() {
        let ends = [egui::pos2(x, rect.bottom()), egui::pos2(x + lean, rect.top())];
        within.line_segment(ends, Stroke::new(1.0, stroke.gamma_multiply(0.7)));
        x += 8.0;
    }
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, stroke), egui::StrokeKind::Inside);
}

/// The flags of markers: names where there is room up to the next one.
fn draw_flags(painter: &Painter, view: &View<'_>, replay: &Playback, scale: Scale, tracks: &Tracks) {
    let palette = view.palette;
    let mut flags: Vec<_> = replay
        .markers()
        .counting()
        .filter(|marker| marker.kind != EXCLUDE)
        .map(|marker| (scale.x(marker.span.start.secs()), marker))
        .filter(|(x, _)| (scale.left..=scale.right).contains(x))
        .collect();
    flags.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let rights: Vec<f32> = flags.iter().skip(1).map(|(x, _)| *x).chain([scale.right]).collect();
    for ((x, marker), right) in flags.into_iter().zip(rights) {
        painter.vline(
            x,
            tracks.valence.top()..=tracks.speech.bottom(),
            Stroke::new(1.0, palette.text.gamma_multiply(0.8)),
        );
        let room = (right - x - 8.0).min(150.0);
        let top = tracks.valence.top();
        let flag = Rect::from_min_size(egui::pos2(x, top), egui::vec2(6.0, 11.0));
        painter.rect_filled(flag, 0.0, palette.text);
        if room > 24.0 {
            let at = egui::pos2(x + 9.0, top + 6.0);
            cut(painter, at, Align2::LEFT_CENTER, &phrases::marker(marker), 11.0, palette.text, room);
        }
    }
}

/// Which line is which.
fn legend(painter: &Painter, view: &View<'_>, scale: Scale, tracks: &Tracks, another: &str, recorded: Color32) {
    let palette = view.palette;
    let y = tracks.arousal.top() + 9.0;
    let mut right = scale.right - 6.0;
    for (text, colour, width) in
        [(format!("with the {another}"), palette.without, 1.0), ("recorded".to_owned(), recorded, 2.0)]
    {
        let galley = painter.layout_no_wrap(text, FontId::proportional(11.0), palette.text);
        let at = egui::pos2(right - galley.size().x, y - galley.size().y / 2.0);
        let plate = Rect::from_min_size(at, galley.size()).expand2(egui::vec2(4.0, 1.0)).with_min_x(at.x - 26.0);
        painter.rect_filled(plate, 3.0, palette.disc.gamma_multiply(0.85));
        painter.line_segment([egui::pos2(at.x - 22.0, y), egui::pos2(at.x - 4.0, y)], Stroke::new(width, colour));
        painter.galley(at, galley, palette.text);
        right = plate.left() - 6.0;
    }
}
