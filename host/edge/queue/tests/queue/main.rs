//! What a queue file promises: what is wrong in it is named with its line, what is written into it changes nothing else, and
//! nothing of its owner's is ever lost.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod files;
mod hostile;
mod killed;
mod laws;
mod reading;
mod updating;
mod worker;

use std::path::PathBuf;

use serde::de::IgnoredAny;
use stratbox_decide::{Category, Status, Tier};
use stratbox_queue::{Document, Managed, Queue, QueueError};
use tempfile::TempDir;

const PASSED: Status = Status::Done(Tier::L0, Category::Pass);

/// A queue file in a directory of its own.
struct Fixture {
    dir: TempDir,
}

impl Fixture {
    fn new(text: &str) -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(fixture.path(), text).unwrap();
        fixture
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("queue.yaml")
    }

    fn open(&self) -> Queue {
        Queue::open(&self.path()).unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    /// The names of all that is in the directory.
    fn names(&self) -> Vec<String> {
        let found = std::fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<_> =
            found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn read(text: &str) -> Result<Document, QueueError> {
    Queue::read(&Fixture::new(text).path())
}

/// What is said of a text, from its line on.
fn refusal(text: &str) -> String {
    let message = read(text).unwrap_err().to_string();
    message.split_once("queue.yaml:").unwrap().1.to_owned()
}

fn managed(document: &Document) -> Vec<(String, Managed)> {
    let entries = document.entries::<IgnoredAny>().unwrap();
    entries.into_iter().map(|entry| (entry.id, entry.managed)).collect()
}

/// `status` and nothing else.
fn with(status: Status) -> Managed {
    Managed { status, ..Managed::default() }
}

/// Everything that can be written.
fn full() -> Managed {
    let text = |text: &str| Some(text.to_owned());
    Managed {
        status: PASSED,
        attempts: 2,
        fingerprint: text("1e5"),
        verdict: text("PASS"),
        reason: text("sharpe 1.2: \"good\"\n# end"),
    }
}

/// The text after one strategy's update.
fn updated(text: &str, id: &str, managed: Managed) -> String {
    let fixture = Fixture::new(text);
    fixture.open().update(&[(id.to_owned(), managed)]).unwrap();
    fixture.text()
}
