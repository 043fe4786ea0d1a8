//! `stratbox experiments`: what the workspace has, shown, compared, and taken elsewhere.

use std::path::Path;

use serde_json::Value;

use crate::{Ran, folder, stratbox, write};

/// Eight variants, of which four fault.
const SWEEP: &str = r#"
name = "first"
objective = "total_return"

[data]
sources = [{ path = "a.csv" }]

[[strategy]]
source = "probe.rs"

[strategy.params]
units = [0, 100, 200, 300]
mode = ["trade", "panic"]
"#;

/// A folder with a workspace in which that sweep was run.
fn swept() -> tempfile::TempDir {
    let dir = folder();
    write(dir.path(), "s.toml", SWEEP);
    stratbox(dir.path(), "sweep s.toml").ok();
    dir
}

fn json(dir: &Path, words: &str) -> Value {
    stratbox(dir, &format!("{words} --format json")).ok().json()
}

#[test]
fn a_list_has_every_experiment_the_latest_first() {
    let dir = folder();
    let empty = stratbox(dir.path(), "experiments list").ok();
    assert!(empty.stdout.contains("no experiments"), "{}", empty.stdout);
    write(dir.path(), "s.toml", SWEEP);
    write(dir.path(), "t.toml", &SWEEP.replace("first", "second"));
    stratbox(dir.path(), "sweep s.toml").ok();
    stratbox(dir.path(), "sweep t.toml").ok();
    let listed = json(dir.path(), "experiments list");
    let of = |key: &str| -> Vec<Value> {
        listed["experiments"].as_array().unwrap().iter().map(|it| it[key].clone()).collect()
    };
    assert_eq!(of("id"), [2, 1]);
    assert_eq!(of("name"), ["second", "first"]);
    assert_eq!(of("status"), ["completed", "completed"]);
    assert_eq!(of("settled"), [8, 8]);
    let human = stratbox(dir.path(), "experiments list").ok().stdout;
    assert!(human.contains("second") && human.contains("completed"), "{human}");
}

#[test]
fn an_experiment_is_shown_with_its_best_its_faults_its_spread_and_its_workflow() {
    let dir = swept();
    let shown = json(dir.path(), "experiments show 1");
    assert_eq!((&shown["status"], &shown["settled"]), (&"completed".into(), &8.into()));
    assert_eq!(shown["counts"]["faults"]["panic"], 4);
    assert_eq!(shown["best"].as_array().unwrap().len(), 4, "the others have no figure: {shown}");
    assert_eq!(shown["best"][0]["rank"], 1);
    let message = shown["faults"]["panic"]["fault"]["message"].as_str().unwrap();
    assert!(message.starts_with("as told"), "{message}");
    let spread = |metric: &str| {
        let spreads = shown["spreads"].as_array().unwrap();
        spreads.iter().find(|it| it["metric"] == metric).unwrap().clone()
    };
    assert_eq!(spread("total_return")["count"], 4);
    assert_eq!(spread("total_return")["min"], 0.0, "that of the one that buys nothing");
    let workflow = &shown["workflow"];
    assert_eq!((&workflow["phase"], &workflow["iterations"]["strategy"]), (&"completed".into(), &1.into()));
    assert_eq!(workflow["limits"]["strategy"], 5);
    assert_eq!(workflow["lessons"][0], "4 of 8 variants ended with `panic`");
    assert_eq!(workflow["best"]["run_key"], shown["best"][0]["run_key"]);
    let human = stratbox(dir.path(), "experiments show 1 --attempts").ok().stdout;
    for part in
        ["experiment 1: first", "completed: 8 of 8 variants", "panic: probe", "4 failed attempts", "median"]
    {
        assert!(human.contains(part), "{part}: {human}");
    }
}

