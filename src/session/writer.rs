//! Writes a session: appends, syncs, forgets. The one place that writes a participant's face, voice and words.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Footer;
use crate::session::Header;
use crate::session::Item;
use crate::session::SessionError;
use crate::session::SessionFile;
use crate::session::StreamHeader;
use crate::session::forgetting::Note;
use crate::session::forgetting::erase;
use crate::session::format;
use crate::session::reader;
use crate::time::Span;
use crate::time::Timestamp;

/// What is written at once, bytes: whole chunks up to about here.
const BLOCK: usize = 64 << 10;
/// What waits for a disk that takes nothing, bytes per file; more than that is lost, and counted.
const MOST_WAITING: usize = 8 << 20;
/// A session that is being recorded.
///
/// # Takes
///
/// Items of the streams that were declared, in the order in which they arrive.
///
/// # Gives
///
/// A folder as the [module](crate::session) says. What was [`put`](Self::put) is on its way to the disk after
/// [`flush`](Self::flush), and on the disk after [`sync`](Self::sync).
pub struct SessionWriter {
    folder: PathBuf,
    consent: Consent,
    files: Vec<LevelFile>,
    streams: BTreeMap<u8, Stream>,
    /// What a forgetting that the disk refused was to write again.
    unwritten: Vec<Item>,
}

struct Stream {
    name: String,
    level: Consent,
    items: u64,
    lost: u64,
}

/// One file of a session.
struct LevelFile {
    level: Consent,
    path: PathBuf,
    file: File,
    /// Bytes of whole chunks on their way to the disk.
    written: u64,
    /// Of these, what is on their way and not known to be on the disk, in blocks: a disk that fails to sync may have dropped it.
    unsynced: VecDeque<Vec<u8>>,
    /// Where the headers end.
    begins: u64,
    /// Whole chunks that wait, in blocks.
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// Where to look for a time: arrivals and places of some items, in order.
    places: Vec<(Timestamp, u64)>,
}

