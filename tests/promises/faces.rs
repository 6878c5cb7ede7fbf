//! Faces are found where there are faces, and nowhere else.

use circumplex::capture::media;
use circumplex::capture::media::VideoReader;
use circumplex::condition::face::Tracker;
use circumplex::signal::FaceBox;
use circumplex::signal::Frame;
use circumplex::signal::LANDMARKS;
use circumplex::time::Span;
use circumplex::time::Timestamp;

use crate::support::fixture;
use crate::support::manifest;
use crate::support::runtime;

fn tracker() -> Tracker {
    Tracker::load(&manifest(), &runtime()).unwrap()
}

/// Every `step`th picture of a fixture, at most so wide, and when it is shown.
fn pictures(name: &str, step: usize, max_width: usize, mut with: impl FnMut(&Frame, Span)) {
    let path = fixture(name);
    let info = media::probe(&path).unwrap();
    let mut reader = VideoReader::open(&path, &info, Some(max_width)).unwrap();
    let (mut frame, mut index) = (Frame::default(), 0);
    while let Some(span) = reader.next(&mut frame).unwrap() {
        if index % step == 0 {
            with(&frame, span);
        }
        index += 1;
    }
}

fn picture(name: &str) -> Frame {
    let mut picture = Frame::default();
    pictures(name, 1, 1_000, |frame, _| picture.clone_from(frame));
    picture
}

/// The `width` × `height` pixels of a picture from (`x`, `y`) on.
fn part(whole: &Frame, x: usize, y: usize, width: usize, height: usize) -> Frame {
    let row = |row: usize| &whole.rgb[((y + row) * whole.width + x) * 3..][..width * 3];
    Frame { width, height, rgb: (0..height).flat_map(row).copied().collect(), ..Frame::default() }
}

/// Whether there is a face in every `step`th picture of a recording.
fn seen(name: &str, step: usize) -> Vec<bool> {
    let (mut tracker, mut seen) = (tracker(), Vec::new());
    pictures(name, step, 640, |frame, span| {
        let found = tracker.follow(frame, span.end).unwrap();
        if let Some(found) = found {
            is_in_the_picture(found.face, frame);
            assert_eq!(found.landmarks.len(), LANDMARKS);
        }
        seen.push(found.is_some());
    });
    seen
}

#[track_caller]
fn is_in_the_picture(face: FaceBox, frame: &Frame) {
    let (x, y) = face.centre();
    let inside = (0.0..frame.width as f32).contains(&x) && (0.0..frame.height as f32).contains(&y);
    assert!(inside && face.width > 16.0 && face.height > 16.0, "{face:?}");
}

fn share(seen: &[bool]) -> f32 {
    seen.iter().filter(|seen| **seen).count() as f32 / seen.len() as f32
}

#[test]
fn a_face_in_a_picture_is_found() {
    let (frame, mut tracker) = (picture("single_face.jpg"), tracker());

    let found = tracker.follow(&frame, Timestamp::ZERO).unwrap().cloned().expect("there is a face");

    is_in_the_picture(found.face, &frame);
    assert!(found.presence > 0.9, "{}", found.presence);
    let within = found.landmarks.iter().filter(|point| found.face.contains(point.x, point.y)).count();
    assert!(within > LANDMARKS * 9 / 10, "the box is around the landmarks: {within}");
    assert_eq!(tracker.others().len(), 1);
}

#[test]
fn a_face_that_fills_the_picture_is_found() {
    let (whole, mut tracker) = (picture("single_face.jpg"), tracker());
    let face = tracker.follow(&whole, Timestamp::ZERO).unwrap().expect("there is a face").face;

    for share in [0.8, 0.9, 1.0] {
        let side = (face.height * share) as usize;
        let (x, y) = face.centre();
        let near = part(&whole, x as usize - side / 2, y as usize - side / 2, side, side);
        tracker.reset();
        let found = tracker.follow(&near, Timestamp::ZERO).unwrap().map(|found| found.face);

        is_in_the_picture(found.expect("it is there, but near"), &near);
    }
}

#[test]
fn a_talking_face_is_followed() {
    let seen = seen("WolfgangLanger_Pexels.mp4", 5);

    assert!(seen.len() > 90, "{} pictures", seen.len());
    assert!(share(&seen) >= 0.95, "in {} of the pictures", share(&seen));
}

#[test]
fn where_nobody_is_nobody_is_found() {
    let seen = seen("no_face.mp4", 2);

    assert!(seen.len() > 40, "{} pictures", seen.len());
    assert!(share(&seen) < f32::EPSILON, "in {} of the pictures", share(&seen));
}

#[test]
fn an_empty_or_broken_picture_has_no_face() {
    let mut tracker = tracker();
    let mut torn = Frame::black(64, 64);
    torn.rgb.truncate(100);
    for frame in [Frame::default(), Frame::black(640, 480), Frame::black(1, 1), torn] {
        assert!(tracker.follow(&frame, Timestamp::ZERO).unwrap().is_none());
    }
}

#[test]
fn a_face_that_goes_is_lost() {
    let seen = seen("face_noface.mov", 3);
    let (early, late) = (&seen[..seen.len() / 4], &seen[seen.len() * 3 / 4..]);

    assert!(share(early) > 0.9 && share(late) < 0.1, "{seen:?}");
}

#[test]
fn a_face_that_comes_is_found() {
    let seen = seen("noface_face.mov", 3);
    let (early, late) = (&seen[..seen.len() / 4], &seen[seen.len() * 3 / 4..]);

    assert!(share(early) < 0.1 && share(late) > 0.9, "{seen:?}");
}

#[test]
fn of_several_faces_the_one_pointed_at_is_followed() {
    let (frame, mut tracker) = (part(&picture("multi_face.jpg"), 280, 190, 560, 320), tracker());
    let first = tracker.follow(&frame, Timestamp::ZERO).unwrap().expect("there are faces").face;
    let others = tracker.others().to_vec();
    assert!(others.len() >= 2, "{} faces", others.len());
    let largest = others.iter().max_by(|a, b| a.area().total_cmp(&b.area())).unwrap();
    assert!(first.overlap(largest) > 0.2, "the largest is followed first");

    let (x, y) = first.centre();
    let other = others.iter().find(|face| !face.contains(x, y)).unwrap();
    let (x, y) = other.centre();
    tracker.point_at(x, y);
    let then = tracker.follow(&frame, Timestamp::from_secs(0.04)).unwrap().expect("it is there").face;
    let still = tracker.follow(&frame, Timestamp::from_secs(0.08)).unwrap().expect("it is there").face;

    assert!(then.contains(x, y) && still.contains(x, y), "{then:?} {still:?} at {x}, {y}");
    assert!(then.overlap(&first) < 0.2, "{then:?} {first:?}");
}
