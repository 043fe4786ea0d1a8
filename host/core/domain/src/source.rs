use bytes::Bytes;

use crate::{Digest, Fill, Instrument};

/// A run's bars, as the sandbox reads them. Rows are in the order of time, then of instrument.
pub trait BarSource: Send + Sync {
    /// The instruments; a row's `instrument` is an index into this list.
    fn instruments(&self) -> &[Instrument];
    /// How many of the instruments can be traded: the first ones. The others are slower bars of these, and only shown.
    fn tradable(&self) -> u32;
    /// Number of rows.
    fn rows(&self) -> u64;
    /// Number of time steps: distinct times among the rows of what can be traded.
    fn steps(&self) -> u64;
    /// Times of the first and the last row of what can be traded, nanoseconds since the Unix epoch; `None` without rows.
    fn span(&self) -> Option<(i64, i64)>;
    /// What these rows are, for the run's key: their values and nothing else (not where they came from).
    fn digest(&self) -> Digest;
    /// Rows from `start`, at most `count`, fewer at the end, none after it.
    fn columns(&self, start: u64, count: u32) -> Columns;
}

/// Some rows, a column at a time: the little-endian bytes of each value, `rows` of them. A row's five prices stand
/// together because whoever reads one of them reads them all: one stream instead of five.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Number of rows.
    pub rows: usize,
    /// `u32` each.
    pub instrument: Bytes,
    /// `i64` each, nanoseconds since the Unix epoch.
    pub time: Bytes,
    /// Five `f64` each: open, high, low, close, volume.
    pub ohlcv: Bytes,
}

/// Receives what a run leaves behind, while it runs.
pub trait Recorder: Send + 'static {
    /// The account's equity at the end of further time steps, in order.
    fn equity(&mut self, values: &[f64]);
    /// An execution.
    fn fill(&mut self, fill: &Fill);
    /// Forecasts that were scored, in order: for each its value, and the return of the instrument that followed it.
    fn signals(&mut self, pairs: &[[f64; 2]]);
}
