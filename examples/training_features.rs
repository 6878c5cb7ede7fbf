//! Writes what the heads are trained on: the very features that the program computes live, as numpy arrays.
//!
//! `clips OUT FILE…`: for each recording `STEM.face.npy`, a row per frame (end of span in s, its length in s, quality,
//! 55 numbers of blendshapes and pose, 7 logits and 128 features of the expression network), `STEM.crops.npy`, the grey
//! crops that the expression network saw, and `STEM.voice.npy`, a row per window of talk (its end in s, fresh seconds,
//! signal-to-noise ratio in dB, features).
//!
//! `faces IN OUT COUNT SIDE`: `IN` holds `COUNT` grey pictures of `SIDE`×`SIDE` bytes. `OUT` gets a row of features
//! for each, or NaN where no face was found.
//!
//! `crops IN OUT COUNT SIDE`: where in such pictures the expression network's crops are: middle and side in px, turn in
//! radians, or NaN. Needs neither that network nor the head.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use circumplex::capture::media;
use circumplex::condition::face::Crop;
use circumplex::condition::face::Found;
use circumplex::condition::face::Tracker;
use circumplex::condition::hear::Ear;
use circumplex::condition::hear::EarSettings;
use circumplex::condition::hear::Heard;
use circumplex::condition::hear::Hearing;
use circumplex::condition::hear::Resampler;
use circumplex::condition::hear::Vad;
use circumplex::encode::FACE_CROP;
use circumplex::encode::FACE_CROP_SCALE;
use circumplex::encode::FACE_FEATURES;
use circumplex::encode::FACE_ROW;
use circumplex::encode::FaceEncoder;
use circumplex::encode::FaceSettings;
use circumplex::encode::VOICE_FEATURES;
use circumplex::encode::VoiceEncoder;
use circumplex::encode::VoiceSettings;
use circumplex::model::Manifest;
use circumplex::model::Runtime;
use circumplex::signal::Absence;
use circumplex::signal::FaceView;
use circumplex::signal::Frame;
use circumplex::time::Span;
use circumplex::time::Timestamp;
use indicatif::ProgressIterator as _;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let manifest = Manifest::open(Path::new("models"))?;
    let runtime = Runtime::load(&manifest)?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["clips", out, files @ ..] => clips(&manifest, &runtime, Path::new(out), files),
        ["faces", pictures, out, count, side] => {
            faces(&manifest, &runtime, Path::new(pictures), Path::new(out), count.parse()?, side.parse()?)
        }
        ["crops", pictures, out, count, side] => {
            crops(&manifest, &runtime, Path::new(pictures), Path::new(out), count.parse()?, side.parse()?)
        }
        _ => anyhow::bail!(
            "usage: training_features clips OUT FILE… | faces IN OUT COUNT SIDE | crops IN OUT COUNT SIDE"
        ),
    }
}

fn clips(manifest: &Manifest, runtime: &Runtime, out: &Path, files: &[&str]) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    let mut face = FaceEncoder::load(manifest, runtime, FaceSettings::default())?;
    let mut voice = VoiceEncoder::load(manifest, runtime, VoiceSettings::default())?;
    let mut ear = Some(Ear::new(Vad::load(manifest, runtime)?, EarSettings::default()));
    for file in files.iter().progress() {
        let path = PathBuf::from(file);
        let stem = path.file_stem().context("a file has a name")?.to_string_lossy().into_owned();
        let info = media::probe(&path).with_context(|| format!("{path:?}"))?;
        if info.video.is_some() {
            let (rows, crops) = frames(&mut face, &path, &info)?;
            write_npy(&out.join(format!("{stem}.face.npy")), &rows, 3 + FACE_ROW)?;
            write_crops(&out.join(format!("{stem}.crops.npy")), &crops)?;
        }
        if info.audio.is_some() {
            let hearing = ear.take().context("an ear is always given back")?;
            let (rows, hearing) = windows(hearing, &mut voice, &path, &info)?;
            ear = Some(hearing);
            write_npy(&out.join(format!("{stem}.voice.npy")), &rows, 3 + VOICE_FEATURES)?;
        }
    }
    Ok(())
}

/// A row of features and the grey crop of each frame with a face.
fn frames(face: &mut FaceEncoder, path: &Path, info: &media::MediaInfo) -> anyhow::Result<(Vec<f32>, Vec<u8>)> {
    let mut reader = media::VideoReader::open(path, info, None)?;
    let mut view = FaceView::default();
    let (mut rows, mut crops) = (Vec::new(), Vec::new());
    face.restart();
    while let Some(span) = reader.next(&mut view.frame)? {
        face.encode(&mut view, span)?;
        let Some(expression) = &view.expression else { continue };
        rows.extend([span.end.secs() as f32, span.len().as_secs_f32(), view.quality.overall]);
        rows.extend(expression.blendshapes.iter());
        rows.extend([view.pose.pitch_deg, view.pose.yaw_deg, view.pose.roll_deg].map(f32::to_radians));
        rows.extend(expression.logits);
        rows.extend(expression.features.iter());
        crops.extend(view.crop.rgb.chunks_exact(3).map(|pixel| match pixel {
            [r, g, b] => (0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b)).round() as u8,
            _ => 0,
        }));
    }
    Ok((rows, crops))
}

