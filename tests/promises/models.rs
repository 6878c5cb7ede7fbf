//! Each model loads and keeps its contract; what is wrong with one is said, with what to do.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use circumplex::model::Manifest;
use circumplex::model::ModelError;
use circumplex::model::Network;
use circumplex::model::Runtime;
use sha2::Digest as _;
use sha2::Sha256;
use tempfile::TempDir;

use crate::support::manifest;
use crate::support::models;
use crate::support::runtime;

const MODEL: &str = "face_detector";
const FILE: &str = "face_detector.onnx";

/// A folder with a copy of one model and its table, to spoil.
struct Copy {
    folder: TempDir,
    table: toml::Table,
    bytes: Vec<u8>,
}

impl Copy {
    fn new() -> Self {
        let text = fs::read_to_string(models().join("manifest.toml")).unwrap();
        let mut whole: toml::Table = text.parse().unwrap();
        let Some(toml::Value::Table(table)) = whole.remove(MODEL) else { panic!("{MODEL} is listed") };
        let bytes = fs::read(manifest().path(MODEL).unwrap()).unwrap();
        Self { folder: TempDir::new().unwrap(), table, bytes }
    }

    /// Changes one key of the first port in `input` or `output`.
    fn change_port(&mut self, kind: &str, key: &str, value: impl Into<toml::Value>) {
        let ports = self.table.get_mut(kind).and_then(toml::Value::as_array_mut).unwrap();
        ports[0].as_table_mut().unwrap().insert(key.to_owned(), value.into());
    }

    fn write(&self) -> Manifest {
        let fetched = self.folder.path().join("fetched");
        fs::create_dir_all(&fetched).unwrap();
        fs::write(fetched.join(FILE), &self.bytes).unwrap();
        let whole = toml::Table::from_iter([(MODEL.to_owned(), toml::Value::Table(self.table.clone()))]);
        fs::write(self.folder.path().join("manifest.toml"), whole.to_string()).unwrap();
        Manifest::open(self.folder.path()).unwrap()
    }

    fn load(&self) -> Result<Network, ModelError> {
        Network::load(&self.write(), &runtime(), MODEL)
    }

    /// What loading it fails with.
    fn refusal(&self) -> ModelError {
        self.load().err().expect("it is refused")
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut all, byte| {
        write!(all, "{byte:02x}").unwrap();
        all
    })
}

#[track_caller]
fn says(error: &ModelError, parts: &[&str]) {
    let sentence = error.to_string();
    for part in parts {
        assert!(sentence.contains(part), "{sentence:?} lacks {part:?}");
    }
}

#[test]
fn every_file_is_the_one_listed() {
    let manifest = manifest();
    for (name, _) in manifest.entries() {
        if let Err(error) = manifest.verified(name) {
            panic!("{error}");
        }
    }
}

