//! A simulated shell: it obeys an orchestrator in an order that choices decide, and has a ledger watch.

use std::collections::BTreeMap;

use stratbox_orchestrator::{
    Answer, Decision, Ending, History, Input, JobEnd, JobId, LeaseId, Needs, NewTask, Orchestrator, Sample,
    Settings, Settled, TaskId, WorkerId,
};

use crate::ledger::{Context, Ledger, Plan, Where, Worker};
use crate::model::{ending, is_answered};
use crate::support::{LOST, answer};

/// What may happen besides work in another order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chaos {
    /// Workers fall silent, are lost and answer for nothing.
    pub(crate) losses: bool,
    /// Jobs and tasks are cancelled and run again.
    pub(crate) commands: bool,
    /// Work may be stopped.
    pub(crate) stops: bool,
}

pub(crate) const CALM: Chaos = Chaos { losses: false, commands: false, stops: false };

pub(crate) struct Shell {
    core: Orchestrator,
    pub(crate) ledger: Ledger,
    chaos: Chaos,
    budget: u64,
    silence: u64,
    /// What is left of a choice.
    choice: u64,
}

impl Shell {
    pub(crate) fn new(settings: Settings, plans: Vec<Plan>, chaos: Chaos) -> Self {
        let most = settings.batches.most.get();
        let ledger = Ledger::new(plans, settings.workers.get(), settings.window, most);
        let (budget, silence) = (settings.calls.budget, settings.silence);
        Self { core: Orchestrator::new(settings), ledger, chaos, budget, silence, choice: 0 }
    }

