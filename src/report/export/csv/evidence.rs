//! `voice.csv` and `words.csv`: a row for each time that one of them said something, or why it doesn't.

use std::path::Path;

use crate::record::streams;
use crate::report::export::ExportError;
use crate::report::export::Recorded;
use crate::report::export::csv::excluded;
use crate::report::export::csv::table::Column;
use crate::report::export::csv::table::Table;
use crate::report::export::csv::table::number;
use crate::report::export::csv::time;
use crate::report::export::recorded::reason;
use crate::report::export::recorded::value;
use crate::session::Item;
use crate::signal::Modality;

pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, modality: Modality) -> Result<Table, ExportError> {
    let id = streams::of(modality);
    let own = recorded.stream(id).map(|stream| stream.columns.as_slice()).unwrap_or_default();
    let is_words = modality == Modality::Words;
    let has_text = is_words && recorded.stream(streams::TRANSCRIPT).is_some();
    let mut columns = vec![
        Column::new("start", "s", "when what it is about began, since the session began"),
        Column::new("end", "s", "when that ended"),
        Column::new("arrived", "s", "when it was taken note of"),
    ];
    columns.extend(own.iter().map(|column| Column::new(column.name.clone(), &column.unit, about(&column.name))));
    columns.push(Column::new("reason", "", "why it says nothing, where it doesn't"));
    if has_text {
        columns.push(Column::new("text", "", "what was said"));
    }
    columns.push(Column::excluded());
    let file = if is_words { "words.csv" } else { "voice.csv" };
    let mut table = Table::create(folder, file, columns)?;
    let items = recorded.kept.evidence.get(modality.index()).map(Vec::as_slice).unwrap_or_default();
    for item in items {
        let times = [item.span.start, item.span.end, item.arrived];
        let mut row: Vec<String> = times.iter().map(|at| time(recorded, *at)).collect();
        row.extend((0..own.len()).map(|place| number(value(item, Some(place)))));
        row.push(reason(modality, item).unwrap_or_default());
        if has_text {
            row.push(said(recorded, item).unwrap_or_default());
        }
        row.push(excluded(recorded, item.span.start));
        table.row(&row)?;
    }
    Ok(table)
}

/// The words that were read: those of the same stretch of time.
fn said(recorded: &Recorded<'_>, item: &Item) -> Option<String> {
    let reads = item.bytes.is_empty();
    let same = recorded.kept.transcripts.iter().find(|said| reads && said.span == item.span);
    same.map(|said| said.value.text.clone())
}

fn about(name: &str) -> &'static str {
    match name {
        "quality" => "how far it can be trusted, 0 to 1",
        "known" => "for how long the person was known",
        name if name.starts_with("raw_") => "the same as if nothing were known of the person",
        name if name.starts_with("reliability_") => "what the trust in it rests on",
        name if name.starts_with("p_") => "probability; the seven sum to 1",
        name if name.ends_with("_sd") => "one standard deviation: the doubt",
        "valence" | "arousal" => "-1 to 1",
        _ => "functional of eGeMAPS v02, in openSMILE's unit",
    }
}
