//! Parameter spaces: what a sweep tries, a point at a time and never as a list, for there may be millions.

use std::collections::BTreeSet;
use std::fmt;

use crate::{KeyBuilder, ParamValue, Params};

/// More points than this are a mistake: at a microsecond each they would take eleven days.
const MAX_POINTS: u64 = 1_000_000_000_000;

/// A step must be this many times the rounding of its range's numbers, or points could coincide.
const ROUNDINGS_PER_STEP: f64 = 64.0;

/// One parameter of a space and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The parameter's name.
    pub name: String,
    /// What it may be.
    pub values: AxisValues,
}

/// What one parameter may be. Bounds are inclusive.
#[derive(Debug, Clone, PartialEq)]
pub enum AxisValues {
    /// These values, in this order, no two of which read the same.
    List(Vec<ParamValue>),
    /// `min`, `min + step`, ... up to `max`.
    IntegerRange {
        /// Smallest.
        min: i64,
        /// Not exceeded.
        max: i64,
        /// Distance, greater than zero.
        step: i64,
    },
    /// `min`, `min + step`, ... up to `max`, which belongs to it when the steps reach it up to rounding.
    NumberRange {
        /// Smallest.
        min: f64,
        /// Not exceeded.
        max: f64,
        /// Distance, greater than zero.
        step: f64,
    },
    /// Any whole number between the bounds; only for random spaces.
    UniformInteger {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// What is drawn uniformly.
        scale: Scale,
    },
    /// Any number between the bounds; only for random spaces.
    UniformNumber {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// What is drawn uniformly.
        scale: Scale,
    },
}

/// What a random value is uniform in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scale {
    /// The value: 1 to 2 is as likely as 9 to 10.
    #[default]
    Linear,
    /// Its logarithm: 1 to 2 is as likely as 5 to 10. Bounds must be greater than zero.
    Log,
}

/// A space that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpaceError {
    /// There is nothing to vary.
    NoAxes,
    /// A random space of no points.
    NoPoints,
    /// More than 10^12 points.
    TooManyPoints,
    /// Two axes have this name.
    DuplicateAxis(String),
    /// An axis makes no sense.
    Axis {
        /// Its name.
        name: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
}

impl fmt::Display for SpaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAxes => f.write_str("the space has no axes: name at least one parameter to vary"),
            Self::NoPoints => f.write_str("the space has no points: draw at least one"),
            Self::TooManyPoints => f.write_str("the space has more than 10^12 points: use fewer"),
            Self::DuplicateAxis(name) => write!(f, "axis `{name}` appears twice: give all its values once"),
            Self::Axis { name, problem } => write!(f, "axis `{name}`: {problem}"),
        }
    }
}

impl std::error::Error for SpaceError {}

/// A finite, ordered set of parameter values. A point is computed from its index alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    plan: Plan,
    len: u64,
}

#[derive(Debug, Clone, PartialEq)]
enum Plan {
    Grid(Vec<(String, Points)>),
    Random { axes: Vec<(String, Source)>, seed: u64 },
}

impl Space {
    /// Every combination of the axes' values; the last axis varies fastest.
    ///
    /// # Errors
    /// There are no axes, two with one name, more than 10^12 points, or an axis that makes no sense or has no grid.
    pub fn grid(axes: Vec<Axis>) -> Result<Self, SpaceError> {
        let axes = resolve(axes, |source| match source {
            Source::Points(points) => Ok(points),
            _ => Err("a uniform range has no grid: give it a step, or use a random space".to_owned()),
        })?;
        let product = axes.iter().try_fold(1_u64, |product, (_, points)| product.checked_mul(points.len()));
        let len = product.filter(|len| *len <= MAX_POINTS).ok_or(SpaceError::TooManyPoints)?;
        Ok(Self { plan: Plan::Grid(axes), len })
    }

    /// `count` points, each axis drawn uniformly from its values. A value is a function of the seed, the point's index
    /// and the axis's name: a longer space begins with the shorter one, and adding an axis changes no other. Points
    /// may repeat.
    ///
    /// # Errors
    /// There are no axes, two with one name, no points or more than 10^12, or an axis that makes no sense.
    pub fn random(axes: Vec<Axis>, count: u64, seed: u64) -> Result<Self, SpaceError> {
        let axes = resolve(axes, Ok)?;
        match count {
            0 => Err(SpaceError::NoPoints),
            1..=MAX_POINTS => Ok(Self { plan: Plan::Random { axes, seed }, len: count }),
            _ => Err(SpaceError::TooManyPoints),
        }
    }

