//! What is measured of a session.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::record::Happening;
use crate::record::Kept;
use crate::record::streams;
use crate::report::certificate::card::Card;
use crate::report::certificate::stretches::Stretches;
use crate::report::certificate::stretches::secs;
use crate::report::private;
use crate::session::Damage;
use crate::session::Item;
use crate::session::Marker;
use crate::session::Verified;
use crate::signal::Absence;
use crate::signal::Level;
use crate::signal::Modality;
use crate::time::Span;
use crate::time::Timestamp;

/// At most this loud is digital silence, dB of full scale: less than half a step of 16 bits.
pub(super) const SILENCE_DB: f32 = -96.0;
/// Where a pixel changes less than this from picture to picture, it is the same picture: the noise of a camera is more.
const FROZEN: f32 = 1e-4;
/// Below this brightness a face is too dark to rest on, 0..=1: below 0.2 it is trusted less and less, below 0.06 it isn't read, and this
/// is halfway.
pub(super) const DARK: f64 = 0.12;
/// Pictures further apart than this are not of one pace.
const APART_SECS: f64 = 2.0;

/// Median, and the values that a twentieth lie below and above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    /// A twentieth lie below it.
    pub p05: f64,
    /// Half lie below it.
    pub p50: f64,
    /// A twentieth lie above it.
    pub p95: f64,
}

impl Quantiles {
    /// Of these; `None` of none. What isn't a number doesn't count.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |share: f64| values.get((share * last as f64).round() as usize).copied().unwrap_or_default();
        Some(Self { p05: at(0.05), p50: at(0.5), p95: at(0.95) })
    }
}

/// Time, and whether all of it is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Whole {
    /// From its beginning to its end, s.
    pub duration_s: f64,
    /// Of that, what was kept, s.
    pub kept_s: f64,
    /// What was paused: from, to, since it began, s.
    pub paused_s: Vec<[f64; 2]>,
    /// What was forgotten.
    pub forgotten_s: Vec<[f64; 2]>,
    /// What a marker says isn't to count.
    pub excluded_s: Vec<[f64; 2]>,
    /// Whether it ended as it should.
    pub has_ended: bool,
    /// Stretches of its files that can't be read.
    pub damage: Vec<String>,
    /// Streams with another number of items than were written.
    pub miscounted: Vec<String>,
    /// Items that are there.
    pub items: u64,
    /// Items that could not be kept.
    pub lost: u64,
    /// Parts of the program that stopped, and what they said.
    pub failed: Vec<String>,
    /// How the input was spoilt on purpose.
    pub spoilt: Vec<String>,
    /// Why what was known of the person was let go of.
    pub afresh: Vec<String>,
    /// What the participant's baseline came to, if one was made or taken: what was found, newest last.
    pub baselines: Vec<Value>,
    /// Devices that were lost, failed or gave nothing, and what they said.
    pub devices: Vec<String>,
    /// By how much the wall clock was set or ran off against the session's, s; none where that wasn't recorded.
    pub wall_clock_off_s: Option<f64>,
}

/// The camera, and the face in its pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pictures {
    /// Whether there was a camera.
    pub has_source: bool,
    /// Pictures in which a face was looked for.
    pub count: usize,
    /// Such pictures a second.
    pub rate_hz: f64,
    /// Pictures a second that the camera gave, by its count.
    pub camera_hz: Option<f64>,
    /// Share of the camera's pictures that were skipped, because the machine was busy.
    pub skipped: Option<f64>,
    /// The longest time without one, s.
    pub longest_without_s: f64,
    /// Share of the pictures in which a face was found.
    pub found: f64,
    /// Share of the pictures with a reading.
    pub read: f64,
    /// Why the others had none: reason and share of the pictures.
    pub unread: BTreeMap<String, f64>,
    /// The longest unbroken time in which pictures had no face, s.
    pub longest_without_face_s: f64,
    /// Share of the faces that were the same picture once more; none if that wasn't measured.
    pub frozen: Option<f64>,
    /// The longest unbroken time in which the picture stood still, s.
    pub longest_frozen_s: f64,
    /// The longest unbroken time in which the face was too dark to rest on (below 0.12), s.
    pub longest_dark_s: f64,
    /// Mean brightness of the face, 0..=1.
    pub brightness: Option<Quantiles>,
    /// Width of the face, px.
    pub width_px: Option<Quantiles>,
    /// Sharpness: about 0.1 blurred, above 0.3 sharp.
    pub sharpness: Option<Quantiles>,
}

