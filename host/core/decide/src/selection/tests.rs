use super::*;
use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
use proptest::prelude::*;
use stratbox_metrics::Missing;

type It<'a> = Contender<'a, u32>;

fn contender<'a>(key: u32, values: &[f64]) -> It<'a> {
    let figures = values.iter().copied().map(Figure::of).collect();
    Contender { key, name: format!("n{key}"), figures, score: None, accepted: true, returns: None }
}

fn by(rule: Rule) -> SelectionSettings {
    SelectionSettings { rule, ..SelectionSettings::default() }
}

fn limited(rule: Rule, limit: f64) -> SelectionSettings {
    SelectionSettings { max_correlation: Some(limit), ..by(rule) }
}

fn keys(selection: &Selection<u32>) -> Vec<u32> {
    selection.chosen.iter().map(|it| it.key).collect()
}

fn why(selection: &Selection<u32>, key: u32) -> &PassedOver {
    &selection.passed_over.iter().find(|it| it.key == key).unwrap().why
}

#[test]
fn the_best_is_the_best_by_the_first_objective_in_its_direction() {
    let all = [contender(1, &[2.0]), contender(2, &[3.0]), contender(3, &[1.0])];
    let best = |direction| select(&all, &[direction], &by(Rule::Best), 3).unwrap();
    assert_eq!((keys(&best(Higher)), keys(&best(Lower))), (vec![2], vec![3]));
    assert_eq!(best(Higher).chosen[0].why.to_string(), "by the objective, 3");
    assert_eq!(why(&best(Higher), 1), &PassedOver::BehindTheChosen);
}

#[test]
fn the_best_few_are_taken_in_their_order_and_fewer_where_there_are_fewer() {
    let all = [contender(1, &[2.0]), contender(2, &[3.0]), contender(3, &[1.0])];
    assert_eq!(keys(&select(&all, &[Higher], &by(Rule::TopK(2)), 3).unwrap()), [2, 1]);
    assert_eq!(keys(&select(&all, &[Higher], &by(Rule::TopK(9)), 3).unwrap()), [2, 1, 3]);
}

#[test]
fn all_that_passed_are_taken_and_those_without_a_figure_last() {
    let failed = Contender { accepted: false, ..contender(1, &[9.0]) };
    let mut silent = contender(0, &[0.0]);
    silent.figures[0] = Missing::NoSignals.into();
    let all = [silent, failed, contender(2, &[1.0]), contender(3, &[2.0])];
    let passing = select(&all, &[Higher], &by(Rule::Passing), 4).unwrap();
    assert_eq!(keys(&passing), [3, 2, 0]);
    assert_eq!(why(&passing, 1), &PassedOver::NotAccepted);
}

#[test]
fn the_front_is_what_nothing_dominates() {
    let all = [
        contender(1, &[1.0, 1.0]),
        contender(2, &[3.0, 0.0]),
        contender(3, &[0.0, 3.0]),
        contender(4, &[0.5, 1.0]),
    ];
    let front = select(&all, &[Higher, Higher], &by(Rule::Pareto), 4).unwrap();
    let mut taken = keys(&front);
    taken.sort_unstable();
    assert_eq!(taken, [1, 2, 3]);
    assert_eq!(why(&front, 4), &PassedOver::Dominated { front: 1 });
}

#[test]
fn a_weighted_selection_goes_by_scores_and_passes_over_who_has_none() {
    let scored = |key, score| Contender { score, ..contender(key, &[0.0]) };
    let all = [scored(1, Some(0.2)), scored(2, None), scored(3, Some(0.9))];
    let it = select(&all, &[Higher], &by(Rule::Weighted(2)), 3).unwrap();
    assert_eq!(keys(&it), [3, 1]);
    assert_eq!(why(&it, 2), &PassedOver::NoScore);
}

