//! Whether the gates find what is spoilt.

use serde::Serialize;

use crate::measure::Ranked;
use crate::measure::auc;
use crate::report::evaluation::Measured;
use crate::report::evaluation::estimate::Draws;
use crate::report::evaluation::estimate::Estimate;
use crate::report::evaluation::estimate::Of;
use crate::report::evaluation::estimate::weighed;

/// How well one minus the gate of the modality in trouble tells its spoilt rows from the others.
#[derive(Debug, Clone, Serialize)]
pub struct GateScore {
    /// Whose gate.
    pub fusion: String,
    /// What trouble.
    pub trouble: String,
    /// Whom it strikes.
    pub modality: &'static str,
    /// 0.5: not at all; 1: each spoilt row has a lower gate than each row that isn't.
    pub auc: Estimate,
    /// Rows that are spoilt.
    pub spoilt: usize,
    /// Rows of the same recordings that aren't: of the clean ones, and of the spoilt ones between bursts.
    pub clean: usize,
}

/// The place of the clean input.
const CLEAN: usize = 0;

pub(super) fn scores(measured: &Measured, draws: &Draws) -> Vec<GateScore> {
    let mut scores = Vec::new();
    for (fusion, name) in measured.fusions.iter().enumerate() {
        for (input, kind) in measured.inputs.iter().enumerate() {
            let Some(modality) = kind.strikes else { continue };
            let mut rows: Vec<Of<(f64, bool)>> = Vec::new();
            for (recording, (_, take)) in measured.recordings(CLEAN).chain(measured.recordings(input)).enumerate() {
                let gates = take.gates.get(fusion).and_then(|gates| gates.get(modality.index())).into_iter().flatten();
                let recording = recording % measured.items.len().max(1);
                rows.extend(gates.map(|gate| Of { recording, value: (1.0 - gate.weight, gate.is_spoilt) }));
            }
            rows.sort_by(|one, other| one.value.0.total_cmp(&other.value.0));
            let ranked = |(value, is_sought), weight| Ranked { value, is_sought, weight };
            let spoilt = rows.iter().filter(|row| row.value.1).count();
            scores.push(GateScore {
                fusion: name.clone(),
                trouble: kind.name.clone(),
                modality: modality.name(),
                auc: draws.estimate(|weights| auc(&weighed(&rows, weights, ranked))),
                spoilt,
                clean: rows.len() - spoilt,
            });
        }
    }
    scores
}
