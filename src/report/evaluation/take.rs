//! What was found of one recording: clean, or with one kind of trouble.

use crate::pipeline::Subset;
use crate::report::whole;
use crate::report::whole::Mean;
use crate::report::whole::Whole;
use crate::signal::Affect;
use crate::signal::Fused;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Moment;

/// What each fusion made of each subset of what was known, and what is asked about its rows.
#[derive(Debug, Clone, Default)]
pub struct Take {
    /// By fusion, then in the order of [`Subset::ALL`].
    pub(super) cells: Vec<[Cell; Subset::ALL.len()]>,
    /// The shipped fusion's rows, of all that was known.
    pub(super) rows: Vec<Row>,
    /// Valence and arousal of each modality by itself, row by row where it is there.
    pub(super) own: [Vec<Affect>; 3],
    /// By fusion, then by modality, where that counts: its gate, row by row where face and voice are there.
    pub(super) gates: Vec<[Vec<Gate>; 3]>,
}

/// The whole of a recording.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    pub(super) mean: Option<Mean>,
    /// Rows that count, and those of them that have a reading.
    pub(super) rows: u32,
    pub(super) covered: u32,
}

/// One reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) label: Label,
    pub(super) confidence: f64,
    /// Whether it is sure enough to be shown, if that was measured of the fusion.
    pub(super) is_clear: Option<bool>,
    pub(super) affect: Affect,
}

/// How much a modality counts in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gate {
    pub(super) weight: f64,
    pub(super) is_spoilt: bool,
}

/// What answers of one fusion to all that is known are asked about besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is the one that people get: its rows are kept.
    Shipped,
    /// It is compared.
    Compared,
}

impl Take {
    /// A recording of which this was known, row by row; `answers` are those of a fusion to each subset, in the order of
    /// [`Subset::ALL`]. To be called for one fusion after the other, always in the same order.
    pub fn add(&mut self, moments: &[Moment], answers: &[Vec<Option<Fused>>], role: Role) {
        let mut cells = [Cell::default(); Subset::ALL.len()];
        for (cell, answers) in cells.iter_mut().zip(answers) {
            *cell = Cell::of(moments, answers);
        }
        self.cells.push(cells);
        let Some(whole) = answers.last().filter(|_| role == Role::Shipped) else { return };
        self.rows = whole.iter().flatten().map(Row::of).collect();
        for (own, modality) in self.own.iter_mut().zip(Modality::ALL) {
            let there = moments.iter().filter_map(|moment| moment.of(modality).as_ref().ok());
            *own = there.map(|evidence| evidence.value.reading.affect).collect();
        }
    }

    /// The gates in the same fusion's answers to all that was known; `is_spoilt` says of a modality whether what stands at a
    /// moment was spoilt, or nothing where it was a little or doesn't count. For one fusion after the other, as
    /// [`add`](Self::add).
    pub fn add_gates(
        &mut self,
        moments: &[Moment],
        answers: &[Option<Fused>],
        is_spoilt: impl Fn(Modality, &Moment) -> Option<bool>,
    ) {
        self.gates.push(Modality::ALL.map(|modality| {
            let is_there = |moment: &Moment| moment.face.is_ok() && moment.voice.is_ok() && moment.of(modality).is_ok();
            let both = moments.iter().zip(answers).filter(|(moment, _)| is_there(moment));
            let gates = both.filter_map(|(moment, answer)| {
                let weight = f64::from(answer.as_ref()?.gates.of(modality));
                Some(Gate { weight, is_spoilt: is_spoilt(modality, moment)? })
            });
            gates.collect()
        }));
    }
}

impl Cell {
    fn of(moments: &[Moment], answers: &[Option<Fused>]) -> Self {
        let mut sum = Whole::default();
        let mut cell = Self::default();
        for (moment, answer) in moments.iter().zip(answers) {
            let counts = u32::from(whole::counts(moment.at));
            cell.rows += counts;
            if let Some(fused) = answer {
                cell.covered += counts;
                sum.add(&fused.reading);
            }
        }
        cell.mean = sum.mean();
        cell
    }
}

impl Row {
    fn of(fused: &Fused) -> Self {
        let label = fused.reading.label();
        Self {
            label,
            confidence: f64::from(fused.reading.probability(label)),
            is_clear: fused.is_clear(),
            affect: fused.reading.affect,
        }
    }
}
