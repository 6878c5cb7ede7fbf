//! Precision-weighted late fusion: each modality has read for itself, and weighs by how far it can be trusted.

use serde::Deserialize;
use serde::Serialize;

use crate::fuse::Fuser;
use crate::fuse::FusionKind;
use crate::model::ModelError;
use crate::signal::Affect;
use crate::signal::Bipolar;
use crate::signal::Evidence;
use crate::signal::Fused;
use crate::signal::Gates;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::signal::Reading;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// Which fusion answers, and how the late one weighs modalities. Triples are face, voice, words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FusionSettings {
    /// Which fusion answers.
    pub kind: FusionKind,
    /// How much a fresh reading of perfect quality weighs, from 0.
    pub trust: [f32; 3],
    /// After so many seconds a reading weighs 1/e of what it did fresh.
    pub fade_secs: [f32; 3],
    /// The least standard deviation of an answer's valence and arousal.
    pub min_sd: f32,
}

impl Default for FusionSettings {
    fn default() -> Self {
        Self { kind: FusionKind::default(), trust: [1.0, 1.0, 0.5], fade_secs: [0.5, 2.0, 6.0], min_sd: 0.05 }
    }
}

/// Weighs each modality by presence × quality × calibrated confidence × age.
///
/// Labels are a log-linear pool, `p ∝ Π p_m^w_m` (Genest & Zidek 1986, section 3), whose powers are quality × freshness ×
/// trust over the largest trust present: one alone, clear and fresh, gives its own probabilities; two that agree are surer
/// than one; what is unclear or old is flattened. How sure a modality is needs no power of its own: the probabilities are
/// calibrated, so those of an unsure one are nearly alike and move little. Valence and arousal are means weighted by that
/// power over the variance; their doubt is that of the weighted mean and the disagreement between modalities. The gates
/// are what each has moved the labels by: power × confidence, made to sum to 1.
#[derive(Debug, Clone, Default)]
pub struct LateFusion {
    settings: FusionSettings,
}

struct Weighed<'a> {
    modality: Modality,
    /// Trust × quality × freshness over the largest trust present: the power in the pool, and the share of the reading's
    /// own precision. 0..=1.
    power: f32,
    /// Power × confidence: what the gates are made of.
    weight: f32,
    reading: &'a Reading,
}

const LEAST_WEIGHT: f32 = 1e-4;
const LEAST_PROBABILITY: f32 = 1e-4;
const LEAST_CONFIDENCE: f32 = 0.1;

impl LateFusion {
    /// A fusion with these settings.
    #[must_use]
    pub const fn new(settings: FusionSettings) -> Self {
        Self { settings }
    }

    fn answer(&self, moment: &Moment) -> Option<Fused> {
        let present = Modality::ALL.into_iter().filter(|one| moment.of(*one).is_ok());
        let most = present.map(|one| self.trust(one)).fold(0.0, f32::max);
        let weighed: Vec<_> = Modality::ALL.into_iter().filter_map(|one| self.weigh(one, most, moment)).collect();
        let total: f32 = weighed.iter().map(|one| one.weight).sum();
        if weighed.is_empty() || total < LEAST_WEIGHT {
            return None;
        }
        let mut gates = Gates::default();
        for one in &weighed {
            let place = match one.modality {
                Modality::Face => &mut gates.face,
                Modality::Voice => &mut gates.voice,
                Modality::Words => &mut gates.words,
            };
            *place = one.weight / total;
        }
        let mut powers = [0.0; 3];
        for one in &weighed {
            if let Some(place) = powers.get_mut(one.modality.index()) {
                *place = one.power;
            }
        }
        let affect = weighed_affect(moment, powers, self.settings.min_sd)?;
        let reading = Reading { affect, probabilities: pool(&weighed) };
        Some(Fused::new(reading, gates))
    }

    fn trust(&self, modality: Modality) -> f32 {
        self.settings.trust.get(modality.index()).copied().unwrap_or(0.0)
    }

    /// `most` is the largest trust of those present.
    fn weigh<'a>(&self, modality: Modality, most: f32, moment: &'a Moment) -> Option<Weighed<'a>> {
        let evidence = moment.of(modality).as_ref().ok()?;
        let fade_secs = self.settings.fade_secs.get(modality.index()).copied().unwrap_or(0.0);
        let Evidence { reading, quality, .. } = &evidence.value;
        let reliable = quality.clamp(0.0, 1.0) * freshness(evidence, moment.at, fade_secs);
        let power = self.trust(modality) / most.max(LEAST_WEIGHT) * reliable;
        let weight = power * confidence(reading);
        (weight > 0.0).then_some(Weighed { modality, power, weight, reading })
    }
}

/// Valence and arousal of the modalities present, each weighed by `weight` (in the order of [`Modality::ALL`]) over its
/// variance; none if nothing present weighs anything.
pub(super) fn weighed_affect(moment: &Moment, weight: [f32; 3], min_sd: f32) -> Option<Affect> {
    let parts: Vec<_> = Modality::ALL
        .into_iter()
        .zip(weight)
        .filter(|(_, weight)| *weight > 0.0)
        .filter_map(|(one, weight)| Some((weight, &moment.of(one).as_ref().ok()?.value.reading.affect)))
        .collect();
    let (valence, valence_sd) = mean(&parts, min_sd, |affect| (affect.valence.get(), affect.valence_sd));
    let (arousal, arousal_sd) = mean(&parts, min_sd, |affect| (affect.arousal.get(), affect.arousal_sd));
    Some(Affect { valence: Bipolar::new(valence)?, arousal: Bipolar::new(arousal)?, valence_sd, arousal_sd })
}

