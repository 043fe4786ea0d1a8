//! The first four moments of a sample.

use serde::{Deserialize, Serialize};

use crate::Missing;
use crate::noise::{finite, noise};
use crate::periods::as_number;
use crate::sum::Sum;

/// A sample in five numbers: all that PSR, DSR and the track record's length need of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// How many values there are, at least 3.
    pub observations: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, ddof 1, greater than zero.
    pub deviation: f64,
    /// `m3 / m2^(3/2)`, with central moments divided by the count (`scipy.stats.skew`, `skewness(method = "moment")` of
    /// PerformanceAnalytics); 0 for a normal distribution.
    pub skewness: f64,
    /// `m4 / m2^2`, likewise: **raw**, 3 for a normal distribution. At least `1 + skewness^2`.
    pub kurtosis: f64,
}

impl Moments {
    /// The moments of `values`.
    ///
    /// # Errors
    /// [`Missing::TooFewReturns`] for fewer than three values, [`Missing::ZeroVariance`] when they do not vary beyond
    /// rounding, [`Missing::NotRepresentable`] when a value or a moment is not finite.
    pub fn of(values: &[f64]) -> Result<Self, Missing> {
        if values.len() < 3 {
            return Err(if values.is_empty() { Missing::NoData } else { Missing::TooFewReturns });
        }
        let observations = values.len() as u64;
        let count = as_number(observations);
        let mean = finite(total(values.iter().copied()) / count)?;
        let central =
            |term: fn(f64) -> f64| finite(total(values.iter().map(|value| term(value - mean))) / count);
        let variance = central(|d| d * d)?;
        let deviation = (variance * count / (count - 1.0)).sqrt();
        if deviation <= noise(mean) {
            return Err(Missing::ZeroVariance);
        }
        let skewness = finite(central(|d| d * d * d)? / (variance * variance.sqrt()))?;
        let kurtosis = finite(central(|d| (d * d) * (d * d))? / (variance * variance))?;
        Ok(Self { observations, mean, deviation, skewness, kurtosis })
    }

    /// Mean over standard deviation, per period.
    #[must_use]
    pub fn sharpe(&self) -> f64 {
        self.mean / self.deviation
    }
}

/// A compensated sum.
pub(crate) fn total(terms: impl Iterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    terms.for_each(|term| sum.add(term));
    sum.value()
}

/// A compensated mean; NaN without terms.
pub(crate) fn mean(terms: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = as_number(terms.len() as u64);
    total(terms) / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::BACON;

    #[test]
    fn bacons_portfolio_has_the_moments_that_scipy_finds() {
        let moments = Moments::of(&BACON).unwrap();
        assert_eq!(moments.observations, 24);
        for (value, expected) in [
            (moments.mean, MEAN),
            (moments.deviation, DEVIATION),
            (moments.skewness, SKEWNESS),
            (moments.kurtosis, KURTOSIS),
        ] {
            assert!((value - expected).abs() < 1e-13, "{value} {expected}");
        }
    }

    const MEAN: f64 = 0.009_000_000_000_000_001;
    const DEVIATION: f64 = 0.039_548_539_246_370_897;
    const SKEWNESS: f64 = -0.082_562_455_208_568_27;
    const KURTOSIS: f64 = 2.432_453_794_107_874_8;

    #[test]
    fn kurtosis_is_raw() {
        assert_eq!(
            Moments::of(&[1.0, -1.0, 1.0, -1.0]).unwrap().kurtosis,
            1.0,
            "two values have the least there is"
        );
    }

    #[test]
    fn a_sample_that_tells_nothing_has_no_moments() {
        assert_eq!(Moments::of(&[]), Err(Missing::NoData));
        assert_eq!(Moments::of(&[0.1, 0.2]), Err(Missing::TooFewReturns));
        assert_eq!(Moments::of(&[0.1; 10]), Err(Missing::ZeroVariance));
        assert_eq!(Moments::of(&[0.1, 0.1 + 1e-16, 0.1]), Err(Missing::ZeroVariance));
        assert_eq!(Moments::of(&[0.1, f64::NAN, 0.2]), Err(Missing::NotRepresentable));
        assert_eq!(Moments::of(&[1e200, -1e200, 0.2]), Err(Missing::NotRepresentable));
        assert!(Moments::of(&[0.1, 0.2, 0.15]).is_ok());
    }

    #[test]
    fn moments_survive_being_stored() {
        let moments = Moments::of(&[0.1, 0.2, 0.17]).unwrap();
        let text = serde_json::to_string(&moments).unwrap();
        assert_eq!(serde_json::from_str::<Moments>(&text).unwrap(), moments);
    }
}
