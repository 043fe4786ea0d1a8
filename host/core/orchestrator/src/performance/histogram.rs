//! Durations, counted in buckets that widen with what they hold.

/// Below this every number has a bucket of its own.
const EXACT: u64 = 64;
/// Buckets between one power of two and the next, as a power of two itself.
const BITS: u32 = 5;
const PER_OCTAVE: usize = 1 << BITS;
/// Powers of two from `EXACT` to the largest number.
const OCTAVES: usize = 58;
const BUCKETS: usize = EXACT as usize + OCTAVES * PER_OCTAVE;

/// Counts durations, in microseconds or any other unit, in 15 KiB whatever they are.
///
/// Count, sum, smallest and largest are exact. Quantiles are exact below 64, and above it within 1.6 % of the duration
/// that a sorted list would give.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: Box<[u64; BUCKETS]>,
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: u64) {
        let bucket = &mut self.buckets[bucket_of(duration)];
        *bucket = bucket.saturating_add(1);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(duration);
        self.min = self.min.min(duration);
        self.max = self.max.max(duration);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together, or the largest number when they are more than that.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The smallest.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The smallest duration that a share of `quantile` (0 to 1; what is beyond counts as the nearer of them) does not
    /// exceed: 0.5 asks for the median, of which there is the lower one when the count is even. None of no durations,
    /// and none when `quantile` is not a number.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        if self.count == 0 || quantile.is_nan() {
            return None;
        }
        // A count beyond 2^53 loses its last digits here, and a cast stops at the largest number.
        let rank = ((quantile.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).clamp(1, self.count);
        if rank == self.count {
            return Some(self.max);
        }
        let mut counted = 0_u64;
        let reached = self.buckets.iter().position(|count| {
            counted = counted.saturating_add(*count);
            counted >= rank
        });
        reached.map(|bucket| self.typical(bucket))
    }

    /// How many exceeded `duration`, up to the error of a quantile.
    #[must_use]
    pub fn above(&self, duration: u64) -> u64 {
        let counts = self.buckets.iter().enumerate().skip(bucket_of(duration));
        let above = |(bucket, count): (usize, &u64)| {
            if *count > 0 && self.typical(bucket) > duration { *count } else { 0 }
        };
        let counted = counts.map(above).fold(0, u64::saturating_add);
        // The largest is known exactly.
        if self.count > 0 && self.max > duration { counted.max(1) } else { 0 }
    }

    /// What stands for the durations in a bucket: its middle, but nothing that none of them can be.
    fn typical(&self, bucket: usize) -> u64 {
        let (lowest, width) = range_of(bucket);
        (lowest + (width - 1) / 2).clamp(self.min, self.max)
    }
}

fn bucket_of(duration: u64) -> usize {
    if duration < EXACT {
        return duration as usize;
    }
    let octave = duration.ilog2();
    let within = (duration >> (octave - BITS)) as usize - PER_OCTAVE;
    EXACT as usize + (octave - EXACT.ilog2()) as usize * PER_OCTAVE + within
}

