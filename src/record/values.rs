//! Answers, evidence, faces and levels as the numbers of their streams, and back.

use std::sync::Arc;

use crate::record::streams;
use crate::session::Item;
use crate::signal::Absence;
use crate::signal::Affect;
use crate::signal::BLENDSHAPE_NAMES;
use crate::signal::Bipolar;
use crate::signal::Clarity;
use crate::signal::Evidence;
use crate::signal::Expression;
use crate::signal::FACE_MOVEMENTS;
use crate::signal::FACE_MOVING;
use crate::signal::FaceBox;
use crate::signal::FaceQuality;
use crate::signal::FaceView;
use crate::signal::Fused;
use crate::signal::Gates;
use crate::signal::HeadPose;
use crate::signal::Label;
use crate::signal::LabelsAtOnce;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Presence;
use crate::signal::Reading;
use crate::signal::VoiceQuality;
use crate::signal::face_movement;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

const READING: usize = 4 + Label::COUNT;
const AFFECT: usize = READING + 6 + 3 * Label::COUNT;

fn push_reading(values: &mut Vec<f32>, reading: Option<&Reading>) {
    let Some(Reading { affect, probabilities }) = reading else {
        values.extend([f32::NAN; READING]);
        return;
    };
    values.extend([affect.valence.get(), affect.arousal.get(), affect.valence_sd, affect.arousal_sd]);
    values.extend(probabilities);
}

fn reading(values: &[f32]) -> Option<Reading> {
    let (&[valence, arousal, valence_sd, arousal_sd], rest) = values.split_first_chunk::<4>()?;
    let affect = Affect { valence: Bipolar::new(valence)?, arousal: Bipolar::new(arousal)?, valence_sd, arousal_sd };
    Some(Reading { affect, probabilities: *rest.first_chunk()? })
}

/// An answer as the numbers of [`AFFECT`](streams::AFFECT).
#[must_use]
pub fn of_answer(fused: Option<&Fused>) -> Vec<f32> {
    let mut values = Vec::with_capacity(AFFECT);
    push_reading(&mut values, fused.map(|fused| &fused.reading));
    let gates = fused.map_or([f32::NAN; 3], |fused| Modality::ALL.map(|one| fused.gates.of(one)));
    let clarity = fused.and_then(|fused| fused.clarity);
    let clarity = clarity.map_or([f32::NAN; 3], |clarity| [clarity.from, clarity.right, clarity.shown]);
    values.extend(gates.into_iter().chain(clarity));
    match fused.and_then(|fused| fused.labels) {
        Some(LabelsAtOnce { probabilities, doubts, thresholds }) => {
            values.extend(probabilities.into_iter().chain(doubts).chain(thresholds));
        }
        None => values.extend([f32::NAN; 3 * Label::COUNT]),
    }
    values
}

/// The answer of these numbers; `None` where nothing was read, or they are others.
#[must_use]
pub fn answer(values: &[f32]) -> Option<Fused> {
    let rest = values.get(READING..)?;
    let (&[face, voice, words, from, right, shown], rest) = rest.split_first_chunk::<6>()?;
    let seven = |at: usize| rest.get(at * Label::COUNT..)?.first_chunk::<{ Label::COUNT }>().copied();
    let labels = LabelsAtOnce { probabilities: seven(0)?, doubts: seven(1)?, thresholds: seven(2)? };
    Some(Fused {
        reading: reading(values)?,
        gates: Gates { face, voice, words },
        labels: (!labels.thresholds[0].is_nan()).then_some(labels),
        clarity: (!from.is_nan()).then_some(Clarity { from, right, shown }),
    })
}

/// What a modality says, or why it doesn't, as an item of its stream. `features` are what a person can read of it:
/// [`of_face`] of a face, the functionals of a voice, none of words.
#[must_use]
pub fn of_presence(
    modality: Modality,
    presence: &Presence,
    (span, seq): (Span, u64),
    features: &[f32],
    arrived: Timestamp,
) -> Item {
    let columns = streams::evidence_columns(modality).len();
    let reliability = crate::encode::reliability_names(modality).len();
    let mut values = Vec::with_capacity(columns);
    let mut bytes = Vec::new();
    match presence {
        Ok(evidence) => {
            let Evidence { reading, raw, quality, known_secs, reliability, .. } = &evidence.value;
            push_reading(&mut values, Some(reading));
            push_reading(&mut values, Some(raw));
            values.extend([*quality, *known_secs]);
            values.extend(reliability.iter());
        }
        Err(absence) => {
            values.extend(std::iter::repeat_n(f32::NAN, 2 * READING + 2 + reliability));
            bytes = serde_json::to_vec(absence).unwrap_or_default();
        }
    }
    values.extend(features);
    if let (Modality::Face, Ok(evidence)) = (modality, presence) {
        values.resize(columns - FACE_MOVEMENTS, f32::NAN);
        values.extend(face_movement().map(|at| evidence.value.embedding.get(at).copied().unwrap_or(f32::NAN)));
    }
    values.resize(columns, f32::NAN);
    Item { stream: streams::of(modality), arrived, span, seq, values, bytes }
}

/// What an item of a modality's stream says; `None` if it isn't one. Of its embedding only that is there that a fusion looks at.
#[must_use]
pub fn presence(modality: Modality, item: &Item) -> Option<Presence> {
    if !item.bytes.is_empty() {
        return serde_json::from_slice::<Absence>(&item.bytes).ok().map(Err);
    }
    let reliability = crate::encode::reliability_names(modality).len();
    let rest = item.values.get(2 * READING..)?;
    let (&[quality, known_secs], rest) = rest.split_first_chunk::<2>()?;
    let value = Evidence {
        reading: reading(&item.values)?,
        raw: reading(item.values.get(READING..)?)?,
        quality,
        known_secs,
        reliability: rest.get(..reliability)?.into(),
        embedding: embedding(modality, rest.get(reliability..)?),
    };
    Some(Ok(Timestamped::new(item.span, item.seq, value)))
}