#[test]
fn what_is_chosen_from_outside_is_taken_in_that_order_and_it_is_written_down() {
    let all = [contender(1, &[1.0]), contender(2, &[2.0]), contender(3, &[3.0])];
    let names = |names: &[&str]| by(Rule::Chosen(names.iter().map(|name| (*name).to_owned()).collect()));
    let it = select(&all, &[Higher], &names(&["n3", "n1"]), 3).unwrap();
    assert_eq!(keys(&it), [3, 1]);
    assert!(it.chosen.iter().all(|it| it.why.is_from_outside()));
    assert_eq!(why(&it, 2), &PassedOver::NotNamed);
    assert!(it.tie_breaks.is_empty());
    let refused = |words: &[&str]| select(&all, &[Higher], &names(words), 3).unwrap_err().to_string();
    assert_eq!(refused(&["n1", "n9"]), "`n9` is chosen, and nobody is called that");
    assert_eq!(refused(&["n1", "n1"]), "`n1` is chosen twice");
    assert_eq!(refused(&[]), "`chosen` takes none: it must be at least 1");
    let twins = [contender(1, &[1.0]), Contender { name: "n1".to_owned(), ..contender(2, &[1.0]) }];
    let ambiguous = select(&twins, &[Higher], &names(&["n1"]), 2).unwrap_err().to_string();
    assert!(ambiguous.contains("several are called that"), "{ambiguous}");
}

#[test]
fn only_accepted_ones_are_taken_when_that_is_asked_for() {
    let failed = Contender { accepted: false, ..contender(1, &[9.0]) };
    let all = [failed, contender(2, &[1.0])];
    assert_eq!(keys(&select(&all, &[Higher], &by(Rule::Best), 2).unwrap()), [1]);
    let strict = SelectionSettings { only_accepted: true, ..by(Rule::Best) };
    assert_eq!(keys(&select(&all, &[Higher], &strict, 2).unwrap()), [2]);
}

#[test]
fn one_without_a_figure_for_an_objective_cannot_be_the_best() {
    let mut silent = contender(1, &[0.0]);
    silent.figures[0] = Missing::NoSignals.into();
    let it = select(&[silent], &[Higher], &by(Rule::Best), 1).unwrap();
    assert!(it.chosen.is_empty());
    assert_eq!(why(&it, 1), &PassedOver::NoFigure { why: Missing::NoSignals });
}

#[test]
fn equal_ones_are_in_the_order_of_their_keys_and_that_is_said() {
    let all = [contender(3, &[2.0]), contender(1, &[1.0]), contender(2, &[2.0])];
    let it = select(&all, &[Higher], &by(Rule::Best), 3).unwrap();
    assert_eq!(keys(&it), [2]);
    let names = vec!["n2".to_owned(), "n3".to_owned()];
    assert_eq!(it.tie_breaks, [TieBreak { names, count: 2, decided_by: "key" }]);
    let front = select(&all, &[Higher], &by(Rule::Pareto), 3).unwrap();
    assert_eq!((keys(&front), front.tie_breaks.len()), (vec![2, 3], 1));
    let many: Vec<It> = (0..100).map(|key| contender(key, &[1.0])).collect();
    let it = select(&many, &[Higher], &by(Rule::TopK(2)), 100).unwrap();
    assert_eq!((it.tie_breaks[0].names.len(), it.tie_breaks[0].count), (20, 100));
}

const UP: [f64; 4] = [0.01, 0.02, -0.01, 0.03];
const NEARLY_UP: [f64; 4] = [0.011, 0.019, -0.012, 0.03];
const OTHER: [f64; 4] = [0.02, -0.01, 0.01, -0.02];

fn with<'a>(key: u32, value: f64, returns: &'a [f64]) -> It<'a> {
    Contender { returns: Some(returns), ..contender(key, &[value]) }
}

