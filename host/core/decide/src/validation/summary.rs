//! What a validation came to, and what running in parallel saved.

use serde::{Deserialize, Serialize};

use super::alerts::seconds;
use super::{Counts, Timing};
use crate::Category;

/// What became of the workers of a validation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Workers {
    /// Processes that were started.
    pub started: u64,
    /// Those that ended in order.
    pub completed: u64,
    /// Those that were ended because their time was over.
    pub timed_out: u64,
}

/// The figures of one validation. Workers are processes; a strategy's time is that of all its attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Processes that were started.
    pub workers_spawned: u64,
    /// Those that ended in order.
    pub workers_completed: u64,
    /// Those that were ended because their time was over.
    pub workers_timeout: u64,
    /// Strategies that passed.
    pub strategies_passed: u64,
    /// Strategies that did not, whatever the cause.
    pub strategies_failed: u64,
    /// Strategies by category.
    pub strategies: Counts,
    /// How long it took.
    pub wall_clock_seconds: f64,
    /// How long it would have taken one after another: the sum of the strategies' times.
    pub sequential_equivalent_seconds: f64,
    /// The difference; below zero when working in parallel cost more than it saved.
    pub compute_saved_seconds: f64,
    /// That of the sequential time, 0 to 100; nothing when no strategy took any.
    pub compute_saved_percent: Option<f64>,
    /// The mean of the strategies' times; nothing without one.
    pub average_worker_time_seconds: Option<f64>,
    /// The longest of them.
    pub max_worker_time_seconds: Option<f64>,
    /// The shortest of them.
    pub min_worker_time_seconds: Option<f64>,
}

impl Summary {
    /// From what became of all strategies, how long each took, and the time from first to last, in microseconds.
    #[must_use]
    pub fn of(workers: Workers, counts: Counts, times: &[Timing], wall_micros: u64) -> Self {
        let sequential = times.iter().fold(0_u64, |sum, time| sum.saturating_add(time.micros));
        let saved = seconds(sequential) - seconds(wall_micros);
        let count = times.len() as f64;
        Self {
            workers_spawned: workers.started,
            workers_completed: workers.completed,
            workers_timeout: workers.timed_out,
            strategies_passed: counts.get(Category::Pass),
            strategies_failed: counts.not_passed(),
            strategies: counts,
            wall_clock_seconds: seconds(wall_micros),
            sequential_equivalent_seconds: seconds(sequential),
            compute_saved_seconds: saved,
            compute_saved_percent: (sequential > 0).then(|| 100.0 * saved / seconds(sequential)),
            average_worker_time_seconds: (!times.is_empty()).then(|| seconds(sequential) / count),
            max_worker_time_seconds: times.iter().map(|time| time.micros).max().map(seconds),
            min_worker_time_seconds: times.iter().map(|time| time.micros).min().map(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(seconds: &[u64]) -> Vec<Timing> {
        seconds.iter().map(|it| Timing { id: it.to_string(), micros: it * 1_000_000 }).collect()
    }

    fn of(times: &[Timing], wall_seconds: u64) -> Summary {
        Summary::of(Workers::default(), Counts::default(), times, wall_seconds * 1_000_000)
    }

    #[test]
    fn the_time_saved_is_that_of_one_after_another_without_what_it_took() {
        let summary = of(&times(&[312, 305, 318]), 318);
        assert_eq!(summary.sequential_equivalent_seconds, 935.0);
        assert_eq!(summary.compute_saved_seconds, 617.0);
        assert_eq!(summary.compute_saved_percent.map(f64::round), Some(66.0));
        assert_eq!(summary.average_worker_time_seconds.map(f64::round), Some(312.0));
        assert_eq!(
            (summary.max_worker_time_seconds, summary.min_worker_time_seconds),
            (Some(318.0), Some(305.0))
        );
    }

    #[test]
    fn what_parallel_work_costs_is_not_hidden() {
        assert_eq!(of(&times(&[1]), 2).compute_saved_percent, Some(-100.0));
    }

    #[test]
    fn nothing_is_said_of_the_times_of_no_strategy() {
        let summary = of(&[], 1);
        assert_eq!((summary.compute_saved_percent, summary.average_worker_time_seconds), (None, None));
    }

    #[test]
    fn strategies_are_counted_by_category() {
        let counts: Counts = [Category::Pass, Category::Fixable, Category::Fail].into_iter().collect();
        let workers = Workers { started: 3, completed: 2, timed_out: 1 };
        let summary = Summary::of(workers, counts, &[], 0);
        assert_eq!((summary.strategies_passed, summary.strategies_failed), (1, 2));
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["strategies"]["FIXABLE"], 1);
        assert_eq!(json["workers_timeout"], 1);
        assert_eq!(serde_json::from_value::<Summary>(json).unwrap(), summary);
    }

    proptest! {
        #[test]
        fn the_order_of_times_does_not_matter(
            (one, other) in prop::collection::vec(0..10_000_u64, 0..8)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            prop_assert_eq!(of(&times(&one), 5), of(&times(&other), 5));
        }
    }
}
