//! Worker threads: each does one lease after the other, as it is told.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use stratbox_orchestrator::{Answer, Assigned, Ending, LeaseId, WorkerId};

use crate::shell::{Letter, Message};

/// Signs of life that come faster are not passed on.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// What an attempt does, on whatever worker.
pub trait Work: Sync {
    /// What an attempt leaves behind.
    type Output: Send;
    /// A failure of the host, which is no task's doing and ends everything.
    type Error: Send;

    /// Attempts tasks in their order, which are never none, on the calling thread: always the same one for the same
    /// worker. The answer may be shorter: the rest counts as not attempted. `alive` is to be called at least every few
    /// seconds; more often does no harm.
    fn attempt(
        &self,
        worker: WorkerId,
        tasks: &[Assigned],
        alive: &dyn Fn(),
    ) -> Vec<Result<Attempt<Self::Output>, Self::Error>>;

    /// Ends what a worker does, from another thread: its `attempt` returns soon, with whatever answer.
    fn kill(&self, worker: WorkerId);

    /// Processes that work for this one, which the machine's load is not to be held against.
    fn processes(&self) -> Vec<u32>;
}

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt<O> {
    /// How it ended.
    pub ending: Ending,
    /// How long it took, in microseconds: for batches and reports, never for a result.
    pub micros: u64,
    /// What it produced; the task's result if there is no further attempt.
    pub output: O,
}

/// What a worker is told.
pub(crate) enum Told {
    /// Say that you are there.
    Report,
    /// Attempt these.
    Lease(LeaseId, Vec<Assigned>),
}

/// One worker's life: it ends when nobody can tell it anything any more.
pub(crate) fn live<W: Work>(
    worker: WorkerId,
    work: &W,
    told: &Receiver<Told>,
    say: &Sender<Letter<W::Output, W::Error>>,
) {
    while let Ok(told) = told.recv() {
        let message = match told {
            Told::Report => Message::Started(worker),
            Told::Lease(lease, tasks) => attempt(worker, lease, &tasks, work, say),
        };
        // The loop is gone only when it needs no answer.
        if say.send((Instant::now(), message)).is_err() {
            break;
        }
    }
}

fn attempt<W: Work>(
    worker: WorkerId,
    lease: LeaseId,
    tasks: &[Assigned],
    work: &W,
    say: &Sender<Letter<W::Output, W::Error>>,
) -> Message<W::Output, W::Error> {
    let begun = Instant::now();
    let heard = Cell::new(begun);
    let alive = || {
        let now = Instant::now();
        if now - heard.get() >= HEARTBEAT {
            heard.set(now);
            drop(say.send((now, Message::Heartbeat(worker))));
        }
    };
    // Whatever a panic leaves half-done is never seen again: everything stops.
    let attempted = match catch_unwind(AssertUnwindSafe(|| work.attempt(worker, tasks, &alive))) {
        Ok(attempted) => attempted,
        Err(panic) => return Message::Panicked { tasks: tasks.to_vec(), message: message_of(&*panic) },
    };
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (mut answers, mut outputs, mut failure) = (Vec::new(), Vec::new(), None);
    for (attempt, assigned) in attempted.into_iter().zip(tasks) {
        match attempt {
            Ok(Attempt { ending, micros, output }) => {
                answers.push(Answer { ending, micros, cost: 0 });
                outputs.push(Some(output));
            }
            Err(error) => {
                failure = Some((assigned.task, error));
                break;
            }
        }
    }
    Message::Answered { worker, lease, answers, outputs, micros, failure }
}

/// What a panic said.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
