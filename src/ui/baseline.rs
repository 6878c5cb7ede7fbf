//! A participant's baseline: a guided minute that shows which measures move for this person, and what is usual for them.

use serde::Deserialize;
use serde::Serialize;

use crate::pipeline::KnownPerson;
use crate::signal::BLENDSHAPE_NAMES;
use crate::signal::FaceView;
use crate::signal::Level;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// One step of the check: its name in files, how long it takes, and what the participant is asked to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Its name in files.
    pub name: &'static str,
    /// Seconds.
    pub secs: f32,
    /// What to do.
    pub ask: &'static str,
}

/// The steps, a minute together. Most of it is varied talk: what is usual for a voice is worth more than how it is at rest.
pub const STEPS: [Step; 7] = [
    Step { name: "rest", secs: 7.0, ask: "Look at the screen and say nothing; let your face rest." },
    Step {
        name: "read",
        secs: 13.0,
        ask: "Read aloud: “On the way home the rain stopped, and the whole street smelled of wet stone and bread. \
            Two children were racing paper boats along the gutter.”",
    },
    Step { name: "smile", secs: 5.0, ask: "Smile as broadly as you can." },
    Step { name: "frown", secs: 5.0, ask: "Frown: draw your brows together." },
    Step { name: "blink", secs: 4.0, ask: "Blink a few times." },
    Step { name: "pleasant", secs: 13.0, ask: "Talk about something pleasant that has happened lately." },
    Step { name: "annoying", secs: 13.0, ask: "Talk about something annoying that has happened lately." },
];

/// A measure that a step should move: its name on the screen, the step, the blendshapes whose mean it is, and by how much it
/// must rise over rest to count (a third of what posed expressions of our own recordings reach at the median).
const MEASURES: [(&str, &str, &[&str], f32); 4] = [
    ("smile", "smile", &["mouthSmileLeft", "mouthSmileRight"], 0.2),
    ("brows lowered", "frown", &["browDownLeft", "browDownRight"], 0.1),
    ("blink", "blink", &["eyeBlinkLeft", "eyeBlinkRight"], 0.25),
    ("mouth open", "read", &["jawOpen"], 0.05),
];

const LEAST_FACE: f32 = 0.9;
const LIGHT: (f32, f32) = (0.2, 0.85);
const LEAST_SPEECH_SECS: f32 = 10.0;
const LEAST_SNR_DB: f32 = 10.0;
const HOP_SECS: f32 = 0.032;

/// How a measure moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Its name.
    pub name: String,
    /// Its mean at rest, 0..=1; `None` where no face was seen.
    pub rest: Option<f32>,
    /// Its 90th percentile in the step that asks for it, 0..=1.
    pub most: Option<f32>,
    /// Whether it moves for this person.
    pub moves: bool,
}

/// What the check found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// Which measures move.
    pub measures: Vec<Moved>,
    /// Share of the pictures with a face, 0..=1.
    pub face_share: f32,
    /// Mean brightness of the face, 0..=1; `None` without one.
    pub brightness: Option<f32>,
    /// Mean width of the face, px.
    pub width_px: Option<f32>,
    /// Seconds of speech.
    pub speech_secs: f32,
    /// Its mean level, dB of full scale; `None` without any.
    pub speech_db: Option<f32>,
    /// Over the pauses, dB.
    pub snr_db: Option<f32>,
    /// What is not as it should be, in words; none: it is good.
    pub reasons: Vec<String>,
}

/// A participant's baseline, as it is kept: numbers, without picture, sound or words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// The participant's code.
    pub participant: String,
    /// When it was made: UTC, RFC 3339.
    pub utc: String,
    /// The same in nanoseconds since 1970.
    pub unix_nanos: i64,
    /// What the check found.
    pub found: Found,
    /// Means of the blendshapes, in the order of [`BLENDSHAPE_NAMES`].
    pub means: Vec<f32>,
    /// Their standard deviations.
    pub sds: Vec<f32>,
    /// What is known of the person from it.
    pub known: KnownPerson,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    pictures: u32,
    shapes: Vec<Vec<f32>>,
    brightness: Vec<f32>,
    width_px: Vec<f32>,
}

