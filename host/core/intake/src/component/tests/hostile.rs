//! Small files that would make the validator or the engine work for hours, or fall over; each next to what it imitates.

use super::sample::{
    COMPONENT, TYPE, leb, strategy, times, with_component, with_module, with_raw_module, with_section,
};
use super::{accepted, refusal};
use crate::component::{ComponentLimits, Profile, inspect};

#[test]
fn fifty_thousand_locals_are_refused_and_five_thousand_are_not() {
    let function = |groups: &[u64]| {
        let locals: Vec<u8> = groups.iter().flat_map(|count| [leb(*count), vec![0x7f]].concat()).collect();
        let body = [leb(groups.len() as u64), locals, vec![0x0b]].concat();
        let code = [leb(1), leb(body.len() as u64), body].concat();
        with_raw_module(&[(1, b"\x01\x60\0\0"), (3, b"\x01\0"), (10, &code)])
    };
    assert_eq!(accepted(&function(&[5_000])).locals, 5_000);
    assert_eq!(accepted(&function(&[2_500, 2_500])).locals, 5_000);
    for groups in [&[50_000][..], &[5_001], &[2_500, 2_501], &[u32::MAX.into()]] {
        assert_eq!(refusal(&function(groups)).rule, "too_many_locals");
    }
}

#[test]
fn a_thousand_parameters_are_refused_and_so_are_sixty_of_very_many_functions() {
    let typed = |parameters: usize, functions: u64| {
        let ty = [vec![1, 0x60], leb(parameters as u64), vec![0x7f; parameters], vec![0]].concat();
        let declared = [leb(functions), vec![0; functions as usize]].concat();
        let bodies = [leb(functions), [2, 0, 0x0b].repeat(functions as usize)].concat();
        with_raw_module(&[(1, &ty), (3, &declared), (10, &bodies)])
    };
    assert_eq!(accepted(&typed(64, 10)).parameters, 64);
    assert_eq!(refusal(&typed(1_000, 10)).rule, "too_many_parameters");
    accepted(&typed(12, 19_900));
    assert_eq!(refusal(&typed(60, 19_900)).rule, "too_many_signature_values");
    assert_eq!(refusal(&typed(0, 20_001)).rule, "too_many_functions");
}

#[test]
fn tables_and_memories_are_limited_in_sum() {
    accepted(&with_module("(table 10000 funcref)"));
    assert_eq!(refusal(&with_module("(table 10000000 funcref)")).rule, "tables_too_large");
    assert_eq!(refusal(&with_module("(table 15000 funcref) (table 15000 funcref)")).rule, "tables_too_large");
    accepted(&with_module("(memory 900)"));
    for memory in ["(memory 65536)", "(memory 961)", "(memory 1000 65536)"] {
        assert_eq!(refusal(&with_module(memory)).rule, "memories_too_large");
    }
    let roomy = ComponentLimits { memories: 100, ..ComponentLimits::default() };
    let inspect = |pages: u32| {
        let memories = times(9, &format!("(memory {pages})"));
        inspect(&with_module(&memories), &roomy, Profile::Strict)
    };
    assert!(inspect(100).is_ok());
    assert_eq!(inspect(110).unwrap_err().rule, "memories_too_large");
    assert_eq!(refusal(&with_module("(memory 1) (memory 1)")).rule, "too_many_memories");
}

#[test]
fn a_growing_memory_is_no_reason_to_refuse() {
    accepted(&with_module("(memory 1 65536)"));
}

#[test]
fn a_jump_table_with_a_million_targets_is_refused() {
    let jumps = |targets: usize| {
        with_module(&format!("(func (br_table {} (i32.const 0)))", "0 ".repeat(targets + 1)))
    };
    assert_eq!(accepted(&jumps(8_192)).jump_targets, 8_192);
    assert_eq!(refusal(&jumps(8_193)).rule, "too_many_jump_targets");
    let roomy = ComponentLimits { function_bytes: 4 << 20, ..ComponentLimits::default() };
    let refusal = inspect(&jumps(1_000_000), &roomy, Profile::Strict).unwrap_err();
    assert_eq!(refusal.rule, "too_many_jump_targets");
}

