//! What happened in a session: beginnings, gaps, sources that came and went, who answered.

use crate::pipeline::FusionKind;
use crate::pipeline::FusionState;
use crate::pipeline::GatherChange;
use crate::pipeline::Sources;
use crate::record::Happening;
use crate::record::Kept;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;

/// A stretch of which there is nothing, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// From when to when.
    pub span: Span,
    /// Why.
    pub kind: StretchKind,
}

/// Why there is nothing of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StretchKind {
    /// It was forgotten, at somebody's wish.
    Forgotten,
    /// The recording paused.
    Paused,
}

/// What changes in what the pipeline gathers.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// Which modalities there are.
    Gather(GatherChange),
    /// Somebody else has come.
    Afresh,
}

/// What happened in a session, each in order.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// Of what there is nothing.
    pub stretches: Vec<Stretch>,
    /// What was said and not understood, and why.
    pub not_transcribed: Vec<Timestamped<String>>,
    beginnings: Vec<(Timestamp, Sources)>,
    turns: Vec<(Timestamp, Turn)>,
    fusions: Vec<(Timestamp, FusionKind)>,
    afresh: Vec<(Timestamp, String)>,
    frozen: Vec<(Timestamp, bool)>,
    raw: Vec<(Timestamp, bool)>,
    spoils: Vec<(Timestamp, Vec<String>)>,
    cameras: Vec<(Timestamp, String)>,
}

impl Course {
    /// Of what was kept, over all of the session.
    #[must_use]
    pub fn of(kept: &Kept, span: Span) -> Self {
        let mut course = Self::default();
        course.fusions.extend(fusion_of(&kept.header.fusion).map(|kind| (span.start, kind)));
        let mut paused = None;
        for event in &kept.events {
            course.take(event, &mut paused);
        }
        course.stretches.extend(paused.map(|from| paused_from(from, span.end)));
        course.stretches.sort_by_key(|stretch| stretch.span.start);
        course
    }

    fn take(&mut self, event: &Happening, paused: &mut Option<Timestamp>) {
        let at = event.arrived;
        let word = |key: &str| event.what.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let flag = |key: &str| event.what.get(key).and_then(serde_json::Value::as_bool).unwrap_or(false);
        match event.kind.as_str() {
            "begin" => {
                let sources = event.what.get("sources").and_then(|value| serde_json::from_value(value.clone()).ok());
                self.beginnings.push((at, sources.unwrap_or_default()));
                self.fusions.extend(fusion_of(&word("fusion")).map(|kind| (at, kind)));
                self.raw.push((at, flag("is_raw")));
                self.stretches.extend(paused.take().map(|from| paused_from(from, at)));
            }
            "pause" => *paused = Some(at),
            "forgotten" => self.stretches.push(Stretch { span: event.span, kind: StretchKind::Forgotten }),
            "gather" => {
                let change = event.what.get("change").and_then(|value| serde_json::from_value(value.clone()).ok());
                self.turns.extend(change.map(|change| (at, Turn::Gather(change))));
            }
            "afresh" => {
                self.turns.push((at, Turn::Afresh));
                self.afresh.push((at, word("why")));
            }
            "freeze" => self.frozen.push((at, flag("is_frozen"))),
            "personal" => self.raw.push((at, flag("is_raw"))),
            "fusion" => self.fusions.extend(fusion_of(&word("fusion")).map(|kind| (at, kind))),
            "not_transcribed" => self.not_transcribed.push(Timestamped::new(event.span, 0, word("why"))),
            "spoil" => {
                let troubles = event.what.get("troubles").and_then(serde_json::Value::as_array);
                let names = troubles.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned));
                self.spoils.push((at, names.collect()));
            }
            "camera" => self.cameras.push((at, word("state"))),
            _ => {}
        }
    }

    /// When it last began with nothing in view, and which modalities there were.
    #[must_use]
    pub fn beginning(&self, at: Timestamp) -> (Timestamp, Sources) {
        last(&self.beginnings, at).cloned().unwrap_or((Timestamp::from_nanos(i64::MIN), Sources::default()))
    }

    /// What changed in what was gathered, from `from` to `to`.
    #[must_use]
    pub fn turns(&self, from: Timestamp, to: Timestamp) -> &[(Timestamp, Turn)] {
        let [first, after] =
            [self.turns.partition_point(|(time, _)| *time < from), self.turns.partition_point(|(time, _)| *time <= to)];
        self.turns.get(first..after).unwrap_or_default()
    }

    /// Which fusion answered.
    #[must_use]
    pub fn fusion(&self, at: Timestamp) -> Option<FusionState> {
        let (_, kind) = last(&self.fusions, at).or(self.fusions.first())?;
        let there = FusionKind::CHOICE.to_vec();
        Some(FusionState { answers: *kind, asked: *kind, there, missing: Vec::new() })
    }

    /// When and why the person last began afresh.
    #[must_use]
    pub fn afresh(&self, at: Timestamp) -> Option<(Timestamp, String)> {
        last(&self.afresh, at).cloned()
    }

    /// Whether what was known of the person was frozen.
    #[must_use]
    pub fn is_frozen(&self, at: Timestamp) -> bool {
        last(&self.frozen, at).is_some_and(|(_, is_frozen)| *is_frozen)
    }

    /// Whether it was read as if nothing were known of the person.
    #[must_use]
    pub fn is_raw(&self, at: Timestamp) -> bool {
        last(&self.raw, at).is_some_and(|(_, is_raw)| *is_raw)
    }

    /// How the input was spoilt on purpose.
    #[must_use]
    pub fn spoils(&self, at: Timestamp) -> &[String] {
        last(&self.spoils, at).map_or(&[], |(_, names)| names.as_slice())
    }

    /// How the camera was doing, in words.
    #[must_use]
    pub fn camera(&self, at: Timestamp) -> Option<&str> {
        last(&self.cameras, at).map(|(_, state)| state.as_str())
    }
}

const fn paused_from(from: Timestamp, to: Timestamp) -> Stretch {
    Stretch { span: Span { start: from, end: to }, kind: StretchKind::Paused }
}

/// The last that was at `at` or before.
fn last<T>(all: &[(Timestamp, T)], at: Timestamp) -> Option<&(Timestamp, T)> {
    all.get(all.partition_point(|(time, _)| *time <= at).checked_sub(1)?)
}

fn fusion_of(name: &str) -> Option<FusionKind> {
    FusionKind::ALL.into_iter().find(|kind| kind.name() == name)
}
