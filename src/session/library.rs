//! The sessions under one folder: listed, withdrawn.

use std::fmt;
use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use crate::session::Consent;
use crate::session::Header;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::SessionFile;
use crate::session::Subject;
use crate::session::forgetting;
use crate::session::is_older_than_corrections;
use crate::session::writer;
use crate::time::Timestamp;
use crate::time::Utc;

/// One session, as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it is.
    pub folder: PathBuf,
    /// Who, what, when.
    pub header: Header,
    /// Bytes of all its files.
    pub bytes: u64,
    /// What its certificate says; `None` if it has none.
    pub certificate: Option<Certified>,
    /// How long it is, seconds: by its certificate, or by the last of its numbers.
    pub secs: Option<f64>,
}

impl Entry {
    /// Whether participant, task, note or date have all of these words in them, whatever their case.
    #[must_use]
    pub fn matches(&self, words: &str) -> bool {
        let Header { subject, began_utc, .. } = &self.header;
        let all =
            [&subject.participant, &subject.task, &subject.note, began_utc].map(|text| text.to_lowercase()).join(" ");
        words.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }
}

/// The folder of receipts, beside the sessions.
const WITHDRAWN: &str = "withdrawn";
const UNLISTED: &str = "the folder of sessions can't be read; check that you may read it";
const UNDELETED: &str = "the session can't be deleted as a whole; delete what is left of its folder";
const CERTIFICATE: &str = "certificate.json";
const MOST_CERTIFICATE: u64 = 16 << 20;

/// The sessions under `root`, the newest first, and what looks like one and can't be read. A root that isn't there has none.
///
/// # Errors
///
/// If the folder can't be read.
pub fn list(root: &Path) -> Result<(Vec<Entry>, Vec<SessionError>), SessionError> {
    let folders = match fs::read_dir(root) {
        Ok(folders) => folders,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        Err(error) => return Err(SessionError::disk(UNLISTED, &error, root)),
    };
    let (mut all, mut odd) = (Vec::new(), Vec::new());
    for folder in folders.flatten().map(|entry| entry.path()) {
        match Session::header_of(&folder) {
            Ok(header) => all.push(entry(folder, header)),
            Err(SessionError::Missing { .. }) => {}
            Err(error) => odd.push(error),
        }
    }
    all.sort_by(|a, b| b.header.began_unix_nanos.cmp(&a.header.began_unix_nanos).then(a.folder.cmp(&b.folder)));
    Ok((all, odd))
}

fn entry(folder: PathBuf, header: Header) -> Entry {
    let sizes = files_in(&folder).into_iter().flatten().filter_map(|file| file.metadata().ok());
    let bytes = sizes.map(|about| about.len()).sum();
    let certificate = certified(&folder);
    let certified = certificate.as_ref().and_then(|certificate| certificate.secs);
    let secs = certified.or_else(|| secs(&folder, &header));
    Entry { folder, header, bytes, certificate, secs }
}

/// What a session's certificate says: in a word, and why it isn't green.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Certified {
    /// `green`, `amber` or `red`.
    pub colour: String,
    /// What isn't as it should be, the worst first.
    pub reasons: Vec<String>,
    /// Whether markers were corrected since it was made.
    pub is_old: bool,
    /// How long the session is, seconds.
    pub secs: Option<f64>,
}

/// In one line: "amber (older than the markers' corrections): part of the sound is …".
impl fmt::Display for Certified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old = if self.is_old { " (older than the markers' corrections)" } else { "" };
        write!(f, "{}{old}", self.colour)?;
        if self.reasons.is_empty() { Ok(()) } else { write!(f, ": {}", self.reasons.join(" · ")) }
    }
}

/// What a session's certificate says; `None` if it has none.
#[must_use]
pub fn certified(folder: &Path) -> Option<Certified> {
    let mut text = Vec::new();
    let file = File::open(folder.join(CERTIFICATE)).ok()?;
    file.take(MOST_CERTIFICATE).read_to_end(&mut text).ok()?;
    let certificate: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let word = |value: &serde_json::Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let reasons = certificate.get("reasons").and_then(serde_json::Value::as_array).into_iter().flatten();
    let reasons = reasons.filter_map(|one| Some(format!("{}: {}", word(one, "what")?, word(one, "value")?)));
    let is_old = is_older_than_corrections(folder, &folder.join(CERTIFICATE));
    let secs = certificate.get("duration_s").and_then(serde_json::Value::as_f64);
    Some(Certified { colour: word(&certificate, "colour")?, reasons: reasons.collect(), is_old, secs })
}