/// The microphone, and the voice.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sound {
    /// Whether there was a microphone.
    pub has_source: bool,
    /// Levels a second.
    pub rate_hz: f64,
    /// Share of the time that was kept in which something was heard, or silence was.
    pub covered: f64,
    /// The rest of it, s.
    pub missing_s: f64,
    /// The longest time without a level, s.
    pub longest_without_s: f64,
    /// Share of it that is digital silence.
    pub silent: f64,
    /// The longest unbroken digital silence, s.
    pub longest_silent_s: f64,
    /// Share of it that is speech.
    pub speech: f64,
    /// The same, s.
    pub speech_s: f64,
    /// Level of the speech, dB of full scale.
    pub speech_db: Option<Quantiles>,
    /// Level of the rest.
    pub pause_db: Option<Quantiles>,
    /// Speech over pauses, dB.
    pub snr_db: Option<Quantiles>,
    /// Mean share of samples at full scale, 0..=1.
    pub clipped: f64,
    /// Utterances that were understood.
    pub utterances: usize,
    /// Utterances that weren't.
    pub not_understood: usize,
    /// How late blocks were taken note of, s.
    pub late_s: Option<Quantiles>,
    /// The sound card.
    pub card: Card,
}

/// The answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answers {
    /// Answers a second.
    pub rate_hz: f64,
    /// Share of them with a reading.
    pub read: f64,
    /// Share of them that rest on face, voice and words.
    pub rest_on: [f64; 3],
    /// The longest time without an answer, s.
    pub longest_without_s: f64,
}

/// From the end of what a reading is about to when it was taken note of, s.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Of the face.
    pub face: Option<Quantiles>,
    /// Of the voice.
    pub voice: Option<Quantiles>,
    /// Of the words.
    pub words: Option<Quantiles>,
}

/// The machine, while it recorded.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Machine {
    /// Samples that the sound system said it lost; none where that wasn't recorded.
    pub xruns: Option<u64>,
    /// Items that links between stages dropped that should not be dropped: which and how many; none where that wasn't recorded.
    pub dropped: Option<BTreeMap<String, u64>>,
    /// The program's share of one core, percent.
    pub cpu_percent: Option<Quantiles>,
    /// The most memory that it had, bytes.
    pub peak_memory_bytes: Option<u64>,
}

/// Everything that is measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Time, and whether all of it is there.
    pub whole: Whole,
    /// The camera and the face.
    pub pictures: Pictures,
    /// The microphone and the voice.
    pub sound: Sound,
    /// The answers.
    pub answers: Answers,
    /// How late readings were.
    pub latency_s: Latency,
    /// The machine.
    pub machine: Machine,
}

impl Figures {
    /// Of a session that is so long.
    pub(super) fn of(kept: &Kept, session: Span, markers: &[Marker], verified: &Verified) -> Self {
        let stretches = Stretches::of(kept, session);
        let [camera, microphone] = ["camera", "microphone"].map(|kind| lived(kept, kind, session));
        Self {
            whole: whole(kept, (session, &stretches), markers, verified),
            pictures: pictures(kept, &stretches, camera),
            sound: sound(kept, &stretches, microphone),
            answers: answers(kept, &stretches, camera.join(microphone)),
            latency_s: latency(kept),
            machine: machine(&kept.clocks),
        }
    }
}

