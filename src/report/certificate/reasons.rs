//! From which figures on something is wrong, why from there, and what to do.

use serde_json::Value;

use crate::report::certificate::Colour;
use crate::report::certificate::Figures;
use crate::report::certificate::Quantiles;
use crate::report::certificate::Reason;

/// From where on a figure is a reason: amber, red. One of the two may be out of reach.
#[derive(Debug, Clone, Copy)]
struct Limits {
    amber: f64,
    red: f64,
    /// Whether less is worse; more, if not.
    is_least: bool,
}

impl Limits {
    const fn least(amber: f64, red: f64) -> Self {
        Self { amber, red, is_least: true }
    }

    const fn most(amber: f64, red: f64) -> Self {
        Self { amber, red, is_least: false }
    }

    fn colour(self, value: f64) -> Colour {
        let is_past = |limit: f64| if self.is_least { value < limit } else { value > limit };
        match (is_past(self.red), is_past(self.amber)) {
            (true, _) => Colour::Red,
            (_, true) => Colour::Amber,
            _ => Colour::Green,
        }
    }
}

/// Seconds that were kept. Of less, rates and shares say little.
const KEPT_SECS: Limits = Limits::least(10.0, 1.0);
/// Pictures a second that the camera gives. Expressions begin and end within 0.2 s; the face is read over 2 s, of which 15 a second
/// leave 30 pictures. Cameras are asked for 30, and give less where it is dark; films have 24.
const CAMERA_HZ: Limits = Limits::least(23.0, 15.0);
/// Pictures a second that are read. A reading stands for half a second: below 5 a second it comes and goes.
const READ_HZ: Limits = Limits::least(15.0, 5.0);
/// The longest time without a picture, s. A reading stands for half a second, and the window reads over 2 s.
const WITHOUT_PICTURE_SECS: Limits = Limits::most(2.0, 10.0);
/// Share of pictures with a face. Who looks down at a desk now and then is away for some of them; of less than half a session nothing
/// can be said about the whole.
const FOUND: Limits = Limits::least(0.8, 0.5);
/// Share of pictures that are the one before once more. A live camera's noise changes every one.
const FROZEN: Limits = Limits::most(0.05, 0.3);
/// Median brightness of the face, 0..=1. Below 0.2 the face is trusted less and less, below 0.06 it isn't read: halfway between the
/// two is too dark to rest on.
const BRIGHTNESS: Limits = Limits::least(0.2, 0.12);
/// The same, too light: skin has no shades any more.
const TOO_LIGHT: Limits = Limits::most(0.85, 0.95);
/// Median width of the face, px. From 90 on it is trusted wholly, below 30 not at all.
const WIDTH_PX: Limits = Limits::least(90.0, 45.0);
/// Median sharpness. From 0.12 on it is trusted wholly, below 0.02 not at all.
const SHARPNESS: Limits = Limits::least(0.12, 0.05);
/// The longest time without sound that was taken note of, s. What a voice said stands for 1 s.
const WITHOUT_SOUND_SECS: Limits = Limits::most(2.0, 10.0);
/// The longest time without an answer, s.
const WITHOUT_ANSWER_SECS: Limits = Limits::most(1.0, 5.0);
/// Share of what was said that wasn't understood. A sentence or two is usual.
const NOT_UNDERSTOOD: Limits = Limits::most(0.3, 0.6);
/// Share of the time in which the microphone was heard. What is missing was lost, or hadn't been taken in when the recording ended.
const COVERED: Limits = Limits::least(0.98, 0.9);
/// Share of what is heard that is digital silence. A room is never silent: the microphone is muted, or software cuts the pauses.
const SILENT: Limits = Limits::most(0.05, 0.5);
/// Median of the speech over the pauses, dB. From 12 on a voice is trusted wholly.
const SNR_DB: Limits = Limits::least(12.0, 5.0);
/// Median level of the speech, dB of full scale. Below -50 it is in the noise of most cards.
const SPEECH_DB: Limits = Limits::least(-45.0, -60.0);
/// Mean share of the samples at full scale. Speech that isn't clipped reaches full scale nowhere; at a hundredth every loud
/// syllable is flattened.
const CLIPPED: Limits = Limits::most(0.001, 0.01);
/// How much faster or slower the card is than it says, ppm. Quartz is good to 100. At 200 sound that is counted by samples is 40 ms,
/// a picture, off the rest after 200 s.
const DRIFT_PPM: Limits = Limits::most(100.0, 200.0);
/// Share of the sound that was lost. Any loss is told; with a hundredth hardly an utterance is whole.
const SOUND_LOST: Limits = Limits::most(0.0, 0.01);
/// How late sound was taken note of, 95th percentile, s. What a voice said stands for 1 s: later than that it never counts.
const SOUND_LATE_SECS: Limits = Limits::most(0.3, 1.0);
/// How late the face's readings are, 95th percentile, s. They stand for 0.5 s.
const FACE_LATE_SECS: Limits = Limits::most(0.25, 0.5);
/// The same of the voice, which stands for 1 s.
const VOICE_LATE_SECS: Limits = Limits::most(0.6, 1.0);
/// The same of the words, which stand for 15 s.
const WORDS_LATE_SECS: Limits = Limits::most(5.0, 15.0);
/// Answers a second: 25 are due.
const ANSWERS_HZ: Limits = Limits::least(20.0, 10.0);
/// Share of answers with a reading.
const ANSWERED: Limits = Limits::least(0.8, 0.5);
/// How far the wall clock went against the session's, s. Whoever lines recordings up by it is so far off.
const WALL_CLOCK_SECS: Limits = Limits::most(0.1, 5.0);
/// Items that could not be kept, of all.
const LOST: Limits = Limits::most(0.0, 0.01);
/// Share of the session that was forgotten.
const FORGOTTEN: Limits = Limits::most(0.1, 0.5);

