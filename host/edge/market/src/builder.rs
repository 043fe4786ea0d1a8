//! The one gate to a dataset: every rule that a bar has to keep, alone, after the bars
//! before it and beside those of other instruments.

use std::collections::HashMap;

use arrow_buffer::{ArrowNativeType, Buffer};
use bytes::Bytes;
use stratbox_domain::{Bar, Columns, Instrument};

use crate::error::clip;
use crate::timing::{self, Clock};
use crate::{MarketError, Problem};

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
    /// Read by nobody.
    AdjustedClose,
}

impl Column {
    /// Every column.
    pub(crate) const ALL: [Self; 8] = [
        Self::Time,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::Symbol,
        Self::AdjustedClose,
    ];

    /// The names in a header, lower case; the first is what it is called where there is no header.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Time => &["timestamp", "date"],
            Self::Open => &["open"],
            Self::High => &["high"],
            Self::Low => &["low"],
            Self::Close => &["close"],
            Self::Volume => &["volume"],
            Self::Symbol => &["symbol", "instrument"],
            Self::AdjustedClose => &["adj close"],
        }
    }

    /// Whether a file may lack it.
    pub(crate) fn optional(self) -> bool {
        matches!(self, Self::Symbol | Self::AdjustedClose)
    }
}

/// The column that breaks a rule, and the rule.
pub(crate) type Breach = (Column, Problem);

/// Collects instruments and their bars, refusing what breaks a rule.
#[derive(Default)]
pub(crate) struct Builder {
    instruments: Vec<Instrument>,
    /// Each instrument's.
    clocks: Vec<Clock>,
    /// Index of each symbol.
    index: HashMap<String, u32>,
    bars: Vec<Bar>,
}

impl Builder {
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

    /// Adds a bar. Bars of one instrument come in the order of time; instruments may come in any order.
    pub(crate) fn push(&mut self, bar: Bar) -> Result<(), Breach> {
        check(&bar)?;
        let known = self.clocks.len();
        let clock = self
            .clocks
            .get_mut(bar.instrument as usize)
            .ok_or((Column::Symbol, Problem::UnknownInstrument { instrument: bar.instrument, known }))?;
        let time = bar.time;
        match clock.last {
            Some(previous) if time < previous => {
                return Err((Column::Time, Problem::TimeGoesBack { time, previous }));
            }
            Some(previous) if time == previous => return Err((Column::Time, Problem::TimeRepeats { time })),
            _ => clock.tick(time),
        }
        self.bars.push(bar);
        Ok(())
    }

    /// Number of bars so far.
    pub(crate) fn bars(&self) -> usize {
        self.bars.len()
    }

    /// Number of instruments so far.
    pub(crate) fn instruments(&self) -> usize {
        self.instruments.len()
    }

    /// The instruments, and their bars in the order of time, then of instrument.
    pub(crate) fn finish(mut self) -> Result<(Vec<Instrument>, Columns), MarketError> {
        timing::check(&self.instruments, &self.clocks, &self.bars)?;
        // No two bars have the same key, so the order is one whatever the sort does with equals.
        self.bars.sort_unstable_by_key(|bar| (bar.time, bar.instrument));
        let bars = &self.bars;
        let columns = Columns {
            rows: bars.len(),
            instrument: column(bars, |bar| [bar.instrument]),
            time: column(bars, |bar| [bar.time]),
            ohlcv: column(bars, |bar| [bar.open, bar.high, bar.low, bar.close, bar.volume]),
        };
        Ok((self.instruments, columns))
    }
}

/// Some values of each bar, aligned for their type.
fn column<T: ArrowNativeType, const N: usize>(bars: &[Bar], values: impl Fn(&Bar) -> [T; N]) -> Bytes {
    Bytes::from_owner(Buffer::from_vec(bars.iter().flat_map(values).collect::<Vec<T>>()))
}

/// The rules that a bar keeps alone. They are exact: vendors that round a bar's four prices do so alike, so that a close
/// above the high, however slightly, is an error in the data, and the venue relies on there being none.
fn check(bar: &Bar) -> Result<(), Breach> {
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
