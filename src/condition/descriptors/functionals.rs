//! What a stretch of speech is like as a whole.

use super::contour::{Moments, Slopes, percentile, runs, slopes};
use super::frame::{Descriptor, DescriptorFrame};

const HOP_SECS: f32 = 0.01;
/// A run of voiced or unvoiced hops counts as a segment from this many on.
const SHORTEST_SEGMENT: usize = 3;
/// Sound level of digital silence, in dB of full scale.
const SILENCE_DBP: f32 = -140.0;

/// The names of the functionals, openSMILE's, in its order.
pub const FUNCTIONAL_NAMES: [&str; 88] = [
    "F0semitoneFrom27.5Hz_sma3nz_amean",
    "F0semitoneFrom27.5Hz_sma3nz_stddevNorm",
    "F0semitoneFrom27.5Hz_sma3nz_percentile20.0",
    "F0semitoneFrom27.5Hz_sma3nz_percentile50.0",
    "F0semitoneFrom27.5Hz_sma3nz_percentile80.0",
    "F0semitoneFrom27.5Hz_sma3nz_pctlrange0-2",
    "F0semitoneFrom27.5Hz_sma3nz_meanRisingSlope",
    "F0semitoneFrom27.5Hz_sma3nz_stddevRisingSlope",
    "F0semitoneFrom27.5Hz_sma3nz_meanFallingSlope",
    "F0semitoneFrom27.5Hz_sma3nz_stddevFallingSlope",
    "loudness_sma3_amean",
    "loudness_sma3_stddevNorm",
    "loudness_sma3_percentile20.0",
    "loudness_sma3_percentile50.0",
    "loudness_sma3_percentile80.0",
    "loudness_sma3_pctlrange0-2",
    "loudness_sma3_meanRisingSlope",
    "loudness_sma3_stddevRisingSlope",
    "loudness_sma3_meanFallingSlope",
    "loudness_sma3_stddevFallingSlope",
    "spectralFlux_sma3_amean",
    "spectralFlux_sma3_stddevNorm",
    "mfcc1_sma3_amean",
    "mfcc1_sma3_stddevNorm",
    "mfcc2_sma3_amean",
    "mfcc2_sma3_stddevNorm",
    "mfcc3_sma3_amean",
    "mfcc3_sma3_stddevNorm",
    "mfcc4_sma3_amean",
    "mfcc4_sma3_stddevNorm",
    "jitterLocal_sma3nz_amean",
    "jitterLocal_sma3nz_stddevNorm",
    "shimmerLocaldB_sma3nz_amean",
    "shimmerLocaldB_sma3nz_stddevNorm",
    "HNRdBACF_sma3nz_amean",
    "HNRdBACF_sma3nz_stddevNorm",
    "logRelF0-H1-H2_sma3nz_amean",
    "logRelF0-H1-H2_sma3nz_stddevNorm",
    "logRelF0-H1-A3_sma3nz_amean",
    "logRelF0-H1-A3_sma3nz_stddevNorm",
    "F1frequency_sma3nz_amean",
    "F1frequency_sma3nz_stddevNorm",
    "F1bandwidth_sma3nz_amean",
    "F1bandwidth_sma3nz_stddevNorm",
    "F1amplitudeLogRelF0_sma3nz_amean",
    "F1amplitudeLogRelF0_sma3nz_stddevNorm",
    "F2frequency_sma3nz_amean",
    "F2frequency_sma3nz_stddevNorm",
    "F2bandwidth_sma3nz_amean",
    "F2bandwidth_sma3nz_stddevNorm",
    "F2amplitudeLogRelF0_sma3nz_amean",
    "F2amplitudeLogRelF0_sma3nz_stddevNorm",
    "F3frequency_sma3nz_amean",
    "F3frequency_sma3nz_stddevNorm",
    "F3bandwidth_sma3nz_amean",
    "F3bandwidth_sma3nz_stddevNorm",
    "F3amplitudeLogRelF0_sma3nz_amean",
    "F3amplitudeLogRelF0_sma3nz_stddevNorm",
    "alphaRatioV_sma3nz_amean",
    "alphaRatioV_sma3nz_stddevNorm",
    "hammarbergIndexV_sma3nz_amean",
    "hammarbergIndexV_sma3nz_stddevNorm",
    "slopeV0-500_sma3nz_amean",
    "slopeV0-500_sma3nz_stddevNorm",
    "slopeV500-1500_sma3nz_amean",
    "slopeV500-1500_sma3nz_stddevNorm",
    "spectralFluxV_sma3nz_amean",
    "spectralFluxV_sma3nz_stddevNorm",
    "mfcc1V_sma3nz_amean",
    "mfcc1V_sma3nz_stddevNorm",
    "mfcc2V_sma3nz_amean",
    "mfcc2V_sma3nz_stddevNorm",
    "mfcc3V_sma3nz_amean",
    "mfcc3V_sma3nz_stddevNorm",
    "mfcc4V_sma3nz_amean",
    "mfcc4V_sma3nz_stddevNorm",
    "alphaRatioUV_sma3nz_amean",
    "hammarbergIndexUV_sma3nz_amean",
    "slopeUV0-500_sma3nz_amean",
    "slopeUV500-1500_sma3nz_amean",
    "spectralFluxUV_sma3nz_amean",
    "loudnessPeaksPerSec",
    "VoicedSegmentsPerSec",
    "MeanVoicedSegmentLengthSec",
    "StddevVoicedSegmentLengthSec",
    "MeanUnvoicedSegmentLength",
    "StddevUnvoicedSegmentLength",
    "equivalentSoundLevel_dBp",
];

