//! What follows an answer.

use stratbox_orchestrator::{
    Action, Assigned, Backoff, Batches, Cause, Ending, Input, JobEnd, JobId, RetryPolicy, Settings, Settled,
    SettledCounts, Waiting,
};

use crate::support::{Desk, LOST, POISON, fault, number, settings, task};

fn with_backoff() -> Settings {
    let backoff = Backoff { base: 1_000_000, cap: 1_000_000 };
    Settings { retry: RetryPolicy { backoff, ..RetryPolicy::default() }, silence: u64::MAX, ..settings() }
}

fn delay(actions: &[Action]) -> u64 {
    let delay = |action: &Action| match action {
        Action::Retry { delay, .. } => Some(*delay),
        _ => None,
    };
    actions.iter().find_map(delay).expect("there is a retry")
}

#[test]
fn a_task_that_completes_is_settled_and_with_the_last_of_them_the_job_and_the_work() {
    let mut desk = Desk::with_tasks(1, settings());
    let settled = Settled::Conclusive;
    let expected = [
        Action::Settle { task: task(1, 0), attempt: 1, answer: Some(0), settled },
        Action::JobFinished { job: JobId(1), ended: JobEnd::Completed },
        Action::Finished,
    ];
    assert_eq!(desk.answer(0, [Ending::Final]), expected);
}

#[test]
fn answers_are_told_apart_by_their_places() {
    let batches = Batches { most: number(4), target: 1_000 };
    let mut desk = Desk::with_tasks(100, Settings { batches, ..settings() });
    desk.answer_after(0, [Ending::Final], 0);
    desk.answer_after(0, [Ending::Final, Ending::Final], 0);
    let actions = desk.answer(0, [Ending::Final, fault(1), Ending::Unavailable, Ending::Cancelled]);
    let settle = |index, answer, settled| Action::Settle {
        task: task(1, index),
        attempt: 1,
        answer: Some(answer),
        settled,
    };
    let (cause, delay) = (Cause::Fault, 0);
    let expected = [
        settle(3, 0, Settled::Conclusive),
        Action::Retry { task: task(1, 4), attempt: 1, answer: Some(1), cause, delay },
        settle(5, 2, Settled::DataUnavailable),
        settle(6, 3, Settled::Cancelled),
    ];
    assert_eq!(actions[..4], expected);
}

#[test]
fn every_failed_attempt_is_reported_with_its_cause() {
    let cases = [
        (fault(1), Cause::Fault),
        (Ending::TimedOut, Cause::Timeout),
        (LOST, Cause::Lost { poison: false }),
        (POISON, Cause::Lost { poison: true }),
    ];
    for (ending, expected) in cases {
        let mut desk = Desk::with_tasks(1, settings());
        let retry =
            Action::Retry { task: task(1, 0), attempt: 1, answer: Some(0), cause: expected, delay: 0 };
        assert_eq!(desk.answer(0, [ending])[0], retry);
    }
}

#[test]
fn a_retry_after_a_fault_does_not_wait_and_those_after_timeouts_and_losses_do() {
    let mut desk = Desk::with_tasks(1, with_backoff());
    assert_eq!(delay(&desk.answer(0, [fault(1)])), 0);
    assert_eq!(desk.running(), [task(1, 0)]);
    for ending in [Ending::TimedOut, LOST, POISON] {
        let mut desk = Desk::with_tasks(1, with_backoff());
        let delay = delay(&desk.answer(0, [ending]));
        assert!((1..=1_000_000).contains(&delay), "{delay}");
        assert_eq!(desk.running(), []);
        assert_eq!(desk.core.wake_at(), Some(desk.now + delay));
        assert_eq!(desk.core.statistics().waiting, Some(Waiting::Retry));
        desk.pass(delay - 1);
        assert_eq!(desk.running(), []);
        desk.pass(1);
        assert_eq!(desk.running(), [task(1, 0)]);
    }
}

#[test]
fn a_delay_depends_on_the_task_and_not_on_the_order_of_events() {
    let delays = |first: u64| {
        let mut desk = Desk::with_tasks(2, Settings { workers: number(2), ..with_backoff() });
        desk.now += first;
        let mut delays = [0; 2];
        for worker in [first, 1 - first] {
            delays[worker as usize] = delay(&desk.answer(worker as u32, [LOST]));
        }
        delays
    };
    assert_eq!(delays(0), delays(1));
    assert_ne!(delays(0)[0], delays(0)[1]);
}

#[test]
fn other_tasks_go_on_while_a_retry_waits() {
    let mut desk = Desk::with_tasks(2, with_backoff());
    let delay = delay(&desk.answer(0, [LOST]));
    assert_eq!(desk.running(), [task(1, 1)]);
    desk.pass(delay);
    desk.answer(0, [Ending::Final]);
    assert_eq!(desk.running(), [task(1, 0)]);
}

#[test]
fn a_retry_after_a_timeout_is_alone_on_a_fresh_worker_and_one_after_a_fault_is_not() {
    let batches = Batches { most: number(2), target: 1_000 };
    let second_attempt = |ending| {
        let mut desk = Desk::with_tasks(100, Settings { batches, ..settings() });
        desk.answer_after(0, [ending], 0);
        desk.out[0].tasks.clone()
    };
    let again = |fresh| Assigned { task: task(1, 0), attempt: 2, fresh };
    assert_eq!(second_attempt(Ending::TimedOut), [again(true)]);
    assert_eq!(second_attempt(LOST), [again(false)]);
    let with_a_neighbour = Assigned { task: task(1, 1), attempt: 1, fresh: false };
    assert_eq!(second_attempt(fault(1)), [again(false), with_a_neighbour]);
}

#[test]
fn results_are_counted_by_how_they_were_settled() {
    let mut desk = Desk::with_tasks(6, settings());
    let courses: [&[Ending]; 6] = [
        &[Ending::Final],
        &[fault(1), fault(1)],
        &[Ending::TimedOut, Ending::TimedOut],
        &[POISON, POISON],
        &[Ending::Unavailable],
        &[Ending::Cancelled],
    ];
    for ending in courses.into_iter().flatten() {
        desk.answer(0, [ending.clone()]);
    }
    let expected = SettledCounts {
        conclusive: 1,
        reproduced: 1,
        exhausted: 1,
        quarantined: 1,
        data_unavailable: 1,
        over_budget: 0,
        cancelled: 1,
    };
    let statistics = desk.core.statistics();
    assert_eq!(statistics.settled, expected);
    assert_eq!((expected.total(), expected.ran(), expected.failed()), (6, 5, 3));
    assert_eq!((statistics.retried, statistics.lost, statistics.batches), (3, 2, 9));
    assert_eq!((statistics.task_micros, statistics.lease_micros), (9, 9_000));
}

#[test]
fn tasks_are_counted_by_where_they_are() {
    let mut desk = Desk::new(Settings { window: 3, ..with_backoff() });
    desk.send(Input::Submit(crate::support::job(1)));
    desk.send(Input::Expanded { job: JobId(1), tasks: crate::support::tasks(0..3), answered: 2, more: true });
    desk.answer(0, [LOST]);
    let found = desk.core.statistics();
    assert_eq!((found.expected, found.answered, found.queued), (5, 2, 1));
    assert_eq!((found.running, found.retrying, found.busy), (1, 1, 1));
    assert_eq!(found.waiting, Some(Waiting::Workers));
}
