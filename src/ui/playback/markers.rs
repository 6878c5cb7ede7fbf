//! The markers of a session, and what is corrected of them: each correction is added to the log, none is taken out of it.

use crate::session::Correction;
use crate::session::Marker;
use crate::session::corrected;
use crate::time::Span;
use crate::time::Timestamp;

/// The kind of a marker that says that a stretch doesn't count.
pub const EXCLUDE: &str = "exclude";
/// The kind of any other.
pub const MARKER: &str = "marker";

/// A marker, and what it was before it was corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it counts; as it was last, if it doesn't count any more.
    pub marker: Marker,
    /// As it was recorded; `None` if it was added afterwards.
    pub recorded: Option<Marker>,
    /// Whether it was deleted afterwards.
    pub is_removed: bool,
}

/// What is asked to be done with the markers.
#[derive(Debug, Clone, PartialEq)]
pub enum MarkerCommand {
    /// Add one at the place where one is.
    Add {
        /// Its name.
        name: String,
        /// What was typed.
        text: String,
    },
    /// Give it another name and another text.
    Rename {
        /// Which.
        id: u64,
        /// The name.
        name: String,
        /// The text.
        text: String,
    },
    /// Let it begin at the place where one is.
    Move(u64),
    /// Let it not count.
    Remove(u64),
    /// Let it count again.
    Restore(u64),
    /// A stretch that doesn't count begins at the place where one is.
    ExcludeFrom,
    /// It ends there.
    ExcludeTo,
    /// It begins, or ends if it has begun.
    ExcludeHere,
    /// It doesn't begin after all.
    ExcludeNothing,
    /// Take the last correction back, by another one.
    Undo,
}

/// The markers of a session.
#[derive(Debug, Clone, Default)]
pub struct Markers {
    recorded: Vec<Marker>,
    log: Vec<Correction>,
    all: Vec<Entry>,
    /// What takes the corrections back, the last one last.
    undo: Vec<Correction>,
    /// Where a stretch that doesn't count has begun.
    pub exclude_from: Option<Timestamp>,
}

impl Markers {
    /// As they were recorded, and what was corrected since.
    #[must_use]
    pub fn of(recorded: Vec<Marker>, log: Vec<Correction>) -> Self {
        let mut markers = Self { recorded, ..Self::default() };
        for correction in log {
            // Only the last can be taken back: what was before it may have been meant to be taken back already.
            markers.undo.clear();
            markers.add(correction, Undo::Remember);
        }
        markers.refresh();
        markers
    }

