//! BIDS 1.10: a data set of behaviour, to which each session adds its own files.
//!
//! ```text
//!   dataset_description.json  participants.tsv  participants.json  README
//!   sub-P07/
//!     sub-P07_sessions.tsv  sub-P07_sessions.json
//!     ses-20261128T150000/beh/
//!       sub-P07_ses-20261128T150000_task-reading_events.tsv    .json     markers and what else happened
//!       sub-P07_ses-20261128T150000_task-reading_physio.tsv.gz .json     the answers at 10 Hz
//! ```
//!
//! The program that recorded is in the sidecar of the answers (`Manufacturer`, `ManufacturersModelName`, `SoftwareVersions`); events have
//! no field for it: `StimulusPresentation` is for software that shows stimuli, which this isn't.
//!
//! A session's label is when it began (UTC), so that it is the same whenever it is exported, and whatever else is in the data set.
//!
//! # Why
//!
//! A `_physio` table has no times, only a rate. Answers come unevenly, so the table has the answer that stood at each tenth of a
//! second: the newest that isn't of later and no older than 0.2 s. Nothing is averaged, and nothing between two answers is
//! made up.

mod dataset;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::report::export::happened;
use crate::report::export::part;
use crate::report::export::part::Part;
use crate::report::export::recorded::STANDS;
use crate::session::Header;
use crate::signal::Label;
use crate::signal::Modality;
use crate::time::Timestamp;

/// Rows a second.
const RATE_HZ: u32 = 10;

/// Who, when and what, as BIDS writes them into names: letters and digits only.
struct Labels {
    subject: String,
    session: String,
    task: String,
}

impl Labels {
    fn of(header: &Header) -> Self {
        let or = |label: String, other: &str| if label.is_empty() { other.to_owned() } else { label };
        let began = header.began_utc.get(..19).unwrap_or_default();
        // Of two that began in the same second, the second one's folder has a number.
        let number = header.name.rsplit_once("Z-").map(|(_, number)| format!("n{number}")).unwrap_or_default();
        Self {
            subject: or(alphanumeric(&header.subject.participant), "unknown"),
            session: or(alphanumeric(&format!("{began}{number}")), "1"),
            task: or(alphanumeric(&header.subject.task), "unnamed"),
        }
    }

    /// The folder of the session's files in the data set, with the beginning of their names.
    fn stem(&self) -> String {
        let Self { subject, session, task } = self;
        format!("sub-{subject}/ses-{session}/beh/sub-{subject}_ses-{session}_task-{task}")
    }
}

fn alphanumeric(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The session's own files, from the data set's folder.
pub(super) fn files(header: &Header) -> Vec<String> {
    let stem = Labels::of(header).stem();
    ["events.tsv", "events.json", "physio.tsv.gz", "physio.json"].map(|end| format!("{stem}_{end}")).into()
}

/// Writes the session into the data set in `folder`, which is begun if it isn't there.
pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    let labels = Labels::of(recorded.header());
    dataset::join(recorded, &labels, folder, exported)?;
    let stem = labels.stem();
    events(recorded, folder, &stem, exported)?;
    answers(recorded, folder, &stem, exported)
}

