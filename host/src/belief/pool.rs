//! Experiments on the same bars judged together: what the trials of all of them leave of each variant's figures.

use stratbox_decide::{StampedVerdict, Verdict};
use stratbox_domain::{RunKey, RunOutcome};
use stratbox_metrics::overfitting::{
    Convention, EffectiveTrials, Evidence, Intervals, Resampling, effective_trials, expected_max,
    min_backtest_length, spa, trial_deviation,
};
use stratbox_metrics::series::{Moments, Returns};
use stratbox_metrics::{Figure, MetricName, Metrics, Missing, Stated, Unit};
use stratbox_store::{ExperimentId, Reader, Row};

use super::sample::{Part, Sample};
use super::{Belief, Care, Selection, Shape, Standing, Trials};
use crate::failure::Failure;
use crate::sweep::Plan;
use crate::wiring::Engine;

/// Confidence of intervals and of the minimum track record.
const CONFIDENCE: f64 = 0.95;

/// What variants of some experiments are judged by.
pub(crate) struct Pool<'a> {
    engine: &'a Engine,
    reader: &'a Reader,
    counted: &'a stratbox_store::Trials,
    care: Care,
    sample: Sample,
    /// N.
    total: u64,
    /// Whether there were trials outside of these experiments.
    others: bool,
}

