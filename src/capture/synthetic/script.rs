//! What the synthetic participant says, when, and how it is meant.

use serde::Deserialize;

use super::SyntheticError;
use super::linear::smoothstep;
use super::pose::{FacePose, ScriptLabel};

/// The expression is there this long before the sentence, and stays this long after it.
const BEFORE_SECS: f64 = 0.35;
const AFTER_SECS: f64 = 0.35;

/// One sentence of the script.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Sentence {
    /// When its first sound is heard, since the script's beginning.
    #[serde(rename = "start_s")]
    pub start_secs: f64,
    /// When its last sound is over.
    #[serde(rename = "end_s")]
    pub end_secs: f64,
    /// The words.
    pub text: String,
    /// How it's meant.
    pub label: ScriptLabel,
    /// How strongly the label is meant, 0 to 1.
    pub intensity: f32,
    #[serde(rename = "affect")]
    affect_told: Option<(f32, f32)>,
}

impl Sentence {
    /// Valence and arousal of the sentence.
    #[must_use]
    pub fn affect(&self) -> (f32, f32) {
        self.affect_told.unwrap_or_else(|| {
            let (valence, arousal) = self.label.centroid();
            (valence * self.intensity, arousal * self.intensity)
        })
    }
}

#[derive(Deserialize)]
struct ScriptFile {
    duration_s: f64,
    sentences: Vec<Sentence>,
    mouth_hz: f64,
    mouth: Vec<u8>,
}

/// The script: sentences with their times, the path of affect, and the face's pose. After its end it begins again.
#[derive(Debug, Clone)]
pub struct Script {
    duration_secs: f64,
    sentences: Vec<Sentence>,
    mouth_hz: f64,
    mouth: Vec<f32>,
}

/// Two sentences, and how far the face and the affect are on the way from the one to the other.
struct Between<'a> {
    from: &'a Sentence,
    to: &'a Sentence,
    share: f32,
}

impl Script {
    /// The script that the voice speaks.
    ///
    /// # Errors
    ///
    /// When the built-in script can't be read, or its times don't follow each other.
    pub fn new() -> Result<Self, SyntheticError> {
        Self::from_json(include_str!("../../../assets/synthetic/script.json"))
    }

    fn from_json(text: &str) -> Result<Self, SyntheticError> {
        let file: ScriptFile = serde_json::from_str(text).map_err(|cause| SyntheticError::Script { cause })?;
        let ends_follow = file.sentences.iter().all(|s| 0.0 <= s.start_secs && s.start_secs < s.end_secs);
        let starts_follow =
            file.sentences.windows(2).all(|s| s[0].end_secs + BEFORE_SECS + AFTER_SECS < s[1].start_secs);
        let fits = file.sentences.last().is_some_and(|s| s.end_secs < file.duration_s);
        if !(ends_follow && starts_follow && fits)
            || file.mouth.is_empty()
            || file.mouth_hz.is_nan()
            || file.mouth_hz <= 0.0
        {
            return Err(SyntheticError::ScriptTimes);
        }
        Ok(Self {
            duration_secs: file.duration_s,
            sentences: file.sentences,
            mouth_hz: file.mouth_hz,
            mouth: file.mouth.iter().map(|&m| f32::from(m.min(100)) / 100.0).collect(),
        })
    }

    /// How long it takes until it begins again.
    #[must_use]
    pub fn duration_secs(&self) -> f64 {
        self.duration_secs
    }

    /// What is said, in order, with times since the script's beginning.
    #[must_use]
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// The sentence being spoken; `None` in a pause.
    #[must_use]
    pub fn sentence_at(&self, at_secs: f64) -> Option<&Sentence> {
        let at = self.looped(at_secs);
        self.sentences.iter().find(|s| (s.start_secs..s.end_secs).contains(&at))
    }

    /// The label that the face shows: in a pause, that of the nearer sentence.
    #[must_use]
    pub fn label_at(&self, at_secs: f64) -> ScriptLabel {
        let Some(between) = self.between(at_secs) else { return ScriptLabel::Neutral };
        if between.share < 0.5 { between.from.label } else { between.to.label }
    }

