//! What was asked of a recording, carried out.

use std::time::Duration;

use egui::Context;

use crate::pipeline::Command;
use crate::pipeline::Consent;
use crate::pipeline::MarkRequest;
use crate::pipeline::Progress;
use crate::pipeline::RecordRequest;
use crate::pipeline::RecordState;
use crate::session;
use crate::time::Span;
use crate::time::Timestamp;
use crate::time::Utc;
use crate::ui::Baseline;
use crate::ui::Certified;
use crate::ui::Sheet;
use crate::ui::WindowCommand;
use crate::ui::app::App;
use crate::ui::job::Job;
use crate::ui::panels;
use crate::ui::view::Pending;

/// What one key forgets.
const FORGOTTEN: Duration = Duration::from_mins(1);
/// How long a question whether to forget stands.
const ASKED: Duration = Duration::from_secs(8);
/// How far back "lately" reaches.
const LATELY: Duration = Duration::from_secs(30);

impl App {
    /// Whether a session is recorded.
    pub(super) fn is_recording(&self) -> bool {
        self.state.recording.as_ref().is_some_and(RecordState::is_running)
    }

    /// Whether a session is recorded, or was and isn't on the disk and looked through yet.
    pub(super) fn is_saving(&self) -> bool {
        let is_on_its_way = self.state.recording.as_ref().is_some_and(|state| !state.has_ended());
        is_on_its_way && !self.state.is_closed
    }

    /// The certificate of the session that was saved last.
    pub(super) fn certificate_of_last(&self) -> Option<&Certified> {
        let last = self.state.recording.as_ref().and_then(RecordState::folder)?;
        self.certificate.as_ref().filter(|(folder, _)| folder == last).map(|(_, certificate)| certificate)
    }

    /// The window closes: settings are kept, and what is recorded is ended as if somebody had stopped it.
    pub(in crate::ui) fn leave(&mut self) {
        self.save_now();
        if self.is_recording()
            && let Some(wiring) = &self.wiring
        {
            let now = wiring.clock.now();
            if let Some(from) = self.pending.excluded_from.take() {
                wiring.commands.offer(Command::Mark(excluded(from, now)));
            }
            wiring.commands.offer(Command::StopRecording);
        }
        let saving = self.state.recording.as_ref().filter(|_| self.is_saving()).and_then(RecordState::folder);
        let certifying = self.certifying.as_ref().map(|(folder, _)| folder.as_path());
        for folder in saving.into_iter().chain(certifying) {
            (self.host.left)(folder);
        }
    }

    pub(super) fn recording(&mut self, ctx: &Context, command: &WindowCommand) {
        let Some(wiring) = &self.wiring else { return };
        let now = wiring.clock.now();
        let is_paused = self.state.recording.as_ref().is_some_and(|state| state.is_paused);
        let since = self.state.recording.as_ref().map_or(now, |state| state.since);
        let told = match command {
            WindowCommand::Record if self.is_saving() => return,
            WindowCommand::Record if panels::record_missing(&self.record.subject).is_none() => {
                self.record.subject.participant = self.record.subject.participant.trim().to_owned();
                let subject = self.record.subject.clone();
                let kept = subject.clone();
                // A note is of one session.
                self.record.subject.note.clear();
                self.change(ctx, |options| {
                    (options.participant, options.task) = (kept.participant, kept.task);
                });
                (self.pending, self.certificate) = (Pending::default(), None);
                self.state.marks.clear();
                self.state.forgotten.clear();
                self.sheet = None;
                // A check of somebody else isn't ended with this one's face.
                self.check = self.check.take().filter(|check| check.participant() == subject.participant);
                self.take_over_baseline(&subject.participant);
                let baseline = self.baseline.as_ref();
                let baseline = baseline.map(|one| serde_json::json!({ "utc": one.utc, "found": one.found }));
                let root = self.host.sessions.clone();
                Command::Record(Box::new(RecordRequest { subject, root, baseline }))
            }
            _ if !self.is_recording() => return,
            WindowCommand::PauseRecording if is_paused => Command::Resume,
            WindowCommand::PauseRecording => Command::Pause,
            WindowCommand::ForgetLast => match self.pending.forget_asked.take() {
                // It can't be taken back: a key that was touched by the way does nothing yet.
                None => {
                    self.pending.forget_asked = Some(now);
                    return;
                }
                // The last minute before it was first asked, and what came since.
                Some(asked) => Command::Forget(FORGOTTEN + now.since(asked)),
            },
            WindowCommand::StopRecording => {
                self.sheet = self.sheet.filter(|sheet| *sheet != Sheet::Record);
                // A stretch that was begun and not ended goes to the end.
                if let Some(from) = self.pending.excluded_from.take() {
                    wiring.commands.offer(Command::Mark(excluded(from, now)));
                }
                // What the next participant consents to is theirs to say.
                self.record.subject.consent = Consent::Numbers;
                Command::StopRecording
            }
            WindowCommand::MarkKey(number) => {
                let name = usize::from(*number).checked_sub(1).and_then(|at| self.options.markers.get(at));
                let Some(name) = name else { return };
                Command::Mark(MarkRequest::point(now, name.clone(), ""))
            }
            WindowCommand::MarkText => {
                self.sheet = None;
                let text = std::mem::take(&mut self.record.mark);
                Command::Mark(MarkRequest::point(self.mark_at.take().unwrap_or(now), "note", text.trim()))
            }
            WindowCommand::MarkLately => {
                Command::Mark(MarkRequest::stretch("marker", Span::new((now - LATELY).max(since), now), "lately"))
            }
            WindowCommand::Exclude => match self.pending.excluded_from.take() {
                None => {
                    self.pending.excluded_from = Some(now);
                    return;
                }
                Some(from) => Command::Mark(excluded(from, now)),
            },
            _ => return,
        };
        let forgotten = if let Command::Forget(length) = &told { Some(*length) } else { None };
        if let Some(wiring) = &self.wiring {
            wiring.commands.offer(told);
        }
        if let Some(length) = forgotten {
            self.forget_with_baseline(length);
        }
    }

