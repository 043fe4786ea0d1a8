//! The one gate to a dataset: every rule that a bar has to keep, alone, after the bars
//! before it and beside those of other instruments.

use std::collections::HashMap;

use stratbox_domain::{Bar, Instrument};

use crate::Problem;
use crate::chunk::Prices;
use crate::error::clip;
use crate::timing::Clock;

/// The longest symbol, bytes: what a column of a report can show.
pub(crate) const MAX_SYMBOL_BYTES: usize = 64;
/// The most instruments: more than any exchange lists, and few enough for a list that every run is given.
pub(crate) const MAX_INSTRUMENTS: usize = 65_536;

/// What a column of a file means. In the order in which a row's cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Time,
    Open,
    High,
    Low,
    Close,
    Volume,
    Symbol,
    /// Read by nobody, unless it is to be adjusted to.
    AdjustedClose,
    /// The time of day, beside a date.
    TimeOfDay,
}

impl Column {
    /// Every column.
    pub(crate) const ALL: [Self; 9] = [
        Self::Time,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::Symbol,
        Self::AdjustedClose,
        Self::TimeOfDay,
    ];

    /// The names in a header, lower case, with blanks for whatever else stands between words; the first is what it is
    /// called where there is no header.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Time => {
                &["timestamp", "date", "datetime", "date time", "time", "ts", "open time", "index level 0"]
            }
            Self::Open => &["open", "o", "open price", "first"],
            Self::High => &["high", "h", "high price", "max"],
            Self::Low => &["low", "l", "low price", "min"],
            Self::Close => &["close", "c", "close price", "last"],
            Self::Volume => &["volume", "v", "vol", "tickvol", "tick volume"],
            Self::Symbol => &["symbol", "instrument", "ticker"],
            Self::AdjustedClose => &["adj close", "adjclose", "adjusted close"],
            Self::TimeOfDay => &["time"],
        }
    }

    /// The column of a name in a header. `has_date` says whether another is called `date`: then `time` is its time of day.
    pub(crate) fn named(name: &str, has_date: bool) -> Option<Self> {
        let words = normal(name);
        if has_date && words == "time" {
            return Some(Self::TimeOfDay);
        }
        Self::ALL.into_iter().find(|column| column.names().contains(&words.as_str()))
    }

    /// Whether a file may lack it.
    pub(crate) fn optional(self) -> bool {
        matches!(self, Self::Symbol | Self::AdjustedClose | Self::TimeOfDay)
    }
}

/// Whether one of a header's names is a date's, which has its time of day beside it if it has one.
pub(crate) fn has_date<'n>(mut names: impl Iterator<Item = &'n str>) -> bool {
    names.any(|name| normal(name) == "date")
}

