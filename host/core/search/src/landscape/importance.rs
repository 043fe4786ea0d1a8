//! How much of the objective's variance each parameter explains by itself.

use stratbox_domain::AxisKind;

use super::Landscape;
use crate::reason::{Reason, finite};

/// Fewest points with a value: below, anything seems to explain anything.
const FEWEST_POINTS: usize = 10;

/// Most groups that values of an axis are put into when they are not grouped one by one.
const MOST_BINS: usize = 10;

/// Fewest points of a group, on average.
const POINTS_PER_GROUP: usize = 2;

/// How much of the objective's variance one parameter explains by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// The parameter.
    pub axis: String,
    /// The variance of the groups' means, weighted by their points, over the variance of all points: the correlation ratio
    /// (Pearson 1905). From 0 to 1. On a complete grid it is the first-order Sobol index (Sobol 1993), the share of the
    /// parameter alone in a functional analysis of variance (Hutter, Hoos and Leyton-Brown 2014), and those of all
    /// parameters add up to at most 1; what is missing to 1 are interactions.
    pub share: Result<f64, Reason>,
    /// The same without what chance explains, which grows with the number of groups: 1 - (1 - share) (n - 1) / (n - k) for
    /// n points in k groups, and no less than 0 (Kelley 1935). The figure to read for random points; on a complete grid
    /// nothing is left to chance, and `share` is exact.
    pub adjusted: Result<f64, Reason>,
    /// Groups that the points were put into: one per value where values have two points or more on average, and otherwise
    /// up to ten of neighbouring values and about as many points each; too few points for that on an axis without order
    /// are a reason.
    pub groups: usize,
}

impl Landscape {
    /// The importance of every parameter that varies in the space, in the axes' order.
    ///
    /// # Errors
    /// Fewer than ten points have a value, or their values are the same.
    pub fn importance(&self) -> Result<Vec<Importance>, Reason> {
        let have = self.places.len();
        if have < FEWEST_POINTS {
            return Err(Reason::TooFewPoints { have, need: FEWEST_POINTS });
        }
        let values = self.scaled_values().ok_or(Reason::Constant)?;
        let varies = |axis: &usize| self.cube.kind(*axis) != AxisKind::Fixed;
        Ok((0..self.cube.dimensions()).filter(varies).map(|axis| self.importance_of(axis, &values)).collect())
    }

    /// The values, moved and shrunk to lie between -1/2 and 1/2, which no ratio of variances notices, so that neither
    /// large values overflow nor a large mean hides small differences; `None` when they are all the same.
    fn scaled_values(&self) -> Option<Vec<f64>> {
        let values = || self.places.iter().map(|place| place.value / 2.0);
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let (middle, extent) = (low / 2.0 + high / 2.0, high - low);
        (extent > 0.0).then(|| values().map(|value| (value - middle) / extent).collect())
    }

    fn importance_of(&self, axis: usize, values: &[f64]) -> Importance {
        let name = self.cube.axes()[axis].name.clone();
        let missing = |reason, groups| Importance {
            axis: name.clone(),
            share: Err(reason),
            adjusted: Err(reason),
            groups,
        };
        let groups = match self.groups(axis) {
            Ok(groups) if groups.len() < 2 => return missing(Reason::OneValue, groups.len()),
            Ok(groups) => groups,
            Err(reason) => return missing(reason, 0),
        };
        let mean = |indices: &[usize]| {
            indices.iter().map(|index| values[*index]).sum::<f64>() / indices.len() as f64
        };
        let all: Vec<usize> = (0..values.len()).collect();
        let grand = mean(&all);
        let total: f64 = values.iter().map(|value| (value - grand) * (value - grand)).sum();
        let between: f64 = groups
            .iter()
            .map(|group| {
                let distance = mean(group) - grand;
                group.len() as f64 * distance * distance
            })
            .sum();
        // Rounding may carry it over the ends.
        let share = (between / total).clamp(0.0, 1.0);
        let (points, count) = (values.len() as f64, groups.len() as f64);
        let adjusted = (1.0 - (1.0 - share) * (points - 1.0) / (points - count)).max(0.0);
        Importance { axis: name, share: finite(share), adjusted: finite(adjusted), groups: groups.len() }
    }

    /// The points as groups of the same value on an axis, or of about the same.
    fn groups(&self, axis: usize) -> Result<Vec<Vec<usize>>, Reason> {
        let at = |index: &usize| self.places[*index].position[axis];
        let have = self.places.len();
        let mut order: Vec<usize> = (0..have).collect();
        order.sort_by(|one, other| at(one).total_cmp(&at(other)).then(one.cmp(other)));
        // The same value has the same coordinate, to the bit.
        let by_value: Vec<&[usize]> = order.chunk_by(|one, other| at(one) == at(other)).collect();
        let need = by_value.len() * POINTS_PER_GROUP;
        if need <= have {
            return Ok(by_value.into_iter().map(<[usize]>::to_vec).collect());
        }
        if matches!(self.cube.kind(axis), AxisKind::Unordered(_)) {
            return Err(Reason::TooFewPoints { have, need });
        }
        let most = MOST_BINS.min(have / POINTS_PER_GROUP);
        let mut bins: Vec<Vec<usize>> = vec![Vec::new(); most];
        let mut rank = 0;
        for same in by_value {
            bins[rank * most / have].extend(same);
            rank += same.len();
        }
        bins.retain(|bin| !bin.is_empty());
        Ok(bins)
    }
}
