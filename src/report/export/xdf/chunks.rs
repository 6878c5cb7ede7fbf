//! The chunks of a file, as bytes.

use std::io;
use std::ops::Range;

use crate::report::export::Recorded;
use crate::report::export::xdf::Samples;
use crate::report::export::xdf::Stream;
use crate::report::export::xml::Xml;

/// The first bytes of a file.
pub(super) const MAGIC: &[u8; 4] = b"XDF:";
/// What a boundary chunk holds, by which a reader finds its way again.
const BOUNDARY: [u8; 16] =
    [0x43, 0xA5, 0x46, 0xDC, 0xCB, 0xF5, 0x41, 0x0F, 0xB3, 0x0E, 0xD5, 0x46, 0x73, 0x83, 0xCB, 0xE4];
const FILE_HEADER: u16 = 1;
const STREAM_HEADER: u16 = 2;
const SAMPLES: u16 = 3;
const CLOCK_OFFSET: u16 = 4;
const BOUNDARY_TAG: u16 = 5;
const STREAM_FOOTER: u16 = 6;

/// What is known of a stream at its end.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Footer {
    pub(super) first: Option<f64>,
    pub(super) last: Option<f64>,
    pub(super) samples: usize,
}

/// A length as its own length, 4 or 8 (1 for short ones), and itself.
fn length(out: &mut Vec<u8>, length: usize) {
    match (u8::try_from(length), u32::try_from(length)) {
        (Ok(length), _) => out.extend([1, length]),
        (_, Ok(length)) => {
            out.push(4);
            out.extend(length.to_le_bytes());
        }
        _ => {
            out.push(8);
            out.extend((length as u64).to_le_bytes());
        }
    }
}

fn chunk(tag: u16, parts: &[&[u8]]) -> Vec<u8> {
    let body = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Vec::with_capacity(body + 9);
    length(&mut out, body);
    out.extend(tag.to_le_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// The beginning of the file.
pub(super) fn file(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let header = recorded.header();
    let xml = Xml::document(|xml| {
        xml.with("info", &[], |xml| {
            xml.text("version", "1.0")?;
            xml.text("datetime", &header.began_utc)?;
            xml.text("session", &header.name)?;
            xml.text("participant", &header.subject.participant)?;
            xml.text("task", &header.subject.task)?;
            xml.text("writer", &header.program)?;
            xml.text("time_zero", "when the session began: datetime")
        })
    })?;
    Ok([&MAGIC[..], &chunk(FILE_HEADER, &[&xml])].concat())
}

pub(super) fn header(id: u32, stream: &Stream, recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let about = recorded.header();
    let xml = Xml::document(|xml| {
        xml.with("info", &[], |xml| {
            xml.text("name", &stream.name)?;
            xml.text("type", stream.kind)?;
            xml.text("channel_count", &stream.channels.len().to_string())?;
            xml.text("nominal_srate", &stream.rate_hz.to_string())?;
            xml.text("channel_format", stream.samples.format())?;
            xml.text("source_id", &format!("{}:{}", about.name, stream.name))?;
            xml.text("version", "1.1")?;
            xml.text("created_at", "0")?;
            xml.text("uid", &format!("{}:{}", about.name, stream.name))?;
            xml.text("session_id", &about.name)?;
            xml.with("desc", &[], |xml| {
                xml.text("about", stream.about)?;
                channels(xml, stream)?;
                synchronization(xml, stream)?;
                xml.with("acquisition", &[], |xml| {
                    xml.text("manufacturer", "Circumplex")?;
                    xml.text("model", &about.program)?;
                    xml.text("source", &about.source_names.join(", "))
                })
            })
        })
    })?;
    Ok(chunk(STREAM_HEADER, &[&id.to_le_bytes(), &xml]))
}

fn channels(xml: &mut Xml<Vec<u8>>, stream: &Stream) -> io::Result<()> {
    xml.with("channels", &[], |xml| {
        for channel in &stream.channels {
            xml.with("channel", &[], |xml| {
                xml.text("label", &channel.label)?;
                if stream.kind == "Gaze" {
                    xml.text("eye", "both")?;
                }
                xml.text("unit", &channel.unit)?;
                xml.text("type", &channel.kind)
            })?;
        }
        Ok(())
    })
}

/// The stamps are of when a thing was true, as far as it is known: nothing is left to take off them. Those of the regular streams
/// have no gaps, the others have.
fn synchronization(xml: &mut Xml<Vec<u8>>, stream: &Stream) -> io::Result<()> {
    xml.with("synchronization", &[], |xml| {
        xml.text("time_source", "one monotonic clock for all streams of this file")?;
        xml.text("offset_mean", "0")?;
        xml.text("can_drop_samples", if stream.rate_hz > 0.0 { "false" } else { "true" })
    })
}

/// Some samples, each with its time.
pub(super) fn samples(id: u32, samples: &Samples, range: Range<usize>) -> Vec<u8> {
    let mut body = Vec::new();
    length(&mut body, range.len());
    match samples {
        Samples::Numbers { times, rows } => {
            let rows = times.iter().zip(rows).skip(range.start).take(range.len());
            for (time, row) in rows {
                stamp(&mut body, *time);
                for value in row {
                    body.extend(value.to_le_bytes());
                }
            }
        }
        Samples::Words { times, words } => {
            let rows = times.iter().zip(words).skip(range.start).take(range.len());
            for (time, word) in rows {
                stamp(&mut body, *time);
                length(&mut body, word.len());
                body.extend_from_slice(word.as_bytes());
            }
        }
    }
    chunk(SAMPLES, &[&id.to_le_bytes(), &body])
}

fn stamp(body: &mut Vec<u8>, time: f64) {
    body.push(8);
    body.extend(time.to_le_bytes());
}

/// That a stream's clock was the file's at `time`.
pub(super) fn offset(id: u32, time: f64) -> Vec<u8> {
    chunk(CLOCK_OFFSET, &[&id.to_le_bytes(), &time.to_le_bytes(), &0f64.to_le_bytes()])
}

pub(super) fn boundary() -> Vec<u8> {
    chunk(BOUNDARY_TAG, &[&BOUNDARY])
}

pub(super) fn footer(id: u32, stream: &Stream, footer: &Footer, offsets: &[f64]) -> io::Result<Vec<u8>> {
    let xml = Xml::document(|xml| {
        xml.with("info", &[], |xml| {
            xml.text("first_timestamp", &footer.first.unwrap_or_default().to_string())?;
            xml.text("last_timestamp", &footer.last.unwrap_or_default().to_string())?;
            xml.text("sample_count", &footer.samples.to_string())?;
            if stream.rate_hz > 0.0 {
                xml.text("measured_srate", &stream.rate_hz.to_string())?;
            }
            xml.with("clock_offsets", &[], |xml| {
                for time in offsets {
                    xml.with("offset", &[], |xml| {
                        xml.text("time", &time.to_string())?;
                        xml.text("value", "0")
                    })?;
                }
                Ok(())
            })
        })
    })?;
    Ok(chunk(STREAM_FOOTER, &[&id.to_le_bytes(), &xml]))
}
