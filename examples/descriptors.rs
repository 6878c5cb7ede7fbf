//! Prints the readable measures of a recording as CSV.
//!
//! ```text
//! cargo run --release --example descriptors -- FILE.wav                 one row per 10 ms
//! cargo run --release --example descriptors -- FILE.wav --functionals   one row for the file
//! cargo run --release --example descriptors -- FILE.wav --speed         CPU time per second
//! ```
//!
//! The file is 16 kHz mono; others are turned away.

#![allow(clippy::cast_precision_loss, reason = "counts and samples are small")]

use std::io::{BufWriter, Write as _};
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use circumplex::condition::descriptors::{DescriptorFrame, Descriptors, FUNCTIONAL_NAMES, RATE_HZ, functionals};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(path), what) = (arguments.first(), arguments.get(1).map(String::as_str)) else {
        bail!("name a 16 kHz mono WAV file");
    };
    let samples = read(path)?;
    match what {
        None => print_frames(&frames(&samples)),
        Some("--functionals") => print_functionals(&frames(&samples)),
        Some("--speed") => print_speed(&samples),
        Some(other) => bail!("there is no {other}; leave it out, or give --functionals or --speed"),
    }
}

fn read(path: &str) -> anyhow::Result<Vec<f32>> {
    let mut wav = hound::WavReader::open(path).with_context(|| format!("can't open {path}"))?;
    let spec = wav.spec();
    ensure!(
        spec.sample_rate == RATE_HZ && spec.channels == 1,
        "{path} has {} Hz and {} channels; make it 16000 Hz and mono",
        spec.sample_rate,
        spec.channels
    );
    let samples: Result<Vec<f32>, _> = match spec.sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().collect(),
        hound::SampleFormat::Int => {
            let full_scale = 2.0_f32.powi(i32::from(spec.bits_per_sample) - 1);
            wav.samples::<i32>().map(|sample| sample.map(|s| s as f32 / full_scale)).collect()
        }
    };
    samples.with_context(|| format!("can't read {path}"))
}

fn frames(samples: &[f32]) -> Vec<DescriptorFrame> {
    let mut descriptors = Descriptors::new();
    let mut frames = Vec::new();
    descriptors.push(samples, |_, frame| frames.push(*frame));
    descriptors.finish(|_, frame| frames.push(*frame));
    frames
}

fn print_frames(frames: &[DescriptorFrame]) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "start_secs,{}", DescriptorFrame::NAMES.join(","))?;
    for (i, frame) in frames.iter().enumerate() {
        let values: Vec<String> = frame.values().iter().map(f32::to_string).collect();
        writeln!(out, "{:.2},{}", i as f32 * 0.01, values.join(","))?;
    }
    Ok(())
}

fn print_functionals(frames: &[DescriptorFrame]) -> anyhow::Result<()> {
    let mut values = [0.0; 88];
    functionals(frames, &mut values);
    let values: Vec<String> = values.iter().map(f32::to_string).collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}\n{}", FUNCTIONAL_NAMES.join(","), values.join(","))?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "it measures this machine")]
fn print_speed(samples: &[f32]) -> anyhow::Result<()> {
    let secs = samples.len() as f64 / f64::from(RATE_HZ);
    let begin = Instant::now();
    let frames = frames(samples);
    let per_second = begin.elapsed().as_secs_f64() * 1000.0 / secs;

    ensure!(!frames.is_empty(), "the file is shorter than one window, 60 ms");
    let (window, _) = frames.split_at(frames.len().min(400));
    let mut values = [0.0; 88];
    let begin = Instant::now();
    functionals(window, &mut values);
    let summary = begin.elapsed().as_secs_f64() * 1000.0;
    println!("descriptors   {per_second:.2} ms per second of sound");
    println!("functionals   {summary:.3} ms for {} frames", window.len());
    Ok(())
}
