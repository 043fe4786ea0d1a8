//! How much the best deserves belief: trials, gates, what is kept from the choice, and how often the pipeline is wrong.

use std::path::Path;

use serde_json::Value;

use crate::{folder, stratbox, write};

/// Twelve variants on forty days.
const SWEEP: &str = r#"
[data]
sources = [{ path = "a.csv" }]

[[strategy]]
source = "probe.rs"

[strategy.params]
units = { min = 0, max = 200, step = 100 }
share = { min = 0.0, max = 0.75 }
"#;

/// The same with its last days kept from the choice.
fn split(what: &str) -> String {
    SWEEP.replacen("[data]", &format!("[split]\n{what}\n\n[data]"), 1)
}

fn sweep(dir: &Path, text: &str, options: &str) -> Value {
    write(dir, "s.toml", text);
    stratbox(dir, &format!("sweep s.toml --format json {options}")).ok().json()
}

fn figure(report: &Value, name: &str) -> Option<f64> {
    report["belief"]["figures"][name]["value"].as_f64()
}

#[test]
fn a_sweep_ends_with_how_much_its_best_deserves_belief() {
    let dir = folder();
    let report = sweep(dir.path(), SWEEP, "");
    let belief = &report["belief"];
    assert_eq!(belief["run_key"], report["variants"][0]["run_key"], "the best is judged");
    assert_eq!((&belief["trials"]["total"], &belief["trials"]["own"]), (&12.into(), &12.into()));
    let (dsr, psr) = (figure(&report, "dsr").unwrap(), figure(&report, "psr").unwrap());
    assert!((0.0..=1.0).contains(&dsr) && dsr <= psr, "{dsr} {psr}");
    assert_eq!(belief["verdict"]["gates"][0]["figure"], "dsr");
    assert_eq!(belief["verdict"]["gates"][0]["at_least"], 0.95);
    let human = stratbox(dir.path(), "sweep s.toml").ok().stdout;
    assert!(human.contains("belief in the best, ") && human.contains("verdict: "), "{human}");
}

#[test]
fn trials_of_earlier_sweeps_on_the_same_bars_count_also_when_their_experiments_are_gone() {
    let dir = folder();
    assert_eq!(sweep(dir.path(), SWEEP, "--fresh")["belief"]["trials"]["total"], 12);
    let again = sweep(dir.path(), SWEEP, "--fresh");
    assert_eq!(
        (&again["belief"]["trials"]["total"], &again["belief"]["trials"]["own"]),
        (&24.into(), &12.into())
    );
    stratbox(dir.path(), "experiments delete 1 --yes").ok();
    let third = sweep(dir.path(), SWEEP, "--fresh");
    assert_eq!(third["belief"]["trials"]["total"], 36);
    let counted = stratbox(dir.path(), "trials 3 --format json").ok().json();
    assert_eq!(counted["total"], 36);
    let deflated = |report: &Value| figure(report, "dsr_threshold").unwrap();
    assert!(deflated(&third) > deflated(&again), "more trials, a higher threshold");
}

#[test]
fn what_is_answered_from_the_store_was_counted_when_it_was_made() {
    let dir = folder();
    let once = sweep(dir.path(), SWEEP, "");
    let again = sweep(dir.path(), SWEEP, "");
    assert_eq!(again["summary"]["reused"], 12);
    assert_eq!(
        (&again["belief"]["trials"]["total"], &again["belief"]["trials"]["own"]),
        (&12.into(), &12.into())
    );
    assert_eq!(figure(&again, "dsr"), figure(&once, "dsr"), "to ask again is no further trial");
    let counted = stratbox(dir.path(), "trials 2 --format json").ok().json();
    assert_eq!(
        (&counted["made"], &counted["total"], &counted["reused"]),
        (&12.into(), &24.into(), &12.into()),
        "the ledger itself only counts up"
    );
    let human = stratbox(dir.path(), "trials 2").ok().stdout;
    assert!(
        human.starts_with("12 trials on bars that experiment 2") && human.contains("0  and 12 reused"),
        "{human}"
    );
    assert_eq!(
        sweep(dir.path(), SWEEP, "--fresh")["belief"]["trials"]["total"],
        24,
        "what is run is a trial"
    );
}

