//! `--allow-wasi`: a component that imports WASI is given a world in which there is nothing but the bar's time and the run's
//! randomness.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tempfile::TempDir;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::{Ran, stratbox};

/// 2020-01-01, in nanoseconds since the Unix epoch.
const FIRST: u64 = 1_577_836_800 * SECOND;
const DAY: u64 = 86_400 * SECOND;
const SECOND: u64 = 1_000_000_000;

/// The probe (see `fixtures/wasi.wat`) as a component.
fn probe() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let mut package =
        |name: &str, text: &str| resolve.push_str(name, text).unwrap_or_else(|error| panic!("{error:#}"));
    package("strategy.wit", include_str!("../../../wit/strategy.wit"));
    let package = package("wasi.wit", include_str!("fixtures/wasi.wit"));
    let world = resolve.packages[package].worlds["probe"];
    let mut module = wat::parse_str(include_str!("fixtures/wasi.wat")).expect("it is a module");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("the world is whole");
    let component = ComponentEncoder::default().module(&module).and_then(|encoder| encoder.encode());
    component.unwrap_or_else(|error| panic!("{error:#}"))
}

/// A folder with the probe, a strategy that imports nothing but the contract, and forty bars.
fn folder() -> TempDir {
    let dir = crate::folder();
    std::fs::write(dir.path().join("probe.wasm"), probe()).expect("the folder can be written");
    dir
}

fn run(dir: &TempDir, strategy: &str, words: &str) -> Ran {
    stratbox(dir.path(), &format!("run {strategy} --data a.csv --log --format json {words}"))
}

/// The document of a run that reached its end.
fn completed(dir: &TempDir, strategy: &str, words: &str) -> Value {
    let document = run(dir, strategy, words).ok().json();
    assert_eq!(document["outcome"], "completed", "{document}");
    document
}

/// What the probe said, by name, in order.
fn said(document: &Value) -> BTreeMap<String, Vec<u64>> {
    let mut said = BTreeMap::<String, Vec<u64>>::new();
    for line in document["log"]["lines"].as_array().expect("there is a log") {
        let (name, value) = line["message"].as_str().expect("it is a text").split_at(8);
        let value = u64::from_str_radix(value, 16).expect("it is a number");
        said.entry(name.trim().to_owned()).or_default().push(value);
    }
    said
}

/// What the probe says of a run with defaults.
fn world() -> BTreeMap<String, Vec<u64>> {
    said(&completed(&folder(), "probe.wasm", "--allow-wasi"))
}

/// The fault of the probe in one of its modes: label, code and bar.
fn fault(mode: u32) -> (String, String, Value) {
    let words = format!("--allow-wasi -p mode={mode} --fuel 1000000000");
    let document = run(&folder(), "probe.wasm", &words).json();
    let text =
        |name: &str| document["fault"][name].as_str().unwrap_or_else(|| panic!("{document}")).to_owned();
    (text("label"), text("code"), document["fault"]["bar"].clone())
}

#[test]
fn permission_is_needed_and_is_part_of_the_result() {
    let dir = folder();
    let refused = run(&dir, "probe.wasm", "");
    assert_eq!((refused.code, &refused.json()["error"]["rule"]), (3, &"system_import".into()));
    assert_eq!(completed(&dir, "probe.wasm", "--allow-wasi")["isolation"]["wasi"], true);
    assert_eq!(completed(&dir, "probe.rs", "")["isolation"]["wasi"], false);
}

#[test]
fn the_clocks_show_the_time_of_the_bar() {
    let said = world();
    let bars = &said["bar"];
    assert_eq!((bars.len(), bars[0], bars[5]), (40, FIRST, FIRST + 5 * DAY));
    // The first reading is from before the first bar.
    let shown = [&[FIRST], &bars[..]].concat();
    let seconds: Vec<u64> = shown.iter().map(|time| time / SECOND).collect();
    assert_eq!((&said["seconds"], &said["nanos"]), (&seconds, &vec![0; 41]));
    let since: Vec<u64> = shown.iter().map(|time| time - FIRST).collect();
    assert_eq!(said["mono"], since);
    assert_eq!((&said["tick"][..], &said["walltick"][..]), (&[1][..], &[1][..]));
}

