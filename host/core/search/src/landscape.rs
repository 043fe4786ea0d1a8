//! What results tell about the space: which parameters matter, what is around the best point, and whether it leans
//! against a bound.

use std::fmt;

use serde::{Deserialize, Serialize};
use stratbox_domain::{AxisKind, AxisValues, Cube, ParamValue, Params, PointError};
use stratbox_metrics::Direction;

use crate::reason::{Reason, finite};
use crate::settings::SettingsError;

mod importance;

pub use importance::Importance;

/// On a continuous axis, a point this close to an end, as a share of the axis, counts as being there.
const AT_THE_END: f64 = 0.01;

/// Points of a space with the value of one objective.
#[derive(Debug, Clone)]
pub struct Landscape {
    cube: Cube,
    direction: Direction,
    /// Those with a value, in their order.
    places: Vec<Place>,
}

#[derive(Debug, Clone)]
struct Place {
    /// In the order that was given.
    index: usize,
    point: Params,
    position: Vec<f64>,
    value: f64,
}

/// What counts as near the best point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlateauSettings {
    /// How far a neighbour may be on each axis, as a share of its length, from 0 to 0.5; 0.1 by default. Never less than
    /// to the next value.
    pub radius: f64,
    /// A neighbour within this share of the best value counts as equally good, from 0 to 1; 0.1 by default.
    pub tolerance: f64,
}

impl Default for PlateauSettings {
    fn default() -> Self {
        Self { radius: 0.1, tolerance: 0.1 }
    }
}

impl PlateauSettings {
    /// Checks both fields.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let within = |field, value: f64, most: f64| match (0.0..=most).contains(&value) {
            true => Ok(()),
            false => {
                Err(SettingsError { field, problem: format!("is `{value}`: it must be from 0 to {most}") })
            }
        };
        within("radius", self.radius, 0.5)?;
        within("tolerance", self.tolerance, 1.0)
    }
}

/// What is around the best point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    /// The best point, by its index among those that were given; the first of equal ones.
    pub best: usize,
    /// Its value.
    pub value: f64,
    /// Other points with a value that are near it.
    pub neighbours: usize,
    /// The median of their values.
    pub median: Result<f64, Reason>,
    /// How much of the best value the median neighbour keeps: 1 - (fall from the best to the median) / abs(best). 1 is a
    /// plateau, 0 a fall by as much as the value itself; for a positive objective of which more is better it is
    /// median / best.
    pub retained: Result<f64, Reason>,
    /// Share of the neighbours that fall by at most `tolerance` x abs(best).
    pub within: Result<f64, Reason>,
}

/// An end of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Its smallest value.
    Low,
    /// Its largest value.
    High,
}

/// An axis at the end of which the best point is: what is beyond may be better still.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edge {
    /// The axis.
    pub axis: String,
    /// Where to extend it.
    pub side: Side,
    /// The best point's value.
    pub value: ParamValue,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (end, beyond) = match self.side {
            Side::Low => ("smallest", "below"),
            Side::High => ("largest", "above"),
        };
        write!(
            f,
            "`{}` is best at `{}`, the {end} that was tried: search {beyond} it too",
            self.axis, self.value
        )
    }
}

impl Landscape {
    /// A landscape of points and their values; one that is missing or not finite leaves its point out.
    ///
    /// # Errors
    /// A point is not in the space.
    pub fn new<'a>(
        cube: Cube,
        direction: Direction,
        points: impl IntoIterator<Item = (&'a Params, Option<f64>)>,
    ) -> Result<Self, PointError> {
        let mut places = Vec::new();
        for (index, (point, value)) in points.into_iter().enumerate() {
            let position = cube.to_unit(point)?;
            if let Some(value) = value.filter(|value| value.is_finite()) {
                places.push(Place { index, point: cube.accept(point)?, position, value });
            }
        }
        Ok(Self { cube, direction, places })
    }

