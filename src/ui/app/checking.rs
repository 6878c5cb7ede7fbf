//! The check of a participant's baseline, carried on.

use crate::pipeline::Command;
use crate::pipeline::Consent;
use crate::pipeline::KnownPerson;
use crate::time::Utc;
use crate::ui::Baseline;
use crate::ui::app::App;
use crate::ui::baseline::Check;

impl App {
    /// Begins with what is known of the person: nothing.
    pub(super) fn begin_check(&mut self) {
        let Some(wiring) = &self.wiring else { return };
        let participant = self.record.subject.participant.trim().to_owned();
        if participant.is_empty() {
            return;
        }
        wiring.commands.offer(Command::Afresh);
        self.state.known = None;
        self.check = Some(Check::begin(participant, wiring.clock.now()));
    }

    /// Tells each step as it begins, and asks for what is known of the person once all are through.
    pub(super) fn go_on_checking(&mut self) {
        let (Some(wiring), Some(check)) = (&self.wiring, &mut self.check) else { return };
        let now = wiring.clock.now();
        if let Some(step) = check.news(now) {
            wiring.commands.offer(Command::Baseline(serde_json::json!({ "step": step })));
        }
        if check.step(now).is_some() {
            return;
        }
        // The face and the voice answer one after the other.
        match self.state.known.take() {
            None => {
                if check.asks_once() {
                    wiring.commands.offer(Command::TellKnown);
                }
            }
            Some(known) => {
                let (utc, (means, sds)) = (Utc::now(), check.usual());
                let found = check.found();
                let what = serde_json::json!({ "found": found });
                wiring.commands.offer(Command::Baseline(what));
                let participant = check.participant().to_owned();
                let baseline =
                    Baseline { participant, utc: utc.to_string(), unix_nanos: utc.nanos(), found, means, sds, known };
                // Sums of what networks see in face and voice are kept with consent for inputs only, as in a session.
                let mut kept = baseline.clone();
                if self.record.subject.consent < Consent::Inputs {
                    kept.known = KnownPerson::default();
                }
                if let Err(error) = (self.host.keep_baseline)(&kept) {
                    self.failure = Some(error);
                }
                self.baseline = Some(baseline);
                self.has_baseline = true;
                self.baseline_at = now;
                self.check = None;
            }
        }
    }
}
