//! From which figures on something is wrong, and why from there.

use crate::report::certificate::Colour;
use crate::report::certificate::figures::DARK;

/// From where on a figure is a reason: amber, red. One of the two may be out of reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) amber: f64,
    pub(super) red: f64,
    /// Whether less is worse; more, if not.
    pub(super) is_least: bool,
}

impl Limits {
    const fn least(amber: f64, red: f64) -> Self {
        Self { amber, red, is_least: true }
    }

    const fn most(amber: f64, red: f64) -> Self {
        Self { amber, red, is_least: false }
    }

    /// What is no number isn't known to be good.
    pub(super) fn colour(self, value: f64) -> Colour {
        if value.is_nan() {
            return Colour::Amber;
        }
        let is_past = |limit: f64| if self.is_least { value < limit } else { value > limit };
        match (is_past(self.red), is_past(self.amber)) {
            (true, _) => Colour::Red,
            (_, true) => Colour::Amber,
            _ => Colour::Green,
        }
    }
}

/// Seconds that were kept. Of less, rates and shares say little.
pub(super) const KEPT_SECS: Limits = Limits::least(10.0, 1.0);
/// Pictures a second that the camera gives. Expressions begin and end within 0.2 s; the face is read over 2 s, of which 15 a second
/// leave 30 pictures. Cameras are asked for 30, and give less where it is dark; films have 24.
pub(super) const CAMERA_HZ: Limits = Limits::least(23.0, 15.0);
/// Pictures a second that are read. A reading stands for half a second: below 5 a second it comes and goes.
pub(super) const READ_HZ: Limits = Limits::least(15.0, 5.0);
/// The longest time without a picture, s. A reading stands for half a second, and the window reads over 2 s.
pub(super) const WITHOUT_PICTURE_SECS: Limits = Limits::most(2.0, 10.0);
/// Share of pictures with a face. Who looks down at a desk now and then is away for some of them; of less than half a session nothing
/// can be said about the whole.
pub(super) const FOUND: Limits = Limits::least(0.8, 0.5);
/// The longest time in which pictures had no face, s. Somebody may well leave for a moment; whoever averages must know of it.
pub(super) const WITHOUT_FACE_SECS: Limits = Limits::most(10.0, f64::INFINITY);
/// Share of pictures that are the one before once more. A live camera's noise changes every one.
pub(super) const FROZEN: Limits = Limits::most(0.05, 0.3);
/// The longest time in which the picture stood still, or the face was too dark, s: as good as no picture.
pub(super) const BAD_PICTURE_SECS: Limits = WITHOUT_PICTURE_SECS;
/// Median brightness of the face, 0..=1. Below 0.2 the face is trusted less and less.
pub(super) const BRIGHTNESS: Limits = Limits::least(0.2, DARK);
/// The same, too light: skin has no shades any more.
pub(super) const TOO_LIGHT: Limits = Limits::most(0.85, 0.95);
/// Median width of the face, px. From 90 on it is trusted wholly, below 30 not at all.
pub(super) const WIDTH_PX: Limits = Limits::least(90.0, 45.0);
/// Median sharpness. From 0.12 on it is trusted wholly, below 0.02 not at all.
pub(super) const SHARPNESS: Limits = Limits::least(0.12, 0.05);
/// The longest time without sound that was taken note of, s. What a voice said stands for 1 s.
pub(super) const WITHOUT_SOUND_SECS: Limits = Limits::most(2.0, 10.0);
/// The longest time without an answer, s.
pub(super) const WITHOUT_ANSWER_SECS: Limits = Limits::most(1.0, 5.0);
/// Share of what was said that wasn't understood. A sentence or two is usual.
pub(super) const NOT_UNDERSTOOD: Limits = Limits::most(0.3, 0.6);
/// Share of the time in which the microphone was heard. What is missing was lost, or hadn't been taken in when the recording ended.
pub(super) const COVERED: Limits = Limits::least(0.98, 0.9);
/// So much less than the whole, s, is said of no recording.
pub(super) const EDGES_SECS: f64 = 1.0;
/// Share of what is heard that is digital silence. A room is never silent: the microphone is muted, or software cuts the pauses.
pub(super) const SILENT: Limits = Limits::most(0.05, 0.5);
/// The longest digital silence, s: as good as no sound.
pub(super) const SILENT_SECS: Limits = WITHOUT_SOUND_SECS;
/// So much speech, s, and nothing was read of it: that isn't chance. Voices are read from 0.4 s of speech on.
pub(super) const UNREAD_SPEECH_SECS: f64 = 5.0;
/// Median of the speech over the pauses, dB. From 12 on a voice is trusted wholly.
pub(super) const SNR_DB: Limits = Limits::least(12.0, 5.0);
/// Median level of the speech, dB of full scale. Below -50 it is in the noise of most cards.
pub(super) const SPEECH_DB: Limits = Limits::least(-45.0, -60.0);
/// Mean share of the samples at full scale. Speech that isn't clipped reaches full scale nowhere; at a hundredth every loud
/// syllable is flattened.
pub(super) const CLIPPED: Limits = Limits::most(0.001, 0.01);
/// How much faster or slower the card is than it says, ppm. Quartz is good to 100. At 200 sound that is counted by samples is 40 ms,
/// a picture, off the rest after 200 s.
pub(super) const DRIFT_PPM: Limits = Limits::most(100.0, 200.0);
/// Share of the sound that was lost. Any loss is told; with a hundredth hardly an utterance is whole.
pub(super) const SOUND_LOST: Limits = Limits::most(0.0, 0.01);
/// How late sound was taken note of, 95th percentile, s. What a voice said stands for 1 s: later than that it never counts.
pub(super) const SOUND_LATE_SECS: Limits = Limits::most(0.3, 1.0);
/// How late the face's readings are, 95th percentile, s. They stand for 0.5 s.
pub(super) const FACE_LATE_SECS: Limits = Limits::most(0.25, 0.5);
/// The same of the voice, which stands for 1 s.
pub(super) const VOICE_LATE_SECS: Limits = Limits::most(0.6, 1.0);
/// The same of the words, which stand for 15 s.
pub(super) const WORDS_LATE_SECS: Limits = Limits::most(5.0, 15.0);
/// Answers a second: 25 are due.
pub(super) const ANSWERS_HZ: Limits = Limits::least(20.0, 10.0);
/// Share of answers with a reading.
pub(super) const ANSWERED: Limits = Limits::least(0.8, 0.5);
/// How far the wall clock went against the session's, s. Whoever lines recordings up by it is so far off.
pub(super) const WALL_CLOCK_SECS: Limits = Limits::most(0.1, 5.0);
/// Items that could not be kept, of all.
pub(super) const LOST: Limits = Limits::most(0.0, 0.01);
/// Share of the session that was forgotten.
pub(super) const FORGOTTEN: Limits = Limits::most(0.1, 0.5);

