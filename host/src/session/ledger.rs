//! The book of a session: which variants are next, and what becomes of what came of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stratbox_domain::{Interruption, RunKey, RunOutcome, WorkerLoss};
use stratbox_orchestrator::performance::{Recorder, TaskFacts};
use stratbox_orchestrator::workflow::{Best, WorkflowState};
use stratbox_orchestrator::{
    Cause, Decision, History, JobEnd, JobId, Millis, NewTask, Settled, Statistics, TaskId, WorkerId,
};
use stratbox_scheduler::{Book, Control, Expansion, Tried};
use stratbox_store::{
    Batch, EncodedOutcome, ExperimentId, FailedAttempt, Known, KnownTrial, OutcomeKind, Reader,
    Row as Stored, Trial as Row,
};

use super::clock::Clock;
use super::jobs::{Jobs, Part};
use super::keeper::{ToKeeper, Told};
use super::opened::Opened;
use super::work::Trial;
use crate::backtest::Timing;
use crate::bits::Bits;
use crate::failure::Failure;
use crate::key::RunKeys;
use crate::sweep::{Plan, Sampled};

/// The round of a sweep: it has but one.
pub(crate) const ITERATION: u32 = 1;
/// Rows that go to the keeper together at least, unless they have waited for [`PATIENCE`].
const ROWS: usize = 512;
/// What is lost at most when the process is killed.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(200);
/// Variants that are answered from the store before workers are looked at again.
const ANSWERED_AT_ONCE: u64 = 4_096;

/// What asks whether to go on, and later answers.
pub(super) type Asker<'a> = Box<dyn FnMut(u64, u64) -> Option<Decision> + 'a>;

pub(super) struct Ledger<'a> {
    plan: &'a Plan,
    jobs: &'a Jobs,
    keys: &'a [RunKeys],
    id: ExperimentId,
    reader: Reader,
    /// Whether earlier experiments may answer.
    reuses: bool,
    /// Of the plan's strategies.
    cursors: Vec<Cursor>,
    /// Variants that have a result.
    settled: Bits,
    /// Earlier attempts at variants that have none.
    histories: BTreeMap<u64, History>,
    /// Runs that are not tried again.
    given_up: BTreeMap<RunKey, KnownTrial>,
    keeper: ToKeeper,
    pending: Pending,
    clock: Clock,
    state: WorkflowState,
    recorder: Recorder,
    /// Runs of this session that came to their last bar.
    completed: u64,
    bar: ProgressBar,
    /// While somebody is asked.
    hidden: bool,
    ask: Asker<'a>,
    /// How long each worker waited for what it does now, a task of it.
    waits: Vec<u64>,
    /// Workers that were started, and not lost.
    employed: BTreeSet<u32>,
    /// When the queue was last looked at.
    looked: Instant,
    /// Of the plan's strategies.
    clocks: Vec<Stopwatch>,
    control: Control<Trial, Failure>,
}

/// How long a strategy's runs took, and what of it is queued where there is a limit to that.
#[derive(Default)]
struct Stopwatch {
    spent: Duration,
    queued: BTreeSet<TaskId>,
}

/// What is left of a ledger that is closed.
pub(super) struct Left {
    pub(super) reader: Reader,
    pub(super) settled: Bits,
    pub(super) clock: Clock,
    pub(super) state: WorkflowState,
    pub(super) recorder: Recorder,
    pub(super) completed: u64,
    /// How long the runs of each of the plan's strategies took.
    pub(super) spent: Vec<Duration>,
}

/// How far a strategy's variants were handed out: the next point, and what is known of its runs once that was looked up.
#[derive(Default)]
struct Cursor {
    next: u64,
    known: Option<Option<Known>>,
}

