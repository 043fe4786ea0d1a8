//! Non-dominated sorting.

use std::collections::BTreeMap;

/// The front of every point, counted from zero, where smaller is better in every objective. Equal points share a front.
///
/// Points are taken in lexicographic order, so that none is dominated by a later one, and the first front that does not
/// dominate a point is found by bisection (efficient non-dominated sort, Zhang, Tian, Cheng and Jin 2015): a front that
/// dominates it has one of the front before that does, too. With up to three objectives a front is asked in logarithmic
/// time, by its staircase in the other two, and all of it takes O(n log^2 n); with more, its points are looked through.
pub(crate) fn sort(points: &[Vec<u32>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_unstable_by(|&one, &other| points[one].cmp(&points[other]));
    let mut fronts: Vec<Front> = Vec::new();
    let mut front_of = vec![0; points.len()];
    for (place, &index) in order.iter().enumerate() {
        let point = &points[index];
        let before = place.checked_sub(1).map(|before| order[before]);
        front_of[index] = match before.filter(|before| points[*before] == *point) {
            Some(equal) => front_of[equal],
            None => {
                let front = fronts.partition_point(|front| front.dominates(point, points));
                if front == fronts.len() {
                    fronts.push(Front::new(point.len()));
                }
                fronts[front].insert(index, point);
                front
            }
        };
    }
    front_of
}

/// What points of a front say about later ones.
enum Front {
    /// Second to third objective, rising and falling: the points that no other is better than in both.
    Stairs(BTreeMap<u32, u32>),
    /// All of them.
    Points(Vec<usize>),
}

impl Front {
    fn new(objectives: usize) -> Self {
        if objectives <= 3 { Self::Stairs(BTreeMap::new()) } else { Self::Points(Vec::new()) }
    }

    /// Whether a point of this front is at least as good in all objectives. They are not equal, and `point` comes later.
    fn dominates(&self, point: &[u32], points: &[Vec<u32>]) -> bool {
        match self {
            Self::Stairs(stairs) => {
                let (second, third) = others(point);
                stairs.range(..=second).next_back().is_some_and(|(_, least)| *least <= third)
            }
            Self::Points(indices) => {
                let better =
                    |index: &usize| points[*index].iter().zip(point).all(|(one, other)| one <= other);
                indices.iter().rev().any(better)
            }
        }
    }

    fn insert(&mut self, index: usize, point: &[u32]) {
        match self {
            Self::Stairs(stairs) => {
                let (second, third) = others(point);
                while let Some((&covered, _)) =
                    stairs.range(second..).next().filter(|(_, least)| **least >= third)
                {
                    stairs.remove(&covered);
                }
                stairs.insert(second, third);
            }
            Self::Points(indices) => indices.push(index),
        }
    }
}

fn others(point: &[u32]) -> (u32, u32) {
    let other = |place: usize| point.get(place).copied().unwrap_or_default();
    (other(1), other(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dominates(one: &[u32], other: &[u32]) -> bool {
        one != other && one.iter().zip(other).all(|(one, other)| one <= other)
    }

    proptest! {
        #[test]
        fn a_front_is_one_behind_the_last_that_dominates_it(
            points in (1_usize..6).prop_flat_map(|objectives| {
                prop::collection::vec(prop::collection::vec(0_u32..6, objectives), 0..60)
            }),
        ) {
            let fronts = sort(&points);
            for (point, front) in points.iter().zip(&fronts) {
                let over = (0..points.len()).filter(|&other| dominates(&points[other], point));
                let expected = over.map(|other| fronts[other] + 1).max().unwrap_or(0);
                prop_assert_eq!(*front, expected);
            }
        }
    }

    #[test]
    fn a_chain_has_a_front_for_every_point() {
        let chain: Vec<Vec<u32>> = (0..5_000).rev().map(|at| vec![at, at, at]).collect();
        assert_eq!(sort(&chain), (0..5_000).rev().collect::<Vec<_>>());
    }
}
