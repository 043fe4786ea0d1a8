//! One Sharpe ratio as evidence: what is its chance of being luck?

use serde::{Deserialize, Serialize};

use super::expected_max;
use crate::noise::finite;
use crate::normal::{cdf, quantile};
use crate::periods::as_number;
use crate::series::Moments;
use crate::{Figure, Missing};

/// Whose formula. They differ on the same data, so every figure says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Convention {
    /// Bailey and López de Prado, "The Sharpe Ratio Efficient Frontier" (2012): the variance at the observed Sharpe ratio,
    /// over T - 1.
    #[default]
    #[serde(rename = "2012")]
    Observed,
    /// López de Prado, Lipton and Zoonekynd, "How to Use the Sharpe Ratio" (2025), without autocorrelation: the variance at
    /// the Sharpe ratio of the null hypothesis, over T.
    #[serde(rename = "2025")]
    Null,
}

/// An observed Sharpe ratio, and what is known of the returns behind it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Per period.
    pub sharpe: f64,
    /// Number of returns, T.
    pub observations: u64,
    /// Skewness of the returns, g3.
    pub skewness: f64,
    /// **Raw** kurtosis of the returns, g4: 3 for a normal distribution. (Excess kurtosis in its place is a common mistake,
    /// which makes the figures better than they are.) It is at least `1 + g3^2`; below that every figure is
    /// [`Missing::ImpossibleKurtosis`].
    pub kurtosis: f64,
}

/// How far below its bound a kurtosis may be, as a share of it: published moments are rounded, and some lie on it.
const ROUNDING: f64 = 1e-9;

/// The least kurtosis that returns of this skewness have (Pearson 1916); those with just two values have it.
fn least_kurtosis(skewness: f64) -> f64 {
    1.0 + skewness * skewness
}

impl From<Moments> for Evidence {
    fn from(moments: Moments) -> Self {
        // Returns that were there have a kurtosis that is possible, but for rounding.
        let least = least_kurtosis(moments.skewness);
        let kurtosis = if moments.kurtosis < least { least } else { moments.kurtosis };
        Self {
            sharpe: moments.sharpe(),
            observations: moments.observations,
            skewness: moments.skewness,
            kurtosis,
        }
    }
}

/// A Sharpe ratio beside the best that as many worthless trials would show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Deflated {
    /// SR0, the expected maximum of the trials' Sharpe ratios if all true ones were zero, per period:
    /// `sqrt(variance) * expected_max(N)`; 0 for one trial.
    pub threshold: Figure,
    /// DSR: PSR(SR0) (Bailey and López de Prado 2014).
    pub probability: Figure,
}

impl Evidence {
    /// PSR: the probability that the true Sharpe ratio is above `target` (per period),
    /// `cdf((SR - SR*) sqrt(T - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2))` by the convention of 2012.
    #[must_use]
    pub fn probability(&self, target: f64, convention: Convention) -> Figure {
        let probability = || {
            let variance = self.variance(target, convention)?;
            let count = match convention {
                Convention::Observed => as_number(self.observations - 1),
                Convention::Null => as_number(self.observations),
            };
            Ok(cdf(finite((self.sharpe - target) * (count / variance).sqrt())?))
        };
        probability().into()
    }

    /// The standard error of the Sharpe ratio, per period: `sqrt(variance / (T - 1))`, by the convention of 2025 that under
    /// the hypothesis that the true one is `target`.
    #[must_use]
    pub fn standard_error(&self, target: f64, convention: Convention) -> Figure {
        let count = match convention {
            Convention::Observed => self.observations.saturating_sub(1),
            Convention::Null => self.observations,
        };
        self.variance(target, convention).map(|variance| (variance / as_number(count)).sqrt()).into()
    }

    /// DSR, from the number of trials (a fraction when it is an effective one) and the variance of their Sharpe ratios, both
    /// per period. [`Missing::OutOfRange`] when there is less than one trial or the variance is below zero.
    #[must_use]
    pub fn deflated(&self, trials: f64, variance: f64, convention: Convention) -> Deflated {
        let threshold = || {
            if !(variance >= 0.0 && variance.is_finite()) {
                return Err(Missing::OutOfRange);
            }
            Ok(variance.sqrt() * expected_max::checked(trials)?)
        };
        match threshold() {
            Ok(threshold) => Deflated {
                threshold: Figure::of(threshold),
                probability: self.probability(threshold, convention),
            },
            Err(missing) => Deflated { threshold: missing.into(), probability: missing.into() },
        }
    }

