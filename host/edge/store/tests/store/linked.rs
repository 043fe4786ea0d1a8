//! What somebody else put in the place of a file or directory of the workspace.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use stratbox_domain::Digest;
use stratbox_store::{EventLog, StoreError, Workspace};

use super::{COMPONENT, Fixture, experiment};

/// Without a line feed, so that a log would not keep a byte of it.
const PRECIOUS: &str = "precious";

/// An idle workspace with an experiment, and a file outside that a link can point at.
fn idle() -> (Fixture, PathBuf) {
    let fixture = Fixture::with_results(5);
    fixture.lock_file_is_free();
    let target = fixture.dir.path().join("target");
    fs::write(&target, PRECIOUS).unwrap();
    (fixture, target)
}

impl Fixture {
    /// Takes the file away that the fixture holds, so that another can be put in its place.
    fn lock_file_is_free(&self) {
        fs::remove_file(self.lock_file()).unwrap();
    }

    fn lock_file(&self) -> PathBuf {
        self.workspace.path().join("locks").join(self.id.to_string())
    }
}

fn assert_foreign<T>(result: Result<T, StoreError>, path: &Path, why: &str) {
    let Err(refused) = result else { panic!("`{}` was used", path.display()) };
    let found = matches!(&refused, StoreError::Foreign { path: found, .. } if found == path);
    assert!(found && refused.to_string().contains(why), "{refused}");
    assert!(refused.hint().contains("no links: move this one away"), "{}", refused.hint());
}

#[test]
fn a_link_in_the_place_of_a_lock_is_refused_and_its_target_is_left() {
    let (fixture, target) = idle();
    let (workspace, path) = (&fixture.workspace, fixture.lock_file());
    symlink(&target, &path).unwrap();
    assert_foreign(workspace.lock(fixture.id), &path, "symbolic link");
    assert_foreign(workspace.is_running(fixture.id), &path, "symbolic link");
    assert_eq!(fs::read_to_string(&target).unwrap(), PRECIOUS);
    fs::remove_file(&path).unwrap();
    assert!(workspace.lock(fixture.id).is_ok());
}

#[test]
fn a_link_in_the_place_of_a_log_is_refused_and_its_target_is_left() {
    let (fixture, target) = idle();
    let path = fixture.workspace.events_path(fixture.id);
    symlink(&target, &path).unwrap();
    assert_foreign(EventLog::open(&fixture.workspace, fixture.id), &path, "symbolic link");
    assert_foreign(EventLog::mend(&fixture.workspace, fixture.id), &path, "symbolic link");
    assert_eq!(fs::read_to_string(&target).unwrap(), PRECIOUS);
    fs::remove_file(&path).unwrap();
    assert!(EventLog::open(&fixture.workspace, fixture.id).is_ok());
}

#[test]
fn the_missing_target_of_a_link_is_not_made() {
    let (fixture, target) = idle();
    fs::remove_file(&target).unwrap();
    let log = fixture.workspace.events_path(fixture.id);
    symlink(&target, &log).unwrap();
    symlink(&target, fixture.lock_file()).unwrap();
    assert_foreign(EventLog::open(&fixture.workspace, fixture.id), &log, "symbolic link");
    assert_foreign(fixture.workspace.lock(fixture.id), &fixture.lock_file(), "symbolic link");
    assert!(!target.exists());
}

#[test]
fn a_log_that_is_made_again_replaces_a_link_and_leaves_its_target() {
    let (fixture, target) = idle();
    let path = fixture.workspace.events_path(fixture.id);
    symlink(&target, &path).unwrap();
    EventLog::rebuild(&fixture.workspace, fixture.id).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    assert_eq!(fs::read_to_string(&target).unwrap(), PRECIOUS);
}

