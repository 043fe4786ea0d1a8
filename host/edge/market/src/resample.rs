//! Bars to longer bars.

use crate::chunk::Prices;
use crate::span::{Bucket, Buckets};

/// Collects the bars of one bucket after another.
#[derive(Debug, Clone)]
pub(crate) struct Collector {
    buckets: Buckets,
    open: Option<Collected>,
}

/// The bars of a bucket so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collected {
    pub(crate) bucket: Bucket,
    pub(crate) ohlcv: Prices,
}

impl Collector {
    pub(crate) fn new(buckets: Buckets) -> Self {
        Self { buckets, open: None }
    }

    /// What has been collected since the last bar was taken out.
    pub(crate) fn current(&self) -> Option<&Collected> {
        self.open.as_ref()
    }

    /// Takes what has been collected out.
    pub(crate) fn take(&mut self) -> Option<Collected> {
        self.open.take()
    }

    /// Adds a bar, later than all before; a bucket that it is not in any more comes out.
    pub(crate) fn add(&mut self, time: i64, bar: &Prices) -> Option<Collected> {
        if let Some(Collected { bucket, ohlcv: [_, high, low, close, volume] }) = &mut self.open
            && time < bucket.end
        {
            *high = high.max(bar[1]);
            *low = low.min(bar[2]);
            *close = bar[3];
            *volume += bar[4];
            return None;
        }
        self.open.replace(Collected { bucket: self.buckets.of(time), ohlcv: *bar })
    }
}
