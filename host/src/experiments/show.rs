//! One experiment.

use std::collections::BTreeMap;

use serde::Serialize;
use stratbox_domain::{Digest, Params, RunKey};
use stratbox_orchestrator::workflow::WorkflowState;
use stratbox_store::{ExperimentId, FailedAttempt, Row, Spread, Status};

use super::list::Head;
use crate::backtest::Ended;
use crate::cli::ShowArgs;
use crate::failure::Failure;
use crate::render::{self, Report};
use crate::sweep::{Kept, LookDocument, kept, looks};
use crate::wiring::Setting;

/// Failed attempts that are listed at most.
const MAX_ATTEMPTS: usize = 10_000;

/// Variants whose metrics are looked at without being asked: more would take seconds.
const AT_ONCE: u64 = 100_000;

/// One experiment: what was asked, how far it is, what came of it.
#[derive(Serialize)]
pub(crate) struct ShowReport {
    #[serde(flatten)]
    pub(crate) head: Head,
    /// Phase, iterations and their limits, the best so far, lessons.
    pub(crate) workflow: Option<WorkflowState>,
    pub(crate) strategies: Vec<ShownStrategy>,
    /// Bars, venue, limits; null when another version wrote it.
    #[serde(serialize_with = "super::asked")]
    pub(crate) asked: Option<Kept>,
    pub(crate) best: Vec<ShownRow>,
    /// Rows that were asked for.
    #[serde(skip)]
    pub(crate) top: u32,
    /// Of each fault's label, the first variant with it.
    pub(crate) faults: BTreeMap<String, ShownRow>,
    /// How the metrics are spread over the variants that completed: once it is done, or when that was asked for.
    pub(crate) spreads: Vec<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempts: Option<Vec<ShownAttempt>>,
    /// The command that goes on, if something is left to do.
    pub(crate) resume: Option<String>,
    /// Looks at bars of its dataset that anybody holds out.
    pub(crate) looks: Vec<LookDocument>,
}

#[derive(Serialize)]
pub(crate) struct ShownStrategy {
    pub(crate) strategy: String,
    pub(crate) source: String,
    pub(crate) component: Digest,
    pub(crate) points: u64,
}

#[derive(Serialize)]
pub(crate) struct ShownRow {
    pub(crate) rank: Option<u64>,
    pub(crate) variant: u64,
    pub(crate) strategy: String,
    pub(crate) params: Params,
    pub(crate) run_key: RunKey,
    pub(crate) figure: Option<f64>,
    #[serde(flatten, serialize_with = "ended")]
    pub(crate) row: Row,
    fuel: u64,
    attempts: u32,
    settled: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<ExperimentId>,
}

#[derive(Serialize)]
pub(crate) struct ShownAttempt {
    pub(crate) variant: u64,
    pub(crate) attempt: u32,
    pub(crate) reason: String,
    pub(crate) detail: String,
    pub(crate) worker: u32,
    pub(crate) delay_ms: u64,
    /// Milliseconds since the Unix epoch.
    pub(crate) at: u64,
}

fn ended<S: serde::Serializer>(row: &Row, serializer: S) -> Result<S::Ok, S::Error> {
    Ended::from(&row.outcome).serialize(serializer)
}

impl ShownRow {
    pub(crate) fn of(rank: Option<u64>, row: Row) -> Self {
        Self {
            rank,
            variant: row.variant,
            strategy: row.strategy.to_string(),
            params: row.params.clone(),
            run_key: row.key,
            figure: row.figure,
            fuel: row.fuel,
            attempts: row.attempts,
            settled: row.settled.clone(),
            reused: row.reused,
            row,
        }
    }
}

pub(super) fn show(args: &ShowArgs, setting: &Setting) -> Result<ShowReport, Failure> {
    let workspace = setting.existing_workspace()?;
    let reader = workspace.reader()?;
    let id = args.experiment;
    let experiment = reader.experiment(id)?;
    let mut best = Vec::new();
    for (rank, row) in (1..).zip(reader.leaders(id, args.top)?) {
        best.push(ShownRow::of(Some(rank), row));
    }
    let faults = reader.first_faults(id)?.into_iter();
    let faults = faults.map(|(label, row)| (label, ShownRow::of(None, row))).collect();
    let (done, rows) = (experiment.head.status == Status::Completed, experiment.head.counts.settled());
    let spreads = if args.spread || (done && rows <= AT_ONCE) { reader.aggregate(id)? } else { Vec::new() };
    let attempts = args.attempts.then(|| attempts(&reader, id)).transpose()?;
    let strategy = |stored: &stratbox_store::StoredStrategy| ShownStrategy {
        strategy: stored.label.to_string(),
        source: stored.source.clone(),
        component: stored.component,
        points: stored.points,
    };
    let head = Head::of(&workspace, experiment.head.clone());
    let resume =
        matches!(head.status, "paused" | "killed").then(|| crate::session::resume_command(setting, id));
    let looks = looks(&reader, experiment.head.data.dataset)?;
    Ok(ShowReport {
        head,
        workflow: serde_json::from_str(&experiment.state).ok(),
        strategies: experiment.strategies.iter().map(strategy).collect(),
        asked: kept(&experiment.plan).ok(),
        best,
        top: args.top,
        faults,
        spreads,
        attempts,
        resume,
        looks,
    })
}

fn attempts(reader: &stratbox_store::Reader, id: ExperimentId) -> Result<Vec<ShownAttempt>, Failure> {
    let shown = |attempt: Result<FailedAttempt, _>| {
        let FailedAttempt { variant, attempt, reason, detail, worker, delay_ms, at, .. } = attempt?;
        Ok(ShownAttempt { variant, attempt, reason, detail, worker, delay_ms, at })
    };
    reader.attempts(id)?.take(MAX_ATTEMPTS).map(shown).collect()
}

impl Report for ShowReport {
    fn human(&self) -> String {
        render::experiments::show(self)
    }
}
