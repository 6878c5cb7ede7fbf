//! `EmotionML` 1.0 (W3C Recommendation of 22 May 2014): one `<emotion>` for each stretch of one label.
//!
//! | what                          | is                                                                                    |
//! |-------------------------------|---------------------------------------------------------------------------------------|
//! | `category`, of `#big6`        | the likeliest label, where it isn't `neutral`, and where it is clear                  |
//! | its `confidence`              | the mean of its probability over the stretch                                          |
//! | `dimension`, of `#fsre-dimensions` | `valence` and `arousal`; −1 to 1 becomes 0 to 1: `(x + 1) / 2`                   |
//! | its `trace`                   | the answer that stood at each tenth of a second                                       |
//! | its `confidence`              | how likely the true one lies within a quarter of ours, by its standard deviation      |
//! | `start`, `end`                | milliseconds since 1970, by the wall clock when the session began                     |
//! | `expressed-through`           | what the answer rests on: modalities that weigh a twentieth or more in the mean       |
//!
//! `#big6` has no neutral, so a neutral stretch has only its dimensions, and `<info>` says `neutral`; so has a stretch whose label
//! isn't clear enough to be shown, and says `unclear`. Where nothing was read there is no `<emotion>`.
//!
//! What a marker says isn't to count isn't left out: it is an `<emotion>` of its own, whose `<info>` has `<cpx:excluded>`, and the
//! document's `<info>` has all such stretches, with `start`, `end` (milliseconds since 1970) and what the operator called them.
//! `<info>` is the place that the recommendation has for what isn't of its own vocabulary (2.3.1).
//!
//! Source: <https://www.w3.org/TR/2014/REC-emotionml-20140522/>, <https://www.w3.org/TR/emotion-voc/>.

use std::io;
use std::path::Path;

use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::report::export::part::Part;
use crate::report::export::recorded;
use crate::report::export::xml::Xml;
use crate::session::Header;
use crate::signal::Affect;
use crate::signal::Fused;
use crate::signal::Label;
use crate::signal::Modality;
use crate::time::Timestamp;

const NAMESPACE: &str = "http://www.w3.org/2009/10/emotionml";
const OURS: &str = "urn:circumplex:session";
const CATEGORIES: &str = "http://www.w3.org/TR/emotion-voc/xml#big6";
const DIMENSIONS: &str = "http://www.w3.org/TR/emotion-voc/xml#fsre-dimensions";
/// Samples of a trace a second.
const RATE_HZ: u32 = 10;
/// From this weight on an answer rests on a modality.
const RESTS_FROM: f32 = 0.05;
/// Confidence is asked about this much to either side, on −1 to 1.
const WITHIN: f64 = 0.25;

/// The file's name.
pub(super) fn file_name(header: &Header) -> String {
    format!("{}.emotionml", recorded::name(header))
}

/// Writes the file.
pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    let part = Part::create(folder, &file_name(recorded.header()))?;
    let path = part.path().to_path_buf();
    let part = document(recorded, part).map_err(ExportError::disk(&path))?;
    part.finish(exported)
}

fn document<W: io::Write>(recorded: &Recorded<'_>, out: W) -> io::Result<W> {
    let mut xml = Xml::begin(out, Some(1))?;
    let root = [
        ("version", "1.0"),
        ("xmlns", NAMESPACE),
        ("xmlns:cpx", OURS),
        ("category-set", CATEGORIES),
        ("dimension-set", DIMENSIONS),
    ];
    let header = recorded.header();
    xml.with("emotionml", &root, |xml| {
        xml.with("info", &[], |xml| {
            xml.text("cpx:session", &header.name)?;
            xml.text("cpx:participant", &header.subject.participant)?;
            xml.text("cpx:task", &header.subject.task)?;
            xml.text("cpx:program", &header.program)?;
            xml.text("cpx:began", &header.began_utc)?;
            xml.text("cpx:about", ABOUT)?;
            for marker in recorded.markers.iter().filter(|marker| marker.kind == "exclude") {
                let [start, end] = [marker.span.start, marker.span.end].map(|at| recorded.unix_millis(at).to_string());
                xml.empty("cpx:excluded", &[("start", &start), ("end", &end), ("name", &marker.name)])?;
            }
            Ok(())
        })?;
        for stretch in stretches(recorded) {
            emotion(xml, recorded, &stretch)?;
        }
        Ok(())
    })?;
    Ok(xml.into_inner())
}

