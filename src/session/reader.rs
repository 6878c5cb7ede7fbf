//! Reads a session: whatever of it is whole.

mod seek;

use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Footer;
use crate::session::Header;
use crate::session::SessionError;
use crate::session::StreamHeader;
use crate::session::VERSION;
use crate::session::format;
use crate::session::format::Found;
use crate::session::library;
use crate::time::Timestamp;

/// A stretch of a file that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bytes {at} to {to} can't be read: {why}; what is before and after them was\nfile: {path:?}")]
pub struct Damage {
    /// Its first byte.
    pub at: u64,
    /// The byte after its last.
    pub to: u64,
    /// Why.
    pub why: &'static str,
    /// Which file.
    pub path: PathBuf,
}

/// A session that is there.
#[derive(Debug)]
pub struct Session {
    folder: PathBuf,
    header: Header,
}

pub(super) const UNREADABLE: &str = "the session can't be read; check that it is there and that you may read it";
/// A `session.json` is some kilobytes.
const MOST_HEADER: u64 = 4 << 20;

impl Session {
    /// Opens the session in `folder`. What was to be forgotten when the program ended is forgotten now.
    ///
    /// # Errors
    ///
    /// If there is none, it is of a newer version, it is being recorded, or it can't be read.
    pub fn open(folder: &Path) -> Result<Self, SessionError> {
        let session = Self { folder: folder.to_path_buf(), header: header(folder)? };
        session.end_forgetting()?;
        Ok(session)
    }

    /// Only who, what and when.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn header_of(folder: &Path) -> Result<Header, SessionError> {
        header(folder)
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who, what, when.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Whether it has what a level adds.
    #[must_use]
    pub fn has(&self, level: Consent) -> bool {
        self.path(level).exists()
    }

    fn path(&self, level: Consent) -> PathBuf {
        self.folder.join(level.file())
    }

    /// Reads what a level adds.
    ///
    /// # Errors
    ///
    /// If it wasn't kept, or can't be read.
    pub fn file(&self, level: Consent) -> Result<SessionFile, SessionError> {
        if !self.has(level) {
            let consent = self.header.subject.consent;
            return Err(SessionError::NotKept { what: level.name(), consent, path: self.folder.clone() });
        }
        SessionFile::open(&self.path(level))
    }

    /// Reads all of it and says what is there.
    ///
    /// # Errors
    ///
    /// If a file can't be opened; damage isn't an error.
    pub fn verify(&self, mut tell: impl FnMut(u64)) -> Result<Verified, SessionError> {
        let has_all = self.header.subject.consent.levels().all(|level| self.has(level));
        let mut verified = Verified { has_ended: has_all, ..Verified::default() };
        for level in Consent::ALL.into_iter().filter(|level| self.has(*level)) {
            let mut file = self.file(level)?;
            let (mut counts, mut footers) = (std::collections::BTreeMap::new(), Vec::new());
            while let Some(next) = file.next() {
                match next {
                    Ok(Chunk::Item(item)) => {
                        *counts.entry(item.stream).or_insert(0u64) += 1;
                        verified.last = verified.last.max(Some(item.arrived));
                    }
                    Ok(Chunk::Footer(footer)) => footers.push(footer),
                    Ok(Chunk::Header(_)) => {}
                    Err(damage) => verified.damage.push(damage),
                }
                tell(file.began());
            }
            verified.has_ended &= !file.streams.is_empty();
            verified.items += counts.values().sum::<u64>();
            verified.lost += footers.iter().map(|footer| footer.lost).sum::<u64>();
            for stream in &file.streams {
                let counted = counts.get(&stream.id).copied().unwrap_or(0);
                match footers.iter().find(|footer| footer.id == stream.id) {
                    Some(Footer { items, .. }) if *items == counted => {}
                    Some(Footer { items, .. }) => verified.miscounted.push((stream.name.clone(), *items, counted)),
                    None => verified.has_ended = false,
                }
            }
        }
        Ok(verified)
    }
}

/// What was found in a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Items that are whole.
    pub items: u64,
    /// Items that could not be written when they came.
    pub lost: u64,
    /// Whether every stream has its footer.
    pub has_ended: bool,
    /// Streams with another number of items than their footer says: name, said, counted.
    pub miscounted: Vec<(String, u64, u64)>,
    /// What can't be read.
    pub damage: Vec<Damage>,
    /// When the last item arrived.
    pub last: Option<Timestamp>,
}

