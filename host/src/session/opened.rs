//! An experiment that is about to run: from its beginning, or from where it was left.

use std::collections::BTreeMap;

use stratbox_domain::{FaultLabel, RunKey};
use stratbox_orchestrator::workflow::{Best, IterationLimits, Phase, Refused, WorkflowKind, WorkflowState};
use stratbox_orchestrator::{Ending, FaultSignature, History, RetryPolicy};
use stratbox_store::{
    Batch, Experiment, ExperimentId, ExperimentLock, FailedAttempt, KnownTrial, Milestone, Status,
    Transition, Workspace,
};

use super::clock::Clock;
use super::ledger::ITERATION;
use crate::bits::Bits;
use crate::failure::Failure;
use crate::sweep::Plan;
use crate::wiring::Engine;

pub(crate) struct Opened {
    pub(crate) workspace: Workspace,
    pub(crate) id: ExperimentId,
    /// Nobody else runs it meanwhile.
    _lock: ExperimentLock,
    pub(crate) state: WorkflowState,
    /// Variants that have a result.
    pub(crate) settled: Bits,
    /// Attempts at others.
    pub(crate) histories: BTreeMap<u64, History>,
    pub(super) resumed: bool,
    /// It goes on with what another experiment of the same command began.
    pub(super) follows: bool,
    /// The command that goes on, where that is not `resume`.
    pub(super) again: Option<String>,
    /// Runs that earlier experiments of the same command have given up: they are not tried again.
    pub(super) given_up: BTreeMap<RunKey, KnownTrial>,
    /// Why it stopped before.
    before: Option<String>,
}

impl Opened {
    /// A new experiment.
    pub(crate) fn create(workspace: Workspace, engine: &Engine, plan: &Plan) -> Result<Self, Failure> {
        for planned in &plan.strategies {
            let strategy = &planned.strategy;
            workspace.keep_component(&strategy.code.identity().component, &strategy.component)?;
        }
        let at = Clock::default().now();
        let state = state(plan, at).map_err(|refused| Failure::environment(refused.to_string()))?;
        let text = json(&state)?;
        let (id, lock) = workspace.writer()?.create(&plan.experiment(engine)?, &text, at)?;
        plan.hold_out(&workspace, id, at)?;
        let (settled, histories) = (Bits::none(plan.points()), BTreeMap::new());
        Ok(Self {
            workspace,
            id,
            _lock: lock,
            state,
            settled,
            histories,
            resumed: false,
            follows: false,
            again: None,
            given_up: BTreeMap::new(),
            before: None,
        })
    }

    /// The same, going on with what another experiment of the same command began.
    pub(crate) fn following(self) -> Self {
        Self { follows: true, ..self }
    }

    /// One of several that a command makes, which goes on with it when one of them stops; what those before have given up, this
    /// one does not try again.
    pub(crate) fn one_of_several(self, again: &str, given_up: &BTreeMap<RunKey, KnownTrial>) -> Self {
        Self { follows: true, again: Some(again.to_owned()), given_up: given_up.clone(), ..self }
    }

    /// One that stopped early, with what the store has of it.
    pub(crate) fn resume(
        workspace: Workspace,
        lock: ExperimentLock,
        experiment: &Experiment,
        plan: &Plan,
    ) -> Result<Self, Failure> {
        let id = experiment.head.id;
        let mut state: WorkflowState = serde_json::from_str(&experiment.state).map_err(|error| {
            Failure::environment(format!("the state of experiment {id} cannot be read: {error}"))
                .hint("it is damaged, or of a newer stratbox: run the sweep file anew")
        })?;
        let before = match experiment.head.status {
            Status::Running => Some("it was killed".to_owned()),
            Status::Paused | Status::Completed | Status::Failed => experiment.head.reason.clone(),
        };
        // It may have been killed before that was written down.
        plan.hold_out(&workspace, id, Clock::default().now())?;
        let reader = workspace.reader()?;
        // What was settled before it was killed, and is not in its state.
        for row in reader.leaders(id, 1)? {
            let metric = experiment.head.objective;
            if let Some(figure) = row.figure {
                let best = Best { variant: row.variant, run_key: row.key, metric, figure };
                // It is refused only where there are no results: not while there are.
                drop(state.offer(best, row.at));
            }
        }
        let mut settled = Bits::none(plan.points());
        reader.settled(id, ITERATION, |variant, _| settled.insert(variant))?;
        crate::belief::resample(plan, &reader, id)?;
        let mut histories: BTreeMap<u64, History> = BTreeMap::new();
        let policy = RetryPolicy::default();
        for attempt in reader.pending_attempts(id)? {
            histories.entry(attempt.variant).or_default().record(ending(&attempt), &policy);
        }
        Ok(Self {
            workspace,
            id,
            _lock: lock,
            state,
            settled,
            histories,
            resumed: true,
            follows: false,
            again: None,
            given_up: BTreeMap::new(),
            before,
        })
    }

    /// What is written down before the first run.
    pub(super) fn begin(&mut self, clock: &mut Clock) -> Result<Batch, Failure> {
        let at = clock.now();
        // It is not paused when it was killed.
        drop(self.state.resume(at));
        let what = match self.resumed {
            true => Milestone::Resumed,
            false => Milestone::Phase(Phase::Backtesting.label().to_owned()),
        };
        let transition = Transition {
            what,
            status: Status::Running,
            reason: self.before.take(),
            state: json(&self.state)?,
        };
        Ok(Batch { transitions: vec![transition], at, ..Batch::default() })
    }
}

/// Where a sweep stands whose strategies are compiled and which has run nothing.
fn state(plan: &Plan, at: u64) -> Result<WorkflowState, Refused> {
    let (kind, limits) = (WorkflowKind::Sweep, IterationLimits::default());
    let mut state = WorkflowState::new(&plan.name, kind, plan.aim.objective, limits, at)?;
    state.enter(Phase::StrategyDevelopment, at)?;
    state.enter(Phase::Backtesting, at)?;
    Ok(state)
}

fn json(state: &WorkflowState) -> Result<String, Failure> {
    serde_json::to_string(state).map_err(|error| Failure::environment(error.to_string()))
}

/// What a kept attempt says of the task: an unconfirmed fault is only counted, and has to be found twice again.
fn ending(attempt: &FailedAttempt) -> Ending {
    match attempt.reason.as_str() {
        "timeout" => Ending::TimedOut,
        "killed_its_worker" => Ending::Lost { poison: true },
        "worker_lost" | "worker_silent" | "unanswered" => Ending::Lost { poison: false },
        _ => Ending::Faulted(FaultSignature {
            label: FaultLabel::Trap,
            code: "of_an_earlier_session".into(),
            bar: None,
            // No two are the same.
            fuel: u64::MAX - u64::from(attempt.attempt),
        }),
    }
}
