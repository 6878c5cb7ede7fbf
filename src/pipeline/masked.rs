//! What was known, answered again: by another fusion, or as if less had been known.

use crate::fuse::Fuser;
use crate::model::ModelError;
use crate::signal::Absence;
use crate::signal::Fused;
use crate::signal::Modality;
use crate::signal::Moment;

/// Some of the modalities, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subset(u8);

impl Subset {
    /// Every one there is: one alone, each pair, and last all.
    pub const ALL: [Self; 7] = [Self(1), Self(2), Self(4), Self(3), Self(5), Self(6), Self(7)];
    /// Every modality.
    pub const WHOLE: Self = Self(7);

    /// Whether the modality is in it.
    #[must_use]
    pub const fn has(self, modality: Modality) -> bool {
        self.0 & (1 << modality.index()) != 0
    }

    /// The name in files: `face+voice`; `all` for the whole.
    #[must_use]
    pub fn name(self) -> String {
        if self == Self::WHOLE {
            return "all".to_owned();
        }
        let names: Vec<_> = Modality::ALL.into_iter().filter(|one| self.has(*one)).map(Modality::name).collect();
        names.join("+")
    }

    /// All but one.
    #[must_use]
    pub const fn without(modality: Modality) -> Self {
        Self(Self::WHOLE.0 & !(1 << modality.index()))
    }

    /// The same moment, with nothing known of the other modalities.
    #[must_use]
    pub fn of(self, moment: &Moment) -> Moment {
        let mut masked = moment.clone();
        for modality in Modality::ALL.into_iter().filter(|one| !self.has(*one)) {
            let presence = masked.of_mut(modality);
            if presence.is_ok() {
                *presence = Err(Absence::SwitchedOff);
            }
        }
        masked
    }
}

/// What `fuser`, begun afresh, answers to the moments of a recording, one after the other, if only `subset` is known.
///
/// # Errors
///
/// If a network fails.
pub fn answers(fuser: &mut dyn Fuser, moments: &[Moment], subset: Subset) -> Result<Vec<Option<Fused>>, ModelError> {
    fuser.reset();
    moments.iter().map(|moment| fuser.fuse(&subset.of(moment))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers nothing, and counts.
    #[derive(Default)]
    struct Counter {
        since_reset: usize,
        resets: usize,
        present: Vec<[bool; 3]>,
    }

    impl Fuser for Counter {
        fn fuse(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError> {
            self.since_reset += 1;
            self.present.push(Modality::ALL.map(|one| moment.of(one).is_ok()));
            Ok(None)
        }

        fn compare(&mut self, _: &Moment) -> Result<Option<Fused>, ModelError> {
            Ok(None)
        }

        fn reset(&mut self) {
            self.since_reset = 0;
            self.resets += 1;
        }
    }

    fn moment() -> Moment {
        use std::sync::Arc;

        use crate::signal::Affect;
        use crate::signal::Bipolar;
        use crate::signal::Evidence;
        use crate::signal::Reading;
        use crate::time::Span;
        use crate::time::Timestamp;
        use crate::time::Timestamped;

        let affect =
            Affect { valence: Bipolar::default(), arousal: Bipolar::default(), valence_sd: 0.1, arousal_sd: 0.1 };
        let reading = Reading { affect, probabilities: [1.0 / 7.0; 7] };
        let evidence = Evidence {
            reading,
            raw: reading,
            quality: 1.0,
            reliability: Arc::default(),
            embedding: Arc::default(),
            known_secs: 0.0,
        };
        let there = || Ok(Timestamped::new(Span::at(Timestamp::ZERO), 0, evidence.clone()));
        Moment { at: Timestamp::ZERO, face: there(), voice: there(), words: Err(Absence::NoSource) }
    }

    #[test]
    fn each_pass_begins_afresh_and_sees_only_its_subset() {
        let moments = vec![moment(); 3];
        let mut fuser = Counter::default();

        for subset in Subset::ALL {
            assert_eq!(answers(&mut fuser, &moments, subset).unwrap().len(), 3);
            assert_eq!(fuser.since_reset, 3);
            let expected = [subset.has(Modality::Face), subset.has(Modality::Voice), false];
            assert_eq!(fuser.present.last(), Some(&expected));
        }

        assert_eq!(fuser.resets, 7);
        let masked = Subset(1).of(&moment());
        // What wasn't there keeps its reason.
        assert_eq!((masked.voice.err(), masked.words.err()), (Some(Absence::SwitchedOff), Some(Absence::NoSource)));
    }

    #[test]
    fn every_subset_has_a_name_of_its_own() {
        let names = Subset::ALL.map(Subset::name);

        assert_eq!(names, ["face", "voice", "words", "face+voice", "face+words", "voice+words", "all"]);
    }
}
