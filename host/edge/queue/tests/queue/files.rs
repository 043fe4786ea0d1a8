//! Locks, links, permissions, and what others do to the file meanwhile.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::worker::{Worker, command};
use super::*;

const ONE: &str = "strategies:\n- id: a\n";

fn change(queue: &mut Queue) -> Result<(), QueueError> {
    queue.update(&[("a".to_owned(), with(PASSED))])
}

#[test]
fn a_queue_is_validated_by_one_process_at_a_time() {
    let fixture = Fixture::new(ONE);
    let mut worker = Worker::start(command(&fixture.path(), "hold"));
    assert_eq!(worker.word(), "held");
    let error = Queue::open(&fixture.path()).unwrap_err();
    let process = format!("validated by another process (process {}): wait until it ends", worker.id());
    assert!(error.to_string().ends_with(&process), "{error}");
    assert_eq!(Queue::read(&fixture.path()).unwrap().len(), 1, "reading needs no lock");
    worker.kill();
    change(&mut fixture.open()).unwrap();
    assert_eq!(fixture.names(), ["queue.yaml"], "no lock is left");
}

#[test]
fn a_second_queue_in_the_same_process_is_refused_by_whatever_name() {
    let fixture = Fixture::new(ONE);
    let link = fixture.dir.path().join("link.yaml");
    symlink("queue.yaml", &link).unwrap();
    let held = fixture.open();
    assert!(matches!(Queue::open(&link), Err(QueueError::Locked { .. })));
    drop(held);
    Queue::open(&link).unwrap();
}

#[test]
fn a_lock_that_comes_and_goes_is_never_held_twice() {
    let fixture = Fixture::new(ONE);
    let (holders, times) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let contend = || {
        while times.load(Ordering::SeqCst) < 100 {
            match Queue::open(&fixture.path()) {
                Ok(queue) => {
                    assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                    holders.fetch_sub(1, Ordering::SeqCst);
                    times.fetch_add(1, Ordering::SeqCst);
                    drop(queue);
                }
                Err(error) => assert!(matches!(error, QueueError::Locked { .. }), "{error}"),
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(contend))));
    assert_eq!(fixture.names(), ["queue.yaml"]);
}

#[test]
fn reading_leaves_nothing_behind() {
    let fixture = Fixture::new(ONE);
    Queue::read(&fixture.path()).unwrap();
    assert_eq!(fixture.names(), ["queue.yaml"]);
}

#[test]
fn a_lock_that_is_a_link_or_no_file_is_not_used() {
    let fixture = Fixture::new(ONE);
    let lock = fixture.dir.path().join(".queue.yaml.lock");
    let victim = fixture.dir.path().join("victim");
    std::fs::write(&victim, "mine").unwrap();
    symlink(&victim, &lock).unwrap();
    let message = Queue::open(&fixture.path()).unwrap_err().to_string();
    assert!(message.starts_with("cannot lock `") && message.contains("symbolic link"), "{message}");
    assert_eq!(std::fs::read(&victim).unwrap(), b"mine");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let message = Queue::open(&fixture.path()).unwrap_err().to_string();
    assert!(message.contains("not a regular file"), "{message}");
    std::fs::remove_dir(&lock).unwrap();
    fixture.open();
}

#[test]
fn an_edit_in_the_meantime_is_never_lost() {
    let fixture = Fixture::new(ONE);
    let mut queue = fixture.open();
    let edited = "strategies:\n- id: a\n  # by hand\n";
    std::fs::write(fixture.path(), edited).unwrap();
    let error = change(&mut queue).unwrap_err();
    assert!(matches!(error, QueueError::Edited { .. }), "{error}");
    assert!(error.to_string().contains("was changed by somebody else"), "{error}");
    assert_eq!(fixture.text(), edited);
    assert_eq!(fixture.names(), [".queue.yaml.lock", "queue.yaml"], "nothing is left of the attempt");
    std::fs::write(fixture.path(), ONE).unwrap();
    change(&mut queue).unwrap();
    assert_eq!(managed(queue.document()), managed(&Queue::read(&fixture.path()).unwrap()));
}

#[test]
fn an_edit_that_keeps_the_length_is_seen_too() {
    let fixture = Fixture::new("strategies:\n- id: a\n  x: 1\n");
    let mut queue = fixture.open();
    change(&mut queue).unwrap();
    std::fs::write(fixture.path(), fixture.text().replace("x: 1", "x: 2")).unwrap();
    let second = queue.update(&[("a".to_owned(), with(Status::Pending))]);
    assert!(matches!(second, Err(QueueError::Edited { .. })));
    assert!(fixture.text().contains("x: 2"));
}

