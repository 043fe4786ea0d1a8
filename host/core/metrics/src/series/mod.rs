//! Figures of a whole series of returns, when it is at hand: anyone's, or a run's once it is over.

mod benchmark;
mod calendar;
mod correlation;
mod drawdowns;
mod moments;
mod returns;
mod rolling;
mod tails;

pub use benchmark::Relative;
pub use calendar::{CalendarReturn, months, years};
pub use correlation::{
    InformationCoefficients, information_coefficient, newey_west_t, pearson, ranks, spearman,
};
pub use drawdowns::{DrawdownPeriod, drawdown_periods};
pub use moments::Moments;
pub(crate) use moments::{mean, total};
pub use returns::{Returns, equity_returns};
pub use rolling::{Rolling, rolling};
pub use tails::percentile;

#[cfg(test)]
pub(crate) mod tests {
    /// 24 monthly returns of a portfolio, `portfolio_bacon` of PerformanceAnalytics (Bacon 2008).
    pub(crate) const BACON: [f64; 24] = [
        0.003, 0.026, 0.011, -0.010, 0.015, 0.025, 0.016, 0.067, -0.014, 0.040, -0.005, 0.081, 0.040, -0.037,
        -0.061, 0.017, -0.049, -0.022, 0.070, 0.058, -0.065, 0.024, -0.005, -0.009,
    ];

    /// `mixed_returns` of empyrical's `test_stats.py`, without the leading NaN.
    pub(crate) const MIXED: [f64; 8] = [0.01, 0.1, -0.04, 0.02, 0.03, 0.02, 0.01, -0.1];

    /// `weekly_returns` and `monthly_returns` there: the same after a zero.
    pub(crate) const AFTER_ZERO: [f64; 9] = [0.0, 0.01, 0.1, -0.04, 0.02, 0.03, 0.02, 0.01, -0.1];

    /// `negative_returns` there, without the first, as the suite aligns it with `mixed_returns`.
    pub(crate) const NEGATIVE: [f64; 8] = [-0.06, -0.07, -0.01, -0.09, -0.02, -0.06, -0.08, -0.05];
}
