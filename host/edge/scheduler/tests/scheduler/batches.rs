//! The pool with batches of more than one task. No batch here grows or shrinks because of the machine's speed.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use stratbox_scheduler::{
    Attempt, BACKLOG_PER_WORKER, Batches, Ending, Finished, History, Next, Ran, Retry, Settled, Try, run,
};

use crate::support::{completed, each, fault, run_in, up_to, workers};

/// The batches in which one worker attempts a hundred tasks: the number of each task and of its attempt.
fn course(batches: &Batches, ending: impl Fn(u64, u32) -> Ending + Sync) -> Vec<Vec<(u64, u32)>> {
    let course = Mutex::new(Vec::new());
    let attempt = |batch: &[Try<'_, u64>]| {
        course
            .lock()
            .expect("no attempt panics")
            .push(batch.iter().map(|&Try { task, number }| (*task, number)).collect());
        let answer = |&Try { task, number }: &Try<'_, u64>| {
            Ok::<_, Infallible>(Attempt { ending: ending(*task, number), output: () })
        };
        batch.iter().map(answer).collect()
    };
    let (ran, _) = run_in(batches, 1, 0..100, attempt);
    assert_eq!(ran.expect("nothing fails").finished, 100);
    course.into_inner().expect("no attempt panics")
}

fn sizes(batches: &Batches) -> Vec<usize> {
    course(batches, |_, _| Ending::Final).iter().map(Vec::len).collect()
}

#[test]
fn batches_that_are_fast_enough_grow_to_the_most_and_shrink_when_the_tasks_run_out() {
    assert_eq!(sizes(&up_to(8, 100)), [1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 7, 3, 2, 1]);
}

#[test]
fn batches_that_are_too_slow_stay_at_one_task() {
    assert_eq!(sizes(&Batches { target: Duration::ZERO, ..up_to(8, 100) }), [1; 100]);
}

#[test]
fn batches_of_one_task_at_most_are_single_tasks() {
    assert_eq!(sizes(&up_to(1, 100)), [1; 100]);
}

#[test]
fn more_tasks_than_were_announced_are_attempted_one_by_one() {
    assert_eq!(sizes(&up_to(8, 7)), [vec![1, 2, 2], vec![1; 95]].concat());
}

#[test]
fn few_tasks_are_spread_over_all_workers_however_large_batches_may_be() {
    let everybody = Barrier::new(4);
    let attempt = |_: &u64, _| {
        // Nobody gets past this point unless four attempts are under way.
        everybody.wait();
        completed::<_, Infallible>(())
    };
    let (ran, _) = run_in(&up_to(100, 4), 4, 0..4, each(attempt));
    assert_eq!(ran.unwrap().finished, 4);
}

#[test]
fn retries_let_one_batch_of_other_tasks_go_first_and_then_precede_new_ones() {
    let first_fails = |task, number| if task <= 2 && number == 1 { fault(0) } else { Ending::Final };
    let course = course(&up_to(4, 100), first_fails);
    assert_eq!(
        course[..5],
        [
            vec![(0, 1)],
            vec![(1, 1), (2, 1)],
            vec![(0, 2), (3, 1), (4, 1), (5, 1)],
            vec![(1, 2), (2, 2), (6, 1), (7, 1)],
            vec![(8, 1), (9, 1), (10, 1), (11, 1)],
        ]
    );
}

