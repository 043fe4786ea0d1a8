//! How much the best variant of an experiment deserves belief: what the number of attempts leaves of its figures.
//!
//! Of a run only its figures are kept. The series that statistics of overfitting need are made again, by running a sample of
//! the variants once more: the same keys give the same bits (`sample`). What is made of them is `stratbox-metrics`' and
//! `stratbox-decide`'s.

mod calibrate;
mod command;
mod holdout;
mod sample;
mod selection;
mod shape;

pub(crate) use calibrate::{CalibrationReport, calibrate};
pub(crate) use command::{TrialsReport, again, trials as count_trials};
pub(crate) use holdout::{LookReport, look, show as show_holdout};
pub(crate) use sample::deviation;
pub(crate) use selection::Selection;
pub(crate) use shape::Shape;

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

use serde::Serialize;
use stratbox_decide::Verdict;
use stratbox_domain::{Params, RunKey, RunOutcome};
use stratbox_metrics::overfitting::{
    Convention, EffectiveTrials, Evidence, Intervals, Pbo, Resampling, Spa, effective_trials, expected_max,
    min_backtest_length, pbo, spa,
};
use stratbox_metrics::series::{Moments, Returns, equity_returns};
use stratbox_metrics::{Figure, MetricName, Metrics, Missing, Stated, Unit};
use stratbox_store::{ExperimentId, Reader, Row};

use crate::failure::Failure;
use crate::replay::Replay;
use crate::sweep::Plan;
use crate::trace::Keeps;
use crate::wiring::Engine;
use sample::Sample;

/// Confidence of intervals and of the minimum track record.
const CONFIDENCE: f64 = 0.95;
/// Blocks of cross-validation, fewer when the bars are few.
const BLOCKS: usize = 16;

/// Variants that every sweep looks at, at most; `judge` looks at no fewer.
pub(crate) const QUICK_SAMPLE: u64 = 256;

/// How thoroughly it is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Care {
    /// Variants that are run once more, at most, besides the best: spread evenly over all, whatever they came to.
    pub(crate) sample: u64,
    /// Resamples of the best one's intervals.
    pub(crate) resamples: usize,
    /// Resamples of the tests for superior predictive ability; none for no test.
    pub(crate) tests: Option<usize>,
    pub(crate) workers: NonZeroUsize,
}

impl Care {
    /// What every sweep ends with: the time of some hundred runs.
    pub(crate) fn quick(workers: NonZeroUsize) -> Self {
        Self { sample: QUICK_SAMPLE, resamples: 200, tests: None, workers }
    }
}

/// Trials that the choice could have used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Trials {
    /// N: all that were ever made on these bars.
    pub(crate) total: u64,
    /// Those of this experiment.
    pub(crate) own: u64,
    /// What N is worth, as similar as the trials are; for information, and never what is deflated by.
    pub(crate) effective: Figure,
    /// The mean of the correlations between the sample's variants.
    pub(crate) mean_correlation: Figure,
    /// Variants that were run once more and have a series: the ones of `pbo` and of the folds.
    pub(crate) sampled: usize,
    /// Variants that were run once more and have none: they did not complete, or lost everything.
    pub(crate) without_series: usize,
}

/// How much the best variant deserves belief.
#[derive(Debug, Serialize)]
pub(crate) struct Belief {
    /// The best variant by the objective, which is the one that is judged.
    pub(crate) variant: u64,
    pub(crate) strategy: String,
    pub(crate) params: Params,
    pub(crate) run_key: RunKey,
    pub(crate) trials: Trials,
    pub(crate) figures: Stated,
    /// Of the sample's series, whose Sharpe ratios are a point: times the root of this they are a year.
    pub(crate) points_per_year: Option<f64>,
    /// Of the best variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intervals: Option<Intervals>,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intervals_missing: Option<String>,
    /// Of the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pbo: Option<Pbo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) superior_ability: Option<Spa>,
    /// Why it is not there, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) superior_ability_missing: Option<String>,
    /// What choosing by walking forward, or in every combination, would have earned.
    #[serde(flatten)]
    pub(crate) selection: Selection,
    pub(crate) shape: Shape,
    pub(crate) verdict: Verdict,
}

/// How a variant stands that need not be the best.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Standing {
    pub(crate) variant: u64,
    pub(crate) figures: Stated,
    pub(crate) verdict: Verdict,
}

/// Judges the best variant of an experiment that has one. `counted` says how many trials there were on its bars.
///
/// # Errors
/// The host failed.
pub(crate) fn judge(
    engine: &Engine,
    plan: &Plan,
    of: (&Reader, ExperimentId),
    counted: &stratbox_store::Trials,
    care: Care,
) -> Result<Option<Belief>, Failure> {
    Ok(judge_each(engine, plan, of, counted, care, &[])?.map(|(belief, _)| belief))
}

