use super::*;
use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
use proptest::prelude::*;
use stratbox_metrics::Direction;

fn criterion(name: &str, weight: f64, direction: Direction) -> Criterion {
    Criterion { name: name.to_owned(), weight, direction, scale: Scale::Relative }
}

fn marks(name: &str, weight: f64) -> Criterion {
    Criterion { scale: Scale::Between { from: 0.0, to: 10.0 }, ..criterion(name, weight, Higher) }
}

fn candidate(name: &str, values: &[f64]) -> Candidate {
    let figures = values.iter().copied().map(Figure::of).collect();
    Candidate { name: name.to_owned(), figures, failure: None }
}

fn failed(name: &str, why: &str) -> Candidate {
    Candidate { name: name.to_owned(), figures: Vec::new(), failure: Some(why.to_owned()) }
}

fn styled(style: Style) -> ComparisonSettings {
    ComparisonSettings { style, ..ComparisonSettings::default() }
}

/// Four caches by five criteria, with marks from 0 to 10.
fn caches(style: Style) -> Comparison {
    let criteria = [
        marks("performance", 1.0),
        marks("cost", 0.8),
        marks("complexity", 1.2),
        marks("scalability", 0.9),
        marks("maintainability", 1.0),
    ];
    let candidates = [
        candidate("database", &[6.0, 9.0, 8.0, 5.0, 8.0]),
        candidate("application", &[10.0, 10.0, 9.0, 4.0, 9.0]),
        candidate("redis", &[9.0, 6.0, 7.0, 9.0, 7.0]),
        candidate("cdn", &[8.0, 8.0, 6.0, 10.0, 8.0]),
    ];
    compare(&criteria, &candidates, &styled(style)).unwrap()
}

fn ranks(comparison: &Comparison) -> Vec<(&str, Option<u64>)> {
    comparison.rows.iter().map(|row| (row.name.as_str(), row.rank)).collect()
}

#[test]
fn a_matrix_has_scores_a_weighted_mean_and_ranks() {
    let comparison = caches(Style::Decisive);
    let order: Vec<&str> = comparison.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(order, ["application", "cdn", "redis", "database"]);
    let best = &comparison.rows[0];
    assert_eq!(best.cells[3].score, Some(0.4));
    // (1.0 + 0.8 + 1.2 * 0.9 + 0.9 * 0.4 + 0.9) / 4.9
    assert!((best.total.unwrap() - 4.14 / 4.9).abs() < 1e-12, "{best:?}");
}

#[test]
fn equal_totals_share_a_rank_that_names_whom_they_share_it_with() {
    let by = [criterion("x", 1.0, Higher)];
    let all = [candidate("c", &[1.0]), candidate("b", &[2.0]), candidate("a", &[2.0])];
    let comparison = compare(&by, &all, &ComparisonSettings::default()).unwrap();
    assert_eq!(ranks(&comparison), [("a", Some(1)), ("b", Some(1)), ("c", Some(3))]);
    assert_eq!(comparison.rows[0].tied_with, ["b"]);
    assert!(comparison.recommendation.tied);
    let sentence = &comparison.recommendation.sentences[0];
    assert!(sentence.contains("shares with `b`; the name decided"), "{sentence}");
}

#[test]
fn who_failed_comes_last_with_the_reason_and_changes_nothing_for_the_others() {
    let by = [criterion("x", 1.0, Higher)];
    let two = [candidate("a", &[1.0]), candidate("b", &[2.0])];
    let alone = compare(&by, &two, &ComparisonSettings::default()).unwrap();
    let broken = Candidate { failure: Some("timed out".to_owned()), ..candidate("aa", &[99.0]) };
    let all = [two.as_slice(), &[broken, failed("c", "does not compile")]].concat();
    let comparison = compare(&by, &all, &ComparisonSettings::default()).unwrap();
    assert_eq!(comparison.rows[..2], alone.rows);
    assert_eq!(comparison.recommendation, alone.recommendation);
    assert_eq!(ranks(&comparison)[2..], [("aa", None), ("c", None)]);
    assert_eq!(comparison.rows[3].reason.as_deref(), Some("does not compile"));
    assert_eq!(comparison.rows[2].cells[0].score, None);
}

