//! The streams of a file, and their samples.

use crate::record::streams;
use crate::record::values;
use crate::report::export::Recorded;
use crate::report::export::happened;
use crate::report::export::openface;
use crate::report::export::recorded::Columns;
use crate::report::export::recorded::value;
use crate::report::export::xdf::HOST;
use crate::session::Item;
use crate::signal::Label;
use crate::signal::Modality;
use crate::time::Timestamp;

/// Samples a second of the regular streams: as many as there are answers.
const RATE_HZ: u32 = 25;

/// One stream with all its samples.
pub(super) struct Stream {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// 0 where each sample has a time of its own.
    pub(super) rate_hz: f64,
    pub(super) about: &'static str,
    pub(super) channels: Vec<Channel>,
    pub(super) samples: Samples,
}

/// What one number of each sample is.
pub(super) struct Channel {
    pub(super) label: String,
    pub(super) unit: String,
    pub(super) kind: String,
}

impl Channel {
    fn new(label: impl Into<String>, unit: &str, kind: &str) -> Self {
        // XDF has no unit called 1.
        let unit = if unit == "1" { "normalized" } else { unit };
        Self { label: label.into(), unit: unit.to_owned(), kind: kind.to_owned() }
    }
}

/// Samples in the order of their times, seconds since the session began.
pub(super) enum Samples {
    Numbers { times: Vec<f64>, rows: Vec<Vec<f32>> },
    Words { times: Vec<f64>, words: Vec<String> },
}

impl Samples {
    fn numbers(mut samples: Vec<(f64, Vec<f32>)>) -> Self {
        samples.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let (times, rows) = samples.into_iter().unzip();
        Self::Numbers { times, rows }
    }

    fn words(mut samples: Vec<(f64, String)>) -> Self {
        samples.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let (times, words) = samples.into_iter().unzip();
        Self::Words { times, words }
    }

    pub(super) fn times(&self) -> &[f64] {
        match self {
            Self::Numbers { times, .. } | Self::Words { times, .. } => times,
        }
    }

    /// The name of their form.
    pub(super) const fn format(&self) -> &'static str {
        match self {
            Self::Numbers { .. } => "float32",
            Self::Words { .. } => "string",
        }
    }
}

/// All streams that have a sample.
pub(super) fn all(recorded: &Recorded<'_>) -> Vec<Stream> {
    let all = [
        affect(recorded),
        emotions(recorded),
        face(recorded),
        gaze(recorded),
        voice(recorded),
        level(recorded),
        speech(recorded),
        events(recorded),
    ];
    all.into_iter().filter(|stream| !stream.samples.times().is_empty()).collect()
}

fn stream(name: &str, kind: &'static str, about: &'static str, channels: Vec<Channel>, samples: Samples) -> Stream {
    Stream { name: format!("{HOST}_{name}"), kind, rate_hz: 0.0, about, channels, samples }
}

/// Samples on an even grid; none at all where nothing was ever answered.
fn on_grid(recorded: &Recorded<'_>, row: impl Fn(Timestamp) -> Vec<f32>) -> Samples {
    if recorded.kept.answers.is_empty() {
        return Samples::numbers(Vec::new());
    }
    // Times are counted, not added up: no rounding grows.
    let times = (0..).map(|at| f64::from(at) / f64::from(RATE_HZ));
    Samples::numbers(times.zip(recorded.grid(RATE_HZ).map(row)).collect())
}

