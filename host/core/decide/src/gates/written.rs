//! Gates as files have them.

use serde::Deserialize;

use super::{Bound, Gate};
use crate::words::shown;

/// A bound as files have it: one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub struct WrittenBound {
    /// [`Bound::AtLeast`].
    pub at_least: Option<f64>,
    /// [`Bound::AtMost`].
    pub at_most: Option<f64>,
    /// [`Bound::Below`].
    pub below: Option<f64>,
    /// [`Bound::Above`].
    pub above: Option<f64>,
    /// [`Bound::AwayFrom`].
    pub away_from: Option<AwayFrom>,
}

/// The two numbers of [`Bound::AwayFrom`].
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwayFrom {
    /// What a figure must not be near to.
    pub value: f64,
    /// How near is too near; zero or more.
    pub by: f64,
}

/// A gate without a bound, with several, or with one that no figure can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "give it one of `at_least`, `at_most`, `below` and `above`, a finite number, or `away_from`, two of them: \
     `value`, and `by`, which is not negative"
)]
pub struct NotABound;

impl WrittenBound {
    /// The bound that it says.
    ///
    /// # Errors
    /// When there is not exactly one, or one of its numbers is not finite, or `by` is below zero.
    pub fn bound(self) -> Result<Bound, NotABound> {
        let Self { at_least, at_most, below, above, away_from } = self;
        let mut bounds = [
            at_least.map(Bound::AtLeast),
            at_most.map(Bound::AtMost),
            below.map(Bound::Below),
            above.map(Bound::Above),
            away_from.map(|AwayFrom { value, by }| Bound::AwayFrom { value, by }),
        ]
        .into_iter()
        .flatten();
        let (Some(bound), None) = (bounds.next(), bounds.next()) else { return Err(NotABound) };
        let near = matches!(bound, Bound::AwayFrom { by, .. } if !(by.is_finite() && by >= 0.0));
        if near || !bound.threshold().is_finite() { Err(NotABound) } else { Ok(bound) }
    }
}

/// A gate as files have it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenGate {
    figure: String,
    at_least: Option<f64>,
    at_most: Option<f64>,
    below: Option<f64>,
    above: Option<f64>,
    away_from: Option<AwayFrom>,
}

impl TryFrom<WrittenGate> for Gate {
    type Error = String;

    fn try_from(written: WrittenGate) -> Result<Self, String> {
        let WrittenGate { figure, at_least, at_most, below, above, away_from } = written;
        let bound = WrittenBound { at_least, at_most, below, above, away_from }.bound();
        bound
            .map(|bound| Self::new(&figure, bound))
            .map_err(|error| format!("gate on `{}`: {error}", shown(&figure)))
    }
}
