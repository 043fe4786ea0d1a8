//! Stores that earlier programs wrote.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use stratbox_domain::{Digest, RunOutcome};
use stratbox_metrics::Missing;
use stratbox_store::{Batch, DataRange, EventLog, ExperimentId, Milestone, Reader, Status, Workspace};

use super::fixture::{data, look};
use super::{COMPONENT, Fixture, START, batch_of, settled, transition};

/// A store of version 1, with the experiment that `Fixture::with_results(20)` makes.
const VERSION_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store-v1.sqlite");

/// A store of version 2, with what `results_of_version_2` makes.
const VERSION_2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store-v2.sqlite");

/// Twenty results, four failed attempts, one result that was settled again, and a second session.
fn results_of_version_2() -> Fixture {
    let mut fixture = Fixture::with_results(20);
    fixture.commit(vec![settled(8)]);
    let resumed = batch_of(transition(Milestone::Resumed, Status::Running), 7);
    fixture.writer.commit(fixture.id, &resumed).unwrap();
    fixture
}

/// All rows, as far as a store of before some metrics came can have them.
fn rows(reader: &Reader, id: ExperimentId) -> Vec<stratbox_store::Row> {
    let mut rows: Vec<stratbox_store::Row> = reader.rows(id).unwrap().map(|it| it.unwrap()).collect();
    for row in &mut rows {
        if let RunOutcome::Completed(metrics) = &mut row.outcome {
            let later = [
                &mut metrics.financing,
                &mut metrics.partial_fills,
                &mut metrics.expired,
                &mut metrics.dropped,
                &mut metrics.liquidations,
            ];
            later.into_iter().for_each(|figure| *figure = Missing::NotRecorded.into());
        }
    }
    rows
}

fn version(path: &Path) -> i64 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn a_store_of_version_1_is_brought_to_the_latest_with_all_that_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store.sqlite");
    fs::copy(VERSION_1, &store).unwrap();
    assert_eq!(version(&store), 1);
    let workspace = Workspace::open(dir.path()).unwrap();
    assert_eq!(version(&store), 3);

    let id = ExperimentId::new(1).unwrap();
    let today = Fixture::with_results(20);
    let (then, now) = (workspace.reader().unwrap(), today.workspace.reader().unwrap());
    let (found, mut expected) = (then.experiment(id).unwrap(), now.experiment(today.id).unwrap());
    // Its plan was of another program, and had no bars in it.
    expected.plan = r#"{"version":1}"#.into();
    expected.head.data = DataRange::all(Digest::from_bytes([0; 32]));
    // Nor did it know of metrics that came later.
    expected.metrics = found.metrics.clone();
    assert_eq!(found, expected);
    assert_eq!(rows(&then, id).len(), 20);
    assert_eq!(rows(&then, id), rows(&now, id));
    EventLog::open(&workspace, id).unwrap();
    today.log();
    assert_eq!(fs::read_to_string(workspace.events_path(id)).unwrap(), today.log_text());

    // And it can be written to, also what version 1 did not have.
    let mut writer = workspace.writer().unwrap();
    writer.keep_session(id, 7, "{}").unwrap();
    assert_eq!(then.last_sessions(9).unwrap().len(), 1);
    workspace.keep_component(&Digest::of(COMPONENT), COMPONENT).unwrap();
    assert_eq!(writer.create(&super::experiment(), "{}", 1).unwrap().0.number(), 2);
}

#[test]
fn a_store_of_version_2_is_brought_to_the_latest_and_its_trials_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store.sqlite");
    fs::copy(VERSION_2, &store).unwrap();
    assert_eq!(version(&store), 2);
    let workspace = Workspace::open(dir.path()).unwrap();
    assert_eq!(version(&store), 3);

    let id = ExperimentId::new(1).unwrap();
    let today = results_of_version_2();
    let (then, now) = (workspace.reader().unwrap(), today.workspace.reader().unwrap());
    let (found, mut expected) = (then.experiment(id).unwrap(), now.experiment(today.id).unwrap());
    expected.metrics = found.metrics.clone();
    assert_eq!(found, expected);
    assert_eq!(rows(&then, id), rows(&now, id));
    EventLog::open(&workspace, id).unwrap();
    today.log();
    assert_eq!(fs::read_to_string(workspace.events_path(id)).unwrap(), today.log_text());

    // What version 2 did not count is counted from what it kept.
    let (found, expected) = (then.trials(&data(), &[]).unwrap(), now.trials(&data(), &[]).unwrap());
    assert_eq!((found.total, expected.total), (25, 25));
    assert_eq!(found.by_experiment(), expected.by_experiment());
    assert_eq!((found.sessions, found.parts[0].data), (2, data()));
    assert_eq!(
        (found.parts[0].first, found.parts[0].last),
        (START, then.experiment(id).unwrap().head.updated)
    );

    // And it goes on.
    let mut writer = workspace.writer().unwrap();
    writer.commit(id, &Batch { trials: vec![settled(30)], ..Batch::default() }).unwrap();
    assert_eq!(then.trials(&data(), &[]).unwrap().total, 26);
    let holdout = writer.declare_holdout(&data(), Some(id), START).unwrap();
    writer.record_look(&look(holdout)).unwrap();
    assert_eq!(then.looks(&data()).unwrap().len(), 1);
}

#[test]
fn trials_of_a_plan_that_cannot_be_read_are_counted_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store.sqlite");
    for plan in ["no json", "[]", r#"{"bars":7,"from":"x","to":1e99}"#, r#"{"bars":"zz","from":1.5}"#] {
        fs::copy(VERSION_2, &store).unwrap();
        let connection = Connection::open(&store).unwrap();
        connection.execute("UPDATE experiments SET plan = ?1", [plan]).unwrap();
        drop(connection);
        let reader = Workspace::open(dir.path()).unwrap().reader().unwrap();
        let unknown = DataRange::all(Digest::from_bytes([0; 32]));
        assert_eq!(reader.trials(&unknown, &[]).unwrap().total, 25, "{plan}");
        assert_eq!(reader.experiment(ExperimentId::new(1).unwrap()).unwrap().head.data, unknown, "{plan}");
        drop(reader);
        fs::remove_file(&store).unwrap();
    }
}

#[test]
fn whoever_only_looks_brings_an_older_store_to_the_latest_version_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store.sqlite");
    fs::copy(VERSION_1, &store).unwrap();
    let reader = Workspace::open_existing(dir.path()).unwrap().reader().unwrap();
    assert_eq!(version(&store), 3);
    assert_eq!(reader.rows(ExperimentId::new(1).unwrap()).unwrap().count(), 20);
}

#[test]
fn a_store_of_the_latest_version_is_left_as_it_is() {
    let Fixture { dir: _dir, workspace, writer, .. } = Fixture::with_results(5);
    drop(writer);
    let store = workspace.path().join("store.sqlite");
    let before = fs::read(&store).unwrap();
    Workspace::open(workspace.path()).unwrap();
    assert!(fs::read(&store).unwrap() == before);
}
