//! Sessions without a window: recorded by a script, listed, checked, withdrawn.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;
use serde_json::json;

use crate::command::Place;
use crate::pipeline::Command;
use crate::pipeline::MarkRequest;
use crate::pipeline::Progress;
use crate::pipeline::RecordRequest;
use crate::pipeline::RecordState;
use crate::session;
use crate::session::Consent;
use crate::session::Entry;
use crate::session::Header;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::Subject;
use crate::time::Span;
use crate::time::Timestamp;

/// Whether a session is recorded, of whom, and what happens while it is.
#[derive(Debug, Args)]
pub(super) struct Recording {
    /// Records a session: a new folder in this one.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// The participant's code; never a name.
    #[arg(long, requires = "record")]
    participant: Option<String>,
    /// What they do.
    #[arg(long, requires = "record", default_value = "")]
    task: String,
    /// Whatever else is good to know.
    #[arg(long, requires = "record", default_value = "")]
    note: String,
    /// What may be kept: `numbers`, `words` (the transcript), `inputs` (face and voice) or `video`; each includes those before.
    #[arg(long, requires = "record", default_value = "numbers")]
    consent: String,
    /// So many seconds after the first answer: `SECONDS mark NAME`, `SECONDS exclude LENGTH`, `SECONDS forget LENGTH`,
    /// `SECONDS pause`, `SECONDS resume`, `SECONDS stop`. May be given often.
    #[arg(long = "do", requires = "record", value_name = "\"SECONDS WHAT\"")]
    script: Vec<String>,
}

/// What is done when, in order.
#[derive(Debug, Default)]
pub(super) struct Script {
    steps: Vec<(f64, Step)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Record(RecordRequest),
    Mark(String),
    Exclude(f64),
    Forget(f64),
    Pause,
    Resume,
    Stop,
}

impl Recording {
    /// What is to be done; nothing without `--record`.
    pub(super) fn script(&self) -> anyhow::Result<Script> {
        let Some(root) = &self.record else { return Ok(Script::default()) };
        let consent = Consent::from_name(&self.consent)
            .with_context(|| format!("--consent takes numbers, words, inputs or video, and not {:?}", self.consent))?;
        let subject = Subject {
            participant: self.participant.clone().context("a recording needs --participant: a code, never a name")?,
            task: self.task.clone(),
            note: self.note.clone(),
            consent,
        };
        let mut steps = vec![(0.0, Step::Record(RecordRequest { subject, root: root.clone(), baseline: None }))];
        for line in &self.script {
            steps.push(step(line).with_context(|| format!("--do {line:?} can't be understood; see --help"))?);
        }
        // In order of time; what is given first comes first.
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        steps.reverse();
        Ok(Script { steps })
    }
}

/// No stretch is longer, seconds.
const LONGEST_SECS: f64 = 1e6;

fn step(line: &str) -> Option<(f64, Step)> {
    let (secs, rest) = line.trim().split_once(' ')?;
    let (word, more) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let length = || more.trim().parse::<f64>().ok().filter(|secs| (0.0..=LONGEST_SECS).contains(secs));
    let step = match word {
        "mark" if !more.is_empty() => Step::Mark(more.trim().to_owned()),
        "exclude" => Step::Exclude(length()?),
        "forget" => Step::Forget(length()?),
        "pause" => Step::Pause,
        "resume" => Step::Resume,
        "stop" => Step::Stop,
        _ => return None,
    };
    Some((secs.parse::<f64>().ok().filter(|secs| secs.is_finite())?, step))
}

