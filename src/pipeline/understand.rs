//! Speech to words while it goes on: language and words side by side, and begun before it is known to have ended.

use std::thread;

use crate::encode::Hypothesis;
use crate::encode::Language;
use crate::encode::Outcome;
use crate::encode::SpeechReader;
use crate::model::ModelError;
use crate::signal::Utterance;

/// A speech reader that can be given drafts.
pub(super) struct Understanding {
    speech: SpeechReader,
    draft: Option<Draft>,
}

/// What was heard in an utterance before it was known to have ended.
struct Draft {
    utterance: Utterance,
    told: Option<Language>,
    heard: Hypothesis,
}

impl Understanding {
    pub(super) const fn of(speech: SpeechReader) -> Self {
        Self { speech, draft: None }
    }

    /// Gives the speech reader back.
    pub(super) fn into_reader(self) -> SpeechReader {
        self.speech
    }

    /// Another person: what was spoken before says nothing of their language.
    pub(super) fn restart(&mut self) {
        self.speech.restart();
        self.draft = None;
    }

    /// Begins work on an utterance that may go on: if it doesn't, [`read`](Self::read) has its answer at once.
    pub(super) fn draft(&mut self, utterance: Utterance) -> Result<(), ModelError> {
        self.draft = None;
        if !self.speech.is_too_short(&utterance) {
            let (told, heard) = self.listen(&utterance)?;
            self.draft = Some(Draft { utterance, told, heard });
        }
        Ok(())
    }

    /// Turns an utterance into words: as [`SpeechReader::read`], but sooner.
    pub(super) fn read(&mut self, utterance: &Utterance) -> Result<Outcome, ModelError> {
        let draft = self.draft.take().filter(|draft| is_all_of(&draft.utterance, utterance));
        let (told, heard) = match draft {
            Some(Draft { told, heard, .. }) => (told, heard),
            None if self.speech.is_too_short(utterance) => return self.speech.read(utterance),
            None => self.listen(utterance)?,
        };
        Ok(self.speech.conclude(utterance, told.as_ref(), heard))
    }

    /// Language and words; no language where it can be taken for granted.
    fn listen(&mut self, utterance: &Utterance) -> Result<(Option<Language>, Hypothesis), ModelError> {
        if self.speech.is_settled() {
            return self.speech.listen(utterance);
        }
        let (language, transcriber) = self.speech.listeners();
        thread::scope(|scope| {
            let told = scope.spawn(|| language.tell(&utterance.samples));
            let heard = transcriber.transcribe(&utterance.samples)?;
            let stopped = |_| ModelError::Run { model: "whisper".to_owned(), detail: "it stopped".to_owned() };
            Ok((Some(told.join().map_err(stopped)??), heard))
        })
    }
}

/// Whether nothing but silence has followed a draft.
fn is_all_of(draft: &Utterance, utterance: &Utterance) -> bool {
    (draft.speech_secs - utterance.speech_secs).abs() < 1e-6 && utterance.samples.starts_with(&draft.samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_the_whole_if_only_silence_follows() {
        let draft = Utterance { samples: vec![0.1, 0.2], speech_secs: 0.5 };
        let ended = Utterance { samples: vec![0.1, 0.2, 0.0], speech_secs: 0.5 };
        let went_on = Utterance { samples: vec![0.1, 0.2, 0.3], speech_secs: 0.6 };
        let another = Utterance { samples: vec![0.3, 0.2, 0.0], speech_secs: 0.5 };

        assert!(is_all_of(&draft, &ended));
        assert!(!is_all_of(&draft, &went_on) && !is_all_of(&draft, &another));
    }
}
