//! The jobs: what they wait for, and in which order they go.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::action::{Action, JobEnd, Problem};
use crate::input::NewTask;
use crate::job::{Job, JobId, Needs};
use crate::workers::Held;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for this many others.
    Waiting(usize),
    /// Its tasks may begin.
    Ready,
    /// It was cancelled, and waits for what runs.
    Cancelling,
    Ended(JobEnd),
}

/// A job and those of its tasks that are held.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: JobId,
    pub(crate) priority: i32,
    weight: u64,
    pub(crate) needs: Needs,
    pub(crate) phase: Phase,
    /// Whether it was completed, now or before a task of it was requeued.
    was_completed: bool,
    pub(crate) paused: bool,
    /// Places of the jobs that wait for this one; all are behind it.
    dependents: Vec<usize>,
    /// The work behind it: see [`Job::weight`].
    path: u64,
    announced: u64,
    /// Tasks that came, or were answered.
    pub(crate) seen: u64,
    /// Whether there are tasks that were not asked for yet.
    pub(crate) more: bool,
    /// Whether tasks were asked for, and did not come yet.
    pub(crate) expanding: bool,
    pub(crate) new: VecDeque<NewTask>,
    /// Tasks that go before all new ones.
    pub(crate) again: VecDeque<Held>,
    /// Tasks that wait for the delay before their retry; held elsewhere.
    pub(crate) delayed: usize,
    /// Tasks that are out on leases.
    pub(crate) leased: usize,
    /// The size of batches to aim at.
    pub(crate) aim: usize,
    /// Tasks that were cancelled, and are not settled as far as is known.
    pub(crate) cancelled: BTreeSet<u64>,
}

impl Entry {
    fn new(job: &Job) -> Self {
        Self {
            id: job.id,
            priority: job.priority,
            weight: job.weight,
            needs: job.needs,
            phase: Phase::Waiting(0),
            was_completed: false,
            paused: false,
            dependents: Vec::new(),
            path: 0,
            announced: job.tasks,
            seen: 0,
            more: true,
            expanding: false,
            new: VecDeque::new(),
            again: VecDeque::new(),
            delayed: 0,
            leased: 0,
            aim: 1,
            cancelled: BTreeSet::new(),
        }
    }

    /// Tasks that could begin at once.
    pub(crate) fn ready(&self) -> usize {
        self.again.len() + self.new.len()
    }

    /// Tasks that are held and do not run.
    pub(crate) fn waiting(&self) -> usize {
        self.ready() + self.delayed
    }

    pub(crate) fn held(&self) -> usize {
        self.waiting() + self.leased
    }

    /// Tasks that are still to come, as far as is known.
    pub(crate) fn expected(&self) -> u64 {
        if self.more { self.announced.saturating_sub(self.seen) } else { 0 }
    }

    /// Tasks that are still to begin, as far as is known.
    pub(crate) fn left(&self) -> u64 {
        self.expected().saturating_add(self.waiting() as u64)
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// Whether tasks of it may begin, if there are any.
    pub(crate) fn may_begin(&self) -> bool {
        self.phase == Phase::Ready && !self.paused
    }

    /// Whether a task that failed is dropped instead of repeated: its job or it was cancelled.
    pub(crate) fn drops(&self, index: u64) -> bool {
        self.phase == Phase::Cancelling || (!self.cancelled.is_empty() && self.cancelled.contains(&index))
    }

    /// Forgets that a task was cancelled, now that it is settled or to be run again. Says whether it was.
    pub(crate) fn forget_cancelled(&mut self, index: u64) -> bool {
        !self.cancelled.is_empty() && self.cancelled.remove(&index)
    }
}

/// All jobs that were ever submitted, in that order: a job waits for earlier ones only.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    entries: Vec<Entry>,
    places: BTreeMap<JobId, usize>,
    /// Jobs that have not ended.
    open: usize,
    /// Places of the jobs in [`Phase::Ready`], first things first, when it is not `stale`.
    order: Vec<usize>,
    stale: bool,
}

impl Jobs {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The job at `place`, which [`Self::place`] or [`Self::order`] said.
    pub(crate) fn at(&mut self, place: usize) -> &mut Entry {
        &mut self.entries[place]
    }

