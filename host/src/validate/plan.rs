//! What is going to be done, before it is: which strategies, on which workers, and what that may take.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Serialize;
use stratbox_decide::{Status, Tier};

use super::cases::{Asked, Case};
use super::history::{self, Past};
use crate::cli::ValidateArgs;
use crate::failure::{Failure, shown};
use crate::file::write;
use crate::render::Report;
use crate::runs;

/// What is assumed where nothing like it was validated before.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Assumptions {
    /// To compile a source that was not compiled before.
    pub(crate) seconds_a_source: f64,
    /// To start the process of one attempt.
    pub(crate) seconds_a_process: f64,
    /// For one variant.
    pub(crate) microseconds_a_bar: f64,
    /// Of the files of data.
    pub(crate) bytes_a_bar: f64,
}

const ASSUMED: Assumptions =
    Assumptions { seconds_a_source: 0.6, seconds_a_process: 0.1, microseconds_a_bar: 1.0, bytes_a_bar: 60.0 };

/// What is going to be done.
#[derive(Serialize)]
pub(crate) struct Plan {
    pub(crate) queue: String,
    pub(crate) tiers: Vec<Tier>,
    /// Of the first tier.
    pub(crate) workers: usize,
    /// In the order in which they are begun.
    pub(crate) strategies: Vec<Planned>,
    /// Strategies that nothing is to be done with.
    pub(crate) not_due: usize,
    /// Until the last of them is done at the first tier at which it is due; tiers after that are not foreseen.
    pub(crate) expected_seconds: f64,
    /// The same, one after another.
    pub(crate) sequential_seconds: f64,
    /// Of all workers at once, at most.
    pub(crate) memory_bytes: u64,
    pub(crate) cost: f64,
    pub(crate) cost_per_cpu_hour: f64,
    pub(crate) assumptions: Assumptions,
    /// Whether nothing was done.
    pub(crate) dry_run: bool,
}

/// One strategy.
#[derive(Serialize)]
pub(crate) struct Planned {
    pub(crate) id: String,
    pub(crate) line: usize,
    pub(crate) source: String,
    pub(crate) status: Status,
    /// The tier at which it is due.
    pub(crate) tier: Tier,
    pub(crate) variants: u64,
    pub(crate) priority: i32,
    /// Which worker probably takes it.
    pub(crate) worker: usize,
    pub(crate) expected_seconds: f64,
    /// `history` or `assumed`.
    pub(crate) basis: &'static str,
    pub(crate) timeout_seconds: f64,
}

impl Report for Plan {
    fn human(&self) -> String {
        crate::render::validate::plan(self)
    }
}

/// How many workers do so many strategies: no more than there are strategies, processors and what the settings allow, unless
/// the command line says how many.
pub(super) fn workers(asked: &Asked, args: &ValidateArgs, strategies: usize) -> NonZeroUsize {
    let strategies = NonZeroUsize::new(strategies).unwrap_or(NonZeroUsize::MIN);
    if let Some(typed) = args.workers {
        return typed.min(strategies);
    }
    if strategies.get() < asked.validation.min_queue_depth_for_parallel {
        return NonZeroUsize::MIN;
    }
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    strategies.min(asked.validation.max_workers).min(processors)
}

impl Plan {
    pub(super) fn of(asked: &Asked, args: &ValidateArgs, past: &[Past]) -> Self {
        let first = asked.tiers.iter().find_map(|tier| {
            let count = asked.due.iter().filter(|place| due_at(asked, **place) == *tier).count();
            (count > 0).then_some(count)
        });
        let workers = workers(asked, args, first.unwrap_or_default());
        let bars = bars(asked);
        let mut busy = vec![0.0_f64; workers.get()];
        let mut strategies = Vec::with_capacity(asked.due.len());
        for place in &asked.due {
            let (case, tier) = (&asked.cases[*place], due_at(asked, *place));
            let known = history::expected(past, &case.id, tier);
            let expected_seconds = known.unwrap_or_else(|| assumed(case, tier, bars[case.field]));
            let free = (0..busy.len()).min_by(|a, b| busy[*a].total_cmp(&busy[*b])).unwrap_or_default();
            busy[free] += expected_seconds;
            strategies.push(Planned {
                id: case.id.clone(),
                line: case.line,
                source: shown(&case.source),
                status: case.managed.status,
                tier,
                variants: if tier == Tier::L0 { 1 } else { case.variants() },
                priority: case.priority,
                worker: free,
                expected_seconds,
                basis: if known.is_some() { "history" } else { "assumed" },
                timeout_seconds: asked.validation.timeout(tier).as_secs_f64(),
            });
        }
        let sequential_seconds: f64 = busy.iter().sum();
        let cost_per_cpu_hour = asked.validation.cost_per_cpu_hour;
        Self {
            queue: shown(&asked.path),
            tiers: asked.tiers.clone(),
            workers: workers.get(),
            not_due: asked.cases.len() - strategies.len(),
            strategies,
            expected_seconds: busy.iter().copied().fold(0.0, f64::max),
            sequential_seconds,
            memory_bytes: runs::memory_per_worker(&asked.limits).saturating_mul(workers.get() as u64),
            cost: sequential_seconds / 3_600.0 * cost_per_cpu_hour,
            cost_per_cpu_hour,
            assumptions: ASSUMED,
            dry_run: args.dry_run,
        }
    }

    /// Writes it down for others.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        write(path, |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            out.write_all(b"\n")
        })
    }
}

/// Where the plan is written to: where was said, or beside the queue.
pub(super) fn target(args: &ValidateArgs, queue: &Path) -> PathBuf {
    args.plan.clone().unwrap_or_else(|| {
        let stem = queue.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        queue.with_file_name(format!("{stem}.plan.json"))
    })
}

fn due_at(asked: &Asked, place: usize) -> Tier {
    asked.due_at(place).unwrap_or(asked.tiers[0])
}

/// Bars of each data, as far as the sizes of files tell.
fn bars(asked: &Asked) -> Vec<f64> {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |it| it.len()) as f64;
    let bars = |field: &super::cases::Field| {
        field.sources.iter().map(|source| bytes(&source.path)).sum::<f64>() / ASSUMED.bytes_a_bar
    };
    asked.fields.iter().map(bars).collect()
}

/// What a strategy may take of which nothing is known.
fn assumed(case: &Case, tier: Tier, bars: f64) -> f64 {
    let runs = match tier {
        Tier::L0 => 1.0,
        Tier::L1 | Tier::L2 => case.variants() as f64 + 1.0,
    };
    ASSUMED.seconds_a_source + ASSUMED.seconds_a_process + runs * bars * ASSUMED.microseconds_a_bar / 1e6
}
