//! Whether returns were earned throughout, or in one part of the time: the same figures of each part, and the worst of them.

use std::num::NonZeroUsize;

use serde::Serialize;
use stratbox_metrics::series::Returns;
use stratbox_metrics::{Figure, Missing};

use crate::regimes::Regime;

/// Steps of a part, at least: fewer say nothing.
pub const LEAST_STEPS: usize = 20;

/// Parts that a series is cut into unless another number is given.
pub const PARTS: NonZeroUsize = NonZeroUsize::new(6).unwrap();

/// Figures of one part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// `1` and so on, or a regime.
    pub name: String,
    /// Its returns.
    pub steps: usize,
    /// Mean return a step.
    pub mean: Figure,
    /// Sharpe ratio a year.
    pub sharpe: Figure,
}

/// Figures of a series' parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Robustness {
    /// Those of at least [`LEAST_STEPS`], in their order.
    pub parts: Vec<Part>,
    /// Shorter ones, which do not count: name and steps.
    pub left_out: Vec<(String, usize)>,
    /// The worst part's Sharpe ratio a year. A part in which nothing moved has none, and stands for zero here.
    pub worst: Figure,
    /// Share of the parts whose mean is above zero.
    pub consistency: Figure,
}

/// The figures of `parts` consecutive parts of a series, as long as one another but for one step: those of the front are longer.
#[must_use]
pub fn across_splits(returns: &[f64], parts: NonZeroUsize, periods_per_year: Option<f64>) -> Robustness {
    let (count, steps) = (parts.get(), returns.len());
    let (least, longer) = (steps / count, steps % count);
    // More parts than steps are parts without a step, which nobody needs to see.
    let shown = count.min(steps.max(1));
    let mut rest = returns;
    let parts = (0..shown).map(|place| {
        let (part, after) = rest.split_at(least + usize::from(place < longer));
        rest = after;
        ((place + 1).to_string(), part.to_vec())
    });
    Robustness::of(parts, periods_per_year)
}

/// The figures of a series in each regime. `labels` says which one each return was earned in, or that nobody knows, in
/// which case it does not count; where one list is longer, what is beyond the other does not either.
#[must_use]
pub fn across_regimes(
    returns: &[f64],
    labels: &[Option<Regime>],
    periods_per_year: Option<f64>,
) -> Robustness {
    let earned = |regime: Regime| {
        let labelled = returns.iter().zip(labels);
        labelled.filter(|(_, label)| **label == Some(regime)).map(|(value, _)| *value).collect()
    };
    let parts = Regime::ALL.into_iter().map(|regime| (regime.to_string(), earned(regime)));
    Robustness::of(parts, periods_per_year)
}

impl Robustness {
    fn of(all: impl Iterator<Item = (String, Vec<f64>)>, periods_per_year: Option<f64>) -> Self {
        let (mut parts, mut left_out) = (Vec::new(), Vec::new());
        for (name, returns) in all {
            let steps = returns.len();
            if steps < LEAST_STEPS {
                left_out.push((name, steps));
                continue;
            }
            let series = Returns::new(&returns, periods_per_year);
            parts.push(Part { name, steps, mean: series.mean(), sharpe: series.sharpe(0.0) });
        }
        let (worst, consistency) = (worst(&parts).into(), consistency(&parts).into());
        Self { parts, left_out, worst, consistency }
    }
}

fn worst(parts: &[Part]) -> Result<f64, Missing> {
    let mut worst = Err(if parts.is_empty() { Missing::PartsTooShort } else { Missing::ZeroVariance });
    let mut stood_still = false;
    for part in parts {
        match part.sharpe.get() {
            Ok(sharpe) => worst = Ok(worst.map_or(sharpe, |worst: f64| worst.min(sharpe))),
            Err(Missing::ZeroVariance) => stood_still = true,
            Err(missing) => return Err(missing),
        }
    }
    worst.map(|worst| if stood_still { worst.min(0.0) } else { worst })
}

