//! The streams of a session.
//!
//! | file          | streams                                                                                          |
//! |---------------|--------------------------------------------------------------------------------------------------|
//! | `numbers.cpx` | `affect`, `face`, `voice`, `words`, `level`, `sound_stamps`, `clock`, `events`                   |
//! | `words.cpx`   | `transcript`                                                                                     |
//! | `inputs.cpx`  | `crop`, `face_log`, `face_person`, `sound`, `hear_log`, `voice_log`, `voice_person`, `words_log` |
//! | `video.cpx`   | `picture`                                                                                        |
//!
//! The order of `affect`, `face`, `voice`, `words`, `level` and `events` in their file is that in which fusion took note of
//! them: with the inputs it is all that a [replay](crate::pipeline::replay) needs.

use crate::condition::descriptors::FUNCTIONAL_NAMES;
use crate::encode::reliability_names;
use crate::session::Column;
use crate::session::Consent;
use crate::session::StreamHeader;
use crate::signal::BLENDSHAPE_NAMES;
use crate::signal::Label;
use crate::signal::Modality;
use crate::signal::face_movement_names;

/// A stream's number.
pub type Id = u8;

/// Answers.
pub const AFFECT: Id = 1;
/// What faces say.
pub const FACE: Id = 3;
/// What voices say.
pub const VOICE: Id = 4;
/// What words say, in numbers.
pub const WORDS: Id = 5;
/// How loud it is, and whether somebody speaks.
pub const LEVEL: Id = 6;
/// When the sound card gave its blocks.
pub const SOUND_STAMPS: Id = 7;
/// Both clocks, and how the machine is doing.
pub const CLOCK: Id = 8;
/// What happened.
pub const EVENTS: Id = 9;
/// What was said.
pub const TRANSCRIPT: Id = 20;
/// Faces as the networks get them.
pub const CROP: Id = 30;
/// What the stage `face` was told between its inputs.
pub const FACE_LOG: Id = 31;
/// What was known of the face's person.
pub const FACE_PERSON: Id = 32;
/// Sound as the ear gets it.
pub const SOUND: Id = 40;
/// What the stage `hear` was told.
pub const HEAR_LOG: Id = 41;
/// What the stage `voice` read and was told.
pub const VOICE_LOG: Id = 50;
/// What was known of the voice's person.
pub const VOICE_PERSON: Id = 51;
/// What the stage `words` read and was told.
pub const WORDS_LOG: Id = 60;
/// Pictures as the camera gave them.
pub const PICTURE: Id = 70;

/// The stream of what one modality says.
#[must_use]
pub const fn of(modality: Modality) -> Id {
    match modality {
        Modality::Face => FACE,
        Modality::Voice => VOICE,
        Modality::Words => WORDS,
    }
}

/// Where things come from, for the headers.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// The camera or what stands for it.
    pub camera: String,
    /// The microphone or what stands for it.
    pub microphone: String,
    /// The networks of the face, the voice and the words.
    pub models: [Vec<String>; 3],
    /// The network of the fusion.
    pub fusion: Vec<String>,
}

