//! Markers, and what was corrected of them afterwards: the original stays in the log.

use std::fs;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde::Serialize;

use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Session;
use crate::session::SessionError;
use crate::time::Span;
use crate::time::Timestamp;

/// Something that an operator marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Its number within the session.
    pub id: u64,
    /// What it is: `marker`, `exclude` (a stretch that doesn't count).
    pub kind: String,
    /// Its name: of its key, or `note`.
    pub name: String,
    /// What was typed.
    pub text: String,
    /// When; a point has no length.
    pub span: Span,
    /// Whether it was corrected, or added, after the recording.
    pub is_corrected: bool,
}

impl Marker {
    /// The marker of a recorded event; `None` if it is another event.
    #[must_use]
    pub fn recorded(event: &serde_json::Value, span: Span) -> Option<Self> {
        let word = |key: &str| event.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let id = event.get("id").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let (kind, name, text) = (word("kind"), word("name"), word("text"));
        (word("type") == "marker").then_some(Self { id, kind, name, text, span, is_corrected: false })
    }
}

/// One correction: what it changes of a marker, or a marker that was added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Correction {
    /// When it was made: UTC, RFC 3339.
    pub utc: String,
    /// Which marker; one that isn't there is added.
    pub marker: u64,
    /// What it is, for one that is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Another beginning, nanoseconds on the session's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_nanos: Option<i64>,
    /// Another end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_nanos: Option<i64>,
    /// It isn't to count.
    pub is_removed: bool,
}

const FILE: &str = "corrections.jsonl";
const UNWRITABLE: &str = "the correction can't be written; make room on the disk, or allow writing there";

impl Session {
    /// Adds a correction to the log, and has it on the disk.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn correct(&self, correction: &Correction) -> Result<(), SessionError> {
        let path = self.folder().join(FILE);
        let mut line = serde_json::to_vec(correction).unwrap_or_default();
        line.push(b'\n');
        let written = OpenOptions::new().create(true).append(true).open(&path).and_then(|mut file| {
            // What a power cut left half written doesn't take the next one with it.
            if !fs::read(&path).is_ok_and(|before| before.is_empty() || before.ends_with(b"\n")) {
                file.write_all(b"\n")?;
            }
            file.write_all(&line)?;
            file.sync_all()
        });
        written.map_err(|error| SessionError::disk(UNWRITABLE, &error, &path))
    }

    /// The corrections made so far, in order; lines that aren't any are passed over.
    #[must_use]
    pub fn corrections(&self) -> Vec<Correction> {
        let text = fs::read(self.folder().join(FILE)).unwrap_or_default();
        text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

/// Whether the markers of the session in `folder` have been corrected since a file was written.
#[must_use]
pub fn is_older_than_corrections(folder: &Path, file: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    changed(&folder.join(FILE)) > changed(file)
}

/// The markers of a session as they count: with their corrections, in the order of their beginning.
///
/// # Errors
///
/// If the numbers can't be read.
pub fn markers(session: &Session) -> Result<Vec<Marker>, SessionError> {
    let mut all = Vec::new();
    let file = session.file(Consent::Numbers)?;
    let events = file.named("events").map(|stream| stream.id);
    for chunk in file.flatten() {
        let Chunk::Item(item) = chunk else { continue };
        if Some(item.stream) != events {
            continue;
        }
        let Some(event) = item.json() else { continue };
        all.extend(Marker::recorded(&event, item.span));
    }
    Ok(corrected(all, session.corrections()))
}

/// Markers as they count after some corrections, in the order of their beginning.
#[must_use]
pub fn corrected(recorded: Vec<Marker>, corrections: impl IntoIterator<Item = Correction>) -> Vec<Marker> {
    let mut all = recorded;
    for correction in corrections {
        apply(&mut all, correction);
    }
    all.sort_by_key(|marker| (marker.span.start, marker.id));
    all
}

fn apply(all: &mut Vec<Marker>, correction: Correction) {
    let Correction { marker, kind, name, text, start_nanos, end_nanos, is_removed, utc: _ } = correction;
    if is_removed {
        all.retain(|one| one.id != marker);
        return;
    }
    if !all.iter().any(|one| one.id == marker) {
        let kind = kind.unwrap_or_else(|| "marker".to_owned());
        let (name, text) = (String::new(), String::new());
        all.push(Marker { id: marker, kind, name, text, span: Span::default(), is_corrected: true });
    }
    let Some(one) = all.iter_mut().find(|one| one.id == marker) else { return };
    one.is_corrected = true;
    one.name = name.unwrap_or_else(|| std::mem::take(&mut one.name));
    one.text = text.unwrap_or_else(|| std::mem::take(&mut one.text));
    let start = start_nanos.map_or(one.span.start, Timestamp::from_nanos);
    let end = end_nanos.map_or(one.span.end, Timestamp::from_nanos);
    one.span = Span::new(start, end);
}
