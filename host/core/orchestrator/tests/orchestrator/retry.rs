//! The rule of retries.

use proptest::prelude::*;
use stratbox_domain::{Fault, FaultLabel, Interruption, RunOutcome, WorkerLoss};
use stratbox_orchestrator::{Backoff, Ending, FaultSignature, History, Next, RetryPolicy, Settled};

use crate::support::{LOST, POISON, fault};

/// Endings of attempts, and what is expected of [`settle`].
type Row<'a> = (&'a [Ending], Option<(usize, Settled)>);

/// Attempts made when they end as listed, and why they end; `None` if the list ends before the rule is satisfied.
fn settle(endings: &[Ending], policy: &RetryPolicy) -> Option<(usize, Settled)> {
    let mut history = History::default();
    endings.iter().enumerate().find_map(|(attempts, ending)| match history.record(ending.clone(), policy) {
        Next::Retry => {
            assert_eq!(history.attempts() as usize, attempts + 1);
            None
        }
        Next::Settled(settled) => Some((attempts + 1, settled)),
    })
}

#[test]
fn the_defaults_are_three_retries_for_faults_one_for_timeouts_three_for_losses_and_one_for_poison() {
    let expected = RetryPolicy {
        max_retries: 3,
        timeout_retries: 1,
        loss_retries: 3,
        poison_retries: 1,
        max_attempts: 8,
        backoff: Backoff::default(),
    };
    assert_eq!(RetryPolicy::default(), expected);
}

#[test]
fn every_course_of_attempts_ends_as_the_table_says() {
    use Ending::{Cancelled, Final, TimedOut, Unavailable};
    use Settled::{Conclusive, DataUnavailable, Exhausted, Quarantined, Reproduced};
    let table: &[Row] = &[
        (&[Final], Some((1, Conclusive))),
        (&[Unavailable], Some((1, DataUnavailable))),
        (&[Cancelled], Some((1, Settled::Cancelled))),
        (&[fault(1)], None),
        (&[fault(1), fault(1)], Some((2, Reproduced))),
        (&[fault(1), Final], Some((2, Conclusive))),
        (&[fault(1), Unavailable], Some((2, DataUnavailable))),
        (&[fault(1), Cancelled], Some((2, Settled::Cancelled))),
        (&[fault(1), fault(2), fault(2)], Some((3, Reproduced))),
        (&[fault(1), fault(2), fault(1)], None),
        (&[fault(1), fault(2), fault(3), fault(4)], Some((4, Exhausted))),
        (&[fault(1), fault(2), fault(3), fault(3)], Some((4, Reproduced))),
        (&[TimedOut], None),
        (&[TimedOut, Final], Some((2, Conclusive))),
        (&[TimedOut, TimedOut], Some((2, Exhausted))),
        (&[TimedOut, fault(1), fault(1)], Some((3, Reproduced))),
        (&[fault(1), TimedOut, fault(1)], Some((3, Reproduced))),
        (&[fault(1), TimedOut, TimedOut], Some((3, Exhausted))),
        (&[LOST, LOST, LOST], None),
        (&[LOST, LOST, LOST, LOST], Some((4, Quarantined))),
        (&[LOST, LOST, LOST, Final], Some((4, Conclusive))),
        (&[POISON], None),
        (&[POISON, Final], Some((2, Conclusive))),
        (&[POISON, POISON], Some((2, Quarantined))),
        (&[POISON, fault(1), POISON], Some((3, Quarantined))),
        (&[POISON, LOST, LOST, LOST], None),
        (&[LOST, LOST, LOST, POISON], None),
        (&[LOST, LOST, LOST, POISON, POISON], Some((5, Quarantined))),
        (&[fault(1), LOST, POISON, TimedOut, fault(1)], Some((5, Reproduced))),
    ];
    for (endings, expected) in table {
        assert_eq!(settle(endings, &RetryPolicy::default()), *expected, "{endings:?}");
    }
}