    /// All, in the order of their beginning; those that were deleted among them.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.all
    }

    /// Those that count.
    pub fn counting(&self) -> impl Iterator<Item = &Marker> {
        self.all.iter().filter(|entry| !entry.is_removed).map(|entry| &entry.marker)
    }

    /// Whether there is a correction to take back.
    #[must_use]
    pub const fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// The correction that does what was asked for at a place; `None` where there is nothing to correct (yet).
    #[must_use]
    pub fn correction(&mut self, command: MarkerCommand, at: Timestamp) -> Option<Correction> {
        let nanos = Some(at.nanos());
        let command = match command {
            MarkerCommand::ExcludeHere if self.exclude_from.is_some() => MarkerCommand::ExcludeTo,
            MarkerCommand::ExcludeHere => MarkerCommand::ExcludeFrom,
            other => other,
        };
        match command {
            MarkerCommand::Add { name, text } => Some(self.added(MARKER, &name, &text, Span::at(at))),
            MarkerCommand::Rename { id, name, text } => {
                let marker = &self.entry(id)?.marker;
                let (name, text) = ((name != marker.name).then_some(name), (text != marker.text).then_some(text));
                (name.is_some() || text.is_some()).then(|| Correction {
                    marker: id,
                    name,
                    text,
                    ..Correction::default()
                })
            }
            MarkerCommand::Move(id) => {
                let span = self.entry(id)?.marker.span;
                let end = at + span.len();
                Some(Correction {
                    marker: id,
                    start_nanos: nanos,
                    end_nanos: Some(end.nanos()),
                    ..Correction::default()
                })
            }
            MarkerCommand::Remove(id) => {
                self.entry(id).filter(|entry| !entry.is_removed)?;
                Some(Correction { marker: id, is_removed: true, ..Correction::default() })
            }
            MarkerCommand::Restore(id) => {
                let marker = self.entry(id).filter(|entry| entry.is_removed)?.marker.clone();
                Some(whole(&marker))
            }
            MarkerCommand::ExcludeFrom | MarkerCommand::ExcludeHere => {
                self.exclude_from = Some(at);
                None
            }
            MarkerCommand::ExcludeNothing => {
                self.exclude_from = None;
                None
            }
            MarkerCommand::ExcludeTo => {
                let from = self.exclude_from?;
                let span = Span::new(from.min(at), from.max(at));
                if span.is_empty() {
                    self.exclude_from = None;
                    return None;
                }
                // It has begun until this is on the disk.
                Some(self.added(EXCLUDE, "excluded", "", span))
            }
            MarkerCommand::Undo => self.undo.last().cloned(),
        }
    }

    /// Takes in a correction that is on the disk.
    pub fn take(&mut self, correction: Correction) {
        if correction.kind.as_deref() == Some(EXCLUDE) {
            self.exclude_from = None;
        }
        // What takes the last one back isn't taken back itself.
        let same = |undo: &Correction| Correction { utc: String::new(), ..correction.clone() } == *undo;
        if self.undo.last().is_some_and(same) {
            self.undo.pop();
            self.add(correction, Undo::Forget);
        } else {
            self.add(correction, Undo::Remember);
        }
        self.refresh();
    }

    fn add(&mut self, correction: Correction, undo: Undo) {
        if undo == Undo::Remember {
            let before = corrected(self.recorded.clone(), self.log.clone());
            let before = before.into_iter().find(|marker| marker.id == correction.marker);
            let back = match before {
                Some(marker) => whole(&marker),
                None => Correction { marker: correction.marker, is_removed: true, ..Correction::default() },
            };
            self.undo.push(back);
        }
        self.log.push(correction);
    }

    fn entry(&self, id: u64) -> Option<&Entry> {
        self.all.iter().find(|entry| entry.marker.id == id)
    }

    fn added(&self, kind: &str, name: &str, text: &str, span: Span) -> Correction {
        let last = self.recorded.iter().map(|marker| marker.id).chain(self.log.iter().map(|one| one.marker)).max();
        let (name, text, is_corrected) = (name.to_owned(), text.to_owned(), true);
        whole(&Marker { id: last.map_or(1, |last| last + 1), kind: kind.to_owned(), name, text, span, is_corrected })
    }

    fn refresh(&mut self) {
        let counting = corrected(self.recorded.clone(), self.log.clone());
        let recorded = |id: u64| self.recorded.iter().find(|marker| marker.id == id).cloned();
        let mut all: Vec<Entry> = counting
            .into_iter()
            .map(|marker| Entry { recorded: recorded(marker.id), marker, is_removed: false })
            .collect();
        let mut gone: Vec<Marker> = Vec::new();
        for (index, correction) in self.log.iter().enumerate() {
            let id = correction.marker;
            if !correction.is_removed || all.iter().any(|entry| entry.marker.id == id) {
                continue;
            }
            let before = corrected(self.recorded.clone(), self.log.iter().take(index).cloned());
            if let Some(marker) = before.into_iter().find(|marker| marker.id == id) {
                gone.retain(|other| other.id != id);
                gone.push(marker);
            }
        }
        all.extend(gone.into_iter().map(|marker| Entry { recorded: recorded(marker.id), marker, is_removed: true }));
        all.sort_by_key(|entry| (entry.marker.span.start, entry.marker.id));
        self.all = all;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Undo {
    Remember,
    Forget,
}

/// The correction that says everything of a marker.
fn whole(marker: &Marker) -> Correction {
    Correction {
        marker: marker.id,
        kind: Some(marker.kind.clone()),
        name: Some(marker.name.clone()),
        text: Some(marker.text.clone()),
        start_nanos: Some(marker.span.start.nanos()),
        end_nanos: Some(marker.span.end.nanos()),
        ..Correction::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: f64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn recorded() -> Vec<Marker> {
        let marker = |id, secs, name: &str| Marker {
            id,
            kind: MARKER.into(),
            name: name.into(),
            text: String::new(),
            span: Span::at(at(secs)),
            is_corrected: false,
        };
        vec![marker(1, 10.0, "task starts"), marker(2, 20.0, "break")]
    }

    fn said(markers: &Markers) -> Vec<(String, f64, bool)> {
        let of = |entry: &Entry| (entry.marker.name.clone(), entry.marker.span.start.secs(), entry.is_removed);
        markers.entries().iter().map(of).collect()
    }

    fn go(markers: &mut Markers, command: MarkerCommand, secs: f64) {
        if let Some(correction) = markers.correction(command, at(secs)) {
            markers.take(Correction { utc: "2026-11-27T15:12:18Z".into(), ..correction });
        }
    }

    #[test]
    fn what_is_corrected_shows_what_was_recorded() {
        let mut markers = Markers::of(recorded(), Vec::new());
        assert!(!markers.can_undo());

        go(&mut markers, MarkerCommand::Rename { id: 1, name: "task begins".into(), text: "late".into() }, 0.0);
        go(&mut markers, MarkerCommand::Move(1), 12.0);
        go(&mut markers, MarkerCommand::Remove(2), 0.0);
        go(&mut markers, MarkerCommand::Add { name: "question".into(), text: String::new() }, 15.0);

        let name = |name: &str| name.to_owned();
        let wanted = [(name("task begins"), 12.0, false), (name("question"), 15.0, false), (name("break"), 20.0, true)];
        assert_eq!(said(&markers), wanted);
        let first = &markers.entries()[0];
        assert_eq!(
            first.recorded.as_ref().map(|marker| (marker.name.as_str(), marker.span.start)),
            Some(("task starts", at(10.0)))
        );
        assert_eq!(markers.entries()[1].recorded, None);
        assert_eq!(markers.counting().count(), 2);
    }

    #[test]
    fn everything_can_be_taken_back_in_turn_and_the_log_only_grows() {
        let mut markers = Markers::of(recorded(), Vec::new());
        let before = said(&markers);
        go(&mut markers, MarkerCommand::Rename { id: 1, name: "x".into(), text: String::new() }, 0.0);
        go(&mut markers, MarkerCommand::Move(2), 5.0);
        go(&mut markers, MarkerCommand::Remove(1), 0.0);
        go(&mut markers, MarkerCommand::ExcludeFrom, 30.0);
        go(&mut markers, MarkerCommand::ExcludeTo, 25.0);

        for _ in 0..4 {
            assert!(markers.can_undo());
            go(&mut markers, MarkerCommand::Undo, 0.0);
        }

        assert!(!markers.can_undo());
        let counting = said(&markers).into_iter().filter(|(_, _, is_removed)| !is_removed);
        assert_eq!(counting.collect::<Vec<_>>(), before);
        assert_eq!(markers.log.len(), 8);
    }

    #[test]
    fn the_last_correction_of_another_day_can_be_taken_back() {
        let mut first = Markers::of(recorded(), Vec::new());
        go(&mut first, MarkerCommand::Move(1), 11.0);
        go(&mut first, MarkerCommand::Remove(1), 0.0);

        let mut markers = Markers::of(recorded(), first.log.clone());
        go(&mut markers, MarkerCommand::Undo, 0.0);

        assert_eq!(said(&markers)[0], ("task starts".to_owned(), 11.0, false));
        assert!(!markers.can_undo());
    }

    #[test]
    fn a_stretch_is_excluded_from_either_end() {
        let mut markers = Markers::of(Vec::new(), Vec::new());
        go(&mut markers, MarkerCommand::ExcludeTo, 3.0);
        assert!(markers.entries().is_empty(), "it hasn't begun");

        go(&mut markers, MarkerCommand::ExcludeFrom, 9.0);
        go(&mut markers, MarkerCommand::ExcludeTo, 3.0);

        let marker = &markers.entries()[0].marker;
        assert_eq!((marker.kind.as_str(), marker.span), (EXCLUDE, Span::new(at(3.0), at(9.0))));
    }

    #[test]
    fn what_was_deleted_comes_back_as_it_was_last() {
        let mut markers = Markers::of(recorded(), Vec::new());
        go(&mut markers, MarkerCommand::Rename { id: 2, name: "pause".into(), text: "tea".into() }, 0.0);
        go(&mut markers, MarkerCommand::Remove(2), 0.0);

        go(&mut markers, MarkerCommand::Restore(2), 0.0);

        let marker = &markers.entries()[1].marker;
        assert_eq!((marker.name.as_str(), marker.text.as_str()), ("pause", "tea"));
    }
}
