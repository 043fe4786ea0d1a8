//! The parameters of a strategy as a struct: what values they take, and the struct made from values.

use std::collections::BTreeMap;
use stratbox_domain::{ParamError, ParamSpec, ParamValue};

/// A strategy's parameters. Derive it:
///
/// ```
/// use stratbox_sdk::Params;
///
/// /// Buys while a fast average is above a slow one.
/// #[derive(Params)]
/// struct SmaCross {
///     /// bars in the fast average
///     #[param(default = 10, min = 2, max = 200)]
///     fast: usize,
///     /// share of the cash that an entry may use
///     #[param(default = 0.95, min = 0.1, max = 1.0, step = 0.05)]
///     fraction: f64,
/// }
///
/// assert_eq!(SmaCross::defaults().fast, 10);
/// ```
///
/// A strategy without parameters uses `()`.
pub trait Params: Sized {
    /// What the strategy does, in a sentence; may be empty.
    const DESCRIPTION: &'static str;

    /// The parameters, in the order they are shown in. Each one is sound
    /// ([`ParamSpec::validate`](stratbox_domain::ParamSpec::validate)), and no name occurs twice.
    fn specs() -> Vec<ParamSpec>;

    /// Every parameter at its default.
    fn defaults() -> Self;

    /// Reads values by their parameters' names; a parameter without one gets its default.
    ///
    /// # Errors
    /// A name is not a parameter's, or a value is not one that its parameter takes.
    fn from_values(values: &BTreeMap<String, ParamValue>) -> Result<Self, ParamError>;
}

impl Params for () {
    const DESCRIPTION: &'static str = "";

    fn specs() -> Vec<ParamSpec> {
        Vec::new()
    }

    fn defaults() -> Self {}

    fn from_values(values: &BTreeMap<String, ParamValue>) -> Result<Self, ParamError> {
        derived::Accepted::new(&[], values).map(|_| ())
    }
}

/// What derived code is made of, for `__private`: no part of the interface.
#[doc(hidden)]
pub(crate) mod derived {
    use super::{BTreeMap, ParamError, ParamSpec, ParamValue};
    pub use std::{result::Result, string::String, vec::Vec};

    pub type Values = BTreeMap<String, ParamValue>;

    /// One value for every parameter, each of the type and within the bounds that its specification says.
    pub struct Accepted(Values);

    impl Accepted {
        pub fn new(specs: &[ParamSpec], values: &Values) -> Result<Self, ParamError> {
            if let Some(name) = values.keys().find(|name| specs.iter().all(|spec| spec.name != **name)) {
                return Err(unknown(name, specs));
            }
            let accepted = specs.iter().map(|spec| {
                let value = match values.get(&spec.name) {
                    Some(value) => spec.accept(value)?,
                    None => spec.kind.default_value(),
                };
                Ok((spec.name.clone(), value))
            });
            accepted.collect::<Result<_, _>>().map(Self)
        }

        /// The value of the parameter `name`, as its field's type.
        pub fn take<T: Field>(&self, name: &str) -> Result<T, ParamError> {
            self.0.get(name).and_then(T::from_value).ok_or_else(|| ParamError {
                name: name.to_owned(),
                message: "its specification is not that of its field".to_owned(),
            })
        }
    }

    fn unknown(name: &str, specs: &[ParamSpec]) -> ParamError {
        let names: Vec<String> = specs.iter().map(|spec| format!("`{}`", spec.name)).collect();
        let message = if names.is_empty() {
            "the strategy has no parameters: leave it out".to_owned()
        } else {
            format!("the strategy has no parameter of this name: it has {}", names.join(", "))
        };
        ParamError { name: name.to_owned(), message }
    }

    /// The type of a field that holds a parameter.
    pub trait Field: Sized {
        fn from_value(value: &ParamValue) -> Option<Self>;
    }

    macro_rules! integers {
        ($($ty:ty),*) => {$(
            impl Field for $ty {
                fn from_value(value: &ParamValue) -> Option<Self> {
                    match value {
                        ParamValue::Integer(value) => (*value).try_into().ok(),
                        _ => None,
                    }
                }
            }
        )*};
    }
    integers!(i8, i16, i32, i64, u8, u16, u32, u64, usize);

    impl Field for f64 {
        fn from_value(value: &ParamValue) -> Option<Self> {
            match value {
                ParamValue::Number(value) => Some(*value),
                _ => None,
            }
        }
    }

    impl Field for f32 {
        fn from_value(value: &ParamValue) -> Option<Self> {
            f64::from_value(value).map(|value| value as Self)
        }
    }

    impl Field for bool {
        fn from_value(value: &ParamValue) -> Option<Self> {
            match value {
                ParamValue::Boolean(value) => Some(*value),
                _ => None,
            }
        }
    }

    impl Field for String {
        fn from_value(value: &ParamValue) -> Option<Self> {
            match value {
                ParamValue::Text(value) => Some(value.clone()),
                _ => None,
            }
        }
    }
}