impl SessionWriter {
    /// Makes a folder for a session under `root` (made as well), named by who, what and when. Names never collide: a number is
    /// added where there is one already.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn create(
        root: &Path,
        mut header: Header,
        streams: Vec<(Consent, StreamHeader)>,
    ) -> Result<Self, SessionError> {
        let consent = header.subject.consent;
        let folder = make_folder(root, &header)?;
        header.name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut text = serde_json::to_vec_pretty(&header).unwrap_or_default();
        text.push(b'\n');
        keep(&folder.join("session.json"), &text)?;
        let mut writer = Self { folder, consent, files: Vec::new(), streams: BTreeMap::new(), unwritten: Vec::new() };
        for level in consent.levels() {
            let own = streams.iter().filter(|(of, _)| *of == level).map(|(_, stream)| stream);
            writer.files.push(LevelFile::create(&writer.folder, level, own)?);
        }
        for (level, stream) in streams {
            writer.streams.insert(stream.id, Stream { name: stream.name, level, items: 0, lost: 0 });
        }
        sync_folder(&writer.folder);
        sync_folder(root);
        Ok(writer)
    }

    /// The session's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a stream may be kept.
    #[must_use]
    pub fn keeps(&self, stream: u8) -> bool {
        self.streams.get(&stream).is_some_and(|stream| stream.level <= self.consent)
    }

    /// Takes an item; false if the disk has taken nothing for so long that there is no room: say so by [`lose`](Self::lose).
    ///
    /// # Errors
    ///
    /// If nobody consented to its being kept.
    pub fn put(&mut self, item: Item) -> Result<bool, SessionError> {
        let Some(stream) = self.streams.get_mut(&item.stream) else {
            return Err(SessionError::NoConsent { stream: format!("stream {}", item.stream), consent: self.consent });
        };
        let Some(file) = self.files.iter_mut().find(|file| file.level == stream.level) else {
            return Err(SessionError::NoConsent { stream: stream.name.clone(), consent: self.consent });
        };
        let is_taken = file.take(item);
        stream.items += u64::from(is_taken);
        Ok(is_taken)
    }

    /// Counts items that were lost.
    pub fn lose(&mut self, stream: u8, items: u64) {
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.lost += items;
        }
    }

    /// Items lost so far, by stream.
    pub fn lost(&self) -> impl Iterator<Item = (&str, u64)> {
        self.streams.values().filter(|stream| stream.lost > 0).map(|stream| (stream.name.as_str(), stream.lost))
    }

    /// Bytes that wait for the disk.
    #[must_use]
    pub fn waiting_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.waiting_bytes as u64).sum()
    }

    /// Bytes of the session so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.written + file.waiting_bytes as u64).sum()
    }

    /// Hands what waits to the system: it survives the end of the program.
    ///
    /// # Errors
    ///
    /// If the system refuses (a full disk): what waits goes on waiting, and may be flushed again.
    pub fn flush(&mut self) -> Result<(), SessionError> {
        // Each file has its try: one that fails doesn't keep the others.
        let mut result = Ok(());
        for file in &mut self.files {
            result = result.and(file.flush());
        }
        result
    }

    /// The same, and has the system put it on the disk: it survives a power cut.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub fn sync(&mut self) -> Result<(), SessionError> {
        let mut result = Ok(());
        for file in &mut self.files {
            result = result.and(file.sync());
        }
        result
    }

    /// Takes what is of `span`, as `is_forgotten` says, off the disk: all that arrived after its beginning is overwritten and cut
    /// off, then `notes` and what isn't to be forgotten are written again, and are on the disk as this returns. Returns how many
    /// items were forgotten.
    ///
    /// # Errors
    ///
    /// If the system refuses: it may be tried again, with the same notes. Where the program ends within it, it is ended when the
    /// session is next opened.
    pub fn forget(
        &mut self,
        span: Span,
        notes: &[Item],
        is_forgotten: impl Fn(&Item) -> bool,
    ) -> Result<u64, SessionError> {
        let cuts = self.files.iter().map(|file| file.after(span.start)).collect::<Result<Vec<_>, _>>();
        let cuts = match cuts {
            Ok(cuts) => cuts,
            Err(error) => {
                // Whoever opens the session next may be luckier.
                self.note(span, notes).leave(&self.folder).ok();
                return Err(error);
            }
        };
        let after = cuts.iter().flat_map(|cut| &cut.after);
        let again =
            without_doubles(notes.iter().chain(&self.unwritten).chain(after.filter(|item| !is_forgotten(item))));
        if let Err(error) = self.note(span, &again).leave(&self.folder) {
            // On a full disk there is room once it is cut: only a power cut could take with it what is to be written again.
            tracing::warn!(%error, "what is being forgotten isn't noted");
        }
        self.unwritten.clone_from(&again);
        let mut forgotten = 0;
        for (file, cut) in self.files.iter_mut().zip(cuts) {
            file.cut(&cut)?;
            for item in &cut.after {
                forgotten += u64::from(is_forgotten(item));
                if let Some(stream) = self.streams.get_mut(&item.stream) {
                    stream.items = stream.items.saturating_sub(1);
                }
            }
        }
        for item in std::mem::take(&mut self.unwritten) {
            let stream = item.stream;
            if !self.put(item)? {
                self.lose(stream, 1);
            }
        }
        self.sync()?;
        Note::take_away(&self.folder)?;
        Ok(forgotten)
    }

    fn note(&self, span: Span, again: &[Item]) -> Note {
        let levels = again.iter().filter_map(|item| Some((self.streams.get(&item.stream)?.level, item)));
        Note::of(span, levels)
    }

    /// Ends the session: footers, and everything on the disk. Returns its folder.
    ///
    /// # Errors
    ///
    /// If the system refuses; what was written before stays. [`flush`](Self::flush) before it can be tried as often as needed.
    pub fn finish(mut self) -> Result<PathBuf, SessionError> {
        self.flush()?;
        for (id, stream) in &self.streams {
            if let Some(file) = self.files.iter_mut().find(|file| file.level == stream.level) {
                file.wait(&Chunk::Footer(Footer { id: *id, items: stream.items, lost: stream.lost }));
            }
        }
        self.sync()?;
        Ok(self.folder)
    }
}

const UNWRITABLE: &str = "the session can't be written; make room on the disk, or choose another folder";

