//! Something that uses each wasm feature that guests may not use, for whoever wants to see it refused.

/// What uses a feature, besides a component that fits the contract.
#[derive(Debug, Clone, Copy)]
pub enum Sample {
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
const INSTANCE_TYPE: (u8, &[u8]) = (7, b"\x01\x42\0");

/// A feature by its name in the parser, what uses it, and the feature that a refusal names: its own, or one that it cannot be
/// used without.
pub const SAMPLES: &[(&str, Sample, &str)] = &[
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
