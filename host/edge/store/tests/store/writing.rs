//! Creating, committing, deleting.

use stratbox_domain::{Digest, FaultLabel, Space};
use stratbox_store::{
    Batch, Counts, ExperimentId, Happening, MAX_DETAIL, Milestone, NewExperiment, SESSIONS_KEPT, Status,
    StoreError, Transition, Trial,
};

use super::{
    COMPONENT, Fixture, START, batch_of, completed, experiment, failed_attempt, faulted, interrupted,
    settled, transition, trial,
};

#[test]
fn what_was_asked_is_kept_as_it_was() {
    let Fixture { workspace, id, dir: _dir, .. } = Fixture::new();
    let found = workspace.reader().unwrap().experiment(id).unwrap();
    let asked = experiment();
    assert_eq!(
        (&found.head.name, &found.head.file, &found.head.engine),
        (&asked.name, &asked.file, &asked.engine)
    );
    assert_eq!((found.head.objective, found.head.variants), (asked.objective, 61));
    assert_eq!((found.head.status, found.head.created, found.head.events), (Status::Running, START, 1));
    assert_eq!((found.plan, found.state), (asked.plan, "{}".to_owned()));
    for (stored, asked) in found.strategies.iter().zip(&asked.strategies) {
        assert_eq!((&*stored.label, &stored.source), (&*asked.label, &asked.source));
        assert_eq!((stored.component, stored.base), (asked.component, asked.base));
        assert_eq!((stored.first, stored.points, &stored.space), (asked.first, asked.points, &asked.space));
    }
    assert_eq!(found.strategies.len(), 2);
}

#[test]
fn points_that_are_chosen_on_the_way_are_there_for_the_rows_that_come_with_them() {
    let mut fixture = Fixture::new();
    let mut asked = experiment();
    let axes = asked.strategies[0].space.as_ref().unwrap().axes().to_vec();
    let first = asked.strategies[0].space.as_ref().unwrap().get(0).unwrap();
    let later = asked.strategies[0].space.as_ref().unwrap().get(7).unwrap();
    let mut space = Space::listed(axes, 60).unwrap();
    space.choose(std::slice::from_ref(&first)).unwrap();
    asked.strategies[0].space = Some(space.clone());
    let (id, _lock) = fixture.writer.create(&asked, "{}", START).unwrap();
    space.choose(std::slice::from_ref(&later)).unwrap();
    let batch =
        Batch { trials: [0, 1].map(settled).to_vec(), spaces: vec![(0, space.clone())], ..Batch::default() };
    fixture.writer.commit(id, &batch).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    assert_eq!(reader.experiment(id).unwrap().strategies[0].space, Some(space));
    let rows: Vec<_> = reader.rows(id).unwrap().map(|row| row.unwrap().params).collect();
    assert_eq!(rows, [first, later]);
}

#[test]
fn an_experiment_that_contradicts_itself_is_refused() {
    let mut fixture = Fixture::new();
    let mut refused = |change: fn(&mut NewExperiment)| {
        let mut experiment = experiment();
        change(&mut experiment);
        fixture.writer.create(&experiment, "{}", START).map(|(id, _)| id)
    };
    assert!(refused(|_| {}).is_ok());
    let invalid: [fn(&mut NewExperiment); 6] = [
        |it| it.variants = 62,
        |it| it.variants = 0,
        |it| it.strategies[1].label = "alpha".into(),
        |it| it.strategies[1].first = 59,
        |it| it.strategies[0].points = 59,
        |it| it.strategies[1].first = u64::MAX,
    ];
    for change in invalid {
        assert!(matches!(refused(change), Err(StoreError::Invalid(_))));
    }
    assert!(matches!(
        refused(|it| it.strategies[0].component = Digest::of(b"never kept")),
        Err(StoreError::Component { .. })
    ));
}

