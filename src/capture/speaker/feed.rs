//! What the loudspeaker's callback does: samples out of a ring, at the card's rate, and which of them is heard.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::link::audio;
use crate::link::audio::AudioInlet;
use crate::link::audio::AudioOutlet;
use crate::link::audio::BlockStamp;
use crate::time::Clock;
use crate::time::Timestamp;

/// Samples a second that are taken.
pub const RATE_HZ: u32 = 16_000;

/// Samples in a block.
const BLOCK: usize = 320;
const BLOCKS: usize = 64;
const NEVER: i64 = i64::MIN;
/// How much of the last sample is left from one to the next where nothing follows, so that it doesn't click.
const DECAY: f32 = 0.96;

/// What both ends know.
#[derive(Debug)]
pub(super) struct Shared {
    /// Samples before this one aren't heard any more.
    cut: AtomicU64,
    /// Samples taken, or passed over.
    taken: AtomicU64,
    /// The session's time that is heard, less the clock's, nanoseconds.
    ahead: AtomicI64,
    /// What the sound system said when the loudspeaker went.
    gone: OnceLock<String>,
}

impl Shared {
    pub(super) fn gone(&self) -> Option<&str> {
        self.gone.get().map(String::as_str)
    }

    /// Nothing is heard any more. Called by the sound system, instead of the callback.
    pub(super) fn go(&self, why: &impl ToString) {
        self.gone.get_or_init(|| why.to_string());
    }

    pub(super) fn heard(&self, now: Timestamp) -> Option<Timestamp> {
        match self.ahead.load(Ordering::Acquire) {
            NEVER => None,
            ahead => Some(Timestamp::from_nanos(now.nanos().saturating_add(ahead))),
        }
    }
}

/// The end that takes what is to be heard.
pub struct SpeakerOutlet {
    outlet: AudioOutlet,
    given: u64,
    shared: Arc<Shared>,
}

/// The end that the loudspeaker's callback reads.
pub struct Speaking {
    inlet: AudioInlet,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    block: Vec<f32>,
    mark: BlockStamp,
    at: usize,
    step: f32,
    phase: f32,
    /// The two samples before the place, and the two after it.
    around: [f32; 4],
}

/// A link of about a second.
#[must_use]
pub fn link(clock: Arc<dyn Clock>) -> (SpeakerOutlet, Speaking) {
    let (outlet, inlet) = audio::link(BLOCK * BLOCKS, BLOCKS);
    let shared = Arc::new(Shared {
        cut: AtomicU64::new(0),
        taken: AtomicU64::new(0),
        ahead: AtomicI64::new(NEVER),
        gone: OnceLock::new(),
    });
    let speaking = Speaking {
        inlet,
        shared: shared.clone(),
        clock,
        block: Vec::with_capacity(BLOCK),
        mark: BlockStamp { first_sample: 0, len: 0, captured_at: Timestamp::ZERO },
        at: 0,
        step: 1.0,
        phase: 0.0,
        around: [0.0; 4],
    };
    (SpeakerOutlet { outlet, given: 0, shared }, speaking)
}

impl SpeakerOutlet {
    /// Nothing of what was given so far is heard any more.
    pub fn cut(&mut self) {
        self.shared.cut.store(self.given, Ordering::Release);
        self.shared.ahead.store(NEVER, Ordering::Release);
    }

    /// Gives samples whose first is of the session's time `at`; what there is no room for is dropped.
    pub fn give(&mut self, samples: &[f32], at: Timestamp) {
        for (index, block) in samples.chunks(BLOCK).enumerate() {
            self.outlet.push(block, at + secs(index * BLOCK));
        }
        self.given += samples.len() as u64;
    }

    /// How much is still to be heard.
    #[must_use]
    pub fn waiting(&self) -> Duration {
        let done = self.shared.taken.load(Ordering::Acquire).max(self.shared.cut.load(Ordering::Acquire));
        secs(self.given.saturating_sub(done) as usize)
    }

    /// Whether the loudspeaker has been let go.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.outlet.is_closed()
    }
}

impl Speaking {
    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Speaks at the card's rate from here on.
    pub const fn set_rate(&mut self, rate_hz: u32) {
        self.step = RATE_HZ as f32 / if rate_hz == 0 { RATE_HZ } else { rate_hz } as f32;
    }

    /// Gives the next samples, each to all of `channels`; they are heard after `delay`.
    ///
    /// # Real time
    ///
    /// Reads the clock, and doesn't allocate, lock, log or fail. `tests/realtime.rs` holds it to that.
    pub fn fill<T>(&mut self, out: &mut [T], channels: usize, delay: Duration, make: impl Fn(f32) -> T) {
        self.drop_cut();
        let ahead = self.ahead(delay);
        self.shared.ahead.store(ahead, Ordering::Release);
        for each_channel in out.chunks_mut(channels.max(1)) {
            self.phase += self.step;
            while self.phase >= 1.0 {
                self.phase -= 1.0;
                let [_, a, b, c] = self.around;
                self.around = [a, b, c, self.next()];
            }
            let value = between(self.around, self.phase);
            for place in each_channel {
                *place = make(value);
            }
        }
        self.shared.taken.store(self.mark.first_sample + self.at as u64, Ordering::Release);
    }