#[test]
fn a_function_of_seven_megabytes_is_refused_even_where_the_file_may_have_twenty() {
    let roomy = ComponentLimits { bytes: 20 << 20, ..ComponentLimits::default() };
    let nops = |count: usize| {
        let body = [vec![0], vec![0x01; count], vec![0x0b]].concat();
        let code = [leb(1), leb(body.len() as u64), body].concat();
        let component = with_raw_module(&[(1, b"\x01\x60\0\0"), (3, b"\x01\0"), (10, &code)]);
        inspect(&component, &roomy, Profile::Strict)
    };
    assert_eq!(nops((256 << 10) - 2).unwrap().function_bytes, 256 << 10);
    assert_eq!(nops((256 << 10) - 1).unwrap_err().rule, "function_too_large");
    assert_eq!(nops(7_000_000).unwrap_err().rule, "function_too_large");
}

#[test]
fn blocks_inside_of_one_another_are_refused_before_they_get_deep() {
    let blocks =
        |depth: usize| with_module(&format!("(func {}{})", "block ".repeat(depth), "end ".repeat(depth)));
    assert_eq!(accepted(&blocks(2_000)).control_depth, 2_000);
    assert_eq!(refusal(&blocks(2_001)).rule, "blocks_nested_too_deep");
    let roomy = ComponentLimits { function_bytes: 4 << 20, ..ComponentLimits::default() };
    let refusal = inspect(&blocks(500_000), &roomy, Profile::Strict).unwrap_err();
    assert_eq!(refusal.rule, "blocks_nested_too_deep");
}

#[test]
fn a_name_of_a_hundred_kilobytes_is_refused() {
    let named = |length: usize| with_module(&format!("(func (export \"{}\"))", "x".repeat(length)));
    assert_eq!(accepted(&named(1_024)).name_bytes, 1_024);
    assert_eq!(refusal(&named(1_025)).rule, "name_too_long");
    assert_eq!(refusal(&named(99_000)).rule, "name_too_long");
    let label = "x".repeat(1_025);
    assert_eq!(refusal(&with_component(&format!("(type (enum \"{label}\"))"))).rule, "name_too_long");
}

#[test]
fn a_data_set_is_no_strategy_and_debug_information_is_stripped() {
    let data =
        |bytes: usize| with_module(&format!("(memory 100) (data (i32.const 0) \"{}\")", "0".repeat(bytes)));
    let roomy = ComponentLimits { memories: 9, ..ComponentLimits::default() };
    assert!(inspect(&data(1 << 20), &roomy, Profile::Strict).is_ok());
    assert_eq!(inspect(&data(3 << 20), &roomy, Profile::Strict).unwrap_err().rule, "too_much_data");
    let custom = |bytes: usize| with_section(strategy(), 0, &[&b"\x05debug"[..], &vec![0; bytes]].concat());
    accepted(&custom(1_000_000));
    assert_eq!(refusal(&custom(2_000_000)).rule, "custom_sections_too_large");
}

#[test]
fn a_count_that_no_bytes_stand_behind_is_refused_before_anything_is_made_of_it() {
    let claims = [&leb(u32::MAX.into())[..], &[0; 8]].concat();
    let rules = [
        (1, "too_many_core_types"),
        (2, "too_many_imports"),
        (3, "too_many_functions"),
        (4, "too_many_tables"),
        (5, "too_many_memories"),
        (6, "too_many_globals"),
        (7, "too_many_exports"),
        (9, "too_many_element_segments"),
        (11, "too_many_data_segments"),
    ];
    for (section, rule) in rules {
        assert_eq!(refusal(&with_raw_module(&[(section, &claims)])).rule, rule);
    }
    let group = [&[1, 0x4e][..], &leb(900_000), &[0x60, 0, 0]].concat();
    assert_eq!(refusal(&with_raw_module(&[(1, &group)])).rule, "too_many_core_types");
    let rules = [
        (2, "too_many_instances"),
        (3, "too_many_core_types"),
        (5, "too_many_instances"),
        (6, "too_many_aliases"),
        (7, "too_many_component_types"),
        (8, "too_many_canonical_functions"),
        (10, "too_many_imports"),
        (11, "too_many_exports"),
    ];
    for (section, rule) in rules {
        assert_eq!(refusal(&with_section(strategy(), section, &claims)).rule, rule);
    }
    for holder in [0x41, 0x42] {
        let declarations = [&[1, holder][..], &leb(1_000_000)].concat();
        assert_eq!(refusal(&with_section(strategy(), TYPE, &declarations)).rule, "too_many_component_types");
    }
    let module_type = [&[1, 0x50][..], &leb(100_000)].concat();
    assert_eq!(refusal(&with_section(strategy(), 3, &module_type)).rule, "too_many_core_types");
}