/// The share of the frames that have a pitch, 0–1; 0 for no frames.
#[must_use]
pub fn voiced_share(frames: &[DescriptorFrame]) -> f32 {
    let voiced = frames.iter().filter(|frame| frame.is_voiced()).count();
    voiced as f32 / frames.len().max(1) as f32
}

/// Summarises neighbouring frames, best 1–10 s of them, in the order of [`FUNCTIONAL_NAMES`].
///
/// Every value is finite. What has nothing to rest on is 0: all that is of the voice where no
/// frame has a pitch, say. Whether there's a voice at all is told by [`voiced_share`]. Segments'
/// lengths are in seconds, slopes per second, the sound level in dB of full scale; the rest has
/// the unit of its descriptor, and `stddevNorm` none.
pub fn functionals(frames: &[DescriptorFrame], out: &mut [f32; 88]) {
    out.fill(0.0);
    if frames.is_empty() {
        return;
    }
    let mut out = Out { slots: out.iter_mut() };
    write_pitch_and_loudness(frames, &mut out);
    write_spectrum(frames, &mut out);
    write_voice(frames, &mut out);
    write_by_voicing(frames, &mut out);
    write_rhythm(frames, &mut out);
}

/// Writes one value after another.
struct Out<'a> {
    slots: std::slice::IterMut<'a, f32>,
}

impl Out<'_> {
    fn put(&mut self, value: f32) {
        if let Some(slot) = self.slots.next() {
            *slot = if value.is_finite() { value } else { 0.0 };
        }
    }

    fn put_moments(&mut self, values: impl Iterator<Item = f32> + Clone) {
        let moments = Moments::of(values);
        self.put(moments.mean);
        self.put(moments.relative_deviation());
    }

    fn put_contour(&mut self, curve: &mut [f32]) {
        let Slopes { rising, falling, .. } = slopes(curve, HOP_SECS);
        self.put_moments(curve.iter().copied());
        curve.sort_by(f32::total_cmp);
        let [low, middle, high] = [0.2, 0.5, 0.8].map(|share| percentile(curve, share));
        for value in [low, middle, high, high - low] {
            self.put(value);
        }
        for moments in [rising, falling] {
            self.put(moments.mean);
            self.put(moments.deviation);
        }
    }
}