#[test]
fn the_same_run_of_two_strategies_is_one_trial() {
    let dir = folder();
    let both = format!(
        "{SWEEP}[[strategy]]\nsource = \"probe.rs\"\n[strategy.params]\nunits = [0, 100]\nshare = [0.0]\n"
    );
    let report = sweep(dir.path(), &both, "");
    assert_eq!(report["summary"]["variants"], 14);
    assert_eq!(
        (&report["belief"]["trials"]["total"], &report["belief"]["trials"]["own"]),
        (&12.into(), &12.into())
    );
}

#[test]
fn one_that_was_paused_is_judged_by_what_ran() {
    let dir = folder();
    let text = SWEEP
        .replace("max = 200, step = 100", "max = 1000, step = 10")
        .replace("share = ", "mode = [\"panic\", \"trade\"]\nshare = ");
    write(dir.path(), "s.toml", &text);
    assert_eq!(stratbox(dir.path(), "sweep s.toml -j 1 --on-failures stop --failure-share 0.1").code, 8);
    let shown = stratbox(dir.path(), "experiments show 1 --format json").ok().json();
    let rows = shown["counts"]["completed"].as_u64().unwrap() + shown["counts"]["faulted"].as_u64().unwrap();
    let judged = stratbox(dir.path(), "judge 1 --format json").ok().json();
    let sampled = |name: &str| judged["belief"]["trials"][name].as_u64().unwrap();
    assert_eq!(sampled("sampled") + sampled("without_series"), rows, "nothing else is run");
    assert_eq!(judged["not_tried"], shown["variants"].as_u64().unwrap() - rows);
}

#[test]
fn failed_attempts_are_trials_too() {
    let dir = folder();
    let text = SWEEP.replace("share = ", "mode = [\"trade\", \"panic\"]\nshare = ");
    write(dir.path(), "s.toml", &text);
    let report = stratbox(dir.path(), "sweep s.toml --on-failures continue --format json").ok().json();
    // Twelve that trade, and twelve that fault and are tried once more.
    assert_eq!(report["belief"]["trials"]["total"], 12 + 2 * 12);
}

#[test]
fn a_single_run_is_a_trial() {
    let dir = folder();
    let run = |count: u64| {
        let report = stratbox(dir.path(), "run probe.rs --data a.csv --format json").ok().json();
        assert_eq!(report["trials"], count);
    };
    run(1);
    run(2);
    assert_eq!(sweep(dir.path(), SWEEP, "")["belief"]["trials"]["total"], 14);
}

#[test]
fn variants_run_on_the_train_part_and_the_best_of_them_on_the_validation_part() {
    let dir = folder();
    let report = sweep(dir.path(), &split("validation = 0.25\nholdout = 0.25"), "--top 3");
    let days = |data: &Value| (data["rows"].as_u64().unwrap(), data["to"].as_str().unwrap().to_owned());
    let (rows, end) = days(&report["experiment"]["data"]);
    assert_eq!(rows, 20);
    let (rows, _) = days(&report["validation"]["data"]);
    assert_eq!(rows, 10);
    assert!(report["validation"]["data"]["from"].as_str().unwrap() > end.as_str());
    let runs = report["validation"]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run["outcome"] == "completed"));
    assert_eq!(report["holdout"]["looks"], serde_json::json!([]));
}

#[test]
fn nothing_that_chooses_reads_what_an_experiment_holds_out() {
    let dir = folder();
    sweep(dir.path(), &split("holdout = { from = 2020-02-01 }"), "");
    write(dir.path(), "whole.toml", SWEEP);
    let refused = stratbox(dir.path(), "sweep whole.toml");
    let said = refused.refused(2);
    assert!(said.contains("bars from 2020-02-01 on are held out by experiment 1"), "{said}");
    assert!(said.contains("`to = 2020-02-01`"), "{said}");
    let before = SWEEP.replacen("[data]", "[data]\nto = \"2020-02-01\"", 1);
    write(dir.path(), "before.toml", &before);
    stratbox(dir.path(), "sweep before.toml").ok();
    let run = stratbox(dir.path(), "run probe.rs --data a.csv");
    assert!(run.refused(2).contains("are held out by experiment 1"), "{}", run.stderr);
    stratbox(dir.path(), "run probe.rs --data a.csv --to 2020-02-01").ok();
    // Another dataset is not.
    stratbox(dir.path(), "run probe.rs --data b.csv").ok();
}

