//! Which attempts are tried again: a pure state machine, one [`History`] per task.

use stratbox_domain::{FaultLabel, Interruption, RunOutcome};

/// How often a task may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Retries of one task, whatever for: it is attempted at most `max_retries + 1` times.
    pub max_retries: u32,
    /// Retries of one task because of timeouts. They count towards `max_retries` too.
    pub timeout_retries: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max_retries: 3, timeout_retries: 1 }
    }
}

/// What makes two faults the same fault. Fuel is counted exactly, so one that comes from the guest's own behaviour
/// repeats all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultSignature {
    /// What kind.
    pub label: FaultLabel,
    /// The bar it happened at; `None` before the first and after the last bar.
    pub bar: Option<u64>,
    /// Fuel used up to the fault, in the engine's units.
    pub fuel: u64,
}

/// How one attempt ended, as far as trying again is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Another attempt is pointless: it completed, or it failed in a way that says nothing new the second time.
    Final,
    /// The guest failed; whether by its own doing shows when it is tried again.
    Faulted(FaultSignature),
    /// Its wall-clock time ran out, which a busy machine can cause.
    TimedOut,
    /// Somebody asked for it to stop.
    Cancelled,
}

impl Ending {
    /// The ending of a run that used `fuel` units of fuel.
    ///
    /// A strategy that refuses its parameters has answered in an orderly way, so that is final at once.
    #[must_use]
    pub fn of<R>(outcome: &RunOutcome<R>, fuel: u64) -> Self {
        match outcome {
            RunOutcome::Completed(_) => Self::Final,
            RunOutcome::Faulted(fault) if fault.label == FaultLabel::InitRefused => Self::Final,
            RunOutcome::Faulted(fault) => {
                Self::Faulted(FaultSignature { label: fault.label, bar: fault.bar, fuel })
            }
            RunOutcome::Interrupted(Interruption::Timeout { .. }) => Self::TimedOut,
            RunOutcome::Interrupted(Interruption::Cancelled { .. }) => Self::Cancelled,
        }
    }
}

/// Why a task is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Its last attempt was final in itself.
    Conclusive,
    /// Its last two faults were identical: the fault is deterministic.
    Reproduced,
    /// Its retries are used up: the last fault or timeout stands, unconfirmed.
    Exhausted,
    /// It was cancelled: nothing is known about it.
    Cancelled,
}

/// What to do after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try the task again.
    Retry,
    /// The attempt's output is the task's result.
    Settled(Settled),
}

/// What is remembered of a task's attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    attempts: u32,
    timeouts: u32,
    last_fault: Option<FaultSignature>,
}

impl History {
    /// Attempts recorded so far.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Records how an attempt ended, and decides whether there is to be another.
    ///
    /// A fault is settled as soon as it equals the fault before it (timeouts in between say nothing about it).
    pub fn record(&mut self, ending: Ending, rules: &Retry) -> Next {
        let retry_is_left = self.attempts < rules.max_retries;
        self.attempts += 1;
        match ending {
            Ending::Final => Next::Settled(Settled::Conclusive),
            Ending::Cancelled => Next::Settled(Settled::Cancelled),
            Ending::Faulted(fault) if self.last_fault.replace(fault) == Some(fault) => {
                Next::Settled(Settled::Reproduced)
            }
            Ending::Faulted(_) => retry_if(retry_is_left),
            Ending::TimedOut => {
                self.timeouts += 1;
                retry_if(retry_is_left && self.timeouts <= rules.timeout_retries)
            }
        }
    }
}

fn retry_if(allowed: bool) -> Next {
    if allowed { Next::Retry } else { Next::Settled(Settled::Exhausted) }
}
