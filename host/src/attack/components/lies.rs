//! Answers and arguments that are not what their types say: addresses, lengths, text, numbers of cases.

use super::case;
use super::guest::Guest;
use crate::attack::case::{Case, Expected};

const LIE: Expected = Expected::Fault(&["contract"]);
const TRAP: Expected = Expected::Fault(&["contract", "trap"]);

pub(super) fn cases() -> Vec<Case> {
    [manifests(), errors(), messages(), orders(), rooms(), ends()].into_iter().flatten().collect()
}

/// A strategy that does this before it gives its manifest.
fn describing(before: &str) -> Vec<u8> {
    Guest { describe: &format!("{before} (i32.const 1024)"), ..Guest::default() }.build()
}

/// A strategy with one parameter: its kind's number, and the first 8 bytes of what belongs to it.
fn with_parameter(kind: u32, payload: u64) -> Vec<u8> {
    describing(&format!(
        "(i32.store (i32.const 1048) (i32.const 2048)) (i32.store (i32.const 1052) (i32.const 1))
        (i32.store (i32.const 2048) (i32.const 1120)) (i32.store (i32.const 2052) (i32.const 7))
        (i32.store (i32.const 2056) (i32.const 1120)) (i32.store (i32.const 2060) (i32.const 7))
        (i32.store8 (i32.const 2064) (i32.const {kind})) (i64.store (i32.const 2072) (i64.const {payload}))"
    ))
}

/// What `describe` answers.
fn manifests() -> Vec<Case> {
    use Expected::{Contract, Nothing};
    vec![
        case("manifest_beyond_the_memory", Contract, || {
            Guest { describe: "(i32.const -32)", ..Guest::default() }.build()
        }),
        case("manifest_at_an_odd_address", Contract, || {
            Guest { describe: "(i32.const 1025)", ..Guest::default() }.build()
        }),
        case("name_beyond_the_memory", Contract, || {
            describing("(i32.store (i32.const 1024) (i32.const -4))")
        }),
        case("name_of_four_gigabytes", Contract, || {
            describing("(i32.store (i32.const 1028) (i32.const -1))")
        }),
        case("name_that_is_not_text", Contract, || {
            describing("(i32.store (i32.const 1120) (i32.const 0xfffefdfc))")
        }),
        case("parameters_without_number", Contract, || {
            describing("(i32.store (i32.const 1052) (i32.const -1))")
        }),
        // 56 times this is 8, in 32 bits.
        case("parameters_whose_size_wraps_around", Contract, || {
            describing("(i32.store (i32.const 1052) (i32.const 0x24924925))")
        }),
        case("parameters_at_an_odd_address", Contract, || {
            describing(
                "(i32.store (i32.const 1048) (i32.const 2049)) (i32.store (i32.const 1052) (i32.const 1))",
            )
        }),
        case("parameter_of_an_unknown_kind", Contract, || with_parameter(9, 0)),
        case("boolean_that_is_neither_true_nor_false", Nothing, || with_parameter(2, 0xff)),
        case("number_without_a_range", Contract, || with_parameter(1, 0x7ff8_0000_0000_0001)),
        case("choices_without_number", Contract, || with_parameter(3, 0xffff_ffff_0000_0000)),
        case("five_hundred_parameters_with_the_same_megabyte_for_a_name", Contract, || {
            let same = "(i32.store (i32.const 1048) (i32.const 65536)) (i32.store (i32.const 1052) (i32.const 500))
                (local.set $i (i32.const 65536))
                (loop $next
                    (i32.store (local.get $i) (i32.const 131072)) (i32.store offset=4 (local.get $i) (i32.const 1048576))
                    (i32.store offset=8 (local.get $i) (i32.const 131072)) (i32.store offset=12 (local.get $i) (i32.const 1048576))
                    (i32.store8 offset=16 (local.get $i) (i32.const 2))
                    (local.set $i (i32.add (local.get $i) (i32.const 56)))
                    (br_if $next (i32.lt_u (local.get $i) (i32.const 93536))))
                (i32.const 1024)";
            Guest { memory: "40", describe: same, ..Guest::default() }.build()
        }),
        case("hundred_thousand_parameters", Contract, || {
            let many = "(i32.store (i32.const 1048) (i32.const 65536)) (i32.store (i32.const 1052) (i32.const 100000)) (i32.const 1024)";
            Guest { memory: "100", describe: many, ..Guest::default() }.build()
        }),
    ]
}

