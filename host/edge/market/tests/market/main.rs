//! What the crate promises, from files to columns.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod adjusted;
mod cache;
mod clocks;
mod corpus;
mod forms;
mod inspected;
mod laws;
mod packed;
#[cfg(feature = "parquet")]
mod parquet;
mod refusals;
mod resampled;
mod slower;
mod timing;
mod views;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stratbox_domain::{Bar, BarSource};
use stratbox_market::{Dataset, MarketError, Source, SourceOptions};
use tempfile::TempDir;

/// Nanoseconds in a day.
const DAY: i64 = 86_400_000_000_000;
/// 2020-01-01.
const YEAR_2020: i64 = 18_262 * DAY;

/// A directory with source files and a cache, gone after the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn cache(&self) -> PathBuf {
        self.path().join("cache")
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> Source {
        let path = self.path().join(name);
        fs::write(&path, contents).unwrap();
        Source::new(path)
    }

    fn open(&self, sources: &[Source]) -> Result<Arc<Dataset>, MarketError> {
        Dataset::open(sources, &self.cache())
    }

    /// The names of the files in the cache.
    fn cached(&self) -> Vec<PathBuf> {
        fs::read_dir(self.cache()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// A source that is read with other options.
fn with(source: Source, change: impl FnOnce(&mut SourceOptions)) -> Source {
    let mut options = SourceOptions::default();
    change(&mut options);
    Source { options, ..source }
}

/// A file of bars that differ by their times only, in the words of `header`'s first column.
fn table(times: &[&str]) -> String {
    let rows: String = times.iter().map(|time| format!("{time},10,12,9,11,100\n")).collect();
    format!("timestamp,open,high,low,close,volume\n{rows}")
}

/// A moment in RFC 3339, or a day.
fn at(text: &str) -> i64 {
    stratbox_market::parse_date(text).unwrap()
}

fn bars(dataset: &Dataset) -> Vec<Bar> {
    (0..dataset.rows()).map(|row| dataset.bar(row)).collect()
}

fn symbols(dataset: &Dataset) -> Vec<&str> {
    dataset.instruments().iter().map(|instrument| instrument.symbol.as_str()).collect()
}

/// One of the files that come with the product.
fn shipped(name: &str) -> Source {
    Source::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../example-strategies/data").join(name))
}

/// A bar whose four prices are near `price`.
fn bar(instrument: u32, time: i64, price: f64) -> Bar {
    Bar {
        instrument,
        time,
        open: price,
        high: price + 2.0,
        low: price - 1.0,
        close: price + 1.0,
        volume: 100.0,
    }
}
