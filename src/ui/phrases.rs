//! Readings, doubts and reasons in plain words.

use std::time::Duration;

use crate::pipeline::FusionKind;
use crate::pipeline::FusionState;
use crate::pipeline::SourceState;
use crate::pipeline::Spoil;
use crate::pipeline::Trouble;
use crate::session::Header;
use crate::session::Marker;
use crate::signal::Absence;
use crate::signal::Affect;
use crate::signal::Clarity;
use crate::signal::FaceView;
use crate::signal::Fused;
use crate::signal::Label;
use crate::signal::LabelsAtOnce;
use crate::signal::Modality;
use crate::signal::Reading;
use crate::time::Timestamp;
use crate::ui::playback::course::StretchKind;
use crate::ui::playback::markers::EXCLUDE;
use crate::ui::view::View;

/// What becomes of a device that is gone.
pub const RETRIED: &str = "tried again every second";

/// What a source gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A camera, or a recording's picture.
    Picture,
    /// A microphone, or a recording's sound.
    Sound,
}

/// Why a source gives nothing (any more): of a device if `is_live`, of a recording else. `None` if it gives, or may yet.
#[must_use]
pub fn source_failure(kind: SourceKind, state: &SourceState, is_live: bool) -> Option<String> {
    let name = match (kind, is_live) {
        (SourceKind::Picture, true) => "camera",
        (SourceKind::Picture, false) => "picture",
        (SourceKind::Sound, true) => "microphone",
        (SourceKind::Sound, false) => "sound",
    };
    let (of_device, of_recording, message) = match state {
        SourceState::Failed { message } => ("can't be opened", "can't be read", message),
        SourceState::Lost { message } => ("is lost", "breaks off", message),
        SourceState::Silent { message } if kind == SourceKind::Sound => {
            ("gives only silence", "is only silence", message)
        }
        _ => return None,
    };
    Some(format!("The {name} {}: {message}", if is_live { of_device } else { of_recording }))
}

/// That a source was left out, or that a recording has none.
#[must_use]
pub const fn source_off(kind: SourceKind, is_live: bool) -> &'static str {
    match (kind, is_live) {
        (SourceKind::Picture, true) => "No camera was chosen.",
        (SourceKind::Picture, false) => "There is no picture in it.",
        (SourceKind::Sound, true) => "No microphone was chosen.",
        (SourceKind::Sound, false) => "There is no sound in it.",
    }
}

/// How far from the middle a place must be to be called pleasant, calm and so on.
const MARKED: f32 = 0.15;

/// "+0.31" or "−0.05", with a real minus.
#[must_use]
pub fn signed(value: f32) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    let sign = if rounded < 0.0 { '−' } else { '+' };
    format!("{sign}{:.2}", rounded.abs())
}

/// "72 %".
#[must_use]
pub fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// "12 s", "3 min", "2 h".
#[must_use]
pub fn length(length: Duration) -> String {
    let secs = length.as_secs();
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min", secs / 60),
        _ => format!("{} h {} min", secs / 3600, secs % 3600 / 60),
    }
}

/// A time since the beginning: "4:31", "1:04:31".
#[must_use]
pub fn clock(view: &View<'_>, at: Timestamp) -> String {
    since_beginning(at.since(view.zero()))
}

