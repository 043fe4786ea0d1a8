//! Runs, in worker processes or on the threads of this one. Both do the same work with the same code ([`Conditions::run`])
//! and give the same results.

mod leash;
mod runner;
mod runners;
#[cfg(test)]
mod tests;

use std::cell::LazyCell;
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;

use stratbox_domain::{Params, RunKey};
use stratbox_sandbox::Sandbox;

use crate::backtest::{Conditions, Execution};
use crate::failure::Failure;
use crate::trace::Keeps;
use crate::wiring::{Code, RunRecorder};

pub(crate) use leash::Killer;
pub(crate) use runner::describe;
pub(crate) use runners::Runners;

/// Runs that are asked for at once, at most: what is done at either end of so many costs nothing.
pub(crate) const MOST: NonZeroUsize = NonZeroUsize::new(2_048).expect("it is not zero");

/// What is to be run.
pub(crate) struct Run<'a> {
    pub(crate) code: &'a Code,
    /// In a process that has run nothing before. Threads have no process of their own.
    pub(crate) fresh: bool,
    pub(crate) given: Given<'a>,
}

/// Parameters and key, which are made when they are needed: while a process runs others.
pub(crate) type Given<'a> = LazyCell<(Params, RunKey), Box<dyn FnOnce() -> (Params, RunKey) + 'a>>;

impl<'a> Run<'a> {
    /// A run whose parameters and key are made later.
    pub(crate) fn new(code: &'a Code, given: impl FnOnce() -> (Params, RunKey) + 'a) -> Self {
        Self { code, fresh: false, given: LazyCell::new(Box::new(given)) }
    }

    pub(crate) fn params(&self) -> &Params {
        &self.given.0
    }

    pub(crate) fn key(&self) -> RunKey {
        self.given.1
    }
}

/// Where runs happen.
pub(crate) enum Runs<'a> {
    /// On the caller's threads, for code that is trusted and for programs that embed this one.
    Threads { sandbox: &'a Sandbox<RunRecorder>, conditions: Conditions },
    /// In processes that can do nothing else.
    Processes(Box<Runners>),
}

impl Runs<'_> {
    /// Does beforehand what a run of `code` on this thread needs, so that nothing but the run is left to do.
    pub(crate) fn ready(&self, code: &Code) -> Result<(), Failure> {
        match self {
            Self::Threads { sandbox, .. } => code.native(sandbox).map(drop),
            Self::Processes(runners) => runners.ready(code),
        }
    }

    /// Whether a [`Killer`] can end what a worker does.
    pub(crate) fn can_be_killed(&self) -> bool {
        matches!(self, Self::Processes(_))
    }

    /// What can end, from any other thread, what this thread waits for in [`Runs::run`]. Runs on threads cannot be killed.
    pub(crate) fn killer(&self) -> Killer {
        match self {
            Self::Threads { .. } => Killer::default(),
            Self::Processes(runners) => runners.killer(),
        }
    }

    /// Runs, in order, and what `each` makes of them. Fewer results than runs mean that it was cancelled in between, or that the
    /// process was killed by this thread's [`Killer`]: the last result says which. An error, which ends the list, is never a
    /// strategy's doing. `heartbeat` is called whenever a worker gives a sign of life: with each result, and once a second
    /// during long runs.
    pub(crate) fn run<T>(
        &self,
        runs: &[Run<'_>],
        keeps: Keeps,
        heartbeat: &dyn Fn(),
        each: &mut dyn FnMut(&Run<'_>, Execution) -> T,
    ) -> Vec<Result<T, Failure>> {
        match self {
            Self::Threads { sandbox, conditions } => {
                let mut done = Vec::with_capacity(runs.len());
                for run in runs {
                    if !done.is_empty() && conditions.cancel.load(Ordering::Relaxed) {
                        break;
                    }
                    let ran = run.code.native(sandbox).and_then(|native| {
                        Ok(conditions.run(sandbox, native, run.params(), run.key(), keeps)?)
                    });
                    done.push(ran.map(|execution| each(run, execution)));
                    heartbeat();
                }
                done
            }
            Self::Processes(runners) => runners.run(runs, keeps, heartbeat, each),
        }
    }

    /// One run.
    pub(crate) fn one(&self, run: Run<'_>, keeps: Keeps) -> Result<Execution, Failure> {
        let ran = self.run(&[run], keeps, &|| (), &mut |_, execution| execution).pop();
        ran.unwrap_or_else(|| Err(Failure::environment("the run was never done")))
    }
}

/// Memory that a worker may use, in bytes.
pub(crate) fn memory_per_worker(limits: &stratbox_domain::Limits) -> u64 {
    limits.memory_bytes.saturating_add(runner::BASE_BYTES)
}
