//! Workspaces, components and locks.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use rusqlite::Connection;
use stratbox_domain::Digest;
use stratbox_store::{ExperimentId, StoreError, Workspace};

use super::{COMPONENT, Fixture, experiment};

#[test]
fn a_workspace_is_for_its_owner_only() {
    let fixture = Fixture::new();
    let mode = |name: &str| fixture.workspace.path().join(name).metadata().unwrap().mode() & 0o777;
    for name in ["", "events", "components", "locks"] {
        assert_eq!(mode(name), 0o700, "`{name}`");
    }
    std::fs::set_permissions(fixture.workspace.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    Workspace::open(fixture.workspace.path()).unwrap();
    assert_eq!(mode(""), 0o700);
}

#[test]
fn an_empty_directory_becomes_a_workspace_and_one_with_other_files_does_not() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("letter.txt"), "dear").unwrap();
    let refused = Workspace::open(dir.path()).unwrap_err();
    assert!(matches!(refused, StoreError::NotAWorkspace { .. }), "{refused}");
    assert!(refused.hint().contains("that is empty"), "{}", refused.hint());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was made");
    std::fs::remove_file(dir.path().join("letter.txt")).unwrap();
    assert!(Workspace::open(dir.path()).is_ok());
}

#[test]
fn a_file_is_not_a_workspace() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(Workspace::open(&file), Err(StoreError::NotAWorkspace { .. })));
}

#[test]
fn the_database_of_another_program_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE letters (text)").unwrap();
    let before = std::fs::read(&path).unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for open in [Workspace::open, Workspace::open_existing] {
        let refused = open(dir.path()).unwrap_err();
        assert!(refused.to_string().contains("another program"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(dir.path().metadata().unwrap().mode() & 0o777, 0o755);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was made");
    }
}

#[test]
fn what_another_program_left_when_it_was_killed_is_seen_to_be_its() {
    let dir = tempfile::tempdir().unwrap();
    let (living, killed) = (dir.path().join("store.sqlite"), dir.path().join("killed"));
    let connection = Connection::open(&living).unwrap();
    connection.execute_batch("CREATE TABLE letters (text); PRAGMA cache_size = 1; BEGIN").unwrap();
    for n in 0..100 {
        connection.execute("INSERT INTO letters VALUES (zeroblob(?1))", [1_000 + n]).unwrap();
    }
    std::fs::create_dir(&killed).unwrap();
    for name in ["store.sqlite", "store.sqlite-journal"] {
        std::fs::copy(dir.path().join(name), killed.join(name)).unwrap();
    }
    std::fs::set_permissions(&killed, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = Workspace::open(&killed).unwrap_err();
    assert!(refused.to_string().contains("another program"), "{refused}");
    assert_eq!(killed.metadata().unwrap().mode() & 0o777, 0o755);
    assert!(!killed.join("locks").exists());
}

#[test]
fn whoever_only_looks_makes_no_workspace() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let refused = Workspace::open_existing(&missing).unwrap_err();
    assert!(refused.to_string().ends_with("is not a workspace: there is no such directory"), "{refused}");
    assert!(refused.hint().starts_with("name the directory of a workspace"), "{}", refused.hint());
    assert!(!missing.exists());

    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let refused = Workspace::open_existing(&empty).unwrap_err();
    assert!(refused.to_string().ends_with("is not a workspace: there is no store in it"), "{refused}");
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);

    std::fs::write(empty.join("store.sqlite"), "").unwrap();
    assert!(matches!(Workspace::open_existing(&empty), Err(StoreError::NotAWorkspace { .. })));
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 1);
}

#[test]
fn whoever_only_looks_sees_a_workspace_that_there_is() {
    let Fixture { dir: _dir, workspace, id, .. } = Fixture::with_results(5);
    let found = Workspace::open_existing(workspace.path()).unwrap();
    assert_eq!(found.path(), workspace.path());
    assert_eq!(found.reader().unwrap().rows(id).unwrap().count(), 5);
}