    /// Valence and arousal, each from −1 to 1.
    #[must_use]
    pub fn affect_at(&self, at_secs: f64) -> (f32, f32) {
        let Some(Between { from, to, share }) = self.between(at_secs) else { return (0.0, 0.0) };
        let (a, b) = (from.affect(), to.affect());
        (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
    }

    /// How far the voice opens the mouth, 0 to 1.
    #[must_use]
    pub fn mouth_at(&self, at_secs: f64) -> f32 {
        let place = self.looped(at_secs) * self.mouth_hz;
        let index = place as usize;
        let at = |i: usize| self.mouth[i % self.mouth.len()];
        at(index) + (at(index + 1) - at(index)) * place.fract() as f32
    }

    /// What the face does: the expression of the stretch, and the mouth as the voice has it.
    ///
    /// Blinks and the sway of the head are the face's own and not in it.
    #[must_use]
    pub fn face_pose_at(&self, at_secs: f64) -> FacePose {
        let Some(Between { from, to, share }) = self.between(at_secs) else { return FacePose::default() };
        let (a, b) = (FacePose::of(from.label, from.intensity), FacePose::of(to.label, to.intensity));
        a.towards(&b, share).speaking(self.mouth_at(at_secs))
    }

    fn looped(&self, at_secs: f64) -> f64 {
        at_secs.rem_euclid(self.duration_secs)
    }

    fn between(&self, at_secs: f64) -> Option<Between<'_>> {
        let at = self.looped(at_secs);
        let later = self.sentences.iter().position(|s| at < s.start_secs);
        let (from, to, shift) = match later {
            Some(0) => (self.sentences.last()?, self.sentences.first()?, -self.duration_secs),
            Some(i) => (&self.sentences[i - 1], &self.sentences[i], 0.0),
            None => (self.sentences.last()?, self.sentences.first()?, 0.0),
        };
        let leaves = from.end_secs + shift + AFTER_SECS;
        let mut arrives = to.start_secs - BEFORE_SECS;
        if arrives < leaves {
            arrives += self.duration_secs;
        }
        Some(Between { from, to, share: smoothstep(0.0, 1.0, ((at - leaves) / (arrives - leaves)) as f32) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affect_is_continuous_and_within_bounds() {
        let script = Script::new().unwrap();
        let step = 0.01;
        let mut before = script.affect_at(0.0);

        for i in 1..(2.2 * script.duration_secs() / step) as usize {
            let (valence, arousal) = script.affect_at(i as f64 * step);

            assert!(valence.abs() <= 1.0 && arousal.abs() <= 1.0);
            assert!((valence - before.0).abs() < 0.05 && (arousal - before.1).abs() < 0.05, "at {}", i as f64 * step);
            before = (valence, arousal);
        }
    }

    #[test]
    fn a_sentence_has_its_own_affect_and_a_pause_closes_the_mouth() {
        let script = Script::new().unwrap();

        for (sentence, next) in script.sentences().iter().zip(script.sentences().iter().skip(1)) {
            let middle = 0.5 * (sentence.start_secs + sentence.end_secs);
            let pause = 0.5 * (sentence.end_secs + next.start_secs);

            assert_eq!(script.affect_at(middle), sentence.affect());
            assert_eq!(script.sentence_at(middle), Some(sentence));
            assert_eq!(script.sentence_at(pause), None);
            assert!(script.mouth_at(pause).abs() < f32::EPSILON);
        }
    }

    #[test]
    fn every_label_has_its_stretch() {
        let script = Script::new().unwrap();

        for label in ScriptLabel::ALL {
            assert!(script.sentences().iter().any(|s| s.label == label), "{}", label.name());
        }
    }

    #[test]
    fn a_script_out_of_order_is_refused() {
        let backwards = r#"{"duration_s": 9, "mouth_hz": 100, "mouth": [0], "sentences": [
            {"start_s": 4, "end_s": 5, "text": "", "label": "fear", "intensity": 1},
            {"start_s": 1, "end_s": 2, "text": "", "label": "fear", "intensity": 1}]}"#;

        assert!(matches!(Script::from_json(backwards), Err(SyntheticError::ScriptTimes)));
    }
}
