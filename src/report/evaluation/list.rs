//! Recordings with what they should be read as.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use csv::StringRecord;

use crate::signal::Bipolar;
use crate::signal::Label;

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The recording as the list has it.
    pub name: String,
    /// Where it is.
    pub file: PathBuf,
    /// How others read it.
    pub label: Label,
    /// Whose it is, if the list says so.
    pub speaker: Option<String>,
    /// How pleasant others find it, −1..=1, if the list says so.
    pub valence: Option<f64>,
    /// How excited others find it, −1..=1, if the list says so.
    pub arousal: Option<f64>,
}

/// Why a list can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// It isn't there, or isn't a table.
    #[error(
        "the list can't be read ({0}); it is a CSV with the columns file,label and, if known, speaker,valence,arousal"
    )]
    Table(String),
    /// A column is missing.
    #[error(
        "the list has no column {column:?}; its first line names its columns: file,label and, if known, speaker,valence,arousal"
    )]
    NoColumn {
        /// Which.
        column: &'static str,
    },
    /// A column has no meaning here: perhaps a slip of the pen.
    #[error(
        "the list has a column {column:?}, which means nothing here; there are: file, label, speaker, valence, arousal. Rename it or leave it out"
    )]
    OtherColumn {
        /// Which.
        column: String,
    },
    /// Columns are told apart by another sign, as some programs do.
    #[error("the list's columns are told apart by semicolons; save it with commas between them")]
    Semicolons,
    /// Lines can't be used: which (counted from 1, the names of the columns), and what is wrong and what to do.
    #[error("{}", lines(.0))]
    Lines(Vec<(u64, String)>),
    /// There is nothing in it.
    #[error("the list has no recordings; give it a line for each: file,label and, if known, speaker,valence,arousal")]
    Empty,
}

/// Wrong lines that are told at once.
const TOLD: usize = 20;

const COLUMNS: [&str; 5] = ["file", "label", "speaker", "valence", "arousal"];

/// Reads the list at `path`; its recordings are found from the folder that it is in.
///
/// # Errors
///
/// If anything in it can't be used: all lines that can't.
pub fn read_list(path: &Path) -> Result<Vec<Item>, ListError> {
    let unreadable = |error: csv::Error| ListError::Table(error.to_string());
    let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(unreadable)?;
    let columns: BTreeMap<String, usize> =
        table.headers().map_err(unreadable)?.iter().enumerate().map(|(at, name)| (plain(name), at)).collect();
    if columns.len() == 1 && columns.keys().any(|name| name.contains(';')) {
        return Err(ListError::Semicolons);
    }
    if let Some(column) = columns.keys().find(|name| !COLUMNS.contains(&name.as_str())) {
        return Err(ListError::OtherColumn { column: column.clone() });
    }
    if let Some(column) = ["file", "label"].into_iter().find(|name| !columns.contains_key(*name)) {
        return Err(ListError::NoColumn { column });
    }
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut items: Vec<Item> = Vec::new();
    let mut known = BTreeSet::new();
    let mut bad = Vec::new();
    for record in table.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        match item(&record, &columns, folder) {
            Err(what) => bad.push((line, what)),
            Ok(item) if !known.insert(item.file.clone()) => bad.push((
                line,
                format!("{:?} is in the list already; a recording counts once: leave the line out", item.name),
            )),
            Ok(item) => items.push(item),
        }
    }
    if !bad.is_empty() {
        return Err(ListError::Lines(bad));
    }
    if items.is_empty() { Err(ListError::Empty) } else { Ok(items) }
}

/// The first [`TOLD`] lines, one beneath the other.
fn lines(bad: &[(u64, String)]) -> String {
    let mut told: Vec<String> =
        bad.iter().take(TOLD).map(|(line, what)| format!("line {line} of the list: {what}")).collect();
    if bad.len() > TOLD {
        told.push(format!("and {} more", bad.len() - TOLD));
    }
    told.join("\n")
}

/// Small letters, without what some programs put in front of a file.
fn plain(name: &str) -> String {
    name.trim_start_matches('\u{feff}').trim().to_lowercase()
}

fn item(record: &StringRecord, columns: &BTreeMap<String, usize>, folder: &Path) -> Result<Item, String> {
    let cell = |name: &str| columns.get(name).and_then(|at| record.get(*at)).filter(|cell| !cell.is_empty());
    let name = cell("file").ok_or("there is no file; write where the recording is")?;
    let labels = || Label::ALL.map(Label::name).join(", ");
    let label = cell("label").ok_or_else(|| format!("there is no label; there are: {}", labels()))?;
    let label = Label::from_name(&label.to_lowercase())
        .ok_or_else(|| format!("there is no label {label:?}; there are: {}", labels()))?;
    let speaker = cell("speaker").map(str::to_owned);
    if columns.contains_key("speaker") && speaker.is_none() {
        return Err("there is no speaker; say whose the recording is, or leave the column out".to_owned());
    }
    let number = |name: &str| cell(name).map(|cell| number(name, cell)).transpose();
    let (valence, arousal) = (number("valence")?, number("arousal")?);
    Ok(Item { name: name.to_owned(), file: folder.join(name), label, speaker, valence, arousal })
}

fn number(name: &str, cell: &str) -> Result<f64, String> {
    let value: Option<f32> = cell.parse().ok();
    let bipolar = value.and_then(|value| Bipolar::new(value).filter(|drawn| (drawn.get() - value).abs() < 1e-6));
    bipolar.map(|value| f64::from(value.get())).ok_or_else(|| {
        format!("{name} is {cell:?}; it is a number from -1 to 1, with a point, or nothing if it isn't known")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Item>, ListError> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("list.csv");
        std::fs::write(&path, text).unwrap();
        let mut items = read_list(&path)?;
        for item in &mut items {
            item.file = item.file.strip_prefix(folder.path()).unwrap().to_owned();
        }
        Ok(items)
    }

    #[test]
    fn columns_come_in_any_order_and_what_is_not_known_is_left_empty() {
        let items = read("\u{feff}Label, valence,file,speaker\nfear,-0.5,a/b.mp4,7\nNeutral,,c.wav,8\n").unwrap();

        assert_eq!((items[0].label, items[0].valence, items[0].arousal), (Label::Fear, Some(-0.5), None));
        assert_eq!((items[1].label, items[1].valence), (Label::Neutral, None));
        assert_eq!((items[0].file.to_str(), items[0].speaker.as_deref()), (Some("a/b.mp4"), Some("7")));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_what_to_do() {
        for (text, parts) in [
            ("file,label\na.wav,neutral\nb.wav,joy\n", ["line 3", "\"joy\"", "happiness"]),
            ("file,label,valence\na.wav,neutral,1.5\n", ["line 2", "valence", "-1 to 1"]),
            ("file,label,arousal\na.wav,neutral,NaN\n", ["line 2", "arousal", "-1 to 1"]),
            ("file,label,speaker\na.wav,neutral,\n", ["line 2", "speaker", "leave the column out"]),
            ("file,label\na.wav,fear\na.wav,fear\n", ["line 3", "a.wav", "already"]),
            ("file,label\n,fear\n", ["line 2", "no file", "where"]),
            ("file,label\na.wav,fear,more\n", ["line: 2", "3 fields", "file,label"]),
            ("file,emotion\na.wav,fear\n", ["emotion", "label", "Rename"]),
            ("file\na.wav\n", ["no column", "label", "file,label"]),
            ("file,label\n", ["no recordings", "a line", "file,label"]),
        ] {
            let error = read(text).unwrap_err().to_string();

            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
