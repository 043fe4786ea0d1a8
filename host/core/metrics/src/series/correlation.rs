//! Rank correlation, and whether a mean of overlapping figures is more than chance.

use serde::Serialize;

use super::{mean, total};
use crate::noise::{NOISE, finite};
use crate::periods::as_number;
use crate::{Figure, Missing};

/// The ranks of values from 1 up; equal values share the mean of their ranks (`scipy.stats.rankdata`, method `average`).
/// NaN, which has no rank, must not be among them.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    // Both zeros are equal, although their order is total.
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let shared = as_number((2 * start + group.len() + 1) as u64) / 2.0;
        group.iter().for_each(|place| ranks[*place] = shared);
        start += group.len();
    }
    ranks
}

/// Pearson's correlation of two lists of the same length.
///
/// Missing with fewer than three pairs, or when one side does not vary beyond rounding.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> Figure {
    let correlation = || {
        if x.len() != y.len() {
            return Err(Missing::OutOfRange);
        }
        if x.len() < 3 {
            return Err(if x.is_empty() { Missing::NoData } else { Missing::TooFewReturns });
        }
        let (mean_x, mean_y) = (finite(mean(x.iter().copied()))?, finite(mean(y.iter().copied()))?);
        let pairs = || x.iter().zip(y).map(|(x, y)| (x - mean_x, y - mean_y));
        let xx = spread(total(pairs().map(|(x, _)| x * x)), mean_x, x.len())?;
        let yy = spread(total(pairs().map(|(_, y)| y * y)), mean_y, y.len())?;
        let xy = finite(total(pairs().map(|(x, y)| x * y)))?;
        // One root where that cannot overflow: it is exact where both spreads are the same.
        let both =
            if (1e-150..1e150).contains(&(xx * yy)) { (xx * yy).sqrt() } else { xx.sqrt() * yy.sqrt() };
        Ok((xy / both).clamp(-1.0, 1.0))
    };
    correlation().into()
}

fn spread(squares: f64, mean: f64, count: usize) -> Result<f64, Missing> {
    let squares = finite(squares)?;
    let deviation = (squares / as_number(count as u64)).sqrt();
    if deviation <= NOISE * mean.abs() { Err(Missing::ZeroVariance) } else { Ok(squares) }
}

/// The information coefficient: Spearman's rank correlation of signals with the returns that followed them, ties averaged
/// (alphalens, qlib). Each must be finite.
#[must_use]
pub fn spearman(signals: &[f64], forward: &[f64]) -> Figure {
    if signals.iter().chain(forward).any(|value| !value.is_finite()) {
        return Missing::NotRepresentable.into();
    }
    pearson(&ranks(signals), &ranks(forward))
}

/// [`spearman`] of all forecasts of a run, each with the return that followed it.
///
/// Missing without a forecast, and as [`spearman`] is.
#[must_use]
pub fn information_coefficient(pairs: &[(f64, f64)]) -> Figure {
    if pairs.is_empty() {
        return Missing::NoSignals.into();
    }
    let (signals, forward): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    spearman(&signals, &forward)
}

/// How the information coefficients of many dates are spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InformationCoefficients {
    /// Dates that have one.
    pub observations: u64,
    /// Their mean.
    pub mean: Figure,
    /// Their standard deviation, ddof 1.
    pub deviation: Figure,
    /// Mean over deviation, a date; not annualised.
    pub icir: Figure,
    /// [`newey_west_t`] of the mean with lag `horizon - 1`: forward returns over several periods overlap in all but one.
    pub t: Figure,
}

impl InformationCoefficients {
    /// The spread of coefficients in the order of their dates, where each is of returns over `horizon` periods.
    #[must_use]
    pub fn of(values: &[f64], horizon: usize) -> Self {
        let count = as_number(values.len() as u64);
        let middle =
            if values.is_empty() { Err(Missing::NoData) } else { finite(mean(values.iter().copied())) };
        let deviation = middle.and_then(|middle| {
            if values.len() < 3 {
                return Err(Missing::TooFewReturns);
            }
            let squares = total(values.iter().map(|value| (value - middle) * (value - middle)));
            let deviation = finite((squares / (count - 1.0)).sqrt())?;
            if deviation <= NOISE { Err(Missing::ZeroVariance) } else { Ok(deviation) }
        });
        let icir = deviation.and_then(|deviation| Ok(middle? / deviation));
        let t = horizon.checked_sub(1).map_or(Missing::OutOfRange.into(), |lag| newey_west_t(values, lag));
        Self {
            observations: values.len() as u64,
            mean: middle.into(),
            deviation: deviation.into(),
            icir: icir.into(),
            t,
        }
    }
}

