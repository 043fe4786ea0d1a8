//! Other files, read by the compiler: none may be read, shown, or known to exist.

use super::told::names_no_place;
use super::{Bypassed, Case, Expected, refused, strategy, within};

const RULE: (&str, Bypassed) = ("reads_a_file", Bypassed::Compile);
const SECOND: (&str, Bypassed) = ("second_file", Bypassed::Compile);

pub(super) fn cases() -> Vec<Case> {
    let mut all = read();
    all.extend(modules());
    all.extend(unseen());
    all.extend(own());
    all
}

/// Without the attack: the text is in the source.
fn constant() -> String {
    strategy("const TEXT: &str = \"text\";", "log::info(TEXT);")
}

fn text_of(call: &str) -> String {
    strategy(&format!("const TEXT: &str = {call};"), "log::info(TEXT);")
}

/// What the gate refuses. The compiler's jail cannot read the first ones; of the others it can.
fn read() -> Vec<Case> {
    vec![
        refused("include_str_of_a_file", RULE, || text_of("include_str!(\"/etc/passwd\")"), constant),
        refused("include_str_of_a_process", RULE, || text_of("include_str!(\"/proc/self/maps\")"), constant),
        refused(
            "include_str_through_concat",
            RULE,
            || text_of("include_str!(concat!(\"/etc/\", \"passwd\"))"),
            constant,
        ),
        refused("include_str_as_a_raw_name", RULE, || text_of("r#include_str!(\"/etc/passwd\")"), constant),
        refused(
            "include_bytes_without_an_end",
            RULE,
            || {
                strategy(
                    "const BYTES: &[u8] = include_bytes!(\"/dev/zero\");",
                    "log::info(format!(\"{}\", BYTES.len()));",
                )
            },
            constant,
        ),
        refused(
            "include_of_an_environment",
            RULE,
            || strategy("include!(\"/proc/self/environ\");", "log::info(\"in\");"),
            constant,
        ),
        refused(
            "include_str_under_another_name",
            RULE,
            || {
                strategy(
                    "use core::include_str as text;\nconst TEXT: &str = text!(\"/etc/passwd\");",
                    "log::info(TEXT);",
                )
            },
            constant,
        ),
        refused(
            "include_str_out_of_a_macro",
            RULE,
            || {
                let items = "macro_rules! read { ($path:literal) => { include_str!($path) } }\n\
                             const TEXT: &str = read!(\"/etc/passwd\");";
                strategy(items, "log::info(TEXT);")
            },
            constant,
        ),
        refused(
            "include_str_as_documentation",
            RULE,
            || {
                strategy(
                    "#[doc = include_str!(\"/etc/ld.so.cache\")]\npub struct Documented;",
                    "log::info(\"in\");",
                )
            },
            constant,
        ),
        refused(
            "include_str_of_what_the_jail_reads",
            RULE,
            || text_of("include_str!(\"/usr/lib/os-release\")"),
            constant,
        )
        .also(tells_no_system),
        refused(
            "include_bytes_of_what_the_jail_reads",
            RULE,
            || {
                strategy(
                    "const BYTES: &[u8] = include_bytes!(\"/etc/ld.so.cache\");",
                    "log::info(format!(\"{BYTES:?}\"));",
                )
            },
            constant,
        ),
        refused(
            "a_file_as_an_error",
            RULE,
            || strategy("compile_error!(include_str!(\"/usr/lib/os-release\"));", "log::info(\"in\");"),
            constant,
        )
        .also(tells_no_system),
        refused(
            "a_byte_of_a_file_as_a_length",
            RULE,
            || {
                let items =
                    "const BYTE: [(); 0] = [(); include_bytes!(\"/usr/lib/os-release\")[0] as usize];";
                strategy(items, "log::info(format!(\"{BYTE:?}\"));")
            },
            constant,
        )
        .also(tells_no_length),
        refused(
            "a_file_as_code_that_does_not_parse",
            RULE,
            || strategy("include!(\"/usr/lib/os-release\");", "log::info(\"in\");"),
            constant,
        )
        .also(tells_no_system),
        refused(
            "a_macro_that_is_never_used",
            ("reads_a_file", Bypassed::Harmless),
            || strategy("macro_rules! never { () => { include!(\"/etc/passwd\"); } }", "log::info(\"out\");"),
            constant,
        ),
        refused(
            "a_constant_that_is_configured_out",
            ("reads_a_file", Bypassed::Harmless),
            || {
                strategy(
                    "#[cfg(false)]\nconst TEXT: &str = include_str!(\"/etc/passwd\");",
                    "log::info(\"out\");",
                )
            },
            constant,
        ),
    ]
}

