//! Moving averages: simple, exponential, and Wilder's.

use super::checked;
use super::sliding::{Aggregate, Sliding};

#[derive(Debug, Clone, Copy)]
struct Sum(f64);

impl Aggregate for Sum {
    const EMPTY: Self = Self(0.0);

    #[inline]
    fn join(self, newer: Self) -> Self {
        Self(self.0 + newer.0)
    }
}

/// Simple moving average: the mean of the last `n` values.
#[derive(Debug, Clone)]
pub struct Sma {
    sum: Sliding<Sum>,
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
        Self { sum: Sliding::new(length, "`Sma`"), length: length as f64 }
    }

    /// Takes the next value; `None` for the first `length - 1`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.sum.push(Sum(value)).map(|sum| sum.0 / self.length)
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.sum.current().map(|sum| sum.0 / self.length)
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
