//! Sharpe ratios of many parts of many series.

use std::ops::Range;

use stratbox_metrics::{Figure, Missing};

use super::SplitError;

/// Returns below this share of `1 + return` are rounding, as in the figures of runs.
const NOISE: f64 = 1e-12;

/// Number, mean and sum of squared deviations of some returns.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn of(returns: &[f64]) -> Self {
        if returns.is_empty() {
            return Self::default();
        }
        let count = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / count;
        let squares = returns.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self { count, mean, squares }
    }

    /// Those of both together (Chan, Golub and LeVeque 1979).
    fn and(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let (apart, share) = (other.mean - self.mean, other.count / count);
        Self {
            count,
            mean: self.mean + apart * share,
            squares: self.squares + other.squares + apart * apart * self.count * share,
        }
    }

    /// Mean over standard deviation (ddof 1), per step.
    fn sharpe(self) -> Figure {
        if self.count < 3.0 {
            return Missing::TooFewReturns.into();
        }
        let deviation = libm::sqrt(self.squares / (self.count - 1.0));
        if !deviation.is_finite() {
            return Missing::NotRepresentable.into();
        }
        if deviation <= NOISE * (1.0 + self.mean.abs()) {
            return Missing::ZeroVariance.into();
        }
        Figure::of(self.mean / deviation)
    }
}

/// Sharpe ratio of returns, per step: mean over standard deviation (ddof 1), risk-free rate 0. A reason below three returns,
/// or where they do not vary.
pub(super) fn sharpe(returns: &[f64]) -> Figure {
    Moments::of(returns).sharpe()
}

/// For each list of ranges the variant with the highest Sharpe ratio over all of them together, the first of equal ones; or
/// why the first variant has none, where none has one.
pub(super) fn best_of(
    series: &[impl AsRef<[f64]>],
    parts: &[Vec<Range<usize>>],
) -> Vec<Result<(usize, f64), Missing>> {
    let mut cuts: Vec<usize> = parts.iter().flatten().flat_map(|range| [range.start, range.end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    // Every cut is in the list.
    let place = |cut: usize| cuts.partition_point(|it| *it < cut);
    let pieces = |ranges: &Vec<Range<usize>>| -> Vec<Range<usize>> {
        ranges.iter().map(|range| place(range.start)..place(range.end)).collect()
    };
    let parts: Vec<_> = parts.iter().map(pieces).collect();
    let mut best = vec![Err(Missing::NoData); parts.len()];
    for (variant, returns) in series.iter().enumerate() {
        let returns = returns.as_ref();
        let moments: Vec<Moments> =
            cuts.windows(2).map(|pair| Moments::of(&returns[pair[0]..pair[1]])).collect();
        for (best, pieces) in best.iter_mut().zip(&parts) {
            let all = pieces.iter().flat_map(|range| &moments[range.clone()]);
            match (all.fold(Moments::default(), |sum, it| sum.and(*it)).sharpe().get(), *best) {
                (Ok(sharpe), Ok((_, highest))) if sharpe <= highest => {}
                (Ok(sharpe), _) => *best = Ok((variant, sharpe)),
                (Err(missing), Err(Missing::NoData)) => *best = Err(missing),
                (Err(_), _) => {}
            }
        }
    }
    best
}

/// Whether returns can be judged: as many of each variant as there are steps, each a number.
pub(super) fn check(series: &[impl AsRef<[f64]>], steps: usize) -> Result<(), SplitError> {
    for (variant, returns) in series.iter().enumerate() {
        let returns = returns.as_ref();
        if returns.len() != steps {
            let problem = format!("there are {} of them, and {steps} steps", returns.len());
            return Err(SplitError::Returns { variant, problem });
        }
        if let Some(step) = returns.iter().position(|value| !value.is_finite()) {
            let problem = format!("that of step {step} is {}", returns[step]);
            return Err(SplitError::Returns { variant, problem });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sharpe_ratio_is_mean_over_deviation() {
        // Mean 2, squared deviations 2, ddof 1.
        assert_eq!(sharpe(&[1.0, 2.0, 3.0]).value(), Some(2.0));
    }

    #[test]
    fn where_there_is_none_there_is_a_reason() {
        assert_eq!(sharpe(&[]).missing(), Some(Missing::TooFewReturns));
        assert_eq!(sharpe(&[1.0, 2.0]).missing(), Some(Missing::TooFewReturns));
        assert_eq!(sharpe(&[0.1; 50]).missing(), Some(Missing::ZeroVariance));
        assert_eq!(sharpe(&[1e300, -1e300, 1e300]).missing(), Some(Missing::NotRepresentable));
        assert!(sharpe(&[0.1, 0.1, 0.2]).value().is_some());
    }

    #[test]
    fn the_first_of_equal_ones_is_chosen_and_one_without_a_figure_never() {
        let (flat, good, bad) =
            (vec![0.0; 6], vec![1.0, 2.0, 3.0, 1.0, 2.0, 3.0], vec![-1.0, 0.0, -2.0, 0.0, -1.0, 0.0]);
        let best = |series: &[Vec<f64>]| best_of(series, &[vec![0..2, 2..6]])[0].map(|(variant, _)| variant);
        assert_eq!(best(&[flat.clone(), bad.clone(), good.clone(), good]), Ok(2));
        assert_eq!(best(&[flat.clone(), bad]), Ok(1), "a loss is a figure");
        assert_eq!(best(&[flat]), Err(Missing::ZeroVariance));
        assert_eq!(best(&[]), Err(Missing::NoData));
    }

    proptest! {
        #[test]
        fn pieces_have_the_moments_of_the_whole(
            returns in prop::collection::vec(-0.1..0.1, 3..60),
            cuts in prop::collection::vec(0..60_usize, 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(returns.len())).collect();
            cuts.extend([0, returns.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| Moments::of(&returns[pair[0]..pair[1]]));
            let together = pieces.fold(Moments::default(), Moments::and);
            let whole = Moments::of(&returns);
            prop_assert_eq!(together.count, whole.count);
            prop_assert!((together.mean - whole.mean).abs() < 1e-14);
            prop_assert!((together.squares - whole.squares).abs() < 1e-13);
        }
    }
}
