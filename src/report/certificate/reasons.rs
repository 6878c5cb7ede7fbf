//! What is wrong with a session, by its figures, and what to do.

use serde_json::Value;

use crate::report::certificate::Colour;
use crate::report::certificate::Figures;
use crate::report::certificate::Pictures;
use crate::report::certificate::Quantiles;
use crate::report::certificate::Reason;
use crate::report::certificate::Sound;
use crate::report::certificate::limits::ANSWERED;
use crate::report::certificate::limits::ANSWERS_HZ;
use crate::report::certificate::limits::BAD_PICTURE_SECS;
use crate::report::certificate::limits::BRIGHTNESS;
use crate::report::certificate::limits::CAMERA_HZ;
use crate::report::certificate::limits::CLIPPED;
use crate::report::certificate::limits::COVERED;
use crate::report::certificate::limits::DRIFT_PPM;
use crate::report::certificate::limits::EDGES_SECS;
use crate::report::certificate::limits::FACE_LATE_SECS;
use crate::report::certificate::limits::FORGOTTEN;
use crate::report::certificate::limits::FOUND;
use crate::report::certificate::limits::FROZEN;
use crate::report::certificate::limits::KEPT_SECS;
use crate::report::certificate::limits::LOST;
use crate::report::certificate::limits::Limits;
use crate::report::certificate::limits::NOT_UNDERSTOOD;
use crate::report::certificate::limits::READ_HZ;
use crate::report::certificate::limits::SHARPNESS;
use crate::report::certificate::limits::SILENT;
use crate::report::certificate::limits::SILENT_SECS;
use crate::report::certificate::limits::SNR_DB;
use crate::report::certificate::limits::SOUND_LATE_SECS;
use crate::report::certificate::limits::SOUND_LOST;
use crate::report::certificate::limits::SPEECH_DB;
use crate::report::certificate::limits::TOO_LIGHT;
use crate::report::certificate::limits::UNREAD_SPEECH_SECS;
use crate::report::certificate::limits::Unit;
use crate::report::certificate::limits::VOICE_LATE_SECS;
use crate::report::certificate::limits::WALL_CLOCK_SECS;
use crate::report::certificate::limits::WIDTH_PX;
use crate::report::certificate::limits::WITHOUT_ANSWER_SECS;
use crate::report::certificate::limits::WITHOUT_FACE_SECS;
use crate::report::certificate::limits::WITHOUT_PICTURE_SECS;
use crate::report::certificate::limits::WITHOUT_SOUND_SECS;
use crate::report::certificate::limits::WORDS_LATE_SECS;

/// A figure that is looked at: the reason's word, what is wrong if it is past its limits, and what it is by itself.
struct Looked {
    id: &'static str,
    wrong: &'static str,
    figure: &'static str,
}

const fn at(id: &'static str, wrong: &'static str, figure: &'static str) -> Looked {
    Looked { id, wrong, figure }
}

/// What to do where a figure isn't there.
const UNKNOWN: &str = "It couldn't be measured, so it may be good or bad. Find out why before you rely on it.";

/// What was found so far.
struct Found(Vec<Reason>);

impl Found {
    /// A figure that is past its limits is a reason, and so is one that isn't known or is no number. Gives how bad it is.
    fn check(
        &mut self,
        Looked { id, wrong, figure }: Looked,
        value: impl Into<Option<f64>>,
        (limits, unit): (Limits, Unit),
        advice: &'static str,
    ) -> Colour {
        let amber = unit.written(limits.amber);
        let threshold = if limits.is_least {
            format!("at least {amber}")
        } else if limits.amber <= 0.0 {
            "none".to_owned()
        } else {
            format!("at most {amber}")
        };
        let Some(value) = value.into().filter(|value| !value.is_nan()) else {
            let what = format!("{figure} isn't known");
            self.add((id, Colour::Amber), &what, "not measured".to_owned(), threshold, UNKNOWN);
            return Colour::Amber;
        };
        let colour = limits.colour(value);
        if colour != Colour::Green {
            self.add((id, colour), wrong, unit.written(value), threshold, advice);
        }
        colour
    }

