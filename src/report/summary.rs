//! A recording as a whole.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::pipeline::Stages;
use crate::pipeline::Tick;
use crate::report::whole;
use crate::report::whole::Mean;
use crate::report::whole::Whole;
use crate::signal::Label;
use crate::signal::LabelsAtOnce;
use crate::signal::Modality;
use crate::signal::Transcript;
use crate::time::Timestamped;

/// Adds up rows.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    rows: u64,
    of: [Sum; 4],
    transcript: Vec<Value>,
}

#[derive(Debug, Clone, Default)]
struct Sum {
    covered: u64,
    whole: Whole,
}

/// The summary of a recording, as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The recording's file, as it was given.
    pub file: String,
    /// The program's version.
    pub program: &'static str,
    /// Seconds.
    pub duration_s: f64,
    /// Seconds of recording per second of work.
    pub realtime_factor: f64,
    /// What was wrong with the file, if it could be read in part only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// The fusion that answered.
    pub fusion: &'static str,
    /// Which networks were loaded: `research` or `open`.
    pub variant: &'static str,
    /// Name in the manifest → sha256.
    pub models: Map<String, Value>,
    /// What was said: `start_s`, `end_s`, `text`, `confidence`, and `labels`: what the words say of each by itself.
    pub transcript: Vec<Value>,
    /// Share of the rows from 0.3 s on that have a reading, 0..=1.
    pub coverage: Map<String, Value>,
    /// Of the face alone.
    pub face: Value,
    /// Of the voice alone.
    pub voice: Value,
    /// Of the words alone.
    pub words: Value,
    /// Of all together.
    pub fused: Value,
}

impl Totals {
    /// Takes in the answer of one row.
    pub fn add(&mut self, tick: &Tick) {
        let counts = whole::counts(tick.moment.at);
        self.rows += u64::from(counts);
        let alone = Modality::ALL.map(|one| tick.moment.of(one).as_ref().ok().map(|evidence| &evidence.value.reading));
        let fused = tick.fused.as_ref().map(|fused| &fused.reading);
        let [face, voice, words] = alone;
        for (sum, reading) in self.of.iter_mut().zip([face, voice, words, fused]) {
            if let Some(reading) = reading {
                sum.whole.add(reading);
                sum.covered += u64::from(counts);
            }
        }
    }

    /// Takes in what was said.
    pub fn say(&mut self, transcript: &Timestamped<Transcript>) {
        let spoken = transcript.value.spoken;
        let labels = transcript.value.labels.as_ref().map(labels_at_once);
        self.transcript.push(json!({
            "start_s": round(spoken.start.secs(), 3),
            "end_s": round(spoken.end.secs(), 3),
            "text": transcript.value.text,
            "confidence": round(f64::from(transcript.value.confidence), 4),
            "labels": labels,
        }));
    }

    /// What it comes to.
    #[must_use]
    pub fn summary(
        self,
        file: &str,
        duration_s: f64,
        realtime_factor: f64,
        damage: Option<String>,
        stages: &Stages,
    ) -> Summary {
        let rows = self.rows.max(1) as f64;
        let names = ["face", "voice", "words", "fused"];
        let coverage = names.iter().zip(&self.of);
        let coverage =
            coverage.map(|(name, sum)| ((*name).to_owned(), json!(round(sum.covered as f64 / rows, 4)))).collect();
        let [face, voice, words, fused] = self.of.map(|sum| sum.whole.mean().map_or(Value::Null, |mean| value(&mean)));
        Summary {
            file: file.to_owned(),
            program: env!("CARGO_PKG_VERSION"),
            duration_s: round(duration_s, 3),
            realtime_factor: round(realtime_factor, 2),
            damage,
            fusion: stages.fusions.chosen().name(),
            variant: stages.variant().name(),
            models: stages.models.iter().map(|(name, sha256)| (name.clone(), json!(sha256))).collect(),
            transcript: self.transcript,
            coverage,
            face,
            voice,
            words,
            fused,
        }
    }
}

fn value(mean: &Mean) -> Value {
    let probabilities: Map<String, Value> = Label::ALL
        .into_iter()
        .zip(mean.probabilities)
        .map(|(label, probability)| (label.name().to_owned(), json!(round(probability, 6))))
        .collect();
    json!({
        "valence": round(mean.valence, 4),
        "arousal": round(mean.arousal, 4),
        "label": mean.label.name(),
        "probabilities": probabilities,
    })
}

/// What is said to be there, and of each label its probability and how likely it is that what is said of it is wrong.
fn labels_at_once(labels: &LabelsAtOnce) -> Value {
    let each = |values: [f32; Label::COUNT]| -> Map<String, Value> {
        let values = values.map(|value| json!(round(f64::from(value), 4)));
        Label::ALL.into_iter().map(|label| label.name().to_owned()).zip(values).collect()
    };
    let found: Vec<_> = labels.found().map(Label::name).collect();
    json!({ "found": found, "probabilities": each(labels.probabilities), "doubts": each(labels.doubts) })
}

fn round(value: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (value * scale).round() / scale
}
