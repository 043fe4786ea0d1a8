//! One tier: its strategies given to workers, until each has a result or nothing more is to be begun.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stratbox_decide::Tier;
use stratbox_domain::Digest;
use stratbox_orchestrator::{
    Admission, Batches, CallLimits, FailureGate, Job, JobId, Needs, OnFailures, RetryPolicy, Settings, TaskId,
};
use stratbox_scheduler::{Control, Setup, Stopped};

use super::book::{Desk, Register};
use super::cases::Asked;
use super::grounds::Ground;
use super::kept::Shelf;
use super::population::Finals;
use super::rows::Left;
use super::work::{Tried, Validator};
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::runs;
use crate::wiring::Engine;

/// What an attempt may take that is bounded elsewhere: compiling, starting processes.
const BESIDES: Duration = Duration::from_secs(300);
const TICK: Duration = Duration::from_millis(200);

/// Everything that tiers have in common.
pub(super) struct Stand<'a> {
    pub(super) engine: &'a Engine,
    pub(super) grounds: &'a [Ground],
    pub(super) shelf: &'a Shelf,
    /// Somebody asked for an end.
    pub(super) leaving: Arc<AtomicBool>,
    /// Whatever runs is to end at once.
    pub(super) cancel: Arc<AtomicBool>,
}

/// What of a tier is to be done.
pub(super) struct Task<'a> {
    pub(super) tier: Tier,
    pub(super) order: &'a [usize],
    pub(super) finals: Option<&'a Finals>,
    /// By the places of data.
    pub(super) trials: &'a [u64],
    pub(super) workers: NonZeroUsize,
}

/// What came of it, and why the host failed if it did.
pub(super) struct Over {
    pub(super) left: Left,
    pub(super) wall: Duration,
    pub(super) failure: Option<Failure>,
}

/// Validates the strategies of one tier.
pub(super) fn run(
    stand: &Stand<'_>,
    asked: &Asked,
    task: &Task<'_>,
    desk: &mut Desk<'_>,
) -> Result<Over, Failure> {
    let started = Instant::now();
    let (control, inbox) = stratbox_scheduler::channel();
    heed(&control, stand)?;
    let begun = Mutex::new(Vec::new());
    let work = Validator::new(
        stand.engine,
        asked,
        task.tier,
        stand.grounds,
        stand.shelf,
        task.order,
        task.finals,
        task.trials,
        (Arc::clone(&stand.cancel), &begun),
    );
    let bar = progress(task.order.len() as u64, task.tier);
    let mut book = Register::new((asked, task.tier), stand.grounds, (task.order, &begun), control, desk, bar);
    let job = Job {
        id: JobId(0),
        priority: 0,
        after: Vec::new(),
        weight: task.order.len() as u64,
        tasks: task.order.len() as u64,
        needs: Needs::Worker,
    };
    let patience = asked.validation.timeout(task.tier) + BESIDES;
    let setup = Setup { settings: settings(asked, task, patience), grace: patience };
    let ran = stratbox_scheduler::run(setup, vec![job], &work, &mut book, inbox);
    let failure = ran.err().map(|stopped| explain(stopped, asked, task.order));
    let wall = started.elapsed();
    match (book.close(), failure) {
        (Ok(left), failure) => Ok(Over { left, wall, failure }),
        // What stopped it is the news.
        (Err(closing), failure) => Err(failure.unwrap_or(closing)),
    }
}

fn settings(asked: &Asked, task: &Task<'_>, patience: Duration) -> Settings {
    let validation = &asked.validation;
    let seed = Digest::of(asked.path.to_string_lossy().as_bytes());
    let seed = seed.as_bytes().iter().take(8).fold(0_u64, |seed, byte| seed << 8 | u64::from(*byte));
    Settings {
        seed,
        workers: task.workers,
        // One by one: each takes seconds.
        batches: Batches { most: NonZeroUsize::MIN, target: 1 },
        retry: RetryPolicy {
            timeout_retries: validation.timeout_retries,
            loss_retries: validation.loss_retries,
            ..RetryPolicy::default()
        },
        admission: Admission {
            cpu: validation.cpu_threshold,
            memory: validation.memory_threshold,
            memory_per_worker: runs::memory_per_worker(&asked.limits),
        },
        // Nobody hears of a worker while it compiles, and each of its steps has a limit of its own.
        silence: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
        // Too many failures are looked at when the tier is over.
        failures: FailureGate { then: OnFailures::Continue, ..FailureGate::default() },
        // So that what is decided because of one is heard before another is begun.
        backlog: 1,
        window: 2 * task.workers.get(),
        calls: CallLimits::default(),
    }
}

/// The first request to end lets what runs finish; the second one ends it.
fn heed(control: &Control<Tried, Failure>, stand: &Stand<'_>) -> Result<(), Failure> {
    let control = control.clone();
    let (leaving, cancel) = (Arc::clone(&stand.leaving), Arc::clone(&stand.cancel));
    on_interrupt(move |press| {
        leaving.store(true, Ordering::Relaxed);
        if press == 1 {
            let text = "\nCtrl-C: what runs may finish, and nothing more is begun; once more ends it now\n";
            drop(std::io::stderr().write_all(text.as_bytes()));
            control.drain();
        } else {
            cancel.store(true, Ordering::Relaxed);
            control.halt();
        }
    })
}

/// Why everything stopped, with the strategy that it is about.
fn explain(stopped: Stopped<Failure>, asked: &Asked, order: &[usize]) -> Failure {
    let name = |task: &TaskId| {
        order.get(task.index as usize).map_or("", |place| asked.cases[*place].id.as_str()).to_owned()
    };
    let bug = "this is a bug in stratbox; please report it";
    match stopped {
        Stopped::Failed(Some(task), failure) => failure.context(format_args!("`{}`", name(&task))),
        Stopped::Failed(None, failure) => failure,
        Stopped::Panicked { tasks, message } => {
            let first = tasks.first().map(name).unwrap_or_default();
            Failure::environment(format!("`{first}` made a worker panic: {message}")).hint(bug)
        }
        Stopped::Refused(_, problem) => {
            Failure::environment(format!("the strategies could not be queued: {problem}")).hint(bug)
        }
        Stopped::Spawn(error) => Failure::environment(format!("cannot start a worker thread: {error}"))
            .hint("use fewer `--workers`, or raise the limit of threads"),
    }
}

/// A bar on standard error, which is not drawn when that is not a terminal.
fn progress(total: u64, tier: Tier) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{prefix} {bar:40} {human_pos}/{human_len} strategies, {eta} left");
    let bar =
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_prefix(tier.as_str());
    bar.enable_steady_tick(TICK);
    bar
}