    /// Lets go of what isn't to be heard any more.
    fn drop_cut(&mut self) {
        let cut = self.shared.cut.load(Ordering::Acquire);
        while self.mark.first_sample + (self.at as u64) < cut {
            self.at = self.block.len();
            if !self.read() {
                return;
            }
        }
    }

    /// The session's time that is heard after `delay`, less the clock's.
    fn ahead(&mut self, delay: Duration) -> i64 {
        // A block may have ended just where the samples before did.
        if self.at >= self.block.len() {
            self.read();
        }
        let cut = self.shared.cut.load(Ordering::Acquire);
        let place = self.mark.first_sample + self.at as u64;
        if self.at >= self.block.len() || place < cut {
            return NEVER;
        }
        let at = self.mark.captured_at + secs(self.at);
        at.nanos() - (self.clock.now() + delay).nanos()
    }

    fn next(&mut self) -> f32 {
        if self.at >= self.block.len() && !self.read() {
            return self.around.last().copied().unwrap_or_default() * DECAY;
        }
        let sample = self.block.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        sample
    }

    fn read(&mut self) -> bool {
        match self.inlet.read(&mut self.block) {
            Some(mark) => {
                (self.mark, self.at) = (mark, 0);
                true
            }
            None => false,
        }
    }
}

/// The curve through the two samples in the middle, by Catmull and Rom.
fn between([a, b, c, d]: [f32; 4], share: f32) -> f32 {
    let curve = 0.5 * (3.0 * (b - c) + d - a);
    let bend = a - 2.5 * b + 2.0 * c - 0.5 * d;
    let slope = 0.5 * (c - a);
    ((curve * share + bend) * share + slope) * share + b
}

fn secs(samples: usize) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(RATE_HZ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ManualClock;

    fn at(secs: f64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn heard(speaking: &mut Speaking, len: usize) -> Vec<f32> {
        let mut out = vec![0.0; len];
        speaking.fill(&mut out, 1, Duration::ZERO, |value| value);
        out
    }

    #[test]
    fn what_is_given_is_heard_at_the_cards_rate_in_all_channels() {
        let (mut outlet, mut speaking) = link(Arc::new(ManualClock::default()));
        speaking.set_rate(48_000);
        let tone: Vec<f32> = (0..3200).map(|index| (index as f32 * 0.2).sin()).collect();
        outlet.give(&tone, at(5.0));

        let mut out = vec![0.0; 2 * 9000];
        speaking.fill(&mut out, 2, Duration::ZERO, |value| value);

        assert!(out.chunks(2).all(|both| both[0].to_bits() == both[1].to_bits()));
        let wanted = |index: usize| ((index as f32 + 1.0) / 3.0 - 3.0).mul_add(0.2, 0.0).sin();
        let off = (60..8900).map(|index| (out[2 * index] - wanted(index)).abs()).fold(0.0, f32::max);
        assert!(off < 0.01, "{off}");
    }

    #[test]
    fn which_time_is_heard_counts_what_was_taken_and_the_cards_delay() {
        let clock = Arc::new(ManualClock::default());
        let (mut outlet, mut speaking) = link(clock.clone());
        let shared = speaking.shared();
        clock.set(at(100.0));
        assert_eq!(shared.heard(at(100.0)), None);
        outlet.give(&[0.1; 1600], at(7.0));
        heard(&mut speaking, 800);

        let mut out = [0.0; 100];
        speaking.fill(&mut out, 1, Duration::from_millis(30), |value| value);

        let now = shared.heard(at(100.0)).unwrap();
        assert!((now.secs() - (7.0 + 0.05 - 0.03)).abs() < 1e-3, "{now:?}");
        assert_eq!(shared.heard(at(100.5)), Some(now + Duration::from_millis(500)), "it goes on between callbacks");
        assert!((outlet.waiting().as_secs_f64() - 700.0 / 16_000.0).abs() < 1e-3, "{:?}", outlet.waiting());
    }

    #[test]
    fn what_was_cut_is_not_heard() {
        let (mut outlet, mut speaking) = link(Arc::new(ManualClock::default()));
        outlet.give(&[0.5; 1600], at(1.0));
        heard(&mut speaking, 100);

        outlet.cut();
        assert_eq!((outlet.waiting(), speaking.shared().heard(at(0.0))), (Duration::ZERO, None));
        outlet.give(&[-0.5; 1600], at(60.0));

        let out = heard(&mut speaking, 400);
        assert!(out[10..].iter().all(|sample| (sample + 0.5).abs() < 1e-3), "{out:?}");
        assert!(heard(&mut speaking, 10).len() == 10 && speaking.shared().heard(at(0.0)).unwrap() > at(60.0));
    }

    #[test]
    fn where_nothing_follows_it_fades_and_says_that_nothing_is_heard() {
        let (mut outlet, mut speaking) = link(Arc::new(ManualClock::default()));
        outlet.give(&[0.5; 320], at(1.0));

        let out = heard(&mut speaking, 1000);

        assert!(out[330..].windows(2).all(|pair| pair[1] <= pair[0] + 1e-6) && out[999].abs() < 1e-3);
        heard(&mut speaking, 10);
        assert_eq!(speaking.shared().heard(at(0.0)), None);
    }
}
