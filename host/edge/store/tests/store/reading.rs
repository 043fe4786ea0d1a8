//! Rows, rankings and figures.

use stratbox_domain::{FaultLabel, ParamValue, RunOutcome};
use stratbox_metrics::MetricName;
use stratbox_store::{Batch, ExperimentId, FailedAttempt, OutcomeKind, StoreError, Trial};

use super::{Fixture, completed, experiment, failed_attempt, faulted, interrupted, key, settled, trial};

#[test]
fn a_row_has_its_parameters_and_all_that_came_of_it() {
    let fixture = Fixture::with_results(20);
    let reader = fixture.workspace.reader().unwrap();
    let row = reader.trial(fixture.id, 7).unwrap().unwrap();
    let given = settled(7);
    assert_eq!((row.variant, row.iteration, &*row.strategy, row.key), (7, 1, "alpha", key(7)));
    assert_eq!((row.figure, row.fuel, row.attempts), (given.figure, 107, 1));
    assert_eq!((&*row.settled, row.reused, row.at), ("conclusive", None, given.at));
    assert_eq!(row.outcome, completed(7.0 * 7_919.0 % 101.0 / 100.0));
    // Six points a length: three modes, each strict or not.
    let params = [
        ("length".to_owned(), ParamValue::Integer(2)),
        ("mode".to_owned(), ParamValue::Text("=fast".into())),
        ("strict".to_owned(), ParamValue::Boolean(true)),
    ];
    assert_eq!(row.params, params.into());
    assert_eq!(reader.trial(fixture.id, 20).unwrap(), None);
}

#[test]
fn a_strategy_without_parameters_has_one_row_without_any() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(60, &completed(0.1))]);
    let row = fixture.workspace.reader().unwrap().trial(fixture.id, 60).unwrap().unwrap();
    assert_eq!((&*row.strategy, row.params.len()), ("beta", 0));
}

#[test]
fn rows_come_in_the_order_of_variants_however_they_were_settled() {
    let mut fixture = Fixture::new();
    for variants in [[9, 3, 20], [0, 59, 1]] {
        fixture.commit(variants.map(settled).to_vec());
    }
    let reader = fixture.workspace.reader().unwrap();
    let variants: Vec<u64> = reader.rows(fixture.id).unwrap().map(|row| row.unwrap().variant).collect();
    assert_eq!(variants, [0, 1, 3, 9, 20, 59]);
}

#[test]
fn more_rows_than_are_read_at_once_all_come_once() {
    let mut fixture = Fixture::new();
    let rounds = (1..=30).flat_map(|iteration| (0..60).map(move |v| Trial { iteration, ..settled(v) }));
    fixture.commit(rounds.collect());
    let reader = fixture.workspace.reader().unwrap();
    let found: Vec<(u32, u64)> = reader
        .rows(fixture.id)
        .unwrap()
        .map(|row| row.unwrap())
        .map(|row| (row.iteration, row.variant))
        .collect();
    assert_eq!(found.len(), 1_800);
    assert!(found.is_sorted_by(|one, next| one < next));
    assert_eq!(reader.ranked(fixture.id).unwrap().count(), 1_800);
}

#[test]
fn what_is_settled_in_a_round_is_shown_in_order_with_how_it_ended() {
    let mut fixture = Fixture::new();
    fixture.commit([8, 3, 0].map(settled).to_vec());
    fixture.commit(vec![Trial { iteration: 2, ..settled(1) }]);
    let mut seen = Vec::new();
    fixture
        .workspace
        .reader()
        .unwrap()
        .settled(fixture.id, 1, |variant, kind| seen.push((variant, kind)))
        .unwrap();
    let expected = [(0, OutcomeKind::Completed), (3, OutcomeKind::Faulted), (8, OutcomeKind::Interrupted)];
    assert_eq!(seen, expected);
}

#[test]
fn the_best_come_first_equal_ones_by_their_keys_and_those_without_a_figure_last() {
    let mut fixture = Fixture::new();
    let figures = [(0, 0.1), (1, 0.3), (2, 0.2), (3, 0.3), (4, -0.5)];
    fixture.commit(figures.map(|(variant, figure)| trial(variant, &completed(figure))).to_vec());
    fixture.commit(vec![trial(5, &interrupted()), trial(6, &interrupted())]);
    let mut equal = [1, 3];
    equal.sort_by_key(|variant| key(*variant));
    let mut without = [5, 6];
    without.sort_by_key(|variant| key(*variant));
    let reader = fixture.workspace.reader().unwrap();
    let ranked: Vec<_> = reader.ranked(fixture.id).unwrap().map(|place| place.unwrap()).collect();
    let variants: Vec<u64> = ranked.iter().map(|place| place.variant).collect();
    assert_eq!(variants, [equal[0], equal[1], 2, 0, 4, without[0], without[1]]);
    let ranks: Vec<_> = ranked.iter().map(|place| place.rank).collect();
    assert_eq!(ranks, [Some(1), Some(2), Some(3), Some(4), Some(5), None, None]);
    let leaders: Vec<u64> = reader.leaders(fixture.id, 3).unwrap().iter().map(|row| row.variant).collect();
    assert_eq!(leaders, variants[..3]);
    assert_eq!(reader.leaders(fixture.id, 100).unwrap().len(), 5, "only those with a figure");
}

