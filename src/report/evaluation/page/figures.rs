//! What the page says, part by part.

use crate::report::evaluation::Estimate;
use crate::report::evaluation::Evaluation;
use crate::report::evaluation::MEAN_OF_TROUBLES;
use crate::report::evaluation::Sureness;
use crate::report::evaluation::page::decimal;
use crate::report::evaluation::page::escape;
use crate::report::evaluation::page::percent;
use crate::report::evaluation::page::plots;
use crate::report::evaluation::page::plots::Dots;
use crate::report::evaluation::page::score;
use crate::report::evaluation::page::tables;
use crate::report::evaluation::page::tables::folded;
use crate::report::evaluation::page::tables::table;
use crate::report::evaluation::page::with_interval;

const GIVEN: [&str; 7] = ["face", "voice", "words", "face+voice", "face+words", "voice+words", "all"];

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

fn figure(drawn: &str, caption: &str, class: &str) -> String {
    format!("<figure class=\"{class}\">{drawn}<figcaption>{caption}</figcaption></figure>\n")
}

/// Which colour is which.
fn key(names: &[String]) -> String {
    let one = |(at, name): (usize, &String)| {
        format!("<span class=\"key\"><i class=\"s{}\"></i>{}</span>", at % 4, escape(name))
    };
    names.iter().enumerate().map(one).collect()
}

/// Chance: all labels in the list are equally likely.
fn chance(evaluation: &Evaluation) -> f64 {
    1.0 / evaluation.protocol.labels.len().max(1) as f64
}

pub(super) fn head(evaluation: &Evaluation) -> String {
    let protocol = &evaluation.protocol;
    let people = protocol.speakers.map_or_else(String::new, |count| format!(" of {count} speakers"));
    let mut tiles = Vec::new();
    let mut tile = |estimate: &Estimate, what: String, written: fn(Option<f64>) -> String, unit: &str| {
        let interval = match (estimate.low, estimate.high) {
            (Some(_), Some(_)) => format!(" ({} to {})", written(estimate.low), written(estimate.high)),
            _ => String::new(),
        };
        let value = written(estimate.value);
        tiles.push(format!("<div class=\"tile\"><b>{value}{unit}</b><span>{what}{interval}</span></div>"));
    };
    for (input, name) in [("clean", "UAR, clean"), (MEAN_OF_TROUBLES, "UAR, mean of troubles")] {
        if let Some(found) = score(evaluation, &protocol.shipped, "all", input) {
            tile(&found.uar, name.to_owned(), percent, " %");
        }
    }
    tile(&evaluation.recordings.ece, "calibration error, recordings".to_owned(), decimal, "");
    tile(&evaluation.rows.ece, "calibration error, rows".to_owned(), decimal, "");
    for one in &evaluation.affect {
        tile(&one.ccc, format!("CCC of {}", one.what), decimal, "");
    }
    let failed = protocol.failed.len();
    let missing =
        if failed > 0 { format!(" <span class=\"bad\">{failed} could not be read.</span>") } else { String::new() };
    format!(
        "<h1>Evaluation of {}</h1>\n<p class=\"faint\">{} recordings{people}; Circumplex {}, fusion {}; chance {} %.{missing} It \
         reads expressions, not feelings.</p>\n<div class=\"tiles\">{}</div>\n",
        escape(&protocol.list),
        protocol.measured,
        protocol.program,
        protocol.shipped,
        percent(Some(chance(evaluation))),
        tiles.concat()
    )
}

pub(super) fn protocol(evaluation: &Evaluation) -> String {
    let protocol = &evaluation.protocol;
    let mut text: String = protocol.text.iter().map(|sentence| paragraph(sentence)).collect();
    let labels: Vec<_> = protocol.labels.iter().map(|(label, count)| format!("{label} {count}")).collect();
    text += &paragraph(&format!("Labels given: {}.", labels.join(", ")));
    for one in &protocol.left_out {
        text += &paragraph(&format!("The {} fusion is left out: {}.", one.name, one.why));
    }
    for one in &protocol.off {
        text += &paragraph(&format!("{} was off: {}.", one.name, one.why));
    }
    for (all, what) in [
        (&protocol.failed, "Not read, and in no figure"),
        (&protocol.damaged, "Read in part only; that part is in the figures"),
    ] {
        if !all.is_empty() {
            let rows = all.iter().map(|one| vec![escape(&one.file), escape(&one.why)]);
            text += &table(&format!("{what}: {}.", all.len()), &["recording", "why"], rows);
        }
    }
    let models = protocol.models.iter().map(|(name, sha256)| {
        vec![escape(name), format!("<code>{}</code>", escape(sha256.as_str().unwrap_or_default()))]
    });
    let settings = serde_json::to_string_pretty(&protocol.settings).unwrap_or_default();
    text += &folded("Settings of the stages", &format!("<pre>{}</pre>\n", escape(&settings)));
    text + &folded("Networks and files", &table("Name in the manifest, sha256.", &["file", "sha256"], models))
}