#[test]
fn a_missing_figure_scores_nothing_and_is_named() {
    let by = [criterion("x", 1.0, Higher), criterion("y", 1.0, Higher)];
    let mut lame = candidate("lame", &[9.0, 0.0]);
    lame.figures[1] = Missing::NoClosedTrades.into();
    let all = [lame, candidate("poor", &[1.0, 0.0]), candidate("whole", &[1.0, 1.0])];
    let comparison = compare(&by, &all, &ComparisonSettings::default()).unwrap();
    assert_eq!(ranks(&comparison), [("lame", Some(1)), ("whole", Some(1)), ("poor", Some(3))]);
    let cell = comparison.rows[0].cells[1];
    assert_eq!((cell.score, cell.missing), (Some(0.0), Some(Missing::NoClosedTrades)));
    assert_eq!(comparison.trade_offs.criteria[1].missing, ["lame"]);
    let told = comparison.recommendation.sentences.join(" ");
    assert!(told.contains("no figure for `y`, which scored 0"), "{told}");
}

#[test]
fn nobody_qualifies_when_all_failed_or_have_nothing_that_counts() {
    let by = [criterion("x", 1.0, Higher), criterion("shown", 0.0, Higher)];
    let mut empty = candidate("b", &[0.0, 5.0]);
    empty.figures[0] = Missing::NoSignals.into();
    for style in [Style::Decisive, Style::Options, Style::Conditional] {
        let all = [failed("a", "broken"), empty.clone()];
        let comparison = compare(&by, &all, &styled(style)).unwrap();
        assert_eq!(ranks(&comparison), [("a", None), ("b", None)]);
        assert_eq!(comparison.recommendation.best, None);
        let expected = ["Nobody qualifies: all 2 candidates failed or had no figure that counts."];
        assert_eq!(comparison.recommendation.sentences, expected);
    }
}

#[test]
fn trade_offs_say_who_leads_and_who_trails_by_what() {
    let comparison = caches(Style::Decisive);
    let cost = &comparison.trade_offs.criteria[1];
    assert_eq!((cost.leaders[0].as_str(), cost.best), ("application", Some(10.0)));
    assert_eq!((cost.trailers[0].as_str(), cost.worst), ("redis", Some(6.0)));
    assert_eq!(cost.sentence, "By `cost`: `application` leads (10), `redis` trails (6).");
}

#[test]
fn an_alternative_is_shown_with_what_one_gains_and_what_one_gives_up() {
    let comparison = caches(Style::Options);
    let cdn = &comparison.trade_offs.exchanges[0];
    assert_eq!((cdn.best.as_str(), cdn.alternative.as_str()), ("application", "cdn"));
    let names = |all: &[Difference]| all.iter().map(|it| it.criterion.clone()).collect::<Vec<_>>();
    assert_eq!(names(&cdn.gains), ["scalability"]);
    assert_eq!(names(&cdn.gives_up), ["performance", "cost", "complexity", "maintainability"]);
    let start = "Choosing `cdn` over `application` gains `scalability` (10, not 4), and gives up";
    assert!(cdn.sentence.starts_with(start), "{}", cdn.sentence);
}

#[test]
fn a_decisive_recommendation_is_one_choice_and_why() {
    let it = caches(Style::Decisive).recommendation;
    assert_eq!(it.best.as_deref(), Some("application"));
    assert_eq!(it.sentences[0], "Choose `application`: it has the highest total, 0.844898 of 1.");
    let told = it.sentences[1..].join(" ");
    assert!(
        told.contains("Nobody is better by `performance`, `cost`, `complexity` and `maintainability`."),
        "{told}"
    );
    assert!(told.contains("It is the worst by `scalability`."), "{told}");
    assert!(told.contains("`cdn` is next, 0.0571429 behind."), "{told}");
}

#[test]
fn options_are_the_best_and_every_one_within_the_threshold() {
    let it = caches(Style::Options).recommendation;
    let names: Vec<&str> = it.alternatives.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["cdn", "redis"]);
    assert_eq!(it.alternatives[0].better_in, ["scalability"]);
    let expected = "`cdn` is a close alternative, 0.0571429 behind: better by `scalability`, \
                    worse by `performance`, `cost`, `complexity` and `maintainability`.";
    assert_eq!(it.sentences[1], expected);
    let by = [marks("x", 1.0)];
    let far = [candidate("a", &[9.0]), candidate("b", &[5.0])];
    let alone = compare(&by, &far, &styled(Style::Options)).unwrap().recommendation;
    assert_eq!(alone.sentences[1], "There is no close alternative. `b` is next, 0.4 behind.");
}

