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
    /// What is asked of the camera.
    pub camera: camera::Settings,
    /// The stages.
    pub stages: StageSettings,
    /// The window.
    pub window: toml::Table,
}

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
    #[error("the settings have a key {key:?} that isn't known{hint}; `circumplex settings` lists all\nfile: {path:?}")]
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

    fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
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
        })
    }

    /// Keeps them in a file, whole or not at all.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write(&self, path: &Path) -> Result<(), SettingsError> {
        let unwritable = |detail: String| SettingsError::Unwritable { detail, path: path.to_path_buf() };
        let text = toml::to_string_pretty(self).map_err(|error| unwritable(error.to_string()))?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| unwritable(error.to_string()))?;
        }
        let part = path.with_extension("toml.part");
        fs::write(&part, text).map_err(|error| unwritable(error.to_string()))?;
        fs::rename(&part, path).map_err(|error| unwritable(error.to_string()))
    }

    /// The folder of models: `chosen` < settings < beside the program < here.
    #[must_use]
    pub fn models_folder(&self, chosen: Option<&Path>) -> PathBuf {
        if let Some(folder) = chosen.or(self.models.as_deref()) {
            return folder.to_path_buf();
        }
        let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("models")));
        let beside = beside.filter(|folder| folder.join("manifest.toml").exists());
        beside.unwrap_or_else(|| PathBuf::from("models"))
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

fn nearest(key: &str, known: &[String]) -> String {
    let best = known.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    best.map_or_else(String::new, |best| format!(": did you mean {best:?}?"))
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
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper").join("settings.toml");
        let mut settings = Settings::default();
        settings.stages.ear.window_secs = 3.5;
        settings.window.insert("theme".to_owned(), "light".into());

        settings.write(&path).unwrap();

        assert_eq!(Settings::read(&path).unwrap(), settings);
    }
}
