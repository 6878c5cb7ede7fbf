//! What a stage keeps of what it is given, so that it can be given the same again.

use serde::Deserialize;
use serde::Serialize;

use crate::condition::hear::Ear;
use crate::condition::hear::Given;
use crate::encode::Person;
use crate::link::audio::BlockStamp;
use crate::pipeline::live::stage::Begin;
use crate::record::Keep;
use crate::record::RecordOutlet;
use crate::record::streams;
use crate::session::Consent;
use crate::session::Item;
use crate::signal::FaceView;
use crate::signal::Frame;
use crate::time::Loop;
use crate::time::SampleClock;
use crate::time::Span;
use crate::time::Timestamp;

/// What a stage was told or took, as JSON in its log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::pipeline) enum StageNote {
    /// It began with nothing in view.
    Begin {
        /// Inputs that begin before it aren't read.
        at_nanos: i64,
        /// Whether what is known of the person stays as it is.
        is_frozen: bool,
    },
    /// It forgot the person.
    Afresh,
    /// What is known of the person stays as it is, or not.
    Freeze(bool),
    /// It forgot its stream, not the person.
    Restart,
    /// It read the input at this time; of words that were spoilt on purpose: what was left of them.
    Read(Option<String>),
    /// It listened to a draft.
    Draft,
    /// It was told what is known of the person.
    TookOver,
}

/// What happened to a stream of sound, as JSON with a block of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::pipeline) enum SoundNote {
    /// It was opened, or the recording began in it.
    Opened {
        /// The sound card's rate.
        rate_hz: u32,
        /// Where its clock was.
        clock: Option<Loop>,
        /// At which place of 16 kHz samples the ear goes on.
        place: u64,
    },
    /// So many of the samples were of what was before a break; what was before ended, and went on at another place.
    Broke {
        /// Samples.
        before: usize,
        /// The place of 16 kHz samples.
        restart: Option<u64>,
        /// Whether there was a block at all: its stamp counts.
        is_block: bool,
    },
}

/// A stage's log; without a recording it says nothing.
#[derive(Debug, Default)]
pub(super) struct Log {
    kept: Option<RecordOutlet>,
    from: Timestamp,
}

impl Log {
    /// From here on.
    pub(super) fn begin(&mut self, begin: &Begin) {
        self.kept.clone_from(&begin.kept);
        self.from = begin.at;
    }

    pub(super) fn close(&mut self) {
        self.kept = None;
    }

    /// Whether an input is of this recording (or there has been none).
    pub(super) fn is_due(&self, span: Span) -> bool {
        self.from == Timestamp::ZERO || span.start >= self.from
    }

    fn inputs(&self) -> Option<&RecordOutlet> {
        self.kept.as_ref().filter(|kept| kept.keeps(Consent::Inputs))
    }

    pub(super) fn note(&self, stream: streams::Id, at: Timestamp, note: StageNote) {
        self.took(stream, (Span::at(at), 0), at, note);
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
    pub(super) fn took(&self, stream: streams::Id, (span, seq): (Span, u64), arrived: Timestamp, note: StageNote) {
        let Some(kept) = self.inputs() else { return };
        let bytes = serde_json::to_vec(&note).unwrap_or_default();
        kept.keep(Keep::Item(Item { stream, arrived, span, seq, values: Vec::new(), bytes }));
    }

    /// That a stage began, and what it knew of the person.
    pub(super) fn person(&self, (log, stream): (streams::Id, streams::Id), at: Timestamp, person: &Person) {
        self.known(stream, at, person);
        self.note(log, at, StageNote::Begin { at_nanos: self.from.nanos(), is_frozen: person.is_frozen() });
    }

    /// That a stage was told what is known of the person.
    pub(super) fn took_over(&self, (log, stream): (streams::Id, streams::Id), at: Timestamp, person: &Person) {
        self.known(stream, at, person);
        self.note(log, at, StageNote::TookOver);
    }

    fn known(&self, stream: streams::Id, at: Timestamp, person: &Person) {
        let Some(kept) = self.inputs() else { return };
        let (span, bytes) = (Span::at(at), Vec::new());
        kept.keep(Keep::Item(Item { stream, arrived: at, span, seq: 0, values: person.known(), bytes }));
    }

    /// The face as the networks get it, and the picture that it is in.
    pub(super) fn face(&self, view: &FaceView, (span, seq): (Span, u64), arrived: Timestamp) {
        let Some(kept) = &self.kept else { return };
        if kept.keeps(Consent::Inputs) {
            let (mut values, mut crop) = (Vec::new(), Frame::default());
            if let Some(face) = view.face {
                values.extend([view.quality.presence, face.x, face.y, face.width, face.height]);
                values.extend(view.landmarks.iter().flat_map(|point| [point.x, point.y, point.z]));
                crop = view.crop.clone();
            }
            let item = Item { stream: streams::CROP, arrived, span, seq, values, bytes: Vec::new() };
            kept.keep(Keep::Lossless(item, crop));
        }
        if kept.keeps(Consent::Video) {
            let item = Item { stream: streams::PICTURE, arrived, span, seq, ..Item::default() };
            let jpeg = &view.frame.jpeg;
            let given = || Frame { jpeg: jpeg.clone(), ..Frame::default() };
            kept.keep(Keep::Jpeg(item, if jpeg.is_empty() { view.frame.clone() } else { given() }));
        }
    }

    /// That a stream of sound was opened, or the recording began in it.
    pub(super) fn opened(&self, clock: &SampleClock, rate_hz: u32, ear: &Ear, at: Timestamp) {
        let note = SoundNote::Opened { rate_hz, clock: clock.state(), place: ear.place() };
        self.heard(Span::at(at), 0, Vec::new(), Some(&note), at);
    }

    /// A block of the sound card, and what the ear is given of it.
    pub(super) fn sound(&self, mark: Option<(&BlockStamp, Option<Timestamp>)>, given: &Given, arrived: Timestamp) {
        let Some(kept) = &self.kept else { return };
        let span = Span::at(mark.map_or(arrived, |(mark, _)| mark.captured_at));
        let seq = mark.map_or(0, |(mark, _)| mark.first_sample);
        if let Some((mark, corrected)) = mark {
            let off = corrected.map_or(f32::NAN, |at| (at.secs() - mark.captured_at.secs()) as f32);
            let (stream, values, bytes) = (streams::SOUND_STAMPS, vec![mark.len as f32, off], Vec::new());
            kept.keep(Keep::Item(Item { stream, arrived, span, seq, values, bytes }));
        }
        let broke = SoundNote::Broke { before: given.before, restart: given.restart, is_block: mark.is_some() };
        self.heard(span, seq, given.samples.clone(), given.is_end.then_some(&broke), arrived);
    }

    fn heard(&self, span: Span, seq: u64, values: Vec<f32>, note: Option<&SoundNote>, arrived: Timestamp) {
        let Some(kept) = self.inputs() else { return };
        let bytes = note.and_then(|note| serde_json::to_vec(note).ok()).unwrap_or_default();
        kept.keep(Keep::Item(Item { stream: streams::SOUND, arrived, span, seq, values, bytes }));
    }
}
