//! A shop: hands that do what a test says, and a ledger that writes down all it hears.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use stratbox_orchestrator::{
    Admission, Assigned, Backoff, Batches, CallLimits, Cause, Decision, Ending, FailureGate, History, Job,
    JobEnd, JobId, Millis, Needs, NewTask, OnFailures, RetryPolicy, Settings, Settled, Statistics, TaskId,
    WorkerId,
};
use stratbox_scheduler::{Attempt, Book, Control, Expansion, Inbox, Setup, Stopped, Tried, Work, channel};

pub(crate) const LONG: Duration = Duration::from_secs(1_000_000);
pub(crate) const LOST: Ending = Ending::Lost { poison: false };

pub(crate) type Error = &'static str;
pub(crate) type Said = Control<Made, Error>;
pub(crate) type Answers = Vec<Result<Attempt<Made>, Error>>;
pub(crate) type Ended = Result<Statistics, Stopped<Error>>;

/// What an attempt leaves behind: which it was, and who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) by: WorkerId,
    pub(crate) what: Assigned,
}

pub(crate) fn number(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("tests use positive numbers")
}

/// Tasks one by one, no delays, nobody silent, and nothing in the way.
pub(crate) fn settings(workers: usize) -> Settings {
    Settings {
        seed: 7,
        workers: number(workers),
        batches: Batches { most: number(1), target: 1_000 },
        retry: RetryPolicy { backoff: Backoff { base: 0, cap: 0 }, ..RetryPolicy::default() },
        admission: Admission { cpu: 1.0, memory: 1.0, memory_per_worker: 0 },
        silence: Millis::MAX,
        failures: FailureGate { then: OnFailures::Continue, ..FailureGate::default() },
        backlog: u64::MAX,
        window: 1_000,
        calls: CallLimits { per_minute: NonZeroU32::MAX, burst: NonZeroU32::MAX, budget: u64::MAX },
    }
}

/// Batches that double with each lease, whatever it took.
pub(crate) fn in_batches(workers: usize, most: usize) -> Settings {
    Settings { batches: Batches { most: number(most), target: u64::MAX }, ..settings(workers) }
}

pub(crate) fn task(job: u32, index: u64) -> TaskId {
    TaskId { job: JobId(job), index }
}

pub(crate) fn assigned(job: u32, index: u64, attempt: u32) -> Assigned {
    Assigned { task: task(job, index), attempt, fresh: false }
}

pub(crate) fn ended(by: WorkerId, what: Assigned, ending: Ending) -> Result<Attempt<Made>, Error> {
    Ok(Attempt { ending, micros: 1, output: Made { by, what } })
}

/// All of them are done.
pub(crate) fn done(by: WorkerId, tasks: &[Assigned]) -> Answers {
    tasks.iter().map(|what| ended(by, *what, Ending::Final)).collect()
}

/// What was seen of the work, for threads that wait for it.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) begun: Vec<(WorkerId, Vec<Assigned>)>,
    pub(crate) kills: Vec<WorkerId>,
    /// What the test said.
    pub(crate) signs: Vec<&'static str>,
}

impl Seen {
    pub(crate) fn kills_of(&self, worker: WorkerId) -> usize {
        self.kills.iter().filter(|killed| **killed == worker).count()
    }

    /// Every task that was begun, in the order of their numbers.
    pub(crate) fn tasks(&self) -> Vec<TaskId> {
        let mut tasks: Vec<_> =
            self.begun.iter().flat_map(|(_, tasks)| tasks).map(|assigned| assigned.task).collect();
        tasks.sort_unstable();
        tasks
    }
}

/// Where threads see what others did.
#[derive(Default)]
pub(crate) struct Window {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Window {
    pub(crate) fn note<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        let changed = change(&mut self.seen.lock().expect("no test panics with it"));
        self.changed.notify_all();
        changed
    }

