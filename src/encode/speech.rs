//! Speech to words.

use std::sync::Once;

use serde::Deserialize;
use serde::Serialize;
use whisper_rs::FullParams;
use whisper_rs::SamplingStrategy;
use whisper_rs::WhisperContext;
use whisper_rs::WhisperContextParameters;
use whisper_rs::WhisperState;

use crate::encode::language::Language;
use crate::encode::language::LanguageTeller;
use crate::encode::language::quiet;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::signal::Utterance;

/// Which Whisper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhisperModel {
    /// English, 74 M parameters.
    #[default]
    BaseEn,
    /// Many languages, 39 M parameters in five bits: for slow machines.
    Tiny,
}

/// How speech becomes words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechSettings {
    /// Which Whisper.
    pub model: WhisperModel,
    /// Threads for it; 0 leaves it to the pipeline, or else is one.
    pub threads: usize,
    /// Words of a lower confidence are dropped, 0..=1.
    pub min_confidence: f32,
    /// Speech that is less likely English isn't transcribed, 0..=1.
    pub min_english: f32,
    /// Shorter utterances aren't transcribed, seconds of speech.
    pub min_secs: f32,
}

impl Default for SpeechSettings {
    fn default() -> Self {
        Self { model: WhisperModel::BaseEn, threads: 0, min_confidence: 0.5, min_english: 0.5, min_secs: 0.25 }
    }
}

/// What became of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was understood.
    Words {
        /// What was said.
        text: String,
        /// Geometric mean of the tokens' probabilities, 0..=1.
        confidence: f32,
    },
    /// It was in another language: its English name.
    OtherLanguage(String),
    /// It was too short, or what came out can't be trusted: why.
    Dropped(&'static str),
}

/// Whisper, with a context that fits the utterance, and a check of the language.
///
/// [`read`](Self::read) does one after the other; whoever has threads has both done side by side by
/// [`listeners`](Self::listeners), and then [`conclude`](Self::conclude)s.
pub struct SpeechReader {
    transcriber: Transcriber,
    language: LanguageTeller,
    habit: Habit,
    settings: SpeechSettings,
}

/// Words out of sound, whatever language it is in.
pub struct Transcriber {
    state: WhisperState,
    end_of_text: i32,
    threads: usize,
    samples: Vec<f32>,
    positions: usize,
}

/// Words, if they are any, before it is known whether they can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// The words; empty if there are none.
    pub text: String,
    /// Geometric mean of the tokens' probabilities, 0..=1.
    pub confidence: f32,
}

/// In which language was spoken lately: a word or two alone don't tell.
#[derive(Debug, Clone, Copy, Default)]
struct Habit {
    english_secs: f32,
    secs: f32,
    /// Utterances whose language was told.
    told: u32,
    /// Utterances since the last whose language was told.
    taken_for_granted: u32,
}

impl Habit {
    /// How likely English is spoken, 0..=1, from this utterance and those before, which count less and less.
    fn weigh(&mut self, english: f32, secs: f32) -> f32 {
        const KEPT: f32 = 0.7;
        self.english_secs = self.english_secs * KEPT + english * secs;
        self.secs = self.secs * KEPT + secs;
        self.told += 1;
        self.taken_for_granted = 0;
        self.english()
    }

    fn english(&self) -> f32 {
        if self.secs > 0.0 { self.english_secs / self.secs } else { 0.0 }
    }

    /// Whether English can be taken for granted once more: so far it was nothing else, and that isn't long ago.
    fn is_settled(&self) -> bool {
        self.told >= SETTLED_AFTER && self.english() >= SURELY_ENGLISH && self.taken_for_granted < GRANTED_AT_MOST
    }
}

