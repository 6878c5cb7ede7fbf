//! A session as exporters ask for it: times since it began, the answer that stood at a time, what doesn't count.

use std::time::Duration;

use crate::record::Happening;
use crate::record::Kept;
use crate::session::Header;
use crate::session::Item;
use crate::session::Marker;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::StreamHeader;
use crate::session::markers;
use crate::signal::Fused;
use crate::signal::Modality;
use crate::time::Span;
use crate::time::Timestamp;

/// An answer stands until the next one, and no longer than this: where answers stop, it doesn't go on for ever.
pub(super) const STANDS: Duration = Duration::from_millis(200);

/// A session, its numbers and its markers.
pub struct Recorded<'a> {
    pub(super) session: &'a Session,
    pub(super) kept: &'a Kept,
    /// As they were corrected.
    pub(super) markers: Vec<Marker>,
    /// When each answer is of, and where it is.
    answers: Vec<(Timestamp, usize)>,
    /// When each modality's evidence was taken note of, and how far its input could be trusted; none where it was absent.
    qualities: [Vec<(Timestamp, Option<f32>)>; 3],
    forgotten: Vec<Span>,
    whole: Span,
}

impl<'a> Recorded<'a> {
    /// Of a session and what was loaded of it.
    ///
    /// # Errors
    ///
    /// If its markers, or the end of its numbers, can't be read.
    pub fn new(session: &'a Session, kept: &'a Kept) -> Result<Self, SessionError> {
        let mut answers: Vec<_> = kept.answers.iter().enumerate().map(|(at, one)| (one.span.start, at)).collect();
        answers.sort();
        let qualities = Modality::ALL.map(|modality| {
            let quality = |(arrived, presence): (Timestamp, crate::signal::Presence)| {
                (arrived, presence.ok().map(|evidence| evidence.value.quality))
            };
            kept.presences(modality).map(quality).collect()
        });
        let forgotten = kept.forgotten().collect();
        let whole = kept.span();
        Ok(Self { session, kept, markers: markers(session)?, answers, qualities, forgotten, whole })
    }

    pub(super) fn header(&self) -> &Header {
        &self.kept.header
    }

    /// The whole of it.
    pub(super) const fn span(&self) -> Span {
        self.whole
    }

    /// Seconds since it began; negative for what was before.
    pub(super) fn secs(&self, at: Timestamp) -> f64 {
        (at.nanos() - self.kept.header.began_nanos) as f64 / 1e9
    }

    /// The wall clock then, milliseconds since 1970: what it said when the session began, and the session's clock since.
    pub(super) fn unix_millis(&self, at: Timestamp) -> i64 {
        let header = &self.kept.header;
        (header.began_unix_nanos + at.nanos() - header.began_nanos).div_euclid(1_000_000)
    }

    /// Whether a marker says that this time isn't to count.
    pub(super) fn is_excluded(&self, at: Timestamp) -> bool {
        self.excluded().any(|span| holds(span, at))
    }

    /// The stretches that aren't to count.
    pub(super) fn excluded(&self) -> impl Iterator<Item = Span> + '_ {
        self.markers.iter().filter(|marker| marker.kind == "exclude").map(|marker| marker.span)
    }

    pub(super) fn is_forgotten(&self, at: Timestamp) -> bool {
        self.forgotten.iter().any(|span| holds(*span, at))
    }

    /// The answer that stood at a time: the newest that isn't of later, if it is new enough.
    pub(super) fn answer_at(&self, at: Timestamp) -> Option<&Fused> {
        let after = self.answers.partition_point(|(time, _)| *time <= at);
        let (time, place) = *self.answers.get(after.checked_sub(1)?)?;
        if at.since(time) > STANDS || self.is_forgotten(at) {
            return None;
        }
        self.kept.answers.get(place)?.value.as_ref()
    }

    /// How far the inputs of an answer could be trusted, each by its weight: 0..=1.
    pub(super) fn quality_at(&self, at: Timestamp, fused: &Fused) -> f32 {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (modality, qualities) in Modality::ALL.into_iter().zip(&self.qualities) {
            let after = qualities.partition_point(|(time, _)| *time <= at);
            let newest = after.checked_sub(1).and_then(|place| qualities.get(place)).and_then(|(_, quality)| *quality);
            let gate = fused.gates.of(modality);
            if let Some(quality) = newest.filter(|quality| quality.is_finite()) {
                sum += gate * quality;
                weight += gate;
            }
        }
        if weight > 0.0 { sum / weight } else { f32::NAN }
    }

    /// Times at a regular rate from the beginning to the end, both included.
    pub(super) fn grid(&self, rate_hz: u32) -> impl Iterator<Item = Timestamp> + use<> {
        let span = self.span();
        let step = 1_000_000_000 / i64::from(rate_hz.max(1));
        let steps = span.len().as_nanos() as i64 / step;
        (0..=steps).map(move |at| Timestamp::from_nanos(span.start.nanos() + at * step))
    }

    /// What happened, without the markers.
    pub(super) fn happenings(&self) -> impl Iterator<Item = &'a Happening> + use<'a> {
        self.kept.events.iter().filter(|event| event.kind != "marker")
    }

    /// A stream's header, if the session has the stream.
    pub(super) fn stream(&self, id: u8) -> Option<&'a StreamHeader> {
        self.kept.streams.iter().find(|stream| stream.id == id)
    }

    /// Finds a stream's numbers by their names.
    pub(super) fn columns(&self, id: u8) -> Columns {
        let names = self.stream(id).map(|stream| stream.columns.iter().map(|column| column.name.clone()).collect());
        Columns { names: names.unwrap_or_default() }
    }
}

/// What a session is called, as a file's name can be.
pub(super) fn name(header: &Header) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() || "-_".contains(letter) { letter } else { '-' };
    if header.name.is_empty() { "session".to_owned() } else { header.name.chars().map(plain).collect() }
}

fn holds(span: Span, at: Timestamp) -> bool {
    at >= span.start && at < span.end
}

/// The names of a stream's numbers, as its header has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    names: Vec<String>,
}

impl Columns {
    /// Where a number is.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|one| one == name)
    }

    /// The places of these; NaN is read where there is none.
    pub(super) fn places<const N: usize>(&self, names: [&str; N]) -> [Option<usize>; N] {
        names.map(|name| self.place(name))
    }
}

/// A number of an item; NaN where it has none.
pub(super) fn value(item: &Item, place: Option<usize>) -> f32 {
    place.and_then(|place| item.values.get(place)).copied().unwrap_or(f32::NAN)
}

/// The place in the evidence of a modality's item at which it said that it is absent, in words.
pub(super) fn reason(modality: Modality, item: &Item) -> Option<String> {
    crate::record::values::presence(modality, item)?.err().map(|absence| absence.to_string())
}
