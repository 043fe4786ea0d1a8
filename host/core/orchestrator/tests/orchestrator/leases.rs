//! Workers, their leases, and what becomes of those that nobody answers for.

use stratbox_orchestrator::{
    Action, Admission, Assigned, Batches, Cause, Ending, Input, JobId, LeaseId, Problem, Sample, Settings,
    Settled, WorkerId,
};

use crate::support::{Desk, LOST, answer, fault, job, number, settings, task};

fn with_workers(workers: usize) -> Settings {
    Settings { workers: number(workers), ..settings() }
}

/// Batches of at most 16 tasks that are to take a millisecond.
fn in_batches(workers: usize) -> Settings {
    Settings { batches: Batches { most: number(16), target: 1_000 }, ..with_workers(workers) }
}

fn sizes(desk: &Desk) -> Vec<usize> {
    desk.out.iter().map(|out| out.tasks.len()).collect()
}

fn done(count: usize) -> Vec<Ending> {
    vec![Ending::Final; count]
}

#[test]
fn as_many_workers_are_started_as_there_are_tasks_and_slots() {
    for (tasks, workers, started) in [(1, 3, 1), (2, 3, 2), (9, 3, 3), (0, 3, 0)] {
        let desk = Desk::with_tasks(tasks, with_workers(workers));
        assert_eq!(desk.core.statistics().workers, started, "{tasks} tasks, {workers} workers");
    }
}

#[test]
fn a_worker_is_given_a_task_once_it_has_started() {
    let mut desk = Desk::new(settings());
    let mut actions = Vec::new();
    desk.core.handle(0, Input::Submit(job(1)), &mut actions);
    let tasks = crate::support::tasks(0..1);
    desk.core.handle(0, Input::Expanded { job: JobId(1), tasks, answered: 0, more: false }, &mut actions);
    let worker = WorkerId(0);
    assert_eq!(actions.last(), Some(&Action::Start { worker }));
    actions.clear();
    desk.core.handle(0, Input::Started { worker }, &mut actions);
    let tasks = vec![Assigned { task: task(1, 0), attempt: 1, fresh: false }];
    assert_eq!(actions, [Action::Assign { worker, lease: LeaseId(0), tasks }]);
}

#[test]
fn batches_grow_while_they_are_fast_and_shrink_when_they_are_slow() {
    let mut desk = Desk::with_tasks(1_000, in_batches(1));
    let mut seen = Vec::new();
    for micros in [0, 0, 0, 0, 0, 1_000, 2_001, 2_001] {
        let size = sizes(&desk)[0];
        seen.push(size);
        desk.answer_after(0, done(size), micros);
    }
    assert_eq!(seen, [1, 2, 4, 8, 16, 16, 16, 8]);
    assert_eq!(sizes(&desk), [4]);
}

#[test]
fn batches_shrink_as_the_tasks_run_out() {
    let mut desk = Desk::with_tasks(24, in_batches(1));
    let mut seen = Vec::new();
    while let Some(&size) = sizes(&desk).first() {
        seen.push(size);
        desk.answer_after(0, done(size), 0);
    }
    assert_eq!(seen, [1, 2, 4, 8, 5, 2, 1, 1]);
}

#[test]
fn tasks_that_are_announced_count_as_left_before_they_come() {
    let mut desk = Desk::new(in_batches(1));
    desk.send(Input::Submit(stratbox_orchestrator::Job { tasks: 1_000, ..job(1) }));
    desk.expand(1, 0..11, true);
    desk.answer_after(0, done(1), 0);
    desk.answer_after(0, done(2), 0);
    desk.answer_after(0, done(4), 0);
    assert_eq!(sizes(&desk), [4], "all that is left of those that came");
}

#[test]
fn a_batch_has_tasks_of_one_job_only() {
    let mut desk = Desk::with_tasks(7, in_batches(1));
    desk.add(job(2), 50);
    desk.answer_after(0, done(1), 0);
    while desk.core.statistics().settled.conclusive < 20 {
        let jobs: Vec<_> = desk.running().iter().map(|task| task.job).collect();
        assert!(jobs.iter().all(|job| *job == jobs[0]), "{jobs:?}");
        desk.answer_after(0, done(jobs.len()), 0);
    }
}