/// After so many utterances that were surely English the language isn't asked for every time: it takes time beside the words.
const SETTLED_AFTER: u32 = 2;
const SURELY_ENGLISH: f32 = 0.9;
const GRANTED_AT_MOST: u32 = 3;
/// What is understood less surely may be in another language after all.
const CLEARLY_UNDERSTOOD: f32 = 0.75;
const RATE: usize = 16_000;
const TOO_SHORT: &str = "too short to be a word";
/// Encoder positions per second of sound.
const POSITIONS_PER_SEC: usize = 50;
const MARGIN_POSITIONS: usize = 128;
const LEAST_POSITIONS: usize = 256;
const MOST_POSITIONS: usize = 1500;
/// More tokens than anybody speaks: a decoder that has lost its way ends here.
const TOKENS_PER_SEC: usize = 8;
const TOKENS_MARGIN: usize = 12;
/// How long the context is at each try, in halves of what the sound asks for: what repeats itself mostly needs a little more
/// only, and time goes with the square.
const STRETCHES: [usize; 3] = [2, 3, 6];
const REPEATS: usize = 3;
/// From so many words on, twice is once too often.
const LONG_WORDS: usize = 5;
const LONG_REPEATS: usize = 2;
const LONGEST_REPEATED: usize = 12;
/// A piece of a word that stands so often in a row is no word.
const PIECE_REPEATS: usize = 8;
const LONGEST_PIECE: usize = 4;
/// So many words that come again later on are a reason to listen once more.
const RECURRING_WORDS: usize = 6;

impl SpeechReader {
    /// Loads Whisper and the multilingual one for the language.
    ///
    /// # Errors
    ///
    /// If a file is missing, another one, or can't be read.
    pub fn load(manifest: &Manifest, settings: SpeechSettings) -> Result<Self, ModelError> {
        static SILENCED: Once = Once::new();
        SILENCED.call_once(whisper_rs::install_logging_hooks);
        let model = match settings.model {
            WhisperModel::BaseEn => "whisper_base_en",
            WhisperModel::Tiny => "whisper_tiny",
        };
        let path = manifest.verified(model)?;
        let failed = |error: whisper_rs::WhisperError| ModelError::Unreadable {
            model: model.to_owned(),
            detail: error.to_string(),
            path: path.clone(),
        };
        let context = WhisperContext::new_with_params(&path, WhisperContextParameters::default()).map_err(failed)?;
        let state = context.create_state().map_err(failed)?;
        let end_of_text = context.token_eot();
        let threads = settings.threads.max(1);
        let language = LanguageTeller::load(manifest, threads)?;
        let transcriber = Transcriber { state, end_of_text, threads, samples: Vec::new(), positions: 0 };
        Ok(Self { transcriber, language, habit: Habit::default(), settings })
    }

    /// Forgets in which language was spoken: another recording, another person.
    pub fn restart(&mut self) {
        self.habit = Habit::default();
    }

    /// Turns an utterance into words.
    ///
    /// # Errors
    ///
    /// If Whisper fails.
    pub fn read(&mut self, utterance: &Utterance) -> Result<Outcome, ModelError> {
        if self.is_too_short(utterance) {
            return Ok(Outcome::Dropped(TOO_SHORT));
        }
        let (told, heard) = self.listen(utterance)?;
        Ok(self.conclude(utterance, told.as_ref(), heard))
    }

    /// The words, then the language unless it [can be taken for granted](Self::is_settled).
    ///
    /// # Errors
    ///
    /// If Whisper fails.
    pub fn listen(&mut self, utterance: &Utterance) -> Result<(Option<Language>, Hypothesis), ModelError> {
        let heard = self.transcriber.transcribe(&utterance.samples)?;
        let is_granted = self.is_settled() && heard.confidence >= CLEARLY_UNDERSTOOD;
        let told = if is_granted { None } else { Some(self.language.tell(&utterance.samples)?) };
        Ok((told, heard))
    }

    /// Whether there is too little in an utterance to be worth listening to.
    #[must_use]
    pub fn is_too_short(&self, utterance: &Utterance) -> bool {
        utterance.speech_secs < self.settings.min_secs
    }

