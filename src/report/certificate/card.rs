//! The sound card's clock against the session's, and what the card lost.

use serde::Serialize;

use crate::report::certificate::stretches::Stretches;
use crate::session::Item;
use crate::time::Timestamp;

/// Rates that sound cards have, Hz.
const RATES: [f64; 13] = [
    8_000.0, 11_025.0, 12_000.0, 16_000.0, 22_050.0, 24_000.0, 32_000.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0,
    176_400.0, 192_000.0,
];
/// A card's rate is the nearest of those, if it is as near as this: no quartz is so far off.
const NEAR: f64 = 0.01;
/// So much more time than samples between two blocks is sound that the card lost, not scatter of its stamps.
const JUMP_SECS: f64 = 0.1;
/// Drift is told of no shorter stretches, as scatter looks like drift there.
const LEAST_SECS: f64 = 15.0;
/// ... nor if it isn't known better than this, ppm.
const MOST_DOUBT_PPM: f64 = 50.0;

/// Sound that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Loss {
    /// When, since the session began, s.
    pub at_s: f64,
    /// How much, s.
    pub secs: f64,
}

/// What is known of the sound card.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Card {
    /// Blocks that it gave.
    pub blocks: usize,
    /// The rate that it says it has, Hz; none if what it gives is near none.
    pub rate_hz: Option<f64>,
    /// How much faster it is than it says, parts per million; none if that can't be told.
    pub drift_ppm: Option<f64>,
    /// One standard error of that, ppm.
    pub drift_se_ppm: Option<f64>,
    /// Sound that it, or the way from it, lost.
    pub losses: Vec<Loss>,
    /// All of that, s.
    pub lost_s: f64,
}

impl Card {
    /// Of the stamps of its blocks: when the first sample of each was, which it is, and how many there are.
    pub(super) fn of(stamps: &[Item], stretches: &Stretches, began: Timestamp) -> Self {
        let mut card = Self { blocks: stamps.len(), ..Self::default() };
        card.rate_hz = rate(stamps);
        let Some(nominal) = card.rate_hz else { return card };
        let mut runs = vec![Vec::new()];
        for (at, item) in stamps.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| stamps.get(before));
            if let Some(lost) = before.map(|before| lost(before, item, nominal)).filter(|lost| lost.is_broken) {
                runs.push(Vec::new());
                let is_loss = before.is_some_and(|one| stretches.are_one(one.span.start, item.span.start));
                if is_loss && lost.secs > 0.0 {
                    card.losses.push(Loss { at_s: item.span.start.secs() - began.secs(), secs: lost.secs });
                }
            }
            if let Some(run) = runs.last_mut() {
                let by_card = item.seq as f64 / nominal;
                run.push((by_card, item.span.start.secs() - by_card));
            }
        }
        card.lost_s = card.losses.iter().fold(0.0, |sum, loss| sum + loss.secs);
        if let Some((ppm, se)) = drift(&runs) {
            (card.drift_ppm, card.drift_se_ppm) = (Some(ppm), Some(se));
        }
        card
    }
}