    /// Number of points, from 1 to 10^12.
    #[expect(clippy::len_without_is_empty, reason = "a space is never empty")]
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The point at `index`, in time proportional to the number of axes; `None` past the end.
    #[must_use]
    pub fn get(&self, index: u64) -> Option<Params> {
        (index < self.len).then(|| self.point(index))
    }

    /// All points, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Params> {
        (0..self.len).map(|index| self.point(index))
    }

    fn point(&self, index: u64) -> Params {
        match &self.plan {
            Plan::Grid(axes) => {
                let mut rest = index;
                let digits = axes.iter().rev().map(|(name, points)| {
                    let digit = rest % points.len();
                    rest /= points.len();
                    (name.clone(), points.at(digit))
                });
                digits.collect()
            }
            Plan::Random { axes, seed } => axes
                .iter()
                .map(|(name, source)| (name.clone(), source.draw(bits(*seed, index, name))))
                .collect(),
        }
    }
}

fn resolve<T>(
    axes: Vec<Axis>,
    accept: impl Fn(Source) -> Result<T, String>,
) -> Result<Vec<(String, T)>, SpaceError> {
    if axes.is_empty() {
        return Err(SpaceError::NoAxes);
    }
    let mut names = BTreeSet::new();
    let resolve = |Axis { name, values }| {
        if !names.insert(name.clone()) {
            return Err(SpaceError::DuplicateAxis(name));
        }
        match values.resolve().and_then(&accept) {
            Ok(values) => Ok((name, values)),
            Err(problem) => Err(SpaceError::Axis { name, problem }),
        }
    };
    axes.into_iter().map(resolve).collect()
}

/// Validated values that can be counted: at least one and at most 10^12, all different.
#[derive(Debug, Clone, PartialEq)]
enum Points {
    List(Vec<ParamValue>),
    Integers { min: i64, step: u64, len: u64 },
    Numbers { min: f64, max: f64, step: f64, len: u64 },
}

/// Validated values that can be drawn from.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    Points(Points),
    Integer { min: i64, max: i64, scale: Scale },
    Number { min: f64, max: f64, scale: Scale },
}

impl AxisValues {
    fn resolve(self) -> Result<Source, String> {
        match self {
            Self::List(values) => list(values).map(Source::Points),
            Self::IntegerRange { min, max, step } => integers(min, max, step).map(Source::Points),
            Self::NumberRange { min, max, step } => numbers(min, max, step).map(Source::Points),
            Self::UniformInteger { min, max, scale } => {
                ordered(min, max)?;
                logarithmic(scale, min > 0, min)?;
                Ok(Source::Integer { min, max, scale })
            }
            Self::UniformNumber { min, max, scale } => {
                finite(&[("min", min), ("max", max)])?;
                ordered(min, max)?;
                // Below the normal numbers the ratio of the bounds may overflow.
                logarithmic(scale, min >= f64::MIN_POSITIVE, min)?;
                Ok(Source::Number { min, max, scale })
            }
        }
    }
}

fn list(values: Vec<ParamValue>) -> Result<Points, String> {
    if values.is_empty() {
        return Err("the list is empty: give at least one value".to_owned());
    }
    let mut seen = BTreeSet::new();
    for value in &values {
        if let ParamValue::Number(number) = value {
            finite(&[("a value", *number)])?;
        }
        // As text, since a parameter takes `3` and `3.0` as the same value.
        if !seen.insert(value.to_string()) {
            return Err(format!("value `{value}` appears twice: leave one out"));
        }
    }
    Ok(Points::List(values))
}

fn integers(min: i64, max: i64, step: i64) -> Result<Points, String> {
    ordered(min, max)?;
    let stride = u64::try_from(step).ok().filter(|step| *step > 0);
    let step = stride.ok_or_else(|| format!("`step` is `{step}`: it must be greater than zero"))?;
    let steps = max.abs_diff(min) / step;
    if steps >= MAX_POINTS {
        return Err(coarser(step));
    }
    Ok(Points::Integers { min, step, len: steps + 1 })
}

