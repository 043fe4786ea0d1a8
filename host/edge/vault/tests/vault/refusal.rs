//! What the system refuses: errors with a path, and nothing left behind.

use std::os::unix::process::CommandExt;
use std::process::Command;

use super::worker::{Worker, command, this_program};
use super::*;

/// A number that no user of the system has files under.
const ORDINARY_USER: u32 = 65_534;

/// Runs a worker, and gives its answer.
fn answer(command: Command) -> String {
    Worker::start(command).word()
}

/// A vault whose workers are bound by permissions, which a superuser is not.
struct Bound(TempDir);

impl Bound {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(dir.path(), Some(ORDINARY_USER), Some(ORDINARY_USER)).unwrap();
        }
        Self(dir)
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("vault")
    }

    fn shelf(&self) -> PathBuf {
        self.root().join("artifacts")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.shelf().join(key(name).to_string())
    }

    fn run(&self, task: &str) -> String {
        if !rustix::process::geteuid().is_root() {
            return answer(command(&this_program(), &self.root(), task));
        }
        // The user it runs as may be unable to reach this program by its path.
        let reachable = Path::new("/proc/self/exe");
        let program = if reachable.exists() { reachable.to_owned() } else { this_program() };
        let mut command = command(&program, &self.root(), task);
        command.uid(ORDINARY_USER).gid(ORDINARY_USER).current_dir("/");
        answer(command)
    }

    /// Stores a byte under `name`, and adds another to its file.
    fn store_and_alter(&self, name: &str) {
        assert_eq!(self.run(&format!("store-zeros {name}")), "stored");
        let mut altered = std::fs::read(self.path(name)).unwrap();
        altered.push(0);
        std::fs::write(self.path(name), altered).unwrap();
    }
}

#[test]
fn a_directory_that_may_not_be_written_is_an_error_with_path_and_advice() {
    let bound = Bound::new();
    assert_eq!(bound.run("store-zeros 1"), "stored");
    set_mode(&bound.shelf(), 0o500);
    let expected = format!(
        "cannot store `{}`: Permission denied (os error 13): check that its directory may be written, or use another",
        bound.path("2").display()
    );
    assert_eq!(bound.run("store-zeros 2"), expected);
    assert_eq!(names(&bound.shelf()), [key("1").to_string()]);
    assert_eq!(bound.run("load 1"), "Some(1) None");
    set_mode(&bound.shelf(), 0o700);
    assert_eq!(bound.run("store-zeros 2"), "stored");
}

#[test]
fn a_bad_file_that_cannot_be_moved_is_removed() {
    let bound = Bound::new();
    let quarantine = bound.root().join("quarantine");
    bound.store_and_alter("1");
    assert_eq!(bound.run("load 1"), "None Some(Altered)");
    assert_eq!(names(&quarantine).len(), 1);

    bound.store_and_alter("1");
    set_mode(&quarantine, 0o500);
    assert_eq!(bound.run("load 1"), "None Some(Altered)");
    assert_eq!((names(&quarantine).len(), names(&bound.shelf()).len()), (1, 0));
    set_mode(&quarantine, 0o700);
}

#[test]
fn a_bad_file_that_can_be_neither_moved_nor_removed_is_still_refused() {
    let bound = Bound::new();
    bound.store_and_alter("1");
    set_mode(&bound.shelf(), 0o500);
    assert_eq!(bound.run("load 1"), "None Some(Altered)");
    assert!(bound.path("1").exists());
    set_mode(&bound.shelf(), 0o700);
    assert_eq!(bound.run("load 1"), "None Some(Altered)");
    assert!(!bound.path("1").exists(), "it goes as soon as it can");
}

#[test]
fn a_file_that_cannot_be_read_is_a_miss_and_stays() {
    let bound = Bound::new();
    assert_eq!(bound.run("store-zeros 1"), "stored");
    set_mode(&bound.path("1"), 0o000);
    assert_eq!(bound.run("load 1"), "None None");
    set_mode(&bound.path("1"), 0o600);
    assert_eq!(bound.run("load 1"), "Some(1) None");
}

#[test]
fn a_disk_that_takes_no_more_is_an_error_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    // A limit on the size of files stops a write in the middle, as a full disk does, on every system and for every user.
    let limited = |task| {
        let worker = command(&this_program(), &fixture.root(), task);
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"trap "" XFSZ; ulimit -f 64; exec "$0" "$@""#]).arg(worker.get_program());
        shell
            .args(worker.get_args())
            .envs(worker.get_envs().filter_map(|(name, value)| Some((name, value?))));
        answer(shell)
    };
    assert_eq!(limited("store-zeros 1000"), "stored");
    let path = fixture.path(&key("1000000"));
    let expected = format!(
        "cannot store `{}`: File too large (os error 27): make room, or use a directory with more of it",
        path.display()
    );
    assert_eq!(limited("store-zeros 1000000"), expected);
    assert_eq!(names(&fixture.root().join("artifacts")), [key("1000").to_string()]);
    assert_eq!(fixture.shelf.load(&key("1000")), Some(vec![0; 1000]));
}

#[test]
fn a_folder_that_was_deleted_in_use_is_an_error_and_every_load_a_miss() {
    let fixture = Fixture::with_one_file();
    std::fs::remove_dir_all(fixture.root().join("artifacts")).unwrap();
    assert_eq!(fixture.shelf.load(&key("one")), None);
    let expected = format!(
        "cannot store `{}`: its directory was deleted while it was in use: start again, and it is made anew",
        fixture.path(&key("one")).display()
    );
    assert_eq!(fixture.shelf.store(&key("one"), CONTENT).unwrap_err().to_string(), expected);
    let anew = fixture.vault.shelf("artifacts", FORMAT).unwrap();
    anew.store(&key("one"), CONTENT).unwrap();
    assert_eq!(anew.load(&key("one")).as_deref(), Some(CONTENT));
}

#[test]
fn a_directory_in_the_way_of_a_store_is_an_error_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let path = fixture.path(&key("one"));
    std::fs::create_dir(&path).unwrap();
    let expected = format!(
        "cannot store `{}`: Is a directory (os error 21): remove the directory of that name",
        path.display()
    );
    assert_eq!(fixture.shelf.store(&key("one"), CONTENT).unwrap_err().to_string(), expected);
    assert_eq!(names(&fixture.root().join("artifacts")), [key("one").to_string()]);
    assert_eq!(fixture.refusal(&key("one")), Reason::NotRegular);
    fixture.shelf.store(&key("one"), CONTENT).unwrap();
    assert_eq!(fixture.shelf.load(&key("one")).as_deref(), Some(CONTENT));
}
