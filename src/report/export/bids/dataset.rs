//! What all sessions of a data set share.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::report::export::bids::Labels;
use crate::report::export::bids::cell;
use crate::report::export::part;

const README: &str = "\
Recordings of Circumplex, a program that reads how one person comes across: valence, arousal and seven labels, from face,
voice and words, live. It reads expressions, not feelings: how they would be read by others, not what somebody feels.

Each session has, in its folder beh:

- _events.tsv: what the operator marked, as it was corrected afterwards, and what else happened. Stretches of the type `exclude`
  aren't to count, and aren't left out: the column `excluded` of the other table says where they are.
- _physio.tsv.gz: the answers, ten times a second, from when the session began. The sidecar says what each column is.

Onsets and rows count from when the session began; when that was, sub-*_sessions.tsv says (UTC). A session's label is that time.
What isn't known is n/a, never 0. What a participant had deleted is a gap. There is no face, sound or word in this data set.
";

/// Begins the data set in `folder` if there is none, and enters the session into it.
pub(super) fn join(
    recorded: &Recorded<'_>,
    labels: &Labels,
    folder: &Path,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    let header = recorded.header();
    if !folder.join("dataset_description.json").exists() {
        let about = json!({
            "Name": "Recordings of Circumplex",
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "GeneratedBy": [{ "Name": "Circumplex", "Version": env!("CARGO_PKG_VERSION") }],
        });
        part::json(folder, "dataset_description.json", &about, exported)?;
        part::write(folder, "README", README.as_bytes(), exported)?;
        let about = json!({
            "participant_id": { "Description": "the participant's label in this data set" },
            "code": { "Description": "the code that the operator gave; never a name" },
        });
        part::json(folder, "participants.json", &about, exported)?;
    }
    let subject = format!("sub-{}", labels.subject);
    let code = cell(&header.subject.participant);
    enter(folder, "participants.tsv", ["participant_id", "code"], [subject.clone(), code], exported)?;
    let sessions = format!("{subject}/{subject}_sessions");
    let about = json!({
        "session_id": { "Description": "the session's label: when it began" },
        "acq_time": { "Description": "when it began: UTC" },
    });
    part::json(folder, &format!("{sessions}.json"), &about, exported)?;
    let began = header.began_utc.trim_end_matches('Z').to_owned();
    let row = [format!("ses-{}", labels.session), began];
    enter(folder, &format!("{sessions}.tsv"), ["session_id", "acq_time"], row, exported)
}

/// Enters a row into a small table, by its first cell; a row that is there must say the same.
fn enter(
    folder: &Path,
    name: &str,
    columns: [&str; 2],
    [key, value]: [String; 2],
    exported: &mut Exported,
) -> Result<(), ExportError> {
    let path = folder.join(name);
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(ExportError::disk(&path)(error)),
    };
    // Whoever keeps the data set may have added columns: they stay, and a new row has nothing in them.
    let header = before.lines().next().map_or_else(|| columns.join("\t"), str::to_owned);
    let more = header.split('\t').count().saturating_sub(columns.len());
    let mut rows: BTreeMap<String, String> = before.lines().skip(1).filter_map(row).collect();
    match rows.get(&key) {
        Some(other) if other.split('\t').next() != Some(value.as_str()) => {
            let what = format!("in the data set that is there, {key} is {other}, and here it is {value}");
            return Err(ExportError::Conflict { what, path });
        }
        Some(_) => {}
        None => {
            rows.insert(key, value + &"\tn/a".repeat(more));
        }
    }
    let mut text = header + "\n";
    for (key, value) in rows {
        writeln!(text, "{key}\t{value}").ok();
    }
    part::write(folder, name, text.as_bytes(), exported)
}

fn row(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once('\t')?;
    Some((key.to_owned(), value.to_owned()))
}
