//! The recorded sessions under one folder: listed, searched, exported, withdrawn.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::session;
use crate::session::Entry;
use crate::ui::Waker;
use crate::ui::job::Job;

/// How old a list may be that is looked at.
const LOOK_AGAIN_SECS: f64 = 3.0;

/// What came of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Where it lies.
    pub folder: PathBuf,
    /// What was left out or damaged, in sentences.
    pub notes: Vec<String>,
}

/// Exports a session: its folder, and a way to say which share of it is done.
pub type Export = Arc<dyn Fn(&Path, &mut dyn FnMut(f32)) -> Result<Exported, String> + Send + Sync>;

/// What is asked to be done with the sessions.
#[derive(Debug, Clone, PartialEq)]
pub enum LibraryCommand {
    /// Look again what there is.
    List,
    /// Choose these, and no others.
    Choose(BTreeSet<PathBuf>),
    /// Export these.
    Export(BTreeSet<PathBuf>),
    /// Stop after the one that is being exported.
    StopExport,
    /// Withdraw this one: asks.
    Withdraw(PathBuf),
    /// Yes, withdraw it: asks once more, and does it the second time.
    WithdrawYes,
    /// No, it stays.
    WithdrawNo,
    /// What was said has been read.
    Read,
}

/// What was typed, and where the keys are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LibraryForm {
    /// What is searched for.
    pub search: String,
    /// The row that the keys are at.
    pub row: usize,
    /// Whether the field has been given the keys.
    pub is_focused: bool,
}

/// What there is.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The sessions, the newest first.
    pub entries: Vec<Entry>,
    /// What looks like one and can't be read, and why.
    pub odd: Vec<String>,
}

/// How far somebody is with withdrawing a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawal {
    /// It was asked for.
    Asked(PathBuf),
    /// It was confirmed once.
    Confirmed(PathBuf),
}

/// What was done, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// In words.
    pub text: String,
    /// Whether it went wrong.
    pub is_trouble: bool,
}

struct Exporting {
    job: Job<Vec<(PathBuf, Result<Exported, String>)>>,
    count: usize,
    stop: Arc<AtomicBool>,
}

/// The sessions under a folder.
#[derive(Default)]
pub struct Library {
    root: PathBuf,
    listing: Option<Job<Result<Listed, String>>>,
    /// When it was last looked, seconds of the window's time.
    looked_at: f64,
    listed: Option<Result<Listed, String>>,
    chosen: BTreeSet<PathBuf>,
    exporting: Option<Exporting>,
    withdrawal: Option<Withdrawal>,
    withdrawing: Option<Job<Result<PathBuf, String>>>,
    done: Vec<Done>,
}

impl Library {
    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What there is, or why that isn't known; `None` until it has been looked for.
    #[must_use]
    pub const fn listed(&self) -> Option<&Result<Listed, String>> {
        self.listed.as_ref()
    }

    /// Those that are chosen.
    #[must_use]
    pub const fn chosen(&self) -> &BTreeSet<PathBuf> {
        &self.chosen
    }

    /// How many are being exported, and which share of that is done.
    #[must_use]
    pub fn exporting(&self) -> Option<(usize, f32)> {
        self.exporting.as_ref().map(|one| (one.count, one.job.share()))
    }

    /// How far somebody is with withdrawing one.
    #[must_use]
    pub const fn withdrawal(&self) -> Option<&Withdrawal> {
        self.withdrawal.as_ref()
    }

    /// Whether one is being withdrawn.
    #[must_use]
    pub const fn is_withdrawing(&self) -> bool {
        self.withdrawing.is_some()
    }

    /// What was done since it was last read.
    #[must_use]
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// Says why something isn't done.
    pub fn refuse(&mut self, why: &str) {
        self.done.push(Done { text: why.to_owned(), is_trouble: true });
    }

    /// Looks again if that is a while ago.
    pub fn list_if_old(&mut self, now_secs: f64, waker: &Waker) {
        let is_old = now_secs - self.looked_at >= LOOK_AGAIN_SECS;
        if is_old && self.listing.is_none() && self.withdrawing.is_none() {
            self.looked_at = now_secs;
            self.list(self.root.clone(), waker);
        }
    }

    /// Looks what there is under `root`.
    pub fn list(&mut self, root: PathBuf, waker: &Waker) {
        self.root.clone_from(&root);
        let look = move |_: &mut dyn FnMut(f32)| {
            let (entries, odd) = session::list(&root).map_err(|error| error.to_string())?;
            Ok(Listed { entries, odd: odd.iter().map(ToString::to_string).collect() })
        };
        self.listing = Some(Job::start("library", waker, look));
    }