/// A check that goes on.
#[derive(Debug, Clone)]
pub struct Check {
    participant: String,
    began: Timestamp,
    steps: Vec<Seen>,
    told: usize,
    last_level: u64,
    speech: Vec<(f32, f32)>,
    has_asked: bool,
}

impl Check {
    /// Begins now, with this participant.
    #[must_use]
    pub fn begin(participant: String, now: Timestamp) -> Self {
        Self {
            participant,
            began: now,
            steps: vec![Seen::default(); STEPS.len()],
            told: 0,
            last_level: 0,
            speech: Vec::new(),
            has_asked: false,
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn participant(&self) -> &str {
        &self.participant
    }

    /// The step that it is at, its number, and how many seconds of it are left; `None` once all are through.
    #[must_use]
    pub fn step(&self, now: Timestamp) -> Option<(usize, Step, f32)> {
        let mut left = now.since(self.began).as_secs_f32();
        for (number, step) in STEPS.into_iter().enumerate() {
            if left < step.secs {
                return Some((number, step, step.secs - left));
            }
            left -= step.secs;
        }
        None
    }

    /// The step that has just begun, once each.
    pub fn news(&mut self, now: Timestamp) -> Option<&'static str> {
        let (number, step, _) = self.step(now)?;
        let is_new = self.told <= number;
        self.told = number + 1;
        is_new.then_some(step.name)
    }

    /// Whether what is known of the person is still to be asked for: true once.
    pub fn asks_once(&mut self) -> bool {
        !std::mem::replace(&mut self.has_asked, true)
    }

    /// Takes in a new picture.
    pub fn see(&mut self, view: &FaceView, now: Timestamp) {
        let Some(seen) = self.step(now).and_then(|(number, ..)| self.steps.get_mut(number)) else { return };
        seen.pictures += 1;
        if let Some(expression) = &view.expression {
            seen.shapes.push(expression.blendshapes.to_vec());
            seen.brightness.push(view.quality.brightness);
            seen.width_px.push(view.quality.width_px);
        }
    }

    /// Takes in what is heard.
    pub fn hear(&mut self, level: &Timestamped<Level>) {
        if level.seq != self.last_level {
            self.last_level = level.seq;
            if level.value.is_speech {
                self.speech.push((level.value.level_db, level.value.quality.snr_db));
            }
        }
    }

    /// What it found.
    #[must_use]
    pub fn found(&self) -> Found {
        let pictures: u32 = self.steps.iter().map(|seen| seen.pictures).sum();
        let faces: usize = self.steps.iter().map(|seen| seen.shapes.len()).sum();
        let all = |of: fn(&Seen) -> &Vec<f32>| mean(self.steps.iter().flat_map(of).copied());
        let mut found = Found {
            measures: MEASURES.iter().map(|measure| self.moved(measure)).collect(),
            face_share: faces as f32 / pictures.max(1) as f32,
            brightness: all(|seen| &seen.brightness),
            width_px: all(|seen| &seen.width_px),
            speech_secs: self.speech.len() as f32 * HOP_SECS,
            speech_db: mean(self.speech.iter().map(|(level, _)| *level)),
            snr_db: self.speech.last().map(|(_, snr)| *snr),
            reasons: Vec::new(),
        };
        found.reasons = found.reasons();
        found
    }

    fn moved(&self, (name, step, shapes, least): &(&str, &str, &[&str], f32)) -> Moved {
        let places: Vec<usize> =
            BLENDSHAPE_NAMES.iter().enumerate().filter(|(_, one)| shapes.contains(one)).map(|(at, _)| at).collect();
        let of = |step: &str| -> Vec<f32> {
            let number = STEPS.iter().position(|one| one.name == step);
            let seen = number.and_then(|number| self.steps.get(number));
            let value = |row: &Vec<f32>| mean(places.iter().filter_map(|at| row.get(*at)).copied());
            seen.map(|seen| seen.shapes.iter().filter_map(value).collect()).unwrap_or_default()
        };
        let rest = mean(of("rest").into_iter());
        let mut values = of(step);
        values.sort_by(f32::total_cmp);
        let most = values.get(values.len() * 9 / 10).copied();
        let moves = rest.zip(most).is_some_and(|(rest, most)| most - rest >= *least);
        Moved { name: (*name).to_owned(), rest, most, moves }
    }

    /// Means and standard deviations of the blendshapes over all of it.
    #[must_use]
    pub fn usual(&self) -> (Vec<f32>, Vec<f32>) {
        let rows: Vec<&Vec<f32>> = self.steps.iter().flat_map(|seen| &seen.shapes).collect();
        let column = |at: usize| rows.iter().filter_map(move |row| row.get(at)).copied();
        let means: Vec<f32> = (0..BLENDSHAPE_NAMES.len()).map_while(|at| mean(column(at))).collect();
        let sd = |(at, middle): (usize, &f32)| mean(column(at).map(|value| (value - middle).powi(2))).map(f32::sqrt);
        let sds = means.iter().enumerate().map_while(sd).collect();
        (means, sds)
    }
}

impl Found {
    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.reasons.is_empty()
    }

    fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.face_share < LEAST_FACE {
            reasons.push(format!("a face in {:.0} % of the pictures only", self.face_share * 100.0));
        }
        match self.brightness {
            Some(light) if light < LIGHT.0 => {
                reasons.push(format!("the face is dark ({light:.2}): more light in front"));
            }
            Some(light) if light > LIGHT.1 => reasons.push(format!("the face is too bright ({light:.2}): less light")),
            _ => {}
        }
        if self.speech_secs < LEAST_SPEECH_SECS {
            reasons.push(format!("{:.0} s of speech only: speak up, or look at the microphone", self.speech_secs));
        }
        if let Some(snr) = self.snr_db.filter(|snr| *snr < LEAST_SNR_DB) {
            reasons.push(format!("speech is only {snr:.0} dB above the room: a nearer microphone, or a quieter room"));
        }
        let still: Vec<_> = self.measures.iter().filter(|one| !one.moves).map(|one| one.name.as_str()).collect();
        if !still.is_empty() {
            reasons.push(format!("doesn't move for this person, or wasn't done: {}", still.join(", ")));
        }
        reasons
    }
}

/// How far what is usual lately is from a baseline: blendshapes' distances in its standard deviations, on average.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    lately: Vec<f32>,
    weight: f32,
}

impl Drift {
    /// A picture's share of what is lately: half a minute at 30 pictures a second.
    const SHARE: f32 = 1.0 / 900.0;
    /// Added to each standard deviation: what doesn't move at all isn't a drift as soon as it does.
    const SOFTENING: f32 = 0.03;
    /// From here on a face isn't as it was.
    pub const MUCH: f32 = 1.0;

    /// Takes in a new picture.
    pub fn see(&mut self, view: &FaceView) {
        let Some(expression) = &view.expression else { return };
        self.lately.resize(expression.blendshapes.len(), 0.0);
        self.weight += (1.0 - self.weight) * Self::SHARE;
        for (mean, value) in self.lately.iter_mut().zip(&expression.blendshapes) {
            *mean += (value - *mean) * Self::SHARE;
        }
    }

