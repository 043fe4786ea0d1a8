//! A session: an experiment that runs, from its beginning or from where it was left, until it is done or stops early.
//!
//! The orchestrator decides (`stratbox-orchestrator`), its shell obeys (`stratbox-scheduler`). What an attempt is (`work`),
//! which variants are next and what becomes of them (`ledger`), and what is kept of it (`keeper`) is here.

mod clock;
mod jobs;
mod keeper;
mod ledger;
mod listener;
mod opened;
mod question;
mod report;
mod stream;
mod work;

pub(crate) use ledger::{ITERATION, given_up};
pub(crate) use opened::Opened;
pub(crate) use report::{SessionReport, of_the_same_work};
pub(crate) use stream::{Stream, Subject};

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stratbox_orchestrator::workflow::Phase;
use stratbox_orchestrator::{
    Admission, Batches, CallLimits, FailureGate, OnFailures, RetryPolicy, Settings, Stopping,
};
use stratbox_scheduler::{Control, Setup, Stopped};
use stratbox_store::{Batch, Counts, EventLog, ExperimentId, Milestone, Status, Transition};

use tracing::Span;

use crate::backtest::Conditions;
use crate::bits::Bits;
use crate::cli::{self, SessionArgs};
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::interrupt::on_interrupt;
use crate::key::RunKeys;
use crate::render::text::{counted, grouped};
use crate::runs::{self, Runs};
use crate::sweep::{Plan, PlannedStrategy};
use crate::wiring::{Engine, Setting};
use clock::Clock;
use jobs::Jobs;
use keeper::Keeper;
use ledger::Ledger;
use listener::Listener;
use work::{Trial, Variants};

/// How long a batch of runs takes about: longer ones make progress less smooth, shorter ones cost more than they need.
const BATCH: Duration = Duration::from_millis(50);
/// A worker says every second that it is alive.
const SILENCE: Duration = Duration::from_secs(15);
/// Rows that may wait for the store: some megabytes.
const BACKLOG: u64 = 8_192;

/// How a session ended.
pub(crate) struct Ended {
    pub(crate) opened: Opened,
    /// What is known of how it went.
    pub(crate) report: SessionReport,
    /// Why it stopped before all was done.
    pub(crate) stopped: Option<Early>,
    /// The host's own failure, if that is why.
    pub(crate) failure: Option<Failure>,
    /// How long the runs of each of the plan's strategies took, all attempts together.
    pub(crate) spent: Vec<Duration>,
}

/// Why a session stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Early {
    /// Somebody asked for it.
    Interrupted,
    /// Too many variants failed.
    Failures,
    /// The host failed.
    Failed,
}

impl Early {
    /// How the program ends then.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Failures => Exit::Paused,
            Self::Interrupted | Self::Failed => Exit::Cancelled,
        }
    }
}