fn windows(
    ear: Ear,
    voice: &mut VoiceEncoder,
    path: &Path,
    info: &media::MediaInfo,
) -> anyhow::Result<(Vec<f32>, Ear)> {
    let mut reader = media::AudioReader::open(path, info)?;
    let rate_hz = info.audio.as_ref().map_or(0, |audio| audio.rate_hz);
    let mut hearing = Hearing::new(ear, Resampler::new(rate_hz)?);
    let (mut block, mut heard) = (Vec::new(), Vec::new());
    while let Some(first) = reader.read(&mut block)? {
        hearing.push(first, &block, |one| heard.push(one))?;
    }
    hearing.finish(|one| heard.push(one))?;
    let mut rows = Vec::new();
    let mut last_end = 0;
    for one in heard {
        let Heard::Window { first, end, window } = one else { continue };
        let fresh = (end - first.max(last_end)) as f32 / 16_000.0;
        last_end = end;
        if let Err(Absence::TooNoisy) = voice.encode(&window, fresh)? {
            continue;
        }
        rows.extend([end as f32 / 16_000.0, fresh, window.quality.snr_db]);
        rows.extend(voice.features());
    }
    Ok((rows, hearing.into_ear()))
}

fn faces(
    manifest: &Manifest,
    runtime: &Runtime,
    pictures: &Path,
    out: &Path,
    count: usize,
    side: usize,
) -> anyhow::Result<()> {
    let mut face =
        FaceEncoder::load(manifest, runtime, FaceSettings { quality: lenient(), ..FaceSettings::default() })?;
    let mut view = FaceView::default();
    let mut rows = Vec::with_capacity(count * FACE_FEATURES);
    for picture in fs::read(pictures)?.chunks_exact(side * side).take(count).progress_count(count as u64) {
        face.restart();
        view.frame = enlarged(picture, side);
        face.encode(&mut view, Span::new(Timestamp::ZERO, Timestamp::ZERO + Duration::from_millis(33)))?;
        if face.features().len() == FACE_FEATURES {
            rows.extend(face.features());
        } else {
            rows.extend(std::iter::repeat_n(f32::NAN, FACE_FEATURES));
        }
    }
    write_npy(out, &rows, FACE_FEATURES)
}

fn crops(
    manifest: &Manifest,
    runtime: &Runtime,
    pictures: &Path,
    out: &Path,
    count: usize,
    side: usize,
) -> anyhow::Result<()> {
    let mut tracker = Tracker::load(manifest, runtime)?;
    let mut rows = Vec::with_capacity(count * 4);
    for picture in fs::read(pictures)?.chunks_exact(side * side).take(count).progress_count(count as u64) {
        tracker.reset();
        let found = tracker.follow(&enlarged(picture, side), Timestamp::ZERO)?;
        rows.extend(found.and_then(where_cut).unwrap_or([f32::NAN; 4]));
    }
    write_npy(out, &rows, 4)
}

/// The expression network's crop, in px of the small picture.
fn where_cut(found: &Found) -> Option<[f32; 4]> {
    let eye = |at: usize| found.landmarks.get(at).map(|point| (point.x, point.y));
    let crop = Crop::around(&found.face, FACE_CROP_SCALE, eye(33)?, eye(263)?);
    let small = |at: f32| (at + 0.5) / TIMES as f32 - 0.5;
    Some([small(crop.x), small(crop.y), crop.side / TIMES as f32, crop.turn])
}

/// Tiny web pictures are all there is: nothing is refused for its pixels.
fn lenient() -> circumplex::condition::face::QualitySettings {
    circumplex::condition::face::QualitySettings {
        brightness: (-1.0, 0.0),
        yaw_deg: (180.0, 170.0),
        ..circumplex::condition::face::QualitySettings::default()
    }
}

const TIMES: usize = 4;

/// Four times as large, bilinear.
fn enlarged(grey: &[u8], side: usize) -> Frame {
    let size = side * TIMES;
    let mut frame = Frame::black(size, size);
    let last = (side - 1) as f32;
    let place = |at: usize| ((at as f32 + 0.5) / TIMES as f32 - 0.5).clamp(0.0, last);
    let at = |x: usize, y: usize| {
        let index = y.min(side - 1) * side + x.min(side - 1);
        f32::from(grey.get(index).copied().unwrap_or_default())
    };
    for (index, pixel) in frame.rgb.chunks_exact_mut(3).enumerate() {
        let (x, y) = (place(index % size), place(index / size));
        let (left, top) = (x as usize, y as usize);
        let (fx, fy) = (x - left as f32, y - top as f32);
        let upper = at(left, top) * (1.0 - fx) + at(left + 1, top) * fx;
        let lower = at(left, top + 1) * (1.0 - fx) + at(left + 1, top + 1) * fx;
        pixel.fill((upper * (1.0 - fy) + lower * fy) as u8);
    }
    frame
}

/// Grey squares as the expression network's crops.
fn write_crops(path: &Path, pixels: &[u8]) -> anyhow::Result<()> {
    let header = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, {FACE_CROP}, {FACE_CROP}), }}",
        count = pixels.len() / (FACE_CROP * FACE_CROP)
    );
    let mut file = npy(path, header)?;
    file.write_all(pixels)?;
    Ok(file.flush()?)
}

fn write_npy(path: &Path, values: &[f32], width: usize) -> anyhow::Result<()> {
    let shape = format!("({}, {width})", values.len() / width);
    let mut file = npy(path, format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"))?;
    for value in values {
        file.write_all(&value.to_le_bytes())?;
    }
    Ok(file.flush()?)
}

/// A numpy file as far as its header.
fn npy(path: &Path, mut header: String) -> anyhow::Result<std::io::BufWriter<fs::File>> {
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut file = std::io::BufWriter::new(fs::File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&u16::try_from(header.len())?.to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    Ok(file)
}
