//! What is to be gone from the disk, and the note that says so until it is.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde::Serialize;

use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Item;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::SessionFile;
use crate::session::format;
use crate::session::format::Found;
use crate::session::reader::UNREADABLE;
use crate::session::writer;
use crate::time::Span;
use crate::time::Timestamp;

/// The note that forgetting has begun: whoever finds it ends it.
const FILE: &str = "forgetting.json";
/// Nothing longer is read as one, bytes.
const MOST_NOTE: u64 = 64 << 20;
/// The stream of what happened: what is said there late is of the time when it is said.
const EVENTS: &str = "events";

/// Whether an item is of a stretch that was forgotten: it arrived then, or came later and is of then (or of before: what it
/// rests on has begun afresh). Events are of when they arrive.
#[must_use]
pub fn is_of(forgotten: Span, item: &Item, is_event: bool) -> bool {
    let is_late = item.arrived >= forgotten.end && item.span.start < forgotten.end;
    (item.arrived > forgotten.start && item.arrived < forgotten.end) || (is_late && !is_event)
}

/// The note, with what is to be there again after it: enough to end it after a power cut.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Note {
    from_nanos: i64,
    until_nanos: i64,
    /// Chunks that are to be written again, by level.
    again: BTreeMap<Consent, Vec<u8>>,
}

impl Note {
    pub(super) fn of<'a>(span: Span, again: impl Iterator<Item = (Consent, &'a Item)>) -> Self {
        let mut bytes = BTreeMap::new();
        for (level, item) in again {
            format::write(&Chunk::Item(item.clone()), bytes.entry(level).or_insert_with(Vec::new)).ok();
        }
        Self { from_nanos: span.start.nanos(), until_nanos: span.end.nanos(), again: bytes }
    }

    /// Leaves it in a session's folder.
    pub(super) fn leave(&self, folder: &Path) -> Result<(), SessionError> {
        writer::keep(&folder.join(FILE), &serde_json::to_vec(self).unwrap_or_default())?;
        writer::sync_folder(folder);
        Ok(())
    }

    /// Takes it away, if it is there.
    pub(super) fn take_away(folder: &Path) -> Result<(), SessionError> {
        let path = folder.join(FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SessionError::disk(LEFT, &error, &path)),
            _ => {
                writer::sync_folder(folder);
                Ok(())
            }
        }
    }

    fn span(&self) -> Span {
        Span::new(Timestamp::from_nanos(self.from_nanos), Timestamp::from_nanos(self.until_nanos))
    }
}

const LEFT: &str = "what was to be forgotten is gone, but the note of it can't be removed; delete it";

impl Session {
    /// Ends what was begun when the program ended.
    pub(super) fn end_forgetting(&self) -> Result<(), SessionError> {
        let path = self.folder().join(FILE);
        let mut text = Vec::new();
        let Ok(file) = File::open(&path) else { return Ok(()) };
        let read = file.take(MOST_NOTE).read_to_end(&mut text);
        read.map_err(|error| SessionError::disk(UNREADABLE, &error, &path))?;
        if let Ok(note) = serde_json::from_slice::<Note>(&text) {
            for level in Consent::ALL.into_iter().filter(|level| self.has(*level)) {
                let again = note.again.get(&level).map(Vec::as_slice).unwrap_or_default();
                end(&self.folder().join(level.file()), note.span(), again)?;
            }
        }
        Note::take_away(self.folder())
    }
}

/// Cuts off what was to be forgotten, and writes again what wasn't.
fn end(path: &Path, span: Span, again: &[u8]) -> Result<(), SessionError> {
    let mut file = SessionFile::open(path)?;
    let events = file.named(EVENTS).map(|stream| stream.id);
    let (mut cut, mut later, mut has) = (None, again.to_vec(), chunks(again));
    while let Some(next) = file.next() {
        match next {
            Ok(Chunk::Item(item)) if item.arrived > span.start || cut.is_some() => {
                cut.get_or_insert(file.began());
                let is_kept = !is_of(span, &item, events == Some(item.stream));
                let mut bytes = Vec::new();
                format::write(&Chunk::Item(item), &mut bytes).ok();
                if is_kept && has.insert(bytes.clone()) {
                    later.extend(bytes);
                }
            }
            Ok(Chunk::Footer(footer)) if cut.is_some() => {
                format::write(&Chunk::Footer(footer), &mut later).ok();
            }
            Ok(_) => {}
            // What can't be understood may be of that time.
            Err(damage) => {
                cut.get_or_insert(damage.at);
            }
        }
    }
    drop(file);
    let refused = |error: &io::Error| SessionError::disk(UNREADABLE, error, path);
    let mut file = OpenOptions::new().write(true).open(path).map_err(|error| refused(&error))?;
    if let Some(cut) = cut {
        erase(&mut file, cut).map_err(|error| refused(&error))?;
    }
    if !later.is_empty() {
        let end = file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(&later)).and_then(|()| file.sync_data());
        end.map_err(|error| refused(&error))?;
    }
    Ok(())
}

/// The chunks that lie one behind the other in `bytes`.
fn chunks(bytes: &[u8]) -> HashSet<Vec<u8>> {
    let (mut all, mut rest) = (HashSet::new(), bytes);
    while let Found::Chunk(_, length) = format::read(rest) {
        let (chunk, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        all.insert(chunk.to_vec());
        rest = behind;
    }
    all
}

/// Overwrites a file from `cut` on, and cuts it there.
pub(super) fn erase(file: &mut File, cut: u64) -> io::Result<()> {
    if let Err(error) = overwrite(file, cut) {
        // A full disk may have no room to write even that.
        tracing::warn!(%error, "what is deleted couldn't be overwritten first");
    }
    file.set_len(cut)?;
    file.sync_data()
}

static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

fn overwrite(file: &mut File, from: u64) -> io::Result<()> {
    let mut left = file.metadata()?.len().saturating_sub(from);
    file.seek(SeekFrom::Start(from))?;
    while left > 0 {
        let now = ZEROS.get(..(left.min(ZEROS.len() as u64)) as usize).unwrap_or_default();
        file.write_all(now)?;
        left -= now.len() as u64;
    }
    file.sync_data()
}