    pub(crate) fn sign(&self, sign: &'static str) {
        self.note(|seen| seen.signs.push(sign));
    }

    pub(crate) fn until(&self, holds: impl Fn(&Seen) -> bool) {
        let seen = self.seen.lock().expect("no test panics with it");
        drop(self.changed.wait_while(seen, |seen| !holds(seen)).expect("no test panics with it"));
    }

    pub(crate) fn until_killed(&self, worker: WorkerId) {
        self.until(|seen| seen.kills_of(worker) > 0);
    }
}

/// What does what a test says.
pub(crate) struct Hands<'a, F> {
    window: &'a Window,
    does: F,
}

impl<F: Fn(WorkerId, &[Assigned]) -> Answers + Sync> Work for Hands<'_, F> {
    type Output = Made;
    type Error = Error;

    fn attempt(&self, worker: WorkerId, tasks: &[Assigned], alive: &dyn Fn()) -> Answers {
        alive();
        self.window.note(|seen| seen.begun.push((worker, tasks.to_vec())));
        (self.does)(worker, tasks)
    }

    fn kill(&self, worker: WorkerId) {
        self.window.note(|seen| seen.kills.push(worker));
    }

    fn processes(&self) -> Vec<u32> {
        Vec::new()
    }
}

/// What the ledger is about to write down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Entry {
    Expand(JobId, usize),
    Settle(TaskId),
    Retry(TaskId),
    Answered(WorkerId),
    Finished(JobId),
    Ask,
    Watch(Statistics),
}

/// A job's tasks: the first of them are answered, as far as is known.
pub(crate) struct Stock {
    pub(crate) job: Job,
    pub(crate) next: u64,
    pub(crate) answered: u64,
    pub(crate) history: History,
}

/// Writes down all it hears.
pub(crate) struct Ledger<'a> {
    pub(crate) jobs: Vec<Stock>,
    pub(crate) settled: Vec<(Tried<Made>, Settled)>,
    pub(crate) retried: Vec<(Tried<Made>, Cause, Millis)>,
    pub(crate) assigned: BTreeMap<WorkerId, usize>,
    pub(crate) answered: BTreeMap<WorkerId, usize>,
    pub(crate) finished: Vec<(JobId, JobEnd)>,
    /// Workers that were started, and lost.
    pub(crate) workers: Vec<(WorkerId, bool)>,
    pub(crate) decision: Option<Decision>,
    /// Asked before anything is written down.
    pub(crate) first: Box<dyn FnMut(Entry) -> Result<(), Error> + 'a>,
}

impl<'a> Ledger<'a> {
    /// Jobs of so many tasks, numbered from 1.
    pub(crate) fn new(tasks: &[u64]) -> Self {
        let job = |(id, tasks): (u32, &u64)| Stock {
            job: Job {
                id: JobId(id),
                priority: 0,
                after: vec![],
                weight: 1,
                tasks: *tasks,
                needs: Needs::Worker,
            },
            next: 0,
            answered: 0,
            history: History::default(),
        };
        Self {
            jobs: (1..).zip(tasks).map(job).collect(),
            settled: Vec::new(),
            retried: Vec::new(),
            assigned: BTreeMap::new(),
            answered: BTreeMap::new(),
            finished: Vec::new(),
            workers: Vec::new(),
            decision: None,
            first: Box::new(|_| Ok(())),
        }
    }

    pub(crate) fn asks_first(&mut self, first: impl FnMut(Entry) -> Result<(), Error> + 'a) {
        self.first = Box::new(first);
    }

    /// What was settled, in the order of the tasks.
    pub(crate) fn tasks(&self) -> Vec<TaskId> {
        let mut tasks: Vec<_> = self.settled.iter().map(|(tried, _)| tried.task).collect();
        tasks.sort_unstable();
        tasks
    }