    /// Whether the language need not be told of what is clearly understood: it has been English lately.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.habit.is_settled()
    }

    /// What tells the language, and what tells the words.
    pub const fn listeners(&mut self) -> (&mut LanguageTeller, &mut Transcriber) {
        (&mut self.language, &mut self.transcriber)
    }

    /// What becomes of an utterance that isn't too short and sounds like this. To be called once for each, in order: what was spoken lately
    /// counts.
    ///
    /// Without its language (see [`listen`](Self::listen)) it is taken for English.
    pub fn conclude(&mut self, utterance: &Utterance, told: Option<&Language>, heard: Hypothesis) -> Outcome {
        match told {
            Some(told) => {
                let english = self.habit.weigh(told.english, utterance.speech_secs);
                if english < self.settings.min_english && told.code != "en" {
                    return Outcome::OtherLanguage(told.name.to_owned());
                }
            }
            None => self.habit.taken_for_granted += 1,
        }
        let Hypothesis { text, confidence } = heard;
        if text.is_empty() {
            return Outcome::Dropped("no words in it");
        }
        if confidence < self.settings.min_confidence {
            return Outcome::Dropped("not understood well enough");
        }
        if repeats(&text) {
            return Outcome::Dropped("only repetitions");
        }
        if is_of_another_script(&text) {
            return Outcome::Dropped("not English words");
        }
        Outcome::Words { text, confidence }
    }
}

impl Transcriber {
    /// The words in samples (16 kHz). Those that repeat themselves are listened to again, in a longer context.
    ///
    /// # Errors
    ///
    /// If Whisper fails.
    pub fn transcribe(&mut self, samples: &[f32]) -> Result<Hypothesis, ModelError> {
        let mut heard = Hypothesis { text: String::new(), confidence: 0.0 };
        for halves in STRETCHES {
            heard = self.listen(samples, halves)?;
            if !repeats(&heard.text) && !recurs(&heard.text) {
                break;
            }
        }
        Ok(heard)
    }

    /// The encoder's context of the last transcription, in positions of 20 ms.
    #[must_use]
    pub const fn positions(&self) -> usize {
        self.positions
    }

    /// The context is `halves` / 2 times as long as the sound asks for.
    fn listen(&mut self, samples: &[f32], halves: usize) -> Result<Hypothesis, ModelError> {
        let failed = |error: whisper_rs::WhisperError| ModelError::Run {
            model: "whisper".to_owned(),
            detail: error.to_string(),
        };
        self.samples.clear();
        self.samples.extend_from_slice(samples);
        self.samples.resize(samples.len().max(RATE) + RATE / 5, 0.0);
        let threads = i32::try_from(self.threads).unwrap_or(1);
        self.positions = positions(self.samples.len(), halves);
        let parameters = parameters(self.samples.len(), self.positions, threads);
        self.state.full(parameters, &self.samples).map_err(failed)?;

        let mut text = String::new();
        let (mut log_sum, mut tokens) = (0.0f32, 0.0f32);
        for segment in self.state.as_iter() {
            text.push_str(&segment.to_str_lossy().map_err(failed)?);
            for token in (0..segment.n_tokens()).filter_map(|at| segment.get_token(at)) {
                if token.token_id() < self.end_of_text {
                    log_sum += token.token_probability().max(1e-6).ln();
                    tokens += 1.0;
                }
            }
        }
        let confidence = if tokens > 0.0 { (log_sum / tokens).exp() } else { 0.0 };
        Ok(Hypothesis { text: without_remarks(&text), confidence })
    }
}

/// As many positions as the sound has, and some; `halves` / 2 times as many.
fn positions(samples: usize, halves: usize) -> usize {
    let positions = (samples * POSITIONS_PER_SEC / RATE + MARGIN_POSITIONS) * halves / 2;
    positions.clamp(LEAST_POSITIONS, MOST_POSITIONS)
}

/// Greedy, one segment, no memory of what was said before, no second tries; the encoder's context is as long as the
/// sound.
#[must_use]
fn parameters<'a>(samples: usize, positions: usize, threads: i32) -> FullParams<'a, 'a> {
    let seconds = samples.div_ceil(RATE);
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_audio_ctx(i32::try_from(positions).unwrap_or(0));
    parameters.set_n_threads(threads);
    parameters.set_language(Some("en"));
    parameters.set_no_context(true);
    parameters.set_single_segment(true);
    parameters.set_max_tokens(i32::try_from(seconds * TOKENS_PER_SEC + TOKENS_MARGIN).unwrap_or(0));
    parameters.set_temperature_inc(0.0);
    parameters.set_suppress_blank(true);
    parameters.set_suppress_nst(true);
    quiet(&mut parameters);
    parameters
}