impl Script {
    /// What is due `ran` seconds after the first answer.
    pub(super) fn due(&mut self, ran: f64, now: Timestamp) -> Vec<Command> {
        let mut due = Vec::new();
        while let Some((_, step)) = self.steps.pop_if(|(secs, _)| *secs <= ran) {
            let back = |secs: f64| Span::new(now - std::time::Duration::from_secs_f64(secs), now);
            due.push(match step {
                Step::Record(request) => Command::Record(Box::new(request)),
                Step::Mark(name) => Command::Mark(MarkRequest::point(now, name, "")),
                Step::Exclude(secs) => Command::Mark(MarkRequest::stretch("exclude", back(secs), "excluded")),
                Step::Forget(secs) => Command::Forget(std::time::Duration::from_secs_f64(secs)),
                Step::Pause => Command::Pause,
                Step::Resume => Command::Resume,
                Step::Stop => Command::StopRecording,
            });
        }
        due
    }
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// The folder of sessions; that of the settings if none is named.
    #[arg(value_name = "DIR")]
    root: Option<PathBuf>,
    /// Reads each session from beginning to end, and says what is there.
    #[arg(long)]
    check: bool,
    /// Only those whose participant, task or date has these words.
    #[arg(long, value_name = "WORDS")]
    find: Option<String>,
}

