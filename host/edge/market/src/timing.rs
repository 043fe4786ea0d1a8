//! The rule that bars of several instruments keep together: none of them shows another's future.
//!
//! A bar's time is when it opened, and rows are in that order, so that a strategy is given a closed bar at the place
//! where it opened. That tells nothing as long as all bars open and close together. A daily bar before the hourly ones
//! of its day, or an hour from 10:30 before one from 11:00, would show prices that were not yet known.

use std::collections::BTreeSet;

use stratbox_domain::Instrument;

use crate::MarketError;
use crate::span::HOUR;
use crate::zone::Zone;

/// Bars at least this long are days, of which a clock that is changed makes some shorter.
const NEARLY_A_DAY: u64 = 20 * HOUR as u64;

/// What is remembered of an instrument's bars while they come in.
#[derive(Default, Clone)]
pub(crate) struct Clock {
    /// The time of the last bar.
    pub(crate) last: Option<i64>,
    /// The smallest distance of neighbouring bars, nanoseconds: their length. `None` before the second bar.
    pub(crate) length: Option<u64>,
    /// Where days are as long as the local clock makes them; `None` for UTC.
    pub(crate) zone: Option<Zone>,
}

impl Clock {
    /// Takes note of a bar after the last one.
    pub(crate) fn tick(&mut self, time: i64) {
        if let Some(last) = self.last.replace(time) {
            let mut distance = time.abs_diff(last);
            if let Some(zone) = &self.zone
                && distance >= NEARLY_A_DAY
            {
                // Never negative: a clock is set back by an hour or so.
                distance =
                    (zone.local(time) - zone.local(last)).unsigned_abs().try_into().unwrap_or(distance);
            }
            self.length = Some(self.length.map_or(distance, |length| length.min(distance)));
        }
    }

    /// When a bar closes that opens at `time`: one length later, by the local clock if that is in days.
    pub(crate) fn close(&self, time: i64) -> i64 {
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

/// What instruments' bars have in common: a length, and, collected bar by bar, where in it they open.
pub(crate) struct Timing {
    names: Vec<String>,
    length: u64,
    /// Whose local clock days are counted on, if all have the same one; `None` for UTC.
    zone: Option<Zone>,
    /// The instruments that have more than one bar.
    timed: Vec<usize>,
    /// Each instrument's, counted from the Unix epoch. More than one where daylight saving moves an exchange's hours.
    phases: Vec<BTreeSet<u64>>,
    /// Each instrument's last, which is usually the next one's, too.
    latest: Vec<Option<u64>>,
}

impl Timing {
    /// Refuses instruments whose bars are of different lengths. An instrument with a single bar has none.
    pub(crate) fn new(instruments: &[Instrument], clocks: &[Clock]) -> Result<Self, MarketError> {
        let name = |index: usize| instruments[index].symbol.clone();
        let lengths = || clocks.iter().enumerate().filter_map(|(index, clock)| Some((index, clock.length?)));
        let (first, length) = lengths().next().unwrap_or((0, 1));
        if let Some((index, other)) = lengths().find(|(_, other)| *other != length) {
            let symbols = [name(first), name(index)];
            return Err(MarketError::DifferentLengths { symbols, lengths: [length, other].map(human) });
        }
        let timed: Vec<usize> = lengths().map(|(index, _)| index).collect();
        let of = |index: &usize| clocks[*index].zone.as_ref().map(Zone::name);
        let same = timed.iter().all(|index| of(index) == timed.first().and_then(of));
        let zone = timed.first().filter(|_| same && length >= NEARLY_A_DAY);
        Ok(Self {
            names: if timed.len() < 2 { Vec::new() } else { (0..clocks.len()).map(name).collect() },
            length,
            zone: zone.and_then(|index| clocks[*index].zone.clone()),
            phases: vec![BTreeSet::new(); clocks.len()],
            latest: vec![None; clocks.len()],
            timed,
        })
    }

    /// Whether there is anything to take note of.
    pub(crate) fn matters(&self) -> bool {
        self.timed.len() > 1
    }

    /// Takes note of a bar.
    pub(crate) fn note(&mut self, instrument: u32, time: i64) {
        let time = self.zone.as_ref().map_or(i128::from(time), |zone| zone.local(time));
        let phase = time.rem_euclid(i128::from(self.length)) as u64;
        let index = instrument as usize;
        if self.latest[index] != Some(phase) {
            self.latest[index] = Some(phase);
            self.phases[index].insert(phase);
        }
    }

    /// Refuses instruments whose bars open at different times within their length.
    pub(crate) fn finish(mut self) -> Result<(), MarketError> {
        if !self.matters() {
            return Ok(());
        }
        // Sets that contain each other in pairs are a chain in the order of their sizes, so that neighbours tell.
        let phases = &self.phases;
        self.timed.sort_unstable_by_key(|&index| (phases[index].len(), index));
        for pair in self.timed.windows(2) {
            let [fewer, more] = [pair[0], pair[1]].map(|index| &phases[index]);
            if let (Some(stray), Some(usual)) = (fewer.difference(more).next(), more.first()) {
                return Err(MarketError::DifferentPhases {
                    symbols: [self.names[pair[0]].clone(), self.names[pair[1]].clone()],
                    length: human(self.length),
                    phases: [*stray, *usual].map(human),
                });
            }
        }
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