const ABOUT: &str = "How a face, a voice and words would be read by others: expressions, not feelings. Valence and arousal are -1 to \
    1, written as (x + 1) / 2. The confidence of a category is the mean of its probability; that of a dimension is how likely the \
    true value lies within 0.25 of the one that was read, by its standard deviation. big6 has no neutral: such a stretch has \
    only dimensions, as has one whose label isn't clear, and its info says so. Where nothing was read there is no emotion. An \
    emotion whose info has an element excluded isn't to count: the operator said so; the document's info has all such stretches.";

/// What a stretch is called.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Called {
    Label(Label),
    /// The likeliest isn't sure enough to be shown.
    Unclear,
}

impl Called {
    fn of(fused: &Fused) -> Self {
        match fused.is_clear() {
            Some(false) => Self::Unclear,
            _ => Self::Label(fused.reading.label()),
        }
    }
}

/// Answers at even times, one after the other, that are called the same, and of which all or none are to count.
struct Stretch<'a> {
    called: Called,
    is_excluded: bool,
    start: Timestamp,
    answers: Vec<&'a Fused>,
}

fn stretches<'a>(recorded: &'a Recorded<'_>) -> Vec<Stretch<'a>> {
    let mut all: Vec<Stretch<'_>> = Vec::new();
    let mut goes_on = false;
    for at in recorded.grid(RATE_HZ) {
        let Some(fused) = recorded.answer_at(at) else {
            goes_on = false;
            continue;
        };
        let (called, is_excluded) = (Called::of(fused), recorded.is_excluded(at));
        let is_same = |last: &&mut Stretch<'_>| goes_on && last.called == called && last.is_excluded == is_excluded;
        match all.last_mut().filter(is_same) {
            Some(last) => last.answers.push(fused),
            None => all.push(Stretch { called, is_excluded, start: at, answers: vec![fused] }),
        }
        goes_on = true;
    }
    all
}

fn emotion<W: io::Write>(xml: &mut Xml<W>, recorded: &Recorded<'_>, stretch: &Stretch<'_>) -> io::Result<()> {
    let count = stretch.answers.len();
    let start = recorded.unix_millis(stretch.start);
    let end = start + count as i64 * 1000 / i64::from(RATE_HZ);
    let mean =
        |of: &dyn Fn(&Fused) -> f32| stretch.answers.iter().map(|one| of(one)).sum::<f32>() / count.max(1) as f32;
    let through: Vec<&str> = Modality::ALL
        .into_iter()
        .filter(|modality| mean(&|fused| fused.gates.of(*modality)) >= RESTS_FROM)
        .map(|modality| if modality == Modality::Words { "text" } else { modality.name() })
        .collect();
    let (start, end, through) = (start.to_string(), end.to_string(), through.join(" "));
    let mut attributes = vec![("start", start.as_str()), ("end", end.as_str())];
    if !through.is_empty() {
        attributes.push(("expressed-through", through.as_str()));
    }
    let (said, category) = match stretch.called {
        Called::Label(Label::Neutral) => (Some("neutral"), None),
        Called::Unclear => (Some("unclear"), None),
        Called::Label(label) => (None, Some(label)),
    };
    xml.with("emotion", &attributes, |xml| {
        if said.is_some() || stretch.is_excluded {
            xml.with("info", &[], |xml| {
                said.map_or(Ok(()), |label| xml.text("cpx:label", label))?;
                if stretch.is_excluded { xml.empty("cpx:excluded", &[]) } else { Ok(()) }
            })?;
        }
        if let Some(label) = category {
            let confidence = share(f64::from(mean(&|fused| fused.reading.probability(label))));
            xml.empty("category", &[("name", label.name()), ("confidence", &confidence)])?;
        }
        dimension(xml, "valence", stretch, &|affect| (affect.valence.get(), affect.valence_sd))?;
        dimension(xml, "arousal", stretch, &|affect| (affect.arousal.get(), affect.arousal_sd))
    })
}

