//! `stratbox sweep`: what comes of it, in what order, and whatever happens on the way.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::{Ran, folder, stratbox, write};

const DATA: &str = "[data]\nsources = [{ path = \"a.csv\" }]\n";

fn sweep(dir: &Path, file: &str, words: &str) -> Ran {
    write(dir, "s.toml", file);
    stratbox(dir, &format!("sweep s.toml {words}"))
}

fn column<'a>(report: &'a Value, key: &str) -> Vec<&'a Value> {
    report["variants"].as_array().expect("it is a list").iter().map(|variant| &variant[key]).collect()
}

fn grid(params: &str) -> String {
    format!(
        "objective = \"total_return\"\n{DATA}[[strategy]]\nsource = \"probe.rs\"\n[strategy.params]\n{params}\n"
    )
}

#[test]
fn the_document_says_what_was_asked_what_came_of_it_and_every_variant() {
    let dir = folder();
    let report = sweep(dir.path(), &grid("units = [0, 10, 20]"), "--format json --workers 2").ok().json();
    let experiment = &report["experiment"];
    assert_eq!((&experiment["name"], &experiment["file"]), (&json!("s"), &json!("s.toml")));
    assert_eq!(experiment["objective"], "total_return");
    assert_eq!(experiment["data"]["instruments"], json!(["A"]));
    assert_eq!((&experiment["data"]["rows"], &experiment["data"]["steps"]), (&json!(40), &json!(40)));
    assert_eq!(experiment["venue"]["initial_cash"], 100_000.0);
    assert_eq!(experiment["limits"]["fuel"], 10_000_000_000_u64);
    assert_eq!(experiment["strategies"][0]["strategy"], "probe");
    assert!(experiment["engine"].as_str().unwrap().starts_with("wasmtime"));

    let summary = &report["summary"];
    assert_eq!(
        (&summary["variants"], &summary["completed"], &summary["workers"]),
        (&json!(3), &json!(3), &json!(2))
    );
    assert_eq!(
        (&summary["faulted"], &summary["interrupted"], &summary["faults"]),
        (&json!(0), &json!(0), &json!({}))
    );
    assert!(
        summary["wall_seconds"].as_f64().unwrap() > 0.0 && summary["bars_per_second"].as_f64().unwrap() > 0.0
    );

    assert_eq!(column(&report, "rank"), [1, 2, 3]);
    let best = &report["variants"][0];
    let mut keys: Vec<&str> = best.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = ["attempts", "fuel", "metrics", "outcome", "params", "rank", "run_key", "strategy"];
    assert_eq!(keys, expected);
    assert_eq!(
        (&best["outcome"], &best["attempts"], &best["strategy"]),
        (&json!("completed"), &json!(1), &json!("probe"))
    );
    let mut params = best["params"].clone();
    let units = params["units"].take();
    assert!(units.is_u64());
    assert_eq!(params, json!({"mode": "trade", "share": 0.5, "talk": false, "units": null}));
}

#[test]
fn variants_are_in_the_order_of_the_objective() {
    let dir = folder();
    let figures = |objective: &str| {
        let file = grid("units = { min = 0, max = 1000 }").replace("total_return", objective);
        let report = sweep(dir.path(), &file, "--format json").ok().json();
        let metrics = column(&report, "metrics");
        metrics.iter().map(|it| it[objective].as_f64().unwrap()).collect::<Vec<_>>()
    };
    let returns = figures("total_return");
    assert_eq!(returns.len(), 11);
    assert!(returns.is_sorted_by(|one, other| one > other), "{returns:?}");
    let fees = figures("fees");
    assert!(fees.is_sorted_by(|one, other| one < other), "less is better: {fees:?}");
}

#[test]
fn a_variant_of_a_sweep_is_the_run_of_its_parameters() {
    let dir = folder();
    let report = sweep(dir.path(), &grid("units = 30"), "--format json").ok().json();
    let run = stratbox(dir.path(), "run probe.rs --data a.csv -p units=30 --format json").ok().json();
    let variant = &report["variants"][0];
    for key in ["run_key", "metrics", "fuel", "params"] {
        assert_eq!(variant[key], run[key], "{key}");
    }
}

