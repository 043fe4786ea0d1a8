//! What axes span, seen as a unit cube: for samplers that place points anywhere, and for figures about where points are.

use std::fmt;

use super::{Axis, MAX_POINTS, Points, Scale, Source, SpaceError, below, log_between, resolve};
use crate::{ParamValue, Params};

/// Every combination of values that axes allow, in no order. Each axis is seen as the numbers from 0 to 1: an axis of
/// `n` values as `n` cells of the same width (on a logarithmic scale, as wide as their logarithms are apart), a range
/// of numbers as itself on its scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Cube {
    axes: Vec<Axis>,
    sources: Vec<(String, Source)>,
    cardinality: Option<u64>,
}

/// What one axis of a [`Cube`] is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisKind {
    /// One value.
    Fixed,
    /// This many values that are not ordered: text, truth values, and lists that neither rise nor fall.
    Unordered(u64),
    /// This many values in their order, from 2 to 10^12.
    Ordered(u64),
    /// A range of numbers, or of more whole numbers than are counted.
    Continuous,
}

/// A point that a [`Cube`] does not contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointError {
    /// The point says nothing of this axis.
    Missing(String),
    /// The point names a parameter that is no axis.
    Unknown {
        /// The parameter.
        name: String,
        /// The axes' names.
        axes: Vec<String>,
    },
    /// An axis does not have the point's value.
    Value {
        /// The axis.
        name: String,
        /// The point's value.
        value: String,
        /// What the axis takes.
        allowed: String,
    },
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "parameter `{name}` has no value: a point needs all of them"),
            Self::Unknown { name, axes } => {
                let axes: Vec<String> = axes.iter().map(|axis| format!("`{axis}`")).collect();
                write!(f, "parameter `{name}` is not searched: the parameters are {}", axes.join(", "))
            }
            Self::Value { name, value, allowed } => {
                write!(f, "parameter `{name}`: `{value}` is not in the space: it takes {allowed}")
            }
        }
    }
}

impl std::error::Error for PointError {}

impl Cube {
    /// What `axes` span.
    ///
    /// # Errors
    /// There are no axes, two with one name, or an axis that makes no sense.
    pub fn new(axes: Vec<Axis>) -> Result<Self, SpaceError> {
        let sources = resolve(axes.clone(), Ok)?;
        let product = sources
            .iter()
            .try_fold(1_u64, |product, (_, source): &(_, Source)| product.checked_mul(source.levels()?));
        Ok(Self { axes, sources, cardinality: product.filter(|product| *product <= MAX_POINTS) })
    }

    /// The axes, as they were given.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Number of axes, fixed ones included.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.axes.len()
    }

    /// What the axis at `axis`, below [`Self::dimensions`], is like.
    #[must_use]
    pub fn kind(&self, axis: usize) -> AxisKind {
        let source = &self.sources[axis].1;
        match (source.levels(), source) {
            (Some(1), _) => AxisKind::Fixed,
            (Some(levels), Source::Points(Points::List(values))) if !is_ordered(values) => {
                AxisKind::Unordered(levels)
            }
            (Some(levels), _) => AxisKind::Ordered(levels),
            (None, _) => AxisKind::Continuous,
        }
    }

    /// Number of different points; `None` when an axis is continuous, or when there are more than 10^12.
    #[must_use]
    pub fn cardinality(&self) -> Option<u64> {
        self.cardinality
    }

    /// The point at a position. A coordinate belongs to an axis, in the axes' order; one that is missing, below 0 or
    /// not a number counts as 0, and one of 1 or above as the end of its axis.
    #[must_use]
    pub fn at_unit(&self, position: &[f64]) -> Params {
        let coordinates = position.iter().copied().chain(std::iter::repeat(0.0));
        let values = self.sources.iter().zip(coordinates);
        values.map(|((name, source), coordinate)| (name.clone(), source.at_unit(coordinate))).collect()
    }

    /// Where a point is, a coordinate per axis: the middle of a value's cell, or the place of a number in its range.
    ///
    /// # Errors
    /// The point is not in the space.
    pub fn to_unit(&self, point: &Params) -> Result<Vec<f64>, PointError> {
        let point = self.accept(point)?;
        let place = |(name, source): &(String, Source)| source.to_unit(&point[name]);
        Ok(self.sources.iter().map(place).collect())
    }

    /// The point with every value as its axis has it: `3` for a whole `3.0`, and the grid's own `0.3` for one that
    /// differs by rounding.
    ///
    /// # Errors
    /// A value is missing, is not one of its axis's, or belongs to no axis.
    pub fn accept(&self, point: &Params) -> Result<Params, PointError> {
        if let Some(name) = point.keys().find(|name| self.sources.iter().all(|(axis, _)| axis != *name)) {
            let axes = self.axes.iter().map(|axis| axis.name.clone()).collect();
            return Err(PointError::Unknown { name: name.clone(), axes });
        }
        let accept = |(name, source): &(String, Source)| {
            let value = point.get(name).ok_or_else(|| PointError::Missing(name.clone()))?;
            let accepted = source.accept(value).ok_or_else(|| PointError::Value {
                name: name.clone(),
                value: value.to_string(),
                allowed: source.allowed(),
            })?;
            Ok((name.clone(), accepted))
        };
        self.sources.iter().map(accept).collect()
    }

    /// The point with a number below [`Self::cardinality`]; the last axis varies fastest. `None` when there is none.
    #[must_use]
    pub fn at_number(&self, number: u64) -> Option<Params> {
        self.cardinality().filter(|len| number < *len)?;
        let mut rest = number;
        let digits = self.sources.iter().rev().map(|(name, source)| {
            let levels = source.levels()?;
            let level = rest % levels;
            rest /= levels;
            Some((name.clone(), source.at_level(level)))
        });
        digits.collect()
    }

    /// The number of a point, which [`Self::at_number`] turns back; `None` when the points are not counted or this is
    /// none of them.
    #[must_use]
    pub fn number_of(&self, point: &Params) -> Option<u64> {
        self.cardinality()?;
        self.sources.iter().try_fold(0, |number, (name, source)| {
            let level = source.level_of(&source.accept(point.get(name)?)?)?;
            Some(number * source.levels()? + level)
        })
    }

    /// Which of its axis's values a coordinate means, counted from zero; `None` on a continuous axis.
    #[must_use]
    pub fn level(&self, axis: usize, coordinate: f64) -> Option<u64> {
        let source = &self.sources[axis].1;
        source.levels()?;
        source.level_of(&source.at_unit(coordinate))
    }

    /// From where to where on its axis the value with this number reaches; `None` on a continuous axis or beyond its
    /// last value.
    #[must_use]
    pub fn cell(&self, axis: usize, level: u64) -> Option<(f64, f64)> {
        let source = &self.sources[axis].1;
        let levels = source.levels().filter(|levels| level < *levels)?;
        Some(match *source {
            Source::Integer { min, max, scale: Scale::Log } => {
                let edge = |level: u64| log_share(min as f64 + level as f64, min as f64, max as f64 + 1.0);
                (edge(level), if level + 1 == levels { 1.0 } else { edge(level + 1) })
            }
            _ => (level as f64 / levels as f64, (level + 1) as f64 / levels as f64),
        })
    }
}

