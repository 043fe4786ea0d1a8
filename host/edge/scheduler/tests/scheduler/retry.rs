//! The rule of retries.

use proptest::prelude::*;
use stratbox_domain::{Fault, FaultLabel, Interruption, RunOutcome, WorkerLoss};
use stratbox_scheduler::{Ending, FaultSignature, History, Next, Retry, Settled};

use crate::support::fault;

const RULES: Retry = Retry { max_retries: 3, timeout_retries: 1, lost_retries: 1 };

/// Endings of attempts, and what is expected of [`settle`].
type Row<'a> = (&'a [Ending], Option<(u32, Settled)>);

/// Attempts made when they end as listed, and why they end; `None` if the list ends before the rule is satisfied.
fn settle(endings: &[Ending], rules: &Retry) -> Option<(u32, Settled)> {
    let mut history = History::default();
    endings.iter().find_map(|ending| match history.record(ending.clone(), rules) {
        Next::Retry => None,
        Next::Settled(settled) => Some((history.attempts(), settled)),
    })
}

#[test]
fn the_defaults_are_three_retries_of_which_one_for_a_timeout_and_one_for_a_lost_worker() {
    assert_eq!(Retry::default(), RULES);
}

#[test]
fn every_course_of_attempts_ends_as_the_table_says() {
    use Ending::{Cancelled, Final, Lost, TimedOut};
    use Settled::{Conclusive, Exhausted, Quarantined, Reproduced};
    let table: &[Row] = &[
        (&[Final], Some((1, Conclusive))),
        (&[Cancelled], Some((1, Settled::Cancelled))),
        (&[fault(1)], None),
        (&[fault(1), fault(1)], Some((2, Reproduced))),
        (&[fault(1), Final], Some((2, Conclusive))),
        (&[fault(1), Cancelled], Some((2, Settled::Cancelled))),
        (&[fault(1), fault(2)], None),
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
        (&[fault(1), fault(2), fault(3), TimedOut], Some((4, Exhausted))),
        (&[Lost], None),
        (&[Lost, Final], Some((2, Conclusive))),
        (&[Lost, Cancelled], Some((2, Settled::Cancelled))),
        (&[Lost, Lost], Some((2, Quarantined))),
        (&[Lost, fault(1)], None),
        (&[Lost, fault(1), fault(1)], Some((3, Reproduced))),
        (&[Lost, fault(1), Lost], Some((3, Quarantined))),
        (&[fault(1), Lost, fault(1)], Some((3, Reproduced))),
        (&[fault(1), Lost, fault(2)], None),
        (&[fault(1), fault(2), Lost, Lost], Some((4, Quarantined))),
        (&[fault(1), fault(2), fault(3), Lost], Some((4, Exhausted))),
        (&[Lost, TimedOut], None),
        (&[Lost, TimedOut, Lost], Some((3, Quarantined))),
        (&[TimedOut, Lost, TimedOut], Some((3, Exhausted))),
        (&[TimedOut, Lost, fault(1), fault(1)], Some((4, Reproduced))),
        (&[TimedOut, Lost, fault(1), fault(2)], Some((4, Exhausted))),
    ];
    for (endings, expected) in table {
        assert_eq!(settle(endings, &RULES), *expected, "{endings:?}");
    }
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
    let settle_pair = |second| settle(&[Ending::Faulted(first.clone()), Ending::Faulted(second)], &RULES);
    for other in others {
        assert_eq!(settle_pair(other.clone()), None, "{other:?}");
    }
    assert_eq!(settle_pair(first.clone()), Some((2, Settled::Reproduced)));
}

#[test]
fn without_retries_the_first_attempt_stands() {
    let never = Retry { max_retries: 0, timeout_retries: 5, lost_retries: 5 };
    for ending in [fault(1), Ending::TimedOut, Ending::Lost] {
        assert_eq!(
            settle(std::slice::from_ref(&ending), &never),
            Some((1, Settled::Exhausted)),
            "{ending:?}"
        );
    }
}

