//! How sound is split into blocks makes no difference, and silence says nothing.

use circumplex::capture::synthetic::Script;
use circumplex::condition::hear::Ear;
use circumplex::condition::hear::EarSettings;
use circumplex::condition::hear::Heard;
use circumplex::condition::hear::RATE_HZ;
use circumplex::condition::hear::Vad;
use proptest::prelude::*;

use crate::support::blocks;
use crate::support::manifest;
use crate::support::noise;
use crate::support::resampled;
use crate::support::runtime;
use crate::support::voice;

fn ear() -> Ear {
    Ear::new(Vad::load(&manifest(), &runtime()).unwrap(), EarSettings::default())
}

fn hear<'a>(ear: &mut Ear, blocks: impl IntoIterator<Item = &'a [f32]>) -> Vec<Heard> {
    let mut heard = Vec::new();
    for block in blocks {
        ear.push(block, |one| heard.push(one)).unwrap();
    }
    ear.finish(|one| heard.push(one));
    heard
}

/// First and last sample of the speech in each utterance.
fn utterances(heard: &[Heard]) -> Vec<(u64, u64)> {
    let ends = |one: &Heard| match one {
        Heard::Utterance { speech_first, speech_end, .. } => Some((*speech_first, *speech_end)),
        _ => None,
    };
    heard.iter().filter_map(ends).collect()
}

fn windows(heard: &[Heard]) -> usize {
    heard.iter().filter(|one| matches!(one, Heard::Window { .. })).count()
}

/// As text: what isn't a number equals itself, and what differs can be seen.
fn text(heard: &[Heard]) -> Vec<String> {
    heard.iter().map(|one| format!("{one:?}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn resampling_is_the_same_whatever_the_blocks(
        rate_hz in prop::sample::select(vec![8_000u32, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000]),
        lengths in prop::collection::vec(1usize..4_000, 1..8),
        seed in any::<u64>(),
    ) {
        let input: Vec<f32> = noise(seed).take(rate_hz as usize / 2).collect();

        let whole = resampled(rate_hz, [input.as_slice()]);

        prop_assert_eq!(whole.len(), input.len() * RATE_HZ as usize / rate_hz as usize);
        prop_assert_eq!(resampled(rate_hz, blocks(&input, &lengths)), whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn hearing_is_the_same_whatever_the_blocks(lengths in prop::collection::vec(1usize..6_000, 1..8)) {
        let sound = voice(0.5, 7.5);
        let mut ear = ear();

        let whole = text(&hear(&mut ear, [sound.as_slice()]));
        ear.restart(0);
        let parts = text(&hear(&mut ear, blocks(&sound, &lengths)));

        prop_assert!(whole.iter().any(|one| one.starts_with("Utterance")));
        prop_assert!(whole.iter().any(|one| one.starts_with("Window")));
        for (one, other) in whole.iter().zip(&parts) {
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!(whole.len(), parts.len());
    }
}

#[test]
fn an_ear_that_starts_again_hears_as_a_new_one() {
    let (sound, mut used) = (voice(6.0, 10.5), ear());
    hear(&mut used, [voice(11.0, 13.0).as_slice()]);
    used.restart(0);

    assert_eq!(text(&hear(&mut used, [sound.as_slice()])), text(&hear(&mut ear(), [sound.as_slice()])));
}

#[test]
fn places_go_on_from_where_the_ear_was_started() {
    let (sound, mut later) = (voice(6.0, 10.5), ear());
    let first = 1_000_003;
    later.restart(first);

    let (there, here) =
        (utterances(&hear(&mut later, [sound.as_slice()])), utterances(&hear(&mut ear(), [sound.as_slice()])));

    assert!(!here.is_empty());
    assert_eq!(there, here.iter().map(|(start, end)| (start + first, end + first)).collect::<Vec<_>>());
}

#[test]
fn every_sentence_is_heard_and_no_pause() {
    let until = 40.0;
    let heard = hear(&mut ear(), [voice(0.0, until).as_slice()]);
    let found: Vec<(f64, f64)> = utterances(&heard).iter().map(|&(start, end)| (secs(start), secs(end))).collect();
    let script = Script::new().unwrap();
    let spoken: Vec<_> = script.sentences().iter().filter(|sentence| sentence.end_secs < until).collect();
    assert!(spoken.len() >= 7);

    for sentence in &spoken {
        let shared: f64 = found.iter().map(|one| shared(*one, (sentence.start_secs, sentence.end_secs))).sum();
        let length = sentence.end_secs - sentence.start_secs;
        assert!(shared > 0.7 * length, "{shared} of {length} s of {:?}", sentence.text);
    }
    for &(start, end) in &found {
        let inside = spoken.iter().any(|one| one.start_secs - 0.2 < start && end < one.end_secs + 0.2);
        assert!(inside, "speech from {start} to {end} s");
    }
}

#[test]
fn silence_gives_no_window_and_no_utterance() {
    let silence = vec![0.0; 10 * RATE_HZ as usize];
    let hum: Vec<f32> = noise(1).take(10 * RATE_HZ as usize).map(|value| value * 0.001).collect();
    for sound in [silence, hum] {
        let heard = hear(&mut ear(), [sound.as_slice()]);

        assert_eq!((windows(&heard), utterances(&heard)), (0, Vec::new()));
        let levels = heard.iter().filter(|one| matches!(one, Heard::Level { .. })).count();
        assert_eq!(levels, sound.len() / 512, "every hop has its level nevertheless");
    }
}

fn secs(samples: u64) -> f64 {
    samples as f64 / f64::from(RATE_HZ)
}

fn shared(one: (f64, f64), other: (f64, f64)) -> f64 {
    (one.1.min(other.1) - one.0.max(other.0)).max(0.0)
}