#[test]
fn the_number_of_workers_changes_nothing() {
    let dir = folder();
    // Equal figures (unused parameters), equal runs (few values, many draws) and faults.
    let file = grid("units = [0, 10]\nshare = {}\nmode = [\"trade\", \"panic\", \"refuse\"]")
        + "[[strategy]]\nsource = \"probe.rs\"\nsearch = \"random\"\nsamples = 20\n[strategy.params]\nunits = { max = 3 }\n";
    let variants = |workers: u32| {
        let ran = sweep(dir.path(), &file, &format!("--format json --workers {workers}")).ok();
        ran.stdout.split_once("\"variants\":[").expect("there are variants").1.to_owned()
    };
    let one = variants(1);
    assert!(one.contains("probe#2") && one.contains("panic"), "{one}");
    assert_eq!(one, variants(4));
}

#[test]
fn a_variant_that_fails_does_not_stop_the_others() {
    let dir = folder();
    let file = grid("mode = {}\nunits = [0, 1]") + "[limits]\nfuel = 20000000\n";
    let json = sweep(dir.path(), &file, "--format json").ok().json();
    let summary = &json["summary"];
    assert_eq!(
        (&summary["completed"], &summary["faulted"], &summary["variants"]),
        (&json!(2), &json!(8), &json!(10))
    );
    assert_eq!(summary["faults"], json!({"panic": 2, "fuel": 2, "memory": 2, "init_refused": 2}));
    assert_eq!(json["variants"].as_array().unwrap().len(), 10);
    for variant in &json["variants"].as_array().unwrap()[2..] {
        assert_eq!(
            (&variant["outcome"], &variant["metrics"], &variant["rank"]),
            (&json!("faulted"), &Value::Null, &Value::Null)
        );
        let refused = variant["fault"]["label"] == "init_refused";
        assert_eq!(variant["attempts"], if refused { 1 } else { 2 }, "a fault is confirmed once: {variant}");
        assert!(variant["fault"]["message"].is_string());
    }
    let human = sweep(dir.path(), &file, "").ok().stdout;
    assert!(human.contains("8 faulted (fuel 2, init_refused 2, memory 2, panic 2)"), "{human}");
    assert!(human.contains("panic: probe mode=panic units=") && human.contains("as told"), "{human}");
}

#[test]
fn people_get_a_leaderboard_and_what_it_is_made_of() {
    let dir = folder();
    let file = grid("units = { min = 0, max = 1000 }") + "[venue]\nallow_short = false\n";
    let human = sweep(dir.path(), &file, "--top 2").ok();
    for part in
        ["ranked by total_return", " 1   probe", " 2   probe", "11 variants: 11 completed", "no short sales"]
    {
        assert!(human.stdout.contains(part), "{part}: {}", human.stdout);
    }
    assert!(human.stdout.contains("A, 40 rows (40 steps), 2020-01-01 to 2020-02-12"), "{}", human.stdout);
    assert!(!human.stdout.contains(" 3   probe"), "{}", human.stdout);
    assert!(
        !human.stdout.contains('\u{1b}') && !human.stderr.contains('\u{1b}'),
        "no colours, no progress bar"
    );
}