/// A length: "4:31", "1:04:31".
#[must_use]
pub fn since_beginning(since: Duration) -> String {
    let secs = since.as_secs();
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

/// "2.3 GB", "110 MB", "4 kB".
#[must_use]
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A date as a list shows it: "2026-11-27 15:12" of "2026-11-27T15:12:18.000Z".
#[must_use]
pub fn date(utc: &str) -> String {
    utc.chars().take(16).map(|letter| if letter == 'T' { ' ' } else { letter }).collect()
}

/// Whom a session is of, and what they did: "P07 · reading".
#[must_use]
pub fn session(header: &Header) -> String {
    let participant =
        if header.subject.participant.is_empty() { "no participant" } else { &header.subject.participant };
    let task = if header.subject.task.is_empty() { "no task" } else { &header.subject.task };
    format!("{participant} · {task}")
}

/// The name of a marker that is all words.
const NOTE: &str = "note";

/// A marker in one line: "task starts: went on by themselves".
#[must_use]
pub fn marker(marker: &Marker) -> String {
    let name = match (marker.kind.as_str(), marker.name.as_str()) {
        (EXCLUDE, "" | "excluded") => "excluded".to_owned(),
        (EXCLUDE, name) => format!("excluded: {name}"),
        // Of what was typed the words say all.
        (_, NOTE) if !marker.text.is_empty() => return marker.text.clone(),
        (_, name) => name.to_owned(),
    };
    if marker.text.is_empty() { name } else { format!("{name}: {}", marker.text) }
}

/// What is done to the input, in a word or two.
#[must_use]
pub const fn trouble(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Dark => "dark",
        Trouble::Blur => "blurred",
        Trouble::Cover => "covered",
        Trouble::Freeze => "frozen",
        Trouble::Mute => "mute",
        Trouble::Noise => "noise",
        Trouble::Babble => "babble",
        Trouble::OtherVoice => "another voice",
        Trouble::StaleWords => "no new words",
        Trouble::DroppedWords => "words lost",
        Trouble::MisheardWords => "words misheard",
    }
}

/// What that does.
#[must_use]
pub const fn trouble_does(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Dark => "the picture nearly without light",
        Trouble::Blur => "the picture out of focus",
        Trouble::Cover => "a flat patch over part of the picture",
        Trouble::Freeze => "the picture stands still",
        Trouble::Mute => "no sound",
        Trouble::Noise => "steady noise",
        Trouble::Babble => "many synthetic voices at once",
        Trouble::OtherVoice => "a synthetic voice instead of what is heard",
        Trouble::StaleWords => "nothing more is understood; what was said grows old",
        Trouble::DroppedWords => "four words in ten are lost",
        Trouble::MisheardWords => "three words in ten are taken for others",
    }
}

/// What is done to the input, with its strength where there is one.
#[must_use]
pub fn spoil(spoil: Spoil) -> String {
    let name = trouble(spoil.trouble);
    match spoil.trouble {
        Trouble::Noise | Trouble::Babble => format!("{name} at {:.0} dB", spoil.snr_db),
        _ => name.to_owned(),
    }
}

/// The name of a label with a capital.
#[must_use]
pub const fn label_name(label: Label) -> &'static str {
    match label {
        Label::Neutral => "Neutral",
        Label::Happiness => "Happiness",
        Label::Sadness => "Sadness",
        Label::Anger => "Anger",
        Label::Fear => "Fear",
        Label::Disgust => "Disgust",
        Label::Surprise => "Surprise",
    }
}

/// Where on the plane, in two words: "pleasant, lively".
#[must_use]
pub fn place(affect: &Affect) -> String {
    let valence = match affect.valence.get() {
        value if value > MARKED => "pleasant",
        value if value < -MARKED => "unpleasant",
        _ => "in between",
    };
    let arousal = match affect.arousal.get() {
        value if value > 0.55 => "excited",
        value if value > MARKED => "lively",
        value if value < -MARKED => "calm",
        _ => "even",
    };
    format!("{valence}, {arousal}")
}

/// The one line that sums a reading up: "Happiness 72 % · pleasant, lively", or that there is no clear one.
#[must_use]
pub fn headline(reading: &Reading, clear_from: f32) -> String {
    let label = reading.label();
    let likely = reading.probability(label);
    if likely < clear_from {
        return "No clear reading".to_owned();
    }
    format!("{} {} · {}", label_name(label), percent(likely), place(&reading.affect))
}

/// "valence +0.31 ± 0.10   arousal −0.05 ± 0.12".
#[must_use]
pub fn numbers(affect: &Affect) -> String {
    let (valence, arousal) = (signed(affect.valence.get()), signed(affect.arousal.get()));
    format!("valence {valence} ± {:.2}   arousal {arousal} ± {:.2}", affect.valence_sd, affect.arousal_sd)
}

