//! Moving averages: simple, exponential, and Wilder's.

use super::checked;

/// Simple moving average: the mean of the last `n` values.
///
/// One sum slides along with the window. Another starts anew every `n` values and then takes its place, so that rounding
/// errors, and what is not a number, have left after at most `2 n` values.
#[derive(Debug, Clone)]
pub struct Sma {
    values: Box<[f64]>,
    oldest: usize,
    sum: f64,
    fresh: f64,
    is_full: bool,
    length: f64,
}

impl Sma {
    /// Averages `length` values.
    ///
    /// # Panics
    /// `length` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(length: usize) -> Self {
        let values = vec![0.0; checked(length, "`Sma`")].into_boxed_slice();
        Self { values, oldest: 0, sum: 0.0, fresh: 0.0, is_full: false, length: length as f64 }
    }

    /// Takes the next value; `None` for the first `length - 1`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<f64> {
        let leaving = std::mem::replace(&mut self.values[self.oldest], value);
        self.sum += value - leaving;
        self.fresh += value;
        self.oldest += 1;
        if self.oldest == self.values.len() {
            self.oldest = 0;
            self.sum = self.fresh;
            self.fresh = 0.0;
            self.is_full = true;
        }
        self.value()
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.is_full.then(|| self.sum / self.length)
    }
}

/// Exponential moving average: each value moves it by `2 / (n + 1)` of the distance.
///
/// It starts as the mean of the first `n` values, as StockCharts and TA-Lib have it; implementations that start from
/// the first value differ until that start has faded, after some `4 n` values.
#[derive(Debug, Clone)]
pub struct Ema(Smoothed);

impl Ema {
    /// Averages over a nominal `length` of values.
    ///
    /// # Panics
    /// `length` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(length: usize) -> Self {
        Self(Smoothed::new(checked(length, "`Ema`"), 2.0 / (length as f64 + 1.0)))
    }

    /// Takes the next value; `None` for the first `length - 1`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.update(value)
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

/// A mean of the first values, then a step of `weight` towards each one that follows.
#[derive(Debug, Clone)]
pub(super) struct Smoothed {
    /// Values still missing from the first mean.
    missing: usize,
    length: f64,
    weight: f64,
    /// A sum while values are missing, the average afterwards.
    level: f64,
}

impl Smoothed {
    /// `length` is not 0.
    fn new(length: usize, weight: f64) -> Self {
        Self { missing: length, length: length as f64, weight, level: 0.0 }
    }

    /// Wilder's average: each value counts for `1 / length`. `length` is not 0.
    pub(super) fn wilder(length: usize) -> Self {
        Self::new(length, 1.0 / length as f64)
    }

    #[inline]
    pub(super) fn update(&mut self, value: f64) -> Option<f64> {
        if self.missing == 0 {
            self.level += self.weight * (value - self.level);
            return Some(self.level);
        }
        self.missing -= 1;
        self.level += value;
        if self.missing == 0 {
            self.level /= self.length;
        }
        self.value()
    }

    #[inline]
    pub(super) fn value(&self) -> Option<f64> {
        (self.missing == 0).then_some(self.level)
    }
}