fn events(recorded: &Recorded<'_>, folder: &Path, stem: &str, exported: &mut Exported) -> Result<(), ExportError> {
    let mut text = "onset\tduration\ttrial_type\tname\ttext\tcorrected\tdetail\n".to_owned();
    let mut levels = Map::new();
    for event in happened::all(recorded) {
        levels.insert(cell(&event.kind), json!(happened::about(&event.kind)));
        let (onset, length) = (recorded.secs(event.span.start), event.span.len().as_secs_f64());
        let detail = event.detail.map(|detail| detail.to_string()).unwrap_or_default();
        let words = [event.kind, event.name, event.text].map(|word| cell(&word));
        let corrected = u8::from(event.is_corrected);
        writeln!(text, "{onset:.6}\t{length:.6}\t{}\t{corrected}\t{}", words.join("\t"), cell(&detail)).ok();
    }
    part::write(folder, &format!("{stem}_events.tsv"), text.as_bytes(), exported)?;
    let about = json!({
        "onset": { "Description": "when it began, since the session began", "Units": "s" },
        "duration": { "Description": "how long it is; 0 for an instant", "Units": "s" },
        "trial_type": {
            "LongName": "kind of event",
            "Description": format!("what happened, as {} took note of it", recorded.header().program),
            "Levels": levels,
        },
        "name": { "Description": "a marker's name" },
        "text": { "Description": "what the operator typed" },
        "corrected": {
            "Description": "whether the marker was corrected, or added, after the recording",
            "Levels": { "0": "as it was", "1": "corrected or added" },
        },
        "detail": { "Description": "what else is known of it: JSON" },
        "TaskName": recorded.header().subject.task,
    });
    part::json(folder, &format!("{stem}_events.json"), &about, exported)
}

/// A word in a table whose cells are parted by tabs; `n/a` for none.
fn cell(word: &str) -> String {
    let word: String = word.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if word.trim().is_empty() { "n/a".to_owned() } else { word }
}

/// One column: its name, what it is, and its unit.
type Column = (String, &'static str, &'static str);

fn columns() -> Vec<Column> {
    let one = |name: &str, about| (name.to_owned(), about, "1");
    let mut columns = vec![
        one("valence", "-1 unpleasant to 1 pleasant"),
        one("arousal", "-1 calm to 1 excited"),
        one("valence_sd", "one standard deviation of the valence: its doubt"),
        one("arousal_sd", "one standard deviation of the arousal: its doubt"),
    ];
    columns.extend(Label::ALL.map(|label| (format!("p_{label}"), "probability of the label; they sum to 1", "1")));
    let gate = |modality: Modality| {
        (format!("gate_{}", modality.name()), "weight of the modality in the answer; they sum to 1", "1")
    };
    columns.extend(Modality::ALL.map(gate));
    columns.push(one("excluded", "1 where a marker says that it isn't to count"));
    columns
}

fn row(recorded: &Recorded<'_>, at: Timestamp) -> Vec<String> {
    let values = crate::record::values::of_answer(recorded.answer_at(at));
    let answer = values.into_iter().take(columns().len() - 1);
    let mut row: Vec<String> =
        answer.map(|value| if value.is_finite() { value.to_string() } else { "n/a".to_owned() }).collect();
    row.push(u8::from(recorded.is_excluded(at)).to_string());
    row
}

fn answers(recorded: &Recorded<'_>, folder: &Path, stem: &str, exported: &mut Exported) -> Result<(), ExportError> {
    let part = Part::create(folder, &format!("{stem}_physio.tsv.gz"))?;
    let path = part.path().to_path_buf();
    let mut packed = GzEncoder::new(part, Compression::default());
    let mut written = Ok(());
    for at in recorded.grid(RATE_HZ) {
        written = written.and_then(|()| packed.write_all((row(recorded, at).join("\t") + "\n").as_bytes()));
    }
    let part = written.and_then(|()| packed.finish()).map_err(ExportError::disk(&path))?;
    part.finish(exported)?;
    let mut about = Map::new();
    about.insert("SamplingFrequency".to_owned(), json!(RATE_HZ));
    about.insert("StartTime".to_owned(), json!(0));
    let names: Vec<_> = columns().into_iter().map(|(name, ..)| name).collect();
    about.insert("Columns".to_owned(), json!(names));
    about.insert("PhysioType".to_owned(), json!("generic"));
    about.insert("TaskName".to_owned(), json!(recorded.header().subject.task));
    about.insert("Manufacturer".to_owned(), json!("Circumplex"));
    about.insert("ManufacturersModelName".to_owned(), json!(recorded.header().program));
    about.insert("SoftwareVersions".to_owned(), json!(recorded.header().program));
    about.insert("Description".to_owned(), json!(how()));
    for (name, what, unit) in columns() {
        about.insert(name, json!({ "Description": what, "Units": unit }));
    }
    part::json(folder, &format!("{stem}_physio.json"), &Value::Object(about), exported)
}

