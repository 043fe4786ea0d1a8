//! What each tier makes of a strategy's runs.

use std::collections::BTreeMap;
use std::ops::Range;

use stratbox_decide::splits::{Timeline, WalkForward, walk_forward};
use stratbox_domain::{BarSource, Fault, FaultLabel, Interruption, Params, RunKey, RunOutcome};
use stratbox_metrics::overfitting::{Convention, Evidence};
use stratbox_metrics::series::{Moments, Returns, equity_returns, information_coefficient};
use stratbox_metrics::{Figure, MetricName, Metrics, Missing, Trade, TradeBook};
use stratbox_orchestrator::{Ending, FaultSignature};

use super::floor::{Faulted, Floor, Ran, Stop, fault_words, params_words};
use crate::backtest::{Execution, Outcome};
use crate::render::text::counted;
use crate::strategy::Strategy;
use crate::sweep::MOST_STEPS;
use crate::trace::Keeps;

/// What was found of a strategy at a tier.
pub(super) struct Found {
    pub(super) figures: BTreeMap<String, Figure>,
    /// The returns of a run on what is held out, where they can be deflated.
    pub(super) moments: Option<Moments>,
    /// What the figures are of, or what goes on.
    pub(super) params: Params,
    pub(super) remarks: Vec<String>,
}

/// Either that, or a mistake of the strategy's own.
pub(super) enum Judged {
    Found(Box<Found>),
    /// A run ended in a fault; how that counts, and the first of them in words.
    Faulted(Ending, String),
}

fn found(figures: BTreeMap<String, Figure>, params: Params) -> Found {
    Found { figures, moments: None, params, remarks: Vec::new() }
}

/// Why there is no answer, where any run ended in a fault: to leave a variant out that faulted late would be to know how it
/// ends. Parameters that were refused saw nothing, and count as a mistake only when there are no others.
fn faulted<T>(ran: &Ran<T>, variants: &[Params]) -> Option<Judged> {
    if let Some(Faulted { place, fault, fuel }) = &ran.fault {
        let Fault { label, code, bar, .. } = fault;
        let signature = FaultSignature { label: *label, code: code.clone(), bar: *bar, fuel: *fuel };
        let words = named(fault_words(fault), &variants[*place]);
        return Some(Judged::Faulted(Ending::Faulted(signature), words));
    }
    let (places, fault) = &ran.refused;
    let fault = fault.as_ref().filter(|_| ran.completed.is_empty())?;
    let params = places.first().map(|place| &variants[*place]).filter(|_| variants.len() > 1);
    let words = fault_words(fault);
    // An orderly answer, which would be the same again.
    Some(Judged::Faulted(Ending::Final, params.map_or(words.clone(), |params| named(words, params))))
}

/// A fault, with the parameters that it is of.
fn named(fault: String, params: &Params) -> String {
    if params.is_empty() { fault } else { format!("{fault} (with {})", params_words(params)) }
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
        let ic = information_coefficient(&execution.trace.signals);
        (execution.outcome, ic, execution.trace.dropped_signals)
    })?;
    if let Some(judged) = faulted(&ran, std::slice::from_ref(params)) {
        return Ok(judged);
    }
    let Some((_, (RunOutcome::Completed(metrics), ic, dropped))) = ran.completed.pop() else {
        return Err(nothing_ran());
    };
    let mut figures = metrics_of(&metrics);
    figures.insert("ic".to_owned(), ic);
    let mut found = found(figures, params.clone());
    if dropped > 0 {
        found
            .remarks
            .push(format!("`ic` is of the first signals: {} had no room", counted(dropped, "other")));
    }
    Ok(Judged::Found(Box::new(found)))
}

/// The returns of one variant, and its Sharpe ratio over all bars.
pub(super) struct Column {
    pub(super) key: RunKey,
    /// A time step each. Who loses everything is there with that.
    pub(super) returns: Vec<f64>,
    pub(super) sharpe: Figure,
}

impl Column {
    fn is_ruined(&self) -> bool {
        self.returns.iter().any(|it| *it <= -1.0)
    }
}