#[test]
fn what_is_too_similar_to_one_that_was_taken_is_passed_over() {
    let all = [with(1, 3.0, &UP), with(2, 2.0, &NEARLY_UP), with(3, 1.0, &OTHER)];
    let it = select(&all, &[Higher], &limited(Rule::TopK(2), 0.9), 3).unwrap();
    assert_eq!(keys(&it), [1, 3], "the second of the ranking is much like the first");
    let PassedOver::TooSimilar { to, correlation } = why(&it, 2) else { panic!("{:?}", why(&it, 2)) };
    assert_eq!(to, "n1");
    assert!(*correlation > 0.99, "{correlation}");
    assert!(why(&it, 2).to_string().starts_with("too similar to `n1`: correlation 0.99"));
    assert_eq!(it.chosen[1].why.likest().map(|it| it.to.as_str()), Some("n1"));
    assert_eq!(keys(&select(&all, &[Higher], &by(Rule::TopK(2)), 3).unwrap()), [1, 2], "without a limit");
    assert_eq!(keys(&select(&all, &[Higher], &limited(Rule::TopK(2), 1.0), 3).unwrap()), [1, 2]);
}

#[test]
fn what_cannot_be_shown_to_be_different_is_passed_over() {
    let flat = [0.01; 4];
    let all = [contender(1, &[4.0]), with(2, 3.0, &flat), with(3, 2.0, &UP), with(4, 1.0, &UP[..3])];
    let it = select(&all, &[Higher], &limited(Rule::TopK(4), 0.9), 4).unwrap();
    assert_eq!(keys(&it), [3]);
    assert_eq!(why(&it, 1), &PassedOver::NoReturns);
    assert_eq!(why(&it, 2), &PassedOver::NoCorrelation { with: None, why: Missing::ZeroVariance });
    assert!(matches!(why(&it, 4), PassedOver::NoCorrelation { with: Some(with), .. } if with == "n3"));
    let one = select(&all, &[Higher], &limited(Rule::Best, 0.9), 4).unwrap();
    assert_eq!(keys(&one), [1], "one alone need not differ from anything");
}

#[test]
fn trials_are_those_that_were_counted_and_at_least_one_a_contender() {
    let all = [contender(1, &[1.0]), contender(2, &[2.0])];
    assert_eq!(select(&all, &[Higher], &by(Rule::Best), 500).unwrap().trials, 500);
    assert_eq!(select(&all, &[Higher], &by(Rule::Best), 0).unwrap().trials, 2);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let all = [contender(1, &[1.0])];
    let refused = |all: &[It], directions: &[Direction], settings: &SelectionSettings| {
        select(all, directions, settings, 1).unwrap_err().to_string()
    };
    assert!(refused(&all, &[], &by(Rule::Best)).contains("no objective"));
    assert!(refused(&[], &[Higher], &by(Rule::Best)).contains("nothing to select from"));
    assert!(refused(&all, &[Higher, Lower], &by(Rule::Best)).starts_with("`n1` has 1 figures for 2"));
    assert!(refused(&all, &[Higher], &by(Rule::TopK(0))).starts_with("`top_k` takes none"));
    let twins = [contender(1, &[1.0]), Contender { name: "m".to_owned(), ..contender(1, &[2.0]) }];
    assert!(refused(&twins, &[Higher], &by(Rule::Best)).starts_with("`m` and `n1` have the same key"));
    let odd = [Contender { score: Some(f64::NAN), ..contender(1, &[1.0]) }];
    assert!(refused(&odd, &[Higher], &by(Rule::Best)).starts_with("the score of `n1` is `NaN`"));
    let limit = refused(&all, &[Higher], &limited(Rule::Best, 1.5));
    assert_eq!(limit, "`max_correlation` is `1.5`: it must be from -1 to 1");
    let many: Vec<It> = (0..=MAX_SERIES as u32).map(|key| with(key, 1.0, &UP)).collect();
    assert!(refused(&many, &[Higher], &limited(Rule::Passing, 0.5)).contains("at most 1000 are compared"));
}

#[test]
fn rules_are_written_as_a_word_or_with_their_number() {
    let read = |text: &str| toml::from_str::<SelectionSettings>(text).map(|settings| settings.rule);
    assert_eq!(read(""), Ok(Rule::Best));
    assert_eq!(read("rule = \"pareto\""), Ok(Rule::Pareto));
    assert_eq!(read("rule = { top_k = 3 }"), Ok(Rule::TopK(3)));
    assert_eq!(read("rule = { chosen = [\"a\"] }"), Ok(Rule::Chosen(vec!["a".to_owned()])));
    assert!(read("rule = \"worst\"").is_err());
}

