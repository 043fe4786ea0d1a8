//! What a sweep file may say: each mistake is answered with its line, and what would be right.

use crate::{folder, stratbox, write};

const GOOD: &str = r#"name = "good"
objective = "sharpe"

[data]
sources = [{ path = "a.csv", symbol = "A" }, { path = "b.csv" }]
from = "2020-01-02"
to = "2020-02-01"

[venue]
initial_cash = 50000.0
fee_bps = 1.0

[limits]
wall_ms = 5000

[[strategy]]
source = "probe.rs"

[strategy.params]
units = { min = 0, max = 4, step = 2 }
share = [0.5, 1.0]
talk = {}
mode = "trade"

[[strategy]]
source = "probe.rs"
search = "random"
samples = 5
seed = 3

[strategy.params]
units = { min = 1, max = 100, scale = "log" }
"#;

#[test]
fn a_file_that_uses_everything_is_taken() {
    let dir = folder();
    write(dir.path(), "s.toml", GOOD);
    let report = stratbox(dir.path(), "sweep s.toml --format json").ok().json();
    assert_eq!(report["summary"]["completed"], 3 * 2 * 2 + 5);
    assert_eq!(report["experiment"]["name"], "good");
    assert_eq!(report["experiment"]["data"]["instruments"], serde_json::json!(["A", "B"]));
}

