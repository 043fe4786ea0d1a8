//! A process that is killed in the middle of storing.

use super::worker::{ENDLESS_THREADS, Worker, command, endless_content, this_program};
use super::*;

/// The round that a thread's file is of, when it has one.
fn round_on_the_shelf(shelf: &Shelf, thread: u64) -> Option<u64> {
    let content = shelf.load(&key(&thread.to_string()))?;
    let round = u64::from_le_bytes(content[8..16].try_into().unwrap());
    assert!(content == endless_content(thread, round), "it is all of one round");
    Some(round)
}

#[test]
fn every_file_is_whole_after_its_writer_was_killed() {
    for stores in 1..=15 {
        let fixture = Fixture::new();
        let mut worker = Worker::start(command(&this_program(), &fixture.root(), "store-endlessly"));
        let mut reported = [None; ENDLESS_THREADS as usize];
        for _ in 0..stores {
            let word = worker.word();
            let (thread, round) = word.split_once(' ').unwrap();
            reported[thread.parse::<usize>().unwrap()] = Some(round.parse().unwrap());
        }
        worker.kill();

        for (thread, reported) in (0..).zip(reported) {
            let found = round_on_the_shelf(&fixture.shelf, thread);
            assert!(found >= reported, "what was reported is there, or a later round");
        }
        assert_eq!(fixture.shelf.quarantined(), [], "nothing is half there");
    }
}
