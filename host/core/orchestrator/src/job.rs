//! What is to be done, and the names of things.

use std::fmt;

/// A job: tasks that belong together, such as one strategy's variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u32);

/// A slot for a worker, from 0. What is started in it after a loss has the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// One assignment of tasks to a worker. No number comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u64);

/// A task of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// Which job.
    pub job: JobId,
    /// Its number in the job.
    pub index: u64,
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The task as `job:index`.
impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.job, self.index)
    }
}

/// The description of a job. Its tasks come later, some at a time: see [`Action::Expand`](crate::Action::Expand).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name, which no other job has had.
    pub id: JobId,
    /// Jobs of a higher priority go first. Within one priority those go first that have the most work waiting behind
    /// them (see `weight`), and then those that were submitted first.
    pub priority: i32,
    /// Jobs that must be completed before a task of this one begins.
    pub after: Vec<JobId>,
    /// What it is expected to cost, in any unit that all jobs share. The work behind a job is the largest sum of weights
    /// along a chain of jobs that wait for it and for each other.
    pub weight: u64,
    /// How many tasks it will have, as far as is known: only for the size of the last batches and for statistics.
    pub tasks: u64,
    /// What each of its tasks needs.
    pub needs: Needs,
}

/// What a task needs, besides a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Worker,
    /// A call to a language model: see [`CallLimits`](crate::CallLimits).
    Call {
        /// What it will cost at most, in millionths of the budget's currency.
        cost: u64,
    },
}
