//! How many labels are right.

use serde::Serialize;

use crate::measure::Confusion;
use crate::pipeline::Subset;
use crate::report::evaluation::Measured;
use crate::report::evaluation::estimate::Draws;
use crate::report::evaluation::estimate::Estimate;
use crate::report::evaluation::take::Take;
use crate::signal::Label;

/// What stands for the mean over all troubles where an input is named.
pub const MEAN_OF_TROUBLES: &str = "mean of troubles";

/// One fusion, given one subset of the modalities, on one kind of input.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    /// Its name.
    pub fusion: String,
    /// What it was given.
    pub modalities: String,
    /// `clean`, the trouble, or [`MEAN_OF_TROUBLES`].
    pub input: String,
    /// Unweighted average recall over the labels in the list.
    pub uar: Estimate,
    /// Share of right ones.
    pub accuracy: Estimate,
    /// Mean F1 over the labels in the list.
    pub macro_f1: Estimate,
    /// Share of recordings with any reading.
    pub coverage: Option<f64>,
    /// Share of rows with a reading.
    pub row_coverage: Option<f64>,
}

/// How much better one fusion is than another on the same recordings and draws.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The one.
    pub fusion: String,
    /// The other, whose figure is taken off.
    pub than: String,
    /// `clean` or [`MEAN_OF_TROUBLES`].
    pub input: String,
    /// Of the unweighted average recall.
    pub uar: Estimate,
    /// Of the share of right ones.
    pub accuracy: Estimate,
    /// Of the mean F1.
    pub macro_f1: Estimate,
}

/// Labels given against labels read.
#[derive(Debug, Clone, Serialize)]
pub struct ConfusionTable {
    /// Rows.
    pub given: Vec<&'static str>,
    /// Columns; the last is no reading.
    pub read: Vec<&'static str>,
    /// How many recordings.
    pub counts: Vec<Vec<f64>>,
}

/// One speaker.
#[derive(Debug, Clone, Serialize)]
pub struct SpeakerScore {
    /// As the list has it.
    pub speaker: String,
    /// How many recordings.
    pub recordings: usize,
    /// Over the labels that the speaker was given.
    pub uar: Option<f64>,
    /// Share of right ones.
    pub accuracy: Option<f64>,
}

/// UAR, accuracy, macro F1.
type Figures = [Option<f64>; 3];
type Drawn = (Figures, Vec<Figures>);

/// Every fusion, subset and input.
pub(super) struct Scores<'a> {
    measured: &'a Measured,
    /// By input, fusion, subset.
    drawn: Vec<Vec<Vec<Drawn>>>,
}

impl<'a> Scores<'a> {
    pub(super) fn of(measured: &'a Measured, draws: &Draws) -> Self {
        let one = |input: usize, fusion: usize, subset: usize| {
            let read: Vec<_> = measured.recordings(input).map(|(_, take)| read(take, fusion, subset)).collect();
            draws.each(|weights| {
                let confusion = measured.confusion(&read, weights);
                [confusion.uar(), confusion.accuracy(), confusion.macro_f1()]
            })
        };
        let subsets = |input, fusion| (0..Subset::ALL.len()).map(|subset| one(input, fusion, subset)).collect();
        let fusions = |input| (0..measured.fusions.len()).map(|fusion| subsets(input, fusion)).collect();
        Self { measured, drawn: (0..measured.inputs.len()).map(fusions).collect() }
    }

    fn at(&self, input: usize, fusion: usize, subset: usize) -> Option<&Drawn> {
        self.drawn.get(input)?.get(fusion)?.get(subset)
    }

    /// Mean over all inputs but the clean one, draw by draw.
    fn mean_of_troubles(&self, fusion: usize, subset: usize) -> Option<Drawn> {
        let troubles: Vec<_> =
            (1..self.measured.inputs.len()).filter_map(|input| self.at(input, fusion, subset)).collect();
        let first = troubles.first()?;
        let all: Vec<_> = troubles.iter().map(|(all, _)| *all).collect();
        let draw = |at: usize| {
            let figures: Vec<_> = troubles.iter().filter_map(|(_, drawn)| drawn.get(at).copied()).collect();
            mean(&figures)
        };
        Some((mean(&all), (0..first.1.len()).map(draw).collect()))
    }

