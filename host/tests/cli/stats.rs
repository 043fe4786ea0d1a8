//! `stratbox stats`: published figures from files and options, and what is answered to damaged input.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::{Ran, command, stratbox, write};

/// `mixed_returns` of empyrical's test suite, in percent, with its leading NaN.
const MIXED: &str = "returns\nnan\n1\n10\n-4\n2\n3\n2\n1\n-10\n";

/// `portfolio_bacon` of PerformanceAnalytics, in percent.
const BACON: &str = "returns\n0.3\n2.6\n1.1\n-1.0\n1.5\n2.5\n1.6\n6.7\n-1.4\n4.0\n-0.5\n8.1\n4.0\n-3.7\n-6.1\n1.7\n-4.9\n-2.2\n7.0\n5.8\n-6.5\n2.4\n-0.5\n-0.9\n";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room")
}

/// The document of a command about `a.csv`, which has this text.
fn of_file(text: &str, words: &str) -> Value {
    let dir = folder();
    write(dir.path(), "a.csv", text);
    stratbox(dir.path(), &format!("stats {words} --format json")).ok().json()
}

fn refused(text: &str, words: &str) -> String {
    let dir = folder();
    write(dir.path(), "a.csv", text);
    stratbox(dir.path(), &format!("stats {words}")).refused(2).to_owned()
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap_or_else(|| panic!("{value} is a number"));
    assert!((value - expected).abs() < 1e-9 * expected.abs().max(1.0), "{value} {expected}");
}

fn figure<'v>(document: &'v Value, part: &str, name: &str) -> &'v Value {
    &document[part][name]["value"]
}

#[test]
fn empyricals_mixed_returns_have_empyricals_figures() {
    let document = of_file(MIXED, "a.csv --returns returns --percent --periods 252");
    near(figure(&document, "figures", "sharpe"), 1.723_861_396_170_686_6);
    near(figure(&document, "figures", "sortino"), 2.605_531_251_673_693);
    near(figure(&document, "figures", "max_drawdown"), -0.1);
    assert_eq!(document["rows_left_out"], 1);
    assert_eq!(document["figures"]["kurtosis"]["convention"], "m4 / m2^2, moments over n: raw, normal = 3");
}

#[test]
fn bacons_portfolio_has_bacons_figures() {
    let document = of_file(BACON, "a.csv --percent --periods 12 --mar 0.005");
    near(figure(&document, "figures", "gain_loss_ratio"), 1.779_783_393_501_805);
    let deviation = figure(&document, "figures", "downside_deviation").as_f64().expect("a number");
    assert!((deviation - 0.025_536_738_2).abs() < 1e-10);
}

#[test]
fn equity_is_the_same_series_as_its_returns() {
    let returns = of_file("returns\n0.1\n-0.5\n0.2\n", "a.csv --periods 252 --resamples 0");
    let equity = of_file("equity\n100\n110\n55\n66\n", "a.csv --periods 252 --resamples 0");
    assert_eq!(equity["kind"], "equity");
    for name in ["sharpe", "max_drawdown", "total_return", "kurtosis"] {
        let expected = figure(&returns, "figures", name).as_f64().expect("a number");
        near(figure(&equity, "figures", name), expected);
    }
}

#[test]
fn a_constant_series_scores_nothing_and_says_why() {
    let document = of_file("returns\n0.01\n0.01\n0.01\n0.01\n", "a.csv --periods 252 --trials 5");
    for (part, name) in [("figures", "sharpe"), ("evidence", "psr"), ("evidence", "dsr")] {
        assert_eq!(document[part][name]["value"], Value::Null);
        assert_eq!(document[part][name]["missing"], "the returns do not vary");
    }
}

#[test]
fn times_give_the_periods_a_year_and_the_tables() {
    let rows: String = (1..=28).map(|day| format!("2020-02-{day:02},{}\n", 100 + day * 7 % 5)).collect();
    let document = of_file(&format!("date,equity\n{rows}"), "a.csv --rolling 5");
    assert_eq!(
        (&document["periods_per_year"], &document["periods_from"]),
        (&365.0.into(), &"inferred from the times".into())
    );
    assert_eq!((&document["from"], &document["to"]), (&"2020-02-01".into(), &"2020-02-28".into()));
    assert_eq!(document["months"][0]["periods"], 27);
    assert_eq!(document["rolling"]["sharpe"].as_array().map(Vec::len), Some(23));
    assert!(document["drawdowns"][0]["trough_time"].is_i64());
}

