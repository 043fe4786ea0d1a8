//! This test binary once more, as a process of its own that uses a vault and says how it went.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::*;

const TASK: &str = "STRATBOX_VAULT_TEST_TASK";
const ROOT: &str = "STRATBOX_VAULT_TEST_ROOT";
/// Marks a worker's own words among those of the test harness.
const MARK: &str = "worker: ";
/// Threads of the worker that never ends. Each stores under its own number, over and over.
pub(crate) const ENDLESS_THREADS: u64 = 4;

/// Content that differs from thread to thread and round to round, and takes a while to write.
pub(crate) fn endless_content(thread: u64, round: u64) -> Vec<u8> {
    [thread.to_le_bytes(), round.to_le_bytes()].concat().repeat(50_000)
}

/// Not a test: what a worker does. Without a task there is nothing to do.
#[test]
fn worker() {
    let (Ok(task), Ok(root)) = (std::env::var(TASK), std::env::var(ROOT)) else { return };
    let (task, argument) = task.split_once(' ').unwrap_or((&task, ""));
    let shelf = || Vault::open(Path::new(&root)).unwrap().shelf("artifacts", FORMAT).unwrap();
    let say = |what: &dyn std::fmt::Display| println!("\n{MARK}{what}");
    match task {
        "store-when-told" => {
            say(&"ready");
            std::io::stdin().lines().next();
            shelf().store(&key(argument), argument.as_bytes()).unwrap();
            say(&"stored");
        }
        // A name that is a number, and as many bytes.
        "store-zeros" => match shelf().store(&key(argument), &vec![0; argument.parse().unwrap()]) {
            Ok(()) => say(&"stored"),
            Err(error) => say(&error),
        },
        "load" => {
            let shelf = shelf();
            let loaded = shelf.load(&key(argument)).map(|content| content.len());
            say(&format!("{loaded:?} {:?}", shelf.quarantined().first().map(|refused| refused.reason)));
        }
        "store-endlessly" => {
            let shelf = shelf();
            let store_all = |thread: u64| {
                for round in 0.. {
                    shelf.store(&key(&thread.to_string()), &endless_content(thread, round)).unwrap();
                    say(&format!("{thread} {round}"));
                }
            };
            std::thread::scope(|scope| {
                (0..ENDLESS_THREADS).for_each(|thread| drop(scope.spawn(move || store_all(thread))));
            });
        }
        other => panic!("`{other}` is no task"),
    }
}

/// The command that starts this test binary, found at `program`, as a worker.
pub(crate) fn command(program: &Path, root: &Path, task: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "worker::worker", "--nocapture"]).env(TASK, task).env(ROOT, root);
    command
}

pub(crate) fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// A running worker.
pub(crate) struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    words: Box<dyn Iterator<Item = String>>,
}

impl Worker {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let words = lines.map_while(Result::ok).filter_map(|line| Some(line.strip_prefix(MARK)?.to_owned()));
        Self { input: child.stdin.take(), words: Box::new(words), child }
    }

    /// The next thing it says.
    pub(crate) fn word(&mut self) -> String {
        self.words.next().expect("the worker has not said its last word")
    }

    /// Lets a worker go on that waits for it.
    pub(crate) fn tell(&mut self) {
        self.input = None;
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
