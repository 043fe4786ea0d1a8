//! Slower bars beside the bars that they are made of, each delivered when it is known to have closed and not before.

use std::ops::Range;

use stratbox_domain::Instrument;

use crate::MarketError;
use crate::chunk::{Chunk, Prices};
use crate::resample::{Collected, Collector};
use crate::span::Buckets;
use crate::timing::Clock;

/// One slower view of one instrument.
struct View {
    /// Its own index.
    instrument: u32,
    /// Of whose bars it is made.
    symbol: String,
    collector: Collector,
    /// When the last bar that it took closes.
    closes: i64,
}

/// The views of all instruments, while rows pass by in order.
pub(crate) struct Views {
    views: Vec<View>,
    /// Those of each instrument that can be traded.
    of: Vec<Range<usize>>,
    clocks: Vec<Clock>,
    /// The time of the rows that pass by now, which all close together.
    now: Option<i64>,
    /// Views that took one of these rows.
    touched: Vec<usize>,
    /// The first end of a bucket that is open.
    next_end: i64,
}

impl Views {
    /// `buckets` are those of each instrument's views; the views' own indices follow those of all instruments.
    pub(crate) fn new(instruments: &[Instrument], clocks: &[Clock], buckets: Vec<Vec<Buckets>>) -> Self {
        let (mut views, mut of) = (Vec::new(), Vec::new());
        let mut instrument = clocks.len() as u32;
        for (buckets, Instrument { symbol }) in buckets.into_iter().zip(instruments) {
            let start = views.len();
            for buckets in buckets {
                let (symbol, collector) = (symbol.clone(), Collector::new(buckets));
                views.push(View { instrument, symbol, collector, closes: i64::MIN });
                instrument += 1;
            }
            of.push(start..views.len());
        }
        let clocks = clocks.to_vec();
        Self { views, of, clocks, now: None, touched: Vec::new(), next_end: i64::MAX }
    }

    /// Passes rows on to `out`, with the views' rows between them.
    ///
    /// # Errors
    /// A row whose bar closes after that of a view which it would be a part of.
    pub(crate) fn pass(&mut self, rows: &Chunk, out: &mut Chunk) -> Result<(), MarketError> {
        for row in 0..rows.len() {
            let (time, instrument) = rows.key(row);
            if self.now != Some(time) {
                self.end_of_step(out);
                self.before(time, out);
                self.now = Some(time);
            }
            out.push(&rows.bar(row));
            self.take(instrument as usize, time, &rows.ohlcv[row])?;
        }
        Ok(())
    }

    /// After the last row: what its close completes. What the data end in the middle of is never delivered.
    pub(crate) fn finish(&mut self, out: &mut Chunk) {
        self.end_of_step(out);
    }

    fn take(&mut self, instrument: usize, time: i64, bar: &Prices) -> Result<(), MarketError> {
        let range = self.of[instrument].clone();
        if range.is_empty() {
            return Ok(());
        }
        let closes = self.clocks[instrument].close(time);
        for index in range {
            let view = &mut self.views[index];
            // What is due came out before this row.
            view.collector.add(time, bar);
            view.collector.check(time, closes, &view.symbol)?;
            view.closes = closes;
            self.touched.push(index);
            if let Some(open) = view.collector.current() {
                self.next_end = self.next_end.min(open.bucket.end);
            }
        }
        Ok(())
    }

    /// The rows of one time have closed: buckets that their close reaches the end of are complete.
    fn end_of_step(&mut self, out: &mut Chunk) {
        let touched = std::mem::take(&mut self.touched);
        let mut any = false;
        for &index in &touched {
            let view = &mut self.views[index];
            if view.collector.current().is_some_and(|open| view.closes >= open.bucket.end) {
                deliver(view, out);
                any = true;
            }
        }
        self.touched = touched;
        self.touched.clear();
        if any {
            self.find_next_end();
        }
    }

    /// A row opens at `time`: buckets that ended by then are complete.
    fn before(&mut self, time: i64, out: &mut Chunk) {
        if self.next_end > time {
            return;
        }
        let end = |view: &View| view.collector.current().map_or(i64::MAX, |open| open.bucket.end);
        let mut due: Vec<(i64, usize)> = self
            .views
            .iter()
            .enumerate()
            .map(|(index, view)| (end(view), index))
            .filter(|due| due.0 <= time)
            .collect();
        due.sort_unstable();
        for (_, index) in due {
            deliver(&mut self.views[index], out);
        }
        self.find_next_end();
    }

    fn find_next_end(&mut self) {
        let ends = self.views.iter().filter_map(|view| Some(view.collector.current()?.bucket.end));
        self.next_end = ends.min().unwrap_or(i64::MAX);
    }
}

fn deliver(view: &mut View, out: &mut Chunk) {
    if let Some(Collected { bucket, ohlcv, .. }) = view.collector.take() {
        out.instrument.push(view.instrument);
        out.time.push(bucket.start);
        out.ohlcv.push(ohlcv);
    }
}
