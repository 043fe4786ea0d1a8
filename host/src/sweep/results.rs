//! What came of a sweep: its variants in the order of the objective, and the document in which they are written down.

use std::collections::BTreeMap;
use std::thread::available_parallelism;

use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use stratbox_domain::{Digest, Limits, Params, RunKey};
use stratbox_metrics::MetricName;
use stratbox_store::{Counts, ExperimentId, Reader, Row};

use super::front::front;
use super::plan::{Plan, PlannedStrategy};
use super::{HeldOut, LookDocument, Validated, looks};
use crate::backtest::{Ended, Stamped};
use crate::bars::BarsSummary;
use crate::belief::{Belief, Care, judge};
use crate::cli::SessionArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Report;
use crate::session::{self, Early, SessionReport};
use crate::wiring::{Engine, Setting, Walls};

/// What came of a sweep.
pub(crate) struct SweepReport {
    pub(crate) id: ExperimentId,
    pub(crate) plan: Plan,
    pub(crate) engine: String,
    pub(crate) summary: Summary,
    /// How many of the best were asked for.
    pub(crate) top: u32,
    /// The best variants, as many as were asked for.
    pub(crate) best: Vec<(u64, Row)>,
    /// Of each label, the first variant that faulted with it in the order of the plan.
    pub(crate) faults: BTreeMap<String, Row>,
    pub(crate) isolation: Walls,
    /// How much the best deserves belief; `None` while it is not done, or when there is none.
    pub(crate) belief: Option<Belief>,
    /// Those of which none is better in every objective, when there are several.
    pub(crate) front: Option<Vec<Row>>,
    /// The best on the validation part.
    pub(crate) validated: Option<Validated>,
    /// Looks at bars of the dataset that anybody holds out.
    pub(crate) looks: Vec<LookDocument>,
    /// What is held out.
    pub(crate) held_out: Option<HeldOut>,
    /// How the session went.
    pub(crate) session: SessionReport,
    /// Why it stopped early, and the command that goes on.
    pub(crate) stopped: Option<(Early, String)>,
    /// Every variant that has a result.
    reader: Reader,
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
    pub(crate) faults: BTreeMap<String, u64>,
    /// Those that were answered from the workspace: nothing was run for them.
    pub(crate) reused: u64,
}

impl Summary {
    fn new(plan: &Plan, counts: &Counts, session: &SessionReport) -> Self {
        let variants = plan.variants();
        let not_started = variants.saturating_sub(counts.settled());
        let (wall, ran) = (session.wall_seconds(), session.completed);
        // A clock too coarse to see the sweep must not make an infinity.
        let rate = ran as f64 * plan.bars.summary.rows as f64 / wall.max(1e-9);
        Self {
            variants,
            completed: counts.completed,
            faulted: counts.faulted,
            interrupted: not_started + counts.interrupted,
            not_started,
            wall_seconds: wall,
            bars_per_second: rate.round(),
            workers: session.workers(),
            faults: counts.faults.clone(),
            reused: counts.reused,
        }
    }
}

impl SweepReport {
    /// Of a session that has ended. `args.top` rows are for the leaderboard.
    pub(crate) fn new(
        plan: Plan,
        engine: &Engine,
        setting: &Setting,
        ended: session::Ended,
        args: &SessionArgs,
    ) -> Result<Self, Failure> {
        let session::Ended { opened, report: session, stopped, failure, .. } = ended;
        let reader = opened.workspace.reader()?;
        let counts = reader.experiment(opened.id)?.head.counts;
        let mut best = Vec::new();
        best.extend((1..).zip(reader.leaders(opened.id, args.top)?));
        let faults = reader.first_faults(opened.id)?;
        let workers = args.workers(available_parallelism().ok());
        let (mut belief, mut validated) = (None, None);
        if stopped.is_none() {
            let ranked: Vec<(u64, u64)> = best
                .iter()
                .filter(|(_, row): &&(u64, Row)| row.figure.is_some())
                .map(|(rank, row)| (*rank, row.variant))
                .collect();
            validated =
                plan.validate(engine, &mut opened.workspace.writer()?, &ranked, (workers, session::now()))?;
            let counted = reader.trials(&plan.data, &[plan.bars.summary.digest])?;
            belief = judge(engine, &plan, (&reader, opened.id), &counted, Care::quick(workers))?;
        }
        let front = front(&plan.aim, &reader, opened.id)?;
        let held_out = plan.held_out(&reader)?;
        let looks = looks(&reader, plan.data.dataset)?;
        let stopped = stopped.map(|early| (early, session::resume_command(setting, opened.id)));
        let (engine, isolation) = (plan.engine(engine).to_owned(), engine.walls());
        let summary = Summary::new(&plan, &counts, &session);
        let id = opened.id;
        Ok(Self {
            id,
            plan,
            engine,
            summary,
            top: args.top,
            best,
            faults,
            isolation,
            belief,
            front,
            validated,
            looks,
            held_out,
            session,
            stopped,
            reader,
            failure,
        })
    }

