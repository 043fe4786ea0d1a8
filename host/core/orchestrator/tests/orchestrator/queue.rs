//! Which task goes first.

use stratbox_orchestrator::{Action, Ending, Input, Job, JobEnd, JobId, NewTask, Problem, Settings};

use crate::support::{Desk, after, fault, job, number, settings, task};

/// Gives one task to each job that is asked for its tasks.
fn feed(desk: &mut Desk, mut actions: Vec<Action>) {
    while let Some((job, _)) = expansions(&actions).first().copied() {
        actions = desk.expand(job, 0..1, false);
    }
}

/// Jobs in the order in which their tasks run, when all have one task and were submitted while the worker was busy.
fn order(jobs: impl IntoIterator<Item = Job>) -> Vec<u32> {
    let mut desk = Desk::with_tasks(1, settings());
    for job in jobs {
        let actions = desk.send(Input::Submit(job));
        feed(&mut desk, actions);
    }
    let mut order = Vec::new();
    while let Some(task) = desk.running().first() {
        order.push(task.job.0);
        let actions = desk.answer(0, [Ending::Final]);
        feed(&mut desk, actions);
    }
    order.split_off(1)
}

fn expansions(actions: &[Action]) -> Vec<(u32, usize)> {
    let expand = |action: &Action| match action {
        Action::Expand { job, at_most } => Some((job.0, *at_most)),
        _ => None,
    };
    actions.iter().filter_map(expand).collect()
}

fn with_window(window: usize) -> Settings {
    Settings { window, ..settings() }
}

#[test]
fn a_higher_priority_goes_first() {
    let priority = |id, priority| Job { priority, ..job(id) };
    assert_eq!(order([priority(2, -1), priority(3, 5), priority(4, 0)]), [3, 4, 2]);
}

#[test]
fn within_a_priority_jobs_go_in_the_order_of_their_submission() {
    assert_eq!(order([job(9), job(3), job(5)]), [9, 3, 5]);
}

#[test]
fn within_a_priority_the_job_with_the_most_work_behind_it_goes_first() {
    let weight = |weight, job| Job { weight, ..job };
    // Behind 2 there is a chain of 5 and 6; behind 3 two jobs side by side, which are not a chain; behind 4 one job.
    let jobs = [
        job(2),
        job(3),
        job(4),
        weight(3, after(5, &[2])),
        weight(4, after(6, &[5])),
        weight(6, after(7, &[3])),
        weight(6, after(8, &[3])),
        weight(8, after(9, &[4])),
    ];
    assert_eq!(order(jobs)[..3], [4, 2, 3]);
}

#[test]
fn a_priority_outweighs_the_work_behind_a_job() {
    let weight = |weight, job| Job { weight, ..job };
    let jobs = [job(2), weight(u64::MAX, after(3, &[2])), Job { priority: 1, ..job(4) }];
    assert_eq!(order(jobs)[..2], [4, 2]);
}

#[test]
fn work_that_will_never_be_done_does_not_count() {
    let mut desk = Desk::with_tasks(1, settings());
    for job in [job(2), job(3), Job { weight: 9, ..after(4, &[3]) }] {
        desk.send(Input::Submit(job));
    }
    desk.expand(2, 0..1, false);
    desk.expand(3, 0..1, false);
    desk.send(Input::Cancel { job: JobId(4) });
    assert_eq!(desk.run_all(), [task(1, 0), task(2, 0), task(3, 0)]);
}

#[test]
fn a_new_priority_counts_from_then_on() {
    let mut desk = Desk::with_tasks(3, settings());
    desk.add(job(2), 1);
    desk.send(Input::Reprioritise { job: JobId(2), priority: 1 });
    assert_eq!(desk.run_all(), [task(1, 0), task(2, 0), task(1, 1), task(1, 2)]);
}

#[test]
fn a_job_begins_when_all_that_it_waits_for_are_completed() {
    let mut desk = Desk::with_tasks(1, Settings { workers: number(2), ..settings() });
    desk.add(job(2), 1);
    let submitted = desk.send(Input::Submit(after(3, &[1, 2, 1])));
    assert_eq!(submitted, []);
    let first = desk.answer(0, [Ending::Final]);
    assert!(!first.contains(&Action::JobReady { job: JobId(3) }));
    let second = desk.answer(1, [Ending::Final]);
    assert!(second.contains(&Action::JobReady { job: JobId(3) }));
    assert_eq!(expansions(&second), [(3, 1_000)]);
}

#[test]
fn a_job_that_waits_for_completed_jobs_only_is_ready_at_once() {
    let mut desk = Desk::with_tasks(1, settings());
    desk.answer(0, [Ending::Final]);
    let submitted = desk.send(Input::Submit(after(2, &[1])));
    assert_eq!(submitted[0], Action::JobReady { job: JobId(2) });
}

#[test]
fn a_job_without_tasks_is_completed_when_that_is_known() {
    let mut desk = Desk::new(settings());
    let actions = desk.add(job(1), 0);
    let finished = Action::JobFinished { job: JobId(1), ended: JobEnd::Completed };
    assert_eq!(actions[actions.len() - 2..], [finished, Action::Finished]);
}

