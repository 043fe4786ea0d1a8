//! How long the blocks of a bootstrap should be, from the series itself.

use crate::Missing;
use crate::noise::{finite, noise};
use crate::periods::as_number;
use crate::series::{mean, total};

/// The mean block length for the stationary bootstrap by Politis and White (2004) with the correction of Patton, Politis and
/// White (2009): `optimal_block_length` of `arch`. Between 1 and `ceil(min(3 sqrt(n), n / 3))`.
///
/// # Errors
/// [`Missing::TooFewReturns`] for fewer than 9 values, whose autocovariances say nothing; [`Missing::ZeroVariance`];
/// [`Missing::NotRepresentable`] when a value is not finite.
pub fn stationary_block_length(values: &[f64]) -> Result<f64, Missing> {
    let rows = values.len();
    if rows < 9 {
        return Err(Missing::TooFewReturns);
    }
    let count = as_number(rows as u64);
    let middle = finite(mean(values.iter().copied()))?;
    let spread: Vec<f64> = values.iter().map(|value| value - middle).collect();
    let product = |a: &[f64], b: &[f64]| total(a.iter().zip(b).map(|(a, b)| a * b));
    let variance = finite(product(&spread, &spread) / count)?;
    if variance.sqrt() <= noise(middle) {
        return Err(Missing::ZeroVariance);
    }
    let quiet = (libm::log10(count) as usize).max(5);
    // With few rows there are no more lags than this.
    let most = (count.sqrt().ceil() as usize + quiet).min(rows - 2);
    let bound = 2.0 * (libm::log10(count) / count).sqrt();
    let covariances: Vec<f64> =
        (0..=most).map(|lag| product(&spread[lag..], &spread[..rows - lag]) / count).collect();
    let correlation = |lag: usize| {
        let (late, early) = (&spread[lag + 1..], &spread[..rows - lag - 1]);
        (covariances[lag] * count).abs() / (product(late, late) * product(early, early)).sqrt()
    };
    let correlations: Vec<f64> = (0..=most).map(correlation).collect();
    let is_quiet = |lags: &[f64]| lags.iter().all(|correlation| *correlation < bound);
    let first = correlations[..most].windows(quiet).position(is_quiet);
    let lags = first.map_or(most, |first| (2 * first.max(1)).min(most));

    let (mut slope, mut long_run) = (0.0, covariances[0]);
    for (lag, covariance) in covariances.iter().enumerate().take(lags + 1).skip(1) {
        let part = as_number(lag as u64) / as_number(lags as u64);
        let weight = if part <= 0.5 { 1.0 } else { 2.0 * (1.0 - part) };
        slope += 2.0 * weight * as_number(lag as u64) * covariance;
        long_run += 2.0 * weight * covariance;
    }
    let length = libm::cbrt(slope * slope / (long_run * long_run) * count);
    let longest = (3.0 * count.sqrt()).min(count / 3.0).ceil();
    // A long-run variance of zero asks for blocks without end.
    Ok(if length.is_nan() { 1.0 } else { length.clamp(1.0, longest) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::uniform;

    /// `y[t] = share y[t-1] + u[t]` with the same draws in every language.
    fn autoregression(share: f64, rows: usize) -> Vec<f64> {
        let mut draw = uniform(7);
        let mut last = 0.0;
        let next = |_| {
            last = share * last + draw() - 0.5;
            last
        };
        (0..rows).map(next).collect()
    }

    #[test]
    fn lengths_are_those_of_arch() {
        for (share, rows, expected) in [
            (0.0, 500, 2.086_942_451_081_309_7),
            (0.3, 1_000, 6.912_948_239_417_422),
            (0.6, 2_000, 19.317_830_112_521_694),
            (0.95, 5_000, 118.782_811_444_596_48),
            (-0.5, 400, 8.479_706_836_505_402),
            (0.2, 60, 1.952_659_933_873_019_7),
        ] {
            let length = stationary_block_length(&autoregression(share, rows)).unwrap();
            assert!((length - expected).abs() < 1e-6 * expected, "{share} {rows}: {length} {expected}");
        }
    }

    #[test]
    fn dependence_asks_for_longer_blocks_and_none_for_single_values() {
        let length = |share| stationary_block_length(&autoregression(share, 2_000)).unwrap();
        assert!(length(0.0) < length(0.5) && length(0.5) < length(0.9));
        assert!(length(0.0) >= 1.0);
    }

    #[test]
    fn what_does_not_vary_or_is_short_has_no_length() {
        assert_eq!(stationary_block_length(&[0.1; 50]), Err(Missing::ZeroVariance));
        assert_eq!(stationary_block_length(&[0.1, 0.2, 0.3]), Err(Missing::TooFewReturns));
        assert_eq!(stationary_block_length(&[f64::NAN; 50]), Err(Missing::NotRepresentable));
        assert!(stationary_block_length(&autoregression(0.1, 9)).is_ok());
    }
}
