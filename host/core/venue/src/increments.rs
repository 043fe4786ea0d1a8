//! Ticks and lots.

use stratbox_domain::Side;

/// How far from a whole number of steps a number may be: decimal fractions are not exact.
const NEAR: f64 = 1e-6;

/// The same as a share of the steps, which is more where there are many. Reading the number and the step, a sum on the way and
/// the quotient are each off by half an epsilon at most, so that less than this would refuse what is written as a multiple.
/// Of 2^49 steps or more it makes every number one: doubles cannot tell them apart there.
const NEAR_SHARE: f64 = 4.0 * f64::EPSILON;

/// Whether `value` is a whole number of steps; 0 is no step at all.
pub(crate) fn is_multiple(value: f64, step: f64) -> bool {
    step == 0.0 || whole(value / step).is_some()
}

/// The whole number that so many steps are, if they are one.
fn whole(steps: f64) -> Option<f64> {
    let nearest = steps.round_ties_even();
    // Not a number when there are infinitely many, which are none.
    let off = (steps - nearest).abs();
    (off <= NEAR || off <= NEAR_SHARE * steps.abs()).then_some(nearest)
}

/// As many whole steps as there are in `value`.
pub(crate) fn whole_steps(value: f64, step: f64) -> f64 {
    if step == 0.0 {
        return value;
    }
    let steps = value / step;
    // A product of steps may be a bit more than what it came from.
    (whole(steps).unwrap_or_else(|| steps.floor()) * step).min(value)
}

/// The price on a tick that is next to `price` on the side that is worse for the order; `price` itself if it is on one.
pub(crate) fn rounded_against(price: f64, side: Side, tick: f64) -> f64 {
    if is_multiple(price, tick) {
        return price;
    }
    match side {
        Side::Buy => (price / tick).ceil() * tick,
        Side::Sell => (price / tick).floor() * tick,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_fractions_are_multiples_of_a_hundredth_and_others_are_not() {
        for cents in 1..20_000 {
            let price = f64::from(cents) / 100.0;
            assert!(is_multiple(price, 0.01) && is_multiple(price + 0.1 - 0.1, 0.01), "{price}");
            assert!(!is_multiple(price + 0.005, 0.01), "{price}");
        }
        assert!(is_multiple(0.1 + 0.2, 0.1) && is_multiple(1.234_567, 0.0));
        assert!(!is_multiple(1e300, 1e-12), "a number of steps that is none");
    }

    #[test]
    fn many_small_steps_are_counted_as_exactly_as_doubles_can() {
        assert!(is_multiple(657.034_439_37, 1e-8));
        assert!(!is_multiple(657.034_439_375, 1e-8), "half a step");
        assert_eq!(whole_steps(657.034_439_37, 1e-8), 657.034_439_37);
        assert!(whole_steps(657.034_439_375, 1e-8) < 657.034_439_371);
        assert_eq!(rounded_against(657.034_439_37, Side::Buy, 1e-8), 657.034_439_37);
    }

    #[test]
    fn whole_steps_never_exceed_the_value() {
        assert_eq!(whole_steps(0.3, 0.1), 0.3);
        assert_eq!(whole_steps(259.9, 100.0), 200.0);
        assert_eq!(whole_steps(99.9, 100.0), 0.0);
        assert_eq!(whole_steps(7.7, 0.0), 7.7);
        assert_eq!(whole_steps(f64::INFINITY, 100.0), f64::INFINITY);
    }

    #[test]
    fn rounding_goes_against_the_order() {
        assert_eq!(rounded_against(10.3, Side::Buy, 0.25), 10.5);
        assert_eq!(rounded_against(10.3, Side::Sell, 0.25), 10.25);
        assert_eq!(rounded_against(10.25, Side::Buy, 0.25), 10.25);
    }

    /// So many units of the digit that is `places` behind the point, as they are written.
    fn decimal(units: u64, places: usize) -> f64 {
        let digits = format!("{units:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        format!("{whole}.{fraction}0").parse().unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_as_a_multiple_is_one_at_every_size(
            // As many steps of a hundred units as doubles tell from their halves.
            count in (0..48_u32).prop_flat_map(|bits| 1..2_u64 << bits),
            places in 0..=10_usize,
            factor in prop_oneof![Just(1_u64), Just(5), Just(25), Just(100)],
        ) {
            let step = decimal(factor, places);
            let value = decimal(count * factor, places);
            prop_assert!(is_multiple(value, step), "{value} of {step}");
            prop_assert_eq!(whole_steps(value, step), value.min(count as f64 * step));
            prop_assert_eq!(rounded_against(value, Side::Buy, step), value);
            // Half a step is seen for as long as doubles have room for it.
            let half = decimal(count * factor * 10 + factor * 5, places + 1);
            prop_assert!(!is_multiple(half, step), "{half} of {step}");
            let fewer = whole_steps(half, step);
            prop_assert!(fewer < half && (half - fewer) / step < 1.0, "{fewer} of {half}");
        }

        #[test]
        fn a_sum_or_difference_of_multiples_is_one(
            (few, more) in (1..1_u64 << 30, 1..1_u64 << 36),
            places in 0..=8_usize,
        ) {
            let (a, b, step) = (decimal(few, places), decimal(more, places), decimal(1, places));
            prop_assert!(is_multiple(a + b, step), "{a} + {b} of {step}");
            prop_assert!(is_multiple(a - b, step), "{a} - {b} of {step}");
        }
    }
}
