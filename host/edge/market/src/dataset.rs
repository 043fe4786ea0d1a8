//! Validated bars, as columns in shared memory, and views of them between two times.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use stratbox_domain::{Bar, BarSource, Columns, Digest, Instrument, KeyBuilder};

use crate::builder::{Breach, Builder};
use crate::cache;
use crate::read;
use crate::source::{self, Source, SourceBytes};
use crate::{MarketError, Place};

/// Bars of one or more instruments, in the order of time, then of instrument.
///
/// Every bar keeps what [`Bar`] promises, and no instrument has two bars of one time. Immutable and cheap to share:
/// columns are slices of one mapped file, or of memory if the bars never were in a file.
pub struct Dataset {
    instruments: Vec<Instrument>,
    columns: Columns,
    steps: u64,
    digest: Digest,
}

impl Dataset {
    /// The bars of all `sources`, merged by time. Instruments are in the order of the sources.
    ///
    /// What was read is kept as `<digest>.arrow` in `cache_dir`, which is made if there is none and must be writable by
    /// this installation only. As long as files and symbols stay the same, later calls, by any process, map that file
    /// and parse nothing. A file there that is damaged or of another origin is written anew.
    ///
    /// # Errors
    /// A source that cannot be read, the first value that breaks a rule, instruments whose bars do not open and close
    /// together, or a cache that cannot be written.
    pub fn open(sources: &[Source], cache_dir: &Path) -> Result<Arc<Self>, MarketError> {
        if sources.is_empty() {
            return Err(MarketError::NoSources);
        }
        let files = sources.iter().map(SourceBytes::read).collect::<Result<Vec<_>, _>>()?;
        let key = source::digest(&files, cache::FORMAT);
        let path = cache_dir.join(format!("{key}.arrow"));
        if let Ok(dataset) = cache::load(&path, &key) {
            return Ok(Arc::new(dataset));
        }
        let (instruments, columns) = read::parse(&files)?;
        let parsed = Self::from_columns(instruments, columns);
        cache::store(&path, &key, &parsed)
            .and_then(|()| cache::load(&path, &key))
            .map(Arc::new)
            .map_err(|source| MarketError::Cache { path, source })
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
        let mut builder = Builder::default();
        for (index, instrument) in instruments.into_iter().enumerate() {
            builder.add(instrument.symbol).map_err(|breach| at(Place::Instrument(index), breach))?;
        }
        for (index, bar) in bars.into_iter().enumerate() {
            builder.push(bar).map_err(|breach| at(Place::Bar(index), breach))?;
        }
        let (instruments, columns) = builder.finish()?;
        Ok(Self::from_columns(instruments, columns))
    }

    fn from_columns(instruments: Vec<Instrument>, columns: Columns) -> Self {
        let digest = content_digest(&instruments, &columns);
        Self::from_parts(instruments, columns, digest)
    }

    /// Takes columns that were validated and digested before.
    pub(crate) fn from_parts(instruments: Vec<Instrument>, columns: Columns, digest: Digest) -> Self {
        let steps = steps(&columns.time);
        Self { instruments, columns, steps, digest }
    }

    /// All rows.
    pub(crate) fn all(&self) -> &Columns {
        &self.columns
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

    /// Each row's time, nanoseconds since the Unix epoch, UTC. With several instruments, times repeat.
    pub fn times(&self) -> impl Iterator<Item = i64> {
        times(&self.columns.time)
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

    /// The rows from `from` on and before `to`, nanoseconds since the Unix epoch; without a bound, all on that side.
    /// May be empty. Reads those rows once, for their digest.
    #[must_use]
    pub fn view(self: &Arc<Self>, from: Option<i64>, to: Option<i64>) -> DatasetView {
        let times = cells(&self.columns.time);
        let first_at = |bound: i64| times.partition_point(|time| i64::from_le_bytes(*time) < bound);
        let start = from.map_or(0, first_at);
        let end = to.map_or(times.len(), first_at).max(start);
        let columns = slice(&self.columns, start..end);
        let digest = content_digest(&self.instruments, &columns);
        DatasetView { dataset: Arc::clone(self), start, steps: steps(&columns.time), columns, digest }
    }
}

impl BarSource for Dataset {
    fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    fn rows(&self) -> u64 {
        self.columns.rows as u64
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn span(&self) -> Option<(i64, i64)> {
        span(&self.columns.time)
    }

    fn digest(&self) -> Digest {
        self.digest
    }

    fn columns(&self, start: u64, count: u32) -> Columns {
        chunk(&self.columns, start, count)
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.columns.rows;
        f.debug_struct("Dataset").field("rows", &rows).field("digest", &self.digest).finish_non_exhaustive()
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
    steps: u64,
    digest: Digest,
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

    /// Each row's time, nanoseconds since the Unix epoch, UTC. With several instruments, times repeat.
    pub fn times(&self) -> impl Iterator<Item = i64> {
        times(&self.columns.time)
    }

    /// Instruments of the dataset that have no row here.
    #[must_use]
    pub fn absent(&self) -> Vec<u32> {
        let mut present = vec![false; self.dataset.instruments.len()];
        for owner in cells(&self.columns.instrument) {
            present[u32::from_le_bytes(*owner) as usize] = true;
        }
        (0_u32..).zip(present).filter_map(|(instrument, is)| (!is).then_some(instrument)).collect()
    }
}

impl BarSource for DatasetView {
    fn instruments(&self) -> &[Instrument] {
        &self.dataset.instruments
    }

    fn rows(&self) -> u64 {
        self.columns.rows as u64
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn span(&self) -> Option<(i64, i64)> {
        span(&self.columns.time)
    }

    fn digest(&self) -> Digest {
        self.digest
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
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// What the rows are. Symbols are among it: a strategy is told them, so they can change what it does.
fn content_digest(instruments: &[Instrument], columns: &Columns) -> Digest {
    let start = KeyBuilder::new("stratbox dataset");
    let key = instruments.iter().fold(start, |key, it| key.field("symbol", it.symbol.as_bytes()));
    key.field("instrument", &columns.instrument)
        .field("time", &columns.time)
        .field("ohlcv", &columns.ohlcv)
        .finish()
}

fn cells<const N: usize>(column: &Bytes) -> &[[u8; N]] {
    column.as_chunks().0
}

fn times(column: &Bytes) -> impl Iterator<Item = i64> {
    cells(column).iter().map(|cell| i64::from_le_bytes(*cell))
}

fn steps(column: &Bytes) -> u64 {
    let changes = cells::<8>(column).windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
    changes + u64::from(!column.is_empty())
}

fn span(column: &Bytes) -> Option<(i64, i64)> {
    let times = cells(column);
    Some((i64::from_le_bytes(*times.first()?), i64::from_le_bytes(*times.last()?)))
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