impl Verified {
    /// Whether all that was written is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.has_ended && self.damage.is_empty() && self.miscounted.is_empty()
    }
}

fn header(folder: &Path) -> Result<Header, SessionError> {
    let path = folder.join("session.json");
    let refused = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            match library::receipt_of(folder).filter(|receipt| receipt.exists()) {
                Some(receipt) => SessionError::Withdrawn { receipt },
                None => SessionError::Missing { path: folder.to_path_buf() },
            }
        }
        _ => SessionError::disk(UNREADABLE, error, &path),
    };
    let foreign = |detail: String| SessionError::Foreign { detail, path: path.clone() };
    let mut text = Vec::new();
    let file = File::open(&path).map_err(|error| refused(&error))?;
    file.take(MOST_HEADER).read_to_end(&mut text).map_err(|error| refused(&error))?;
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| foreign(error.to_string()))?;
    if value.get("format").and_then(serde_json::Value::as_str) != Some(Header::FORMAT) {
        return Err(foreign("it doesn't say that it is one".to_owned()));
    }
    let found = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if found > u64::from(VERSION) {
        return Err(SessionError::Newer { found, path });
    }
    serde_json::from_value(value).map_err(|error| foreign(error.to_string()))
}

/// Whether somebody writes a file. A program that is being started at this moment holds for an instant what its parent held.
fn is_locked(file: &File) -> bool {
    (0..LOCK_TRIES).all(|turn| {
        if turn > 0 {
            std::thread::park_timeout(LOCK_WAIT);
        }
        matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock))
    })
}

/// One file of a session, from beginning to end, or a part of it.
///
/// As an iterator: whole chunks, and what is damaged between them.
#[derive(Debug)]
pub struct SessionFile {
    file: File,
    path: PathBuf,
    /// What was read and not given yet, from `at` in `buffer` on.
    buffer: Vec<u8>,
    at: usize,
    /// Where the buffer begins in the file.
    base: u64,
    is_at_end: bool,
    /// Whether the disk refused to be read on.
    is_unreadable: bool,
    began: u64,
    /// Where the headers at its beginning end.
    begins: u64,
    /// The streams whose headers have been met.
    streams: Vec<StreamHeader>,
}

/// Why a stretch can't be read where the disk refuses.
pub(super) const UNREADABLE_THERE: &str = "the disk can't be read there";
const READ: usize = 256 << 10;
const LOCK_TRIES: u32 = 4;
const LOCK_WAIT: Duration = Duration::from_millis(10);
/// What is looked at in search of the next whole chunk, bytes times tries: a file made to be slow ends there.
const MOST_SEARCH: usize = 512 << 20;

impl SessionFile {
    /// Opens a file, and reads the headers at its beginning.
    ///
    /// # Errors
    ///
    /// If it can't be read, is another kind of file, is of a newer version, or is being written.
    pub fn open(path: &Path) -> Result<Self, SessionError> {
        let mut file = Self::part(path, 0)?;
        if is_locked(&file.file) {
            return Err(SessionError::Busy { path: path.parent().unwrap_or(path).to_path_buf() });
        }
        file.file.unlock().ok();
        file.fill(format::MAGIC.len());
        let foreign = |detail: &str| SessionError::Foreign { detail: detail.to_owned(), path: path.to_path_buf() };
        let Some(magic) = file.buffer.first_chunk::<8>().copied() else {
            return Err(foreign("it is shorter than its first words"));
        };
        let (name, version) = magic.split_at(7);
        if name != &format::MAGIC[..7] {
            return Err(foreign("it begins with other words"));
        }
        let found = version.first().copied().unwrap_or_default();
        if found > VERSION || found == 0 {
            return Err(SessionError::Newer { found: u64::from(found), path: path.to_path_buf() });
        }
        file.at = magic.len();
        while let Found::Chunk(Chunk::Header(_), _) = file.look() {
            file.next();
        }
        file.begins = file.base + file.at as u64;
        Ok(file)
    }

