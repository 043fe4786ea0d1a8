//! Both sides of every limit.

use serde_json::json;

use super::accepted;
use super::sample::{COMPONENT, EXPORT, leb, strategy, times, with_section};
use crate::component::quantity::Quantity;
use crate::component::{ComponentLimits, Profile, inspect};

/// A strategy with some of everything that is counted, none of it in use.
fn busy() -> Vec<u8> {
    let module = format!(
        r#"(module
            (type (func (param i32 i32 i32) (result i32 i64)))
            (import "host" "call" (func (type 0)))
            (table 7 funcref) (table 3 funcref)
            (memory 2)
            (global i32 (i32.const 0)) (global i32 (i32.const 0))
            (func $f (param i32) (local i32 i32 i64) (local f64)
                {} (block (br_table 0 0 0 0 (local.get 0))) {})
            (func $g (local f32))
            (export "a rather long name for a function that nobody calls, longer than what tools make of the contract" (func $f))
            (elem (i32.const 0) $f $g $f) (elem func $g)
            (data (i32.const 0) "some data") (data "more data"))"#,
        "(block ".repeat(30),
        ")".repeat(30),
    );
    let inner = format!(
        r#"(core module $m (memory 1) (table 5 funcref))
        (core instance (instantiate $m))
        (component $c (core module $n (memory 1) (table 5 funcref)) (core instance (instantiate $n)) (core instance (instantiate $n)))
        (instance (instantiate $c))
        (instance (instantiate $c))
        (type $t0 (record (field "a" u32) (field "b" string)))
        {}
        (type (component (type (instance (type (func (param "x" u8)))))))
        (type $f (func (param "x" u8)))
        (import "f" (func $g (type $f)))
        (core func (canon lower (func $g)))
        (@custom "notes" "some text")"#,
        (0..12).map(|level| format!("(type $t{} (list $t{level}))", level + 1)).collect::<String>(),
    );
    let mut busy = with_section(strategy(), super::sample::MODULE, &wat::parse_str(&module).unwrap());
    busy = with_section(busy, COMPONENT, &wat::parse_str(format!("(component {inner})")).unwrap());
    // The component that is already there, exported under another name.
    let export = [&b"\x01\x00\x05spare\x04"[..], &leb(0), &[0]].concat();
    with_section(busy, EXPORT, &export)
}

fn with(limits: &ComponentLimits, field: &str, value: u64) -> ComponentLimits {
    let mut all = json!(limits);
    all[field] = json!(value);
    serde_json::from_value(all).unwrap()
}

/// Room for the sample, which has more memories and tables than a strategy may.
fn roomy() -> ComponentLimits {
    ComponentLimits { memories: 100, tables: 100, ..ComponentLimits::default() }
}

#[test]
fn at_each_limit_a_component_passes_and_one_above_it_is_refused_by_its_rule() {
    let component = busy();
    let shape = inspect(&component, &roomy(), Profile::Strict).unwrap();
    let measured = json!(shape);
    for (quantity, field) in Quantity::ALL {
        let value = measured[field].as_u64().unwrap();
        assert!(value > 0, "the sample has none of `{field}`");
        let at = |value: u64| inspect(&component, &with(&roomy(), field, value), Profile::Strict);
        assert_eq!(at(value), Ok(shape.clone()), "`{field}` at its limit");
        let refusal = at(value - 1).unwrap_err();
        assert_eq!(refusal.rule, quantity.rule(), "`{field}`: {refusal}");
        assert!(refusal.message.contains(&(value - 1).to_string()), "it says what is allowed: {refusal}");
        assert!(refusal.message.contains("offset"), "it says where: {refusal}");
        assert!(!refusal.hint.is_empty());
    }
}

#[test]
fn every_rule_is_a_rule_of_its_own() {
    let rules: std::collections::BTreeSet<_> =
        Quantity::ALL.iter().map(|(quantity, _)| quantity.rule()).collect();
    assert_eq!(rules.len(), Quantity::ALL.len());
}

#[test]
fn a_usual_strategy_is_far_below_every_limit_that_is_not_a_handful() {
    let shape = json!(accepted(&strategy()));
    let limits = json!(ComponentLimits::default());
    for (_, field) in Quantity::ALL {
        let (measured, allowed) = (shape[field].as_u64().unwrap(), limits[field].as_u64().unwrap());
        assert!(allowed < 64 || measured * 4 <= allowed, "`{field}`: {measured} of {allowed}");
    }
}

#[test]
fn limits_are_read_by_name_and_a_wrong_name_is_an_error() {
    let limits: ComponentLimits = serde_json::from_value(json!({ "locals": 7 })).unwrap();
    assert_eq!(limits, ComponentLimits { locals: 7, ..ComponentLimits::default() });
    assert!(serde_json::from_value::<ComponentLimits>(json!({ "local": 7 })).is_err());
    assert_eq!(with(&ComponentLimits::default(), "locals", 7), limits);
}

#[test]
fn what_the_validator_cannot_bear_is_refused_whatever_the_limits_say() {
    let generous = |field: &str| with(&ComponentLimits::default(), field, u64::MAX);
    let nested = |levels: usize| {
        let body = [vec![1], [0x42, 1, 1].repeat(levels - 1), vec![0x42, 0]].concat();
        with_section(strategy(), super::sample::TYPE, &body)
    };
    let inspect_nested = |levels| inspect(&nested(levels), &generous("type_nesting"), Profile::Strict);
    assert!(inspect_nested(64).is_ok());
    assert_eq!(inspect_nested(65).unwrap_err().rule, "types_nested_too_deep");
    let chain = |levels: usize| {
        let types = times(
            levels - 1,
            "(type (instance (alias outer 1 # (type)) (export \"a\" (instance (type 0)))))",
        );
        super::sample::with_component(&format!("(type (instance)) {types}"))
    };
    let inspect_chain = |levels| inspect(&chain(levels), &generous("type_depth"), Profile::Strict);
    assert!(inspect_chain(100).is_ok());
    assert_eq!(inspect_chain(101).unwrap_err().rule, "type_too_deep");
}
