//! How long a backtest must be before the best of many says something.

use serde::Serialize;

use super::expected_max;
use crate::noise::finite;
use crate::{Figure, Missing};

/// The shortest backtest, in years, whose best of N worthless trials is not expected to reach a Sharpe ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MinimumBacktest {
    /// `(expected_max(N) / SR)^2`.
    pub years: Figure,
    /// The bound `2 ln(N) / SR^2` above it.
    pub upper_bound: Figure,
}

/// The minimum backtest length for `trials` and a Sharpe ratio **a year** (Bailey, Borwein, López de Prado and Zhu 2014,
/// "Pseudo-Mathematics and Financial Charlatanism", theorem 2).
///
/// [`Missing::OutOfRange`] for less than one trial, [`Missing::NotAboveTarget`] when the Sharpe ratio is not above zero.
#[must_use]
pub fn min_backtest_length(trials: f64, sharpe: f64) -> MinimumBacktest {
    let length = || {
        let most = expected_max::checked(trials)?;
        match () {
            () if !sharpe.is_finite() => Err(Missing::OutOfRange),
            () if sharpe <= 0.0 => Err(Missing::NotAboveTarget),
            () => Ok(((most / sharpe) * (most / sharpe), 2.0 * libm::log(trials) / sharpe / sharpe)),
        }
    };
    let length = length();
    MinimumBacktest {
        years: length.and_then(|(years, _)| finite(years)).into(),
        upper_bound: length.and_then(|(_, bound)| finite(bound)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_length() {
        // `test_minBTL` of pypbo, after figure 2 of the paper.
        let length = min_backtest_length(45.0, 1.0);
        assert!((length.years.get().unwrap() - 4.998_087_004_443_404).abs() < 1e-9);
        assert!((length.upper_bound.get().unwrap() - 2.0 * 45_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn twice_the_ratio_needs_a_quarter_of_the_time() {
        let years = |sharpe| min_backtest_length(45.0, sharpe).years.get().unwrap();
        assert!((years(1.0) / years(2.0) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn one_trial_needs_no_length_and_a_ratio_of_nothing_has_none() {
        assert_eq!(min_backtest_length(1.0, 1.0).years.get(), Ok(0.0));
        assert_eq!(min_backtest_length(0.0, 1.0).years.get(), Err(Missing::OutOfRange));
        for sharpe in [0.0, -1.0] {
            assert_eq!(min_backtest_length(45.0, sharpe).years.get(), Err(Missing::NotAboveTarget));
        }
        assert_eq!(min_backtest_length(45.0, 1e-300).years.get(), Err(Missing::NotRepresentable));
    }
}