#[test]
fn less_is_better_when_the_objective_says_so() {
    let mut experiment = experiment();
    experiment.objective = MetricName::Volatility;
    let mut fixture = Fixture::of(&experiment);
    fixture.commit([(0, 0.3), (1, 0.1)].map(|(variant, figure)| trial(variant, &completed(figure))).to_vec());
    fixture.commit(vec![trial(2, &interrupted())]);
    let reader = fixture.workspace.reader().unwrap();
    assert_eq!(reader.leaders(fixture.id, 1).unwrap()[0].variant, 1);
    let ranked: Vec<u64> = reader.ranked(fixture.id).unwrap().map(|place| place.unwrap().variant).collect();
    assert_eq!(ranked, [1, 0, 2]);
}

#[test]
fn a_figure_that_is_no_number_is_none() {
    let mut fixture = Fixture::new();
    let figures = [f64::NAN, f64::INFINITY];
    let trials = figures.iter().enumerate();
    fixture.commit(trials.map(|(n, figure)| Trial { figure: Some(*figure), ..settled(n as u64) }).collect());
    let reader = fixture.workspace.reader().unwrap();
    assert!(reader.leaders(fixture.id, 9).unwrap().is_empty());
    assert!(reader.rows(fixture.id).unwrap().all(|row| row.unwrap().figure.is_none()));
}

#[test]
fn rankings_do_not_disturb_each_other() {
    let fixture = Fixture::with_results(20);
    let reader = fixture.workspace.reader().unwrap();
    let (first, second) = (reader.ranked(fixture.id).unwrap(), reader.ranked(fixture.id).unwrap());
    assert!(first.zip(second).all(|(one, other)| one.unwrap() == other.unwrap()));
}

#[test]
fn spreads_are_those_of_completed_variants() {
    let mut fixture = Fixture::new();
    let figures = [(0, 0.5), (1, -0.25), (2, 0.25), (3, 0.0)];
    fixture.commit(figures.map(|(variant, figure)| trial(variant, &completed(figure))).to_vec());
    fixture.commit(vec![settled(13), settled(18)]);
    let reader = fixture.workspace.reader().unwrap();
    let spreads = reader.aggregate(fixture.id).unwrap();
    assert!(spreads.iter().map(|spread| spread.metric).eq(MetricName::ALL));
    let of = |name| spreads.iter().find(|spread| spread.metric == name).unwrap();
    let returns = of(MetricName::TotalReturn);
    assert_eq!((returns.count, returns.missing), (4, 0));
    assert_eq!((returns.min, returns.median, returns.max), (Some(-0.25), Some(0.125), Some(0.5)));
    assert_eq!((returns.mean, returns.lower_quartile), (Some(0.125), Some(-0.0625)));
    // No trade was closed in any of them.
    let rate = of(MetricName::WinRate);
    assert_eq!((rate.count, rate.missing, rate.mean, rate.median), (0, 4, None, None));
}

#[test]
fn experiments_are_compared_in_the_order_given() {
    let mut fixture = Fixture::with_results(20);
    let second = fixture.another();
    let trials = vec![trial(1, &completed(0.7))];
    fixture.writer.commit(second, &Batch { trials, ..Batch::default() }).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    let [one, other] = &*reader.compare(&[second, fixture.id]).unwrap() else { panic!("two") };
    assert_eq!((one.experiment.id, other.experiment.id), (second, fixture.id));
    assert_eq!(one.best.as_ref().unwrap().variant, 1);
    assert_eq!(other.best, reader.leaders(fixture.id, 1).unwrap().pop());
    assert_eq!(other.spreads, reader.aggregate(fixture.id).unwrap());
}

#[test]
fn lists_begin_with_the_latest() {
    let mut fixture = Fixture::with_results(5);
    let second = fixture.another();
    let reader = fixture.workspace.reader().unwrap();
    let heads = reader.experiments().unwrap();
    assert_eq!(heads.iter().map(|head| head.id).collect::<Vec<_>>(), [second, fixture.id]);
    assert_eq!(heads[1], reader.experiment(fixture.id).unwrap().head);
}

#[test]
fn failed_attempts_are_given_back_as_they_were() {
    let fixture = Fixture::with_results(20);
    let reader = fixture.workspace.reader().unwrap();
    let found: Vec<FailedAttempt> = reader.attempts(fixture.id).unwrap().map(|it| it.unwrap()).collect();
    // They came after the trials, so they have the time of the last of these.
    let at = settled(19).at;
    let given: Vec<_> = (0..20).step_by(5).map(|v| FailedAttempt { at, ..failed_attempt(v) }).collect();
    assert_eq!(found, given);
}

