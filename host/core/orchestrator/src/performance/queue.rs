//! How long the queue was over a session.

use serde::{Deserialize, Serialize};

/// Samples that are kept; the more there are, the further apart they are.
const KEPT: usize = 64;

/// How long the queue was, early and late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueLengths {
    /// How often somebody looked.
    pub samples: u64,
    /// Median over the first quarter of the session.
    pub early: u64,
    /// Median over the last quarter.
    pub late: u64,
    /// The longest.
    pub longest: u64,
}

/// Samples of a queue's length at even distances: every one at first, then every second, every fourth...
#[derive(Debug, Clone)]
pub(super) struct QueueSamples {
    kept: Vec<u64>,
    distance: u64,
    seen: u64,
    longest: u64,
}

impl Default for QueueSamples {
    fn default() -> Self {
        Self { kept: Vec::with_capacity(KEPT), distance: 1, seen: 0, longest: 0 }
    }
}

impl QueueSamples {
    pub(super) fn add(&mut self, length: u64) {
        self.longest = self.longest.max(length);
        if self.seen.is_multiple_of(self.distance) {
            if self.kept.len() == KEPT {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.distance = self.distance.saturating_mul(2);
            }
            if self.seen.is_multiple_of(self.distance) {
                self.kept.push(length);
            }
        }
        self.seen = self.seen.saturating_add(1);
    }

    pub(super) fn lengths(&self) -> Option<QueueLengths> {
        let quarter = self.kept.len().div_ceil(4);
        let early = median(self.kept.get(..quarter)?)?;
        let late = median(self.kept.get(self.kept.len() - quarter..)?)?;
        Some(QueueLengths { samples: self.seen, early, late, longest: self.longest })
    }
}

fn median(lengths: &[u64]) -> Option<u64> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(lengths: impl IntoIterator<Item = u64>) -> Option<QueueLengths> {
        let mut samples = QueueSamples::default();
        lengths.into_iter().for_each(|length| samples.add(length));
        samples.lengths()
    }

    #[test]
    fn of_a_queue_that_nobody_looked_at_nothing_is_known() {
        assert_eq!(lengths([]), None);
        assert_eq!(lengths([7]), Some(QueueLengths { samples: 1, early: 7, late: 7, longest: 7 }));
    }

    #[test]
    fn early_and_late_are_medians_of_a_quarter() {
        let some = lengths([1, 900, 2, 50, 50, 50, 50, 50, 50, 8, 0, 9]);
        assert_eq!(some, Some(QueueLengths { samples: 12, early: 2, late: 8, longest: 900 }));
    }

    #[test]
    fn however_many_samples_there_are_few_are_kept_and_they_span_the_session() {
        let mut samples = QueueSamples::default();
        (0..1_000_000).for_each(|length| samples.add(length));
        assert!(samples.kept.len() <= KEPT && samples.kept.len() > KEPT / 4);
        let known = samples.lengths().unwrap();
        assert_eq!((known.samples, known.longest), (1_000_000, 999_999));
        assert!((100_000..150_000).contains(&known.early), "{known:?}");
        assert!((850_000..900_000).contains(&known.late), "{known:?}");
    }

    #[test]
    fn kept_samples_are_at_even_distances() {
        let mut samples = QueueSamples::default();
        (0..300).for_each(|length| samples.add(length));
        assert!(
            samples.kept.iter().enumerate().all(|(index, kept)| *kept == index as u64 * samples.distance)
        );
    }
}
