//! Facts as they happen.

use super::histogram::Histogram;
use super::queue::QueueSamples;
use super::report::{Attempts, Leases, Report, Session, Summed, VariantCounts, WorkerCounts};

/// Workers that are told apart. What those with higher numbers do is in every total, but not in the ranking.
const MAX_WORKERS: usize = 1_024;

/// How an attempt at a task ended. A task whose worker was lost did not end: see [`Recorder::worker_lost`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskEnd {
    /// It came to its end.
    Completed,
    /// It failed by itself.
    Failed,
    /// Its time ran out.
    TimedOut,
}

/// One attempt at a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskFacts {
    /// The worker's number.
    pub worker: u32,
    /// The variant's number.
    pub variant: u64,
    /// How it ended.
    pub end: TaskEnd,
    /// Microseconds from when it could have been run to when it was given to the worker.
    pub queue_micros: u64,
    /// Microseconds the worker took to get ready for it.
    pub instantiate_micros: u64,
    /// Microseconds it ran.
    pub run_micros: u64,
}

/// What is known of one worker.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WorkerFacts {
    pub(super) tasks: u64,
    pub(super) busy_micros: u64,
    pub(super) failures: u64,
    pub(super) losses: u64,
}

/// Takes the facts of a session, in some 60 KiB at most. No call allocates but the first of a worker.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    pub(super) counts: WorkerCounts,
    pub(super) variants: VariantCounts,
    pub(super) attempts: Attempts,
    pub(super) leases: Leases,
    pub(super) queue: Summed,
    pub(super) compile: Summed,
    pub(super) instantiate: Summed,
    pub(super) run: Summed,
    pub(super) store: Summed,
    /// Runs that came to an end of their own: one that was stopped says how long it may take, not how long it takes.
    pub(super) ended: Histogram,
    /// Time of the slowest of these, and its variant; of several the smallest number.
    pub(super) slowest: Option<(u64, u64)>,
    pub(super) lengths: QueueSamples,
    pub(super) workers: Vec<WorkerFacts>,
}

impl Recorder {
    /// A session in which nothing happened yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A worker was started; anew counts again.
    pub fn worker_started(&mut self, worker: u32) {
        add(&mut self.counts.spawned, 1);
        self.of_worker(worker, |_| ());
    }

    /// A worker ended in an orderly way.
    pub fn worker_completed(&mut self) {
        add(&mut self.counts.completed, 1);
    }

    /// A worker was stopped, because what it ran took too long or because it said nothing for too long.
    pub fn worker_timed_out(&mut self, worker: u32) {
        add(&mut self.counts.timed_out, 1);
        self.of_worker(worker, |facts| add(&mut facts.losses, 1));
    }

    /// A worker died.
    pub fn worker_lost(&mut self, worker: u32) {
        add(&mut self.counts.lost, 1);
        self.of_worker(worker, |facts| add(&mut facts.losses, 1));
    }

    /// A strategy was compiled.
    pub fn compiled(&mut self, micros: u64) {
        self.compile.add(1, micros);
    }

    /// An attempt at a task ended.
    pub fn task(&mut self, facts: &TaskFacts) {
        let TaskFacts { worker, variant, end, queue_micros, instantiate_micros, run_micros } = *facts;
        self.queue.add(1, queue_micros);
        self.instantiate.add(1, instantiate_micros);
        self.run.add(1, run_micros);
        match end {
            TaskEnd::Completed => add(&mut self.attempts.completed, 1),
            TaskEnd::Failed => add(&mut self.attempts.failed, 1),
            TaskEnd::TimedOut => add(&mut self.attempts.timed_out, 1),
        }
        if end != TaskEnd::TimedOut {
            self.ended.record(run_micros);
            let slower = |(micros, number)| {
                (run_micros, std::cmp::Reverse(variant)) > (micros, std::cmp::Reverse(number))
            };
            if self.slowest.is_none_or(slower) {
                self.slowest = Some((run_micros, variant));
            }
        }
        self.of_worker(worker, |facts| {
            add(&mut facts.tasks, 1);
            add(&mut facts.busy_micros, instantiate_micros.saturating_add(run_micros));
            add(&mut facts.failures, u64::from(end != TaskEnd::Completed));
        });
    }

    /// A worker gave back a batch of `tasks`, which it had for `micros` microseconds.
    pub fn lease(&mut self, tasks: u64, micros: u64) {
        add(&mut self.leases.leases, 1);
        add(&mut self.leases.tasks, tasks);
        add(&mut self.leases.held_micros, micros);
    }

    /// The store wrote the results of `tasks` tasks at once.
    pub fn stored(&mut self, tasks: u64, micros: u64) {
        self.store.add(tasks, micros);
    }

    /// A variant has its result, after however many attempts; `failed` when that is a failure.
    pub fn settled(&mut self, failed: bool) {
        let VariantCounts { completed, failed: failures } = &mut self.variants;
        add(if failed { failures } else { completed }, 1);
    }

    /// The queue is this long. Look at even distances in time.
    pub fn queue_length(&mut self, length: u64) {
        self.lengths.add(length);
    }

    /// What the session did so far.
    #[must_use]
    pub fn report(&self, session: Session) -> Report {
        Report::of(self, session)
    }

    fn of_worker(&mut self, worker: u32, change: impl FnOnce(&mut WorkerFacts)) {
        let index = worker as usize;
        if index >= MAX_WORKERS {
            return;
        }
        if index >= self.workers.len() {
            self.workers.resize(index + 1, WorkerFacts::default());
        }
        change(&mut self.workers[index]);
    }
}

fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}
