//! Fusions that were learned: a small network, one step per tick.

use std::time::Duration;

use crate::fuse::Fuser;
use crate::fuse::late;
use crate::fuse::row;
use crate::model::Input;
use crate::model::Length;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Port;
use crate::model::Runtime;
use crate::signal::Clarity;
use crate::signal::Fused;
use crate::signal::Gates;
use crate::signal::Label;
use crate::signal::LabelsAtOnce;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::time::Timestamp;

/// A network that steps from tick to tick, with its memory outside of it.
///
/// # Takes
///
/// By the names in the manifest's contract: `rows` `[1,3,22]` ([`rows`](row::rows)), `readable` `[1,114]`
/// ([`readable`](row::readable)), `secs` `[1,1]`, seconds since the tick before (50 ms at the first), `state` `[1,S]`, what it
/// gave as `next_state` at the tick before (zeros at the first).
///
/// # Gives
///
/// `probabilities` `[1,7]`, calibrated; `weight` `[1,3]`, how much each modality counted, and `gate` `[1,3]`, how far it moved the
/// answer, each from 0; `several`, `doubts`,
/// `thresholds` `[1,7]`: [`LabelsAtOnce`]; `clear` `[1,3]`: the probability from which a label is shown, the share of right
/// ones among those and their share of all, as measured on people neither trained nor calibrated on; `next_state` `[1,S]`.
///
/// Source: recursions, gates over recursions and stage gate are those of GRJCA and HGRJCA (arXiv 2503.12261), with attention
/// over a window in place of the joint correlation (ungated: the correlation, with exponential forgetting); labels at once with their doubt are those
/// of LDDU (arXiv 2502.13954); the concatenation is that of arXiv 2503.06805, with movement in place of a scene network.
/// `models/CARD-fusion.md` says what was changed.
///
/// Valence and arousal are the modalities' own, weighed by `weight` over their variance, as in the late fusion.
pub struct NetworkFusion {
    network: Network,
    outputs: Vec<Vec<f32>>,
    takes: Vec<Port>,
    gives: Vec<String>,
    state: Vec<f32>,
    last: Option<Timestamp>,
    min_sd: f32,
}

const FIRST_STEP: Duration = Duration::from_millis(50);
/// After a longer break what was before counts as if it had been as long.
const LONGEST_STEP: Duration = Duration::from_mins(1);
/// Gates of less than this in sum are none.
const LEAST_WEIGHT: f32 = 1e-12;

/// What a step gave.
struct Step {
    answer: Option<Fused>,
    state: Vec<f32>,
}

impl NetworkFusion {
    /// Loads the network of this name.
    ///
    /// # Errors
    ///
    /// As [`Network::load`], and if its contract is for another program.
    pub fn load(manifest: &Manifest, runtime: &Runtime, model: &str, min_sd: f32) -> Result<Self, ModelError> {
        let network = Network::load(manifest, runtime, model)?;
        let contract = manifest.contract(model)?;
        let other = |port: &Port, expected: String| ModelError::Contract {
            model: model.to_owned(),
            port: format!("input {}", port.name),
            expected,
            found: port.to_string(),
            path: manifest.path(model).unwrap_or_default(),
        };
        let mut state = Vec::new();
        for port in &contract.inputs {
            match (port.name.as_str(), port.shape.as_slice()) {
                ("rows", [Length::Fixed(1), Length::Fixed(3), Length::Fixed(wide)]) if *wide == row::ROW as i64 => {}
                ("readable", [Length::Fixed(1), Length::Fixed(wide)]) if *wide == row::READABLE as i64 => {}
                ("secs", [Length::Fixed(1), Length::Fixed(1)]) => {}
                ("state", [Length::Fixed(1), Length::Fixed(wide)]) => {
                    state = vec![0.0; usize::try_from(*wide).unwrap_or(0)];
                }
                _ => {
                    return Err(other(
                        port,
                        format!("rows [1,3,{}], readable [1,{}], secs [1,1] or state [1,S]", row::ROW, row::READABLE),
                    ));
                }
            }
        }
        let lacks = |port: String, expected: String| ModelError::Contract {
            model: model.to_owned(),
            port,
            expected,
            found: "not there".to_owned(),
            path: manifest.path(model).unwrap_or_default(),
        };
        if !contract.inputs.iter().any(|port| port.name == "rows") {
            return Err(lacks("input rows".to_owned(), format!("rows f32[1,3,{}]", row::ROW)));
        }
        let mut wanted = vec![("probabilities", Label::COUNT), ("weight", 3), ("gate", 3)];
        if !state.is_empty() {
            wanted.push(("next_state", state.len()));
        }
        for (name, wide) in wanted {
            let expected = [Length::Fixed(1), Length::Fixed(wide as i64)];
            if !contract.outputs.iter().any(|port| port.name == name && port.shape == expected) {
                return Err(lacks(format!("output {name}"), format!("{name} f32[1,{wide}]")));
            }
        }
        let gives = contract.outputs.into_iter().map(|port| port.name).collect();
        Ok(Self { network, outputs: Vec::new(), takes: contract.inputs, gives, state, last: None, min_sd })
    }