#[test]
fn several_objectives_are_ranked_by_the_first() {
    let dir = folder();
    let text = GOOD.replace(r#"objective = "sharpe""#, r#"objectives = ["max_drawdown", "trades"]"#);
    write(dir.path(), "s.toml", &text);
    let report = stratbox(dir.path(), "sweep s.toml --format json").ok().json();
    assert_eq!(report["experiment"]["objective"], "max_drawdown");
}

#[test]
fn a_variant_that_breaks_a_constraint_is_not_ranked() {
    let dir = folder();
    let constraint = "[[constraint]]\nmetric = \"trades\"\nat_least = 1\n\n[data]";
    write(dir.path(), "free.toml", GOOD);
    write(dir.path(), "bound.toml", &GOOD.replacen("[data]", constraint, 1));
    let ranked = |file: &str| {
        let report = stratbox(dir.path(), &format!("sweep {file} --format json --top 100")).ok().json();
        let variants = report["variants"].as_array().unwrap().clone();
        let keeps = |row: &serde_json::Value| row["metrics"]["trades"].as_u64().is_some_and(|it| it >= 1);
        let all_ranked = variants.iter().filter(|row| !row["rank"].is_null()).count();
        (all_ranked, variants.iter().filter(|row| keeps(row)).count(), variants)
    };
    let (free, kept, _) = ranked("free.toml");
    let (bound, _, variants) = ranked("bound.toml");
    assert!(kept < free, "some variants never trade: {kept} of {free} do");
    assert!(bound <= kept);
    assert!(variants.iter().all(|row| row["rank"].is_null() || row["metrics"]["trades"].as_u64() >= Some(1)));
}

#[test]
fn a_constraint_has_one_bound() {
    let dir = folder();
    for (bounds, line) in [("", 4), ("at_least = 2\nat_most = 1\n", 4), ("at_least = nan\n", 4)] {
        let constraint = format!("[[constraint]]\nmetric = \"trades\"\n{bounds}\n[data]");
        write(dir.path(), "s.toml", &GOOD.replacen("[data]", &constraint, 1));
        let ran = stratbox(dir.path(), "sweep s.toml");
        let said = ran.refused(2);
        assert!(said.contains(&format!("s.toml:{line}: constraint on `trades`")), "{said}");
    }
}

/// A line of the good file, what it is replaced by, where the mistake is, and what is said.
const MISTAKES: &[(&str, &str, usize, &str)] = &[
    (r#"name = "good""#, r#"nane = "good""#, 1, "unknown field `nane`, expected one of `name`, `objective`"),
    (r#"name = "good""#, "name = ", 1, "in `name =`"),
    (
        r#"objective = "sharpe""#,
        "objective = \"sharpe\"\nobjectives = [\"trades\"]",
        3,
        "`objective` and `objectives` are both given: leave one out",
    ),
    (
        r#"objective = "sharpe""#,
        r#"objectives = ["sharpe", "trades", "sharpe"]"#,
        2,
        "`objectives` names `sharpe` twice: leave one out",
    ),
    (r#"objective = "sharpe""#, "objectives = []", 2, "`objectives` is empty: name at least one metric"),
    (
        r#"objective = "sharpe""#,
        r#"objective = "sharp""#,
        2,
        "`sharp` is not a metric: use one of `total_return`",
    ),
    (
        r#"from = "2020-01-02""#,
        r#"since = "2020""#,
        6,
        "unknown field `since`, expected one of `sources`, `from`, `to`",
    ),
    (
        r#"from = "2020-01-02""#,
        "from = 2020",
        6,
        "expected a date such as `\"2018-12-31\"`, in `from = 2020`",
    ),
    (
        r#"from = "2020-01-02""#,
        "from = 2020-01-02T10:00:00",
        6,
        "`from`: `2020-01-02T10:00:00` is not a date",
    ),
    (
        "[[strategy]]",
        "[strategy]",
        25,
        "duplicate key, in `[[strategy]]`: write `[[strategy]]`, with two brackets",
    ),
    (r#"from = "2020-01-02""#, r#"from = "January""#, 6, "`from`: `January` is not a date"),
    (r#"from = "2020-01-02""#, r#"from = "2025-01-02""#, 5, "the data covers 2020-01-01 to 2020-02-12"),
    (
        r#"sources = [{ path = "a.csv", symbol = "A" }, { path = "b.csv" }]"#,
        "sources = []",
        5,
        "`sources` is empty",
    ),
    (
        r#"sources = [{ path = "a.csv", symbol = "A" }, { path = "b.csv" }]"#,
        r#"sources = [{ path = "no.csv" }]"#,
        5,
        "cannot read `no.csv`",
    ),
    (
        r#"sources = [{ path = "a.csv", symbol = "A" }, { path = "b.csv" }]"#,
        r#"sources = [{ file = "a.csv" }]"#,
        5,
        "unknown field `file`, expected one of `path`, `symbol`, `delimiter`",
    ),
    (
        "fee_bps = 1.0",
        "fee = 1.0",
        11,
        "unknown field `fee`, expected one of `initial_cash`, `currency`, `fee_bps`, `fees`",
    ),
    (
        "fee_bps = 1.0",
        "fee_bps = 1.0\nfees = { per_share = { amount = 0.01 } }",
        11,
        "`fee_bps` is `1`: it must be 0 or left out, since `fees` names another model",
    ),
    (
        "fee_bps = 1.0",
        "fees = { maker_taker = { maker_bps = 1.0, taker_bps = -5.0 } }",
        11,
        "`fees.maker_taker.taker_bps` is `-5`: it must be from 0 to 10000 basis points",
    ),
    (
        "fee_bps = 1.0",
        "currency = [\"USD\", \"EUR\"]",
        11,
        "several currencies are not supported: name the one that the account and all prices are in",
    ),
    (
        "fee_bps = 1.0",
        "instruments = { B = { tick = 0.01 }, AA = { tick = 0.01 } }",
        11,
        "`instruments` names `AA`, which is no instrument of this run that can be traded: there is `A`",
    ),
    ("fee_bps = 1.0", "fee_bps = -1.0", 11, "`fee_bps` is `-1`: it must be from 0 to 10000 basis points"),
    ("fee_bps = 1.0", r#"fee_bps = "low""#, 11, r#"in `fee_bps = "low"`"#),
    ("wall_ms = 5000", "wall_ms = 0", 14, "`wall_ms` is `0`: it must be from 1 to"),
    (
        "wall_ms = 5000",
        "time = 5",
        14,
        "unknown field `time`, expected one of `fuel`, `fuel_per_bar`, `memory_bytes`",
    ),
    (r#"source = "probe.rs""#, r#"source = "no.rs""#, 17, "cannot read `no.rs`"),
    (r#"source = "probe.rs""#, "", 16, "missing field `source`"),
    (
        "units = { min = 0, max = 4, step = 2 }",
        "speed = 3",
        20,
        "no parameter `speed`: it has `units`, `share`, `talk`, `mode`",
    ),
    (
        "units = { min = 0, max = 4, step = 2 }",
        "units = 1001",
        20,
        "parameter `units`: `1001` is not allowed: it takes a whole number from 0 to 1000",
    ),
    ("units = { min = 0, max = 4, step = 2 }", "units = [1,\n  2,\n  -3]", 22, "`-3` is not allowed"),
    ("units = { min = 0, max = 4, step = 2 }", "units = []", 20, "parameter `units`: the list is empty"),
    ("units = { min = 0, max = 4, step = 2 }", "units = [1, 1]", 20, "value `1` appears twice"),
    (
        "units = { min = 0, max = 4, step = 2 }",
        "units = { min = 5, max = 4 }",
        20,
        "parameter `units`: `min` is `5`: it must be at most `max`",
    ),
    (
        "units = { min = 0, max = 4, step = 2 }",
        "units = { min = 0, max = 2000 }",
        20,
        "`2000` is not allowed",
    ),
    (
        "units = { min = 0, max = 4, step = 2 }",
        "units = { step = 0 }",
        20,
        "`step` is `0`: it must be a whole number greater than zero",
    ),
    (
        "units = { min = 0, max = 4, step = 2 }",
        "units = { from = 0 }",
        20,
        "unknown field `from`, expected one of `min`, `max`, `step`, `scale`",
    ),
    (
        "units = { min = 0, max = 4, step = 2 }",
        r#"units = { max = 9, scale = "log" }"#,
        20,
        "`scale` is for a search that draws",
    ),
    (
        "share = [0.5, 1.0]",
        r#"share = "half""#,
        21,
        "`\"half\"` is text: it takes a number from 0 to 1, without quotes",
    ),
    (
        "units = { min = 0, max = 4, step = 2 }",
        r#"units = ["1", "2"]"#,
        20,
        "parameter `units`: `\"1\"` is text: it takes a whole number from 0 to 1000",
    ),
    ("talk = {}", r#"talk = "true""#, 22, "parameter `talk`: `\"true\"` is text: it takes `true` or `false`"),
    (
        "units = { min = 0, max = 4, step = 2 }",
        r#"units = { step = "2" }"#,
        20,
        "`step` is `\"2\"`: it must be a whole number greater than zero",
    ),
    ("share = [0.5, 1.0]", "share = nan", 21, "it takes a number from 0 to 1"),
    ("share = [0.5, 1.0]", "share = [[0.5]]", 21, "expected a number, `true`, `false` or text"),
    (
        "talk = {}",
        "talk = { min = false }",
        22,
        "parameter `talk` has no `min`: it takes `true` or `false`; `{}` means all",
    ),
    (r#"mode = "trade""#, r#"mode = "dance""#, 23, "it takes one of `trade`, `panic`"),
    (
        r#"search = "random""#,
        r#"search = "bayes""#,
        27,
        "unknown variant `bayes`, expected one of `grid`, `random`",
    ),
    (r#"search = "random""#, "", 28, "`samples` is for `random`"),
    (
        "samples = 5",
        "samples = 0",
        28,
        "`samples` is `0`: for method `random` it must be from 1 to 1000000000000",
    ),
    ("samples = 5", "", 25, "`samples` is missing"),
    ("seed = 3", "seed = -3", 29, "in `seed = -3`"),
    (
        r#"units = { min = 1, max = 100, scale = "log" }"#,
        r#"units = { min = 0, max = 100, scale = "log" }"#,
        32,
        "logarithmic",
    ),
    (
        r#"units = { min = 1, max = 100, scale = "log" }"#,
        r#"units = { scale = "sqrt" }"#,
        32,
        "unknown variant `sqrt`, expected `linear` or `log`",
    ),
    (
        r#"units = { min = 1, max = 100, scale = "log" }"#,
        "",
        25,
        "no parameter is named: give at least one of `units`, `share`",
    ),
];

#[test]
fn each_mistake_is_answered_with_its_line_and_what_would_be_right() {
    let dir = folder();
    for (line, instead, number, expected) in MISTAKES {
        assert!(GOOD.contains(line), "`{line}` is not in the file");
        write(dir.path(), "s.toml", &GOOD.replacen(line, instead, 1));
        let ran = stratbox(dir.path(), "sweep s.toml");
        let said = ran.refused(2);
        let place = format!("error: s.toml:{number}: ");
        assert!(said.contains(&place) && said.contains(expected), "`{instead}`, line {number}:\n{said}");
    }
}

#[test]
fn a_file_without_a_strategy_or_without_data_or_that_is_not_there_is_refused() {
    let dir = folder();
    let (settings, _) = GOOD.split_once("\n[[strategy]]").unwrap();
    write(dir.path(), "s.toml", settings);
    assert!(stratbox(dir.path(), "sweep s.toml").refused(2).contains("s.toml:14: no `[[strategy]]`"));
    write(dir.path(), "s.toml", "[[strategy]]\nsource = \"probe.rs\"\n");
    assert!(stratbox(dir.path(), "sweep s.toml").refused(2).contains("missing field `data`"));
    assert!(stratbox(dir.path(), "sweep missing.toml").refused(2).contains("cannot read `missing.toml`"));
}

#[test]
fn a_strategy_in_single_brackets_is_answered_with_double_ones() {
    let dir = folder();
    let (settings, _) = GOOD.split_once("\n[[strategy]]").unwrap();
    let file =
        |header: &str| format!("{settings}\n{header}\nsource = \"probe.rs\"\n[strategy.params]\nunits = 1\n");
    write(dir.path(), "s.toml", &file("[strategy]"));
    let ran = stratbox(dir.path(), "sweep s.toml");
    let said = ran.refused(2);
    assert!(said.contains("s.toml:16: ") && said.contains("write `[[strategy]]`"), "{said}");
    let twice = file("[strategy]") + "[strategy]\nsource = \"probe.rs\"\n";
    write(dir.path(), "s.toml", &twice);
    let ran = stratbox(dir.path(), "sweep s.toml");
    let said = ran.refused(2);
    assert!(said.contains("s.toml:20: ") && said.contains("write `[[strategy]]`"), "{said}");
    write(dir.path(), "s.toml", &file("[[strategy]]"));
    stratbox(dir.path(), "sweep s.toml").ok();
}

#[test]
fn dates_need_no_quotes() {
    let dir = folder();
    let data = |file: &str| {
        write(dir.path(), "s.toml", file);
        stratbox(dir.path(), "sweep s.toml --format json").ok().json()["experiment"]["data"].clone()
    };
    let bare = GOOD.replace("\"2020-01-02\"", "2020-01-02").replace("\"2020-02-01\"", "2020-02-01T00:00:00Z");
    assert_eq!(data(&bare)["from"], "2020-01-02");
    assert_eq!(data(&bare), data(GOOD));
}

#[test]
fn a_mistake_is_a_document_when_that_was_asked_for() {
    let dir = folder();
    write(dir.path(), "s.toml", &GOOD.replace("samples = 5", "samples = 0"));
    let ran = stratbox(dir.path(), "sweep s.toml --format json");
    assert_eq!(ran.code, 2);
    let error = &ran.json()["error"];
    assert_eq!(error["kind"], "input");
    assert_eq!(
        error["message"],
        "s.toml:28: `samples` is `0`: for method `random` it must be from 1 to 1000000000000"
    );
}

#[test]
fn paths_start_at_the_sweep_file() {
    let dir = folder();
    write(dir.path(), "s.toml", GOOD);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = dir.path().join("s.toml");
    stratbox(elsewhere.path(), &format!("sweep {}", file.display())).ok();
}
