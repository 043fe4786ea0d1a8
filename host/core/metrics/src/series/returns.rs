//! The figures of one series of returns.

use super::{Moments, mean, total};
use crate::noise::{NOISE, finite, noise};
use crate::periods::as_number;
use crate::{Figure, Missing};

/// Simple returns, one a period, and what is said about them. Ratios mean nothing once equity was zero or below, which a
/// return of -1 or less makes it: they are [`Missing::EquityNotPositive`] then.
///
/// P is the number of periods in a year. Rates that are given (`risk_free`, `minimum`) are fractions a period.
#[derive(Debug, Clone, Copy)]
pub struct Returns<'a> {
    values: &'a [f64],
    periods: Option<f64>,
    usable: Result<(), Missing>,
    moments: Result<Moments, Missing>,
}

impl<'a> Returns<'a> {
    /// Takes a series, and P where it is known: a finite number greater than zero. Without it nothing is annualised.
    #[must_use]
    pub fn new(values: &'a [f64], periods_per_year: impl Into<Option<f64>>) -> Self {
        let usable = usable(values);
        Self {
            values,
            periods: periods_per_year.into().filter(|periods| periods.is_finite() && *periods > 0.0),
            usable,
            moments: usable.and_then(|()| Moments::of(values)),
        }
    }

    /// The series.
    #[must_use]
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// P.
    #[must_use]
    pub fn periods_per_year(&self) -> Option<f64> {
        self.periods
    }

    /// The first four moments, per period.
    ///
    /// # Errors
    /// Why there are none.
    pub fn moments(&self) -> Result<Moments, Missing> {
        self.moments
    }

    /// Compounded return, `product(1 + r) - 1`.
    #[must_use]
    pub fn total_return(&self) -> Figure {
        self.growth().map(|growth| growth - 1.0).into()
    }

    /// Compound growth a year, `product(1 + r)^(P / n) - 1` (empyrical's `annual_return`).
    #[must_use]
    pub fn cagr(&self) -> Figure {
        self.annual_growth().into()
    }

    /// Mean return a period.
    #[must_use]
    pub fn mean(&self) -> Figure {
        self.usable.map(|()| mean(self.values.iter().copied())).into()
    }

    /// Standard deviation (ddof 1) times `sqrt(P)`.
    #[must_use]
    pub fn volatility(&self) -> Figure {
        self.moments.and_then(|moments| self.by_root(moments.deviation)).into()
    }

    /// `mean(r - risk_free) / std(r, ddof 1) * sqrt(P)` (Sharpe 1994; empyrical).
    #[must_use]
    pub fn sharpe(&self, risk_free: f64) -> Figure {
        let per_period = |moments: Moments| Ok((moments.mean - finite(risk_free)?) / moments.deviation);
        self.moments.and_then(per_period).and_then(|ratio| self.by_root(ratio)).into()
    }

    /// `sqrt(mean(min(r - minimum, 0)^2))` over all returns, a period; not annualised (Bacon's downside risk,
    /// `DownsideDeviation` of PerformanceAnalytics with the method `full`).
    #[must_use]
    pub fn downside_deviation(&self, minimum: f64) -> Figure {
        self.downside(minimum).into()
    }

    /// `mean(r - minimum) / downside deviation * sqrt(P)` (Sortino and Price 1994; empyrical).
    #[must_use]
    pub fn sortino(&self, minimum: f64) -> Figure {
        let ratio = || {
            let Moments { mean, .. } = self.moments?;
            let downside = self.downside(minimum)?;
            if downside <= noise(mean) {
                return Err(Missing::NoLosingPeriods);
            }
            self.by_root((mean - minimum) / downside)
        };
        ratio().into()
    }

    /// Sum of `r - threshold` where it is above zero over the size of the sum where it is below (Keating and Shadwick
    /// 2002). At a threshold of 0 it is the gain-loss ratio of Bernardo and Ledoit (2000).
    #[must_use]
    pub fn omega(&self, threshold: f64) -> Figure {
        let ratio = || {
            self.usable?;
            let threshold = finite(threshold)?;
            let part =
                |sign: f64| total(self.values.iter().map(|value| (sign * (value - threshold)).max(0.0)));
            let (gains, losses) = (part(1.0), part(-1.0));
            let count = as_number(self.values.len() as u64);
            if losses / count <= NOISE { Err(Missing::NoLosingPeriods) } else { Ok(gains / losses) }
        };
        ratio().into()
    }

    /// Skewness, [`Moments::skewness`].
    #[must_use]
    pub fn skewness(&self) -> Figure {
        self.moments.map(|moments| moments.skewness).into()
    }

