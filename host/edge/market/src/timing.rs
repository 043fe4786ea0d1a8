//! The rule that bars of several instruments keep together: none of them shows another's future.
//!
//! A bar's time is when it opened, and rows are in that order, so that a strategy is given a closed bar at the place
//! where it opened. That tells nothing as long as all bars open and close together. A daily bar before the hourly ones
//! of its day, or an hour from 10:30 before one from 11:00, would show prices that were not yet known.

use std::collections::BTreeSet;

use stratbox_domain::{Bar, Instrument};

use crate::MarketError;

/// What is remembered of an instrument's bars while they come in.
#[derive(Default)]
pub(crate) struct Clock {
    /// The time of the last bar.
    pub(crate) last: Option<i64>,
    /// The smallest distance of neighbouring bars, nanoseconds: their length. `None` before the second bar.
    length: Option<u64>,
}

impl Clock {
    /// Takes note of a bar after the last one.
    pub(crate) fn tick(&mut self, time: i64) {
        if let Some(last) = self.last.replace(time) {
            let distance = time.abs_diff(last);
            self.length = Some(self.length.map_or(distance, |length| length.min(distance)));
        }
    }
}

/// Refuses instruments whose bars are of different lengths, or open at different times within that length. An
/// instrument with a single bar has neither. `clocks` are the instruments', who have all these `bars`.
pub(crate) fn check(instruments: &[Instrument], clocks: &[Clock], bars: &[Bar]) -> Result<(), MarketError> {
    let name = |index: usize| instruments[index].symbol.clone();
    let mut timed = clocks.iter().enumerate().filter_map(|(index, clock)| Some((index, clock.length?)));
    let Some((first, length)) = timed.next() else { return Ok(()) };
    let mut others = Vec::new();
    for (index, other) in timed {
        if other != length {
            let symbols = [name(first), name(index)];
            return Err(MarketError::DifferentLengths { symbols, lengths: [length, other].map(human) });
        }
        others.push(index);
    }
    if others.is_empty() {
        return Ok(());
    }
    let phases = phases(clocks.len(), length, bars);
    // Sets that contain each other in pairs are a chain in the order of their sizes, so that neighbours tell.
    others.push(first);
    others.sort_unstable_by_key(|&index| (phases[index].len(), index));
    for pair in others.windows(2) {
        let [fewer, more] = [pair[0], pair[1]].map(|index| &phases[index]);
        if let (Some(stray), Some(usual)) = (fewer.difference(more).next(), more.first()) {
            return Err(MarketError::DifferentPhases {
                symbols: [name(pair[0]), name(pair[1])],
                length: human(length),
                phases: [*stray, *usual].map(human),
            });
        }
    }
    Ok(())
}

/// Where in a bar's length, counted from the Unix epoch, each instrument's bars open. More than one place
/// where daylight saving moves an exchange's hours.
fn phases(instruments: usize, length: u64, bars: &[Bar]) -> Vec<BTreeSet<u64>> {
    let mut phases = vec![BTreeSet::new(); instruments];
    for bar in bars {
        let phase = i128::from(bar.time).rem_euclid(i128::from(length)) as u64;
        phases[bar.instrument as usize].insert(phase);
    }
    phases
}

/// Nanoseconds in the units that people use, such as `1 h 30 min`.
fn human(nanoseconds: u64) -> String {
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
