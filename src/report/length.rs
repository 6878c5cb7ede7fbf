//! How long a session is, and when it was paused.

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

/// When it was paused: until it went on, or until `end`.
pub(super) fn pauses(kept: &Kept, end: Timestamp) -> Vec<Span> {
    let (mut pauses, mut since) = (Vec::new(), None);
    for event in &kept.events {
        match event.kind.as_str() {
            "pause" => since = since.or(Some(event.arrived)),
            "begin" => pauses.extend(since.take().map(|since| Span::new(since, event.arrived))),
            _ => {}
        }
    }
    pauses.extend(since.map(|since| Span::new(since, end.max(since))));
    pauses
}
