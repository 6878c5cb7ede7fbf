//! `events.csv` and `transcript.csv`: what happened, and what was said.

use std::path::Path;

use crate::record::streams;
use crate::report::export::ExportError;
use crate::report::export::Recorded;
use crate::report::export::csv::excluded;
use crate::report::export::csv::table::Column;
use crate::report::export::csv::table::Table;
use crate::report::export::csv::table::number;
use crate::report::export::csv::time;
use crate::report::export::happened;
use crate::signal::Label;

pub(super) fn events(recorded: &Recorded<'_>, folder: &Path) -> Result<Table, ExportError> {
    let columns = vec![
        Column::new("onset", "s", "when it began, since the session began"),
        Column::new("duration", "s", "how long it is; 0 for an instant"),
        Column::new("type", "", "marker; exclude: a stretch that isn't to count; otherwise what happened"),
        Column::new("name", "", "a marker's name"),
        Column::new("text", "", "what was typed"),
        Column::new("corrected", "1", "1 where a marker was corrected, or added, after the recording"),
        Column::new("detail", "", "what else is known of it: JSON"),
    ];
    let mut table = Table::create(folder, "events.csv", columns)?;
    for event in happened::all(recorded) {
        let length = event.span.len().as_secs_f64();
        let detail = event.detail.map(|detail| detail.to_string()).unwrap_or_default();
        let is_corrected = u8::from(event.is_corrected).to_string();
        let onset = time(recorded, event.span.start);
        table.row(&[onset, format!("{length:.6}"), event.kind, event.name, event.text, is_corrected, detail])?;
    }
    Ok(table)
}

/// None where the words weren't kept.
pub(super) fn transcript(recorded: &Recorded<'_>, folder: &Path) -> Result<Option<Table>, ExportError> {
    if recorded.stream(streams::TRANSCRIPT).is_none() {
        return Ok(None);
    }
    let each =
        |prefix: &str, what: &str| Label::ALL.map(|label| Column::new(format!("{prefix}_{label}"), "1", what)).to_vec();
    let mut columns = vec![
        Column::new("start", "s", "when the first of it was spoken, since the session began"),
        Column::new("end", "s", "when the last of it was"),
        Column::new("text", "", "what was said"),
        Column::new("confidence", "1", "geometric mean of the tokens' probabilities"),
    ];
    columns.extend(each("at_once", "probability that the label holds, by itself, as the words have it"));
    columns.extend(each("doubt", "how likely it is that what is said of the label is wrong"));
    columns.push(Column::excluded());
    let mut table = Table::create(folder, "transcript.csv", columns)?;
    for said in &recorded.kept.transcripts {
        let (span, value) = (said.value.spoken, &said.value);
        let mut row = vec![time(recorded, span.start), time(recorded, span.end), value.text.clone()];
        row.push(number(value.confidence));
        match value.labels {
            Some(labels) => row.extend(labels.probabilities.into_iter().chain(labels.doubts).map(number)),
            None => row.extend(std::iter::repeat_n(String::new(), 2 * Label::COUNT)),
        }
        row.push(excluded(recorded, span.start));
        table.row(&row)?;
    }
    Ok(Some(table))
}