/// Runs every variant for its returns; or says what is wrong with one of them.
pub(super) fn columns(
    floor: &Floor<'_>,
    strategy: &Strategy,
    variants: &[Params],
) -> Result<Result<Ran<Column>, Judged>, Stop> {
    let cash = floor.asked.venue.initial_cash;
    let keeps = Keeps::equity(floor.bars.source.steps(), MOST_STEPS as u64);
    let ran = floor.run(strategy, variants, keeps, &|key, Execution { outcome, trace, .. }| {
        let sharpe = match &outcome {
            RunOutcome::Completed(metrics) => metrics.sharpe,
            RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => Missing::NoData.into(),
        };
        returns_to_the_end(cash, &trace.equity).map(|returns| Column { key, returns, sharpe })
    })?;
    if let Some(judged) = faulted(&ran, variants) {
        return Ok(Err(judged));
    }
    let Ran { completed, refused, fault } = ran;
    let mut columns = Vec::with_capacity(completed.len());
    for (place, column) in completed {
        match column.filter(|it| it.returns.len() as u64 == floor.bars.source.steps()) {
            Some(column) => columns.push((place, column)),
            None => {
                let why =
                    named("its equity is beyond the range of floating point".to_owned(), &variants[place]);
                return Ok(Err(Judged::Faulted(Ending::Final, why)));
            }
        }
    }
    Ok(Ok(Ran { completed: columns, refused, fault }))
}

/// The returns of an equity curve. Once it is zero or below, all is lost: -1 at that step, and 0 after it. `None` when a value
/// is not a number.
fn returns_to_the_end(initial: f64, equity: &[f64]) -> Option<Vec<f64>> {
    let mut last = initial;
    let step = |value: &f64| {
        let is_lost = last <= 0.0;
        let step = match *value {
            value if !value.is_finite() => return None,
            _ if is_lost => 0.0,
            value if value <= 0.0 => -1.0,
            value => value / last - 1.0,
        };
        // Nobody comes back from there, whatever the equity says.
        last = if is_lost { last } else { *value };
        step.is_finite().then_some(step)
    };
    equity.iter().map(step).collect()
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

/// Refuses, before anything runs, more time steps than of which every one can be kept.
fn few_enough(steps: u64, what: &str) -> Result<(), Stop> {
    if steps <= MOST_STEPS as u64 {
        return Ok(());
    }
    Err(unavailable(format!(
        "{what} at most {MOST_STEPS} time steps, and these are {steps}: resample the bars"
    )))
}

/// L1: every variant on all bars that choosing may read, walked forward.
pub(super) fn thorough(floor: &Floor<'_>, strategy: &Strategy, variants: &[Params]) -> Result<Judged, Stop> {
    let steps = floor.bars.source.steps();
    few_enough(steps, "walking forward is for")?;
    let timeline = Timeline::new(floor.bars.source.times()).map_err(unavailable)?;
    let folds = floor.asked.rules.walk_forward.folds(&timeline, &timeline.whole()).map_err(unavailable)?;
    let ran = match columns(floor, strategy, variants)? {
        Ok(ran) => ran,
        Err(judged) => return Ok(judged),
    };
    let Some(best) = best(&ran.completed) else { return Err(nothing_ran()) };
    let series: Vec<&[f64]> = ran.completed.iter().map(|(_, column)| column.returns.as_slice()).collect();
    let walked = walk_forward(&series, &timeline, &folds).map_err(unavailable)?;
    let tests: Vec<(usize, (i64, i64))> = walked
        .choices
        .iter()
        .zip(&folds.folds)
        .filter_map(|(choice, fold)| Some((ran.completed[choice.variant?].0, (fold.test.from, fold.test.to))))
        .collect();
    let (profits, dropped) = trades(floor, strategy, variants, &tests)?;
    let figures = walked_figures(&walked, &profits, floor.bars.periods_per_year);
    let mut found = found(figures, variants[best].clone());
    let folds = counted(folds.folds.len() as u64, "fold");
    found.remarks.push(format!("{}, {folds}", counted(variants.len() as u64, "variant")));
    let ruined = ran.completed.iter().filter(|(_, column)| column.is_ruined()).count() as u64;
    let remarks = [
        (ruined, "variant", "lost everything: -100 % then, and nothing after it"),
        (ran.refused.0.len() as u64, "variant", "left out: the strategy refuses its parameters"),
        (dropped, "fill", "had no room: `win_rate`, `profit_factor` and `trades` are without them"),
    ];
    for (count, what, why) in remarks.into_iter().filter(|(count, ..)| *count > 0) {
        found.remarks.push(format!("{} {why}", counted(count, what)));
    }
    Ok(Judged::Found(Box::new(found)))
}

/// Profits of the trades that were opened and closed in the same test part, by what was chosen for each; and fills that are not
/// looked at, as there was no room for them.
fn trades(
    floor: &Floor<'_>,
    strategy: &Strategy,
    variants: &[Params],
    tests: &[(usize, (i64, i64))],
) -> Result<(Vec<f64>, u64), Stop> {
    let mut chosen: Vec<usize> = tests.iter().map(|(variant, _)| *variant).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let params: Vec<Params> = chosen.iter().map(|variant| variants[*variant].clone()).collect();
    let keeps = Keeps { fills: true, ..Keeps::default() };
    // The same runs as before, for their fills: no other trials.
    let ran = floor.run(strategy, &params, keeps, &|_, execution| {
        let mut book = TradeBook::default();
        let closed = execution.trace.fills.iter().filter_map(|fill| book.fill(fill));
        (closed.collect::<Vec<Trade>>(), execution.trace.dropped)
    })?;
    let mut profits = Vec::new();
    for (variant, (from, to)) in tests {
        let of = ran.completed.iter().find(|(place, _)| chosen[*place] == *variant);
        let closed = of.map(|(_, (trades, _))| trades.as_slice()).unwrap_or_default();
        profits.extend(within(closed, *from..*to));
    }
    Ok((profits, ran.completed.iter().map(|(_, (_, dropped))| dropped).sum()))
}

/// Profits of the trades that begin and end in a part.
fn within(trades: &[Trade], part: Range<i64>) -> impl Iterator<Item = f64> {
    let is_in = move |trade: &&Trade| part.contains(&trade.entry_time) && part.contains(&trade.exit_time);
    trades.iter().filter(is_in).map(|trade| trade.pnl)
}

fn walked_figures(
    walked: &WalkForward,
    profits: &[f64],
    periods_per_year: Option<f64>,
) -> BTreeMap<String, Figure> {
    let returns = Returns::new(&walked.returns, periods_per_year);
    // Ratios of what is lost mean nothing, and that all is lost is known.
    let is_ruined = walked.returns.iter().any(|it| *it <= -1.0);
    let or_all = |figure| if is_ruined { Figure::of(-1.0) } else { figure };
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
        ("total_return", or_all(returns.total_return())),
        ("cagr", returns.cagr()),
        ("volatility", returns.volatility()),
        ("sharpe", returns.sharpe(0.0)),
        ("sortino", returns.sortino(0.0)),
        ("calmar", returns.calmar()),
        ("max_drawdown", or_all(returns.max_drawdown())),
        ("win_rate", win_rate),
        ("profit_factor", profit_factor),
        ("trades", Figure::of(profits.len() as f64)),
        ("efficiency", efficiency),
    ];
    figures.map(|(name, figure)| (name.to_owned(), figure)).into()
}

