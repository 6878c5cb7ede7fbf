//! What a person can read of face and voice, in files of their own.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::condition::descriptors::Descriptor;
use crate::condition::descriptors::DescriptorFrame;
use crate::report::ReportError;
use crate::signal::BLENDSHAPE_NAMES;
use crate::signal::FaceView;
use crate::time::Timestamp;
use crate::time::Timestamped;

const VOICE_STEP: Duration = Duration::from_millis(100);

/// `STEM.face.csv`, a row per frame, and `STEM.voice.csv`, a row per 100 ms.
pub struct FeatureFiles {
    face: (csv::Writer<File>, PathBuf, PathBuf),
    voice: (csv::Writer<File>, PathBuf, PathBuf),
    next_voice: Timestamp,
}

impl FeatureFiles {
    /// Begins both files.
    ///
    /// # Errors
    ///
    /// If they can't be made.
    pub fn new(folder: &Path, stem: &str) -> Result<Self, ReportError> {
        let mut face = begin(folder, &format!("{stem}.face.csv"))?;
        let mut voice = begin(folder, &format!("{stem}.voice.csv"))?;
        let own = [
            "time_s",
            "duration_s",
            "found",
            "box_x_px",
            "box_y_px",
            "box_width_px",
            "box_height_px",
            "pitch_deg",
            "yaw_deg",
            "roll_deg",
            "gaze_x_deg",
            "gaze_y_deg",
            "blink",
            "quality",
            "presence",
            "sharpness",
            "brightness",
            "contrast",
        ];
        face.0.write_record(
            own.iter().copied().map(str::to_owned).chain(BLENDSHAPE_NAMES.map(|name| format!("bs_{name}"))),
        )?;
        voice.0.write_record(std::iter::once("time_s").chain(DescriptorFrame::NAMES))?;
        Ok(Self { face, voice, next_voice: Timestamp::ZERO })
    }

    /// Writes a frame's face; what isn't there is empty.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn face(&mut self, view: &Timestamped<FaceView>) -> Result<(), ReportError> {
        let value = &view.value;
        let mut row = vec![format!("{:.4}", view.span.start.secs()), format!("{:.4}", view.span.len().as_secs_f64())];
        let (Some(found), Some(expression)) = (&value.face, &value.expression) else {
            row.push("0".to_owned());
            row.extend(std::iter::repeat_n(String::new(), 15 + BLENDSHAPE_NAMES.len()));
            return Ok(self.face.0.write_record(&row)?);
        };
        row.push("1".to_owned());
        row.extend([found.x, found.y, found.width, found.height].map(|px| format!("{px:.1}")));
        let pose = &value.pose;
        let angles = [pose.pitch_deg, pose.yaw_deg, pose.roll_deg, value.gaze_deg.0, value.gaze_deg.1];
        row.extend(angles.map(|degrees| format!("{degrees:.2}")));
        let quality = &value.quality;
        let shares =
            [value.blink, quality.overall, quality.presence, quality.sharpness, quality.brightness, quality.contrast];
        row.extend(shares.map(|share| format!("{share:.4}")));
        row.extend(expression.blendshapes.iter().map(|shape| format!("{shape:.4}")));
        Ok(self.face.0.write_record(&row)?)
    }

    /// Writes the descriptors at each tenth of a second.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn voice(&mut self, at: Timestamp, frame: &DescriptorFrame) -> Result<(), ReportError> {
        if at < self.next_voice {
            return Ok(());
        }
        while self.next_voice <= at {
            self.next_voice = self.next_voice + VOICE_STEP;
        }
        // Without a pitch there is no voice, and nothing that is a voice's own.
        let is_voiced = frame.is_voiced();
        let cell = |(at, value): (usize, &f32)| {
            if is_voiced || at < Descriptor::F0 as usize { format!("{value:.5}") } else { String::new() }
        };
        let row = std::iter::once(format!("{:.3}", at.secs())).chain(frame.values().iter().enumerate().map(cell));
        Ok(self.voice.0.write_record(row)?)
    }

    /// Puts both files in place.
    ///
    /// # Errors
    ///
    /// If they can't be written out.
    pub fn finish(self) -> Result<(), ReportError> {
        for (mut table, part, whole) in [self.face, self.voice] {
            table.flush()?;
            std::fs::rename(part, whole)?;
        }
        Ok(())
    }
}

fn begin(folder: &Path, name: &str) -> Result<(csv::Writer<File>, PathBuf, PathBuf), ReportError> {
    let part = folder.join(format!("{name}.part"));
    Ok((csv::Writer::from_writer(File::create(&part)?), part, folder.join(name)))
}
