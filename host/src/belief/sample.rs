//! Variants that are run once more, for the series behind their figures.

use stratbox_metrics::Missing;
use stratbox_metrics::series::Moments;

use super::Care;
use crate::failure::Failure;
use crate::replay::{Curve, POINTS, Replay};
use crate::sweep::{MOST_STEPS, Plan};
use crate::wiring::Engine;

/// Numbers in memory for all series together.
const MOST_VALUES: u64 = 64 << 20;

/// The series of some variants, evenly spread over all of them, and of the best one.
pub(super) struct Sample {
    /// Returns a point, all of the same length: of those variants that have any, in the order of their numbers.
    pub(super) columns: Vec<Vec<f64>>,
    /// How many variants of the sample have none.
    pub(super) without: usize,
    /// Time steps a point.
    pub(super) stride: u64,
    /// Points a year, if that can be told.
    pub(super) periods_per_year: Option<f64>,
    best: Result<Vec<f64>, Missing>,
}

impl Sample {
    pub(super) fn take(engine: &Engine, plan: &Plan, best: u64, care: Care) -> Result<Self, Failure> {
        let mut variants = plan.spread(care.sample);
        let sampled = variants.len();
        // Apart from the others, also when it is one of them: who is chosen by all bars must not stand among those by which
        // choosing is judged.
        variants.push(best);
        let curve = Curve::of(plan, points(plan, sampled));
        let replayed = Replay::new(engine, plan, &plan.bars, care.workers)?.run(&variants, curve.keeps)?;
        let mut all: Vec<_> = replayed.iter().map(|it| curve.returns(&it.trace)).collect();
        let best = all.pop().unwrap_or(Err(Missing::NoData));
        let points = all.iter().flatten().map(Vec::len).max().unwrap_or_default();
        // One that did not complete has another length, or none; one that lost everything has no returns.
        let columns: Vec<Vec<f64>> =
            all.into_iter().flatten().filter(|column| column.len() == points && points > 0).collect();
        let without = sampled - columns.len();
        let Curve { stride, periods_per_year, .. } = curve;
        Ok(Self { columns, without, stride, periods_per_year, best })
    }

    /// Points of each series.
    pub(super) fn points(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// The best variant's returns.
    pub(super) fn best(&self) -> Result<&[f64], Missing> {
        self.best.as_deref().map_err(|missing| *missing)
    }

    /// See [`deviation`].
    pub(super) fn deviation(&self, others: bool) -> Result<f64, Missing> {
        deviation(&self.columns, self.best()?.len(), others)
    }
}

/// The standard deviation of the Sharpe ratios a point that some series have, beside one of so many points.
///
/// With fewer than two it is what chance alone makes of a Sharpe ratio of zero, `1 / sqrt(T - 1)`. When there were trials besides
/// these, whose series are not at hand, it is at least that: otherwise the last of many experiments could narrow the spread of
/// all of them by trying little.
pub(crate) fn deviation(columns: &[Vec<f64>], observations: usize, others: bool) -> Result<f64, Missing> {
    if observations < 3 {
        return Err(Missing::TooFewReturns);
    }
    let chance = 1.0 / ((observations - 1) as f64).sqrt();
    let sharpes: Vec<f64> =
        columns.iter().filter_map(|column| Moments::of(column).ok()).map(|it| it.sharpe()).collect();
    let count = sharpes.len() as f64;
    if sharpes.len() < 2 {
        return Ok(chance);
    }
    let mean = sharpes.iter().sum::<f64>() / count;
    let variance = sharpes.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / (count - 1.0);
    Ok(if others { variance.sqrt().max(chance) } else { variance.sqrt() })
}

/// Points of each series, at most. Folds are counted in time steps, and need every one.
fn points(plan: &Plan, variants: usize) -> u64 {
    if plan.walk_forward.is_some() || plan.cpcv.is_some() {
        return MOST_STEPS as u64;
    }
    POINTS.min(MOST_VALUES / variants.max(1) as u64)
}
