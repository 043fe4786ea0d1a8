//! What each tier asks of a strategy, and what a verdict carries.

use serde::{Deserialize, Serialize};
use stratbox_metrics::Figure;

use crate::{Bound, Gate, Tier, Verdict, overfitting_gates};

/// What a tier asks: its gates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierSettings {
    /// All of them must be passed.
    pub gates: Vec<Gate>,
}

/// Nearer than this to one half, a hit rate says nothing.
const HIT_RATE_DISTANCE: f64 = 0.01;

impl TierSettings {
    /// The gates of a tier that are used unless others are given.
    ///
    /// - L0, whether there is a signal at all: `signals` above 10, `hit_rate` further than 0.01 from 0.5, `ic` above 0.01.
    /// - L1, whether it earns after costs, out of sample: `sharpe` at least 1, `max_drawdown` at least -0.2 (a drawdown is zero
    ///   or below), `win_rate` at least 0.5.
    /// - L2, whether that is more than luck: `dsr` at least 0.95, `pbo` below 0.2 ([`overfitting_gates`]).
    ///
    /// One point of a hit rate is a compromise. A signal that is right as often as wrong must not pass, and neither one at
    /// 49.8 %; signals that earn money are often right in no more than 52 %, so that two points would turn them away. It is
    /// no test of significance: the standard error of a hit rate is below one point from 2,500 signals on. Away from one half is
    /// meant on both sides: a signal that is wrong too often is information too, and `ic` asks for its sign.
    #[must_use]
    pub fn of(tier: Tier) -> Self {
        let gates = match tier {
            Tier::L0 => vec![
                Gate::new("signals", Bound::Above(10.0)),
                Gate::new("hit_rate", Bound::AwayFrom { value: 0.5, by: HIT_RATE_DISTANCE }),
                Gate::new("ic", Bound::Above(0.01)),
            ],
            Tier::L1 => vec![
                Gate::new("sharpe", Bound::AtLeast(1.0)),
                Gate::new("max_drawdown", Bound::AtLeast(-0.20)),
                Gate::new("win_rate", Bound::AtLeast(0.5)),
            ],
            Tier::L2 => overfitting_gates(),
        };
        Self { gates }
    }

    /// Asks the gates.
    #[must_use]
    pub fn judge(&self, figure: impl Fn(&str) -> Figure) -> Verdict {
        Verdict::of(&self.gates, figure)
    }
}

/// A verdict outside of tiers, and what it is a verdict on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StampedVerdict {
    /// What makes two runs the same one: the run's key.
    pub fingerprint: String,
    /// The bars that the figures are of, in words.
    pub split: String,
    /// Every trial that was made on these bars until then: N.
    pub trials: u64,
    /// What the gates answered.
    #[serde(flatten)]
    pub answers: Verdict,
}

/// A verdict of a tier, and what it is a verdict on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TierVerdict {
    /// How thoroughly it was validated.
    pub tier: Tier,
    /// What makes two validations the same one: strategy, parameters, data, settings.
    pub fingerprint: String,
    /// The bars that the figures are of, in words.
    pub split: String,
    /// Every trial that was made on these bars until then, this one included.
    pub trials: u64,
    /// What the gates answered.
    #[serde(flatten)]
    pub verdict: Verdict,
}

#[cfg(test)]
mod tests;
