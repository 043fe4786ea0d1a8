//! Strategies that never end, or that spend much time for little fuel.

use super::case;
use super::guest::{Guest, times};
use crate::attack::case::{Case, Expected};

const FUEL: Expected = Expected::Fault(&["fuel"]);
const FOREVER: &str = "(loop $again (br $again))";

pub(super) fn cases() -> Vec<Case> {
    [endless(), cheap(), charged(), calls()].into_iter().flatten().collect()
}

fn endless() -> Vec<Case> {
    vec![
        case("endless_loop_in_init", FUEL, || {
            Guest { init: "(loop $again (br $again)) (i32.const 16)", ..Guest::default() }.build()
        }),
        case("endless_loop_in_on_bar", FUEL, || Guest { on_bar: FOREVER, ..Guest::default() }.build()),
        case("endless_loop_with_all_the_fuel_in_the_world", Expected::Timeout, || {
            Guest { on_bar: FOREVER, ..Guest::default() }.build()
        }),
        case("endless_loop_in_a_late_on_bar", FUEL, || {
            let late = "(if (i32.eq (global.get $bar) (i32.const 30)) (then (loop $again (br $again))))";
            Guest { on_bar: late, ..Guest::default() }.build()
        }),
        case("endless_loop_in_on_fill", FUEL, || {
            let buy = "(call $submit (i32.const 0) (i32.const 0) (i32.const 0) (f64.const 0) (f64.const 0) (f64.const 1) (i32.const 0) (i32.const 64))";
            Guest { on_bar: buy, on_fill: FOREVER, ..Guest::default() }.build()
        }),
        case("endless_loop_in_finish", FUEL, || Guest { finish: FOREVER, ..Guest::default() }.build()),
        // The first that comes to life is the one that is asked what it is.
        case("endless_loop_in_a_start_function", Expected::Contract, || {
            Guest { fields: "(func $forever (loop $again (br $again))) (start $forever)", ..Guest::default() }
                .build()
        }),
        case("endless_loop_in_describe", Expected::Contract, || {
            Guest { describe: "(loop $again (br $again)) (i32.const 1024)", ..Guest::default() }.build()
        }),
        case("endless_loop_after_describe", Expected::Contract, || {
            Guest { after_describe: FOREVER, ..Guest::default() }.build()
        }),
        case("endless_loop_after_init", FUEL, || Guest { after_init: FOREVER, ..Guest::default() }.build()),
        case("endless_loop_after_on_bar", FUEL, || Guest { after_bar: FOREVER, ..Guest::default() }.build()),
        case("endless_loop_in_realloc", FUEL, || {
            Guest { realloc: "(loop $again (br $again)) (i32.const 65536)", ..Guest::default() }.build()
        }),
        case("endless_loop_through_a_jump_table", FUEL, || {
            let table = "(loop $again (br_table $again $again $again (local.get $instrument)))";
            Guest { on_bar: table, ..Guest::default() }.build()
        }),
        case("just_below_the_fuel_of_a_bar_at_every_bar", FUEL, || {
            // Some 900 million units at each of the bars.
            let busy = "(local.set $i (i32.const 150000000))
                (loop $again (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))";
            Guest { on_bar: busy, ..Guest::default() }.build()
        }),
    ]
}

/// Instructions that cost no fuel, or one unit and much time.
fn cheap() -> Vec<Case> {
    vec![
        case("loop_of_instructions_that_cost_no_fuel", FUEL, || {
            let free = times(5_000, "(nop) (block (nop))");
            Guest { on_bar: &format!("(loop $again {free} (br $again))"), ..Guest::default() }.build()
        }),
        case("loop_of_slow_divisions", FUEL, || {
            let divide = "(loop $again
                (local.set $x (f64.sqrt (f64.div (local.get $close) (f64.add (local.get $x) (f64.const 1e-310)))))
                (br $again))";
            Guest { on_bar: divide, ..Guest::default() }.build()
        }),
        case("memory_grown_by_nothing_in_an_endless_loop", FUEL, || {
            Guest {
                on_bar: "(loop $again (drop (memory.grow (i32.const 0))) (br $again))",
                ..Guest::default()
            }
            .build()
        }),
        case("memory_growth_refused_in_an_endless_loop", FUEL, || {
            Guest {
                on_bar: "(loop $again (drop (memory.grow (i32.const -1))) (br $again))",
                ..Guest::default()
            }
            .build()
        }),
        case("table_grown_by_nothing_in_an_endless_loop", FUEL, || {
            let grow = "(loop $again (drop (table.grow $t (ref.null func) (i32.const 0))) (br $again))";
            Guest { fields: "(table $t 1 funcref)", on_bar: grow, ..Guest::default() }.build()
        }),
        case("segments_dropped_in_an_endless_loop", FUEL, || {
            let drop = "(loop $again (data.drop $d) (elem.drop $e) (br $again))";
            Guest { fields: "(data $d \"data\") (elem $e func)", on_bar: drop, ..Guest::default() }.build()
        }),
        case("empty_bulk_operations_in_an_endless_loop", FUEL, || {
            let nothing = "(loop $again
                (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
                (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))
                (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))
                (table.fill $t (i32.const 0) (ref.null func) (i32.const 0))
                (table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 0))
                (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0))
                (br $again))";
            let fields = "(data $d \"data\") (table $t 1 funcref) (elem $e func)";
            Guest { fields, on_bar: nothing, ..Guest::default() }.build()
        }),
    ]
}

