//! The rule of retries.

use proptest::prelude::*;
use stratbox_domain::{Fault, FaultLabel, Interruption, RunOutcome};
use stratbox_scheduler::{Ending, FaultSignature, History, Next, Retry, Settled};

const RULES: Retry = Retry { max_retries: 3, timeout_retries: 1 };

fn fault(fuel: u64) -> Ending {
    Ending::Faulted(FaultSignature { label: FaultLabel::Trap, bar: Some(7), fuel })
}

/// Endings of attempts, and what is expected of [`settle`].
type Row<'a> = (&'a [Ending], Option<(u32, Settled)>);

/// Attempts made when they end as listed, and why they end; `None` if the list ends before the rule is satisfied.
fn settle(endings: &[Ending], rules: &Retry) -> Option<(u32, Settled)> {
    let mut history = History::default();
    endings.iter().find_map(|&ending| match history.record(ending, rules) {
        Next::Retry => None,
        Next::Settled(settled) => Some((history.attempts(), settled)),
    })
}

#[test]
fn the_defaults_are_three_retries_of_which_one_for_a_timeout() {
    assert_eq!(Retry::default(), RULES);
}

#[test]
fn every_course_of_attempts_ends_as_the_table_says() {
    use Ending::{Cancelled, Final, TimedOut};
    use Settled::{Conclusive, Exhausted, Reproduced};
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
    ];
    for (endings, expected) in table {
        assert_eq!(settle(endings, &RULES), *expected, "{endings:?}");
    }
}

#[test]
fn faults_are_identical_only_if_label_bar_and_fuel_are() {
    let first = FaultSignature { label: FaultLabel::Trap, bar: Some(7), fuel: 100 };
    let others = [
        FaultSignature { label: FaultLabel::Panic, ..first },
        FaultSignature { bar: None, ..first },
        FaultSignature { fuel: 101, ..first },
    ];
    for other in others {
        assert_eq!(settle(&[Ending::Faulted(first), Ending::Faulted(other)], &RULES), None, "{other:?}");
    }
    assert_eq!(
        settle(&[Ending::Faulted(first), Ending::Faulted(first)], &RULES),
        Some((2, Settled::Reproduced))
    );
}

#[test]
fn without_retries_the_first_attempt_stands() {
    let never = Retry { max_retries: 0, timeout_retries: 5 };
    assert_eq!(settle(&[fault(1)], &never), Some((1, Settled::Exhausted)));
    assert_eq!(settle(&[Ending::TimedOut], &never), Some((1, Settled::Exhausted)));
}

#[test]
fn a_timeout_can_be_final_while_a_fault_is_not() {
    let faults_only = Retry { max_retries: 3, timeout_retries: 0 };
    assert_eq!(settle(&[Ending::TimedOut], &faults_only), Some((1, Settled::Exhausted)));
    assert_eq!(settle(&[fault(1)], &faults_only), None);
}

#[test]
fn a_run_that_refuses_its_parameters_is_final_and_one_that_traps_is_not() {
    let faulted = |label| RunOutcome::<()>::Faulted(Fault { label, bar: Some(7), message: String::new() });
    assert_eq!(Ending::of(&faulted(FaultLabel::InitRefused), 5), Ending::Final);
    assert_eq!(Ending::of(&faulted(FaultLabel::Trap), 5), fault(5));
}

#[test]
fn a_run_that_completed_timed_out_or_was_cancelled_is_told_apart() {
    let interrupted = RunOutcome::<()>::Interrupted;
    assert_eq!(Ending::of(&RunOutcome::Completed(()), 5), Ending::Final);
    assert_eq!(Ending::of(&interrupted(Interruption::Timeout { bar: None }), 5), Ending::TimedOut);
    assert_eq!(Ending::of(&interrupted(Interruption::Cancelled { bar: None }), 5), Ending::Cancelled);
}

fn failures() -> impl Strategy<Value = Ending> {
    prop_oneof![3 => (0..3_u64).prop_map(fault), 1 => Just(Ending::TimedOut)]
}

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![6 => failures(), 1 => Just(Ending::Final), 1 => Just(Ending::Cancelled)]
}

fn rules() -> impl Strategy<Value = Retry> {
    (0..5_u32, 0..5_u32).prop_map(|(max_retries, timeout_retries)| Retry { max_retries, timeout_retries })
}

proptest! {
    #[test]
    fn a_task_always_settles_within_its_retries(
        rules in rules(),
        endings in prop::collection::vec(endings(), 5),
    ) {
        let (attempts, _) = settle(&endings, &rules).expect("five endings are enough for at most four retries");
        prop_assert!((1..=rules.max_retries + 1).contains(&attempts));
        let timeouts = endings[..attempts as usize].iter().filter(|&&ending| ending == Ending::TimedOut).count();
        prop_assert!(timeouts <= rules.timeout_retries as usize + 1);
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
            Settled::Conclusive => prop_assert_eq!(*last, Ending::Final),
            Settled::Cancelled => prop_assert_eq!(*last, Ending::Cancelled),
            Settled::Reproduced => prop_assert_eq!(Some(last), fault_before),
            Settled::Exhausted => prop_assert!(Some(last) != fault_before && *last != Ending::Final),
        }
    }

    #[test]
    fn faults_that_never_repeat_use_up_every_retry(max_retries in 0..50_u32) {
        let endings: Vec<_> = (0..=u64::from(max_retries)).map(fault).collect();
        let rules = Retry { max_retries, timeout_retries: 0 };
        prop_assert_eq!(settle(&endings, &rules), Some((max_retries + 1, Settled::Exhausted)));
    }
}
