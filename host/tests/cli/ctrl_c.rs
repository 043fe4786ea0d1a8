//! Ctrl-C during a sweep: what is done is kept.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::{Ran, command, folder, stratbox, write};

/// Ten variants, half of which would not end today.
const ENDLESS: &str = r#"
[data]
sources = [{ path = "a.csv" }]

[limits]
fuel = 1000000000000000000
wall_ms = 86400000

[[strategy]]
source = "probe.rs"

[strategy.params]
share = {}
mode = ["trade", "spin"]
"#;

/// Starts the sweep in `dir`, presses Ctrl-C once it runs, and waits for it to end.
fn interrupted(dir: &Path, words: &[&str]) -> Ran {
    write(dir, "s.toml", ENDLESS);
    let mut child = command(dir)
        .args(["sweep", "s.toml", "--workers", "1"])
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut said = String::new();
    while !said.contains("running 10 variants on 1 worker") {
        assert!(stderr.read_line(&mut said).expect("it is UTF-8") > 0, "it ended early: {said}");
    }
    press_ctrl_c(&child);
    stderr.read_to_string(&mut said).expect("it is UTF-8");
    Ran { stderr: said, ..Ran::of(child.wait_with_output().expect("it ends")) }
}

/// The same, pressed twice, once a variant runs that would not end today: it is begun before the first result is told.
fn interrupted_twice(dir: &Path) -> Ran {
    write(dir, "s.toml", &ENDLESS.replace("[limits]", "[limits]\nfuel_per_bar = 1000000000000000000"));
    let mut child = command(dir)
        .args(["sweep", "s.toml", "--workers", "1", "--grace", "86400", "--events", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut events = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let (mut happened, mut said) = (String::new(), String::new());
    until(&mut events, &mut happened, "variant_settled");
    press_ctrl_c(&child);
    until(&mut stderr, &mut said, "once more ends it now");
    press_ctrl_c(&child);
    events.read_to_string(&mut happened).expect("it is UTF-8");
    stderr.read_to_string(&mut said).expect("it is UTF-8");
    let code = child.wait().expect("it ends").code().expect("no signal ended it");
    Ran { code, stdout: happened, stderr: said }
}

/// Reads until `word` was said.
fn until(from: &mut impl BufRead, said: &mut String, word: &str) {
    while !said.contains(word) {
        assert!(from.read_line(said).expect("it is UTF-8") > 0, "it ended early: {said}");
    }
}

pub(crate) fn press_ctrl_c(child: &Child) {
    let status =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("there is `kill`");
    assert!(status.success());
}

#[test]
fn what_runs_is_ended_and_what_is_done_is_kept() {
    let dir = folder();
    let ran = interrupted(dir.path(), &["--format", "json", "--out", "out.json"]);
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let report = ran.json();
    let summary = &report["summary"];
    let count = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!((count("variants"), count("completed") + count("interrupted")), (10, 10), "{summary}");
    assert!(count("interrupted") >= 5, "none of those that spin can have completed: {summary}");

    let variants = report["variants"].as_array().unwrap();
    assert_eq!(variants.len() as u64, 10 - count("not_started"), "what never started has no row: {report}");
    assert!(count("not_started") >= count("interrupted") - 1, "one worker runs one at a time: {summary}");
    let ended: Vec<&Value> = variants.iter().filter(|variant| variant["outcome"] == "interrupted").collect();
    assert_eq!(ended.len() as u64, count("interrupted") - count("not_started"));
    for variant in ended {
        let expected = json!(["cancelled", null, 1]);
        assert_eq!(json!([variant["interruption"], variant["metrics"], variant["attempts"]]), expected);
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("out.json")).unwrap(), ran.stdout);
}

#[test]
fn people_get_what_there_is() {
    let dir = folder();
    let ran = interrupted(dir.path(), &[]);
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(ran.stdout.contains("10 variants: ") && ran.stdout.contains("\nCtrl-C: "), "{}", ran.stdout);
}

#[test]
fn the_second_time_what_runs_is_ended_at_once_and_is_neither_a_result_nor_lost() {
    let dir = folder();
    let ran = interrupted_twice(dir.path());
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(ran.stderr.contains("Ctrl-C: 9 variants without a result; to go on: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("0 timed out, 0 lost"), "nothing was: it was ended: {}", ran.stderr);
    let shown = stratbox(dir.path(), "experiments show 1 --attempts --format json").ok().json();
    assert_eq!(shown["status"], "paused");
    assert_eq!((&shown["settled"], &shown["attempts"]), (&1.into(), &json!([])));
}
