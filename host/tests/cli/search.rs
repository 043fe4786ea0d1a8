//! Searches that choose their points: by a sampler, from what came before, or on little data first.

use std::path::Path;

use serde_json::Value;

use crate::{folder, stratbox, write};

fn text(search: &str) -> String {
    format!(
        "[data]\nsources = [{{ path = \"a.csv\" }}]\n\n[[strategy]]\nsource = \"probe.rs\"\n{search}\n\n[strategy.params]\nunits = {{ min = 0, max = 1000 }}\nshare = {{ min = 0.0, max = 1.0 }}\n"
    )
}

fn sweep(dir: &Path, search: &str, options: &str) -> Value {
    write(dir, "s.toml", &text(search));
    stratbox(dir, &format!("sweep s.toml --format json {options}")).ok().json()
}

/// Parameters and keys of all variants.
fn variants(report: &Value) -> Vec<(Value, Value)> {
    let rows = report["variants"].as_array().expect("a report has its variants");
    rows.iter().map(|row| (row["params"].clone(), row["run_key"].clone())).collect()
}

#[test]
fn each_method_tries_as_many_points_as_it_was_told_and_none_twice() {
    let dir = folder();
    for method in ["random", "latin_hypercube", "sobol", "tpe"] {
        let report = sweep(dir.path(), &format!("search = \"{method}\"\nsamples = 20\nseed = 5"), "--fresh");
        assert_eq!(report["summary"]["completed"], 20, "{method}");
        assert_eq!(report["experiment"]["strategies"][0]["search"], method);
        let mut keys: Vec<String> = variants(&report).iter().map(|(_, key)| key.to_string()).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 20, "{method}");
    }
}

#[test]
fn a_search_that_learns_tries_the_same_points_whoever_runs_them() {
    let search = "search = \"tpe\"\nsamples = 40\nseed = 3";
    let dirs = [folder(), folder()];
    let one = sweep(dirs[0].path(), search, "-j 1");
    let two = sweep(dirs[1].path(), search, "-j 2");
    assert_eq!(variants(&one), variants(&two));
    // And it is answered from what is known when it is asked again.
    let again = sweep(dirs[0].path(), search, "");
    assert_eq!((variants(&again), &again["summary"]["reused"]), (variants(&one), &40.into()));
}

