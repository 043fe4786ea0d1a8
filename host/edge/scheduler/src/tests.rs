//! What only shows when time is told: letters of any time, and leases that reach their thread too late.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel as queue;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use stratbox_orchestrator::{
    Admission, Assigned, Backoff, Batches, CallLimits, Cause, Decision, Ending, FailureGate, History, Input,
    Job, JobEnd, JobId, LeaseId, Millis, Needs, NewTask, RetryPolicy, Settings, Settled, Statistics, TaskId,
    WorkerId,
};

use crate::shell::{Letter, Message};
use crate::worker::{Told, live};
use crate::{Attempt, Book, Control, Expansion, Setup, Tried, Work, channel, run};

const MINUTE: Duration = Duration::from_secs(60);
const WORKER: WorkerId = WorkerId(0);
const TASK: TaskId = TaskId { job: JobId(1), index: 0 };

/// Its first attempt waits until something is over.
#[derive(Default)]
struct Hands {
    is_over: Mutex<bool>,
    changed: Condvar,
    attempts: Mutex<u32>,
}

impl Hands {
    fn over(&self) {
        *self.is_over.lock().expect("nobody panics with it") = true;
        self.changed.notify_all();
    }
}

impl Work for Hands {
    type Output = u32;
    type Error = ();

    fn attempt(&self, _: WorkerId, tasks: &[Assigned], _: &dyn Fn()) -> Vec<Result<Attempt<u32>, ()>> {
        *self.attempts.lock().expect("nobody panics with it") += 1;
        let is_over = self.is_over.lock().expect("nobody panics with it");
        drop(self.changed.wait_while(is_over, |is_over| !*is_over).expect("nobody panics with it"));
        let done =
            |assigned: &Assigned| Attempt { ending: Ending::Final, micros: 1, output: assigned.attempt };
        tasks.iter().map(|assigned| Ok(done(assigned))).collect()
    }

    fn kill(&self, _: WorkerId) {
        self.over();
    }

    fn processes(&self) -> Vec<u32> {
        Vec::new()
    }
}

/// Writes down retries, and is over with waiting when the last letter was heard.
struct Ledger<'a> {
    hands: &'a Hands,
    /// Letters that are to be heard while the first attempt runs.
    left: usize,
    retried: Vec<Cause>,
    /// Numbers of the attempts that counted.
    settled: Vec<u32>,
}

impl Book for Ledger<'_> {
    type Output = u32;
    type Error = ();

    fn expand(&mut self, _: JobId, _: usize) -> Result<Expansion, ()> {
        let tasks = vec![NewTask { index: TASK.index, history: History::default() }];
        Ok(Expansion { tasks, answered: 0, more: false })
    }

    fn settle(&mut self, tried: Tried<u32>, _: Settled) -> Result<(), ()> {
        self.settled.extend(tried.output);
        Ok(())
    }

    fn retry(&mut self, _: Tried<u32>, cause: Cause, _: Millis) -> Result<(), ()> {
        self.retried.push(cause);
        Ok(())
    }

    fn assigned(&mut self, _: WorkerId, _: usize, _: Duration) {}

    fn answered(&mut self, _: WorkerId, _: usize, _: Duration) {}

    fn finished(&mut self, _: JobId, _: JobEnd) -> Result<(), ()> {
        Ok(())
    }

    fn ask(&mut self, _: u64, _: u64) -> Option<Decision> {
        None
    }

    fn watch(&mut self, _: &Statistics) {
        // Those that were there before are heard first.
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.hands.over();
        }
    }

    fn worker(&mut self, _: WorkerId, _: bool) {}

    fn idle(&mut self) -> Duration {
        Duration::MAX
    }
}

/// One worker that may be silent for ten minutes, and one task.
fn settings() -> Settings {
    let number = NonZeroUsize::MIN;
    Settings {
        seed: 7,
        workers: number,
        batches: Batches { most: number, target: 1 },
        retry: RetryPolicy { backoff: Backoff { base: 0, cap: 0 }, ..RetryPolicy::default() },
        admission: Admission { cpu: 1.0, memory: 1.0, memory_per_worker: 0 },
        silence: 600_000,
        failures: FailureGate::default(),
        backlog: u64::MAX,
        window: 1,
        calls: CallLimits::default(),
    }
}

/// Why attempts are repeated, and which one counts, in a loop whose time began at `begun` and that hears letters of so many minutes after that.
fn told(begun: Instant, letters: Vec<(u32, Message<u32, ()>)>) -> (Vec<Cause>, Vec<u32>) {
    let (_, mut inbox) = channel();
    inbox.begun = begun;
    let left = letters.len();
    for (minutes, message) in letters {
        let letter: Letter<u32, ()> = (begun + minutes * MINUTE, message);
        inbox.say.send(letter).expect("the inbox is there");
    }
    let job = Job { id: TASK.job, priority: 0, after: vec![], weight: 1, tasks: 1, needs: Needs::Worker };
    let hands = Hands::default();
    let mut ledger = Ledger { hands: &hands, left, retried: Vec::new(), settled: Vec::new() };
    let setup = Setup { settings: settings(), grace: Duration::ZERO };
    run(setup, vec![job], &hands, &mut ledger, inbox).expect("it runs");
    (ledger.retried, ledger.settled)
}

