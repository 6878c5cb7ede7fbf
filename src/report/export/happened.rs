//! What happened, as it is handed over: markers as they were corrected, and the rest.

use serde_json::Value;

use crate::record::Happening;
use crate::report::export::Recorded;
use crate::report::private::value_without_folders;
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
    let what = value_without_folders(&what);
    let detail = what.as_object().is_some_and(|fields| !fields.is_empty()).then_some(what);
    let (kind, span) = (happening.kind.clone(), happening.span);
    Event { span, kind, name: String::new(), text: String::new(), is_corrected: false, detail }
}

/// What a kind of event is.
pub(super) fn about(kind: &str) -> &'static str {
    match kind {
        "marker" => "something that the operator marked",
        "exclude" => "a stretch that the operator says isn't to count",
        "baseline" => "how the participant is at rest was measured",
        "begin" => "the recording begins, or goes on after a pause or after something was forgotten",
        "pause" => "nothing is kept from here on, until the recording begins again",
        "forgotten" => "a stretch that was deleted: nothing of it is in the data",
        "lost" => "the disk was too slow: some things could not be kept",
        "camera" | "microphone" => "the state of the device has changed",
        "gather" => "a modality came, was lost, or was switched on or off",
        "fusion" => "another fusion answers from here on",
        "personal" => "from here on answers are corrected by what is known of the person, or not",
        "freeze" => "what is known of the person stays as it is from here on, or not any more",
        "afresh" => "what was known of the person was let go of",
        "spoil" => "the input is spoilt on purpose from here on, or not any more",
        "not_transcribed" => "something was said that wasn't understood",
        "stage_failed" => "a part of the program has stopped",
        _ => "what the program says of itself",
    }
}
