//! Validated bars, as columns in shared memory, and views of them between two times.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_buffer::Buffer;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stratbox_domain::{Bar, BarSource, Columns, Digest, Instrument, KeyBuilder};

use crate::assembly;
use crate::chunk::Chunk;
use crate::resample::LeftOut;
use crate::rules::{Breach, Rules};
use crate::source::Source;
use crate::spool::bytes_of;
use crate::timing::{Clock, Timing};
use crate::{MarketError, Place};

/// Bars of one or more instruments, in the order of time, then of instrument.
///
/// Every bar keeps what [`Bar`] promises, and no instrument has two bars of one time. Immutable and cheap to share:
/// columns are slices of one mapped file, or of memory if the bars never were in a file.
///
/// The last instruments may be *views*: slower bars of the others ([`tradable`](Self::tradable) says how many come
/// before them). A view's row stands where its bar is known to have closed, after rows of later times, and its time is
/// when it opened. Steps, spans and times are those of the other rows.
pub struct Dataset {
    columns: Columns,
    summary: Summary,
    origin: Origin,
}

/// What is known of rows because of where they come from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// When bars of each instrument that can be traded close.
    pub(crate) clocks: Vec<Clock>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// What there is to know of rows without reading them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    instruments: Vec<Instrument>,
    tradable: u32,
    steps: u64,
    /// Of the first and the last row that is no view's.
    span: Option<(i64, i64)>,
    digest: Digest,
}

/// Takes note of rows while they pass by.
#[derive(Clone)]
pub(crate) struct Contents {
    tradable: u32,
    rows: u64,
    steps: u64,
    span: Option<(i64, i64)>,
    /// Instruments, times and prices.
    hashers: [blake3::Hasher; 3],
}

impl Contents {
    pub(crate) fn new(tradable: u32) -> Self {
        Self { tradable, rows: 0, steps: 0, span: None, hashers: Default::default() }
    }

