//! What people can say to jobs and to the whole work.

use stratbox_orchestrator::{
    Action, Backoff, Ending, History, Input, JobEnd, JobId, Problem, RetryPolicy, Settings, Settled,
    Stopping, Waiting, WorkerId,
};

use crate::support::{Desk, LOST, after, answer, fault, job, number, settings, task};

const JOB: JobId = JobId(1);

fn settle(index: u64, attempt: u32, answer: Option<usize>, settled: Settled) -> Action {
    Action::Settle { task: task(1, index), attempt, answer, settled }
}

fn refused(problem: Problem) -> [Action; 1] {
    [Action::Refused { job: JOB, problem }]
}

fn with_backoff() -> Settings {
    let backoff = Backoff { base: 1_000_000, cap: 1_000_000 };
    Settings { retry: RetryPolicy { backoff, ..RetryPolicy::default() }, ..settings() }
}

#[test]
fn a_paused_job_begins_nothing_until_it_is_resumed() {
    let mut desk = Desk::with_tasks(3, settings());
    desk.send(Input::Pause { job: JOB });
    assert_eq!(desk.answer(0, [Ending::Final]), [settle(0, 1, Some(0), Settled::Conclusive)]);
    assert_eq!(desk.core.statistics().waiting, Some(Waiting::Paused));
    desk.send(Input::Resume { job: JOB });
    assert_eq!(desk.running(), [task(1, 1)]);
}

#[test]
fn a_paused_job_is_not_expanded_and_holds_up_no_others() {
    let mut desk = Desk::new(settings());
    desk.send(Input::Submit(after(1, &[])));
    desk.expand(1, 0..1, true);
    desk.send(Input::Pause { job: JOB });
    desk.send(Input::Submit(job(2)));
    desk.answer(0, [Ending::Final]);
    desk.expand(2, 0..1, false);
    assert_eq!(desk.running(), [task(2, 0)]);
}

#[test]
fn a_cancelled_job_ends_when_what_runs_has_come_back() {
    let mut desk = Desk::with_tasks(3, settings());
    assert_eq!(desk.send(Input::Cancel { job: JOB }), []);
    let cancelled = Action::JobFinished { job: JOB, ended: JobEnd::Cancelled };
    let expected = [settle(0, 1, Some(0), Settled::Cancelled), cancelled, Action::Finished];
    assert_eq!(desk.answer(0, [fault(1)]), expected);
}

#[test]
fn a_running_task_of_a_cancelled_job_keeps_a_result_that_stands() {
    let mut desk = Desk::with_tasks(3, settings());
    desk.send(Input::Cancel { job: JOB });
    assert_eq!(desk.answer(0, [Ending::Final])[0], settle(0, 1, Some(0), Settled::Conclusive));
}

#[test]
fn a_job_that_waits_for_a_retry_or_its_tasks_is_cancelled_at_once() {
    let cancelled = [Action::JobFinished { job: JOB, ended: JobEnd::Cancelled }, Action::Finished];
    let mut desk = Desk::with_tasks(1, with_backoff());
    desk.answer(0, [LOST]);
    assert_eq!(desk.send(Input::Cancel { job: JOB }), cancelled);
    assert_eq!(desk.pass(1_000_000), []);
    let mut desk = Desk::new(settings());
    desk.send(Input::Submit(job(1)));
    assert_eq!(desk.send(Input::Cancel { job: JOB }), cancelled);
    assert_eq!(desk.expand(1, 0..5, true), [], "what comes now is not taken");
}

#[test]
fn a_cancelled_task_is_settled_wherever_it_waits() {
    let mut desk = Desk::with_tasks(3, with_backoff());
    assert_eq!(
        desk.send(Input::CancelTask { task: task(1, 2) }),
        [settle(2, 0, None, Settled::Cancelled)],
        "among the new ones"
    );
    desk.answer(0, [LOST]);
    assert_eq!(
        desk.send(Input::CancelTask { task: task(1, 0) }),
        [settle(0, 1, None, Settled::Cancelled)],
        "waiting for its retry"
    );
    assert_eq!(desk.answer(0, [Ending::Final]).last(), Some(&Action::Finished));
}

