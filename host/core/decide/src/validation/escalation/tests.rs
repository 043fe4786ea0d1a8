use proptest::prelude::*;
use stratbox_metrics::{Figure, Missing};

use super::*;
use crate::TierSettings;

fn counts(of: &[(Category, u64)]) -> Counts {
    of.iter().flat_map(|(category, count)| (0..*count).map(|_| *category)).collect()
}

fn asked(of: &[(Category, u64)], verdicts: &[Verdict]) -> Option<Escalation> {
    escalation(Tier::L1, &counts(of), verdicts, &EscalationSettings::default())
}

fn labels(escalation: &Escalation) -> Vec<&'static str> {
    escalation.options.iter().map(|option| option.what.label()).collect()
}

/// A verdict with this Sharpe ratio, and otherwise good.
fn sharpe(value: impl Into<Option<f64>>) -> Verdict {
    let value = value.into();
    TierSettings::of(Tier::L1).judge(|name| match name {
        "sharpe" => value.map_or(Missing::TooFewReturns.into(), Figure::of),
        _ => Figure::of(0.5),
    })
}

#[test]
fn half_of_all_may_fail_and_one_more_is_a_question() {
    assert_eq!(asked(&[(Category::Pass, 2), (Category::Fail, 2)], &[]), None);
    let escalation = asked(&[(Category::Pass, 2), (Category::Fail, 3)], &[]).unwrap();
    assert_eq!(escalation.because[0].what, Asked::MostFailed { failed: 3, of: 5 });
    assert_eq!(escalation.because[0].sentence, "3 of 5 strategies did not pass (60 %)");
}

#[test]
fn whatever_did_not_pass_has_failed() {
    for category in Category::ALL.into_iter().filter(|it| *it != Category::Pass) {
        assert!(asked(&[(Category::Pass, 1), (category, 2)], &[]).is_some(), "{category}");
    }
}

#[test]
fn three_that_run_out_of_time_are_a_question_however_many_pass() {
    assert_eq!(asked(&[(Category::Pass, 20), (Category::Timeout, 2)], &[]), None);
    let escalation = asked(&[(Category::Pass, 20), (Category::Timeout, 3)], &[]).unwrap();
    assert_eq!(escalation.because[0].what, Asked::ManyTimeouts { timed_out: 3, of: 23 });
    assert_eq!(labels(&escalation), ["continue", "more_time", "new_ideas"]);
}

#[test]
fn when_some_passed_one_can_go_on_with_them() {
    let escalation =
        asked(&[(Category::Pass, 1), (Category::Fixable, 2)], &[sharpe(0.5), sharpe(0.9)]).unwrap();
    assert_eq!(labels(&escalation), ["continue", "relax_thresholds", "new_ideas"]);
    assert_eq!(escalation.options[0].sentence, "go on with the 1 strategy that passed");
}

#[test]
fn when_none_passed_one_can_mend_what_is_fixable() {
    let escalation = asked(&[(Category::Fixable, 2), (Category::Fail, 1)], &[]).unwrap();
    assert_eq!(labels(&escalation), ["mend", "new_ideas"]);
    assert_eq!(escalation.options[0].sentence, "mend what is fixable: 2 strategies may pass when changed");
    assert_eq!(labels(&asked(&[(Category::Fail, 1)], &[]).unwrap()), ["new_ideas"]);
}

#[test]
fn relaxing_names_the_gate_that_failed_most_and_by_how_much() {
    let loser = TierSettings::of(Tier::L1).judge(|_| Figure::of(0.25));
    let escalation =
        asked(&[(Category::Fail, 4)], &[sharpe(0.75), sharpe(0.5), loser, sharpe(None)]).unwrap();
    let relax = &escalation.options[0];
    assert_eq!(
        relax.what,
        Choice::RelaxThresholds {
            gate: Gate::new("sharpe", Bound::AtLeast(1.0)),
            failed: 4,
            without_figure: 1,
            median_miss: Some(0.5),
            relaxed: Some(Gate::new("sharpe", Bound::AtLeast(0.5))),
        }
    );
    assert_eq!(
        relax.sentence,
        "relax thresholds: 4 strategies failed `sharpe` at least 1; the median misses it by 0.5, and 1 have no figure, \
         which no threshold helps; what passes then deserves less belief"
    );
}

#[test]
fn an_escalation_is_written_with_labels_and_sentences() {
    let escalation = asked(&[(Category::Fail, 1)], &[sharpe(0.75)]).unwrap();
    let json = serde_json::to_value(&escalation).unwrap();
    assert_eq!(json["because"][0]["label"], "most_failed");
    assert_eq!(json["options"][0]["label"], "relax_thresholds");
    assert_eq!(json["options"][0]["relaxed"]["at_least"], 0.75);
    assert!(json["options"][1]["sentence"].as_str().unwrap().contains("new strategies"));
}

#[test]
fn labels_are_those_that_are_written() {
    let escalation =
        asked(&[(Category::Fail, 1), (Category::Fixable, 1), (Category::Timeout, 1)], &[sharpe(0.75)])
            .unwrap();
    for option in &escalation.options {
        assert_eq!(serde_json::to_value(option).unwrap()["label"], option.what.label());
    }
}

proptest! {
    #[test]
    fn failures_are_a_question_exactly_when_they_are_more_than_the_share(passed in 0_u64..20, failed in 0_u64..20, tenths in 0_u64..=10) {
        let settings = EscalationSettings { share: tenths as f64 / 10.0, timeouts: 3 };
        let counts = counts(&[(Category::Pass, passed), (Category::Fail, failed)]);
        let asked = escalation(Tier::L0, &counts, &[], &settings).is_some();
        prop_assert_eq!(asked, 10 * failed > tenths * (passed + failed));
    }

    #[test]
    fn the_order_of_verdicts_does_not_matter(
        (one, other) in prop::collection::vec(-20..20_i32, 1..8)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let verdicts = |values: &[i32]| values.iter().map(|it| sharpe(f64::from(*it) / 10.0)).collect::<Vec<_>>();
        let of = [(Category::Fail, one.len() as u64)];
        prop_assert_eq!(asked(&of, &verdicts(&one)), asked(&of, &verdicts(&other)));
    }

    #[test]
    fn half_of_those_with_a_figure_or_more_clear_the_relaxed_gate(values in prop::collection::vec(-20..10_i32, 1..9)) {
        let verdicts: Vec<Verdict> = values.iter().map(|it| sharpe(f64::from(*it) / 16.0)).collect();
        let escalation = asked(&[(Category::Fail, values.len() as u64)], &verdicts).unwrap();
        let Choice::RelaxThresholds { relaxed: Some(gate), .. } = &escalation.options[0].what else { panic!() };
        let clear = values.iter().filter(|it| gate.bound.admits(f64::from(**it) / 16.0)).count();
        prop_assert!(2 * clear >= values.len());
    }
}
