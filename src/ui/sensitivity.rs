//! How this set-up takes trouble: what the reading rested on and said before, and while the input was spoilt on purpose.

use std::collections::VecDeque;
use std::time::Duration;

use crate::pipeline::Spoil;
use crate::pipeline::Tick;
use crate::signal::Fused;
use crate::signal::Modality;
use crate::time::Timestamp;

/// What one trouble did, over all the times it was on alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The trouble.
    pub spoil: Spoil,
    /// How long it has been on.
    pub secs: f32,
    /// What the reading rested on its modality by before, 0..=1; `None` if nothing was read before.
    pub gate_before: Option<f32>,
    /// The same since the first second of trouble was over, 0 where the modality was absent; `None` if it was too short.
    pub gate_during: Option<f32>,
    /// After how long the gate had fallen below half of what it was; `None` if it hasn't.
    pub left_after: Option<Duration>,
    /// By how much the valence moved; `None` without a reading before or since.
    pub valence_moved: Option<f32>,
    /// By how much the arousal moved.
    pub arousal_moved: Option<f32>,
    /// How many times as wide the band of doubt is (valence and arousal together).
    pub band_factor: Option<f32>,
    /// Share of the answers that had a reading, 0..=1.
    pub read: f32,
}

/// Follows the answers, and what is done to the input.
#[derive(Debug, Clone, Default)]
pub struct Sensitivity {
    spoils: Vec<Spoil>,
    recent: VecDeque<(Timestamp, Option<Fused>)>,
    trial: Option<Trial>,
    effects: Vec<Effect>,
}

#[derive(Debug, Clone)]
struct Trial {
    spoil: Spoil,
    since: Timestamp,
    before: Means,
    during: Means,
    left_at: Option<Timestamp>,
}

/// Means over answers.
#[derive(Debug, Clone, Copy, Default)]
struct Means {
    answers: f32,
    read: f32,
    gate: f32,
    valence: f32,
    arousal: f32,
    band: f32,
}

/// Before trouble, the reading is taken over so long.
const BEFORE: Duration = Duration::from_secs(5);
/// Gates may take so long; what the reading is during trouble counts from then on.
const SETTLING: Duration = Duration::from_secs(1);

impl Sensitivity {
    /// What is done to the input now.
    #[must_use]
    pub fn spoils(&self) -> &[Spoil] {
        &self.spoils
    }

    /// What trouble did so far, that which is on included, in the order in which it was tried.
    #[must_use]
    pub fn effects(&self, now: Timestamp) -> Vec<Effect> {
        let mut effects = self.effects.clone();
        if let Some(trial) = &self.trial {
            keep(&mut effects, trial.effect(now));
        }
        effects
    }

    /// The input is spoilt in these ways from `at` on. Only one trouble by itself is followed: of two at once nobody can say
    /// which did it.
    pub fn change(&mut self, spoils: Vec<Spoil>, at: Timestamp) {
        if let Some(trial) = self.trial.take() {
            keep(&mut self.effects, trial.effect(at));
        }
        let was_clean = self.spoils.is_empty();
        if let ([spoil], true) = (spoils.as_slice(), was_clean) {
            let modality = spoil.trouble.modality();
            let mut before = Means::default();
            for (_, fused) in &self.recent {
                before.add(modality, fused.as_ref());
            }
            self.trial = Some(Trial { spoil: *spoil, since: at, before, during: Means::default(), left_at: None });
        }
        self.recent.clear();
        self.spoils = spoils;
    }

    /// Takes in an answer.
    pub fn take(&mut self, tick: &Tick) {
        let at = tick.moment.at;
        if let Some(trial) = self.trial.as_mut() {
            trial.take(at, tick.fused.as_ref());
        } else if self.spoils.is_empty() {
            self.recent.push_back((at, tick.fused));
            while self.recent.front().is_some_and(|(old, _)| at.since(*old) > BEFORE) {
                self.recent.pop_front();
            }
        }
    }
}

/// A trouble's newest trial stands for those before.
fn keep(effects: &mut Vec<Effect>, effect: Effect) {
    match effects.iter_mut().find(|other| other.spoil.is_like(&effect.spoil)) {
        Some(other) => *other = effect,
        None => effects.push(effect),
    }
}

impl Trial {
    fn take(&mut self, at: Timestamp, fused: Option<&Fused>) {
        let modality = self.spoil.trouble.modality();
        let gate = fused.map_or(0.0, |fused| fused.gates.of(modality));
        let half = self.before.mean(self.before.gate).map(|gate| gate / 2.0);
        if self.left_at.is_none() && half.is_some_and(|half| gate < half) {
            self.left_at = Some(at);
        }
        if at.since(self.since) >= SETTLING {
            self.during.add(modality, fused);
        }
    }

