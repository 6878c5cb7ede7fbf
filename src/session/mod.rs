//! A session on disk: one folder, readable without this program by what is said here.
//!
//! ```text
//!   P07_reading_20261127T151218Z/
//!     session.json       who, what, when, with which consent, program, settings and models
//!     numbers.cpx        readings and readable features, events, clocks        (always)
//!     words.cpx          what was said                                         (consent: words, inputs, video)
//!     inputs.cpx         aligned crops of the face, and 16 kHz sound           (consent: inputs, video)
//!     video.cpx          pictures as the camera gave them                      (consent: video)
//!     corrections.jsonl  what was corrected afterwards; what it corrects stays where it was
//!     certificate.json, certificate.html
//! ```
//!
//! # A `.cpx` file
//!
//! Little-endian throughout. It begins with the eight bytes of [`format::MAGIC`], whose last is the version, and goes on in
//! chunks:
//!
//! ```text
//!   chunk = "CPXc" | u32 length of body | body | u32 CRC-32 (IEEE) of length and body
//!   body  = 'H' | JSON                                                    a stream's header: `StreamHeader`
//!         | 'I' | u8 stream | i64 arrived | i64 start | i64 end
//!               | u64 seq | u32 n | n × f32 | bytes to the end            an item of a stream
//!         | 'F' | JSON                                                    a stream's footer: `Footer`
//! ```
//!
//! Times are nanoseconds of the session's monotonic clock, whose zero is when the program began. `start` and `end` are the
//! stretch of the world that an item is about, `arrived` is when it was taken note of; the items of one stage lie in the order
//! of `arrived`, those of several within a moment of it. Which wall-clock time that is, the items of the stream `clock` say, once a second. What the numbers are and
//! in which unit, the stream's header says (`columns`); a number that isn't known is NaN, never 0. What the bytes are it
//! says as well (`bytes`).
//!
//! A missing footer means that the program ended before it should; all that is there holds. A damaged chunk is passed over
//! and said: reading goes on at the next whole one.
//!
//! # Why
//!
//! A session must survive a power cut, so a file is only ever appended to, and each chunk says by itself whether it is
//! whole. XDF has headers, footers and clock data and no checksums; it is what a session is exported to. A file for each
//! level of consent can be handed over, or deleted, without looking into another.

mod changes;
mod forgetting;
pub mod format;
mod header;
mod library;
mod reader;
mod writer;

use std::path::Path;
use std::path::PathBuf;

pub use changes::Correction;
pub use changes::Marker;
pub use changes::corrected;
pub use changes::is_older_than_corrections;
pub use changes::markers;
pub use forgetting::is_of;
pub use format::Chunk;
pub use format::Column;
pub use format::Footer;
pub use format::Item;
pub use format::StreamHeader;
pub use header::Consent;
pub use header::Header;
pub use header::Subject;
pub use library::Certified;
pub use library::Entry;
pub use library::certified;
pub use library::list;
pub use library::withdraw;
pub use reader::Damage;
pub use reader::Session;
pub use reader::SessionFile;
pub use reader::Verified;
pub use writer::SessionWriter;
pub use writer::free_bytes;
pub use writer::keep;
pub use writer::plain;

/// The version that this program writes, and the newest that it reads.
pub const VERSION: u8 = 1;

/// Why a session can't be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is no session there.
    #[error("there is no session here: it has no session.json; name the folder of a session\nfolder: {path:?}")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There was one, which was withdrawn.
    #[error("the session was withdrawn: it was deleted, and this is the receipt of that\nfile: {receipt:?}")]
    Withdrawn {
        /// What is left of it.
        receipt: PathBuf,
    },
    /// The system refuses.
    #[error("{what} ({reason})\nfile: {path:?}")]
    Disk {
        /// What couldn't be done, and what to do.
        what: &'static str,
        /// What the system said.
        reason: String,
        /// Where.
        path: PathBuf,
    },
    /// It is no such file.
    #[error("the file is no part of a session, or its beginning is damaged: {detail}\nfile: {path:?}")]
    Foreign {
        /// What was found.
        detail: String,
        /// Which.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "the session is of version {found}, and this program reads up to {VERSION}; open it with a newer program\nfile: {path:?}"
    )]
    Newer {
        /// Its version.
        found: u64,
        /// Which.
        path: PathBuf,
    },
    /// Another program is writing it.
    #[error("the session is being recorded at this moment; stop the recording first\nfolder: {path:?}")]
    Busy {
        /// Which.
        path: PathBuf,
    },
    /// Something was asked to be written that nobody consented to.
    #[error("{stream} isn't kept in this session: its consent is for {consent}; record with a wider consent")]
    NoConsent {
        /// What.
        stream: String,
        /// What was consented to.
        consent: Consent,
    },
    /// What was asked for isn't in it.
    #[error("the session has no {what}; it was recorded with consent for {consent}\nfolder: {path:?}")]
    NotKept {
        /// What.
        what: &'static str,
        /// What was consented to.
        consent: Consent,
        /// Which.
        path: PathBuf,
    },
}

impl SessionError {
    pub(crate) fn disk(what: &'static str, error: &std::io::Error, path: &Path) -> Self {
        Self::Disk { what, reason: error.to_string(), path: path.to_path_buf() }
    }
}
