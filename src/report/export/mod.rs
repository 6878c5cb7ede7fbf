//! A session handed over: in forms that others read.
//!
//! | form                   | is                                                                  | read by               |
//! |------------------------|---------------------------------------------------------------------|-----------------------|
//! | [`Form::Csv`]          | tables, with `OpenFace`'s names where the meaning is the same; media | pandas, R, a person   |
//! | [`Form::Xdf`]          | streams, as they would be on a lab's network                        | `pyxdf`, EEGLAB, MNE  |
//! | [`Form::Bids`]         | a data set in BIDS: `beh`                                           | BIDS tools            |
//! | [`Form::EmotionMl`]    | W3C's `EmotionML` 1.0                                               | annotation tools      |
//!
//! All times are seconds since the session began, but for those of `EmotionML`, which are of the wall clock. What isn't known is
//! an empty cell, `n/a` or NaN, never 0. What was forgotten isn't there. Markers are as they were corrected.
//!
//! A file is there once it is whole: it is written beside its place and moved there. What was left out, what is damaged and what
//! became of it is in `export_notes.txt` beside the files.

mod bids;
mod csv;
mod emotionml;
mod happened;
mod media;
mod notes;
mod openface;
mod part;
mod recorded;
mod xdf;
mod xml;

use std::io;
use std::path::Path;
use std::path::PathBuf;

pub use recorded::Recorded;

use crate::session::Damage;
use crate::session::Header;
use crate::session::SessionError;
use crate::session::is_older_than_corrections;

/// What a session can be exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tables, and the sound and the pictures if they were kept.
    Csv,
    /// One file of streams.
    Xdf,
    /// A data set, or one more session in one that is there.
    Bids,
    /// One XML file.
    EmotionMl,
}

impl Form {
    /// All, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Xdf, Self::Bids, Self::EmotionMl];

    /// The name in arguments.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xdf => "xdf",
            Self::Bids => "bids",
            Self::EmotionMl => "emotionml",
        }
    }
}

/// Why a session can't be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The session can't be read.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// There is something already.
    #[error(
        "there is an export already{age}; nothing was changed. Choose another folder with --out, or add --force to replace it\nfile: {path:?}"
    )]
    Exists {
        /// What is there.
        path: PathBuf,
        /// That it is older than what was corrected, if it is.
        age: &'static str,
    },
    /// The system refuses.
    #[error("the export can't be written ({reason}); check the folder and the free space\nfile: {path:?}")]
    Disk {
        /// What the system said.
        reason: String,
        /// Where.
        path: PathBuf,
    },
    /// The data set there is another's.
    #[error("{what}; choose another folder with --out\nfile: {path:?}")]
    Conflict {
        /// What doesn't go together.
        what: String,
        /// Where.
        path: PathBuf,
    },
}

impl ExportError {
    /// Of a session in `folder`.
    #[must_use]
    pub fn exists(folder: &Path, path: PathBuf) -> Self {
        let is_old = is_older_than_corrections(folder, &path);
        Self::Exists { path, age: if is_old { ", and the markers have been corrected since" } else { "" } }
    }

    fn disk(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |error| Self::Disk { reason: error.to_string(), path: path.to_path_buf() }
    }
}

/// Where to, and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// The folder of this session's files; made if it isn't there.
    pub folder: PathBuf,
    /// The folder of the BIDS data set, which sessions can share.
    pub bids: PathBuf,
    /// Whether what is there may be replaced.
    pub is_forced: bool,
}

impl Target {
    /// Everything in `folder`, the data set in `folder/bids`.
    #[must_use]
    pub fn new(folder: &Path, is_forced: bool) -> Self {
        Self { folder: folder.to_path_buf(), bids: folder.join("bids"), is_forced }
    }
}

/// What came of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// What was left out or is damaged, and why: in sentences. `export_notes.txt` has them too.
    pub notes: Vec<String>,
}

/// What is there already of what would be written of a session in these forms, if anything.
#[must_use]
pub fn existing(header: &Header, forms: &[Form], target: &Target) -> Option<PathBuf> {
    forms.iter().flat_map(|form| files(*form, header, target)).find(|path| path.exists())
}

