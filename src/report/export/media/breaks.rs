//! Where sound is missing between two blocks of the sound card.
//!
//! | what was lost                                  | is known by                                                      |
//! |------------------------------------------------|------------------------------------------------------------------|
//! | on the way from the card, to or from the disk  | the count of samples goes on, and the block isn't there          |
//! | by the card itself                             | the count doesn't go on, and all that follows is later by that   |

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::session::Item;
use crate::time::Timestamp;

/// A card that is later by this from one block to the next, and stays so, has lost sound, s.
const STEP_SECS: f64 = 0.015;
/// So many blocks before and after it must agree: a second where blocks are 10 ms. A machine that was busy for a moment stamps some
/// blocks late, and then catches up.
const AGREE: usize = 100;
/// With fewer nothing is said.
const LEAST: usize = 20;

/// The blocks before which sound is missing.
pub(super) struct Breaks {
    /// How many samples of the card each block has, by when it was and which sample is its first.
    lengths: BTreeMap<(Timestamp, u64), u64>,
    /// How many most have.
    usual: u64,
    /// Those from which on all are later.
    later: BTreeSet<(Timestamp, u64)>,
    /// Which sample comes after the block that was asked for last.
    next: Option<u64>,
}

impl Breaks {
    /// Of the stamps of all blocks, in order: `seq` is which sample is the first, the first value how many there are.
    pub(super) fn of(stamps: &[Item]) -> Self {
        let lengths: BTreeMap<_, _> = stamps.iter().map(|stamp| (key(stamp), length(stamp))).collect();
        let mut sorted: Vec<u64> = lengths.values().copied().collect();
        sorted.sort_unstable();
        let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        let mut later = BTreeSet::new();
        for run in stamps.chunk_by(|before, after| before.seq + length(before) == after.seq) {
            later.extend(steps(run).into_iter().filter_map(|place| run.get(place)).map(key));
        }
        Self { lengths, usual, later, next: None }
    }

    /// Whether nothing is missing between a block and the one that was asked for before it.
    pub(super) fn goes_on(&mut self, block: &Item) -> bool {
        let length = self.lengths.get(&key(block)).copied();
        if length.is_none() && block.values.is_empty() {
            // What happened to the stream, and no block.
            return true;
        }
        let is_next = self.next.is_none_or(|next| next == block.seq);
        self.next = Some(block.seq + length.unwrap_or(self.usual));
        is_next && !self.later.contains(&key(block))
    }
}

fn key(item: &Item) -> (Timestamp, u64) {
    (item.span.start, item.seq)
}

fn length(stamp: &Item) -> u64 {
    stamp.values.first().map_or(0, |samples| *samples as u64)
}

/// The blocks of a run that is unbroken by the card's count from which on all are later than the ones before say.
fn steps(run: &[Item]) -> Vec<usize> {
    let Some(pace) = pace(run) else { return Vec::new() };
    let late: Vec<f64> = run.iter().map(|item| item.span.start.secs() - item.seq as f64 * pace).collect();
    let mut steps: Vec<(usize, f64)> = Vec::new();
    for (before, pair) in late.windows(2).enumerate() {
        let &[one, two] = pair else { continue };
        let (place, jump) = (before + 1, two - one);
        if jump < STEP_SECS / 2.0 {
            continue;
        }
        let past = late.get(place.saturating_sub(AGREE)..place).unwrap_or_default();
        let next = late.get(place..late.len().min(place + AGREE)).unwrap_or_default();
        if past.len() < LEAST || next.len() < LEAST || median(next) - median(past) < STEP_SECS {
            continue;
        }
        // What scatters beside a step isn't another.
        match steps.last_mut().filter(|(last, _)| place - *last < AGREE) {
            Some(last) if last.1 < jump => *last = (place, jump),
            Some(_) => {}
            None => steps.push((place, jump)),
        }
    }
    steps.into_iter().map(|(place, _)| place).collect()
}

/// Seconds for a sample, as most stretches of the run say.
fn pace(run: &[Item]) -> Option<f64> {
    let pairs = run.iter().zip(run.iter().skip(AGREE.min(run.len().saturating_sub(1)).max(1)));
    let paces: Vec<f64> = pairs
        .filter(|(from, to)| to.seq > from.seq)
        .map(|(from, to)| (to.span.start.secs() - from.span.start.secs()) / (to.seq - from.seq) as f64)
        .collect();
    (!paces.is_empty()).then(|| median(&paces))
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    if middle >= values.len() {
        return f64::NAN;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    /// Stamps of blocks of 480 samples, 10 ms each.
    fn stamps(blocks: impl Iterator<Item = (u64, f64)>) -> Vec<Item> {
        let stamp = |(block, secs): (u64, f64)| Item {
            seq: block * 480,
            span: Span::at(Timestamp::from_secs(secs)),
            values: vec![480.0],
            ..Item::default()
        };
        blocks.map(stamp).collect()
    }

    fn broken(breaks: &mut Breaks, blocks: &[Item]) -> Vec<u64> {
        blocks.iter().filter(|block| !breaks.goes_on(block)).map(|block| block.seq / 480).collect()
    }

    #[test]
    fn one_block_that_is_missing_is_known_by_the_cards_count() {
        let blocks = stamps([0, 1, 3, 4].into_iter().map(|block| (block, block as f64 * 0.01)));

        assert_eq!(broken(&mut Breaks::of(&blocks), &blocks), [3]);
    }

    #[test]
    fn a_stamp_that_is_missing_is_no_gap() {
        let blocks = stamps((0..10).map(|block| (block, block as f64 * 0.01)));
        let kept: Vec<Item> = blocks.iter().filter(|block| block.seq != 4 * 480).cloned().collect();

        assert_eq!(broken(&mut Breaks::of(&kept), &blocks), [0; 0]);
    }

    #[test]
    fn one_block_that_was_not_kept_is_known_too() {
        let blocks = stamps((0..10).map(|block| (block, block as f64 * 0.01)));
        let kept: Vec<Item> = blocks.iter().filter(|block| block.seq != 4 * 480).cloned().collect();

        assert_eq!(broken(&mut Breaks::of(&blocks), &kept), [5]);
    }

    #[test]
    fn what_the_card_lost_and_did_not_count_is_known_by_all_that_follows() {
        let scatter = [0.0, 0.004, -0.003, 0.001, 0.006, -0.005];
        let at = |block: u64| block as f64 * 0.010_001 + scatter[block as usize % 6];
        let lost = |block: u64| if block >= 400 { 0.04 } else { 0.0 };
        // A machine that was busy for a moment.
        let busy = |block: u64| if (700..720).contains(&block) { 0.03 } else { 0.0 };
        let blocks = stamps((0..1_000).map(|block| (block, at(block) + lost(block) + busy(block))));

        assert_eq!(broken(&mut Breaks::of(&blocks), &blocks), [400]);
    }
}