#[test]
fn the_document_is_also_written_to_a_file_that_can_be_written() {
    let dir = folder();
    sweep(dir.path(), &grid("units = [1, 2]"), "--out results.json").ok();
    let text = std::fs::read_to_string(dir.path().join("results.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["summary"]["completed"], 2);
    let refused = sweep(dir.path(), &grid("units = [1, 2]"), "--out missing/results.json");
    assert!(refused.refused(2).contains("there is no directory `missing`"));
}

#[test]
fn random_points_are_within_the_range_and_the_same_for_the_same_seed() {
    let dir = folder();
    let values = |seed: u32| {
        let file = format!(
            "{DATA}[[strategy]]\nsource = \"probe.rs\"\nsearch = \"random\"\nsamples = 50\nseed = {seed}\n\
             [strategy.params]\nunits = {{ min = 10, max = 900, scale = \"log\" }}\nshare = {{ min = 0.5 }}\ntalk = {{}}\n"
        );
        let report = sweep(dir.path(), &file, "--format json").ok().json();
        let mut params: Vec<String> = column(&report, "params").iter().map(ToString::to_string).collect();
        for variant in column(&report, "params") {
            assert!((10..=900).contains(&variant["units"].as_u64().unwrap()), "{variant}");
            assert!((0.5..=1.0).contains(&variant["share"].as_f64().unwrap()), "{variant}");
        }
        params.sort_unstable();
        params
    };
    assert_eq!(values(7).len(), 50);
    assert_eq!(values(7), values(7));
    assert_ne!(values(7), values(8));
}

#[test]
fn draws_that_repeat_are_run_once_and_counted() {
    let dir = folder();
    let file = |samples: u32| {
        format!(
            "{DATA}[[strategy]]\nsource = \"probe.rs\"\nsearch = \"random\"\nsamples = {samples}\n\
             [strategy.params]\ntalk = {{}}\nshare = [0.5, 1.0]\n"
        )
    };
    let report = sweep(dir.path(), &file(1_000), "--format json").ok().json();
    let strategy = &report["experiment"]["strategies"][0];
    assert_eq!((&strategy["variants"], &strategy["duplicates"]), (&json!(4), &json!(996)));
    let summary = &report["summary"];
    let counts = ["variants", "completed", "not_started"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(counts, [4, 4, 0]);
    let keys: std::collections::BTreeSet<_> =
        column(&report, "run_key").iter().map(ToString::to_string).collect();
    assert_eq!((keys.len(), column(&report, "rank").len()), (4, 4));
    let human = sweep(dir.path(), &file(1_000), "").ok().stdout;
    assert!(human.contains("probe: 996 duplicate draws left out of 1,000\n"), "{human}");
    assert!(!sweep(dir.path(), &file(1), "").ok().stdout.contains("duplicate"));
}

#[test]
fn results_are_not_written_over_what_the_sweep_reads_or_over_what_is_no_regular_file() {
    let dir = folder();
    for (target, why) in [
        ("s.toml", "one of the files that are read"),
        ("./a.csv", "one of the files that are read"),
        ("probe.rs", "one of the files that are read"),
        (".", "it is a directory"),
        ("/dev/null", "it is not a regular file"),
    ] {
        let ran = sweep(dir.path(), &grid("units = 1"), &format!("--out {target}"));
        let said = ran.refused(2);
        assert!(said.contains(why) && !said.contains("running"), "{target}: {said}");
    }
    let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!((text("s.toml"), text("a.csv")), (grid("units = 1"), crate::bars(0)));
    // The sweep does not read this one.
    sweep(dir.path(), &grid("units = 1"), "--out b.csv").ok();
    assert!(text("b.csv").starts_with('{'));
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_in_which_no_file_can_be_made_is_found_before_anything_runs() {
    let dir = folder();
    let ran = sweep(dir.path(), &grid("units = [1, 2]"), "--out /proc/results.json");
    let said = ran.refused(4);
    assert!(said.contains("error: cannot write `/proc/results.json`") && !said.contains("running"), "{said}");
}

/// A sweep whose results' folder is taken away when its runs begin, which take a while.
fn sweep_without_a_place(dir: &Path, words: &str) -> Ran {
    std::fs::create_dir(dir.join("out")).expect("the folder can be written");
    write(dir, "s.toml", &(grid("mode = [\"trade\", \"spin\"]") + "[limits]\nfuel = 2000000000\n"));
    let words = format!("sweep s.toml --out out/results.json {words}");
    let mut command = crate::command(dir);
    command.args(words.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is a pipe"));
    let mut said = String::new();
    while !said.contains("running") {
        assert_ne!(stderr.read_line(&mut said).expect("output is UTF-8"), 0, "{said}");
    }
    std::fs::remove_dir(dir.join("out")).expect("it is empty");
    stderr.read_to_string(&mut said).expect("output is UTF-8");
    let ran = Ran::of(child.wait_with_output().expect("the program ends"));
    Ran { stderr: said, ..ran }
}

#[test]
fn what_cannot_be_written_to_the_file_is_still_shown() {
    let dir = folder();
    let human = sweep_without_a_place(dir.path(), "");
    assert_eq!(human.code, 4);
    assert!(human.stdout.contains("2 variants: 1 completed"), "{}", human.stdout);
    assert!(human.stderr.contains("error: cannot write `out/results.json`"), "{}", human.stderr);
    let json = sweep_without_a_place(dir.path(), "--format json");
    assert_eq!(json.code, 4);
    let document = json.json();
    assert_eq!((&document["summary"]["completed"], column(&document, "rank").len()), (&json!(1), 2));
    assert_eq!(document["error"]["kind"], "environment");
}

#[test]
fn results_and_events_have_a_file_each() {
    let dir = folder();
    let refused = sweep(dir.path(), &grid("units = [0, 1]"), "--out r.json --events ./r.json");
    assert!(refused.refused(2).contains("`--events` and `--out` name the same file"), "{}", refused.stderr);
    sweep(dir.path(), &grid("units = [0, 1]"), "--out r.json --events e.jsonl").ok();
}

#[test]
fn a_sweep_of_nothing_but_faults_says_so_and_how_to_look() {
    let dir = folder();
    let file = |modes: &str| grid(&format!("mode = [{modes}]\nunits = [0, 1]"));
    let ran = sweep(dir.path(), &file("\"panic\""), "").ok();
    let note = "note: nothing completed: of 2 variants each faulted, 2 with `panic`, as in: ";
    assert!(ran.stderr.contains(note) && ran.stderr.contains("as told"), "{}", ran.stderr);
    let command = ran.stderr.lines().find_map(|line| line.strip_prefix("to look at it: stratbox "));
    let run = stratbox(dir.path(), command.expect("there is a command"));
    assert!(run.code == 1 && run.stdout.contains("as told"), "{}{}", run.stdout, run.stderr);
    let some = sweep(dir.path(), &file("\"panic\", \"trade\""), "").ok();
    assert!(!some.stderr.contains("nothing completed"), "{}", some.stderr);
}

#[test]
fn a_strategy_without_parameters_has_one_variant() {
    let dir = folder();
    let source = "use stratbox_sdk::prelude::*;\n#[derive(Params)]\npub struct None {}\npub struct Idle;\n\
                  impl Strategy for Idle {\n type Params = None;\n fn new(_: None, _: &[Instrument]) -> Result<Self, String> { Ok(Self) }\n \
                  fn on_bar(&mut self, _: &Bar, _: &mut Broker) {}\n}\nstrategy!(Idle);\n";
    write(dir.path(), "idle.rs", source);
    let file = format!("{DATA}[[strategy]]\nsource = \"idle.rs\"\n");
    let report = sweep(dir.path(), &file, "--format json").ok().json();
    assert_eq!(column(&report, "params"), [&json!({})]);
}

#[test]
fn a_strategy_that_does_not_compile_is_found_before_anything_runs() {
    let dir = folder();
    write(dir.path(), "bad.rs", "fn f( {}\n");
    let file = grid("units = 1") + "[[strategy]]\nsource = \"bad.rs\"\n";
    let ran = sweep(dir.path(), &file, "--format json");
    assert_eq!(ran.code, 3);
    assert!(!ran.stderr.contains("running"), "{}", ran.stderr);
    let error = &ran.json()["error"];
    assert!(error["message"].as_str().unwrap().starts_with("s.toml:9: `bad.rs` does not compile"), "{error}");
    assert!(!error["diagnostics"]["items"].as_array().unwrap().is_empty());
}