    /// The chunks from byte `from` on, where one begins.
    pub(super) fn part(path: &Path, from: u64) -> Result<Self, SessionError> {
        let refused = |error: &std::io::Error| SessionError::disk(UNREADABLE, error, path);
        let mut file = File::open(path).map_err(|error| refused(&error))?;
        file.seek(SeekFrom::Start(from)).map_err(|error| refused(&error))?;
        Ok(Self {
            file,
            path: path.to_path_buf(),
            buffer: Vec::new(),
            at: 0,
            base: from,
            is_at_end: false,
            is_unreadable: false,
            began: from,
            begins: from,
            streams: Vec::new(),
        })
    }

    /// Goes on at byte `at`, where a chunk begins.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn go_to(&mut self, at: u64) -> Result<(), SessionError> {
        let went = self.file.seek(SeekFrom::Start(at));
        went.map_err(|error| SessionError::disk(UNREADABLE, &error, &self.path))?;
        self.buffer.clear();
        (self.at, self.base, self.is_at_end) = (0, at, false);
        Ok(())
    }

    /// The streams whose headers have been met: all, after opening.
    #[must_use]
    pub fn streams(&self) -> &[StreamHeader] {
        &self.streams
    }

    /// A stream by its number.
    #[must_use]
    pub fn stream(&self, id: u8) -> Option<&StreamHeader> {
        self.streams.iter().find(|stream| stream.id == id)
    }

    /// A stream by its name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&StreamHeader> {
        self.streams.iter().find(|stream| stream.name == name)
    }

    /// Where the chunk (or the damage) that came last begins.
    #[must_use]
    pub const fn began(&self) -> u64 {
        self.began
    }

    /// Has at least `more` bytes after what was given, if the file has.
    fn fill(&mut self, more: usize) {
        if self.buffer.len() - self.at >= more || self.is_at_end {
            return;
        }
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        let wanted = more.max(READ).saturating_sub(self.buffer.len());
        let mut taken = (&self.file).take(wanted as u64);
        match taken.read_to_end(&mut self.buffer) {
            Ok(read) => self.is_at_end = read < wanted,
            // What is behind it is missing, which isn't the file's end.
            Err(_) => (self.is_at_end, self.is_unreadable) = (true, true),
        }
    }

    /// What is next, with as many bytes as it asks for.
    fn look(&mut self) -> Found {
        self.fill(format::FRAME_BYTES);
        loop {
            match format::read(self.buffer.get(self.at..).unwrap_or_default()) {
                Found::More(more) if !self.is_at_end => self.fill(more),
                found => return found,
            }
        }
    }

    /// Passes over what is damaged, to the next whole chunk or the end.
    fn search(&mut self) {
        let mut searched = 0;
        loop {
            self.at += 1;
            self.fill(format::FRAME_BYTES);
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            match rest.windows(format::CHUNK.len()).position(|bytes| bytes == format::CHUNK) {
                Some(place) => {
                    self.at += place;
                    match self.look() {
                        Found::Chunk(..) => return,
                        Found::More(length) => searched += length.min(format::MOST_BYTES),
                        Found::Damage(_) => searched += self.buffer.len() - self.at,
                    }
                }
                None if self.is_at_end => {
                    self.at = self.buffer.len();
                    return;
                }
                None => self.at += rest.len().saturating_sub(format::CHUNK.len()),
            }
            if searched > MOST_SEARCH {
                let end = self.file.metadata().map_or(self.base, |about| about.len());
                self.go_to(end.max(self.base)).ok();
                return;
            }
        }
    }
}

impl Iterator for SessionFile {
    type Item = Result<Chunk, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        let began = self.base + self.at as u64;
        let found = self.look();
        let began = began.max(self.base + self.at as u64);
        self.began = began;
        let why = match found {
            Found::Chunk(chunk, length) => {
                self.at += length;
                if let Chunk::Header(header) = &chunk
                    && self.stream(header.id).is_none()
                {
                    self.streams.push(header.clone());
                }
                return Some(Ok(chunk));
            }
            Found::More(_) if std::mem::take(&mut self.is_unreadable) => {
                self.at = self.buffer.len();
                UNREADABLE_THERE
            }
            Found::More(_) if self.at == self.buffer.len() => return None,
            Found::More(_) => format::CUT,
            Found::Damage(why) => why,
        };
        self.search();
        Some(Err(Damage { at: began, to: self.base + self.at as u64, why, path: self.path.clone() }))
    }
}
