//! Workers that give no sign of life.
//!
//! On a slow machine others may be taken for silent too: nothing here depends on it.

use std::collections::HashSet;
use std::sync::Mutex;

use stratbox_orchestrator::{Assigned, Backoff, Cause, RetryPolicy, Settings, Settled, WorkerId};

use crate::support::{Entry, LONG, Ledger, Shop, done, settings, task};

/// A worker may be silent for a moment, and a task lost as often as it likes.
fn hasty(workers: usize) -> Settings {
    let retry = RetryPolicy {
        loss_retries: u32::MAX,
        max_attempts: u32::MAX,
        backoff: Backoff { base: 0, cap: 0 },
        ..RetryPolicy::default()
    };
    Settings { silence: 50, retry, ..settings(workers) }
}

fn is(tasks: &[Assigned], index: u64, attempt: u32) -> bool {
    (tasks[0].task.index, tasks[0].attempt) == (index, attempt)
}

/// Every task was settled once, by an attempt that nobody was silent in.
fn assert_settled(ledger: &Ledger<'_>) {
    assert_eq!(ledger.tasks(), ledger.all());
    for (tried, settled) in &ledger.settled {
        let made = tried.output.expect("somebody answered");
        assert_eq!((made.what.task, made.what.attempt), (tried.task, tried.attempt));
        assert_eq!((Some(made.by), *settled), (tried.worker, Settled::Conclusive));
    }
}

#[test]
fn a_silent_worker_is_killed_and_started_anew_and_its_task_is_tried_again() {
    let mut ledger = Ledger::new(&[3]);
    let shop = Shop::new();
    shop.run(hasty(1), LONG, &mut ledger, |worker, tasks| {
        if is(tasks, 0, 1) {
            shop.window.until_killed(worker);
        }
        done(worker, tasks)
    })
    .expect("it runs");
    assert_settled(&ledger);
    let (tried, cause, delay) = &ledger.retried[0];
    assert_eq!((tried.task, tried.attempt, tried.worker), (task(1, 0), 1, Some(WorkerId(0))));
    assert!(tried.output.is_none(), "what it said came too late");
    assert_eq!((*cause, *delay), (Cause::Silent, 0));
    assert_eq!(ledger.workers[..3], [false, true, false].map(|lost| (WorkerId(0), lost)));
}

#[test]
fn its_task_is_done_by_another_and_what_it_says_later_changes_nothing() {
    let (shop, silent) = (Shop::new(), Mutex::new(None));
    let mut ledger = Ledger::new(&[3]);
    ledger.asks_first(|entry| {
        match entry {
            Entry::Settle(settled) if settled == task(1, 0) => shop.window.sign("settled"),
            Entry::Answered(worker) if Some(worker) == *silent.lock().expect("nobody panics with it") => {
                shop.window.sign("late");
            }
            _ => {}
        }
        Ok(())
    });
    let statistics = shop.run(hasty(2), LONG, &mut ledger, |worker, tasks| {
        if is(tasks, 0, 1) {
            *silent.lock().expect("nobody panics with it") = Some(worker);
            // Its answer comes after that of another.
            shop.window.until(|seen| seen.kills_of(worker) > 0 && seen.signs.contains(&"settled"));
        } else if tasks[0].task.index == 2 {
            // The end comes after the late answer.
            let before = shop.window.note(|seen| seen.kills_of(worker));
            shop.window.until(|seen| seen.signs.contains(&"late") || seen.kills_of(worker) > before);
        }
        done(worker, tasks)
    });
    assert!(statistics.expect("it runs").discarded > 0);
    assert_settled(&ledger);
    let (tried, _) =
        ledger.settled.iter().find(|(tried, _)| tried.task == task(1, 0)).expect("it was settled");
    assert!(tried.attempt > 1);
    assert_ne!(tried.worker, *silent.lock().expect("nobody panics with it"));
}

#[test]
fn a_task_that_nobody_ever_answers_for_is_settled_without_an_output_by_who_had_it() {
    let mut ledger = Ledger::new(&[1]);
    let shop = Shop::new();
    let retry = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    shop.run(Settings { retry, ..hasty(1) }, LONG, &mut ledger, |worker, tasks| {
        shop.window.until_killed(worker);
        done(worker, tasks)
    })
    .expect("it runs");
    let (tried, settled) = &ledger.settled[0];
    assert_eq!((tried.task, tried.attempt, tried.worker), (task(1, 0), 1, Some(WorkerId(0))));
    assert_eq!((tried.output, *settled), (None, Settled::Exhausted));
    assert!(ledger.retried.is_empty());
}

#[test]
fn a_worker_that_was_silent_goes_on_on_its_thread() {
    let mut ledger = Ledger::new(&[5]);
    let shop = Shop::new();
    let threads = Mutex::new(HashSet::new());
    shop.run(hasty(1), LONG, &mut ledger, |worker, tasks| {
        let here = std::thread::current().id();
        threads.lock().expect("nobody panics with it").insert(here);
        if is(tasks, 2, 1) {
            shop.window.until_killed(worker);
        }
        done(worker, tasks)
    })
    .expect("it runs");
    assert_settled(&ledger);
    assert_eq!(threads.into_inner().expect("nobody panicked with it").len(), 1);
}

#[test]
fn a_worker_whose_answer_comes_is_not_killed_whatever_the_time() {
    let mut ledger = Ledger::new(&[50]);
    let shop = Shop::new();
    shop.run(settings(2), LONG, &mut ledger, done).expect("it runs");
    assert_eq!(shop.kills(), [], "a positive control");
}