fn affect(recorded: &Recorded<'_>) -> Stream {
    let gates = Modality::ALL.map(|one| format!("gate_{}", one.name()));
    let names = ["valence", "arousal", "valence_sd", "arousal_sd"].map(str::to_owned);
    let names = names.into_iter().chain(gates).chain(["quality".to_owned()]);
    let channels = names.map(|name| Channel::new(name, "1", "Affect")).collect();
    let samples = on_grid(recorded, |at| match recorded.answer_at(at) {
        Some(fused) => {
            let affect = &fused.reading.affect;
            let mut row = vec![affect.valence.get(), affect.arousal.get(), affect.valence_sd, affect.arousal_sd];
            row.extend(Modality::ALL.map(|one| fused.gates.of(one)));
            row.push(recorded.quality_at(at, fused));
            row
        }
        None => vec![f32::NAN; 8],
    });
    let about = "the answer that stood at each time: valence and arousal -1 to 1, one standard deviation of each, weights of \
        the modalities, how far their inputs can be trusted (by these weights); NaN where nothing was read";
    Stream { rate_hz: f64::from(RATE_HZ), ..stream("Affect", "Affect", about, channels, samples) }
}

fn emotions(recorded: &Recorded<'_>) -> Stream {
    let channels = Label::ALL.map(|label| Channel::new(label.name(), "1", "Affect")).into();
    let samples = on_grid(recorded, |at| {
        recorded.answer_at(at).map_or_else(|| vec![f32::NAN; 7], |fused| fused.reading.probabilities.to_vec())
    });
    let about = "probabilities of the seven labels of the answer that stood at each time; NaN where nothing was read";
    Stream { rate_hz: f64::from(RATE_HZ), ..stream("Emotions", "Affect", about, channels, samples) }
}

/// The numbers of a stream of evidence that another one shows, by name.
struct Shown<'a> {
    columns: Columns,
    items: &'a [Item],
}

impl<'a> Shown<'a> {
    fn of(recorded: &Recorded<'a>, modality: Modality) -> Self {
        let items = recorded.kept.evidence.get(modality.index()).map(Vec::as_slice).unwrap_or_default();
        Self { columns: recorded.columns(streams::of(modality)), items }
    }
}

fn face(recorded: &Recorded<'_>) -> Stream {
    let Shown { columns, items } = Shown::of(recorded, Modality::Face);
    let own = recorded.stream(streams::FACE).map(|stream| stream.columns.as_slice()).unwrap_or_default();
    let is_shown = |name: &str| {
        let measured = streams::FACE_COLUMNS.iter().any(|(own, _)| *own == name) && !name.starts_with("gaze");
        measured || name.starts_with("bs_")
    };
    let shown: Vec<_> = own.iter().filter(|column| is_shown(&column.name)).collect();
    let mut channels = vec![Channel::new("frame", "1", "FrameNumber")];
    channels.extend(shown.iter().map(|column| {
        let kind = if column.name == "presence" { "Confidence" } else { "Expression" };
        Channel::new(if column.name == "presence" { "confidence" } else { &column.name }, &column.unit, kind)
    }));
    let places: Vec<_> = shown.iter().map(|column| columns.place(&column.name)).collect();
    let samples = items.iter().map(|item| {
        let numbers = places.iter().map(|place| value(item, *place));
        (recorded.secs(item.span.start), std::iter::once(item.seq as f32).chain(numbers).collect())
    });
    let about = "each picture that was looked at, at its time: angles in degrees as the participant would say (+ up, + to their \
        left, + towards their left shoulder), blendshapes with ARKit's names; success 0 and NaN where no face was found";
    stream("Face", "FacialExpression", about, channels, Samples::numbers(samples.collect()))
}

fn gaze(recorded: &Recorded<'_>) -> Stream {
    let Shown { columns, items } = Shown::of(recorded, Modality::Face);
    let (pose, gaze) = (columns.places(["pitch", "yaw", "roll"]), columns.places(["gaze_x", "gaze_y"]));
    let presence = columns.place("presence");
    let channels = vec![
        Channel::new("direction_x", "1", "DirectionX"),
        Channel::new("direction_y", "1", "DirectionY"),
        Channel::new("direction_z", "1", "DirectionZ"),
        Channel::new("confidence", "1", "Confidence"),
        Channel::new("frame", "1", "FrameNumber"),
    ];
    let samples = items.iter().map(|item| {
        let direction = openface::direction(pose.map(|place| value(item, place)), gaze.map(|place| value(item, place)));
        let mut row: Vec<f32> = direction.map(|one| one as f32).into();
        row.extend([value(item, presence), item.seq as f32]);
        (recorded.secs(item.span.start), row)
    });
    let about = "where the eyes look, as a direction of length 1 in the camera's coordinates: x to the right of the picture, y \
        down, z away from the camera; good to some 10 degrees; NaN where no face was found";
    stream("Gaze", "Gaze", about, channels, Samples::numbers(samples.collect()))
}

