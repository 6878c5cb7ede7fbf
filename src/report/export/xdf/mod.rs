//! XDF 1.0: the session as streams, as a lab's network would have had them.
//!
//! | stream                | type               | is                                                             |
//! |-----------------------|--------------------|----------------------------------------------------------------|
//! | `Circumplex_Affect`   | `Affect`           | the answer, at 25 Hz                                           |
//! | `Circumplex_Emotions` | `Affect`           | its labels, at 25 Hz                                           |
//! | `Circumplex_Face`     | `FacialExpression` | each picture that was looked at                                |
//! | `Circumplex_Gaze`     | `Gaze`             | where the eyes look in it                                      |
//! | `Circumplex_Voice`    | `Voice`            | each window of talk                                            |
//! | `Circumplex_Level`    | `Audio`            | how loud it is                                                 |
//! | `Circumplex_Speech`   | `Markers`          | JSON for each utterance, if the words were kept                |
//! | `Circumplex_Events`   | `Markers`          | markers' text, and what else happened                          |
//!
//! Time 0 is when the session began. All streams are of one clock, so their clock offsets are 0, and say so every 5 s. A stream
//! without a sample is left out.
//!
//! # Why
//!
//! Answers come about 25 times a second, but not evenly, and readers straighten out the times of a stream that says it is regular.
//! So the regular ones are put on an even grid: each sample is the answer that stood then, NaN where there was none. All the
//! others have no rate, and each sample has its own time.
//!
//! Source: <https://github.com/sccn/xdf/wiki/Specifications>.

mod chunks;
mod streams;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use crate::report::export::ExportError;
use crate::report::export::Exported;
use crate::report::export::Recorded;
use crate::report::export::part::Part;
use crate::report::export::recorded;
use crate::report::export::xdf::chunks::Footer;
use crate::report::export::xdf::streams::Samples;
use crate::report::export::xdf::streams::Stream;
use crate::session::Header;

/// What stands for the host in the streams' names.
const HOST: &str = "Circumplex";
/// Seconds between two clock offsets, and between two boundaries.
const OFFSETS_SECS: i64 = 5;
const BOUNDARY_SECS: i64 = 10;

/// The file's name.
pub(super) fn file_name(header: &Header) -> String {
    format!("{}.xdf", recorded::name(header))
}

/// Writes the file.
pub(super) fn write(recorded: &Recorded<'_>, folder: &Path, exported: &mut Exported) -> Result<(), ExportError> {
    let mut part = Part::create(folder, &file_name(recorded.header()))?;
    let path = part.path().to_path_buf();
    let streams = streams::all(recorded);
    document(recorded, &streams, |bytes| part.write_all(bytes)).map_err(ExportError::disk(&path))?;
    part.finish(exported)
}

/// Everything, chunk by chunk in the order of time.
fn document(
    recorded: &Recorded<'_>,
    streams: &[Stream],
    mut give: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    give(&chunks::file(recorded)?)?;
    let mut footers = Vec::new();
    for (id, stream) in (1u32..).zip(streams) {
        give(&chunks::header(id, stream, recorded)?)?;
        footers.push(Footer::default());
    }
    let mut offsets = Vec::new();
    let mut boundary_at = None;
    for (second, groups) in by_second(streams) {
        let at = second as f64;
        if offsets.last().is_none_or(|last| at - last >= OFFSETS_SECS as f64) {
            offsets.push(at);
            for id in (1u32..).take(streams.len()) {
                give(&chunks::offset(id, at))?;
            }
        }
        if boundary_at.is_none_or(|last| second - last >= BOUNDARY_SECS) {
            boundary_at = Some(second);
            give(&chunks::boundary())?;
        }
        for (place, range) in groups {
            let (Some(stream), Some(footer)) = (streams.get(place), footers.get_mut(place)) else { continue };
            give(&chunks::samples(place as u32 + 1, &stream.samples, range.clone()))?;
            footer.count(stream, range);
        }
    }
    // The last one lies after the last sample.
    let end = footers.iter().filter_map(|footer| footer.last).reduce(f64::max);
    if let Some(end) = end.filter(|end| offsets.last().is_some_and(|last| end > last)) {
        offsets.push(end);
        for id in (1u32..).take(streams.len()) {
            give(&chunks::offset(id, end))?;
        }
    }
    for (id, (stream, footer)) in (1u32..).zip(streams.iter().zip(&footers)) {
        give(&chunks::footer(id, stream, footer, &offsets)?)?;
    }
    Ok(())
}

/// Each second in which there is a sample, and the samples of each stream in it.
fn by_second(streams: &[Stream]) -> BTreeMap<i64, Vec<(usize, Range<usize>)>> {
    let mut seconds = BTreeMap::<i64, Vec<(usize, Range<usize>)>>::new();
    for (place, stream) in streams.iter().enumerate() {
        let times = stream.samples.times();
        let mut from = 0;
        for to in 1..=times.len() {
            let second = |at: usize| times.get(at).map(|time| time.floor() as i64);
            if second(to) != second(from) {
                seconds.entry(second(from).unwrap_or_default()).or_default().push((place, from..to));
                from = to;
            }
        }
    }
    seconds
}

impl Footer {
    fn count(&mut self, stream: &Stream, range: Range<usize>) {
        let times = stream.samples.times();
        let times = times.get(range).unwrap_or_default();
        self.first = self.first.or_else(|| times.first().copied());
        self.last = times.last().copied().or(self.last);
        self.samples += times.len();
    }
}

#[cfg(test)]
mod tests;
