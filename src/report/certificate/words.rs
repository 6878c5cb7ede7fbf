//! What to write about it: a paragraph for the methods, and BibTeX.

use std::fmt::Write as _;

use crate::report::certificate::Figures;
use crate::report::certificate::Quantiles;
use crate::report::certificate::Sound;
use crate::session::Header;

/// The paragraph, with the numbers in it.
pub(super) fn methods(header: &Header, figures: &Figures) -> String {
    let Figures { whole, pictures, sound, answers, latency_s, .. } = figures;
    let mut text = format!(
        "Valence and arousal (−1 to 1, each with its standard deviation) and the probabilities of seven labels were read {} by {} ({} \
         networks, {} fusion), from face, voice and words. These are readings of expressions, not of feelings. The recording lasted \
         {}, of which {} were kept{}{}.{}",
        origin(header),
        program(header),
        header.variant,
        header.fusion,
        minutes(whole.duration_s),
        minutes(whole.kept_s),
        stretch("; it was paused for ", &whole.paused_s, ""),
        stretch("; ", &whole.forgotten_s, " were deleted at the participant's request"),
        stretch(" The operator marked ", &whole.excluded_s, " as not to be counted."),
    );
    if pictures.count > 0 {
        let camera = pictures.camera_hz.map_or_else(
            || "The program".to_owned(),
            |rate| format!("The camera gave {rate:.1} pictures per second; the program"),
        );
        let face = parens([
            median("brightness ", pictures.brightness, 2, " on a scale of 0 to 1"),
            median("width ", pictures.width_px, 0, " px"),
        ]);
        write!(
            text,
            " {camera} read {:.1} pictures per second. It found a face in {:.1} % of them{face} and gave a reading for {:.1} %.",
            pictures.rate_hz,
            100.0 * pictures.found,
            100.0 * pictures.read,
        )
        .ok();
    }
    if sound.rate_hz > 0.0 {
        sound_in_words(&mut text, sound);
    }
    let [face, voice, words] = answers.rest_on;
    write!(
        text,
        " The program gave {:.1} answers per second, {:.1} % of them with a reading; {:.1} % of all answers drew on the face, {:.1} % on \
         the voice and {:.1} % on the words.",
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
        write!(text, " Median latency (95th percentile) from the end of what was read to its reading: {all}.").ok();
    }
    text.replace(" -", " −")
}

fn sound_in_words(text: &mut String, sound: &Sound) {
    let rate = sound.card.rate_hz.map_or_else(String::new, |rate| format!(" (sampled at {:.1} kHz)", rate / 1000.0));
    let drift = sound.card.drift_ppm.map_or_else(|| "is not known".to_owned(), |ppm| format!("was {ppm:.0} ppm"));
    let speech = parens([
        median("level ", sound.speech_db, 1, " dBFS"),
        median("signal-to-noise ratio ", sound.snr_db, 1, " dB"),
    ]);
    write!(
        text,
        " Sound{rate} was available for {:.1} % of the time; {:.1} % of it was speech{speech}. The drift of the sound card's clock {drift}; {:.2} s \
         of sound were lost, and {:.3} % of the samples were at full scale. {} utterances were understood, and {} were not.",
        100.0 * sound.covered,
        100.0 * sound.speech,
        sound.card.lost_s,
        100.0 * sound.clipped,
        sound.utterances,
        sound.not_understood,
    )
    .ok();
}

/// What is known, in parentheses.
fn parens(all: [Option<String>; 2]) -> String {
    let known: Vec<String> = all.into_iter().flatten().collect();
    if known.is_empty() { String::new() } else { format!(" (median {})", known.join(", median ")) }
}

fn origin(header: &Header) -> &'static str {
    match header.source.as_str() {
        "recording" => "from a recording of the participant",
        "synthetic" => "from a synthetic stand-in for a participant (not a person)",
        _ => "live from the participant",
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

/// How long they are together, in words; nothing of none.
fn stretch(before: &str, stretches: &[[f64; 2]], after: &str) -> String {
    let secs = stretches.iter().fold(0.0, |sum, [from, to]| sum + to - from);
    if secs > 0.0 { format!("{before}{}{after}", minutes(secs)) } else { String::new() }
}

fn median(what: &str, quantiles: Option<Quantiles>, places: usize, unit: &str) -> Option<String> {
    quantiles.map(|one| format!("{what}{:.places$}{unit}", one.p50))
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