/// The text without remarks on sounds, which stand in brackets or between notes.
fn without_remarks(text: &str) -> String {
    let mut depth = 0usize;
    let mut words = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            '♪' | '*' => {}
            _ if depth == 0 => words.push(letter),
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().any(char::is_alphanumeric) { words } else { String::new() }
}

/// Whether up to four words stand three times in a row, or five to twelve twice, or a piece of a word eight times: what
/// Whisper does when it hears nothing it knows, or when its context is too short for the sound.
fn repeats(text: &str) -> bool {
    let words = bare_words(text);
    words.iter().any(|word| stutters(word))
        || (1..=LONGEST_REPEATED).any(|len| {
            let times = if len < LONG_WORDS { REPEATS } else { LONG_REPEATS };
            words.windows(len * times).any(|run| {
                let mut parts = run.chunks_exact(len);
                let first = parts.next();
                (len > 1 || run.len() > 2) && parts.all(|part| Some(part) == first)
            })
        })
}

fn stutters(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    (1..=LONGEST_PIECE).any(|len| {
        letters.windows(len * PIECE_REPEATS).any(|run| {
            let mut pieces = run.chunks_exact(len);
            let first = pieces.next();
            pieces.all(|piece| Some(piece) == first)
        })
    })
}

/// Whether most letters are none that English is written in.
fn is_of_another_script(text: &str) -> bool {
    let letters = text.chars().filter(|letter| letter.is_alphabetic());
    let (mut own, mut foreign) = (0usize, 0usize);
    for letter in letters {
        *if letter.is_ascii() { &mut own } else { &mut foreign } += 1;
    }
    foreign > own
}

/// Whether a long run of words comes again, with others between: people seldom do that within one breath.
fn recurs(text: &str) -> bool {
    let words = bare_words(text);
    let runs: Vec<_> = words.windows(RECURRING_WORDS).collect();
    runs.iter().enumerate().any(|(at, run)| runs.iter().skip(at + RECURRING_WORDS).any(|later| later == run))
}

fn bare_words(text: &str) -> Vec<String> {
    let bare = |word: &str| word.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    text.split_whitespace().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_granted_for_a_while_once_it_was_clear() {
        let mut habit = Habit::default();
        assert!(!habit.is_settled(), "nothing was said yet");
        for _ in 0..SETTLED_AFTER {
            assert!(!habit.is_settled());
            habit.weigh(0.99, 2.0);
        }
        for _ in 0..GRANTED_AT_MOST {
            assert!(habit.is_settled());
            habit.taken_for_granted += 1;
        }
        assert!(!habit.is_settled(), "it is time to ask again");

        habit.weigh(0.2, 2.0);
        assert!(!habit.is_settled(), "it is another language now");
    }

    #[test]
    fn remarks_on_sounds_are_no_words() {
        assert_eq!(without_remarks(" [Music] Hello (sighs) there. ♪"), "Hello there.");
        assert_eq!(without_remarks("(wind blowing) ..."), "");
    }

    #[test]
    fn repetitions_are_found() {
        assert!(repeats("thank you thank you thank you"));
        assert!(repeats("no, no, no"));
        assert!(!repeats("I know that you know that I know"));
        assert!(repeats("na 밀밀밀밀밀밀밀밀") && repeats("hahahahahahahahaha") && !repeats("hahaha, sooo good"));
    }

    #[test]
    fn english_is_written_in_its_own_letters() {
        assert!(is_of_another_script("안녕하 oh"));
        assert!(!is_of_another_script("a naïve café") && !is_of_another_script("42"));
    }

    #[test]
    fn what_comes_again_later_is_found() {
        assert!(recurs("Oh wow, I did not expect that. What a surprise. Oh wow, I did not expect that."));
        assert!(!recurs("I did not expect that, and what did you expect of me?"));
    }
}
