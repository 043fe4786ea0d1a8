//! This test binary once more, as a process of its own that has a queue and says how it goes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

const TASK: &str = "STRATBOX_QUEUE_TEST_TASK";
const QUEUE: &str = "STRATBOX_QUEUE_TEST_QUEUE";
/// Marks a worker's own words among those of the test harness.
const MARK: &str = "worker: ";

/// What an endless worker writes of every strategy in a round.
pub(crate) fn of_round(round: u32) -> Managed {
    let reason = Some(format!("round {round}: {}", "x".repeat(usize::try_from(round % 97).unwrap())));
    Managed { attempts: round, reason, ..with(PASSED) }
}

/// Not a test: what a worker does. Without a task there is nothing to do.
#[test]
fn worker() {
    let (Ok(task), Ok(path)) = (std::env::var(TASK), std::env::var(QUEUE)) else { return };
    let say = |what: &dyn std::fmt::Display| println!("\n{MARK}{what}");
    let mut queue = Queue::open(Path::new(&path)).unwrap();
    match task.as_str() {
        "hold" => {
            say(&"held");
            std::io::stdin().lines().next();
        }
        "update-endlessly" => {
            let ids: Vec<_> = managed(queue.document()).into_iter().map(|(id, _)| id).collect();
            for round in 1.. {
                let changes: Vec<_> = ids.iter().map(|id| (id.clone(), of_round(round))).collect();
                queue.update(&changes).unwrap();
                say(&round);
            }
        }
        other => panic!("`{other}` is no task"),
    }
}

/// The command that starts this test binary as a worker.
pub(crate) fn command(queue: &Path, task: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "worker::worker", "--nocapture"]).env(TASK, task).env(QUEUE, queue);
    command
}

/// A running worker.
pub(crate) struct Worker {
    child: Child,
    words: Box<dyn Iterator<Item = String>>,
}

impl Worker {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let words = lines.map_while(Result::ok).filter_map(|line| Some(line.strip_prefix(MARK)?.to_owned()));
        Self { words: Box::new(words), child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next thing it says.
    pub(crate) fn word(&mut self) -> String {
        self.words.next().expect("the worker has not said its last word")
    }

    /// Ends it without giving it a chance to do anything about it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
