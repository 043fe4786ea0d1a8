//! The wasm features that guests may use, and how a refusal names one that they may not.

use wasmparser::WasmFeatures;

use super::Failure;
use super::refusal::{Refusal, told};

/// What guests may use: what the Rust compiler emits for `wasm32-unknown-unknown`, and nothing else. No threads, no SIMD
/// (relaxed SIMD differs between machines), no exceptions, no garbage collection, no 64-bit memories. Several memories are
/// for the engine's own adapters, which copy between the memories of two components.
pub const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Says whether a failure comes of a feature that is off. The validator mostly knows; where it does not, turning on one
/// feature at a time and trying again tells. What fails with all of them is simply broken, and not tried again.
pub(super) fn explain(failure: Failure, passes_with: impl Fn(WasmFeatures) -> bool) -> Refusal {
    let (error, otherwise): (_, fn(&wasmparser::Error) -> Refusal) = match failure {
        Failure::Refused(refusal) => return refusal,
        Failure::Malformed(error) => (error, Refusal::malformed),
        Failure::Invalid(error) => (error, Refusal::invalid),
    };
    let known =
        error.missing_wasm_feature().and_then(|missing| others().find(|&(_, one)| missing.contains(one)));
    let tried =
        || passes_with(WasmFeatures::all()).then(|| others().find(|&(_, one)| passes_with(FEATURES | one)));
    match known.or_else(|| tried().flatten()) {
        Some((name, feature)) => Refusal::new(
            "forbidden_feature",
            format!(
                "it uses the wasm feature `{}`, which strategies may not use: {}",
                label(name),
                told(&error)
            ),
            hint(feature),
        ),
        None => otherwise(&error),
    }
}

/// The features that guests may not use, by name.
pub(super) fn others() -> impl Iterator<Item = (&'static str, WasmFeatures)> {
    WasmFeatures::all().iter_names().filter(|(_, feature)| !FEATURES.contains(*feature))
}

/// A feature's name as its proposal spells it.
pub(super) fn label(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

fn hint(feature: WasmFeatures) -> &'static str {
    match feature {
        WasmFeatures::SIMD | WasmFeatures::RELAXED_SIMD => {
            "build it with `-C target-feature=-simd128,-relaxed-simd`, and without a target CPU that turns them on"
        }
        WasmFeatures::THREADS | WasmFeatures::SHARED_EVERYTHING_THREADS | WasmFeatures::CM_THREADING => {
            "build it without `-C target-feature=+atomics` and without shared memory: a strategy has one thread"
        }
        WasmFeatures::TAIL_CALL => "build it with `-C target-feature=-tail-call`",
        WasmFeatures::EXCEPTIONS | WasmFeatures::LEGACY_EXCEPTIONS => {
            "build it with `-C panic=abort` and without `-C target-feature=+exception-handling`"
        }
        WasmFeatures::MEMORY64 | WasmFeatures::CM64 => {
            "build it for `wasm32-unknown-unknown`, not for `wasm64`"
        }
        WasmFeatures::EXTENDED_CONST => "build it with `-C target-feature=-extended-const`",
        WasmFeatures::WIDE_ARITHMETIC => "build it with `-C target-feature=-wide-arithmetic`",
        WasmFeatures::GC
        | WasmFeatures::GC_TYPES
        | WasmFeatures::FUNCTION_REFERENCES
        | WasmFeatures::CUSTOM_DESCRIPTORS
        | WasmFeatures::CM_GC => "use a language that keeps its values in linear memory",
        WasmFeatures::CM_ASYNC
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_MORE_ASYNC_BUILTINS
        | WasmFeatures::CM_ERROR_CONTEXT => {
            "make every function that it exports or imports an ordinary one: no async, streams, futures or error contexts"
        }
        _ => "build it for `wasm32-unknown-unknown` with its standard features; `stratbox build` does",
    }
}