pub(super) fn labels(evaluation: &Evaluation) -> String {
    let protocol = &evaluation.protocol;
    let uar = |modalities: &str, input: &str| -> Vec<Option<Estimate>> {
        let of = |fusion: &String| score(evaluation, fusion, modalities, input).map(|score| score.uar);
        protocol.fusions.iter().map(of).collect()
    };
    let dots = |rows| Dots { what: "unweighted average recall", rows, across: [0.0, 1.0], mark: chance(evaluation) };
    let by_subset = dots(GIVEN.into_iter().map(|given| (given.to_owned(), uar(given, "clean"))).collect());
    let key = key(&protocol.fusions);
    let mut text = figure(
        &by_subset.draw(),
        &format!("{key}<br>What each fusion makes of which modalities, clean; dotted: chance."),
        "wide",
    );
    if !protocol.troubles.is_empty() {
        let inputs = ["clean"].into_iter().chain(protocol.troubles.iter().copied()).chain([MEAN_OF_TROUBLES]);
        let by_input = dots(inputs.map(|input| (input.to_owned(), uar("all", input))).collect());
        text += &figure(
            &by_input.draw(),
            &format!("{key}<br>All modalities, clean and in trouble; dotted: chance."),
            "wide",
        );
    }
    text += "<p>UAR: the mean of the labels' recalls. A recording without a reading is wrong.</p>\n";
    text + &tables::scores(evaluation)
}

pub(super) fn differences(evaluation: &Evaluation) -> String {
    if evaluation.differences.is_empty() {
        return paragraph(
            "There is nothing to compare: the gated fusion or all others are left out, for the reason said above.",
        );
    }
    let rows = evaluation.differences.iter();
    let ends = rows.clone().flat_map(|one| [one.uar.value, one.uar.low, one.uar.high]).flatten();
    let most = (ends.map(f64::abs).fold(0.05, f64::max) * 20.0).ceil() / 20.0;
    let dots = Dots {
        what: "difference of unweighted average recall",
        rows: rows.clone().map(|one| (format!("than {}, {}", one.than, one.input), vec![Some(one.uar)])).collect(),
        across: [-most, most],
        mark: 0.0,
    };
    let cells = rows.map(|one| {
        vec![
            format!("{} − {}", one.fusion, one.than),
            one.input.clone(),
            with_interval(&one.uar, percent),
            with_interval(&one.accuracy, percent),
            with_interval(&one.macro_f1, percent),
        ]
    });
    figure(&dots.draw(), "The gated fusion against each other one, the same people drawn for both.", "wide")
        + &table(
            "Differences in hundredths, with 95 % intervals.",
            &["fusions", "input", "UAR", "accuracy", "macro F1"],
            cells,
        )
}

pub(super) fn confusion(evaluation: &Evaluation) -> String {
    let what = format!("The {} fusion, clean, all modalities.", evaluation.protocol.shipped);
    paragraph(&what) + &tables::confusion(evaluation) + &tables::speakers(evaluation)
}

pub(super) fn calibration(evaluation: &Evaluation) -> String {
    let diagram = |of: &Sureness, what: &str| {
        let ece = with_interval(&of.ece, decimal);
        let caption = format!("{what}: {} readings, calibration error {ece}. Ten bins of equally many.", of.readings);
        figure(&plots::reliability(&of.bins), &caption, "")
    };
    let (recordings, rows) = (diagram(&evaluation.recordings, "Recordings"), diagram(&evaluation.rows, "Rows"));
    let inputs = evaluation.calibration.iter();
    let cells = inputs.map(|one| vec![one.input.clone(), decimal(one.recordings), decimal(one.rows)]);
    paragraph(
        "What is said with 80 % should be right 8 times in 10: on the dotted line. Shipped fusion, all modalities.",
    ) + &format!("<div class=\"side\">{recordings}{rows}</div>\n")
        + &table("Calibration error of each input.", &["input", "recordings", "rows"], cells)
}

