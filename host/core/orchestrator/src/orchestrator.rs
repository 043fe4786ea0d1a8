//! The state machine itself: what it knows, and what each input changes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::action::{Action, JobEnd, Problem};
use crate::calls::Calls;
use crate::gates::{Failures, Machine};
use crate::input::{Decision, Input, NewTask};
use crate::job::{Job, JobId, TaskId};
use crate::jobs::{Jobs, Phase};
use crate::retry::{History, Settled};
use crate::settings::{Millis, Settings};
use crate::statistics::{Statistics, Stopping, Waiting};
use crate::workers::{Held, Workers};

/// Decides what runs next, where, and what is tried again: see the [crate](crate).
#[derive(Debug)]
pub struct Orchestrator {
    pub(crate) settings: Settings,
    /// The latest reading of the clock.
    pub(crate) now: Millis,
    pub(crate) jobs: Jobs,
    pub(crate) workers: Workers,
    pub(crate) delayed: BinaryHeap<Reverse<Delayed>>,
    /// Retries that were ever delayed.
    pub(crate) delays: u64,
    pub(crate) calls: Calls,
    pub(crate) machine: Machine,
    pub(crate) failures: Failures,
    /// What is counted as it happens; the rest is counted when somebody asks.
    pub(crate) counted: Statistics,
    pub(crate) waiting: Option<Waiting>,
    /// When a call may begin, if one waits for that.
    pub(crate) next_call: Option<Millis>,
    pub(crate) stopping: Option<Stopping>,
    /// Whether [`Action::Finished`] was sent, and nothing came since.
    pub(crate) finished: bool,
}

/// A task that waits for the delay before its retry. The earliest is the least; of two with the same time, the one that
/// failed first.
#[derive(Debug)]
pub(crate) struct Delayed {
    pub(crate) due: Millis,
    pub(crate) number: u64,
    /// The job's place.
    pub(crate) place: usize,
    pub(crate) held: Held,
}

impl Delayed {
    fn key(&self) -> (Millis, u64) {
        (self.due, self.number)
    }
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Delayed {}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Orchestrator {
    /// An orchestrator that has nothing to do yet.
    #[must_use]
    pub fn new(mut settings: Settings) -> Self {
        settings.backlog = settings.backlog.max(1);
        settings.window = settings.window.max(1);
        settings.silence = settings.silence.max(1);
        Self {
            now: 0,
            jobs: Jobs::default(),
            workers: Workers::new(settings.workers),
            delayed: BinaryHeap::new(),
            delays: 0,
            calls: Calls::new(settings.calls),
            machine: Machine::new(settings.admission),
            failures: Failures::new(settings.failures),
            counted: Statistics::default(),
            waiting: None,
            next_call: None,
            stopping: None,
            finished: false,
            settings,
        }
    }

    /// Takes note of what happened at `now`, and appends what is to be done about it to `actions`.
    pub fn handle(&mut self, now: Millis, input: Input, actions: &mut Vec<Action>) {
        self.let_time_pass(now);
        match input {
            Input::Started { worker } => self.workers.started(worker),
            Input::Heartbeat { worker } => self.workers.heard(worker, self.now),
            Input::Answered { worker, lease, answers, micros } => {
                self.answered(worker, lease, answers, micros, actions);
            }
            Input::Stored { tasks } => {
                self.counted.unstored = self.counted.unstored.saturating_sub(tasks);
            }
            Input::Sampled(sample) => self.machine.sampled(sample),
            Input::Drain => self.stop(Stopping::Drained),
            Input::Halt => self.halt(actions),
            Input::Decide(decision) => {
                if self.failures.decided() && decision == Decision::Stop {
                    self.stop(Stopping::Failures);
                }
            }
            Input::Tick => {}
            about_a_job => self.about_a_job(about_a_job, actions),
        }
        self.reclaim_from_the_silent(actions);
        self.end_delays();
        if self.stopping.is_none() {
            self.assign(actions);
            self.expand(actions);
        }
        self.conclude(actions);
    }

    /// When to call [`Self::handle`] at the latest, even if nothing happens; `None`: when something happens.
    #[must_use]
    pub fn wake_at(&self) -> Option<Millis> {
        let patience = self.workers.patience_ends(self.settings.silence);
        if self.stopping.is_some() {
            return patience;
        }
        let delay = self.delayed.peek().map(|Reverse(delayed)| delayed.due);
        [patience, delay, self.next_call].into_iter().flatten().min()
    }

    /// How far it is.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let open = || self.jobs.entries().iter().filter(|entry| !entry.has_ended());
        Statistics {
            expected: open().map(|entry| entry.expected()).fold(0, u64::saturating_add),
            queued: open().map(|entry| entry.ready() as u64).sum(),
            retrying: self.delayed.len() as u64,
            running: self.workers.tasks(),
            workers: self.workers.up(),
            busy: self.workers.busy(),
            spent: self.calls.committed(),
            waiting: self.waiting.filter(|_| self.stopping.is_none()),
            stopping: self.stopping,
            ..self.counted
        }
    }