#[test]
fn a_sweep_that_would_come_to_a_holdout_on_its_last_rung_is_refused_before_its_first() {
    let dir = folder();
    sweep(dir.path(), &split("holdout = { from = 2020-02-01 }"), "");
    let rungs = |data: &str| SWEEP.replacen("[data]", &format!("[halving]\n\n[data]{data}"), 1);
    write(dir.path(), "h.toml", &rungs(""));
    let refused = stratbox(dir.path(), "sweep h.toml");
    assert!(refused.refused(2).contains("are held out by experiment 1"), "{}", refused.stderr);
    write(dir.path(), "h.toml", &rungs("\nto = \"2020-02-01\""));
    stratbox(dir.path(), "sweep h.toml").ok();
}

#[test]
fn a_look_at_the_holdout_is_written_down_with_who_when_and_why_and_every_report_shows_it() {
    let dir = folder();
    let text = split("holdout = 0.25");
    sweep(dir.path(), &text, "");
    let nobody = stratbox(dir.path(), "holdout look 1");
    assert!(nobody.refused(2).contains("--who"), "{}", nobody.stderr);
    let mut command = crate::command(dir.path());
    let words =
        ["holdout", "look", "1", "--who", "ada", "--why", "to decide on a launch", "--format", "json"];
    let look = crate::Ran::of(command.args(words).output().unwrap()).ok().json();
    assert_eq!((&look["outcome"], &look["data"]["rows"]), (&"completed".into(), &10.into()));
    let shown = stratbox(dir.path(), "holdout show 1 --format json").ok().json();
    let seen = &shown["holdout"]["looks"][0];
    assert_eq!((&seen["who"], &seen["why"]), (&"ada".into(), &"to decide on a launch".into()));
    assert!(seen["at"].as_u64().unwrap() > 0);
    let again = sweep(dir.path(), &text, "--fresh");
    assert_eq!(again["holdout"]["looks"].as_array().unwrap().len(), 1);
    let human = stratbox(dir.path(), "sweep s.toml").ok().stdout;
    assert!(human.contains("1 look, the last by ada"), "{human}");
    let by_run = stratbox(dir.path(), "run probe.rs --data a.csv --who bob --why curious").ok();
    assert!(by_run.stdout.contains("completed"));
    let looks = stratbox(dir.path(), "holdout show 1 --format json").ok().json();
    assert_eq!(looks["holdout"]["looks"].as_array().unwrap().len(), 2);
}

#[test]
fn a_run_that_looks_at_a_holdout_is_a_trial_on_all_the_bars_that_it_reads() {
    let dir = folder();
    sweep(dir.path(), &split("holdout = 0.25"), "");
    let trials = || stratbox(dir.path(), "trials 1 --format json").ok().json()["total"].clone();
    assert_eq!(trials(), 12);
    stratbox(dir.path(), "run probe.rs --data a.csv --who bob --why curious").ok();
    assert_eq!(trials(), 13);
}

#[test]
fn the_best_of_a_search_that_learns_is_looked_at_as_it_was_found() {
    let dir = folder();
    let search = "source = \"probe.rs\"\nsearch = \"tpe\"\nsamples = 30\nseed = 4";
    let text = split("holdout = 0.25").replace("source = \"probe.rs\"", search);
    let report = sweep(dir.path(), &text.replace(", step = 100", ""), "");
    let variants = report["variants"].as_array().unwrap();
    let best = &variants[0];
    for variant in [report["belief"]["variant"].as_u64().unwrap(), 29] {
        let words = format!("holdout look 1 --variant {variant} --who ada --why test --format json");
        let look = stratbox(dir.path(), &words).ok().json();
        let known = |row: &&Value| row["params"] == look["params"];
        assert!(variants.iter().any(|row| known(&row)), "{}", look["params"]);
        if variant != 29 {
            assert_eq!(look["params"], best["params"]);
        }
    }
    let never = stratbox(dir.path(), "holdout look 1 --variant 30 --who ada --why test");
    assert!(never.refused(2).contains("no variant 30 with a result"), "{}", never.stderr);
}

#[test]
fn of_many_variants_some_are_looked_at_and_the_report_says_how_many() {
    let dir = folder();
    let text = SWEEP.replace("max = 200, step = 100", "max = 1000, step = 10");
    let report = sweep(dir.path(), &text, "");
    assert_eq!(
        (&report["belief"]["trials"]["own"], &report["belief"]["trials"]["sampled"]),
        (&404.into(), &256.into())
    );
    let few = stratbox(dir.path(), "judge 1 --sample 10");
    assert!(few.refused(2).contains("256"), "fewer than every sweep looks at: {}", few.stderr);
}

