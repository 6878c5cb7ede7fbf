//! What the processor draws is what a graphics chip would.

use egui::Context;
use egui::FullOutput;
use egui::Pos2;
use egui::Rect;
use egui::Stroke;
use egui::TextureHandle;
use egui::TextureOptions;
use egui::Ui;
use egui::epaint::EllipseShape;
use egui_kittest::Harness;

use crate::ui::Theme;
use crate::ui::software::canvas::Bounds;
use crate::ui::software::painter::Painter;
use crate::ui::theme::Palette;

const SIZE: [usize; 2] = [640, 400];
const EVERYTHING: Bounds = Bounds { left: 0, top: 0, right: SIZE[0] as i32, bottom: SIZE[1] as i32 };

/// A bit of everything that the window is made of; the dot is at `x`.
fn scene(ui: &Ui, picture: &mut Option<TextureHandle>, x: f32) {
    let palette = Palette::of(Theme::Dark);
    let painter = ui.ctx().layer_painter(egui::LayerId::background());
    let at = |left: f32, top: f32, width: f32, height: f32| {
        Rect::from_min_size(egui::pos2(left, top), egui::vec2(width, height))
    };
    painter.rect_filled(at(0.0, 0.0, 640.0, 400.0), 0.0, palette.background);
    let edge = Stroke::new(1.0, palette.edge);
    painter.rect(at(10.5, 10.0, 300.0, 180.0), 8.0, palette.card, edge, egui::StrokeKind::Inside);
    painter.rect_filled(at(200.0, 120.0, 160.3, 90.7), 20.0, palette.banner.gamma_multiply(0.4));

    let picture = picture.get_or_insert_with(|| {
        let rgb: Vec<u8> =
            (0..96 * 54).flat_map(|i| [i % 96 * 2, i / 96 * 4, (i * 7) % 256].map(|v| v as u8)).collect();
        ui.ctx().load_texture("picture", egui::ColorImage::from_rgb([96, 54], &rgb), TextureOptions::LINEAR)
    });
    let mirrored = Rect::from_min_max(egui::pos2(1.0, 0.0), egui::pos2(0.0, 1.0));
    painter.image(picture.id(), at(330.0, 12.0, 288.0, 162.0), mirrored, palette.on_picture);
    let upright = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
    let small = painter.with_clip_rect(at(20.0, 200.0, 60.4, 30.6));
    small.image(picture.id(), at(21.3, 202.7, 70.0, 40.0), upright, palette.on_picture.gamma_multiply(0.5));

    for (line, size) in (0_u8..).zip([9.5, 11.5, 13.0, 17.0, 24.0]) {
        let text = "pleasant, lively: +0.72 ± 0.14 “I can't” äöü";
        let below = egui::pos2(20.2, 18.6 + 30.0 * f32::from(line));
        painter.text(below, egui::Align2::LEFT_TOP, text, egui::FontId::proportional(size), palette.text);
    }
    painter.circle(egui::pos2(480.0, 290.0), 90.0, palette.disc, Stroke::new(1.5, palette.axis));
    painter.add(EllipseShape::filled(egui::pos2(500.0, 270.0), egui::vec2(40.0, 22.0), Palette::band(palette.now)));
    painter.circle_filled(egui::pos2(x, 290.0), 5.0, palette.now);
    let wave = |i: u16| egui::pos2(20.0 + f32::from(i), 300.0 + 40.0 * (f32::from(i) / 30.0).sin());
    let points: Vec<Pos2> = (0..350).map(wave).collect();
    let dashes = egui::Shape::dashed_line(&points, Stroke::new(1.8, palette.arousal), 6.0, 4.0);
    painter.extend(dashes);
    painter
        .add(egui::Shape::line(points.iter().map(|at| *at + egui::vec2(0.0, 25.0)).collect(), (1.8, palette.valence)));
    painter.hline(20.0..=370.0, 380.5, Stroke::new(1.0, palette.axis));
}

/// What egui asks for, of one scene after the other, and the pixels to a point.
struct Asker {
    ctx: Context,
    picture: Option<TextureHandle>,
    scale: f32,
}

impl Asker {
    fn new(scale: f32) -> Self {
        Self { ctx: Context::default(), picture: None, scale }
    }

