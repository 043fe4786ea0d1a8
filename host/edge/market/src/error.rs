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
    /// A source has more rows than are read.
    #[error("`{}` has more than {limit} rows: split it", path.display())]
    TooManyRows {
        /// The source.
        path: PathBuf,
        /// The most that are read.
        limit: u64,
    },
    /// A compressed source unpacks to more than is read.
    #[error(
        "`{}` unpacks to more than {limit} bytes: split it, or, if you did not expect that much, do not trust it",
        path.display()
    )]
    Bomb {
        /// The source.
        path: PathBuf,
        /// The most that is unpacked, bytes.
        limit: u64,
    },
    /// A compressed source that does not unpack to its end.
    #[error(
        "`{}` line {line}: the {packing} data are cut off or damaged here: fetch or pack the file again",
        path.display()
    )]
    Packed {
        /// The source.
        path: PathBuf,
        /// `gzip` or `zstd`.
        packing: &'static str,
        /// The line at which unpacking fails, counted from one.
        line: u64,
        /// The unpacker's answer.
        source: io::Error,
    },
    /// A source in a format that is not read.
    #[error("`{}` {problem}", path.display())]
    Format {
        /// The source.
        path: PathBuf,
        /// What it is, and what to do.
        problem: String,
    },
    /// A source changed while it was read.
    #[error("`{}` changed while it was read: wait until nobody writes to it", path.display())]
    Changed {
        /// The source.
        path: PathBuf,
    },
    /// A setting of a source that its file does not go with.
    #[error("`{}`: {problem}", path.display())]
    Setting {
        /// The source.
        path: PathBuf,
        /// Which setting, what is wrong, and what to do.
        problem: String,
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
    /// An instrument's bar opens while another's is open.
    #[error(
        "the bar of `{}` at `{}` opens inside that of `{}`, which opens at `{}` and closes at `{}`: it would be traded \
         with a close known that comes later, so make both of shorter bars, with the same `resample`, `timezone` and \
         `session`, or leave one instrument out",
        symbols[1], show(opens[1]), symbols[0], show(opens[0]), show(*closes)
    )]
    Overlap {
        /// The instrument whose bar is open, and the one whose bar opens.
        symbols: [String; 2],
        /// When each opens, nanoseconds since the Unix epoch.
        opens: [i64; 2],
        /// When the first one closes.
        closes: i64,
    },
    /// Bars whose length cannot be told.
    #[error(
        "the row of `{symbol}` at `{}` is {} after the one before it, where rows are usually {} apart: the length of bars \
         cannot be told, so correct or remove it",
        show(*time), distances[0], distances[1]
    )]
    OddRow {
        /// The instrument.
        symbol: String,
        /// The row after the smallest distance, nanoseconds since the Unix epoch.
        time: i64,
        /// The smallest distance and the usual one, such as `1 h`.
        distances: [String; 2],
    },
    /// A bar that is longer than what is left of the longer bar that it would be a part of.
    #[error(
        "the bar of `{symbol}` at `{}` closes at `{}`, after the bar of `{span}` that it would be a part of, which ends \
         at `{}`, so that it would show later prices: choose another length, or the `timezone` or `session` that its bars \
         are counted in",
        show(*opens), show(*closes), show(*ends)
    )]
    Straddles {
        /// The instrument.
        symbol: String,
        /// The length that was asked for.
        span: crate::Span,
        /// When the bar opens, nanoseconds since the Unix epoch.
        opens: i64,
        /// When it closes.
        closes: i64,
        /// When the longer one ends.
        ends: i64,
    },
    /// The first value that breaks a rule.
    #[error("{place}, column `{column}`: {problem}{}", others(*more))]
    Invalid {
        /// Where it stands.
        place: Place,
        /// The column's name in the header, or its number, from one, if the header has no such column.
        column: String,
        /// The rule it breaks.
        problem: Box<Problem>,
        /// How many more rows of the file break a rule.
        more: u64,
    },
}

/// What is said of further rows that break a rule.
fn others(more: u64) -> String {
    match more {
        0 => String::new(),
        1 => " (1 more row of the file breaks a rule)".to_owned(),
        more => format!(" ({} more rows of the file break a rule)", stratbox_domain::grouped(more)),
    }
}

impl MarketError {
    pub(crate) fn invalid(place: Place, column: String, problem: Problem) -> Self {
        Self::Invalid { place, column, problem: Box::new(problem), more: 0 }
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
    /// In a row of a file that has no lines, counted from one; 0 is what stands above all rows.
    Row {
        /// The file.
        path: PathBuf,
        /// The row.
        row: u64,
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
            Self::Row { path, row: 0 } => write!(f, "`{}`", path.display()),
            Self::Row { path, row } => write!(f, "`{}` row {row}", path.display()),
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
    #[error(
        "the row has {found} cells where the header has {expected}: look for a stray or missing {}",
        name_of(*delimiter)
    )]
    CellCount {
        /// Cells in the row.
        found: usize,
        /// Cells in the header.
        expected: usize,
        /// What stands between cells.
        delimiter: char,
    },
    /// A Parquet column of a type that cannot hold what its name says.
    #[error("the column holds {found}, and {expected} was expected: write it as that")]
    WrongType {
        /// The type in the file.
        found: String,
        /// What could be read.
        expected: &'static str,
    },
    /// An adjusted close that leaves nothing of a price, or makes it infinite.
    #[error("adjusting makes `{value}` of a price: correct what it is adjusted by")]
    Unadjustable {
        /// The price that it would be.
        value: f64,
    },
    /// An actions file without a byte that counts.
    #[error("the file is empty: it needs the header `date,kind,value`, and a row for each split or dividend")]
    NoActions,
    /// A header of an actions file that lacks a column or has one that means nothing.
    #[error("the header of splits and dividends is `date,kind,value` and, if wanted, `symbol`")]
    UnknownActionHeader,
    /// A word in an actions file that is no kind of action.
    #[error("`{0}` is no kind of action: write `split` or `dividend`")]
    UnknownAction(String),
    /// A split or dividend whose value makes no sense.
    #[error("a {kind} of `{value}` is impossible: {reason}")]
    BadAction {
        /// `split` or `dividend`.
        kind: &'static str,
        /// What is written.
        value: f64,
        /// Why.
        reason: String,
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
        limit = crate::rules::MAX_SYMBOL_BYTES
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
    #[error("more than {limit} instruments: split the data", limit = crate::rules::MAX_INSTRUMENTS)]
    TooManyInstruments,
}

/// What people call a delimiter.
fn name_of(delimiter: char) -> String {
    match delimiter {
        ',' => "comma".to_owned(),
        '\t' => "tab".to_owned(),
        other => format!("`{other}`"),
    }
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
