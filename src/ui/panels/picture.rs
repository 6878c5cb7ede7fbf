//! The picture that the face was found in, with what was found drawn onto it.

use egui::Align2;
use egui::Button;
use egui::Color32;
use egui::FontId;
use egui::Painter;
use egui::Pos2;
use egui::Rect;
use egui::RichText;
use egui::Role;
use egui::Sense;
use egui::Shape;
use egui::Stroke;
use egui::Ui;
use egui::WidgetInfo;

use crate::pipeline::Command;
use crate::pipeline::SourceChoice;
use crate::pipeline::SourceState;
use crate::session::Consent;
use crate::signal::Absence;
use crate::signal::FaceBox;
use crate::signal::Modality;
use crate::ui::Sheet;
use crate::ui::WindowCommand;
use crate::ui::phrases;
use crate::ui::playback::Playback;
use crate::ui::playback::Seen;
use crate::ui::playback::course::StretchKind;
use crate::ui::view::Picture;
use crate::ui::view::View;

/// From the frame's pixels to the screen, mirrored or not.
#[derive(Clone, Copy)]
struct Map {
    rect: Rect,
    size: (f32, f32),
    is_mirrored: bool,
}

impl Map {
    fn to_screen(self, x: f32, y: f32) -> Pos2 {
        let share = x / self.size.0.max(1.0);
        let share = if self.is_mirrored { 1.0 - share } else { share };
        egui::pos2(
            self.rect.left() + share * self.rect.width(),
            self.rect.top() + y / self.size.1.max(1.0) * self.rect.height(),
        )
    }

    fn to_frame(self, at: Pos2) -> (f32, f32) {
        let share = (at.x - self.rect.left()) / self.rect.width().max(1.0);
        let share = if self.is_mirrored { 1.0 - share } else { share };
        (share * self.size.0, (at.y - self.rect.top()) / self.rect.height().max(1.0) * self.size.1)
    }

    fn face(self, face: &FaceBox) -> Rect {
        Rect::from_two_pos(self.to_screen(face.x, face.y), self.to_screen(face.x + face.width, face.y + face.height))
    }
}

/// The picture, mirrored as people expect. A click on another face chooses it.
pub fn picture_ui(ui: &mut Ui, view: &View<'_>) -> Option<WindowCommand> {
    let controls_height = 66.0;
    let space = ui.available_size();
    let size = view.picture.map_or((16.0, 9.0), |picture| picture.size);
    let aspect = (size.1 / size.0.max(1.0)).clamp(0.4, 1.4);
    let height = (space.x * aspect).min(space.y - controls_height).max(60.0);
    let (frame, response) = ui.allocate_exact_size(egui::vec2(space.x, height), Sense::click());
    let painter = ui.painter_at(frame);
    painter.rect_filled(frame, 5.0, view.palette.behind_picture);

    let mut command = None;
    let missing = missing(view);
    if let Some(picture) = view.picture {
        let shown = egui::vec2((height / aspect).min(space.x), height);
        let map = Map {
            rect: Rect::from_center_size(frame.center(), shown),
            size: picture.size,
            is_mirrored: view.options.mirrored,
        };
        draw_picture(&painter, map, picture, view.palette.on_picture, missing.is_some());
        if missing.is_none() {
            draw_found(&painter, view, map, picture);
            command = choose(view, map, picture, response.interact_pointer_pos().filter(|_| response.clicked()));
        }
        let hover = hover_text(map, picture, response.hover_pos());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "picture"));
        response.on_hover_text(hover);
    }
    if let Some(message) = &missing {
        draw_message(&painter, view, frame, message);
    }
    if view.replay.is_some() {
        let at = frame.right_top() + egui::vec2(-8.0, 7.0);
        outlined(&painter, at, Align2::RIGHT_TOP, "REPLAY", view.palette.behind_picture, view.palette.on_picture);
    }
    command.or(controls_ui(ui, view, missing.is_some()))
}

/// Why there is no live picture, in words.
fn missing(view: &View<'_>) -> Option<String> {
    if let Some(replay) = view.replay {
        return missing_then(view, replay);
    }
    let is_live = view.source.is_live();
    match view.state.camera.as_ref() {
        None if view.picture.is_some() => None,
        None => Some("waiting for the first picture".to_owned()),
        Some(SourceState::Running { .. } | SourceState::Ended) => {
            view.picture.is_none().then(|| "waiting for the first picture".to_owned())
        }
        Some(SourceState::Off) if is_live => Some("no camera chosen".to_owned()),
        Some(SourceState::Off) => Some("there is no picture in it".to_owned()),
        Some(SourceState::Opening) if is_live => Some("opening the camera".to_owned()),
        Some(SourceState::Opening) => Some("opening it".to_owned()),
        Some(SourceState::Silent { message }) => Some(message.clone()),
        Some(SourceState::Failed { message }) if is_live => {
            Some(format!("the camera can't be opened\n{message}\n{}", phrases::RETRIED))
        }
        Some(SourceState::Failed { message }) => Some(format!("the picture can't be read\n{message}")),
        Some(SourceState::Lost { message }) if is_live => {
            Some(format!("the camera is lost\n{message}\n{}", phrases::RETRIED))
        }
        Some(SourceState::Lost { message }) => Some(format!("the picture breaks off\n{message}")),
    }
}