pub(super) fn list(request: &List, place: &Place) -> anyhow::Result<ExitCode> {
    let root = request.root.clone().unwrap_or_else(|| place.settings.sessions_folder());
    let (all, odd) = session::list(&root)?;
    let wanted = |entry: &&Entry| request.find.as_ref().is_none_or(|words| entry.matches(words));
    let (mut shown, mut is_well) = (0, odd.is_empty());
    for entry in all.iter().filter(wanted) {
        shown += 1;
        let Header { subject, began_utc, .. } = &entry.header;
        let colour = entry.certificate.as_ref().map(|certificate| certificate.colour.as_str());
        let found = if request.check {
            let (said, is_well) =
                state(&entry.folder).unwrap_or_else(|error| (format!("can't be read: {error:#}"), false));
            let colour = colour.map(|colour| format!("certificate {colour}; ")).unwrap_or_default();
            (colour + &said, is_well)
        } else {
            (colour.unwrap_or_default().to_owned(), true)
        };
        is_well &= found.1;
        println!(
            "{}  {}  {}  {}  {:.1} MB  {}\n  {}",
            began_utc,
            subject.participant,
            subject.task,
            subject.consent,
            entry.bytes as f64 / 1e6,
            entry.secs.map_or_else(String::new, |secs| format!("{secs:.1} s; ")) + &found.0,
            entry.folder.display()
        );
    }
    for error in &odd {
        println!("can't be read: {error}");
    }
    if shown == 0 && odd.is_empty() {
        match &request.find {
            Some(words) if !all.is_empty() => {
                println!("none of {} sessions in {} has “{words}”", all.len(), root.display());
            }
            _ => println!("no sessions in {}; of sessions that lie elsewhere, name the folder", root.display()),
        }
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What reading all of a session finds, and whether that is well.
fn state(folder: &Path) -> anyhow::Result<(String, bool)> {
    let session = match Session::open(folder) {
        Err(busy @ SessionError::Busy { .. }) => return Ok((busy.to_string(), true)),
        other => other?,
    };
    let found = session.verify(|_| ())?;
    let mut said = vec![format!("{} items", found.items)];
    if !found.has_ended {
        said.push("broke off: the program ended before the recording did; all that is listed can be read".to_owned());
    }
    if found.lost > 0 {
        said.push(format!("{} items lost while it was recorded", found.lost));
    }
    said.extend(
        found
            .miscounted
            .iter()
            .map(|(stream, said, counted)| format!("{stream} has {counted} items, and {said} were written")),
    );
    // Where a program was killed, the last chunk may be half there.
    let damage = found.damage.iter().filter(|damage| found.has_ended || damage.why != session::format::CUT);
    let damage: Vec<_> = damage.map(ToString::to_string).collect();
    let is_well = damage.is_empty() && found.miscounted.is_empty();
    said.extend(damage);
    Ok((said.join("; "), is_well))
}

#[derive(Debug, Args)]
pub(super) struct Withdraw {
    /// The session's folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Yes, all of it is to be deleted; a receipt stays.
    #[arg(long)]
    yes: bool,
}

pub(super) fn withdraw(request: &Withdraw) -> anyhow::Result<ExitCode> {
    let of = match Session::header_of(&request.folder) {
        // What nobody can read can be withdrawn all the same.
        Err(SessionError::Foreign { .. } | SessionError::Newer { .. }) => "whose own words can't be read".to_owned(),
        header => header.map(|header| format!("of {} from {}", header.subject.participant, header.began_utc))?,
    };
    anyhow::ensure!(
        request.yes,
        "this deletes the session {of} for good; add --yes if that is meant\nfolder: {:?}",
        request.folder
    );
    let receipt = session::withdraw(&request.folder)?;
    println!("deleted; the receipt is {}. What was exported elsewhere is still there", receipt.display());
    Ok(ExitCode::SUCCESS)
}

/// How a recording is doing, for people: nothing while all is well.
pub(super) fn recording(state: &RecordState) -> Option<String> {
    match (&state.progress, &state.trouble) {
        (Some(Progress::Saved { folder, verified }), _) if verified.is_whole() && verified.lost == 0 => {
            Some(format!("saved and looked through: {}", folder.display()))
        }
        (Some(Progress::Saved { folder, verified }), _) => Some(format!(
            "the session ended with losses ({} items lost, {} damaged stretches): {}",
            verified.lost,
            verified.damage.len(),
            folder.display()
        )),
        (Some(Progress::Failed { message, .. }), _) => Some(format!("the recording has failed: {message}")),
        (_, Some(trouble)) => Some(format!("recording: {trouble}")),
        _ => None,
    }
}

/// The same as a line of JSON.
pub(super) fn recording_line(state: &RecordState) -> Value {
    let subject = &state.subject;
    let mut line = json!({
        "type": "recording", "participant": subject.participant, "consent": subject.consent,
        "is_paused": state.is_paused, "trouble": state.trouble,
    });
    let more = match &state.progress {
        None => json!({ "state": "begun", "time_s": state.since.secs() }),
        Some(Progress::Running { folder, bytes, synced_until, lost, free_bytes, .. }) => json!({
            "state": "running", "folder": folder, "bytes": bytes, "on_disk_until_s": synced_until.secs(), "lost": lost,
            "free_bytes": free_bytes,
        }),
        Some(Progress::Checking { folder, bytes, of }) => {
            json!({ "state": "checking", "folder": folder, "bytes": bytes, "of": of })
        }
        Some(Progress::Saved { folder, verified }) => json!({
            "state": "saved", "folder": folder, "items": verified.items, "lost": verified.lost,
            "is_whole": verified.is_whole(),
        }),
        Some(Progress::Failed { folder, message }) => {
            json!({ "state": "failed", "folder": folder, "message": message })
        }
    };
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_done_in_order() {
        let lines = ["5 mark a stimulus", "2.5 pause", "9 forget 3"];
        let request = Recording {
            record: Some(PathBuf::from("x")),
            participant: Some("P07".into()),
            task: String::new(),
            note: String::new(),
            consent: "inputs".into(),
            script: lines.map(str::to_owned).to_vec(),
        };
        let mut script = request.script().unwrap();
        let now = Timestamp::from_secs(20.0);

        assert!(matches!(script.due(0.0, now)[..], [Command::Record(_)]));
        assert_eq!(script.due(6.0, now), [Command::Pause, Command::Mark(MarkRequest::point(now, "a stimulus", ""))]);
        assert_eq!(script.due(9.0, now), [Command::Forget(std::time::Duration::from_secs(3))]);
        for odd in ["mark a", "1 forget", "1 forget -2", "1 forget 1e20", "x pause", "1 dance", "1 mark"] {
            assert!(step(odd).is_none(), "{odd}");
        }
    }
}
