//! The worker pool: threads that pull tasks, attempt them, and hand the results to the caller's thread.
//!
//! Workers pull from the caller's iterator under a lock, so a task exists only once a worker is free for it. A worker
//! whose task is to be tried again takes another one before it gives that back: the retry goes to whichever worker is
//! free next, after one attempt at most, and at most one retry waits however many tasks fail. A worker leaves when
//! there is nothing to take; a retry that turns up later is taken by the worker that brings it.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::iter::Fuse;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::retry::{Ending, History, Next, Retry, Settled};

/// Results per worker that may wait for `done` before workers pause. With `n` workers, at most
/// `n * (BACKLOG_PER_WORKER + 1) + 2` tasks are taken from the iterator and not yet through `done`: one on each
/// worker, the backlog, a waiting retry, and the one that `done` is busy with.
pub const BACKLOG_PER_WORKER: usize = 32;

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt<O> {
    /// How it ended.
    pub ending: Ending,
    /// What it produced; the task's result if there is no further attempt.
    pub output: O,
}

/// The result of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished<O> {
    /// What the last attempt produced.
    pub output: O,
    /// How many attempts there were, at least 1.
    pub attempts: u32,
    /// Why there is no further one.
    pub settled: Settled,
}

/// What a pool did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran<T> {
    /// Tasks that were passed to `done`.
    pub finished: u64,
    /// Tasks that were waiting for a retry when the pool was cancelled; empty if it was not. They count as never
    /// run: an unconfirmed fault must not stand as a result.
    pub unfinished: Vec<T>,
}

/// Why a pool stopped early. Every task that had finished by then was passed to `done`.
#[derive(Debug)]
pub enum PoolError<E> {
    /// The caller's `attempt` returned an error: the host failed, not the guest.
    Attempt {
        /// The task, as it displays itself.
        task: String,
        /// What `attempt` returned.
        error: E,
    },
    /// The caller's `attempt` panicked.
    Panicked {
        /// The task, as it displays itself.
        task: String,
        /// The panic's message.
        message: String,
    },
    /// The operating system refused a thread.
    Spawn(io::Error),
}

impl<E: fmt::Display> fmt::Display for PoolError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt { task, error } => write!(f, "task `{task}`: {error}"),
            Self::Panicked { task, message } => {
                write!(f, "task `{task}` made a worker panic, which is a bug in stratbox: {message}")
            }
            Self::Spawn(error) => {
                write!(
                    f,
                    "cannot start a worker thread: {error}; use fewer workers or raise the thread limit"
                )
            }
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for PoolError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Attempt { error, .. } => Some(error),
            Self::Panicked { .. } => None,
            Self::Spawn(error) => Some(error),
        }
    }
}

