//! How long a session is.

use crate::record::Kept;
use crate::session::Consent;
use crate::session::Session;
use crate::session::SessionError;
use crate::time::Span;
use crate::time::Timestamp;

/// From when a session began to when the last of its numbers was taken note of: as long as the list of sessions says that it is.
///
/// # Errors
///
/// If its numbers can't be read.
pub(super) fn span(session: &Session, kept: &Kept) -> Result<Span, SessionError> {
    let began = Timestamp::from_nanos(kept.header.began_nanos);
    let last = session.file(Consent::Numbers)?.last_arrived()?;
    Ok(last.map_or_else(|| kept.span(), |last| Span::new(began, last.max(began))))
}
