//! The pool of workers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use proptest::prelude::*;
use stratbox_domain::FaultLabel;
use stratbox_scheduler::{
    Attempt, BACKLOG_PER_WORKER, Ending, FaultSignature, Finished, PoolError, Ran, Retry, Settled, run,
};

fn workers(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("tests use at least one worker")
}

fn completed<O, E>(output: O) -> Result<Attempt<O>, E> {
    Ok(Attempt { ending: Ending::Final, output })
}

fn fault(fuel: u64) -> Ending {
    Ending::Faulted(FaultSignature { label: FaultLabel::Trap, bar: None, fuel })
}

type Results<T, O> = Vec<(T, Finished<O>)>;

/// Runs without cancelling and under the default rules; collects what `done` was given.
fn run_all<T: Display + Send, O: Send, E: Send>(
    number: usize,
    tasks: impl Iterator<Item = T> + Send,
    attempt: impl Fn(&T, u32) -> Result<Attempt<O>, E> + Sync,
) -> (Result<Ran<T>, PoolError<E>>, Results<T, O>) {
    let mut results = Vec::new();
    let done = |task, finished| results.push((task, finished));
    let ran = run(workers(number), tasks, attempt, done, &AtomicBool::new(false), &Retry::default());
    (ran, results)
}

#[test]
fn no_tasks_are_no_results() {
    let (ran, results) = run_all(3, std::iter::empty::<u32>(), |_, _| completed::<_, Infallible>(()));
    assert_eq!(ran.unwrap(), Ran { finished: 0, unfinished: vec![] });
    assert_eq!(results, []);
}

/// What a task of the property below does: fails so many times, then completes, unless it is made to fail alike.
#[derive(Debug, Clone, Copy)]
struct Script {
    failures: u32,
    alike: bool,
}

impl Script {
    fn ending(self, attempt: u32) -> Ending {
        match self {
            Self { failures, .. } if attempt > failures => Ending::Final,
            Self { alike: true, .. } => fault(0),
            Self { alike: false, .. } => fault(u64::from(attempt)),
        }
    }

    fn attempts(self) -> u32 {
        let most = if self.alike { 2 } else { 4 };
        (self.failures + 1).min(most)
    }
}

proptest! {
    #[test]
    fn every_task_is_reported_once_with_its_own_result_for_any_number_of_workers(
        number in 1..9_usize,
        scripts in prop::collection::vec(
            (0..6_u32, any::<bool>()).prop_map(|(failures, alike)| Script { failures, alike }),
            0..300,
        ),
    ) {
        let (ran, results) = run_all(number, 0..scripts.len(), |&task, attempt| {
            Ok::<_, Infallible>(Attempt { ending: scripts[task].ending(attempt), output: (task, attempt) })
        });
        prop_assert_eq!(ran.unwrap(), Ran { finished: scripts.len() as u64, unfinished: vec![] });
        prop_assert_eq!(results.len(), scripts.len());
        let by_task: BTreeMap<_, _> = results.into_iter().collect();
        for (task, script) in scripts.iter().enumerate() {
            let finished = by_task.get(&task).expect("every task is reported");
            prop_assert_eq!(finished.attempts, script.attempts(), "{:?}", script);
            prop_assert_eq!(finished.output, (task, finished.attempts));
        }
    }

    #[test]
    fn after_a_cancel_every_task_is_reported_unfinished_or_still_in_the_iterator(
        number in 1..5_usize,
        cancel_after in 0..100_usize,
    ) {
        let total = 300;
        let mut tasks = 0..total;
        let (cancel, begun, late) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        // Every third task needs a retry, so that some of them are caught waiting for it.
        let attempt = |&task: &usize, attempt| {
            late.fetch_add(usize::from(cancel.load(Ordering::Relaxed)), Ordering::Relaxed);
            if begun.fetch_add(1, Ordering::Relaxed) == cancel_after {
                cancel.store(true, Ordering::Relaxed);
            }
            let ending = if task % 3 == 0 && attempt == 1 { fault(0) } else { Ending::Final };
            Ok::<_, Infallible>(Attempt { ending, output: () })
        };
        let mut seen = Vec::new();
        let done = |task, _| seen.push(task);
        let ran = run(workers(number), tasks.by_ref(), attempt, done, &cancel, &Retry::default()).unwrap();
        prop_assert_eq!(ran.finished, seen.len() as u64);
        seen.extend(ran.unfinished);
        seen.extend(tasks);
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..total).collect::<Vec<_>>());
        // The other workers may each have taken a task just before the flag went up, but no second one after it.
        prop_assert!(late.into_inner() < number);
    }
}

