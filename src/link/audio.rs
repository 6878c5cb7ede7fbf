//! Samples, from a real-time callback to the thread that hears.
//!
//! Samples and the stamps that say where and when they belong travel in two rings. A block is taken whole or not at
//! all; one that is dropped keeps its place in the count, so nothing after it shifts in time.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use ringbuf::HeapCons;
use ringbuf::HeapProd;
use ringbuf::HeapRb;
use ringbuf::traits::Consumer as _;
use ringbuf::traits::Observer as _;
use ringbuf::traits::Producer as _;
use ringbuf::traits::Split as _;

use crate::link::Meter;
use crate::time::Timestamp;

/// One callback's place in stream and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockStamp {
    /// Index of the block's first sample since the stream began, lost ones counted.
    pub first_sample: u64,
    /// Samples in it.
    pub len: usize,
    /// When its first sample was captured: the raw stamp.
    pub captured_at: Timestamp,
}

/// The end that the callback writes.
pub struct AudioOutlet {
    samples: HeapProd<f32>,
    stamps: HeapProd<BlockStamp>,
    position: u64,
    meter: Meter,
    closed: Arc<AtomicBool>,
}

/// The end that is read.
pub struct AudioInlet {
    samples: HeapCons<f32>,
    stamps: HeapCons<BlockStamp>,
    meter: Meter,
    closed: Arc<AtomicBool>,
}

/// A link with room for `samples` samples in at most `blocks` blocks.
#[must_use]
pub fn link(samples: usize, blocks: usize) -> (AudioOutlet, AudioInlet) {
    let (sample_out, sample_in) = HeapRb::new(samples.max(1)).split();
    let (stamp_out, stamp_in) = HeapRb::new(blocks.max(1)).split();
    let meter = Meter::default();
    let closed = Arc::new(AtomicBool::new(false));
    let outlet = AudioOutlet {
        samples: sample_out,
        stamps: stamp_out,
        position: 0,
        meter: meter.clone(),
        closed: closed.clone(),
    };
    (outlet, AudioInlet { samples: sample_in, stamps: stamp_in, meter, closed })
}

impl AudioOutlet {
    /// Passes on one callback's samples, or drops them all if there is no room.
    ///
    /// # Real time
    ///
    /// Doesn't allocate, lock, log or fail. `tests/realtime.rs` holds it to that.
    pub fn push(&mut self, samples: &[f32], captured_at: Timestamp) {
        self.push_with(samples.len(), captured_at, |place, index| {
            if let Some(sample) = samples.get(index) {
                *place = *sample;
            }
        });
    }

    /// The same for interleaved samples of several channels, which are averaged to one.
    ///
    /// # Real time
    ///
    /// As [`push`](Self::push).
    #[expect(clippy::cast_precision_loss, reason = "a device has few channels")]
    pub fn push_interleaved(&mut self, samples: &[f32], channels: usize, captured_at: Timestamp) {
        if channels <= 1 {
            self.push(samples, captured_at);
            return;
        }
        let scale = 1.0 / channels as f32;
        self.push_with(samples.len() / channels, captured_at, |place, index| {
            let first = index * channels;
            *place = samples.get(first..first + channels).map_or(0.0, |all| all.iter().sum::<f32>() * scale);
        });
    }

    fn push_with(&mut self, len: usize, captured_at: Timestamp, mut write: impl FnMut(&mut f32, usize)) {
        let stamp = BlockStamp { first_sample: self.position, len, captured_at };
        self.position += len as u64;
        if len == 0 {
            return;
        }
        if self.samples.vacant_len() < len || self.stamps.is_full() {
            self.meter.drop(len as u64);
            return;
        }
        // Samples before stamp: a reader that sees the stamp finds its samples there.
        let mut index = 0;
        self.samples.push_iter(std::iter::from_fn(|| {
            (index < len).then(|| {
                let mut sample = 0.0;
                write(&mut sample, index);
                index += 1;
                sample
            })
        }));
        self.stamps.try_push(stamp).ok();
        self.meter.pass(len as u64);
    }

    /// Goes on counting at `position`: for a device that comes back after a silence of known length.
    pub const fn skip_to(&mut self, position: u64) {
        if position > self.position {
            self.position = position;
        }
    }

    /// Whether the reader has gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The link's counts, in samples.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl AudioInlet {
    /// Reads the next block into `block`, replacing what is there; `None` while there is none.
    pub fn read(&mut self, block: &mut Vec<f32>) -> Option<BlockStamp> {
        let stamp = self.stamps.try_pop()?;
        block.clear();
        block.resize(stamp.len, 0.0);
        let read = self.samples.pop_slice(block);
        debug_assert_eq!(read, stamp.len, "samples are written before their stamp");
        Some(stamp)
    }

    /// Whether the writer has gone. What it wrote can still be read.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The link's counts, in samples.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl Drop for AudioOutlet {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
    }
}

impl Drop for AudioInlet {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_block_leaves_a_gap_and_no_shift() {
        let (mut outlet, mut inlet) = link(4, 8);
        let at = Timestamp::from_nanos;
        outlet.push(&[1.0, 2.0, 3.0], at(0));
        outlet.push(&[4.0, 5.0, 6.0], at(3)); // No room.

        let mut block = Vec::new();
        assert_eq!(inlet.read(&mut block), Some(BlockStamp { first_sample: 0, len: 3, captured_at: at(0) }));
        outlet.push(&[7.0], at(6));

        assert_eq!(inlet.read(&mut block), Some(BlockStamp { first_sample: 6, len: 1, captured_at: at(6) }));
        assert_eq!((inlet.meter().passed(), inlet.meter().dropped()), (4, 3));
    }

    #[test]
    fn channels_are_averaged() {
        let (mut outlet, mut inlet) = link(8, 8);

        outlet.push_interleaved(&[1.0, 0.0, 0.5, 0.5], 2, Timestamp::ZERO);

        let mut block = Vec::new();
        inlet.read(&mut block);
        assert_eq!(block, [0.5, 0.5]);
    }

    #[test]
    fn a_reader_sees_that_the_writer_has_gone_and_still_gets_all() {
        let (mut outlet, mut inlet) = link(8, 8);
        outlet.push(&[1.0], Timestamp::ZERO);
        drop(outlet);

        let mut block = Vec::new();
        assert!(inlet.is_closed());
        assert!(inlet.read(&mut block).is_some());
        assert!(inlet.read(&mut block).is_none());
    }
}