#[test]
fn a_cancelled_task_that_runs_is_not_tried_again() {
    let mut desk = Desk::with_tasks(2, settings());
    assert_eq!(desk.send(Input::CancelTask { task: task(1, 0) }), []);
    assert_eq!(desk.answer(0, [fault(1)])[0], settle(0, 1, Some(0), Settled::Cancelled));
    desk.send(Input::CancelTask { task: task(1, 1) });
    assert_eq!(desk.answer(0, [])[0], settle(1, 0, None, Settled::Cancelled));
}

#[test]
fn a_cancelled_task_that_did_not_come_yet_is_settled_when_it_does() {
    let mut desk = Desk::new(settings());
    desk.send(Input::Submit(job(1)));
    assert_eq!(desk.send(Input::CancelTask { task: task(1, 1) }), []);
    assert_eq!(desk.expand(1, 0..3, false)[0], settle(1, 0, None, Settled::Cancelled));
    assert_eq!(desk.run_all(), [task(1, 0), task(1, 2)]);
}

#[test]
fn a_settled_task_can_be_run_again_and_its_job_is_finished_once_more() {
    let mut desk = Desk::with_tasks(1, settings());
    desk.answer(0, [Ending::Cancelled]);
    let again = Input::Requeue { task: task(1, 0), history: History::default() };
    desk.send(again);
    assert_eq!(desk.running(), [task(1, 0)]);
    let actions = desk.answer(0, [Ending::Final]);
    let finished = Action::JobFinished { job: JOB, ended: JobEnd::Completed };
    assert_eq!(actions, [settle(0, 1, Some(0), Settled::Conclusive), finished, Action::Finished]);
}

#[test]
fn a_job_that_was_completed_holds_up_no_others_while_a_task_of_it_is_run_again() {
    let mut desk = Desk::with_tasks(1, settings());
    desk.answer(0, [Ending::Final]);
    desk.send(Input::Requeue { task: task(1, 0), history: History::default() });
    let ready = Action::JobReady { job: JobId(2) };
    assert_eq!(desk.send(Input::Submit(after(2, &[1])))[0], ready);
    desk.send(Input::Cancel { job: JOB });
    desk.answer(0, [Ending::Final]);
    assert_eq!(desk.send(Input::Submit(after(3, &[1])))[0], Action::JobReady { job: JobId(3) });
}

#[test]
fn a_task_that_is_not_settled_cannot_be_run_again() {
    let mut desk = Desk::with_tasks(3, with_backoff());
    desk.answer(0, [LOST]);
    for index in 0..3 {
        let input = Input::Requeue { task: task(1, index), history: History::default() };
        assert_eq!(desk.send(input), refused(Problem::NotSettled { index }), "delayed, running, new");
    }
}

#[test]
fn a_task_of_a_cancelled_job_cannot_be_run_again() {
    let mut desk = Desk::with_tasks(2, settings());
    desk.answer(0, [Ending::Final]);
    desk.send(Input::Cancel { job: JOB });
    let again = || Input::Requeue { task: task(1, 0), history: History::default() };
    assert_eq!(desk.send(again()), refused(Problem::Ended));
    desk.answer(0, [Ending::Final]);
    assert_eq!(desk.send(again()), refused(Problem::Ended));
}

#[test]
fn a_task_that_is_run_again_forgets_that_it_was_cancelled() {
    let mut desk = Desk::with_tasks(2, settings());
    desk.answer(0, [Ending::Final]);
    desk.send(Input::CancelTask { task: task(1, 0) });
    desk.send(Input::Requeue { task: task(1, 0), history: History::default() });
    desk.answer(0, [Ending::Final]);
    desk.answer(0, [fault(1)]);
    assert_eq!(desk.running(), [task(1, 0)]);
}

#[test]
fn commands_to_jobs_that_are_unknown_or_have_ended_are_refused() {
    let commands = || {
        [
            Input::Pause { job: JOB },
            Input::Resume { job: JOB },
            Input::Cancel { job: JOB },
            Input::CancelTask { task: task(1, 0) },
            Input::Reprioritise { job: JOB, priority: 1 },
        ]
    };
    for command in commands() {
        let mut desk = Desk::new(settings());
        assert_eq!(desk.send(command.clone()), refused(Problem::Unknown));
        desk.add(job(1), 0);
        assert_eq!(desk.send(command), refused(Problem::Ended));
    }
    for command in commands() {
        let mut desk = Desk::with_tasks(3, settings());
        assert!(!desk.send(command).contains(&refused(Problem::Ended)[0]), "a positive control");
    }
}

