//! What a worker does: runs of variants.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stratbox_domain::{FaultLabel, Interruption, RunKey, RunOutcome};
use stratbox_orchestrator::performance::TaskEnd;
use stratbox_orchestrator::{Assigned, Ending, WorkerId};
use stratbox_scheduler::{Attempt, Work};
use stratbox_search::Evaluation;
use stratbox_store::EncodedOutcome;
use tracing::Span;

use super::jobs::Jobs;
use crate::backtest::{Execution, Timing};
use crate::failure::Failure;
use crate::key::RunKeys;
use crate::runs::{Killer, Run, Runs};
use crate::sweep::{Plan, Sampled};
use crate::trace::Keeps;

/// Runs of a plan's variants. A task is a point of its job's strategy.
pub(super) struct Variants<'a> {
    pub(super) plan: &'a Plan,
    pub(super) jobs: &'a Jobs,
    /// Of the plan's strategies, in their order.
    pub(super) keys: &'a [RunKeys],
    pub(super) runs: &'a Runs<'a>,
    /// What ends the work of each worker that ever had any.
    pub(super) killers: Mutex<BTreeMap<u32, Killer>>,
    /// Of the experiment, on whatever thread.
    pub(super) span: Span,
}

/// What an attempt leaves behind.
pub(super) struct Trial {
    pub(super) key: RunKey,
    /// As it will be stored: encoded here, where there are several threads for it.
    pub(super) outcome: EncodedOutcome,
    /// `None` when its worker was lost, or it was cancelled.
    pub(super) end: Option<TaskEnd>,
    /// What it is ranked by.
    pub(super) figure: Option<f64>,
    /// What its sampler learns of it, if that learns.
    pub(super) learned: Option<Evaluation>,
    pub(super) fuel: u64,
    pub(super) timing: Timing,
    /// What happened, when it did not complete; for people.
    pub(super) problem: Option<String>,
}

impl Work for Variants<'_> {
    type Output = Trial;
    type Error = Failure;

    fn attempt(
        &self,
        worker: WorkerId,
        tasks: &[Assigned],
        alive: &dyn Fn(),
    ) -> Vec<Result<Attempt<Trial>, Failure>> {
        let _entered = self.span.enter();
        let run = |assigned: &Assigned| {
            let (strategy, index, fresh) =
                (self.jobs.part(assigned.task.job).strategy, assigned.task.index, assigned.fresh);
            let planned = &self.plan.strategies[strategy];
            let given = move || {
                let params = planned.params(index);
                let key = self.keys[strategy].of(&params);
                (params, key)
            };
            Run { fresh, ..Run::new(&planned.strategy.code, given) }
        };
        let runs: Vec<Run<'_>> = tasks.iter().map(run).collect();
        self.killers().entry(worker.0).or_insert_with(|| self.runs.killer());
        // Each run has one result, in their order.
        let mut assigned = tasks.iter();
        self.runs.run(&runs, Keeps::default(), alive, &mut |run, execution| {
            let assigned = assigned.next().copied().unwrap_or(tasks[0]);
            self.attempted(execution, run.key(), &assigned)
        })
    }

    fn kill(&self, worker: WorkerId) {
        if let Some(killer) = self.killers().get(&worker.0) {
            killer.kill();
        }
    }

    fn processes(&self) -> Vec<u32> {
        self.killers().values().filter_map(Killer::process).collect()
    }
}

impl Variants<'_> {
    fn killers(&self) -> MutexGuard<'_, BTreeMap<u32, Killer>> {
        self.killers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempted(&self, ran: Execution, key: RunKey, assigned: &Assigned) -> Attempt<Trial> {
        let Execution { outcome, fuel, timing, .. } = ran;
        let ending = Ending::of(&outcome, fuel);
        let (figure, problem) = match &outcome {
            RunOutcome::Completed(metrics) => (self.plan.aim.figure(metrics), None),
            RunOutcome::Faulted(fault) => (None, Some(fault.message.clone())),
            RunOutcome::Interrupted(reason) => (None, Some(words(*reason))),
        };
        let end = match &outcome {
            RunOutcome::Completed(_) => Some(TaskEnd::Completed),
            // An orderly answer: it has run as far as it was meant to.
            RunOutcome::Faulted(fault) if fault.label == FaultLabel::InitRefused => Some(TaskEnd::Completed),
            RunOutcome::Faulted(_) => Some(TaskEnd::Failed),
            RunOutcome::Interrupted(Interruption::Timeout { .. }) => Some(TaskEnd::TimedOut),
            RunOutcome::Interrupted(_) => None,
        };
        let strategy = &self.plan.strategies[self.jobs.part(assigned.task.job).strategy];
        let learns = strategy.sampled().is_some_and(Sampled::learns);
        let learned = learns.then(|| self.plan.aim.evaluation(&outcome));
        let variant = strategy.first + assigned.task.index;
        let variant =
            tracing::debug_span!("variant", variant, strategy = strategy.label, run_key = %key.short());
        let attempt = tracing::trace_span!(parent: &variant, "attempt", attempt = assigned.attempt);
        attempt.in_scope(|| tracing::trace!(outcome = label(&outcome), "attempted"));
        let micros = u64::from(timing.instantiate_us) + u64::from(timing.run_us);
        let outcome = EncodedOutcome::new(&outcome);
        Attempt {
            ending,
            micros,
            output: Trial { key, outcome, end, figure, learned, fuel, timing, problem },
        }
    }
}

/// What stopped a run, for people.
fn words(reason: Interruption) -> String {
    match reason {
        Interruption::Timeout { bar: Some(bar) } => format!("its time ran out at bar {bar}"),
        Interruption::Timeout { bar: None } => "its time ran out".to_owned(),
        Interruption::Cancelled { .. } => "it was cancelled".to_owned(),
        Interruption::WorkerLost { cause } => format!("its process ended: {}", cause.label()),
    }
}

fn label<R>(outcome: &RunOutcome<R>) -> &'static str {
    match outcome {
        RunOutcome::Completed(_) => "completed",
        RunOutcome::Faulted(fault) => fault.label.label(),
        RunOutcome::Interrupted(reason) => reason.label(),
    }
}
