use super::*;
use proptest::prelude::*;

const HIGHER: [Direction; 1] = [Direction::HigherIsBetter];

fn settings(eta: u64, min_share: f64) -> HalvingSettings {
    HalvingSettings { eta, min_share }
}

fn outcome(value: f64) -> Option<Outcome> {
    Some(Outcome::feasible(vec![Some(value)]))
}

fn pairs(rungs: &[Rung]) -> Vec<(u64, u64)> {
    rungs.iter().map(|rung| (rung.one_in, rung.variants)).collect()
}

#[test]
fn the_last_rung_has_all_of_the_data_and_each_before_it_eta_times_less() {
    let rungs = HalvingSettings::default().rungs(100).unwrap();
    assert_eq!(pairs(&rungs), [(9, 100), (3, 33), (1, 11)]);
    assert_eq!(evaluations(&rungs), 144);
    assert_eq!(rungs.iter().map(Rung::share).collect::<Vec<_>>(), [1.0 / 9.0, 1.0 / 3.0, 1.0]);
    assert_eq!(pairs(&settings(4, 0.1).rungs(64).unwrap()), [(4, 64), (1, 16)]);
    assert_eq!(pairs(&settings(2, 1.0).rungs(8).unwrap()), [(1, 8)]);
    assert_eq!(pairs(&settings(3, 0.111_111_111_2).rungs(9).unwrap()), [(9, 9), (3, 3), (1, 1)]);
    assert_eq!(pairs(&settings(3, 0.112).rungs(9).unwrap()), [(3, 9), (1, 3)]);
}

#[test]
fn a_rung_has_at_least_one_variant() {
    assert_eq!(pairs(&settings(3, 1.0 / 81.0).rungs(5).unwrap()), [(81, 5), (27, 1), (9, 1), (3, 1), (1, 1)]);
}