#[test]
fn draining_lets_what_runs_end_and_begins_nothing() {
    let mut desk = Desk::with_tasks(9, Settings { workers: number(2), ..settings() });
    assert_eq!(desk.send(Input::Drain), []);
    assert_eq!(desk.core.statistics().stopping, Some(Stopping::Drained));
    assert_eq!(desk.answer(0, [Ending::Final]), [settle(0, 1, Some(0), Settled::Conclusive)]);
    let actions = desk.answer(1, [fault(1)]);
    assert!(matches!(actions[..], [Action::Retry { .. }, Action::Finished]), "{actions:?}");
    assert_eq!(desk.pass(1_000_000), []);
}

#[test]
fn what_is_cut_short_while_draining_is_not_settled() {
    for endings in [vec![Ending::Cancelled], vec![]] {
        let mut desk = Desk::with_tasks(9, settings());
        desk.send(Input::Drain);
        assert_eq!(desk.answer(0, endings), [Action::Finished]);
    }
    let mut desk = Desk::with_tasks(9, settings());
    let cut_short = settle(0, 1, Some(0), Settled::Cancelled);
    assert_eq!(desk.answer(0, [Ending::Cancelled])[0], cut_short, "a positive control");
}

#[test]
fn draining_when_nothing_runs_is_over_at_once() {
    assert_eq!(Desk::new(settings()).send(Input::Drain), [Action::Finished]);
}

#[test]
fn a_worker_that_falls_silent_while_draining_is_killed_and_not_started_anew() {
    let mut desk = Desk::with_tasks(9, settings());
    desk.send(Input::Drain);
    assert_eq!(desk.core.wake_at(), Some(desk.now + 10_000));
    let actions = desk.pass(10_000);
    let kill = Action::Kill { worker: WorkerId(0) };
    assert!(matches!(&actions[..], [first, Action::Retry { .. }, Action::Finished] if *first == kill));
}

#[test]
fn halting_kills_what_runs_and_settles_nothing() {
    let mut desk = Desk::with_tasks(9, Settings { workers: number(2), ..settings() });
    let out = desk.out[0].clone();
    let kill = |worker| Action::Kill { worker: WorkerId(worker) };
    assert_eq!(desk.send(Input::Halt), [kill(0), kill(1), Action::Finished]);
    let statistics = desk.core.statistics();
    assert_eq!((statistics.running, statistics.queued, statistics.settled.total()), (0, 9, 0));
    assert_eq!(statistics.stopping, Some(Stopping::Halted));
    let answers = vec![answer(Ending::Final)];
    let late = Input::Answered { worker: out.worker, lease: out.lease, answers, micros: 1 };
    assert_eq!(desk.send(late), [Action::Discard { task: task(1, 0), attempt: 1 }]);
}

#[test]
fn halting_while_draining_is_stricter_and_draining_while_halting_is_not_milder() {
    let mut desk = Desk::with_tasks(9, settings());
    desk.send(Input::Drain);
    assert_eq!(desk.send(Input::Halt), [Action::Kill { worker: WorkerId(0) }, Action::Finished]);
    assert_eq!(desk.send(Input::Drain), []);
    assert_eq!(desk.core.statistics().stopping, Some(Stopping::Halted));
}

#[test]
fn nothing_new_is_taken_while_work_is_being_stopped() {
    let mut desk = Desk::with_tasks(2, settings());
    desk.answer(0, [Ending::Final]);
    desk.send(Input::Drain);
    assert_eq!(desk.send(Input::Submit(job(1))), refused(Problem::Stopping));
    let again = Input::Requeue { task: task(1, 0), history: History::default() };
    assert_eq!(desk.send(again), refused(Problem::Stopping));
}

#[test]
fn work_goes_on_when_something_is_submitted_after_all_was_finished() {
    let mut desk = Desk::with_tasks(1, settings());
    assert_eq!(desk.answer(0, [Ending::Final]).last(), Some(&Action::Finished));
    assert_eq!(desk.pass(1), [], "it is said once");
    desk.add(job(2), 1);
    assert_eq!(desk.answer(0, [Ending::Final]).last(), Some(&Action::Finished));
}
