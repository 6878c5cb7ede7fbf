use std::sync::atomic::AtomicUsize;

use super::*;
use crate::link::latest;
use crate::time::ManualClock;

#[expect(clippy::disallowed_methods, reason = "there is no pipeline to start it")]
fn start(job: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
    std::thread::Builder::new().spawn(job).map(drop)
}

fn states(
    job: fn(Grabber),
    clock: &Arc<dyn Clock>,
    mut after_each: impl FnMut(&[SourceState]) -> bool,
) -> (Vec<SourceState>, latest::LatestInlet<Frame>) {
    let (mut frames, seen) = latest::link(&Frame::default());
    let (control, told) = event::link(1);
    let mut control = Some(control);
    let mut said = Vec::new();
    run_with(job, Pick::Default, &mut frames, &told, clock, &Settings::default(), &start, &mut |state| {
        said.push(state);
        if after_each(&said) {
            control = None;
        }
    });
    (said, seen)
}

fn open(grabber: &Grabber) {
    assert!(grabber.tell.send(Grabbed::Opened { name: "a".into(), width: 2, height: 1, fps: 25 }));
}

fn picture(grabber: &Grabber) {
    let raw = Raw { width: 2, height: 1, form: PixelForm::Grey, bytes: vec![7, 9] };
    assert!(grabber.tell.send(Grabbed::Picture { raw, arrived_at: Timestamp::from_secs(1.0) }));
}

#[test]
fn a_picture_has_the_span_of_its_exposure() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let job = |grabber: Grabber| {
        open(&grabber);
        picture(&grabber);
        while !grabber.abandoned.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
    };

    let (said, mut seen) = states(job, &clock, |said| said.len() == 2);

    assert_eq!(said[1], SourceState::Running { name: "a".into(), form: "2×1, 25 fps".into() });
    let frame = seen.take_new().unwrap();
    assert_eq!(frame.value.rgb, [7, 7, 7, 9, 9, 9]);
    assert_eq!((frame.span.start, frame.span.end), (Timestamp::from_secs(0.92), Timestamp::from_secs(0.96)));
}

#[test]
fn one_that_goes_away_is_lost_and_opened_again() {
    static OPENINGS: AtomicUsize = AtomicUsize::new(0);
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let job = |grabber: Grabber| {
        if OPENINGS.fetch_add(1, Ordering::Relaxed) == 1 {
            assert!(grabber.tell.send(Grabbed::Failed(CameraError::NoDefault)));
        } else {
            open(&grabber);
            picture(&grabber);
            assert!(grabber.tell.send(Grabbed::Lost(CameraError::Gone { name: "a".into() })));
        }
    };

    let (said, _) = states(job, &clock, |said| said.len() == 4);

    assert!(matches!(&said[1], SourceState::Running { .. }), "{said:?}");
    assert!(matches!(&said[2], SourceState::Lost { message } if message.contains("plug it in")), "{said:?}");
    assert!(matches!(&said[3], SourceState::Running { .. }), "{said:?}");
}

#[test]
fn one_that_hangs_is_found_out_and_not_opened_twice() {
    static OPENINGS: AtomicUsize = AtomicUsize::new(0);
    let clock = Arc::new(ManualClock::default());
    let job = |grabber: Grabber| {
        OPENINGS.fetch_add(1, Ordering::Relaxed);
        open(&grabber);
        picture(&grabber);
        // A driver that doesn't return.
        let (_keep, never) = event::link::<()>(1);
        let _ = never.wait(Duration::from_secs(3));
    };
    let hurried = clock.clone();
    let clock: Arc<dyn Clock> = clock;

    let (said, _) = states(job, &clock, |said| {
        if matches!(said.last(), Some(SourceState::Running { .. })) {
            hurried.advance(Duration::from_secs(3));
        }
        matches!(said.last(), Some(SourceState::Lost { .. }))
    });

    assert!(matches!(said.last(), Some(SourceState::Lost { message }) if message.contains("no pictures")), "{said:?}");
    assert_eq!(OPENINGS.load(Ordering::Relaxed), 1);
}
