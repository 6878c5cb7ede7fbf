//! Tables: one for each kind of thing, and one of all their columns.

mod evidence;
mod face;
mod said;
mod table;

use std::path::Path;

use crate::record::streams;
use crate::record::values;
use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::report::export::csv::table::Column;
use crate::report::export::csv::table::Table;
use crate::report::export::csv::table::number;
use crate::report::export::part;
use crate::report::export::recorded::STANDS;
use crate::signal::Fused;
use crate::signal::Label;
use crate::signal::Modality;
use crate::time::Timestamp;

/// Every file that this form may write.
pub(super) const FILES: [&str; 9] = [
    "face.csv",
    "affect.csv",
    "voice.csv",
    "words.csv",
    "level.csv",
    "events.csv",
    "transcript.csv",
    "columns.csv",
    "README.txt",
];

/// Writes the tables.
pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    let mut columns = Vec::new();
    for table in [
        face::write(recorded, folder)?,
        answers(recorded, folder)?,
        evidence::write(recorded, folder, Modality::Voice)?,
        evidence::write(recorded, folder, Modality::Words)?,
        levels(recorded, folder)?,
        said::events(recorded, folder)?,
    ] {
        columns.extend(table.finish(exported)?);
    }
    match said::transcript(recorded, folder)? {
        Some(table) => columns.extend(table.finish(exported)?),
        None => {
            // What was there is another session's, or has been withdrawn.
            std::fs::remove_file(folder.join("transcript.csv")).ok();
            exported.notes.push("no transcript.csv: the words weren't kept".to_owned());
        }
    }
    dictionary(folder, &columns, exported)?;
    part::write(folder, "README.txt", readme(recorded).as_bytes(), exported)
}

/// A row per answer.
fn answers(recorded: &Recorded<'_>, folder: &Path) -> Result<Table, ExportError> {
    let about = |name: &str| match name.split('_').next() {
        Some("p") => "probability; the seven sum to 1",
        Some("gate") => "weight of the modality in the answer; the three sum to 1",
        Some("clear") => "of the fusion, as measured: the least probability of a label shown; share right; share shown",
        Some("at") => "probability that the label holds, by itself: they don't sum to 1",
        Some("doubt") => "how likely it is that what is said of the label by itself is wrong",
        Some("threshold") => "the probability from which the label is said to hold",
        _ if name.ends_with("_sd") => "one standard deviation: the doubt",
        _ => "-1 to 1",
    };
    let numbers = streams::affect_columns().into_iter().map(|column| {
        let what = about(&column.name);
        Column::new(column.name, "1", what)
    });
    let columns = [Column::new("timestamp", "s", "when the answer is of, since the session began")]
        .into_iter()
        .chain(numbers)
        .chain([
            Column::new("label", "", "the likeliest label"),
            Column::new("clear", "1", "1 where it is sure enough to be shown; empty where that was never measured"),
            Column::excluded(),
        ]);
    let mut table = Table::create(folder, "affect.csv", columns.collect())?;
    for answer in &recorded.kept.answers {
        let (at, fused) = (answer.span.start, answer.value.as_ref());
        let mut row = vec![time(recorded, at)];
        row.extend(values::of_answer(fused).into_iter().map(number));
        row.push(fused.map_or_else(String::new, |fused| fused.reading.label().to_string()));
        row.push(clear(fused));
        row.push(excluded(recorded, at));
        table.row(&row)?;
    }
    Ok(table)
}

/// A row per 32 ms of sound.
fn levels(recorded: &Recorded<'_>, folder: &Path) -> Result<Table, ExportError> {
    let own = streams::LEVEL_COLUMNS.map(|(name, unit)| Column::new(name, unit, level_about(name)));
    let columns = [
        Column::new("timestamp", "s", "when this sound began, since the session began"),
        Column::new("end", "s", "when it ended"),
    ];
    let columns = columns.into_iter().chain(own).chain([Column::excluded()]).collect();
    let mut table = Table::create(folder, "level.csv", columns)?;
    for level in &recorded.kept.levels {
        let mut row = vec![time(recorded, level.span.start), time(recorded, level.span.end)];
        row.extend(values::of_level(&level.value).into_iter().map(number));
        row.push(excluded(recorded, level.span.start));
        table.row(&row)?;
    }
    Ok(table)
}

