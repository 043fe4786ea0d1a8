//! `stratbox validate`: a queue of strategies, from what is written to what is believed.

mod disturbed;
mod honest;
mod safe;

use std::path::Path;

use serde_json::Value;

use crate::{Ran, stratbox, write};

/// Knows how the bars of these tests go on.
const SEER: &str = include_str!("fixtures/seer.rs");

/// What all queues of these tests begin with: forty days, of which the last twelve are held out.
const HEAD: &str = "\
data:
  sources: [{path: a.csv, symbol: A}]
  holdout: {from: 2020-02-01}
venue: {fee_bps: 1, slippage_bps: 1}
limits: {fuel: 1000000000000, fuel_per_bar: 1000000000000}
";

/// Gates that say something of a few days.
const GATES: &str = "\
tiers:
  L0:
    gates:
      - {figure: signals, above: 10}
      - {figure: hit_rate, away_from: {value: 0.5, by: 0.02}}
  L1:
    walk_forward: {train: 10, test: 5}
    gates: [{figure: trades, at_least: 1}]
  L2:
    gates: [{figure: dsr, at_least: 0}, {figure: pbo, at_most: 1}]
";

/// A folder with the seer, its bars and a queue.
fn folder(queue: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    write(dir.path(), "seer.rs", SEER);
    write(dir.path(), "a.csv", &crate::bars(0));
    write(dir.path(), "queue.yaml", queue);
    dir
}

/// A queue of strategies, each a name and what is written for its parameters.
fn queue(settings: &str, strategies: &[(&str, &str)]) -> String {
    let one = |(id, params): &(&str, &str)| {
        format!("  - id: {id}   # as its author wrote it\n    source: seer.rs\n    params: {{{params}}}\n")
    };
    let all: String = strategies.iter().map(one).collect();
    format!("{HEAD}{GATES}{settings}strategies:\n{all}")
}

fn validate(dir: &Path, words: &str) -> Ran {
    stratbox(dir, &format!("validate queue.yaml {words}"))
}

fn read(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("queue.yaml")).expect("the queue is there")
}

/// What the queue says of each strategy, by key, in its order.
fn said(dir: &Path, key: &str) -> Vec<String> {
    let text = read(dir);
    let values = text.lines().filter_map(|line| line.trim().strip_prefix(&format!("{key}: ")));
    values.map(|value| value.trim_matches('"').to_owned()).collect()
}

/// The strategies of a tier in a report.
fn strategies(report: &Value, tier: usize) -> &[Value] {
    report["tiers"][tier]["strategies"].as_array().expect("there is such a tier")
}

#[test]
fn when_all_pass_the_queue_says_so_and_everything_else_in_it_is_as_it_was() {
    let written = queue("", &[("STR-201", ""), ("STR-202", "every: 2"), ("STR-203", "units: 20")]);
    let dir = folder(&written);
    let ran = validate(dir.path(), "--workers 3 --format json").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"; 3]);
    let own = |line: &&str| {
        let managed = ["status:", "attempts:", "fingerprint:", "verdict:", "reason:"];
        !managed.iter().any(|key| line.trim_start().starts_with(key))
    };
    assert_eq!(read(dir.path()).lines().filter(own).collect::<Vec<_>>(), written.lines().collect::<Vec<_>>());
    let report = ran.json();
    let metrics = &report["parallel_validation_metrics"];
    assert_eq!((&metrics["strategies_passed"], &metrics["workers_spawned"]), (&3.into(), &3.into()));
    let verdict = &strategies(&report, 0)[0]["verdict"];
    assert_eq!(verdict["tier"], "L0");
    assert_eq!(verdict["trials"], 3, "all that were made in the tier");
    assert!(verdict["split"].as_str().unwrap().contains("28 steps of 1 instrument"), "{verdict}");
    assert!(verdict["gates"][0]["reason"].as_str().unwrap().starts_with("`signals` is "), "{verdict}");
    let plan: Value =
        serde_json::from_str(&std::fs::read_to_string(dir.path().join("queue.plan.json")).unwrap()).unwrap();
    assert_eq!(plan["strategies"].as_array().unwrap().len(), 3);
    let history = stratbox(dir.path(), "validate --history --format json").ok().json();
    assert_eq!(history["validations"][0]["metrics"]["strategies_passed"], 3);
}

