//! `stratbox run`: one strategy, one set of parameters.

mod counted;
mod detail;

pub(crate) use detail::Whole;

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use stratbox_domain::{BarSource, Interruption, Limits, Params, RunKey, RunOutcome, VenuePolicy};

use stratbox_metrics::DetailReport;
use stratbox_store::DataRange;

use crate::backtest::{Conditions, Ended, LogLines, Outcome, Stamped};
use crate::bars::{Bars, BarsSummary};
use crate::cli::RunSettings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file::check_target;
use crate::interrupt::cancel_flag;
use crate::key::RunKeys;
use crate::render::Report;
use crate::runs::Run;
use crate::strategy::Strategy;
use crate::trace::Keeps;
use crate::wiring::{Engine, Setting, Walls};
use counted::Counter;

/// What came of one run, and everything it was made of.
pub(crate) struct RunReport {
    pub(crate) strategy: String,
    pub(crate) source: String,
    pub(crate) params: Params,
    pub(crate) data: BarsSummary,
    pub(crate) venue: VenuePolicy,
    pub(crate) limits: Limits,
    pub(crate) engine: String,
    pub(crate) run_key: RunKey,
    pub(crate) outcome: Outcome,
    pub(crate) fuel: u64,
    pub(crate) wall_seconds: f64,
    /// When it was asked for.
    pub(crate) log: Option<LogLines>,
    /// Trials on these bars, with this one, where they are counted.
    pub(crate) trials: Option<u64>,
    /// When it was asked for, and the run completed.
    pub(crate) whole: Option<Whole>,
    pub(crate) isolation: Walls,
}

pub(crate) fn run(
    settings: &RunSettings,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<RunReport, Failure> {
    let targets = settings.equity.iter().chain(&settings.trades);
    let inputs: Vec<_> =
        settings.sources.iter().map(|source| &source.path).chain([&settings.strategy]).collect();
    targets.into_iter().try_for_each(|target| check_target(target, &inputs))?;
    if settings.equity.is_some() && settings.equity == settings.trades {
        return Err(Failure::usage(
            "`--equity` and `--trades` name the same file: name another for one of them",
        ));
    }
    let engine = Engine::start(setting, note)?;
    let bars = Bars::open(&engine, &settings.sources, (settings.from, settings.to))?;
    let range = DataRange { dataset: bars.dataset.digest(), from: settings.from, to: settings.to };
    let mut counter = Counter::open(setting, &range, settings.look.as_ref(), note)?;
    let strategy = Strategy::load(&engine, &settings.strategy)?;
    let params = params(&strategy, &settings.params)?;
    let cancel = cancel_flag()?;
    settings.check_instruments(&*bars.source)?;
    let (policy, limits) = (Arc::new(settings.policy.clone()), settings.limits);
    let periods_per_year = bars.periods_per_year;
    let conditions =
        Conditions { bars: Arc::clone(&bars.source) as _, policy, limits, periods_per_year, cancel };
    let version = engine.version([&strategy.code]);
    let keys =
        RunKeys::new(strategy.code.identity(), &bars.summary.digest, &settings.policy, &limits, version);
    let run_key = keys.of(&params);
    let runs = engine.runs(conditions, &bars)?;
    let started = Instant::now();
    let run = Run::new(&strategy.code, || (params.clone(), run_key));
    let in_full = settings.report || settings.equity.is_some() || settings.trades.is_some();
    let keeps = if in_full { detail::keeps(&bars, settings.log) } else { Keeps::log(settings.log) };
    let execution = runs.one(run, keeps)?;
    let wall_seconds = started.elapsed().as_secs_f64();
    // Before anything is shown.
    let trials = counter.count(&execution.outcome, run_key)?;
    let completed = matches!(execution.outcome, RunOutcome::Completed(_));
    let whole = (in_full && completed)
        .then(|| Whole::of(&bars, execution.trace, settings.policy.initial_cash, trials));
    if let Some(whole) = &whole {
        settings.equity.iter().try_for_each(|path| whole.write_equity(path))?;
        settings.trades.iter().try_for_each(|path| whole.write_trades(path, &bars.summary.instruments))?;
    }
    Ok(RunReport {
        run_key,
        strategy: strategy.name,
        source: strategy.source,
        params,
        venue: settings.policy.clone(),
        limits: settings.limits,
        engine: version.to_owned(),
        outcome: execution.outcome,
        fuel: execution.fuel,
        wall_seconds,
        log: settings.log.then_some(execution.log),
        trials,
        whole: whole.filter(|_| settings.report),
        isolation: engine.walls(),
        data: bars.summary,
    })
}

/// Every parameter: as typed, or its default.
fn params(strategy: &Strategy, typed: &[(String, String)]) -> Result<Params, Failure> {
    let mut params: Params = strategy.defaults().collect();
    for (name, text) in typed {
        let spec = strategy.parameter(name)?;
        let value = spec.parse(text).map_err(|error| Failure::usage(error.to_string()))?;
        params.insert(name.clone(), value);
    }
    Ok(params)
}

impl Serialize for RunReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The document, in its order.
        #[derive(Serialize)]
        struct Document<'a> {
            strategy: &'a str,
            source: &'a str,
            params: &'a Params,
            data: &'a BarsSummary,
            venue: Stamped<'a>,
            limits: &'a Limits,
            engine: &'a str,
            run_key: &'a RunKey,
            #[serde(flatten)]
            ended: Ended<'a>,
            fuel: u64,
            wall_seconds: f64,
            /// Null where they are not counted.
            trials: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            report: Option<&'a DetailReport>,
            #[serde(skip_serializing_if = "Option::is_none")]
            log: Option<&'a LogLines>,
            isolation: Walls,
        }
        Document {
            strategy: &self.strategy,
            source: &self.source,
            params: &self.params,
            data: &self.data,
            venue: Stamped::of(&self.venue),
            limits: &self.limits,
            engine: &self.engine,
            run_key: &self.run_key,
            ended: Ended::from(&self.outcome),
            fuel: self.fuel,
            wall_seconds: self.wall_seconds,
            trials: self.trials,
            report: self.whole.as_ref().and_then(|whole| whole.report.as_ref().ok()),
            log: self.log.as_ref(),
            isolation: self.isolation,
        }
        .serialize(serializer)
    }
}

impl Report for RunReport {
    fn human(&self) -> String {
        crate::render::run::human(self)
    }

    fn exit(&self) -> Exit {
        match &self.outcome {
            RunOutcome::Completed(_) => Exit::Ok,
            RunOutcome::Faulted(_) => Exit::Faulted,
            RunOutcome::Interrupted(Interruption::Timeout { .. }) => Exit::TimedOut,
            RunOutcome::Interrupted(Interruption::Cancelled { .. }) => Exit::Cancelled,
            RunOutcome::Interrupted(Interruption::WorkerLost { .. }) => Exit::WorkerLost,
        }
    }
}
