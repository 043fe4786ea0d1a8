//! Too much fails, and somebody is asked.

use std::sync::mpsc::channel;
use std::thread;

use stratbox_orchestrator::{
    Assigned, Decision, Ending, FailureGate, OnFailures, RetryPolicy, Settings, Stopping, WorkerId,
};

use crate::support::{Answers, Entry, LONG, Ledger, Shop, ended, settings};

/// After two tasks of which more than half have failed, somebody is asked. Nothing is tried twice.
fn wary() -> Settings {
    let failures = FailureGate { least: 2, share: 0.5, then: OnFailures::Ask };
    let retry = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    Settings { failures, retry, ..settings(1) }
}

fn too_late(worker: WorkerId, tasks: &[Assigned]) -> Answers {
    tasks.iter().map(|what| ended(worker, *what, Ending::TimedOut)).collect()
}

#[test]
fn work_goes_on_when_that_is_the_answer_and_nobody_is_asked_again() {
    let mut asked = 0;
    let mut ledger = Ledger::new(&[9]);
    ledger.decision = Some(Decision::Continue);
    ledger.asks_first(|entry| {
        asked += u32::from(entry == Entry::Ask);
        Ok(())
    });
    let statistics = Shop::new().run(wary(), LONG, &mut ledger, too_late).expect("it runs");
    assert_eq!(ledger.tasks(), ledger.all());
    drop(ledger);
    assert_eq!((statistics.settled.exhausted, statistics.stopping, asked), (9, None, 1));
}

#[test]
fn work_ends_when_that_is_the_answer() {
    let mut ledger = Ledger::new(&[9]);
    ledger.decision = Some(Decision::Stop);
    let shop = Shop::new();
    let statistics = shop.run(wary(), LONG, &mut ledger, too_late).expect("it stops");
    assert_eq!((statistics.settled.exhausted, statistics.stopping), (2, Some(Stopping::Failures)));
    assert_eq!(shop.begun().len(), 2);
}

#[test]
fn the_answer_may_come_later_and_from_another_thread() {
    for (decision, settled, stopping) in
        [(Decision::Continue, 9, None), (Decision::Stop, 2, Some(Stopping::Failures))]
    {
        let shop = Shop::new();
        let (ask, asked) = channel();
        let statistics = thread::scope(|scope| {
            let control = shop.control.clone();
            scope.spawn(move || {
                asked.recv().expect("somebody is asked");
                control.decide(decision);
            });
            let mut ledger = Ledger::new(&[9]);
            ledger.asks_first(move |entry| {
                if entry == Entry::Ask {
                    ask.send(()).expect("somebody waits for it");
                }
                Ok(())
            });
            shop.run(wary(), LONG, &mut ledger, too_late).expect("it runs, or stops")
        });
        assert_eq!((statistics.settled.exhausted, statistics.stopping), (settled, stopping));
    }
}

#[test]
fn nothing_runs_while_somebody_is_asked_and_a_drain_needs_no_answer() {
    let shop = Shop::new();
    let mut ledger = Ledger::new(&[9]);
    ledger.asks_first(|entry| {
        if entry == Entry::Ask {
            shop.control.drain();
        }
        Ok(())
    });
    let statistics = shop.run(wary(), LONG, &mut ledger, too_late).expect("it stops");
    assert_eq!((statistics.settled.exhausted, statistics.stopping), (2, Some(Stopping::Drained)));
}

#[test]
fn an_answer_without_a_question_counts_for_nothing() {
    let mut ledger = Ledger::new(&[9]);
    let shop = Shop::new();
    shop.control.decide(Decision::Stop);
    let statistics = shop.run(settings(1), LONG, &mut ledger, too_late).expect("it runs");
    assert_eq!((statistics.settled.total(), statistics.stopping), (9, None));
}
