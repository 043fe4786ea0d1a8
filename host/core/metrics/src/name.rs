//! The metrics by name: what can be ranked by and what a gate can ask for.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
}

/// A metric that runs can be compared by. Fields of [`Metrics`](crate::Metrics) that say nothing about how good a run
/// is (`fills`, `orders`, `rejections`) have no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// [`Metrics::total_return`](crate::Metrics::total_return)
    TotalReturn,
    /// [`Metrics::cagr`](crate::Metrics::cagr)
    Cagr,
    /// [`Metrics::volatility`](crate::Metrics::volatility)
    Volatility,
    /// [`Metrics::sharpe`](crate::Metrics::sharpe)
    Sharpe,
    /// [`Metrics::sortino`](crate::Metrics::sortino)
    Sortino,
    /// [`Metrics::calmar`](crate::Metrics::calmar)
    Calmar,
    /// [`Metrics::max_drawdown`](crate::Metrics::max_drawdown)
    MaxDrawdown,
    /// [`Metrics::win_rate`](crate::Metrics::win_rate)
    WinRate,
    /// [`Metrics::profit_factor`](crate::Metrics::profit_factor)
    ProfitFactor,
    /// [`Metrics::hit_rate`](crate::Metrics::hit_rate)
    HitRate,
    /// [`Metrics::exposure`](crate::Metrics::exposure)
    Exposure,
    /// [`Metrics::fees`](crate::Metrics::fees)
    Fees,
    /// [`Metrics::final_equity`](crate::Metrics::final_equity)
    FinalEquity,
    /// [`Metrics::trades`](crate::Metrics::trades)
    Trades,
    /// [`Metrics::signals`](crate::Metrics::signals)
    Signals,
    /// [`Metrics::financing`](crate::Metrics::financing)
    Financing,
    /// [`Metrics::partial_fills`](crate::Metrics::partial_fills)
    PartialFills,
    /// [`Metrics::expired`](crate::Metrics::expired)
    Expired,
    /// [`Metrics::dropped`](crate::Metrics::dropped)
    Dropped,
    /// [`Metrics::liquidations`](crate::Metrics::liquidations)
    Liquidations,
}

impl MetricName {
    /// Every metric, in the order of reports.
    pub const ALL: [Self; 20] = [
        Self::TotalReturn,
        Self::Cagr,
        Self::Volatility,
        Self::Sharpe,
        Self::Sortino,
        Self::Calmar,
        Self::MaxDrawdown,
        Self::WinRate,
        Self::ProfitFactor,
        Self::HitRate,
        Self::Exposure,
        Self::Fees,
        Self::FinalEquity,
        Self::Trades,
        Self::Signals,
        Self::Financing,
        Self::PartialFills,
        Self::Expired,
        Self::Dropped,
        Self::Liquidations,
    ];

    /// The name, as in reports and settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TotalReturn => "total_return",
            Self::Cagr => "cagr",
            Self::Volatility => "volatility",
            Self::Sharpe => "sharpe",
            Self::Sortino => "sortino",
            Self::Calmar => "calmar",
            Self::MaxDrawdown => "max_drawdown",
            Self::WinRate => "win_rate",
            Self::ProfitFactor => "profit_factor",
            Self::HitRate => "hit_rate",
            Self::Exposure => "exposure",
            Self::Fees => "fees",
            Self::FinalEquity => "final_equity",
            Self::Trades => "trades",
            Self::Signals => "signals",
            Self::Financing => "financing",
            Self::PartialFills => "partial_fills",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
            Self::Liquidations => "liquidations",
        }
    }

    /// Which way it gets better. A drawdown is zero or below, so higher is better; of exposure less is better, as the
    /// same result for less time at risk; of what the venue did to orders less; of trades and signals more is better, as more evidence.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::Volatility
            | Self::Exposure
            | Self::Fees
            | Self::PartialFills
            | Self::Expired
            | Self::Dropped
            | Self::Liquidations => Direction::LowerIsBetter,
            Self::TotalReturn
            | Self::Cagr
            | Self::Sharpe
            | Self::Sortino
            | Self::Calmar
            | Self::MaxDrawdown
            | Self::WinRate
            | Self::ProfitFactor
            | Self::HitRate
            | Self::FinalEquity
            | Self::Trades
            | Self::Signals
            | Self::Financing => Direction::HigherIsBetter,
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Text that names no metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMetric(pub String);

impl fmt::Display for UnknownMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a metric: use one of ", self.0)?;
        MetricName::ALL.iter().enumerate().try_for_each(|(index, name)| {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}`{name}`")
        })
    }
}

impl std::error::Error for UnknownMetric {}

impl FromStr for MetricName {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, UnknownMetric> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| UnknownMetric(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_survives_its_text_and_its_json_form() {
        for name in MetricName::ALL {
            assert_eq!(name.as_str().parse(), Ok(name));
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let message = "sharp".parse::<MetricName>().unwrap_err().to_string();
        assert!(
            message.starts_with("`sharp` is not a metric: use one of `total_return`, `cagr`"),
            "{message}"
        );
        assert!(message.ends_with("`liquidations`"), "{message}");
    }

    #[test]
    fn a_smaller_drawdown_is_better_because_drawdowns_are_negative() {
        assert_eq!(MetricName::MaxDrawdown.direction(), Direction::HigherIsBetter);
        assert_eq!(MetricName::Fees.direction(), Direction::LowerIsBetter);
    }
}
