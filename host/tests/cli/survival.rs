//! A sweep that is killed, again and again, and in every part: nothing is lost, nothing is counted twice, and nobody is left
//! behind.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use stratbox_domain::uniform;

use crate::{Ran, command, stratbox, write};

/// Of the whole test.
const ROUNDS: u32 = 50;

/// Some thousand short runs.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-strategies/sma_cross.rs");
    std::fs::copy(source, dir.path().join("sma.rs")).expect("the example can be read");
    write(dir.path(), "a.csv", &crate::bars(0));
    write(
        dir.path(),
        "s.toml",
        r#"
[data]
sources = [{ path = "a.csv" }]

[[strategy]]
source = "sma.rs"

[strategy.params]
fast = { min = 2, max = 90 }
slow = { min = 105, max = 500 }
fraction = [0.2, 0.4, 0.6, 0.8, 1.0]
"#,
    );
    dir
}

/// A command in the background that says on its standard output what happens.
struct Running {
    child: Child,
    events: BufReader<ChildStdout>,
}

impl Running {
    fn start(dir: &Path, words: &str) -> Self {
        let mut child = command(dir)
            .args(words.split_whitespace())
            .args(["--events", "-"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let events = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, events }
    }

    /// The next thing that happens; `None` when nothing will.
    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let length = self.events.read_line(&mut line).expect("events are UTF-8");
        // A process that is killed may leave half a line.
        (length > 0).then(|| serde_json::from_str(&line).ok())?
    }

    /// Waits until so many more variants are settled; `false` when it ends before.
    fn settles(&mut self, mut count: u64) -> bool {
        while count > 0 {
            let Some(event) = self.next() else { return false };
            count -= u64::from(event["event"] == "variant_settled");
        }
        true
    }

    /// Its worker processes, while it is held still.
    fn workers(&self) -> Vec<u32> {
        signal("STOP", self.child.id());
        let workers = children(self.child.id());
        signal("CONT", self.child.id());
        workers
    }

    /// Ends it as a power cut would, and waits until its workers are gone too.
    fn kill(mut self) {
        signal("STOP", self.child.id());
        let workers = children(self.child.id());
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
        workers.into_iter().for_each(wait_until_gone);
    }

    fn end(mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.events.read_to_string(&mut stdout).expect("events are UTF-8");
        self.child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("it is UTF-8");
        let code = self.child.wait().expect("it ends").code().expect("no signal ended it");
        Ran { code, stdout, stderr }
    }
}

fn signal(name: &str, pid: u32) {
    // Who is gone already cannot be signalled.
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
}

/// Processes whose parent this is.
fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("there is /proc").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// `None` when it is gone, or has ended and waits for its parent to hear of it.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    if words.next()? == "Z" { None } else { words.next()?.parse().ok() }
}

fn wait_until_gone(pid: u32) {
    while parent_of(pid).is_some() {
        std::thread::yield_now();
    }
}

/// The results, as other programs get them.
fn export(dir: &Path) -> String {
    stratbox(dir, "experiments export 1").ok().stdout
}

/// What an undisturbed sweep gives.
fn undisturbed() -> &'static str {
    static RESULTS: OnceLock<String> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let dir = folder();
        stratbox(dir.path(), "sweep s.toml").ok();
        export(dir.path())
    })
}

#[test]
fn whatever_is_killed_at_whatever_moment_fifty_times_the_results_are_those_of_an_undisturbed_sweep() {
    let mut random = uniform(4);
    let mut below = |bound: f64| (random() * bound) as u64;
    let mut survived = 0;
    // A machine that is fast is done with a sweep before it was killed so often, and begins another.
    while survived < ROUNDS {
        let dir = folder();
        survived += rounds(dir.path(), ROUNDS - survived, &mut below);
        is_as_if_undisturbed(dir.path());
    }
}

/// Kills a sweep and goes on with it, so often, or until it is done. How often it was.
fn rounds(dir: &Path, most: u32, below: &mut dyn FnMut(f64) -> u64) -> u32 {
    let mut before = 0;
    for round in 0..most {
        let words = if round == 0 { "sweep s.toml" } else { "resume 1" };
        let mut running = Running::start(dir, words);
        if !running.settles(1 + below(300.0)) {
            running.end();
            assert!(round > 0, "it was killed once at least");
            return round;
        }
        match below(3.0) {
            0 => {}
            1 => running.workers().into_iter().take(1).for_each(|pid| signal("KILL", pid)),
            _ => running.workers().into_iter().for_each(|pid| signal("KILL", pid)),
        }
        running.settles(below(100.0));
        running.kill();
        let now = settled(dir);
        assert!(now > before, "round {round}: {before} results were there, and {now} are");
        before = now;
    }
    most
}

