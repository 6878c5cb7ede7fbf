//! `sound.wav` and where in it is what.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::Path;

use hound::SampleFormat;
use hound::WavSpec;
use hound::WavWriter;
use serde_json::Value;

use crate::condition::hear::RATE_HZ;
use crate::record::streams;
use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::report::export::media::breaks::Breaks;
use crate::report::export::part;
use crate::report::export::part::Part;
use crate::report::export::told;
use crate::session::Chunk;
use crate::session::Consent;
use crate::session::Item;

/// A block that comes so much later or earlier than the ones before it said begins afresh, even if the card counts on. Stamps of
/// good cards scatter by a few milliseconds.
const GAP_SECS: f64 = 0.06;
/// Stamps that differ by less than this may as well be the same.
const SCATTER_SECS: f64 = 0.001;
/// How fast the sound card's own pace is followed, so that an hour's drift isn't taken for gaps.
const FOLLOWED: f64 = 0.02;
/// No card's clock drifts more: what is later than that was lost, little by little. Quartz is good to 100 ppm.
const MOST_DRIFT: f64 = 500e-6;
/// Drift is between so many blocks at the beginning of a stretch and so many at its end.
const SOME: usize = 50;
/// No silence is longer than this: a stamp further off is damaged.
const MOST_SILENCE_SECS: f64 = 24.0 * 3600.0;

/// One unbroken stretch: in the file and on the clock, seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// From, to in the file.
    pub(super) in_file: [f64; 2],
    /// When its first sample was, and when its last, as the card's stamps say: another length than in the file is drift.
    pub(super) on_clock: [f64; 2],
}

/// What there is before a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Before {
    /// The block before it.
    Block,
    /// A gap, of which the resampler knew nothing: it went on.
    Gap,
    /// Nothing: the resampler began with it.
    Nothing,
}

/// Where blocks go in the file.
#[derive(Debug, Default)]
pub(super) struct Layout {
    written: u64,
    /// By how much what a resampler that went on gives is of before its block, s.
    delay: f64,
    /// How much later than their place in the file the blocks of this stretch are, as it is followed.
    late: f64,
    /// The same of its first blocks, and of its last.
    first: Vec<f64>,
    last: VecDeque<f64>,
    pub(super) stretches: Vec<Stretch>,
}

impl Layout {
    /// Places a block of so many samples that began at `secs`; how many samples of silence go before it.
    pub(super) fn place(&mut self, secs: f64, samples: usize, before: Before) -> u64 {
        let rate = f64::from(RATE_HZ);
        let off = secs - self.written as f64 / rate;
        let is_near = (off - self.late).abs() < GAP_SECS;
        let is_next =
            before == Before::Block && is_near && self.stretches.last().is_some_and(|stretch| self.is_drift(stretch));
        let mut silence = 0;
        if is_next {
            self.late += (off - self.late) * FOLLOWED;
        } else {
            self.delay = if before == Before::Nothing || self.stretches.is_empty() { 0.0 } else { self.delayed() };
            let (secs, off) = (secs - self.delay, off - self.delay);
            if off.is_finite() && off < MOST_SILENCE_SECS {
                silence = (off * rate).round().max(0.0) as u64;
            }
            self.written += silence;
            self.late = secs + self.delay - self.written as f64 / rate;
            self.first.clear();
            self.last.clear();
            let from = self.written as f64 / rate;
            self.stretches.push(Stretch { in_file: [from, from], on_clock: [secs, secs] });
        }
        if self.first.len() < SOME {
            self.first.push(secs - self.written as f64 / rate);
        }
        self.last.push_back(secs - self.written as f64 / rate);
        if self.last.len() > SOME {
            self.last.pop_front();
        }
        self.go_on(samples);
        silence
    }

    /// The delay of the resampler: its first block is shorter by that, and the ones after it come so much later than their places.
    fn delayed(&self) -> f64 {
        let mut first: Vec<f64> = self.first.iter().skip(1).copied().collect();
        first.sort_by(f64::total_cmp);
        let base = self.stretches.last().map_or(0.0, |stretch| stretch.on_clock[0] - stretch.in_file[0]);
        let delay = first.get(first.len() / 2).map_or(self.delay, |middle| middle - base);
        // Less is scatter, and more no resampler has.
        if (SCATTER_SECS..GAP_SECS).contains(&delay) { delay } else { 0.0 }
    }

