//! The rule that bars of several instruments keep together: none of them shows another's future.
//!
//! A bar's time is when it opened, and rows are in that order, so that a strategy is given a closed bar at the place
//! where it opened. That tells nothing as long as all bars open and close together. A daily bar before the hourly ones
//! of its day, or an hour from 10:30 before one from 11:00, would show prices that were not yet known.

use serde::{Deserialize, Serialize};
use stratbox_domain::Instrument;

use crate::MarketError;
use crate::frequent::Frequent;
use crate::span::{Buckets, HOUR};
use crate::zone::Zone;

/// Bars at least this long are days, of which a clock that is changed makes some shorter.
const NEARLY_A_DAY: u64 = 20 * HOUR as u64;

/// What is remembered of an instrument's bars while they come in, and kept of them: when each closes.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// The time of the last bar.
    #[serde(skip)]
    pub(crate) last: Option<i64>,
    /// The smallest distance of neighbouring bars, nanoseconds: their length. `None` before the second bar.
    pub(crate) length: Option<u64>,
    /// Where days are as long as the local clock makes them; `None` for UTC.
    pub(crate) zone: Option<Zone>,
    /// What the bars were collected in, if they were made of shorter ones: where they close.
    pub(crate) buckets: Option<Buckets>,
    #[serde(skip)]
    distances: Distances,
}

/// How far neighbouring bars are apart.
#[derive(Debug, Default, Clone)]
struct Distances {
    frequent: Frequent,
    /// How often the smallest was seen, and the bar after it when it first was.
    smallest: (u64, i64),
}

impl Clock {
    /// Takes note of a bar after the last one.
    pub(crate) fn tick(&mut self, time: i64) {
        if let Some(last) = self.last.replace(time) {
            let distance = self.distance(last, time);
            if self.length.is_none_or(|length| distance < length) {
                self.length = Some(distance);
                self.distances.smallest = (0, time);
            }
            self.distances.smallest.0 += u64::from(self.length == Some(distance));
            self.distances.frequent.add(distance);
        }
    }

    /// From one bar to the next.
    fn distance(&self, last: i64, time: i64) -> u64 {
        let passed = time.abs_diff(last);
        let Some(zone) = &self.zone else { return passed };
        let is_days = passed >= NEARLY_A_DAY;
        // Looked up only where it can tell something.
        if !is_days && self.length.is_some_and(|length| passed >= length) {
            return passed;
        }
        // Never negative for days: a clock is set back by an hour or so.
        let shown = u64::try_from(zone.local(time) - zone.local(last)).unwrap_or(0);
        // Some hours that a clock was set forward in are no shorter bar.
        if is_days { shown } else { passed.max(shown) }
    }

    /// Refuses bars whose smallest distance is a few odd rows', so that their length cannot be told from it.
    pub(crate) fn check(&self, symbol: &str) -> Result<(), MarketError> {
        // Buckets say themselves how long they are.
        let (Some(length), None) = (self.length, &self.buckets) else { return Ok(()) };
        let (count, time) = self.distances.smallest;
        let Some((usual, times)) = self.distances.frequent.most() else { return Ok(()) };
        // Days on which a clock is changed, weeks that a holiday shortens, and months.
        let calendar = usual >= NEARLY_A_DAY && u128::from(length) * 6 >= u128::from(usual) * 5;
        // Bars that lack many others still lie a whole number of lengths apart.
        let sparse = usual.is_multiple_of(length) && times <= count.saturating_mul(2);
        if usual == length || times <= count || calendar || sparse {
            return Ok(());
        }
        let (symbol, distances) = (symbol.to_owned(), [length, usual].map(human));
        Err(MarketError::OddRow { symbol, time, distances })
    }

    /// When a bar closes that opens at `time`: where its bucket ends, or one length later, by the local clock if that is
    /// in days.
    pub(crate) fn close(&self, time: i64) -> i64 {
        if let Some(buckets) = &self.buckets {
            return buckets.of(time).end;
        }
        let length = self.length.unwrap_or(0);
        match &self.zone {
            Some(zone) if length >= NEARLY_A_DAY => zone.moment(zone.local(time) + i128::from(length)),
            _ => time.saturating_add_unsigned(length),
        }
    }

