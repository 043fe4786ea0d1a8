//! Several at once.

use std::sync::Barrier;
use std::thread;

use super::worker::{Worker, command, this_program};
use super::*;

#[test]
fn threads_that_make_the_key_at_once_agree_on_it() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("vault");
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for number in 0..4 {
                let (start, root) = (&start, &root);
                scope.spawn(move || {
                    start.wait();
                    let shelf = Vault::open(root).unwrap().shelf("artifacts", FORMAT).unwrap();
                    shelf.store(&key(&number.to_string()), CONTENT).unwrap();
                });
            }
        });
        assert_eq!(names(&root), ["artifacts", "key"], "no key is left in the making");
        let shelf = Vault::open(&root).unwrap().shelf("artifacts", FORMAT).unwrap();
        for number in 0..4 {
            assert_eq!(shelf.load(&key(&number.to_string())).as_deref(), Some(CONTENT));
        }
    }
}

#[test]
fn processes_that_make_the_key_at_once_agree_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("vault");
    let tasks: Vec<_> = (0..6).map(|number| format!("store-when-told {number}")).collect();
    let mut workers: Vec<_> =
        tasks.iter().map(|task| Worker::start(command(&this_program(), &root, task))).collect();
    workers.iter_mut().for_each(|worker| assert_eq!(worker.word(), "ready"));
    assert!(!root.exists());
    workers.iter_mut().for_each(Worker::tell);
    workers.iter_mut().for_each(|worker| assert_eq!(worker.word(), "stored"));

    let shelf = Vault::open(&root).unwrap().shelf("artifacts", FORMAT).unwrap();
    for number in (0..6).map(|number| number.to_string()) {
        assert_eq!(shelf.load(&key(&number)).as_deref(), Some(number.as_bytes()));
    }
}

#[test]
fn several_that_refuse_the_same_files_at_once_do_not_fail() {
    let fixture = Fixture::with_one_file();
    let bad: Vec<_> = (0..60).map(|number| key(&number.to_string())).collect();
    for key in &bad {
        std::fs::write(fixture.path(key), "damage").unwrap();
    }
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let shelf = Vault::open(&fixture.root()).unwrap().shelf("artifacts", FORMAT).unwrap();
                start.wait();
                assert!(bad.iter().all(|key| shelf.load(key).is_none()));
                assert_eq!(shelf.load(&key("one")).as_deref(), Some(CONTENT));
            });
        }
    });
    assert_eq!(names(&fixture.root().join("artifacts")), [key("one").to_string()]);
    assert!(names(&fixture.root().join("quarantine")).len() <= 32);
}

#[test]
fn whoever_loads_while_another_stores_gets_one_whole_content_or_the_other() {
    let fixture = Fixture::with_one_file();
    let contents = [vec![1; 50_000], vec![2; 90_000]];
    fixture.shelf.store(&key("one"), &contents[0]).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for content in contents.iter().cycle().take(40) {
                fixture.shelf.store(&key("one"), content).unwrap();
            }
        });
        while !writer.is_finished() {
            let loaded = fixture.shelf.load(&key("one"));
            assert!(loaded.is_some_and(|content| contents.contains(&content)));
        }
    });
    assert_eq!(fixture.shelf.quarantined(), []);
}