    fn step(&mut self, moment: &Moment) -> Result<Step, ModelError> {
        let rows = row::rows(moment);
        let readable = row::readable(moment);
        let since = self.last.map_or(FIRST_STEP, |last| moment.at.since(last).min(LONGEST_STEP));
        let secs = [since.as_secs_f32()];
        let wide = self.state.len();
        let (rows_shape, readable_shape, secs_shape, state_shape) =
            ([1, 3, row::ROW], [1, row::READABLE], [1, 1], [1, wide]);
        let inputs: Vec<Input<'_>> = self
            .takes
            .iter()
            .map(|port| match port.name.as_str() {
                "rows" => Input::F32(&rows_shape, &rows),
                "readable" => Input::F32(&readable_shape, &readable),
                "secs" => Input::F32(&secs_shape, &secs),
                _ => Input::F32(&state_shape, &self.state),
            })
            .collect();
        let (network, outputs) = (&mut self.network, &mut self.outputs);
        network.run(&inputs, outputs)?;
        let of = |name: &str| {
            let at = self.gives.iter().position(|one| one == name)?;
            outputs.get(at).map(Vec::as_slice)
        };
        let state = of("next_state").unwrap_or_default().to_vec();
        let has_any = Modality::ALL.into_iter().any(|one| moment.of(one).is_ok());
        if !has_any {
            return Ok(Step { answer: None, state });
        }
        let no_numbers =
            || ModelError::Run { model: network.model().to_owned(), detail: "it gave no numbers".to_owned() };
        let probabilities = of("probabilities").and_then(seven).ok_or_else(no_numbers)?;
        let three = |found: &[f32]| -> Option<[f32; 3]> { found.try_into().ok() };
        let weight = of("weight").and_then(three).ok_or_else(no_numbers)?;
        let gate = of("gate").and_then(three).ok_or_else(no_numbers)?;
        let labels =
            of("several").and_then(seven).zip(of("doubts").and_then(seven)).zip(of("thresholds").and_then(seven));
        let labels =
            labels.map(|((probabilities, doubts), thresholds)| LabelsAtOnce { probabilities, doubts, thresholds });
        let clarity = of("clear").and_then(|found| match found {
            &[from, right, shown] => Some(Clarity { from, right, shown }),
            _ => None,
        });
        let total: f32 = gate.iter().sum();
        // None of the modalities present is trusted at all.
        if !total.is_finite() || total < LEAST_WEIGHT {
            return Ok(Step { answer: None, state });
        }
        let affect = late::weighed_affect(moment, weight, self.min_sd).ok_or_else(no_numbers)?;
        let [face, voice, words] = gate.map(|one| one / total);
        let reading = crate::signal::Reading { affect, probabilities };
        let fused = Fused { labels, clarity, ..Fused::new(reading, Gates { face, voice, words }) };
        Ok(Step { answer: Some(fused), state })
    }
}

impl Fuser for NetworkFusion {
    fn fuse(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError> {
        let Step { answer, state } = self.step(moment)?;
        self.state = state;
        self.last = Some(moment.at);
        Ok(answer)
    }

    fn compare(&mut self, moment: &Moment) -> Result<Option<Fused>, ModelError> {
        let has_any = Modality::ALL.into_iter().any(|one| moment.of(one).is_ok());
        if has_any { Ok(self.step(moment)?.answer) } else { Ok(None) }
    }

    fn reset(&mut self) {
        self.state.fill(0.0);
        self.last = None;
    }
}

fn seven(found: &[f32]) -> Option<[f32; Label::COUNT]> {
    found.try_into().ok().filter(|values: &[f32; Label::COUNT]| values.iter().all(|value| value.is_finite()))
}
