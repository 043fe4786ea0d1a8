//! What comes back: answers, and leases that nobody answers for.

use crate::action::{Action, JobEnd, Problem};
use crate::input::Answer;
use crate::job::{LeaseId, Needs, TaskId, WorkerId};
use crate::jobs::Phase;
use crate::orchestrator::{Delayed, Orchestrator};
use crate::retry::{Cause, Ending, Next, Settled};
use crate::statistics::Stopping;
use crate::workers::{Held, Lease};

/// An attempt that ended.
struct Attempt {
    /// The place of its job.
    place: usize,
    worker: WorkerId,
    /// Its place among the answers.
    answer: Option<usize>,
}

impl Orchestrator {
    pub(crate) fn answered(
        &mut self,
        worker: WorkerId,
        lease: LeaseId,
        answers: Vec<Answer>,
        micros: u64,
        actions: &mut Vec<Action>,
    ) {
        self.workers.heard(worker, self.now);
        let Some(mut lease) = self.workers.take(worker, lease) else {
            let discarded = self.workers.discard(worker, lease, answers.len(), actions);
            self.counted.discarded = self.counted.discarded.saturating_add(discarded);
            return;
        };
        let (tasks, answered, place) = (lease.tasks.len(), answers.len(), lease.place);
        if answered > tasks {
            let problem = Problem::TooManyAnswers { tasks, answers: answered };
            actions.push(Action::Refused { job: lease.job, problem });
        }
        let attempted = answered.min(tasks);
        self.counted.lease_micros = self.counted.lease_micros.saturating_add(micros);
        let batches = self.settings.batches;
        let entry = self.jobs.at(place);
        entry.leased -= tasks;
        if !lease.alone && attempted > 0 {
            entry.aim = batches.aim(entry.aim, attempted, micros);
        }
        let needs = entry.needs;
        for (at, (held, answer)) in lease.tasks.iter_mut().zip(answers).enumerate() {
            self.counted.task_micros = self.counted.task_micros.saturating_add(answer.micros);
            if let Needs::Call { cost } = needs {
                self.calls.end(cost, answer.cost);
            }
            self.judge(&Attempt { place, worker, answer: Some(at) }, held, answer.ending, actions);
        }
        self.give_back(&mut lease, attempted, worker, actions);
        self.workers.answered(worker, lease);
        if self.failures.stop_after(&self.counted.settled) {
            self.stop(Stopping::Failures);
        }
        self.complete(place, actions);
    }

    /// Takes back the tasks of a lease that were not attempted: all but the first `attempted`.
    fn give_back(
        &mut self,
        lease: &mut Lease,
        attempted: usize,
        worker: WorkerId,
        actions: &mut Vec<Action>,
    ) {
        let place = lease.place;
        for (at, held) in lease.tasks.iter_mut().enumerate().skip(attempted).rev() {
            let entry = self.jobs.at(place);
            if let Needs::Call { cost } = entry.needs {
                self.calls.give_back(cost);
            }
            if entry.phase != Phase::Ready {
                continue;
            }
            if entry.drops(held.index) {
                self.settle(place, held.index, held.attempt - 1, None, Settled::Cancelled, actions);
            } else if at == 0 && self.stopping.is_none() {
                // Otherwise the same tasks could be taken and given back for ever.
                let attempt = Attempt { place, worker, answer: None };
                self.fail(&attempt, held, Ending::Lost { poison: false }, Cause::Unanswered, actions);
            } else {
                entry.again.push_front(held.take());
            }
        }
    }

    /// Decides what follows an attempt.
    fn judge(&mut self, attempt: &Attempt, held: &mut Held, ending: Ending, actions: &mut Vec<Action>) {
        let cause = match &ending {
            Ending::Final => return self.settle_attempt(attempt, held, Settled::Conclusive, actions),
            Ending::Unavailable => {
                return self.settle_attempt(attempt, held, Settled::DataUnavailable, actions);
            }
            Ending::Cancelled if self.stopping.is_some() => {
                // It is as if it had never begun: an interruption of ours must not stand as a result.
                let entry = self.jobs.at(attempt.place);
                if entry.phase == Phase::Ready {
                    entry.again.push_back(held.take());
                }
                return;
            }
            Ending::Cancelled => return self.settle_attempt(attempt, held, Settled::Cancelled, actions),
            Ending::Faulted(_) => Cause::Fault,
            Ending::TimedOut => Cause::Timeout,
            Ending::Lost { poison } => Cause::Lost { poison: *poison },
        };
        self.fail(attempt, held, ending, cause, actions);
    }