#[test]
fn every_attempt_that_failed_is_written_down_with_its_reason() {
    let dir = swept();
    let shown = json(dir.path(), "experiments show 1 --attempts");
    let attempts = shown["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 4);
    for attempt in attempts {
        assert_eq!((&attempt["attempt"], &attempt["reason"]), (&1.into(), &"fault".into()));
        assert!(attempt["detail"].as_str().unwrap().starts_with("as told"), "{attempt}");
    }
}

#[test]
fn what_is_known_is_answered_and_not_run_again_unless_it_is_to_be() {
    let dir = swept();
    let summary = |words: &str| stratbox(dir.path(), words).ok().json()["summary"].clone();
    let again = summary("sweep s.toml --format json");
    assert_eq!((&again["reused"], &again["completed"], &again["faulted"]), (&8.into(), &4.into(), &4.into()));
    let fresh = summary("sweep s.toml --format json --fresh");
    assert_eq!((&fresh["reused"], &fresh["completed"]), (&0.into(), &4.into()));
    write(dir.path(), "more.toml", &SWEEP.replace("[0, 100, 200, 300]", "[0, 100, 200, 300, 400]"));
    let more = summary("sweep more.toml --format json");
    assert_eq!((&more["reused"], &more["variants"]), (&8.into(), &10.into()));
    let results = |id: u64| stratbox(dir.path(), &format!("experiments export {id}")).ok().stdout;
    assert_eq!(results(1), results(2), "an answer from the store is the run's own");
    assert_eq!(results(1), results(3));
}

#[test]
fn a_strategy_that_a_sweep_names_twice_runs_each_variant_once() {
    let dir = folder();
    let second = "\n[[strategy]]\nsource = \"probe.rs\"\n\n[strategy.params]\nunits = [200, 300, 400]\n";
    write(dir.path(), "s.toml", &(SWEEP.replace(", \"panic\"", "") + second));
    let report = stratbox(dir.path(), "sweep s.toml --format json").ok().json();
    assert_eq!(report["summary"]["variants"], 7);
    assert_eq!(report["summary"]["reused"], 2);
}

#[test]
fn results_are_exported_for_other_programs() {
    let dir = swept();
    let lines = stratbox(dir.path(), "experiments export 1").ok().stdout;
    assert_eq!(lines.lines().count(), 8);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["variant"], &first["params"]["units"]), (&0.into(), &0.into()));
    assert!(first["metrics"]["total_return"].is_number(), "{first}");
    let report = json(dir.path(), "experiments export 1 --out results.csv");
    assert_eq!((&report["rows"], &report["kind"]), (&8.into(), &"csv".into()));
    let csv = std::fs::read_to_string(dir.path().join("results.csv")).unwrap();
    let header = csv.lines().next().unwrap();
    assert!(header.contains("total_return") && header.contains("param.units"), "{header}");
    assert_eq!(csv.lines().count(), 9);
    stratbox(dir.path(), "experiments export 1 --out results.parquet").ok();
    let parquet = std::fs::read(dir.path().join("results.parquet")).unwrap();
    assert_eq!((&parquet[..4], &parquet[parquet.len() - 4..]), (b"PAR1".as_slice(), b"PAR1".as_slice()));
    assert!(
        stratbox(dir.path(), "experiments export 1 --out results.xlsx").refused(2).contains("`--as KIND`")
    );
}

