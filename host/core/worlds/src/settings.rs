//! Kinds of worlds.

use serde::{Deserialize, Serialize};

use crate::WorldError;

/// A kind of world. In settings a table with `kind` and what belongs to it:
///
/// ```toml
/// worlds = [
///   { kind = "permuted" },
///   { kind = "bootstrapped", mean_block = 20 },
///   { kind = "random_walk" },
///   { kind = "planted", autocorrelation = 0.2 },
/// ]
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum World {
    /// The real bars in another order, that of all instruments: what bars look like and how instruments move together stays,
    /// what follows on what does not. The first bar of each instrument stays where it is.
    Permuted {
        /// Whether prices rise on average.
        #[serde(default)]
        drift: Drift,
    },
    /// Blocks of real bars, drawn with replacement (the stationary bootstrap of Politis and Romano 1994). Volatility
    /// comes in clusters as it really does. What bars say of those that follow them within a block stays too, so that a
    /// real edge of that kind is there to be found, unless they are `mirrored`.
    Bootstrapped {
        /// Mean length of a block in bars, at least 1. Lengths are geometric.
        mean_block: f64,
        /// Whether prices rise on average.
        #[serde(default)]
        drift: Drift,
        /// Whether each bar, those of all instruments together, is turned upside down with a chance of a half: up becomes
        /// down. Then clusters of volatility are all that stays of what bars say of each other.
        #[serde(default)]
        mirrored: bool,
    },
    /// Geometric Brownian motion on a fine grid within each bar, with the real bars' correlation between instruments, share of
    /// gaps in the variance, and volumes. Also what happens within a bar has no edge.
    RandomWalk {
        /// Standard deviation of the logarithmic return of a bar; without it that of each instrument's real bars.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        volatility: Option<f64>,
        /// Whether prices rise on average.
        #[serde(default)]
        drift: Drift,
    },
    /// A random walk with an edge of known strength, for a positive control: the logarithmic returns of bars follow an
    /// autoregression of first order, instruments apart from each other, and each bar opens where the one before closed.
    ///
    /// Who holds the sign of the last bar's return from open to open has, before costs, a Sharpe ratio per bar of about
    /// `sqrt(2 / pi) * abs(autocorrelation)`; see [`World::sharpe_per_bar`].
    Planted {
        /// Above 0 momentum, below 0 mean reversion; between -1 and 1.
        autocorrelation: f64,
        /// Standard deviation of the logarithmic return of a bar; without it that of each instrument's real bars.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        volatility: Option<f64>,
    },
}

/// Whether prices rise (or fall) on average as the real ones do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// They do: what is measured then includes what holding alone earns.
    Kept,
    /// They do not: the mean simple return is zero, of what happens between bars and of what happens within them. Otherwise
    /// whoever is always long has an edge, and an edgeless strategy is accepted for nothing but the market's rise.
    ///
    /// The simple return, not the logarithmic one, as gains and losses are of that kind: with a mean logarithmic return of
    /// zero, prices rise by half their variance a bar.
    #[default]
    Removed,
}

impl World {
    /// A stable name for reports.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Permuted { .. } => "permuted",
            Self::Bootstrapped { .. } => "bootstrapped",
            Self::RandomWalk { .. } => "random_walk",
            Self::Planted { .. } => "planted",
        }
    }

    /// Whether it is made to have no edge. Of what is kept all the same, see each kind.
    #[must_use]
    pub fn is_null(&self) -> bool {
        !matches!(self, Self::Planted { .. })
    }

    /// The Sharpe ratio per bar, before costs and for small volatilities, of holding the sign of the last bar's return (its
    /// opposite for mean reversion); zero in worlds without an edge.
    ///
    /// With returns `r' = a r + e` of variance 1 it earns `abs(a) E|r| = abs(a) sqrt(2 / pi)` a bar, at a variance of 1 less
    /// the square of that.
    #[must_use]
    pub fn sharpe_per_bar(&self) -> f64 {
        match *self {
            Self::Planted { autocorrelation, .. } => {
                let earned = autocorrelation.abs() * libm::sqrt(std::f64::consts::FRAC_2_PI);
                earned / libm::sqrt(1.0 - earned * earned)
            }
            _ => 0.0,
        }
    }

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// The first one that does not.
    pub fn validate(&self) -> Result<(), WorldError> {
        let wrong = |setting, problem| Err(WorldError::Setting { setting, problem });
        match *self {
            Self::Bootstrapped { mean_block, .. } if !(mean_block >= 1.0 && mean_block.is_finite()) => {
                wrong("mean_block", format!("is {mean_block}: a number of bars, at least 1"))
            }
            Self::Bootstrapped { mirrored: true, drift: Drift::Kept, .. } => {
                wrong("drift", "is `kept`: bars that may be turned upside down have none to keep".to_owned())
            }
            Self::Planted { autocorrelation, .. }
                if !autocorrelation.is_finite() || autocorrelation.abs() >= 1.0 =>
            {
                wrong("autocorrelation", format!("is {autocorrelation}: between -1 and 1"))
            }
            Self::RandomWalk { volatility: Some(volatility), .. }
            | Self::Planted { volatility: Some(volatility), .. }
                if !(volatility > 0.0 && volatility <= 1.0) =>
            {
                wrong("volatility", format!("is {volatility}: above 0 and at most 1, a bar"))
            }
            _ => Ok(()),
        }
    }
}
