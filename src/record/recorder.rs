//! The thread's loop that keeps a session.

use std::io::Cursor;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use image::ExtendedColorType;
use image::ImageEncoder as _;
use image::codecs::png::CompressionType;
use image::codecs::png::FilterType;
use image::codecs::png::PngEncoder;

use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::record::streams;
use crate::session;
use crate::session::Consent;
use crate::session::Header;
use crate::session::Item;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::SessionWriter;
use crate::session::Verified;
use crate::session::free_bytes;
use crate::signal::Frame;
use crate::time::Clock;
use crate::time::Span;
use crate::time::Timestamp;

/// What a stage hands over.
#[derive(Debug, Clone)]
pub enum Keep {
    /// As it is.
    Item(Item),
    /// With a picture that is still to be packed, without loss.
    Lossless(Item, Frame),
    /// With a picture as the camera gave it, or one that is still to be packed as JPEG.
    Jpeg(Item, Frame),
}

impl Keep {
    const fn item(&self) -> &Item {
        match self {
            Self::Item(item) | Self::Lossless(item, _) | Self::Jpeg(item, _) => item,
        }
    }

    /// The item, its picture packed.
    fn packed(self) -> Item {
        match self {
            Self::Item(item) => item,
            Self::Lossless(item, frame) => Item { bytes: pack(&frame), ..item },
            Self::Jpeg(item, frame) if frame.jpeg.is_empty() => Item { bytes: jpeg(&frame), ..item },
            Self::Jpeg(item, frame) => Item { bytes: frame.jpeg, ..item },
        }
    }
}

/// A stage's way to the disk. Clones share it.
#[derive(Debug, Clone)]
pub struct RecordOutlet {
    outlet: EventOutlet<Keep>,
    lost: Arc<Lost>,
    consent: Consent,
}

impl RecordOutlet {
    /// Hands something over, or drops it, counted, if the disk has been too slow for too long.
    pub fn keep(&self, what: Keep) {
        let stream = what.item().stream;
        if !self.outlet.offer(what) {
            self.lost.add(stream);
        }
    }

    /// What was consented to.
    #[must_use]
    pub const fn consent(&self) -> Consent {
        self.consent
    }

    /// Whether what a level adds is kept.
    #[must_use]
    pub fn keeps(&self, level: Consent) -> bool {
        level <= self.consent
    }
}

/// Items refused, by stream.
#[derive(Debug)]
struct Lost {
    items: Vec<AtomicU64>,
}

