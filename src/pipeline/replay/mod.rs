//! A session again: the same stages on the inputs that were kept, and fusion by recorded arrival.
//!
//! Live, chance decides when a reading arrives: what a machine is busy with. So the numbers of a session lie in the order in
//! which fusion took note of them, and each stage keeps which of its inputs it took, and what it was told between them. Given
//! all that, nothing is left to chance: on the same machine, with the same networks, a replay gives the same bits.
//!
//! Without inputs (consent for numbers or words) what each modality said stands as it was recorded, with all that a fusion
//! looks at: each of them can answer again, also as if nothing had been known of the person.

mod changes;
mod inputs;

use crate::condition::hear::Ear;
use crate::fuse::Fuser as _;
use crate::fuse::FusionKind;
use crate::fuse::Fusions;
use crate::model::ModelError;
use crate::pipeline::gather::GatherChange;
use crate::pipeline::gather::GatherSettings;
use crate::pipeline::gather::Gatherer;
use crate::pipeline::gather::Sources;
use crate::pipeline::gather::raw;
use crate::pipeline::replay::inputs::Inputs;
use crate::pipeline::stages::Stages;
use crate::record::streams;
use crate::record::values;
use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Item;
use crate::session::Session;
use crate::session::SessionError;
use crate::signal::Fused;
use crate::signal::Modality;
use crate::signal::Presence;
use crate::time::Timestamp;
use crate::time::Timestamped;

pub use changes::Change;
pub use changes::LEAST;
pub use changes::changes;

/// Why a session can't be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It can't be read.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// It was recorded before numbers had all that a fusion's network looks at.
    #[error(
        "the numbers of this session lack what the {fusion} fusion rests on; only the late fusion can answer again"
    )]
    TooFewNumbers {
        /// Which.
        fusion: &'static str,
    },
    /// The fusion that is to answer isn't there.
    #[error("the {fusion} fusion can't answer again: {why}")]
    NoFusion {
        /// Which.
        fusion: &'static str,
        /// Why not.
        why: String,
    },
}

/// How numbers that were computed again agree with those that were recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Agreement {
    /// Items compared.
    pub compared: u64,
    /// Of them the same, bit for bit.
    pub identical: u64,
    /// The largest difference between two numbers; infinite where one is there and the other isn't.
    pub largest: f32,
    /// When it first was another.
    pub first_other: Option<Timestamp>,
}

impl Agreement {
    fn take(&mut self, at: Timestamp, recorded: &[f32], again: &[f32], is_same_otherwise: bool) {
        self.compared += 1;
        // What isn't known is NaN, whichever.
        let is_same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        let has_as_many = recorded.len() == again.len();
        if has_as_many && is_same_otherwise && recorded.iter().zip(again).all(is_same) {
            self.identical += 1;
            return;
        }
        self.first_other.get_or_insert(at);
        let apart = |(a, b): (&f32, &f32)| match (a.is_nan(), b.is_nan()) {
            (true, true) => 0.0,
            (false, false) => (a - b).abs(),
            _ => f32::INFINITY,
        };
        let largest = recorded.iter().zip(again).map(apart).fold(0.0, f32::max);
        let is_other = !has_as_many || !is_same_otherwise;
        self.largest = self.largest.max(if is_other { f32::INFINITY } else { largest });
    }

    /// Whether all were the same, bit for bit.
    #[must_use]
    pub const fn is_identical(&self) -> bool {
        self.compared == self.identical
    }
}

/// A session again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replayed {
    /// The answers as they were recorded.
    pub recorded: Vec<Timestamped<Option<Fused>>>,
    /// The answers to the same moments again.
    pub again: Vec<Timestamped<Option<Fused>>>,
    /// How the answers agree.
    pub answers: Agreement,
    /// How each modality's evidence agrees, in the order of [`Modality::ALL`].
    pub evidence: [Agreement; 3],
    /// How levels agree.
    pub levels: Agreement,
    /// Answers that could not be compared: inputs that they rest on weren't kept, or were forgotten.
    pub not_compared: u64,
    /// Beginnings: of the recording, and after each gap.
    pub beginnings: u64,
    /// Stretches that were forgotten.
    pub forgotten: u64,
    /// Stretches that can't be read.
    pub damage: u64,
    /// Times at which it was told that something was lost.
    pub losses: u64,
}

impl Replayed {
    /// Whether everything that could be compared is the same, bit for bit, and there was something.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.all().all(Agreement::is_identical) && self.answers.compared > 0
    }

    /// The largest difference of any number.
    #[must_use]
    pub fn largest(&self) -> f32 {
        self.all().map(|one| one.largest).fold(0.0, f32::max)
    }

    fn all(&self) -> impl Iterator<Item = &Agreement> {
        self.evidence.iter().chain([&self.answers, &self.levels])
    }
}

