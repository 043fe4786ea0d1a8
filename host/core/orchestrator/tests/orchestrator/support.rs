//! A desk: an orchestrator, its clock, and what is out on leases.

use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::Range;

use stratbox_domain::FaultLabel;
use stratbox_orchestrator::{
    Action, Admission, Answer, Assigned, Backoff, Batches, CallLimits, Ending, FailureGate, FaultSignature,
    History, Input, Job, JobId, LeaseId, Millis, Needs, NewTask, OnFailures, Orchestrator, RetryPolicy,
    Settings, TaskId, WorkerId,
};

pub(crate) fn number(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("tests use positive numbers")
}

pub(crate) fn small(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("tests use positive numbers")
}

/// One worker, tasks one by one, no delays, and nothing in the way.
pub(crate) fn settings() -> Settings {
    Settings {
        seed: 7,
        workers: number(1),
        batches: Batches { most: number(1), target: 1_000 },
        retry: RetryPolicy { backoff: Backoff { base: 0, cap: 0 }, ..RetryPolicy::default() },
        admission: Admission::default(),
        silence: 10_000,
        failures: FailureGate { then: OnFailures::Continue, ..FailureGate::default() },
        backlog: u64::MAX,
        window: 1_000,
        calls: CallLimits::default(),
    }
}

/// A job of 10 tasks that waits for nothing.
pub(crate) fn job(id: u32) -> Job {
    Job { id: JobId(id), priority: 0, after: vec![], weight: 1, tasks: 10, needs: Needs::Worker }
}

pub(crate) fn after(id: u32, others: &[u32]) -> Job {
    Job { after: others.iter().copied().map(JobId).collect(), ..job(id) }
}

pub(crate) fn tasks(indices: Range<u64>) -> Vec<NewTask> {
    indices.map(|index| NewTask { index, history: History::default() }).collect()
}

pub(crate) fn task(job: u32, index: u64) -> TaskId {
    TaskId { job: JobId(job), index }
}

/// A fault that differs from others in its fuel.
pub(crate) fn fault(fuel: u64) -> Ending {
    Ending::Faulted(FaultSignature {
        label: FaultLabel::Trap,
        code: "unreachable".into(),
        bar: Some(7),
        fuel,
    })
}

pub(crate) const LOST: Ending = Ending::Lost { poison: false };
pub(crate) const POISON: Ending = Ending::Lost { poison: true };

pub(crate) fn answer(ending: Ending) -> Answer {
    Answer { ending, micros: 1, cost: 0 }
}

/// A lease that is out.
#[derive(Debug, Clone)]
pub(crate) struct Out {
    pub(crate) worker: WorkerId,
    pub(crate) lease: LeaseId,
    pub(crate) tasks: Vec<Assigned>,
}

impl Out {
    pub(crate) fn ids(&self) -> Vec<TaskId> {
        self.tasks.iter().map(|assigned| assigned.task).collect()
    }
}

/// An orchestrator whose workers start at once. Its jobs are expanded only when a test says so.
pub(crate) struct Desk {
    pub(crate) core: Orchestrator,
    pub(crate) now: Millis,
    pub(crate) out: Vec<Out>,
}

impl Desk {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { core: Orchestrator::new(settings), now: 1_000_000, out: Vec::new() }
    }

    /// A desk with one job, `1`, that has `count` tasks.
    pub(crate) fn with_tasks(count: u64, settings: Settings) -> Self {
        let mut desk = Self::new(settings);
        desk.add(Job { tasks: count, ..job(1) }, count);
        desk
    }

    /// What is to be done about `input`, and about the workers that start at once.
    pub(crate) fn send(&mut self, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        self.core.handle(self.now, input, &mut actions);
        let mut at = 0;
        while let Some(action) = actions.get(at) {
            match action {
                &Action::Start { worker } => {
                    self.core.handle(self.now, Input::Started { worker }, &mut actions);
                }
                Action::Assign { worker, lease, tasks } => {
                    self.out.push(Out { worker: *worker, lease: *lease, tasks: tasks.clone() });
                }
                Action::Kill { worker } => self.out.retain(|out| out.worker != *worker),
                _ => {}
            }
            at += 1;
        }
        actions
    }

    /// Submits the job and gives it all of its tasks.
    pub(crate) fn add(&mut self, job: Job, count: u64) -> Vec<Action> {
        let id = job.id;
        let mut actions = self.send(Input::Submit(job));
        actions.extend(self.expand(id.0, 0..count, false));
        actions
    }

    pub(crate) fn expand(&mut self, job: u32, indices: Range<u64>, more: bool) -> Vec<Action> {
        self.send(Input::Expanded { job: JobId(job), tasks: tasks(indices), answered: 0, more })
    }

    /// The worker answers for its lease: the tasks end so, in order.
    pub(crate) fn answer(&mut self, worker: u32, endings: impl IntoIterator<Item = Ending>) -> Vec<Action> {
        self.answer_after(worker, endings, 1_000)
    }

    pub(crate) fn answer_after(
        &mut self,
        worker: u32,
        endings: impl IntoIterator<Item = Ending>,
        micros: u64,
    ) -> Vec<Action> {
        let at = self.out.iter().position(|out| out.worker == WorkerId(worker));
        let out = self.out.remove(at.expect("the worker has a lease"));
        let answers = endings.into_iter().map(answer).collect();
        self.send(Input::Answered { worker: out.worker, lease: out.lease, answers, micros })
    }

    pub(crate) fn pass(&mut self, millis: Millis) -> Vec<Action> {
        self.now += millis;
        self.send(Input::Tick)
    }

    /// The tasks of the only lease that is out.
    pub(crate) fn running(&self) -> Vec<TaskId> {
        self.out.iter().flat_map(Out::ids).collect()
    }

    /// Completes every task, one lease after the other, and says in which order they ran.
    pub(crate) fn run_all(&mut self) -> Vec<TaskId> {
        let mut order = Vec::new();
        while let Some(out) = self.out.first().cloned() {
            order.extend(out.ids());
            self.answer(out.worker.0, vec![Ending::Final; out.tasks.len()]);
        }
        order
    }
}