/// Whether numbers rise all the way or fall all the way.
fn is_ordered(values: &[ParamValue]) -> bool {
    let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
    numbers.is_some_and(|numbers| {
        numbers.windows(2).all(|pair| pair[0] < pair[1]) || numbers.windows(2).all(|pair| pair[0] > pair[1])
    })
}

fn number(value: &ParamValue) -> Option<f64> {
    match value {
        ParamValue::Integer(value) => Some(*value as f64),
        ParamValue::Number(value) => Some(*value),
        ParamValue::Boolean(_) | ParamValue::Text(_) => None,
    }
}

/// A number without a fraction as a whole one.
fn whole(value: &ParamValue) -> Option<i64> {
    // Beyond 2^53 neighbouring whole numbers share a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        ParamValue::Integer(value) => Some(*value),
        ParamValue::Number(value) if value.fract() == 0.0 && value.abs() <= EXACT => Some(*value as i64),
        _ => None,
    }
}

impl Source {
    /// Number of values, when they are counted.
    fn levels(&self) -> Option<u64> {
        match self {
            Self::Points(points) => Some(points.len()),
            Self::Integer { min, max, .. } => max.abs_diff(*min).checked_add(1).filter(|n| *n <= MAX_POINTS),
            Self::Number { min, max, .. } => (min == max).then_some(1),
        }
    }

    /// The value with a number below `levels`.
    fn at_level(&self, level: u64) -> ParamValue {
        match self {
            Self::Points(points) => points.at(level),
            Self::Integer { min, .. } => ParamValue::Integer(min.wrapping_add_unsigned(level)),
            Self::Number { min, .. } => ParamValue::Number(*min),
        }
    }

    /// The number of an accepted value.
    fn level_of(&self, value: &ParamValue) -> Option<u64> {
        match self {
            Self::Points(points) => points.find(value),
            Self::Integer { min, .. } => whole(value).map(|value| value.abs_diff(*min)),
            Self::Number { .. } => self.levels().map(|_| 0),
        }
    }

    fn at_unit(&self, coordinate: f64) -> ParamValue {
        let share = match coordinate.is_nan() {
            true => 0.0,
            // The end is the last number below 1 that 53 bits hold.
            false => coordinate.clamp(0.0, 1.0 - f64::EPSILON / 2.0),
        };
        match *self {
            Self::Points(ref points) => {
                let cell = (share * points.len() as f64) as u64;
                points.at(cell.min(points.len() - 1))
            }
            Self::Number { max, .. } if coordinate >= 1.0 => ParamValue::Number(max),
            Self::Integer { min, max, scale: Scale::Log } => {
                let number = log_between(bits_of(share), min as f64, max as f64 + 1.0);
                ParamValue::Integer((number as i64).clamp(min, max))
            }
            Self::Integer { min, max, scale: Scale::Linear } => {
                let offset = match self.levels() {
                    Some(levels) => ((share * levels as f64) as u64).min(levels - 1),
                    None => below(bits_of(share), u128::from(max.abs_diff(min)) + 1),
                };
                ParamValue::Integer(min.wrapping_add_unsigned(offset))
            }
            Self::Number { .. } => self.draw(bits_of(share)),
        }
    }

