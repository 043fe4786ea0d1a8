//! What an [`Orchestrator`](crate::Orchestrator) is told.

use crate::job::{Job, JobId, LeaseId, TaskId, WorkerId};
use crate::retry::{Ending, History};
use crate::settings::Sample;

/// Something that happened. An input that cannot be obeyed changes nothing and gives an
/// [`Action::Refused`](crate::Action::Refused) that says why.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A new job. Refused if its id is taken, or if it waits for itself or a job that was not submitted before: there
    /// are no cycles by construction.
    Submit(Job),
    /// The answer to [`Action::Expand`](crate::Action::Expand). An answer without tasks of either kind while there is
    /// `more` is followed by the same question.
    Expanded {
        /// Which job.
        job: JobId,
        /// Its next tasks, in the order in which they are to begin.
        tasks: Vec<NewTask>,
        /// Tasks that came next too, but have their results already: counted, never run.
        answered: u64,
        /// Whether there are tasks after these.
        more: bool,
    },
    /// The worker can take a lease. Ignored unless it was started and not killed since.
    Started {
        /// Which.
        worker: WorkerId,
    },
    /// The worker is alive.
    Heartbeat {
        /// Which.
        worker: WorkerId,
    },
    /// A worker is done with a lease, and free for the next; also when the process that ran a task was lost and
    /// another is in its place.
    Answered {
        /// Which worker.
        worker: WorkerId,
        /// Which lease.
        lease: LeaseId,
        /// One answer a task, in the lease's order. The rest, if they are fewer, was not attempted. None at all counts
        /// as a loss of the first task that nobody is to blame for, unless work is stopping.
        answers: Vec<Answer>,
        /// How long it took, in microseconds.
        micros: u64,
    },
    /// Settled tasks that are durable now. Every [`Action::Settle`](crate::Action::Settle) is to be counted once.
    Stored {
        /// How many.
        tasks: u64,
    },
    /// How busy the machine is. Until the first sample it counts as idle.
    Sampled(Sample),
    /// No task of the job is begun until it is resumed; those that run go on.
    Pause {
        /// Which.
        job: JobId,
    },
    /// The end of a pause.
    Resume {
        /// Which.
        job: JobId,
    },
    /// No task of the job is begun any more. Those that run go on, and are settled however they end, and then the job
    /// ends. The others are never settled. Jobs that wait for it are blocked at once.
    Cancel {
        /// Which.
        job: JobId,
    },
    /// The task is not begun (again); it is settled as [`Settled::Cancelled`](crate::Settled::Cancelled), when it is
    /// known, unless its running attempt settles it otherwise. A task that is settled already stays so.
    CancelTask {
        /// Which.
        task: TaskId,
    },
    /// A settled task is to be run again. A job that was completed goes on, and will be finished once more; jobs that
    /// waited for it are not held up again.
    Requeue {
        /// Which.
        task: TaskId,
        /// What counts of its earlier attempts.
        history: History,
    },
    /// Another priority for the job.
    Reprioritise {
        /// Which.
        job: JobId,
        /// Higher goes first.
        priority: i32,
    },
    /// Nothing is begun any more; what runs may end. For good.
    Drain,
    /// Stop now: workers that have a lease are killed, and its tasks stay unsettled. For good.
    Halt,
    /// The answer to [`Action::Ask`](crate::Action::Ask). Ignored when there is no question.
    Decide(Decision),
    /// Nothing but time has passed.
    Tick,
}

/// A task of a job, for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its number in the job; none comes twice.
    pub index: u64,
    /// What is known of earlier attempts. Attempts are counted on from there.
    pub history: History,
}

/// How one attempt at a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How.
    pub ending: Ending,
    /// How long it took, in microseconds; for the statistics.
    pub micros: u64,
    /// What it cost in fact, in millionths of the budget's currency; only for [`Needs::Call`](crate::Needs::Call).
    pub cost: u64,
}

/// What somebody decided when too much failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on, and do not ask again.
    Continue,
    /// Begin nothing any more, as with [`Input::Drain`].
    Stop,
}
