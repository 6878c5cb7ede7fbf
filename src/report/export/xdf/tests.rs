//! A reader that is small enough to be right by looking at it.

use std::collections::BTreeMap;

use super::*;
use crate::report::export::Form;
use crate::report::support;

#[derive(Default)]
struct Read {
    headers: BTreeMap<u32, String>,
    footers: BTreeMap<u32, String>,
    times: BTreeMap<u32, Vec<f64>>,
    numbers: BTreeMap<u32, Vec<Vec<f32>>>,
    words: BTreeMap<u32, Vec<String>>,
    offsets: BTreeMap<u32, Vec<(f64, f64)>>,
    boundaries: usize,
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take(&mut self, count: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }
    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }
    fn f64(&mut self) -> f64 {
        f64::from_le_bytes(self.take(8).try_into().unwrap())
    }
    fn length(&mut self) -> usize {
        match self.byte() {
            1 => usize::from(self.byte()),
            4 => self.u32() as usize,
            8 => u64::from_le_bytes(self.take(8).try_into().unwrap()) as usize,
            other => panic!("a length of {other} bytes"),
        }
    }
}

fn between<'a>(text: &'a str, tag: &str) -> &'a str {
    let from = text.find(&format!("<{tag}>")).unwrap_or_else(|| panic!("no {tag} in {text}")) + tag.len() + 2;
    &text[from..from + text[from..].find(&format!("</{tag}>")).unwrap()]
}

fn read(file: &[u8]) -> Read {
    let (mut read, mut rest) = (Read::default(), Bytes(file));
    assert_eq!(rest.take(4), chunks::MAGIC);
    while !rest.0.is_empty() {
        let length = rest.length();
        let mut body = Bytes(rest.take(length));
        let tag = u16::from_le_bytes(body.take(2).try_into().unwrap());
        let id = if [2, 3, 4, 6].contains(&tag) { body.u32() } else { 0 };
        match tag {
            2 => drop(read.headers.insert(id, String::from_utf8(body.0.to_vec()).unwrap())),
            6 => drop(read.footers.insert(id, String::from_utf8(body.0.to_vec()).unwrap())),
            4 => read.offsets.entry(id).or_default().push((body.f64(), body.f64())),
            5 => read.boundaries += 1,
            3 => {
                let header = &read.headers[&id];
                let channels: usize = between(header, "channel_count").parse().unwrap();
                for _ in 0..body.length() {
                    assert_eq!(body.byte(), 8);
                    read.times.entry(id).or_default().push(body.f64());
                    if between(header, "channel_format") == "string" {
                        let length = body.length();
                        let word = String::from_utf8(body.take(length).to_vec()).unwrap();
                        read.words.entry(id).or_default().push(word);
                    } else {
                        let row = (0..channels).map(|_| f32::from_bits(body.u32())).collect();
                        read.numbers.entry(id).or_default().push(row);
                    }
                }
                assert!(body.0.is_empty());
            }
            other => assert_eq!(other, 1),
        }
    }
    read
}

impl Read {
    fn named(&self, name: &str) -> u32 {
        let is_it = |header: &String| between(header, "name") == format!("Circumplex_{name}");
        *self.headers.iter().find(|(_, header)| is_it(header)).unwrap().0
    }
}

fn exported() -> Read {
    let made = support::session();
    let path = made.export(Form::Xdf).join(file_name(&made.kept.header));
    read(&std::fs::read(path).unwrap())
}

#[test]
fn footers_say_what_is_there_and_offsets_are_none_every_few_seconds() {
    let read = exported();

    assert_eq!((read.headers.len(), read.footers.len()), (8, 8));
    for (id, footer) in &read.footers {
        let times = &read.times[id];
        assert_eq!(between(footer, "sample_count"), times.len().to_string());
        assert_eq!(between(footer, "first_timestamp").parse(), Ok(times[0]));
        assert_eq!(between(footer, "last_timestamp").parse(), Ok(times[times.len() - 1]));
        assert!(times.is_sorted());
        let offsets = &read.offsets[id];
        assert_eq!(footer.matches("<offset>").count(), offsets.len());
        assert!(offsets.iter().all(|(_, value)| *value == 0.0));
        assert!(offsets.windows(2).all(|pair| pair[1].0 > pair[0].0 && pair[1].0 - pair[0].0 <= 6.0), "{offsets:?}");
    }
    assert_eq!(read.boundaries, 2);
}

#[test]
fn the_regular_streams_are_even_and_say_nothing_where_nothing_was_read() {
    let read = exported();
    let id = read.named("Affect");

    let (times, rows) = (&read.times[&id], &read.numbers[&id]);
    assert_eq!(between(&read.headers[&id], "nominal_srate"), "25");
    assert!(times.iter().enumerate().all(|(at, time)| (time - at as f64 / 25.0).abs() < 1e-9));
    // The last that was taken note of came 60 ms after the end.
    assert_eq!(times.len(), 252);
    assert_eq!(rows[25][..7], [0.5, -0.25, 0.125, 0.25, 0.75, 0.25, 0.0]);
    assert!((rows[75][7] - 0.8).abs() < 1e-6, "{:?}", rows[75]);
    // Nothing was read from 4 to 5, and 6 to 7 is forgotten.
    for (at, row) in rows.iter().enumerate() {
        let is_known = !((100..125).contains(&at) || (150..175).contains(&at));
        assert_eq!(row[0].is_finite(), is_known, "{}", times[at]);
    }
}

#[test]
fn what_was_forgotten_is_in_no_stream_of_single_samples() {
    let read = exported();

    for name in ["Face", "Gaze", "Level"] {
        let times = &read.times[&read.named(name)];
        assert!(times.iter().any(|time| *time > 7.0) && !times.iter().any(|time| (6.0..6.9).contains(time)), "{name}");
    }
}

#[test]
fn markers_are_as_they_were_corrected() {
    let read = exported();
    let id = read.named("Events");

    let said: Vec<_> = read.times[&id].iter().zip(&read.words[&id]).collect();
    let find = |text: &str| said.iter().find(|(_, word)| word.contains(text)).map(|(time, _)| **time);
    assert_eq!(find("tone: soft"), Some(1.5));
    assert_eq!(find("exclude: talk with the operator (begins)"), Some(2.0));
    assert_eq!(find("exclude: talk with the operator (ends)"), Some(3.0));
    assert_eq!((find("mistake"), find("loud")), (None, None));
    let speech = &read.words[&read.named("Speech")][0];
    assert!(speech.contains(r#"good, \"very\" good <&>"#) && speech.contains(r#""start_s":2.0"#), "{speech}");
}
