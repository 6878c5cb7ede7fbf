//! A sound card's drift and jitter are followed.

use circumplex::time::SampleClock;
use circumplex::time::Timestamp;
use proptest::prelude::*;

use crate::support::noise;

const RATE_HZ: u32 = 48_000;
const SETTLED_SECS: f64 = 60.0;

/// A card that runs `ppm` too fast, and says so in callbacks that are up to 3 ms off.
struct Card {
    secs_per_sample: f64,
    block: u64,
}

impl Card {
    fn new(ppm: f64, block: u64) -> Self {
        Self { secs_per_sample: 1.0 / (f64::from(RATE_HZ) * (1.0 + ppm * 1e-6)), block }
    }

    fn truth(&self, sample: u64) -> f64 {
        sample as f64 * self.secs_per_sample
    }

    /// Lets `clock` observe `secs` of it, and hands each block's first sample to `check`.
    fn play(&self, clock: &mut SampleClock, secs: f64, seed: u64, mut check: impl FnMut(u64, &SampleClock)) {
        let jitter = noise(seed).map(|value| f64::from(value) * 0.003);
        let firsts = (0u64..).map(|index| index * self.block).take_while(|first| self.truth(*first) < secs);
        for (first, jitter) in firsts.zip(jitter) {
            clock.observe(first, Timestamp::from_secs(self.truth(first) + jitter));
            check(first, clock);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn drift_and_jitter_are_followed_to_half_a_millisecond(ppm in -80.0f64..=80.0, block in 256u64..=1024, seed in 1u64..) {
        let (card, mut clock, mut off) = (Card::new(ppm, block), SampleClock::new(RATE_HZ), Vec::new());
        card.play(&mut clock, 180.0, seed, |first, clock| {
            if card.truth(first) > SETTLED_SECS {
                off.push((clock.at(first).unwrap().secs() - card.truth(first)).abs());
            }
        });

        off.sort_by(f64::total_cmp);
        let (nearly_all, worst) = (off[off.len() * 99 / 100], off[off.len() - 1]);
        prop_assert!(nearly_all < 0.0005, "{nearly_all} s off");
        prop_assert!(worst < 0.001, "{worst} s off");
    }
}

#[test]
fn the_worst_card_is_followed_too() {
    // The longer its blocks, the fewer stamps there are to tell jitter from drift by.
    for (seed, ppm, block) in [(1, 80.0, 480), (2, -80.0, 480), (9_193_383_151_394_660_596, 0.0, 828), (3, 80.0, 1024)]
    {
        let (card, mut clock) = (Card::new(ppm, block), SampleClock::new(RATE_HZ));
        card.play(&mut clock, 180.0, seed, |first, clock| {
            let off = (clock.at(first).unwrap().secs() - card.truth(first)).abs();
            assert!(card.truth(first) < SETTLED_SECS || off < 0.0005, "{off} s off at {first}");
        });
    }
}

#[test]
fn how_much_a_card_drifts_is_told() {
    for ppm in [-80.0, 0.0, 80.0] {
        let (card, mut clock) = (Card::new(ppm, 480), SampleClock::new(RATE_HZ));
        for first in (0..24_000).map(|block| block * 480) {
            clock.observe(first, Timestamp::from_secs(card.truth(first)));
        }

        assert!((clock.drift_ppm() - ppm).abs() < 1.0, "{} of {ppm} ppm", clock.drift_ppm());
    }
}

#[test]
fn spans_follow_one_another() {
    let (card, mut clock) = (Card::new(80.0, 480), SampleClock::new(RATE_HZ));
    card.play(&mut clock, 10.0, 3, |first, clock| {
        let (one, next) = (clock.span(first, 480).unwrap(), clock.span(first + 480, 480).unwrap());
        assert_eq!(one.end, next.start);
        assert!(one.start < one.end);
    });
}

#[test]
fn a_stamp_that_jumps_starts_afresh() {
    let (card, mut clock) = (Card::new(80.0, 480), SampleClock::new(RATE_HZ));
    card.play(&mut clock, 30.0, 4, |_, _| {});
    let first = 480 * 10_000;

    // The machine slept: the card counted on from where it was, and the clock is a second ahead.
    let woken = Timestamp::from_secs(card.truth(first) + 1.0);
    clock.observe(first, woken);

    assert_eq!(clock.at(first), Some(woken));
    assert!(clock.drift_ppm().abs() < 1e-6, "nothing is known of the drift");
}

#[test]
fn a_late_callback_is_no_jump() {
    let (card, mut clock) = (Card::new(0.0, 480), SampleClock::new(RATE_HZ));
    let mut last = 0;
    card.play(&mut clock, 30.0, 5, |first, _| last = first);

    let next = last + 480;
    clock.observe(next, Timestamp::from_secs(card.truth(next) + 0.1));

    let off = clock.at(next).unwrap().secs() - card.truth(next);
    assert!(off.abs() < 0.002, "{off} s off");
}

#[test]
fn before_the_first_block_nothing_is_known() {
    assert_eq!(SampleClock::new(RATE_HZ).at(0), None);
    assert_eq!(SampleClock::new(RATE_HZ).span(0, 480), None);
}