/// A strategy whose `init` does this, and answers from address 16.
fn starting(before: &str) -> Vec<u8> {
    Guest { init: &format!("{before} (i32.const 16)"), ..Guest::default() }.build()
}

/// What `init` answers.
fn errors() -> Vec<Case> {
    vec![
        case("answer_of_init_beyond_the_memory", TRAP, || {
            Guest { init: "(i32.const -12)", ..Guest::default() }.build()
        }),
        case("answer_of_init_at_an_odd_address", LIE, || {
            Guest { init: "(i32.const 17)", ..Guest::default() }.build()
        }),
        case("answer_of_init_that_is_neither", LIE, || starting("(i32.store8 (i32.const 16) (i32.const 2))")),
        case("error_of_init_beyond_the_memory", LIE, || {
            starting(
                "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const -8)) (i32.store (i32.const 24) (i32.const 8))",
            )
        }),
        case("error_of_init_of_four_gigabytes", LIE, || {
            starting(
                "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 0)) (i32.store (i32.const 24) (i32.const -1))",
            )
        }),
        case("error_of_init_that_is_not_text", LIE, || {
            starting(
                "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 28)) (i32.store (i32.const 24) (i32.const 2)) (i32.store (i32.const 28) (i32.const 0xbfc0))",
            )
        }),
        case("error_of_init_of_forty_megabytes", Expected::Fault(&["memory"]), || {
            let say = "(drop (memory.grow (i32.const 620))) (i32.store8 (i32.const 16) (i32.const 1))
                (i32.store (i32.const 20) (i32.const 65536)) (i32.store (i32.const 24) (i32.const 40000000)) (i32.const 16)";
            Guest { init: say, ..Guest::default() }.build()
        }),
    ]
}

/// A strategy that does this at every bar, with these bytes at 2048.
fn saying(bytes: &str, code: &str) -> Vec<u8> {
    Guest { fields: &format!("(data (i32.const 2048) \"{bytes}\")"), on_bar: code, ..Guest::default() }
        .build()
}

/// What is given to the log.
fn messages() -> Vec<Case> {
    const SAY: &str = "(call $say (i32.const 2048) (i32.const 4))";
    vec![
        case("log_level_that_does_not_exist", LIE, || {
            saying("text", "(call $write (i32.const 4) (i32.const 2048) (i32.const 4))")
        }),
        case("log_level_below_zero", LIE, || {
            saying("text", "(call $write (i32.const -1) (i32.const 2048) (i32.const 4))")
        }),
        case("log_level_that_is_right_in_its_last_byte", LIE, || {
            saying("text", "(call $write (i32.const 256) (i32.const 2048) (i32.const 4))")
        }),
        case("log_line_beyond_the_memory", LIE, || {
            saying("", "(call $say (i32.const 262140) (i32.const 8))")
        }),
        case("log_line_that_wraps_around", LIE, || saying("", "(call $say (i32.const -8) (i32.const 16))")),
        case("log_line_of_four_gigabytes", LIE, || saying("", "(call $say (i32.const 0) (i32.const -1))")),
        case("log_line_that_is_not_text", LIE, || saying("\\ff\\fe\\fd\\fc", SAY)),
        case("log_line_with_a_letter_that_is_too_long", LIE, || saying("ab\\c0\\80", SAY)),
        case("log_line_with_half_a_surrogate", LIE, || saying("a\\ed\\a0\\80", SAY)),
        case("log_line_that_ends_within_a_letter", LIE, || saying("abc\\e2\\82\\ac", SAY)),
        case("last_words_that_are_not_text", LIE, || {
            saying(
                "\\ff",
                "(call $panicked (i32.const 2048) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1))",
            )
        }),
        case("file_of_the_last_words_beyond_the_memory", LIE, || {
            saying(
                "",
                "(call $panicked (i32.const 2048) (i32.const 1) (i32.const -1) (i32.const 9) (i32.const 1) (i32.const 1))",
            )
        }),
    ]
}

/// A strategy that sends an order at every bar: side, kind, time in force, and where the answer is to go.
fn sending(side: i32, kind: i32, lifetime: i32, answer: i32) -> Vec<u8> {
    let submit = format!(
        "(call $submit (i32.const 0) (i32.const {side}) (i32.const {kind}) (f64.const 1) (f64.const 1) (f64.const 1)
            (i32.const {lifetime}) (i32.const {answer}))"
    );
    Guest { on_bar: &submit, ..Guest::default() }.build()
}

