//! What every reader hands its rows to: times are settled, rules checked, and what breaks one counted.

use std::collections::BTreeMap;

use stratbox_domain::Bar;

use crate::chunk::{Chunk, Prices, ROWS};
use crate::date::{Either, When};
use crate::error::clip;
use crate::options::{Adjust, Stamp};
use crate::rules::{Breach, Column, Rules, check};
use crate::source::{Prepared, Source};
use crate::span::DAY;
use crate::{MarketError, Place, Problem};

/// The most rows of one instrument that can wait for a later one to tell which of two times they mean.
const MAX_WAITING: usize = 100_000;

/// Receives chunks, with the line (or row) of each bar, counted from one.
pub(crate) type Out<'a> = &'a mut dyn FnMut(&Chunk, &[u64]) -> Result<(), MarketError>;

/// What was learnt of a file on the way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) rows: u64,
    /// Whether some times had no offset, so that the zone's was used.
    pub(crate) local: bool,
    /// Whether all were days without a time of day.
    pub(crate) days: bool,
    /// How many times that exist twice were settled by the order of the rows.
    pub(crate) settled: u64,
    /// What stands between cells.
    pub(crate) delimiter: Option<char>,
    /// The order of day and month that the file decided.
    pub(crate) date_format: Option<crate::options::DateFormat>,
}

/// A row whose local time was twice.
struct Waiting {
    place: u64,
    times: (i64, i64),
    ohlcv: Prices,
}

/// A column that breaks a rule: what it means, or what the header calls it.
#[derive(Debug)]
pub(crate) enum Culprit {
    Column(Column),
    Name(String),
}

/// The first row that breaks a rule, and how many there are.
#[derive(Default)]
pub(crate) struct Flaws {
    first: Option<(u64, Culprit, Problem)>,
    count: u64,
}

impl Flaws {
    pub(crate) fn add(&mut self, place: u64, culprit: Culprit, problem: Problem) {
        self.count += 1;
        if self.first.as_ref().is_none_or(|(first, ..)| place < *first) {
            self.first = Some((place, culprit, problem));
        }
    }

    /// What to say of them: where the first is, and the number of others.
    pub(crate) fn error(
        &mut self,
        at: impl FnOnce(u64) -> Place,
        name: impl FnOnce(Column) -> String,
    ) -> Option<MarketError> {
        let (place, culprit, problem) = self.first.take()?;
        let column = match culprit {
            Culprit::Column(column) => name(column),
            Culprit::Name(name) => name,
        };
        Some(MarketError::Invalid {
            place: at(place),
            column,
            problem: Box::new(problem),
            more: self.count - 1,
        })
    }
}

/// Where the rows of one file go.
pub(crate) struct Intake<'a> {
    pub(crate) rules: &'a mut Rules,
    prepared: &'a Prepared,
    out: Out<'a>,
    chunk: Chunk,
    places: Vec<u64>,
    /// Rows of each instrument that wait for a later one.
    waiting: BTreeMap<u32, Vec<Waiting>>,
    pub(crate) flaws: Flaws,
    pub(crate) facts: Facts,
    pub(crate) owner: Owner,
    /// The last row's symbol, which is usually the next one's.
    latest: Option<u32>,
}

/// Who says which instrument a bar is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    /// The source: this one.
    Source(u32),
    /// The row; the file's instruments are those from `first` on.
    Row { first: usize },
}

impl<'a> Intake<'a> {
    /// `has_symbols` says whether the file names its instruments itself.
    pub(crate) fn new(
        source: &Source,
        prepared: &'a Prepared,
        rules: &'a mut Rules,
        has_symbols: bool,
        out: Out<'a>,
    ) -> Result<Self, Breach> {
        let owner = match (&source.symbol, has_symbols) {
            (_, false) => Owner::Source(add(rules, prepared, source.name())?),
            (Some(symbol), true) => {
                return Err((Column::Symbol, Problem::NeedlessSymbol { symbol: clip(symbol) }));
            }
            (None, true) => Owner::Row { first: rules.len() },
        };
        Ok(Self {
            rules,
            prepared,
            out,
            chunk: Chunk::default(),
            places: Vec::new(),
            waiting: BTreeMap::new(),
            flaws: Flaws::default(),
            facts: Facts { days: true, ..Facts::default() },
            owner,
            latest: None,
        })
    }