#[test]
fn every_report_of_the_data_shows_the_looks_at_it() {
    let dir = folder();
    sweep(dir.path(), &split("holdout = { from = 2020-02-01 }"), "");
    stratbox(dir.path(), "holdout look 1 --who ada --why test").ok();
    let before = SWEEP.replacen("[data]", "[data]\nto = \"2020-02-01\"", 1);
    let other = sweep(dir.path(), &before, "");
    assert!(other["holdout"].is_null(), "it holds nothing out itself");
    let judged = stratbox(dir.path(), "judge 2 --tests 10 --format json").ok().json();
    let shown = stratbox(dir.path(), "experiments show 2 --format json").ok().json();
    for report in [&other, &judged, &shown] {
        assert_eq!(report["looks"][0]["who"], "ada");
    }
}

#[test]
fn an_experiment_without_a_holdout_has_none_to_look_at() {
    let dir = folder();
    sweep(dir.path(), SWEEP, "");
    let refused = stratbox(dir.path(), "holdout look 1 --who ada --why x");
    assert!(refused.refused(2).contains("experiment 1 holds nothing out"), "{}", refused.stderr);
}

#[test]
fn parts_and_folds_that_the_bars_do_not_have_are_refused_at_their_line() {
    let dir = folder();
    for (table, said) in [
        ("[split]\nholdout = { from = 2030-01-01 }", "s.toml:1: `split.holdout` has no bars"),
        ("[split]\nholdout = 1.5", "s.toml:2: is 1.5: a share is above 0 and below 1, in `holdout = 1.5`"),
        ("[walk_forward]\ntrain = 1000\ntest = 10", "s.toml:1: "),
        ("[cpcv]\ngroups = 2\ntest_groups = 2", "s.toml:1: "),
        ("[[gate]]\nfigure = \"luck\"\nat_least = 1", "s.toml:2: `figure`: `luck` is not a metric"),
        ("[[gate]]\nfigure = \"dsr\"", "s.toml:1: gate on `dsr`: give it one of"),
        (
            "[[gate]]\nfigure = \"dsr\"\naway_from = { value = 2, by = 0.1 }",
            "s.toml:1: gate on `dsr`: it is a probability, from 0 to 1",
        ),
        (
            "[[gate]]\nfigure = \"hit_rate\"\naway_from = { value = 0.5, by = -0.1 }",
            "s.toml:1: gate on `hit_rate`: give it one of",
        ),
        ("[halving]\neta = 1", "s.toml:1: `[halving]`: `eta` is `1`: it must be from 2 to 100"),
    ] {
        write(dir.path(), "s.toml", &format!("{table}\n{SWEEP}"));
        let ran = stratbox(dir.path(), "sweep s.toml");
        assert!(ran.refused(2).contains(said), "{table}\n{}", ran.stderr);
    }
}

#[test]
fn choosing_is_judged_by_walking_forward_and_in_every_combination() {
    let dir = folder();
    let folds = "[walk_forward]\ntrain = 15\ntest = 5\n\n[cpcv]\ngroups = 4\ntest_groups = 2\n";
    let report = sweep(dir.path(), &format!("{folds}{SWEEP}"), "");
    assert_eq!(report["belief"]["walk_forward"]["choices"].as_array().unwrap().len(), 5);
    assert_eq!(report["belief"]["walk_forward"]["returns"].as_array().unwrap().len(), 25);
    assert_eq!(report["belief"]["cpcv"]["paths"].as_array().unwrap().len(), 3);
}

#[test]
fn the_gates_are_those_of_the_sweep_file() {
    let dir = folder();
    let gates = |bound: f64| format!("[[gate]]\nfigure = \"trades\"\nat_most = {bound}\n{SWEEP}");
    let verdict = |bound: f64| sweep(dir.path(), &gates(bound), "")["belief"]["verdict"].clone();
    assert_eq!(verdict(1e6)["accepted"], true);
    let refused = verdict(-1.0);
    assert_eq!((&refused["accepted"], &refused["gates"][0]["passed"]), (&false.into(), &false.into()));
    assert!(refused["gates"][0]["margin"].as_f64().unwrap() < 0.0);
}

#[test]
fn a_gate_can_ask_for_more_than_a_number_and_for_a_distance_from_one() {
    let dir = folder();
    let passes = |bound: &str| {
        let file = format!("[[gate]]\nfigure = \"trades\"\n{bound}\n{SWEEP}");
        let gate = sweep(dir.path(), &file, "")["belief"]["verdict"]["gates"][0].clone();
        assert!(gate["reason"].as_str().unwrap().starts_with("`trades` is "), "{gate}");
        gate["passed"].clone()
    };
    assert_eq!((passes("above = -1"), passes("above = 1e6")), (true.into(), false.into()));
    let (far, near) = ("away_from = { value = -5, by = 1 }", "away_from = { value = 0, by = 1e6 }");
    assert_eq!((passes(far), passes(near)), (true.into(), false.into()));
}