/// What is on its way to the keeper.
#[derive(Default)]
struct Pending {
    batch: Batch,
    /// Rows of it that a worker made.
    ran: u64,
    since: Option<Instant>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(
        (plan, jobs, keys): (&'a Plan, &'a Jobs, &'a [RunKeys]),
        opened: &mut Opened,
        (keeper, control): (ToKeeper, Control<Trial, Failure>),
        clock: Clock,
        ask: Asker<'a>,
    ) -> Result<Self, Failure> {
        let mut recorder = Recorder::new();
        for planned in &plan.strategies {
            let build = &planned.strategy.build;
            recorder.compiled(micros(build.compile + build.link));
        }
        Ok(Self {
            plan,
            jobs,
            keys,
            id: opened.id,
            reader: opened.workspace.reader()?,
            reuses: !plan.fresh,
            cursors: plan.strategies.iter().map(|_| Cursor::default()).collect(),
            settled: std::mem::take(&mut opened.settled),
            histories: std::mem::take(&mut opened.histories),
            given_up: std::mem::take(&mut opened.given_up),
            keeper,
            pending: Pending::default(),
            clock,
            state: opened.state.clone(),
            recorder,
            completed: 0,
            bar: progress(plan.variants()),
            hidden: false,
            ask,
            waits: Vec::new(),
            employed: BTreeSet::new(),
            looked: Instant::now(),
            clocks: plan.strategies.iter().map(|_| Stopwatch::default()).collect(),
            control,
        })
    }

    /// Sends what is pending, and lets the keeper go: nobody can tell it anything any more.
    pub(super) fn close(mut self) -> Left {
        self.flush();
        self.bar.finish_and_clear();
        self.employed.iter().for_each(|_| self.recorder.worker_completed());
        let Self { reader, settled, clock, state, recorder, completed, clocks, .. } = self;
        let spent = clocks.iter().map(|clock| clock.spent).collect();
        Left { reader, settled, clock, state, recorder, completed, spent }
    }

    /// The number of a task's variant in the experiment.
    fn variant(&self, task: TaskId) -> u64 {
        self.plan.strategies[self.jobs.part(task.job).strategy].first + task.index
    }

    /// What earlier experiments, and strategies of this one before it, know of a strategy's runs.
    fn look_up(&mut self, strategy: usize) -> Result<(), Failure> {
        if self.cursors[strategy].known.is_some() {
            return Ok(());
        }
        let known = match self.reuses {
            true => {
                self.sync();
                let own = (self.id, self.plan.strategies[strategy].first);
                Some(self.reader.known(&self.keys[strategy].base(), own)?)
            }
            false => None,
        };
        self.cursors[strategy].known = Some(known);
        Ok(())
    }

    /// Waits until everything so far is kept.
    fn sync(&mut self) {
        self.flush();
        let (done, waiting) = sync_channel(1);
        // A keeper that is gone has said why.
        drop(self.keeper.send(Told::Sync(done)));
        let _ = waiting.recv();
    }

    /// The answers that there are for some points, in their order: from the store, or that they were given up.
    fn answers(&self, strategy: usize, points: &[u64]) -> Result<Vec<Option<KnownTrial>>, Failure> {
        let planned = &self.plan.strategies[strategy];
        let key = |index: &u64| self.keys[strategy].of(&planned.params(*index));
        let mut answers = match &self.cursors[strategy].known {
            Some(Some(known)) if !known.is_empty() => known.get_all(points.iter().map(key))?,
            _ => points.iter().map(|_| None).collect(),
        };
        if !self.given_up.is_empty() {
            for (index, answer) in points.iter().zip(&mut answers).filter(|(_, answer)| answer.is_none()) {
                *answer = self.given_up.get(&key(index)).cloned();
            }
        }
        Ok(answers)
    }

    /// A row that another experiment has made.
    fn reused(&mut self, strategy: usize, index: u64, known: KnownTrial) -> Row {
        let planned = &self.plan.strategies[strategy];
        let figure = match &known.outcome {
            RunOutcome::Completed(metrics) => self.plan.aim.figure(metrics),
            RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => None,
        };
        Row {
            variant: planned.first + index,
            iteration: ITERATION,
            key: self.keys[strategy].of(&planned.params(index)),
            outcome: known.encoded,
            figure,
            fuel: known.fuel,
            attempts: known.attempts,
            settled: known.settled,
            reused: Some(known.experiment),
            at: self.clock.now(),
        }
    }

    /// The next points of a strategy, before some point, that are variants without a result, at most so many.
    fn next(&mut self, (strategy, end): (usize, u64), at_most: usize) -> Vec<u64> {
        let planned = &self.plan.strategies[strategy];
        let mut next = Vec::new();
        while next.len() < at_most && self.cursors[strategy].next < end {
            let index = self.cursors[strategy].next;
            self.cursors[strategy].next += 1;
            if planned.is_variant(index) && !self.settled.contains(planned.first + index) {
                next.push(index);
            }
        }
        next
    }

    /// Puts a row on its way.
    fn push(&mut self, row: Row, ran: bool) {
        self.settled.insert(row.variant);
        if let Some(figure) = row.figure {
            let metric = self.plan.aim.objective;
            let best = Best { variant: row.variant, run_key: row.key, metric, figure };
            // It is refused only where there are no results: not while there are.
            drop(self.state.offer(best, row.at));
        }
        self.pending.batch.trials.push(row);
        self.pending.ran += u64::from(ran);
        self.pending.since.get_or_insert_with(Instant::now);
        if self.pending.batch.trials.len() >= ROWS {
            self.flush();
        }
    }

    /// Sends what is pending to the keeper.
    fn flush(&mut self) {
        let Pending { batch, ran, .. } = std::mem::take(&mut self.pending);
        // A keeper that is gone has said why.
        drop(self.keeper.send(Told::Keep(batch, ran)));
        self.bar.set_position(self.settled.len());
        if std::mem::take(&mut self.hidden) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
        }
    }
}