#[test]
fn components_inside_of_one_another_are_refused_before_they_get_deep() {
    let nested = |levels: usize| {
        let innermost = b"\0asm\x0d\0\x01\0".to_vec();
        let component = (1..levels)
            .fold(innermost, |inner, _| with_section(b"\0asm\x0d\0\x01\0".to_vec(), COMPONENT, &inner));
        with_section(strategy(), COMPONENT, &component)
    };
    assert_eq!(accepted(&nested(6)).nesting, 6);
    assert_eq!(refusal(&nested(7)).rule, "nested_too_deep");
    assert_eq!(refusal(&nested(3_000)).rule, "nested_too_deep");
}

#[test]
fn types_written_inside_of_one_another_do_not_exhaust_the_stack() {
    let nested = |levels: usize| {
        let body = [vec![1], [0x42, 1, 1].repeat(levels - 1), vec![0x42, 0]].concat();
        with_section(strategy(), TYPE, &body)
    };
    assert_eq!(accepted(&nested(8)).type_nesting, 8);
    assert_eq!(refusal(&nested(9)).rule, "types_nested_too_deep");
    assert_eq!(refusal(&nested(1_000_000)).rule, "types_nested_too_deep");
}

#[test]
fn types_that_name_one_another_do_not_get_deep_without_being_noticed() {
    let levels = |count: usize| {
        [
            format!("(type $t0 u8) {}", (0..count).map(chain("(type $t+ (list $t#))")).collect::<String>()),
            format!("(type $t0 u8) {}", (0..count).map(chain("(type $t+ (option $t#))")).collect::<String>()),
            format!(
                "(type $t0 (instance)) {}",
                (0..count)
                    .map(chain("(type $t+ (instance (alias outer 1 $t# (type $x)) (export \"a\" (instance (type $x)))))"))
                    .collect::<String>()
            ),
            format!(
                "(type $t0 (component)) {}",
                (0..count)
                    .map(chain("(type $t+ (component (alias outer 1 $t# (type $x)) (import \"a\" (component (type $x)))))"))
                    .collect::<String>()
            ),
            format!(
                "(import \"a\" (instance $t0)) {}",
                (0..count).map(chain("(instance $t+ (export \"a\" (instance $t#)))")).collect::<String>()
            ),
            format!(
                "(component $t0) {}",
                (0..count)
                    .map(chain("(component $t+ (alias outer 1 $t# (component $x)) (export \"a\" (component $x)))"))
                    .collect::<String>()
            ),
        ]
    };
    for types in levels(20) {
        accepted(&with_component(&types));
    }
    let deepest = ComponentLimits { type_depth: u64::MAX, components: 1_000, ..ComponentLimits::default() };
    for types in levels(130) {
        let component = with_component(&types);
        let roomy = ComponentLimits { components: 1_000, ..ComponentLimits::default() };
        assert_eq!(
            inspect(&component, &roomy, Profile::Strict).unwrap_err().rule,
            "type_too_deep",
            "{types}"
        );
        assert_eq!(inspect(&component, &deepest, Profile::Strict).unwrap_err().rule, "type_too_deep");
    }
}

/// The text of one link: `#` is its number, and `+` the next one's.
fn chain(text: &'static str) -> impl Fn(usize) -> String {
    move |index| text.replace('#', &index.to_string()).replace('+', &(index + 1).to_string())
}

#[test]
fn a_type_that_doubles_with_every_step_is_refused_at_the_size_that_it_has_when_written_out() {
    let doubling = |steps: usize| {
        let types: String = (0..steps).map(chain("(type $t+ (tuple $t# $t#))")).collect();
        with_component(&format!("(type $t0 (tuple u8 u8)) {types}"))
    };
    accepted(&doubling(10));
    assert_eq!(refusal(&doubling(20)).rule, "type_too_large");
}