/// "8 in 10", "83 in 100".
#[must_use]
pub fn one_in(share: f32) -> String {
    let percent = format!("{:.0}", share.clamp(0.0, 1.0) * 100.0);
    match percent.strip_suffix('0') {
        Some(tenths) if !tenths.is_empty() => format!("{tenths} in 10"),
        _ => format!("{percent} in 100"),
    }
}

/// What risk there is in the headline's label, or what keeps it from being shown; `None` where there is nothing to say.
#[must_use]
pub fn risk(fused: &Fused, clear_from: f32) -> Option<String> {
    let label = fused.reading.label();
    let likely = fused.reading.probability(label);
    // It was measured with a face and a voice: of one of them alone, or of words, it says nothing.
    let is_measured = fused.gates.face > 0.0 && fused.gates.voice > 0.0;
    let right = fused.clarity.filter(|_| is_measured).map(|clarity| one_in(clarity.right));
    if likely >= clear_from {
        return right.map(|right| format!("{right} labels shown were right on acted clips"));
    }
    let why = format!("likeliest: {label} {}; shown from {} on", percent(likely), percent(clear_from));
    Some(right.map_or_else(|| why.clone(), |right| format!("{why}, where {right} were right on acted clips")))
}

/// The same in full.
#[must_use]
pub fn risk_in_full(clarity: Option<Clarity>, clear_from: f32) -> String {
    let from = percent(clear_from);
    clarity.map_or_else(
        || {
            format!(
                "a label is shown from {from} on, as the settings say\n\
                 how many of those shown are right was not measured of this fusion"
            )
        },
        |Clarity { right, shown, .. }| {
            format!(
                "a label is shown from {from} on: {} of the labels shown were right, {} of readings were shown, on clean clips\n\
                 of eight people who acted six labels, face and voice, none of whom it had been trained on\n\
                 of other people, of real life and of words it was not measured; of the rest it says “no clear reading”\n\
                 right is what others would call the expression, not what is felt",
                one_in(right),
                percent(shown)
            )
        },
    )
}

/// The labels that hold at once, each with its doubt: "Happiness 81 %", "12 %".
#[must_use]
pub fn at_once(labels: &LabelsAtOnce) -> Vec<(String, String)> {
    labels.found().map(|label| one_at_once(labels, label)).collect()
}

fn one_at_once(labels: &LabelsAtOnce, label: Label) -> (String, String) {
    let of = |values: &[f32; Label::COUNT]| values.get(label.index()).copied().map_or_else(String::new, percent);
    (format!("{} {}", label_name(label), of(&labels.probabilities)), of(&labels.doubts))
}

/// What several at once means, and the number of each of the seven.
#[must_use]
pub fn at_once_in_full(labels: &LabelsAtOnce) -> String {
    let lines = Label::ALL.map(|label| {
        let is_there = if labels.has(label) { "there" } else { "not there" };
        let (likely, doubt) = one_at_once(labels, label);
        format!("{likely}: {is_there}, doubt {doubt}")
    });
    format!(
        "each is read by itself, so that several may hold at once; they don't sum to 100 %\n\
         learned from clips with sentences of others put beside them, so rougher than the seven above\n\
         doubt: how likely it is that what is said of it here is wrong\n{}",
        lines.join("\n")
    )
}

/// What a fusion does.
#[must_use]
pub const fn fusion_does(kind: FusionKind) -> &'static str {
    match kind {
        FusionKind::Gated => {
            "a network that weighs face, voice and words anew at each instant, by what it has just seen of them"
        }
        FusionKind::Concatenation => "a network that takes words, voice, face and movement side by side",
        FusionKind::Late => "a stated formula: each modality weighed by quality, age and trust",
        FusionKind::Ungated => "as gated, without gates: to measure what gates are worth",
    }
}

