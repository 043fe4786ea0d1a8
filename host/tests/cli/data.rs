//! `stratbox data`: files of bars looked at, converted, resampled and split.

use std::path::Path;

use serde_json::json;

use crate::{folder, stratbox, write};

/// Hours of ten days, in New York.
fn hours() -> String {
    let row = |hour: usize| {
        format!("2024-03-{:02} {:02}:00,10,12,9,{},{hour}\n", 4 + hour / 24, hour % 24, 10 + hour % 3)
    };
    // Clocks are set forward over the second hour of the 10th.
    let skipped = 6 * 24 + 2;
    "date,open,high,low,close,volume\n".to_owned()
        + &(0..240).filter(|hour| *hour != skipped).map(row).collect::<String>()
}

fn there(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).expect("it can be read");
    let mut names: Vec<String> =
        names.map(|name| name.expect("it can").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn inspect_says_what_is_in_a_file() {
    let dir = folder();
    write(dir.path(), "hours.csv", &hours());
    let human = stratbox(dir.path(), "data inspect a.csv hours.csv --timezone America/New_York").ok();
    for words in [
        "A: 40 bars, 2020-01-01T05:00:00Z",
        "HOURS: 239 bars",
        "24x7 (every day 00:00-24:00)",
        "local times of America/New_York",
    ] {
        assert!(human.stdout.contains(words), "{words}: {}", human.stdout);
    }
    let json =
        stratbox(dir.path(), "data inspect hours.csv --timezone America/New_York --format json").ok().json();
    let file = &json["files"][0];
    assert_eq!(
        (&file["rows"], &file["timezone"], &file["local_times"]),
        (&json!(239), &json!("America/New_York"), &json!(true))
    );
    assert_eq!(file["instruments"][0]["spacing"], "1 h");
    assert_eq!(file["instruments"][0]["from"], "2024-03-04T05:00:00Z");
}

#[test]
fn a_file_that_is_refused_is_refused_with_its_place() {
    let dir = folder();
    write(dir.path(), "bad.csv", "date,open,high,low,close,volume\n2020-01-01,1,2,3,1,1\n");
    for command in [
        "inspect bad.csv",
        "convert bad.csv x.parquet",
        "resample bad.csv x.csv --to 1w",
        "split bad.csv --at 2020-01-01",
    ] {
        let ran = stratbox(dir.path(), &format!("data {command}"));
        assert!(
            ran.refused(2).contains("bad.csv` line 2, column `high`: high `2` is below low `3`"),
            "{}",
            ran.stderr
        );
    }
    // What could be inspected is shown, and then what could not.
    let ran = stratbox(dir.path(), "data inspect a.csv bad.csv");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stdout.contains("A: 40 bars") && ran.stderr.contains("bad.csv` line 2"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!there(dir.path()).iter().any(|name| name.starts_with('x') || name.starts_with('.')));
}

#[test]
fn bars_are_the_same_in_every_form_that_they_are_converted_to() {
    let dir = folder();
    let digest = |words: &str| {
        let report = stratbox(dir.path(), &format!("data convert {words} --format json")).ok().json();
        assert_eq!((&report["rows"], &report["from"]), (&json!(40), &json!("2020-01-01")));
        report["digest"].as_str().map(str::to_owned)
    };
    std::fs::create_dir(dir.path().join("out")).expect("it can be made");
    let first = digest("a.csv out/a.parquet");
    for (from, to) in
        [("out/a.parquet", "out/a.csv.gz"), ("out/a.csv.gz", "out/a.csv.zst"), ("out/a.csv.zst", "out/a.csv")]
    {
        assert_eq!(digest(&format!("{from} {to}")), first);
    }
    assert_eq!(there(&dir.path().join("out")), ["a.csv", "a.csv.gz", "a.csv.zst", "a.parquet"]);
}

#[test]
fn nothing_is_replaced_unless_somebody_says_so() {
    let dir = folder();
    write(dir.path(), "there.csv", "mine");
    let ran = stratbox(dir.path(), "data convert a.csv there.csv");
    assert!(ran.refused(2).contains("`there.csv`: it is there already"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(dir.path().join("there.csv")).expect("it is there"), "mine");
    stratbox(dir.path(), "data convert a.csv there.csv --force").ok();
    assert!(
        stratbox(dir.path(), "data convert a.csv a.csv --force")
            .refused(2)
            .contains("one of the files that are read")
    );
    assert!(
        stratbox(dir.path(), "data convert a.csv a.xlsx").refused(2).contains("does not say what to write")
    );
    assert!(
        stratbox(dir.path(), "data convert a.csv no/a.csv").refused(2).contains("there is no directory `no`")
    );
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let dir = folder();
    let ran = stratbox(dir.path(), "data convert a.csv /dev/full --force");
    assert!(matches!(ran.code, 2 | 4), "{}", ran.stderr);
    assert_eq!(there(dir.path()).iter().filter(|name| name.starts_with('.')).count(), 0);
}

#[test]
fn hours_become_days_of_the_zone() {
    let dir = folder();
    write(dir.path(), "hours.csv", &hours());
    let words = "data resample hours.csv days.csv --to 1d --timezone America/New_York --format json";
    let report = stratbox(dir.path(), words).ok().json();
    assert_eq!(
        (&report["rows"], &report["resampled"], &report["to"]),
        (&json!(10), &json!("1d"), &json!("2024-03-13T04:00:00Z"))
    );
    let days = std::fs::read_to_string(dir.path().join("days.csv")).expect("it is there");
    assert!(days.contains("\n2024-03-10T05:00:00Z,10,12,9,"), "{days}");
    assert!(days.contains("\n2024-03-11T04:00:00Z,10,12,9,"), "{days}");
    let refused = stratbox(dir.path(), "data resample days.csv x.csv --to 1h");
    assert!(refused.refused(2).contains("of which no bars of `1h` can be made"), "{}", refused.stderr);
    assert!(
        stratbox(dir.path(), "data resample days.csv x.csv --to 1y")
            .refused(2)
            .contains("is not a length of bars")
    );
}

#[test]
fn parts_never_overlap_and_together_are_all_rows() {
    let dir = folder();
    let split = |words: &str| {
        stratbox(dir.path(), &format!("data split a.csv {words} --force --format json")).ok().json()
    };
    for words in [
        "--at 2020-01-10 2020-02-01",
        "--train 0.5 --validation 0.25 --holdout 0.25",
        "--train 0.5 --validation 0.25 --holdout rest",
        "--train 2020-01-10 --validation 2020-02-01 --holdout rest",
    ] {
        let report = split(words);
        let parts = report["parts"].as_array().expect("a list");
        assert_eq!((parts.len(), &report["rows"]), (3, &json!(40)), "{words}");
        for pair in parts.windows(2) {
            assert!(pair[0]["to"].as_str() < pair[1]["from"].as_str(), "{words}: {report}");
        }
        let lines = |part: &serde_json::Value| {
            let path = dir.path().join(part["file"].as_str().expect("a path"));
            std::fs::read_to_string(path)
                .expect("it is there")
                .lines()
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let joined: Vec<String> = parts.iter().flat_map(lines).collect();
        assert_eq!(joined.len(), 40);
        assert!(joined.is_sorted(), "{words}");
    }
    let human = stratbox(dir.path(), "data split a.csv --train 0.8 --holdout 0.2 --force").ok();
    assert!(
        human.stdout.contains("train       2020-01-01 to 2020-02-04, 32 bars: ./a-train.csv"),
        "{}",
        human.stdout
    );
}

#[test]
fn a_day_that_is_cut_at_begins_when_the_zone_s_clock_says_so() {
    let dir = folder();
    write(dir.path(), "hours.csv", &hours());
    let split = |at: &str, zone: &str| {
        let words = format!("data split hours.csv {at} {zone} --force --format json");
        let report = stratbox(dir.path(), &words).ok().json();
        assert_eq!(report["left_out"], json!([]));
        report["parts"][1]["from"].as_str().map(str::to_owned)
    };
    let zone = "--timezone America/New_York";
    for at in ["--at 2024-03-07", "--train 2024-03-07 --holdout rest"] {
        assert_eq!(split(at, zone).as_deref(), Some("2024-03-07T05:00:00Z"), "{at}");
    }
    assert_eq!(split("--at 2024-03-07T00:00:00Z", zone).as_deref(), Some("2024-03-07"));
    let refused = stratbox(dir.path(), "data split hours.csv --at 2024-03-07 --timezone Nowhere");
    assert!(refused.refused(2).contains("`Nowhere` is no time zone"), "{}", refused.stderr);
}

#[test]
fn a_bar_across_a_cut_is_in_no_part_and_told() {
    let dir = folder();
    let words = "data split a.csv --at 2020-01-10T12:00:00Z --force";
    let report = stratbox(dir.path(), &format!("{words} --format json")).ok().json();
    assert_eq!(
        (&report["rows"], &report["left_out"]),
        (&json!(39), &json!([{ "time": "2020-01-10", "bars": 1 }]))
    );
    let human = stratbox(dir.path(), words).ok();
    assert!(
        human.stdout.contains("left out: 1 bar at 2020-01-10, open before a cut and closed after it"),
        "{}",
        human.stdout
    );
    let whole = stratbox(dir.path(), "data split a.csv --at 2020-01-10 --force").ok();
    assert!(!whole.stdout.contains("left out"), "{}", whole.stdout);
}

#[test]
fn a_last_bar_that_is_not_made_is_told() {
    let dir = folder();
    write(dir.path(), "hours.csv", &hours());
    let resample = |words: &str| {
        let words = format!("data resample hours.csv days.csv --to 1d --force {words}");
        stratbox(dir.path(), &words).ok().stdout
    };
    let told = resample("");
    assert!(!told.contains("left out"), "{told}");
    let text = hours();
    write(dir.path(), "hours.csv", text.trim_end().rsplit_once('\n').expect("rows").0);
    let told = resample("");
    assert!(
        told.contains(
            "left out: the last bar of HOURS, 2024-03-13, for the data end in the middle of it, after 23 bars"
        ),
        "{told}"
    );
    assert!(!resample("--partial keep").contains("left out"));
}

#[test]
fn a_split_that_makes_no_sense_is_refused_before_anything_is_written() {
    let dir = folder();
    let before = there(dir.path());
    for (words, problem) in [
        ("", "nothing says where to split"),
        ("--at 2020-02-01 2020-01-10", "`--at` names times that do not rise"),
        ("--at 2030-01-01", "nothing would be in `part2`"),
        ("--train 0.5 --holdout 0.6", "the shares add up to"),
        ("--train 0.5 --holdout 2020-01-10", "parts are either shares of all"),
        ("--train rest", "alone is all there is"),
        ("--train 2020-02-01 --validation 2020-01-10 --holdout rest", "a part ends before it begins"),
        ("--train 1.5 --holdout rest", "a share must be greater than 0"),
        ("--holdout 0.5", "--train"),
        ("--at 2020-01-10 --train 0.5", "cannot be used with"),
    ] {
        let ran = stratbox(dir.path(), &format!("data split a.csv {words}"));
        assert!(ran.refused(2).contains(problem), "{words}: {}", ran.stderr);
    }
    assert_eq!(there(dir.path()), before);
}

#[test]
fn a_sweep_file_reads_its_sources_as_it_says() {
    let dir = folder();
    let sweep = |source: &str| {
        let text = format!(
            "[data]\nsources = [{{ path = \"a.csv\"{source} }}]\n\n[[strategy]]\nsource = \"probe.rs\"\n\n[strategy.params]\nunits = [1, 2]\n"
        );
        write(dir.path(), "s.toml", &text);
        stratbox(dir.path(), "sweep s.toml --format json")
    };
    let plain = sweep("").ok().json();
    let weekly = sweep(", resample = \"1w\", timezone = \"America/New_York\"").ok().json();
    let rows = |report: &serde_json::Value| report["experiment"]["data"]["rows"].as_u64().expect("a number");
    assert!(rows(&weekly) < rows(&plain) / 4, "{weekly}");
    for (source, words) in [
        (", timezone = \"Nowhere\"", "s.toml:2: `a.csv`: `Nowhere` is no time zone"),
        (", resample = \"1y\"", "`1y` is not a length of bars"),
        (", stamp = \"middle\"", "unknown variant `middle`, expected `open` or `close`"),
        (", adjust = \"splits\"", "name a file of them as `actions`"),
        (", zone = \"UTC\"", "unknown field `zone`"),
    ] {
        let ran = sweep(source);
        assert_eq!(ran.code, 2);
        let message = ran.json()["error"]["message"].as_str().expect("text").to_owned();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn one_run_reads_its_files_with_the_same_options() {
    let dir = folder();
    write(
        dir.path(),
        "months.csv",
        "date,open,high,low,close,volume\n1/2/2020,1,1,1,1,1\n1/3/2020,1,1,1,1,1\n",
    );
    let run = |options: &str| {
        stratbox(dir.path(), &format!("run probe.rs --data months.csv {options} --format json"))
    };
    let refused = run("");
    assert_eq!(refused.code, 2);
    assert!(refused.stdout.contains("set `date_format` to `m/d/y` or `d/m/y`"), "{}", refused.stdout);
    let to = |options: &str| run(options).ok().json()["data"]["to"].as_str().map(str::to_owned);
    assert_eq!(to("--date-format m/d/y").as_deref(), Some("2020-01-03"));
    assert_eq!(to("--date-format d/m/y").as_deref(), Some("2020-03-01"));
}
