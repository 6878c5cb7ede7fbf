//! The open variant has no network of which a training set forbids commercial use, and reads without them.

use std::fs;
use std::path::Path;

use circumplex::fuse::FusionKind;
use circumplex::model::ModelError;
use circumplex::model::Variant;
use circumplex::pipeline::StageSettings;
use circumplex::pipeline::Stages;
use serde_json::Value;
use tempfile::TempDir;

use crate::support;
use crate::support::program_set;
use crate::support::said;

#[test]
fn open_means_that_no_licence_forbids_commercial_use() {
    let all = support::manifest();
    let forbids = |licence: &str| licence.contains("research") || licence.contains("NC");
    for (name, entry) in all.entries() {
        assert_eq!(forbids(&entry.licence), entry.variant == Some(Variant::Research), "{name}: {}", entry.licence);
    }

    let open = all.clone().of_variant(Variant::Open);

    for (name, entry) in open.entries() {
        assert!(!forbids(&entry.licence), "{name}: {}", entry.licence);
    }
    for head in ["face_head", "voice_head"] {
        assert_eq!(open.entry(head).unwrap().instead_of.as_deref(), Some(head));
        assert_eq!(open.contract(head).unwrap(), all.contract(head).unwrap());
    }
    let error = open.entry("expression").unwrap_err();
    assert!(matches!(error, ModelError::Withheld { .. }) && open.withholds("expression"));
    assert!(error.to_string().contains("open variant") && error.to_string().contains("research"), "{error}");
    let research = all.of_variant(Variant::Research);
    assert!(research.entry("face_head").unwrap().instead_of.is_none() && !research.withholds("expression"));
}

#[test]
fn the_open_variant_has_every_modality_and_the_late_fusion() {
    let settings = StageSettings { variant: Variant::Open, ..StageSettings::default() };

    let stages = Stages::load(&support::models(), &settings).unwrap();

    assert_eq!(stages.off, []);
    assert_eq!(stages.fusions.chosen(), FusionKind::Late);
    let names: Vec<&str> = stages.fusions.missing().iter().map(|(kind, _)| kind.name()).collect();
    assert_eq!(names, ["gated", "concatenation"]);
}

#[test]
fn a_recording_is_read_by_the_networks_of_the_variant() {
    let folder = TempDir::new().unwrap();
    let settings = folder.path().join("settings.toml");
    fs::write(&settings, "[stages]\nvariant = \"open\"\n").unwrap();

    let out = folder.path().to_str().unwrap();
    let done = program_set(&settings, &["analyze", "models/fetched/fixtures/single_face.mp4", "--out", out]);

    assert!(done.status.success(), "{}", said(&done));
    let text = fs::read_to_string(folder.path().join("single_face.summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap();
    let models = summary["models"].as_object().unwrap();
    let open = support::manifest().entry("face_head_open").unwrap().sha256.clone();
    assert_eq!(models["face_head"], open);
    assert!(!models.contains_key("expression") && !models.keys().any(|name| name.starts_with("fusion")), "{models:?}");
    assert!(summary["face"]["valence"].is_number() || summary["coverage"]["face"].as_f64().unwrap() > 0.5, "{summary}");
    assert!(Path::new("models/CARD-open.md").exists());
}
