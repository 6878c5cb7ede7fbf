//! What is there, whether it is right, and how fast it is here.

use std::process::ExitCode;
use std::time::Duration;

use crate::capture::synthetic::SAMPLE_RATE_HZ;
use crate::capture::synthetic::SyntheticVoice;
use crate::command::Place;
use crate::command::list_devices;
use crate::condition::hear::Resampler;
use crate::encode::FACE_FEATURES;
use crate::encode::SpeechReader;
use crate::encode::VOICE_FEATURES;
use crate::fuse::FusionKind;
use crate::model::Input;
use crate::model::Length;
use crate::model::Manifest;
use crate::model::ModelError;
use crate::model::Network;
use crate::model::Runtime;
use crate::pipeline::Stages;
use crate::signal::Modality;
use crate::time::Clock as _;
use crate::time::MonotonicClock;

const SPOKEN_SECS: usize = 4;
const MEASURED_FOR: Duration = Duration::from_millis(300);

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    let manifest = Manifest::open(&place.models)?.of_variant(place.settings.stages.variant);
    println!("models in the folder {}, {} variant", place.models.display(), manifest.variant().name());
    let mut is_well = true;
    for (name, entry) in manifest.entries().filter(|(name, _)| !name.starts_with("fixture")) {
        match manifest.verified(name) {
            Ok(_) => println!("  ok       {name:<20} {:>8.1} MB  {}", entry.bytes as f64 / 1e6, entry.licence),
            Err(error) => {
                is_well = false;
                println!("  not ok   {name:<20} {error}");
            }
        }
    }
    match Runtime::load(&manifest) {
        Ok(runtime) => measure(&manifest, &runtime),
        Err(error) => {
            is_well = false;
            println!("runtime: {error}");
        }
    }
    let mut stages = Stages::load(&place.models, &place.settings.stages)?;
    if let Some((speech, _)) = &mut stages.words {
        measure_speech(speech)?;
    }
    println!("what will be on");
    for modality in Modality::ALL {
        match stages.off.iter().find(|(off, _)| *off == modality) {
            Some((_, why)) => println!("  off  {}: {why}", modality.name()),
            None => println!("  on   {}", modality.name()),
        }
    }
    println!("  on   fusion: {}", stages.fusions.chosen().name());
    for (kind, why) in stages.fusions.missing() {
        println!("  off  fusion {}: {why}", kind.name());
    }
    list_devices();
    let ffmpeg = std::process::Command::new("ffmpeg").arg("-version").output().is_ok();
    println!(
        "recordings: {}",
        if ffmpeg { "ffmpeg is there" } else { "WAV and pictures only; install ffmpeg for the rest" }
    );
    Ok(if is_well && stages.off.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Each network on one thread, on an input of its usual size.
fn measure(manifest: &Manifest, runtime: &Runtime) {
    println!("each network here, one thread, median of {} ms of runs", MEASURED_FOR.as_millis());
    let second = vec![0.01f32; 16_000];
    let ones = vec![1i64; 16_000];
    let picture = vec![0.5f32; 256 * 256 * 3];
    let at = |len: usize| picture.get(..len).unwrap_or(&picture);
    let head = |shape: &'static [usize; 2]| {
        let row = Input::F32(shape, at(shape[1]));
        vec![row, row, Input::F32(&[1, 1], &[1.0])]
    };
    let networks: [(&str, &str, Vec<Input<'_>>); 9] = [
        ("face_detector", "a picture", vec![Input::F32(&[1, 128, 128, 3], at(128 * 128 * 3))]),
        ("face_landmarks", "a face", vec![Input::F32(&[1, 256, 256, 3], &picture)]),
        ("face_blendshapes", "a face", vec![Input::F32(&[1, 146, 2], at(292))]),
        ("expression", "a face", vec![Input::F32(&[1, 3, 112, 112], at(3 * 112 * 112))]),
        ("face_head", "a reading", head(&[1, FACE_FEATURES])),
        (
            "silero_vad",
            "32 ms",
            vec![Input::F32(&[1, 576], at(576)), Input::F32(&[2, 1, 128], at(256)), Input::I64(&[], &[16_000])],
        ),
        ("moonshine_encoder", "1 s", vec![Input::F32(&[1, 16_000], &second), Input::I64(&[1, 16_000], &ones)]),
        ("voice_head", "a reading", head(&[1, VOICE_FEATURES])),
        ("words", "8 tokens", vec![Input::I64(&[1, 8], &[101, 2023, 2003, 1037, 2307, 2154, 999, 102])]),
    ];
    for (model, what, inputs) in networks.into_iter().filter(|(model, ..)| !manifest.withholds(model)) {
        match time(manifest, runtime, model, &inputs) {
            Ok(median) => println!("  {model:<20} {:>7.2} ms for {what}", median.as_secs_f64() * 1e3),
            Err(error) => println!("  {model:<20} {error}"),
        }
    }
    let fusions = FusionKind::CHOICE.into_iter().filter_map(FusionKind::model);
    for model in fusions.filter(|model| !manifest.withholds(model)) {
        match time_of_nothing(manifest, runtime, model) {
            Ok(median) => println!("  {model:<20} {:>7.2} ms for an answer", median.as_secs_f64() * 1e3),
            Err(error) => println!("  {model:<20} {error}"),
        }
    }
}

/// The same of a network whose inputs have one size each, given zeros.
fn time_of_nothing(manifest: &Manifest, runtime: &Runtime, model: &str) -> Result<Duration, ModelError> {
    let length = |one: &Length| match one {
        Length::Fixed(length) => usize::try_from(*length).unwrap_or(1),
        Length::Any(_) => 1,
    };
    let ports = manifest.contract(model)?.inputs;
    let shapes: Vec<Vec<usize>> = ports.iter().map(|port| port.shape.iter().map(length).collect()).collect();
    let zeros: Vec<Vec<f32>> = shapes.iter().map(|shape| vec![0.0; shape.iter().product()]).collect();
    let inputs: Vec<_> = shapes.iter().zip(&zeros).map(|(shape, zeros)| Input::F32(shape, zeros)).collect();
    time(manifest, runtime, model, &inputs)
}

/// Both Whispers, with the threads that they are given, on the beginning of what the synthetic participant says.
fn measure_speech(speech: &mut SpeechReader) -> anyhow::Result<()> {
    let mut device = vec![0.0; SAMPLE_RATE_HZ as usize * SPOKEN_SECS];
    SyntheticVoice::new()?.read(u64::from(SAMPLE_RATE_HZ), &mut device);
    let mut samples = Vec::new();
    Resampler::new(SAMPLE_RATE_HZ)?.push(&device, |ready| samples.extend_from_slice(ready));
    let clock = MonotonicClock::start();
    let (language, transcriber) = speech.listeners();
    language.tell(&samples)?;
    let told = clock.now();
    transcriber.transcribe(&samples)?;
    let (told_secs, secs) = (told.secs(), clock.now().since(told).as_secs_f64());
    println!("whisper here, on its own threads, once, for {SPOKEN_SECS} s of speech");
    println!("  {:<20} {:>7.2} ms", "which language", told_secs * 1e3);
    println!("  {:<20} {:>7.2} ms", "speech to text", secs * 1e3);
    Ok(())
}

fn time(manifest: &Manifest, runtime: &Runtime, model: &str, inputs: &[Input<'_>]) -> Result<Duration, ModelError> {
    let mut network = Network::load(manifest, runtime, model)?;
    let clock = MonotonicClock::start();
    let (mut outputs, mut times) = (Vec::new(), Vec::new());
    while times.is_empty() || clock.now().since(crate::time::Timestamp::ZERO) < MEASURED_FOR {
        let began = clock.now();
        network.run(inputs, &mut outputs)?;
        times.push(clock.now().since(began));
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}
