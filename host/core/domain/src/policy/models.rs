//! The alternatives among a policy's settings.

/// Where market orders fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum FillAt {
    /// At the open of the next bar.
    #[default]
    NextOpen,
    /// At the close of the bar that they were sent on: optimistic, and marked as such on every result.
    SameClose,
}

/// What fills a limit order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum LimitFill {
    /// A price at the limit or better.
    #[default]
    Touch,
    /// A price better than the limit: at the limit itself others may have been first.
    Penetrate,
}

/// How the fee of a fill is reckoned. Nothing is ever paid to the account.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum FeeModel {
    /// `fee_bps` of the traded value.
    #[default]
    BasisPoints,
    /// An amount a unit, within bounds.
    PerShare(PerShare),
    /// Less for who waits than for who comes.
    MakerTaker(MakerTaker),
}

/// An amount a unit, within bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PerShare {
    /// For each unit, in the account's currency.
    pub amount: f64,
    /// The least that a fill costs.
    #[cfg_attr(feature = "host", serde(default))]
    pub minimum: f64,
    /// The most that a fill costs, as a share of the traded value, also when that is below the minimum.
    #[cfg_attr(feature = "host", serde(default))]
    pub maximum_share: Option<f64>,
}

/// Less for who waits than for who comes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct MakerTaker {
    /// Basis points of the traded value for a limit order that fills at its limit inside a bar.
    pub maker_bps: f64,
    /// Basis points of the traded value for every other fill.
    pub taker_bps: f64,
}

/// How far market and stop fills are moved against the order, never out of the bar's range.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum SlippageModel {
    /// By `slippage_bps` of the price.
    #[default]
    BasisPoints,
    /// By half a spread, in basis points of the price.
    HalfSpreadBps(f64),
    /// By half a spread, in the price's own units.
    HalfSpread(f64),
    /// By a share of the bar's range, from its low to its high.
    ShareOfRange(f64),
    /// By this coefficient, times the bar's range over its close, times the root of the fill's share of the volume, times
    /// the price.
    SquareRootImpact(f64),
}
