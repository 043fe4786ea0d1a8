//! How much a set of outcomes dominates.

use stratbox_metrics::Direction;

use crate::reason::{Reason, finite};

/// The area (two objectives) or volume (three) of what is dominated by at least one of `points` and dominates `reference`
/// (Zitzler and Thiele 1999), in the units of the objectives multiplied. The larger, the better the set. A point that is
/// not better than the reference in every objective, or has a value that is not finite, adds nothing; the order of
/// `points` makes no difference.
///
/// # Errors
/// There are not two or three objectives, a point or the reference has another number of values, or the reference or the
/// result is not finite.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64], directions: &[Direction]) -> Result<f64, Reason> {
    let objectives = directions.len();
    let lengths = points.iter().map(Vec::len).chain([reference.len()]);
    if !(2..=3).contains(&objectives) || lengths.into_iter().any(|length| length != objectives) {
        return Err(Reason::NotMeasured);
    }
    if reference.iter().any(|value| !value.is_finite()) {
        return Err(Reason::NotRepresentable);
    }
    // As extents above the reference, of which more is better.
    let extents = |point: &Vec<f64>| -> Option<[f64; 3]> {
        let mut extents = [0.0, 0.0, 1.0];
        for (objective, direction) in directions.iter().enumerate() {
            let better = match direction {
                Direction::HigherIsBetter => point[objective] - reference[objective],
                Direction::LowerIsBetter => reference[objective] - point[objective],
            };
            if !point[objective].is_finite() || better <= 0.0 {
                return None;
            }
            extents[objective] = better;
        }
        Some(extents)
    };
    let mut extents: Vec<[f64; 3]> = points.iter().filter_map(extents).collect();
    // By the third, largest first, and then by the others, so that sums are made in one order.
    extents.sort_by(|one, other| {
        let by = |place: usize| other[place].total_cmp(&one[place]);
        by(2).then_with(|| by(0)).then_with(|| by(1))
    });
    finite(volume(&extents))
}

/// Slices from one third extent to the next, each as thick as their difference and as large as the area below the
/// stairs of the points so far.
fn volume(extents: &[[f64; 3]]) -> f64 {
    let mut stairs = Stairs::default();
    let mut volume = 0.0;
    for (index, &[x, y, z]) in extents.iter().enumerate() {
        stairs.add(x, y);
        let next = extents.get(index + 1).map_or(0.0, |next| next[2]);
        if z > next {
            volume += stairs.area() * (z - next);
        }
    }
    volume
}

/// Points that others do not cover: the first extent rises and the second falls.
#[derive(Default)]
struct Stairs(Vec<(f64, f64)>);

impl Stairs {
    fn add(&mut self, x: f64, y: f64) {
        let start = self.0.partition_point(|step| step.0 < x);
        if self.0.get(start).is_some_and(|step| step.1 >= y) {
            return;
        }
        // Steps that the new one covers stand together before it. One at the same first extent may stay: it is no longer as
        // wide as anything.
        let first = self.0[..start].partition_point(|step| step.1 > y);
        self.0.splice(first..start, [(x, y)]);
    }

    fn area(&self) -> f64 {
        let widths = self.0.iter().scan(0.0, |before, &(x, y)| {
            let width = x - *before;
            *before = x;
            Some(width * y)
        });
        widths.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
    use proptest::prelude::*;

    fn of(points: &[&[f64]], reference: &[f64], directions: &[Direction]) -> f64 {
        let points: Vec<Vec<f64>> = points.iter().map(|point| point.to_vec()).collect();
        hypervolume(&points, reference, directions).unwrap()
    }

    #[test]
    fn the_area_of_stairs_is_the_sum_of_their_rectangles() {
        let points: [&[f64]; 3] = [&[1.0, 5.0], &[3.0, 3.0], &[4.0, 1.0]];
        // Towards (6, 6), smaller being better: 5 x 1, 3 x 2 and 2 x 2.
        assert_eq!(of(&points, &[6.0, 6.0], &[Lower, Lower]), 15.0);
        // Towards (0, 0), larger being better: 1 x 5, 2 x 3 and 1 x 1.
        assert_eq!(of(&points, &[0.0, 0.0], &[Higher, Higher]), 12.0);
        assert_eq!(of(&[&[2.0, -3.0]], &[0.0, 0.0], &[Higher, Lower]), 6.0);
    }

    #[test]
    fn a_volume_counts_what_points_share_once() {
        let points: [&[f64]; 2] = [&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]];
        assert_eq!(of(&points, &[0.0; 3], &[Higher; 3]), 6.0 + 6.0 - 2.0);
        assert_eq!(of(&[&[1.0, 1.0, 1.0]], &[3.0; 3], &[Lower; 3]), 8.0);
    }

    #[test]
    fn points_that_are_not_better_than_the_reference_add_nothing() {
        let nothing: [&[f64]; 3] = [&[0.0, 5.0], &[-1.0, 9.0], &[f64::NAN, 1.0]];
        assert_eq!(of(&nothing, &[0.0, 0.0], &[Higher; 2]), 0.0);
        assert_eq!(of(&[], &[0.0, 0.0], &[Higher; 2]), 0.0);
    }

    #[test]
    fn what_cannot_be_measured_is_no_number() {
        let refused = |points: &[Vec<f64>], reference: &[f64], directions: &[Direction]| {
            hypervolume(points, reference, directions).unwrap_err()
        };
        assert_eq!(refused(&[], &[0.0], &[Higher]), Reason::NotMeasured);
        assert_eq!(refused(&[], &[0.0; 4], &[Higher; 4]), Reason::NotMeasured);
        assert_eq!(refused(&[], &[0.0; 3], &[Higher; 2]), Reason::NotMeasured);
        assert_eq!(refused(&[vec![1.0]], &[0.0; 2], &[Higher; 2]), Reason::NotMeasured);
        assert_eq!(refused(&[vec![1e300, 1e300]], &[0.0; 2], &[Higher; 2]), Reason::NotRepresentable);
        assert_eq!(refused(&[], &[0.0, f64::NAN], &[Higher; 2]), Reason::NotRepresentable);
    }

    /// Unit cells that a point covers, counted.
    fn counted(points: &[Vec<f64>], objectives: usize) -> f64 {
        let cells = (0..6_u32.pow(objectives as u32)).filter(|cell| {
            let corner = |axis: usize| f64::from(cell / 6_u32.pow(axis as u32) % 6);
            points.iter().any(|point| (0..objectives).all(|axis| point[axis] > corner(axis)))
        });
        cells.count() as f64
    }

    proptest! {
        #[test]
        fn it_is_the_number_of_cells_that_are_covered(
            (objectives, points) in (2_usize..=3).prop_flat_map(|objectives| {
                let point = prop::collection::vec((0_u32..=6).prop_map(f64::from), objectives);
                (Just(objectives), prop::collection::vec(point, 0..12))
            }),
        ) {
            let (reference, directions) = (vec![0.0; objectives], vec![Higher; objectives]);
            let volume = hypervolume(&points, &reference, &directions).unwrap();
            prop_assert_eq!(volume, counted(&points, objectives));
            let reversed: Vec<Vec<f64>> = points.iter().rev().cloned().collect();
            prop_assert_eq!(hypervolume(&reversed, &reference, &directions).unwrap(), volume);
        }
    }
}
