//! What a face does at one moment, and what it does for each label.

use super::linear::smoothstep;

/// The label of a stretch of the script. The order is that of `models/centroids.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScriptLabel {
    /// Calm, with nothing to show.
    Neutral,
    /// Smiling, and in the eyes too.
    Happiness,
    /// Brows up in the middle, mouth drawn down.
    Sadness,
    /// Brows down, lips tight.
    Anger,
    /// Brows up and together, eyes wide, mouth drawn apart.
    Fear,
    /// Nose wrinkled, upper lip up.
    Disgust,
    /// Brows up, eyes wide, jaw dropped.
    Surprise,
}

impl ScriptLabel {
    /// Every label, in order.
    pub const ALL: [Self; 7] =
        [Self::Neutral, Self::Happiness, Self::Sadness, Self::Anger, Self::Fear, Self::Disgust, Self::Surprise];

    /// As it is written in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Happiness => "happiness",
            Self::Sadness => "sadness",
            Self::Anger => "anger",
            Self::Fear => "fear",
            Self::Disgust => "disgust",
            Self::Surprise => "surprise",
        }
    }

    /// Where the label lies on the circumplex: valence and arousal, as `models/centroids.toml` has them.
    #[must_use]
    pub const fn centroid(self) -> (f32, f32) {
        match self {
            Self::Neutral => (0.0, 0.0),
            Self::Happiness => (0.81, 0.51),
            Self::Sadness => (-0.63, -0.27),
            Self::Anger => (-0.51, 0.59),
            Self::Fear => (-0.64, 0.60),
            Self::Disgust => (-0.60, 0.35),
            Self::Surprise => (0.40, 0.67),
        }
    }
}

/// How the face is set and turned. Actions run from 0 (at rest) to 1; angles are in radians, steps in centimetres.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FacePose {
    /// Lip corners up and apart.
    pub smile: f32,
    /// Lip corners down.
    pub frown: f32,
    /// Lip corners apart and back, as in fear.
    pub stretch: f32,
    /// Lips pressed thin.
    pub press: f32,
    /// Upper lip up, teeth bare.
    pub upper_lip_raise: f32,
    /// Lower lip up and out, chin tight.
    pub lower_lip_push: f32,
    /// Nose drawn up.
    pub nose_wrinkle: f32,
    /// Jaw dropped.
    pub jaw_open: f32,
    /// Inner ends of the brows up.
    pub brow_inner_raise: f32,
    /// Outer ends of the brows up.
    pub brow_outer_raise: f32,
    /// Brows down and together.
    pub brow_lower: f32,
    /// Lids apart.
    pub eye_widen: f32,
    /// Lower lids up.
    pub eye_squint: f32,
    /// Cheeks up.
    pub cheek_raise: f32,
    /// Upper lids down.
    pub blink: f32,
    /// To the picture's right, upwards; −1 to 1.
    pub gaze: [f32; 2],
    /// To the picture's right.
    pub yaw: f32,
    /// Downwards.
    pub pitch: f32,
    /// Counter-clockwise in the picture.
    pub roll: f32,
    /// To the picture's right, upwards, towards the camera.
    pub step: [f32; 3],
}