/// What is to be another than it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Otherwise {
    /// This fusion answers.
    pub fusion: Option<FusionKind>,
    /// Nothing is known of the person: what their baseline corrected is as it would be without.
    pub is_raw: bool,
}

/// Replays a session, as it was or otherwise. `tell` gets how far it is.
///
/// # Errors
///
/// If the session can't be read, a network fails, or the fusion that is to answer isn't there.
pub fn replay(
    session: &Session,
    stages: &mut Stages,
    otherwise: Otherwise,
    mut tell: impl FnMut(Timestamp),
) -> Result<Replayed, ReplayError> {
    let gather = stages.gather.clone();
    // The stages are lent to the inputs, and come back.
    let ear = stages.ear.take();
    let (result, ear) = run(session, stages, (otherwise, &gather), ear, &mut tell);
    stages.ear = ear;
    result
}

/// What fusions answer to a session, from what each modality said as it was recorded: no input is read again. `tell` gets how
/// far it is.
///
/// # Errors
///
/// As [`replay`].
pub fn fuse_again(
    session: &Session,
    (fusions, gather): (&mut Fusions, &GatherSettings),
    otherwise: Otherwise,
    mut tell: impl FnMut(Timestamp),
) -> Result<Replayed, ReplayError> {
    let mut replay = Replay::of(None, gather, fusions, otherwise);
    let numbers = session.file(Consent::Numbers)?;
    let columns = numbers.named("face").map(|stream| stream.columns.as_slice()).unwrap_or_default();
    replay.has_all = columns.iter().any(|column| column.name == streams::LAST_OF_FACE);
    replay.run(session, &mut tell)?;
    Ok(replay.replayed)
}

fn run(
    session: &Session,
    stages: &mut Stages,
    (otherwise, gather): (Otherwise, &GatherSettings),
    ear: Option<Ear>,
    tell: &mut dyn FnMut(Timestamp),
) -> (Result<Replayed, ReplayError>, Option<Ear>) {
    let Stages { face, voice, words, fusions, .. } = stages;
    let file = match session.has(Consent::Inputs).then(|| session.file(Consent::Inputs)).transpose() {
        Ok(file) => file,
        Err(error) => return (Err(error.into()), ear),
    };
    let inputs = file.map(|file| Inputs::new(file, face.as_mut(), ear, voice.as_mut(), words.take()));
    let mut replay = Replay::of(inputs, gather, fusions, otherwise);
    let result = replay.run(session, tell);
    let Replay { inputs, replayed, .. } = replay;
    let mut ear = None;
    if let Some(inputs) = inputs {
        (ear, *words) = inputs.into_parts();
    }
    (result.map(|()| replayed), ear)
}

struct Replay<'a> {
    inputs: Option<Inputs<'a>>,
    gatherer: Gatherer,
    fusions: &'a mut Fusions,
    otherwise: Otherwise,
    /// Whether what was recorded has all that a fusion looks at.
    has_all: bool,
    /// Whether readings were taken as if nothing were known of the person.
    is_raw: bool,
    /// Whether all that was taken note of since the last beginning could be computed again.
    is_comparable: bool,
    /// Damaged stretches of the inputs so far.
    damage: u64,
    replayed: Replayed,
}

impl<'a> Replay<'a> {
    fn of(inputs: Option<Inputs<'a>>, gather: &GatherSettings, fusions: &'a mut Fusions, otherwise: Otherwise) -> Self {
        Self {
            has_all: inputs.is_some(),
            inputs,
            gatherer: Gatherer::new(gather.clone()),
            fusions,
            otherwise,
            is_raw: false,
            is_comparable: true,
            damage: 0,
            replayed: Replayed::default(),
        }
    }

