//! The probability that the best in sample is no better than the median out of sample.

use serde::Serialize;

use super::performance::{Blocks, varying};
use crate::periods::as_number;
use crate::series::{mean, percentile, total};
use crate::{Figure, Missing};

/// The most blocks: 2,704,156 splits.
pub const MAX_BLOCKS: usize = 24;

/// What combinatorially symmetric cross-validation (CSCV) says of a choice among variants (Bailey, Borwein, López de Prado
/// and Zhu 2017, "The Probability of Backtest Overfitting"). Performance is the Sharpe ratio a period (ddof 1, risk-free
/// rate 0).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pbo {
    /// PBO: the share of splits in which the variant that was best in sample has a logit of zero or below out of sample,
    /// with `w = rank / (N + 1)` and `logit = ln(w / (1 - w))`.
    pub probability: Figure,
    /// Splits: `C(S, S/2)`.
    pub splits: u64,
    /// Blocks, S.
    pub blocks: usize,
    /// Rows in all blocks together.
    pub rows: usize,
    /// First rows that were left out, so that all blocks have the same length.
    pub rows_left_out: usize,
    /// Variants that were ranked, N.
    pub variants: usize,
    /// Variants that never vary. They take no part: nobody would choose them, and below them nothing looks bad.
    pub flat_variants: usize,
    /// Mean of the logits.
    pub mean_logit: Figure,
    /// Median of the logits.
    pub median_logit: Figure,
    /// Share of splits in which the best in sample has a Sharpe ratio below zero out of sample.
    pub probability_of_loss: Figure,
    /// Slope of the regression of the best variants' Sharpe ratio out of sample on that in sample: performance degradation
    /// when it is below zero.
    pub degradation_slope: Figure,
    /// Its intercept, a Sharpe ratio a period.
    pub degradation_intercept: Figure,
    /// Share of the variance that the regression explains.
    pub degradation_r2: Figure,
    /// Whether choosing beats picking any variant, out of sample.
    pub dominance: Dominance,
}

/// Whether the best in sample stochastically dominate all variants out of sample, as Sharpe ratios, seen at 1,000 points
/// between the lowest and the highest of the former.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Dominance {
    /// Their distribution function is nowhere above that of all.
    pub first_order: bool,
    /// The area under it is nowhere larger than that under the one of all.
    pub second_order: bool,
}

/// CSCV of a matrix of returns given by its columns, one a variant, in `blocks` blocks of rows (S, even).
///
/// A split takes half of the blocks in sample. **Ties:** out of sample, equal variants share the mean of their ranks; in
/// sample, k equal best ones count as 1/k of the split each, so that the order of columns does not matter. The first `T mod S`
/// rows are left out. A variant that does not vary in a half has a Sharpe ratio of 0 there.
///
/// # Errors
/// [`Missing::OutOfRange`] when S is odd, 0 or above [`MAX_BLOCKS`] or columns have different lengths;
/// [`Missing::TooFewRows`] when a half has fewer than three rows; [`Missing::TooFewVariants`] when fewer than two vary;
/// [`Missing::NotRepresentable`] when a value is not finite.
pub fn pbo<C: AsRef<[f64]>>(columns: &[C], blocks: usize) -> Result<Pbo, Missing> {
    if blocks == 0 || blocks % 2 == 1 || blocks > MAX_BLOCKS {
        return Err(Missing::OutOfRange);
    }
    let length = columns.first().map_or(0, |column| column.as_ref().len());
    let rows = length / blocks;
    if length > 0 && (rows == 0 || rows * blocks / 2 < 3) {
        return Err(Missing::TooFewRows);
    }
    let places = varying(columns)?;
    if places.len() < 2 {
        return Err(Missing::TooFewVariants);
    }
    let used: Vec<&[f64]> = places.iter().map(|place| columns[*place].as_ref()).collect();
    let halves = Halves { cut: Blocks::cut(&used, blocks, rows), blocks };
    let picks = halves.picks();
    let (slope, intercept, r2) = regression(&picks);
    let mut logits: Vec<f64> = picks.iter().map(|pick| pick.logit).collect();
    logits.sort_unstable_by(f64::total_cmp);
    let share = |part: fn(&Pick) -> f64| Figure::of(mean(picks.iter().map(part)));
    Ok(Pbo {
        probability: share(|pick| pick.overfit),
        splits: picks.len() as u64,
        blocks,
        rows: rows * blocks,
        rows_left_out: length - rows * blocks,
        variants: used.len(),
        flat_variants: columns.len() - used.len(),
        mean_logit: share(|pick| pick.logit),
        median_logit: Figure::of(percentile(&logits, 0.5)),
        probability_of_loss: share(|pick| pick.loss),
        degradation_slope: slope,
        degradation_intercept: intercept,
        degradation_r2: r2,
        dominance: halves.dominance(&picks),
    })
}

