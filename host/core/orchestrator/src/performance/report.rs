//! What a session did, in numbers.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::alert::{self, Alert};
use super::bottleneck::{self, Finding};
use super::finite::Finite;
use super::queue::QueueLengths;
use super::recorder::Recorder;
use crate::version::Version;

/// What a session had to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Microseconds from its start to its end.
    pub wall_micros: u64,
    /// Workers that could run at the same time.
    pub workers: u32,
    /// Processors of the machine, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processors: Option<u32>,
}

/// What became of the workers. Those that were started anew count again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerCounts {
    /// Started.
    pub spawned: u64,
    /// Ended in an orderly way.
    pub completed: u64,
    /// Stopped because of what took too long.
    pub timed_out: u64,
    /// Died.
    pub lost: u64,
}

/// What became of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantCounts {
    /// Settled with a result.
    pub completed: u64,
    /// Settled with a failure.
    pub failed: u64,
}

impl VariantCounts {
    /// All of them.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.completed.saturating_add(self.failed)
    }
}

/// What became of the attempts: a variant may take more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempts {
    /// Came to their end.
    pub completed: u64,
    /// Failed by themselves.
    pub failed: u64,
    /// Ran out of time.
    pub timed_out: u64,
}

impl Attempts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.completed.saturating_add(self.failed).saturating_add(self.timed_out)
    }
}

/// Batches of tasks that were given to workers and came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leases {
    /// How many.
    pub leases: u64,
    /// Tasks in them.
    pub tasks: u64,
    /// Microseconds that workers had them.
    pub held_micros: u64,
}

/// Wall against sequential time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSaved {
    /// What one thing after the other would have taken: compiling, instantiating, running and storing in all.
    pub sequential_micros: u64,
    /// How much less the session took; below zero when it took more.
    pub saved_micros: i64,
    /// That, of the sequential time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_percent: Option<Finite>,
}

/// How long runs took that came to an end of their own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunTimes {
    /// How many.
    pub runs: u64,
    /// Microseconds on average.
    pub average_micros: Finite,
    /// Microseconds of the fastest.
    pub fastest_micros: u64,
    /// Microseconds, within 1.6 %.
    pub median_micros: u64,
    /// Microseconds that 95 % of them did not exceed, within 1.6 %.
    pub p95_micros: u64,
    /// Microseconds of the slowest.
    pub slowest_micros: u64,
    /// The variant that was; of several the one with the smallest number.
    pub slowest_variant: u64,
    /// How many took more than twice the median, and a millisecond more than it, up to the error of the median.
    pub slow_runs: u64,
}

/// A worker's place among the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankedWorker {
    /// Its number.
    pub worker: u32,
    /// Attempts it made.
    pub tasks: u64,
    /// Microseconds in which it got ready for them and ran them.
    pub busy_micros: u64,
    /// Attempts that failed or ran out of time.
    pub failures: u64,
    /// How often it was stopped or died.
    pub losses: u64,
    /// Attempts a second of being busy; what it is ranked by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks_per_busy_second: Option<Finite>,
    /// Share of its attempts that failed or ran out of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_share: Option<Finite>,
}

/// Where time went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    /// Tasks waited for a worker. Many wait at the same time, so this is no work.
    pub queue: StageTime,
    /// Strategies were compiled.
    pub compile: StageTime,
    /// Workers got ready for tasks.
    pub instantiate: StageTime,
    /// Tasks ran.
    pub run: StageTime,
    /// Results were stored.
    pub store: StageTime,
}

/// The time of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageTime {
    /// What went through it: strategies to be compiled, tasks otherwise.
    pub count: u64,
    /// Microseconds in all.
    pub micros: u64,
    /// Share of the time of all stages, waiting in the queue included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_of_time: Option<Finite>,
    /// Share of the work: of the time of all stages but the queue, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_of_work: Option<Finite>,
}

/// A count and a sum.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summed {
    pub(super) count: u64,
    pub(super) micros: u64,
}

impl Summed {
    pub(super) fn add(&mut self, count: u64, micros: u64) {
        self.count = self.count.saturating_add(count);
        self.micros = self.micros.saturating_add(micros);
    }
}

/// What a session did. Written as JSON it begins with its version, and another version is not read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    version: Version<1>,
    /// What the session had.
    pub session: Session,
    /// What became of the workers.
    pub workers: WorkerCounts,
    /// What became of the variants.
    pub variants: VariantCounts,
    /// What became of the attempts.
    pub attempts: Attempts,
    /// Batches of tasks.
    pub leases: Leases,
    /// Wall against sequential time.
    pub time: TimeSaved,
    /// Parallel efficiency: the share of the workers' time (wall time of as many workers as there could be) in which
    /// they were busy with tasks. At most 1, though clocks of several processes may differ a little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<Finite>,
    /// Throughput: variants settled a second of wall time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants_per_second: Option<Finite>,
    /// Share of the settled variants that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_share: Option<Finite>,
    /// How long runs took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<RunTimes>,
    /// Where time went.
    pub stages: Stages,
    /// How long the queue was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueLengths>,
    /// Workers that did something, the fastest first. Of equally fast ones the smallest number is first.
    pub ranking: Vec<RankedWorker>,
    /// What stood in the way most.
    pub bottleneck: Finding,
    /// What somebody should look at.
    pub alerts: Vec<Alert>,
}

