//! The runs of a sweep, on the worker pool.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stratbox_domain::RunKey;
use stratbox_scheduler::{Attempt, Batches, Ending, Finished, PoolError, Retry, Try};

use super::plan::{Plan, PlannedStrategy};
use super::results::{Pace, Row, SweepReport, Tally};
use super::spool::Spool;
use crate::backtest::{Conditions, Execution, Outcome};
use crate::failure::Failure;
use crate::interrupt::on_ctrl_c;
use crate::key::RunKeys;
use crate::render::text::counted;
use crate::runs::{Run, Runs};
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
    run_key: RunKey,
    outcome: Outcome,
    fuel: u64,
}

/// How long a batch of runs takes at least: longer ones make progress less smooth, shorter ones cost more than they need.
const BATCH: Duration = Duration::from_millis(5);

/// Runs every variant of the plan, or as many as Ctrl-C or a failure of the host allows.
pub(super) fn run(
    engine: &Engine,
    plan: Plan,
    workers: NonZeroUsize,
    spool: Spool,
    note: &dyn Fn(&str),
) -> Result<SweepReport, Failure> {
    let cancel = on_ctrl_c()?;
    let total = plan.strategies.iter().map(PlannedStrategy::variants).sum();
    let threads = counted(workers.get() as u64, "worker");
    note(&format!("running {} on {threads}; Ctrl-C stops and keeps what is done", counted(total, "variant")));
    let conditions = Conditions {
        bars: Arc::clone(&plan.bars.source) as _,
        policy: plan.policy,
        limits: plan.limits,
        periods_per_year: plan.bars.periods_per_year,
        cancel: Arc::clone(&cancel),
    };
    let runs = engine.runs(conditions, &plan.bars)?;
    let started = Instant::now();
    let progress = progress(total);
    let done = sweep(engine, &plan, &runs, workers, spool, &progress, &cancel);
    progress.finish_and_clear();
    let pace = Pace { workers, wall: started.elapsed() };
    drop(runs);
    let rows = done.spool.ranked(plan.objective).map_err(|error| not_kept(&error))?;
    Ok(SweepReport::new(plan, engine, rows, done.tally, pace, done.failure))
}

/// What the pool leaves behind.
struct Done {
    /// Variants with a result.
    spool: Spool,
    tally: Tally,
    /// Why the others have none, unless it was Ctrl-C.
    failure: Option<Failure>,
}

fn sweep(
    engine: &Engine,
    plan: &Plan,
    runs: &Runs<'_>,
    workers: NonZeroUsize,
    spool: Spool,
    progress: &ProgressBar,
    cancel: &AtomicBool,
) -> Done {
    let keys: Vec<RunKeys> = plan.strategies.iter().map(|planned| keys(engine, plan, planned)).collect();
    let attempt = |batch: &[Try<'_, Variant<'_>>]| {
        let run = |it: &Try<'_, Variant<'_>>| {
            let planned = &plan.strategies[it.task.strategy];
            let params = planned.params(it.task.index);
            Run { code: &planned.strategy.code, key: keys[it.task.strategy].of(&params), params }
        };
        let batch: Vec<Run<'_>> = batch.iter().map(run).collect();
        let attempt = |(ran, run): (Result<Execution, Failure>, &Run<'_>)| {
            ran.map(|Execution { outcome, fuel, .. }| Attempt {
                ending: Ending::of(&outcome, fuel),
                output: Trial { run_key: run.key, outcome, fuel },
            })
        };
        runs.run(&batch, false).into_iter().zip(&batch).map(attempt).collect()
    };
    let row = |Variant { strategy, index, .. }: Variant<'_>,
               Finished { output, attempts, .. }: Finished<Trial>| {
        progress.inc(1);
        let Trial { run_key, outcome, fuel } = output;
        Row { strategy, index, run_key, outcome, fuel, attempts }
    };
    let total = plan.strategies.iter().map(PlannedStrategy::variants).sum();
    let batches = Batches { most: runs.most(), target: BATCH, total };
    collect(workers, &batches, variants(plan), attempt, row, spool, cancel)
}

fn keys(engine: &Engine, plan: &Plan, planned: &PlannedStrategy) -> RunKeys {
    let bars = &plan.bars.summary.digest;
    let code = &planned.strategy.code;
    RunKeys::new(code.identity(), bars, &plan.policy, &plan.limits, engine.version([code]))
}

