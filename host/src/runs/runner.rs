//! One runner process, as this one sees it.

use std::collections::{BTreeSet, VecDeque};
use std::os::fd::BorrowedFd;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde_bytes::ByteBuf;
use stratbox_domain::{Interruption, Limits, Manifest, ParamValue, RunOutcome, WorkerLoss};
use stratbox_intake::component::Profile;
use stratbox_jail::{Failure as Jail, Jailer, Policy, Worker};

use super::Run;
use crate::backtest::{Conditions, Execution, LogLines, Timing};
use crate::failure::{Failure, FailureKind, told};
use crate::trace::{Keeps, MAX_FILLS, MAX_SIGNALS, Trace};
use crate::wiring::Code;
use crate::worker::batch::Batch;
use crate::worker::protocol::{self, Answer, Order};

/// How long after its deadline a run is left alone, which ends by itself a tick of the engine after it and is heard of
/// some milliseconds later.
const GRACE: Duration = Duration::from_millis(75);
/// For what is no stranger's work: starting, loading code that was compiled before.
const HOUSEKEEPING: Duration = Duration::from_secs(20);
/// Memory of a runner besides what its run may use: machine code, stacks, logs, results.
pub(super) const BASE_BYTES: u64 = 256 << 20;
/// An answer without its log: metrics or a fault.
const ANSWER_BYTES: usize = 64 << 10;
/// A fill in an answer, with the names of its fields.
const FILL_BYTES: usize = 160;
/// A forecast and its return in an answer.
const SIGNAL_BYTES: usize = 19;

/// Runs that are sent together, at most.
const PIECE: usize = 64;
/// When their parameters have more bytes of text than this, no other is sent with them.
const PIECE_BYTES: usize = 16 << 10;
/// Pieces that a process has of which it has not answered all.
const AHEAD: usize = 2;

/// A runner process.
pub(super) struct Runner {
    pub(super) worker: Worker,
    /// Code that it has.
    codes: BTreeSet<u32>,
    /// It has run something.
    pub(super) is_used: bool,
}

impl Runner {
    pub(super) fn start(jailer: &Jailer, profile: Profile, limits: &Limits) -> Result<Self, Jail> {
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
        Ok(Self { worker, codes: BTreeSet::new(), is_used: false })
    }

    /// Gives it code that it does not have.
    pub(super) fn load(&mut self, code: &Code) -> Result<(), Stop> {
        if self.codes.insert(code.number()) {
            let bytes = ByteBuf::from(code.bytes().to_vec());
            self.worker.send(&Order::Load { number: code.number(), code: bytes })?;
            self.done()?;
        }
        Ok(())
    }

    /// Gives it the bars of its runs.
    pub(super) fn set(&mut self, bars: &Order, memory: BorrowedFd<'_>) -> Result<(), Stop> {
        self.worker.send_with(bars, memory)?;
        self.done()
    }

    fn done(&mut self) -> Result<(), Stop> {
        let never = AtomicBool::new(false);
        match self.worker.receive(ANSWER_BYTES, Instant::now() + HOUSEKEEPING, &never)? {
            Answer::Done => Ok(()),
            Answer::Failed(problem) => Err(Stop::Failed(engine_failed(&problem))),
            _ => Err(Stop::Failed(engine_failed("a worker answered what was not asked"))),
        }
    }

    /// Has it do `asked`, and puts what `each` makes of each run into `done` as it comes. It is told what comes next before it
    /// is done with what it does, and what came is looked at while it does the next: so neither waits for the other.
    pub(super) fn ask<T>(
        &mut self,
        asked: &Asked<'_, '_>,
        conditions: &Conditions,
        done: &mut Vec<Result<T, Failure>>,
        each: &mut dyn FnMut(&Run<'_>, Execution) -> T,
    ) -> Result<(), Stop> {
        let Conditions { limits, cancel, bars, .. } = conditions;
        let points = asked.keeps.points(bars.steps());
        let most = answer_bytes(limits, asked.keeps, points);
        let sent = Instant::now();
        self.is_used = true;
        let mut pieces = asked.pieces();
        let (mut told, mut ahead) = (0, VecDeque::new());
        let (mut begun, mut beats) = (sent, 0);
        for (place, run) in asked.runs.iter().enumerate() {
            if ahead.front() == Some(&place) {
                ahead.pop_front();
            }
            while ahead.len() < AHEAD
                && let Some(piece) = pieces.next()
            {
                self.worker.send(&Order::Run(asked.batch(piece)))?;
                told += piece.len();
                ahead.push_back(told);
            }
            let deadline = begun + Duration::from_millis(limits.wall_ms) + GRACE;
            let ran = loop {
                match self.worker.receive(most, deadline, cancel)? {
                    Answer::Ran(ran) => break ran,
                    // One that says so more often than once a second wants something else.
                    Answer::Alive if beats < sent.elapsed().as_secs() => beats += 1,
                    Answer::Failed(problem) => return Err(Stop::Failed(engine_failed(&problem))),
                    _ => return Err(Stop::Nonsense),
                }
                (asked.heartbeat)();
            };
            begun = Instant::now();
            let execution =
                ran.check(limits, points, begun.duration_since(sent)).map_err(|_| Stop::Nonsense)?;
            done.push(Ok(each(run, execution)));
            (asked.heartbeat)();
        }
        Ok(())
    }
}

/// What one process is asked at once.
pub(super) struct Asked<'a, 'r> {
    pub(super) runs: &'a [Run<'r>],
    pub(super) promptly: bool,
    pub(super) keeps: Keeps,
    pub(super) heartbeat: &'a dyn Fn(),
}