    /// The same of the longest stretch of what was looked at as a share before: told only where it is worse than the share.
    fn check_longest(&mut self, looked: Looked, value: f64, (limits, share): (Limits, Colour), advice: &'static str) {
        if value.is_nan() || limits.colour(value) > share {
            self.check(looked, value, (limits, Unit::Seconds), advice);
        }
    }

    fn add(
        &mut self,
        (id, colour): (&'static str, Colour),
        what: &str,
        value: String,
        threshold: String,
        advice: &'static str,
    ) {
        self.0.push(Reason { colour, id, what: what.to_owned(), value, threshold, advice });
    }

    /// Something that should not be there at all.
    fn none_of(&mut self, id: (&'static str, Colour), what: &str, found: &[String], advice: &'static str) {
        if !found.is_empty() {
            self.add(id, what, found.join("; "), "none".to_owned(), advice);
        }
    }
}

/// All reasons why a session with these figures isn't green.
pub(super) fn all(figures: &Figures) -> Vec<Reason> {
    let mut found = Found(Vec::new());
    whole(&mut found, figures);
    happened(&mut found, figures);
    pictures(&mut found, &figures.pictures);
    sound(&mut found, &figures.sound);
    card(&mut found, figures);
    answers(&mut found, figures);
    late(&mut found, figures);
    machine(&mut found, figures);
    found.0
}

fn whole(found: &mut Found, figures: &Figures) {
    let whole = &figures.whole;
    let advice = "Record for longer: rates and shares of so short a time say little.";
    let looked = at("duration", "the recording is short", "how much was kept");
    found.check(looked, whole.kept_s, (KEPT_SECS, Unit::Seconds), advice);
    if !whole.has_ended {
        let advice =
            "What was recorded until then can be used. See where it ends, and record again if the end is missing.";
        let (value, threshold) = ("the program ended while it recorded", "stopped by the operator".to_owned());
        found.add(("broke_off", Colour::Amber), "the recording broke off", value.to_owned(), threshold, advice);
    }
    let advice = "What lies before and after can be used. Check the disk, and look for a copy of the session.";
    // A half-written chunk at the end is where it broke off.
    let at_the_end = !whole.has_ended && whole.damage.iter().all(|damage| damage.contains(crate::session::format::CUT));
    if !at_the_end {
        found.none_of(("damage", Colour::Red), "parts of the files can't be read", &whole.damage, advice);
    }
    let advice = "The files were changed, or the disk is faulty: look for a copy of the session.";
    let what = "files hold more or fewer items than were written";
    found.none_of(("miscounted", Colour::Red), what, &whole.miscounted, advice);
    let lost = whole.lost as f64 / (whole.items + whole.lost).max(1) as f64;
    let advice = "The disk was too slow or full: record to a faster one, or keep less.";
    let looked = at("lost", "some of what was recorded couldn't be written to the disk", "what couldn't be written");
    found.check(looked, lost, (LOST, Unit::Percent), advice);
    let forgotten = whole.forgotten_s.iter().fold(0.0, |sum, [from, to]| sum + to - from) / whole.duration_s.max(1e-9);
    let advice = "That is the participant's right. What is left may not stand for the whole.";
    let what = "much of the recording was deleted at the participant's request";
    found.check(at("forgotten", what, "how much was deleted"), forgotten, (FORGOTTEN, Unit::Percent), advice);
    let advice = "Align this session with other recordings by markers, not by the time of day. Before the next one, switch off \
        the automatic setting of the clock.";
    let what = "the computer's clock was set, or ran off, during the recording";
    let looked = at("wall_clock", what, "how far the computer's clock ran off");
    found.check(looked, whole.wall_clock_off_s, (WALL_CLOCK_SECS, Unit::Seconds), advice);
}

fn happened(found: &mut Found, figures: &Figures) {
    let whole = &figures.whole;
    let advice =
        "Restart the program, and run `circumplex check`. From that moment on, what that part reads is missing.";
    found.none_of(("failed", Colour::Red), "a part of the program stopped", &whole.failed, advice);
    let advice = "Check its plug, cable and switch. The events say when; for that time its input is missing.";
    let what = "a device was lost, failed or delivered nothing";
    found.none_of(("device", Colour::Amber), what, &whole.devices, advice);
    if let Some(baseline) = whole.baselines.last() {
        let reasons = baseline.get("reasons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let reasons: Vec<String> = reasons.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let advice = "Make the baseline again: from this one it can't be told what is unusual for the participant.";
        found.none_of(("baseline", Colour::Amber), "the participant's baseline isn't good", &reasons, advice);
    }
    let advice = "Don't take this for a measurement of a person: exclude the stretch, or record again.";
    found.none_of(("spoilt", Colour::Red), "the input was spoilt on purpose", &whole.spoilt, advice);
    let advice = "Readings before and after rest on different knowledge of the participant: compare them with care. The events \
        say when.";
    let what = "what was known of the participant was reset";
    found.none_of(("afresh", Colour::Amber), what, &whole.afresh, advice);
}

fn pictures(found: &mut Found, pictures: &Pictures) {
    if pictures.count == 0 {
        let colour = if pictures.has_source { Colour::Red } else { Colour::Amber };
        let (value, threshold) = ("no picture".to_owned(), "pictures".to_owned());
        let advice = "If a face was to be read: connect a camera, choose it in the window, and look at its picture before you record.";
        found.add(("no_pictures", colour), "the camera gave no picture", value, threshold, advice);
        return;
    }
    let advice = "Give more light (cameras slow down in the dark), choose another format or camera, and close other programs \
        that use it.";
    let looked = at("camera_rate", "the camera gave too few pictures", "how many pictures the camera gave");
    let rate = found.check(looked, pictures.camera_hz, (CAMERA_HZ, Unit::PerSecond), advice);
    let advice = "The computer was too slow or busy: close other programs, and connect it to mains power.";
    // Where the camera gives no more, it isn't the machine.
    if rate == Colour::Green || pictures.skipped.is_none_or(|skipped| skipped > 0.1) {
        let looked = at("read_rate", "too few pictures were read", "how many pictures were read");
        found.check(looked, pictures.rate_hz, (READ_HZ, Unit::PerSecond), advice);
    }
    let advice = "Check the camera's cable, and see the events: in that time the face wasn't seen.";
    let what = "no picture came for a while (longest time)";
    let looked = at("without_pictures", what, "the longest time without a picture");
    found.check(looked, pictures.longest_without_s, (WITHOUT_PICTURE_SECS, Unit::Seconds), advice);
    let advice = "See that the participant sits within the picture and faces the camera, with light from the front.";
    let looked = at("no_face", "too few pictures show a face", "how many pictures show a face");
    let share = found.check(looked, pictures.found, (FOUND, Unit::Percent), advice);
    let advice = "See when in the plots. If the participant was there, move the camera or the light; if they weren't, exclude \
        the stretch.";
    let looked = at("face_gone", "no face was seen for a while (longest time)", "the longest time without a face");
    found.check_longest(looked, pictures.longest_without_face_s, (WITHOUT_FACE_SECS, share), advice);
    // Of what has no face nothing else can be measured.
    if pictures.found > 0.0 {
        faces(found, pictures);
    }
}

fn faces(found: &mut Found, pictures: &Pictures) {
    let advice =
        "The camera gave the same picture again and again: restart it, and switch off what replaces its picture.";
    let looked = at("frozen", "the picture stood still for part of the time", "whether the picture stood still");
    let share = found.check(looked, pictures.frozen, (FROZEN, Unit::Percent), advice);
    let looked =
        at("frozen_stretch", "the picture stood still for a while (longest time)", "how long the picture stood still");
    found.check_longest(looked, pictures.longest_frozen_s, (BAD_PICTURE_SECS, share), advice);
    let median = |quantiles: Option<Quantiles>| quantiles.map(|quantiles| quantiles.p50);
    let brightness = median(pictures.brightness);
    let advice =
        "Put a lamp or a window in front of the participant and none behind them, and fix the camera's exposure.";
    let what = "the face is dark (median brightness, 0 to 1)";
    let share =
        found.check(at("brightness", what, "the face's brightness"), brightness, (BRIGHTNESS, Unit::Plain), advice);
    let what = "the face was too dark to rely on for a while (longest time)";
    let looked = at("dark_stretch", what, "how long the face was too dark");
    found.check_longest(looked, pictures.longest_dark_s, (BAD_PICTURE_SECS, share), advice);
    let advice = "Take light away from the face, or lower the camera's exposure.";
    if let Some(brightness) = brightness {
        let what = "the face is too bright (median brightness, 0 to 1)";
        found.check(at("too_light", what, "the face's brightness"), brightness, (TOO_LIGHT, Unit::Plain), advice);
    }
    let advice = "Move the camera closer, or choose a larger picture.";
    let looked = at("small_face", "the face is small (median width)", "the face's width");
    found.check(looked, median(pictures.width_px), (WIDTH_PX, Unit::Px), advice);
    let advice = "Clean and focus the lens, and give more light, so that movement doesn't blur the face.";
    let looked = at("blurred", "the face is blurred (median sharpness; sharp is 0.3 and more)", "the face's sharpness");
    found.check(looked, median(pictures.sharpness), (SHARPNESS, Unit::Plain), advice);
}

fn sound(found: &mut Found, sound: &Sound) {
    if sound.rate_hz == 0.0 {
        let colour = if sound.has_source { Colour::Red } else { Colour::Amber };
        let (value, threshold) = ("no sound".to_owned(), "sound".to_owned());
        let advice = "If a voice was to be read: connect a microphone, choose it in the window, and look at its level before you record.";
        found.add(("no_sound", colour), "the microphone gave no sound", value, threshold, advice);
        return;
    }
    let advice = "The rest is missing or came too late to be kept: close other programs, and see when in the plots.";
    // The first and the last moments of a short recording aren't missing: what is on its way then isn't kept.
    if sound.missing_s.is_nan() || sound.missing_s > EDGES_SECS {
        let looked = at(
            "sound_covered",
            "there is sound for a part of the time only",
            "for how much of the time there is sound",
        );
        found.check(looked, sound.covered, (COVERED, Unit::Percent), advice);
    }
    let advice = "The microphone was away, or the computer busy: see when in the plots, and look at the events.";
    let looked = at("sound_gap", "no sound came for a while (longest time)", "the longest time without sound");
    found.check(looked, sound.longest_without_s, (WITHOUT_SOUND_SECS, Unit::Seconds), advice);
    let advice = "Unmute the microphone (its own switch, and the system's mixer), and switch off what cuts out pauses.";
    let looked =
        at("muted", "part of the sound is digital silence, as if the microphone were muted", "whether it was muted");
    let share = found.check(looked, sound.silent, (SILENT, Unit::Percent), advice);
    let what = "the sound was digital silence for a while, as if the microphone were muted (longest time)";
    let looked = at("muted_stretch", what, "how long the microphone was muted");
    found.check_longest(looked, sound.longest_silent_s, (SILENT_SECS, share), advice);
    if let Some(speech) = sound.speech_db {
        let advice = "Raise the input level, or move the microphone closer.";
        let looked = at("quiet", "the speech is quiet (median level)", "the level of the speech");
        found.check(looked, speech.p50, (SPEECH_DB, Unit::Dbfs), advice);
        let advice = "Use a headset or a closer microphone, and switch off what makes the noise.";
        let looked = at(
            "noisy",
            "the speech is hardly louder than the pauses (median)",
            "how much louder speech is than pauses",
        );
        found.check(looked, sound.snr_db.map(|snr| snr.p50), (SNR_DB, Unit::Db), advice);
    } else if share != Colour::Red {
        let (value, threshold) = ("no speech".to_owned(), "some".to_owned());
        let advice = "If somebody spoke: check which microphone is chosen, and its level. If nobody did, voice and words had \
            nothing to read.";
        found.add(("no_speech", Colour::Amber), "no speech was heard", value, threshold, advice);
    }
    let advice = "Lower the input level, so that loud speech stays below full scale. What is clipped can't be mended.";
    let looked = at("clipped", "the sound is clipped (samples at full scale)", "how much of the sound is clipped");
    found.check(looked, sound.clipped, (CLIPPED, Unit::Percent), advice);
}

fn card(found: &mut Found, figures: &Figures) {
    let card = &figures.sound.card;
    if figures.sound.rate_hz == 0.0 {
        return;
    }
    if card.blocks == 0 {
        let (value, threshold) = ("no time stamps".to_owned(), "one for each block of sound".to_owned());
        let what = "the sound card's clock and its losses aren't known";
        found.add(("no_stamps", Colour::Amber), what, value, threshold, UNKNOWN);
        return;
    }
    let advice =
        "Close other programs, or use another USB port or sound driver. In that time voice and words are missing.";
    let lost = card.lost_s / figures.whole.kept_s.max(1e-9);
    let looked = at("sound_lost", "some sound was lost on its way from the sound card", "how much sound was lost");
    found.check(looked, lost, (SOUND_LOST, Unit::Percent), advice);
    let advice =
        "Use another sound card, or its own driver. Align sound by sound.csv of the export, not by counting samples.";
    if card.rate_hz.is_none() {
        let (value, threshold) = ("a rate that no card has".to_owned(), "a usual one of 8000 to 192000 Hz".to_owned());
        let what = "the sound card doesn't keep its sample rate";
        found.add(("card_rate", Colour::Red), what, value, threshold, advice);
        return;
    }
    // What its doubt could explain isn't held against it; a recording that is too short is said to be so.
    let drift = card.drift_ppm.zip(card.drift_se_ppm).map(|(ppm, se)| ppm.abs() - 2.0 * se);
    let drift = drift.filter(|drift| !drift.is_nan()).map(|drift| drift.max(0.0));
    let looked = at("drift", "the sound card's clock drifts", "the drift of the sound card's clock");
    found.check(looked, drift, (DRIFT_PPM, Unit::Ppm), advice);
}

fn answers(found: &mut Found, figures: &Figures) {
    let answers = &figures.answers;
    let advice = "The computer was too slow or busy: close other programs.";
    let looked = at("answer_rate", "there were too few answers", "how many answers there were");
    found.check(looked, answers.rate_hz, (ANSWERS_HZ, Unit::PerSecond), advice);
    let looked =
        at("answer_gap", "there was no answer for a while (longest time)", "the longest time without an answer");
    found.check(looked, answers.longest_without_s, (WITHOUT_ANSWER_SECS, Unit::Seconds), advice);
    let sound = &figures.sound;
    let said = sound.utterances + sound.not_understood;
    if said >= 5 {
        let share = sound.not_understood as f64 / said as f64;
        let advice =
            "See the events for why: another language, noise, or a computer too slow to turn speech into text.";
        let what = "too many utterances weren't understood";
        let looked = at("not_understood", what, "how many utterances were understood");
        found.check(looked, share, (NOT_UNDERSTOOD, Unit::Percent), advice);
    }
    let advice = "The other reasons say why there was nothing to read.";
    let looked = at("unread", "too few answers have a reading", "how many answers have a reading");
    found.check(looked, answers.read, (ANSWERED, Unit::Percent), advice);
}

fn late(found: &mut Found, figures: &Figures) {
    let (sound, late) = (&figures.sound, &figures.latency_s);
    let p95 = |quantiles: Option<Quantiles>| quantiles.map(|quantiles| quantiles.p95);
    let advice =
        "The computer was too slow or busy: close other programs. What came later than it holds for was never used.";
    if sound.card.blocks > 0 {
        let looked = at("sound_late", "sound came in late (95th percentile)", "how late sound came in");
        found.check(looked, p95(sound.late_s), (SOUND_LATE_SECS, Unit::Seconds), advice);
    }
    let advice = "The computer was too slow or busy: close other programs, or choose a smaller model of speech.";
    for (id, wrong, late, limits) in [
        ("face_late", "the face was read late (95th percentile)", late.face, FACE_LATE_SECS),
        ("voice_late", "the voice was read late (95th percentile)", late.voice, VOICE_LATE_SECS),
        ("words_late", "the words were read late (95th percentile)", late.words, WORDS_LATE_SECS),
    ] {
        // Where there was nothing to read nothing is late.
        if late.is_some() {
            found.check(at(id, wrong, "how late readings are"), p95(late), (limits, Unit::Seconds), advice);
        }
    }
    let advice =
        "See whether it was switched off or a part of the program failed, and whether the language is English.";
    for (id, what, late) in [
        ("voice_unread", "there was speech, and the voice was never read", late.voice),
        ("words_unread", "there was speech, and no words were read", late.words),
    ] {
        if late.is_none() && sound.speech_s >= UNREAD_SPEECH_SECS {
            let value = format!("no reading of {} of speech", Unit::Seconds.written(sound.speech_s));
            found.add((id, Colour::Amber), what, value, "readings".to_owned(), advice);
        }
    }
}

fn machine(found: &mut Found, figures: &Figures) {
    let machine = &figures.machine;
    let (Some(xruns), Some(dropped)) = (machine.xruns, &machine.dropped) else {
        let (value, threshold) = ("no record of it".to_owned(), "a record each second".to_owned());
        let what = "it isn't known whether the sound system or the program lost anything";
        found.add(("machine", Colour::Amber), what, value, threshold, UNKNOWN);
        return;
    };
    if xruns > 0 {
        let advice = "Close other programs, or use a larger buffer or another sound driver.";
        let (what, value) = ("the sound system lost samples", format!("{xruns} samples"));
        found.add(("xruns", Colour::Amber), what, value, "none".to_owned(), advice);
    }
    let dropped: Vec<String> = dropped.iter().map(|(link, count)| format!("{link}: {count}")).collect();
    let advice = "The computer was too slow or busy: close other programs.";
    let what = "the program dropped input that it should have read";
    found.none_of(("dropped", Colour::Amber), what, &dropped, advice);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_session_without_anything_nothing_is_green() {
        let reasons = all(&Figures::default());

        let ids: Vec<_> = reasons.iter().map(|reason| reason.id).collect();
        for id in ["duration", "broke_off", "no_pictures", "no_sound", "answer_rate", "unread", "wall_clock", "machine"]
        {
            assert!(ids.contains(&id), "{id}: {ids:?}");
        }
        assert!(reasons.iter().all(|reason| !reason.advice.is_empty() && !reason.threshold.is_empty()));
    }

    type Spoil = fn(&mut Figures);

    const NO_NUMBERS: Quantiles = Quantiles { p05: f64::NAN, p50: f64::NAN, p95: f64::NAN };

    /// All that is measured is as it should be.
    fn good() -> Figures {
        let same = |value: f64| Some(Quantiles { p05: value, p50: value, p95: value });
        let mut figures = Figures::default();
        let Figures { whole, pictures, sound, answers, latency_s, machine } = &mut figures;
        (whole.duration_s, whole.kept_s, whole.has_ended, whole.wall_clock_off_s) = (60.0, 60.0, true, Some(0.0));
        (pictures.count, pictures.rate_hz, pictures.camera_hz, pictures.skipped) = (1_800, 30.0, Some(30.0), Some(0.0));
        (pictures.found, pictures.read, pictures.frozen) = (1.0, 1.0, Some(0.0));
        (pictures.brightness, pictures.width_px, pictures.sharpness) = (same(0.5), same(150.0), same(0.4));
        (sound.rate_hz, sound.covered, sound.speech, sound.speech_s) = (31.25, 1.0, 0.5, 30.0);
        (sound.speech_db, sound.snr_db, sound.late_s) = (same(-25.0), same(30.0), same(0.02));
        (sound.card.blocks, sound.card.rate_hz) = (6_000, Some(48_000.0));
        (sound.card.drift_ppm, sound.card.drift_se_ppm) = (Some(20.0), Some(1.0));
        (answers.rate_hz, answers.read) = (25.0, 1.0);
        (latency_s.face, latency_s.voice, latency_s.words) = (same(0.05), same(0.1), same(1.0));
        (machine.xruns, machine.dropped) = (Some(0), Some(std::collections::BTreeMap::new()));
        figures
    }

    #[test]
    fn what_is_not_known_or_no_number_is_never_green() {
        let spoilt: &[(&str, Spoil)] = &[
            ("duration", |all| all.whole.kept_s = f64::NAN),
            ("wall_clock", |all| all.whole.wall_clock_off_s = None),
            ("camera_rate", |all| all.pictures.camera_hz = None),
            ("read_rate", |all| all.pictures.rate_hz = f64::NAN),
            ("without_pictures", |all| all.pictures.longest_without_s = f64::NAN),
            ("no_face", |all| all.pictures.found = f64::NAN),
            ("face_gone", |all| all.pictures.longest_without_face_s = f64::NAN),
            ("frozen", |all| all.pictures.frozen = None),
            ("frozen_stretch", |all| all.pictures.longest_frozen_s = f64::NAN),
            ("brightness", |all| all.pictures.brightness = None),
            ("dark_stretch", |all| all.pictures.longest_dark_s = f64::NAN),
            ("small_face", |all| all.pictures.width_px = None),
            ("blurred", |all| all.pictures.sharpness = None),
            ("sound_covered", |all| (all.sound.missing_s, all.sound.covered) = (f64::NAN, f64::NAN)),
            ("sound_gap", |all| all.sound.longest_without_s = f64::NAN),
            ("muted", |all| all.sound.silent = f64::NAN),
            ("muted_stretch", |all| all.sound.longest_silent_s = f64::NAN),
            ("noisy", |all| all.sound.snr_db = None),
            ("no_speech", |all| all.sound.speech_db = None),
            ("clipped", |all| all.sound.clipped = f64::NAN),
            ("no_stamps", |all| all.sound.card.blocks = 0),
            ("sound_lost", |all| all.sound.card.lost_s = f64::NAN),
            ("drift", |all| all.sound.card.drift_ppm = None),
            ("drift", |all| all.sound.card.drift_ppm = Some(f64::NAN)),
            ("drift", |all| all.sound.card.drift_se_ppm = Some(f64::NAN)),
            ("sound_late", |all| all.sound.late_s = None),
            ("answer_rate", |all| all.answers.rate_hz = f64::NAN),
            ("answer_gap", |all| all.answers.longest_without_s = f64::NAN),
            ("unread", |all| all.answers.read = f64::NAN),
            ("voice_unread", |all| all.latency_s.voice = None),
            ("words_unread", |all| all.latency_s.words = None),
            ("machine", |all| all.machine.xruns = None),
            ("machine", |all| all.machine.dropped = None),
            ("face_late", |all| all.latency_s.face = Some(NO_NUMBERS)),
            ("quiet", |all| all.sound.speech_db = Some(NO_NUMBERS)),
        ];
        assert_eq!(all(&good()), []);
        let told = |figures: &Figures| all(figures).iter().map(|one| (one.id, one.colour)).collect::<Vec<_>>();
        for (id, spoil) in spoilt {
            let mut figures = good();
            spoil(&mut figures);
            assert_eq!(told(&figures), [(*id, Colour::Amber)]);
        }
    }
}