/// Much work by one instruction.
fn charged() -> Vec<Case> {
    vec![
        case("whole_memory_filled_a_million_times", FUEL, || {
            million_times("(memory.fill (i32.const 0) (i32.const 7) (i32.const 26214400))")
        }),
        case("whole_memory_copied_a_million_times", FUEL, || {
            million_times("(memory.copy (i32.const 0) (i32.const 1) (i32.const 26214399))")
        }),
        case("large_segment_copied_a_million_times", FUEL, || {
            let fields = format!("(data $d \"{}\")", "x".repeat(1 << 20));
            let copy = "(loop $again (memory.init $d (i32.const 65536) (i32.const 0) (i32.const 1048576)) (br $again))";
            Guest { memory: "400", fields: &fields, on_bar: copy, ..Guest::default() }.build()
        }),
        case("whole_table_filled_a_million_times", FUEL, || {
            let fill =
                "(loop $again (table.fill $t (i32.const 0) (ref.null func) (i32.const 19000)) (br $again))";
            Guest { fields: "(table $t 19000 funcref)", on_bar: fill, ..Guest::default() }.build()
        }),
        case("whole_table_copied_a_million_times", FUEL, || {
            let copy =
                "(loop $again (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 18999)) (br $again))";
            Guest { fields: "(table $t 19000 funcref)", on_bar: copy, ..Guest::default() }.build()
        }),
        case("elements_made_again_a_million_times", FUEL, || {
            let fields =
                format!("(func $f) (table $t 19000 funcref) (elem $e func {})", "$f ".repeat(19_000));
            let init =
                "(loop $again (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 19000)) (br $again))";
            Guest { fields: &fields, on_bar: init, ..Guest::default() }.build()
        }),
    ]
}

fn million_times(instruction: &str) -> Vec<u8> {
    let loops = format!(
        "(local.set $i (i32.const 1000000))
        (loop $again {instruction} (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"
    );
    Guest { memory: "400", on_bar: &loops, ..Guest::default() }.build()
}

/// Work that others do on its behalf.
fn calls() -> Vec<Case> {
    vec![
        case("account_asked_for_in_an_endless_loop", FUEL, || {
            Guest { on_bar: "(loop $again (call $account (i32.const 64)) (br $again))", ..Guest::default() }
                .build()
        }),
        case("empty_log_line_in_an_endless_loop", FUEL, || {
            let say = "(loop $again (call $say (i32.const 0) (i32.const 0)) (br $again))";
            Guest { on_bar: say, ..Guest::default() }.build()
        }),
        case("long_log_line_in_an_endless_loop", FUEL, || {
            let say = "(memory.fill (i32.const 65536) (i32.const 120) (i32.const 26000000))
                (loop $again (call $say (i32.const 65536) (i32.const 26000000)) (br $again))";
            Guest { memory: "400", on_bar: say, ..Guest::default() }.build()
        }),
        case("last_words_in_an_endless_loop", FUEL, || {
            let say = "(loop $again (call $panicked (i32.const 2048) (i32.const 4) (i32.const 2048) (i32.const 4) (i32.const 1) (i32.const 1)) (br $again))";
            Guest { on_bar: say, fields: "(data (i32.const 2048) \"text\")", ..Guest::default() }.build()
        }),
        // Both texts are read, so both must be paid for.
        case("last_words_in_a_file_with_an_endless_name", FUEL, || {
            let say = "(memory.fill (i32.const 65536) (i32.const 120) (i32.const 26000000))
                (loop $again
                    (call $panicked (i32.const 2048) (i32.const 4) (i32.const 65536) (i32.const 26000000) (i32.const 1) (i32.const 1))
                    (br $again))";
            Guest {
                memory: "400",
                on_bar: say,
                fields: "(data (i32.const 2048) \"text\")",
                ..Guest::default()
            }
            .build()
        }),
    ]
}
