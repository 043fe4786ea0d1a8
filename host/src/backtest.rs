//! One strategy on some bars: what `run` does once and `sweep` thousands of times, in whatever process.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stratbox_domain::{BarSource, Fault, Interruption, Limits, Params, RunKey, RunOutcome, VenuePolicy};
use stratbox_metrics::{Accumulator, CompactMetrics, Metrics, NotMetrics};
use stratbox_sandbox::{Artifact, Error, Log, RunRequest, Sandbox};

use crate::trace::{Keeps, Trace, Tracer};
use crate::wiring::RunRecorder;

/// Everything about runs but the strategy and its parameters.
#[derive(Clone)]
pub(crate) struct Conditions {
    pub(crate) bars: Arc<dyn BarSource>,
    pub(crate) policy: Arc<VenuePolicy>,
    pub(crate) limits: Limits,
    /// How many time steps of the bars make a year, if that can be told.
    pub(crate) periods_per_year: Option<f64>,
    pub(crate) cancel: Arc<AtomicBool>,
}

/// How a run ended; small, for there may be a million of them.
pub(crate) type Outcome = RunOutcome<Box<Metrics>>;

/// What came of a run.
pub(crate) struct Execution {
    pub(crate) outcome: Outcome,
    pub(crate) fuel: u64,
    pub(crate) log: LogLines,
    pub(crate) timing: Timing,
    /// Empty unless it was asked for.
    pub(crate) trace: Trace,
}

/// How long a run took, in microseconds; never part of a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timing {
    /// Making the instance.
    pub(crate) instantiate_us: u32,
    /// Everything else.
    pub(crate) run_us: u32,
}

impl From<stratbox_sandbox::Timing> for Timing {
    fn from(timing: stratbox_sandbox::Timing) -> Self {
        let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        Self { instantiate_us: micros(timing.instantiate), run_us: micros(timing.run) }
    }
}

impl Timing {
    /// All of it.
    pub(crate) fn total(self) -> Duration {
        Duration::from_micros(u64::from(self.instantiate_us) + u64::from(self.run_us))
    }
}

/// What a strategy logged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LogLines {
    pub(crate) lines: Vec<LogLine>,
    /// Lines for which there was no room.
    pub(crate) dropped: u64,
}

/// One message of a strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LogLine {
    /// `debug`, `info`, `warn` or `error`.
    pub(crate) level: String,
    pub(crate) message: String,
}

impl From<Log> for LogLines {
    fn from(log: Log) -> Self {
        let line =
            |line: stratbox_sandbox::LogLine| LogLine { level: line.level.to_owned(), message: line.message };
        Self { lines: log.lines.into_iter().map(line).collect(), dropped: log.dropped }
    }
}

impl Conditions {
    /// One run, in this process. An error is never the strategy's doing.
    pub(crate) fn run(
        &self,
        sandbox: &Sandbox<RunRecorder>,
        code: &Artifact<RunRecorder>,
        params: &Params,
        key: RunKey,
        keeps: Keeps,
    ) -> Result<Execution, Error> {
        let request = RunRequest {
            bars: Arc::clone(&self.bars),
            params,
            policy: &self.policy,
            limits: self.limits,
            cancel: Arc::clone(&self.cancel),
            seed: key,
        };
        let recorder = || RunRecorder {
            metrics: Accumulator::new(self.policy.initial_cash, self.periods_per_year),
            tracer: Tracer::new(keeps),
        };
        let (report, RunRecorder { metrics, tracer }) = sandbox.run(code, &request, recorder)?;
        let outcome = match report.outcome {
            RunOutcome::Completed(summary) => {
                RunOutcome::Completed(Box::new(metrics.finish(&summary, self.bars.span())))
            }
            RunOutcome::Faulted(fault) => RunOutcome::Faulted(fault),
            RunOutcome::Interrupted(interruption) => RunOutcome::Interrupted(interruption),
        };
        let trace = tracer.map(Tracer::finish).unwrap_or_default();
        let (log, timing) = (report.log.into(), report.timing.into());
        Ok(Execution { outcome, fuel: report.fuel, log, timing, trace })
    }
}

/// An outcome as it passes between processes and to disk and back.
#[derive(Serialize, Deserialize)]
pub(crate) enum CompactOutcome {
    Completed(CompactMetrics),
    Faulted(Fault),
    Interrupted(Interruption),
}

impl From<&Outcome> for CompactOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            RunOutcome::Completed(metrics) => Self::Completed(CompactMetrics::from(&**metrics)),
            RunOutcome::Faulted(fault) => Self::Faulted(fault.clone()),
            RunOutcome::Interrupted(reason) => Self::Interrupted(*reason),
        }
    }
}

impl TryFrom<CompactOutcome> for Outcome {
    type Error = NotMetrics;

    fn try_from(outcome: CompactOutcome) -> Result<Self, NotMetrics> {
        Ok(match outcome {
            CompactOutcome::Completed(metrics) => Self::Completed(Box::new(metrics.try_into()?)),
            CompactOutcome::Faulted(fault) => Self::Faulted(fault),
            CompactOutcome::Interrupted(reason) => Self::Interrupted(reason),
        })
    }
}

/// A venue policy as it is written down: with a word of warning where it flatters.
#[derive(Serialize)]
pub(crate) struct Stamped<'a> {
    #[serde(flatten)]
    policy: &'a VenuePolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    optimistic: Option<&'static str>,
}

impl<'a> Stamped<'a> {
    pub(crate) fn of(policy: &'a VenuePolicy) -> Self {
        Self { policy, optimistic: policy.optimistic() }
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
    /// `timeout`, `cancelled` or `worker_lost`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_more_than_an_hour_is_said_to_take_an_hour() {
        let timing = |seconds| {
            let run = Duration::from_secs(seconds);
            Timing::from(stratbox_sandbox::Timing { instantiate: Duration::from_nanos(12_999), run })
        };
        assert_eq!(timing(3_600), Timing { instantiate_us: 12, run_us: 3_600_000_000 });
        assert_eq!(timing(10_000), Timing { instantiate_us: 12, run_us: u32::MAX });
        assert_eq!(timing(10_000).total(), Duration::from_micros(12 + u64::from(u32::MAX)));
    }
}
