//! What ends a process for whose answer another thread waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stratbox_jail as jail;

/// Ends, from any thread, what one thread waits for in [`super::Runs::run`]; without a process there is nothing to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Killer(Option<Arc<Leash>>);

impl Killer {
    /// Kills the thread's process at once, also one that is stopped: the run that it was at is lost (`killed`), and those
    /// after it are not done. One that has not been given anything to do is replaced before it is.
    pub(crate) fn kill(&self) {
        if let Some(leash) = &self.0 {
            let mut held = leash.held();
            held.killed = true;
            if let Some(process) = &held.process {
                process.kill();
            }
        }
    }
}

impl Killer {
    /// The process that it would end.
    pub(crate) fn process(&self) -> Option<u32> {
        self.0.as_ref()?.held().process.as_ref().map(jail::Killer::pid)
    }
}

/// How a thread's process can be reached.
#[derive(Debug, Default)]
pub(super) struct Leash(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    process: Option<jail::Killer>,
    killed: bool,
}

impl Leash {
    pub(super) fn killer(self: &Arc<Self>) -> Killer {
        Killer(Some(Arc::clone(self)))
    }

    /// The thread has another process, unless it was killed while that started.
    pub(super) fn attach(&self, process: jail::Killer) -> Result<(), jail::Failure> {
        let mut held = self.held();
        held.process = Some(process);
        if held.killed { Err(jail::Failure::Killed) } else { Ok(()) }
    }

    /// Whether it was killed since [`Leash::forgive`].
    pub(super) fn is_killed(&self) -> bool {
        self.held().killed
    }

    /// Forgets that it was killed; whether it was.
    pub(super) fn forgive(&self) -> bool {
        std::mem::take(&mut self.held().killed)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
