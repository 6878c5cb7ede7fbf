//! A picture, as a recording of one frame.

use std::path::Path;

use image::DynamicImage;
use image::ImageDecoder as _;
use image::ImageReader;
use image::imageops::FilterType;
use image::metadata::Orientation;

use super::MediaError;
use super::VideoInfo;
use crate::signal::Frame;

/// How long a picture is shown, s.
pub(super) const LASTS_SECS: f64 = 1.0;

/// The picture's size as shown.
pub(super) fn probe(path: &Path) -> Result<VideoInfo, MediaError> {
    let mut decoder = reader(path)?.into_decoder().map_err(|error| explain(path, &error))?;
    let (width, height) = decoder.dimensions();
    let (width, height) = match decoder.orientation().unwrap_or(Orientation::NoTransforms) {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            (height, width)
        }
        _ => (width, height),
    };
    Ok(VideoInfo {
        width: width as usize,
        height: height as usize,
        fps_estimate: 1.0 / LASTS_SECS,
        frames_estimate: 1,
        stream: 0,
        duration_s: Some(LASTS_SECS),
    })
}

/// Reads the picture, turned as it is to be shown, at the size given.
pub(super) fn read(path: &Path, width: usize, height: usize, frame: &mut Frame) -> Result<(), MediaError> {
    let mut decoder = reader(path)?.into_decoder().map_err(|error| explain(path, &error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| explain(path, &error))?;
    picture.apply_orientation(orientation);
    let (wide, high) = (u32::try_from(width).unwrap_or(u32::MAX), u32::try_from(height).unwrap_or(u32::MAX));
    if (picture.width(), picture.height()) != (wide, high) {
        picture = picture.resize_exact(wide, high, FilterType::Triangle);
    }
    frame.width = width;
    frame.height = height;
    frame.rgb = picture.into_rgb8().into_raw();
    Ok(())
}

fn reader(path: &Path) -> Result<ImageReader<std::io::BufReader<std::fs::File>>, MediaError> {
    ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| MediaError::from_opening(path, &error))
}

fn explain(path: &Path, error: &image::ImageError) -> MediaError {
    MediaError::decoding(path, error)
}
