//! What a fusion network is given, and what comes out, is what it was trained with: `fusion.json` holds moments and what
//! the networks answered to them where they were trained (`models/training/fusion_export.py`).

use std::sync::Arc;
use std::time::Duration;

use circumplex::fuse::FusionKind;
use circumplex::fuse::FusionSettings;
use circumplex::fuse::Fusions;
use circumplex::signal::Absence;
use circumplex::signal::Affect;
use circumplex::signal::Bipolar;
use circumplex::signal::Evidence;
use circumplex::signal::Modality;
use circumplex::signal::Moment;
use circumplex::signal::Presence;
use circumplex::signal::Reading;
use circumplex::time::Span;
use circumplex::time::Timestamp;
use circumplex::time::Timestamped;
use serde_json::Value;

use crate::support;

const BEGIN: Timestamp = Timestamp::from_nanos(20_000_000_000);
const FACE_NUMBERS: usize = 314;
const VOICE_NUMBERS: usize = 1816;
/// Blendshapes, angles of the head, logits: means, then standard deviations.
const MOVING: usize = 62;

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap() as f32).collect()
}

/// The head's angles, then blinks and gaze, where they are in a face's numbers; their standard deviations after all means.
fn face_numbers(movement: &[f32]) -> Arc<[f32]> {
    let mut all = vec![9.0; FACE_NUMBERS];
    let places = || (52..55).chain(9..19);
    for (at, value) in places().chain(places().map(|at| MOVING + at)).zip(movement) {
        all[at] = *value;
    }
    all.into()
}

fn voice_numbers(functionals: &[f32]) -> Arc<[f32]> {
    let mut all = vec![9.0; VOICE_NUMBERS];
    all[VOICE_NUMBERS - functionals.len()..].copy_from_slice(functionals);
    all.into()
}

fn presence(value: &Value, at: Timestamp, embedding: Arc<[f32]>) -> Presence {
    if value.is_null() {
        return Err(Absence::NoSource);
    }
    let number = |name: &str| value[name].as_f64().unwrap();
    let affect = Affect { valence: Bipolar::default(), arousal: Bipolar::default(), valence_sd: 0.3, arousal_sd: 0.3 };
    let reading = Reading { affect, probabilities: numbers(&value["probabilities"]).try_into().unwrap() };
    let evidence = Evidence {
        reading,
        raw: reading,
        quality: number("quality") as f32,
        reliability: numbers(&value["reliability"]).into(),
        embedding,
        known_secs: number("known_secs") as f32,
    };
    Ok(Timestamped::new(Span::at(at - Duration::from_secs_f64(number("age_secs"))), 0, evidence))
}

fn moment(tick: &Value) -> Moment {
    let at = BEGIN + Duration::from_secs_f64(tick["secs"].as_f64().unwrap());
    Moment {
        at,
        face: presence(&tick["face"], at, face_numbers(&numbers(&tick["movement"]))),
        voice: presence(&tick["voice"], at, voice_numbers(&numbers(&tick["functionals"]))),
        words: presence(&tick["words"], at, Arc::default()),
    }
}

#[test]
fn networks_answer_as_where_they_were_trained() {
    let fixture: Value = serde_json::from_str(include_str!("fusion.json")).unwrap();
    let ticks = fixture["ticks"].as_array().unwrap();
    let (manifest, settings) = (support::manifest(), FusionSettings::default());
    let mut fusions = Fusions::load(&manifest, &support::runtime(), &settings, &FusionKind::ALL);

    for kind in [FusionKind::Gated, FusionKind::Concatenation, FusionKind::Ungated] {
        let fusion = fusions.of(kind).unwrap();
        for (at, (tick, expected)) in ticks.iter().zip(fixture["answers"][kind.name()].as_array().unwrap()).enumerate()
        {
            let fused = fusion.fuse(&moment(tick)).unwrap().unwrap();

            let gates = Modality::ALL.map(|one| fused.gates.of(one));
            for (found, name) in [(&fused.reading.probabilities[..], "probabilities"), (&gates[..], "gates")] {
                for (one, other) in found.iter().zip(numbers(&expected[name])) {
                    assert!((one - other).abs() < 1e-4, "{kind:?} tick {at} {name}: {found:?}, not {expected}");
                }
            }
        }
    }
}