#[test]
fn pending_attempts_are_those_of_variants_that_are_not_settled() {
    let mut fixture = Fixture::with_results(6);
    let second = FailedAttempt { attempt: 2, ..failed_attempt(40) };
    let attempts = vec![failed_attempt(50), failed_attempt(40), second];
    fixture.writer.commit(fixture.id, &Batch { attempts, ..Batch::default() }).unwrap();
    let pending = fixture.workspace.reader().unwrap().pending_attempts(fixture.id).unwrap();
    let found: Vec<_> = pending.iter().map(|it| (it.variant, it.attempt)).collect();
    assert_eq!(found, [(40, 1), (40, 2), (50, 1)]);
}

#[test]
fn interruptions_say_why() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(0, &interrupted())]);
    let row = fixture.workspace.reader().unwrap().trial(fixture.id, 0).unwrap().unwrap();
    assert!(matches!(row.outcome, RunOutcome::Interrupted(reason) if reason.label() == "timeout"));
}

#[test]
fn of_each_fault_the_first_variant_is_shown() {
    let mut fixture = Fixture::new();
    let reader = fixture.workspace.reader().unwrap();
    assert!(reader.first_faults(fixture.id).unwrap().is_empty());
    let faults =
        [(9, FaultLabel::Panic), (7, FaultLabel::Fuel), (4, FaultLabel::Panic), (50, FaultLabel::Fuel)];
    fixture.commit(faults.map(|(variant, label)| trial(variant, &faulted(label))).to_vec());
    fixture.commit(vec![trial(0, &completed(0.1)), trial(1, &interrupted())]);
    // A later round comes later, whatever the number of the variant.
    fixture.commit(vec![Trial { iteration: 2, ..trial(2, &faulted(FaultLabel::Panic)) }]);
    let first = reader.first_faults(fixture.id).unwrap();
    let found: Vec<_> = first.iter().map(|(label, row)| (&**label, row.iteration, row.variant)).collect();
    assert_eq!(found, [("fuel", 1, 7), ("panic", 1, 4)]);
    assert_eq!(first["panic"], reader.trial(fixture.id, 4).unwrap().unwrap());
}

#[test]
fn a_fault_that_did_not_stay_is_not_shown() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(0, &faulted(FaultLabel::Panic)), trial(1, &faulted(FaultLabel::Fuel))]);
    fixture.commit(vec![trial(0, &completed(0.1))]);
    let first = fixture.workspace.reader().unwrap().first_faults(fixture.id).unwrap();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["fuel"]);
}

#[test]
fn the_first_faults_of_an_experiment_that_there_is_not_are_refused() {
    let fixture = Fixture::new();
    let refused = fixture.workspace.reader().unwrap().first_faults(ExperimentId::new(99).unwrap());
    assert!(matches!(refused, Err(StoreError::Unknown { .. })));
}

#[test]
fn a_place_of_a_ranking_leads_to_its_row() {
    let mut fixture = Fixture::with_results(20);
    fixture.commit(vec![Trial { iteration: 2, ..trial(3, &completed(0.5)) }]);
    let reader = fixture.workspace.reader().unwrap();
    let experiment = reader.experiment(fixture.id).unwrap();
    let mut seen = 0;
    for place in reader.ranked(fixture.id).unwrap() {
        let place = place.unwrap();
        let row = reader.row(&experiment, &place).unwrap().unwrap();
        assert_eq!((row.variant, row.iteration, row.key), (place.variant, place.iteration, place.key));
        assert_eq!(row.figure, place.figure);
        seen += 1;
    }
    assert_eq!(seen, 21);
}

#[test]
fn a_place_of_an_experiment_that_was_deleted_leads_to_nothing() {
    let mut fixture = Fixture::with_results(5);
    let reader = fixture.workspace.reader().unwrap();
    let experiment = reader.experiment(fixture.id).unwrap();
    let place = reader.ranked(fixture.id).unwrap().next().unwrap().unwrap();
    assert!(reader.row(&experiment, &place).unwrap().is_some());
    drop(fixture.lock);
    fixture.writer.delete(fixture.id).unwrap();
    assert_eq!(reader.row(&experiment, &place).unwrap(), None);
}

#[test]
fn rows_of_an_experiment_that_is_deleted_meanwhile_end_with_an_error() {
    let mut fixture = Fixture::new();
    let rounds = (1..=30).flat_map(|iteration| (0..60).map(move |v| Trial { iteration, ..settled(v) }));
    fixture.commit(rounds.collect());
    let reader = fixture.workspace.reader().unwrap();
    let mut rows = reader.rows(fixture.id).unwrap();
    assert!(rows.next().unwrap().is_ok());
    drop(fixture.lock);
    fixture.writer.delete(fixture.id).unwrap();
    assert!(matches!(rows.by_ref().find(Result::is_err), Some(Err(StoreError::Unknown { .. }))));
    assert!(rows.next().is_none());
}
