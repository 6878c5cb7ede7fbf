//! Is what is given to the loudspeaker heard, and when it says that it is?
//!
//! Plays silence and then a tone to the default loudspeaker, and listens with the default microphone. Says how loud the tone
//! is there, and how long after the time at which the loudspeaker says that it is heard it comes.

#![expect(
    clippy::disallowed_methods,
    reason = "without a pipeline it starts its threads itself, and looks now and then"
)]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use circumplex::capture::Pick;
use circumplex::capture::microphone;
use circumplex::capture::speaker;
use circumplex::capture::speaker::SpeakerState;
use circumplex::link;
use circumplex::time::Clock;
use circumplex::time::MonotonicClock;
use circumplex::time::Timestamp;

/// When the tone begins, in the time of what is played: 0 to here is silence.
const TONE_FROM: f64 = 1.5;
const SECS: f64 = 3.0;
const TONE_HZ: f64 = 440.0;
const LOUD: f32 = 0.05;

fn main() {
    let clock: Arc<dyn Clock> = Arc::new(MonotonicClock::start());
    let (streams, heard) = link::event::link(2);
    let (control, told) = link::event::link::<Pick>(1);
    let listening = thread::spawn({
        let clock = clock.clone();
        move || microphone::run(Pick::Default, &streams, &told, &clock, &start, &mut |_| ())
    });
    let (mut outlet, mut loudspeaker) = speaker::open(clock.clone(), &start);

    let (mut given, mut said, mut stream, mut block) = (0_u32, SpeakerState::Opening, None, Vec::new());
    let (mut began, mut promised, mut loudest) = (None, None, 0.0_f32);
    while clock.now().secs() < SECS + 6.0 && began.is_none() {
        let state = loudspeaker.state().clone();
        if state != said {
            println!("loudspeaker: {state:?}");
            said = state;
        }
        if let SpeakerState::Failed(error) = &said {
            println!("{error}");
            break;
        }
        // What was opened late isn't listened to with what waited for it.
        let hears = stream.is_some() && matches!(said, SpeakerState::Running { .. });
        while hears && outlet.waiting() < Duration::from_millis(250) {
            let samples: Vec<f32> = (0..320).map(|index| tone(f64::from(given + index) / 16_000.0)).collect();
            outlet.give(&samples, Timestamp::from_secs(f64::from(given) / 16_000.0));
            given += 320;
        }
        if let Some(at) = loudspeaker.heard() {
            let now = clock.now().secs();
            promised = Some(now + TONE_FROM - at.secs());
        }
        if let Some(newer) = heard.drain().last() {
            stream = Some(newer);
        }
        while let Some(stream) = &mut stream
            && let Some(mark) = stream.inlet.read(&mut block)
        {
            loudest = block.iter().fold(loudest, |most, sample| most.max(sample.abs()));
            let first = block.iter().position(|sample| sample.abs() > LOUD);
            if let (Some(first), None) = (first, began) {
                let secs = f64::from(u32::try_from(first).unwrap_or(0)) / f64::from(stream.rate_hz);
                began = Some(mark.captured_at.secs() + secs);
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
    drop((control, outlet, loudspeaker));
    listening.join().ok();
    match (began, promised) {
        (Some(began), Some(promised)) => {
            println!("heard: loudness {loudest:.2}, {:.0} ms after it was said to be heard", (began - promised) * 1e3);
        }
        _ => println!("not heard: the loudest was {loudest:.3}"),
    }
}

fn tone(at: f64) -> f32 {
    if at < TONE_FROM {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a sample")]
    let sample = (0.5 * (std::f64::consts::TAU * TONE_HZ * at).sin()) as f32;
    sample
}

#[expect(clippy::unnecessary_wraps, reason = "it is what is asked for")]
fn start(work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
    thread::spawn(work);
    Ok(())
}