impl Lost {
    fn add(&self, stream: u8) {
        if let Some(count) = self.items.get(usize::from(stream)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was lost since it was last asked.
    fn take(&self) -> Vec<(u8, u64)> {
        let counts =
            self.items.iter().zip(0..=u8::MAX).map(|(count, stream)| (stream, count.swap(0, Ordering::Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

/// The stages' ways to the disk.
#[derive(Debug, Clone)]
pub struct RecordLinks {
    /// Of the thread that fuses: all numbers, in the order in which it takes note of them.
    pub numbers: RecordOutlet,
    /// Of the face.
    pub face: RecordOutlet,
    /// Of the ear.
    pub sound: RecordOutlet,
    /// Of voice and words.
    pub talk: RecordOutlet,
    /// Of the camera's pictures.
    pub video: RecordOutlet,
    controls: EventOutlet<Control>,
}

/// What the recorder is told. Few, and never refused while it lives.
#[derive(Debug, Clone)]
enum Control {
    Forget(Span),
    Finish,
}

impl RecordLinks {
    /// Has everything of `span`, and what comes later and is of it, taken off the disk.
    pub fn forget(&self, span: Span) {
        self.controls.offer(Control::Forget(span));
    }

    /// Ends the session.
    pub fn finish(&self) {
        self.controls.offer(Control::Finish);
    }
}

/// How a recording is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It goes on.
    Running {
        /// Where.
        folder: PathBuf,
        /// Bytes so far.
        bytes: u64,
        /// Up to when everything is on the disk.
        synced_until: Timestamp,
        /// Items lost so far.
        lost: u64,
        /// What is wrong at the moment: what the disk says.
        trouble: Option<String>,
        /// Room on the disk, bytes.
        free_bytes: Option<u64>,
    },
    /// It has ended, and is being looked through.
    Checking {
        /// Where.
        folder: PathBuf,
        /// Bytes looked through.
        bytes: u64,
        /// Of so many.
        of: u64,
    },
    /// It has ended, and was opened again and looked through.
    Saved {
        /// Where.
        folder: PathBuf,
        /// What was found.
        verified: Verified,
    },
    /// It has ended, and not as it should: why.
    Failed {
        /// Where.
        folder: PathBuf,
        /// What happened, and what to do.
        message: String,
    },
}

/// About 100 s of all numbers.
const NUMBERS: usize = 20_000;
/// About 8 s of faces.
const FACES: usize = 256;
/// About 20 s of sound, of which each block has a stamp beside it.
const SOUND: usize = 4_000;
const TALK: usize = 1_024;
const PICTURES: usize = 8;
const CONTROLS: usize = 64;
const FLUSH: Duration = Duration::from_millis(150);
const SYNC: Duration = Duration::from_millis(600);
/// How long the end of a recording waits for a disk that refuses.
const GIVE_UP: Duration = Duration::from_secs(30);
const TELL: Duration = Duration::from_millis(250);
/// Items taken from one link before the others have their turn.
const AT_ONCE: usize = 256;
const JPEG_QUALITY: u8 = 92;
/// No picture is wider or higher, px.
const MOST_SIDE: u32 = 8192;

/// Keeps one session.
pub struct Recorder {
    writer: SessionWriter,
    links: Vec<EventInlet<Keep>>,
    controls: EventInlet<Control>,
    lost: Arc<Lost>,
    lost_items: u64,
    /// What was forgotten: nothing of it is kept, whenever it comes.
    forgotten: Vec<Span>,
    markers: Vec<Item>,
    to_forget: Vec<(Span, Vec<Item>)>,
    unforgotten: Option<String>,
    trouble: Option<String>,
    newest: Timestamp,
    synced_until: Timestamp,
    events: u64,
}

impl Recorder {
    /// Makes the session's folder under `root`; gives the ways to it.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn create(
        root: &Path,
        header: Header,
        origins: &streams::Origins,
    ) -> Result<(Self, RecordLinks), SessionError> {
        let consent = header.subject.consent;
        let began = Timestamp::from_nanos(header.began_nanos);
        let writer = SessionWriter::create(root, header, streams::headers(origins))?;
        let lost = Arc::new(Lost { items: (0..=u8::MAX).map(|_| AtomicU64::new(0)).collect() });
        let mut inlets = Vec::new();
        let mut link = |len| {
            let (outlet, inlet) = event::link(len);
            inlets.push(inlet);
            RecordOutlet { outlet, lost: lost.clone(), consent }
        };
        let (controls, control_in) = event::link(CONTROLS);
        let links = RecordLinks {
            numbers: link(NUMBERS),
            face: link(FACES),
            sound: link(SOUND),
            talk: link(TALK),
            video: link(PICTURES),
            controls,
        };
        let recorder = Self {
            writer,
            links: inlets,
            controls: control_in,
            lost,
            lost_items: 0,
            forgotten: Vec::new(),
            markers: Vec::new(),
            to_forget: Vec::new(),
            unforgotten: None,
            trouble: None,
            newest: began,
            synced_until: began,
            events: 0,
        };
        Ok((recorder, links))
    }

    /// The session's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.writer.folder()
    }

    /// Keeps what comes until it is told to finish, or nobody is left who could hand anything over. `wait` passes a moment.
    pub fn run(mut self, clock: &dyn Clock, wait: impl Fn(Duration), mut tell: impl FnMut(Progress)) {
        let (mut flushed_at, mut synced_at, mut told_at) = (clock.now(), clock.now(), Timestamp::ZERO);
        loop {
            let mut is_over = false;
            match self.controls.poll() {
                Next::Item(Control::Forget(span)) => {
                    self.forget(span);
                    self.go_on_forgetting(clock);
                }
                Next::Item(Control::Finish) | Next::Closed => is_over = true,
                Next::Nothing => {}
            }
            let is_busy = self.drain(if is_over { usize::MAX } else { AT_ONCE });
            self.count_lost(clock.now());
            let now = clock.now();
            if is_over {
                break;
            }
            if now.since(flushed_at) >= FLUSH {
                flushed_at = now;
                self.go_on_forgetting(clock);
                let newest = self.newest;
                let is_due = now.since(synced_at) >= SYNC;
                let done = if is_due { self.writer.sync() } else { self.writer.flush() };
                self.trouble = done.as_ref().err().map(ToString::to_string);
                if is_due {
                    synced_at = now;
                    if done.is_ok() {
                        self.synced_until = newest;
                    }
                }
            }
            if clock.now().since(told_at) >= TELL {
                told_at = clock.now();
                tell(self.progress());
            }
            if !is_busy {
                wait(Duration::from_millis(4));
            }
        }
        // A full disk may have room again in a while: what waits isn't given up at once.
        let patience = clock.now() + GIVE_UP;
        loop {
            self.go_on_forgetting(clock);
            let flushed = self.writer.flush();
            let waiting = self.writer.waiting_bytes();
            if self.to_forget.is_empty() && waiting == 0 || clock.now() >= patience {
                break;
            }
            let why = flushed.err().map(|error| format!(": {error}")).unwrap_or_default();
            self.trouble = Some(format!("the recording has ended, and {waiting} bytes still wait for the disk{why}"));
            tell(self.progress());
            wait(TELL);
        }
        self.count_lost(clock.now());
        let waiting = self.writer.waiting_bytes();
        let (folder, of) = (self.writer.folder().to_path_buf(), self.writer.bytes());
        let left = self.unforgotten.filter(|_| !self.to_forget.is_empty());
        let finished = self.writer.finish().and_then(|folder| {
            let (session, mut checked_at) = (Session::open(&folder)?, Timestamp::ZERO);
            let verified = session.verify(|bytes| {
                if clock.now().since(checked_at) >= TELL {
                    checked_at = clock.now();
                    tell(Progress::Checking { folder: folder.clone(), bytes, of });
                }
            })?;
            Ok((folder, verified))
        });
        tell(match finished {
            Ok(_) if left.is_some() => Progress::Failed { folder, message: left.unwrap_or_default() },
            Ok((folder, verified)) => Progress::Saved { folder, verified },
            Err(error) => {
                let left =
                    if waiting > 0 { format!("{waiting} bytes never reached the disk; ") } else { String::new() };
                Progress::Failed { folder, message: format!("{left}{error}") }
            }
        });
    }

    fn progress(&self) -> Progress {
        let folder = self.writer.folder().to_path_buf();
        Progress::Running {
            bytes: self.writer.bytes(),
            synced_until: self.synced_until,
            lost: self.lost_items,
            trouble: self.unforgotten.clone().or_else(|| self.trouble.clone()),
            free_bytes: free_bytes(&folder),
            folder,
        }
    }

    /// Takes what waits in the links; whether there was anything.
    fn drain(&mut self, at_once: usize) -> bool {
        let mut taken = Vec::new();
        for link in &self.links {
            taken.extend(link.drain().take(at_once));
        }
        let is_busy = !taken.is_empty();
        for keep in taken {
            self.keep(keep);
        }
        is_busy
    }

    fn keep(&mut self, keep: Keep) {
        let item = keep.item();
        self.newest = self.newest.max(item.arrived);
        if !self.writer.keeps(item.stream) {
            return;
        }
        if is_marker(item) {
            self.markers.push(item.clone());
        }
        if let Some(span) = self.forgotten.iter().find(|span| is_of(**span, item)).copied() {
            // One that was on its way when it was to be forgotten: it stays, but for what was typed.
            if is_marker(item) {
                let marker = without_words(item, span.end);
                self.put(marker);
            }
            return;
        }
        self.put(keep.packed());
    }

    fn put(&mut self, item: Item) {
        let stream = item.stream;
        match self.writer.put(item) {
            Ok(true) => {}
            Ok(false) => self.lost.add(stream),
            Err(error) => tracing::error!(%error, "not kept"),
        }
    }

    fn count_lost(&mut self, now: Timestamp) {
        let lost = self.lost.take();
        if lost.is_empty() {
            return;
        }
        for (stream, items) in &lost {
            self.writer.lose(*stream, *items);
            self.lost_items += items;
        }
        let event = self.own_event(now, Span::at(now), &serde_json::json!({ "type": "lost", "streams": lost }));
        self.put(event);
    }

    fn forget(&mut self, span: Span) {
        // A stretch that reaches into one that is forgotten already is one with it.
        let touching = self.forgotten.iter().filter(|earlier| earlier.end > span.start).map(|earlier| earlier.start);
        let span = Span::new(touching.fold(span.start, Timestamp::min), span.end);
        self.forgotten.push(span);
        let mut notes = vec![self.own_event(span.end, span, &serde_json::json!({ "type": "forgotten" }))];
        // The operator's own marks stay, but for what was typed.
        for marker in self.markers.iter_mut().filter(|item| is_of(span, item)) {
            *marker = without_words(marker, span.end);
            notes.push(marker.clone());
        }
        self.to_forget.push((span, notes));
    }

    /// Forgets what is to be forgotten; what the disk refuses is tried again, and said as long.
    fn go_on_forgetting(&mut self, clock: &dyn Clock) {
        while let Some((span, notes)) = self.to_forget.first() {
            let span = *span;
            match self.writer.forget(span, notes, |item| is_of(span, item)) {
                Ok(_) => {
                    self.to_forget.remove(0);
                    self.synced_until = clock.now();
                }
                Err(error) => {
                    let what = "what was to be forgotten is still on the disk, and is tried again, at the latest when the session is opened";
                    self.unforgotten = Some(format!("{what}: {error}"));
                    return;
                }
            }
        }
        self.unforgotten = None;
    }

    fn own_event(&mut self, arrived: Timestamp, span: Span, what: &serde_json::Value) -> Item {
        self.events += 1;
        let bytes = serde_json::to_vec(what).unwrap_or_default();
        let (stream, seq) = (streams::EVENTS, RECORDERS_OWN + self.events);
        Item { stream, arrived, span, seq, values: Vec::new(), bytes }
    }
}

/// Events that the recorder itself adds are counted from here on.
const RECORDERS_OWN: u64 = 1 << 32;

/// Whether an item is of a stretch that was forgotten.
fn is_of(forgotten: Span, item: &Item) -> bool {
    session::is_of(forgotten, item, item.stream == streams::EVENTS)
}

/// A marker without what was typed, taken note of at another time.
fn without_words(marker: &Item, arrived: Timestamp) -> Item {
    let mut bytes = marker.bytes.clone();
    if let Some(serde_json::Value::Object(mut event)) = marker.json() {
        event.insert("text".to_owned(), "".into());
        bytes = serde_json::to_vec(&event).unwrap_or_default();
    }
    Item { arrived, bytes, ..marker.clone() }
}

fn is_marker(item: &Item) -> bool {
    item.stream == streams::EVENTS && item.json().is_some_and(|event| event.get("type") == Some(&"marker".into()))
}

/// The bytes of a crop: PNG, without loss; none of a picture without pixels.
#[must_use]
pub fn pack(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(Cursor::new(&mut bytes), CompressionType::Fast, FilterType::Adaptive);
    let (width, height) = (frame.width as u32, frame.height as u32);
    match encoder.write_image(&frame.rgb, width, height, ExtendedColorType::Rgb8) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// The picture of a crop's or a picture's bytes; `None` if they are none.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Option<Frame> {
    let mut reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
    reader.limits(limits);
    let picture = reader.decode().ok()?.into_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Some(Frame { width, height, rgb: picture.into_raw(), ..Frame::default() })
}

fn jpeg(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, JPEG_QUALITY);
    // Colour at half the width, as cameras give it.
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_2);
    match encoder.encode(&frame.rgb, frame.width as u16, frame.height as u16, jpeg_encoder::ColorType::Rgb) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Chunk;
    use crate::session::Subject;
    use crate::time::ManualClock;

    #[test]
    fn forgetting_twice_within_a_minute_is_one_gap() {
        let root = tempfile::tempdir().unwrap();
        let header = Header::new(Subject::default());
        let (recorder, links) = Recorder::create(root.path(), header, &streams::Origins::default()).unwrap();
        let at = |secs: i64| Timestamp::from_nanos(secs * 1_000_000_000);
        for secs in 0..140 {
            let item = Item { stream: streams::AFFECT, arrived: at(secs), span: Span::at(at(secs)), ..Item::default() };
            links.numbers.keep(Keep::Item(item));
        }
        links.forget(Span::new(at(40), at(100)));
        links.forget(Span::new(at(70), at(130)));
        links.finish();
        let folder = recorder.folder().to_path_buf();

        recorder.run(&ManualClock::default(), |_| (), |_| ());

        let (mut answers, mut gaps) = (Vec::new(), Vec::new());
        for chunk in Session::open(&folder).unwrap().file(Consent::Numbers).unwrap().flatten() {
            match chunk {
                Chunk::Item(item) if item.stream == streams::AFFECT => answers.push(item.arrived),
                Chunk::Item(item) => gaps.push(item.span),
                _ => {}
            }
        }
        assert_eq!(answers, (0..=40).chain(130..140).map(at).collect::<Vec<_>>());
        assert_eq!(gaps, [Span::new(at(40), at(130))]);
    }
}
