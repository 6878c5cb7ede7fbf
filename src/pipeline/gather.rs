//! What is known at a time: the newest evidence of each modality that isn't too old, or why there is none.

use serde::Deserialize;
use serde::Serialize;

use crate::signal::Absence;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::signal::Presence;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// After how many seconds a reading no longer holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatherSettings {
    /// Of the face.
    pub face_secs: f32,
    /// Of the voice.
    pub voice_secs: f32,
    /// Of the words.
    pub words_secs: f32,
    /// After so much digital silence the voice's doesn't either, however new it is: whoever pauses is in a room that has noise.
    pub muted_secs: f32,
}

impl Default for GatherSettings {
    fn default() -> Self {
        Self { face_secs: 0.5, voice_secs: 1.0, words_secs: 15.0, muted_secs: 0.5 }
    }
}

/// What a modality said last, and when.
#[derive(Debug, Clone)]
struct Known {
    presence: Presence,
    at: Timestamp,
}

/// What changes in which modalities there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatherChange {
    /// [`Gatherer::switch`].
    Switch(Modality, Option<Absence>),
    /// [`Gatherer::source_came`].
    Came(Modality),
    /// [`Gatherer::source_lost`].
    Lost(Modality, Option<Absence>),
}

/// Which modalities are off, and whose source has come: what a [`Gatherer`] knows at a [beginning](Gatherer::begin).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// Why each is off, if it is.
    pub off: [Option<Absence>; 3],
    /// Whether its source has come.
    pub has_come: [bool; 3],
}

/// Keeps the newest of each modality.
///
/// # Takes
///
/// Evidence and absences as they come, and which modalities are off.
///
/// # Gives
///
/// A [`Moment`] for any time not before what was taken in.
#[derive(Debug, Clone)]
pub struct Gatherer {
    settings: GatherSettings,
    known: [Known; 3],
    off: [Option<Absence>; 3],
    level: Option<Timestamped<Level>>,
    silent_since: Option<Timestamp>,
}

/// At most this loud is digital silence, dB of full scale: all samples are 0, or next to it.
const SILENCE_DB: f32 = -110.0;

impl Gatherer {
    /// Nothing known: each modality is absent for want of a source until something comes.
    #[must_use]
    pub const fn new(settings: GatherSettings) -> Self {
        Self {
            settings,
            known: [const { Known { presence: Err(Absence::NoSource), at: Timestamp::ZERO } }; 3],
            off: [None, None, None],
            level: None,
            silent_since: None,
        }
    }

    /// Which modalities there are.
    #[must_use]
    pub fn sources(&self) -> Sources {
        let has_come = [0, 1, 2]
            .map(|at: usize| self.known.get(at).is_some_and(|known| !matches!(known.presence, Err(Absence::NoSource))));
        Sources { off: self.off.clone(), has_come }
    }

    /// Nothing known but which modalities there are.
    pub fn begin(&mut self, sources: Sources) {
        *self = Self { off: sources.off, ..Self::new(self.settings.clone()) };
        for (modality, _) in Modality::ALL.into_iter().zip(sources.has_come).filter(|(_, has_come)| *has_come) {
            self.source_came(modality);
        }
    }

    /// Which modalities there are has changed.
    pub fn change(&mut self, change: &GatherChange) {
        match change {
            GatherChange::Switch(modality, off) => self.switch(*modality, off.clone()),
            GatherChange::Came(modality) => self.source_came(*modality),
            GatherChange::Lost(modality, why) => self.source_lost(*modality, why.clone()),
        }
    }

    /// A modality that has no source, no model or no stage any more: absent for this reason until further notice, or
    /// (`None`) back again.
    pub fn switch(&mut self, modality: Modality, off: Option<Absence>) {
        if let Some(place) = self.off.get_mut(modality.index()) {
            *place = off;
        }
    }

    /// A source has come: what was absent for want of it is absent for want of content.
    pub fn source_came(&mut self, modality: Modality) {
        if let Some(known) = self.known.get_mut(modality.index()).filter(|known| known.presence.is_err()) {
            known.presence = Err(resting(modality));
        }
    }

    /// A modality whose source is gone for this reason, or (`None`) is there: what it said stands until it is too old.
    pub fn source_lost(&mut self, modality: Modality, why: Option<Absence>) {
        let place = self.off.get_mut(modality.index());
        if let Some(place) = place.filter(|off| !matches!(off, Some(Absence::NoModel | Absence::StageFailed))) {
            *place = why;
        }
    }