#[test]
fn an_experiment_can_be_judged_again_and_is_judged_alike() {
    let dir = folder();
    let report = sweep(dir.path(), SWEEP, "");
    let again = stratbox(dir.path(), "judge 1 --tests 100 --format json").ok().json();
    for name in ["dsr", "psr", "pbo", "min_track_record"] {
        assert_eq!(again["belief"]["figures"][name], report["belief"]["figures"][name], "{name}");
    }
    assert!(again["belief"]["superior_ability"].is_object());
    assert!(report["belief"]["superior_ability"].is_null(), "it takes longer than a sweep should");
    assert!(stratbox(dir.path(), "judge 7").refused(2).contains('7'));
}

#[test]
fn calibration_finds_no_edge_in_worlds_without_one_and_leaves_nothing_behind() {
    let dir = folder();
    write(dir.path(), "s.toml", SWEEP);
    let once = stratbox(dir.path(), "calibrate s.toml --worlds 2 --format json").ok().json();
    let kinds: Vec<&str> =
        once["kinds"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["permuted", "bootstrapped", "random_walk"]);
    assert_eq!(once["false_acceptance"], 0.0);
    assert!(once["kinds"].as_array().unwrap().iter().all(|it| it["worlds"] == 2));
    let again = stratbox(dir.path(), "calibrate s.toml --worlds 2 -j 1 --format json").ok().json();
    assert_eq!(once, again, "the same worlds whoever runs them");
    assert_eq!(
        sweep(dir.path(), SWEEP, "")["belief"]["trials"]["total"],
        12,
        "made-up bars count for nobody"
    );
}

#[test]
fn calibration_climbs_rungs_too() {
    let dir = folder();
    write(dir.path(), "h.toml", &format!("[halving]\n\n{SWEEP}"));
    let rungs = stratbox(dir.path(), "calibrate h.toml --worlds 1 --kind permuted --format json").ok().json();
    assert_eq!((&rungs["data"]["rows"], &rungs["kinds"][0]["without_a_best"]), (&40.into(), &0.into()));
}

#[test]
fn an_edge_that_is_there_is_found_and_one_that_is_not_is_not() {
    let dir = folder();
    write(dir.path(), "follow.rs", include_str!("fixtures/follow.rs"));
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../example-strategies/data/sp500-daily.csv");
    let text = format!(
        "[data]\nsources = [{{ path = \"{data}\" }}]\n\n[venue]\nfee_bps = 0.0\n\n[[strategy]]\nsource = \"follow.rs\"\n\n[strategy.params]\nlag = {{ min = 1, max = 12 }}\n"
    );
    write(dir.path(), "s.toml", &text);
    let kinds = "--kind planted --kind random-walk --autocorrelation 0.3";
    let report =
        stratbox(dir.path(), &format!("calibrate s.toml --worlds 3 {kinds} --format json")).ok().json();
    let accepted = |kind: usize| report["kinds"][kind]["accepted"].as_u64().unwrap();
    assert_eq!((accepted(0), accepted(1)), (3, 0), "{report}");
}

#[test]
fn a_run_can_be_told_in_full() {
    let dir = folder();
    let report = stratbox(
        dir.path(),
        "run probe.rs --data a.csv --report --equity e.csv --trades t.csv --format json",
    );
    let report = report.ok().json();
    assert!(report["report"]["figures"]["sharpe"].is_object());
    assert_eq!(report["report"]["months"].as_array().unwrap().len(), 2);
    let equity = std::fs::read_to_string(dir.path().join("e.csv")).unwrap();
    assert_eq!((equity.lines().next(), equity.lines().count()), (Some("time,equity"), 41));
    let last: f64 = equity.lines().last().unwrap().rsplit(',').next().unwrap().parse().unwrap();
    assert_eq!(Some(last), report["metrics"]["final_equity"].as_f64());
    let trades = std::fs::read_to_string(dir.path().join("t.csv")).unwrap();
    assert!(trades.starts_with("instrument,side,entry_time,"), "{trades}");
    let own = stratbox(dir.path(), "run probe.rs --data a.csv --equity a.csv");
    assert!(own.refused(2).contains("one of the files that are read"), "{}", own.stderr);
}
