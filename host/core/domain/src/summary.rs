use crate::Rejection;

/// What the venue counted during a run.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct VenueSummary {
    /// Equity after the last bar.
    pub final_equity: f64,
    /// Fees paid.
    pub fees: f64,
    /// Time steps: distinct times among the bars.
    pub steps: u64,
    /// Time steps that ended with a position.
    pub steps_in_market: u64,
    /// Orders accepted.
    pub orders: u64,
    /// Orders rejected, by reason, in the order of [`Rejection::ALL`].
    pub rejections: [u64; Rejection::ALL.len()],
    /// Forecasts that were followed by a bar.
    pub signals: u64,
    /// Those whose sign was that of the next bar's return.
    pub signal_hits: u64,
}