fn consistency(parts: &[Part]) -> Result<f64, Missing> {
    if parts.is_empty() {
        return Err(Missing::PartsTooShort);
    }
    let mut positive = 0_u32;
    for part in parts {
        positive += u32::from(part.mean.get()? > 0.0);
    }
    Ok(f64::from(positive) / parts.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const YEAR: Option<f64> = Some(252.0);

    /// Returns of this mean that move by one percent around it.
    fn earning(mean: f64, steps: usize) -> Vec<f64> {
        (0..steps).map(|step| if step % 2 == 0 { mean + 0.01 } else { mean - 0.01 }).collect()
    }

    fn splits(returns: &[f64]) -> Robustness {
        across_splits(returns, PARTS, YEAR)
    }

    #[test]
    fn the_worst_part_is_the_figure_and_not_the_mean_of_all() {
        let returns = [earning(0.004, 150), earning(-0.002, 30)].concat();
        let found = splits(&returns);
        assert_eq!(found.parts.iter().map(|part| part.steps).collect::<Vec<_>>(), [30; 6]);
        let last = found.parts.last().unwrap();
        assert_eq!((last.name.as_str(), found.worst), ("6", last.sharpe));
        assert!(found.worst.value().unwrap() < 0.0 && found.parts[0].sharpe.value().unwrap() > 0.0);
        assert!((found.consistency.value().unwrap() - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_part_is_what_it_would_be_alone() {
        let returns = earning(0.001, 121);
        let found = splits(&returns);
        assert_eq!(found.parts[0].steps, 21, "the first is the longer one");
        assert_eq!(found.parts[0].sharpe, Returns::new(&returns[..21], YEAR).sharpe(0.0));
        assert_eq!(found.parts[5].sharpe, Returns::new(&returns[101..], YEAR).sharpe(0.0));
    }

    #[test]
    fn parts_of_fewer_than_twenty_steps_are_left_out_and_said() {
        let found = splits(&earning(0.001, 119));
        assert_eq!((found.parts.len(), &found.left_out[..]), (5, &[("6".to_owned(), 19)][..]));
        let short = splits(&earning(0.001, 60));
        assert_eq!((short.parts.len(), short.left_out.len()), (0, 6));
        assert_eq!(short.worst.get(), Err(Missing::PartsTooShort));
        assert_eq!(short.consistency.get(), Err(Missing::PartsTooShort));
        let none = across_splits(&[], NonZeroUsize::MAX, YEAR);
        assert_eq!((none.left_out.len(), none.worst.get()), (1, Err(Missing::PartsTooShort)));
    }

    #[test]
    fn a_part_in_which_nothing_moved_counts_as_zero_where_others_were_better() {
        let idle = vec![0.0; 30];
        let found = splits(&[earning(0.004, 150), idle.clone()].concat());
        assert_eq!(found.parts[5].sharpe.get(), Err(Missing::ZeroVariance));
        assert_eq!(found.worst.get(), Ok(0.0));
        let lost = splits(&[earning(-0.004, 150), idle].concat());
        assert!(lost.worst.value().unwrap() < 0.0, "a loss is worse than nothing");
    }

    #[test]
    fn a_constant_series_has_a_reason_and_no_ratio() {
        for value in [0.0, 0.01] {
            assert_eq!(splits(&[value; 240]).worst.get(), Err(Missing::ZeroVariance), "{value}");
        }
        assert_eq!(splits(&[0.0; 240]).consistency.get(), Ok(0.0));
    }

    #[test]
    fn what_nobody_can_annualise_and_what_is_no_number_has_its_reason() {
        let returns = earning(0.001, 240);
        assert_eq!(across_splits(&returns, PARTS, None).worst.get(), Err(Missing::UnknownPeriod));
        let mut broken = returns;
        broken[7] = f64::NAN;
        assert!(splits(&broken).worst.missing().is_some() && splits(&broken).consistency.missing().is_some());
    }

    #[test]
    fn each_regime_has_the_returns_that_were_earned_in_it() {
        let labels: Vec<_> = [None; 10]
            .into_iter()
            .chain([Some(Regime::RisingCalm); 50])
            .chain([Some(Regime::FallingTurbulent); 30])
            .chain([Some(Regime::FallingCalm); 5])
            .collect();
        let returns = [earning(-0.5, 10), earning(0.003, 50), earning(-0.001, 30), earning(-0.3, 5)].concat();
        let found = across_regimes(&returns, &labels, YEAR);
        let names: Vec<_> = found.parts.iter().map(|part| (part.name.as_str(), part.steps)).collect();
        assert_eq!(names, [("rising_calm", 50), ("falling_turbulent", 30)]);
        assert_eq!(found.left_out, [("rising_turbulent".to_owned(), 0), ("falling_calm".to_owned(), 5)]);
        assert_eq!(found.worst, Returns::new(&returns[60..90], YEAR).sharpe(0.0));
        assert_eq!(found.consistency.get(), Ok(0.5));
    }

    proptest! {
        #[test]
        fn the_order_of_parts_is_irrelevant(
            parts in prop::collection::vec(prop::collection::vec(-0.05..0.05f64, 25), 6).prop_shuffle(),
        ) {
            let forward = splits(&parts.concat());
            let backward = splits(&parts.iter().rev().flatten().copied().collect::<Vec<_>>());
            prop_assert_eq!(forward.worst, backward.worst);
            prop_assert_eq!(forward.consistency, backward.consistency);
        }

        #[test]
        fn the_worst_is_no_better_than_any_part_and_consistency_is_a_share(
            returns in prop::collection::vec(-0.05..0.05f64, 0..400), parts in 1..9usize,
        ) {
            let found = across_splits(&returns, NonZeroUsize::new(parts).unwrap(), YEAR);
            let steps: usize = found.parts.iter().map(|part| part.steps).sum();
            let short: usize = found.left_out.iter().map(|(_, steps)| steps).sum();
            prop_assert_eq!(steps + short, returns.len());
            if let Some(worst) = found.worst.value() {
                prop_assert!(found.parts.iter().all(|part| part.sharpe.value().is_none_or(|it| worst <= it)));
            }
            prop_assert!(found.consistency.value().is_none_or(|share| (0.0..=1.0).contains(&share)));
            prop_assert_eq!(found.consistency.value().is_none(), found.parts.is_empty());
        }
    }
}