impl Report {
    pub(super) fn of(facts: &Recorder, session: Session) -> Self {
        let Recorder { counts, variants, attempts, leases, .. } = *facts;
        let stages = stages(facts);
        let runs = run_times(facts);
        let queue = facts.lengths.lengths();
        let efficiency = efficiency(&stages, &session);
        Self {
            version: Version,
            session,
            workers: counts,
            variants,
            attempts,
            leases,
            time: time_saved(facts, &session),
            efficiency,
            variants_per_second: per_second(variants.settled(), session.wall_micros),
            failure_share: Finite::ratio(variants.failed, variants.settled()),
            runs,
            queue,
            ranking: ranking(facts),
            bottleneck: bottleneck::find(&session, &stages, &leases, efficiency),
            alerts: alert::find(&counts, &variants, &attempts, runs.as_ref(), queue.as_ref()),
            stages,
        }
    }
}

fn work_micros(facts: &Recorder) -> u64 {
    let work = [facts.compile, facts.instantiate, facts.run, facts.store];
    work.iter().map(|stage| stage.micros).fold(0, u64::saturating_add)
}

fn stages(facts: &Recorder) -> Stages {
    let work = work_micros(facts);
    let time = work.saturating_add(facts.queue.micros);
    let stage = |Summed { count, micros }: Summed, share_of_work| {
        let share_of_time = Finite::ratio(micros, time);
        StageTime { count, micros, share_of_time, share_of_work }
    };
    let working = |summed: Summed| stage(summed, Finite::ratio(summed.micros, work));
    Stages {
        queue: stage(facts.queue, None),
        compile: working(facts.compile),
        instantiate: working(facts.instantiate),
        run: working(facts.run),
        store: working(facts.store),
    }
}

fn time_saved(facts: &Recorder, session: &Session) -> TimeSaved {
    let sequential_micros = work_micros(facts);
    let saved = i128::from(sequential_micros) - i128::from(session.wall_micros);
    let saved_micros = saved.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    let saved_percent = match sequential_micros {
        0 => None,
        _ => Finite::of(saved as f64 / sequential_micros as f64 * 100.0),
    };
    TimeSaved { sequential_micros, saved_micros, saved_percent }
}

fn efficiency(stages: &Stages, session: &Session) -> Option<Finite> {
    let busy = stages.instantiate.micros.saturating_add(stages.run.micros);
    let available = session.wall_micros.saturating_mul(session.workers.into());
    Finite::ratio(busy.min(available), available)
}

fn per_second(count: u64, micros: u64) -> Option<Finite> {
    if micros == 0 { None } else { Finite::of(count as f64 * 1e6 / micros as f64) }
}

fn run_times(facts: &Recorder) -> Option<RunTimes> {
    let ended = &facts.ended;
    let (slowest_micros, slowest_variant) = facts.slowest?;
    let median_micros = ended.quantile(0.5)?;
    let limit = median_micros.saturating_mul(2).max(median_micros.saturating_add(alert::NOISE_MICROS));
    Some(RunTimes {
        runs: ended.count(),
        average_micros: Finite::ratio(ended.sum(), ended.count())?,
        fastest_micros: ended.min()?,
        median_micros,
        p95_micros: ended.quantile(0.95)?,
        slowest_micros,
        slowest_variant,
        slow_runs: ended.above(limit),
    })
}

fn ranking(facts: &Recorder) -> Vec<RankedWorker> {
    let active = facts.workers.iter().zip(0..).filter(|(it, _)| it.tasks > 0 || it.losses > 0);
    let mut ranked: Vec<_> = active
        .map(|(it, worker)| RankedWorker {
            worker,
            tasks: it.tasks,
            busy_micros: it.busy_micros,
            failures: it.failures,
            losses: it.losses,
            tasks_per_busy_second: per_second(it.tasks, it.busy_micros),
            failure_share: Finite::ratio(it.failures, it.tasks),
        })
        .collect();
    ranked.sort_by(|one, other| {
        // Compared as fractions, so that equally fast is exactly that. Who was never busy comes last.
        let product = |a: &RankedWorker, b: &RankedWorker| u128::from(a.tasks) * u128::from(b.busy_micros);
        let idle = |it: &RankedWorker| it.busy_micros == 0;
        let faster_first = if idle(one) || idle(other) {
            idle(one).cmp(&idle(other))
        } else {
            Reverse(product(one, other)).cmp(&Reverse(product(other, one)))
        };
        faster_first.then(one.worker.cmp(&other.worker))
    });
    ranked
}
