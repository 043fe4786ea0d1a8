//! Imports that a strategy must not have, and exports that are not the contract's.

use super::case;
use super::guest::{EXPORT, Guest, changed, harmless, leb, with_section};
use crate::attack::case::{Case, Expected};

pub(super) fn cases() -> Vec<Case> {
    [system(), engine(), types(), exports(), disguises()].into_iter().flatten().collect()
}

/// A strategy that imports an instance of this name, with this inside.
fn importing(name: &str, exports: &str) -> Vec<u8> {
    Guest { imports: &format!("(import \"{name}\" (instance {exports}))"), ..Guest::default() }.build()
}

fn system() -> Vec<Case> {
    let refused = Expected::Component(&["system_import"]);
    vec![
        case("import_of_files", refused, || importing("wasi:filesystem/preopens@0.2.0", "")),
        case("import_of_the_file_system_s_types", refused, || {
            importing("wasi:filesystem/types@0.2.6", "(export \"descriptor\" (type (sub resource)))")
        }),
        case("import_of_random_numbers", refused, || {
            importing("wasi:random/random@0.2.0", "(export \"get-random-u64\" (func (result u64)))")
        }),
        case("import_of_insecure_random_numbers", refused, || {
            importing("wasi:random/insecure-seed@0.2.0", "")
        }),
        case("import_of_a_clock", refused, || {
            importing("wasi:clocks/monotonic-clock@0.2.0", "(export \"now\" (func (result u64)))")
        }),
        case("import_of_the_wall_clock", refused, || importing("wasi:clocks/wall-clock@0.2.0", "")),
        case("import_of_the_network", refused, || importing("wasi:sockets/tcp-create-socket@0.2.0", "")),
        case("import_of_http", refused, || importing("wasi:http/outgoing-handler@0.2.0", "")),
        case("import_of_the_environment", refused, || {
            importing(
                "wasi:cli/environment@0.2.0",
                "(export \"get-environment\" (func (result (list (tuple string string)))))",
            )
        }),
        case("import_of_standard_output", refused, || importing("wasi:cli/stdout@0.2.0", "")),
        case("import_of_exit", refused, || importing("wasi:cli/exit@0.2.0", "")),
        case("import_of_threads_of_the_system", refused, || importing("wasi:thread/spawn", "")),
    ]
}

fn engine() -> Vec<Case> {
    let refused = Expected::Component(&["unknown_import"]);
    vec![
        case("import_of_the_recorder", refused, || {
            importing(
                "stratbox:engine/recorder@0.1.0",
                "(export \"equity\" (func (param \"values\" (list f64))))",
            )
        }),
        case("import_of_the_bars_to_come", refused, || {
            importing(
                "stratbox:engine/market@0.1.0",
                "(export \"read\" (func (param \"start\" u64) (param \"count\" u32)))",
            )
        }),
        case("import_of_the_venue_s_control", refused, || {
            importing("stratbox:engine/control@0.1.0", "(export \"close\" (func))")
        }),
        case("import_of_the_simulation", refused, || importing("stratbox:engine/simulation@0.1.0", "")),
        case("import_of_the_strategy_itself", refused, || {
            importing("stratbox:strategy/strategy@0.1.0", "(export \"finish\" (func))")
        }),
        case("import_of_a_plain_function", refused, || {
            Guest { imports: "(import \"system\" (func (param \"command\" string)))", ..Guest::default() }
                .build()
        }),
        case("import_of_a_module", refused, || {
            Guest { imports: "(import \"code\" (core module))", ..Guest::default() }.build()
        }),
        case("import_of_a_component", refused, || {
            Guest { imports: "(import \"code\" (component))", ..Guest::default() }.build()
        }),
        case("import_by_address", refused, || importing("url=<https://example.org/x.wasm>", "")),
        case("import_by_digest", refused, || {
            importing("integrity=<sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=>", "")
        }),
        case("import_of_a_dependency", refused, || importing("unlocked-dep=<stratbox:strategy>", "")),
        case("import_of_a_hundred_unknown_interfaces", refused, || {
            let imports: String = (0..100).map(|n| format!("(import \"a:b{n}/c\" (instance))")).collect();
            Guest { imports: &imports, ..Guest::default() }.build()
        }),
    ]
}

