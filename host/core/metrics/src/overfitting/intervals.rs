//! How far figures of one series could have been elsewhere.

use serde::Serialize;

use super::bootstrap::rows_of;
use super::{StationaryBootstrap, stationary_block_length};
use crate::periods::as_number;
use crate::series::{Returns, percentile};
use crate::{Figure, Missing};

/// Confidence intervals of figures of a series, from the stationary bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intervals {
    /// Mean return a period.
    pub mean: Interval,
    /// Sharpe ratio a year.
    pub sharpe: Interval,
    /// Compound growth a year.
    pub cagr: Interval,
    /// Largest drawdown.
    pub max_drawdown: Interval,
    /// Their confidence, such as 0.95.
    pub level: f64,
    /// Resamples that were drawn.
    pub resamples: u64,
    /// Mean length of a block.
    pub block_length: f64,
    /// What the draws began with.
    pub seed: u64,
}

/// Percentiles `(1 - level) / 2` and `(1 + level) / 2` of a figure over the resamples (Efron's percentile interval).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: Figure,
    /// The upper end.
    pub high: Figure,
}

/// How many resamples, of what length, from what seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// Resamples, at least 1.
    pub resamples: usize,
    /// Mean block length; none for the one that the data asks for, see the function that takes it.
    pub block_length: Option<f64>,
    /// Any.
    pub seed: u64,
}

impl Intervals {
    /// The intervals. Without a block length, it is [`stationary_block_length`] of the returns, or 1 where that has none.
    /// `risk_free` is a fraction a period.
    ///
    /// A figure that the series does not have has no interval. A resample without it is left out, and when more than one in
    /// twenty are, there is no interval either.
    ///
    /// # Errors
    /// [`Missing::OutOfRange`] when the level is not between 0 and 1, there is no resample, or the block length is not
    /// from 1 to half of the returns;
    /// why the returns can have no figures.
    pub fn of(returns: &Returns<'_>, risk_free: f64, level: f64, how: Resampling) -> Result<Self, Missing> {
        returns.mean().get()?;
        if !(level > 0.0 && level < 1.0) || how.resamples == 0 {
            return Err(Missing::OutOfRange);
        }
        let values = returns.values();
        let own = || stationary_block_length(values).unwrap_or(1.0);
        let block_length = how.block_length.unwrap_or_else(own);
        let mut bootstrap = StationaryBootstrap::new(values.len(), block_length, how.seed)?;
        let figures: [fn(&Returns<'_>, f64) -> Figure; 4] = [
            |series, _| series.mean(),
            |series, risk_free| series.sharpe(risk_free),
            |series, _| series.cagr(),
            |series, _| series.max_drawdown(),
        ];
        let mut estimates = [const { Vec::new() }; 4];
        let (mut blocks, mut resample) = (Vec::new(), Vec::new());
        for _ in 0..how.resamples {
            bootstrap.resample(&mut blocks);
            resample.clear();
            resample.extend(rows_of(&blocks, values.len()).map(|row| values[row]));
            let series = Returns::new(&resample, returns.periods_per_year());
            for (figure, estimates) in figures.iter().zip(&mut estimates) {
                estimates.extend(figure(&series, risk_free).value());
            }
        }
        let mut intervals = figures.iter().zip(estimates).map(|(figure, estimates)| {
            let own = figure(returns, risk_free);
            Interval::of(own, estimates, level, how.resamples)
        });
        let mut next = || intervals.next().unwrap_or(Interval::missing(Missing::NoData));
        Ok(Self {
            mean: next(),
            sharpe: next(),
            cagr: next(),
            max_drawdown: next(),
            level,
            resamples: how.resamples as u64,
            block_length,
            seed: how.seed,
        })
    }
}

impl Interval {
    fn of(own: Figure, mut estimates: Vec<f64>, level: f64, resamples: usize) -> Self {
        if let Err(missing) = own.get() {
            return Self::missing(missing);
        }
        if as_number(estimates.len() as u64) < 0.95 * as_number(resamples as u64) {
            return Self::missing(Missing::ZeroVariance);
        }
        estimates.sort_unstable_by(f64::total_cmp);
        let at = |share| Figure::of(percentile(&estimates, share));
        Self { low: at((1.0 - level) / 2.0), high: at((1.0 + level) / 2.0) }
    }

    fn missing(missing: Missing) -> Self {
        Self { low: missing.into(), high: missing.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::quantile;
    use crate::series::tests::BACON;
    use stratbox_domain::uniform;

    const HOW: Resampling = Resampling { resamples: 400, block_length: None, seed: 1 };

    fn width(interval: Interval) -> f64 {
        interval.high.get().unwrap() - interval.low.get().unwrap()
    }

    #[test]
    fn an_interval_holds_its_figure_and_a_higher_confidence_is_wider() {
        let series = Returns::new(&BACON, 12.0);
        let at = |level| Intervals::of(&series, 0.0, level, HOW).unwrap();
        let (narrow, wide) = (at(0.8), at(0.99));
        for (figure, narrow, wide) in [
            (series.mean(), narrow.mean, wide.mean),
            (series.sharpe(0.0), narrow.sharpe, wide.sharpe),
            (series.cagr(), narrow.cagr, wide.cagr),
            (series.max_drawdown(), narrow.max_drawdown, wide.max_drawdown),
        ] {
            assert!(narrow.low.get().unwrap() <= figure.get().unwrap());
            assert!(narrow.high.get().unwrap() >= figure.get().unwrap());
            assert!(width(narrow) < width(wide));
        }
    }

    #[test]
    fn the_interval_of_a_mean_covers_the_true_one_about_as_often_as_it_says() {
        let mut draw = uniform(3);
        let mut covered = 0;
        for seed in 0..200 {
            let values: Vec<f64> = (0..60).map(|_| 0.001 + 0.01 * quantile(draw().max(1e-300))).collect();
            let how = Resampling { resamples: 200, block_length: Some(1.0), seed };
            let mean = Intervals::of(&Returns::new(&values, 252.0), 0.0, 0.9, how).unwrap().mean;
            covered += u32::from(mean.low.get().unwrap() <= 0.001 && mean.high.get().unwrap() >= 0.001);
        }
        assert!((164..=194).contains(&covered), "{covered} of 200");
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_and_another_one_another() {
        let of =
            |seed| Intervals::of(&Returns::new(&BACON, 12.0), 0.0, 0.95, Resampling { seed, ..HOW }).unwrap();
        assert_eq!(of(7), of(7));
        assert_ne!(of(7).sharpe, of(8).sharpe);
    }

    #[test]
    fn a_figure_that_is_not_there_has_no_interval() {
        let constant = Intervals::of(&Returns::new(&[0.01; 30], 12.0), 0.0, 0.95, HOW).unwrap();
        assert_eq!(constant.sharpe.low.get(), Err(Missing::ZeroVariance));
        assert!(constant.mean.low.get().is_ok());
        let of = |level, how| Intervals::of(&Returns::new(&BACON, 12.0), 0.0, level, how).err();
        assert_eq!(of(1.0, HOW), Some(Missing::OutOfRange));
        assert_eq!(of(0.95, Resampling { resamples: 0, ..HOW }), Some(Missing::OutOfRange));
        assert_eq!(of(0.95, Resampling { block_length: Some(0.0), ..HOW }), Some(Missing::OutOfRange));
        assert_eq!(of(0.95, HOW), None);
    }
}
