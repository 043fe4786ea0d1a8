//! Ends of a run that are meant to be confused, hidden, or to outlive it.

use super::told::{is_plain, logged};
use super::{Case, Expected, case, plain, strategy};

pub(super) fn cases() -> Vec<Case> {
    let mut all = panics();
    all.extend(resources());
    all.extend(leftovers());
    all
}

fn panics() -> Vec<Case> {
    vec![
        case(
            "a_panic_that_is_hidden",
            Expected::Fault(&["panic", "trap"]),
            || strategy("", "std::panic::set_hook(Box::new(|_| {})); panic!(\"seen\");"),
            plain,
        ),
        case(
            "a_panic_that_is_caught",
            Expected::Fault(&["panic"]),
            || strategy("", "let _ = std::panic::catch_unwind(|| panic!(\"seen\")); log::info(\"alive\");"),
            plain,
        ),
        case(
            "a_panic_in_a_panic",
            Expected::Fault(&["panic", "trap"]),
            || strategy("", "std::panic::set_hook(Box::new(|_| panic!(\"again\"))); panic!(\"seen\");"),
            plain,
        ),
        case(
            "a_panic_that_never_ends",
            Expected::Fault(&["fuel"]),
            || {
                strategy(
                    "",
                    "std::panic::set_hook(Box::new(|_| loop { std::hint::black_box(0); })); panic!(\"seen\");",
                )
            },
            plain,
        ),
        case(
            "a_panic_of_megabytes",
            Expected::Fault(&["panic"]),
            || strategy("", "panic!(\"{}\", \"seen\".repeat(1 << 20));"),
            plain,
        )
        .also(is_plain),
        case(
            "a_panic_of_no_text",
            Expected::Fault(&["panic", "trap"]),
            || strategy("", "std::panic::panic_any(7_u8);"),
            plain,
        ),
        case(
            "a_panic_at_a_drop",
            Expected::Fault(&["panic", "trap"]),
            || {
                let items = "struct Bomb; impl Drop for Bomb { fn drop(&mut self) { panic!(\"dropped\"); } }";
                strategy(items, "let _bomb = Bomb; panic!(\"first\");")
            },
            plain,
        ),
        case(
            "a_panic_while_shown",
            Expected::Fault(&["panic"]),
            || {
                let items = "struct Shown; impl std::fmt::Display for Shown {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { panic!(\"shown\") } }";
                strategy(items, "log::info(format!(\"{Shown}\"));")
            },
            plain,
        ),
        case(
            "an_error_that_shows_itself_forever",
            Expected::Fault(&["stack", "trap", "fuel"]),
            || {
                let items = "struct Own; impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, \"{:?}{:?}\", self, self) } }";
                strategy(items, "log::info(format!(\"{Own:?}\"));")
            },
            plain,
        ),
        case(
            "an_instruction_that_traps",
            Expected::Fault(&["trap", "panic"]),
            || strategy("", "core::arch::wasm32::unreachable();"),
            plain,
        ),
    ]
}

fn resources() -> Vec<Case> {
    vec![
        case(
            "memory_without_an_end",
            Expected::Fault(&["memory"]),
            || strategy("", "let mut all = Vec::new(); loop { all.push(std::hint::black_box(vec![1_u8; 1 << 20])); }"),
            plain,
        ),
        case(
            "memory_asked_for_by_instruction",
            Expected::Nothing,
            || strategy("", "let grown = core::arch::wasm32::memory_grow::<0>(60_000); log::info(format!(\"{grown}\"));"),
            plain,
        )
        .also(|told| logged(told, "4294967295")),
        case(
            "a_value_of_a_gibibyte",
            Expected::Fault(&["memory", "stack", "trap"]),
            || strategy("", "let all = std::hint::black_box(Box::new([1_u8; 1 << 30])); log::info(format!(\"{}\", all[7]));"),
            plain,
        ),
        case(
            "half_a_gibibyte_on_the_stack",
            Expected::Fault(&["stack", "trap", "memory", "fuel"]),
            || strategy("", "let all = std::hint::black_box([1_u8; 1 << 29]); log::info(format!(\"{}\", all[self.bars as usize]));"),
            plain,
        ),
        case(
            "a_capacity_that_overflows",
            Expected::Fault(&["panic", "memory", "trap"]),
            || strategy("", "let all: Vec<u64> = Vec::with_capacity(usize::MAX / 4 + self.bars as usize); log::info(format!(\"{}\", all.len()));"),
            plain,
        ),
        case(
            "calls_without_an_end",
            Expected::Fault(&["stack", "trap"]),
            || {
                let items = "#[allow(unconditional_recursion)] fn deep(n: u64) -> u64 { let a = std::hint::black_box([n; 64]); a[(n % 64) as usize] + deep(n + 1) }";
                strategy(items, "log::info(format!(\"{}\", deep(self.bars)));")
            },
            plain,
        ),
        case(
            "work_without_an_end",
            Expected::Fault(&["fuel"]),
            || strategy("", "loop { std::hint::black_box(0); }"),
            plain,
        ),
    ]
}

/// What a run leaves behind must not reach the next one, which the harness starts to compare.
fn leftovers() -> Vec<Case> {
    vec![
        case(
            "a_count_in_a_static",
            Expected::Nothing,
            || {
                let items = "static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);";
                strategy(items, "log::info(format!(\"count {}\", COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));")
            },
            plain,
        )
        .also(|told| logged(told, "count 0")),
        case(
            "a_destructor_of_a_thread",
            Expected::Nothing,
            || {
                let items = "struct Last; impl Drop for Last { fn drop(&mut self) { panic!(\"dropped\"); } }
thread_local! { static LAST: Last = const { Last }; }";
                strategy(items, "LAST.with(|_| log::info(\"kept\"));")
            },
            plain,
        )
        .also(|told| logged(told, "kept")),
    ]
}
