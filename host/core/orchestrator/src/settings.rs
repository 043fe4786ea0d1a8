//! What an [`Orchestrator`](crate::Orchestrator) is told once, before anything else.

use std::num::{NonZeroU32, NonZeroUsize};

use crate::batch::Batches;
use crate::retry::RetryPolicy;

/// Milliseconds of a monotonic clock that begins anywhere. A reading below an earlier one counts as the earlier one.
pub type Millis = u64;

/// How an orchestrator is to work. Results depend on none of it but [`RetryPolicy`] and the budget of [`CallLimits`].
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Of the delays before retries.
    pub seed: u64,
    /// Slots for workers, numbered from 0; each is started when there is something for it to do.
    pub workers: NonZeroUsize,
    /// How many tasks a worker is given at a time.
    pub batches: Batches,
    /// Which failed attempts are repeated, and when.
    pub retry: RetryPolicy,
    /// When this machine is too busy for more work.
    pub admission: Admission,
    /// A worker that has a lease and gives no sign of life for this long is lost.
    pub silence: Millis,
    /// When so much fails that going on is pointless.
    pub failures: FailureGate,
    /// Settled tasks that may wait to be stored before nothing new is assigned; 0 counts as 1.
    pub backlog: u64,
    /// Tasks of one job that are held at most, waiting or running; 0 counts as 1. With less than
    /// `2 * workers * batches.most`, batches are smaller than they could be.
    pub window: usize,
    /// What calls to language models may take.
    pub calls: CallLimits,
}

/// When this machine is too busy for more work. While no lease is out one is granted whatever the machine does, and
/// one worker may always be started, so that work goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Admission {
    /// No new lease while others use more than this share of the processors, 0 to 1.
    pub cpu: f64,
    /// No new lease while more than this share of the memory is used, 0 to 1. No more workers are started than fit into
    /// this share of the memory that is available.
    pub memory: f64,
    /// Bytes that a worker is expected to use; 0 when it is not to matter.
    pub memory_per_worker: u64,
}

impl Default for Admission {
    fn default() -> Self {
        Self { cpu: 0.8, memory: 0.8, memory_per_worker: 0 }
    }
}

/// How busy this machine is. A share that is not a number says nothing: it counts as 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Share of the processors that others than we and our workers use, 0 to 1.
    pub cpu_of_others: f64,
    /// Share of the memory that is used, by anybody, 0 to 1.
    pub memory_used: f64,
    /// Bytes of memory that are available.
    pub memory_available: u64,
}

/// When so much fails that going on is pointless.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureGate {
    /// Tasks that must have run and settled before the share says anything.
    pub least: u64,
    /// The share of those that may have failed.
    pub share: f64,
    /// What happens when more have.
    pub then: OnFailures,
}

impl Default for FailureGate {
    fn default() -> Self {
        Self { least: 100, share: 0.5, then: OnFailures::Ask }
    }
}

/// What happens when too much failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailures {
    /// No new lease is granted, and when what runs has come back [`Action::Ask`](crate::Action::Ask) is sent, once.
    Ask,
    /// As if the answer were always [`Decision::Continue`](crate::Decision::Continue).
    Continue,
    /// As if the answer were always [`Decision::Stop`](crate::Decision::Stop).
    Stop,
}

/// What calls to language models may take, all jobs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Calls a minute, in the long run.
    pub per_minute: NonZeroU32,
    /// Calls that may begin at once, after a pause that was long enough.
    pub burst: NonZeroU32,
    /// What all calls may cost together, in millionths of the budget's currency.
    pub budget: u64,
}

impl Default for CallLimits {
    /// No limit.
    fn default() -> Self {
        Self { per_minute: NonZeroU32::MAX, burst: NonZeroU32::MAX, budget: u64::MAX }
    }
}