#[test]
fn a_search_that_learns_goes_on_where_it_was_stopped() {
    let search = "search = \"tpe\"\nsamples = 40\nseed = 3";
    let dir = folder();
    let whole = sweep(folder().path(), search, "");
    write(dir.path(), "s.toml", &text(search));
    let mut child = crate::command(dir.path())
        .args(["sweep", "s.toml", "-j", "1", "--events", "e.jsonl"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let events = dir.path().join("e.jsonl");
    let settled = || std::fs::read_to_string(&events).unwrap_or_default().matches("variant_settled").count();
    while settled() < 15 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
    let resumed = stratbox(dir.path(), "resume 1 --format json");
    // A machine that was done before it could be killed has nothing to resume.
    if resumed.code == 0 {
        assert_eq!(variants(&resumed.json()), variants(&whole));
    } else {
        assert!(resumed.stdout.contains("is completed"), "{}{}", resumed.stdout, resumed.stderr);
    }
    let shown = stratbox(dir.path(), "experiments show 1 --top 40 --format json").ok().json();
    assert_eq!(shown["best"].as_array().unwrap().len(), whole["variants"].as_array().unwrap().len());
}

#[test]
fn known_points_are_tried_before_all_others() {
    let dir = folder();
    let search = "search = \"sobol\"\nsamples = 4\nenqueue = [{ units = 7, share = 0.25 }, { units = 9 }]";
    let report = sweep(dir.path(), search, "");
    assert_eq!(report["summary"]["completed"], 6);
    let tried = |units: i64| variants(&report).iter().any(|(params, _)| params["units"] == units);
    assert!(tried(7) && tried(9));
}

#[test]
fn what_a_method_has_no_use_for_is_refused_at_its_line() {
    let dir = folder();
    for (search, said) in [
        ("enqueue = [{ units = 7 }]", "s.toml:6: `enqueue` is for"),
        ("search = \"tpe\"", "`samples` is missing"),
        ("search = \"sobol\"\nsamples = 4\ngamma = 0.2", "s.toml:8: `gamma` is for `tpe`"),
        ("search = \"sobol\"\nsamples = 400000", "s.toml:7: `samples` is `400000`"),
        ("search = \"sobol\"\nsamples = 4\nenqueue = [{ units = 70000 }]", "s.toml:8: parameter `units`"),
        ("search = \"sobol\"\nsamples = 4\nenqueue = [{ luck = 1 }]", "s.toml:8: "),
        ("search = \"annealing\"\nsamples = 4", "unknown variant `annealing`"),
    ] {
        write(dir.path(), "s.toml", &text(search));
        let ran = stratbox(dir.path(), "sweep s.toml");
        assert!(ran.refused(2).contains(said), "{search}\n{}", ran.stderr);
    }
}

#[test]
fn halving_runs_all_on_little_data_and_the_best_on_all_of_it() {
    let dir = folder();
    let search = "search = \"random\"\nsamples = 27\nseed = 1";
    let halving = format!("[halving]\neta = 3\nmin_share = 0.1\n\n{}", text(search));
    write(dir.path(), "h.toml", &halving);
    let report = stratbox(dir.path(), "sweep h.toml --events e.jsonl --out r.json --format json").ok();
    let events = std::fs::read_to_string(dir.path().join("e.jsonl")).unwrap();
    assert_eq!(events.matches("variant_settled").count(), 27 + 9 + 3);
    assert!(dir.path().join("r.json").exists());
    assert!(report.stderr.contains("rung 1 of 3: 9 of 27 variants go on"), "{}", report.stderr);
    let report = report.json();
    assert_eq!(
        (&report["summary"]["completed"], &report["experiment"]["data"]["rows"]),
        (&3.into(), &40.into())
    );
    assert_eq!(report["belief"]["trials"]["total"], 27 + 9 + 3, "what was stopped early was a trial");
    let list = stratbox(dir.path(), "experiments list --format json").ok().json();
    let rows: Vec<&Value> =
        list["experiments"].as_array().unwrap().iter().map(|it| &it["variants"]).collect();
    assert_eq!(rows, [3, 9, 27]);
    let whole = sweep(dir.path(), search, "--fresh");
    let all = variants(&whole);
    assert!(variants(&report).iter().all(|row| all.contains(row)), "the last rung is an ordinary run");
}

#[test]
fn halving_needs_points_that_are_known_beforehand() {
    let dir = folder();
    write(dir.path(), "s.toml", &format!("[halving]\n\n{}", text("search = \"tpe\"\nsamples = 20")));
    let ran = stratbox(dir.path(), "sweep s.toml");
    assert!(ran.refused(2).contains("`[halving]` needs all points beforehand"), "{}", ran.stderr);
}

#[test]
fn no_variant_is_better_in_every_objective_than_one_on_the_pareto_front() {
    let dir = folder();
    let objectives = "objectives = [\"total_return\", \"max_drawdown\"]\n";
    let search = text("search = \"random\"\nsamples = 30\nseed = 2");
    write(dir.path(), "s.toml", &format!("{objectives}{search}"));
    let report = stratbox(dir.path(), "sweep s.toml --format json").ok().json();
    let front: Vec<&Value> = report["pareto_front"].as_array().unwrap().iter().collect();
    let figures = |row: &Value| {
        let figure = |name: &str| row["metrics"][name].as_f64().unwrap();
        [figure("total_return"), figure("max_drawdown")]
    };
    let rows = report["variants"].as_array().unwrap();
    let better = |a: &Value, b: &Value| {
        let (a, b) = (figures(a), figures(b));
        a.iter().zip(&b).all(|(a, b)| a >= b) && a != b
    };
    assert!(!front.is_empty());
    for row in rows {
        let dominated = rows.iter().any(|other| better(other, row));
        assert_eq!(front.contains(&&row["run_key"]), !dominated);
    }
}