/// A name in lower case, without brackets, its words apart by one blank.
pub(crate) fn normal(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-' | '<' | '>'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The column that breaks a rule, and the rule.
pub(crate) type Breach = (Column, Problem);

/// Knows the instruments and when each had its last bar, and refuses what breaks a rule.
#[derive(Default)]
pub(crate) struct Rules {
    instruments: Vec<Instrument>,
    /// Each instrument's.
    clocks: Vec<Clock>,
    /// Index of each symbol.
    index: HashMap<String, u32>,
}

impl Rules {
    /// The instrument of this name.
    pub(crate) fn find(&self, symbol: &str) -> Option<u32> {
        self.index.get(symbol).copied()
    }

    /// Adds an instrument. Its index is the number of those before it.
    pub(crate) fn add(&mut self, symbol: String) -> Result<u32, Breach> {
        let refuse = |problem| Err((Column::Symbol, problem));
        if symbol.is_empty() || symbol.len() > MAX_SYMBOL_BYTES || symbol.contains(char::is_control) {
            return refuse(Problem::BadSymbol { symbol: clip(&symbol) });
        }
        if self.index.contains_key(&symbol) {
            return refuse(Problem::DuplicateSymbol { symbol });
        }
        let Some(index) =
            u32::try_from(self.instruments.len()).ok().filter(|&i| (i as usize) < MAX_INSTRUMENTS)
        else {
            return refuse(Problem::TooManyInstruments);
        };
        self.index.insert(symbol.clone(), index);
        self.instruments.push(Instrument { symbol });
        self.clocks.push(Clock::default());
        Ok(index)
    }

    /// Takes note of a bar. Bars of one instrument come in the order of time; instruments may come in any order.
    pub(crate) fn take(&mut self, bar: &Bar) -> Result<(), Breach> {
        check(bar)?;
        self.tick(bar.instrument, bar.time)
    }

    /// Takes note of the time of a bar that keeps the other rules.
    pub(crate) fn tick(&mut self, instrument: u32, time: i64) -> Result<(), Breach> {
        let known = self.clocks.len();
        let clock = self
            .clocks
            .get_mut(instrument as usize)
            .ok_or((Column::Symbol, Problem::UnknownInstrument { instrument, known }))?;
        match clock.last {
            Some(previous) if time < previous => {
                Err((Column::Time, Problem::TimeGoesBack { time, previous }))
            }
            Some(previous) if time == previous => Err((Column::Time, Problem::TimeRepeats { time })),
            _ => {
                clock.tick(time);
                Ok(())
            }
        }
    }

    /// Takes note of many times of one instrument, if each is later than the one before it. Whether they were.
    #[cfg(feature = "parquet")]
    pub(crate) fn tick_all(&mut self, instrument: u32, times: &[i64]) -> bool {
        let Some(clock) = self.clocks.get_mut(instrument as usize) else { return false };
        let Some(first) = times.first() else { return true };
        let rises = times.windows(2).fold(true, |rises, pair| rises & (pair[0] < pair[1]));
        if !rises || clock.last.is_some_and(|before| before >= *first) {
            return false;
        }
        times.iter().for_each(|time| clock.tick(*time));
        true
    }

    /// When the instrument had its last bar.
    pub(crate) fn last(&self, instrument: u32) -> Option<i64> {
        self.clocks.get(instrument as usize)?.last
    }

    pub(crate) fn clock_mut(&mut self, instrument: u32) -> Option<&mut Clock> {
        self.clocks.get_mut(instrument as usize)
    }

    /// Each instrument's.
    pub(crate) fn clocks(&self) -> &[Clock] {
        &self.clocks
    }

    /// Number of instruments so far.
    pub(crate) fn len(&self) -> usize {
        self.instruments.len()
    }

    pub(crate) fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }
}

/// Refuses a bar that breaks a rule that bars keep alone. They are exact: vendors that round a bar's four prices do so alike, so that a close
/// above the high, however slightly, is an error in the data, and the venue relies on there being none.
pub(crate) fn check(bar: &Bar) -> Result<(), Breach> {
    if sound(&[bar.open, bar.high, bar.low, bar.close, bar.volume]) {
        return Ok(());
    }
    let Bar { open, high, low, close, volume, .. } = *bar;
    let prices = [(Column::Open, open), (Column::High, high), (Column::Low, low), (Column::Close, close)];
    for (column, value) in prices.into_iter().chain([(Column::Volume, volume)]) {
        if !value.is_finite() {
            return Err((column, Problem::NotFinite(value)));
        }
    }
    for (column, value) in prices {
        if value <= 0.0 {
            return Err((column, Problem::NotPositive(value)));
        }
    }
    if volume < 0.0 {
        return Err((Column::Volume, Problem::NegativeVolume(volume)));
    }
    if high < low {
        return Err((Column::High, Problem::HighBelowLow { high, low }));
    }
    for (column, value) in [(Column::Open, open), (Column::Close, close)] {
        if !(low..=high).contains(&value) {
            return Err((column, Problem::OutsideRange { value, low, high }));
        }
    }
    Ok(())
}

/// Whether a bar keeps those rules: without a branch, for millions.
#[inline]
pub(crate) fn sound(&[open, high, low, close, volume]: &Prices) -> bool {
    // What is not a number is neither greater nor less. A low above zero and a high below infinity bound the others.
    (low > 0.0)
        & (high < f64::INFINITY)
        & (low <= open)
        & (open <= high)
        & (low <= close)
        & (close <= high)
        & (0.0..f64::INFINITY).contains(&volume)
}
