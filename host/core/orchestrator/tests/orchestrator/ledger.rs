//! What a careful observer of inputs and actions knows, and the laws that it holds every action to.

use std::collections::BTreeMap;

use stratbox_orchestrator::{
    Action, Assigned, Cause, Job, JobEnd, JobId, LeaseId, Millis, Needs, Settled, TaskId, WorkerId,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    New,
    /// It goes before new ones.
    Again,
    Delayed(Millis),
    Leased,
    /// Its attempt has ended, and it must be said at once what follows.
    Judged,
    Settled(Settled),
}

#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) at: Where,
    /// The attempt that runs or comes next.
    pub(crate) attempt: u32,
    suspect: bool,
    pub(crate) cancelled: bool,
}

impl Known {
    /// It is to be run again as if it had never been.
    pub(crate) fn again(&mut self) {
        *self = Self { at: Where::Again, attempt: 1, suspect: false, cancelled: false };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worker {
    Off,
    Starting,
    Idle,
    Busy(LeaseId),
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) job: Job,
    pub(crate) total: u64,
    pub(crate) submitted: bool,
    /// The next index to be given.
    pub(crate) next: u64,
    pub(crate) asked: Option<usize>,
    pub(crate) paused: bool,
    pub(crate) cancelled: bool,
    pub(crate) requeued: bool,
    ready: bool,
    completed: bool,
    pub(crate) ended: Option<JobEnd>,
}

impl Plan {
    pub(crate) fn new(job: Job, total: u64) -> Self {
        Self {
            job,
            total,
            submitted: false,
            next: 0,
            asked: None,
            paused: false,
            cancelled: false,
            requeued: false,
            ready: false,
            completed: false,
            ended: None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.submitted && self.ended.is_none()
    }
}

/// What the input was that actions follow from, as far as they may.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The tasks of the lease that was answered.
    pub(crate) answered: Vec<Assigned>,
    /// The answer was late, or the second one.
    pub(crate) stale: bool,
    /// What was asked for cannot be done, or need not be.
    pub(crate) may_be_refused: bool,
}

pub(crate) struct Ledger {
    pub(crate) now: Millis,
    pub(crate) plans: BTreeMap<JobId, Plan>,
    pub(crate) tasks: BTreeMap<TaskId, Known>,
    pub(crate) workers: Vec<Worker>,
    pub(crate) live: BTreeMap<LeaseId, (WorkerId, Vec<Assigned>)>,
    /// Leases that were answered or reclaimed, with the number of their tasks.
    pub(crate) past: Vec<(WorkerId, LeaseId, usize)>,
    pub(crate) settled: u64,
    pub(crate) unstored: u64,
    pub(crate) window: usize,
    pub(crate) most: usize,
    pub(crate) asked: bool,
    pub(crate) stopping: bool,
    pub(crate) halted: bool,
    pub(crate) finished: bool,
}

impl Ledger {
    pub(crate) fn new(plans: Vec<Plan>, workers: usize, window: usize, most: usize) -> Self {
        Self {
            now: 0,
            plans: plans.into_iter().map(|plan| (plan.job.id, plan)).collect(),
            tasks: BTreeMap::new(),
            workers: vec![Worker::Off; workers],
            live: BTreeMap::new(),
            past: Vec::new(),
            settled: 0,
            unstored: 0,
            window,
            most,
            asked: false,
            stopping: false,
            halted: false,
            finished: false,
        }
    }

    pub(crate) fn give(&mut self, task: TaskId) {
        let known = Known { at: Where::New, attempt: 1, suspect: false, cancelled: false };
        assert!(self.tasks.insert(task, known).is_none(), "{task} is given once");
    }

    fn plan(&mut self, job: JobId) -> &mut Plan {
        self.plans.get_mut(&job).expect("the job is known")
    }

    fn task(&mut self, task: TaskId) -> &mut Known {
        self.tasks.get_mut(&task).expect("the task was given")
    }

    fn of(&self, job: JobId) -> impl Iterator<Item = &Known> {
        let id = |index| TaskId { job, index };
        self.tasks.range(id(0)..=id(u64::MAX)).map(|(_, known)| known)
    }

