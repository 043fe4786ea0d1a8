//! The derive macros of `stratbox-sdk`. Use them through that crate, which says what they are for.
//!
//! Whatever can be wrong with a parameter's declaration is found here, where the compiler can point at it, and not
//! when the strategy runs.

mod attribute;
mod expand;
mod field;
mod kind;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `stratbox_sdk::Params` for a struct with named fields, each of which is a parameter.
///
/// ```ignore
/// /// Buys while a fast average is above a slow one.
/// #[derive(Params)]
/// struct SmaCross {
///     /// bars in the fast average
///     #[param(default = 10, min = 2, max = 200)]
///     fast: usize,
///     #[param(default = 0.95, min = 0.1, max = 1.0, step = 0.05)]
///     fraction: f64,
///     #[param(default = true)]
///     allow_short: bool,
///     #[param(default = "close", choices = ["close", "typical"])]
///     price: String,
/// }
/// ```
///
/// | field type | keys of `#[param(...)]` |
/// |---|---|
/// | `i8` to `i64`, `u8` to `u64`, `usize` | `default`, `min`, `max`, and `step`, which is 1 if left out |
/// | `f64`, `f32` | `default`, `min`, `max`, and `step`, which is a twentieth of the range if left out |
/// | `bool` | `default` |
/// | `String` | `default`, `choices` |
///
/// Bounds are inclusive; `step` is the distance of the points when a sweep goes over the whole range. Values are
/// literals. The doc comments of the struct and of its fields become the descriptions that users see. A `usize` has 32
/// bits in the sandbox, so that is what its bounds have to fit.
#[proc_macro_derive(Params, attributes(param))]
pub fn derive_params(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::params(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
