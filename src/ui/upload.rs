//! Pictures on their way to the graphics card.

use egui::Context;
use egui::TextureHandle;
use egui::TextureOptions;

use crate::signal::FaceView;
use crate::signal::Frame;
use crate::time::Timestamped;
use crate::ui::view::Picture;

/// Takes a new picture over onto the graphics card.
pub fn show(shown: &mut Option<Picture>, ctx: &Context, view: &Timestamped<FaceView>) {
    let (texture, crop) = shown.take().map_or((None, None), |picture| (picture.texture, picture.crop));
    let value = &view.value;
    *shown = Some(Picture {
        texture: upload(ctx, "picture", texture, &value.frame),
        crop: upload(ctx, "crop", crop, &value.crop),
        size: size(&value.frame),
        found: without_pixels(value),
        is_crop: false,
    });
}

/// Width and height, px.
#[must_use]
pub fn size(frame: &Frame) -> (f32, f32) {
    (frame.width as f32, frame.height as f32)
}

/// The same without frame and crop.
fn without_pixels(view: &FaceView) -> FaceView {
    FaceView {
        frame: Frame::default(),
        face: view.face,
        others: view.others.clone(),
        landmarks: view.landmarks.clone(),
        pose: view.pose,
        gaze_deg: view.gaze_deg,
        blink: view.blink,
        quality: view.quality,
        expression: view.expression.clone(),
        crop: Frame::default(),
    }
}

/// Takes pixels over, into a texture that is there if there is one; none of a frame that has none.
pub fn upload(ctx: &Context, name: &str, texture: Option<TextureHandle>, frame: &Frame) -> Option<TextureHandle> {
    if !frame.is_whole() {
        return None;
    }
    let image = egui::ColorImage::from_rgb([frame.width, frame.height], &frame.rgb);
    match texture {
        Some(mut texture) => {
            texture.set(image, TextureOptions::LINEAR);
            Some(texture)
        }
        None => Some(ctx.load_texture(name, image, TextureOptions::LINEAR)),
    }
}