#[test]
fn a_file_or_directory_that_is_gone_is_not_made_again() {
    let fixture = Fixture::new(ONE);
    let mut queue = fixture.open();
    std::fs::remove_file(fixture.path()).unwrap();
    let message = change(&mut queue).unwrap_err().to_string();
    assert!(message.starts_with("cannot read `"), "{message}");
    assert_eq!(fixture.names(), [".queue.yaml.lock"]);
    std::fs::remove_dir_all(fixture.dir.path()).unwrap();
    assert!(change(&mut queue).is_err());
    assert!(!fixture.dir.path().exists());
    assert!(Queue::open(&fixture.path()).unwrap_err().to_string().starts_with("cannot read `"));
}

#[test]
fn a_link_stays_a_link_and_what_it_points_to_is_replaced() {
    let fixture = Fixture::new(ONE);
    let other = tempfile::tempdir().unwrap();
    let link = other.path().join("link.yaml");
    symlink(fixture.path(), &link).unwrap();
    let mut queue = Queue::open(&link).unwrap();
    assert_eq!(queue.document().path(), link);
    change(&mut queue).unwrap();
    drop(queue);
    assert!(link.is_symlink());
    assert!(fixture.text().contains("L0_PASSED") && !fixture.path().is_symlink());
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 1);
}

#[test]
fn a_link_that_points_elsewhere_by_now_is_an_edit() {
    let (fixture, elsewhere) = (Fixture::new(ONE), Fixture::new(ONE));
    let link = fixture.dir.path().join("link.yaml");
    symlink(fixture.path(), &link).unwrap();
    let mut queue = Queue::open(&link).unwrap();
    std::fs::remove_file(&link).unwrap();
    symlink(elsewhere.path(), &link).unwrap();
    assert!(matches!(change(&mut queue), Err(QueueError::Edited { .. })));
    assert_eq!((fixture.text(), elsewhere.text()), (ONE.to_owned(), ONE.to_owned()));
}

#[test]
fn permissions_stay() {
    let fixture = Fixture::new(ONE);
    for mode in [0o640, 0o666, 0o600] {
        std::fs::write(fixture.path(), ONE).unwrap();
        std::fs::set_permissions(fixture.path(), Permissions::from_mode(mode)).unwrap();
        change(&mut fixture.open()).unwrap();
        assert_eq!(std::fs::metadata(fixture.path()).unwrap().permissions().mode() & 0o7777, mode);
    }
}

#[test]
fn a_file_or_directory_that_may_not_be_written_is_refused_before_any_work() {
    if rustix::process::geteuid().is_root() {
        return; // Whom nothing is refused.
    }
    let fixture = Fixture::new(ONE);
    std::fs::set_permissions(fixture.path(), Permissions::from_mode(0o400)).unwrap();
    let message = Queue::open(&fixture.path()).unwrap_err().to_string();
    assert!(message.starts_with("cannot write `"), "{message}");
    std::fs::set_permissions(fixture.path(), Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(fixture.dir.path(), Permissions::from_mode(0o500)).unwrap();
    let message = Queue::open(&fixture.path()).unwrap_err().to_string();
    std::fs::set_permissions(fixture.dir.path(), Permissions::from_mode(0o700)).unwrap();
    assert!(message.starts_with("cannot lock `"), "{message}");
}

#[test]
fn what_was_left_behind_is_removed_and_what_only_looks_like_it_is_not() {
    let fixture = Fixture::new(ONE);
    let mine = [".other.yaml.stratbox-abcdefgh.tmp", ".queue.yaml.stratbox-mine.tmp", ".queue.yaml.swp"];
    for name in mine.iter().chain(&[".queue.yaml.stratbox-aB3defgh.tmp"]) {
        std::fs::write(fixture.dir.path().join(name), "half").unwrap();
    }
    drop(fixture.open());
    let mut kept = mine.to_vec();
    kept.push("queue.yaml");
    assert_eq!(fixture.names(), kept);
}

#[test]
fn a_queue_that_is_no_regular_file_is_refused_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path(), std::path::Path::new("/dev/null")] {
        let message = Queue::read(path).unwrap_err().to_string();
        assert!(message.starts_with("cannot read `") && message.ends_with("not a regular file"), "{message}");
    }
}
