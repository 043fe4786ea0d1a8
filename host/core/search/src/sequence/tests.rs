use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|axis| format!("axis {axis}")).collect()
}

fn sobol(dimensions: usize, seed: Option<u64>) -> Sobol {
    Sobol::new(names(dimensions).iter().map(String::as_str), seed).unwrap()
}

fn latin(points: u64, dimensions: usize, seed: u64) -> Latin {
    Latin::new(points, names(dimensions).iter().map(String::as_str), seed)
}

#[test]
fn the_first_points_are_those_of_joe_and_kuo() {
    // Also what `scipy.stats.qmc.Sobol(5, scramble=False)` of scipy 1.17.1 gives.
    let expected = [
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.5, 0.5, 0.5, 0.5, 0.5],
        [0.75, 0.25, 0.25, 0.25, 0.75],
        [0.25, 0.75, 0.75, 0.75, 0.25],
        [0.375, 0.375, 0.625, 0.875, 0.375],
        [0.875, 0.875, 0.125, 0.375, 0.875],
        [0.625, 0.125, 0.875, 0.625, 0.625],
        [0.125, 0.625, 0.375, 0.125, 0.125],
    ];
    let sobol = sobol(5, None);
    for (index, point) in expected.iter().enumerate() {
        assert_eq!(sobol.at(index as u64), point);
    }
}

#[test]
fn far_points_in_high_dimensions_are_those_of_another_implementation() {
    // `scipy.stats.qmc.Sobol(64, scramble=False)` of scipy 1.17.1, the 778th point.
    let point = sobol(64, None).at(777);
    let expected = [
        (0, 0.6923828125),
        (1, 0.9365234375),
        (2, 0.1630859375),
        (9, 0.3232421875),
        (20, 0.2373046875),
        (31, 0.8994140625),
        (40, 0.7216796875),
        (52, 0.6162109375),
        (63, 0.4267578125),
    ];
    for (axis, coordinate) in expected {
        assert_eq!(point[axis], coordinate, "axis {axis}");
    }
}

#[test]
fn there_are_direction_numbers_for_64_axes_and_no_more() {
    let sobol = |count: usize| Sobol::new(names(count).iter().map(String::as_str), None);
    assert!(sobol(64).is_some());
    assert!(sobol(65).is_none());
}

/// Which of the boxes of area 1/16 and of each shape the points of the first two axes are in.
fn boxes(sobol: &Sobol, points: u64) -> Vec<BTreeSet<(u64, u64)>> {
    let inside = |shape: u32| {
        let (wide, high) = (f64::from(1 << shape), f64::from(16 >> shape));
        (0..points)
            .map(|index| sobol.at(index))
            .map(|at| ((at[0] * wide) as u64, (at[1] * high) as u64))
            .collect()
    };
    (0..=4).map(inside).collect()
}

#[test]
fn sixteen_points_are_in_sixteen_boxes_of_every_shape_scrambled_or_not() {
    for seed in [None, Some(1), Some(2)] {
        for boxes in boxes(&sobol(2, seed), 16) {
            assert_eq!(boxes.len(), 16, "{seed:?}");
        }
    }
}

#[test]
fn a_scramble_moves_the_first_point_off_the_corner_and_depends_on_the_seed() {
    assert_eq!(sobol(3, None).at(0), [0.0; 3]);
    let firsts: Vec<Vec<f64>> = (0..300).map(|seed| sobol(1, Some(seed)).at(0)).collect();
    // Of the 300 each quarter has 75, give or take five standard deviations of 7.5.
    for quarter in 0..4 {
        let inside = firsts.iter().filter(|point| (point[0] * 4.0) as i32 == quarter).count();
        assert!((38..=112).contains(&inside), "{inside} in quarter {quarter}");
    }
    assert!(firsts.iter().all(|point| point[0] > 0.0 && point[0] < 1.0));
}

#[test]
fn a_scrambled_sequence_keeps_its_points_for_ever() {
    assert_eq!(sobol(2, Some(7)).at(0), [0.5050019080844634, 0.5214048790431918]);
    assert_eq!(latin(10, 2, 7).at(0), [0.23119948287246386, 0.40300401990203005]);
}

#[test]
fn a_sobol_sequence_integrates_better_than_chance() {
    // The integral of the product of 2x over three axes is 1; a thousand random points are about 0.04 off.
    let sobol = sobol(3, Some(3));
    let product = |index| sobol.at(index).iter().map(|it| 2.0 * it).product::<f64>();
    let integral = (0..1_024).map(product).sum::<f64>() / 1_024.0;
    assert!((integral - 1.0).abs() < 0.004, "{integral}");
}

proptest! {
    #[test]
    fn every_stratum_of_every_axis_has_one_point(points in 1_u64..400, dimensions in 1_usize..5, seed: u64) {
        let latin = latin(points, dimensions, seed);
        let all: Vec<Vec<f64>> = (0..points).map(|index| latin.at(index)).collect();
        for axis in 0..dimensions {
            let strata: BTreeSet<u64> = all.iter().map(|at| (at[axis] * points as f64) as u64).collect();
            prop_assert_eq!(strata.len() as u64, points);
        }
        prop_assert!(all.iter().flatten().all(|it| (0.0..1.0).contains(it)));
    }

    #[test]
    fn a_scramble_keeps_one_point_in_each_stratum_of_each_axis(bits in 0_u32..9, seed: u64) {
        let (points, sobol) = (1_u64 << bits, sobol(8, Some(seed)));
        for axis in 0..8 {
            let strata: BTreeSet<u64> =
                (0..points).map(|index| (sobol.at(index)[axis] * points as f64) as u64).collect();
            prop_assert_eq!(strata.len() as u64, points);
        }
    }
}