/// Why there is nothing to see of this time of a recorded session.
fn missing_then(view: &View<'_>, replay: &Playback) -> Option<String> {
    let consent = replay.past().kept.header.subject.consent;
    match replay.seen() {
        Seen::Picture | Seen::Crop => None,
        Seen::Waiting => Some("fetching the picture".to_owned()),
        Seen::NotKept => Some(format!(
            "no picture was kept
the consent was for {consent}"
        )),
        Seen::Broken => Some("the pictures can't be read".to_owned()),
        Seen::Nothing => Some(match replay.past().stretch(view.now).map(|stretch| stretch.kind) {
            Some(StretchKind::Forgotten) => "this was forgotten".to_owned(),
            Some(StretchKind::Paused) => "the recording paused".to_owned(),
            None if consent == Consent::Video => {
                let camera = replay.past().course.camera(view.now).filter(|state| !state.starts_with("running"));
                camera.map_or_else(|| "no picture came at this time".to_owned(), |state| format!("the camera: {state}"))
            }
            None => "no face was found at this time, and only faces were kept".to_owned(),
        }),
    }
}

fn draw_picture(painter: &Painter, map: Map, picture: &Picture, tint: Color32, is_past: bool) {
    let Some(texture) = &picture.texture else { return };
    let uv = if map.is_mirrored {
        Rect::from_min_max(egui::pos2(1.0, 0.0), egui::pos2(0.0, 1.0))
    } else {
        Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0))
    };
    // A picture of the past is no picture of now.
    let tint = if is_past { tint.gamma_multiply(0.25) } else { tint };
    painter.image(texture.id(), map.rect, uv, tint);
}

fn draw_found(painter: &Painter, view: &View<'_>, map: Map, picture: &Picture) {
    let palette = view.palette;
    let found = &picture.found;
    let ink = palette.on_picture;
    if picture.is_crop {
        let at = map.rect.center_bottom() - egui::vec2(0.0, 8.0);
        let text = "the face as the networks got it: no more was kept";
        outlined(painter, at, Align2::CENTER_BOTTOM, text, palette.behind_picture, ink);
        return;
    }
    for other in &found.others {
        if found.face.is_none_or(|face| face.overlap(other) < 0.3) {
            let rect = map.face(other);
            painter.rect_stroke(rect, 4.0, Stroke::new(1.0, ink.gamma_multiply(0.7)), egui::StrokeKind::Outside);
            let at = rect.center_bottom() + egui::vec2(0.0, 3.0);
            outlined(painter, at, Align2::CENTER_TOP, "click to read", palette.behind_picture, ink);
        }
    }
    if let Some(face) = &found.face {
        corner_marks(painter, map.face(face), Stroke::new(4.0, palette.behind_picture.gamma_multiply(0.6)));
        corner_marks(painter, map.face(face), Stroke::new(2.0, palette.modality(Modality::Face)));
        if view.options.landmarks {
            painter.extend(found.landmarks.iter().map(|point| {
                let at = map.to_screen(point.x, point.y);
                Shape::rect_filled(Rect::from_center_size(at, egui::Vec2::splat(1.6)), 0.0, ink.gamma_multiply(0.85))
            }));
        }
    } else if let Some(Absence::NoFace) = view.absence(Modality::Face) {
        let at = map.rect.center_bottom() - egui::vec2(0.0, 8.0);
        outlined(painter, at, Align2::CENTER_BOTTOM, "no face found", palette.behind_picture, ink);
    }
    if let (true, Some(crop)) = (view.options.crop, &picture.crop) {
        let side = (map.rect.height() * 0.42).min(112.0);
        let rect = Rect::from_min_size(map.rect.left_top() + egui::vec2(6.0, 6.0), egui::Vec2::splat(side));
        let uv = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
        painter.image(crop.id(), rect, uv, ink);
        painter.rect_stroke(rect, 2.0, Stroke::new(1.0, ink), egui::StrokeKind::Outside);
        let under = rect.left_bottom() + egui::vec2(5.0, 4.0);
        outlined(painter, under, Align2::LEFT_TOP, "what the network sees", palette.behind_picture, ink);
    }
    if view.replay.is_some() {
        return;
    }
    let corner = match view.source {
        SourceChoice::Demo { .. } => "SYNTHETIC",
        SourceChoice::Recording(_) => "RECORDING",
        SourceChoice::Live { .. } => return,
    };
    let at = map.rect.right_top() + egui::vec2(-8.0, 7.0);
    outlined(painter, at, Align2::RIGHT_TOP, corner, palette.behind_picture, ink);
}

