//! Values that must not be overwritten: a bounded queue whose sender is refused, or waits, as the call says.

use std::time::Duration;

use crossbeam_channel::Receiver;
use crossbeam_channel::RecvTimeoutError;
use crossbeam_channel::Sender;
use crossbeam_channel::TryRecvError;

use crate::link::Meter;

/// The end that is written. Clones share the queue.
#[derive(Debug)]
pub struct EventOutlet<T> {
    sender: Sender<T>,
    meter: Meter,
}

impl<T> Clone for EventOutlet<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), meter: self.meter.clone() }
    }
}

/// The end that is read.
#[derive(Debug)]
pub struct EventInlet<T> {
    receiver: Receiver<T>,
    meter: Meter,
}

/// What a reader finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<T> {
    /// A value.
    Item(T),
    /// None for the moment.
    Nothing,
    /// None any more: every writer has gone.
    Closed,
}

/// A queue of at most `len` values.
#[must_use]
pub fn link<T>(len: usize) -> (EventOutlet<T>, EventInlet<T>) {
    let (sender, receiver) = crossbeam_channel::bounded(len.max(1));
    let meter = Meter::default();
    (EventOutlet { sender, meter: meter.clone() }, EventInlet { receiver, meter })
}

impl<T> EventOutlet<T> {
    /// Passes `value` on, or drops it, counted, if the queue is full or the reader has gone; says whether it went.
    pub fn offer(&self, value: T) -> bool {
        let passed = self.sender.try_send(value).is_ok();
        if passed {
            self.meter.pass(1);
        } else {
            self.meter.drop(1);
        }
        passed
    }

    /// As [`offer`](Self::offer), but leaves room for `left` more: for what comes often and can be missed, on a queue that
    /// also takes what can't.
    pub fn offer_leaving(&self, value: T, left: usize) -> bool {
        let is_crowded = self.sender.capacity().is_some_and(|room| self.sender.len() + left >= room);
        if is_crowded {
            self.meter.drop(1);
            return false;
        }
        self.offer(value)
    }

    /// Passes `value` on, waiting for room; false if the reader has gone.
    #[must_use]
    pub fn send(&self, value: T) -> bool {
        let passed = self.sender.send(value).is_ok();
        if passed {
            self.meter.pass(1);
        } else {
            self.meter.drop(1);
        }
        passed
    }

    /// The link's counts.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl<T> EventInlet<T> {
    /// The next value, if there is one.
    #[must_use]
    pub fn poll(&self) -> Next<T> {
        match self.receiver.try_recv() {
            Ok(value) => Next::Item(value),
            Err(TryRecvError::Empty) => Next::Nothing,
            Err(TryRecvError::Disconnected) => Next::Closed,
        }
    }

    /// The next value, waiting for it at most so long.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> Next<T> {
        match self.receiver.recv_timeout(at_most) {
            Ok(value) => Next::Item(value),
            Err(RecvTimeoutError::Timeout) => Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => Next::Closed,
        }
    }

    /// The next value, waiting for it; `None` once every writer has gone.
    #[must_use]
    pub fn next(&self) -> Option<T> {
        self.receiver.recv().ok()
    }

    /// What is there at this moment, in order.
    pub fn drain(&self) -> impl Iterator<Item = T> + '_ {
        self.receiver.try_iter()
    }

    /// The link's counts.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_counts() {
        let (outlet, inlet) = link(1);

        assert!(outlet.offer(1));
        assert!(!outlet.offer(2));

        assert_eq!(inlet.poll(), Next::Item(1));
        assert_eq!((inlet.meter().passed(), inlet.meter().dropped()), (1, 1));
    }

    #[test]
    fn room_is_left_for_what_must_not_be_missed() {
        let (outlet, inlet) = link(3);

        let often = [(); 5].map(|()| outlet.offer_leaving("level", 1));

        assert_eq!(often, [true, true, false, false, false]);
        assert!(outlet.offer("lost"));
        assert_eq!(inlet.drain().collect::<Vec<_>>(), ["level", "level", "lost"]);
    }
}