#[test]
fn experiments_are_compared_side_by_side() {
    let dir = swept();
    write(dir.path(), "t.toml", &SWEEP.replace("first", "second").replace("total_return", "max_drawdown"));
    stratbox(dir.path(), "sweep t.toml").ok();
    let compared = json(dir.path(), "experiments compare 1 2");
    let names: Vec<&Value> =
        compared["experiments"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!(compared["experiments"][0]["best"]["params"]["units"].as_u64(), Some(300));
    let human = stratbox(dir.path(), "experiments compare 1 2").ok().stdout;
    assert!(human.contains("total_return") && human.contains("2 second"), "{human}");
    assert!(stratbox(dir.path(), "experiments compare 1").refused(2).contains("compare"));
}

#[test]
fn the_best_of_experiments_are_compared_by_criteria() {
    let dir = swept();
    write(dir.path(), "t.toml", &SWEEP.replace("first", "sec|ond").replace("[0, 100, 200, 300]", "[100]"));
    stratbox(dir.path(), "sweep t.toml").ok();
    write(dir.path(), "u.toml", &SWEEP.replace("first", "third").replace("\"trade\", ", ""));
    stratbox(dir.path(), "sweep u.toml").ok();
    let words =
        "experiments compare 1 2 3 --criterion total_return=2 --criterion exposure:min --style options";
    let compared = json(dir.path(), &format!("{words} --markdown out.md"));
    let comparison = &compared["comparison"];
    let weights: Vec<&Value> =
        comparison["criteria"].as_array().unwrap().iter().map(|it| &it["weight"]).collect();
    assert_eq!(weights, [2.0, 1.0]);
    assert_eq!(
        (&comparison["rows"][0]["name"], &comparison["rows"][0]["rank"]),
        (&"1 first".into(), &1.into())
    );
    assert_eq!(comparison["rows"][2]["reason"], "no variant has a figure to rank by");
    assert_eq!(comparison["recommendation"]["best"], "1 first");
    assert!(compared.get("notes").is_none(), "they ran on the same bars: {compared}");
    let markdown = std::fs::read_to_string(dir.path().join("out.md")).unwrap();
    assert!(markdown.contains("| Candidate | total\\_return | exposure | Total | Rank |"), "{markdown}");
    assert!(markdown.contains("\n| 2 sec\\|ond | "), "{markdown}");
    let human = stratbox(dir.path(), words).ok().stdout;
    let doubt = "recommendation\n  Nobody has asked here whether any of these deserves belief: the first is the best of 12 trials";
    assert_eq!((&compared["judged"], &compared["trials"]), (&false.into(), &12.into()));
    for part in [
        "2 sec|ond",
        "trade-offs",
        doubt,
        "(`stratbox judge 1`)",
        "\n  Choose `1 first`",
        "3 third: no variant",
    ] {
        assert!(human.contains(part), "{part}: {human}");
    }
    let matrix = stratbox(dir.path(), &format!("{words} --comparison-format matrix")).ok().stdout;
    assert!(matrix.contains("weights:") && !matrix.contains("recommendation"), "{matrix}");
}

#[test]
fn a_comparison_of_different_bars_says_so() {
    let dir = swept();
    write(dir.path(), "t.toml", &SWEEP.replace("a.csv", "b.csv"));
    stratbox(dir.path(), "sweep t.toml").ok();
    let human = stratbox(dir.path(), "experiments compare 1 2 --criterion total_return").ok().stdout;
    assert!(human.contains("note: they ran on different bars"), "{human}");
}

#[test]
fn criteria_that_make_no_sense_are_refused() {
    let dir = swept();
    stratbox(dir.path(), "sweep s.toml").ok();
    for (words, expected) in [
        ("--criterion sharp", "`sharp` is not a metric"),
        ("--criterion sharpe:up", "`up` is no direction: write `higher` or `lower`"),
        ("--criterion sharpe=much", "`much` is no weight"),
        ("--criterion sharpe=-1", "it has weight `-1`: it must be a number from 0 to 1000000"),
        ("--criterion sharpe=0", "every criterion has weight 0"),
        ("--criterion sharpe --criterion sharpe=2", "criterion `sharpe` is there twice"),
        ("--style options", "--criterion"),
        ("--criterion sharpe --style best", "`best`"),
        ("--criterion sharpe --markdown nowhere/out.md", "there is no directory"),
    ] {
        let refused = stratbox(dir.path(), &format!("experiments compare 1 2 {words}"));
        assert!(refused.refused(2).contains(expected), "{words}: {}", refused.stderr);
    }
    stratbox(dir.path(), "experiments compare 1 2 --criterion sharpe=0.5:max").ok();
}

#[test]
fn an_experiment_is_deleted_when_somebody_confirms_it() {
    let dir = swept();
    let refused = stratbox(dir.path(), "experiments delete 1");
    assert!(refused.refused(2).contains("nobody is there to confirm it"), "{}", refused.stderr);
    assert_eq!(json(dir.path(), "experiments list")["experiments"].as_array().unwrap().len(), 1);
    assert_eq!(json(dir.path(), "experiments delete 1 --yes")["deleted"][0], 1);
    assert_eq!(json(dir.path(), "experiments list")["experiments"].as_array().unwrap().len(), 0);
    let unknown = stratbox(dir.path(), "experiments show 1");
    assert!(unknown.refused(2).contains("there is no experiment `1`"), "{}", unknown.stderr);
}

#[test]
fn a_workspace_can_be_copied_while_nothing_uses_it() {
    let dir = swept();
    let expected = stratbox(dir.path(), "experiments export 1").ok().stdout;
    let copied = Ran::of(
        std::process::Command::new("cp")
            .args(["-r", "workspace", "copy"])
            .current_dir(dir.path())
            .output()
            .expect("there is `cp`"),
    );
    copied.ok();
    std::fs::remove_dir_all(dir.path().join("workspace")).unwrap();
    assert_eq!(stratbox(dir.path(), "experiments export 1 --workspace copy").ok().stdout, expected);
}

#[test]
fn how_a_session_went_is_kept_and_shown() {
    let dir = swept();
    stratbox(dir.path(), "sweep s.toml --fresh -j 1").ok();
    let kept = json(dir.path(), "experiments metrics");
    let sessions = kept["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["experiment"], 2, "the latest is first");
    assert_eq!(sessions[0]["report"]["variants"]["failed"], 4);
    assert_eq!(sessions[0]["report"]["attempts"]["failed"], 8, "each fault was reproduced");
    assert!(kept["comparison"].is_object(), "{kept}");
    let human = stratbox(dir.path(), "experiments metrics 1").ok().stdout;
    for part in ["experiment 1", "instantiate", "worker"] {
        assert!(human.contains(part), "{part}: {human}");
    }
}

#[test]
fn events_are_said_as_they_happen_and_kept() {
    let dir = folder();
    write(dir.path(), "s.toml", SWEEP);
    stratbox(dir.path(), "sweep s.toml --events events.jsonl").ok();
    let said = std::fs::read_to_string(dir.path().join("events.jsonl")).unwrap();
    let kept = stratbox(dir.path(), "experiments events 1").ok().stdout;
    let names = |text: &str| -> Vec<String> {
        let event =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned();
        text.lines().map(event).collect()
    };
    assert_eq!(said, kept, "a session says what is added to the log");
    let names = names(&kept);
    assert_eq!(
        (names[0].as_str(), names.last().unwrap().as_str()),
        ("experiment_started", "experiment_completed")
    );
    let count = |name: &str| names.iter().filter(|it| *it == name).count();
    assert_eq!((count("variant_settled"), count("attempt_failed")), (8, 4));
    stratbox(dir.path(), "experiments events 1 --rebuild").ok();
    assert_eq!(stratbox(dir.path(), "experiments events 1").ok().stdout, kept, "the store says the same");
    assert_eq!(stratbox(dir.path(), "experiments events 1 --follow").ok().stdout, kept);
}

#[test]
fn what_happens_inside_is_logged_for_people_or_for_machines() {
    let dir = folder();
    write(dir.path(), "s.toml", SWEEP);
    let machine = stratbox(dir.path(), "sweep s.toml --log-level trace --log-format json").ok().stderr;
    let logged: Vec<Value> = machine.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let attempted = logged.iter().filter(|it| it["fields"]["message"] == "attempted").count();
    assert_eq!(attempted, 12, "four of eight variants are attempted twice");
    let spans = |it: &Value| -> Vec<String> {
        let spans = it["spans"].as_array().into_iter().flatten();
        spans.map(|span| span["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let attempt = logged.iter().find(|it| it["fields"]["message"] == "attempted").unwrap();
    assert_eq!(spans(attempt), ["experiment", "variant", "attempt"]);
    assert!(logged.iter().any(|it| it["level"] == "WARN" && it["fields"]["reason"] == "fault"));
    let people = stratbox(dir.path(), "sweep s.toml --fresh --log-level warn").ok().stderr;
    assert!(people.contains("WARN") && !people.contains("attempted"), "{people}");
    assert!(!stratbox(dir.path(), "sweep s.toml --fresh").ok().stderr.contains("WARN"));
}

#[test]
fn a_workspace_that_is_something_else_is_left_alone() {
    let dir = folder();
    write(dir.path(), "s.toml", SWEEP);
    let refused = stratbox(dir.path(), "sweep s.toml --workspace .");
    assert!(refused.refused(4).contains("is not a workspace"), "{}", refused.stderr);
    assert!(!dir.path().join("store.sqlite").exists());
}
