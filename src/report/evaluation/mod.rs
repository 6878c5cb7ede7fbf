//! How right the program is about recordings whose labels others gave.
//!
//! | file       | has                                                                     |
//! |------------|-------------------------------------------------------------------------|
//! | `list`     | the recordings and what was given                                       |
//! | `take`     | what was found of one recording                                         |
//! | `estimate` | figures with intervals: people drawn again from those there are         |
//! | `scores`   | labels: fusions, subsets of modalities, troubles                        |
//! | `sureness` | calibration, risk over coverage, abstention                             |
//! | `affect`   | valence and arousal, and their bands                                    |
//! | `gates`    | whether gates find what is spoilt                                       |
//! | `protocol` | what was done, in words                                                 |
//! | `page`     | all of it as one page to read                                           |

mod affect;
mod estimate;
mod gates;
mod list;
mod page;
mod protocol;
mod scores;
mod sureness;
mod take;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::measure::Confusion;
use crate::report::ReportError;
use crate::report::evaluation::estimate::Draws;
use crate::report::whole::Mean;
use crate::signal::Label;
use crate::signal::Modality;

pub use affect::AffectScore;
pub use affect::BandScore;
pub use estimate::Estimate;
pub use gates::GateScore;
pub use list::Item;
pub use list::ListError;
pub use list::read_list;
pub use protocol::Failed;
pub use protocol::LeftOut;
pub use protocol::Protocol;
pub use scores::ConfusionTable;
pub use scores::Difference;
pub use scores::MEAN_OF_TROUBLES;
pub use scores::Score;
pub use scores::SpeakerScore;
pub use sureness::Abstention;
pub use sureness::CalibrationOf;
pub use sureness::Sureness;
pub use take::Role;
pub use take::Take;

/// How often people are drawn.
pub const RESAMPLES: usize = 1000;

/// All that was found.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The recordings that could be read.
    pub items: Vec<Item>,
    /// The fusions' names.
    pub fusions: Vec<String>,
    /// Which of them answers.
    pub shipped: usize,
    /// What was given to them; the first is clean.
    pub inputs: Vec<Kind>,
    /// By input, then as `items`.
    pub takes: Vec<Vec<Take>>,
    /// Where chance begins.
    pub seed: u64,
}

/// A kind of input.
#[derive(Debug, Clone)]
pub struct Kind {
    /// `clean`, or the trouble.
    pub name: String,
    /// Whom the trouble strikes.
    pub strikes: Option<Modality>,
}

/// One recording, as the shipped fusion reads it from all that is known on clean input.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// As the list has it.
    pub file: String,
    /// As the list has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// What was given.
    pub label: &'static str,
    /// What was read, if anything.
    pub read: Option<&'static str>,
    /// How sure it is of that.
    pub confidence: Option<f64>,
    /// Mean over the rows.
    pub valence: Option<f64>,
    /// Mean over the rows.
    pub arousal: Option<f64>,
}

/// The report.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// What was done.
    pub protocol: Protocol,
    /// Labels.
    pub scores: Vec<Score>,
    /// The gated fusion against each other one.
    pub differences: Vec<Difference>,
    /// Labels given against labels read: shipped fusion, clean, all modalities.
    pub confusion: ConfusionTable,
    /// The same, speaker by speaker.
    pub speakers: Vec<SpeakerScore>,
    /// Valence and arousal, where they were given.
    pub affect: Vec<AffectScore>,
    /// Their bands.
    pub bands: Vec<BandScore>,
    /// What is to be thought of bands.
    pub bands_note: &'static str,
    /// How sure recordings are read, and how right.
    pub recordings: Sureness,
    /// How sure rows are read, and how right.
    pub rows: Sureness,
    /// The calibration of each input.
    pub calibration: Vec<CalibrationOf>,
    /// How often a label is kept back.
    pub abstention: Abstention,
    /// Whether gates find what is spoilt.
    pub gates: Vec<GateScore>,
    /// Each recording.
    pub outcomes: Vec<Outcome>,
}

const UNVERIFIED: &str = "No valence and arousal were given: the bands of face, voice and fused are unverified here.";
const VERIFIED: &str = "Where no valence and arousal were given, the bands of face, voice and fused are unverified. A value \
                        given for a whole recording is held against each of its rows: a row may rightly differ from it.";

