//! The best of many that are all worth nothing.

use std::f64::consts::E;

use crate::noise::finite;
use crate::normal::quantile;
use crate::{Figure, Missing};

/// Euler's and Mascheroni's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// The expected maximum of `trials` independent standard normal values,
/// `(1 - g) quantile(1 - 1/N) + g quantile(1 - 1/(N e))` with g = 0.5772156649015329 (Bailey and López de Prado 2014, eq. 1;
/// they derive it for large N, and it is 8 % low at N = 2).
///
/// 0 for one trial, which chooses nothing, and never below it. `trials` may be a fraction, such as an effective number of
/// trials; [`Missing::OutOfRange`] when it is below 1 or not finite.
#[must_use]
pub fn expected_max(trials: f64) -> Figure {
    checked(trials).into()
}

pub(super) fn checked(trials: f64) -> Result<f64, Missing> {
    if !(trials >= 1.0 && trials.is_finite()) {
        return Err(Missing::OutOfRange);
    }
    if trials <= 1.0 {
        return Ok(0.0);
    }
    // By symmetry: 1 - 1/N has lost the digits of 1/N that a large N needs.
    let upper = |share: f64| -quantile(share);
    finite(((1.0 - GAMMA) * upper(1.0 / trials) + GAMMA * upper(1.0 / (trials * E))).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_maxima() {
        // N = 100 is `test_expected_max` of pypbo.
        for (trials, expected) in [
            (2.0, 0.519_755_344_3),
            (10.0, 1.574_598_301_3),
            (100.0, 2.530_602_893_201_684_6),
            (1_000.0, 3.255_121_513_7),
        ] {
            assert!((expected_max(trials).get().unwrap() - expected).abs() < 1e-9, "{trials}");
        }
    }

    #[test]
    fn one_trial_chooses_nothing_and_none_is_no_number_of_trials() {
        assert_eq!(expected_max(1.0).get(), Ok(0.0));
        for trials in [0.0, 0.5, -3.0, f64::NAN, f64::INFINITY] {
            assert_eq!(expected_max(trials).get(), Err(Missing::OutOfRange), "{trials}");
        }
        assert!(expected_max(1e300).get().is_ok());
    }

    proptest! {
        #[test]
        fn more_trials_never_expect_less(a in 1.0_f64..1e6, b in 1.0_f64..1e6) {
            let (few, many) = (a.min(b), a.max(b));
            prop_assert!(expected_max(few).get().unwrap() <= expected_max(many).get().unwrap());
        }
    }
}
