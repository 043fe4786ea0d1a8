use proptest::prelude::*;

use super::*;

fn times(seconds: &[(&str, u64)]) -> Vec<Timing> {
    seconds.iter().map(|(id, it)| Timing { id: (*id).to_owned(), micros: it * 1_000_000 }).collect()
}

fn counts(of: &[(Category, u64)]) -> Counts {
    of.iter().flat_map(|(category, count)| (0..*count).map(|_| *category)).collect()
}

fn labels(alerts: &[Said<Alert>]) -> Vec<&'static str> {
    alerts.iter().map(|alert| alert.what.label()).collect()
}

#[test]
fn a_strategy_that_takes_more_than_twice_the_median_is_slow() {
    let found = alerts(&times(&[("a", 10), ("b", 20), ("c", 10), ("d", 21)]), &Counts::default(), (0, 0));
    assert_eq!(found, []);
    let found = alerts(&times(&[("a", 10), ("b", 10), ("c", 21)]), &Counts::default(), (0, 0));
    assert_eq!(found[0].sentence, "`c` took 21 s, more than twice the median of 10 s");
    assert_eq!(found.len(), 1);
}

#[test]
fn more_than_half_that_fail_are_told() {
    let told = |passed, failed| {
        labels(&alerts(&[], &counts(&[(Category::Pass, passed), (Category::Fail, failed)]), (0, 0)))
    };
    assert_eq!(told(5, 5), [""; 0]);
    assert_eq!(told(4, 5), ["most_failed"]);
}

#[test]
fn more_than_a_fifth_that_run_out_of_time_are_told() {
    let told = |passed, late| {
        labels(&alerts(&[], &counts(&[(Category::Pass, passed), (Category::Timeout, late)]), (0, 0)))
    };
    assert_eq!(told(8, 2), [""; 0]);
    assert_eq!(told(7, 2), ["many_timeouts"]);
}

#[test]
fn a_queue_that_grew_is_told() {
    assert_eq!(labels(&alerts(&[], &Counts::default(), (3, 3))), [""; 0]);
    let grown = alerts(&[], &Counts::default(), (3, 4));
    assert_eq!(grown[0].what, Alert::QueueGrew { before: 3, after: 4 });
}

#[test]
fn an_alert_is_written_with_its_label_and_its_sentence() {
    let all = alerts(&times(&[("a", 1), ("b", 1), ("c", 9)]), &counts(&[(Category::Timeout, 1)]), (0, 1));
    assert_eq!(labels(&all), ["slow", "most_failed", "many_timeouts", "queue_grew"]);
    for alert in &all {
        let json = serde_json::to_value(alert).unwrap();
        assert_eq!(
            (&json["label"], &json["sentence"]),
            (&alert.what.label().into(), &alert.sentence.clone().into())
        );
    }
}

proptest! {
    #[test]
    fn the_order_of_times_does_not_matter(
        (one, other) in prop::collection::vec(("[a-c]", 0..100_u64), 0..8)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let of = |all: &[(String, u64)]| {
            let all: Vec<Timing> = all.iter().map(|(id, micros)| Timing { id: id.clone(), micros: *micros }).collect();
            alerts(&all, &Counts::default(), (0, 0))
        };
        prop_assert_eq!(of(&one), of(&other));
    }
}