    fn run(&mut self, session: &Session, tell: &mut dyn FnMut(Timestamp)) -> Result<(), ReplayError> {
        for chunk in session.file(Consent::Numbers)? {
            match chunk {
                Ok(Chunk::Item(item)) => {
                    if item.stream == streams::CLOCK {
                        tell(item.arrived);
                    }
                    self.take(&item)?;
                }
                Ok(_) => {}
                Err(_) => {
                    self.replayed.damage += 1;
                    self.is_comparable = false;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, item: &Item) -> Result<(), ReplayError> {
        match item.stream {
            streams::FACE => self.evidence(Modality::Face, item),
            streams::VOICE => self.evidence(Modality::Voice, item),
            streams::WORDS => self.evidence(Modality::Words, item),
            streams::LEVEL => self.level(item),
            streams::AFFECT => self.answer(item),
            streams::EVENTS => self.event(item),
            _ => Ok(()),
        }
    }

    fn event(&mut self, item: &Item) -> Result<(), ReplayError> {
        let Some(event) = item.json() else { return Ok(()) };
        let kind = event.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
        match kind {
            "begin" => {
                let sources =
                    event.get("sources").and_then(|value| serde_json::from_value::<Sources>(value.clone()).ok());
                self.gatherer.begin(sources.unwrap_or_default());
                self.choose(event.get("fusion"))?;
                self.fusions.reset();
                self.is_raw = event.get("is_raw") == Some(&true.into());
                self.is_comparable = true;
                self.replayed.beginnings += 1;
            }
            "gather" => {
                let change = event.get("change").and_then(|value| serde_json::from_value(value.clone()).ok());
                if let Some(change) = change {
                    self.gatherer.change(&GatherChange::clone(&change));
                }
            }
            "afresh" => {
                self.gatherer.afresh();
                self.fusions.reset();
            }
            "fusion" => self.choose(event.get("fusion"))?,
            "personal" => self.is_raw = event.get("is_raw") == Some(&true.into()),
            "lost" => {
                self.replayed.losses += 1;
                self.is_comparable = false;
            }
            "forgotten" => {
                self.replayed.forgotten += 1;
                self.is_comparable = false;
            }
            _ => {}
        }
        Ok(())
    }

    /// The fusion that answered, or the one that is asked for.
    fn choose(&mut self, recorded: Option<&serde_json::Value>) -> Result<(), ReplayError> {
        let named = recorded.and_then(serde_json::Value::as_str);
        let named = FusionKind::ALL.into_iter().find(|kind| Some(kind.name()) == named);
        match self.otherwise.fusion.or(named) {
            Some(kind) if !self.has_all && kind != FusionKind::Late => {
                Err(ReplayError::TooFewNumbers { fusion: kind.name() })
            }
            Some(kind) if !self.fusions.choose(kind) => {
                let missing = self.fusions.missing().iter().find(|(other, _)| *other == kind);
                let why = missing.map_or_else(|| "it isn't there".to_owned(), |(_, why)| why.clone());
                Err(ReplayError::NoFusion { fusion: kind.name(), why })
            }
            _ => Ok(()),
        }
    }

    fn evidence(&mut self, modality: Modality, item: &Item) -> Result<(), ReplayError> {
        let Some(recorded) = values::presence(modality, item) else { return Ok(()) };
        let again = match self.inputs.as_mut() {
            Some(inputs) => inputs.evidence(modality, item.span)?,
            None => None,
        };
        // What lies behind damage rests on what can't be read.
        let damage = self.inputs.as_ref().map_or(0, |inputs| inputs.damage);
        self.is_comparable &= damage == self.damage;
        self.replayed.damage += damage - self.damage;
        self.damage = damage;
        let Some((presence, features)) = again else {
            self.is_comparable &= self.inputs.is_none();
            self.observe(modality, recorded, item.arrived);
            return Ok(());
        };
        // Counted as it was: what the fusion looks at is the time.
        let presence = presence.map(|evidence| Timestamped { seq: item.seq, ..evidence });
        let made = values::of_presence(modality, &presence, (item.span, item.seq), &features, item.arrived);
        if let Some(agreement) = self.replayed.evidence.get_mut(modality.index()).filter(|_| self.is_comparable) {
            agreement.take(item.arrived, &item.values, &made.values, item.bytes == made.bytes);
        }
        self.observe(modality, presence, item.arrived);
        Ok(())
    }

    fn observe(&mut self, modality: Modality, presence: Presence, at: Timestamp) {
        let is_raw = self.is_raw || self.otherwise.is_raw;
        self.gatherer.observe(modality, if is_raw { raw(presence) } else { presence }, at);
    }

    fn level(&mut self, item: &Item) -> Result<(), ReplayError> {
        let Some(recorded) = values::level(&item.values) else { return Ok(()) };
        let again = match self.inputs.as_mut() {
            Some(inputs) => inputs.level(item.span)?,
            None => None,
        };
        if let (Some(again), true) = (&again, self.is_comparable) {
            self.replayed.levels.take(item.arrived, &item.values, &values::of_level(again), true);
        }
        self.is_comparable &= again.is_some() || self.inputs.is_none();
        self.gatherer.hear(Timestamped::new(item.span, item.seq, again.unwrap_or(recorded)));
        Ok(())
    }

    fn answer(&mut self, item: &Item) -> Result<(), ReplayError> {
        let at = item.span.start;
        let again = self.fusions.fuse(&self.gatherer.moment(at))?;
        self.replayed.recorded.push(Timestamped::new(item.span, item.seq, values::answer(&item.values)));
        self.replayed.again.push(Timestamped::new(item.span, item.seq, again));
        if self.is_comparable {
            self.replayed.answers.take(at, &item.values, &values::of_answer(again.as_ref()), true);
        } else {
            self.replayed.not_compared += 1;
        }
        Ok(())
    }
}
