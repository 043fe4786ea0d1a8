//! Many tasks on a fixed pool of workers, and the rule by which a failed one is tried again.
//!
//! The rule is pure ([`History::record`], module `retry`); the threads ([`run`], module `pool`) only obey it. Neither
//! knows what a task is: the caller says what one attempt does and how it ended.
//!
//! What must not happen here: a task lost or reported twice, a result that depends on the number of workers, or a
//! pool that waits for a worker that is gone.

mod pool;
mod retry;

pub use pool::{Attempt, BACKLOG_PER_WORKER, Finished, PoolError, Ran, run};
pub use retry::{Ending, FaultSignature, History, Next, Retry, Settled};
