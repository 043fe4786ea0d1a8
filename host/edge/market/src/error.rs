//! What can be wrong with market data, in words that lead to the cell and to the remedy.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::DateError;
use crate::date::show;

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// An empty list of sources.
    #[error("no market data: name at least one CSV file")]
    NoSources,
    /// An empty list of bars.
    #[error("no bars: a dataset needs at least one")]
    NoBars,
    /// A source could not be read.
    #[error("cannot read `{}`: check that it is a file and that you may read it", path.display())]
    Read {
        /// The source.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A source is larger than this reader takes into memory.
    #[error("`{}` is larger than {limit} bytes: split it into a file for each instrument", path.display())]
    TooLarge {
        /// The source.
        path: PathBuf,
        /// The most that is read, bytes.
        limit: u64,
    },
    /// The cache could not be written, or not be read back.
    #[error(
        "cannot keep bars in `{}`: check that the directory may be written and has room, or name another",
        path.display()
    )]
    Cache {
        /// The file in the cache, or the cache's directory.
        path: PathBuf,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Two instruments' bars are of different lengths.
    #[error(
        "bars of `{}` are {} long and those of `{}` {}: the longer ones would show the future, so resample them to \
         one length, or leave one instrument out",
        symbols[0], lengths[0], symbols[1], lengths[1]
    )]
    DifferentLengths {
        /// The instruments.
        symbols: [String; 2],
        /// Smallest distances of their bars, such as `1 h`.
        lengths: [String; 2],
    },
    /// Two instruments' bars are of one length and open at different times.
    #[error(
        "bars of `{}` and of `{}` are {length} long but do not open together: some of the former open {} past a full \
         {length} (counted from 1970-01-01, UTC), the latter {} past it; the later ones would show the future, so \
         resample them to one time of day, or leave one instrument out",
        symbols[0], symbols[1], phases[0], phases[1]
    )]
    DifferentPhases {
        /// The instruments.
        symbols: [String; 2],
        /// Length of their bars, such as `1 h`.
        length: String,
        /// When a bar of the first opens that has no like among those of the second, and when one of the second does.
        phases: [String; 2],
    },
    /// The first value that breaks a rule.
    #[error("{place}, column `{column}`: {problem}")]
    Invalid {
        /// Where it stands.
        place: Place,
        /// The column's name in the header, or its number, from one, if the header has no such column.
        column: String,
        /// The rule it breaks.
        problem: Box<Problem>,
    },
}

impl MarketError {
    pub(crate) fn invalid(place: Place, column: String, problem: Problem) -> Self {
        Self::Invalid { place, column, problem: Box::new(problem) }
    }
}

/// Where a bad value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On a line of a file, counted from one, as an editor shows it.
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// In a list of bars, counted from zero.
    Bar(usize),
    /// In a list of instruments, counted from zero.
    Instrument(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { path, line } => write!(f, "`{}` line {line}", path.display()),
            Self::Bar(index) => write!(f, "bar {index}"),
            Self::Instrument(index) => write!(f, "instrument {index}"),
        }
    }
}