fn whole(kept: &Kept, (session, stretches): (Span, &Stretches), markers: &[Marker], verified: &Verified) -> Whole {
    let began = Timestamp::from_nanos(kept.header.began_nanos);
    let since = |span: &Span| [span.start, span.end].map(|at| at.secs() - began.secs());
    let all = |spans: &[Span]| spans.iter().map(since).collect();
    let excluded: Vec<Span> =
        markers.iter().filter(|marker| marker.kind == "exclude").map(|marker| marker.span).collect();
    let of_kind = |kind: &'static str| kept.events.iter().filter(move |event| event.kind == kind);
    let word = |event: &Happening, key: &str| {
        event
            .what
            .get(key)
            .map_or_else(String::new, |what| what.as_str().map_or_else(|| what.to_string(), str::to_owned))
    };
    let failed = of_kind("stage_failed").map(|event| {
        let message = private::without_folders(&word(event, "message"));
        format!("{}: {message}", word(event, "stage"))
    });
    let spoilt = of_kind("spoil").map(|event| word(event, "troubles")).filter(|troubles| troubles != "[]");
    Whole {
        duration_s: session.len().as_secs_f64(),
        kept_s: stretches.kept_secs(),
        paused_s: all(&stretches.paused),
        forgotten_s: all(&stretches.forgotten),
        excluded_s: all(&excluded),
        has_ended: verified.has_ended,
        damage: verified.damage.iter().map(damage).collect(),
        miscounted: verified.miscounted.iter().map(|(name, said, is)| format!("{name}: {is} of {said}")).collect(),
        items: verified.items,
        lost: verified.lost,
        failed: failed.collect(),
        spoilt: spoilt.collect(),
        afresh: of_kind("afresh").map(|event| private::without_folders(&word(event, "why"))).collect(),
        baselines: of_kind("baseline").filter_map(baseline).collect(),
        devices: ["camera", "microphone"].into_iter().flat_map(of_kind).filter_map(device_trouble).collect(),
        wall_clock_off_s: wall_clock_off(&kept.clocks),
    }
}

fn damage(damage: &Damage) -> String {
    let Damage { at, to, why, path } = damage;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{file}, bytes {at} to {to}: {why}")
}

fn baseline(event: &Happening) -> Option<Value> {
    event.what.get("baseline")?.get("found").map(private::value_without_folders)
}

/// How far the wall clock's distance to the session's clock went, s; none if it was looked at less than twice.
fn wall_clock_off(clocks: &[Happening]) -> Option<f64> {
    let off = clocks.iter().filter_map(|clock| {
        let utc = clock.what.get("utc_unix_nanos")?.as_i64()?;
        Some((utc - clock.span.start.nanos()) as f64 / 1e9)
    });
    let count = |(low, high, count): (f64, f64, usize), off: f64| (low.min(off), high.max(off), count + 1);
    let (low, high, looks) = off.fold((f64::MAX, f64::MIN, 0), count);
    (looks > 1).then_some(high - low)
}

/// What a device said, if that isn't that it runs.
fn device_trouble(event: &Happening) -> Option<String> {
    let state = event.what.get("state")?.as_str()?;
    let is_bad = ["lost", "failed", "silent"].iter().any(|bad| state.starts_with(bad));
    is_bad.then(|| format!("{}: {}", event.kind, private::without_folders(state)))
}

/// From when a source began to give something to when it had come to its end, as far as that was in the session: devices take
/// seconds to open, and a recording that is played ends before the session does.
fn lived(kept: &Kept, kind: &str, whole: Span) -> Span {
    let mut lived = whole;
    let states = kept.events.iter().filter(|event| event.kind == kind);
    let mut has_run = false;
    for event in states {
        match event.what.get("state").and_then(Value::as_str) {
            Some("ended") => lived.end = event.arrived.clamp(lived.start, whole.end),
            Some(_) if is_running(event) => {
                if !has_run {
                    lived.start = event.arrived.clamp(whole.start, whole.end);
                }
                has_run = true;
                lived.end = whole.end;
            }
            _ => {}
        }
    }
    lived
}

fn is_running(event: &Happening) -> bool {
    event.what.get("state").and_then(Value::as_str).is_some_and(|state| state.starts_with("running"))
}

/// Whether a source was there: its events say so, or something came of it.
fn had_source(kept: &Kept, kind: &str, came: bool) -> bool {
    came || kept.events.iter().any(|event| event.kind == kind && is_running(event))
}

fn number(item: &Item, place: Option<usize>) -> f64 {
    place.and_then(|place| item.values.get(place)).map_or(f64::NAN, |value| f64::from(*value))
}

