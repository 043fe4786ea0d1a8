//! Ticks and lots.

use stratbox_domain::Side;

/// How far from a whole number of steps a number may be: decimal fractions are not exact.
const NEAR: f64 = 1e-6;

/// Whether `value` is a whole number of steps; 0 is no step at all.
pub(crate) fn is_multiple(value: f64, step: f64) -> bool {
    if step == 0.0 {
        return true;
    }
    let steps = value / step;
    (steps - steps.round_ties_even()).abs() <= NEAR
}

/// As many whole steps as there are in `value`.
pub(crate) fn whole_steps(value: f64, step: f64) -> f64 {
    if step == 0.0 {
        return value;
    }
    // A product of steps may be a bit more than what it came from.
    ((value / step + NEAR).floor() * step).min(value)
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
}
