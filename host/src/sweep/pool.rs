//! The runs of a sweep, on the worker pool.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stratbox_domain::{Interruption, RunOutcome};
use stratbox_scheduler::{Attempt, Ending, Finished, PoolError, Retry};

use super::plan::{Plan, PlannedStrategy};
use super::results::{Row, SweepReport};
use crate::backtest::{Backtest, Execution, Outcome};
use crate::failure::Failure;
use crate::interrupt::on_ctrl_c;
use crate::key::RunKeys;
use crate::render::text::counted;
use crate::wiring::Engine;

/// One variant: its strategy's place in the plan, and its own among that strategy's variants.
#[derive(Debug, Clone, Copy)]
struct Variant<'a> {
    strategy: usize,
    index: u64,
    label: &'a str,
}

impl fmt::Display for Variant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.label, self.index)
    }
}

/// What an attempt leaves behind.
struct Trial {
    outcome: Outcome,
    fuel: u64,
}

impl Trial {
    fn never_started() -> Self {
        Self { outcome: RunOutcome::Interrupted(Interruption::Cancelled { bar: None }), fuel: 0 }
    }
}

/// Runs every variant of the plan, or as many as Ctrl-C allows.
pub(super) fn run(
    engine: &Engine,
    plan: Plan,
    workers: NonZeroUsize,
    top: usize,
    note: &dyn Fn(&str),
) -> Result<SweepReport, Failure> {
    let (policy, limits, cancel) = (plan.policy, plan.limits, on_ctrl_c()?);
    let backtest = Backtest { engine, bars: &plan.bars, policy, limits, cancel };
    let keys = plan.strategies.iter().map(|planned| backtest.keys(&planned.strategy.code)).collect();
    let sweep = Sweep { plan: &plan, backtest, keys };

    let total = plan.strategies.iter().map(PlannedStrategy::variants).sum();
    let threads = counted(workers.get() as u64, "worker");
    note(&format!("running {} on {threads}; Ctrl-C stops and keeps what is done", counted(total, "variant")));
    let started = Instant::now();
    let done = sweep.run(workers, &progress(total))?;
    let wall = started.elapsed();
    let rows = sweep.complete(done);
    Ok(SweepReport::new(plan, engine.version().to_owned(), rows, workers, wall, top))
}

/// A plan under way.
struct Sweep<'a> {
    plan: &'a Plan,
    backtest: Backtest<'a>,
    /// By strategy.
    keys: Vec<RunKeys>,
}

impl Sweep<'_> {
    /// The variants that were run, in the order in which they finished.
    fn run(&self, workers: NonZeroUsize, progress: &ProgressBar) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        let done = |variant, Finished { output, attempts, .. }: Finished<Trial>| {
            rows.push(self.row(variant, output, attempts));
            progress.inc(1);
        };
        let attempt = |variant: &Variant<'_>, _number: u32| self.attempt(*variant);
        let (cancel, retry) = (&self.backtest.cancel, Retry::default());
        let ran = stratbox_scheduler::run(workers, variants(self.plan), attempt, done, cancel, &retry);
        progress.finish_and_clear();
        ran.map(|_| rows).map_err(explain)
    }

    fn attempt(&self, variant: Variant<'_>) -> Result<Attempt<Trial>, Failure> {
        let planned = &self.plan.strategies[variant.strategy];
        let Execution { outcome, fuel, .. } =
            self.backtest.run(&planned.strategy.code, &planned.params(variant.index))?;
        Ok(Attempt { ending: Ending::of(&outcome, fuel), output: Trial { outcome, fuel } })
    }

    fn row(&self, Variant { strategy, index, .. }: Variant<'_>, trial: Trial, attempts: u32) -> Row {
        let run_key = self.keys[strategy].of(&self.plan.strategies[strategy].params(index));
        Row { strategy, index, run_key, outcome: trial.outcome, fuel: trial.fuel, attempts }
    }

    /// Every variant in the order of the plan, those that were not run among them.
    fn complete(&self, mut done: Vec<Row>) -> Vec<Row> {
        done.sort_unstable_by_key(|row| (row.strategy, row.index));
        let mut done = done.into_iter().peekable();
        let rows = variants(self.plan).map(|variant| {
            let ran = done.next_if(|row| (row.strategy, row.index) == (variant.strategy, variant.index));
            ran.unwrap_or_else(|| self.row(variant, Trial::never_started(), 0))
        });
        rows.collect()
    }
}

fn variants(plan: &Plan) -> impl Iterator<Item = Variant<'_>> + Send {
    plan.strategies.iter().enumerate().flat_map(|(strategy, planned)| {
        (0..planned.variants()).map(move |index| Variant { strategy, index, label: &planned.label })
    })
}

/// A bar on standard error, which is not drawn when that is not a terminal.
fn progress(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} variants, {per_sec}, {eta} left");
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The pool's own words for what happened to it.
fn explain(error: PoolError<Failure>) -> Failure {
    match error {
        PoolError::Attempt { task, error } => error.context(format_args!("variant `{task}`")),
        PoolError::Panicked { task, message } => {
            Failure::environment(format!("variant `{task}` made a worker panic: {message}"))
                .hint("this is a bug in stratbox; please report it")
        }
        PoolError::Spawn(error) => Failure::environment(format!("cannot start a worker thread: {error}"))
            .hint("use fewer `--workers`, or raise the limit of threads"),
    }
}
