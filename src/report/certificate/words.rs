//! What to write about it: a paragraph for the methods, and BibTeX.

use std::fmt::Write as _;

use crate::report::certificate::Figures;
use crate::report::certificate::Quantiles;
use crate::session::Header;

/// The paragraph, with the numbers in it.
pub(super) fn methods(header: &Header, figures: &Figures) -> String {
    let Figures { whole, pictures, sound, answers, latency_s, .. } = figures;
    let mut text = format!(
        "How the participant came across was read {} with {} ({} networks, {} fusion), which gives valence and arousal (−1 to 1) with a \
         standard deviation, and probabilities of seven labels, from face, voice and words; it reads expressions, not feelings. The \
         recording lasted {} ({} kept{}{}{}).",
        origin(header),
        program(header),
        header.variant,
        header.fusion,
        minutes(whole.duration_s),
        minutes(whole.kept_s),
        stretch(", paused for ", &whole.paused_s),
        stretch(", deleted at the participant's request: ", &whole.forgotten_s),
        stretch(", excluded by the operator: ", &whole.excluded_s),
    );
    if pictures.count > 0 {
        let camera = pictures
            .camera_hz
            .map_or_else(String::new, |rate| format!("The camera gave {rate:.1} pictures a second, of which "));
        write!(
            text,
            " {camera}{:.1} a second were read; a face was found in {:.1} % of them and read in {:.1} %{}{}.",
            pictures.rate_hz,
            100.0 * pictures.found,
            100.0 * pictures.read,
            median(", brightness ", pictures.brightness, 2, ""),
            median(", face width ", pictures.width_px, 0, " px"),
        )
        .ok();
    }
    if sound.rate_hz > 0.0 {
        let rate =
            sound.card.rate_hz.map_or_else(String::new, |rate| format!(" (sampled at {:.1} kHz)", rate / 1000.0));
        let drift = sound.card.drift_ppm.map_or_else(String::new, |ppm| format!(", clock drift {ppm:.0} ppm"));
        write!(
            text,
            " Sound{rate} was heard for {:.1} % of the time, {:.1} % of it speech{}{}{drift}, {:.2} s lost, {:.3} % of the samples at \
             full scale; {} utterances were understood.",
            100.0 * sound.covered,
            100.0 * sound.speech,
            median(", speech level ", sound.speech_db, 1, " dBFS"),
            median(", signal-to-noise ratio ", sound.snr_db, 1, " dB"),
            sound.card.lost_s,
            100.0 * sound.clipped,
            sound.utterances,
        )
        .ok();
    }
    let [face, voice, words] = answers.rest_on;
    write!(
        text,
        " There were {:.1} answers a second, {:.1} % with a reading; {:.1} % rested on the face, {:.1} % on the voice, {:.1} % on words.",
        answers.rate_hz,
        100.0 * answers.read,
        100.0 * face,
        100.0 * voice,
        100.0 * words,
    )
    .ok();
    let latencies = [("face", latency_s.face), ("voice", latency_s.voice), ("words", latency_s.words)];
    let latencies: Vec<String> = latencies
        .into_iter()
        .filter_map(|(name, late)| {
            late.map(|late| format!("{name} {:.0} ms ({:.0} ms)", late.p50 * 1e3, late.p95 * 1e3))
        })
        .collect();
    if !latencies.is_empty() {
        let all = latencies.join(", ");
        write!(
            text,
            " From the end of what a reading is about to the reading it took, median (95th percentile): {all}."
        )
        .ok();
    }
    text.replace(" -", " −")
}

fn origin(header: &Header) -> &'static str {
    match header.source.as_str() {
        "recording" => "from a recording of them",
        "synthetic" => "from a synthetic stand-in (not a person)",
        _ => "live",
    }
}

fn program(header: &Header) -> String {
    let (name, version) = header.program.split_once(' ').unwrap_or((&header.program, ""));
    let mut letters = name.chars();
    let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    format!("{name} {version}").trim().to_owned()
}

fn minutes(secs: f64) -> String {
    if secs < 90.0 { format!("{secs:.1} s") } else { format!("{:.1} min", secs / 60.0) }
}

fn stretch(what: &str, stretches: &[[f64; 2]]) -> String {
    let secs: f64 = stretches.iter().map(|[from, to]| to - from).sum();
    if secs > 0.0 { format!("{what}{}", minutes(secs)) } else { String::new() }
}

fn median(what: &str, quantiles: Option<Quantiles>, places: usize, unit: &str) -> String {
    quantiles.map_or_else(String::new, |one| format!("{what}{:.places$}{unit} (median)", one.p50))
}

/// The program, as the references have it.
pub(super) fn bibtex(header: &Header) -> String {
    let version = header.program.split_once(' ').map_or("", |(_, version)| version);
    let year = header.began_utc.get(..4).unwrap_or_default();
    format!(
        "@software{{circumplex,\n  title = {{Circumplex: valence, arousal and emotion labels from face, voice and words, live}},\n  \
         author = {{{{The Circumplex contributors}}}},\n  version = {{{version}}},\n  year = {{{year}}},\n  \
         note = {{{} networks, {} fusion}}\n}}\n",
        header.variant, header.fusion
    )
}
