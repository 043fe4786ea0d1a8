//! What came of a sweep: its variants in the order of the objective, and the document in which they are written down.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use stratbox_domain::{Digest, Interruption, Limits, Params, RunKey, RunOutcome, VenuePolicy};
use stratbox_metrics::{MetricName, Metrics};

use super::plan::{Plan, PlannedStrategy, Search};
use super::spool::Rows;
use crate::backtest::{Ended, Outcome};
use crate::bars::BarsSummary;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Report;
use crate::wiring::{Engine, Walls};

/// One variant's result. Its parameters are not kept: they follow from its index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The strategy's place in the plan.
    pub(crate) strategy: usize,
    /// The variant's place among those of its strategy.
    pub(crate) index: u64,
    pub(crate) run_key: RunKey,
    pub(crate) outcome: Outcome,
    /// Of the last attempt.
    pub(crate) fuel: u64,
    /// At least one.
    pub(crate) attempts: u32,
}

impl Row {
    pub(crate) fn metrics(&self) -> Option<&Metrics> {
        match &self.outcome {
            RunOutcome::Completed(metrics) => Some(metrics),
            RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => None,
        }
    }
}

/// How fast it went, for people: no part of a result.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) workers: NonZeroUsize,
    pub(super) wall: Duration,
}

/// What came of a sweep.
pub(crate) struct SweepReport {
    pub(crate) plan: Plan,
    pub(crate) engine: String,
    pub(crate) summary: Summary,
    /// Every variant that has a result, best first.
    pub(crate) rows: Rows,
    /// Of each label, the first variant that faulted with it in the order of the plan.
    pub(crate) faults: BTreeMap<&'static str, Row>,
    pub(crate) isolation: Walls,
    /// Rows that the leaderboard is to have.
    pub(crate) top: usize,
    /// Why it is not all there is, or not where it should be.
    pub(super) failure: Option<Failure>,
}

/// Counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// Distinct points of all strategies.
    pub(crate) variants: u64,
    pub(crate) completed: u64,
    pub(crate) faulted: u64,
    /// Variants that ran out of time, were cancelled, or were never started.
    pub(crate) interrupted: u64,
    /// Those of the interrupted that have no row: never started, or waiting for a second attempt.
    pub(crate) not_started: u64,
    pub(crate) wall_seconds: f64,
    /// Bars of completed variants by wall-clock time.
    pub(crate) bars_per_second: f64,
    pub(crate) workers: usize,
    /// Faulted variants by label.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    pub(crate) cancelled: u64,
}

/// Counts rows as they come.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: u64,
    completed: u64,
    faulted: u64,
    interrupted: u64,
    cancelled: u64,
    faults: BTreeMap<&'static str, (u64, Row)>,
}

impl Tally {
    pub(super) fn count(&mut self, row: &Row) {
        self.rows += 1;
        match &row.outcome {
            RunOutcome::Completed(_) => self.completed += 1,
            RunOutcome::Faulted(fault) => {
                self.faulted += 1;
                let (count, first) =
                    self.faults.entry(fault.label.label()).or_insert_with(|| (0, row.clone()));
                *count += 1;
                if (row.strategy, row.index) < (first.strategy, first.index) {
                    *first = row.clone();
                }
            }
            RunOutcome::Interrupted(reason) => {
                self.interrupted += 1;
                self.cancelled += u64::from(matches!(reason, Interruption::Cancelled { .. }));
            }
        }
    }

    /// Of the rows of a plan's `variants` on so many bars.
    fn summary(&self, variants: u64, bars: u64, Pace { workers, wall }: Pace) -> Summary {
        let not_started = variants - self.rows;
        // A clock too coarse to see the sweep must not make an infinity.
        let seconds = wall.as_secs_f64().max(1e-9);
        Summary {
            variants,
            completed: self.completed,
            faulted: self.faulted,
            interrupted: not_started + self.interrupted,
            not_started,
            wall_seconds: wall.as_secs_f64(),
            bars_per_second: (self.completed as f64 * bars as f64 / seconds).round(),
            workers: workers.get(),
            faults: self.faults.iter().map(|(label, (count, _))| (*label, *count)).collect(),
            cancelled: not_started + self.cancelled,
        }
    }
}

impl SweepReport {
    pub(super) fn new(
        plan: Plan,
        engine: &Engine,
        rows: Rows,
        tally: Tally,
        pace: Pace,
        failure: Option<Failure>,
    ) -> Self {
        let variants = plan.strategies.iter().map(PlannedStrategy::variants).sum();
        let summary = tally.summary(variants, plan.bars.summary.rows, pace);
        let faults = tally.faults.into_iter().map(|(label, (_, row))| (label, row)).collect();
        let codes = plan.strategies.iter().map(|planned| &planned.strategy.code);
        let (engine, isolation) = (engine.version(codes).to_owned(), engine.walls());
        Self { plan, engine, summary, rows, faults, isolation, top: 0, failure }
    }

