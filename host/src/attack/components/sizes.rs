//! Too much of something: small files with large counts.

use super::guest::{
    COMPONENT, COMPONENT_HEADER, Guest, MODULE, MODULE_HEADER, TYPE, harmless, leb, times, with_component,
    with_module, with_raw_module, with_section,
};
use crate::attack::case::Case;

pub(super) fn cases() -> Vec<Case> {
    [memories(), lists(), parts(), claims()].into_iter().flatten().collect()
}

fn memories() -> Vec<Case> {
    vec![
        refused!(
            "memory_of_four_gigabytes",
            ["memories_too_large"],
            Guest { memory: "65536", ..Guest::default() }.build(),
            Guest { memory: "300 65536", ..Guest::default() }.build()
        ),
        refused!(
            "hundred_memories",
            ["too_many_memories"],
            with_module(&"(memory 1)".repeat(100)),
            with_module("(memory 1)")
        ),
        refused!(
            "memory_of_a_module_that_is_never_used",
            ["memories_too_large"],
            with_module("(memory 65536)"),
            with_module("(memory 900)")
        ),
        refused!(
            "table_of_ten_million_entries",
            ["tables_too_large"],
            with_module("(table 10000000 funcref)"),
            Guest { fields: "(table 19000 funcref)", ..Guest::default() }.build()
        ),
        refused!(
            "table_of_four_billion_entries",
            ["tables_too_large"],
            with_module("(table 0xffffffff funcref)"),
            with_module("(table 100 funcref)")
        ),
        refused!(
            "hundred_tables",
            ["too_many_tables"],
            with_module(&"(table 1 funcref)".repeat(100)),
            with_module("(table 1 funcref)")
        ),
        refused!(
            "forty_thousand_data_segments",
            ["too_many_data_segments"],
            data_segments(40_000),
            data_segments(900)
        ),
        refused!("three_megabytes_of_nothing", ["too_much_data"], zeros(3 << 20), zeros(1 << 20)),
        refused!(
            "hundred_thousand_element_segments",
            ["too_many_element_segments"],
            element_segments(100_000),
            element_segments(900)
        ),
        refused!("million_elements", ["too_many_elements"], elements(1_000_000), elements(30_000)),
    ]
}

fn data_segments(count: u64) -> Vec<u8> {
    let segments = [leb(count), [1, 0].repeat(count as usize)].concat();
    with_raw_module(&[(5, b"\x01\0\x01"), (12, &leb(count)), (11, &segments)])
}

fn zeros(bytes: usize) -> Vec<u8> {
    let segment = [&[1, 1][..], &leb(bytes as u64), &vec![0; bytes]].concat();
    with_raw_module(&[(5, b"\x01\0\x01"), (12, b"\x01"), (11, &segment)])
}

fn element_segments(count: u64) -> Vec<u8> {
    with_raw_module(&[(9, &[leb(count), [1, 0, 0].repeat(count as usize)].concat())])
}

fn elements(count: u64) -> Vec<u8> {
    let segment = [&[1, 1, 0][..], &leb(count), &vec![0; count as usize]].concat();
    with_raw_module(&[(1, b"\x01\x60\0\0"), (3, b"\x01\0"), (9, &segment), (10, b"\x01\x02\0\x0b")])
}

fn lists() -> Vec<Case> {
    vec![
        refused!("hundred_thousand_globals", ["too_many_globals"], globals(100_000), globals(1_900)),
        refused!(
            "hundred_thousand_core_types",
            ["too_many_core_types"],
            core_types(100_000),
            core_types(3_000)
        ),
        refused!(
            "ten_thousand_imports_of_a_module",
            ["too_many_imports"],
            with_module(&times(10_000, "(import \"a\" \"#\" (global i32))")),
            with_module(&times(1_000, "(import \"a\" \"#\" (global i32))"))
        ),
        refused!(
            "ten_thousand_exports_of_a_module",
            ["too_many_exports"],
            with_module(&format!("(func $f) {}", times(10_000, "(export \"#\" (func $f))"))),
            with_module(&format!("(func $f) {}", times(3_000, "(export \"#\" (func $f))")))
        ),
        refused!(
            "export_with_a_name_of_a_hundred_kilobytes",
            ["name_too_long"],
            with_module(&format!("(func (export \"{}\"))", "x".repeat(99_000))),
            with_module(&format!("(func (export \"{}\"))", "x".repeat(1_024)))
        ),
        refused!(
            "hundred_thousand_custom_sections",
            ["too_many_custom_sections"],
            custom_sections(100_000),
            custom_sections(100)
        ),
        refused!(
            "two_megabytes_of_custom_sections",
            ["custom_sections_too_large"],
            custom(2 << 20),
            custom(1_000_000)
        ),
    ]
}

fn globals(count: u64) -> Vec<u8> {
    with_raw_module(&[(6, &[leb(count), [0x7f, 0, 0x41, 0, 0x0b].repeat(count as usize)].concat())])
}

fn core_types(count: u64) -> Vec<u8> {
    with_raw_module(&[(1, &[leb(count), [0x60, 0, 0].repeat(count as usize)].concat())])
}

fn custom_sections(count: usize) -> Vec<u8> {
    [harmless(), [0, 1, 0].repeat(count)].concat()
}