/// The same, and how others of its variants stand beside the best: after as many trials.
///
/// # Errors
/// The host failed.
pub(crate) fn judge_each(
    engine: &Engine,
    plan: &Plan,
    (reader, id): (&Reader, ExperimentId),
    counted: &stratbox_store::Trials,
    care: Care,
    others: &[&Row],
) -> Result<Option<(Belief, Vec<Standing>)>, Failure> {
    let Some(best) = reader.leaders(id, 1)?.pop().filter(|row| row.figure.is_some()) else { return Ok(None) };
    let RunOutcome::Completed(metrics) = &best.outcome else { return Ok(None) };
    let sample = Sample::take(engine, plan, best.variant, care)?;
    let trials = trials(&sample, id, counted);
    let moments = sample.best().and_then(Moments::of);
    let Resampled { overfitting, intervals, tests } = resampled(&sample, care);
    let figures = figures(plan, metrics, &sample, moments, &trials, &overfitting);
    let verdict = verdict(plan, &figures, metrics);
    let standings = standings(engine, plan, (&sample, &trials, &overfitting), others, care)?;
    let belief = Belief {
        variant: best.variant,
        strategy: best.strategy.to_string(),
        params: best.params.clone(),
        run_key: best.key,
        intervals_missing: intervals.as_ref().err().map(ToString::to_string),
        intervals: intervals.ok(),
        superior_ability_missing: tests
            .as_ref()
            .and_then(|tests| tests.as_ref().err())
            .map(ToString::to_string),
        superior_ability: tests.and_then(Result::ok),
        selection: Selection::of(plan, &sample),
        shape: Shape::of(plan, reader, id, &best)?,
        pbo: overfitting.ok(),
        trials,
        points_per_year: sample.periods_per_year,
        figures,
        verdict,
    };
    Ok(Some((belief, standings)))
}

/// What the gates say of a variant with these figures.
fn verdict(plan: &Plan, figures: &Stated, metrics: &Metrics) -> Verdict {
    let figure = |name: &str| {
        let metric = || name.parse::<MetricName>().ok().map(|name| metrics.get(name));
        figures.get(name).or_else(metric).unwrap_or(Missing::NoData.into())
    };
    Verdict::of(&plan.gates, figure)
}

/// How variants stand that completed, in their order.
fn standings(
    engine: &Engine,
    plan: &Plan,
    (sample, trials, overfitting): (&Sample, &Trials, &Result<Pbo, Missing>),
    rows: &[&Row],
    care: Care,
) -> Result<Vec<Standing>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let variants: Vec<u64> = rows.iter().map(|row| row.variant).collect();
    let keeps = Keeps { equity_every: NonZeroU64::new(sample.stride), ..Keeps::default() };
    let replayed = Replay::new(engine, plan, &plan.bars, care.workers)?.run(&variants, keeps)?;
    let mut standings = Vec::with_capacity(rows.len());
    for (row, replayed) in rows.iter().zip(replayed) {
        let RunOutcome::Completed(metrics) = &row.outcome else { continue };
        let returns = equity_returns(plan.policy.initial_cash, &replayed.trace.equity);
        let moments = returns.and_then(|returns| Moments::of(&returns));
        let figures = figures(plan, metrics, sample, moments, trials, overfitting);
        let verdict = verdict(plan, &figures, metrics);
        standings.push(Standing { variant: row.variant, figures, verdict });
    }
    Ok(standings)
}

/// Tells samplers that learn what came of the points that they chose before, so that they choose the same ones again.
pub(crate) fn resample(plan: &Plan, reader: &Reader, id: ExperimentId) -> Result<(), Failure> {
    for planned in &plan.strategies {
        let Some(sampled) = planned.sampled().filter(|sampled| sampled.learns()) else { continue };
        let mut told = BTreeMap::new();
        for row in reader.rows(id)? {
            let row = row?;
            if let Some(index) =
                row.variant.checked_sub(planned.first).filter(|index| *index < planned.points())
            {
                told.insert(index, plan.aim.evaluation(&row.outcome));
            }
        }
        sampled.replay(told);
    }
    Ok(())
}

fn trials(sample: &Sample, id: ExperimentId, counted: &stratbox_store::Trials) -> Trials {
    let of_it =
        |(experiment, trials): &(Option<ExperimentId>, u64)| (*experiment == Some(id)).then_some(*trials);
    let own = counted.by_experiment().iter().find_map(of_it).unwrap_or_default();
    let total = counted.total;
    let found = effective_trials(&sample.columns);
    let correlation: Figure =
        found.as_ref().map_or_else(|missing| (*missing).into(), |it: &EffectiveTrials| it.mean_correlation);
    let effective = correlation.get().map(|correlation| {
        let alike = correlation.clamp(0.0, 1.0);
        alike + (1.0 - alike) * total as f64
    });
    let (mean_correlation, sampled) = (correlation, sample.columns.len());
    let without_series = sample.without;
    Trials { total, own, effective: effective.into(), mean_correlation, sampled, without_series }
}