#[test]
fn a_selection_is_written_with_reasons() {
    let all = [with(1, 3.0, &UP), with(2, 2.0, &UP)];
    let json =
        serde_json::to_value(select(&all, &[Higher], &limited(Rule::TopK(2), 0.5), 2).unwrap()).unwrap();
    assert_eq!((&json["rule"]["top_k"], &json["trials"]), (&2.into(), &2.into()));
    assert_eq!(json["chosen"][0]["reason"], "objective");
    assert_eq!(
        (&json["passed_over"][0]["reason"], &json["passed_over"][0]["to"]),
        (&"too_similar".into(), &"n1".into())
    );
}

const SERIES: [[f64; 4]; 4] = [UP, NEARLY_UP, OTHER, [0.01; 4]];

fn any_contender() -> impl Strategy<Value = It<'static>> {
    let figure = prop_oneof![
        1 => Just(Figure::from(Missing::NoSignals)),
        6 => (-2_i32..3).prop_map(|value| Figure::of(f64::from(value))),
    ];
    let score = prop::option::weighted(0.9, (0_u8..4).prop_map(|score| f64::from(score) / 4.0));
    let returns = prop::option::weighted(0.8, prop::sample::select(SERIES.iter().collect::<Vec<_>>()));
    let parts = (prop::collection::vec(figure, 2), score, any::<bool>(), returns);
    parts.prop_map(|(figures, score, accepted, returns)| {
        let returns = returns.map(<[f64; 4]>::as_slice);
        Contender { key: 0, name: String::new(), figures, score, accepted, returns }
    })
}

fn any_contenders() -> impl Strategy<Value = Vec<It<'static>>> {
    prop::collection::vec(any_contender(), 1..20).prop_map(|all| {
        let numbered = |(key, it): (u32, It<'static>)| Contender { key, name: format!("n{key}"), ..it };
        (0..).zip(all).map(numbered).collect()
    })
}

fn any_settings() -> impl Strategy<Value = SelectionSettings> {
    let rule = prop_oneof![
        Just(Rule::Best),
        (1_usize..5).prop_map(Rule::TopK),
        Just(Rule::Passing),
        Just(Rule::Pareto),
        (1_usize..5).prop_map(Rule::Weighted),
        Just(Rule::Chosen(vec!["n0".to_owned()])),
    ];
    let limit = prop::option::of(prop::sample::select(vec![-0.5, 0.5, 0.95, 1.0]));
    (rule, limit, any::<bool>()).prop_map(|(rule, max_correlation, only_accepted)| SelectionSettings {
        rule,
        max_correlation,
        only_accepted,
    })
}

proptest! {
    #[test]
    fn the_order_of_the_contenders_does_not_matter(
        (all, shuffled) in any_contenders().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        settings in any_settings(),
    ) {
        let selected = |all: &[It]| select(all, &[Higher, Lower], &settings, 7);
        prop_assert_eq!(selected(&all), selected(&shuffled));
    }

    #[test]
    fn everyone_is_chosen_or_passed_over_once_and_places_have_no_gaps(all in any_contenders(), settings in any_settings()) {
        let it = select(&all, &[Higher, Lower], &settings, 7).unwrap();
        let mut seen: Vec<u32> = it.chosen.iter().map(|it| it.key).chain(it.passed_over.iter().map(|it| it.key)).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..all.len() as u32).collect::<Vec<_>>());
        prop_assert!(it.chosen.iter().zip(1..).all(|(it, place)| it.place == place));
    }

    #[test]
    fn no_two_that_are_chosen_are_more_alike_than_the_limit(all in any_contenders(), limit in -1.0..1.0_f64) {
        let it = select(&all, &[Higher, Lower], &limited(Rule::Passing, limit), 7).unwrap();
        let returns = |key: u32| all[key as usize].returns.unwrap();
        for (place, one) in it.chosen.iter().enumerate() {
            for other in &it.chosen[..place] {
                let correlation = stratbox_metrics::series::pearson(returns(one.key), returns(other.key));
                prop_assert!(correlation.value().unwrap() <= limit);
            }
        }
    }
}
