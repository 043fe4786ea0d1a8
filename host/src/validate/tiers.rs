//! What each tier makes of a strategy's runs.

use std::collections::BTreeMap;

use stratbox_decide::splits::{Timeline, WalkForward, walk_forward};
use stratbox_decide::{Tier, Verdict};
use stratbox_domain::{BarSource, FaultLabel, Params, RunKey, RunOutcome};
use stratbox_metrics::overfitting::{Convention, Evidence};
use stratbox_metrics::series::{Moments, Returns, equity_returns, spearman};
use stratbox_metrics::{Figure, MetricName, Metrics, Missing, TradeBook};
use stratbox_orchestrator::{Ending, FaultSignature};

use super::floor::{Floor, Ran, Stop, fault_words};
use super::population::{Final, Population};
use crate::backtest::{Execution, Outcome};
use crate::render::text::counted;
use crate::strategy::Strategy;
use crate::sweep::MOST_STEPS;
use crate::trace::Keeps;

/// What was found of a strategy at a tier.
pub(super) struct Found {
    pub(super) figures: BTreeMap<String, Figure>,
    pub(super) verdict: Verdict,
    /// What the figures are of, or what goes on.
    pub(super) params: Params,
    pub(super) remarks: Vec<String>,
    /// Of a run on what is held out: its key, and what it came to.
    pub(super) look: Option<(RunKey, Outcome)>,
}

/// Either that, or a mistake of the strategy's own.
pub(super) enum Judged {
    Found(Box<Found>),
    /// Every run ended in a fault; how that counts, and the first of them in words.
    Faulted(Ending, String),
}

fn judged(floor: &Floor<'_>, tier: Tier, figures: BTreeMap<String, Figure>, params: Params) -> Found {
    let figure = |name: &str| figures.get(name).copied().unwrap_or(Missing::NoData.into());
    let verdict = Verdict::of(floor.asked.rules.gates(tier), figure);
    Found { figures, verdict, params, remarks: Vec::new(), look: None }
}

/// Why nothing completed, where every run ended in a fault.
fn faulted<T>(ran: &Ran<T>) -> Option<Judged> {
    let (fault, fuel) = ran.fault.as_ref().filter(|_| ran.completed.is_empty())?;
    let ending = match fault.label {
        // An orderly answer, which would be the same again.
        FaultLabel::InitRefused => Ending::Final,
        label => {
            Ending::Faulted(FaultSignature { label, code: fault.code.clone(), bar: fault.bar, fuel: *fuel })
        }
    };
    Some(Judged::Faulted(ending, fault_words(fault)))
}

fn nothing_ran() -> Stop {
    Stop::Ended(Ending::Cancelled, "nothing was run".to_owned())
}

fn metrics_of(metrics: &Metrics) -> BTreeMap<String, Figure> {
    MetricName::ALL.into_iter().map(|name| (name.as_str().to_owned(), metrics.get(name))).collect()
}

/// L0: one run on a few months.
pub(super) fn cheap(floor: &Floor<'_>, strategy: &Strategy, params: &Params) -> Result<Judged, Stop> {
    let keeps = Keeps { signals: true, ..Keeps::default() };
    let mut ran = floor.run(strategy, std::slice::from_ref(params), keeps, &|_, execution| {
        let (signals, forward): (Vec<f64>, Vec<f64>) = execution.trace.signals.iter().copied().unzip();
        (execution.outcome, spearman(&signals, &forward), execution.trace.dropped_signals)
    })?;
    if let Some(judged) = faulted(&ran) {
        return Ok(judged);
    }
    let Some((_, (RunOutcome::Completed(metrics), ic, dropped))) = ran.completed.pop() else {
        return Err(nothing_ran());
    };
    let mut figures = metrics_of(&metrics);
    figures.insert("ic".to_owned(), ic);
    let mut found = judged(floor, Tier::L0, figures, params.clone());
    if dropped > 0 {
        found
            .remarks
            .push(format!("`ic` is of the first signals: {} had no room", counted(dropped, "other")));
    }
    Ok(Judged::Found(Box::new(found)))
}

/// The returns of one variant, and its Sharpe ratio over all bars.
pub(super) struct Column {
    pub(super) variant: usize,
    pub(super) key: RunKey,
    pub(super) returns: Result<Vec<f64>, Missing>,
    pub(super) sharpe: Figure,
}