    /// Raw kurtosis, [`Moments::kurtosis`].
    #[must_use]
    pub fn kurtosis(&self) -> Figure {
        self.moments.map(|moments| moments.kurtosis).into()
    }

    /// Largest fall from an earlier peak as a share of it, zero or below; the equity before the first return counts.
    #[must_use]
    pub fn max_drawdown(&self) -> Figure {
        self.drawdown().into()
    }

    /// CAGR over the size of the largest drawdown (Young 1991).
    #[must_use]
    pub fn calmar(&self) -> Figure {
        let ratio = || {
            let depth = -self.drawdown()?;
            if depth <= NOISE { Err(Missing::NoDrawdown) } else { Ok(self.annual_growth()? / depth) }
        };
        ratio().into()
    }

    /// Share of the returns that are above zero.
    #[must_use]
    pub fn share_positive(&self) -> Figure {
        let positive = self.values.iter().filter(|value| **value > 0.0).count();
        let share = || as_number(positive as u64) / as_number(self.values.len() as u64);
        self.usable.map(|()| share()).into()
    }

    /// The largest return.
    #[must_use]
    pub fn best(&self) -> Figure {
        self.usable.map(|()| self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)).into()
    }

    /// The smallest return.
    #[must_use]
    pub fn worst(&self) -> Figure {
        self.usable.map(|()| self.values.iter().copied().fold(f64::INFINITY, f64::min)).into()
    }

    pub(super) fn usable(&self) -> Result<(), Missing> {
        self.usable
    }

    /// What is per period and grows with the root of time, a year.
    fn by_root(&self, value: f64) -> Result<f64, Missing> {
        self.periods.map(|periods| value * periods.sqrt()).ok_or(Missing::UnknownPeriod)
    }

    fn growth(&self) -> Result<f64, Missing> {
        self.usable?;
        finite(self.values.iter().fold(1.0, |growth, value| growth * (1.0 + value)))
    }

    fn annual_growth(&self) -> Result<f64, Missing> {
        annual_growth(self.values.iter().copied(), self.periods)
    }

    fn downside(&self, minimum: f64) -> Result<f64, Missing> {
        self.usable?;
        let minimum = finite(minimum)?;
        let below = |value: &f64| (value - minimum).min(0.0);
        finite(mean(self.values.iter().map(|value| below(value) * below(value))).sqrt())
    }

    fn drawdown(&self) -> Result<f64, Missing> {
        self.usable?;
        let (mut equity, mut peak, mut deepest) = (1.0_f64, 1.0_f64, 0.0_f64);
        for value in self.values {
            equity *= 1.0 + value;
            peak = peak.max(equity);
            deepest = deepest.min(equity / peak - 1.0);
        }
        finite(equity)?;
        finite(deepest)
    }
}

/// Compound growth a year of returns, each of which is above -1.
pub(super) fn annual_growth(
    returns: impl ExactSizeIterator<Item = f64>,
    periods: Option<f64>,
) -> Result<f64, Missing> {
    let count = as_number(returns.len() as u64);
    let mut growth = 1.0;
    for value in returns {
        if value <= -1.0 {
            return Err(Missing::EquityNotPositive);
        }
        growth *= 1.0 + value;
    }
    if count == 0.0 {
        return Err(Missing::NoData);
    }
    let periods = periods.ok_or(Missing::UnknownPeriod)?;
    // A product that has left the range of floating point would end as a plausible growth of -100 %.
    if growth <= 0.0 {
        return Err(Missing::NotRepresentable);
    }
    finite(libm::pow(finite(growth)?, periods / count) - 1.0)
}

/// Fails where returns are none, not finite, or take all that there is.
fn usable(values: &[f64]) -> Result<(), Missing> {
    match () {
        () if values.is_empty() => Err(Missing::NoData),
        () if values.iter().any(|value| !value.is_finite()) => Err(Missing::NotRepresentable),
        () if values.iter().any(|value| *value <= -1.0) => Err(Missing::EquityNotPositive),
        () => Ok(()),
    }
}

/// The returns of an equity curve: `equity / equity before - 1`, the first against `initial`.
///
/// # Errors
/// [`Missing::EquityNotPositive`] when equity, `initial` included, was ever zero or below, and
/// [`Missing::NotRepresentable`] when it or a return is not finite.
pub fn equity_returns(initial: f64, equity: &[f64]) -> Result<Vec<f64>, Missing> {
    let mut last = initial;
    let step = |value: &f64| {
        if !(last > 0.0 && *value > 0.0) {
            return Err(if (last + value).is_finite() {
                Missing::EquityNotPositive
            } else {
                Missing::NotRepresentable
            });
        }
        let step = finite(value / last - 1.0);
        last = *value;
        step
    };
    equity.iter().map(step).collect()
}

#[cfg(test)]
mod tests;
