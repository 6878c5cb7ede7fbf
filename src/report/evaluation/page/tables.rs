//! Tables of the page.

use crate::report::evaluation::Evaluation;
use crate::report::evaluation::page::decimal;
use crate::report::evaluation::page::escape;
use crate::report::evaluation::page::percent;
use crate::report::evaluation::page::with_interval;

/// A table: what its columns are, and cells that are ready to be put in.
pub(super) fn table(caption: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let head = all("th", columns.iter().map(|name| (*name).to_owned()));
    let mut text =
        format!("<div class=\"scroll\"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>\n");
    for row in rows {
        text = text + "<tr>" + &all("td", row) + "</tr>\n";
    }
    text + "</tbody></table></div>\n"
}

fn all(kind: &str, cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().map(|cell| format!("<{kind}>{cell}</{kind}>")).collect::<Vec<_>>().concat()
}

/// What can be opened.
pub(super) fn folded(what: &str, inside: &str) -> String {
    format!("<details><summary>{what}</summary>\n{inside}</details>\n")
}

pub(super) fn scores(evaluation: &Evaluation) -> String {
    let rows = evaluation.scores.iter().map(|score| {
        vec![
            score.fusion.clone(),
            score.modalities.clone(),
            score.input.clone(),
            with_interval(&score.uar, percent),
            with_interval(&score.accuracy, percent),
            with_interval(&score.macro_f1, percent),
            percent(score.coverage),
            percent(score.row_coverage),
        ]
    });
    let columns =
        ["fusion", "given", "input", "UAR, %", "accuracy, %", "macro F1, %", "recordings read, %", "rows read, %"];
    folded("All figures", &table("Each fusion, subset and input, with 95 % intervals.", &columns, rows))
}

pub(super) fn confusion(evaluation: &Evaluation) -> String {
    let confusion = &evaluation.confusion;
    let head = all("th", confusion.read.iter().map(|name| (*name).to_owned()));
    let mut text = format!(
        "<div class=\"scroll\"><table><caption>Rows: given. Columns: read. How many recordings; the darker, the larger the share \
         of the row.</caption><thead><tr><th></th>{head}</tr></thead><tbody>\n"
    );
    for (given, counts) in confusion.given.iter().zip(&confusion.counts) {
        let of_row: f64 = counts.iter().sum();
        let cell = |count: &f64| {
            let shown = if *count > 0.0 { format!("{count:.0}") } else { String::new() };
            format!("<td class=\"heat\" style=\"--share:{:.3}\">{shown}</td>", count / of_row.max(1.0))
        };
        let cells: String = counts.iter().map(cell).collect();
        text = text + "<tr><th>" + given + "</th>" + &cells + "</tr>\n";
    }
    text + "</tbody></table></div>\n"
}

pub(super) fn speakers(evaluation: &Evaluation) -> String {
    if evaluation.speakers.is_empty() {
        return "<p class=\"faint\">The list doesn't say who speaks.</p>\n".to_owned();
    }
    let rows = evaluation
        .speakers
        .iter()
        .map(|one| vec![escape(&one.speaker), one.recordings.to_string(), percent(one.uar), percent(one.accuracy)]);
    table("Speaker by speaker.", &["speaker", "recordings", "UAR, %", "accuracy, %"], rows)
}

pub(super) fn outcomes(evaluation: &Evaluation) -> String {
    let rows = evaluation.outcomes.iter().map(|one| {
        let read = one.read.unwrap_or("–");
        let read =
            if one.read == Some(one.label) { read.to_owned() } else { format!("<span class=\"bad\">{read}</span>") };
        vec![
            escape(&one.file),
            one.speaker.as_deref().map(escape).unwrap_or_default(),
            one.label.to_owned(),
            read,
            percent(one.confidence),
            decimal(one.valence),
            decimal(one.arousal),
        ]
    });
    let columns = ["recording", "speaker", "given", "read", "confidence, %", "valence", "arousal"];
    folded("Show them", &table("Shipped fusion, clean, all modalities.", &columns, rows))
}
