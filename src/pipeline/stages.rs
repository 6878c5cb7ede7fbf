//! All stages, loaded; what couldn't be loaded is off, and says why.

use std::path::Path;

use serde::Deserialize;
use serde::Serialize;

use crate::condition::hear::Ear;
use crate::condition::hear::EarSettings;
use crate::condition::hear::Vad;
use crate::encode::FaceEncoder;
use crate::encode::FaceSettings;
use crate::encode::SpeechReader;
use crate::encode::SpeechSettings;
use crate::encode::VoiceEncoder;
use crate::encode::VoiceSettings;
use crate::encode::WhisperModel;
use crate::encode::WordsEncoder;
use crate::fuse::Fuser as _;
use crate::fuse::FusionKind;
use crate::fuse::FusionSettings;
use crate::fuse::Fusions;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Runtime;
use crate::model::Variant;
use crate::pipeline::gather::GatherSettings;
use crate::signal::Modality;

/// The settings of every stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StageSettings {
    /// Which networks are loaded.
    pub variant: Variant,
    /// How sound is cut.
    pub ear: EarSettings,
    /// How faces are read.
    pub face: FaceSettings,
    /// How voices are read.
    pub voice: VoiceSettings,
    /// How speech becomes words.
    pub speech: SpeechSettings,
    /// How long a reading holds.
    pub gather: GatherSettings,
    /// How modalities are weighed.
    pub fusion: FusionSettings,
}

/// The stages of one run.
pub struct Stages {
    /// The face, if its networks are there.
    pub face: Option<FaceEncoder>,
    /// The ear, if voice activity detection is there.
    pub ear: Option<Ear>,
    /// The voice, if its networks are there.
    pub voice: Option<VoiceEncoder>,
    /// Speech to words and words to a reading, if their networks are there.
    pub words: Option<(SpeechReader, WordsEncoder)>,
    /// The fusions, one of which answers.
    pub fusions: Fusions,
    /// What is off, and why: a sentence that says what to do.
    pub off: Vec<(Modality, String)>,
    /// Settings that aren't a stage's own.
    pub gather: GatherSettings,
    /// The files in use: name in the manifest and sha256.
    pub models: Vec<(String, String)>,
    manifest: Manifest,
}

const FACE_MODELS: [&str; 6] =
    ["face_detector", "face_landmarks", "face_blendshapes", "face_geometry", "expression", "face_head"];
const VOICE_MODELS: [&str; 3] = ["silero_vad", "moonshine_encoder", "voice_head"];
const WORDS_MODELS: [&str; 5] = ["silero_vad", "whisper_tiny", "whisper_base_en", "sentence_tokenizer", "words"];

impl Stages {
    /// Loads what can be loaded from the models in `folder`.
    ///
    /// # Errors
    ///
    /// If there is no list of models at all. Without the runtime every modality is off, which isn't an error.
    pub fn load(folder: &Path, settings: &StageSettings) -> Result<Self, ModelError> {
        Self::with_fusions(folder, settings, &FusionKind::CHOICE)
    }

