//! Writes a recorded session that nobody was recorded for: to look at, and to measure with.
//!
//! ```sh
//! cargo run --release --example made_session -- sessions --minutes 60 --consent video
//! circumplex open sessions/P07_reading_20261127T151218Z
//! ```
//!
//! With `--measure` it opens it as the window does, and says how long that takes, and how many pictures a second can be
//! fetched at places here and there.

// The parts that the made session is written with are found where they are in the crate.
use circumplex::encode;
use circumplex::record;
use circumplex::session;
use circumplex::signal;
use circumplex::time;

#[path = "../src/record/made.rs"]
mod made;

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use circumplex::record::Kept;
use circumplex::record::Pictures;
use circumplex::record::Sounds;
use circumplex::session::Consent;
use circumplex::session::Session;
use circumplex::time::Clock as _;
use circumplex::time::MonotonicClock;
use circumplex::time::Timestamp;
use clap::Parser;

#[derive(Parser)]
struct Arguments {
    /// The folder in which the session is made, or with `--measure` the session.
    folder: PathBuf,
    /// How long it is.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// What is kept: numbers, words, inputs, video.
    #[arg(long, default_value = "video")]
    consent: String,
    /// Of whom.
    #[arg(long, default_value = "P07")]
    participant: String,
    /// Doing what.
    #[arg(long, default_value = "reading")]
    task: String,
    /// When, seconds after the first.
    #[arg(long, default_value_t = 0)]
    later: i64,
    /// Width of the pictures; they are 16 to 9.
    #[arg(long, default_value_t = 1280)]
    width: usize,
    /// Measures a session that is there, instead.
    #[arg(long)]
    measure: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    if arguments.measure {
        return measure(&arguments.folder);
    }
    let standard = made::Made::default();
    let made = made::Made {
        participant: arguments.participant,
        task: arguments.task,
        consent: Consent::from_name(&arguments.consent).ok_or("consent: numbers, words, inputs or video")?,
        secs: arguments.minutes * 60.0,
        began: time::Utc::from_nanos(standard.began.nanos() + arguments.later * 1_000_000_000),
        size: (arguments.width, arguments.width * 9 / 16),
        ..standard
    };
    println!("{}", made::write(&arguments.folder, &made)?.display());
    Ok(())
}

/// So many places, here and there.
const PLACES: u32 = 200;

fn measure(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let clock = MonotonicClock::start();
    let took = |from: Timestamp| clock.now().since(from).as_secs_f64();

    let from = clock.now();
    let session = Session::open(folder)?;
    let kept = Kept::load(&session)?;
    println!("numbers and words loaded in {:.2} s: {} answers", took(from), kept.answers.len());

    let from = clock.now();
    let mut pictures = Pictures::open(&session)?;
    let mut sounds = Sounds::open(&session)?;
    println!("pictures and sound opened in {:.4} s", took(from));

    let span = kept.span();
    let at = |share: f64| span.start + Duration::from_secs_f64(span.len().as_secs_f64() * share);
    let (mut slowest, mut found) = (0.0_f64, 0);
    let from = clock.now();
    for place in 0..PLACES {
        let one = clock.now();
        // The golden section: nowhere near the place before.
        let share = (f64::from(place) * 0.618_034).fract();
        found += u32::from(pictures.at(at(share))?.is_some_and(|seen| seen.view.frame.is_whole()));
        slowest = slowest.max(took(one));
    }
    let secs = took(from);
    println!(
        "{found} of {PLACES} pictures here and there: {:.1} a second, the slowest {:.1} ms",
        f64::from(PLACES) / secs,
        slowest * 1000.0
    );
    let from = clock.now();
    for place in 0..PLACES {
        pictures.at(at(0.2) + Duration::from_millis(33) * place)?;
    }
    println!("{PLACES} pictures in a row: {:.1} a second", f64::from(PLACES) / took(from));
    if let Some(sounds) = &mut sounds {
        let mut samples = vec![0.0; 320];
        let from = clock.now();
        for place in 0..PLACES {
            sounds.read(at((f64::from(place) * 0.618_034).fract()), &mut samples)?;
        }
        println!("sound here and there: {:.1} ms each", took(from) / f64::from(PLACES) * 1000.0);
    }
    Ok(())
}
