//! Every combination of present modalities gives an answer in range, and none gives none.

use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use circumplex::fuse::Fuser as _;
use circumplex::fuse::FusionKind;
use circumplex::fuse::FusionSettings;
use circumplex::fuse::Fusions;
use circumplex::fuse::LateFusion;
use circumplex::signal::Absence;
use circumplex::signal::Affect;
use circumplex::signal::Bipolar;
use circumplex::signal::Evidence;
use circumplex::signal::Label;
use circumplex::signal::Modality;
use circumplex::signal::Moment;
use circumplex::signal::Presence;
use circumplex::signal::Reading;
use circumplex::time::Span;
use circumplex::time::Timestamp;
use circumplex::time::Timestamped;
use proptest::prelude::*;

use crate::support;

const NOW: Timestamp = Timestamp::from_nanos(60_000_000_000);

fn affect() -> impl Strategy<Value = Affect> {
    let axis = || (-1.0f32..=1.0).prop_map(|value| Bipolar::new(value).unwrap());
    (axis(), axis(), 0.02f32..=1.0, 0.02f32..=1.0).prop_map(|(valence, arousal, valence_sd, arousal_sd)| Affect {
        valence,
        arousal,
        valence_sd,
        arousal_sd,
    })
}

/// Probabilities that sum to 1, certainty and "no idea" among them.
fn probabilities() -> impl Strategy<Value = [f32; Label::COUNT]> {
    let any = prop::array::uniform7(1e-6f32..=1.0).prop_map(|values| {
        let total: f32 = values.iter().sum();
        values.map(|value| value / total)
    });
    let certain = (0..Label::COUNT).prop_map(|at| std::array::from_fn(|label| f32::from(u8::from(label == at))));
    prop_oneof![4 => any, 1 => certain, 1 => Just([1.0 / Label::COUNT as f32; Label::COUNT])]
}

/// Evidence of any quality but none, up to so old.
fn evidence(oldest_ms: u64) -> impl Strategy<Value = Timestamped<Evidence>> {
    (affect(), probabilities(), 0.05f32..=1.0, 0..=oldest_ms).prop_map(|(affect, probabilities, quality, age_ms)| {
        let reading = Reading { affect, probabilities };
        let value = Evidence {
            reading,
            raw: reading,
            quality,
            reliability: std::sync::Arc::default(),
            embedding: std::sync::Arc::default(),
            known_secs: 0.0,
        };
        Timestamped::new(Span::at(NOW - Duration::from_millis(age_ms)), 0, value)
    })
}

/// As old as readings get before they no longer hold.
fn face() -> impl Strategy<Value = Timestamped<Evidence>> {
    evidence(500)
}

fn voice() -> impl Strategy<Value = Timestamped<Evidence>> {
    evidence(1_000)
}

fn words() -> impl Strategy<Value = Timestamped<Evidence>> {
    evidence(15_000)
}

fn presence(present: bool, evidence: Timestamped<Evidence>) -> Presence {
    if present { Ok(evidence) } else { Err(Absence::NoSource) }
}

/// All fusions, loaded once.
fn fusions() -> &'static Mutex<Fusions> {
    static FUSIONS: OnceLock<Mutex<Fusions>> = OnceLock::new();
    FUSIONS.get_or_init(|| {
        let (manifest, settings) = (support::manifest(), FusionSettings::default());
        let fusions = Fusions::load(&manifest, &support::runtime(), &settings, &FusionKind::ALL);
        assert_eq!(fusions.missing(), []);
        Mutex::new(fusions)
    })
}

proptest! {
    #[test]
    fn all_eight_combinations_are_answered(face in face(), voice in voice(), words in words()) {
        let mut fusions = fusions().lock().unwrap();
        for (kind, bits) in FusionKind::ALL.into_iter().flat_map(|kind| (0..8u8).map(move |bits| (kind, bits))) {
            let present = [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0];
            let moment = Moment {
                at: NOW,
                face: presence(present[0], face.clone()),
                voice: presence(present[1], voice.clone()),
                words: presence(present[2], words.clone()),
            };
            let fusion = fusions.of(kind).unwrap();
            fusion.reset();

            let compared = fusion.compare(&moment).unwrap();
            let fused = fusion.fuse(&moment).unwrap();

            prop_assert_eq!(fused.is_some(), bits != 0, "{:?} {:03b}", kind, bits);
            prop_assert_eq!(compared, fused, "comparing remembers nothing: {:?}", kind);
            let Some(fused) = fused else { continue };
            let Affect { valence, arousal, valence_sd, arousal_sd } = fused.reading.affect;
            for axis in [valence.get(), arousal.get()] {
                prop_assert!((-1.0..=1.0).contains(&axis));
            }
            for doubt in [valence_sd, arousal_sd] {
                prop_assert!(doubt.is_finite() && doubt > 0.0, "{:?} {}", kind, doubt);
            }
            prop_assert!(fused.reading.probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!((fused.reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            let gates = Modality::ALL.map(|modality| fused.gates.of(modality));
            prop_assert!((gates.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{kind:?} {gates:?}");
            for (gate, present) in gates.into_iter().zip(present) {
                prop_assert_eq!(gate > 0.0, present, "{:?} {:?}", kind, gates);
            }
        }
    }

    #[test]
    fn a_fusion_remembers_until_it_begins_afresh(face in face(), voice in voice()) {
        let mut fusions = fusions().lock().unwrap();
        let at = |tick: u64| Moment {
            at: NOW + Duration::from_millis(50 * tick),
            face: Ok(face.clone()),
            voice: Ok(voice.clone()),
            words: Err(Absence::NoWords),
        };
        for kind in FusionKind::ALL {
            let fusion = fusions.of(kind).unwrap();
            let mut pass = || {
                fusion.reset();
                (0..6).map(|tick| fusion.fuse(&at(tick)).unwrap()).collect::<Vec<_>>()
            };

            prop_assert_eq!(pass(), pass(), "{:?}", kind);
            let next = fusion.fuse(&at(6)).unwrap();
            fusion.reset();
            let afresh = fusion.fuse(&at(6)).unwrap();
            let has_memory = matches!(kind, FusionKind::Gated | FusionKind::Ungated);
            prop_assert_eq!(next != afresh, has_memory, "{:?}", kind);
        }
    }

    #[test]
    fn one_alone_is_believed(face in face()) {
        let alone = Moment { at: NOW, face: Ok(face.clone()), voice: Err(Absence::NoSpeech), words: Err(Absence::NoWords) };

        let fused = LateFusion::default().fuse(&alone).unwrap().unwrap();

        let (said, answered) = (face.value.reading.affect, fused.reading.affect);
        prop_assert!((said.valence.get() - answered.valence.get()).abs() < 1e-4);
        prop_assert!((said.arousal.get() - answered.arousal.get()).abs() < 1e-4);
        prop_assert!((fused.gates.face - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_trusted_at_all_is_as_good_as_absent(face in face(), voice in voice()) {
        let mut blurred = face;
        blurred.value.quality = 0.0;
        let absent = Moment { at: NOW, face: Err(Absence::NoFace), voice: Ok(voice), words: Err(Absence::NoWords) };
        let present = Moment { face: Ok(blurred.clone()), ..absent.clone() };
        let alone = Moment { face: Ok(blurred), voice: Err(Absence::NoSpeech), ..absent.clone() };
        let mut fusion = LateFusion::default();

        prop_assert_eq!(fusion.fuse(&present).unwrap(), fusion.fuse(&absent).unwrap());
        prop_assert_eq!(fusion.fuse(&alone).unwrap(), None);
    }
}
