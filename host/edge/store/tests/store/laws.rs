//! Laws that hold whatever is written.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stratbox_domain::FaultLabel;
use stratbox_store::{Batch, Counts, EventLog, FailedAttempt, Milestone, OutcomeKind, Status, Trial};

use super::{Fixture, START, completed, failed_attempt, faulted, interrupted, transition, trial};

/// What may be done, before it is known what is allowed.
#[derive(Debug, Clone)]
enum Step {
    Trial { variant: u64, iteration: u32, kind: u8, reused: bool, at: u64 },
    Attempt { variant: u64, at: u64 },
    Transition(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..61_u64, 1..3_u32, 0..5_u8, any::<bool>(), 0..1_000_u64)
            .prop_map(|(variant, iteration, kind, reused, at)| Step::Trial { variant, iteration, kind, reused, at }),
        2 => (0..61_u64, 0..1_000_u64).prop_map(|(variant, at)| Step::Attempt { variant, at }),
        1 => (0..5_u8).prop_map(Step::Transition),
    ]
}

fn trial_of(variant: u64, kind: u8) -> Trial {
    match kind {
        0 | 1 => trial(variant, &completed(variant as f64 / 100.0)),
        2 => trial(variant, &faulted(FaultLabel::Panic)),
        3 => trial(variant, &faulted(FaultLabel::Memory)),
        _ => trial(variant, &interrupted()),
    }
}

/// What is allowed of the steps, as one batch; `done` is what has completed.
fn batch(steps: &[Step], done: &mut BTreeMap<(u32, u64), OutcomeKind>, fixture: &Fixture) -> Batch {
    let mut batch = Batch { at: START + 500, ..Batch::default() };
    for step in steps {
        match *step {
            Step::Trial { variant, iteration, kind, reused, at } => {
                if done.get(&(iteration, variant)) == Some(&OutcomeKind::Completed) {
                    continue;
                }
                let reused = reused.then_some(fixture.id);
                let trial = Trial { iteration, reused, at: START + at, ..trial_of(variant, kind) };
                done.insert((iteration, variant), trial.outcome.kind());
                batch.trials.push(trial);
            }
            Step::Attempt { variant, at } => {
                batch.attempts.push(FailedAttempt { at: START + at, ..failed_attempt(variant) });
            }
            Step::Transition(kind) => batch.transitions.push(match kind {
                0 => transition(Milestone::Resumed, Status::Running),
                1 => transition(Milestone::Phase("Backtesting".into()), Status::Running),
                2 => transition(Milestone::Paused, Status::Paused),
                3 => transition(Milestone::Completed, Status::Completed),
                _ => transition(Milestone::Failed, Status::Failed),
            }),
        }
    }
    batch
}

/// The counts, from the rows.
fn recount(fixture: &Fixture) -> Counts {
    let reader = fixture.workspace.reader().unwrap();
    let mut counts = Counts::default();
    for row in reader.rows(fixture.id).unwrap() {
        let row = row.unwrap();
        counts.reused += u64::from(row.reused.is_some());
        match row.outcome {
            super::Outcome::Completed(_) => counts.completed += 1,
            super::Outcome::Interrupted(_) => counts.interrupted += 1,
            super::Outcome::Faulted(fault) => {
                counts.faulted += 1;
                *counts.faults.entry(fault.label.label().to_owned()).or_default() += 1;
            }
        }
    }
    counts.failed_attempts = reader.attempts(fixture.id).unwrap().count() as u64;
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_the_store_the_counts_are_those_of_the_rows_and_every_trial_is_in_the_ledger(
        batches in prop::collection::vec(prop::collection::vec(step(), 0..12), 1..8),
        reopened in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut fixture = Fixture::new();
        let mut log = fixture.log();
        let mut done = BTreeMap::new();
        let (mut numbers, mut last, mut tried) = (1, START, 0);
        for (steps, reopen) in batches.iter().zip(reopened) {
            let batch = batch(steps, &mut done, &fixture);
            let events = fixture.writer.commit(fixture.id, &batch).unwrap();
            tried += (batch.trials.len() + batch.attempts.len()) as u64;
            for event in &events {
                numbers += 1;
                prop_assert_eq!(event.seq, numbers);
                prop_assert!(event.at >= last);
                last = event.at;
            }
            // As if it had been killed between the commit and the log.
            if reopen { log = fixture.log() } else { log.append(&events).unwrap() }
        }
        let written = fixture.log_text();
        EventLog::rebuild(&fixture.workspace, fixture.id).unwrap();
        prop_assert_eq!(fixture.log_text(), written);
        let reader = fixture.workspace.reader().unwrap();
        let head = reader.experiment(fixture.id).unwrap().head;
        prop_assert_eq!((head.counts, head.events), (recount(&fixture), numbers));
        prop_assert_eq!(reader.trials(&head.data, &[]).unwrap().total, tried);
        let rows: BTreeMap<_, _> = reader
            .rows(fixture.id).unwrap()
            .map(|row| row.unwrap())
            .map(|row| ((row.iteration, row.variant), OutcomeKind::of(&row.outcome)))
            .collect();
        prop_assert_eq!(rows, done);
    }
}
