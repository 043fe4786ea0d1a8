//! What a user names: a file, and what to call the instrument in it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use stratbox_domain::{Digest, KeyBuilder};

use crate::MarketError;

/// The largest file that is read, bytes: about fifteen million bars, held in memory while they are first read.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// A file of bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A CSV file.
    pub path: PathBuf,
    /// The instrument's name. By default the file's, in capitals, without its extension and a final `-daily`, `-hourly`
    /// or `-minute`: `sp500-daily.csv` holds `SP500`. A file with a symbol column names its instruments itself.
    pub symbol: Option<String>,
}

impl Source {
    /// A file whose instrument has the file's name.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), symbol: None }
    }

    /// What to call the instrument of a file without a symbol column.
    pub(crate) fn name(&self) -> String {
        self.symbol.clone().unwrap_or_else(|| {
            let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().to_uppercase();
            let mut suffixes = ["-DAILY", "-HOURLY", "-MINUTE"].iter();
            suffixes.find_map(|suffix| stem.strip_suffix(suffix)).unwrap_or(&stem).to_owned()
        })
    }
}

/// A source with the bytes that were in its file, so that what is digested is what is parsed.
pub(crate) struct SourceBytes<'a> {
    pub(crate) source: &'a Source,
    pub(crate) bytes: Vec<u8>,
}

impl<'a> SourceBytes<'a> {
    pub(crate) fn read(source: &'a Source) -> Result<Self, MarketError> {
        let bytes = read_bounded(&source.path, MAX_FILE_BYTES)?;
        Ok(Self { source, bytes })
    }
}

/// What a dataset is made from: the same key, the same dataset.
pub(crate) fn digest(sources: &[SourceBytes<'_>], format: u32) -> Digest {
    let start = KeyBuilder::new("stratbox market sources").field("format", &format.to_le_bytes());
    let add = |key: KeyBuilder, file: &SourceBytes<'_>| {
        // A given symbol and a default one differ, even of one text: only the latter goes with a symbol column.
        let origin = if file.source.symbol.is_some() { "symbol" } else { "stem" };
        key.field(origin, file.source.name().as_bytes()).field("bytes", &file.bytes)
    };
    sources.iter().fold(start, add).finish()
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, MarketError> {
    let read = || -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let expected = file.metadata()?.len().min(limit);
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        file.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|source| MarketError::Read { path: path.to_owned(), source })?;
    if bytes.len() as u64 > limit {
        return Err(MarketError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instrument_is_called_what_its_file_is_called() {
        for (path, name) in [
            ("data/sp500-daily.csv", "SP500"),
            ("EURUSD-Hourly.csv", "EURUSD"),
            ("btc-minute.csv", "BTC"),
            ("brent-crude.csv", "BRENT-CRUDE"),
        ] {
            assert_eq!(Source::new(path).name(), name);
        }
        assert_eq!(Source { path: "a.csv".into(), symbol: Some("My Index".into()) }.name(), "My Index");
    }

    #[test]
    fn a_file_is_read_up_to_the_limit_and_refused_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap(), b"12345");
        let refusal = read_bounded(&path, 4).unwrap_err().to_string();
        assert!(refusal.ends_with("a.csv` is larger than 4 bytes: split it into a file for each instrument"));
    }

    #[test]
    fn what_changes_a_dataset_changes_its_key() {
        let key = |symbol: Option<&str>, bytes: &[u8], format| {
            let source = Source { path: "x.csv".into(), symbol: symbol.map(str::to_owned) };
            digest(&[SourceBytes { source: &source, bytes: bytes.to_vec() }], format)
        };
        let base = key(Some("X"), b"rows", 1);
        assert_eq!(key(Some("X"), b"rows", 1), base);
        for other in [
            key(Some("Y"), b"rows", 1),
            key(None, b"rows", 1),
            key(Some("X"), b"row", 1),
            key(Some("X"), b"rows", 2),
        ] {
            assert_ne!(other, base);
        }
    }
}
