//! How well a face can be seen.

use serde::Deserialize;
use serde::Serialize;

use crate::signal::Absence;
use crate::signal::FaceQuality;
use crate::signal::Frame;
use crate::signal::HeadPose;

/// Below the first number of a pair a face isn't trusted at all, from the second on it is trusted wholly; for the pose,
/// the other way round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QualitySettings {
    /// Width of the face, px.
    pub width_px: (f32, f32),
    /// Mean brightness of the face, 0..=1.
    pub brightness: (f32, f32),
    /// Sharpness: standard deviation of the crop's Laplacian over its own.
    pub sharpness: (f32, f32),
    /// Turn of the head to either side, degrees.
    pub yaw_deg: (f32, f32),
}

impl Default for QualitySettings {
    fn default() -> Self {
        Self { width_px: (30.0, 90.0), brightness: (0.06, 0.2), sharpness: (0.02, 0.12), yaw_deg: (65.0, 30.0) }
    }
}

impl QualitySettings {
    /// Why a face of this quality isn't read at all, if so.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in pixels")]
    pub fn refusal(&self, quality: &FaceQuality, pose: &HeadPose) -> Option<Absence> {
        if quality.width_px < self.width_px.0 {
            return Some(Absence::FaceTooSmall(quality.width_px.max(0.0) as u32));
        }
        if quality.brightness < self.brightness.0 {
            return Some(Absence::TooDark);
        }
        (pose.yaw_deg.abs() > self.yaw_deg.0).then_some(Absence::TurnedAway)
    }
}

/// Measures a face from its crop (as the expression network gets it), its width in the picture (px), the landmark
/// network's presence (0..=1) and its pose. What takes more than one crop ([`Steadiness`](super::Steadiness)) is 0.
#[must_use]
pub fn measure(crop: &Frame, width_px: f32, presence: f32, pose: &HeadPose, settings: &QualitySettings) -> FaceQuality {
    let grey: Vec<f32> = crop.rgb.chunks_exact(3).map(brightness).collect();
    let count = grey.len().max(1) as f32;
    let mean = grey.iter().sum::<f32>() / count;
    let contrast = (grey.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count).sqrt();
    let sharpness = if contrast > 1e-4 { laplacian_sd(&grey, crop.width) / contrast } else { 0.0 };
    let ramp = |value: f32, (from, to): (f32, f32)| ((value - from) / (to - from)).clamp(0.0, 1.0);
    let overall = presence.clamp(0.0, 1.0)
        * ramp(width_px, settings.width_px)
        * ramp(mean, settings.brightness)
        * ramp(sharpness, settings.sharpness)
        * ramp(pose.yaw_deg.abs(), settings.yaw_deg);
    FaceQuality { width_px, presence, sharpness, brightness: mean, contrast, change: 0.0, strangeness: 0.0, overall }
}

fn brightness(pixel: &[u8]) -> f32 {
    match pixel {
        [r, g, b] => (0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b)) / 255.0,
        _ => 0.0,
    }
}

fn laplacian_sd(grey: &[f32], width: usize) -> f32 {
    if width < 3 || grey.len() < width * 3 {
        return 0.0;
    }
    let (mut sum, mut squares, mut count) = (0.0f32, 0.0f32, 0.0f32);
    let rows: Vec<&[f32]> = grey.chunks_exact(width).collect();
    for rows in rows.windows(3) {
        let [above, row, below] = rows else { continue };
        for ((up, down), near) in above.iter().zip(below.iter()).skip(1).zip(row.windows(3)) {
            let [left, middle, right] = near else { continue };
            let value = up + down + left + right - 4.0 * middle;
            sum += value;
            squares += value * value;
            count += 1.0;
        }
    }
    (squares / count - (sum / count).powi(2)).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkered(cell: usize, light: u8) -> Frame {
        let mut frame = Frame::black(112, 112);
        for (at, pixel) in frame.rgb.chunks_exact_mut(3).enumerate() {
            let odd = (at / 112 / cell + at % 112 / cell) % 2;
            pixel.fill(if odd == 1 { light } else { light / 2 });
        }
        frame
    }

    #[test]
    fn a_small_or_dark_face_is_refused_and_says_why() {
        let settings = QualitySettings::default();
        let pose = HeadPose::default();

        let small = measure(&checkered(4, 200), 20.0, 1.0, &pose, &settings);
        let dark = measure(&checkered(4, 8), 200.0, 1.0, &pose, &settings);
        let good = measure(&checkered(4, 200), 200.0, 1.0, &pose, &settings);

        assert_eq!(settings.refusal(&small, &pose), Some(Absence::FaceTooSmall(20)));
        assert_eq!(settings.refusal(&dark, &pose), Some(Absence::TooDark));
        assert_eq!(settings.refusal(&good, &pose), None);
        assert!(good.overall > 0.9, "{good:?}");
    }

    #[test]
    fn finer_detail_is_sharper() {
        let settings = QualitySettings::default();
        let pose = HeadPose::default();

        let fine = measure(&checkered(2, 200), 200.0, 1.0, &pose, &settings);
        let coarse = measure(&checkered(28, 200), 200.0, 1.0, &pose, &settings);

        assert!(fine.sharpness > 2.0 * coarse.sharpness);
    }
}
