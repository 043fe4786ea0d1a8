//! Imports and exports, by name and by type.

use wasmparser::Parser;
use wit_component::StringEncoding;
use wit_parser::Resolve;

use super::sample::{EXPORT, WIT, component_of, leb, strategy, with_component, with_section};
use super::{accepted, refusal};
use crate::component::contract::encoded::WORLD;
use crate::component::{ComponentLimits, Profile, Refusal, Shape, inspect};

fn with_wasi(bytes: &[u8]) -> Result<Shape, Refusal> {
    inspect(bytes, &ComponentLimits::default(), Profile::Wasi)
}

/// A strategy that imports an interface of another package as well.
fn importing(package: &str, interface: &str) -> Vec<u8> {
    let (name, version) = package.split_once('@').unwrap();
    let wit = WIT.replace("import log;", &format!("import log; import {name}/{interface}@{version};"));
    component_of(&format!("{wit}\npackage {package} {{ interface {interface} {{ now: func() -> u64; }} }}"))
}

/// The contract with one of its words changed.
fn changed(from: &str, to: &str) -> Vec<u8> {
    assert!(WIT.contains(from), "{from}");
    component_of(&WIT.replace(from, to))
}

fn literal(bytes: &[u8]) -> String {
    let mut lines = vec![String::new()];
    for &byte in bytes {
        let text = if byte == b' ' { r"\x20".to_owned() } else { byte.escape_ascii().to_string() };
        if lines.last().is_some_and(|line| line.len() + text.len() > 105) {
            lines.push(String::new());
        }
        lines.last_mut().unwrap().push_str(&text);
    }
    lines.join("\\\n    ")
}

#[test]
fn the_contract_that_components_are_compared_with_is_the_one_that_is_written_down() {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("strategy.wit", WIT).unwrap();
    let world = resolve.packages[package].worlds["plugin"];
    let encoded = wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None).unwrap();
    // Custom sections name the tools and their versions.
    let (mut expected, mut start) = (encoded[..8].to_vec(), 8);
    for payload in Parser::new(0).parse_all(&encoded) {
        if let Some((id, range)) = payload.unwrap().as_section() {
            if id != 0 {
                expected.extend(&encoded[start..range.end]);
            }
            start = range.end;
        }
    }
    assert!(
        WORLD == expected,
        "`wit/strategy.wit` has changed; the bytes are now\n    {}",
        literal(&expected)
    );
}

#[test]
fn a_strategy_that_never_trades_imports_less_than_it_may() {
    let quiet = component_of(&WIT.replace("import broker;", ""));
    assert!(!accepted(&quiet).import_names.iter().any(|name| name.contains("broker")));
}

#[test]
fn an_import_outside_of_the_contract_is_named_with_what_is_allowed() {
    let refusal = refusal(&importing("acme:oracle@1.0.0", "prophecy"));
    assert_eq!(refusal.rule, "unknown_import");
    assert!(refusal.message.contains("`acme:oracle/prophecy@1.0.0`"), "{refusal}");
    assert!(refusal.hint.contains("`stratbox:strategy/broker@0.1.0`"), "{refusal}");
}

#[test]
fn the_engine_s_own_interfaces_are_not_for_strategies() {
    let refusal = refusal(&importing("stratbox:engine@0.1.0", "market"));
    assert_eq!(refusal.rule, "unknown_import");
}

#[test]
fn an_import_of_the_system_says_what_it_would_give_access_to() {
    let capabilities = [
        ("wasi:random@0.2.0", "random", "random numbers"),
        ("wasi:clocks@0.2.6", "wall-clock", "clocks"),
        ("wasi:filesystem@0.2.0", "types", "files"),
        ("wasi:sockets@0.2.0", "tcp", "the network"),
        ("wasi:cli@0.2.0", "environment", "environment variables"),
        ("wasi:io@0.2.0", "streams", "input and output"),
        ("wasi:keyvalue@0.2.0", "store", "the system"),
    ];
    for (package, interface, capability) in capabilities {
        let refusal = refusal(&importing(package, interface));
        assert_eq!(refusal.rule, "system_import");
        assert!(refusal.message.contains(capability) && refusal.message.contains(interface), "{refusal}");
        assert!(refusal.hint.contains("wasm32-unknown-unknown"), "{refusal}");
    }
}

