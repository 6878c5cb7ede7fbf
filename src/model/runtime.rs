//! ONNX Runtime, loaded once per process from a library beside the models.

use std::path::Path;
use std::path::PathBuf;
use std::sync::OnceLock;

use ort::environment::Environment;

use crate::model::Manifest;
use crate::model::ModelError;

/// The loaded runtime. Clones share it.
#[derive(Clone)]
pub struct Runtime {
    environment: Environment,
}

static LOADED: OnceLock<Result<Environment, ModelError>> = OnceLock::new();

impl Runtime {
    /// Loads the library that `ORT_DYLIB_PATH` names, or else the manifest's. The first call in a process decides.
    ///
    /// # Errors
    ///
    /// If the library is missing or doesn't start.
    pub fn load(manifest: &Manifest) -> Result<Self, ModelError> {
        let path = match std::env::var_os("ORT_DYLIB_PATH") {
            Some(path) => PathBuf::from(path),
            None => manifest.path("runtime")?,
        };
        let environment = LOADED.get_or_init(|| load(&path)).clone()?;
        Ok(Self { environment })
    }

    pub(super) const fn environment(&self) -> &Environment {
        &self.environment
    }
}

fn load(path: &Path) -> Result<Environment, ModelError> {
    let failed = |detail: String| ModelError::Runtime { detail, path: path.to_path_buf() };
    if !path.exists() {
        return Err(failed("the library isn't there".to_owned()));
    }
    let builder = ort::environment::init_from(path).map_err(|error| failed(error.to_string()))?;
    builder.with_name("circumplex").with_telemetry(false).build().map_err(|error| failed(error.to_string()))
}
