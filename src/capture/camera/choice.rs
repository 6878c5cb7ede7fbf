//! Which of a camera's forms to take.

use super::PixelForm;
use super::Settings;

/// A form that a camera offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) fps: u32,
    pub(super) form: PixelForm,
}

/// The offer nearest to what is wanted: size first, then rate (a slower one counts double), then what is cheap to read.
pub(super) fn nearest<'a>(offers: impl IntoIterator<Item = &'a Offer>, wanted: &Settings) -> Option<Offer> {
    offers.into_iter().min_by(|a, b| distance(a, wanted).total_cmp(&distance(b, wanted))).copied()
}

fn distance(offer: &Offer, wanted: &Settings) -> f64 {
    let ratio = |found: u32, wanted: u32| (f64::from(found.max(1)) / f64::from(wanted.max(1))).ln();
    let size = ratio(offer.width, wanted.width_px).abs() + ratio(offer.height, wanted.height_px).abs();
    let rate = ratio(offer.fps, wanted.fps);
    let rate = if rate < 0.0 { -2.0 * rate } else { rate };
    let cost = match offer.form {
        PixelForm::Rgb | PixelForm::Bgr => 0.0,
        PixelForm::Yuyv | PixelForm::Nv12 => 0.01,
        PixelForm::Jpeg => 0.02,
        PixelForm::Grey => 2.0,
    };
    size + rate + cost
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn offer(width: u32, height: u32, fps: u32, form: PixelForm) -> Offer {
        Offer { width, height, fps, form }
    }

    #[test]
    fn a_usual_camera_gives_720p_at_30_as_jpeg() {
        let offers = [
            offer(640, 480, 30, PixelForm::Yuyv),
            offer(1280, 720, 10, PixelForm::Yuyv),
            offer(1920, 1080, 30, PixelForm::Jpeg),
            offer(1280, 720, 30, PixelForm::Jpeg),
            offer(1280, 720, 60, PixelForm::Jpeg),
        ];

        assert_eq!(nearest(&offers, &Settings::default()), Some(offer(1280, 720, 30, PixelForm::Jpeg)));
    }

    #[test]
    fn what_is_cheap_to_read_wins_among_equals() {
        let offers = [offer(640, 480, 30, PixelForm::Jpeg), offer(640, 480, 30, PixelForm::Yuyv)];

        assert_eq!(nearest(&offers, &Settings::default()), Some(offer(640, 480, 30, PixelForm::Yuyv)));
        assert_eq!(nearest(&[], &Settings::default()), None);
    }
}