#[test]
fn tasks_that_were_not_attempted_go_first_and_their_attempt_is_the_same() {
    let mut desk = Desk::with_tasks(100, in_batches(1));
    desk.answer_after(0, done(1), 0);
    assert_eq!(desk.running(), [task(1, 1), task(1, 2)]);
    desk.answer_after(0, [fault(1)], 0);
    // Before the fault's retry, which came later.
    let next: Vec<_> = desk.out[0].tasks.iter().map(|next| (next.task.index, next.attempt)).collect();
    assert_eq!(next, [(2, 1), (1, 2)]);
}

#[test]
fn a_worker_that_answers_for_nothing_loses_the_first_task_and_nobody_is_to_blame() {
    let mut desk = Desk::with_tasks(1, settings());
    for attempt in 1..=3 {
        let cause = Cause::Unanswered;
        let retry = Action::Retry { task: task(1, 0), attempt, answer: None, cause, delay: 0 };
        assert_eq!(desk.answer(0, [])[0], retry);
    }
    let settled = Settled::Quarantined;
    assert_eq!(desk.answer(0, [])[0], Action::Settle { task: task(1, 0), attempt: 4, answer: None, settled });
}

#[test]
fn answers_without_a_task_are_refused_and_the_others_count() {
    let mut desk = Desk::with_tasks(1, settings());
    let actions = desk.answer(0, done(2));
    let problem = Problem::TooManyAnswers { tasks: 1, answers: 2 };
    assert_eq!(actions[0], Action::Refused { job: JobId(1), problem });
    assert_eq!(actions.last(), Some(&Action::Finished));
}

#[test]
fn a_silent_worker_is_killed_and_started_anew_and_its_tasks_are_tried_again_one_by_one() {
    let mut desk = Desk::with_tasks(100, in_batches(1));
    desk.answer_after(0, done(1), 0);
    assert_eq!(desk.pass(9_999), []);
    let actions = desk.pass(1);
    let worker = WorkerId(0);
    let retry = |index| {
        let (task, cause) = (task(1, index), Cause::Silent);
        Action::Retry { task, attempt: 1, answer: None, cause, delay: 0 }
    };
    assert_eq!(actions[..4], [Action::Kill { worker }, retry(1), retry(2), Action::Start { worker }]);
    for index in [1, 2] {
        assert_eq!(desk.out[0].tasks, [Assigned { task: task(1, index), attempt: 2, fresh: false }]);
        desk.answer_after(0, done(1), 1_000_000);
    }
    assert_eq!(sizes(&desk), [2], "what ran alone says nothing about the size of batches");
    assert_eq!(desk.core.statistics().lost, 2);
}

#[test]
fn a_worker_that_is_started_anew_needs_no_more_room_than_it_had() {
    let admission = Admission { memory_per_worker: 100, ..Admission::default() };
    let mut desk = Desk::with_tasks(9, Settings { admission, ..with_workers(2) });
    let (cpu_of_others, memory_used, memory_available) = (0.0, 0.5, 0);
    desk.send(Input::Sampled(Sample { cpu_of_others, memory_used, memory_available }));
    desk.now += 9_999;
    desk.send(Input::Heartbeat { worker: WorkerId(0) });
    let actions = desk.pass(1);
    assert!(actions.contains(&Action::Start { worker: WorkerId(1) }), "{actions:?}");
    assert_eq!(desk.out.len(), 2);
}

#[test]
fn a_sign_of_life_keeps_a_lease() {
    let mut desk = Desk::with_tasks(1, settings());
    for _ in 0..5 {
        desk.now += 9_999;
        assert_eq!(desk.send(Input::Heartbeat { worker: WorkerId(0) }), []);
    }
    assert_eq!(desk.pass(10_000)[0], Action::Kill { worker: WorkerId(0) }, "a positive control");
}

#[test]
fn a_worker_without_a_lease_may_be_silent() {
    let mut desk = Desk::with_tasks(1, settings());
    desk.answer(0, done(1));
    assert_eq!(desk.core.wake_at(), None);
    assert_eq!(desk.pass(1_000_000), []);
}