/// A row for each task that has a result, in the order in which they finished, and the failure that ended the rest.
fn collect<T: fmt::Display + Send, O: Send>(
    workers: NonZeroUsize,
    batches: &Batches,
    tasks: impl Iterator<Item = T> + Send,
    attempt: impl Fn(&[Try<'_, T>]) -> Vec<Result<Attempt<O>, Failure>> + Sync,
    row: impl Fn(T, Finished<O>) -> Row,
    mut spool: Spool,
    cancel: &AtomicBool,
) -> Done {
    let (mut tally, mut not_spooled) = (Tally::default(), None);
    let ran = stratbox_scheduler::run(
        workers,
        batches,
        tasks,
        attempt,
        |task, finished| {
            let row = row(task, finished);
            match spool.push(&row) {
                Ok(()) => tally.count(&row),
                // Runs whose results cannot be kept need not be done.
                Err(error) => {
                    cancel.store(true, Ordering::Relaxed);
                    not_spooled.get_or_insert(error);
                }
            }
        },
        cancel,
        &Retry::default(),
    );
    let failure = not_spooled.map(|error| not_kept(&error)).or(ran.err().map(explain));
    Done { spool, tally, failure }
}

fn not_kept(error: &std::io::Error) -> Failure {
    Failure::environment(format!("the results cannot be kept: {error}"))
        .hint("check that the disk is not full; `--cache DIR` keeps them elsewhere")
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
        PoolError::Panicked { first, tasks, message } => {
            let others =
                if tasks > 1 { format!(" or one of the {} after it", tasks - 1) } else { String::new() };
            Failure::environment(format!("variant `{first}`{others} made a worker panic: {message}"))
                .hint("this is a bug in stratbox; please report it")
        }
        PoolError::Spawn(error) => Failure::environment(format!("cannot start a worker thread: {error}"))
            .hint("use fewer `--workers`, or raise the limit of threads"),
    }
}

#[cfg(test)]
mod tests {
    use stratbox_decide::Objective;
    use stratbox_domain::{Digest, Interruption, RunOutcome};
    use stratbox_metrics::MetricName;

    use super::*;

    /// Ten tasks on one worker, of which `attempt` makes what it likes.
    fn ten(attempt: impl Fn(u64) -> Result<(), Failure> + Sync, cancel: &AtomicBool) -> Done {
        let attempt = |batch: &[Try<'_, u64>]| {
            let one =
                |it: &Try<'_, u64>| attempt(*it.task).map(|()| Attempt { ending: Ending::Final, output: () });
            batch.iter().map(one).collect()
        };
        let row = |index, finished: Finished<()>| Row {
            strategy: 0,
            index,
            run_key: Digest::of(b""),
            outcome: RunOutcome::Interrupted(Interruption::Timeout { bar: None }),
            fuel: 0,
            attempts: finished.attempts,
        };
        let batches = Batches { most: NonZeroUsize::MIN, target: Duration::ZERO, total: 10 };
        let spool = Spool::new(&std::env::temp_dir()).unwrap();
        collect(NonZeroUsize::MIN, &batches, 0..10, attempt, row, spool, cancel)
    }

    fn indices(done: Done) -> Vec<u64> {
        let rows = done.spool.ranked(Objective { metric: MetricName::Sharpe }).unwrap();
        let mut indices: Vec<u64> = rows.iter().map(|row| row.unwrap().index).collect();
        indices.sort_unstable();
        indices
    }

    #[test]
    fn what_was_done_before_the_host_failed_is_not_lost() {
        let fail = |index| if index == 4 { Err(Failure::environment("disk on fire")) } else { Ok(()) };
        let done = ten(fail, &AtomicBool::new(false));
        assert_eq!(done.failure.as_ref().unwrap().message, "variant `4`: disk on fire");
        assert_eq!(indices(done), [0, 1, 2, 3]);
        let done = ten(
            |index| {
                assert!(index != 2, "a bug");
                Ok(())
            },
            &AtomicBool::new(false),
        );
        assert!(done.failure.as_ref().unwrap().message.contains("variant `2` made a worker panic"));
        assert_eq!(indices(done), [0, 1]);
    }

    #[test]
    fn what_never_started_leaves_no_row() {
        let cancel = AtomicBool::new(false);
        let stop = |index| {
            cancel.fetch_or(index == 2, Ordering::Relaxed);
            Ok(())
        };
        let done = ten(stop, &cancel);
        assert_eq!(done.failure, None);
        assert_eq!(indices(done), [0, 1, 2]);
        assert_eq!(indices(ten(|_| Ok(()), &AtomicBool::new(false))).len(), 10);
    }
}