#[test]
fn a_timeout_can_be_final_while_a_fault_is_not() {
    let no_timeouts = Retry { timeout_retries: 0, ..RULES };
    assert_eq!(settle(&[Ending::TimedOut], &no_timeouts), Some((1, Settled::Exhausted)));
    assert_eq!(settle(&[fault(1)], &no_timeouts), None);
}

#[test]
fn a_lost_worker_can_mean_quarantine_at_once_while_a_timeout_does_not() {
    let no_losses = Retry { lost_retries: 0, ..RULES };
    assert_eq!(settle(&[Ending::Lost], &no_losses), Some((1, Settled::Quarantined)));
    assert_eq!(settle(&[Ending::TimedOut], &no_losses), None);
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
    for cause in [WorkerLoss::Crashed, WorkerLoss::OutOfMemory, WorkerLoss::Protocol] {
        assert_eq!(Ending::of(&interrupted(Interruption::WorkerLost { cause }), 5), Ending::Lost);
    }
}

fn failures() -> impl Strategy<Value = Ending> {
    prop_oneof![3 => (0..3_u64).prop_map(fault), 1 => Just(Ending::TimedOut), 1 => Just(Ending::Lost)]
}

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![6 => failures(), 1 => Just(Ending::Final), 1 => Just(Ending::Cancelled)]
}

fn rules() -> impl Strategy<Value = Retry> {
    (0..5_u32, 0..5_u32, 0..5_u32).prop_map(|(max_retries, timeout_retries, lost_retries)| Retry {
        max_retries,
        timeout_retries,
        lost_retries,
    })
}

proptest! {
    #[test]
    fn a_task_always_settles_within_its_retries(
        rules in rules(),
        endings in prop::collection::vec(endings(), 5),
    ) {
        let (attempts, _) = settle(&endings, &rules).expect("five endings are enough for at most four retries");
        prop_assert!((1..=rules.max_retries + 1).contains(&attempts));
        let count = |kind| endings[..attempts as usize].iter().filter(|&ending| *ending == kind).count();
        prop_assert!(count(Ending::TimedOut) <= rules.timeout_retries as usize + 1);
        prop_assert!(count(Ending::Lost) <= rules.lost_retries as usize + 1);
    }

    #[test]
    fn the_reason_follows_from_the_last_attempt(
        rules in rules(),
        endings in prop::collection::vec(endings(), 5),
    ) {
        let (attempts, settled) = settle(&endings, &rules).expect("five endings are enough for at most four retries");
        let (last, earlier) = endings[..attempts as usize].split_last().expect("there is at least one attempt");
        let fault_before = earlier.iter().rfind(|ending| matches!(ending, Ending::Faulted(_)));
        match settled {
            Settled::Conclusive => prop_assert_eq!(last, &Ending::Final),
            Settled::Cancelled => prop_assert_eq!(last, &Ending::Cancelled),
            Settled::Reproduced => prop_assert_eq!(Some(last), fault_before),
            Settled::Exhausted => prop_assert!(Some(last) != fault_before && *last != Ending::Final),
            Settled::Quarantined => {
                let losses = endings[..attempts as usize].iter().filter(|&ending| *ending == Ending::Lost).count();
                prop_assert_eq!(last, &Ending::Lost);
                prop_assert_eq!(losses, rules.lost_retries as usize + 1);
            }
        }
    }

    #[test]
    fn faults_that_never_repeat_use_up_every_retry(max_retries in 0..50_u32) {
        let endings: Vec<_> = (0..=u64::from(max_retries)).map(fault).collect();
        let rules = Retry { max_retries, timeout_retries: 0, lost_retries: 0 };
        prop_assert_eq!(settle(&endings, &rules), Some((max_retries + 1, Settled::Exhausted)));
    }
}
