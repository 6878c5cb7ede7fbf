//! What a fusion network is given of a moment, in numbers.

use crate::signal::Evidence;
use crate::signal::FACE_MOVEMENTS;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::signal::VOICE_FUNCTIONALS;
use crate::signal::face_movement;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// Reliabilities of a modality at most; what it has fewer of is 0.
const RELIABILITIES: usize = 11;
/// Numbers of one modality: present (0 or 1), age (s), how well the person is known (0..=1), quality (0..=1), seven
/// log-probabilities, reliabilities. All 0 if it is absent.
pub const ROW: usize = 4 + Label::COUNT + RELIABILITIES;
/// Numbers that a person could read as well: [`readable`].
pub const READABLE: usize = FACE_MOVEMENTS + VOICE_FUNCTIONALS;
/// So long must a person be known for being half known, seconds: the prior of the heads.
const PRIOR_SECS: f32 = 6.0;
const LEAST_PROBABILITY: f32 = 1e-6;

/// A row of [`ROW`] numbers for each modality, in the order of [`Modality::ALL`].
#[must_use]
pub fn rows(moment: &Moment) -> [f32; 3 * ROW] {
    let mut rows = [0.0; 3 * ROW];
    for (row, modality) in rows.chunks_exact_mut(ROW).zip(Modality::ALL) {
        if let Ok(evidence) = moment.of(modality) {
            fill(row, evidence, moment.at);
        }
    }
    rows
}

fn fill(row: &mut [f32], evidence: &Timestamped<Evidence>, now: Timestamp) {
    let Evidence { reading, quality, reliability, known_secs, .. } = &evidence.value;
    let known = known_secs / (PRIOR_SECS + known_secs);
    let first = [1.0, evidence.age(now).as_secs_f32(), known, *quality];
    let logs = reading.probabilities.map(|probability| probability.max(LEAST_PROBABILITY).ln());
    let all = first.into_iter().chain(logs).chain(reliability.iter().copied().take(RELIABILITIES));
    for (place, value) in row.iter_mut().zip(all) {
        *place = value;
    }
}

/// How head, eyes and lids move ([`face_movement`]), then the voice's functionals. All 0 of what is absent.
#[must_use]
pub fn readable(moment: &Moment) -> [f32; READABLE] {
    let mut readable = [0.0; READABLE];
    let (movement, functionals) = readable.split_at_mut(FACE_MOVEMENTS);
    if let Ok(face) = &moment.face {
        for (place, at) in movement.iter_mut().zip(face_movement()) {
            *place = face.value.embedding.get(at).copied().unwrap_or(0.0);
        }
    }
    if let Ok(voice) = &moment.voice {
        let embedding = &voice.value.embedding;
        let theirs = embedding.iter().skip(embedding.len().saturating_sub(VOICE_FUNCTIONALS));
        for (place, value) in functionals.iter_mut().zip(theirs) {
            *place = *value;
        }
    }
    readable
}
