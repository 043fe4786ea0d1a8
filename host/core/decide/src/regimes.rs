//! What kind of market it was: whether prices rose or fell, calmly or not.
//!
//! Nothing looks ahead: the regime of a step is made from the closes before it, which is what could be known when the step began.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

/// A market that rose or fell, and was calm or turbulent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// It rose, with a volatility of at most the median.
    RisingCalm,
    /// It rose, with a volatility above the median.
    RisingTurbulent,
    /// It fell or stood still, with a volatility of at most the median.
    FallingCalm,
    /// It fell or stood still, with a volatility above the median.
    FallingTurbulent,
}

/// Spreads that differ by less are the same up to rounding: returns are known to about 1e-15.
const ROUNDING: f64 = 1e-12;

/// How regimes are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeSettings {
    /// Steps that are looked back. 63: a quarter of a year of days.
    pub window: NonZeroUsize,
}

impl Default for RegimeSettings {
    fn default() -> Self {
        const QUARTER: NonZeroUsize = NonZeroUsize::new(63).unwrap();
        Self { window: QUARTER }
    }
}

impl Regime {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::RisingCalm, Self::RisingTurbulent, Self::FallingCalm, Self::FallingTurbulent];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RisingCalm => "rising_calm",
            Self::RisingTurbulent => "rising_turbulent",
            Self::FallingCalm => "falling_calm",
            Self::FallingTurbulent => "falling_turbulent",
        }
    }

    fn of(rises: bool, is_turbulent: bool) -> Self {
        match (rises, is_turbulent) {
            (true, false) => Self::RisingCalm,
            (true, true) => Self::RisingTurbulent,
            (false, false) => Self::FallingCalm,
            (false, true) => Self::FallingTurbulent,
        }
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The regime of each step, from the closes of the steps before it: `closes` has one a step, and so has what is given back.
///
/// The window is the `settings.window` returns that ended before the step. It rises when its last close is above the close
/// before its first return; it is turbulent when the standard deviation of its returns is above the median of those of
/// all windows so far, its own included. `None` until a window is full, and while one contains a close that is no
/// positive number. It takes time in proportion to closes times window.
#[must_use]
pub fn regimes(closes: &[f64], settings: RegimeSettings) -> Vec<Option<Regime>> {
    let window = settings.window.get();
    let returns: Vec<f64> = closes.windows(2).map(|pair| simple_return(pair[0], pair[1])).collect();
    let mut median = Median::default();
    // The window that ends with return `i`, which is that of step `i + 1`, says what step `i + 2` is.
    let known = returns.windows(window).zip(closes.windows(window.saturating_add(1)));
    let known = known.map(|(returns, closes)| {
        let volatility = deviation(returns)?;
        median.add(volatility);
        Some(Regime::of(closes.last() > closes.first(), volatility > median.value() + ROUNDING))
    });
    let warming_up = window.saturating_add(1).min(closes.len());
    std::iter::repeat_n(None, warming_up).chain(known).take(closes.len()).collect()
}

/// Infinite where there is none.
fn simple_return(before: f64, close: f64) -> f64 {
    if before > 0.0 && close > 0.0 && before.is_finite() { close / before - 1.0 } else { f64::INFINITY }
}

/// Standard deviation (ddof 0, so that one return has one); none when a return is not finite.
fn deviation(returns: &[f64]) -> Option<f64> {
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((squares / count).sqrt()).filter(|deviation| deviation.is_finite())
}

/// The median of numbers of zero or above, as they come: the smaller half and the larger one, whose heads are in the middle.
#[derive(Debug, Default)]
struct Median {
    // As bits: those of numbers of zero or above are in the same order as the numbers.
    smaller: BinaryHeap<u64>,
    larger: BinaryHeap<Reverse<u64>>,
}

impl Median {
    fn add(&mut self, value: f64) {
        let bits = value.abs().to_bits();
        if self.smaller.peek().is_none_or(|middle| bits <= *middle) {
            self.smaller.push(bits);
        } else {
            self.larger.push(Reverse(bits));
        }
        if self.smaller.len() > self.larger.len() + 1 {
            self.larger.extend(self.smaller.pop().map(Reverse));
        } else if self.larger.len() > self.smaller.len() {
            self.smaller.extend(self.larger.pop().map(|Reverse(bits)| bits));
        }
    }

    /// The middle one, or the mean of the two; zero of none.
    fn value(&self) -> f64 {
        let lower = self.smaller.peek().map_or(0.0, |bits| f64::from_bits(*bits));
        match self.larger.peek() {
            Some(Reverse(upper)) if self.larger.len() == self.smaller.len() => {
                lower / 2.0 + f64::from_bits(*upper) / 2.0
            }
            _ => lower,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(window: usize) -> RegimeSettings {
        RegimeSettings { window: NonZeroUsize::new(window).unwrap() }
    }

    /// Closes that go up and down by these shares, from 100.
    fn prices(returns: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut close = 100.0;
        let after = returns.into_iter().map(move |it| {
            close *= 1.0 + it;
            close
        });
        std::iter::once(100.0).chain(after).collect()
    }

    #[test]
    fn a_market_is_told_by_its_direction_and_by_how_much_it_moves() {
        let calm_up = (0..80).map(|day| if day % 2 == 0 { 0.004 } else { -0.002 });
        let wild_down = (0..20).map(|day| if day % 2 == 0 { -0.06 } else { 0.04 });
        let wild_up = (0..20).map(|day| if day % 2 == 0 { 0.06 } else { -0.04 });
        let calm_down = (0..40).map(|day| if day % 2 == 0 { -0.004 } else { 0.002 });
        let closes = prices(calm_up.chain(wild_down).chain(wild_up).chain(calm_down));
        let found = regimes(&closes, window(10));
        let at = |step: usize| found[step].unwrap();
        assert_eq!(at(75), Regime::RisingCalm);
        assert_eq!(at(100), Regime::FallingTurbulent);
        assert_eq!(at(120), Regime::RisingTurbulent);
        assert_eq!(at(155), Regime::FallingCalm);
    }

    #[test]
    fn there_is_no_regime_before_the_window_is_full() {
        let closes = prices([0.01; 5]);
        let known = |steps: usize| regimes(&closes, window(steps)).iter().filter(|it| it.is_some()).count();
        assert_eq!((known(1), known(3), known(4), known(5)), (4, 2, 1, 0));
        assert_eq!(regimes(&closes, window(3))[..4], [None; 4]);
        assert_eq!(regimes(&closes, window(usize::MAX)), [None; 6]);
        assert_eq!(regimes(&[], RegimeSettings::default()), []);
    }

    #[test]
    fn a_close_that_is_no_price_has_no_regime_until_it_is_out_of_the_window() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut closes = prices([0.01; 9]);
            closes[4] = bad;
            let found = regimes(&closes, window(2));
            assert!(found[4].is_some(), "{bad}: it was not known");
            assert_eq!(found[5..8], [None; 3], "{bad}");
            assert_eq!(found[8], Some(Regime::RisingCalm), "{bad}");
        }
    }

    #[test]
    fn a_market_that_stands_still_does_not_rise_and_is_calm() {
        assert_eq!(regimes(&[5.0; 4], window(1))[2..], [Some(Regime::FallingCalm); 2]);
    }

    #[test]
    fn settings_have_a_default_and_no_window_of_nothing() {
        assert_eq!(RegimeSettings::default().window.get(), 63);
        assert_eq!(toml::from_str::<RegimeSettings>("window = 20").unwrap(), window(20));
        assert!(toml::from_str::<RegimeSettings>("window = 0").is_err());
        assert!(toml::from_str::<RegimeSettings>("windows = 20").is_err());
    }

    proptest! {
        #[test]
        fn no_step_knows_its_own_close_or_a_later_one(
            returns in prop::collection::vec(-0.1..0.1f64, 2..80),
            other in prop::collection::vec(-0.1..0.1f64, 1..20),
            steps in 1..10usize,
        ) {
            let closes = prices(returns.iter().copied());
            let from = closes.len() / 2;
            let changed: Vec<f64> = closes[..from].iter().copied().chain(prices(other)).collect();
            let both = from.min(closes.len()) + 1;
            let (a, b) = (regimes(&closes, window(steps)), regimes(&changed, window(steps)));
            let both = both.min(a.len()).min(b.len());
            prop_assert_eq!(&a[..both], &b[..both]);
            prop_assert_eq!(a.len(), closes.len());
        }

        #[test]
        fn regimes_do_not_depend_on_the_unit_of_prices(
            returns in prop::collection::vec(-0.1..0.1f64, 2..80), steps in 1..10usize,
        ) {
            let closes = prices(returns);
            // A power of two changes no digit.
            let cents: Vec<f64> = closes.iter().map(|close| close * 64.0).collect();
            prop_assert_eq!(regimes(&closes, window(steps)), regimes(&cents, window(steps)));
        }

        #[test]
        fn the_running_median_is_that_of_the_sorted_values(
            values in prop::collection::vec(0.0..9.0f64, 1..60),
        ) {
            let mut median = Median::default();
            for count in 1..=values.len() {
                median.add(values[count - 1]);
                let mut sorted = values[..count].to_vec();
                sorted.sort_unstable_by(f64::total_cmp);
                let expected = sorted[(count - 1) / 2] / 2.0 + sorted[count / 2] / 2.0;
                prop_assert!((median.value() - expected).abs() < 1e-12);
            }
        }
    }
}