/// What is given to the broker.
fn orders() -> Vec<Case> {
    vec![
        case("order_to_neither_buy_nor_sell", TRAP, || sending(2, 0, 0, 64)),
        case("order_whose_side_is_right_in_its_last_byte", TRAP, || sending(0x100, 0, 0, 64)),
        case("order_of_an_unknown_kind", TRAP, || sending(0, 4, 0, 64)),
        case("order_of_a_kind_below_zero", TRAP, || sending(0, -1, 0, 64)),
        case("order_of_an_unknown_lifetime", TRAP, || sending(0, 0, 4, 64)),
        case("answer_of_the_broker_at_an_odd_address", TRAP, || sending(0, 0, 0, 65)),
        case("answer_of_the_broker_beyond_the_memory", TRAP, || sending(0, 0, 0, -16)),
        case("answer_of_the_broker_at_the_end_of_the_memory", TRAP, || sending(0, 0, 0, 262_136)),
        case("account_at_an_odd_address", TRAP, || {
            Guest { on_bar: "(call $account (i32.const 1))", ..Guest::default() }.build()
        }),
        case("account_beyond_the_memory", TRAP, || {
            Guest { on_bar: "(call $account (i32.const -48))", ..Guest::default() }.build()
        }),
        case("position_beyond_the_memory", TRAP, || {
            Guest { on_bar: "(call $position (i32.const 0) (i32.const -32))", ..Guest::default() }.build()
        }),
    ]
}

/// Where `realloc` says there is room.
fn rooms() -> Vec<Case> {
    vec![
        case("realloc_that_traps", TRAP, || Guest { realloc: "(unreachable)", ..Guest::default() }.build()),
        case("realloc_beyond_the_memory", TRAP, || {
            Guest { realloc: "(i32.const -64)", ..Guest::default() }.build()
        }),
        case("realloc_that_ends_beyond_the_memory", TRAP, || {
            Guest { realloc: "(i32.const 262140)", ..Guest::default() }.build()
        }),
        case("realloc_at_an_odd_address", TRAP, || {
            Guest { realloc: "(i32.const 65537)", ..Guest::default() }.build()
        }),
        // Its own arguments are all that it can destroy.
        case("realloc_that_gives_the_same_room_twice", Expected::Nothing, || {
            Guest { realloc: "(i32.const 65536)", ..Guest::default() }.build()
        }),
        case("realloc_that_gives_its_own_manifest", Expected::Nothing, || {
            Guest { realloc: "(i32.const 1024)", ..Guest::default() }.build()
        }),
        case("realloc_that_logs", TRAP, || {
            Guest {
                realloc: "(call $say (i32.const 1120) (i32.const 7)) (i32.const 65536)",
                ..Guest::default()
            }
            .build()
        }),
        case("realloc_that_trades", TRAP, || {
            let trade = "(call $submit (i32.const 0) (i32.const 0) (i32.const 0) (f64.const 1) (f64.const 1) (f64.const 1) (i32.const 0) (i32.const 64)) (i32.const 65536)";
            Guest { realloc: trade, ..Guest::default() }.build()
        }),
    ]
}

/// What happens when an answer has been read.
fn ends() -> Vec<Case> {
    const LOG: &str = "(call $say (i32.const 1120) (i32.const 7))";
    const ASK: &str = "(call $account (i32.const 64))";
    vec![
        case("trap_after_describe", Expected::Contract, || {
            Guest { after_describe: "(unreachable)", ..Guest::default() }.build()
        }),
        case("trap_after_init", TRAP, || Guest { after_init: "(unreachable)", ..Guest::default() }.build()),
        case("trap_after_on_bar", TRAP, || Guest { after_bar: "(unreachable)", ..Guest::default() }.build()),
        // The engine lets these through: it is as if they had been the last words of the call.
        case("log_after_describe", Expected::Nothing, || {
            Guest { after_describe: LOG, ..Guest::default() }.build()
        }),
        case("log_after_init", Expected::Nothing, || Guest { after_init: LOG, ..Guest::default() }.build()),
        case("log_after_on_bar", Expected::Nothing, || Guest { after_bar: LOG, ..Guest::default() }.build()),
        case("broker_called_after_on_bar", Expected::Nothing, || {
            Guest { after_bar: ASK, ..Guest::default() }.build()
        }),
        case("broker_called_after_init", Expected::Nothing, || {
            Guest { after_init: ASK, ..Guest::default() }.build()
        }),
    ]
}
