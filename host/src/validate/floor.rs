//! Where the runs of one attempt happen, and when it has taken too long.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use stratbox_decide::Tier;
use stratbox_domain::{Fault, Interruption, Params, RunKey, RunOutcome};
use stratbox_orchestrator::Ending;

use super::cases::{Asked, Case};
use super::grounds::Stage;
use crate::backtest::{Conditions, Execution};
use crate::bars::Bars;
use crate::failure::{Failure, told};
use crate::key::RunKeys;
use crate::render::text::inline;
use crate::runs::{Killer, Run, Runs};
use crate::strategy::Strategy;
use crate::trace::Keeps;
use crate::wiring::Engine;

/// Runs between two looks at the clock, where the runs cannot be killed.
const AT_ONCE: usize = 16;

/// Why an attempt ended before anything was found.
pub(super) enum Stop {
    /// How it counts, and why, for people.
    Ended(Ending, String),
    /// The host failed.
    Failed(Box<Failure>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// How long an attempt may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    begun: Instant,
    most: Duration,
}

impl Patience {
    pub(super) fn of(most: Duration) -> Self {
        Self { begun: Instant::now(), most }
    }

    pub(super) fn took(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn is_over(&self) -> bool {
        self.begun.elapsed() > self.most
    }

    /// To be asked between steps.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.is_over() { Err(self.over()) } else { Ok(()) }
    }

    fn over(&self) -> Stop {
        Stop::Ended(Ending::TimedOut, limit(self.most))
    }
}

/// A time limit that was reached, for people.
pub(super) fn limit(most: Duration) -> String {
    format!("no result after {} s", most.as_secs_f64())
}

/// Everything about an attempt's runs but the strategy.
pub(super) struct Floor<'a> {
    engine: &'a Engine,
    pub(super) asked: &'a Asked,
    runs: Runs<'a>,
    pub(super) bars: &'a Bars,
    limits: stratbox_domain::Limits,
    patience: Patience,
    /// In a process that has run nothing before.
    fresh: bool,
    alive: &'a dyn Fn(),
}

/// What came of runs of one strategy.
pub(super) struct Ran<T> {
    /// Of those that came to their last bar, by the place of their parameters.
    pub(super) completed: Vec<(usize, T)>,
    /// The first fault, and the fuel used up to it.
    pub(super) fault: Option<(Fault, u64)>,
}

