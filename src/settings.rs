//! The program's settings: one TOML file, every key of it optional, none of it unknown.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::capture::camera;
use crate::pipeline::StageSettings;

/// All settings. `src/settings.toml` documents each with its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The folder of models, if not beside the program or here.
    pub models: Option<PathBuf>,
    /// The folder of recorded sessions, if not in the user's folder for data.
    pub sessions: Option<PathBuf>,
    /// What is asked of the camera.
    pub camera: camera::Settings,
    /// The stages.
    pub stages: StageSettings,
    /// The window.
    pub window: toml::Table,
}

/// How far above the program models are looked for: it is built in `target/release`.
const FOLDERS_UP: usize = 4;

/// The documented defaults.
pub const DOCUMENTED: &str = include_str!("settings.toml");

/// Why settings can't be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file can't be read.
    #[error("the settings can't be read ({detail}); check the file, or run without --settings\nfile: {path:?}")]
    Unreadable {
        /// What the system says.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// A key that isn't known.
    #[error("the settings have a key {key:?} that isn't known{hint} (`circumplex settings` lists all)\nfile: {path:?}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest known one, in words.
        hint: String,
        /// The file.
        path: PathBuf,
    },
    /// Not TOML, or a value of the wrong kind.
    #[error("the settings can't be understood: {detail}; `circumplex settings` shows the form\nfile: {path:?}")]
    Malformed {
        /// What is wrong and where.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// A number that makes no sense.
    #[error(
        "the settings have {key} = {value}, which must be {allowed}; `circumplex settings` lists all\nfile: {path:?}"
    )]
    OutOfRange {
        /// The key, with its tables.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it can be.
        allowed: String,
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("the settings can't be kept ({detail})\nfile: {path:?}")]
    Unwritable {
        /// What the system says.
        detail: String,
        /// The file.
        path: PathBuf,
    },
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it can't be read or understood, or has a key that isn't known: the nearest known one is named.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let unreadable =
            |error: std::io::Error| SettingsError::Unreadable { detail: error.to_string(), path: path.to_path_buf() };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text, path)
    }

    /// Reads the file where settings are kept by default, if there is one.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_kept() -> Result<Self, SettingsError> {
        match kept_at() {
            Some(path) if path.exists() => Self::read(&path),
            _ => Ok(Self::default()),
        }
    }

    /// The settings of the window, which only the window knows the form of.
    ///
    /// # Errors
    ///
    /// If they aren't of that form; `path` is the file that they are from.
    pub fn window<T: serde::de::DeserializeOwned>(&self, path: &Path) -> Result<T, SettingsError> {
        self.window.clone().try_into().map_err(|error: toml::de::Error| {
            let path = path.to_path_buf();
            match unknown_key(error.message()) {
                Some((key, known)) => SettingsError::UnknownKey { hint: nearest(&key, &known), key, path },
                None => SettingsError::Malformed { detail: format!("[window] {}", error.message()), path },
            }
        })
    }

    fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text).map_err(|error: toml::de::Error| {
            let path = path.to_path_buf();
            match unknown_key(error.message()) {
                Some((key, known)) => SettingsError::UnknownKey { hint: nearest(&key, &known), key, path },
                None => {
                    let line = error
                        .span()
                        .map_or(0, |span| text.get(..span.start).map_or(0, |before| before.lines().count()));
                    SettingsError::Malformed { detail: format!("line {}: {}", line.max(1), error.message()), path }
                }
            }
        })?;
        match settings.first_out_of_range() {
            None => Ok(settings),
            Some((key, value, allowed)) => {
                Err(SettingsError::OutOfRange { key, value, allowed, path: path.to_path_buf() })
            }
        }
    }

    /// The first number that makes no sense: its key, its value, what it can be.
    fn first_out_of_range(&self) -> Option<(&'static str, String, String)> {
        let StageSettings { ear, face, voice, speech, gather, fusion, variant: _ } = &self.stages;
        let [trust_face, trust_voice, trust_words] = fusion.trust;
        let [fade_face, fade_voice, fade_words] = fusion.fade_secs;
        let numbers = [
            ("camera.width_px", self.camera.width_px as f32, 16.0, 7680.0),
            ("camera.height_px", self.camera.height_px as f32, 16.0, 4320.0),
            ("camera.fps", self.camera.fps as f32, 1.0, 240.0),
            ("camera.latency_millis", self.camera.latency_millis as f32, 0.0, 1000.0),
            ("stages.ear.speech_from", ear.speech_from, 0.0, 1.0),
            ("stages.ear.silence_below", ear.silence_below, 0.0, 1.0),
            ("stages.ear.onset_secs", ear.onset_secs, 0.0, 1.0),
            ("stages.ear.hangover_secs", ear.hangover_secs, 0.0, 5.0),
            ("stages.ear.draft_secs", ear.draft_secs, 0.0, 5.0),
            ("stages.ear.pre_roll_secs", ear.pre_roll_secs, 0.0, 2.0),
            // Whisper hears at most 30 s.
            ("stages.ear.max_utterance_secs", ear.max_utterance_secs, 1.0, 25.0),
            ("stages.ear.window_secs", ear.window_secs, 0.5, 30.0),
            ("stages.ear.window_hop_secs", ear.window_hop_secs, 0.032, 10.0),
            ("stages.ear.min_speech_secs", ear.min_speech_secs, 0.0, 10.0),
            ("stages.ear.pause_secs", ear.pause_secs, 0.0, 60.0),
            ("stages.face.window_secs", face.window_secs, 0.0, 60.0),
            ("stages.face.lost_secs", face.lost_secs, 0.0, 3600.0),
            ("stages.voice.clipped", voice.clipped, 0.001, 1.0),
            ("stages.speech.threads", speech.threads as f32, 0.0, 64.0),
            ("stages.speech.min_confidence", speech.min_confidence, 0.0, 1.0),
            ("stages.speech.min_english", speech.min_english, 0.0, 1.0),
            ("stages.speech.min_secs", speech.min_secs, 0.0, 10.0),
            ("stages.gather.face_secs", gather.face_secs, 0.05, 3600.0),
            ("stages.gather.voice_secs", gather.voice_secs, 0.05, 3600.0),
            ("stages.gather.words_secs", gather.words_secs, 0.05, 3600.0),
            ("stages.gather.muted_secs", gather.muted_secs, 0.1, 3600.0),
            ("stages.fusion.trust (face)", trust_face, 0.0, 100.0),
            ("stages.fusion.trust (voice)", trust_voice, 0.0, 100.0),
            ("stages.fusion.trust (words)", trust_words, 0.0, 100.0),
            ("stages.fusion.fade_secs (face)", fade_face, 0.01, 3600.0),
            ("stages.fusion.fade_secs (voice)", fade_voice, 0.01, 3600.0),
            ("stages.fusion.fade_secs (words)", fade_words, 0.01, 3600.0),
            ("stages.fusion.min_sd", fusion.min_sd, 0.001, 1.0),
        ];
        // A number that is none is in no range.
        let odd = numbers.into_iter().find(|(_, value, least, most)| !(least..=most).contains(&value));
        if let Some((key, value, least, most)) = odd {
            return Some((key, value.to_string(), format!("from {least} to {most}")));
        }
        let pairs = [
            ("stages.face.quality.width_px", face.quality.width_px),
            ("stages.face.quality.brightness", face.quality.brightness),
            ("stages.face.quality.sharpness", face.quality.sharpness),
            ("stages.face.quality.yaw_deg", face.quality.yaw_deg),
            ("stages.voice.snr_db", voice.snr_db),
        ];
        let is_odd = |(from, to): (f32, f32)| !from.is_finite() || !to.is_finite() || (from - to).abs() < 1e-6;
        let (key, pair) = pairs.into_iter().find(|(_, pair)| is_odd(*pair))?;
        Some((key, format!("{pair:?}"), "two different numbers".to_owned()))
    }

    /// Keeps the window's settings in a file, whole or not at all. Whatever else is in the file, comments included, stays.
    ///
    /// # Errors
    ///
    /// If it can't be written, or what is there can't be understood.
    pub fn keep_window(path: &Path, window: &toml::Table) -> Result<(), SettingsError> {
        let unwritable = |detail: String| SettingsError::Unwritable { detail, path: path.to_path_buf() };
        let before = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unwritable(error.to_string())),
        };
        let mut document: toml_edit::DocumentMut =
            before.parse().map_err(|error: toml_edit::TomlError| unwritable(error.message().to_owned()))?;
        let text = toml::to_string(window).map_err(|error| unwritable(error.to_string()))?;
        let theirs: toml_edit::DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| unwritable(error.message().to_owned()))?;
        let table = document.entry("window").or_insert_with(toml_edit::table);
        let Some(table) = table.as_table_mut() else { return Err(unwritable("window isn't a table".to_owned())) };
        for (key, value) in theirs.iter() {
            table.insert(key, value.clone());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| unwritable(error.to_string()))?;
        }
        let part = path.with_extension("toml.part");
        fs::write(&part, document.to_string()).map_err(|error| unwritable(error.to_string()))?;
        fs::rename(&part, path).map_err(|error| unwritable(error.to_string()))
    }

    /// The folder of models: `chosen`, or that of the settings, or the one beside the program or a few folders above it
    /// (where it was built), or the one here.
    #[must_use]
    pub fn models_folder(&self, chosen: Option<&Path>) -> PathBuf {
        if let Some(folder) = chosen.or(self.models.as_deref()) {
            return folder.to_path_buf();
        }
        let program = std::env::current_exe().unwrap_or_default();
        let around = program.ancestors().skip(1).take(FOLDERS_UP).map(|folder| folder.join("models"));
        let mut around = around.filter(|folder| folder.join("manifest.toml").exists());
        around.next().unwrap_or_else(|| PathBuf::from("models"))
    }
}

