use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::capture::media;
use crate::link::event;
use crate::link::latest;
use crate::time::MonotonicClock;

#[test]
fn picture_and_sound_come_in_step_and_on_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("film.mkv");
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-nostdin",
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x48:rate=20:duration=1",
            "-f",
            "lavfi",
            "-i",
        ])
        .args(["sine=duration=1:sample_rate=16000", "-c:v", "ffv1", "-c:a", "pcm_s16le"])
        .arg(&path)
        .status()
        .expect("this test makes its file with ffmpeg: install it");
    assert!(made.success());
    let info = media::probe(&path).unwrap();
    let clock = MonotonicClock::start();
    let (mut frames, mut seen) = latest::link(&Frame::default());
    let (streams, heard) = event::link(1);
    let (_control, told) = event::link::<Pick>(1);
    let start = clock.now() + HEAD_START;
    let (mut of_picture, mut of_sound) = (Vec::new(), Vec::new());

    std::thread::scope(|scope| {
        let seeing = scope.spawn(|| {
            picture(&path, &info, None, start, &mut frames, &told, &clock, &mut |state| of_picture.push(state));
        });
        sound(&path, &info, start, &streams, &told, &clock, &mut |state| of_sound.push(state));
        seeing.join().unwrap();
    });

    assert!(clock.now() >= start + Duration::from_millis(950));
    assert_eq!((of_picture.last(), of_sound.last()), (Some(&SourceState::Ended), Some(&SourceState::Ended)));
    let last = seen.take_new().unwrap();
    assert_eq!((last.seq, last.span.start), (20, start + Duration::from_millis(950)));
    let mut stream = heard.drain().next().unwrap();
    assert_eq!(stream.rate_hz, 16_000);
    let (mut block, mut count) = (Vec::new(), 0);
    while let Some(mark) = stream.inlet.read(&mut block) {
        assert_eq!(mark.first_sample, count);
        let wanted = start + Duration::from_secs(1) * u32::try_from(count).unwrap() / 16_000;
        assert!(mark.captured_at.nanos().abs_diff(wanted.nanos()) < 1_000, "{mark:?}");
        count += mark.len as u64;
    }
    assert_eq!(count, 16_000);
}

#[test]
fn a_closed_control_ends_the_play_at_once() {
    let clock = MonotonicClock::start();
    let (streams, heard) = event::link(1);
    let (control, told) = event::link::<Pick>(1);
    let mut said = Vec::new();
    let mut control = Some(control);

    demo_sound(clock.now() + Duration::from_hours(1), &streams, &told, &clock, &mut |state| {
        if matches!(state, SourceState::Running { .. }) {
            control = None;
        }
        said.push(state);
    });

    assert_eq!(said.last(), Some(&SourceState::Ended));
    assert_eq!(heard.drain().next().unwrap().rate_hz, 48_000);
}

#[test]
fn the_participant_speaks_in_blocks_of_ten_milliseconds() {
    let clock = MonotonicClock::start();
    let (streams, heard) = event::link(1);
    let (control, told) = event::link::<Pick>(1);
    let start = clock.now();
    let mut marks = Vec::new();

    std::thread::scope(|scope| {
        scope.spawn(|| demo_sound(start, &streams, &told, &clock, &mut |_| {}));
        let mut stream = heard.next().unwrap();
        let mut block = Vec::new();
        while marks.len() < 20 {
            marks.extend(stream.inlet.read(&mut block));
            std::thread::yield_now();
        }
        drop(control);
    });

    for (index, mark) in (0_u32..).zip(&marks) {
        assert_eq!((mark.len, mark.captured_at), (480, start + Duration::from_millis(10) * index));
    }
    assert!(clock.now() >= start + Duration::from_millis(200));
}
