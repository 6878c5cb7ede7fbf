//! What was kept of a session, in memory: for looking at it, for tables, for a certificate.

use serde_json::Value;

use crate::record::streams;
use crate::record::values;
use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Damage;
use crate::session::Footer;
use crate::session::Header;
use crate::session::Item;
use crate::session::Marker;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::StreamHeader;
use crate::signal::Fused;
use crate::signal::LabelsAtOnce;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Presence;
use crate::signal::Transcript;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When it was taken note of.
    pub arrived: Timestamp,
    /// What it is about.
    pub span: Span,
    /// What it is: `begin`, `pause`, `forgotten`, `marker`, `camera`, `microphone`, …
    pub kind: String,
    /// All that is said of it.
    pub what: Value,
}

/// Numbers and words of a session, in the order in which they were taken note of. Faces, sound and pictures stay on the disk.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Who, what, when.
    pub header: Header,
    /// Answers; `None` where nothing was read.
    pub answers: Vec<Timestamped<Option<Fused>>>,
    /// What each modality said, as items of its stream: [`presences`](Self::presences) tells what they say.
    pub evidence: [Vec<Item>; 3],
    /// What was heard.
    pub levels: Vec<Timestamped<Level>>,
    /// When the sound card gave its blocks.
    pub stamps: Vec<Item>,
    /// Both clocks and the machine, each second.
    pub clocks: Vec<Happening>,
    /// What happened.
    pub events: Vec<Happening>,
    /// What was said; none where only numbers were kept.
    pub transcripts: Vec<Timestamped<Transcript>>,
    /// The streams' headers.
    pub streams: Vec<StreamHeader>,
    /// The streams' ends; missing where the program ended before it should.
    pub footers: Vec<Footer>,
    /// What can't be read.
    pub damage: Vec<Damage>,
    /// When the last of the numbers was taken note of.
    pub last: Option<Timestamp>,
}

impl Kept {
    /// Loads a session's numbers and words.
    ///
    /// # Errors
    ///
    /// If they can't be read at all.
    pub fn load(session: &Session) -> Result<Self, SessionError> {
        let mut kept = Self { header: session.header().clone(), ..Self::default() };
        for level in [Consent::Numbers, Consent::Words] {
            if level != Consent::Numbers && !session.has(level) {
                continue;
            }
            let mut file = session.file(level)?;
            for chunk in &mut file {
                match chunk {
                    Ok(Chunk::Item(item)) => kept.take(item),
                    Ok(Chunk::Footer(footer)) => kept.footers.push(footer),
                    Ok(Chunk::Header(_)) => {}
                    Err(damage) => kept.damage.push(damage),
                }
            }
            kept.streams.extend(file.streams().iter().cloned());
        }
        Ok(kept)
    }

    fn take(&mut self, item: Item) {
        let Item { arrived, span, seq, .. } = item;
        if item.stream != streams::TRANSCRIPT {
            self.last = self.last.max(Some(arrived));
        }
        match item.stream {
            streams::AFFECT => self.answers.push(Timestamped::new(span, seq, values::answer(&item.values))),
            streams::FACE => self.evidence[0].push(item),
            streams::VOICE => self.evidence[1].push(item),
            streams::WORDS => self.evidence[2].push(item),
            streams::LEVEL => {
                self.levels.extend(values::level(&item.values).map(|level| Timestamped::new(span, seq, level)));
            }
            streams::SOUND_STAMPS => self.stamps.push(item),
            streams::CLOCK | streams::EVENTS => {
                let what = item.json().unwrap_or_default();
                let kind = what.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
                let all = if item.stream == streams::CLOCK { &mut self.clocks } else { &mut self.events };
                all.push(Happening { arrived, span, kind, what });
            }
            streams::TRANSCRIPT => {
                let said = item.json().and_then(|what| transcript(&what, span));
                self.transcripts.extend(said.map(|said| Timestamped::new(span, seq, said)));
            }
            // A stream of a later minor form: what isn't known isn't needed.
            _ => {}
        }
    }

    /// What one modality said, each with when it was taken note of.
    pub fn presences(&self, modality: Modality) -> impl Iterator<Item = (Timestamp, Presence)> + '_ {
        let items = self.evidence.get(modality.index()).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(move |item| Some((item.arrived, values::presence(modality, item)?)))
    }

    /// From when it began to when the last of its numbers was taken note of.
    #[must_use]
    pub fn span(&self) -> Span {
        let began = Timestamp::from_nanos(self.header.began_nanos);
        Span::new(began, self.last.unwrap_or(began).max(began))
    }

    /// The markers as they were recorded, without what was corrected afterwards.
    #[must_use]
    pub fn markers(&self) -> Vec<Marker> {
        self.events.iter().filter_map(|event| Marker::recorded(&event.what, event.span)).collect()
    }

    /// The stretches that were forgotten.
    pub fn forgotten(&self) -> impl Iterator<Item = Span> + '_ {
        self.events.iter().filter(|event| event.kind == "forgotten").map(|event| event.span)
    }
}

/// What was said, as the JSON of its stream.
#[must_use]
pub fn of_transcript(said: &Transcript) -> Value {
    let labels = said.labels.map(|labels| {
        serde_json::json!({
            "probabilities": labels.probabilities, "doubts": labels.doubts, "thresholds": labels.thresholds,
        })
    });
    serde_json::json!({ "text": said.text, "confidence": said.confidence, "labels": labels })
}

fn transcript(what: &Value, spoken: Span) -> Option<Transcript> {
    let seven = |value: &Value| {
        let numbers: Vec<f32> = value.as_array()?.iter().filter_map(Value::as_f64).map(|one| one as f32).collect();
        numbers.try_into().ok()
    };
    let labels = what.get("labels").and_then(|labels| {
        Some(LabelsAtOnce {
            probabilities: seven(labels.get("probabilities")?)?,
            doubts: seven(labels.get("doubts")?)?,
            thresholds: seven(labels.get("thresholds")?)?,
        })
    });
    let text = what.get("text")?.as_str()?.to_owned();
    Some(Transcript { text, confidence: what.get("confidence")?.as_f64()? as f32, spoken, labels })
}