    /// Whether drift explains how late this stretch has become.
    fn is_drift(&self, stretch: &Stretch) -> bool {
        let [from, to] = stretch.in_file;
        let grown = self.late - (stretch.on_clock[0] - from);
        grown < GAP_SECS + (to - from) * MOST_DRIFT
    }

    /// Places samples just after the ones before, whenever they came.
    pub(super) fn go_on(&mut self, samples: usize) {
        self.written += samples as u64;
        let to = self.written as f64 / f64::from(RATE_HZ);
        let mean = |all: &mut dyn Iterator<Item = &f64>, count: usize| all.sum::<f64>() / count.max(1) as f64;
        let drift = mean(&mut self.last.iter(), self.last.len()) - mean(&mut self.first.iter(), self.first.len());
        if let Some(stretch) = self.stretches.last_mut() {
            let [from, began] = [stretch.in_file[0], stretch.on_clock[0]];
            stretch.in_file[1] = to;
            stretch.on_clock[1] = began + to - from + drift;
        }
    }
}

pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    let mut part = Part::create(folder, "sound.wav")?;
    let path = part.path().to_path_buf();
    let refused = |error: hound::Error| match error {
        hound::Error::IoError(error) => ExportError::disk(&path)(error),
        other => ExportError::disk(&path)(std::io::Error::other(other.to_string())),
    };
    let spec = WavSpec { channels: 1, sample_rate: RATE_HZ, bits_per_sample: 32, sample_format: SampleFormat::Float };
    let mut wav = WavWriter::new(&mut part, spec).map_err(refused)?;
    let (mut layout, mut breaks) = (Layout::default(), Breaks::of(&recorded.kept.stamps));
    for chunk in recorded.session.file(Consent::Inputs)? {
        let item = match chunk {
            Ok(Chunk::Item(item)) if item.stream == streams::SOUND => item,
            Ok(_) => continue,
            Err(damage) => {
                exported.notes.push(told(&damage, "sound that was there is silence in sound.wav"));
                continue;
            }
        };
        let goes_on = breaks.goes_on(&item);
        let (before, is_block, is_afresh) = broke(&item);
        let (before, own) = item.values.split_at(before.min(item.values.len()));
        layout.go_on(before.len());
        for sample in before {
            wav.write_sample(*sample).map_err(refused)?;
        }
        if !is_block {
            layout.go_on(own.len());
        } else if !own.is_empty() {
            let before = match (is_afresh, goes_on) {
                (true, _) => Before::Nothing,
                (_, true) => Before::Block,
                (_, false) => Before::Gap,
            };
            for _ in 0..layout.place(recorded.secs(item.span.start), own.len(), before) {
                wav.write_sample(0.0f32).map_err(refused)?;
            }
        }
        for sample in own {
            wav.write_sample(*sample).map_err(refused)?;
        }
    }
    wav.finalize().map_err(refused)?;
    if layout.stretches.is_empty() {
        exported.notes.push("no sound.wav: there was no sound".to_owned());
        return Ok(());
    }
    part.finish(exported)?;
    let mut table = "file_start_s,file_end_s,session_start_s,session_end_s\n".to_owned();
    for Stretch { in_file: [from, to], on_clock: [began, ended] } in &layout.stretches {
        writeln!(table, "{from:.6},{to:.6},{began:.6},{ended:.6}").ok();
    }
    part::write(folder, "sound.csv", table.as_bytes(), exported)?;
    exported.notes.push(
        "sound.wav: second 0 is when the session began, and gaps (pauses, what was forgotten, what the card lost) are silence; \
         sound.csv says where its unbroken stretches are, in the file and on the session's clock: within one they differ by \
         the drift of the sound card"
            .to_owned(),
    );
    Ok(())
}

