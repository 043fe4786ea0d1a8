//! Validations that are killed, locked out, edited under their feet, or whose workers are: nothing is lost, nothing is counted
//! twice.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::{folder, queue, read, said, validate};
use crate::{Ran, command, stratbox, write};

/// A validation in the background that says on its standard output what happens.
struct Running {
    child: Child,
    events: BufReader<ChildStdout>,
}

impl Running {
    fn start(dir: &Path, words: &str) -> Self {
        let mut child = command(dir)
            .args(["validate", "queue.yaml", "--events", "-"])
            .args(words.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let events = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, events }
    }

    /// Waits for the next event of a name; `false` when it ends before.
    fn until(&mut self, name: &str) -> bool {
        loop {
            let mut line = String::new();
            if self.events.read_line(&mut line).expect("events are UTF-8") == 0 {
                return false;
            }
            // A process that is killed may leave half a line.
            let Ok(event) = serde_json::from_str::<Value>(&line) else { return false };
            if event["event"] == name {
                return true;
            }
        }
    }

    fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }

    fn end(mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.events.read_to_string(&mut stdout).expect("events are UTF-8");
        self.child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("it is UTF-8");
        let code = self.child.wait().expect("it ends").code().expect("no signal ended it");
        Ran { code, stdout, stderr }
    }

    /// A worker process that has been computing for a while.
    fn busy_worker(&self) -> u32 {
        loop {
            if let Some(pid) = children(self.child.id()).into_iter().find(|pid| ticks(*pid) > 20) {
                return pid;
            }
            std::thread::yield_now();
        }
    }
}

/// The fields of a process after its name; `None` when it is gone.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("there is /proc").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|stat| stat[1] == parent.to_string())).collect()
}

/// Hundredths of a second of processor time.
fn ticks(pid: u32) -> u64 {
    stat(pid).and_then(|stat| stat[11].parse().ok()).unwrap_or_default()
}

/// Trials on the bars of a folder, and one more.
fn trials(dir: &Path) -> Value {
    stratbox(dir, "run seer.rs --data a.csv=A --who me --why test --format json").ok().json()["trials"]
        .clone()
}

/// What the queue says, but for the times.
fn lines(dir: &Path) -> Vec<String> {
    read(dir).lines().map(str::to_owned).collect()
}

const EIGHT: [(&str, &str); 8] = [
    ("S1", "units: [5, 10]"),
    ("S2", "every: 2"),
    ("S3", "every: 3"),
    ("S4", "units: 7"),
    ("S5", "wrong: 2"),
    ("S6", "units: [8, 9]"),
    ("S7", "mode: refuse"),
    ("S8", "every: 20"),
];

#[test]
fn whenever_it_is_killed_the_queue_ends_as_if_it_had_not_been_and_every_trial_is_counted_once() {
    let words = "--until L2 --on-failures continue --workers 2";
    let undisturbed = folder(&queue("", &EIGHT));
    validate(undisturbed.path(), words).ok();
    let dir = folder(&queue("", &EIGHT));
    // Each time a little later, so that it comes to an end.
    for events in 1.. {
        let mut running = Running::start(dir.path(), words);
        if (0..events).any(|_| !running.until("strategy.validated")) {
            let ran = running.end();
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            assert!(events > 3, "it was killed some times");
            break;
        }
        running.kill();
    }
    assert_eq!(lines(dir.path()), lines(undisturbed.path()));
    assert_eq!(trials(dir.path()), trials(undisturbed.path()));
}

#[test]
fn an_edit_in_the_middle_is_not_lost_and_neither_is_what_was_validated() {
    let dir = folder(&queue("", &EIGHT[..4]));
    let mut running = Running::start(dir.path(), "--workers 1");
    assert!(running.until("strategy.validated"));
    let edited = read(dir.path()) + "# an afterthought\n";
    write(dir.path(), "queue.yaml", &edited);
    let ran = running.end();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("was edited while it was validated"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`S1`"), "{}", ran.stderr);
    assert_eq!(read(dir.path()), edited);
    let report = validate(dir.path(), "--format json").ok().json();
    assert_eq!(report["tiers"][0]["strategies"][0]["answered"], "kept", "{report}");
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED", "L0_PASSED", "L0_FIXABLE", "L0_PASSED"]);
    assert!(read(dir.path()).ends_with("# an afterthought\n"));
}

#[test]
fn a_queue_that_another_process_validates_is_left_to_it() {
    let dir = folder(&queue("", &[("A", "turns: 500")]));
    let mut running = Running::start(dir.path(), "");
    assert!(running.until("strategy.validating"));
    let refused = validate(dir.path(), "");
    assert!(refused.refused(2).contains("is being validated by another process"), "{}", refused.stderr);
    assert_eq!(running.end().code, 0);
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"]);
}

#[test]
fn a_worker_that_is_killed_is_replaced_and_its_strategy_is_validated() {
    let dir = folder(&queue("", &[("A", "turns: 3000")]));
    // What is compiled before is not taken for a worker.
    stratbox(dir.path(), "build seer.rs -o seer.wasm").ok();
    let running = Running::start(dir.path(), "");
    let worker = running.busy_worker();
    Command::new("kill").args(["-KILL", &worker.to_string()]).status().expect("there is kill");
    let ran = running.end();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("attempt 1 failed (worker_lost)"), "{}", ran.stderr);
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"]);
}

#[test]
fn who_asks_for_an_end_gets_it_when_what_runs_is_done_and_the_rest_is_as_it_was() {
    let dir = folder(&queue("", &[("A", "turns: 1000"), ("B", "units: 5")]));
    let mut running = Running::start(dir.path(), "--workers 1");
    assert!(running.until("strategy.validating"));
    Command::new("kill").args(["-TERM", &running.child.id().to_string()]).status().expect("there is kill");
    let ran = running.end();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"], "{}", read(dir.path()));
    validate(dir.path(), "").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"; 2]);
}

#[test]
fn a_result_that_was_damaged_is_made_anew() {
    let written = queue("", &[("A", "")]);
    let dir = folder(&written);
    validate(dir.path(), "").ok();
    let kept = std::fs::read_dir(dir.path().join("workspace/validations")).unwrap();
    let kept: Vec<_> = kept
        .map(|it| it.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("-L0.json"))
        .collect();
    std::fs::write(&kept[0], "not what it was").unwrap();
    write(dir.path(), "queue.yaml", &written);
    let ran = validate(dir.path(), "").ok();
    assert!(ran.stderr.contains("cannot be used, and is made anew"), "{}", ran.stderr);
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"]);
}