/// How a figure is written.
#[derive(Debug, Clone, Copy)]
enum Unit {
    PerSecond,
    Percent,
    Seconds,
    Db,
    Ppm,
    Px,
    Plain,
}

impl Unit {
    fn written(self, value: f64) -> String {
        let text = match self {
            Self::PerSecond => format!("{value:.1} a second"),
            Self::Percent if value > 0.0 && value < 0.001 => format!("{:.3} %", value * 100.0),
            Self::Percent => format!("{:.1} %", value * 100.0),
            Self::Seconds if value < 10.0 => format!("{value:.2} s"),
            Self::Seconds => format!("{value:.0} s"),
            Self::Db => format!("{value:.1} dB"),
            Self::Ppm => format!("{value:.0} ppm"),
            Self::Px => format!("{value:.0} px"),
            Self::Plain => format!("{value:.2}"),
        };
        text.replace('-', "−")
    }
}

/// What was found so far.
struct Found(Vec<Reason>);

impl Found {
    /// A figure that is past its limits is a reason.
    fn check(
        &mut self,
        (id, what): (&'static str, &str),
        value: f64,
        (limits, unit): (Limits, Unit),
        advice: &'static str,
    ) {
        let colour = limits.colour(value);
        if colour == Colour::Green {
            return;
        }
        let bound = if limits.is_least { "at least" } else { "at most" };
        let threshold = format!("{bound} {}", unit.written(limits.amber));
        self.add((id, colour), what, unit.written(value), threshold, advice);
    }

    /// The same of a figure that must be known.
    fn check_known(
        &mut self,
        (id, what): (&'static str, &str),
        value: Option<f64>,
        (limits, unit): (Limits, Unit),
        advice: &'static str,
    ) {
        match value {
            Some(value) => self.check((id, what), value, (limits, unit), advice),
            None => self.add((id, Colour::Amber), what, "it can't be told".to_owned(), "known".to_owned(), advice),
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
    pictures(&mut found, figures);
    sound(&mut found, figures);
    card(&mut found, figures);
    answers(&mut found, figures);
    machine(&mut found, figures);
    found.0
}

fn whole(found: &mut Found, figures: &Figures) {
    let whole = &figures.whole;
    let advice = "Record for longer: rates and shares of so little say little.";
    found.check(("duration", "it is short"), whole.kept_s, (KEPT_SECS, Unit::Seconds), advice);
    if !whole.has_ended {
        let advice = "What is there can be used; look at where it ends, and record again if the end is missing.";
        let (value, threshold) = ("it broke off".to_owned(), "ended by the operator".to_owned());
        found.add(("broke_off", Colour::Amber), "the program ended before the recording did", value, threshold, advice);
    }
    let advice = "What is before and after can be used; check the disk, and look for a copy.";
    // A half-written chunk at the end is where it broke off.
    let at_the_end = !whole.has_ended && whole.damage.iter().all(|damage| damage.contains(crate::session::format::CUT));
    if !at_the_end {
        found.none_of(("damage", Colour::Red), "parts of the files can't be read", &whole.damage, advice);
    }
    let advice = "The files aren't as they were written: check the disk, and look for a copy.";
    found.none_of(
        ("miscounted", Colour::Red),
        "streams have another number of items than were written",
        &whole.miscounted,
        advice,
    );
    let lost = whole.lost as f64 / (whole.items + whole.lost).max(1) as f64;
    let advice = "The disk was too slow: record to another, or keep less.";
    found.check(("lost", "some things could not be kept"), lost, (LOST, Unit::Percent), advice);
    let advice = "Restart the program and check it with `circumplex check`; what that part reads is missing since.";
    found.none_of(("failed", Colour::Red), "a part of the program has stopped", &whole.failed, advice);
    let advice = "See the events for when, and check plug, cable and switch: what it gives is missing for that time.";
    found.none_of(("device", Colour::Amber), "a device was lost, failed or gave nothing", &whole.devices, advice);
    if let Some(baseline) = whole.baselines.last() {
        let reasons = baseline.get("reasons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let reasons: Vec<String> = reasons.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let advice = "Make the baseline again: what isn't usual for the person can't be told from it.";
        found.none_of(("baseline", Colour::Amber), "the baseline isn't good", &reasons, advice);
    }
    let advice = "This is no measurement of a person: leave the stretch out, or record again.";
    found.none_of(("spoilt", Colour::Red), "the input was spoilt on purpose", &whole.spoilt, advice);
    let advice = "Readings before and after rest on different knowledge of the person: see the events for when, and compare with care.";
    found.none_of(("afresh", Colour::Amber), "what was known of the person was let go of", &whole.afresh, advice);
    let forgotten = whole.forgotten_s.iter().map(|[from, to]| to - from).sum::<f64>() / whole.duration_s.max(1e-9);
    let advice = "That is the participant's right; what is left may not stand for the whole.";
    found.check(("forgotten", "much of it was forgotten"), forgotten, (FORGOTTEN, Unit::Percent), advice);
    let advice =
        "Line it up with other recordings by markers, not by the wall clock; switch the setting of the clock off.";
    let what = ("wall_clock", "the machine's clock was set, or runs off");
    found.check(what, whole.wall_clock_off_s, (WALL_CLOCK_SECS, Unit::Seconds), advice);
}

fn pictures(found: &mut Found, figures: &Figures) {
    let pictures = &figures.pictures;
    if pictures.count == 0 {
        let colour = if pictures.has_source { Colour::Red } else { Colour::Amber };
        let (value, threshold) = ("none".to_owned(), "pictures".to_owned());
        let advice =
            "If a face was to be read: connect a camera, choose it in the window, and look at its picture first.";
        found.add(("no_pictures", colour), "there is no picture", value, threshold, advice);
        return;
    }
    let advice =
        "Give more light (cameras slow down in the dark), choose another format or camera, and end what else uses it.";
    let what = ("camera_rate", "the camera gives few pictures");
    found.check_known(what, pictures.camera_hz, (CAMERA_HZ, Unit::PerSecond), advice);
    let advice = "The machine is too slow, or busy: end other programs, connect it to power.";
    let is_slow_camera = pictures.camera_hz.is_some_and(|rate| CAMERA_HZ.colour(rate) != Colour::Green);
    // Where the camera gives no more, it isn't the machine.
    if !is_slow_camera || pictures.skipped.is_some_and(|skipped| skipped > 0.1) {
        found.check(("read_rate", "few pictures are read"), pictures.rate_hz, (READ_HZ, Unit::PerSecond), advice);
    }
    let advice = "Check the camera's cable and the events: for that time the face wasn't seen.";
    let what = ("without_pictures", "there were no pictures for a while");
    found.check(what, pictures.longest_without_s, (WITHOUT_PICTURE_SECS, Unit::Seconds), advice);
    let advice =
        "See that the participant sits in the picture and looks towards the camera, with light from the front.";
    found.check(("no_face", "no face was found in many pictures"), pictures.found, (FOUND, Unit::Percent), advice);
    let advice = "The camera shows the same picture again: restart it, and switch off what replaces its picture.";
    found.check(("frozen", "the picture stood still"), pictures.frozen, (FROZEN, Unit::Percent), advice);
    let median = |quantiles: Option<Quantiles>| quantiles.map(|quantiles| quantiles.p50);
    if let Some(brightness) = median(pictures.brightness) {
        let advice = "Put a lamp or a window in front of the participant, none behind them, and fix the exposure.";
        found.check(("brightness", "the face is dark"), brightness, (BRIGHTNESS, Unit::Plain), advice);
        let advice = "Take light away from the face, or lower the exposure.";
        found.check(("too_light", "the face is too light"), brightness, (TOO_LIGHT, Unit::Plain), advice);
    }
    if let Some(width) = median(pictures.width_px) {
        let advice = "Move the camera closer, or choose a larger picture.";
        found.check(("small_face", "the face is small"), width, (WIDTH_PX, Unit::Px), advice);
    }
    if let Some(sharpness) = median(pictures.sharpness) {
        let advice = "Clean and focus the lens; give more light, so that it isn't blurred by movement.";
        found.check(("blurred", "the face is blurred"), sharpness, (SHARPNESS, Unit::Plain), advice);
    }
}

fn sound(found: &mut Found, figures: &Figures) {
    let sound = &figures.sound;
    if sound.rate_hz == 0.0 {
        let colour = if sound.has_source { Colour::Red } else { Colour::Amber };
        let (value, threshold) = ("none".to_owned(), "sound".to_owned());
        let advice =
            "If a voice was to be read: connect a microphone, choose it in the window, and look at its level first.";
        found.add(("no_sound", colour), "there is no sound", value, threshold, advice);
        return;
    }
    let advice = "Sound is missing, or came too late to be kept: end other programs, and see when in the plots.";
    found.check(
        ("sound_covered", "there is sound for a part of the time only"),
        sound.covered,
        (COVERED, Unit::Percent),
        advice,
    );
    let advice = "The microphone was away, or the machine busy: see when in the plots, and look at the events.";
    let (what, longest) = (("sound_gap", "nothing was heard of the microphone for a while"), sound.longest_without_s);
    found.check(what, longest, (WITHOUT_SOUND_SECS, Unit::Seconds), advice);
    let advice = "Unmute the microphone (its own switch, the system's mixer), and switch off what cuts out silence.";
    found.check(("muted", "the microphone gives digital silence"), sound.silent, (SILENT, Unit::Percent), advice);
    let is_muted = SILENT.colour(sound.silent) == Colour::Red;
    match sound.speech_db {
        Some(speech) => {
            let advice = "Raise the input level, or move the microphone closer.";
            found.check(("quiet", "the speech is quiet"), speech.p50, (SPEECH_DB, Unit::Db), advice);
            let advice = "Use a headset or a closer microphone; end what makes the noise.";
            found.check_known(
                ("noisy", "the speech is hardly above the noise"),
                sound.snr_db.map(|snr| snr.p50),
                (SNR_DB, Unit::Db),
                advice,
            );
        }
        None if !is_muted => {
            let (value, threshold) = ("none".to_owned(), "some".to_owned());
            let advice = "If somebody spoke: check which microphone is chosen, and its level. If nobody did, voice and words have nothing to read.";
            found.add(("no_speech", Colour::Amber), "no speech was heard", value, threshold, advice);
        }
        None => {}
    }
    let advice = "Lower the input level: loud speech must stay below full scale. What is clipped can't be mended.";
    found.check(("clipped", "the sound is clipped"), sound.clipped, (CLIPPED, Unit::Percent), advice);
}

fn card(found: &mut Found, figures: &Figures) {
    let sound = &figures.sound;
    if sound.rate_hz == 0.0 {
        return;
    }
    let advice = "End other programs, use another USB port or sound driver; voice and words are missing for that time.";
    let lost = sound.card.lost_s / figures.whole.kept_s.max(1e-9);
    found.check(("sound_lost", "blocks of sound were lost"), lost, (SOUND_LOST, Unit::Percent), advice);
    let advice = "Use another sound card, or its own driver; line sound up by sound.csv, not by counting samples.";
    // What its doubt could explain isn't held against it; a recording that is too short is said to be so.
    if sound.card.rate_hz.is_none() {
        let (value, threshold) = ("none that cards have".to_owned(), "8000 to 192000 Hz".to_owned());
        let what = "the sound card's rate is odd";
        found.add(("card_rate", Colour::Red), what, value, threshold, advice);
        return;
    }
    let drift = sound.card.drift_ppm.zip(sound.card.drift_se_ppm).map(|(ppm, se)| (ppm.abs() - 2.0 * se).max(0.0));
    found.check_known(("drift", "the sound card's clock drifts"), drift, (DRIFT_PPM, Unit::Ppm), advice);
    let advice =
        "The machine is too slow, or busy: end other programs; what came later than it stands for was never used.";
    let late = sound.late_s.map(|late| late.p95);
    found.check_known(("sound_late", "sound was taken note of late"), late, (SOUND_LATE_SECS, Unit::Seconds), advice);
}

fn answers(found: &mut Found, figures: &Figures) {
    let answers = &figures.answers;
    let advice = "The machine is too slow, or busy: end other programs.";
    found.check(("answer_rate", "there are few answers"), answers.rate_hz, (ANSWERS_HZ, Unit::PerSecond), advice);
    let what = ("answer_gap", "there were no answers for a while");
    found.check(what, answers.longest_without_s, (WITHOUT_ANSWER_SECS, Unit::Seconds), advice);
    let sound = &figures.sound;
    let said = sound.utterances + sound.not_understood;
    if said >= 5 {
        let share = sound.not_understood as f64 / said as f64;
        let advice =
            "See why in the events: another language, noise, or a machine that is too slow for speech to text.";
        let what = ("not_understood", "much of what was said wasn't understood");
        found.check(what, share, (NOT_UNDERSTOOD, Unit::Percent), advice);
    }
    let advice = "See the other reasons for why there was nothing to read.";
    found.check(("unread", "many answers have no reading"), answers.read, (ANSWERED, Unit::Percent), advice);
    let advice = "The machine is too slow, or busy: end other programs, choose a smaller model of speech.";
    for (id, what, late, limits) in [
        ("face_late", "the face is read late", figures.latency_s.face, FACE_LATE_SECS),
        ("voice_late", "the voice is read late", figures.latency_s.voice, VOICE_LATE_SECS),
        ("words_late", "the words are read late", figures.latency_s.words, WORDS_LATE_SECS),
    ] {
        if let Some(late) = late {
            found.check((id, what), late.p95, (limits, Unit::Seconds), advice);
        }
    }
}

fn machine(found: &mut Found, figures: &Figures) {
    let machine = &figures.machine;
    if machine.xruns > 0 {
        let advice = "End other programs, use a larger buffer or another sound driver.";
        let what = "the sound system told of gaps";
        found.add(("xruns", Colour::Amber), what, machine.xruns.to_string(), "none".to_owned(), advice);
    }
    let dropped: Vec<String> = machine.dropped.iter().map(|(link, count)| format!("{link}: {count}")).collect();
    let advice = "The machine is too slow, or busy: end other programs.";
    found.none_of(("dropped", Colour::Amber), "links between stages dropped what they should not", &dropped, advice);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_tell_how_bad_it_is() {
        assert_eq!([30.0, 20.0, 12.0].map(|rate| CAMERA_HZ.colour(rate)), [Colour::Green, Colour::Amber, Colour::Red]);
        assert_eq!([0.0, 0.002, 0.02].map(|lost| SOUND_LOST.colour(lost)), [Colour::Green, Colour::Amber, Colour::Red]);
    }

    #[test]
    fn of_a_session_without_anything_nothing_is_green() {
        let reasons = all(&Figures::default());

        let ids: Vec<_> = reasons.iter().map(|reason| reason.id).collect();
        for id in ["duration", "broke_off", "no_pictures", "no_sound", "answer_rate", "unread"] {
            assert!(ids.contains(&id), "{id}: {ids:?}");
        }
        assert!(reasons.iter().all(|reason| !reason.advice.is_empty() && !reason.threshold.is_empty()));
    }
}
