//! What cannot be done: by the work, by the book, or by somebody else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;

use stratbox_orchestrator::{Assigned, JobId, TaskId, WorkerId};
use stratbox_scheduler::Stopped;

use crate::support::{
    Answers, Ended, Entry, Error, LONG, LOST, Ledger, Shop, assigned, done, ended, in_batches, settings, task,
};

/// Each is done, until the one with this number is the host's failure.
fn done_until(index: u64, worker: WorkerId, tasks: &[Assigned]) -> Answers {
    let mut answers = done(worker, tasks);
    if let Some(at) = tasks.iter().position(|assigned| assigned.task.index == index) {
        answers[at] = Err("the disk is full");
    }
    answers
}

/// What a run that the host failed in says: which task it was, and why.
fn failed(ended: &Ended) -> (Option<TaskId>, Error) {
    let Err(Stopped::Failed(task, error)) = ended else { panic!("{ended:?}") };
    (*task, *error)
}

#[test]
fn tasks_without_an_answer_are_attempted_again_as_if_they_had_not_been() {
    let mut ledger = Ledger::new(&[30]);
    let shop = Shop::new();
    shop.run(in_batches(2, 8), LONG, &mut ledger, |worker, tasks| {
        let mut answers = done(worker, tasks);
        answers.truncate(tasks.len().div_ceil(2));
        answers
    })
    .expect("it runs");
    assert_eq!(ledger.tasks(), ledger.all());
    assert!(shop.begun().len() > 30, "some had no answer");
    assert!(ledger.settled.iter().all(|(tried, _)| tried.attempt == 1));
    assert!(ledger.retried.is_empty());
}

#[test]
fn an_error_names_its_task_and_what_came_before_it_is_settled_and_nothing_begins_after_it() {
    let mut ledger = Ledger::new(&[100]);
    let shop = Shop::new();
    // The leases are of 1, 2 and 4 tasks.
    let stopped =
        shop.run(in_batches(1, 16), LONG, &mut ledger, |worker, tasks| done_until(5, worker, tasks));
    assert_eq!(failed(&stopped), (Some(task(1, 5)), "the disk is full"));
    assert_eq!(ledger.tasks(), (0..5).map(|index| task(1, index)).collect::<Vec<_>>());
    assert_eq!(shop.begun(), (0..7).map(|index| task(1, index)).collect::<Vec<_>>());
    assert!(ledger.retried.is_empty());
}

#[test]
fn an_error_in_place_of_the_first_answer_is_no_failure_of_the_task() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    let stopped = shop.run(settings(1), LONG, &mut ledger, |worker, tasks| done_until(0, worker, tasks));
    assert_eq!(failed(&stopped), (Some(task(1, 0)), "the disk is full"));
    assert_eq!((ledger.settled.len(), ledger.retried.len()), (0, 0));
    assert_eq!(shop.begun(), [task(1, 0)]);
}

#[test]
fn an_error_ends_what_the_other_workers_do() {
    let mut ledger = Ledger::new(&[2]);
    let (shop, both) = (Shop::new(), Barrier::new(2));
    let stopped = shop.run(settings(2), LONG, &mut ledger, |worker, tasks| {
        both.wait();
        if tasks[0].task.index == 1 {
            shop.window.until_killed(worker);
        }
        done_until(0, worker, tasks)
    });
    assert_eq!(failed(&stopped).0, Some(task(1, 0)));
    assert_eq!(ledger.settled.len(), 0, "nobody waits for what was ended");
}

#[test]
fn what_goes_on_although_it_was_ended_is_ended_again() {
    let mut ledger = Ledger::new(&[2]);
    let (shop, both) = (Shop::new(), Barrier::new(2));
    let stopped = shop.run(settings(2), LONG, &mut ledger, |worker, tasks| {
        both.wait();
        if tasks[0].task.index == 1 {
            // The first came before there was anything to be ended.
            shop.window.until(|seen| seen.kills_of(worker) >= 2);
        }
        done_until(0, worker, tasks)
    });
    assert_eq!(failed(&stopped).0, Some(task(1, 0)));
}