    /// All tasks of all jobs, but those that were answered.
    pub(crate) fn all(&self) -> Vec<TaskId> {
        let tasks = |stock: &Stock| {
            (stock.answered..stock.job.tasks).map(|index| task(stock.job.id.0, index)).collect()
        };
        self.jobs.iter().flat_map::<Vec<_>, _>(tasks).collect()
    }
}

impl Book for Ledger<'_> {
    type Output = Made;
    type Error = Error;

    fn expand(&mut self, job: JobId, at_most: usize) -> Result<Expansion, Error> {
        (self.first)(Entry::Expand(job, at_most))?;
        let stock = self.jobs.iter_mut().find(|stock| stock.job.id == job).expect("it was submitted");
        let answered = stock.answered.saturating_sub(stock.next).min(3);
        stock.next += answered;
        // Not more than some at once, and none together with tasks.
        let count = if answered > 0 { 0 } else { (stock.job.tasks - stock.next).min(at_most as u64) };
        let indices = stock.next..stock.next + count;
        stock.next += count;
        let tasks = indices.map(|index| NewTask { index, history: stock.history.clone() }).collect();
        Ok(Expansion { tasks, answered, more: stock.next < stock.job.tasks })
    }

    fn settle(&mut self, tried: Tried<Made>, settled: Settled) -> Result<(), Error> {
        (self.first)(Entry::Settle(tried.task))?;
        self.settled.push((tried, settled));
        Ok(())
    }

    fn retry(&mut self, tried: Tried<Made>, cause: Cause, delay: Millis) -> Result<(), Error> {
        (self.first)(Entry::Retry(tried.task))?;
        self.retried.push((tried, cause, delay));
        Ok(())
    }

    fn assigned(&mut self, worker: WorkerId, tasks: usize, _idle: Duration) {
        *self.assigned.entry(worker).or_default() += tasks;
    }

    fn answered(&mut self, worker: WorkerId, tasks: usize, _took: Duration) {
        (self.first)(Entry::Answered(worker)).expect("it cannot fail");
        *self.answered.entry(worker).or_default() += tasks;
    }

    fn finished(&mut self, job: JobId, ended: JobEnd) -> Result<(), Error> {
        (self.first)(Entry::Finished(job))?;
        self.finished.push((job, ended));
        Ok(())
    }

    fn ask(&mut self, _failed: u64, _settled: u64) -> Option<Decision> {
        (self.first)(Entry::Ask).expect("it cannot fail");
        self.decision
    }

    fn watch(&mut self, statistics: &Statistics) {
        (self.first)(Entry::Watch(*statistics)).expect("it cannot fail");
    }

    fn worker(&mut self, worker: WorkerId, lost: bool) {
        self.workers.push((worker, lost));
    }

    fn idle(&mut self) -> Duration {
        Duration::MAX
    }
}

/// Where the test and its threads meet.
pub(crate) struct Shop {
    pub(crate) control: Said,
    pub(crate) window: Window,
    inbox: Mutex<Option<Inbox<Made, Error>>>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let (control, inbox) = channel();
        Self { control, window: Window::default(), inbox: Mutex::new(Some(inbox)) }
    }

    /// Runs the ledger's jobs, once.
    pub(crate) fn run(
        &self,
        settings: Settings,
        grace: Duration,
        ledger: &mut Ledger<'_>,
        does: impl Fn(WorkerId, &[Assigned]) -> Answers + Sync,
    ) -> Ended {
        let inbox = self.inbox.lock().expect("no test panics with it").take().expect("a shop runs once");
        let jobs = ledger.jobs.iter().map(|stock| stock.job.clone()).collect();
        let hands = Hands { window: &self.window, does };
        stratbox_scheduler::run(Setup { settings, grace }, jobs, &hands, ledger, inbox)
    }

    pub(crate) fn begun(&self) -> Vec<TaskId> {
        self.window.note(|seen| seen.tasks())
    }

    pub(crate) fn kills(&self) -> Vec<WorkerId> {
        self.window.note(|seen| seen.kills.clone())
    }
}
