//! Which cameras and microphones are there, and do they work?
//!
//! `devices` lists them. `devices --watch SECONDS` opens the default ones and prints, twice a second, how they are
//! doing and what they give; with `--camera NAME` and `--microphone NAME` others are taken.

#![expect(
    clippy::disallowed_methods,
    reason = "without a pipeline it starts its threads itself, and looks now and then"
)]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use circumplex::capture;
use circumplex::capture::Pick;
use circumplex::capture::SourceState;
use circumplex::capture::camera;
use circumplex::capture::microphone;
use circumplex::link;
use circumplex::signal::Frame;
use circumplex::time::Clock;
use circumplex::time::MonotonicClock;
use clap::Parser;

/// Lists cameras and microphones, and watches them.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds to watch.
    #[arg(long)]
    watch: Option<f64>,
    /// Which camera.
    #[arg(long)]
    camera: Option<String>,
    /// Which microphone.
    #[arg(long)]
    microphone: Option<String>,
}

fn main() {
    let arguments = Arguments::parse();
    let found = capture::devices();
    for (kind, names) in [("camera", &found.cameras), ("microphone", &found.microphones)] {
        println!("{kind}s: {}", names.len());
        for name in names {
            println!("  {name}");
        }
    }
    if let Some(secs) = arguments.watch {
        watch(secs, pick(arguments.camera), pick(arguments.microphone));
    }
}

fn pick(name: Option<String>) -> Pick {
    name.map_or(Pick::Default, Pick::Named)
}

fn watch(secs: f64, camera_pick: Pick, microphone_pick: Pick) {
    let clock: Arc<dyn Clock> = Arc::new(MonotonicClock::start());
    let (mut frames, mut seen) = link::latest::link(&Frame::default());
    let (streams, heard) = link::event::link(2);
    let (camera_control, camera_told) = link::event::link::<Pick>(1);
    let (microphone_control, microphone_told) = link::event::link::<Pick>(1);
    let said = Arc::new(Mutex::new(()));

    let seeing = thread::spawn({
        let (clock, said) = (clock.clone(), said.clone());
        move || {
            camera::run(
                camera_pick,
                &mut frames,
                &camera_told,
                &clock,
                &camera::Settings::default(),
                &start,
                &mut |state| say(&said, &*clock, "camera", &state),
            );
        }
    });
    let hearing = thread::spawn({
        let (clock, said) = (clock.clone(), said.clone());
        move || {
            microphone::run(microphone_pick, &streams, &microphone_told, &clock, &start, &mut |state| {
                say(&said, &*clock, "microphone", &state);
            });
        }
    });

    let mut stream = None;
    let mut block = Vec::new();
    let mut count = Count::default();
    let mut line_at = 0.5;
    while clock.now().secs() < secs {
        if let Some(newer) = heard.drain().last() {
            stream = Some(newer);
        }
        while let Some(capture::AudioStream { inlet, .. }) = &mut stream
            && let Some(mark) = inlet.read(&mut block)
        {
            count.samples += f64::from(u32::try_from(mark.len).unwrap_or(0));
            count.sound_age = clock.now().since(mark.captured_at).as_secs_f64();
            count.loudest = block.iter().fold(count.loudest, |most, sample| most.max(sample.abs()));
            count.blocks += 1.0;
        }
        if let Some(frame) = seen.take_new() {
            count.frames += 1.0;
            count.picture_age = frame.age(clock.now()).as_secs_f64();
            count.size = (frame.value.width, frame.value.height);
            let (mut sum, mut looked_at) = (0.0, 0.0);
            for byte in frame.value.rgb.iter().step_by(97) {
                sum += f64::from(*byte);
                looked_at += 1.0;
            }
            count.brightness = sum / f64::max(looked_at, 1.0);
        }
        if clock.now().secs() >= line_at {
            let Count { frames, size, brightness, picture_age, samples, blocks, loudest, sound_age } = count;
            let _quiet = said.lock().unwrap_or_else(PoisonError::into_inner);
            println!(
                "{line_at:6.1} s  picture {}×{} {:4.1}/s brightness {brightness:3.0} age {:3.0} ms   sound {:6.0}/s in {:3.0} \
                 blocks/s peak {loudest:.3} age {:3.0} ms",
                size.0,
                size.1,
                frames * 2.0,
                picture_age * 1e3,
                samples * 2.0,
                blocks * 2.0,
                sound_age * 1e3,
            );
            line_at += 0.5;
            count = Count::default();
        }
        thread::sleep(Duration::from_millis(3));
    }
    let from = clock.now();
    drop((camera_control, microphone_control));
    let ended = seeing.join().is_ok() && hearing.join().is_ok();
    println!(
        "stopped after {:.0} ms{}",
        clock.now().since(from).as_secs_f64() * 1e3,
        if ended { "" } else { ", badly" }
    );
}

fn start(job: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
    thread::Builder::new().name("device".into()).spawn(job).map(drop)
}

fn say(said: &Mutex<()>, clock: &dyn Clock, source: &str, state: &SourceState) {
    let _quiet = said.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{:6.1} s  {source} {}", clock.now().secs(), state.to_string().replace('\n', " | "));
}

#[derive(Default)]
struct Count {
    frames: f64,
    size: (usize, usize),
    brightness: f64,
    picture_age: f64,
    samples: f64,
    blocks: f64,
    loudest: f32,
    sound_age: f64,
}