#[test]
fn a_link_in_the_place_of_a_folder_is_refused_and_its_target_keeps_its_mode() {
    for name in ["events", "components", "locks"] {
        let (fixture, _) = idle();
        let (outside, path) = (fixture.dir.path().join("outside"), fixture.workspace.path().join(name));
        fs::create_dir(&outside).unwrap();
        fs::set_permissions(&outside, Permissions::from_mode(0o755)).unwrap();
        fs::remove_dir_all(&path).unwrap();
        symlink(&outside, &path).unwrap();
        assert_foreign(Workspace::open(fixture.workspace.path()), &path, "symbolic link");
        assert_foreign(Workspace::open_existing(fixture.workspace.path()), &path, "symbolic link");
        assert_eq!(outside.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        fs::remove_file(&path).unwrap();
        Workspace::open(fixture.workspace.path()).unwrap();
    }
}

#[test]
fn a_file_in_the_place_of_a_folder_is_refused() {
    let (fixture, _) = idle();
    let path = fixture.workspace.path().join("events");
    fs::write(&path, "").unwrap_err();
    fs::remove_dir_all(&path).unwrap();
    fs::write(&path, "").unwrap();
    assert_foreign(Workspace::open(fixture.workspace.path()), &path, "not a directory");
}

#[test]
fn a_workspace_may_be_behind_a_link_that_its_user_names() {
    let (fixture, _) = idle();
    let link = fixture.dir.path().join("link");
    symlink(fixture.workspace.path(), &link).unwrap();
    let reader = Workspace::open(&link).unwrap().reader().unwrap();
    assert_eq!(reader.rows(fixture.id).unwrap().count(), 5);
}

#[test]
fn a_link_in_the_place_of_a_component_is_not_read_and_gives_way_to_the_component() {
    let (mut fixture, target) = idle();
    // Even one with the right content.
    fs::write(&target, COMPONENT).unwrap();
    let digest = Digest::of(COMPONENT);
    let path = fixture.workspace.path().join("components").join(format!("{digest}.wasm"));
    fs::remove_file(&path).unwrap();
    symlink(&target, &path).unwrap();
    assert_foreign(fixture.workspace.component(&digest), &path, "symbolic link");
    assert_foreign(fixture.writer.create(&experiment(), "{}", 1), &path, "symbolic link");
    fixture.workspace.keep_component(&digest, COMPONENT).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_file() && target.exists());
    assert_eq!(fixture.workspace.component(&digest).unwrap(), COMPONENT);
    assert!(fixture.writer.create(&experiment(), "{}", 1).is_ok());
}

#[test]
fn a_link_in_the_place_of_the_store_is_refused() {
    let Fixture { dir, workspace, writer, .. } = Fixture::with_results(5);
    drop(writer);
    let (path, moved) = (workspace.path().join("store.sqlite"), dir.path().join("moved.sqlite"));
    fs::rename(&path, &moved).unwrap();
    symlink(&moved, &path).unwrap();
    let before = fs::read(&moved).unwrap();
    assert_foreign(Workspace::open(workspace.path()), &path, "symbolic link");
    assert!(fs::read(&moved).unwrap() == before);
    fs::rename(&moved, &path).unwrap();
    assert!(Workspace::open(workspace.path()).is_ok());
}

#[test]
fn nobody_waits_for_a_pipe_in_the_place_of_a_file() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let (fixture, _) = idle();
    let digest = Digest::of(COMPONENT);
    let component = fixture.workspace.path().join("components").join(format!("{digest}.wasm"));
    fs::remove_file(&component).unwrap();
    let (lock, log) = (fixture.lock_file(), fixture.workspace.events_path(fixture.id));
    for path in [&lock, &log, &component] {
        mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    }
    assert_foreign(fixture.workspace.is_running(fixture.id), &lock, "not a regular file");
    assert_foreign(fixture.workspace.lock(fixture.id), &lock, "not a regular file");
    assert_foreign(EventLog::open(&fixture.workspace, fixture.id), &log, "not a regular file");
    assert_foreign(fixture.workspace.component(&digest), &component, "not a regular file");
}

#[test]
fn a_lock_that_is_refused_is_left_as_it_is() {
    let fixture = Fixture::new();
    fs::write(fixture.lock_file(), "77").unwrap();
    let refused = fixture.workspace.lock(fixture.id).unwrap_err();
    assert!(matches!(refused, StoreError::Running { process: Some(77), .. }), "{refused}");
    assert_eq!(fs::read_to_string(fixture.lock_file()).unwrap(), "77");
    drop(fixture.lock);
    let _lock = fixture.workspace.lock(fixture.id).unwrap();
    let path = fixture.workspace.path().join("locks").join(fixture.id.to_string());
    assert_eq!(fs::read_to_string(path).unwrap(), std::process::id().to_string());
}
