//! `stratbox resume`, and what makes a sweep stop early.

use std::path::Path;

use crate::{folder, stratbox, write};

/// 150 variants, nearly all of which fault.
const FAULTY: &str = r#"
[data]
sources = [{ path = "a.csv" }]

[[strategy]]
source = "probe.rs"

[strategy.params]
units = { min = 0, max = 1000 }
share = {}
mode = ["trade", "panic", "hog"]
"#;

fn paused(dir: &Path) -> String {
    write(dir, "s.toml", FAULTY);
    let ran = stratbox(dir, "sweep s.toml");
    assert_eq!(ran.code, 8, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("variants failed, which is too many: pausing"), "{}", ran.stderr);
    ran.stdout
}

#[test]
fn a_sweep_of_which_too_much_fails_pauses_and_goes_on_when_that_is_well() {
    let dir = folder();
    let said = paused(dir.path());
    let workspace = dir.path().join("workspace");
    assert!(
        said.contains(&format!("to go on: stratbox resume 1 --workspace {}", workspace.display())),
        "{said}"
    );
    let resumed = stratbox(dir.path(), "resume --on-failures continue --format json").ok();
    assert!(resumed.stderr.contains("(too many variants failed)"), "{}", resumed.stderr);
    let summary = &resumed.json()["summary"];
    assert_eq!((&summary["variants"], &summary["interrupted"]), (&165.into(), &0.into()));
}

#[test]
fn a_sweep_may_be_told_beforehand_that_failures_are_well() {
    let dir = folder();
    write(dir.path(), "s.toml", FAULTY);
    let report = stratbox(dir.path(), "sweep s.toml --on-failures continue --format json").ok().json();
    assert_eq!(report["summary"]["faulted"], 110);
    write(dir.path(), "t.toml", FAULTY);
    stratbox(dir.path(), "sweep t.toml --fresh --failure-share 0.9").ok();
}

#[test]
fn what_is_to_be_run_anew_is_run_anew_after_a_pause_too() {
    let dir = folder();
    write(dir.path(), "s.toml", FAULTY);
    stratbox(dir.path(), "sweep s.toml --on-failures continue").ok();
    assert_eq!(stratbox(dir.path(), "sweep s.toml --fresh").code, 8);
    let resumed = stratbox(dir.path(), "resume --on-failures continue --format json").ok().json();
    assert_eq!((&resumed["summary"]["reused"], &resumed["summary"]["variants"]), (&0.into(), &165.into()));
}

#[test]
fn a_variant_whose_time_runs_out_has_as_many_attempts_as_it_is_given() {
    let dir = folder();
    let limits = "[limits]\nwall_ms = 20\nfuel = 1000000000000000000\nfuel_per_bar = 1000000000000000000\n\n[[strategy]]";
    let params = "[strategy.params]\nmode = \"spin\"\n";
    let text = FAULTY[..FAULTY.find("[strategy.params]").unwrap_or_default()].replace("[[strategy]]", limits)
        + params;
    write(dir.path(), "s.toml", &text);
    for (words, attempts) in [("", 2), ("--timeout-retries 0", 1), ("--timeout-retries 2", 3)] {
        let report = stratbox(dir.path(), &format!("sweep s.toml --format json {words}")).ok().json();
        let variant = &report["variants"][0];
        assert_eq!(
            (&variant["interruption"], &variant["attempts"]),
            (&"timeout".into(), &attempts.into()),
            "{words}"
        );
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_nothing() {
    let dir = folder();
    write(dir.path(), "s.toml", FAULTY);
    let mut sweep = crate::command(dir.path());
    sweep.args("sweep s.toml --on-failures continue --log-level debug".split_whitespace());
    sweep.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = sweep.spawn().expect("the program starts");
    drop(child.stderr.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn only_what_is_not_done_can_be_resumed() {
    let dir = folder();
    assert!(stratbox(dir.path(), "resume").refused(2).contains("there are no experiments"));
    assert!(!dir.path().join("workspace").exists(), "who only looks makes nothing");
    write(dir.path(), "s.toml", &FAULTY.replace(", \"panic\", \"hog\"", ""));
    stratbox(dir.path(), "sweep s.toml").ok();
    assert!(stratbox(dir.path(), "resume").refused(2).contains("there is nothing to resume"));
    assert!(stratbox(dir.path(), "resume 1").refused(2).contains("experiment 1 is completed"));
    assert!(stratbox(dir.path(), "resume 7").refused(2).contains("there is no experiment `7`"));
}

#[test]
fn a_sweep_goes_on_without_its_files_but_not_with_other_bars() {
    let dir = folder();
    paused(dir.path());
    std::fs::remove_file(dir.path().join("s.toml")).unwrap();
    std::fs::remove_file(dir.path().join("probe.rs")).unwrap();
    let bars = std::fs::read_to_string(dir.path().join("a.csv")).unwrap();
    write(dir.path(), "a.csv", &crate::bars(1));
    let refused = stratbox(dir.path(), "resume 1 --on-failures continue --format json");
    assert_eq!(refused.code, 2, "{}", refused.stdout);
    assert_eq!(refused.json()["error"]["kind"], "DATA_UNAVAILABLE");
    std::fs::remove_file(dir.path().join("a.csv")).unwrap();
    let refused = stratbox(dir.path(), "resume 1 --on-failures continue");
    assert!(refused.refused(2).contains("a.csv"), "{}", refused.stderr);
    write(dir.path(), "a.csv", &bars);
    stratbox(dir.path(), "resume 1 --on-failures continue").ok();
}

/// Variants in the order in which they were settled by one worker.
fn order(dir: &Path, second: &str) -> Vec<u64> {
    write(dir, "other.rs", &crate::PROBE.replace("bought", "got"));
    let text = "[data]\nsources = [{ path = \"a.csv\" }]\n\n[[strategy]]\nsource = \"probe.rs\"\n\n[strategy.params]\n\
                units = [0, 100]\n\n[[strategy]]\nsource = \"other.rs\"\nSECOND\n\n[strategy.params]\nunits = [0, 100]\n";
    write(dir, "s.toml", &text.replace("SECOND", second));
    stratbox(dir, "sweep s.toml -j 1 --fresh --events e.jsonl").ok();
    let events = std::fs::read_to_string(dir.join("e.jsonl")).expect("the events were written");
    let event = |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("events are JSON") };
    let variant = |line: &str| event(line)["variant"].as_u64();
    events.lines().filter_map(variant).collect()
}

#[test]
fn strategies_run_in_the_order_of_the_sweep_file_unless_their_priorities_say_otherwise() {
    let dir = folder();
    assert_eq!(order(dir.path(), ""), [0, 1, 2, 3]);
    assert_eq!(order(dir.path(), "priority = 1"), [2, 3, 0, 1]);
    assert_eq!(order(dir.path(), "priority = 1\nafter = [\"probe\"]"), [0, 1, 2, 3]);
}

#[test]
fn a_strategy_can_only_wait_for_one_above_it() {
    let dir = folder();
    write(
        dir.path(),
        "s.toml",
        "[data]\nsources = [{ path = \"a.csv\" }]\n\n[[strategy]]\nsource = \"probe.rs\"\nafter = [\"probe\"]\n\n[strategy.params]\nunits = 100\n",
    );
    let refused = stratbox(dir.path(), "sweep s.toml");
    assert!(refused.refused(2).contains("s.toml:6: `after` names `probe`"), "{}", refused.stderr);
}