    /// Returns that are needed before the Sharpe ratio, should it stay what it is, is above `target` with this confidence:
    /// `1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (z / (SR - SR*))^2` by the convention of 2012, without the 1 and with the variance
    /// at SR* by that of 2025. Not rounded.
    ///
    /// [`Missing::NotAboveTarget`] when the Sharpe ratio is not above the target: no number is enough.
    #[must_use]
    pub fn min_track_record(&self, target: f64, confidence: f64, convention: Convention) -> Figure {
        let length = || {
            if !(confidence > 0.0 && confidence < 1.0) {
                return Err(Missing::OutOfRange);
            }
            // The observations that there are do not matter.
            let variance = Self { observations: 3, ..*self }.variance(target, convention)?;
            if self.sharpe <= target {
                return Err(Missing::NotAboveTarget);
            }
            let ratio = quantile(confidence) / (self.sharpe - target);
            let first = if convention == Convention::Observed { 1.0 } else { 0.0 };
            finite(first + variance * ratio * ratio)
        };
        length().into()
    }

    /// Whether returns can have this skewness and raw kurtosis.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.kurtosis >= least_kurtosis(self.skewness) * (1.0 - ROUNDING)
    }

    /// The variance of the estimate, times the number of observations.
    fn variance(&self, target: f64, convention: Convention) -> Result<f64, Missing> {
        let inputs = [self.sharpe, self.skewness, self.kurtosis, target];
        if inputs.iter().any(|input| !input.is_finite()) {
            return Err(Missing::OutOfRange);
        }
        if self.observations < 3 {
            return Err(Missing::TooFewReturns);
        }
        if !self.is_possible() {
            return Err(Missing::ImpossibleKurtosis);
        }
        let at = if convention == Convention::Observed { self.sharpe } else { target };
        let variance = finite(1.0 - self.skewness * at + (self.kurtosis - 1.0) / 4.0 * at * at)?;
        if variance > 0.0 { Ok(variance) } else { Err(Missing::VarianceTermNotPositive) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(sharpe: f64, observations: u64) -> Evidence {
        Evidence { sharpe, observations, skewness: 0.0, kurtosis: 3.0 }
    }

    fn near(figure: Figure, expected: f64, digits: f64) {
        let value = figure.get().unwrap();
        assert!((value - expected).abs() < digits, "{value} {expected}");
    }

    /// The hedge fund of Bailey and López de Prado (2012).
    const FUND: Evidence = Evidence { sharpe: 0.458, observations: 24, skewness: -2.448, kurtosis: 10.164 };

    #[test]
    fn published_probabilities() {
        near(normal(0.458, 24).probability(0.0, Convention::Observed), 0.981_674_9, 5e-8);
        near(FUND.probability(0.0, Convention::Observed), 0.913_361_1, 5e-8);
        // `test_psr` of pypbo.
        let monthly = Evidence { sharpe: 1.585 / 12_f64.sqrt(), ..FUND };
        near(monthly.probability(0.0, Convention::Observed), 0.913_234_306_884_860_2, 1e-9);
    }

    #[test]
    fn the_two_conventions_differ_on_the_same_data() {
        // The example of jsharpe, an implementation of the paper of 2025: 0.987 and 13.029.
        let fund = Evidence { sharpe: 0.036 / 0.079, ..FUND };
        near(fund.probability(0.0, Convention::Null), 0.987, 5e-4);
        near(fund.min_track_record(0.0, 0.95, Convention::Null), 13.029, 5e-4);
        assert!(fund.probability(0.0, Convention::Observed).get().unwrap() < 0.95);
    }

    #[test]
    fn published_deflated_sharpe_ratio() {
        // Bailey and López de Prado (2014), and `test_dsr` of pypbo.
        let daily =
            Evidence { sharpe: 2.5 / 250_f64.sqrt(), observations: 1_250, skewness: -3.0, kurtosis: 10.0 };
        let deflated = daily.deflated(100.0, 0.5 / 250.0, Convention::Observed);
        near(deflated.threshold, 0.113_172_001_865_13, 1e-9);
        near(deflated.probability, 0.900_396_834_449_390_4, 1e-9);
    }

    #[test]
    fn a_kurtosis_that_no_returns_have_is_a_reason_and_the_least_that_they_have_is_not() {
        let of = |skewness, kurtosis| Evidence { skewness, kurtosis, ..FUND };
        for (skewness, least) in [(0.0, 1.0), (-3.0, 10.0), (2.448, 6.992_704), (1e3, 1_000_001.0)] {
            for convention in [Convention::Observed, Convention::Null] {
                let below = of(skewness, least * (1.0 - 1e-8));
                let missing = Err(Missing::ImpossibleKurtosis);
                assert!(!below.is_possible());
                assert_eq!(below.probability(0.1, convention).get(), missing);
                assert_eq!(below.standard_error(0.1, convention).get(), missing);
                assert_eq!(below.min_track_record(0.1, 0.95, convention).get(), missing);
                assert_eq!(below.deflated(10.0, 0.1, convention).probability.get(), missing);
                for possible in [least, least * (1.0 - 1e-10)] {
                    let at = of(skewness, possible);
                    assert!(at.is_possible() && at.min_track_record(0.1, 0.95, convention).get().is_ok());
                }
            }
        }
        // Excess kurtosis where raw kurtosis belongs is often possible, but not in the published example.
        assert!(!of(-3.0, 7.0).is_possible() && of(-2.448, 10.164 - 3.0).is_possible());
    }

    #[test]
    fn excess_kurtosis_in_place_of_raw_kurtosis_flatters() {
        let excess = Evidence { kurtosis: FUND.kurtosis - 3.0, ..FUND };
        let of = |evidence: Evidence| evidence.probability(0.0, Convention::Observed).get().unwrap();
        assert!(of(excess) > of(FUND));
    }

    #[test]
    fn published_track_records() {
        // `test_minTRL` of pypbo, after figure 8 of Bailey and López de Prado (2012).
        for (periods, sharpe, target, skewness, kurtosis, years) in [
            (250.0_f64, 2.0, 1.0, 0.0, 3.0, 2.731_187_801_728_176),
            (52.0, 2.0, 1.0, 0.0, 3.0, 2.828_833_586_945_237),
            (12.0, 3.0, 2.5, -0.72, 5.78, 27.352_920_196_040_3),
        ] {
            let evidence = Evidence { sharpe: sharpe / periods.sqrt(), observations: 3, skewness, kurtosis };
            let length = evidence.min_track_record(target / periods.sqrt(), 0.95, Convention::Observed);
            near(Figure::of(length.get().unwrap() / periods), years, 1e-9);
        }
    }

    #[test]
    fn at_the_minimum_track_record_the_probability_is_the_confidence() {
        let length = FUND.min_track_record(0.1, 0.95, Convention::Observed).get().unwrap();
        let at = |observations| {
            Evidence { observations, ..FUND }.probability(0.1, Convention::Observed).get().unwrap()
        };
        assert!(at(length.floor() as u64) < 0.95 && at(length.ceil() as u64) >= 0.95);
    }

    #[test]
    fn one_trial_is_not_deflated() {
        let one = FUND.deflated(1.0, 0.1, Convention::Observed);
        assert_eq!(one.threshold.get(), Ok(0.0));
        assert_eq!(one.probability, FUND.probability(0.0, Convention::Observed));
    }

    #[test]
    fn inputs_that_mean_nothing_are_reasons() {
        let psr = |evidence: Evidence| evidence.probability(0.0, Convention::Observed).get();
        assert_eq!(psr(normal(0.1, 2)), Err(Missing::TooFewReturns));
        assert!(psr(normal(0.1, 3)).is_ok());
        assert_eq!(psr(normal(f64::NAN, 30)), Err(Missing::OutOfRange));
        let two_values = Evidence { sharpe: 1.0, observations: 30, skewness: 2.0, kurtosis: 5.0 };
        assert_eq!(psr(two_values), Err(Missing::VarianceTermNotPositive));
        for (trials, variance) in [(0.0, 0.1), (f64::NAN, 0.1), (10.0, -0.1), (10.0, f64::INFINITY)] {
            assert_eq!(
                FUND.deflated(trials, variance, Convention::Observed).probability.get(),
                Err(Missing::OutOfRange)
            );
        }
        let record =
            |target, confidence| FUND.min_track_record(target, confidence, Convention::Observed).get();
        assert_eq!(record(0.458, 0.95), Err(Missing::NotAboveTarget));
        assert_eq!(record(0.0, 1.0), Err(Missing::OutOfRange));
        assert!(record(0.0, 0.95).is_ok());
    }

    proptest! {
        #[test]
        fn moments_of_returns_are_always_possible(
            values in prop::collection::vec(prop_oneof![Just(0.01), Just(-0.02), -0.1..0.1_f64], 3..40),
        ) {
            if let Ok(moments) = crate::series::Returns::new(&values, None).moments() {
                prop_assert!(Evidence::from(moments).is_possible(), "{moments:?}");
            }
        }

        #[test]
        fn more_trials_never_make_a_result_more_probable(few in 1_u32..1_000, more in 0_u32..1_000, variance in 0.0..0.1_f64) {
            let of = |trials| FUND.deflated(f64::from(trials), variance, Convention::Observed).probability.get().unwrap();
            prop_assert!(of(few + more) <= of(few));
        }

        #[test]
        fn a_probability_is_one_or_a_reason(
            sharpe in proptest::num::f64::ANY,
            skewness in -5.0..5.0_f64,
            kurtosis in -5.0..50.0_f64,
            target in proptest::num::f64::ANY,
            observations in 0_u64..1_000,
        ) {
            let evidence = Evidence { sharpe, observations, skewness, kurtosis };
            for convention in [Convention::Observed, Convention::Null] {
                let probability = evidence.probability(target, convention);
                prop_assert!(probability.value().is_none_or(|value| (0.0..=1.0).contains(&value)));
                let length = evidence.min_track_record(target, 0.95, convention);
                prop_assert!(length.value().is_none_or(f64::is_finite));
            }
        }
    }
}
