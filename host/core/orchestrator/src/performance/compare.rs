//! This session beside earlier ones.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::finite::Finite;
use super::report::Report;
use super::words::{counted, percent, rate};

/// Earlier sessions that are looked at: the last of them.
const LAST: usize = 30;
/// Throughput varies by this share of the usual.
const THROUGHPUT_BAND: f64 = 0.15;
/// Efficiency varies by this much: 10 percentage points.
const EFFICIENCY_BAND: f64 = 0.10;
/// The share of failures varies by this much: 5 percentage points.
const FAILURES_BAND: f64 = 0.05;

/// How a number stands to what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better by more than its band.
    Better,
    /// Within its band.
    AsUsual,
    /// Worse by more than its band.
    Worse,
}

/// A number beside what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// Of this session.
    pub now: Finite,
    /// The median of the earlier sessions that have it.
    pub usual: Finite,
    /// How they stand to each other.
    pub verdict: Verdict,
}

/// A session beside the last 30 before it. What it or all of them lack is absent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Earlier sessions that were looked at.
    pub sessions: usize,
    /// Variants a second: usual within 15 % of the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Trend>,
    /// Parallel efficiency: usual within 0.10 of the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<Trend>,
    /// Share of failed variants: usual within 0.05 of the median. Fewer is better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Trend>,
}

/// `report` beside the median of the last 30 of `earlier`, which are in order of time, the latest last. They should be
/// of the same work: variants a second of other strategies on other bars say nothing.
#[must_use]
pub fn compare(report: &Report, earlier: &[Report]) -> Comparison {
    let earlier = &earlier[earlier.len().saturating_sub(LAST)..];
    let trend = |number: fn(&Report) -> Option<Finite>, judge: fn(f64, f64) -> Verdict| {
        let now = number(report)?;
        let usual = median(earlier.iter().filter_map(number).collect())?;
        Some(Trend { now, usual, verdict: judge(now.get(), usual.get()) })
    };
    Comparison {
        sessions: earlier.len(),
        throughput: trend(
            |report| report.variants_per_second,
            |now, usual| verdict(now - usual, usual * THROUGHPUT_BAND),
        ),
        efficiency: trend(|report| report.efficiency, |now, usual| verdict(now - usual, EFFICIENCY_BAND)),
        failures: trend(|report| report.failure_share, |now, usual| verdict(usual - now, FAILURES_BAND)),
    }
}

fn verdict(gain: f64, band: f64) -> Verdict {
    if gain > band {
        Verdict::Better
    } else if gain < -band {
        Verdict::Worse
    } else {
        Verdict::AsUsual
    }
}

fn median(mut numbers: Vec<Finite>) -> Option<Finite> {
    numbers.sort_by(|one, other| one.get().total_cmp(&other.get()));
    let middle = numbers.len() / 2;
    let upper = numbers.get(middle)?.get();
    let lower = numbers.get((numbers.len() - 1) / 2)?.get();
    // Halved before they are added, so that the sum of large ones is finite.
    Finite::of(lower / 2.0 + upper / 2.0)
}

impl fmt::Display for Comparison {
    /// One line: each number, how it stands, and what is usual.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |name: &str, trend: Option<Trend>, written: fn(Finite) -> String| {
            let Trend { now, usual, verdict } = trend?;
            let word = match verdict {
                Verdict::Better => "better",
                Verdict::AsUsual => "as usual",
                Verdict::Worse => "worse",
            };
            Some(format!("{name} {word} ({}, usually {})", written(now), written(usual)))
        };
        let said = [
            said("variants a second", self.throughput, rate),
            said("efficiency", self.efficiency, percent),
            said("failures", self.failures, percent),
        ];
        let said: Vec<_> = said.into_iter().flatten().collect();
        if said.is_empty() {
            f.write_str("no earlier session to compare with")
        } else {
            write!(f, "{}, beside {}", said.join(", "), counted(self.sessions as u64, "earlier session"))
        }
    }
}