#[test]
fn a_store_of_a_later_program_is_refused() {
    let Fixture { dir: _dir, workspace, writer, .. } = Fixture::new();
    drop(writer);
    let connection = Connection::open(workspace.path().join("store.sqlite")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    std::fs::remove_dir(workspace.path().join("events")).unwrap();
    let refused = Workspace::open(workspace.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 99, .. }), "{refused}");
    assert!(refused.hint().contains("as new as"), "{}", refused.hint());
    assert!(!workspace.path().join("events").exists(), "nothing was made");
}

#[test]
fn when_nobody_uses_it_a_workspace_has_one_store_file_that_can_be_copied() {
    let Fixture { dir, workspace, writer, id, .. } = Fixture::with_results(20);
    drop(writer);
    assert!(!workspace.path().join("store.sqlite-wal").exists());
    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(workspace.path().join("store.sqlite"), copy.join("store.sqlite")).unwrap();
    let copied = Workspace::open(&copy).unwrap().reader().unwrap();
    let original = workspace.reader().unwrap();
    assert_eq!(copied.experiment(id).unwrap(), original.experiment(id).unwrap());
    assert_eq!(copied.rows(id).unwrap().count(), 20);
}

#[test]
fn a_component_that_is_kept_is_given_back() {
    let Fixture { workspace, dir: _dir, .. } = Fixture::new();
    assert_eq!(workspace.component(&Digest::of(COMPONENT)).unwrap(), COMPONENT);
    let missing = workspace.component(&Digest::of(b"other")).unwrap_err();
    assert!(missing.to_string().contains("is not in the workspace"), "{missing}");
}

#[test]
fn a_component_must_be_what_it_is_called() {
    let Fixture { workspace, dir: _dir, .. } = Fixture::new();
    let refused = workspace.keep_component(&Digest::of(b"other"), COMPONENT).unwrap_err();
    assert!(matches!(refused, StoreError::Component { .. }), "{refused}");
    assert!(workspace.component(&Digest::of(b"other")).is_err());
}

#[test]
fn a_component_that_was_changed_is_refused_until_it_is_kept_again() {
    let Fixture { workspace, dir: _dir, .. } = Fixture::new();
    let digest = Digest::of(COMPONENT);
    let path = workspace.path().join("components").join(format!("{digest}.wasm"));
    std::fs::write(&path, b"evil").unwrap();
    let refused = workspace.component(&digest).unwrap_err();
    assert!(refused.to_string().contains("was changed"), "{refused}");
    workspace.keep_component(&digest, COMPONENT).unwrap();
    assert_eq!(workspace.component(&digest).unwrap(), COMPONENT);
}

#[test]
fn an_experiment_is_run_by_one_at_a_time() {
    let Fixture { workspace, id, lock, dir: _dir, .. } = Fixture::new();
    assert_eq!(lock.experiment(), id);
    assert!(workspace.is_running(id).unwrap());
    let refused = workspace.lock(id).unwrap_err();
    let this = std::process::id();
    assert!(
        matches!(refused, StoreError::Running { process: Some(process), .. } if process == this),
        "{refused}"
    );
    drop(lock);
    assert!(!workspace.is_running(id).unwrap());
    let _again = workspace.lock(id).unwrap();
    assert!(workspace.is_running(id).unwrap());
}

#[test]
fn an_experiment_that_there_is_not_is_not_running() {
    let Fixture { workspace, dir: _dir, .. } = Fixture::new();
    assert!(!workspace.is_running(ExperimentId::new(99).unwrap()).unwrap());
}

#[test]
fn several_may_make_the_same_workspace_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("workspace");
    std::thread::scope(|scope| {
        let open = || {
            let workspace = Workspace::open(&path).unwrap();
            workspace.keep_component(&Digest::of(COMPONENT), COMPONENT).unwrap();
            workspace.writer().unwrap().create(&experiment(), "{}", 1).unwrap().0
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        let mut ids: Vec<i64> = threads.into_iter().map(|it| it.join().unwrap().number()).collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2, 3, 4]);
    });
}