    fn to_unit(&self, value: &ParamValue) -> f64 {
        let number = number(value).unwrap_or_default();
        let share = match *self {
            Self::Number { min, max, scale: Scale::Linear } if min < max => {
                // Halved first, because bounds of opposite signs may be further apart than any number.
                (number / 2.0 - min / 2.0) / (max / 2.0 - min / 2.0)
            }
            Self::Number { min, max, scale: Scale::Log } if min < max => log_share(number, min, max),
            Self::Integer { min, max, scale: Scale::Log } if min < max => {
                log_share(number + 0.5, min as f64, max as f64 + 1.0)
            }
            Self::Integer { min, max, scale: Scale::Linear } if self.levels().is_none() => {
                let offset = whole(value).map_or(0, |value| value.abs_diff(min));
                (offset as f64 + 0.5) / (max.abs_diff(min) as f64 + 1.0)
            }
            _ => match (self.levels(), self.level_of(value)) {
                (Some(levels), Some(level)) => (level as f64 + 0.5) / levels as f64,
                _ => 0.5,
            },
        };
        share.clamp(0.0, 1.0)
    }

    fn accept(&self, value: &ParamValue) -> Option<ParamValue> {
        match self {
            Self::Points(points) => points.find(value).map(|level| points.at(level)),
            Self::Integer { min, max, .. } => {
                whole(value).filter(|value| (min..=max).contains(&value)).map(ParamValue::Integer)
            }
            Self::Number { min, max, .. } => {
                number(value).filter(|value| (min..=max).contains(&value)).map(ParamValue::Number)
            }
        }
    }

    /// What is accepted, in words.
    fn allowed(&self) -> String {
        match self {
            Self::Points(points) => points.allowed(),
            Self::Integer { min, max, .. } => format!("a whole number from {min} to {max}"),
            Self::Number { min, max, .. } => format!("a number from {min} to {max}"),
        }
    }
}

impl Points {
    /// The index of a value, as it is or up to rounding.
    fn find(&self, value: &ParamValue) -> Option<u64> {
        match *self {
            Self::List(ref values) => {
                let as_it_is = || values.iter().position(|one| one == value);
                // As text, since a parameter takes `3` and `3.0` as the same value.
                let as_number = || {
                    let text = number(value).map(|_| value.to_string())?;
                    values.iter().position(|one| number(one).is_some() && one.to_string() == text)
                };
                let found = as_it_is().or_else(as_number);
                found.map(|index| index as u64)
            }
            Self::Integers { min, step, len } => {
                let value = whole(value).filter(|value| *value >= min)?;
                let offset = value.abs_diff(min);
                Some(offset / step).filter(|index| offset % step == 0 && *index < len)
            }
            Self::Numbers { min, max, step, len } => {
                let number = number(value).filter(|value| value.is_finite())?;
                let index = ((number / 2.0 - min / 2.0) / (step / 2.0)).round().clamp(0.0, (len - 1) as f64);
                let nearest = (min + index * step).min(max);
                let rounding = min.abs().max(max.abs()) * f64::EPSILON;
                ((number - nearest).abs() <= 8.0 * rounding).then_some(index as u64)
            }
        }
    }

    fn allowed(&self) -> String {
        match self {
            Self::List(values) => {
                let listed: Vec<String> = values.iter().take(8).map(|value| format!("`{value}`")).collect();
                let more = values.len().saturating_sub(listed.len());
                let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
                format!("one of {}{rest}", listed.join(", "))
            }
            Self::Integers { step, .. } => {
                format!("{} to {} in steps of {step}", self.at(0), self.at(self.len() - 1))
            }
            Self::Numbers { step, .. } => {
                format!("{} to {} in steps of {step}", self.at(0), self.at(self.len() - 1))
            }
        }
    }
}

/// A share below 1 as the first bits after the point.
fn bits_of(share: f64) -> u128 {
    ((share * (1_u64 << 53) as f64) as u128) << 75
}

/// The share whose [`log_between`] is `value`, by the same square roots.
fn log_share(value: f64, min: f64, max: f64) -> f64 {
    let mut reached = min;
    let mut root = max.sqrt() / min.sqrt();
    let (mut share, mut place) = (0.0, 0.5);
    for _ in 0..53 {
        if reached * root <= value {
            reached *= root;
            share += place;
        }
        root = root.sqrt();
        place /= 2.0;
    }
    share
}

#[cfg(test)]
mod tests;