    /// Does what was asked for. Gives the session that is to be let go of, because it is withdrawn.
    pub fn obey(&mut self, command: LibraryCommand, export: Option<&Export>, waker: &Waker) -> Option<PathBuf> {
        match command {
            LibraryCommand::List => self.list(self.root.clone(), waker),
            LibraryCommand::Choose(chosen) => self.chosen = chosen,
            LibraryCommand::Export(folders) => self.export(folders, export, waker),
            LibraryCommand::StopExport => {
                if let Some(exporting) = &self.exporting {
                    exporting.stop.store(true, Ordering::Relaxed);
                }
            }
            LibraryCommand::Withdraw(folder) => self.withdrawal = Some(Withdrawal::Asked(folder)),
            LibraryCommand::WithdrawNo => self.withdrawal = None,
            // What an export still writes would be left of it.
            LibraryCommand::WithdrawYes if self.exporting.is_some() => {
                self.refuse("An export goes on: wait until it is done, then withdraw.");
            }
            LibraryCommand::WithdrawYes => match self.withdrawal.take() {
                Some(Withdrawal::Asked(folder)) => self.withdrawal = Some(Withdrawal::Confirmed(folder)),
                Some(Withdrawal::Confirmed(folder)) => {
                    self.chosen.remove(&folder);
                    let gone = folder.clone();
                    let work =
                        move |_: &mut dyn FnMut(f32)| session::withdraw(&gone).map_err(|error| error.to_string());
                    self.withdrawing = Some(Job::start("withdraw", waker, work));
                    return Some(folder);
                }
                None => {}
            },
            LibraryCommand::Read => self.done.clear(),
        }
        None
    }

    fn export(&mut self, folders: BTreeSet<PathBuf>, export: Option<&Export>, waker: &Waker) {
        let Some(export) = export.cloned().filter(|_| self.exporting.is_none() && !folders.is_empty()) else {
            return;
        };
        let (count, stop) = (folders.len(), Arc::new(AtomicBool::new(false)));
        let is_over = stop.clone();
        let work = move |tell: &mut dyn FnMut(f32)| {
            let mut done = Vec::new();
            for (index, folder) in folders.into_iter().enumerate() {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let result = export(&folder, &mut |share| tell((index as f32 + share) / count as f32));
                done.push((folder, result));
            }
            done
        };
        self.exporting = Some(Exporting { job: Job::start("export", waker, work), count, stop });
    }

    /// Takes in what has been done beside the window.
    pub fn step(&mut self, waker: &Waker) {
        if let Some(done) = self.listing.as_mut().and_then(Job::poll) {
            self.listing = None;
            let listed = done.unwrap_or_else(|broken| Err(broken.to_string()));
            if let Ok(listed) = &listed {
                self.chosen.retain(|folder| listed.entries.iter().any(|entry| entry.folder == *folder));
            }
            self.listed = Some(listed);
        }
        if let Some(done) = self.withdrawing.as_mut().and_then(Job::poll) {
            self.withdrawing = None;
            self.done.push(match done.unwrap_or_else(|broken| Err(broken.to_string())) {
                Ok(receipt) => Done {
                    text: format!("It is withdrawn. What stays is the receipt of that: {}", receipt.display()),
                    is_trouble: false,
                },
                Err(message) => Done { text: format!("It isn't withdrawn: {message}"), is_trouble: true },
            });
            self.list(self.root.clone(), waker);
        }
        if let Some(done) = self.exporting.as_mut().and_then(|one| one.job.poll()) {
            let count = self.exporting.take().map_or(0, |one| one.count);
            match done {
                Ok(done) => self.exported(count, &done),
                Err(broken) => self.done.push(Done { text: format!("The export: {broken}"), is_trouble: true }),
            }
        }
    }

    fn exported(&mut self, count: usize, done: &[(PathBuf, Result<Exported, String>)]) {
        let good: Vec<_> = done.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
        if let Some(last) = good.last() {
            let which = if count == 1 { "It is exported".to_owned() } else { format!("{} are exported", good.len()) };
            let text = format!("{which}: {}", last.folder.display());
            self.done.push(Done { text, is_trouble: false });
        }
        for (folder, result) in done {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let text = match result {
                Ok(exported) if exported.notes.is_empty() => continue,
                Ok(exported) => format!("{name}, to know: {}", exported.notes.join(" · ")),
                Err(message) => format!("{name} isn't exported: {message}"),
            };
            self.done.push(Done { text, is_trouble: result.is_err() });
        }
        if done.len() < count {
            let text = format!("Stopped: {} of {count} were not exported.", count - done.len());
            self.done.push(Done { text, is_trouble: false });
        }
    }
}
