//! What a file holds, and what may be wrong with it that breaks no rule. In memory that does not grow with its rows.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::MarketError;
use crate::adjust::Adjustment;
use crate::assembly::{adjustments, read_file};
use crate::calendar::{Calendar, CalendarReport};
use crate::chunk::Chunk;
use crate::date::iso;
use crate::options::{Adjust, DateFormat, Stamp};
use crate::outliers::{Outlier, Returns};
use crate::rules::Rules;
use crate::source::{Opened, Source};
use crate::timing::human;
use crate::zone::Zone;

/// Gaps that are told one by one.
const GAPS: usize = 10;
/// Distances between bars that are counted one by one.
const DISTANCES: usize = 4_096;
/// Instruments that are looked at closely.
const INSTRUMENTS: usize = 256;

/// What was found in a file.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// The file.
    pub path: String,
    /// `csv`, `csv, gzip`, `csv, zstd` or `parquet`.
    pub format: &'static str,
    /// Its size, bytes.
    pub bytes: u64,
    /// BLAKE3 of its bytes, hexadecimal.
    pub digest: String,
    /// What stands between cells.
    pub delimiter: Option<char>,
    /// The order of day and month that the file decided.
    pub date_format: Option<DateFormat>,
    /// The zone of times without an offset, and of days.
    pub timezone: String,
    /// Whether it was named, or UTC because nothing was.
    pub timezone_given: bool,
    /// Whether there are times without an offset, which are of that zone.
    pub local_times: bool,
    /// How many local times that were twice the order of the rows has settled.
    pub settled_by_order: u64,
    /// Which end of a bar times were taken for.
    pub stamp: Stamp,
    /// What prices are to be adjusted for. The figures here are of the prices as they are in the file, unless it is their
    /// own adjusted close.
    pub adjust: Adjust,
    /// Splits and dividends, and what they do.
    pub adjustments: Vec<Adjustment>,
    /// Bars of all instruments.
    pub rows: u64,
    /// How many instruments there are; more than are told of below if there are very many.
    pub instrument_count: usize,
    /// Instruments, in the order of the file.
    pub instruments: Vec<InstrumentReport>,
}

/// What was found of one instrument. Rows are lines of a text file or rows of a Parquet file, counted from one; times are
/// nanoseconds since the Unix epoch, as the file stamps them.
#[derive(Debug, Clone, Serialize)]
pub struct InstrumentReport {
    /// Its name.
    pub symbol: String,
    /// Its bars.
    pub rows: u64,
    /// The first time.
    #[serde(serialize_with = "iso")]
    pub from: i64,
    /// The last time.
    #[serde(serialize_with = "iso")]
    pub to: i64,
    /// The smallest distance between neighbouring bars, such as `1 h`; `None` for a single bar.
    pub spacing: Option<String>,
    /// The most frequent one.
    pub usual_spacing: Option<String>,
    /// When it trades, as far as its bars tell, and what it lacks of that.
    pub calendar: CalendarReport,
    /// The largest distances between neighbouring bars, where they are larger than usual; the largest first.
    pub gaps: Vec<Gap>,
    /// Bars whose close is the one before it.
    pub repeated_closes: u64,
    /// The longest time without another close.
    pub longest_repeat: Option<Run>,
    /// Bars without volume.
    pub zero_volume: u64,
    /// The first of them, its row.
    pub first_zero_volume: Option<u64>,
    /// 1.4826 x the median of |ln(close / previous close)|: a standard deviation that outliers do not move. `None` if
    /// there are too few returns, or more than half are zero.
    pub robust_sigma: Option<f64>,
    /// Returns beyond so many of them.
    pub outliers: u64,
    /// The largest ones.
    pub largest: Vec<Outlier>,
}

/// A distance between neighbouring bars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The row after it.
    pub row: u64,
    /// The time before it.
    #[serde(serialize_with = "iso")]
    pub from: i64,
    /// The time after it.
    #[serde(serialize_with = "iso")]
    pub to: i64,
    /// Its length, such as `3 d`.
    pub length: String,
}

/// Rows in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The first.
    pub row: u64,
    /// How many.
    pub rows: u64,
}

impl Inspection {
    /// Reads a file, and says what is in it. Returns beyond `sigmas` robust standard deviations are outliers. Temporary
    /// files are made in `scratch`, if there are splits and dividends.
    ///
    /// # Errors
    /// A file that a dataset would not be made of, for the same reason.
    pub fn of(source: &Source, sigmas: f64, scratch: &Path) -> Result<Self, MarketError> {
        let opened = Opened::open(source)?;
        let zone = opened.prepared.zone.clone();
        let mut rules = Rules::default();
        let mut observed: Vec<Observed> = Vec::new();
        let facts = read_file(&opened, &mut rules, &mut |chunk, places| {
            observe(&mut observed, &zone, chunk, places);
            Ok(())
        })?;
        let options = &source.options;
        let adjust = options.adjust.unwrap_or(Adjust::None);
        let adjusts = matches!(adjust, Adjust::Splits | Adjust::SplitsAndDividends);
        let adjustments = if adjusts { adjustments(&opened, scratch)? } else { Vec::new() };
        let named = rules.instruments().iter().zip(observed);
        let instruments =
            named.map(|(instrument, it)| it.report(instrument.symbol.clone(), sigmas)).collect();
        let digest = opened.input.digest()?.to_hex().to_string();
        opened.input.unchanged()?;
        Ok(Self {
            path: source.path.to_string_lossy().into_owned(),
            format: opened.input.form.name(),
            bytes: opened.input.size,
            digest,
            delimiter: facts.delimiter,
            date_format: options.date_format.or(facts.date_format),
            timezone: zone.name().to_owned(),
            timezone_given: options.timezone.is_some(),
            local_times: facts.local,
            settled_by_order: facts.settled,
            stamp: options.stamp,
            adjust,
            adjustments,
            rows: facts.rows,
            instrument_count: rules.len(),
            instruments,
        })
    }
}

