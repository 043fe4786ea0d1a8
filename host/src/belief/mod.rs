//! How much the best variant of an experiment deserves belief: what the number of attempts leaves of its figures.
//!
//! Of a run only its figures are kept. The series that statistics of overfitting need are made again, by running a sample of
//! the variants once more: the same keys give the same bits (`sample`). By them variants are judged (`pool`). What is made of them is `stratbox-metrics`' and
//! `stratbox-decide`'s.

mod calibrate;
mod command;
mod holdout;
mod pool;
mod sample;
mod selection;
mod shape;

pub(crate) use calibrate::{CalibrationReport, calibrate};
pub(crate) use command::{TrialsReport, again, trials as count_trials};
pub(crate) use holdout::{LookReport, look, show as show_holdout};
pub(crate) use pool::Pool;
pub(crate) use sample::Part;
pub(crate) use selection::Selection;
pub(crate) use shape::Shape;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;
use stratbox_decide::StampedVerdict;
use stratbox_domain::{Params, RunKey};
use stratbox_metrics::overfitting::{Intervals, Pbo, Spa};
use stratbox_metrics::{Figure, Stated};
use stratbox_store::{ExperimentId, Reader, Row};

use crate::failure::Failure;
use crate::sweep::Plan;
use crate::wiring::Engine;

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
    /// N: all that were ever made on these bars. An answer from the store was counted when it was made.
    pub(crate) total: u64,
    /// Those that this experiment has, whoever made them.
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
    pub(crate) verdict: StampedVerdict,
}

/// How a variant stands that need not be the best.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Standing {
    pub(crate) variant: u64,
    pub(crate) figures: Stated,
    pub(crate) verdict: StampedVerdict,
}

/// Judges the best variant of an experiment that has one. `counted` says how many trials there were on its bars.
///
/// # Errors
/// The host failed.
pub(crate) fn judge(
    engine: &Engine,
    plan: &Plan,
    (reader, id): (&Reader, ExperimentId),
    counted: &stratbox_store::Trials,
    care: Care,
) -> Result<Option<Belief>, Failure> {
    let part = Part { plan, id };
    let Some(best) = best(reader, id)? else { return Ok(None) };
    Pool::of((engine, reader), &[part], counted, care)?.belief(part, &best)
}

/// The best variant of an experiment, if any has a figure to rank by.
pub(crate) fn best(reader: &Reader, id: ExperimentId) -> Result<Option<Row>, Failure> {
    Ok(reader.leaders(id, 1)?.pop().filter(|row| row.figure.is_some()))
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

/// Even, and so that each has some points.
pub(crate) fn blocks(points: usize) -> usize {
    const POINTS_A_BLOCK: usize = 8;
    (points / POINTS_A_BLOCK).clamp(2, BLOCKS) / 2 * 2
}
