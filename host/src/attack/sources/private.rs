//! What of the SDK is not for strategies: reaching it must give nothing that the contract does not give.

use super::told::{is_plain, logged};
use super::{Case, Expected, case, plain, strategy, within};

const BINDINGS: &str = "stratbox_sdk::__private::bindings";

pub(super) fn cases() -> Vec<Case> {
    let mut all = components();
    all.extend(calls());
    all.extend(shadows());
    all
}

/// Entry points of the strategy's own.
fn components() -> Vec<Case> {
    vec![
        case("a_second_component", Expected::Compile, second_component, plain),
        case("code_in_the_macro_of_the_entry_points", Expected::Compile, smuggled, plain),
        case(
            "a_slot_of_its_own",
            Expected::Compile,
            || {
                strategy(
                    "static SLOT: stratbox_sdk::__private::Slot<Guest> = stratbox_sdk::__private::Slot::new();",
                    "",
                )
            },
            plain,
        ),
        case(
            "the_slot_of_the_entry_points",
            Expected::Compile,
            || strategy("", "crate::entry::SLOT.with(|_| ());"),
            plain,
        ),
        case("two_strategies_in_a_file", Expected::Compile, || strategy("strategy!(Guest);", ""), plain),
        case("no_strategy_in_a_file", Expected::Compile, || plain().replace("strategy!(Guest);", ""), plain),
    ]
}

fn second_component() -> String {
    let items = format!(
        "use {BINDINGS}::exports::stratbox::strategy::strategy as contract;

pub struct Other;

impl contract::Guest for Other {{
    fn describe() -> contract::Manifest {{ todo!() }}
    fn init(_: Vec<contract::Instrument>, _: Vec<contract::Parameter>) -> Result<(), String> {{ Ok(()) }}
    fn on_bar(_: contract::Bar) {{}}
    fn on_fill(_: contract::Fill) {{}}
    fn finish() {{}}
}}

{BINDINGS}::export_component!(Other with_types_in {BINDINGS});"
    );
    strategy(&items, "log::info(\"in\");")
}

/// The macro puts what it is given into a block that is not checked.
fn smuggled() -> String {
    let items = format!(
        "mod own {{
    pub fn _export_describe_cabi<T>() -> *mut u8 {{ std::ptr::null_mut() }}
    pub fn __post_return_describe<T>(_: *mut u8) {{}}
    pub fn _export_init_cabi<T>(_: *mut u8, _: usize, _: *mut u8, _: usize) -> *mut u8 {{ std::ptr::null_mut() }}
    pub fn __post_return_init<T>(_: *mut u8) {{}}
    pub fn _export_on_bar_cabi<T>(_: i32, _: i64, _: f64, _: f64, _: f64, _: f64, _: f64) {{}}
    pub fn _export_on_fill_cabi<T>(_: i64, _: i32, _: i64, _: i32, _: f64, _: f64, _: f64, _: f64) {{}}
    pub fn _export_finish_cabi<T>() {{}}
}}

use {BINDINGS}::exports::stratbox::strategy::strategy as contract;

contract::__export_stratbox_strategy_strategy_0_1_0_cabi!(
    Guest with_types_in std::hint::black_box(core::ptr::read_volatile(16 as *const u8)); own
);"
    );
    strategy(&items, "log::info(\"in\");")
}

/// Calls behind the SDK's back: the host's answers are the same.
fn calls() -> Vec<Case> {
    vec![
        case("an_order_behind_the_sdk", Expected::Nothing, order, plain).also(|told| logged(told, "refused: true true true")),
        case(
            "a_panic_that_never_was",
            Expected::Nothing,
            || {
                let body = format!(
                    "{BINDINGS}::stratbox::strategy::log::panicked(\"forged\\n\\u{{1b}}[31m\", \"/etc/passwd\", 1, 2); log::info(\"alive\");"
                );
                strategy("", &body)
            },
            plain,
        )
        .also(|told| logged(told, "alive")),
        case("a_panic_that_is_told_as_another", Expected::Fault(&["fuel"]), forged_end, plain).also(is_plain),
        case("a_level_that_there_is_none_of", Expected::Compile, || {
            let body = format!("let level: {BINDINGS}::stratbox::strategy::log::Level = 9.into(); log::info(format!(\"{{level:?}}\"));");
            strategy("", &body)
        }, plain),
        case("a_strategy_in_a_strategy", Expected::Nothing, nested, plain).also(|told| logged(told, "inner: true")),
        case(
            "log_messages_of_megabytes_without_an_end",
            Expected::Fault(&["fuel"]),
            || {
                let body = format!(
                    "let text = \"x\".repeat(8 << 20); loop {{ {BINDINGS}::stratbox::strategy::log::write({BINDINGS}::stratbox::strategy::log::Level::Info, &text); }}"
                );
                strategy("", &body)
            },
            plain,
        )
        .also(is_plain),
    ]
}

fn order() -> String {
    let items = format!("use {BINDINGS}::stratbox::strategy::{{broker as raw, types}};");
    let body = "let order = |instrument, quantity, price| raw::submit(types::Order {
                instrument,
                side: types::Side::Buy,
                kind: types::OrderKind::Limit(price),
                quantity,
                time_in_force: types::TimeInForce::Day,
            });
            let results = [order(99, 1.0, 1.0), order(0, f64::NAN, 1.0), order(0, 1.0, f64::INFINITY)];
            log::info(format!(\"refused: {} {} {}\", results[0].is_err(), results[1].is_err(), results[2].is_err()));
            raw::signal(u32::MAX, f64::NAN);
            let _ = raw::cancel(u64::MAX);";
    strategy(&items, body)
}

/// Last words for an end that is another one.
fn forged_end() -> String {
    let body = format!(
        "{BINDINGS}::stratbox::strategy::log::panicked(\"error: the host is broken\", \"host.rs\", 1, 1);
            loop {{ std::hint::black_box(0); }}"
    );
    strategy("", &body)
}

fn nested() -> String {
    let body = "let inner = stratbox_sdk::__private::init::<Guest>(Vec::new(), Vec::new());
            if let Ok(mut inner) = inner { inner.finish(); log::info(\"inner: true\"); }
            let _ = stratbox_sdk::__private::describe::<Guest>();";
    strategy("", body)
}

/// Names that the entry points use.
fn shadows() -> Vec<Case> {
    vec![
        case(
            "macros_that_reach_the_entry_points",
            Expected::Nothing,
            || {
                let names = ["debug_assert", "unreachable", "assert_eq", "export_component", "vec", "todo"];
                let items: Vec<String> = names
                    .into_iter()
                    .map(|name| {
                        format!("macro_rules! {name} {{ ($($x:tt)*) => {{ compile_error!(\"shadowed\") }} }}")
                    })
                    .collect();
                within("#![macro_use]\n#![allow(unused_macros)]", &items.join("\n"), "log::info(\"in\");")
            },
            plain,
        ),
        case(
            "types_with_the_names_of_the_entry_points",
            Expected::Nothing,
            || {
                let items = "pub struct Component; pub struct Slot; pub mod bindings {} pub mod contract {} \
                             pub fn describe() {} pub fn init() {} pub static SLOT: u8 = 1;";
                strategy(items, "log::info(\"in\");")
            },
            plain,
        ),
        case(
            "a_strategy_that_is_another_type",
            Expected::Compile,
            || plain().replace("strategy!(Guest);", "pub type StratboxStrategy = u8;"),
            plain,
        ),
    ]
}
