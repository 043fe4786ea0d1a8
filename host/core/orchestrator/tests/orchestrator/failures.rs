//! When so much fails that going on is pointless.

use stratbox_orchestrator::{
    Action, Decision, Ending, FailureGate, Input, OnFailures, Settings, Stopping, Waiting,
};

use crate::support::{Desk, fault, number, settings};

fn gate(then: OnFailures) -> Settings {
    Settings { failures: FailureGate { least: 4, share: 0.5, then }, ..settings() }
}

/// Settles the running task as a failure.
fn fail(desk: &mut Desk, worker: u32) -> Vec<Action> {
    desk.answer(worker, [fault(1)]);
    desk.answer(worker, [fault(1)])
}

#[test]
fn the_defaults_ask_when_more_than_half_of_at_least_a_hundred_tasks_failed() {
    let expected = FailureGate { least: 100, share: 0.5, then: OnFailures::Ask };
    assert_eq!(FailureGate::default(), expected);
}

#[test]
fn somebody_is_asked_once_when_more_than_the_share_failed() {
    let mut desk = Desk::with_tasks(100, gate(OnFailures::Ask));
    for _ in 0..2 {
        desk.answer(0, [Ending::Final]);
        fail(&mut desk, 0);
    }
    assert_eq!(desk.out.len(), 1, "half is not more than half");
    assert_eq!(fail(&mut desk, 0).last(), Some(&Action::Ask { failed: 3, settled: 5 }));
    assert_eq!(desk.core.statistics().waiting, Some(Waiting::Decision));
    assert_eq!(desk.pass(1_000_000), []);
    desk.send(Input::Decide(Decision::Continue));
    for _ in 0..20 {
        assert!(fail(&mut desk, 0).iter().all(|action| !matches!(action, Action::Ask { .. })));
    }
}

#[test]
fn a_few_failures_say_nothing() {
    let mut desk = Desk::with_tasks(100, gate(OnFailures::Ask));
    for _ in 0..3 {
        fail(&mut desk, 0);
    }
    assert_eq!(desk.out.len(), 1);
    assert!(matches!(fail(&mut desk, 0).last(), Some(Action::Ask { failed: 4, settled: 4 })));
}

#[test]
fn what_completed_was_refused_or_has_no_data_is_no_failure() {
    for ending in [Ending::Final, Ending::Unavailable, Ending::Cancelled] {
        let mut desk = Desk::with_tasks(100, gate(OnFailures::Ask));
        for _ in 0..50 {
            desk.answer(0, [ending.clone()]);
        }
        assert_eq!(desk.out.len(), 1, "{ending:?}");
    }
}

#[test]
fn nobody_is_asked_before_what_runs_has_come_back() {
    let settings = Settings { workers: number(2), ..gate(OnFailures::Ask) };
    let mut desk = Desk::with_tasks(100, settings);
    for _ in 0..3 {
        fail(&mut desk, 0);
    }
    let actions = fail(&mut desk, 0);
    assert!(actions.iter().all(|action| !matches!(action, Action::Ask { .. })));
    assert_eq!(desk.out.len(), 1, "the other worker's");
    assert_eq!(desk.answer(1, [Ending::Final]).last(), Some(&Action::Ask { failed: 4, settled: 5 }));
}

#[test]
fn nobody_is_asked_when_nothing_is_left() {
    let mut desk = Desk::with_tasks(4, gate(OnFailures::Ask));
    for _ in 0..3 {
        fail(&mut desk, 0);
    }
    assert_eq!(fail(&mut desk, 0).last(), Some(&Action::Finished));
}

#[test]
fn a_decision_to_stop_ends_the_work_and_says_why() {
    let mut desk = Desk::with_tasks(100, gate(OnFailures::Ask));
    for _ in 0..4 {
        fail(&mut desk, 0);
    }
    assert_eq!(desk.send(Input::Decide(Decision::Stop)), [Action::Finished]);
    assert_eq!(desk.core.statistics().stopping, Some(Stopping::Failures));
}

#[test]
fn work_can_be_stopped_without_asking_or_go_on_without_asking() {
    let mut desk = Desk::with_tasks(100, gate(OnFailures::Stop));
    for _ in 0..3 {
        fail(&mut desk, 0);
    }
    assert_eq!(fail(&mut desk, 0).last(), Some(&Action::Finished));
    assert_eq!(desk.core.statistics().stopping, Some(Stopping::Failures));
    let mut desk = Desk::with_tasks(100, gate(OnFailures::Continue));
    for _ in 0..50 {
        fail(&mut desk, 0);
    }
    assert_eq!(desk.out.len(), 1);
}

#[test]
fn a_decision_that_nobody_asked_for_is_ignored() {
    let mut desk = Desk::with_tasks(100, gate(OnFailures::Ask));
    assert_eq!(desk.send(Input::Decide(Decision::Stop)), []);
    assert_eq!(desk.send(Input::Decide(Decision::Continue)), []);
    for _ in 0..3 {
        fail(&mut desk, 0);
    }
    assert!(matches!(fail(&mut desk, 0).last(), Some(Action::Ask { .. })));
}
