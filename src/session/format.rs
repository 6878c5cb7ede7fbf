//! Chunks: what a `.cpx` file is made of. Bytes in, values out; no disk.

use serde::Deserialize;
use serde::Serialize;

use crate::session::VERSION;
use crate::time::Span;
use crate::time::Timestamp;

/// The first bytes of a file; the last of them is the version.
pub const MAGIC: [u8; 8] = [b'C', b'I', b'R', b'C', b'P', b'X', 0, VERSION];
/// The first bytes of a chunk.
pub const CHUNK: [u8; 4] = *b"CPXc";
/// Why a chunk at the end of a file that was cut can't be read.
pub const CUT: &str = "the file ends in the middle of it";
/// The longest body that is written or read, bytes.
pub const MOST_BYTES: usize = 16 << 20;
/// Bytes around a body: marker, length, checksum.
pub const FRAME_BYTES: usize = 12;
/// Bytes of an item before its numbers.
pub const ITEM_BYTES: usize = 1 + 1 + 8 * 4 + 4;

/// What a stream is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamHeader {
    /// Its number within the file.
    pub id: u8,
    /// Its name within the session.
    pub name: String,
    /// What it is, in words.
    pub about: String,
    /// The numbers of each item: names with units. None where an item has as many as it has (`about` says what they are).
    pub columns: Vec<Column>,
    /// What an item's bytes are: `none`, `json`, `png`, `jpeg`.
    pub bytes: String,
    /// Items a second, as far as it is regular; 0 where it isn't.
    pub rate_hz: f64,
    /// Where it comes from: a device, a stage.
    pub source: String,
    /// The networks that it comes from, if it does.
    pub models: Vec<String>,
}

/// A number's name and unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its unit: `s`, `Hz`, `dB`, `px`, `deg`, `1` for shares, probabilities and places on −1..=1.
    pub unit: String,
}

impl Column {
    /// A name and a unit.
    #[must_use]
    pub fn new(name: impl Into<String>, unit: &str) -> Self {
        Self { name: name.into(), unit: unit.to_owned() }
    }
}

/// How many there were, when a stream ended as it should.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// The stream.
    pub id: u8,
    /// Items written and not forgotten again.
    pub items: u64,
    /// Items that could not be written: a disk that was full, or too slow.
    pub lost: u64,
}

/// One thing at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// The stream's number.
    pub stream: u8,
    /// When it was taken note of.
    pub arrived: Timestamp,
    /// What it is about.
    pub span: Span,
    /// Its place in its stream, or what the stream's header says.
    pub seq: u64,
    /// Numbers; NaN where one isn't known.
    pub values: Vec<f32>,
    /// What the stream's header says.
    pub bytes: Vec<u8>,
}

impl Item {
    /// Its bytes as JSON, if they are.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.bytes).ok()
    }
}

/// What a file is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Chunk {
    /// The beginning of a stream.
    Header(StreamHeader),
    /// One of its items.
    Item(Item),
    /// Its end.
    Footer(Footer),
}

/// Adds a chunk to `out`, framed.
///
/// # Errors
///
/// If it is longer than [`MOST_BYTES`]: `out` is then as it was.
pub fn write(chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), TooLong> {
    let begins = out.len();
    out.extend_from_slice(&CHUNK);
    out.extend_from_slice(&[0; 4]);
    match chunk {
        Chunk::Header(header) => tagged(out, b'H', header),
        Chunk::Footer(footer) => tagged(out, b'F', footer),
        Chunk::Item(item) => {
            out.push(b'I');
            out.push(item.stream);
            for time in [item.arrived, item.span.start, item.span.end] {
                out.extend_from_slice(&time.nanos().to_le_bytes());
            }
            out.extend_from_slice(&item.seq.to_le_bytes());
            out.extend_from_slice(&(item.values.len() as u32).to_le_bytes());
            for value in &item.values {
                out.extend_from_slice(&value.to_le_bytes());
            }
            out.extend_from_slice(&item.bytes);
        }
    }
    let body = out.len() - begins - 8;
    if body > MOST_BYTES {
        out.truncate(begins);
        return Err(TooLong(body));
    }
    if let Some(place) = out.get_mut(begins + 4..begins + 8) {
        place.copy_from_slice(&(body as u32).to_le_bytes());
    }
    let sum = crc32fast::hash(out.get(begins + 4..).unwrap_or_default());
    out.extend_from_slice(&sum.to_le_bytes());
    Ok(())
}

/// A chunk of so many bytes, which is more than a file can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong(pub usize);

fn tagged(out: &mut Vec<u8>, tag: u8, value: &impl Serialize) {
    out.push(tag);
    // Numbers, words and lists of them can always be written.
    out.extend_from_slice(&serde_json::to_vec(value).unwrap_or_default());
}

