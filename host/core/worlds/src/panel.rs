//! Bars of several instruments at the same times, as shapes that can be put in another order.

use stratbox_domain::Bar;

/// Why a world cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorldError {
    /// A setting makes no sense.
    #[error("`{setting}` {problem}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What is wrong with it, and what to write.
        problem: String,
    },
    /// Not every instrument has a bar at every time.
    #[error(
        "row {row} is a bar of instrument {found} at time {time} where one of instrument {expected} belongs: a world is made \
         from instruments that all have a bar at every time"
    )]
    Ragged {
        /// The row, from 0.
        row: usize,
        /// Its time, nanoseconds since the Unix epoch.
        time: i64,
        /// Its instrument.
        found: u32,
        /// Whose bar belongs there.
        expected: u32,
    },
    /// The last time lacks instruments.
    #[error(
        "the bars end before instrument {expected} has one of the last time: a world is made from instruments that all have \
             a bar at every time"
    )]
    Cut {
        /// The first instrument without one.
        expected: u32,
    },
    /// Times are not in order.
    #[error("the time of row {row} is not after that of the rows before it")]
    Unsorted {
        /// The row, from 0.
        row: usize,
    },
    /// A bar whose numbers are no prices.
    #[error(
        "row {row} is no bar: prices are numbers above zero, the low one the least of them and the high one the greatest"
    )]
    NotABar {
        /// The row, from 0.
        row: usize,
    },
    /// There is nothing to be put in another order.
    #[error("there are bars of {found} times: a world is made from those of at least 3")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// Prices became too large or too small to be numbers.
    #[error(
        "the price of instrument {instrument} leaves the range of numbers at step {step}: the real bars move too wildly"
    )]
    OutOfRange {
        /// The instrument.
        instrument: usize,
        /// The step, from 0.
        step: usize,
    },
}

/// One bar, apart from the level of prices: logarithms of ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// Open to the close before.
    pub(crate) gap: f64,
    /// High to open: zero or above.
    pub(crate) up: f64,
    /// Low to open: zero or below.
    pub(crate) down: f64,
    /// Close to open.
    pub(crate) body: f64,
    pub(crate) volume: f64,
}

/// Bars of all instruments at all times: those of step `s` are `s * instruments ..`.
pub(crate) struct Panel<'a> {
    pub(crate) bars: &'a [Bar],
    pub(crate) instruments: usize,
}

impl<'a> Panel<'a> {
    pub(crate) fn of(bars: &'a [Bar], instruments: u32) -> Result<Self, WorldError> {
        let mut before = None;
        let mut expected = 0;
        for (row, bar) in bars.iter().enumerate() {
            let new = expected == 0;
            if new && before.is_some_and(|before| bar.time < before) {
                return Err(WorldError::Unsorted { row });
            }
            let belongs = if new { before != Some(bar.time) } else { before == Some(bar.time) };
            if bar.instrument != expected || !belongs {
                let (time, found) = (bar.time, bar.instrument);
                return Err(WorldError::Ragged { row, time, found, expected });
            }
            if !is_valid(bar) {
                return Err(WorldError::NotABar { row });
            }
            before = Some(bar.time);
            expected = if expected + 1 >= instruments { 0 } else { expected + 1 };
        }
        if expected != 0 {
            return Err(WorldError::Cut { expected });
        }
        let instruments = instruments.max(1) as usize;
        let found = bars.len() / instruments;
        if found < 3 { Err(WorldError::TooFew { found }) } else { Ok(Self { bars, instruments }) }
    }

    pub(crate) fn steps(&self) -> usize {
        self.bars.len() / self.instruments
    }

    /// The shapes of all bars but the first ones, which have none before them: those of step `s` are
    /// `(s - 1) * instruments ..`.
    pub(crate) fn shapes(&self) -> Vec<Shape> {
        let pairs = self.bars.iter().zip(&self.bars[self.instruments..]);
        let shape = |(before, bar): (&Bar, &Bar)| Shape {
            gap: libm::log(bar.open / before.close),
            up: libm::log(bar.high / bar.open),
            down: libm::log(bar.low / bar.open),
            body: libm::log(bar.close / bar.open),
            volume: bar.volume,
        };
        pairs.map(shape).collect()
    }

    /// A bar at a row's time that begins where the one before closed and has some shape.
    pub(crate) fn bar(&self, row: usize, close_before: f64, shape: Shape) -> Result<Bar, WorldError> {
        let open = close_before * libm::exp(shape.gap);
        let close = open * libm::exp(shape.body);
        // Rounding, and a drift that was removed, may put a close beyond the extremes.
        let high = (open * libm::exp(shape.up)).max(open).max(close);
        let low = (open * libm::exp(shape.down)).min(open).min(close);
        let Bar { instrument, time, .. } = self.bars[row];
        let bar = Bar { instrument, time, open, high, low, close, volume: shape.volume };
        // What is not normal any more has lost precision on the way to zero.
        if is_valid(&bar) && low.is_normal() {
            return Ok(bar);
        }
        Err(WorldError::OutOfRange { instrument: instrument as usize, step: row / self.instruments })
    }

    /// Bars whose first step is the real one, and whose shapes after it are given for each step and instrument.
    pub(crate) fn rebuilt(
        &self,
        mut shape: impl FnMut(usize, usize) -> Shape,
    ) -> Result<Vec<Bar>, WorldError> {
        let mut bars = Vec::with_capacity(self.bars.len());
        bars.extend_from_slice(&self.bars[..self.instruments]);
        for step in 1..self.steps() {
            for instrument in 0..self.instruments {
                let row = step * self.instruments + instrument;
                let before = bars[row - self.instruments].close;
                bars.push(self.bar(row, before, shape(step, instrument))?);
            }
        }
        Ok(bars)
    }
}

fn is_valid(bar: &Bar) -> bool {
    let Bar { open, high, low, close, volume, .. } = *bar;
    let inside = |price: f64| low <= price && price <= high;
    low > 0.0 && high.is_finite() && inside(open) && inside(close) && volume >= 0.0 && volume.is_finite()
}