/// Kills the process that runs `killer` as often as `deaths` says; whatever follows it in its batch is not attempted.
fn killed(
    killer: u64,
    deaths: u32,
) -> impl Fn(&[Try<'_, u64>]) -> Vec<Result<Attempt<u32>, Infallible>> + Sync {
    move |batch| {
        let mut alive = true;
        let reached = batch.iter().take_while(|attempt| {
            let reached = alive;
            alive &= *attempt.task != killer || attempt.number > deaths;
            reached
        });
        reached
            .map(|&Try { task, number }| {
                let lost = *task == killer && number <= deaths;
                Ok(Attempt { ending: if lost { Ending::Lost } else { Ending::Final }, output: number })
            })
            .collect()
    }
}

#[test]
fn a_task_whose_worker_is_lost_once_has_the_result_of_its_second_attempt() {
    for (number, most) in [(1, 1), (1, 8), (3, 8)] {
        let (ran, results) = run_in(&up_to(most, 100), number, 0..100, killed(8, 1));
        assert_eq!(ran.unwrap(), Ran { finished: 100, unfinished: vec![] });
        let results: BTreeMap<_, _> = results.into_iter().collect();
        assert_eq!(results[&8], Finished { output: 2, attempts: 2, settled: Settled::Conclusive });
    }
}

#[test]
fn a_task_that_loses_two_workers_is_quarantined() {
    for (number, most) in [(1, 1), (1, 8), (3, 8)] {
        let (ran, results) = run_in(&up_to(most, 100), number, 0..100, killed(8, 9));
        assert_eq!(ran.unwrap(), Ran { finished: 100, unfinished: vec![] });
        let results: BTreeMap<_, _> = results.into_iter().collect();
        assert_eq!(results[&8], Finished { output: 2, attempts: 2, settled: Settled::Quarantined });
    }
}

#[test]
fn what_a_batch_did_not_get_to_is_attempted_as_if_it_had_never_been_taken() {
    let (ran, mut results) = run_in(&up_to(8, 100), 1, 0..100, killed(8, 9));
    assert_eq!(ran.unwrap().finished, 100);
    results.retain(|(task, _)| *task != 8);
    assert_eq!(results.len(), 99);
    let once = Finished { output: 1, attempts: 1, settled: Settled::Conclusive };
    assert!(results.iter().all(|(_, finished)| *finished == once), "{results:?}");
}

/// The tasks reported and unfinished, and those still in the iterator, when a single worker of batches of 1, 2 and 4
/// cancels at task 4, which is the second in its batch.
fn cancelled_at_4(watches: bool) -> (Vec<u64>, Vec<u64>, u64) {
    let cancel = AtomicBool::new(false);
    let attempt = |batch: &[Try<'_, u64>]| {
        let attempted = batch.iter().take_while(|_| !(watches && cancel.load(Ordering::Relaxed)));
        attempted
            .map(|attempt| {
                cancel.fetch_or(*attempt.task == 4, Ordering::Relaxed);
                completed::<_, Infallible>(())
            })
            .collect()
    };
    let (mut tasks, mut reported) = (0..100, Vec::new());
    let done = |task, _| reported.push(task);
    let ran = run(workers(1), &up_to(4, 100), tasks.by_ref(), attempt, done, &cancel, &Retry::default());
    let ran = ran.expect("nothing fails");
    (reported, ran.unfinished, tasks.start)
}

#[test]
fn tasks_that_a_cancelled_batch_did_not_get_to_are_handed_back_and_not_reported() {
    assert_eq!(cancelled_at_4(true), (vec![0, 1, 2, 3, 4], vec![5, 6], 7));
}

#[test]
fn a_batch_that_does_not_watch_for_the_cancel_is_reported_whole() {
    assert_eq!(cancelled_at_4(false), (vec![0, 1, 2, 3, 4, 5, 6], vec![], 7));
}

#[test]
fn a_batch_whose_tasks_were_still_being_taken_at_the_cancel_is_not_attempted() {
    let cancel = AtomicBool::new(false);
    let (mut left, mut reported) = (0..100_u64, Vec::new());
    let tasks = left.by_ref().inspect(|&task| {
        cancel.fetch_or(task == 4, Ordering::Relaxed);
    });
    let attempt = each(|_, _| completed::<_, Infallible>(()));
    let done = |task, _| reported.push(task);
    let ran = run(workers(1), &up_to(4, 100), tasks, attempt, done, &cancel, &Retry::default()).unwrap();
    assert_eq!((reported, ran.unfinished, left), (vec![0, 1, 2], vec![3, 4], 5..100));
}

#[test]
fn a_batch_that_was_cancelled_before_its_first_task_is_handed_back_whole() {
    let cancel = AtomicBool::new(false);
    let attempt = |_: &[Try<'_, u64>]| {
        cancel.store(true, Ordering::Relaxed);
        Vec::<Result<Attempt<()>, Infallible>>::new()
    };
    let ran = run(workers(1), &up_to(4, 100), 0..100, attempt, |_, _| (), &cancel, &Retry::default());
    assert_eq!(ran.unwrap(), Ran { finished: 0, unfinished: vec![0] });
}

#[test]
fn an_error_in_a_batch_names_its_task_and_what_the_answer_says_after_it_is_ignored() {
    let attempt = |&task: &u64, _| if task == 4 { Err("the disk is full") } else { completed(()) };
    let (ran, results) = run_in(&up_to(4, 100), 1, 0..100, each(attempt));
    assert_eq!(ran.unwrap_err().to_string(), "task `4`: the disk is full");
    assert_eq!(results.into_iter().map(|(task, _)| task).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn a_panic_in_a_batch_names_the_first_task_of_it_and_how_many_there_were() {
    let (ran, results) = run_in(&up_to(4, 100), 1, 0..100, |batch: &[Try<'_, u64>]| {
        assert!(batch.len() < 4, "four are too many");
        batch.iter().map(|_| completed::<_, Infallible>(())).collect()
    });
    assert_eq!(
        ran.unwrap_err().to_string(),
        "one of 4 tasks, of which the first is `3`, made a worker panic, which is a bug in stratbox: four are too many"
    );
    assert_eq!(results.len(), 3);
}

#[test]
fn an_answer_with_more_elements_than_tasks_stops_the_pool() {
    let attempt = |_: &[Try<'_, u64>]| vec![completed::<_, Infallible>(()), completed(())];
    let (ran, results) = run_in(&up_to(4, 100), 1, 0..100, attempt);
    assert_eq!(
        ran.unwrap_err().to_string(),
        "task `0` made a worker panic, which is a bug in stratbox: 2 answers to 1 tasks"
    );
    assert_eq!(results, []);
}

#[test]
fn an_empty_answer_stops_the_pool_unless_it_was_cancelled() {
    let attempt = |_: &[Try<'_, u64>]| Vec::<Result<Attempt<()>, Infallible>>::new();
    let (ran, _) = run_in(&up_to(4, 100), 1, 0..100, attempt);
    assert_eq!(
        ran.unwrap_err().to_string(),
        "task `0` made a worker panic, which is a bug in stratbox: none of the tasks was attempted, and nobody cancelled"
    );
}

#[test]
fn tasks_are_taken_only_a_bounded_number_ahead_of_the_reports() {
    let (number, total) = (4, 5_000);
    // Batches that are cut short make workers aim lower, so that more may wait than a worker takes at once.
    for (most, cut) in [(1, false), (16, false), (16, true), (100, false), (100, true)] {
        let taken = AtomicUsize::new(0);
        let tasks = (0..total).inspect(|_| {
            taken.fetch_add(1, Ordering::SeqCst);
        });
        let mut reported = 0;
        let done = |_, _| {
            let ahead = taken.load(Ordering::SeqCst) - reported;
            let bound = number * (BACKLOG_PER_WORKER + most) + most + 1;
            assert!(ahead <= bound, "{ahead} tasks ahead, with batches of {most}");
            reported += 1;
        };
        let attempt = |batch: &[Try<'_, usize>]| {
            let reached = if cut { batch.len().div_ceil(3) } else { batch.len() };
            let answer = |attempt: &Try<'_, usize>| {
                let ending = if attempt.number == 1 { fault(0) } else { Ending::Final };
                Ok::<_, Infallible>(Attempt { ending, output: () })
            };
            batch[..reached].iter().map(answer).collect()
        };
        let batches = up_to(most, total as u64);
        run(workers(number), &batches, tasks, attempt, done, &AtomicBool::new(false), &Retry::default())
            .unwrap();
        assert_eq!(reported, total);
    }
}

/// How the attempts at a task end, before one that completes.
fn script() -> impl Strategy<Value = Vec<Ending>> {
    let failure =
        prop_oneof![3 => (0..3_u64).prop_map(fault), 1 => Just(Ending::TimedOut), 1 => Just(Ending::Lost)];
    prop::collection::vec(failure, 0..5)
}

fn ending(script: &[Ending], number: u32) -> Ending {
    script.get(number as usize - 1).cloned().unwrap_or(Ending::Final)
}

/// What the rule of retries makes of a script, without any pool.
fn by_the_rule(script: &[Ending]) -> Finished<u32> {
    let mut history = History::default();
    loop {
        let ending = ending(script, history.attempts() + 1);
        if let Next::Settled(settled) = history.record(ending, &Retry::default()) {
            return Finished { output: history.attempts(), attempts: history.attempts(), settled };
        }
    }
}

/// Batches of any size, for any announced number of tasks.
fn batches() -> impl Strategy<Value = Batches> {
    let target = prop_oneof![3 => Just(Duration::MAX), 1 => Just(Duration::ZERO)];
    let total = prop_oneof![Just(300), Just(0), Just(u64::MAX)];
    let most = (1..50_usize).prop_filter_map("positive", NonZeroUsize::new);
    (most, target, total).prop_map(|(most, target, total)| Batches { most, target, total })
}

proptest! {
    #[test]
    fn every_task_is_reported_once_as_the_rule_says_whatever_the_batches_and_workers(
        number in 1..9_usize,
        batches in batches(),
        reach in 1..50_usize,
        scripts in prop::collection::vec(script(), 0..300),
    ) {
        // No batch gets further than to its task number `reach`.
        let attempt = |batch: &[Try<'_, usize>]| {
            assert!((1..=batches.most.get()).contains(&batch.len()), "a batch of {}", batch.len());
            let answer = |&Try { task, number }: &Try<'_, usize>| {
                let ending = ending(&scripts[*task], number);
                Ok::<_, Infallible>(Attempt { ending, output: number })
            };
            batch.iter().take(reach).map(answer).collect()
        };
        let (ran, mut results) = run_in(&batches, number, 0..scripts.len(), attempt);
        prop_assert_eq!(ran.unwrap(), Ran { finished: scripts.len() as u64, unfinished: vec![] });
        results.sort_unstable_by_key(|&(task, _)| task);
        let expected: Vec<_> = scripts.iter().map(|script| by_the_rule(script)).enumerate().collect();
        prop_assert_eq!(results, expected);
    }

    #[test]
    fn after_a_cancel_every_task_is_reported_unfinished_or_still_in_the_iterator(
        number in 1..5_usize,
        batches in batches(),
        cancel_after in 0..100_usize,
    ) {
        let (cancel, begun, late) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let (mut left, taken_late) = (0..300_usize, AtomicUsize::new(0));
        let count_if_late = |count: &AtomicUsize| {
            count.fetch_add(usize::from(cancel.load(Ordering::Relaxed)), Ordering::Relaxed);
        };
        let tasks = left.by_ref().inspect(|_| count_if_late(&taken_late));
        // Every third task needs a retry, so that some of them are caught waiting for it.
        let attempt = |batch: &[Try<'_, usize>]| {
            let reached = batch.iter().take_while(|_| !cancel.load(Ordering::Relaxed));
            let answer = |&Try { task, number }: &Try<'_, usize>| {
                count_if_late(&late);
                if begun.fetch_add(1, Ordering::Relaxed) == cancel_after {
                    cancel.store(true, Ordering::Relaxed);
                }
                let ending = if task % 3 == 0 && number == 1 { fault(0) } else { Ending::Final };
                Ok::<_, Infallible>(Attempt { ending, output: () })
            };
            reached.map(answer).collect()
        };
        let mut seen = Vec::new();
        let done = |task, _| seen.push(task);
        let ran = run(workers(number), &batches, tasks, attempt, done, &cancel, &Retry::default()).unwrap();
        prop_assert_eq!(ran.finished, seen.len() as u64);
        seen.extend(ran.unfinished);
        seen.extend(left);
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..300).collect::<Vec<_>>());
        // Another worker may look at the flag, and take or begin a task, just before it goes up; but no second one.
        prop_assert!(late.into_inner() < number);
        prop_assert!(taken_late.into_inner() < number.min(2));
    }

    #[test]
    fn after_an_error_all_that_was_attempted_before_it_is_reported_once(
        number in 1..5_usize,
        batches in batches(),
        failing in 0..300_usize,
    ) {
        let expected = Mutex::new(BTreeSet::new());
        let attempt = |batch: &[Try<'_, usize>]| {
            let before = batch.iter().map(|attempt| *attempt.task).take_while(|&task| task != failing);
            expected.lock().unwrap().extend(before);
            let answer = |attempt: &Try<'_, usize>| if *attempt.task == failing { Err("full") } else { completed(()) };
            batch.iter().map(answer).collect()
        };
        let (ran, results) = run_in(&batches, number, 0..300, attempt);
        prop_assert_eq!(ran.unwrap_err().to_string(), format!("task `{failing}`: full"));
        let mut reported: Vec<_> = results.into_iter().map(|(task, _)| task).collect();
        reported.sort_unstable();
        prop_assert_eq!(reported, expected.into_inner().unwrap().into_iter().collect::<Vec<_>>());
    }
}
