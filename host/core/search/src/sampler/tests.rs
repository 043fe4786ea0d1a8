use super::*;
use crate::Outcome;
use proptest::prelude::*;
use std::collections::BTreeSet;
use stratbox_domain::{Axis, AxisValues, ParamValue, Scale};

const HIGHER: [Direction; 1] = [Direction::HigherIsBetter];

fn axis(name: &str, values: AxisValues) -> Axis {
    Axis { name: name.to_owned(), values }
}

fn whole(name: &str, min: i64, max: i64) -> Axis {
    axis(name, AxisValues::IntegerRange { min, max, step: 1 })
}

fn number(name: &str) -> Axis {
    axis(name, AxisValues::UniformNumber { min: 0.0, max: 1.0, scale: Scale::Linear })
}

fn fixed(name: &str) -> Axis {
    axis(name, AxisValues::List(vec![ParamValue::Integer(3)]))
}

fn settings(method: Method, samples: u64) -> Settings {
    let samples = (method != Method::Grid).then_some(samples);
    Settings { method, samples, ..Settings::default() }
}

fn sampler(axes: Vec<Axis>, settings: &Settings) -> Sampler {
    Sampler::new(Cube::new(axes).unwrap(), &HIGHER, settings, 7).unwrap()
}

fn refused(axes: Vec<Axis>, settings: &Settings) -> String {
    Sampler::new(Cube::new(axes).unwrap(), &HIGHER, settings, 7).unwrap_err().to_string()
}

fn completed(value: f64) -> Evaluation {
    Evaluation::Completed(Outcome::feasible(vec![Some(value)]))
}

/// Something that depends on the point alone.
fn value_of(point: &Params) -> f64 {
    let number = |value: &ParamValue| match value {
        ParamValue::Integer(value) => *value as f64,
        ParamValue::Number(value) => *value,
        ParamValue::Boolean(_) | ParamValue::Text(_) => 0.0,
    };
    point.values().map(|value| -(number(value) - 0.3) * (number(value) - 0.3)).sum()
}

/// Asks so many at a time until there is nothing any more, and tells each batch forwards or backwards.
fn run(sampler: &mut Sampler, at_a_time: usize, forwards: bool) -> Vec<Suggestion> {
    let mut all = Vec::new();
    let mut untold = Vec::new();
    loop {
        let asked = sampler.ask(at_a_time);
        all.extend(asked.iter().cloned());
        untold.extend(asked);
        match sampler.status() {
            Status::Exhausted => return all,
            Status::Ready => {}
            Status::Waiting => {
                if !forwards {
                    untold.reverse();
                }
                for Suggestion { id, point } in std::mem::take(&mut untold) {
                    sampler.tell(id, completed(value_of(&point))).unwrap();
                }
            }
        }
    }
}