fn mean(parts: &[(f32, &Affect)], min_sd: f32, of: impl Fn(&Affect) -> (f32, f32)) -> (f32, f32) {
    let mut precision = 0.0;
    let mut sum = 0.0;
    for (weight, affect) in parts {
        let (value, sd) = of(affect);
        let share = weight / (sd * sd).max(1e-6);
        precision += share;
        sum += share * value;
    }
    let mean = sum / precision;
    // Less than fully trusted evidence has less precision; what disagrees adds its distance.
    let mut apart = 0.0;
    for (weight, affect) in parts {
        let (value, sd) = of(affect);
        apart += weight / (sd * sd).max(1e-6) / precision * (value - mean).powi(2);
    }
    let variance = 1.0 / precision + apart;
    (mean, variance.sqrt().clamp(min_sd, 1.0))
}

impl Fuser for LateFusion {
    fn fuse(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError> {
        Ok(self.answer(moment))
    }

    fn compare(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError> {
        Ok(self.answer(moment))
    }

    fn reset(&mut self) {}
}

fn freshness(evidence: &Timestamped<Evidence>, now: Timestamp, fade_secs: f32) -> f32 {
    (-evidence.age(now).as_secs_f32() / fade_secs.max(1e-3)).exp()
}

/// 1 for certainty, down to a tenth for no idea: one minus the entropy over its largest.
fn confidence(reading: &Reading) -> f32 {
    let entropy: f32 = reading.probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
    (1.0 - entropy / (Label::COUNT as f32).ln()).clamp(LEAST_CONFIDENCE, 1.0)
}

fn pool(weighed: &[Weighed<'_>]) -> [f32; Label::COUNT] {
    let mut logs = [0.0f32; Label::COUNT];
    for one in weighed {
        for (log, probability) in logs.iter_mut().zip(one.reading.probabilities) {
            *log += one.power * probability.max(LEAST_PROBABILITY).ln();
        }
    }
    let highest = logs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = logs.map(|log| (log - highest).exp());
    let total: f32 = powers.iter().sum();
    powers.map(|power| power / total)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::signal::Absence;
    use crate::time::Span;

    fn evidence(valence: f32, label: Label, quality: f32) -> Timestamped<Evidence> {
        let mut probabilities = [0.05; Label::COUNT];
        probabilities[label.index()] = 0.7;
        let (valence, arousal) = (Bipolar::new(valence).unwrap(), Bipolar::new(0.1).unwrap());
        let affect = Affect { valence, arousal, valence_sd: 0.3, arousal_sd: 0.3 };
        let reading = Reading { affect, probabilities };
        let value = Evidence {
            reading,
            raw: reading,
            quality,
            reliability: Arc::default(),
            embedding: Arc::default(),
            known_secs: 0.0,
        };
        Timestamped::new(Span::at(Timestamp::ZERO), 0, value)
    }

    fn moment(present: [bool; 3]) -> Moment {
        let one = |at: usize, label| if present[at] { Ok(evidence(0.4, label, 0.9)) } else { Err(Absence::NoSource) };
        let [face, voice, words] = [one(0, Label::Happiness), one(1, Label::Happiness), one(2, Label::Surprise)];
        Moment { at: Timestamp::ZERO, face, voice, words }
    }

    #[test]
    fn every_combination_works_and_none_gives_none() {
        for bits in 0..8u8 {
            let present = [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0];

            let fused = LateFusion::default().fuse(&moment(present)).unwrap();

            assert_eq!(fused.is_some(), bits != 0);
            let Some(fused) = fused else { continue };
            assert!((fused.reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let gates = Modality::ALL.map(|one| fused.gates.of(one));
            assert!((gates.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for (gate, present) in gates.into_iter().zip(present) {
                assert_eq!(gate > 0.0, present);
            }
        }
    }

    #[test]
    fn one_alone_clear_and_fresh_is_taken_at_its_word() {
        let mut alone = moment([true, false, false]);
        alone.face = Ok(evidence(0.4, Label::Happiness, 1.0));

        let fused = LateFusion::default().fuse(&alone).unwrap().unwrap();

        assert!((fused.reading.probability(Label::Happiness) - 0.7).abs() < 1e-3, "{fused:?}");
        assert!((fused.reading.affect.valence_sd - 0.3).abs() < 1e-3, "{fused:?}");
    }

    #[test]
    fn agreement_is_surer_and_disagreement_less_sure() {
        let mut fusion = LateFusion::default();
        let alone = fusion.fuse(&moment([true, false, false])).unwrap().unwrap();
        let agreed = fusion.fuse(&moment([true, true, false])).unwrap().unwrap();
        let mut split = moment([true, true, false]);
        split.voice = Ok(evidence(-0.9, Label::Sadness, 0.9));
        let split = fusion.fuse(&split).unwrap().unwrap();

        assert!(agreed.reading.affect.valence_sd < alone.reading.affect.valence_sd);
        assert!(agreed.reading.probability(Label::Happiness) > alone.reading.probability(Label::Happiness));
        assert!(split.reading.affect.valence_sd > alone.reading.affect.valence_sd);
    }

    #[test]
    fn the_gate_leaves_what_is_worse_or_older() {
        let mut fusion = LateFusion::default();
        let mut poor = moment([true, true, false]);
        poor.face = Ok(evidence(0.4, Label::Happiness, 0.1));
        let mut old = moment([true, true, false]);
        old.at = Timestamp::from_secs(1.5);
        if let Ok(voice) = &mut old.voice {
            voice.span = Span::at(old.at);
        }

        assert!(fusion.fuse(&poor).unwrap().unwrap().gates.face < 0.2);
        assert!(fusion.fuse(&old).unwrap().unwrap().gates.face < 0.2);
    }
}