/// What of an embedding is kept among what a person can read.
fn embedding(modality: Modality, features: &[f32]) -> Arc<[f32]> {
    match modality {
        Modality::Face => {
            let kept = features.iter().skip(streams::FACE_COLUMNS.len() + BLENDSHAPE_NAMES.len());
            let mut embedding = vec![0.0; 2 * FACE_MOVING];
            for (at, value) in face_movement().into_iter().zip(kept).filter(|(_, value)| value.is_finite()) {
                if let Some(place) = embedding.get_mut(at) {
                    *place = *value;
                }
            }
            embedding.into()
        }
        Modality::Voice => features.into(),
        Modality::Words => Arc::default(),
    }
}

/// What is measured of a face: [`FACE_COLUMNS`](streams::FACE_COLUMNS) and the blendshapes.
#[must_use]
pub fn of_face(view: &FaceView) -> Vec<f32> {
    let Some(face) = view.face else {
        let mut values = vec![f32::NAN; streams::FACE_COLUMNS.len()];
        if let Some(success) = values.first_mut() {
            *success = 0.0;
        }
        return values;
    };
    let (pose, quality) = (&view.pose, &view.quality);
    let mut values = vec![
        1.0,
        quality.presence,
        face.x,
        face.y,
        face.width,
        face.height,
        pose.pitch_deg,
        pose.yaw_deg,
        pose.roll_deg,
        view.gaze_deg.0,
        view.gaze_deg.1,
        view.blink,
        quality.width_px,
        quality.sharpness,
        quality.brightness,
        quality.contrast,
        quality.change,
        quality.strangeness,
        quality.overall,
    ];
    values.extend(view.expression.iter().flat_map(|expression| expression.blendshapes.iter()));
    values
}

/// What was measured of a face by an item of its stream, without pixels and landmarks; `None` if no face was found.
#[must_use]
pub fn face(item: &Item) -> Option<FaceView> {
    let before = 2 * READING + 2 + crate::encode::reliability_names(Modality::Face).len();
    let (numbers, shapes) = item.values.get(before..)?.split_first_chunk::<{ streams::FACE_COLUMNS.len() }>()?;
    let shapes = shapes.get(..BLENDSHAPE_NAMES.len())?;
    let &[success, presence, x, y, width, height, pitch_deg, yaw_deg, roll_deg, gaze_x, gaze_y, blink, ..] = numbers;
    let &[.., width_px, sharpness, brightness, contrast, change, strangeness, overall] = numbers;
    let quality = FaceQuality { width_px, presence, sharpness, brightness, contrast, change, strangeness, overall };
    let is_expressed = shapes.iter().all(|shape| shape.is_finite());
    (success > 0.5).then(|| FaceView {
        face: Some(FaceBox { x, y, width, height }),
        pose: HeadPose { pitch_deg, yaw_deg, roll_deg },
        gaze_deg: (gaze_x, gaze_y),
        blink,
        quality,
        expression: is_expressed.then(|| Expression {
            blendshapes: shapes.into(),
            logits: [f32::NAN; Label::COUNT],
            features: Box::default(),
        }),
        ..FaceView::default()
    })
}

/// What is heard, as the numbers of [`LEVEL`](streams::LEVEL).
#[must_use]
pub fn of_level(level: &Level) -> Vec<f32> {
    let Level { speech_probability, is_speech, level_db, quality } = level;
    let is_speech = f32::from(u8::from(*is_speech));
    vec![*speech_probability, is_speech, *level_db, quality.snr_db, quality.clipped, quality.activity]
}

/// What was heard by these numbers; `None` if they are others.
#[must_use]
pub fn level(values: &[f32]) -> Option<Level> {
    let &[speech_probability, is_speech, level_db, snr_db, clipped, activity] = values.first_chunk::<6>()?;
    let quality = VoiceQuality { snr_db, clipped, activity };
    Some(Level { speech_probability, is_speech: is_speech > 0.5, level_db, quality })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_of_a_face_comes_back() {
        let view = FaceView {
            face: Some(FaceBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 }),
            pose: HeadPose { pitch_deg: 5.0, yaw_deg: 6.0, roll_deg: 7.0 },
            gaze_deg: (8.0, 9.0),
            blink: 0.1,
            quality: FaceQuality { width_px: 10.0, sharpness: 0.2, overall: 0.3, ..FaceQuality::default() },
            expression: Some(Expression {
                blendshapes: (0..BLENDSHAPE_NAMES.len()).map(|index| index as f32 / 100.0).collect(),
                logits: [0.0; 7],
                features: Box::default(),
            }),
            ..FaceView::default()
        };
        let item = |view: &FaceView| {
            let place = (Span::default(), 3);
            of_presence(Modality::Face, &Err(Absence::TooDark), place, &of_face(view), Timestamp::ZERO)
        };

        let back = face(&item(&view)).unwrap();

        assert_eq!(
            (back.face, back.pose, back.gaze_deg, back.blink),
            (view.face, view.pose, view.gaze_deg, view.blink)
        );
        assert_eq!(back.quality, view.quality);
        assert_eq!(back.expression.unwrap().blendshapes, view.expression.unwrap().blendshapes);
        assert!(face(&item(&FaceView::default())).is_none());
    }
}
