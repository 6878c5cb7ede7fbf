//! How good a recording is: measured from what was kept, said in a colour, with a reason for every doubt.
//!
//! ```text
//!   session ─► figures ─► reasons ─► colour ─┬─► certificate.json
//!                                            └─► certificate.html, with plots, a paragraph for the methods, BibTeX
//! ```
//!
//! | colour | means                                                                        |
//! |--------|------------------------------------------------------------------------------|
//! | green  | everything that can be measured is as it should be                           |
//! | amber  | usable, and something must be known of it, or can't be measured              |
//! | red    | something is so wrong that readings rest on spoilt or missing input          |
//!
//! It is handed over, so it has neither the operator's note nor where files are on the operator's machine.
//!
//! The colour is that of the worst reason. Where a figure that should be there can't be had, that is a reason as well: what
//! wasn't seen isn't green.

mod card;
mod figures;
mod limits;
mod page;
mod plots;
mod reasons;
mod stretches;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;

pub use card::Card;
pub use card::Loss;
pub use figures::Answers;
pub use figures::Figures;
pub use figures::Latency;
pub use figures::Machine;
pub use figures::Pictures;
pub use figures::Quantiles;
pub use figures::Sound;
pub use figures::Whole;

use crate::record::Kept;
use crate::report::private;
use crate::session::Header;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::Verified;
use crate::session::markers;
use crate::time::Utc;

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// As it should be.
    Green,
    /// Something must be known of it.
    Amber,
    /// Something is wrong with it.
    Red,
}

impl Colour {
    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why it isn't green.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// How bad it is.
    pub colour: Colour,
    /// A word for it that stays the same: `brightness`, `camera_rate`, `muted`, …
    pub id: &'static str,
    /// What is wrong.
    pub what: String,
    /// What was measured.
    pub value: String,
    /// What it should have been.
    pub threshold: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.colour, self.sentence())
    }
}

impl Reason {
    /// What was found, what it should be, and what to do.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { what, value, threshold, advice, .. } = self;
        format!("{what}: {value} (should be {threshold}). {advice}")
    }
}

/// The certificate of a session. `certificate.json` has these fields, and the header's.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// How good it is: the worst of the reasons.
    pub colour: Colour,
    /// From its beginning to its end, s: as the list of sessions has it.
    pub duration_s: f64,
    /// Why it isn't green; none if it is. The worst first.
    pub reasons: Vec<Reason>,
    /// What was measured.
    pub figures: Figures,
    /// A paragraph for the methods of a paper.
    pub methods: String,
    /// The program, for the references.
    pub bibtex: String,
    /// When this was made: UTC, RFC 3339.
    pub made_utc: String,
    /// The program that made it.
    pub made_by: String,
    /// Who, what, when; program, settings and networks with their sha256. Without the note, and with files by their names only.
    #[serde(serialize_with = "private::without_note")]
    pub session: Header,
    #[serde(skip)]
    plots: Vec<plots::Plot>,
}

const UNWRITABLE: &str = "the certificate can't be written; make room on the disk, or allow writing there";
const JSON: &str = "certificate.json";
const HTML: &str = "certificate.html";

impl Certificate {
    /// Measures a session. `verified` is what reading all of it found.
    ///
    /// # Errors
    ///
    /// If its markers, or the end of its numbers, can't be read.
    pub fn of(session: &Session, kept: &Kept, verified: &Verified) -> Result<Self, SessionError> {
        let markers = markers(session)?;
        let figures = Figures::of(kept, kept.span(), &markers, verified);
        let mut reasons = reasons::all(&figures);
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.colour));
        let colour = reasons.iter().map(|reason| reason.colour).max().unwrap_or(Colour::Green);
        Ok(Self {
            colour,
            duration_s: figures.whole.duration_s,
            methods: words::methods(&kept.header, &figures),
            bibtex: words::bibtex(&kept.header),
            plots: plots::all(kept, &figures),
            reasons,
            figures,
            made_utc: Utc::now().to_string(),
            made_by: format!("circumplex {}", env!("CARGO_PKG_VERSION")),
            session: private::header(&kept.header),
        })
    }

    /// The page, which needs nothing else to be read.
    #[must_use]
    pub fn page(&self) -> String {
        page::page(self)
    }

    /// Writes `certificate.json` and `certificate.html` into a session's folder, in the place of those that are there. Gives
    /// both paths.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn write(&self, folder: &Path) -> Result<[PathBuf; 2], SessionError> {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        let files = [(JSON, json), (HTML, self.page())];
        for (name, text) in &files {
            let path = folder.join(name);
            write(&path, text).map_err(|error| SessionError::disk(UNWRITABLE, &error, &path))?;
        }
        Ok(files.map(|(name, _)| folder.join(name)))
    }
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, text)?;
    fs::rename(part, path)
}