#[test]
fn a_host_that_provides_the_system_s_interfaces_takes_exactly_those() {
    for (package, interface) in [
        ("wasi:random@0.2.0", "random"),
        ("wasi:clocks@0.2.12", "monotonic-clock"),
        ("wasi:cli@0.2.3", "exit"),
        ("wasi:filesystem@0.2.0", "preopens"),
        ("wasi:io@0.2.0", "poll"),
        ("wasi:sockets@0.2.0", "udp"),
    ] {
        with_wasi(&importing(package, interface)).unwrap();
    }
    for (package, interface) in [
        ("wasi:random@0.3.0", "random"),
        ("wasi:random@0.2.0-rc", "random"),
        ("wasi:random@0.2.0", "dice"),
        ("wasi:http@0.2.0", "types"),
        ("wasi:keyvalue@0.2.0", "store"),
    ] {
        let refusal = with_wasi(&importing(package, interface)).unwrap_err();
        assert_eq!(refusal.rule, "system_import", "{refusal}");
    }
    assert_eq!(with_wasi(&importing("acme:oracle@1.0.0", "prophecy")).unwrap_err().rule, "unknown_import");
    with_wasi(&strategy()).unwrap();
}

#[test]
fn a_contract_of_another_version_is_named_with_the_one_that_is_known() {
    let refusal = refusal(&changed("@0.1.0", "@0.2.0"));
    assert_eq!(refusal.rule, "other_contract_version");
    assert!(refusal.message.contains("@0.2.0") && refusal.message.contains("@0.1.0`"), "{refusal}");
    let only_export = wat::parse_str(
        r#"(component (instance $i) (export "stratbox:strategy/strategy@0.2.0" (instance $i)))"#,
    );
    let refusal = super::refusal(&only_export.unwrap());
    assert_eq!(refusal.rule, "other_contract_version");
    assert!(refusal.message.starts_with("it exports `stratbox:strategy/strategy@0.2.0`"), "{refusal}");
}

#[test]
fn a_component_without_the_export_is_told_which() {
    for component in ["(component)", "(component (import \"stratbox:strategy/log@0.1.0\" (instance)))"] {
        let refusal = refusal(&wat::parse_str(component).unwrap());
        assert_eq!(refusal.rule, "missing_export");
        assert!(refusal.message.contains("stratbox:strategy/strategy@0.1.0"), "{refusal}");
        assert!(refusal.hint.contains("strategy!(YourType);"), "{refusal}");
    }
}

#[test]
fn a_function_of_another_type_is_named_with_both_signatures() {
    let cases = [
        ("cancel: func(order: u64) -> bool;", "cancel: func(order: u32) -> bool;", "cancel"),
        ("cancel: func(order: u64) -> bool;", "cancel: func(id: u64) -> bool;", "cancel"),
        ("cancel: func(order: u64) -> bool;", "cancel: func(order: u64);", "cancel"),
        ("on-bar: func(bar: bar);", "on-bar: func(bar: bar) -> bool;", "on-bar"),
        ("finish: func();", "finish: func(now: s64);", "finish"),
    ];
    for (from, to, name) in cases {
        let refusal = refusal(&changed(from, to));
        assert_eq!(refusal.rule, "wrong_type");
        assert!(refusal.message.starts_with(&format!("`{name}` of its `stratbox:strategy/")), "{refusal}");
        assert_eq!(refusal.message.matches("func(").count(), 2, "{refusal}");
    }
    let refusal = refusal(&changed("cancel: func(order: u64) -> bool;", "cancel: func(order: u32) -> bool;"));
    assert!(refusal.message.contains("`func(order: u32) -> bool`"), "{refusal}");
    assert!(refusal.message.contains("the contract has `func(order: u64) -> bool`"), "{refusal}");
    assert!(refusal.message.contains("expected primitive `u64` found primitive `u32`"), "{refusal}");
}

