//! The component gate: what is checked of a stranger's component before the engine sees one byte of it.
//!
//! Four questions, in this order, and the first that fails is the answer: what kind of file is it; is it small enough, in
//! every way that counts; does it follow the rules of the format, with the features that strategies may use; does it fit the
//! contract. Each refusal names its rule, what was found and where, what is allowed, and the fix.
//!
//! The order matters. The validator and the engine behind it are written for components that somebody meant to run: small
//! files can make both take hours, gigabytes or their whole stack. Everything is counted before either reads it.

mod contract;
mod envelope;
mod features;
mod measure;
mod quantity;
mod refusal;
pub mod samples;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use wasmparser::types::Types;
use wasmparser::{Validator, WasmFeatures};

use self::measure::{Measured, Stop};

pub use self::features::FEATURES;
pub use self::quantity::{ComponentLimits, Shape};
pub use self::refusal::Refusal;

/// What a component may import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The contract, and nothing else.
    #[default]
    Strict,
    /// The contract, and those interfaces of WASI 0.2 that a host can give without giving access to anything: their names are
    /// checked here, their types by the engine when it links them. For languages whose runtime does not start without them.
    Wasi,
}

/// Checks a component and measures it. Takes time and memory in proportion to the bytes that the limits allow.
///
/// # Errors
/// The first rule that it breaks.
pub fn inspect(bytes: &[u8], limits: &ComponentLimits, profile: Profile) -> Result<Shape, Refusal> {
    measure::size(bytes, limits)?;
    envelope::check(bytes)?;
    match examine(bytes, limits, FEATURES) {
        Ok(examined) => {
            contract::check(&examined, profile)?;
            Ok(examined.measured.shape)
        }
        Err(Failure::Refused(refusal)) => Err(refusal),
        Err(failure) => Err(features::explain(failure, |features| examine(bytes, limits, features).is_ok())),
    }
}

/// A component that is small enough and valid.
struct Examined<'a> {
    measured: Measured<'a>,
    types: Types,
    /// The types of the contract, made by the same validator so that both can be compared.
    contract: Types,
}

/// Why a component cannot be examined with a set of features.
enum Failure {
    Refused(Refusal),
    Malformed(wasmparser::Error),
    Invalid(wasmparser::Error),
}

/// Measures and validates, both with the same features: what a feature changes in how bytes are read cannot be used to show
/// one component to the one and another to the other.
fn examine<'a>(
    bytes: &'a [u8],
    limits: &ComponentLimits,
    features: WasmFeatures,
) -> Result<Examined<'a>, Failure> {
    let measured = measure::measure(bytes, limits, features).map_err(|stop| match stop {
        Stop::Refused(refusal) => Failure::Refused(refusal),
        Stop::Malformed(error) => Failure::Malformed(error),
    })?;
    let mut validator = Validator::new_with_features(features);
    let contract = contract::types(&mut validator);
    let types = validator.validate_all(bytes).map_err(Failure::Invalid)?;
    Ok(Examined { measured, types, contract })
}
