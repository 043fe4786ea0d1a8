//! Resamples that keep what follows what.

use stratbox_domain::uniform;

use crate::Missing;
use crate::periods::as_number;

/// The stationary bootstrap of Politis and Romano (1994): a resample is a row of blocks of consecutive rows that begin
/// anywhere and go on at the first row after the last, of lengths that are geometric around a mean. The same seed draws the
/// same resamples.
pub struct StationaryBootstrap<D> {
    rows: usize,
    draw: D,
    /// `ln(1 - 1 / mean length)`.
    log_stay: f64,
}

impl StationaryBootstrap<()> {
    /// Of so many rows in blocks of this mean length, from 1 to half of the rows: resamples of longer ones are hardly other
    /// than the original, and would make anything look certain.
    ///
    /// # Errors
    /// [`Missing::NoData`] without rows, [`Missing::OutOfRange`] for another length.
    pub fn new(
        rows: usize,
        block_length: f64,
        seed: u64,
    ) -> Result<StationaryBootstrap<impl FnMut() -> f64>, Missing> {
        if rows == 0 {
            return Err(Missing::NoData);
        }
        if !(1.0..=(as_number(rows as u64) / 2.0).max(1.0)).contains(&block_length) {
            return Err(Missing::OutOfRange);
        }
        Ok(StationaryBootstrap { rows, draw: uniform(seed), log_stay: libm::log1p(-1.0 / block_length) })
    }
}

impl<D: FnMut() -> f64> StationaryBootstrap<D> {
    /// The next resample: blocks as their first row and their length, together as long as the original. A block that reaches
    /// the last row goes on at the first.
    pub fn resample(&mut self, blocks: &mut Vec<(usize, usize)>) {
        blocks.clear();
        let mut left = self.rows;
        while left > 0 {
            // A draw is below 1 by so much that this place is a row.
            let start = ((self.draw)() * as_number(self.rows as u64)) as usize;
            // At a mean length of 1, the logarithm is infinite and what is added is 0.
            let more = libm::log1p(-(self.draw)()) / self.log_stay;
            let length = (1 + more.min(as_number(left as u64)) as usize).min(left);
            blocks.push((start.min(self.rows - 1), length));
            left -= length;
        }
    }
}

/// The rows of blocks in their order.
pub(super) fn rows_of(blocks: &[(usize, usize)], rows: usize) -> impl Iterator<Item = usize> + '_ {
    blocks.iter().flat_map(move |&(start, length)| (start..start + length).map(move |row| row % rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resamples(rows: usize, length: f64, seed: u64, count: usize) -> Vec<Vec<(usize, usize)>> {
        let mut bootstrap = StationaryBootstrap::new(rows, length, seed).unwrap();
        let next = |_| {
            let mut blocks = Vec::new();
            bootstrap.resample(&mut blocks);
            blocks
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn blocks_have_the_mean_length_that_was_asked_for() {
        for length in [1.0, 4.0, 20.0] {
            let blocks: usize = resamples(10_000, length, 1, 20).iter().map(Vec::len).sum();
            let found = 20.0 * 10_000.0 / blocks as f64;
            assert!((found / length - 1.0).abs() < 0.05, "{length}: {found}");
        }
    }

    #[test]
    fn every_row_is_drawn_as_often_as_any_other() {
        let mut counts = vec![0_u32; 10];
        for blocks in resamples(10, 3.0, 5, 20_000) {
            rows_of(&blocks, 10).for_each(|row| counts[row] += 1);
        }
        assert!(counts.iter().all(|count| (19_300..20_700).contains(count)), "{counts:?}");
    }

    #[test]
    fn no_rows_and_no_length_are_reasons() {
        assert_eq!(StationaryBootstrap::new(0, 2.0, 1).err(), Some(Missing::NoData));
        for length in [0.5, f64::NAN, -1.0, 2.6, f64::INFINITY] {
            assert_eq!(StationaryBootstrap::new(5, length, 1).err(), Some(Missing::OutOfRange));
        }
        assert!(StationaryBootstrap::new(5, 2.5, 1).is_ok());
        assert_eq!(resamples(1, 1.0, 1, 1), [[(0, 1)]]);
    }

    proptest! {
        #[test]
        fn a_resample_is_as_long_as_the_original_and_of_its_rows(
            rows in 1_usize..200,
            share in 0.0..=1.0_f64,
            seed in any::<u64>(),
        ) {
            let length = 1.0 + share * (rows as f64 / 2.0 - 1.0).max(0.0);
            let blocks = resamples(rows, length, seed, 2);
            prop_assert_eq!(&blocks, &resamples(rows, length, seed, 2));
            for blocks in blocks {
                prop_assert!(blocks.iter().all(|(start, length)| *start < rows && *length > 0));
                prop_assert_eq!(rows_of(&blocks, rows).filter(|row| *row < rows).count(), rows);
            }
        }
    }
}
