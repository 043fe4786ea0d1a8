//! Parameter spaces: what a sweep tries, a point at a time and never as a list, for there may be millions.

mod cube;
mod description;
mod listed;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{KeyBuilder, ParamValue, Params};
pub use cube::{AxisKind, Cube, PointError};
use description::Description;

/// More points than this are a mistake: at a microsecond each they would take eleven days.
const MAX_POINTS: u64 = 1_000_000_000_000;

/// Listed points, each of which is kept.
const MAX_LISTED: u64 = 100_000;

/// A step must be this many times the rounding of its range's numbers, or points could coincide.
const ROUNDINGS_PER_STEP: f64 = 64.0;

/// One parameter of a space and what it may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The parameter's name.
    pub name: String,
    /// What it may be.
    pub values: AxisValues,
}

/// What one parameter may be. Bounds are inclusive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// A listed space of more than 100,000 points.
    TooManyListed,
    /// A listed point that is not one of the axes' own.
    Point(String),
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
            Self::TooManyListed => {
                f.write_str("the space lists more than 100,000 points: use fewer, or a grid")
            }
            Self::Point(problem) => f.write_str(problem),
            Self::DuplicateAxis(name) => write!(f, "axis `{name}` appears twice: give all its values once"),
            Self::Axis { name, problem } => write!(f, "axis `{name}`: {problem}"),
        }
    }
}

impl std::error::Error for SpaceError {}

/// A finite, ordered set of parameter values. A point is computed from its index alone.
///
/// Serialises as what it was made from, and is checked like any other when it is read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Description", into = "Description")]
pub struct Space {
    description: Description,
    plan: Plan,
    len: u64,
}

#[derive(Debug, Clone, PartialEq)]
enum Plan {
    Grid(Vec<(String, Points)>),
    Random { axes: Vec<(String, Source)>, seed: u64 },
    Listed { names: Vec<String>, points: Vec<Vec<ParamValue>> },
}

impl Space {
    /// Every combination of the axes' values; the last axis varies fastest.
    ///
    /// # Errors
    /// There are no axes, two with one name, more than 10^12 points, or an axis that makes no sense or has no grid.
    pub fn grid(axes: Vec<Axis>) -> Result<Self, SpaceError> {
        let description = Description::Grid { axes: axes.clone() };
        let axes = resolve(axes, |source| match source {
            Source::Points(points) => Ok(points),
            _ => Err("a uniform range has no grid: give it a step, or use a random space".to_owned()),
        })?;
        let product = axes.iter().try_fold(1_u64, |product, (_, points)| product.checked_mul(points.len()));
        let len = product.filter(|len| *len <= MAX_POINTS).ok_or(SpaceError::TooManyPoints)?;
        Ok(Self { description, plan: Plan::Grid(axes), len })
    }

    /// `count` points, each axis drawn uniformly from its values. A value is a function of the seed, the point's index
    /// and the axis's name: a longer space begins with the shorter one, and adding an axis changes no other. Points
    /// may repeat.
    ///
    /// # Errors
    /// There are no axes, two with one name, no points or more than 10^12, or an axis that makes no sense.
    pub fn random(axes: Vec<Axis>, count: u64, seed: u64) -> Result<Self, SpaceError> {
        let description = Description::Random { axes: axes.clone(), count, seed };
        let axes = resolve(axes, Ok)?;
        match count {
            0 => Err(SpaceError::NoPoints),
            1..=MAX_POINTS => Ok(Self { description, plan: Plan::Random { axes, seed }, len: count }),
            _ => Err(SpaceError::TooManyPoints),
        }
    }

    /// Number of points, from 1 to 10^12.
    #[expect(clippy::len_without_is_empty, reason = "a space is never empty")]
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The point at `index`, in time proportional to the number of axes; `None` past the end, and for a point that is still to
    /// be chosen.
    #[must_use]
    pub fn get(&self, index: u64) -> Option<Params> {
        (index < self.chosen()).then(|| self.point(index))
    }

    /// All points that are chosen, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Params> {
        (0..self.chosen()).map(|index| self.point(index))
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
            Plan::Listed { names, points } => {
                names.iter().cloned().zip(points[index as usize].iter().cloned()).collect()
            }
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
mod tests;