/// The rate that a card has which gives these blocks; `None` of none, and of what no card gives.
fn rate(stamps: &[Item]) -> Option<f64> {
    let pairs = stamps.iter().zip(stamps.iter().skip(1)).filter(|(before, after)| end(before) == after.seq);
    let steps = pairs
        .map(|(before, after)| ((after.seq - before.seq) as f64, after.span.start.secs() - before.span.start.secs()));
    let steps: Vec<(f64, f64)> = steps.filter(|(samples, secs)| *samples > 0.0 && *secs > 0.0).collect();
    let mut paces: Vec<f64> = steps.iter().map(|(samples, secs)| secs / samples).collect();
    paces.sort_by(f64::total_cmp);
    let pace = paces.get(paces.len() / 2)?;
    // What the card lost, and where it slept, says nothing of its rate.
    let even = steps.iter().filter(|(samples, secs)| secs - samples * pace < JUMP_SECS);
    let (samples, secs) = even.fold((0.0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
    RATES.into_iter().find(|one| (samples / secs / one - 1.0).abs() < NEAR)
}

fn end(item: &Item) -> u64 {
    item.seq + item.values.first().map_or(0, |samples| *samples as u64)
}

struct Break {
    is_broken: bool,
    secs: f64,
}

/// What lies between two blocks.
fn lost(before: &Item, after: &Item, nominal: f64) -> Break {
    let took = after.span.start.secs() - before.span.start.secs();
    let block = before.values.first().map_or(0.0, |samples| f64::from(*samples)) / nominal;
    if after.seq > end(before) {
        // The card counted on: what was dropped was dropped on the way.
        return Break { is_broken: true, secs: (after.seq - end(before)) as f64 / nominal };
    }
    let missing = took - block;
    Break { is_broken: after.seq != end(before) || missing > JUMP_SECS, secs: missing }
}

/// How much faster the card is than it says, and the standard error, ppm: one slope through all runs, each with its own
/// beginning (least squares).
fn drift(runs: &[Vec<(f64, f64)>]) -> Option<(f64, f64)> {
    let (mut xx, mut xy, mut yy, mut count, mut secs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for run in runs.iter().filter(|run| run.len() > 2) {
        let len = run.len() as f64;
        let (mean_x, mean_y) =
            (run.iter().map(|(x, _)| x).sum::<f64>() / len, run.iter().map(|(_, y)| y).sum::<f64>() / len);
        for (x, y) in run {
            let (x, y) = (x - mean_x, y - mean_y);
            xx += x * x;
            xy += x * y;
            yy += y * y;
        }
        count += len - 1.0;
        let (first, last) = (run.first()?, run.last()?);
        secs += last.0 - first.0;
    }
    if xx <= 0.0 || count < 3.0 || secs < LEAST_SECS {
        return None;
    }
    let slope = xy / xx;
    let se = ((yy - slope * xy).max(0.0) / (count - 1.0) / xx).sqrt() * 1e6;
    // Time grows faster than the card's count where the card is slow.
    (se <= MOST_DOUBT_PPM).then_some(((1.0 / (1.0 + slope) - 1.0) * 1e6, se))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn stamps(blocks: impl Iterator<Item = (u64, f64)>) -> Vec<Item> {
        let item = |(seq, secs): (u64, f64)| Item {
            seq,
            span: Span::at(Timestamp::from_secs(secs)),
            values: vec![480.0, 0.0],
            ..Item::default()
        };
        blocks.map(item).collect()
    }

    fn of(stamps: &[Item]) -> Card {
        Card::of(stamps, &Stretches::default(), Timestamp::ZERO)
    }

    #[test]
    fn drift_is_found_through_scatter_and_breaks() {
        let scatter = [0.0, 0.004, -0.003, 0.001, 0.002, -0.004, 0.003];
        let rate = 44_100.0 * (1.0 + 250e-6);
        let at = |block: u64| block as f64 * 480.0 / rate + scatter[block as usize % 7];
        let blocks = (0..6_000).filter(|block| !(3_000..3_010).contains(block)).map(|block| (block * 480, at(block)));

        let card = of(&stamps(blocks));

        assert_eq!(card.rate_hz, Some(44_100.0));
        assert!((card.drift_ppm.unwrap() - 250.0).abs() < 10.0, "{card:?}");
        assert!(card.drift_se_ppm.unwrap() < 10.0, "{card:?}");
        assert!((card.lost_s - 4_800.0 / 44_100.0).abs() < 1e-9 && card.losses.len() == 1, "{card:?}");
    }

    #[test]
    fn what_the_card_itself_lost_shows_in_time_only() {
        let at = |block: u64| block as f64 * 0.01 + if block >= 1_000 { 0.5 } else { 0.0 };

        let card = of(&stamps((0..4_000).map(|block| (block * 480, at(block)))));

        assert!((card.lost_s - 0.5).abs() < 1e-6 && card.drift_ppm.unwrap().abs() < 1.0, "{card:?}");
    }

    #[test]
    fn nothing_is_said_of_what_is_too_short_or_no_card() {
        let short = of(&stamps((0..500).map(|block| (block * 480, block as f64 * 0.01))));
        let odd = of(&stamps((0..4_000).map(|block| (block * 480, block as f64 * 0.0117))));

        assert_eq!((short.rate_hz, short.drift_ppm), (Some(48_000.0), None));
        assert_eq!(odd.rate_hz, None);
        assert_eq!(of(&[]), Card::default());
    }
}
