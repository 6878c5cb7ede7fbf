//! Trouble made on purpose, before any network sees the input: for demos, checks, and to train and measure with.
//!
//! | file      | does                                                          |
//! |-----------|---------------------------------------------------------------|
//! | `bursts`  | when trouble is on                                            |
//! | `picture` | darkens, blurs, covers or freezes pictures                    |
//! | `sound`   | mutes, adds noise or babble, or puts another voice in place   |
//! | `words`   | drops or mishears words                                       |
//!
//! # Why
//!
//! What is done to the input is found again, or not, by the qualities that the stages measure themselves; noise added to
//! features would leave the qualities as they were, and a fusion trained on that would learn nothing that is there live.

mod bursts;
mod picture;
mod sound;
mod words;

use std::sync::Arc;

pub use bursts::Bursts;
pub use picture::PictureSabotage;
pub use sound::Loudness;
pub use sound::SoundSabotage;
pub use sound::VOICES_RATE_HZ;
pub use words::WordsSabotage;

use crate::signal::Modality;

/// What is done to an input, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Sabotage {
    /// What.
    pub trouble: Trouble,
    /// Signal to noise, dB: of noise and babble.
    pub snr_db: f32,
    /// When.
    pub bursts: Bursts,
    /// Other people's speech, 16 kHz mono: for babble and another voice.
    pub voices: Arc<[f32]>,
    /// What chance there is in it comes from here.
    pub seed: u64,
}

impl Sabotage {
    /// What spoils its pictures.
    #[must_use]
    pub fn picture(&self) -> PictureSabotage {
        PictureSabotage::new(self.trouble, self.seed)
    }

    /// What spoils its sound, at `rate_hz`.
    #[must_use]
    pub fn sound(&self, rate_hz: u32) -> SoundSabotage {
        SoundSabotage::new(self.trouble, self.snr_db, self.voices.clone(), rate_hz, self.seed)
    }

    /// What spoils its words.
    #[must_use]
    pub fn words(&self) -> WordsSabotage {
        WordsSabotage::new(self.trouble, self.seed)
    }
}

/// Trouble in a live input, from when it is asked for until it isn't.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spoil {
    /// What.
    pub trouble: Trouble,
    /// Signal to noise, dB: of noise and babble.
    pub snr_db: f32,
}

impl Spoil {
    /// Whether it does the same: how loud it is makes a difference only where something is added.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let is_as_loud = (self.snr_db - other.snr_db).abs() < 0.5;
        self.trouble == other.trouble && (is_as_loud || !self.trouble.has_level())
    }
}

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The picture at a twenty-fifth of its brightness, with the noise that a camera has then.
    Dark,
    /// The picture out of focus: averaged over a thirtieth of its width.
    Blur,
    /// A flat patch over a third of the picture, where a face would be.
    Cover,
    /// The picture stands still.
    Freeze,
    /// No sound.
    Mute,
    /// Steady noise, falling with frequency.
    Noise,
    /// Many voices at once.
    Babble,
    /// Somebody else's voice instead.
    OtherVoice,
    /// No new words: those there grow old.
    StaleWords,
    /// Four words in ten are lost.
    DroppedWords,
    /// Three words in ten are taken for others.
    MisheardWords,
}

impl Trouble {
    /// All, in the order of the modalities.
    pub const ALL: [Self; 11] = [
        Self::Dark,
        Self::Blur,
        Self::Cover,
        Self::Freeze,
        Self::Mute,
        Self::Noise,
        Self::Babble,
        Self::OtherVoice,
        Self::StaleWords,
        Self::DroppedWords,
        Self::MisheardWords,
    ];

    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Blur => "blur",
            Self::Cover => "cover",
            Self::Freeze => "freeze",
            Self::Mute => "mute",
            Self::Noise => "noise",
            Self::Babble => "babble",
            Self::OtherVoice => "other-voice",
            Self::StaleWords => "stale-words",
            Self::DroppedWords => "dropped-words",
            Self::MisheardWords => "misheard-words",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// What it strikes. What strikes the sound strikes the words in it, too.
    #[must_use]
    pub const fn modality(self) -> Modality {
        match self {
            Self::Dark | Self::Blur | Self::Cover | Self::Freeze => Modality::Face,
            Self::Mute | Self::Noise | Self::Babble | Self::OtherVoice => Modality::Voice,
            Self::StaleWords | Self::DroppedWords | Self::MisheardWords => Modality::Words,
        }
    }

    /// Whether it is louder or softer than the speech.
    #[must_use]
    pub const fn has_level(self) -> bool {
        matches!(self, Self::Noise | Self::Babble)
    }

    /// Whether it needs other voices.
    #[must_use]
    pub const fn needs_voices(self) -> bool {
        matches!(self, Self::Babble | Self::OtherVoice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_trouble() {
        for one in Trouble::ALL {
            assert_eq!(Trouble::from_name(one.name()), Some(one));
        }
        assert_eq!(Trouble::from_name("earthquake"), None);
    }

    #[test]
    fn only_noise_and_babble_are_another_trouble_at_another_level() {
        for trouble in Trouble::ALL {
            let [quiet, loud] = [10.0, 0.0].map(|snr_db| Spoil { trouble, snr_db });

            assert!(quiet.is_like(&quiet));
            assert_eq!(quiet.is_like(&loud), !matches!(trouble, Trouble::Noise | Trouble::Babble));
        }
    }
}
