//! The pool of workers.

use std::convert::Infallible;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use stratbox_scheduler::{Attempt, Batches, Ending, Finished, PoolError, Ran, Retry, Settled, run};

use crate::support::{Results, completed, each, fault, run_in, up_to, workers};

/// One task at a time, as in all tests here.
const SINGLY: Batches = up_to(1, 0);

/// Runs without cancelling and under the default rules; collects what `done` was given.
fn run_all<T: Display + Send, O: Send, E: Send>(
    number: usize,
    tasks: impl Iterator<Item = T> + Send,
    attempt: impl Fn(&T, u32) -> Result<Attempt<O>, E> + Sync,
) -> (Result<Ran<T>, PoolError<E>>, Results<T, O>) {
    run_in(&SINGLY, number, tasks, each(attempt))
}

#[test]
fn no_tasks_are_no_results() {
    let (ran, results) = run_all(3, std::iter::empty::<u32>(), |_, _| completed::<_, Infallible>(()));
    assert_eq!(ran.unwrap(), Ran { finished: 0, unfinished: vec![] });
    assert_eq!(results, []);
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
    let ran = run(workers(2), &SINGLY, 0_u64.., each(attempt), done, &cancel, &Retry::default()).unwrap();
    assert!(ran.finished >= 10);
    assert_eq!(ran.finished, reported);
}

#[test]
fn a_pool_that_is_cancelled_beforehand_takes_no_task() {
    let mut tasks = 0..5;
    let attempt = |_: &i32, _| completed::<_, Infallible>(());
    let cancel = AtomicBool::new(true);
    let ran = run(workers(2), &SINGLY, tasks.by_ref(), each(attempt), |_, _| (), &cancel, &Retry::default())
        .unwrap();
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
    let ran = run(workers(1), &SINGLY, 0..5, each(attempt), done, &cancel, &Retry::default()).unwrap();
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
        run(workers(3), &SINGLY, 0_u64.., each(attempt), done, &AtomicBool::new(false), &Retry::default())
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