impl LevelFile {
    fn create<'a>(
        folder: &Path,
        level: Consent,
        streams: impl Iterator<Item = &'a StreamHeader>,
    ) -> Result<Self, SessionError> {
        let path = folder.join(level.file());
        let refused = |error: &io::Error| SessionError::disk(UNWRITABLE, error, &path);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|error| refused(&error))?;
        // Readers ask for it. Where the disk knows no locks, a session that is being recorded looks like one that broke off.
        file.try_lock().ok();
        let mut level_file = Self {
            level,
            file,
            written: 0,
            begins: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            places: Vec::new(),
            unsynced: VecDeque::new(),
            path: path.clone(),
        };
        level_file.append(format::MAGIC.to_vec());
        for stream in streams {
            level_file.wait(&Chunk::Header(stream.clone()));
        }
        level_file.sync()?;
        level_file.begins = level_file.written;
        Ok(level_file)
    }

    /// Takes an item, if there is room.
    fn take(&mut self, item: Item) -> bool {
        if self.waiting_bytes > MOST_WAITING {
            return false;
        }
        let at = self.written + self.waiting_bytes as u64;
        let arrived = item.arrived;
        if self.places.last().is_none_or(|(last, _)| arrived.since(*last).as_millis() >= 500) {
            self.places.push((arrived, at));
        }
        self.wait(&Chunk::Item(item))
    }

    fn wait(&mut self, chunk: &Chunk) -> bool {
        let mut bytes = match self.waiting.back_mut() {
            Some(last) if last.len() < BLOCK => std::mem::take(last),
            _ => {
                self.waiting.push_back(Vec::new());
                Vec::with_capacity(BLOCK)
            }
        };
        let before = bytes.len();
        let is_taken = format::write(chunk, &mut bytes).is_ok();
        self.waiting_bytes += bytes.len() - before;
        if let Some(last) = self.waiting.back_mut() {
            *last = bytes;
        }
        is_taken
    }

    fn append(&mut self, bytes: Vec<u8>) {
        self.waiting_bytes += bytes.len();
        self.waiting.push_back(bytes);
    }

    fn flush(&mut self) -> Result<(), SessionError> {
        while let Some(block) = self.waiting.front() {
            let written = self.file.seek(SeekFrom::Start(self.written)).and_then(|_| self.file.write_all(block));
            if let Err(error) = written {
                // No half chunk stays behind.
                self.file.set_len(self.written).ok();
                return Err(SessionError::disk(UNWRITABLE, &error, &self.path));
            }
            self.written += block.len() as u64;
            self.waiting_bytes -= block.len();
            self.unsynced.extend(self.waiting.pop_front());
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), SessionError> {
        // What could be written is put on the disk, whether there is room for the rest or not.
        let flushed = self.flush();
        self.put_on_disk().and(flushed)
    }

    fn put_on_disk(&mut self) -> Result<(), SessionError> {
        if !self.unsynced.is_empty() {
            if let Err(error) = self.file.sync_data() {
                self.take_back();
                return Err(SessionError::disk(UNWRITABLE, &error, &self.path));
            }
            self.unsynced.clear();
        }
        Ok(())
    }

    /// The system couldn't put on the disk what it had taken, and tells that once: it waits again, to be written again.
    fn take_back(&mut self) {
        let bytes: usize = self.unsynced.iter().map(Vec::len).sum();
        self.written -= bytes as u64;
        self.waiting_bytes += bytes;
        self.unsynced.append(&mut self.waiting);
        std::mem::swap(&mut self.unsynced, &mut self.waiting);
        self.file.set_len(self.written).ok();
    }

    /// What arrived after `from`, and from where on it lies in the file. Changes nothing.
    fn after(&self, from: Timestamp) -> Result<Cut, SessionError> {
        let place = self.places.partition_point(|(arrived, _)| *arrived <= from);
        let look_from = place.checked_sub(1).and_then(|at| self.places.get(at)).map_or(self.begins, |(_, at)| *at);
        let mut reader = SessionFile::part(&self.path, look_from)?;
        let (mut at, mut after) = (None, Vec::new());
        while let Some(next) = reader.next() {
            let began = reader.began();
            match next {
                Ok(Chunk::Item(item)) if item.arrived > from || at.is_some() => {
                    at.get_or_insert(began);
                    after.push(item);
                }
                Ok(_) => {}
                Err(damage) if damage.why == reader::UNREADABLE_THERE => {
                    let error = io::Error::other(damage.to_string());
                    return Err(SessionError::disk(UNWRITABLE, &error, &self.path));
                }
                // What can't be understood may be of that time.
                Err(damage) => {
                    at.get_or_insert(damage.at);
                }
            }
        }
        let mut waiting = Vec::new();
        for block in &self.waiting {
            let mut rest = block.as_slice();
            while let format::Found::Chunk(chunk, length) = format::read(rest) {
                match chunk {
                    Chunk::Item(item) if item.arrived > from || at.is_some() => after.push(item),
                    earlier => waiting.push(earlier),
                }
                rest = rest.get(length..).unwrap_or_default();
            }
        }
        Ok(Cut { at, after, waiting, places: place })
    }

    /// Cuts it off.
    fn cut(&mut self, cut: &Cut) -> Result<(), SessionError> {
        self.put_on_disk()?;
        if let Some(at) = cut.at {
            let erased = erase(&mut self.file, at);
            // What is cut off is cut off, whatever else went wrong.
            let length = self.file.metadata().map_or(self.written, |about| about.len());
            self.written = self.written.min(length);
            erased.map_err(|error| SessionError::disk(UNWRITABLE, &error, &self.path))?;
        }
        self.places.truncate(cut.places);
        self.waiting.clear();
        self.waiting_bytes = 0;
        for chunk in &cut.waiting {
            self.wait(chunk);
        }
        Ok(())
    }
}