    /// When a bar opens that closes at `time`.
    pub(crate) fn open(&self, time: i64) -> i64 {
        let length = self.length.unwrap_or(0);
        match &self.zone {
            Some(zone) if length >= NEARLY_A_DAY => zone.moment(zone.local(time) - i128::from(length)),
            _ => time.saturating_sub_unsigned(length),
        }
    }
}

/// A bar of some instrument.
#[derive(Clone, Copy)]
struct Standing {
    instrument: u32,
    opens: i64,
    closes: i64,
}

/// Whether bars of several instruments keep the rule, while they pass by in the order of time.
pub(crate) struct Timing {
    names: Vec<String>,
    clocks: Vec<Clock>,
    /// Bars that open now, all at one time.
    now: Vec<Standing>,
    /// Bars that opened before and are open still.
    before: Vec<Standing>,
}

impl Timing {
    /// Refuses instruments whose bars are of different lengths. One with a single bar is taken to have the others'.
    pub(crate) fn new(instruments: &[Instrument], clocks: &[Clock]) -> Result<Self, MarketError> {
        let name = |index: usize| instruments[index].symbol.clone();
        let lengths = || clocks.iter().enumerate().filter_map(|(index, clock)| Some((index, clock.length?)));
        let none = Self { names: Vec::new(), clocks: Vec::new(), now: Vec::new(), before: Vec::new() };
        let Some((first, length)) = lengths().next().filter(|_| clocks.len() > 1) else { return Ok(none) };
        for (clock, instrument) in clocks.iter().zip(instruments) {
            clock.check(&instrument.symbol)?;
        }
        if let Some((index, other)) = lengths().find(|(_, other)| *other != length) {
            let symbols = [name(first), name(index)];
            return Err(MarketError::DifferentLengths { symbols, lengths: [length, other].map(human) });
        }
        let mut clocks = clocks.to_vec();
        clocks.iter_mut().for_each(|clock| clock.length = Some(length));
        Ok(Self { names: (0..clocks.len()).map(name).collect(), clocks, ..none })
    }

    /// Whether there is anything to take note of.
    pub(crate) fn matters(&self) -> bool {
        !self.clocks.is_empty()
    }

    /// Takes note of a bar that opens no earlier than those before.
    ///
    /// # Errors
    /// An earlier bar opened while another instrument's was open.
    pub(crate) fn note(&mut self, instrument: u32, opens: i64) -> Result<(), MarketError> {
        if self.now.first().is_some_and(|now| now.opens != opens) {
            self.finish()?;
        }
        let closes = self.clocks[instrument as usize].close(opens);
        self.now.push(Standing { instrument, opens, closes });
        Ok(())
    }

    /// The bars that open now are all there.
    ///
    /// # Errors
    /// One of them opens while another instrument's is open.
    pub(crate) fn finish(&mut self) -> Result<(), MarketError> {
        let Some(first) = self.now.first().copied() else { return Ok(()) };
        self.before.retain(|standing| standing.closes > first.opens);
        // An instrument's own next bar says that the one before it has closed.
        let own = |standing: &&Standing| self.now.iter().any(|now| now.instrument == standing.instrument);
        if let Some(open) = self.before.iter().find(|standing| !own(standing)) {
            let symbols = [open, &first].map(|bar| self.names[bar.instrument as usize].clone());
            return Err(MarketError::Overlap {
                symbols,
                opens: [open.opens, first.opens],
                closes: open.closes,
            });
        }
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.clear();
        Ok(())
    }
}

/// Nanoseconds in the units that people use, such as `1 h 30 min`.
pub(crate) fn human(nanoseconds: u64) -> String {
    const UNITS: [(u64, &str); 7] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    let mut rest = nanoseconds;
    let mut parts = Vec::new();
    for (unit, name) in UNITS {
        if rest >= unit {
            parts.push(format!("{} {name}", rest / unit));
            rest %= unit;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_in_the_units_that_people_use() {
        let texts = [0, 1, 1_500_000, 5_400_000_000_000, 86_400_000_000_000].map(human);
        assert_eq!(texts, ["0 s", "1 ns", "1 ms 500 us", "1 h 30 min", "1 d"]);
    }
}
