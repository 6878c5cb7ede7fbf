//! What happened, as it is handed over: markers as they were corrected, and the rest.

use serde_json::Value;

use crate::record::Happening;
use crate::report::export::Recorded;
use crate::time::Span;

/// One thing that happened, as it is handed over.
pub(super) struct Event {
    /// When.
    pub(super) span: Span,
    /// What it is: `marker`, `exclude`, or an event's type.
    pub(super) kind: String,
    /// Its name and its text, of a marker.
    pub(super) name: String,
    pub(super) text: String,
    /// Whether it was corrected or added afterwards.
    pub(super) is_corrected: bool,
    /// What else is said of it: JSON.
    pub(super) detail: Option<Value>,
}

/// All that happened, in order: markers as they were corrected, and the rest.
pub(super) fn all(recorded: &Recorded<'_>) -> Vec<Event> {
    let mut all: Vec<Event> = recorded.happenings().map(event).collect();
    all.extend(recorded.markers.iter().map(|marker| Event {
        span: marker.span,
        kind: marker.kind.clone(),
        name: marker.name.clone(),
        text: marker.text.clone(),
        is_corrected: marker.is_corrected,
        detail: None,
    }));
    all.sort_by_key(|event| event.span.start);
    all
}

fn event(happening: &Happening) -> Event {
    let mut what = happening.what.clone();
    if let Some(fields) = what.as_object_mut() {
        fields.shift_remove("type");
    }
    let detail = what.as_object().is_some_and(|fields| !fields.is_empty()).then_some(what);
    let (kind, span) = (happening.kind.clone(), happening.span);
    Event { span, kind, name: String::new(), text: String::new(), is_corrected: false, detail }
}
