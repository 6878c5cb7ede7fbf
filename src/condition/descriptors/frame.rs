//! One hop's descriptors, by name.

use std::ops::Index;

/// How many descriptors there are.
pub const LEN: usize = 25;

macro_rules! descriptors {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $unit:literal;)+) => {
        /// The low-level descriptors, in openSMILE's order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Descriptor {
            $($(#[$doc])* $variant,)+
        }

        impl Descriptor {
            /// All of them, in order.
            pub const ALL: [Self; LEN] = [$(Self::$variant,)+];

            /// The name, that of openSMILE's column.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The unit, empty for a bare number.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }
        }

        impl DescriptorFrame {
            /// The names of the values, in order.
            pub const NAMES: [&'static str; LEN] = [$($name,)+];

            /// The units of the values, in order; empty for a bare number.
            pub const UNITS: [&'static str; LEN] = [$($unit,)+];
        }
    };
}

descriptors! {
    /// Sum of the auditory spectrum, ≥ 0; 1 is about a voice close to full scale.
    Loudness = "Loudness_sma3", "";
    /// Energy of 1–5 kHz over that of 0–1 kHz.
    AlphaRatio = "alphaRatio_sma3", "dB";
    /// Strongest peak of 0–2 kHz over that of 2–5 kHz.
    HammarbergIndex = "hammarbergIndex_sma3", "dB";
    /// Slope of the level over frequency, 0–500 Hz.
    Slope0To500 = "slope0-500_sma3", "dB/Hz";
    /// Slope of the level over frequency, 500–1500 Hz.
    Slope500To1500 = "slope500-1500_sma3", "dB/Hz";
    /// Root mean square change of the magnitudes of 0–5 kHz since the hop before, ≥ 0.
    SpectralFlux = "spectralFlux_sma3", "";
    /// First Mel cepstral coefficient: tilt.
    Mfcc1 = "mfcc1_sma3", "";
    /// Second Mel cepstral coefficient.
    Mfcc2 = "mfcc2_sma3", "";
    /// Third Mel cepstral coefficient.
    Mfcc3 = "mfcc3_sma3", "";
    /// Fourth Mel cepstral coefficient.
    Mfcc4 = "mfcc4_sma3", "";
    /// Fundamental frequency in semitones over 27.5 Hz, 12–63; 0 where unvoiced.
    F0 = "F0semitoneFrom27.5Hz_sma3nz", "semitones";
    /// Mean change of the period from one to the next, over the mean period; 0 where unvoiced.
    Jitter = "jitterLocal_sma3nz", "";
    /// Mean change of the amplitude from one period to the next; 0 where unvoiced.
    Shimmer = "shimmerLocaldB_sma3nz", "dB";
    /// Harmonics over noise, from the autocorrelation; 0 where unvoiced.
    Hnr = "HNRdBACF_sma3nz", "dB";
    /// A harmonic's level over the next one's; 0 where unvoiced.
    H1H2 = "logRelF0-H1-H2_sma3nz", "dB";
    /// A harmonic's level over the strongest near the third formant; 0 where unvoiced.
    H1A3 = "logRelF0-H1-A3_sma3nz", "dB";
    /// Frequency of the first formant; 0 where there is none.
    F1Frequency = "F1frequency_sma3nz", "Hz";
    /// Bandwidth of the first formant; 0 where there is none.
    F1Bandwidth = "F1bandwidth_sma3nz", "Hz";
    /// Level of the strongest harmonic near the first formant over that of F0; −201 where unvoiced.
    F1Amplitude = "F1amplitudeLogRelF0_sma3nz", "dB";
    /// Frequency of the second formant; 0 where there is none.
    F2Frequency = "F2frequency_sma3nz", "Hz";
    /// Bandwidth of the second formant; 0 where there is none.
    F2Bandwidth = "F2bandwidth_sma3nz", "Hz";
    /// Level of the strongest harmonic near the second formant over that of F0; −201 where unvoiced.
    F2Amplitude = "F2amplitudeLogRelF0_sma3nz", "dB";
    /// Frequency of the third formant; 0 where there is none.
    F3Frequency = "F3frequency_sma3nz", "Hz";
    /// Bandwidth of the third formant; 0 where there is none.
    F3Bandwidth = "F3bandwidth_sma3nz", "Hz";
    /// Level of the strongest harmonic near the third formant over that of F0; −201 where unvoiced.
    F3Amplitude = "F3amplitudeLogRelF0_sma3nz", "dB";
}

/// The descriptors of one hop. Every value is finite.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DescriptorFrame {
    pub(super) values: [f32; LEN],
    pub(super) energy: f32,
}

impl DescriptorFrame {
    /// The values, in the order of [`DescriptorFrame::NAMES`].
    #[must_use]
    pub const fn values(&self) -> &[f32; LEN] {
        &self.values
    }

    /// Mean square of the hop's samples, 0–1.
    #[must_use]
    pub const fn energy(&self) -> f32 {
        self.energy
    }

    /// Whether there is a pitch.
    #[must_use]
    pub fn is_voiced(&self) -> bool {
        self[Descriptor::F0] > 0.0
    }

    /// The pitch in Hz, 55–1000; none where unvoiced.
    #[must_use]
    pub fn f0_hz(&self) -> Option<f32> {
        self.is_voiced().then(|| super::pitch::hz_from_semitones(self[Descriptor::F0]))
    }
}

impl Index<Descriptor> for DescriptorFrame {
    type Output = f32;

    fn index(&self, descriptor: Descriptor) -> &f32 {
        &self.values[descriptor as usize]
    }
}
