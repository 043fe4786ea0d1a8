use crate::Rejection;

/// What the venue counted during a run.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct VenueSummary {
    /// Equity after the last bar.
    pub final_equity: f64,
    /// Fees paid.
    pub fees: f64,
    /// Interest received, minus interest and borrowing costs paid.
    pub financing: f64,
    /// Time steps: distinct times among the bars.
    pub steps: u64,
    /// Time steps that ended with a position.
    pub steps_in_market: u64,
    /// Orders accepted; what a bracket becomes is not counted again.
    pub orders: u64,
    /// Orders rejected, by reason, in the order of [`Rejection::ALL`].
    pub rejections: [u64; Rejection::ALL.len()],
    /// Fills that left a part of their order to wait, or to expire.
    pub partial_fills: u64,
    /// Orders whose time ran out before they had filled wholly.
    pub expired: u64,
    /// Accepted orders that the venue took away: for want of funds or of a position when they were about to fill, or of a
    /// position that they could have reduced, or by a margin call.
    pub dropped: u64,
    /// Fills by which the venue closed positions after a margin call.
    pub liquidations: u64,
    /// Forecasts that were followed by a bar.
    pub signals: u64,
    /// Those whose sign was that of the next bar's return.
    pub signal_hits: u64,
}