#[test]
fn the_brackets_are_those_of_hyperband() {
    // R = 81 and eta = 3, by n = ceil((s_max + 1) / (s + 1) * eta^s).
    let brackets = settings(3, 1.0 / 81.0).brackets().unwrap();
    let brackets: Vec<_> = brackets.iter().map(|rungs| pairs(rungs)).collect();
    assert_eq!(brackets[0], [(81, 81), (27, 27), (9, 9), (3, 3), (1, 1)]);
    assert_eq!(brackets[1], [(27, 34), (9, 11), (3, 3), (1, 1)]);
    assert_eq!(brackets[2], [(9, 15), (3, 5), (1, 1)]);
    assert_eq!(brackets[3], [(3, 8), (1, 2)]);
    assert_eq!(brackets[4], [(1, 5)]);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let refused =
        |eta, min_share, variants| settings(eta, min_share).rungs(variants).unwrap_err().to_string();
    assert_eq!(refused(1, 0.5, 9), "`eta` is `1`: it must be from 2 to 100");
    assert_eq!(refused(3, 0.0, 9), "`min_share` is `0`: it must be greater than 0 and at most 1");
    assert!(refused(3, f64::NAN, 9).contains("`min_share` is `NaN`"));
    assert_eq!(refused(3, 0.5, 0), "there are no variants to choose from");
    assert!(settings(2, 1e-300).rungs(u64::MAX).is_ok());
    assert!(settings(100, f64::MIN_POSITIVE).brackets().is_ok());
    assert!(serde_json::from_str::<HalvingSettings>(r#"{"factor":3}"#).is_err());
    assert_eq!(serde_json::from_str::<HalvingSettings>(r#"{"eta":4}"#).unwrap(), settings(4, 1.0 / 9.0));
}

#[test]
fn the_best_go_on_and_every_evaluation_is_a_trial() {
    let mut halving = Halving::new(&HalvingSettings::default(), &HIGHER, 0..9).unwrap();
    (0..9).for_each(|variant| halving.tell(variant, outcome(variant as f64)).unwrap());
    assert_eq!(halving.promote().unwrap(), [0, 1, 2, 3, 4, 5]);
    assert_eq!((halving.rung().one_in, halving.is_last()), (3, false));
    assert_eq!(halving.waiting().collect::<Vec<_>>(), [6, 7, 8]);
    // More data may say otherwise.
    [(6, 3.0), (7, 2.0), (8, 1.0)]
        .into_iter()
        .for_each(|(id, value)| halving.tell(id, outcome(value)).unwrap());
    assert_eq!(halving.promote().unwrap(), [7, 8]);
    assert_eq!(halving.ranking(), None);
    halving.tell(6, outcome(5.0)).unwrap();
    assert_eq!((halving.ranking(), halving.trials(), halving.is_last()), (Some(vec![6]), 13, true));
    assert_eq!(halving.promote(), Err(HalvingError::LastRung));
}

#[test]
fn a_rung_is_decided_when_all_results_are_known() {
    let mut halving = Halving::new(&HalvingSettings::default(), &HIGHER, [3, 5, 7]).unwrap();
    halving.tell(5, outcome(1.0)).unwrap();
    assert_eq!(halving.promote(), Err(HalvingError::Waiting(2)));
    assert_eq!(halving.tell(5, outcome(2.0)), Err(HalvingError::ToldTwice(5)));
    assert_eq!(halving.tell(4, outcome(2.0)), Err(HalvingError::NotInRung(4)));
    assert!(matches!(halving.tell(3, outcome(f64::NAN)), Err(HalvingError::Outcome { variant: 3, .. })));
    halving.tell(3, outcome(2.0)).unwrap();
    halving.tell(7, outcome(2.0)).unwrap();
    assert_eq!(halving.promote().unwrap(), [5, 7], "of two equal ones the first goes on");
    assert_eq!(halving.trials(), 3);
}

#[test]
fn what_failed_does_not_go_on_and_a_missing_value_goes_last() {
    let mut halving = Halving::new(&settings(2, 0.5), &HIGHER, 0..6).unwrap();
    let missing = Some(Outcome::feasible(vec![None]));
    for (variant, result) in [None, missing, outcome(-9.0), None, None, None].into_iter().enumerate() {
        halving.tell(variant as u64, result).unwrap();
    }
    assert_eq!(halving.promote().unwrap(), [0, 3, 4, 5]);
    assert_eq!(halving.waiting().collect::<Vec<_>>(), [1, 2], "there was room for three");
}

#[test]
fn when_everything_failed_the_rungs_after_are_empty() {
    let mut halving = Halving::new(&HalvingSettings::default(), &HIGHER, 0..3).unwrap();
    (0..3).for_each(|variant| halving.tell(variant, None).unwrap());
    assert_eq!(halving.promote().unwrap(), [0, 1, 2]);
    assert!(halving.promote().unwrap().is_empty());
    assert_eq!((halving.ranking(), halving.trials()), (Some(vec![]), 3));
}

#[test]
fn variants_have_numbers_of_their_own() {
    let twice = Halving::new(&HalvingSettings::default(), &HIGHER, [1, 2, 1]);
    assert_eq!(twice.err(), Some(HalvingError::Twice(1)));
    assert!(Halving::new(&HalvingSettings::default(), &HIGHER, []).is_err());
    assert_eq!(Halving::new(&HalvingSettings::default(), &[], [1]).err(), Some(HalvingError::NoObjective));
}

proptest! {
    #[test]
    fn the_order_of_results_decides_nothing(
        values in prop::collection::vec(prop::option::of(-3_i32..3), 1..40),
        order in Just((0..40_u64).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let new = || Halving::new(&HalvingSettings::default(), &HIGHER, 0..values.len() as u64).unwrap();
        let result = |variant: u64| outcome(f64::from(values[variant as usize]?));
        let (mut one, mut other) = (new(), new());
        (0..values.len() as u64).for_each(|variant| one.tell(variant, result(variant)).unwrap());
        for variant in order.into_iter().filter(|variant| *variant < values.len() as u64) {
            other.tell(variant, result(variant)).unwrap();
        }
        prop_assert_eq!(one.promote(), other.promote());
        prop_assert!(one.waiting().count() as u64 <= one.rung().variants);
    }

    #[test]
    fn rungs_have_fewer_variants_and_more_data_each_time(eta in 2_u64..10, min_share in 1e-4..1.0_f64, n in 1_u64..5_000) {
        let rungs = settings(eta, min_share).rungs(n).unwrap();
        prop_assert_eq!(rungs[0].variants, n);
        prop_assert_eq!(rungs[rungs.len() - 1].one_in, 1);
        prop_assert!(rungs[0].share() >= min_share * 0.999);
        let next = |pair: &[Rung]| pair[0].one_in == eta * pair[1].one_in && pair[0].variants >= pair[1].variants;
        prop_assert!(rungs.windows(2).all(next));
    }
}
