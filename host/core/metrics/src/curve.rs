//! Equity over time: its returns, and how far it fell.

use crate::Missing;
use crate::noise::{NOISE, finite, noise};
use crate::periods::as_number;
use crate::sum::Sum;

/// What is kept of an equity curve: constant size, and a function of the values in their order alone.
///
/// Returns are simple, one a time step, the first against the initial equity. Mean and squared deviations are
/// Welford's; the sum of squares below zero is compensated.
#[derive(Debug, Clone)]
pub(crate) struct EquityCurve {
    initial: f64,
    last: f64,
    peak: f64,
    drawdown: f64,
    finite: bool,
    positive: bool,
    count: u64,
    mean: f64,
    squares: f64,
    downside_squares: Sum,
}

impl EquityCurve {
    pub(crate) fn new(initial: f64) -> Self {
        Self {
            initial,
            last: initial,
            peak: initial,
            drawdown: 0.0,
            finite: initial.is_finite(),
            positive: initial > 0.0,
            count: 0,
            mean: 0.0,
            squares: 0.0,
            downside_squares: Sum::default(),
        }
    }

    pub(crate) fn push(&mut self, equity: f64) {
        self.finite &= equity.is_finite();
        self.positive &= equity > 0.0;
        self.peak = self.peak.max(equity);
        self.drawdown = self.drawdown.min(equity / self.peak - 1.0);

        let value = equity / self.last - 1.0;
        self.last = equity;
        self.count += 1;
        let deviation = value - self.mean;
        self.mean += deviation / as_number(self.count);
        self.squares += deviation * (value - self.mean);
        let below = value.min(0.0);
        self.downside_squares.add(below * below);
    }

    /// `final / initial`. Defined when equity ends at zero or below, too.
    pub(crate) fn growth(&self, final_equity: f64) -> Result<f64, Missing> {
        self.comparable()?;
        Ok(final_equity / self.initial)
    }

    /// Fails when equity was ever zero or below, after which growth and returns mean nothing.
    pub(crate) fn solvent(&self) -> Result<(), Missing> {
        self.comparable()?;
        if self.positive { Ok(()) } else { Err(Missing::EquityNotPositive) }
    }

    /// Largest fall from an earlier peak as a share of it, zero or below; the initial equity is the first peak.
    pub(crate) fn max_drawdown(&self) -> Result<f64, Missing> {
        self.comparable()?;
        Ok(self.drawdown)
    }

    /// The drawdown's size, to divide by.
    pub(crate) fn depth(&self) -> Result<f64, Missing> {
        let depth = -self.max_drawdown()?;
        if depth > NOISE { finite(depth) } else { Err(Missing::NoDrawdown) }
    }

    /// Standard deviation of the returns, ddof 1.
    pub(crate) fn deviation(&self) -> Result<f64, Missing> {
        self.solvent()?;
        if self.count < 3 {
            return Err(Missing::TooFewReturns);
        }
        let deviation = finite((self.squares / as_number(self.count - 1)).sqrt())?;
        if deviation > noise(self.mean) { Ok(deviation) } else { Err(Missing::ZeroVariance) }
    }

    /// Mean return over its standard deviation, per period.
    pub(crate) fn sharpe(&self) -> Result<f64, Missing> {
        Ok(self.mean / self.deviation()?)
    }

    /// Mean return over the downside deviation below zero, per period.
    pub(crate) fn sortino(&self) -> Result<f64, Missing> {
        self.deviation()?;
        let downside = finite((self.downside_squares.value() / as_number(self.count)).sqrt())?;
        if downside > noise(self.mean) { Ok(self.mean / downside) } else { Err(Missing::NoLosingPeriods) }
    }

