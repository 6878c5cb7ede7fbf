//! When a session was paused.

use crate::record::Kept;
use crate::time::Span;
use crate::time::Timestamp;

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