fn custom(bytes: usize) -> Vec<u8> {
    with_section(harmless(), 0, &[&b"\x05debug"[..], &vec![0; bytes]].concat())
}

fn parts() -> Vec<Case> {
    vec![
        refused!(
            "thousand_modules",
            ["too_many_modules"],
            sections(MODULE, MODULE_HEADER, 1_000),
            sections(MODULE, MODULE_HEADER, 13)
        ),
        refused!(
            "thousand_components",
            ["too_many_components"],
            sections(COMPONENT, COMPONENT_HEADER, 1_000),
            sections(COMPONENT, COMPONENT_HEADER, 30)
        ),
        refused!(
            "three_thousand_components_inside_of_one_another",
            ["nested_too_deep", "too_many_components"],
            nested(3_000),
            nested(6)
        ),
        refused!(
            "ten_thousand_instances_of_a_module",
            ["too_many_instances", "too_many_instantiations"],
            instances(10_000),
            instances(10)
        ),
        refused!(
            "ten_thousand_instances_of_a_component",
            ["too_many_instances", "too_many_component_instantiations"],
            with_component(&format!("(component $c) {}", "(instance (instantiate $c))".repeat(10_000))),
            with_component(&format!("(component $c) {}", "(instance (instantiate $c))".repeat(50)))
        ),
        refused!(
            "ten_thousand_aliases",
            ["too_many_aliases"],
            with_component(&format!(
                "(type $t u8) (component {})",
                "(alias outer 1 $t (type))".repeat(10_000)
            )),
            with_component(&format!(
                "(type $t u8) (component {})",
                "(alias outer 1 $t (type))".repeat(1_000)
            ))
        ),
        refused!(
            "ten_thousand_functions_that_cross",
            ["too_many_canonical_functions"],
            crossing(10_000),
            crossing(900)
        ),
        refused!(
            "ten_thousand_types_of_components",
            ["too_many_component_types"],
            with_component(&"(type (list u8))".repeat(10_000)),
            with_component(&"(type (list u8))".repeat(3_000))
        ),
        refused!(
            "ten_thousand_imports_of_a_component",
            ["too_many_imports"],
            with_component(&times(10_000, "(import \"i#\" (func))")),
            with_component(&times(1_000, "(import \"i#\" (func))"))
        ),
        refused!(
            "memory_that_comes_to_life_a_hundred_times",
            ["too_many_memories", "memories_too_large", "too_many_instantiations"],
            with_component(&format!(
                "(core module $m (memory 900)) {}",
                "(core instance (instantiate $m))".repeat(100)
            )),
            with_component("(core module $m (memory 900)) (core instance (instantiate $m))")
        ),
    ]
}

fn sections(id: u8, content: &[u8], count: usize) -> Vec<u8> {
    (0..count).fold(harmless(), |component, _| with_section(component, id, content))
}

fn nested(levels: usize) -> Vec<u8> {
    let innermost = COMPONENT_HEADER.to_vec();
    let all =
        (1..levels).fold(innermost, |inner, _| with_section(COMPONENT_HEADER.to_vec(), COMPONENT, &inner));
    with_section(harmless(), COMPONENT, &all)
}

/// The module is instantiated for good, inside of the strategy.
fn instances(count: usize) -> Vec<u8> {
    let component = format!("(core module $m) {}", "(core instance (instantiate $m))".repeat(count));
    Guest { component: &component, ..Guest::default() }.build()
}

fn crossing(count: usize) -> Vec<u8> {
    with_component(&format!(
        "(import \"f\" (func $f)) {}",
        "(core func (canon lower (func $f)))".repeat(count)
    ))
}

/// Counts that no bytes stand behind: nothing may be made of them.
fn claims() -> Vec<Case> {
    vec![
        refused!("claim_of_four_billion_functions", ["too_many_functions"], claimed(3), harmless()),
        refused!("claim_of_four_billion_types", ["too_many_core_types"], claimed(1), harmless()),
        refused!("claim_of_four_billion_exports", ["too_many_exports"], claimed(7), harmless()),
        refused!("claim_of_four_billion_data_segments", ["too_many_data_segments"], claimed(11), harmless()),
        refused!(
            "claim_of_four_billion_declarations",
            ["too_many_component_types"],
            with_section(harmless(), TYPE, &[&[1, 0x42][..], &leb(u32::MAX.into())].concat()),
            harmless()
        ),
        refused!(
            "claim_of_a_gigabyte_of_data",
            ["too_much_data", "malformed"],
            with_raw_module(&[
                (5, b"\x01\0\x01"),
                (12, b"\x01"),
                (11, &[&[1, 1][..], &leb(1 << 30), &[0; 64]].concat())
            ]),
            zeros(100)
        ),
        refused!(
            "claim_of_a_function_of_four_gigabytes",
            ["function_too_large", "malformed"],
            with_raw_module(&[
                (1, b"\x01\x60\0\0"),
                (3, b"\x01\0"),
                (10, &[&[1][..], &leb(u32::MAX.into()), &[0; 64]].concat())
            ]),
            harmless()
        ),
    ]
}

/// A core module with a section that claims to have as many of something as can be written.
fn claimed(section: u8) -> Vec<u8> {
    with_raw_module(&[(section, &[&leb(u32::MAX.into())[..], &[0; 8]].concat())])
}
