//! What passes was shown to pass, by nothing that was known afterwards, and everything that was tried is counted.

use super::{SEER, folder, queue, read, said, strategies, validate};
use crate::{stratbox, write};

/// Trials on the bars of a folder, without those of asking.
fn trials(dir: &std::path::Path) -> u64 {
    let ran = stratbox(dir, "run seer.rs --data a.csv=A --who me --why test --format json").ok().json();
    // A look, and the run on the rest.
    ran["trials"].as_u64().expect("it is a number") - 2
}

#[test]
fn a_variant_that_faults_is_not_left_out_and_one_that_is_refused_is_with_a_remark() {
    let dir = folder(&queue("", &[("A", "mode: [see, panic]"), ("B", "mode: [see, refuse]")]));
    let report = validate(dir.path(), "--until L1 --on-failures continue --format json").ok().json();
    assert_eq!(said(dir.path(), "status"), ["L1_FIXABLE", "L1_PASSED"]);
    let reason = &said(dir.path(), "reason")[0];
    assert!(reason.starts_with("panic at bar") && reason.contains("mode = panic"), "{reason}");
    let remarks = strategies(&report, 1)[1]["remarks"].to_string();
    assert!(remarks.contains("1 variant left out: the strategy refuses its parameters"), "{remarks}");
}

#[test]
fn a_status_that_nothing_shows_is_not_believed() {
    let written = queue("", &[("A", "units: [5, 10]")]) + "    status: L1_PASSED\n";
    let dir = folder(&written);
    let ran = validate(dir.path(), "--until L2 --format json").ok();
    assert!(
        ran.stderr.contains("`A` is due at L0: no result of L0 is kept in this workspace"),
        "{}",
        ran.stderr
    );
    let report = ran.json();
    assert_eq!(report["tiers"].as_array().map(Vec::len), Some(3), "{report}");
    assert_eq!(said(dir.path(), "status"), ["L2_PASSED"]);
    assert_eq!(strategies(&report, 2)[0]["verdict"]["trials"], 4, "one, two and a look");
}