#[test]
fn without_periods_a_year_nothing_is_annualised_and_a_note_says_so() {
    let document = of_file("returns\n0.01\n-0.02\n0.03\n", "a.csv");
    assert_eq!(document["figures"]["sharpe"]["missing"], "the number of periods a year is not known");
    assert!(document["notes"][0].as_str().is_some_and(|note| note.contains("--periods")));
}

#[test]
fn a_benchmark_is_a_column_or_a_file() {
    let dir = folder();
    write(dir.path(), "a.csv", "returns,index\n0.02,0.01\n-0.04,-0.02\n0.06,0.03\n0.02,0.01\n");
    write(dir.path(), "b.csv", "returns\n0.01\n-0.02\n0.03\n0.01\n");
    for benchmark in ["index", "b.csv"] {
        let words =
            format!("stats a.csv --returns returns --periods 252 --benchmark {benchmark} --format json");
        near(figure(&stratbox(dir.path(), &words).ok().json(), "relative", "beta"), 2.0);
    }
    write(dir.path(), "b.csv", "returns\n0.01\n-0.02\n");
    let said = stratbox(dir.path(), "stats a.csv --returns returns --benchmark b.csv");
    assert!(said.refused(2).contains("`b.csv` has 2 rows where the series has 4"), "{}", said.stderr);
    let said = stratbox(dir.path(), "stats a.csv --returns returns --benchmark c.csv");
    assert!(said.refused(2).contains("`a.csv` has no column `c.csv`"), "{}", said.stderr);
}

#[test]
fn trials_come_from_options_or_from_a_file() {
    let dir = folder();
    write(dir.path(), "a.csv", BACON);
    write(dir.path(), "trials.csv", "sharpe\n0.1\n0.2\n0.3\n");
    let of = |words: &str| {
        let ran = stratbox(dir.path(), &format!("stats a.csv --percent --periods 12 {words} --format json"));
        ran.ok().json()["evidence"]["dsr"]["value"].as_f64().expect("a number")
    };
    let file = of("--trials-file trials.csv");
    assert!((file - of("--trials 3 --trials-variance 0.01")).abs() < 1e-12);
    assert!(of("--trials 300 --trials-variance 0.01") < file);
}

