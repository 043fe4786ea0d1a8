//! Runs, in worker processes or on the threads of this one. Both do the same work with the same code ([`Conditions::run`])
//! and give the same results.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use serde_bytes::ByteBuf;
use stratbox_domain::{Interruption, Limits, Manifest, Params, RunKey, RunOutcome, WorkerLoss};
use stratbox_intake::component::Profile;
use stratbox_jail::{Failure as Jail, Jailer, Policy, Worker};
use stratbox_market::SharedHeader;
use stratbox_sandbox::Sandbox;

use crate::backtest::{Conditions, Execution};
use crate::failure::{Failure, FailureKind, told};
use crate::wiring::{Code, RunRecorder};
use crate::worker::protocol::{self, Answer, Order, RunOrder};

/// How long after its deadline a run is left alone, which ends by itself a tick of the engine after it.
const GRACE: Duration = Duration::from_millis(75);
/// For what is no stranger's work: starting, loading code that was compiled before.
const HOUSEKEEPING: Duration = Duration::from_secs(20);
/// Memory of a runner besides what its run may use: machine code, stacks, logs, results.
const BASE_BYTES: u64 = 256 << 20;
/// An answer without its log: metrics or a fault.
const ANSWER_BYTES: usize = 64 << 10;
/// Runs that are sent at once: enough that waiting for one another costs nothing.
const BATCH: NonZeroUsize = NonZeroUsize::new(64).expect("it is not zero");

/// What is to be run.
pub(crate) struct Run<'a> {
    pub(crate) code: &'a Code,
    pub(crate) params: Params,
    pub(crate) key: RunKey,
}

/// Where runs happen.
pub(crate) enum Runs<'a> {
    /// On the caller's threads, for code that is trusted and for programs that embed this one.
    Threads { sandbox: &'a Sandbox<RunRecorder>, conditions: Conditions },
    /// In processes that can do nothing else.
    Processes(Box<Runners>),
}

impl Runs<'_> {
    /// How many runs to ask for at once.
    pub(crate) fn most(&self) -> NonZeroUsize {
        match self {
            Self::Threads { .. } => NonZeroUsize::MIN,
            Self::Processes(_) => BATCH,
        }
    }

    /// Does beforehand what a run of `code` on this thread needs, so that nothing but the run is left to do.
    pub(crate) fn ready(&self, code: &Code) -> Result<(), Failure> {
        match self {
            Self::Threads { sandbox, .. } => code.native(sandbox).map(drop),
            Self::Processes(runners) => runners.ready(code),
        }
    }

    /// Runs, in order. Fewer results than runs mean that it was cancelled in between; an error, which ends the list, is never
    /// a strategy's doing.
    pub(crate) fn run(&self, runs: &[Run<'_>], keeps_log: bool) -> Vec<Result<Execution, Failure>> {
        match self {
            Self::Threads { sandbox, conditions } => {
                let mut done = Vec::new();
                for Run { code, params, key } in runs {
                    if !done.is_empty() && conditions.cancel.load(Ordering::Relaxed) {
                        break;
                    }
                    let native = code.native(sandbox);
                    done.push(native.and_then(|native| Ok(conditions.run(sandbox, native, params, *key)?)));
                }
                done
            }
            Self::Processes(runners) => runners.run(runs, keeps_log),
        }
    }
}

/// Runner processes: one for each thread that asks, since a process ends with the thread that started it.
pub(crate) struct Runners {
    jailer: Jailer,
    profile: Profile,
    conditions: Conditions,
    header: SharedHeader,
    bars: OwnedFd,
    idle: Mutex<HashMap<ThreadId, Runner>>,
}

struct Runner {
    worker: Worker,
    /// Code that it has.
    codes: BTreeSet<u32>,
}

impl Runners {
    pub(crate) fn new(
        jailer: Jailer,
        profile: Profile,
        conditions: Conditions,
        (header, bars): (SharedHeader, OwnedFd),
    ) -> Self {
        Self { jailer, profile, conditions, header, bars, idle: Mutex::default() }
    }

    fn ready(&self, code: &Code) -> Result<(), Failure> {
        let mut runner = self.take()?;
        runner.load(code)?;
        self.idle().insert(std::thread::current().id(), runner);
        Ok(())
    }

    fn run(&self, runs: &[Run<'_>], keeps_log: bool) -> Vec<Result<Execution, Failure>> {
        let mut done: Vec<Result<Execution, Failure>> = Vec::new();
        // A process that dies takes one run with it. The others of the batch go to the next.
        while done.len() < runs.len() && done.last().is_none_or(Result::is_ok) {
            let rest = &runs[done.len()..];
            match self.take().and_then(|runner| self.batch(runner, rest, keeps_log, &mut done)) {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) => done.push(Err(failure)),
            }
        }
        done
    }

    /// As many of the runs as one process survives; `false` once it was cancelled.
    fn batch(
        &self,
        mut runner: Runner,
        runs: &[Run<'_>],
        keeps_log: bool,
        done: &mut Vec<Result<Execution, Failure>>,
    ) -> Result<bool, Failure> {
        let limits = &self.conditions.limits;
        for run in runs {
            runner.load(run.code)?;
        }
        let order = |run: &Run<'_>| RunOrder {
            number: run.code.number(),
            params: run.params.clone(),
            key: run.key,
            keeps_log,
        };
        let mut sent = runner.worker.send(&Order::Run(runs.iter().map(order).collect()));
        for _ in runs {
            let deadline = Instant::now() + Duration::from_millis(limits.wall_ms) + GRACE;
            let answer = std::mem::replace(&mut sent, Ok(())).and_then(|()| {
                runner.worker.receive(answer_bytes(limits, keeps_log), deadline, &self.conditions.cancel)
            });
            let lost = match answer {
                Ok(Answer::Ran(ran)) => match ran.check(limits) {
                    Ok(execution) => {
                        done.push(Ok(execution));
                        continue;
                    }
                    Err(_) => Interruption::WorkerLost { cause: WorkerLoss::Protocol },
                },
                Ok(Answer::Failed(problem)) => return Err(engine_failed(&problem)),
                Ok(_) => Interruption::WorkerLost { cause: WorkerLoss::Protocol },
                Err(failure) => lost(failure)?,
            };
            // The process is gone with `runner`, and with it whatever the run was about to do.
            let cancelled = matches!(lost, Interruption::Cancelled { .. });
            done.push(Ok(interrupted(lost)));
            return Ok(!cancelled);
        }
        self.idle().insert(std::thread::current().id(), runner);
        Ok(true)
    }

