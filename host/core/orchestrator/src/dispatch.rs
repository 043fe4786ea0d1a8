//! What begins next, and where.

use std::cmp::Reverse;

use crate::action::{Action, Assigned};
use crate::calls::Allowance;
use crate::job::{Needs, TaskId, WorkerId};
use crate::jobs::Entry;
use crate::orchestrator::Orchestrator;
use crate::retry::Settled;
use crate::settings::Millis;
use crate::statistics::Waiting;
use crate::workers::{Held, Lease};

/// What to do next.
enum Pick {
    /// Assign tasks of the job at this place, at most so many.
    Tasks(usize, usize),
    /// Settle the job at this place: the budget can never pay for its tasks.
    OverBudget(usize),
    Nothing,
}

/// What keeps the tasks of a job from being assigned.
enum Startable {
    /// So many may be assigned.
    Tasks(usize),
    /// None before this time.
    NotBefore(Millis),
    /// None before something comes back.
    Later,
    /// None ever.
    Never,
}

impl Orchestrator {
    /// Lets tasks whose delay is over take their turn.
    pub(crate) fn end_delays(&mut self) {
        while self.delayed.peek().is_some_and(|Reverse(delayed)| delayed.due <= self.now) {
            if let Some(Reverse(delayed)) = self.delayed.pop() {
                let entry = self.jobs.at(delayed.place);
                entry.delayed -= 1;
                entry.again.push_back(delayed.held);
            }
        }
    }

    /// Grants leases, and starts workers, for as long as something can begin.
    pub(crate) fn assign(&mut self, actions: &mut Vec<Action>) {
        self.next_call = None;
        loop {
            self.waiting = self.closed();
            if self.waiting.is_some() {
                return;
            }
            self.jobs.sort();
            match self.pick() {
                Pick::OverBudget(place) => self.settle_over_budget(place, actions),
                Pick::Tasks(place, at_most) => {
                    let lost_on = self.jobs.at(place).again.front().and_then(|held| held.lost_on);
                    let Some(worker) = self.workers.idle(lost_on) else {
                        self.waiting = Some(Waiting::Workers);
                        return self.start_workers(actions);
                    };
                    self.grant(place, at_most, worker, actions);
                }
                Pick::Nothing => {
                    self.waiting = self.waiting.or_else(|| self.why_nothing());
                    return;
                }
            }
        }
    }

    /// Why nothing may begin, whatever there is.
    fn closed(&self) -> Option<Waiting> {
        if self.failures.closed() {
            Some(Waiting::Decision)
        } else if self.counted.unstored >= self.settings.backlog {
            Some(Waiting::Backlog)
        } else if self.workers.busy() > 0 {
            self.machine.too_busy()
        } else {
            None
        }
    }

    /// How many tasks of a job may be assigned.
    fn startable(&self, entry: &Entry) -> Startable {
        match entry.needs {
            Needs::Call { cost } if entry.ready() > 0 => match self.calls.allowance(cost) {
                Allowance::Calls(calls) => Startable::Tasks(entry.ready().min(calls)),
                Allowance::NotBefore(time) => Startable::NotBefore(time),
                Allowance::Unaffordable => Startable::Later,
                Allowance::Never => Startable::Never,
            },
            Needs::Call { .. } | Needs::Worker => Startable::Tasks(entry.ready()),
        }
    }

    /// The first job of which something may begin.
    fn pick(&mut self) -> Pick {
        self.next_call = None;
        for &place in self.jobs.order() {
            let entry = &self.jobs.entries()[place];
            if !entry.may_begin() {
                continue;
            }
            match self.startable(entry) {
                Startable::Tasks(0) => {}
                Startable::Tasks(tasks) => return Pick::Tasks(place, tasks),
                Startable::NotBefore(time) => {
                    self.next_call = Some(self.next_call.map_or(time, |earlier| earlier.min(time)));
                    self.waiting = Some(Waiting::Calls);
                }
                Startable::Later => self.waiting = Some(Waiting::Calls),
                Startable::Never => return Pick::OverBudget(place),
            }
        }
        Pick::Nothing
    }

    /// What is waited for when there is nothing to begin.
    fn why_nothing(&self) -> Option<Waiting> {
        let entries = || self.jobs.order().iter().map(|&place| &self.jobs.entries()[place]);
        if entries().any(|entry| entry.may_begin() && (entry.more || entry.expanding)) {
            Some(Waiting::Expansion)
        } else if !self.delayed.is_empty() {
            Some(Waiting::Retry)
        } else if self.workers.busy() > 0 {
            Some(Waiting::Running)
        } else {
            self.jobs.entries().iter().any(|entry| entry.paused).then_some(Waiting::Paused)
        }
    }

