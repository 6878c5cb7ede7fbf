//! Ease between readings at the screen's rate. What isn't known doesn't move: it goes out.

use crate::signal::Label;
use crate::signal::Modality;
use crate::ui::view::View;

/// How fast what is shown follows what is known.
const FOLLOW_SECS: f32 = 0.12;
/// How long it takes to come in or to go out.
const FADE_SECS: f32 = 0.25;

/// Some numbers on their way to a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eased<const N: usize> {
    values: [f32; N],
    strength: f32,
    is_known: bool,
    is_moving: bool,
}

impl<const N: usize> Default for Eased<N> {
    fn default() -> Self {
        Self { values: [0.0; N], strength: 0.0, is_known: false, is_moving: false }
    }
}

impl<const N: usize> Eased<N> {
    /// Goes on by `secs` towards `target`. What was unknown appears where it is: it doesn't travel there.
    pub fn step(&mut self, target: Option<[f32; N]>, secs: f32) {
        let aim = if target.is_some() { 1.0 } else { 0.0 };
        let fade = secs / FADE_SECS;
        let before = (self.strength, self.values);
        self.strength += (aim - self.strength).clamp(-fade, fade);
        if let Some(target) = target {
            let share = if self.is_known { 1.0 - (-secs / FOLLOW_SECS).exp() } else { 1.0 };
            for (value, target) in self.values.iter_mut().zip(target) {
                *value += (target - *value) * share;
                if (target - *value).abs() < 1e-4 {
                    *value = target;
                }
            }
        }
        self.is_known = target.is_some();
        self.is_moving = before != (self.strength, self.values);
    }

    /// What is shown and how strongly, 0..=1; `None` once it has gone out.
    #[must_use]
    pub fn shown(&self) -> Option<([f32; N], f32)> {
        (self.strength > 0.0).then_some((self.values, self.strength))
    }
}

/// Everything on the screen that moves.
#[derive(Debug, Clone, Default)]
pub struct Motion {
    /// The point of now: valence, arousal, and one standard deviation of each.
    pub point: Eased<4>,
    /// What each modality says alone: valence, arousal.
    pub dots: [Eased<2>; 3],
    /// What it would be without one modality.
    pub without: Eased<2>,
    /// The labels' probabilities.
    pub labels: Eased<{ Label::COUNT }>,
    /// The gates.
    pub gates: Eased<3>,
}

impl Motion {
    /// Goes on by `secs` towards what the view shows.
    pub fn step(&mut self, view: &View<'_>, secs: f32) {
        let place = |reading: &crate::signal::Reading| {
            let affect = &reading.affect;
            [affect.valence.get(), affect.arousal.get()]
        };
        let fused = view.tick.and_then(|tick| tick.fused.as_ref());
        self.point.step(
            fused.map(|fused| {
                let affect = &fused.reading.affect;
                [affect.valence.get(), affect.arousal.get(), affect.valence_sd, affect.arousal_sd]
            }),
            secs,
        );
        for (dot, modality) in self.dots.iter_mut().zip(Modality::ALL) {
            let evidence = view.tick.and_then(|tick| tick.moment.of(modality).as_ref().ok());
            dot.step(evidence.map(|evidence| place(&evidence.value.reading)), secs);
        }
        self.without.step(view.without_fused().map(|fused| place(&fused.reading)), secs);
        self.labels.step(fused.map(|fused| fused.reading.probabilities), secs);
        self.gates.step(fused.map(|fused| Modality::ALL.map(|modality| fused.gates.of(modality))), secs);
    }

    /// Whether anything moved in the last step.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.point.is_moving
            || self.without.is_moving
            || self.labels.is_moving
            || self.gates.is_moving
            || self.dots.iter().any(|dot| dot.is_moving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_goes_out_where_it_is_and_comes_back_where_it_is_known() {
        let mut eased = Eased::<1>::default();
        eased.step(Some([0.8]), 1.0);

        eased.step(None, 0.1);
        assert_eq!(eased.shown().map(|(values, _)| values), Some([0.8]), "it doesn't drift to the middle");
        eased.step(None, 1.0);
        assert_eq!(eased.shown(), None);

        eased.step(Some([-0.8]), 0.01);
        assert_eq!(eased.shown().map(|(values, _)| values), Some([-0.8]), "it doesn't travel from where it was");
    }

    #[test]
    fn what_is_shown_lies_between_two_readings_and_settles() {
        let mut eased = Eased::<1>::default();
        eased.step(Some([0.0]), 1.0);

        eased.step(Some([1.0]), 0.05);
        let halfway = eased.shown().map_or(0.0, |([value], _)| value);
        assert!(halfway > 0.1 && halfway < 0.9, "{halfway}");

        for _ in 0..200 {
            eased.step(Some([1.0]), 0.016);
        }
        assert_eq!(eased.shown(), Some(([1.0], 1.0)));
        assert!(!eased.is_moving);
    }
}
