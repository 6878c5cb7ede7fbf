//! What several promises need: the models, sounds and pictures.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use circumplex::capture::synthetic::SAMPLE_RATE_HZ;
use circumplex::capture::synthetic::SyntheticVoice;
use circumplex::condition::hear::RATE_HZ;
use circumplex::condition::hear::Resampler;
use circumplex::model::Manifest;
use circumplex::model::Runtime;

/// The folder of the manifest.
pub fn models() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models")
}

pub fn manifest() -> Manifest {
    Manifest::open(&models()).unwrap()
}

pub fn runtime() -> Runtime {
    Runtime::load(&manifest()).unwrap_or_else(|error| panic!("{error}"))
}

/// A recording or picture that set-up fetches.
pub fn fixture(name: &str) -> PathBuf {
    let path = models().join("fetched/fixtures").join(name);
    assert!(path.exists(), "{path:?} isn't there; run `bash models/setup`");
    path
}

/// The synthetic participant's voice from second `from` to second `to`, at 16 kHz.
pub fn voice(from: f64, to: f64) -> Vec<f32> {
    let mut device = vec![0.0; place(to - from, SAMPLE_RATE_HZ)];
    SyntheticVoice::new().unwrap().read(place(from, SAMPLE_RATE_HZ) as u64, &mut device);
    resampled(SAMPLE_RATE_HZ, [device.as_slice()])
}

/// Blocks at `rate_hz` as they are at 16 kHz.
pub fn resampled<'a>(rate_hz: u32, blocks: impl IntoIterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut resampler = Resampler::new(rate_hz).unwrap();
    let mut samples = Vec::new();
    for block in blocks {
        resampler.push(block, |ready| samples.extend_from_slice(ready));
    }
    resampler.finish(|ready| samples.extend_from_slice(ready));
    samples
}

/// Noise between −1 and 1, always the same for a `seed`.
pub fn noise(seed: u64) -> impl Iterator<Item = f32> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    })
}

/// A sum of sines of these frequencies, 16 kHz, together `amplitude` high.
pub fn tones(frequencies_hz: &[f32], amplitude: f32, secs: f32) -> Vec<f32> {
    let count = (secs * RATE_HZ as f32) as usize;
    let share = amplitude / frequencies_hz.len() as f32;
    let at = |index: usize, hz: f32| share * (std::f32::consts::TAU * hz * (index as f32 / RATE_HZ as f32)).sin();
    (0..count).map(|index| frequencies_hz.iter().map(|&hz| at(index, hz)).sum()).collect()
}

/// Cuts `all` into blocks of these lengths, again and again from the first.
pub fn blocks<'a>(all: &'a [f32], lengths: &[usize]) -> Vec<&'a [f32]> {
    let (mut rest, mut cut) = (all, Vec::new());
    for &length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (block, after) = rest.split_at(length.clamp(1, rest.len()));
        cut.push(block);
        rest = after;
    }
    cut
}

fn place(secs: f64, rate_hz: u32) -> usize {
    (secs * f64::from(rate_hz)).round() as usize
}

/// The program, asked for something, with settings as they come.
pub fn program(arguments: &[&str]) -> Output {
    program_set(Path::new("/dev/null"), arguments)
}

/// The same with a settings file.
pub fn program_set(settings: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_circumplex"))
        .args(arguments)
        .arg("--settings")
        .arg(settings)
        .output()
        .expect("the program starts")
}

/// All that it said.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The synthetic voice's first `secs` seconds as a WAV file.
pub fn spoken(folder: &Path, name: &str, secs: impl Into<f64>) -> PathBuf {
    let mut samples = vec![0.0f32; (f64::from(SAMPLE_RATE_HZ) * secs.into()) as usize];
    SyntheticVoice::new().unwrap().read(0, &mut samples);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path = folder.join(name);
    let mut file = hound::WavWriter::create(&path, spec).unwrap();
    for sample in samples {
        file.write_sample((sample * 32_000.0) as i16).unwrap();
    }
    file.finalize().unwrap();
    path
}