impl<'a, 'r> Asked<'a, 'r> {
    /// The runs in pieces that are no more than the socket has room for, also when the process does not listen.
    fn pieces(&self) -> impl Iterator<Item = &'a [Run<'r>]> + use<'a, 'r> {
        let mut rest = self.runs;
        std::iter::from_fn(move || {
            let mut text = 0;
            let fits = rest.iter().take(PIECE).take_while(|run| {
                let fits = text < PIECE_BYTES;
                text += run.params().values().map(size).sum::<usize>();
                fits
            });
            let (piece, after) = rest.split_at(fits.count());
            rest = after;
            (!piece.is_empty()).then_some(piece)
        })
    }

    fn batch(&self, runs: &[Run<'_>]) -> Batch {
        let runs = runs.iter().map(|run| (run.code.number(), run.params(), run.key()));
        Batch::new(self.promptly, self.keeps, runs)
    }
}

fn size(value: &ParamValue) -> usize {
    if let ParamValue::Text(text) = value { text.len() } else { 0 }
}

/// Why a process did not do all that it was asked. It is of no use any more.
pub(super) enum Stop {
    /// There is no answer.
    Jail(Jail),
    /// There is one that cannot be true.
    Nonsense,
    /// It is not the run's doing.
    Failed(Failure),
}

impl From<Jail> for Stop {
    fn from(failure: Jail) -> Self {
        Self::Jail(failure)
    }
}

impl Stop {
    /// What it means where nothing has been run.
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::Jail(failure) => failure.into(),
            Self::Nonsense => engine_failed("a worker answered what was not asked"),
            Self::Failed(failure) => failure,
        }
    }
}

/// Asks a strategy what it is, in a process of its own.
pub(crate) fn describe(jailer: &Jailer, profile: Profile, code: &Code) -> Result<Manifest, Failure> {
    const MANIFEST_BYTES: usize = 4 << 20;
    let refused = |problem: String| {
        Failure::new(FailureKind::Contract, format!("the strategy's `describe` failed: {problem}"))
    };
    let mut runner = Runner::start(jailer, profile, &Limits::default())?;
    runner.load(code).map_err(Stop::failure)?;
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
pub(super) fn lost(failure: Jail) -> Result<Interruption, Failure> {
    let cause = match failure {
        Jail::TimedOut { .. } => return Ok(Interruption::Timeout { bar: None }),
        Jail::Cancelled => return Ok(Interruption::Cancelled { bar: None }),
        Jail::OutOfMemory => WorkerLoss::OutOfMemory,
        Jail::Killed => WorkerLoss::Killed,
        Jail::Crashed { .. } | Jail::CpuTime | Jail::TooMuchOutput => WorkerLoss::Crashed,
        Jail::Protocol { .. } => WorkerLoss::Protocol,
        failure => return Err(failure.into()),
    };
    Ok(Interruption::WorkerLost { cause })
}

pub(super) fn interrupted(reason: Interruption) -> Execution {
    let (log, timing, trace) = (LogLines::default(), Timing::default(), Trace::default());
    Execution { outcome: RunOutcome::Interrupted(reason), fuel: 0, log, timing, trace }
}

fn answer_bytes(limits: &Limits, keeps: Keeps, points: u64) -> usize {
    let log = if keeps.log { limits.log_bytes as usize } else { 0 };
    let fills = if keeps.fills { MAX_FILLS * FILL_BYTES } else { 0 };
    let signals = if keeps.signals { MAX_SIGNALS * SIGNAL_BYTES } else { 0 };
    // Every line has a frame of its own around it; a number has nine bytes.
    ANSWER_BYTES + 2 * log + fills + signals + 9 * points as usize
}

fn engine_failed(problem: &str) -> Failure {
    Failure::environment(format!("a worker failed: {}", told(problem)))
        .hint("this is a bug in stratbox; please report it")
}
