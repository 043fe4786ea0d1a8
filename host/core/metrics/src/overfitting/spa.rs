//! Is the best of many better than a benchmark, given that it is the best of many?

use serde::Serialize;

use super::performance::varying;
use super::{Resampling, StationaryBootstrap};
use crate::Missing;
use crate::periods::as_number;
use crate::series::{mean, total};

/// White's reality check (2000) and Hansen's test of superior predictive ability (2005) by the stationary bootstrap.
///
/// Each variant is a series of `d`, its return less the benchmark's. A p-value is the share of resamples in which the best of
/// re-centred variants beats what was observed: the probability of a result like this if no variant were better.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spa {
    /// Means as they are: max of mean(d). `upper` is White's reality check; all three are what `arch` computes.
    pub plain: Centrings,
    /// Hansen's statistic: max of 0 and `sqrt(T) mean(d) / omega`, with omega from the kernel of the stationary bootstrap.
    pub studentised: Centrings,
    /// The place of the variant with the largest mean.
    pub best: usize,
    /// Its mean, a period.
    pub best_mean: f64,
    /// The place of the one with the largest studentised mean.
    pub best_studentised: usize,
    /// Rows, T.
    pub rows: usize,
    /// Variants that vary.
    pub variants: usize,
    /// Variants whose difference never varies: they take no part.
    pub flat_variants: usize,
    /// Resamples that were drawn; a p-value of 0 says below 1 / resamples.
    pub resamples: u64,
    /// Mean block length.
    pub block_length: f64,
    /// What the draws began with.
    pub seed: u64,
}

/// Three p-values, for three ways to treat variants that are worse than the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Centrings {
    /// Each keeps its mean if that is below zero: they do not count against the best. A lower bound.
    pub lower: f64,
    /// Those keep it whose mean is below `-sqrt(omega^2 / T * 2 ln ln T)`. Hansen's choice.
    pub consistent: f64,
    /// None keeps it: as if all were as good as the benchmark. An upper bound, which poor variants push up.
    pub upper: f64,
}

/// The tests on a matrix of `d` given by its columns, one a variant. Without a block length, it is the whole part of
/// `sqrt(T)`, as in `arch`.
///
/// # Errors
/// [`Missing::OutOfRange`] when columns have different lengths, there is no resample, or the block length
/// is not from 1 to half of the rows;
/// [`Missing::TooFewReturns`] with fewer than three rows; [`Missing::TooFewVariants`] when none varies;
/// [`Missing::NotRepresentable`] when a value is not finite.
pub fn spa<C: AsRef<[f64]>>(columns: &[C], how: Resampling) -> Result<Spa, Missing> {
    let places = varying(columns)?;
    if places.is_empty() {
        return Err(Missing::TooFewVariants);
    }
    if how.resamples == 0 {
        return Err(Missing::OutOfRange);
    }
    let rows = columns.first().map_or(0, |column| column.as_ref().len());
    let block_length = how.block_length.unwrap_or_else(|| as_number(rows as u64).sqrt().floor());
    // Checks the length before anything is done with it.
    let mut bootstrap = StationaryBootstrap::new(rows, block_length, how.seed)?;
    let variants: Vec<Variant> =
        places.iter().map(|place| Variant::new(columns[*place].as_ref(), block_length)).collect();
    let best_by = |score: fn(&Variant) -> f64| {
        let first = (0, f64::NEG_INFINITY);
        let of = |best: (usize, f64), (place, variant): (usize, &Variant)| {
            if score(variant) > best.1 { (place, score(variant)) } else { best }
        };
        variants.iter().enumerate().fold(first, of)
    };
    let (best, best_mean) = best_by(|variant| variant.mean);
    let (best_studentised, best_t) = best_by(|variant| variant.mean / variant.error);
    let mut beaten = [0_u64; 6];
    let mut left = how.resamples;
    while left > 0 {
        let group = Group::draw(&mut bootstrap, rows, left.min(LANES));
        let observed = [best_mean, best_t.max(0.0)];
        for maxima in group.maxima(&variants) {
            for (place, maximum) in maxima.iter().enumerate() {
                beaten[place] += u64::from(*maximum > observed[place / 3]);
            }
        }
        left -= left.min(LANES);
    }
    let [a, b, c, d, e, f] = beaten.map(|count| as_number(count) / as_number(how.resamples as u64));
    Ok(Spa {
        plain: Centrings { lower: a, consistent: b, upper: c },
        studentised: Centrings { lower: d, consistent: e, upper: f },
        best: places[best],
        best_mean,
        best_studentised: places[best_studentised],
        rows,
        variants: places.len(),
        flat_variants: columns.len() - places.len(),
        resamples: how.resamples as u64,
        block_length,
        seed: how.seed,
    })
}

/// Resamples that are worked on together, so that each value is fetched once for all of them.
const LANES: usize = 8;

