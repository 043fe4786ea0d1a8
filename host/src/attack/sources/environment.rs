//! What the compiler could tell of the machine that it runs on.

use super::told::{contains_none, names_no_place};
use super::{Bypassed, Case, Expected, Told, case, refused, strategy};

const RULE: &str = "reads_the_environment";

pub(super) fn cases() -> Vec<Case> {
    vec![
        refused("env_of_home", (RULE, Bypassed::Compile), || constant("env!(\"HOME\")"), || constant("\"text\"")),
        refused("env_of_the_cache", (RULE, Bypassed::Compile), || constant("env!(\"STRATBOX_CACHE\")"), || constant("\"text\"")),
        refused(
            "option_env_of_the_path",
            (RULE, Bypassed::Compile),
            || strategy("", "log::info(format!(\"{:?}\", (option_env!(\"PATH\"), option_env!(\"CARGO_MANIFEST_DIR\"))));"),
            || constant("\"text\""),
        )
        .also(says_nothing_of_variables),
        refused(
            "option_env_of_the_work_directory",
            (RULE, Bypassed::Compile),
            || strategy("", "log::info(format!(\"{:?}\", option_env!(\"TMPDIR\")));"),
            || constant("\"text\""),
        )
        .also(names_no_place),
        case(
            "the_work_directory_as_an_error",
            Expected::Compile,
            || {
                let items = "macro_rules! call { ($name:ident, $of:literal) => { $name!($of) } }\n\
                             compile_error!(call!(env, \"TMPDIR\"));";
                strategy(items, "log::info(\"in\");")
            },
            || constant("\"text\""),
        )
        .also(names_no_place),
        case("env_as_an_argument_of_a_macro", Expected::Compile, forwarded, || constant("\"text\"")).also(names_no_place),
        case(
            "the_names_of_places_in_code",
            Expected::Nothing,
            || {
                let items = "#[track_caller] fn place() -> String { format!(\"{:?}\", std::panic::Location::caller()) }";
                let body = "log::info(format!(\"{} {} {} {} {}\", file!(), line!(), module_path!(), \
                            std::any::type_name::<Guest>(), place()));";
                strategy(items, body)
            },
            super::plain,
        )
        .also(names_no_place),
        case(
            "the_place_of_a_panic_in_the_library",
            Expected::Fault(&["panic"]),
            || strategy("", "let none: Vec<u8> = Vec::new(); let _ = none.chunks(self.bars as usize - 8).count();"),
            super::plain,
        )
        .also(names_no_place),
        case(
            "the_place_of_a_panic_in_the_sdk",
            Expected::Fault(&["panic"]),
            || strategy("", "let _ = Sma::new(self.bars as usize - 8).update(1.0);"),
            super::plain,
        )
        .also(names_no_place),
        case(
            "the_paths_in_an_error_about_the_sdk",
            Expected::Compile,
            || strategy("", "let _ = broker.submit(1); let _: Sma = Ema::new(1); log::info(7); let _ = Window::new(1).nothing();"),
            super::plain,
        )
        .also(names_no_place),
    ]
}

fn constant(value: &str) -> String {
    strategy(&format!("const TEXT: &str = {value};"), "log::info(TEXT);")
}

/// The gate expands no macro, and `env` alone is a name like others.
fn forwarded() -> String {
    let items = "macro_rules! call { ($name:ident, $of:literal) => { $name!($of) } }\n\
                 const TEXT: &str = call!(env, \"TMPDIR\");";
    strategy(items, "log::info(TEXT);")
}

fn says_nothing_of_variables(told: &Told) -> Result<(), String> {
    names_no_place(told)?;
    match told {
        Told::Ran { .. } => contains_none(told, &["Some("]),
        Told::Refused(_) => Ok(()),
    }
}