fn pictures(kept: &Kept, stretches: &Stretches, lived: Span) -> Pictures {
    let [faces, ..] = &kept.evidence;
    let names = kept.streams.iter().find(|stream| stream.id == streams::FACE);
    let place = |name: &str| names.and_then(|stream| stream.columns.iter().position(|column| column.name == name));
    let count = faces.len();
    let share = |of: usize| of as f64 / count.max(1) as f64;
    let column = |name: &str| {
        let place = place(name);
        faces.iter().map(move |item| number(item, place))
    };
    let found = column("success").filter(|success| *success > 0.5).count();
    let mut unread = BTreeMap::<String, usize>::new();
    let mut read = 0;
    for (_, presence) in kept.presences(Modality::Face) {
        match presence {
            Ok(_) => read += 1,
            Err(Absence::FaceTooSmall(_)) => *unread.entry("too small".to_owned()).or_default() += 1,
            Err(absence) => *unread.entry(absence.to_string()).or_default() += 1,
        }
    }
    let known = |value: f64| value.is_finite().then_some(value);
    let is_frozen = |change: f64| known(change).map(|change| change < f64::from(FROZEN));
    let frozen = column("change").filter(|change| is_frozen(*change) == Some(true)).count();
    let is_measured = column("change").any(f64::is_finite);
    let run = |is_so: &mut dyn Iterator<Item = Option<bool>>| {
        stretches.longest_run(faces.iter().map(|item| item.span).zip(is_so))
    };
    let (camera_hz, skipped) = camera(faces, stretches);
    let times: Vec<Timestamp> = faces.iter().map(|item| item.span.start).collect();
    Pictures {
        has_source: had_source(kept, "camera", count > 0),
        count,
        rate_hz: count as f64 / stretches.kept_secs_within(lived).max(1e-9),
        camera_hz,
        skipped,
        longest_without_s: stretches.longest_without(&times, lived),
        found: share(found),
        read: share(read),
        unread: unread.into_iter().map(|(why, count)| (why, share(count))).collect(),
        longest_without_face_s: run(&mut column("success").map(|success| Some(success.is_nan() || success <= 0.5))),
        // The first of each stretch has none before it.
        frozen: is_measured.then(|| frozen.saturating_sub(stretches.kept.len()) as f64 / found.max(1) as f64),
        longest_frozen_s: run(&mut column("change").map(is_frozen)),
        longest_dark_s: run(&mut column("brightness").map(|light| known(light).map(|light| light < DARK))),
        brightness: Quantiles::of(column("brightness")),
        width_px: Quantiles::of(column("width")),
        sharpness: Quantiles::of(column("sharpness")),
    }
}

/// The camera's pace by its own count, and the share of its pictures that nobody looked at.
fn camera(faces: &[Item], stretches: &Stretches) -> (Option<f64>, Option<f64>) {
    let (mut counted, mut looked_at, mut secs) = (0u64, 0u64, 0.0);
    for (before, after) in faces.iter().zip(faces.iter().skip(1)) {
        let took = after.span.start.secs() - before.span.start.secs();
        let is_pace = after.seq > before.seq && took > 0.0 && took < APART_SECS;
        if is_pace && stretches.are_one(before.span.start, after.span.start) {
            counted += after.seq - before.seq;
            looked_at += 1;
            secs += took;
        }
    }
    if counted == 0 {
        return (None, None);
    }
    (Some(counted as f64 / secs), Some(1.0 - looked_at as f64 / counted as f64))
}

fn sound(kept: &Kept, stretches: &Stretches, lived: Span) -> Sound {
    let began = Timestamp::from_nanos(kept.header.began_nanos);
    let due = stretches.kept_secs_within(lived);
    let levels = &kept.levels;
    let heard = secs(&levels.iter().map(|level| level.span).collect::<Vec<_>>());
    let share = |of: usize| of as f64 / levels.len().max(1) as f64;
    // A level that is no number is none that could be heard.
    let is_silent = |level: &Level| level.level_db.is_nan() || level.level_db <= SILENCE_DB;
    let silent = levels.iter().filter(|level| is_silent(&level.value)).count();
    let speech: Vec<_> = levels.iter().filter(|level| level.value.is_speech).collect();
    let pauses = levels.iter().filter(|level| !level.value.is_speech && level.value.level_db > SILENCE_DB);
    let late = kept.stamps.iter().map(|stamp| stamp.arrived.secs() - stamp.span.start.secs());
    let times: Vec<Timestamp> = levels.iter().map(|level| level.span.start).collect();
    let clipped = levels.iter().map(|level| f64::from(level.value.quality.clipped)).sum::<f64>();
    Sound {
        has_source: had_source(kept, "microphone", !levels.is_empty()),
        rate_hz: levels.len() as f64 / due.max(1e-9),
        covered: (heard / due.max(1e-9)).min(1.0),
        missing_s: (due - heard).max(0.0),
        longest_without_s: stretches.longest_without(&times, lived),
        silent: share(silent),
        longest_silent_s: stretches.longest_run(levels.iter().map(|level| (level.span, Some(is_silent(&level.value))))),
        speech: share(speech.len()),
        speech_s: secs(&speech.iter().map(|level| level.span).collect::<Vec<_>>()),
        speech_db: Quantiles::of(speech.iter().map(|level| f64::from(level.value.level_db))),
        pause_db: Quantiles::of(pauses.map(|level| f64::from(level.value.level_db))),
        snr_db: Quantiles::of(speech.iter().map(|level| f64::from(level.value.quality.snr_db))),
        clipped: clipped / levels.len().max(1) as f64,
        utterances: kept.presences(Modality::Words).filter(|(_, presence)| presence.is_ok()).count(),
        not_understood: kept.events.iter().filter(|event| event.kind == "not_transcribed").count(),
        late_s: Quantiles::of(late),
        card: Card::of(&kept.stamps, stretches, began),
    }
}

