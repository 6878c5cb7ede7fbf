//! The certificate as one page: nothing outside is needed to read it, in light or in the dark.

use std::fmt::Write as _;

use serde_json::Value;

use crate::report::certificate::Certificate;
use crate::report::certificate::Colour;
use crate::report::certificate::Figures;
use crate::report::certificate::Quantiles;
use crate::report::certificate::Reason;

const STYLE: &str = include_str!("../evaluation/page/style.css");
const OWN: &str = include_str!("style.css");

pub(super) fn page(certificate: &Certificate) -> String {
    let header = &certificate.session;
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>Circumplex: certificate of {}</title>\n<style>\n{STYLE}{OWN}</style>\n\
         </head>\n<body>\n",
        escape(&header.name)
    );
    page += &head(certificate);
    for (title, text) in [
        ("Reasons", reasons(&certificate.reasons)),
        ("Over time", over_time(certificate)),
        ("What was measured", figures(&certificate.figures)),
        ("For the methods", said(certificate)),
        ("Program and networks", program(certificate)),
    ] {
        page = page + "<section>\n<h2>" + title + "</h2>\n" + &text + "</section>\n";
    }
    page + "</body>\n</html>\n"
}

/// What is written so that it can't be taken for the page's own.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn head(certificate: &Certificate) -> String {
    let (header, whole) = (&certificate.session, &certificate.figures.whole);
    let meaning = match certificate.colour {
        Colour::Green => "All that can be measured is as it should be.",
        Colour::Amber => "It can be used, but whoever uses it must know what is said below.",
        Colour::Red => "Something is wrong with it: see below before it is used.",
    };
    let of = [&header.subject.participant, &header.subject.task, &header.began_utc].map(String::as_str);
    let of: Vec<&str> = of.into_iter().filter(|word| !word.is_empty()).collect();
    let mut text = format!(
        "<h1>Certificate of a recording</h1>\n<p class=\"verdict {0}\"><b>{0}</b> {meaning}</p>\n<p>{1}</p>\n\
         <p class=\"faint\">It says how good the input and the recording were, not how right the readings are. Expressions are read, \
         not feelings.</p>\n<div class=\"tiles\">\n",
        certificate.colour,
        escape(&of.join(", ")),
    );
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let seconds = |stretches: &[[f64; 2]]| stretches.iter().fold(0.0, |sum, [from, to]| sum + to - from);
    let answers = &certificate.figures.answers;
    for (value, what) in [
        (format!("{:.1} s", whole.duration_s), "from beginning to end"),
        (format!("{:.1} s", whole.kept_s), "kept"),
        (percent(answers.read), "of the answers have a reading"),
        (percent(certificate.figures.pictures.found), "of the pictures have a face"),
        (percent(certificate.figures.sound.speech), "of the sound is speech"),
        (format!("{:.1} s", seconds(&whole.excluded_s)), "excluded by markers"),
        (format!("{:.1} s", seconds(&whole.forgotten_s)), "forgotten"),
    ] {
        writeln!(text, "<div class=\"tile\"><b>{value}</b><span>{what}</span></div>").ok();
    }
    text + "</div>\n"
}

fn reasons(reasons: &[Reason]) -> String {
    if reasons.is_empty() {
        return "<p>Everything that was measured is as it should be.</p>\n".to_owned();
    }
    let mut text = "<div class=\"scroll\"><table>\n<tr><th></th><th class=\"word\">what</th><th class=\"word\">is</th>\
         <th class=\"word\">should be</th><th class=\"word\">what to do</th></tr>\n"
        .to_owned();
    for Reason { colour, what, value, threshold, advice, .. } in reasons {
        let (what, value, threshold, advice) = (escape(what), escape(value), escape(threshold), escape(advice));
        writeln!(
            text,
            "<tr><td class=\"word\"><i class=\"light {colour}\"></i>{colour}</td><td class=\"long\">{what}</td><td class=\"long\">{value}</td>\
             <td class=\"long\">{threshold}</td><td class=\"long\">{advice}</td></tr>"
        )
        .ok();
    }
    text + "</table></div>\n"
}

fn over_time(certificate: &Certificate) -> String {
    let plots: String = certificate.plots.iter().map(super::plots::Plot::figure).collect();
    format!(
        "<div class=\"side\">\n{plots}</div>\n<p class=\"faint\">Shaded: paused or forgotten; lighter: excluded by a marker. The \
         dotted line is from where on it is doubtful.</p>\n"
    )
}

