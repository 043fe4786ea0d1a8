//! What should not go unnoticed.

use serde::Serialize;
use stratbox_metrics::series::percentile;

use super::{Counts, Said, exceeds};
use crate::Category;
use crate::words::{counted, number, percent};

/// How many times the median a strategy may take.
pub const SLOW: f64 = 2.0;

/// The share of time-outs above which something is wrong with the machine or the limit.
pub const MANY_TIMEOUTS: f64 = 0.2;

/// The share of failures above which something is wrong with the strategies.
const MANY_FAILURES: f64 = 0.5;

/// How long one strategy took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Which one.
    pub id: String,
    /// Microseconds, over all attempts.
    pub micros: u64,
}

/// Something that should not go unnoticed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "label", rename_all = "snake_case")]
pub enum Alert {
    /// A strategy took more than twice the median.
    Slow {
        /// Which one.
        id: String,
        /// How long it took.
        seconds: f64,
        /// What the median is.
        median_seconds: f64,
    },
    /// More than half did not pass: the strategies are not good enough, or the gates too strict.
    MostFailed {
        /// Strategies that did not pass, whatever the cause.
        failed: u64,
        /// All.
        of: u64,
    },
    /// More than a fifth ran out of time: the machine has too much to do, or the limit is too short.
    ManyTimeouts {
        /// Strategies whose time ran out.
        timed_out: u64,
        /// All.
        of: u64,
    },
    /// More is waiting than before: strategies come in faster than they are validated. A warning.
    QueueGrew {
        /// Waiting when it began.
        before: u64,
        /// Waiting when it ended.
        after: u64,
    },
}

/// What should not go unnoticed of a validation; slow strategies first, in order of their ids. `waiting` is how many strategies
/// were due before and after it.
#[must_use]
pub fn alerts(times: &[Timing], counts: &Counts, waiting: (u64, u64)) -> Vec<Said<Alert>> {
    let (of, failed, timed_out) = (counts.total(), counts.not_passed(), counts.get(Category::Timeout));
    let (before, after) = waiting;
    let others = [
        exceeds(failed, of, MANY_FAILURES).then_some(Alert::MostFailed { failed, of }),
        exceeds(timed_out, of, MANY_TIMEOUTS).then_some(Alert::ManyTimeouts { timed_out, of }),
        (after > before).then_some(Alert::QueueGrew { before, after }),
    ];
    let all = slow(times).into_iter().chain(others.into_iter().flatten());
    all.map(|what| Said { sentence: what.sentence(), what }).collect()
}

fn slow(times: &[Timing]) -> Vec<Alert> {
    let mut sorted: Vec<f64> = times.iter().map(|time| seconds(time.micros)).collect();
    if sorted.is_empty() {
        return Vec::new();
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let median_seconds = percentile(&sorted, 0.5);
    let mut slow: Vec<&Timing> =
        times.iter().filter(|time| seconds(time.micros) > SLOW * median_seconds).collect();
    slow.sort_unstable_by_key(|time| (&time.id, time.micros));
    slow.into_iter()
        .map(|time| Alert::Slow { id: time.id.clone(), seconds: seconds(time.micros), median_seconds })
        .collect()
}

pub(super) fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

impl Alert {
    /// A stable name of it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Slow { .. } => "slow",
            Self::MostFailed { .. } => "most_failed",
            Self::ManyTimeouts { .. } => "many_timeouts",
            Self::QueueGrew { .. } => "queue_grew",
        }
    }

    /// One sentence for people, ids as they were given.
    #[must_use]
    pub fn sentence(&self) -> String {
        let of_all = |part: u64, of: u64| {
            let all = counted(of, "strategy", "strategies");
            format!("{part} of {all} ({})", percent(part as f64 / of.max(1) as f64))
        };
        match self {
            Self::Slow { id, seconds, median_seconds } => format!(
                "`{id}` took {} s, more than twice the median of {} s",
                number(*seconds),
                number(*median_seconds)
            ),
            Self::MostFailed { failed, of } => {
                format!(
                    "{} did not pass: the strategies are not good enough, or the gates too strict",
                    of_all(*failed, *of)
                )
            }
            Self::ManyTimeouts { timed_out, of } => format!(
                "{} ran out of time: the machine has too much to do, or the limit is too short",
                of_all(*timed_out, *of)
            ),
            Self::QueueGrew { before, after } => format!(
                "the queue grew from {before} to {after}: strategies come in faster than they are validated"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
