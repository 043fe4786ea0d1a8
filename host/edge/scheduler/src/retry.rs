//! Which attempts are tried again: a pure state machine, one [`History`] per task.

use std::borrow::Cow;

use stratbox_domain::{FaultLabel, Interruption, RunOutcome};

/// How often a task may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Retries of one task, whatever for: it is attempted at most `max_retries + 1` times.
    pub max_retries: u32,
    /// Retries of one task because of timeouts. They count towards `max_retries` too.
    pub timeout_retries: u32,
    /// Retries of one task because the process that ran it died. They count towards `max_retries` too.
    pub lost_retries: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max_retries: 3, timeout_retries: 1, lost_retries: 1 }
    }
}

/// What makes two faults the same fault. Fuel is counted exactly, so one that comes from the guest's own behaviour
/// repeats all of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSignature {
    /// What kind.
    pub label: FaultLabel,
    /// What exactly: the fault's stable name below its label.
    pub code: Cow<'static, str>,
    /// The bar it happened at; `None` before the first and after the last bar.
    pub bar: Option<u64>,
    /// Fuel used up to the fault, in the engine's units.
    pub fuel: u64,
}

/// How one attempt ended, as far as trying again is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Another attempt is pointless: it completed, or it failed in a way that says nothing new the second time.
    Final,
    /// The guest failed; whether by its own doing shows when it is tried again.
    Faulted(FaultSignature),
    /// Its wall-clock time ran out, which a busy machine can cause.
    TimedOut,
    /// The process that ran it died. The task may have killed it, or it died of something else.
    Lost,
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
            RunOutcome::Faulted(fault) => Self::Faulted(FaultSignature {
                label: fault.label,
                code: fault.code.clone(),
                bar: fault.bar,
                fuel,
            }),
            RunOutcome::Interrupted(Interruption::Timeout { .. }) => Self::TimedOut,
            RunOutcome::Interrupted(Interruption::Cancelled { .. }) => Self::Cancelled,
            RunOutcome::Interrupted(Interruption::WorkerLost { .. }) => Self::Lost,
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
    /// Its retries are used up: the last fault, timeout or loss stands, unconfirmed.
    Exhausted,
    /// More processes died running it than may: it is taken for what kills them.
    Quarantined,
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    attempts: u32,
    timeouts: u32,
    losses: u32,
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
    /// A fault is settled as soon as it equals the fault before it (timeouts and losses in between say nothing about
    /// it). One loss too many is settled as that, even when no retry of any kind is left.
    pub fn record(&mut self, ending: Ending, rules: &Retry) -> Next {
        let retry_is_left = self.attempts < rules.max_retries;
        self.attempts += 1;
        match ending {
            Ending::Final => Next::Settled(Settled::Conclusive),
            Ending::Cancelled => Next::Settled(Settled::Cancelled),
            Ending::Faulted(fault) if self.last_fault.as_ref() == Some(&fault) => {
                Next::Settled(Settled::Reproduced)
            }
            Ending::Faulted(fault) => {
                self.last_fault = Some(fault);
                retry_if(retry_is_left)
            }
            Ending::TimedOut => {
                self.timeouts += 1;
                retry_if(retry_is_left && self.timeouts <= rules.timeout_retries)
            }
            Ending::Lost => {
                self.losses += 1;
                if self.losses > rules.lost_retries {
                    Next::Settled(Settled::Quarantined)
                } else {
                    retry_if(retry_is_left)
                }
            }
        }
    }
}

fn retry_if(allowed: bool) -> Next {
    if allowed { Next::Retry } else { Next::Settled(Settled::Exhausted) }
}