#[test]
fn a_record_or_enumeration_of_another_shape_is_named_with_the_difference() {
    let cases = [
        ("        volume: f64,\n", "        volume: f32,\n", "bar", "volume"),
        ("        volume: f64,\n", "", "bar", "fields"),
        (
            "        buy,\n        sell,\n",
            "        sell,\n        buy,\n",
            "side",
            "another enum than the contract's",
        ),
        ("stop(f64),", "stop(f64), pegged,", "order-kind", "cases"),
    ];
    for (from, to, ty, difference) in cases {
        let refusal = refusal(&changed(from, to));
        assert_eq!(refusal.rule, "wrong_type", "{refusal}");
        assert!(refusal.message.contains(&format!("`{ty}`")), "{refusal}");
        assert!(refusal.message.contains(difference), "{refusal}");
    }
}

#[test]
fn what_the_contract_does_not_have_cannot_be_imported_and_what_it_has_must_be_exported() {
    let more = refusal(&changed("account: func()", "leverage: func() -> f64;\n account: func()"));
    assert_eq!(more.rule, "wrong_type");
    assert!(more.message.contains("wants `leverage` of `stratbox:strategy/broker@0.1.0`"), "{more}");
    let less = refusal(&changed("finish: func();", ""));
    assert_eq!(less.rule, "wrong_type");
    assert!(less.message.contains("`stratbox:strategy/strategy@0.1.0` has no `finish`"), "{less}");
    accepted(&changed("cancel: func(order: u64) -> bool;", ""));
    accepted(&changed("finish: func();", "finish: func(); more: func();"));
}

#[test]
fn a_contract_without_what_was_added_to_it_later_is_still_the_contract() {
    let start = WIT.find("    /// `submit` for orders of every form.").unwrap();
    let end = start + WIT[start..].find("\n}").unwrap();
    let first =
        [&WIT[..start], &WIT[end..]].concat().replace(", refusal, rejection, ticket}", ", rejection}");
    let [ticket, fill] =
        ["    /// How far a stop stays behind", "    record fill {"].map(|part| first.find(part).unwrap());
    let first = [&first[..ticket], &first[fill..]].concat();
    assert!(!first.contains("ticket") && !first.contains("refusal"), "{first}");
    accepted(&component_of(&first));
}

#[test]
fn a_name_of_the_contract_on_something_else_is_refused() {
    let function = r#"(component (import "stratbox:strategy/log@0.1.0" (func)))"#;
    let refusal = refusal(&wat::parse_str(function).unwrap());
    assert!(["invalid", "wrong_type", "missing_export"].contains(&refusal.rule), "{refusal}");
    let component =
        r#"(component (component $c) (export "stratbox:strategy/strategy@0.1.0" (component $c)))"#;
    let refusal = super::refusal(&wat::parse_str(component).unwrap());
    assert_eq!(refusal.rule, "wrong_type", "{refusal}");
}

#[test]
fn a_few_exports_of_another_world_do_no_harm_and_many_have_no_purpose() {
    let exports = |count: u64| {
        (0..count).fold(strategy(), |component, index| {
            let name = format!("spare-{index}");
            let export =
                [&leb(1)[..], &[0], &leb(name.len() as u64), name.as_bytes(), &[4], &leb(0), &[0]].concat();
            with_section(component, EXPORT, &export)
        })
    };
    assert_eq!(accepted(&exports(15)).export_names.len(), 16);
    assert_eq!(refusal(&exports(16)).rule, "too_many_surface_exports");
}

#[test]
fn code_that_runs_at_the_start_of_a_module_is_fine() {
    accepted(&with_component("(core module $m (func $f) (start $f)) (core instance (instantiate $m))"));
}