/// The headers of all streams, each with the level of consent that it needs.
#[must_use]
pub fn headers(origins: &Origins) -> Vec<(Consent, StreamHeader)> {
    let [face, voice, words] = &origins.models;
    let stream = |id, name: &str, about: &str| StreamHeader {
        id,
        name: name.to_owned(),
        about: about.to_owned(),
        columns: Vec::new(),
        bytes: "none".to_owned(),
        rate_hz: 0.0,
        source: String::new(),
        models: Vec::new(),
    };
    let evidence = |id, name: &str, about: &str, modality, models: &[String]| StreamHeader {
        columns: evidence_columns(modality),
        bytes: "json".to_owned(),
        source: format!("stage {name}"),
        models: models.to_vec(),
        ..stream(id, name, about)
    };
    let log = |id, name: &str, about: &str| StreamHeader {
        bytes: "json".to_owned(),
        source: format!("stage {}", name.split('_').next().unwrap_or_default()),
        ..stream(id, name, about)
    };
    let numbers = [
        StreamHeader {
            columns: affect_columns(),
            rate_hz: 25.0,
            source: "stage fuse".to_owned(),
            models: origins.fusion.clone(),
            ..stream(AFFECT, "affect", "the answer at `start`: NaN where nothing could be read")
        },
        evidence(FACE, "face", FACE_ABOUT, Modality::Face, face),
        evidence(VOICE, "voice", VOICE_ABOUT, Modality::Voice, voice),
        evidence(WORDS, "words", WORDS_ABOUT, Modality::Words, words),
        StreamHeader {
            columns: units(&LEVEL_COLUMNS),
            rate_hz: 31.25,
            source: origins.microphone.clone(),
            ..stream(LEVEL, "level", "what is heard in each 32 ms; `silero_vad` tells speech")
        },
        StreamHeader {
            columns: units(&[("samples", "1"), ("corrected_less_raw", "s")]),
            source: origins.microphone.clone(),
            ..stream(SOUND_STAMPS, "sound_stamps", STAMPS_ABOUT)
        },
        StreamHeader { rate_hz: 1.0, ..log(CLOCK, "clock", CLOCK_ABOUT) },
        log(EVENTS, "events", "what happened: `type` says what; a marker's span is what it marks"),
    ];
    let transcript = StreamHeader {
        source: origins.microphone.clone(),
        models: words.clone(),
        ..log(TRANSCRIPT, "transcript", "what was said: text, confidence (0..1), what it says of each label by itself")
    };
    let inputs = [
        StreamHeader { bytes: "png".to_owned(), source: origins.camera.clone(), ..stream(CROP, "crop", CROP_ABOUT) },
        log(FACE_LOG, "face_log", LOG_ABOUT),
        stream(FACE_PERSON, "face_person", PERSON_ABOUT),
        StreamHeader {
            bytes: "json".to_owned(),
            source: origins.microphone.clone(),
            ..stream(SOUND, "sound", SOUND_ABOUT)
        },
        log(HEAR_LOG, "hear_log", LOG_ABOUT),
        log(VOICE_LOG, "voice_log", LOG_ABOUT),
        stream(VOICE_PERSON, "voice_person", PERSON_ABOUT),
        log(WORDS_LOG, "words_log", LOG_ABOUT),
    ];
    let picture = StreamHeader {
        bytes: "jpeg".to_owned(),
        source: origins.camera.clone(),
        ..stream(PICTURE, "picture", PICTURE_ABOUT)
    };
    let level = |level| move |stream| (level, stream);
    let all = numbers.into_iter().map(level(Consent::Numbers));
    all.chain([(Consent::Words, transcript)])
        .chain(inputs.into_iter().map(level(Consent::Inputs)))
        .chain([(Consent::Video, picture)])
        .collect()
}

const FACE_ABOUT: &str = "what the face in one picture says and measures; seq is the camera's, so a gap is pictures that \
    were skipped. Bytes: why there is no reading, if there is none. success 0: no face was found, and what is measured of it is NaN. \
    window_: means and standard deviations over the face's window, which fusions rest on";
const VOICE_ABOUT: &str =
    "what a window of talk says, and its 88 functionals of eGeMAPS. Bytes: why there is no reading";
const WORDS_ABOUT: &str = "what an utterance's words say, in numbers. Bytes: why there is no reading";
const STAMPS_ABOUT: &str = "blocks of the sound card. start: when the first sample was captured, as the card says; seq: which \
    sample that is; corrected_less_raw: what the smoothed clock says, less that";
const CLOCK_ABOUT: &str = "each second: the wall clock at `start` (utc_unix_nanos), samples that the sound system lost, what \
    each link passed and dropped, how long each stage takes, load and memory";
const CROP_ABOUT: &str = "the face as the networks get it: 112x112 crop, PNG. Numbers: presence (0..1), box x, y, width, height \
    (px), then x, y, z (px) of 478 landmarks; none where no face was found. seq is the camera's";
const PICTURE_ABOUT: &str = "the pictures in which a face was looked for: as the camera gave them where it gives JPEG, else \
    packed as JPEG (quality 92); seq is the camera's";
const SOUND_ABOUT: &str = "16 kHz mono sound as the ear gets it, -1..1, in the blocks of the sound card. start: when the \
    block's first sample was captured, as the card says; seq: which sample of the card that is. Bytes: what happened to the \
    stream with this block (opened, broken, ended)";
const LOG_ABOUT: &str = "what the stage was told and what it took, in order";
const PERSON_ABOUT: &str = "what was known of the person when the recording (or a part of it) began: sums of features over \
    seconds, then the seconds";