/// Runs every task of `tasks` on `workers` threads until each has a result, and returns when all threads are gone.
///
/// - `tasks` is advanced one task at a time, when a worker is free; pass `tasks.by_ref()` to keep what is left of it.
/// - `attempt` runs a task on some worker; its second argument is the attempt's number, from 1.
/// - `done` gets each task with its result, once, on the calling thread, in the order in which they finish. While it
///   is slow, workers wait.
/// - Once `cancel` is true no further attempt begins. Attempts under way are left to end (they may watch the same
///   flag) and reach `done`.
///
/// # Errors
/// The first error or panic of `attempt`, or a thread that could not be started. No further attempt begins after it;
/// those under way still reach `done`.
///
/// # Panics
/// If `tasks` or `done` panics, with that panic, after the workers have ended.
pub fn run<T, O, E>(
    workers: NonZeroUsize,
    tasks: impl Iterator<Item = T> + Send,
    attempt: impl Fn(&T, u32) -> Result<Attempt<O>, E> + Sync,
    mut done: impl FnMut(T, Finished<O>),
    cancel: &AtomicBool,
    retry: &Retry,
) -> Result<Ran<T>, PoolError<E>>
where
    T: fmt::Display + Send,
    O: Send,
    E: Send,
{
    let queue = Queue::new(tasks, cancel);
    let mut finished = 0;
    thread::scope(|scope| {
        let (sender, results) = sync_channel(workers.get().saturating_mul(BACKLOG_PER_WORKER));
        let mut threads = Vec::with_capacity(workers.get());
        for number in 0..workers.get() {
            let (queue, attempt, sender) = (&queue, &attempt, sender.clone());
            let thread = thread::Builder::new().name(format!("worker-{number}"));
            match thread.spawn_scoped(scope, move || work(queue, attempt, &sender, retry)) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    queue.fail(PoolError::Spawn(error));
                    break;
                }
            }
        }
        // The results end when the last worker drops its sender, so ours must not outlive them.
        drop(sender);
        for (task, result) in results {
            done(task, result);
            finished += 1;
        }
        for thread in threads {
            // Only the iterator can bring a worker down. The scope would hide that panic behind one of its own.
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    queue.into_unfinished().map(|unfinished| Ran { finished, unfinished })
}

/// One worker's life.
fn work<I, T, O, E>(
    queue: &Queue<'_, I, T, E>,
    attempt: &impl Fn(&T, u32) -> Result<Attempt<O>, E>,
    results: &SyncSender<(T, Finished<O>)>,
    retry: &Retry,
) where
    I: Iterator<Item = T>,
    T: fmt::Display,
{
    let mut again = None;
    while let Some(Job { task, mut history }) = queue.take(again.take()) {
        // Whatever a panic leaves half-done is never seen again: the pool stops.
        let tried = catch_unwind(AssertUnwindSafe(|| attempt(&task, history.attempts() + 1)));
        match tried {
            Ok(Ok(Attempt { ending, output })) => match history.record(ending, retry) {
                Next::Retry => again = Some(Job { task, history }),
                Next::Settled(settled) => {
                    let result = Finished { output, attempts: history.attempts(), settled };
                    if results.send((task, result)).is_err() {
                        // Nobody is listening: `done` panicked.
                        return;
                    }
                }
            },
            Ok(Err(error)) => queue.fail(PoolError::Attempt { task: task.to_string(), error }),
            Err(panic) => {
                queue.fail(PoolError::Panicked { task: task.to_string(), message: message_of(&*panic) });
            }
        }
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

struct Job<T> {
    task: T,
    history: History,
}

impl<T> Job<T> {
    fn new(task: T) -> Self {
        Self { task, history: History::default() }
    }
}

/// Where workers get their tasks.
struct Queue<'a, I: Iterator<Item = T>, T, E> {
    waiting: Mutex<Waiting<I, T, E>>,
    cancel: &'a AtomicBool,
}

struct Waiting<I, T, E> {
    new: Fuse<I>,
    again: VecDeque<Job<T>>,
    failure: Option<PoolError<E>>,
}

impl<'a, I: Iterator<Item = T>, T, E> Queue<'a, I, T, E> {
    fn new(tasks: I, cancel: &'a AtomicBool) -> Self {
        let waiting = Waiting { new: tasks.fuse(), again: VecDeque::new(), failure: None };
        Self { waiting: Mutex::new(waiting), cancel }
    }

    /// The next task to attempt, in exchange for one that is to be tried `again`; `None` when a worker is to end.
    fn take(&self, again: Option<Job<T>>) -> Option<Job<T>> {
        // The lock is poisoned when the iterator panicked; it must not be asked again.
        let mut waiting = self.waiting.lock().ok()?;
        if waiting.failure.is_some() || self.cancel.load(Ordering::Relaxed) {
            waiting.again.extend(again);
            return None;
        }
        let next = waiting.again.pop_front().or_else(|| waiting.new.next().map(Job::new));
        waiting.again.extend(again);
        next.or_else(|| waiting.again.pop_front())
    }

    /// Stops the pool. The first failure is kept: later ones may be its consequence.
    fn fail(&self, failure: PoolError<E>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).failure.get_or_insert(failure);
    }

    fn into_unfinished(self) -> Result<Vec<T>, PoolError<E>> {
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        match waiting.failure {
            Some(failure) => Err(failure),
            None => Ok(waiting.again.into_iter().map(|job| job.task).collect()),
        }
    }
}
