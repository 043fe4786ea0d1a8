//! Which attempts are repeated: one [`History`] a task, and the rule that reads it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use stratbox_domain::{FaultLabel, Interruption, RunOutcome, WorkerLoss};

use crate::backoff::Backoff;

/// How often a task may be tried again. Each kind of failure has an allowance of its own, so that a machine in trouble
/// takes no chance from a fault to be confirmed; `max_attempts` bounds all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries of one task because of faults.
    pub max_retries: u32,
    /// Retries of one task because of timeouts.
    pub timeout_retries: u32,
    /// Retries of one task because its worker was lost, and the task is not to blame for it.
    pub loss_retries: u32,
    /// Retries of one task because its worker was lost, and the task is to blame for it.
    pub poison_retries: u32,
    /// Attempts at one task, whatever they end with; 0 counts as 1.
    pub max_attempts: u32,
    /// How long a retry after a timeout or a loss waits. One after a fault does not wait.
    pub backoff: Backoff,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            timeout_retries: 1,
            loss_retries: 3,
            poison_retries: 1,
            max_attempts: 8,
            backoff: Backoff::default(),
        }
    }
}

/// What makes two faults the same fault. Fuel is counted exactly, so one that comes from the guest's own behaviour
/// repeats all of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The process that ran it was lost.
    Lost {
        /// Whether the task is to blame: the process ended by itself while it ran this task.
        poison: bool,
    },
    /// What it was to run on cannot be had, and will not be had the next time either.
    Unavailable,
    /// Somebody asked for it to stop.
    Cancelled,
}

impl Ending {
    /// The ending of a run that used `fuel` units of fuel.
    ///
    /// A strategy that refuses its parameters has answered in an orderly way, so that is final at once. A worker that
    /// was killed or silent says nothing against the task that it ran.
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
            RunOutcome::Interrupted(Interruption::WorkerLost { cause }) => {
                let poison = match cause {
                    WorkerLoss::Crashed | WorkerLoss::OutOfMemory | WorkerLoss::Protocol => true,
                    WorkerLoss::Killed | WorkerLoss::Silent => false,
                };
                Self::Lost { poison }
            }
        }
    }
}

/// Why an attempt is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The guest failed, in a way that is not confirmed yet.
    Fault,
    /// Its wall-clock time ran out.
    Timeout,
    /// The worker said that the process that ran it was lost.
    Lost {
        /// Whether the task is to blame.
        poison: bool,
    },
    /// The worker gave no sign of life. Nobody is to blame, and nobody answered.
    Silent,
    /// The worker answered for none of the tasks that it was given, of which this was the first.
    Unanswered,
}

impl Cause {
    /// Its stable name, in events and stores.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Timeout => "timeout",
            Self::Lost { poison: true } => "killed_its_worker",
            Self::Lost { poison: false } => "worker_lost",
            Self::Silent => "worker_silent",
            Self::Unanswered => "unanswered",
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
    /// More workers were lost running it than may: it is taken for what takes them away.
    Quarantined,
    /// What it was to run on cannot be had.
    DataUnavailable,
    /// The budget cannot pay for it. It was not attempted (again).
    OverBudget,
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

/// What is remembered of a task's attempts that were followed by another. It takes no memory before the first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(Option<Box<Past>>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Past {
    attempts: u32,
    timeouts: u32,
    losses: u32,
    poisonings: u32,
    last_fault: Option<FaultSignature>,
}

impl History {
    /// Attempts that were followed by another. The next one's number is one more.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.as_ref().map_or(0, |past| past.attempts)
    }

    /// Whether the task may harm others that share its lease, by taking long or by taking the worker away.
    pub(crate) fn is_suspect(&self) -> bool {
        self.0.as_ref().is_some_and(|past| past.disturbances() > 0)
    }

    /// Whether the next attempt is to be in a process that has run nothing else.
    pub(crate) fn wants_fresh_worker(&self) -> bool {
        self.0.as_ref().is_some_and(|past| past.timeouts > 0)
    }

    /// Decides what follows an attempt that ended like this; when that is another attempt, remembers this one.
    ///
    /// A fault is settled as soon as it equals the fault before it (timeouts and losses in between say nothing about
    /// it). One loss too many is settled as that, even when no attempt is left for other reasons.
    pub fn record(&mut self, ending: Ending, policy: &RetryPolicy) -> Next {
        match ending {
            Ending::Final => return Next::Settled(Settled::Conclusive),
            Ending::Unavailable => return Next::Settled(Settled::DataUnavailable),
            Ending::Cancelled => return Next::Settled(Settled::Cancelled),
            Ending::Faulted(_) | Ending::TimedOut | Ending::Lost { .. } => {}
        }
        let past = self.0.get_or_insert_default();
        let verdict = past.verdict(&ending, policy);
        match verdict {
            Some(settled) => Next::Settled(settled),
            None => {
                past.remember(ending);
                Next::Retry
            }
        }
    }
}

impl Past {
    /// Attempts that failed otherwise than by a fault. What was read from a store may be any number.
    fn disturbances(&self) -> u32 {
        self.timeouts.saturating_add(self.losses).saturating_add(self.poisonings)
    }

    /// Why a failure that comes after these is the last one, or `None` when it is not.
    fn verdict(&self, ending: &Ending, policy: &RetryPolicy) -> Option<Settled> {
        let faults = self.attempts.saturating_sub(self.disturbances());
        let is_left = match ending {
            Ending::Faulted(fault) if self.last_fault.as_ref() == Some(fault) => {
                return Some(Settled::Reproduced);
            }
            Ending::Lost { poison: false } if self.losses >= policy.loss_retries => {
                return Some(Settled::Quarantined);
            }
            Ending::Lost { poison: true } if self.poisonings >= policy.poison_retries => {
                return Some(Settled::Quarantined);
            }
            Ending::Faulted(_) => faults < policy.max_retries,
            Ending::TimedOut => self.timeouts < policy.timeout_retries,
            Ending::Lost { .. } => true,
            Ending::Final | Ending::Unavailable | Ending::Cancelled => false,
        };
        let may_be_repeated = is_left && self.attempts.saturating_add(1) < policy.max_attempts;
        (!may_be_repeated).then_some(Settled::Exhausted)
    }

    fn remember(&mut self, ending: Ending) {
        self.attempts = self.attempts.saturating_add(1);
        match ending {
            Ending::Faulted(fault) => self.last_fault = Some(fault),
            Ending::TimedOut => self.timeouts = self.timeouts.saturating_add(1),
            Ending::Lost { poison: false } => self.losses = self.losses.saturating_add(1),
            Ending::Lost { poison: true } => self.poisonings = self.poisonings.saturating_add(1),
            Ending::Final | Ending::Unavailable | Ending::Cancelled => {}
        }
    }
}