#[test]
fn a_table_comes_from_standard_input_too() {
    let dir = folder();
    let mut child = command(dir.path())
        .args(["stats", "-", "--percent", "--periods", "252", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it was piped").write_all(MIXED.as_bytes()).expect("it is read");
    let document = Ran::of(child.wait_with_output().expect("it ends")).ok().json();
    near(figure(&document, "figures", "sharpe"), 1.723_861_396_170_686_6);
    assert_eq!(document["file"], "standard input");
}

#[test]
fn the_same_seed_gives_the_same_document() {
    let dir = folder();
    write(dir.path(), "a.csv", BACON);
    let of = |seed| {
        stratbox(dir.path(), &format!("stats a.csv --periods 12 --percent --seed {seed} --format json"))
            .ok()
            .stdout
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

/// The published example of Bailey and López de Prado (2014).
const DSR: &str =
    "dsr --sharpe 2.5 --annual 250 --observations 1250 --skewness -3 --variance 0.5 --trials 100";

#[test]
fn the_published_deflated_sharpe_ratio_takes_raw_or_excess_kurtosis_and_says_which() {
    for kurtosis in ["--kurtosis 10", "--excess-kurtosis 7"] {
        let document = of_file("", &format!("{DSR} {kurtosis}"));
        near(figure(&document, "figures", "dsr"), 0.900_396_834_449_390_4);
        near(figure(&document, "figures", "sr0"), 0.113_172_001_865_13);
        assert_eq!(document["inputs"]["kurtosis"], 10.0);
        assert!(document["inputs"]["kurtosis_is"].as_str().is_some_and(|is| is.starts_with("raw")));
    }
    assert!(refused("", &format!("{DSR} --kurtosis 10 --excess-kurtosis 7")).contains("cannot be used with"));
    let people = stratbox(folder().path(), &format!("stats {DSR} --kurtosis 10")).ok().stdout;
    assert!(people.contains("0.90039683444") && people.contains("raw (3 is normal)"), "{people}");
}

#[test]
fn published_probabilities_and_lengths() {
    let of =
        |words: &str, name: &str| figure(&of_file("", words), "figures", name).as_f64().expect("a number");
    let psr = of("psr --sharpe 0.458 --observations 24 --skewness -2.448 --kurtosis 10.164", "psr");
    assert!((psr - 0.913_361_1).abs() < 5e-8);
    assert!((of("psr --sharpe 0.458 --observations 24", "psr") - 0.981_674_9).abs() < 5e-8);
    let fund = "--sharpe 0.45569620253164556 --skewness -2.448 --kurtosis 10.164 --convention 2025";
    assert!((of(&format!("psr {fund} --observations 24"), "psr") - 0.987).abs() < 5e-4);
    let years = of("mintrl --sharpe 2 --annual 250 --target 1", "min_track_record_years");
    assert!((years - 2.731_187_802).abs() < 1e-9);
    assert!((of("minbtl --sharpe 1 --trials 45", "min_backtest_length") - 4.998_087).abs() < 1e-6);
}

#[test]
fn figures_that_are_not_defined_are_reasons_and_no_failures() {
    let missing = |words: &str, name: &str| of_file("", words)["figures"][name]["missing"].clone();
    assert_eq!(missing("psr --sharpe 0.5 --observations 2", "psr"), "there are fewer than three returns");
    let two_values = missing("psr --sharpe 1 --observations 30 --skewness 2 --kurtosis 5", "psr");
    assert_eq!(two_values, "the variance of the Sharpe ratio is not positive for this skewness and kurtosis");
    let below = missing("mintrl --sharpe 0.1 --target 0.2", "min_track_record");
    assert_eq!(below, "the Sharpe ratio is not above the one that it is compared with");
    let one = of_file("", "dsr --sharpe 0.1 --observations 100 --variance 0.1 --trials 1");
    near(figure(&one, "figures", "sr0"), 0.0);
}

#[test]
fn a_kurtosis_that_no_returns_have_is_refused_and_excess_kurtosis_is_named() {
    for (words, numbers, hint) in [
        (
            format!("{DSR} --kurtosis 7"),
            "skewness of `-3` have a raw kurtosis of `7`: it is at least 1 + skewness^2, 10",
            "if it is excess kurtosis (0 is normal), name it `--excess-kurtosis`",
        ),
        (
            "psr --sharpe 0.1 --observations 99 --kurtosis 0".to_owned(),
            "skewness of `0` have a raw kurtosis of `0`: it is at least 1 + skewness^2, 1",
            "`--excess-kurtosis`",
        ),
        (
            "mintrl --sharpe 0.1 --excess-kurtosis -2.5".to_owned(),
            "a raw kurtosis of `0.5`",
            "`--excess-kurtosis` is raw kurtosis - 3",
        ),
        ("mintrl --sharpe 0.1 --skewness 2".to_owned(), "a raw kurtosis of `3`", "3 was assumed"),
    ] {
        let said = refused("", &words);
        assert!(said.contains(numbers) && said.contains(hint), "{words}: {said}");
    }
    for least in ["--skewness 0 --kurtosis 1", "--skewness -3 --kurtosis 10", "--excess-kurtosis -2"] {
        let document = of_file("", &format!("psr --sharpe 0.1 --observations 99 {least}"));
        assert!(figure(&document, "figures", "psr").is_f64(), "{least}");
    }
}

/// Six variants over forty days; `edge` is far above the others.
fn matrix() -> String {
    let row = |day: usize| {
        let value = |variant: usize| ((day * 7 + variant * 13) * (day + 3) % 29) as f64 / 1_000.0 - 0.014;
        let cells: Vec<String> = (0..5).map(|variant| value(variant).to_string()).collect();
        format!("{day},{},{}\n", cells.join(","), value(5) + 0.03)
    };
    ",a,b,c,d,e,edge\n".to_owned() + &(0..40).map(row).collect::<String>()
}

#[test]
fn a_variant_with_an_edge_is_not_overfit_and_beats_the_others() {
    let pbo = of_file(&matrix(), "pbo a.csv --blocks 8");
    near(figure(&pbo, "figures", "pbo"), 0.0);
    assert_eq!((&pbo["inputs"]["variants"], &pbo["inputs"]["splits"]), (&6.into(), &70.into()));
    let spa = of_file(&matrix(), "spa a.csv --resamples 200");
    assert_eq!(spa["inputs"]["best"], "edge");
    for name in ["reality_check", "spa_consistent", "spa_studentised_consistent"] {
        assert!(figure(&spa, "figures", name).as_f64().expect("a number") < 0.05, "{name}");
    }
    let against_itself = of_file(&matrix(), "spa a.csv --resamples 200 --benchmark edge");
    assert!(figure(&against_itself, "figures", "reality_check").as_f64().expect("a number") > 0.5);
}

#[test]
fn a_choice_that_cannot_be_made_is_refused() {
    let text = matrix();
    assert!(refused(&text, "pbo a.csv --blocks 7").contains("even number from 2 to 24"));
    let short: String = text.lines().take(12).map(|line| line.to_owned() + "\n").collect();
    assert!(refused(&short, "pbo a.csv --blocks 12").contains("there are too few rows for so many blocks"));
    assert!(
        refused("a\n0.1\n0.2\n0.3\n0.4\n0.1\n0.2\n", "pbo a.csv --blocks 2")
            .contains("fewer than two variants")
    );
    assert!(refused(&text, "spa a.csv --block-length 30").contains("half of the rows, 20"));
}

#[test]
fn ranks_reversed_correlate_by_minus_one_and_identical_ones_by_one() {
    let text = "signal,up,down\n1,10,9\n2,20,7\n3,30,5\n4,40,1\n";
    for (forward, expected) in [("up", 1.0), ("down", -1.0)] {
        near(&of_file(text, &format!("ic a.csv --signal signal --forward {forward}"))["ic"], expected);
    }
}

#[test]
fn prices_make_the_returns_that_followed_a_signal() {
    let document = of_file("s,p\n1,100\n3,101\n2,104\n4,106\n,111\n", "ic a.csv --signal s --price p");
    assert_eq!((&document["rows"], &document["rows_left_out"]), (&4.into(), &1.into()));
    near(&document["ic"], 1.0);
}

#[test]
fn rows_without_a_signal_are_prices_all_the_same() {
    // Of the rows with a signal, the next price is 10 % above, 10 % below, and 20 % above.
    let text = "s,p\n2,100\n,110\n1,100\n,90\n,95\n3,100\n,120\n";
    let document = of_file(text, "ic a.csv --signal s --price p");
    assert_eq!((&document["rows"], &document["rows_left_out"]), (&3.into(), &4.into()));
    near(&document["ic"], 1.0);
    // Over two: nothing, 5 % below, and no end.
    let document = of_file(text, "ic a.csv --signal s --price p --horizon 2");
    assert_eq!((&document["rows"], &document["rows_left_out"]), (&2.into(), &5.into()));
    // What has no price is no row.
    let holes = text.replace(",110\n", ",110\n5,\n,\n");
    near(&of_file(&holes, "ic a.csv --signal s --price p")["ic"], 1.0);
    let damaged = refused(&text.replace(",90", ",0"), "ic a.csv --signal s --price p");
    assert!(damaged.contains("`a.csv` line 5, column `p`: price `0` is not above zero"), "{damaged}");
}

#[test]
fn groups_are_in_the_order_of_their_keys_wherever_they_stand() {
    let group = |key: &str, order: [u8; 3]| {
        order.iter().enumerate().map(|(row, forward)| format!("{key},{row},{forward}\n")).collect::<String>()
    };
    let orders = [[1, 2, 3], [1, 3, 2], [3, 2, 1], [2, 3, 1], [1, 2, 3]];
    for keys in [
        ["2", "9", "10", "11", "100"],
        ["2020-01-31", "2020-02-01", "2020-02-02", "2020-02-03", "2020-03-01"],
        ["a", "b", "c", "d", "e"],
    ] {
        let groups: Vec<String> = keys.iter().zip(orders).map(|(key, order)| group(key, order)).collect();
        let of = |places: [usize; 5]| {
            let text = places.map(|place| groups[place].as_str()).concat();
            let words = "ic a.csv --signal s --forward f --by key --horizon 3";
            of_file(&format!("key,s,f\n{text}"), words)["groups"].clone()
        };
        let ascending = of([0, 1, 2, 3, 4]);
        assert!(ascending["t"].is_f64(), "{ascending}");
        assert_eq!(of([3, 0, 4, 2, 1]), ascending, "{keys:?}");
    }
}

#[test]
fn groups_have_a_coefficient_each() {
    let text = "day,s,f\n1,1,1\n1,2,2\n1,3,3\n2,1,3\n2,2,2\n2,3,1\n3,1,1\n3,2,3\n3,3,2\n4,1,1\n";
    let document = of_file(text, "ic a.csv --signal s --forward f --by day --horizon 2");
    let groups = &document["groups"];
    assert_eq!((&groups["observations"], &groups["without"]), (&3.into(), &1.into()));
    near(&groups["mean"], 0.5 / 3.0);
    assert!(groups["t"].is_f64() && groups["icir"].is_f64());
}

#[test]
fn damaged_input_is_named_by_row_and_column() {
    for (text, expected) in [
        ("returns\n0.1\nx\n", "`a.csv` line 3, column `returns`: `x` is not a number"),
        ("returns\n0.1\ninf\n", "`a.csv` line 3, column `returns`: `inf` is not a finite number"),
        ("returns\n0.1\n1.5%\n", "say `--percent`"),
        (
            "date,returns\n2020-01-01,0.1\n2020-01-02,\n",
            "`a.csv` line 3, column `returns`: the value is missing",
        ),
        (
            "date,returns\n2020-01-02,0.1\n2020-01-01,0.1\n",
            "`a.csv` line 3, column `date`: `2020-01-01` is not after",
        ),
        ("equity\n100\n0\n", "`a.csv` line 3, column `equity`: equity is `0`"),
        ("equity\n100\n", "one value of equity makes no return"),
        ("a,b\n1,2\n", "there are 2 columns that could be the series"),
        ("x\n1\n2\n", "nothing says whether the column `x` has returns or equity"),
        ("", "`a.csv` is empty"),
        ("0.1\n0.2\n", "--no-header"),
    ] {
        let said = refused(text, "a.csv");
        assert!(said.contains(expected), "{text:?}: {said}");
    }
    assert_eq!(of_file("0.1\n0.2\n0.3\n", "a.csv --no-header --returns 1")["column"], "1");
    assert_eq!(of_file("x\n0.1\n0.2\n0.3\n", "a.csv --returns x")["kind"], "returns");
    assert_eq!(of_file("x\n0.1\n-0.2\n0.3\n", "a.csv")["kind"], "returns", "equity is never below zero");
}

#[test]
fn options_out_of_range_are_refused() {
    for (words, expected) in [
        ("a.csv --periods 0", "above 0"),
        ("a.csv --confidence 1", "between 0 and 1"),
        ("a.csv --trials 0", "1 or above"),
        ("a.csv --trials-variance 1", "--trials"),
        ("a.csv --block-length 5", "half of the returns"),
        ("a.csv --returns returns --equity returns", "cannot be used with"),
        ("dsr --sharpe nan --observations 5 --trials 2 --variance 1", "must be a number"),
        ("ic a.csv --signal returns", "--forward"),
        ("nothing.csv", "cannot read `nothing.csv`"),
        (".", "it is a directory"),
    ] {
        let said = refused("returns\n0.1\n0.2\n0.3\n", words);
        assert!(said.contains(expected), "{words}: {said}");
    }
}

#[test]
fn intervals_that_cannot_be_made_say_why() {
    let ruin = "returns\n0.1\n-1\n0.2\n0.1\n";
    let document = of_file(ruin, "a.csv --periods 12");
    assert_eq!(
        (&document["intervals"], &document["intervals_missing"]),
        (&Value::Null, &"equity was zero or below".into())
    );
    let dir = folder();
    write(dir.path(), "a.csv", ruin);
    let shown = stratbox(dir.path(), "stats a.csv --periods 12").ok().stdout;
    assert!(shown.contains("there are none: equity was zero or below"), "{shown}");
    assert_eq!(of_file(ruin, "a.csv --periods 12 --resamples 0").get("intervals_missing"), None);
}

#[test]
fn people_are_shown_every_figure_with_its_convention() {
    let dir = folder();
    write(dir.path(), "a.csv", BACON);
    let shown = stratbox(Path::new(dir.path()), "stats a.csv --percent --periods 12 --rolling 6").ok().stdout;
    for part in [
        "kurtosis",
        "raw, normal = 3",
        "2012 convention",
        "stationary bootstrap",
        "drawdowns",
        "rolling over 6",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn every_statistic_is_in_the_documentation() {
    let documentation = include_str!("../../../docs/statistics.md");
    let evidence = "--sharpe 1 --annual 250";
    for words in [
        "pbo a.csv --blocks 4".to_owned(),
        "spa a.csv --resamples 10".to_owned(),
        format!("psr {evidence} --observations 100"),
        format!("dsr {evidence} --observations 100 --variance 0.5 --trials 9"),
        format!("mintrl {evidence}"),
        "minbtl --sharpe 1 --trials 9".to_owned(),
    ] {
        let document = of_file(&matrix(), &words);
        for name in document["figures"].as_object().expect("figures by name").keys() {
            assert!(documentation.contains(&format!("`{name}`")), "{words}: {name}");
        }
    }
}