#[test]
fn a_difference_of_exactly_the_threshold_is_close() {
    let by = [marks("x", 1.0)];
    for (best, other) in [(4.0, 3.0), (10.0, 9.0), (3.0, 2.0), (8.0, 7.0)] {
        let all = [candidate("a", &[best]), candidate("b", &[other]), candidate("c", &[other - 0.1])];
        let it = compare(&by, &all, &ComparisonSettings::default()).unwrap().recommendation;
        assert_eq!(it.alternatives.len(), 1, "{best}");
    }
}

#[test]
fn a_conditional_recommendation_says_when_to_choose_what_and_what_to_avoid() {
    let it = caches(Style::Conditional).recommendation;
    let scalability = it.guidance.iter().find(|it| it.criterion == "scalability").unwrap();
    assert_eq!((scalability.choose.as_str(), scalability.value), ("cdn", 10.0));
    assert_eq!(scalability.with_double_weight, "cdn");
    let expected = "If `scalability` matters most, choose `cdn` (10); with twice its weight it is first.";
    assert_eq!(scalability.sentence, expected);
    let performance = it.guidance.iter().find(|it| it.criterion == "performance").unwrap();
    assert_eq!(performance.choose, "application");
    let database = it.avoid.iter().find(|it| it.name == "database").unwrap();
    assert!(database.lowest && database.dominated_by.is_none(), "it scales better than what leads");
    assert_eq!(it.sentences.last().unwrap(), "Avoid `database`: no total is lower.");
}

#[test]
fn what_another_is_as_good_as_or_better_than_in_everything_is_to_be_avoided() {
    let by = [marks("x", 1.0), marks("y", 1.0), marks("shown", 0.0)];
    let all = [
        candidate("a", &[9.0, 9.0, 0.0]),
        candidate("b", &[9.0, 8.5, 9.0]),
        candidate("c", &[0.0, 9.5, 0.0]),
    ];
    let it = compare(&by, &all, &styled(Style::Conditional)).unwrap().recommendation;
    assert_eq!(it.avoid[0].name, "b");
    assert_eq!(it.avoid[0].dominated_by.as_deref(), Some("a"), "what does not count does not help");
    assert!(!it.avoid[0].lowest);
    assert_eq!((it.avoid[1].name.as_str(), it.avoid[1].lowest), ("c", true));
}