#[test]
fn a_machine_in_trouble_takes_no_retry_from_a_fault() {
    let trouble = [LOST, Ending::TimedOut, POISON];
    let three_faults = [fault(1), fault(2), fault(3)];
    let policy = RetryPolicy::default();
    let after_trouble: Vec<_> = trouble.into_iter().chain(three_faults).collect();
    assert_eq!(settle(&after_trouble, &policy), None);
    let confirmed: Vec<_> = after_trouble.iter().cloned().chain([fault(3)]).collect();
    assert_eq!(settle(&confirmed, &policy), Some((7, Settled::Reproduced)));
    let unconfirmed: Vec<_> = after_trouble.into_iter().chain([fault(4)]).collect();
    assert_eq!(settle(&unconfirmed, &policy), Some((7, Settled::Exhausted)));
}

#[test]
fn all_kinds_of_failures_together_may_not_take_more_than_the_attempts_allowed() {
    let eight = [LOST, LOST, LOST, Ending::TimedOut, POISON, fault(1), fault(2), fault(3)];
    assert_eq!(settle(&eight, &RetryPolicy::default()), Some((8, Settled::Exhausted)));
    let nine = RetryPolicy { max_attempts: 9, ..RetryPolicy::default() };
    assert_eq!(settle(&eight, &nine), None);
}

#[test]
fn faults_are_identical_only_if_label_code_bar_and_fuel_are() {
    let first =
        FaultSignature { label: FaultLabel::Trap, code: "unreachable".into(), bar: Some(7), fuel: 100 };
    let others = [
        FaultSignature { label: FaultLabel::Panic, ..first.clone() },
        FaultSignature { code: "integer_overflow".into(), ..first.clone() },
        FaultSignature { bar: None, ..first.clone() },
        FaultSignature { fuel: 101, ..first.clone() },
    ];
    let settle_pair =
        |second| settle(&[Ending::Faulted(first.clone()), Ending::Faulted(second)], &RetryPolicy::default());
    for other in others {
        assert_eq!(settle_pair(other.clone()), None, "{other:?}");
    }
    assert_eq!(settle_pair(first.clone()), Some((2, Settled::Reproduced)));
}

#[test]
fn with_a_single_attempt_the_first_one_stands() {
    for max_attempts in [0, 1] {
        let never = RetryPolicy { max_attempts, ..RetryPolicy::default() };
        for ending in [fault(1), Ending::TimedOut, LOST, POISON] {
            let settled = settle(std::slice::from_ref(&ending), &never);
            assert_eq!(settled, Some((1, Settled::Exhausted)), "{ending:?}");
        }
    }
}

#[test]
fn each_kind_of_failure_can_be_final_while_the_others_are_not() {
    let all = [fault(1), Ending::TimedOut, LOST, POISON];
    let policy = RetryPolicy::default();
    let without = [
        (RetryPolicy { max_retries: 0, ..policy }, Settled::Exhausted),
        (RetryPolicy { timeout_retries: 0, ..policy }, Settled::Exhausted),
        (RetryPolicy { loss_retries: 0, ..policy }, Settled::Quarantined),
        (RetryPolicy { poison_retries: 0, ..policy }, Settled::Quarantined),
    ];
    for (kind, (policy, settled)) in without.iter().enumerate() {
        for (other, ending) in all.iter().enumerate() {
            let expected = (kind == other).then_some((1, *settled));
            assert_eq!(settle(std::slice::from_ref(ending), policy), expected, "{policy:?} {ending:?}");
        }
    }
}

#[test]
fn a_run_that_refuses_its_parameters_is_final_and_one_that_traps_is_not() {
    let faulted = |label| {
        let (code, message, hint) = ("unreachable".into(), String::new(), "look at it".into());
        RunOutcome::<()>::Faulted(Fault { label, code, bar: Some(7), message, hint })
    };
    assert_eq!(Ending::of(&faulted(FaultLabel::InitRefused), 5), Ending::Final);
    assert_eq!(Ending::of(&faulted(FaultLabel::Trap), 5), fault(5));
}