fn how() -> String {
    format!(
        "How the participant comes across, as Circumplex reads face, voice and words: expressions, not feelings. Answers come about \
         25 times a second, unevenly; each row is the answer that stood at its time: the newest that isn't of later and no older \
         than {} s. Nothing is averaged or interpolated. n/a: nothing was read, the recording was paused, or it was forgotten.",
        STANDS.as_secs_f32()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;

    use super::*;
    use crate::report::export;
    use crate::report::export::Form;
    use crate::report::export::Target;
    use crate::report::support;
    use crate::report::support::Plan;

    const STEM: &str = "sub-P07/ses-20261128T150000/beh/sub-P07_ses-20261128T150000_task-readingaloud";

    fn unpacked(path: &Path) -> Vec<Vec<String>> {
        let mut text = String::new();
        flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn rows_are_even_and_what_was_not_read_is_not_available() {
        let made = support::session();
        let folder = made.export(Form::Bids).join("bids");

        let rows = unpacked(&folder.join(format!("{STEM}_physio.tsv.gz")));
        assert_eq!((rows.len(), rows[0].len()), (101, columns().len()));
        assert_eq!(rows[10][..4], ["0.5", "-0.25", "0.125", "0.25"]);
        for (at, row) in rows.iter().enumerate() {
            let is_known = !((40..50).contains(&at) || (60..70).contains(&at));
            assert_eq!(row[0] != "n/a", is_known, "{at}");
            assert_eq!(row.last().unwrap(), if (20..30).contains(&at) { "1" } else { "0" }, "{at}");
        }
        let about: Value =
            serde_json::from_slice(&fs::read(folder.join(format!("{STEM}_physio.json"))).unwrap()).unwrap();
        assert_eq!(about["SamplingFrequency"], 10);
        assert_eq!(about["Columns"].as_array().unwrap().len(), rows[0].len());
    }

    #[test]
    fn events_are_markers_as_they_count_and_the_rest() {
        let made = support::session();
        let folder = made.export(Form::Bids).join("bids");

        let text = fs::read_to_string(folder.join(format!("{STEM}_events.tsv"))).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        assert!(rows.iter().all(|row| row.len() == 7), "{text}");
        let about: Value =
            serde_json::from_slice(&fs::read(folder.join(format!("{STEM}_events.json"))).unwrap()).unwrap();
        // It presented no stimuli, so it says nothing of software that did.
        assert_eq!(about.get("StimulusPresentation"), None);
        let has = |row: &[&str]| rows.iter().any(|one| one[..6] == *row);
        assert!(has(&["1.500000", "0.000000", "marker", "tone", "soft", "1"]), "{text}");
        assert!(has(&["2.000000", "1.000000", "exclude", "talk with the operator", "n/a", "0"]), "{text}");
        assert!(has(&["6.000000", "1.000000", "forgotten", "n/a", "n/a", "0"]) && !text.contains("mistake"), "{text}");
    }

    #[test]
    fn a_second_session_joins_the_data_set() {
        let first = support::session();
        let second = Plan::good(3.0).make();
        let target = Target::new(first.root.path(), true);

        for made in [&first, &second] {
            export::write(&made.recorded(), &[Form::Bids], &target, |_| ()).unwrap();
        }

        let people = fs::read_to_string(target.bids.join("participants.tsv")).unwrap();
        assert_eq!(people, "participant_id\tcode\nsub-P07\tP-07\n");
        let sessions = fs::read_to_string(target.bids.join("sub-P07/sub-P07_sessions.tsv")).unwrap();
        assert_eq!(sessions.lines().count(), 2, "{sessions}");
        let about: Value =
            serde_json::from_slice(&fs::read(target.bids.join("dataset_description.json")).unwrap()).unwrap();
        assert_eq!((about["BIDSVersion"].as_str(), about["DatasetType"].as_str()), (Some("1.10.0"), Some("raw")));
    }
}
