//! What is said is understood, and what isn't speech says nothing.

use circumplex::capture::synthetic::Script;
use circumplex::condition::hear::Ear;
use circumplex::condition::hear::EarSettings;
use circumplex::condition::hear::Heard;
use circumplex::condition::hear::RATE_HZ;
use circumplex::condition::hear::Vad;
use circumplex::encode::Outcome;
use circumplex::encode::SpeechReader;
use circumplex::encode::SpeechSettings;
use circumplex::encode::WordsEncoder;
use circumplex::report::understood;
use circumplex::report::words;
use circumplex::signal::Label;
use circumplex::signal::Reading;
use circumplex::signal::Transcript;
use circumplex::signal::Utterance;
use circumplex::time::Span;
use circumplex::time::Timestamp;

use crate::support::manifest;
use crate::support::noise;
use crate::support::runtime;
use crate::support::tones;
use crate::support::voice;

fn reader() -> SpeechReader {
    SpeechReader::load(&manifest(), SpeechSettings::default()).unwrap()
}

/// What the ear cuts out of `sound` for the reader.
fn utterances(sound: &[f32]) -> Vec<Utterance> {
    let mut ear = Ear::new(Vad::load(&manifest(), &runtime()).unwrap(), EarSettings::default());
    let mut cut = Vec::new();
    let mut keep = |heard| {
        if let Heard::Utterance { utterance, .. } = heard {
            cut.push(*utterance);
        }
    };
    ear.push(sound, &mut keep).unwrap();
    ear.finish(&mut keep);
    cut
}

#[test]
fn counting_understood_words() {
    let count = |said, heard| understood(&words(said), &words(heard));

    assert_eq!(count("I am so happy!", "i am happy"), 3);
    assert_eq!(count("one two three", "three two one"), 1);
    assert_eq!(count("one", ""), 0);
}

#[test]
fn a_clear_voice_is_understood() {
    let script = Script::new().unwrap();
    let mut reader = reader();
    let (mut said, mut heard) = (Vec::new(), Vec::new());
    for sentence in script.sentences() {
        said.extend(words(&sentence.text));
        for utterance in utterances(&voice(sentence.start_secs - 0.5, sentence.end_secs + 0.6)) {
            match reader.read(&utterance).unwrap() {
                Outcome::Words { text, confidence } => {
                    assert!((0.5..=1.0).contains(&confidence));
                    heard.extend(words(&text));
                }
                other => assert!(utterance.speech_secs < 0.5, "{:?} became {other:?}", sentence.text),
            }
        }
    }

    let share = understood(&said, &heard) as f32 / said.len() as f32;
    assert!(share >= 0.9, "{share} of the words: {heard:?}");
    assert!(heard.len() * 10 <= said.len() * 11, "words are made up: {heard:?}");
}

#[test]
fn what_is_no_speech_gives_no_words() {
    let mut reader = reader();
    let mut tried = 0;
    let count = 20 * RATE_HZ as usize;
    let white: Vec<f32> = noise(7).take(count).map(|value| value * 0.3).collect();
    let mut low = 0.0;
    let mut smooth = |value: f32| {
        low += (value - low) * 0.02;
        low * 3.0
    };
    let rumble: Vec<f32> = noise(8).take(count).map(&mut smooth).collect();
    let clicks: Vec<f32> = (0..count).map(|at| if at % 8_000 < 4 { 0.9 } else { 0.0 }).collect();
    let hum = tones(&[50.0, 100.0, 150.0, 250.0], 0.5, 20.0);
    let tone = tones(&[440.0], 0.5, 20.0);
    let chord = tones(&[261.6, 329.6, 392.0], 0.5, 20.0);
    let silence = vec![0.0; count];

    for (name, sound) in [
        ("white noise", white),
        ("rumble", rumble),
        ("clicks", clicks),
        ("hum", hum),
        ("a tone", tone),
        ("a chord", chord),
        ("silence", silence),
    ] {
        // What the ear lets through by its own standards, and the sound itself as if it had.
        let forced = Utterance { samples: sound[..4 * RATE_HZ as usize].to_vec(), speech_secs: 3.0 };
        for utterance in utterances(&sound).into_iter().chain([forced]) {
            tried += 1;
            let outcome = reader.read(&utterance).unwrap();
            assert!(!matches!(outcome, Outcome::Words { .. }), "{name} says {outcome:?}");
        }
    }
    assert!(tried >= 7);
}

#[test]
fn what_is_too_short_to_be_a_word_is_dropped() {
    let utterance = Utterance { samples: voice(1.2, 1.6), speech_secs: 0.1 };

    assert!(matches!(reader().read(&utterance).unwrap(), Outcome::Dropped(_)));
}

#[test]
fn happy_words_are_more_pleasant_than_sad_ones() {
    let mut encoder = WordsEncoder::load(&manifest(), &runtime()).unwrap();
    let mut read = |text: &str| -> Reading {
        let spoken = Span::at(Timestamp::ZERO);
        let transcript = Transcript { text: text.to_owned(), confidence: 0.9, spoken, labels: None };
        let (evidence, _) = encoder.encode(&transcript).unwrap();
        assert!((evidence.quality - 0.9).abs() < 1e-6);
        let reading = evidence.reading;
        assert!((reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(reading.affect.valence_sd > 0.0 && reading.affect.arousal_sd > 0.0);
        reading
    };
    let happy =
        ["I am so happy, this is wonderful!", "What a great day, I love it.", "Thank you, that is fantastic news!"];
    let sad = [
        "I miss her so much, I feel lonely and sad.",
        "My grandmother died yesterday.",
        "I failed, and I want to cry.",
    ];

    for (happy, sad) in happy.into_iter().zip(sad) {
        let (up, down) = (read(happy).affect.valence.get(), read(sad).affect.valence.get());
        assert!(up > 0.0 && down < 0.0, "{happy:?} {up}, {sad:?} {down}");
    }
}

#[test]
fn clear_words_have_their_label() {
    let mut encoder = WordsEncoder::load(&manifest(), &runtime()).unwrap();
    let cases = [
        (Label::Happiness, ["I am so happy, this is wonderful!", "what a great day i love it", "Thank you so much!"]),
        (Label::Sadness, ["I miss her so much, I feel so sad.", "My grandmother died yesterday.", "i am so sorry"]),
        (Label::Anger, ["I hate you, get out of my house!", "I am so angry at you.", "shut up you stupid idiot"]),
    ];

    for (label, texts) in cases {
        for text in texts {
            let spoken = Span::at(Timestamp::ZERO);
            let transcript = Transcript { text: text.to_owned(), confidence: 0.9, spoken, labels: None };
            let (evidence, labels) = encoder.encode(&transcript).unwrap();

            assert_eq!(evidence.reading.label(), label, "{text:?}");
            assert!(labels.has(label), "{text:?}: {labels:?}");
        }
    }
}

#[test]
fn words_that_are_none_are_read_without_failing() {
    let mut encoder = WordsEncoder::load(&manifest(), &runtime()).unwrap();
    for text in ["", "   ", "…", "🙂🙂", "ünïcödé", &"very ".repeat(2_000)] {
        let spoken = Span::at(Timestamp::ZERO);
        let transcript = Transcript { text: text.to_owned(), confidence: 0.5, spoken, labels: None };
        let (evidence, labels) = encoder.encode(&transcript).unwrap();
        assert!(labels.doubts.iter().all(|doubt| (0.0..=1.0).contains(doubt)), "{text:?}");
        assert!(evidence.reading.probabilities.iter().all(|p| p.is_finite()), "{text:?}");
    }
}