impl Settings {
    /// The folder of recorded sessions: that of the settings, or `sessions` in the user's folder for this program's data, or
    /// here where the system has no such folder.
    #[must_use]
    pub fn sessions_folder(&self) -> PathBuf {
        let kept = || directories::ProjectDirs::from("", "", "circumplex").map(|all| all.data_dir().join("sessions"));
        self.sessions.clone().or_else(kept).unwrap_or_else(|| PathBuf::from("sessions"))
    }
}

/// Where settings are kept by default; `None` where the system has no such place.
#[must_use]
pub fn kept_at() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "circumplex")?;
    Some(folders.config_dir().join("settings.toml"))
}

/// The key and the known ones, out of what the reader says of an unknown field.
fn unknown_key(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    let key = quoted.next()?;
    Some((key, quoted.collect()))
}

/// A key that is known elsewhere belongs there; else the nearest one may be meant.
fn nearest(key: &str, known: &[String]) -> String {
    let documented: toml::Table = DOCUMENTED.parse().unwrap_or_default();
    if let Some(table) = table_of(key, &documented, "") {
        return format!(": it belongs under [{table}]");
    }
    let best = known.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    best.map_or_else(String::new, |best| format!(": did you mean {best:?}?"))
}

/// The only table that has this key, if there is just one.
fn table_of(key: &str, table: &toml::Table, name: &str) -> Option<String> {
    let inner = table.iter().filter_map(|(inner, value)| {
        let path = if name.is_empty() { inner.clone() } else { format!("{name}.{inner}") };
        table_of(key, value.as_table()?, &path)
    });
    let own = (table.contains_key(key) && !name.is_empty()).then(|| name.to_owned());
    let mut all = own.into_iter().chain(inner);
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_is_the_defaults() {
        let documented = Settings::parse(DOCUMENTED, Path::new("settings.toml")).unwrap();

        assert_eq!(documented, Settings::default());
    }

    #[test]
    fn every_default_is_documented() {
        let documented: toml::Table = DOCUMENTED.parse().unwrap();
        let defaults = toml::Table::try_from(Settings::default()).unwrap();

        assert_eq!(keys(&documented, ""), keys(&defaults, ""));
    }

    #[test]
    fn a_key_in_the_wrong_place_is_sent_to_the_right_one() {
        let error = Settings::parse("variant = \"open\"\n", Path::new("x.toml")).unwrap_err().to_string();

        assert!(error.contains("it belongs under [stages]"), "{error}");
    }

    fn keys(table: &toml::Table, above: &str) -> Vec<String> {
        let mut all: Vec<String> = table
            .iter()
            .flat_map(|(key, value)| match value {
                toml::Value::Table(inner) => keys(inner, &format!("{above}{key}.")),
                _ => vec![format!("{above}{key}")],
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_nearest_named() {
        let error = Settings::parse("[stages.ear]\nhangover_sec = 1.0\n", Path::new("x.toml")).unwrap_err();

        let said = error.to_string();
        assert!(said.contains("hangover_sec") && said.contains("did you mean \"hangover_secs\""), "{said}");
    }

    #[test]
    fn nonsense_is_refused_with_its_line() {
        let error = Settings::parse("models = \"a\"\n[camera]\nfps = \"many\"\n", Path::new("x.toml")).unwrap_err();

        assert!(error.to_string().contains("line 3"), "{error}");
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused_with_what_they_can_be() {
        for (text, key) in [
            ("[stages.face]\nwindow_secs = inf\n", "stages.face.window_secs"),
            ("[stages.ear]\nmax_utterance_secs = 60.0\n", "stages.ear.max_utterance_secs"),
            ("[stages.fusion]\ntrust = [1.0, nan, 1.0]\n", "stages.fusion.trust (voice)"),
            ("[stages.voice]\nsnr_db = [3.0, 3.0]\n", "stages.voice.snr_db"),
            ("[camera]\nfps = 0\n", "camera.fps"),
        ] {
            let error = Settings::parse(text, Path::new("x.toml")).unwrap_err();
            assert!(matches!(&error, SettingsError::OutOfRange { key: odd, .. } if *odd == key), "{error}");
        }
    }

    #[test]
    fn what_the_window_keeps_leaves_the_rest_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper").join("settings.toml");
        let window: toml::Table = "theme = \"light\"\nscale = 1.5\n".parse().unwrap();
        Settings::keep_window(&path, &window).unwrap();
        assert_eq!(Settings::read(&path).unwrap().window, window);

        fs::write(&path, "# mine\n[camera]\nfps = 25 # slow\n\n[window]\ntheme = \"dark\"\n").unwrap();
        Settings::keep_window(&path, &window).unwrap();

        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\n[camera]\nfps = 25 # slow\n"), "{text}");
        let read = Settings::read(&path).unwrap();
        assert_eq!((read.camera.fps, read.window), (25, window));
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        fs::write(&path, "half a line =").unwrap();

        assert!(Settings::keep_window(&path, &toml::Table::new()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a line =");
    }
}
