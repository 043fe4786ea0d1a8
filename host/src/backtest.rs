//! One strategy on some bars: what `run` does once and `sweep` thousands of times.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use stratbox_domain::{Fault, Limits, Params, RunOutcome, VenuePolicy};
use stratbox_metrics::{Accumulator, Metrics};
use stratbox_sandbox::{Log, RunRequest};

use crate::bars::Bars;
use crate::failure::Failure;
use crate::key::RunKeys;
use crate::wiring::{Code, Engine, RunRecorder};

/// Everything about runs but the strategy and its parameters.
pub(crate) struct Backtest<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) bars: &'a Bars,
    pub(crate) policy: VenuePolicy,
    pub(crate) limits: Limits,
    pub(crate) cancel: Arc<AtomicBool>,
}

/// How a run ended; small, for there may be a million of them.
pub(crate) type Outcome = RunOutcome<Box<Metrics>>;

/// What came of a run.
pub(crate) struct Execution {
    pub(crate) outcome: Outcome,
    pub(crate) fuel: u64,
    pub(crate) log: Log,
}

impl Backtest<'_> {
    /// The keys of such runs of this code.
    pub(crate) fn keys(&self, code: &Code) -> RunKeys {
        let bars = &self.bars.summary.digest;
        let program = env!("CARGO_PKG_VERSION");
        RunKeys::new(&code.identity(), bars, &self.policy, &self.limits, self.engine.version(), program)
    }

    /// One run. An error is never the strategy's doing.
    pub(crate) fn run(&self, code: &Code, params: &Params) -> Result<Execution, Failure> {
        let request = RunRequest {
            bars: Arc::clone(&self.bars.source),
            params,
            policy: self.policy,
            limits: self.limits,
            cancel: Arc::clone(&self.cancel),
        };
        let accumulator = Accumulator::new(self.policy.initial_cash, self.bars.periods_per_year);
        let (report, recorder) = self.engine.run(code, &request, RunRecorder(accumulator))?;
        let outcome = match report.outcome {
            RunOutcome::Completed(summary) => {
                let metrics = recorder.0.finish(&summary, self.bars.source.span());
                RunOutcome::Completed(Box::new(metrics))
            }
            RunOutcome::Faulted(fault) => RunOutcome::Faulted(fault),
            RunOutcome::Interrupted(interruption) => RunOutcome::Interrupted(interruption),
        };
        Ok(Execution { outcome, fuel: report.fuel, log: report.log })
    }
}

/// An outcome as it is written down.
#[derive(Serialize)]
pub(crate) struct Ended<'a> {
    outcome: &'static str,
    /// Null unless it completed.
    metrics: Option<&'a Metrics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a Fault>,
    /// `timeout` or `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    interruption: Option<&'static str>,
}

impl<'a> From<&'a Outcome> for Ended<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let ended = |outcome| Self { outcome, metrics: None, fault: None, interruption: None };
        match outcome {
            RunOutcome::Completed(metrics) => Self { metrics: Some(metrics), ..ended("completed") },
            RunOutcome::Faulted(fault) => Self { fault: Some(fault), ..ended("faulted") },
            RunOutcome::Interrupted(reason) => {
                Self { interruption: Some(reason.label()), ..ended("interrupted") }
            }
        }
    }
}