    /// What one modality has to say, or that it has nothing to say, found at `at`.
    ///
    /// A reading stands until it is too old by its span, an absence until it is as old by `at`.
    pub fn observe(&mut self, modality: Modality, presence: Presence, at: Timestamp) {
        if let Some(known) = self.known.get_mut(modality.index()) {
            *known = Known { presence, at };
        }
    }

    /// Somebody else has come: what the one before said with voice and words is no longer theirs.
    pub fn afresh(&mut self) {
        for modality in [Modality::Voice, Modality::Words] {
            if let Some(known) = self.known.get_mut(modality.index()).filter(|known| known.presence.is_ok()) {
                known.presence = Err(resting(modality));
            }
        }
    }

    /// What the microphone hears.
    pub fn hear(&mut self, level: Timestamped<Level>) {
        self.silent_since = (level.value.level_db <= SILENCE_DB).then(|| self.silent_since.unwrap_or(level.span.start));
        self.level = Some(level);
    }

    /// What the microphone heard last.
    #[must_use]
    pub const fn level(&self) -> Option<&Timestamped<Level>> {
        self.level.as_ref()
    }

    /// What is known at `at`.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> Moment {
        let [face, voice, words] = Modality::ALL.map(|modality| self.now(modality, at));
        Moment { at, face, voice, words }
    }

    fn now(&self, modality: Modality, at: Timestamp) -> Presence {
        if let Some(Some(absence)) = self.off.get(modality.index()) {
            return Err(absence.clone());
        }
        let Some(known) = self.known.get(modality.index()) else { return Err(Absence::NoSource) };
        let most_secs = match modality {
            Modality::Face => self.settings.face_secs,
            Modality::Voice => self.settings.voice_secs,
            Modality::Words => self.settings.words_secs,
        };
        let silent = self.silent_since.map_or(0.0, |since| at.since(since).as_secs_f32());
        if modality == Modality::Voice && silent >= self.settings.muted_secs {
            return Err(Absence::Muted);
        }
        let absence = match &known.presence {
            Ok(evidence) if evidence.age(at).as_secs_f32() <= most_secs => return Ok(evidence.clone()),
            // Whoever was heard a while ago is silent; a face or words of a while ago say nothing of now.
            Ok(_) if modality == Modality::Voice => Absence::NoSpeech,
            Ok(_) => Absence::TooOld,
            Err(Absence::NoSource) => Absence::NoSource,
            Err(absence) if at.since(known.at).as_secs_f32() <= most_secs => absence.clone(),
            Err(_) => resting(modality),
        };
        let is_speaking = self.level.as_ref().is_some_and(|level| level.value.is_speech);
        Err(if absence == Absence::NoSpeech && is_speaking { Absence::TooShort } else { absence })
    }
}

/// What is said as if nothing were known of the person.
#[expect(clippy::missing_errors_doc, reason = "an absence isn't an error")]
pub fn raw(presence: Presence) -> Presence {
    presence.map(|mut evidence| {
        evidence.value.reading = evidence.value.raw;
        evidence.value.known_secs = 0.0;
        evidence
    })
}