/// `whole` is when there was something to read: once it has come to its end there is nothing to answer.
fn answers(kept: &Kept, stretches: &Stretches, whole: Span) -> Answers {
    let answers: Vec<_> = kept.answers.iter().filter(|answer| answer.span.start <= whole.end).collect();
    let count = answers.len();
    let share = |of: usize| of as f64 / count.max(1) as f64;
    let read = answers.iter().filter_map(|answer| answer.value.as_ref());
    let rest_on = Modality::ALL.map(|modality| {
        let gates = answers.iter().filter_map(|answer| answer.value.as_ref()).map(|fused| fused.gates.of(modality));
        share(gates.filter(|gate| *gate > 0.0).count())
    });
    let times: Vec<Timestamp> = answers.iter().map(|answer| answer.span.start).collect();
    Answers {
        rate_hz: count as f64 / stretches.kept_secs_within(whole).max(1e-9),
        read: share(read.count()),
        rest_on,
        longest_without_s: stretches.longest_without(&times, whole),
    }
}

fn latency(kept: &Kept) -> Latency {
    let of = |modality| {
        let times = kept.presences(modality).filter_map(|(arrived, presence)| {
            let evidence = presence.ok()?;
            Some(arrived.secs() - evidence.span.end.secs())
        });
        Quantiles::of(times)
    };
    Latency { face: of(Modality::Face), voice: of(Modality::Voice), words: of(Modality::Words) }
}

fn machine(clocks: &[Happening]) -> Machine {
    let count = |clock: &Happening, key: &str| clock.what.get(key).and_then(Value::as_u64);
    let counts: Vec<u64> = clocks.iter().filter_map(|clock| count(clock, "xruns")).collect();
    let drops: Vec<BTreeMap<String, u64>> = clocks.iter().filter_map(dropped).collect();
    let cpu = clocks.iter().filter_map(|clock| clock.what.get("cpu_percent")?.as_f64());
    Machine {
        xruns: counts.first().zip(counts.last()).map(|(first, last)| last.saturating_sub(*first)),
        dropped: drops.first().zip(drops.last()).map(|(before, after)| grown(before, after)),
        cpu_percent: Quantiles::of(cpu),
        peak_memory_bytes: clocks.iter().filter_map(|clock| count(clock, "memory_bytes")).max(),
    }
}

/// What has become more.
fn grown(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let grew = after.iter().map(|(link, count)| {
        let before = before.get(link).copied().unwrap_or(0);
        (link.clone(), count.saturating_sub(before))
    });
    grew.filter(|(_, count)| *count > 0).collect()
}

/// What each link that should drop nothing has dropped so far; none where that wasn't recorded.
fn dropped(clock: &Happening) -> Option<BTreeMap<String, u64>> {
    let links = clock.what.get("links")?.as_array()?;
    let of = |link: &Value| {
        let is_newest_only = link.get("newest_only").and_then(Value::as_bool).unwrap_or(true);
        let name = link.get("link").and_then(Value::as_str)?;
        (!is_newest_only).then(|| (name.to_owned(), link.get("dropped").and_then(Value::as_u64).unwrap_or(0)))
    };
    Some(links.iter().filter_map(of).collect())
}