#[test]
fn a_run_that_completed_timed_out_was_cancelled_or_lost_its_worker_is_told_apart() {
    let interrupted = RunOutcome::<()>::Interrupted;
    assert_eq!(Ending::of(&RunOutcome::Completed(()), 5), Ending::Final);
    assert_eq!(Ending::of(&interrupted(Interruption::Timeout { bar: None }), 5), Ending::TimedOut);
    assert_eq!(Ending::of(&interrupted(Interruption::Cancelled { bar: None }), 5), Ending::Cancelled);
    let causes = [
        (WorkerLoss::Crashed, POISON),
        (WorkerLoss::OutOfMemory, POISON),
        (WorkerLoss::Protocol, POISON),
        (WorkerLoss::Killed, LOST),
        (WorkerLoss::Silent, LOST),
    ];
    for (cause, ending) in causes {
        let outcome = interrupted(Interruption::WorkerLost { cause });
        assert_eq!(Ending::of(&outcome, 5), ending, "{}", cause.label());
    }
}

#[test]
fn a_history_that_was_written_down_and_read_again_decides_the_same() {
    let policy = RetryPolicy::default();
    let mut history = History::default();
    for ending in [fault(1), Ending::TimedOut, LOST, POISON] {
        let text = serde_json::to_string(&history).expect("histories can be written");
        let read: History = serde_json::from_str(&text).expect("histories can be read");
        assert_eq!(read, history, "{text}");
        assert_eq!(history.record(ending, &policy), Next::Retry);
    }
    let text = serde_json::to_string(&history).expect("histories can be written");
    let mut read: History = serde_json::from_str(&text).expect("histories can be read");
    assert_eq!(read.record(fault(1), &policy), Next::Settled(Settled::Reproduced));
}

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![
        4 => (0..3_u64).prop_map(fault),
        2 => Just(Ending::TimedOut),
        3 => Just(LOST),
        2 => Just(POISON),
        1 => Just(Ending::Final),
        1 => Just(Ending::Unavailable),
        1 => Just(Ending::Cancelled),
    ]
}

fn policies() -> impl Strategy<Value = RetryPolicy> {
    (0..5_u32, 0..5_u32, 0..5_u32, 0..5_u32, 0..9_u32).prop_map(
        |(max_retries, timeout_retries, loss_retries, poison_retries, max_attempts)| RetryPolicy {
            max_retries,
            timeout_retries,
            loss_retries,
            poison_retries,
            max_attempts,
            ..RetryPolicy::default()
        },
    )
}

proptest! {
    #[test]
    fn a_task_always_settles_within_its_attempts(
        policy in policies(),
        endings in prop::collection::vec(endings(), 9),
    ) {
        let (attempts, _) = settle(&endings, &policy).expect("nine endings are enough for at most eight attempts");
        prop_assert!((1..=policy.max_attempts.max(1) as usize).contains(&attempts));
        let made = &endings[..attempts];
        let count = |is: fn(&Ending) -> bool| made.iter().filter(|ending| is(ending)).count();
        prop_assert!(count(|ending| matches!(ending, Ending::Faulted(_))) <= policy.max_retries as usize + 1);
        prop_assert!(count(|ending| *ending == Ending::TimedOut) <= policy.timeout_retries as usize + 1);
        prop_assert!(count(|ending| *ending == LOST) <= policy.loss_retries as usize + 1);
        prop_assert!(count(|ending| *ending == POISON) <= policy.poison_retries as usize + 1);
    }

    #[test]
    fn the_reason_follows_from_the_last_attempt(
        policy in policies(),
        endings in prop::collection::vec(endings(), 9),
    ) {
        let (attempts, settled) = settle(&endings, &policy).expect("nine endings are enough");
        let (last, earlier) = endings[..attempts].split_last().expect("there is at least one attempt");
        let fault_before = earlier.iter().rfind(|ending| matches!(ending, Ending::Faulted(_)));
        match settled {
            Settled::Conclusive => prop_assert_eq!(last, &Ending::Final),
            Settled::DataUnavailable => prop_assert_eq!(last, &Ending::Unavailable),
            Settled::Cancelled => prop_assert_eq!(last, &Ending::Cancelled),
            Settled::Reproduced => prop_assert_eq!(Some(last), fault_before),
            Settled::Exhausted => prop_assert!(Some(last) != fault_before && *last != Ending::Final),
            Settled::Quarantined => prop_assert!([LOST, POISON].contains(last)),
            Settled::OverBudget => prop_assert!(false, "an attempt that was made was paid for"),
        }
    }
}
