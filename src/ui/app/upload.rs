//! Pictures on their way to the graphics card.

use egui::Context;
use egui::TextureOptions;

use crate::signal::FaceView;
use crate::signal::Frame;
use crate::time::Timestamped;
use crate::ui::view::Picture;

/// Takes a new picture over onto the graphics card.
pub fn show(shown: &mut Option<Picture>, ctx: &Context, view: &Timestamped<FaceView>) {
    let (texture, crop) = shown.take().map_or((None, None), |picture| (picture.texture, picture.crop));
    let value = &view.value;
    let found = FaceView {
        frame: Frame::default(),
        face: value.face,
        others: value.others.clone(),
        landmarks: value.landmarks.clone(),
        pose: value.pose,
        gaze_deg: value.gaze_deg,
        blink: value.blink,
        quality: value.quality,
        expression: value.expression.clone(),
        crop: Frame::default(),
    };
    #[expect(clippy::cast_precision_loss, reason = "a picture has some thousand pixels in a row")]
    let size = (value.frame.width as f32, value.frame.height as f32);
    *shown = Some(Picture {
        texture: upload(ctx, "picture", texture, &value.frame),
        crop: upload(ctx, "crop", crop, &value.crop),
        size,
        found,
    });
}

fn upload(
    ctx: &Context,
    name: &str,
    texture: Option<egui::TextureHandle>,
    frame: &Frame,
) -> Option<egui::TextureHandle> {
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