fn level_about(name: &str) -> &'static str {
    match name {
        "speech_probability" => "how likely it is speech",
        "is_speech" => "1 where it is held for speech",
        "level" => "root mean square, dB of full scale: -120 to 0",
        "snr" => "level of the speech over that of the pauses",
        "clipped" => "share of the samples at full scale",
        _ => "share of the window that is speech",
    }
}

/// What `aff_` columns say, in their order.
fn affect_columns() -> Vec<Column> {
    let affect = ["valence", "arousal", "valence_sd", "arousal_sd"].map(str::to_owned);
    let labels = Label::ALL.map(|label| format!("p_{label}"));
    let gates = Modality::ALL.map(|one| format!("gate_{}", one.name()));
    let column = |name: String| Column::new(format!("aff_{name}"), "1", "the fused answer that stood then");
    affect.into_iter().chain(labels).chain(gates).map(column).collect()
}

/// The cells of [`affect_columns`].
fn affect_cells(fused: Option<&Fused>) -> Vec<String> {
    let values = values::of_answer(fused);
    values.into_iter().take(affect_columns().len()).map(number).collect()
}

fn clear(fused: Option<&Fused>) -> String {
    let is_clear = fused.and_then(Fused::is_clear);
    is_clear.map_or_else(String::new, |is_clear| u8::from(is_clear).to_string())
}

/// Seconds since the session began, to the microsecond.
fn time(recorded: &Recorded<'_>, at: Timestamp) -> String {
    format!("{:.6}", recorded.secs(at))
}

fn excluded(recorded: &Recorded<'_>, at: Timestamp) -> String {
    u8::from(recorded.is_excluded(at)).to_string()
}

/// `columns.csv`: what each column of each table is.
fn dictionary(folder: &Path, columns: &[(String, Column)], exported: &mut Exported) -> Result<(), ExportError> {
    let own = [
        Column::new("file", "", "the table"),
        Column::new("column", "", "its column"),
        Column::new("unit", "", "s, px, deg, rad, dB, Hz; 1 for shares, probabilities and places on -1 to 1"),
        Column::new("about", "", "what it is"),
    ];
    let mut table = Table::create(folder, "columns.csv", own.to_vec())?;
    for (file, column) in columns {
        table.row(&[file.clone(), column.name.clone(), column.unit.clone(), column.about.clone()])?;
    }
    table.finish(exported).map(|_| ())
}

fn readme(recorded: &Recorded<'_>) -> String {
    let header = recorded.header();
    format!(
        "A session of Circumplex as tables.\n\n\
         session:     {}\n\
         participant: {}\n\
         task:        {}\n\
         began:       {} (timestamp 0)\n\
         length:      {:.3} s\n\
         program:     {}\n\n\
         It reads expressions, not feelings: how a face, a voice and words would be read by others.\n\n\
         Times (timestamp, start, end, arrived, onset) are seconds since the session began, on one monotonic clock.\n\
         `timestamp` is when something was true, `arrived` when it was taken note of.\n\
         What isn't known is an empty cell, never 0. What was forgotten, and pauses, are gaps: there are no rows.\n\
         What was left out, and what is damaged, is in export_notes.txt, if there is anything.\n\
         `excluded` is 1 in stretches that a marker says aren't to count; they aren't left out.\n\
         Markers are as they were corrected afterwards.\n\n\
         face.csv has a row per picture that was looked at, also where no face was found (success 0). Its first columns have the\n\
         names, units and signs of OpenFace 2: radians; in a picture that isn't mirrored pose_Rx is positive where the face goes\n\
         down, pose_Ry where it turns to the participant's right, pose_Rz where the head tilts to their left shoulder;\n\
         gaze_angle_x is positive where they look to their left and gaze_angle_y where they look down, seen by the camera. The\n\
         pose is as seen from where the head is in the picture: OpenFace corrects it for that. The gaze is good to some 10\n\
         degrees. `frame` is the camera's count: a step of more than 1 is pictures that were skipped. `face_id` is always 0.\n\
         bs_ columns are blendshapes with ARKit's names, 0 to 1. aff_ columns are the fused answer that stood at `timestamp`:\n\
         the newest that isn't of later and at most {} s old. face_ columns are what the face alone says and what is measured\n\
         of it: degrees are the participant's own (+ up, + to their left, + towards their left shoulder).\n\n\
         columns.csv says what every column is.\n",
        header.name,
        header.subject.participant,
        header.subject.task,
        header.began_utc,
        recorded.span().len().as_secs_f64(),
        header.program,
        STANDS.as_secs_f32(),
    )
}
