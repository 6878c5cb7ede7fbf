//! What is known at a time: the newest evidence of each modality that isn't too old, or why there is none.

use serde::Deserialize;
use serde::Serialize;

use crate::signal::Absence;
use crate::signal::Evidence;
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
}

impl Default for GatherSettings {
    fn default() -> Self {
        Self { face_secs: 0.5, voice_secs: 1.0, words_secs: 15.0 }
    }
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
    face: Presence,
    voice: Presence,
    words: Presence,
    off: [Option<Absence>; 3],
    level: Option<Timestamped<Level>>,
}

impl Gatherer {
    /// Nothing known: each modality is absent for want of a source until something comes.
    #[must_use]
    pub const fn new(settings: GatherSettings) -> Self {
        Self {
            settings,
            face: Err(Absence::NoSource),
            voice: Err(Absence::NoSource),
            words: Err(Absence::NoSource),
            off: [None, None, None],
            level: None,
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
        let (presence, absence) = match modality {
            Modality::Face => (&mut self.face, Absence::NoFace),
            Modality::Voice => (&mut self.voice, Absence::NoSpeech),
            Modality::Words => (&mut self.words, Absence::NoWords),
        };
        if presence.is_err() {
            *presence = Err(absence);
        }
    }

    /// A modality whose source is gone for this reason, or (`None`) is there: what it said stands until it is too old.
    pub fn source_lost(&mut self, modality: Modality, why: Option<Absence>) {
        let place = self.off.get_mut(modality.index());
        if let Some(place) = place.filter(|off| !matches!(off, Some(Absence::NoModel | Absence::StageFailed))) {
            *place = why;
        }
    }

    /// What one modality has to say, or that it has nothing to say.
    pub fn observe(&mut self, modality: Modality, presence: Presence) {
        match modality {
            Modality::Face => self.face = presence,
            // Between windows of talk the last reading stands until it is too old.
            Modality::Voice => self.voice = presence,
            Modality::Words => self.words = presence,
        }
    }

    /// What the microphone hears.
    pub fn hear(&mut self, level: Timestamped<Level>) {
        self.level = Some(level);
    }

    /// What the microphone heard last.
    #[must_use]
    pub const fn level(&self) -> Option<&Timestamped<Level>> {
        self.level.as_ref()
    }

    /// Forgets all that was said and shown, not which modalities are off.
    pub fn restart(&mut self) {
        self.face = Err(Absence::NoSource);
        self.voice = Err(Absence::NoSource);
        self.words = Err(Absence::NoSource);
        self.level = None;
    }

    /// What is known at `at`.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> Moment {
        let speaking = self.level.as_ref().is_some_and(|level| level.value.is_speech);
        let silent = if speaking { Absence::TooShort } else { Absence::NoSpeech };
        let mut voice = fresh(&self.voice, at, self.settings.voice_secs, &silent);
        if voice == Err(Absence::NoSpeech) && speaking {
            voice = Err(Absence::TooShort);
        }
        let mut moment = Moment {
            at,
            face: fresh(&self.face, at, self.settings.face_secs, &Absence::TooOld),
            voice,
            words: fresh(&self.words, at, self.settings.words_secs, &Absence::TooOld),
        };
        for modality in Modality::ALL {
            if let Some(Some(absence)) = self.off.get(modality.index()) {
                *moment.of_mut(modality) = Err(absence.clone());
            }
        }
        moment
    }
}

fn fresh(presence: &Presence, at: Timestamp, most_secs: f32, stale: &Absence) -> Presence {
    match presence {
        Ok(evidence) if is_fresh(evidence, at, most_secs) => Ok(evidence.clone()),
        Ok(_) => Err(stale.clone()),
        Err(absence) => Err(absence.clone()),
    }
}

fn is_fresh(evidence: &Timestamped<Evidence>, at: Timestamp, most_secs: f32) -> bool {
    evidence.age(at).as_secs_f32() <= most_secs
}
