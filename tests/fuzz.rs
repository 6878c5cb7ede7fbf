//! Readers of sessions meet whatever bytes there are: no panic, no hang, no more memory than the file is long.
//!
//! A quick round runs with the other tests. A million inputs: `cargo test --release --test fuzz -- --ignored`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may do so loudly")]

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use circumplex::record::Kept;
use circumplex::record::streams;
use circumplex::record::unpack;
use circumplex::record::values;
use circumplex::session::Chunk;
use circumplex::session::Consent;
use circumplex::session::Header;
use circumplex::session::Item;
use circumplex::session::Session;
use circumplex::session::SessionWriter;
use circumplex::session::Subject;
use circumplex::session::certified;
use circumplex::session::format;
use circumplex::session::list;
use circumplex::session::markers;
use circumplex::signal::Modality;
use circumplex::time::Span;
use circumplex::time::Timestamp;

/// Remembers the largest piece of memory that was asked for.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator can be watched in no other way")]
// SAFETY: everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as of this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as of this call.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// No reader may ask for more at once: twice the longest chunk, and a picture of the largest size.
const MOST_AT_ONCE: usize = 300 << 20;

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    /// Flips, cuts, doubles, swaps, or puts numbers where lengths may be.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(7) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.next() as u8,
                2 => bytes.truncate(at),
                3 => {
                    let end = (at + self.below(64)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, copy);
                }
                4 => {
                    let end = (at + self.below(64)).min(bytes.len());
                    bytes.drain(at..end);
                }
                5 => {
                    let number = [0, 1, u32::MAX, 0x7fff_ffff, 1 << 24, 0x00ff_ffff][self.below(6)];
                    for (place, byte) in bytes.iter_mut().skip(at).zip(number.to_le_bytes()) {
                        *place = byte;
                    }
                }
                _ => {
                    let random: Vec<u8> = (0..self.below(40)).map(|_| self.next() as u8).collect();
                    bytes.splice(at..at, random);
                }
            }
        }
    }
}

/// A small session with something of everything.
fn seed(root: &Path) -> std::path::PathBuf {
    let subject = Subject { participant: "P07".into(), consent: Consent::Video, ..Subject::default() };
    let header = Header { began_utc: "2026-11-27T15:12:18.000Z".into(), ..Header::new(subject) };
    let mut writer = SessionWriter::create(root, header, streams::headers(&streams::Origins::default())).unwrap();
    let texts = [
        (streams::EVENTS, r#"{"type":"marker","id":1,"kind":"marker","name":"a","text":"b"}"#),
        (streams::EVENTS, r#"{"type":"begin","sources":{"off":[null,null,null],"has_come":[true,true,true]}}"#),
        (streams::TRANSCRIPT, r#"{"text":"hello","confidence":0.9,"labels":null}"#),
        (streams::FACE_LOG, r#"{"begin":{"at_nanos":5,"is_frozen":false}}"#),
        (streams::SOUND, r#"{"opened":{"rate_hz":48000,"clock":null,"place":0}}"#),
        (streams::CLOCK, r#"{"utc_unix_nanos":5}"#),
        (streams::FACE, r#""no_face""#),
    ];
    for (at, (stream, text)) in texts.into_iter().enumerate() {
        let arrived = Timestamp::from_nanos(at as i64);
        let values = vec![0.5; 40];
        let item = Item { stream, arrived, span: Span::at(arrived), seq: 1, values, bytes: text.as_bytes().to_vec() };
        writer.put(item).unwrap();
    }
    let picture = circumplex::signal::Frame::black(8, 8);
    let png = circumplex::record::pack(&picture);
    writer.put(Item { stream: streams::CROP, values: vec![0.1; 20], bytes: png, ..Item::default() }).unwrap();
    writer.finish().unwrap()
}

/// Reads it in every way there is.
fn read_all(root: &Path, folder: &Path) {
    list(root).ok();
    std::hint::black_box(certified(folder));
    let Ok(session) = Session::open(folder) else { return };
    session.verify(|_| ()).ok();
    markers(&session).ok();
    std::hint::black_box(session.corrections());
    Kept::load(&session).map(|kept| Modality::ALL.map(|one| kept.presences(one).count())).ok();
    for level in Consent::ALL {
        let Ok(file) = session.file(level) else { continue };
        for chunk in file.flatten() {
            let Chunk::Item(item) = chunk else { continue };
            std::hint::black_box(values::answer(&item.values));
            std::hint::black_box(values::level(&item.values));
            if item.stream == streams::CROP {
                std::hint::black_box(unpack(&item.bytes));
            }
        }
    }
}

/// In memory where there is such a place: a million files are written.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn rounds(count: usize, seed_of: u64) {
    let root = scratch();
    let folder = seed(root.path());
    let names = [
        "session.json",
        "numbers.cpx",
        "words.cpx",
        "inputs.cpx",
        "video.cpx",
        "corrections.jsonl",
        "certificate.json",
        "forgetting.json",
    ];
    fs::write(folder.join("corrections.jsonl"), "{\"utc\":\"x\",\"marker\":1,\"name\":\"y\",\"is_removed\":false}\n")
        .unwrap();
    fs::write(
        folder.join("certificate.json"),
        r#"{"colour":"red","duration_s":5.0,"reasons":[{"what":"dark","value":"9 %"}]}"#,
    )
    .unwrap();
    // From between two items on, with one that is to be written again.
    let mut again = Vec::new();
    let kept = Item { stream: streams::AFFECT, arrived: Timestamp::from_nanos(9), ..Item::default() };
    format::write(&Chunk::Item(kept), &mut again).unwrap();
    let note = serde_json::json!({ "from_nanos": 2, "until_nanos": 4, "again": { "numbers": again } });
    fs::write(folder.join("forgetting.json"), note.to_string()).unwrap();
    let whole: Vec<Vec<u8>> = names.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect();
    fs::remove_file(folder.join("forgetting.json")).unwrap();
    let mut chance = Chance(seed_of);
    for round in 0..count {
        let which = round % names.len();
        let mut bytes = whole[which].clone();
        chance.spoil(&mut bytes);
        if which == 1 {
            std::hint::black_box(format::read(&bytes));
        }
        fs::write(folder.join(names[which]), &bytes).unwrap();
        read_all(root.path(), &folder);
        // Whoever forgets changes all of them.
        let is_forgetting = names[which] == "forgetting.json";
        for (name, bytes) in names.iter().zip(&whole).filter(|(name, _)| is_forgetting || **name == names[which]) {
            fs::write(folder.join(name), bytes).unwrap();
        }
        fs::remove_file(folder.join("forgetting.json")).ok();
    }
    let largest = LARGEST.load(Ordering::Relaxed);
    println!("{count} inputs; the largest piece of memory asked for: {largest} bytes");
    assert!(largest <= MOST_AT_ONCE, "{largest} bytes at once");
}

#[test]
fn two_thousand_inputs() {
    rounds(2_000, 0x9e37_79b9_7f4a_7c15);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_inputs() {
    rounds(1_000_000, 0x2545_f491_4f6c_dd1d);
}