    /// This thread's runner, a new one if it has none.
    fn take(&self) -> Result<Runner, Failure> {
        if let Some(runner) = self.idle().remove(&std::thread::current().id()) {
            return Ok(runner);
        }
        let Conditions { policy, limits, periods_per_year, .. } = self.conditions;
        let mut runner = Runner::start(&self.jailer, self.profile, &limits)?;
        let order = Order::Bars { header: self.header.clone(), policy, limits, periods_per_year };
        runner.worker.send_with(&order, self.bars.as_fd())?;
        runner.done()?;
        Ok(runner)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, HashMap<ThreadId, Runner>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner {
    fn start(jailer: &Jailer, profile: Profile, limits: &Limits) -> Result<Self, Failure> {
        let bytes = limits.memory_bytes.saturating_add(BASE_BYTES);
        let policy = Policy {
            read: Vec::new(),
            write: None,
            memory_bytes: bytes,
            data_bytes: Some(bytes),
            // It lives as long as the sweep; each run has a deadline of its own.
            cpu_seconds: u64::MAX,
            // The engine keeps the first contents of memories in files that have no name.
            file_bytes: 16 << 20,
            descriptors: 32,
            processes: 64,
        };
        let worker = jailer.start(protocol::runner(profile), &policy, HOUSEKEEPING)?;
        Ok(Self { worker, codes: BTreeSet::new() })
    }

    /// Gives it code that it does not have.
    fn load(&mut self, code: &Code) -> Result<(), Failure> {
        if self.codes.insert(code.number()) {
            let bytes = ByteBuf::from(code.bytes().to_vec());
            self.worker.send(&Order::Load { number: code.number(), code: bytes })?;
            self.done()?;
        }
        Ok(())
    }

    fn done(&mut self) -> Result<(), Failure> {
        match self.receive(ANSWER_BYTES)? {
            Answer::Done => Ok(()),
            Answer::Failed(problem) => Err(engine_failed(&problem)),
            _ => Err(engine_failed("a worker answered what was not asked")),
        }
    }

    fn receive(&mut self, max_bytes: usize) -> Result<Answer, Failure> {
        let never = AtomicBool::new(false);
        Ok(self.worker.receive(max_bytes, Instant::now() + HOUSEKEEPING, &never)?)
    }
}

/// Asks a strategy what it is, in a process of its own.
pub(crate) fn describe(jailer: &Jailer, profile: Profile, code: &Code) -> Result<Manifest, Failure> {
    const MANIFEST_BYTES: usize = 4 << 20;
    let refused = |problem: String| {
        Failure::new(FailureKind::Contract, format!("the strategy's `describe` failed: {problem}"))
    };
    let mut runner = Runner::start(jailer, profile, &Limits::default())?;
    runner.load(code)?;
    runner.worker.send(&Order::Describe { number: code.number(), component: code.identity().component })?;
    let never = AtomicBool::new(false);
    match runner.worker.receive(MANIFEST_BYTES, Instant::now() + HOUSEKEEPING, &never) {
        Ok(Answer::Described(manifest)) => stratbox_sandbox::bounded(*manifest).map_err(Failure::from),
        Ok(Answer::NotDescribed(problem)) => Err(refused(told(&problem))),
        Ok(Answer::Failed(problem)) => Err(engine_failed(&problem)),
        Ok(_) => Err(engine_failed("a worker answered what was not asked")),
        Err(failure) => match lost(failure)? {
            Interruption::Timeout { .. } => Err(refused("it took too long".to_owned())),
            _ => Err(refused("it killed the process that asked".to_owned())),
        },
    }
}

/// What became of the run that a process took with it; an error when it is not the run's doing.
fn lost(failure: Jail) -> Result<Interruption, Failure> {
    let cause = match failure {
        Jail::TimedOut { .. } => return Ok(Interruption::Timeout { bar: None }),
        Jail::Cancelled => return Ok(Interruption::Cancelled { bar: None }),
        Jail::OutOfMemory => WorkerLoss::OutOfMemory,
        Jail::Crashed { .. } | Jail::CpuTime | Jail::TooMuchOutput | Jail::Killed => WorkerLoss::Crashed,
        Jail::Protocol { .. } => WorkerLoss::Protocol,
        failure => return Err(failure.into()),
    };
    Ok(Interruption::WorkerLost { cause })
}

fn interrupted(reason: Interruption) -> Execution {
    Execution { outcome: RunOutcome::Interrupted(reason), fuel: 0, log: crate::backtest::LogLines::default() }
}

fn answer_bytes(limits: &Limits, keeps_log: bool) -> usize {
    let log = if keeps_log { limits.log_bytes as usize } else { 0 };
    // Every line has a frame of its own around it.
    ANSWER_BYTES + 2 * log
}

fn engine_failed(problem: &str) -> Failure {
    Failure::environment(format!("a worker failed: {}", told(problem)))
        .hint("this is a bug in stratbox; please report it")
}
