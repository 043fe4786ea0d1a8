//! Strategies that want all of the stack, or all of the memory.

use super::guest::{Guest, times};
use super::{beside, case};
use crate::attack::case::{Case, Expected};

const STACK: Expected = Expected::Fault(&["stack"]);
const FUEL: Expected = Expected::Fault(&["fuel"]);
const MEMORY: Expected = Expected::Fault(&["memory"]);

pub(super) fn cases() -> Vec<Case> {
    [stack(), memory()].into_iter().flatten().collect()
}

fn stack() -> Vec<Case> {
    vec![
        case("recursion_without_an_end", STACK, || {
            let fields = "(func $deep (param $x i32) (result i32)
                (i32.add (call $deep (i32.add (local.get $x) (i32.const 1))) (local.get $x)))";
            Guest { fields, on_bar: "(drop (call $deep (i32.const 0)))", ..Guest::default() }.build()
        }),
        case("mutual_recursion", STACK, || {
            let fields = "(func $even (param $x i64) (result i64) (i64.add (call $odd (i64.add (local.get $x) (i64.const 1))) (local.get $x)))
                (func $odd (param $x i64) (result i64) (i64.mul (call $even (i64.add (local.get $x) (i64.const 1))) (local.get $x)))";
            Guest { fields, on_bar: "(drop (call $even (i64.const 0)))", ..Guest::default() }.build()
        }),
        case("recursion_through_a_table", STACK, || {
            let fields = "(type $f (func (param i32) (result i32))) (table $t 1 1 funcref) (elem (i32.const 0) $deep)
                (func $deep (type $f)
                    (i32.add (call_indirect $t (type $f) (i32.add (local.get 0) (i32.const 1)) (i32.const 0)) (local.get 0)))";
            Guest { fields, on_bar: "(drop (call $deep (i32.const 0)))", ..Guest::default() }.build()
        }),
        beside("frames_of_thirty_kilobytes", STACK, || large_frames(i32::MAX), || large_frames(3)),
        case("recursion_in_realloc", STACK, || {
            let fields = "(func $deep (param $x i32) (result i32)
                (i32.add (call $deep (i32.add (local.get $x) (i32.const 1))) (local.get $x)))";
            Guest { fields, realloc: "(call $deep (i32.const 0))", ..Guest::default() }.build()
        }),
        case("recursion_in_describe", Expected::Contract, || {
            let fields = "(func $deep (param $x i32) (result i32)
                (i32.add (call $deep (i32.add (local.get $x) (i32.const 1))) (local.get $x)))";
            Guest { fields, describe: "(call $deep (i32.const 0))", ..Guest::default() }.build()
        }),
        // What is called last has as little stack as can be, and then asks for a host function.
        case("host_called_at_the_end_of_the_stack", STACK, || {
            let fields = "(func $deep (param $x i32) (result i32)
                (call $say (i32.const 1120) (i32.const 7))
                (i32.add (call $deep (i32.add (local.get $x) (i32.const 1))) (local.get $x)))";
            Guest { fields, on_bar: "(drop (call $deep (i32.const 0)))", ..Guest::default() }.build()
        }),
    ]
}

/// Recursion of so many levels through a function whose local variables are all needed after the call.
fn large_frames(levels: i32) -> Vec<u8> {
    const LOCALS: usize = 4_000;
    let names = times(LOCALS, "(local $v# i64)");
    let read = times(LOCALS, "(local.set $v# (i64.load offset=# (local.get $x)))");
    let written = times(LOCALS, "(i64.store offset=# (local.get $x) (local.get $v#))");
    let fields = format!(
        "(func $deep (param $x i32) {names} (if (i32.eq (local.get $x) (i32.const {levels})) (then (return)))
            {read} (call $deep (i32.add (local.get $x) (i32.const 1))) {written})"
    );
    Guest { fields: &fields, on_bar: "(call $deep (i32.const 0))", ..Guest::default() }.build()
}

