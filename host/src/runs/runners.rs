//! A runner process for each thread.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use stratbox_domain::{Interruption, VenuePolicy, WorkerLoss};
use stratbox_intake::component::Profile;
use stratbox_jail::{Failure as Jail, Jailer};
use stratbox_market::SharedHeader;

use super::Run;
use super::leash::{Killer, Leash};
use super::runner::{Asked, Runner, Stop, interrupted, lost};
use crate::backtest::{Conditions, Execution};
use crate::failure::Failure;
use crate::trace::Keeps;
use crate::wiring::Code;
use crate::worker::protocol::Order;

/// Runner processes: one for each thread that asks, since a process ends with the thread that started it.
pub(crate) struct Runners {
    jailer: Jailer,
    profile: Profile,
    conditions: Conditions,
    header: SharedHeader,
    bars: OwnedFd,
    seats: Mutex<HashMap<ThreadId, Seat>>,
}

/// What a thread has.
#[derive(Default)]
pub(super) struct Seat {
    /// Its process, while that does nothing.
    pub(super) idle: Option<Runner>,
    leash: Arc<Leash>,
}

/// How far a batch came.
enum Came {
    /// Each of its runs has a result, or those up to one that ended the process.
    On,
    /// The process ended, and it is not known at which of the runs without a result.
    Unclear,
    /// Nobody wants the rest.
    Over,
}

impl Runners {
    pub(crate) fn new(
        jailer: Jailer,
        profile: Profile,
        conditions: Conditions,
        (header, bars): (SharedHeader, OwnedFd),
    ) -> Self {
        Self { jailer, profile, conditions, header, bars, seats: Mutex::default() }
    }

    pub(super) fn ready(&self, code: &Code) -> Result<(), Failure> {
        let leash = self.sit_down();
        let mut runner = self.take(&leash, false).map_err(Stop::failure)?;
        runner.load(code).map_err(Stop::failure)?;
        self.seat(|seat| seat.idle = Some(runner));
        Ok(())
    }

    pub(super) fn killer(&self) -> Killer {
        self.seat(|seat| seat.leash.killer())
    }

    /// A process that dies takes one run with it; the others of its batch go to the next. Which one it was is certain only
    /// when each answer is sent before the next run begins. That is what is done with those whose process died, since it
    /// costs too much to do it always.
    pub(super) fn run<T>(
        &self,
        runs: &[Run<'_>],
        keeps: Keeps,
        heartbeat: &dyn Fn(),
        each: &mut dyn FnMut(&Run<'_>, Execution) -> T,
    ) -> Vec<Result<T, Failure>> {
        let leash = self.sit_down();
        let mut done: Vec<Result<T, Failure>> = Vec::with_capacity(runs.len());
        let mut doubtful = 0;
        while done.len() < runs.len() {
            let promptly = done.len() < doubtful;
            let rest = &runs[done.len()..if promptly { doubtful } else { runs.len() }];
            let next_fresh = rest.iter().skip(1).position(|run| run.fresh);
            let runs = &rest[..next_fresh.map_or(rest.len(), |at| at + 1)];
            let end = done.len() + runs.len();
            match self.batch(&leash, &Asked { runs, promptly, keeps, heartbeat }, &mut done, each) {
                Ok(Came::On) => {}
                Ok(Came::Unclear) => doubtful = end,
                Ok(Came::Over) => break,
                Err(failure) => {
                    done.push(Err(failure));
                    break;
                }
            }
        }
        done
    }

    /// As many of the runs as one process survives.
    fn batch<T>(
        &self,
        leash: &Leash,
        asked: &Asked<'_, '_>,
        done: &mut Vec<Result<T, Failure>>,
        each: &mut dyn FnMut(&Run<'_>, Execution) -> T,
    ) -> Result<Came, Failure> {
        let before = done.len();
        let stop = match self.prepared(leash, asked) {
            Ok(mut runner) => match runner.ask(asked, &self.conditions, done, each) {
                Ok(()) => {
                    self.seat(|seat| seat.idle = Some(runner));
                    return Ok(Came::On);
                }
                // The process is gone with `runner`, and with it whatever the run was about to do.
                Err(stop) => stop,
            },
            Err(Stop::Jail(Jail::Killed)) => Stop::Jail(Jail::Killed),
            Err(stop) => return Err(stop.failure()),
        };
        let left = asked.runs.len() - (done.len() - before);
        let (reason, came) = match stop {
            Stop::Failed(failure) => return Err(failure),
            Stop::Nonsense => (Interruption::WorkerLost { cause: WorkerLoss::Protocol }, Came::On),
            Stop::Jail(failure) => match lost(failure)? {
                reason @ Interruption::Cancelled { .. } => (reason, Came::Over),
                reason @ Interruption::WorkerLost { cause: WorkerLoss::Killed } if leash.is_killed() => {
                    (reason, Came::Over)
                }
                reason => (reason, Came::On),
            },
        };
        // A clock that ran out leaves no doubt: a worker that is alive never keeps an answer that long.
        let is_lost = matches!(reason, Interruption::WorkerLost { .. });
        if is_lost && matches!(came, Came::On) && left > 1 && !asked.promptly {
            return Ok(Came::Unclear);
        }
        done.push(Ok(each(&asked.runs[asked.runs.len() - left], interrupted(reason))));
        Ok(came)
    }

    /// This thread's runner, ready for what it is to be asked.
    fn prepared(&self, leash: &Leash, asked: &Asked<'_, '_>) -> Result<Runner, Stop> {
        let mut runner = self.take(leash, asked.runs.first().is_some_and(|run| run.fresh))?;
        for run in asked.runs {
            runner.load(run.code)?;
        }
        (asked.heartbeat)();
        Ok(runner)
    }

    /// This thread's runner: a new one if it has none, or only one that has been used where that will not do.
    fn take(&self, leash: &Leash, fresh: bool) -> Result<Runner, Stop> {
        let idle = self.seat(|seat| seat.idle.take());
        if let Some(runner) = idle.filter(|runner| !(fresh && runner.is_used)) {
            return Ok(runner);
        }
        let Conditions { ref policy, limits, periods_per_year, .. } = self.conditions;
        let mut runner = Runner::start(&self.jailer, self.profile, &limits)?;
        leash.attach(runner.worker.killer()?)?;
        let policy = Box::new(VenuePolicy::clone(policy));
        let order = Order::Bars { header: self.header.clone(), policy, limits, periods_per_year };
        runner.set(&order, self.bars.as_fd())?;
        Ok(runner)
    }

    /// The leash of this thread. A process that was killed while it did nothing is forgotten.
    fn sit_down(&self) -> Arc<Leash> {
        let (leash, killed) = self.seat(|seat| {
            let killed = if seat.leash.forgive() { seat.idle.take() } else { None };
            (Arc::clone(&seat.leash), killed)
        });
        // Nobody else waits until it is gone.
        drop(killed);
        leash
    }

    /// Does something with what this thread has.
    pub(super) fn seat<T>(&self, with: impl FnOnce(&mut Seat) -> T) -> T {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        with(seats.entry(std::thread::current().id()).or_default())
    }
}
