//! Readings, doubts and reasons in plain words.

use std::time::Duration;

use crate::pipeline::SourceState;
use crate::pipeline::Spoil;
use crate::pipeline::Trouble;
use crate::signal::Absence;
use crate::signal::Affect;
use crate::signal::FaceView;
use crate::signal::Fused;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Reading;
use crate::time::Timestamp;
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

fn since_beginning(since: Duration) -> String {
    let secs = since.as_secs();
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
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

/// What stands under the headline.
#[must_use]
pub fn subline(reading: &Reading, clear_from: f32) -> String {
    let affect = &reading.affect;
    let numbers = format!(
        "valence {} ± {:.2}   arousal {} ± {:.2}",
        signed(affect.valence.get()),
        affect.valence_sd,
        signed(affect.arousal.get()),
        affect.arousal_sd
    );
    let label = reading.label();
    let likely = reading.probability(label);
    if likely < clear_from {
        format!("likeliest: {label} {}, below {}   {numbers}", percent(likely), percent(clear_from))
    } else {
        numbers
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
        (_, Absence::TooOld) => {
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
        let fused = Fused::new(reading(-0.31, 0.05, 0.5), crate::signal::Gates::default());
        assert_eq!(without(Modality::Voice, Some(&fused)), "without the voice: valence −0.31, arousal +0.05");
    }
}