#[test]
fn what_parameters_can_mend_waits_for_another_try_and_the_others_go_on() {
    let strategies =
        [("STR-204", ""), ("STR-205", "every: 3"), ("STR-206", "units: 5"), ("STR-207", "wrong: 2")];
    let dir = folder(&queue("", &strategies));
    let ran = validate(dir.path(), "").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED", "L0_FIXABLE", "L0_PASSED", "L0_FIXABLE"]);
    let reasons = said(dir.path(), "reason");
    assert!(reasons[0].contains("`signals` is 9: less than 10 by 1"), "{reasons:?}");
    assert!(reasons[1].contains("away from 0.5"), "{reasons:?}");
    assert!(ran.stdout.contains("2 passed, 2 did not"), "{}", ran.stdout);
    let again = validate(dir.path(), "--format json").ok().json();
    let answered: Vec<&str> = strategies_answered(&again);
    assert_eq!(answered, ["unchanged", "unchanged"], "nothing was changed");
    let mended = read(dir.path()).replace("every: 3", "every: 2");
    write(dir.path(), "queue.yaml", &mended);
    let ran = validate(dir.path(), "--format json").ok().json();
    assert_eq!(strategies_answered(&ran), ["ran", "unchanged"]);
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED", "L0_PASSED", "L0_PASSED", "L0_FIXABLE"]);
    assert_eq!(said(dir.path(), "attempts"), ["1", "2", "1", "1"]);
}

fn strategies_answered(report: &Value) -> Vec<&str> {
    strategies(report, 0).iter().map(|it| it["answered"].as_str().expect("it is text")).collect()
}

#[test]
fn a_strategy_whose_time_is_over_is_tried_once_more_and_the_others_are_not_held_up() {
    let settings = "validation: {worker_timeout_seconds: 3}\n";
    let dir = folder(&queue(settings, &[("STR-208", ""), ("STR-209", "turns: 1000000")]));
    let ran = validate(dir.path(), "--events events.jsonl --format json").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED", "L0_TIMEOUT"]);
    let report = ran.json();
    assert_eq!(strategies(&report, 0)[1]["retries"], 1);
    assert_eq!(report["parallel_validation_metrics"]["workers_timeout"], 2);
    let events = std::fs::read_to_string(dir.path().join("events.jsonl")).unwrap();
    let retry = events.lines().find(|line| line.contains("\"strategy.retry\"")).expect("it is told");
    assert!(retry.contains("\"reason\":\"timeout\"") && retry.contains("STR-209"), "{retry}");
    assert!(retry.contains("\"validation\":\"queue\""), "{retry}");
}

#[test]
fn a_strategy_that_passes_goes_up_to_the_holdout_where_every_trial_and_the_look_are_counted() {
    let dir = folder(&queue("", &[("A", "units: [5, 10, 20]"), ("B", "every: [1, 2]")]));
    let report = validate(dir.path(), "--until L2 --format json").ok().json();
    assert_eq!(said(dir.path(), "status"), ["L2_PASSED"; 2]);
    let last = &strategies(&report, 2)[0];
    // One at L0, where both have the defaults, four at L1, as they have one of five in common, and two looks.
    assert_eq!(last["verdict"]["trials"], 7, "{last}");
    assert!(last["figures"]["dsr"].is_f64() && last["figures"]["pbo"].is_f64(), "{last}");
    let refused = stratbox(dir.path(), "run seer.rs --data a.csv=A");
    assert!(refused.refused(2).contains("held out"), "{}", refused.stderr);
    let looked =
        stratbox(dir.path(), "run seer.rs --data a.csv=A --who me --why test --format json").ok().json();
    assert_eq!(looked["trials"], 9, "seven, and the look and the rest of this run");
    let again = validate(dir.path(), "--until L2").ok();
    assert!(again.stdout.contains("nothing is due"), "{}", again.stdout);
}

#[test]
fn without_variants_there_is_no_choice_and_the_gate_on_it_fails_and_says_so() {
    let dir = folder(&queue("", &[("A", "")]));
    let ran = validate(dir.path(), "--until L2 --on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L2_FAILED"]);
    assert!(said(dir.path(), "reason")[0].contains("`pbo` is missing"));
    assert!(ran.stdout.contains("give `params` lists of values"), "{}", ran.stdout);
}

#[test]
fn a_source_that_does_not_compile_is_fixable_until_it_is_mended() {
    let dir = folder(&queue("", &[("A", "")]));
    write(dir.path(), "seer.rs", &SEER.replace("fn spin(", "fn spun("));
    validate(dir.path(), "--on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_FIXABLE"]);
    assert!(said(dir.path(), "reason")[0].contains("does not compile"), "{}", read(dir.path()));
    let again = validate(dir.path(), "--on-failures continue").ok();
    assert!(again.stdout.contains("nothing was changed"), "{}", again.stdout);
    write(dir.path(), "seer.rs", SEER);
    validate(dir.path(), "").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"]);
}

#[test]
fn what_a_strategy_says_of_itself_is_escaped_in_the_queue_and_on_the_terminal() {
    let dir = folder(&queue("", &[("A", "mode: refuse"), ("B", "mode: panic")]));
    let ran = validate(dir.path(), "--on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_FIXABLE"; 2]);
    for text in [&ran.stdout, &ran.stderr, &read(dir.path())] {
        assert!(!text.contains('\u{1b}') && text.contains("[31mme"), "{text}");
    }
}

