//! One stream of a session's file, at any time.

use std::time::Duration;

use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Item;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::SessionFile;
use crate::time::Timestamp;

/// What is about a time may have arrived so long before it, and lie so far out of order.
const BEFORE: Duration = Duration::from_millis(1500);
/// What is about a time arrives at most so long after it.
const LATE: Duration = Duration::from_secs(2);
/// So far ahead it is read on; what is farther is looked for.
const AHEAD: Duration = Duration::from_secs(2);

/// Gives the newest item of its stream at a time.
#[derive(Debug)]
pub struct Track {
    file: SessionFile,
    stream: u8,
    asked: Option<Timestamp>,
    last: Option<Item>,
    next: Option<Item>,
}

impl Track {
    /// A stream of a level's file; `None` where the level wasn't kept.
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    pub fn open(session: &Session, level: Consent, stream: u8) -> Result<Option<Self>, SessionError> {
        if !session.has(level) {
            return Ok(None);
        }
        let file = session.file(level)?;
        Ok(Some(Self { file, stream, asked: None, last: None, next: None }))
    }

    /// The newest item whose span ends at `at` or before, if it isn't much older.
    ///
    /// # Errors
    ///
    /// If the system refuses. What is damaged is passed over.
    pub fn at(&mut self, at: Timestamp) -> Result<Option<&Item>, SessionError> {
        let goes_on = self.asked.is_some_and(|asked| asked <= at && at.since(asked) <= AHEAD);
        if !goes_on {
            self.file.go_to_time(at - BEFORE)?;
            (self.last, self.next) = (None, None);
        }
        self.asked = Some(at);
        loop {
            if let Some(next) = self.next.take_if(|next| next.span.end <= at) {
                self.last = Some(next);
            }
            if self.next.is_some() || !self.read_on(at + LATE) {
                break;
            }
        }
        Ok(self.last.as_ref().filter(|last| at.since(last.span.end) <= LATE))
    }

    /// Looks for the next item; false if nothing that arrived up to `until` is one.
    fn read_on(&mut self, until: Timestamp) -> bool {
        for chunk in self.file.by_ref() {
            let Ok(Chunk::Item(item)) = chunk else { continue };
            let is_over = item.arrived > until;
            if item.stream == self.stream {
                self.next = Some(item);
                return true;
            }
            if is_over {
                return false;
            }
        }
        false
    }
}