fn observe(observed: &mut Vec<Observed>, zone: &Zone, chunk: &Chunk, places: &[u64]) {
    for (row, &place) in places.iter().enumerate() {
        let index = chunk.instrument[row] as usize;
        if index >= INSTRUMENTS {
            continue;
        }
        while observed.len() <= index {
            observed.push(Observed::new(zone));
        }
        let [.., close, volume] = chunk.ohlcv[row];
        observed[index].add(place, chunk.time[row], close, volume);
    }
}

/// An instrument while its bars pass by.
struct Observed {
    rows: u64,
    first: i64,
    last: i64,
    close: f64,
    /// How often each distance between neighbouring bars was seen.
    distances: BTreeMap<u64, u64>,
    /// The largest gaps and the rows after them, smallest first.
    gaps: Vec<(u64, u64, i64)>,
    repeated: u64,
    run: Run,
    longest: Option<Run>,
    zero_volume: u64,
    first_zero_volume: Option<u64>,
    returns: Returns,
    calendar: Calendar,
}

impl Observed {
    fn new(zone: &Zone) -> Self {
        Self {
            rows: 0,
            first: 0,
            last: 0,
            close: 0.0,
            distances: BTreeMap::new(),
            gaps: Vec::new(),
            repeated: 0,
            run: Run { row: 0, rows: 0 },
            longest: None,
            zero_volume: 0,
            first_zero_volume: None,
            returns: Returns::default(),
            calendar: Calendar::new(zone.clone()),
        }
    }

    fn add(&mut self, row: u64, time: i64, close: f64, volume: f64) {
        if self.rows == 0 {
            self.first = time;
            self.run = Run { row, rows: 1 };
        } else {
            self.gap(row, time);
            self.returns.add(row, time, close / self.close);
            if close.to_bits() == self.close.to_bits() {
                self.repeated += 1;
                self.run.rows += 1;
                if self.longest.is_none_or(|longest| longest.rows < self.run.rows) {
                    self.longest = Some(self.run);
                }
            } else {
                self.run = Run { row, rows: 1 };
            }
        }
        if volume == 0.0 {
            self.zero_volume += 1;
            self.first_zero_volume.get_or_insert(row);
        }
        self.calendar.add(time);
        (self.rows, self.last, self.close) = (self.rows + 1, time, close);
    }

    fn gap(&mut self, row: u64, time: i64) {
        let length = time.abs_diff(self.last);
        if let Some(count) = self.distances.get_mut(&length) {
            *count += 1;
        } else if self.distances.len() < DISTANCES {
            self.distances.insert(length, 1);
        }
        // Of gaps of one length, the first.
        if self.gaps.len() < GAPS || self.gaps[0].0 < length {
            let place = self.gaps.partition_point(|gap| gap.0 < length);
            self.gaps.insert(place, (length, row, time));
            if self.gaps.len() > GAPS {
                self.gaps.remove(0);
            }
        }
    }

    fn report(self, symbol: String, sigmas: f64) -> InstrumentReport {
        let smallest = self.distances.keys().next().copied();
        // Of distances that are as frequent, the smallest.
        let usual = self.distances.iter().rev().max_by_key(|(_, count)| **count).map(|(length, _)| *length);
        // Half as long again: a day on which a clock is set back is no gap.
        let unusual =
            self.gaps.iter().rev().filter(|gap| usual.is_some_and(|usual| gap.0 >= usual + usual / 2));
        let gaps = unusual.map(|&(length, row, to)| Gap {
            row,
            from: to.saturating_sub_unsigned(length),
            to,
            length: human(length),
        });
        let sigma = self.returns.sigma();
        let (outliers, largest) =
            sigma.map(|sigma| self.returns.beyond(sigmas * sigma, sigma)).unwrap_or_default();
        InstrumentReport {
            symbol,
            rows: self.rows,
            from: self.first,
            to: self.last,
            spacing: smallest.map(human),
            usual_spacing: usual.map(human),
            calendar: self.calendar.report(usual, (self.first, self.last)),
            gaps: gaps.collect(),
            repeated_closes: self.repeated,
            longest_repeat: self.longest,
            zero_volume: self.zero_volume,
            first_zero_volume: self.first_zero_volume,
            robust_sigma: sigma,
            outliers,
            largest,
        }
    }
}