#[test]
fn workers_are_excused_when_it_was_the_caller_who_slept() {
    let mut desk = Desk::with_tasks(1, settings());
    assert_eq!(desk.pass(20_000), []);
    assert_eq!(desk.core.wake_at(), Some(desk.now + 10_000));
    assert_eq!(desk.pass(19_999)[0], Action::Kill { worker: WorkerId(0) }, "a positive control");
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut desk = Desk::with_tasks(1, settings());
    let wake_at = desk.core.wake_at();
    desk.now = 5;
    assert_eq!(desk.send(Input::Heartbeat { worker: WorkerId(0) }), []);
    assert_eq!(desk.core.wake_at(), wake_at);
}

#[test]
fn the_time_to_wake_is_when_the_first_worker_falls_silent() {
    let mut desk = Desk::with_tasks(2, with_workers(2));
    let begun = desk.now;
    desk.now += 100;
    desk.send(Input::Heartbeat { worker: WorkerId(0) });
    assert_eq!(desk.core.wake_at(), Some(begun + 10_000));
}

#[test]
fn an_answer_to_a_reclaimed_lease_is_discarded_task_by_task() {
    let mut desk = Desk::with_tasks(100, in_batches(1));
    desk.answer_after(0, done(1), 0);
    let out = desk.out[0].clone();
    desk.pass(10_000);
    let before = desk.core.statistics();
    let answers = vec![answer(Ending::Final), answer(LOST)];
    let late = Input::Answered { worker: out.worker, lease: out.lease, answers, micros: 1 };
    let discard = |index| Action::Discard { task: task(1, index), attempt: 1 };
    assert_eq!(desk.send(late), [discard(1), discard(2)]);
    let after = desk.core.statistics();
    assert_eq!(after.discarded, 2);
    assert_eq!(stratbox_orchestrator::Statistics { discarded: 0, ..after }, before);
}

#[test]
fn a_second_answer_is_discarded_also_when_the_worker_has_another_lease() {
    let mut desk = Desk::with_tasks(2, settings());
    let first = desk.out[0].clone();
    desk.answer(0, done(1));
    let twice = Input::Answered {
        worker: first.worker,
        lease: first.lease,
        answers: vec![answer(fault(1))],
        micros: 1,
    };
    assert_eq!(desk.send(twice), [Action::Discard { task: task(1, 0), attempt: 1 }]);
    assert_eq!(desk.running(), [task(1, 1)]);
}

#[test]
fn an_answer_to_another_worker_s_lease_or_from_nobody_counts_for_nothing() {
    let mut desk = Desk::with_tasks(2, with_workers(2));
    let lease = desk.out[0].lease;
    for worker in [1, 7] {
        let answers = vec![answer(Ending::Final)];
        let input = Input::Answered { worker: WorkerId(worker), lease, answers, micros: 1 };
        assert_eq!(desk.send(input), []);
    }
    assert_eq!(desk.core.statistics().discarded, 2);
    assert_eq!(desk.running().len(), 2);
}

#[test]
fn a_task_whose_worker_was_lost_goes_to_another_if_one_is_free() {
    let mut desk = Desk::with_tasks(2, with_workers(2));
    desk.answer(1, done(1));
    desk.answer(0, [LOST]);
    assert_eq!(desk.out[0].worker, WorkerId(1));
}

#[test]
fn a_task_whose_worker_was_lost_goes_to_the_same_if_no_other_is_free() {
    let mut desk = Desk::with_tasks(2, with_workers(2));
    desk.answer(0, [LOST]);
    let again = desk.out.iter().find(|out| out.worker == WorkerId(0)).map(|out| out.ids());
    assert_eq!(again, Some(vec![task(1, 0)]));
}

#[test]
fn a_worker_that_nobody_started_is_not_believed() {
    let mut desk = Desk::new(settings());
    desk.send(Input::Started { worker: WorkerId(0) });
    assert_eq!(desk.core.statistics().workers, 0);
    let mut desk = Desk::with_tasks(2, settings());
    assert_eq!(desk.send(Input::Started { worker: WorkerId(0) }), [], "it has a lease");
}