    /// The instrument of a row that says itself whose it is.
    pub(crate) fn instrument(&mut self, symbol: &str) -> Result<u32, Breach> {
        let Owner::Row { first } = self.owner else { return Ok(0) };
        if let Some(latest) = self.latest
            && self.rules.instruments()[latest as usize].symbol == symbol
        {
            return Ok(latest);
        }
        // An instrument of an earlier source is not this file's to add to: `add` refuses the name.
        let known = self.rules.find(symbol).filter(|&instrument| instrument as usize >= first);
        let found = known.map_or_else(|| add(self.rules, self.prepared, symbol.to_owned()), Ok)?;
        self.latest = Some(found);
        Ok(found)
    }

    /// Takes a row.
    pub(crate) fn offer(
        &mut self,
        place: u64,
        when: When,
        instrument: u32,
        ohlcv: Prices,
        adjusted: Option<f64>,
    ) -> Result<(), Breach> {
        let mut bar = bar(instrument, 0, ohlcv);
        check(&bar)?;
        if let Some(adjusted) = adjusted {
            adjust(&mut bar, adjusted)?;
        }
        self.facts.local |= when.is_local;
        self.facts.days &= when.is_day;
        let ohlcv = [bar.open, bar.high, bar.low, bar.close, bar.volume];
        match when.moment {
            Either::This(time) => {
                if !self.waiting.is_empty() {
                    self.give_up(instrument);
                }
                let whole_day = when.is_day && self.prepared.options.stamp == Stamp::Close;
                self.keep(place, if whole_day { self.next_day(time) } else { time }, instrument, ohlcv)
            }
            Either::Of(earlier, later) => self.wait(place, (earlier, later), instrument, ohlcv),
        }
    }

    /// A bar that is known to keep the rules but for its time's.
    pub(crate) fn keep(
        &mut self,
        place: u64,
        time: i64,
        instrument: u32,
        ohlcv: Prices,
    ) -> Result<(), Breach> {
        self.rules.tick(instrument, time)?;
        self.chunk.instrument.push(instrument);
        self.chunk.time.push(time);
        self.chunk.ohlcv.push(ohlcv);
        self.places.push(place);
        Ok(())
    }

    /// Bars of one instrument from a place on, if all keep the rules; otherwise none of them. Whether they were taken.
    #[cfg(feature = "parquet")]
    pub(crate) fn keep_all(
        &mut self,
        place: u64,
        instrument: u32,
        times: &[i64],
        prices: impl Fn(usize) -> Prices,
    ) -> bool {
        let rows = times.len();
        let before = self.chunk.ohlcv.len();
        self.chunk.ohlcv.extend((0..rows).map(prices));
        let sound = self.chunk.ohlcv[before..].iter().fold(true, |all, row| all & crate::rules::sound(row));
        if !sound || !self.waiting.is_empty() || !self.rules.tick_all(instrument, times) {
            self.chunk.ohlcv.truncate(before);
            return false;
        }
        self.chunk.instrument.resize(before + rows, instrument);
        self.chunk.time.extend_from_slice(times);
        self.places.extend(place..place + rows as u64);
        self.facts.days &= rows == 0;
        true
    }

    /// The end of a local day that begins at `time`.
    fn next_day(&self, time: i64) -> i64 {
        let zone = &self.prepared.zone;
        zone.moment(zone.local(time) + i128::from(DAY))
    }