    /// Decides what follows an attempt that failed.
    fn fail(
        &mut self,
        attempt: &Attempt,
        held: &mut Held,
        ending: Ending,
        cause: Cause,
        actions: &mut Vec<Action>,
    ) {
        let is_loss = matches!(ending, Ending::Lost { .. });
        self.counted.lost += u64::from(is_loss);
        if let Next::Settled(settled) = held.history.record(ending, &self.settings.retry) {
            return self.settle_attempt(attempt, held, settled, actions);
        }
        let place = attempt.place;
        let entry = self.jobs.at(place);
        if entry.drops(held.index) {
            return self.settle_attempt(attempt, held, Settled::Cancelled, actions);
        }
        let task = TaskId { job: entry.id, index: held.index };
        let delay = match cause {
            Cause::Fault => 0,
            Cause::Timeout | Cause::Lost { .. } | Cause::Silent | Cause::Unanswered => {
                self.settings.retry.backoff.delay(self.settings.seed, task, held.attempt)
            }
        };
        self.counted.retried += 1;
        actions.push(Action::Retry { task, attempt: held.attempt, answer: attempt.answer, cause, delay });
        let mut again = held.take();
        again.attempt = again.attempt.saturating_add(1);
        again.lost_on = is_loss.then_some(attempt.worker);
        if delay == 0 {
            entry.again.push_back(again);
        } else {
            entry.delayed += 1;
            self.delays += 1;
            let due = self.now.saturating_add(delay);
            self.delayed.push(std::cmp::Reverse(Delayed { due, number: self.delays, place, held: again }));
        }
    }

    fn settle_attempt(
        &mut self,
        attempt: &Attempt,
        held: &Held,
        settled: Settled,
        actions: &mut Vec<Action>,
    ) {
        self.settle(attempt.place, held.index, held.attempt, attempt.answer, settled, actions);
    }

    /// The task has its result.
    pub(crate) fn settle(
        &mut self,
        place: usize,
        index: u64,
        attempt: u32,
        answer: Option<usize>,
        settled: Settled,
        actions: &mut Vec<Action>,
    ) {
        let entry = self.jobs.at(place);
        entry.forget_cancelled(index);
        self.counted.settled.count(settled);
        self.counted.unstored = self.counted.unstored.saturating_add(1);
        actions.push(Action::Settle { task: TaskId { job: entry.id, index }, attempt, answer, settled });
    }

    /// Ends the job if nothing of it is left.
    pub(crate) fn complete(&mut self, place: usize, actions: &mut Vec<Action>) {
        let entry = self.jobs.at(place);
        match entry.phase {
            Phase::Ready if entry.held() == 0 && !entry.more && !entry.expanding => {
                self.jobs.end(place, JobEnd::Completed, actions);
            }
            Phase::Cancelling if entry.leased == 0 => self.jobs.end(place, JobEnd::Cancelled, actions),
            Phase::Waiting(_) | Phase::Ready | Phase::Cancelling | Phase::Ended(_) => {}
        }
    }

    /// Takes the leases of workers that give no sign of life, and starts these anew.
    pub(crate) fn reclaim_from_the_silent(&mut self, actions: &mut Vec<Action>) {
        let (now, silence) = (self.now, self.settings.silence);
        while let Some((worker, mut lease)) = self.workers.lose(|seen| now.saturating_sub(seen) >= silence) {
            actions.push(Action::Kill { worker });
            let place = lease.place;
            self.count_as_spent(&lease);
            // It cannot be known which of them it hung on, so that each counts a loss, and is tried again alone.
            for held in &mut lease.tasks {
                let attempt = Attempt { place, worker, answer: None };
                self.fail(&attempt, held, Ending::Lost { poison: false }, Cause::Silent, actions);
            }
            self.workers.reclaimed(worker, lease);
            if self.failures.stop_after(&self.counted.settled) {
                self.stop(Stopping::Failures);
            }
            self.complete(place, actions);
            if self.stopping.is_none() {
                self.workers.restart(worker);
                actions.push(Action::Start { worker });
            }
        }
    }

    /// Stops at once. What was on a lease is as if it had never begun.
    pub(crate) fn halt(&mut self, actions: &mut Vec<Action>) {
        self.stop(Stopping::Halted);
        while let Some((worker, mut lease)) = self.workers.lose(|_| true) {
            actions.push(Action::Kill { worker });
            self.count_as_spent(&lease);
            let entry = self.jobs.at(lease.place);
            if entry.phase == Phase::Ready {
                entry.again.extend(lease.tasks.iter_mut().map(Held::take));
            }
            self.workers.reclaimed(worker, lease);
        }
    }

    /// The lease's tasks are out no more, and whatever calls they may have made are paid for.
    fn count_as_spent(&mut self, lease: &Lease) {
        let entry = self.jobs.at(lease.place);
        entry.leased -= lease.tasks.len();
        if let Needs::Call { cost } = entry.needs {
            for _ in &lease.tasks {
                self.calls.end(cost, cost);
            }
        }
    }
}
