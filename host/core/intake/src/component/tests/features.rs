//! Every wasm feature that guests may not use, by name. A feature that a new version of the parser brings has no sample yet,
//! and the first test fails until somebody has looked at it.

use super::sample::{COMPONENT, MODULE, TYPE, strategy, with_component, with_module, with_section};
use super::{accepted, refusal, strictly};
use crate::component::features::{label, others};
use crate::component::{ComponentLimits, FEATURES, Profile, inspect};

enum Sample {
    /// A core module with these fields.
    Module(&'static str),
    /// A component with these fields.
    Component(&'static str),
    /// Sections of a core module, for which there is no text.
    Bytes(u8, &'static [u8]),
    /// Sections of a component, likewise.
    ComponentBytes(&'static [(u8, &'static [u8])]),
}
use Sample::{Bytes, Component, ComponentBytes, Module};

/// `(type (instance))`
const INSTANCE_TYPE: (u8, &[u8]) = (TYPE, b"\x01\x42\0");

/// What uses a feature, and the feature that is named: its own, or one that it cannot be used without.
const SAMPLES: &[(&str, Sample, &str)] = &[
    ("SIMD", Module("(func (drop (v128.const i64x2 0 0)))"), "simd"),
    ("RELAXED_SIMD", Module("(func unreachable i8x16.relaxed_swizzle drop)"), "relaxed-simd"),
    ("THREADS", Module("(memory 1 1 shared)"), "threads"),
    (
        "SHARED_EVERYTHING_THREADS",
        Module("(global (shared mut i32) (i32.const 0))"),
        "shared-everything-threads",
    ),
    ("TAIL_CALL", Module("(func $f (return_call $f))"), "tail-call"),
    ("EXCEPTIONS", Module("(tag)"), "exceptions"),
    ("MEMORY64", Module("(memory i64 1)"), "memory64"),
    ("EXTENDED_CONST", Module("(global i32 (i32.add (i32.const 1) (i32.const 2)))"), "extended-const"),
    (
        "FUNCTION_REFERENCES",
        Module("(func (param funcref) (drop (ref.as_non_null (local.get 0))))"),
        "function-references",
    ),
    (
        "MEMORY_CONTROL",
        Module("(memory 1) (func (memory.discard (i32.const 0) (i32.const 0)))"),
        "memory-control",
    ),
    ("GC", Module("(type (struct (field i32)))"), "gc"),
    ("CUSTOM_PAGE_SIZES", Module("(memory 1 (pagesize 1))"), "custom-page-sizes"),
    ("LEGACY_EXCEPTIONS", Bytes(10, b"\x01\x07\0\x06\x40\x19\x0b\x0b\x0b"), "legacy-exceptions"),
    ("GC_TYPES", Module("(func (param externref))"), "gc-types"),
    ("STACK_SWITCHING", Module("(type $f (func)) (type (cont $f))"), "stack-switching"),
    (
        "WIDE_ARITHMETIC",
        Module(
            "(func (result i64 i64) (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))",
        ),
        "wide-arithmetic",
    ),
    ("CM_VALUES", Component("(import \"v\" (value string))"), "cm-values"),
    ("CM_NESTED_NAMES", Component("(import \"a:b:c/d\" (func))"), "cm-nested-names"),
    ("CM_ASYNC", Component("(type (stream u8))"), "cm-async"),
    (
        "CM_ASYNC_STACKFUL",
        Component(
            "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
            (func (canon lift (core func $i \"f\") async))",
        ),
        "cm-async",
    ),
    ("CM_MORE_ASYNC_BUILTINS", Component("(core func (canon subtask.cancel async))"), "cm-async"),
    ("CM_THREADING", ComponentBytes(&[(8, b"\x01\x26")]), "cm-threading"),
    ("CM_ERROR_CONTEXT", Component("(type error-context)"), "cm-error-context"),
    ("CM_FIXED_LENGTH_LISTS", Component("(type (list u8 4))"), "cm-fixed-length-lists"),
    ("CM_GC", Component("(import \"f\" (func $f)) (core func (canon lower (func $f) gc))"), "cm-gc"),
    (
        "CUSTOM_DESCRIPTORS",
        Module("(type $t (func)) (func (param (ref null (exact $t))))"),
        "custom-descriptors",
    ),
    ("COMPACT_IMPORTS", Bytes(2, b"\x01\x01a\0\x7f\0"), "compact-imports"),
    ("CM_MAP", Component("(type (map string u8))"), "cm-map"),
    ("CM64", Component("(type (resource (rep i64)))"), "cm64"),
    (
        "CM_IMPLEMENTS",
        ComponentBytes(&[INSTANCE_TYPE, (10, b"\x01\x02\x01a\x01\x00\x05a:b/c\x05\0")]),
        "cm-implements",
    ),
    (
        "CM_CANON_NAMES",
        ComponentBytes(&[INSTANCE_TYPE, (10, b"\x01\x02\x07a:b/c@1\x01\x01\x04.0.0\x05\0")]),
        "cm-canon-names",
    ),
];

fn component(sample: &Sample) -> Vec<u8> {
    match sample {
        Module(fields) => with_module(fields),
        Component(fields) => with_component(fields),
        Bytes(id, content) => {
            let header = b"\0asm\x01\0\0\0".to_vec();
            let typed = with_section(with_section(header, 1, b"\x01\x60\0\0"), 3, b"\x01\0");
            let typed = if *id > 3 { typed } else { b"\0asm\x01\0\0\0".to_vec() };
            with_section(strategy(), MODULE, &with_section(typed, *id, content))
        }
        ComponentBytes(sections) => {
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