/// L2: the best variant on what is held out. Nothing of what the strategy says there goes any further.
pub(super) fn last(floor: &Floor<'_>, strategy: &Strategy, params: &Params) -> Result<Judged, Stop> {
    let steps = floor.bars.source.steps();
    few_enough(steps, "a holdout may have")?;
    let cash = floor.asked.venue.initial_cash;
    let keeps = Keeps::equity(steps, MOST_STEPS as u64);
    let mut ran = floor.run(strategy, std::slice::from_ref(params), keeps, &|_, execution| {
        (equity_returns(cash, &execution.trace.equity), execution.outcome)
    })?;
    // It would be the same again, and another look.
    if let Some(Judged::Faulted(..)) = faulted(&ran, std::slice::from_ref(params)) {
        let label = ran.fault.as_ref().map_or(FaultLabel::InitRefused, |it| it.fault.label);
        return Ok(Judged::Faulted(Ending::Final, format!("a fault ({}) on the holdout", label.label())));
    }
    let Some((_, (returns, outcome))) = ran.completed.pop() else { return Err(nothing_ran()) };
    let RunOutcome::Completed(metrics) = &outcome else { return Err(nothing_ran()) };
    let moments = returns.and_then(|returns| Moments::of(&returns));
    let evidence = moments.map(Evidence::from);
    let psr = evidence.map_or_else(Figure::from, |it| it.probability(0.0, Convention::Observed));
    let mut figures = metrics_of(metrics);
    figures.insert("psr".to_owned(), psr);
    // Why there is none; one that there is depends on the trials of the day.
    figures.insert("dsr".to_owned(), psr.missing().map_or(Missing::NotRecorded.into(), Figure::from));
    Ok(Judged::Found(Box::new(Found { moments: moments.ok(), ..found(figures, params.clone()) })))
}

/// What may be written down of a run on what is held out: that there was a fault and of which kind, but not where, and nothing
/// of what the strategy said.
pub(super) fn redacted(outcome: Outcome) -> Outcome {
    match outcome {
        RunOutcome::Faulted(Fault { label, .. }) => RunOutcome::Faulted(Fault {
            label,
            code: "not_shown".into(),
            bar: None,
            message: "what it said on the holdout is not shown".to_owned(),
            hint: "".into(),
        }),
        RunOutcome::Interrupted(Interruption::Timeout { .. }) => {
            RunOutcome::Interrupted(Interruption::Timeout { bar: None })
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "tiers_tests.rs"]
mod tests;
