//! Fetches pictures and sound of a session, beside the window.

use std::path::Path;
use std::time::Duration;

use crate::link::event;
use crate::link::event::EventInlet;
use crate::link::event::EventOutlet;
use crate::link::event::Next;
use crate::link::latest;
use crate::link::latest::LatestInlet;
use crate::link::latest::LatestOutlet;
use crate::pipeline::SpeakerOutlet;
use crate::pipeline::beside;
use crate::record::Pictures;
use crate::record::SOUND_RATE_HZ;
use crate::record::Sounds;
use crate::session::Session;
use crate::session::SessionError;
use crate::signal::FaceView;
use crate::time::Span;
use crate::time::Timestamp;
use crate::ui::Waker;

const ASKS: usize = 64;
/// So much sound lies ready for the loudspeaker.
const READY: Duration = Duration::from_millis(250);
/// So much of it is fetched at once.
const BLOCK: Duration = Duration::from_millis(20);
const WHILE_PLAYING: Duration = Duration::from_millis(8);
const WHILE_STILL: Duration = Duration::from_secs(1);

/// What the projector is asked for.
pub enum Ask {
    /// The picture of this time.
    Look(Timestamp),
    /// Sound from this time on, until it is asked to be quiet.
    Play(Timestamp),
    /// No sound.
    Quiet,
    /// The loudspeaker to play it to.
    Speaker(Box<SpeakerOutlet>),
}

/// What there is to see at a time.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Which time was asked for.
    pub asked: Timestamp,
    /// When it was seen; `None` if nothing was.
    pub span: Option<Span>,
    /// What was seen: frame, crop, box, landmarks.
    pub view: FaceView,
}

/// A thread that has a session's pictures and sound. It ends when this is dropped.
pub struct Projector {
    asks: EventOutlet<Ask>,
    sights: LatestInlet<Sight>,
    told: EventInlet<String>,
}

impl Projector {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn start(folder: &Path, waker: &Waker) -> std::io::Result<Self> {
        let (asks, asked) = event::link(ASKS);
        let (sight, sights) = latest::link(&Sight::default());
        let (tell, told) = event::link(4);
        let (folder, waker) = (folder.to_path_buf(), waker.clone());
        beside("projector", move || {
            if let Err(error) = work(&folder, &asked, sight, &waker) {
                tell.offer(error.to_string());
                waker();
            }
        })?;
        Ok(Self { asks, sights, told })
    }

    /// Asks for something; false if it has too much to do at the moment.
    pub fn ask(&self, ask: Ask) -> bool {
        self.asks.offer(ask)
    }

    /// What there is to see, if that is new.
    pub fn take_new(&mut self) -> Option<&mut Sight> {
        self.sights.take_new().map(|sight| &mut sight.value)
    }

    /// Why it has given up, once.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.told.drain().last()
    }
}

fn work(folder: &Path, asked: &EventInlet<Ask>, sight: LatestOutlet<Sight>, waker: &Waker) -> Result<(), SessionError> {
    let session = Session::open(folder)?;
    let mut screen = Screen { pictures: Pictures::open(&session)?, sight, last: None };
    let mut feed = Feed { sounds: Sounds::open(&session)?, speaker: None, next: None };
    loop {
        let mut look_at = None;
        let first = asked.wait(if feed.next.is_some() { WHILE_PLAYING } else { WHILE_STILL });
        let first = match first {
            Next::Item(ask) => Some(ask),
            Next::Nothing => None,
            Next::Closed => return Ok(()),
        };
        for ask in first.into_iter().chain(asked.drain()) {
            match ask {
                Ask::Look(at) => look_at = Some(at),
                Ask::Play(at) => feed.play(at),
                Ask::Quiet => feed.quiet(),
                Ask::Speaker(speaker) => feed.speaker = Some(*speaker),
            }
        }
        // Sound first: it can't wait.
        feed.go_on()?;
        if let Some(at) = look_at {
            screen.show(at)?;
            waker();
        }
    }
}

/// The picture that is shown.
struct Screen {
    pictures: Pictures,
    sight: LatestOutlet<Sight>,
    last: Option<Span>,
}

impl Screen {
    fn show(&mut self, at: Timestamp) -> Result<(), SessionError> {
        let seen = self.pictures.at(at)?;
        let span = seen.map(|seen| seen.span);
        // The same once more: the window has it.
        if span.is_some() && span == self.last {
            return Ok(());
        }
        self.last = span;
        self.sight.write(Span::at(at), |sight| {
            (sight.asked, sight.span) = (at, span);
            match seen {
                Some(seen) => {
                    sight.view.frame.copy_from(&seen.view.frame);
                    sight.view.crop.copy_from(&seen.view.crop);
                    sight.view.face = seen.view.face;
                    sight.view.quality = seen.view.quality;
                    sight.view.landmarks.clone_from(&seen.view.landmarks);
                }
                None => sight.view = FaceView::default(),
            }
        });
        Ok(())
    }
}

/// The sound that is on its way to the loudspeaker.
struct Feed {
    sounds: Option<Sounds>,
    speaker: Option<SpeakerOutlet>,
    next: Option<Timestamp>,
}

impl Feed {
    fn play(&mut self, at: Timestamp) {
        if let Some(speaker) = &mut self.speaker {
            speaker.cut();
            self.next = self.sounds.is_some().then_some(at);
        }
    }

    fn quiet(&mut self) {
        if let Some(speaker) = &mut self.speaker {
            speaker.cut();
        }
        self.next = None;
    }

    fn go_on(&mut self) -> Result<(), SessionError> {
        let (Some(sounds), Some(speaker), Some(next)) = (&mut self.sounds, &mut self.speaker, &mut self.next) else {
            return Ok(());
        };
        let mut block = vec![0.0; (BLOCK.as_secs_f64() * f64::from(SOUND_RATE_HZ)).round() as usize];
        while speaker.waiting() < READY {
            sounds.read(*next, &mut block)?;
            speaker.give(&block, *next);
            *next = *next + BLOCK;
        }
        if speaker.is_closed() {
            self.next = None;
        }
        Ok(())
    }
}