    fn ask(&mut self, x: f32) -> FullOutput {
        let size = egui::vec2(SIZE[0] as f32, SIZE[1] as f32) / self.scale;
        let mut input =
            egui::RawInput { screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)), ..Default::default() };
        input.viewports.entry(egui::ViewportId::ROOT).or_default().native_pixels_per_point = Some(self.scale);
        self.ctx.run_ui(input, |ui| scene(ui, &mut self.picture, x))
    }

    fn paint(&mut self, painter: &mut Painter, x: f32) -> Vec<Bounds> {
        let output = self.ask(x);
        let primitives = self.ctx.tessellate(output.shapes, self.scale);
        let background = Palette::of(Theme::Dark).background;
        painter.paint(SIZE, self.scale, &primitives, output.textures_delta, background)
    }
}

fn bytes(painter: &Painter) -> Vec<u8> {
    painter.canvas().pixels().iter().flat_map(|pixel| pixel.to_le_bytes()).collect()
}

#[test]
fn the_processor_draws_what_a_graphics_chip_draws() {
    for scale in [1.0, 1.5] {
        let (mut painter, mut asker) = (Painter::default(), Asker::new(scale));
        asker.paint(&mut painter, 470.0);
        asker.paint(&mut painter, 480.0);

        let size = egui::vec2(SIZE[0] as f32, SIZE[1] as f32) / scale;
        let mut picture = None;
        let mut harness = Harness::builder()
            .with_size(size)
            .with_pixels_per_point(scale)
            .wgpu()
            .build_ui(move |ui| scene(ui, &mut picture, 480.0));
        harness.run_steps(2);
        let expected = harness.render().unwrap();

        let seen = bytes(&painter);
        assert_eq!(seen.len(), expected.as_raw().len());
        let off: Vec<u8> = seen.iter().zip(expected.as_raw()).map(|(one, other)| one.abs_diff(*other)).collect();
        let mean = off.iter().map(|off| f64::from(*off)).sum::<f64>() / off.len() as f64;
        let far = off.iter().filter(|off| **off > 16).count();
        assert!(mean < 0.02, "scale {scale}: {mean} off on average, {far} far off");
        assert!(far < off.len() / 20_000, "scale {scale}: {far} of {} far off", off.len());
    }
}

#[test]
fn a_picture_like_the_one_before_changes_nothing() {
    let (mut painter, mut asker) = (Painter::default(), Asker::new(1.0));

    assert!(!asker.paint(&mut painter, 480.0).is_empty());
    assert_eq!(asker.paint(&mut painter, 480.0), []);
}

#[test]
fn only_where_something_moved_is_drawn_and_it_looks_as_if_all_were() {
    let (mut painter, mut asker) = (Painter::default(), Asker::new(1.0));
    asker.paint(&mut painter, 470.0);

    let changed = asker.paint(&mut painter, 480.0);
    let share: i32 = changed.iter().map(|part| (part.right - part.left) * (part.bottom - part.top)).sum();
    assert!(share > 0 && share < EVERYTHING.right * EVERYTHING.bottom / 4, "{changed:?}");

    let (mut afresh, mut asker) = (Painter::default(), Asker::new(1.0));
    asker.paint(&mut afresh, 480.0);
    assert!(bytes(&painter) == bytes(&afresh));
}

#[test]
fn a_new_picture_is_drawn_where_it_lies() {
    let (mut painter, mut asker) = (Painter::default(), Asker::new(1.0));
    asker.paint(&mut painter, 480.0);
    let before = bytes(&painter);

    let white = egui::ColorImage::filled([96, 54], Palette::of(Theme::Dark).on_picture);
    asker.picture.as_mut().unwrap().set(white, TextureOptions::LINEAR);
    let changed = asker.paint(&mut painter, 480.0);

    let at = |bytes: &[u8], x: usize, y: usize| bytes[(y * SIZE[0] + x) * 4];
    assert!(!changed.is_empty());
    assert_eq!(at(&bytes(&painter), 340, 100), Palette::of(Theme::Dark).on_picture.r());
    assert_eq!(at(&bytes(&painter), 100, 380), at(&before, 100, 380));
}
