//! Short words for what the tests of the pool say again and again.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stratbox_domain::FaultLabel;
use stratbox_scheduler::{
    Attempt, Batches, Ending, FaultSignature, Finished, PoolError, Ran, Retry, Try, run,
};

pub(crate) fn workers(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("tests use at least one worker")
}

/// Batches that grow to `most` however slow the machine is: no time is half of this target.
pub(crate) const fn up_to(most: usize, total: u64) -> Batches {
    let most = NonZeroUsize::new(most).expect("tests use batches of at least one task");
    Batches { most, target: Duration::MAX, total }
}

pub(crate) fn completed<O, E>(output: O) -> Result<Attempt<O>, E> {
    Ok(Attempt { ending: Ending::Final, output })
}

pub(crate) fn fault(fuel: u64) -> Ending {
    Ending::Faulted(FaultSignature {
        label: FaultLabel::Trap,
        code: "unreachable".into(),
        bar: Some(7),
        fuel,
    })
}

/// Attempts a whole batch, task by task.
pub(crate) fn each<T, O, E>(
    attempt: impl Fn(&T, u32) -> Result<Attempt<O>, E> + Sync,
) -> impl Fn(&[Try<'_, T>]) -> Vec<Result<Attempt<O>, E>> + Sync {
    move |batch| batch.iter().map(|&Try { task, number }| attempt(task, number)).collect()
}

pub(crate) type Results<T, O> = Vec<(T, Finished<O>)>;

/// Runs without cancelling and under the default rules; collects what `done` was given.
pub(crate) fn run_in<T: Display + Send, O: Send, E: Send>(
    batches: &Batches,
    number: usize,
    tasks: impl Iterator<Item = T> + Send,
    attempt: impl Fn(&[Try<'_, T>]) -> Vec<Result<Attempt<O>, E>> + Sync,
) -> (Result<Ran<T>, PoolError<E>>, Results<T, O>) {
    let mut results = Vec::new();
    let done = |task, finished| results.push((task, finished));
    let ran = run(workers(number), batches, tasks, attempt, done, &AtomicBool::new(false), &Retry::default());
    (ran, results)
}