/// Says nothing but what time it is.
fn nothing() -> Message<u32, ()> {
    Message::Input(Input::Stored { tasks: 0 })
}

fn started() -> Message<u32, ()> {
    Message::Started(WORKER)
}

#[test]
fn signs_of_life_that_were_waiting_count_from_when_they_were_given() {
    let begun = Instant::now();
    let alive = || Message::Heartbeat(WORKER);
    let letters = vec![(0, started()), (6, alive()), (12, alive()), (18, alive()), (27, nothing())];
    assert_eq!(told(begun, letters), (vec![], vec![1]));
    let letters = vec![(0, started()), (6, alive()), (17, nothing())];
    assert_eq!(told(begun, letters), (vec![Cause::Silent], vec![2]), "a positive control");
}

#[test]
fn a_worker_is_not_silent_while_the_loop_is_held_up_that_is_to_tell_it_what_to_do() {
    // The worker is told an hour later than it said that it was there.
    let begun = Instant::now() - 60 * MINUTE;
    let letters = vec![(0, started()), (9, nothing()), (18, nothing()), (27, nothing())];
    assert_eq!(told(begun, letters), (vec![], vec![1]));
    let begun = Instant::now();
    let letters = vec![(0, started()), (9, nothing()), (18, nothing())];
    assert_eq!(told(begun, letters), (vec![Cause::Silent], vec![2]), "a positive control");
}

#[test]
fn a_lease_that_its_thread_did_not_look_at_before_everything_was_over_is_not_begun() {
    for is_over in [false, true] {
        let hands = Hands::default();
        hands.over();
        let ((tell, told), (say, said)) = (queue(), queue());
        let tasks = vec![Assigned { task: TASK, attempt: 1, fresh: false }];
        tell.send(Told::Lease(LeaseId(0), tasks)).expect("somebody is told");
        drop(tell);
        live(WORKER, &hands, &told, &say, &AtomicBool::new(is_over));
        drop(say);
        let begun = u32::from(!is_over);
        assert_eq!(*hands.attempts.lock().expect("nobody panicked with it"), begun);
        assert_eq!(said.iter().count(), begun as usize);
    }
}

/// Has one task done, and cancels the others as soon as that is known, also one that is done.
struct Impatient {
    control: Control<u32, ()>,
    settled: Vec<(u64, Settled)>,
    ended: Vec<JobEnd>,
}

impl Book for Impatient {
    type Output = u32;
    type Error = ();

    fn expand(&mut self, _: JobId, _: usize) -> Result<Expansion, ()> {
        let task = |index| NewTask { index, history: History::default() };
        Ok(Expansion { tasks: (0..4).map(task).collect(), answered: 0, more: false })
    }

    fn settle(&mut self, tried: Tried<u32>, settled: Settled) -> Result<(), ()> {
        if self.settled.is_empty() {
            (0..4).for_each(|index| self.control.cancel(TaskId { index, ..TASK }));
        }
        self.control.stored(1);
        self.settled.push((tried.task.index, settled));
        Ok(())
    }

    fn retry(&mut self, _: Tried<u32>, _: Cause, _: Millis) -> Result<(), ()> {
        Ok(())
    }

    fn assigned(&mut self, _: WorkerId, _: usize, _: Duration) {}

    fn answered(&mut self, _: WorkerId, _: usize, _: Duration) {}

    fn finished(&mut self, _: JobId, ended: JobEnd) -> Result<(), ()> {
        self.ended.push(ended);
        // Too late, which does no harm.
        self.control.cancel(TASK);
        Ok(())
    }

    fn ask(&mut self, _: u64, _: u64) -> Option<Decision> {
        None
    }

    fn watch(&mut self, _: &Statistics) {}

    fn worker(&mut self, _: WorkerId, _: bool) {}

    fn idle(&mut self) -> Duration {
        Duration::MAX
    }
}

#[test]
fn tasks_that_are_cancelled_are_not_begun_and_their_job_and_those_that_wait_for_it_go_on() {
    let (control, inbox) = channel();
    let job = |number, after: Vec<JobId>| Job {
        id: JobId(number),
        priority: 0,
        after,
        weight: 4,
        tasks: 4,
        needs: Needs::Worker,
    };
    let hands = Hands::default();
    hands.over();
    let mut book = Impatient { control, settled: Vec::new(), ended: Vec::new() };
    let setup = Setup { settings: Settings { window: 4, ..settings() }, grace: Duration::ZERO };
    let jobs = vec![job(1, vec![]), job(2, vec![JobId(1)])];
    run(setup, jobs, &hands, &mut book, inbox).expect("it runs");
    assert_eq!(book.ended, [JobEnd::Completed; 2]);
    assert_eq!(book.settled[0], (0, Settled::Conclusive));
    let cancelled = book.settled.iter().filter(|(_, settled)| *settled == Settled::Cancelled).count();
    assert!((2..=3).contains(&cancelled), "one may have begun by then: {:?}", book.settled);
    assert_eq!(book.settled.len(), 8, "the other job has all of its own");
}
