//! Every wasm feature that strategies may not use, and what else is new in the format.

use stratbox_intake::component::samples::{SAMPLES, Sample};

use super::case;
use super::guest::{
    COMPONENT, COMPONENT_HEADER, Guest, MODULE, MODULE_HEADER, harmless, with_component, with_module,
    with_section,
};
use crate::attack::case::{Case, Expected};

/// A case for each sample: its name, and its feature's.
macro_rules! features {
    ($($name:literal: $feature:literal,)+) => {
        vec![$(case($name, FORBIDDEN, || component(sample($feature)))),+]
    };
}

const FORBIDDEN: Expected = Expected::Component(&["forbidden_feature"]);

pub(super) fn cases() -> Vec<Case> {
    let features = features! {
        "feature_simd": "SIMD",
        "feature_relaxed_simd": "RELAXED_SIMD",
        "feature_threads": "THREADS",
        "feature_shared_everything_threads": "SHARED_EVERYTHING_THREADS",
        "feature_tail_call": "TAIL_CALL",
        "feature_exceptions": "EXCEPTIONS",
        "feature_memory64": "MEMORY64",
        "feature_extended_const": "EXTENDED_CONST",
        "feature_function_references": "FUNCTION_REFERENCES",
        "feature_memory_control": "MEMORY_CONTROL",
        "feature_gc": "GC",
        "feature_custom_page_sizes": "CUSTOM_PAGE_SIZES",
        "feature_legacy_exceptions": "LEGACY_EXCEPTIONS",
        "feature_gc_types": "GC_TYPES",
        "feature_stack_switching": "STACK_SWITCHING",
        "feature_wide_arithmetic": "WIDE_ARITHMETIC",
        "feature_cm_values": "CM_VALUES",
        "feature_cm_nested_names": "CM_NESTED_NAMES",
        "feature_cm_async": "CM_ASYNC",
        "feature_cm_async_stackful": "CM_ASYNC_STACKFUL",
        "feature_cm_more_async_builtins": "CM_MORE_ASYNC_BUILTINS",
        "feature_cm_threading": "CM_THREADING",
        "feature_cm_error_context": "CM_ERROR_CONTEXT",
        "feature_cm_fixed_length_lists": "CM_FIXED_LENGTH_LISTS",
        "feature_cm_gc": "CM_GC",
        "feature_custom_descriptors": "CUSTOM_DESCRIPTORS",
        "feature_compact_imports": "COMPACT_IMPORTS",
        "feature_cm_map": "CM_MAP",
        "feature_cm64": "CM64",
        "feature_cm_implements": "CM_IMPLEMENTS",
        "feature_cm_canon_names": "CM_CANON_NAMES",
    };
    features.into_iter().chain(in_use()).collect()
}

/// Features in the strategy itself, not only in a part that nothing uses.
fn in_use() -> Vec<Case> {
    vec![
        case("vectors_in_on_bar", FORBIDDEN, || {
            let on_bar = "(drop (f64x2.extract_lane 0 (f64x2.add (f64x2.splat (local.get $close)) (f64x2.splat (local.get $open)))))";
            Guest { on_bar, ..Guest::default() }.build()
        }),
        case("relaxed_multiplication_in_on_bar", FORBIDDEN, || {
            let x = "(f64x2.splat (local.get $close))";
            let on_bar = format!("(drop (f64x2.extract_lane 0 (f64x2.relaxed_madd {x} {x} {x})))");
            Guest { on_bar: &on_bar, ..Guest::default() }.build()
        }),
        case("shared_memory_as_its_own", FORBIDDEN, || {
            Guest { memory: "4 4 shared", ..Guest::default() }.build()
        }),
        case("memory_of_64_bits_as_its_own", FORBIDDEN, || {
            Guest { component: "(core module (memory i64 4))", ..Guest::default() }.build()
        }),
        case("atomic_wait_in_on_bar", FORBIDDEN, || {
            let on_bar = "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))";
            Guest { on_bar, ..Guest::default() }.build()
        }),
        case("stream_of_bars", FORBIDDEN, || {
            Guest { component: "(type (stream f64))", ..Guest::default() }.build()
        }),
        case("future_of_a_price", FORBIDDEN, || {
            Guest { component: "(type (future f64))", ..Guest::default() }.build()
        }),
        case("async_export", FORBIDDEN, || {
            let component = "(core module $a (func (export \"f\") (result i32) (i32.const 0)) (func (export \"c\") (param i32 i32 i32) (result i32) (i32.const 0)))
                (core instance $a (instantiate $a))
                (func $a async (canon lift (core func $a \"f\") async (callback (core func $a \"c\"))))
                (export \"later\" (func $a))";
            Guest { component, ..Guest::default() }.build()
        }),
        case("task_that_yields", FORBIDDEN, || with_component("(core func (canon thread.yield))")),
        case("back_pressure", FORBIDDEN, || with_component("(core func (canon backpressure.inc))")),
        case("resource_of_its_own", Expected::Nothing, || {
            Guest { component: "(type $r (resource (rep i32))) (core func (canon resource.new $r)) (core func (canon resource.drop $r))", ..Guest::default() }.build()
        }),
        case("exception_in_a_module", FORBIDDEN, || with_module("(tag $e) (func (throw $e))")),
    ]
}

fn sample(feature: &str) -> &'static Sample {
    let (_, sample, _) =
        SAMPLES.iter().find(|(name, ..)| *name == feature).expect("a test looks every name up");
    sample
}

/// The harmless strategy with a part that uses a feature.
fn component(sample: &Sample) -> Vec<u8> {
    match sample {
        Sample::Module(fields) => with_module(fields),
        Sample::Component(fields) => with_component(fields),
        Sample::Bytes(id, content) => {
            let header = MODULE_HEADER.to_vec();
            // What comes after types and functions needs one of each.
            let before = if *id > 3 {
                with_section(with_section(header, 1, b"\x01\x60\0\0"), 3, b"\x01\0")
            } else {
                header
            };
            with_section(harmless(), MODULE, &with_section(before, *id, content))
        }
        Sample::ComponentBytes(sections) => {
            let header = COMPONENT_HEADER.to_vec();
            let inner =
                sections.iter().fold(header, |inner, (id, content)| with_section(inner, *id, content));
            with_section(harmless(), COMPONENT, &inner)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_that_the_gate_has_a_sample_of_is_a_case() {
        let cases = cases();
        for (feature, ..) in SAMPLES {
            let name = format!("feature_{}", feature.to_lowercase());
            assert!(cases.iter().any(|case| case.name == name), "{name}");
        }
    }
}
