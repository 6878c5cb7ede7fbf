//! A session in memory: all that was known of it at any of its times.

use std::path::Path;
use std::time::Duration;

use crate::pipeline::GatherSettings;
use crate::pipeline::Gatherer;
use crate::pipeline::PersonState;
use crate::pipeline::Tick;
use crate::pipeline::raw;
use crate::record::Kept;
use crate::record::values;
use crate::session;
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
use crate::ui::playback::course::Course;
use crate::ui::playback::course::Stretch;
use crate::ui::playback::course::Turn;
use crate::ui::state::STALE;
use crate::ui::state::Saying;
use crate::ui::state::Standing;
use crate::ui::state::State;
use crate::ui::state::WAVER;

/// How long what was measured of a face stands beside its picture.
const FACE_STANDS: Duration = Duration::from_millis(500);

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
    /// What its certificate says; `None` if it has none.
    pub certificate: Option<session::Certified>,
    /// What happened in it.
    pub course: Course,
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
        let course = Course::of(&kept, span);
        let mut state = State::default();
        state.history = History::with_limit(2 * kept.answers.len() + 2);
        state.begun = Some(span.start);
        state.reads_at_once =
            kept.answers.iter().rev().find_map(|one| one.value).is_some_and(|one| one.labels.is_some());
        for answer in &kept.answers {
            state.history.push(answer.span.start, answer.value.as_ref().map(Known::from));
        }
        for level in &kept.levels {
            state.speech.push(level.span, &level.value);
        }
        let mut sayings: Vec<_> = kept.transcripts.iter().cloned().map(|said| said.map(Saying::Understood)).collect();
        sayings.extend(course.not_transcribed.iter().cloned().map(|why| why.map(Saying::Unclear)));
        sayings.sort_by_key(begins);
        state.sayings = sayings.into();
        let gather = gather_settings(&kept.header.settings);
        let certificate = session::certified(session.folder());
        Self { session, kept, state, span, certificate, course, gather }
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
        let recent =
            recent.filter_map(|answer| Some((answer.span.start, answer.value.as_ref()?.reading.probabilities)));
        let last = Modality::ALL.map(|modality| self.last_evidence(modality, at));
        let [last_face, _, last_words] = last.each_ref().map(|last| last.as_ref().map(|last| last.span.end));
        let known_secs = last.map(|last| last.map_or(0.0, |last| last.value.known_secs));
        let (is_frozen, afresh) = (self.course.is_frozen(at), self.course.afresh(at));
        let is_raw = self.course.is_raw(at);
        Standing {
            tick,
            level: self.level(at).cloned(),
            last_face,
            last_words,
            person: PersonState { known_secs, is_frozen, is_raw, afresh },
            fusion: self.course.fusion(at),
            recent: recent.collect::<Vec<_>>().into_iter().rev().collect(),
        }
    }

    /// Whether an answer is new enough at `at` to be one.
    #[must_use]
    pub fn is_fresh(tick: &Tick, at: Timestamp) -> bool {
        at.since(tick.moment.at) <= STALE
    }

    /// What was known at `at`, as the pipeline gathered it.
    ///
    /// Only what was said last counts, so that it need not be gathered from the beginning.
    fn moment(&self, at: Timestamp) -> Moment {
        let mut gatherer = Gatherer::new(self.gather.clone());
        let (began, sources) = self.course.beginning(at);
        gatherer.begin(sources);
        let turns = self.course.turns(began, at);
        let mut turns = turns.iter().peekable();
        let newest = Modality::ALL.map(|modality| (modality, self.newest(modality, at)));
        let mut newest: Vec<_> = newest
            .into_iter()
            .filter_map(|(modality, newest)| newest.map(|(arrived, presence)| (arrived, modality, presence)))
            .filter(|(arrived, ..)| *arrived >= began)
            .collect();
        newest.sort_by_key(|(arrived, ..)| *arrived);
        for (arrived, modality, presence) in newest {
            while let Some((_, turn)) = turns.next_if(|(at, _)| *at <= arrived) {
                take(&mut gatherer, turn);
            }
            gatherer.observe(modality, presence, arrived);
        }
        for (_, turn) in turns {
            take(&mut gatherer, turn);
        }
        // As many of the levels as it takes to know of digital silence.
        let from = at - Duration::from_secs_f32(self.gather.muted_secs.clamp(0.1, 3600.0) + 0.5);
        let [first, after] =
            [from.max(began), at].map(|time| self.kept.levels.partition_point(|level| level.span.end <= time));
        for level in self.kept.levels.get(first..after).unwrap_or_default() {
            gatherer.hear(level.clone());
        }
        gatherer.moment(at)
    }

    /// What a modality said last before `at`, and when that was taken note of.
    fn newest(&self, modality: Modality, at: Timestamp) -> Option<(Timestamp, Presence)> {
        let item = self.before(modality, at).last()?;
        let presence = values::presence(modality, item)?;
        Some((item.arrived, if self.course.is_raw(item.arrived) { raw(presence) } else { presence }))
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
        self.course.stretches.iter().find(|stretch| stretch.span.start <= at && at < stretch.span.end)
    }

    /// What is being said at `at`, or was said last: its place among the sayings.
    #[must_use]
    pub fn saying(&self, at: Timestamp) -> Option<usize> {
        self.state.sayings.partition_point(|said| begins(said) <= at).checked_sub(1)
    }
}

/// When somebody began to say it.
#[must_use]
pub fn begins(said: &Timestamped<Saying>) -> Timestamp {
    match &said.value {
        Saying::Understood(words) => words.spoken.start,
        Saying::Unclear(_) => said.span.start,
    }
}

fn take(gatherer: &mut Gatherer, turn: &Turn) {
    match turn {
        Turn::Gather(change) => gatherer.change(change),
        Turn::Afresh => gatherer.afresh(),
    }
}

/// After how many seconds a reading held no longer when the session was recorded.
fn gather_settings(settings: &str) -> GatherSettings {
    let table: Option<toml::Table> = settings.parse().ok();
    let gather = table.as_ref().and_then(|table| table.get("gather"));
    gather.and_then(|gather| gather.clone().try_into().ok()).unwrap_or_default()
}