    /// Adds rows: instruments, times and prices.
    pub(crate) fn add(&mut self, columns: [&[u8]; 3]) {
        for (instrument, time) in columns[0].as_chunks().0.iter().zip(columns[1].as_chunks().0) {
            self.rows += 1;
            if u32::from_le_bytes(*instrument) >= self.tradable {
                continue;
            }
            let time = i64::from_le_bytes(*time);
            let (first, last) = self.span.map_or((time, None), |(first, last)| (first, Some(last)));
            self.steps += u64::from(last != Some(time));
            self.span = Some((first, time));
        }
        for (hasher, column) in self.hashers.iter_mut().zip(columns) {
            hasher.update(column);
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// What the rows are. Symbols are among it: a strategy is told them, so they can change what it does.
    pub(crate) fn finish(self, instruments: Vec<Instrument>) -> Summary {
        let start = KeyBuilder::new("stratbox dataset").field("tradable", &self.tradable.to_le_bytes());
        let key = instruments.iter().fold(start, |key, it| key.field("symbol", it.symbol.as_bytes()));
        let named = ["instrument", "time", "ohlcv"].into_iter().zip(&self.hashers);
        let key = named.fold(key, |key, (name, hasher)| key.field(name, hasher.finalize().as_bytes()));
        let Self { tradable, steps, span, .. } = self;
        Summary { instruments, tradable, steps, span, digest: key.finish() }
    }
}

impl Dataset {
    /// The bars of all `sources`, merged by time. Instruments are in the order of the sources.
    ///
    /// Views come after all instruments that can be traded, in the same order. What was read is kept as `<digest>.arrow` in `cache_dir`, which is made if there is none and must be writable by
    /// this installation only. As long as files and symbols stay the same, later calls, by any process, map that file
    /// and parse nothing. A file there that is damaged or of another origin is written anew.
    ///
    /// # Errors
    /// A source that cannot be read, the first value that breaks a rule, instruments whose bars do not open and close
    /// together, or a cache that cannot be written.
    pub fn open(sources: &[Source], cache_dir: &Path) -> Result<Arc<Self>, MarketError> {
        assembly::open(sources, cache_dir).map(Arc::new)
    }

    /// A dataset in memory. Bars of one instrument are in the order of time; instruments may be mixed in any way.
    ///
    /// # Errors
    /// No bars, the first value that breaks a rule, with its place in the list, or instruments whose bars do not open and
    /// close together.
    pub fn from_bars(instruments: Vec<Instrument>, bars: Vec<Bar>) -> Result<Self, MarketError> {
        if bars.is_empty() {
            return Err(MarketError::NoBars);
        }
        let at = |place, (column, problem): Breach| {
            MarketError::invalid(place, column.names()[0].to_owned(), problem)
        };
        let mut rules = Rules::default();
        for (index, instrument) in instruments.into_iter().enumerate() {
            rules.add(instrument.symbol).map_err(|breach| at(Place::Instrument(index), breach))?;
        }
        let mut rows = Chunk::default();
        for (index, bar) in bars.into_iter().enumerate() {
            rules.take(&bar).map_err(|breach| at(Place::Bar(index), breach))?;
            rows.push(&bar);
        }
        let mut timing = Timing::new(rules.instruments(), rules.clocks())?;
        rows.sort();
        if timing.matters() {
            let mut times = rows.instrument.iter().zip(&rows.time);
            times.try_for_each(|(instrument, time)| timing.note(*instrument, *time))?;
        }
        timing.finish()?;
        let origin = Origin { clocks: rules.clocks().to_vec(), left_out: Vec::new() };
        Ok(Self::of_rows(rules.instruments().to_vec(), rules.len() as u32, &rows, origin))
    }

    /// Rows that are in order.
    fn of_rows(instruments: Vec<Instrument>, tradable: u32, rows: &Chunk, origin: Origin) -> Self {
        let columns = Columns {
            rows: rows.len(),
            instrument: aligned(&bytes_of(&rows.instrument, u32::to_le_bytes)),
            time: aligned(&bytes_of(&rows.time, i64::to_le_bytes)),
            ohlcv: aligned(&bytes_of(rows.ohlcv.as_flattened(), f64::to_le_bytes)),
        };
        let summary = summary(instruments, tradable, &columns);
        Self { columns, summary, origin }
    }

    /// Takes columns that were validated and digested before.
    pub(crate) fn from_parts(columns: Columns, summary: Summary, origin: Origin) -> Self {
        Self { columns, summary, origin }
    }

    /// Last bars that were not made of shorter ones, because the data end in the middle of them.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.origin.left_out
    }

    /// One bar.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn bar(&self, row: u64) -> Bar {
        let row = usize::try_from(row).unwrap_or(usize::MAX);
        let columns = &self.columns;
        let prices: &[[u8; 8]] = cells(&columns.ohlcv);
        let [open, high, low, close, volume] = prices.as_chunks().0[row].map(f64::from_le_bytes);
        Bar {
            instrument: u32::from_le_bytes(cells(&columns.instrument)[row]),
            time: i64::from_le_bytes(cells(&columns.time)[row]),
            open,
            high,
            low,
            close,
            volume,
        }
    }

    /// The time of each row that is no view's, nanoseconds since the Unix epoch, UTC. With several instruments, times
    /// repeat.
    pub fn times(&self) -> impl Iterator<Item = i64> {
        times(&self.columns, self.summary.tradable)
    }

    /// Times of the first and the last row of one instrument; `None` if it has none.
    #[must_use]
    pub fn span_of(&self, instrument: u32) -> Option<(i64, i64)> {
        let owners = cells(&self.columns.instrument);
        let is_its = |owner: &[u8; 4]| u32::from_le_bytes(*owner) == instrument;
        let (first, last) = (owners.iter().position(is_its)?, owners.iter().rposition(is_its)?);
        let times = cells(&self.columns.time);
        Some((i64::from_le_bytes(times[first]), i64::from_le_bytes(times[last])))
    }

