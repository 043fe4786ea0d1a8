//! Many tasks on a fixed pool of workers, and the rule by which a failed one is tried again.
//!
//! The rule is pure ([`History::record`], module `retry`), and so is the size of the batches in which workers take
//! tasks ([`Batches`], module `batch`); the threads ([`run`], module `pool`) only obey them. None knows what a task
//! is: the caller says what an attempt does and how it ended, here or in another process.
//!
//! What must not happen here: a task lost or reported twice, a result that depends on the number of workers or on
//! the size of batches, or a pool that waits for a worker that is gone.

mod batch;
mod pool;
mod retry;

pub use batch::Batches;
pub use pool::{Attempt, BACKLOG_PER_WORKER, Finished, PoolError, Ran, Try, run};
pub use retry::{Ending, FaultSignature, History, Next, Retry, Settled};