    fn could_begin(&self, known: &Known) -> bool {
        match known.at {
            Where::New | Where::Again => true,
            Where::Delayed(due) => due <= self.now,
            Where::Leased | Where::Judged | Where::Settled(_) => false,
        }
    }

    /// Takes note of the actions that followed from an input, each of which must be lawful.
    pub(crate) fn follow(&mut self, actions: &[Action], context: &Context) {
        if context.stale {
            let harmless = |action: &Action| !matches!(action, Action::Settle { .. } | Action::Retry { .. });
            assert!(actions.iter().all(harmless), "a late answer changes nothing: {actions:?}");
        }
        for action in actions {
            self.check(action, context);
        }
        self.at_rest();
    }

    fn check(&mut self, action: &Action, context: &Context) {
        match action {
            &Action::Expand { job, at_most } => {
                let window = self.window;
                let plan = self.plan(job);
                assert!(plan.ready && plan.asked.is_none() && plan.ended.is_none() && !plan.paused);
                assert!((1..=window).contains(&at_most));
                plan.asked = Some(at_most);
            }
            &Action::Start { worker } => self.become_of(worker, Worker::Off, Worker::Starting),
            &Action::Kill { worker } => self.kill(worker),
            Action::Assign { worker, lease, tasks } => self.assign(*worker, *lease, tasks),
            &Action::Settle { task, attempt, answer, settled } => {
                self.settle(task, attempt, answer, settled, context);
            }
            &Action::Retry { task, attempt, answer, cause, delay } => {
                assert_eq!(self.task(task).at, Where::Judged, "{task}");
                assert_eq!(self.task(task).attempt, attempt, "{task}");
                check_place(task, attempt, answer, context);
                assert!(cause != Cause::Fault || delay == 0);
                let at = if delay == 0 { Where::Again } else { Where::Delayed(self.now + delay) };
                let known = self.task(task);
                assert!(!known.cancelled, "{task} was cancelled");
                (known.at, known.attempt) = (at, attempt + 1);
                known.suspect |= cause != Cause::Fault;
            }
            Action::Discard { task, .. } => {
                assert!(context.stale && self.tasks.contains_key(task));
            }
            &Action::JobReady { job } => {
                let after = self.plan(job).job.after.clone();
                assert!(after.iter().all(|on| self.plans[on].completed), "{job} is ready too early");
                assert!(!std::mem::replace(&mut self.plan(job).ready, true), "{job} is ready once");
            }
            &Action::JobFinished { job, ended } => self.end(job, ended),
            Action::Ask { .. } => {
                assert!(!self.asked && self.live.is_empty());
                self.asked = true;
            }
            Action::Refused { .. } => assert!(context.may_be_refused, "{action:?}"),
            Action::Finished => {
                assert!(self.live.is_empty() && !self.finished);
                assert!(self.stopping || self.plans.values().all(|plan| !plan.is_open()));
                self.finished = true;
            }
        }
    }

    fn become_of(&mut self, worker: WorkerId, from: Worker, to: Worker) {
        let state = &mut self.workers[worker.0 as usize];
        assert_eq!(*state, from, "{worker}");
        *state = to;
    }

    fn kill(&mut self, worker: WorkerId) {
        let Worker::Busy(lease) = self.workers[worker.0 as usize] else {
            panic!("{worker} is killed without a lease")
        };
        self.workers[worker.0 as usize] = Worker::Off;
        let (_, tasks) = self.live.remove(&lease).expect("its lease is live");
        self.past.push((worker, lease, tasks.len()));
        let at = if self.halted { Where::Again } else { Where::Judged };
        for assigned in tasks {
            self.task(assigned.task).at = at;
        }
    }

