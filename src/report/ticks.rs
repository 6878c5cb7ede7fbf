//! What fusion is given, tick by tick, as numpy arrays: what fusions are trained on.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use ndarray::Array1;
use ndarray::Array2;
use ndarray_npy::NpzWriter;

use crate::pipeline::Tick;
use crate::report::ReportError;
use crate::signal::Evidence;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::Reading;
use crate::time::Timestamped;

/// Gathers the ticks of one recording, and writes them as one `.npz`.
///
/// `T` ticks; for each modality `N` readings, each of which stands for several ticks:
///
/// | array                  | shape     | is                                                                   |
/// |------------------------|-----------|----------------------------------------------------------------------|
/// | `time_s`               | `[T]`     | time of the tick, s                                                  |
/// | `trouble`              | `[T, 3]`  | 1 where the face, the voice, the words are spoilt on purpose, else 0 |
/// | `fused`                | `[T, 14]` | the program's own answer then: reading (11), gates (3); NaN if none  |
/// | `MODALITY_index`       | `[T]`     | which reading stands, or −1 if the modality is absent                |
/// | `MODALITY_span_s`      | `[N, 2]`  | the stretch of time that a reading is about, s                       |
/// | `MODALITY_reading`     | `[N, 11]` | seven probabilities, valence, arousal, their standard deviations     |
/// | `MODALITY_quality`     | `[N]`     | how far the input can be trusted, 0…1                                |
/// | `MODALITY_reliability` | `[N, R]`  | what that rests on, as named in `features.json`                      |
/// | `MODALITY_known_s`     | `[N]`     | how long the person was known, s                                     |
/// | `MODALITY_embedding`   | `[N, D]`  | what only a network can read                                         |
#[derive(Debug)]
pub struct TickFile {
    time_s: Vec<f64>,
    trouble: Vec<[u8; 3]>,
    fused: Vec<[f32; FUSED]>,
    streams: [Stream; 3],
}

#[derive(Debug, Default)]
struct Stream {
    last: Option<u64>,
    index: Vec<i64>,
    span_s: Vec<[f64; 2]>,
    reading: Vec<[f32; READING]>,
    quality: Vec<f32>,
    reliability: Vec<Vec<f32>>,
    known_s: Vec<f32>,
    embedding: Vec<Vec<f32>>,
    /// How many reliabilities and how long an embedding.
    widths: (usize, usize),
}

const READING: usize = Label::COUNT + 4;
const FUSED: usize = READING + 3;

impl TickFile {
    /// Empty, for modalities (in the order of [`Modality::ALL`]) of so many reliabilities and so long embeddings.
    #[must_use]
    pub fn new(widths: [(usize, usize); 3]) -> Self {
        let streams = widths.map(|widths| Stream { widths, ..Stream::default() });
        Self { time_s: Vec::new(), trouble: Vec::new(), fused: Vec::new(), streams }
    }

    /// Takes in a tick, and which modalities (in the order of [`Modality::ALL`]) are spoilt on purpose then.
    pub fn add(&mut self, tick: &Tick, trouble: [bool; 3]) {
        self.time_s.push(tick.moment.at.secs());
        self.trouble.push(trouble.map(u8::from));
        self.fused.push(tick.fused.as_ref().map_or([f32::NAN; FUSED], |fused| {
            let mut row = [0.0; FUSED];
            let gates = Modality::ALL.map(|one| fused.gates.of(one));
            for (place, value) in row.iter_mut().zip(numbers(&fused.reading).into_iter().chain(gates)) {
                *place = value;
            }
            row
        }));
        for (stream, modality) in self.streams.iter_mut().zip(Modality::ALL) {
            stream.add(tick.moment.of(modality).as_ref().ok());
        }
    }

    /// Writes all to `path`, whole or not at all.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write(self, path: &Path) -> Result<(), ReportError> {
        let part = PathBuf::from(format!("{}.part", path.display()));
        let done = self.write_part(&part).and_then(|()| Ok(std::fs::rename(&part, path)?));
        if done.is_err() {
            std::fs::remove_file(&part).ok();
        }
        done
    }

    fn write_part(self, part: &Path) -> Result<(), ReportError> {
        let mut file = NpzWriter::new(File::create(part)?);
        file.add_array("time_s", &Array1::from(self.time_s))?;
        file.add_array("trouble", &Array2::from(self.trouble))?;
        file.add_array("fused", &Array2::from(self.fused))?;
        for (stream, modality) in self.streams.into_iter().zip(Modality::ALL) {
            let name = |what: &str| format!("{}_{what}", modality.name());
            file.add_array(name("index"), &Array1::from(stream.index))?;
            file.add_array(name("span_s"), &Array2::from(stream.span_s))?;
            file.add_array(name("reading"), &Array2::from(stream.reading))?;
            file.add_array(name("quality"), &Array1::from(stream.quality))?;
            file.add_array(name("reliability"), &table(&stream.reliability, stream.widths.0))?;
            file.add_array(name("known_s"), &Array1::from(stream.known_s))?;
            file.add_array(name("embedding"), &table(&stream.embedding, stream.widths.1))?;
        }
        file.finish()?;
        Ok(())
    }
}

impl Stream {
    fn add(&mut self, evidence: Option<&Timestamped<Evidence>>) {
        let Some(Timestamped { span, seq, value }) = evidence else {
            self.index.push(-1);
            return;
        };
        if self.last != Some(*seq) {
            self.last = Some(*seq);
            self.span_s.push([span.start.secs(), span.end.secs()]);
            self.reading.push(numbers(&value.reading));
            self.quality.push(value.quality);
            self.reliability.push(value.reliability.to_vec());
            self.known_s.push(value.known_secs);
            self.embedding.push(value.embedding.to_vec());
        }
        self.index.push(self.span_s.len() as i64 - 1);
    }
}

fn numbers(reading: &Reading) -> [f32; READING] {
    let affect = &reading.affect;
    let own = [affect.valence.get(), affect.arousal.get(), affect.valence_sd, affect.arousal_sd];
    let mut row = [0.0; READING];
    for (place, value) in row.iter_mut().zip(reading.probabilities.into_iter().chain(own)) {
        *place = value;
    }
    row
}

/// Rows of this length as a table; what is missing at the end of one is 0.
fn table(rows: &[Vec<f32>], width: usize) -> Array2<f32> {
    let mut table = Array2::zeros((rows.len(), width));
    for (mut place, row) in table.rows_mut().into_iter().zip(rows) {
        for (cell, value) in place.iter_mut().zip(row) {
            *cell = *value;
        }
    }
    table
}