fn voice(recorded: &Recorded<'_>) -> Stream {
    let Shown { columns, items } = Shown::of(recorded, Modality::Voice);
    let own = recorded.stream(streams::VOICE).map(|stream| stream.columns.as_slice()).unwrap_or_default();
    let is_shown = |name: &str| !name.starts_with("raw_") && !name.starts_with("reliability_");
    let shown: Vec<_> = own.iter().filter(|column| is_shown(&column.name)).collect();
    let mut channels = vec![Channel::new("window", "s", "Duration")];
    channels.extend(shown.iter().map(|column| Channel::new(column.name.clone(), &column.unit, "Voice")));
    let places: Vec<_> = shown.iter().map(|column| columns.place(&column.name)).collect();
    let samples = items.iter().map(|item| {
        let numbers = places.iter().map(|place| value(item, *place));
        let length = item.span.len().as_secs_f32();
        (recorded.secs(item.span.end), std::iter::once(length).chain(numbers).collect())
    });
    let about = "what each window of talk says, at the end of the window, whose length is `window`; then the functionals of \
        eGeMAPS v02; NaN where the voice says nothing";
    stream("Voice", "Voice", about, channels, Samples::numbers(samples.collect()))
}

fn level(recorded: &Recorded<'_>) -> Stream {
    let channels = streams::LEVEL_COLUMNS.map(|(name, unit)| Channel::new(name, unit, "Audio")).into();
    let levels = recorded.kept.levels.iter();
    let samples = levels.map(|level| (recorded.secs(level.span.start), values::of_level(&level.value)));
    let about = "how loud each 32 ms are, at their beginning, and whether somebody speaks";
    stream("Level", "Audio", about, channels, Samples::numbers(samples.collect()))
}

fn speech(recorded: &Recorded<'_>) -> Stream {
    let said = recorded.kept.transcripts.iter().map(|said| {
        let spoken = said.value.spoken;
        let mut what = crate::record::of_transcript(&said.value);
        if let Some(fields) = what.as_object_mut() {
            fields.insert("start_s".to_owned(), recorded.secs(spoken.start).into());
            fields.insert("end_s".to_owned(), recorded.secs(spoken.end).into());
        }
        (recorded.secs(spoken.start), what.to_string())
    });
    let channels = vec![Channel::new("utterance", "JSON", "Markers")];
    let about = "each utterance, when its first word was spoken: JSON";
    stream("Speech", "Markers", about, channels, Samples::words(said.collect()))
}

fn events(recorded: &Recorded<'_>) -> Stream {
    let mut samples = Vec::new();
    for event in happened::all(recorded) {
        let mut text = event.kind.clone();
        if event.kind == "marker" {
            text.clear();
        }
        for more in [event.name, event.text, event.detail.map(|detail| detail.to_string()).unwrap_or_default()] {
            if !more.is_empty() {
                text = if text.is_empty() { more } else { format!("{text}: {more}") };
            }
        }
        if text.is_empty() {
            text.push_str("marker");
        }
        if event.span.is_empty() {
            samples.push((recorded.secs(event.span.start), text));
        } else {
            samples.push((recorded.secs(event.span.start), format!("{text} (begins)")));
            samples.push((recorded.secs(event.span.end), format!("{text} (ends)")));
        }
    }
    let channels = vec![Channel::new("event", "text", "Markers")];
    let about = "markers, as they were corrected, and what else happened: text; a stretch has a beginning and an end";
    stream("Events", "Markers", about, channels, Samples::words(samples))
}
