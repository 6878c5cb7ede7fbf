//! The loudspeaker, opened when something is first played, and what is said of it.

use std::sync::Arc;

use crate::pipeline::Speaker;
use crate::pipeline::SpeakerOutlet;
use crate::pipeline::SpeakerState;
use crate::time::Clock;
use crate::time::Timestamp;
use crate::ui::playback::projector::Ask;
use crate::ui::playback::projector::Projector;
use crate::ui::playback::transport::Transport;

/// Opens the loudspeaker.
pub type OpenSpeaker = Arc<dyn Fn(Arc<dyn Clock>) -> (SpeakerOutlet, Speaker)>;

/// What is heard may be so far from what is seen, seconds; beyond that it is begun anew.
const MOST_APART: f64 = 0.4;
/// So soon after it went a loudspeaker is tried again, seconds …
const RETRY: f64 = 2.0;
/// … and so many times.
const TRIES: u32 = 3;
/// Not again so soon after it was begun, seconds: a loudspeaker takes a while.
const SETTLES: f64 = 1.5;

/// What there is to say of the sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundNote {
    /// In a word or two.
    pub short: String,
    /// In full.
    pub long: String,
    /// Whether it ought to be heard and can't.
    pub is_trouble: bool,
}

impl SoundNote {
    fn new(short: &str, long: impl Into<String>) -> Self {
        Self { short: short.to_owned(), long: long.into(), is_trouble: false }
    }
}

/// Sound beside the pictures of a session.
pub struct Sound {
    is_kept: bool,
    open: Option<OpenSpeaker>,
    clock: Arc<dyn Clock>,
    speaker: Option<Speaker>,
    /// The half of the loudspeaker that the projector hasn't been given yet.
    outlet: Option<Box<SpeakerOutlet>>,
    is_on: bool,
    is_cued: bool,
    /// How long it has been on since it was begun, seconds.
    since: f64,
    /// How often it was tried again.
    tries: u32,
    note: SoundNote,
}

impl Sound {
    /// Of a session whose sound was kept, or wasn't.
    #[must_use]
    pub fn new(is_kept: bool, open: Option<OpenSpeaker>, clock: Arc<dyn Clock>) -> Self {
        let note = SoundNote::new("", "");
        Self {
            is_kept,
            open,
            clock,
            speaker: None,
            outlet: None,
            is_on: false,
            is_cued: false,
            since: 0.0,
            tries: 0,
            note,
        }
    }

    /// What there is to say of it.
    #[must_use]
    pub const fn note(&self) -> &SoundNote {
        &self.note
    }

    /// The place has changed: what is heard begins anew.
    pub const fn cue(&mut self) {
        self.is_cued = true;
    }

    /// Follows the transport.
    pub fn step(&mut self, transport: &Transport, projector: Option<&Projector>, secs: f64) {
        self.since += secs;
        let is_wanted = self.is_kept && transport.is_playing() && (transport.speed() - 1.0).abs() < 1e-3;
        let is_again = if self.is_on { self.since > RETRY && self.tries < TRIES } else { true };
        if is_wanted && is_again && self.has_failed() {
            // It may have been plugged in since, or the sound system may have come to rest.
            self.tries = if self.is_on { self.tries + 1 } else { 0 };
            (self.speaker, self.is_on) = (None, false);
        }
        if is_wanted
            && self.speaker.is_none()
            && projector.is_some()
            && let Some(open) = &self.open
        {
            let (outlet, speaker) = open(self.clock.clone());
            (self.outlet, self.speaker) = (Some(Box::new(outlet)), Some(speaker));
        }
        if let (Some(projector), Some(outlet)) = (projector, self.outlet.take())
            && !projector.ask(Ask::Speaker(outlet))
        {
            self.speaker = None;
        }
        if is_wanted && self.is_on && self.since > SETTLES {
            let heard = self.speaker.as_ref().and_then(Speaker::heard);
            self.is_cued |= heard.is_some_and(|heard| (heard.secs() - transport.cursor().secs()).abs() > MOST_APART);
        }
        let is_over = self.is_on && !is_wanted;
        let begins = is_wanted && (!self.is_on || self.is_cued);
        if let Some(projector) = projector
            && (is_over || begins)
        {
            let ask = if begins { Ask::Play(transport.cursor()) } else { Ask::Quiet };
            if projector.ask(ask) {
                (self.is_on, self.is_cued, self.since) = (is_wanted, false, 0.0);
            }
        }
        self.note = self.say(transport);
    }

    /// Which time is heard, while it should be.
    #[must_use]
    pub fn heard(&self, transport: &Transport) -> Option<Timestamp> {
        let heard = self.speaker.as_ref().filter(|_| self.is_on && !self.is_cued)?.heard()?;
        (heard.secs() - transport.cursor().secs()).abs().le(&MOST_APART).then_some(heard)
    }

    fn has_failed(&mut self) -> bool {
        self.speaker.as_mut().is_some_and(|speaker| matches!(speaker.state(), SpeakerState::Failed(_)))
    }

    fn say(&mut self, transport: &Transport) -> SoundNote {
        if !self.is_kept {
            return SoundNote::new("no sound kept", "no sound was kept of this session");
        }
        let state = self.speaker.as_mut().map(Speaker::state);
        match state {
            Some(SpeakerState::Failed(error)) => SoundNote {
                short: "no sound".to_owned(),
                long: format!("The sound can't be heard: {error}."),
                is_trouble: true,
            },
            _ if (transport.speed() - 1.0).abs() > 1e-3 => {
                SoundNote::new("muted", "sound is played at 1× alone; it is muted at other speeds")
            }
            Some(SpeakerState::Opening) => SoundNote::new("sound …", "the loudspeaker is being opened"),
            Some(SpeakerState::Running { name }) => SoundNote::new("sound", format!("heard on: {name}")),
            None if self.open.is_none() => SoundNote::new("no sound", "this window has no way to a loudspeaker"),
            None => SoundNote::new("sound", "the kept sound is heard when it is played at 1×"),
        }
    }
}
