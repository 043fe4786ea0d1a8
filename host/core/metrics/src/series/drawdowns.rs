//! When equity fell, how far, and how long it took to come back.

use serde::Serialize;

use crate::noise::NOISE;

/// One fall from a peak until equity is back there. Places count returns: 0 is before the first return, `k` is after the
/// `k`-th.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DrawdownPeriod {
    /// The last place at the peak.
    pub peak: usize,
    /// The first place of the lowest equity.
    pub trough: usize,
    /// The first place at the peak or above again; none while it lasts.
    pub recovery: Option<usize>,
    /// Lowest equity over the peak's, less 1: below zero.
    pub depth: f64,
    /// Periods from the peak to the recovery, or to the end while it lasts.
    pub length: usize,
}

/// The periods of drawdown of a series of returns, in the order of time. Falls by rounding (1e-12) are none. After a
/// return of -1 or below, or one that is not finite, there is nothing to recover to: the periods end there.
#[must_use]
pub fn drawdown_periods(returns: &[f64]) -> Vec<DrawdownPeriod> {
    let mut periods = Vec::new();
    let (mut equity, mut top, mut peak) = (1.0_f64, 1.0_f64, 0);
    let mut open: Option<DrawdownPeriod> = None;
    let lived = returns.iter().take_while(|value| value.is_finite() && **value > -1.0).count();
    for (place, value) in (1..).zip(&returns[..lived]) {
        equity *= 1.0 + value;
        if equity >= top * (1.0 - NOISE) {
            if let Some(period) = open.take() {
                periods.push(DrawdownPeriod { recovery: Some(place), length: place - period.peak, ..period });
            }
            top = top.max(equity);
            peak = place;
            continue;
        }
        let depth = equity / top - 1.0;
        let period =
            open.get_or_insert(DrawdownPeriod { peak, trough: place, recovery: None, depth, length: 0 });
        if depth < period.depth {
            (period.depth, period.trough) = (depth, place);
        }
    }
    periods.extend(open.map(|period| DrawdownPeriod { length: lived - period.peak, ..period }));
    periods
}

#[cfg(test)]
mod tests {
    use super::super::Returns;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fall_has_a_peak_a_trough_and_a_recovery() {
        let periods = drawdown_periods(&[0.1, -0.1, -0.1, 0.1, 0.2, 0.0, -0.5]);
        assert_eq!(periods.len(), 2);
        let first = periods[0];
        assert_eq!((first.peak, first.trough, first.recovery, first.length), (1, 3, Some(5), 4));
        assert!((first.depth + 0.19).abs() < 1e-12);
        let last = periods[1];
        assert_eq!((last.peak, last.trough, last.recovery, last.length), (6, 7, None, 1));
    }

    #[test]
    fn the_first_peak_is_before_the_first_return() {
        assert_eq!(drawdown_periods(&[-0.1])[0].peak, 0);
    }

    #[test]
    fn what_never_falls_has_none_and_rounding_is_no_fall() {
        assert_eq!(drawdown_periods(&[0.1, 0.0, 0.2]), []);
        assert_eq!(drawdown_periods(&[0.1, -1e-14, 0.2]), []);
        assert_eq!(drawdown_periods(&[]), []);
    }

    #[test]
    fn nothing_recovers_after_ruin() {
        assert_eq!(drawdown_periods(&[-0.1, -1.0, 9.0])[0].length, 1);
    }

    proptest! {
        #[test]
        fn the_deepest_period_is_the_maximum_drawdown(values in prop::collection::vec(-0.2..0.2_f64, 1..100)) {
            let periods = drawdown_periods(&values);
            let deepest = periods.iter().map(|period| period.depth).fold(0.0, f64::min);
            prop_assert!((deepest - Returns::new(&values, None).max_drawdown().get().unwrap()).abs() < 1e-11);
            for pair in periods.windows(2) {
                prop_assert!(pair[0].recovery.is_some_and(|recovery| recovery <= pair[1].peak));
            }
            for period in &periods {
                prop_assert!(period.peak < period.trough && period.recovery.is_none_or(|end| end > period.trough));
            }
        }
    }
}