fn numbers(min: f64, max: f64, step: f64) -> Result<Points, String> {
    finite(&[("min", min), ("max", max), ("step", step)])?;
    ordered(min, max)?;
    if step <= 0.0 {
        return Err(format!("`step` is `{step}`: it must be greater than zero"));
    }
    let rounding = min.abs().max(max.abs()) * f64::EPSILON;
    if step < ROUNDINGS_PER_STEP * rounding {
        return Err(format!("`step` is `{step}`: too small to tell numbers as large as the bounds apart"));
    }
    // 0.3 - 0.1 is a little less than two steps of 0.1: an end that is missed by rounding alone is reached. Halved
    // first, because bounds of opposite signs may be further apart than any number.
    let steps = ((max / 2.0 - min / 2.0) / (step / 2.0) + 8.0 * rounding / step).floor();
    if steps >= MAX_POINTS as f64 {
        return Err(coarser(step));
    }
    Ok(Points::Numbers { min, max, step, len: steps as u64 + 1 })
}

fn finite(values: &[(&str, f64)]) -> Result<(), String> {
    match values.iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((name, value)) => Err(format!("`{name}` is `{value}`: it must be a finite number")),
    }
}

fn ordered<T: Copy + PartialOrd + fmt::Display>(min: T, max: T) -> Result<(), String> {
    if min <= max {
        Ok(())
    } else {
        Err(format!("`min` is `{min}`: it must be at most `max`, which is `{max}`"))
    }
}

fn logarithmic(scale: Scale, positive: bool, min: impl Copy + fmt::Display) -> Result<(), String> {
    if scale == Scale::Linear || positive {
        Ok(())
    } else {
        Err(format!("`min` is `{min}`: on a logarithmic scale it must be greater than zero"))
    }
}

fn coarser(step: impl Copy + fmt::Display) -> String {
    format!("`step` is `{step}`: that makes more than 10^12 values, so take a larger one")
}

impl Points {
    fn len(&self) -> u64 {
        match self {
            Self::List(values) => values.len() as u64,
            Self::Integers { len, .. } | Self::Numbers { len, .. } => *len,
        }
    }

    /// The value at an index below `len`.
    fn at(&self, index: u64) -> ParamValue {
        match self {
            Self::List(values) => values[index as usize].clone(),
            Self::Integers { min, step, .. } => ParamValue::Integer(min.wrapping_add_unsigned(index * step)),
            Self::Numbers { min, max, step, .. } => ParamValue::Number((min + index as f64 * step).min(*max)),
        }
    }
}

impl Source {
    fn draw(&self, bits: u128) -> ParamValue {
        match *self {
            Self::Points(ref points) => points.at(below(bits, u128::from(points.len()))),
            Self::Integer { min, max, scale: Scale::Linear } => {
                let offset = below(bits, u128::from(max.abs_diff(min)) + 1);
                ParamValue::Integer(min.wrapping_add_unsigned(offset))
            }
            Self::Integer { min, max, scale: Scale::Log } => {
                let number = log_between(bits, min as f64, max as f64 + 1.0);
                ParamValue::Integer((number as i64).clamp(min, max))
            }
            Self::Number { min, max, scale: Scale::Linear } => {
                let share = (bits >> 75) as f64 / (1_u64 << 53) as f64;
                ParamValue::Number((min * (1.0 - share) + max * share).clamp(min, max))
            }
            Self::Number { min, max, scale: Scale::Log } => ParamValue::Number(log_between(bits, min, max)),
        }
    }
}