    /// The rows that open from `from` on and close by `to`, nanoseconds since the Unix epoch; without a bound, all on that
    /// side. A bar that opens before `to` and closes after it is left out, for it holds later prices; one that opens a
    /// nanosecond before is in, for that names it as the last one. May be empty. Reads those rows once, for their digest. A
    /// view's row belongs to where it stands: it comes along with the row before it.
    #[must_use]
    pub fn view(self: &Arc<Self>, from: Option<i64>, to: Option<i64>) -> DatasetView {
        self.view_within(0..self.columns.rows, from, to)
    }

    /// The same, of some rows.
    fn view_within(self: &Arc<Self>, rows: Range<usize>, from: Option<i64>, to: Option<i64>) -> DatasetView {
        let all = self.columns.rows;
        let start = from.map_or(0, |from| self.first_at(from)).clamp(rows.start, rows.end);
        let end = to.map_or(all, |to| self.end_at(to)).clamp(start, rows.end);
        let columns = slice(&self.columns, start..end);
        let summary = if (start, end) == (0, all) {
            self.summary.clone()
        } else {
            summary(self.summary.instruments.clone(), self.summary.tradable, &columns)
        };
        DatasetView { dataset: Arc::clone(self), start, columns, summary }
    }

    /// Where rows end that close by a time. No bar opens inside another instrument's, so that only those of the last time
    /// before can close after it.
    fn end_at(&self, bound: i64) -> usize {
        let end = self.first_at(bound);
        let (owners, times) = (cells(&self.columns.instrument), cells(&self.columns.time));
        let row = |row: usize| (u32::from_le_bytes(owners[row]), i64::from_le_bytes(times[row]));
        let rows = || (0..end).rev().map(row).filter(|(owner, _)| *owner < self.summary.tradable);
        let Some((_, last)) = rows().next().filter(|(_, last)| bound.saturating_sub(1) > *last) else {
            return end;
        };
        let clock = |owner: u32| self.origin.clocks.get(owner as usize);
        let late = |owner| clock(owner).is_some_and(|clock| clock.close(last) > bound);
        let straddles = rows().take_while(|(_, time)| *time == last).any(|(owner, _)| late(owner));
        if straddles { self.first_at(last) } else { end }
    }

    /// The first row from a time on that is no view's.
    fn first_at(&self, bound: i64) -> usize {
        let (owners, times) = (cells(&self.columns.instrument), cells(&self.columns.time));
        let is_view = |row: usize| u32::from_le_bytes(owners[row]) >= self.summary.tradable;
        // Rows before `low` are too early; the row at `high`, if there is one, is not and is no view's.
        let (mut low, mut high) = (0, times.len());
        while low < high {
            let middle = low + (high - low) / 2;
            // A view's row is as early as the row before it that is no view's.
            let Some(row) = (low..=middle).rev().find(|row| !is_view(*row)) else {
                low = middle + 1;
                continue;
            };
            if i64::from_le_bytes(times[row]) < bound {
                low = middle + 1;
            } else {
                high = row;
            }
        }
        high
    }
}

impl BarSource for Dataset {
    fn instruments(&self) -> &[Instrument] {
        &self.summary.instruments
    }

    fn tradable(&self) -> u32 {
        self.summary.tradable
    }

    fn rows(&self) -> u64 {
        self.columns.rows as u64
    }

    fn steps(&self) -> u64 {
        self.summary.steps
    }

    fn span(&self) -> Option<(i64, i64)> {
        self.summary.span
    }

    fn digest(&self) -> Digest {
        self.summary.digest
    }

    fn columns(&self, start: u64, count: u32) -> Columns {
        chunk(&self.columns, start, count)
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.columns.rows;
        f.debug_struct("Dataset")
            .field("rows", &rows)
            .field("digest", &self.summary.digest)
            .finish_non_exhaustive()
    }
}

/// The rows of a dataset between two times. Shares the dataset's memory; may be empty.
///
/// Its digest is of its instruments and rows alone: that of a dataset with just these rows, whatever else they were cut
/// from.
#[derive(Clone)]
pub struct DatasetView {
    dataset: Arc<Dataset>,
    /// Row of the dataset that is this view's first.
    start: usize,
    columns: Columns,
    summary: Summary,
}