#[test]
fn a_large_type_that_is_used_again_and_again_is_work_each_time() {
    let used = |times_used: usize| {
        let steps: String = (0..11).map(chain("(type $t+ (tuple $t# $t#))")).collect();
        let uses = times(times_used, "(type (list $t11))");
        with_component(&format!("(type $t0 (tuple u8 u8)) {steps} {uses}"))
    };
    accepted(&used(100));
    assert_eq!(refusal(&used(200)).rule, "too_much_type_work");
}

#[test]
fn a_component_that_instantiates_two_of_itself_at_every_step_is_refused_by_how_many_come_to_life() {
    let doubling = |steps: usize| {
        let components: String = (0..steps)
            .map(chain("(component $c+ (alias outer 1 $c# (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))"))
            .collect();
        with_component(&format!(
            "(component $c0 (core module $m) (core instance (instantiate $m))) {components}"
        ))
    };
    accepted(&doubling(3));
    assert_eq!(refusal(&doubling(25)).rule, "too_many_instantiations");
    let empty = |steps: usize| {
        let components: String = (0..steps)
            .map(chain("(component $c+ (alias outer 1 $c# (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))"))
            .collect();
        with_component(&format!("(component $c0) {components}"))
    };
    accepted(&empty(4));
    assert_eq!(refusal(&empty(25)).rule, "too_many_component_instantiations");
}

#[test]
fn a_memory_counts_as_often_as_its_module_is_instantiated() {
    let instances = |count: usize| {
        let instances = times(count, "(core instance (instantiate $m))");
        with_component(&format!("(core module $m (memory 300)) {instances}"))
    };
    let roomy = ComponentLimits { memories: 100, ..ComponentLimits::default() };
    assert!(inspect(&instances(3), &roomy, Profile::Strict).is_ok());
    assert_eq!(inspect(&instances(4), &roomy, Profile::Strict).unwrap_err().rule, "memories_too_large");
    assert_eq!(refusal(&instances(3)).rule, "too_many_memories");
}

#[test]
fn code_that_comes_from_outside_cannot_be_counted_so_it_cannot_be_instantiated() {
    let imported = [
        "(import \"c\" (component $c)) (instance (instantiate $c))",
        "(import \"m\" (core module $m)) (core instance (instantiate $m))",
        "(import \"i\" (instance $i (export \"c\" (component)))) (alias export $i \"c\" (component $c)) (instance (instantiate $c))",
        "(import \"c\" (component $c)) (component (alias outer 1 $c (component $x)) (instance (instantiate $x)))",
    ];
    for fields in imported {
        assert_eq!(refusal(&with_component(fields)).rule, "unknown_code", "{fields}");
    }
    accepted(&with_component("(import \"c\" (component $c))"));
    accepted(&with_component("(component $c) (instance (instantiate $c))"));
    let exported = "(component $c (component $d) (export \"d\" (component $d)))
        (instance $i (instantiate $c)) (alias export $i \"d\" (component $x)) (instance (instantiate $x))";
    assert_eq!(accepted(&with_component(exported)).component_instantiations, 2);
}

#[test]
fn four_megabytes_of_the_cheapest_things_are_read_in_one_go() {
    let room = (4 << 20) - strategy().len() - 100;
    let sections = [strategy(), [0, 1, 0].repeat(room / 3)].concat();
    assert_eq!(refusal(&sections).rule, "too_many_custom_sections");
    let empty_types = [strategy(), [TYPE, 1, 0].repeat(room / 3)].concat();
    accepted(&empty_types);
    let calls = [vec![0, 0x00], [0x10, 0].repeat(130_000), vec![0x0b]].concat();
    let bodies = [leb(15), [leb(calls.len() as u64), calls].concat().repeat(15)].concat();
    let ty = [vec![1, 0x60], leb(64), vec![0x7f; 64], vec![0]].concat();
    accepted(&with_raw_module(&[(1, &ty), (3, &[vec![15], vec![0; 15]].concat()), (10, &bodies)]));
}