    /// The strategy that a row is a variant of.
    pub(crate) fn strategy(&self, row: &Row) -> Option<&PlannedStrategy> {
        self.plan.strategies.iter().find(|planned| *planned.label == *row.strategy)
    }
}

impl Report for SweepReport {
    fn human(&self) -> String {
        crate::render::sweep::human(self)
    }

    fn exit(&self) -> Exit {
        self.stopped.as_ref().map_or(Exit::Ok, |(early, _)| early.exit())
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
            session: &'a SessionReport,
            /// The command that goes on, when it stopped early.
            #[serde(skip_serializing_if = "Option::is_none")]
            resume: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            belief: Option<&'a Belief>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pareto_front: Option<Vec<RunKey>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            validation: Option<&'a Validated>,
            #[serde(skip_serializing_if = "Option::is_none")]
            holdout: Option<&'a HeldOut>,
            looks: &'a [LookDocument],
            variants: Variants<'a>,
        }
        Document {
            experiment: Experiment::of(self),
            summary: &self.summary,
            session: &self.session,
            resume: self.stopped.as_ref().map(|(_, command)| command.as_str()),
            belief: self.belief.as_ref(),
            pareto_front: self.front.as_ref().map(|rows| rows.iter().map(|row| row.key).collect()),
            validation: self.validated.as_ref(),
            holdout: self.held_out.as_ref(),
            looks: &self.looks,
            variants: Variants(self),
        }
        .serialize(serializer)
    }
}

/// What was asked.
#[derive(Serialize)]
struct Experiment<'a> {
    id: ExperimentId,
    name: &'a str,
    file: &'a str,
    objective: MetricName,
    data: &'a BarsSummary,
    venue: Stamped<'a>,
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
            id: report.id,
            name: &plan.name,
            file: &plan.file,
            objective: plan.aim.objective,
            data: &plan.bars.summary,
            venue: Stamped::of(&plan.policy),
            limits: &plan.limits,
            engine: &report.engine,
            isolation: report.isolation,
            strategies: plan.strategies.iter().map(StrategyDocument::of).collect(),
        }
    }
}

impl<'a> StrategyDocument<'a> {
    fn of(planned: &'a PlannedStrategy) -> Self {
        Self {
            strategy: &planned.label,
            source: &planned.strategy.source,
            version: &planned.strategy.manifest.version,
            component: planned.strategy.code.identity().component,
            artifact: planned.strategy.code.identity().code,
            search: planned.search.name(),
            seed: planned.search.seed(),
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
            rank: Option<u64>,
            strategy: &'a str,
            params: &'a Params,
            #[serde(flatten)]
            ended: Ended<'a>,
            run_key: RunKey,
            fuel: u64,
            attempts: u32,
        }
        let Self(SweepReport { id, reader, .. }) = *self;
        let unreadable = |error| S::Error::custom(format_args!("a result cannot be read back: {error}"));
        let mut sequence = serializer.serialize_seq(None)?;
        let experiment = reader.experiment(*id).map_err(unreadable)?;
        for place in reader.ranked(*id).map_err(unreadable)? {
            let place = place.map_err(unreadable)?;
            let Some(row) = reader.row(&experiment, &place).map_err(unreadable)? else { continue };
            sequence.serialize_element(&Variant {
                rank: place.rank,
                strategy: &row.strategy,
                params: &row.params,
                ended: Ended::from(&row.outcome),
                run_key: row.key,
                fuel: row.fuel,
                attempts: row.attempts,
            })?;
        }
        sequence.end()
    }
}