fn memory() -> Vec<Case> {
    vec![
        case("memory_grown_until_it_is_refused_and_then_left", Expected::Nothing, || {
            let grow = "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))";
            Guest { on_bar: grow, ..Guest::default() }.build()
        }),
        case("memory_grown_until_it_is_refused_and_then_given_up", MEMORY, || {
            let grow = "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)";
            Guest { on_bar: grow, ..Guest::default() }.build()
        }),
        case("memory_grown_and_written_until_it_is_refused", Expected::Fault(&["memory", "trap"]), || {
            let grow = "(loop $again
                (i64.store (i32.shl (memory.grow (i32.const 1)) (i32.const 16)) (i64.const -1)) (br $again))";
            Guest { on_bar: grow, ..Guest::default() }.build()
        }),
        case("memory_grown_without_an_end", FUEL, || {
            Guest {
                on_bar: "(loop $again (drop (memory.grow (i32.const 1))) (br $again))",
                ..Guest::default()
            }
            .build()
        }),
        case("table_grown_without_an_end", FUEL, || {
            let grow = "(loop $again (drop (table.grow $t (ref.null func) (i32.const 1))) (br $again))";
            Guest { fields: "(table $t 1 funcref)", on_bar: grow, ..Guest::default() }.build()
        }),
        // Each element is paid for, also those that are then refused.
        case("table_grown_by_four_billion", FUEL, || {
            let grow = "(drop (table.grow $t (ref.null func) (i32.const -1)))";
            Guest { fields: "(table $t 1 funcref)", on_bar: grow, ..Guest::default() }.build()
        }),
        case("table_grown_beyond_what_a_table_may_have", Expected::Nothing, || {
            let grow = "(if (i32.ne (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const -1)) (then (unreachable)))";
            Guest { fields: "(table $t 1 funcref)", on_bar: grow, ..Guest::default() }.build()
        }),
        case("memory_grown_without_an_end_in_describe", Expected::Contract, || {
            let grow = "(loop $again (drop (memory.grow (i32.const 1))) (br $again)) (i32.const 1024)";
            Guest { describe: grow, ..Guest::default() }.build()
        }),
        beside(
            "nearly_all_the_memory_at_the_start",
            Expected::Nothing,
            || starting_with("900"),
            || starting_with("400"),
        ),
        case("last_page_of_four_gigabytes_read", Expected::Fault(&["trap"]), || {
            Guest { on_bar: "(drop (i64.load offset=0xffffffff (i32.const -1)))", ..Guest::default() }.build()
        }),
        case("memory_filled_beyond_its_end", Expected::Fault(&["trap"]), || {
            Guest {
                on_bar: "(memory.fill (i32.const 1) (i32.const 0) (i32.const 262144))",
                ..Guest::default()
            }
            .build()
        }),
        case("memory_filled_by_four_gigabytes", FUEL, || {
            Guest { on_bar: "(memory.fill (i32.const 1) (i32.const 0) (i32.const -1))", ..Guest::default() }
                .build()
        }),
        case("engine_s_memory_searched_for", Expected::Fault(&["trap"]), || {
            // Reads every 64 KiB up to where addresses end.
            let read = "(loop $next (drop (i32.load (local.get $i)))
                (local.set $i (i32.add (local.get $i) (i32.const 65536))) (br $next))";
            Guest { on_bar: read, ..Guest::default() }.build()
        }),
        case("call_of_a_function_that_is_not_in_the_table", Expected::Fault(&["trap"]), || {
            let call = "(call_indirect $t (type $f) (i32.const -1))";
            Guest { fields: "(type $f (func)) (table $t 1 funcref)", on_bar: call, ..Guest::default() }
                .build()
        }),
        case("call_of_a_function_as_one_of_another_type", Expected::Fault(&["trap"]), || {
            let fields = "(type $f (func (param i64 f64) (result i64))) (func $g) (table $t 1 1 funcref) (elem (i32.const 0) $g)";
            let call = "(drop (call_indirect $t (type $f) (i64.const 1) (f64.const 1) (i32.const 0)))";
            Guest { fields, on_bar: call, ..Guest::default() }.build()
        }),
    ]
}

fn starting_with(pages: &str) -> Vec<u8> {
    Guest { memory: pages, ..Guest::default() }.build()
}
