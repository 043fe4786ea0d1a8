//! Seats: where each worker's thread is told what to do, and how all of them end.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use stratbox_orchestrator::WorkerId;

use crate::shell::Letter;
use crate::worker::{Told, Work, live};

/// How long threads may take to end before what they do is killed (again).
const AGAIN: Duration = Duration::from_millis(100);

/// A worker's thread, once it was started, and since when it has had nothing to do.
struct Seat {
    tell: Option<Sender<Told>>,
    idle_since: Instant,
}

/// Worker threads, by the numbers of workers. None is left when this is dropped, for whatever reason.
pub(crate) struct Seats<'scope, 'env, W: Work> {
    scope: &'scope Scope<'scope, 'env>,
    work: &'env W,
    say: Sender<Letter<W::Output, W::Error>>,
    seats: Vec<Seat>,
    /// Whether threads are to begin nothing any more, whatever they were told.
    over: &'env AtomicBool,
    /// Every thread has a copy for as long as it lives.
    here: Option<Sender<()>>,
    gone: Receiver<()>,
}

impl<'scope, 'env: 'scope, W: Work> Seats<'scope, 'env, W> {
    pub(crate) fn new(
        scope: &'scope Scope<'scope, 'env>,
        work: &'env W,
        say: Sender<Letter<W::Output, W::Error>>,
        over: &'env AtomicBool,
    ) -> Self {
        let (here, gone) = channel();
        Self { scope, work, say, seats: Vec::new(), over, here: Some(here), gone }
    }

    /// Sees to it that the worker has a thread; one that has lived before is as good.
    pub(crate) fn fill(&mut self, worker: WorkerId) -> io::Result<()> {
        let at = worker.0 as usize;
        while self.seats.len() <= at {
            self.seats.push(Seat { tell: None, idle_since: Instant::now() });
        }
        if self.seats[at].tell.is_none() {
            let (tell, told) = channel();
            let (work, say, over, here) = (self.work, self.say.clone(), self.over, self.here.clone());
            let life = move || {
                live(worker, work, &told, &say, over);
                drop(here);
            };
            thread::Builder::new().name(format!("worker-{at}")).spawn_scoped(self.scope, life)?;
            self.seats[at] = Seat { tell: Some(tell), idle_since: Instant::now() };
        }
        Ok(())
    }

    pub(crate) fn tell(&self, worker: WorkerId, told: Told) {
        // A thread ends before the loop only when it cannot speak to it any more.
        if let Some(tell) = self.seats.get(worker.0 as usize).and_then(|seat| seat.tell.as_ref()) {
            drop(tell.send(told));
        }
    }

    /// The worker has nothing to do from now on.
    pub(crate) fn rest(&mut self, worker: WorkerId) {
        if let Some(seat) = self.seats.get_mut(worker.0 as usize) {
            seat.idle_since = Instant::now();
        }
    }

    /// How long the worker has had nothing to do.
    pub(crate) fn rested(&self, worker: WorkerId) -> Duration {
        self.seats.get(worker.0 as usize).map_or(Duration::ZERO, |seat| seat.idle_since.elapsed())
    }
}

impl<W: Work> Seats<'_, '_, W> {
    /// Ends what all of them do; nothing is begun any more.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        (0_u32..).zip(&self.seats).for_each(|(worker, _)| self.work.kill(WorkerId(worker)));
    }
}

impl<W: Work> Drop for Seats<'_, '_, W> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.seats.iter_mut().for_each(|seat| seat.tell = None);
        self.here = None;
        // One that was about to begin when it was to be ended has begun since.
        while self.gone.recv_timeout(AGAIN) == Err(RecvTimeoutError::Timeout) {
            self.end();
        }
    }
}
