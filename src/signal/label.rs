//! The seven words for how somebody comes across.

use std::fmt;

/// One of seven labels, in the order of networks' outputs, CSV columns and the window's bars.
///
/// They name an expression as others would read it, not what somebody feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// No marked expression.
    Neutral,
    /// Happiness.
    Happiness,
    /// Sadness.
    Sadness,
    /// Anger.
    Anger,
    /// Fear.
    Fear,
    /// Disgust.
    Disgust,
    /// Surprise.
    Surprise,
}

impl Label {
    /// All, in order.
    pub const ALL: [Self; 7] =
        [Self::Neutral, Self::Happiness, Self::Sadness, Self::Anger, Self::Fear, Self::Disgust, Self::Surprise];

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its place in the order.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in files: lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Happiness => "happiness",
            Self::Sadness => "sadness",
            Self::Anger => "anger",
            Self::Fear => "fear",
            Self::Disgust => "disgust",
            Self::Surprise => "surprise",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Where it lies on the circumplex: (valence, arousal), each −1..=1, as in `models/centroids.toml`
    /// (Russell & Mehrabian 1977).
    #[must_use]
    pub const fn centroid(self) -> (f32, f32) {
        match self {
            Self::Neutral => (0.0, 0.0),
            Self::Happiness => (0.81, 0.51),
            Self::Sadness => (-0.63, -0.27),
            Self::Anger => (-0.51, 0.59),
            Self::Fear => (-0.64, 0.60),
            Self::Disgust => (-0.60, 0.35),
            Self::Surprise => (0.40, 0.67),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centroids_are_those_of_the_table() {
        let table: toml::Table = include_str!("../../models/centroids.toml").parse().unwrap();

        let names: Vec<_> = table.keys().map(String::as_str).collect();
        assert_eq!(names.len(), Label::COUNT);
        for label in Label::ALL {
            let row = &table[label.name()];
            let (valence, arousal) = label.centroid();
            assert!((row["valence"].as_float().unwrap() - f64::from(valence)).abs() < 1e-6, "{label}");
            assert!((row["arousal"].as_float().unwrap() - f64::from(arousal)).abs() < 1e-6, "{label}");
        }
    }
}