impl<'a> Pool<'a> {
    /// Of at least one experiment; all are on the same bars, on which `counted` trials were made.
    ///
    /// # Errors
    /// The host failed.
    pub(crate) fn of(
        (engine, reader): (&'a Engine, &'a Reader),
        parts: &[Part<'_>],
        counted: &'a stratbox_store::Trials,
        care: Care,
    ) -> Result<Self, Failure> {
        let sample = Sample::take(engine, reader, parts, care)?;
        let ids: Vec<ExperimentId> = parts.iter().map(|part| part.id).collect();
        let own = own(reader, &ids, counted)?;
        // What was answered may have been made on the same bars under another name.
        let total = counted.made().max(own);
        Ok(Self { engine, reader, counted, care, sample, total, others: total > own })
    }

    /// How much the best variant of one of the experiments deserves belief, if it completed.
    ///
    /// # Errors
    /// The host failed.
    pub(crate) fn belief(&self, Part { plan, id }: Part<'_>, best: &Row) -> Result<Option<Belief>, Failure> {
        let Some(metrics) = completed(best) else { return Ok(None) };
        let (sample, care) = (&self.sample, self.care);
        let returns = sample.returns_of(self.engine, plan, &[best.variant], care)?.pop();
        let returns = returns.unwrap_or(Err(Missing::NoData));
        let returns = returns.as_deref().map_err(|missing| *missing);
        let resampling = |resamples| Resampling { resamples, block_length: None, seed: 0 };
        // What takes longest, at the same time: none of it depends on the other.
        let (intervals, tests) = std::thread::scope(|scope| {
            scope.spawn(|| {
                sample.overfitting();
            });
            let tests =
                care.tests.map(|resamples| scope.spawn(move || spa(&sample.columns, resampling(resamples))));
            let returns = returns.map(|returns| Returns::new(returns, sample.periods_per_year()));
            let intervals =
                returns.and_then(|it| Intervals::of(&it, 0.0, CONFIDENCE, resampling(care.resamples)));
            let joined = tests.map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            (intervals, joined)
        });
        let Standing { figures, verdict, .. } =
            self.standing(plan, (best.variant, best.key, metrics), returns);
        Ok(Some(Belief {
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
            selection: Selection::of(plan, sample),
            shape: Shape::of(plan, self.reader, id, best)?,
            pbo: sample.overfitting().clone().ok(),
            trials: self.trials(id)?,
            points_per_year: sample.periods_per_year(),
            figures,
            verdict,
        }))
    }

    /// How variants of one of the experiments stand that completed, in their order.
    ///
    /// # Errors
    /// The host failed.
    pub(crate) fn standings(&self, plan: &Plan, rows: &[&Row]) -> Result<Vec<Standing>, Failure> {
        let variants: Vec<u64> = rows.iter().map(|row| row.variant).collect();
        let series = self.sample.returns_of(self.engine, plan, &variants, self.care)?;
        let standing = |(row, returns): (&&Row, Result<Vec<f64>, Missing>)| {
            let own = (row.variant, row.key, completed(row)?);
            Some(self.standing(plan, own, returns.as_deref().map_err(|missing| *missing)))
        };
        Ok(rows.iter().zip(series).filter_map(standing).collect())
    }

    fn standing(
        &self,
        plan: &Plan,
        (variant, key, metrics): (u64, RunKey, &Metrics),
        returns: Result<&[f64], Missing>,
    ) -> Standing {
        let figures = self.figures(metrics, returns);
        let figure = |name: &str| {
            let metric = || name.parse::<MetricName>().ok().map(|name| metrics.get(name));
            figures.get(name).or_else(metric).unwrap_or(Missing::NoData.into())
        };
        let verdict = StampedVerdict {
            fingerprint: key.to_string(),
            split: plan.split_words(),
            trials: self.total,
            answers: Verdict::of(&plan.gates, figure),
        };
        Standing { variant, figures, verdict }
    }

    fn trials(&self, id: ExperimentId) -> Result<Trials, Failure> {
        let (total, sample) = (self.total, &self.sample);
        let own = own(self.reader, &[id], self.counted)?.min(total);
        let found = effective_trials(&sample.columns);
        let mean_correlation: Figure = found
            .as_ref()
            .map_or_else(|missing| (*missing).into(), |it: &EffectiveTrials| it.mean_correlation);
        let effective = mean_correlation.get().map(|correlation| {
            let alike = correlation.clamp(0.0, 1.0);
            alike + (1.0 - alike) * total as f64
        });
        let (sampled, without_series) = (sample.columns.len(), sample.without);
        Ok(Trials { total, own, effective: effective.into(), mean_correlation, sampled, without_series })
    }

    /// What is said of a variant with these returns.
    fn figures(&self, metrics: &Metrics, returns: Result<&[f64], Missing>) -> Stated {
        let convention = Convention::Observed;
        let evidence = returns.and_then(Moments::of).map(Evidence::from);
        let of =
            |figure: &dyn Fn(&Evidence) -> Figure| evidence.as_ref().map_or_else(|it| (*it).into(), figure);
        let deviation = returns.and_then(|it| trial_deviation(&self.sample.columns, it.len(), self.others));
        let total = self.total as f64;
        let deflated = evidence
            .as_ref()
            .map_err(|missing| *missing)
            .and_then(|evidence| Ok(evidence.deflated(total, deviation? * deviation?, convention)));
        let periods = self.sample.periods_per_year();
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
        let length = metrics.sharpe.get().map(|sharpe| min_backtest_length(total, sharpe).years);
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
            self.sample.overfitting().as_ref().map_or_else(|missing| (*missing).into(), |it| it.probability),
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
        push("expected_max", Unit::Ratio, "of N standard normal numbers", expected_max(total));
        stated
    }
}

fn completed(row: &Row) -> Option<&Metrics> {
    match &row.outcome {
        RunOutcome::Completed(metrics) => Some(metrics),
        RunOutcome::Faulted(_) | RunOutcome::Interrupted(_) => None,
    }
}

/// Trials that some experiments have, whoever made them: each different run once, and every failed attempt.
fn own(reader: &Reader, of: &[ExperimentId], counted: &stratbox_store::Trials) -> Result<u64, Failure> {
    let parts = || counted.parts.iter().filter(|part| part.experiment.is_some_and(|id| of.contains(&id)));
    let trials: u64 = parts().map(|part| part.trials).sum();
    if parts().all(|part| part.reused == 0) {
        return Ok(trials);
    }
    let mut rows = 0;
    for id in of {
        rows += reader.experiment(*id)?.head.counts.settled();
    }
    Ok(trials.saturating_sub(rows) + reader.different_runs(of)?)
}
