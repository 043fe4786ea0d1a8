//! A process that is killed in the middle of writing.

use super::worker::{Worker, command, of_round};
use super::*;

#[test]
fn the_file_is_whole_old_or_new_after_its_writer_was_killed() {
    let text: String = std::iter::once("# mine\nstrategies:\n".to_owned())
        .chain((0..200).map(|number| format!("  - id: S{number} # {number}\n    source: s{number}.rs\n")))
        .collect();
    for rounds in 1..=12_usize {
        let fixture = Fixture::new(&text);
        let mut worker = Worker::start(command(&fixture.path(), "update-endlessly"));
        let last = (0..rounds).map(|_| worker.word().parse::<u32>().unwrap()).last().unwrap();
        worker.kill();

        let queue = fixture.open();
        let found = managed(queue.document());
        let round = found[0].1.attempts;
        assert!(round >= last, "what was reported is there, or a later round");
        assert!(found.iter().all(|(_, managed)| *managed == of_round(round)), "it is all of one round");
        let own: String = fixture.text().split_inclusive('\n').filter(|line| !is_managed(line)).collect();
        assert_eq!(own, text, "nothing of its owner's is missing");
        drop(queue);
        assert_eq!(fixture.names(), ["queue.yaml"], "nothing is left behind");
    }
}

fn is_managed(line: &str) -> bool {
    stratbox_queue::MANAGED_KEYS.iter().any(|key| line.trim_start().starts_with(&format!("{key}:")))
}