#[test]
fn jobs_that_wait_for_a_cancelled_job_are_blocked_and_so_are_those_that_wait_for_them() {
    let mut desk = Desk::new(settings());
    for job in [job(1), after(2, &[1]), after(3, &[2]), job(4)] {
        desk.send(Input::Submit(job));
    }
    let blocked = |job, by| Action::JobFinished { job: JobId(job), ended: JobEnd::Blocked { by: JobId(by) } };
    let cancelled = Action::JobFinished { job: JobId(1), ended: JobEnd::Cancelled };
    let actions = desk.send(Input::Cancel { job: JobId(1) });
    assert_eq!(actions[..3], [cancelled, blocked(2, 1), blocked(3, 2)]);
    assert_eq!(desk.send(Input::Submit(after(5, &[4, 3]))), [blocked(5, 3)]);
    assert_eq!(desk.send(Input::Submit(after(6, &[4]))), [], "a positive control");
}

#[test]
fn a_job_with_a_taken_id_or_impossible_dependencies_is_refused() {
    let mut desk = Desk::new(settings());
    desk.send(Input::Submit(job(1)));
    let refused = |id, problem| [Action::Refused { job: JobId(id), problem }];
    assert_eq!(desk.send(Input::Submit(job(1))), refused(1, Problem::Duplicate));
    assert_eq!(desk.send(Input::Submit(after(2, &[2]))), refused(2, Problem::Cycle));
    let unknown = Problem::UnknownDependency { on: JobId(3) };
    assert_eq!(desk.send(Input::Submit(after(2, &[1, 3]))), refused(2, unknown));
    assert_eq!(desk.send(Input::Submit(after(2, &[1]))), [], "a positive control");
}

#[test]
fn problems_are_told_in_words() {
    let problem = Problem::UnknownDependency { on: JobId(3) };
    let words = "it waits for job `3`, which was not submitted; submit jobs before those that wait for them";
    assert_eq!(problem.to_string(), words);
}

#[test]
fn a_window_of_tasks_is_asked_for_and_the_next_when_less_than_half_is_left() {
    let mut desk = Desk::new(with_window(4));
    assert_eq!(expansions(&desk.send(Input::Submit(job(1)))), [(1, 4)]);
    assert_eq!(expansions(&desk.expand(1, 0..4, true)), [], "one runs, three wait");
    assert_eq!(expansions(&desk.answer(0, [Ending::Final])), [], "two wait");
    assert_eq!(expansions(&desk.answer(0, [Ending::Final])), [(1, 2)], "one runs, one waits");
    assert_eq!(expansions(&desk.answer(0, [Ending::Final])), [], "it was asked already");
    assert_eq!(expansions(&desk.expand(1, 4..6, true)), []);
}

#[test]
fn tasks_that_came_without_a_question_are_refused() {
    let mut desk = Desk::new(settings());
    desk.send(Input::Submit(job(1)));
    desk.expand(1, 0..1, false);
    let refused = Action::Refused { job: JobId(1), problem: Problem::NotAsked };
    assert_eq!(desk.expand(1, 0..1, false), [refused]);
    assert_eq!(desk.run_all(), [task(1, 0)]);
}

#[test]
fn an_answer_without_tasks_is_followed_by_the_same_question_while_there_is_more() {
    let mut desk = Desk::new(settings());
    desk.send(Input::Submit(job(1)));
    let input = Input::Expanded { job: JobId(1), tasks: vec![], answered: 7, more: true };
    assert_eq!(expansions(&desk.send(input)), [(1, 1_000)]);
    assert_eq!((desk.core.statistics().answered, desk.core.statistics().expected), (7, 3));
}

#[test]
fn no_more_jobs_are_expanded_than_give_a_window_of_tasks() {
    let mut desk = Desk::new(with_window(4));
    desk.send(Input::Submit(job(1)));
    assert_eq!(expansions(&desk.send(Input::Submit(job(2)))), [], "the first may have enough");
    assert_eq!(expansions(&desk.expand(1, 0..2, false)), [(2, 4)], "it had not");
    assert_eq!(expansions(&desk.send(Input::Submit(job(3)))), []);
}

#[test]
fn retries_go_before_new_tasks_of_their_job() {
    let mut desk = Desk::with_tasks(3, settings());
    desk.answer(0, [fault(1)]);
    assert_eq!(desk.run_all(), [task(1, 0), task(1, 1), task(1, 2)]);
}

#[test]
fn tasks_whose_attempts_are_known_go_on_counting() {
    let mut history = stratbox_orchestrator::History::default();
    history.record(fault(1), &settings().retry);
    let mut desk = Desk::new(settings());
    desk.send(Input::Submit(job(1)));
    let tasks = vec![NewTask { index: 5, history }];
    desk.send(Input::Expanded { job: JobId(1), tasks, answered: 0, more: false });
    assert_eq!(desk.out[0].tasks[0].attempt, 2);
    let settled = stratbox_orchestrator::Settled::Reproduced;
    let expected = Action::Settle { task: task(1, 5), attempt: 2, answer: Some(0), settled };
    assert_eq!(desk.answer(0, [fault(1)])[0], expected);
}