fn write_pitch_and_loudness(frames: &[DescriptorFrame], out: &mut Out) {
    let mut pitch: Vec<f32> = frames.iter().map(|frame| frame[Descriptor::F0]).filter(|f0| *f0 > 0.0).collect();
    out.put_contour(&mut pitch);
    let mut loudness: Vec<f32> = frames.iter().map(|frame| frame[Descriptor::Loudness]).collect();
    out.put_contour(&mut loudness);
}

fn write_spectrum(frames: &[DescriptorFrame], out: &mut Out) {
    use Descriptor::{Mfcc1, Mfcc2, Mfcc3, Mfcc4, SpectralFlux};
    for descriptor in [SpectralFlux, Mfcc1, Mfcc2, Mfcc3, Mfcc4] {
        out.put_moments(frames.iter().map(|frame| frame[descriptor]));
    }
}

/// Over the frames where the descriptor isn't 0. The formants' levels are −201 where unvoiced,
/// and are taken in as such, as openSMILE does.
fn write_voice(frames: &[DescriptorFrame], out: &mut Out) {
    use Descriptor as D;
    for descriptor in [D::Jitter, D::Shimmer, D::Hnr, D::H1H2, D::H1A3] {
        out.put_moments(frames.iter().map(|frame| frame[descriptor]).filter(|v| *v != 0.0));
    }
    let formants = [
        [D::F1Frequency, D::F1Bandwidth, D::F1Amplitude],
        [D::F2Frequency, D::F2Bandwidth, D::F2Amplitude],
        [D::F3Frequency, D::F3Bandwidth, D::F3Amplitude],
    ];
    for [hz, bandwidth, level] in formants {
        for descriptor in [hz, bandwidth] {
            let voiced = frames.iter().filter(|frame| frame.is_voiced());
            out.put_moments(voiced.map(|frame| frame[descriptor]).filter(|v| *v != 0.0));
        }
        out.put_moments(frames.iter().map(|frame| frame[level]).filter(|v| *v != 0.0));
    }
}

fn write_by_voicing(frames: &[DescriptorFrame], out: &mut Out) {
    use Descriptor as D;
    let balance = [D::AlphaRatio, D::HammarbergIndex, D::Slope0To500, D::Slope500To1500];
    let cepstrum = [D::Mfcc1, D::Mfcc2, D::Mfcc3, D::Mfcc4];
    for descriptor in balance.into_iter().chain([D::SpectralFlux]).chain(cepstrum) {
        let voiced = frames.iter().filter(|frame| frame.is_voiced());
        out.put_moments(voiced.map(|frame| frame[descriptor]));
    }
    for descriptor in balance.into_iter().chain([D::SpectralFlux]) {
        let unvoiced = frames.iter().filter(|frame| !frame.is_voiced());
        out.put(Moments::of(unvoiced.map(|frame| frame[descriptor])).mean);
    }
}

fn write_rhythm(frames: &[DescriptorFrame], out: &mut Out) {
    let secs = frames.len() as f32 * HOP_SECS;
    let loudness: Vec<f32> = frames.iter().map(|frame| frame[Descriptor::Loudness]).collect();
    out.put(slopes(&loudness, HOP_SECS).peaks as f32 / secs);

    let lengths = |wanted| {
        runs(frames.iter().map(DescriptorFrame::is_voiced), wanted, SHORTEST_SEGMENT)
            .map(|len| (len - 1) as f32 * HOP_SECS)
    };
    out.put(lengths(true).count() as f32 / secs);
    for wanted in [true, false] {
        let segments: Vec<f32> = lengths(wanted).collect();
        let moments = Moments::of(segments.iter().copied());
        out.put(moments.mean);
        out.put(moments.deviation);
    }

    let energy = Moments::of(frames.iter().map(DescriptorFrame::energy)).mean;
    out.put(if energy > 0.0 { (10.0 * energy.log10()).max(SILENCE_DBP) } else { SILENCE_DBP });
}