/// Runs what is left of an experiment.
pub(crate) fn run(
    engine: &Engine,
    plan: &Plan,
    mut opened: Opened,
    args: &SessionArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<Ended, Failure> {
    let workers = args.workers(std::thread::available_parallelism().ok());
    let span = tracing::info_span!("experiment", experiment = %opened.id, title = plan.name);
    let _entered = span.entered();
    let cancel = Arc::new(AtomicBool::new(false));
    let (control, inbox) = stratbox_scheduler::channel();
    let Requests { leaving, over } = Requests::heed(&control, &cancel, args)?;
    let conditions = Conditions {
        bars: Arc::clone(&plan.bars.source) as _,
        policy: Arc::new(plan.policy.clone()),
        limits: plan.limits,
        periods_per_year: plan.bars.periods_per_year,
        cancel,
    };
    let runs = engine.runs(conditions, &plan.bars)?;
    let keys: Vec<RunKeys> = plan.strategies.iter().map(|planned| plan.keys(engine, planned)).collect();
    let left = plan.variants() - opened.settled.len();
    let again = opened.again.clone().unwrap_or_else(|| format!("stratbox resume {}", opened.id));
    note(&format!(
        "running {} on {}; Ctrl-C stops, keeps what is done, and `{again}` goes on",
        counted(left, "variant"),
        counted(workers.get() as u64, "worker"),
    ));
    let mut clock = Clock::default();
    let keeper = keeper(&mut opened, args, &mut clock, leaving)?;
    let (to_keeper, told) = keeper::channel();
    let ask = question::asker(setting.attended, &control, note);
    let jobs = Jobs::new(plan);
    let ledger = Ledger::new((plan, &jobs, &keys), &mut opened, (to_keeper, control.clone()), clock, ask)?;
    let work = Variants {
        plan,
        jobs: &jobs,
        keys: &keys,
        runs: &runs,
        killers: Mutex::default(),
        span: Span::current(),
    };
    let setup = Setup { settings: settings(plan, args, workers, &runs, &opened), grace: grace(args) };
    let started = Instant::now();
    let (ran, left, kept) = std::thread::scope(|scope| {
        let keeping = scope.spawn(|| keeper.keep(told, &control));
        // In here, so that the keeper ends with it whatever happens.
        let mut ledger = ledger;
        let ran = stratbox_scheduler::run(setup, jobs.queue(plan), &work, &mut ledger, inbox);
        let left = ledger.close();
        (ran, left, keeping.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let running = started.elapsed();
    let (mut keeper, kept, not_kept) = kept;
    let (failure, stopping) = match ran {
        Ok(statistics) => (not_kept, statistics.stopping),
        Err(stopped) => (Some(not_kept.unwrap_or_else(|| explain(stopped, plan, &jobs))), None),
    };
    (opened.state, opened.settled) = (left.state, left.settled);
    let done = is_done(plan, &opened.settled, &left.spent);
    let mut stopped = early(done, failure.is_some(), stopping);
    let times = (plan.preparing, running);
    let report =
        SessionReport::new((left.recorder, left.completed), times, kept, workers, (&left.reader, opened.id))?;
    let counts = left.reader.experiment(opened.id).map(|it| it.head.counts).unwrap_or_default();
    let lessons: Vec<String> = lessons(&counts).into_iter().chain(late(plan, &opened.settled)).collect();
    let closed = close(&mut opened, &mut keeper, left.clock, stopped, failure.as_ref(), &report, &lessons);
    over.store(true, Ordering::Relaxed);
    complaint(&mut keeper, args).iter().for_each(|line| note(line));
    // What stopped it is the news; that its end could not be written down either is a consequence.
    let failure = failure.or(closed.err());
    if failure.is_some() {
        stopped = Some(Early::Failed);
    }
    Ok(Ended { opened, report, stopped, failure, spent: left.spent })
}

/// Everything that the session is written to, in which its beginning stands already.
fn keeper(
    opened: &mut Opened,
    args: &SessionArgs,
    clock: &mut Clock,
    leaving: Arc<AtomicBool>,
) -> Result<Keeper, Failure> {
    let start =
        |path| Listener::start(path, opened.follows, leaving).map_err(|error| Failure::write(path, &error));
    let listener = args.events.as_deref().map(start).transpose()?;
    let writer = opened.workspace.writer()?;
    let log = EventLog::open(&opened.workspace, opened.id)?;
    let mut keeper = Keeper { id: opened.id, writer, log, listener };
    if !opened.resumed {
        // It was written down when the experiment was made.
        opened.workspace.reader()?.events(opened.id, 0, |event| {
            keeper.tell(std::slice::from_ref(event));
            Ok(())
        })?;
    }
    keeper.write(&opened.begin(clock)?)?;
    Ok(keeper)
}

/// What to say of a listener that was lost on the way.
fn complaint(keeper: &mut Keeper, args: &SessionArgs) -> Option<String> {
    let problem = keeper.listener.as_mut()?.end()?;
    let path = shown(args.events.as_deref()?);
    Some(format!("the events could not be written to `{path}` to the end: {problem}"))
}

/// What was asked of the process from outside.
struct Requests {
    /// Somebody asked it to end.
    leaving: Arc<AtomicBool>,
    /// All is kept, and what is left is only to be shown: any request ends the process.
    over: Arc<AtomicBool>,
}

impl Requests {
    /// The first request lets what runs finish, for a while; the second one ends it.
    fn heed(
        control: &Control<Trial, Failure>,
        cancel: &Arc<AtomicBool>,
        args: &SessionArgs,
    ) -> Result<Self, Failure> {
        let requests = Self { leaving: Arc::default(), over: Arc::default() };
        let (leaving, over) = (Arc::clone(&requests.leaving), Arc::clone(&requests.over));
        let (control, cancel) = (control.clone(), Arc::clone(cancel));
        let left = counted(args.grace.into(), "second");
        on_interrupt(move |press| {
            if over.load(Ordering::Relaxed) {
                std::process::exit(Exit::Cancelled.code().into());
            }
            leaving.store(true, Ordering::Relaxed);
            if press == 1 {
                let text = format!("\nCtrl-C: what runs may finish, for {left}; once more ends it now\n");
                drop(std::io::stderr().write_all(text.as_bytes()));
                control.drain();
            } else {
                cancel.store(true, Ordering::Relaxed);
                control.halt();
            }
        })?;
        Ok(requests)
    }
}

fn grace(args: &SessionArgs) -> Duration {
    Duration::from_secs(args.grace.into())
}

fn settings(
    plan: &Plan,
    args: &SessionArgs,
    workers: NonZeroUsize,
    runs: &Runs<'_>,
    opened: &Opened,
) -> Settings {
    let then = match args.on_failures {
        cli::OnFailures::Ask => OnFailures::Ask,
        cli::OnFailures::Continue => OnFailures::Continue,
        cli::OnFailures::Stop => OnFailures::Stop,
    };
    // What all workers have at once is bounded, however many there are.
    let most = NonZeroUsize::new(BACKLOG as usize / workers)
        .map_or(NonZeroUsize::MIN, |share| share.min(runs::MOST));
    let memory_per_worker = runs::memory_per_worker(&plan.limits);
    Settings {
        // Delays differ from experiment to experiment, and are the same whenever one of them is repeated.
        seed: opened.id.number().unsigned_abs(),
        workers,
        batches: Batches { most, target: BATCH.as_micros() as u64 },
        retry: RetryPolicy {
            timeout_retries: args.timeout_retries,
            loss_retries: args.loss_retries,
            ..RetryPolicy::default()
        },
        admission: Admission { cpu: args.cpu_threshold, memory: args.memory_threshold, memory_per_worker },
        // A run on a thread cannot be killed, and gives no sign of life before it ends, which its deadline makes it do.
        silence: if runs.can_be_killed() { SILENCE.as_millis() as u64 } else { u64::MAX },
        failures: FailureGate { share: args.failure_share, then, ..FailureGate::default() },
        backlog: BACKLOG,
        window: 4 * most.get() * workers.get(),
        calls: CallLimits::default(),
    }
}

fn early(done: bool, failed: bool, stopping: Option<Stopping>) -> Option<Early> {
    match (failed, stopping) {
        (true, _) => Some(Early::Failed),
        (false, _) if done => None,
        (false, Some(Stopping::Failures)) => Some(Early::Failures),
        (false, _) => Some(Early::Interrupted),
    }
}

/// Writes down how it ended, and how it went.
fn close(
    opened: &mut Opened,
    keeper: &mut Keeper,
    mut clock: Clock,
    stopped: Option<Early>,
    failure: Option<&Failure>,
    report: &SessionReport,
    lessons: &[String],
) -> Result<(), Failure> {
    let at = clock.now();
    let state = &mut opened.state;
    let (what, status, reason) = match stopped {
        None => {
            lessons.iter().for_each(|lesson| drop(state.learn(lesson, at)));
            drop(state.enter(Phase::Completed, at));
            (Milestone::Completed, Status::Completed, None)
        }
        Some(early) => {
            let reason = match early {
                Early::Interrupted => "stopped by Ctrl-C".to_owned(),
                Early::Failures => "too many variants failed".to_owned(),
                Early::Failed => failure.map_or_else(String::new, |failure| failure.message.clone()),
            };
            drop(state.pause(&reason, at));
            (Milestone::Paused, Status::Paused, Some(reason))
        }
    };
    let state = serde_json::to_string(state).map_err(|error| Failure::environment(error.to_string()))?;
    let transitions = vec![Transition { what, status, reason, state }];
    keeper.write(&Batch { transitions, at, ..Batch::default() })?;
    keeper.writer.keep_session(opened.id, at, &report.document()?)?;
    Ok(())
}

/// What the next one who tries this may want to know.
fn lessons(counts: &Counts) -> Vec<String> {
    let all = grouped(counts.settled());
    let fault = |(label, count): (&String, &u64)| {
        format!("{} of {all} variants ended with `{label}`", grouped(*count))
    };
    let lost = (counts.interrupted > 0)
        .then(|| format!("{} of {all} variants were stopped from outside", grouped(counts.interrupted)));
    counts.faults.iter().map(fault).chain(lost).collect()
}

/// Variants of a strategy that have a result.
fn settled_of(planned: &PlannedStrategy, settled: &Bits) -> u64 {
    let own = planned.first..planned.first + planned.points();
    own.filter(|variant| settled.contains(*variant)).count() as u64
}

/// Whether every variant has a result, but those of strategies whose time is used up.
fn is_done(plan: &Plan, settled: &Bits, spent: &[Duration]) -> bool {
    let mut strategies = plan.strategies.iter().zip(spent);
    settled.len() == plan.variants()
        || strategies.all(|(planned, spent)| {
            planned.time.is_some_and(|time| *spent >= time)
                || settled_of(planned, settled) == planned.variants()
        })
}

/// Strategies whose time was used up before all of their variants had run.
fn late(plan: &Plan, settled: &Bits) -> Vec<String> {
    let limited = plan.strategies.iter().filter(|planned| planned.time.is_some());
    let lesson = |planned: &PlannedStrategy| {
        let (ran, all) = (settled_of(planned, settled), planned.variants());
        (ran < all).then(|| {
            format!("`{}` timed out after {} of {}", planned.label, grouped(ran), counted(all, "variant"))
        })
    };
    limited.filter_map(lesson).collect()
}

/// Why everything stopped, with the variant that it is about.
fn explain(stopped: Stopped<Failure>, plan: &Plan, jobs: &Jobs) -> Failure {
    let name = |task: &stratbox_orchestrator::TaskId| {
        format!("{} {}", plan.strategies[jobs.part(task.job).strategy].label, task.index)
    };
    match stopped {
        Stopped::Failed(Some(task), failure) => failure.context(format_args!("variant `{}`", name(&task))),
        Stopped::Failed(None, failure) => failure,
        Stopped::Panicked { tasks, message } => {
            let first = tasks.first().map_or_else(String::new, name);
            let others = match tasks.len() {
                0 | 1 => String::new(),
                count => format!(" or one of the {} after it", count - 1),
            };
            Failure::environment(format!("variant `{first}`{others} made a worker panic: {message}"))
                .hint("this is a bug in stratbox; please report it")
        }
        Stopped::Refused(job, problem) => {
            let strategy = &plan.strategies[jobs.part(job).strategy].label;
            Failure::environment(format!("the variants of `{strategy}` could not be queued: {problem}"))
                .hint("this is a bug in stratbox; please report it")
        }
        Stopped::Spawn(error) => Failure::environment(format!("cannot start a worker thread: {error}"))
            .hint("use fewer `--workers`, or raise the limit of threads"),
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    Clock::default().now()
}

/// The command that goes on with an experiment.
pub(crate) fn resume_command(setting: &Setting, id: ExperimentId) -> String {
    let workspace = setting.workspace.as_deref().unwrap_or(Path::new("."));
    let workspace = crate::render::text::shell_word(&shown(workspace));
    let options = setting.typed.iter().map(|option| format!(" {option}")).collect::<String>();
    format!("stratbox resume {id} --workspace {workspace}{options}")
}
