//! `stratbox run`: outcomes, parameters and exit codes.

use serde_json::Value;

use crate::{Ran, command, folder, stratbox, write};

#[test]
fn a_run_reports_figures_with_everything_they_were_made_from() {
    let dir = folder();
    let words = "run probe.rs --data a.csv=ALPHA --data b.csv --from 2020-01-02 --to 2020-02-01 -p units=10 \
                 --fee-bps 1 --format json";
    let report = stratbox(dir.path(), words).ok().json();
    assert_eq!(report["outcome"], "completed");
    assert_eq!(report["data"]["instruments"], serde_json::json!(["ALPHA", "B"]));
    let data = &report["data"];
    assert_eq!((&data["rows"], &data["steps"]), (&Value::from(54), &Value::from(27)));
    assert_eq!((&data["from"], &data["to"]), (&Value::from("2020-01-02"), &Value::from("2020-01-28")));
    assert_eq!(
        report["params"],
        serde_json::json!({"units": 10, "share": 0.5, "talk": false, "mode": "trade"})
    );
    assert_eq!(report["metrics"]["orders"], 1);
    assert_eq!((&report["venue"]["fee_bps"], &report["venue"]["leverage"]), (&1.0.into(), &1.0.into()));
    assert_eq!(report["run_key"].as_str().unwrap().len(), 64);
    assert!(report["fuel"].as_u64().unwrap() > 0);

    let human = stratbox(dir.path(), &words.replace("--format json", "")).ok().stdout;
    for part in ["completed", "sharpe", "fee 1 bps", "ALPHA, B", "mode=trade share=0.5 talk=false units=10"] {
        assert!(human.contains(part), "{part}: {human}");
    }
}

#[test]
fn the_same_run_has_the_same_key_and_figures_and_another_has_another() {
    let dir = folder();
    let run = |words: &str| {
        let report =
            stratbox(dir.path(), &format!("run probe.rs --data a.csv --format json {words}")).ok().json();
        (report["run_key"].clone(), report["metrics"].clone(), report["fuel"].clone())
    };
    assert_eq!(run(""), run("-p units=1"));
    assert_eq!(run("").0, run("--log").0, "what is shown is no part of a run");
    for other in ["-p units=2", "--fee-bps 6", "--to 2020-01-20", "--no-short", "--fuel 900000000"] {
        assert_ne!(run("").0, run(other).0, "{other}");
    }
}

#[test]
fn a_fault_is_a_result_with_its_label_and_code_1() {
    let dir = folder();
    for (mode, label, bar, message) in [
        ("panic", "panic", Some(4), "as told"),
        ("spin", "fuel", Some(4), "fuel ran out"),
        ("hog", "memory", Some(4), "`memory_bytes`"),
        ("refuse", "init_refused", None, r"not \u{1b}[31mme"),
    ] {
        let words = format!("run probe.rs --data a.csv --fuel 20000000 -p mode={mode}");
        let json = stratbox(dir.path(), &format!("{words} --format json"));
        assert_eq!(json.code, 1, "{mode}");
        let report = json.json();
        assert_eq!(
            (&report["outcome"], &report["metrics"]),
            (&Value::from("faulted"), &Value::Null),
            "{mode}"
        );
        assert_eq!(
            (&report["fault"]["label"], &report["fault"]["bar"]),
            (&label.into(), &bar.into()),
            "{mode}"
        );
        assert!(report["fault"]["message"].as_str().unwrap().contains(message), "{report}");
        let human = stratbox(dir.path(), &words);
        assert_eq!(human.code, 1);
        assert!(human.stdout.contains(&format!("faulted: {label}")), "{}", human.stdout);
        assert!(!human.stdout.contains('\u{1b}'));
    }
}

#[test]
fn a_run_out_of_time_is_interrupted_with_code_5() {
    let dir = folder();
    let words = "run probe.rs --data a.csv -p mode=spin --fuel 1000000000000000 --wall-ms 50 --format json";
    let ran = stratbox(dir.path(), words);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert_eq!(
        (&ran.json()["outcome"], &ran.json()["interruption"]),
        (&"interrupted".into(), &"timeout".into())
    );
}

#[test]
fn what_the_strategy_logged_is_shown_when_asked_for() {
    let dir = folder();
    let words = "run probe.rs --data a.csv -p talk=true -p units=7";
    let shown = stratbox(dir.path(), &format!("{words} --log")).ok().stdout;
    assert!(shown.starts_with("info  bought 7 of 0.5: true\n"), "{shown}");
    assert!(!stratbox(dir.path(), words).ok().stdout.contains("bought"));
    let report = stratbox(dir.path(), &format!("{words} --log --format json")).ok().json();
    assert_eq!(report["log"]["lines"][0]["message"], "bought 7 of 0.5: true");
}

