//! A series of returns beside another.

use serde::Serialize;

use super::returns::annual_growth;
use super::{Moments, Returns, mean, pearson, total};
use crate::noise::finite;
use crate::periods::as_number;
use crate::{Figure, Missing};

/// Figures of returns `r` relative to a benchmark's `b` in the same periods.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Relative {
    /// `(1 + mean(r - f - beta (b - f)))^P - 1` with the risk-free rate f: Jensen's alpha a year (empyrical).
    pub alpha: Figure,
    /// `cov(r, b) / var(b)`.
    pub beta: Figure,
    /// Pearson's correlation.
    pub correlation: Figure,
    /// `std(r - b, ddof 1) * sqrt(P)`.
    pub tracking_error: Figure,
    /// `mean(r - b) / std(r - b, ddof 1) * sqrt(P)` (Grinold and Kahn; empyrical's `excess_sharpe` before it is
    /// annualised).
    pub information_ratio: Figure,
    /// CAGR of r over that of b in the periods in which b is above zero (empyrical).
    pub up_capture: Figure,
    /// The same where b is below zero.
    pub down_capture: Figure,
}

impl Relative {
    /// The figures; missing as [`Missing::OutOfRange`] when the benchmark has not as many returns. `risk_free` is a fraction
    /// a period.
    #[must_use]
    pub fn of(returns: &Returns<'_>, benchmark: &[f64], risk_free: f64) -> Self {
        let pair = Pair { returns, benchmark, beside: Returns::new(benchmark, returns.periods_per_year()) };
        let active = pair.active();
        let root = returns.periods_per_year().map(f64::sqrt).ok_or(Missing::UnknownPeriod);
        let of_active =
            |figure: fn(Moments) -> f64| active.and_then(|active| Ok(figure(active) * root?)).into();
        Self {
            alpha: pair.alpha(risk_free).into(),
            beta: pair.beta().into(),
            correlation: pair.correlation().into(),
            tracking_error: of_active(|active| active.deviation),
            information_ratio: of_active(|active| active.sharpe()),
            up_capture: pair.capture(|value| value > 0.0, Missing::NoUpPeriods).into(),
            down_capture: pair.capture(|value| value < 0.0, Missing::NoDownPeriods).into(),
        }
    }
}

struct Pair<'a> {
    returns: &'a Returns<'a>,
    benchmark: &'a [f64],
    beside: Returns<'a>,
}

