//! Trouble with words.

use fastrand::Rng;

use crate::capture::sabotage::Trouble;

/// Spoils what was understood.
#[derive(Debug, Clone)]
pub struct WordsSabotage {
    trouble: Trouble,
    rng: Rng,
}

const DROPPED: f32 = 0.4;
const MISHEARD: f32 = 0.3;
/// Short, frequent and without a feeling of their own: what speech recognition puts where it hears badly.
const TAKEN_FOR: [&str; 24] = [
    "and", "the", "a", "to", "of", "in", "it", "was", "for", "on", "at", "by", "they", "where", "four", "there",
    "then", "some", "one", "two", "here", "or", "as", "is",
];

impl WordsSabotage {
    /// Trouble of this kind; the same seed spoils the same text alike.
    #[must_use]
    pub fn new(trouble: Trouble, seed: u64) -> Self {
        Self { trouble, rng: Rng::with_seed(seed) }
    }

    /// What is left of a text, or nothing.
    pub fn spoil(&mut self, text: &str) -> Option<String> {
        let mut kept = Vec::new();
        for word in text.split_whitespace() {
            match self.trouble {
                Trouble::StaleWords => return None,
                Trouble::DroppedWords if self.rng.f32() < DROPPED => {}
                Trouble::MisheardWords if self.rng.f32() < MISHEARD => {
                    kept.push(self.rng.choice(TAKEN_FOR).unwrap_or(word));
                }
                _ => kept.push(word),
            }
        }
        (!kept.is_empty()).then(|| kept.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "I can't believe it really worked the first time we tried it";

    #[test]
    fn words_are_lost_or_taken_for_others_about_as_often_as_promised() {
        let (mut dropped, mut misheard) =
            (WordsSabotage::new(Trouble::DroppedWords, 1), WordsSabotage::new(Trouble::MisheardWords, 1));
        let (mut lost, mut other) = (0, 0);
        for _ in 0..200 {
            lost += 12 - dropped.spoil(TEXT).map_or(0, |text| text.split(' ').count());
            let heard = misheard.spoil(TEXT).unwrap();
            other += heard.split(' ').zip(TEXT.split(' ')).filter(|(a, b)| a != b).count();
        }

        assert!((800..1100).contains(&lost), "{lost}");
        assert!((600..820).contains(&other), "{other}");
    }

    #[test]
    fn stale_words_are_none_and_other_trouble_leaves_them() {
        assert_eq!(WordsSabotage::new(Trouble::StaleWords, 1).spoil(TEXT), None);
        assert_eq!(WordsSabotage::new(Trouble::Dark, 1).spoil(TEXT).as_deref(), Some(TEXT));
    }
}
