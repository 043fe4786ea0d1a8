//! Types and instances that are small to write and large when written out.

use super::beside;
use super::guest::{TYPE, harmless, times, with_component, with_section};
use crate::attack::case::{Case, Expected};

/// Steps that each name the one before: `#` is a step's number, and `+` the next one's.
const LISTS: &str = "(type $t+ (list $t#))";
const PAIRS: &str = "(type $t+ (tuple $t# $t#))";
const INSTANCE_TYPES: &str =
    "(type $t+ (instance (alias outer 1 $t# (type $x)) (export \"a\" (instance (type $x)))))";
const TWO_INSTANCES: &str = "(component $c+ (alias outer 1 $c# (component $x))
    (instance (instantiate $x)) (instance (instantiate $x)))";

pub(super) fn cases() -> Vec<Case> {
    use Expected::Component;
    vec![
        beside(
            "lists_of_lists_of_lists",
            Component(&["type_too_deep"]),
            || chain("(type $t0 u8)", 130, LISTS),
            || chain("(type $t0 u8)", 20, LISTS),
        ),
        beside(
            "lists_without_an_end",
            Component(&["type_too_deep"]),
            || chain("(type $t0 u8)", 3_900, LISTS),
            || chain("(type $t0 u8)", 20, LISTS),
        ),
        beside(
            "interfaces_of_interfaces",
            Component(&["type_too_deep"]),
            || chain("(type $t0 (instance))", 130, INSTANCE_TYPES),
            || chain("(type $t0 (instance))", 20, INSTANCE_TYPES),
        ),
        beside(
            "type_that_doubles_twenty_times",
            Component(&["type_too_large"]),
            || chain("(type $t0 (tuple u8 u8))", 20, PAIRS),
            || chain("(type $t0 (tuple u8 u8))", 10, PAIRS),
        ),
        beside(
            "type_that_doubles_a_thousand_times",
            Component(&["type_too_large"]),
            || chain("(type $t0 (tuple u8 u8))", 1_000, PAIRS),
            || chain("(type $t0 (tuple u8 u8))", 10, PAIRS),
        ),
        beside(
            "large_type_used_three_hundred_times",
            Component(&["too_much_type_work"]),
            || used(300),
            || used(100),
        ),
        beside(
            "record_of_a_hundred_thousand_fields",
            Component(&["malformed"]),
            || record(100_000),
            || record(1_000),
        ),
        beside(
            "types_written_inside_of_one_another",
            Component(&["types_nested_too_deep"]),
            || inside(1_000_000),
            || inside(8),
        ),
        beside(
            "component_that_doubles_twenty_five_times",
            Component(&["too_many_component_instantiations"]),
            || chain("(component $c0)", 25, TWO_INSTANCES),
            || chain("(component $c0)", 4, TWO_INSTANCES),
        ),
        beside(
            "module_that_doubles_twenty_five_times",
            Component(&["too_many_instantiations", "too_many_component_instantiations"]),
            || chain("(component $c0 (core module $m) (core instance (instantiate $m)))", 25, TWO_INSTANCES),
            || chain("(component $c0 (core module $m) (core instance (instantiate $m)))", 3, TWO_INSTANCES),
        ),
        beside(
            "code_from_outside",
            Component(&["unknown_code"]),
            || with_component("(import \"c\" (component $c)) (instance (instantiate $c))"),
            || with_component("(component $c) (instance (instantiate $c))"),
        ),
    ]
}

fn chain(first: &str, steps: usize, step: &str) -> Vec<u8> {
    with_component(&format!("{first} {}", times(steps, step)))
}

fn used(uses: usize) -> Vec<u8> {
    with_component(&format!(
        "(type $t0 (tuple u8 u8)) {} {}",
        times(11, PAIRS),
        "(type (list $t11))".repeat(uses)
    ))
}

fn record(fields: usize) -> Vec<u8> {
    with_component(&format!("(type (record {}))", times(fields, "(field \"f#\" u8)")))
}

fn inside(levels: usize) -> Vec<u8> {
    with_section(harmless(), TYPE, &[vec![1], [0x42, 1, 1].repeat(levels - 1), vec![0x42, 0]].concat())
}
