//! Every wasm feature that guests may not use, by name. A feature that a new version of the parser brings has no sample yet,
//! and the first test fails until somebody has looked at it.

use super::sample::{COMPONENT, MODULE, strategy, with_component, with_module, with_section};
use super::{accepted, refusal, strictly};
use crate::component::features::{label, others};
use crate::component::samples::{SAMPLES, Sample};
use crate::component::{ComponentLimits, FEATURES, Profile, inspect};

fn component(sample: &Sample) -> Vec<u8> {
    match sample {
        Sample::Module(fields) => with_module(fields),
        Sample::Component(fields) => with_component(fields),
        Sample::Bytes(id, content) => {
            let header = b"\0asm\x01\0\0\0".to_vec();
            let typed = with_section(with_section(header, 1, b"\x01\x60\0\0"), 3, b"\x01\0");
            let typed = if *id > 3 { typed } else { b"\0asm\x01\0\0\0".to_vec() };
            with_section(strategy(), MODULE, &with_section(typed, *id, content))
        }
        Sample::ComponentBytes(sections) => {
            let header = b"\0asm\x0d\0\x01\0".to_vec();
            let inner =
                sections.iter().fold(header, |inner, (id, content)| with_section(inner, *id, content));
            with_section(strategy(), COMPONENT, &inner)
        }
    }
}

#[test]
fn a_feature_that_guests_may_not_use_is_refused_by_its_name() {
    let mut wrong = String::new();
    for (feature, _) in others() {
        let Some((_, sample, named)) = SAMPLES.iter().find(|(name, ..)| *name == feature) else {
            wrong += &format!("there is no sample that uses `{feature}`\n");
            continue;
        };
        match strictly(&component(sample)) {
            Ok(_) => wrong += &format!("{feature} passes\n"),
            Err(refusal) => {
                let is_named = refusal.message.starts_with(&format!("it uses the wasm feature `{named}`, "));
                if refusal.rule != "forbidden_feature" || !is_named {
                    wrong += &format!("{feature}: {} {refusal}\n", refusal.rule);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_sample_stands_for_a_feature_that_exists_and_names_one_that_is_forbidden() {
    for (name, _, named) in SAMPLES {
        assert!(others().any(|(other, _)| other == *name), "{name}");
        assert!(others().any(|(other, _)| label(other) == *named), "{named}");
    }
}

#[test]
fn a_feature_that_is_refused_says_how_to_turn_it_off() {
    let hint = |feature: &str| {
        let (_, sample, _) = SAMPLES.iter().find(|(name, ..)| *name == feature).unwrap();
        refusal(&component(sample)).hint
    };
    assert!(hint("SIMD").contains("-C target-feature=-simd128"));
    assert!(hint("TAIL_CALL").contains("-C target-feature=-tail-call"));
    assert!(hint("MEMORY64").contains("wasm32-unknown-unknown"));
    assert!(hint("CM_ASYNC").contains("no async, streams, futures"));
    assert!(hint("GC").contains("linear memory"));
}

#[test]
fn what_the_compiler_emits_for_strategies_is_accepted() {
    let uses = [
        "(global (export \"g\") (mut i32) (i32.const 0))",
        "(func (result i32) (i32.trunc_sat_f64_s (f64.const 1e300)))",
        "(func (param i32) (result i32) (i32.extend8_s (local.get 0)))",
        "(func (result i32 i32) (i32.const 1) (i32.const 2))",
        "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))",
        "(table 1 funcref) (func (drop (table.get (i32.const 0))))",
        "(func (result f64) (f64.sqrt (f64.const 2)))",
    ];
    for fields in uses {
        accepted(&with_module(fields));
    }
    accepted(&with_component("(component)"));
}

#[test]
fn several_memories_are_no_feature_to_refuse_where_there_is_room_for_them() {
    let roomy = ComponentLimits { memories: 4, ..ComponentLimits::default() };
    inspect(&with_module("(memory 1) (memory 1)"), &roomy, Profile::Strict).unwrap();
}

#[test]
fn guests_may_use_these_features_and_no_others() {
    let names: Vec<_> = FEATURES.iter_names().map(|(name, _)| label(name)).collect();
    let expected = [
        "mutable-global",
        "saturating-float-to-int",
        "sign-extension",
        "reference-types",
        "multi-value",
        "bulk-memory",
        "floats",
        "multi-memory",
        "component-model",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_broken_component_is_not_blamed_on_a_feature() {
    assert_eq!(refusal(&with_module("(func (result i32))")).rule, "invalid");
}