fn dimension<W: io::Write>(
    xml: &mut Xml<W>,
    name: &str,
    stretch: &Stretch<'_>,
    of: &dyn Fn(&Affect) -> (f32, f32),
) -> io::Result<()> {
    let values = stretch.answers.iter().map(|fused| of(&fused.reading.affect));
    let (mut samples, mut confidence) = (Vec::new(), 0.0);
    for (value, sd) in values {
        samples.push(share(f64::midpoint(f64::from(value), 1.0)));
        confidence += within(f64::from(sd)) / stretch.answers.len() as f64;
    }
    let frequency = format!("{RATE_HZ}Hz");
    xml.with("dimension", &[("name", name), ("confidence", &share(confidence))], |xml| {
        xml.empty("trace", &[("freq", &frequency), ("samples", &samples.join(" "))])
    })
}

/// A number in 0..=1, to four places.
fn share(value: f64) -> String {
    format!("{:.4}", value.clamp(0.0, 1.0))
}

/// How likely a normal variable lies within [`WITHIN`] of its mean.
///
/// Source: Abramowitz & Stegun 1964, 7.1.26: the error function to 1.5e-7.
fn within(sd: f64) -> f64 {
    if sd.is_nan() || sd <= 0.0 {
        return 0.0;
    }
    let x = WITHIN / sd / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let polynomial = factors.iter().fold(0.0, |sum, factor| sum * t + factor) * t;
    1.0 - polynomial * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::export::Form;
    use crate::report::support;

    #[test]
    fn confidence_is_the_normal_distributions() {
        // Within one, two and a half of the standard deviation.
        for (sd, wanted) in [(0.25, 0.682_689), (0.125, 0.954_500), (0.5, 0.382_925)] {
            assert!((within(sd) - wanted).abs() < 1e-5, "{sd}: {}", within(sd));
        }
        assert_eq!((within(f64::NAN), within(0.0)), (0.0, 0.0));
    }

    #[test]
    fn each_stretch_is_an_emotion_with_its_curve_and_gaps_are_none() {
        let made = support::session();
        let name = file_name(&made.kept.header);
        let text = fs::read_to_string(made.export(Form::EmotionMl).join(name)).unwrap();

        let starts: Vec<&str> = text.match_indices("<emotion ").map(|(at, _)| &text[at..]).collect();
        // From 0 to 4, of which the third second is excluded, from 5 to 6, from 7 to the end at 10.
        let began = support::BEGAN_UNIX_NANOS / 1_000_000;
        let wanted = [(0, 2_000), (2_000, 3_000), (3_000, 4_000), (5_000, 6_000), (7_000, 10_100)];
        for (emotion, (from, to)) in starts.iter().zip(wanted) {
            let times = format!(r#"<emotion start="{}" end="{}""#, began + from, began + to);
            assert!(emotion.starts_with(&times), "{times}: {}", &emotion[..120]);
        }
        assert_eq!(starts.len(), wanted.len());
        let is_excluded = |emotion: &&str| emotion.split("</emotion>").next().unwrap().contains("<cpx:excluded/>");
        assert_eq!(starts.iter().map(is_excluded).collect::<Vec<_>>(), [false, true, false, false, false]);
        let (start, end) = (began + 2_000, began + 3_000);
        let excluded = format!(r#"<cpx:excluded start="{start}" end="{end}" name="talk with the operator"/>"#);
        assert!(text.contains(&excluded), "{}", &text[..1500]);
        assert!(starts[0].contains(r#"expressed-through="face voice""#));
        assert!(starts[0].contains(r#"<category name="happiness" confidence="0.6250"/>"#));
        assert!(starts[1].contains(r#"<trace freq="10Hz" samples="0.7500 0.7500 0.7500"#));
        assert!(starts[1].contains(r#"<dimension name="arousal" confidence="0.6827">"#), "{}", starts[1]);
    }
}
