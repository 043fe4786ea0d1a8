//! Bars to longer bars.

use serde::{Deserialize, Serialize};

use crate::MarketError;
use crate::chunk::Prices;
use crate::frequent::Frequent;
use crate::span::{Bucket, Buckets};

/// A last bar that was not made, because the data end in the middle of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The instrument.
    pub symbol: String,
    /// When the bar would have opened, nanoseconds since the Unix epoch.
    pub time: i64,
    /// How many bars it would have been made of.
    pub bars: u64,
}

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
    pub(crate) bars: u64,
}

/// When in their day (or week, or whatever they are collected in) data end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    usual: Frequent,
    /// The last day, and how far into it data reach.
    last: Option<(i128, u64)>,
}

impl Ends {
    /// Takes note of a bucket whose last bar closes at `closes`.
    pub(crate) fn note(&mut self, buckets: &Buckets, bucket: Bucket, closes: i64) {
        let reach = buckets.reach(bucket, closes);
        if let Some(before) = self.last.replace(reach).filter(|before| before.0 != reach.0) {
            self.usual.add(before.1);
        }
    }

    /// Whether data end no earlier in the last day than they usually did in those before.
    pub(crate) fn is_whole(&self) -> bool {
        self.last.zip(self.usual.most()).is_some_and(|((_, reached), (usual, _))| reached >= usual)
    }
}

impl Collector {
    pub(crate) fn new(buckets: Buckets) -> Self {
        Self { buckets, open: None }
    }

    /// What has been collected since the last bar was taken out.
    pub(crate) fn current(&self) -> Option<&Collected> {
        self.open.as_ref()
    }

    pub(crate) fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// Refuses the bar that was added last if it closes after its bucket.
    pub(crate) fn check(&self, opens: i64, closes: i64, symbol: &str) -> Result<(), MarketError> {
        match &self.open {
            Some(Collected { bucket, .. }) if closes > bucket.end => {
                let (symbol, span, ends) = (symbol.to_owned(), self.buckets.span(), bucket.end);
                Err(MarketError::Straddles { symbol, span, opens, closes, ends })
            }
            _ => Ok(()),
        }
    }

    /// Takes what has been collected out.
    pub(crate) fn take(&mut self) -> Option<Collected> {
        self.open.take()
    }

    /// Adds a bar, later than all before; a bucket that it is not in any more comes out.
    pub(crate) fn add(&mut self, time: i64, bar: &Prices) -> Option<Collected> {
        if let Some(Collected { bucket, ohlcv: [_, high, low, close, volume], bars }) = &mut self.open
            && time < bucket.end
        {
            *high = high.max(bar[1]);
            *low = low.min(bar[2]);
            *close = bar[3];
            *volume += bar[4];
            *bars += 1;
            return None;
        }
        self.open.replace(Collected { bucket: self.buckets.of(time), ohlcv: *bar, bars: 1 })
    }
}
