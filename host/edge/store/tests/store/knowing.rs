//! What earlier experiments know.

use rusqlite::Connection;
use stratbox_domain::{Digest, FaultLabel};
use stratbox_store::{Batch, EncodedOutcome, ExperimentId, Known, OutcomeKind, Trial};

use super::{Fixture, completed, faulted, interrupted, key, trial};

/// What is known to another experiment's strategy `alpha`.
fn known(fixture: &mut Fixture) -> Known {
    let other = fixture.another();
    fixture.workspace.reader().unwrap().known(&Digest::of(b"alpha"), (other, 0)).unwrap()
}

#[test]
fn a_run_that_was_done_is_answered_with_what_came_of_it() {
    let mut fixture = Fixture::new();
    let fault = Trial { settled: "reproduced", ..trial(2, &faulted(FaultLabel::Panic)) };
    fixture.commit(vec![trial(1, &completed(0.25)), fault]);
    let known = known(&mut fixture);
    assert_eq!(known.len(), 2);
    let answer = known.get(&key(1)).unwrap().unwrap();
    assert_eq!((answer.experiment, answer.fuel, answer.settled), (fixture.id, 101, "conclusive"));
    assert_eq!((&answer.encoded, answer.outcome), (&EncodedOutcome::new(&completed(0.25)), completed(0.25)));
    let answer = known.get(&key(2)).unwrap().unwrap();
    assert_eq!((answer.encoded.kind(), answer.settled), (OutcomeKind::Faulted, "reproduced"));
    assert_eq!(known.get(&key(3)).unwrap(), None);
    let all = known.get_all([3, 2, 1].map(key)).unwrap();
    let found: Vec<_> = all.iter().map(|it| it.as_ref().map(|it| it.fuel)).collect();
    assert_eq!(found, [None, Some(102), Some(101)]);
}

#[test]
fn what_is_not_final_is_not_known() {
    let mut fixture = Fixture::new();
    let exhausted = Trial { settled: "exhausted", ..trial(2, &faulted(FaultLabel::Panic)) };
    let timeout = Trial { settled: "exhausted", ..trial(3, &interrupted()) };
    fixture.commit(vec![exhausted, timeout, trial(4, &interrupted())]);
    let known = known(&mut fixture);
    assert!(known.is_empty());
    assert_eq!(known.get(&key(2)).unwrap(), None);
}

#[test]
fn a_strategy_of_another_base_knows_nothing() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(60, &completed(0.25))]);
    assert!(known(&mut fixture).is_empty(), "that was `beta`");
    let reader = fixture.workspace.reader().unwrap();
    let other = ExperimentId::new(2).unwrap();
    assert_eq!(reader.known(&Digest::of(b"beta"), (other, 60)).unwrap().len(), 1);
}

#[test]
fn a_strategy_does_not_answer_for_itself() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(1, &completed(0.25))]);
    let reader = fixture.workspace.reader().unwrap();
    assert!(reader.known(&Digest::of(b"alpha"), (fixture.id, 0)).unwrap().is_empty());
}

#[test]
fn of_experiments_that_know_the_same_the_first_answers() {
    let mut fixture = Fixture::new();
    let second = fixture.another();
    let batch = Batch { trials: vec![trial(1, &completed(0.25))], ..Batch::default() };
    fixture.writer.commit(second, &batch).unwrap();
    fixture.writer.commit(fixture.id, &batch).unwrap();
    let known = known(&mut fixture);
    assert_eq!(known.get(&key(1)).unwrap().unwrap().experiment, fixture.id);
}

#[test]
fn a_deleted_experiment_is_forgotten() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(1, &completed(0.25))]);
    let known = known(&mut fixture);
    assert!(known.get(&key(1)).unwrap().is_some());
    drop(fixture.lock);
    fixture.writer.delete(fixture.id).unwrap();
    assert_eq!(known.get(&key(1)).unwrap(), None);
}

#[test]
fn an_experiment_from_before_a_metric_was_known_does_not_answer_but_can_be_read() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(1, &completed(0.25))]);
    let connection = Connection::open(fixture.workspace.path().join("store.sqlite")).unwrap();
    let renamed = connection.execute(
        "UPDATE experiments SET metrics = replace(metrics, '\"sharpe\"', '\"sharpness\"') WHERE id = 1",
        [],
    );
    assert_eq!(renamed, Ok(1));
    assert!(known(&mut fixture).is_empty());
    let row = fixture.workspace.reader().unwrap().trial(fixture.id, 1).unwrap().unwrap();
    let stratbox_domain::RunOutcome::Completed(metrics) = row.outcome else { panic!("it completed") };
    assert_eq!(metrics.sharpe.get(), Err(stratbox_metrics::Missing::NotRecorded));
    assert_eq!(metrics.total_return.value(), Some(0.25));
}