impl Book for Ledger<'_> {
    type Output = Trial;
    type Error = Failure;

    fn expand(&mut self, job: JobId, at_most: usize) -> Result<Expansion, Failure> {
        let Part { strategy, points: Range { end, .. } } = self.jobs.part(job).clone();
        self.look_up(strategy)?;
        let first = self.plan.strategies[strategy].first;
        let mut expansion = Expansion::default();
        while expansion.tasks.len() < at_most && expansion.answered < ANSWERED_AT_ONCE {
            let points = self.next((strategy, end), at_most - expansion.tasks.len());
            if points.is_empty() {
                return Ok(expansion);
            }
            let answers = self.answers(strategy, &points)?;
            for (index, answer) in points.into_iter().zip(answers) {
                if let Some(known) = answer {
                    if let Some(sampled) = self.sampled(job) {
                        sampled.tell(index, self.plan.aim.evaluation(&known.outcome));
                    }
                    let row = self.reused(strategy, index, known);
                    self.push(row, false);
                    expansion.answered += 1;
                } else if self.is_over(strategy) {
                    // It is not begun, and counts as done.
                    expansion.answered += 1;
                } else {
                    let history = self.histories.remove(&(first + index)).unwrap_or_default();
                    if self.plan.strategies[strategy].time.is_some() {
                        self.clocks[strategy].queued.insert(TaskId { job, index });
                    }
                    expansion.tasks.push(NewTask { index, history });
                }
            }
        }
        expansion.more = self.cursors[strategy].next < end;
        Ok(expansion)
    }

    fn settle(&mut self, tried: Tried<Trial>, settled: Settled) -> Result<(), Failure> {
        self.clocks[self.jobs.part(tried.task.job).strategy].queued.remove(&tried.task);
        if settled == Settled::Cancelled {
            // Its strategy's time was used up: nothing of it is to be kept.
            self.control.stored(1);
            return Ok(());
        }
        let variant = self.variant(tried.task);
        self.record(&tried, variant);
        self.recorder
            .settled(matches!(settled, Settled::Reproduced | Settled::Exhausted | Settled::Quarantined));
        let Tried { task, attempt, output, .. } = tried;
        let Trial { key, outcome, figure, learned, fuel, problem, .. } =
            output.unwrap_or_else(|| self.unanswered(task));
        if let (Some(sampled), Some(learned)) = (self.sampled(task.job), learned) {
            sampled.tell(task.index, learned);
        }
        self.completed += u64::from(outcome.kind() == OutcomeKind::Completed);
        let settled = label(settled);
        if let Some(problem) = problem {
            tracing::debug!(variant, attempt, settled, problem, "a variant did not complete");
        }
        let row = Row {
            variant,
            iteration: ITERATION,
            key,
            outcome,
            figure,
            fuel,
            attempts: attempt,
            settled,
            reused: None,
            at: self.clock.now(),
        };
        self.push(row, true);
        Ok(())
    }

    fn retry(&mut self, tried: Tried<Trial>, cause: Cause, delay: Millis) -> Result<(), Failure> {
        let variant = self.variant(tried.task);
        self.record(&tried, variant);
        let (attempt, reason) = (tried.attempt, cause.label());
        tracing::warn!(
            variant,
            attempt,
            reason,
            delay_ms = delay,
            "an attempt failed, and is followed by another"
        );
        self.pending.batch.attempts.push(FailedAttempt {
            variant,
            iteration: ITERATION,
            attempt,
            reason: reason.to_owned(),
            detail: tried.output.and_then(|trial| trial.problem).unwrap_or_default(),
            worker: tried.worker.map_or(0, |worker| worker.0),
            delay_ms: delay,
            at: self.clock.now(),
        });
        self.pending.since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn assigned(&mut self, worker: WorkerId, tasks: usize, idle: Duration) {
        let at = worker.0 as usize;
        if self.waits.len() <= at {
            self.waits.resize(at + 1, 0);
        }
        self.waits[at] = micros(idle) / tasks.max(1) as u64;
    }

    fn answered(&mut self, worker: WorkerId, tasks: usize, took: Duration) {
        let _ = worker;
        self.recorder.lease(tasks as u64, micros(took));
    }

    fn finished(&mut self, job: JobId, ended: JobEnd) -> Result<(), Failure> {
        let part = self.jobs.part(job);
        let planned = &self.plan.strategies[part.strategy];
        let strategy = &planned.label;
        if let Some(sampled) = self.sampled(job)
            && ended == JobEnd::Completed
            && !self.is_over(part.strategy)
            && sampled.choose(part.points.end)
        {
            // Kept before the first result of any of them.
            self.pending.batch.spaces.push((planned.first, sampled.space()));
        }
        tracing::info!(strategy, ended = ?ended, "a strategy's variants have run");
        Ok(())
    }

    fn ask(&mut self, failed: u64, settled: u64) -> Option<Decision> {
        self.flush();
        // It would be drawn over the question.
        self.bar.disable_steady_tick();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
        self.hidden = true;
        (self.ask)(failed, settled)
    }

    fn watch(&mut self, statistics: &Statistics) {
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.recorder.queue_length(statistics.queued + statistics.retrying + statistics.unstored);
        }
    }

    fn worker(&mut self, worker: WorkerId, lost: bool) {
        if lost {
            tracing::warn!(worker = worker.0, "a worker gave no sign of life, and was killed");
            self.recorder.worker_timed_out(worker.0);
            self.employed.remove(&worker.0);
        } else {
            tracing::info!(worker = worker.0, "a worker is started");
            self.recorder.worker_started(worker.0);
            self.employed.insert(worker.0);
        }
    }

    fn idle(&mut self) -> Duration {
        let Some(since) = self.pending.since else { return Duration::MAX };
        let waited = since.elapsed();
        if waited < PATIENCE {
            return PATIENCE - waited;
        }
        self.flush();
        Duration::MAX
    }
}

