//! One loaded network.

use std::path::Path;

use ort::session::Session;
use ort::session::SessionInputValue;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::Outlet;
use ort::value::TensorElementType;
use ort::value::TensorRef;

use crate::model::Length;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Port;
use crate::model::Runtime;

/// A network in one session of its own, on one thread: the caller's.
pub struct Network {
    session: Session,
    model: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

/// Numbers for one input, with their shape.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Floating point.
    F32(&'a [usize], &'a [f32]),
    /// Whole numbers.
    I64(&'a [usize], &'a [i64]),
}

impl Network {
    /// Loads a model after checking its file against the manifest, and it against its contract.
    ///
    /// # Errors
    ///
    /// If the file is missing or another one, or the network's inputs and outputs aren't those of the contract.
    pub fn load(manifest: &Manifest, runtime: &Runtime, model: &str) -> Result<Self, ModelError> {
        let path = manifest.verified(model)?;
        let failed =
            |error: String| ModelError::Unreadable { model: model.to_owned(), detail: error, path: path.clone() };
        let session = Session::builder(runtime.environment())
            .map_err(|error| failed(error.to_string()))?
            .with_intra_threads(1)
            .map_err(|error| failed(error.to_string()))?
            .with_optimization_level(GraphOptimizationLevel::All)
            .map_err(|error| failed(error.to_string()))?
            .with_flush_to_zero()
            .map_err(|error| failed(error.to_string()))?
            .commit_from_file(&path)
            .map_err(|error| failed(error.to_string()))?;
        let contract = manifest.contract(model)?;
        check(model, &path, "input", &contract.inputs, session.inputs())?;
        check(model, &path, "output", &contract.outputs, session.outputs())?;
        Ok(Self {
            session,
            model: model.to_owned(),
            inputs: contract.inputs.into_iter().map(|port| port.name).collect(),
            outputs: contract.outputs.into_iter().map(|port| port.name).collect(),
        })
    }

    /// Runs the network on `inputs`, in the contract's order, and puts each output, in the contract's order, into
    /// `outputs`, whose memory is reused.
    ///
    /// # Errors
    ///
    /// If the runtime refuses the input or fails.
    pub fn run(&mut self, inputs: &[Input<'_>], outputs: &mut Vec<Vec<f32>>) -> Result<(), ModelError> {
        let model = &self.model;
        let failed = |detail: String| ModelError::Run { model: model.clone(), detail };
        if inputs.len() != self.inputs.len() {
            return Err(failed(format!("it takes {} inputs and got {}", self.inputs.len(), inputs.len())));
        }
        let mut values: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(inputs.len());
        for (name, input) in self.inputs.iter().zip(inputs) {
            let value: SessionInputValue<'_> = match *input {
                Input::F32(shape, data) => {
                    TensorRef::from_array_view((shape, data)).map_err(|error| failed(error.to_string()))?.into()
                }
                Input::I64(shape, data) => {
                    TensorRef::from_array_view((shape, data)).map_err(|error| failed(error.to_string()))?.into()
                }
            };
            values.push((name.as_str(), value));
        }
        let results = self.session.run(values).map_err(|error| failed(error.to_string()))?;
        outputs.resize_with(self.outputs.len(), Vec::new);
        for (name, output) in self.outputs.iter().zip(outputs.iter_mut()) {
            let Some(value) = results.get(name.as_str()) else {
                return Err(failed(format!("no output {name}")));
            };
            let (_, data) = value.try_extract_tensor::<f32>().map_err(|error| failed(error.to_string()))?;
            output.clear();
            output.extend_from_slice(data);
        }
        Ok(())
    }

    /// The manifest's name for it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }
}

fn check(model: &str, path: &Path, kind: &str, expected: &[Port], found: &[Outlet]) -> Result<(), ModelError> {
    for port in expected {
        let outlet = found.iter().find(|outlet| outlet.name() == port.name);
        if outlet.is_some_and(|outlet| agrees(port, outlet)) {
            continue;
        }
        return Err(ModelError::Contract {
            model: model.to_owned(),
            port: format!("{kind} {}", port.name),
            expected: port.to_string(),
            found: outlet.map_or_else(|| "not there".to_owned(), |outlet| outlet.dtype().to_string()),
            path: path.to_path_buf(),
        });
    }
    Ok(())
}

fn agrees(port: &Port, outlet: &Outlet) -> bool {
    let element = match outlet.dtype().tensor_type() {
        Some(TensorElementType::Float32) => "f32",
        Some(TensorElementType::Int64) => "i64",
        _ => return false,
    };
    let Some(shape) = outlet.dtype().tensor_shape() else { return false };
    element == port.element
        && shape.len() == port.shape.len()
        && port.shape.iter().zip(shape.iter()).all(|(expected, found)| match expected {
            Length::Fixed(length) => found == length,
            Length::Any(_) => *found < 0,
        })
}
