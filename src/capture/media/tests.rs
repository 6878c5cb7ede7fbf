use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::signal::Frame;
use crate::time::Span;
use crate::time::Timestamp;

/// Makes a file with `ffmpeg`.
fn made(folder: &TempDir, name: &str, arguments: &[&str]) -> PathBuf {
    let path = folder.path().join(name);
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-threads", "1"])
        .args(arguments)
        .arg(&path)
        .status()
        .expect("these tests make their files with ffmpeg: install it");
    assert!(status.success(), "ffmpeg made no {name}");
    path
}

fn spans(path: &Path, max_width: Option<usize>) -> (Vec<Span>, Frame, Option<MediaError>) {
    let info = probe(path).unwrap();
    let mut reader = VideoReader::open(path, &info, max_width).unwrap();
    let (mut all, mut frame) = (Vec::new(), Frame::default());
    loop {
        match reader.next(&mut frame) {
            Ok(Some(span)) => {
                assert!(frame.is_whole());
                all.push(span);
            }
            Ok(None) => return (all, frame, None),
            Err(error) => return (all, frame, Some(error)),
        }
    }
}

fn samples(path: &Path) -> (Vec<f32>, Timestamp, Option<MediaError>) {
    let info = probe(path).unwrap();
    let mut reader = AudioReader::open(path, &info).unwrap();
    let (mut all, mut block) = (Vec::new(), Vec::new());
    loop {
        match reader.read(&mut block) {
            Ok(Some(first)) => {
                assert!(first >= all.len() as u64, "samples go forward");
                all.resize(usize::try_from(first).unwrap(), 0.0);
                all.extend_from_slice(&block);
            }
            Ok(None) => return (all, reader.start(), None),
            Err(error) => return (all, reader.start(), Some(error)),
        }
    }
}

/// What `ffprobe` says of the times at which frames are shown, s.
fn times_by_ffprobe(path: &Path) -> Vec<f64> {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "frame=best_effort_timestamp_time",
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.trim_end_matches(',').parse().ok())
        .collect()
}

const FILM: &[&str] = &[
    "-f",
    "lavfi",
    "-i",
    "testsrc=size=160x120:rate=30:duration=2",
    "-f",
    "lavfi",
    "-i",
    "sine=frequency=440:duration=2",
    "-c:v",
    "libx264",
    "-bf",
    "3",
    "-pix_fmt",
    "yuv420p",
    "-c:a",
    "aac",
];

#[test]
fn times_of_a_varying_rate_are_kept_to_the_microsecond() {
    let folder = TempDir::new().unwrap();
    let uneven = "settb=1/90000,setpts='(if(lt(N,20),N/30,20/30+(N-20)/8)+0.004*mod(N,3))/TB'";
    let path = made(
        &folder,
        "uneven.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=160x120:rate=30:duration=1",
            "-vf",
            uneven,
            "-vsync",
            "passthrough",
            "-enc_time_base",
            "1/90000",
            "-c:v",
            "libx264",
            "-bf",
            "3",
            "-pix_fmt",
            "yuv420p",
            "-video_track_timescale",
            "90000",
        ],
    );

    let (found, _, error) = spans(&path, None);

    let told = times_by_ffprobe(&path);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found.len(), 30);
    assert_eq!(told.len(), 30);
    let zero = told[0];
    for (span, told) in found.iter().zip(&told) {
        assert!((span.start.secs() - (told - zero)).abs() < 2e-6, "{span:?} {told}");
    }
    assert!(found.windows(2).all(|two| two[0].end == two[1].start && two[1].start > two[0].start));
    let steps: Vec<_> = found.iter().map(|span| span.len().as_millis()).collect();
    assert!(steps.contains(&37) && steps.iter().any(|step| *step > 110), "{steps:?}");
}

#[test]
fn a_film_gives_pictures_and_sound_with_one_zero() {
    let folder = TempDir::new().unwrap();
    let path = made(&folder, "film.mp4", FILM);
    let info = probe(&path).unwrap();

    let video = info.video.clone().unwrap();
    assert_eq!((video.width, video.height, video.frames_estimate), (160, 120, 60));
    assert!((video.fps_estimate - 30.0).abs() < 0.01 && (info.duration_s - 2.0).abs() < 0.1);
    let (pictures, _, error) = spans(&path, None);
    let (sound, start, damage) = samples(&path);

    assert!(error.is_none() && damage.is_none(), "{error:?} {damage:?}");
    assert_eq!(pictures.len(), 60);
    assert_eq!(pictures[0].start, Timestamp::ZERO);
    assert_eq!(info.audio.unwrap().rate_hz, 44_100);
    assert!(start.secs().abs() < 0.03, "{start:?}");
    assert!((sound.len() as f64 / 44_100.0 - 2.0).abs() < 0.05);
    assert!(sound.iter().any(|sample| sample.abs() > 0.05));
}