#[test]
fn an_endless_iterator_ends_when_the_callback_cancels() {
    let cancel = AtomicBool::new(false);
    let mut reported = 0;
    let done = |_, _| {
        reported += 1;
        cancel.store(reported >= 10, Ordering::Relaxed);
    };
    let attempt = |_: &u64, _| completed::<_, Infallible>(());
    let ran = run(workers(2), 0_u64.., attempt, done, &cancel, &Retry::default()).unwrap();
    assert!(ran.finished >= 10);
    assert_eq!(ran.finished, reported);
}

#[test]
fn a_pool_that_is_cancelled_beforehand_takes_no_task() {
    let mut tasks = 0..5;
    let attempt = |_: &i32, _| completed::<_, Infallible>(());
    let cancel = AtomicBool::new(true);
    let ran = run(workers(2), tasks.by_ref(), attempt, |_, _| (), &cancel, &Retry::default()).unwrap();
    assert_eq!((ran.finished, tasks), (0, 0..5));
}

#[test]
fn a_task_that_waits_for_its_retry_when_the_pool_is_cancelled_is_handed_back_and_not_reported() {
    let cancel = AtomicBool::new(false);
    let attempt = |_: &i32, _| {
        cancel.store(true, Ordering::Relaxed);
        Ok::<_, Infallible>(Attempt { ending: fault(0), output: () })
    };
    let done = |_, _| panic!("an unconfirmed fault was reported");
    let ran = run(workers(1), 0..5, attempt, done, &cancel, &Retry::default()).unwrap();
    assert_eq!(ran, Ran { finished: 0, unfinished: vec![0] });
}

#[test]
fn an_attempt_that_ends_by_cancellation_is_reported_as_such() {
    let (_, results) = run_all(1, 0..1, |_, _| {
        Ok::<_, Infallible>(Attempt { ending: Ending::Cancelled, output: "stopped" })
    });
    assert_eq!(results, [(0, Finished { output: "stopped", attempts: 1, settled: Settled::Cancelled })]);
}

#[test]
fn tasks_are_taken_only_a_bounded_number_ahead_of_the_reports() {
    let (number, total) = (4, 5_000);
    let taken = AtomicUsize::new(0);
    let tasks = (0..total).inspect(|_| {
        taken.fetch_add(1, Ordering::SeqCst);
    });
    let mut reported = 0;
    let done = |_, _| {
        let ahead = taken.load(Ordering::SeqCst) - reported;
        assert!(ahead <= number * (BACKLOG_PER_WORKER + 1) + 2, "{ahead} tasks ahead");
        reported += 1;
    };
    let attempt = |&task: &usize, attempt| {
        let ending = if attempt == 1 && task.is_multiple_of(2) { fault(0) } else { Ending::Final };
        Ok::<_, Infallible>(Attempt { ending, output: () })
    };
    run(workers(number), tasks, attempt, done, &AtomicBool::new(false), &Retry::default()).unwrap();
    assert_eq!(reported, total);
}

#[test]
fn as_many_attempts_run_at_once_as_there_are_workers() {
    let everybody = Barrier::new(4);
    let (ran, _) = run_all(4, 0..4, |_, _| {
        // Nobody gets past this point unless four attempts are under way.
        everybody.wait();
        completed::<_, Infallible>(())
    });
    assert_eq!(ran.unwrap().finished, 4);
}

