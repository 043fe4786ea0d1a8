//! Some bars, a column at a time: what goes from step to step.

use stratbox_domain::Bar;

/// The most rows that a chunk is filled with.
pub(crate) const ROWS: usize = 8 << 10;

/// Open, high, low, close and volume.
pub(crate) type Prices = [f64; 5];

/// Rows of bars.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Chunk {
    pub(crate) instrument: Vec<u32>,
    pub(crate) time: Vec<i64>,
    pub(crate) ohlcv: Vec<Prices>,
}

impl Chunk {
    pub(crate) fn len(&self) -> usize {
        self.time.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.instrument.clear();
        self.time.clear();
        self.ohlcv.clear();
    }

    pub(crate) fn push(&mut self, bar: &Bar) {
        self.instrument.push(bar.instrument);
        self.time.push(bar.time);
        self.ohlcv.push([bar.open, bar.high, bar.low, bar.close, bar.volume]);
    }

    pub(crate) fn append(&mut self, other: &Self) {
        self.instrument.extend_from_slice(&other.instrument);
        self.time.extend_from_slice(&other.time);
        self.ohlcv.extend_from_slice(&other.ohlcv);
    }

    /// What rows are sorted by.
    pub(crate) fn key(&self, row: usize) -> (i64, u32) {
        (self.time[row], self.instrument[row])
    }

    /// One row.
    pub(crate) fn bar(&self, row: usize) -> Bar {
        let [open, high, low, close, volume] = self.ohlcv[row];
        Bar { instrument: self.instrument[row], time: self.time[row], open, high, low, close, volume }
    }

    #[cfg(test)]
    pub(crate) fn bars(&self) -> impl Iterator<Item = Bar> {
        (0..self.len()).map(|row| self.bar(row))
    }

    /// Puts the rows into the order of time, then of instrument.
    pub(crate) fn sort(&mut self) {
        if (1..self.len()).all(|row| self.key(row - 1) <= self.key(row)) {
            return;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        // No two rows of a dataset have one key, so the order is one whatever the sort does with equals.
        order.sort_unstable_by_key(|&row| self.key(row));
        *self = Self {
            instrument: order.iter().map(|&row| self.instrument[row]).collect(),
            time: order.iter().map(|&row| self.time[row]).collect(),
            ohlcv: order.iter().map(|&row| self.ohlcv[row]).collect(),
        };
    }
}
