//! Every task is settled once, with what its own attempt left behind.

use std::collections::BTreeMap;
use std::sync::{Barrier, Mutex};

use stratbox_orchestrator::{Ending, History, JobEnd, JobId, Next, RetryPolicy, Settings, Settled};
use stratbox_scheduler::Stopped;

use crate::support::{Entry, LONG, Ledger, Shop, done, in_batches, settings, task};

#[test]
fn every_task_of_every_job_is_settled_once_with_its_own_output_whatever_the_number_of_workers() {
    for workers in [1, 2, 7] {
        let mut ledger = Ledger::new(&[13, 200, 1]);
        let shop = Shop::new();
        let statistics = shop.run(in_batches(workers, 16), LONG, &mut ledger, done).expect("it runs");
        assert_eq!(ledger.tasks(), ledger.all(), "{workers} workers");
        for (tried, settled) in &ledger.settled {
            let made = tried.output.expect("it was done");
            assert_eq!((made.what.task, made.what.attempt), (tried.task, tried.attempt));
            assert_eq!((Some(made.by), *settled), (tried.worker, Settled::Conclusive));
        }
        assert_eq!((statistics.settled.conclusive, statistics.stopping), (214, None));
        assert_eq!(shop.begun(), ledger.all(), "each was begun once");
        let mut finished = ledger.finished.clone();
        finished.sort_by_key(|(job, _)| *job);
        assert_eq!(finished, [1, 2, 3].map(|job| (JobId(job), JobEnd::Completed)));
    }
}

#[test]
fn the_book_hears_of_every_lease_as_it_is_given_and_answered() {
    let mut ledger = Ledger::new(&[200]);
    Shop::new().run(in_batches(2, 16), LONG, &mut ledger, done).expect("it runs");
    assert_eq!(ledger.assigned.values().sum::<usize>(), 200);
    assert_eq!(ledger.answered, ledger.assigned);
}

#[test]
fn no_more_workers_are_started_than_there_are_tasks() {
    let mut ledger = Ledger::new(&[1]);
    Shop::new().run(settings(7), LONG, &mut ledger, done).expect("it runs");
    assert_eq!(ledger.workers.len(), 1);
}

#[test]
fn tasks_are_asked_for_a_window_at_a_time_as_they_are_needed() {
    let (mut asked, mut most, mut settled) = (0, 0, 0);
    let mut ledger = Ledger::new(&[100]);
    ledger.asks_first(|entry| {
        match entry {
            Entry::Expand(_, at_most) => {
                asked += at_most;
                most = most.max(asked - settled);
            }
            Entry::Settle(_) => settled += 1,
            _ => {}
        }
        Ok(())
    });
    let settings = Settings { window: 10, ..settings(2) };
    Shop::new().run(settings, LONG, &mut ledger, done).expect("it runs");
    assert_eq!(ledger.tasks(), ledger.all());
    drop(ledger);
    assert_eq!((most, settled), (10, 100));
}

#[test]
fn a_job_is_not_looked_at_before_those_that_it_waits_for_have_ended() {
    let mut course = Vec::new();
    let mut ledger = Ledger::new(&[5, 5]);
    ledger.jobs[1].job.after = vec![JobId(1)];
    ledger.asks_first(|entry| {
        match entry {
            Entry::Expand(job, _) => course.push(("asked", job.0)),
            Entry::Finished(job) => course.push(("finished", job.0)),
            _ => {}
        }
        Ok(())
    });
    Shop::new().run(settings(2), LONG, &mut ledger, done).expect("it runs");
    assert_eq!(ledger.tasks(), ledger.all());
    drop(ledger);
    assert_eq!(course, [("asked", 1), ("finished", 1), ("asked", 2), ("finished", 2)]);
}

#[test]
fn tasks_that_are_answered_are_not_attempted_and_what_comes_after_them_is() {
    let mut ledger = Ledger::new(&[12]);
    ledger.jobs[0].answered = 10;
    let shop = Shop::new();
    let statistics = shop.run(settings(2), LONG, &mut ledger, done).expect("it runs");
    assert_eq!(shop.begun(), [task(1, 10), task(1, 11)]);
    assert_eq!(ledger.tasks(), shop.begun());
    assert_eq!((statistics.answered, statistics.settled.total()), (10, 2));
}

#[test]
fn jobs_that_are_answered_altogether_need_no_worker() {
    let mut ledger = Ledger::new(&[10, 4]);
    (ledger.jobs[0].answered, ledger.jobs[1].answered) = (10, 4);
    let statistics = Shop::new().run(settings(2), LONG, &mut ledger, done).expect("it runs");
    assert_eq!((statistics.answered, ledger.finished.len(), ledger.workers.len()), (14, 2, 0));
}

#[test]
fn a_job_that_has_nothing_left_to_do_does_not_end_those_after_it() {
    for answered in [0, 5] {
        let mut ledger = Ledger::new(&[answered, 3]);
        ledger.jobs[0].answered = answered;
        Shop::new().run(settings(1), LONG, &mut ledger, done).expect("it runs");
        assert_eq!(ledger.tasks(), (0..3).map(|index| task(2, index)).collect::<Vec<_>>());
        assert_eq!(ledger.finished.len(), 2);
    }
}

#[test]
fn no_jobs_are_done_at_once() {
    let statistics = Shop::new().run(settings(1), LONG, &mut Ledger::new(&[]), done).expect("it runs");
    assert_eq!(statistics.batches, 0);
}

#[test]
fn jobs_that_make_no_sense_are_refused_and_nothing_is_begun() {
    let mut ledger = Ledger::new(&[3, 3]);
    ledger.jobs[1].job.id = JobId(1);
    let shop = Shop::new();
    let stopped = shop.run(settings(1), LONG, &mut ledger, done).expect_err("two jobs have one name");
    let Stopped::Refused(job, problem) = stopped else { panic!("{stopped:?}") };
    assert_eq!(job, JobId(1));
    assert!(problem.contains("submitted before"), "{problem}");
    assert_eq!(shop.begun(), []);
}

#[test]
fn attempts_are_counted_on_from_those_of_before() {
    let mut history = History::default();
    assert_eq!(history.record(Ending::Lost { poison: true }, &RetryPolicy::default()), Next::Retry);
    let mut ledger = Ledger::new(&[2]);
    ledger.jobs[0].history = history;
    Shop::new().run(settings(1), LONG, &mut ledger, done).expect("it runs");
    assert_eq!(ledger.settled.iter().map(|(tried, _)| tried.attempt).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_worker_always_works_on_the_same_thread() {
    let mut ledger = Ledger::new(&[100]);
    let threads = Mutex::new(BTreeMap::new());
    let both = Barrier::new(2);
    Shop::new()
        .run(settings(2), LONG, &mut ledger, |worker, tasks| {
            if tasks[0].task.index < 2 {
                both.wait();
            }
            let here = std::thread::current().id();
            let mut threads = threads.lock().expect("nobody panics with it");
            assert_eq!(*threads.entry(worker).or_insert(here), here);
            done(worker, tasks)
        })
        .expect("it runs");
    assert_eq!(threads.into_inner().expect("nobody panicked with it").len(), 2);
}