impl FacePose {
    /// How the face looks when it means `label` as strongly as `intensity` (0..=1) and is silent.
    #[must_use]
    pub fn of(label: ScriptLabel, intensity: f32) -> Self {
        let rest = Self::default();
        let full = match label {
            ScriptLabel::Neutral => Self {
                blink: 0.10,
                eye_squint: 0.30,
                brow_lower: 0.12,
                press: 0.12,
                smile: 0.06,
                stretch: 0.05,
                ..rest
            },
            ScriptLabel::Happiness => Self {
                smile: 1.0,
                cheek_raise: 0.9,
                eye_squint: 0.35,
                brow_outer_raise: 0.15,
                jaw_open: 0.10,
                pitch: -0.03,
                roll: 0.04,
                ..rest
            },
            ScriptLabel::Sadness => Self {
                frown: 0.85,
                lower_lip_push: 0.6,
                brow_inner_raise: 0.9,
                brow_lower: 0.25,
                blink: 0.22,
                gaze: [0.0, -0.35],
                pitch: 0.08,
                roll: -0.05,
                ..rest
            },
            ScriptLabel::Anger => Self {
                brow_lower: 1.0,
                eye_widen: 0.35,
                eye_squint: 0.4,
                nose_wrinkle: 0.2,
                press: 0.6,
                frown: 0.35,
                pitch: 0.05,
                step: [0.0, 0.0, 1.5],
                ..rest
            },
            ScriptLabel::Fear => Self {
                brow_inner_raise: 0.9,
                brow_outer_raise: 0.25,
                brow_lower: 0.7,
                eye_widen: 0.75,
                stretch: 0.75,
                frown: 0.35,
                upper_lip_raise: 0.2,
                lower_lip_push: 0.15,
                jaw_open: 0.18,
                pitch: -0.04,
                step: [0.0, 0.0, -1.5],
                ..rest
            },
            ScriptLabel::Disgust => Self {
                nose_wrinkle: 1.0,
                upper_lip_raise: 0.9,
                brow_lower: 0.6,
                eye_squint: 0.7,
                cheek_raise: 0.4,
                frown: 0.35,
                pitch: -0.05,
                yaw: 0.08,
                ..rest
            },
            ScriptLabel::Surprise => Self {
                brow_inner_raise: 1.0,
                brow_outer_raise: 1.0,
                eye_widen: 1.0,
                jaw_open: 0.5,
                pitch: -0.05,
                ..rest
            },
        };
        rest.towards(&full, intensity)
    }

    /// The pose `share` (0..=1) of the way from this one to `other`.
    #[must_use]
    pub fn towards(&self, other: &Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Self {
            smile: mix(self.smile, other.smile),
            frown: mix(self.frown, other.frown),
            stretch: mix(self.stretch, other.stretch),
            press: mix(self.press, other.press),
            upper_lip_raise: mix(self.upper_lip_raise, other.upper_lip_raise),
            lower_lip_push: mix(self.lower_lip_push, other.lower_lip_push),
            nose_wrinkle: mix(self.nose_wrinkle, other.nose_wrinkle),
            jaw_open: mix(self.jaw_open, other.jaw_open),
            brow_inner_raise: mix(self.brow_inner_raise, other.brow_inner_raise),
            brow_outer_raise: mix(self.brow_outer_raise, other.brow_outer_raise),
            brow_lower: mix(self.brow_lower, other.brow_lower),
            eye_widen: mix(self.eye_widen, other.eye_widen),
            eye_squint: mix(self.eye_squint, other.eye_squint),
            cheek_raise: mix(self.cheek_raise, other.cheek_raise),
            blink: mix(self.blink, other.blink),
            gaze: [mix(self.gaze[0], other.gaze[0]), mix(self.gaze[1], other.gaze[1])],
            yaw: mix(self.yaw, other.yaw),
            pitch: mix(self.pitch, other.pitch),
            roll: mix(self.roll, other.roll),
            step: [
                mix(self.step[0], other.step[0]),
                mix(self.step[1], other.step[1]),
                mix(self.step[2], other.step[2]),
            ],
        }
    }

    /// With the mouth opened for speech: `opening` is 0 for closed lips and 1 for a loud vowel.
    #[must_use]
    pub fn speaking(&self, opening: f32) -> Self {
        let open = opening.clamp(0.0, 1.0);
        Self {
            jaw_open: (self.jaw_open * (1.0 - 0.35 * open) + 0.34 * open).min(1.0),
            press: self.press * (1.0 - open),
            lower_lip_push: self.lower_lip_push * (1.0 - 0.6 * open),
            upper_lip_raise: (self.upper_lip_raise + 0.10 * open).min(1.0),
            ..*self
        }
    }

    /// With the lids `closed` (0..=1) further than they are.
    #[must_use]
    pub fn blinking(&self, closed: f32) -> Self {
        Self {
            blink: self.blink + (1.0 - self.blink) * closed,
            eye_widen: self.eye_widen * (1.0 - smoothstep(0.0, 0.5, closed)),
            ..*self
        }
    }
}
