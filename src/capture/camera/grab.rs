//! The thread that waits for the driver: opens the camera and takes pictures from it.

use std::sync::atomic::Ordering;

use nokhwa::Camera;
use nokhwa::NokhwaError;
use nokhwa::utils::ApiBackend;
use nokhwa::utils::CameraFormat;
use nokhwa::utils::CameraIndex;
use nokhwa::utils::FrameFormat;
use nokhwa::utils::RequestedFormat;
use nokhwa::utils::RequestedFormatType;

use super::CameraError;
use super::Grabbed;
use super::Grabber;
use super::PixelForm;
use super::Raw;
use super::Settings;
use super::choice;
use super::choice::Offer;
use crate::capture::Pick;

const READABLE: [FrameFormat; 6] = [
    FrameFormat::MJPEG,
    FrameFormat::YUYV,
    FrameFormat::NV12,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];

/// What Linux's video devices answer, by number.
mod answer {
    pub(super) const ABSENT: [i32; 3] = [2, 6, 19];
    pub(super) const REFUSED: [i32; 2] = [1, 13];
    pub(super) const BUSY: [i32; 1] = [16];
}

/// Opens the camera and passes its pictures on until it is abandoned or the camera goes.
#[expect(clippy::needless_pass_by_value, reason = "what the thread has ends with it")]
pub(super) fn grab(grabber: Grabber) {
    let (name, mut camera) = match open(&grabber.pick, &grabber.settings) {
        Ok(opened) => opened,
        Err(error) => {
            grabber.tell.offer(Grabbed::Failed(error));
            return;
        }
    };
    let format = camera.camera_format();
    let form = form_of(format.format());
    let (width, height) = (format.width(), format.height());
    if !grabber.tell.send(Grabbed::Opened { name: name.clone(), width, height, fps: format.frame_rate() }) {
        return;
    }
    while !grabber.abandoned.load(Ordering::Acquire) {
        let mut bytes = grabber.spare.drain().next().unwrap_or_default();
        bytes.clear();
        let Ok(taken) = camera.frame_raw() else {
            grabber.tell.offer(Grabbed::Lost(CameraError::Gone { name }));
            return;
        };
        let arrived_at = grabber.clock.now();
        bytes.extend_from_slice(&taken);
        let raw = Raw { width: width as usize, height: height as usize, form, bytes };
        grabber.tell.offer(Grabbed::Picture { raw, arrived_at });
    }
}

/// The cameras' names, each once.
pub(super) fn names() -> Vec<String> {
    listed().into_iter().map(|(name, _)| name).collect()
}

fn listed() -> Vec<(String, CameraIndex)> {
    // The query gives up by panic on device nodes without a number.
    let Ok(Ok(mut found)) = std::panic::catch_unwind(|| nokhwa::query(ApiBackend::Auto)) else { return Vec::new() };
    found.sort_by_key(|info| info.index().as_index().unwrap_or(u32::MAX));
    let mut all: Vec<(String, CameraIndex)> = Vec::new();
    for info in found.iter().filter(|info| gives_pictures(info.index())) {
        let name = info.human_name().trim().to_owned();
        let same = all.iter().filter(|(other, _)| other.starts_with(&name)).count();
        let name = if same == 0 { name } else { format!("{name} ({})", same + 1) };
        all.push((name, info.index().clone()));
    }
    all
}

/// A camera has further nodes on Linux (for metadata, say); its first one gives pictures.
fn gives_pictures(index: &CameraIndex) -> bool {
    let Ok(number) = index.as_index() else { return true };
    std::fs::read_to_string(format!("/sys/class/video4linux/video{number}/index"))
        .map_or(true, |place| place.trim() == "0")
}

fn open(pick: &Pick, settings: &Settings) -> Result<(String, Camera), CameraError> {
    let mut all = listed().into_iter();
    let (name, index) = match pick {
        Pick::Named(wanted) => {
            all.find(|(name, _)| name == wanted).ok_or_else(|| CameraError::Absent { name: wanted.clone() })?
        }
        Pick::Default | Pick::Off => all.next().ok_or(CameraError::NoDefault)?,
    };
    let why = |error: NokhwaError| explain(&name, &error.to_string());
    let any = RequestedFormat::with_formats(RequestedFormatType::None, &READABLE);
    let mut camera = Camera::new(index, any).map_err(why)?;
    let offered = camera.compatible_camera_formats().map_err(why)?;
    let offers: Vec<Offer> = offered.iter().map(offer_of).collect();
    let best = choice::nearest(&offers, settings);
    let chosen = offered.iter().find(|format| best == Some(offer_of(format)));
    if let Some(chosen) = chosen
        && *chosen != camera.camera_format()
    {
        let exact = RequestedFormat::with_formats(RequestedFormatType::Exact(*chosen), &READABLE);
        camera.set_camera_requset(exact).map_err(why)?;
    }
    camera.open_stream().map_err(why)?;
    Ok((name, camera))
}

fn offer_of(format: &CameraFormat) -> Offer {
    Offer { width: format.width(), height: format.height(), fps: format.frame_rate(), form: form_of(format.format()) }
}

const fn form_of(format: FrameFormat) -> PixelForm {
    match format {
        FrameFormat::MJPEG => PixelForm::Jpeg,
        FrameFormat::YUYV => PixelForm::Yuyv,
        FrameFormat::NV12 => PixelForm::Nv12,
        FrameFormat::RAWRGB => PixelForm::Rgb,
        FrameFormat::RAWBGR => PixelForm::Bgr,
        FrameFormat::GRAY => PixelForm::Grey,
    }
}

/// The camera crate keeps of a system's answer only its text, which ends in the answer's number.
fn explain(name: &str, text: &str) -> CameraError {
    let name = name.to_owned();
    match answer_of(text) {
        Some(number) if answer::ABSENT.contains(&number) => CameraError::Absent { name },
        Some(number) if answer::REFUSED.contains(&number) => CameraError::Refused { name },
        Some(number) if answer::BUSY.contains(&number) => CameraError::Busy { name },
        _ if text.contains("Failed to Fufill") => {
            CameraError::Form { name, detail: "no size or form that is known".to_owned() }
        }
        _ => CameraError::Other { name, detail: text.to_owned() },
    }
}

fn answer_of(text: &str) -> Option<i32> {
    let (_, after) = text.rsplit_once("os error ")?;
    after.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}