    /// A row whose time was twice waits until a row that goes back on the clock shows where the second time begins.
    fn wait(&mut self, place: u64, times: (i64, i64), instrument: u32, ohlcv: Prices) -> Result<(), Breach> {
        let (earlier, later) = times;
        let row = Waiting { place, times, ohlcv };
        let waiting = self.waiting.entry(instrument).or_default();
        match waiting.last() {
            None if self.rules.last(instrument).is_none_or(|last| last < earlier) => waiting.push(row),
            // One at least as late was settled before.
            None => {
                self.facts.settled += 1;
                return self.keep(place, later, instrument, ohlcv);
            }
            Some(last) if last.times.0 < earlier && earlier - waiting[0].times.0 < later - earlier => {
                waiting.push(row);
            }
            Some(last) if last.times.0 < earlier => {
                self.give_up(instrument);
                return self.wait(place, times, instrument, ohlcv);
            }
            Some(_) => {
                let first_time = std::mem::take(waiting);
                self.facts.settled += first_time.len() as u64 + 1;
                for row in first_time {
                    if let Err((column, problem)) = self.keep(row.place, row.times.0, instrument, row.ohlcv) {
                        self.flaws.add(row.place, Culprit::Column(column), problem);
                    }
                }
                return self.keep(place, later, instrument, ohlcv);
            }
        }
        if waiting.len() > MAX_WAITING {
            self.give_up(instrument);
        }
        Ok(())
    }

    /// No later row will tell.
    fn give_up(&mut self, instrument: u32) {
        let times = self.prepared.times();
        for row in self.waiting.remove(&instrument).unwrap_or_default() {
            let problem = Problem::Date(times.repeated(row.times.0));
            self.flaws.add(row.place, Culprit::Column(Column::Time), problem);
        }
    }

    /// Whether the file's own adjusted close is to be read.
    pub(crate) fn adjusts(&self) -> bool {
        reads_adjusted(self.prepared)
    }

    /// Hands on what has come together.
    pub(crate) fn pass_on(&mut self) -> Result<(), MarketError> {
        if self.chunk.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), MarketError> {
        self.facts.rows += self.chunk.len() as u64;
        // What follows a flaw is of no use but to be counted.
        if self.flaws.count == 0 && !self.chunk.is_empty() {
            (self.out)(&self.chunk, &self.places)?;
        }
        self.chunk.clear();
        self.places.clear();
        Ok(())
    }

    /// Whether nothing at all was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.facts.rows == 0 && self.chunk.is_empty() && self.flaws.count == 0 && self.waiting.is_empty()
    }

    /// Settles what is left.
    pub(crate) fn finish(&mut self) -> Result<(), MarketError> {
        let left: Vec<u32> = self.waiting.keys().copied().collect();
        left.into_iter().for_each(|instrument| self.give_up(instrument));
        self.flush()
    }
}

fn add(rules: &mut Rules, prepared: &Prepared, symbol: String) -> Result<u32, Breach> {
    let index = rules.add(symbol)?;
    if let Some(clock) = rules.clock_mut(index) {
        clock.zone = prepared.zone.changes().then(|| prepared.zone.clone());
    }
    Ok(index)
}

pub(crate) fn bar(instrument: u32, time: i64, [open, high, low, close, volume]: Prices) -> Bar {
    Bar { instrument, time, open, high, low, close, volume }
}

/// Scales the prices of a bar to its adjusted close. One factor leaves the order of the four as it is.
fn adjust(bar: &mut Bar, adjusted: f64) -> Result<(), Breach> {
    let refuse = |problem| Err((Column::AdjustedClose, problem));
    if !adjusted.is_finite() {
        return refuse(Problem::NotFinite(adjusted));
    }
    if adjusted <= 0.0 {
        return refuse(Problem::NotPositive(adjusted));
    }
    let factor = adjusted / bar.close;
    for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
        *price *= factor;
        if !(price.is_finite() && *price > 0.0) {
            return refuse(Problem::Unadjustable { value: *price });
        }
    }
    Ok(())
}

/// Whether the file's own adjusted close is to be read.
pub(crate) fn reads_adjusted(prepared: &Prepared) -> bool {
    prepared.options.adjust == Some(Adjust::AdjClose)
}