    /// The same with the fusion that the settings choose and these.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn with_fusions(folder: &Path, settings: &StageSettings, kinds: &[FusionKind]) -> Result<Self, ModelError> {
        let manifest = Manifest::open(folder)?.of_variant(settings.variant);
        let mut stages = Self {
            face: None,
            ear: None,
            voice: None,
            words: None,
            fusions: Fusions::late(&settings.fusion),
            off: Vec::new(),
            gather: settings.gather.clone(),
            models: Vec::new(),
            manifest: manifest.clone(),
        };
        match Runtime::load(&manifest) {
            Ok(runtime) => stages.fill(&manifest, &runtime, settings, kinds),
            Err(error) => stages.off = Modality::ALL.map(|one| (one, error.to_string())).to_vec(),
        }
        stages.list(settings);
        Ok(stages)
    }

    /// Only the fusions of these kinds and the one that the settings choose.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), and if there is no runtime and one of them needs it.
    pub fn fusions_alone(folder: &Path, settings: &StageSettings, kinds: &[FusionKind]) -> Result<Fusions, ModelError> {
        if settings.fusion.kind == FusionKind::Late && kinds.iter().all(|kind| *kind == FusionKind::Late) {
            return Ok(Fusions::late(&settings.fusion));
        }
        let manifest = Manifest::open(folder)?.of_variant(settings.variant);
        let runtime = Runtime::load(&manifest)?;
        Ok(Fusions::load(&manifest, &runtime, &settings.fusion, kinds))
    }

    fn fill(&mut self, manifest: &Manifest, runtime: &Runtime, settings: &StageSettings, kinds: &[FusionKind]) {
        self.fusions = Fusions::load(manifest, runtime, &settings.fusion, kinds);
        match FaceEncoder::load(manifest, runtime, settings.face.clone()) {
            Ok(face) => self.face = Some(face),
            Err(error) => self.off.push((Modality::Face, error.to_string())),
        }
        match Vad::load(manifest, runtime) {
            Ok(vad) => self.ear = Some(Ear::new(vad, settings.ear.clone())),
            Err(error) => {
                self.off.push((Modality::Voice, error.to_string()));
                self.off.push((Modality::Words, error.to_string()));
                return;
            }
        }
        match VoiceEncoder::load(manifest, runtime, settings.voice.clone()) {
            Ok(voice) => self.voice = Some(voice),
            Err(error) => self.off.push((Modality::Voice, error.to_string())),
        }
        let mut speech = settings.speech.clone();
        if speech.threads == 0 {
            speech.threads = spare_threads();
        }
        let speech = SpeechReader::load(manifest, speech);
        match speech.and_then(|speech| Ok((speech, WordsEncoder::load(manifest, runtime)?))) {
            Ok(words) => self.words = Some(words),
            Err(error) => self.off.push((Modality::Words, error.to_string())),
        }
    }

    /// The networks of the face, the voice and the words that are in use, by their names in the list.
    #[must_use]
    pub fn models_by_modality(&self) -> [Vec<String>; 3] {
        let in_use = |name: &&&str| self.models.iter().any(|(listed, _)| listed == **name);
        let of = |all: &[&str]| all.iter().filter(in_use).map(|name| (*name).to_owned()).collect();
        [of(&FACE_MODELS), of(&VOICE_MODELS), of(&WORDS_MODELS)]
    }

    fn list(&mut self, settings: &StageSettings) {
        let is_on = |modality| !self.off.iter().any(|(off, _)| *off == modality);
        let mut names: Vec<&str> = Vec::new();
        for (modality, models) in
            [(Modality::Face, &FACE_MODELS[..]), (Modality::Voice, &VOICE_MODELS), (Modality::Words, &WORDS_MODELS)]
        {
            if is_on(modality) {
                names.extend(models);
            }
        }
        if settings.speech.model == WhisperModel::Tiny {
            names.retain(|name| *name != "whisper_base_en");
        }
        names.extend(self.fusions.chosen().model());
        names.sort_unstable();
        names.dedup();
        self.models = names.into_iter().filter_map(|name| self.listed(name)).collect();
    }

    /// Which networks were loaded.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        self.manifest.variant()
    }

    /// A model's name and sha256 in the list; `None` if it has none of that name.
    #[must_use]
    pub fn listed(&self, model: &str) -> Option<(String, String)> {
        Some((model.to_owned(), self.manifest.entry(model).ok()?.sha256.clone()))
    }

    /// Forgets the person.
    pub fn forget_person(&mut self) {
        if let Some(face) = self.face.as_mut() {
            face.person_mut().forget();
        }
        if let Some(voice) = self.voice.as_mut() {
            voice.person_mut().forget();
        }
        self.fusions.reset();
    }
}

/// What the other stages leave of the processor.
fn spare_threads() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 2).clamp(1, 4)
}