    /// The strategy that a row is a variant of.
    pub(crate) fn strategy(&self, row: &Row) -> &PlannedStrategy {
        &self.plan.strategies[row.strategy]
    }
}

impl Report for SweepReport {
    fn human(&self) -> String {
        crate::render::sweep::human(self)
    }

    fn exit(&self) -> Exit {
        if self.summary.cancelled > 0 { Exit::Cancelled } else { Exit::Ok }
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

impl Serialize for SweepReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The document, in its order.
        #[derive(Serialize)]
        struct Document<'a> {
            experiment: Experiment<'a>,
            summary: &'a Summary,
            variants: Variants<'a>,
        }
        Document { experiment: Experiment::of(self), summary: &self.summary, variants: Variants(self) }
            .serialize(serializer)
    }
}

/// What was asked.
#[derive(Serialize)]
struct Experiment<'a> {
    name: &'a str,
    file: &'a str,
    objective: MetricName,
    data: &'a BarsSummary,
    venue: &'a VenuePolicy,
    limits: &'a Limits,
    engine: &'a str,
    isolation: Walls,
    strategies: Vec<StrategyDocument<'a>>,
}

#[derive(Serialize)]
struct StrategyDocument<'a> {
    strategy: &'a str,
    source: &'a str,
    version: &'a str,
    component: Digest,
    artifact: Digest,
    search: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    variants: u64,
    /// Draws that repeat an earlier one and were not run again.
    duplicates: u64,
}

impl<'a> Experiment<'a> {
    fn of(report: &'a SweepReport) -> Self {
        let plan = &report.plan;
        Self {
            name: &plan.name,
            file: &plan.file,
            objective: plan.objective.metric,
            data: &plan.bars.summary,
            venue: &plan.policy,
            limits: &plan.limits,
            engine: &report.engine,
            isolation: report.isolation,
            strategies: plan.strategies.iter().map(StrategyDocument::of).collect(),
        }
    }
}

impl<'a> StrategyDocument<'a> {
    fn of(planned: &'a PlannedStrategy) -> Self {
        let (search, seed) = match planned.search {
            Search::Grid => ("grid", None),
            Search::Random { seed, .. } => ("random", Some(seed)),
        };
        Self {
            strategy: &planned.label,
            source: &planned.strategy.source,
            version: &planned.strategy.manifest.version,
            component: planned.strategy.code.identity().component,
            artifact: planned.strategy.code.identity().code,
            search,
            seed,
            variants: planned.variants(),
            duplicates: planned.duplicates(),
        }
    }
}

/// All rows, made one at a time: there may be a million.
struct Variants<'a>(&'a SweepReport);

impl Serialize for Variants<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Variant<'a> {
            /// Null without a figure to rank by.
            rank: Option<usize>,
            strategy: &'a str,
            params: Params,
            #[serde(flatten)]
            ended: Ended<'a>,
            run_key: RunKey,
            fuel: u64,
            attempts: u32,
        }
        let report = self.0;
        let mut sequence = serializer.serialize_seq(Some(report.rows.len()))?;
        for (position, row) in report.rows.iter().enumerate() {
            let row =
                row.map_err(|error| S::Error::custom(format_args!("a result cannot be read back: {error}")))?;
            let planned = report.strategy(&row);
            sequence.serialize_element(&Variant {
                rank: report.rows.rank(position),
                strategy: &planned.label,
                params: planned.params(row.index),
                ended: Ended::from(&row.outcome),
                run_key: row.run_key,
                fuel: row.fuel,
                attempts: row.attempts,
            })?;
        }
        sequence.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::{Fault, FaultLabel};

    #[test]
    fn what_never_started_is_counted_without_a_row() {
        let row = |index, outcome| Row {
            strategy: 0,
            index,
            run_key: Digest::of(b""),
            outcome,
            fuel: 0,
            attempts: 1,
        };
        let fault = Fault {
            label: FaultLabel::Panic,
            code: "panic".into(),
            bar: None,
            message: String::new(),
            hint: "".into(),
        };
        let rows = [
            row(0, RunOutcome::Faulted(fault)),
            row(1, RunOutcome::Interrupted(Interruption::Timeout { bar: None })),
            row(2, RunOutcome::Interrupted(Interruption::Cancelled { bar: None })),
        ];
        let pace = Pace { workers: NonZeroUsize::MIN, wall: Duration::ZERO };
        let mut tally = Tally::default();
        rows.iter().for_each(|row| tally.count(row));
        let of = |variants| tally.summary(variants, 40, pace);
        let all = of(1_000_000);
        assert_eq!((all.variants, all.not_started, all.faulted), (1_000_000, 999_997, 1));
        assert_eq!((all.interrupted, all.cancelled), (999_999, 999_998));
        assert_eq!((of(3).not_started, of(3).interrupted, of(3).cancelled), (0, 2, 1));
    }
}