    fn let_time_pass(&mut self, now: Millis) {
        self.now = self.now.max(now);
        self.calls.fill(self.now);
        // Nobody called for so long after the time to wake that it was not the workers who slept: what they said
        // meanwhile is still on its way.
        let silence = self.settings.silence;
        if self.workers.patience_ends(silence).is_some_and(|end| self.now >= end.saturating_add(silence)) {
            self.workers.excuse(self.now);
        }
    }

    fn about_a_job(&mut self, input: Input, actions: &mut Vec<Action>) {
        let (job, done) = match input {
            Input::Submit(job) => (job.id, self.submit(&job, actions)),
            Input::Expanded { job, tasks, answered, more } => {
                (job, self.expanded(job, tasks, answered, more, actions))
            }
            Input::Pause { job } => (job, self.pause(job, true)),
            Input::Resume { job } => (job, self.pause(job, false)),
            Input::Cancel { job } => (job, self.cancel(job, actions)),
            Input::CancelTask { task } => (task.job, self.cancel_task(task, actions)),
            Input::Requeue { task, history } => (task.job, self.requeue(task, history)),
            Input::Reprioritise { job, priority } => {
                (job, self.jobs.open_place(job).map(|place| self.jobs.reprioritise(place, priority)))
            }
            Input::Started { .. }
            | Input::Heartbeat { .. }
            | Input::Answered { .. }
            | Input::Stored { .. }
            | Input::Sampled(_)
            | Input::Drain
            | Input::Halt
            | Input::Decide(_)
            | Input::Tick => return,
        };
        if let Err(problem) = done {
            actions.push(Action::Refused { job, problem });
        }
    }

    fn submit(&mut self, job: &Job, actions: &mut Vec<Action>) -> Result<(), Problem> {
        self.unless_stopping()?;
        self.jobs.submit(job, actions)?;
        self.finished = false;
        Ok(())
    }

    fn expanded(
        &mut self,
        job: JobId,
        tasks: Vec<NewTask>,
        answered: u64,
        more: bool,
        actions: &mut Vec<Action>,
    ) -> Result<(), Problem> {
        let place = self.jobs.place(job)?;
        let entry = self.jobs.at(place);
        if !std::mem::take(&mut entry.expanding) {
            return Err(Problem::NotAsked);
        }
        if entry.phase != Phase::Ready {
            // It was cancelled since.
            return Ok(());
        }
        (entry.seen, entry.more) =
            (entry.seen.saturating_add(answered).saturating_add(tasks.len() as u64), more);
        self.counted.answered = self.counted.answered.saturating_add(answered);
        if entry.cancelled.is_empty() {
            entry.new.extend(tasks);
        } else {
            for task in tasks {
                let entry = self.jobs.at(place);
                if entry.cancelled.contains(&task.index) {
                    self.settle(
                        place,
                        task.index,
                        task.history.attempts(),
                        None,
                        Settled::Cancelled,
                        actions,
                    );
                } else {
                    entry.new.push_back(task);
                }
            }
        }
        self.complete(place, actions);
        Ok(())
    }

    fn pause(&mut self, job: JobId, paused: bool) -> Result<(), Problem> {
        let place = self.jobs.open_place(job)?;
        self.jobs.at(place).paused = paused;
        Ok(())
    }

    fn cancel(&mut self, job: JobId, actions: &mut Vec<Action>) -> Result<(), Problem> {
        let place = self.jobs.open_place(job)?;
        self.drop_delayed(place);
        let entry = self.jobs.at(place);
        if entry.leased == 0 {
            self.jobs.end(place, JobEnd::Cancelled, actions);
        } else if entry.phase != Phase::Cancelling {
            self.jobs.begin_to_cancel(place, actions);
        }
        Ok(())
    }