    /// Starts as many workers as there are tasks for, and room.
    fn start_workers(&mut self, actions: &mut Vec<Action>) {
        if self.workers.up() > 0 && self.machine.too_busy().is_some() {
            return;
        }
        let most = self.settings.workers.get();
        let mut wanted = 0;
        for &place in self.jobs.order() {
            let entry = &self.jobs.entries()[place];
            if wanted < most
                && entry.may_begin()
                && let Startable::Tasks(tasks) = self.startable(entry)
            {
                wanted += tasks;
            }
        }
        let room = self.machine.room_for_workers();
        while self.workers.starting() < wanted
            && let Some(worker) = self.workers.start(room)
        {
            actions.push(Action::Start { worker });
        }
    }

    /// Gives the worker a batch of the job's tasks, of which at least one and `at_most` are ready.
    fn grant(&mut self, place: usize, at_most: usize, worker: WorkerId, actions: &mut Vec<Action>) {
        let (id, mut tasks) = self.workers.prepare(worker);
        let entry = self.jobs.at(place);
        let size = self.settings.batches.size(entry.aim, entry.left(), self.settings.workers).min(at_most);
        tasks.reserve(size);
        let alone = take(entry, size, &mut tasks);
        let job = entry.id;
        entry.leased += tasks.len();
        if let Needs::Call { cost } = entry.needs {
            self.calls.begin(tasks.len(), cost);
        }
        let assigned = tasks.iter().map(|held| Assigned {
            task: TaskId { job, index: held.index },
            attempt: held.attempt,
            fresh: held.history.wants_fresh_worker(),
        });
        actions.push(Action::Assign { worker, lease: id, tasks: assigned.collect() });
        self.workers.grant(worker, Lease { id, job, place, tasks, alone }, self.now);
        self.counted.batches += 1;
    }

    /// Settles whatever waits of a job that the budget can never pay for.
    fn settle_over_budget(&mut self, place: usize, actions: &mut Vec<Action>) {
        let delayed = self.drop_delayed(place);
        let entry = self.jobs.at(place);
        let (again, new) = (std::mem::take(&mut entry.again), std::mem::take(&mut entry.new));
        let again = again.into_iter().chain(delayed).map(|held| (held.index, held.attempt - 1));
        let new = new.into_iter().map(|task| (task.index, task.history.attempts()));
        for (index, attempts) in again.chain(new) {
            self.settle(place, index, attempts, None, Settled::OverBudget, actions);
        }
        self.complete(place, actions);
    }

    /// Asks for tasks of the jobs that come next.
    ///
    /// Not of all jobs, so that memory does not grow with their number: the first jobs that have a window full of tasks
    /// between them are enough. Calls are left out of that sum: they may wait for other things than workers.
    pub(crate) fn expand(&mut self, actions: &mut Vec<Action>) {
        if self.failures.closed() || self.counted.unstored >= self.settings.backlog {
            return;
        }
        self.jobs.sort();
        let window = self.settings.window;
        let mut supply = 0_usize;
        for at in 0..self.jobs.order().len() {
            let place = self.jobs.order()[at];
            let entry = self.jobs.at(place);
            if !entry.may_begin() || (supply >= window && entry.needs == Needs::Worker) {
                continue;
            }
            let room = window.saturating_sub(entry.held());
            if entry.more && !entry.expanding && room > 0 && entry.waiting() < window.div_ceil(2) {
                entry.expanding = true;
                actions.push(Action::Expand { job: entry.id, at_most: room });
            }
            if entry.needs == Needs::Worker {
                supply = supply.saturating_add(if entry.expanding { window } else { entry.ready() });
            }
        }
    }
}

/// Moves the next `size` tasks of a job into `tasks`, or fewer: a suspect one comes alone. Says whether one does.
fn take(entry: &mut Entry, size: usize, tasks: &mut Vec<Held>) -> bool {
    while tasks.len() < size {
        let next = match entry.again.front() {
            Some(held) => &held.history,
            None => match entry.new.front() {
                Some(task) => &task.history,
                None => break,
            },
        };
        let suspect = next.is_suspect();
        if suspect && !tasks.is_empty() {
            break;
        }
        tasks.extend(entry.again.pop_front().or_else(|| entry.new.pop_front().map(Held::from)));
        if suspect {
            return true;
        }
    }
    false
}
