use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::link::audio;
use crate::time::ManualClock;

/// Goes on by 20 ms whenever it is looked at, so that seconds pass in no time.
struct HastyClock(AtomicI64);

impl Clock for HastyClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.fetch_add(20_000_000, Ordering::Relaxed))
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no pipeline to start it")]
fn start(job: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
    std::thread::Builder::new().spawn(job).map(drop)
}

fn hasty() -> Arc<dyn Clock> {
    Arc::new(HastyClock(AtomicI64::new(0)))
}

/// Runs `job` as the microphone until `is_enough` says so of the states.
fn states(
    job: impl Fn(Holder) + Send + Sync + 'static,
    clock: &Arc<dyn Clock>,
    pick: Pick,
    is_enough: impl Fn(&[SourceState]) -> bool,
) -> Vec<SourceState> {
    let (streams, _heard) = event::link(100);
    let (control, told) = event::link(1);
    let mut control = Some(control);
    let said = Mutex::new(Vec::new());
    run_with(&(Arc::new(job) as Job), pick, &streams, &told, clock, &start, &mut |state| {
        let mut said = said.lock().unwrap();
        said.push(state);
        if is_enough(&said) {
            control = None;
        }
    });
    said.into_inner().unwrap()
}

fn opened() -> Opened {
    Opened { name: "a".into(), form: "b".into(), rate_hz: 48_000, inlet: audio::link(1, 1).1 }
}

fn running() -> SourceState {
    SourceState::Running { name: "a".into(), form: "b".into() }
}

#[test]
fn one_that_stops_without_an_error_is_lost_and_opened_again() {
    let job = |holder: Holder| {
        let now = holder.clock.now();
        holder.vitals.called(now);
        holder.vitals.heard(now);
        holder.tell.offer(Ok(opened()));
        while holder.until.next().is_some() {}
    };

    let said =
        states(job, &hasty(), Pick::Default, |said| said.iter().filter(|state| **state == running()).count() == 2);

    assert_eq!(said[..2], [SourceState::Opening, running()]);
    assert!(matches!(&said[2], SourceState::Lost { message } if message.contains("without an error")), "{said:?}");
    assert_eq!(said[3], running());
}

#[test]
fn digital_silence_is_told_until_there_is_sound() {
    let clock = Arc::new(ManualClock::default());
    let hurried = clock.clone();
    let job = move |holder: Holder| {
        holder.vitals.called(holder.clock.now());
        holder.tell.offer(Ok(opened()));
        while holder.until.wait(Duration::from_millis(1)) != Next::Closed {
            hurried.advance(Duration::from_millis(100));
            let now = holder.clock.now();
            holder.vitals.called(now);
            if now > Timestamp::ZERO + SOUND_WITHIN * 6 {
                holder.vitals.heard(now);
            }
        }
    };
    let clock: Arc<dyn Clock> = clock;

    let said = states(job, &clock, Pick::Default, |said| {
        said.iter().position(|state| matches!(state, SourceState::Silent { .. })).is_some_and(|at| said.len() > at + 1)
    });

    let at = said.iter().position(|state| matches!(state, SourceState::Silent { .. })).unwrap();
    assert_eq!(said[at + 1], running());
}

#[test]
fn one_that_cannot_be_opened_is_tried_again_and_its_message_stays() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let job = move |holder: Holder| {
        let answer = match counted.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(MicrophoneError::Busy { name: "a".into() }),
            _ => Ok(opened()),
        };
        holder.vitals.called(holder.clock.now());
        holder.tell.offer(answer);
        while holder.until.next().is_some() {}
    };

    let said = states(job, &hasty(), Pick::Default, |said| said.contains(&running()));

    assert_eq!(said.len(), 3, "{said:?}");
    assert!(matches!(&said[1], SourceState::Failed { message } if message.contains("in use")));
    assert_eq!(tries.load(Ordering::Relaxed), 3);
}

#[test]
fn one_that_never_closes_is_left_behind() {
    let (keep, kept) = event::link::<()>(1);
    let job = move |holder: Holder| {
        holder.vitals.called(holder.clock.now());
        holder.tell.offer(Ok(opened()));
        while kept.next().is_some() {}
    };

    let said = states(job, &hasty(), Pick::Default, |said| said.contains(&running()));

    assert_eq!(said.last(), Some(&running()));
    drop(keep);
}

#[test]
fn none_is_opened_when_it_is_off() {
    let said = states(|_| panic!("nothing is to be opened"), &hasty(), Pick::Off, |_| true);

    assert_eq!(said, [SourceState::Off]);
}