    /// Takes the job's tasks that wait for a retry.
    pub(crate) fn drop_delayed(&mut self, place: usize) -> Vec<Held> {
        let entry = self.jobs.at(place);
        if std::mem::take(&mut entry.delayed) == 0 {
            return Vec::new();
        }
        let all = std::mem::take(&mut self.delayed).into_sorted_vec();
        // In descending order of the reversed: the last one is the earliest.
        let (dropped, kept): (Vec<_>, Vec<_>) =
            all.into_iter().rev().map(|Reverse(delayed)| delayed).partition(|delayed| delayed.place == place);
        self.delayed = kept.into_iter().map(Reverse).collect();
        dropped.into_iter().map(|delayed| delayed.held).collect()
    }

    fn cancel_task(&mut self, task: TaskId, actions: &mut Vec<Action>) -> Result<(), Problem> {
        let place = self.jobs.open_place(task.job)?;
        let attempts = self.withdraw(place, task.index);
        self.jobs.at(place).cancelled.insert(task.index);
        if let Some(attempts) = attempts {
            self.settle(place, task.index, attempts, None, Settled::Cancelled, actions);
            self.complete(place, actions);
        }
        Ok(())
    }

    /// Takes the task out of whatever it waits in, and says how many attempts were made.
    fn withdraw(&mut self, place: usize, index: u64) -> Option<u32> {
        let entry = self.jobs.at(place);
        if let Some(at) = entry.new.iter().position(|task| task.index == index) {
            return entry.new.remove(at).map(|task| task.history.attempts());
        }
        if let Some(at) = entry.again.iter().position(|held| held.index == index) {
            return entry.again.remove(at).map(|held| held.attempt - 1);
        }
        let mut withdrawn = None;
        self.delayed.retain(|Reverse(delayed)| {
            let is_it = delayed.place == place && delayed.held.index == index;
            withdrawn = withdrawn.or(is_it.then_some(delayed.held.attempt - 1));
            !is_it
        });
        entry.delayed -= usize::from(withdrawn.is_some());
        withdrawn
    }

    fn requeue(&mut self, task: TaskId, history: History) -> Result<(), Problem> {
        let TaskId { job, index } = task;
        self.unless_stopping()?;
        let place = self.jobs.place(job)?;
        let entry = self.jobs.at(place);
        match entry.phase {
            Phase::Ended(JobEnd::Completed) | Phase::Waiting(_) | Phase::Ready => {}
            Phase::Cancelling | Phase::Ended(_) => return Err(Problem::Ended),
        }
        let waits = entry.new.iter().any(|task| task.index == index)
            || entry.again.iter().any(|held| held.index == index)
            || self
                .delayed
                .iter()
                .any(|Reverse(delayed)| delayed.place == place && delayed.held.index == index);
        if waits || self.workers.hold(task) {
            return Err(Problem::NotSettled { index });
        }
        entry.forget_cancelled(index);
        let attempt = history.attempts().saturating_add(1);
        entry.again.push_back(Held { index, attempt, lost_on: None, history });
        if entry.has_ended() {
            self.jobs.reopen(place);
        }
        self.finished = false;
        Ok(())
    }

    fn unless_stopping(&self) -> Result<(), Problem> {
        if self.stopping.is_some() { Err(Problem::Stopping) } else { Ok(()) }
    }

    /// Begins nothing any more. A stricter reason replaces a milder one.
    pub(crate) fn stop(&mut self, why: Stopping) {
        if self.stopping.is_none() || why == Stopping::Halted {
            self.stopping = Some(why);
        }
    }

    /// Says what has come to its end.
    fn conclude(&mut self, actions: &mut Vec<Action>) {
        if self.finished || self.workers.busy() > 0 {
            return;
        }
        let nothing_left = self.jobs.open() == 0;
        if self.stopping.is_some() || (nothing_left && !self.jobs.is_empty()) {
            self.finished = true;
            actions.push(Action::Finished);
        } else if !nothing_left && self.failures.ask() {
            let settled = self.counted.settled;
            actions.push(Action::Ask { failed: settled.failed(), settled: settled.ran() });
        }
    }
}
