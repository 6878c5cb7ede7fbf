//! What is known of a person: a causal running mean of their features, without any label.

/// Sums of features over the seconds in which they were seen.
///
/// The heads hold the prior (the population's mean, worth some seconds) and make the mean of both themselves, so
/// nothing here depends on what they were trained with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    sums: Vec<f32>,
    secs: f32,
    is_frozen: bool,
}

impl Person {
    /// Nobody yet.
    #[must_use]
    pub fn unknown(features: usize) -> Self {
        Self { sums: vec![0.0; features], secs: 0.0, is_frozen: false }
    }

    /// Takes in features that held for `secs` seconds, unless frozen.
    pub fn observe(&mut self, features: &[f32], secs: f32) {
        debug_assert_eq!(features.len(), self.sums.len(), "features of another kind");
        if self.is_frozen || !secs.is_finite() || secs <= 0.0 {
            return;
        }
        for (sum, value) in self.sums.iter_mut().zip(features) {
            *sum += value * secs;
        }
        self.secs += secs;
    }

    /// Sums of features times seconds.
    #[must_use]
    pub fn sums(&self) -> &[f32] {
        &self.sums
    }

    /// For how many seconds the person is known.
    #[must_use]
    pub const fn secs(&self) -> f32 {
        self.secs
    }

    /// Knows from here on what `sums` (features times seconds) and `secs` say. Sums of another length are nobody's.
    pub fn take_over(&mut self, sums: &[f32], secs: f32) {
        self.forget();
        if sums.len() == self.sums.len() && secs.is_finite() && secs >= 0.0 {
            self.sums.copy_from_slice(sums);
            self.secs = secs;
        }
    }

    /// The same of [`known`](Self::known)'s form; what is none of it is nobody's.
    pub fn take_over_known(&mut self, known: &[f32]) {
        match known.split_last() {
            Some((secs, sums)) => self.take_over(sums, *secs),
            None => self.forget(),
        }
    }

    /// Sums of features times seconds, then the seconds.
    #[must_use]
    pub fn known(&self) -> Vec<f32> {
        self.sums.iter().copied().chain([self.secs]).collect()
    }

    /// Whether it stays as it is.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.is_frozen
    }

    /// Stays as it is from here on, or goes on learning.
    pub const fn freeze(&mut self, is_frozen: bool) {
        self.is_frozen = is_frozen;
    }

    /// Nobody again.
    pub fn forget(&mut self) {
        self.sums.fill(0.0);
        self.secs = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_person_stays() {
        let mut person = Person::unknown(2);
        person.observe(&[1.0, 2.0], 2.0);
        person.freeze(true);
        person.observe(&[9.0, 9.0], 2.0);

        assert_eq!(person.sums(), [2.0, 4.0]);
        assert!((person.secs() - 2.0).abs() < 1e-6);
    }
}
