//! The worker pool: threads that pull batches of tasks, attempt them, and hand the results to the caller's thread.
//!
//! Workers pull from the caller's iterator under a lock, so a task exists only once a worker is free for it. What a
//! worker brings back (tasks to be tried again, and those that its batch did not get to) waits for whichever worker
//! is free next. The worker that brings it takes others first, and its own only if these do not fill its batch; after
//! that, new tasks are taken only when nothing waits. So one batch of new tasks at most overtakes a retry, and the
//! retries that wait are bounded however many tasks fail. A worker leaves when there is nothing to take; what turns up
//! later is taken by the worker that brings it.

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
use std::time::Instant;

use crate::batch::Batches;
use crate::retry::{Ending, History, Next, Retry, Settled};

/// Results per worker that may wait for `done` before workers pause. With `n` workers and batches of at most `most`
/// tasks, at most `n * (BACKLOG_PER_WORKER + most) + most + 1` tasks are taken from the iterator and not yet through
/// `done`: a batch for each worker and one more, under way or waiting for a retry; the backlog; and the one that
/// `done` is busy with.
pub const BACKLOG_PER_WORKER: usize = 32;

/// A task that is to be attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try<'a, T> {
    /// The task.
    pub task: &'a T,
    /// The attempt's number, from 1.
    pub number: u32,
}

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
    /// Tasks that were taken but had no result when the pool was cancelled: they waited for a retry, or their batch
    /// was cut short before them. Empty if it was not cancelled. They count as never run: an unconfirmed fault must
    /// not stand as a result.
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
    /// The caller's `attempt` panicked, or gave an answer that fits no batch.
    Panicked {
        /// The first task of the batch, as it displays itself.
        first: String,
        /// How many tasks were in the batch.
        tasks: usize,
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
            Self::Panicked { first, tasks, message } => {
                match tasks {
                    1 => write!(f, "task `{first}`")?,
                    _ => write!(f, "one of {tasks} tasks, of which the first is `{first}`,")?,
                }
                write!(f, " made a worker panic, which is a bug in stratbox: {message}")
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
/// - `tasks` is advanced when a worker is free, by as many tasks as `batches` allows; pass `tasks.by_ref()` to keep
///   what is left of it.
/// - `attempt` attempts a batch, which is never empty, on some worker, and answers with one element for each task, in
///   their order. The answer may be shorter: the rest counts as not attempted, and is taken again with the same
///   number unless the pool was cancelled. Only then may it be empty.
/// - `done` gets each task with its result, once, on the calling thread, in the order in which they finish. While it
///   is slow, workers wait.
/// - Once `cancel` is true no task is taken and no further batch begins; it must stay true. Batches under way are left
///   to end (they may watch the same flag, to cut themselves short), and what they attempted reaches `done`.
///
/// # Errors
/// The first error or panic of `attempt`, an answer that is longer than its batch or empty without a reason, or a
/// thread that could not be started. No further batch begins after it; those under way still reach `done`, and so do
/// the tasks before the error in its own answer. What the answer says after the error is ignored.
///
/// # Panics
/// If `tasks` or `done` panics, with that panic, after the workers have ended.
pub fn run<T, O, E>(
    workers: NonZeroUsize,
    batches: &Batches,
    tasks: impl Iterator<Item = T> + Send,
    attempt: impl Fn(&[Try<'_, T>]) -> Vec<Result<Attempt<O>, E>> + Sync,
    mut done: impl FnMut(T, Finished<O>),
    cancel: &AtomicBool,
    retry: &Retry,
) -> Result<Ran<T>, PoolError<E>>
where
    T: fmt::Display + Send,
    O: Send,
    E: Send,
{
    let queue = Queue::new(workers, batches, tasks, cancel);
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
    attempt: &impl Fn(&[Try<'_, T>]) -> Vec<Result<Attempt<O>, E>>,
    results: &SyncSender<(T, Finished<O>)>,
    retry: &Retry,
) where
    I: Iterator<Item = T>,
    T: fmt::Display,
{
    let (mut back, mut aim) = (VecDeque::new(), 1);
    while let Some(batch) = queue.take(&mut back, aim) {
        let begun = Instant::now();
        // Whatever a panic leaves half-done is never seen again: the pool stops.
        let answers = match catch_unwind(AssertUnwindSafe(|| queue.attempt(&batch, attempt))) {
            Ok(answers) => answers,
            Err(panic) => return queue.fail(panicked(&batch, &*panic)),
        };
        aim = queue.batches.aim(answers.len(), begun.elapsed());
        let mut answers = answers.into_iter();
        for mut job in batch {
            match answers.next() {
                None => back.push_back(job),
                Some(Err(error)) => {
                    return queue.fail(PoolError::Attempt { task: job.task.to_string(), error });
                }
                Some(Ok(Attempt { ending, output })) => match job.history.record(ending, retry) {
                    Next::Retry => back.push_back(job),
                    Next::Settled(settled) => {
                        let result = Finished { output, attempts: job.history.attempts(), settled };
                        if results.send((job.task, result)).is_err() {
                            // Nobody is listening: `done` panicked.
                            return;
                        }
                    }
                },
            }
        }
    }
}

fn panicked<T: fmt::Display, E>(batch: &[Job<T>], panic: &(dyn Any + Send)) -> PoolError<E> {
    let first = batch.first().map(|job| job.task.to_string()).unwrap_or_default();
    PoolError::Panicked { first, tasks: batch.len(), message: message_of(panic) }
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
    workers: NonZeroUsize,
    batches: &'a Batches,
    waiting: Mutex<Waiting<I, T, E>>,
    cancel: &'a AtomicBool,
}

struct Waiting<I, T, E> {
    new: Fuse<I>,
    /// How many new tasks there are still to be, as far as the caller knew.
    expected: u64,
    back: VecDeque<Job<T>>,
    failure: Option<PoolError<E>>,
}

impl<I: Iterator<Item = T>, T, E> Waiting<I, T, E> {
    /// What somebody else brought back, or else a new task.
    fn next(&mut self) -> Option<Job<T>> {
        self.back.pop_front().or_else(|| {
            let task = self.new.next()?;
            self.expected = self.expected.saturating_sub(1);
            Some(Job::new(task))
        })
    }
}

impl<'a, I: Iterator<Item = T>, T, E> Queue<'a, I, T, E> {
    fn new(workers: NonZeroUsize, batches: &'a Batches, tasks: I, cancel: &'a AtomicBool) -> Self {
        let (new, expected) = (tasks.fuse(), batches.total);
        let waiting = Waiting { new, expected, back: VecDeque::new(), failure: None };
        Self { workers, batches, waiting: Mutex::new(waiting), cancel }
    }

    fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// The next batch of a worker that aims at `aim` tasks, in exchange for all that it brings `back`; `None` when it
    /// is to end.
    fn take(&self, back: &mut VecDeque<Job<T>>, aim: usize) -> Option<Vec<Job<T>>> {
        // The lock is poisoned when the iterator panicked; it must not be asked again.
        let mut waiting = self.waiting.lock().ok()?;
        let left = waiting.expected.saturating_add((waiting.back.len() + back.len()) as u64);
        let size = self.batches.size(aim, left, self.workers);
        let mut batch = Vec::with_capacity(size);
        while batch.len() < size {
            if waiting.failure.is_some() || self.cancelled() {
                waiting.back.extend(batch.into_iter().chain(back.drain(..)));
                return None;
            }
            let Some(job) = waiting.next().or_else(|| back.pop_front()) else { break };
            batch.push(job);
        }
        waiting.back.append(back);
        (!batch.is_empty()).then_some(batch)
    }

    /// Attempts a batch. Panics if the answer fits no batch: that is a bug of the caller's.
    fn attempt<O>(
        &self,
        batch: &[Job<T>],
        attempt: &impl Fn(&[Try<'_, T>]) -> Vec<Result<Attempt<O>, E>>,
    ) -> Vec<Result<Attempt<O>, E>> {
        let tries: Vec<_> =
            batch.iter().map(|Job { task, history }| Try { task, number: history.attempts() + 1 }).collect();
        let answers = attempt(&tries);
        assert!(answers.len() <= tries.len(), "{} answers to {} tasks", answers.len(), tries.len());
        // Otherwise the same tasks would be taken and not attempted for ever.
        assert!(
            !answers.is_empty() || self.cancelled(),
            "none of the tasks was attempted, and nobody cancelled"
        );
        answers
    }

    /// Stops the pool. The first failure is kept: later ones may be its consequence.
    fn fail(&self, failure: PoolError<E>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).failure.get_or_insert(failure);
    }

    fn into_unfinished(self) -> Result<Vec<T>, PoolError<E>> {
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        match waiting.failure {
            Some(failure) => Err(failure),
            None => Ok(waiting.back.into_iter().map(|job| job.task).collect()),
        }
    }
}
