//! Times whisper-rs on the synthetic participant's utterances: `cargo run --release --example transcribe -- DIR ROUNDS`.
//!
//! Writes each utterance to `DIR/N.wav` (16 kHz mono) and prints a line for each: file, encoder positions, the median of
//! `ROUNDS` transcriptions in ms, text. `models/training/compare_whisper_cpp.py` holds it against whisper.cpp's own
//! command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "an example may fail loudly")]

use std::env;
use std::fs;
use std::path::Path;

use circumplex::capture::synthetic::SAMPLE_RATE_HZ;
use circumplex::capture::synthetic::SyntheticVoice;
use circumplex::condition::hear::Ear;
use circumplex::condition::hear::EarSettings;
use circumplex::condition::hear::Heard;
use circumplex::condition::hear::Hearing;
use circumplex::condition::hear::RATE_HZ;
use circumplex::condition::hear::Resampler;
use circumplex::condition::hear::Vad;
use circumplex::encode::SpeechReader;
use circumplex::encode::SpeechSettings;
use circumplex::model::Manifest;
use circumplex::model::Runtime;
use circumplex::time::Clock as _;
use circumplex::time::MonotonicClock;

const SECS: usize = 30;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder = Path::new(arguments.first().expect("which folder?"));
    let rounds: usize = arguments.get(1).map_or(5, |text| text.parse().expect("how many rounds?"));
    fs::create_dir_all(folder).unwrap();
    let manifest = Manifest::open(Path::new("models")).expect("run `bash models/setup` first");
    let runtime = Runtime::load(&manifest).unwrap();

    let mut samples = vec![0.0; SAMPLE_RATE_HZ as usize * SECS];
    SyntheticVoice::new().unwrap().read(0, &mut samples);
    let ear = Ear::new(Vad::load(&manifest, &runtime).unwrap(), EarSettings::default());
    let mut utterances = Vec::new();
    Hearing::new(ear, Resampler::new(SAMPLE_RATE_HZ).unwrap())
        .push(0, &samples, |heard| {
            if let Heard::Utterance { utterance, .. } = heard {
                utterances.push(*utterance);
            }
        })
        .unwrap();

    let mut reader = SpeechReader::load(&manifest, SpeechSettings::default()).unwrap();
    let (_, transcriber) = reader.listeners();
    let clock = MonotonicClock::start();
    for (at, utterance) in utterances.iter().enumerate() {
        let path = folder.join(format!("{at}.wav"));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE_HZ,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = hound::WavWriter::create(&path, spec).unwrap();
        for sample in &utterance.samples {
            file.write_sample((sample * 32_767.0) as i16).unwrap();
        }
        file.finalize().unwrap();
        let mut text = String::new();
        let mut times: Vec<f64> = (0..rounds)
            .map(|_| {
                let began = clock.now();
                text = transcriber.transcribe(&utterance.samples).unwrap().text;
                clock.now().since(began).as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{}\t{}\t{:.1}\t{text}", path.display(), transcriber.positions(), times[rounds / 2]);
    }
}
