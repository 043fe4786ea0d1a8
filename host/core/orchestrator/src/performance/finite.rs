//! Numbers that are numbers.

use serde::{Deserialize, Serialize};

/// A finite number.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Finite(f64);

impl Finite {
    /// `value`, unless it is infinite or not a number.
    #[must_use]
    pub fn of(value: f64) -> Option<Self> {
        // Adding zero turns a negative zero, which would print as `-0`, into zero.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// `part` of `whole`; of nothing there is no part.
    #[must_use]
    pub fn ratio(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 { None } else { Self::of(part as f64 / whole as f64) }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl From<Finite> for f64 {
    fn from(finite: Finite) -> Self {
        finite.0
    }
}

impl TryFrom<f64> for Finite {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        Self::of(value).ok_or_else(|| format!("`{value}` is not a finite number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_absent() {
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Finite::of), [None; 3]);
        assert_eq!(Finite::of(1.5).map(Finite::get), Some(1.5));
        assert_eq!((Finite::ratio(1, 0), Finite::ratio(0, 0)), (None, None));
        assert_eq!(Finite::ratio(1, 4), Finite::of(0.25));
        assert!(Finite::try_from(f64::NAN).is_err());
        assert!(Finite::of(-0.0).unwrap().get().is_sign_positive());
    }
}