/// Runs every variant for its returns, a time step each.
pub(super) fn columns(
    floor: &Floor<'_>,
    strategy: &Strategy,
    variants: &[Params],
) -> Result<Ran<Column>, Stop> {
    let cash = floor.asked.venue.initial_cash;
    let keeps = Keeps::equity(floor.bars.source.steps(), MOST_STEPS as u64);
    let mut ran = floor.run(strategy, variants, keeps, &|key, Execution { outcome, trace, .. }| {
        let sharpe = match &outcome {
            RunOutcome::Completed(metrics) => metrics.sharpe,
            RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => Missing::NoData.into(),
        };
        Column { variant: 0, key, returns: equity_returns(cash, &trace.equity), sharpe }
    })?;
    ran.completed.iter_mut().for_each(|(place, column)| column.variant = *place);
    Ok(ran)
}

/// The variant with the highest Sharpe ratio over all bars, the first of equal ones; the first one if none has any.
pub(super) fn best(columns: &[(usize, Column)]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (place, column) in columns {
        if let Some(sharpe) = column.sharpe.value()
            && best.is_none_or(|(_, highest)| sharpe > highest)
        {
            best = Some((*place, sharpe));
        }
    }
    best.map(|(place, _)| place).or_else(|| columns.first().map(|(place, _)| *place))
}

/// Bars for which there cannot be an answer.
fn unavailable(problem: impl std::fmt::Display) -> Stop {
    Stop::Ended(Ending::Unavailable, problem.to_string())
}

/// L1: every variant on all bars that choosing may read, walked forward.
pub(super) fn thorough(floor: &Floor<'_>, strategy: &Strategy, variants: &[Params]) -> Result<Judged, Stop> {
    let steps = floor.bars.source.steps();
    if steps > MOST_STEPS as u64 {
        return Err(unavailable(format!(
            "walking forward is for at most {MOST_STEPS} time steps, and these are {steps}: resample the bars"
        )));
    }
    let timeline = Timeline::new(floor.bars.source.times()).map_err(unavailable)?;
    let folds = floor.asked.rules.walk_forward.folds(&timeline, &timeline.whole()).map_err(unavailable)?;
    let ran = columns(floor, strategy, variants)?;
    if let Some(judged) = faulted(&ran) {
        return Ok(judged);
    }
    let Some(best) = best(&ran.completed) else { return Err(nothing_ran()) };
    let with_returns: Vec<(usize, &[f64])> = ran
        .completed
        .iter()
        .filter_map(|(place, column)| Some((*place, column.returns.as_deref().ok()?)))
        .filter(|(_, returns)| returns.len() as u64 == steps)
        .collect();
    let series: Vec<&[f64]> = with_returns.iter().map(|(_, returns)| *returns).collect();
    let walked = walk_forward(&series, &timeline, &folds).map_err(unavailable)?;
    let tests: Vec<(usize, (i64, i64))> = walked
        .choices
        .iter()
        .zip(&folds.folds)
        .filter_map(|(choice, fold)| Some((with_returns[choice.variant?].0, (fold.test.from, fold.test.to))))
        .collect();
    let trades = trades(floor, strategy, variants, &tests)?;
    let figures = walked_figures(floor, &walked, &trades);
    let mut found = judged(floor, Tier::L1, figures, variants[best].clone());
    let folds = counted(folds.folds.len() as u64, "fold");
    found.remarks.push(format!("{}, {folds}", counted(variants.len() as u64, "variant")));
    let lost = variants.len() - series.len();
    if lost > 0 {
        found.remarks.push(format!(
            "{} without returns: faulted, or lost everything",
            counted(lost as u64, "variant")
        ));
    }
    Ok(Judged::Found(Box::new(found)))
}