/// What a modality is absent for when its source is there and nothing else is known.
const fn resting(modality: Modality) -> Absence {
    match modality {
        Modality::Face => Absence::NoFace,
        Modality::Voice => Absence::NoSpeech,
        Modality::Words => Absence::NoWords,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::signal::Affect;
    use crate::signal::Bipolar;
    use crate::signal::Evidence;
    use crate::signal::Label;
    use crate::signal::Reading;
    use crate::time::Span;

    fn secs(secs: f64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is a presence")]
    fn said(at_secs: f64) -> Presence {
        let affect =
            Affect { valence: Bipolar::default(), arousal: Bipolar::default(), valence_sd: 0.3, arousal_sd: 0.3 };
        let reading = Reading { affect, probabilities: [1.0 / Label::COUNT as f32; Label::COUNT] };
        let value = Evidence {
            reading,
            raw: reading,
            quality: 1.0,
            reliability: Arc::default(),
            embedding: Arc::default(),
            known_secs: 0.0,
        };
        Ok(Timestamped::new(Span::at(secs(at_secs)), 1, value))
    }

    fn gatherer() -> Gatherer {
        let mut gatherer = Gatherer::new(GatherSettings::default());
        for modality in Modality::ALL {
            gatherer.source_came(modality);
        }
        gatherer
    }

    #[test]
    fn without_a_source_nothing_is_known() {
        let moment = Gatherer::new(GatherSettings::default()).moment(secs(9.0));

        assert!(Modality::ALL.iter().all(|one| *moment.of(*one) == Err(Absence::NoSource)));
    }

    #[test]
    fn a_reading_stands_until_it_is_too_old() {
        let mut gatherer = gatherer();
        for modality in Modality::ALL {
            gatherer.observe(modality, said(10.0), secs(10.1));
        }

        assert!(Modality::ALL.iter().all(|one| gatherer.moment(secs(10.5)).of(*one).is_ok()));
        let later = gatherer.moment(secs(11.1));
        assert_eq!((later.face, later.voice), (Err(Absence::TooOld), Err(Absence::NoSpeech)));
        assert!(later.words.is_ok());
        assert_eq!(gatherer.moment(secs(25.1)).words, Err(Absence::TooOld));
    }

    #[test]
    fn an_absence_gets_old_as_well() {
        let mut gatherer = gatherer();
        gatherer.observe(Modality::Voice, Err(Absence::TooNoisy), secs(10.0));
        gatherer.observe(Modality::Words, Err(Absence::OtherLanguage("Dutch".into())), secs(10.0));

        let soon = gatherer.moment(secs(10.9));
        assert_eq!(soon.voice, Err(Absence::TooNoisy));
        assert_eq!(soon.words, Err(Absence::OtherLanguage("Dutch".into())));
        let late = gatherer.moment(secs(30.0));
        assert_eq!((late.voice, late.words), (Err(Absence::NoSpeech), Err(Absence::NoWords)));
    }

    #[test]
    fn who_speaks_and_is_not_read_yet_has_said_too_little() {
        let mut gatherer = gatherer();
        let level = Level { is_speech: true, ..Level::default() };
        gatherer.hear(Timestamped::new(Span::at(secs(1.0)), 0, level));

        assert_eq!(gatherer.moment(secs(1.0)).voice, Err(Absence::TooShort));
    }

    #[test]
    fn digital_silence_ends_what_a_voice_said() {
        let mut gatherer = gatherer();
        let hear = |gatherer: &mut Gatherer, at: f64, level_db: f32| {
            let level = Level { level_db, ..Level::default() };
            gatherer.hear(Timestamped::new(Span::at(secs(at)), 0, level));
        };
        gatherer.observe(Modality::Voice, said(1.0), secs(1.0));
        for hop in 0..20 {
            hear(&mut gatherer, 1.0 + f64::from(hop) * 0.032, -120.0);
        }

        assert!(gatherer.moment(secs(1.45)).voice.is_ok());
        assert_eq!(gatherer.moment(secs(1.55)).voice, Err(Absence::Muted));
        // A quiet room isn't it.
        hear(&mut gatherer, 1.64, -75.0);
        assert!(gatherer.moment(secs(1.65)).voice.is_ok());
        for hop in 0..20 {
            hear(&mut gatherer, 1.7 + f64::from(hop) * 0.032, -75.0);
        }
        assert_eq!(gatherer.moment(secs(2.4)).voice, Err(Absence::NoSpeech));
    }

    #[test]
    fn what_was_lost_says_so_and_a_dead_stage_stays_dead() {
        let mut gatherer = gatherer();
        gatherer.observe(Modality::Face, said(1.0), secs(1.0));
        gatherer.source_lost(Modality::Face, Some(Absence::SourceLost));
        assert_eq!(gatherer.moment(secs(1.1)).face, Err(Absence::SourceLost));
        gatherer.source_lost(Modality::Face, None);
        assert!(gatherer.moment(secs(1.1)).face.is_ok());

        gatherer.switch(Modality::Face, Some(Absence::StageFailed));
        gatherer.source_lost(Modality::Face, None);
        assert_eq!(gatherer.moment(secs(1.1)).face, Err(Absence::StageFailed));
    }

    #[test]
    fn somebody_else_has_not_said_it() {
        let mut gatherer = gatherer();
        for modality in Modality::ALL {
            gatherer.observe(modality, said(1.0), secs(1.0));
        }

        gatherer.afresh();

        let moment = gatherer.moment(secs(1.1));
        assert!(moment.face.is_ok());
        assert_eq!((moment.voice, moment.words), (Err(Absence::NoSpeech), Err(Absence::NoWords)));
    }
}