    /// What is around the best point: whether it stands on a plateau, or is a peak that chance may have made. A neighbour
    /// is another point that is within the radius on every ordered or continuous axis (at least the next value counts),
    /// and has the same value on every axis without order.
    ///
    /// # Errors
    /// No point has a value.
    pub fn plateau(&self, settings: &PlateauSettings) -> Result<Plateau, Reason> {
        let best = self.best().ok_or(Reason::TooFewPoints { have: 0, need: 1 })?;
        let near = |place: &&Place| place.index != best.index && self.are_near(best, place, settings.radius);
        let mut values: Vec<f64> = self.places.iter().filter(near).map(|place| place.value).collect();
        values.sort_by(f64::total_cmp);
        let median = median(&values).ok_or(Reason::NoNeighbours).and_then(finite);
        let size = best.value.abs();
        let retained = median.and_then(|median| match size > 0.0 {
            true => finite(1.0 - self.fall(best.value, median) / size),
            false => Err(Reason::BestIsZero),
        });
        let close = |value: &&f64| self.fall(best.value, **value) <= settings.tolerance * size;
        let within = match (values.len(), size > 0.0) {
            (0, _) => Err(Reason::NoNeighbours),
            (_, false) => Err(Reason::BestIsZero),
            (neighbours, true) => finite(values.iter().filter(close).count() as f64 / neighbours as f64),
        };
        Ok(Plateau {
            best: best.index,
            value: best.value,
            neighbours: values.len(),
            median,
            retained,
            within,
        })
    }

    /// The axes at an end of which the best point is, in the axes' order: those of ordered values on which it has the
    /// first or the last, and continuous ones on which it is within a hundredth of an end.
    ///
    /// # Errors
    /// No point has a value.
    pub fn edges(&self) -> Result<Vec<Edge>, Reason> {
        let best = self.best().ok_or(Reason::TooFewPoints { have: 0, need: 1 })?;
        let edge = |(axis, coordinate): (usize, &f64)| {
            let (low, high) = match self.cube.kind(axis) {
                AxisKind::Fixed | AxisKind::Unordered(_) => return None,
                AxisKind::Ordered(levels) => {
                    let level = self.cube.level(axis, *coordinate)?;
                    (level == 0, level + 1 == levels)
                }
                AxisKind::Continuous => (*coordinate <= AT_THE_END, *coordinate >= 1.0 - AT_THE_END),
            };
            let side = match (low, high) {
                (false, false) => return None,
                // A list may fall from its first value to its last.
                (first, _) if first == self.rises(axis) => Side::Low,
                _ => Side::High,
            };
            let axis = self.cube.axes()[axis].name.clone();
            let value = best.point[&axis].clone();
            Some(Edge { axis, side, value })
        };
        Ok(best.position.iter().enumerate().filter_map(edge).collect())
    }

    /// Whether an axis ends with its largest value.
    fn rises(&self, axis: usize) -> bool {
        match &self.cube.axes()[axis].values {
            AxisValues::List(values) => {
                let number = |value: Option<&ParamValue>| match value {
                    Some(ParamValue::Integer(value)) => *value as f64,
                    Some(ParamValue::Number(value)) => *value,
                    _ => 0.0,
                };
                number(values.first()) < number(values.last())
            }
            _ => true,
        }
    }

    /// The first of the best.
    fn best(&self) -> Option<&Place> {
        let mut places = self.places.iter();
        let first = places.next()?;
        Some(
            places.fold(
                first,
                |best, place| if self.fall(best.value, place.value) < 0.0 { place } else { best },
            ),
        )
    }

    /// By how much a value is worse than another.
    fn fall(&self, from: f64, to: f64) -> f64 {
        match self.direction {
            Direction::HigherIsBetter => from - to,
            Direction::LowerIsBetter => to - from,
        }
    }

    fn are_near(&self, one: &Place, other: &Place, radius: f64) -> bool {
        (0..self.cube.dimensions()).all(|axis| {
            let (one, other) = (one.position[axis], other.position[axis]);
            let levels = || Some(self.cube.level(axis, one)?.abs_diff(self.cube.level(axis, other)?));
            match self.cube.kind(axis) {
                AxisKind::Fixed => true,
                AxisKind::Unordered(_) => levels() == Some(0),
                AxisKind::Ordered(_) => {
                    (one - other).abs() <= radius || levels().is_some_and(|steps| steps <= 1)
                }
                AxisKind::Continuous => (one - other).abs() <= radius,
            }
        })
    }
}

/// The median of values in their order; the mean of the middle two of an even number.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => Some(sorted[middle]),
        _ => Some(sorted.get(middle.checked_sub(1)?)? / 2.0 + sorted[middle] / 2.0),
    }
}

#[cfg(test)]
mod tests;