#[test]
fn events_are_numbered_in_the_order_of_times_and_transitions_come_last() {
    let mut fixture = Fixture::new();
    let batch = Batch {
        trials: [4, 8].map(settled).to_vec(),
        attempts: [2, 4, 9].map(failed_attempt).to_vec(),
        transitions: vec![transition(Milestone::Paused, Status::Paused)],
        at: START + 10,
        ..Batch::default()
    };
    let events = fixture.writer.commit(fixture.id, &batch).unwrap();
    let seen: Vec<_> = events
        .iter()
        .map(|event| match event.what {
            Happening::AttemptFailed { variant, .. } => (event.seq, event.at - START, "attempt", variant),
            Happening::VariantSettled { variant, .. } => (event.seq, event.at - START, "settled", variant),
            _ => (event.seq, event.at - START, "other", 0),
        })
        .collect();
    let expected = [
        (2, 2, "attempt", 2),
        (3, 4, "attempt", 4),
        (4, 4, "settled", 4),
        (5, 8, "settled", 8),
        (6, 9, "attempt", 9),
        (7, 10, "other", 0),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn time_does_not_go_back_when_the_clock_does() {
    let mut fixture = Fixture::new();
    let late = Trial { at: START + 1_000, ..settled(0) };
    let early = Trial { at: START - 1_000, ..settled(1) };
    let events = fixture.writer.commit(fixture.id, &Batch { trials: vec![late, early], ..Batch::default() });
    assert!(events.unwrap().iter().all(|event| event.at == START + 1_000));
    let paused = batch_of(transition(Milestone::Paused, Status::Paused), 5);
    let events = fixture.writer.commit(fixture.id, &paused).unwrap();
    assert_eq!(events[0].at, START + 1_000);
    let head = fixture.workspace.reader().unwrap().experiment(fixture.id).unwrap().head;
    assert_eq!((head.created, head.updated), (START, START + 1_000));
}

#[test]
fn transitions_change_the_status_the_reason_and_the_state() {
    let mut fixture = Fixture::new();
    let reason = Some("asked to".to_owned());
    let paused = Transition { reason, ..transition(Milestone::Paused, Status::Paused) };
    fixture.writer.commit(fixture.id, &batch_of(paused, START)).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    let found = reader.experiment(fixture.id).unwrap();
    assert_eq!((found.head.status, found.head.reason.as_deref()), (Status::Paused, Some("asked to")));
    assert_eq!(found.state, r#"{"phase":1}"#);
    let resumed = transition(Milestone::Resumed, Status::Running);
    fixture.writer.commit(fixture.id, &batch_of(resumed, START)).unwrap();
    let head = reader.experiment(fixture.id).unwrap().head;
    assert_eq!((head.status, head.reason), (Status::Running, None));
}

#[test]
fn variants_are_counted_by_how_they_ended() {
    let mut fixture = Fixture::with_results(20);
    let reused = Trial { reused: ExperimentId::new(1), attempts: 0, ..settled(20) };
    fixture.commit(vec![reused]);
    let counts = fixture.workspace.reader().unwrap().experiment(fixture.id).unwrap().head.counts;
    let faults = [("fuel".to_owned(), 2), ("panic".to_owned(), 2)].into();
    let expected =
        Counts { completed: 15, faulted: 4, faults, interrupted: 2, reused: 1, failed_attempts: 4 };
    assert_eq!((counts.settled(), counts), (21, expected));
}

#[test]
fn a_batch_that_is_refused_leaves_nothing_behind() {
    let mut fixture = Fixture::with_results(5);
    let before = fixture.workspace.reader().unwrap().experiment(fixture.id).unwrap();
    let stray = trial(61, &completed(0.1));
    let batch = Batch { trials: vec![settled(5), stray], ..Batch::default() };
    let refused = fixture.writer.commit(fixture.id, &batch).unwrap_err();
    assert!(refused.to_string().contains("variant 61 belongs to no strategy"), "{refused}");
    let reader = fixture.workspace.reader().unwrap();
    assert_eq!(reader.experiment(fixture.id).unwrap(), before);
    assert_eq!(reader.rows(fixture.id).unwrap().count(), 5);
    fixture.commit(vec![settled(5)]);
    assert_eq!(reader.rows(fixture.id).unwrap().count(), 6);
}

#[test]
fn a_variant_that_has_completed_is_not_settled_again() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(0, &completed(0.1))]);
    let again = Batch { trials: vec![trial(0, &interrupted())], ..Batch::default() };
    let refused = fixture.writer.commit(fixture.id, &again).unwrap_err();
    assert!(matches!(refused, StoreError::Settled { variant: 0, .. }), "{refused}");
}

#[test]
fn a_variant_that_did_not_complete_can_be_settled_again_and_both_events_stay() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(0, &interrupted()), trial(1, &faulted(FaultLabel::Panic))]);
    fixture.commit(vec![trial(0, &completed(0.1)), trial(1, &faulted(FaultLabel::Fuel))]);
    let reader = fixture.workspace.reader().unwrap();
    let counts = reader.experiment(fixture.id).unwrap().head.counts;
    assert_eq!((counts.completed, counts.faulted, counts.interrupted), (1, 1, 0));
    assert_eq!(counts.faults, [("fuel".to_owned(), 1)].into());
    assert_eq!(reader.trial(fixture.id, 0).unwrap().unwrap().outcome, completed(0.1));
    let mut outcomes = Vec::new();
    let collect = |event: &stratbox_store::Event| {
        if let Happening::VariantSettled { variant, outcome, .. } = event.what {
            outcomes.push((event.seq, variant, outcome));
        }
        Ok(())
    };
    reader.events(fixture.id, 0, collect).unwrap();
    let expected = [(2, 0, "interrupted"), (3, 1, "faulted"), (4, 0, "completed"), (5, 1, "faulted")];
    assert_eq!(outcomes, expected);
}

