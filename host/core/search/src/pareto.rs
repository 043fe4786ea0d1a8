//! Which outcomes are better than others.

use stratbox_metrics::Direction;

use crate::evaluation::Outcome;
use crate::nondominated::sort;

/// The front of every outcome, counted from zero: 0 is the best.
///
/// Outcomes that keep the constraints and have every value are sorted by dominance: one dominates another when it is at
/// least as good in all objectives and better in one; front 0 has those that none dominates, front 1 those that only
/// ones of front 0 dominate, and so on. Outcomes that are equal in all objectives share a front. Behind them come, by
/// Deb's rules (2000), those that miss constraints, less before more, and unknown misses last, whatever their values;
/// then those with a missing value. When nothing keeps the constraints, the least miss is front 0.
///
/// `directions` has an entry per objective; a value beyond them is not looked at, and one that is not finite is missing.
#[must_use]
pub fn fronts(outcomes: &[Outcome], directions: &[Direction]) -> Vec<usize> {
    let classes: Vec<Class> = outcomes.iter().map(|outcome| class(outcome, directions)).collect();
    let sortable = |index: &usize| classes[*index] == Class::Sortable;
    let indices: Vec<usize> = (0..outcomes.len()).filter(sortable).collect();
    let mut front_of = vec![0; outcomes.len()];
    let sorted = sort(&places(outcomes, &indices, directions));
    let mut next = sorted.iter().max().map_or(0, |last| last + 1);
    indices.iter().zip(sorted).for_each(|(index, front)| front_of[*index] = front);

    let mut behind: Vec<usize> = (0..outcomes.len()).filter(|index| !sortable(index)).collect();
    behind.sort_by(|&one, &other| classes[one].compare(&classes[other]));
    for (place, &index) in behind.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| behind[before]);
        if before.is_some_and(|before| classes[before].compare(&classes[index]).is_ne()) {
            next += 1;
        }
        front_of[index] = next;
    }
    front_of
}

/// Indices of the outcomes that keep the constraints, have every value, and are dominated by none, in their order.
#[must_use]
pub fn pareto_front(outcomes: &[Outcome], directions: &[Direction]) -> Vec<usize> {
    let sortable = |index: usize| class(&outcomes[index], directions) == Class::Sortable;
    let best = fronts(outcomes, directions).into_iter().enumerate().filter(|(_, front)| *front == 0);
    best.map(|(index, _)| index).filter(|index| sortable(*index)).collect()
}

/// The crowding distance (Deb, Pratap, Agarwal and Meyarivan 2002) of each outcome within its front: over the
/// objectives, the sum of the distances between the next better and the next worse outcome of that front, as shares of
/// the front's extent. `None`, which counts as farthest, for those that are first or last in an objective, and for
/// outcomes that are in no sorted front. Outcomes with the same values count once and have the same distance.
#[must_use]
pub fn crowding(outcomes: &[Outcome], directions: &[Direction]) -> Vec<Option<f64>> {
    crowding_in(&fronts(outcomes, directions), outcomes, directions)
}

/// Indices of `outcomes`, best first: by front, within one the less crowded first, and then by `key`, which must differ,
/// so that the order does not depend on that of `outcomes`.
pub fn order<K: Ord>(outcomes: &[Outcome], directions: &[Direction], key: impl Fn(usize) -> K) -> Vec<usize> {
    let fronts = fronts(outcomes, directions);
    // With one objective a front has equal values only, and nothing is crowded.
    let crowding = match directions.len() {
        0 | 1 => vec![None; outcomes.len()],
        _ => crowding_in(&fronts, outcomes, directions),
    };
    let farthest = |index: usize| crowding[index].unwrap_or(f64::INFINITY);
    let mut order: Vec<usize> = (0..outcomes.len()).collect();
    order.sort_by(|&one, &other| {
        let by_front = fronts[one].cmp(&fronts[other]);
        by_front
            .then_with(|| farthest(other).total_cmp(&farthest(one)))
            .then_with(|| key(one).cmp(&key(other)))
    });
    order
}

/// How an outcome takes part.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    /// By dominance.
    Sortable,
    /// By what it misses.
    Missed(f64),
    /// It misses nobody knows how much.
    Unknown,
    /// A value is missing.
    Valueless,
}