    /// From a baseline; `None` before half a minute was seen.
    #[must_use]
    pub fn from(&self, baseline: &Baseline) -> Option<f32> {
        if self.weight < 0.6 {
            return None;
        }
        let apart = |((now, mean), sd): ((&f32, &f32), &f32)| (now / self.weight - mean).abs() / (sd + Self::SOFTENING);
        mean(self.lately.iter().zip(&baseline.means).zip(&baseline.sds).map(apart))
    }
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then_some(sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Expression;
    use crate::signal::FaceQuality;
    use crate::time::Span;

    fn face(name: &str, value: f32, brightness: f32) -> FaceView {
        let mut blendshapes = vec![0.0; BLENDSHAPE_NAMES.len()];
        for (shape, one) in blendshapes.iter_mut().zip(BLENDSHAPE_NAMES) {
            if one.starts_with(name) {
                *shape = value;
            }
        }
        let expression = Expression { blendshapes: blendshapes.into(), logits: [0.0; 7], features: Box::default() };
        let quality = FaceQuality { brightness, width_px: 200.0, ..FaceQuality::default() };
        FaceView { expression: Some(expression), quality, ..FaceView::default() }
    }

    /// A check in which each measure but `still` moves in its step.
    fn checked(still: &str, brightness: f32) -> Check {
        let mut check = Check::begin("P07".to_owned(), Timestamp::ZERO);
        let moves = [("smile", "mouthSmile"), ("frown", "browDown"), ("blink", "eyeBlink"), ("read", "jawOpen")];
        for tenth in 0..600u32 {
            let now = Timestamp::from_secs(f64::from(tenth) / 10.0);
            let (_, step, _) = check.step(now).unwrap();
            let shape = moves.iter().find(|(name, _)| *name == step.name && *name != still);
            let (shape, value) = shape.map_or(("none", 0.0), |(_, shape)| (*shape, 0.6));
            check.see(&face(shape, value, brightness), now);
            let quality = crate::signal::VoiceQuality { snr_db: 25.0, ..Default::default() };
            let is_speech = matches!(step.name, "read" | "pleasant" | "annoying");
            for hop in 0..3 {
                let level = Level { is_speech, level_db: -20.0, quality, ..Level::default() };
                check.hear(&Timestamped::new(Span::at(now), u64::from(tenth * 3 + hop + 1), level));
            }
        }
        check
    }

    #[test]
    fn the_steps_take_a_minute() {
        let check = Check::begin("P07".to_owned(), Timestamp::ZERO);

        assert!((STEPS.iter().map(|step| step.secs).sum::<f32>() - 60.0).abs() < 1e-3);
        assert_eq!(check.step(Timestamp::from_secs(8.0)).unwrap().1.name, "read");
        assert!(check.step(Timestamp::from_secs(60.1)).is_none());
    }

    #[test]
    fn a_good_check_says_that_all_measures_move() {
        let found = checked("", 0.5).found();

        assert!(found.is_good(), "{found:?}");
        assert!(found.measures.iter().all(|one| one.moves) && found.face_share > 0.99);
        assert!((found.speech_db.unwrap() + 20.0).abs() < 1e-3);
    }

    #[test]
    fn what_does_not_move_and_what_is_dark_is_said() {
        let found = checked("frown", 0.1).found();

        assert!(!found.is_good());
        assert!(found.reasons.iter().any(|why| why.contains("brows lowered")), "{found:?}");
        assert!(found.reasons.iter().any(|why| why.contains("dark")), "{found:?}");
    }

    #[test]
    fn drift_is_none_for_the_same_face_and_much_for_another() {
        let (means, sds) = checked("", 0.5).usual();
        let baseline = Baseline { means, sds, ..Baseline::default() };
        let (mut same, mut other) = (Drift::default(), Drift::default());
        assert_eq!(same.from(&baseline), None);
        for at in 0..3000 {
            same.see(&face(["mouthSmile", "none", "none", "none"][at % 4], 0.2, 0.5));
            other.see(&face("", 0.8, 0.5));
        }

        assert!(same.from(&baseline).unwrap() < 0.3, "{:?}", same.from(&baseline));
        assert!(other.from(&baseline).unwrap() > Drift::MUCH, "{:?}", other.from(&baseline));
    }
}