fn types() -> Vec<Case> {
    let wrong = Expected::Component(&["wrong_type"]);
    vec![
        case("log_that_takes_bytes", wrong, || {
            changed(
                "(param \"message\" string)))\n    (export \"panicked\"",
                "(param \"message\" (list u8))))\n    (export \"panicked\"",
            )
        }),
        case("log_that_counts_lines_below_zero", wrong, || {
            changed("(param \"line\" u32)", "(param \"line\" s32)")
        }),
        case("types_with_a_function", wrong, || {
            let import = "(import \"stratbox:strategy/types@0.1.0\" (instance $types";
            changed(import, &format!("{import} (export \"secret\" (func (result string)))"))
        }),
        case("broker_with_one_more_function", wrong, || {
            let account = "(export \"account\" (func (result $account-state)))";
            changed(account, &format!("{account} (export \"set-cash\" (func (param \"cash\" f64)))"))
        }),
        case("bar_that_opens_at_its_close", wrong, || {
            changed(
                "(field \"open\" f64) (field \"high\" f64) (field \"low\" f64)\n      (field \"close\" f64)",
                "(field \"close\" f64) (field \"high\" f64) (field \"low\" f64)\n      (field \"open\" f64)",
            )
        }),
        case("sides_the_other_way_round", wrong, || {
            changed("(enum \"buy\" \"sell\")", "(enum \"sell\" \"buy\")")
        }),
        case("log_that_is_a_function", Expected::Component(&["wrong_type", "invalid"]), || {
            assemble_plain("(import \"stratbox:strategy/log@0.1.0\" (func))")
        }),
    ]
}

fn assemble_plain(fields: &str) -> Vec<u8> {
    super::guest::assemble(&format!(
        "(component {fields} (instance $i) (export \"stratbox:strategy/strategy@0.1.0\" (instance $i)))"
    ))
}

fn exports() -> Vec<Case> {
    let refused = Expected::Component;
    vec![
        case("no_export", refused(&["missing_export"]), || {
            changed("(export \"stratbox:strategy/strategy@0.1.0\" (instance $strategy))", "")
        }),
        case("export_of_a_later_contract", refused(&["other_contract_version"]), || {
            changed("strategy/strategy@0.1.0", "strategy/strategy@0.2.0")
        }),
        case("export_of_a_later_patch_of_the_contract", refused(&["other_contract_version"]), || {
            changed("strategy/strategy@0.1.0", "strategy/strategy@0.1.1")
        }),
        case("export_under_another_name", refused(&["missing_export"]), || {
            changed("stratbox:strategy/strategy@0.1.0", "stratbox:strategy/strategies@0.1.0")
        }),
        case("export_that_is_empty", refused(&["wrong_type"]), || assemble_plain("")),
        case("export_without_finish", refused(&["wrong_type"]), || {
            changed("(export \"finish\" (func $finish))", "")
        }),
        case("export_of_a_function_as_another", refused(&["wrong_type"]), || {
            changed("(export \"finish\" (func $finish))", "(export \"finish\" (func $describe))")
        }),
        case("export_that_is_a_component", refused(&["wrong_type"]), || {
            super::guest::assemble(
                "(component (component $c) (export \"stratbox:strategy/strategy@0.1.0\" (component $c)))",
            )
        }),
        case("same_export_twice", refused(&["invalid", "malformed"]), || {
            with_section(harmless(), EXPORT, &export("stratbox:strategy/strategy@0.1.0"))
        }),
        super::beside(
            "seventeen_exports",
            refused(&["too_many_surface_exports"]),
            || spare_exports(16),
            || spare_exports(15),
        ),
    ]
}

/// A section that exports the first instance, the types, under a name.
fn export(name: &str) -> Vec<u8> {
    [&[1, 0][..], &leb(name.len() as u64), name.as_bytes(), &[5, 0, 0]].concat()
}

fn spare_exports(count: u32) -> Vec<u8> {
    (0..count).fold(harmless(), |component, number| {
        with_section(component, EXPORT, &export(&format!("spare-{number}")))
    })
}

/// Names of the engine on things of its own: nobody listens to them.
fn disguises() -> Vec<Case> {
    vec![
        case("export_of_a_simulation_of_its_own", Expected::Nothing, || {
            posing("stratbox:engine/simulation@0.1.0")
        }),
        case("export_of_a_venue_s_control_of_its_own", Expected::Nothing, || {
            posing("stratbox:engine/control@0.1.0")
        }),
        case("export_of_a_broker_of_its_own", Expected::Nothing, || posing("stratbox:strategy/broker@0.1.0")),
        case("export_of_bars_of_its_own", Expected::Nothing, || posing("stratbox:engine/market@0.1.0")),
        case("export_of_a_log_of_its_own", Expected::Nothing, || posing("stratbox:strategy/log@0.1.0")),
    ]
}

/// A strategy that also exports an instance with functions that trap, by the names of the engine's own.
fn posing(name: &str) -> Vec<u8> {
    let component = format!(
        "(core module $trap (func (export \"f\") (unreachable)))
        (core instance $trap (instantiate $trap))
        (func $trap (canon lift (core func $trap \"f\")))
        (instance $posing (export \"run\" (func $trap)) (export \"describe\" (func $trap)) (export \"open\" (func $trap))
            (export \"read\" (func $trap)) (export \"write\" (func $trap)) (export \"submit\" (func $trap)))
        (export \"{name}\" (instance $posing))"
    );
    Guest { component: &component, ..Guest::default() }.build()
}