    /// Whoever asked to forget and then did nothing has changed their mind.
    pub(super) fn let_go_of_pending(&mut self) {
        let Some(wiring) = &self.wiring else { return };
        let now = wiring.clock.now();
        self.pending.forget_asked = self.pending.forget_asked.filter(|asked| now.since(*asked) < ASKED);
    }

    /// Has a session that was saved certified, beside the window.
    pub(super) fn go_on_certifying(&mut self) {
        if let Some((folder, job)) = &mut self.certifying
            && let Some(done) = job.poll()
        {
            self.certificate = Some((std::mem::take(folder), done.unwrap_or_else(|broken| Err(broken.to_string()))));
            self.certifying = None;
        }
        let Some(state) = self.state.saved.take() else { return };
        let (Some(certify), Some(Progress::Saved { folder, verified })) = (&self.host.certify, state.progress) else {
            return;
        };
        let (certify, of) = (certify.clone(), folder.clone());
        let job = Job::start("certify", &self.waker, move |_| certify(&of, Some(&verified)));
        self.certifying = Some((folder, job));
    }

    /// What was corrected of the session that is looked at makes its certificate old: it gets another one, if it has one.
    pub(super) fn certify_corrected(&mut self) {
        let Some(playback) = self.replay.open().filter(|playback| playback.is_corrected()) else { return };
        let folder = playback.past().session.folder().to_path_buf();
        let (Some(certify), Some(_), None) = (&self.host.certify, session::certified(&folder), &self.certifying) else {
            return;
        };
        let (certify, of) = (certify.clone(), folder.clone());
        self.certifying = Some((folder, Job::start("certify", &self.waker, move |_| certify(&of, None))));
    }

    /// What is known of the person is from the baseline alone again; from nothing, if that was made in what is forgotten.
    fn forget_with_baseline(&mut self, forgotten: Duration) {
        self.check = None;
        let Some(baseline) = &self.baseline else { return };
        let secs = Utc::now().nanos().saturating_sub(baseline.unix_nanos) / 1_000_000_000;
        if secs > i64::try_from(forgotten.as_secs()).unwrap_or(i64::MAX) {
            if let Some(wiring) = &self.wiring {
                wiring.commands.offer(Command::TakeOver(Box::new(baseline.known.clone())));
            }
            return;
        }
        let nothing = Baseline { participant: baseline.participant.clone(), ..Baseline::default() };
        if let Err(error) = (self.host.keep_baseline)(&nothing) {
            self.failure = Some(error);
        }
        (self.baseline, self.has_baseline) = (None, false);
    }

    /// What is known of this participant from an earlier day; of another one nothing is.
    fn take_over_baseline(&mut self, participant: &str) {
        if self.baseline.as_ref().is_some_and(|baseline| baseline.participant == participant && self.has_baseline) {
            return;
        }
        self.baseline = (self.host.kept_baseline)(participant);
        self.has_baseline = self.baseline.is_some();
        let Some(wiring) = &self.wiring else { return };
        self.baseline_at = wiring.clock.now();
        match &self.baseline {
            Some(baseline) if !baseline.known.face.is_empty() => {
                wiring.commands.offer(Command::TakeOver(Box::new(baseline.known.clone())))
            }
            _ => wiring.commands.offer(Command::Afresh),
        };
    }
}

/// A stretch that isn't to count.
fn excluded(from: Timestamp, to: Timestamp) -> MarkRequest {
    MarkRequest::stretch("exclude", Span::new(from, to), "excluded")
}
