//! How well a run follows what the synthetic participant is known to show and to say.

use serde_json::Value;
use serde_json::json;

use crate::capture::synthetic::Script;
use crate::pipeline::Tick;
use crate::report::understood;
use crate::report::words;
use crate::signal::Modality;
use crate::signal::Transcript;
use crate::time::Timestamp;

/// A sentence counts as said when its transcript has had this long to come, seconds.
const UNDERSTOOD_WITHIN_SECS: f64 = 2.5;

/// What was read of the synthetic participant, beside what is known of them.
pub(super) struct Followed {
    script: Script,
    begun: Timestamp,
    until_secs: f64,
    answers: u64,
    faces: u64,
    valence: Vec<(f64, f64)>,
    arousal: Vec<(f64, f64)>,
    heard: Vec<String>,
}

impl Followed {
    /// Follows the script that began at `begun`; `None` if it can't be read.
    pub(super) fn from(begun: Timestamp) -> Option<Self> {
        let script = Script::new().ok()?;
        let (valence, arousal, heard) = (Vec::new(), Vec::new(), Vec::new());
        Some(Self { script, begun, until_secs: 0.0, answers: 0, faces: 0, valence, arousal, heard })
    }

    pub(super) fn tick(&mut self, tick: &Tick) {
        if tick.moment.at < self.begun {
            return;
        }
        self.until_secs = tick.moment.at.since(self.begun).as_secs_f64();
        self.answers += 1;
        self.faces += u64::from(tick.moment.of(Modality::Face).is_ok());
        if let Some(fused) = &tick.fused {
            let (valence, arousal) = self.script.affect_at(self.until_secs);
            let read = &fused.reading.affect;
            self.valence.push((f64::from(valence), f64::from(read.valence.get())));
            self.arousal.push((f64::from(arousal), f64::from(read.arousal.get())));
        }
    }

    pub(super) fn transcript(&mut self, transcript: &Transcript) {
        self.heard.extend(words(&transcript.text));
    }

    /// Shares of faces and words, and Pearson's r of what was read against the script at the same time: nothing is
    /// shifted, so whatever the reading lags behind counts against it.
    pub(super) fn value(&self) -> Value {
        let said = self.said();
        let found = understood(&said, &self.heard);
        json!({
            "seconds": self.until_secs,
            "face_share": self.faces as f64 / self.answers.max(1) as f64,
            "words_said": said.len(), "words_heard": self.heard.len(), "words_understood": found,
            "words_share": found as f64 / said.len().max(1) as f64,
            "valence_r": correlation(&self.valence), "arousal_r": correlation(&self.arousal),
        })
    }

    /// The words of the sentences that could have been understood by now.
    fn said(&self) -> Vec<String> {
        let length = self.script.duration_secs();
        let rounds = (self.until_secs / length).ceil() as u32;
        (0..rounds)
            .flat_map(|round| self.script.sentences().iter().map(move |sentence| (round, sentence)))
            .filter(|(round, sentence)| {
                f64::from(*round) * length + sentence.end_secs + UNDERSTOOD_WITHIN_SECS <= self.until_secs
            })
            .flat_map(|(_, sentence)| words(&sentence.text))
            .collect()
    }
}

/// Pearson's r; `None` where one of the two doesn't move.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for pair in pairs {
        let (a, b) = (pair.0 - x, pair.1 - y);
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    (xx > 1e-12 && yy > 1e-12).then(|| xy / (xx * yy).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_together_correlates() {
        assert!((correlation(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap() - 1.0).abs() < 1e-9);
        assert!((correlation(&[(0.0, 1.0), (1.0, -3.0), (2.0, -7.0)]).unwrap() + 1.0).abs() < 1e-9);
        assert_eq!(correlation(&[(0.0, 1.0), (1.0, 1.0)]), None);
    }

    #[test]
    fn only_what_could_be_understood_by_now_counts_as_said() {
        let mut followed = Followed::from(Timestamp::ZERO).unwrap();
        assert!(followed.said().is_empty());

        followed.until_secs = followed.script.duration_secs();
        let once = followed.said().len();
        followed.until_secs += followed.script.duration_secs();

        assert!(once > 10 && followed.said().len() >= 2 * once);
    }
}