#[test]
fn a_retry_does_not_wait_for_the_worker_that_asked_for_it() {
    let (retried, seen) = (Barrier::new(2), AtomicUsize::new(0));
    let (ran, _) = run_all(2, 0..2, |&task, attempt| {
        let ending = if (task, attempt) == (0, 1) {
            fault(0)
        } else {
            // The second attempt at the one task and the only attempt at the other meet here.
            retried.wait();
            Ending::Final
        };
        seen.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Attempt { ending, output: () })
    });
    assert_eq!((ran.unwrap().finished, seen.into_inner()), (2, 3));
}

#[test]
fn a_retry_waits_for_one_other_task_and_not_for_all_of_them() {
    let order = Mutex::new(Vec::new());
    let (_, results) = run_all(1, 0..4, |&task, attempt| {
        order.lock().unwrap().push((task, attempt));
        let ending = if task <= 1 && attempt == 1 { fault(0) } else { Ending::Final };
        Ok::<_, Infallible>(Attempt { ending, output: () })
    });
    assert_eq!(results.len(), 4);
    assert_eq!(order.into_inner().unwrap(), [(0, 1), (1, 1), (0, 2), (1, 2), (2, 1), (3, 1)]);
}

#[test]
fn a_task_that_faults_differently_each_time_ends_after_its_retries() {
    let (_, results) = run_all(2, 0..1, |_, attempt| {
        Ok::<_, Infallible>(Attempt { ending: fault(u64::from(attempt)), output: attempt })
    });
    assert_eq!(results, [(0, Finished { output: 4, attempts: 4, settled: Settled::Exhausted })]);
}

#[test]
fn a_task_that_faults_alike_ends_at_its_first_retry() {
    let (_, results) =
        run_all(2, 0..1, |_, attempt| Ok::<_, Infallible>(Attempt { ending: fault(9), output: attempt }));
    assert_eq!(results, [(0, Finished { output: 2, attempts: 2, settled: Settled::Reproduced })]);
}

#[test]
fn an_error_stops_the_pool_and_names_its_task() {
    let attempt = |&task: &u64, _| if task == 20 { Err("the disk is full") } else { completed(()) };
    let (ran, results) = run_all(1, 0_u64.., attempt);
    let error = ran.unwrap_err();
    assert!(matches!(error, PoolError::Attempt { error: "the disk is full", .. }), "{error:?}");
    assert_eq!(error.to_string(), "task `20`: the disk is full");
    assert_eq!(results.into_iter().map(|(task, _)| task).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
}

#[test]
fn an_error_ends_every_worker_of_an_endless_pool() {
    let attempt = |&task: &u64, _| if task == 20 { Err("the disk is full") } else { completed(()) };
    let (ran, results) = run_all(4, 0_u64.., attempt);
    assert_eq!(ran.unwrap_err().to_string(), "task `20`: the disk is full");
    let before = results.iter().filter(|&&(task, _)| task < 20).count();
    assert_eq!(before, 20, "what was under way is reported");
}

#[test]
fn a_panic_stops_the_pool_and_names_its_task_and_its_words() {
    for number in [1, 4] {
        let (ran, _) = run_all(number, 0_u64.., |&task, _| {
            assert!(task != 20, "index {task} is out of bounds");
            completed::<_, Infallible>(())
        });
        assert_eq!(
            ran.unwrap_err().to_string(),
            "task `20` made a worker panic, which is a bug in stratbox: index 20 is out of bounds"
        );
    }
}

#[test]
fn a_panic_of_the_callback_ends_the_workers_and_is_passed_on() {
    let attempt = |_: &u64, _| completed::<_, Infallible>(());
    let done = |_, _| panic!("no more");
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        run(workers(3), 0_u64.., attempt, done, &AtomicBool::new(false), &Retry::default())
    }));
    assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"no more"));
}

#[test]
fn a_panic_of_the_iterator_ends_the_workers_and_is_passed_on() {
    let tasks = (0_u64..).inspect(|&task| assert!(task < 20, "no such task"));
    let outcome =
        catch_unwind(AssertUnwindSafe(|| run_all(3, tasks, |_, _| completed::<_, Infallible>(())).0));
    assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"no such task"));
}
