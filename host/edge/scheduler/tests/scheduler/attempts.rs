//! Attempts that are followed by others.

use stratbox_orchestrator::{
    Assigned, Backoff, CallLimits, Cause, Ending, JobId, Millis, Needs, RetryPolicy, Settings, Settled,
    WorkerId,
};

use crate::support::{Answers, LONG, LOST, Ledger, Shop, done, ended, in_batches, settings, task};

/// The first attempts end so, and the others are done.
fn first(endings: &'static [Ending]) -> impl Fn(WorkerId, &[Assigned]) -> Answers + Sync {
    |worker, tasks| {
        let ending = |what: &Assigned| endings.get(what.attempt as usize - 1).cloned();
        tasks.iter().map(|what| ended(worker, *what, ending(what).unwrap_or(Ending::Final))).collect()
    }
}

#[test]
fn every_attempt_has_its_number_and_its_own_output() {
    let mut ledger = Ledger::new(&[20]);
    let endings = const { &[LOST, Ending::TimedOut, Ending::Lost { poison: true }] };
    Shop::new().run(in_batches(2, 8), LONG, &mut ledger, first(endings)).expect("it runs");
    assert_eq!(ledger.tasks(), ledger.all());
    let retried = ledger.retried.iter().map(|(tried, ..)| tried);
    let mut numbers: Vec<_> = retried.clone().map(|tried| (tried.task.index, tried.attempt)).collect();
    numbers.sort_unstable();
    assert_eq!(
        numbers,
        (0..20).flat_map(|index| [1, 2, 3].map(|attempt| (index, attempt))).collect::<Vec<_>>()
    );
    for tried in retried.chain(ledger.settled.iter().map(|(tried, _)| tried)) {
        let made = tried.output.expect("somebody answered");
        assert_eq!((made.what.task, made.what.attempt), (tried.task, tried.attempt));
        assert_eq!(Some(made.by), tried.worker);
    }
    assert!(ledger.settled.iter().all(|(tried, _)| tried.attempt == 4));
}

#[test]
fn the_reason_of_every_retry_is_passed_on() {
    let mut ledger = Ledger::new(&[1]);
    let endings = const { &[LOST, Ending::TimedOut, Ending::Lost { poison: true }] };
    Shop::new().run(settings(1), LONG, &mut ledger, first(endings)).expect("it runs");
    let causes: Vec<_> = ledger.retried.iter().map(|(_, cause, _)| *cause).collect();
    assert_eq!(causes, [Cause::Lost { poison: false }, Cause::Timeout, Cause::Lost { poison: true }]);
}

#[test]
fn a_worker_that_answers_for_nothing_is_named_and_left_nothing_behind() {
    let mut ledger = Ledger::new(&[1]);
    let nothing_at_first = |worker: WorkerId, tasks: &[Assigned]| {
        if tasks[0].attempt == 1 { Vec::new() } else { done(worker, tasks) }
    };
    Shop::new().run(settings(1), LONG, &mut ledger, nothing_at_first).expect("it runs");
    let (tried, cause, _) = &ledger.retried[0];
    assert_eq!((tried.attempt, tried.worker, tried.output), (1, Some(WorkerId(0)), None));
    assert_eq!(*cause, Cause::Unanswered);
}

#[test]
fn only_what_has_timed_out_is_to_run_in_a_fresh_process() {
    for (ending, fresh) in [(Ending::TimedOut, true), (LOST, false)] {
        let mut ledger = Ledger::new(&[1]);
        let fails_once = |worker: WorkerId, tasks: &[Assigned]| {
            let ending = if tasks[0].attempt == 1 { ending.clone() } else { Ending::Final };
            vec![ended(worker, tasks[0], ending)]
        };
        Shop::new().run(settings(1), LONG, &mut ledger, fails_once).expect("it runs");
        let seen = [&ledger.retried[0].0, &ledger.settled[0].0]
            .map(|tried| tried.output.expect("somebody answered").what.fresh);
        assert_eq!(seen, [false, fresh]);
    }
}

fn delays(seed: u64, base: Millis) -> Vec<Millis> {
    let mut ledger = Ledger::new(&[40]);
    let retry = RetryPolicy { backoff: Backoff { base, cap: base }, ..RetryPolicy::default() };
    let settings = Settings { seed, retry, ..settings(1) };
    Shop::new().run(settings, LONG, &mut ledger, first(&[LOST])).expect("it runs");
    assert_eq!(ledger.tasks(), ledger.all());
    let mut retried: Vec<_> = ledger.retried.iter().map(|(tried, _, delay)| (tried.task, *delay)).collect();
    retried.sort_unstable();
    retried.into_iter().map(|(_, delay)| delay).collect()
}

#[test]
fn retries_wait_as_long_as_was_said_and_equally_long_whenever_it_is_repeated() {
    let first = delays(7, 5);
    assert_eq!(first.len(), 40);
    assert!(first.iter().all(|delay| *delay <= 5) && first.iter().any(|delay| *delay > 0), "{first:?}");
    assert_eq!(delays(7, 5), first);
    assert_ne!(delays(8, 5), first);
    assert_eq!(delays(7, 0), [0; 40]);
}

#[test]
fn a_task_that_the_budget_cannot_pay_for_is_nobody_s_also_when_it_becomes_known_with_an_answer() {
    let mut ledger = Ledger::new(&[1, 2]);
    (ledger.jobs[1].job.after, ledger.jobs[1].job.needs) = (vec![JobId(1)], Needs::Call { cost: 10 });
    let settings = Settings { calls: CallLimits { budget: 9, ..CallLimits::default() }, ..settings(1) };
    let shop = Shop::new();
    shop.run(settings, LONG, &mut ledger, done).expect("it runs");
    assert_eq!(shop.begun(), [task(1, 0)]);
    for (tried, settled) in &ledger.settled[1..] {
        assert_eq!((tried.attempt, tried.worker, tried.output), (0, None, None));
        assert_eq!(*settled, Settled::OverBudget);
    }
    assert_eq!(ledger.settled.len(), 3);
}
