//! What ends work early, and how soon.

use std::sync::Barrier;
use std::time::Duration;

use stratbox_orchestrator::{Backoff, Batches, Ending, RetryPolicy, Settings, Stopping, WorkerId};

use crate::support::{Entry, LONG, LOST, Ledger, Shop, done, ended, number, settings, task};

#[test]
fn a_drain_lets_what_runs_finish_and_begins_nothing() {
    let mut ledger = Ledger::new(&[9]);
    let (shop, both) = (Shop::new(), Barrier::new(2));
    let statistics = shop.run(settings(2), LONG, &mut ledger, |worker, tasks| {
        if both.wait().is_leader() {
            shop.control.drain();
        }
        // Neither answers before it was said.
        both.wait();
        done(worker, tasks)
    });
    let statistics = statistics.expect("it stops");
    assert_eq!(ledger.tasks(), [task(1, 0), task(1, 1)]);
    assert_eq!(shop.begun(), ledger.tasks());
    assert_eq!(statistics.stopping, Some(Stopping::Drained));
    assert_eq!((shop.kills(), ledger.finished.len()), (vec![], 0));
}

#[test]
fn a_drain_lets_a_whole_batch_finish() {
    let mut ledger = Ledger::new(&[100]);
    let shop = Shop::new();
    let batches = Batches { most: number(4), target: u64::MAX };
    let statistics = shop.run(Settings { batches, ..settings(1) }, LONG, &mut ledger, |worker, tasks| {
        if tasks.len() == 4 {
            shop.control.drain();
        }
        done(worker, tasks)
    });
    assert_eq!(statistics.expect("it stops").settled.total(), 7, "of 1, 2 and 4");
}

#[test]
fn what_still_runs_when_the_time_for_it_is_over_is_ended_and_stays_unsettled() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    let statistics = shop.run(settings(1), Duration::ZERO, &mut ledger, |worker, tasks| {
        shop.control.drain();
        shop.window.until_killed(worker);
        done(worker, tasks)
    });
    let statistics = statistics.expect("it stops");
    assert_eq!((ledger.settled.len(), ledger.retried.len()), (0, 0));
    assert_eq!(shop.begun(), [task(1, 0)]);
    assert_eq!(statistics.stopping, Some(Stopping::Halted));
    assert_eq!(ledger.workers, [(WorkerId(0), false)], "it was not lost: it was told to end");
}

#[test]
fn the_time_for_what_runs_is_over_also_when_nobody_says_anything_more() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    let statistics = shop.run(settings(1), Duration::from_millis(3), &mut ledger, |worker, tasks| {
        shop.control.drain();
        shop.window.until_killed(worker);
        done(worker, tasks)
    });
    assert_eq!(statistics.expect("it stops").stopping, Some(Stopping::Halted));
}

#[test]
fn a_halt_ends_what_runs_at_once_and_it_stays_unsettled() {
    let mut ledger = Ledger::new(&[9]);
    let (shop, both) = (Shop::new(), Barrier::new(2));
    let statistics = shop.run(settings(2), LONG, &mut ledger, |worker, tasks| {
        if both.wait().is_leader() {
            shop.control.halt();
        }
        shop.window.until_killed(worker);
        done(worker, tasks)
    });
    assert_eq!(statistics.expect("it stops").stopping, Some(Stopping::Halted));
    assert_eq!((ledger.settled.len(), ledger.retried.len()), (0, 0));
    assert_eq!(shop.begun(), [task(1, 0), task(1, 1)]);
}

#[test]
fn a_halt_after_a_drain_does_not_wait_for_what_runs() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    let statistics = shop.run(settings(1), LONG, &mut ledger, |worker, tasks| {
        shop.control.drain();
        shop.control.halt();
        shop.window.until_killed(worker);
        done(worker, tasks)
    });
    assert_eq!(statistics.expect("it stops").stopping, Some(Stopping::Halted));
}

#[test]
fn what_was_settled_before_a_halt_stays_settled() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    let statistics = shop.run(settings(1), LONG, &mut ledger, |worker, tasks| {
        if tasks[0].task.index == 4 {
            shop.control.halt();
            shop.window.until_killed(worker);
        }
        done(worker, tasks)
    });
    assert_eq!(statistics.expect("it stops").settled.total(), 4);
    assert_eq!(ledger.tasks(), (0..4).map(|index| task(1, index)).collect::<Vec<_>>());
}

#[test]
fn nothing_is_begun_when_it_was_told_to_stop_before() {
    for halt in [false, true] {
        let mut ledger = Ledger::new(&[9]);
        let shop = Shop::new();
        if halt {
            shop.control.halt();
        } else {
            shop.control.drain();
        }
        let statistics = shop.run(settings(2), LONG, &mut ledger, done).expect("it stops");
        assert!(statistics.stopping.is_some());
        assert_eq!((shop.begun(), ledger.settled.len()), (vec![], 0));
    }
}

#[test]
fn a_drain_while_nothing_runs_ends_at_once_whatever_waits() {
    let shop = Shop::new();
    let mut ledger = Ledger::new(&[1]);
    ledger.asks_first(|entry| {
        if let Entry::Watch(statistics) = entry
            && statistics.retrying == 1
        {
            shop.control.drain();
        }
        Ok(())
    });
    let backoff = Backoff { base: 1 << 50, cap: 1 << 50 };
    let settings = Settings { retry: RetryPolicy { backoff, ..RetryPolicy::default() }, ..settings(1) };
    let lost = |worker: WorkerId, tasks: &[_]| vec![ended(worker, tasks[0], LOST)];
    let statistics = shop.run(settings, LONG, &mut ledger, lost).expect("it stops");
    assert_eq!((statistics.stopping, statistics.retrying), (Some(Stopping::Drained), 1));
    assert_eq!((ledger.retried.len(), ledger.settled.len()), (1, 0));
}

#[test]
fn what_was_asked_to_stop_while_work_stops_is_as_if_it_had_never_begun() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    shop.run(settings(1), LONG, &mut ledger, |worker, tasks| {
        shop.control.drain();
        vec![ended(worker, tasks[0], Ending::Cancelled)]
    })
    .expect("it stops");
    assert_eq!((ledger.settled.len(), ledger.retried.len()), (0, 0));
}

#[test]
fn a_loop_that_has_ended_may_still_be_spoken_to() {
    let mut ledger = Ledger::new(&[1]);
    let shop = Shop::new();
    shop.run(settings(1), LONG, &mut ledger, done).expect("it runs");
    shop.control.drain();
    shop.control.stored(1);
    assert_eq!(ledger.settled.len(), 1);
}
