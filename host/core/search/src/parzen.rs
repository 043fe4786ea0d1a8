//! Densities over one axis, each a mixture of one kernel per observation and one for what was believed before.

use std::f64::consts::{SQRT_2, TAU};

use stratbox_domain::{AxisKind, Cube};

/// A kernel is at least the axis's length over this wide, however close to one another the observations are.
const NARROWEST: usize = 100;

/// Farther away than so many deviations a kernel adds less than rounding takes from the one that is as wide as the axis.
const FARTHEST: f64 = 9.0;

/// A density over one axis of a cube, from the coordinates of observations on it.
#[derive(Debug, Clone)]
pub(crate) enum Parzen {
    /// Of values without an order: observations of each value and one more, over their total.
    Values(Vec<f64>),
    /// Of values in their order: kernels, of which a value has the mass that falls into its cell.
    Cells(Vec<Kernel>),
    /// Of numbers: kernels.
    Numbers(Vec<Kernel>),
}

/// A normal distribution, cut off at 0 and 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kernel {
    mean: f64,
    deviation: f64,
    /// What of the distribution is from 0 to 1.
    mass: f64,
}

impl Parzen {
    /// `None` for an axis of one value.
    pub(crate) fn new(cube: &Cube, axis: usize, observed: impl Iterator<Item = f64>) -> Option<Self> {
        match cube.kind(axis) {
            AxisKind::Fixed => None,
            AxisKind::Unordered(values) => {
                let mut counts = vec![1.0; values as usize];
                for level in observed.filter_map(|coordinate| cube.level(axis, coordinate)) {
                    counts[level as usize] += 1.0;
                }
                let total: f64 = counts.iter().sum();
                counts.iter_mut().for_each(|count| *count /= total);
                Some(Self::Values(counts))
            }
            AxisKind::Ordered(_) => Some(Self::Cells(kernels(observed))),
            AxisKind::Continuous => Some(Self::Numbers(kernels(observed))),
        }
    }

    /// A coordinate from the density; values of an axis are drawn as the middles of their cells.
    pub(crate) fn draw(&self, cube: &Cube, axis: usize, uniform: &mut impl FnMut() -> f64) -> f64 {
        match self {
            Self::Values(shares) => {
                let drawn = uniform();
                let mut reached = 0.0;
                let found = shares.iter().position(|share| {
                    reached += share;
                    drawn < reached
                });
                let level = found.unwrap_or(shares.len() - 1);
                (level as f64 + 0.5) / shares.len() as f64
            }
            Self::Cells(kernels) => {
                let coordinate = kernels[index(uniform(), kernels.len())].draw(uniform);
                let cell = cube.level(axis, coordinate).and_then(|level| cube.cell(axis, level));
                cell.map_or(coordinate, |(low, high)| (low + high) / 2.0)
            }
            Self::Numbers(kernels) => kernels[index(uniform(), kernels.len())].draw(uniform),
        }
    }

    /// The logarithm of the density at a coordinate, or of the probability of the value it means.
    pub(crate) fn log_density(&self, cube: &Cube, axis: usize, coordinate: f64) -> f64 {
        let level = cube.level(axis, coordinate);
        let density = match (self, level) {
            (Self::Values(shares), Some(level)) => shares.get(level as usize).copied().unwrap_or_default(),
            (Self::Cells(kernels), Some(level)) => {
                let (low, high) = cube.cell(axis, level).unwrap_or((0.0, 1.0));
                kernels.iter().map(|kernel| kernel.mass_between(low, high)).sum::<f64>()
                    / kernels.len() as f64
            }
            (Self::Values(_) | Self::Cells(_) | Self::Numbers(_), _) => self.density(coordinate),
        };
        libm::log(density.max(f64::MIN_POSITIVE))
    }

    fn density(&self, coordinate: f64) -> f64 {
        match self {
            Self::Values(_) => 0.0,
            Self::Cells(kernels) | Self::Numbers(kernels) => {
                kernels.iter().map(|kernel| kernel.density(coordinate)).sum::<f64>() / kernels.len() as f64
            }
        }
    }
}

/// One kernel per observation, as wide as the larger of the gaps to its neighbours (Bergstra et al. 2011), and one in
/// the middle that is as wide as the axis.
fn kernels(observed: impl Iterator<Item = f64>) -> Vec<Kernel> {
    let mut means: Vec<(f64, bool)> = observed.map(|mean| (mean, false)).collect();
    means.push((0.5, true));
    means.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let narrowest = 1.0 / NARROWEST.min(means.len() + 1) as f64;
    let kernel = |(index, (mean, is_prior)): (usize, &(f64, bool))| {
        let left = index.checked_sub(1).map(|index| mean - means[index].0);
        let right = means.get(index + 1).map(|next| next.0 - mean);
        // Towards an end of the axis the only neighbour counts.
        let gap = left.unwrap_or(0.0).max(right.unwrap_or(0.0));
        Kernel::new(*mean, if *is_prior { 1.0 } else { gap.clamp(narrowest, 1.0) })
    };
    means.iter().enumerate().map(kernel).collect()
}

impl Kernel {
    fn new(mean: f64, deviation: f64) -> Self {
        let mass = normal_between(-mean / deviation, (1.0 - mean) / deviation);
        Self { mean, deviation, mass }
    }