impl DatasetView {
    /// One bar, counted from the view's first.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn bar(&self, row: u64) -> Bar {
        assert!(row < self.rows(), "row {row} of a view of {} rows", self.rows());
        self.dataset.bar(self.start as u64 + row)
    }

    /// The time of each row that is no view's, nanoseconds since the Unix epoch, UTC. With several instruments, times
    /// repeat.
    pub fn times(&self) -> impl Iterator<Item = i64> {
        times(&self.columns, self.tradable())
    }

    /// The rows of this view that open from a time on and close by another, as [`Dataset::view`] takes them.
    #[must_use]
    pub fn part(&self, (from, to): (Option<i64>, Option<i64>)) -> Self {
        self.dataset.view_within(self.start..self.start + self.columns.rows, from, to)
    }

    /// What [`Dataset::left_out`] says of the dataset.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        self.dataset.left_out()
    }

    /// Instruments of the dataset that can be traded and have no row here.
    #[must_use]
    pub fn absent(&self) -> Vec<u32> {
        let mut present = vec![false; self.tradable() as usize];
        for owner in cells(&self.columns.instrument) {
            if let Some(present) = present.get_mut(u32::from_le_bytes(*owner) as usize) {
                *present = true;
            }
        }
        (0_u32..).zip(present).filter_map(|(instrument, is)| (!is).then_some(instrument)).collect()
    }
}

impl BarSource for DatasetView {
    fn instruments(&self) -> &[Instrument] {
        &self.summary.instruments
    }

    fn tradable(&self) -> u32 {
        self.dataset.tradable()
    }

    fn rows(&self) -> u64 {
        self.columns.rows as u64
    }

    fn steps(&self) -> u64 {
        self.summary.steps
    }

    fn span(&self) -> Option<(i64, i64)> {
        self.summary.span
    }

    fn digest(&self) -> Digest {
        self.summary.digest
    }

    fn columns(&self, start: u64, count: u32) -> Columns {
        chunk(&self.columns, start, count)
    }
}

impl fmt::Debug for DatasetView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.columns.rows;
        f.debug_struct("DatasetView")
            .field("rows", &rows)
            .field("digest", &self.summary.digest)
            .finish_non_exhaustive()
    }
}

fn summary(instruments: Vec<Instrument>, tradable: u32, columns: &Columns) -> Summary {
    let mut contents = Contents::new(tradable);
    contents.add([&columns.instrument, &columns.time, &columns.ohlcv]);
    contents.finish(instruments)
}

/// Bytes where any column's values may begin.
fn aligned(bytes: &[u8]) -> Bytes {
    Bytes::from_owner(Buffer::from(bytes))
}

fn cells<const N: usize>(column: &Bytes) -> &[[u8; N]] {
    column.as_chunks().0
}

fn times(columns: &Columns, tradable: u32) -> impl Iterator<Item = i64> {
    let rows = cells(&columns.instrument).iter().zip(cells(&columns.time));
    let ours = rows.filter(move |(owner, _)| u32::from_le_bytes(**owner) < tradable);
    ours.map(|(_, time)| i64::from_le_bytes(*time))
}

/// Rows from `start`, at most `count`: fewer at the end, none after it.
pub(crate) fn chunk(columns: &Columns, start: u64, count: u32) -> Columns {
    let start = usize::try_from(start).unwrap_or(usize::MAX).min(columns.rows);
    let end = start.saturating_add(count as usize).min(columns.rows);
    slice(columns, start..end)
}

fn slice(columns: &Columns, rows: Range<usize>) -> Columns {
    let cut = |column: &Bytes, width: usize| column.slice(rows.start * width..rows.end * width);
    Columns {
        rows: rows.len(),
        instrument: cut(&columns.instrument, 4),
        time: cut(&columns.time, 8),
        ohlcv: cut(&columns.ohlcv, 40),
    }
}