/// The mean over its standard error with Bartlett weights, `1 - l / (lag + 1)` for the autocovariance at `l`, each divided
/// by the count (Newey and West 1987; `cov_type="HAC"` of statsmodels without its small-sample correction).
///
/// Missing with fewer than three values, or not more of them than `lag`.
#[must_use]
pub fn newey_west_t(values: &[f64], lag: usize) -> Figure {
    let t = || {
        if values.len() < 3 || values.len() <= lag {
            return Err(if values.is_empty() { Missing::NoData } else { Missing::TooFewReturns });
        }
        let count = as_number(values.len() as u64);
        let middle = finite(mean(values.iter().copied()))?;
        let autocovariance = |lag: usize| {
            let products = values[lag..].iter().zip(values).map(|(a, b)| (a - middle) * (b - middle));
            total(products) / count
        };
        let weight = |l: usize| 2.0 * (1.0 - as_number(l as u64) / as_number(lag as u64 + 1));
        let variance = autocovariance(0) + total((1..=lag).map(|l| weight(l) * autocovariance(l)));
        let error = finite((variance.max(0.0) / count).sqrt())?;
        if error <= NOISE * (1.0 + middle.abs()) { Err(Missing::ZeroVariance) } else { Ok(middle / error) }
    };
    t().into()
}

#[cfg(test)]
mod tests {
    use super::super::tests::BACON;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reversed_ranks_correlate_by_minus_one_and_identical_ones_by_one() {
        let signal = [0.3, -0.1, 0.7, 0.2, 0.9];
        let reversed: Vec<f64> = signal.iter().map(|value| -value * value * value).collect();
        assert_eq!(spearman(&signal, &reversed).get(), Ok(-1.0));
        assert_eq!(spearman(&signal, &signal.map(|value| value * 100.0)).get(), Ok(1.0));
    }

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 0.0, -0.0]), [4.5, 3.0, 4.5, 1.5, 1.5]);
        // scipy.stats.spearmanr([1, 2, 2, 3, 5], [2, 1, 4, 4, 3])
        let figure = spearman(&[1.0, 2.0, 2.0, 3.0, 5.0], &[2.0, 1.0, 4.0, 4.0, 3.0]).get().unwrap();
        assert!((figure - 0.394_736_842_105_263_2).abs() < 1e-12, "{figure}");
    }

    #[test]
    fn what_does_not_vary_has_no_correlation() {
        assert_eq!(spearman(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]).get(), Err(Missing::ZeroVariance));
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]).get(), Err(Missing::TooFewReturns));
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[1.0, 2.0]).get(), Err(Missing::OutOfRange));
        assert_eq!(spearman(&[1.0, f64::NAN, 3.0], &[1.0, 2.0, 3.0]).get(), Err(Missing::NotRepresentable));
        assert_eq!(spearman(&[], &[]).get(), Err(Missing::NoData));
    }

    #[test]
    fn the_coefficient_of_a_run_is_that_of_all_its_forecasts_and_none_without_one() {
        let pairs = [(1.0, 0.02), (-1.0, -0.01), (2.0, 0.03), (0.5, 0.01)];
        assert_eq!(information_coefficient(&pairs).get(), Ok(1.0));
        assert_eq!(information_coefficient(&pairs.map(|(x, y)| (x, -y))).get(), Ok(-1.0));
        assert_eq!(information_coefficient(&[]).get(), Err(Missing::NoSignals));
        assert_eq!(information_coefficient(&pairs[..2]).get(), Err(Missing::TooFewReturns));
    }

    #[test]
    fn the_t_statistic_is_that_of_statsmodels_for_each_lag() {
        for (lag, expected) in
            [(0, 1.138_831_276_567_593_2), (1, 1.169_997_257_822_14), (4, 1.317_651_386_770_791_3)]
        {
            let t = newey_west_t(&BACON, lag).get().unwrap();
            assert!((t - expected).abs() < 1e-9, "{lag}: {t}");
        }
        assert_eq!(newey_west_t(&BACON, 24).get(), Err(Missing::TooFewReturns));
        assert_eq!(newey_west_t(&[0.1; 9], 1).get(), Err(Missing::ZeroVariance));
    }

    #[test]
    fn the_ratio_of_coefficients_is_their_mean_over_their_deviation() {
        let spread = InformationCoefficients::of(&BACON, 2);
        assert!((spread.icir.get().unwrap() - 0.009 / 0.039_548_539_246_370_897).abs() < 1e-12);
        assert_eq!(spread.t, newey_west_t(&BACON, 1));
        assert_eq!(InformationCoefficients::of(&BACON, 0).t.get(), Err(Missing::OutOfRange));
        assert_eq!(InformationCoefficients::of(&[0.1, 0.2], 1).icir.get(), Err(Missing::TooFewReturns));
    }

    proptest! {
        #[test]
        fn rank_correlation_ignores_how_values_are_spaced(
            pairs in prop::collection::vec((-9_i32..9, -9_i32..9), 3..40),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().map(|&(x, y)| (f64::from(x), f64::from(y))).unzip();
            let stretched: Vec<f64> = x.iter().map(|x| libm::exp(*x)).collect();
            prop_assert_eq!(spearman(&x, &y), spearman(&stretched, &y));
            prop_assert_eq!(spearman(&x, &y), spearman(&y, &x));
            prop_assert!(spearman(&x, &y).value().is_none_or(|value| (-1.0..=1.0).contains(&value)));
        }
    }
}