    fn density(&self, coordinate: f64) -> f64 {
        let distance = (coordinate - self.mean) / self.deviation;
        if distance.abs() > FARTHEST {
            return 0.0;
        }
        libm::exp(-0.5 * distance * distance) / (TAU.sqrt() * self.deviation * self.mass)
    }

    fn mass_between(&self, low: f64, high: f64) -> f64 {
        let (low, high) = ((low - self.mean) / self.deviation, (high - self.mean) / self.deviation);
        if low > FARTHEST || high < -FARTHEST {
            return 0.0;
        }
        normal_between(low, high) / self.mass
    }

    /// By Box and Muller until one falls between 0 and 1, which at least every third does.
    fn draw(&self, uniform: &mut impl FnMut() -> f64) -> f64 {
        // A thousand in a row are outside once in 10^170 times.
        for _ in 0..1_000 {
            let (radius, angle) = (uniform(), uniform());
            let normal = libm::sqrt(-2.0 * libm::log(1.0 - radius)) * libm::cos(TAU * angle);
            let coordinate = self.mean + self.deviation * normal;
            if (0.0..=1.0).contains(&coordinate) {
                return coordinate;
            }
        }
        self.mean
    }
}

/// The standard normal's probability between two numbers.
fn normal_between(low: f64, high: f64) -> f64 {
    // On the side of the smaller tail, where differences lose no digits.
    let tail = |at: f64| 0.5 * libm::erfc(at / SQRT_2);
    if low > 0.0 { tail(low) - tail(high) } else { tail(-high) - tail(-low) }
}

/// One of `len` indices, for a number from 0 to below 1.
fn index(uniform: f64, len: usize) -> usize {
    ((uniform * len as f64) as usize).min(len - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stratbox_domain::{Axis, AxisValues, ParamValue, Scale, uniform};

    fn cube(values: AxisValues) -> Cube {
        Cube::new(vec![Axis { name: "a".to_owned(), values }]).unwrap()
    }

    fn number() -> Cube {
        cube(AxisValues::UniformNumber { min: -3.0, max: 9.0, scale: Scale::Linear })
    }

    fn parzen(cube: &Cube, observed: &[f64]) -> Parzen {
        Parzen::new(cube, 0, observed.iter().copied()).unwrap()
    }

    #[test]
    fn an_axis_of_one_value_has_no_density() {
        let fixed = cube(AxisValues::List(vec![ParamValue::Integer(3)]));
        assert!(Parzen::new(&fixed, 0, std::iter::empty()).is_none());
    }

    #[test]
    fn a_value_without_order_is_as_likely_as_it_was_often_and_once_more() {
        let choices = ["x", "y", "z"].map(|value| ParamValue::Text(value.to_owned()));
        let cube = cube(AxisValues::List(choices.to_vec()));
        let parzen = parzen(&cube, &[0.5, 0.5, 0.9]);
        let shares = [0.1, 0.5, 0.9].map(|at| libm::exp(parzen.log_density(&cube, 0, at)));
        for (share, expected) in shares.into_iter().zip([1.0 / 6.0, 3.0 / 6.0, 2.0 / 6.0]) {
            assert!((share - expected).abs() < 1e-12, "{share}");
        }
    }

    #[test]
    fn the_density_is_higher_where_observations_were() {
        let cube = number();
        let parzen = parzen(&cube, &[0.1, 0.12, 0.14]);
        assert!(parzen.log_density(&cube, 0, 0.12) > parzen.log_density(&cube, 0, 0.8) + 1.0);
    }

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        assert!((normal_between(-1.959963984540054, 1.959963984540054) - 0.95).abs() < 1e-15);
        assert!((normal_between(6.0, 7.0) / 9.853_077_985e-10 - 1.0).abs() < 1e-6);
        assert_eq!(normal_between(1.0, 2.0), normal_between(-2.0, -1.0));
    }

    proptest! {
        #[test]
        fn a_density_over_numbers_has_an_integral_of_one(observed in prop::collection::vec(0.0..=1.0_f64, 0..30)) {
            let cube = number();
            let parzen = parzen(&cube, &observed);
            let middles = (0..4_000).map(|cell| (f64::from(cell) + 0.5) / 4_000.0);
            let integral = middles.map(|at| libm::exp(parzen.log_density(&cube, 0, at))).sum::<f64>() / 4_000.0;
            prop_assert!((integral - 1.0).abs() < 1e-3, "{integral}");
        }

        #[test]
        fn the_probabilities_of_values_add_up_to_one_on_either_scale(
            observed in prop::collection::vec(0.0..=1.0_f64, 0..30), log: bool,
        ) {
            let scale = if log { Scale::Log } else { Scale::Linear };
            let cube = cube(AxisValues::UniformInteger { min: 2, max: 60, scale });
            let parzen = parzen(&cube, &observed);
            let middle = |level| cube.cell(0, level).map(|(low, high)| (low + high) / 2.0).unwrap();
            let total: f64 = (0..59).map(|level| libm::exp(parzen.log_density(&cube, 0, middle(level)))).sum();
            prop_assert!((total - 1.0).abs() < 1e-9, "{total}");
        }

        #[test]
        fn draws_are_on_the_axis(observed in prop::collection::vec(0.0..=1.0_f64, 0..30), seed: u64) {
            let cube = number();
            let (parzen, mut uniform) = (parzen(&cube, &observed), uniform(seed));
            prop_assert!((0..50).all(|_| (0.0..=1.0).contains(&parzen.draw(&cube, 0, &mut uniform))));
        }
    }
}
