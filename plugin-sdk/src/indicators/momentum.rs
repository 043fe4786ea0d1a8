//! Momentum: how fast the price moves, and which way.

use super::average::{Ema, Smoothed};
use super::checked;

/// Relative strength index (Wilder, 1978): the share of gains in all movement, from 0 to 100.
///
/// Gains and losses are averaged Wilder's way, starting from the mean of the first `n` changes. When nothing has moved
/// at all it is 50, neither strong nor weak.
#[derive(Debug, Clone)]
pub struct Rsi {
    previous: Option<f64>,
    gains: Smoothed,
    losses: Smoothed,
}

impl Rsi {
    /// Averages over `length` changes; 14 is usual.
    ///
    /// # Panics
    /// `length` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(length: usize) -> Self {
        let average = Smoothed::wilder(checked(length, "`Rsi`"));
        Self { previous: None, gains: average.clone(), losses: average }
    }

    /// Takes the next value; `None` for the first `length`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<f64> {
        let change = value - self.previous.replace(value)?;
        // NaN is neither, and must reach both averages.
        self.gains.update(if change < 0.0 { 0.0 } else { change });
        self.losses.update(if change > 0.0 { 0.0 } else { -change });
        self.value()
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let (gains, losses) = (self.gains.value()?, self.losses.value()?);
        let movement = gains + losses;
        // Divided first: a share does not round to more than 1, so the index not to more than 100.
        Some(if movement == 0.0 { 50.0 } else { 100.0 * (gains / movement) })
    }
}

/// What [`Macd`] answers, in units of price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacdValue {
    /// Fast average less slow average.
    pub macd: f64,
    /// Exponential average of `macd`.
    pub signal: f64,
    /// `macd` less `signal`.
    pub histogram: f64,
}

/// Moving average convergence/divergence (Appel): a fast [`Ema`] less a slow one, and an average of that.
///
/// Each average starts from the mean of its own first values, as in the StockCharts spreadsheet. (TA-Lib starts the
/// fast one late, so that both have the same first bar, and differs until that has faded.)
#[derive(Debug, Clone)]
pub struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
    current: Option<MacdValue>,
}

impl Macd {
    /// The lengths of the three averages; 12, 26 and 9 are usual.
    ///
    /// # Panics
    /// A length is 0, or `fast` is not less than `slow`.
    #[must_use]
    #[track_caller]
    pub fn new(fast: usize, slow: usize, signal: usize) -> Self {
        assert!(
            fast < slow,
            "`Macd` needs a fast average shorter than the slow one, got `{fast}` and `{slow}`"
        );
        let (fast, signal) = (checked(fast, "`Macd`"), checked(signal, "`Macd`"));
        Self { fast: Ema::new(fast), slow: Ema::new(slow), signal: Ema::new(signal), current: None }
    }

    /// Takes the next value; `None` for the first `slow + signal - 2`.
    #[inline]
    pub fn update(&mut self, value: f64) -> Option<MacdValue> {
        let (fast, slow) = (self.fast.update(value), self.slow.update(value));
        let macd = fast? - slow?;
        let signal = self.signal.update(macd)?;
        self.current = Some(MacdValue { macd, signal, histogram: macd - signal });
        self.current
    }

    /// The latest answer of [`update`](Self::update).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<MacdValue> {
        self.current
    }
}
