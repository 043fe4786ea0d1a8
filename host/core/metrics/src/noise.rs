//! What is only rounding.

use crate::Missing;

/// Spreads and drawdowns up to this share are rounding.
///
/// Equity is a sum of rounded products, so a return is known to about 1e-15 of `1 + return`; this leaves a factor of a
/// thousand for what the account adds up. A strategy that moves its equity by less than a billionth of a percent a
/// period does nothing that could be measured. Without the rule a constant return would score about 1e15.
pub(crate) const NOISE: f64 = 1e-12;

/// The spread below which returns of this mean do not vary.
pub(crate) fn noise(mean: f64) -> f64 {
    NOISE * (1.0 + mean.abs())
}

/// An overflow on the way would otherwise end as a plausible zero, as a ratio to infinity.
pub(crate) fn finite(value: f64) -> Result<f64, Missing> {
    if value.is_finite() { Ok(value) } else { Err(Missing::NotRepresentable) }
}