/// The items, each once: the same bytes are the same item.
fn without_doubles<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<Item> {
    let mut known = HashSet::new();
    let is_new = |item: &&Item| {
        let mut bytes = Vec::new();
        format::write(&Chunk::Item((*item).clone()), &mut bytes).ok();
        known.insert(bytes)
    };
    items.filter(is_new).cloned().collect()
}

/// What lies after a time in a file.
struct Cut {
    /// From where on in the file.
    at: Option<u64>,
    after: Vec<Item>,
    /// What waits and is of before.
    waiting: Vec<Chunk>,
    /// How many places are of before.
    places: usize,
}

/// Writes a small file, whole or not at all; its folder is made if it isn't there.
///
/// # Errors
///
/// If the system refuses.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), SessionError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| SessionError::disk(UNWRITABLE, &error, folder))?;
    }
    let part = path.with_extension("part");
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&part, path)).map_err(|error| SessionError::disk(UNWRITABLE, &error, path))
}

/// Has the system put the names in a folder on the disk, where it can.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().ok();
    }
}

/// How much room there is where `folder` is or will be, bytes; `None` if the system doesn't say.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    folder.ancestors().find(|folder| folder.exists()).and_then(|folder| fs4::available_space(folder).ok())
}

fn make_folder(root: &Path, header: &Header) -> Result<PathBuf, SessionError> {
    let refused = |error: &io::Error, path: &Path| SessionError::disk(UNWRITABLE, error, path);
    fs::create_dir_all(root).map_err(|error| refused(&error, root))?;
    let compact: String = header.began_utc.chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    let words = [&header.subject.participant, &header.subject.task].map(|word| plain(word));
    let parts = words.into_iter().filter(|word| !word.is_empty()).chain([format!("{compact}Z")]);
    let stem = parts.collect::<Vec<_>>().join("_");
    for number in 1.. {
        let name = if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
        let folder = root.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(refused(&error, &folder)),
        }
    }
    Ok(root.to_path_buf())
}

/// What of a word can stand in a file's name anywhere.
#[must_use]
pub fn plain(word: &str) -> String {
    let kept = |letter: char| if letter.is_alphanumeric() || letter == '-' { letter } else { '-' };
    word.trim().chars().map(kept).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Subject;

    fn writer(root: &Path) -> SessionWriter {
        let stream = StreamHeader {
            id: 1,
            name: "affect".into(),
            about: String::new(),
            columns: Vec::new(),
            bytes: String::new(),
            rate_hz: 25.0,
            source: String::new(),
            models: Vec::new(),
        };
        SessionWriter::create(root, Header::new(Subject::default()), vec![(Consent::Numbers, stream)]).unwrap()
    }

    fn put(writer: &mut SessionWriter, all: std::ops::Range<u64>) {
        all.for_each(|seq| assert!(writer.put(item(seq)).unwrap()));
    }

    fn item(seq: u64) -> Item {
        let arrived = Timestamp::from_nanos(seq as i64);
        Item { stream: 1, seq, arrived, span: Span::at(arrived), values: vec![f32::NAN], ..Item::default() }
    }

    fn read(writer: SessionWriter) -> Vec<u64> {
        let path = writer.finish().unwrap().join(Consent::Numbers.file());
        let chunks = SessionFile::open(&path).unwrap().map(Result::unwrap);
        let items = chunks.filter_map(|chunk| if let Chunk::Item(item) = chunk { Some(item.seq) } else { None });
        items.collect()
    }

    #[test]
    fn a_forgetting_that_is_tried_again_writes_nothing_twice() {
        let root = tempfile::tempdir().unwrap();
        let mut writer = writer(root.path());
        put(&mut writer, 0..10);
        writer.sync().unwrap();
        // The disk refused in the middle: of what is to be written again, some is still there.
        writer.unwritten = vec![item(6), item(7)];

        let span = Span::new(Timestamp::from_nanos(3), Timestamp::from_nanos(6));
        writer.forget(span, &[item(6)], |item| item.seq < 6).unwrap();

        assert!(!writer.folder().join("forgetting.json").exists());
        assert_eq!(read(writer), [0, 1, 2, 3, 6, 7, 8, 9]);
    }

    #[test]
    fn what_the_disk_dropped_is_written_again() {
        let root = tempfile::tempdir().unwrap();
        let mut writer = writer(root.path());
        put(&mut writer, 0..10);
        writer.sync().unwrap();
        put(&mut writer, 10..20);
        writer.flush().unwrap();
        put(&mut writer, 20..30);

        // A sync that fails: what was under way may be gone, and the next sync would say that all is well.
        let file = &mut writer.files[0];
        let synced = file.written - file.unsynced.iter().map(Vec::len).sum::<usize>() as u64;
        file.file.set_len(synced).unwrap();
        file.take_back();

        assert_eq!(read(writer), (0..30).collect::<Vec<_>>());
    }
}