pub(super) fn risk(evaluation: &Evaluation) -> String {
    let (recordings, rows) = (&evaluation.recordings, &evaluation.rows);
    let curves = plots::risk_coverage(&[&recordings.risk_coverage, &rows.risk_coverage]);
    let key = key(&["recordings".to_owned(), "rows".to_owned()]);
    let cells = [("recordings", recordings), ("rows", rows)].map(|(name, one)| {
        vec![
            name.to_owned(),
            with_interval(&one.error, percent),
            with_interval(&one.error_at_80, percent),
            percent(one.area),
        ]
    });
    let abstention = &evaluation.abstention;
    let says = if abstention.is_measured {
        format!(
            "The label of a row is shown only where it is sure enough, by the fusion's own measure: {} % of the rows; {} % of \
             those are right, and {} % of the others would have been.",
            with_interval(&abstention.shown, percent),
            with_interval(&abstention.right, percent),
            with_interval(&abstention.right_of_others, percent)
        )
    } else {
        format!(
            "For this fusion it was never measured from where on it is sure enough: the label of every row is shown, and {} % \
             are right.",
            with_interval(&abstention.right, percent)
        )
    };
    let columns = ["readings", "wrong, all, %", "wrong, surest 80 %, %", "mean over coverage, %"];
    let wrong = table("Readings that are wrong. What isn't read isn't counted here.", &columns, cells);
    format!(
        "<div class=\"side\">{}<div>{wrong}<p>{says}</p></div></div>\n",
        figure(&curves, &format!("{key}<br>A curve that rises to the right: the sure ones are the right ones."), "")
    )
}

pub(super) fn affect(evaluation: &Evaluation) -> String {
    let plots: String = evaluation
        .affect
        .iter()
        .map(|one| {
            let (ccc, error) = (with_interval(&one.ccc, decimal), with_interval(&one.mean_absolute_error, decimal));
            let caption = format!("{} recordings: CCC {ccc}, mean absolute error {error}.", one.recordings);
            figure(&plots::scatter(one.what, &one.pairs), &caption, "")
        })
        .collect();
    let note = paragraph(evaluation.bands_note);
    if plots.is_empty() {
        return note;
    }
    let bands = evaluation.bands.iter().map(|band| {
        vec![
            band.of.to_owned(),
            band.what.to_owned(),
            with_interval(&band.inside, percent),
            decimal(band.half_width),
            band.rows.to_string(),
        ]
    });
    let columns = ["band of", "what", "inside, %", "half its width", "rows"];
    let caption =
        "How often what was given lies within 1.645 standard deviations of what a row reads: 90 % would be right.";
    format!("<div class=\"side\">{plots}</div>\n") + &table(caption, &columns, bands) + &note
}

pub(super) fn gates(evaluation: &Evaluation) -> String {
    let protocol = &evaluation.protocol;
    if protocol.troubles.is_empty() {
        return paragraph("Nothing was spoilt on purpose; --corrupt all does it.");
    }
    let of = |fusion: &String, trouble: &str| {
        let is_it = |one: &&super::super::GateScore| &one.fusion == fusion && one.trouble == trouble;
        evaluation.gates.iter().find(is_it)
    };
    let rows = protocol.troubles.iter().map(|trouble| {
        let figures = protocol.fusions.iter().map(|fusion| of(fusion, trouble).map(|one| one.auc)).collect();
        ((*trouble).to_owned(), figures)
    });
    let dots = Dots {
        what: "AUC: a spoilt row's gate lies below that of a row that isn't",
        rows: rows.collect(),
        across: [0.0, 1.0],
        mark: 0.5,
    };
    let cells = evaluation.gates.iter().map(|one| {
        vec![
            one.fusion.clone(),
            one.trouble.clone(),
            one.modality.to_owned(),
            with_interval(&one.auc, decimal),
            one.spoilt.to_string(),
            one.clean.to_string(),
        ]
    });
    let columns = ["fusion", "trouble", "gate of", "AUC", "rows spoilt", "rows not"];
    paragraph(
        "How well one minus the gate of the modality in trouble tells rows whose reading rests by a quarter or more on \
         spoilt input from those where none is, of the same recordings, clean and spoilt, where face and voice (and the modality in trouble) are there. 0.5 is chance. Where trouble takes the modality away, few rows \
         are left; that it is gone is known without a gate.",
    ) + &figure(&dots.draw(), &format!("{}<br>Dotted: chance.", key(&protocol.fusions)), "wide")
        + &table("Each fusion and trouble.", &columns, cells)
}