/// A series of differences.
struct Variant {
    mean: f64,
    /// `omega / sqrt(T)`.
    error: f64,
    /// What is added to a resample's mean of deviations, for each of [`Centrings`].
    shifts: [f64; 3],
    deviations: Vec<f64>,
    /// Sums of the first deviations: of none, of one, ..., of all.
    prefix: Vec<f64>,
}

impl Variant {
    fn new(values: &[f64], block_length: f64) -> Self {
        let rows = as_number(values.len() as u64);
        let mean = mean(values.iter().copied());
        let deviations: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let error = (long_run_variance(&deviations, block_length) / rows).sqrt();
        let bound = -error * (2.0 * libm::log(libm::log(rows))).max(0.0).sqrt();
        let add = |sum: &mut f64, value: &f64| {
            *sum += value;
            Some(*sum)
        };
        let prefix =
            std::iter::once(0.0).chain(deviations.iter().scan(0.0, |sum, value| add(sum, value))).collect();
        let shifts = [mean.min(0.0), if mean >= bound { 0.0 } else { mean }, 0.0];
        Self { mean, error, shifts, deviations, prefix }
    }

    /// The sum of the deviations in a block that may go on at the first row.
    fn block(&self, (start, length): (usize, usize)) -> f64 {
        let rows = self.deviations.len();
        let end = start + length;
        if end <= rows {
            self.prefix[end] - self.prefix[start]
        } else {
            self.prefix[rows] - self.prefix[start] + self.prefix[end - rows]
        }
    }
}

/// The variance of `sqrt(T)` times a resample's mean, for deviations from the mean `x`: with `q = 1 - 1/length` and
/// circular autocovariances `c_j`, `(sum x^2 + 2 sum_j (1 - j/T) q^j c_j) / T` (Politis and Romano 1994, lemma 1). The sum over all
/// lags is done by two recursions along the circle instead of one pass a lag.
fn long_run_variance(x: &[f64], block_length: f64) -> f64 {
    let rows = as_number(x.len() as u64);
    let stay = 1.0 - 1.0 / block_length;
    let around = libm::pow(stay, rows);
    // At each row: the sums over j of q^j x and of j q^j x, j rows back.
    let (mut near, mut far, mut power) = (0.0, 0.0, 1.0);
    for (steps, value) in (1_u64..).zip(x[1..].iter().rev()) {
        power *= stay;
        near += power * value;
        far += as_number(steps) * power * value;
    }
    let mut sum = 0.0;
    for (row, value) in x.iter().enumerate() {
        if row > 0 {
            let before = x[row - 1];
            far = stay * (far + near + before) - rows * around * value;
            near = stay * (near + before) - around * value;
        }
        sum += value * (near - far / rows);
    }
    let variance = (total(x.iter().map(|value| value * value)) + 2.0 * sum) / rows;
    // It is the variance of something: what is below zero is rounding.
    variance.max(f64::MIN_POSITIVE)
}

/// A few resamples, as whatever is quicker to add up: their blocks, or how often each row is among them.
enum Group {
    Blocks(Vec<Vec<(usize, usize)>>),
    Counts(usize, Vec<[f64; LANES]>),
}

impl Group {
    fn draw<D: FnMut() -> f64>(bootstrap: &mut StationaryBootstrap<D>, rows: usize, count: usize) -> Self {
        let mut plans = vec![Vec::new(); count];
        plans.iter_mut().for_each(|blocks| bootstrap.resample(blocks));
        // Two places of the prefix for each block beside one multiplication for each row.
        if plans.iter().map(Vec::len).sum::<usize>() * 4 < rows * count {
            return Self::Blocks(plans);
        }
        let mut counts = vec![[0.0; LANES]; rows];
        for (lane, blocks) in plans.iter().enumerate() {
            super::bootstrap::rows_of(blocks, rows).for_each(|row| counts[row][lane] += 1.0);
        }
        Self::Counts(count, counts)
    }

    /// For each resample, the largest re-centred means, plain and studentised, for the three centrings.
    fn maxima(&self, variants: &[Variant]) -> Vec<[f64; 6]> {
        let count = match self {
            Self::Blocks(plans) => plans.len(),
            Self::Counts(count, _) => *count,
        };
        // The studentised statistic is never below zero.
        let none = [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0, 0.0, 0.0];
        let mut maxima = vec![none; count];
        for variant in variants {
            let sums = self.sums(variant);
            let rows = as_number(variant.deviations.len() as u64);
            for (maxima, sum) in maxima.iter_mut().zip(sums) {
                for (place, shift) in variant.shifts.iter().enumerate() {
                    let mean = sum / rows + shift;
                    maxima[place] = maxima[place].max(mean);
                    maxima[place + 3] = maxima[place + 3].max(mean / variant.error);
                }
            }
        }
        maxima
    }

    fn sums(&self, variant: &Variant) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        match self {
            Self::Blocks(plans) => {
                for (sum, blocks) in sums.iter_mut().zip(plans) {
                    *sum = blocks.iter().map(|block| variant.block(*block)).sum();
                }
            }
            Self::Counts(_, counts) => {
                for (value, counts) in variant.deviations.iter().zip(counts) {
                    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += value * count);
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests;