fn params(values: &[(&str, ParamValue)]) -> Params {
    values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

const ALL: [Method; 5] = [Method::Grid, Method::Random, Method::LatinHypercube, Method::Sobol, Method::Tpe];

#[test]
fn a_grid_is_tried_from_its_first_point_to_its_last() {
    let axes = || vec![whole("a", 1, 3), whole("b", 1, 2)];
    let points: Vec<Params> = run(&mut sampler(axes(), &settings(Method::Grid, 0)), 4, true)
        .into_iter()
        .map(|it| it.point)
        .collect();
    assert!(Space::grid(axes()).unwrap().iter().eq(points));
}

#[test]
fn random_points_are_those_of_a_random_space_with_the_seed() {
    let axes = || vec![number("a"), number("b")];
    let asked = sampler(axes(), &settings(Method::Random, 20)).ask(100);
    let space = Space::random(axes(), 20, 7).unwrap();
    assert!(space.iter().eq(asked.into_iter().map(|it| it.point)));
}

#[test]
fn a_method_makes_as_many_points_as_it_was_asked_for() {
    for method in ALL.into_iter().filter(|method| *method != Method::Grid) {
        let mut sampler = sampler(vec![number("a"), fixed("b")], &settings(method, 30));
        let all = run(&mut sampler, 7, true);
        assert_eq!(all.len(), 30, "{method:?}");
        assert_eq!(all.iter().map(|it| it.id).collect::<Vec<_>>(), (0..30).collect::<Vec<_>>());
        assert_eq!((sampler.status(), sampler.suggested()), (Status::Exhausted, 30));
        assert!(sampler.ask(1).is_empty());
    }
}

#[test]
fn a_finite_space_is_exhausted_without_a_repeat() {
    let axes = || vec![whole("a", 1, 7), whole("b", 1, 6), fixed("c")];
    for method in [Method::Grid, Method::Random, Method::Sobol, Method::Tpe] {
        let mut sampler = sampler(axes(), &settings(method, 1_000));
        let points: BTreeSet<String> =
            run(&mut sampler, 5, true).into_iter().map(|it| format!("{:?}", it.point)).collect();
        assert_eq!((points.len(), sampler.suggested()), (42, 42), "{method:?}");
        assert_eq!(sampler.status(), Status::Exhausted);
    }
}

#[test]
fn whole_numbers_on_a_logarithmic_scale_are_exhausted_too() {
    let log = || vec![axis("a", AxisValues::UniformInteger { min: 1, max: 3_000, scale: Scale::Log })];
    let all = run(&mut sampler(log(), &settings(Method::Random, 5_000)), 100, true);
    let different: BTreeSet<String> = all.iter().map(|it| format!("{:?}", it.point)).collect();
    assert_eq!((all.len(), different.len()), (3_000, 3_000));
}

#[test]
fn a_latin_hypercube_leaves_out_what_repeats() {
    // Ten strata on three values: three or four times each, which are repeats but for the first.
    let all = run(&mut sampler(vec![whole("a", 1, 3)], &settings(Method::LatinHypercube, 10)), 2, true);
    assert_eq!(all.len(), 3);
    let all = run(&mut sampler(vec![whole("a", 1, 10)], &settings(Method::LatinHypercube, 10)), 2, true);
    assert_eq!(all.len(), 10, "a stratum for every value");
}

#[test]
fn a_hundred_thousand_points_are_made_from_their_indices() {
    for method in [Method::Random, Method::LatinHypercube, Method::Sobol] {
        let mut sampler = sampler(vec![number("a"), number("b")], &settings(method, 1_000_000));
        for id in 0..100_000 {
            assert_eq!(sampler.ask(1)[0].id, id);
            sampler.tell(id, completed(0.0)).unwrap();
        }
        assert_eq!(sampler.open().count(), 0, "nothing is kept of what was told");
    }
}

#[test]
fn enqueued_points_come_first_and_on_top_and_are_not_suggested_again() {
    let known = |a, b| params(&[("a", ParamValue::Integer(a)), ("b", ParamValue::Integer(b))]);
    for method in ALL {
        let mut sampler = sampler(vec![whole("a", 1, 4), whole("b", 1, 4)], &settings(method, 1_000));
        assert_eq!(sampler.enqueue(&known(2, 3)), Ok(Enqueued::Accepted));
        assert_eq!(sampler.enqueue(&known(1, 1)), Ok(Enqueued::Accepted));
        let same = params(&[("a", ParamValue::Number(2.0)), ("b", ParamValue::Integer(3))]);
        assert_eq!(sampler.enqueue(&same), Ok(Enqueued::Duplicate));
        let all: Vec<Params> = run(&mut sampler, 3, true).into_iter().map(|it| it.point).collect();
        assert_eq!(all[..2], [known(2, 3), known(1, 1)], "{method:?}");
        let different: BTreeSet<String> = all.iter().map(|point| format!("{point:?}")).collect();
        assert_eq!(different.len(), all.len());
    }
    let mut endless = sampler(vec![number("a")], &settings(Method::Sobol, 2));
    let half = params(&[("a", ParamValue::Number(0.5))]);
    assert_eq!(endless.enqueue(&half), Ok(Enqueued::Accepted));
    assert_eq!(endless.enqueue(&half), Ok(Enqueued::Duplicate));
    assert_eq!(endless.ask(10).len(), 3, "on top of the samples");
}

#[test]
fn a_point_is_enqueued_in_the_space_and_in_time_or_not_at_all() {
    let mut sampler = sampler(vec![whole("a", 1, 4)], &settings(Method::Random, 2));
    let point = |value| params(&[("a", ParamValue::Integer(value))]);
    let outside = sampler.enqueue(&point(5)).unwrap_err().to_string();
    assert_eq!(outside, "parameter `a`: `5` is not in the space: it takes 1 to 4 in steps of 1");
    assert!(sampler.enqueue(&Params::new()).is_err());
    sampler.ask(1);
    let late = sampler.enqueue(&point(1)).unwrap_err().to_string();
    assert_eq!(late, "points are enqueued before the first one is asked for: 1 have been suggested");
}

#[test]
fn what_cannot_be_searched_is_refused_with_the_reason() {
    assert!(refused(vec![number("a")], &settings(Method::Grid, 0)).contains("a uniform range has no grid"));
    let many = |count| (0..count).map(|index| number(&format!("a{index}"))).chain([fixed("b")]).collect();
    assert_eq!(
        refused(many(65), &settings(Method::Sobol, 5)),
        "method `sobol` searches at most 64 parameters at once, and 65 vary: use `latin_hypercube`"
    );
    assert_eq!(sampler(many(64), &settings(Method::Sobol, 5)).ask(9).len(), 5);
    assert_eq!(sampler(many(65), &settings(Method::LatinHypercube, 5)).ask(9).len(), 5);
    assert!(refused(vec![number("a")], &settings(Method::Random, 0)).contains("`samples` is `0`"));
    let cube = Cube::new(vec![number("a")]).unwrap();
    let nothing = Sampler::new(cube, &[], &settings(Method::Random, 5), 7).unwrap_err();
    assert_eq!(nothing, SearchError::NoObjective);
}

#[test]
fn a_result_is_told_once_of_what_was_suggested_and_makes_sense() {
    let mut sampler = sampler(vec![number("a")], &settings(Method::Tpe, 5));
    sampler.ask(1);
    assert_eq!(sampler.tell(1, completed(1.0)), Err(SearchError::Unknown(1)));
    let nonsense = |values, violation| Evaluation::Completed(Outcome { values, violation });
    for (result, said) in [
        (nonsense(vec![], Some(0.0)), "it has 0 values for 1 objectives"),
        (
            nonsense(vec![Some(f64::NAN)], Some(0.0)),
            "value `NaN` is not a finite number: use none for a missing one",
        ),
        (nonsense(vec![None], Some(-1.0)), "its violation is `-1`: it must be zero or a finite number above"),
        (nonsense(vec![None], Some(f64::INFINITY)), "its violation is `inf`"),
    ] {
        let refused = sampler.tell(0, result).unwrap_err().to_string();
        assert!(
            refused.starts_with(&format!("the result of suggestion 0 makes no sense: {said}")),
            "{refused}"
        );
    }
    assert_eq!(sampler.tell(0, completed(1.0)), Ok(()), "a refusal changed nothing");
    assert_eq!(sampler.tell(0, completed(1.0)), Err(SearchError::ToldTwice(0)));
}

#[test]
fn a_method_that_learns_waits_for_the_results_of_its_batch() {
    let tpe = Settings { startup: Some(4), batch: Some(3), ..settings(Method::Tpe, 12) };
    let mut sampler = sampler(vec![number("a")], &tpe);
    assert_eq!((sampler.ask(100).len(), sampler.status()), (4, Status::Waiting));
    for id in 0..3 {
        sampler.tell(id, completed(id as f64)).unwrap();
    }
    assert!(sampler.ask(1).is_empty());
    sampler.tell(3, Evaluation::Failed { reason: "fault".to_owned() }).unwrap();
    assert_eq!((sampler.status(), sampler.ask(100).len()), (Status::Ready, 3));
}

#[test]
fn results_from_a_log_bring_a_sampler_to_where_it_was() {
    for method in ALL {
        let new = || sampler(vec![whole("a", 1, 40), whole("b", 1, 30)], &settings(method, 60));
        let mut original = new();
        let mut log = Vec::new();
        for suggestion in original.ask(10) {
            let evaluation = completed(value_of(&suggestion.point));
            original.tell(suggestion.id, evaluation.clone()).unwrap();
            log.push((suggestion.id, evaluation));
        }
        let second = original.ask(8);
        for suggestion in [&second[3], &second[1]] {
            let evaluation = completed(value_of(&suggestion.point));
            original.tell(suggestion.id, evaluation.clone()).unwrap();
            log.push((suggestion.id, evaluation));
        }
        let mut resumed = new();
        resumed.replay(log).unwrap();
        assert_eq!(resumed.open().map(|it| it.id).collect::<Vec<_>>(), [10, 12], "{method:?}");
        resumed.ask(4);
        assert!(resumed.open().eq(original.open()), "{method:?}");
        let rest = |sampler: &mut Sampler| {
            let open: Vec<Suggestion> = sampler.open().collect();
            open.into_iter().for_each(|it| sampler.tell(it.id, completed(value_of(&it.point))).unwrap());
            run(sampler, 3, true)
        };
        assert_eq!(rest(&mut resumed), rest(&mut original), "{method:?}");
    }
}

#[test]
fn the_order_of_a_log_makes_no_difference() {
    let new = || sampler(vec![number("a")], &settings(Method::Tpe, 60));
    let mut original = new();
    let log: Vec<(u64, Evaluation)> = run(&mut original, 8, true)
        .into_iter()
        .map(|it| (it.id, completed(value_of(&it.point))))
        .take(34)
        .collect();
    let [mut forwards, mut backwards] = [new(), new()];
    forwards.replay(log.iter().cloned()).unwrap();
    backwards.replay(log.into_iter().rev()).unwrap();
    assert_eq!(forwards.ask(8), backwards.ask(8));
}

#[test]
fn a_log_of_another_search_is_refused() {
    let mut sampler = sampler(vec![whole("a", 1, 4)], &settings(Method::Random, 2));
    assert_eq!(sampler.replay([(2, completed(1.0))]), Err(SearchError::Unknown(2)));
    let mut endless = self::sampler(vec![number("a")], &settings(Method::Sobol, 1_000_000_000_000));
    assert_eq!(
        endless.replay([(999_999_999_999, completed(1.0))]),
        Err(SearchError::Unknown(999_999_999_999))
    );
    assert_eq!(endless.suggested(), 0, "it was not asked for all before");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn neither_the_number_asked_for_nor_the_order_of_results_makes_a_difference(
        method in prop::sample::select(ALL.to_vec()), seed: u64, finite: bool, at_a_time in 1_usize..40,
    ) {
        let axes = match finite || method == Method::Grid {
            true => vec![whole("a", 1, 9), whole("b", -4, 4)],
            false => vec![number("a"), whole("b", -4, 4)],
        };
        let sampler = || Sampler::new(Cube::new(axes.clone()).unwrap(), &HIGHER, &settings(method, 45), seed).unwrap();
        let (one, other) = (run(&mut sampler(), 1, true), run(&mut sampler(), at_a_time, false));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn every_suggestion_is_in_the_space_and_new(
        method in prop::sample::select(ALL.to_vec()), seed: u64, sizes in prop::collection::vec(1_i64..12, 1..4),
    ) {
        let axes = sizes.iter().zip(["a", "b", "c"]).map(|(size, name)| whole(name, 1, *size)).collect();
        let cube = Cube::new(axes).unwrap();
        let mut sampler = Sampler::new(cube.clone(), &HIGHER, &settings(method, 60), seed).unwrap();
        let all = run(&mut sampler, 9, true);
        let numbers: BTreeSet<u64> = all.iter().filter_map(|it| cube.number_of(&it.point)).collect();
        prop_assert_eq!(numbers.len(), all.len());
    }
}
