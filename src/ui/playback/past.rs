//! A session in memory: all that was known of it at any of its times.

use std::path::Path;
use std::time::Duration;

use crate::pipeline::FusionKind;
use crate::pipeline::FusionState;
use crate::pipeline::GatherSettings;
use crate::pipeline::Gatherer;
use crate::pipeline::PersonState;
use crate::pipeline::Tick;
use crate::record::Kept;
use crate::record::values;
use crate::session::Item;
use crate::session::Session;
use crate::signal::Evidence;
use crate::signal::FaceView;
use crate::signal::Level;
use crate::signal::Modality;
use crate::signal::Moment;
use crate::signal::Presence;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Timestamped;
use crate::ui::history::History;
use crate::ui::history::Known;
use crate::ui::state::STALE;
use crate::ui::state::Saying;
use crate::ui::state::Standing;
use crate::ui::state::State;
use crate::ui::state::WAVER;

/// How long what was measured of a face stands beside its picture.
const FACE_STANDS: Duration = Duration::from_millis(500);

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
    /// It was forgotten, at the participant's or the operator's wish.
    Forgotten,
    /// The recording paused.
    Paused,
}

/// A session, loaded.
pub struct Past {
    /// Where it is.
    pub session: Session,
    /// What was kept in numbers and words.
    pub kept: Kept,
    /// What panels draw: history, speech and sayings of all of it.
    pub state: State,
    /// From its beginning to its end.
    pub span: Span,
    /// Of what there is nothing.
    pub stretches: Vec<Stretch>,
    gather: GatherSettings,
}

impl Past {
    /// Loads a session.
    ///
    /// # Errors
    ///
    /// In words, if there is none or it can't be read.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let session = Session::open(folder).map_err(|error| error.to_string())?;
        let mut kept = Kept::load(&session).map_err(|error| error.to_string())?;
        // Nobody looks at them here, and they are many.
        kept.stamps = Vec::new();
        Ok(Self::of(session, kept))
    }

    /// Of what was kept.
    #[must_use]
    pub fn of(session: Session, kept: Kept) -> Self {
        let span = kept.span();
        let mut state = State {
            history: History::with_limit(2 * kept.answers.len() + 2),
            begun: Some(span.start),
            fusion: fusion(&kept),
            reads_at_once: kept.answers.iter().rev().find_map(|one| one.value).is_some_and(|one| one.labels.is_some()),
            ..State::default()
        };
        for answer in &kept.answers {
            state.history.push(answer.span.start, answer.value.as_ref().map(Known::from));
        }
        for level in &kept.levels {
            state.speech.push(level.span, &level.value);
        }
        state.sayings.extend(kept.transcripts.iter().cloned().map(|said| said.map(Saying::Understood)));
        let stretches = stretches(&kept, span);
        let gather = gather_settings(&kept.header.settings);
        Self { session, kept, state, span, stretches, gather }
    }

    /// What stood at `at`.
    #[must_use]
    pub fn standing(&self, at: Timestamp) -> Standing {
        let after = self.kept.answers.partition_point(|answer| answer.span.start <= at);
        let before = self.kept.answers.get(..after).unwrap_or_default();
        let tick = before.last().map(|answer| Tick {
            moment: self.moment(answer.span.start),
            fused: answer.value,
            // What it would have been isn't kept.
            without: None,
        });
        let recent = before.iter().rev().take_while(|answer| at.since(answer.span.start) <= WAVER);
        let recent = recent.filter_map(|answer| Some((answer.span.start, answer.value.as_ref()?.reading.probabilities)));
        let last = Modality::ALL.map(|modality| self.last_evidence(modality, at));
        let [last_face, _, last_words] = last.each_ref().map(|last| last.as_ref().map(|last| last.span.end));
        let known_secs = last.map(|last| last.map_or(0.0, |last| last.value.known_secs));
        Standing {
            tick,
            level: self.level(at).cloned(),
            last_face,
            last_words,
            person: PersonState { known_secs, is_frozen: false, afresh: None },
            recent: recent.collect::<Vec<_>>().into_iter().rev().collect(),
        }
    }

    /// The newest answer at `at`, unless it is too old to be one.
    #[must_use]
    pub fn is_fresh(tick: &Tick, at: Timestamp) -> bool {
        at.since(tick.moment.at) <= STALE
    }

    /// What was known at `at`, as the pipeline gathered it.
    fn moment(&self, at: Timestamp) -> Moment {
        let mut gatherer = Gatherer::new(self.gather.clone());
        for modality in Modality::ALL {
            gatherer.source_came(modality);
        }
        for modality in Modality::ALL {
            if let Some((arrived, presence)) = self.newest(modality, at) {
                gatherer.observe(modality, presence, arrived);
            }
        }
        // As many of the levels as it takes to know of digital silence.
        let from = at - Duration::from_secs_f32(self.gather.muted_secs.clamp(0.1, 3600.0) + 0.5);
        let [first, after] =
            [from, at].map(|time| self.kept.levels.partition_point(|level| level.span.end <= time));
        for level in self.kept.levels.get(first..after).unwrap_or_default() {
            gatherer.hear(level.clone());
        }
        gatherer.moment(at)
    }

    /// What a modality said last before `at`, and when that was taken note of.
    fn newest(&self, modality: Modality, at: Timestamp) -> Option<(Timestamp, Presence)> {
        self.before(modality, at).last().and_then(|item| Some((item.arrived, values::presence(modality, item)?)))
    }

    fn last_evidence(&self, modality: Modality, at: Timestamp) -> Option<Timestamped<Evidence>> {
        let item = self.before(modality, at).iter().rev().find(|item| item.bytes.is_empty())?;
        values::presence(modality, item)?.ok()
    }

    fn before(&self, modality: Modality, at: Timestamp) -> &[Item] {
        let items = self.kept.evidence.get(modality.index()).map(Vec::as_slice).unwrap_or_default();
        let after = items.partition_point(|item| item.arrived <= at);
        items.get(..after).unwrap_or_default()
    }

    fn level(&self, at: Timestamp) -> Option<&Timestamped<Level>> {
        let after = self.kept.levels.partition_point(|level| level.span.end <= at);
        self.kept.levels.get(after.checked_sub(1)?)
    }

    /// What was measured of the face in the picture of that time, without pixels and landmarks.
    #[must_use]
    pub fn face(&self, picture: Timestamp) -> Option<FaceView> {
        let [items, ..] = &self.kept.evidence;
        let after = items.partition_point(|item| item.span.end <= picture);
        let item = items.get(after.checked_sub(1)?)?;
        values::face(item).filter(|_| picture.since(item.span.end) <= FACE_STANDS)
    }

    /// Why there is nothing of `at`.
    #[must_use]
    pub fn stretch(&self, at: Timestamp) -> Option<&Stretch> {
        self.stretches.iter().find(|stretch| stretch.span.start <= at && at < stretch.span.end)
    }

    /// What is being said at `at`, or was said last: its place among the sayings.
    #[must_use]
    pub fn saying(&self, at: Timestamp) -> Option<usize> {
        let begins = |said: &Timestamped<Saying>| match &said.value {
            Saying::Understood(words) => words.spoken.start,
            Saying::Unclear(_) => said.span.start,
        };
        self.state.sayings.partition_point(|said| begins(said) <= at).checked_sub(1)
    }
}