/// The lowest duration in a bucket, and how many there are.
fn range_of(bucket: usize) -> (u64, u64) {
    match bucket.checked_sub(EXACT as usize) {
        None => (bucket as u64, 1),
        Some(beyond) => {
            let shift = (beyond / PER_OCTAVE) as u32 + EXACT.ilog2() - BITS;
            ((PER_OCTAVE + beyond % PER_OCTAVE) as u64 * (1 << shift), 1 << shift)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(durations: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|duration| histogram.record(*duration));
        histogram
    }

    #[test]
    fn of_nothing_there_is_no_quantile() {
        let empty = Histogram::default();
        assert_eq!((empty.count(), empty.sum()), (0, 0));
        assert_eq!((empty.min(), empty.max(), empty.quantile(0.5), empty.above(0)), (None, None, None, 0));
    }

    #[test]
    fn small_durations_are_exact() {
        let histogram = of(&[5, 1, 3, 2, 4, 63]);
        assert_eq!([0.0, 0.5, 0.6, 1.0].map(|at| histogram.quantile(at)), [1, 3, 4, 63].map(Some));
        assert_eq!((histogram.count(), histogram.sum()), (6, 78));
        assert_eq!((histogram.above(3), histogram.above(62), histogram.above(63)), (3, 1, 0));
    }

    #[test]
    fn a_quantile_beyond_its_range_is_the_end_of_it_and_of_no_number_there_is_none() {
        let histogram = of(&[10, 20, 30]);
        assert_eq!([-1.0, 2.0, f64::INFINITY].map(|at| histogram.quantile(at)), [10, 30, 30].map(Some));
        assert_eq!(histogram.quantile(f64::NAN), None);
    }

    #[test]
    fn the_largest_numbers_have_a_bucket_and_their_sum_stops() {
        let histogram = of(&[u64::MAX, u64::MAX]);
        assert_eq!((histogram.quantile(0.5), histogram.sum()), (Some(u64::MAX), u64::MAX));
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn the_largest_is_above_what_it_exceeds_even_within_its_bucket() {
        let histogram = of(&[1_025, 1_055]);
        assert_eq!(bucket_of(1_025), bucket_of(1_055));
        assert_eq!([1_050, 1_054, 1_055].map(|limit| histogram.above(limit)), [1, 1, 0]);
    }

    #[test]
    fn buckets_follow_one_another_without_gaps() {
        let mut next = 0_u64;
        for bucket in 0..BUCKETS {
            let (lowest, width) = range_of(bucket);
            assert_eq!(lowest, next);
            assert_eq!((bucket_of(lowest), bucket_of(lowest + (width - 1))), (bucket, bucket));
            next = lowest.wrapping_add(width);
        }
        assert_eq!(next, 0, "the last bucket ends with the largest number");
    }

    fn duration() -> impl Strategy<Value = u64> {
        prop_oneof![0..200_u64, 0..2_000_000_u64, any::<u64>(), Just(u64::MAX)]
    }

    fn near(estimate: u64, exact: u64) -> bool {
        estimate.abs_diff(exact) as f64 <= exact as f64 * 0.016
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_the_error_of_the_exact_one(
            mut durations in prop::collection::vec(duration(), 1..300),
            quantile in 0.0..=1.0_f64,
        ) {
            let histogram = of(&durations);
            durations.sort_unstable();
            for quantile in [quantile, 0.5, 0.95] {
                let rank = ((quantile * durations.len() as f64).ceil() as usize).max(1);
                let (estimate, exact) = (histogram.quantile(quantile).unwrap(), durations[rank - 1]);
                prop_assert!(near(estimate, exact), "{quantile}: {estimate} for {exact}");
            }
            prop_assert_eq!(histogram.min(), durations.first().copied());
            prop_assert_eq!(histogram.max(), durations.last().copied());
            let sum = durations.iter().fold(0, |sum: u64, it| sum.saturating_add(*it));
            prop_assert_eq!((histogram.count(), histogram.sum()), (durations.len() as u64, sum));
        }

        #[test]
        fn a_higher_quantile_is_no_smaller(
            durations in prop::collection::vec(duration(), 1..100),
            (one, other) in (0.0..=1.0_f64, 0.0..=1.0_f64),
        ) {
            let histogram = of(&durations);
            let (low, high) = (one.min(other), one.max(other));
            prop_assert!(histogram.quantile(low) <= histogram.quantile(high));
        }

        #[test]
        fn what_is_above_is_counted_within_the_error(
            durations in prop::collection::vec(duration(), 0..100),
            limit in duration(),
        ) {
            let counted = of(&durations).above(limit);
            let beyond = |share: f64| {
                durations.iter().filter(|it| **it as f64 > limit as f64 * share).count() as u64
            };
            prop_assert!((beyond(1.02)..=beyond(0.98)).contains(&counted), "{counted}");
        }
    }
}