impl Evaluation {
    /// All figures of what was found.
    #[must_use]
    pub fn of(measured: &Measured, protocol: Protocol) -> Self {
        let draws = Draws::new(measured.groups(), RESAMPLES, measured.seed);
        let scores = scores::Scores::of(measured, &draws);
        let bands = affect::bands(measured, &draws);
        Self {
            protocol,
            scores: scores.table(),
            differences: scores.differences("gated"),
            confusion: scores::confusion(measured),
            speakers: scores::speakers(measured),
            affect: affect::scores(measured, &draws),
            bands_note: if bands.is_empty() { UNVERIFIED } else { VERIFIED },
            bands,
            recordings: Sureness::of_recordings(measured, &draws),
            rows: Sureness::of_rows(measured, &draws),
            calibration: sureness::calibrations(measured),
            abstention: Abstention::of(measured, &draws),
            gates: gates::scores(measured, &draws),
            outcomes: measured.outcomes(),
        }
    }

    /// Writes `report.json` and `report.html` into `folder`.
    ///
    /// # Errors
    ///
    /// If they can't be written.
    pub fn write(&self, folder: &Path) -> Result<(), ReportError> {
        let text = serde_json::to_string_pretty(&rounded(serde_json::to_value(self)?))? + "\n";
        for (path, text) in Self::paths(folder).into_iter().zip([text, page::page(self)]) {
            let part = path.with_extension("part");
            fs::write(&part, text)?;
            fs::rename(&part, &path)?;
        }
        Ok(())
    }

    /// What [`write`](Self::write) writes.
    #[must_use]
    pub fn paths(folder: &Path) -> [PathBuf; 2] {
        ["report.json", "report.html"].map(|name| folder.join(name))
    }
}

/// Six places are enough for anybody.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or(Value::Null, |number| json!((number * 1e6).round() / 1e6))
        }
        Value::Array(all) => all.into_iter().map(rounded).collect(),
        Value::Object(all) => all.into_iter().map(|(name, one)| (name, rounded(one))).collect(),
        other => other,
    }
}

impl Item {
    fn given(&self, what: &str) -> Option<f64> {
        if what == "valence" { self.valence } else { self.arousal }
    }
}

impl Measured {
    /// The group of each recording: its speaker, or itself where there are no speakers.
    fn groups(&self) -> Vec<usize> {
        let mut names: Vec<_> = self.items.iter().filter_map(|item| item.speaker.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let group = |(at, item): (usize, &Item)| {
            item.speaker.as_deref().map_or(at, |speaker| names.partition_point(|name| *name < speaker))
        };
        self.items.iter().enumerate().map(group).collect()
    }

    fn recordings(&self, input: usize) -> impl Iterator<Item = (&Item, &Take)> {
        self.items.iter().zip(self.takes.get(input).into_iter().flatten())
    }

    fn shipped_mean(&self, take: &Take) -> Option<Mean> {
        take.cells.get(self.shipped)?.last()?.mean
    }

    fn shipped_readings(&self) -> Vec<Option<Label>> {
        self.recordings(0).map(|(_, take)| self.shipped_mean(take).map(|mean| mean.label)).collect()
    }

    fn confusion(&self, read: &[Option<Label>], weights: &[f64]) -> Confusion {
        let mut confusion = Confusion::new(Label::COUNT);
        for ((item, read), weight) in self.items.iter().zip(read).zip(weights) {
            confusion.add(item.label.index(), read.map(Label::index), *weight);
        }
        confusion
    }

    /// Share of recordings with any reading, share of rows with one.
    fn coverage(&self, input: usize, fusion: usize, subset: usize) -> [Option<f64>; 2] {
        let cells = self.recordings(input).filter_map(|(_, take)| take.cells.get(fusion)?.get(subset));
        let (mut with, mut all, mut covered, mut rows) = (0u32, 0u32, 0u32, 0u32);
        for cell in cells {
            with += u32::from(cell.mean.is_some());
            all += 1;
            covered += cell.covered;
            rows += cell.rows;
        }
        [(with, all), (covered, rows)].map(|(part, whole)| (whole > 0).then(|| f64::from(part) / f64::from(whole)))
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |(item, take): (&Item, &Take)| {
            let mean = self.shipped_mean(take);
            Outcome {
                file: item.name.clone(),
                speaker: item.speaker.clone(),
                label: item.label.name(),
                read: mean.map(|mean| mean.label.name()),
                confidence: mean.map(|mean| mean.confidence()),
                valence: mean.map(|mean| mean.valence),
                arousal: mean.map(|mean| mean.arousal),
            }
        };
        self.recordings(0).map(outcome).collect()
    }
}