    /// A number below `bound`, from the choice.
    fn pick(&mut self, bound: usize) -> usize {
        let (bound, choice) = (bound.max(1) as u64, self.choice);
        self.choice = (choice / bound).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) ^ choice;
        (choice % bound) as usize
    }

    fn one_of<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        let at = self.pick(items.len());
        items.get(at).cloned()
    }

    fn send(&mut self, input: Input, context: &Context) {
        self.send_at(self.ledger.now, input, context);
    }

    fn send_at(&mut self, now: u64, input: Input, context: &Context) {
        let mut actions = Vec::new();
        let told = input.clone();
        self.ledger.now = self.ledger.now.max(now);
        self.core.handle(now, input, &mut actions);
        self.ledger.follow(&actions, context);
        let statistics = self.core.statistics();
        assert_eq!(statistics.settled.total(), self.ledger.settled, "{told:?}");
        assert_eq!(statistics.unstored, self.ledger.unstored);
        let live: usize = self.ledger.live.values().map(|(_, tasks)| tasks.len()).sum();
        assert_eq!(statistics.running, live as u64);
        assert!(statistics.spent <= self.budget);
        assert!(
            self.core.wake_at().is_none_or(|time| time > self.ledger.now),
            "{told:?}: it is time already"
        );
    }

    fn jobs(&self, which: impl Fn(&Plan) -> bool) -> Vec<JobId> {
        self.ledger.plans.values().filter(|plan| which(plan)).map(|plan| plan.job.id).collect()
    }

    fn busy(&self) -> Vec<WorkerId> {
        self.ledger.live.values().map(|(worker, _)| *worker).collect()
    }

    /// Something happens: what, the choice decides.
    pub(crate) fn step(&mut self, choice: u64) {
        self.choice = choice;
        match self.pick(24) {
            0..=5 => self.answer_some(),
            6..=7 => self.expand_some(),
            8..=9 => self.start_some(),
            10..=11 => self.submit_next(),
            12 => self.store(),
            13 => self.let_time_pass(),
            14 => self.heartbeats(),
            15 => self.sample(),
            16 => self.answer_again(),
            17 => self.pause_or_resume(),
            18 => self.reprioritise(),
            19 => self.nonsense(),
            20 => self.decide(),
            21 if self.chaos.losses => self.fall_silent(),
            22 if self.chaos.commands => self.command(),
            23 if self.chaos.stops && self.pick(4) == 0 => {
                let halt = self.pick(3) == 0;
                self.stop(halt);
            }
            _ => self.send(Input::Tick, &Context::default()),
        }
    }

    /// Brings everything to its end: nothing unusual happens any more.
    pub(crate) fn finish(&mut self) {
        for job in self.jobs(|plan| plan.paused && plan.is_open()) {
            self.resume(job, true);
        }
        for _ in 0..self.ledger.plans.len() {
            self.submit_next();
        }
        for _ in 0..100_000 {
            if self.ledger.finished {
                return;
            }
            self.heartbeats();
            if self.ledger.unstored > 0 {
                self.store();
            } else if !self.jobs(|plan| plan.asked.is_some()).is_empty() {
                self.expand_some();
            } else if self.ledger.workers.contains(&Worker::Starting) {
                self.start_some();
            } else if let Some(&lease) = self.ledger.live.keys().next() {
                self.answer_lease(lease, usize::MAX, false);
            } else if self.ledger.asked {
                self.decide();
            } else {
                let time = self.core.wake_at().expect("something is still to happen");
                self.send_at(time, Input::Tick, &Context::default());
            }
        }
        panic!("it does not end: {:?}", self.core.statistics());
    }

    fn submit_next(&mut self) {
        if let Some(id) = self.jobs(|plan| !plan.submitted).first() {
            let plan = self.ledger.plans.get_mut(id).expect("it is planned");
            plan.submitted = true;
            let job = plan.job.clone();
            let stopping = self.ledger.stopping;
            plan.ended = stopping.then_some(JobEnd::Cancelled);
            self.ledger.finished &= stopping;
            self.send(Input::Submit(job), &Context { may_be_refused: stopping, ..Context::default() });
        }
    }

    fn start_some(&mut self) {
        let starting = |(_, state): &(usize, &Worker)| **state == Worker::Starting;
        let starting: Vec<_> =
            self.ledger.workers.iter().enumerate().filter(starting).map(|(at, _)| at).collect();
        if let Some(at) = self.one_of(&starting) {
            self.ledger.workers[at] = Worker::Idle;
            self.send(Input::Started { worker: WorkerId(at as u32) }, &Context::default());
        }
    }

    fn expand_some(&mut self) {
        let asked = self.jobs(|plan| plan.asked.is_some());
        let Some(job) = self.one_of(&asked) else { return };
        let size = self.pick(40);
        let plan = self.ledger.plans.get_mut(&job).expect("it is planned");
        let at_most = plan.asked.take().unwrap_or(0).min(size + 1);
        let (mut tasks, mut answered) = (Vec::new(), 0);
        while plan.next < plan.total && tasks.len() < at_most {
            let index = plan.next;
            plan.next += 1;
            if is_answered(index) {
                answered += 1;
            } else {
                tasks.push(NewTask { index, history: History::default() });
            }
        }
        let (more, taken) = (plan.next < plan.total, !plan.cancelled && plan.ended.is_none());
        for task in tasks.iter().filter(|_| taken) {
            self.ledger.give(TaskId { job, index: task.index });
        }
        self.send(Input::Expanded { job, tasks, answered, more }, &Context::default());
    }

    fn answer_some(&mut self) {
        let live: Vec<_> = self.ledger.live.keys().copied().collect();
        let Some(lease) = self.one_of(&live) else { return };
        let size = match self.pick(4) {
            0 => self.pick(8) + usize::from(!self.chaos.losses),
            _ => usize::MAX,
        };
        self.answer_lease(lease, size, self.chaos.losses);
    }

    /// Answers for the first `size` tasks of the lease.
    fn answer_lease(&mut self, lease: LeaseId, size: usize, losses: bool) {
        let (worker, tasks) = self.ledger.live.remove(&lease).expect("it is live");
        self.ledger.workers[worker.0 as usize] = Worker::Idle;
        self.ledger.past.push((worker, lease, tasks.len()));
        let mut answers = Vec::new();
        for (at, assigned) in tasks.iter().enumerate() {
            let cost = match self.ledger.plans[&assigned.task.job].job.needs {
                Needs::Call { cost } => cost / 2,
                Needs::Worker => 0,
            };
            let ending = match self.pick(10) {
                0 if losses => LOST,
                1 if self.ledger.stopping => Ending::Cancelled,
                _ => ending(assigned.task, assigned.attempt),
            };
            let stopping = self.ledger.stopping;
            let dropped = self.ledger.plans[&assigned.task.job].cancelled;
            let known = self.ledger.tasks.get_mut(&assigned.task).expect("it was given");
            let unanswered = size == 0 && at == 0 && !stopping && !known.cancelled && !dropped;
            let judged = (at < size && !(stopping && ending == Ending::Cancelled)) || unanswered;
            known.at = if judged { Where::Judged } else { Where::Again };
            if at < size {
                answers.push(Answer { cost, ..answer(ending) });
            }
        }
        let micros = self.pick(5_000) as u64;
        let context = Context { answered: tasks, ..Context::default() };
        self.send(Input::Answered { worker, lease, answers, micros }, &context);
    }

    /// Answers for a lease that was answered or reclaimed before, or that another worker has.
    fn answer_again(&mut self) {
        let past = self.ledger.past.clone();
        let stale = Context { stale: true, ..Context::default() };
        if let Some((worker, lease, tasks)) = self.one_of(&past) {
            let answers = vec![answer(Ending::Final); tasks];
            self.send(Input::Answered { worker, lease, answers, micros: 1 }, &stale);
        }
        let live: Vec<_> = self.ledger.live.keys().copied().collect();
        if let Some(lease) = self.one_of(&live) {
            let (worker, answers) = (WorkerId(77), vec![answer(Ending::Final)]);
            self.send(Input::Answered { worker, lease, answers, micros: 1 }, &stale);
        }
    }

    fn store(&mut self) {
        let tasks = self.ledger.unstored - self.pick(self.ledger.unstored as usize / 2 + 1) as u64;
        self.ledger.unstored -= tasks;
        self.send(Input::Stored { tasks }, &Context::default());
    }

    fn let_time_pass(&mut self) {
        let passed = self.pick(self.silence as usize / 2) as u64;
        let back = self.pick(3) == 0;
        self.heartbeats();
        let now = if back { self.ledger.now.saturating_sub(passed) } else { self.ledger.now + passed };
        self.send_at(now, Input::Tick, &Context::default());
    }

    fn heartbeats(&mut self) {
        for worker in self.busy() {
            self.send(Input::Heartbeat { worker }, &Context::default());
        }
    }

    /// Time passes without a heartbeat of some worker with a lease.
    fn fall_silent(&mut self) {
        let busy = self.busy();
        let silent = self.one_of(&busy);
        for half in 0..2 {
            let now = self.ledger.now + self.silence / 2 + half;
            for worker in self.busy().into_iter().filter(|worker| Some(*worker) != silent) {
                self.send_at(now, Input::Heartbeat { worker }, &Context::default());
            }
            self.send_at(now, Input::Tick, &Context::default());
        }
    }

    fn sample(&mut self) {
        let mut share = || self.pick(101) as f64 / 100.0;
        let (cpu_of_others, memory_used) = (share(), share());
        let memory_available = self.pick(1_000) as u64;
        self.send(
            Input::Sampled(Sample { cpu_of_others, memory_used, memory_available }),
            &Context::default(),
        );
    }

    fn resume(&mut self, job: JobId, resume: bool) {
        let plan = self.ledger.plans.get_mut(&job).expect("it is planned");
        plan.paused = !resume && plan.is_open();
        let input = if resume { Input::Resume { job } } else { Input::Pause { job } };
        self.send(input, &Context { may_be_refused: true, ..Context::default() });
    }

    fn pause_or_resume(&mut self) {
        let jobs = self.jobs(Plan::is_open);
        if let Some(job) = self.one_of(&jobs) {
            let resume = self.pick(3) > 0;
            self.resume(job, resume);
        }
    }

    fn reprioritise(&mut self) {
        let jobs = self.jobs(Plan::is_open);
        if let Some(job) = self.one_of(&jobs) {
            let priority = self.pick(4) as i32;
            self.ledger.plans.get_mut(&job).expect("it is planned").job.priority = priority;
            self.send(Input::Reprioritise { job, priority }, &Context::default());
        }
    }

    /// Inputs that mean nothing: they are refused or ignored.
    fn nonsense(&mut self) {
        let refused = Context { may_be_refused: true, ..Context::default() };
        let tasks = vec![NewTask { index: 5, history: History::default() }];
        let not_asked = self.jobs(|plan| plan.asked.is_none());
        let job = self.one_of(&not_asked).unwrap_or(JobId(99));
        self.send(Input::Expanded { job, tasks, answered: 1, more: true }, &refused);
        self.send(Input::Cancel { job: JobId(99) }, &refused);
        self.send(Input::Started { worker: WorkerId(99) }, &refused);
        self.send(Input::Heartbeat { worker: WorkerId(99) }, &refused);
    }

    fn decide(&mut self) {
        let stop = self.chaos.stops && self.pick(4) == 0;
        self.ledger.stopping |= self.ledger.asked && stop;
        self.ledger.asked = false;
        let decision = if stop { Decision::Stop } else { Decision::Continue };
        self.send(Input::Decide(decision), &Context::default());
    }

    fn stop(&mut self, halt: bool) {
        self.ledger.stopping = true;
        self.ledger.halted |= halt;
        self.send(if halt { Input::Halt } else { Input::Drain }, &Context::default());
    }

    fn command(&mut self) {
        let context = Context { may_be_refused: true, ..Context::default() };
        let tasks: Vec<_> = self.ledger.tasks.keys().copied().collect();
        let task = self.one_of(&tasks);
        let jobs = self.jobs(|plan| plan.submitted);
        match (self.pick(8), task, self.one_of(&jobs)) {
            (0, _, Some(job)) => {
                let plan = self.ledger.plans.get_mut(&job).expect("it is planned");
                plan.cancelled |= plan.is_open();
                self.send(Input::Cancel { job }, &context);
            }
            (1..=3, Some(task), _) => {
                let is_open = self.ledger.plans[&task.job].is_open();
                let known = self.ledger.tasks.get_mut(&task).expect("it was given");
                known.cancelled |= is_open && !matches!(known.at, Where::Settled(_));
                self.send(Input::CancelTask { task }, &context);
            }
            (4.., Some(task), _) => self.requeue(task, &context),
            _ => {}
        }
    }

    fn requeue(&mut self, task: TaskId, context: &Context) {
        let stopping = self.ledger.stopping;
        let plan = self.ledger.plans.get_mut(&task.job).expect("it is planned");
        let known = self.ledger.tasks.get_mut(&task).expect("it was given");
        let completed = plan.ended == Some(JobEnd::Completed);
        let may = !stopping && !plan.cancelled && (completed || plan.ended.is_none());
        if may && matches!(known.at, Where::Settled(_)) {
            known.again();
            (plan.ended, plan.requeued) = (None, true);
            self.ledger.finished = false;
        }
        self.send(Input::Requeue { task, history: History::default() }, context);
    }

    /// Results by task.
    pub(crate) fn results(&self) -> BTreeMap<TaskId, Settled> {
        let settled = self.ledger.tasks.iter().filter_map(|(task, known)| match known.at {
            Where::Settled(settled) => Some((*task, settled)),
            _ => None,
        });
        settled.collect()
    }
}
