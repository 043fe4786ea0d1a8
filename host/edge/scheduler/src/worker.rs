//! Worker threads: each does one lease after the other, as it is told.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
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

    /// Ends what a worker does, from another thread: its `attempt` returns soon, with whatever answer. It may be called
    /// again, and when the worker does nothing.
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

/// One worker's life: it ends when nobody can tell it anything any more, or when everything is `over`, whatever it was
/// told by then.
pub(crate) fn live<W: Work>(
    worker: WorkerId,
    work: &W,
    told: &Receiver<Told>,
    say: &Sender<Letter<W::Output, W::Error>>,
    over: &AtomicBool,
) {
    while let Ok(told) = told.recv() {
        if over.load(Ordering::Relaxed) {
            break;
        }
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

#[cfg(test)]
mod tests {
    use std::panic::panic_any;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use stratbox_orchestrator::{JobId, TaskId};

    use super::*;

    const WORKER: WorkerId = WorkerId(3);

    /// Gives signs of life until somebody hears one.
    struct Lively {
        heard: Mutex<Receiver<Letter<(), ()>>>,
        at: Mutex<Vec<Instant>>,
    }

    impl Work for Lively {
        type Output = ();
        type Error = ();

        fn attempt(&self, _: WorkerId, _: &[Assigned], alive: &dyn Fn()) -> Vec<Result<Attempt<()>, ()>> {
            let heard = self.heard.lock().expect("nobody panics with it");
            let (at, message) = loop {
                alive();
                match heard.try_recv() {
                    Ok(letter) => break letter,
                    Err(_) => std::thread::yield_now(),
                }
            };
            assert!(matches!(message, Message::Heartbeat(WORKER)));
            self.at.lock().expect("nobody panics with it").push(at);
            Vec::new()
        }

        fn kill(&self, _: WorkerId) {}

        fn processes(&self) -> Vec<u32> {
            Vec::new()
        }
    }

    #[test]
    fn signs_of_life_are_passed_on_with_their_time_and_not_more_often_than_somebody_needs_them() {
        let begun = Instant::now();
        let (say, heard) = channel();
        let lively = Lively { heard: Mutex::new(heard), at: Mutex::default() };
        let task = TaskId { job: JobId(1), index: 0 };
        let answer =
            attempt(WORKER, LeaseId(0), &[Assigned { task, attempt: 1, fresh: false }], &lively, &say);
        assert!(matches!(answer, Message::Answered { worker: WORKER, failure: None, .. }), "nobody panicked");
        let at = lively.at.into_inner().expect("nobody panicked with it")[0];
        assert!(at - begun >= HEARTBEAT && at <= Instant::now());
    }

    #[test]
    fn the_message_of_a_panic_is_what_it_said_if_it_said_anything() {
        let said = |panics: fn()| message_of(&*catch_unwind(panics).expect_err("it panics"));
        assert_eq!(said(|| panic!("as it is")), "as it is");
        assert_eq!(said(|| panic_any(format!("made {}", 1))), "made 1");
        assert_eq!(said(|| panic_any(7)), "without a message");
    }
}