/// A rule that a value breaks, with the value. Text from a file is clipped and escaped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// A file without a byte that counts.
    #[error("the file is empty: it needs a header such as `timestamp,open,high,low,close,volume`, and rows")]
    EmptyFile,
    /// A header and nothing else.
    #[error("no rows follow the header: add some, or leave the file out")]
    NoRows,
    /// A header's cell that means nothing here.
    #[error(
        "unknown header: use `timestamp` (or `date`), `open`, `high`, `low`, `close`, `volume` and, if wanted, \
         `symbol` (or `instrument`) or `adj close`"
    )]
    UnknownHeader,
    /// Two header cells with one meaning.
    #[error("the header has a second column for this: remove one")]
    RepeatedHeader,
    /// A header without a column that every file needs.
    #[error("the header lacks this column: add it (headers are `timestamp,open,high,low,close,volume`)")]
    MissingHeader,
    /// A row with more or fewer cells than the header.
    #[error("the row has {found} cells where the header has {expected}: look for a stray or missing comma")]
    CellCount {
        /// Cells in the row.
        found: usize,
        /// Cells in the header.
        expected: usize,
    },
    /// Bytes that are not text.
    #[error("not UTF-8 text: save the file as UTF-8")]
    NotUtf8,
    /// A cell that cannot be a number, date or symbol.
    #[error("the cell is longer than {limit} bytes: look for a quote that is not closed")]
    LongCell {
        /// The most that a cell may have, bytes.
        limit: usize,
    },
    /// A row that cannot be a bar.
    #[error(
        "the row is longer than {limit} bytes: look for a missing line end or a quote that is not closed"
    )]
    LongRow {
        /// The most that a row may have, bytes.
        limit: usize,
    },
    /// Nothing between two commas.
    #[error("the cell is empty: fill it, or remove the row")]
    EmptyCell,
    /// Yahoo's word for a day it has no bar for.
    #[error("the cell says `null`, which is Yahoo's way to say that it has no bar: remove the row")]
    Null,
    /// Not a number.
    #[error("`{0}` is not a number: write it as `1234.5`")]
    NotANumber(String),
    /// Not a number, or too large for one.
    #[error("`{0}` is not finite: correct it, or remove the row")]
    NotFinite(f64),
    /// A price of nothing or less.
    #[error("price `{0}` is not greater than zero: correct it, or remove the row")]
    NotPositive(f64),
    /// Less than nothing was traded.
    #[error("volume `{0}` is negative: correct it (zero is allowed)")]
    NegativeVolume(f64),
    /// The highest price is not the highest.
    #[error("high `{high}` is below low `{low}`: correct the row, or remove it")]
    HighBelowLow {
        /// Highest price.
        high: f64,
        /// Lowest price.
        low: f64,
    },
    /// A first or last price that was neither between the lowest and the highest nor one of them.
    #[error(
        "`{value}` is outside the bar's range from low `{low}` to high `{high}`: correct the row, or remove it"
    )]
    OutsideRange {
        /// First or last price.
        value: f64,
        /// Lowest price.
        low: f64,
        /// Highest price.
        high: f64,
    },
    /// Not a time.
    #[error(transparent)]
    Date(#[from] DateError),
    /// A time before the one that precedes it.
    #[error(
        "`{}` is before `{}`, the time of the same instrument's row before: sort the rows by time",
        show(*time),
        show(*previous)
    )]
    TimeGoesBack {
        /// This row's time, nanoseconds since the Unix epoch.
        time: i64,
        /// The time before it.
        previous: i64,
    },
    /// A second bar for one time.
    #[error("`{}` is the time of the same instrument's row before, too: remove one of them", show(*time))]
    TimeRepeats {
        /// The time, nanoseconds since the Unix epoch.
        time: i64,
    },
    /// An instrument that is not in the list.
    #[error("instrument `{instrument}` is not one of the {known} in the list: count them from zero")]
    UnknownInstrument {
        /// The index.
        instrument: u32,
        /// Length of the list.
        known: usize,
    },
    /// A name that a table, a log or a path could not show.
    #[error(
        "`{symbol}` cannot be a symbol: use 1 to {limit} bytes of text without control characters",
        limit = crate::builder::MAX_SYMBOL_BYTES
    )]
    BadSymbol {
        /// The name.
        symbol: String,
    },
    /// Two instruments of one name.
    #[error("symbol `{symbol}` is already taken by another instrument: choose another for one of them")]
    DuplicateSymbol {
        /// The name.
        symbol: String,
    },
    /// A symbol given for a file that has its own.
    #[error("symbol `{symbol}` is given for a file with a symbol column: leave it out, or remove the column")]
    NeedlessSymbol {
        /// The name given.
        symbol: String,
    },
    /// More instruments than a run takes.
    #[error("more than {limit} instruments: split the data", limit = crate::builder::MAX_INSTRUMENTS)]
    TooManyInstruments,
}

/// The most of a file's own text that an error repeats, characters: enough to recognise a cell.
const CLIP_CHARS: usize = 40;

/// Text from a file, safe to print: clipped, with what is not visible escaped.
pub(crate) fn clip(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(CLIP_CHARS) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    if text.chars().nth(CLIP_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
