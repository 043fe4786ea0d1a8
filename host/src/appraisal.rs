//! Figures of chosen variants that are not kept with their rows: what takes a variant's whole series, its forecasts, its
//! trades or its source. The variants are run again for it, which gives the same bits.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use stratbox_decide::regimes::{Regime, RegimeSettings, regimes};
use stratbox_decide::robustness::{PARTS, Robustness, across_regimes, across_splits};
use stratbox_domain::{Bar, RunKey, RunOutcome};
use stratbox_intake::source::Complexity;
use stratbox_metrics::series::information_coefficient;
use stratbox_metrics::{Direction, Figure, MetricName, Missing, activity, mean_turnover};

use crate::backtest::Outcome;
use crate::failure::Failure;
use crate::render::text::grouped;
use crate::replay::{Curve, POINTS, Replay, Replayed};
use crate::sweep::Plan;
use crate::trace::{Keeps, Trace, closes};
use crate::wiring::Engine;

/// Variants, at most: their returns are all in memory.
pub(crate) const MOST_VARIANTS: usize = 1_000;
/// Rows, at most, that turnover is worked out from: all of them are in memory, and each variant goes through them once.
const MOST_ROWS: u64 = 1 << 20;

/// The figures, besides the metrics, in the order of reports.
pub(crate) const NAMES: [&str; 9] = [
    "robustness_splits",
    "robustness_regimes",
    "consistency",
    "ic",
    "turnover",
    "complexity",
    "source_lines",
    "parameters",
    "fuel",
];

/// One variant.
#[derive(Debug, Clone)]
pub(crate) struct Appraised {
    pub(crate) variant: u64,
    pub(crate) key: RunKey,
    pub(crate) outcome: Outcome,
    /// By [`NAMES`].
    pub(crate) figures: BTreeMap<&'static str, Figure>,
    /// Returns a point, of at most 16,384 points: those of all variants are at the same ones. Empty without any.
    pub(crate) returns: Vec<f64>,
}

/// Runs variants of a plan once more, on its own bars, and says what is to be said of each, in their order. One that does not
/// complete has reasons instead of figures, but for those of its source.
///
/// # Errors
/// There are more than [`MOST_VARIANTS`], there is no such variant, or the host failed.
pub(crate) fn appraise(
    engine: &Engine,
    plan: &Plan,
    variants: &[u64],
    workers: NonZeroUsize,
) -> Result<Vec<Appraised>, Failure> {
    if variants.len() > MOST_VARIANTS {
        let (most, count) = (grouped(MOST_VARIANTS as u64), grouped(variants.len() as u64));
        return Err(Failure::input(format!(
            "at most {most} variants can be looked at together, and these are {count}"
        ))
        .hint("choose the best ones, or fewer of each strategy"));
    }
    let setting = Setting::of(plan);
    let replay = Replay::new(engine, plan, &plan.bars, workers)?;
    let appraised = |variant, replayed| setting.appraised(variant, &Traits::of(plan, variant), replayed);
    replay.each(variants, setting.keeps(), &appraised)
}

/// A figure of a variant: a metric, or one of [`NAMES`]; `None` when nothing has this name.
pub(crate) fn figure(of: &Appraised, name: &str) -> Option<Figure> {
    let metric = |name: MetricName| match &of.outcome {
        RunOutcome::Completed(metrics) => metrics.get(name),
        RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => Missing::NoData.into(),
    };
    of.figures.get(name).copied().or_else(|| name.parse().ok().map(metric))
}

/// Which way a figure gets better; `None` when nothing has this name.
pub(crate) fn direction(name: &str) -> Option<Direction> {
    match name {
        "robustness_splits" | "robustness_regimes" | "consistency" | "ic" => Some(Direction::HigherIsBetter),
        "turnover" | "complexity" | "source_lines" | "parameters" | "fuel" => Some(Direction::LowerIsBetter),
        metric => metric.parse().ok().map(MetricName::direction),
    }
}

/// What all variants have in common.
struct Setting {
    curve: Curve,
    /// The regime that each return of a curve was earned in.
    labels: Vec<Option<Regime>>,
    /// The bars of what can be traded, unless there are too many.
    rows: Option<Vec<Bar>>,
}

impl Setting {
    fn of(plan: &Plan) -> Self {
        let curve = Curve::of(plan, POINTS);
        let labels = regimes(&closes(&*plan.bars.source, curve.keeps), RegimeSettings::default());
        Self { curve, labels, rows: plan.bars.tradable(MOST_ROWS) }
    }

    fn keeps(&self) -> Keeps {
        Keeps { fills: self.rows.is_some(), signals: true, ..self.curve.keeps }
    }

    fn appraised(&self, variant: u64, strategy: &Traits, replayed: Replayed) -> Appraised {
        let Replayed { key, outcome, fuel, trace } = replayed;
        let trace =
            if matches!(outcome, RunOutcome::Completed(_)) { Ok(&trace) } else { Err(Missing::NoData) };
        let returns = trace.and_then(|trace| self.curve.returns(trace));
        let mut figures = BTreeMap::from([("fuel", Figure::of(fuel as f64))]);
        figures.extend(strategy.figures());
        figures.extend(self.of_returns(returns.as_deref().map_err(|missing| *missing)));
        figures
            .insert("ic", trace.map_or_else(Figure::from, |trace| information_coefficient(&trace.signals)));
        figures.insert("turnover", trace.map_or_else(Figure::from, |trace| self.turnover(trace)));
        Appraised { variant, key, outcome, figures, returns: returns.unwrap_or_default() }
    }

    fn of_returns(&self, returns: Result<&[f64], Missing>) -> [(&'static str, Figure); 3] {
        let periods = self.curve.periods_per_year;
        let of = |figure: fn(&Robustness) -> Figure, found: &Result<Robustness, Missing>| {
            found.as_ref().map_or_else(|missing| (*missing).into(), figure)
        };
        let splits = returns.map(|returns| across_splits(returns, PARTS, periods));
        let regimes = returns.map(|returns| across_regimes(returns, &self.labels, periods));
        [
            ("robustness_splits", of(|it| it.worst, &splits)),
            ("robustness_regimes", of(|it| it.worst, &regimes)),
            ("consistency", of(|it| it.consistency, &splits)),
        ]
    }

    fn turnover(&self, trace: &Trace) -> Figure {
        let Some(rows) = self.rows.as_ref().filter(|_| trace.dropped == 0) else {
            return Missing::TooMuch.into();
        };
        let activity = activity(&trace.fills, rows);
        mean_turnover(&activity.traded, &activity.gross)
    }
}

/// What is known of a strategy without a run.
struct Traits {
    /// When its source is at hand.
    complexity: Option<Complexity>,
    parameters: usize,
}

impl Traits {
    /// Of the strategy that a variant is one of.
    fn of(plan: &Plan, variant: u64) -> Self {
        let strategy = plan.strategy_of(variant).map(|(_, planned)| &planned.strategy);
        Self {
            complexity: strategy.and_then(|strategy| strategy.complexity),
            parameters: strategy.map_or(0, |strategy| strategy.manifest.parameters.len()),
        }
    }

    fn figures(&self) -> [(&'static str, Figure); 3] {
        let measured = self.complexity.ok_or(Missing::NoSource);
        [
            ("complexity", measured.map(|it| it.cyclomatic as f64).into()),
            ("source_lines", measured.map(|it| it.lines as f64).into()),
            ("parameters", Figure::of(self.parameters as f64)),
        ]
    }
}

#[cfg(test)]
mod tests;
