//! Labels given against labels read.

/// How often each class was read as each, or as none. Classes are numbered from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    classes: usize,
    /// Rows are given; columns are read, and one more for no reading.
    counts: Vec<f64>,
}

impl Confusion {
    /// Nothing counted, of so many classes.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0.0; classes * (classes + 1)] }
    }

    /// Counts something of class `given` that was read as `read`, or not at all.
    pub fn add(&mut self, given: usize, read: Option<usize>, weight: f64) {
        let column = read.unwrap_or(self.classes);
        let is_in = given < self.classes && column <= self.classes;
        if let Some(count) = self.counts.get_mut(given * (self.classes + 1) + column).filter(|_| is_in) {
            *count += weight;
        }
    }

    /// Of each class given, how often it was read as each, and last as none.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.counts.chunks(self.classes + 1)
    }

    /// How often the class `given` was read as `read`.
    #[must_use]
    pub fn count(&self, given: usize, read: usize) -> f64 {
        self.counts.get(given * (self.classes + 1) + read).copied().unwrap_or(0.0)
    }

    /// Of those of class `given`, the share that was read so; none if there are none.
    #[must_use]
    pub fn recall(&self, given: usize) -> Option<f64> {
        let all: f64 = self.rows().nth(given)?.iter().sum();
        (all > 0.0).then(|| self.count(given, given) / all)
    }

    /// Unweighted average recall: the mean of the recalls of the classes that were given.
    #[must_use]
    pub fn uar(&self) -> Option<f64> {
        mean((0..self.classes).filter_map(|class| self.recall(class)))
    }

    /// The share of all that was read right.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let all: f64 = self.counts.iter().sum();
        let right: f64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        (all > 0.0).then(|| right / all)
    }

    /// The mean F1 of the classes that were given: twice the right ones over given and read together.
    #[must_use]
    pub fn macro_f1(&self) -> Option<f64> {
        let f1 = |class: usize| {
            let given: f64 = self.rows().nth(class)?.iter().sum();
            let read: f64 = (0..self.classes).map(|other| self.count(other, class)).sum();
            (given > 0.0).then(|| 2.0 * self.count(class, class) / (given + read))
        };
        mean((0..self.classes).filter_map(f1))
    }

    /// The share of all that was read as anything.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        let all: f64 = self.counts.iter().sum();
        let none: f64 = self.rows().filter_map(|row| row.last()).sum();
        (all > 0.0).then(|| 1.0 - none / all)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 4 zeros 3 are read right and 1 as one; of 2 ones 1 is right and 1 isn't read; twos aren't given, and a one
    /// counted twice is read as two.
    fn by_hand() -> Confusion {
        let mut confusion = Confusion::new(3);
        for (given, read, weight) in
            [(0, Some(0), 3.0), (0, Some(1), 1.0), (1, Some(1), 1.0), (1, None, 1.0), (1, Some(2), 2.0)]
        {
            confusion.add(given, read, weight);
        }
        confusion
    }

    #[test]
    fn recalls_are_averaged_over_the_classes_given() {
        let confusion = by_hand();

        assert_eq!(confusion.recall(0), Some(0.75));
        assert_eq!(confusion.recall(1), Some(0.25));
        assert_eq!(confusion.recall(2), None);
        assert_eq!(confusion.uar(), Some(0.5));
        assert_eq!(confusion.accuracy(), Some(0.5));
        assert_eq!(confusion.coverage(), Some(1.0 - 1.0 / 8.0));
    }

    #[test]
    fn f1_is_that_of_the_classes_given() {
        // Class 0: 2·3 / (4 + 3); class 1: 2·1 / (4 + 2).
        let expected = f64::midpoint(6.0 / 7.0, 2.0 / 6.0);

        assert!((by_hand().macro_f1().unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn of_nothing_nothing_is_said() {
        let mut none = Confusion::new(3);
        none.add(3, Some(0), 1.0);
        none.add(0, Some(4), 1.0);

        assert_eq!((none.uar(), none.accuracy(), none.macro_f1(), none.coverage()), (None, None, None, None));
    }
}