#[test]
fn the_same_variant_may_be_settled_once_in_every_round() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![trial(0, &completed(0.1)), Trial { iteration: 2, ..trial(0, &completed(0.2)) }]);
    let reader = fixture.workspace.reader().unwrap();
    assert_eq!(reader.trial(fixture.id, 0).unwrap().unwrap().iteration, 2, "the latest");
    let rounds: Vec<u32> = reader.rows(fixture.id).unwrap().map(|row| row.unwrap().iteration).collect();
    assert_eq!(rounds, [1, 2]);
}

#[test]
fn long_texts_are_cut_between_characters() {
    let mut fixture = Fixture::new();
    let detail = "é".repeat(MAX_DETAIL);
    let attempt = stratbox_store::FailedAttempt { detail, ..failed_attempt(0) };
    fixture.writer.commit(fixture.id, &Batch { attempts: vec![attempt], ..Batch::default() }).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    let kept = reader.attempts(fixture.id).unwrap().next().unwrap().unwrap();
    assert_eq!(kept.detail, "é".repeat(MAX_DETAIL / 2));
}

#[test]
fn an_experiment_that_there_is_not_is_answered_with_the_last_ones() {
    let mut fixture = Fixture::new();
    let second = fixture.another();
    let unknown = ExperimentId::new(99).unwrap();
    let batch = Batch { trials: vec![settled(0)], ..Batch::default() };
    for refused in [
        fixture.writer.commit(unknown, &batch).unwrap_err(),
        fixture.writer.delete(unknown).unwrap_err(),
        fixture.writer.keep_session(unknown, 0, "{}").unwrap_err(),
        fixture.workspace.reader().unwrap().experiment(unknown).unwrap_err(),
    ] {
        let StoreError::Unknown { id, ref last, .. } = refused else { panic!("{refused}") };
        assert_eq!((id, &**last), (unknown, &[second, fixture.id][..]));
        assert_eq!(refused.hint(), "the last ones are `2`, `1`");
    }
}

#[test]
fn the_last_sessions_of_the_workspace_are_kept() {
    let mut fixture = Fixture::new();
    for n in 0..u64::from(SESSIONS_KEPT) + 5 {
        fixture.writer.keep_session(fixture.id, START + n, &format!("{{\"n\":{n}}}")).unwrap();
    }
    let sessions = fixture.workspace.reader().unwrap().last_sessions(1_000).unwrap();
    assert_eq!(sessions.len(), SESSIONS_KEPT as usize);
    assert_eq!((&*sessions[0].report, sessions[0].at), ("{\"n\":34}", START + 34));
    assert_eq!(sessions[29].report, "{\"n\":5}");
}

#[test]
fn a_deleted_experiment_leaves_nothing_and_its_number_is_not_used_again() {
    let mut fixture = Fixture::with_results(20);
    fixture.writer.keep_session(fixture.id, START, "{}").unwrap();
    fixture.log();
    let id = fixture.id;
    assert!(matches!(fixture.writer.delete(id), Err(StoreError::Running { .. })), "its lock is held");
    drop(fixture.lock);
    fixture.writer.delete(id).unwrap();
    let reader = fixture.workspace.reader().unwrap();
    assert!(matches!(reader.experiment(id), Err(StoreError::Unknown { .. })));
    assert!(reader.experiments().unwrap().is_empty() && reader.last_sessions(9).unwrap().is_empty());
    assert!(!fixture.workspace.events_path(id).exists());
    assert!(fixture.workspace.component(&Digest::of(COMPONENT)).is_err());
    fixture.workspace.keep_component(&Digest::of(COMPONENT), COMPONENT).unwrap();
    let (next, _lock) = fixture.writer.create(&experiment(), "{}", START).unwrap();
    assert_eq!(next.number(), 2);
}

#[test]
fn a_component_that_another_experiment_has_stays() {
    let mut fixture = Fixture::new();
    let second = fixture.another();
    fixture.writer.delete(second).unwrap();
    assert!(fixture.workspace.component(&Digest::of(COMPONENT)).is_ok());
    assert!(fixture.workspace.reader().unwrap().experiment(fixture.id).is_ok());
}

#[test]
fn readers_see_whole_batches_while_a_writer_commits() {
    let Fixture { dir: _dir, workspace, mut writer, id, .. } = Fixture::new();
    std::thread::scope(|scope| {
        let read = || {
            let reader = workspace.reader().unwrap();
            let mut seen = 0;
            while seen < 60 {
                let counted = reader.experiment(id).unwrap().head.counts.settled();
                let mut found = 0;
                reader.settled(id, 1, |_, _| found += 1).unwrap();
                assert!(counted >= seen && found >= counted, "nothing is lost");
                assert_eq!((counted % 6, found % 6), (0, 0), "a batch is there whole or not at all");
                seen = counted;
            }
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
        for first in (0..60).step_by(6) {
            let trials = (first..first + 6).map(settled).collect();
            writer.commit(id, &Batch { trials, ..Batch::default() }).unwrap();
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}