/// Why a fusion can't be chosen; `None` if it can.
#[must_use]
pub fn fusion_absence(state: Option<&FusionState>, kind: FusionKind) -> Option<String> {
    let Some(state) = state else { return Some("not known yet".to_owned()) };
    let why = || state.why_not(kind).unwrap_or("its network wasn't loaded");
    (!state.has(kind)).then(|| format!("not available: {}", why()))
}

/// What ± says of one modality, or of all fused.
#[must_use]
pub const fn band(of: Option<Modality>) -> &'static str {
    match of {
        Some(Modality::Words) => "± is one standard deviation, held against people's ratings of sentences",
        _ => "± is one standard deviation, unverified: no recordings with people's ratings were at hand",
    }
}

/// What it would be without one modality, in one line.
#[must_use]
pub fn without(modality: Modality, fused: Option<&Fused>) -> String {
    let name = modality.name();
    fused.map_or_else(
        || format!("without the {name}: nothing would be left"),
        |fused| {
            let affect = &fused.reading.affect;
            let (valence, arousal) = (signed(affect.valence.get()), signed(affect.arousal.get()));
            format!("without the {name}: valence {valence}, arousal {arousal}")
        },
    )
}

/// Why a modality has no reading: "no speech for 12 s".
#[must_use]
pub fn absence(view: &View<'_>, modality: Modality, absence: &Absence) -> String {
    let ago = |at: Option<Timestamp>| at.map(|at| length(view.now.since(at)));
    match (modality, absence) {
        (Modality::Face, Absence::NoSource) => "no camera".to_owned(),
        (Modality::Face, Absence::SourceLost) => "camera lost".to_owned(),
        (_, Absence::NoSource) => "no microphone".to_owned(),
        (_, Absence::SourceLost) => "microphone lost".to_owned(),
        (_, Absence::NoFace) => {
            ago(view.state.last_face).map_or_else(|| absence.to_string(), |ago| format!("{absence} for {ago}"))
        }
        (_, Absence::FaceTooSmall(width)) => format!("{width} px, too small"),
        (_, Absence::NoSpeech) => ago(view.state.speech.last_end(view.now))
            .map_or_else(|| "no speech yet".to_owned(), |ago| format!("no speech for {ago}")),
        (_, Absence::NoWords) => "nothing understood yet".to_owned(),
        (Modality::Face, Absence::TooOld) => {
            ago(view.state.last_face).map_or_else(|| absence.to_string(), |ago| format!("last seen {ago} ago"))
        }
        (Modality::Words, Absence::TooOld) => {
            ago(view.state.last_words).map_or_else(|| absence.to_string(), |ago| format!("last words {ago} ago"))
        }
        (_, Absence::OtherLanguage(language)) => format!("spoken in {language}, which the model doesn't know"),
        _ => absence.to_string(),
    }
}

/// What a modality's reading rests on, or why there is none.
#[must_use]
pub fn basis(view: &View<'_>, modality: Modality) -> String {
    let Some(tick) = view.tick else {
        return view.state.tick.as_ref().map_or_else(
            || "no reading yet".to_owned(),
            |last| format!("no reading for {}", length(view.now.since(last.moment.at))),
        );
    };
    match tick.moment.of(modality) {
        Err(why) => absence(view, modality, why),
        Ok(evidence) => match modality {
            Modality::Face => view.picture.map_or_else(|| "seen".to_owned(), |picture| seen(&picture.found)),
            Modality::Voice => heard(view, evidence.age(view.now)),
            Modality::Words => {
                let age = length(evidence.age(view.now));
                let unsure = if evidence.value.quality < 0.5 { ", not heard clearly" } else { "" };
                format!("{age} old{unsure}")
            }
        },
    }
}

fn seen(found: &FaceView) -> String {
    let quality = &found.quality;
    let flaw = if quality.brightness < 0.2 {
        "dark".to_owned()
    } else if quality.sharpness < 0.12 {
        "blurred".to_owned()
    } else if found.pose.yaw_deg.abs() >= 15.0 {
        turned(found.pose.yaw_deg)
    } else {
        "clear".to_owned()
    };
    format!("{:.0} px, {flaw}", quality.width_px)
}

