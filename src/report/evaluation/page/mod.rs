//! All of it as one page: nothing outside is needed to read it, in light or in the dark.

mod figures;
mod plots;
mod tables;

use crate::report::evaluation::Estimate;
use crate::report::evaluation::Evaluation;
use crate::report::evaluation::Score;

const STYLE: &str = include_str!("style.css");

/// The page.
pub(super) fn page(evaluation: &Evaluation) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>Circumplex: evaluation of {}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n",
        escape(&evaluation.protocol.list)
    );
    page += &figures::head(evaluation);
    for (title, text) in [
        ("What was done", figures::protocol(evaluation)),
        ("Labels", figures::labels(evaluation)),
        ("What a learned fusion is worth", figures::differences(evaluation)),
        ("Which labels, and whose", figures::confusion(evaluation)),
        ("Is it as sure as it is right?", figures::calibration(evaluation)),
        ("Are the sure ones the right ones?", figures::risk(evaluation)),
        ("Valence and arousal", figures::affect(evaluation)),
        ("Do the gates find what is spoilt?", figures::gates(evaluation)),
        ("Each recording", tables::outcomes(evaluation)),
    ] {
        page = page + "<section>\n<h2>" + title + "</h2>\n" + &text + "</section>\n";
    }
    page + "</body>\n</html>\n"
}

/// What is written so that it can't be taken for the page's own.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// In hundredths, with one place.
fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1}", 100.0 * value).replace('-', "−"))
}

fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}").replace('-', "−"))
}

/// A figure with its interval, small.
fn with_interval(estimate: &Estimate, written: fn(Option<f64>) -> String) -> String {
    let value = written(estimate.value);
    match (estimate.low, estimate.high) {
        (Some(_), Some(_)) => {
            format!("{value} <small>({} to {})</small>", written(estimate.low), written(estimate.high))
        }
        _ => value,
    }
}

fn score<'a>(evaluation: &'a Evaluation, fusion: &str, modalities: &str, input: &str) -> Option<&'a Score> {
    let is_it = |score: &&Score| score.fusion == fusion && score.modalities == modalities && score.input == input;
    evaluation.scores.iter().find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_cannot_become_part_of_the_page() {
        assert_eq!(escape("<b> & \"c\""), "&lt;b&gt; &amp; &quot;c&quot;");
    }

    #[test]
    fn figures_have_their_interval_beside_them() {
        let whole = Estimate { value: Some(0.5), low: Some(-0.25), high: Some(0.75) };

        assert_eq!(with_interval(&whole, percent), "50.0 <small>(−25.0 to 75.0)</small>");
        assert_eq!(with_interval(&Estimate::default(), percent), "–");
    }
}
