#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a test that fails may do so loudly")]

use std::f32::consts::{PI, TAU};

use super::voiced_share;
use super::{Descriptor, DescriptorFrame, Descriptors, FUNCTIONAL_NAMES, HOP, WINDOW, functionals};

const RATE: f32 = super::RATE_HZ as f32;

fn frames(samples: &[f32]) -> Vec<DescriptorFrame> {
    let mut frames = Vec::new();
    let mut descriptors = Descriptors::new();
    descriptors.push(samples, |_, frame| frames.push(*frame));
    descriptors.finish(|_, frame| frames.push(*frame));
    frames
}

fn sine(hz: f32, secs: f32) -> Vec<f32> {
    (0..(secs * RATE) as usize).map(|n| 0.3 * (TAU * hz * n as f32 / RATE).sin()).collect()
}

/// A resonance of the given frequency and bandwidth, in place.
fn resonate(samples: &mut [f32], hz: f32, bandwidth_hz: f32) {
    let radius = (-PI * bandwidth_hz / RATE).exp();
    let (a, b) = (2.0 * radius * (TAU * hz / RATE).cos(), -radius * radius);
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples.iter_mut() {
        let value = *sample + a * last + b * before;
        (before, last) = (last, value);
        *sample = value;
    }
}

fn scaled(mut samples: Vec<f32>, peak: f32) -> Vec<f32> {
    let highest = samples.iter().fold(0.0_f32, |highest, s| highest.max(s.abs()));
    for sample in &mut samples {
        *sample *= peak / highest;
    }
    samples
}

/// Pulses at 125 Hz through two resonances; every other one is moved or made smaller.
fn vowel(shift_samples: usize, shrink: f32) -> Vec<f32> {
    let mut samples = vec![0.0; 16_000];
    for pulse in 0..124 {
        let is_odd = pulse % 2 == 1;
        let at = 128 * pulse + if is_odd { shift_samples } else { 0 };
        samples[at] = if is_odd { 1.0 - shrink } else { 1.0 };
    }
    resonate(&mut samples, 700.0, 90.0);
    resonate(&mut samples, 1800.0, 120.0);
    scaled(samples, 0.5)
}