/// The best of a split; means over those that share the place.
struct Pick {
    inside: f64,
    outside: f64,
    logit: f64,
    /// Share that is at the median or below.
    overfit: f64,
    /// Share that loses.
    loss: f64,
}

struct Halves {
    cut: Blocks,
    blocks: usize,
}

impl Halves {
    /// Every split, each with the one that swaps its halves.
    fn picks(&self) -> Vec<Pick> {
        let mut picks = Vec::new();
        self.each(|first, second| picks.extend([pick(first, second), pick(second, first)]));
        picks
    }

    /// Calls with the Sharpe ratios of both halves of each pair of splits.
    fn each(&self, mut visit: impl FnMut(&[f64], &[f64])) {
        let mut scratch = self.cut.scratch();
        let mut first = vec![0.0; self.cut.columns];
        let mut second = first.clone();
        let all = (1_u32 << self.blocks) - 1;
        // The first block is on one side of every pair.
        for chosen in (1..=all).step_by(2).filter(|chosen| chosen.count_ones() as usize == self.blocks / 2) {
            self.cut.sharpe(chosen, &mut scratch, &mut first);
            self.cut.sharpe(all & !chosen, &mut scratch, &mut second);
            visit(&first, &second);
        }
    }

    fn dominance(&self, picks: &[Pick]) -> Dominance {
        let low = picks.iter().map(|pick| pick.outside).fold(f64::INFINITY, f64::min);
        let high = picks.iter().map(|pick| pick.outside).fold(f64::NEG_INFINITY, f64::max);
        let scale = if high > low { as_number(CELLS as u64 - 1) / (high - low) } else { 0.0 };
        // The first point at or above a value; those above all points are in no cell.
        let cell = |value: f64| ((value - low) * scale).ceil().max(0.0) as usize;
        let (mut best, mut any) = ([0_u64; CELLS + 1], [0_u64; CELLS + 1]);
        picks.iter().for_each(|pick| best[cell(pick.outside).min(CELLS - 1)] += 1);
        self.each(|first, second| {
            for value in first.iter().chain(second) {
                let place = if *value > high { CELLS } else { cell(*value).min(CELLS - 1) };
                any[place] += 1;
            }
        });
        let all = as_number(any.iter().sum());
        let (mut below_best, mut below_any, mut area) = (0, 0, 0.0);
        let mut dominance = Dominance { first_order: true, second_order: true };
        for (best, any) in best.iter().zip(&any).take(CELLS) {
            below_best += best;
            below_any += any;
            let ahead = as_number(below_any) / all - as_number(below_best) / as_number(picks.len() as u64);
            area += ahead;
            dominance.first_order &= ahead >= -ROUNDING;
            dominance.second_order &= area >= -ROUNDING;
        }
        dominance
    }
}

/// Points at which distributions are compared.
const CELLS: usize = 1_000;
/// What shares may differ by without differing.
const ROUNDING: f64 = 1e-9;

fn pick(inside: &[f64], outside: &[f64]) -> Pick {
    let best = inside.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = Pick { inside: best, outside: 0.0, logit: 0.0, overfit: 0.0, loss: 0.0 };
    let mut shared = 0.0;
    for (_, value) in inside.iter().zip(outside).filter(|(inside, _)| **inside == best) {
        let below = outside.iter().filter(|other| *other < value).count();
        let equal = outside.iter().filter(|other| *other == value).count();
        let rank = as_number((2 * below + equal + 1) as u64) / 2.0;
        let left = as_number(outside.len() as u64 + 1) - rank;
        shared += 1.0;
        sum.outside += value;
        sum.logit += libm::log(rank / left);
        sum.overfit += f64::from(u8::from(rank <= left));
        sum.loss += f64::from(u8::from(*value < 0.0));
    }
    let part = |value: f64| value / shared;
    Pick {
        inside: best,
        outside: part(sum.outside),
        logit: part(sum.logit),
        overfit: part(sum.overfit),
        loss: part(sum.loss),
    }
}

/// Slope, intercept and share explained of the regression of outside on inside.
fn regression(picks: &[Pick]) -> (Figure, Figure, Figure) {
    let (x, y) = (mean(picks.iter().map(|pick| pick.inside)), mean(picks.iter().map(|pick| pick.outside)));
    let product =
        |term: fn(f64, f64) -> f64| total(picks.iter().map(|pick| term(pick.inside - x, pick.outside - y)));
    let (xx, xy, yy) = (product(|x, _| x * x), product(|x, y| x * y), product(|_, y| y * y));
    let varies =
        |squares: f64, middle: f64| squares > 1e-24 * as_number(picks.len() as u64) * (1.0 + middle * middle);
    if !varies(xx, x) {
        let missing = Figure::from(Missing::ZeroVariance);
        return (missing, missing, missing);
    }
    let slope = xy / xx;
    let r2 = if varies(yy, y) { Figure::of(slope * xy / yy) } else { Missing::ZeroVariance.into() };
    (Figure::of(slope), Figure::of(y - slope * x), r2)
}

#[cfg(test)]
mod tests;
