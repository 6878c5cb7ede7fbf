//! What was done, in words.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

/// What was done, so that it can be done again.
#[derive(Debug, Clone, Serialize)]
pub struct Protocol {
    /// The program's version.
    pub program: &'static str,
    /// The same as all of this, in sentences.
    pub text: Vec<String>,
    /// The list of recordings, as it was named.
    pub list: String,
    /// Recordings in the list.
    pub recordings: usize,
    /// Recordings that everything is about: those that could be read each time.
    pub measured: usize,
    /// People in the list, if it names them.
    pub speakers: Option<usize>,
    /// How often each label is given, among those measured.
    pub labels: BTreeMap<&'static str, usize>,
    /// `off`, `file` or `speaker`.
    pub adapt: &'static str,
    /// Where chance begins.
    pub seed: u64,
    /// Troubles made on purpose.
    pub troubles: Vec<&'static str>,
    /// Signal to noise of noise and babble, dB.
    pub snr_db: f32,
    /// How often people (or recordings) were drawn for the intervals.
    pub resamples: usize,
    /// What was drawn: `speakers` or `recordings`.
    pub resampled: &'static str,
    /// The fusion that people get.
    pub shipped: String,
    /// The fusions that were measured.
    pub fusions: Vec<String>,
    /// Those that weren't, and why.
    pub left_out: Vec<LeftOut>,
    /// Modalities that are off, and why.
    pub off: Vec<LeftOut>,
    /// The settings of the stages.
    pub settings: Value,
    /// Name in the manifest → sha256.
    pub models: Map<String, Value>,
    /// Recordings that couldn't be read, and why: in no figure.
    pub failed: Vec<Failed>,
    /// Recordings that could be read in part, and why: that part is in the figures.
    pub damaged: Vec<Failed>,
}

/// What isn't there, and why.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// A sentence.
    pub why: String,
}

/// A recording with which something was wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Failed {
    /// As the list has it.
    pub file: String,
    /// What.
    pub why: String,
}

impl Protocol {
    /// Says all of it in sentences.
    #[must_use]
    pub fn told(mut self) -> Self {
        let mut text = vec![
            format!(
                "Circumplex {} read the {} recordings of {} as fast as the machine allows; {} could be read and are measured. \
                 Whether any network was trained on these people the program doesn't know: the models' cards say on whom.",
                self.program, self.recordings, self.list, self.measured
            ),
            adapt(self.adapt).to_owned(),
        ];
        text.push(if self.troubles.is_empty() {
            "Only clean input was read.".to_owned()
        } else {
            format!(
                "Each recording was read clean and with each of {} troubles ({}), which were made in bursts of 1 to 5 s before \
                 any network saw the input; noise and babble at {} dB. What is known of a person is learned from the same \
                 spoilt input.",
                self.troubles.len(),
                self.troubles.join(", "),
                self.snr_db
            )
        });
        text.push(format!(
            "What was known every 100 ms was given to each fusion ({}; the one that answers is {}), begun afresh for each recording and each \
             subset of modalities. Live a fusion is asked every 40 ms and in analyze every 50 ms; networks are told how long ago the \
             last answer was.",
            self.fusions.join(", "),
            self.shipped
        ));
        text.push(
            "A recording's label is the largest in the mean of its rows' log-probabilities. A recording without a reading is \
             wrong. Recalls and F1 are averaged over the labels that the list has."
                .to_owned(),
        );
        text.push(format!(
            "Intervals hold 95 % of {} draws of {} with replacement; differences are taken draw by draw. Where there is no \
             interval there are too few to draw from. The seed of all that is chance was {}.",
            self.resamples, self.resampled, self.seed
        ));
        self.text = text;
        self
    }
}

fn adapt(adapt: &str) -> &'static str {
    match adapt {
        "off" => "Nothing was ever known of a person: each reading is against the mean of all people.",
        "speaker" => {
            "What was known of a person was carried from one of their recordings to the next, in an order drawn by the seed; \
             nothing was known before the first. No label is used for it."
        }
        _ => "What was known of a person began at nothing in each recording. No label is used for it.",
    }
}