#[test]
fn a_panic_names_the_tasks_of_which_one_did_it_and_what_came_before_it_is_settled() {
    let mut ledger = Ledger::new(&[100]);
    let shop = Shop::new();
    let stopped = shop.run(in_batches(1, 16), LONG, &mut ledger, |worker, tasks| {
        assert!(tasks[0].task.index < 3, "task {} is too much", tasks[0].task);
        done(worker, tasks)
    });
    let Err(Stopped::Panicked { tasks, message }) = stopped else { panic!("{stopped:?}") };
    assert_eq!(tasks, (3..7).map(|index| task(1, index)).collect::<Vec<_>>());
    assert_eq!(message, "task 1:3 is too much");
    assert_eq!(ledger.tasks(), (0..3).map(|index| task(1, index)).collect::<Vec<_>>());
    assert_eq!(shop.begun().len(), 7);
}

#[test]
fn a_panic_ends_what_the_other_workers_do() {
    let mut ledger = Ledger::new(&[2]);
    let (shop, both) = (Shop::new(), Barrier::new(2));
    let stopped = shop.run(settings(2), LONG, &mut ledger, |worker, tasks| {
        both.wait();
        assert_eq!(tasks[0], assigned(1, 1, 1), "one panics");
        shop.window.until_killed(worker);
        done(worker, tasks)
    });
    assert!(matches!(stopped, Err(Stopped::Panicked { .. })), "{stopped:?}");
}

#[test]
fn an_error_of_the_book_stops_everything_and_says_what_it_was_about() {
    let when: [(Entry, _); 3] = [
        (Entry::Expand(JobId(2), 1_000), None),
        (Entry::Settle(task(1, 3)), Some(task(1, 3))),
        (Entry::Finished(JobId(1)), None),
    ];
    for (when, about) in when {
        let mut ledger = Ledger::new(&[5, 5]);
        ledger.jobs[1].job.after = vec![JobId(1)];
        ledger.asks_first(|entry| if entry == when { Err("no room") } else { Ok(()) });
        let shop = Shop::new();
        let stopped = shop.run(settings(1), LONG, &mut ledger, done);
        assert_eq!(failed(&stopped), (about, "no room"), "{when:?}");
        let settled = if about.is_some() { 3 } else { 5 };
        assert_eq!(ledger.settled.len(), settled, "{when:?}");
        assert_eq!(
            shop.begun().len(),
            settled + usize::from(about.is_some()),
            "{when:?}: nothing was begun after it"
        );
    }
}

#[test]
fn a_retry_that_cannot_be_written_down_stops_everything() {
    let mut ledger = Ledger::new(&[5]);
    ledger.asks_first(|entry| if entry == Entry::Retry(task(1, 0)) { Err("no room") } else { Ok(()) });
    let shop = Shop::new();
    let stopped =
        shop.run(settings(1), LONG, &mut ledger, |worker, tasks| vec![ended(worker, tasks[0], LOST)]);
    assert_eq!(failed(&stopped), (Some(task(1, 0)), "no room"));
    assert_eq!(shop.begun(), [task(1, 0)]);
}

#[test]
fn the_first_of_two_errors_is_the_one_that_is_told() {
    let mut ledger = Ledger::new(&[100]);
    ledger.asks_first(|entry| if entry == Entry::Settle(task(1, 1)) { Err("no room") } else { Ok(()) });
    let stopped =
        Shop::new().run(in_batches(1, 2), LONG, &mut ledger, |worker, tasks| done_until(2, worker, tasks));
    assert_eq!(failed(&stopped), (Some(task(1, 1)), "no room"));
}

#[test]
fn somebody_else_s_failure_stops_everything_and_is_about_no_task() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    let stopped = shop.run(settings(1), LONG, &mut ledger, |worker, tasks| {
        shop.control.fail("the store is gone");
        shop.window.until_killed(worker);
        done(worker, tasks)
    });
    assert_eq!(failed(&stopped), (None, "the store is gone"));
    assert_eq!((shop.begun(), ledger.settled.len()), (vec![task(1, 0)], 0));
}

#[test]
fn a_panic_of_the_book_is_passed_on_when_what_runs_was_ended() {
    let mut ledger = Ledger::new(&[2]);
    ledger.asks_first(|entry| {
        assert!(!matches!(entry, Entry::Settle(_)), "the book is full");
        Ok(())
    });
    let (shop, both) = (Shop::new(), Barrier::new(2));
    let panic = catch_unwind(AssertUnwindSafe(|| {
        shop.run(settings(2), LONG, &mut ledger, |worker, tasks| {
            both.wait();
            if tasks[0].task.index == 1 {
                shop.window.until_killed(worker);
            }
            done(worker, tasks)
        })
    }));
    let panic = panic.expect_err("it panics");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the book is full"));
}