/// How a figure is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    PerSecond,
    Percent,
    Seconds,
    Db,
    Dbfs,
    Ppm,
    Px,
    Plain,
}

impl Unit {
    pub(super) fn written(self, value: f64) -> String {
        let text = match self {
            Self::PerSecond => format!("{value:.1} per second"),
            Self::Percent if value > 0.0 && value < 0.001 => format!("{:.3} %", value * 100.0),
            Self::Percent => format!("{:.1} %", value * 100.0),
            Self::Seconds if value < 10.0 => format!("{value:.2} s"),
            Self::Seconds => format!("{value:.0} s"),
            Self::Db => format!("{value:.1} dB"),
            Self::Dbfs => format!("{value:.1} dBFS"),
            Self::Ppm => format!("{value:.0} ppm"),
            Self::Px => format!("{value:.0} px"),
            Self::Plain => format!("{value:.2}"),
        };
        text.replace('-', "−")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_tell_how_bad_it_is() {
        assert_eq!([30.0, 20.0, 12.0].map(|rate| CAMERA_HZ.colour(rate)), [Colour::Green, Colour::Amber, Colour::Red]);
        assert_eq!([0.0, 0.002, 0.02].map(|lost| SOUND_LOST.colour(lost)), [Colour::Green, Colour::Amber, Colour::Red]);
        assert_eq!([CAMERA_HZ, SOUND_LOST].map(|limits| limits.colour(f64::NAN)), [Colour::Amber; 2]);
    }
}
