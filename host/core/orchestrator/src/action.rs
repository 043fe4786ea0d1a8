//! What an [`Orchestrator`](crate::Orchestrator) wants done.

use thiserror::Error;

use crate::job::{JobId, LeaseId, TaskId, WorkerId};
use crate::retry::{Cause, Settled};
use crate::settings::Millis;

/// Something to be done, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Answer with [`Input::Expanded`](crate::Input::Expanded). It is not sent again for a job before that.
    Expand {
        /// Which job's next tasks.
        job: JobId,
        /// How many at most, at least 1. Tasks that are answered from the store do not count.
        at_most: usize,
    },
    /// Start the worker, and answer with [`Input::Started`](crate::Input::Started).
    Start {
        /// Which.
        worker: WorkerId,
    },
    /// End the worker's process at once. What it still says about its lease is late.
    Kill {
        /// Which.
        worker: WorkerId,
    },
    /// Have the worker run the tasks, in this order, and answer with [`Input::Answered`](crate::Input::Answered).
    Assign {
        /// Which worker.
        worker: WorkerId,
        /// The assignment's number.
        lease: LeaseId,
        /// Tasks of one job, at least one.
        tasks: Vec<Assigned>,
    },
    /// The task has its result: that of its last attempt.
    Settle {
        /// Which.
        task: TaskId,
        /// Attempts that were made; 0 if it never ran.
        attempt: u32,
        /// The place of the last attempt in the [`Input::Answered`](crate::Input::Answered) of which this is the
        /// consequence; `None` when nobody answered for it.
        answer: Option<usize>,
        /// Why there is no further attempt.
        settled: Settled,
    },
    /// An attempt failed, and there will be another, unless work stops or the task is cancelled before.
    Retry {
        /// Of which task.
        task: TaskId,
        /// The attempt that failed.
        attempt: u32,
        /// As in [`Self::Settle`].
        answer: Option<usize>,
        /// Why it failed.
        cause: Cause,
        /// How long the next one waits at least.
        delay: Millis,
    },
    /// An answer came too late, or twice: what it says about this task does not count.
    Discard {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// All that the job waited for is completed (at once, if it waits for nothing).
    JobReady {
        /// Which.
        job: JobId,
    },
    /// Nothing will happen to the job any more, unless a task of it is requeued.
    JobFinished {
        /// Which.
        job: JobId,
        /// How it ended.
        ended: JobEnd,
    },
    /// Too much failed: nothing is begun until [`Input::Decide`](crate::Input::Decide).
    Ask {
        /// Tasks that ran, settled, and failed.
        failed: u64,
        /// Tasks that ran and settled.
        settled: u64,
    },
    /// The input was not obeyed.
    Refused {
        /// The job it was about.
        job: JobId,
        /// Why.
        problem: Problem,
    },
    /// Nothing is left that can go on: every job has ended, or work was stopped and no lease is out. Sent again when
    /// something new was submitted or requeued since.
    Finished,
}

/// A task to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// Which.
    pub task: TaskId,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// Whether it is to run in a process that has run nothing else before.
    pub fresh: bool,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// Each of its tasks is settled.
    Completed,
    /// It was cancelled.
    Cancelled,
    /// It never began, because a job it waited for was cancelled or blocked.
    Blocked {
        /// That job.
        by: JobId,
    },
}

/// Why an input was not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    /// The id is taken.
    #[error("a job with this id was submitted before; give every job an id of its own")]
    Duplicate,
    /// It waits for a job that nobody knows.
    #[error("it waits for job `{on}`, which was not submitted; submit jobs before those that wait for them")]
    UnknownDependency {
        /// That job.
        on: JobId,
    },
    /// It waits for itself.
    #[error("it waits for itself, so it could never begin; remove it from its own dependencies")]
    Cycle,
    /// No such job.
    #[error("no such job was submitted; name one that was")]
    Unknown,
    /// It is too late for that.
    #[error("it has ended already; only a task of a completed job can be run again")]
    Ended,
    /// The job's tasks came without a question.
    #[error("its tasks came without being asked for, and were not taken; answer each question once")]
    NotAsked,
    /// The task has no result yet.
    #[error("task `{index}` is not settled yet; only a settled task can be run again")]
    NotSettled {
        /// Its number in the job.
        index: u64,
    },
    /// More answers than tasks; those that have a task were taken.
    #[error(
        "a lease of {tasks} tasks got {answers} answers, of which the last were ignored; answer each task once"
    )]
    TooManyAnswers {
        /// Tasks of the lease.
        tasks: usize,
        /// Answers.
        answers: usize,
    },
    /// Work is being stopped.
    #[error("work is being stopped, and nothing new is begun; submit it when work starts again")]
    Stopping,
}