/// The fusion that answered when the session began.
fn fusion(kept: &Kept) -> Option<FusionState> {
    let kind = FusionKind::CHOICE.into_iter().chain([FusionKind::Ungated]).find(|one| one.name() == kept.header.fusion)?;
    Some(FusionState { answers: kind, asked: kind, there: FusionKind::CHOICE.to_vec(), missing: Vec::new() })
}

/// After how many seconds a reading held no longer when the session was recorded.
fn gather_settings(settings: &str) -> GatherSettings {
    let table: Option<toml::Table> = settings.parse().ok();
    let gather = table.as_ref().and_then(|table| {
        let stages = table.get("stages").and_then(toml::Value::as_table).unwrap_or(table);
        stages.get("gather")
    });
    gather.and_then(|gather| gather.clone().try_into().ok()).unwrap_or_default()
}

fn stretches(kept: &Kept, span: Span) -> Vec<Stretch> {
    let mut all: Vec<Stretch> =
        kept.forgotten().map(|span| Stretch { span, kind: StretchKind::Forgotten }).collect();
    let mut paused = None;
    for event in &kept.events {
        match event.kind.as_str() {
            "pause" => paused = Some(event.arrived),
            "begin" | "resume" => {
                if let Some(from) = paused.take() {
                    all.push(Stretch { span: Span::new(from, event.arrived), kind: StretchKind::Paused });
                }
            }
            _ => {}
        }
    }
    all.extend(paused.map(|from| Stretch { span: Span::new(from, span.end), kind: StretchKind::Paused }));
    all.sort_by_key(|stretch| stretch.span.start);
    all
}
