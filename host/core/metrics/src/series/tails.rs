//! Order statistics: how bad the bad periods are.

use super::{Returns, mean};
use crate::noise::NOISE;
use crate::{Figure, Missing};

/// The value below which a share of `sorted` (ascending, not empty) lies, between two of them by linear interpolation
/// (numpy's default, R's type 7). `share` is held to 0..=1.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[expect(clippy::cast_precision_loss, reason = "nothing has 2^53 values")]
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    let part = place - below as f64;
    sorted[below] + part * (sorted[above] - sorted[below])
}

impl Returns<'_> {
    /// Historical value at risk: the return a period below which a share `tail` of the returns lies, by linear
    /// interpolation (empyrical's `value_at_risk`). A loss is negative.
    #[must_use]
    pub fn value_at_risk(&self, tail: f64) -> Figure {
        self.sorted(tail).map(|sorted| percentile(&sorted, tail)).into()
    }

    /// Historical expected shortfall: the mean of the `floor((n - 1) tail) + 1` smallest returns (empyrical's
    /// `conditional_value_at_risk`). A loss is negative.
    #[must_use]
    pub fn expected_shortfall(&self, tail: f64) -> Figure {
        let of = |sorted: Vec<f64>| {
            // A tail of 5 % is a little more than 0.05 when it was computed as 1 - 0.95.
            let last = ((sorted.len() - 1) as f64 * tail + NOISE) as usize;
            mean(sorted[..=last].iter().copied())
        };
        self.sorted(tail).map(of).into()
    }

    /// Size of the 95th percentile of the returns over the size of the 5th (empyrical's `tail_ratio`).
    #[must_use]
    pub fn tail_ratio(&self) -> Figure {
        let of = |sorted: Vec<f64>| {
            let (right, left) = (percentile(&sorted, 0.95), percentile(&sorted, 0.05));
            if left.abs() <= NOISE { Err(Missing::NoLosingPeriods) } else { Ok((right / left).abs()) }
        };
        self.sorted(0.05).and_then(of).into()
    }

    fn sorted(&self, tail: f64) -> Result<Vec<f64>, Missing> {
        self.usable()?;
        if !(0.0..=1.0).contains(&tail) {
            return Err(Missing::OutOfRange);
        }
        let mut sorted = self.values().to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(sorted)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::MIXED;
    use super::*;

    #[test]
    fn percentiles_are_those_of_empyricals_value_at_risk_vectors() {
        for (share, expected) in [(0.0, 1.0), (0.3, 1.3), (1.0, 2.0)] {
            assert!((percentile(&[1.0, 2.0], share) - expected).abs() < 1e-12);
        }
        let sorted = [1.0, 81.0, 82.0, 83.0, 84.0, 85.0];
        for (share, expected) in [(0.1, 41.0), (0.2, 81.0), (0.3, 81.5)] {
            assert!((percentile(&sorted, share) - expected).abs() < 1e-12);
        }
        assert_eq!(percentile(&[3.0], 0.7), 3.0);
    }

    #[test]
    fn expected_shortfall_is_the_mean_up_to_the_value_at_risk() {
        let values: Vec<f64> = (0..21).map(|i| f64::from(i * 8 % 21) / 100.0 - 0.1).collect();
        let series = Returns::new(&values, None);
        assert!((series.value_at_risk(0.05).get().unwrap() + 0.09).abs() < 1e-12);
        assert!((series.expected_shortfall(1.0 - 0.95).get().unwrap() + 0.095).abs() < 1e-12, "two of 21");
        assert!((series.expected_shortfall(0.0).get().unwrap() + 0.1).abs() < 1e-12);
        assert!(series.expected_shortfall(1.0).get().unwrap().abs() < 1e-12);
        assert_eq!(series.value_at_risk(1.5).get(), Err(Missing::OutOfRange));
    }

    #[test]
    fn empyrical_tail_ratio_to_the_digit_that_the_suite_compares() {
        let ratio = Returns::new(&MIXED, None).tail_ratio().get().unwrap();
        assert!((ratio - 0.947_368_421_052_631_3).abs() < 0.05, "{ratio}");
        assert!((ratio - 0.0755 / 0.079).abs() < 1e-12);
    }
}
