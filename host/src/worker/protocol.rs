//! The frames between this process and its workers.
//!
//! What a worker says is believed as little as the code that it ran: every answer is bounded, and checked where it is read.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use stratbox_domain::{Digest, Limits, Manifest, VenuePolicy, must_be_escaped};
use stratbox_intake::component::{ComponentLimits, Profile, Refusal, Shape};
use stratbox_market::SharedHeader;
use stratbox_metrics::NotMetrics;

use super::batch::Batch;
use crate::backtest::{CompactOutcome, Execution, LogLines, Timing};
use crate::trace::{Keeps, MAX_FILLS, MAX_SIGNALS, Trace};

/// Role of a worker that compiles components. A worker makes its engine before it hears anything else, so that the role
/// says what components may import, and how many processors it may use.
pub(crate) fn assembler(profile: Profile, threads: Threads) -> &'static str {
    match (profile, threads) {
        (Profile::Strict, Threads::All) => "assembler",
        (Profile::Wasi, Threads::All) => "assembler-wasi",
        (Profile::Strict, Threads::One) => "assembler-alone",
        (Profile::Wasi, Threads::One) => "assembler-wasi-alone",
    }
}

/// Processors that compiling one component uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    All,
    /// Where as many are compiled at once as there are workers.
    One,
}

/// Role of a worker that runs them.
pub(crate) fn runner(profile: Profile) -> &'static str {
    match profile {
        Profile::Strict => "runner",
        Profile::Wasi => "runner-wasi",
    }
}

/// What an assembler is asked, once.
#[derive(Serialize, Deserialize)]
pub(crate) enum Assembly {
    /// Wrap a core module into a component.
    Componentize { module: ByteBuf },
    /// Check a component and compile it together with the engine's parts.
    Compile {
        component: ByteBuf,
        venue: ByteBuf,
        driver: ByteBuf,
        limits: Box<ComponentLimits>,
        profile: Profile,
    },
}

/// What it answers.
#[derive(Serialize, Deserialize)]
pub(crate) enum Assembled {
    Component(ByteBuf),
    Code {
        code: ByteBuf,
        shape: Box<Shape>,
    },
    /// The gate refuses the component.
    Refused(RefusedComponent),
    /// The component, or module, does not fit.
    Unfit(String),
    /// The engine failed.
    Failed(String),
}

/// A [`Refusal`] on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusedComponent {
    pub(crate) rule: String,
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl From<Refusal> for RefusedComponent {
    fn from(refusal: Refusal) -> Self {
        Self { rule: refusal.rule.to_owned(), message: refusal.message, hint: refusal.hint }
    }
}

/// What a runner is asked.
#[derive(Serialize, Deserialize)]
pub(crate) enum Order {
    /// The bars of all later runs; their memory comes along.
    Bars { header: SharedHeader, policy: Box<VenuePolicy>, limits: Limits, periods_per_year: Option<f64> },
    /// Compiled code, to be known by a number.
    Load { number: u32, code: ByteBuf },
    /// What the strategy says of itself.
    Describe { number: u32, component: Digest },
    /// Runs, each of which is answered, in order.
    Run(Batch),
}

/// What it answers.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Described(Box<Manifest>),
    /// The strategy could not describe itself.
    NotDescribed(String),
    Ran(Box<RanAnswer>),
    /// It is still at work. Nobody asked; it says so once a second during runs.
    Alive,
    /// The engine failed, or the order made no sense.
    Failed(String),
}

/// How a run ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct RanAnswer {
    outcome: CompactOutcome,
    fuel: u64,
    timing: Timing,
    log: Option<LogLines>,
    trace: Option<Trace>,
}

impl RanAnswer {
    pub(crate) fn new(execution: Execution, keeps: Keeps) -> Self {
        let outcome = CompactOutcome::from(&execution.outcome);
        let Execution { fuel, log, timing, trace, .. } = execution;
        Self { outcome, fuel, timing, log: keeps.log.then_some(log), trace: keeps.traces().then_some(trace) }
    }

    /// What the answer says, if it can be true. `passed` since the worker was asked; `points` of an equity curve were.
    pub(crate) fn check(self, limits: &Limits, points: u64, passed: Duration) -> Result<Execution, String> {
        if self.fuel > limits.fuel {
            return Err("a run used more fuel than there was".to_owned());
        }
        if self.timing.total() > passed {
            return Err("a run took longer than it is since it was asked for".to_owned());
        }
        if let CompactOutcome::Faulted(fault) = &self.outcome {
            let texts = [fault.code.as_ref(), &fault.message, fault.hint.as_ref()];
            texts.into_iter().try_for_each(plain)?;
        }
        let outcome = self.outcome.try_into().map_err(|error: NotMetrics| error.to_string())?;
        let log = self.log.unwrap_or_default();
        log.lines.iter().try_for_each(|line| plain(&line.level).and_then(|()| plain(&line.message)))?;
        let trace = self.trace.unwrap_or_default();
        let lengths = [(trace.fills.len(), MAX_FILLS), (trace.signals.len(), MAX_SIGNALS)];
        if trace.equity.len() as u64 > points || lengths.iter().any(|(length, most)| length > most) {
            return Err("a run has more of a trace than was asked for".to_owned());
        }
        Ok(Execution { outcome, fuel: self.fuel, log, timing: self.timing, trace })
    }
}

/// An honest worker has bounded and escaped every text.
fn plain(text: &str) -> Result<(), String> {
    const MAX_BYTES: usize = 16 << 10;
    if text.len() > MAX_BYTES || text.chars().any(must_be_escaped) {
        return Err("a text is too long, or not plain".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use stratbox_domain::{Interruption, RunOutcome};

    use super::*;
    use crate::trace::MAX_SIGNALS;

    fn answer(trace: Trace) -> RanAnswer {
        let outcome = RunOutcome::Interrupted(Interruption::Timeout { bar: None });
        let execution =
            Execution { outcome, fuel: 0, log: LogLines::default(), timing: Timing::default(), trace };
        RanAnswer::new(execution, Keeps { signals: true, ..Keeps::default() })
    }

    #[test]
    fn a_trace_arrives_whole_and_one_of_more_than_there_can_be_is_not_believed() {
        let checked = |signals: usize, equity: usize| {
            let trace =
                Trace { signals: vec![(1.0, 0.5); signals], equity: vec![1.0; equity], ..Trace::default() };
            let bytes = rmp_serde::to_vec_named(&answer(trace)).unwrap();
            let received: RanAnswer = rmp_serde::from_slice(&bytes).unwrap();
            received.check(&Limits::default(), 0, Duration::from_secs(1)).map(|execution| execution.trace)
        };
        assert_eq!(checked(3, 0).unwrap().signals, [(1.0, 0.5); 3]);
        assert_eq!(checked(MAX_SIGNALS, 0).unwrap().signals.len(), MAX_SIGNALS);
        for (signals, equity) in [(MAX_SIGNALS + 1, 0), (0, 1)] {
            assert_eq!(checked(signals, equity).unwrap_err(), "a run has more of a trace than was asked for");
        }
    }

    #[test]
    fn a_trace_that_nobody_asked_for_is_not_sent() {
        let execution = |signals| {
            let trace = Trace { signals, ..Trace::default() };
            let outcome = RunOutcome::Interrupted(Interruption::Timeout { bar: None });
            Execution { outcome, fuel: 0, log: LogLines::default(), timing: Timing::default(), trace }
        };
        assert!(RanAnswer::new(execution(vec![(1.0, 0.5)]), Keeps::default()).trace.is_none());
    }
}