    fn assign(&mut self, worker: WorkerId, lease: LeaseId, tasks: &[Assigned]) {
        self.become_of(worker, Worker::Idle, Worker::Busy(lease));
        assert!(!self.stopping && !self.finished && !self.asked);
        assert!((1..=self.most).contains(&tasks.len()));
        let job = tasks[0].task.job;
        let plan = &self.plans[&job];
        assert!(plan.ready && plan.ended.is_none() && !plan.paused && !plan.cancelled, "{job} may not begin");
        for other in self.plans.values().filter(|other| other.job.priority > plan.job.priority) {
            let may_begin = other.ready && other.is_open() && !other.paused && !other.cancelled;
            let waits = may_begin && other.job.needs == Needs::Worker;
            let before = waits && self.of(other.job.id).any(|known| self.could_begin(known));
            assert!(!before, "{} goes before {job}", other.job.id);
        }
        let mut new = false;
        for assigned in tasks {
            assert_eq!(assigned.task.job, job);
            let known = &self.tasks[&assigned.task];
            assert!(self.could_begin(known), "{} is {:?}", assigned.task, known.at);
            assert_eq!(known.attempt, assigned.attempt, "{}", assigned.task);
            assert!(!known.suspect || tasks.len() == 1, "{} is suspect", assigned.task);
            assert!(known.suspect || !assigned.fresh, "{} needs no fresh worker", assigned.task);
            assert!(!known.cancelled, "{} was cancelled", assigned.task);
            new |= known.at == Where::New;
            self.task(assigned.task).at = Where::Leased;
        }
        let left_behind = new && self.of(job).any(|known| known.at != Where::New && self.could_begin(known));
        assert!(!left_behind, "retries of {job} go before new tasks");
        assert!(self.live.insert(lease, (worker, tasks.to_vec())).is_none());
    }

    fn settle(
        &mut self,
        task: TaskId,
        attempt: u32,
        answer: Option<usize>,
        settled: Settled,
        context: &Context,
    ) {
        check_place(task, attempt, answer, context);
        let job_is_cancelled = self.plans[&task.job].cancelled;
        let known = self.task(task);
        match known.at {
            Where::Judged => assert_eq!(attempt, known.attempt, "{task}"),
            Where::New | Where::Again | Where::Delayed(_) => {
                let may =
                    settled == Settled::OverBudget || (settled == Settled::Cancelled && known.cancelled);
                assert!(may, "{task} is {settled:?} without an attempt");
                assert_eq!(attempt, known.attempt - 1, "{task}");
            }
            Where::Leased | Where::Settled(_) => panic!("{task} is {:?} and settled", known.at),
        }
        assert!(settled != Settled::Cancelled || known.cancelled || job_is_cancelled, "{task}");
        (known.at, known.cancelled) = (Where::Settled(settled), false);
        self.settled += 1;
        self.unstored += 1;
    }

    fn end(&mut self, job: JobId, ended: JobEnd) {
        let all_settled = self.of(job).all(|known| matches!(known.at, Where::Settled(_)));
        let is_out = self.of(job).any(|known| matches!(known.at, Where::Leased | Where::Judged));
        let blocker =
            |by| matches!(self.plans[&by], Plan { cancelled: true, .. } | Plan { ended: Some(_), .. });
        match ended {
            JobEnd::Completed => assert!(all_settled && self.plans[&job].next == self.plans[&job].total),
            JobEnd::Cancelled => assert!(self.plans[&job].cancelled && !is_out),
            JobEnd::Blocked { by } => {
                assert!(self.plans[&job].job.after.contains(&by) && blocker(by));
                assert!(!self.plans[&job].ready);
            }
        }
        let plan = self.plan(job);
        plan.completed |= ended == JobEnd::Completed;
        plan.paused = false;
        assert!(plan.ended.replace(ended).is_none(), "{job} ends once");
    }

    /// What must be true when all actions were obeyed.
    fn at_rest(&self) {
        let leased = self.tasks.values().filter(|known| known.at == Where::Leased).count();
        assert_eq!(leased, self.live.values().map(|(_, tasks)| tasks.len()).sum::<usize>());
        assert!(self.live.len() <= self.workers.len());
        for plan in self.plans.values().filter(|plan| plan.is_open()) {
            assert!(self.of(plan.job.id).all(|known| known.at != Where::Judged), "{} waits", plan.job.id);
            let open = self.of(plan.job.id).filter(|known| !matches!(known.at, Where::Settled(_))).count();
            assert!(open <= self.window || plan.requeued, "{open} tasks of {} are held", plan.job.id);
        }
    }
}

/// An action that follows from an answer names that answer's task.
fn check_place(task: TaskId, attempt: u32, answer: Option<usize>, context: &Context) {
    if let Some(place) = answer {
        let answered = context.answered[place];
        assert_eq!((answered.task, answered.attempt), (task, attempt));
    }
}
