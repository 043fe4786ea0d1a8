//! What somebody should look at.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::finite::Finite;
use super::queue::QueueLengths;
use super::report::{Attempts, RunTimes, VariantCounts, WorkerCounts};
use super::words::{counted, duration, grouped, percent};

/// A run that is slower than the median by no more than this is no news.
pub(super) const NOISE_MICROS: u64 = 1_000;
/// A larger share of failing variants is news.
const FAILING: f64 = 0.5;
/// A larger share of attempts out of time is news.
const TIMED_OUT: f64 = 0.2;
/// As many workers that were stopped are news.
const WORKERS_TIMED_OUT: u64 = 3;
/// Looks at the queue that are needed to say anything.
const LEAST_SAMPLES: u64 = 8;
/// A queue that is longer by fewer tasks did not grow.
const LEAST_GROWTH: u64 = 10;

/// What somebody should look at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "alert", rename_all = "snake_case", deny_unknown_fields)]
pub enum Alert {
    /// More than half of the variants failed.
    FailingVariants {
        /// How many.
        failed: u64,
        /// Of how many.
        settled: u64,
    },
    /// More than 20 % of the attempts ran out of time.
    Timeouts {
        /// How many.
        timed_out: u64,
        /// Of how many.
        attempts: u64,
    },
    /// Three or more workers were stopped because of what took too long.
    WorkerTimeouts {
        /// How many.
        workers: u64,
    },
    /// Runs took more than twice the median, and a millisecond more than it.
    SlowRuns {
        /// How many, up to the error of the median.
        runs: u64,
        /// The median.
        median_micros: u64,
        /// Time of the slowest.
        slowest_micros: u64,
        /// The variant that was.
        slowest_variant: u64,
    },
    /// The queue was half as long again, and 10 tasks longer, in the last quarter of the session than in the first.
    GrowingQueue {
        /// Median of the first quarter.
        early: u64,
        /// Median of the last quarter.
        late: u64,
    },
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part, whole| Finite::ratio(part, whole).map(percent).unwrap_or_default();
        match *self {
            Self::FailingVariants { failed, settled } => {
                let of = counted(settled, "variant");
                write!(
                    f,
                    "{} of {of} failed ({}): look at one of them",
                    grouped(failed),
                    share(failed, settled)
                )
            }
            Self::Timeouts { timed_out, attempts } => {
                let (of, share) = (counted(attempts, "attempt"), share(timed_out, attempts));
                write!(f, "{} of {of} ran out of time ({share}): allow more, or run less", grouped(timed_out))
            }
            Self::WorkerTimeouts { workers } => {
                let workers = counted(workers, "worker");
                write!(f, "{workers} had to be stopped: the machine may be overloaded")
            }
            Self::SlowRuns { runs, median_micros, slowest_micros, slowest_variant } => {
                let (runs, median) = (counted(runs, "run"), duration(median_micros));
                let slowest = duration(slowest_micros);
                write!(
                    f,
                    "{runs} took over twice the median of {median}; the slowest was variant `{slowest_variant}` with {slowest}"
                )
            }
            Self::GrowingQueue { early, late } => {
                let (early, late) = (grouped(early), counted(late, "task"));
                write!(f, "the queue grew from {early} to {late}: more comes in than is done")
            }
        }
    }
}

/// The alerts of a session, the gravest first.
pub(super) fn find(
    workers: &WorkerCounts,
    variants: &VariantCounts,
    attempts: &Attempts,
    runs: Option<&RunTimes>,
    queue: Option<&QueueLengths>,
) -> Vec<Alert> {
    let (failed, settled) = (variants.failed, variants.settled());
    let (timed_out, attempts) = (attempts.timed_out, attempts.total());
    let above = |part, whole, limit| Finite::ratio(part, whole).is_some_and(|share| share.get() > limit);
    let slow = |runs: &RunTimes| {
        (runs.slow_runs > 0).then_some(Alert::SlowRuns {
            runs: runs.slow_runs,
            median_micros: runs.median_micros,
            slowest_micros: runs.slowest_micros,
            slowest_variant: runs.slowest_variant,
        })
    };
    let alerts = [
        above(failed, settled, FAILING).then_some(Alert::FailingVariants { failed, settled }),
        above(timed_out, attempts, TIMED_OUT).then_some(Alert::Timeouts { timed_out, attempts }),
        (workers.timed_out >= WORKERS_TIMED_OUT)
            .then_some(Alert::WorkerTimeouts { workers: workers.timed_out }),
        runs.and_then(slow),
        queue.and_then(growing),
    ];
    alerts.into_iter().flatten().collect()
}

fn growing(queue: &QueueLengths) -> Option<Alert> {
    let QueueLengths { samples, early, late, .. } = *queue;
    let half_again = early.saturating_add(early / 2);
    let grown = samples >= LEAST_SAMPLES && late > half_again && late - early >= LEAST_GROWTH;
    grown.then_some(Alert::GrowingQueue { early, late })
}