fn heard(view: &View<'_>, age: Duration) -> String {
    let level = view.state.level.as_ref().map(|level| level.value).unwrap_or_default();
    let doing = if level.is_speech { "speaking".to_owned() } else { format!("spoke {} ago", length(age)) };
    let noisy = if level.is_speech && level.quality.snr_db < 10.0 { ", noisy" } else { "" };
    let clipped = if level.quality.clipped > 0.01 { ", too loud" } else { "" };
    format!("{doing}{noisy}{clipped}")
}

/// "turned 8° left", as the participant would say it.
#[must_use]
pub fn turned(yaw_deg: f32) -> String {
    let side = if yaw_deg >= 0.0 { "left" } else { "right" };
    format!("turned {:.0}° {side}", yaw_deg.abs())
}

/// Why nothing is known at all, in one sentence.
#[must_use]
pub fn nothing_known(view: &View<'_>) -> String {
    if let Some(stretch) = view.replay.and_then(|replay| replay.past().stretch(view.now)) {
        return match stretch.kind {
            StretchKind::Forgotten => "This was forgotten: nothing of it was kept.".to_owned(),
            StretchKind::Paused => "The recording paused.".to_owned(),
        };
    }
    let Some(tick) = view.tick else {
        return match &view.state.tick {
            None => "No reading yet.".to_owned(),
            Some(last) => format!("No reading for {}.", length(view.now.since(last.moment.at))),
        };
    };
    let why: Vec<_> = Modality::ALL
        .into_iter()
        .filter_map(|modality| {
            let why = tick.moment.of(modality).as_ref().err()?;
            Some(format!("{}: {}", modality.name(), absence(view, modality, why)))
        })
        .collect();
    format!("Nothing to read\n{}", why.join("\n"))
}

