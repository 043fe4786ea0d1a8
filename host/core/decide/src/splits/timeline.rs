//! The steps of a dataset, and parts of them.

use std::ops::Range;

use serde::Serialize;

use super::SplitError;
use super::length::Gap;
use super::moment::Moment;

/// The distinct times of a dataset, each a *step*, and the rows that each has: several where there are several instruments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    times: Vec<i64>,
    /// The first row of each step, and at the end the number of rows.
    rows: Vec<usize>,
}

/// Steps that follow one another, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The steps, counted from the dataset's first.
    pub steps: Range<usize>,
    /// Their rows.
    pub rows: Range<usize>,
    /// Time of its first step, nanoseconds since the Unix epoch.
    pub from: i64,
    /// Time of the first step after it, or the moment after the dataset's last one: its rows are those from `from` on and
    /// before `to`.
    pub to: i64,
}

impl Timeline {
    /// From each row's time, in order, nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// No rows, or rows that are not in the order of time.
    pub fn new(times: impl IntoIterator<Item = i64>) -> Result<Self, SplitError> {
        let (mut steps, mut rows, mut count) = (Vec::<i64>::new(), Vec::new(), 0);
        for time in times {
            match steps.last() {
                Some(last) if *last > time => return Err(SplitError::Unsorted { row: count }),
                Some(last) if *last == time => {}
                _ => {
                    steps.push(time);
                    rows.push(count);
                }
            }
            count += 1;
        }
        rows.push(count);
        if steps.is_empty() { Err(SplitError::NoBars) } else { Ok(Self { times: steps, rows }) }
    }

    /// Number of steps, at least one.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.times.len()
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows[self.times.len()]
    }

    /// The time of each step, ascending.
    #[must_use]
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Part {
        self.part(0..self.steps())
    }

    /// The steps from one time on and before another; may be empty. Without a bound, all on that side.
    #[must_use]
    pub fn between(&self, from: Option<i64>, to: Option<i64>) -> Range<usize> {
        let first_at = |bound: i64| self.times.partition_point(|time| *time < bound);
        let start = from.map_or(0, first_at);
        start..to.map_or(self.steps(), first_at).max(start)
    }

    /// A part of it; `steps` has at least one.
    pub(super) fn part(&self, steps: Range<usize>) -> Part {
        debug_assert!(!steps.is_empty(), "a part has steps");
        let rows = self.rows[steps.start]..self.rows[steps.end];
        let last = self.times[steps.end - 1];
        let to = self.times.get(steps.end).copied().unwrap_or(last.saturating_add(1));
        Part { from: self.times[steps.start], to, steps, rows }
    }

    /// Where steps must end so that nothing that they reach for within a gap is at step `start` or later: the steps whose
    /// time and the gap's time are before that of `start`, less the gap's steps.
    pub(super) fn end_before(&self, start: usize, gap: Gap) -> usize {
        let end = match (gap.time, self.times.get(start)) {
            (Some(period), Some(bound)) => {
                self.times[..start].partition_point(|time| period.after(*time) < *bound)
            }
            _ => start,
        };
        end.saturating_sub(gap.steps)
    }

    /// Where steps must begin so that nothing before step `end` reaches them within a gap.
    pub(super) fn start_after(&self, end: usize, gap: Gap) -> usize {
        let start = match (gap.time, end.checked_sub(1)) {
            (Some(period), Some(last)) => {
                let reach = period.after(self.times[last]);
                self.times.partition_point(|time| *time <= reach)
            }
            _ => end,
        };
        start.saturating_add(gap.steps).min(self.steps())
    }

    /// What the bars cover, for messages.
    pub(super) fn covered(&self) -> String {
        let (first, last) = (self.times[0], self.times[self.steps() - 1]);
        format!("the data covers {} to {}", Moment(first), Moment(last))
    }
}

impl Part {
    /// Number of steps, at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Always false: a part has steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_time_are_one_step() {
        let timeline = Timeline::new([1, 1, 1, 5, 7, 7]).unwrap();
        assert_eq!((timeline.steps(), timeline.rows()), (3, 6));
        let part = timeline.part(0..2);
        assert_eq!((part.rows, part.from, part.to), (0..4, 1, 7));
        let part = timeline.part(2..3);
        assert_eq!((part.rows, part.from, part.to), (4..6, 7, 8));
    }

    #[test]
    fn times_that_go_back_are_refused_by_their_row() {
        assert_eq!(Timeline::new([1, 2, 2, 1]), Err(SplitError::Unsorted { row: 3 }));
        assert_eq!(Timeline::new([]), Err(SplitError::NoBars));
    }

    #[test]
    fn between_is_from_one_bound_on_and_before_the_other() {
        let timeline = Timeline::new([10, 20, 30]).unwrap();
        assert_eq!(timeline.between(Some(20), Some(30)), 1..2);
        assert_eq!(timeline.between(None, Some(11)), 0..1);
        assert_eq!(timeline.between(Some(31), None), 3..3);
        assert_eq!(timeline.between(Some(30), Some(10)), 2..2);
    }
}