impl Class {
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let standing = |class: &Self| match *class {
            Self::Sortable => (0, 0.0),
            Self::Missed(by) => (1, by),
            Self::Unknown => (2, 0.0),
            Self::Valueless => (3, 0.0),
        };
        let ((one, by), (other, other_by)) = (standing(self), standing(other));
        one.cmp(&other).then(by.total_cmp(&other_by))
    }
}

fn class(outcome: &Outcome, directions: &[Direction]) -> Class {
    if (0..directions.len()).any(|objective| value(outcome, objective).is_none()) {
        return Class::Valueless;
    }
    match outcome.violation {
        Some(violation) if violation <= 0.0 => Class::Sortable,
        Some(violation) if violation.is_finite() => Class::Missed(violation),
        _ => Class::Unknown,
    }
}

fn value(outcome: &Outcome, objective: usize) -> Option<f64> {
    // Adding zero makes one of the two zeros.
    outcome
        .values
        .get(objective)
        .copied()
        .flatten()
        .filter(|value| value.is_finite())
        .map(|value| value + 0.0)
}

/// The place of each value among the different ones of its objective, the best being 0, for outcomes that have them all.
fn places(outcomes: &[Outcome], indices: &[usize], directions: &[Direction]) -> Vec<Vec<u32>> {
    let mut places = vec![Vec::with_capacity(directions.len()); indices.len()];
    for (objective, direction) in directions.iter().enumerate() {
        let mut values: Vec<(f64, usize)> = indices
            .iter()
            .enumerate()
            .map(|(row, &index)| (value(&outcomes[index], objective).unwrap_or_default(), row))
            .collect();
        values.sort_unstable_by(|one, other| match direction {
            Direction::LowerIsBetter => one.0.total_cmp(&other.0),
            Direction::HigherIsBetter => other.0.total_cmp(&one.0),
        });
        let mut place = 0;
        for (at, (value, row)) in values.iter().enumerate() {
            if at > 0 && values[at - 1].0 != *value {
                place += 1;
            }
            places[*row].push(place);
        }
    }
    places
}

fn crowding_in(fronts: &[usize], outcomes: &[Outcome], directions: &[Direction]) -> Vec<Option<f64>> {
    let mut distance = vec![None; outcomes.len()];
    let values = |index: usize| -> Option<Vec<f64>> {
        (0..directions.len()).map(|objective| value(&outcomes[index], objective)).collect()
    };
    let compare = |one: &[f64], other: &[f64]| {
        let pairs = one.iter().zip(other).map(|(one, other)| one.total_cmp(other));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    let sortable = |index: &usize| class(&outcomes[*index], directions) == Class::Sortable;
    let mut members: Vec<(usize, Vec<f64>, usize)> = (0..outcomes.len())
        .filter(sortable)
        .filter_map(|index| Some((fronts[index], values(index)?, index)))
        .collect();
    members.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| compare(&one.1, &other.1)));
    for front in members.chunk_by(|one, other| one.0 == other.0) {
        let equal: Vec<_> = front.chunk_by(|one, other| one.1 == other.1).collect();
        let points: Vec<&[f64]> = equal.iter().map(|copies| copies[0].1.as_slice()).collect();
        for (copies, far) in equal.iter().zip(distances(&points)) {
            copies.iter().for_each(|(_, _, index)| distance[*index] = far);
        }
    }
    distance
}

/// The crowding distances of different points.
fn distances(points: &[&[f64]]) -> Vec<Option<f64>> {
    let objectives = points.first().map_or(0, |point| point.len());
    let mut total = vec![Some(0.0); points.len()];
    for objective in 0..objectives {
        let at = |index: usize| points[index][objective];
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_by(|&one, &other| at(one).total_cmp(&at(other)));
        let (Some(&first), Some(&last)) = (order.first(), order.last()) else { continue };
        // Halved, because values of opposite signs may be further apart than any number.
        let extent = at(last) / 2.0 - at(first) / 2.0;
        if extent <= 0.0 {
            continue;
        }
        for (place, &index) in order.iter().enumerate() {
            // All that share the best or the worst value are at an end, so that their order does not matter.
            if at(index) == at(first) || at(index) == at(last) {
                total[index] = None;
            } else if let Some(total) = &mut total[index] {
                *total += (at(order[place + 1]) / 2.0 - at(order[place - 1]) / 2.0) / extent;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests;