    /// Jobs that have not ended.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn place(&self, id: JobId) -> Result<usize, Problem> {
        self.places.get(&id).copied().ok_or(Problem::Unknown)
    }

    /// The place of a job that has not ended.
    pub(crate) fn open_place(&self, id: JobId) -> Result<usize, Problem> {
        let place = self.place(id)?;
        if self.entries[place].has_ended() { Err(Problem::Ended) } else { Ok(place) }
    }

    pub(crate) fn submit(&mut self, job: &Job, actions: &mut Vec<Action>) -> Result<(), Problem> {
        if self.places.contains_key(&job.id) {
            return Err(Problem::Duplicate);
        }
        if job.after.contains(&job.id) {
            return Err(Problem::Cycle);
        }
        let mut after = BTreeSet::new();
        for &on in &job.after {
            after.insert(self.place(on).map_err(|_| Problem::UnknownDependency { on })?);
        }
        let place = self.entries.len();
        self.places.insert(job.id, place);
        self.entries.push(Entry::new(job));
        self.open += 1;
        let (mut waits_for, mut blocked_by) = (0, None);
        for on in after {
            let on = &mut self.entries[on];
            if on.was_completed {
                continue;
            }
            match on.phase {
                Phase::Cancelling | Phase::Ended(_) => blocked_by = blocked_by.or(Some(on.id)),
                Phase::Waiting(_) | Phase::Ready => {
                    on.dependents.push(place);
                    waits_for += 1;
                }
            }
        }
        self.entries[place].phase = Phase::Waiting(waits_for);
        match blocked_by {
            Some(by) => self.end(place, JobEnd::Blocked { by }, actions),
            None if waits_for == 0 => self.make_ready(place, actions),
            None => self.measure_paths(),
        }
        Ok(())
    }

    fn make_ready(&mut self, place: usize, actions: &mut Vec<Action>) {
        self.entries[place].phase = Phase::Ready;
        self.stale = true;
        actions.push(Action::JobReady { job: self.entries[place].id });
    }

    /// A job is over: those that wait for it go on, or are blocked.
    pub(crate) fn end(&mut self, place: usize, ended: JobEnd, actions: &mut Vec<Action>) {
        let entry = &mut self.entries[place];
        entry.phase = Phase::Ended(ended);
        (entry.new, entry.again) = (VecDeque::new(), VecDeque::new());
        (entry.more, entry.paused, entry.cancelled) = (false, false, BTreeSet::new());
        self.open -= 1;
        self.stale = true;
        actions.push(Action::JobFinished { job: entry.id, ended });
        if ended == JobEnd::Completed {
            entry.was_completed = true;
            for dependent in std::mem::take(&mut entry.dependents) {
                match &mut self.entries[dependent].phase {
                    Phase::Waiting(1) => self.make_ready(dependent, actions),
                    Phase::Waiting(others) => *others -= 1,
                    Phase::Ready | Phase::Cancelling | Phase::Ended(_) => {}
                }
            }
        } else {
            self.block_dependents(place, actions);
            self.measure_paths();
        }
    }

    /// Ends all jobs that wait for one that will not be completed, and those that wait for these.
    fn block_dependents(&mut self, place: usize, actions: &mut Vec<Action>) {
        let mut blockers = VecDeque::from([place]);
        while let Some(place) = blockers.pop_front() {
            let by = self.entries[place].id;
            for dependent in std::mem::take(&mut self.entries[place].dependents) {
                if matches!(self.entries[dependent].phase, Phase::Waiting(_)) {
                    let (entry, ended) = (&mut self.entries[dependent], JobEnd::Blocked { by });
                    entry.phase = Phase::Ended(ended);
                    (entry.new, entry.again, entry.more) = (VecDeque::new(), VecDeque::new(), false);
                    self.open -= 1;
                    actions.push(Action::JobFinished { job: entry.id, ended });
                    blockers.push_back(dependent);
                }
            }
        }
    }

    /// Drops whatever of a job does not run, and ends the jobs that wait for it.
    pub(crate) fn begin_to_cancel(&mut self, place: usize, actions: &mut Vec<Action>) {
        let entry = &mut self.entries[place];
        entry.phase = Phase::Cancelling;
        (entry.new, entry.again, entry.more) = (VecDeque::new(), VecDeque::new(), false);
        self.block_dependents(place, actions);
        self.measure_paths();
    }

    /// Takes a completed job up again.
    pub(crate) fn reopen(&mut self, place: usize) {
        self.entries[place].phase = Phase::Ready;
        self.open += 1;
        self.stale = true;
    }

    pub(crate) fn reprioritise(&mut self, place: usize, priority: i32) {
        self.entries[place].priority = priority;
        self.stale = true;
    }

    /// Measures the work behind every job. Dependents come later in the list, so that they are measured before.
    fn measure_paths(&mut self) {
        for place in (0..self.entries.len()).rev() {
            let behind = self.entries[place].dependents.iter().map(|&dependent| &self.entries[dependent]);
            let open = behind.filter(|dependent| !dependent.has_ended());
            let path = open.map(|dependent| dependent.weight.saturating_add(dependent.path)).max();
            self.entries[place].path = path.unwrap_or(0);
        }
        self.stale = true;
    }

    /// Brings [`Self::order`] up to date.
    pub(crate) fn sort(&mut self) {
        if std::mem::take(&mut self.stale) {
            let entries = &self.entries;
            self.order.clear();
            self.order.extend((0..entries.len()).filter(|&place| entries[place].phase == Phase::Ready));
            self.order.sort_by_key(|&place| {
                let entry = &entries[place];
                (Reverse(entry.priority), Reverse(entry.path), place)
            });
        }
    }

    /// Places of the jobs whose tasks may begin, first things first, as of the last [`Self::sort`].
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }
}