#[test]
fn the_same_run_has_the_same_randomness_in_a_process_and_on_a_thread_and_another_run_has_other() {
    let dir = folder();
    let given = |words: &str| completed(&dir, "probe.wasm", &format!("--allow-wasi {words}"));
    let (jailed, other) = (given(""), given("-p other=1"));
    assert_eq!(jailed["isolation"]["runs"], "jailed processes");
    for same in [given(""), given("--isolation threads")] {
        for part in ["run_key", "log", "metrics", "fuel"] {
            assert_eq!(jailed[part], same[part], "{part}");
        }
    }
    assert_ne!(jailed["run_key"], other["run_key"]);
    let (one, other) = (said(&jailed), said(&other));
    for source in ["random", "byte", "insecure", "seed"] {
        assert_eq!(one[source].len(), 40);
        assert_ne!(one[source], other[source], "{source}");
    }
    let distinct: BTreeSet<_> = one["random"].iter().chain(&one["insecure"]).collect();
    assert_eq!(distinct.len(), 80, "no number comes twice");
    assert!(one["seed"].windows(2).all(|pair| pair[0] == pair[1]), "the seed stays the same");
}

#[test]
fn a_variant_of_a_sweep_is_the_same_run_as_one_that_is_run_alone() {
    let dir = folder();
    let sweep = "objective = \"sharpe\"\n[data]\nsources = [{ path = \"a.csv\" }]\n\
                 [[strategy]]\nsource = \"probe.wasm\"\n[strategy.params]\nother = [1]\n";
    crate::write(dir.path(), "sweep.toml", sweep);
    let swept = stratbox(dir.path(), "sweep sweep.toml --allow-wasi --format json").ok().json();
    let ran = completed(&dir, "probe.wasm", "--allow-wasi -p other=1");
    for part in ["run_key", "fuel", "metrics"] {
        assert_eq!(swept["variants"][0][part], ran[part], "{part}");
    }
    let experiment = &swept["experiment"];
    assert_eq!((&experiment["engine"], &experiment["isolation"]["wasi"]), (&ran["engine"], &true.into()));
}

#[test]
fn there_are_no_arguments_variables_directories_or_sockets_and_input_is_closed() {
    const ACCESS_DENIED: u64 = 0x101;
    const CLOSED: u64 = 0x101;
    let said = world();
    for (name, expected) in [
        ("args", 0),
        ("envs", 0),
        ("dirs", 0),
        ("tcp", ACCESS_DENIED),
        ("udp", ACCESS_DENIED),
        ("stdin", CLOSED),
        ("stdout", 0),
    ] {
        assert_eq!(said[name], [expected], "{name}");
    }
}

#[test]
fn nobody_sleeps() {
    // An hour and the end of time: the run would not come to its end if it did.
    let said = world();
    assert_eq!((&said["slept"][..], &said["polled"][..]), (&[1][..], &[2][..]));
}

#[test]
fn calls_of_wasi_are_paid_for_so_that_nobody_spins_in_the_host() {
    assert_eq!(fault(1), ("fuel".to_owned(), "out_of_fuel".to_owned(), 2.into()));
}

#[test]
fn an_exit_is_a_fault_at_its_bar() {
    assert_eq!(fault(2), ("trap".to_owned(), "exited".to_owned(), 2.into()));
}

#[test]
fn handles_and_random_bytes_are_bounded() {
    assert_eq!(fault(3), ("memory".to_owned(), "too_many_handles".to_owned(), 2.into()));
    assert_eq!(fault(4), ("contract".to_owned(), "canonical_abi".to_owned(), 2.into()));
}

#[test]
fn what_imports_no_wasi_is_the_same_run_whether_it_is_allowed_or_not() {
    let dir = folder();
    let [without, with] = ["", "--allow-wasi"].map(|words| completed(&dir, "probe.rs", words));
    for part in ["run_key", "engine", "metrics", "fuel"] {
        assert_eq!(without[part], with[part], "{part}");
    }
    let probe = completed(&dir, "probe.wasm", "--allow-wasi");
    let (plain, given) = (without["engine"].as_str().unwrap(), probe["engine"].as_str().unwrap());
    assert!(given.starts_with(&format!("{plain} with WASI ")), "{given}");
}