    /// Fails when there is nothing to compare with the initial equity, or it is nothing to compare with.
    fn comparable(&self) -> Result<(), Missing> {
        match () {
            () if self.count == 0 => Err(Missing::NoData),
            () if !self.finite => Err(Missing::NotRepresentable),
            () if self.initial > 0.0 => Ok(()),
            () => Err(Missing::EquityNotPositive),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(initial: f64, equity: impl IntoIterator<Item = f64>) -> EquityCurve {
        let mut curve = EquityCurve::new(initial);
        equity.into_iter().for_each(|value| curve.push(value));
        curve
    }

    fn compounded(returns: impl IntoIterator<Item = f64>) -> EquityCurve {
        curve(
            100.0,
            returns.into_iter().scan(100.0, |equity, value| {
                *equity *= 1.0 + value;
                Some(*equity)
            }),
        )
    }

    #[test]
    fn empyrical_mixed_returns_have_empyricals_sharpe_sortino_and_drawdown() {
        // The vector's leading NaN is the period before the first return, which has none here.
        let mixed = compounded([0.01, 0.1, -0.04, 0.02, 0.03, 0.02, 0.01, -0.1]);
        let annual = 252_f64.sqrt();
        assert!((mixed.sharpe().unwrap() * annual - 1.723_861_396_170_686_6).abs() < 1e-12);
        assert!((mixed.sortino().unwrap() * annual - 2.605_531_251_673_693).abs() < 1e-12);
        assert!((mixed.max_drawdown().unwrap() + 0.1).abs() < 1e-15);
    }

    #[test]
    fn a_constant_return_has_no_sharpe_although_rounding_makes_it_vary() {
        for rate in [0.0, 0.01, -0.01, 0.000_123, 0.5] {
            let constant = compounded([rate; 500]);
            assert_eq!(constant.sharpe(), Err(Missing::ZeroVariance), "{rate}");
            assert_eq!(constant.sortino(), Err(Missing::ZeroVariance), "{rate}");
        }
        assert!(compounded([0.01; 500]).squares > 0.0, "rounding does make it vary");
    }

    #[test]
    fn a_spread_just_above_rounding_is_a_number() {
        let tiny = compounded((0..100).map(|i| if i % 2 == 0 { 2e-9 } else { -1e-9 }));
        assert!(tiny.sharpe().is_ok());
    }

    #[test]
    fn three_returns_are_enough_and_two_are_not() {
        assert_eq!(curve(100.0, [101.0, 100.0]).sharpe(), Err(Missing::TooFewReturns));
        assert!(curve(100.0, [101.0, 100.0, 102.0]).sharpe().is_ok());
    }

    #[test]
    fn returns_that_never_fall_have_no_sortino_but_a_sharpe() {
        let rising = curve(100.0, [101.0, 103.0, 104.0, 109.0]);
        assert_eq!(rising.sortino(), Err(Missing::NoLosingPeriods));
        assert!(rising.sharpe().is_ok());
        assert_eq!(rising.max_drawdown(), Ok(0.0));
        assert_eq!(rising.depth(), Err(Missing::NoDrawdown));
    }

    #[test]
    fn a_fall_by_rounding_is_not_a_losing_period_and_not_a_drawdown_to_divide_by() {
        let rising = curve(100.0, [101.0, 101.0_f64.next_down(), 104.0, 109.0]);
        assert!(rising.max_drawdown().unwrap() < 0.0);
        assert_eq!(rising.sortino(), Err(Missing::NoLosingPeriods));
        assert_eq!(rising.depth(), Err(Missing::NoDrawdown));
    }

    #[test]
    fn the_drawdown_starts_at_the_initial_equity() {
        assert_eq!(curve(100.0, [80.0, 90.0]).max_drawdown(), Ok(0.8 - 1.0));
    }

    #[test]
    fn a_ruined_account_has_a_drawdown_but_no_ratios() {
        for low in [0.0, -50.0] {
            let ruined = curve(100.0, [110.0, low, 50.0, 60.0]);
            assert_eq!(ruined.sharpe(), Err(Missing::EquityNotPositive));
            assert_eq!(ruined.sortino(), Err(Missing::EquityNotPositive));
            assert_eq!(ruined.max_drawdown(), Ok(low / 110.0 - 1.0));
        }
    }

    #[test]
    fn equity_that_is_not_finite_spoils_every_figure() {
        for value in [f64::NAN, f64::INFINITY] {
            let broken = curve(100.0, [110.0, value, 50.0, 60.0]);
            assert_eq!(broken.sharpe(), Err(Missing::NotRepresentable));
            assert_eq!(broken.max_drawdown(), Err(Missing::NotRepresentable));
            assert_eq!(broken.growth(60.0), Err(Missing::NotRepresentable));
        }
    }

    #[test]
    fn an_overflow_is_a_reason_and_not_a_ratio_of_zero() {
        let wild = curve(1e-200, [1e200, 1e-200, 1e200, 1e-200]);
        assert_eq!(wild.sharpe(), Err(Missing::NotRepresentable));
    }
}