/// Lets a sweep come to its end, and looks at what it left.
fn is_as_if_undisturbed(dir: &Path) {
    let shown = || stratbox(dir, "experiments show 1 --format json").ok().json();
    if shown()["status"] != "completed" {
        let last = Running::start(dir, "resume 1").end();
        assert_eq!(last.code, 0, "{}", last.stderr);
    }
    let (shown, expected) = (shown(), undisturbed());
    assert_eq!(shown["workflow"]["best"]["run_key"], shown["best"][0]["run_key"], "whenever it was found");
    assert_eq!(settled(dir), expected.lines().count() as u64, "a result was counted twice");
    assert!(export(dir) == expected, "the results differ from those of an undisturbed sweep");
    let events = stratbox(dir, "experiments events 1").ok().stdout;
    stratbox(dir, "experiments events 1 --rebuild").ok();
    assert!(stratbox(dir, "experiments events 1").ok().stdout == events, "the log is what the store says");
}

/// Results that were counted.
fn settled(dir: &Path) -> u64 {
    let shown = stratbox(dir, "experiments show 1 --format json").ok().json();
    shown["settled"].as_u64().expect("it is counted")
}

#[test]
fn a_worker_that_is_stopped_is_taken_for_lost_and_its_work_is_done_by_another() {
    let dir = folder();
    let mut running = Running::start(dir.path(), "sweep s.toml -j 2");
    assert!(running.settles(100));
    let workers = running.workers();
    signal("STOP", *workers.first().expect("it has workers"));
    let ran = running.end();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let expected = undisturbed();
    assert!(export(dir.path()) == expected);
    workers.into_iter().for_each(wait_until_gone);
    let shown = stratbox(dir.path(), "experiments show 1 --attempts --format json").ok().json();
    let reasons: BTreeSet<&str> =
        shown["attempts"].as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, BTreeSet::from(["worker_silent"]), "{shown}");
}

#[test]
fn results_do_not_depend_on_the_number_of_workers() {
    let expected = undisturbed();
    for workers in [1, 7] {
        let dir = folder();
        stratbox(dir.path(), &format!("sweep s.toml -j {workers}")).ok();
        assert!(export(dir.path()) == expected, "{workers} workers");
    }
}

#[test]
fn the_first_request_to_stop_finishes_what_runs_and_the_sweep_can_go_on() {
    let dir = folder();
    let mut running = Running::start(dir.path(), "sweep s.toml");
    assert!(running.settles(50));
    signal("TERM", running.child.id());
    let ran = running.end();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(ran.stderr.contains("to go on: stratbox resume 1 --workspace "), "{}", ran.stderr);
    let listed = stratbox(dir.path(), "experiments list --format json").ok().json();
    assert_eq!(listed["experiments"][0]["status"], "paused");
    let resumed = stratbox(dir.path(), "resume").ok();
    assert!(resumed.stderr.contains("resuming experiment 1"), "{}", resumed.stderr);
    let expected = undisturbed();
    assert!(export(dir.path()) == expected);
}

#[test]
fn a_disk_that_is_full_stops_the_sweep_which_goes_on_when_there_is_room() {
    let dir = folder();
    // The limit counts what is written, in kibibytes. The signal is ignored, so that writing fails as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 900; exec \"$0\" sweep s.toml";
    let program = command(dir.path()).get_program().to_owned();
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).arg(program).current_dir(dir.path());
    shell.env("STRATBOX_CACHE", crate::cache()).env("STRATBOX_WORKSPACE", dir.path().join("workspace"));
    // What is compiled is compiled before, where there is no limit.
    stratbox(dir.path(), "build sma.rs -o sma.wasm").ok();
    let full = Ran::of(shell.output().expect("there is bash"));
    assert_eq!(full.code, 4, "{}{}", full.stdout, full.stderr);
    assert!(full.stderr.contains("no room is left"), "{}", full.stderr);
    assert!(full.stderr.contains("hint: make room"), "{}", full.stderr);
    let resumed = stratbox(dir.path(), "resume 1").ok();
    assert!(resumed.stderr.contains("have a result"), "{}", resumed.stderr);
    let expected = undisturbed();
    assert!(export(dir.path()) == expected);
}

fn store(dir: &Path) -> PathBuf {
    dir.join("workspace/store.sqlite")
}

#[test]
fn a_store_that_is_damaged_is_named_with_what_to_do() {
    let dir = folder();
    stratbox(dir.path(), "sweep s.toml").ok();
    let mut bytes = std::fs::read(store(dir.path())).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0xa5);
    std::fs::write(store(dir.path()), &bytes).unwrap();
    let refused = stratbox(dir.path(), "experiments export 1 --out results.jsonl");
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("store.sqlite` is damaged"), "{}", refused.stderr);
    assert!(refused.stderr.contains("hint: restore a copy"), "{}", refused.stderr);
    assert!(!dir.path().join("results.jsonl").exists(), "half of the results is no result");
    std::fs::write(
        store(dir.path()),
        "not a database, and longer than the header of one would have been, by far, in any case",
    )
    .unwrap();
    assert!(stratbox(dir.path(), "experiments list").refused(4).contains("store.sqlite`"));
}
