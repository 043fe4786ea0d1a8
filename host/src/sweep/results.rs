//! What came of a sweep: its variants in the order of the objective, and the document in which they are written down.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Serialize, Serializer};
use stratbox_decide::Objective;
use stratbox_domain::{Digest, Limits, Params, RunKey, RunOutcome, VenuePolicy};
use stratbox_metrics::{MetricName, Metrics};

use super::plan::{Plan, PlannedStrategy, Search};
use crate::backtest::{Ended, Outcome};
use crate::bars::BarsSummary;
use crate::exit::Exit;
use crate::render::Report;

/// One variant's result. Its parameters are not kept: they follow from its index.
pub(crate) struct Row {
    /// The strategy's place in the plan.
    pub(crate) strategy: usize,
    /// The variant's place among those of its strategy.
    pub(crate) index: u64,
    pub(crate) run_key: RunKey,
    pub(crate) outcome: Outcome,
    /// Of the last attempt.
    pub(crate) fuel: u64,
    /// 0 if it was never started.
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

/// What came of a sweep.
pub(crate) struct SweepReport {
    pub(crate) plan: Plan,
    pub(crate) engine: String,
    pub(crate) summary: Summary,
    /// Every variant, best first.
    pub(crate) rows: Vec<Row>,
    /// Rows that the leaderboard is to have.
    pub(crate) top: usize,
}

/// Counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) variants: u64,
    pub(crate) completed: u64,
    pub(crate) faulted: u64,
    /// Variants that ran out of time, were cancelled, or were never started.
    pub(crate) interrupted: u64,
    pub(crate) wall_seconds: f64,
    /// Bars of completed variants by wall-clock time.
    pub(crate) bars_per_second: f64,
    pub(crate) workers: usize,
    /// Faulted variants by label.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    pub(crate) cancelled: u64,
}

impl Summary {
    fn of(rows: &[Row], bars: u64, workers: NonZeroUsize, wall: Duration) -> Self {
        let mut summary = Self {
            variants: rows.len() as u64,
            completed: 0,
            faulted: 0,
            interrupted: 0,
            wall_seconds: wall.as_secs_f64(),
            bars_per_second: 0.0,
            workers: workers.get(),
            faults: BTreeMap::new(),
            cancelled: 0,
        };
        for row in rows {
            match &row.outcome {
                RunOutcome::Completed(_) => summary.completed += 1,
                RunOutcome::Faulted(fault) => {
                    summary.faulted += 1;
                    *summary.faults.entry(fault.label.label()).or_default() += 1;
                }
                RunOutcome::Interrupted(reason) => {
                    summary.interrupted += 1;
                    let cancelled = matches!(reason, stratbox_domain::Interruption::Cancelled { .. });
                    summary.cancelled += u64::from(cancelled);
                }
            }
        }
        // A clock too coarse to see the sweep must not make an infinity.
        let seconds = summary.wall_seconds.max(1e-9);
        summary.bars_per_second = (summary.completed as f64 * bars as f64 / seconds).round();
        summary
    }
}

impl SweepReport {
    /// Ranks `rows`, which are in the order of the plan.
    pub(super) fn new(
        plan: Plan,
        engine: String,
        rows: Vec<Row>,
        workers: NonZeroUsize,
        wall: Duration,
        top: usize,
    ) -> Self {
        let summary = Summary::of(&rows, plan.bars.summary.rows, workers, wall);
        let rows = ranked(plan.objective, rows);
        Self { plan, engine, summary, rows, top }
    }

    /// The strategy that a row is a variant of.
    pub(crate) fn strategy(&self, row: &Row) -> &PlannedStrategy {
        &self.plan.strategies[row.strategy]
    }

    /// Rows that have a place, with it; a row without a figure for the objective has none.
    pub(crate) fn rank(&self, position: usize) -> Option<usize> {
        let metrics = self.rows[position].metrics()?;
        metrics.get(self.plan.objective.metric).value().map(|_| position + 1)
    }
}

fn ranked(objective: Objective, rows: Vec<Row>) -> Vec<Row> {
    let order = objective.rank(&rows, Row::metrics, |row| row.run_key);
    let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| rows[index].take()).collect()
}

impl Report for SweepReport {
    fn human(&self) -> String {
        crate::render::sweep::human(self)
    }

    fn exit(&self) -> Exit {
        if self.summary.cancelled > 0 { Exit::Cancelled } else { Exit::Ok }
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
            component: planned.strategy.code.component(),
            artifact: planned.strategy.code.key(),
            search,
            seed,
            variants: planned.variants(),
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
        serializer.collect_seq(report.rows.iter().enumerate().map(|(position, row)| {
            let planned = report.strategy(row);
            Variant {
                rank: report.rank(position),
                strategy: &planned.label,
                params: planned.params(row.index),
                ended: Ended::from(&row.outcome),
                run_key: row.run_key,
                fuel: row.fuel,
                attempts: row.attempts,
            }
        }))
    }
}