#[test]
fn sound_that_begins_later_says_so() {
    let folder = TempDir::new().unwrap();
    let path = made(
        &folder,
        "late.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x48:rate=25:duration=2",
            "-itsoffset",
            "0.7",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:duration=1:sample_rate=48000",
            "-c:v",
            "ffv1",
            "-c:a",
            "pcm_s16le",
        ],
    );

    let (sound, start, _) = samples(&path);

    assert!((start.secs() - 0.7).abs() < 0.002, "{start:?}");
    assert_eq!(sound.len(), 48_000);
}

#[test]
fn a_hole_in_the_sound_is_one_in_the_indices() {
    let folder = TempDir::new().unwrap();
    let path = made(
        &folder,
        "hole.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:duration=2:sample_rate=48000",
            "-af",
            "aselect='lt(t,0.5)+gt(t,1.5)'",
            "-c:a",
            "pcm_s16le",
        ],
    );

    let (sound, _, _) = samples(&path);

    let secs = sound.len() as f64 / 48_000.0;
    assert!((secs - 2.0).abs() < 0.05, "{secs}");
    assert!(sound[36_000..60_000].iter().all(|sample| *sample == 0.0));
}

#[test]
fn pictures_are_turned_as_the_file_says() {
    let folder = TempDir::new().unwrap();
    let flat = made(&folder, "flat.mp4", FILM);
    let turned =
        made(&folder, "turned.mp4", &["-i", flat.to_str().unwrap(), "-c", "copy", "-metadata:s:v", "rotate=90"]);

    let info = probe(&turned).unwrap();
    let (_, frame, error) = spans(&turned, None);

    assert!(error.is_none());
    let video = info.video.unwrap();
    assert_eq!((frame.width, frame.height), (video.width, video.height));
    assert_eq!((video.width, video.height), (120, 160));
}

#[test]
fn wide_pictures_are_made_smaller() {
    let folder = TempDir::new().unwrap();
    let path = made(&folder, "film.mp4", FILM);

    let (found, frame, _) = spans(&path, Some(80));

    assert_eq!((found.len(), frame.width, frame.height), (60, 80, 60));
}

