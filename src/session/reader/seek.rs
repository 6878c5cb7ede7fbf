//! Finds a time in a file without reading what is before it.
//!
//! Chunks lie in the order in which they arrived, nearly: the place of a time is found by halving, some twenty looks even in
//! an hour of pictures, and nothing must be read through before the first of them can be shown.

use crate::session::Chunk;
use crate::session::SessionError;
use crate::session::SessionFile;
use crate::time::Timestamp;

/// So many bytes are read through rather than halved.
const NEAR: u64 = 256 << 10;
/// How many bytes at a file's end are looked at for its last item, at first.
const LAST: u64 = 64 << 10;

impl SessionFile {
    /// Goes to a place in the file before which nothing arrived at `at` or later, and not long before that.
    ///
    /// What different stages handed over may lie some hundred milliseconds out of order: whoever needs all of a stretch goes
    /// to a second before it.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn go_to_time(&mut self, at: Timestamp) -> Result<(), SessionError> {
        let (mut low, mut high) = (self.begins, self.len());
        while high.saturating_sub(low) > NEAR {
            let middle = low + (high - low) / 2;
            match self.first_item_from(middle, high)? {
                Some((place, arrived)) if arrived < at => low = place,
                _ => high = middle,
            }
        }
        self.go_to(low)
    }

    /// When the last whole item arrived; `None` if there is none. Only the file's end is read.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn last_arrived(&mut self) -> Result<Option<Timestamp>, SessionError> {
        let (begins, end) = (self.begins, self.len());
        let mut look_at = LAST;
        loop {
            let from = end.saturating_sub(look_at).max(begins);
            self.go_to(from)?;
            if from > begins {
                self.align();
            }
            let arrived = self.by_ref().filter_map(|chunk| match chunk {
                Ok(Chunk::Item(item)) => Some(item.arrived),
                _ => None,
            });
            let last = arrived.max();
            if last.is_some() || from == begins {
                return Ok(last);
            }
            look_at *= 16;
        }
    }

    /// The first whole item that begins at byte `from` or later and before `end`: where, and when it arrived.
    fn first_item_from(&mut self, from: u64, end: u64) -> Result<Option<(u64, Timestamp)>, SessionError> {
        self.go_to(from)?;
        self.align();
        while let Some(next) = self.next() {
            if self.began() >= end {
                return Ok(None);
            }
            if let Ok(Chunk::Item(item)) = next {
                return Ok(Some((self.began(), item.arrived)));
            }
        }
        Ok(None)
    }

    /// From somewhere within a chunk to the beginning of the next whole one, or the end.
    fn align(&mut self) {
        self.fill(crate::session::format::FRAME_BYTES);
        if !self.buffer.is_empty() {
            self.search();
        }
    }

    /// Bytes of the file.
    fn len(&self) -> u64 {
        self.file.metadata().map_or(0, |about| about.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use super::*;
    use crate::session::Item;
    use crate::session::StreamHeader;
    use crate::session::format;

    fn at(secs: f64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    /// An item every tenth of a second, of some kilobytes each; whatever `damage` says of the bytes.
    fn file(path: &Path, items: u32, damage: impl FnOnce(&mut Vec<u8>)) -> SessionFile {
        let mut bytes = format::MAGIC.to_vec();
        let header = StreamHeader {
            id: 1,
            name: "picture".into(),
            about: String::new(),
            columns: Vec::new(),
            bytes: "jpeg".into(),
            rate_hz: 10.0,
            source: String::new(),
            models: Vec::new(),
        };
        format::write(&Chunk::Header(header), &mut bytes).unwrap();
        for index in 0..items {
            let arrived = at(f64::from(index) * 0.1);
            let content = vec![(index % 251) as u8; 3000 + (index as usize * 37) % 9000];
            let item = Item { stream: 1, arrived, seq: u64::from(index), bytes: content, ..Item::default() };
            format::write(&Chunk::Item(item), &mut bytes).unwrap();
        }
        damage(&mut bytes);
        std::fs::File::create(path).unwrap().write_all(&bytes).unwrap();
        SessionFile::open(path).unwrap()
    }

    fn first_after(file: &mut SessionFile, time: Timestamp) -> Option<u64> {
        file.go_to_time(time).unwrap();
        let mut items = file.filter_map(|chunk| match chunk {
            Ok(Chunk::Item(item)) => Some(item),
            _ => None,
        });
        items.find(|item| item.arrived >= time).map(|item| item.seq)
    }

    #[test]
    fn every_time_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = file(&folder.path().join("video.cpx"), 500, |_| {});

        for index in [0, 1, 7, 123, 250, 498, 499] {
            assert_eq!(first_after(&mut file, at(index as f64 * 0.1)), Some(index));
        }
        assert_eq!(first_after(&mut file, at(-5.0)), Some(0));
        assert_eq!(first_after(&mut file, at(49.95)), None);
        assert_eq!(file.last_arrived().unwrap(), Some(at(49.9)));
    }

    #[test]
    fn a_time_is_found_without_reading_what_is_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = file(&folder.path().join("video.cpx"), 500, |_| {});

        file.go_to_time(at(40.0)).unwrap();

        let Some(Ok(Chunk::Item(item))) = file.next() else { panic!("an item is there") };
        assert!(item.arrived < at(40.0) && item.arrived > at(30.0), "{:?}", item.arrived);
    }

    #[test]
    fn damage_in_the_middle_and_a_cut_end_are_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = file(&folder.path().join("video.cpx"), 500, |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle - 30_000..middle + 30_000].fill(0x5A);
            bytes.truncate(bytes.len() - 1000);
        });

        assert_eq!(first_after(&mut file, at(10.0)), Some(100));
        assert_eq!(first_after(&mut file, at(40.0)), Some(400));
        assert_eq!(file.last_arrived().unwrap(), Some(at(49.8)));
    }

    #[test]
    fn a_file_without_items_has_no_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = file(&folder.path().join("video.cpx"), 0, |_| {});

        assert_eq!(file.last_arrived().unwrap(), None);
        assert_eq!(first_after(&mut file, at(0.0)), None);
    }
}