/// What can be seen in a face, in a few words.
#[must_use]
pub fn expression(found: &FaceView) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(expression) = &found.expression {
        let of = |name: &str| {
            let index = crate::signal::BLENDSHAPE_NAMES.iter().position(|other| *other == name)?;
            expression.blendshapes.get(index).copied()
        };
        let both = |left: &str, right: &str| Some(f32::midpoint(of(left)?, of(right)?));
        let shown = [
            ("smile", both("mouthSmileLeft", "mouthSmileRight")),
            ("brow lowered", both("browDownLeft", "browDownRight")),
            ("mouth open", of("jawOpen")),
        ];
        words.extend(shown.into_iter().filter_map(|(name, value)| Some(format!("{name} {:.2}", value?))));
    }
    words.push(if found.pose.yaw_deg.abs() < 5.0 {
        "facing the camera".to_owned()
    } else {
        turned(found.pose.yaw_deg)
    });
    if found.blink > 0.6 {
        words.push("eyes shut".to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Bipolar;
    use crate::signal::Gates;

    fn reading(valence: f32, arousal: f32, likely: f32) -> Reading {
        let rest = (1.0 - likely) / 6.0;
        let mut probabilities = [rest; Label::COUNT];
        probabilities[Label::Happiness.index()] = likely;
        let affect = Affect {
            valence: Bipolar::new(valence).unwrap(),
            arousal: Bipolar::new(arousal).unwrap(),
            valence_sd: 0.1,
            arousal_sd: 0.1,
        };
        Reading { affect, probabilities }
    }

    #[test]
    fn a_headline_says_only_what_is_clear() {
        assert_eq!(headline(&reading(0.6, 0.4, 0.72), 0.45), "Happiness 72 % · pleasant, lively");
        assert_eq!(headline(&reading(0.6, 0.4, 0.30), 0.45), "No clear reading");
    }

    #[test]
    fn what_was_measured_is_said_and_what_was_not_is_not() {
        let mut fused = Fused::new(reading(0.6, 0.4, 0.30), Gates::default());
        assert_eq!(risk(&fused, 0.45).unwrap(), "likeliest: happiness 30 %; shown from 45 % on");
        assert_eq!(risk(&fused, 0.25), None);
        assert!(risk_in_full(None, 0.45).contains("not measured"));

        fused.clarity = Some(Clarity { from: 0.5, right: 0.8, shown: 0.55 });

        // Measured with face and voice: of words alone nothing is promised.
        fused.gates = Gates { words: 1.0, ..Gates::default() };
        assert_eq!(risk(&fused, 0.3), None);
        assert_eq!(risk(&fused, 0.5).unwrap(), "likeliest: happiness 30 %; shown from 50 % on");

        fused.gates = Gates { face: 0.6, voice: 0.4, words: 0.0 };
        let below = "likeliest: happiness 30 %; shown from 50 % on, where 8 in 10 were right on acted clips";
        assert_eq!(risk(&fused, 0.5).unwrap(), below);
        assert_eq!(risk(&fused, 0.3).unwrap(), "8 in 10 labels shown were right on acted clips");
        let full = risk_in_full(fused.clarity, 0.5);
        assert!(full.contains("8 in 10 of the labels shown were right, 55 % of readings were shown"), "{full}");
    }

    #[test]
    fn shares_are_said_as_people_say_them() {
        assert_eq!([0.8, 0.83, 1.0, 0.004].map(one_in), ["8 in 10", "83 in 100", "10 in 10", "0 in 100"]);
    }

    #[test]
    fn several_labels_are_said_with_their_doubts() {
        let mut labels = LabelsAtOnce { probabilities: [0.1; 7], doubts: [0.05; 7], thresholds: [0.5; 7] };
        assert!(at_once(&labels).is_empty());

        labels.probabilities[Label::Happiness.index()] = 0.81;
        labels.doubts[Label::Happiness.index()] = 0.12;
        labels.probabilities[Label::Surprise.index()] = 0.6;

        let said = at_once(&labels);
        let said: Vec<_> = said.iter().map(|(likely, doubt)| (likely.as_str(), doubt.as_str())).collect();
        assert_eq!(said, [("Happiness 81 %", "12 %"), ("Surprise 60 %", "5 %")]);
        assert!(at_once_in_full(&labels).contains("Anger 10 %: not there, doubt 5 %"));
    }

    #[test]
    fn a_fusion_that_is_not_there_says_why() {
        let missing = vec![(FusionKind::Gated, "run it".to_owned())];
        let (asked, answers) = (FusionKind::Gated, FusionKind::Late);
        let state = FusionState { asked, answers, there: vec![answers], missing };

        let why = |kind| fusion_absence(Some(&state), kind);
        assert_eq!(why(FusionKind::Gated).unwrap(), "not available: run it");
        assert_eq!(why(FusionKind::Concatenation).unwrap(), "not available: its network wasn't loaded");
        assert_eq!(why(FusionKind::Late), None);
        assert_eq!(fusion_absence(None, FusionKind::Late).unwrap(), "not known yet");
    }

    #[test]
    fn numbers_have_a_real_minus_and_no_negative_zero() {
        assert_eq!((signed(-0.314), signed(0.05), signed(-0.001)), ("−0.31".into(), "+0.05".into(), "+0.00".into()));
    }

    #[test]
    fn times_are_short() {
        let length = |secs| super::length(Duration::from_secs(secs));
        assert_eq!((length(12), length(190), length(7260)), ("12 s".into(), "3 min".into(), "2 h 1 min".into()));
        assert_eq!(since_beginning(Duration::from_secs_f64(271.9)), "4:31");
    }

    #[test]
    fn without_says_when_nothing_would_be_left() {
        assert_eq!(without(Modality::Voice, None), "without the voice: nothing would be left");
        let fused = Fused::new(reading(-0.31, 0.05, 0.5), Gates::default());
        assert_eq!(without(Modality::Voice, Some(&fused)), "without the voice: valence −0.31, arousal +0.05");
    }
}
