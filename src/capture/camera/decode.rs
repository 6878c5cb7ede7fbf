//! From a camera's bytes to RGB8, in place.

use std::io::Cursor;

use image::ImageDecoder as _;
use image::codecs::jpeg::JpegDecoder;

use super::PixelForm;
use super::Raw;
use crate::signal::Frame;

/// Writes `raw` into the memory of `frame`; false if the bytes don't make up a picture (cameras give halves of some).
pub(super) fn decode(raw: &Raw, frame: &mut Frame) -> bool {
    let (width, height) = (raw.width, raw.height);
    frame.jpeg.clear();
    if raw.form == PixelForm::Jpeg {
        frame.jpeg.extend_from_slice(&raw.bytes);
        return decode_jpeg(&raw.bytes, frame);
    }
    let pixels = width * height;
    let needed = match raw.form {
        PixelForm::Yuyv => pixels * 2,
        PixelForm::Nv12 => pixels + width.div_ceil(2) * 2 * height.div_ceil(2),
        PixelForm::Rgb | PixelForm::Bgr | PixelForm::Jpeg => pixels * 3,
        PixelForm::Grey => pixels,
    };
    let Some(bytes) = raw.bytes.get(..needed) else { return false };
    frame.width = width;
    frame.height = height;
    frame.rgb.resize(pixels * 3, 0);
    let rgb = frame.rgb.as_mut_slice();
    match raw.form {
        PixelForm::Yuyv => from_yuyv(bytes, rgb),
        PixelForm::Nv12 => from_nv12(bytes, width, rgb),
        PixelForm::Bgr => {
            for (to, from) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(bytes.as_chunks::<3>().0) {
                let [blue, green, red] = *from;
                *to = [red, green, blue];
            }
        }
        PixelForm::Grey => {
            for (to, from) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(bytes) {
                *to = [*from; 3];
            }
        }
        PixelForm::Rgb | PixelForm::Jpeg => rgb.copy_from_slice(bytes),
    }
    frame.is_whole()
}

fn decode_jpeg(bytes: &[u8], frame: &mut Frame) -> bool {
    let Ok(decoder) = JpegDecoder::new(Cursor::new(bytes)) else { return false };
    let (width, height) = decoder.dimensions();
    let is_colour = match decoder.color_type() {
        image::ColorType::Rgb8 => true,
        image::ColorType::L8 => false,
        _ => return false,
    };
    frame.width = width as usize;
    frame.height = height as usize;
    let pixels = frame.width * frame.height;
    frame.rgb.resize(pixels * 3, 0);
    if is_colour {
        return decoder.read_image(&mut frame.rgb).is_ok() && frame.is_whole();
    }
    let mut grey = vec![0; pixels];
    if decoder.read_image(&mut grey).is_err() {
        return false;
    }
    for (to, from) in frame.rgb.as_chunks_mut::<3>().0.iter_mut().zip(&grey) {
        *to = [*from; 3];
    }
    frame.is_whole()
}

fn from_yuyv(bytes: &[u8], rgb: &mut [u8]) {
    for (to, from) in rgb.as_chunks_mut::<6>().0.iter_mut().zip(bytes.as_chunks::<4>().0) {
        let [first, blue, second, red] = *from;
        let colour = Colour::new(blue, red);
        let [r0, g0, b0] = colour.with(first);
        let [r1, g1, b1] = colour.with(second);
        *to = [r0, g0, b0, r1, g1, b1];
    }
}

fn from_nv12(bytes: &[u8], width: usize, rgb: &mut [u8]) {
    let pixels = rgb.len() / 3;
    let (luma, chroma) = bytes.split_at(pixels);
    let chroma_row = width.div_ceil(2) * 2;
    for (row, (to, from)) in rgb.chunks_exact_mut(width * 3).zip(luma.chunks_exact(width)).enumerate() {
        let colours = chroma.get(row / 2 * chroma_row..).unwrap_or_default();
        let pairs = to.chunks_mut(6).zip(from.chunks(2)).zip(colours.as_chunks::<2>().0);
        for ((to, from), [blue, red]) in pairs {
            let colour = Colour::new(*blue, *red);
            for (to, luma) in to.as_chunks_mut::<3>().0.iter_mut().zip(from) {
                *to = colour.with(*luma);
            }
        }
    }
}

/// What two chroma bytes add to red, green and blue: ITU-R BT.601, limited range, in 1/256.
struct Colour {
    red: i32,
    green: i32,
    blue: i32,
}

impl Colour {
    fn new(blue: u8, red: u8) -> Self {
        let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
        Self { red: 409 * red + 128, green: -100 * blue - 208 * red + 128, blue: 516 * blue + 128 }
    }

    fn with(&self, luma: u8) -> [u8; 3] {
        let luma = 298 * (i32::from(luma) - 16);
        [self.red, self.green, self.blue].map(|colour| byte((luma + colour) >> 8))
    }
}

#[expect(clippy::cast_sign_loss, reason = "clamped to 0..=255")]
fn byte(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(form: PixelForm, width: usize, height: usize, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut frame = Frame::default();
        decode(&Raw { width, height, form, bytes: bytes.to_vec() }, &mut frame).then_some(frame.rgb)
    }

    #[test]
    fn white_black_and_the_primaries_come_out_of_yuyv() {
        let white_black = decoded(PixelForm::Yuyv, 2, 1, &[235, 128, 16, 128]).unwrap();
        let red = decoded(PixelForm::Yuyv, 2, 1, &[81, 90, 81, 240]).unwrap();
        let blue = decoded(PixelForm::Yuyv, 2, 1, &[41, 240, 41, 110]).unwrap();

        assert_eq!(white_black, [255, 255, 255, 0, 0, 0]);
        assert!(red[0] >= 253 && red[1] <= 2 && red[2] <= 2, "{red:?}");
        assert!(blue[2] >= 253 && blue[0] <= 2 && blue[1] <= 2, "{blue:?}");
    }

    #[test]
    fn odd_sizes_of_nv12_are_read() {
        let mut bytes = vec![235; 9];
        bytes.extend([128; 8]);

        assert_eq!(decoded(PixelForm::Nv12, 3, 3, &bytes).unwrap(), [255; 27]);
    }

    #[test]
    fn half_a_picture_is_none() {
        assert_eq!(decoded(PixelForm::Yuyv, 4, 4, &[0; 20]), None);
        assert_eq!(decoded(PixelForm::Jpeg, 4, 4, &[0xff, 0xd8, 0xff, 0xe0]), None);
    }

    #[test]
    fn a_jpeg_with_a_tail_is_read() {
        let picture = image::RgbImage::from_pixel(16, 8, image::Rgb([200, 100, 50]));
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&picture).unwrap();
        bytes.extend([0; 4096]);

        let rgb = decoded(PixelForm::Jpeg, 16, 8, &bytes).unwrap();

        assert_eq!(rgb.len(), 16 * 8 * 3);
        assert!(rgb[0].abs_diff(200) < 6 && rgb[1].abs_diff(100) < 6 && rgb[2].abs_diff(50) < 6);
    }
}