fn median(frames: &[DescriptorFrame], descriptor: Descriptor) -> f32 {
    let mut values: Vec<f32> = frames.iter().map(|frame| frame[descriptor]).collect();
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

#[test]
fn a_tone_has_its_own_pitch() {
    for hz in [110.0, 220.0, 440.0, 880.0] {
        let frames = frames(&sine(hz, 1.0));

        for frame in &frames[5..frames.len() - 5] {
            let found = frame.f0_hz().unwrap();
            assert!((found / hz - 1.0).abs() < 0.01, "{found} Hz, not {hz} Hz");
        }
    }
}

#[test]
fn a_deep_voice_has_its_own_pitch() {
    let mut samples = vec![0.0; 16_000];
    samples.iter_mut().step_by(228).for_each(|s| *s = 1.0);
    resonate(&mut samples, 500.0, 80.0);
    resonate(&mut samples, 1500.0, 100.0);

    let hz = RATE / 228.0;
    for frame in &frames(&scaled(samples, 0.5))[5..80] {
        let found = frame.f0_hz().unwrap();
        assert!((found / hz - 1.0).abs() < 0.02, "{found} Hz, not {hz} Hz");
    }
}

#[test]
fn how_samples_are_split_makes_no_difference() {
    let samples = vowel(2, 0.1);
    let whole = frames(&samples);

    for lens in [&[1_usize, 7, 333][..], &[160], &[960, 5000], &[159, 161, 1]] {
        let mut split = Vec::new();
        let mut descriptors = Descriptors::new();
        let (mut rest, mut lens) = (&samples[..], lens.iter().cycle());
        while !rest.is_empty() {
            let (block, later) = rest.split_at(rest.len().min(*lens.next().unwrap()));
            descriptors.push(block, |i, frame| {
                assert_eq!(i, split.len() as u64);
                split.push(*frame);
            });
            rest = later;
        }
        descriptors.finish(|_, frame| split.push(*frame));

        assert!(split == whole);
    }
}

#[test]
fn every_whole_window_gives_one_frame() {
    for len in [0, 1, WINDOW - 1, WINDOW, WINDOW + HOP - 1, WINDOW + HOP, WINDOW + 7 * HOP] {
        let expected = if len < WINDOW { 0 } else { (len - WINDOW) / HOP + 1 };

        assert_eq!(frames(&vec![0.1; len]).len(), expected, "{len} samples");
    }
}

#[test]
fn a_frame_waits_for_no_more_than_the_stated_lookahead() {
    let mut descriptors = Descriptors::new();
    let samples = vowel(0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        descriptors.push(&[*sample], |i, _| {
            let middle = i as usize * HOP + WINDOW / 2;
            assert_eq!(n + 1 - middle, super::LOOKAHEAD);
        });
    }
}

#[test]
fn after_a_reset_nothing_is_left() {
    let samples = vowel(1, 0.2);
    let mut descriptors = Descriptors::new();
    descriptors.push(&sine(300.0, 0.5), |_, _| ());
    descriptors.reset();

    let mut again = Vec::new();
    descriptors.push(&samples, |_, frame| again.push(*frame));
    descriptors.finish(|_, frame| again.push(*frame));

    assert!(again == frames(&samples));
}

#[test]
fn silence_noise_and_nonsense_are_finite_and_have_no_voice() {
    let mut state = 1_u32;
    let noise: Vec<f32> = (0..16_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect();
    for samples in [vec![0.0; 16_000], noise, vec![f32::NAN; 16_000], vec![f32::INFINITY; 16_000]] {
        let frames = frames(&samples);
        let mut summary = [0.0; 88];
        functionals(&frames, &mut summary);

        assert!(frames.iter().all(|frame| frame.values().iter().all(|value| value.is_finite())));
        assert!(summary.iter().all(|value| value.is_finite()));
        assert!(voiced_share(&frames) < 0.05);
    }
}

#[test]
fn what_has_nothing_to_rest_on_is_nought() {
    let mut summary = [1.0; 88];
    functionals(&[], &mut summary);
    assert!(summary == [0.0; 88]);

    functionals(&frames(&vec![0.0; 16_000]), &mut summary);
    for (name, value) in FUNCTIONAL_NAMES.iter().zip(summary) {
        let is_of_voice = ["F0", "jitter", "shimmer", "HNR", "V_", "Voiced"]
            .iter()
            .any(|part| name.starts_with(part) && !name.contains("UV"));
        assert!(!is_of_voice || value == 0.0, "{name} is {value}");
    }
}

#[test]
fn twice_the_amplitude_is_louder_and_nothing_else() {
    let quiet = scaled(vowel(1, 0.1), 0.2);
    let loud = scaled(quiet.clone(), 0.4);
    let (quiet, loud) = (frames(&quiet), frames(&loud));
    let apart = |descriptor| median(&loud, descriptor) - median(&quiet, descriptor);

    let louder = median(&loud, Descriptor::Loudness) / median(&quiet, Descriptor::Loudness);
    assert!((louder - 4.0_f32.powf(0.33)).abs() < 0.02, "{louder}");
    assert!(apart(Descriptor::F0).abs() < 0.001);
    assert!(apart(Descriptor::Hnr).abs() < 0.01);
    assert!(apart(Descriptor::F1Frequency).abs() < 1.0);
    assert!(apart(Descriptor::Shimmer).abs() < 0.01);
}

#[test]
fn uneven_periods_are_jitter_and_uneven_amplitudes_shimmer() {
    let even = frames(&vowel(0, 0.0));
    let jittering = frames(&vowel(2, 0.0));
    let shimmering = frames(&vowel(0, 0.2));
    let shimmering_more = frames(&vowel(0, 0.4));

    assert!(median(&even, Descriptor::Jitter) < 0.002);
    assert!(median(&jittering, Descriptor::Jitter) > 0.01);
    assert!(median(&shimmering, Descriptor::Jitter) < 0.005);
    let shimmer = [even, shimmering, shimmering_more].map(|f| median(&f, Descriptor::Shimmer));
    assert!(shimmer[0] < 0.1 && shimmer[0] < shimmer[1] && shimmer[1] < shimmer[2], "{shimmer:?}");
}

#[test]
fn a_vowels_formants_are_found() {
    use Descriptor::{F1Frequency, F2Frequency, F3Frequency};
    // On harmonics, since a predictor leans towards the nearest.
    let resonances = [(750.0, 90.0), (1750.0, 120.0), (2625.0, 150.0), (3625.0, 200.0), (4625.0, 250.0)];
    let mut samples = vec![0.0; 16_000];
    samples.iter_mut().step_by(128).for_each(|s| *s = 1.0);
    for (hz, bandwidth_hz) in resonances {
        resonate(&mut samples, hz, bandwidth_hz);
    }
    let frames = frames(&scaled(samples, 0.5));

    for (descriptor, hz) in [(F1Frequency, 750.0), (F2Frequency, 1750.0), (F3Frequency, 2625.0)] {
        let found = median(&frames, descriptor);
        assert!((found / hz - 1.0).abs() < 0.1, "{found} Hz, not {hz} Hz");
    }
}

#[test]
fn segments_and_peaks_are_counted() {
    // Four times 200 ms of voice with 300 ms of silence after it.
    let mut samples = Vec::new();
    for _ in 0..4 {
        samples.extend_from_slice(&vowel(0, 0.0)[..3200]);
        samples.resize(samples.len() + 4800, 0.0);
    }
    let mut summary = [0.0; 88];
    functionals(&frames(&samples), &mut summary);
    let value = |name| summary[FUNCTIONAL_NAMES.iter().position(|n| *n == name).unwrap()];

    assert!((value("VoicedSegmentsPerSec") - 2.0).abs() < 0.2);
    assert!((value("loudnessPeaksPerSec") - 2.0).abs() < 0.2);
    assert!((value("MeanVoicedSegmentLengthSec") - 0.2).abs() < 0.06);
    assert!(value("StddevVoicedSegmentLengthSec") < 0.04);
}
