//! What is said about a run.

use std::collections::BTreeMap;

use crate::{Figure, MetricName};

/// A run's figures. Returns are simple, one a time step, the first against the initial equity.
///
/// Serialises as one object: each metric a number or null, and under `missing` the reason for every null one.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// Final over initial equity, less 1.
    pub total_return: Figure,
    /// Compound growth a year, `(final / initial)^(1 / years) - 1`. Years are of 365.25 days, from the first row's time
    /// to the last one's, at least a day.
    pub cagr: Figure,
    /// Standard deviation of the returns (ddof 1) times the root of [`periods_per_year`](Self::periods_per_year).
    pub volatility: Figure,
    /// Mean over standard deviation (ddof 1) of the returns times the root of
    /// [`periods_per_year`](Self::periods_per_year); risk-free rate 0.
    pub sharpe: Figure,
    /// Mean return over the downside deviation (root of the mean square of the returns below 0, over all returns) times
    /// the root of [`periods_per_year`](Self::periods_per_year).
    pub sortino: Figure,
    /// CAGR over the size of the drawdown.
    pub calmar: Figure,
    /// Largest fall of equity from an earlier peak as a share of the peak, zero or below; the initial equity counts.
    pub max_drawdown: Figure,
    /// Share of the closed trades that made money, after fees.
    pub win_rate: Figure,
    /// What winning trades made over what losing trades lost, after fees.
    pub profit_factor: Figure,
    /// Share of the signals whose sign was right.
    pub hit_rate: Figure,
    /// Share of the time steps that ended with a position.
    pub exposure: Figure,
    /// Fees paid, in the account's currency.
    pub fees: Figure,
    /// Equity after the last bar, in the account's currency.
    pub final_equity: Figure,
    /// Interest received, minus interest and borrowing costs paid, in the account's currency.
    pub financing: Figure,
    /// Fills that left a part of their order to wait, or to expire.
    pub partial_fills: Figure,
    /// Orders whose time ran out before they had filled wholly.
    pub expired: Figure,
    /// Accepted orders that the venue took away: for want of funds or of a position, or by a margin call.
    pub dropped: Figure,
    /// Fills by which the venue closed positions after a margin call.
    pub liquidations: Figure,
    /// Closed round trips, from flat to flat.
    pub trades: u64,
    /// Signals that were followed by a bar.
    pub signals: u64,
    /// Executions.
    pub fills: u64,
    /// Orders accepted.
    pub orders: u64,
    /// Orders rejected, by the reason's label; only reasons that occurred.
    pub rejections: BTreeMap<String, u64>,
    /// Periods a year that the figures above are annualised with; `None` when nobody knows.
    pub periods_per_year: Option<f64>,
}

impl Metrics {
    /// One metric by its name.
    #[must_use]
    pub fn get(&self, name: MetricName) -> Figure {
        let count = |count| Figure::of(crate::periods::as_number(count));
        match name {
            MetricName::TotalReturn => self.total_return,
            MetricName::Cagr => self.cagr,
            MetricName::Volatility => self.volatility,
            MetricName::Sharpe => self.sharpe,
            MetricName::Sortino => self.sortino,
            MetricName::Calmar => self.calmar,
            MetricName::MaxDrawdown => self.max_drawdown,
            MetricName::WinRate => self.win_rate,
            MetricName::ProfitFactor => self.profit_factor,
            MetricName::HitRate => self.hit_rate,
            MetricName::Exposure => self.exposure,
            MetricName::Fees => self.fees,
            MetricName::FinalEquity => self.final_equity,
            MetricName::Trades => count(self.trades),
            MetricName::Signals => count(self.signals),
            MetricName::Financing => self.financing,
            MetricName::PartialFills => self.partial_fills,
            MetricName::Expired => self.expired,
            MetricName::Dropped => self.dropped,
            MetricName::Liquidations => self.liquidations,
        }
    }
}
