//! What each stage costs on one core: `cargo bench`.
//!
//! | benchmark        | one run is                                                       |
//! |------------------|------------------------------------------------------------------|
//! | `face chain`     | one 720p frame: track, blendshapes, expression, reading          |
//! | `hear`           | one second of speech: voice activity, descriptors, cutting       |
//! | `voice window`   | one window of four seconds: acoustic encoder, reading            |
//! | `words`          | one spoken sentence: language, Whisper, its reading              |
//! | `fusion`         | one answer by each fusion, alone and with what it would be without each modality; the slowest as well |
//! | `whole pipeline` | a film of 20 s, 720p, 30 fps, with talk: every frame and all its sound, on all cores |
//!
//! The film is the test clip's face, scaled up, with the synthetic participant's voice; it is made once, in `target/tmp`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use circumplex::capture::media;
use circumplex::capture::synthetic::SAMPLE_RATE_HZ;
use circumplex::capture::synthetic::SyntheticVoice;
use circumplex::condition::hear::Ear;
use circumplex::condition::hear::EarSettings;
use circumplex::condition::hear::Heard;
use circumplex::condition::hear::Hearing;
use circumplex::condition::hear::Resampler;
use circumplex::condition::hear::Vad;
use circumplex::encode::FaceEncoder;
use circumplex::encode::FaceSettings;
use circumplex::encode::Outcome;
use circumplex::encode::SpeechReader;
use circumplex::encode::SpeechSettings;
use circumplex::encode::VoiceEncoder;
use circumplex::encode::VoiceSettings;
use circumplex::encode::WordsEncoder;
use circumplex::fuse::Fuser as _;
use circumplex::fuse::FusionKind;
use circumplex::fuse::FusionSettings;
use circumplex::fuse::Fusions;
use circumplex::model::Manifest;
use circumplex::model::Runtime;
use circumplex::pipeline::StageSettings;
use circumplex::pipeline::Stages;
use circumplex::pipeline::Subset;
use circumplex::pipeline::offline;
use circumplex::signal::FaceView;
use circumplex::signal::Frame;
use circumplex::signal::Modality;
use circumplex::signal::Moment;
use circumplex::signal::Transcript;
use circumplex::signal::Utterance;
use circumplex::signal::VoiceWindow;
use circumplex::time::Clock as _;
use circumplex::time::MonotonicClock;
use circumplex::time::Span;
use circumplex::time::Timestamp;
use circumplex::time::Timestamped;
use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;

const FILM_SECS: usize = 20;
/// Answers whose slowest hundredth is looked at.
const TICKS: usize = 5000;

fn models() -> (Manifest, Runtime) {
    let manifest = Manifest::open(Path::new("models")).expect("run `bash models/setup` first");
    let runtime = Runtime::load(&manifest).unwrap();
    (manifest, runtime)
}

/// A talking head, 1280×720, 30 fps, 48 kHz.
fn film() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (voice, film) = (folder.join("talk.wav"), folder.join("talking_head_720p.mp4"));
    if film.exists() {
        return film;
    }
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(&voice, spec).unwrap();
    for sample in speech(FILM_SECS) {
        file.write_sample((sample * 32_000.0) as i16).unwrap();
    }
    file.finalize().unwrap();
    let half = film.with_extension("part.mp4");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i", "models/fetched/fixtures/WolfgangLanger_Pexels.mp4", "-i"])
        .arg(&voice)
        .args(["-map", "0:v", "-map", "1:a", "-vf", "scale=1280:720,fps=30", "-pix_fmt", "yuv420p", "-shortest"])
        .arg(&half)
        .status();
    assert!(status.expect("ffmpeg").success());
    std::fs::rename(&half, &film).unwrap();
    film
}

fn frames(count: usize) -> Vec<(Frame, Span)> {
    let path = &film();
    let info = media::probe(path).unwrap();
    let mut reader = media::VideoReader::open(path, &info, None).unwrap();
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while let Some(span) = reader.next(&mut frame).unwrap() {
        frames.push((frame.clone(), span));
        if frames.len() == count {
            break;
        }
    }
    frames
}

fn speech(secs: usize) -> Vec<f32> {
    let mut samples = vec![0.0; SAMPLE_RATE_HZ as usize * secs];
    SyntheticVoice::new().unwrap().read(0, &mut samples);
    samples
}

fn face(criterion: &mut Criterion) {
    let (manifest, runtime) = models();
    let mut encoder = FaceEncoder::load(&manifest, &runtime, FaceSettings::default()).unwrap();
    let frames = frames(60);
    let mut view = FaceView::default();
    let mut at = 0;
    let mut group = criterion.benchmark_group("one core");
    group.throughput(Throughput::Elements(1)).bench_function("face chain", |bencher| {
        bencher.iter(|| {
            let (frame, span) = &frames[at % frames.len()];
            if at % frames.len() == 0 {
                encoder.restart();
            }
            at += 1;
            view.frame.copy_from(frame);
            black_box(encoder.encode(&mut view, *span).unwrap());
        });
    });
    group.finish();
}