fn figures(figures: &Figures) -> String {
    let Figures { whole, pictures, sound, answers, latency_s, machine } = figures;
    let card = &sound.card;
    let secs = |value: f64| format!("{value:.1}");
    let known = |value: Option<f64>, places: usize| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.places$}").replace('-', "−"))
    };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let drift = card.drift_se_ppm.map_or_else(String::new, |se| format!(" ± {se:.0}"));
    let unread: Vec<String> =
        pictures.unread.iter().map(|(why, share)| format!("{why}: {}", percent(*share))).collect();
    let [face, voice, words] = answers.rest_on.map(percent);
    let rows = [
        ("camera, pictures a second", known(pictures.camera_hz, 1)),
        ("pictures read a second", format!("{:.1}", pictures.rate_hz)),
        ("pictures that were skipped", pictures.skipped.map_or_else(|| "–".to_owned(), percent)),
        ("pictures with a reading", percent(pictures.read)),
        ("why the others have none", if unread.is_empty() { "–".to_owned() } else { unread.join("; ") }),
        ("longest time without a picture; without a face, s", {
            format!("{}; {}", secs(pictures.longest_without_s), secs(pictures.longest_without_face_s))
        }),
        ("picture stood still, share; longest time, s", {
            let share = pictures.frozen.map_or_else(|| "–".to_owned(), percent);
            format!("{share}; {}", secs(pictures.longest_frozen_s))
        }),
        ("longest time with a face too dark to rest on, s", secs(pictures.longest_dark_s)),
        ("brightness of the face, 0 to 1", quantiles(pictures.brightness, 1.0, 2)),
        ("width of the face, px", quantiles(pictures.width_px, 1.0, 0)),
        ("sharpness", quantiles(pictures.sharpness, 1.0, 2)),
        ("levels a second", format!("{:.1}", sound.rate_hz)),
        ("time in which the microphone was heard", percent(sound.covered)),
        ("speech, dB of full scale", quantiles(sound.speech_db, 1.0, 1)),
        ("pauses, dB of full scale", quantiles(sound.pause_db, 1.0, 1)),
        ("speech over pauses, dB", quantiles(sound.snr_db, 1.0, 1)),
        ("samples at full scale", format!("{:.3} %", 100.0 * sound.clipped)),
        ("digital silence, share; longest time, s", {
            format!("{}; {}", percent(sound.silent), secs(sound.longest_silent_s))
        }),
        ("longest time without sound, s", secs(sound.longest_without_s)),
        ("utterances understood; not understood", format!("{}; {}", sound.utterances, sound.not_understood)),
        ("the sound card's rate, Hz", known(card.rate_hz, 0)),
        ("its drift, ppm", format!("{}{drift}", known(card.drift_ppm, 0))),
        ("sound lost, s; times", format!("{:.2}; {}", card.lost_s, card.losses.len())),
        ("samples that the sound system said it lost", {
            machine.xruns.map_or_else(|| "–".to_owned(), |samples| samples.to_string())
        }),
        ("the computer's clock was changed by, s", known(whole.wall_clock_off_s, 3)),
        ("answers a second", format!("{:.1}", answers.rate_hz)),
        ("answers that rest on face; voice; words", format!("{face}; {voice}; {words}")),
        ("from event to reading, face, ms", quantiles(latency_s.face, 1e3, 0)),
        ("from event to reading, voice, ms", quantiles(latency_s.voice, 1e3, 0)),
        ("from event to reading, words, ms", quantiles(latency_s.words, 1e3, 0)),
        ("sound taken note of after, ms", quantiles(sound.late_s, 1e3, 0)),
        ("the program's share of one core, %", quantiles(machine.cpu_percent, 1.0, 0)),
        ("items kept; lost", format!("{}; {}", whole.items, whole.lost)),
        ("baseline", baselines(whole)),
        ("ended as it should", if whole.has_ended { "yes" } else { "no" }.to_owned()),
    ];
    let mut text =
        "<p class=\"faint\">Median, and in brackets what a twentieth lie below and above.</p>\n<div class=\"pair\">\n"
            .to_owned();
    for rows in rows.chunks(rows.len().div_ceil(2)) {
        text += "<table>\n";
        for (what, value) in rows {
            writeln!(text, "<tr><td class=\"word\">{what}</td><td class=\"long\">{}</td></tr>", escape(value)).ok();
        }
        text += "</table>\n";
    }
    text + "</div>\n"
}

fn baselines(whole: &super::Whole) -> String {
    let Some(last) = whole.baselines.last() else { return "no baseline".to_owned() };
    let number = |key: &str, scale: f64, unit: &str| {
        last.get(key).and_then(Value::as_f64).map(|value| format!("{:.0}{unit}", value * scale))
    };
    let said = [
        number("face_share", 100.0, " % of the pictures with a face"),
        number("speech_secs", 1.0, " s of speech"),
        number("snr_db", 1.0, " dB over the pauses"),
    ];
    let measures = last.get("measures").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let moving = measures.iter().filter(|one| one.get("moves").and_then(Value::as_bool) == Some(true)).count();
    let moving = format!("{moving} of {} measures move", measures.len());
    said.into_iter().flatten().chain([moving]).collect::<Vec<_>>().join(", ")
}

fn quantiles(quantiles: Option<Quantiles>, scale: f64, places: usize) -> String {
    quantiles.map_or_else(
        || "–".to_owned(),
        |Quantiles { p05, p50, p95 }| {
            let [low, middle, high] =
                [p05, p50, p95].map(|value| format!("{:.places$}", value * scale).replace('-', "−"));
            format!("{middle} ({low} to {high})")
        },
    )
}

fn said(certificate: &Certificate) -> String {
    format!(
        "<p>{}</p>\n<details><summary>BibTeX</summary>\n<pre>{}</pre>\n</details>\n",
        escape(&certificate.methods),
        escape(&certificate.bibtex)
    )
}

fn program(certificate: &Certificate) -> String {
    let header = &certificate.session;
    let mut text = format!(
        "<p>{} on {}; {} networks, {} fusion; input: {} ({}); kept: {}. This certificate: {}, {}.</p>\n",
        escape(&header.program),
        escape(&header.machine),
        escape(&header.variant),
        escape(&header.fusion),
        escape(&header.source),
        escape(&header.source_names.join(", ")),
        header.subject.consent,
        escape(&certificate.made_by),
        escape(&certificate.made_utc),
    );
    text += "<details><summary>Networks, sha256</summary>\n<div class=\"scroll\"><table>\n";
    for (name, sha256) in &header.models {
        writeln!(
            text,
            "<tr><td class=\"word\">{}</td><td class=\"word\"><code>{}</code></td></tr>",
            escape(name),
            escape(sha256)
        )
        .ok();
    }
    text += "</table></div>\n</details>\n<details><summary>Settings</summary>\n<pre>";
    text + &escape(&header.settings) + "</pre>\n</details>\n"
}
