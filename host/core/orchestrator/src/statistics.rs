//! How far an [`Orchestrator`](crate::Orchestrator) is.

use crate::retry::Settled;

/// How far an orchestrator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Tasks that are announced or known to exist, and not held yet, of jobs that have not ended.
    pub expected: u64,
    /// Tasks that could begin as soon as it is their turn.
    pub queued: u64,
    /// Tasks that are out on a lease.
    pub running: u64,
    /// Tasks that wait until the delay before their retry is over.
    pub retrying: u64,
    /// Tasks that have their results, by how.
    pub settled: SettledCounts,
    /// Tasks whose results came from the store.
    pub answered: u64,
    /// Settled tasks that are not known to be stored.
    pub unstored: u64,
    /// Attempts that failed and were followed, or will be, by another.
    pub retried: u64,
    /// Attempts that were lost with their worker.
    pub lost: u64,
    /// Late answers that did not count, by task.
    pub discarded: u64,
    /// Leases that were granted.
    pub batches: u64,
    /// Time that workers said tasks took, in microseconds.
    pub task_micros: u64,
    /// Time that workers said leases took, in microseconds: what is not in `task_micros` is what leases cost.
    pub lease_micros: u64,
    /// Workers that are started, or being started.
    pub workers: usize,
    /// Workers that have a lease.
    pub busy: usize,
    /// What calls cost so far, in millionths of the budget's currency; those that run with what they may cost at most.
    pub spent: u64,
    /// Why nothing is assigned now; `None` when nothing is in the way, or nothing is left.
    pub waiting: Option<Waiting>,
    /// Why nothing will be assigned any more.
    pub stopping: Option<Stopping>,
}

/// Settled tasks, by how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettledCounts {
    /// [`Settled::Conclusive`].
    pub conclusive: u64,
    /// [`Settled::Reproduced`].
    pub reproduced: u64,
    /// [`Settled::Exhausted`].
    pub exhausted: u64,
    /// [`Settled::Quarantined`].
    pub quarantined: u64,
    /// [`Settled::DataUnavailable`].
    pub data_unavailable: u64,
    /// [`Settled::OverBudget`].
    pub over_budget: u64,
    /// [`Settled::Cancelled`].
    pub cancelled: u64,
}

impl SettledCounts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ran() + self.over_budget + self.cancelled
    }

    /// Those that ran to a result, good or bad.
    #[must_use]
    pub fn ran(&self) -> u64 {
        self.conclusive + self.data_unavailable + self.failed()
    }

    /// Those that failed: by a fault, a timeout or a loss.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.reproduced + self.exhausted + self.quarantined
    }

    pub(crate) fn count(&mut self, settled: Settled) {
        *match settled {
            Settled::Conclusive => &mut self.conclusive,
            Settled::Reproduced => &mut self.reproduced,
            Settled::Exhausted => &mut self.exhausted,
            Settled::Quarantined => &mut self.quarantined,
            Settled::DataUnavailable => &mut self.data_unavailable,
            Settled::OverBudget => &mut self.over_budget,
            Settled::Cancelled => &mut self.cancelled,
        } += 1;
    }
}

/// Why nothing is assigned now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Every worker that may be started has a lease, or is being started.
    Workers,
    /// Others use the processors.
    Cpu,
    /// Too much memory is used.
    Memory,
    /// Too many settled tasks are not stored yet.
    Backlog,
    /// Calls to language models have used up their minute, or what runs may use up the budget.
    Calls,
    /// The tasks of the next jobs were asked for.
    Expansion,
    /// What is left waits for the delay before its retry.
    Retry,
    /// What is left waits for tasks that run.
    Running,
    /// What is left is paused.
    Paused,
    /// Too much failed, and somebody is to decide.
    Decision,
}

/// Why nothing will be assigned any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// [`Input::Drain`](crate::Input::Drain).
    Drained,
    /// [`Input::Halt`](crate::Input::Halt).
    Halted,
    /// Too much failed.
    Failures,
}