fn corner_marks(painter: &Painter, rect: Rect, stroke: Stroke) {
    let arm = (rect.width().min(rect.height()) * 0.18).clamp(5.0, 26.0);
    let corners = [
        (rect.left_top(), egui::vec2(1.0, 1.0)),
        (rect.right_top(), egui::vec2(-1.0, 1.0)),
        (rect.left_bottom(), egui::vec2(1.0, -1.0)),
        (rect.right_bottom(), egui::vec2(-1.0, -1.0)),
    ];
    for (corner, inwards) in corners {
        let across = corner + egui::vec2(arm * inwards.x, 0.0);
        let down = corner + egui::vec2(0.0, arm * inwards.y);
        painter.add(Shape::line(vec![across, corner, down], stroke));
    }
}

/// Writes on a small ground of its own: a picture has any colour.
fn outlined(painter: &Painter, at: Pos2, align: Align2, text: &str, ground: Color32, ink: Color32) {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(11.5), ink);
    let rect = align.anchor_size(at, galley.size());
    let inside = painter.clip_rect().shrink(6.0);
    let rect = rect
        .translate(egui::vec2((inside.left() - rect.left()).max(0.0) + (inside.right() - rect.right()).min(0.0), 0.0));
    painter.rect_filled(rect.expand2(egui::vec2(5.0, 2.0)), 3.0, ground.gamma_multiply(0.8));
    painter.galley(rect.min, galley, ink);
}

fn draw_message(painter: &Painter, view: &View<'_>, frame: Rect, message: &str) {
    let ink = view.palette.on_picture;
    let mut job = egui::text::LayoutJob::simple(
        message.to_owned(),
        FontId::proportional(13.0),
        ink,
        (frame.width() - 24.0).max(40.0),
    );
    job.halign = egui::Align::Center;
    let galley = painter.layout_job(job);
    let top = frame.center().y - galley.size().y / 2.0;
    painter.galley(egui::pos2(frame.center().x, top), galley, ink);
}

fn choose(view: &View<'_>, map: Map, picture: &Picture, clicked: Option<Pos2>) -> Option<WindowCommand> {
    let (x, y) = map.to_frame(clicked.filter(|_| !view.is_held)?);
    let other = picture.found.others.iter().find(|other| other.contains(x, y))?;
    let is_chosen = picture.found.face.is_some_and(|face| face.overlap(other) > 0.3);
    (!is_chosen).then_some(WindowCommand::Tell(Command::ChooseFace { x, y }))
}

fn hover_text(map: Map, picture: &Picture, pointer: Option<Pos2>) -> &'static str {
    let over = |face: &FaceBox, pointer: Pos2| map.face(face).contains(pointer);
    let is_over_chosen = |pointer| picture.found.face.is_some_and(|face| over(&face, pointer));
    match pointer {
        Some(pointer) if is_over_chosen(pointer) => "the face that is read",
        Some(pointer) if picture.found.others.iter().any(|other| over(other, pointer)) => "read this face instead",
        _ => "the picture that the face was found in",
    }
}

fn controls_ui(ui: &mut Ui, view: &View<'_>, is_past: bool) -> Option<WindowCommand> {
    let mut command = None;
    let small = |text: &str| RichText::new(text).small();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let points = Button::new(small("points  L")).selected(view.options.landmarks);
        if ui.add(points).on_hover_text("show the points found on the face").clicked() {
            command = Some(WindowCommand::Landmarks);
        }
        let crop = Button::new(small("crop")).selected(view.options.crop);
        if ui.add(crop).on_hover_text("show the crop that the expression network sees").clicked() {
            command = Some(WindowCommand::Crop);
        }
        if is_past
            && view.replay.is_none()
            && ui
                .button(small("choose a source"))
                .on_hover_text("cameras, recordings, the synthetic participant")
                .clicked()
        {
            command = Some(WindowCommand::Sheet(Sheet::Sources));
        }
    });
    let facts = match view.picture {
        Some(picture) if picture.found.face.is_some() && (!is_past || view.replay.is_some()) => {
            phrases::expression(&picture.found).join(" · ")
        }
        _ => String::new(),
    };
    let label = egui::Label::new(small(&facts).color(view.palette.muted)).wrap();
    ui.add(label).on_hover_text("what is seen in the face, 0 to 1; turned as the person would say");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_goes_back_to_the_pixel_that_was_drawn_there() {
        for is_mirrored in [false, true] {
            let rect = Rect::from_min_size(egui::pos2(10.0, 20.0), egui::vec2(320.0, 180.0));
            let map = Map { rect, size: (1280.0, 720.0), is_mirrored };

            let (x, y) = map.to_frame(map.to_screen(300.0, 100.0));

            assert!((x - 300.0).abs() < 0.01 && (y - 100.0).abs() < 0.01, "{x} {y}");
        }
    }

    #[test]
    fn a_mirror_shows_the_left_of_the_frame_on_the_right() {
        let rect = Rect::from_min_size(Pos2::ZERO, egui::vec2(320.0, 180.0));
        let map = Map { rect, size: (1280.0, 720.0), is_mirrored: true };

        assert!(map.to_screen(100.0, 0.0).x > 160.0);
    }
}