/// Profits of the trades that were closed in the test parts, by what was chosen for each.
fn trades(
    floor: &Floor<'_>,
    strategy: &Strategy,
    variants: &[Params],
    tests: &[(usize, (i64, i64))],
) -> Result<Vec<f64>, Stop> {
    let mut chosen: Vec<usize> = tests.iter().map(|(variant, _)| *variant).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let params: Vec<Params> = chosen.iter().map(|variant| variants[*variant].clone()).collect();
    let keeps = Keeps { fills: true, ..Keeps::default() };
    // The same runs as before, for their fills: no other trials.
    let ran = floor.run(strategy, &params, keeps, &|_, execution| {
        let mut book = TradeBook::default();
        let closed = execution.trace.fills.iter().filter_map(|fill| book.fill(fill));
        closed.map(|trade| (trade.exit_time, trade.pnl)).collect::<Vec<(i64, f64)>>()
    })?;
    let mut profits = Vec::new();
    for (variant, (from, to)) in tests {
        let of = ran.completed.iter().find(|(place, _)| chosen[*place] == *variant);
        let closed = of.map(|(_, trades)| trades.as_slice()).unwrap_or_default();
        profits.extend(closed.iter().filter(|(at, _)| (*from..*to).contains(at)).map(|(_, profit)| *profit));
    }
    Ok(profits)
}

fn walked_figures(floor: &Floor<'_>, walked: &WalkForward, profits: &[f64]) -> BTreeMap<String, Figure> {
    let returns = Returns::new(&walked.returns, floor.bars.periods_per_year);
    let won: f64 = profits.iter().filter(|profit| **profit > 0.0).sum();
    let lost: f64 = profits.iter().filter(|profit| **profit < 0.0).sum();
    let wins = profits.iter().filter(|profit| **profit > 0.0).count();
    let win_rate = match profits.len() {
        0 => Missing::NoClosedTrades.into(),
        count => Figure::of(wins as f64 / count as f64),
    };
    let profit_factor = match (profits.is_empty(), lost < 0.0) {
        (true, _) => Missing::NoClosedTrades.into(),
        (false, false) => Missing::NoLosingTrades.into(),
        (false, true) => Figure::of(won / -lost),
    };
    let efficiency = walked.efficiency.map_or_else(|_| Missing::NoData.into(), Figure::of);
    let figures = [
        ("total_return", returns.total_return()),
        ("cagr", returns.cagr()),
        ("volatility", returns.volatility()),
        ("sharpe", returns.sharpe(0.0)),
        ("sortino", returns.sortino(0.0)),
        ("calmar", returns.calmar()),
        ("max_drawdown", returns.max_drawdown()),
        ("win_rate", win_rate),
        ("profit_factor", profit_factor),
        ("trades", Figure::of(profits.len() as f64)),
        ("efficiency", efficiency),
    ];
    figures.map(|(name, figure)| (name.to_owned(), figure)).into()
}

/// L2: the best variant on what is held out, beside every trial that was made on the way.
pub(super) fn last(
    floor: &Floor<'_>,
    strategy: &Strategy,
    (population, chosen, trials): (&Population, &Final, u64),
) -> Result<Judged, Stop> {
    let params = &chosen.params;
    let cash = floor.asked.venue.initial_cash;
    let keeps = Keeps::equity(floor.bars.source.steps(), MOST_STEPS as u64);
    let mut ran = floor.run(strategy, std::slice::from_ref(params), keeps, &|key, execution| {
        (key, equity_returns(cash, &execution.trace.equity), execution.outcome)
    })?;
    if let Some(judged) = faulted(&ran) {
        return Ok(judged);
    }
    let Some((_, (key, returns, outcome))) = ran.completed.pop() else { return Err(nothing_ran()) };
    let RunOutcome::Completed(metrics) = &outcome else { return Err(nothing_ran()) };
    let mut figures = metrics_of(metrics);
    let evidence = returns.as_deref().map_err(|missing| *missing).and_then(Moments::of).map(Evidence::from);
    let psr = evidence.map_or_else(Figure::from, |it| it.probability(0.0, Convention::Observed));
    let deflated = evidence.and_then(|evidence| {
        let points = returns.as_ref().map_or(0, Vec::len);
        let deviation = population.deviation(points, trials)?;
        Ok(evidence.deflated(trials as f64, deviation * deviation, Convention::Observed))
    });
    figures.insert("psr".to_owned(), psr);
    figures.insert("dsr".to_owned(), deflated.map_or_else(Figure::from, |it| it.probability));
    figures.insert("pbo".to_owned(), population.pbo);
    let mut found = judged(floor, Tier::L2, figures, params.clone());
    found.remarks.push(population.words());
    if population.series.len() < 2 {
        found.remarks.push(
            "`pbo` is about choosing among variants, and there is but one series: give `params` lists of values".to_owned(),
        );
    }
    found.look = Some((key, outcome));
    Ok(Judged::Found(Box::new(found)))
}
