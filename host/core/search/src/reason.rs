//! Why there is no figure.

use std::fmt;

use serde::Serialize;

/// Why a figure about results of a search has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// Too few points have a value.
    TooFewPoints {
        /// As many as have one.
        have: usize,
        /// As many as must.
        need: usize,
    },
    /// The objective is the same at all of them.
    Constant,
    /// The parameter has the same value at all of them.
    OneValue,
    /// No other point is near the best one.
    NoNeighbours,
    /// A ratio to the best value, which is zero.
    BestIsZero,
    /// A hypervolume of another number of objectives than two or three, or of points with another number of values.
    NotMeasured,
    /// The value, or one on the way to it, is beyond the range of floating point.
    NotRepresentable,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewPoints { have, need } => {
                write!(f, "{have} points have a value, and at least {need} are needed")
            }
            Self::Constant => f.write_str("the objective is the same at every point"),
            Self::OneValue => f.write_str("the parameter has the same value at every point"),
            Self::NoNeighbours => f.write_str("no other point with a value is near the best one"),
            Self::BestIsZero => f.write_str("the best value is zero"),
            Self::NotMeasured => f.write_str(
                "the hypervolume is that of two or three objectives, and of points with a value for each",
            ),
            Self::NotRepresentable => f.write_str("the value is not a finite number"),
        }
    }
}

impl std::error::Error for Reason {}

/// A figure that is finite, or the reason.
pub(crate) fn finite(value: f64) -> Result<f64, Reason> {
    // Adding zero turns a negative zero, which would print as `-0`, into zero.
    if value.is_finite() { Ok(value + 0.0) } else { Err(Reason::NotRepresentable) }
}