#[test]
fn a_film_without_sound_and_sound_without_a_film_say_so() {
    let folder = TempDir::new().unwrap();
    let mute =
        made(&folder, "mute.mp4", &["-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=1", "-c:v", "libx264"]);
    let blind = made(&folder, "blind.ogg", &["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "libvorbis"]);

    let (of_mute, of_blind) = (probe(&mute).unwrap(), probe(&blind).unwrap());

    assert!(of_mute.audio.is_none() && of_blind.video.is_none());
    assert!(matches!(AudioReader::open(&mute, &of_mute), Err(MediaError::NoAudio { .. })));
    assert!(matches!(VideoReader::open(&blind, &of_blind, None), Err(MediaError::NoVideo { .. })));
    let (sound, _, error) = samples(&blind);
    assert!(error.is_none() && (sound.len() as f64 / 44_100.0 - 1.0).abs() < 0.05);
}

#[test]
fn what_is_no_recording_says_what_it_is() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty.mp4");
    let text = folder.path().join("text.mp4");
    fs::write(&empty, b"").unwrap();
    fs::write(&text, "not a film, but some words\n".repeat(50)).unwrap();

    assert!(matches!(probe(&empty), Err(MediaError::Empty { .. })));
    assert!(matches!(probe(&folder.path().join("none.mp4")), Err(MediaError::Missing { .. })));
    let refused = probe(&text);
    assert!(matches!(refused, Err(MediaError::NotMedia { .. } | MediaError::Nothing { .. })), "{refused:?}");
    assert!(matches!(probe(folder.path()), Err(MediaError::NotMedia { .. })));
}

#[test]
fn a_film_cut_short_gives_what_is_there_and_then_says_so() {
    let folder = TempDir::new().unwrap();
    let mut arguments = FILM.to_vec();
    arguments.extend(["-movflags", "+faststart"]);
    let path = made(&folder, "film.mp4", &arguments);
    let whole = fs::read(&path).unwrap();
    let cut = folder.path().join("cut.mp4");
    fs::write(&cut, &whole[..whole.len() * 6 / 10]).unwrap();

    let (pictures, _, error) = spans(&cut, None);

    assert!(pictures.len() > 10 && pictures.len() < 60, "{}", pictures.len());
    assert!(matches!(error, Some(MediaError::Truncated { .. })), "{error:?}");
    let (sound, _, error) = samples(&cut);
    assert!(!sound.is_empty());
    assert!(matches!(error, Some(MediaError::Truncated { .. })), "{error:?}");

    let headless = made(&folder, "tail.mp4", FILM);
    let whole = fs::read(&headless).unwrap();
    fs::write(&headless, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(probe(&headless), Err(MediaError::Unfinished { .. })));
}

#[test]
fn a_reader_that_is_dropped_ends_its_child() {
    let folder = TempDir::new().unwrap();
    let path = made(&folder, "film.mp4", FILM);
    let info = probe(&path).unwrap();
    let mut reader = VideoReader::open(&path, &info, None).unwrap();
    let mut frame = Frame::default();
    reader.next(&mut frame).unwrap();

    drop(reader);

    // Dropping waits for the child: that this line is reached is the promise.
}

#[test]
fn wav_files_of_all_rates_channels_and_depths_are_read() {
    let folder = TempDir::new().unwrap();
    for (rate, channels, codec) in [
        (8_000, 1, "pcm_u8"),
        (16_000, 2, "pcm_s16le"),
        (44_100, 3, "pcm_s24le"),
        (48_000, 8, "pcm_s32le"),
        (96_000, 2, "pcm_f32le"),
        (192_000, 6, "pcm_s16le"),
        (48_000, 1, "pcm_f64le"),
        (8_000, 1, "pcm_mulaw"),
    ] {
        let same = vec!["0.5*sin(880*PI*t)"; channels].join("|");
        let source = format!("aevalsrc='{same}':sample_rate={rate}:duration=0.5");
        let path =
            made(&folder, &format!("{rate}-{channels}-{codec}.wav"), &["-f", "lavfi", "-i", &source, "-c:a", codec]);

        let info = probe(&path).unwrap();
        let audio = info.audio.unwrap();
        let (sound, start, error) = samples(&path);

        assert!(error.is_none(), "{codec}: {error:?}");
        assert_eq!((audio.rate_hz, audio.channels), (rate, channels), "{codec}");
        assert_eq!((sound.len(), start), (rate as usize / 2, Timestamp::ZERO), "{codec}");
        assert!((info.duration_s - 0.5).abs() < 0.01, "{codec}: {}", info.duration_s);
        let worst = sound
            .iter()
            .enumerate()
            .map(|(index, sample)| {
                let wanted = 0.5 * (880.0 * std::f64::consts::PI * index as f64 / f64::from(rate)).sin();
                (f64::from(*sample) - wanted).abs()
            })
            .fold(0.0, f64::max);
        assert!(worst < 0.02, "{codec}: {worst}");
    }
}

#[test]
fn a_wav_cut_short_gives_what_is_there_and_then_says_so() {
    let folder = TempDir::new().unwrap();
    let path =
        made(&folder, "cut.wav", &["-f", "lavfi", "-i", "sine=duration=1:sample_rate=16000", "-c:a", "pcm_s16le"]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();

    let (sound, _, error) = samples(&path);

    assert!(sound.len() > 7_900 && sound.len() < 8_100, "{}", sound.len());
    assert!(matches!(error, Some(MediaError::Truncated { .. })), "{error:?}");
}

#[test]
fn a_picture_is_a_film_of_one_frame() {
    let folder = TempDir::new().unwrap();
    for name in ["one.png", "one.jpg"] {
        let path = made(&folder, name, &["-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1"]);

        let info = probe(&path).unwrap();
        let (found, frame, error) = spans(&path, None);

        assert!(error.is_none() && info.audio.is_none());
        assert_eq!((found.len(), frame.width, frame.height), (1, 64, 48));
        let (found, frame, _) = spans(&path, Some(32));
        assert_eq!((found.len(), frame.width, frame.height), (1, 32, 24));
    }
}

#[test]
fn an_odd_name_is_a_name() {
    let folder = TempDir::new().unwrap();
    let path =
        made(&folder, "film.mkv", &["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-c:v", "ffv1"]);
    let odd = folder.path().join("-i concat:a|b 'ü'%d.mkv");
    fs::rename(&path, &odd).unwrap();

    let (found, _, error) = spans(&odd, None);

    assert!(error.is_none(), "{error:?}");
    assert_eq!(found.len(), 10);
}
