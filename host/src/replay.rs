//! Variants of a plan run again outside of an experiment: for their traces, or on other bars.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use stratbox_domain::RunKey;

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
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(variants.len() / AT_ONCE + 1));
        let work = || {
            loop {
                let from = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                let Some(some) = variants.get(from..variants.len().min(from + AT_ONCE)) else { return };
                let asked: Vec<Run<'_>> = some.iter().filter_map(|variant| self.asked(*variant)).collect();
                let ran = self.runs.run(&asked, keeps, &|| (), &mut |run, execution| Replayed {
                    key: run.key(),
                    outcome: execution.outcome,
                    trace: execution.trace,
                });
                done.lock().unwrap_or_else(PoisonError::into_inner).push((from, ran));
            }
        };
        std::thread::scope(|scope| {
            let threads = self.workers.get().min(variants.len().div_ceil(AT_ONCE));
            (0..threads).for_each(|_| drop(scope.spawn(work)));
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(from, _)| *from);
        let all: Vec<Replayed> = done.into_iter().flat_map(|(_, ran)| ran).collect::<Result<_, _>>()?;
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