/// Even, and so that each has some points.
pub(crate) fn blocks(points: usize) -> usize {
    const POINTS_A_BLOCK: usize = 8;
    (points / POINTS_A_BLOCK).clamp(2, BLOCKS) / 2 * 2
}

fn figures(
    plan: &Plan,
    metrics: &Metrics,
    sample: &Sample,
    moments: Result<Moments, Missing>,
    trials: &Trials,
    overfitting: &Result<Pbo, Missing>,
) -> Stated {
    let convention = Convention::Observed;
    let evidence = moments.map(Evidence::from);
    let of = |figure: &dyn Fn(&Evidence) -> Figure| evidence.as_ref().map_or_else(|it| (*it).into(), figure);
    let deviation = sample.deviation(trials.total > trials.own);
    let deflated = evidence
        .as_ref()
        .map_err(|missing| *missing)
        .and_then(|evidence| Ok(evidence.deflated(trials.total as f64, deviation? * deviation?, convention)));
    let periods = plan.bars.periods_per_year.map(|periods| periods / sample.stride as f64);
    let yearly = |figure: Figure| -> Figure {
        let periods = periods.ok_or(Missing::UnknownPeriod);
        figure.get().and_then(|value| Ok(value * periods?.sqrt())).into()
    };
    let years = |figure: Figure| -> Figure {
        let periods = periods.ok_or(Missing::UnknownPeriod);
        figure.get().and_then(|value| Ok(value / periods?)).into()
    };
    let threshold = deflated.map_or_else(Figure::from, |it| it.threshold);
    let record = of(&|it| it.min_track_record(0.0, CONFIDENCE, convention));
    let length = metrics.sharpe.get().map(|sharpe| min_backtest_length(trials.total as f64, sharpe).years);
    let mut stated = Stated::default();
    let mut push = |name, unit, convention, figure| stated.push(name, unit, convention, figure);
    push("sharpe", Unit::Ratio, "a year, risk-free rate 0", metrics.sharpe);
    push(
        "psr",
        Unit::Probability,
        "that the true Sharpe ratio is above 0 (2012, raw kurtosis)",
        of(&|it| it.probability(0.0, convention)),
    );
    push(
        "dsr_threshold",
        Unit::Ratio,
        "SR0: the Sharpe ratio a year that the best of N trials without an edge is expected to have",
        yearly(threshold),
    );
    push(
        "dsr",
        Unit::Probability,
        "PSR(SR0), N from the ledger of trials (2014)",
        deflated.map_or_else(Figure::from, |it| it.probability),
    );
    push(
        "pbo",
        Unit::Probability,
        "CSCV on Sharpe ratios",
        overfitting.as_ref().map_or_else(|missing| (*missing).into(), |it| it.probability),
    );
    push(
        "min_track_record",
        Unit::Years,
        "until the Sharpe ratio is above 0 with a confidence of 0.95, should it stay what it is",
        years(record),
    );
    push(
        "min_backtest_length",
        Unit::Years,
        "the shortest at which the best of N trials without an edge is not expected to reach the Sharpe ratio",
        length.unwrap_or_else(Figure::from),
    );
    push("expected_max", Unit::Ratio, "of N standard normal numbers", expected_max(trials.total as f64));
    stated
}

/// What takes longest.
struct Resampled {
    overfitting: Result<Pbo, Missing>,
    intervals: Result<Intervals, Missing>,
    tests: Option<Result<Spa, Missing>>,
}

/// At the same time: none of it depends on the other.
fn resampled(sample: &Sample, care: Care) -> Resampled {
    let resampling = |resamples| Resampling { resamples, block_length: None, seed: 0 };
    std::thread::scope(|scope| {
        let overfitting = scope.spawn(|| match sample.columns.len() {
            0 | 1 => Err(Missing::TooFewVariants),
            _ => pbo(&sample.columns, blocks(sample.points())),
        });
        let returns = sample.best().map(|returns| Returns::new(returns, sample.periods_per_year));
        let intervals =
            returns.and_then(|it| Intervals::of(&it, 0.0, CONFIDENCE, resampling(care.resamples)));
        let tests = care.tests.map(|resamples| spa(&sample.columns, resampling(resamples)));
        let overfitting = overfitting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Resampled { overfitting, intervals, tests }
    })
}
