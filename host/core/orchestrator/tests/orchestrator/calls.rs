//! Calls to language models.

use stratbox_orchestrator::{
    Action, Answer, Backoff, CallLimits, Ending, Input, Job, JobEnd, JobId, Needs, RetryPolicy, Settings,
    Settled, Waiting, WorkerId,
};

use crate::support::{Desk, LOST, answer, job, number, settings, small, task};

/// A call a second, two at once, and a budget.
fn limited(budget: u64) -> Settings {
    let calls = CallLimits { per_minute: small(60), burst: small(2), budget };
    Settings { workers: number(3), silence: 10_000_000, calls, ..settings() }
}

fn call(id: u32, cost: u64) -> Job {
    Job { needs: Needs::Call { cost }, ..job(id) }
}

fn cost(desk: &mut Desk, worker: u32, cost: u64) -> Vec<Action> {
    let at = desk.out.iter().position(|out| out.worker == WorkerId(worker));
    let out = desk.out.remove(at.expect("the worker has a lease"));
    let answers = vec![Answer { cost, ..answer(Ending::Final) }];
    desk.send(Input::Answered { worker: out.worker, lease: out.lease, answers, micros: 1 })
}

fn over_budget(index: u64, attempt: u32) -> Action {
    Action::Settle { task: task(1, index), attempt, answer: None, settled: Settled::OverBudget }
}

#[test]
fn calls_begin_at_the_rate_they_may() {
    let mut desk = Desk::new(limited(u64::MAX));
    desk.add(call(1, 1), 10);
    assert_eq!(desk.out.len(), 2);
    let statistics = desk.core.statistics();
    assert_eq!((statistics.waiting, statistics.workers), (Some(Waiting::Calls), 2));
    assert_eq!(desk.core.wake_at(), Some(desk.now + 1_000));
    desk.pass(999);
    assert_eq!(desk.out.len(), 2);
    desk.pass(1);
    assert_eq!(desk.out.len(), 3);
}

#[test]
fn other_jobs_go_on_while_calls_wait() {
    let mut desk = Desk::new(limited(u64::MAX));
    desk.add(Job { priority: 9, ..call(1, 1) }, 10);
    desk.add(job(2), 1);
    assert_eq!(desk.running(), [task(1, 0), task(1, 1), task(2, 0)]);
}

#[test]
fn a_batch_has_no_more_calls_than_may_begin() {
    let batches = stratbox_orchestrator::Batches { most: number(16), target: 1_000 };
    let mut desk = Desk::new(Settings { batches, workers: number(1), ..limited(u64::MAX) });
    desk.add(call(1, 1), 100);
    desk.now += 1_000;
    desk.answer_after(0, [Ending::Final], 0);
    assert_eq!(desk.out[0].tasks.len(), 2);
    desk.now += 10_000;
    desk.answer_after(0, [Ending::Final, Ending::Final], 0);
    assert_eq!(desk.out[0].tasks.len(), 2, "four were aimed at");
}

#[test]
fn an_exhausted_budget_settles_the_tasks_that_are_left() {
    let mut desk = Desk::new(limited(5));
    desk.send(Input::Submit(call(1, 4)));
    desk.expand(1, 0..3, true);
    assert_eq!(desk.running(), [task(1, 0)]);
    assert_eq!(desk.core.statistics().waiting, Some(Waiting::Calls), "the call may turn out cheaper");
    let actions = cost(&mut desk, 0, 2);
    assert_eq!(actions[1..3], [over_budget(1, 0), over_budget(2, 0)]);
    let finished = Action::JobFinished { job: JobId(1), ended: JobEnd::Completed };
    assert_eq!(
        desk.expand(1, 3..5, false),
        [over_budget(3, 0), over_budget(4, 0), finished, Action::Finished]
    );
}

#[test]
fn a_call_that_was_cheaper_than_it_might_have_been_leaves_room_for_another() {
    let mut desk = Desk::new(limited(5));
    desk.add(call(1, 4), 2);
    assert_eq!(desk.core.statistics().spent, 4);
    cost(&mut desk, 0, 1);
    assert_eq!(desk.running(), [task(1, 1)]);
    assert_eq!(desk.core.statistics().spent, 5);
}

#[test]
fn a_call_that_nobody_answered_for_counts_in_full() {
    let mut desk = Desk::new(Settings { silence: 10_000, ..limited(7) });
    desk.add(call(1, 4), 1);
    let actions = desk.pass(10_000);
    assert!(actions.contains(&over_budget(0, 1)), "{actions:?}");
    assert_eq!(desk.core.statistics().spent, 4);
}

#[test]
fn an_exhausted_budget_settles_also_what_waits_for_a_retry() {
    let backoff = Backoff { base: 1_000_000, cap: 1_000_000 };
    let retry = RetryPolicy { backoff, ..RetryPolicy::default() };
    let mut desk = Desk::new(Settings { retry, workers: number(1), ..limited(5) });
    desk.add(call(1, 4), 3);
    desk.answer(0, [LOST]);
    let actions = cost(&mut desk, 0, 4);
    assert_eq!(actions[1..3], [over_budget(0, 1), over_budget(2, 0)]);
}

#[test]
fn a_call_that_was_not_made_costs_nothing() {
    let batches = stratbox_orchestrator::Batches { most: number(2), target: 1_000 };
    let mut desk = Desk::new(Settings { batches, workers: number(1), ..limited(12) });
    desk.add(call(1, 4), 100);
    desk.pass(10_000);
    desk.answer_after(0, [Ending::Final], 0);
    assert_eq!((desk.out[0].tasks.len(), desk.core.statistics().spent), (2, 8));
    desk.now += 10_000;
    desk.answer_after(0, [Ending::Final], 0);
    assert_eq!((desk.out[0].tasks.len(), desk.core.statistics().spent), (2, 8));
}

#[test]
fn over_budget_jobs_hold_up_no_others() {
    let mut desk = Desk::new(limited(5));
    desk.add(Job { priority: 9, ..call(1, 6) }, 2);
    desk.add(job(2), 1);
    assert_eq!(desk.running(), [task(2, 0)]);
    assert_eq!(desk.core.statistics().settled.over_budget, 2);
}
