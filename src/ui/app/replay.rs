//! The window's recorded sessions: one that is looked at, and the list of them.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;

use crate::time::MonotonicClock;
use crate::ui::LibraryCommand;
use crate::ui::ReplayCommand;
use crate::ui::Sheet;
use crate::ui::app::App;
use crate::ui::app::Opening;
use crate::ui::job::Job;
use crate::ui::library::LibraryForm;
use crate::ui::motion::Motion;
use crate::ui::panels::MarkerForm;
use crate::ui::playback::Playback;
use crate::ui::playback::past::Past;
use crate::ui::state::State;
use crate::ui::theme::Palette;
use crate::ui::view::Pending;
use crate::ui::view::View;

/// From here on a step through a session isn't eased, seconds.
const JUMP_SECS: f64 = 0.6;

/// The session that is looked at.
pub enum Replay {
    /// None.
    No,
    /// One that is being loaded.
    Opening(PathBuf, Job<Result<Past, String>>),
    /// One that is there.
    Open(Box<Playback>),
}

impl Replay {
    /// Whether one is there.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// The one that is there.
    pub fn open(&self) -> Option<&Playback> {
        match self {
            Self::Open(playback) => Some(playback),
            _ => None,
        }
    }

    /// The folder of the one that is being loaded.
    pub fn opening(&self) -> Option<&Path> {
        match self {
            Self::Opening(folder, _) => Some(folder),
            _ => None,
        }
    }
}

impl App {
    /// Loads a session, beside the window. What was read until now ends; but what is being recorded isn't ended by the way.
    pub(super) fn open_session(&mut self, folder: PathBuf) {
        if self.is_saving() {
            self.library
                .refuse("A session is being recorded, or looked through: stop it and wait, then open another one.");
            self.open_library();
            self.sheet = Some(Sheet::Library);
            return;
        }
        self.certify_corrected();
        self.wiring = None;
        (self.state, self.picture, self.held, self.without) = (State::default(), None, None, None);
        (self.opening, self.failure, self.pointed_at) = (Opening::No, None, None);
        self.motion = Motion::default();
        self.marker_form = MarkerForm::default();
        self.sheet = self.sheet.filter(|sheet| !matches!(sheet, Sheet::Library | Sheet::Sources));
        let from = folder.clone();
        let job = Job::start("session", &self.waker, move |_| Past::load(&from));
        self.replay = Replay::Opening(folder, job);
    }

    pub(super) fn obey_replay(&mut self, command: ReplayCommand) {
        let Replay::Open(playback) = &mut self.replay else { return };
        match command {
            ReplayCommand::Close => {
                self.certify_corrected();
                self.replay = Replay::No;
                self.motion = Motion::default();
                self.sheet = self.sheet.filter(|sheet| !matches!(sheet, Sheet::Markers | Sheet::Compare));
            }
            ReplayCommand::Rescore(another) => {
                if let Some(rescore) = &self.host.rescore {
                    playback.rescore(another, rescore, &self.waker);
                }
            }
            other => playback.obey(other),
        }
    }

    pub(super) fn open_library(&mut self) {
        self.library_form = LibraryForm { search: self.library_form.search.clone(), ..LibraryForm::default() };
        self.library.list(self.host.sessions.clone(), &self.waker);
    }

    /// While the list is looked at, it is kept up to date: sessions are made and certified elsewhere too.
    pub(super) fn look_again(&mut self, ctx: &Context) {
        if self.sheet == Some(Sheet::Library) {
            self.library.list_if_old(ctx.input(|input| input.time), &self.waker);
        }
    }

    pub(super) fn obey_library(&mut self, command: LibraryCommand) {
        let gone = self.library.obey(command, self.host.export.as_ref(), &self.waker);
        // What is deleted isn't looked at any more.
        if gone.is_some_and(|gone| self.replay.open().is_some_and(|one| one.past().session.folder() == gone)) {
            self.obey_replay(ReplayCommand::Close);
        }
    }

    /// Goes on with the session that is looked at; whether it went somewhere else at once.
    pub(super) fn step_replay(&mut self, ctx: &Context) -> bool {
        if let Replay::Opening(_, job) = &mut self.replay
            && let Some(done) = job.poll()
        {
            self.replay = match done.unwrap_or_else(|broken| Err(broken.to_string())) {
                Ok(past) => {
                    let clock = Arc::new(MonotonicClock::start());
                    let speaker = self.host.speaker.clone();
                    Replay::Open(Box::new(Playback::new(past, speaker, clock, &self.waker)))
                }
                Err(message) => {
                    self.failure = Some(message);
                    Replay::No
                }
            };
        }
        let Replay::Open(playback) = &mut self.replay else { return false };
        let before = playback.shown_at();
        playback.step(ctx, &self.options);
        let after = playback.shown_at();
        before.is_none_or(|before| (after.unwrap_or(before).secs() - before.secs()).abs() > JUMP_SECS)
    }

    pub(super) fn view_of<'a>(&'a self, playback: &'a Playback) -> View<'a> {
        View {
            state: playback.state(),
            options: &self.options,
            palette: Palette::of(self.options.theme),
            source: &self.source,
            now: playback.cursor(),
            shown: playback.shown(),
            tick: playback.tick(),
            picture: Some(playback.picture()),
            devices: self.devices.as_ref(),
            without: None,
            pointed_at: self.pointed_at,
            certificate: None,
            pending: Pending::default(),
            baseline: None,
            is_held: false,
            is_started: true,
            replay: Some(playback),
        }
    }
}
