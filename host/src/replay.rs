//! Variants of a plan run again outside of an experiment: for their traces, or on other bars.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use stratbox_domain::{BarSource, RunKey};
use stratbox_metrics::Missing;
use stratbox_metrics::series::equity_returns;

use crate::backtest::{Conditions, Outcome};
use crate::bars::Bars;
use crate::failure::Failure;
use crate::key::RunKeys;
use crate::runs::{Run, Runs};
use crate::sweep::Plan;
use crate::trace::{Keeps, Trace};
use crate::wiring::Engine;

/// Runs that a worker takes at once: few, since each may leave a curve behind.
const AT_ONCE: usize = 16;

/// Points of a series of returns, at most: longer ones are returns of several time steps each.
pub(crate) const POINTS: u64 = 16_384;

/// The equity curves of runs on the same bars, at the same points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve {
    pub(crate) keeps: Keeps,
    /// Time steps a point.
    pub(crate) stride: u64,
    /// Points a year, if that can be told.
    pub(crate) periods_per_year: Option<f64>,
    initial_cash: f64,
}

impl Curve {
    /// Those of a plan's runs on its own bars, of at most so many points and one.
    pub(crate) fn of(plan: &Plan, points: u64) -> Self {
        let (bars, initial_cash) = (&plan.bars, plan.policy.initial_cash);
        Self::new(bars.source.steps(), points, bars.periods_per_year, initial_cash)
    }

    /// Those of runs on `steps` time steps.
    pub(crate) fn new(steps: u64, points: u64, periods_per_year: Option<f64>, initial_cash: f64) -> Self {
        let keeps = Keeps::equity(steps, points);
        let stride = keeps.equity_every.map_or(1, u64::from);
        let periods_per_year = periods_per_year.map(|periods| periods / stride as f64);
        Self { keeps, stride, periods_per_year, initial_cash }
    }

    /// Returns a point, the first against the cash at the start.
    ///
    /// # Errors
    /// Why there are none.
    pub(crate) fn returns(&self, trace: &Trace) -> Result<Vec<f64>, Missing> {
        equity_returns(self.initial_cash, &trace.equity)
    }
}

/// Where a plan's variants are run again.
pub(crate) struct Replay<'a> {
    plan: &'a Plan,
    runs: Runs<'a>,
    /// Of the plan's strategies, on these bars.
    keys: Vec<RunKeys>,
    workers: NonZeroUsize,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replayed {
    pub(crate) key: RunKey,
    pub(crate) outcome: Outcome,
    pub(crate) fuel: u64,
    pub(crate) trace: Trace,
}

impl<'a> Replay<'a> {
    /// On the plan's own bars or on others.
    pub(crate) fn new(
        engine: &'a Engine,
        plan: &'a Plan,
        bars: &Bars,
        workers: NonZeroUsize,
    ) -> Result<Self, Failure> {
        let conditions = Conditions {
            bars: Arc::clone(&bars.source) as _,
            policy: Arc::new(plan.policy.clone()),
            limits: plan.limits,
            periods_per_year: bars.periods_per_year,
            cancel: Arc::new(AtomicBool::new(false)),
        };
        let keys = plan.strategies.iter().map(|planned| plan.keys_on(engine, planned, bars)).collect();
        Ok(Self { plan, runs: engine.runs(conditions, bars)?, keys, workers })
    }

    /// Runs variants by their numbers, and says what came of them, in their order.
    ///
    /// # Errors
    /// The host failed.
    pub(crate) fn run(&self, variants: &[u64], keeps: Keeps) -> Result<Vec<Replayed>, Failure> {
        self.map(variants, keeps, AT_ONCE, &|_, replayed| replayed)
    }

    /// The same, one at a time, so that no more traces are in memory than there are workers: of each only what `each` makes of
    /// it, and of the variant's number, is kept.
    ///
    /// # Errors
    /// The host failed.
    pub(crate) fn each<T: Send>(
        &self,
        variants: &[u64],
        keeps: Keeps,
        each: &(dyn Fn(u64, Replayed) -> T + Sync),
    ) -> Result<Vec<T>, Failure> {
        self.map(variants, keeps, 1, each)
    }

    fn map<T: Send>(
        &self,
        variants: &[u64],
        keeps: Keeps,
        at_once: usize,
        each: &(dyn Fn(u64, Replayed) -> T + Sync),
    ) -> Result<Vec<T>, Failure> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(variants.len() / at_once + 1));
        let work = || {
            loop {
                let from = next.fetch_add(at_once, Ordering::Relaxed);
                let Some(some) = variants.get(from..variants.len().min(from + at_once)) else { return };
                let asked: Vec<Run<'_>> = some.iter().filter_map(|variant| self.asked(*variant)).collect();
                let ran = self.runs.run(&asked, keeps, &|| (), &mut |run, execution| Replayed {
                    key: run.key(),
                    outcome: execution.outcome,
                    fuel: execution.fuel,
                    trace: execution.trace,
                });
                // Not while the runs go on: what takes long here must not count as their time.
                let ran: Vec<Result<T, Failure>> = some
                    .iter()
                    .zip(ran)
                    .map(|(variant, ran)| ran.map(|replayed| each(*variant, replayed)))
                    .collect();
                done.lock().unwrap_or_else(PoisonError::into_inner).push((from, ran));
            }
        };
        std::thread::scope(|scope| {
            let threads = self.workers.get().min(variants.len().div_ceil(at_once));
            (0..threads).for_each(|_| drop(scope.spawn(work)));
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(from, _)| *from);
        let all: Vec<T> = done.into_iter().flat_map(|(_, ran)| ran).collect::<Result<_, _>>()?;
        if all.len() == variants.len() {
            return Ok(all);
        }
        Err(Failure::environment("some variants could not be run again: there are no such variants"))
    }

    fn asked(&self, variant: u64) -> Option<Run<'_>> {
        let (place, planned) = self.plan.strategy_of(variant)?;
        let given = move || {
            let params = planned.params(variant - planned.first);
            let key = self.keys[place].of(&params);
            (params, key)
        };
        Some(Run::new(&planned.strategy.code, given))
    }
}