#[test]
fn the_only_candidate_is_chosen_and_not_to_be_avoided() {
    let by = [criterion("x", 1.0, Lower)];
    for style in [Style::Decisive, Style::Options, Style::Conditional] {
        let it = compare(&by, &[candidate("a", &[3.0])], &styled(style)).unwrap().recommendation;
        assert_eq!(it.best.as_deref(), Some("a"));
        assert!(it.avoid.is_empty() && it.alternatives.is_empty() && it.guidance.is_empty());
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_where_it_is() {
    let by = [criterion("x", 1.0, Higher)];
    let all = [candidate("a", &[1.0])];
    let refused = |by: &[Criterion], all: &[Candidate], threshold| {
        let settings = ComparisonSettings { threshold, ..ComparisonSettings::default() };
        compare(by, all, &settings).unwrap_err().to_string()
    };
    assert!(refused(&[], &all, 0.1).contains("no criterion"));
    assert!(refused(&by, &[], 0.1).contains("nothing to compare"));
    assert_eq!(refused(&by, &all, f64::NAN), "`threshold` is `NaN`: it must be from 0 to 1");
    let twice = [by[0].clone(), by[0].clone()];
    assert!(refused(&twice, &all, 0.1).starts_with("criterion `x` is there twice"));
    assert!(refused(&by, &[all[0].clone(), all[0].clone()], 0.1).starts_with("candidate `a` is there twice"));
    let weightless = [criterion("x", 0.0, Higher), criterion("y", 0.0, Higher)];
    assert!(refused(&weightless, &all, 0.1).contains("every criterion has weight 0"));
    let wrong = [criterion("x", f64::NAN, Higher)];
    assert_eq!(
        refused(&wrong, &all, 0.1),
        "criterion `x` has weight `NaN`: it must be a number from 0 to 1000000"
    );
    let short = [candidate("a", &[])];
    assert!(refused(&by, &short, 0.1).starts_with("candidate `a` has 0 figures for 1 criteria"));
    let long = [candidate(&"n".repeat(MAX_NAME + 1), &[1.0])];
    assert!(refused(&by, &long, 0.1).contains("a name of 201 characters"));
    assert!(refused(&by, &[candidate("", &[1.0])], 0.1).contains("a name of 0 characters"));
    let many: Vec<Candidate> = (0..=MAX_CANDIDATES).map(|n| candidate(&n.to_string(), &[1.0])).collect();
    assert!(refused(&by, &many, 0.1).starts_with("there are 101 candidates: at most 100"));
    assert!(compare(&by, &all, &ComparisonSettings::default()).is_ok());
}

#[test]
fn a_name_of_a_stranger_is_kept_as_it_is_in_data_and_quoted_in_sentences() {
    let name = "a`\nChoose `me";
    let by = [criterion("x", 1.0, Higher)];
    let it = compare(&by, &[candidate(name, &[1.0])], &ComparisonSettings::default()).unwrap();
    assert_eq!(it.rows[0].name, name);
    let sentence = &it.recommendation.sentences[0];
    assert!(sentence.starts_with(r"Choose `a'\u{a}Choose 'me`: nobody"), "{sentence}");
}

#[test]
fn a_comparison_is_written_with_numbers_and_words() {
    let json = serde_json::to_value(caches(Style::Options)).unwrap();
    assert_eq!(json["criteria"][0]["direction"], "higher");
    assert_eq!(json["criteria"][0]["scale"]["between"]["to"], 10.0);
    assert_eq!(json["rows"][0]["rank"], 1);
    assert_eq!(json["rows"][0]["cells"][0]["value"], 10.0);
    assert_eq!(json["recommendation"]["style"], "options");
}

#[test]
fn settings_are_read_with_their_defaults_and_without_unknown_keys() {
    let read = |text: &str| toml::from_str::<ComparisonSettings>(text);
    assert_eq!(read("").unwrap(), ComparisonSettings { threshold: 0.1, style: Style::Decisive });
    let it = read("threshold = 0.2\nstyle = \"conditional\"").unwrap();
    assert_eq!(it, ComparisonSettings { threshold: 0.2, style: Style::Conditional });
    assert!(read("treshold = 0.2").is_err());
}

fn any_criteria() -> impl Strategy<Value = Vec<Criterion>> {
    let scale = prop_oneof![Just(Scale::Relative), Just(Scale::Between { from: -2.0, to: 2.0 })];
    let one = (1_u32..6, any::<bool>(), scale);
    prop::collection::vec(one, 1..5).prop_map(|all| {
        let named = |(place, (weight, higher, scale)): (usize, (u32, bool, Scale))| Criterion {
            name: format!("criterion {place}"),
            weight: f64::from(weight),
            direction: if higher { Higher } else { Lower },
            scale,
        };
        all.into_iter().enumerate().map(named).collect()
    })
}

fn any_candidates(criteria: usize) -> impl Strategy<Value = Vec<Candidate>> {
    let figure = prop_oneof![
        1 => Just(Figure::from(Missing::NoSignals)),
        8 => (-3_i32..4).prop_map(|value| Figure::of(f64::from(value))),
    ];
    let one = (prop::collection::vec(figure, criteria), prop::bool::weighted(0.1));
    prop::collection::vec(one, 1..9).prop_map(|all| {
        let named = |(place, (figures, fails)): (usize, (Vec<Figure>, bool))| Candidate {
            name: format!("candidate {place}"),
            figures,
            failure: fails.then(|| "it failed".to_owned()),
        };
        all.into_iter().enumerate().map(named).collect()
    })
}

fn any_case() -> impl Strategy<Value = (Vec<Criterion>, Vec<Candidate>)> {
    any_criteria().prop_flat_map(|criteria| {
        let candidates = any_candidates(criteria.len());
        (Just(criteria), candidates)
    })
}

fn at_least_as_good(criteria: &[Criterion], one: &Candidate, other: &Candidate) -> bool {
    let mut pairs = criteria.iter().zip(one.figures.iter().zip(&other.figures));
    pairs.all(|(criterion, (one, other))| match (one.value(), other.value()) {
        (Some(one), Some(other)) => match criterion.direction {
            Higher => one >= other,
            Lower => one <= other,
        },
        (one, other) => one.is_some() || other.is_none(),
    })
}

proptest! {
    #[test]
    fn the_order_of_the_candidates_does_not_matter(
        ((criteria, all), shuffled) in any_case().prop_flat_map(|case| {
            let shuffled = Just(case.1.clone()).prop_shuffle();
            (Just(case), shuffled)
        }),
        style in prop_oneof![Just(Style::Decisive), Just(Style::Options), Just(Style::Conditional)],
    ) {
        let compared = |all: &[Candidate]| compare(&criteria, all, &styled(style));
        prop_assert_eq!(compared(&all), compared(&shuffled));
    }

    #[test]
    fn weights_count_beside_one_another_and_not_by_their_size((criteria, all) in any_case(), by in 1e-3..1e3_f64) {
        let scaled: Vec<Criterion> =
            criteria.iter().cloned().map(|it| Criterion { weight: it.weight * by, ..it }).collect();
        let compared = |criteria: &[Criterion]| compare(criteria, &all, &ComparisonSettings::default()).unwrap();
        let (one, other) = (compared(&criteria), compared(&scaled));
        prop_assert_eq!(ranks(&one), ranks(&other));
        for (one, other) in one.rows.iter().zip(&other.rows) {
            prop_assert!((one.total.unwrap_or(0.0) - other.total.unwrap_or(0.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_better_figure_never_makes_a_rank_worse(
        (criteria, all) in any_case(), who in any::<prop::sample::Index>(), by in any::<prop::sample::Index>(), step in 1_u32..4,
    ) {
        let (who, by) = (who.index(all.len()), by.index(criteria.len()));
        let mut improved = all.clone();
        let Some(value) = all[who].figures[by].value() else { return Ok(()) };
        let step = if criteria[by].direction == Higher { f64::from(step) } else { -f64::from(step) };
        improved[who].figures[by] = Figure::of(value + step);
        let rank = |all: &[Candidate]| {
            let it = compare(&criteria, all, &ComparisonSettings::default()).unwrap();
            let row = it.rows.into_iter().find(|row| row.name == all[who].name).unwrap();
            row.rank
        };
        prop_assert!(rank(&improved) <= rank(&all));
    }

    #[test]
    fn what_is_dominated_never_ranks_above_its_dominator((criteria, all) in any_case()) {
        let it = compare(&criteria, &all, &ComparisonSettings::default()).unwrap();
        let rank = |name: &str| it.rows.iter().find(|row| row.name == name).unwrap().rank;
        for one in all.iter().filter(|it| it.failure.is_none()) {
            for other in all.iter().filter(|it| it.failure.is_none()) {
                if at_least_as_good(&criteria, one, other) && let Some(beaten) = rank(&other.name) {
                    prop_assert!(rank(&one.name).unwrap() <= beaten);
                }
            }
        }
    }

    #[test]
    fn ranks_are_the_places_of_the_first_of_equal_ones((criteria, all) in any_case()) {
        let it = compare(&criteria, &all, &ComparisonSettings::default()).unwrap();
        let ranked: Vec<&Row> = it.rows.iter().filter(|row| row.rank.is_some()).collect();
        for (place, row) in (1_u64..).zip(&ranked) {
            let rank = row.rank.unwrap();
            let ahead = ranked.iter().filter(|other| other.rank < row.rank).count() as u64;
            prop_assert_eq!(rank, ahead + 1);
            prop_assert!(rank <= place);
            prop_assert_eq!(row.tied_with.len(), ranked.iter().filter(|it| it.rank == row.rank).count() - 1);
            prop_assert!(row.total.is_some_and(|total| (0.0..=1.0).contains(&total)));
        }
    }
}
