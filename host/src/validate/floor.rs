//! Where the runs of one attempt happen, and when it has taken too long.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use stratbox_decide::Tier;
use stratbox_domain::{Fault, FaultLabel, Interruption, ParamValue, Params, RunKey, RunOutcome};
use stratbox_orchestrator::Ending;

use super::cases::{Asked, Case};
use super::fingerprint::On;
use super::grounds::Stage;
use crate::backtest::{Conditions, Execution, Outcome};
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
    /// Everything that was run on it, also in vain.
    begun: RefCell<BTreeSet<RunKey>>,
    /// How the last of it ended.
    latest: RefCell<Option<(RunKey, Outcome)>>,
}

/// What came of runs of one strategy.
pub(super) struct Ran<T> {
    /// Of those that came to their last bar, by the place of their parameters.
    pub(super) completed: Vec<(usize, T)>,
    /// Places of parameters that were refused, and why the first of them was: nothing was seen of any bar.
    pub(super) refused: (Vec<usize>, Option<Fault>),
    /// The first other fault, with the place of its parameters.
    pub(super) fault: Option<Faulted>,
}

/// A fault on the way.
pub(super) struct Faulted {
    pub(super) place: usize,
    pub(super) fault: Fault,
    /// Used up to it.
    pub(super) fuel: u64,
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
        let (begun, latest) = (RefCell::default(), RefCell::default());
        Ok(Self { engine, asked, runs, bars, limits, patience, fresh, alive, begun, latest })
    }

    /// Everything that was run so far, each once.
    pub(super) fn begun(&self) -> BTreeSet<RunKey> {
        self.begun.borrow().clone()
    }

    /// The last of what was run, and how it ended.
    pub(super) fn latest(&self) -> Option<(RunKey, Outcome)> {
        self.latest.borrow().clone()
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
        let mut ran = Ran { completed: Vec::new(), refused: (Vec::new(), None), fault: None };
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
            self.note(run.key(), execution.outcome.clone());
            match &execution.outcome {
                RunOutcome::Completed(_) => {
                    let made = each(run.key(), execution);
                    ran.completed.push((at, made));
                }
                RunOutcome::Faulted(fault) if fault.label == FaultLabel::InitRefused => {
                    ran.refused.0.push(at);
                    ran.refused.1.get_or_insert_with(|| fault.clone());
                }
                RunOutcome::Faulted(fault) => {
                    let faulted = || Faulted { place: at, fault: fault.clone(), fuel: execution.fuel };
                    ran.fault.get_or_insert_with(faulted);
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
            // One that was killed need not have answered.
            if let Some(run) = asked.get(answered) {
                self.note(run.key(), RunOutcome::Interrupted(Interruption::Timeout { bar: None }));
            }
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

impl Floor<'_> {
    fn note(&self, key: RunKey, outcome: Outcome) {
        self.begun.borrow_mut().insert(key);
        *self.latest.borrow_mut() = Some((key, outcome));
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

/// Parameters, for people.
pub(super) fn params_words(params: &Params) -> String {
    let one = |(name, value): (&String, &ParamValue)| format!("{name} = {value}");
    told(&params.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// The parameters of every variant: defaults, overlaid with what the queue says.
fn variants(strategy: &Strategy, case: &Case, most: u64) -> Result<Vec<Params>, Failure> {
    (0..case.variants().min(most)).map(|number| overlaid(strategy, &case.variant(number))).collect()
}

/// The parameters of what is run at a tier before the last one, whose parameters are those that were chosen.
pub(super) fn params_at(
    strategy: &Strategy,
    On { asked, case, tier, .. }: On<'_>,
) -> Result<Vec<Params>, Failure> {
    match tier {
        Tier::L0 => Ok(vec![plainest(strategy, case)?]),
        Tier::L1 | Tier::L2 => variants(strategy, case, asked.validation.max_variants),
    }
}

/// The parameters of the cheapest tier: what the queue says, and of several values the default where it is among them, else the
/// first.
fn plainest(strategy: &Strategy, case: &Case) -> Result<Params, Failure> {
    let first = overlaid(strategy, &case.variant(0))?;
    let one = |(name, value): (String, ParamValue)| {
        let spec = strategy.parameter(&name)?;
        let default = spec.kind.default_value();
        let written = case.params.get(&name).map(Vec::as_slice).unwrap_or_default();
        let is_among = written.iter().any(|it| spec.accept(it).is_ok_and(|it| it == default));
        Ok((name, if is_among { default } else { value }))
    };
    first.into_iter().map(one).collect()
}

fn overlaid(strategy: &Strategy, written: &BTreeMap<&str, &ParamValue>) -> Result<Params, Failure> {
    let mut params: Params = strategy.defaults().collect();
    for (name, value) in written {
        let accepted = strategy.parameter(name)?.accept(value);
        let accepted = accepted.map_err(|error| Failure::usage(inline(&error.to_string())))?;
        params.insert((*name).to_owned(), accepted);
    }
    Ok(params)
}