impl<'a> Ledger<'a> {
    /// The sampler of a job's strategy, if it has one that learns.
    fn sampled(&self, job: JobId) -> Option<&'a Sampled> {
        let planned = &self.plan.strategies[self.jobs.part(job).strategy];
        planned.sampled().filter(|sampled| sampled.learns())
    }

    /// What is written down of a task for which nobody answered: its workers were lost.
    fn unanswered(&self, task: TaskId) -> Trial {
        let strategy = self.jobs.part(task.job).strategy;
        let key = self.keys[strategy].of(&self.plan.strategies[strategy].params(task.index));
        let lost = RunOutcome::Interrupted(Interruption::WorkerLost { cause: WorkerLoss::Silent });
        let (outcome, problem) = (EncodedOutcome::new(&lost), Some("its worker was silent".to_owned()));
        Trial {
            key,
            outcome,
            end: None,
            figure: None,
            learned: Some(self.plan.aim.evaluation(&lost)),
            fuel: 0,
            timing: Timing::default(),
            problem,
        }
    }

    /// Whether a strategy has used up its time.
    fn is_over(&self, strategy: usize) -> bool {
        self.plan.strategies[strategy].time.is_some_and(|time| self.clocks[strategy].spent >= time)
    }

    /// Counts the time of a strategy's run. Once that is used up, nothing of it is begun any more.
    fn spend(&mut self, strategy: usize, time: Duration) {
        self.clocks[strategy].spent += time;
        if self.is_over(strategy) {
            // What runs may end; it is in nobody's way that it is told again.
            self.clocks[strategy].queued.iter().for_each(|task| self.control.cancel(*task));
        }
    }

    /// Remembers how an attempt went, for the session's report.
    fn record(&mut self, tried: &Tried<Trial>, variant: u64) {
        let (Some(worker), Some(trial)) = (tried.worker, &tried.output) else { return };
        let micros = u64::from(trial.timing.instantiate_us) + u64::from(trial.timing.run_us);
        self.spend(self.jobs.part(tried.task.job).strategy, Duration::from_micros(micros));
        let Some(end) = trial.end else { return self.recorder.worker_lost(worker.0) };
        self.recorder.task(&TaskFacts {
            worker: worker.0,
            variant,
            end,
            queue_micros: self.waits.get(worker.0 as usize).copied().unwrap_or_default(),
            instantiate_micros: trial.timing.instantiate_us.into(),
            run_micros: trial.timing.run_us.into(),
        });
    }
}

/// A bar on standard error, which is not drawn when that is not a terminal.
fn progress(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} variants, {per_sec}, {eta} left");
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(TICK);
    bar
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What a row of another experiment says of a run that was given up: that it ended without a result that is its own doing.
pub(crate) fn given_up(row: &Stored, experiment: ExperimentId) -> Option<KnownTrial> {
    let settled = [Settled::Exhausted, Settled::Quarantined, Settled::OverBudget].map(label);
    let settled = settled.into_iter().find(|label| *label == row.settled)?;
    let (outcome, encoded) = (row.outcome.clone(), EncodedOutcome::new(&row.outcome));
    let experiment = row.reused.unwrap_or(experiment);
    Some(KnownTrial { experiment, outcome, encoded, fuel: row.fuel, attempts: row.attempts, settled })
}

/// Stable names of reasons.
fn label(settled: Settled) -> &'static str {
    match settled {
        Settled::Conclusive => "conclusive",
        Settled::Reproduced => "reproduced",
        Settled::Exhausted => "exhausted",
        Settled::Quarantined => "quarantined",
        Settled::DataUnavailable => "DATA_UNAVAILABLE",
        Settled::OverBudget => "over_budget",
        Settled::Cancelled => "cancelled",
    }
}
