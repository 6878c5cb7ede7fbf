//! The fusions there are, and the one that answers.

use serde::Deserialize;
use serde::Serialize;

use crate::fuse::Fuser;
use crate::fuse::FusionSettings;
use crate::fuse::LateFusion;
use crate::fuse::NetworkFusion;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Runtime;
use crate::signal::Fused;
use crate::signal::Moment;

/// A way of making one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FusionKind {
    /// Causal gated recursive cross-attention on top of a late fusion.
    #[default]
    Gated,
    /// Words, voice, face and movement side by side, through two layers.
    Concatenation,
    /// A stated formula.
    Late,
    /// As gated, without gates and without what they rest on: to measure what gates are worth.
    Ungated,
}

impl FusionKind {
    /// All.
    pub const ALL: [Self; 4] = [Self::Gated, Self::Concatenation, Self::Late, Self::Ungated];
    /// Those that a person chooses from.
    pub const CHOICE: [Self; 3] = [Self::Gated, Self::Concatenation, Self::Late];

    /// The name in files: lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gated => "gated",
            Self::Concatenation => "concatenation",
            Self::Late => "late",
            Self::Ungated => "ungated",
        }
    }

    /// The manifest's name of its network; the late fusion has none.
    #[must_use]
    pub const fn model(self) -> Option<&'static str> {
        match self {
            Self::Gated => Some("fusion_gated"),
            Self::Concatenation => Some("fusion_concatenation"),
            Self::Ungated => Some("fusion_ungated"),
            Self::Late => None,
        }
    }
}

/// The fusions that could be loaded. As a [`Fuser`] it is the chosen one.
pub struct Fusions {
    all: Vec<(FusionKind, Box<dyn Fuser>)>,
    missing: Vec<(FusionKind, String)>,
    chosen: FusionKind,
}

impl Fusions {
    /// Loads those of `kinds` and the one that the settings choose, without which late answers; the late fusion is always
    /// there.
    #[must_use]
    pub fn load(manifest: &Manifest, runtime: &Runtime, settings: &FusionSettings, kinds: &[FusionKind]) -> Self {
        let mut fusions = Self::late(settings);
        let chosen = (!kinds.contains(&settings.kind)).then_some(&settings.kind);
        for kind in kinds.iter().chain(chosen) {
            let Some(model) = kind.model() else { continue };
            match NetworkFusion::load(manifest, runtime, model, settings.min_sd) {
                Ok(fusion) => fusions.all.push((*kind, Box::new(fusion))),
                Err(error) => fusions.missing.push((*kind, error.to_string())),
            }
        }
        fusions.choose(settings.kind);
        fusions
    }

    /// The late fusion alone.
    #[must_use]
    pub fn late(settings: &FusionSettings) -> Self {
        let late: Box<dyn Fuser> = Box::new(LateFusion::new(settings.clone()));
        Self { all: vec![(FusionKind::Late, late)], missing: Vec::new(), chosen: FusionKind::Late }
    }

    /// The one that answers.
    #[must_use]
    pub const fn chosen(&self) -> FusionKind {
        self.chosen
    }

    /// Those that are there.
    pub fn kinds(&self) -> impl Iterator<Item = FusionKind> + '_ {
        self.all.iter().map(|(kind, _)| *kind)
    }

    /// Those that could not be loaded or failed, and why: a sentence that says what to do.
    #[must_use]
    pub fn missing(&self) -> &[(FusionKind, String)] {
        &self.missing
    }

    /// Lets another one answer, which begins afresh; false, and nothing changes, if it isn't there.
    pub fn choose(&mut self, kind: FusionKind) -> bool {
        let is_there = self.kinds().any(|one| one == kind);
        if is_there && kind != self.chosen {
            self.chosen = kind;
            self.reset();
        }
        is_there
    }

    /// Takes the one that answers away, since it failed; the late fusion answers instead. False, and nothing changes, if it is
    /// the late one, which has nothing that could fail.
    pub fn give_up(&mut self, why: &ModelError) -> bool {
        let failed = self.chosen;
        if failed == FusionKind::Late {
            return false;
        }
        self.all.retain(|(kind, _)| *kind != failed);
        self.missing.push((failed, why.to_string()));
        self.choose(FusionKind::Late)
    }

    /// One of them.
    pub fn of(&mut self, kind: FusionKind) -> Option<&mut dyn Fuser> {
        self.all.iter_mut().find(|(one, _)| *one == kind).map(|(_, fusion)| fusion.as_mut() as &mut dyn Fuser)
    }
}

impl Fuser for Fusions {
    fn fuse(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError> {
        let chosen = self.chosen;
        self.of(chosen).map_or(Ok(None), |fusion| fusion.fuse(moment))
    }

    fn compare(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError> {
        let chosen = self.chosen;
        self.of(chosen).map_or(Ok(None), |fusion| fusion.compare(moment))
    }

    fn reset(&mut self) {
        let chosen = self.chosen;
        if let Some(fusion) = self.of(chosen) {
            fusion.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Absence;
    use crate::time::Timestamp;

    struct Broken;

    fn broken() -> ModelError {
        ModelError::Run { model: "fusion_gated".to_owned(), detail: "it gave no numbers".to_owned() }
    }

    impl Fuser for Broken {
        fn fuse(&mut self, _: &Moment) -> Result<Option<Fused>, ModelError> {
            Err(broken())
        }

        fn compare(&mut self, _: &Moment) -> Result<Option<Fused>, ModelError> {
            Err(broken())
        }

        fn reset(&mut self) {}
    }

    #[test]
    fn where_a_network_fails_the_late_fusion_answers() {
        let mut fusions = Fusions::late(&FusionSettings::default());
        fusions.all.push((FusionKind::Gated, Box::new(Broken)));
        assert!(fusions.choose(FusionKind::Gated));
        let absent = || Err(Absence::NoSource);
        let moment = Moment { at: Timestamp::ZERO, face: absent(), voice: absent(), words: absent() };

        let error = fusions.fuse(&moment).unwrap_err();

        assert!(fusions.give_up(&error));
        assert_eq!(fusions.chosen(), FusionKind::Late);
        assert_eq!(fusions.fuse(&moment).unwrap(), None);
        assert_eq!(fusions.kinds().collect::<Vec<_>>(), [FusionKind::Late]);
        assert!(matches!(fusions.missing(), [(FusionKind::Gated, why)] if why.contains("no numbers")));
        assert!(!fusions.choose(FusionKind::Gated));
        assert!(!fusions.give_up(&error), "the late one stays");
    }
}