#[test]
fn every_network_loads_and_keeps_its_contract() {
    let (manifest, runtime) = (manifest(), runtime());
    let networks: Vec<&str> = manifest
        .entries()
        .map(|(name, _)| name)
        .filter(|name| !manifest.contract(name).unwrap().inputs.is_empty())
        .collect();
    assert!(networks.contains(&MODEL) && networks.contains(&"silero_vad"), "{networks:?}");

    for name in networks {
        match Network::load(&manifest, &runtime, name) {
            Ok(network) => assert_eq!(network.model(), name),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_faithful_copy_loads() {
    assert!(Copy::new().load().is_ok());
}

#[test]
fn a_truncated_file_is_named() {
    let mut copy = Copy::new();
    let whole = copy.bytes.len() as u64;
    copy.bytes.truncate(copy.bytes.len() / 2);

    let error = copy.refusal();

    let half = whole / 2;
    assert!(matches!(error, ModelError::Size { expected, found, .. } if (expected, found) == (whole, half)), "{error}");
    says(&error, &[MODEL, FILE, &whole.to_string(), &half.to_string(), "bash models/setup --verify"]);
}

#[test]
fn a_flipped_byte_is_noticed() {
    let mut copy = Copy::new();
    let middle = copy.bytes.len() / 2;
    copy.bytes[middle] ^= 1;

    let error = copy.refusal();

    assert!(matches!(error, ModelError::Hash { .. }), "{error}");
    says(&error, &[MODEL, FILE, "bash models/setup --verify"]);
}

#[test]
fn another_hash_in_the_list_is_noticed() {
    let mut copy = Copy::new();
    copy.table.insert("sha256".into(), "00".repeat(32).into());

    let error = copy.refusal();

    assert!(matches!(error, ModelError::Hash { .. }), "{error}");
    says(&error, &[MODEL, FILE, "bash models/setup --verify"]);
}

#[test]
fn a_listed_file_that_is_no_network_is_named() {
    let mut copy = Copy::new();
    copy.bytes = b"no network at all".to_vec();
    copy.table.insert("bytes".into(), (copy.bytes.len() as i64).into());
    copy.table.insert("sha256".into(), hex(&copy.bytes).into());

    let error = copy.refusal();

    assert!(matches!(error, ModelError::Unreadable { .. }), "{error}");
    says(&error, &[MODEL, FILE, "bash models/setup"]);
}

#[test]
fn a_wrong_shape_is_named_with_both() {
    let mut copy = Copy::new();
    copy.change_port("output", "shape", vec![1i64, 896, 17]);

    let error = copy.refusal();

    assert!(matches!(&error, ModelError::Contract { port, .. } if port == "output boxes"), "{error}");
    says(&error, &[MODEL, FILE, "896,17", "896, 16", "bash models/setup"]);
}

#[test]
fn a_wrong_type_is_named() {
    let mut copy = Copy::new();
    copy.change_port("input", "type", "i64");

    let error = copy.refusal();

    assert!(matches!(&error, ModelError::Contract { port, .. } if port == "input image"), "{error}");
    says(&error, &[MODEL, FILE, "i64", "bash models/setup"]);
}

#[test]
fn a_wrong_name_is_named() {
    let mut copy = Copy::new();
    copy.change_port("input", "name", "portrait");

    let error = copy.refusal();

    assert!(matches!(&error, ModelError::Contract { port, .. } if port == "input portrait"), "{error}");
    says(&error, &[MODEL, FILE, "not there", "bash models/setup"]);
}

#[test]
fn a_missing_file_is_named() {
    let copy = Copy::new();
    let manifest = copy.write();
    fs::remove_file(manifest.path(MODEL).unwrap()).unwrap();

    let error = Network::load(&manifest, &runtime(), MODEL).err().unwrap();

    assert!(matches!(error, ModelError::Missing { .. }), "{error}");
    says(&error, &[MODEL, FILE, "bash models/setup"]);
}

#[test]
fn a_model_that_nobody_lists_is_named() {
    let error = Copy::new().write().entry("face_reader").err().unwrap();

    assert!(matches!(error, ModelError::Unlisted { .. }), "{error}");
    says(&error, &["face_reader", "manifest.toml", "restore"]);
}

#[test]
fn a_list_that_is_missing_or_broken_is_named() {
    let folder = TempDir::new().unwrap();
    let missing = Manifest::open(folder.path()).unwrap_err();
    fs::write(folder.path().join("manifest.toml"), "[face_detector]\nfile = \"a\"\nbytes = \"many\"\n").unwrap();
    let broken = Manifest::open(folder.path()).unwrap_err();

    assert!(matches!(missing, ModelError::NoManifest { .. }), "{missing}");
    says(&missing, &[&folder.path().display().to_string(), "bash models/setup", "--models"]);
    assert!(matches!(broken, ModelError::BadManifest { .. }), "{broken}");
    says(&broken, &["manifest.toml", MODEL, "restore"]);
}

/// The runtime is loaded once a process, so each try is a process of its own: this test again, with one environment
/// variable more.
#[test]
fn a_runtime_that_is_missing_or_another_file_is_named() {
    const CHILD: &str = "CIRCUMPLEX_TEST_OF_A_BAD_RUNTIME";
    if env::var_os(CHILD).is_some() {
        let path = env::var("ORT_DYLIB_PATH").unwrap();
        let error = Runtime::load(&manifest()).err().expect("it is refused");
        assert!(matches!(error, ModelError::Runtime { .. }), "{error}");
        says(&error, &[&path, "bash models/setup"]);
        return;
    }
    let this = "models::a_runtime_that_is_missing_or_another_file_is_named";
    for path in [models().join("nowhere.so"), models().join("manifest.toml")] {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", this])
            .env(CHILD, "yes")
            .env("ORT_DYLIB_PATH", &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{path:?}: {said}");
    }
}