/// Columns of [`LEVEL`].
pub const LEVEL_COLUMNS: [(&str, &str); 6] = [
    ("speech_probability", "1"),
    ("is_speech", "1"),
    ("level", "dB"),
    ("snr", "dB"),
    ("clipped", "1"),
    ("activity", "1"),
];

/// What is measured of a face, after its reading.
pub const FACE_COLUMNS: [(&str, &str); 19] = [
    ("success", "1"),
    ("presence", "1"),
    ("box_x", "px"),
    ("box_y", "px"),
    ("box_width", "px"),
    ("box_height", "px"),
    ("pitch", "deg"),
    ("yaw", "deg"),
    ("roll", "deg"),
    ("gaze_x", "deg"),
    ("gaze_y", "deg"),
    ("blink", "1"),
    ("width", "px"),
    ("sharpness", "1"),
    ("brightness", "1"),
    ("contrast", "1"),
    ("change", "1"),
    ("strangeness", "1"),
    ("overall", "1"),
];

/// The last column of [`FACE`]: where it is there, a face's numbers are all that a fusion looks at.
pub const LAST_OF_FACE: &str = "window_sd_eyeLookUpRight";

fn units(columns: &[(&str, &str)]) -> Vec<Column> {
    columns.iter().map(|(name, unit)| Column::new(*name, unit)).collect()
}

fn reading_columns(prefix: &str) -> impl Iterator<Item = Column> {
    let affect = ["valence", "arousal", "valence_sd", "arousal_sd"].map(|name| format!("{prefix}{name}"));
    let labels = Label::ALL.map(|label| format!("{prefix}p_{label}"));
    affect.into_iter().chain(labels).map(|name| Column::new(name, "1"))
}

/// Columns of [`AFFECT`].
#[must_use]
pub fn affect_columns() -> Vec<Column> {
    let each = |prefix: &str| Label::ALL.map(|label| format!("{prefix}_{label}"));
    let gates = Modality::ALL.map(|one| format!("gate_{}", one.name()));
    let clear = ["clear_from", "clear_right", "clear_shown"].map(str::to_owned);
    let more = gates.into_iter().chain(clear).chain(["at_once", "doubt", "threshold"].into_iter().flat_map(each));
    reading_columns("").chain(more.map(|name| Column::new(name, "1"))).collect()
}

/// Columns of what a modality says: its reading, the same without what is known of the person (`raw_`), what it rests on, and
/// what a person can read of it.
#[must_use]
pub fn evidence_columns(modality: Modality) -> Vec<Column> {
    let reliability = reliability_names(modality).iter().map(|name| Column::new(format!("reliability_{name}"), "1"));
    let features: Vec<Column> = match modality {
        Modality::Face => {
            let shapes = BLENDSHAPE_NAMES.iter().map(|name| Column::new(format!("bs_{name}"), "1"));
            let movement = face_movement_names().map(|(name, unit)| Column::new(format!("window_{name}"), unit));
            units(&FACE_COLUMNS).into_iter().chain(shapes).chain(movement).collect()
        }
        Modality::Voice => FUNCTIONAL_NAMES.iter().map(|name| Column::new(*name, "eGeMAPS")).collect(),
        Modality::Words => Vec::new(),
    };
    reading_columns("")
        .chain(reading_columns("raw_"))
        .chain([Column::new("quality", "1"), Column::new("known", "s")])
        .chain(reliability)
        .chain(features)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn streams_have_one_number_and_one_name_and_columns_one_name_each() {
        let headers = headers(&Origins::default());

        let ids: BTreeSet<_> = headers.iter().map(|(_, stream)| stream.id).collect();
        let face = headers.iter().find(|(_, stream)| stream.id == FACE).unwrap();
        assert_eq!(face.1.columns.last().unwrap().name, LAST_OF_FACE);
        let names: BTreeSet<_> = headers.iter().map(|(_, stream)| stream.name.clone()).collect();
        assert_eq!((ids.len(), names.len()), (headers.len(), headers.len()));
        for (_, stream) in &headers {
            let columns: BTreeSet<_> = stream.columns.iter().map(|column| &column.name).collect();
            assert_eq!(columns.len(), stream.columns.len(), "{}", stream.name);
        }
    }
}