/// How many of a block's samples are of what was before a break; whether it has a time of its own (what a resampler still had in it
/// when the sound ended has none); and whether a resampler began with it.
fn broke(item: &Item) -> (usize, bool, bool) {
    let Some(what) = item.json() else { return (0, true, false) };
    let Some(broke) = what.get("broke") else { return (0, true, false) };
    let before = broke.get("before").and_then(Value::as_u64).unwrap_or(0);
    let is_block = broke.get("is_block").and_then(Value::as_bool).unwrap_or(true);
    let is_afresh = broke.get("restart").is_some_and(|restart| !restart.is_null());
    (usize::try_from(before).unwrap_or(usize::MAX), is_block, is_afresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_silence_and_drift_is_not() {
        let mut layout = Layout::default();

        // 10 ms blocks from 0.5 s on, of a card that is 200 ppm slow; 0.3 s are missing after ten minutes.
        let mut silences = Vec::new();
        for block in 0..90_000u32 {
            let missing = if block >= 60_000 { 0.3 } else { 0.0 };
            let silence = layout.place(0.5 + f64::from(block) * 0.010_002 + missing, 160, Before::Block);
            if silence > 0 {
                silences.push((block, silence));
            }
        }

        let first = layout.stretches[0];
        let drift = (first.on_clock[1] - first.on_clock[0]) - (first.in_file[1] - first.in_file[0]);
        assert!((drift - 0.12).abs() < 0.001, "{drift}");
        // The gap is filled so that its end is where it should be: 0.12 s of drift come with it.
        assert_eq!(silences, [(0, 8_000), (60_000, 6_720)]);
        assert_eq!(layout.stretches.len(), 2);
        let second = layout.stretches[1];
        assert!((second.in_file[0] - second.on_clock[0]).abs() < 1e-4, "{second:?}");
    }

    #[test]
    fn stamps_that_scatter_are_no_gaps() {
        let mut layout = Layout::default();
        let scatter = [0.0, 0.012, -0.008, 0.02, 0.003];

        let silences: u64 = (0..1000u32)
            .map(|block| layout.place(f64::from(block) * 0.02 + scatter[block as usize % 5], 320, Before::Block))
            .sum();

        assert_eq!((silences, layout.stretches.len()), (0, 1));
    }

    #[test]
    fn what_a_resampler_still_had_belongs_to_what_was_before() {
        let of = |bytes: &str| broke(&Item { bytes: bytes.as_bytes().to_vec(), ..Item::default() });

        assert_eq!(of(""), (0, true, false));
        assert_eq!(of(r#"{"broke":{"before":80,"restart":null,"is_block":false}}"#), (80, false, false));
        assert_eq!(of(r#"{"broke":{"before":0,"restart":7,"is_block":true}}"#), (0, true, true));
    }

    #[test]
    fn what_is_lost_little_by_little_is_filled_too() {
        let mut layout = Layout::default();

        // 3 ms are missing after each second: no clock drifts like that.
        let silence: u64 = (0..6_000u32)
            .map(|block| layout.place(f64::from(block) * 0.01 + f64::from(block / 100) * 0.003, 160, Before::Block))
            .sum();

        let missing = 59.0 * 0.003 * 16_000.0;
        assert!((silence as f64 - missing).abs() < 0.06 * 16_000.0 + 0.03 * 16_000.0, "{silence} of {missing}");
    }

    #[test]
    fn a_gap_is_as_long_as_it_was_also_where_a_resampler_has_a_delay() {
        let mut layout = Layout::default();

        // The first block lacks 80 samples, 5 ms, which come with the next; the tenth and eleventh aren't there.
        let mut silences = vec![layout.place(1.0, 80, Before::Nothing)];
        for block in (1..10u32).chain(12..100) {
            let before = if block == 12 { Before::Gap } else { Before::Block };
            silences.push(layout.place(1.0 + f64::from(block) * 0.01, 160, before));
        }

        assert_eq!(silences.iter().filter(|silence| **silence > 0).collect::<Vec<_>>(), [&16_000, &320]);
        for stretch in &layout.stretches {
            assert!((stretch.in_file[0] - stretch.on_clock[0]).abs() < 1e-4, "{stretch:?}");
        }
    }
}
