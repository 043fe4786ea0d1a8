//! What becomes of what comes of tasks, and how everything may end.

use std::io;
use std::time::Duration;

use stratbox_orchestrator::{
    Cause, Decision, JobEnd, JobId, Millis, NewTask, Settled, Statistics, TaskId, WorkerId,
};

/// A job's next tasks.
#[derive(Debug, Default)]
pub struct Expansion {
    /// Tasks to be attempted, in order.
    pub tasks: Vec<NewTask>,
    /// Tasks that have a result already, and none is to be made.
    pub answered: u64,
    /// Whether there are others after them.
    pub more: bool,
}

/// One attempt, as far as anybody answered for it.
#[derive(Debug)]
pub struct Tried<O> {
    /// The task.
    pub task: TaskId,
    /// The attempt's number, from 1; 0 if there was none.
    pub attempt: u32,
    /// Who did it, or had it and was lost; `None` when nobody had it.
    pub worker: Option<WorkerId>,
    /// What it left behind.
    pub output: Option<O>,
}

/// What becomes of what comes of tasks. Everything is called on the loop's thread, which waits.
pub trait Book {
    /// What an attempt leaves behind.
    type Output;
    /// A failure of the host, which ends everything.
    type Error;

    /// The next tasks of a job, at most so many and their results that are known already.
    ///
    /// # Errors
    /// They cannot be found out.
    fn expand(&mut self, job: JobId, at_most: usize) -> Result<Expansion, Self::Error>;

    /// A task has its result: what this attempt left behind, if it left anything, and on which worker.
    ///
    /// # Errors
    /// It cannot be kept.
    fn settle(&mut self, tried: Tried<Self::Output>, settled: Settled) -> Result<(), Self::Error>;

    /// An attempt failed, and there will be another after so many milliseconds.
    ///
    /// # Errors
    /// It cannot be kept.
    fn retry(&mut self, tried: Tried<Self::Output>, cause: Cause, delay: Millis) -> Result<(), Self::Error>;

    /// A worker that had nothing to do for so long is given so many tasks.
    fn assigned(&mut self, worker: WorkerId, tasks: usize, idle: Duration);

    /// A worker was done with so many tasks after so long.
    fn answered(&mut self, worker: WorkerId, tasks: usize, took: Duration);

    /// A job has ended.
    ///
    /// # Errors
    /// It cannot be kept.
    fn finished(&mut self, job: JobId, ended: JobEnd) -> Result<(), Self::Error>;

    /// Too many of those settled have failed. The answer, now or later through the [`Control`](crate::Control).
    fn ask(&mut self, failed: u64, settled: u64) -> Option<Decision>;

    /// How it stands: after every change, so it must be cheap.
    fn watch(&mut self, statistics: &Statistics);

    /// A worker was started, or is lost because it was silent: not when it is ended because everything is to end.
    fn worker(&mut self, worker: WorkerId, lost: bool);

    /// Nothing has come for a moment. How long it may take until this is called again, if nothing comes.
    fn idle(&mut self) -> Duration;
}

/// Why everything stopped early.
#[derive(Debug)]
pub enum Stopped<E> {
    /// The host failed, in a task if it is named.
    Failed(Option<TaskId>, E),
    /// [`Work`](crate::Work) panicked: a bug of ours.
    Panicked {
        /// Those of which one did it.
        tasks: Vec<TaskId>,
        /// The panic's message.
        message: String,
    },
    /// A job that makes no sense: a bug of the caller's.
    Refused(JobId, String),
    /// The operating system refused a thread.
    Spawn(io::Error),
}