/// Writes a session in each of these forms; `tell` hears which one is begun.
///
/// # Errors
///
/// If something is there and mayn't be replaced (then nothing was written), if the session can't be read, or if the system
/// refuses: what was written before stays.
pub fn write(
    recorded: &Recorded<'_>,
    forms: &[Form],
    target: &Target,
    mut tell: impl FnMut(Form),
) -> Result<Exported, ExportError> {
    if let Some(path) = existing(recorded.header(), forms, target).filter(|_| !target.is_forced) {
        return Err(ExportError::exists(recorded.session.folder(), path));
    }
    let mut exported = Exported::default();
    exported.notes.extend(recorded.kept.damage.iter().map(|damage| told(damage, "what was there is missing")));
    notes::write(&target.folder, notes::SESSION, &exported.notes)?;
    for form in Form::ALL.into_iter().filter(|form| forms.contains(form)) {
        tell(form);
        let noted = exported.notes.len();
        match form {
            Form::Csv => {
                csv::write(recorded, &target.folder, &mut exported)?;
                media::write(recorded, &target.folder, &mut exported)?;
            }
            Form::Xdf => xdf::write(recorded, &target.folder, &mut exported)?,
            Form::Bids => bids::write(recorded, &target.bids, &mut exported)?,
            Form::EmotionMl => emotionml::write(recorded, &target.folder, &mut exported)?,
        }
        notes::write(&target.folder, form.name(), exported.notes.get(noted..).unwrap_or_default())?;
    }
    Ok(exported)
}

/// A note of what is damaged, and of what became of it.
fn told(damage: &Damage, outcome: &str) -> String {
    let Damage { at, to, why, path } = damage;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("bytes {at} to {to} of {file} can't be read ({why}): {outcome}")
}

/// The files that a form would write, as far as others could be in their place.
fn files(form: Form, header: &Header, target: &Target) -> Vec<PathBuf> {
    let within = |names: &[&str]| names.iter().map(|name| target.folder.join(name)).collect::<Vec<_>>();
    match form {
        Form::Csv => within(&csv::FILES).into_iter().chain(within(&media::FILES)).collect(),
        Form::Xdf => within(&[&xdf::file_name(header)]),
        Form::Bids => bids::files(header).into_iter().map(|name| target.bids.join(name)).collect(),
        Form::EmotionMl => within(&[&emotionml::file_name(header)]),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::support;

    #[test]
    fn what_is_there_is_replaced_only_by_force_and_nothing_is_left_half_done() {
        let made = support::session();
        let (recorded, folder) = (made.recorded(), made.root.path().join("out"));
        let write = |is_forced| write(&recorded, &Form::ALL, &Target::new(&folder, is_forced), |_| ());

        let first = write(false).unwrap();
        let again = write(false);
        let forced = write(true).unwrap();

        assert!(matches!(again, Err(ExportError::Exists { .. })), "{again:?}");
        assert!(first.files.iter().chain(&forced.files).all(|path| path.exists()));
        let left = fs::read_dir(&folder)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn what_was_said_is_in_the_tables_word_for_word() {
        let made = support::session();

        let said = made.table("transcript.csv");
        let words = made.table("words.csv");

        let text = "good, \"very\" good <&>";
        assert_eq!(said["2.000000"]["text"], text);
        assert_eq!((words["2.000000"]["text"].as_str(), words["2.000000"]["end"].as_str()), (text, "3.500000"));
        assert_eq!((words["2.000000"]["excluded"].as_str(), words["2.000000"]["quality"].as_str()), ("1", "0.8"));
    }

    #[test]
    fn answers_are_rows_also_where_nothing_was_read_and_none_where_it_was_forgotten() {
        let made = support::session();
        let rows = made.table("affect.csv");

        assert_eq!((rows["1.000000"]["valence"].as_str(), rows["1.000000"]["excluded"].as_str()), ("0.5", "0"));
        assert_eq!((rows["4.000000"]["valence"].as_str(), rows["4.000000"]["label"].as_str()), ("", ""));
        let times: Vec<f64> = rows.keys().map(|time| time.parse().unwrap()).collect();
        assert!(!times.iter().any(|time| (6.0..7.0).contains(time)) && times.contains(&7.0));
        assert_eq!(times.iter().filter(|time| (2.0..3.0).contains(*time)).count(), 25);
        assert!(rows.iter().filter(|(time, _)| time.starts_with("2.")).all(|(_, row)| row["excluded"] == "1"));
    }

    #[test]
    fn every_column_is_told() {
        let made = support::session();
        let folder = made.export(Form::Csv);

        let mut told = ::csv::Reader::from_path(folder.join("columns.csv")).unwrap();
        let told: Vec<(String, String)> =
            told.records().map(Result::unwrap).map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
        for file in ["face.csv", "affect.csv", "voice.csv", "words.csv", "level.csv", "events.csv", "transcript.csv"] {
            let mut table = ::csv::Reader::from_path(folder.join(file)).unwrap();
            for name in table.headers().unwrap() {
                assert!(told.contains(&(file.to_owned(), name.to_owned())), "{file}: {name}");
            }
        }
    }
}