#[test]
fn when_all_fail_what_can_be_done_is_spelled_out_and_nothing_goes_on() {
    let all = queue("", &[("A", "every: 3"), ("B", "every: 4"), ("C", "every: 5")]);
    let dir = folder(&all);
    let ran = validate(dir.path(), "--until L1");
    assert_eq!(ran.code, 8, "{}", ran.stderr);
    for option in
        ["3 of 3 strategies did not pass", "mend what is fixable", "relax thresholds", "stratbox new NAME"]
    {
        assert!(ran.stdout.contains(option), "{option}: {}", ran.stdout);
    }
    write(dir.path(), "queue.yaml", &all);
    let report = validate(dir.path(), "--until L1 --format json");
    assert_eq!((report.code, &report.json()["escalation"]["decision"]), (8, &"stop".into()));
    write(dir.path(), "queue.yaml", &all);
    validate(dir.path(), "--until L1 --on-failures continue").ok();
    validate(dir.path(), "--until L1").ok();
}

#[test]
fn tries_are_used_up_one_day() {
    let dir = folder(&queue("validation: {max_retries: 1}\n", &[("A", "every: 3")]));
    validate(dir.path(), "--on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_FIXABLE"]);
    write(dir.path(), "queue.yaml", &read(dir.path()).replace("every: 3", "every: 3, units: 7"));
    validate(dir.path(), "--on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_FAILED"]);
}

#[test]
fn two_strategies_that_are_the_same_are_run_once() {
    let dir = folder(&queue("", &[("A", ""), ("B", "")]));
    let report = validate(dir.path(), "--format json").ok().json();
    let mut answered = strategies_answered(&report);
    answered.sort_unstable();
    assert_eq!(answered, ["ran", "same"], "{report}");
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"; 2]);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_touches_nothing() {
    let written = queue("", &[("A", ""), ("B", "units: [5, 10]")]);
    let dir = folder(&written);
    let files = || {
        let mut names: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    let plan = validate(dir.path(), "--dry-run --until L1 --format json").ok().json();
    assert_eq!((files(), read(dir.path())), (before, written));
    assert_eq!(plan["dry_run"], true);
    assert_eq!(plan["strategies"][1]["basis"], "assumed");
    assert!(plan["memory_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn who_has_priority_is_first_and_a_part_of_the_queue_can_be_asked_for() {
    let other =
        |id: &str, priority: i32| format!("  - {{id: {id}, source: seer.rs, priority: {priority}}}\n");
    let dir = folder(&(queue("", &[("A", "")]) + &other("B", 2) + &other("C", 1)));
    let plan = validate(dir.path(), "--dry-run --queue-size 2 --format json").ok().json();
    let ids: Vec<&Value> =
        plan["strategies"].as_array().expect("it is a list").iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["B", "C"]);
    assert_eq!(plan["not_due"], 1);
}

#[test]
fn the_queue_of_the_examples_runs_as_it_stands() {
    let dir = tempfile::tempdir().expect("there is room");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-strategies");
    std::fs::create_dir(dir.path().join("data")).expect("the folder can be written");
    for name in ["queue.yaml", "sma_cross.rs", "rsi_reversion.rs", "donchian_breakout.rs", "buy_and_hold.rs"]
    {
        std::fs::copy(examples.join(name), dir.path().join(name)).expect("the example can be read");
    }
    let data = "data/sp500-daily.csv";
    std::fs::copy(examples.join(data), dir.path().join(data)).expect("the example can be read");
    validate(dir.path(), "").ok();
    assert_eq!(said(dir.path(), "status"), ["L1_PASSED", "L1_FAILED", "L1_PASSED", "L0_FAILED"]);
}

#[test]
fn what_is_wrong_with_a_queue_is_named_before_anything_runs() {
    let good = queue("", &[("A", "")]);
    let twice = format!("{good}  - id: A\n    source: seer.rs\n");
    for (written, words, expected) in [
        (good.replace("seer.rs", "gone.rs"), "", "queue.yaml:17: `A`: its source `gone.rs` cannot be read"),
        (twice, "", "`A` is already the strategy in line"),
        (good.replace("strategies:", "strategy:"), "", "`strategies` is missing"),
        (good.replace("fee_bps: 1, slippage_bps: 1", "fee_bps: 0"), "--until L1", "trading costs nothing"),
        (good.replace("  holdout: {from: 2020-02-01}\n", ""), "--until L2", "holds nothing out"),
        (good.replace("signals, above", "dsr, above"), "", "or of `ic`"),
        (good.clone(), "--tier L1 --until L0", "`--until L0` is before `--tier L1`"),
    ] {
        let dir = folder(&written);
        let ran = validate(dir.path(), words);
        assert!(ran.refused(2).contains(expected), "{expected}: {}", ran.stderr);
        assert_eq!(read(dir.path()), written, "nothing is touched");
    }
}

#[test]
fn data_that_cannot_be_had_is_the_end_of_those_that_need_it_and_of_no_others() {
    let other = "  - id: B\n    source: seer.rs\n    data: {sources: [{path: gone.csv}]}\n";
    let dir = folder(&(queue("", &[("A", "")]) + other));
    validate(dir.path(), "").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED", "L0_DATA_UNAVAILABLE"]);
}
