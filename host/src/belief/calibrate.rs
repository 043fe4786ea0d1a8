//! `stratbox calibrate`: how often the whole pipeline, from the sweep to the verdict, finds an edge where there is none.

use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Serialize;
use stratbox_decide::Gate;
use stratbox_domain::{Bar, BarSource, Instrument};
use stratbox_market::Dataset;
use stratbox_metrics::Figure;
use stratbox_store::Workspace;
use stratbox_worlds::{Drift, World};

use super::{Belief, Care, judge};
use crate::bars::{Bars, BarsSummary};
use crate::cli::{CalibrateArgs, OnFailures, SessionArgs, WorldKind};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{self, Report};
use crate::session::Opened;
use crate::sweep::{Plan, SweepFile, climb};
use crate::wiring::{Engine, Setting};

/// Rows of which worlds are made, at most: they are held in memory a few times over.
const MOST_ROWS: u64 = 5_000_000;

/// How often something was accepted.
#[derive(Serialize)]
pub(crate) struct CalibrationReport {
    pub(crate) file: String,
    pub(crate) data: BarsSummary,
    /// Variants of each world's sweep.
    pub(crate) variants: u64,
    pub(crate) gates: Vec<Gate>,
    pub(crate) seed: u64,
    pub(crate) kinds: Vec<Calibrated>,
    /// The share of all worlds without an edge whose best was accepted.
    pub(crate) false_acceptance: Option<f64>,
    /// Whether it was stopped before all worlds were done.
    pub(crate) stopped: bool,
}

/// Worlds of one kind.
#[derive(Serialize)]
pub(crate) struct Calibrated {
    #[serde(flatten)]
    pub(crate) world: World,
    pub(crate) worlds: u64,
    /// Those whose best variant passed every gate.
    pub(crate) accepted: u64,
    /// Those in which no variant had a figure to rank by: nothing could be accepted.
    pub(crate) without_a_best: u64,
    /// The median of the best variants' deflated Sharpe ratios.
    pub(crate) median_dsr: Option<f64>,
    /// The median of their probabilities of overfitting.
    pub(crate) median_pbo: Option<f64>,
}

/// Makes worlds from a sweep file's bars, and does in each what a sweep does, in a workspace of its own: what is tried on
/// made-up bars counts for nobody.
pub(crate) fn calibrate(
    args: &CalibrateArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<CalibrationReport, Failure> {
    let kinds = kinds(args)?;
    let file = SweepFile::read(&args.file)?;
    let engine = Engine::start(setting, note)?;
    let processors = std::thread::available_parallelism().ok();
    let workers = args.workers.or(processors).unwrap_or(NonZeroUsize::MIN);
    let mut real = Plan::resolve(&engine, &file, workers, true)?;
    real.take_all()?;
    // Worlds have the volatility of the bars that they are made from.
    if setting.workspace.as_deref().is_some_and(std::path::Path::exists) {
        real.check_firewall(&setting.workspace()?.reader()?)?;
    }
    let (instruments, bars) = real_bars(&real)?;
    let mut report = CalibrationReport {
        file: real.file.clone(),
        data: real.bars.summary.clone(),
        variants: real.variants(),
        gates: real.gates.clone(),
        seed: args.seed,
        kinds: Vec::new(),
        false_acceptance: None,
        stopped: false,
    };
    drop(real);
    for world in kinds {
        note(&format!("{} {} worlds of {} variants each", args.worlds, world.label(), report.variants));
        let mut beliefs = Vec::new();
        for number in 0..args.worlds {
            // Worlds of different kinds are different whatever they begin with.
            let seed = args.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number));
            let made = world.make(&bars, instruments.len() as u32, seed);
            let made = made.map_err(|error| Failure::input(format!("no world can be made: {error}")))?;
            let dataset = Arc::new(Dataset::from_bars(instruments.clone(), made)?);
            // Samplers that learn begin anew in each world.
            let mut plan = Plan::resolve(&engine, &file, workers, true)?;
            plan.put_on(Bars::of(dataset, (None, None))?)?;
            match one(&engine, &mut plan, workers, setting)? {
                Some(belief) => beliefs.push(belief),
                None => report.stopped = true,
            }
            if report.stopped {
                break;
            }
        }
        report.kinds.push(Calibrated::of(world, &beliefs));
        if report.stopped {
            break;
        }
    }
    let null = report.kinds.iter().filter(|kind| kind.world.is_null());
    let (accepted, worlds) = null.fold((0, 0), |sum, kind| (sum.0 + kind.accepted, sum.1 + kind.worlds));
    let judged = report.kinds.iter().any(|kind| kind.without_a_best < kind.worlds);
    report.false_acceptance = (worlds > 0 && judged).then(|| accepted as f64 / worlds as f64);
    Ok(report)
}