fn in_a_module() -> String {
    strategy("mod other { pub fn number() -> u8 { 1 } }", "log::info(format!(\"{}\", other::number()));")
}

fn modules() -> Vec<Case> {
    vec![
        refused("a_second_file", SECOND, || strategy("mod other;", "log::info(\"in\");"), in_a_module),
        refused(
            "a_module_at_a_path",
            SECOND,
            || strategy("#[path = \"/etc/passwd\"] mod other;", "log::info(\"in\");"),
            in_a_module,
        ),
        refused(
            "a_module_at_a_path_of_modules",
            SECOND,
            || {
                strategy(
                    "#[path = \"/usr/lib\"] mod a { #[path = \"os-release\"] mod b; }",
                    "log::info(\"in\");",
                )
            },
            in_a_module,
        )
        .also(tells_no_system),
        refused(
            "a_module_at_a_path_behind_a_condition",
            SECOND,
            || {
                strategy(
                    "#[cfg_attr(all(), path = \"/usr/lib/os-release\")] mod other;",
                    "log::info(\"in\");",
                )
            },
            in_a_module,
        )
        .also(tells_no_system),
    ]
}

/// What the gate does not see, since it expands no macros, or does not know: the compiler's own list of files does.
fn unseen() -> Vec<Case> {
    let forwarded = || {
        let items = "macro_rules! call { ($name:ident, $path:literal) => { $name!{$path} } }\n\
                     call!(include, \"/usr/lib/os-release\");";
        strategy(items, "log::info(\"in\");")
    };
    let there = || {
        let items = "macro_rules! call { ($name:ident, $path:literal) => { $name!{$path} } }\n\
                     call!(include, \"/etc/shadow\");";
        strategy(items, "log::info(\"in\");")
    };
    vec![
        super::case("include_as_an_argument_of_a_macro", Expected::Compile, forwarded, in_a_module)
            .also(tells_no_system),
        super::case("whether_a_file_exists", Expected::Compile, there, in_a_module).also(tells_no_existence),
        super::case(
            "a_visualizer_for_debuggers",
            Expected::Compile,
            || {
                within(
                    "#![debugger_visualizer(gdb_script_file = \"/usr/lib/os-release\")]",
                    "",
                    "log::info(\"in\");",
                )
            },
            constant,
        ),
        super::case(
            "a_visualizer_of_an_inner_module",
            Expected::Compile,
            || {
                let items = "pub mod a { #![debugger_visualizer(natvis_file = \"/etc/ld.so.cache\")] }";
                strategy(items, "log::info(\"in\");")
            },
            constant,
        ),
    ]
}

/// Files of the compilation itself: its own text is the author's, the entry points are everybody's.
fn own() -> Vec<Case> {
    vec![
        refused(
            "include_str_of_the_entry_points",
            ("reads_a_file", Bypassed::Harmless),
            || text_of("include_str!(\".entry.rs\")"),
            constant,
        )
        .also(names_no_place),
        refused(
            "include_str_of_what_the_compiler_writes",
            RULE,
            || text_of("include_str!(\"component.d\")"),
            constant,
        )
        .also(names_no_place),
        super::case(
            "the_entry_points_once_more",
            Expected::Compile,
            || {
                let items = "macro_rules! call { ($name:ident, $path:literal) => { $name!{$path} } }\n\
                             mod again { call!(include, \".entry.rs\"); }";
                strategy(items, "log::info(\"in\");")
            },
            constant,
        )
        .also(names_no_place),
    ]
}

/// Words of a file that describes the system.
fn tells_no_system(told: &super::Told) -> Result<(), String> {
    super::told::contains_none(
        told,
        &["NAME=", "VERSION_ID", "https://", "debian", "Debian", "Ubuntu", "Fedora"],
    )
}

fn tells_no_length(told: &super::Told) -> Result<(), String> {
    super::told::contains_none(told, &["actual array length", "found one with a size", "found an array"])
}

/// Whether there is a file must not make a difference: these are the system's words for one that is there and for one that is not.
fn tells_no_existence(told: &super::Told) -> Result<(), String> {
    super::told::contains_none(told, &["Permission denied", "No such file", "os error"])
}
