//! What is kept of a session, on a thread of its own: the store first, then the experiment's log, then whoever listens.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use stratbox_scheduler::Control;
use stratbox_store::{Batch, Event, EventLog, ExperimentId, StoreError, Writer};

use super::listener::Listener;
use super::work::Trial;
use crate::failure::Failure;

/// Rows that one transaction takes at most: more make it slower to be read beside.
const MOST_ROWS: usize = 16 << 10;
/// Batches that may wait.
const WAITING: usize = 8;

/// What the keeper is told.
pub(super) enum Told {
    /// Keep this; so many of its trials are tasks that a worker did.
    Keep(Batch, u64),
    /// Say when all before it is kept.
    Sync(SyncSender<()>),
}

/// The way to the keeper.
pub(super) type ToKeeper = SyncSender<Told>;

/// A keeper's ear, and the way to it. Who tells it much faster than it writes, waits.
pub(super) fn channel() -> (ToKeeper, Receiver<Told>) {
    sync_channel(WAITING)
}

/// Everything that a session is written to.
pub(super) struct Keeper {
    pub(super) id: ExperimentId,
    pub(super) writer: Writer,
    pub(super) log: EventLog,
    pub(super) listener: Option<Listener>,
}

/// What it did.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Kept {
    /// Time in which it wrote.
    pub(super) busy: Duration,
    pub(super) rows: u64,
}

impl Keeper {
    /// Keeps what it is told until nobody can tell it anything any more, or something cannot be kept.
    pub(super) fn keep(
        mut self,
        told: Receiver<Told>,
        control: &Control<Trial, Failure>,
    ) -> (Self, Kept, Option<Failure>) {
        let mut kept = Kept::default();
        let failure = loop {
            match self.next(&told, control, &mut kept) {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => {
                    let failure = Failure::from(error);
                    control.fail(failure.clone());
                    break Some(failure);
                }
            }
        };
        // After a failure nobody must wait for a keeper that keeps nothing any more.
        if failure.is_some() {
            for told in told {
                if let Told::Sync(done) = told {
                    drop(done);
                }
            }
        }
        (self, kept, failure)
    }

    /// The next transaction, from all that waits. `false` when nothing will come.
    fn next(
        &mut self,
        told: &Receiver<Told>,
        control: &Control<Trial, Failure>,
        kept: &mut Kept,
    ) -> Result<bool, StoreError> {
        let Ok(mut next) = told.recv() else { return Ok(false) };
        let (mut batch, mut ran) = (Batch::default(), 0);
        let sync = loop {
            match next {
                Told::Sync(done) => break Some(done),
                Told::Keep(more, its) => {
                    ran += its;
                    batch.trials.extend(more.trials);
                    batch.attempts.extend(more.attempts);
                    batch.transitions.extend(more.transitions);
                    batch.spaces.extend(more.spaces);
                    batch.at = more.at;
                }
            }
            // Transitions come after the rows of their own batch, so none may be joined to rows that come later.
            if batch.trials.len() >= MOST_ROWS || !batch.transitions.is_empty() {
                break None;
            }
            match told.try_recv() {
                Ok(more) => next = more,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break None,
            }
        };
        let begun = Instant::now();
        self.write(&batch)?;
        kept.busy += begun.elapsed();
        kept.rows += batch.trials.len() as u64;
        control.stored(ran);
        if let Some(done) = sync {
            let _ = done.send(());
        }
        Ok(true)
    }

    /// Keeps one batch: all of it or, with an error, nothing that would be missed.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let Batch { trials, attempts, transitions, spaces, .. } = batch;
        if trials.is_empty() && attempts.is_empty() && transitions.is_empty() && spaces.is_empty() {
            return Ok(());
        }
        let events = self.writer.commit(self.id, batch)?;
        self.log.append(&events)?;
        self.tell(&events);
        Ok(())
    }

    /// Tells whoever listens.
    pub(super) fn tell(&mut self, events: &[Event]) {
        if let Some(listener) = &mut self.listener {
            listener.tell(events);
        }
    }
}