/// What is at the beginning of some bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A whole chunk of so many bytes, frame included.
    Chunk(Chunk, usize),
    /// The beginning of one: so many bytes are needed to tell.
    More(usize),
    /// No chunk, or a damaged one: why.
    Damage(&'static str),
}

/// Reads the chunk at the beginning of `bytes`.
#[must_use]
pub fn read(bytes: &[u8]) -> Found {
    let Some(marker) = bytes.first_chunk::<4>() else { return Found::More(8) };
    if *marker != CHUNK {
        return Found::Damage("no chunk begins here");
    }
    let Some(length) = u32_at(bytes, 4) else { return Found::More(8) };
    let length = length as usize;
    if length == 0 || length > MOST_BYTES {
        return Found::Damage("its length can't be");
    }
    let whole = length + FRAME_BYTES;
    let (Some(summed), Some(sum)) = (bytes.get(4..8 + length), u32_at(bytes, 8 + length)) else {
        return Found::More(whole);
    };
    if crc32fast::hash(summed) != sum {
        return Found::Damage("its checksum is another");
    }
    match summed.get(4..).and_then(body) {
        Some(chunk) => Found::Chunk(chunk, whole),
        None => Found::Damage("it can't be understood"),
    }
}

/// What a body says; `None` if it isn't one.
fn body(body: &[u8]) -> Option<Chunk> {
    let (tag, rest) = body.split_first()?;
    match tag {
        b'H' => serde_json::from_slice(rest).ok().map(Chunk::Header),
        b'F' => serde_json::from_slice(rest).ok().map(Chunk::Footer),
        b'I' => item(rest).map(Chunk::Item),
        _ => None,
    }
}

fn item(rest: &[u8]) -> Option<Item> {
    let place = place(rest)?;
    let count = u32_at(rest, ITEM_BYTES - 5)? as usize;
    let numbers = rest.get(ITEM_BYTES - 1..)?;
    let length = count.checked_mul(4).filter(|length| *length <= numbers.len())?;
    let (numbers, bytes) = numbers.split_at(length);
    let values = numbers.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Some(Item { values, bytes: bytes.to_vec(), ..place })
}

/// Stream, times and place of an item, without its contents; `rest` is the body after its tag.
pub(super) fn place(rest: &[u8]) -> Option<Item> {
    let time = |at| Some(Timestamp::from_nanos(i64::from_le_bytes(*rest.get(at..)?.first_chunk()?)));
    let (arrived, start, end) = (time(1)?, time(9)?, time(17)?);
    let seq = u64::from_le_bytes(*rest.get(25..)?.first_chunk()?);
    let span = Span { start, end };
    Some(Item { stream: *rest.first()?, arrived, span, seq, values: Vec::new(), bytes: Vec::new() })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        let at = Timestamp::from_nanos;
        let span = Span { start: at(-5), end: at(7) };
        Item { stream: 3, arrived: at(9), span, seq: u64::MAX, values: vec![1.5, -0.0], bytes: b"{}".to_vec() }
    }

    #[test]
    fn what_is_written_is_read() {
        let header = StreamHeader {
            id: 3,
            name: "affect".into(),
            about: "“…”".into(),
            columns: vec![Column::new("valence", "1")],
            bytes: "json".into(),
            rate_hz: 25.0,
            source: "fuse".into(),
            models: vec!["fusion_gated".into()],
        };
        for chunk in
            [Chunk::Header(header), Chunk::Item(item()), Chunk::Footer(Footer { id: 3, items: u64::MAX, lost: 2 })]
        {
            let mut bytes = b"before".to_vec();
            write(&chunk, &mut bytes).unwrap();
            assert_eq!(read(&bytes[6..]), Found::Chunk(chunk, bytes.len() - 6));
        }
    }

    #[test]
    fn the_smallest_beginning_says_how_much_more_is_needed() {
        let mut bytes = Vec::new();
        write(&Chunk::Item(item()), &mut bytes).unwrap();

        for cut in 0..bytes.len() {
            let Found::More(needed) = read(&bytes[..cut]) else { panic!("{cut}") };
            assert!(needed > cut && needed <= bytes.len(), "{cut}: {needed}");
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let mut bytes = Vec::new();
        write(&Chunk::Item(item()), &mut bytes).unwrap();

        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(read(&flipped), Found::Chunk(..)), "bit {bit}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_whole() {
        let chunk = Chunk::Item(Item { bytes: vec![0; MOST_BYTES], ..Item::default() });
        let mut bytes = b"before".to_vec();

        assert!(write(&chunk, &mut bytes).is_err());
        assert_eq!(bytes, b"before");
    }
}
