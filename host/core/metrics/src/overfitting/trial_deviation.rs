//! How far apart the Sharpe ratios of trials are.

use crate::Missing;
use crate::series::Moments;

/// The standard deviation of the Sharpe ratios a point that some trials' returns have, for deflating a series of so many points.
///
/// With fewer than two it is what chance alone makes of a Sharpe ratio of zero, `1 / sqrt(T - 1)`. When there were trials besides
/// these, whose series are not at hand, it is at least that: otherwise the last of many experiments could narrow the spread of
/// all of them by trying little.
///
/// # Errors
/// The series to be deflated has fewer than three points.
pub fn trial_deviation<C: AsRef<[f64]>>(
    columns: &[C],
    observations: usize,
    others: bool,
) -> Result<f64, Missing> {
    if observations < 3 {
        return Err(Missing::TooFewReturns);
    }
    let chance = 1.0 / ((observations - 1) as f64).sqrt();
    let moments = columns.iter().filter_map(|column| Moments::of(column.as_ref()).ok());
    let sharpes: Vec<f64> = moments.map(|it| it.sharpe()).collect();
    let count = sharpes.len() as f64;
    if sharpes.len() < 2 {
        return Ok(chance);
    }
    let mean = sharpes.iter().sum::<f64>() / count;
    let variance = sharpes.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / (count - 1.0);
    Ok(if others { variance.sqrt().max(chance) } else { variance.sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIKE: [[f64; 4]; 2] = [[0.01, 0.02, 0.01, 0.03], [0.01, 0.02, 0.01, 0.031]];

    #[test]
    fn trials_that_are_alike_are_close_unless_there_were_others() {
        let own = trial_deviation(&ALIKE, 101, false).unwrap();
        assert!(own < 0.1, "{own}");
        assert_eq!(trial_deviation(&ALIKE, 101, true), Ok(0.1));
    }

    #[test]
    fn one_trial_is_as_far_from_others_as_chance_makes_it() {
        assert_eq!(trial_deviation(&ALIKE[..1], 101, false), Ok(0.1));
        assert_eq!(trial_deviation::<[f64; 1]>(&[], 5, false), Ok(0.5));
        assert_eq!(trial_deviation(&ALIKE, 2, false), Err(Missing::TooFewReturns));
    }
}
