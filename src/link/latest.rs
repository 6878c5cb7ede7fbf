//! The newest value only: a 30 fps camera before a slower stage. Values are written in place, so their memory is reused.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::link::Meter;
use crate::time::Span;
use crate::time::Timestamped;

/// The end that is written.
pub struct LatestOutlet<T: Send> {
    slot: triple_buffer::Input<Timestamped<T>>,
    shared: Arc<Shared>,
    meter: Meter,
    seq: u64,
}

/// The end that is read.
pub struct LatestInlet<T: Send> {
    slot: triple_buffer::Output<Timestamped<T>>,
    shared: Arc<Shared>,
    meter: Meter,
    seen: u64,
}

#[derive(Debug, Default)]
struct Shared {
    closed: AtomicBool,
    written: AtomicU64,
}

/// A link whose three slots begin as copies of `blank`.
pub fn link<T: Clone + Send>(blank: &T) -> (LatestOutlet<T>, LatestInlet<T>) {
    let blank = Timestamped::new(Span::default(), 0, blank.clone());
    let (input, output) = triple_buffer::triple_buffer(&blank);
    let shared = Arc::new(Shared::default());
    let meter = Meter::default();
    let outlet = LatestOutlet { slot: input, shared: shared.clone(), meter: meter.clone(), seq: 0 };
    (outlet, LatestInlet { slot: output, shared, meter, seen: 0 })
}

impl<T: Send> LatestOutlet<T> {
    /// Lets `write` change the next slot in place, which holds some earlier value, and publishes it for `span`.
    pub fn write(&mut self, span: Span, write: impl FnOnce(&mut T)) {
        self.seq += 1;
        let slot = self.slot.input_buffer_mut();
        slot.span = span;
        slot.seq = self.seq;
        write(&mut slot.value);
        self.slot.publish();
        self.shared.written.store(self.seq, Ordering::Release);
    }

    /// Whether the reader has gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    /// The link's counts.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl<T: Send> LatestInlet<T> {
    /// The newest value, if it hasn't been taken before. Those in between count as dropped.
    pub fn take_new(&mut self) -> Option<&mut Timestamped<T>> {
        if !self.slot.update() {
            return None;
        }
        let value = self.slot.output_buffer_mut();
        if value.seq == 0 {
            return None;
        }
        self.meter.pass(1);
        self.meter.drop(value.seq.saturating_sub(self.seen + 1));
        self.seen = value.seq;
        Some(value)
    }

    /// Whether the writer has gone and its last value was taken.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire) && self.shared.written.load(Ordering::Acquire) == self.seen
    }

    /// The link's counts.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl<T: Send> Drop for LatestOutlet<T> {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
    }
}

impl<T: Send> Drop for LatestInlet<T> {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn the_newest_wins_and_the_rest_is_counted() {
        let (mut outlet, mut inlet) = link(&0);
        for value in 1..=3 {
            outlet.write(Span::at(Timestamp::from_nanos(value)), |slot| *slot = value);
        }

        let newest = inlet.take_new().map(|item| (item.seq, item.value));

        assert_eq!(newest, Some((3, 3)));
        assert!(inlet.take_new().is_none());
        assert_eq!((inlet.meter().passed(), inlet.meter().dropped()), (1, 2));
    }

    #[test]
    fn it_closes_only_once_the_last_value_is_taken() {
        let (mut outlet, mut inlet) = link(&0);
        outlet.write(Span::default(), |slot| *slot = 1);
        drop(outlet);

        assert!(!inlet.is_closed());
        inlet.take_new();
        assert!(inlet.is_closed());
    }
}
