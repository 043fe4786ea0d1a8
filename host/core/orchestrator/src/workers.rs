//! The workers' slots, and the leases that they hold.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use crate::action::Action;
use crate::input::NewTask;
use crate::job::{JobId, LeaseId, TaskId, WorkerId};
use crate::retry::History;
use crate::settings::Millis;

/// Reclaimed leases that are remembered for each worker, so that late answers can be told task by task.
const REMEMBERED: usize = 4;

/// A task that waits to be attempted again, or is out on a lease.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) index: u64,
    /// The number of the attempt that is under way or comes next.
    pub(crate) attempt: u32,
    /// The worker that was lost with its last attempt.
    pub(crate) lost_on: Option<WorkerId>,
    pub(crate) history: History,
}

impl Held {
    /// Moves it out; the numbers stay, for those who ask later what was here.
    pub(crate) fn take(&mut self) -> Self {
        Self { history: std::mem::take(&mut self.history), ..*self }
    }
}

impl From<NewTask> for Held {
    fn from(NewTask { index, history }: NewTask) -> Self {
        Self { index, attempt: history.attempts().saturating_add(1), lost_on: None, history }
    }
}

/// Tasks of one job that a worker was given.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) id: LeaseId,
    /// The job's name, and its place in the list of jobs.
    pub(crate) job: JobId,
    pub(crate) place: usize,
    pub(crate) tasks: Vec<Held>,
    /// Whether it is of one task because that one is suspect: such a lease says nothing about the size of batches.
    pub(crate) alone: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Off,
    Starting,
    Idle,
    Busy(Lease),
}

#[derive(Debug, Default)]
struct Slot {
    state: State,
    /// When the worker last gave a sign of life, or was given its lease.
    seen: Millis,
    /// The lease it answered last, so that a second answer is known for what it is.
    answered: Option<Lease>,
    /// Room for the tasks of its next lease.
    spare: Vec<Held>,
}

#[derive(Debug)]
pub(crate) struct Workers {
    most: usize,
    /// Slots that were ever used.
    slots: Vec<Slot>,
    leases: u64,
    busy: usize,
    starting: usize,
    idle: usize,
    reclaimed: VecDeque<(WorkerId, Lease)>,
}

fn number(place: usize) -> WorkerId {
    WorkerId(u32::try_from(place).unwrap_or(u32::MAX))
}

