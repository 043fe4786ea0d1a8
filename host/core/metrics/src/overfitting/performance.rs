//! Sharpe ratios of parts of many columns at once, from each block's sums.

use crate::Missing;
use crate::noise::noise;
use crate::periods::as_number;
use crate::series::{Moments, mean};

/// The columns that vary, as sums over blocks of rows. Sums are of deviations from a column's own mean, which keeps the
/// digits that a variance is made of.
pub(super) struct Blocks {
    /// Rows in a block.
    pub(super) rows: usize,
    /// Columns that vary.
    pub(super) columns: usize,
    /// Each column's mean, and what of its spread is rounding.
    middle: Vec<f64>,
    noise: Vec<f64>,
    /// A block after the other, a column after the other.
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Blocks {
    /// Cuts the last `count * rows` rows into blocks; the rows before them are left out.
    pub(super) fn cut(columns: &[&[f64]], count: usize, rows: usize) -> Self {
        let width = columns.len();
        let mut blocks = Self {
            rows,
            columns: width,
            middle: Vec::with_capacity(width),
            noise: Vec::with_capacity(width),
            sums: vec![0.0; count * width],
            squares: vec![0.0; count * width],
        };
        for (place, column) in columns.iter().enumerate() {
            let used = &column[column.len() - count * rows..];
            let middle = mean(used.iter().copied());
            for (block, values) in used.chunks_exact(rows).enumerate() {
                let deviations = values.iter().map(|value| value - middle);
                blocks.sums[block * width + place] = deviations.clone().sum();
                blocks.squares[block * width + place] =
                    deviations.map(|deviation| deviation * deviation).sum();
            }
            blocks.middle.push(middle);
            blocks.noise.push(noise(middle));
        }
        blocks
    }

    /// Each column's Sharpe ratio a period over the blocks in `chosen` (a bit for each block); 0 for one that does not vary
    /// there: it did nothing that could be measured.
    pub(super) fn sharpe(&self, chosen: u32, scratch: &mut Scratch, out: &mut [f64]) {
        let Scratch { sums, squares } = scratch;
        sums.fill(0.0);
        squares.fill(0.0);
        let add = |totals: &mut [f64], terms: &[f64]| {
            totals.iter_mut().zip(terms).for_each(|(total, term)| *total += term);
        };
        for block in (0..u32::BITS as usize).filter(|block| chosen >> block & 1 == 1) {
            let range = block * self.columns..(block + 1) * self.columns;
            add(sums, &self.sums[range.clone()]);
            add(squares, &self.squares[range]);
        }
        let count = as_number(u64::from(chosen.count_ones()) * self.rows as u64);
        let spreads = sums.iter().zip(squares.iter()).zip(self.middle.iter().zip(&self.noise));
        for (ratio, ((sum, square), (middle, noise))) in out.iter_mut().zip(spreads) {
            let deviation = ((square - sum * sum / count).max(0.0) / (count - 1.0)).sqrt();
            let mean = middle + sum / count;
            *ratio = if deviation > *noise { mean / deviation } else { 0.0 };
        }
    }

    pub(super) fn scratch(&self) -> Scratch {
        Scratch { sums: vec![0.0; self.columns], squares: vec![0.0; self.columns] }
    }
}

/// Room for sums, to be used again.
pub(super) struct Scratch {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

/// The columns that vary, by their places. Columns must be of one length, at least 3, and finite.
pub(super) fn varying<C: AsRef<[f64]>>(columns: &[C]) -> Result<Vec<usize>, Missing> {
    let rows = columns.first().map_or(0, |column| column.as_ref().len());
    if rows == 0 {
        return Err(Missing::NoData);
    }
    if columns.iter().any(|column| column.as_ref().len() != rows) {
        return Err(Missing::OutOfRange);
    }
    let mut varying = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        match Moments::of(column.as_ref()) {
            Ok(_) => varying.push(place),
            Err(Missing::ZeroVariance) => {}
            Err(missing) => return Err(missing),
        }
    }
    Ok(varying)
}
