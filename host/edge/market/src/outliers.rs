//! Returns, counted by size, so that a median and what is far beyond it can be told without keeping them.

use serde::Serialize;

/// Outliers that are told one by one.
const TOLD: usize = 10;
/// Fewer returns have no spread worth the name.
const FEWEST: u64 = 20;
/// Sizes are told apart to one part in 64 of a power of two.
const STEPS: u32 = 6;
/// Sizes from 2^-60 on; smaller ones are zero.
const SMALLEST: u64 = 1023 - 60;
/// Up to 2^11: no return of doubles is as large.
const SIZES: usize = 71 << STEPS;

/// A return that is far larger than most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlier {
    /// The row after it.
    pub row: u64,
    /// That row's time.
    #[serde(serialize_with = "crate::date::iso")]
    pub time: i64,
    /// ln(close / previous close).
    pub log_return: f64,
    /// How many robust standard deviations it is.
    pub sigmas: f64,
}

/// The returns of an instrument.
pub(crate) struct Returns {
    count: u64,
    zero: u64,
    sizes: Vec<u64>,
    /// The largest, smallest first: size, row, time, return.
    largest: Vec<(f64, u64, i64, f64)>,
}

impl Default for Returns {
    fn default() -> Self {
        Self { count: 0, zero: 0, sizes: vec![0; SIZES], largest: Vec::new() }
    }
}

/// Where a size is counted. Sizes in the order of their bits are in their own order.
fn slot(size: f64) -> Option<usize> {
    let slot = (size.to_bits() >> (52 - STEPS)).checked_sub(SMALLEST << STEPS)?;
    Some(usize::try_from(slot).unwrap_or(usize::MAX).min(SIZES - 1))
}

/// The smallest size that is counted there.
fn start(slot: usize) -> f64 {
    f64::from_bits(((slot as u64) + (SMALLEST << STEPS)) << (52 - STEPS))
}

impl Returns {
    pub(crate) fn add(&mut self, row: u64, time: i64, ratio: f64) {
        let value = ratio.ln();
        let size = value.abs();
        self.count += 1;
        // The ratio of two prices may be too large or too small for a double.
        match slot(size).filter(|_| size.is_finite()) {
            Some(slot) => self.sizes[slot] += 1,
            None if size.is_finite() => self.zero += 1,
            None => self.sizes[SIZES - 1] += 1,
        }
        if self.largest.len() < TOLD || self.largest[0].0 < size {
            let value = if value.is_finite() { value } else { f64::MAX.ln().copysign(value) };
            let place = self.largest.partition_point(|other| other.0 < size);
            self.largest.insert(place, (size, row, time, value));
            if self.largest.len() > TOLD {
                self.largest.remove(0);
            }
        }
    }

    /// 1.4826 x the median size, to one part in 64.
    pub(crate) fn sigma(&self) -> Option<f64> {
        if self.count < FEWEST {
            return None;
        }
        let middle = self.count / 2;
        let mut seen = self.zero;
        if seen > middle {
            return None;
        }
        let slot = self.sizes.iter().position(|count| {
            seen += count;
            seen > middle
        })?;
        Some(1.4826 * (start(slot) + start(slot + 1)) / 2.0)
    }

    /// How many are at least as large as `bound`, as far as sizes are told apart, and the largest of them.
    pub(crate) fn beyond(&self, bound: f64, sigma: f64) -> (u64, Vec<Outlier>) {
        let Some(slot) = slot(bound).filter(|_| bound.is_finite() && bound > 0.0) else {
            return (0, Vec::new());
        };
        // From the next step on.
        let first = if start(slot) < bound { slot + 1 } else { slot };
        let count = self.sizes.iter().skip(first).sum();
        let told = self.largest.iter().rev().filter(|it| it.0 >= start(first));
        let told = told.map(|&(_, row, time, value)| Outlier {
            row,
            time,
            log_return: value,
            sigmas: value.abs() / sigma,
        });
        (count, told.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_among_small_returns_is_found_with_its_row() {
        let mut returns = Returns::default();
        for row in 0..1_000 {
            returns.add(row, 0, if row % 2 == 0 { 1.01 } else { 0.99 });
        }
        returns.add(1_000, 7, 2.0);
        let sigma = returns.sigma().unwrap();
        assert!((sigma / (1.4826 * 0.01) - 1.0).abs() < 0.05, "{sigma}");
        let (count, largest) = returns.beyond(10.0 * sigma, sigma);
        assert_eq!((count, largest.len()), (1, 1));
        assert_eq!((largest[0].row, largest[0].time, largest[0].log_return), (1_000, 7, 2.0_f64.ln()));
    }

    #[test]
    fn prices_that_hardly_ever_move_have_no_spread() {
        let mut returns = Returns::default();
        (0..100).for_each(|row| returns.add(row, 0, if row < 60 { 1.0 } else { 1.1 }));
        assert_eq!(returns.sigma(), None);
    }

    #[test]
    fn ratios_that_no_double_holds_are_large_returns() {
        let mut returns = Returns::default();
        (0..100).for_each(|row| returns.add(row, 0, 1.01));
        returns.add(100, 0, f64::INFINITY);
        returns.add(101, 0, 0.0);
        let sigma = returns.sigma().unwrap();
        let (count, largest) = returns.beyond(10.0 * sigma, sigma);
        assert_eq!(count, 2);
        assert!(largest.iter().all(|it| it.log_return.is_finite() && it.sigmas.is_finite()));
    }
}
