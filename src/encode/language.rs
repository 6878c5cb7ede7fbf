//! Which language is spoken, by the multilingual Whisper.

use whisper_rs::FullParams;
use whisper_rs::SamplingStrategy;
use whisper_rs::WhisperContext;
use whisper_rs::WhisperContextParameters;
use whisper_rs::WhisperState;

use crate::model::Manifest;
use crate::model::ModelError;

/// Tells languages apart.
pub struct LanguageTeller {
    state: WhisperState,
    threads: usize,
}

/// A language and how likely it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Language {
    /// Its two- or three-letter code.
    pub code: &'static str,
    /// Its English name.
    pub name: &'static str,
    /// How likely it is English, 0..=1.
    pub english: f32,
}

const MODEL: &str = "whisper_tiny";
/// Encoder positions for the check, 20 ms each: 5.1 s.
const CONTEXT: i32 = 256;
const HEARD_SAMPLES: usize = 80_000;

impl LanguageTeller {
    pub(super) fn load(manifest: &Manifest, threads: usize) -> Result<Self, ModelError> {
        let path = manifest.verified(MODEL)?;
        let failed = |detail: String| ModelError::Unreadable { model: MODEL.to_owned(), detail, path: path.clone() };
        let context = WhisperContext::new_with_params(&path, WhisperContextParameters::default())
            .map_err(|error| failed(error.to_string()))?;
        let mut state = context.create_state().map_err(|error| failed(error.to_string()))?;
        // Detection takes over the context length of the last full run: make one, on silence.
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        parameters.set_audio_ctx(CONTEXT);
        parameters.set_language(Some("en"));
        parameters.set_max_tokens(1);
        parameters.set_n_threads(1);
        parameters.set_temperature_inc(0.0);
        quiet(&mut parameters);
        state.full(parameters, &vec![0.0; 16_000]).map_err(|error| failed(error.to_string()))?;
        Ok(Self { state, threads })
    }

    /// The language of the first five seconds of samples (16 kHz).
    ///
    /// # Errors
    ///
    /// If Whisper fails.
    pub fn tell(&mut self, samples: &[f32]) -> Result<Language, ModelError> {
        let failed =
            |error: whisper_rs::WhisperError| ModelError::Run { model: MODEL.to_owned(), detail: error.to_string() };
        let heard = samples.get(..HEARD_SAMPLES).unwrap_or(samples);
        self.state.pcm_to_mel(heard, self.threads).map_err(failed)?;
        let (id, likely) = self.state.lang_detect(0, self.threads).map_err(failed)?;
        let english = whisper_rs::get_lang_id("en").and_then(|id| usize::try_from(id).ok()).unwrap_or(0);
        Ok(Language {
            code: whisper_rs::get_lang_str(id).unwrap_or("?"),
            name: whisper_rs::get_lang_str_full(id).unwrap_or("an unknown language"),
            english: likely.get(english).copied().unwrap_or(0.0),
        })
    }
}

pub(super) fn quiet(parameters: &mut FullParams<'_, '_>) {
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
}