/// How long a session is by the end of its numbers, of which nothing else is read.
fn secs(folder: &Path, header: &Header) -> Option<f64> {
    let mut numbers = SessionFile::open(&folder.join(Consent::Numbers.file())).ok()?;
    let last = numbers.last_arrived().ok()??;
    Some(last.since(Timestamp::from_nanos(header.began_nanos)).as_secs_f64())
}

/// Where the receipt of a session lies, were it withdrawn.
pub(super) fn receipt_of(folder: &Path) -> Option<PathBuf> {
    let name = folder.file_name()?.to_str()?;
    Some(folder.parent()?.join(WITHDRAWN).join(format!("{name}.json")))
}

/// Deletes a session, overwritten first, and leaves a receipt beside it that says that it was, and of whom: where that is.
///
/// # Errors
///
/// If there is no session, it is being recorded, or the system refuses.
pub fn withdraw(folder: &Path) -> Result<PathBuf, SessionError> {
    let header = match Session::header_of(folder) {
        // What nobody can read can be withdrawn all the same.
        Err(SessionError::Foreign { .. } | SessionError::Newer { .. }) => unknown(folder),
        header => header?,
    };
    for level in Consent::ALL {
        let path = folder.join(level.file());
        if path.exists() {
            // Damaged or not: it goes.
            if let Err(busy @ SessionError::Busy { .. }) = SessionFile::open(&path) {
                return Err(busy);
            }
        }
    }
    let root = folder.parent().unwrap_or(folder);
    let receipts = root.join(WITHDRAWN);
    let refused = |error: &std::io::Error, path: &Path| SessionError::disk(UNDELETED, error, path);
    fs::create_dir_all(&receipts).map_err(|error| refused(&error, &receipts))?;
    let mut files = files_in(folder).map_err(|error| refused(&error, folder))?;
    // What says that it is a session goes last: what is left after a power cut can be withdrawn again.
    files.sort_by_key(|path| (path.file_name().is_some_and(|name| name == "session.json"), path.clone()));
    let mut bytes = 0;
    for path in &files {
        bytes += remove(path).map_err(|error| refused(&error, path))?;
    }
    fs::remove_dir_all(folder).map_err(|error| refused(&error, folder))?;
    writer::sync_folder(root);
    let participant = &header.subject.participant;
    let others = list(root)?.0.into_iter().any(|entry| entry.header.subject.participant == *participant);
    let baseline = root.join("baselines").join(format!("{}.json", writer::plain(participant)));
    if !others && baseline.exists() {
        bytes += remove(&baseline).map_err(|error| refused(&error, &baseline))?;
        files.push(baseline);
    }
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let receipt = serde_json::json!({
        "withdrawn_utc": Utc::now().to_string(),
        "session": header.name,
        "participant": participant,
        "began_utc": header.began_utc,
        "consent": header.subject.consent,
        "deleted": files.iter().map(name).collect::<Vec<_>>(),
        "bytes": bytes,
        "left": if others { "the baseline, as there are other sessions of this participant" } else { "this receipt" },
    });
    let stem = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}-{number}")));
    let mut paths = names.map(|name| receipts.join(format!("{name}.json")));
    let path = paths.find(|path| !path.exists()).unwrap_or_else(|| receipts.join("receipt.json"));
    writer::keep(&path, format!("{receipt:#}\n").as_bytes())?;
    Ok(path)
}

/// What is known of a session whose own words can't be read.
fn unknown(folder: &Path) -> Header {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Header { name, ..Header::new(Subject::default()) }
}

/// Overwrites a file and deletes it; its length.
fn remove(path: &Path) -> std::io::Result<u64> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    let length = file.metadata()?.len();
    forgetting::erase(&mut file, 0)?;
    drop(file);
    fs::remove_file(path)?;
    Ok(length)
}

/// All files under a folder, however deep.
fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}