#[test]
fn who_was_changed_after_a_tier_goes_through_it_again_and_who_was_not_goes_on() {
    let dir = folder(&queue("", &[("A", "units: [5, 10]"), ("B", "every: [1, 2]")]));
    validate(dir.path(), "--until L1").ok();
    write(dir.path(), "queue.yaml", &read(dir.path()).replace("units: [5, 10]", "units: [5, 10, 20]"));
    let ran = validate(dir.path(), "--until L2 --format json").ok();
    assert!(
        ran.stderr
            .contains("`A` is due at L1: its source, parameters, data or settings have changed since L1"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("`B` is due"), "{}", ran.stderr);
    assert_eq!(said(dir.path(), "status"), ["L2_PASSED"; 2]);
    write(dir.path(), "seer.rs", &SEER.replace("turns * 1_000_000", "turns * 1_000_001"));
    write(dir.path(), "queue.yaml", &read(dir.path()).replace("L2_PASSED", "L1_PASSED"));
    let ran = validate(dir.path(), "--until L2").ok();
    for id in ["A", "B"] {
        assert!(
            ran.stderr.contains(&format!("`{id}` is due at L0: no result of L0 is kept")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_gate_that_was_raised_is_asked_before_the_next_tier_and_nothing_is_run_for_it() {
    let dir = folder(&queue("", &[("A", "units: [5, 10]")]));
    validate(dir.path(), "--until L1").ok();
    let raised = read(dir.path()).replace("figure: trades, at_least: 1", "figure: trades, at_least: 1000");
    write(dir.path(), "queue.yaml", &raised);
    let ran = validate(dir.path(), "--until L2 --on-failures continue --format json").ok();
    assert!(ran.stderr.contains("its result of L1 does not pass the gates of now"), "{}", ran.stderr);
    assert_eq!(said(dir.path(), "status"), ["L1_FAILED"]);
    assert_eq!(strategies(&ran.json(), 0)[0]["answered"], "kept");
    assert_eq!(trials(dir.path()), 3, "one and two");
}

#[test]
fn a_gate_that_was_relaxed_is_asked_about_what_was_kept() {
    let dir = folder(&queue("", &[("A", "every: 3")]));
    validate(dir.path(), "--on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L0_FIXABLE"]);
    write(
        dir.path(),
        "queue.yaml",
        &read(dir.path()).replace("figure: signals, above: 10", "figure: signals, above: 5"),
    );
    let report = validate(dir.path(), "--format json").ok().json();
    assert_eq!(said(dir.path(), "status"), ["L0_PASSED"]);
    assert_eq!(strategies(&report, 0)[0]["answered"], "kept");
    assert_eq!(strategies(&report, 0)[0]["verdict"]["trials"], 1, "what is kept is not counted again");
}

#[test]
fn a_fault_on_the_holdout_is_a_look_and_the_end_and_says_nothing() {
    let dir = folder(&queue("", &[("A", "mode: late, units: [5, 10]")]));
    let ran = validate(dir.path(), "--until L2 --on-failures continue --format json").ok();
    assert_eq!(said(dir.path(), "status"), ["L2_FAILED"]);
    assert_eq!(said(dir.path(), "reason"), ["a fault (panic) on the holdout"]);
    let kept = std::fs::read_dir(dir.path().join("workspace/validations")).expect("it is there");
    let kept =
        kept.map(|it| std::fs::read_to_string(it.expect("it can be read").path()).expect("it is text"));
    for text in kept.chain([ran.stdout, ran.stderr, read(dir.path())]) {
        assert!(!text.contains("0.319"), "{text}");
    }
    let again = validate(dir.path(), "--until L2").ok();
    assert!(again.stdout.contains("nothing is due"), "{}", again.stdout);
    assert_eq!(trials(dir.path()), 4, "one, two, and a look");
}

#[test]
fn a_holdout_that_was_used_before_it_was_one_is_none_unless_that_is_accepted_and_then_it_is_said() {
    let dir = folder(&queue("", &[("A", "units: [5, 10]")]));
    stratbox(dir.path(), "run seer.rs --data a.csv=A").ok();
    validate(dir.path(), "--until L2 --on-failures continue").ok();
    assert_eq!(said(dir.path(), "status"), ["L2_DATA_UNAVAILABLE"]);
    let reason = &said(dir.path(), "reason")[0];
    assert!(reason.contains("a trial was made") && reason.contains("accept_used_holdout: true"), "{reason}");
    let accepted =
        read(dir.path()).replace("strategies:", "validation: {accept_used_holdout: true}\nstrategies:");
    write(dir.path(), "queue.yaml", &accepted);
    validate(dir.path(), "--until L2").ok();
    assert_eq!(said(dir.path(), "status"), ["L2_PASSED"]);
    assert!(said(dir.path(), "verdict")[0].contains("they are no holdout any more"), "{}", read(dir.path()));
}

#[test]
fn a_queue_that_reads_what_it_holds_out_elsewhere_is_refused_and_nothing_is_declared() {
    let other = "  - id: B\n    source: seer.rs\n    data: {sources: [{path: a.csv, symbol: A}]}\n";
    let dir = folder(&(queue("", &[("A", "")]) + other));
    let refused = validate(dir.path(), "");
    assert!(refused.refused(2).contains("other `data` of this queue hold out bars"), "{}", refused.stderr);
    stratbox(dir.path(), "run seer.rs --data a.csv=A").ok();
}

#[test]
fn what_was_kept_of_the_holdout_is_deflated_by_every_trial_that_was_made_since() {
    let dir = folder(&queue("", &[("A", "units: [5, 10]")]));
    let last = |report: &serde_json::Value| {
        let it = &strategies(report, 0)[0];
        let number = |value: &serde_json::Value| value.as_f64().expect("it is a number");
        (it["answered"].clone(), number(&it["verdict"]["trials"]), number(&it["figures"]["dsr"]))
    };
    validate(dir.path(), "--until L1").ok();
    let (first, before, high) = last(&validate(dir.path(), "--until L2 --format json").ok().json());
    assert_eq!((first, before), ("ran".into(), 4.0), "one, two and a look");
    for units in 11..14 {
        let run = format!("run seer.rs --data a.csv=A --who me --why test --param units={units}");
        stratbox(dir.path(), &run).ok();
    }
    write(dir.path(), "queue.yaml", &read(dir.path()).replace("L2_PASSED", "L1_PASSED"));
    let (again, after, low) = last(&validate(dir.path(), "--until L2 --format json").ok().json());
    assert_eq!((again, after), ("kept".into(), 10.0), "three more looks, and the runs on the rest");
    assert!(low < high, "{low} {high}");
}

#[test]
fn what_two_strategies_have_in_common_is_one_trial_and_an_attempt_that_is_followed_by_another_counts() {
    let both = folder(&queue("", &[("A", "units: [5, 10]"), ("B", "units: [5, 20]")]));
    validate(both.path(), "--until L1").ok();
    assert_eq!(trials(both.path()), 5, "the defaults and five units, then five, ten and twenty");
    let faulty = folder(&queue("", &[("A", "mode: panic")]));
    validate(faulty.path(), "--on-failures continue").ok();
    assert_eq!(trials(faulty.path()), 2, "a fault is confirmed by another attempt, as in sweeps");
}

#[test]
fn who_is_mended_and_falls_at_the_same_tier_has_used_up_a_try() {
    let written = queue("validation: {max_retries: 1}\n", &[("A", "units: [5, 10]")])
        .replace("figure: trades, at_least: 1", "figure: trades, away_from: {value: 0, by: 1000}");
    let dir = folder(&written);
    let mut tries = Vec::new();
    for turn in 1..=2 {
        let mended = SEER.replace("turns * 1_000_000", &format!("turns * 1_000_00{turn}"));
        write(dir.path(), "seer.rs", &mended);
        validate(dir.path(), "--until L1 --on-failures continue").ok();
        tries.push((said(dir.path(), "status").remove(0), said(dir.path(), "attempts").remove(0)));
    }
    let expected = [("L1_FIXABLE", "1"), ("L1_FAILED", "2")];
    assert_eq!(tries, expected.map(|(status, attempts)| (status.to_owned(), attempts.to_owned())));
}

#[test]
fn entries_that_never_ran_or_are_the_same_do_not_change_what_the_last_tier_says() {
    let dsr = |strategies: &[(&str, &str)], words: &str| {
        let dir = folder(&queue("", strategies));
        // A trial besides the queue's, which is not to be hidden.
        stratbox(dir.path(), "run seer.rs --data a.csv=A --to 2020-02-01").ok();
        validate(dir.path(), "--until L1 --queue-size 1 --on-failures continue").ok();
        let report = validate(dir.path(), &format!("--until L2 --format json {words}")).ok().json();
        let verdict = &strategies_of_l2(&report)[0]["verdict"];
        (verdict["gates"][0]["value"].clone(), verdict["trials"].clone())
    };
    let alone = dsr(&[("A", "units: [5, 10]")], "");
    let padded = [("A", "units: [5, 10]"), ("B", "units: 1"), ("C", "units: 2"), ("D", "units: 3")];
    assert_eq!(dsr(&padded, "--queue-size 1"), alone);
    assert!(alone.0.is_number(), "{alone:?}");
}

fn strategies_of_l2(report: &serde_json::Value) -> &[serde_json::Value] {
    let tiers = report["tiers"].as_array().expect("there are tiers");
    let last = tiers.iter().rposition(|tier| tier["tier"] == "L2").expect("it came to the last one");
    strategies(report, last)
}