impl<'a> Floor<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        (asked, tier, stage): (&'a Asked, Tier, &'a Stage),
        (patience, fresh): (Patience, bool),
        cancel: &Arc<AtomicBool>,
        alive: &'a dyn Fn(),
    ) -> Result<Self, Failure> {
        let (bars, limits) = (&stage.bars, asked.validation.limits(&asked.limits, tier));
        let conditions = Conditions {
            bars: Arc::clone(&bars.source) as _,
            policy: Arc::new(asked.venue.clone()),
            limits,
            periods_per_year: bars.periods_per_year,
            cancel: Arc::clone(cancel),
        };
        let runs = engine.runs(conditions, bars)?;
        Ok(Self { engine, asked, runs, bars, limits, patience, fresh, alive })
    }

    /// What ends its runs, from any other thread.
    pub(super) fn killer(&self) -> Killer {
        self.runs.killer()
    }

    /// The keys of a strategy's runs.
    pub(super) fn keys(&self, strategy: &Strategy) -> RunKeys {
        let code = &strategy.code;
        let (digest, engine) = (&self.bars.summary.digest, self.engine.version([code]));
        RunKeys::new(code.identity(), digest, &self.asked.venue, &self.limits, engine)
    }

    /// Runs some variants, and what `each` makes of those that completed.
    pub(super) fn run<T>(
        &self,
        strategy: &Strategy,
        variants: &[Params],
        keeps: Keeps,
        each: &dyn Fn(RunKey, Execution) -> T,
    ) -> Result<Ran<T>, Stop> {
        let keys = self.keys(strategy);
        let mut ran = Ran { completed: Vec::new(), fault: None };
        for (chunk, some) in variants.chunks(AT_ONCE).enumerate() {
            self.patience.check()?;
            self.chunk(strategy, &keys, (chunk * AT_ONCE, some), keeps, each, &mut ran)?;
        }
        Ok(ran)
    }

    fn chunk<T>(
        &self,
        strategy: &Strategy,
        keys: &RunKeys,
        (first, variants): (usize, &[Params]),
        keeps: Keeps,
        each: &dyn Fn(RunKey, Execution) -> T,
        ran: &mut Ran<T>,
    ) -> Result<(), Stop> {
        let asked: Vec<Run<'_>> = variants
            .iter()
            .map(|params| {
                let run = Run::new(&strategy.code, || (params.clone(), keys.of(params)));
                Run { fresh: self.fresh, ..run }
            })
            .collect();
        let (killer, over) = (self.runs.killer(), Cell::new(false));
        let heartbeat = || {
            (self.alive)();
            if self.patience.is_over() {
                over.set(true);
                killer.kill();
            }
        };
        let (interrupted, ran) = (Cell::new(None), RefCell::new(ran));
        let place = Cell::new(first);
        let done = self.runs.run(&asked, keeps, &heartbeat, &mut |run, execution| {
            let at = place.replace(place.get() + 1);
            let mut ran = ran.borrow_mut();
            match &execution.outcome {
                RunOutcome::Completed(_) => {
                    let made = each(run.key(), execution);
                    ran.completed.push((at, made));
                }
                RunOutcome::Faulted(fault) => {
                    let fault = (fault.clone(), execution.fuel);
                    ran.fault.get_or_insert(fault);
                }
                RunOutcome::Interrupted(reason) => {
                    let first = interrupted.get().unwrap_or((*reason, execution.fuel));
                    interrupted.set(Some(first));
                }
            }
        });
        let answered = done.len();
        done.into_iter().collect::<Result<(), Failure>>()?;
        if over.get() {
            return Err(self.patience.over());
        }
        match interrupted.get() {
            Some((reason, fuel)) => {
                let outcome: RunOutcome<()> = RunOutcome::Interrupted(reason);
                Err(Stop::Ended(Ending::of(&outcome, fuel), words(reason, self.limits.wall_ms)))
            }
            None if answered < asked.len() => {
                Err(Stop::Ended(Ending::Cancelled, "it was cancelled".to_owned()))
            }
            None => Ok(()),
        }
    }
}

/// What stopped a run, for people.
fn words(reason: Interruption, wall_ms: u64) -> String {
    match reason {
        Interruption::Timeout { bar } => {
            let bar = bar.map(|bar| format!(" at bar {bar}")).unwrap_or_default();
            format!("a run's time of {} s was over{bar}", wall_ms as f64 / 1e3)
        }
        Interruption::Cancelled { .. } => "it was cancelled".to_owned(),
        Interruption::WorkerLost { cause } => format!("its process ended: {}", cause.label()),
    }
}

/// A fault, for people.
pub(super) fn fault_words(fault: &Fault) -> String {
    let bar = fault.bar.map(|bar| format!(" at bar {bar}")).unwrap_or_default();
    told(&format!("{}{bar}: {}; {}", fault.label.label(), inline(&fault.message), inline(&fault.hint)))
}

/// The parameters of every variant: defaults, overlaid with what the queue says.
pub(super) fn variants(strategy: &Strategy, case: &Case, most: u64) -> Result<Vec<Params>, Failure> {
    let defaults: Params = strategy.defaults().collect();
    let variant = |number: u64| {
        let mut params = defaults.clone();
        for (name, value) in case.variant(number) {
            let accepted = strategy.parameter(name)?.accept(value);
            let accepted = accepted.map_err(|error| Failure::usage(inline(&error.to_string())))?;
            params.insert(name.to_owned(), accepted);
        }
        Ok(params)
    };
    (0..case.variants().min(most)).map(variant).collect()
}