    fn effect(&self, now: Timestamp) -> Effect {
        let (before, during) = (&self.before, &self.during);
        let moved = |was: f32, is: f32| Some(during.mean(is)? - before.mean(was)?);
        Effect {
            spoil: self.spoil,
            secs: now.since(self.since).as_secs_f32(),
            gate_before: before.mean(before.gate),
            // Where nothing was read nothing rested on it either.
            gate_during: (during.answers > 0.0).then(|| during.gate / during.answers),
            left_after: self.left_at.map(|at| at.since(self.since)),
            valence_moved: moved(before.valence, during.valence),
            arousal_moved: moved(before.arousal, during.arousal),
            band_factor: during.mean(during.band).zip(before.mean(before.band)).map(|(is, was)| is / was.max(1e-6)),
            read: if during.answers > 0.0 { during.read / during.answers } else { 0.0 },
        }
    }
}

impl Means {
    fn add(&mut self, modality: Modality, fused: Option<&Fused>) {
        self.answers += 1.0;
        let Some(Fused { reading, gates, .. }) = fused else { return };
        self.read += 1.0;
        self.gate += gates.of(modality);
        self.valence += reading.affect.valence.get();
        self.arousal += reading.affect.arousal.get();
        self.band += reading.affect.valence_sd.hypot(reading.affect.arousal_sd);
    }

    /// Of a sum over the answers that had a reading.
    fn mean(&self, sum: f32) -> Option<f32> {
        (self.read > 0.0).then(|| sum / self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Trouble;
    use crate::signal::Absence;
    use crate::signal::Affect;
    use crate::signal::Bipolar;
    use crate::signal::Gates;
    use crate::signal::Label;
    use crate::signal::Moment;
    use crate::signal::Reading;

    const MUTE: Spoil = Spoil { trouble: Trouble::Mute, snr_db: 0.0 };

    fn tick(secs: f64, voice: f32, valence: f32) -> Tick {
        let at = Timestamp::from_secs(secs);
        let moment =
            Moment { at, face: Err(Absence::NoFace), voice: Err(Absence::NoSpeech), words: Err(Absence::NoWords) };
        let affect = Affect {
            valence: Bipolar::new(valence).unwrap(),
            arousal: Bipolar::default(),
            valence_sd: 0.2,
            arousal_sd: 0.2,
        };
        let gates = Gates { face: 1.0 - voice, voice, words: 0.0 };
        let fused = Fused::new(Reading { affect, probabilities: [1.0 / 7.0; Label::COUNT] }, gates);
        Tick { moment, fused: Some(fused), without: None }
    }

    fn follow(sensitivity: &mut Sensitivity, from: u32, to: u32, voice: impl Fn(f64) -> f32, valence: f32) {
        for at in from..to {
            let secs = f64::from(at) / 25.0;
            sensitivity.take(&tick(secs, voice(secs), valence));
        }
    }

    #[test]
    fn it_says_how_soon_the_gate_left_and_what_moved() {
        let mut sensitivity = Sensitivity::default();
        follow(&mut sensitivity, 0, 250, |_| 0.6, 0.4);
        sensitivity.change(vec![MUTE], Timestamp::from_secs(10.0));
        follow(&mut sensitivity, 250, 375, |secs| if secs < 10.6 { 0.5 } else { 0.0 }, 0.1);
        sensitivity.change(Vec::new(), Timestamp::from_secs(15.0));

        let effects = sensitivity.effects(Timestamp::from_secs(20.0));
        let [effect] = effects.as_slice() else { panic!("{effects:?}") };
        assert!((effect.gate_before.unwrap() - 0.6).abs() < 1e-3);
        assert!(effect.gate_during.unwrap() < 1e-3);
        assert!((effect.left_after.unwrap().as_secs_f32() - 0.6).abs() < 0.05, "{effect:?}");
        assert!((effect.valence_moved.unwrap() + 0.3).abs() < 1e-3);
        assert!((effect.secs - 5.0).abs() < 1e-3 && effect.read > 0.99);
    }

    #[test]
    fn of_two_troubles_at_once_nothing_is_said() {
        let mut sensitivity = Sensitivity::default();
        follow(&mut sensitivity, 0, 100, |_| 0.6, 0.4);
        let dark = Spoil { trouble: Trouble::Dark, snr_db: 0.0 };
        sensitivity.change(vec![MUTE, dark], Timestamp::from_secs(4.0));
        follow(&mut sensitivity, 100, 200, |_| 0.0, 0.0);
        // One of them goes off: what was before isn't known to be clean.
        sensitivity.change(vec![dark], Timestamp::from_secs(8.0));

        assert!(sensitivity.effects(Timestamp::from_secs(9.0)).is_empty());
    }

    #[test]
    fn a_trouble_that_is_tried_again_has_one_row() {
        let mut sensitivity = Sensitivity::default();
        for round in 0..2 {
            let start = f64::from(round) * 10.0;
            sensitivity.change(vec![MUTE], Timestamp::from_secs(start + 5.0));
            sensitivity.change(Vec::new(), Timestamp::from_secs(start + 7.0 + f64::from(round)));
        }

        let effects = sensitivity.effects(Timestamp::from_secs(30.0));
        assert_eq!(effects.iter().map(|effect| effect.secs).collect::<Vec<_>>(), [3.0]);
    }
}
