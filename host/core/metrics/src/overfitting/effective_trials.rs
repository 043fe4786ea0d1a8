//! How many independent trials many similar ones are worth.

use serde::Serialize;

use super::performance::varying;
use crate::noise::finite;
use crate::periods::as_number;
use crate::series::{mean, total};
use crate::{Figure, Missing};

/// Trials, and what they are worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EffectiveTrials {
    /// All of them, M.
    pub trials: u64,
    /// Those whose returns never vary; they count in M and have no correlation.
    pub flat: u64,
    /// rho, the mean of the correlations of all pairs; 1 says that all are the same trial.
    pub mean_correlation: Figure,
    /// `rho + (1 - rho) M` (Bailey and López de Prado 2014, appendix 3), at most M: a mean correlation below zero counts as
    /// none. M where there is no pair.
    pub effective: f64,
}

/// The effective number of trials of a matrix of returns given by its columns, one a trial.
///
/// The mean correlation comes from the length of the sum of all standardised columns, in time that grows with the matrix and
/// not with the pairs.
///
/// # Errors
/// As [`pbo`](super::pbo()) of columns of different lengths, with fewer than three rows, or with a value that is not finite.
pub fn effective_trials<C: AsRef<[f64]>>(columns: &[C]) -> Result<EffectiveTrials, Missing> {
    let places = varying(columns)?;
    let rows = columns.first().map_or(0, |column| column.as_ref().len());
    let mut sum = vec![0.0; rows];
    for place in &places {
        let column = columns[*place].as_ref();
        let middle = mean(column.iter().copied());
        let length = total(column.iter().map(|value| (value - middle) * (value - middle))).sqrt();
        sum.iter_mut().zip(column).for_each(|(sum, value)| *sum += (value - middle) / length);
    }
    let (all, vary) = (as_number(columns.len() as u64), as_number(places.len() as u64));
    let correlation = if places.len() < 2 {
        Err(Missing::TooFewVariants)
    } else {
        let squared = finite(total(sum.iter().map(|value| value * value)));
        squared.map(|squared| ((squared - vary) / (vary * (vary - 1.0))).clamp(-1.0, 1.0))
    };
    let shared = correlation.unwrap_or(0.0).max(0.0);
    Ok(EffectiveTrials {
        trials: columns.len() as u64,
        flat: (columns.len() - places.len()) as u64,
        mean_correlation: correlation.into(),
        effective: shared + (1.0 - shared) * all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::pearson;
    use stratbox_domain::uniform;

    fn columns(count: usize, common: f64) -> Vec<Vec<f64>> {
        let mut draw = uniform(4);
        let shared: Vec<f64> = (0..300).map(|_| draw()).collect();
        (0..count).map(|_| shared.iter().map(|value| common * value + draw()).collect()).collect()
    }

    #[test]
    fn the_mean_correlation_is_that_of_all_pairs() {
        let matrix = columns(7, 1.5);
        let mut pairs = Vec::new();
        for (place, x) in matrix.iter().enumerate() {
            pairs.extend(matrix[..place].iter().map(|y| pearson(x, y).get().unwrap()));
        }
        let expected = pairs.iter().sum::<f64>() / pairs.len() as f64;
        let found = effective_trials(&matrix).unwrap();
        assert!((found.mean_correlation.get().unwrap() - expected).abs() < 1e-12);
        assert!((found.effective - (expected + (1.0 - expected) * 7.0)).abs() < 1e-11);
    }

    #[test]
    fn the_same_trial_many_times_is_one_and_its_opposite_is_another() {
        let one = columns(1, 0.0).remove(0);
        assert!((effective_trials(&vec![one.clone(); 9]).unwrap().effective - 1.0).abs() < 1e-12);
        let opposite: Vec<f64> = one.iter().map(|value| -value).collect();
        let two = effective_trials(&[one, opposite]).unwrap();
        assert!((two.mean_correlation.get().unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(two.effective, 2.0);
    }

    #[test]
    fn trials_that_never_vary_are_counted_and_not_compared() {
        let mut matrix = columns(2, 0.0);
        matrix.push(vec![0.0; 300]);
        let found = effective_trials(&matrix).unwrap();
        assert_eq!((found.trials, found.flat), (3, 1));
        assert!(found.mean_correlation.get().is_ok());
        let alone = effective_trials(&matrix[1..]).unwrap();
        assert_eq!((alone.mean_correlation.get(), alone.effective), (Err(Missing::TooFewVariants), 2.0));
    }

    #[test]
    fn no_trials_are_no_number() {
        assert_eq!(effective_trials::<Vec<f64>>(&[]), Err(Missing::NoData));
        assert_eq!(effective_trials(&[vec![0.1, 0.2]]), Err(Missing::TooFewReturns));
    }
}