/// 128 random bits that depend on nothing but the arguments.
fn bits(seed: u64, index: u64, axis: &str) -> u128 {
    let digest = KeyBuilder::new("random point")
        .field("seed", &seed.to_le_bytes())
        .field("index", &index.to_le_bytes())
        .field("axis", axis.as_bytes())
        .finish();
    digest.as_bytes().iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

/// `bits * end / 2^128`, rounded down, for `end` up to 2^64: no number is likelier than another by more than 2^-64.
fn below(bits: u128, end: u128) -> u64 {
    let (high, low) = (bits >> 64, bits & u128::from(u64::MAX));
    ((high * end + ((low * end) >> 64)) >> 64) as u64
}

/// `min * (max / min)^u`, where the first 53 bits are those of `u` after the point. By square roots and products,
/// which have the same bits on every machine, as logarithms do not.
fn log_between(bits: u128, min: f64, max: f64) -> f64 {
    let mut value = min;
    let mut root = max.sqrt() / min.sqrt();
    for place in 1..=53 {
        if (bits >> (128 - place)) & 1 == 1 {
            value *= root;
        }
        root = root.sqrt();
    }
    value.clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn axis(name: &str, values: AxisValues) -> Axis {
        Axis { name: name.to_owned(), values }
    }

    fn integers(min: i64, max: i64, step: i64) -> AxisValues {
        AxisValues::IntegerRange { min, max, step }
    }

    fn numbers(min: f64, max: f64, step: f64) -> AxisValues {
        AxisValues::NumberRange { min, max, step }
    }

    fn choices(values: &[&str]) -> AxisValues {
        AxisValues::List(values.iter().map(|value| ParamValue::Text((*value).to_owned())).collect())
    }

    fn grid(values: AxisValues) -> Result<Space, SpaceError> {
        Space::grid(vec![axis("a", values)])
    }

    fn random(values: AxisValues, count: u64) -> Result<Space, SpaceError> {
        Space::random(vec![axis("a", values)], count, 7)
    }

    fn problem(space: Result<Space, SpaceError>) -> String {
        space.expect_err("it makes no sense").to_string()
    }

    /// The values of the axis `a`, in the order of points.
    fn values(space: &Space) -> Vec<ParamValue> {
        space.iter().map(|point| point["a"].clone()).collect()
    }

    fn floats(space: &Space) -> Vec<f64> {
        let float = |value: ParamValue| match value {
            ParamValue::Number(value) => value,
            ParamValue::Integer(value) => value as f64,
            other => panic!("{other} is no number"),
        };
        values(space).into_iter().map(float).collect()
    }

    #[test]
    fn the_last_axis_of_a_grid_varies_fastest() {
        let axes = vec![axis("b", choices(&["x", "y"])), axis("a", integers(1, 5, 2))];
        let space = Space::grid(axes).unwrap();
        let points: Vec<String> = space.iter().map(|p| format!("{}{}", p["b"], p["a"])).collect();
        assert_eq!(points, ["x1", "x3", "x5", "y1", "y3", "y5"]);
        assert_eq!((space.len(), space.get(6)), (6, None));
    }

    #[test]
    fn a_million_million_points_take_no_room_and_one_more_is_refused() {
        let million = |name| axis(name, integers(1, 1_000_000, 1));
        let space = Space::grid(vec![million("a"), million("b")]).unwrap();
        assert_eq!(space.len(), 1_000_000_000_000);
        let last = space.get(space.len() - 1).unwrap();
        assert_eq!(
            (&last["a"], &last["b"]),
            (&ParamValue::Integer(1_000_000), &ParamValue::Integer(1_000_000))
        );

        let more = vec![million("a"), axis("b", integers(0, 1_000_000, 1))];
        assert_eq!(Space::grid(more), Err(SpaceError::TooManyPoints));
        let overflow = ["a", "b", "c", "d"].map(million).to_vec();
        assert_eq!(Space::grid(overflow), Err(SpaceError::TooManyPoints));
    }

    #[test]
    fn a_step_that_reaches_the_end_up_to_rounding_reaches_it_exactly() {
        assert_eq!(floats(&grid(numbers(0.1, 0.3, 0.1)).unwrap()), [0.1, 0.2, 0.3]);
        assert_eq!(grid(numbers(0.0, 1.0, 0.1)).unwrap().len(), 11);
        assert_eq!(floats(&grid(numbers(0.0, 1.0, 0.4)).unwrap()), [0.0, 0.4, 0.8]);
        assert_eq!(floats(&grid(numbers(2.5, 2.5, 1.0)).unwrap()), [2.5]);
        assert_eq!(grid(numbers(-f64::MAX, f64::MAX, f64::MAX)).unwrap().len(), 3);
    }

    #[test]
    fn ranges_of_any_whole_numbers_do_not_overflow() {
        let ends = grid(integers(i64::MIN, i64::MAX, i64::MAX)).unwrap();
        let expected = [i64::MIN, -1, i64::MAX - 1].map(ParamValue::Integer);
        assert_eq!(values(&ends), expected);
        let uniform = AxisValues::UniformInteger { min: i64::MIN, max: i64::MAX, scale: Scale::Linear };
        let drawn = floats(&random(uniform, 100).unwrap());
        assert!(drawn.iter().any(|value| *value < -4e18) && drawn.iter().any(|value| *value > 4e18));
    }

    #[test]
    fn a_space_needs_axes_and_points_and_each_name_once() {
        assert_eq!(Space::grid(vec![]), Err(SpaceError::NoAxes));
        assert_eq!(random(integers(1, 2, 1), 0), Err(SpaceError::NoPoints));
        assert_eq!(random(integers(1, 2, 1), MAX_POINTS + 1), Err(SpaceError::TooManyPoints));
        assert!(random(integers(1, 2, 1), MAX_POINTS).is_ok());
        let twice = vec![axis("a", integers(1, 2, 1)), axis("a", integers(3, 4, 1))];
        assert_eq!(Space::grid(twice), Err(SpaceError::DuplicateAxis("a".to_owned())));
    }

    #[test]
    fn an_axis_that_makes_no_sense_is_named_with_what_would() {
        let message = problem(grid(integers(5, 3, 1)));
        assert_eq!(message, "axis `a`: `min` is `5`: it must be at most `max`, which is `3`");
        assert!(problem(grid(AxisValues::List(vec![]))).contains("the list is empty"));
        assert!(problem(grid(integers(1, 3, 0))).contains("`step` is `0`: it must be greater than zero"));
        assert!(problem(grid(numbers(1.0, 3.0, -0.5))).contains("`step` is `-0.5`"));
        assert!(problem(grid(numbers(f64::NAN, 3.0, 1.0))).contains("`min` is `NaN`: it must be a finite"));
        assert!(problem(grid(numbers(0.0, f64::INFINITY, 1.0))).contains("`max` is `inf`"));
        assert!(problem(grid(numbers(1.0, 2.0, 1e-16))).contains("too small to tell"));
        assert!(problem(grid(numbers(0.0, 2.0, 1e-12))).contains("more than 10^12 values"));
        assert!(problem(grid(integers(0, i64::MAX, 1))).contains("more than 10^12 values"));
    }

    #[test]
    fn values_that_read_the_same_are_one_value() {
        let list = |values: &[ParamValue]| grid(AxisValues::List(values.to_vec()));
        let (three, also) = (ParamValue::Integer(3), ParamValue::Number(3.0));
        assert!(problem(list(&[three.clone(), also])).contains("value `3` appears twice"));
        assert!(list(&[three, ParamValue::Number(3.5)]).is_ok());
        assert!(problem(list(&[ParamValue::Number(f64::INFINITY)])).contains("finite"));
    }

    #[test]
    fn a_uniform_range_is_for_random_spaces_only() {
        let uniform = AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: Scale::Linear };
        assert!(random(uniform.clone(), 3).is_ok());
        assert!(problem(grid(uniform)).contains("a uniform range has no grid"));
    }

    #[test]
    fn a_logarithmic_scale_starts_above_zero() {
        let number = |min| AxisValues::UniformNumber { min, max: 1.0, scale: Scale::Log };
        assert!(random(number(1e-9), 3).is_ok());
        assert!(problem(random(number(0.0), 3)).contains("logarithmic scale"));
        let integer = |min| AxisValues::UniformInteger { min, max: 9, scale: Scale::Log };
        assert!(random(integer(1), 3).is_ok());
        assert!(problem(random(integer(0), 3)).contains("logarithmic scale"));
    }

    #[test]
    fn draws_are_spread_evenly_over_their_scale() {
        let below = |values: AxisValues, middle: f64| {
            floats(&random(values, 10_000).unwrap()).iter().filter(|value| **value < middle).count()
        };
        let number = |scale| AxisValues::UniformNumber { min: 1.0, max: 10_000.0, scale };
        let integer = |scale| AxisValues::UniformInteger { min: 1, max: 9_999, scale };
        let halves = [
            below(number(Scale::Linear), 5_000.5),
            below(number(Scale::Log), 100.0),
            below(integer(Scale::Linear), 5_000.0),
            below(integer(Scale::Log), 100.0),
            below(integers(1, 100, 1), 51.0),
        ];
        // Five standard deviations of 10,000 coin flips.
        assert!(halves.iter().all(|count| (4_750..=5_250).contains(count)), "{halves:?}");
    }

    #[test]
    fn the_largest_whole_number_is_drawn_on_a_logarithmic_scale_too() {
        let drawn =
            floats(&random(AxisValues::UniformInteger { min: 1, max: 2, scale: Scale::Log }, 1_000).unwrap());
        let twos = drawn.iter().filter(|value| **value > 1.5).count();
        assert!((300..450).contains(&twos), "ln(3/2) / ln(3) is 37 %: {twos}");
    }

    #[test]
    fn a_random_value_depends_on_seed_index_and_name_alone() {
        let uniform = || AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: Scale::Linear };
        let space = |axes: &[&str], count, seed| {
            Space::random(axes.iter().map(|name| axis(name, uniform())).collect(), count, seed).unwrap()
        };
        let short = values(&space(&["a"], 5, 1));
        assert_eq!(values(&space(&["b", "a"], 9, 1))[..5], short);
        assert_ne!(values(&space(&["a"], 5, 2)), short);
        assert_ne!(short[0], short[1]);
        let point = space(&["a", "b"], 1, 1).get(0).unwrap();
        assert_ne!(point["a"], point["b"]);
    }

    #[test]
    fn a_seed_keeps_its_points_for_ever() {
        let drawn = values(&random(integers(0, 999, 1), 4).unwrap());
        assert_eq!(drawn, [850, 250, 569, 546].map(ParamValue::Integer));
        let log = AxisValues::UniformNumber { min: 0.001, max: 10.0, scale: Scale::Log };
        assert_eq!(floats(&random(log, 2).unwrap()), [2.533002568964273, 0.01007023523935949]);
    }

    fn range() -> impl Strategy<Value = (f64, f64, f64)> {
        let scale = prop_oneof![Just(1e-3), Just(0.1), Just(1.0), Just(1e9)];
        (scale, -1_000_i32..1_000, 0_i32..1_000, 1_u8..40).prop_map(|(scale, min, width, step)| {
            let max = f64::from(min + width);
            (f64::from(min) * scale, max * scale, f64::from(step) * scale / 4.0)
        })
    }

    proptest! {
        #[test]
        fn the_points_of_a_grid_are_distinct_and_in_bounds((min, max, step) in range(), width in 0_i64..9) {
            let axes = vec![axis("a", numbers(min, max, step)), axis("b", integers(-3, -3 + width, 2))];
            let space = Space::grid(axes).unwrap();
            let points: Vec<Params> = space.iter().collect();
            let distinct: BTreeSet<String> = points.iter().map(|point| format!("{point:?}")).collect();
            prop_assert_eq!(distinct.len() as u64, space.len());
            prop_assert_eq!(points.len() as u64, space.len());
            let floats = floats(&space);
            prop_assert!(floats.iter().all(|value| (min..=max).contains(value)));
            prop_assert!(max - floats[floats.len() - 1] < step, "the last point is less than a step from the end");
        }

        #[test]
        fn a_number_range_has_the_points_that_decimal_arithmetic_gives(
            min in -1_000_i32..1_000, steps in 0_i32..2_000, step in 1_i32..100, digits in 0_i32..9,
        ) {
            let decimal = |units: i32| format!("{units}e-{digits}").parse::<f64>().unwrap();
            let space = grid(numbers(decimal(min), decimal(min + steps * step), decimal(step))).unwrap();
            prop_assert_eq!(space.len(), steps as u64 + 1);
        }

        #[test]
        fn random_points_are_in_bounds_and_the_same_in_any_order(
            seed: u64,
            (min, width) in (1e-300..1e300_f64, 0.0..1e300_f64),
            (low, high) in (1..i64::MAX, 1..i64::MAX),
            indices in Just((0..20_u64).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let (low, high, max) = (low.min(high), low.max(high), min + width);
            let mut axes = vec![axis("list", choices(&["x", "y"])), axis("grid", integers(-5, 5, 5))];
            for (suffix, scale) in [("linear", Scale::Linear), ("log", Scale::Log)] {
                let number = AxisValues::UniformNumber { min, max, scale };
                let integer = AxisValues::UniformInteger { min: low, max: high, scale };
                axes.extend([axis(&format!("n {suffix}"), number), axis(&format!("i {suffix}"), integer)]);
            }
            let space = Space::random(axes, 20, seed).unwrap();
            let in_order: Vec<Params> = space.iter().collect();
            for index in indices {
                let point = space.get(index).unwrap();
                prop_assert_eq!(&point, &in_order[index as usize]);
                for (name, value) in &point {
                    prop_assert!(match value {
                        ParamValue::Number(value) => (min..=max).contains(value),
                        ParamValue::Integer(value) if name == "grid" => [-5, 0, 5].contains(value),
                        ParamValue::Integer(value) => (low..=high).contains(value),
                        ParamValue::Text(value) => ["x", "y"].contains(&value.as_str()),
                        ParamValue::Boolean(_) => false,
                    }, "{name} is {value}");
                }
            }
        }
    }
}