impl Pair<'_> {
    fn usable(&self) -> Result<(), Missing> {
        self.returns.usable()?;
        self.beside.usable()?;
        if self.returns.values().len() == self.benchmark.len() { Ok(()) } else { Err(Missing::OutOfRange) }
    }

    /// The moments of the differences, which are no returns on an equity: they may be any size.
    fn active(&self) -> Result<Moments, Missing> {
        self.usable()?;
        let differences: Vec<f64> =
            self.returns.values().iter().zip(self.benchmark).map(|(r, b)| r - b).collect();
        Moments::of(&differences)
    }

    fn spread(&self) -> Result<Moments, Missing> {
        self.usable()?;
        self.beside.moments().map_err(|missing| match missing {
            Missing::ZeroVariance => Missing::BenchmarkConstant,
            missing => missing,
        })
    }

    fn beta(&self) -> Result<f64, Missing> {
        let Moments { mean: middle, deviation, observations, .. } = self.spread()?;
        let own = mean(self.returns.values().iter().copied());
        let products =
            self.returns.values().iter().zip(self.benchmark).map(|(r, b)| (r - own) * (b - middle));
        finite(total(products) / (as_number(observations - 1) * deviation * deviation))
    }

    fn alpha(&self, risk_free: f64) -> Result<f64, Missing> {
        let beta = self.beta()?;
        let risk_free = finite(risk_free)?;
        let periods = self.returns.periods_per_year().ok_or(Missing::UnknownPeriod)?;
        let pairs = self.returns.values().iter().zip(self.benchmark);
        let per_period = mean(pairs.map(|(r, b)| r - risk_free - beta * (b - risk_free)));
        if per_period <= -1.0 {
            return Err(Missing::EquityNotPositive);
        }
        finite(libm::pow(1.0 + per_period, periods) - 1.0)
    }

    fn correlation(&self) -> Result<f64, Missing> {
        self.spread()?;
        self.returns.moments()?;
        pearson(self.returns.values(), self.benchmark).get()
    }

    fn capture(&self, is_counted: fn(f64) -> bool, none: Missing) -> Result<f64, Missing> {
        self.usable()?;
        let pairs = self.returns.values().iter().zip(self.benchmark);
        let (own, others): (Vec<f64>, Vec<f64>) = pairs.filter(|(_, b)| is_counted(**b)).unzip();
        if own.is_empty() {
            return Err(none);
        }
        let growth = |values: Vec<f64>| annual_growth(values.into_iter(), self.returns.periods_per_year());
        finite(growth(own)? / growth(others)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MIXED, NEGATIVE};
    use super::*;

    fn relative(returns: &[f64], benchmark: &[f64]) -> Relative {
        Relative::of(&Returns::new(returns, 252.0), benchmark, 0.0)
    }

    fn near(figure: Figure, expected: f64) {
        let value = figure.get().unwrap();
        assert!((value - expected).abs() < 1e-9 * expected.abs().max(1.0), "{value} {expected}");
    }

    #[test]
    fn empyrical_alpha_and_beta() {
        let beside = relative(&MIXED, &NEGATIVE);
        near(beside.alpha, -0.999_785_383_488_500_4);
        near(beside.beta, -0.712_962_962_962_963_1);
        let same = relative(&MIXED, &MIXED);
        near(same.alpha, 0.0);
        near(same.beta, 1.0);
        near(same.correlation, 1.0);
        let opposite = relative(&MIXED, &MIXED.map(|value| -value));
        near(opposite.beta, -1.0);
        near(opposite.correlation, -1.0);
    }

    #[test]
    fn empyrical_excess_sharpe_is_the_information_ratio_a_period() {
        let year = 252_f64.sqrt();
        near(relative(&MIXED, &[0.0; 8]).information_ratio, 0.108_593_060_690_767_37 * year);
        near(relative(&MIXED, &[0.01; 8]).information_ratio, -0.065_155_836_414_460_39 * year);
    }

    #[test]
    fn empyrical_captures() {
        let positive = [0.02, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01];
        near(relative(&positive, &MIXED).up_capture, 0.007_616_776_2);
        assert!((relative(&positive, &MIXED).down_capture.get().unwrap() + 11.274_002_21).abs() < 1e-8);
        near(relative(&NEGATIVE, &MIXED).down_capture, 0.999_560_257_037_986_3);
        near(relative(&MIXED, &MIXED).up_capture, 1.0);
    }

    #[test]
    fn a_benchmark_that_does_not_vary_has_no_beta_and_the_same_series_no_tracking_error() {
        let flat = relative(&MIXED, &[0.01; 8]);
        for figure in [flat.alpha, flat.beta, flat.correlation] {
            assert_eq!(figure.get(), Err(Missing::BenchmarkConstant));
        }
        assert_eq!(flat.down_capture.get(), Err(Missing::NoDownPeriods));
        assert_eq!(relative(&MIXED, &[-0.01; 8]).up_capture.get(), Err(Missing::NoUpPeriods));
        assert_eq!(relative(&MIXED, &MIXED).information_ratio.get(), Err(Missing::ZeroVariance));
        assert!(flat.tracking_error.get().is_ok());
    }

    #[test]
    fn a_benchmark_of_other_periods_is_refused() {
        assert_eq!(relative(&MIXED, &NEGATIVE[1..]).beta.get(), Err(Missing::OutOfRange));
    }

    #[test]
    fn a_risk_free_rate_is_taken_from_both_sides() {
        let shift = |values: [f64; 8]| values.map(|value| value - 0.001);
        let rate = Relative::of(&Returns::new(&MIXED, 252.0), &NEGATIVE, 0.001);
        near(rate.alpha, relative(&shift(MIXED), &shift(NEGATIVE)).alpha.get().unwrap());
    }
}