impl Workers {
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        let most = most.get().min(u32::MAX as usize);
        Self { most, slots: Vec::new(), leases: 0, busy: 0, starting: 0, idle: 0, reclaimed: VecDeque::new() }
    }

    /// Workers that have a lease.
    pub(crate) fn busy(&self) -> usize {
        self.busy
    }

    pub(crate) fn starting(&self) -> usize {
        self.starting
    }

    /// Workers that are started, or being started.
    pub(crate) fn up(&self) -> usize {
        self.busy + self.starting + self.idle
    }

    fn slot(&mut self, worker: WorkerId) -> Option<&mut Slot> {
        self.slots.get_mut(worker.0 as usize)
    }

    /// A worker that is to be started, unless all are, or as many as fit.
    pub(crate) fn start(&mut self, room: usize) -> Option<WorkerId> {
        if self.up() >= self.most.min(room) {
            return None;
        }
        let off = self.slots.iter().position(|slot| matches!(slot.state, State::Off));
        let place = off.unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        });
        self.slots[place].state = State::Starting;
        self.starting += 1;
        Some(number(place))
    }

    pub(crate) fn started(&mut self, worker: WorkerId) {
        if let Some(slot) = self.slot(worker)
            && matches!(slot.state, State::Starting)
        {
            slot.state = State::Idle;
            self.starting -= 1;
            self.idle += 1;
        }
    }

    pub(crate) fn heard(&mut self, worker: WorkerId, now: Millis) {
        if let Some(slot) = self.slot(worker) {
            slot.seen = now;
        }
    }

    /// All workers count as heard.
    pub(crate) fn excuse(&mut self, now: Millis) {
        for slot in &mut self.slots {
            slot.seen = now;
        }
    }

    /// A worker that is free, and if possible not `other_than`.
    pub(crate) fn idle(&self, other_than: Option<WorkerId>) -> Option<WorkerId> {
        if self.idle == 0 {
            return None;
        }
        let mut idle = self.slots.iter().enumerate().filter(|(_, slot)| matches!(slot.state, State::Idle));
        let first = number(idle.next()?.0);
        if Some(first) == other_than {
            return Some(idle.next().map_or(first, |(place, _)| number(place)));
        }
        Some(first)
    }

    /// Room for the tasks of the worker's next lease, and that lease's number.
    pub(crate) fn prepare(&mut self, worker: WorkerId) -> (LeaseId, Vec<Held>) {
        let lease = LeaseId(self.leases);
        self.leases += 1;
        let mut room = self.slot(worker).map(|slot| std::mem::take(&mut slot.spare)).unwrap_or_default();
        room.clear();
        (lease, room)
    }

    /// Gives the worker, which is idle, the lease.
    pub(crate) fn grant(&mut self, worker: WorkerId, lease: Lease, now: Millis) {
        if let Some(slot) = self.slot(worker) {
            (slot.state, slot.seen) = (State::Busy(lease), now);
            self.idle -= 1;
            self.busy += 1;
        }
    }

    /// Takes the worker's lease, if it is that one. The worker is idle then.
    pub(crate) fn take(&mut self, worker: WorkerId, lease: LeaseId) -> Option<Lease> {
        let slot = self.slot(worker)?;
        match std::mem::take(&mut slot.state) {
            State::Busy(held) if held.id == lease => {
                slot.state = State::Idle;
                self.busy -= 1;
                self.idle += 1;
                Some(held)
            }
            other => {
                slot.state = other;
                None
            }
        }
    }

    /// Remembers what the worker answered, until it answers again.
    pub(crate) fn answered(&mut self, worker: WorkerId, lease: Lease) {
        if let Some(slot) = self.slot(worker) {
            slot.spare = slot.answered.replace(lease).map(|lease| lease.tasks).unwrap_or_default();
        }
    }

    /// When the first worker with a lease has been silent for `silence`.
    pub(crate) fn patience_ends(&self, silence: Millis) -> Option<Millis> {
        let busy = self.slots.iter().filter(|slot| matches!(slot.state, State::Busy(_)));
        busy.map(|slot| slot.seen.saturating_add(silence)).min()
    }

    /// A worker with a lease, of those whose last sign of life makes them `lost`: it is off then.
    pub(crate) fn lose(&mut self, lost: impl Fn(Millis) -> bool) -> Option<(WorkerId, Lease)> {
        let mut slots = self.slots.iter_mut().enumerate();
        let (place, slot) =
            slots.find(|(_, slot)| matches!(slot.state, State::Busy(_)) && lost(slot.seen))?;
        let State::Busy(lease) = std::mem::take(&mut slot.state) else { return None };
        self.busy -= 1;
        Some((number(place), lease))
    }

    /// Starts the worker, which is off, anew.
    pub(crate) fn restart(&mut self, worker: WorkerId) {
        if let Some(slot) = self.slot(worker) {
            slot.state = State::Starting;
            self.starting += 1;
        }
    }

    /// Remembers a lease that was taken from a worker.
    pub(crate) fn reclaimed(&mut self, worker: WorkerId, lease: Lease) {
        if self.reclaimed.len() >= self.slots.len() * REMEMBERED {
            self.reclaimed.pop_front();
        }
        self.reclaimed.push_back((worker, lease));
    }

    /// Discards an answer to a lease that the worker does not hold, and says to how many tasks, of which `answers`
    /// have an answer.
    pub(crate) fn discard(
        &mut self,
        worker: WorkerId,
        lease: LeaseId,
        answers: usize,
        actions: &mut Vec<Action>,
    ) -> u64 {
        let reclaimed = self.reclaimed.iter().find(|(by, held)| *by == worker && held.id == lease);
        let held = match reclaimed {
            Some((_, held)) => Some(held),
            None => {
                let slot = self.slots.get(worker.0 as usize);
                slot.and_then(|slot| slot.answered.as_ref()).filter(|held| held.id == lease)
            }
        };
        let Some(held) = held else { return answers as u64 };
        actions.extend(held.tasks.iter().map(|&Held { index, attempt, .. }| Action::Discard {
            task: TaskId { job: held.job, index },
            attempt,
        }));
        held.tasks.len() as u64
    }

    /// Whether a lease holds the task.
    pub(crate) fn hold(&self, task: TaskId) -> bool {
        self.slots.iter().any(|slot| match &slot.state {
            State::Busy(lease) => {
                lease.job == task.job && lease.tasks.iter().any(|held| held.index == task.index)
            }
            State::Off | State::Starting | State::Idle => false,
        })
    }

    /// Tasks that are out on leases.
    pub(crate) fn tasks(&self) -> u64 {
        let leased = self.slots.iter().map(|slot| match &slot.state {
            State::Busy(lease) => lease.tasks.len() as u64,
            State::Off | State::Starting | State::Idle => 0,
        });
        leased.sum()
    }
}
