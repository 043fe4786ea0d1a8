//! Volatility: how far the price moves, whichever way.

use super::average::Smoothed;
use super::checked;
use super::sliding::{Aggregate, Sliding};
use stratbox_domain::Bar;

/// Average true range (Wilder, 1978), in units of price.
///
/// The true range of a bar is its range extended to the previous close. The average is Wilder's, starting from the
/// mean of the first `n` true ranges, the first bar's being `high - low`. (TA-Lib leaves the first bar out, and differs
/// until that has faded.)
#[derive(Debug, Clone)]
pub struct Atr {
    previous_close: Option<f64>,
    average: Smoothed,
}

impl Atr {
    /// Averages over `length` bars; 14 is usual.
    ///
    /// # Panics
    /// `length` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(length: usize) -> Self {
        Self { previous_close: None, average: Smoothed::wilder(checked(length, "`Atr`")) }
    }

    /// Takes the next bar of one instrument; `None` for the first `length - 1`.
    #[inline]
    pub fn update(&mut self, bar: &Bar) -> Option<f64> {
        let (mut top, mut bottom) = (bar.high, bar.low);
        if let Some(close) = self.previous_close.replace(bar.close) {
            top = if close > top { close } else { top };
            bottom = if close < bottom { close } else { bottom };
        }
        self.average.update(top - bottom)
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.average.value()
    }
}

/// Count, mean, and sum of squared distances from the mean.
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Aggregate for Moments {
    const EMPTY: Self = Self { count: 0.0, mean: 0.0, squares: 0.0 };

    /// Chan, Golub and LeVeque's update. The difference of `E[x^2]` and `E[x]^2` would cancel: prices are large
    /// compared with their spread.
    #[inline]
    fn join(self, newer: Self) -> Self {
        let count = self.count + newer.count;
        if count == 0.0 {
            return self;
        }
        let distance = newer.mean - self.mean;
        let share = newer.count / count;
        Self {
            count,
            mean: self.mean + distance * share,
            squares: self.squares + newer.squares + distance * (self.count * share) * distance,
        }
    }
}

/// What [`Bollinger`] answers, in units of price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// `middle` plus the width.
    pub upper: f64,
    /// Mean of the last `n` values.
    pub middle: f64,
    /// `middle` less the width.
    pub lower: f64,
}

/// Bollinger bands: the mean of the last `n` values, plus and minus some of their standard deviations.
///
/// The deviation is the population's (divided by `n`), as Bollinger, StockCharts and TA-Lib have it.
#[derive(Debug, Clone)]
pub struct Bollinger {
    moments: Sliding<Moments>,
    deviations: f64,
}

impl Bollinger {
    /// Bands over `length` values, `deviations` standard deviations wide on either side; 20 and 2 are usual.
    ///
    /// # Panics
    /// `length` is 0, or `deviations` is not a finite number of at least 0.
    #[must_use]
    #[track_caller]
    pub fn new(length: usize, deviations: f64) -> Self {
        assert!(
            deviations.is_finite() && deviations >= 0.0,
            "`Bollinger` needs a finite number of deviations of at least 0, got `{deviations}`"
        );
        Self { moments: Sliding::new(length, "`Bollinger`"), deviations }
    }

    /// Takes the next value; `None` for the first `length - 1`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<Bands> {
        let one = Moments { count: 1.0, mean: value, squares: 0.0 };
        self.moments.push(one).map(|moments| self.bands(moments))
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<Bands> {
        self.moments.current().map(|moments| self.bands(moments))
    }

    #[inline]
    fn bands(&self, Moments { count, mean, squares }: Moments) -> Bands {
        let width = self.deviations * (squares / count).sqrt();
        Bands { upper: mean + width, middle: mean, lower: mean - width }
    }
}