#[test]
fn parameters_that_do_not_exist_or_do_not_fit_are_refused_with_what_would() {
    let dir = folder();
    for (param, expected) in [
        ("speed=1", "`probe` has no parameter `speed`: it has `units`, `share`, `talk`, `mode`"),
        ("units=1001", "parameter `units`: `1001` is not allowed: it takes a whole number from 0 to 1000"),
        ("units=many", "it takes a whole number"),
        ("share=NaN", "it takes a number from 0 to 1"),
        ("talk=1", "it takes `true` or `false`"),
        ("mode=dance", "it takes one of `trade`, `panic`, `spin`, `hog`, `refuse`"),
    ] {
        let ran = stratbox(dir.path(), &format!("run probe.rs --data a.csv -p {param}"));
        assert!(ran.refused(2).contains(expected), "{param}: {}", ran.stderr);
    }
    stratbox(dir.path(), "run probe.rs --data a.csv -p units=1000 -p share=1 -p talk=true -p mode=trade")
        .ok();
}

#[test]
fn data_that_is_missing_broken_or_elsewhere_in_time_is_refused() {
    let dir = folder();
    write(dir.path(), "bad.csv", "date,open,high,low,close,volume\n2020-01-01,1,2,3,4,5\n");
    let rows = |times: [&str; 2]| {
        let rows = times.map(|time| format!("{time},2,3,1,2,5\n"));
        format!("date,open,high,low,close,volume\n{}", rows.concat())
    };
    write(dir.path(), "late.csv", &rows(["2020-02-03", "2020-02-04"]));
    write(dir.path(), "hours.csv", &rows(["2020-01-01 00:00", "2020-01-01 01:00"]));
    for (words, expected) in [
        ("--data missing.csv", "cannot read `missing.csv`"),
        ("--data bad.csv", "`bad.csv` line 2"),
        ("--data a.csv --from 2021-01-01", "the data covers 2020-01-01 to 2020-02-12"),
        ("--data a.csv --data late.csv --to 2020-02-01", "no rows of `LATE` before 2020-02-01"),
        ("--data a.csv --data late.csv --to 2020-02-01", "the data covers 2020-02-03 to 2020-02-04"),
        ("--data a.csv --data hours.csv", "bars of `A` are 1 d long and those of `HOURS` 1 h"),
    ] {
        let ran = stratbox(dir.path(), &format!("run probe.rs {words}"));
        assert!(ran.refused(2).contains(expected), "{words}: {}", ran.stderr);
    }
    stratbox(dir.path(), "run probe.rs --data a.csv --data late.csv --to 2020-02-04").ok();
}

#[test]
fn a_symbol_cannot_write_to_the_terminal() {
    let dir = folder();
    let ran = command(dir.path())
        .args(["run", "probe.rs", "--data", "a.csv=\u{202e}RED"])
        .output()
        .map(Ran::of)
        .unwrap();
    let seen = ran.stdout + &ran.stderr;
    assert!(!seen.contains('\u{202e}') && seen.contains("RED"), "{seen}");
}

/// Every key that a policy has.
const POLICY: &str = r#"[venue]
initial_cash = 50000.0
currency = "USD"
fee_bps = 0.0
fees = { per_share = { amount = 0.005, minimum = 1.0, maximum_share = 0.01 } }
slippage_bps = 0.0
slippage = { square_root_impact = 0.5 }
fill_at = "same_close"
limit_fill = "penetrate"
volume_share = 0.25
leverage = 2.0
allow_short = false
maintenance_margin = 0.25
borrow_bps_a_year = 50.0
interest_bps_a_year = 100.0
debit_bps_a_year = 600.0
max_open_orders = 20
max_orders_per_bar = 10
max_orders = 5000

[venue.instruments.A]
tick = 0.01
lot = 1.0
min_quantity = 2.0
currency = "USD"
"#;

#[test]
fn a_venue_file_with_every_setting_is_followed_and_shown_whole() {
    let dir = folder();
    write(dir.path(), "venue.toml", POLICY);
    let words = "run probe.rs --data a.csv --venue venue.toml -p units=300";
    let mut report = stratbox(dir.path(), &format!("{words} --format json")).ok().json();
    let shown = report["venue"].as_object_mut().unwrap();
    assert!(shown.remove("optimistic").is_some_and(|reason| reason.is_string()));
    let written: toml::Table = POLICY.parse().unwrap();
    assert_eq!(Value::Object(shown.clone()), serde_json::to_value(&written["venue"]).unwrap());
    let defaults = stratbox(dir.path(), "run probe.rs --data a.csv --format json").ok().json();
    let keys = |policy: &serde_json::Map<String, Value>| policy.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(shown), keys(defaults["venue"].as_object().unwrap()), "it has every key");
    let metrics = &report["metrics"];
    // A quarter of a volume of 1,000 at once, and the rest at the next close; the minimum fee for each is more than its units'.
    let counts = ["orders", "fills", "partial_fills", "fees", "expired", "dropped", "liquidations"];
    assert_eq!(counts.map(|name| metrics[name].as_f64().unwrap()), [1.0, 2.0, 1.0, 2.25, 0.0, 0.0, 0.0]);
    assert!(metrics["financing"].as_f64().unwrap() > 0.0, "cash is left, and earns interest");

    let human = stratbox(dir.path(), words).ok().stdout;
    for part in [
        "cash 50000 USD",
        "fee 0.005 a unit, at least 1, at most 0.01 of the value",
        "square-root impact with coefficient 0.5",
        "leverage 2, no short sales",
        "at most 20 open orders, 10 at a time and 5,000 in all",
        "market orders fill at the close of the bar they are sent on, limits when penetrated",
        "at most 0.25 of a bar's volume",
        "closed out below 0.25 of exposure",
        "borrowing 50 bps a year, interest 100 bps a year, debit interest 600 bps a year",
        "A tick 0.01 lot 1 at least 2 in USD",
        "OPTIMISTIC",
    ] {
        assert!(human.contains(part), "{part}: {human}");
    }
}

