use super::*;
use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
use proptest::prelude::*;
use stratbox_domain::uniform;

fn outcome(values: &[f64]) -> Outcome {
    Outcome::feasible(values.iter().copied().map(Some).collect())
}

fn outcomes(values: &[[f64; 2]]) -> Vec<Outcome> {
    values.iter().map(|values| outcome(values)).collect()
}

fn missing_by(by: Option<f64>) -> Outcome {
    Outcome { values: vec![Some(100.0), Some(-100.0)], violation: by }
}

#[test]
fn a_front_is_what_only_the_fronts_before_dominate() {
    let outcomes = outcomes(&[[1.0, 1.0], [2.0, 2.0], [3.0, 0.5], [1.0, 2.0], [0.0, 9.0]]);
    // More of the first and less of the second is better.
    assert_eq!(fronts(&outcomes, &[Higher, Lower]), [1, 1, 0, 2, 3]);
    assert_eq!(pareto_front(&outcomes, &[Higher, Lower]), [2]);
    assert_eq!(pareto_front(&outcomes, &[Higher, Higher]), [1, 2, 4]);
}

#[test]
fn equal_outcomes_share_a_front_and_the_two_zeros_are_equal() {
    let outcomes = outcomes(&[[0.0, 1.0], [-0.0, 1.0], [-1.0, 1.0]]);
    assert_eq!(fronts(&outcomes, &[Higher, Higher]), [0, 0, 1]);
}

#[test]
fn one_objective_is_a_ranking_with_ties() {
    let outcomes: Vec<Outcome> = [3.0, 1.0, 3.0, 2.0].iter().map(|value| outcome(&[*value])).collect();
    assert_eq!(fronts(&outcomes, &[Lower]), [2, 0, 2, 1]);
    assert_eq!(order(&outcomes, &[Lower], |index| index), [1, 3, 0, 2]);
}

#[test]
fn a_missing_value_is_behind_everything_and_on_no_front() {
    let missing = Outcome::feasible(vec![Some(9.0), None]);
    let all = [missing.clone(), outcome(&[0.0, 0.0]), missing_by(None)];
    assert_eq!(fronts(&all, &[Higher, Higher]), [2, 0, 1]);
    assert_eq!(pareto_front(&all, &[Higher, Higher]), [1]);
    assert!(pareto_front(&[missing], &[Higher, Higher]).is_empty());
    let nan = Outcome::feasible(vec![Some(f64::NAN), Some(1.0)]);
    assert!(pareto_front(&[nan], &[Higher, Higher]).is_empty());
}

#[test]
fn what_misses_constraints_is_behind_what_keeps_them_by_how_much_it_misses() {
    let all = [
        missing_by(None),
        missing_by(Some(2.0)),
        outcome(&[0.0, 9.0]),
        missing_by(Some(0.5)),
        missing_by(Some(2.0)),
    ];
    assert_eq!(fronts(&all, &[Higher, Lower]), [3, 2, 0, 1, 2]);
    assert_eq!(order(&all, &[Higher, Lower], |index| index), [2, 3, 1, 4, 0]);
    assert!(pareto_front(&[missing_by(Some(0.5))], &[Higher, Lower]).is_empty(), "the least miss is a miss");
}

#[test]
fn the_ends_of_a_front_and_lonely_points_are_the_farthest() {
    let outcomes = outcomes(&[[0.0, 10.0], [1.0, 9.0], [2.0, 5.0], [10.0, 0.0]]);
    let distances = crowding(&outcomes, &[Lower, Lower]);
    // (2 - 0) / 10 + (10 - 5) / 10, and (10 - 1) / 10 + (9 - 0) / 10.
    assert_eq!(distances, [None, Some(0.7), Some(1.8), None]);
    assert_eq!(order(&outcomes, &[Lower, Lower], |index| index), [0, 3, 2, 1]);
}

#[test]
fn copies_of_a_point_do_not_crowd_one_another() {
    let with = outcomes(&[[0.0, 2.0], [1.0, 1.0], [1.0, 1.0], [2.0, 0.0]]);
    assert_eq!(crowding(&with, &[Lower, Lower]), [None, Some(2.0), Some(2.0), None]);
}

#[test]
fn values_as_far_apart_as_can_be_have_finite_distances() {
    let far = outcomes(&[[-f64::MAX, f64::MAX], [0.0, 0.0], [f64::MAX, -f64::MAX]]);
    assert_eq!(crowding(&far, &[Lower, Lower]), [None, Some(2.0), None]);
}

#[test]
fn nothing_has_no_fronts() {
    assert!(fronts(&[], &[Higher]).is_empty());
    assert!(order(&[], &[Higher], |index| index).is_empty());
}

#[test]
fn ten_thousand_points_of_three_objectives_have_the_fronts_of_the_definition_in_part() {
    let mut next = uniform(3);
    let all: Vec<Outcome> = (0..10_000).map(|_| outcome(&[next(), next(), next()])).collect();
    let fronts = fronts(&all, &[Higher; 3]);
    let value = |index: usize, objective: usize| all[index].values[objective].unwrap();
    let dominates = |one: usize, other: usize| (0..3).all(|at| value(one, at) > value(other, at));
    for index in (0..10_000).step_by(100) {
        let before =
            (0..10_000).filter(|other| dominates(*other, index)).map(|other| fronts[other] + 1).max();
        assert_eq!(fronts[index], before.unwrap_or(0));
    }
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let value = prop_oneof![1 => Just(None), 9 => (-3_i32..3).prop_map(|value| Some(f64::from(value)))];
    let violation =
        prop_oneof![1 => Just(None), 6 => Just(Some(0.0)), 2 => Just(Some(1.0)), 1 => Just(Some(2.0))];
    (prop::collection::vec(value, 3), violation).prop_map(|(values, violation)| Outcome { values, violation })
}

proptest! {
    #[test]
    fn the_order_of_outcomes_does_not_matter(
        (all, shuffled) in prop::collection::vec(any_outcome(), 0..30)
            .prop_map(|all| all.into_iter().zip(0..).collect::<Vec<(Outcome, u32)>>())
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let keys = |all: &[(Outcome, u32)]| {
            let outcomes: Vec<Outcome> = all.iter().map(|(outcome, _)| outcome.clone()).collect();
            let order = order(&outcomes, &[Higher, Lower, Higher], |index| all[index].1);
            order.into_iter().map(|index| all[index].1).collect::<Vec<u32>>()
        };
        prop_assert_eq!(keys(&all), keys(&shuffled));
    }

    #[test]
    fn fronts_are_numbered_without_gaps(all in prop::collection::vec(any_outcome(), 1..30)) {
        let mut fronts = fronts(&all, &[Higher, Lower, Higher]);
        fronts.sort_unstable();
        prop_assert_eq!(fronts[0], 0);
        prop_assert!(fronts.windows(2).all(|pair| pair[1] - pair[0] <= 1));
    }

    #[test]
    fn distances_are_finite_and_at_most_one_per_objective(all in prop::collection::vec(any_outcome(), 0..30)) {
        let distances = crowding(&all, &[Higher, Lower, Higher]);
        prop_assert!(distances.into_iter().flatten().all(|distance| (0.0..=3.000001).contains(&distance)));
    }
}