    pub(super) fn table(&self) -> Vec<Score> {
        let mut table = Vec::new();
        for (fusion, name) in self.measured.fusions.iter().enumerate() {
            for (subset, modalities) in Subset::ALL.iter().enumerate() {
                let score = |input: &str, (all, drawn): &Drawn, covered: [Option<f64>; 2]| {
                    let [uar, accuracy, macro_f1] = estimates(*all, drawn);
                    let [coverage, row_coverage] = covered;
                    let (fusion, modalities, input) = (name.clone(), modalities.name(), input.to_owned());
                    Score { fusion, modalities, input, uar, accuracy, macro_f1, coverage, row_coverage }
                };
                let covered = |input| self.measured.coverage(input, fusion, subset);
                for (input, kind) in self.measured.inputs.iter().enumerate() {
                    let drawn = self.at(input, fusion, subset);
                    table.extend(drawn.map(|drawn| score(&kind.name, drawn, covered(input))));
                }
                let troubles: Vec<_> = (1..self.measured.inputs.len()).map(covered).collect();
                let drawn = self.mean_of_troubles(fusion, subset);
                table.extend(drawn.map(|drawn| score(MEAN_OF_TROUBLES, &drawn, mean(&troubles))));
            }
        }
        table
    }

    /// The fusion of this name against each other one, given all modalities.
    pub(super) fn differences(&self, name: &str) -> Vec<Difference> {
        let names = &self.measured.fusions;
        let Some(one) = names.iter().position(|fusion| fusion == name) else { return Vec::new() };
        let whole = Subset::ALL.len() - 1;
        let mut differences = Vec::new();
        for (other, than) in names.iter().enumerate().filter(|(other, _)| *other != one) {
            let clean = self.at(0, one, whole).cloned().zip(self.at(0, other, whole).cloned());
            let spoilt = self.mean_of_troubles(one, whole).zip(self.mean_of_troubles(other, whole));
            for (input, pair) in [("clean", clean), (MEAN_OF_TROUBLES, spoilt)] {
                let Some(((mine, my_draws), (theirs, their_draws))) = pair else { continue };
                let drawn: Vec<_> =
                    my_draws.iter().zip(&their_draws).map(|(mine, theirs)| minus(*mine, *theirs)).collect();
                let [uar, accuracy, macro_f1] = estimates(minus(mine, theirs), &drawn);
                let (fusion, than, input) = (name.to_owned(), than.clone(), input.to_owned());
                differences.push(Difference { fusion, than, input, uar, accuracy, macro_f1 });
            }
        }
        differences
    }
}

fn estimates(all: Figures, drawn: &[Figures]) -> [Estimate; 3] {
    let mut estimates = [Estimate::default(); 3];
    for (at, (estimate, value)) in estimates.iter_mut().zip(all).enumerate() {
        let drawn: Vec<_> = drawn.iter().map(|figures| figures.get(at).copied().flatten()).collect();
        *estimate = Estimate::new(value, &drawn);
    }
    estimates
}

fn minus(one: Figures, other: Figures) -> Figures {
    let mut left = [None; 3];
    for (place, (one, other)) in left.iter_mut().zip(one.into_iter().zip(other)) {
        *place = one.zip(other).map(|(one, other)| one - other);
    }
    left
}

/// The mean, place by place, where all have it.
fn mean<const N: usize>(all: &[[Option<f64>; N]]) -> [Option<f64>; N] {
    let mut means = [None; N];
    for (at, place) in means.iter_mut().enumerate() {
        let values: Option<Vec<f64>> = all.iter().map(|one| one.get(at).copied().flatten()).collect();
        *place =
            values.filter(|values| !values.is_empty()).map(|values| values.iter().sum::<f64>() / values.len() as f64);
    }
    means
}

pub(super) fn read(take: &Take, fusion: usize, subset: usize) -> Option<Label> {
    take.cells.get(fusion)?.get(subset)?.mean.map(|mean| mean.label)
}

/// The shipped fusion on clean input, given all.
pub(super) fn confusion(measured: &Measured) -> ConfusionTable {
    let read: Vec<_> = measured.shipped_readings();
    let confusion = measured.confusion(&read, &vec![1.0; read.len()]);
    let names = Label::ALL.map(Label::name);
    let rows = confusion.rows().map(<[f64]>::to_vec);
    let (given, counts): (Vec<_>, Vec<_>) =
        names.into_iter().zip(rows).filter(|(_, row)| row.iter().sum::<f64>() > 0.0).unzip();
    ConfusionTable { given, read: names.into_iter().chain(["none"]).collect(), counts }
}

/// The same, speaker by speaker.
pub(super) fn speakers(measured: &Measured) -> Vec<SpeakerScore> {
    let read = measured.shipped_readings();
    let mut names: Vec<_> = measured.items.iter().filter_map(|item| item.speaker.clone()).collect();
    names.sort();
    names.dedup();
    let score = |speaker: String| {
        let is_theirs = |item: &super::Item| item.speaker.as_ref() == Some(&speaker);
        let weights: Vec<_> = measured.items.iter().map(|item| f64::from(u8::from(is_theirs(item)))).collect();
        let confusion: Confusion = measured.confusion(&read, &weights);
        let recordings = measured.items.iter().filter(|item| is_theirs(item)).count();
        SpeakerScore { recordings, uar: confusion.uar(), accuracy: confusion.accuracy(), speaker }
    };
    names.into_iter().map(score).collect()
}
