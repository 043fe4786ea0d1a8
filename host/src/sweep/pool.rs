//! The runs of a sweep, on the worker pool.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stratbox_scheduler::{Attempt, Ending, Finished, PoolError, Retry};

use super::plan::{Plan, PlannedStrategy};
use super::results::{Done, Pace, Row, SweepReport};
use crate::backtest::{Backtest, Execution, Outcome};
use crate::failure::Failure;
use crate::interrupt::on_ctrl_c;
use crate::key::RunKeys;
use crate::render::text::counted;
use crate::wiring::Engine;

/// One variant: its strategy's place in the plan, and its own among that strategy's points.
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

/// Runs every variant of the plan, or as many as Ctrl-C or a failure of the host allows.
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
    let done = sweep.run(workers, &progress(total));
    let pace = Pace { workers, wall: started.elapsed() };
    Ok(SweepReport::new(plan, engine.version().to_owned(), done, pace, top))
}

/// A plan under way.
struct Sweep<'a> {
    plan: &'a Plan,
    backtest: Backtest<'a>,
    /// By strategy.
    keys: Vec<RunKeys>,
}

impl Sweep<'_> {
    fn run(&self, workers: NonZeroUsize, progress: &ProgressBar) -> Done {
        let attempt = |variant: &Variant<'_>| self.attempt(*variant);
        let row = |variant: Variant<'_>, Finished { output, attempts, .. }: Finished<Trial>| {
            progress.inc(1);
            self.row(variant, output, attempts)
        };
        let mut done = collect(workers, variants(self.plan), attempt, row, &self.backtest.cancel);
        progress.finish_and_clear();
        done.rows.sort_unstable_by_key(|row| (row.strategy, row.index));
        done
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
}

/// A row for each task that has a result, in the order in which they finished, and the failure that ended the rest.
fn collect<T: fmt::Display + Send, O: Send>(
    workers: NonZeroUsize,
    tasks: impl Iterator<Item = T> + Send,
    attempt: impl Fn(&T) -> Result<Attempt<O>, Failure> + Sync,
    row: impl Fn(T, Finished<O>) -> Row,
    cancel: &AtomicBool,
) -> Done {
    let mut rows = Vec::new();
    let ran = stratbox_scheduler::run(
        workers,
        tasks,
        |task, _number| attempt(task),
        |task, finished| rows.push(row(task, finished)),
        cancel,
        &Retry::default(),
    );
    Done { rows, failure: ran.err().map(explain) }
}

fn variants(plan: &Plan) -> impl Iterator<Item = Variant<'_>> + Send {
    plan.strategies.iter().enumerate().flat_map(|(strategy, planned)| {
        planned.indices().map(move |index| Variant { strategy, index, label: &planned.label })
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

#[cfg(test)]
mod tests {
    use stratbox_domain::{Digest, Interruption, RunOutcome};

    use super::*;

    /// Ten tasks on one worker, of which `attempt` makes what it likes.
    fn ten(attempt: impl Fn(u64) -> Result<(), Failure> + Sync, cancel: &AtomicBool) -> Done {
        let attempt = |index: &u64| attempt(*index).map(|()| Attempt { ending: Ending::Final, output: () });
        let row = |index, finished: Finished<()>| Row {
            strategy: 0,
            index,
            run_key: Digest::of(b""),
            outcome: RunOutcome::Interrupted(Interruption::Timeout { bar: None }),
            fuel: 0,
            attempts: finished.attempts,
        };
        collect(NonZeroUsize::MIN, 0..10, attempt, row, cancel)
    }

    fn indices(done: &Done) -> Vec<u64> {
        done.rows.iter().map(|row| row.index).collect()
    }

    #[test]
    fn what_was_done_before_the_host_failed_is_not_lost() {
        let fail = |index| if index == 4 { Err(Failure::environment("disk on fire")) } else { Ok(()) };
        let done = ten(fail, &AtomicBool::new(false));
        assert_eq!(indices(&done), [0, 1, 2, 3]);
        assert_eq!(done.failure.unwrap().message, "variant `4`: disk on fire");
        let done = ten(
            |index| {
                assert!(index != 2, "a bug");
                Ok(())
            },
            &AtomicBool::new(false),
        );
        assert_eq!(indices(&done), [0, 1]);
        assert!(done.failure.unwrap().message.contains("variant `2` made a worker panic"));
    }

    #[test]
    fn what_never_started_leaves_no_row() {
        let cancel = AtomicBool::new(false);
        let stop = |index| {
            cancel.store(index == 2, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        };
        let done = ten(stop, &cancel);
        assert_eq!((indices(&done), done.failure), (vec![0, 1, 2], None));
        assert_eq!(indices(&ten(|_| Ok(()), &AtomicBool::new(false))).len(), 10);
    }
}