/// One world; `None` when it was stopped from outside, and otherwise its belief, if there is a best.
fn one(
    engine: &Engine,
    plan: &mut Plan,
    workers: NonZeroUsize,
    setting: &Setting,
) -> Result<Option<Option<Belief>>, Failure> {
    let unwritable = |error: std::io::Error| {
        Failure::environment(format!("no temporary directory can be made for a world: {error}"))
    };
    let dir = tempfile::tempdir().map_err(unwritable)?;
    let opened = Opened::create(Workspace::open(&dir.path().join("world"))?, engine, plan)?;
    let (_, ended) = climb(engine, plan, opened, &session_args(workers), setting, &|_| {})?;
    if let Some(failure) = ended.failure {
        return Err(failure);
    }
    if ended.stopped.is_some() {
        return Ok(None);
    }
    let reader = ended.opened.workspace.reader()?;
    let counted = reader.trials(&plan.data, &[])?;
    judge(engine, plan, (&reader, ended.opened.id), &counted, Care::quick(workers)).map(Some)
}

/// Nobody waits for any of them.
fn session_args(workers: NonZeroUsize) -> SessionArgs {
    SessionArgs {
        workers: Some(workers),
        top: 1,
        out: None,
        events: None,
        on_failures: OnFailures::Continue,
        failure_share: 1.0,
        cpu_threshold: 1.0,
        memory_threshold: 1.0,
        timeout_retries: 1,
        loss_retries: 3,
        grace: 0,
    }
}

fn kinds(args: &CalibrateArgs) -> Result<Vec<World>, Failure> {
    let all = [WorldKind::Permuted, WorldKind::Bootstrapped, WorldKind::RandomWalk];
    let kinds = if args.kinds.is_empty() { &all[..] } else { &args.kinds };
    let repeated = (1..kinds.len()).any(|place| kinds[..place].contains(&kinds[place]));
    if repeated {
        return Err(Failure::usage("a kind of world is named twice: leave one out"));
    }
    let world = |kind: &WorldKind| {
        let world = match kind {
            WorldKind::Permuted => World::Permuted { drift: Drift::Removed },
            WorldKind::Bootstrapped => {
                World::Bootstrapped { mean_block: args.mean_block, drift: Drift::Removed, mirrored: true }
            }
            WorldKind::RandomWalk => World::RandomWalk { volatility: None, drift: Drift::Removed },
            WorldKind::Planted => World::Planted { autocorrelation: args.autocorrelation, volatility: None },
        };
        world.validate().map(|()| world).map_err(|error| Failure::usage(error.to_string()))
    };
    kinds.iter().map(world).collect()
}

fn real_bars(plan: &Plan) -> Result<(Vec<Instrument>, Vec<Bar>), Failure> {
    let source = &plan.bars.source;
    let Some(bars) = plan.bars.tradable(MOST_ROWS) else {
        let problem = format!(
            "worlds are made from at most {} rows, and these are {}",
            render::text::grouped(MOST_ROWS),
            render::text::grouped(source.rows())
        );
        return Err(Failure::input(problem).hint("choose fewer with `from` and `to`, or resample them"));
    };
    if source.tradable() as usize != source.instruments().len() {
        let problem = "worlds have no slower bars, and the file asks for `views`";
        return Err(Failure::input(problem).hint("leave `views` out to calibrate"));
    }
    Ok((source.instruments().to_vec(), bars))
}

impl Calibrated {
    fn of(world: World, beliefs: &[Option<Belief>]) -> Self {
        let judged = || beliefs.iter().flatten();
        let accepted = judged().filter(|belief| belief.verdict.answers.accepted).count() as u64;
        let median = |name: &str| {
            let figures = judged().filter_map(|belief| belief.figures.get(name).and_then(Figure::value));
            let mut values: Vec<f64> = figures.collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        Self {
            world,
            worlds: beliefs.len() as u64,
            accepted,
            without_a_best: (beliefs.len() - judged().count()) as u64,
            median_dsr: median("dsr"),
            median_pbo: median("pbo"),
        }
    }
}

impl Report for CalibrationReport {
    fn human(&self) -> String {
        render::belief::calibration(self)
    }

    fn exit(&self) -> Exit {
        if self.stopped { Exit::Cancelled } else { Exit::Ok }
    }
}