#[test]
fn a_mistake_in_a_venue_file_is_told_with_its_line() {
    let dir = folder();
    for (good, bad, expected) in [
        ("fee_bps = 0.0", "fee_bps = 5.0", "venue.toml:4: `fee_bps` is `5`"),
        ("minimum = 1.0", "minimum = -1.0", "venue.toml:5: `fees.per_share.minimum` is `-1`"),
        ("limit_fill = \"penetrate\"", "limit_fill = \"pierce\"", "venue.toml:9: unknown variant `pierce`"),
        ("leverage = 2.0", "leverage = nan", "venue.toml:11: `leverage` is `NaN`"),
        (
            "maintenance_margin = 0.25",
            "maintenance_margin = 0.75",
            "venue.toml:13: `maintenance_margin` is `0.75`",
        ),
        ("max_orders = 5000", "most_orders = 5000", "venue.toml:19: unknown field `most_orders`"),
        ("instruments.A]", "instruments.B]", "venue.toml:21: `instruments` names `B`"),
        ("\nlot = 1.0", "\nlot = -1.0", "venue.toml:23: `instruments.A.lot` is `-1`"),
        (
            "2.0\ncurrency = \"USD\"",
            "2.0\ncurrency = \"EUR\"",
            "venue.toml:25: `instruments.A.currency` is `EUR`",
        ),
    ] {
        assert_eq!(POLICY.matches(good).count(), 1, "{good}");
        write(dir.path(), "venue.toml", &POLICY.replace(good, bad));
        let ran = stratbox(dir.path(), "run probe.rs --data a.csv --venue venue.toml");
        assert!(ran.refused(2).contains(expected), "{bad}: {}", ran.stderr);
    }
}

#[test]
fn a_report_has_the_information_coefficient_of_all_forecasts() {
    const LOOKBACK: usize = 5;
    let dir = folder();
    write(dir.path(), "rotation.rs", include_str!("../../../example-strategies/momentum_rotation.rs"));
    let words = format!("run rotation.rs --data a.csv --data b.csv -p lookback={LOOKBACK} --report");
    let report = stratbox(dir.path(), &format!("{words} --format json")).ok().json();
    let signals = &report["report"]["signals"];

    let close = |phase: usize, day: usize| (100 + (day + phase) * 7 % 11) as f64;
    let at = |phase: usize, day: usize| {
        let momentum = close(phase, day) / close(phase, day - LOOKBACK) - 1.0;
        (momentum, close(phase, day + 1) / close(phase, day) - 1.0)
    };
    let days = LOOKBACK..39;
    let (values, forward): (Vec<f64>, Vec<f64>) = days.flat_map(|day| [at(0, day), at(3, day)]).unzip();
    let expected = stratbox_metrics::series::spearman(&values, &forward).value().unwrap();

    assert_eq!(signals["signals"]["value"], values.len() as f64);
    assert_eq!(report["metrics"]["signals"], values.len() as u64);
    assert!((signals["ic"]["value"].as_f64().unwrap() - expected).abs() < 1e-12, "{signals}: {expected}");
    assert!(signals["ic"]["convention"].as_str().unwrap().starts_with("Spearman"));
    let human = stratbox(dir.path(), &words).ok().stdout;
    assert!(human.contains("\nsignals\n") && human.contains("Spearman"), "{human}");
}

#[test]
fn a_report_on_a_strategy_without_forecasts_says_that_there_are_none() {
    let dir = folder();
    let report = stratbox(dir.path(), "run probe.rs --data a.csv --report --format json").ok().json();
    let ic = &report["report"]["signals"]["ic"];
    assert_eq!((&ic["value"], &ic["missing"]), (&Value::Null, &"no signal was followed by a bar".into()));
}

#[test]
fn forecasts_cost_the_same_fuel_whether_or_not_they_are_kept() {
    let dir = folder();
    write(dir.path(), "rotation.rs", include_str!("../../../example-strategies/momentum_rotation.rs"));
    let run = |words: &str| {
        let words = format!("run rotation.rs --data a.csv --data b.csv -p lookback=5 --format json {words}");
        let report = stratbox(dir.path(), &words).ok().json();
        (report["fuel"].clone(), report["run_key"].clone(), report["metrics"].clone())
    };
    assert_eq!(run("--report"), run(""));
}
