//! Figures over a window that moves along a series.

use serde::Serialize;

use super::{Returns, mean, total};
use crate::noise::{finite, noise};
use crate::periods::as_number;
use crate::{Figure, Missing};

/// Figures of each window of consecutive returns, the first of them over the returns `0..window`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rolling {
    /// Returns in a window.
    pub window: usize,
    /// `product(1 + r) - 1` of each window.
    pub total_return: Vec<Figure>,
    /// Standard deviation (ddof 1) times `sqrt(P)`.
    pub volatility: Vec<Figure>,
    /// Mean less the risk-free rate over standard deviation (ddof 1), times `sqrt(P)` (empyrical's `roll_sharpe_ratio`).
    pub sharpe: Vec<Figure>,
}

/// The figures of every window of `window` returns; `risk_free` is a fraction a period. Each window is added up anew, so that
/// a constant one among wild ones is seen to be constant. None when the window is longer than the series or shorter than 3,
/// or returns are not finite or at -1 or below.
#[must_use]
pub fn rolling(returns: &Returns<'_>, window: usize, risk_free: f64) -> Rolling {
    let mut rows = Rolling { window, total_return: Vec::new(), volatility: Vec::new(), sharpe: Vec::new() };
    if window < 3 || window > returns.values().len() || returns.usable().is_err() {
        return rows;
    }
    let root = returns.periods_per_year().map(f64::sqrt).ok_or(Missing::UnknownPeriod);
    for values in returns.values().windows(window) {
        let mean = mean(values.iter().copied());
        let spread = deviation(values, mean);
        rows.total_return
            .push(Figure::of(values.iter().fold(1.0, |growth, value| growth * (1.0 + value)) - 1.0));
        rows.volatility.push(spread.and_then(|spread| Ok(spread * root?)).into());
        rows.sharpe.push(spread.and_then(|spread| Ok((mean - risk_free) / spread * root?)).into());
    }
    rows
}

fn deviation(values: &[f64], mean: f64) -> Result<f64, Missing> {
    let squares = total(values.iter().map(|value| (value - mean) * (value - mean)));
    let deviation = finite((squares / (as_number(values.len() as u64) - 1.0)).sqrt())?;
    if deviation <= noise(mean) { Err(Missing::ZeroVariance) } else { Ok(deviation) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BACON, MIXED};
    use super::*;

    #[test]
    fn empyrical_rolling_sharpe_ratios() {
        let negative = [0.0, -0.06, -0.07, -0.01, -0.09, -0.02, -0.06, -0.08, -0.05];
        let rows = rolling(&Returns::new(&negative, 252.0), 6, 0.0);
        let expected = [-18.091_620_52, -26.798_974_86, -26.691_382_63, -25.722_988_38];
        assert_eq!(rows.sharpe.len(), expected.len());
        for (figure, expected) in rows.sharpe.iter().zip(expected) {
            assert!((figure.get().unwrap() - expected).abs() < 1e-8);
        }
        // The suite's first window begins with NaN, which has no place here.
        let rows = rolling(&Returns::new(&MIXED, 252.0), 6, 0.0);
        for (figure, expected) in rows.sharpe.iter().zip([8.227_841_05, 8.227_841_05, -3.137_475_1]) {
            assert!((figure.get().unwrap() - expected).abs() < 1e-7);
        }
    }

    #[test]
    fn a_window_over_everything_is_the_whole_series() {
        let series = Returns::new(&BACON, 12.0);
        let rows = rolling(&series, BACON.len(), 0.001);
        assert_eq!((rows.total_return.len(), rows.total_return[0]), (1, series.total_return()));
        let near = |a: Figure, b: Figure| (a.get().unwrap() - b.get().unwrap()).abs() < 1e-12;
        assert!(near(rows.sharpe[0], series.sharpe(0.001)) && near(rows.volatility[0], series.volatility()));
    }

    #[test]
    fn a_constant_window_among_others_has_no_ratio() {
        let rows = rolling(&Returns::new(&[0.5, -0.3, 0.01, 0.01, 0.01, 0.2], 252.0), 3, 0.0);
        let missing: Vec<_> = rows.sharpe.iter().map(|figure| figure.missing()).collect();
        assert_eq!(missing, [None, None, Some(Missing::ZeroVariance), None]);
        assert!((rows.total_return[2].get().unwrap() - 0.030_301).abs() < 1e-12);
    }

    #[test]
    fn a_window_that_does_not_fit_has_no_rows() {
        for window in [0, 2, MIXED.len() + 1] {
            assert!(rolling(&Returns::new(&MIXED, 252.0), window, 0.0).sharpe.is_empty());
        }
    }
}
