//! Stores that earlier programs wrote.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use stratbox_store::{EventLog, ExperimentId, Workspace};

use super::{COMPONENT, Fixture};

/// A store of version 1, with the experiment that `Fixture::with_results(20)` makes.
const VERSION_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store-v1.sqlite");

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
    assert_eq!(version(&store), 2);

    let id = ExperimentId::new(1).unwrap();
    let today = Fixture::with_results(20);
    let (then, now) = (workspace.reader().unwrap(), today.workspace.reader().unwrap());
    assert_eq!(then.experiment(id).unwrap(), now.experiment(today.id).unwrap());
    let rows = |reader: &stratbox_store::Reader| -> Vec<_> {
        reader.rows(id).unwrap().map(|it| it.unwrap()).collect()
    };
    assert_eq!(rows(&then).len(), 20);
    assert_eq!(rows(&then), rows(&now));
    EventLog::open(&workspace, id).unwrap();
    today.log();
    assert_eq!(fs::read_to_string(workspace.events_path(id)).unwrap(), today.log_text());

    // And it can be written to, also what version 1 did not have.
    let mut writer = workspace.writer().unwrap();
    writer.keep_session(id, 7, "{}").unwrap();
    assert_eq!(then.last_sessions(9).unwrap().len(), 1);
    workspace.keep_component(&stratbox_domain::Digest::of(COMPONENT), COMPONENT).unwrap();
    assert_eq!(writer.create(&super::experiment(), "{}", 1).unwrap().0.number(), 2);
}

#[test]
fn whoever_only_looks_brings_an_older_store_to_the_latest_version_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store.sqlite");
    fs::copy(VERSION_1, &store).unwrap();
    let reader = Workspace::open_existing(dir.path()).unwrap().reader().unwrap();
    assert_eq!(version(&store), 2);
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