fn sound(criterion: &mut Criterion) {
    let (manifest, runtime) = models();
    let samples = speech(12);
    let mut hearing = Hearing::new(
        Ear::new(Vad::load(&manifest, &runtime).unwrap(), EarSettings::default()),
        Resampler::new(SAMPLE_RATE_HZ).unwrap(),
    );
    let mut window: Option<VoiceWindow> = None;
    let mut utterance: Option<Utterance> = None;
    hearing
        .push(0, &samples, |heard| match heard {
            Heard::Window { window: talk, .. } => window = Some(*talk),
            Heard::Utterance { utterance: spoken, .. } => utterance = Some(*spoken),
            _ => {}
        })
        .unwrap();
    let (window, utterance) = (window.unwrap(), utterance.unwrap());

    let mut first = samples.len() as u64;
    let second = &samples[SAMPLE_RATE_HZ as usize * 6..SAMPLE_RATE_HZ as usize * 7];
    criterion.bench_function("hear, one second", |bencher| {
        bencher.iter(|| {
            hearing.push(first, second, |heard| drop(black_box(heard))).unwrap();
            first += second.len() as u64;
        });
    });

    let mut voice = VoiceEncoder::load(&manifest, &runtime, VoiceSettings::default()).unwrap();
    criterion.bench_function("voice window", |bencher| {
        bencher.iter(|| black_box(voice.encode(&window, 0.25).unwrap()));
    });

    let mut reader = SpeechReader::load(&manifest, SpeechSettings::default()).unwrap();
    let mut words = WordsEncoder::load(&manifest, &runtime).unwrap();
    criterion.benchmark_group("words").sample_size(10).bench_function("one utterance", |bencher| {
        bencher.iter(|| {
            if let Outcome::Words { text, confidence } = reader.read(&utterance).unwrap() {
                let transcript = Transcript { text, confidence, spoken: Span::default(), labels: None };
                black_box(words.encode(&transcript).unwrap());
            }
        });
    });

    let evidence = voice.encode(&window, 0.25).unwrap().unwrap();
    let present = || Ok(Timestamped::new(Span::at(Timestamp::ZERO), 0, evidence.clone()));
    let moment = Moment { at: Timestamp::from_secs(0.1), face: present(), voice: present(), words: present() };
    let mut fusions = Fusions::load(&manifest, &runtime, &FusionSettings::default(), &FusionKind::CHOICE);
    let mut group = criterion.benchmark_group("fusion");
    let clock = MonotonicClock::start();
    for kind in FusionKind::CHOICE {
        assert!(fusions.choose(kind), "{:?}", fusions.missing());
        for compares in [false, true] {
            let mut tick = fusion_tick(&moment, compares);
            let name = format!("{}{}", kind.name(), if compares { ", and without each" } else { "" });
            group.bench_function(&name, |bencher| bencher.iter(|| tick(&mut fusions)));
            let mut times: Vec<_> = (0..TICKS)
                .map(|_| {
                    let began = clock.now();
                    tick(&mut fusions);
                    clock.now().since(began)
                })
                .collect();
            times.sort_unstable();
            println!("{name}: median {:?}, 99 of 100 within {:?}", times[TICKS / 2], times[TICKS * 99 / 100]);
        }
    }
    group.finish();
}

/// One answer, and, if asked, what it would be without each modality.
fn fusion_tick(moment: &Moment, compares: bool) -> impl FnMut(&mut Fusions) {
    let mut moment = moment.clone();
    let mut away = Modality::ALL.map(|modality| Subset::without(modality).of(&moment));
    move |fusions| {
        moment.at = moment.at + offline::TICK;
        for masked in away.iter_mut().filter(|_| compares) {
            masked.at = moment.at;
            black_box(fusions.compare(masked).unwrap());
        }
        black_box(fusions.fuse(&moment).unwrap());
    }
}

fn whole(criterion: &mut Criterion) {
    let path = &film();
    let secs = media::probe(path).unwrap().duration_s;
    let mut stages = Stages::load(Path::new("models"), &StageSettings::default()).unwrap();
    let mut group = criterion.benchmark_group("all cores");
    // In milliseconds of film, so that the throughput over 1000 is how many times real time it is.
    group.sample_size(10).throughput(Throughput::Elements((secs * 1e3) as u64));
    group.bench_function("whole pipeline", |bencher| {
        bencher.iter(|| offline::analyze(path, &mut stages, |output| drop(black_box(output))).unwrap());
    });
    group.finish();
}

criterion_group!(benches, face, sound, whole);
criterion_main!(benches);
